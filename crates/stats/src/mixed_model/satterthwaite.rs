//! Satterthwaite degrees of freedom of one contrast.
//!
//! df = 2 v^2 / Var(v) with v = c' Phi c. By the delta method Var(v) = g' W g, W the covariance of
//! the parameters theta (inverse observed information) and g_h = c' Phi P_h Phi c the slope of v,
//! with P_h = X' H V_h H X. For one contrast the Kenward-Roger degrees of freedom are the same
//! expression: its scaled F reduces to 2 / A2 with A2 = g' W g / v^2.
//! Giesbrecht and Burns 1985, doi:10.2307/2530872; Fai and Cornelius 1996,
//! doi:10.1080/00949659608811740.

use super::likelihood::{dot, times_vector};
use super::optimiser::Optimum;

/// Degrees of freedom of the contrast `c` on the coefficients.
pub(super) fn degrees_of_freedom(optimum: &Optimum, c: &[f64]) -> f64 {
    let weighted = times_vector(&optimum.fitted.phi, c);
    let variance = dot(c, &weighted);
    let slope: Vec<f64> = optimum
        .derivatives
        .information_slopes
        .iter()
        .map(|p| dot(&weighted, &times_vector(p, &weighted)))
        .collect();
    let spread = dot(&slope, &times_vector(&optimum.parameter_covariance, &slope));
    2.0 * variance * variance / spread
}
