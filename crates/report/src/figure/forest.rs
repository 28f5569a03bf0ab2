//! Forest plot: studies with their intervals, pooled estimates as diamonds, prediction intervals.
//!
//! The same figure serves leave-one-out and cumulative analyses: their rows are pooled estimates,
//! and a vertical line marks the estimate of all studies. Layout after Lewis and Clarke 2001,
//! doi:10.1136/bmj.322.7300.1479; the prediction interval as a thin bar through the diamond after
//! Guddat et al. 2012, doi:10.1186/2046-4053-1-34.

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, number_or_missing};
use crate::figure::axis::{Scale, ValueAxis, linear_axis, percent_axis, value_axis};
use crate::figure::key::{counted, draw_key, draw_note};
use crate::figure::plot::{draw_vertical_reference, value_axis_width};
use crate::figure::svg::Svg;
use crate::figure::text::{fit, text_width, wrap};
use crate::figure::{Layout, ReferenceLine};
use crate::format::{MISSING, fixed, percent, significant};

/// What to draw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ForestPlot {
    /// Heading, for example `Cytokine release syndrome of any grade`.
    pub title: String,
    /// What the axis shows, with its unit, for example `Patients with the event`.
    pub measure: String,
    /// How the axis is divided and how numbers are written.
    pub scale: ForestScale,
    /// Heading of the column of `detail`, for example `Events/patients`.
    pub detail_heading: String,
    /// Heading of the column of numbers, for example `95% interval`.
    pub estimate_heading: String,
    /// Groups from top to bottom, on one axis.
    pub groups: Vec<ForestGroup>,
    /// A dashed vertical line through all groups, for example the pooled estimate of all studies.
    pub reference: Option<ReferenceLine>,
    /// A sentence or two under the figure; say which interval the lines show.
    pub caption: String,
}

/// The axis of a forest plot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForestScale {
    /// Proportions from 0 to 1 on an axis from 0 to 100 %.
    #[default]
    Proportion,
    /// Numbers in the unit of the measure, for example a mean change.
    Linear,
    /// Ratios above zero on a logarithmic axis, with a line at 1.
    LogRatio,
}

/// Studies that belong together, with what was pooled from them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ForestGroup {
    /// For example `Neuroimmune disease`.
    pub heading: String,
    /// One row per study, in the order to show.
    pub rows: Vec<ForestRow>,
    /// Pooled estimates of the group, under its studies.
    pub pooled: Vec<PooledRow>,
    /// A sentence under the group: heterogeneity, or why nothing was pooled.
    pub note: String,
}

/// One study, or one pooled estimate of a leave-one-out or cumulative analysis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ForestRow {
    /// For example `Qin 2023, NMOSD` or `Omitting Qin 2023`.
    pub label: String,
    /// Counts in words, for example `11/12` or `n = 12`.
    pub detail: String,
    /// Estimate with its interval, in the unit of the scale.
    pub estimate: Estimate,
    /// Share of the weight in the pooled estimate, 0 to 1; the area of the square. Squares are
    /// equal where a group has no weights.
    #[serde(deserialize_with = "number_or_missing")]
    pub weight: f64,
    /// How the row is drawn.
    pub mark: ForestMark,
}

/// What a row of a forest plot is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForestMark {
    /// A study whose numbers were read at their source: a filled square.
    #[default]
    Study,
    /// A study whose numbers were recalled and not read: a hollow square.
    Recalled,
    /// A pooled estimate as a row of its own: a small diamond.
    Pooled,
}

