//! Responders in two arms: Fisher's exact test, Pearson's test and intervals for the risk difference.
//!
//! Fisher: with all margins fixed the treated responders are hypergeometric; two-sided p is the
//! total probability of tables no more likely than the observed one, within 1e-7 relative, as R's
//! `fisher.test`.
//! Newcombe (default): square-and-add of the two Wilson intervals, method 10 of Newcombe 1998,
//! doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.
//! Miettinen-Nurminen: differences not rejected by the score test with the variance at the
//! restricted maximum of the likelihood times N / (N - 1), doi:10.1002/sim.4780040211; the restricted
//! maximum by the closed cubic of Farrington and Manning 1990, doi:10.1002/sim.4780091208.
//! Mee: the same without N / (N - 1).
//! Pearson: the squared z of the difference with the pooled proportion, without correction.
//! The odds ratio that goes with Fisher's test is in [`crate::conditional_odds_ratio`].

use std::f64::consts::PI;

use crate::error::{check_count, check_level};
use crate::normal::normal_critical;
use crate::proportion::wilson;
use crate::{ChiSquareTest, Estimate, Interval, NotEstimable};

/// Responders and subjects of two arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoByTwo {
    /// Responders on treatment.
    pub treated_events: u64,
    /// Subjects on treatment.
    pub treated_total: u64,
    /// Responders on control.
    pub control_events: u64,
    /// Subjects on control.
    pub control_total: u64,
}

/// Fisher's exact test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FisherExact {
    /// Two-sided p value.
    pub p_two_sided: f64,
    /// One-sided p value against more responders on treatment.
    pub p_greater: f64,
    /// One-sided p value against fewer responders on treatment.
    pub p_less: f64,
}

/// How the interval for the risk difference is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RiskDifferenceMethod {
    /// Hybrid of two Wilson intervals: the default.
    #[default]
    Newcombe,
    /// Score interval of Miettinen and Nurminen.
    MiettinenNurminen,
    /// Score interval of Mee.
    Mee,
}

/// Risk difference, treatment minus control.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiskDifference {
    /// Responder proportion on treatment minus that on control.
    pub estimate: f64,
    /// Its interval.
    pub interval: Interval,
}

pub(crate) fn check_counts(table: &TwoByTwo) -> Estimate<()> {
    check_count("treated_events", table.treated_events, table.treated_total)?;
    check_count("control_events", table.control_events, table.control_total)?;
    Ok(())
}

/// Counts in range and nobody's arm empty.
pub(crate) fn check(table: &TwoByTwo) -> Estimate<()> {
    check_counts(table)?;
    if table.treated_total == 0 || table.control_total == 0 {
        return Err(NotEstimable::EmptyArm);
    }
    Ok(())
}

/// Fisher's exact test of equal responder probabilities.
pub fn fisher_exact(table: &TwoByTwo) -> Estimate<FisherExact> {
    check(table)?;
    let (n1, n2) = (table.treated_total as f64, table.control_total as f64);
    let observed = table.treated_events as f64;
    let events = observed + table.control_events as f64;
    let (lowest, highest) = ((events - n2).max(0.0), events.min(n1));
    // Probabilities relative to the mode, outwards until they vanish.
    let mode = ((events + 1.0) * (n1 + 1.0) / (n1 + n2 + 2.0))
        .floor()
        .clamp(lowest, highest);
    let up = |x: f64| (events - x) * (n1 - x) / ((x + 1.0) * (n2 - events + x + 1.0));
    let at_observed = {
        let (mut x, mut weight) = (mode, 1.0);
        while x < observed && weight > 0.0 {
            weight *= up(x);
            x += 1.0;
        }
        while x > observed && weight > 0.0 {
            x -= 1.0;
            weight /= up(x);
        }
        weight
    };
    let limit = at_observed * (1.0 + 1e-7);
    // Each tail is summed from its far end, and no p value as one minus another, so that small
    // ones keep their digits.
    let (mut all, mut no_more_likely, mut at_least, mut at_most) = (0.0, 0.0, 0.0, 0.0);
    let mut add = |x: f64, weight: f64| {
        all += weight;
        if weight <= limit {
            no_more_likely += weight;
        }
        if x >= observed {
            at_least += weight;
        }
        if x <= observed {
            at_most += weight;
        }
    };
    let (mut x, mut weight) = (mode, 1.0);
    while weight > 0.0 {
        add(x, weight);
        if x >= highest {
            break;
        }
        weight *= up(x);
        x += 1.0;
    }
    (x, weight) = (mode, 1.0);
    while x > lowest {
        x -= 1.0;
        weight /= up(x);
        if weight <= 0.0 {
            break;
        }
        add(x, weight);
    }
    Ok(FisherExact {
        p_two_sided: (no_more_likely / all).min(1.0),
        p_greater: (at_least / all).min(1.0),
        p_less: (at_most / all).min(1.0),
    })
}

