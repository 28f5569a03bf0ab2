//! Sobol sensitivity indices from the outputs of a model on a pick-freeze design.
//!
//! Two independent sets of N input points, A and B; A_B^(i) is A with input i taken from B. With f the
//! outputs and V their variance over A and B together:
//!
//! * first order: S_i = mean of f(B) (f(A_B^(i)) - f(A)) / V (Saltelli et al. 2010,
//!   doi:10.1016/j.cpc.2009.09.018), with f(B) less the common mean, which changes no expectation
//!   but takes most of the noise away where the mean is large;
//! * total: T_i = mean of (f(A) - f(A_B^(i)))^2 / (2 V) (Jansen 1999,
//!   doi:10.1016/S0010-4655(98)00154-4).
//!
//! An index estimated near 0 can come out below it: it is shown as it is. Interval: percentiles of the
//! bootstrap over points, the same points for all indices (Archer, Saltelli and Sobol 1997).

use crate::error::{check_length, check_level};
use crate::quantile::{QuantileType, quantiles};
use crate::standardise::check_size;
use crate::{Estimate, InputError, Interval, NotEstimable};

/// An index with its bootstrap error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SobolIndex {
    /// Estimate.
    pub estimate: f64,
    /// Standard deviation over the bootstrap samples.
    pub standard_error: f64,
    /// Percentile interval over the bootstrap samples.
    pub interval: Interval,
}

/// Indices of one input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InputSensitivity {
    /// Share of the variance that goes with this input alone.
    pub first_order: SobolIndex,
    /// Share of the variance that goes with this input and its interactions.
    pub total: SobolIndex,
}

/// How the bootstrap is done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// Bootstrap samples; 1000 gives steady percentiles.
    pub samples: usize,
    /// Confidence level of the intervals.
    pub confidence_level: f64,
}

impl Default for Bootstrap {
    fn default() -> Bootstrap {
        Bootstrap {
            samples: 1000,
            confidence_level: 0.95,
        }
    }
}

/// Indices of every input. `f_a` and `f_b` are the outputs at the points of A and B, `f_ab` one slice
/// per input with those at A_B^(i), all in the order of the points. `pick` gives the point drawn at a
/// position of a bootstrap sample, uniformly: a function of (sample, position), so that the caller
/// owns the random stream and the result does not depend on threads; larger values are wrapped.
pub fn sobol_indices(
    f_a: &[f64],
    f_b: &[f64],
    f_ab: &[&[f64]],
    bootstrap: &Bootstrap,
    pick: impl Fn(usize, usize) -> usize,
) -> Estimate<Vec<InputSensitivity>> {
    let n = f_a.len();
    check_level(bootstrap.confidence_level)?;
    check_length("f_b", f_b.len(), n)?;
    for (name, values) in [("f_a", f_a), ("f_b", f_b)] {
        check_size(name, values)?;
    }
    for values in f_ab {
        check_length("f_ab", values.len(), n)?;
        check_size("f_ab", values)?;
    }
    if bootstrap.samples < 2 {
        return Err(InputError::Range {
            name: "samples",
            value: bootstrap.samples as f64,
            expected: "at least 2 bootstrap samples",
        }
        .into());
    }
    if n < 2 {
        return Err(NotEstimable::TooFewSubjects {
            subjects: n,
            needed: 2,
        });
    }
    // Centred, so that neither the squares nor the products lose digits to a large mean.
    let mean = (f_a.iter().sum::<f64>() + f_b.iter().sum::<f64>()) / (2 * n) as f64;
    let centre = |values: &[f64]| values.iter().map(|v| v - mean).collect::<Vec<f64>>();
    let outputs = Outputs {
        a: centre(f_a),
        b: centre(f_b),
        ab: f_ab.iter().map(|values| centre(values)).collect(),
    };
    let largest = |values: &[f64]| values.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
    let spread = largest(&outputs.a).max(largest(&outputs.b));
    // A deviation of 1e-13 of the outputs' size is rounding.
    let size = outputs
        .ab
        .iter()
        .fold(spread.max(mean.abs()), |a, ab| a.max(largest(ab)));
    if spread <= 1e-13 * size {
        return Err(NotEstimable::NoVariation);
    }
    let estimate = outputs
        .indices(size, |k| k)
        .ok_or(NotEstimable::NoVariation)?;
    // A bootstrap sample may hold one point only, many times over; it says nothing and is left out.
    let samples: Vec<Vec<[f64; 2]>> = (0..bootstrap.samples)
        .filter_map(|sample| outputs.indices(size, |position| pick(sample, position) % n))
        .collect();
    if samples.len() < 2 {
        return Err(NotEstimable::NoVariation);
    }
    let tail = 0.5 * (1.0 - bootstrap.confidence_level);
    let index = |input: usize, kind: usize| -> Estimate<SobolIndex> {
        let values: Vec<f64> = samples.iter().map(|s| s[input][kind]).collect();
        let limits = quantiles(&values, &[tail, 1.0 - tail], QuantileType::Type7)?;
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        Ok(SobolIndex {
            estimate: estimate[input][kind],
            standard_error: (squares / (count - 1.0)).sqrt(),
            interval: Interval {
                lower: limits[0],
                upper: limits[1],
            },
        })
    };
    (0..f_ab.len())
        .map(|input| {
            Ok(InputSensitivity {
                first_order: index(input, 0)?,
                total: index(input, 1)?,
            })
        })
        .collect()
}

/// Outputs less their common mean.
struct Outputs {
    a: Vec<f64>,
    b: Vec<f64>,
    ab: Vec<Vec<f64>>,
}

impl Outputs {
    /// First-order and total index of every input over the points picked; none without variance
    /// above the rounding of outputs of this size.
    fn indices(&self, size: f64, pick: impl Fn(usize) -> usize) -> Option<Vec<[f64; 2]>> {
        let n = self.a.len();
        let (mut sum, mut squares) = (0.0, 0.0);
        let mut products = vec![[0.0; 2]; self.ab.len()];
        let mut difference_sum = vec![0.0; self.ab.len()];
        for position in 0..n {
            let k = pick(position);
            let (a, b) = (self.a[k], self.b[k]);
            sum += a + b;
            squares += a * a + b * b;
            for (i, ab) in self.ab.iter().enumerate() {
                let difference = ab[k] - a;
                difference_sum[i] += difference;
                products[i][0] += b * difference;
                products[i][1] += difference * difference;
            }
        }
        let n = n as f64;
        let mean = sum / (2.0 * n);
        let variance = squares / (2.0 * n) - mean * mean;
        if variance <= 1e-26 * size * size {
            return None;
        }
        // The mean of this sample of points is taken off B here.
        let first = |i: usize| (products[i][0] - mean * difference_sum[i]) / n / variance;
        let total = |i: usize| products[i][1] / (2.0 * n) / variance;
        Some((0..products.len()).map(|i| [first(i), total(i)]).collect())
    }
}
