//! Operating characteristics of a dose-finding trial under stated truths.
//!
//! R replicates, each with its own key, give proportions and means with their Monte Carlo standard
//! error (Morris, White and Crowther 2019, doi:10.1002/sim.8086). What a replicate contributes depends on its
//! number alone, and the sums run in the order of the replicates, so the result is the same on any
//! number of threads.
//!
//! The correct dose: of the doses with a true DLT rate up to 1.4 times the target, the one with the
//! rate nearest to the target (the lower of two); if there is none, naming no dose is correct. With BOIN12 it is the
//! dose of largest true utility among those with DLT rate at most phi_T and response rate at least
//! phi_E. An overdose is a dose above the true MTD, which for BOIN12 is the highest dose up to phi_T.

use std::thread;

use neurocart_stats::dose_finding::DoseFindingDesign;
use neurocart_stats::monte_carlo::{MonteCarloEstimate, monte_carlo_mean, monte_carlo_proportion};
use neurocart_stats::quantile::{QuantileType, quantile};
use neurocart_stats::{Estimate, InputError};

use crate::dose_finding_trial::{
    DoseFindingTrial, SimulatedTrial, TrialEnd, TrialKey, simulate_dose_finding,
};
use crate::stated_truth::StatedTruth;

/// Replicates of one scenario.
pub const LARGEST_REPLICATES: u32 = 10_000_000;
/// A rate above this multiple of the target is too high to be the MTD: phi2 of BOIN.
const TOO_HIGH: f64 = 1.4;

/// What is expected of a trial under one truth.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatingCharacteristics {
    /// The correct dose, from 0; none if no dose should be named.
    pub correct_dose: Option<usize>,
    /// Proportion of trials that name each dose.
    pub selected: Vec<MonteCarloEstimate>,
    /// Proportion that name no dose.
    pub none_selected: MonteCarloEstimate,
    /// Proportion that name the correct dose, or none where that is correct.
    pub correct_selection: MonteCarloEstimate,
    /// Proportion that name a dose above the true MTD.
    pub overdose_selection: MonteCarloEstimate,
    /// Mean proportion of a trial's patients treated above the true MTD.
    pub overdose_allocation: MonteCarloEstimate,
    /// Mean number of patients treated at each dose.
    pub treated: Vec<MonteCarloEstimate>,
    /// Mean number of DLT at each dose.
    pub dlt: Vec<MonteCarloEstimate>,
    /// Mean number of patients treated.
    pub total_treated: MonteCarloEstimate,
    /// Mean number of patients enrolled.
    pub total_enrolled: MonteCarloEstimate,
    /// Mean duration in days.
    pub duration_days: MonteCarloEstimate,
    /// 5 %, 50 % and 95 % quantiles of the duration in days.
    pub duration_quantiles_days: [f64; 3],
    /// Proportion of trials by the reason of their end; reasons that never occurred are left out.
    pub ends: Vec<(TrialEnd, MonteCarloEstimate)>,
}

/// How often, with which numbers, on how many threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replication {
    /// Trials per scenario.
    pub replicates: u32,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Threads; changes the time taken and nothing else.
    pub threads: usize,
}

/// The operating characteristics of a trial under each of the truths, which share their draws.
///
/// `target` says which dose is correct, and is the target DLT rate of the design where it has one; BOIN12 has
/// its own limits.
///
/// # Errors
///
/// Settings or truths out of range; fewer than 2 replicates or more than 10 million.
pub fn operating_characteristics(
    trial: &DoseFindingTrial,
    truths: &[StatedTruth],
    target: f64,
    replication: &Replication,
) -> Estimate<Vec<OperatingCharacteristics>> {
    trial.check()?;
    if !(2..=LARGEST_REPLICATES).contains(&replication.replicates) {
        return Err(InputError::Range {
            name: "replicates",
            value: f64::from(replication.replicates),
            expected: "from 2 to 10 million",
        }
        .into());
    }
    truths
        .iter()
        .map(|truth| {
            truth.check(trial.doses)?;
            let replicates = replicate(trial, truth, replication)?;
            summarise(trial, truth, target, &replicates)
        })
        .collect()
}

/// What is kept of a replicate.
struct Replicate {
    selected: Option<usize>,
    treated: Vec<u64>,
    dlt: Vec<u64>,
    enrolled: u64,
    duration_days: f64,
    end: TrialEnd,
}

impl From<SimulatedTrial> for Replicate {
    fn from(trial: SimulatedTrial) -> Self {
        Replicate {
            selected: trial.selection.dose(),
            treated: trial.doses.iter().map(|dose| dose.treated).collect(),
            dlt: trial.doses.iter().map(|dose| dose.dlt).collect(),
            enrolled: trial.patients.len() as u64,
            duration_days: trial.duration_days,
            end: trial.end,
        }
    }
}

