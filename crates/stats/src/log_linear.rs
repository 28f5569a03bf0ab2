//! The log-linear regression that Poisson and negative binomial models share.
//!
//! mu_i = t_i exp(x_i b) with variance mu + mu^2 / theta; theta infinite is Poisson. Fisher scoring
//! with theta held fixed: score X'(y - mu) / (1 + mu/theta), information X' W X with
//! W = mu / (1 + mu/theta). McCullagh and Nelder 1989, chapters 6 and 11.

use crate::cholesky::{Cholesky, quadratic_form};
use crate::error::{LARGEST_COUNT, check_finite, check_length, check_level};
use crate::gamma::ln_gamma;
use crate::normal::{normal_critical, normal_two_sided};
use crate::standardise::{centre_and_spread, check_size, to_original_scale};
use crate::{Estimate, InputError, Interval, NotEstimable};

/// One coefficient of a count model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateCoefficient {
    /// Coefficient on the log scale.
    pub coefficient: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// exp(coefficient): the rate ratio per unit; for the intercept, the rate with all covariates
    /// at zero.
    pub rate_ratio: f64,
    /// Wald interval of the rate ratio.
    pub interval: Interval,
    /// Coefficient over standard error.
    pub z: f64,
    /// Two-sided p value.
    pub p_value: f64,
}

/// A fitted log-linear model of counts.
#[derive(Debug, Clone, PartialEq)]
pub struct CountModel {
    /// The intercept: log of the rate per unit of exposure with all covariates at zero.
    pub intercept: RateCoefficient,
    /// Effects in the order of the covariates.
    pub coefficients: Vec<RateCoefficient>,
    /// Covariance of intercept and coefficients, row-major.
    pub covariance: Vec<f64>,
    /// Log-likelihood with all its constants.
    pub log_likelihood: f64,
    /// Residual deviance.
    pub deviance: f64,
    /// Subjects.
    pub subjects: usize,
    /// Events in all.
    pub events: u64,
}

/// A model-based rate, such as the annualised relapse rate of an arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelledRate {
    /// Events per unit of exposure.
    pub rate: f64,
    /// Standard error on the scale of the rate.
    pub standard_error: f64,
    /// Wald interval made on the log scale.
    pub interval: Interval,
}

impl CountModel {
    /// The rate at given covariate values, for example an arm at the mean of the other covariates.
    pub fn rate_at(
        &self,
        covariates: &[f64],
        confidence_level: f64,
    ) -> Result<ModelledRate, InputError> {
        check_length("covariates", covariates.len(), self.coefficients.len())?;
        check_finite("covariates", covariates)?;
        check_level(confidence_level)?;
        let mut x = vec![1.0];
        x.extend_from_slice(covariates);
        let slopes: f64 = self
            .coefficients
            .iter()
            .zip(covariates)
            .map(|(c, x)| c.coefficient * x)
            .sum();
        let log_rate = self.intercept.coefficient + slopes;
        let error = quadratic_form(&x, &self.covariance, &x).max(0.0).sqrt();
        let rate = libm::exp(log_rate);
        Ok(ModelledRate {
            rate,
            standard_error: rate * error,
            interval: Interval::around(log_rate, normal_critical(confidence_level) * error).exp(),
        })
    }
}

/// Checked counts with centred and scaled covariates.
pub(crate) struct Counts {
    pub y: Vec<f64>,
    exposure: Vec<f64>,
    /// Intercept and covariates, one row per subject.
    x: Vec<f64>,
    columns: usize,
    mean: Vec<f64>,
    scale: Vec<f64>,
    events: u64,
}

/// The state of the scoring iteration; `b` is on the scaled covariates.
pub(crate) struct Fit {
    pub b: Vec<f64>,
    pub mu: Vec<f64>,
    /// Inverse of the expected information.
    inverse: Vec<f64>,
}

