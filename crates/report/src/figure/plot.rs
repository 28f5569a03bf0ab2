//! What plots with axes share: the frame, the two axes, labels of series, bands and marks.

use crate::figure::axis::{Scale, Tick, TimeUnit, ValueAxis, time_ticks};
use crate::figure::svg::{Svg, label_class, line_class};
use crate::figure::text::{fit, text_width, wrap};
use crate::figure::{Layout, ReferenceLine, TimeMark};

/// With more arms than this, bands and single patients would hide the lines that matter.
pub(crate) const ARMS_WITH_BANDS: usize = 4;

/// Baseline to baseline.
pub(crate) const LINE_HEIGHT: f64 = 15.0;

/// The rectangle in which data are drawn, with its two scales.
pub(crate) struct Plot {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    pub x: Scale,
    pub y: Scale,
}

/// How the series are named.
pub(crate) enum Naming {
    /// Beside the right end of each line, in a margin of this width.
    Direct(f64),
    /// In rows above the plot.
    Legend,
}

/// Direct labels where there is room for them, a legend otherwise.
pub(crate) fn naming(names: &[&str], layout: Layout) -> Naming {
    let widest = names
        .iter()
        .flat_map(|name| wrap(name, 130.0, 12.0, 3))
        .map(|line| text_width(&line, 12.0))
        .fold(0.0, f64::max);
    if layout == Layout::Wide && names.len() <= 5 {
        Naming::Direct(widest + 14.0)
    } else {
        Naming::Legend
    }
}

/// Rows of line samples with names, from `top`; returns where they end.
pub(crate) fn draw_legend(svg: &mut Svg, names: &[&str], top: f64) -> f64 {
    let (mut x, mut y) = (0.0, top + 11.0);
    for (series, name) in names.iter().enumerate() {
        let name = fit(name, svg.width - 40.0, 12.0);
        let width = 32.0 + text_width(&name, 12.0);
        if x > 0.0 && x + width > svg.width {
            (x, y) = (0.0, y + LINE_HEIGHT + 2.0);
        }
        svg.line((x, y - 4.0), (x + 24.0, y - 4.0), &line_class(series));
        svg.marker((x + 12.0, y - 4.0), series);
        svg.text((x + 30.0, y), &label_class(series), &name);
        x += width + 16.0;
    }
    if names.is_empty() { top } else { y + 9.0 }
}

/// Names beside the ends of lines: `ends` holds the class of the text, name and height. They move apart so
/// that none covers another.
pub(crate) fn draw_direct_labels(svg: &mut Svg, plot: &Plot, ends: &[(String, &str, f64)]) {
    let mut labels: Vec<(&String, Vec<String>, f64)> = ends
        .iter()
        .map(|(class, name, y)| (class, wrap(name, 130.0, 12.0, 3), *y))
        .collect();
    labels.sort_by(|a, b| a.2.total_cmp(&b.2));
    let height = |lines: &Vec<String>| 13.0 * lines.len() as f64;
    // Push down from the top, then up from the bottom.
    let mut free = plot.top - 6.0;
    for (_, lines, y) in &mut labels {
        *y = y.max(free + height(lines) / 2.0);
        free = *y + height(lines) / 2.0 + 4.0;
    }
    let mut free = plot.bottom + 6.0;
    for (_, lines, y) in labels.iter_mut().rev() {
        *y = y.min(free - height(lines) / 2.0);
        free = *y - height(lines) / 2.0 - 4.0;
    }
    for (class, lines, y) in &labels {
        let first = y - height(lines) / 2.0 + 10.0;
        for (i, line) in lines.iter().enumerate() {
            let at = (plot.right + 9.0, first + 13.0 * i as f64);
            svg.text(at, class, line);
        }
    }
}

/// Grid lines and labels of the value axis.
pub(crate) fn draw_value_axis(svg: &mut Svg, plot: &Plot, axis: &ValueAxis) {
    for (tick, label) in &axis.ticks {
        if let Some(y) = plot.y.position(*tick) {
            svg.line((plot.left, y), (plot.right, y), "gr");
            svg.text((plot.left - 7.0, y + 4.0), "mu e", label);
        }
    }
}

/// Width that the labels of a value axis need, with their distance to the plot.
pub(crate) fn value_axis_width(axis: &ValueAxis) -> f64 {
    let widest = axis
        .ticks
        .iter()
        .map(|(_, label)| text_width(label, 12.0))
        .fold(0.0, f64::max);
    widest.max(18.0) + 9.0
}

/// The foot of a plot: line, ticks, labels and the unit.
pub(crate) fn draw_time_axis(svg: &mut Svg, plot: &Plot, ticks: &[Tick], title: &str) -> f64 {
    svg.line((plot.left, plot.bottom), (plot.right, plot.bottom), "ax");
    for (tick, label) in ticks {
        if let Some(x) = plot.x.position(*tick) {
            svg.line((x, plot.bottom), (x, plot.bottom + 4.0), "ax");
            svg.text((x, plot.bottom + 17.0), "mu m", label);
        }
    }
    svg.text(
        ((plot.left + plot.right) / 2.0, plot.bottom + 33.0),
        "mu m",
        title,
    );
    plot.bottom + 40.0
}

/// Ticks of a time axis that suit the width.
pub(crate) fn ticks_for(from: f64, to: f64, unit: TimeUnit, layout: Layout) -> Vec<Tick> {
    time_ticks(from, to, unit, if layout == Layout::Wide { 9 } else { 7 })
}