/// A pooled estimate; its method is always shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PooledRow {
    /// For example `Pooled`.
    pub label: String,
    /// The method in words, for example `random effects, logit, REML, Hartung-Knapp`.
    pub method: String,
    /// Estimate with its interval, in the unit of the scale.
    pub estimate: Estimate,
    /// Lower limit of the prediction interval for a new study; missing if there is none.
    #[serde(deserialize_with = "number_or_missing")]
    pub prediction_lower: f64,
    /// Upper limit of the prediction interval.
    #[serde(deserialize_with = "number_or_missing")]
    pub prediction_upper: f64,
    /// Studies pooled; 0 is not shown.
    pub studies: u64,
    /// Patients in them; 0 is not shown.
    pub patients: u64,
    /// How the estimate is drawn.
    pub mark: PooledMark,
}

/// How a pooled estimate is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PooledMark {
    /// The main analysis: a filled diamond as wide as the interval.
    #[default]
    Diamond,
    /// A companion analysis: a hollow diamond.
    HollowDiamond,
    /// A companion analysis: an interval with end bars.
    Interval,
}

/// The figure as an SVG file of its own.
pub fn render_forest_svg(plot: &ForestPlot, layout: Layout) -> String {
    draw(plot, layout).file("forest", &plot.title, &describe(plot))
}

/// Plots higher than this have their axis above as well as below.
const HIGH: f64 = 480.0;

/// Where the columns lie and what the axis shows.
struct Columns {
    stacked: bool,
    label_width: f64,
    detail_end: f64,
    detail_width: f64,
    axis: ValueAxis,
    scale: Scale,
}

/// What a line of the figure holds.
enum Glyph<'a> {
    Study(&'a ForestRow, f64),
    Pooled(&'a PooledRow),
    Heading,
    Note,
}

/// One line of the figure with its text already broken into lines.
struct Line<'a> {
    glyph: Glyph<'a>,
    label: Vec<String>,
    under: Vec<String>,
    detail: String,
    words: String,
    second: String,
    height: f64,
}

pub(crate) fn draw(plot: &ForestPlot, layout: Layout) -> Svg {
    let mut svg = Svg::new(layout.width());
    let columns = columns(plot, layout);
    let lines = lines(plot, &columns, svg.width);
    let has_values = !is_empty(plot);
    let height: f64 = lines.iter().map(|line| line.height).sum();
    let mut top = 0.0;
    if has_values {
        top = draw_head(&mut svg, plot, &columns, height);
        draw_grid(&mut svg, plot, &columns, top, top + height);
    }
    let mut y = top;
    for line in &lines {
        draw_line(&mut svg, plot.scale, &columns, line, y);
        y += line.height;
    }
    if has_values {
        y = draw_foot(&mut svg, plot, &columns, y);
        y = draw_key(&mut svg, y, &key(plot), draw_symbol);
    } else {
        svg.text((svg.width / 2.0, y + 20.0), "mu m", "No values to show");
        y += 32.0;
    }
    svg.height = draw_note(&mut svg, y, &plot.caption);
    svg
}

fn is_empty(plot: &ForestPlot) -> bool {
    let mut groups = plot.groups.iter();
    groups.all(|group| group.rows.is_empty() && group.pooled.is_empty())
}

/// Headings of the columns, the label of the reference line and, on a high plot, the ticks.
fn draw_head(svg: &mut Svg, plot: &ForestPlot, columns: &Columns, height: f64) -> f64 {
    let mut y = 0.0;
    let has_headings = !plot.detail_heading.is_empty() || !plot.estimate_heading.is_empty();
    if has_headings && !columns.stacked {
        y += 14.0;
        let detail = fit(&plot.detail_heading, columns.detail_width, 11.0);
        svg.text((columns.detail_end, y), "mu sm e", &detail);
        let room = svg.width - columns.detail_end - 8.0;
        let estimate = fit(&plot.estimate_heading, room, 11.0);
        svg.text((svg.width, y), "mu sm e", &estimate);
        y += 4.0;
    }
    if reference(plot, columns).is_some() {
        y += 16.0;
    }
    if height > HIGH {
        y += 18.0;
        draw_ticks(svg, columns, y - 6.0);
    }
    y
}