impl Counts {
    pub fn new(count: &[u64], exposure: &[f64], covariates: &[&[f64]]) -> Estimate<Counts> {
        let (n, columns) = (count.len(), covariates.len() + 1);
        check_length("exposure", exposure.len(), n)?;
        check_size("exposure", exposure)?;
        if let Some(index) = exposure.iter().position(|&t| t < 1e-100) {
            return Err(InputError::Value {
                name: "exposure",
                index,
                value: exposure[index],
                expected: "above zero (1e-100 at least)",
            }
            .into());
        }
        if n < columns {
            return Err(NotEstimable::TooFewSubjects {
                subjects: n,
                needed: columns,
            });
        }
        if let Some(index) = count.iter().position(|&y| y > LARGEST_COUNT) {
            return Err(InputError::Value {
                name: "count",
                index,
                value: count[index] as f64,
                expected: "at most 1e9",
            }
            .into());
        }
        if count.iter().all(|&y| y == 0) {
            return Err(NotEstimable::NoEvents);
        }
        let (mut means, mut scales) = (Vec::new(), Vec::new());
        let mut x = vec![1.0; n * columns];
        for (j, covariate) in covariates.iter().enumerate() {
            let (mean, spread) = centre_and_spread("covariates", j, covariate, n)?;
            if let Some(level) = level_without_events(count, covariate) {
                return Err(NotEstimable::NoEventsInArm {
                    covariate: j,
                    level,
                });
            }
            for (i, value) in covariate.iter().enumerate() {
                x[i * columns + 1 + j] = (value - mean) / spread;
            }
            means.push(mean);
            scales.push(spread);
        }
        Ok(Counts {
            y: count.iter().map(|&y| y as f64).collect(),
            exposure: exposure.to_vec(),
            x,
            columns,
            mean: means,
            scale: scales,
            events: count.iter().fold(0u64, |sum, &y| sum.saturating_add(y)),
        })
    }

    /// The log rate of all subjects together: where the iteration starts.
    pub fn start(&self) -> Vec<f64> {
        let mut b = vec![0.0; self.columns];
        b[0] = libm::log(self.y.iter().sum::<f64>() / self.exposure.iter().sum::<f64>());
        b
    }

    fn means(&self, b: &[f64], mu: &mut [f64]) {
        for ((mu, x), t) in mu
            .iter_mut()
            .zip(self.x.chunks_exact(self.columns))
            .zip(&self.exposure)
        {
            let eta: f64 = x.iter().zip(b).map(|(x, b)| x * b).sum();
            *mu = t * libm::exp(eta);
        }
    }

    /// The part of the log-likelihood that depends on b, for fixed theta.
    fn kernel(&self, mu: &[f64], theta: f64) -> f64 {
        let term = |(&y, &mu): (&f64, &f64)| {
            let log_term = if y > 0.0 { y * libm::log(mu) } else { 0.0 };
            if theta.is_finite() {
                // ln(mu + theta) up to the constant ln theta.
                log_term - (y + theta) * libm::log1p(mu / theta)
            } else {
                log_term - mu
            }
        };
        self.y.iter().zip(mu).map(term).sum()
    }

