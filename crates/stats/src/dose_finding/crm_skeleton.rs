//! The skeleton of a CRM from an indifference interval.
//!
//! Dose k is recommended for the values of b between the two where its neighbours take over.
//! The skeleton in which at each such border p_k = t - d and p_(k+1) = t + d, and s_nu = t at the
//! prior MTD nu, is found from nu to both sides: on the scale of the model (ln p or logit p - c,
//! where doses are proportional to exp(-b)) the ratio of neighbours is that of t + d and t - d.
//! Lee and Cheung 2009, doi:10.1177/1740774509105076.

use super::crm_model::CrmModel;
use super::{check_number_of_doses, check_range, check_target};
use crate::InputError;

/// The prior DLT rates of `doses` doses for a target, a half-width d of the indifference interval
/// and a prior MTD (from 0).
///
/// # Errors
///
/// A target or interval outside 0 to 1, no dose or too many, a prior MTD beyond them, and a
/// skeleton that comes so close to 0 or 1 that doses cannot be told apart.
pub fn crm_skeleton(
    model: CrmModel,
    target: f64,
    half_width: f64,
    prior_mtd: usize,
    doses: usize,
) -> Result<Vec<f64>, InputError> {
    check_target(target)?;
    check_number_of_doses(doses)?;
    check_range(
        "half_width",
        half_width,
        1e-4,
        target.min(1.0 - target) - 1e-4,
        "above 0 and below both the target and 1 - target; 0.05 is usual",
    )?;
    check_range(
        "prior_mtd",
        prior_mtd as f64,
        0.0,
        (doses - 1) as f64,
        "the position of a dose, from 0",
    )?;
    model.check_skeleton(&[target - half_width, target + half_width])?;
    let at_target = model.scaled_dose(target);
    let ratio = model.scaled_dose(target + half_width) / model.scaled_dose(target - half_width);
    let skeleton: Vec<f64> = (0..doses)
        .map(|dose| {
            let steps = dose as i32 - prior_mtd as i32;
            model.rate(at_target * libm::pow(ratio, f64::from(steps)), 0.0)
        })
        .collect();
    model.check_skeleton(&skeleton)?;
    Ok(skeleton)
}
