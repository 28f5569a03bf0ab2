//! One effect with its sampling variance per study.
//!
//! Two arms of a 2 by 2 table, a of n1 treated and c of n2 control, b = n1 - a, d = n2 - c,
//! N = n1 + n2, m = a + c:
//!
//! * log risk ratio: ln(a n2 / (c n1)), variance 1/a - 1/n1 + 1/c - 1/n2;
//! * log odds ratio: ln(a d / (b c)), variance 1/a + 1/b + 1/c + 1/d;
//! * risk difference: p1 - p2, variance p1 (1 - p1) / n1 + p2 (1 - p2) / n2;
//! * Peto log odds ratio: (a - E) / V with E = m n1 / N, V = n1 n2 m (N - m) / (N^2 (N - 1)), variance
//!   1 / V: for rare events, balanced arms and small effects only (Yusuf 1985,
//!   doi:10.1016/S0033-0620(85)80003-7);
//! * arcsine difference: asin sqrt p1 - asin sqrt p2, variance 1/(4 n1) + 1/(4 n2) (Rücker 2009,
//!   doi:10.1002/sim.3511).
//!
//! One half is added to all four cells of a table with an empty cell, for the two ratios only and in
//! that table only; the risk difference, which needs a positive variance, takes it too. Peto and
//! arcsine never need it.
//!
//! Means: m1 - m2 with variance s1^2/n1 + s2^2/n2, and Hedges' g = J (m1 - m2) / s with the pooled
//! standard deviation, J = G(m/2) / (sqrt(m/2) G((m-1)/2)) exactly at m = n1 + n2 - 2, and variance
//! 1/n1 + 1/n2 + g^2 / (2 (n1 + n2)) (Hedges 1981, doi:10.3102/10769986006002107).

use crate::error::check_finite;
use crate::gamma::ln_gamma;
use crate::two_by_two::{TwoByTwo, check};
use crate::{Estimate, InputError, NotEstimable};

/// An effect with its sampling variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectSize {
    /// The effect, treatment against control; ratios as natural logarithms.
    pub effect: f64,
    /// Its sampling variance.
    pub variance: f64,
}

/// The scale on which two arms with a yes-or-no outcome are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryMeasure {
    /// Natural logarithm of the risk ratio.
    LogRiskRatio,
    /// Natural logarithm of the odds ratio.
    LogOddsRatio,
    /// Difference of the proportions.
    RiskDifference,
    /// Peto's one-step log odds ratio.
    PetoLogOddsRatio,
    /// Difference of the arcsines of the roots of the proportions.
    ArcsineDifference,
}

/// Mean, standard deviation and subjects of one arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArmMean {
    /// Subjects.
    pub subjects: u64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation between subjects.
    pub standard_deviation: f64,
}

/// The effect of one study with a yes-or-no outcome.
///
/// Errors: an empty arm; with Peto's measure nobody or everybody with the event, which leaves no
/// information ([`NotEstimable::NoInformativeTable`]).
pub fn binary_effect(table: &TwoByTwo, measure: BinaryMeasure) -> Estimate<EffectSize> {
    check(table)?;
    let (mut a, mut n1) = (table.treated_events as f64, table.treated_total as f64);
    let (mut c, mut n2) = (table.control_events as f64, table.control_total as f64);
    let corrected = matches!(
        measure,
        BinaryMeasure::LogRiskRatio | BinaryMeasure::LogOddsRatio | BinaryMeasure::RiskDifference
    );
    if corrected && (a == 0.0 || c == 0.0 || a == n1 || c == n2) {
        (a, c, n1, n2) = (a + 0.5, c + 0.5, n1 + 1.0, n2 + 1.0);
    }
    let (b, d) = (n1 - a, n2 - c);
    let (effect, variance) = match measure {
        BinaryMeasure::LogRiskRatio => (
            libm::log(a / n1) - libm::log(c / n2),
            b / (a * n1) + d / (c * n2),
        ),
        BinaryMeasure::LogOddsRatio => (
            libm::log(a / b) - libm::log(c / d),
            1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d,
        ),
        BinaryMeasure::RiskDifference => (
            a / n1 - c / n2,
            a * b / (n1 * n1 * n1) + c * d / (n2 * n2 * n2),
        ),
        BinaryMeasure::PetoLogOddsRatio => {
            let peto = peto_sums(table);
            if peto.variance == 0.0 {
                return Err(NotEstimable::NoInformativeTable);
            }
            (peto.excess / peto.variance, 1.0 / peto.variance)
        }
        BinaryMeasure::ArcsineDifference => (
            libm::asin((a / n1).sqrt()) - libm::asin((c / n2).sqrt()),
            0.25 / n1 + 0.25 / n2,
        ),
    };
    Ok(EffectSize { effect, variance })
}

