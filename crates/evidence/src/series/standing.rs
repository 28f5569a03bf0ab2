//! Whether a figure is asked for, and why one that is asked for is left out.

use std::collections::BTreeSet;

use super::number::{counts, is_ratio};
use super::{Measure, Reason, Request};
use crate::study::*;
use crate::vocabulary::{Area, Vocabulary};

/// Whether the patients of a row are asked for.
pub(super) enum Standing {
    Taken,
    /// They are, in part or in another way.
    LeftOut(Reason),
    /// They are not.
    NotAsked,
}

pub(super) fn standing(
    study: &Study,
    outcome: &Outcome,
    request: &Request,
    measure: Measure,
    vocabulary: &Vocabulary,
) -> Standing {
    let arm = study.arms.iter().find(|a| a.name == outcome.arm);
    let wanted = &request.selection;
    let diseases = arm_diseases(study, arm);
    let area = |d: &String| vocabulary.diseases.get(d).map(|d| d.area);
    let areas: BTreeSet<Area> = diseases.iter().filter_map(area).collect();
    let fits = |d: &String| {
        (wanted.diseases.is_empty() || wanted.diseases.contains(d))
            && (wanted.areas.is_empty() || area(d).is_some_and(|a| wanted.areas.contains(&a)))
    };
    let fitting = diseases.iter().filter(|d| fits(d)).count();
    if fitting == 0 || (request.mixed_areas && areas.len() < 2) {
        return Standing::NotAsked;
    }
    let reason = if request.without.contains(&study.id) {
        Some(Reason::Asked)
    } else if study.state == State::Superseded {
        Some(Reason::Superseded)
    } else if !study.design.kind.counts_patients() {
        Some(Reason::Design(study.design.kind))
    } else if outcome.grade == Grade::Recalled && !wanted.include_recalled {
        Some(Reason::Recalled)
    } else if fitting < diseases.len() {
        Some(Reason::MixedPatients)
    } else {
        role_refusal(study, arm, request, measure).or(scale_refusal(outcome, request))
    };
    reason.map_or(Standing::Taken, Standing::LeftOut)
}

/// Why the role of an arm keeps its figures out.
fn role_refusal(
    study: &Study,
    arm: Option<&Arm>,
    request: &Request,
    measure: Measure,
) -> Option<Reason> {
    let arm = arm?;
    let compares = matches!(measure, Measure::Ratio | Measure::Difference);
    let wanted = &request.selection;
    let asks_for_disease = !wanted.diseases.is_empty() || !wanted.areas.is_empty();
    let by_disease = !arm.diseases.is_empty() && asks_for_disease;
    match (whole(study, arm).role, arm.role) {
        (ArmRole::Control, _) => Some(Reason::NotTheTreatment),
        (ArmRole::Contrast, _) if !compares => Some(Reason::NotTheTreatment),
        (_, ArmRole::Subgroup) if !by_disease => Some(Reason::Subgroup),
        _ => None,
    }
}

/// Why the toxicity scale keeps a figure out: it is another one, or not stated where one was asked for.
fn scale_refusal(outcome: &Outcome, request: &Request) -> Option<Reason> {
    match &outcome.grading {
        _ if request.gradings.is_empty() => None,
        Some(grading) if request.gradings.contains(grading) => None,
        Some(grading) => Some(Reason::OtherScale(grading.clone())),
        None => Some(Reason::OtherScale("not stated".into())),
    }
}

/// Why the number of a row is shown but cannot be pooled.
pub(super) fn number_refusal(outcome: &Outcome, measure: Measure) -> Option<Reason> {
    let other = Some(Reason::OtherStatistic(outcome.statistic));
    match measure {
        Measure::Proportion => match outcome.statistic {
            Statistic::Count | Statistic::Percentage if outcome.unit.contains(" of ") => other,
            Statistic::Count | Statistic::Percentage => match (outcome.total, counts(outcome)) {
                (None, _) => Some(Reason::NoDenominator),
                (_, None) => Some(Reason::NoWholeCount),
                _ => None,
            },
            _ => other,
        },
        Measure::Mean if matches!(outcome.statistic, Statistic::Mean | Statistic::AdjustedMean) => {
            None
        }
        Measure::Rate => match (
            outcome.statistic,
            outcome.events,
            outcome.exposure_patient_years,
        ) {
            (Statistic::Rate, Some(_), Some(_)) => None,
            (Statistic::Rate, ..) => Some(Reason::NoExposure),
            _ => other,
        },
        Measure::Ratio if is_ratio(outcome.statistic) => None,
        Measure::Difference if outcome.statistic == Statistic::Difference => None,
        Measure::Mean | Measure::Ratio | Measure::Difference => other,
        Measure::Listed => None,
    }
}

/// Diseases of an arm.
pub fn arm_diseases<'a>(study: &'a Study, arm: Option<&'a Arm>) -> &'a [String] {
    match arm {
        Some(arm) if !arm.diseases.is_empty() => &arm.diseases,
        _ => &study.population.diseases,
    }
}

/// The arm of which this one is a part, or itself.
pub(crate) fn whole<'a>(study: &'a Study, arm: &'a Arm) -> &'a Arm {
    let mut whole = arm;
    // As many steps as there are arms, so that a circle of parts ends.
    for _ in &study.arms {
        match study
            .arms
            .iter()
            .find(|a| Some(&a.name) == whole.part_of.as_ref())
        {
            Some(above) => whole = above,
            None => break,
        }
    }
    whole
}
