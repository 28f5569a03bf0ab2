//! BOIN, the Bayesian optimal interval design.
//!
//! With the rates phi1 = 0.6 t, below which a dose is clearly too low, and phi2 = 1.4 t, above which it is
//! clearly too high, the boundaries that make a wrong decision least likely are
//!
//! lambda_e = ln[(1 - phi1) / (1 - t)] / ln[t (1 - phi1) / (phi1 (1 - t))]
//! lambda_d = ln[(1 - t) / (1 - phi2)] / ln[phi2 (1 - t) / (t (1 - phi2))]
//!
//! Escalate if y/n <= lambda_e, de-escalate if y/n >= lambda_d, else stay; in whole patients
//! y <= floor(n lambda_e) and y >= ceil(n lambda_d). An elimination boundary below the
//! de-escalation boundary replaces it. The extra-safe rule stops at the lowest dose when
//! Pr(p > t) > cut-off - offset. The MTD is the tried, not eliminated dose with the isotonic
//! estimate nearest to t (`isotonic.rs`). As the R package BOIN.
//! Liu and Yuan 2015, doi:10.1111/rssc.12089.

use super::isotonic::nearest_to_target;
use super::{
    DoseDecision, DoseSelection, DoseTally, OverdoseRule, StopReason, check_current, check_doses,
    check_range, check_target,
};
use crate::InputError;

/// Rows a boundary table may have.
const LARGEST_TABLE: u64 = 10_000;

/// Settings of BOIN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoinSettings {
    /// Target DLT rate t.
    pub target: f64,
    /// phi1, the highest rate that is clearly too low; 0.6 t by default.
    pub too_low: f64,
    /// phi2, the lowest rate that is clearly too high; 1.4 t by default.
    pub too_high: f64,
    /// Elimination of toxic doses.
    pub overdose: OverdoseRule,
    /// Offset of the extra-safe stopping rule at the lowest dose, 0.05 in the literature; none by
    /// default.
    pub extra_safe_offset: Option<f64>,
}

impl BoinSettings {
    /// The settings of the literature for a target.
    pub fn at_target(target: f64) -> Self {
        BoinSettings {
            target,
            too_low: 0.6 * target,
            too_high: 1.4 * target,
            overdose: OverdoseRule::default(),
            extra_safe_offset: None,
        }
    }

    /// The cut-off of the extra-safe rule as a rule of its own.
    fn extra_safe_rule(&self) -> Option<OverdoseRule> {
        self.extra_safe_offset.map(|offset| OverdoseRule {
            cutoff: self.overdose.cutoff - offset,
            ..self.overdose
        })
    }

    fn stops_as_extra_safe(&self, lowest: &DoseTally) -> bool {
        self.extra_safe_rule()
            .is_some_and(|rule| rule.eliminates(lowest.treated, lowest.dlt, self.target))
    }
}

/// The escalation and de-escalation boundaries as rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoinRates {
    /// lambda_e: escalate at or below.
    pub escalate: f64,
    /// lambda_d: de-escalate at or above.
    pub de_escalate: f64,
}

/// The decisions after one number of patients at a dose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoinBoundary {
    /// Patients treated at the dose.
    pub treated: u64,
    /// Escalate at this number of DLT or fewer.
    pub escalate_at_most: u64,
    /// De-escalate at this number of DLT or more.
    pub de_escalate_at_least: u64,
    /// Eliminate this dose and all above at this number of DLT or more; none if no number does.
    pub eliminate_at_least: Option<u64>,
}

/// lambda_e and lambda_d.
///
/// # Errors
///
/// Rates that are not in the order 0 < too low < target < too high < 1, or so near to each other
/// that no trial tells them apart (the target must be 1 % of itself away from both).
pub fn boin_rates(settings: &BoinSettings) -> Result<BoinRates, InputError> {
    check_target(settings.target)?;
    settings.overdose.check()?;
    let (t, low, high) = (settings.target, settings.too_low, settings.too_high);
    check_range(
        "too_low",
        low,
        1e-6,
        0.99 * t,
        "above 0 and below the target by 1 % of it or more; 0.6 of the target is usual",
    )?;
    check_range(
        "too_high",
        high,
        1.01 * t,
        0.9999,
        "below 1 and above the target by 1 % of it or more; 1.4 times the target is usual",
    )?;
    if let Some(offset) = settings.extra_safe_offset {
        check_range(
            "extra_safe_offset",
            offset,
            0.0,
            0.5_f64.min(settings.overdose.cutoff),
            "from 0 to 0.5; 0.05 is usual",
        )?;
    }
    let ln = libm::log;
    Ok(BoinRates {
        escalate: ln((1.0 - low) / (1.0 - t)) / ln(t * (1.0 - low) / (low * (1.0 - t))),
        de_escalate: ln((1.0 - t) / (1.0 - high)) / ln(high * (1.0 - t) / (t * (1.0 - high))),
    })
}

