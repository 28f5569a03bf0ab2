//! Predictive probability that a single-arm trial will succeed when it is complete.
//!
//! With x responders of n so far and a Beta(a, b) prior, the responders among the m = N - n still to
//! come are beta-binomial(m, a + x, b + n - x). The trial succeeds if Pr(p > p0 | all data) > cut-off, so
//! from some total on; the predictive probability is that of reaching this total. Lee and Liu 2008,
//! doi:10.1177/1740774508089279.
//!
//! It answers "would going on change the conclusion", which the posterior probability does not.

use super::sequential_binomial::{Look, check_looks};
use super::{check_probability, check_trial_size};
use crate::bayes::beta_mixture::{Beta, beta_binomial_pmf};
use crate::distribution::incomplete_beta_upper;
use crate::error::check_count;
use crate::{Estimate, InputError};

/// What counts as success at the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SuccessRule {
    /// Subjects of the complete trial.
    pub subjects: u64,
    /// Response probability to beat.
    pub p0: f64,
    /// Success if Pr(p > p0 | all data) is above this.
    pub cutoff: f64,
    /// Prior of the response probability.
    pub prior: Beta,
}

/// The chances of a trial that is still running.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PredictiveProbability {
    /// Pr(p > p0 | data so far).
    pub posterior: f64,
    /// Predictive probability of success at the end.
    pub predictive: f64,
    /// Fewest responders of all subjects that mean success; `None` if no outcome does.
    pub responders_to_win: Option<u64>,
}

impl SuccessRule {
    fn check(&self) -> Result<(), InputError> {
        check_trial_size("subjects", self.subjects)?;
        check_probability("p0", self.p0)?;
        check_probability("cutoff", self.cutoff)?;
        self.prior.check()
    }

    fn posterior(&self, responders: u64, subjects: u64) -> f64 {
        let posterior = self.prior.after(responders, subjects);
        incomplete_beta_upper(posterior.a, posterior.b, self.p0)
    }

    /// Fewest responders of all subjects with success.
    fn responders_to_win(&self) -> Option<u64> {
        let (mut low, mut high) = (0, self.subjects + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.posterior(middle, self.subjects) > self.cutoff {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        (low <= self.subjects).then_some(low)
    }

    fn predictive(&self, responders: u64, subjects: u64, to_win: Option<u64>) -> f64 {
        let Some(to_win) = to_win else { return 0.0 };
        let to_come = self.subjects - subjects;
        if to_win <= responders {
            return 1.0;
        }
        let now = self.prior.after(responders, subjects);
        let sum: f64 = (to_win - responders..=to_come)
            .map(|more| beta_binomial_pmf(more, to_come, now))
            .sum();
        sum.min(1.0)
    }
}

/// Posterior and predictive probability with `responders` of `subjects` observed so far.
pub fn predictive_probability(
    rule: &SuccessRule,
    responders: u64,
    subjects: u64,
) -> Estimate<PredictiveProbability> {
    rule.check()?;
    check_count("responders", responders, subjects)?;
    check_count("subjects", subjects, rule.subjects)?;
    let to_win = rule.responders_to_win();
    Ok(PredictiveProbability {
        posterior: rule.posterior(responders, subjects),
        predictive: rule.predictive(responders, subjects, to_win),
        // Of any total, also of one that can no longer be reached.
        responders_to_win: to_win,
    })
}

/// Bounds of a trial that stops for futility when the predictive probability falls below
/// `futility`, and for success when it rises above `success`; the last look is the final analysis.
/// Their exact operating characteristics are [`super::sequential_binomial`]'s.
///
/// `looks` are subjects, rising, before the complete trial. `futility` 0 never stops for futility,
/// `success` 1 never early for success.
pub fn predictive_monitoring(
    rule: &SuccessRule,
    looks: &[u64],
    futility: f64,
    success: f64,
) -> Estimate<Vec<Look>> {
    rule.check()?;
    let mut subjects = looks.to_vec();
    subjects.push(rule.subjects);
    check_looks(&subjects)?;
    for (name, value) in [("futility", futility), ("success", success)] {
        super::check_closed_probability(name, value)?;
    }
    if futility >= success {
        return Err(InputError::Range {
            name: "futility",
            value: futility,
            expected: "below the bound for success",
        }
        .into());
    }
    let to_win = rule.responders_to_win();
    let mut bounds: Vec<Look> = looks
        .iter()
        .map(|&n| {
            // The predictive probability rises with the responders.
            let first = |reached: &dyn Fn(f64) -> bool| {
                let (mut low, mut high) = (0, n + 1);
                while low < high {
                    let middle = low + (high - low) / 2;
                    if reached(rule.predictive(middle, n, to_win)) {
                        high = middle;
                    } else {
                        low = middle + 1;
                    }
                }
                low
            };
            let stop_at_least = first(&|predictive| predictive > success);
            Look {
                subjects: n,
                stop_at_most: first(&|predictive| predictive >= futility).checked_sub(1),
                stop_at_least: (stop_at_least <= n).then_some(stop_at_least),
            }
        })
        .collect();
    bounds.push(Look {
        subjects: rule.subjects,
        stop_at_most: to_win.unwrap_or(rule.subjects + 1).checked_sub(1),
        stop_at_least: to_win,
    });
    Ok(bounds)
}
