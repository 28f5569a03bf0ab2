//! Responders: a bar per arm and visit with the interval of the proportion.

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, number_or_missing};
use crate::figure::Layout;
use crate::figure::axis::Scale;
use crate::figure::svg::{Svg, colour_class, label_class};
use crate::figure::text::{fit, text_width};
use crate::format::{count, percent};

/// What to draw: the proportion of responders per arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResponderFigure {
    /// Heading, for example `MG-ADL responders`.
    pub title: String,
    /// The rule of response in words.
    pub definition: String,
    /// One group of bars per visit or rule.
    pub groups: Vec<ResponderGroup>,
    /// The comparison in words, with its interval and p value.
    pub comparison: String,
    /// A sentence or two under the figure; say which interval the whiskers show.
    pub caption: String,
}

/// Bars that stand together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResponderGroup {
    /// For example `Month 3`.
    pub label: String,
    /// One bar per arm, in the order of the report.
    pub bars: Vec<ResponderBar>,
}

/// One arm at one visit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResponderBar {
    /// Name of the arm.
    pub arm: String,
    /// Responders, or their mean over replicates.
    #[serde(deserialize_with = "number_or_missing")]
    pub responders: f64,
    /// Subjects analysed.
    #[serde(deserialize_with = "number_or_missing")]
    pub subjects: f64,
    /// Proportion with its interval, 0 to 1.
    pub proportion: Estimate,
}

/// The figure as an SVG file of its own.
pub fn render_responders_svg(figure: &ResponderFigure) -> String {
    draw(figure, Layout::Wide).file("responders", &figure.title, &describe(figure))
}

pub(crate) fn draw(figure: &ResponderFigure, layout: Layout) -> Svg {
    let mut svg = Svg::new(layout.width());
    let (left, right) = (0.5, svg.width - 18.0);
    let scale = Scale {
        from: 0.0,
        to: 1.0,
        start: left,
        end: right,
        log: false,
    };
    let mut y = 0.0;
    for group in &figure.groups {
        if !group.label.is_empty() {
            y += 16.0;
            svg.text((0.0, y), "st", &fit(&group.label, svg.width, 12.0));
            y += 4.0;
        }
        for bar in &group.bars {
            y = draw_bar(&mut svg, &scale, bar, arm_index(figure, &bar.arm), y);
        }
        y += 8.0;
    }
    if figure.groups.iter().all(|group| group.bars.is_empty()) {
        y += 20.0;
        svg.text((svg.width / 2.0, y), "mu m", "No values to show");
    }
    svg.line((left, y), (right, y), "ax");
    for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let Some(x) = scale.position(tick) else {
            continue;
        };
        svg.line((x, y), (x, y + 4.0), "ax");
        let class = if tick == 0.0 { "mu" } else { "mu m" };
        svg.text(
            (x - if tick == 0.0 { 0.5 } else { 0.0 }, y + 17.0),
            class,
            &percent(tick),
        );
    }
    svg.height = y + 24.0;
    svg
}

/// One arm: its name and numbers above, the bar with whiskers below.
fn draw_bar(svg: &mut Svg, scale: &Scale, bar: &ResponderBar, series: usize, top: f64) -> f64 {
    let numbers = bar_words(bar);
    let room = svg.width - text_width(&numbers, 12.0) - 26.0;
    svg.text(
        (0.0, top + 17.0),
        &label_class(series),
        &fit(&bar.arm, room, 12.0),
    );
    svg.text((scale.end, top + 17.0), "e", &numbers);
    let (y, height) = (top + 24.0, 16.0);
    svg.rect((scale.start, y), (scale.end - scale.start, height), "tk");
    if let Some(x) = scale.position(bar.proportion.value) {
        let class = format!("br {}", colour_class(series));
        svg.rect((scale.start, y), (x - scale.start, height), &class);
    }
    if let (true, Some(low), Some(high)) = (
        bar.proportion.has_interval(),
        scale.position(bar.proportion.lower),
        scale.position(bar.proportion.upper),
    ) {
        // A pale halo keeps the whisker visible on the dark bar in every theme and in print.
        let middle = y + height / 2.0;
        for class in ["wo", "wh"] {
            svg.line((low, middle), (high, middle), class);
            svg.line((low, middle - 4.0), (low, middle + 4.0), class);
            svg.line((high, middle - 4.0), (high, middle + 4.0), class);
        }
    }
    y + height + 4.0
}

/// The numbers of the figure in words.
pub(crate) fn describe(figure: &ResponderFigure) -> String {
    let mut sentences = Vec::new();
    for group in figure.groups.iter().filter(|group| !group.bars.is_empty()) {
        let bars: Vec<String> = group
            .bars
            .iter()
            .map(|bar| {
                let interval = if bar.proportion.has_interval() {
                    let (low, high) = (bar.proportion.lower, bar.proportion.upper);
                    format!(", interval {} to {}", percent(low), percent(high))
                } else {
                    String::new()
                };
                format!("{} {}{interval}", bar.arm, bar_words(bar))
            })
            .collect();
        let label = if group.label.is_empty() {
            "Responders"
        } else {
            &group.label
        };
        sentences.push(format!("{label}: {}.", bars.join("; ")));
    }
    if sentences.is_empty() {
        sentences.push("No values to show.".to_string());
    }
    if !figure.comparison.is_empty() {
        sentences.push(format!("{}.", figure.comparison.trim_end_matches('.')));
    }
    sentences.join(" ")
}

fn bar_words(bar: &ResponderBar) -> String {
    let share = percent(bar.proportion.value);
    if bar.responders.is_finite() && bar.subjects.is_finite() {
        format!(
            "{share} ({} of {})",
            count(bar.responders),
            count(bar.subjects)
        )
    } else {
        share
    }
}

/// Arms keep their colour in every group, whatever bars a group lacks.
fn arm_index(figure: &ResponderFigure, arm: &str) -> usize {
    let mut seen: Vec<&str> = Vec::new();
    for bar in figure.groups.iter().flat_map(|group| &group.bars) {
        if !seen.contains(&bar.arm.as_str()) {
            seen.push(&bar.arm);
        }
    }
    seen.iter().position(|name| *name == arm).unwrap_or(0)
}
