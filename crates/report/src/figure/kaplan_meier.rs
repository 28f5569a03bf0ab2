//! Kaplan-Meier curves with interval bands, censor marks, medians and numbers at risk.

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, number_or_missing, series_or_missing};

/// What to draw: time to an event in every arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SurvivalFigure {
    /// Heading, for example `Time to first attack`.
    pub title: String,
    /// What the vertical axis shows, for example `Patients without an attack`.
    pub quantity: String,
    /// End of the time axis in days.
    #[serde(deserialize_with = "number_or_missing")]
    pub follow_up_days: f64,
    /// One entry per arm.
    pub arms: Vec<SurvivalArm>,
    /// Curves to compare with, for example a historical hazard.
    pub references: Vec<SurvivalReference>,
    /// The comparison in words, for example `Hazard ratio 0.41 (95 % CI 0.20 to 0.84), log-rank p = 0.012`.
    pub comparison: String,
    /// A sentence or two under the figure; say which interval the band shows.
    pub caption: String,
}

/// One arm of a [`SurvivalFigure`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SurvivalArm {
    /// Name of the arm.
    pub name: String,
    /// The curve, one entry per event time in increasing order; it starts at 1 on day 0.
    pub steps: Vec<SurvivalStep>,
    /// Times of censored subjects in days.
    #[serde(deserialize_with = "series_or_missing")]
    pub censored_days: Vec<f64>,
    /// Numbers at risk, at the times of [`risk_table_days`] or at any others.
    pub at_risk: Vec<AtRisk>,
    /// Median time to event in days with its interval; missing when not reached.
    pub median_days: Estimate,
    /// Last time any subject was followed, in days: the curve ends here.
    #[serde(deserialize_with = "number_or_missing")]
    pub last_follow_up_days: f64,
}

/// The curve from one event time to the next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SurvivalStep {
    /// Event time in days.
    #[serde(deserialize_with = "number_or_missing")]
    pub time_days: f64,
    /// Probability to be free of the event just after it, with its interval, 0 to 1.
    pub survival: Estimate,
}

/// How many subjects were still followed and free of the event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AtRisk {
    /// When, in days.
    #[serde(deserialize_with = "number_or_missing")]
    pub time_days: f64,
    /// How many, or the mean over replicates.
    #[serde(deserialize_with = "number_or_missing")]
    pub subjects: f64,
}

/// A smooth or stepped curve without interval, drawn thin and grey.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SurvivalReference {
    /// What it is, for example `Historical hazard 0.9 per year`.
    pub label: String,
    /// Times in days.
    #[serde(deserialize_with = "series_or_missing")]
    pub time_days: Vec<f64>,
    /// Survival at those times, 0 to 1, joined by straight lines.
    #[serde(deserialize_with = "series_or_missing")]
    pub survival: Vec<f64>,
}
