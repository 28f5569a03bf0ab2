//! Mean change of a clinical score from baseline, by visit and arm.

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, series_or_missing};

/// What to draw: the change of one score over the visits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScoreFigure {
    /// Heading, for example `MG-ADL`.
    pub title: String,
    /// What the axis shows, for example `Change in MG-ADL from baseline (points)`.
    pub quantity: String,
    /// Which way is better, in words, for example `lower is better`; empty to leave it out.
    pub direction: String,
    /// Planned visits in days from day 0.
    #[serde(deserialize_with = "series_or_missing")]
    pub visit_days: Vec<f64>,
    /// One entry per arm.
    pub arms: Vec<ScoreArm>,
    /// The comparison in words, with its interval and p value.
    pub comparison: String,
    /// A sentence or two under the figure; say which interval the whiskers show.
    pub caption: String,
}

/// One arm of a [`ScoreFigure`]; both series have the length of its `visit_days`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScoreArm {
    /// Name of the arm.
    pub name: String,
    /// Mean change from baseline with its interval.
    pub change: Vec<Estimate>,
    /// Subjects with a value at the visit, or the mean over replicates; may be empty.
    #[serde(deserialize_with = "series_or_missing")]
    pub subjects: Vec<f64>,
}
