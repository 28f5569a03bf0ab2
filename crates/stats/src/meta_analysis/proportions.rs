//! Pooled proportion of single-arm series, often tiny, often with 0 % or 100 %.
//!
//! Primary: x_i ~ binomial(n_i, p_i), logit p_i ~ N(mu, tau^2), by maximum likelihood with the
//! random intercept integrated out: no continuity correction, and 0 of n is used as it is (Stijnen
//! 2010, doi:10.1002/sim.4040). Seven quadrature points by default, one is Laplace's approximation.
//! The pooled proportion is that of a study at the median, expit(mu).
//!
//! Companions to be shown beside it: the beta-binomial posterior ([`super::beta_binomial`]) and the crude
//! exact interval, as though all patients were of one study. Where nobody, or everybody, had the event
//! the model is on its boundary and only the companions exist; [`pooled_proportion`] gives all three.
//!
//! For comparison: inverse-variance pooling of transformed proportions ([`super::transforms`]). The
//! logit with half-correction is pulled to 0.5; Freeman-Tukey depends on the sample size at which
//! it is transformed back, so that size is part of the request and of the result.

use crate::distribution::{binomial_pmf, normal_critical};
use crate::error::check_level;
use crate::proportion::{Proportion, ProportionMethod, proportion};
use crate::{Estimate, Interval};

use super::beta_binomial::{
    BetaBinomialPosterior, BetaBinomialPrior, beta_binomial_posterior, check_series, check_varies,
};
use super::marginal_likelihood::{Rule, at_conditional_mode, binomial, maximum_with_spread};
use super::random_effects::{RandomEffects, RandomEffectsOptions, random_effects};
use super::transforms::{
    arcsine, freeman_tukey, harmonic_mean, inverse_arcsine, inverse_freeman_tukey, inverse_logit,
    logit_half_correction,
};

pub use super::beta_binomial::Series;

/// Quadrature points of the primary analysis.
pub const QUADRATURE_POINTS: usize = 7;

/// The logit-normal random-intercept model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogitNormal {
    /// Proportion of the median study.
    pub proportion: f64,
    /// Wald interval made on the logit scale.
    pub interval: Interval,
    /// Interval for the proportion of a new study.
    pub prediction_interval: Interval,
    /// Mean log odds.
    pub log_odds: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Variance of the log odds between studies; zero on the boundary.
    pub tau_squared: f64,
    /// Log-likelihood, all constants included.
    pub log_likelihood: f64,
    /// Log-likelihood of the counts given each study's most likely random effect, which metafor's
    /// `rma.glmm` reports; not for comparing models.
    pub conditional_log_likelihood: f64,
    /// Log-likelihood of the model that gives each study its own proportion.
    pub saturated_log_likelihood: f64,
}

/// Fits the logit-normal model to at least two series.
///
/// Errors: `NoEvents` and `OnlyEvents` where the estimate would be 0 or 1.
pub fn logit_normal(
    series: &[Series],
    quadrature_points: usize,
    confidence_level: f64,
) -> Estimate<LogitNormal> {
    check_level(confidence_level)?;
    check_series(series, 2)?;
    check_varies(series)?;
    let rule = Rule::new(quadrature_points)?;
    let counts: Vec<(f64, f64)> = series
        .iter()
        .map(|s| (s.events as f64, s.total as f64))
        .collect();
    let x: f64 = counts.iter().map(|c| c.0).sum();
    let n: f64 = counts.iter().map(|c| c.1).sum();
    let log_likelihood = |mu: f64, tau: f64| -> f64 {
        counts
            .iter()
            .map(|&(x, n)| rule.log_integral(mu, tau, |eta| binomial(x, n, eta)))
            .sum()
    };
    let fit = maximum_with_spread(
        &[libm::log(x / (n - x))],
        &[(n / x / (n - x)).sqrt()],
        &|b, tau| log_likelihood(b[0], tau),
    )?;
    let saturated: f64 = series
        .iter()
        .map(|s| {
            let own = s.events as f64 / s.total as f64;
            libm::log(binomial_pmf(s.events, s.total, own))
        })
        .sum();
    let (log_odds, standard_error) = (fit.parameters[0], fit.standard_error);
    let tau_squared = fit.tau * fit.tau;
    let z = normal_critical(confidence_level);
    let around = |error: f64| Interval {
        lower: inverse_logit(log_odds - z * error),
        upper: inverse_logit(log_odds + z * error),
    };
    Ok(LogitNormal {
        proportion: inverse_logit(log_odds),
        interval: around(standard_error),
        prediction_interval: around((tau_squared + standard_error * standard_error).sqrt()),
        log_odds,
        standard_error,
        tau_squared,
        log_likelihood: saturated + fit.value,
        conditional_log_likelihood: saturated
            + counts
                .iter()
                .map(|&(x, n)| at_conditional_mode(log_odds, fit.tau, |eta| binomial(x, n, eta)))
                .sum::<f64>(),
        saturated_log_likelihood: saturated,
    })
}

