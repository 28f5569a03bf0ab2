//! Kaplan-Meier curves with interval bands, censor marks, medians and numbers at risk.

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, number_or_missing, series_or_missing};
use crate::figure::axis::{Scale, TimeUnit, percent_axis};
use crate::figure::plot::{
    ARMS_WITH_BANDS, Naming, Plot, draw_direct_labels, draw_legend, draw_time_axis,
    draw_value_axis, naming, segments, ticks_for, value_axis_width,
};
use crate::figure::svg::{Svg, colour_class, label_class, line_class};
use crate::figure::text::{fit, text_width};
use crate::figure::{DataTable, Layout};
use crate::format::{MISSING, count, percent};

/// What to draw: time to an event in every arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SurvivalFigure {
    /// Heading, for example `Time to first attack`.
    pub title: String,
    /// What the vertical axis shows, for example `Patients without an attack`.
    pub quantity: String,
    /// End of the time axis in days.
    #[serde(deserialize_with = "number_or_missing")]
    pub follow_up_days: f64,
    /// One entry per arm.
    pub arms: Vec<SurvivalArm>,
    /// Curves to compare with, for example a historical hazard.
    pub references: Vec<SurvivalReference>,
    /// The comparison in words, for example `Hazard ratio 0.41 (95 % CI 0.20 to 0.84), log-rank p = 0.012`.
    pub comparison: String,
    /// A sentence or two under the figure; say which interval the band shows.
    pub caption: String,
}

/// One arm of a [`SurvivalFigure`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SurvivalArm {
    /// Name of the arm.
    pub name: String,
    /// The curve, one entry per event time in increasing order; it starts at 1 on day 0.
    pub steps: Vec<SurvivalStep>,
    /// Times of censored subjects in days.
    #[serde(deserialize_with = "series_or_missing")]
    pub censored_days: Vec<f64>,
    /// Numbers at risk, at the times of [`risk_table_days`](crate::figure::axis::risk_table_days) or at any others.
    pub at_risk: Vec<AtRisk>,
    /// Median time to event in days with its interval; missing when not reached.
    pub median_days: Estimate,
    /// Last time any subject was followed, in days: the curve ends here.
    #[serde(deserialize_with = "number_or_missing")]
    pub last_follow_up_days: f64,
}

/// The curve from one event time to the next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SurvivalStep {
    /// Event time in days.
    #[serde(deserialize_with = "number_or_missing")]
    pub time_days: f64,
    /// Probability to be free of the event just after it, with its interval, 0 to 1.
    pub survival: Estimate,
}

/// How many subjects were still followed and free of the event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AtRisk {
    /// When, in days.
    #[serde(deserialize_with = "number_or_missing")]
    pub time_days: f64,
    /// How many, or the mean over replicates.
    #[serde(deserialize_with = "number_or_missing")]
    pub subjects: f64,
}

/// A smooth or stepped curve without interval, drawn thin and grey.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SurvivalReference {
    /// What it is, for example `Historical hazard 0.9 per year`.
    pub label: String,
    /// Times in days.
    #[serde(deserialize_with = "series_or_missing")]
    pub time_days: Vec<f64>,
    /// Survival at those times, 0 to 1, joined by straight lines.
    #[serde(deserialize_with = "series_or_missing")]
    pub survival: Vec<f64>,
}

/// The figure as an SVG file of its own.
pub fn render_kaplan_meier_svg(figure: &SurvivalFigure) -> String {
    draw(figure, Layout::Wide).file("kaplan-meier", &figure.title, &describe(figure))
}

