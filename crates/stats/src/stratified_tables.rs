//! Responders of two arms in strata: Cochran-Mantel-Haenszel test, Mantel-Haenszel odds ratio and
//! risk difference, Breslow-Day test.
//!
//! Per stratum: a of n1 treated and c of n2 control respond, b = n1 - a, d = n2 - c, m = a + c,
//! N = n1 + n2.
//!
//! * Test: (|sum (a - n1 m / N)| - correction)^2 / sum n1 n2 m (N - m) / (N^2 (N - 1)), chi-square on
//!   one degree of freedom; the correction is 1/2, or none where the sum is below 1/2, as R's
//!   `mantelhaen.test`. Mantel and Haenszel 1959, doi:10.1093/jnci/22.4.719.
//! * Odds ratio: sum (a d / N) / sum (b c / N), with the variance of its logarithm of Robins, Breslow
//!   and Greenland 1986, doi:10.2307/2531052.
//! * Risk difference: strata weighted by n1 n2 / N, with the variance of Sato 1989,
//!   Biometrics 45:1323, sound for few large and for many small strata.
//! * Homogeneity of the odds ratio: Breslow and Day 1980 at the Mantel-Haenszel odds ratio, without
//!   Tarone's correction.
//!
//! A stratum with an empty arm adds nothing to anything; one in which nobody or everybody responds
//! adds nothing to the test and the odds ratio, but counts as no difference in the risk difference.

use crate::error::check_level;
use crate::normal::normal_critical;
use crate::two_by_two::{RiskDifference, TwoByTwo, check_counts};
use crate::{ChiSquareTest, Estimate, Interval, NotEstimable};

/// A common odds ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MantelHaenszelOddsRatio {
    /// Odds of response on treatment over those on control.
    pub odds_ratio: f64,
    /// Standard error of its logarithm.
    pub log_standard_error: f64,
    /// Wald interval made on the log scale.
    pub interval: Interval,
}

/// A common risk difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MantelHaenszelRiskDifference {
    /// Weighted mean of the strata's risk differences with its interval, cut to -1 to 1.
    pub difference: RiskDifference,
    /// Sato's standard error.
    pub standard_error: f64,
}

struct Stratum {
    a: f64,
    c: f64,
    n1: f64,
    n2: f64,
}

impl Stratum {
    fn total(&self) -> f64 {
        self.n1 + self.n2
    }

    fn responders(&self) -> f64 {
        self.a + self.c
    }

    /// Whether the outcome varies, so that the stratum says something on the odds ratio.
    fn is_informative(&self) -> bool {
        let m = self.responders();
        m > 0.0 && m < self.total()
    }
}

/// Strata with both arms.
fn strata(tables: &[TwoByTwo]) -> Estimate<Vec<Stratum>> {
    tables.iter().try_for_each(check_counts)?;
    let strata: Vec<Stratum> = tables
        .iter()
        .filter(|t| t.treated_total > 0 && t.control_total > 0)
        .map(|t| Stratum {
            a: t.treated_events as f64,
            c: t.control_events as f64,
            n1: t.treated_total as f64,
            n2: t.control_total as f64,
        })
        .collect();
    if strata.is_empty() {
        return Err(NotEstimable::EmptyArm);
    }
    Ok(strata)
}

fn informative_strata(tables: &[TwoByTwo]) -> Estimate<Vec<Stratum>> {
    let mut strata = strata(tables)?;
    strata.retain(Stratum::is_informative);
    if strata.is_empty() {
        return Err(NotEstimable::NoInformativeTable);
    }
    Ok(strata)
}

/// Cochran-Mantel-Haenszel test of no effect in any stratum.
pub fn cochran_mantel_haenszel(
    tables: &[TwoByTwo],
    continuity_correction: bool,
) -> Estimate<ChiSquareTest> {
    let (mut excess, mut variance) = (0.0, 0.0);
    for s in informative_strata(tables)? {
        let (n, m) = (s.total(), s.responders());
        excess += s.a - s.n1 * m / n;
        variance += s.n1 / n * (s.n2 / n) * m * ((n - m) / (n - 1.0));
    }
    let correction = if continuity_correction && excess.abs() >= 0.5 {
        0.5
    } else {
        0.0
    };
    let deviation = excess.abs() - correction;
    Ok(ChiSquareTest::new(deviation * deviation / variance, 1))
}