/// Observed minus expected events on treatment and the hypergeometric variance.
pub(super) struct PetoSums {
    pub excess: f64,
    pub variance: f64,
}

pub(super) fn peto_sums(table: &TwoByTwo) -> PetoSums {
    let (a, n1) = (table.treated_events as f64, table.treated_total as f64);
    let (m, n2) = (a + table.control_events as f64, table.control_total as f64);
    let n = n1 + n2;
    PetoSums {
        excess: a - n1 / n * m,
        variance: n1 / n * (n2 / n) * m * ((n - m) / (n - 1.0).max(1.0)),
    }
}

fn check_arm(arm: &ArmMean, least_subjects: u64) -> Estimate<()> {
    check_finite("mean", &[arm.mean])?;
    check_finite("standard_deviation", &[arm.standard_deviation])?;
    // Squares of larger or smaller values leave the range of numbers.
    if arm.mean.abs() > 1e100 {
        return Err(InputError::Range {
            name: "mean",
            value: arm.mean,
            expected: "between -1e100 and 1e100",
        }
        .into());
    }
    if !(1e-100..=1e100).contains(&arm.standard_deviation) {
        return Err(InputError::Range {
            name: "standard_deviation",
            value: arm.standard_deviation,
            expected: "between 1e-100 and 1e100",
        }
        .into());
    }
    if arm.subjects < least_subjects {
        return Err(NotEstimable::TooFewSubjects {
            subjects: arm.subjects as usize,
            needed: least_subjects as usize,
        });
    }
    Ok(())
}

/// Difference of two means, treated minus control.
pub fn mean_difference(treated: &ArmMean, control: &ArmMean) -> Estimate<EffectSize> {
    check_arm(treated, 2)?;
    check_arm(control, 2)?;
    let squared_error =
        |arm: &ArmMean| arm.standard_deviation * arm.standard_deviation / arm.subjects as f64;
    Ok(EffectSize {
        effect: treated.mean - control.mean,
        variance: squared_error(treated) + squared_error(control),
    })
}

/// Hedges' g, treated minus control in pooled standard deviations.
pub fn hedges_g(treated: &ArmMean, control: &ArmMean) -> Estimate<EffectSize> {
    check_arm(treated, 2)?;
    check_arm(control, 2)?;
    let (n1, n2) = (treated.subjects as f64, control.subjects as f64);
    let m = n1 + n2 - 2.0;
    let squares = |arm: &ArmMean| {
        (arm.subjects as f64 - 1.0) * arm.standard_deviation * arm.standard_deviation
    };
    let pooled = ((squares(treated) + squares(control)) / m).sqrt();
    let effect = small_sample_factor(m) * (treated.mean - control.mean) / pooled;
    Ok(EffectSize {
        effect,
        variance: 1.0 / n1 + 1.0 / n2 + effect * effect / (2.0 * (n1 + n2)),
    })
}

/// J(m), which makes the standardised mean difference unbiased.
fn small_sample_factor(m: f64) -> f64 {
    // Differences of log-gammas lose digits as m grows; the next term of the series in 1/m is
    // below 1e-13 there.
    if m > 1000.0 {
        let r = 1.0 / m;
        return 1.0 - r * (0.75 + r * (7.0 / 32.0 - r * 9.0 / 128.0));
    }
    libm::exp(ln_gamma(0.5 * m) - ln_gamma(0.5 * (m - 1.0))) / (0.5 * m).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_sample_factor_is_smooth_where_its_form_changes() {
        let step = small_sample_factor(1000.5) - small_sample_factor(1000.0);
        assert!((step - 0.75 * 0.5 / 1000.25e3).abs() < 1e-9 * 0.75);
        let (below, above) = (
            small_sample_factor(1000.0),
            small_sample_factor(1000.0 + 1e-9),
        );
        assert!((below - above).abs() < 2e-12);
    }
}