pub(crate) fn draw(figure: &SurvivalFigure, layout: Layout) -> Svg {
    let mut svg = Svg::new(layout.width());
    let names: Vec<&str> = figure.arms.iter().map(|arm| arm.name.as_str()).collect();
    let references = figure
        .references
        .iter()
        .map(|reference| reference.label.as_str());
    let naming = naming(
        &names.iter().copied().chain(references).collect::<Vec<_>>(),
        layout,
    );
    let axis = percent_axis(0.0, 1.0, 5);
    let to = follow_up(figure);

    let mut top = 0.0;
    let mut right = svg.width - 14.0;
    match naming {
        Naming::Direct(margin) => right = svg.width - margin,
        Naming::Legend => {
            top = draw_legend(&mut svg, &names, 0.0);
            top = draw_reference_legend(&mut svg, &figure.references, top);
        }
    }
    svg.text(
        (0.0, top + 12.0),
        "mu",
        &fit(&figure.quantity, svg.width, 12.0),
    );
    top += 26.0;
    let left = value_axis_width(&axis);
    let bottom = top + if layout == Layout::Wide { 250.0 } else { 210.0 };
    let plot = Plot {
        left,
        right,
        top,
        bottom,
        x: Scale {
            from: 0.0,
            to,
            start: left,
            end: right,
            log: false,
        },
        y: axis.scale(bottom, top),
    };
    draw_value_axis(&mut svg, &plot, &axis);
    let with_bands = figure.arms.len() <= ARMS_WITH_BANDS;
    for (series, arm) in figure.arms.iter().enumerate().filter(|_| with_bands) {
        draw_step_band(
            &mut svg,
            &plot,
            arm,
            &format!("bd {}", colour_class(series)),
        );
    }
    let mut ends = draw_references(&mut svg, &plot, &figure.references);
    for (series, arm) in figure.arms.iter().enumerate() {
        let curve = curve(arm, to);
        let points: Vec<(f64, f64)> = curve
            .iter()
            .filter_map(|&(t, s)| Some((plot.x.position(t)?, plot.y.position(s)?)))
            .collect();
        svg.polyline(&points, &line_class(series));
        let class = format!("wk {}", colour_class(series));
        for &time in &arm.censored_days {
            let (Some(x), Some(y)) = (
                plot.x.position(time),
                plot.y.position(survival_at(arm, time)),
            ) else {
                continue;
            };
            svg.line((x, y - 4.0), (x, y + 4.0), &class);
        }
        if let (Some(x), Some(y)) = (plot.x.position(arm.median_days.value), plot.y.position(0.5))
            && arm.median_days.value <= to
        {
            svg.line((x, y), (x, bottom), "rf");
            svg.marker((x, y), series);
        }
        if let Some(&(_, y)) = points.last() {
            ends.push((label_class(series), arm.name.as_str(), y));
        }
    }
    if let Naming::Direct(_) = naming {
        draw_direct_labels(&mut svg, &plot, &ends);
    }
    if figure.arms.is_empty() {
        svg.text(
            ((left + right) / 2.0, (top + bottom) / 2.0),
            "mu m",
            "No values to show",
        );
    }
    let unit = TimeUnit::for_span(to);
    let ticks = ticks_for(0.0, to, unit, layout);
    let foot = draw_time_axis(&mut svg, &plot, &ticks, &format!("Time ({})", unit.name()));
    svg.height = draw_risk_table(&mut svg, &plot, figure, foot);
    svg
}

/// What was left out, in words.
pub(crate) fn notes(figure: &SurvivalFigure) -> Vec<String> {
    let mut notes = Vec::new();
    if figure.arms.len() > ARMS_WITH_BANDS {
        notes.push("Interval bands are left out with this many arms; see the table.".to_string());
    }
    let steps = figure.arms.iter().flat_map(|arm| &arm.steps);
    let missing = steps
        .filter(|step| !(step.time_days.is_finite() && step.survival.value.is_finite()))
        .count();
    if missing > 0 {
        notes.push(format!("{missing} steps without a number are left out."));
    }
    notes
}

