//! Conditional and predictive power at an interim look.
//!
//! Given z at information fraction t, the path goes on as a Brownian motion from B = z sqrt(t) with
//! the drift theta assumed: the probability to end beyond z_b is
//! Phi[(z sqrt t + theta (1 - t) - z_b) / sqrt(1 - t)]. At the current trend theta = z / sqrt t. The
//! predictive power averages it over the posterior N(z / sqrt t, 1 / t) of theta under a flat
//! prior: Phi[(z - z_b sqrt t) / sqrt(1 - t)]. Lan and Wittes 1988, doi:10.2307/2531870;
//! Spiegelhalter, Freedman and Blackburn 1986, doi:10.1016/0197-2456(86)90003-6.
//!
//! These look at the final analysis alone. Where looks remain before it, [`conditional_stopping`]
//! gives the exact probabilities for each.

use super::boundary::{Look, Sides, check_information};
use super::integration::Continuing;
use super::operating::{Stopping, check_drift, check_looks, stopping_from};
use crate::normal::normal_cdf;
use crate::{Estimate, InputError};

/// Probability to end with z of at least `z_final` at information 1, given `z` now at the
/// fraction `information` and the drift assumed.
///
/// # Errors
/// `InputError` where the fraction is not inside (0, 1) or another number is not finite.
pub fn conditional_power(information: f64, z: f64, z_final: f64, drift: f64) -> Estimate<f64> {
    check(information, z, z_final)?;
    check_drift(drift)?;
    let left = 1.0 - information;
    Ok(normal_cdf(
        (z * information.sqrt() + drift * left - z_final) / left.sqrt(),
    ))
}

/// [`conditional_power`] at the drift estimated so far, z / sqrt(information).
pub fn conditional_power_at_trend(information: f64, z: f64, z_final: f64) -> Estimate<f64> {
    check(information, z, z_final)?;
    let left = 1.0 - information;
    let trend = z / information.sqrt();
    Ok(normal_cdf((trend - z_final) / left.sqrt()))
}

/// Predictive power with a flat prior on the drift.
pub fn predictive_power(information: f64, z: f64, z_final: f64) -> Estimate<f64> {
    check(information, z, z_final)?;
    let left = 1.0 - information;
    Ok(normal_cdf((z - z_final * information.sqrt()) / left.sqrt()))
}

/// Where a trial that is under way with `z` at `information` stops in the looks that remain.
///
/// # Errors
/// As [`super::stopping`]; `InputError` where a remaining look is not after now.
pub fn conditional_stopping(
    sides: Sides,
    remaining: &[Look],
    information: f64,
    z: f64,
    drift: f64,
) -> Estimate<Stopping> {
    check_looks(sides, remaining)?;
    check_drift(drift)?;
    check_z("z", z)?;
    check_information([information, remaining[0].information].into_iter())?;
    let start = Continuing::from_point(information, z * information.sqrt(), drift);
    Ok(stopping_from(start, sides, remaining))
}

fn check(information: f64, z: f64, z_final: f64) -> Result<(), InputError> {
    check_z("z", z)?;
    check_z("z_final", z_final)?;
    if information > 0.0 && information < 1.0 {
        return Ok(());
    }
    Err(InputError::Range {
        name: "information",
        value: information,
        expected: "between 0 and 1",
    })
}

/// A z statistic: far beyond any trial is refused, so that its products stay finite.
pub(super) fn check_z(name: &'static str, z: f64) -> Result<(), InputError> {
    if z.abs() <= 1e6 {
        return Ok(());
    }
    Err(InputError::Range {
        name,
        value: z,
        expected: "between -1e6 and 1e6",
    })
}
