//! Mean effect of several studies, common or random effects.
//!
//! mu = sum w y / sum w with w = 1 / (v + tau^2) and standard error 1 / sqrt(sum w). tau^2 by one of
//! the methods of [`HeterogeneityMethod`]; REML is the default.
//!
//! Interval: Hartung-Knapp, t on k - 1 degrees with the squared error times
//! s^2 = sum w (y - mu)^2 / (k - 1) (Hartung and Knapp 2001, doi:10.1002/sim.791). Where the effects
//! agree by chance s^2 is near zero and the interval absurdly short, so the default does not let s^2
//! fall below one (Röver 2015, doi:10.1186/s12874-015-0091-1). The normal interval is too short with
//! few studies.
//!
//! Q, I^2 and H^2 are those of Higgins and Thompson 2002 (doi:10.1002/sim.1186) in the form
//! tau^2 / (tau^2 + typical variance), the typical variance being (k - 1) / tr P; without a tau^2
//! they rest on Q. I^2 without tau says nothing on how far effects differ, so report both.
//!
//! Prediction interval for the effect in a new study: mu +- q sqrt(tau^2 + SE^2); see
//! [`PredictionDegrees`] for q.

use super::heterogeneity::{Fit, Model};
use super::{check_effects, check_studies};
use crate::distribution::{normal_critical, normal_two_sided, t_critical, t_two_sided};
use crate::error::check_level;
use crate::{ChiSquareTest, Estimate, InputError, Interval, NotEstimable};

pub use super::heterogeneity::HeterogeneityMethod;

/// How the standard error and the reference distribution of the mean are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MeanInterval {
    /// Normal, with the error from the weights.
    Normal,
    /// t on k - 1 degrees with the Hartung-Knapp error.
    HartungKnapp,
    /// The same, but the error never below that from the weights: the default.
    #[default]
    HartungKnappFloor,
}

/// Reference distribution of the prediction interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PredictionDegrees {
    /// As the interval of the mean: normal, or t on k - 1 degrees. The default.
    #[default]
    LikeMean,
    /// t on k - 2 degrees, as Higgins, Thompson and Spiegelhalter 2009,
    /// doi:10.1111/j.1467-985X.2008.00552.x; there is none with two studies.
    StudiesLessTwo,
}

/// Options of the pooled analysis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomEffectsOptions {
    /// Estimate of the variance between studies.
    pub method: HeterogeneityMethod,
    /// Interval and test of the mean.
    pub interval: MeanInterval,
    /// Degrees of freedom of the prediction interval.
    pub prediction: PredictionDegrees,
    /// Level of all intervals.
    pub confidence_level: f64,
}

impl Default for RandomEffectsOptions {
    fn default() -> Self {
        RandomEffectsOptions {
            method: HeterogeneityMethod::default(),
            interval: MeanInterval::default(),
            prediction: PredictionDegrees::default(),
            confidence_level: 0.95,
        }
    }
}

/// The mean of the studies and how they differ.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomEffects {
    /// Studies pooled.
    pub studies: usize,
    /// The mean effect.
    pub estimate: f64,
    /// Its standard error under the chosen interval.
    pub standard_error: f64,
    /// Estimate over standard error.
    pub statistic: f64,
    /// Degrees of freedom of the statistic; none for the normal interval.
    pub degrees_of_freedom: Option<usize>,
    /// Two-sided p value of no mean effect.
    pub p_value: f64,
    /// Interval of the mean.
    pub interval: Interval,
    /// Variance between studies.
    pub tau_squared: f64,
    /// Its standard error, where it was estimated. It is far from normal: prefer the interval.
    pub tau_squared_standard_error: Option<f64>,
    /// Q-profile interval of the variance between studies; none for a common effect.
    pub tau_squared_interval: Option<Interval>,
    /// Percent of the variance of effects that lies between studies.
    pub i_squared_percent: f64,
    /// Total over sampling variance.
    pub h_squared: f64,
    /// Cochran's test that the effects are the same.
    pub q: ChiSquareTest,
    /// Interval for the effect in a new study; none for a common effect or without degrees of freedom.
    pub prediction_interval: Option<Interval>,
    /// Log-likelihood, restricted with REML.
    pub log_likelihood: f64,
}

impl RandomEffects {
    /// Whether there are so few studies (below five) that tau^2 is hardly estimable. Show the
    /// Bayesian result of [`super::bayes_normal`] beside this one.
    pub fn heterogeneity_is_hardly_estimable(&self) -> bool {
        self.studies < 5
    }
}

