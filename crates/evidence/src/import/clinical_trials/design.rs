//! Design and entry criteria of a protocol.

use super::is_control;
use super::record::{Eligibility, Protocol};
use crate::import::draft::Draft;
use crate::study::{DesignKind, Entry};

pub(super) fn map_design(draft: &mut Draft, protocol: &Protocol) {
    let module = &protocol.design_module;
    let groups = &protocol.arms_interventions_module.arm_groups;
    let controls: Vec<&str> = groups
        .iter()
        .filter(|arm| is_control(arm))
        .map(|arm| arm.label.as_str())
        .collect();
    let info = &module.design_info;
    let kind = match (module.study_type.as_str(), info.allocation.as_str()) {
        ("OBSERVATIONAL", _) => Some(DesignKind::Cohort),
        ("EXPANDED_ACCESS", _) => Some(DesignKind::CaseSeries),
        (_, "RANDOMIZED") => Some(DesignKind::RandomisedTrial),
        (_, "NON_RANDOMIZED") if !controls.is_empty() => Some(DesignKind::NonrandomisedComparison),
        (_, "NA" | "NON_RANDOMIZED") => Some(DesignKind::SingleArmTrial),
        _ if info.intervention_model == "SINGLE_GROUP" || groups.len() == 1 => {
            Some(DesignKind::SingleArmTrial)
        }
        _ => None,
    };
    match kind {
        Some(kind) => draft.study.design.kind = kind,
        None => draft.decide(
            "design.kind",
            "the record does not say how patients come into its arms; `single_arm_trial` is a guess",
        ),
    }
    if !controls.is_empty() {
        draft.study.design.comparator = Some(controls.join(", "));
    }
    let enrollment = &module.enrollment_info;
    let mut parts = Vec::new();
    if let Some(phase) = phase(&module.phases) {
        parts.push(format!("phase {phase}"));
    }
    parts.extend(match info.masking_info.masking.as_str() {
        "" => None,
        "NONE" => Some("open label".to_owned()),
        masking => Some(format!("{}-blind", plain(masking))),
    });
    if !info.intervention_model.is_empty() {
        parts.push(format!("{} assignment", plain(&info.intervention_model)));
    }
    if let Some(n) = enrollment.count {
        let what = if enrollment.kind == "ACTUAL" {
            "enrolled"
        } else {
            "planned"
        };
        parts.push(format!("{n} {what}"));
    }
    if !protocol.status_module.overall_status.is_empty() {
        parts.push(plain(&protocol.status_module.overall_status));
    }
    draft.study.design.description = parts.join(", ");
}

/// `PHASE1`, `PHASE2` as `1/2`.
pub(super) fn phase(phases: &[String]) -> Option<String> {
    let names: Vec<String> = phases
        .iter()
        .filter_map(|phase| match phase.as_str() {
            "EARLY_PHASE1" => Some("early 1".to_owned()),
            other => other.strip_prefix("PHASE").map(str::to_owned),
        })
        .collect();
    (!names.is_empty()).then(|| names.join("/"))
}

/// A constant of the registry in words.
fn plain(constant: &str) -> String {
    constant.to_lowercase().replace('_', " ")
}

pub(super) fn entry(eligibility: &Eligibility) -> Option<Entry> {
    let years = |text: &str| {
        let (number, unit) = text.split_once(' ')?;
        let number: f64 = number.parse().ok().filter(|n| (0.0..=130.0).contains(n))?;
        match unit.trim_end_matches('s') {
            "Year" => Some(number),
            "Month" => Some(number / 12.0),
            _ => None,
        }
    };
    let entry = Entry {
        age_min_years: years(&eligibility.minimum_age),
        age_max_years: years(&eligibility.maximum_age),
        ..Entry::default()
    };
    (entry != Entry::default()).then_some(entry)
}