    /// Fisher scoring from `b` with `theta` fixed; infinite theta is Poisson.
    pub fn fit(&self, b: Vec<f64>, theta: f64) -> Estimate<Fit> {
        let p = self.columns;
        let mut b = b;
        let mut mu = vec![0.0; self.y.len()];
        self.means(&b, &mut mu);
        let mut value = self.kernel(&mu, theta);
        let (mut trial, mut trial_mu) = (b.clone(), mu.clone());
        let separated = |column: usize| NotEstimable::Separation {
            covariate: column.saturating_sub(1),
        };
        let mut last_promise = f64::INFINITY;
        for iteration in 0..200 {
            let mut score = vec![0.0; p];
            let mut information = vec![0.0; p * p];
            for ((x, y), mu) in self.x.chunks_exact(p).zip(&self.y).zip(&mu) {
                let shrink = 1.0 / (1.0 + mu / theta);
                for i in 0..p {
                    score[i] += x[i] * (y - mu) * shrink;
                    for j in 0..=i {
                        information[i * p + j] += x[i] * x[j] * mu * shrink;
                    }
                }
            }
            let factor = Cholesky::new(&information, p, 1e-10).map_err(|column| {
                if iteration == 0 {
                    NotEstimable::Collinear {
                        covariate: column.saturating_sub(1),
                    }
                } else {
                    separated(column)
                }
            })?;
            let mut step = score.clone();
            factor.solve(&mut step);
            // Twice the gain in likelihood that the step promises, about.
            let promise: f64 = step.iter().zip(&score).map(|(s, g)| s * g).sum();
            // The step is below 1e-10 standard errors, or rounding keeps it from shrinking.
            if promise < 1e-20 || promise < 1e-13 && promise > 0.25 * last_promise {
                return Ok(Fit {
                    b,
                    mu,
                    inverse: factor.inverse(),
                });
            }
            // As for a monotone partial likelihood: steps that do not shrink, for no gain.
            if promise < 1e-9 && self.spread_of_predictor(&step) > 0.1 {
                let runaway = (1..p).fold(1, |best, j| {
                    if step[j].abs() > step[best].abs() {
                        j
                    } else {
                        best
                    }
                });
                return Err(separated(runaway));
            }
            let allowance = 1e-12 * (1.0 + value.abs());
            let mut length = 1.0;
            loop {
                for j in 0..p {
                    trial[j] = b[j] + length * step[j];
                }
                self.means(&trial, &mut trial_mu);
                let trial_value = self.kernel(&trial_mu, theta);
                if trial_value >= value - allowance {
                    value = trial_value;
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
            mu.copy_from_slice(&trial_mu);
            last_promise = promise;
        }
        Err(NotEstimable::NoConvergence { iterations: 200 })
    }

    fn spread_of_predictor(&self, step: &[f64]) -> f64 {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for x in self.x.chunks_exact(self.columns) {
            let eta: f64 = x.iter().zip(step).map(|(x, s)| x * s).sum();
            low = low.min(eta);
            high = high.max(eta);
        }
        high - low
    }

    /// Log-likelihood with all constants.
    pub fn log_likelihood(&self, mu: &[f64], theta: f64) -> f64 {
        let constants: f64 = self
            .y
            .iter()
            .map(|&y| {
                let subsets = if theta.is_finite() {
                    ln_gamma(theta + y) - ln_gamma(theta) - y * libm::log(theta)
                } else {
                    0.0
                };
                subsets - ln_gamma(y + 1.0)
            })
            .sum();
        self.kernel(mu, theta) + constants
    }

    pub fn deviance(&self, mu: &[f64], theta: f64) -> f64 {
        let term = |(&y, &mu): (&f64, &f64)| {
            let log_term = if y > 0.0 { y * libm::log(y / mu) } else { 0.0 };
            if theta.is_finite() {
                log_term - (y + theta) * libm::log((y + theta) / (mu + theta))
            } else {
                log_term - (y - mu)
            }
        };
        2.0 * self.y.iter().zip(mu).map(term).sum::<f64>()
    }

    /// Sum of squared Pearson residuals of a Poisson fit.
    pub fn pearson(&self, mu: &[f64]) -> f64 {
        self.y
            .iter()
            .zip(mu)
            .map(|(y, mu)| (y - mu) * (y - mu) / mu)
            .sum()
    }

    pub fn residual_degrees_of_freedom(&self) -> usize {
        self.y.len() - self.columns
    }

    /// Inverse times the cross product of the scores times inverse (HC0), theta held fixed.
    pub fn sandwich(&self, fit: &Fit, theta: f64) -> Vec<f64> {
        let p = self.columns;
        let mut covariance = vec![0.0; p * p];
        let mut influence = vec![0.0; p];
        for ((x, y), mu) in self.x.chunks_exact(p).zip(&self.y).zip(&fit.mu) {
            for (influence, row) in influence.iter_mut().zip(fit.inverse.chunks_exact(p)) {
                let residual = (y - mu) / (1.0 + mu / theta);
                *influence = row.iter().zip(x).map(|(v, x)| v * x).sum::<f64>() * residual;
            }
            for i in 0..p {
                for j in 0..p {
                    covariance[i * p + j] += influence[i] * influence[j];
                }
            }
        }
        covariance
    }

    /// The model on the covariates as given, with `covariance` of the scaled coefficients.
    pub fn model(
        &self,
        fit: &Fit,
        covariance: &[f64],
        theta: f64,
        confidence_level: f64,
    ) -> CountModel {
        let p = self.columns;
        let (b, unscaled) = to_original_scale(&self.mean, &self.scale, &fit.b, covariance);
        let critical = normal_critical(confidence_level);
        let mut coefficients: Vec<RateCoefficient> = (0..p)
            .map(|i| {
                let coefficient = b[i];
                let standard_error = unscaled[i * p + i].max(0.0).sqrt();
                let z = coefficient / standard_error;
                RateCoefficient {
                    coefficient,
                    standard_error,
                    rate_ratio: libm::exp(coefficient),
                    interval: Interval::around(coefficient, critical * standard_error).exp(),
                    z,
                    p_value: normal_two_sided(z),
                }
            })
            .collect();
        CountModel {
            intercept: coefficients.remove(0),
            coefficients,
            covariance: unscaled,
            log_likelihood: self.log_likelihood(&fit.mu, theta),
            deviance: self.deviance(&fit.mu, theta),
            subjects: self.y.len(),
            events: self.events,
        }
    }
}

impl Fit {
    /// Covariance from the expected information.
    pub fn covariance(&self) -> &[f64] {
        &self.inverse
    }
}

/// For a covariate with two values: the value at which nobody had an event.
fn level_without_events(count: &[u64], covariate: &[f64]) -> Option<f64> {
    let first = covariate[0];
    let second = *covariate.iter().find(|&&v| v != first)?;
    if covariate.iter().any(|&v| v != first && v != second) {
        return None;
    }
    let empty = |level: f64| (0..count.len()).all(|i| covariate[i] != level || count[i] == 0);
    [first, second].into_iter().find(|&level| empty(level))
}