/// The reference line, if it lies on the axis.
fn reference<'a>(plot: &'a ForestPlot, columns: &Columns) -> Option<(f64, &'a str)> {
    let line = plot.reference.as_ref()?;
    let inside = line.value >= columns.axis.from && line.value <= columns.axis.to;
    let x = columns.scale.position(line.value)?;
    inside.then_some((x, line.label.as_str()))
}

fn draw_ticks(svg: &mut Svg, columns: &Columns, baseline: f64) {
    for (tick, label) in &columns.axis.ticks {
        if let Some(x) = columns.scale.position(*tick) {
            svg.text((x, baseline), "mu m", label);
        }
    }
}

fn draw_grid(svg: &mut Svg, plot: &ForestPlot, columns: &Columns, top: f64, bottom: f64) {
    for (tick, _) in &columns.axis.ticks {
        if let Some(x) = columns.scale.position(*tick) {
            let no_effect = plot.scale == ForestScale::LogRatio && *tick == 1.0;
            let class = if no_effect { "ax" } else { "gr" };
            svg.line((x, top), (x, bottom), class);
        }
    }
    if let Some((x, label)) = reference(plot, columns) {
        // Its label stands above the ticks of a high plot.
        let raised = if bottom - top > HIGH { 18.0 } else { 0.0 };
        draw_vertical_reference(svg, x, top - raised, bottom, label);
    }
}

/// The axis, its ticks and what it shows.
fn draw_foot(svg: &mut Svg, plot: &ForestPlot, columns: &Columns, top: f64) -> f64 {
    let (left, right) = (columns.scale.start, columns.scale.end);
    svg.line((left, top), (right, top), "ax");
    draw_ticks(svg, columns, top + 16.0);
    let mut y = top + 20.0;
    for line in wrap(&plot.measure, svg.width, 12.0, 2) {
        let half = text_width(&line, 12.0) / 2.0;
        let x = (0.5 * (left + right)).min(svg.width - half).max(half);
        y += 14.0;
        svg.text((x, y), "mu m", &line);
    }
    y + 10.0
}

fn draw_line(svg: &mut Svg, scale: ForestScale, columns: &Columns, line: &Line, top: f64) {
    let text_height = 14.0 * line.label.len() as f64 + 13.0 * line.under.len() as f64;
    let is_text = matches!(line.glyph, Glyph::Heading | Glyph::Note);
    if is_text || columns.stacked {
        // No grid behind text.
        let height = if is_text {
            line.height
        } else {
            text_height + 5.0
        };
        svg.rect((0.0, top), (svg.width, height), "bg");
    }
    let mut y = if matches!(line.glyph, Glyph::Heading) {
        top + 8.0
    } else {
        top + 2.0
    };
    let class = match line.glyph {
        Glyph::Heading | Glyph::Pooled(_) => "st",
        _ => "",
    };
    let first = y + 12.0;
    for text in &line.label {
        svg.text((0.0, y + 12.0), class, text);
        y += 14.0;
    }
    for text in &line.under {
        svg.text((0.0, y + 11.0), "mu sm", text);
        y += 13.0;
    }
    // Beside a plot the numbers stand at the height of the mark.
    let middle = if columns.stacked {
        top + text_height + 12.0
    } else {
        top + line.height / 2.0
    };
    let numbers = if columns.stacked {
        first
    } else if line.second.is_empty() {
        middle + 4.0
    } else {
        middle - 2.0
    };
    let class = if matches!(line.glyph, Glyph::Pooled(_)) {
        "e st"
    } else {
        "e"
    };
    svg.text((columns.detail_end, numbers), "mu e", &line.detail);
    svg.text((svg.width, numbers), class, &line.words);
    svg.text((svg.width, numbers + 13.0), "mu sm e", &line.second);
    match line.glyph {
        Glyph::Study(row, side) => draw_study(svg, scale, columns, row, side, middle),
        Glyph::Pooled(row) => draw_pooled(svg, scale, columns, row, middle),
        Glyph::Heading | Glyph::Note => {}
    }
}

