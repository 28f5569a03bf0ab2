//! Means, differences and ratios.

use neurocart_stats::Interval;
use neurocart_stats::meta_analysis::bayes_normal::{BayesNormalPriors, bayes_normal};
use neurocart_stats::meta_analysis::random_effects::{
    RandomEffects, RandomEffectsOptions, random_effects,
};

use super::{Estimate, Heterogeneity, Options, Pooled, Role};
use crate::series::{Measure, Row};

/// Effects and variances of the rows, on the scale of pooling.
fn effects(rows: &[&Row], measure: Measure) -> (Vec<f64>, Vec<f64>) {
    rows.iter()
        .filter_map(|row| {
            let (value, error) = (row.estimate?, row.standard_error?);
            let effect = if measure == Measure::Ratio {
                libm::log(value)
            } else {
                value
            };
            Some((effect, error * error))
        })
        .unzip()
}

pub(super) fn pool_effects(rows: &[&Row], measure: Measure, options: Options, pooled: &mut Pooled) {
    let (effect, variance) = effects(rows, measure);
    if effect.len() == 1 {
        pooled.withheld = Some("1 study: its own estimate is the answer".into());
        return;
    }
    let fit = match random_effects(&effect, &variance, &RandomEffectsOptions::default()) {
        Ok(fit) => fit,
        Err(error) => {
            pooled.withheld = Some(error.to_string());
            return;
        }
    };
    let scale = match measure {
        Measure::Ratio => "log ratio".to_owned(),
        _ => rows.first().map_or(String::new(), |r| r.unit.clone()),
    };
    pooled.estimates.push(on_scale(
        "random effects (REML), Hartung-Knapp interval with ad hoc floor, prediction on k - 1 degrees of freedom",
        "random effects",
        Role::Primary,
        measure,
        fit.estimate,
        fit.interval,
        fit.prediction_interval,
    ));
    pooled.heterogeneity = Some(heterogeneity(&fit, scale));
    if fit.heterogeneity_is_hardly_estimable() {
        // A standard deviation between studies of half the typical one between patients is a large one; on
        // the log scale that is the customary 0.5.
        let tau_scale = match measure {
            Measure::Ratio => 0.5,
            _ => 0.5 * median_deviation(rows),
        };
        let largest = effect.iter().fold(0.0, |a: f64, x| a.max(x.abs()));
        for (times, role) in [(1.0, Role::Companion), (2.0, Role::Sensitivity)] {
            if role == Role::Sensitivity && !options.sensitivity {
                continue;
            }
            let priors = BayesNormalPriors {
                mu_mean: 0.0,
                mu_sd: match measure {
                    Measure::Ratio => 4.0,
                    // Vague also where all effects lie far from 0, as levels do.
                    _ => 100.0 * tau_scale.max(largest),
                },
                tau_scale: times * tau_scale,
            };
            let Ok(posterior) = bayes_normal(&effect, &variance, &priors, 0.95) else {
                continue;
            };
            let name = format!(
                "Bayesian normal model, tau half-normal({:.3}), 95 % credible",
                priors.tau_scale
            );
            pooled.estimates.push(on_scale(
                &name,
                "Bayes",
                role,
                measure,
                posterior.mu.median,
                posterior.mu.interval,
                Some(posterior.prediction.interval),
            ));
        }
    }
}

/// Median over the studies of the standard deviation between patients.
fn median_deviation(rows: &[&Row]) -> f64 {
    let mut deviations: Vec<f64> = rows
        .iter()
        .filter_map(|r| Some(r.standard_error? * (r.total.unwrap_or(1).max(1) as f64).sqrt()))
        .collect();
    deviations.sort_by(f64::total_cmp);
    deviations.get(deviations.len() / 2).copied().unwrap_or(1.0)
}

fn heterogeneity(fit: &RandomEffects, scale: String) -> Heterogeneity {
    Heterogeneity {
        tau: fit.tau_squared.sqrt(),
        scale,
        hardly_estimable: fit.heterogeneity_is_hardly_estimable(),
        i_squared_percent: Some(fit.i_squared_percent),
        q: Some(fit.q.statistic),
        q_p_value: Some(fit.q.p_value),
    }
}

fn on_scale(
    method: &str,
    short: &str,
    role: Role,
    measure: Measure,
    estimate: f64,
    interval: Interval,
    prediction: Option<Interval>,
) -> Estimate {
    let back = |x: f64| {
        if measure == Measure::Ratio {
            libm::exp(x)
        } else {
            x
        }
    };
    Estimate {
        method: method.to_owned(),
        short: short.to_owned(),
        role,
        estimate: back(estimate),
        lower: back(interval.lower),
        upper: back(interval.upper),
        prediction_lower: prediction.map(|p| back(p.lower)),
        prediction_upper: prediction.map(|p| back(p.upper)),
    }
}
