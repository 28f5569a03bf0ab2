//! Swimmer plot: one lane per patient from infusion to last visit, with what happened on the way.

use serde::{Deserialize, Serialize};

use crate::estimate::number_or_missing;
use crate::figure::Layout;
use crate::figure::axis::{DAYS_PER_MONTH, Scale, Tick, TimeUnit, linear_axis, time_ticks};
use crate::figure::key::{draw_key, draw_note};
use crate::figure::svg::{Svg, colour_class};
use crate::figure::text::{fit, text_width, wrap};
use crate::format::significant;

/// What to draw. Times are in months from the infusion; a time beyond a century is read as missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SwimmerPlot {
    /// Heading, for example `Course after CAR T-cell therapy in NMOSD`.
    pub title: String,
    /// What the axis shows, for example `Months since infusion`.
    pub time_label: String,
    /// The lanes, in the order to show within their groups.
    pub patients: Vec<Swimmer>,
    /// A sentence or two under the figure.
    pub caption: String,
}

/// One patient.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Swimmer {
    /// For example `Qin 2023, patient 4`.
    pub label: String,
    /// Disease or product; patients of a group stand together, groups in order of first mention.
    pub group: String,
    /// Last follow-up in months from the infusion.
    #[serde(deserialize_with = "number_or_missing")]
    pub end_months: f64,
    /// Whether follow-up goes on: an arrow at the end of the lane.
    pub ongoing: bool,
    /// Events at a time.
    pub marks: Vec<SwimmerMark>,
    /// States that last.
    pub spans: Vec<SwimmerSpan>,
}

/// An event at a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SwimmerMark {
    /// When, in months from the infusion.
    #[serde(deserialize_with = "number_or_missing")]
    pub time_months: f64,
    /// What, for example `relapse`. Eight kinds differ in shape, 24 in shape or colour.
    pub kind: String,
}

/// A state that lasts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SwimmerSpan {
    /// From when, in months from the infusion.
    #[serde(deserialize_with = "number_or_missing")]
    pub from_months: f64,
    /// Until when.
    #[serde(deserialize_with = "number_or_missing")]
    pub to_months: f64,
    /// What, for example `B-cell aplasia`. Each kind has a strip of the lane of its own.
    pub kind: String,
}

/// The figure as an SVG file of its own.
pub fn render_swimmer_svg(plot: &SwimmerPlot, layout: Layout) -> String {
    draw(plot, layout).file("swimmer", &plot.title, &describe(plot))
}

/// Marks closer than this stand one under the other.
const MARK_WIDTH: f64 = 9.5;

/// The kinds of marks and spans, each in order of first mention.
struct Kinds<'a> {
    marks: Vec<&'a str>,
    spans: Vec<&'a str>,
}

pub(crate) fn draw(plot: &SwimmerPlot, layout: Layout) -> Svg {
    let mut svg = Svg::new(layout.width());
    let kinds = kinds(plot);
    let widest = plot
        .patients
        .iter()
        .map(|patient| text_width(&lane_label(patient), 12.0))
        .fold(0.0, f64::max);
    let label_width = match layout {
        Layout::Wide => Some(widest.clamp(60.0, 220.0)),
        Layout::Narrow => None,
    };
    let ticks = if layout == Layout::Wide { 10 } else { 7 };
    let left = label_width.map_or(4.0, |width| width + 10.0);
    let (scale, ticks) = axis(plot, left, svg.width - 14.0, ticks);

    // Lanes first on a sheet of their own: the grid behind them needs their height.
    let mut lanes = Svg::new(svg.width);
    let mut y = 0.0;
    for group in groups(plot) {
        if !group.is_empty() {
            for line in wrap(group, svg.width * 0.94, 12.0, 2) {
                y += 15.0;
                lanes.text((0.0, y), "st", &line);
            }
            y += 5.0;
        }
        for patient in plot.patients.iter().filter(|p| p.group == group) {
            y = draw_lane(&mut lanes, &scale, &kinds, patient, label_width, y);
        }
        y += 4.0;
    }
    if plot.patients.is_empty() {
        svg.text((svg.width / 2.0, 20.0), "mu m", "No values to show");
        svg.height = draw_note(&mut svg, 32.0, &plot.caption);
        return svg;
    }
    for (tick, label) in &ticks {
        if let Some(x) = scale.position(*tick) {
            svg.line((x, 0.0), (x, y), "gr");
            svg.text((x, y + 16.0), "mu m", label);
        }
    }
    svg.append(lanes);
    svg.line((scale.start, y), (scale.end, y), "ax");
    let title = fit(&plot.time_label, svg.width, 12.0);
    let half = text_width(&title, 12.0) / 2.0;
    let centre = (0.5 * (scale.start + scale.end))
        .min(svg.width - half)
        .max(half);
    svg.text((centre, y + 33.0), "mu m", &title);
    y = draw_key(&mut svg, y + 42.0, &key(plot, &kinds), draw_symbol);
    svg.height = draw_note(&mut svg, y, &plot.caption);
    svg
}

