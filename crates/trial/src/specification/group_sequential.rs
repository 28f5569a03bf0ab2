//! Group sequential design of the primary analysis.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Looks at the primary analysis before the planned end.
///
/// Alpha and sides are those of the primary analysis. A look happens on the calendar day on which
/// its information is reached; the boundary is worked out from the information observed then and the
/// error already spent (Lan and DeMets 1983).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupSequential {
    /// Information of the looks as fractions of the planned maximum, increasing, the last one 1.
    #[schemars(length(min = 1))]
    pub information: Vec<f64>,
    /// Planned maximum of a time-to-event endpoint, in events of both arms together. For other
    /// endpoints the maximum is the number of subjects, and information is the number of subjects
    /// whose endpoint can be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub events: Option<usize>,
    /// How the type I error is spent.
    pub spending: SpendingFunction,
    /// Rule that stops for futility; none where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub futility: Option<FutilityRule>,
}

/// Error spending functions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "snake_case")]
pub enum SpendingFunction {
    /// Lan and DeMets' function close to O'Brien and Fleming's boundaries: little early.
    ObrienFleming {},
    /// Lan and DeMets' function close to Pocock's boundaries: much early.
    Pocock {},
    /// Kim and DeMets' power family.
    KimDeMets {
        /// The power: 1 spends evenly, 3 is close to O'Brien-Fleming.
        #[schemars(range(min = 0.01, max = 50.0))]
        rho: f64,
    },
    /// Hwang, Shih and DeCani's family.
    HwangShihDeCani {
        /// The parameter: -4 is close to O'Brien-Fleming, 1 to Pocock, 0 spends evenly.
        #[schemars(range(min = -40.0, max = 40.0))]
        gamma: f64,
    },
}

/// When a trial stops because success has become unlikely; one-sided tests only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FutilityRule {
    /// Stop where z is at most this value: one for each look but the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub z: Option<Vec<f64>>,
    /// Instead of `z`: a spending function for the type II error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spending: Option<SpendingFunction>,
    /// Power for which the type II error is spent.
    #[serde(default = "ninety_percent")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub power: f64,
    /// Whether the efficacy boundary counts on the trial obeying the rule. A non-binding rule
    /// keeps the type I error when it is ignored.
    #[serde(default)]
    pub binding: bool,
}

fn ninety_percent() -> f64 {
    0.9
}