fn draw_study(
    svg: &mut Svg,
    scale: ForestScale,
    columns: &Columns,
    row: &ForestRow,
    side: f64,
    y: f64,
) {
    let colour = match row.mark {
        ForestMark::Pooled => "a1",
        _ => "a0",
    };
    draw_interval(svg, columns, &row.estimate, y, colour);
    let Some(x) = inside(scale, columns, row.estimate.value) else {
        return;
    };
    let corner = (x - side / 2.0, y - side / 2.0);
    match row.mark {
        ForestMark::Study => svg.rect(corner, (side, side), "mk a0"),
        ForestMark::Recalled => svg.rect(corner, (side, side), "ho a0"),
        ForestMark::Pooled => svg.shape((x, y), 2, "mk a1"),
    }
}

/// A line from limit to limit; where a limit lies off the axis, an arrow says so.
fn draw_interval(svg: &mut Svg, columns: &Columns, estimate: &Estimate, y: f64, colour: &str) {
    let or_value = |limit: f64| {
        if limit.is_nan() {
            estimate.value
        } else {
            limit
        }
    };
    let (lower, upper) = (or_value(estimate.lower), or_value(estimate.upper));
    let (Some(low), Some(high)) = (columns.scale.position(lower), columns.scale.position(upper))
    else {
        return;
    };
    if low < high {
        svg.line((low, y), (high, y), &format!("wk {colour}"));
    }
    draw_arrows(svg, columns, (lower, upper), y, &format!("br {colour}"));
}

fn draw_arrows(svg: &mut Svg, columns: &Columns, limits: (f64, f64), y: f64, class: &str) {
    let axis = &columns.axis;
    if limits.0 < axis.from {
        svg.arrow_head((columns.scale.start - 3.0, y), false, class);
    }
    if limits.1 > axis.to {
        svg.arrow_head((columns.scale.end + 3.0, y), true, class);
    }
}

/// Where a value lies, if it lies on the axis.
fn inside(scale: ForestScale, columns: &Columns, value: f64) -> Option<f64> {
    let axis = &columns.axis;
    let exists = scale != ForestScale::LogRatio || value > 0.0;
    let on_axis = exists && value >= axis.from && value <= axis.to;
    columns.scale.position(value).filter(|_| on_axis)
}

fn draw_pooled(svg: &mut Svg, scale: ForestScale, columns: &Columns, row: &PooledRow, y: f64) {
    let (from, to) = (row.prediction_lower, row.prediction_upper);
    if let (Some(low), Some(high)) = (columns.scale.position(from), columns.scale.position(to)) {
        svg.rect((low, y - 2.0), (high - low, 4.0), "lt a1");
        draw_arrows(svg, columns, (from, to), y, "lt a1");
    }
    let x = inside(scale, columns, row.estimate.value);
    if row.mark == PooledMark::Interval {
        draw_interval(svg, columns, &row.estimate, y, "a1");
        for limit in [row.estimate.lower, row.estimate.upper] {
            if let Some(x) = inside(scale, columns, limit) {
                svg.line((x, y - 4.0), (x, y + 4.0), "wk a1");
            }
        }
        if let Some(x) = x {
            svg.shape((x, y), 0, "mk a1");
        }
        return;
    }
    let Some(x) = x else {
        draw_interval(svg, columns, &row.estimate, y, "a1");
        return;
    };
    let limit = |value: f64, missing: f64| columns.scale.position(value).unwrap_or(missing);
    // A diamond narrower than this would be a stroke.
    let low = limit(row.estimate.lower, x - 4.0).min(x - 2.0);
    let high = limit(row.estimate.upper, x + 4.0).max(x + 2.0);
    draw_diamond(svg, low, x, high, y, row.mark);
    let limits = (row.estimate.lower, row.estimate.upper);
    draw_arrows(svg, columns, limits, y, "br a1");
}

