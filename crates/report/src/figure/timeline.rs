//! Timeline of registered trials: one bar per trial from start to completion, by status.

use serde::{Deserialize, Serialize};

use crate::estimate::number_or_missing;
use crate::figure::Layout;
use crate::figure::axis::{Scale, Tick, linear_axis};
use crate::figure::key::{draw_key, draw_note};
use crate::figure::plot::draw_vertical_reference;
use crate::figure::svg::Svg;
use crate::figure::text::{text_width, wrap};

/// What to draw. Dates are decimal years; a year before 1900 or after 2200 is read as missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timeline {
    /// Heading, for example `Registered trials of CAR T cells in neuroimmune disease`.
    pub title: String,
    /// Where the line of the day of the search stands; missing for none.
    #[serde(deserialize_with = "number_or_missing")]
    pub today_year: f64,
    /// Its label, for example `registry as of 25 November 2026`.
    pub today_label: String,
    /// Groups from top to bottom, for example one per disease.
    pub groups: Vec<TimelineGroup>,
    /// A sentence or two under the figure.
    pub caption: String,
}

/// Trials that stand together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimelineGroup {
    /// For example the disease.
    pub heading: String,
    /// Trials in the order to show.
    pub bars: Vec<TimelineBar>,
}

/// One registered trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimelineBar {
    /// For example `NCT04561557 CT103A`.
    pub label: String,
    /// Start as decimal year; a trial without one is listed under its group.
    #[serde(deserialize_with = "number_or_missing")]
    pub start_year: f64,
    /// Completion as decimal year, planned or reached; missing draws an open end with an arrow.
    #[serde(deserialize_with = "number_or_missing")]
    pub end_year: f64,
    /// Status of recruitment.
    pub status: TrialStatus,
    /// For example `phase 1, n = 36`.
    pub detail: String,
}

/// Status of a trial in a registry, in the categories that the figure tells apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialStatus {
    /// Registered, not open yet.
    NotYetRecruiting,
    /// Open, also by invitation.
    Recruiting,
    /// Closed to new patients, follow-up goes on.
    ActiveNotRecruiting,
    /// Ended as planned.
    Completed,
    /// Withdrawn, terminated or suspended.
    Stopped,
    /// Not updated for years, or not stated.
    #[default]
    Unknown,
}

/// Order of the key.
const STATUSES: [TrialStatus; 6] = [
    TrialStatus::NotYetRecruiting,
    TrialStatus::Recruiting,
    TrialStatus::ActiveNotRecruiting,
    TrialStatus::Completed,
    TrialStatus::Stopped,
    TrialStatus::Unknown,
];

impl TrialStatus {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotYetRecruiting => "not yet recruiting",
            Self::Recruiting => "recruiting",
            Self::ActiveNotRecruiting => "active, not recruiting",
            Self::Completed => "completed",
            Self::Stopped => "withdrawn, terminated or suspended",
            Self::Unknown => "status unknown",
        }
    }
}

/// The figure as an SVG file of its own.
pub fn render_timeline_svg(timeline: &Timeline, layout: Layout) -> String {
    draw(timeline, layout).file("timeline", &timeline.title, &describe(timeline))
}

/// Figures higher than this have the years above as well as below.
const HIGH: f64 = 480.0;
const BAR_HEIGHT: f64 = 11.0;

/// Where the columns lie; on a phone both texts stand above the bar.
struct Columns {
    stacked: bool,
    label_width: f64,
    detail_width: f64,
    scale: Scale,
}

pub(crate) fn draw(timeline: &Timeline, layout: Layout) -> Svg {
    let mut svg = Svg::new(layout.width());
    if bars(timeline).next().is_none() {
        svg.text((svg.width / 2.0, 20.0), "mu m", "No values to show");
        svg.height = draw_note(&mut svg, 32.0, &timeline.caption);
        return svg;
    }
    let (columns, ticks) = columns(timeline, layout);
    let has_axis = bars(timeline).any(is_drawn);

    // Bars first on a sheet of their own: the grid behind them needs their height.
    let mut sheet = Svg::new(svg.width);
    let today = Some(timeline.today_year).filter(|_| has_axis);
    let today = today.and_then(|year| columns.scale.position(calendar(year)));
    let bodies: f64 = timeline
        .groups
        .iter()
        .map(|group| group.bars.len() as f64)
        .sum();
    let is_high = has_axis && 19.0 * bodies > HIGH;
    let mut top = if is_high { 18.0 } else { 0.0 };
    if today.is_some() && !timeline.today_label.is_empty() {
        top += 16.0;
    }
    let mut y = top;
    for group in &timeline.groups {
        y = draw_group(&mut sheet, &columns, group, y);
    }
    if has_axis {
        for (tick, label) in &ticks {
            let Some(x) = columns.scale.position(*tick) else {
                continue;
            };
            svg.line((x, top), (x, y), "gr");
            svg.text((x, y + 16.0), "mu m", label);
            if is_high {
                svg.text((x, 14.0), "mu m", label);
            }
        }
        if let Some(x) = today {
            draw_vertical_reference(&mut svg, x, top, y, &timeline.today_label);
        }
    }
    svg.append(sheet);
    if has_axis {
        svg.line((columns.scale.start, y), (columns.scale.end, y), "ax");
        y += 24.0;
    }
    let symbol = |svg: &mut Svg, (x, y): (f64, f64), status: &TrialStatus| {
        let corner = (x - 11.0, y - BAR_HEIGHT / 2.0);
        draw_body(svg, corner, (22.0, BAR_HEIGHT), *status);
    };
    if has_axis {
        y = draw_key(&mut svg, y, &key(timeline), symbol);
    }
    svg.height = draw_note(&mut svg, y, &timeline.caption);
    svg
}