/// Numbers at risk in columns under the axis; columns that would touch are thinned.
fn draw_risk_table(svg: &mut Svg, plot: &Plot, figure: &SurvivalFigure, top: f64) -> f64 {
    if figure.arms.iter().all(|arm| arm.at_risk.is_empty()) {
        return top;
    }
    let mut y = top + 16.0;
    svg.text((0.0, y), "st", "Number at risk");
    for (series, arm) in figure.arms.iter().enumerate() {
        y += 18.0;
        let name = fit(&arm.name, svg.width, 11.0);
        svg.text((0.0, y), &format!("sm {}", label_class(series)), &name);
        y += 15.0;
        let mut free = f64::NEG_INFINITY;
        for entry in &arm.at_risk {
            let label = count(entry.subjects);
            let half = text_width(&label, 12.0) / 2.0;
            let inside = entry.time_days >= 0.0 && entry.time_days <= plot.x.to * 1.0001;
            if let (Some(x), true) = (plot.x.position(entry.time_days), inside)
                && x - half >= free
            {
                svg.text((x, y), "m", &label);
                free = x + half + 8.0;
            }
        }
    }
    y + 8.0
}

fn draw_step_band(svg: &mut Svg, plot: &Plot, arm: &SurvivalArm, class: &str) {
    let end = arm_end(arm, plot.x.to);
    let mut upper = Vec::new();
    let mut lower = Vec::new();
    let (mut last_low, mut last_high) = (1.0, 1.0);
    for step in ordered_steps(arm).filter(|step| step.time_days <= end) {
        let Some(x) = plot.x.position(step.time_days) else {
            continue;
        };
        if !step.survival.has_interval() {
            break;
        }
        for (edge, last, value) in [
            (&mut lower, &mut last_low, step.survival.lower),
            (&mut upper, &mut last_high, step.survival.upper),
        ] {
            edge.extend(plot.y.position(*last).map(|y| (x, y)));
            edge.extend(plot.y.position(value).map(|y| (x, y)));
            *last = value;
        }
    }
    if lower.is_empty() {
        return;
    }
    if let Some(x) = plot.x.position(end) {
        lower.extend(plot.y.position(last_low).map(|y| (x, y)));
        upper.extend(plot.y.position(last_high).map(|y| (x, y)));
    }
    upper.extend(lower.into_iter().rev());
    svg.polygon(&upper, class);
}

/// Draws the curves to compare with; returns each label with the height of its right end.
fn draw_references<'a>(
    svg: &mut Svg,
    plot: &Plot,
    references: &'a [SurvivalReference],
) -> Vec<(String, &'a str, f64)> {
    let mut ends = Vec::new();
    for reference in references {
        let runs = segments(plot, &reference.time_days, &reference.survival);
        for run in &runs {
            svg.polyline(run, "hs");
        }
        if let Some(&(_, y)) = runs.last().and_then(|run| run.last()) {
            ends.push(("mu".to_string(), reference.label.as_str(), y));
        }
    }
    ends
}

/// Line samples of the curves to compare with, where the figure has a legend.
fn draw_reference_legend(svg: &mut Svg, references: &[SurvivalReference], top: f64) -> f64 {
    let mut y = top;
    for reference in references {
        svg.line((0.0, y + 7.0), (24.0, y + 7.0), "hs");
        let label = fit(&reference.label, svg.width - 40.0, 12.0);
        svg.text((30.0, y + 11.0), "mu", &label);
        y += 19.0;
    }
    y
}

/// The numbers of the figure in words.
pub(crate) fn describe(figure: &SurvivalFigure) -> String {
    let to = follow_up(figure);
    let unit = TimeUnit::for_span(to);
    let mut sentences: Vec<String> = figure
        .arms
        .iter()
        .map(|arm| {
            let end = arm_end(arm, to);
            let last = ordered_steps(arm)
                .filter(|step| step.time_days <= end)
                .last();
            let survival = last.map_or(Estimate::new(1.0, f64::NAN, f64::NAN), |s| s.survival);
            let interval = if survival.has_interval() {
                format!(
                    " (interval {} to {})",
                    percent(survival.lower),
                    percent(survival.upper)
                )
            } else {
                String::new()
            };
            let median = median_words(arm, unit);
            format!(
                "{}: {}{interval} free of the event at {}; {median}.",
                arm.name,
                percent(survival.value),
                unit.words(end)
            )
        })
        .collect();
    if sentences.is_empty() {
        sentences.push("No values to show.".to_string());
    }
    if !figure.comparison.is_empty() {
        sentences.push(format!("{}.", figure.comparison.trim_end_matches('.')));
    }
    sentences.join(" ")
}

