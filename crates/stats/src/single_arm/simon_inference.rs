//! Estimate, p value and interval after a two-stage trial, whose responder proportion is biased.
//!
//! A trial that stops after the first stage stopped because responders were few, so x / n is biased
//! towards zero there and, seen over all trials, everywhere. The uniformly minimum variance unbiased
//! estimate is the mean of X1 / n1 given all that was seen: x / n1 after stopping, else
//! E[X1 / n1 | X = x, X1 > r1], with X1 hypergeometric. Jung and Kim 2004, doi:10.1002/sim.1653.
//!
//! Outcomes are ordered by that estimate: first the early stops by x, then the completed trials by
//! x. The p value is the probability at p0 of an outcome at least as high, P(X >= x). Limits with
//! tail probability e = (1 - level) / 2, two ways:
//! * exact (default): P(X >= x | lower) = e and P(X <= x | upper) = e; covers with at least its level
//!   at every p. Jung and Kim 2004; Jung, Owzar, George and Lee 2006, doi:10.1080/10543400600825645;
//! * by the p value function: P(X >= x | lower) = e and P(X >= x | upper) = 1 - e, as Koyama and Chen
//!   2008, doi:10.1002/sim.3123, and R's `clinfun::twostage.inference`. Its upper limit does not count
//!   the outcome itself, so it is shorter and covers too seldom.
//!
//! All is conditional on the number of subjects there really were, which may differ from the plan in
//! the second stage as long as the difference did not depend on the outcomes.

use super::simon::rejection;
use super::{check_probability, check_trial_size};
use crate::distribution::{binomial_cdf, binomial_pmf, binomial_sf};
use crate::error::{check_count, check_level};
use crate::{Estimate, InputError, Interval, NotEstimable};

/// A two-stage trial as it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimonOutcome {
    /// The trial was to stop after the first stage with this many responders or fewer.
    pub r1: u64,
    /// Subjects of the first stage.
    pub n1: u64,
    /// Subjects there were in all: n1 if it stopped.
    pub subjects: u64,
    /// Responders among them.
    pub responders: u64,
}

/// How the interval is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SimonInterval {
    /// Covers with at least its level: the default.
    #[default]
    Exact,
    /// From the p value function, as `clinfun` has it; its upper limit is too low.
    PValueFunction,
}

/// What can be said after the trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimonInference {
    /// Responders over subjects: biased, for comparison.
    pub naive: f64,
    /// Uniformly minimum variance unbiased estimate of the response probability.
    pub umvue: f64,
    /// One-sided p value against p0.
    pub p_value: f64,
    /// Two-sided interval, equal tails.
    pub interval: Interval,
}

/// UMVUE, p value against `p0` and interval of `outcome`.
///
/// Errors: counts that no such trial can have, more than 10 000 subjects, or a second stage that has
/// begun by rule but has no subject.
pub fn simon_inference(
    outcome: &SimonOutcome,
    p0: f64,
    method: SimonInterval,
    confidence_level: f64,
) -> Estimate<SimonInference> {
    let SimonOutcome {
        r1,
        n1,
        subjects,
        responders,
    } = *outcome;
    check_trial_size("subjects", subjects)?;
    check_count("responders", responders, subjects)?;
    check_probability("p0", p0)?;
    check_level(confidence_level)?;
    if r1 >= n1 || n1 > subjects {
        return Err(InputError::Unsupported {
            problem: "the first stage needs r1 < n1, and n1 at most the number of subjects",
            fix: "give r1 and n1 of the first stage and the subjects of both",
        }
        .into());
    }
    let n2 = subjects - n1;
    if n2 == 0 && responders > r1 {
        return Err(NotEstimable::TooFewSubjects {
            subjects: subjects as usize,
            needed: subjects as usize + 1,
        });
    }
    if n2 > 0 && responders <= r1 {
        return Err(InputError::Unsupported {
            problem: "with r1 or fewer responders the trial stops after n1 subjects",
            fix: "give n1 as the number of subjects, or check r1",
        }
        .into());
    }
    let tail = 0.5 * (1.0 - confidence_level);
    // Nothing is lower than no responder, nothing higher than all of them.
    let lower = if responders == 0 {
        0.0
    } else {
        crossing(|p| outcome.at_least(p) >= tail)
    };
    let upper = match method {
        SimonInterval::Exact if responders == subjects => 1.0,
        SimonInterval::Exact => crossing(|p| outcome.at_most(p) < tail),
        // P(X >= 0) is 1 everywhere, so that the limit is 0.
        SimonInterval::PValueFunction => crossing(|p| outcome.at_least(p) >= 1.0 - tail),
    };
    Ok(SimonInference {
        naive: responders as f64 / subjects as f64,
        umvue: umvue(outcome),
        p_value: outcome.at_least(p0),
        interval: Interval { lower, upper },
    })
}

