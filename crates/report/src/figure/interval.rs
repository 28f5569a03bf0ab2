//! Estimates with intervals against a target: one row each (operating characteristics).

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, number_or_missing};

/// One operating characteristic of a design, estimated over replicates.
///
/// Reporting follows Morris, White and Crowther 2019 (doi:10.1002/sim.8086): every performance
/// measure comes with its Monte Carlo standard error.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OperatingCharacteristic {
    /// Which property.
    pub measure: Measure,
    /// Of which analysis, for example `Difference in responders, Fisher's exact test`.
    pub analysis: String,
    /// Under which truth, for example `As modelled` or `Null: no effect`.
    pub scenario: String,
    /// The estimate with its Monte Carlo interval.
    pub estimate: Estimate,
    /// Monte Carlo standard error.
    #[serde(deserialize_with = "number_or_missing")]
    pub monte_carlo_standard_error: f64,
    /// What the design aims at, for example 0.05 for a type I error; missing if nothing.
    #[serde(deserialize_with = "number_or_missing")]
    pub target: f64,
    /// Unit of the estimate where it is not a proportion, for example `points`.
    pub unit: String,
    /// Replicates that gave a result.
    pub replicates: u64,
}

/// A property of a design.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Probability to reject under an effect, 0 to 1.
    #[default]
    Power,
    /// Probability to reject without an effect, 0 to 1.
    TypeOneError,
    /// Mean estimate minus the truth, in the unit of the estimate.
    Bias,
    /// Probability that the interval holds the truth, 0 to 1.
    Coverage,
    /// Anything else that is a number, for example the expected sample size.
    Other,
}
