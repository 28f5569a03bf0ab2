//! Stacked panels that share one time axis.

use serde::{Deserialize, Serialize};

use crate::estimate::series_or_missing;
use crate::figure::axis::{Scale, TimeUnit, ValueAxis, time_ticks, value_axis, value_axis_above};
use crate::figure::plot::{
    Plot, Side, draw_marks, draw_reference_lines, draw_series, draw_time_axis, draw_value_axis,
    finite_range, marks_height, value_axis_width,
};
use crate::figure::svg::Svg;
use crate::figure::text::fit;
use crate::figure::{Layout, ReferenceLine, TimeMark, lowest_reference};
use crate::format::{fixed, pretty_unit};

/// What to draw: one course through several measurements.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PanelFigure {
    /// Heading.
    pub title: String,
    /// One panel under the other, top first.
    pub panels: Vec<Panel>,
    /// Vertical lines through all panels: lymphodepletion, infusion.
    pub treatments: Vec<TimeMark>,
    /// A sentence or two under the figure.
    pub caption: String,
}

/// One measurement over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Panel {
    /// What is measured, for example `B cells`.
    pub label: String,
    /// Its unit; empty for a pure number.
    pub unit: String,
    /// Draw on a logarithmic axis.
    pub log_scale: bool,
    /// Draw as steps that hold each value until the next time (clinical scores).
    pub stepped: bool,
    /// Times in days.
    #[serde(deserialize_with = "series_or_missing")]
    pub time_days: Vec<f64>,
    /// Values at those times.
    #[serde(deserialize_with = "series_or_missing")]
    pub values: Vec<f64>,
    /// Horizontal lines, for example the lower limit of normal.
    pub reference_lines: Vec<ReferenceLine>,
    /// Events marked with a triangle at the foot of the panel, in days (attacks).
    #[serde(deserialize_with = "series_or_missing")]
    pub events_days: Vec<f64>,
    /// What the events are, for example `attack`.
    pub event_name: String,
}

/// The expansion of CAR T cells and the cytokine peak happen in these first days; a course of
/// months shows them in a time window of its own, or they would be one vertical line.
const EARLY_DAYS: f64 = 35.0;

/// The figure as an SVG file of its own.
pub fn render_panels_svg(figure: &PanelFigure, layout: Layout) -> String {
    draw(figure, layout).file("panels", &figure.title, &describe(figure))
}

/// A piece of the time axis and where it lies.
struct Window {
    from: f64,
    to: f64,
    left: f64,
    right: f64,
    unit: TimeUnit,
}

pub(crate) fn draw(figure: &PanelFigure, layout: Layout) -> Svg {
    let mut svg = Svg::new(layout.width());
    let axes: Vec<ValueAxis> = figure.panels.iter().map(panel_axis).collect();
    let left = axes.iter().map(value_axis_width).fold(30.0, f64::max);
    let windows = windows(figure, left, svg.width - 12.0);
    let head = marks_height(&figure.treatments) + 4.0;
    let height = if layout == Layout::Wide { 74.0 } else { 66.0 };
    let tops: Vec<f64> = (0..figure.panels.len())
        .map(|i| head + 24.0 + i as f64 * (height + 36.0))
        .collect();
    let bottom = tops.last().map_or(head + 40.0, |top| top + height);

    if let [early, _] = &windows[..] {
        for top in &tops {
            svg.rect((early.left, *top), (early.right - early.left, height), "sh");
        }
    }
    let place = |time: f64| {
        let window = windows
            .iter()
            .find(|window| time <= window.to)
            .or(windows.last())?;
        (time >= window.from && time <= window.to).then(|| scale(window).position(time))?
    };
    draw_marks(&mut svg, place, &figure.treatments, head, head + 2.0);
    for ((panel, axis), &top) in figure.panels.iter().zip(&axes).zip(&tops) {
        for x in figure
            .treatments
            .iter()
            .filter_map(|mark| place(mark.time_days))
        {
            svg.line((x, top), (x, top + height), "tr");
        }
        draw_heading(&mut svg, panel, axis, top - 8.0);
        for (i, window) in windows.iter().enumerate() {
            let plot = Plot {
                left: window.left,
                right: window.right,
                top,
                bottom: top + height,
                x: scale(window),
                y: axis.scale(top + height, top),
            };
            draw_panel(
                &mut svg,
                &plot,
                window,
                panel,
                axis,
                i == 0,
                i + 1 == windows.len(),
            );
        }
    }
    if figure.panels.is_empty() {
        svg.text((svg.width / 2.0, head + 24.0), "mu m", "No values to show");
    }
    svg.height = bottom + 40.0;
    for window in &windows {
        let plot = Plot {
            left: window.left,
            right: window.right,
            top: head,
            bottom,
            x: scale(window),
            y: Scale {
                from: 0.0,
                to: 1.0,
                start: bottom,
                end: head,
                log: false,
            },
        };
        let room = (window.right - window.left) / 40.0;
        let mut ticks = time_ticks(window.from, window.to, window.unit, room.max(3.0) as usize);
        if windows.len() == 2 && window.unit != TimeUnit::Days {
            ticks.retain(|(tick, _)| *tick > window.from + 0.04 * (window.to - window.from));
        }
        draw_time_axis(
            &mut svg,
            &plot,
            &ticks,
            &format!("Time ({})", window.unit.name()),
        );
    }
    svg
}

