//! Power prior with a fixed exponent: historical data at a discount.
//!
//! The historical likelihood is raised to a0 in [0, 1], so historical subjects count as a0 each:
//! Beta(a + a0 x_h + x, b + a0 (n_h - x_h) + n - x). Ibrahim and Chen 2000, doi:10.1214/ss/1009212673.
//! The exponent is fixed by judgement and does not react to conflict between the data, unlike the
//! weight of a robust mixture; report results over several exponents.

use super::beta_mixture::Beta;
use crate::distribution::incomplete_beta_inverse;
use crate::error::{check_count, check_level};
use crate::single_arm::check_closed_probability;
use crate::{Estimate, Interval};

/// Historical data and its discount.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerPrior {
    /// Prior before the historical data.
    pub initial: Beta,
    /// Historical responders.
    pub historical_responders: u64,
    /// Historical subjects.
    pub historical_subjects: u64,
    /// a0: what one historical subject counts, from 0 to 1.
    pub exponent: f64,
}

/// The posterior under a power prior.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerPriorPosterior {
    /// The posterior.
    pub posterior: Beta,
    /// Its mean.
    pub mean: f64,
    /// Its interval with equal tails.
    pub interval: Interval,
    /// Historical subjects that count: a0 n_h.
    pub borrowed_subjects: f64,
}

/// The posterior after `responders` of `subjects` new subjects; none leaves the prior itself.
pub fn power_prior_posterior(
    prior: &PowerPrior,
    responders: u64,
    subjects: u64,
    confidence_level: f64,
) -> Estimate<PowerPriorPosterior> {
    prior.initial.check()?;
    let (x, n) = (prior.historical_responders, prior.historical_subjects);
    check_count("historical_responders", x, n)?;
    check_count("responders", responders, subjects)?;
    check_closed_probability("exponent", prior.exponent)?;
    check_level(confidence_level)?;
    let posterior = Beta {
        a: prior.initial.a + prior.exponent * x as f64,
        b: prior.initial.b + prior.exponent * (n - x) as f64,
    }
    .after(responders, subjects);
    let tail = 0.5 * (1.0 - confidence_level);
    Ok(PowerPriorPosterior {
        posterior,
        mean: posterior.mean(),
        interval: Interval {
            lower: incomplete_beta_inverse(posterior.a, posterior.b, tail),
            // By symmetry, so that a small upper tail keeps its digits.
            upper: 1.0 - incomplete_beta_inverse(posterior.b, posterior.a, tail),
        },
        borrowed_subjects: prior.exponent * n as f64,
    })
}