fn bars(timeline: &Timeline) -> impl Iterator<Item = &TimelineBar> {
    timeline.groups.iter().flat_map(|group| &group.bars)
}

fn key(timeline: &Timeline) -> Vec<(TrialStatus, String)> {
    let used =
        |status: &TrialStatus| bars(timeline).any(|bar| bar.status == *status && is_drawn(bar));
    STATUSES
        .into_iter()
        .filter(used)
        .map(|status| (status, status.name().to_string()))
        .collect()
}

/// The heading, the bars and the trials that have none; returns its foot.
fn draw_group(svg: &mut Svg, columns: &Columns, group: &TimelineGroup, top: f64) -> f64 {
    let mut y = top;
    for line in wrap(&group.heading, svg.width * 0.94, 12.0, 2) {
        svg.rect((0.0, y), (svg.width, 20.0), "bg");
        y += 15.0;
        svg.text((0.0, y), "st", &line);
    }
    y += 5.0;
    for bar in group.bars.iter().filter(|bar| is_drawn(bar)) {
        y = draw_bar(svg, columns, bar, y);
    }
    let without = [
        ("No start date", Place::NoStart),
        ("Completion before start", Place::Backwards),
    ];
    for (reason, place) in without {
        let labels: Vec<String> = group
            .bars
            .iter()
            .filter(|bar| self::place(bar) == place)
            .map(bar_name)
            .collect();
        if !labels.is_empty() {
            let note = format!("{reason}: {}.", labels.join("; "));
            let lines = wrap(&note, svg.width, 11.0, usize::MAX).len() as f64;
            svg.rect((0.0, y), (svg.width, 14.0 * lines + 9.0), "bg");
            y = draw_note(svg, y, &note);
        }
    }
    y + 4.0
}

fn draw_bar(svg: &mut Svg, columns: &Columns, bar: &TimelineBar, top: f64) -> f64 {
    let label = wrap(&bar.label, columns.label_width, 12.0, 3);
    let detail = wrap(&bar.detail, columns.detail_width, 11.0, 3);
    let (labels, details) = (14.0 * label.len() as f64, 13.0 * detail.len() as f64);
    let (first, first_detail, middle, height);
    if columns.stacked {
        svg.rect((0.0, top), (svg.width, labels + details + 3.0), "bg");
        (first, first_detail) = (top + 12.0, top + labels + 11.0);
        middle = top + labels + details + 4.0 + BAR_HEIGHT / 2.0;
        height = labels + details + BAR_HEIGHT + 10.0;
    } else {
        height = labels.max(details).max(14.0) + 5.0;
        middle = top + height / 2.0;
        first = middle - labels / 2.0 + 11.0;
        first_detail = middle - details / 2.0 + 10.5;
    }
    for (i, line) in label.iter().enumerate() {
        svg.text((0.0, first + 14.0 * i as f64), "", line);
    }
    for (i, line) in detail.iter().enumerate() {
        let y = first_detail + 13.0 * i as f64;
        if columns.stacked {
            svg.text((0.0, y), "mu sm", line);
        } else {
            svg.text((svg.width - columns.detail_width, y), "mu sm", line);
        }
    }
    let start = columns.scale.position(calendar(bar.start_year));
    let end = columns.scale.position(calendar(bar.end_year));
    if let Some(start) = start {
        let to = end.unwrap_or(columns.scale.end);
        // A trial of a few days is still a bar.
        let size = ((to - start).max(3.0), BAR_HEIGHT);
        draw_body(svg, (start, middle - BAR_HEIGHT / 2.0), size, bar.status);
        if end.is_none() {
            let class = format!("br {}", colour(bar.status));
            svg.arrow_head((to + 9.0, middle), true, &class);
        }
    }
    top + height
}

/// Each status has a colour and a pattern of its own: print in grey tells them apart.
fn draw_body(svg: &mut Svg, corner: (f64, f64), size: (f64, f64), status: TrialStatus) {
    let colour = colour(status);
    let hatched = format!("ha {colour}");
    let outline = format!("ol {colour}");
    match status {
        TrialStatus::NotYetRecruiting => {}
        TrialStatus::Recruiting => svg.rect(corner, size, &format!("br {colour}")),
        TrialStatus::ActiveNotRecruiting => svg.hatch(corner, size, true, &hatched),
        TrialStatus::Completed => svg.rect(corner, size, &format!("lt {colour}")),
        TrialStatus::Stopped => {
            svg.hatch(corner, size, true, &hatched);
            svg.hatch(corner, size, false, &hatched);
        }
        TrialStatus::Unknown => return svg.rect(corner, size, &format!("{outline} d2")),
    }
    svg.rect(corner, size, &outline);
}

