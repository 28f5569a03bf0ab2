//! One simulated trial: from random draws to the results of its analyses.
//!
//! A replicate is a pure function of the specification, the bank of solved patients and its
//! number; everything it needs in memory is in a [`Space`] that the next one uses again.

use crate::adaptive::dose_finding::ConductError;
use crate::adaptive::group_sequential::Snapshot;
use crate::adaptive::{Decision, Rules, conduct, group_sequential};
use crate::analysis::{AnalysisResult, Observations, Sample, Workspace, analyse, observe, restart};
use crate::course::Course;
use crate::design::{ReplicateKey, Selection, allocate, dropout_days, entry_days};
use crate::endpoint::{Observed, Outcome, event_known_days, outcome, rescue_days};
use crate::purpose::SubjectKey;
use crate::specification::{Eligibility, EligibilityVariable, Specification};

/// What is simulated: the trial as written, or one of its nulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// Every arm receives its own therapy.
    AsDesigned,
    /// The null of this number in the trial file, from 0.
    Null(usize),
}

/// Name of [`Truth::AsDesigned`] in tables.
pub const AS_DESIGNED: &str = "as_designed";

impl Truth {
    /// Name in tables.
    pub fn name(self, specification: &Specification) -> &str {
        match self {
            Truth::AsDesigned => AS_DESIGNED,
            Truth::Null(number) => &specification.nulls[number].name,
        }
    }

    /// Everything that is simulated, in the order of the tables.
    pub fn all(specification: &Specification) -> impl Iterator<Item = Truth> {
        std::iter::once(Truth::AsDesigned).chain((0..specification.nulls.len()).map(Truth::Null))
    }

    /// The truth called `name`.
    pub fn named(specification: &Specification, name: &str) -> Option<Truth> {
        Truth::all(specification).find(|truth| truth.name(specification) == name)
    }

    /// The key of replicate `number`: the nulls have replicates of their own, and share their
    /// draws among each other, so that they are compared sharply.
    pub fn key(self, seed: u64, number: u32) -> ReplicateKey {
        let replicate = match self {
            Truth::AsDesigned => number,
            Truth::Null(_) => number | 1 << 31,
        };
        ReplicateKey { seed, replicate }
    }

    /// The inclusion limits that apply.
    pub fn eligibility(self, specification: &Specification) -> &[Eligibility] {
        match self {
            Truth::Null(number) if !specification.nulls[number].eligibility.is_empty() => {
                &specification.nulls[number].eligibility
            }
            _ => &specification.population.eligibility,
        }
    }
}

/// Which course is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CourseRequest {
    /// Patient of the bank, from 0.
    pub patient: usize,
    /// What is simulated: it decides the regimen, and the model's parameters.
    pub truth: Truth,
    /// Number of the arm, from 0.
    pub arm: usize,
    /// Address of the subject's draws.
    pub subject: SubjectKey,
}

/// The solved patients, as a replicate sees them.
#[derive(Clone, Copy)]
pub struct Patients<'a> {
    /// How many there are, each solved under every regimen.
    pub count: usize,
    /// Draws a course into a buffer; its visits are those of the specification, day 0 first.
    pub course: &'a (dyn Fn(CourseRequest, &mut Course) + Sync),
}

/// How a subject's observation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At the end of follow-up.
    Completed,
    /// Lost to follow-up.
    Lost,
    /// At the data cut of an event-driven trial.
    DataCut,
}

impl End {
    /// Name in tables.
    pub fn name(self) -> &'static str {
        match self {
            End::Completed => "completed",
            End::Lost => "lost_to_follow_up",
            End::DataCut => "data_cut",
        }
    }
}

/// A randomised subject.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subject {
    /// Number of the patient in the bank, from 0.
    pub patient: usize,
    /// Arm whose treatment was received, from 0.
    pub arm: usize,
    /// Arm that was assigned; a higher dose than the received one where the product held fewer cells.
    pub assigned: usize,
    /// Calendar day of entry, from the opening of the trial.
    pub entry_days: f64,
    /// Calendar day of the first treatment.
    pub treated_days: f64,
    /// End of observation, from the first treatment.
    pub until_days: f64,
    /// Why it ended.
    pub end: End,
    /// Start of rescue treatment, if it started.
    pub rescue_days: Option<f64>,
}

impl Subject {
    /// Whether the product held fewer cells than assigned.
    pub fn is_short(&self) -> bool {
        self.arm != self.assigned
    }
}

/// A subject whose product could not be made: enrolled, but not treated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NotMade {
    /// Arm that was assigned, from 0.
    pub arm: usize,
    /// Calendar day of entry.
    pub entry_days: f64,
}

