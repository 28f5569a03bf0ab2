//! Dose finding with virtual patients.
//!
//! The trial in calendar time, cohort by cohort, is simulated by `neurocart-design`; here each
//! subject is a virtual patient of the bank under the dose it was given.

use neurocart_design::dose_finding_trial::{
    Accrual, DoseFindingTrial, PatientOutcome, PatientRequest, SimulatedTrial, TrialKey,
    simulate_dose_finding,
};
use neurocart_stats::InputError;
use neurocart_stats::dose_finding::{
    Boin12Settings, BoinSettings, CrmModel, CrmSettings, DoseFindingDesign, DoseSelection,
    IntervalRule, IntervalSettings, NoDoseReason, OverdoseRule, ThreePlusThreeVariant,
    crm_skeleton,
};

use super::enrolment::{BankExhausted, Enrolment, dose_limiting_days};
use super::{Decision, Step, Verdict};
use crate::endpoint::{Observed, Outcome, outcome};
use crate::replicate::Space;
use crate::specification::{DAYS_PER_WEEK, DoseFinding, DoseFindingMethod, Specification};

/// Half-width of the indifference interval about the target that a skeleton is made from.
const INDIFFERENCE: f64 = 0.05;

/// Subjects of a cohort whose first treatments are `stagger_days` apart; the others follow the second.
const STAGGERED: u64 = 2;

/// The rule for `doses` doses.
pub fn rule(section: &DoseFinding, doses: usize) -> Result<DoseFindingDesign, InputError> {
    let overdose = OverdoseRule {
        cutoff: section.elimination_cutoff,
        ..OverdoseRule::default()
    };
    let interval = |rule| {
        DoseFindingDesign::Interval(IntervalSettings {
            overdose,
            ..IntervalSettings::at_target(rule, section.target)
        })
    };
    let crm = || -> Result<CrmSettings, InputError> {
        let skeleton = match &section.skeleton {
            Some(skeleton) => skeleton.clone(),
            None => {
                let middle = doses.saturating_sub(1) / 2;
                crm_skeleton(
                    CrmModel::Empiric,
                    section.target,
                    INDIFFERENCE,
                    middle,
                    doses,
                )?
            }
        };
        Ok(CrmSettings {
            overdose: Some(overdose),
            ..CrmSettings::empiric(skeleton, section.target)
        })
    };
    Ok(match section.design {
        DoseFindingMethod::ThreePlusThree if section.confirm_with_six => {
            DoseFindingDesign::ThreePlusThree(ThreePlusThreeVariant::ConfirmWithSix)
        }
        DoseFindingMethod::ThreePlusThree => {
            DoseFindingDesign::ThreePlusThree(ThreePlusThreeVariant::NoDeEscalation)
        }
        DoseFindingMethod::Boin => DoseFindingDesign::Boin(BoinSettings {
            overdose,
            ..BoinSettings::at_target(section.target)
        }),
        DoseFindingMethod::Keyboard => interval(IntervalRule::Keyboard),
        DoseFindingMethod::Mtpi => interval(IntervalRule::Mtpi),
        DoseFindingMethod::Mtpi2 => interval(IntervalRule::Mtpi2),
        DoseFindingMethod::Crm => DoseFindingDesign::Crm(crm()?),
        DoseFindingMethod::TiteCrm => DoseFindingDesign::TiteCrm(crm()?),
        DoseFindingMethod::Boin12 => DoseFindingDesign::Boin12(Boin12Settings {
            highest_dlt_rate: section.target,
            lowest_response_rate: section.lowest_response_rate,
            overdose,
            ..Boin12Settings::default()
        }),
    })
}

/// The trial that a section describes.
pub fn trial(
    specification: &Specification,
    section: &DoseFinding,
    rule: &DoseFindingDesign,
) -> DoseFindingTrial {
    let first = section.start_dose.as_ref();
    let first_dose = first.and_then(|name| specification.arms.iter().position(|a| a.name == *name));
    let manufacturing = specification.manufacturing.as_ref();
    let [shortest, longest] = manufacturing.map_or([0.0; 2], |m| m.vein_to_vein_days);
    let maximum = section.maximum_subjects as u64;
    DoseFindingTrial {
        first_dose: first_dose.unwrap_or(0),
        cohort_size: section.cohort_size as u64,
        dlt_window_days: section.dose_limiting_toxicity.window_days,
        accrual: Accrual::Exponential {
            mean_days: specification
                .accrual
                .per_week
                .map_or(0.0, |per_week| DAYS_PER_WEEK / per_week),
        },
        vein_to_vein_days: (shortest, longest),
        stagger_days: section.stagger_days,
        staggered_patients: STAGGERED,
        ..DoseFindingTrial::new(rule.clone(), specification.arms.len(), maximum)
    }
}

/// What dose finding leaves behind for the part of the trial after it.
pub(crate) struct Found {
    /// The dose named.
    pub dose: Option<usize>,
    /// Day of its end.
    pub end_days: f64,
    /// Subjects enrolled.
    pub enrolled: u64,
}