/// The smallest r with P(X1 > r1, X > r | p0) at most `alpha`, where the second stage ends with
/// `subjects` in all, as planned or not: promising with more than r responders.
///
/// `None` where even all subjects responding would not reject at `alpha`.
pub fn critical_value_at_actual_size(
    r1: u64,
    n1: u64,
    subjects: u64,
    p0: f64,
    alpha: f64,
) -> Estimate<Option<u64>> {
    check_trial_size("subjects", subjects)?;
    check_probability("p0", p0)?;
    check_probability("alpha", alpha)?;
    if r1 >= n1 || n1 >= subjects {
        return Err(InputError::Unsupported {
            problem: "the two stages need r1 < n1 and n1 below the number of subjects",
            fix: "give r1 and n1 of the first stage and the subjects of both",
        }
        .into());
    }
    let (mut low, mut high) = (r1, subjects);
    while low < high {
        let middle = low + (high - low) / 2;
        if rejection(r1, n1, middle, subjects - n1, p0) <= alpha {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok((low < subjects).then_some(low))
}

impl SimonOutcome {
    fn stopped(&self) -> bool {
        self.responders <= self.r1
    }

    /// Probability of this outcome or a higher one.
    fn at_least(&self, p: f64) -> f64 {
        let x = self.responders;
        if self.stopped() {
            return if x == 0 {
                1.0
            } else {
                binomial_sf(x - 1, self.n1, p)
            };
        }
        rejection(self.r1, self.n1, x - 1, self.subjects - self.n1, p)
    }

    /// Probability of this outcome or a lower one.
    fn at_most(&self, p: f64) -> f64 {
        let (x, n2) = (self.responders, self.subjects - self.n1);
        if self.stopped() {
            return binomial_cdf(x, self.n1, p);
        }
        let completed: f64 = (self.r1 + 1..=self.n1.min(x))
            .map(|first| binomial_pmf(first, self.n1, p) * binomial_cdf(x - first, n2, p))
            .sum();
        binomial_cdf(self.r1, self.n1, p) + completed
    }
}

fn umvue(outcome: &SimonOutcome) -> f64 {
    let SimonOutcome {
        r1,
        n1,
        subjects,
        responders,
    } = *outcome;
    if outcome.stopped() {
        return responders as f64 / n1 as f64;
    }
    let n2 = subjects - n1;
    // Given the total, X1 has the same distribution whatever p; this p keeps the terms large.
    let p = (responders as f64 + 0.5) / (subjects as f64 + 1.0);
    let (mut all, mut weighted) = (0.0, 0.0);
    for first in (r1 + 1).max(responders.saturating_sub(n2))..=n1.min(responders) {
        let weight = binomial_pmf(first, n1, p) * binomial_pmf(responders - first, n2, p);
        all += weight;
        weighted += weight * first as f64;
    }
    if all > 0.0 {
        weighted / (all * n1 as f64)
    } else {
        // So far above r1 is the rest of the trial's odds that only its lowest term is left.
        (r1 + 1).max(responders.saturating_sub(n2)) as f64 / n1 as f64
    }
}

/// The p from which on `reached` holds, by bisection down to neighbouring numbers.
fn crossing(reached: impl Fn(f64) -> bool) -> f64 {
    let (mut below, mut above) = (0.0, 1.0);
    for _ in 0..200 {
        let middle = 0.5 * (below + above);
        if middle == below || middle == above {
            break;
        }
        if reached(middle) {
            above = middle;
        } else {
            below = middle;
        }
    }
    // At an end the limit is the end itself.
    if below == 0.0 { 0.0 } else { above }
}
