//! What single studies do to the answer.

use serde::{Deserialize, Serialize};

use neurocart_stats::meta_analysis::influence::influence;
use neurocart_stats::meta_analysis::random_effects::RandomEffectsOptions;

use super::effects;
use crate::series::Series;

/// Influence of one study on the mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyInfluence {
    /// Study.
    pub study: String,
    /// Studentised deleted residual: beyond about 2 an outlier.
    pub studentised_residual: f64,
    /// Cook's distance.
    pub cooks_distance: f64,
    /// Squared error of the mean without the study over that with it.
    pub covariance_ratio: f64,
    /// Standard deviation between the other studies.
    pub tau_without: f64,
    /// Share of the weight, percent.
    pub weight_percent: f64,
}

/// Influence of every study.
///
/// Errors: a sentence that says why there is none.
pub fn influences(series: &Series) -> Result<Vec<StudyInfluence>, String> {
    let (rows, effect, variance) = effects(series);
    let found = influence(&effect, &variance, &RandomEffectsOptions::default())
        .map_err(|e| e.to_string())?;
    Ok(rows
        .iter()
        .zip(found)
        .map(|(row, i)| StudyInfluence {
            study: row.study.clone(),
            studentised_residual: i.studentised_residual,
            cooks_distance: i.cooks_distance,
            covariance_ratio: i.covariance_ratio,
            tau_without: i.tau_squared_without.sqrt(),
            weight_percent: 100.0 * i.hat,
        })
        .collect())
}
