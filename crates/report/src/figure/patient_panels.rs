//! Stacked panels that share one time axis.

use serde::{Deserialize, Serialize};

use crate::estimate::series_or_missing;
use crate::figure::{ReferenceLine, TimeMark};

/// What to draw: one course through several measurements.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PanelFigure {
    /// Heading.
    pub title: String,
    /// One panel under the other, top first.
    pub panels: Vec<Panel>,
    /// Vertical lines through all panels: lymphodepletion, infusion.
    pub treatments: Vec<TimeMark>,
    /// A sentence or two under the figure.
    pub caption: String,
}

/// One measurement over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Panel {
    /// What is measured, for example `B cells`.
    pub label: String,
    /// Its unit; empty for a pure number.
    pub unit: String,
    /// Draw on a logarithmic axis.
    pub log_scale: bool,
    /// Draw as steps that hold each value until the next time (clinical scores).
    pub stepped: bool,
    /// Times in days.
    #[serde(deserialize_with = "series_or_missing")]
    pub time_days: Vec<f64>,
    /// Values at those times.
    #[serde(deserialize_with = "series_or_missing")]
    pub values: Vec<f64>,
    /// Horizontal lines, for example the lower limit of normal.
    pub reference_lines: Vec<ReferenceLine>,
    /// Events marked with a triangle at the foot of the panel, in days (attacks).
    #[serde(deserialize_with = "series_or_missing")]
    pub events_days: Vec<f64>,
    /// What the events are, for example `attack`.
    pub event_name: String,
}