fn draw_heading(svg: &mut Svg, panel: &Panel, axis: &ValueAxis, y: f64) {
    let unit = pretty_unit(&panel.unit);
    let mut heading = panel.label.clone();
    if !unit.is_empty() {
        heading = format!("{heading} ({unit})");
    }
    if axis.log {
        heading.push_str(", log");
    }
    let events = panel
        .events_days
        .iter()
        .filter(|day| day.is_finite())
        .count();
    let room = if events > 0 {
        svg.width - 110.0
    } else {
        svg.width
    };
    svg.text((0.0, y), "st", &fit(&heading, room, 12.6));
    if events > 0 {
        let name = if panel.event_name.is_empty() {
            "event"
        } else {
            &panel.event_name
        };
        svg.text(
            (svg.width - 12.0, y),
            "mu sm e",
            &format!("▲ {}", fit(name, 90.0, 11.0)),
        );
    }
}

fn draw_panel(
    svg: &mut Svg,
    plot: &Plot,
    window: &Window,
    panel: &Panel,
    axis: &ValueAxis,
    first: bool,
    last: bool,
) {
    if first {
        draw_value_axis(svg, plot, axis);
    } else {
        for (tick, _) in &axis.ticks {
            if let Some(y) = plot.y.position(*tick) {
                svg.line((plot.left, y), (plot.right, y), "gr");
            }
        }
    }
    if last {
        draw_reference_lines(svg, plot, &panel.reference_lines, Side::Right);
    } else {
        let unlabelled: Vec<ReferenceLine> = panel
            .reference_lines
            .iter()
            .map(|line| ReferenceLine {
                value: line.value,
                label: String::new(),
            })
            .collect();
        draw_reference_lines(svg, plot, &unlabelled, Side::Right);
    }
    let (times, values) = clipped(panel, window);
    draw_series(svg, plot, &times, &values, "ln a0 d0");
    let is_shown = |day: f64| day >= window.from && (day < window.to || last && day <= window.to);
    for &day in panel.events_days.iter().filter(|&&day| is_shown(day)) {
        if let Some(x) = plot.x.position(day) {
            let y = plot.bottom - 1.0;
            svg.polygon(&[(x - 4.5, y), (x + 4.5, y), (x, y - 9.0)], "ev");
        }
    }
    svg.line((plot.left, plot.bottom), (plot.right, plot.bottom), "ax");
}

/// The part of a series inside the window, with its value at the window's edges.
fn clipped(panel: &Panel, window: &Window) -> (Vec<f64>, Vec<f64>) {
    let mut points: Vec<(f64, f64)> = panel
        .time_days
        .iter()
        .copied()
        .zip(panel.values.iter().copied())
        .collect();
    points.retain(|(time, _)| time.is_finite());
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    if panel.stepped {
        points = points
            .iter()
            .enumerate()
            .flat_map(|(i, &(time, value))| {
                let next = points.get(i + 1).map(|&(next, _)| (next, value));
                std::iter::once((time, value)).chain(next)
            })
            .collect();
    }
    let mut inside = Vec::new();
    let mut previous: Option<(f64, f64)> = None;
    for point in points {
        if let Some(before) = previous {
            for edge in [window.from, window.to] {
                if before.0 < edge && point.0 > edge {
                    let share = (edge - before.0) / (point.0 - before.0);
                    inside.push((edge, before.1 + share * (point.1 - before.1)));
                }
            }
        }
        if point.0 >= window.from && point.0 <= window.to {
            inside.push(point);
        }
        previous = Some(point);
    }
    inside.into_iter().unzip()
}

