//! When to stop a single-arm trial because too many subjects have the adverse event.
//!
//! Bayesian: stop if Pr(p > threshold | data) > cut-off, with a beta prior on p. Thall and Simon 1994,
//! doi:10.2307/2533377. The cut-off is not an error rate: take its exact operating characteristics
//! from [`super::sequential_binomial`].
//!
//! Frequentist: repeated one-sided binomial tests of the acceptable probability p_low, each at the
//! same nominal level a (Pocock's shape): stop at n_k if X > r_k, the smallest r_k with
//! P(X > r_k | p_low) <= a. As a rises the bounds fall one at a time, at the tail probabilities
//! themselves, so the probability of ever stopping at p_low is a step function of a, and no boundary
//! need meet the wanted error exactly. Given are the two neighbours on either side of it. Ivanova,
//! Qaqish and Schell 2005, Biometrics 61:540.

use super::sequential_binomial::{
    Look, SequentialCharacteristics, check_looks, sequential_characteristics,
};
use super::{check_probability, check_trial_size};
use crate::bayes::beta_mixture::Beta;
use crate::distribution::{binomial_quantile, binomial_sf, incomplete_beta_upper};
use crate::{Estimate, InputError};

/// The smallest number of events among `subjects` with Pr(p > `threshold` | data) above `cutoff`;
/// `None` if even all of them having it is not enough.
pub fn bayesian_stop_boundary(
    threshold: f64,
    prior: Beta,
    cutoff: f64,
    subjects: u64,
) -> Estimate<Option<u64>> {
    check_probability("threshold", threshold)?;
    check_probability("cutoff", cutoff)?;
    check_trial_size("subjects", subjects)?;
    prior.check()?;
    let stops = |events: u64| {
        let posterior = prior.after(events, subjects);
        incomplete_beta_upper(posterior.a, posterior.b, threshold) > cutoff
    };
    let (mut low, mut high) = (0, subjects + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if stops(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok((low <= subjects).then_some(low))
}

/// The Bayesian boundary at each of `looks`, ready for exact operating characteristics.
pub fn bayesian_monitoring(
    threshold: f64,
    prior: Beta,
    cutoff: f64,
    looks: &[u64],
) -> Estimate<Vec<Look>> {
    check_looks(looks)?;
    looks
        .iter()
        .map(|&subjects| {
            Ok(Look {
                subjects,
                stop_at_most: None,
                stop_at_least: bayesian_stop_boundary(threshold, prior, cutoff, subjects)?,
            })
        })
        .collect()
}

/// A boundary of repeated tests.
#[derive(Debug, Clone, PartialEq)]
pub struct RepeatedTestBoundary {
    /// Nominal one-sided level of each test.
    pub nominal_level: f64,
    /// Most events that are acceptable, by look: stop with more.
    pub most_acceptable: Vec<u64>,
    /// What it does at the acceptable event probability.
    pub at_low: SequentialCharacteristics,
    /// What it does at the unacceptable event probability.
    pub at_high: SequentialCharacteristics,
}

/// The two neighbouring boundaries around the wanted probability of stopping at `p_low`.
#[derive(Debug, Clone, PartialEq)]
pub struct ToxicityBoundaries {
    /// Stops at `p_low` with less than the wanted probability: the one that holds the error.
    pub conservative: RepeatedTestBoundary,
    /// Stops at `p_low` with the wanted probability or more; `None` if even stopping at the first
    /// event does not.
    pub liberal: Option<RepeatedTestBoundary>,
}

/// Boundaries of repeated tests at `looks` (subjects) that ever stop with probability `error` if the
/// event probability is the acceptable `p_low`; `p_high` is the one that should be caught.
///
/// Errors: probabilities out of range, or looks that do not rise.
pub fn toxicity_boundaries(
    p_low: f64,
    p_high: f64,
    looks: &[u64],
    error: f64,
) -> Estimate<ToxicityBoundaries> {
    check_probability("p_low", p_low)?;
    check_probability("p_high", p_high)?;
    if p_high <= p_low {
        return Err(InputError::Range {
            name: "p_high",
            value: p_high,
            expected: "above p_low, the acceptable event probability",
        }
        .into());
    }
    check_probability("error", error)?;
    check_looks(looks)?;
    let at = |nominal_level: f64| -> Estimate<RepeatedTestBoundary> {
        let most_acceptable: Vec<u64> = looks
            .iter()
            .map(|&n| most_acceptable(n, p_low, nominal_level))
            .collect();
        let bounds: Vec<Look> = looks
            .iter()
            .zip(&most_acceptable)
            .map(|(&subjects, &most)| Look {
                subjects,
                stop_at_most: None,
                stop_at_least: Some(most + 1),
            })
            .collect();
        Ok(RepeatedTestBoundary {
            nominal_level,
            at_low: sequential_characteristics(&bounds, p_low)?,
            at_high: sequential_characteristics(&bounds, p_high)?,
            most_acceptable,
        })
    };
    // The levels at which a bound moves. Stopping at all is at least as likely as at any one look, so
    // a level above `error` is too liberal, and stopping at level 0 never happens.
    let mut levels: Vec<f64> = vec![0.0];
    for &n in looks {
        let from = binomial_quantile(1.0 - error, n, p_low).saturating_sub(1);
        levels.extend(
            (from..n)
                .map(|r| binomial_sf(r, n, p_low))
                .take_while(|&tail| tail > 0.0),
        );
    }
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    let last = at(levels[levels.len() - 1])?;
    if last.at_low.ever_high() < error {
        return Ok(ToxicityBoundaries {
            conservative: last,
            liberal: None,
        });
    }
    let (mut below, mut above) = (0, levels.len() - 1);
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        if at(levels[middle])?.at_low.ever_high() < error {
            below = middle;
        } else {
            above = middle;
        }
    }
    Ok(ToxicityBoundaries {
        conservative: at(levels[below])?,
        liberal: Some(at(levels[above])?),
    })
}

/// The smallest r with P(X > r) <= `level`.
fn most_acceptable(n: u64, p: f64, level: f64) -> u64 {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if binomial_sf(middle, n, p) <= level {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}
