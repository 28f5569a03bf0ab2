//! Common effect of several two-arm studies without a continuity correction: Mantel-Haenszel and Peto.
//!
//! a of n1 treated, c of n2 control, N = n1 + n2.
//!
//! * Odds ratio and risk difference: [`crate::stratified_tables`].
//! * Risk ratio: sum (a n2 / N) / sum (c n1 / N), with the variance of its logarithm
//!   sum (n1 n2 m - a c N) / N^2 / (R S) (Greenland and Robins 1985, doi:10.2307/2530643).
//! * Peto: sum (a - E) / sum V with variance 1 / sum V: only for rare events, balanced arms and small
//!   effects; elsewhere biased (Greenland and Salvan 1990, doi:10.1002/sim.4780090307).
//!
//! Q compares each study's own effect with the pooled one by inverse variance; there, and only there,
//! one half is added to a table with an empty cell. A study in which nobody, or everybody, had the event
//! counts for the risk difference only. The log-likelihood is that of these effects, normal about the
//! pooled one.
//!
//! The random-effects models for sparse tables are in [`super::two_by_two_mixed`].

use super::check_studies;
use super::effect_size::{BinaryMeasure, EffectSize, binary_effect, peto_sums};
use crate::error::check_level;
use crate::normal::normal_critical;
use crate::stratified_tables::{mantel_haenszel_odds_ratio, mantel_haenszel_risk_difference};
use crate::two_by_two::{TwoByTwo, check};
use crate::{ChiSquareTest, Estimate, Interval, NotEstimable};

/// The scale of a Mantel-Haenszel effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MantelHaenszelMeasure {
    /// Natural logarithm of the odds ratio.
    LogOddsRatio,
    /// Natural logarithm of the risk ratio.
    LogRiskRatio,
    /// Difference of the proportions.
    RiskDifference,
}

/// A common effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CommonEffect {
    /// The effect, treatment against control; ratios as natural logarithms.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Normal interval on this scale.
    pub interval: Interval,
    /// Test that the studies have the same effect; none with fewer than two that say something.
    pub q: Option<ChiSquareTest>,
    /// Log-likelihood of the studies' effects about the pooled one.
    pub log_likelihood: f64,
}

/// Mantel-Haenszel common effect of at least one table.
pub fn mantel_haenszel(
    tables: &[TwoByTwo],
    measure: MantelHaenszelMeasure,
    confidence_level: f64,
) -> Estimate<CommonEffect> {
    check_level(confidence_level)?;
    check_studies(tables.len(), 1)?;
    tables.iter().try_for_each(check)?;
    let (estimate, standard_error, binary) = match measure {
        MantelHaenszelMeasure::LogOddsRatio => {
            let pooled = mantel_haenszel_odds_ratio(tables, confidence_level)?;
            (
                libm::log(pooled.odds_ratio),
                pooled.log_standard_error,
                BinaryMeasure::LogOddsRatio,
            )
        }
        MantelHaenszelMeasure::LogRiskRatio => {
            let (estimate, error) = log_risk_ratio(tables)?;
            (estimate, error, BinaryMeasure::LogRiskRatio)
        }
        MantelHaenszelMeasure::RiskDifference => {
            let pooled = mantel_haenszel_risk_difference(tables, confidence_level)?;
            (
                pooled.difference.estimate,
                pooled.standard_error,
                BinaryMeasure::RiskDifference,
            )
        }
    };
    let all = measure == MantelHaenszelMeasure::RiskDifference;
    let effects = tables
        .iter()
        .filter(|table| all || varies(table))
        .map(|table| binary_effect(table, binary))
        .collect::<Estimate<Vec<_>>>()?;
    Ok(common_effect(
        estimate,
        standard_error,
        &effects,
        confidence_level,
    ))
}

/// Whether somebody, but not everybody, had the event.
pub(super) fn varies(table: &TwoByTwo) -> bool {
    let events = table.treated_events + table.control_events;
    events > 0 && events < table.treated_total + table.control_total
}

fn log_risk_ratio(tables: &[TwoByTwo]) -> Estimate<(f64, f64)> {
    let (mut r, mut s, mut spread) = (0.0, 0.0, 0.0);
    for table in tables {
        let (a, n1) = (table.treated_events as f64, table.treated_total as f64);
        let (c, n2) = (table.control_events as f64, table.control_total as f64);
        let n = n1 + n2;
        r += a * n2 / n;
        s += c * n1 / n;
        spread += n1 / n * (n2 / n) * (a + c) - a / n * c;
    }
    if r == 0.0 && s == 0.0 {
        return Err(NotEstimable::NoEvents);
    }
    if r == 0.0 || s == 0.0 {
        return Err(NotEstimable::RiskRatioAtBound {
            bound: if r == 0.0 { 0.0 } else { f64::INFINITY },
        });
    }
    // Everybody had the event everywhere: nothing to measure the error by.
    if spread <= 1e-14 * (r + s) {
        return Err(NotEstimable::NoVariation);
    }
    Ok((libm::log(r / s), (spread / r / s).sqrt()))
}

/// Peto's common log odds ratio of at least one table.
pub fn peto(tables: &[TwoByTwo], confidence_level: f64) -> Estimate<CommonEffect> {
    check_level(confidence_level)?;
    check_studies(tables.len(), 1)?;
    tables.iter().try_for_each(check)?;
    let (mut excess, mut variance) = (0.0, 0.0);
    for table in tables {
        let sums = peto_sums(table);
        excess += sums.excess;
        variance += sums.variance;
    }
    if variance == 0.0 {
        return Err(NotEstimable::NoInformativeTable);
    }
    let effects = tables
        .iter()
        .filter(|table| varies(table))
        .map(|table| binary_effect(table, BinaryMeasure::PetoLogOddsRatio))
        .collect::<Estimate<Vec<_>>>()?;
    Ok(common_effect(
        excess / variance,
        1.0 / variance.sqrt(),
        &effects,
        confidence_level,
    ))
}

fn common_effect(
    estimate: f64,
    standard_error: f64,
    effects: &[EffectSize],
    confidence_level: f64,
) -> CommonEffect {
    let (mut q, mut log_likelihood) = (0.0, 0.0);
    for study in effects {
        let deviation = study.effect - estimate;
        let square = deviation * deviation / study.variance;
        q += square;
        log_likelihood -= 0.5 * (libm::log(2.0 * std::f64::consts::PI * study.variance) + square);
    }
    CommonEffect {
        estimate,
        standard_error,
        interval: Interval::around(estimate, normal_critical(confidence_level) * standard_error),
        q: (effects.len() >= 2).then(|| ChiSquareTest::new(q, effects.len() - 1)),
        log_likelihood,
    }
}
