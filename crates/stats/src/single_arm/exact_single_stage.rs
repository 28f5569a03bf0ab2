//! Exact single-stage design: the smallest number of subjects, and the larger numbers that fail.
//!
//! Promising if X > r. For each n the smallest r with P(X > r | p0) <= alpha has the most power, and
//! n is feasible if P(X > r | p1) >= 1 - beta. Power over n is a saw tooth, because r jumps: an n above
//! the smallest feasible one can fail, and a trial that recruits a few more can lose its power.
//! A'Hern 2001, doi:10.1002/sim.721.
//!
//! The list of failing n is complete. By Chernoff's bound with r = floor(n t),
//! P(X > r | p0) <= exp(-n K(t, p0)) and P(X <= r | p1) <= exp(-n K(t, p1)) for p0 < t < p1 with
//! K(t, p) = t ln(t/p) + (1-t) ln((1-t)/(1-p)); so every n >= max(-ln alpha / K(t, p0),
//! -ln beta / K(t, p1)) is feasible. t is where the two are equal.

use super::{check_requirement, check_trial_size};
use crate::distribution::{binomial_quantile, binomial_sf};
use crate::{Estimate, InputError};

/// Requirements that need more subjects than this are refused.
const LARGEST_SEARCH: f64 = 100_000.0;

/// A single-stage design with its exact error rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SingleStageDesign {
    /// Subjects.
    pub n: u64,
    /// Not promising with this many responders or fewer.
    pub r: u64,
    /// P(X > r) at p0.
    pub alpha: f64,
    /// P(X > r) at p1.
    pub power: f64,
}

/// The smallest design, and what the saw tooth does above it.
#[derive(Debug, Clone, PartialEq)]
pub struct SingleStageDesigns {
    /// The design with the fewest subjects.
    pub smallest: SingleStageDesign,
    /// Every larger n with which no r holds both error rates, with its best r; rising.
    pub larger_that_fail: Vec<SingleStageDesign>,
    /// From this n on, every n is feasible.
    pub always_from: u64,
}

/// The smallest exact design for p0 against p1 with one-sided `alpha` and power 1 - `beta`.
///
/// Errors: probabilities out of range, or a bound above 100 000 subjects.
pub fn single_stage_designs(
    p0: f64,
    p1: f64,
    alpha: f64,
    beta: f64,
) -> Estimate<SingleStageDesigns> {
    check_requirement(p0, p1, alpha, beta)?;
    let enough = sufficient_size(p0, p1, alpha, beta);
    if enough.is_nan() || enough > LARGEST_SEARCH {
        return Err(InputError::Unsupported {
            problem: "a single-stage design with these error rates may need more than 100 000 subjects",
            fix: "take p0 and p1 further apart, or allow larger error rates",
        }
        .into());
    }
    let mut smallest = None;
    let mut larger_that_fail = Vec::new();
    let mut r = 0;
    for n in 1..=enough as u64 {
        // The smallest r that holds alpha never falls as n rises.
        while r < n && binomial_sf(r, n, p0) > alpha {
            r += 1;
        }
        let design = single_stage(n, r, p0, p1);
        if design.power >= 1.0 - beta {
            smallest.get_or_insert(design);
        } else if smallest.is_some() {
            larger_that_fail.push(design);
        }
    }
    let smallest = match smallest {
        Some(design) => design,
        // By the bound, n = `enough` is feasible but for rounding; the one after it is then.
        None => {
            let n = enough as u64 + 1;
            single_stage(n, binomial_quantile(1.0 - alpha, n, p0), p0, p1)
        }
    };
    let always_from = larger_that_fail
        .last()
        .map_or(smallest.n, |last| last.n + 1);
    Ok(SingleStageDesigns {
        smallest,
        larger_that_fail,
        always_from,
    })
}

/// The design of `n` subjects with the most power that holds `alpha`, whether that is enough or not.
///
/// Errors: probabilities out of range, or more than 10 000 subjects.
pub fn single_stage_of_size(n: u64, p0: f64, p1: f64, alpha: f64) -> Estimate<SingleStageDesign> {
    check_requirement(p0, p1, alpha, f64::MIN_POSITIVE)?;
    check_trial_size("n", n)?;
    Ok(single_stage(
        n,
        binomial_quantile(1.0 - alpha, n, p0),
        p0,
        p1,
    ))
}

fn single_stage(n: u64, r: u64, p0: f64, p1: f64) -> SingleStageDesign {
    SingleStageDesign {
        n,
        r,
        alpha: binomial_sf(r, n, p0),
        power: binomial_sf(r, n, p1),
    }
}

/// The n from which Chernoff's bound holds both error rates, rounded up.
fn sufficient_size(p0: f64, p1: f64, alpha: f64, beta: f64) -> f64 {
    let divergence =
        |t: f64, p: f64| t * libm::log(t / p) + (1.0 - t) * libm::log((1.0 - t) / (1.0 - p));
    let for_alpha = |t: f64| -libm::log(alpha) / divergence(t, p0);
    let for_beta = |t: f64| -libm::log(beta) / divergence(t, p1);
    let (mut low, mut high) = (p0, p1);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if for_alpha(middle) > for_beta(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    let t = 0.5 * (low + high);
    for_alpha(t).max(for_beta(t)).ceil()
}