impl BoinRates {
    fn boundary(&self, treated: u64, settings: &BoinSettings) -> BoinBoundary {
        let eliminate = settings.overdose.boundary(treated, settings.target);
        let de_escalate = (treated as f64 * self.de_escalate).ceil() as u64;
        BoinBoundary {
            treated,
            escalate_at_most: (treated as f64 * self.escalate).floor() as u64,
            de_escalate_at_least: eliminate.map_or(de_escalate, |e| e.min(de_escalate)),
            eliminate_at_least: eliminate,
        }
    }
}

/// The boundaries for 1 to `largest_treated` patients at a dose.
///
/// # Errors
///
/// Settings as in [`boin_rates`]; more than 10,000 rows.
pub fn boin_boundaries(
    settings: &BoinSettings,
    largest_treated: u64,
) -> Result<Vec<BoinBoundary>, InputError> {
    let rates = boin_rates(settings)?;
    check_table(largest_treated)?;
    Ok((1..=largest_treated)
        .map(|treated| rates.boundary(treated, settings))
        .collect())
}

/// The number of DLT at the lowest dose that stops the trial under the extra-safe rule, for 1 to
/// `largest_treated` patients there; none where no number does. Without an offset in the settings
/// this is the elimination boundary.
///
/// # Errors
///
/// As [`boin_boundaries`].
pub fn boin_extra_safe_stop(
    settings: &BoinSettings,
    largest_treated: u64,
) -> Result<Vec<Option<u64>>, InputError> {
    boin_rates(settings)?;
    check_table(largest_treated)?;
    let rule = settings.extra_safe_rule().unwrap_or(settings.overdose);
    Ok((1..=largest_treated)
        .map(|treated| rule.boundary(treated, settings.target))
        .collect())
}

fn check_table(largest_treated: u64) -> Result<(), InputError> {
    check_range(
        "largest_treated",
        largest_treated as f64,
        0.0,
        LARGEST_TABLE as f64,
        "at most 10000",
    )
}

/// The next dose under BOIN.
///
/// # Errors
///
/// No dose or too many, `current` beyond them, more DLT than patients, settings out of range.
pub fn boin_next_dose(
    doses: &[DoseTally],
    current: usize,
    settings: &BoinSettings,
) -> Result<DoseDecision, InputError> {
    check_current(doses, current)?;
    let rates = boin_rates(settings)?;
    let eliminated_from = settings.overdose.eliminated_from(doses, settings.target);
    if current == 0 && settings.stops_as_extra_safe(&doses[0]) {
        return Ok(DoseDecision::stop(StopReason::LowestDoseTooToxic, Some(0)));
    }
    let (n, y) = (doses[current].treated, doses[current].dlt);
    let wanted = if n == 0 {
        current
    } else if y <= (n as f64 * rates.escalate).floor() as u64 {
        (current + 1).min(doses.len() - 1)
    } else if y >= (n as f64 * rates.de_escalate).ceil() as u64 {
        current.saturating_sub(1)
    } else {
        current
    };
    Ok(DoseDecision::towards(wanted, current, eliminated_from))
}

/// The MTD under BOIN.
///
/// # Errors
///
/// No dose or too many, more DLT than patients, settings out of range.
pub fn boin_select(
    doses: &[DoseTally],
    settings: &BoinSettings,
) -> Result<DoseSelection, InputError> {
    check_doses(doses)?;
    boin_rates(settings)?;
    let eliminated_from = if settings.stops_as_extra_safe(&doses[0]) {
        Some(0)
    } else {
        settings.overdose.eliminated_from(doses, settings.target)
    };
    Ok(nearest_to_target(doses, eliminated_from, settings.target))
}