fn colour(status: TrialStatus) -> &'static str {
    match status {
        TrialStatus::NotYetRecruiting => "a4",
        TrialStatus::Recruiting => "a0",
        TrialStatus::ActiveNotRecruiting => "a2",
        TrialStatus::Completed => "a3",
        TrialStatus::Stopped => "a1",
        TrialStatus::Unknown => "a5",
    }
}

/// Whether the dates of a trial make a bar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Bar,
    NoStart,
    Backwards,
}

fn place(bar: &TimelineBar) -> Place {
    let (start, end) = (calendar(bar.start_year), calendar(bar.end_year));
    if start.is_nan() {
        Place::NoStart
    } else if end < start {
        Place::Backwards
    } else {
        Place::Bar
    }
}

fn is_drawn(bar: &TimelineBar) -> bool {
    place(bar) == Place::Bar
}

/// A year that a trial can have, or missing.
fn calendar(year: f64) -> f64 {
    if (1900.0..=2200.0).contains(&year) {
        year
    } else {
        f64::NAN
    }
}

fn columns(timeline: &Timeline, layout: Layout) -> (Columns, Vec<Tick>) {
    let width = layout.width();
    let stacked = layout == Layout::Narrow;
    let widest = |size: f64, text: fn(&TimelineBar) -> &str| {
        bars(timeline)
            .map(|bar| text_width(text(bar), size))
            .fold(0.0, f64::max)
    };
    let (label_width, detail_width) = if stacked {
        (width, width)
    } else {
        (
            widest(12.0, |bar| &bar.label).clamp(80.0, 215.0),
            widest(11.0, |bar| &bar.detail).min(125.0),
        )
    };
    let (left, right) = if stacked {
        (16.0, width - 16.0)
    } else {
        (label_width + 24.0, width - detail_width - 22.0)
    };
    let drawn = || bars(timeline).filter(|bar| is_drawn(bar));
    let years: Vec<f64> = drawn()
        .flat_map(|bar| [bar.start_year, bar.end_year])
        .chain([timeline.today_year])
        .map(calendar)
        .filter(|year| year.is_finite())
        .collect();
    let low = years.iter().copied().fold(f64::INFINITY, f64::min);
    let high = years.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (low, high) = if low <= high {
        (low, high)
    } else {
        (2020.0, 2021.0)
    };
    let from = low.floor();
    let to = high.ceil().max(from + 1.0);
    let mut ticks = linear_axis(from, to, if stacked { 5 } else { 9 }).ticks;
    ticks.retain(|(tick, _)| tick.fract() == 0.0 && *tick >= from && *tick <= to);
    for (tick, label) in &mut ticks {
        *label = format!("{tick:.0}");
    }
    let scale = Scale {
        from,
        to,
        start: left,
        end: right,
        log: false,
    };
    let columns = Columns {
        stacked,
        label_width,
        detail_width,
        scale,
    };
    (columns, ticks)
}

/// The trials in words.
pub(crate) fn describe(timeline: &Timeline) -> String {
    let mut sentences = Vec::new();
    for group in timeline
        .groups
        .iter()
        .filter(|group| !group.bars.is_empty())
    {
        let trials: Vec<String> = group
            .bars
            .iter()
            .map(|bar| {
                let dates = match place(bar) {
                    Place::NoStart => "no start date".to_string(),
                    _ if calendar(bar.end_year).is_nan() => {
                        format!("from {}, end not stated", month_words(bar.start_year))
                    }
                    _ => format!(
                        "{} to {}",
                        month_words(bar.start_year),
                        month_words(bar.end_year)
                    ),
                };
                format!("{}, {}, {dates}", bar_name(bar), bar.status.name())
            })
            .collect();
        let heading = if group.heading.is_empty() {
            String::new()
        } else {
            format!("{}: ", group.heading)
        };
        sentences.push(format!("{heading}{}.", trials.join("; ")));
    }
    if sentences.is_empty() {
        sentences.push("No values to show.".to_string());
    }
    sentences.join(" ")
}

/// The label of a trial with its detail.
fn bar_name(bar: &TimelineBar) -> String {
    if bar.detail.is_empty() {
        bar.label.clone()
    } else {
        format!("{} ({})", bar.label, bar.detail)
    }
}

/// A decimal year as year and month: 2023.5 is `2023-07`.
fn month_words(year: f64) -> String {
    let months = (year * 12.0 + 1e-6).floor();
    format!(
        "{:.0}-{:02.0}",
        (months / 12.0).floor(),
        months.rem_euclid(12.0) + 1.0
    )
}
