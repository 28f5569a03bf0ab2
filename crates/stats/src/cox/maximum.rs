//! The maximum of the partial likelihood by Newton-Raphson, with the detection of monotone likelihoods.

use super::Ties;
use super::partial_likelihood::Likelihood;
use super::risk_set::Subjects;
use crate::cholesky::Cholesky;
use crate::{Estimate, NotEstimable};

pub(super) struct Maximum {
    pub b: Vec<f64>,
    pub likelihood: Likelihood,
    pub factor: Cholesky,
    pub null_value: f64,
    pub score: f64,
    pub iterations: usize,
}

const MAX_ITERATIONS: usize = 100;
/// Relative to the diagonal: less than this left by the other covariates counts as none.
const COLLINEAR: f64 = 1e-10;

/// Newton-Raphson from `b`, holding the coefficient `fixed` if one is given.
pub(super) fn maximise(
    subjects: &Subjects,
    ties: Ties,
    b: Vec<f64>,
    fixed: Option<usize>,
) -> Estimate<Maximum> {
    let p = subjects.covariates;
    let mut b = b;
    let mut likelihood = Likelihood::new(subjects);
    likelihood.evaluate(subjects, ties, &b);
    let null_value = likelihood.value;
    let mut score = 0.0;
    let mut step = vec![0.0; p];
    let mut trial = vec![0.0; p];
    for iteration in 0..MAX_ITERATIONS {
        if let Some(j) = fixed {
            hold(&mut likelihood, j);
        }
        let factor = factor_of_information(&likelihood).map_err(|covariate| {
            if iteration == 0 {
                NotEstimable::Collinear { covariate }
            } else {
                NotEstimable::MonotoneLikelihood { covariate }
            }
        })?;
        step.copy_from_slice(&likelihood.gradient);
        factor.solve(&mut step);
        // Twice the gain in likelihood that the step promises.
        let promise: f64 = step
            .iter()
            .zip(&likelihood.gradient)
            .map(|(s, g)| s * g)
            .sum();
        if iteration == 0 {
            score = promise;
        }
        // The step is then below 1e-10 standard errors.
        if promise < 1e-20 {
            return Ok(Maximum {
                b,
                likelihood,
                factor,
                null_value,
                score,
                iterations: iteration,
            });
        }
        if promise < 1e-9 && spread_of_predictor(subjects, &step) > 0.1 {
            return Err(NotEstimable::MonotoneLikelihood {
                covariate: largest(&step),
            });
        }
        let before = likelihood.value;
        let allowance = 1e-12 * (1.0 + before.abs());
        let mut length = 1.0;
        loop {
            for j in 0..p {
                trial[j] = b[j] + length * step[j];
            }
            likelihood.evaluate(subjects, ties, &trial);
            if likelihood.value >= before - allowance {
                break;
            }
            length *= 0.5;
            if length < 1e-12 {
                return Err(NotEstimable::NoConvergence {
                    iterations: iteration,
                });
            }
        }
        b.copy_from_slice(&trial);
        // No further gain is left in the arithmetic.
        if promise < 1e-14 {
            if let Some(j) = fixed {
                hold(&mut likelihood, j);
            }
            let factor = factor_of_information(&likelihood)
                .map_err(|covariate| NotEstimable::MonotoneLikelihood { covariate })?;
            return Ok(Maximum {
                b,
                likelihood,
                factor,
                null_value,
                score,
                iterations: iteration + 1,
            });
        }
    }
    Err(NotEstimable::NoConvergence {
        iterations: MAX_ITERATIONS,
    })
}

/// Factor of the information, or the covariate that is flat or a combination of those before it.
fn factor_of_information(likelihood: &Likelihood) -> Result<Cholesky, usize> {
    let p = likelihood.gradient.len();
    // Where nobody at risk differs, rounding leaves 1e-16 of the moment instead of zero.
    let flat = |j: &usize| likelihood.information[j * p + j] <= 1e-13 * likelihood.moment[*j];
    match (0..p).find(flat) {
        Some(j) => Err(j),
        None => Cholesky::new(&likelihood.information, p, COLLINEAR),
    }
}

/// Takes one coefficient out of the Newton step.
fn hold(likelihood: &mut Likelihood, fixed: usize) {
    let p = likelihood.gradient.len();
    likelihood.gradient[fixed] = 0.0;
    for k in 0..p {
        likelihood.information[fixed * p + k] = 0.0;
        likelihood.information[k * p + fixed] = 0.0;
    }
    likelihood.information[fixed * p + fixed] = 1.0;
    likelihood.moment[fixed] = 1.0;
}

/// How far apart the step moves the linear predictors of two subjects at most.
fn spread_of_predictor(subjects: &Subjects, step: &[f64]) -> f64 {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for x in subjects.x.chunks_exact(step.len()) {
        let eta: f64 = x.iter().zip(step).map(|(x, s)| x * s).sum();
        low = low.min(eta);
        high = high.max(eta);
    }
    high - low
}

fn largest(step: &[f64]) -> usize {
    (0..step.len()).fold(0, |best, j| {
        if step[j].abs() > step[best].abs() {
            j
        } else {
            best
        }
    })
}