fn draw_diamond(svg: &mut Svg, low: f64, x: f64, high: f64, y: f64, mark: PooledMark) {
    let corners = [(low, y), (x, y - 6.5), (high, y), (x, y + 6.5)];
    let class = match mark {
        PooledMark::HollowDiamond => "ho a1",
        _ => "mk a1",
    };
    svg.polygon(&corners, class);
}

/// A symbol of the key.
#[derive(Clone, Copy)]
enum Symbol {
    Row(ForestMark),
    Pooled(PooledMark),
    Prediction,
}

fn draw_symbol(svg: &mut Svg, (x, y): (f64, f64), symbol: &Symbol) {
    match symbol {
        Symbol::Row(mark) => {
            let colour = if *mark == ForestMark::Pooled {
                "wk a1"
            } else {
                "wk a0"
            };
            svg.line((x - 11.0, y), (x + 11.0, y), colour);
            match mark {
                ForestMark::Study => svg.rect((x - 4.0, y - 4.0), (8.0, 8.0), "mk a0"),
                ForestMark::Recalled => svg.rect((x - 4.0, y - 4.0), (8.0, 8.0), "ho a0"),
                ForestMark::Pooled => svg.shape((x, y), 2, "mk a1"),
            }
        }
        Symbol::Pooled(PooledMark::Interval) => {
            svg.line((x - 10.0, y), (x + 10.0, y), "wk a1");
            svg.line((x - 10.0, y - 4.0), (x - 10.0, y + 4.0), "wk a1");
            svg.line((x + 10.0, y - 4.0), (x + 10.0, y + 4.0), "wk a1");
            svg.shape((x, y), 0, "mk a1");
        }
        Symbol::Pooled(mark) => draw_diamond(svg, x - 10.0, x, x + 10.0, y, *mark),
        Symbol::Prediction => svg.rect((x - 11.0, y - 2.0), (22.0, 4.0), "lt a1"),
    }
}

/// The symbols that the figure uses, and what they mean.
fn key(plot: &ForestPlot) -> Vec<(Symbol, String)> {
    let rows = || plot.groups.iter().flat_map(|group| &group.rows);
    let pooled = || plot.groups.iter().flat_map(|group| &group.pooled);
    let weighted = rows().any(|row| row.mark != ForestMark::Pooled && row.weight > 0.0);
    let study = if weighted {
        "study, area by weight"
    } else {
        "study"
    };
    let candidates = [
        (ForestMark::Study, study),
        (
            ForestMark::Recalled,
            "study recalled, not read at its source",
        ),
        (ForestMark::Pooled, "pooled estimate"),
    ];
    let mut entries: Vec<(Symbol, String)> = candidates
        .into_iter()
        .filter(|(mark, _)| rows().any(|row| row.mark == *mark))
        .map(|(mark, meaning)| (Symbol::Row(mark), meaning.to_string()))
        .collect();
    let candidates = [
        (PooledMark::Diamond, "pooled estimate and interval"),
        (PooledMark::HollowDiamond, "companion analysis"),
        (PooledMark::Interval, "companion analysis"),
    ];
    let used = candidates
        .into_iter()
        .filter(|(mark, _)| pooled().any(|row| row.mark == *mark));
    entries.extend(used.map(|(mark, meaning)| (Symbol::Pooled(mark), meaning.to_string())));
    if pooled().any(has_prediction) {
        let meaning = "prediction interval for a new study".to_string();
        entries.push((Symbol::Prediction, meaning));
    }
    entries
}

fn has_prediction(row: &PooledRow) -> bool {
    !row.prediction_lower.is_nan() && !row.prediction_upper.is_nan()
}

