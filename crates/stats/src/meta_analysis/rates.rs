//! Pooled event rate of single-arm series, such as infections or relapses per patient-year.
//!
//! Primary: x_i ~ Poisson(t_i exp(eta_i)), eta_i ~ N(mu, tau^2), by maximum likelihood with the random
//! intercept integrated out as in [`super::proportions`]; a study without events needs no correction
//! (Stijnen 2010, doi:10.1002/sim.4040). For comparison: log rates pooled by inverse variance, one half
//! added to a count of zero, which pulls short studies without events towards high rates.

use crate::distribution::normal_critical;
use crate::error::{LARGEST_COUNT, check_count, check_length, check_level};
use crate::gamma::ln_gamma;
use crate::{Estimate, Interval, NotEstimable};

use super::check_studies;
use super::marginal_likelihood::{Rule, maximum_with_spread, poisson};
use super::random_effects::{RandomEffects, RandomEffectsOptions, random_effects};
use super::transforms::{check_exposure, log_rate};

/// The Poisson-normal model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoissonNormal {
    /// Events per unit of person-time in the median study.
    pub rate: f64,
    /// Wald interval made on the log scale.
    pub interval: Interval,
    /// Interval for the rate of a new study.
    pub prediction_interval: Interval,
    /// Mean log rate.
    pub log_rate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Variance of the log rate between studies; zero on the boundary.
    pub tau_squared: f64,
    /// Log-likelihood, all constants included.
    pub log_likelihood: f64,
}

/// Fits the Poisson-normal model to `events` in `exposure` units of person-time, at least two studies.
///
/// Errors: `NoEvents` where no study has one; then give the exact Poisson upper bound.
pub fn poisson_normal(
    events: &[u64],
    exposure: &[f64],
    quadrature_points: usize,
    confidence_level: f64,
) -> Estimate<PoissonNormal> {
    check_level(confidence_level)?;
    check_length("exposure", exposure.len(), events.len())?;
    check_studies(events.len(), 2)?;
    exposure.iter().try_for_each(|&t| check_exposure(t))?;
    events
        .iter()
        .try_for_each(|&x| check_count("events", x, LARGEST_COUNT))?;
    let rule = Rule::new(quadrature_points)?;
    let counts: Vec<(f64, f64)> = events
        .iter()
        .zip(exposure)
        .map(|(&x, &t)| (x as f64, t))
        .collect();
    let x: f64 = counts.iter().map(|c| c.0).sum();
    let t: f64 = counts.iter().map(|c| c.1).sum();
    if x == 0.0 {
        return Err(NotEstimable::NoEvents);
    }
    // In units of the mean waiting time, so that the log rate starts at zero in any unit of time.
    let crude = libm::log(x) - libm::log(t);
    let fit = maximum_with_spread(&[0.0], &[1.0 / x.sqrt()], &|b, tau| {
        counts
            .iter()
            .map(|&(count, exposure)| {
                let expected = x * (exposure / t);
                rule.log_integral(b[0], tau, |eta| poisson(count, expected, eta))
            })
            .sum()
    })?;
    // Each study at its own rate: x ln x - x - ln x!.
    let saturated: f64 = counts
        .iter()
        .filter(|c| c.0 > 0.0)
        .map(|c| c.0 * libm::log(c.0) - c.0 - ln_gamma(c.0 + 1.0))
        .sum();
    let (log_rate, standard_error) = (crude + fit.parameters[0], fit.standard_error);
    let tau_squared = fit.tau * fit.tau;
    let z = normal_critical(confidence_level);
    let reach = (tau_squared + standard_error * standard_error).sqrt();
    Ok(PoissonNormal {
        rate: libm::exp(log_rate),
        interval: Interval::around(log_rate, z * standard_error).exp(),
        prediction_interval: Interval::around(log_rate, z * reach).exp(),
        log_rate,
        standard_error,
        tau_squared,
        log_likelihood: saturated + fit.value,
    })
}

/// Log rates pooled by inverse variance, one half added to counts of zero; results on the log scale.
pub fn pooled_log_rate(
    events: &[u64],
    exposure: &[f64],
    options: &RandomEffectsOptions,
) -> Estimate<RandomEffects> {
    check_length("exposure", exposure.len(), events.len())?;
    let (mut effect, mut variance) = (Vec::new(), Vec::new());
    for (&x, &t) in events.iter().zip(exposure) {
        let transformed = log_rate(x, t)?;
        effect.push(transformed.effect);
        variance.push(transformed.variance);
    }
    random_effects(&effect, &variance, options)
}
