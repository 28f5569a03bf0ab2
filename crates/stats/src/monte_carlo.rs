//! Estimates from simulated replicates, each with its Monte Carlo standard error.
//!
//! Proportion: sqrt(p (1 - p) / R) with a Wilson interval; mean: s / sqrt(R) with a normal
//! interval. Differences between designs that share their random numbers are taken replicate by
//! replicate. Morris, White and Crowther 2019, doi:10.1002/sim.8086.

use crate::error::{check_count, check_finite, check_length};
use crate::normal::normal_critical;
use crate::proportion::wilson;
use crate::{Estimate, InputError, Interval, NotEstimable};

/// Monte Carlo intervals are 95 %.
const LEVEL: f64 = 0.95;

/// A simulated quantity with its Monte Carlo error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MonteCarloEstimate {
    /// The estimate.
    pub estimate: f64,
    /// Monte Carlo standard error.
    pub standard_error: f64,
    /// 95 % interval: Wilson for a proportion, normal for a mean or a difference.
    pub interval: Interval,
    /// Replicates it rests on.
    pub replicates: u64,
}

/// A proportion of replicates, such as power, type I error or coverage.
pub fn monte_carlo_proportion(successes: u64, replicates: u64) -> Estimate<MonteCarloEstimate> {
    check_count("successes", successes, replicates)?;
    if replicates == 0 {
        return Err(NotEstimable::TooFewSubjects {
            subjects: 0,
            needed: 1,
        });
    }
    let n = replicates as f64;
    let estimate = successes as f64 / n;
    Ok(MonteCarloEstimate {
        estimate,
        standard_error: (estimate * (1.0 - estimate) / n).sqrt(),
        interval: wilson(successes as f64, n, normal_critical(LEVEL)),
        replicates,
    })
}

/// A mean over replicates, such as bias.
pub fn monte_carlo_mean(values: &[f64]) -> Estimate<MonteCarloEstimate> {
    check_finite("values", values)?;
    if values.len() < 2 {
        return Err(NotEstimable::TooFewSubjects {
            subjects: values.len(),
            needed: 2,
        });
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    let standard_error = (squares / (n - 1.0) / n).sqrt();
    Ok(MonteCarloEstimate {
        estimate: mean,
        standard_error,
        interval: Interval::around(mean, normal_critical(LEVEL) * standard_error),
        replicates: values.len() as u64,
    })
}

/// Mean of `first` minus `second`, replicate by replicate.
pub fn paired_difference(first: &[f64], second: &[f64]) -> Estimate<MonteCarloEstimate> {
    check_length("second", second.len(), first.len())?;
    check_finite("first", first)?;
    check_finite("second", second)?;
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
    monte_carlo_mean(&differences)
}

/// Difference of two proportions of the same replicates, such as the power of two designs.
pub fn paired_proportion_difference(
    first: &[bool],
    second: &[bool],
) -> Estimate<MonteCarloEstimate> {
    check_length("second", second.len(), first.len())?;
    let differences: Vec<f64> = first
        .iter()
        .zip(second)
        .map(|(&a, &b)| f64::from(a) - f64::from(b))
        .collect();
    monte_carlo_mean(&differences)
}

/// Replicates needed to know a proportion near `p` with a Monte Carlo standard error of
/// `standard_error`: p (1 - p) / error^2, rounded up.
pub fn replicates_for_proportion(p: f64, standard_error: f64) -> Result<u64, InputError> {
    if !(0.0..=1.0).contains(&p) {
        return Err(InputError::Range {
            name: "p",
            value: p,
            expected: "between 0 and 1",
        });
    }
    if standard_error.is_nan() || standard_error <= 0.0 {
        return Err(InputError::Range {
            name: "standard_error",
            value: standard_error,
            expected: "above zero",
        });
    }
    let needed = p * (1.0 - p) / (standard_error * standard_error);
    // Rounding error must not add a replicate to a whole number.
    Ok((needed - 1e-9 * needed).ceil() as u64)
}
