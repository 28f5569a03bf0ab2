//! The bank of solved patients from which every replicate of a trial draws its subjects.
//!
//! Candidates are numbered; a bank of n holds the first n plausible ones that can be solved under
//! every regimen. Candidates are worked on in chunks, each a pure function of the request and its
//! number, and taken in the order of their numbers, so neither the number of threads nor the
//! order in which they finish changes a bit.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use neurocart_engine::{Patient, SettingsError};
use neurocart_library::Problem;
use neurocart_numeric::{Key, Stream};

use crate::correlation::Correlations;
use crate::course::{self, Basis, Course, Plan};
use crate::error::Error;
use crate::layers::Layers;
use crate::population::{self, Implausible, Screening, VirtualPatient};
use crate::purpose::{self, SubjectKey};
use crate::scenario::Scenario;
use crate::workers::in_order;

/// What to solve.
#[derive(Clone, Copy, Debug)]
pub struct BankRequest<'a> {
    /// One scenario per regimen, all of one disease and with one output grid.
    pub scenarios: &'a [Scenario],
    /// For each regimen, whether patients are blinded.
    pub blinded: &'a [bool],
    /// The layers of the disease.
    pub layers: &'a Layers,
    /// Correlations between parameters.
    pub correlations: &'a Correlations,
    /// Root seed.
    pub seed: u64,
    /// Patients wanted.
    pub size: usize,
    /// Days of the visits that courses will have.
    pub visits_days: &'a [f64],
    /// End of the courses.
    pub follow_up_days: f64,
    /// Of how many patients, the first, whole trajectories are kept.
    pub keep_trajectories: usize,
    /// Worker threads, at least 1.
    pub threads: usize,
    /// Largest part of patients that may fail to be solved; 0.001 is usual.
    pub failures_allowed: f64,
}

/// A patient under every regimen.
#[derive(Clone, Debug, PartialEq)]
pub struct SolvedPatient {
    /// The patient.
    pub patient: VirtualPatient,
    /// What courses are drawn from, one per regimen.
    pub bases: Vec<Basis>,
    /// Trajectories `[time][output]`, one per regimen; empty where they are not kept.
    pub trajectories: Vec<Vec<f64>>,
}

/// A patient that could not be solved and is in no arm.
#[derive(Clone, Debug, PartialEq)]
pub struct BankFailure {
    /// Number of the candidate.
    pub number: u64,
    /// Regimen, from 0.
    pub regimen: usize,
    /// Where the solve stopped.
    pub time_days: f64,
    /// Why.
    pub reason: String,
}

/// Solved patients.
#[derive(Clone, Debug)]
pub struct Bank {
    /// What courses under each regimen share.
    pub plans: Vec<Plan>,
    /// The patients, in the order of their numbers.
    pub patients: Vec<SolvedPatient>,
    /// How many candidates were looked at until the bank was full.
    pub screening: Screening,
    /// Patients that could not be solved.
    pub failures: Vec<BankFailure>,
    /// Root seed.
    pub seed: u64,
}

/// One chunk of candidates.
struct Chunk {
    /// The solved ones, in the order of their numbers.
    patients: Vec<SolvedPatient>,
    /// What became of each candidate, in the order of their numbers.
    verdicts: Vec<Verdict>,
}

#[derive(Clone, Debug)]
enum Verdict {
    Solved,
    Rejected(Implausible),
    Failed(BankFailure),
}

