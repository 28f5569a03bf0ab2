//! Firth's logistic regression: an estimate also where the outcomes are separated.
//!
//! Maximises l(b) + ln|I(b)| / 2, the likelihood times Jeffreys' prior, which takes the first-order
//! bias off the estimate: score sum (y - pi + h (1/2 - pi)) x with h_i the i-th diagonal element of
//! the weighted hat matrix. Firth 1993, doi:10.1093/biomet/80.1.27; for separation Heinze and Schemper
//! 2002, doi:10.1002/sim.1047. Standard errors from the information at the estimate, without the
//! penalty, as R's `brglm2` with `type = "AS_mean"`. Under separation the likelihood is far from
//! normal: then the penalised likelihood ratio test of [`Firth`] is to be preferred to Wald's.

use crate::binary_regression::{Binary, Expansion, LogisticModel};
use crate::cholesky::Cholesky;
use crate::{ChiSquareTest, Estimate, NotEstimable};

/// A logistic model fitted by Firth's method.
#[derive(Debug, Clone, PartialEq)]
pub struct Firth {
    /// Coefficients, covariance and the log-likelihood without the penalty.
    pub model: LogisticModel,
    /// Log-likelihood with the penalty, up to a constant that depends on the covariates' scale.
    pub penalised_log_likelihood: f64,
    /// Penalised likelihood ratio test of each covariate, the others refitted.
    pub likelihood_ratio: Vec<ChiSquareTest>,
}

/// Fits logit P(event) = intercept + covariates * coefficients by Firth's method.
pub fn firth(event: &[bool], covariates: &[&[f64]], confidence_level: f64) -> Estimate<Firth> {
    let data = Binary::new(event, covariates, confidence_level)?;
    let full = maximise(&data, None)?;
    let mut likelihood_ratio = Vec::with_capacity(covariates.len());
    for j in 0..covariates.len() {
        let without = maximise(&data, Some(j + 1))?;
        let statistic = 2.0 * (full.penalised - without.penalised);
        likelihood_ratio.push(ChiSquareTest::new(statistic, 1));
    }
    let covariance = full.factor.inverse();
    Ok(Firth {
        model: data.model(&full.b, full.expansion, &covariance, confidence_level),
        penalised_log_likelihood: full.penalised,
        likelihood_ratio,
    })
}

struct Maximum {
    b: Vec<f64>,
    expansion: Expansion,
    factor: Cholesky,
    penalised: f64,
}

const MAX_ITERATIONS: usize = 500;

/// Scoring on the penalised likelihood; the coefficient at `zero`, if given, is held at zero, but
/// counts in the penalty.
fn maximise(data: &Binary, zero: Option<usize>) -> Estimate<Maximum> {
    let p = data.columns;
    let at = |b: Vec<f64>, first: bool| -> Estimate<Maximum> {
        let expansion = data.expand(&b);
        let factor = data.factor(&expansion, first)?;
        let penalised = expansion.log_likelihood + 0.5 * factor.log_determinant();
        Ok(Maximum {
            b,
            expansion,
            factor,
            penalised,
        })
    };
    let mut now = at(data.start(), true)?;
    let mut last_promise = f64::INFINITY;
    for iteration in 0..MAX_ITERATIONS {
        let (score, mut curvature) = penalised_score(data, &now);
        let mut step = score.clone();
        if let Some(zero) = zero {
            for k in 0..p {
                curvature[zero * p + k] = 0.0;
                curvature[k * p + zero] = 0.0;
            }
            curvature[zero * p + zero] = 1.0;
            step[zero] = 0.0;
        }
        Cholesky::new(&curvature, p, 0.0)
            .map_err(|_| NotEstimable::NoConvergence {
                iterations: iteration,
            })?
            .solve(&mut step);
        let promise: f64 = step.iter().zip(&score).map(|(s, g)| s * g).sum();
        // The step is below 1e-10 standard errors, or rounding keeps it from shrinking.
        if promise < 1e-20 || promise < 1e-16 && promise > 0.9 * last_promise {
            return Ok(now);
        }
        let allowance = 1e-12 * (1.0 + now.penalised.abs());
        let mut length = 1.0;
        loop {
            let trial: Vec<f64> = now
                .b
                .iter()
                .zip(&step)
                .map(|(b, s)| b + length * s)
                .collect();
            // Far out the information vanishes: such a step is too long.
            if let Ok(next) = at(trial, false)
                && next.penalised >= now.penalised - allowance
            {
                now = next;
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
    Err(NotEstimable::NoConvergence {
        iterations: MAX_ITERATIONS,
    })
}

/// The score with the penalty, and X' W (1 + H) X, H the leverages: the information of the data
/// to which Firth's score adds h subjects with half an event each. Without H, a subject alone with
/// its covariates would be stepped twice too far.
fn penalised_score(data: &Binary, now: &Maximum) -> (Vec<f64>, Vec<f64>) {
    let p = data.columns;
    let mut score = now.expansion.score.clone();
    let mut curvature = now.expansion.information.clone();
    let mut solved = vec![0.0; p];
    for (i, x) in data.x.chunks_exact(p).enumerate() {
        solved.copy_from_slice(x);
        now.factor.solve(&mut solved);
        let leverage: f64 = x.iter().zip(&solved).map(|(x, s)| x * s).sum();
        let weight = now.expansion.weight[i];
        let added = weight * leverage;
        let pull = added * (0.5 - now.expansion.probability[i]);
        for j in 0..p {
            score[j] += pull * x[j];
            for k in 0..=j {
                curvature[j * p + k] += weight * added * x[j] * x[k];
            }
        }
    }
    (score, curvature)
}
