//! Negative binomial regression: annualised relapse rates and their ratio.
//!
//! mu_i = t_i exp(x_i b), Var = mu + k mu^2 with k = 1/theta, theta by maximum likelihood in turn
//! with b until both settle. Standard errors of b are from the expected information with theta held
//! fixed, as R's `glm.nb` (SAS's observed joint information differs slightly); that of theta from
//! its own observed information. Lawless 1987, doi:10.2307/3314912. Robust standard errors
//! ([`negative_binomial_robust`]) are the sandwich HC0 of the same score, theta held fixed: right
//! also where the variance is not mu + k mu^2, too small with few subjects.
//!
//! Where the counts vary no more than Poisson, sum (y - mu)^2 <= sum y, the likelihood rises to
//! theta infinite: the result is then the Poisson fit and says so. With no event in one arm the
//! rate ratio has no Wald interval; use [`crate::poisson_rate_ratio`].

use crate::error::check_level;
use crate::gamma::{digamma, trigamma};
use crate::log_linear::{CountModel, Counts, Fit};
use crate::{Estimate, NotEstimable};

/// How much the counts vary beyond Poisson.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Overdispersion {
    /// Gamma frailty with shape theta: variance mu + mu^2 / theta.
    Gamma {
        /// Shape theta.
        theta: f64,
        /// Its standard error.
        standard_error: f64,
    },
    /// None found: the model is the Poisson model.
    Poisson,
}

impl Overdispersion {
    /// k = 1 / theta in variance mu + k mu^2; zero for Poisson.
    pub fn dispersion(&self) -> f64 {
        match self {
            Overdispersion::Gamma { theta, .. } => 1.0 / theta,
            Overdispersion::Poisson => 0.0,
        }
    }
}

/// A fitted negative binomial model.
#[derive(Debug, Clone, PartialEq)]
pub struct NegativeBinomial {
    /// Rates and rate ratios.
    pub model: CountModel,
    /// The overdispersion, or that there is none.
    pub overdispersion: Overdispersion,
}

/// Above this theta the variance differs from Poisson by less than the data can show.
const THETA_POISSON: f64 = 1e7;

/// Fits counts = exposure * exp(intercept + covariates * coefficients). `exposure` is the time
/// each subject was followed, in years for an annualised rate; code an arm as 0 and 1.
pub fn negative_binomial(
    count: &[u64],
    exposure: &[f64],
    covariates: &[&[f64]],
    confidence_level: f64,
) -> Estimate<NegativeBinomial> {
    fit(count, exposure, covariates, confidence_level, false)
}

/// The same fit with robust standard errors (HC0).
pub fn negative_binomial_robust(
    count: &[u64],
    exposure: &[f64],
    covariates: &[&[f64]],
    confidence_level: f64,
) -> Estimate<NegativeBinomial> {
    fit(count, exposure, covariates, confidence_level, true)
}

fn fit(
    count: &[u64],
    exposure: &[f64],
    covariates: &[&[f64]],
    confidence_level: f64,
    robust: bool,
) -> Estimate<NegativeBinomial> {
    check_level(confidence_level)?;
    let counts = Counts::new(count, exposure, covariates)?;
    let poisson = counts.fit(counts.start(), f64::INFINITY)?;
    let model = |fit: &Fit, theta: f64| -> Estimate<CountModel> {
        let covariance = if robust {
            counts.sandwich(fit, theta)
        } else {
            fit.covariance().to_vec()
        };
        // Every count as predicted: a robust standard error of zero is no answer.
        let columns = covariates.len() + 1;
        if (0..columns).any(|j| covariance[j * columns + j] <= 0.0) {
            return Err(NotEstimable::NoVariation);
        }
        Ok(counts.model(fit, &covariance, theta, confidence_level))
    };
    let as_poisson = || -> Estimate<NegativeBinomial> {
        Ok(NegativeBinomial {
            model: model(&poisson, f64::INFINITY)?,
            overdispersion: Overdispersion::Poisson,
        })
    };
    let y = &counts.y;
    // Twice the score of k at k = 0.
    let excess: f64 = y
        .iter()
        .zip(&poisson.mu)
        .map(|(y, mu)| (y - mu) * (y - mu) - y)
        .sum();
    if excess <= 1e-9 * y.iter().sum::<f64>() {
        return as_poisson();
    }
    // Moment estimate to start with.
    let squares: f64 = poisson.mu.iter().map(|mu| mu * mu).sum();
    let mut log_theta = libm::log((squares / excess).clamp(1e-3, 1e3));
    let mut b = poisson.b.clone();
    for _ in 0..500 {
        let theta = libm::exp(log_theta);
        let fit = counts.fit(b, theta)?;
        let best = best_log_theta(y, &fit.mu, log_theta);
        if best > libm::log(THETA_POISSON) {
            return as_poisson();
        }
        if (best - log_theta).abs() < 1e-11 {
            let (_, information) = theta_score(y, &fit.mu, theta);
            if information <= 0.0 {
                break;
            }
            let standard_error = 1.0 / information.sqrt();
            return Ok(NegativeBinomial {
                model: model(&fit, theta)?,
                overdispersion: Overdispersion::Gamma {
                    theta,
                    standard_error,
                },
            });
        }
        log_theta = best;
        b = fit.b;
    }
    Err(NotEstimable::NoConvergence { iterations: 500 })
}

/// The log theta of largest likelihood for given means, by Newton's method with bounded steps.
fn best_log_theta(y: &[f64], mu: &[f64], start: f64) -> f64 {
    let mut log_theta = start;
    for _ in 0..200 {
        let theta = libm::exp(log_theta);
        let (score, information) = theta_score(y, mu, theta);
        let gradient = theta * score;
        let curvature = theta * theta * information - theta * score;
        let step = if curvature > 0.0 {
            gradient / curvature
        } else {
            gradient.signum()
        };
        let step = step.clamp(-1.0, 1.0);
        log_theta += step;
        if step.abs() < 1e-13 * (1.0 + log_theta.abs()) || !(-40.0..40.0).contains(&log_theta) {
            break;
        }
    }
    log_theta
}

/// First derivative and minus the second derivative of the log-likelihood by theta.
fn theta_score(y: &[f64], mu: &[f64], theta: f64) -> (f64, f64) {
    let (mut score, mut information) = (0.0, 0.0);
    for (&y, &mu) in y.iter().zip(mu) {
        let (first, second) = gamma_differences(theta, y);
        let total = mu + theta;
        score += first - libm::log1p(mu / theta) + (mu - y) / total;
        information += second - mu / (theta * total) + (mu - y) / (total * total);
    }
    (score, information)
}

/// digamma(theta + y) - digamma(theta) and trigamma(theta) - trigamma(theta + y), for a whole y
/// as finite sums while they are short, which avoids cancellation.
fn gamma_differences(theta: f64, y: f64) -> (f64, f64) {
    if y <= 64.0 {
        let (mut first, mut second) = (0.0, 0.0);
        for j in 0..y as usize {
            let r = 1.0 / (theta + j as f64);
            first += r;
            second += r * r;
        }
        (first, second)
    } else {
        (
            digamma(theta + y) - digamma(theta),
            trigamma(theta) - trigamma(theta + y),
        )
    }
}