/// Runs dose finding; decisions and treated subjects go into `space`.
pub(crate) fn conduct(
    enrolment: &Enrolment<'_>,
    section: &DoseFinding,
    rule: &DoseFindingDesign,
    space: &mut Space,
) -> Result<Found, ConductError> {
    let specification = enrolment.specification;
    let trial = trial(specification, section, rule);
    let key = TrialKey {
        seed: enrolment.key.seed,
        scenario: 0,
        replicate: enrolment.key.replicate,
    };
    let mut exhausted = None;
    let simulated = simulate_dose_finding(&trial, key, |request| {
        patient_outcome(enrolment, section, request, space).unwrap_or_else(|error| {
            exhausted = Some(error);
            NOT_MADE
        })
    })?;
    if let Some(error) = exhausted {
        return Err(error.into());
    }
    push_decisions(&simulated, specification.arms.len(), space);
    Ok(Found {
        dose: simulated.selection.dose(),
        end_days: simulated.duration_days,
        enrolled: simulated.patients.len() as u64,
    })
}

/// Why dose finding cannot be simulated.
#[derive(Debug)]
pub(crate) enum ConductError {
    /// The bank is too small.
    Exhausted(BankExhausted),
    /// A setting is out of range.
    Input(InputError),
}

impl From<BankExhausted> for ConductError {
    fn from(error: BankExhausted) -> ConductError {
        ConductError::Exhausted(error)
    }
}

impl From<InputError> for ConductError {
    fn from(error: InputError) -> ConductError {
        ConductError::Input(error)
    }
}

const NOT_MADE: PatientOutcome = PatientOutcome {
    administered_level: None,
    dlt_day: None,
    response: false,
};

fn patient_outcome(
    enrolment: &Enrolment<'_>,
    section: &DoseFinding,
    request: PatientRequest,
    space: &mut Space,
) -> Result<PatientOutcome, BankExhausted> {
    let assigned = request.dose_level;
    let (entry_days, treated_days) = (request.enrolment_day, request.infusion_day);
    let Some(dose) = enrolment.administered(assigned, request.patient_number) else {
        enrolment.not_made(assigned, entry_days, space);
        return Ok(NOT_MADE);
    };
    let number = enrolment.treat(dose, assigned, entry_days, treated_days, space)?;
    let (subject, course) = (&space.subjects[number], &space.courses[number]);
    Ok(PatientOutcome {
        administered_level: Some(dose),
        dlt_day: dose_limiting_days(course, &section.dose_limiting_toxicity),
        response: responds(enrolment.specification, section, course, subject.until_days),
    })
}

/// Whether a subject responds, where the design looks at it.
pub(crate) fn responds(
    specification: &Specification,
    section: &DoseFinding,
    course: &crate::course::Course,
    until_days: f64,
) -> bool {
    let Some(index) = section
        .response
        .as_ref()
        .and_then(|name| specification.endpoint_index(name))
    else {
        return false;
    };
    let observed = Observed::of(specification, course, until_days);
    let found = outcome(&specification.endpoints[index], &observed);
    matches!(found, Outcome::Binary { yes: true })
}

/// One decision per dose.
fn push_decisions(simulated: &SimulatedTrial, doses: usize, space: &mut Space) {
    for dose in 0..doses {
        let selected = simulated.selection == DoseSelection::Dose(dose);
        let verdict = if selected {
            Verdict::Selected
        } else {
            Verdict::NotSelected
        };
        let number = dose as u32 + 1;
        let mut decision = Decision::new(
            Step::DoseFinding,
            number,
            dose,
            simulated.duration_days,
            verdict,
        );
        let assigned = || {
            simulated
                .patients
                .iter()
                .filter(|p| p.assigned_level == dose)
        };
        decision.enrolled = assigned().count() as u32;
        decision.not_made = assigned()
            .filter(|p| p.administered_level.is_none())
            .count() as u32;
        decision.short = assigned()
            .filter(|p| p.administered_level.is_some_and(|level| level < dose))
            .count() as u32;
        let tally = &simulated.doses[dose];
        decision.subjects = tally.treated as u32;
        decision.events = tally.dlt as u32;
        decision.responders = Some(tally.responses as u32);
        decision.reason = match simulated.selection {
            DoseSelection::NoDose(reason) => Some(in_words(reason).to_owned()),
            DoseSelection::Dose(_) => None,
        };
        space.decisions.push(decision);
    }
}

fn in_words(reason: NoDoseReason) -> &'static str {
    match reason {
        NoDoseReason::NobodyTreated => "nobody was treated",
        NoDoseReason::AllTooToxic => "the lowest dose is too toxic",
        NoDoseReason::NoneConfirmed => "no dose passed the rule",
        NoDoseReason::NoneEffective => "no tolerable dose is effective",
    }
}
