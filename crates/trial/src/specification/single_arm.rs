//! Single-arm designs with a binary endpoint, in one stage or two.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dose_finding::DoseLimitingToxicity;

/// A two-stage trial of one arm (Simon 1989): stop after `n1` subjects with at most `r1` responders,
/// call the treatment promising with more than `r` of `n`.
///
/// Give the four numbers, or `p1`, `beta` and `optimality`, and the design is found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SingleArm {
    /// Name of the yes-or-no endpoint that decides.
    pub endpoint: String,
    /// Probability of a yes that is of no interest: the null hypothesis.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub p0: f64,
    /// Probability of a yes worth finding, above `p0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub p1: Option<f64>,
    /// Largest probability of calling the treatment promising at `p0`; one-sided.
    #[serde(default = "five_percent")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub alpha: f64,
    /// Largest probability of missing it at `p1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub beta: Option<f64>,
    /// Which of the designs with these error rates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimality: Option<Optimality>,
    /// Subjects of the first stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n1: Option<u64>,
    /// Most responders of the first stage that stop the trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r1: Option<u64>,
    /// Subjects of both stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// Most responders of both stages that are not promising.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r: Option<u64>,
    /// What becomes of a subject whose product could not be made.
    #[serde(default)]
    pub manufacturing_failure: ManufacturingFailure,
    /// After dose finding: whether the subjects treated there at the selected dose are the first
    /// ones of the first stage. With `manufacturing_failure = "failure"` these are all who were
    /// assigned to it.
    #[serde(default)]
    pub include_dose_finding: bool,
    /// Rule that stops for toxicity; none where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toxicity: Option<ToxicityRule>,
}

/// Which of the designs with the wanted error rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Optimality {
    /// Fewest expected subjects at `p0`.
    Optimal,
    /// Fewest subjects at most.
    Minimax,
}

/// What becomes of a subject whose product could not be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ManufacturingFailure {
    /// Replaced: the decision is over treated subjects.
    #[default]
    Replaced,
    /// Counts as a no: the decision is over all subjects enrolled.
    Failure,
}

/// Stops when the posterior probability that the event is more frequent than `threshold` exceeds
/// `cutoff`, looked at whenever another subject has the event or comes to the end of the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToxicityRule {
    /// Probability of the event that is too high.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub threshold: f64,
    /// Posterior probability that stops the trial.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub cutoff: f64,
    /// The two parameters of the beta prior.
    #[serde(default = "uniform")]
    pub prior: [f64; 2],
    /// Subjects with the event or with the window over before the rule applies.
    #[serde(default = "three")]
    pub minimum_subjects: u64,
    /// The event.
    pub event: DoseLimitingToxicity,
}

fn five_percent() -> f64 {
    0.05
}
fn uniform() -> [f64; 2] {
    [1.0, 1.0]
}
fn three() -> u64 {
    3
}
