//! Sample quantiles of types 6, 7 and 8 of Hyndman and Fan 1996, doi:10.2307/2684934.
//!
//! Type 7, linear between the order statistics at (k - 1) / (n - 1), is the default here as in R
//! and NumPy.

use crate::error::check_finite;
use crate::{Estimate, InputError, NotEstimable};

/// Which plotting positions the order statistics stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QuantileType {
    /// k / (n + 1): mean-unbiased positions, as SAS and SPSS offer.
    Type6,
    /// (k - 1) / (n - 1): the default.
    #[default]
    Type7,
    /// (k - 1/3) / (n + 1/3): nearly median-unbiased.
    Type8,
}

/// The quantile at probability `p` of values in any order.
pub fn quantile(values: &[f64], p: f64, quantile_type: QuantileType) -> Estimate<f64> {
    Ok(quantiles(values, &[p], quantile_type)?[0])
}

/// The quantiles at several probabilities; sorts once.
pub fn quantiles(values: &[f64], p: &[f64], quantile_type: QuantileType) -> Estimate<Vec<f64>> {
    check_finite("values", values)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    p.iter()
        .map(|&p| quantile_of_sorted(&sorted, p, quantile_type))
        .collect()
}

/// The quantile at probability `p` of values already sorted and finite.
pub fn quantile_of_sorted(sorted: &[f64], p: f64, quantile_type: QuantileType) -> Estimate<f64> {
    if !(0.0..=1.0).contains(&p) {
        return Err(InputError::Range {
            name: "p",
            value: p,
            expected: "between 0 and 1",
        }
        .into());
    }
    if sorted.is_empty() {
        return Err(NotEstimable::TooFewSubjects {
            subjects: 0,
            needed: 1,
        });
    }
    let n = sorted.len() as f64;
    let position = match quantile_type {
        QuantileType::Type6 => p * (n + 1.0),
        QuantileType::Type7 => 1.0 + p * (n - 1.0),
        QuantileType::Type8 => p * (n + 1.0 / 3.0) + 1.0 / 3.0,
    };
    let position = position.clamp(1.0, n);
    let below = position.floor();
    let low = sorted[below as usize - 1];
    let high = sorted[(below as usize).min(sorted.len() - 1)];
    // A weighted mean, so that the result never leaves [low, high] nor overflows.
    let share = position - below;
    Ok(low * (1.0 - share) + high * share)
}