fn columns(plot: &ForestPlot, layout: Layout) -> Columns {
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
    let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
    let rows = || plot.groups.iter().flat_map(|group| &group.rows);
    let pooled = || plot.groups.iter().flat_map(|group| &group.pooled);
    let label_width = widest(
        &mut rows()
            .map(|row| text_width(&row.label, 12.0))
            .chain(pooled().map(|row| text_width(&method_words(row), 11.0))),
    );
    let detail_width = widest(
        &mut rows()
            .map(|row| text_width(&row.detail, 12.0))
            .chain([text_width(&plot.detail_heading, 11.0)]),
    );
    let words_width = widest(
        &mut rows()
            .map(|row| text_width(&words(plot.scale, &axis, &row.estimate), 12.0))
            .chain(pooled().flat_map(|row| {
                // Bold is wider.
                let words = text_width(&words(plot.scale, &axis, &row.estimate), 12.6);
                [
                    words,
                    text_width(&prediction_words(plot.scale, &axis, row), 11.0),
                ]
            }))
            .chain([text_width(&plot.estimate_heading, 11.0)]),
    );
    let label_width = label_width.clamp(80.0, 205.0);
    let detail_width = detail_width.min(100.0);
    let detail_end = width - words_width.min(170.0) - 14.0;
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

/// Every line of the figure from top to bottom.
fn lines<'a>(plot: &'a ForestPlot, columns: &Columns, width: f64) -> Vec<Line<'a>> {
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
            let words = words(plot.scale, &columns.axis, &row.estimate);
            lines.push(line(columns, glyph, &row.label, &row.detail, "", words, ""));
        }
        for row in &group.pooled {
            let words = words(plot.scale, &columns.axis, &row.estimate);
            let second = prediction_words(plot.scale, &columns.axis, row);
            let method = method_words(row);
            let glyph = Glyph::Pooled(row);
            lines.push(line(
                columns, glyph, &row.label, "", &method, words, &second,
            ));
        }
        if !group.note.is_empty() {
            let note = wrap(&group.note, width, 11.0, usize::MAX);
            lines.push(text(Glyph::Note, Vec::new(), note));
        }
    }
    lines
}

/// A line with a mark: beside the plot in columns, or above it where they do not fit.
fn line<'a>(
    columns: &Columns,
    glyph: Glyph<'a>,
    label: &str,
    detail: &str,
    method: &str,
    words: String,
    second: &str,
) -> Line<'a> {
    if columns.stacked {
        let room = columns.label_width - text_width(&words, 12.6) - 12.0;
        let mut label = wrap(label, room, 12.6, 3);
        if label.is_empty() {
            label.push(String::new());
        }
        let parts = [detail, method, second];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let under = wrap(&parts.join("; "), columns.label_width, 11.0, 4);
        let height = 14.0 * label.len() as f64 + 13.0 * under.len() as f64 + 24.0;
        return Line {
            glyph,
            label,
            under,
            detail: String::new(),
            words,
            second: String::new(),
            height,
        };
    }
    let label = wrap(label, columns.label_width, 12.0, 3);
    let under = wrap(method, columns.label_width, 11.0, 4);
    let left = 14.0 * label.len() as f64 + 13.0 * under.len() as f64;
    let right = if second.is_empty() { 14.0 } else { 27.0 };
    Line {
        glyph,
        label,
        under,
        detail: fit(detail, columns.detail_width, 12.0),
        words,
        second: second.to_string(),
        height: left.max(right) + 6.0,
    }
}

/// Side of a square whose area grows with the weight.
fn square_side(weight: f64, heaviest: f64) -> f64 {
    let share = weight / heaviest;
    if heaviest <= 0.0 || !heaviest.is_finite() {
        8.0
    } else if share.is_finite() {
        4.0 + 8.0 * share.clamp(0.0, 1.0).sqrt()
    } else {
        4.0
    }
}

