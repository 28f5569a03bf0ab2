//! A measurement over time: the median and a band per arm, with a few single patients behind.

use serde::{Deserialize, Serialize};

use crate::estimate::{series_or_missing, table_or_missing};
use crate::figure::axis::{Scale, TimeUnit, ValueAxis, value_axis_above};
use crate::figure::plot::{
    ARMS_WITH_BANDS, Naming, Plot, Side, draw_band, draw_direct_labels, draw_legend, draw_marks,
    draw_reference_lines, draw_series, draw_time_axis, draw_value_axis, finite_range, marks_height,
    naming, segments, ticks_for, value_axis_width,
};
use crate::figure::svg::{Svg, colour_class, label_class, line_class};
use crate::figure::text::fit;
use crate::figure::{DataTable, Layout, ReferenceLine, TimeMark, lowest_reference};
use crate::format::{pretty_unit, quantity};

/// What to draw: one measurement over time in every arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrajectoryFigure {
    /// Heading, for example `B cells in blood`.
    pub title: String,
    /// Unit of the values, for example `cells/uL`; empty for a pure number.
    pub unit: String,
    /// Draw the values on a logarithmic axis. Values of zero or less lie on its floor.
    pub log_scale: bool,
    /// Common time grid of all arms, in days from day 0.
    #[serde(deserialize_with = "series_or_missing")]
    pub time_days: Vec<f64>,
    /// One entry per arm, in the order of the report.
    pub arms: Vec<TrajectoryArm>,
    /// What the band shows, for example `5 to 95 % of patients`.
    pub band: String,
    /// Horizontal lines, for example the lower limit of normal.
    pub reference_lines: Vec<ReferenceLine>,
    /// Vertical lines, for example the infusion.
    pub marks: Vec<TimeMark>,
    /// A sentence or two under the figure.
    pub caption: String,
}

/// One arm of a [`TrajectoryFigure`]; every series has the length of its `time_days`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrajectoryArm {
    /// Name of the arm.
    pub name: String,
    /// Median over patients.
    #[serde(deserialize_with = "series_or_missing")]
    pub median: Vec<f64>,
    /// Lower edge of the band.
    #[serde(deserialize_with = "series_or_missing")]
    pub lower: Vec<f64>,
    /// Upper edge of the band.
    #[serde(deserialize_with = "series_or_missing")]
    pub upper: Vec<f64>,
    /// A few single patients (two to five), drawn as thin lines.
    #[serde(deserialize_with = "table_or_missing")]
    pub patients: Vec<Vec<f64>>,
}

/// The figure as an SVG file of its own.
pub fn render_trajectory_svg(figure: &TrajectoryFigure) -> String {
    draw(figure, Layout::Wide).file("trajectory", &figure.title, &describe(figure))
}