/// All patients as though of one study, with the exact interval of Clopper and Pearson.
pub fn crude_proportion(series: &[Series], confidence_level: f64) -> Estimate<Proportion> {
    check_series(series, 1)?;
    let events = series.iter().map(|s| s.events).sum();
    let total = series.iter().map(|s| s.total).sum();
    proportion(
        events,
        total,
        ProportionMethod::ClopperPearson,
        confidence_level,
    )
}

/// The primary analysis with the companions to be shown beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct PooledProportion {
    /// Logit-normal model, or why there is none.
    pub logit_normal: Estimate<LogitNormal>,
    /// Beta-binomial posterior.
    pub bayes: BetaBinomialPosterior,
    /// Crude exact interval.
    pub crude: Proportion,
}

/// Pools at least one series: what is not estimable says so in place, the rest is given.
pub fn pooled_proportion(series: &[Series], confidence_level: f64) -> Estimate<PooledProportion> {
    Ok(PooledProportion {
        bayes: beta_binomial_posterior(series, &BetaBinomialPrior::default(), confidence_level)?,
        crude: crude_proportion(series, confidence_level)?,
        logit_normal: logit_normal(series, QUADRATURE_POINTS, confidence_level),
    })
}

/// The sample size at which a Freeman-Tukey mean is transformed back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BackTransformSize {
    /// Harmonic mean of the studies' sizes.
    HarmonicMean,
    /// This number of patients.
    Patients(f64),
}

/// The scale on which proportions are pooled by inverse variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ProportionScale {
    /// Log odds, one half added where a count is zero.
    LogitHalfCorrection,
    /// Freeman-Tukey double arcsine.
    FreemanTukey(BackTransformSize),
    /// Arcsine of the root.
    Arcsine,
}

/// A proportion pooled on a transformed scale.
#[derive(Debug, Clone, PartialEq)]
pub struct TransformedProportion {
    /// Pooled proportion.
    pub proportion: f64,
    /// Interval.
    pub interval: Interval,
    /// Interval for the proportion of a new study.
    pub prediction_interval: Option<Interval>,
    /// Sample size of the back-transformation, for Freeman-Tukey: print it with the result.
    pub back_transform_size: Option<f64>,
    /// The analysis on the transformed scale.
    pub pooled: RandomEffects,
}

/// Pools at least two series on a transformed scale and transforms the result back.
pub fn transformed_proportion(
    series: &[Series],
    scale: ProportionScale,
    options: &RandomEffectsOptions,
) -> Estimate<TransformedProportion> {
    check_series(series, 2)?;
    let transform = match scale {
        ProportionScale::LogitHalfCorrection => logit_half_correction,
        ProportionScale::FreemanTukey(_) => freeman_tukey,
        ProportionScale::Arcsine => arcsine,
    };
    let (mut effect, mut variance) = (Vec::new(), Vec::new());
    for study in series {
        let transformed = transform(study.events, study.total)?;
        effect.push(transformed.effect);
        variance.push(transformed.variance);
    }
    let totals: Vec<u64> = series.iter().map(|s| s.total).collect();
    let back_transform_size = match scale {
        ProportionScale::FreemanTukey(BackTransformSize::Patients(n)) => Some(n),
        ProportionScale::FreemanTukey(BackTransformSize::HarmonicMean) => harmonic_mean(&totals),
        _ => None,
    };
    let pooled = random_effects(&effect, &variance, options)?;
    let back = |value: f64| match scale {
        ProportionScale::LogitHalfCorrection => Ok(inverse_logit(value)),
        ProportionScale::Arcsine => Ok(inverse_arcsine(value)),
        ProportionScale::FreemanTukey(_) => {
            inverse_freeman_tukey(value, back_transform_size.unwrap_or(f64::NAN))
        }
    };
    let back_interval = |interval: Interval| -> Estimate<Interval> {
        Ok(Interval {
            lower: back(interval.lower)?,
            upper: back(interval.upper)?,
        })
    };
    Ok(TransformedProportion {
        proportion: back(pooled.estimate)?,
        interval: back_interval(pooled.interval)?,
        prediction_interval: pooled.prediction_interval.map(back_interval).transpose()?,
        back_transform_size,
        pooled,
    })
}
