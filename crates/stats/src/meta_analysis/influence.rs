//! What single studies do to the mean: left out one at a time, added one at a time, and measured.
//!
//! With mu and V = SE^2 from all studies, and mu_(i), V_(i), tau_(i)^2 without study i (Viechtbauer and
//! Cheung 2010, doi:10.1002/jrsm.11):
//!
//! * studentised deleted residual (y_i - mu_(i)) / sqrt(v_i + tau_(i)^2 + V_(i)): beyond about 2 an outlier;
//! * hat value h_i = w_i / sum w, the study's weight;
//! * DFFITS (mu - mu_(i)) / sqrt(h_i (v_i + tau_(i)^2)); Cook's distance (mu - mu_(i))^2 / V;
//! * covariance ratio V_(i) / V: below 1 the mean is more precise without the study.
//!
//! A cumulative mean looked at after each study has no fixed error rate; it is a picture, not a test.

use super::heterogeneity::Model;
use super::random_effects::{
    MeanError, RandomEffects, RandomEffectsOptions, check_method, random_effects,
};
use super::{check_effects, check_studies};
use crate::distribution::normal_critical;
use crate::error::{check_length, check_level};
use crate::{Estimate, InputError, Interval};

/// The analysis without each study in turn, in the order of the data; at least three studies.
pub fn leave_one_out(
    effect: &[f64],
    variance: &[f64],
    options: &RandomEffectsOptions,
) -> Estimate<Vec<RandomEffects>> {
    check_effects(effect, variance)?;
    check_studies(effect.len(), 3)?;
    (0..effect.len())
        .map(|i| random_effects(&without(effect, i), &without(variance, i), options))
        .collect()
}

fn without(values: &[f64], place: usize) -> Vec<f64> {
    let mut rest = values.to_vec();
    rest.remove(place);
    rest
}

/// The mean of the first studies in an order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CumulativeMean {
    /// Position of the study added last, from 0.
    pub added: usize,
    /// Mean so far.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Its interval.
    pub interval: Interval,
    /// Variance between studies; zero for a single one.
    pub tau_squared: f64,
}

/// The mean after each study in the order given, such as by year. The first study stands alone with
/// its own normal interval.
pub fn cumulative(
    effect: &[f64],
    variance: &[f64],
    order: &[usize],
    options: &RandomEffectsOptions,
) -> Estimate<Vec<CumulativeMean>> {
    check_level(options.confidence_level)?;
    check_effects(effect, variance)?;
    check_studies(effect.len(), 1)?;
    check_method(options.method)?;
    check_length("order", order.len(), effect.len())?;
    let mut seen = vec![false; effect.len()];
    for (index, &place) in order.iter().enumerate() {
        if place >= effect.len() || std::mem::replace(&mut seen[place], true) {
            return Err(InputError::Value {
                name: "order",
                index,
                value: place as f64,
                expected: "each study once, counted from 0",
            }
            .into());
        }
    }
    let (mut y, mut v) = (Vec::new(), Vec::new());
    let mut means = Vec::new();
    for &added in order {
        y.push(effect[added]);
        v.push(variance[added]);
        if y.len() == 1 {
            let standard_error = v[0].sqrt();
            let half_width = normal_critical(options.confidence_level) * standard_error;
            means.push(CumulativeMean {
                added,
                estimate: y[0],
                standard_error,
                interval: Interval::around(y[0], half_width),
                tau_squared: 0.0,
            });
            continue;
        }
        let model = Model::intercept(&y, &v);
        let tau_squared = model.tau_squared(options.method)?;
        let fit = model.fit(tau_squared)?;
        let error = MeanError::new(&fit, model.residual_degrees(), options)?;
        let standard_error = (error.factor * fit.covariance[0]).sqrt();
        means.push(CumulativeMean {
            added,
            estimate: fit.b[0],
            standard_error,
            interval: Interval::around(fit.b[0], error.critical * standard_error),
            tau_squared,
        });
    }
    Ok(means)
}

/// What one study does to the mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Influence {
    /// Studentised deleted residual.
    pub studentised_residual: f64,
    /// Change of the mean in standard errors of the fitted value.
    pub dffits: f64,
    /// Cook's distance.
    pub cooks_distance: f64,
    /// Squared error of the mean without the study over that with it.
    pub covariance_ratio: f64,
    /// Variance between the other studies.
    pub tau_squared_without: f64,
    /// Share of the weight, from 0 to 1.
    pub hat: f64,
}

/// Influence of each study, in the order of the data; at least three studies.
pub fn influence(
    effect: &[f64],
    variance: &[f64],
    options: &RandomEffectsOptions,
) -> Estimate<Vec<Influence>> {
    let all = random_effects(effect, variance, options)?;
    let rest = leave_one_out(effect, variance, options)?;
    let squared_error = all.standard_error * all.standard_error;
    let weight = |v: &f64| 1.0 / (v + all.tau_squared);
    let weights: f64 = variance.iter().map(weight).sum();
    Ok(rest
        .iter()
        .enumerate()
        .map(|(i, rest)| {
            let (change, hat) = (all.estimate - rest.estimate, weight(&variance[i]) / weights);
            let own = variance[i] + rest.tau_squared;
            let squared_error_without = rest.standard_error * rest.standard_error;
            Influence {
                studentised_residual: (effect[i] - rest.estimate)
                    / (own + squared_error_without).sqrt(),
                dffits: change / (hat * own).sqrt(),
                cooks_distance: change * change / squared_error,
                covariance_ratio: squared_error_without / squared_error,
                tau_squared_without: rest.tau_squared,
                hat,
            }
        })
        .collect())
}
