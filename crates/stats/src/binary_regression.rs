//! The logistic regression that the maximum likelihood and the Firth fit share: checked data, the
//! likelihood with its score and information, and the result on the covariates' own scale.
//!
//! logit pi_i = x_i b; log-likelihood sum y eta - ln(1 + e^eta), score X'(y - pi), information
//! X' W X with W = pi (1 - pi).

use crate::cholesky::Cholesky;
use crate::error::{check_length, check_level};
use crate::normal::{normal_critical, normal_two_sided};
use crate::standardise::{centre_and_spread, to_original_scale};
use crate::{Estimate, Interval, NotEstimable};

/// One coefficient of a logistic model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OddsCoefficient {
    /// Coefficient on the scale of the log odds.
    pub coefficient: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// exp(coefficient): the odds ratio per unit; for the intercept, the odds with all covariates at
    /// zero.
    pub odds_ratio: f64,
    /// Wald interval of the odds ratio.
    pub interval: Interval,
    /// Coefficient over standard error.
    pub z: f64,
    /// Two-sided p value.
    pub p_value: f64,
}

/// A fitted logistic model.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticModel {
    /// The intercept: log odds with all covariates at zero.
    pub intercept: OddsCoefficient,
    /// Effects in the order of the covariates.
    pub coefficients: Vec<OddsCoefficient>,
    /// Covariance of intercept and coefficients, row-major.
    pub covariance: Vec<f64>,
    /// Log-likelihood at the estimate, without a penalty.
    pub log_likelihood: f64,
    /// Fitted log odds of each subject.
    pub log_odds: Vec<f64>,
    /// Subjects.
    pub subjects: usize,
    /// Subjects with the outcome.
    pub events: usize,
}

/// Checked outcomes with centred and scaled covariates.
pub(crate) struct Binary {
    pub y: Vec<f64>,
    /// Intercept and covariates, one row per subject.
    pub x: Vec<f64>,
    pub columns: usize,
    mean: Vec<f64>,
    spread: Vec<f64>,
}

/// Likelihood, score and information at one coefficient vector.
pub(crate) struct Expansion {
    pub eta: Vec<f64>,
    pub probability: Vec<f64>,
    /// pi (1 - pi), without cancellation near one.
    pub weight: Vec<f64>,
    pub log_likelihood: f64,
    pub score: Vec<f64>,
    pub information: Vec<f64>,
}

impl Binary {
    pub fn new(event: &[bool], covariates: &[&[f64]], confidence_level: f64) -> Estimate<Binary> {
        check_level(confidence_level)?;
        let (n, columns) = (event.len(), covariates.len() + 1);
        for covariate in covariates {
            check_length("covariates", covariate.len(), n)?;
        }
        if n <= columns {
            return Err(NotEstimable::TooFewSubjects {
                subjects: n,
                needed: columns + 1,
            });
        }
        let (mut means, mut spreads) = (Vec::new(), Vec::new());
        let mut x = vec![1.0; n * columns];
        for (j, covariate) in covariates.iter().enumerate() {
            let (mean, spread) = centre_and_spread("covariates", j, covariate, n)?;
            for (i, value) in covariate.iter().enumerate() {
                x[i * columns + 1 + j] = (value - mean) / spread;
            }
            means.push(mean);
            spreads.push(spread);
        }
        Ok(Binary {
            y: event.iter().map(|&e| f64::from(u8::from(e))).collect(),
            x,
            columns,
            mean: means,
            spread: spreads,
        })
    }

    /// Where the iteration starts: the log odds of all subjects together, half a subject added to
    /// each side so that it exists.
    pub fn start(&self) -> Vec<f64> {
        let events: f64 = self.y.iter().sum();
        let mut b = vec![0.0; self.columns];
        b[0] = libm::log((events + 0.5) / (self.y.len() as f64 - events + 0.5));
        b
    }

    pub fn expand(&self, b: &[f64]) -> Expansion {
        let (n, p) = (self.y.len(), self.columns);
        let mut expansion = Expansion {
            eta: Vec::with_capacity(n),
            probability: Vec::with_capacity(n),
            weight: Vec::with_capacity(n),
            log_likelihood: 0.0,
            score: vec![0.0; p],
            information: vec![0.0; p * p],
        };
        for (x, &y) in self.x.chunks_exact(p).zip(&self.y) {
            let eta: f64 = x.iter().zip(b).map(|(x, b)| x * b).sum();
            let e = libm::exp(-eta.abs());
            let probability = if eta < 0.0 {
                e / (1.0 + e)
            } else {
                1.0 / (1.0 + e)
            };
            let weight = e / ((1.0 + e) * (1.0 + e));
            // y eta - ln(1 + e^eta) for y of 0 or 1.
            let against = if (y > 0.5) == (eta < 0.0) {
                eta.abs()
            } else {
                0.0
            };
            expansion.log_likelihood -= against + libm::log1p(e);
            for i in 0..p {
                expansion.score[i] += x[i] * (y - probability);
                for j in 0..=i {
                    expansion.information[i * p + j] += x[i] * x[j] * weight;
                }
            }
            expansion.eta.push(eta);
            expansion.probability.push(probability);
            expansion.weight.push(weight);
        }
        expansion
    }

    /// Factor of the information; what fails at the first step is collinear, later separated.
    pub fn factor(&self, expansion: &Expansion, first: bool) -> Estimate<Cholesky> {
        Cholesky::new(&expansion.information, self.columns, 1e-10).map_err(|column| {
            let covariate = column.saturating_sub(1);
            if first {
                NotEstimable::Collinear { covariate }
            } else {
                NotEstimable::Separation { covariate }
            }
        })
    }

    /// How far apart the step moves the log odds of two subjects at most.
    pub fn spread_of_log_odds(&self, step: &[f64]) -> f64 {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for x in self.x.chunks_exact(self.columns) {
            let eta: f64 = x.iter().zip(step).map(|(x, s)| x * s).sum();
            low = low.min(eta);
            high = high.max(eta);
        }
        high - low
    }

    pub fn model(
        &self,
        b: &[f64],
        expansion: Expansion,
        covariance: &[f64],
        confidence_level: f64,
    ) -> LogisticModel {
        let p = self.columns;
        let (b, covariance) = to_original_scale(&self.mean, &self.spread, b, covariance);
        let critical = normal_critical(confidence_level);
        let mut coefficients: Vec<OddsCoefficient> = (0..p)
            .map(|j| {
                let standard_error = covariance[j * p + j].max(0.0).sqrt();
                let z = b[j] / standard_error;
                OddsCoefficient {
                    coefficient: b[j],
                    standard_error,
                    odds_ratio: libm::exp(b[j]),
                    interval: Interval::around(b[j], critical * standard_error).exp(),
                    z,
                    p_value: normal_two_sided(z),
                }
            })
            .collect();
        LogisticModel {
            intercept: coefficients.remove(0),
            coefficients,
            covariance,
            log_likelihood: expansion.log_likelihood,
            log_odds: expansion.eta,
            subjects: self.y.len(),
            events: self.y.iter().filter(|&&y| y > 0.5).count(),
        }
    }
}