pub(crate) fn draw(figure: &TrajectoryFigure, layout: Layout) -> Svg {
    let mut svg = Svg::new(layout.width());
    let names: Vec<&str> = figure.arms.iter().map(|arm| arm.name.as_str()).collect();
    let naming = naming(&names, layout);
    let with_bands = figure.arms.len() <= ARMS_WITH_BANDS;
    let axis = axis_of(figure);
    let (from, to) = time_range(figure);

    let mut top = 0.0;
    let mut right = svg.width - 12.0;
    match naming {
        Naming::Direct(margin) => right = svg.width - margin,
        Naming::Legend => top = draw_legend(&mut svg, &names, 0.0),
    }
    svg.text(
        (0.0, top + 12.0),
        "mu",
        &fit(&axis_title(figure, axis.log), svg.width, 12.0),
    );
    top += 24.0 + marks_height(&figure.marks);
    let height = if layout == Layout::Wide { 250.0 } else { 210.0 };
    let (left, bottom) = (value_axis_width(&axis), top + height);
    let plot = Plot {
        left,
        right,
        top,
        bottom,
        x: Scale {
            from,
            to,
            start: left,
            end: right,
            log: false,
        },
        y: axis.scale(bottom, top),
    };
    draw_value_axis(&mut svg, &plot, &axis);
    if with_bands {
        for (series, arm) in figure.arms.iter().enumerate() {
            let class = format!("bd {}", colour_class(series));
            draw_band(
                &mut svg,
                &plot,
                &figure.time_days,
                &arm.lower,
                &arm.upper,
                &class,
            );
        }
        for (series, arm) in figure.arms.iter().enumerate() {
            let class = format!("th {}", colour_class(series));
            for patient in &arm.patients {
                draw_series(&mut svg, &plot, &figure.time_days, patient, &class);
            }
        }
    }
    draw_reference_lines(&mut svg, &plot, &figure.reference_lines, Side::Right);
    draw_marks(
        &mut svg,
        |time| plot.x.position(time),
        &figure.marks,
        top,
        bottom,
    );
    let mut ends = Vec::new();
    for (series, arm) in figure.arms.iter().enumerate() {
        draw_series(
            &mut svg,
            &plot,
            &figure.time_days,
            &arm.median,
            &line_class(series),
        );
        let last = segments(&plot, &figure.time_days, &arm.median);
        if let Some(&(_, y)) = last.last().and_then(|run| run.last()) {
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

/// The numbers of the figure in words.
pub(crate) fn describe(figure: &TrajectoryFigure) -> String {
    let (from, to) = time_range(figure);
    let unit = TimeUnit::for_span(to - from);
    let axis = axis_of(figure);
    let mut sentences = Vec::new();
    for arm in &figure.arms {
        let known: Vec<(f64, f64)> = figure
            .time_days
            .iter()
            .zip(&arm.median)
            .map(|(&time, &value)| (time, value))
            .filter(|(time, value)| time.is_finite() && value.is_finite())
            .collect();
        let (Some(first), Some(last)) = (known.first(), known.last()) else {
            sentences.push(format!("{}: no values.", arm.name));
            continue;
        };
        let by_value = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let low = known.iter().min_by(by_value).unwrap_or(first);
        let high = known.iter().max_by(by_value).unwrap_or(first);
        let at = |point: &(f64, f64)| {
            format!(
                "{} at {}",
                axis.quantity(point.1, &figure.unit),
                unit.words(point.0)
            )
        };
        sentences.push(format!(
            "{}: the median starts at {}, is lowest with {}, highest with {}, and ends at {}{}.",
            arm.name,
            axis.quantity(first.1, &figure.unit),
            at(low),
            at(high),
            at(last),
            band_words(figure, &axis, arm, last.0),
        ));
    }
    if sentences.is_empty() {
        sentences.push("No values to show.".to_string());
    }
    sentences.join(" ")
}

/// What was left out, in words.
pub(crate) fn notes(figure: &TrajectoryFigure) -> Vec<String> {
    let mut notes = Vec::new();
    if figure.arms.len() > ARMS_WITH_BANDS {
        notes.push("Bands and single patients are left out with this many arms.".to_string());
    }
    let missing = figure
        .arms
        .iter()
        .flat_map(|arm| arm.median.iter().chain(&arm.lower).chain(&arm.upper))
        .filter(|value| !value.is_finite())
        .count();
    if missing > 0 {
        notes.push(format!("{missing} missing values are left out."));
    }
    let axis = axis_of(figure);
    if axis.floored {
        notes.push(format!(
            "Values under {} lie on the foot of the axis.",
            quantity(axis.from, &figure.unit)
        ));
    }
    notes
}

pub(crate) fn table(figure: &TrajectoryFigure) -> DataTable {
    let (from, to) = time_range(figure);
    let unit = TimeUnit::for_span(to - from);
    let axis = axis_of(figure);
    let mut head = vec![format!("Time ({})", unit.name())];
    head.extend(figure.arms.iter().map(|arm| arm.name.clone()));
    let rows = ticks_for(from, to, unit, Layout::Wide)
        .into_iter()
        .filter_map(|(tick, label)| {
            // The nearest time of the grid stands for the tick.
            let distance = |i: &usize| (figure.time_days[*i] - tick).abs();
            let nearest = (0..figure.time_days.len())
                .filter(|&i| figure.time_days[i].is_finite())
                .min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
            let mut row = vec![label];
            for arm in &figure.arms {
                let get = |series: &Vec<f64>| series.get(nearest).copied().unwrap_or(f64::NAN);
                let (low, high) = (get(&arm.lower), get(&arm.upper));
                let median = axis.words(get(&arm.median));
                let (low_words, high_words) = (axis.words(low), axis.words(high));
                let all_under = low_words == high_words && low_words == median;
                row.push(if low.is_finite() && high.is_finite() && !all_under {
                    format!("{median} ({low_words} to {high_words})")
                } else {
                    median
                });
            }
            Some(row)
        })
        .collect();
    DataTable { head, rows }
}

fn axis_title(figure: &TrajectoryFigure, log: bool) -> String {
    let unit = pretty_unit(&figure.unit);
    match (unit.is_empty(), log) {
        (true, false) => String::new(),
        (true, true) => "Logarithmic axis".to_string(),
        (false, false) => unit,
        (false, true) => format!("{unit}, logarithmic axis"),
    }
}

fn shown_values(figure: &TrajectoryFigure) -> impl Iterator<Item = f64> {
    let with_bands = figure.arms.len() <= ARMS_WITH_BANDS;
    figure.arms.iter().flat_map(move |arm| {
        let others = arm
            .lower
            .iter()
            .chain(&arm.upper)
            .chain(arm.patients.iter().flatten());
        arm.median
            .iter()
            .chain(others.filter(move |_| with_bands))
            .copied()
    })
}

fn axis_of(figure: &TrajectoryFigure) -> ValueAxis {
    let lowest = lowest_reference(&figure.reference_lines);
    value_axis_above(shown_values(figure), lowest, figure.log_scale, 5)
}

fn time_range(figure: &TrajectoryFigure) -> (f64, f64) {
    finite_range(figure.time_days.iter().copied())
}

fn band_words(
    figure: &TrajectoryFigure,
    axis: &ValueAxis,
    arm: &TrajectoryArm,
    time: f64,
) -> String {
    let Some(i) = figure.time_days.iter().position(|&t| t == time) else {
        return String::new();
    };
    match (arm.lower.get(i), arm.upper.get(i)) {
        (Some(low), Some(high)) if low.is_finite() && high.is_finite() => {
            let band = if figure.band.is_empty() {
                "band"
            } else {
                &figure.band
            };
            format!(" ({band}: {} to {})", axis.words(*low), axis.words(*high))
        }
        _ => String::new(),
    }
}
