//! Baseline cumulative hazard of a Cox model.
//!
//! H(t) = sum over event times <= t of the events' hazard, d / S0 under Breslow ties and
//! sum over k < d of 1 / (S0 - (k/d) D0) under Efron ties, S0 the sum of the risk scores over the
//! risk set and D0 over the events: each treatment of ties has its own estimate, as in R's
//! `basehaz`. Breslow 1974, doi:10.2307/2529620.

use super::maximum::maximise;
use super::prepared::prepare;
use super::risk_set::width;
use super::{CoxOptions, Ties};
use crate::error::{check_finite, check_length};
use crate::{Estimate, InputError};

/// The cumulative hazard from one observed time on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BaselineHazardStep {
    /// Label of the stratum; 0 without strata.
    pub stratum: usize,
    /// Observed time, in the unit of the input.
    pub time: f64,
    /// Cumulative hazard.
    pub cumulative_hazard: f64,
}

/// The cumulative hazard of a subject with covariates `at` (one value per covariate; all zero for
/// the baseline) under the fitted Cox model: one step per observed time, by stratum and time.
///
/// Refused for exact ties, and for values of `at` so far from the data that the hazard leaves the
/// range of numbers.
pub fn cox_baseline_hazard(
    time: &[f64],
    event: &[bool],
    covariates: &[&[f64]],
    at: &[f64],
    options: &CoxOptions,
) -> Estimate<Vec<BaselineHazardStep>> {
    if options.ties == Ties::Exact {
        return Err(InputError::Unsupported {
            problem: "the baseline hazard is not defined for exact ties",
            fix: "use Efron or Breslow ties",
        }
        .into());
    }
    if options.weights.is_some() {
        return Err(InputError::Unsupported {
            problem: "the baseline hazard does not take weights",
            fix: "leave `weights` out",
        }
        .into());
    }
    check_length("at", at.len(), covariates.len())?;
    check_finite("at", at)?;
    let prepared = prepare(time, event, covariates, options)?;
    let (subjects, p) = (&prepared.subjects, covariates.len());
    let maximum = maximise(subjects, options.ties, vec![0.0; p], None)?;

    // Risk scores are relative to the largest: the hazard is that of the subject with it.
    let largest = subjects
        .x
        .chunks_exact(p)
        .map(|x| x.iter().zip(&maximum.b).map(|(x, b)| x * b).sum())
        .fold(f64::NEG_INFINITY, f64::max);
    let own: f64 = (0..p)
        .map(|j| (at[j] - prepared.centre[j]) / prepared.scale[j] * maximum.b[j])
        .sum();
    let factor = libm::exp(own - largest);

    let mut increments = Vec::new();
    let zero = || vec![0.0; width(p)];
    subjects.walk(p, zero, &maximum.likelihood.risk, |run, all, dying| {
        let d = run.events;
        increments.push(match options.ties {
            Ties::Efron if d > 1 => (0..d)
                .map(|k| 1.0 / (all.s0() - k as f64 / d as f64 * dying.s0()))
                .sum(),
            _ => d as f64 / all.s0(),
        });
    });
    let mut increments = increments.into_iter().rev();
    let mut steps = Vec::with_capacity(subjects.runs.len());
    let strata = subjects
        .runs
        .chunk_by(|a, b| a.stratum_start == b.stratum_start);
    for stratum in strata.rev() {
        let mut sum = 0.0;
        for run in stratum.iter().rev() {
            if run.events > 0 {
                sum += increments.next().unwrap_or(0.0);
            }
            steps.push(BaselineHazardStep {
                stratum: options.strata.map_or(0, |s| s[prepared.order[run.start]]),
                time: run.time,
                cumulative_hazard: factor * sum,
            });
        }
    }
    if let Some(step) = steps.iter().find(|s| !s.cumulative_hazard.is_finite()) {
        return Err(InputError::Range {
            name: "at",
            value: step.cumulative_hazard,
            expected: "near the covariates of the subjects: the hazard there is beyond all numbers",
        }
        .into());
    }
    // The last stratum came first.
    steps.sort_by_key(|s| s.stratum);
    Ok(steps)
}