impl Bank {
    /// Solves the bank. `progress` is told the number of patients so far.
    pub fn solve(
        request: &BankRequest,
        cancelled: &AtomicBool,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Bank, Error> {
        let mut patients = Vec::with_capacity(request.size);
        let (screening, failures) = stream(request, cancelled, &mut |mut patient| {
            if patients.len() >= request.keep_trajectories {
                patient.trajectories = Vec::new();
            }
            patients.push(patient);
            progress(patients.len());
        })?;
        Ok(Bank {
            plans: plans(request),
            patients,
            screening,
            failures,
            seed: request.seed,
        })
    }

    /// Draws a course of patient `patient` (from 0) under regimen `regimen` (from 0).
    #[inline]
    pub fn course(&self, patient: usize, regimen: usize, key: SubjectKey, course: &mut Course) {
        course::simulate(
            &self.plans[regimen],
            &self.patients[patient].bases[regimen],
            key,
            course,
        );
    }

    /// Draws the number of attacks in the year before treatment.
    pub fn attacks_previous_year(&self, patient: usize, key: SubjectKey) -> u32 {
        let key = Key {
            seed: key.seed,
            purpose: purpose::EARLIER_ATTACKS,
            scenario: 0,
            replicate: key.replicate,
            patient: key.subject,
        };
        Stream::new(key).poisson(self.patients[patient].patient.attacks_per_year()) as u32
    }
}

/// Solves patients one after the other and gives each to `sink`, in the order of their numbers;
/// nothing is kept, so any number of patients streams through in constant memory.
pub fn stream(
    request: &BankRequest,
    cancelled: &AtomicBool,
    sink: &mut dyn FnMut(SolvedPatient),
) -> Result<(Screening, Vec<BankFailure>), Error> {
    let plans = plans(request);
    let (mut screening, mut failures, mut solved) = (Screening::default(), Vec::new(), 0);
    if request.size == 0 {
        return Ok((screening, failures));
    }
    let candidates_allowed = request.size.saturating_mul(20).saturating_add(1000);
    in_order(
        request.threads,
        cancelled,
        &|number| solve_chunk(request, &plans, number),
        &mut |chunk: Chunk| {
            let mut ready = chunk.patients.into_iter();
            for verdict in chunk.verdicts {
                screening.candidates += 1;
                match verdict {
                    Verdict::Rejected(reason) => {
                        *screening.rejected.entry(reason).or_default() += 1
                    }
                    Verdict::Failed(failure) => failures.push(failure),
                    Verdict::Solved => {
                        if let Some(patient) = ready.next() {
                            solved += 1;
                            sink(patient);
                        }
                        if solved == request.size {
                            return ControlFlow::Break(());
                        }
                    }
                }
            }
            // Counting the failures against the whole wish would let a broken model run to its end.
            let too_many = failures.len() as f64 > request.failures_allowed * request.size as f64;
            let hopeless = screening.candidates >= candidates_allowed;
            if too_many || hopeless {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        },
    )?;
    if failures.len() as f64 > request.failures_allowed * request.size as f64 {
        let first = &failures[0];
        return Err(Error::TooManyFailures {
            failed: failures.len(),
            solved: solved + failures.len(),
            allowed_percent: 100.0 * request.failures_allowed,
            first: format!(
                "candidate {} at day {:.1}: {}",
                first.number, first.time_days, first.reason
            ),
        });
    }
    if cancelled.load(Ordering::Relaxed) && solved < request.size {
        return Err(Error::Cancelled);
    }
    if solved < request.size {
        let mut reasons: Vec<(&Implausible, &usize)> = screening.rejected.iter().collect();
        reasons.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        let reasons: Vec<String> = reasons
            .iter()
            .map(|(reason, n)| format!("{n} times: {reason}"))
            .collect();
        let message = format!(
            "only {solved} of {} candidates are plausible patients, {} were wanted\n  {}",
            screening.candidates,
            request.size,
            reasons.join("\n  ")
        );
        return Err(Problem::new("population", message)
            .hint("a dose or an overridden parameter lies far from what the model was made for")
            .into());
    }
    Ok((screening, failures))
}

fn plans(request: &BankRequest) -> Vec<Plan> {
    let plan = |(scenario, &blinded): (&Scenario, &bool)| {
        Plan::new(
            scenario,
            request.layers,
            blinded,
            request.visits_days,
            request.follow_up_days,
        )
    };
    request
        .scenarios
        .iter()
        .zip(request.blinded)
        .map(plan)
        .collect()
}

/// Candidates per chunk: enough to fill the lanes, few enough to share among threads.
fn chunk_size(request: &BankRequest) -> u64 {
    (request.size / 8).clamp(16, 128) as u64
}

/// Solves the candidates of one chunk under every regimen.
fn solve_chunk(
    request: &BankRequest,
    plans: &[Plan],
    number: usize,
) -> Result<Chunk, SettingsError> {
    let size = chunk_size(request);
    let numbers = number as u64 * size..(number as u64 + 1) * size;
    let mut verdicts: BTreeMap<u64, Verdict> = BTreeMap::new();
    let mut candidates: BTreeMap<u64, SolvedPatient> = BTreeMap::new();
    let values = |scenario: &Scenario, n: u64| {
        population::parameter_values(
            scenario,
            request.layers,
            request.correlations,
            request.seed,
            n,
        )
    };
    for n in numbers {
        // A candidate must be plausible under every regimen, or the arms would differ in who is in them.
        let mut found = None;
        for scenario in request.scenarios {
            match population::patient(
                scenario,
                request.layers,
                request.seed,
                n,
                &values(scenario, n),
            ) {
                Ok(patient) => found = found.or(Some(patient)),
                Err(reason) => {
                    verdicts.insert(n, Verdict::Rejected(reason));
                    break;
                }
            }
        }
        if let (Some(patient), None) = (found, verdicts.get(&n)) {
            candidates.insert(
                n,
                SolvedPatient {
                    patient,
                    bases: Vec::new(),
                    trajectories: Vec::new(),
                },
            );
        }
    }
    for (regimen, (scenario, plan)) in request.scenarios.iter().zip(plans).enumerate() {
        let alive: Vec<u64> = candidates
            .keys()
            .copied()
            .filter(|n| !verdicts.contains_key(n))
            .collect();
        let mut patients = alive.into_iter().map(|n| {
            let parameters = values(scenario, n);
            Patient {
                id: n,
                doses: scenario.doses(&parameters),
                parameters,
            }
        });
        neurocart_engine::solve(
            &scenario.program,
            &scenario.settings,
            &mut patients,
            &mut |result| match result {
                Err(failure) => {
                    let reason = failure.reason.to_string();
                    let failed = BankFailure {
                        number: failure.id,
                        regimen,
                        time_days: failure.time_days,
                        reason,
                    };
                    verdicts.insert(failure.id, Verdict::Failed(failed));
                }
                Ok(trajectory) => {
                    if let Some(reason) = implausible_peak(request, scenario, &trajectory.values) {
                        verdicts.insert(trajectory.id, Verdict::Rejected(reason));
                    } else if let Some(solved) = candidates.get_mut(&trajectory.id) {
                        solved.bases.push(Basis::new(
                            plan,
                            scenario,
                            &solved.patient,
                            &trajectory.values,
                        ));
                        solved.trajectories.push(trajectory.values);
                    }
                }
            },
        )?;
    }
    candidates.retain(|n, _| !verdicts.contains_key(n));
    for n in candidates.keys() {
        verdicts.insert(*n, Verdict::Solved);
    }
    Ok(Chunk {
        patients: candidates.into_values().collect(),
        verdicts: verdicts.into_values().collect(),
    })
}

/// Whether the peak of CAR T cells in blood lies outside the plausible range.
fn implausible_peak(
    request: &BankRequest,
    scenario: &Scenario,
    trajectory: &[f64],
) -> Option<Implausible> {
    if !scenario.therapy.is_car_t() {
        return None;
    }
    let at = scenario.output("CARb")?;
    let peak = trajectory
        .iter()
        .skip(at)
        .step_by(scenario.outputs())
        .copied()
        .fold(0.0, f64::max);
    match request.layers.plausible_peak {
        (low, _) if peak < low => Some(Implausible::PeakTooLow),
        (_, high) if peak > high => Some(Implausible::PeakTooHigh),
        _ => None,
    }
}
