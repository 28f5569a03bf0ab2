//! What the doses and arms truly do, as far as the model can say it.
//!
//! Every eligible patient of the bank under every arm, each with as many independent courses as it
//! takes to reach [`SUBJECTS_PER_ARM`]. The probabilities are estimates themselves and carry their
//! error.

use serde::{Deserialize, Serialize};

use super::dose_finding::responds;
use super::enrolment::dose_limiting_days;
use crate::course::Course;
use crate::endpoint::{Observed, Outcome, outcome};
use crate::large_sample::{FIRST_REPLICATE, LargeSample, SUBJECTS_PER_ARM};
use crate::operating_characteristics::{MonteCarlo, on_scale, proportion};
use crate::purpose::SubjectKey;
use crate::replicate::{CourseRequest, Patients, Truth, is_eligible};
use crate::specification::{ManufacturingFailure, Specification};

/// True values under one truth of the trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DesignTruth {
    /// By arm.
    pub doses: Vec<DoseTruth>,
    /// The effect that the primary analysis estimates, on its scale.
    pub effect: Option<f64>,
}

/// True values of one arm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DoseTruth {
    /// Probability of a DLT of a subject who is given this dose.
    pub dlt: Option<MonteCarlo>,
    /// Probability of a yes: of the single arm's endpoint, as its decision counts it, or else of
    /// the response that dose finding looks at.
    pub response: Option<MonteCarlo>,
}

/// The true values under every truth of the trial, in their order.
pub fn design_truths(
    specification: &Specification,
    patients: Patients<'_>,
    large: &[LargeSample],
) -> Vec<DesignTruth> {
    if !specification.has_decisions() {
        return Vec::new();
    }
    let primary = specification.primary_analysis();
    let effect = primary.and_then(|index| {
        let value = large.iter().find(|l| l.analysis == index)?.estimate?;
        on_scale(
            value,
            crate::analysis::scale(specification.analyses[index].method),
        )
    });
    Truth::all(specification)
        .map(|truth| DesignTruth {
            doses: if specification.decides_while_enrolling() {
                doses(specification, patients, truth)
            } else {
                Vec::new()
            },
            // The large sample is of the trial as designed.
            effect: effect.filter(|_| truth == Truth::AsDesigned),
        })
        .collect()
}

fn doses(specification: &Specification, patients: Patients<'_>, truth: Truth) -> Vec<DoseTruth> {
    let counts: Vec<Counts> = (0..specification.arms.len())
        .map(|arm| count(specification, patients, truth, arm))
        .collect();
    (0..counts.len())
        .map(|arm| DoseTruth {
            dlt: specification
                .dose_finding
                .as_ref()
                .and_then(|_| proportion(counts[arm].dlts, counts[arm].subjects)),
            response: response(specification, &counts, arm),
        })
        .collect()
}

/// Courses of one arm.
#[derive(Clone, Copy, Default)]
struct Counts {
    subjects: u64,
    dlts: u64,
    responses: u64,
}

fn count(
    specification: &Specification,
    patients: Patients<'_>,
    truth: Truth,
    arm: usize,
) -> Counts {
    let until_days = specification.follow_up_days();
    let single_arm = specification.single_arm.as_ref();
    let endpoint = single_arm.and_then(|section| specification.endpoint_index(&section.endpoint));
    let repeats = SUBJECTS_PER_ARM.div_ceil(patients.count.max(1));
    let mut counts = Counts::default();
    let mut course = Course::default();
    for repeat in 0..repeats as u32 {
        for patient in 0..patients.count {
            let subject = SubjectKey {
                seed: specification.simulation.seed,
                replicate: FIRST_REPLICATE + repeat,
                subject: patient as u64,
            };
            let request = CourseRequest {
                patient,
                truth,
                arm,
                subject,
            };
            (patients.course)(request, &mut course);
            if !is_eligible(truth.eligibility(specification), &course) {
                continue;
            }
            counts.subjects += 1;
            let mut yes = false;
            if let Some(section) = &specification.dose_finding {
                let definition = &section.dose_limiting_toxicity;
                counts.dlts += u64::from(dose_limiting_days(&course, definition).is_some());
                yes = responds(specification, section, &course, until_days);
            }
            if let Some(index) = endpoint {
                let observed = Observed::of(specification, &course, until_days);
                let found = outcome(&specification.endpoints[index], &observed);
                yes = matches!(found, Outcome::Binary { yes: true });
            }
            counts.responses += u64::from(yes);
        }
    }
    counts
}

/// The probability of a yes of a subject assigned to `arm`: products that are not made or hold too
/// few cells are part of it.
fn response(specification: &Specification, counts: &[Counts], arm: usize) -> Option<MonteCarlo> {
    let looked_at = specification.single_arm.is_some()
        || specification
            .dose_finding
            .as_ref()
            .is_some_and(|s| s.response.is_some());
    if !looked_at {
        return None;
    }
    let of = |arm: usize| proportion(counts[arm].responses, counts[arm].subjects);
    let plain = of(arm)?;
    let (Some(section), Some(made)) = (&specification.single_arm, &specification.manufacturing)
    else {
        return Some(plain);
    };
    let (failure, shortfall) = (made.failure_probability, made.shortfall_probability);
    let lower = match arm.checked_sub(1) {
        Some(lower) => Some(of(lower)?),
        None => None,
    };
    // Per subject enrolled: given the assigned dose, given the lower one.
    let (whole, short) = match lower {
        Some(_) => (
            (1.0 - failure) * (1.0 - shortfall),
            (1.0 - failure) * shortfall,
        ),
        None => ((1.0 - failure) * (1.0 - shortfall), 0.0),
    };
    let total = match section.manufacturing_failure {
        ManufacturingFailure::Replaced => whole + short,
        ManufacturingFailure::Failure => 1.0,
    };
    if total <= 0.0 {
        return None;
    }
    let (a, b) = (whole / total, short / total);
    let below = lower.unwrap_or(plain);
    // The arms share patients and draws; the sum of the errors bounds that of the mixture.
    Some(MonteCarlo {
        value: a * plain.value + b * below.value,
        standard_error: a * plain.standard_error + b * below.standard_error,
        lower: a * plain.lower + b * below.lower,
        upper: a * plain.upper + b * below.upper,
        replicates: plain.replicates,
    })
}
