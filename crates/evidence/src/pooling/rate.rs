//! Events over patient-years.

use neurocart_stats::Interval;
use neurocart_stats::meta_analysis::random_effects::RandomEffectsOptions;
use neurocart_stats::meta_analysis::rates::{poisson_normal, pooled_log_rate};
use neurocart_stats::poisson_rate_ratio::poisson_rate;

use super::{Estimate, Heterogeneity, Options, Pooled, Role};
use crate::series::Row;

/// Points of the quadrature over the random intercept, as for proportions.
const QUADRATURE_POINTS: usize = 7;

pub(super) fn pool_rates(rows: &[&Row], options: Options, pooled: &mut Pooled) {
    let (events, exposure): (Vec<u64>, Vec<f64>) = rows
        .iter()
        .filter_map(|row| row.events.zip(row.exposure_patient_years))
        .unzip();
    let (all, patient_years) = (events.iter().sum(), exposure.iter().sum());
    let mut exact = Role::Companion;
    match poisson_normal(&events, &exposure, QUADRATURE_POINTS, 0.95) {
        Ok(fit) => {
            let name =
                "Poisson-normal random-intercept model (maximum likelihood, 7 quadrature points)";
            pooled.estimates.push(Estimate {
                prediction_lower: Some(fit.prediction_interval.lower),
                prediction_upper: Some(fit.prediction_interval.upper),
                ..rate(
                    name,
                    "random-intercept model",
                    Role::Primary,
                    fit.rate,
                    fit.interval,
                )
            });
            pooled.heterogeneity = Some(Heterogeneity {
                tau: fit.tau_squared.sqrt(),
                scale: "log rate".into(),
                hardly_estimable: rows.len() < super::TAU_ESTIMABLE,
                i_squared_percent: None,
                q: None,
                q_p_value: None,
            });
        }
        Err(error) => {
            exact = Role::Primary;
            pooled.withheld = Some(match all {
                0 => "nobody had an event, so the random-intercept model is on its boundary: the exact interval leads".into(),
                _ => format!("no random-intercept model ({error}): the exact interval leads"),
            });
        }
    }
    if let Ok(crude) = poisson_rate(all, patient_years, 0.95) {
        let name = "all patient-years as of one study, exact (Garwood)";
        pooled
            .estimates
            .push(rate(name, "exact", exact, crude.rate, crude.interval));
    }
    if options.sensitivity
        && let Ok(fit) = pooled_log_rate(&events, &exposure, &RandomEffectsOptions::default())
    {
        let name =
            "log rate, one half added where there is no event, REML, Hartung-Knapp: pulled up";
        let back = |on_log_scale: Interval| Interval {
            lower: libm::exp(on_log_scale.lower),
            upper: libm::exp(on_log_scale.upper),
        };
        let prediction = fit.prediction_interval.map(back);
        let (estimate, interval) = (libm::exp(fit.estimate), back(fit.interval));
        pooled.estimates.push(Estimate {
            prediction_lower: prediction.map(|p| p.lower),
            prediction_upper: prediction.map(|p| p.upper),
            ..rate(
                name,
                "inverse variance",
                Role::Sensitivity,
                estimate,
                interval,
            )
        });
    }
}

fn rate(method: &str, short: &str, role: Role, estimate: f64, interval: Interval) -> Estimate {
    Estimate {
        method: method.to_owned(),
        short: short.to_owned(),
        role,
        estimate,
        lower: interval.lower,
        upper: interval.upper,
        prediction_lower: None,
        prediction_upper: None,
    }
}