/// The name of a patient and the lane beside it, on a phone under it; returns its foot.
fn draw_lane(
    svg: &mut Svg,
    scale: &Scale,
    kinds: &Kinds,
    patient: &Swimmer,
    label_width: Option<f64>,
    top: f64,
) -> f64 {
    let marks = placed_marks(scale, kinds, patient);
    let rows = marks.iter().map(|mark| mark.0 + 1).max().unwrap_or(1) as f64;
    let height = (rows * MARK_WIDTH + 3.0).max(7.0 * kinds.spans.len() as f64);
    let end = scale.position(month(patient.end_months));
    let label = lane_label(patient);
    let mut y = top;
    if let Some(width) = label_width {
        let baseline = y + height / 2.0 + 4.0;
        svg.text((0.0, baseline), "", &fit(&label, width, 12.0));
    } else {
        // No grid behind text.
        svg.rect((0.0, y), (svg.width, 17.0), "bg");
        y += 17.0;
        svg.text((0.0, y - 4.5), "", &fit(&label, svg.width, 12.0));
    }
    let start = scale.position(0.0);
    if let (Some(start), Some(end)) = (start, end) {
        svg.rect((start.min(end), y), ((end - start).abs(), height), "tk");
    }
    let strip = height / kinds.spans.len().max(1) as f64;
    for span in &patient.spans {
        let kind = position(&kinds.spans, &span.kind);
        let (from, to) = (month(span.from_months), month(span.to_months));
        if let (Some(from), Some(to)) = (scale.position(from), scale.position(to)) {
            let corner = (from, y + strip * kind as f64);
            draw_span(svg, corner, (to - from, strip), kind);
        }
    }
    if let (true, Some(end)) = (patient.ongoing, end) {
        svg.arrow_head((end + 9.0, y + height / 2.0), true, "ah");
    }
    let first = y + (height - rows * MARK_WIDTH) / 2.0 + MARK_WIDTH / 2.0;
    for (row, x, kind) in marks {
        draw_mark(svg, (x, first + row as f64 * MARK_WIDTH), kind);
    }
    y + height + if label_width.is_some() { 5.0 } else { 7.0 }
}

/// The name of a patient, and why a lane is not there.
fn lane_label(patient: &Swimmer) -> String {
    if month(patient.end_months).is_finite() {
        patient.label.clone()
    } else {
        format!("{} (end unknown)", patient.label)
    }
}

/// Row, place and kind of each mark: marks of about the same day go to rows of their own.
fn placed_marks(scale: &Scale, kinds: &Kinds, patient: &Swimmer) -> Vec<(usize, f64, usize)> {
    let mut marks: Vec<(f64, usize)> = patient
        .marks
        .iter()
        .filter_map(|mark| {
            let x = scale.position(month(mark.time_months))?;
            Some((x, position(&kinds.marks, &mark.kind)))
        })
        .collect();
    marks.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut last_in_row: Vec<f64> = Vec::new();
    let mut placed = Vec::new();
    for (x, kind) in marks {
        let free = last_in_row.iter().position(|last| x - last >= MARK_WIDTH);
        let row = free.unwrap_or(last_in_row.len());
        if row == last_in_row.len() {
            last_in_row.push(x);
        } else {
            last_in_row[row] = x;
        }
        placed.push((row, x, kind));
    }
    placed
}

/// Four shapes filled, then the same hollow.
fn draw_mark(svg: &mut Svg, at: (f64, f64), kind: usize) {
    let fill = if (kind / 4).is_multiple_of(2) {
        "mk"
    } else {
        "ho"
    };
    svg.shape(at, kind, &format!("{fill} {}", colour_class(kind)));
}

/// A tint, then hatched one way, the other way, both ways; the colours are those that marks take
/// last.
fn draw_span(svg: &mut Svg, corner: (f64, f64), size: (f64, f64), kind: usize) {
    if size.0 <= 0.0 {
        return;
    }
    let colour = colour_class(5 - kind % 6);
    let style = kind % 4;
    if style == 0 {
        svg.rect(corner, size, &format!("lt {colour}"));
        return;
    }
    let class = format!("ha {colour}");
    if style != 2 {
        svg.hatch(corner, size, true, &class);
    }
    if style != 1 {
        svg.hatch(corner, size, false, &class);
    }
    svg.rect(corner, size, &format!("ol {colour}"));
}

enum Symbol {
    Mark(usize),
    Span(usize),
    Ongoing,
}

