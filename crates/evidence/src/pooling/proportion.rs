//! Patients with an event, of patients.

use neurocart_stats::Interval;
use neurocart_stats::meta_analysis::proportions::{
    BackTransformSize, PooledProportion, ProportionScale, Series as Counts, pooled_proportion,
    transformed_proportion,
};
use neurocart_stats::meta_analysis::random_effects::RandomEffectsOptions;

use super::{Estimate, Heterogeneity, Options, Pooled, Role};
use crate::series::Row;

/// Percentage points between its limits beyond which a random-intercept model says nothing.
const SAYS_NOTHING: f64 = 90.0;

pub(super) fn pool_proportions(rows: &[&Row], options: Options, pooled: &mut Pooled) {
    let counts = counts(rows);
    let both = match pooled_proportion(&counts, 0.95) {
        Ok(both) => both,
        Err(error) => {
            pooled.withheld = Some(error.to_string());
            return;
        }
    };
    let PooledProportion {
        logit_normal,
        bayes,
        crude,
    } = both;
    let mut leads = true;
    match logit_normal {
        Ok(fit) => {
            let mut estimate = percent(
                "logit-normal random-intercept model (maximum likelihood, 7 quadrature points)",
                "random-intercept model",
                Role::Primary,
                fit.proportion,
                fit.interval,
            );
            estimate.prediction_lower = Some(100.0 * fit.prediction_interval.lower);
            estimate.prediction_upper = Some(100.0 * fit.prediction_interval.upper);
            if estimate.upper - estimate.lower > SAYS_NOTHING {
                leads = false;
                estimate.role = Role::Companion;
                pooled.withheld = Some(
                    "the series differ so much that the random-intercept model says nothing: the Bayesian answer leads"
                        .into(),
                );
            }
            pooled.estimates.push(estimate);
            pooled.heterogeneity = Some(Heterogeneity {
                tau: fit.tau_squared.sqrt(),
                scale: "log odds".into(),
                hardly_estimable: rows.len() < super::TAU_ESTIMABLE,
                i_squared_percent: None,
                q: None,
                q_p_value: None,
            });
        }
        Err(error) => {
            leads = false;
            let boundary = |who: &str| {
                format!(
                    "{who} had the event, so the random-intercept model is on its boundary: the Bayesian answer leads"
                )
            };
            pooled.withheld = Some(match pooled.events {
                Some(0) => boundary("nobody"),
                Some(events) if events == pooled.patients => boundary("everybody"),
                _ => format!("no random-intercept model ({error}): the Bayesian answer leads"),
            });
        }
    }
    let posterior = percent(
        "beta-binomial posterior (uniform mean, log-normal concentration), 95 % credible",
        "Bayes",
        if leads {
            Role::Companion
        } else {
            Role::Primary
        },
        bayes.median,
        bayes.interval,
    );
    match leads {
        true => pooled.estimates.push(posterior),
        false => pooled.estimates.insert(0, posterior),
    }
    pooled.estimates.push(percent(
        "all patients as of one study, exact (Clopper-Pearson)",
        "exact",
        Role::Companion,
        crude.estimate,
        crude.interval,
    ));
    if !options.sensitivity {
        return;
    }
    let scales = [
        (
            ProportionScale::LogitHalfCorrection,
            "logit with half-correction, REML, Hartung-Knapp: pulled to 50 %",
        ),
        (
            ProportionScale::FreemanTukey(BackTransformSize::HarmonicMean),
            "Freeman-Tukey double arcsine, REML, Hartung-Knapp",
        ),
    ];
    for (scale, name) in scales {
        let Ok(fit) = transformed_proportion(&counts, scale, &RandomEffectsOptions::default())
        else {
            continue;
        };
        let name = match fit.back_transform_size {
            Some(n) => format!("{name}, transformed back at n = {n:.2}"),
            None => name.to_owned(),
        };
        let mut estimate = percent(
            &name,
            "inverse variance",
            Role::Sensitivity,
            fit.proportion,
            fit.interval,
        );
        estimate.prediction_lower = fit.prediction_interval.map(|p| 100.0 * p.lower);
        estimate.prediction_upper = fit.prediction_interval.map(|p| 100.0 * p.upper);
        pooled.estimates.push(estimate);
    }
}

fn counts(rows: &[&Row]) -> Vec<Counts> {
    rows.iter()
        .filter_map(|row| {
            Some(Counts {
                events: row.events?,
                total: row.total?,
            })
        })
        .collect()
}

fn percent(method: &str, short: &str, role: Role, estimate: f64, interval: Interval) -> Estimate {
    Estimate {
        method: method.to_owned(),
        short: short.to_owned(),
        role,
        estimate: 100.0 * estimate,
        lower: 100.0 * interval.lower,
        upper: 100.0 * interval.upper,
        prediction_lower: None,
        prediction_upper: None,
    }
}
