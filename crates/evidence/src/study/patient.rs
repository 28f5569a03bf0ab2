//! Patients reported one by one.

use serde::{Deserialize, Serialize};

use super::{Grade, Tier};

/// A patient reported singly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patient {
    /// Name in the source.
    pub id: String,
    /// Disease, where not that of the study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disease: Option<String>,
    /// What was seen and when.
    pub observations: Vec<Observation>,
}

/// One observation of one patient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Code of `evidence/outcomes.csv`.
    pub variable: String,
    /// Days after infusion, 0 is before it; absent where not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<f64>,
    /// The number; 0 or 1 for no and yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The finding, where it is no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The number is only a bound: `below` or `above`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Bound>,
    /// Unit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Where in the source.
    pub locator: String,
    /// How well it is known.
    pub grade: Grade,
    /// Tier of the text in which it was read.
    pub tier: Tier,
    /// What a reader must know about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// On which side of a printed number the true one lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The true value is smaller.
    Below,
    /// The true value is larger.
    Above,
}