/// Points of a series as positions, split where a value is missing.
pub(crate) fn segments(plot: &Plot, times: &[f64], values: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let mut runs = vec![Vec::new()];
    for (&time, &value) in times.iter().zip(values) {
        match (plot.x.position(time), plot.y.position(value)) {
            (Some(x), Some(y)) => runs.last_mut().expect("never empty").push((x, y)),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// A line through a series; a value that stands alone becomes a dot.
pub(crate) fn draw_series(svg: &mut Svg, plot: &Plot, times: &[f64], values: &[f64], class: &str) {
    for run in segments(plot, times, values) {
        if run.len() == 1 {
            svg.circle(run[0], 2.0, &class.replace("ln", "br").replace("th", "br"));
        }
        svg.polyline(&run, class);
    }
}

/// The area between two series, where both exist.
pub(crate) fn draw_band(
    svg: &mut Svg,
    plot: &Plot,
    times: &[f64],
    lower: &[f64],
    upper: &[f64],
    class: &str,
) {
    let mut edge: Vec<(f64, f64, f64)> = Vec::new();
    let mut flush = |edge: &mut Vec<(f64, f64, f64)>| {
        let top = edge.iter().map(|&(x, _, upper)| (x, upper));
        let bottom = edge.iter().rev().map(|&(x, lower, _)| (x, lower));
        svg.polygon(&top.chain(bottom).collect::<Vec<_>>(), class);
        edge.clear();
    };
    for ((&time, &low), &high) in times.iter().zip(lower).zip(upper) {
        match (
            plot.x.position(time),
            plot.y.position(low),
            plot.y.position(high),
        ) {
            (Some(x), Some(low), Some(high)) => edge.push((x, low, high)),
            _ => flush(&mut edge),
        }
    }
    flush(&mut edge);
}

/// The end of a line at which its label stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Dotted horizontal lines with their label at the right end, above the line.
pub(crate) fn draw_reference_lines(
    svg: &mut Svg,
    plot: &Plot,
    lines: &[ReferenceLine],
    side: Side,
) {
    for line in lines {
        let inside = line.value >= plot.y.from && line.value <= plot.y.to;
        if let (Some(y), true) = (plot.y.position(line.value), inside) {
            svg.line((plot.left, y), (plot.right, y), "rf");
            let label = fit(&line.label, plot.right - plot.left, 11.0);
            let y = if y - plot.top < 14.0 {
                y + 13.0
            } else {
                y - 4.0
            };
            match side {
                Side::Left => svg.text((plot.left + 4.0, y), "mu sm", &label),
                Side::Right => svg.text((plot.right - 2.0, y), "mu sm e", &label),
            }
        }
    }
}

/// A dashed vertical line from `top` to `bottom` with its label above it.
pub(crate) fn draw_vertical_reference(svg: &mut Svg, x: f64, top: f64, bottom: f64, label: &str) {
    svg.line((x, top), (x, bottom), "hs d1");
    let label = fit(label, svg.width, 11.0);
    let half = text_width(&label, 11.0) / 2.0;
    let x = x.min(svg.width - half).max(half);
    svg.text((x, top - 4.0), "mu sm m", &label);
}

/// Height that the labels of `marks` need above a plot.
pub(crate) fn marks_height(marks: &[TimeMark]) -> f64 {
    13.0 * labelled_marks(marks).len() as f64
}

/// Vertical lines down to `bottom`, with labels in rows above `top` so that two close marks stay
/// readable. A label that repeats (yearly infusions) is written once, at its first mark.
pub(crate) fn draw_marks(
    svg: &mut Svg,
    place: impl Fn(f64) -> Option<f64>,
    marks: &[TimeMark],
    top: f64,
    bottom: f64,
) {
    let labelled = labelled_marks(marks);
    for mark in marks {
        if let Some(x) = place(mark.time_days) {
            svg.line((x, top), (x, bottom), "tr");
        }
    }
    // The latest mark has the lowest row: no line crosses the label of an earlier one.
    for (row, mark) in labelled.iter().rev().enumerate() {
        let Some(x) = place(mark.time_days) else {
            continue;
        };
        let y = top - 5.0 - 13.0 * row as f64;
        svg.line((x, y - 8.0), (x, top), "tr");
        let label = fit(&mark.label, svg.width * 0.6, 11.0);
        if x + 5.0 + text_width(&label, 11.0) <= svg.width {
            svg.text((x + 4.0, y), "mu sm", &label);
        } else {
            svg.text((x - 4.0, y), "mu sm e", &label);
        }
    }
}

/// The first mark of each label in order of time, at most six.
fn labelled_marks(marks: &[TimeMark]) -> Vec<&TimeMark> {
    let mut ordered: Vec<&TimeMark> = marks
        .iter()
        .filter(|mark| mark.time_days.is_finite() && !mark.label.is_empty())
        .collect();
    ordered.sort_by(|a, b| {
        a.time_days
            .total_cmp(&b.time_days)
            .then(a.label.cmp(&b.label))
    });
    let mut first: Vec<&TimeMark> = Vec::new();
    for mark in ordered {
        if first.len() < 6 && !first.iter().any(|earlier| earlier.label == mark.label) {
            first.push(mark);
        }
    }
    first
}

/// Smallest and largest of the finite values; a range of one day around a single one.
pub(crate) fn finite_range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
    if low > high {
        (0.0, 1.0)
    } else if low == high {
        (low - 0.5, high + 0.5)
    } else {
        (low, high)
    }
}
