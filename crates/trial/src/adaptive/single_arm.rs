//! A single arm in two stages, in calendar time.
//!
//! The first stage closes with its `n1`th subject; enrolment waits until all of them can be judged
//! and opens again if more than `r1` responded (Simon 1989, doi:10.1016/0197-2456(89)90015-9). A
//! subject whose product fails is replaced from the day on which that is known. An endpoint that is
//! missing counts as no. Toxicity is looked at when this part opens, for the subjects it takes over, and on
//! every day on which another subject had the event or came to the end of the window.

use neurocart_stats::Estimate;
use neurocart_stats::InputError;
use neurocart_stats::distribution::incomplete_beta_upper;
use neurocart_stats::single_arm::simon::{SimonDesign, SimonRequirement, simon_designs};
use neurocart_stats::single_arm::simon_inference::{SimonInterval, SimonOutcome, simon_inference};

use super::enrolment::{BankExhausted, Enrolment, dose_limiting_days};
use super::group_sequential::known_after_days;
use super::{Decision, Step, Verdict};
use crate::endpoint::{Observed, Outcome, outcome};
use crate::replicate::{ROUNDING_DAYS, Space};
use crate::specification::{
    Endpoint, ManufacturingFailure, Optimality, SingleArm, Specification, ToxicityRule,
};

/// The four numbers of the design: those given, or those found.
pub fn design(section: &SingleArm) -> Estimate<SimonDesign> {
    if let (Some(n1), Some(r1), Some(n), Some(r)) = (section.n1, section.r1, section.n, section.r) {
        let design = SimonDesign { r1, n1, r, n };
        design.check()?;
        return Ok(design);
    }
    let (Some(p1), Some(beta)) = (section.p1, section.beta) else {
        return Err(InputError::Unsupported {
            problem: "the single-arm design is not complete",
            fix: "give `n1`, `r1`, `n` and `r`, or `p1`, `beta` and `optimality`",
        }
        .into());
    };
    let found = simon_designs(&SimonRequirement {
        p0: section.p0,
        p1,
        alpha: section.alpha,
        beta,
    })?;
    Ok(match section.optimality.unwrap_or(Optimality::Optimal) {
        Optimality::Optimal => found.optimal,
        Optimality::Minimax => found.minimax,
    })
}

/// A subject that counts for the decision.
#[derive(Clone, Copy, Debug)]
struct Counted {
    /// Day on which its outcome is known.
    known_days: f64,
    /// Whether it is a yes.
    yes: bool,
}

/// The part of the trial so far.
#[derive(Default)]
struct Progress {
    counted: Vec<Counted>,
    enrolled: u32,
    not_made: u32,
    short: u32,
    /// Treated subjects of this part, by number.
    treated: Vec<usize>,
    arrivals: u64,
    last_entry_days: f64,
}

/// Where this part of the trial begins.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    /// The arm.
    pub arm: usize,
    /// Calendar day.
    pub day: f64,
    /// Candidates who have come before.
    pub arrivals: u64,
    /// Subjects of dose finding who count from the start, in the order of entry.
    pub included: Vec<Included>,
}

/// A subject of dose finding who counts in this part as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Included {
    /// The treated subject of this number.
    Treated(usize),
    /// Someone whose product could not be made.
    NotMade,
}

/// The subjects of dose finding that count in the single arm, in the order of entry: those treated at
/// the dose, or, where a product that is not made counts as a no, everybody assigned to it.
pub(crate) fn included(section: &SingleArm, arm: usize, space: &Space) -> Vec<Included> {
    if !section.include_dose_finding {
        return Vec::new();
    }
    let as_assigned = section.manufacturing_failure == ManufacturingFailure::Failure;
    let treated = space.subjects.iter().enumerate().filter(|(_, subject)| {
        let dose = if as_assigned {
            subject.assigned
        } else {
            subject.arm
        };
        dose == arm
    });
    let not_made = space
        .not_made
        .iter()
        .filter(|lost| as_assigned && lost.arm == arm);
    let mut all: Vec<(f64, Included)> = treated
        .map(|(number, subject)| (subject.entry_days, Included::Treated(number)))
        .chain(not_made.map(|lost| (lost.entry_days, Included::NotMade)))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.into_iter().map(|(_, included)| included).collect()
}

