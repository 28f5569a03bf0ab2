//! Estimates from a fitted model: least-squares means, differences and any contrast of them.
//!
//! The mean of an arm at a visit is taken at the overall mean of the baseline and the covariates
//! over all rows, and with equal weight on each stratum, as R's `emmeans` does. Differences between
//! arms do not depend on that.

use super::design_matrix::Design;
use super::kenward_roger::adjusted_covariance;
use super::optimiser::Optimum;
use super::satterthwaite::degrees_of_freedom;
use super::{DegreesOfFreedom, MixedEstimate, MmrmOptions};
use crate::cholesky::quadratic_form;
use crate::distribution::{t_critical, t_two_sided};
use crate::{Estimate, Interval, NotEstimable};

/// What is needed to estimate contrasts of the coefficients, in the units of the outcome.
pub(super) struct Coefficients<'a> {
    optimum: &'a Optimum,
    coefficients: Vec<f64>,
    covariance: Vec<f64>,
    confidence_level: f64,
}

impl<'a> Coefficients<'a> {
    pub(super) fn new(
        design: &Design,
        optimum: &'a Optimum,
        options: &MmrmOptions,
    ) -> Coefficients<'a> {
        let spread = design.spread;
        let mut covariance = match options.degrees_of_freedom {
            DegreesOfFreedom::Satterthwaite => optimum.fitted.phi.clone(),
            DegreesOfFreedom::KenwardRoger => adjusted_covariance(design, optimum, true),
            DegreesOfFreedom::KenwardRogerLinear => adjusted_covariance(design, optimum, false),
        };
        covariance.iter_mut().for_each(|x| *x *= spread * spread);
        Coefficients {
            optimum,
            coefficients: design
                .least_squares
                .iter()
                .zip(&optimum.fitted.beta)
                .map(|(ordinary, beta)| ordinary + spread * beta)
                .collect(),
            covariance,
            confidence_level: options.confidence_level,
        }
    }

    pub(super) fn contrast(&self, c: &[f64]) -> Estimate<MixedEstimate> {
        let estimate: f64 = c.iter().zip(&self.coefficients).map(|(c, b)| c * b).sum();
        let variance = quadratic_form(c, &self.covariance, c);
        // The Kenward-Roger change can exceed the variance in tiny trials.
        if variance.is_nan() || variance <= 0.0 {
            return Err(NotEstimable::NoPositiveVariance);
        }
        let standard_error = variance.sqrt();
        let degrees_of_freedom = degrees_of_freedom(self.optimum, c);
        let t = estimate / standard_error;
        if !(t.is_finite() && degrees_of_freedom.is_finite() && degrees_of_freedom > 0.0) {
            return Err(NotEstimable::NoPositiveVariance);
        }
        let critical = t_critical(self.confidence_level, degrees_of_freedom);
        Ok(MixedEstimate {
            estimate,
            standard_error,
            degrees_of_freedom,
            interval: Interval::around(estimate, critical * standard_error),
            t,
            p_value: t_two_sided(t, degrees_of_freedom),
        })
    }
}
