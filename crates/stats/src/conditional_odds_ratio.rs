//! Exact conditional inference for a common odds ratio of one or more 2 by 2 tables.
//!
//! With all margins fixed, the treated responders x_k of table k are noncentral hypergeometric with
//! weights C(n1, x) C(n2, m - x) psi^x; their sum S over the tables has the convolution of these as
//! its distribution. Estimate: the psi with E(S) = s observed (conditional maximum likelihood).
//! Interval: the psi at which P(S >= s), and P(S <= s), is half of one minus the level (Cornfield
//! 1956). Two-sided p of psi = 1: the total probability of sums no more likely than s, within 1e-7
//! relative. One table is Fisher's test, as R's `fisher.test`; several are R's
//! `mantelhaen.test(exact = TRUE)`. Mehta, Patel and Gray 1985, doi:10.1080/01621459.1985.10478212.
//!
//! All weights are kept as logarithms, so an odds ratio far out in a tail keeps its digits.

use crate::error::check_level;
use crate::two_by_two::{TwoByTwo, check_counts};
use crate::{Estimate, InputError, Interval, NotEstimable};

/// Exact conditional estimate, interval and tests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConditionalOddsRatio {
    /// Conditional maximum likelihood estimate; 0 or infinite where the sum is at its bound.
    pub odds_ratio: f64,
    /// Exact interval; the limit on the side of a bound is 0 or infinite.
    pub interval: Interval,
    /// Two-sided p value of an odds ratio of one.
    pub p_two_sided: f64,
    /// One-sided p value against an odds ratio above one.
    pub p_greater: f64,
    /// One-sided p value against an odds ratio below one.
    pub p_less: f64,
}

/// Most values that the sum of one table may take: some 60 evaluations of the distribution, which
/// at this size take a tenth of a second.
pub(crate) const LARGEST_SUPPORT: u64 = 100_000;
/// The same for several tables, whose convolution takes the square of it.
const LARGEST_CONVOLUTION: u64 = 5_000;

/// The common odds ratio of the tables; give one table for the odds ratio of Fisher's test. A table
/// with an empty margin adds nothing.
pub fn conditional_odds_ratio(
    tables: &[TwoByTwo],
    confidence_level: f64,
) -> Estimate<ConditionalOddsRatio> {
    check_level(confidence_level)?;
    let sum = ConditionalSum::new(tables)?;
    let tail = 0.5 * (1.0 - confidence_level);
    let last = sum.log_weight.len() - 1;
    let observed = sum.observed;
    let (odds_ratio, lower, upper);
    if observed == 0 {
        (odds_ratio, lower) = (0.0, 0.0);
    } else {
        lower = libm::exp(root(|log_psi| sum.at(log_psi).at_least - tail)?);
        odds_ratio = if observed == last {
            f64::INFINITY
        } else {
            libm::exp(root(|log_psi| sum.at(log_psi).mean - observed as f64)?)
        };
    }
    if observed == last {
        upper = f64::INFINITY;
    } else {
        upper = libm::exp(root(|log_psi| tail - sum.at(log_psi).at_most)?);
    }
    let equal_odds = sum.at(0.0);
    Ok(ConditionalOddsRatio {
        odds_ratio,
        interval: Interval { lower, upper },
        p_two_sided: sum.no_more_likely(),
        p_greater: equal_odds.at_least,
        p_less: equal_odds.at_most,
    })
}

/// The distribution of the treated responders in all tables, given the margins, at odds ratio one.
struct ConditionalSum {
    /// Log weights from the smallest sum up.
    log_weight: Vec<f64>,
    /// The observed sum less the smallest.
    observed: usize,
}

/// Mean and tails of the sum at one odds ratio, counted from the smallest sum.
struct Tilted {
    mean: f64,
    at_least: f64,
    at_most: f64,
}

