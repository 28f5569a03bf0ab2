//! The numbers of one figure: its counts, and its standard error on the scale of pooling.

use neurocart_stats::distribution::normal_critical;

use super::Measure;
use crate::study::{IntervalKind, Outcome, Statistic};

/// Patients with the event, of patients, and whether the count is implied by the percentage.
pub(crate) fn counts(outcome: &Outcome) -> Option<(u64, u64, bool)> {
    let total = outcome.total.filter(|n| *n > 0)?;
    if let Some(events) = outcome.events {
        return Some((events, total, false));
    }
    let percent = outcome.value?;
    let events = (percent * total as f64 / 100.0).round();
    // The printed percentage is rounded to a whole one, or to the decimals it has.
    let off = (100.0 * events / total as f64 - percent).abs();
    let rounding = if percent.fract() == 0.0 { 0.5 } else { 0.05 };
    let fits = off <= rounding + 1e-9 && (0.0..=total as f64).contains(&events);
    fits.then_some((events as u64, total, true))
}

/// The standard error on the scale of pooling: as printed, from the deviation, or from a confidence
/// interval taken as normal.
pub(super) fn standard_error(
    outcome: &Outcome,
    total: Option<u64>,
    measure: Measure,
) -> Option<f64> {
    if let Some(error) = outcome
        .standard_error
        .filter(|e| *e > 0.0 && measure != Measure::Ratio)
    {
        return Some(error);
    }
    if let (Some(deviation), Some(total)) = (
        outcome.standard_deviation.filter(|d| *d > 0.0),
        total.filter(|n| *n > 0),
    ) && measure == Measure::Mean
    {
        return Some(deviation / (total as f64).sqrt());
    }
    let level = match outcome.interval? {
        IntervalKind::CI90 => 0.90,
        IntervalKind::CI95 => 0.95,
        IntervalKind::CI97_5 => 0.975,
        IntervalKind::CrI95 | IntervalKind::IQR | IntervalKind::Range => return None,
    };
    let (lower, upper) = (outcome.lower?, outcome.upper?);
    let width = match measure {
        Measure::Ratio if lower > 0.0 => libm::log(upper) - libm::log(lower),
        Measure::Ratio => return None,
        _ => upper - lower,
    };
    Some(width / (2.0 * normal_critical(level))).filter(|e| *e > 0.0)
}

pub(super) fn is_ratio(statistic: Statistic) -> bool {
    matches!(
        statistic,
        Statistic::HazardRatio | Statistic::OddsRatio | Statistic::RateRatio
    )
}