/// All estimates and pooled intervals lie on the axis; the interval of a study may leave it where
/// it would squeeze all others.
fn axis(plot: &ForestPlot, ticks: usize) -> ValueAxis {
    let log = plot.scale == ForestScale::LogRatio;
    if plot.scale == ForestScale::Proportion {
        return percent_axis(0.0, 1.0, ticks);
    }
    let usable = |value: &f64| value.is_finite() && (!log || *value > 0.0);
    let rows = || plot.groups.iter().flat_map(|group| &group.rows);
    let pooled = plot.groups.iter().flat_map(|group| &group.pooled);
    let on_line = |value: f64| if log { value.ln() } else { value };
    let core: Vec<f64> = rows()
        .map(|row| row.estimate.value)
        .chain(pooled.flat_map(|row| {
            let Estimate {
                value,
                lower,
                upper,
            } = row.estimate;
            [value, lower, upper]
        }))
        .chain(plot.reference.iter().map(|line| line.value))
        .chain(log.then_some(1.0))
        .filter(usable)
        .map(on_line)
        .collect();
    let (low, high) = range(&core);
    let limits: Vec<f64> = rows()
        .flat_map(|row| [row.estimate.lower, row.estimate.upper])
        .filter(usable)
        .map(on_line)
        .collect();
    let mut widths: Vec<f64> = rows()
        .filter(|row| usable(&row.estimate.lower) && usable(&row.estimate.upper))
        .map(|row| on_line(row.estimate.upper) - on_line(row.estimate.lower))
        .collect();
    widths.sort_by(f64::total_cmp);
    let usual = widths.get(widths.len() / 2).copied().unwrap_or(0.0);
    let reach = (high - low).max(2.0 * usual);
    let (lowest, highest) = range(&limits);
    let from = low.min(lowest.max(low - reach));
    let to = high.max(highest.min(high + reach));
    if log {
        value_axis([from.exp(), 1.0, to.exp()].into_iter(), true, ticks)
    } else {
        linear_axis(from, to, ticks)
    }
}

/// Smallest and largest value; 0 and 0 if there is none.
fn range(values: &[f64]) -> (f64, f64) {
    let first = values.first().copied().unwrap_or(0.0);
    let low = values.iter().copied().fold(first, f64::min);
    let high = values.iter().copied().fold(first, f64::max);
    (low, high)
}

/// The numbers of the figure in words.
pub(crate) fn describe(plot: &ForestPlot) -> String {
    let axis = axis(plot, 5);
    let mut sentences = Vec::new();
    for group in &plot.groups {
        let mut parts: Vec<String> = group
            .rows
            .iter()
            .map(|row| {
                let recalled = if row.mark == ForestMark::Recalled {
                    "recalled, not read at its source"
                } else {
                    ""
                };
                let words = words(plot.scale, &axis, &row.estimate);
                joined(&[&row.label, &row.detail, recalled, &words])
            })
            .collect();
        parts.extend(group.pooled.iter().map(|row| {
            let words = words(plot.scale, &axis, &row.estimate);
            let prediction = prediction_words(plot.scale, &axis, row);
            joined(&[&row.label, &method_words(row), &words, &prediction])
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

fn method_words(row: &PooledRow) -> String {
    let counts = [
        (row.studies, "study", "studies"),
        (row.patients, "patient", "patients"),
    ];
    let counts = counts
        .into_iter()
        .filter(|(number, _, _)| *number > 0)
        .map(|(number, one, many)| counted(number, one, many));
    let parts: Vec<String> = std::iter::once(row.method.clone()).chain(counts).collect();
    joined(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn prediction_words(scale: ForestScale, axis: &ValueAxis, row: &PooledRow) -> String {
    if !has_prediction(row) {
        return String::new();
    }
    let [low, high] =
        [row.prediction_lower, row.prediction_upper].map(|limit| number(scale, axis, limit));
    format!("prediction {} to {high}", low.trim_end_matches('%'))
}

/// `92% (62 to 100)`.
fn words(scale: ForestScale, axis: &ValueAxis, estimate: &Estimate) -> String {
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