impl ConditionalSum {
    fn new(tables: &[TwoByTwo]) -> Estimate<ConditionalSum> {
        let (mut support, mut informative) = (1u64, 0);
        for table in tables {
            check_counts(table)?;
            let (lowest, highest) = bounds(table);
            support = support.saturating_add(highest - lowest);
            informative += usize::from(highest > lowest);
        }
        if informative == 0 {
            return Err(NotEstimable::NoInformativeTable);
        }
        let limit = if informative == 1 {
            LARGEST_SUPPORT
        } else {
            LARGEST_CONVOLUTION
        };
        if support > limit {
            return Err(InputError::Range {
                name: "tables",
                value: support as f64,
                expected: "at most 100000 possible sums for one table and 5000 for several; \
                           beyond, use the Mantel-Haenszel odds ratio",
            }
            .into());
        }
        let mut log_weight = vec![0.0];
        let mut observed = 0;
        for table in tables {
            let (lowest, highest) = bounds(table);
            observed += (table.treated_events - lowest) as usize;
            if highest > lowest {
                log_weight = convolve(&log_weight, &log_weights(table));
            }
        }
        Ok(ConditionalSum {
            log_weight,
            observed,
        })
    }

    fn at(&self, log_psi: f64) -> Tilted {
        let tilted = |x: usize| self.log_weight[x] + log_psi * x as f64;
        let largest = (0..self.log_weight.len())
            .map(tilted)
            .fold(f64::NEG_INFINITY, f64::max);
        let (mut below, mut above, mut moment) = (0.0, 0.0, 0.0);
        for x in 0..self.log_weight.len() {
            let weight = libm::exp(tilted(x) - largest);
            moment += x as f64 * weight;
            if x < self.observed {
                below += weight;
            } else if x > self.observed {
                above += weight;
            }
        }
        let here = libm::exp(tilted(self.observed) - largest);
        let all = below + here + above;
        Tilted {
            mean: moment / all,
            at_least: (here + above) / all,
            at_most: (below + here) / all,
        }
    }

    fn no_more_likely(&self) -> f64 {
        let largest = self
            .log_weight
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let limit = self.log_weight[self.observed] + 1e-7;
        let (mut kept, mut all) = (0.0, 0.0);
        for &log_weight in &self.log_weight {
            let weight = libm::exp(log_weight - largest);
            all += weight;
            if log_weight <= limit {
                kept += weight;
            }
        }
        (kept / all).min(1.0)
    }
}

/// Least and most treated responders with these margins.
pub(crate) fn bounds(table: &TwoByTwo) -> (u64, u64) {
    let events = table.treated_events + table.control_events;
    (
        events.saturating_sub(table.control_total),
        events.min(table.treated_total),
    )
}

/// Log weights of one table at odds ratio one, up to a constant.
pub(crate) fn log_weights(table: &TwoByTwo) -> Vec<f64> {
    let (lowest, highest) = bounds(table);
    let events = (table.treated_events + table.control_events) as f64;
    let (n1, n2) = (table.treated_total as f64, table.control_total as f64);
    let mut log_weight = vec![0.0];
    let mut last = 0.0;
    for x in lowest..highest {
        let x = x as f64;
        last += libm::log((events - x) * (n1 - x) / ((x + 1.0) * (n2 - events + x + 1.0)));
        log_weight.push(last);
    }
    log_weight
}

/// Log weights of the sum of two independent counts.
fn convolve(a: &[f64], b: &[f64]) -> Vec<f64> {
    if a.len() == 1 {
        return b.iter().map(|b| a[0] + b).collect();
    }
    (0..a.len() + b.len() - 1)
        .map(|s| {
            let terms = s.saturating_sub(b.len() - 1)..=s.min(a.len() - 1);
            let term = |i: usize| a[i] + b[s - i];
            let largest = terms.clone().map(term).fold(f64::NEG_INFINITY, f64::max);
            largest + libm::log(terms.map(|i| libm::exp(term(i) - largest)).sum())
        })
        .collect()
}

/// The zero of a rising function of the log odds ratio, by bisection to the last digits.
fn root(rising: impl Fn(f64) -> f64) -> Estimate<f64> {
    let mut width = 1.0;
    while rising(-width) > 0.0 || rising(width) < 0.0 {
        width *= 2.0;
        // exp(700) is near the largest number there is.
        if width > 700.0 {
            return Err(NotEstimable::NoConvergence { iterations: 10 });
        }
    }
    let (mut low, mut high) = (-width, width);
    while high - low > 1e-15 * width {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if rising(middle) < 0.0 {
            low = middle
        } else {
            high = middle
        }
    }
    Ok(0.5 * (low + high))
}
