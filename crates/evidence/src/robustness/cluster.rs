//! Studies of one cluster may be alike.

use serde::{Deserialize, Serialize};

use neurocart_stats::meta_analysis::multilevel::multilevel;

use super::{Property, effects, label};
use crate::series::Series;
use crate::vocabulary::Vocabulary;

/// The mean where studies of one cluster are alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clustered {
    /// Method.
    pub method: String,
    /// Clusters.
    pub clusters: usize,
    /// Mean, on the scale of the effects.
    pub estimate: f64,
    /// Lower limit, 95 %.
    pub lower: f64,
    /// Upper limit, 95 %.
    pub upper: f64,
    /// Standard deviation between clusters.
    pub tau_between: f64,
    /// Standard deviation within clusters.
    pub tau_within: f64,
}

/// Three-level mean with clusters by a property.
///
/// Errors: a sentence that says why there is none.
pub fn clustered(
    series: &Series,
    property: Property,
    vocabulary: &Vocabulary,
) -> Result<Clustered, String> {
    let (rows, effect, variance) = effects(series);
    let of: Vec<String> = rows
        .iter()
        .map(|row| label(row, property, vocabulary))
        .collect();
    let mut names = of.clone();
    names.sort();
    names.dedup();
    let cluster: Vec<usize> = of
        .iter()
        .map(|v| names.iter().position(|n| n == v).unwrap_or(0))
        .collect();
    let fit = multilevel(&effect, &variance, &cluster, 0.95).map_err(|e| e.to_string())?;
    Ok(Clustered {
        method: "three-level random effects (REML), normal interval".into(),
        clusters: names.len(),
        estimate: fit.estimate,
        lower: fit.interval.lower,
        upper: fit.interval.upper,
        tau_between: fit.between_clusters.sqrt(),
        tau_within: fit.within_clusters.sqrt(),
    })
}
