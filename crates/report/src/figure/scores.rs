//! Mean change of a clinical score from baseline, by visit and arm.

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, series_or_missing};
use crate::figure::axis::{Scale, TimeUnit, value_axis, visit_words};
use crate::figure::plot::{
    Naming, Plot, draw_direct_labels, draw_legend, draw_time_axis, draw_value_axis, finite_range,
    naming, ticks_for, value_axis_width,
};
use crate::figure::svg::{Svg, colour_class, label_class, line_class};
use crate::figure::text::wrap;
use crate::figure::{DataTable, Layout};
use crate::format::{count, fixed};

/// What to draw: the change of one score over the visits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScoreFigure {
    /// Heading, for example `MG-ADL`.
    pub title: String,
    /// What the axis shows, for example `Change in MG-ADL from baseline (points)`.
    pub quantity: String,
    /// Which way is better, in words, for example `lower is better`; empty to leave it out.
    pub direction: String,
    /// Planned visits in days from day 0.
    #[serde(deserialize_with = "series_or_missing")]
    pub visit_days: Vec<f64>,
    /// One entry per arm.
    pub arms: Vec<ScoreArm>,
    /// The comparison in words, with its interval and p value.
    pub comparison: String,
    /// A sentence or two under the figure; say which interval the whiskers show.
    pub caption: String,
}

/// One arm of a [`ScoreFigure`]; both series have the length of its `visit_days`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScoreArm {
    /// Name of the arm.
    pub name: String,
    /// Mean change from baseline with its interval.
    pub change: Vec<Estimate>,
    /// Subjects with a value at the visit, or the mean over replicates; may be empty.
    #[serde(deserialize_with = "series_or_missing")]
    pub subjects: Vec<f64>,
}

/// The figure as an SVG file of its own.
pub fn render_scores_svg(figure: &ScoreFigure) -> String {
    draw(figure, Layout::Wide).file("scores", &figure.title, &describe(figure))
}

pub(crate) fn draw(figure: &ScoreFigure, layout: Layout) -> Svg {
    let mut svg = Svg::new(layout.width());
    let names: Vec<&str> = figure.arms.iter().map(|arm| arm.name.as_str()).collect();
    let naming = naming(&names, layout);
    let values = figure.arms.iter().flat_map(|arm| &arm.change);
    // No change is always in view.
    let values = values
        .flat_map(|change| [change.value, change.lower, change.upper])
        .chain([0.0]);
    let axis = value_axis(values, false, 5);
    let (from, to) = time_range(figure);

    let mut top = 0.0;
    let mut right = svg.width - 14.0;
    match naming {
        Naming::Direct(margin) => right = svg.width - margin,
        Naming::Legend => top = draw_legend(&mut svg, &names, 0.0),
    }
    for line in wrap(&axis_title(figure), svg.width, 12.0, 2) {
        svg.text((0.0, top + 12.0), "mu", &line);
        top += 15.0;
    }
    top += 10.0;
    let left = value_axis_width(&axis);
    let bottom = top + if layout == Layout::Wide { 230.0 } else { 200.0 };
    // Arms stand side by side at a visit so that their whiskers do not cover each other.
    let dodge = if figure.arms.len() < 2 {
        0.0
    } else {
        (24.0 / (figure.arms.len() - 1) as f64).min(8.0)
    };
    let margin = 8.0 + dodge * figure.arms.len() as f64 / 2.0;
    let plot = Plot {
        left,
        right,
        top,
        bottom,
        x: Scale {
            from,
            to,
            start: left + margin,
            end: right - margin,
            log: false,
        },
        y: axis.scale(bottom, top),
    };
    draw_value_axis(&mut svg, &plot, &axis);
    if let Some(y) = plot.y.position(0.0) {
        svg.line((left, y), (right, y), "ax");
    }
    let mut ends = Vec::new();
    for (series, arm) in figure.arms.iter().enumerate() {
        let shift = dodge * (series as f64 - (figure.arms.len() as f64 - 1.0) / 2.0);
        let mut points = Vec::new();
        for (&day, change) in figure.visit_days.iter().zip(&arm.change) {
            let (Some(x), Some(y)) = (plot.x.position(day), plot.y.position(change.value)) else {
                continue;
            };
            points.push((x + shift, y));
            if let (true, Some(low), Some(high)) = (
                change.has_interval(),
                plot.y.position(change.lower),
                plot.y.position(change.upper),
            ) {
                let class = format!("wk {}", colour_class(series));
                svg.line((x + shift, low), (x + shift, high), &class);
            }
        }
        svg.polyline(&points, &line_class(series));
        for &point in &points {
            svg.marker(point, series);
        }
        if let Some(&(_, y)) = points.last() {
            ends.push((label_class(series), arm.name.as_str(), y));
        }
    }
    if let Naming::Direct(_) = naming {
        draw_direct_labels(&mut svg, &plot, &ends);
    }
    if ends.is_empty() {
        let middle = ((left + right) / 2.0, (top + bottom) / 2.0);
        svg.text(middle, "mu m", "No values to show");
    }
    let unit = TimeUnit::for_span(to - from);
    let ticks = ticks_for(from, to, unit, layout);
    svg.height = draw_time_axis(&mut svg, &plot, &ticks, &format!("Time ({})", unit.name()));
    svg
}

/// The numbers of the figure in words: the change at the last visit.
pub(crate) fn describe(figure: &ScoreFigure) -> String {
    let mut sentences = Vec::new();
    for arm in &figure.arms {
        let mut known = figure.visit_days.iter().zip(&arm.change);
        let last = known.rfind(|(day, change)| day.is_finite() && change.value.is_finite());
        sentences.push(match last {
            Some((day, change)) => {
                format!(
                    "{}: {} at {}.",
                    arm.name,
                    change_words(change),
                    visit_words(*day)
                )
            }
            None => format!("{}: no values.", arm.name),
        });
    }
    if sentences.is_empty() {
        sentences.push("No values to show.".to_string());
    }
    if !figure.comparison.is_empty() {
        sentences.push(format!("{}.", figure.comparison.trim_end_matches('.')));
    }
    format!("Mean change from baseline. {}", sentences.join(" "))
}

pub(crate) fn table(figure: &ScoreFigure) -> DataTable {
    let mut head = vec!["Visit".to_string()];
    head.extend(figure.arms.iter().map(|arm| arm.name.clone()));
    let rows = figure.visit_days.iter().enumerate().map(|(visit, &day)| {
        let cells = figure.arms.iter().map(|arm| {
            let change = arm.change.get(visit).copied().unwrap_or_default();
            let subjects = match arm.subjects.get(visit) {
                Some(subjects) if subjects.is_finite() => format!(", n = {}", count(*subjects)),
                _ => String::new(),
            };
            format!("{}{subjects}", change_words(&change))
        });
        std::iter::once(visit_words(day)).chain(cells).collect()
    });
    DataTable {
        head,
        rows: rows.collect(),
    }
}

fn change_words(change: &Estimate) -> String {
    if change.has_interval() {
        let (low, high) = (signed(change.lower), signed(change.upper));
        format!("{} ({low} to {high})", signed(change.value))
    } else {
        signed(change.value)
    }
}

fn signed(value: f64) -> String {
    let text = fixed(value, 1);
    if value > 0.0 && text != "0.0" && value.is_finite() {
        format!("+{text}")
    } else {
        text
    }
}

fn axis_title(figure: &ScoreFigure) -> String {
    let parts = [figure.quantity.as_str(), figure.direction.as_str()];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

fn time_range(figure: &ScoreFigure) -> (f64, f64) {
    finite_range(figure.visit_days.iter().copied())
}