/// Pools `effect` with sampling `variance`, one of each per study, at least two studies.
pub fn random_effects(
    effect: &[f64],
    variance: &[f64],
    options: &RandomEffectsOptions,
) -> Estimate<RandomEffects> {
    check_level(options.confidence_level)?;
    check_effects(effect, variance)?;
    check_studies(effect.len(), 2)?;
    check_method(options.method)?;
    let model = Model::intercept(effect, variance);
    let free = model.residual_degrees();
    let common = model.fit(0.0)?;
    let tau_squared = model.tau_squared(options.method)?;
    let fit = model.fit(tau_squared)?;
    let error = MeanError::new(&fit, free, options)?;
    let standard_error = (error.factor * fit.covariance[0]).sqrt();
    let estimate = fit.b[0];
    let is_common = options.method == HeterogeneityMethod::CommonEffect;
    let spread = Spread::new(&common, free, tau_squared, is_common);
    let reach = (tau_squared + standard_error * standard_error).sqrt();
    let critical = match options.prediction {
        _ if is_common => None,
        PredictionDegrees::LikeMean => Some(error.critical),
        PredictionDegrees::StudiesLessTwo if free > 1.0 => {
            Some(t_critical(options.confidence_level, free - 1.0))
        }
        PredictionDegrees::StudiesLessTwo => None,
    };
    let restricted = options.method == HeterogeneityMethod::RestrictedMaximumLikelihood;
    Ok(RandomEffects {
        studies: effect.len(),
        estimate,
        standard_error,
        statistic: estimate / standard_error,
        degrees_of_freedom: error.degrees_of_freedom,
        p_value: error.p_value(estimate / standard_error),
        interval: Interval::around(estimate, error.critical * standard_error),
        tau_squared,
        tau_squared_standard_error: model
            .tau_squared_standard_error(options.method, tau_squared)?,
        tau_squared_interval: if is_common {
            None
        } else {
            Some(model.q_profile(options.confidence_level)?)
        },
        i_squared_percent: spread.i_squared_percent,
        h_squared: spread.h_squared,
        q: ChiSquareTest::new(common.squares, effect.len() - 1),
        prediction_interval: critical.map(|q| Interval::around(estimate, q * reach)),
        log_likelihood: model.log_likelihood(&fit, restricted),
    })
}

pub(super) fn check_method(method: HeterogeneityMethod) -> Result<(), InputError> {
    match method {
        HeterogeneityMethod::Given(value) if !(0.0..=super::LARGEST).contains(&value) => {
            Err(InputError::Range {
                name: "tau_squared",
                value,
                expected: "between 0 and 1e50",
            })
        }
        _ => Ok(()),
    }
}

/// How far the effects differ beside their sampling error.
pub(super) struct Spread {
    pub i_squared_percent: f64,
    pub h_squared: f64,
}

impl Spread {
    pub fn new(common: &Fit, free: f64, tau_squared: f64, is_common: bool) -> Spread {
        let h_squared = if is_common {
            common.squares / free
        } else {
            1.0 + tau_squared * common.trace / free
        };
        Spread {
            i_squared_percent: if h_squared > 1.0 {
                100.0 * (1.0 - 1.0 / h_squared)
            } else {
                0.0
            },
            h_squared,
        }
    }
}

/// The factor on the squared standard error and the reference distribution.
pub(super) struct MeanError {
    pub factor: f64,
    pub critical: f64,
    pub degrees_of_freedom: Option<usize>,
}

impl MeanError {
    pub fn new(fit: &Fit, free: f64, options: &RandomEffectsOptions) -> Estimate<MeanError> {
        if options.interval == MeanInterval::Normal {
            return Ok(MeanError {
                factor: 1.0,
                critical: normal_critical(options.confidence_level),
                degrees_of_freedom: None,
            });
        }
        let spread = fit.squares / free;
        let factor = if options.interval == MeanInterval::HartungKnappFloor {
            spread.max(1.0)
        } else {
            spread
        };
        // Identical effects leave rounding only.
        if factor < 1e-25 {
            return Err(NotEstimable::NoVariation);
        }
        Ok(MeanError {
            factor,
            critical: t_critical(options.confidence_level, free),
            degrees_of_freedom: Some(free as usize),
        })
    }

    pub fn p_value(&self, statistic: f64) -> f64 {
        match self.degrees_of_freedom {
            None => normal_two_sided(statistic),
            Some(df) => t_two_sided(statistic, df as f64),
        }
    }
}