/// Runs the trial; decisions go into `space`.
pub(crate) fn conduct(
    enrolment: &Enrolment<'_>,
    design: &SimonDesign,
    start: &Start,
    space: &mut Space,
) -> Result<(), BankExhausted> {
    let arm = start.arm;
    let specification = enrolment.specification;
    let Some(section) = &specification.single_arm else {
        return Ok(());
    };
    let Some(index) = specification.endpoint_index(&section.endpoint) else {
        return Ok(());
    };
    let endpoint = &specification.endpoints[index];
    let mut progress = Progress {
        arrivals: start.arrivals,
        ..Progress::default()
    };
    for &included in start.included.iter().take(design.n1 as usize) {
        progress.enrolled += 1;
        progress.counted.push(match included {
            Included::Treated(number) => {
                progress.short += u32::from(space.subjects[number].is_short());
                progress.treated.push(number);
                judged(specification, endpoint, number, space)
            }
            Included::NotMade => {
                progress.not_made += 1;
                Counted {
                    known_days: start.day,
                    yes: false,
                }
            }
        });
    }
    let mut opens_days = start.day;
    for (stage, size) in [(1, design.n1), (2, design.n)] {
        // Days on which the places of the stage open; a place opens again after a failure.
        let mut places = vec![opens_days; size as usize - progress.counted.len()];
        while let Some(place) = earliest(&places) {
            let place_days = places.swap_remove(place);
            places.extend(enrol_one(
                enrolment,
                section,
                endpoint,
                arm,
                place_days,
                &mut progress,
                space,
            )?);
        }
        let known = progress.counted.iter().map(|subject| subject.known_days);
        let day = known.fold(opens_days, f64::max);
        // Subjects taken over may have been too many events before this part opened.
        let toxic = section
            .toxicity
            .as_ref()
            .and_then(|rule| toxicity_days(rule, &progress.treated, space))
            .map(|toxic| toxic.max(start.day))
            .filter(|&toxic| toxic <= day);
        let mut decision = Decision::new(Step::SingleArm, stage, arm, day, Verdict::Continue);
        decision.short = progress.short;
        decision.not_made = progress.not_made;
        if let Some(toxic) = toxic {
            stop_for_toxicity(enrolment, toxic, &progress, space, &mut decision);
            space.decisions.push(decision);
            return Ok(());
        }
        let responders = progress.counted.iter().filter(|s| s.yes).count() as u64;
        decision.enrolled = progress.enrolled;
        decision.subjects = progress.counted.len() as u32;
        decision.events = responders as u32;
        let bound = if stage == 1 { design.r1 } else { design.r };
        decision.futility_boundary = Some(bound as f64);
        decision.efficacy_boundary = (stage == 2).then_some(bound as f64 + 1.0);
        decision.verdict = match (stage, responders > bound) {
            (_, false) => Verdict::NotRejected,
            (1, true) => Verdict::Continue,
            (_, true) => Verdict::Rejected,
        };
        if decision.verdict != Verdict::Continue {
            let outcome = SimonOutcome {
                r1: design.r1,
                n1: design.n1,
                subjects: size,
                responders,
            };
            let level = 1.0 - 2.0 * section.alpha;
            if let Ok(found) = simon_inference(&outcome, section.p0, SimonInterval::Exact, level) {
                decision.naive_estimate = Some(found.naive);
                decision.estimate = Some(found.umvue);
                decision.lower = Some(found.interval.lower);
                decision.upper = Some(found.interval.upper);
                decision.p_value = Some(found.p_value);
            }
        }
        let ended = decision.verdict != Verdict::Continue;
        space.decisions.push(decision);
        if ended {
            return Ok(());
        }
        // Enrolment opens again with the decision.
        opens_days = day;
    }
    Ok(())
}

fn earliest(days: &[f64]) -> Option<usize> {
    (0..days.len()).min_by(|&a, &b| days[a].total_cmp(&days[b]))
}

