//! Patient flow in the manner of CONSORT: screened, eligible, randomised, then each arm.
//!
//! Schulz et al. 2010, CONSORT 2010 statement, doi:10.1136/bmj.c332.

use serde::{Deserialize, Serialize};

use crate::estimate::number_or_missing;
use crate::figure::Layout;
use crate::figure::svg::{Svg, label_class};
use crate::figure::text::wrap;
use crate::format::count;

/// What to draw. Counts are those of one trial, or means over replicates: `caption` says which.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PatientFlow {
    /// Virtual patients drawn.
    #[serde(deserialize_with = "number_or_missing")]
    pub screened: f64,
    /// Reasons for not being eligible, with counts.
    pub exclusions: Vec<FlowReason>,
    /// Patients who met the criteria.
    #[serde(deserialize_with = "number_or_missing")]
    pub eligible: f64,
    /// Patients randomised, or enrolled in a trial that does not randomise.
    #[serde(deserialize_with = "number_or_missing")]
    pub randomised: f64,
    /// Whether the patients of several arms were allocated by a rule, as in dose finding.
    pub allocated_by_rule: bool,
    /// One entry per arm.
    pub arms: Vec<FlowArm>,
    /// Whose counts these are.
    pub caption: String,
}

/// One arm of the flow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowArm {
    /// Name of the arm.
    pub name: String,
    /// Allocated to the arm.
    #[serde(deserialize_with = "number_or_missing")]
    pub allocated: f64,
    /// Received the treatment.
    #[serde(deserialize_with = "number_or_missing")]
    pub treated: f64,
    /// Stopped or left the trial.
    #[serde(deserialize_with = "number_or_missing")]
    pub discontinued: f64,
    /// Why they stopped, with counts.
    pub discontinuation_reasons: Vec<FlowReason>,
    /// Received rescue therapy.
    #[serde(deserialize_with = "number_or_missing")]
    pub rescued: f64,
    /// In the primary analysis.
    #[serde(deserialize_with = "number_or_missing")]
    pub analysed: f64,
}

/// A reason and how many patients it concerned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowReason {
    /// In words.
    pub reason: String,
    /// How many.
    #[serde(deserialize_with = "number_or_missing")]
    pub patients: f64,
}

/// Height of a line of text in a box.
const LINE: f64 = 15.0;

/// The figure as an SVG file of its own.
pub fn render_patient_flow_svg(flow: &PatientFlow) -> String {
    draw(flow, Layout::Wide).file("patient-flow", "Patient flow", &describe(flow))
}

pub(crate) fn draw(flow: &PatientFlow, layout: Layout) -> Svg {
    let mut svg = Svg::new(layout.width());
    let mut y = draw_trunk(&mut svg, flow, layout);
    let columns = match layout {
        Layout::Wide => 4,
        Layout::Narrow => 2,
    };
    if flow.arms.is_empty() {
        svg.height = y + 2.0;
        return svg;
    }
    if flow.arms.len() <= columns {
        y = draw_columns(&mut svg, flow, y);
    } else {
        // Too many arms to stand side by side: one box under the other.
        let trunk = trunk_centre(&svg);
        draw_arrow(&mut svg, trunk, y, y + 22.0);
        y += 22.0;
        let width = svg.width - 2.0;
        for (series, arm) in flow.arms.iter().enumerate() {
            let words = arm_words(arm);
            y = draw_box(
                &mut svg,
                (1.0, y),
                width,
                Some((series, &arm.name)),
                &[words],
            ) + 8.0;
        }
    }
    svg.height = y + 2.0;
    svg
}

/// Screened, excluded, eligible, randomised; returns the foot of the last box.
fn draw_trunk(svg: &mut Svg, flow: &PatientFlow, layout: Layout) -> f64 {
    let narrow = layout == Layout::Narrow;
    let width = if narrow { 150.0 } else { 210.0 };
    let centre = trunk_centre(svg);
    let left = centre - width / 2.0;
    let y = draw_box(
        svg,
        (left, 1.0),
        width,
        None,
        &[labelled("Screened", flow.screened)],
    );

    let excluded = flow.screened - flow.eligible;
    let mut lines = Vec::new();
    if excluded.is_finite() {
        lines.push(labelled("Not eligible", excluded));
    }
    lines.extend(
        flow.exclusions
            .iter()
            .map(|reason| labelled(&reason.reason, reason.patients)),
    );
    let mut next = y + 26.0;
    if !lines.is_empty() {
        let side = centre + if narrow { 20.0 } else { 60.0 };
        let side_width = svg.width - side - 1.0;
        let foot = draw_box(svg, (side, y + 12.0), side_width, None, &lines);
        let branch = y + 12.0 + (foot - y - 12.0) / 2.0;
        svg.line((centre, branch), (side, branch), "ar");
        next = foot + 14.0;
    }
    draw_arrow(svg, centre, y, next);
    let y = draw_box(
        svg,
        (left, next),
        width,
        None,
        &[labelled("Eligible", flow.eligible)],
    );
    draw_arrow(svg, centre, y, y + 22.0);
    let name = if flow.arms.len() == 1 || flow.allocated_by_rule {
        "Enrolled"
    } else {
        "Randomised"
    };
    draw_box(
        svg,
        (left, y + 22.0),
        width,
        None,
        &[labelled(name, flow.randomised)],
    )
}

