//! Forest plot: studies with their intervals, pooled estimates as diamonds, prediction intervals.
//!
//! The same figure serves leave-one-out and cumulative analyses: their rows are pooled estimates,
//! and a vertical line marks the estimate of all studies. Layout after Lewis and Clarke 2001,
//! doi:10.1136/bmj.322.7300.1479; the prediction interval as a thin bar through the diamond after
//! Guddat et al. 2012, doi:10.1186/2046-4053-1-34.

mod axis;
mod lines;
mod mark;
mod words;

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, number_or_missing};
use crate::figure::key::{draw_key, draw_note};
use crate::figure::plot::draw_vertical_reference;
use crate::figure::svg::Svg;
use crate::figure::text::{fit, text_width, wrap};
use crate::figure::{Layout, ReferenceLine};
use lines::{Columns, Glyph, Line, columns, lines};
use mark::{draw_pooled, draw_study, draw_symbol, key};
use words::describe;

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
    /// Heading of the column of `detail`, for example `Events/patients`; the narrow layout has no columns.
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
    /// A study that was read but cannot be pooled: a hollow circle.
    NotPooled,
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
    if height > HIGH {
        y += 16.0;
        draw_ticks(svg, columns, y - 2.0);
        y += 2.0;
    }
    if reference(plot, columns).is_some() {
        y += 16.0;
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

/// Labels of the ticks, without those that would touch the one before.
fn draw_ticks(svg: &mut Svg, columns: &Columns, baseline: f64) {
    let mut free = f64::NEG_INFINITY;
    for (tick, label) in &columns.axis.ticks {
        let half = text_width(label, 12.0) / 2.0;
        if let Some(x) = columns.scale.position(*tick)
            && x - half >= free
        {
            svg.text((x, baseline), "mu m", label);
            free = x + half + 3.0;
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
        draw_vertical_reference(svg, x, top, bottom, label);
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

fn is_empty(plot: &ForestPlot) -> bool {
    let mut groups = plot.groups.iter();
    groups.all(|group| group.rows.is_empty() && group.pooled.is_empty())
}
