//! TITE-CRM: the CRM that does not wait for the end of the DLT window.
//!
//! A patient without a DLT so far counts with weight w, the part of the window that is over
//! (linear weights): likelihood p^y (1 - w p)^(1 - y), with w = 1 after a DLT or the full window.
//! Everything else is the CRM. The overdose rule counts a pending patient as the part w of one
//! without DLT. Cheung and Chappell 2000, doi:10.1111/j.0006-341X.2000.01177.x.

use super::continual_reassessment::{CrmFit, CrmMethod, CrmSettings, choose, decide, fit};
use super::{DoseDecision, DoseSelection, DoseTally, check_range};
use crate::{Estimate, InputError};

/// The linear weight of a patient without a DLT after `follow_up_days` of a window of
/// `window_days`: the part that is over, at most 1.
///
/// # Errors
///
/// A follow-up that is not zero or more, a window that is not above zero and finite.
pub fn tite_weight(follow_up_days: f64, window_days: f64) -> Result<f64, InputError> {
    check_range(
        "follow_up_days",
        follow_up_days,
        0.0,
        f64::INFINITY,
        "zero or more",
    )?;
    check_range(
        "window_days",
        window_days,
        f64::MIN_POSITIVE,
        f64::MAX,
        "above zero",
    )?;
    Ok((follow_up_days / window_days).min(1.0))
}

/// Fits the CRM to complete and pending patients.
///
/// # Errors
///
/// As [`crm`](super::crm).
pub fn tite_crm(
    doses: &[DoseTally],
    settings: &CrmSettings,
    method: CrmMethod,
    confidence_level: f64,
) -> Estimate<CrmFit> {
    fit(doses, settings, method, confidence_level, true)
}

/// The next dose under TITE-CRM.
///
/// # Errors
///
/// As [`crm_next_dose`](super::crm_next_dose).
pub fn tite_crm_next_dose(
    doses: &[DoseTally],
    current: usize,
    settings: &CrmSettings,
) -> Result<DoseDecision, InputError> {
    decide(doses, current, settings, true)
}

/// The dose recommended at the end by TITE-CRM.
///
/// # Errors
///
/// As [`crm_select`](super::crm_select).
pub fn tite_crm_select(
    doses: &[DoseTally],
    settings: &CrmSettings,
) -> Result<DoseSelection, InputError> {
    choose(doses, settings, true)
}