/// The trunk stands in the middle, on a phone at the left so that exclusions fit beside it.
fn trunk_centre(svg: &Svg) -> f64 {
    if svg.width == Layout::Narrow.width() {
        77.0
    } else {
        svg.width / 2.0
    }
}

/// Arms side by side, each with three boxes.
fn draw_columns(svg: &mut Svg, flow: &PatientFlow, top: f64) -> f64 {
    let number = flow.arms.len() as f64;
    let gap = 14.0;
    let width = ((svg.width - 2.0 - gap * (number - 1.0)) / number).min(330.0);
    let start = (svg.width - width * number - gap * (number - 1.0)) / 2.0;
    let centre = |arm: usize| start + width / 2.0 + arm as f64 * (width + gap);
    let trunk = trunk_centre(svg);
    let fork = top + 14.0;
    svg.line((trunk, top), (trunk, fork), "ar");
    let ends = [trunk, centre(0), centre(flow.arms.len() - 1)];
    let low = ends.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    svg.line((low, fork), (high, fork), "ar");

    let mut foot = fork;
    let mut y = fork + 18.0;
    for stage in 0..3 {
        let mut lowest = y;
        for (series, arm) in flow.arms.iter().enumerate() {
            let left = centre(series) - width / 2.0;
            draw_arrow(svg, centre(series), foot, y);
            let name = (stage == 0).then_some((series, arm.name.as_str()));
            let end = draw_box(svg, (left, y), width, name, &stage_lines(arm, stage));
            lowest = lowest.max(end);
        }
        // Shorter boxes get their connecting line down to the common foot.
        for (series, arm) in flow.arms.iter().enumerate() {
            let name = (stage == 0).then_some((series, arm.name.as_str()));
            let end = y + box_height(width, name.map(|n| n.1), &stage_lines(arm, stage));
            if stage < 2 && end < lowest {
                svg.line((centre(series), end), (centre(series), lowest), "ar");
            }
        }
        foot = lowest;
        y = foot + 20.0;
    }
    foot
}

fn stage_lines(arm: &FlowArm, stage: usize) -> Vec<String> {
    match stage {
        0 => vec![
            labelled("Allocated", arm.allocated),
            labelled("Treated", arm.treated),
        ],
        1 => {
            let mut lines = vec![labelled("Discontinued", arm.discontinued)];
            let reasons = arm.discontinuation_reasons.iter();
            lines.extend(reasons.map(|r| format!("· {}", labelled(&r.reason, r.patients))));
            lines.push(labelled("Rescue therapy", arm.rescued));
            lines
        }
        _ => vec![labelled("Analysed", arm.analysed)],
    }
}

fn draw_box(
    svg: &mut Svg,
    corner: (f64, f64),
    width: f64,
    name: Option<(usize, &str)>,
    lines: &[String],
) -> f64 {
    let height = box_height(width, name.map(|(_, name)| name), lines);
    svg.rect(corner, (width, height), "bx");
    let mut y = corner.1 + 6.0;
    if let Some((series, name)) = name {
        for line in name_lines(name, width) {
            y += LINE;
            svg.text(
                (corner.0 + 10.0, y - 2.0),
                &format!("st {}", label_class(series)),
                &line,
            );
        }
    }
    for line in lines.iter().flat_map(|line| box_lines(line, width)) {
        y += LINE;
        svg.text((corner.0 + 10.0, y - 2.0), "tx", &line);
    }
    corner.1 + height
}

fn box_height(width: f64, name: Option<&str>, lines: &[String]) -> f64 {
    let named = name.map_or(0, |name| name_lines(name, width).len());
    let text: usize = lines.iter().map(|line| box_lines(line, width).len()).sum();
    LINE * (named + text) as f64 + 14.0
}

fn name_lines(name: &str, width: f64) -> Vec<String> {
    wrap(name, width - 20.0, 13.6, 3)
}

fn box_lines(line: &str, width: f64) -> Vec<String> {
    wrap(line, width - 20.0, 12.0, 4)
}

fn draw_arrow(svg: &mut Svg, x: f64, from: f64, to: f64) {
    svg.line((x, from), (x, to - 3.0), "ar");
    svg.polygon(
        &[(x - 4.0, to - 6.5), (x + 4.0, to - 6.5), (x, to - 0.5)],
        "ah",
    );
}

fn labelled(label: &str, patients: f64) -> String {
    format!("{label}: {}", count(patients))
}

fn arm_words(arm: &FlowArm) -> String {
    format!(
        "{} allocated, {} treated, {} discontinued, {} with rescue therapy, {} analysed",
        count(arm.allocated),
        count(arm.treated),
        count(arm.discontinued),
        count(arm.rescued),
        count(arm.analysed)
    )
}

/// The numbers of the figure in words.
pub(crate) fn describe(flow: &PatientFlow) -> String {
    let mut sentences = vec![format!(
        "{} virtual patients screened, {} eligible, {} {}.",
        count(flow.screened),
        count(flow.eligible),
        count(flow.randomised),
        if flow.arms.len() == 1 || flow.allocated_by_rule {
            "enrolled"
        } else {
            "randomised"
        }
    )];
    sentences.extend(
        flow.arms
            .iter()
            .map(|arm| format!("{}: {}.", arm.name, arm_words(arm))),
    );
    sentences.join(" ")
}
