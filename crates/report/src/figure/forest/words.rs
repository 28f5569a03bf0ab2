//! The numbers of a forest plot as text.

use super::axis::axis;
use super::{ForestMark, ForestPlot, ForestScale, PooledRow, is_empty};
use crate::estimate::Estimate;
use crate::figure::axis::ValueAxis;
use crate::figure::key::counted;
use crate::format::{MISSING, fixed, percent, significant};

/// The numbers of the figure in words.
pub(super) fn describe(plot: &ForestPlot) -> String {
    let axis = axis(plot, 5);
    let mut sentences = Vec::new();
    for group in &plot.groups {
        let mut parts: Vec<String> = group
            .rows
            .iter()
            .map(|row| {
                let standing = match row.mark {
                    ForestMark::Recalled => "recalled, not read at its source",
                    ForestMark::NotPooled => "not pooled",
                    ForestMark::Study | ForestMark::Pooled => "",
                };
                let words = estimate_words(plot.scale, &axis, &row.estimate);
                joined(&[&row.label, &row.detail, standing, &words])
            })
            .collect();
        parts.extend(group.pooled.iter().map(|row| {
            let words = estimate_words(plot.scale, &axis, &row.estimate);
            let prediction = prediction_words(plot.scale, &axis, row);
            let counts = counts_words(row);
            joined(&[&row.label, &row.method, &counts, &words, &prediction])
        }));
        if !group.note.is_empty() {
            parts.push(group.note.trim_end_matches('.').to_string());
        }
        let heading = if group.heading.is_empty() {
            String::new()
        } else {
            format!("{}: ", group.heading)
        };
        if !parts.is_empty() {
            sentences.push(format!("{heading}{}.", parts.join("; ")));
        }
    }
    if is_empty(plot) {
        sentences.push("No values to show.".to_string());
    } else if let Some(line) = plot
        .reference
        .as_ref()
        .filter(|line| line.value.is_finite())
    {
        let value = number(plot.scale, &axis, line.value);
        sentences.push(format!("Dashed line: {} at {value}.", line.label));
    }
    sentences.join(" ")
}

fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(", ")
}

/// `3 studies, 56 patients`; a count of 0 is left out.
pub(super) fn counts_words(row: &PooledRow) -> String {
    let counts = [
        (row.studies, "study", "studies"),
        (row.patients, "patient", "patients"),
    ];
    counts
        .into_iter()
        .filter(|(number, _, _)| *number > 0)
        .map(|(number, one, many)| counted(number, one, many))
        .collect::<Vec<_>>()
        .join(", ")
}

pub(super) fn prediction_words(scale: ForestScale, axis: &ValueAxis, row: &PooledRow) -> String {
    if !has_prediction(row) {
        return String::new();
    }
    let [low, high] =
        [row.prediction_lower, row.prediction_upper].map(|limit| number(scale, axis, limit));
    format!("prediction {} to {high}", low.trim_end_matches('%'))
}

/// `92% (62 to 100)`.
pub(super) fn estimate_words(scale: ForestScale, axis: &ValueAxis, estimate: &Estimate) -> String {
    let value = number(scale, axis, estimate.value);
    if estimate.lower.is_nan() || estimate.upper.is_nan() {
        return value;
    }
    let [low, high] = [estimate.lower, estimate.upper].map(|limit| number(scale, axis, limit));
    let bare = |limit: &str| limit.trim_end_matches('%').to_string();
    format!("{value} ({} to {})", bare(&low), bare(&high))
}

/// A number as the scale writes it; numbers of one plot have the same decimals.
fn number(scale: ForestScale, axis: &ValueAxis, value: f64) -> String {
    if value.is_nan() {
        return MISSING.to_string();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_string();
    }
    match scale {
        // No proportion is above 1: whatever this is, it does not fill the line with digits.
        ForestScale::Proportion if value.abs() > 10.0 => format!("{}%", significant(100.0 * value)),
        ForestScale::Proportion => percent(value),
        ForestScale::LogRatio if (0.095..1e3).contains(&value) => fixed(value, 2),
        ForestScale::LogRatio => significant(value),
        ForestScale::Linear => match axis.to - axis.from {
            span if !(0.5..1e6).contains(&span) || value.abs() >= 1e6 => significant(value),
            span if span >= 200.0 => fixed(value, 0),
            span if span >= 5.0 => fixed(value, 1),
            _ => fixed(value, 2),
        },
    }
}

pub(super) fn has_prediction(row: &PooledRow) -> bool {
    !row.prediction_lower.is_nan() && !row.prediction_upper.is_nan()
}