fn replicate(
    trial: &DoseFindingTrial,
    truth: &StatedTruth,
    replication: &Replication,
) -> Result<Vec<Replicate>, InputError> {
    let part = |from: u32, to: u32| -> Result<Vec<Replicate>, InputError> {
        (from..to)
            .map(|replicate| {
                let key = TrialKey {
                    seed: replication.seed,
                    scenario: 0,
                    replicate,
                };
                simulate_dose_finding(trial, key, |request| {
                    truth.outcome(key, request, trial.dlt_window_days)
                })
                .map(Replicate::from)
            })
            .collect()
    };
    let threads = replication.threads.clamp(1, 1024) as u32;
    if threads == 1 {
        return part(0, replication.replicates);
    }
    let each = replication.replicates.div_ceil(threads);
    thread::scope(|scope| {
        let part = &part;
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let from = (thread * each).min(replication.replicates);
                let to = from.saturating_add(each).min(replication.replicates);
                scope.spawn(move || part(from, to))
            })
            .collect();
        let mut all = Vec::with_capacity(replication.replicates as usize);
        for worker in workers {
            match worker.join() {
                Ok(replicates) => all.extend(replicates?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(all)
    })
}

fn summarise(
    trial: &DoseFindingTrial,
    truth: &StatedTruth,
    target: f64,
    replicates: &[Replicate],
) -> Estimate<OperatingCharacteristics> {
    let (correct_dose, first_overdose) = truth_about(trial, truth, target);
    let proportion = |which: &dyn Fn(&Replicate) -> bool| {
        let count = replicates.iter().filter(|&r| which(r)).count();
        monte_carlo_proportion(count as u64, replicates.len() as u64)
    };
    let mean = |value: &dyn Fn(&Replicate) -> f64| {
        let values: Vec<f64> = replicates.iter().map(value).collect();
        monte_carlo_mean(&values)
    };
    let total = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
    let durations: Vec<f64> = replicates.iter().map(|r| r.duration_days).collect();
    let duration_at = |p| quantile(&durations, p, QuantileType::Type7);
    let mut ends: Vec<TrialEnd> = replicates.iter().map(|r| r.end).collect();
    ends.sort_unstable();
    ends.dedup();
    Ok(OperatingCharacteristics {
        correct_dose,
        selected: (0..trial.doses)
            .map(|dose| proportion(&|r| r.selected == Some(dose)))
            .collect::<Estimate<_>>()?,
        none_selected: proportion(&|r| r.selected.is_none())?,
        correct_selection: proportion(&|r| r.selected == correct_dose)?,
        overdose_selection: proportion(&|r| r.selected.is_some_and(|d| d >= first_overdose))?,
        overdose_allocation: mean(&|r| {
            total(&r.treated[first_overdose..]) / total(&r.treated).max(1.0)
        })?,
        treated: (0..trial.doses)
            .map(|dose| mean(&|r| r.treated[dose] as f64))
            .collect::<Estimate<_>>()?,
        dlt: (0..trial.doses)
            .map(|dose| mean(&|r| r.dlt[dose] as f64))
            .collect::<Estimate<_>>()?,
        total_treated: mean(&|r| total(&r.treated))?,
        total_enrolled: mean(&|r| r.enrolled as f64)?,
        duration_days: mean(&|r| r.duration_days)?,
        duration_quantiles_days: [duration_at(0.05)?, duration_at(0.5)?, duration_at(0.95)?],
        ends: ends
            .into_iter()
            .map(|end| Ok((end, proportion(&|r| r.end == end)?)))
            .collect::<Estimate<_>>()?,
    })
}

/// The correct dose, and the lowest dose that is an overdose (the number of doses if none is).
fn truth_about(
    trial: &DoseFindingTrial,
    truth: &StatedTruth,
    target: f64,
) -> (Option<usize>, usize) {
    let rates = &truth.dlt_rates;
    if let DoseFindingDesign::Boin12(settings) = &trial.design {
        let tolerable = |dose: &usize| rates[*dose] <= settings.highest_dlt_rate;
        let response = |dose: usize| truth.response_rates.get(dose).copied().unwrap_or(0.0);
        let utility = |dose: usize| {
            settings.utility_neither * (1.0 - rates[dose])
                + (100.0 - settings.utility_neither) * response(dose)
        };
        let doses = (0..rates.len()).filter(tolerable);
        let effective = doses.filter(|&dose| response(dose) >= settings.lowest_response_rate);
        let best = effective.reduce(|best, dose| {
            if utility(dose) > utility(best) {
                dose
            } else {
                best
            }
        });
        let highest = (0..rates.len()).rfind(tolerable);
        return (best, highest.map_or(0, |dose| dose + 1));
    }
    let acceptable = (0..rates.len()).filter(|&dose| rates[dose] <= TOO_HIGH * target);
    let mtd = acceptable.reduce(|best, dose| {
        let distance = |dose: usize| (rates[dose] - target).abs();
        if distance(dose) < distance(best) {
            dose
        } else {
            best
        }
    });
    (mtd, mtd.map_or(0, |dose| dose + 1))
}