fn draw_symbol(svg: &mut Svg, (x, y): (f64, f64), symbol: &Symbol) {
    match symbol {
        Symbol::Mark(kind) => draw_mark(svg, (x, y), *kind),
        Symbol::Span(kind) => draw_span(svg, (x - 11.0, y - 4.0), (22.0, 8.0), *kind),
        Symbol::Ongoing => {
            svg.rect((x - 11.0, y - 4.0), (13.0, 8.0), "tk");
            svg.arrow_head((x + 11.0, y), true, "ah");
        }
    }
}

fn key(plot: &SwimmerPlot, kinds: &Kinds) -> Vec<(Symbol, String)> {
    let marks = kinds.marks.iter().enumerate();
    let spans = kinds.spans.iter().enumerate();
    let ongoing = plot.patients.iter().any(|patient| patient.ongoing);
    marks
        .map(|(i, kind)| (Symbol::Mark(i), kind.to_string()))
        .chain(spans.map(|(i, kind)| (Symbol::Span(i), kind.to_string())))
        .chain(ongoing.then(|| (Symbol::Ongoing, "follow-up goes on".to_string())))
        .collect()
}

fn kinds(plot: &SwimmerPlot) -> Kinds<'_> {
    let marks = plot.patients.iter().flat_map(|patient| &patient.marks);
    let spans = plot.patients.iter().flat_map(|patient| &patient.spans);
    Kinds {
        marks: first_mentions(marks.map(|mark| mark.kind.as_str())),
        spans: first_mentions(spans.map(|span| span.kind.as_str())),
    }
}

fn groups(plot: &SwimmerPlot) -> Vec<&str> {
    first_mentions(plot.patients.iter().map(|patient| patient.group.as_str()))
}

fn first_mentions<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

fn position(kinds: &[&str], kind: &str) -> usize {
    kinds.iter().position(|name| *name == kind).unwrap_or(0)
}

/// A time that a patient can have, or missing.
fn month(time_months: f64) -> f64 {
    if time_months.abs() <= 1200.0 {
        time_months
    } else {
        f64::NAN
    }
}

/// From the first time, or 0, to the last; ticks at months that people count in.
fn axis(plot: &SwimmerPlot, left: f64, right: f64, count: usize) -> (Scale, Vec<Tick>) {
    let times = plot.patients.iter().flat_map(|patient| {
        let marks = patient.marks.iter().map(|mark| mark.time_months);
        let spans = patient
            .spans
            .iter()
            .flat_map(|span| [span.from_months, span.to_months]);
        marks.chain(spans).chain([patient.end_months])
    });
    let times: Vec<f64> = times.map(month).filter(|time| time.is_finite()).collect();
    let low = times.iter().copied().fold(0.0, f64::min);
    let high = times.iter().copied().fold(0.0, f64::max);
    // Hours are no course: an axis of a month then.
    let high = if high > low + 0.01 { high } else { low + 1.0 };
    let (from, to) = (DAYS_PER_MONTH * low, DAYS_PER_MONTH * high);
    let mut ticks: Vec<Tick> = time_ticks(from, to, TimeUnit::Months, count)
        .into_iter()
        .map(|(days, label)| (days / DAYS_PER_MONTH, label))
        .collect();
    if ticks.len() < 3 {
        // A few weeks: parts of a month.
        ticks = linear_axis(low, high, count).ticks;
        ticks.retain(|tick| tick.0 >= low && tick.0 <= high);
    }
    let scale = Scale {
        from: low,
        to: high,
        start: left,
        end: right,
        log: false,
    };
    (scale, ticks)
}

/// The lanes in words.
pub(crate) fn describe(plot: &SwimmerPlot) -> String {
    let mut sentences = Vec::new();
    for group in groups(plot) {
        for patient in plot.patients.iter().filter(|p| p.group == group) {
            sentences.push(lane_words(patient));
        }
    }
    if sentences.is_empty() {
        sentences.push("No values to show.".to_string());
    }
    sentences.join(" ")
}

fn lane_words(patient: &Swimmer) -> String {
    let group = if patient.group.is_empty() {
        String::new()
    } else {
        format!(" ({})", patient.group)
    };
    let end = month(patient.end_months);
    let mut parts = vec![match (end.is_finite(), patient.ongoing) {
        (true, true) => format!("followed to month {}, goes on", significant(end)),
        (true, false) => format!("followed to month {}", significant(end)),
        (false, _) => "end of follow-up not reported".to_string(),
    }];
    parts.extend(patient.spans.iter().map(|span| {
        let (from, to) = (month(span.from_months), month(span.to_months));
        format!(
            "{} from month {} to {}",
            span.kind,
            significant(from),
            significant(to)
        )
    }));
    parts.extend(patient.marks.iter().map(|mark| {
        format!(
            "{} at month {}",
            mark.kind,
            significant(month(mark.time_months))
        )
    }));
    format!("{}{group}: {}.", patient.label, parts.join(", "))
}