pub(crate) fn table(figure: &SurvivalFigure) -> DataTable {
    let to = follow_up(figure);
    let unit = TimeUnit::for_span(to);
    let mut head = vec![format!("Time ({})", unit.name())];
    head.extend(figure.arms.iter().map(|arm| arm.name.clone()));
    let mut rows: Vec<Vec<String>> = ticks_for(0.0, to, unit, Layout::Wide)
        .into_iter()
        .map(|(tick, label)| {
            let cell = |arm: &SurvivalArm| {
                if tick > arm_end(arm, to) + 1e-9 {
                    return MISSING.to_string();
                }
                match ordered_steps(arm)
                    .filter(|step| step.time_days <= tick)
                    .last()
                {
                    Some(step) if step.survival.has_interval() => format!(
                        "{} ({} to {})",
                        percent(step.survival.value),
                        percent(step.survival.lower),
                        percent(step.survival.upper)
                    ),
                    Some(step) => percent(step.survival.value),
                    None => percent(1.0),
                }
            };
            std::iter::once(label)
                .chain(figure.arms.iter().map(cell))
                .collect()
        })
        .collect();
    let medians = figure.arms.iter().map(|arm| {
        let words = median_words(arm, unit);
        words.trim_start_matches("median ").to_string()
    });
    rows.push(
        std::iter::once("Median".to_string())
            .chain(medians)
            .collect(),
    );
    DataTable { head, rows }
}

fn median_words(arm: &SurvivalArm, unit: TimeUnit) -> String {
    let median = arm.median_days;
    if !median.value.is_finite() {
        return "median not reached".to_string();
    }
    let limit = |days: f64| {
        if days.is_finite() {
            unit.words(days)
        } else {
            "not reached".to_string()
        }
    };
    if !median.lower.is_finite() && !median.upper.is_finite() {
        return format!("median {}", unit.words(median.value));
    }
    let (low, high) = (limit(median.lower), limit(median.upper));
    format!(
        "median {} (interval {low} to {high})",
        unit.words(median.value)
    )
}

/// The curve as corners of its steps, from day 0 to the last follow-up.
fn curve(arm: &SurvivalArm, to: f64) -> Vec<(f64, f64)> {
    let end = arm_end(arm, to);
    let mut corners = vec![(0.0, 1.0)];
    let mut survival = 1.0;
    for step in ordered_steps(arm).filter(|step| step.time_days <= end) {
        corners.push((step.time_days, survival));
        survival = step.survival.value;
        corners.push((step.time_days, survival));
    }
    corners.push((end, survival));
    corners
}

fn survival_at(arm: &SurvivalArm, time: f64) -> f64 {
    ordered_steps(arm)
        .filter(|step| step.time_days <= time)
        .last()
        .map_or(1.0, |s| s.survival.value)
}

fn ordered_steps(arm: &SurvivalArm) -> impl Iterator<Item = &SurvivalStep> {
    arm.steps
        .iter()
        .filter(|step| step.time_days.is_finite() && step.survival.value.is_finite())
}

fn arm_end(arm: &SurvivalArm, to: f64) -> f64 {
    if arm.last_follow_up_days.is_finite() && arm.last_follow_up_days > 0.0 {
        arm.last_follow_up_days.min(to)
    } else {
        to
    }
}

fn follow_up(figure: &SurvivalFigure) -> f64 {
    if figure.follow_up_days.is_finite() && figure.follow_up_days > 0.0 {
        return figure.follow_up_days;
    }
    let times = figure.arms.iter().flat_map(|arm| {
        let steps = arm.steps.iter().map(|step| step.time_days);
        steps
            .chain(arm.censored_days.iter().copied())
            .chain([arm.last_follow_up_days])
    });
    let last = times.filter(|time| time.is_finite()).fold(0.0, f64::max);
    if last > 0.0 { last } else { 1.0 }
}
