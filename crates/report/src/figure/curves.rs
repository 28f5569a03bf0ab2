//! Curves over a number: boundaries by sample size, power by effect, spending by information.

use serde::{Deserialize, Serialize};

use crate::figure::axis::{Scale, ValueAxis, linear_axis, percent_axis, value_axis};
use crate::figure::plot::{
    Naming, Plot, draw_direct_labels, draw_legend, draw_reference_lines, draw_time_axis,
    draw_value_axis, naming, value_axis_width,
};
use crate::figure::svg::{Svg, label_class, line_class};
use crate::figure::text::fit;
use crate::figure::{Layout, ReferenceLine};
use crate::format::{percent_one_decimal, significant};

/// What to draw: one or more curves over a common axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CurveFigure {
    /// Heading, for example `Power by hazard ratio`.
    pub title: String,
    /// What the horizontal axis shows, with its unit.
    pub x_label: String,
    /// What the vertical axis shows, with its unit.
    pub y_label: String,
    /// The values are proportions, 0 to 1, and labelled in percent.
    pub percent: bool,
    /// The curves, in the order of their names.
    pub curves: Vec<Curve>,
    /// Horizontal lines, for example the level of a test.
    pub reference_lines: Vec<ReferenceLine>,
}

/// One curve of a [`CurveFigure`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Curve {
    /// Its name.
    pub name: String,
    /// Points in the order in which they are joined.
    pub points: Vec<(f64, f64)>,
    /// How they are joined.
    pub join: Join,
}

/// How the points of a curve are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// Straight lines.
    #[default]
    Line,
    /// A value holds until the next point, as a boundary of whole numbers does.
    Step,
    /// Straight lines with a marker at each point, as for the looks of a trial.
    Marked,
    /// Markers alone.
    Points,
}

/// The figure as an SVG file of its own.
pub fn render_curves_svg(figure: &CurveFigure) -> String {
    draw(figure, Layout::Wide).file("curves", &figure.title, &describe(figure))
}

pub(crate) fn draw(figure: &CurveFigure, layout: Layout) -> Svg {
    let mut svg = Svg::new(layout.width());
    let names: Vec<&str> = figure.curves.iter().map(|c| c.name.as_str()).collect();
    let naming = naming(&names, layout);
    let mut top = 0.0;
    let mut right = svg.width - 12.0;
    match naming {
        Naming::Direct(margin) => right = svg.width - margin,
        Naming::Legend => top = draw_legend(&mut svg, &names, 0.0),
    }
    let title = fit(&figure.y_label, svg.width, 12.0);
    svg.text((0.0, top + 12.0), "mu", &title);
    top += 24.0;
    let height = if layout == Layout::Wide { 250.0 } else { 210.0 };
    let (y_axis, x_axis) = (y_axis(figure), x_axis(figure, layout));
    let (left, bottom) = (value_axis_width(&y_axis), top + height);
    let plot = Plot {
        left,
        right,
        top,
        bottom,
        x: Scale {
            from: x_axis.from,
            to: x_axis.to,
            start: left,
            end: right,
            log: false,
        },
        y: y_axis.scale(bottom, top),
    };
    draw_value_axis(&mut svg, &plot, &y_axis);
    draw_reference_lines(&mut svg, &plot, &figure.reference_lines);
    let mut ends = Vec::new();
    for (series, curve) in figure.curves.iter().enumerate() {
        let points: Vec<(f64, f64)> = curve
            .points
            .iter()
            .filter(|point| point.0.is_finite() && point.1.is_finite())
            .filter_map(|point| Some((plot.x.position(point.0)?, plot.y.position(point.1)?)))
            .collect();
        match curve.join {
            Join::Line | Join::Marked => svg.polyline(&points, &line_class(series)),
            Join::Step => svg.polyline(&steps(&points), &line_class(series)),
            Join::Points => {}
        }
        if matches!(curve.join, Join::Marked | Join::Points) || points.len() == 1 {
            for &point in &points {
                svg.marker(point, series);
            }
        }
        if let Some(&(_, y)) = points.last() {
            ends.push((label_class(series), curve.name.as_str(), y));
        }
    }
    if let Naming::Direct(_) = naming {
        draw_direct_labels(&mut svg, &plot, &ends);
    }
    if ends.is_empty() {
        let middle = ((left + right) / 2.0, (top + bottom) / 2.0);
        svg.text(middle, "mu m", "No values to show");
    }
    svg.height = draw_time_axis(&mut svg, &plot, &x_axis.ticks, &figure.x_label);
    svg
}

