//! A measurement over time: the median and a band per arm, with a few single patients behind.

use serde::{Deserialize, Serialize};

use crate::estimate::{series_or_missing, table_or_missing};
use crate::figure::{ReferenceLine, TimeMark};

/// What to draw: one measurement over time in every arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrajectoryFigure {
    /// Heading, for example `B cells in blood`.
    pub title: String,
    /// Unit of the values, for example `cells/uL`; empty for a pure number.
    pub unit: String,
    /// Draw the values on a logarithmic axis. Values of zero or less lie on its floor.
    pub log_scale: bool,
    /// Common time grid of all arms, in days from day 0.
    #[serde(deserialize_with = "series_or_missing")]
    pub time_days: Vec<f64>,
    /// One entry per arm, in the order of the report.
    pub arms: Vec<TrajectoryArm>,
    /// What the band shows, for example `5 to 95 % of patients`.
    pub band: String,
    /// Horizontal lines, for example the lower limit of normal.
    pub reference_lines: Vec<ReferenceLine>,
    /// Vertical lines, for example the infusion.
    pub marks: Vec<TimeMark>,
    /// A sentence or two under the figure.
    pub caption: String,
}

/// One arm of a [`TrajectoryFigure`]; every series has the length of its `time_days`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrajectoryArm {
    /// Name of the arm.
    pub name: String,
    /// Median over patients.
    #[serde(deserialize_with = "series_or_missing")]
    pub median: Vec<f64>,
    /// Lower edge of the band.
    #[serde(deserialize_with = "series_or_missing")]
    pub lower: Vec<f64>,
    /// Upper edge of the band.
    #[serde(deserialize_with = "series_or_missing")]
    pub upper: Vec<f64>,
    /// A few single patients (two to five), drawn as thin lines.
    #[serde(deserialize_with = "table_or_missing")]
    pub patients: Vec<Vec<f64>>,
}
