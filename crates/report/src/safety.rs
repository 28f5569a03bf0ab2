//! Safety table: how many subjects of each arm had an event, with the exact interval.

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, number_or_missing};

/// Adverse events by arm. The intervals (Clopper-Pearson) come from the caller.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SafetyTable {
    /// The arms, in the order of the cells.
    pub arms: Vec<SafetyArm>,
    /// One line per event and grade.
    pub rows: Vec<SafetyRow>,
    /// A sentence or two under the table: grading, interval, period.
    pub caption: String,
}

/// One column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SafetyArm {
    /// Name of the arm.
    pub name: String,
    /// Subjects treated: the denominator.
    #[serde(deserialize_with = "number_or_missing")]
    pub treated: f64,
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SafetyRow {
    /// Heading that several lines share, for example `Cytokine release syndrome`.
    pub group: String,
    /// For example `Grade 3 or higher`.
    pub label: String,
    /// One cell per arm.
    pub cells: Vec<SafetyCell>,
}

/// One arm of one line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SafetyCell {
    /// Subjects with the event, or their mean over replicates.
    #[serde(deserialize_with = "number_or_missing")]
    pub subjects: f64,
    /// Proportion of those treated with its exact interval, 0 to 1.
    pub proportion: Estimate,
}
