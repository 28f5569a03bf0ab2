//! Elimination of doses that are too toxic.
//!
//! With y DLT in n patients and a Beta(1, 1) prior, a dose and all above it are eliminated when
//! Pr(p > t | y, n) = 1 - I_t(1 + y, 1 + n - y) > 0.95 and n >= 3. The rule stands beside every
//! model-assisted design and, here, beside the CRM as well.
//! Liu and Yuan 2015, doi:10.1111/rssc.12089.

use super::{DoseTally, check_range, check_target};
use crate::InputError;
use crate::beta::incomplete_beta_upper;
use crate::error::check_count;

/// When a dose is eliminated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverdoseRule {
    /// The posterior probability of a DLT rate above the target that eliminates.
    pub cutoff: f64,
    /// Patients a dose needs before it can be eliminated.
    pub minimum_treated: u64,
}

impl Default for OverdoseRule {
    fn default() -> Self {
        OverdoseRule {
            cutoff: 0.95,
            minimum_treated: 3,
        }
    }
}

impl OverdoseRule {
    pub(crate) fn check(&self) -> Result<(), InputError> {
        check_range("cutoff", self.cutoff, 0.5, 1.0, "from 0.5 to 1")
    }

    /// Whether `dlt` of `treated` eliminates the dose, for checked counts.
    pub(crate) fn eliminates(&self, treated: u64, dlt: u64, target: f64) -> bool {
        treated >= self.minimum_treated && above_target(treated, dlt, target) > self.cutoff
    }

    /// The lowest dose that is eliminated.
    pub(crate) fn eliminated_from(&self, doses: &[DoseTally], target: f64) -> Option<usize> {
        doses
            .iter()
            .position(|dose| self.eliminates(dose.treated, dose.dlt, target))
    }

    /// As [`OverdoseRule::eliminated_from`], where a patient inside the DLT window counts as the part
    /// of it that is over of a patient without a DLT.
    pub(crate) fn eliminated_from_with_pending(
        &self,
        doses: &[DoseTally],
        target: f64,
    ) -> Option<usize> {
        doses.iter().position(|dose| {
            let without = (dose.treated - dose.dlt) as f64;
            let pending: f64 = dose.pending_weights.iter().sum();
            let above =
                incomplete_beta_upper(1.0 + dose.dlt as f64, 1.0 + without + pending, target);
            dose.treated >= self.minimum_treated && above > self.cutoff
        })
    }

    /// The smallest number of DLT in `treated` patients that eliminates, if any does.
    pub(crate) fn boundary(&self, treated: u64, target: f64) -> Option<u64> {
        if !self.eliminates(treated, treated, target) {
            return None;
        }
        // The probability rises with the count: bisection between `low`, too few, and `high`.
        let (mut low, mut high) = (0, treated);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.eliminates(treated, middle, target) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(high)
    }
}

/// Pr(p > `target`) after `dlt` of `treated` with a Beta(1, 1) prior.
///
/// # Errors
///
/// More DLT than patients, more than 1e9 patients, a target outside 0.001 to 0.999.
pub fn overdose_probability(treated: u64, dlt: u64, target: f64) -> Result<f64, InputError> {
    check_target(target)?;
    check_count("dlt", dlt, treated)?;
    Ok(above_target(treated, dlt, target))
}

fn above_target(treated: u64, dlt: u64, target: f64) -> f64 {
    incomplete_beta_upper(1.0 + dlt as f64, 1.0 + (treated - dlt) as f64, target)
}
