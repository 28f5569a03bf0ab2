//! Pools the rows of a series, by the method that suits what they are.
//!
//! * Patients with an event of patients, in tiny single-arm series: the logit-normal random-intercept
//!   model, and always beside it the beta-binomial posterior and the crude exact interval.
//! * Means, differences and (on the log scale) ratios: random effects, REML, Hartung-Knapp with the ad
//!   hoc floor; below five studies the Bayesian result beside it.
//!
//! Where the random-intercept model is on its boundary (nobody or everybody had the event), or its interval
//! covers nearly the whole scale because all events are in one or two series, it says nothing: the Bayesian
//! answer leads, and a note says why.
//!
//! Below three studies nothing is pooled unless asked for. Every estimate carries the name of its method.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use neurocart_stats::Interval;
use neurocart_stats::meta_analysis::bayes_normal::{BayesNormalPriors, bayes_normal};
use neurocart_stats::meta_analysis::proportions::{
    BackTransformSize, PooledProportion, ProportionScale, Series as Counts, pooled_proportion,
    transformed_proportion,
};
use neurocart_stats::meta_analysis::random_effects::{
    RandomEffects, RandomEffectsOptions, random_effects,
};

use crate::series::{Measure, Row, Series};

/// Fewer studies than this are shown side by side and not pooled.
pub const FEWEST_POOLED: usize = 3;

/// Percentage points between its limits beyond which a random-intercept model says nothing.
pub const SAYS_NOTHING: f64 = 90.0;

/// The rows of a group pooled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pooled {
    /// Studies that enter.
    pub studies: usize,
    /// Their patients, as far as reported.
    pub patients: u64,
    /// Patients with the event, for proportions.
    pub events: Option<u64>,
    /// Estimates, the primary one first.
    pub estimates: Vec<Estimate>,
    /// Why nothing is pooled, or why the primary method gives nothing.
    pub withheld: Option<String>,
    /// How the studies differ.
    pub heterogeneity: Option<Heterogeneity>,
}

/// A pooled estimate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The method in full.
    pub method: String,
    /// The method in two or three words.
    pub short: String,
    /// What it is for.
    pub role: Role,
    /// The estimate, in the unit of the outcome; percent for proportions.
    pub estimate: f64,
    /// Lower limit, 95 %.
    pub lower: f64,
    /// Upper limit, 95 %.
    pub upper: f64,
    /// Lower limit of the 95 % prediction interval for a new study.
    pub prediction_lower: Option<f64>,
    /// Upper limit of the 95 % prediction interval for a new study.
    pub prediction_upper: Option<f64>,
}

/// What an estimate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The answer.
    Primary,
    /// Always shown beside it.
    Companion,
    /// Another method, to see what the choice changes.
    Sensitivity,
}

/// How the studies differ, on the scale of pooling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heterogeneity {
    /// Standard deviation between studies.
    pub tau: f64,
    /// Scale of tau: `log odds`, `log ratio` or the unit of the outcome.
    pub scale: String,
    /// Percent of the variance of effects between studies; only ever beside tau.
    pub i_squared_percent: Option<f64>,
    /// Cochran's Q.
    pub q: Option<f64>,
    /// Its p value.
    pub q_p_value: Option<f64>,
}

/// What to pool beyond the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Pool one or two studies as well.
    pub pool_few: bool,
    /// Add the estimates of other methods.
    pub sensitivity: bool,
    /// Pool although the studies grade by different toxicity scales.
    pub across_scales: bool,
}

/// Pools a series.
pub fn pool(series: &Series, options: Options) -> Pooled {
    let rows: Vec<&Row> = series
        .rows
        .iter()
        .filter(|row| enters(row, series.measure))
        .collect();
    let mut pooled = Pooled {
        studies: rows.len(),
        patients: rows.iter().filter_map(|r| r.patients()).sum(),
        events: (series.measure == Measure::Proportion)
            .then(|| rows.iter().filter_map(|r| r.events).sum()),
        estimates: Vec::new(),
        withheld: None,
        heterogeneity: None,
    };
    let few = match options.pool_few {
        true => 1,
        false => FEWEST_POOLED,
    };
    let scales: BTreeSet<&str> = rows.iter().filter_map(|r| r.grading.as_deref()).collect();
    if series.measure == Measure::Listed {
        pooled.withheld = Some("medians, ranges, times and texts are listed, not pooled".into());
    } else if rows.is_empty() {
        pooled.withheld = Some("no study with a usable figure".into());
    } else if rows.len() < few {
        let studies = if rows.len() == 1 {
            "1 study"
        } else {
            "2 studies"
        };
        pooled.withheld = Some(format!("{studies}: not pooled"));
    } else if scales.len() > 1 && !options.across_scales {
        let scales: Vec<&str> = scales.into_iter().collect();
        pooled.withheld = Some(format!(
            "graded by different scales ({}): not pooled unadjusted",
            scales.join(", ")
        ));
    } else if series.measure == Measure::Proportion {
        pool_proportions(&rows, options, &mut pooled);
    } else {
        pool_effects(&rows, series.measure, options, &mut pooled);
    }
    pooled
}

