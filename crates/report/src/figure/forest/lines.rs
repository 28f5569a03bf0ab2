//! Columns and lines of a forest plot: what stands where, before anything is drawn.

use super::axis::axis;
use super::words::{counts_words, estimate_words, prediction_words};
use super::{ForestPlot, ForestRow, PooledRow};
use crate::figure::Layout;
use crate::figure::axis::{Scale, ValueAxis};
use crate::figure::plot::value_axis_width;
use crate::figure::text::{fit, text_width, wrap};

/// Widest column of numbers; what is longer is cut.
const WIDEST_WORDS: f64 = 175.0;

/// Where the columns lie and what the axis shows.
pub(super) struct Columns {
    pub stacked: bool,
    pub label_width: f64,
    pub detail_end: f64,
    pub detail_width: f64,
    pub axis: ValueAxis,
    pub scale: Scale,
}

/// What a line of the figure holds.
pub(super) enum Glyph<'a> {
    Study(&'a ForestRow, f64),
    Pooled(&'a PooledRow),
    Heading,
    Note,
}

/// One line of the figure with its text already broken into lines.
pub(super) struct Line<'a> {
    pub glyph: Glyph<'a>,
    pub label: Vec<String>,
    pub under: Vec<String>,
    pub detail: String,
    pub words: String,
    pub second: String,
    pub height: f64,
}

pub(super) fn columns(plot: &ForestPlot, layout: Layout) -> Columns {
    let width = layout.width();
    let stacked = layout == Layout::Narrow;
    let axis = axis(plot, if stacked { 4 } else { 5 });
    // Room for half a tick label and for an arrow.
    let margin = (value_axis_width(&axis) / 2.0).max(12.0);
    if stacked {
        let scale = axis.scale(margin, width - margin);
        return Columns {
            stacked,
            label_width: width,
            detail_end: width,
            detail_width: 0.0,
            axis,
            scale,
        };
    }
    let rows = || plot.groups.iter().flat_map(|group| &group.rows);
    let pooled = || plot.groups.iter().flat_map(|group| &group.pooled);
    let label_width = widest(rows().map(|row| text_width(&row.label, 12.0)).chain(
        pooled().flat_map(|row| {
            [row.label.as_str(), row.method.as_str()].map(|text| text_width(text, 12.0))
        }),
    ));
    let detail_width = widest(
        rows()
            .map(|row| text_width(&row.detail, 12.0))
            .chain([text_width(&plot.detail_heading, 11.0)]),
    );
    let words_width = widest(
        rows()
            .map(|row| text_width(&estimate_words(plot.scale, &axis, &row.estimate), 12.0))
            .chain(pooled().flat_map(|row| {
                // Bold is wider.
                let words = text_width(&estimate_words(plot.scale, &axis, &row.estimate), 12.6);
                [
                    words,
                    text_width(&prediction_words(plot.scale, &axis, row), 11.0),
                ]
            }))
            .chain([text_width(&plot.estimate_heading, 11.0)]),
    );
    let label_width = label_width.clamp(80.0, 205.0);
    let detail_width = detail_width.min(100.0);
    let detail_end = width - words_width.min(WIDEST_WORDS) - 14.0;
    let right = detail_end - detail_width - 8.0;
    let scale = axis.scale(label_width + 6.0 + margin, right - margin);
    Columns {
        stacked,
        label_width,
        detail_end,
        detail_width,
        axis,
        scale,
    }
}

fn widest(widths: impl Iterator<Item = f64>) -> f64 {
    widths.fold(0.0, f64::max)
}

/// Every line of the figure from top to bottom.
pub(super) fn lines<'a>(plot: &'a ForestPlot, columns: &Columns, width: f64) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let text = |glyph, label: Vec<String>, under: Vec<String>| {
        let space = if matches!(glyph, Glyph::Heading) {
            12.0
        } else {
            8.0
        };
        let height = 14.0 * label.len() as f64 + 13.0 * under.len() as f64 + space;
        Line {
            glyph,
            label,
            under,
            detail: String::new(),
            words: String::new(),
            second: String::new(),
            height,
        }
    };
    for group in &plot.groups {
        if !group.heading.is_empty() {
            let heading = wrap(&group.heading, width * 0.94, 12.0, 3);
            lines.push(text(Glyph::Heading, heading, Vec::new()));
        }
        let heaviest = group.rows.iter().map(|row| row.weight).fold(0.0, f64::max);
        for row in &group.rows {
            let glyph = Glyph::Study(row, square_side(row.weight, heaviest));
            let words = estimate_words(plot.scale, &columns.axis, &row.estimate);
            let text = RowText {
                label: &row.label,
                detail: &row.detail,
                words,
                ..RowText::default()
            };
            lines.push(line(columns, glyph, text));
        }
        for row in &group.pooled {
            let text = RowText {
                label: &row.label,
                method: &row.method,
                counts: counts_words(row),
                words: estimate_words(plot.scale, &columns.axis, &row.estimate),
                prediction: prediction_words(plot.scale, &columns.axis, row),
                ..RowText::default()
            };
            lines.push(line(columns, Glyph::Pooled(row), text));
        }
        if !group.note.is_empty() {
            let note = wrap(&group.note, width, 11.0, usize::MAX);
            lines.push(text(Glyph::Note, Vec::new(), note));
        }
    }
    lines
}

/// What a row says.
#[derive(Default)]
struct RowText<'a> {
    label: &'a str,
    detail: &'a str,
    method: &'a str,
    counts: String,
    words: String,
    prediction: String,
}

/// A line with a mark: beside the plot in columns, or above it where they do not fit.
fn line<'a>(columns: &Columns, glyph: Glyph<'a>, text: RowText) -> Line<'a> {
    let width = columns.label_width;
    let mut under = wrap(text.method, width, 11.0, 4);
    if columns.stacked {
        // Bold is wider.
        let room = width - text_width(&text.words, 12.6) - 12.0;
        let mut label = wrap(text.label, room, 12.6, 3);
        if label.is_empty() {
            label.push(String::new());
        }
        let parts = [text.detail, &text.counts, &text.prediction];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        under.extend(wrap(&parts.join("; "), width, 11.0, 2));
        let height = 14.0 * label.len() as f64 + 13.0 * under.len() as f64 + 24.0;
        return Line {
            glyph,
            label,
            under,
            detail: String::new(),
            words: text.words,
            second: String::new(),
            height,
        };
    }
    let label = wrap(text.label, width, 12.0, 3);
    under.extend(wrap(&text.counts, width, 11.0, 1));
    let left = 14.0 * label.len() as f64 + 13.0 * under.len() as f64;
    let right = if text.prediction.is_empty() {
        14.0
    } else {
        27.0
    };
    Line {
        glyph,
        label,
        under,
        detail: fit(text.detail, columns.detail_width, 12.0),
        words: fit(&text.words, WIDEST_WORDS, 12.6),
        second: fit(&text.prediction, WIDEST_WORDS, 11.0),
        height: left.max(right) + 6.0,
    }
}

/// Side of a square whose area grows with the weight; of middle size where there is none.
fn square_side(weight: f64, heaviest: f64) -> f64 {
    let share = weight / heaviest;
    if share.is_finite() {
        4.0 + 8.0 * share.clamp(0.0, 1.0).sqrt()
    } else {
        7.5
    }
}
