//! Poisson regression of counts on covariates, with an offset for exposure.
//!
//! Variance from the model; or robust (HC0: no small-sample factor), White 1982,
//! doi:10.2307/1912526, the sensitivity analysis to the negative binomial model; or quasi-Poisson,
//! the model's variance times Pearson's chi-square over its degrees of freedom.

use crate::error::check_level;
use crate::log_linear::Counts;
use crate::{Estimate, NotEstimable};

pub use crate::log_linear::{CountModel, ModelledRate, RateCoefficient};

/// Where the standard errors come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PoissonVariance {
    /// The Poisson model: too small if counts vary more.
    Model,
    /// Robust sandwich, HC0: the default.
    #[default]
    Robust,
    /// The model's times the Pearson dispersion.
    QuasiPoisson,
}

/// Fits counts = exposure * exp(intercept + covariates * coefficients).
pub fn poisson_regression(
    count: &[u64],
    exposure: &[f64],
    covariates: &[&[f64]],
    variance: PoissonVariance,
    confidence_level: f64,
) -> Estimate<CountModel> {
    check_level(confidence_level)?;
    let counts = Counts::new(count, exposure, covariates)?;
    let fit = counts.fit(counts.start(), f64::INFINITY)?;
    let covariance = match variance {
        PoissonVariance::Model => fit.covariance().to_vec(),
        PoissonVariance::Robust => counts.sandwich(&fit, f64::INFINITY),
        PoissonVariance::QuasiPoisson => {
            let df = counts.residual_degrees_of_freedom();
            if df == 0 {
                let subjects = count.len();
                return Err(NotEstimable::TooFewSubjects {
                    subjects,
                    needed: subjects + 1,
                });
            }
            let dispersion = counts.pearson(&fit.mu) / df as f64;
            fit.covariance().iter().map(|v| v * dispersion).collect()
        }
    };
    // A perfect fit leaves a zero standard error, which is no answer.
    let columns = covariates.len() + 1;
    if (0..columns).any(|j| covariance[j * columns + j] <= 0.0) {
        return Err(NotEstimable::NoVariation);
    }
    Ok(counts.model(&fit, &covariance, f64::INFINITY, confidence_level))
}
