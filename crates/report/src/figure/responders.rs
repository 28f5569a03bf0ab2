//! Responders: a bar per arm and visit with the interval of the proportion.

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, number_or_missing};

/// What to draw: the proportion of responders per arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResponderFigure {
    /// Heading, for example `MG-ADL responders`.
    pub title: String,
    /// The rule of response in words.
    pub definition: String,
    /// One group of bars per visit or rule.
    pub groups: Vec<ResponderGroup>,
    /// The comparison in words, with its interval and p value.
    pub comparison: String,
    /// A sentence or two under the figure; say which interval the whiskers show.
    pub caption: String,
}

/// Bars that stand together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResponderGroup {
    /// For example `Month 3`.
    pub label: String,
    /// One bar per arm, in the order of the report.
    pub bars: Vec<ResponderBar>,
}

/// One arm at one visit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResponderBar {
    /// Name of the arm.
    pub arm: String,
    /// Responders, or their mean over replicates.
    #[serde(deserialize_with = "number_or_missing")]
    pub responders: f64,
    /// Subjects analysed.
    #[serde(deserialize_with = "number_or_missing")]
    pub subjects: f64,
    /// Proportion with its interval, 0 to 1.
    pub proportion: Estimate,
}
