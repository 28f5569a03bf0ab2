//! Analysis of covariance of a change: change ~ arm + baseline (+ covariates, + strata).
//!
//! Ordinary least squares with one column per arm and centred covariates, so that the coefficient
//! of an arm is its least-squares mean. Means are taken at the overall mean of the baseline and of
//! the covariates and, with strata, with equal weight on each stratum (as R's `emmeans` does);
//! differences do not depend on that. Intervals and p values from Student's t with n - columns
//! degrees of freedom. Subjects without the outcome must be left out by the caller: this is a
//! complete-case analysis.
//! Vickers and Altman 2001, doi:10.1136/bmj.323.7321.1123.

use crate::cholesky::{Cholesky, quadratic_form};
use crate::distribution::{t_critical, t_two_sided};
use crate::error::{check_length, check_level};
use crate::standardise::{centre_and_spread, check_size};
use crate::{Estimate, InputError, Interval, NotEstimable};

/// Choices for an analysis of covariance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AncovaOptions<'a> {
    /// Further covariates, one slice each; none by default.
    pub covariates: &'a [&'a [f64]],
    /// Stratum of each subject, a factor; none by default.
    pub strata: Option<&'a [usize]>,
    /// Baseline at which the means are taken; the overall mean by default.
    pub at_baseline: Option<f64>,
    /// Confidence level, 0.95 by default.
    pub confidence_level: f64,
}

impl Default for AncovaOptions<'_> {
    fn default() -> Self {
        AncovaOptions {
            covariates: &[],
            strata: None,
            at_baseline: None,
            confidence_level: 0.95,
        }
    }
}

/// An estimate of a linear model with its t interval and test against zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearEstimate {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Confidence interval.
    pub interval: Interval,
    /// Estimate over standard error.
    pub t: f64,
    /// Two-sided p value.
    pub p_value: f64,
}

/// Least-squares mean of one arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArmMean {
    /// Label of the arm.
    pub arm: usize,
    /// Its subjects.
    pub subjects: usize,
    /// Its least-squares mean.
    pub mean: LinearEstimate,
}

/// One arm against the reference arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArmDifference {
    /// Label of the arm.
    pub arm: usize,
    /// Least-squares mean of the arm minus that of the reference arm.
    pub difference: LinearEstimate,
}

/// A fitted analysis of covariance.
#[derive(Debug, Clone, PartialEq)]
pub struct Ancova {
    /// Least-squares means by arm label; the first is the reference arm.
    pub means: Vec<ArmMean>,
    /// Every other arm minus the reference arm.
    pub differences: Vec<ArmDifference>,
    /// Change of the outcome per unit of baseline.
    pub baseline_slope: LinearEstimate,
    /// The same for the further covariates.
    pub covariate_slopes: Vec<LinearEstimate>,
    /// Residual standard deviation.
    pub residual_standard_deviation: f64,
    /// Residual degrees of freedom.
    pub degrees_of_freedom: usize,
}

