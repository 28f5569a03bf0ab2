//! Matching-adjusted indirect comparison: weights on subjects that reproduce published means.
//!
//! w_i = exp(a (x_i - m)) with a such that the weighted means of the covariates are the target means
//! m: the minimum of the convex sum of w_i. Signorovitch et al. 2010, doi:10.2165/11538370-000000000-00000.
//! The same weights are those of entropy balancing (Hainmueller 2012, doi:10.1093/pan/mpr025): of all
//! weights with these means they are closest to equal ones.
//!
//! There is an answer only if m lies inside the convex hull of the subjects. If not, or on its edge,
//! some direction has no subject beyond m; the iteration runs into such a direction and says so.
//! Effective sample size: (sum w)^2 / sum w^2.

use crate::cholesky::Cholesky;
use crate::error::{check_finite, check_length};
use crate::standardise::centre_and_spread;
use crate::{Estimate, InputError, NotEstimable};

/// Weights that give the subjects the target means.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchingWeights {
    /// a in the weight exp(a (x - m)), per unit of each covariate.
    pub a: Vec<f64>,
    /// Weight of each subject, exp(a (x - m)).
    pub weights: Vec<f64>,
    /// Weighted means of the covariates: the target, to rounding.
    pub weighted_means: Vec<f64>,
    /// Subjects that equal weights would need for the same precision.
    pub effective_subjects: f64,
    /// Largest weight over the mean weight.
    pub largest_rescaled_weight: f64,
}

const MAX_ITERATIONS: usize = 200;

/// Weights for subjects with these covariates, one slice each, and published means of the same
/// covariates. To match a variance, give the square of the covariate as a further one.
pub fn matching_weights(covariates: &[&[f64]], target_means: &[f64]) -> Estimate<MatchingWeights> {
    let p = covariates.len();
    check_length("target_means", target_means.len(), p)?;
    check_finite("target_means", target_means)?;
    if p == 0 {
        return Err(InputError::Range {
            name: "covariates",
            value: 0.0,
            expected: "at least one",
        }
        .into());
    }
    let n = covariates[0].len();
    if n < p + 1 {
        return Err(NotEstimable::TooFewSubjects {
            subjects: n,
            needed: p + 1,
        });
    }
    // Distance from the target in units of each covariate's spread, one row per subject.
    let mut spreads = Vec::with_capacity(p);
    let mut z = vec![0.0; n * p];
    for (j, covariate) in covariates.iter().enumerate() {
        let (_, spread) = centre_and_spread("covariates", j, covariate, n)?;
        for (i, value) in covariate.iter().enumerate() {
            z[i * p + j] = (value - target_means[j]) / spread;
        }
        // Also keeps a target far away from overflowing.
        let beyond = |sign: f64| (0..n).any(|i| sign * z[i * p + j] > 0.0);
        if !beyond(1.0) || !beyond(-1.0) {
            return Err(NotEstimable::TargetOutOfReach);
        }
        spreads.push(spread);
    }
    let (mut a, mut now) = (vec![0.0; p], Moments::at(&z, &vec![0.0; p]));
    let mut last_promise = f64::INFINITY;
    for iteration in 0..MAX_ITERATIONS {
        let factor = Cholesky::new(&now.covariance, p, 1e-10).map_err(|covariate| {
            if iteration == 0 {
                NotEstimable::Collinear { covariate }
            } else {
                NotEstimable::TargetOutOfReach
            }
        })?;
        let mut step: Vec<f64> = now.mean.iter().map(|m| -m).collect();
        factor.solve(&mut step);
        let promise: f64 = -step.iter().zip(&now.mean).map(|(s, m)| s * m).sum::<f64>();
        if promise < 1e-26 || promise < 1e-20 && promise > 0.25 * last_promise {
            return Ok(now.result(&a, &spreads, covariates));
        }
        let mut length = 1.0;
        loop {
            let trial: Vec<f64> = a.iter().zip(&step).map(|(a, s)| a + length * s).collect();
            let next = Moments::at(&z, &trial);
            // A direction in which no subject lies beyond the target: it is outside or on the edge.
            if next.farthest <= 0.0 {
                return Err(NotEstimable::TargetOutOfReach);
            }
            let allowance = 1e-13 * (1.0 + now.log_sum.abs());
            if next.log_sum <= now.log_sum + allowance {
                (a, now) = (trial, next);
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

/// The logarithm of the sum of weights with its gradient and Hessian: weighted mean and covariance.
struct Moments {
    /// Logarithms of the weights.
    exponent: Vec<f64>,
    /// Largest of them.
    farthest: f64,
    log_sum: f64,
    mean: Vec<f64>,
    covariance: Vec<f64>,
}

impl Moments {
    fn at(z: &[f64], a: &[f64]) -> Moments {
        let p = a.len();
        let exponent: Vec<f64> = z
            .chunks_exact(p)
            .map(|z| z.iter().zip(a).map(|(z, a)| z * a).sum())
            .collect();
        let farthest = exponent.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weight: Vec<f64> = exponent.iter().map(|e| libm::exp(e - farthest)).collect();
        let sum: f64 = weight.iter().sum();
        let mut mean = vec![0.0; p];
        for (z, w) in z.chunks_exact(p).zip(&weight) {
            mean.iter_mut().zip(z).for_each(|(m, z)| *m += w / sum * z);
        }
        let mut covariance = vec![0.0; p * p];
        for (z, w) in z.chunks_exact(p).zip(&weight) {
            for i in 0..p {
                for j in 0..p {
                    covariance[i * p + j] += w / sum * (z[i] - mean[i]) * (z[j] - mean[j]);
                }
            }
        }
        Moments {
            log_sum: farthest + libm::log(sum),
            exponent,
            farthest,
            mean,
            covariance,
        }
    }

    fn result(&self, a: &[f64], spreads: &[f64], covariates: &[&[f64]]) -> MatchingWeights {
        let relative: Vec<f64> = self
            .exponent
            .iter()
            .map(|e| libm::exp(e - self.log_sum))
            .collect();
        let squares: f64 = relative.iter().map(|w| w * w).sum();
        let largest = relative.iter().copied().fold(0.0, f64::max);
        let weighted_mean = |x: &&[f64]| {
            relative
                .iter()
                .zip(x.iter())
                .map(|(w, x)| w * x)
                .sum::<f64>()
        };
        MatchingWeights {
            a: a.iter()
                .zip(spreads)
                .map(|(a, spread)| a / spread)
                .collect(),
            weights: self.exponent.iter().map(|&e| libm::exp(e)).collect(),
            weighted_means: covariates.iter().map(weighted_mean).collect(),
            effective_subjects: 1.0 / squares,
            largest_rescaled_weight: largest * relative.len() as f64,
        }
    }
}