/// Corners of a curve that holds each value until the next point.
fn steps(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut corners: Vec<(f64, f64)> = Vec::with_capacity(2 * points.len());
    for &(x, y) in points {
        if let Some(&(_, before)) = corners.last() {
            corners.push((x, before));
        }
        corners.push((x, y));
    }
    corners
}

fn finite(figure: &CurveFigure) -> impl Iterator<Item = (f64, f64)> {
    figure
        .curves
        .iter()
        .flat_map(|curve| curve.points.iter().copied())
        .filter(|(x, y)| x.is_finite() && y.is_finite())
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    if low <= high { (low, high) } else { (0.0, 1.0) }
}

fn x_axis(figure: &CurveFigure, layout: Layout) -> ValueAxis {
    let (low, high) = range(finite(figure).map(|point| point.0));
    let ticks = if layout == Layout::Wide { 9 } else { 5 };
    // Between whole numbers, such as doses, nothing lies.
    let whole = finite(figure).all(|(x, _)| x.fract() == 0.0);
    let steps = (high - low).max(1.0);
    if whole && steps < ticks as f64 {
        return linear_axis(low, high, steps as usize);
    }
    linear_axis(low, high, ticks)
}

fn y_axis(figure: &CurveFigure) -> ValueAxis {
    let lines = figure.reference_lines.iter().map(|line| line.value);
    let values = finite(figure)
        .map(|point| point.1)
        .chain(lines.filter(|value| value.is_finite()));
    if figure.percent {
        let (low, high) = range(values);
        percent_axis(low.min(0.0), high, 5)
    } else {
        value_axis(values, false, 5)
    }
}

/// The numbers of the figure in words.
pub(crate) fn describe(figure: &CurveFigure) -> String {
    let words = |value: f64| match figure.percent {
        true => percent_one_decimal(value),
        false => significant(value),
    };
    let mut sentences = Vec::new();
    for curve in &figure.curves {
        let known: Vec<&(f64, f64)> = curve
            .points
            .iter()
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .collect();
        sentences.push(match (known.first(), known.last()) {
            (Some(first), Some(last)) => format!(
                "{}: {} at {} to {} at {}.",
                curve.name,
                words(first.1),
                significant(first.0),
                words(last.1),
                significant(last.0)
            ),
            _ => format!("{}: no values.", curve.name),
        });
    }
    if sentences.is_empty() {
        sentences.push("No values to show.".to_string());
    }
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_holds_its_value_until_the_next_point() {
        assert_eq!(
            steps(&[(0.0, 1.0), (2.0, 3.0)]),
            [(0.0, 1.0), (2.0, 1.0), (2.0, 3.0)]
        );
    }

    #[test]
    fn missing_values_and_no_curves_still_give_a_drawing() {
        let mut figure = CurveFigure::default();
        assert!(render_curves_svg(&figure).contains("No values to show"));
        figure.curves.push(Curve {
            name: "power".to_owned(),
            points: vec![(f64::NAN, 0.2), (1.0, f64::INFINITY), (0.5, 0.8)],
            join: Join::Marked,
        });
        figure.percent = true;
        let svg = render_curves_svg(&figure);
        assert!(svg.contains("80") && !svg.contains("NaN"), "{svg}");
    }
}