/// One window, or an early and a late one where a course of months has detail in its first weeks.
fn windows(figure: &PanelFigure, left: f64, right: f64) -> Vec<Window> {
    let series = figure
        .panels
        .iter()
        .flat_map(|panel| panel.time_days.iter().copied());
    let (from, to) = finite_range(series);
    let detail = |panel: &Panel| {
        panel
            .time_days
            .iter()
            .filter(|&&time| (0.0..=EARLY_DAYS).contains(&time))
            .count()
            >= 5
    };
    let early = figure
        .treatments
        .iter()
        .any(|t| t.time_days.abs() <= EARLY_DAYS);
    if early && to - from > 150.0 && from >= -EARLY_DAYS && figure.panels.iter().any(detail) {
        let middle = left + 0.42 * (right - left);
        vec![
            Window {
                from,
                to: EARLY_DAYS,
                left,
                right: middle,
                unit: TimeUnit::Days,
            },
            Window {
                from: EARLY_DAYS,
                to,
                left: middle + 8.0,
                right,
                unit: TimeUnit::for_span(to - from),
            },
        ]
    } else {
        vec![Window {
            from,
            to,
            left,
            right,
            unit: TimeUnit::for_span(to - from),
        }]
    }
}

fn scale(window: &Window) -> Scale {
    Scale {
        from: window.from,
        to: window.to,
        start: window.left,
        end: window.right,
        log: false,
    }
}

fn panel_axis(panel: &Panel) -> ValueAxis {
    let lines = panel.reference_lines.iter().map(|line| line.value);
    let values = panel.values.iter().copied();
    if panel.log_scale {
        value_axis_above(values, lowest_reference(&panel.reference_lines), true, 3)
    } else {
        // Scores and concentrations start at zero: a part of the scale would exaggerate.
        let zero = panel
            .values
            .iter()
            .all(|value| value.is_nan() || *value >= 0.0)
            .then_some(0.0);
        value_axis(values.chain(lines).chain(zero), false, 3)
    }
}

/// The numbers of the figure in words: start, extremes and end of every panel.
pub(crate) fn describe(figure: &PanelFigure) -> String {
    let series = figure
        .panels
        .iter()
        .flat_map(|panel| panel.time_days.iter().copied());
    let (from, to) = finite_range(series);
    let unit = TimeUnit::for_span(to - from);
    let mut sentences = Vec::new();
    for panel in &figure.panels {
        let axis = panel_axis(panel);
        let known: Vec<(f64, f64)> = panel
            .time_days
            .iter()
            .copied()
            .zip(panel.values.iter().copied())
            .filter(|(time, value)| time.is_finite() && value.is_finite())
            .collect();
        let (Some(first), Some(last)) = (known.first(), known.last()) else {
            sentences.push(format!("{}: no values.", panel.label));
            continue;
        };
        let by_value = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let low = known.iter().min_by(by_value).unwrap_or(first);
        let high = known.iter().max_by(by_value).unwrap_or(first);
        // The day of an early peak matters to the day.
        let when = |time: f64| {
            if time.abs() <= 70.0 {
                format!("day {}", fixed(time, 0))
            } else {
                unit.words(time)
            }
        };
        let at = |point: &(f64, f64)| {
            format!(
                "{} at {}",
                axis.quantity(point.1, &panel.unit),
                when(point.0)
            )
        };
        let mut sentence = format!(
            "{}: {} at the start, lowest {}, highest {}, {} at the end",
            panel.label,
            axis.quantity(first.1, &panel.unit),
            at(low),
            at(high),
            axis.quantity(last.1, &panel.unit)
        );
        let events: Vec<String> = panel
            .events_days
            .iter()
            .filter(|d| d.is_finite())
            .map(|&d| when(d))
            .collect();
        if !events.is_empty() {
            sentence.push_str(&format!("; {} at {}", panel.event_name, events.join(", ")));
        }
        sentences.push(format!("{sentence}."));
    }
    if sentences.is_empty() {
        sentences.push("No values to show.".to_string());
    }
    sentences.join(" ")
}
