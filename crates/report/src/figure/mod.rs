//! Figures as deterministic SVG text: our own small plotting module.

pub mod interval;
pub mod kaplan_meier;
pub mod patient_flow;
pub mod patient_panels;
pub mod responders;
pub mod scores;
pub mod trajectory;

use serde::{Deserialize, Serialize};

use crate::estimate::number_or_missing;

/// A horizontal line with a label.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReferenceLine {
    /// Where, in the unit of the axis.
    #[serde(deserialize_with = "number_or_missing")]
    pub value: f64,
    /// What it is, for example `lower limit of normal`.
    pub label: String,
}

/// A vertical line with a label.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimeMark {
    /// When, in days from day 0.
    #[serde(deserialize_with = "number_or_missing")]
    pub time_days: f64,
    /// What happened, for example `infusion`.
    pub label: String,
}
