//! Centre and spread of a covariate, by which regressions scale it inside.
//!
//! Scaling changes no result but keeps the arithmetic sound: a rank check needs columns of like
//! size, and the exponential of an uncentred covariate can overflow.

use crate::cholesky::quadratic_form;
use crate::error::{check_finite, check_length};
use crate::{Estimate, InputError, NotEstimable};

/// Beyond this size squares of values, or the coefficients, leave the range of numbers.
const LARGEST: f64 = 1e100;

/// Mean and mean absolute deviation of the covariate at `position`.
pub(crate) fn centre_and_spread(
    name: &'static str,
    position: usize,
    values: &[f64],
    subjects: usize,
) -> Estimate<(f64, f64)> {
    check_length(name, values.len(), subjects)?;
    check_size(name, values)?;
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let spread = values.iter().map(|v| (v - mean).abs()).sum::<f64>() / n;
    let largest = values.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
    // A constant column leaves only rounding error around its mean.
    let varies = spread > 1e-13 * largest && spread > 1.0 / LARGEST;
    if varies {
        Ok((mean, spread))
    } else {
        Err(NotEstimable::Collinear {
            covariate: position,
        })
    }
}

/// Values finite and of a size that can be squared and summed.
pub(crate) fn check_size(name: &'static str, values: &[f64]) -> Result<(), InputError> {
    check_finite(name, values)?;
    match values.iter().position(|v| v.abs() > LARGEST) {
        None => Ok(()),
        Some(index) => Err(InputError::Value {
            name,
            index,
            value: values[index],
            expected: "between -1e100 and 1e100",
        }),
    }
}

/// Coefficients and covariance of a model with an intercept, from those on covariates
/// (x - mean) / spread to those on x itself: slopes are divided by the spread, and the intercept
/// moves back to x = 0.
pub(crate) fn to_original_scale(
    mean: &[f64],
    spread: &[f64],
    b: &[f64],
    covariance: &[f64],
) -> (Vec<f64>, Vec<f64>) {
    let p = b.len();
    let mut transform = vec![0.0; p * p];
    transform[0] = 1.0;
    for j in 1..p {
        transform[j * p + j] = 1.0 / spread[j - 1];
        transform[j] = -mean[j - 1] / spread[j - 1];
    }
    let rows: Vec<&[f64]> = transform.chunks_exact(p).collect();
    let product = |row: &&[f64]| row.iter().zip(b).map(|(t, b)| t * b).sum();
    let mut unscaled = vec![0.0; p * p];
    for i in 0..p {
        for j in 0..p {
            unscaled[i * p + j] = quadratic_form(rows[i], covariance, rows[j]);
        }
    }
    (rows.iter().map(product).collect(), unscaled)
}