/// One simulated trial and the buffers of the next.
#[derive(Clone, Debug, Default)]
pub struct Space {
    /// Candidates screened until the trial was full.
    pub screened: usize,
    /// Subjects in the order of randomisation.
    pub subjects: Vec<Subject>,
    /// Their courses, in the same order.
    pub courses: Vec<Course>,
    /// `outcomes[endpoint][subject]`.
    pub outcomes: Vec<Vec<Outcome>>,
    /// Results of the analyses.
    pub results: Vec<AnalysisResult>,
    /// Subjects without a product.
    pub not_made: Vec<NotMade>,
    /// What the design decided, in order.
    pub decisions: Vec<Decision>,
    /// The data of the look that ended a group sequential trial.
    pub(crate) stop: Option<Snapshot>,
    rules: Rules,
    selection: Selection,
    allocation: Vec<usize>,
    arms: Vec<usize>,
    /// What analyses read beyond the outcomes, by analysis.
    observations: Vec<Observations>,
    workspace: Workspace,
}

impl Space {
    /// Empties the space for a replicate and a bank of `bank` patients.
    pub(crate) fn restart(&mut self, key: ReplicateKey, bank: usize) {
        self.selection.restart(key, bank);
        self.subjects.clear();
        self.not_made.clear();
        self.decisions.clear();
        self.stop = None;
        self.screened = 0;
    }

    /// The next patient of the bank in random order.
    pub(crate) fn next_candidate(&mut self) -> Option<usize> {
        self.selection.next()
    }

    pub(crate) fn workspace(&mut self) -> &mut Workspace {
        &mut self.workspace
    }

    /// Removes whoever enters after a day, as if the trial had closed then.
    pub(crate) fn keep_entered(&mut self, day: f64) {
        let mut kept = 0;
        for index in 0..self.subjects.len() {
            if self.subjects[index].entry_days <= day {
                // Swapped, not dropped: the buffers serve the next replicate.
                self.subjects.swap(kept, index);
                self.courses.swap(kept, index);
                kept += 1;
            }
        }
        self.subjects.truncate(kept);
        self.not_made.retain(|lost| lost.entry_days <= day);
    }
}

/// Why a replicate cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotSimulate {
    /// The bank holds too few eligible patients.
    #[error(
        "only {eligible} of {patients} virtual patients are eligible in replicate {replicate}, fewer than its subjects"
    )]
    TooFewEligible {
        /// Eligible patients.
        eligible: usize,
        /// Patients of the bank.
        patients: usize,
        /// Number of the replicate.
        replicate: u32,
    },
    /// The design asks for the impossible; the check of the trial file says so first.
    #[error("the design cannot be worked out: {0}")]
    Design(String),
}

/// Whether a candidate with this course may enter under these inclusion limits.
pub fn is_eligible(limits: &[Eligibility], course: &Course) -> bool {
    let Some(baseline) = course.visits.first() else {
        return false;
    };
    limits.iter().all(|rule| {
        let value = match rule.variable {
            EligibilityVariable::Edss => baseline.edss,
            EligibilityVariable::MgAdl => baseline.mg_adl,
            EligibilityVariable::Qmg => baseline.qmg,
            EligibilityVariable::Mgc => baseline.mgc,
            EligibilityVariable::T25fw => baseline.t25fw_seconds,
            EligibilityVariable::Incat => baseline.incat,
            EligibilityVariable::AttacksPreviousYear => {
                Some(f64::from(course.attacks_previous_year))
            }
        };
        value.is_some_and(|value| {
            rule.min.is_none_or(|min| value >= min) && rule.max.is_none_or(|max| value <= max)
        })
    })
}

/// Simulates replicate `number` and analyses it; the result is in `space`.
pub fn simulate(
    specification: &Specification,
    patients: Patients<'_>,
    truth: Truth,
    number: u32,
    space: &mut Space,
) -> Result<(), CannotSimulate> {
    let key = truth.key(specification.simulation.seed, number);
    let mut rules = std::mem::take(&mut space.rules);
    let design = |error: &dyn std::fmt::Display| CannotSimulate::Design(error.to_string());
    rules.update(specification).map_err(|e| design(&e))?;
    let too_few = |eligible| CannotSimulate::TooFewEligible {
        eligible,
        patients: patients.count,
        replicate: number,
    };
    if specification.decides_while_enrolling() {
        match conduct(specification, patients, truth, key, &rules, space) {
            Err(ConductError::Exhausted(_)) => return Err(too_few(space.subjects.len())),
            Err(ConductError::Input(error)) => return Err(design(&error)),
            Ok(()) => {}
        }
    } else {
        enrol(specification, patients, truth, key, space).map_err(too_few)?;
        match &rules.looks {
            Some(plan) => group_sequential::conduct(specification, plan, space),
            None => cut(specification, space),
        }
    }
    space.rules = rules;
    for (subject, course) in space.subjects.iter_mut().zip(&space.courses) {
        let rule = specification.rescue.as_ref();
        subject.rescue_days = rule.and_then(|rule| rescue_days(course, rule, subject.until_days));
    }
    derive(specification, space);
    space.results.clear();
    space.arms.clear();
    space
        .arms
        .extend(space.subjects.iter().map(|subject| subject.arm));
    for (index, analysis) in specification.analyses.iter().enumerate() {
        let Some(endpoint) = specification.endpoint_index(&analysis.endpoint) else {
            continue;
        };
        let sample = match &space.stop {
            Some(stop) if stop.endpoint == endpoint => stop.sample(index),
            _ => Sample {
                outcomes: &space.outcomes[endpoint],
                arms: &space.arms,
                observations: &space.observations[index],
            },
        };
        let first = space.results.len();
        analyse(
            specification,
            index,
            &sample,
            &mut space.workspace,
            &mut space.results,
        );
        // The looks decide about the primary analysis, not its p value alone.
        if let (Some(stop), Some(result)) = (&space.stop, space.results.get_mut(first))
            && analysis.primary
        {
            *result = stop.result.clone();
        }
    }
    Ok(())
}