/// Enrols the next candidate into a place; the day on which the place opens again if the product
/// cannot be made and the subject is replaced.
fn enrol_one(
    enrolment: &Enrolment<'_>,
    section: &SingleArm,
    endpoint: &Endpoint,
    arm: usize,
    place_days: f64,
    progress: &mut Progress,
    space: &mut Space,
) -> Result<Option<f64>, BankExhausted> {
    let arrival = progress.arrivals;
    progress.arrivals += 1;
    let entry_days = progress.last_entry_days.max(place_days) + enrolment.waiting_days(arrival);
    progress.last_entry_days = entry_days;
    progress.enrolled += 1;
    let treated_days = entry_days + enrolment.vein_to_vein_days(arrival);
    let Some(administered) = enrolment.administered(arm, arrival) else {
        enrolment.not_made(arm, entry_days, space);
        progress.not_made += 1;
        return Ok(match section.manufacturing_failure {
            ManufacturingFailure::Replaced => Some(treated_days),
            ManufacturingFailure::Failure => {
                progress.counted.push(Counted {
                    known_days: treated_days,
                    yes: false,
                });
                None
            }
        });
    };
    progress.short += u32::from(administered != arm);
    let number = enrolment.treat(administered, arm, entry_days, treated_days, space)?;
    progress.treated.push(number);
    progress
        .counted
        .push(judged(enrolment.specification, endpoint, number, space));
    Ok(None)
}

/// The endpoint of a treated subject.
fn judged(
    specification: &Specification,
    endpoint: &Endpoint,
    number: usize,
    space: &Space,
) -> Counted {
    let (subject, course) = (&space.subjects[number], &space.courses[number]);
    let observed = Observed::of(specification, course, subject.until_days);
    Counted {
        known_days: subject.treated_days + known_after_days(specification, endpoint),
        yes: matches!(outcome(endpoint, &observed), Outcome::Binary { yes: true }),
    }
}

/// Known toxicity outcomes of treated subjects: the day, and whether it is an event.
fn toxicity_outcomes(rule: &ToxicityRule, treated: &[usize], space: &Space) -> Vec<(f64, bool)> {
    let mut known: Vec<(f64, bool)> = treated
        .iter()
        .map(|&number| {
            let subject = &space.subjects[number];
            match dose_limiting_days(&space.courses[number], &rule.event) {
                Some(day) => (subject.treated_days + day, true),
                None => (subject.treated_days + rule.event.window_days, false),
            }
        })
        .collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    known
}

/// The first day on which the toxicity rule stops the trial.
fn toxicity_days(rule: &ToxicityRule, treated: &[usize], space: &Space) -> Option<f64> {
    let (mut subjects, mut events) = (0u64, 0u64);
    for (day, event) in toxicity_outcomes(rule, treated, space) {
        subjects += 1;
        events += u64::from(event);
        let [a, b] = rule.prior;
        let above = incomplete_beta_upper(
            a + events as f64,
            b + (subjects - events) as f64,
            rule.threshold,
        );
        if subjects >= rule.minimum_subjects && above > rule.cutoff {
            return Some(day);
        }
    }
    None
}

/// Ends the trial on the day of the toxicity; whoever would have been enrolled later is not.
fn stop_for_toxicity(
    enrolment: &Enrolment<'_>,
    toxic: f64,
    progress: &Progress,
    space: &mut Space,
    decision: &mut Decision,
) {
    let rule = enrolment
        .specification
        .single_arm
        .as_ref()
        .and_then(|s| s.toxicity.as_ref());
    let known: Vec<(f64, bool)> = rule.map_or_else(Vec::new, |rule| {
        toxicity_outcomes(rule, &progress.treated, space)
    });
    decision.time_days = toxic;
    decision.verdict = Verdict::Toxicity;
    decision.subjects = known.iter().filter(|(day, _)| *day <= toxic).count() as u32;
    decision.events = known
        .iter()
        .filter(|(day, event)| *day <= toxic && *event)
        .count() as u32;
    let entered = |day: f64| day <= toxic + ROUNDING_DAYS;
    let of_this_part = |number: &&usize| entered(space.subjects[**number].entry_days);
    decision.short = progress
        .treated
        .iter()
        .filter(of_this_part)
        .filter(|&&number| space.subjects[number].is_short())
        .count() as u32;
    let treated = progress.treated.iter().filter(of_this_part).count() as u32;
    decision.not_made = space
        .not_made
        .iter()
        .rev()
        .take(progress.not_made as usize)
        .filter(|lost| entered(lost.entry_days))
        .count() as u32;
    decision.enrolled = treated + decision.not_made;
    space.keep_entered(toxic);
}
