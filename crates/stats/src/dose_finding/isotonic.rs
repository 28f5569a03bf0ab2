//! Isotonic regression by pooled adjacent violators, and the MTD chosen with it.
//!
//! The estimate (y + 0.05) / (n + 0.1) of each tried dose is made non-decreasing with weights one
//! over the variance p q / (n + 1.1) of Beta(y + 0.05, n - y + 0.05), and the dose nearest to the
//! target is the MTD. A tiny step with the dose (1e-10) breaks ties: below the target the higher
//! of equal doses wins, above it the lower. Eliminated doses take no part in the choice.
//! Barlow et al. 1972, Statistical Inference under Order Restrictions; the choice of an MTD as in
//! Liu and Yuan 2015, doi:10.1111/rssc.12089.

use super::{DoseSelection, DoseTally, NoDoseReason, check_doses};
use crate::InputError;
use crate::error::{check_finite, check_length};

/// Pseudo-events added to both outcomes of a dose, so that 0 of n has a variance.
const PRIOR_EVENTS: f64 = 0.05;
/// Added per position of the dose.
const TIE_STEP: f64 = 1e-10;

/// The non-decreasing sequence nearest to `values` in weighted least squares.
///
/// # Errors
///
/// Lengths that differ, values that are not finite, weights that are not finite and above zero.
pub fn pooled_adjacent_violators(values: &[f64], weights: &[f64]) -> Result<Vec<f64>, InputError> {
    check_length("weights", weights.len(), values.len())?;
    check_finite("values", values)?;
    check_finite("weights", weights)?;
    if let Some(index) = weights.iter().position(|&w| w <= 0.0) {
        return Err(InputError::Value {
            name: "weights",
            index,
            value: weights[index],
            expected: "above zero",
        });
    }
    Ok(pool(values, weights))
}

fn pool(values: &[f64], weights: &[f64]) -> Vec<f64> {
    // Blocks of equal fitted value: mean, weight, length. A mean is updated by its difference, so
    // that huge values cannot overflow in a weighted sum.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::with_capacity(values.len());
    for (&value, &weight) in values.iter().zip(weights) {
        let mut block = (value, weight, 1);
        while let Some(&(mean, w, length)) = blocks.last() {
            if mean <= block.0 {
                break;
            }
            let share = w / (w + block.1);
            let share = if share.is_nan() { 0.5 } else { share };
            block = (
                mean * share + block.0 * (1.0 - share),
                (w + block.1).min(f64::MAX),
                length + block.2,
            );
            blocks.pop();
        }
        blocks.push(block);
    }
    blocks
        .iter()
        .flat_map(|&(mean, _, length)| std::iter::repeat_n(mean, length))
        .collect()
}

/// Isotonic estimates of the DLT rate of each tried dose; none for a dose without patients.
///
/// # Errors
///
/// No dose or too many, more DLT than patients.
pub fn isotonic_estimates(doses: &[DoseTally]) -> Result<Vec<Option<f64>>, InputError> {
    check_doses(doses)?;
    Ok(estimates(doses))
}

fn estimates(doses: &[DoseTally]) -> Vec<Option<f64>> {
    let tried = || doses.iter().filter(|dose| dose.treated > 0);
    let values: Vec<f64> = tried().map(|dose| smoothed(dose).0).collect();
    let weights: Vec<f64> = tried().map(|dose| smoothed(dose).1).collect();
    let mut fitted = pool(&values, &weights).into_iter();
    doses
        .iter()
        .map(|dose| {
            if dose.treated > 0 {
                fitted.next()
            } else {
                None
            }
        })
        .collect()
}

/// Estimate and weight of one tried dose.
fn smoothed(dose: &DoseTally) -> (f64, f64) {
    let n = dose.treated as f64 + 2.0 * PRIOR_EVENTS;
    let p = (dose.dlt as f64 + PRIOR_EVENTS) / n;
    let q = ((dose.treated - dose.dlt) as f64 + PRIOR_EVENTS) / n;
    (p, (n + 1.0) / (p * q))
}

/// The tried dose below `eliminated_from` whose isotonic estimate is nearest to the target, for
/// checked doses.
pub(crate) fn nearest_to_target(
    doses: &[DoseTally],
    eliminated_from: Option<usize>,
    target: f64,
) -> DoseSelection {
    let admissible = &doses[..eliminated_from.unwrap_or(doses.len())];
    let distances = estimates(admissible)
        .into_iter()
        .enumerate()
        .filter_map(|(dose, estimate)| Some((dose, estimate?)))
        .enumerate()
        .map(|(rank, (dose, estimate))| {
            (
                dose,
                (estimate + (rank + 1) as f64 * TIE_STEP - target).abs(),
            )
        });
    match distances.reduce(|best, next| if next.1 < best.1 { next } else { best }) {
        Some((dose, _)) => DoseSelection::Dose(dose),
        None if eliminated_from == Some(0) => DoseSelection::NoDose(NoDoseReason::AllTooToxic),
        None => DoseSelection::NoDose(NoDoseReason::NobodyTreated),
    }
}