/// Pearson's chi-square test of equal responder probabilities, without continuity correction.
pub fn pearson_chi_square(table: &TwoByTwo) -> Estimate<ChiSquareTest> {
    check(table)?;
    let events = table.treated_events + table.control_events;
    if events == 0 || events == table.treated_total + table.control_total {
        return Err(NotEstimable::NoVariation);
    }
    let z = pooled_z(table);
    Ok(ChiSquareTest::new(z * z, 1))
}

/// Difference over its standard error with the pooled proportion; zero where all outcomes agree.
pub(crate) fn pooled_z(table: &TwoByTwo) -> f64 {
    let (x1, n1) = (table.treated_events as f64, table.treated_total as f64);
    let (x2, n2) = (table.control_events as f64, table.control_total as f64);
    let pooled = (x1 + x2) / (n1 + n2);
    if pooled == 0.0 || pooled == 1.0 {
        return 0.0;
    }
    (x1 / n1 - x2 / n2) / (pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2)).sqrt()
}

/// Risk difference, treatment minus control, with its interval.
pub fn risk_difference(
    table: &TwoByTwo,
    method: RiskDifferenceMethod,
    confidence_level: f64,
) -> Estimate<RiskDifference> {
    check(table)?;
    check_level(confidence_level)?;
    let z = normal_critical(confidence_level);
    let (x1, n1) = (table.treated_events as f64, table.treated_total as f64);
    let (x2, n2) = (table.control_events as f64, table.control_total as f64);
    let (p1, p2) = (x1 / n1, x2 / n2);
    let estimate = p1 - p2;
    let interval = match method {
        RiskDifferenceMethod::Newcombe => {
            let (first, second) = (wilson(x1, n1, z), wilson(x2, n2, z));
            Interval {
                lower: estimate - libm::hypot(p1 - first.lower, second.upper - p2),
                upper: estimate + libm::hypot(first.upper - p1, p2 - second.lower),
            }
        }
        RiskDifferenceMethod::MiettinenNurminen => {
            let total = n1 + n2;
            score_interval([x1, x2], [n1, n2], z * z, total / (total - 1.0))
        }
        RiskDifferenceMethod::Mee => score_interval([x1, x2], [n1, n2], z * z, 1.0),
    };
    Ok(RiskDifference { estimate, interval })
}

/// Differences whose score statistic is at most `critical`; the statistic rises away from the
/// estimate on both sides.
fn score_interval(x: [f64; 2], n: [f64; 2], critical: f64, variance_factor: f64) -> Interval {
    let estimate = x[0] / n[0] - x[1] / n[1];
    let accepted = |difference: f64| {
        let variance = restricted_variance(x, n, difference) * variance_factor;
        let deviation = estimate - difference;
        deviation * deviation <= critical * variance
    };
    let limit = |end: f64| {
        if accepted(end * (1.0 - 1e-12)) {
            return end;
        }
        let (mut inside, mut outside) = (estimate, end);
        for _ in 0..200 {
            let middle = 0.5 * (inside + outside);
            if middle == inside || middle == outside {
                break;
            }
            if accepted(middle) {
                inside = middle
            } else {
                outside = middle
            }
        }
        inside
    };
    Interval {
        lower: limit(-1.0),
        upper: limit(1.0),
    }
}

/// Variance of the difference at the most likely proportions that differ by `difference`.
fn restricted_variance(x: [f64; 2], n: [f64; 2], difference: f64) -> f64 {
    // The cubic in the control proportion, divided by the total.
    let total = n[0] + n[1];
    let (f2, x1, x2) = (n[1] / total, x[0] / total, x[1] / total);
    let l2 = (1.0 + f2) * difference - 1.0 - x1 - x2;
    let l1 = (f2 * difference - 1.0 - 2.0 * x2) * difference + x1 + x2;
    let l0 = x2 * difference * (1.0 - difference);
    let third = l2 / 3.0;
    let q = third * third * third - l1 * l2 / 6.0 + 0.5 * l0;
    let root = (third * third - l1 / 3.0).max(0.0).sqrt();
    let p = if q < 0.0 { -root } else { root };
    let cosine = if p == 0.0 {
        0.0
    } else {
        (q / (p * p * p)).clamp(-1.0, 1.0)
    };
    let angle = (PI + libm::acos(cosine)) / 3.0;
    let control = (2.0 * p * libm::cos(angle) - third).clamp(0.0, 1.0);
    let treated = (control + difference).clamp(0.0, 1.0);
    treated * (1.0 - treated) / n[0] + control * (1.0 - control) / n[1]
}