/// Screens candidates in random order until the trial is full, and simulates their courses.
fn enrol(
    specification: &Specification,
    patients: Patients<'_>,
    truth: Truth,
    key: ReplicateKey,
    space: &mut Space,
) -> Result<(), usize> {
    let size = specification.population.size;
    allocate(key, &specification.arms, size, &mut space.allocation);
    space.restart(key, patients.count);
    space.courses.resize_with(size, Course::default);
    let follow_up_days = specification.follow_up_days();
    while space.subjects.len() < size {
        let enrolled = space.subjects.len();
        let Some(patient) = space.selection.next() else {
            return Err(enrolled);
        };
        // A candidate's draws hang on the place in the queue, not on who is enrolled before.
        let candidate = space.screened as u64;
        space.screened += 1;
        let subject = SubjectKey {
            seed: key.seed,
            replicate: key.replicate,
            subject: candidate,
        };
        let arm = space.allocation[enrolled];
        let request = CourseRequest {
            patient,
            truth,
            arm,
            subject,
        };
        let course = &mut space.courses[enrolled];
        (patients.course)(request, course);
        if !is_eligible(truth.eligibility(specification), course) {
            continue;
        }
        let lost = dropout_days(key, candidate, &specification.arms[arm], specification);
        let entry_days = entry_days(key, candidate, specification);
        space.subjects.push(Subject {
            patient,
            arm,
            assigned: arm,
            entry_days,
            treated_days: entry_days,
            until_days: lost.min(follow_up_days),
            end: if lost < follow_up_days {
                End::Lost
            } else {
                End::Completed
            },
            rescue_days: None,
        });
    }
    Ok(())
}

/// Far above the rounding of a calendar day, far below anything that matters.
pub(crate) const ROUNDING_DAYS: f64 = 1e-6;

/// Ends the observation of an event-driven trial when it has its events, but not before the last
/// subject has entered.
fn cut(specification: &Specification, space: &mut Space) {
    let follow_up = &specification.follow_up;
    let (Some(wanted), Some(name)) = (follow_up.until_events, &follow_up.until_endpoint) else {
        return;
    };
    let Some(index) = specification.endpoint_index(name) else {
        return;
    };
    let endpoint = &specification.endpoints[index];
    let mut calendar: Vec<f64> = space
        .subjects
        .iter()
        .zip(&space.courses)
        .filter_map(|(subject, course)| {
            let until_days = subject.until_days;
            let observed = Observed::of(specification, course, until_days);
            event_known_days(endpoint, &observed).map(|time| subject.entry_days + time)
        })
        .collect();
    if calendar.len() < wanted {
        return;
    }
    calendar.sort_by(f64::total_cmp);
    let last_entry = space
        .subjects
        .iter()
        .map(|s| s.entry_days)
        .fold(0.0, f64::max);
    // Entry plus time minus entry is not always the time: the deciding event must stay inside.
    let day = calendar[wanted - 1].max(last_entry) + ROUNDING_DAYS;
    for subject in &mut space.subjects {
        if subject.entry_days + subject.until_days > day {
            subject.until_days = day - subject.entry_days;
            subject.end = End::DataCut;
        }
    }
}

fn derive(specification: &Specification, space: &mut Space) {
    space
        .outcomes
        .resize_with(specification.endpoints.len(), Vec::new);
    for outcomes in &mut space.outcomes {
        outcomes.clear();
    }
    restart(specification, &mut space.observations);
    for (subject, course) in space.subjects.iter().zip(&space.courses) {
        let observed = Observed {
            course,
            until_days: subject.until_days,
            rescue_days: subject.rescue_days,
        };
        for (endpoint, outcomes) in specification.endpoints.iter().zip(&mut space.outcomes) {
            outcomes.push(outcome(endpoint, &observed));
        }
        observe(specification, &observed, &mut space.observations);
    }
}
