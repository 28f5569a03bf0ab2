//! Pools the rows of a series, by the method that suits what they are.
//!
//! * Patients with an event of patients, in tiny single-arm series: the logit-normal random-intercept
//!   model, and always beside it the beta-binomial posterior and the crude exact interval.
//! * Events over patient-years: the Poisson-normal random-intercept model, and beside it the crude exact
//!   interval.
//! * Means, differences and (on the log scale) ratios: random effects, REML, Hartung-Knapp with the ad
//!   hoc floor; below five studies the Bayesian result beside it.
//!
//! Where a random-intercept model is on its boundary (nobody or everybody had the event), or its interval
//! covers nearly the whole scale because all events are in one or two series, it says nothing: the
//! companion leads, and a note says why.
//!
//! Below three studies nothing is pooled unless asked for. Every estimate carries the name of its method.

mod effect;
mod proportion;
mod rate;
mod steps;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::series::{Measure, Row, Series};
use effect::pool_effects;
use proportion::pool_proportions;
use rate::pool_rates;

pub use steps::{Step, cumulative, leave_one_out};

/// Fewer studies than this are shown side by side and not pooled.
pub const FEWEST_POOLED: usize = 3;

/// Fewer studies than this hardly tell how much they differ.
pub const TAU_ESTIMABLE: usize = 5;

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
    /// Scale of tau: `log odds`, `log rate`, `log ratio` or the unit of the outcome.
    pub scale: String,
    /// True below [`TAU_ESTIMABLE`] studies: tau may be anything, and an estimate of 0 means nothing.
    pub hardly_estimable: bool,
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
    } else if series.measure == Measure::Rate {
        pool_rates(&rows, options, &mut pooled);
    } else {
        pool_effects(&rows, series.measure, options, &mut pooled);
    }
    pooled
}

/// True if a row has what pooling needs.
pub fn enters(row: &Row, measure: Measure) -> bool {
    row.not_pooled.is_none() && measure != Measure::Listed
}
