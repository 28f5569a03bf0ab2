//! What moves a pooled answer: moderators, clusters of related studies, single studies, small studies.
//!
//! Proportions enter as log odds and rates as log rates, with one half added where a count is zero, since
//! these models need an effect and a variance per study; that pulls them (proportions to 50 %, rates up), so
//! read directions here and sizes from the random-intercept model. Tests that say nothing with few studies
//! are refused below ten.

mod cluster;
mod influence;
mod moderation;
mod property;
mod small_study;

use neurocart_stats::meta_analysis::transforms::{log_rate, logit_half_correction};

use crate::pooling::enters;
use crate::series::{Measure, Row, Series};

pub use cluster::{Clustered, clustered};
pub use influence::{StudyInfluence, influences};
pub use moderation::{Coefficient, Moderation, STUDIES_PER_COVARIATE, moderation};
pub use property::{Property, label, labels, part, without_case_reports};
pub use small_study::{SmallStudyTest, small_study};

/// Rows that enter, with effects and variances on one scale.
fn effects(series: &Series) -> (Vec<&Row>, Vec<f64>, Vec<f64>) {
    let mut rows = Vec::new();
    let (mut effect, mut variance) = (Vec::new(), Vec::new());
    for row in series.rows.iter().filter(|row| enters(row, series.measure)) {
        let of = match series.measure {
            Measure::Proportion => row
                .events
                .zip(row.total)
                .and_then(|(x, n)| logit_half_correction(x, n).ok())
                .map(|e| (e.effect, e.variance)),
            Measure::Rate => row
                .events
                .zip(row.exposure_patient_years)
                .and_then(|(x, t)| log_rate(x, t).ok())
                .map(|e| (e.effect, e.variance)),
            Measure::Ratio => row
                .estimate
                .zip(row.standard_error)
                .map(|(y, e)| (libm::log(y), e * e)),
            _ => row
                .estimate
                .zip(row.standard_error)
                .map(|(y, e)| (y, e * e)),
        };
        if let Some((y, v)) = of {
            rows.push(row);
            effect.push(y);
            variance.push(v);
        }
    }
    (rows, effect, variance)
}

/// Scale of the effects of this module.
pub fn scale(measure: Measure) -> &'static str {
    match measure {
        Measure::Proportion => "log odds, one half added where a count is zero",
        Measure::Rate => "log rate, one half added where there is no event",
        Measure::Ratio => "log ratio",
        _ => "unit of the outcome",
    }
}