/// Mantel-Haenszel common odds ratio with the Robins-Breslow-Greenland interval.
pub fn mantel_haenszel_odds_ratio(
    tables: &[TwoByTwo],
    confidence_level: f64,
) -> Estimate<MantelHaenszelOddsRatio> {
    check_level(confidence_level)?;
    let (mut r, mut s, mut pr, mut ps_qr, mut qs) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for stratum in informative_strata(tables)? {
        let n = stratum.total();
        let (b, d) = (stratum.n1 - stratum.a, stratum.n2 - stratum.c);
        let (p_k, q_k) = ((stratum.a + d) / n, (b + stratum.c) / n);
        let (r_k, s_k) = (stratum.a * d / n, b * stratum.c / n);
        r += r_k;
        s += s_k;
        pr += p_k * r_k;
        ps_qr += p_k * s_k + q_k * r_k;
        qs += q_k * s_k;
    }
    if r == 0.0 || s == 0.0 {
        return Err(NotEstimable::OddsRatioAtBound {
            bound: if r == 0.0 { 0.0 } else { f64::INFINITY },
        });
    }
    let odds_ratio = r / s;
    let variance = pr / r / r / 2.0 + ps_qr / r / s / 2.0 + qs / s / s / 2.0;
    let log_standard_error = variance.sqrt();
    let half_width = normal_critical(confidence_level) * log_standard_error;
    Ok(MantelHaenszelOddsRatio {
        odds_ratio,
        log_standard_error,
        interval: Interval::around(libm::log(odds_ratio), half_width).exp(),
    })
}

/// Mantel-Haenszel common risk difference, treatment minus control, with Sato's interval.
pub fn mantel_haenszel_risk_difference(
    tables: &[TwoByTwo],
    confidence_level: f64,
) -> Estimate<MantelHaenszelRiskDifference> {
    check_level(confidence_level)?;
    let (mut weighted, mut weights, mut p, mut q) = (0.0, 0.0, 0.0, 0.0);
    for Stratum { a, c, n1, n2 } in strata(tables)? {
        let n = n1 + n2;
        let weight = n1 * (n2 / n);
        weighted += weight * (a / n1 - c / n2);
        weights += weight;
        let (f1, f2) = (n1 / n, n2 / n);
        p += f1 * f1 * c - f2 * f2 * a + f1 * f2 * (n2 - n1) / 2.0;
        q += (a / n * (n2 - c) + c / n * (n1 - a)) / 2.0;
    }
    let estimate = weighted / weights;
    let variance = (estimate * p + q) / (weights * weights);
    // Written so that rounding below zero counts as none. With nobody or everybody in an arm
    // responding, in all strata alike, nothing is left to measure the error by.
    if variance <= 1e-14 / weights {
        return Err(NotEstimable::NoVariation);
    }
    let standard_error = variance.sqrt();
    let half_width = normal_critical(confidence_level) * standard_error;
    Ok(MantelHaenszelRiskDifference {
        difference: RiskDifference {
            estimate,
            interval: Interval {
                lower: (estimate - half_width).max(-1.0),
                upper: (estimate + half_width).min(1.0),
            },
        },
        standard_error,
    })
}

/// Breslow-Day test of the same odds ratio in all strata; degrees of freedom are the informative
/// strata less one.
pub fn breslow_day(tables: &[TwoByTwo]) -> Estimate<ChiSquareTest> {
    let psi = mantel_haenszel_odds_ratio(tables, 0.95)?.odds_ratio;
    let strata = informative_strata(tables)?;
    if strata.len() < 2 {
        return Err(NotEstimable::TooFewStrata {
            strata: strata.len(),
            needed: 2,
        });
    }
    let statistic = strata
        .iter()
        .map(|s| {
            let (m, n1, n2) = (s.responders(), s.n1, s.n2);
            // Expected a: (1 - psi) a^2 + (n2 - m + psi (n1 + m)) a - psi n1 m = 0, in the form
            // of the root that does not cancel.
            let quadratic = 1.0 - psi;
            let linear = n2 - m + psi * (n1 + m);
            let constant = psi * n1 * m;
            let root = (linear * linear + 4.0 * quadratic * constant)
                .max(0.0)
                .sqrt();
            let expected = if linear >= 0.0 {
                2.0 * constant / (linear + root)
            } else {
                (root - linear) / (2.0 * quadratic)
            };
            let information = 1.0 / expected
                + 1.0 / (n1 - expected)
                + 1.0 / (m - expected)
                + 1.0 / (n2 - m + expected);
            (s.a - expected) * (s.a - expected) * information
        })
        .sum::<f64>();
    if !statistic.is_finite() {
        return Err(NotEstimable::OddsRatioAtBound { bound: psi });
    }
    Ok(ChiSquareTest::new(statistic, strata.len() - 1))
}