/// True if a row has what pooling needs.
pub fn enters(row: &Row, measure: Measure) -> bool {
    row.not_pooled.is_none() && measure != Measure::Listed
}

/// The counts of the rows.
pub fn counts(rows: &[&Row]) -> Vec<Counts> {
    rows.iter()
        .filter_map(|row| {
            Some(Counts {
                events: row.events?,
                total: row.total?,
            })
        })
        .collect()
}

fn pool_proportions(rows: &[&Row], options: Options, pooled: &mut Pooled) {
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
                i_squared_percent: None,
                q: None,
                q_p_value: None,
            });
        }
        Err(error) => {
            leads = false;
            let why = match pooled.events {
                Some(0) => "nobody had the event".to_owned(),
                Some(events) if events == pooled.patients => "everybody had the event".to_owned(),
                _ => error.to_string(),
            };
            pooled.withheld = Some(format!(
                "{why}, so the random-intercept model is on its boundary: the Bayesian answer leads"
            ));
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

/// Effects and variances of the rows, on the scale of pooling.
pub fn effects(rows: &[&Row], measure: Measure) -> (Vec<f64>, Vec<f64>) {
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

fn pool_effects(rows: &[&Row], measure: Measure, options: Options, pooled: &mut Pooled) {
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
        for (times, role) in [(1.0, Role::Companion), (2.0, Role::Sensitivity)] {
            if role == Role::Sensitivity && !options.sensitivity {
                continue;
            }
            let priors = BayesNormalPriors {
                mu_mean: 0.0,
                mu_sd: if measure == Measure::Ratio {
                    4.0
                } else {
                    100.0 * tau_scale
                },
                tau_scale: times * tau_scale,
            };
            let Ok(posterior) = bayes_normal(&effect, &variance, &priors, 0.95) else {
                continue;
            };
            let name = format!(
                "Bayesian normal model, tau half-normal({:.3}), 95 % credible; with fewer than five studies tau is hardly estimable",
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

/// A pooled estimate with one study away, or of the first studies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The study left out, or added last.
    pub study: String,
    /// Its year.
    pub year: u16,
    /// The pooled estimate; none where it is not estimable.
    pub estimate: Option<Estimate>,
    /// Why there is none.
    pub withheld: Option<String>,
}

/// The primary estimate without each study in turn; three studies are needed.
pub fn leave_one_out(series: &Series) -> Vec<Step> {
    let entering: Vec<&Row> = series
        .rows
        .iter()
        .filter(|row| enters(row, series.measure))
        .collect();
    if entering.len() < FEWEST_POOLED {
        return Vec::new();
    }
    entering
        .iter()
        .map(|left| step(series, left, |row| row.study != left.study))
        .collect()
}

/// The primary estimate of the first studies by year, one more at a time. A picture, not a test: no error
/// rate holds over repeated looks.
pub fn cumulative(series: &Series) -> Vec<Step> {
    let entering: Vec<&Row> = series
        .rows
        .iter()
        .filter(|row| enters(row, series.measure))
        .collect();
    let first = |count: usize| {
        entering[..count]
            .iter()
            .map(|r| r.study.clone())
            .collect::<Vec<_>>()
    };
    (1..=entering.len())
        .map(|count| {
            let taken = first(count);
            step(series, entering[count - 1], |row| {
                taken.contains(&row.study)
            })
        })
        .collect()
}

fn step(series: &Series, about: &Row, take: impl Fn(&Row) -> bool) -> Step {
    let part = Series {
        measure: series.measure,
        rows: series
            .rows
            .iter()
            .filter(|row| take(row))
            .cloned()
            .collect(),
        left_out: Vec::new(),
    };
    let all = Options {
        pool_few: true,
        across_scales: true,
        ..Options::default()
    };
    let pooled = pool(&part, all);
    Step {
        study: about.study.clone(),
        year: about.year,
        estimate: pooled.estimates.first().cloned(),
        withheld: pooled.withheld,
    }
}
