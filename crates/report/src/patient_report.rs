//! One virtual patient: a stand-alone figure with stacked panels.

use serde::{Deserialize, Serialize};

use crate::estimate::series_or_missing;
use crate::figure::TimeMark;

/// The course of one virtual patient under one regimen. A series may be empty: its panel is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PatientFigure {
    /// Heading, for example `Virtual patient 17, AChR myasthenia gravis, CD19 CAR T`.
    pub title: String,
    /// Times of the measurements in days from the infusion (day 0).
    #[serde(deserialize_with = "series_or_missing")]
    pub time_days: Vec<f64>,
    /// CAR T cells in blood.
    #[serde(deserialize_with = "series_or_missing")]
    pub car_t_cells_per_ul: Vec<f64>,
    /// B cells in blood.
    #[serde(deserialize_with = "series_or_missing")]
    pub b_cells_per_ul: Vec<f64>,
    /// Autoantibody in percent of the patient's baseline.
    #[serde(deserialize_with = "series_or_missing")]
    pub autoantibody_percent: Vec<f64>,
    /// Total IgG in serum.
    #[serde(deserialize_with = "series_or_missing")]
    pub igg_g_per_l: Vec<f64>,
    /// Interleukin 6 in serum.
    #[serde(deserialize_with = "series_or_missing")]
    pub il6_pg_per_ml: Vec<f64>,
    /// Clinical scores, each with its own times.
    pub scores: Vec<ScoreCourse>,
    /// Relapses or attacks, in days.
    #[serde(deserialize_with = "series_or_missing")]
    pub attacks_days: Vec<f64>,
    /// Lymphodepletion, infusion, other doses.
    pub treatments: Vec<TimeMark>,
    /// A sentence or two under the figure.
    pub caption: String,
}

/// A clinical score at visits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScoreCourse {
    /// For example `EDSS`.
    pub name: String,
    /// Visits in days.
    #[serde(deserialize_with = "series_or_missing")]
    pub time_days: Vec<f64>,
    /// Score at those visits.
    #[serde(deserialize_with = "series_or_missing")]
    pub values: Vec<f64>,
}
