//! Tornado of local sensitivities: one bar per output, to the right where it rises with the parameter.

use serde::{Deserialize, Serialize};

use crate::estimate::number_or_missing;
use crate::figure::Layout;
use crate::figure::axis::linear_axis;
use crate::figure::key::draw_note;
use crate::figure::svg::Svg;
use crate::figure::text::{text_width, wrap};
use crate::format::significant;

/// What to draw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tornado {
    /// Heading, for example `What moves with theta`.
    pub title: String,
    /// Name of the axis, for example `d ln output / d ln theta`.
    pub axis: String,
    /// Bars from top to bottom, the longest first as a rule.
    pub bars: Vec<TornadoBar>,
    /// A sentence or two under the figure.
    pub caption: String,
}

/// One output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TornadoBar {
    /// The output in words.
    pub label: String,
    /// Signed length of the bar; missing says so in words.
    #[serde(deserialize_with = "number_or_missing")]
    pub value: f64,
}

/// The figure as an SVG file of its own.
pub fn render_tornado_svg(tornado: &Tornado, layout: Layout) -> String {
    draw(tornado, layout).file("tornado", &tornado.title, &describe(tornado))
}

const BAR_HEIGHT: f64 = 12.0;
/// Room for a number beside the end of a bar.
const NUMBER: f64 = 44.0;

fn draw(tornado: &Tornado, layout: Layout) -> Svg {
    let mut svg = Svg::new(layout.width());
    if tornado.bars.iter().all(|bar| !bar.value.is_finite()) {
        svg.text((svg.width / 2.0, 20.0), "mu m", "No values to show");
        svg.height = draw_note(&mut svg, 32.0, &tornado.caption);
        return svg;
    }
    let stacked = layout == Layout::Narrow;
    let widest = tornado.bars.iter().map(|bar| text_width(&bar.label, 12.0));
    let label_width = match stacked {
        true => svg.width,
        false => widest.fold(0.0, f64::max).min(0.42 * svg.width),
    };
    let values = || {
        tornado
            .bars
            .iter()
            .map(|bar| bar.value)
            .filter(|v| v.is_finite())
    };
    let low = values().fold(0.0, f64::min);
    let high = values().fold(0.0, f64::max);
    let axis = linear_axis(low, high, if stacked { 4 } else { 6 });
    let start = if stacked {
        NUMBER
    } else {
        label_width + 14.0 + NUMBER
    };
    let scale = axis.scale(start, svg.width - NUMBER);

    // Bars first on a sheet of their own: the grid behind them needs their height.
    let mut sheet = Svg::new(svg.width);
    let mut y = 0.0;
    for bar in &tornado.bars {
        y = draw_bar(&mut sheet, &scale, bar, (stacked, label_width), y);
    }
    for (tick, label) in &axis.ticks {
        if let Some(x) = scale.position(*tick) {
            svg.line((x, 0.0), (x, y), if *tick == 0.0 { "ax" } else { "gr" });
            svg.text((x, y + 16.0), "mu m", label);
        }
    }
    svg.append(sheet);
    y += 32.0;
    svg.text(((scale.start + scale.end) / 2.0, y), "mu m", &tornado.axis);
    svg.height = draw_note(&mut svg, y + 10.0, &tornado.caption);
    svg
}

fn draw_bar(
    svg: &mut Svg,
    scale: &crate::figure::axis::Scale,
    bar: &TornadoBar,
    (stacked, label_width): (bool, f64),
    top: f64,
) -> f64 {
    let lines = wrap(&bar.label, label_width, 12.0, 3);
    let label_height = 14.0 * lines.len() as f64;
    let height = match stacked {
        true => label_height + BAR_HEIGHT + 10.0,
        false => label_height.max(BAR_HEIGHT) + 6.0,
    };
    let middle = match stacked {
        true => top + label_height + 4.0 + BAR_HEIGHT / 2.0,
        false => top + height / 2.0,
    };
    let first = match stacked {
        true => top + 12.0,
        false => middle - label_height / 2.0 + 11.0,
    };
    if stacked {
        svg.rect((0.0, top), (svg.width, label_height + 2.0), "bg");
    }
    for (i, line) in lines.iter().enumerate() {
        svg.text((0.0, first + 14.0 * i as f64), "", line);
    }
    let (Some(zero), Some(end)) = (scale.position(0.0), scale.position(bar.value)) else {
        svg.text((scale.start, middle + 4.0), "mu sm", "not defined");
        return top + height;
    };
    let corner = (zero.min(end), middle - BAR_HEIGHT / 2.0);
    svg.rect(corner, ((end - zero).abs(), BAR_HEIGHT), "br a0");
    let (x, class) = match bar.value < 0.0 {
        true => (end - 5.0, "e"),
        false => (end + 5.0, ""),
    };
    svg.text((x, middle + 4.0), class, &significant(rounded(bar.value)));
    top + height
}

/// Two decimals are what a local sensitivity is good for.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The numbers of the figure in words.
fn describe(tornado: &Tornado) -> String {
    let words = |bar: &TornadoBar| match bar.value.is_finite() {
        true => format!("{} {}", bar.label, significant(rounded(bar.value))),
        false => format!("{} not defined", bar.label),
    };
    let bars: Vec<String> = tornado.bars.iter().map(words).collect();
    match bars.is_empty() {
        true => "No values to show.".to_owned(),
        false => format!("{}: {}.", tornado.axis, bars.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tornado() -> Tornado {
        let bar = |label: &str, value: f64| TornadoBar {
            label: label.into(),
            value,
        };
        Tornado {
            title: "What moves with rho".into(),
            axis: "d ln output / d ln rho".into(),
            bars: vec![
                bar("CAR T peak in blood", 4.4),
                bar("day of that peak", -0.6),
                bar("days of depletion", f64::NAN),
            ],
            caption: "Typical patient.".into(),
        }
    }

    #[test]
    fn bars_start_at_zero_and_go_to_the_side_of_their_sign() {
        let svg = draw(&tornado(), Layout::Wide).inline("t", "t", "t");
        let bars: Vec<Vec<f64>> = svg
            .lines()
            .filter(|line| line.contains("class=\"br a0\""))
            .map(|line| {
                let numbers = line.split('"').skip(1).step_by(2);
                numbers.filter_map(|n| n.parse().ok()).collect()
            })
            .collect();
        let [up, down] = &bars[..] else {
            panic!("two bars, found {}", bars.len())
        };
        assert!((up[0] - (down[0] + down[2])).abs() < 0.2, "{up:?} {down:?}");
        assert!((up[2] / down[2] - 4.4 / 0.6).abs() < 0.1);
        assert!(svg.contains("not defined"));
    }

    #[test]
    fn the_numbers_are_told_in_words_too() {
        insta::assert_snapshot!(describe(&tornado()), @r"d ln output / d ln rho: CAR T peak in blood 4.4; day of that peak −0.6; days of depletion not defined.");
        assert!(
            render_tornado_svg(&Tornado::default(), Layout::Narrow).contains("No values to show")
        );
    }
}
