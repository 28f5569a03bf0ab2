//! Logistic regression by maximum likelihood (iteratively reweighted least squares).
//!
//! McCullagh and Nelder 1989, chapter 4. Standard errors from the information, which for this link
//! is both the expected and the observed one.
//!
//! Where a combination of the covariates separates the outcomes, wholly or but for ties, the
//! likelihood rises for ever and there is no estimate (Albert and Anderson 1984,
//! doi:10.1093/biomet/71.1.1): the steps then stay of constant length while the gain they promise
//! vanishes. Programs that iterate on return huge numbers; here it is [`NotEstimable::Separation`],
//! and [`crate::firth`] has a finite answer.

use crate::binary_regression::Binary;
use crate::{Estimate, NotEstimable};

pub use crate::binary_regression::{LogisticModel, OddsCoefficient};

/// Fits logit P(event) = intercept + covariates * coefficients.
pub fn logistic(
    event: &[bool],
    covariates: &[&[f64]],
    confidence_level: f64,
) -> Estimate<LogisticModel> {
    let data = Binary::new(event, covariates, confidence_level)?;
    if !event.contains(&true) {
        return Err(NotEstimable::NoEvents);
    }
    if !event.contains(&false) {
        return Err(NotEstimable::NoVariation);
    }
    let mut b = data.start();
    let mut now = data.expand(&b);
    let mut last_promise = f64::INFINITY;
    for iteration in 0..200 {
        let factor = data.factor(&now, iteration == 0)?;
        let mut step = now.score.clone();
        factor.solve(&mut step);
        // Twice the gain in likelihood that the step promises.
        let promise: f64 = step.iter().zip(&now.score).map(|(s, g)| s * g).sum();
        // The step is below 1e-10 standard errors, or rounding keeps it from shrinking.
        if promise < 1e-20 || promise < 1e-13 && promise > 0.25 * last_promise {
            return Ok(data.model(&b, now, &factor.inverse(), confidence_level));
        }
        if promise < 1e-9 && data.spread_of_log_odds(&step) > 0.1 {
            let runaway = (1..step.len()).fold(1, |best, j| {
                if step[j].abs() > step[best].abs() {
                    j
                } else {
                    best
                }
            });
            return Err(NotEstimable::Separation {
                covariate: runaway - 1,
            });
        }
        let allowance = 1e-12 * (1.0 + now.log_likelihood.abs());
        let mut length = 1.0;
        loop {
            let trial: Vec<f64> = b.iter().zip(&step).map(|(b, s)| b + length * s).collect();
            let next = data.expand(&trial);
            if next.log_likelihood >= now.log_likelihood - allowance {
                (b, now) = (trial, next);
                break;
            }
            length *= 0.5;
            if length < 1e-12 {
                return Err(NotEstimable::NoConvergence {
                    iterations: iteration,
                });
            }
        }
        last_promise = promise;
    }
    Err(NotEstimable::NoConvergence { iterations: 200 })
}
