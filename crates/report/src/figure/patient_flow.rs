//! Patient flow in the manner of CONSORT: screened, eligible, randomised, then each arm.
//!
//! Schulz et al. 2010, CONSORT 2010 statement, doi:10.1136/bmj.c332.

use serde::{Deserialize, Serialize};

use crate::estimate::number_or_missing;

/// What to draw. Counts are those of one trial, or means over replicates: `caption` says which.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PatientFlow {
    /// Virtual patients drawn.
    #[serde(deserialize_with = "number_or_missing")]
    pub screened: f64,
    /// Reasons for not being eligible, with counts.
    pub exclusions: Vec<FlowReason>,
    /// Patients who met the criteria.
    #[serde(deserialize_with = "number_or_missing")]
    pub eligible: f64,
    /// Patients randomised, or enrolled in a trial with a single arm.
    #[serde(deserialize_with = "number_or_missing")]
    pub randomised: f64,
    /// One entry per arm.
    pub arms: Vec<FlowArm>,
    /// Whose counts these are.
    pub caption: String,
}

/// One arm of the flow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowArm {
    /// Name of the arm.
    pub name: String,
    /// Allocated to the arm.
    #[serde(deserialize_with = "number_or_missing")]
    pub allocated: f64,
    /// Received the treatment.
    #[serde(deserialize_with = "number_or_missing")]
    pub treated: f64,
    /// Stopped or left the trial.
    #[serde(deserialize_with = "number_or_missing")]
    pub discontinued: f64,
    /// Why they stopped, with counts.
    pub discontinuation_reasons: Vec<FlowReason>,
    /// Received rescue therapy.
    #[serde(deserialize_with = "number_or_missing")]
    pub rescued: f64,
    /// In the primary analysis.
    #[serde(deserialize_with = "number_or_missing")]
    pub analysed: f64,
}

/// A reason and how many patients it concerned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowReason {
    /// In words.
    pub reason: String,
    /// How many.
    #[serde(deserialize_with = "number_or_missing")]
    pub patients: f64,
}