/// Fits change ~ arm + baseline. The arm with the smallest label is the reference. In
/// [`NotEstimable::Collinear`] covariate 0 is the baseline, then come the covariates, then strata.
pub fn ancova(
    change: &[f64],
    arm: &[usize],
    baseline: &[f64],
    options: &AncovaOptions,
) -> Estimate<Ancova> {
    let n = change.len();
    check_size("change", change)?;
    check_length("arm", arm.len(), n)?;
    check_level(options.confidence_level)?;
    if let Some(value) = options
        .at_baseline
        .filter(|v| v.is_nan() || v.abs() > 1e100)
    {
        return Err(InputError::Range {
            name: "at_baseline",
            value,
            expected: "between -1e100 and 1e100",
        }
        .into());
    }
    let arms = distinct(arm);
    let strata = match options.strata {
        None => Vec::new(),
        Some(strata) => {
            check_length("strata", strata.len(), n)?;
            distinct(strata)
        }
    };
    check_length("baseline", baseline.len(), n)?;
    if arms.len() < 2 {
        return Err(NotEstimable::EmptyArm);
    }
    let k = arms.len();
    let slopes = 1 + options.covariates.len();
    let columns = k + slopes + strata.len().saturating_sub(1);
    if n <= columns {
        return Err(NotEstimable::TooFewSubjects {
            subjects: n,
            needed: columns + 1,
        });
    }
    // A spread of one in every slope column keeps the rank check meaningful.
    let mut centres = Vec::with_capacity(slopes);
    for (j, covariate) in std::iter::once(&baseline)
        .chain(options.covariates)
        .enumerate()
    {
        let name = if j == 0 { "baseline" } else { "covariates" };
        centres.push(centre_and_spread(name, j, covariate, n)?);
    }

    let fill = |i: usize, row: &mut [f64]| {
        row.fill(0.0);
        row[arms.binary_search(&arm[i]).unwrap_or(0)] = 1.0;
        row[k] = (baseline[i] - centres[0].0) / centres[0].1;
        for (j, covariate) in options.covariates.iter().enumerate() {
            row[k + 1 + j] = (covariate[i] - centres[1 + j].0) / centres[1 + j].1;
        }
        if let Some(labels) = options.strata {
            // Sum-to-zero coding: at zero every stratum has equal weight.
            let last = strata.len() - 1;
            match strata.binary_search(&labels[i]).unwrap_or(0) {
                s if s < last => row[k + slopes + s] = 1.0,
                _ => row[k + slopes..].fill(-1.0),
            }
        }
    };
    let mut row = vec![0.0; columns];
    let mut product = vec![0.0; columns * columns];
    let mut solution = vec![0.0; columns];
    for (i, change) in change.iter().enumerate() {
        fill(i, &mut row);
        for a in 0..columns {
            solution[a] += row[a] * change;
            for b in 0..=a {
                product[a * columns + b] += row[a] * row[b];
            }
        }
    }
    let factor =
        Cholesky::new(&product, columns, 1e-10).map_err(|column| NotEstimable::Collinear {
            covariate: column.saturating_sub(k),
        })?;
    factor.solve(&mut solution);
    let (mut residual_squares, mut size) = (0.0, 0.0_f64);
    for (i, change) in change.iter().enumerate() {
        fill(i, &mut row);
        let fitted: f64 = row.iter().zip(&solution).map(|(x, b)| x * b).sum();
        residual_squares += (change - fitted) * (change - fitted);
        size = size.max(change.abs());
    }
    let degrees_of_freedom = n - columns;
    let variance = residual_squares / degrees_of_freedom as f64;
    // What is left then is rounding error.
    if !variance.is_finite() || variance.sqrt() <= 1e-13 * size || size == 0.0 {
        return Err(NotEstimable::NoVariation);
    }
    let inverse = factor.inverse();
    let df = degrees_of_freedom as f64;
    let critical = t_critical(options.confidence_level, df);
    let estimate = |contrast: &[f64]| {
        let estimate: f64 = contrast.iter().zip(&solution).map(|(c, b)| c * b).sum();
        let standard_error = (variance * quadratic_form(contrast, &inverse, contrast)).sqrt();
        let t = estimate / standard_error;
        LinearEstimate {
            estimate,
            standard_error,
            interval: Interval::around(estimate, critical * standard_error),
            t,
            p_value: t_two_sided(t, df),
        }
    };
    let shift = options
        .at_baseline
        .map_or(0.0, |b| (b - centres[0].0) / centres[0].1);
    let contrast = |entries: &[(usize, f64)]| {
        let mut contrast = vec![0.0; columns];
        entries
            .iter()
            .for_each(|&(column, value)| contrast[column] = value);
        estimate(&contrast)
    };
    Ok(Ancova {
        means: (0..k)
            .map(|a| ArmMean {
                arm: arms[a],
                subjects: arm.iter().filter(|&&x| x == arms[a]).count(),
                mean: contrast(&[(a, 1.0), (k, shift)]),
            })
            .collect(),
        differences: (1..k)
            .map(|a| ArmDifference {
                arm: arms[a],
                difference: contrast(&[(0, -1.0), (a, 1.0)]),
            })
            .collect(),
        baseline_slope: contrast(&[(k, 1.0 / centres[0].1)]),
        covariate_slopes: (1..slopes)
            .map(|j| contrast(&[(k + j, 1.0 / centres[j].1)]))
            .collect(),
        residual_standard_deviation: variance.sqrt(),
        degrees_of_freedom,
    })
}

/// The distinct labels, in order.
fn distinct(labels: &[usize]) -> Vec<usize> {
    let mut found = labels.to_vec();
    found.sort_unstable();
    found.dedup();
    found
}
