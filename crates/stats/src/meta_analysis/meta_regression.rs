//! Regression of effects on study covariates, with variance between studies left over.
//!
//! y = X b + u + e as in [`super::heterogeneity`]; b by weighted least squares at the estimated tau^2.
//! The joint test QM of all slopes is b' C^-1 b: chi-square on m slopes with the normal interval, F
//! on m and k - p after division by m with Hartung-Knapp (Knapp and Hartung 2003,
//! doi:10.1002/sim.1482). QE tests what heterogeneity is left. R^2 is the percent by which tau^2 falls
//! from the model without covariates, none where that is zero (Raudenbush 2009); it is unreliable
//! with few studies (López-López 2014, doi:10.1111/bmsp.12002).
//!
//! Covariates are of studies, so a slope says nothing on patients within them.

use super::heterogeneity::{HeterogeneityMethod, Model};
use super::random_effects::{MeanError, RandomEffectsOptions, check_method};
use super::{check_effects, check_studies};
use crate::cholesky::Cholesky;
use crate::distribution::{chi_square_sf, f_sf};
use crate::error::check_level;
use crate::standardise::{centre_and_spread, to_original_scale};
use crate::{ChiSquareTest, Estimate, InputError, Interval, NotEstimable};

/// One coefficient of the regression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficient {
    /// Change of the effect per unit of the covariate.
    pub coefficient: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Coefficient over standard error.
    pub statistic: f64,
    /// Two-sided p value of zero.
    pub p_value: f64,
    /// Interval.
    pub interval: Interval,
}

/// Joint test of all slopes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlopeTest {
    /// Chi-square, or F with Hartung-Knapp.
    pub statistic: f64,
    /// Slopes tested.
    pub numerator_degrees: usize,
    /// Degrees of freedom of the F test; none for chi-square.
    pub denominator_degrees: Option<usize>,
    /// P value.
    pub p_value: f64,
}

/// A fitted meta-regression.
#[derive(Debug, Clone, PartialEq)]
pub struct MetaRegression {
    /// Studies.
    pub studies: usize,
    /// The effect where all covariates are zero.
    pub intercept: Coefficient,
    /// One slope per covariate.
    pub slopes: Vec<Coefficient>,
    /// Variance between studies that the covariates leave.
    pub tau_squared: f64,
    /// Joint test of the slopes.
    pub slope_test: SlopeTest,
    /// Test of the heterogeneity left.
    pub residual: ChiSquareTest,
    /// Percent of tau^2 explained; none where there is none without covariates.
    pub r_squared_percent: Option<f64>,
    /// Degrees of freedom of the coefficients; none for the normal interval.
    pub degrees_of_freedom: Option<usize>,
}

/// Regression of `effect` with sampling `variance` on `covariates`, each with one value per study.
/// Needs at least two studies more than covariates. `options.prediction` is not used.
pub fn meta_regression(
    effect: &[f64],
    variance: &[f64],
    covariates: &[&[f64]],
    options: &RandomEffectsOptions,
) -> Estimate<MetaRegression> {
    check_level(options.confidence_level)?;
    check_effects(effect, variance)?;
    check_method(options.method)?;
    let (k, slopes) = (effect.len(), covariates.len());
    if slopes == 0 {
        return Err(InputError::Unsupported {
            problem: "a meta-regression without covariates",
            fix: "use random_effects",
        }
        .into());
    }
    check_studies(k, slopes + 2)?;
    let p = slopes + 1;
    let (mut mean, mut spread) = (Vec::new(), Vec::new());
    for (place, values) in covariates.iter().enumerate() {
        let (centre, width) = centre_and_spread("covariates", place, values, k)?;
        mean.push(centre);
        spread.push(width);
    }
    let mut x = Vec::with_capacity(k * p);
    for i in 0..k {
        x.push(1.0);
        let scaled = covariates.iter().zip(mean.iter().zip(&spread));
        x.extend(scaled.map(|(values, (mean, spread))| (values[i] - mean) / spread));
    }
    let model = Model {
        y: effect,
        v: variance,
        x,
        p,
    };
    let free = model.residual_degrees();
    let tau_squared = model.tau_squared(options.method)?;
    let fit = model.fit(tau_squared)?;
    let error = MeanError::new(&fit, free, options)?;
    let scaled: Vec<f64> = fit.covariance.iter().map(|c| c * error.factor).collect();

    // The joint test does not depend on the scale of the covariates.
    let block: Vec<f64> = (1..p)
        .flat_map(|i| (1..p).map(move |j| (i, j)))
        .map(|(i, j)| scaled[i * p + j])
        .collect();
    let factor = Cholesky::new(&block, slopes, 1e-12)
        .map_err(|covariate| NotEstimable::Collinear { covariate })?;
    let mut solved = fit.b[1..].to_vec();
    factor.solve(&mut solved);
    let wald: f64 = solved.iter().zip(&fit.b[1..]).map(|(s, b)| s * b).sum();
    let m = slopes as f64;
    let slope_test = match error.degrees_of_freedom {
        None => SlopeTest {
            statistic: wald,
            numerator_degrees: slopes,
            denominator_degrees: None,
            p_value: chi_square_sf(wald, m),
        },
        Some(df) => SlopeTest {
            statistic: wald / m,
            numerator_degrees: slopes,
            denominator_degrees: Some(df),
            p_value: f_sf(wald / m, m, df as f64),
        },
    };

    let (b, covariance) = to_original_scale(&mean, &spread, &fit.b, &scaled);
    let coefficient = |j: usize| {
        let standard_error = covariance[j * p + j].sqrt();
        let statistic = b[j] / standard_error;
        Coefficient {
            coefficient: b[j],
            standard_error,
            statistic,
            p_value: error.p_value(statistic),
            interval: Interval::around(b[j], error.critical * standard_error),
        }
    };
    let without = match options.method {
        HeterogeneityMethod::CommonEffect | HeterogeneityMethod::Given(_) => 0.0,
        method => Model::intercept(effect, variance).tau_squared(method)?,
    };
    Ok(MetaRegression {
        studies: k,
        intercept: coefficient(0),
        slopes: (1..p).map(coefficient).collect(),
        tau_squared,
        slope_test,
        residual: ChiSquareTest::new(model.fit(0.0)?.squares, k - p),
        r_squared_percent: (without > 0.0)
            .then(|| (100.0 * (without - tau_squared) / without).max(0.0)),
        degrees_of_freedom: error.degrees_of_freedom,
    })
}
