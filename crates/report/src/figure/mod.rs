//! Figures as deterministic SVG text: our own small plotting module.

pub mod axis;
pub mod curves;
pub mod evidence_map;
pub mod forest;
pub mod interval;
pub mod kaplan_meier;
pub(crate) mod key;
pub mod patient_flow;
pub mod patient_panels;
pub(crate) mod plot;
pub mod responders;
pub mod scores;
pub(crate) mod svg;
pub mod swimmer;
pub(crate) mod text;
pub mod timeline;
pub mod tornado;
pub mod trajectory;

use serde::{Deserialize, Serialize};

use crate::estimate::number_or_missing;

/// A straight line across a plot with a label: horizontal, in a forest plot vertical.
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

/// The lowest labelled value that lies on a logarithmic axis.
pub(crate) fn lowest_reference(lines: &[ReferenceLine]) -> f64 {
    let values = lines
        .iter()
        .map(|line| line.value)
        .filter(|value| *value > 0.0);
    values.fold(f64::INFINITY, f64::min)
}

/// Width for which a figure is laid out. Text keeps its size, so a phone gets a figure of its own
/// and not a small picture of the wide one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Screens and paper: 720 units wide.
    Wide,
    /// Phones: 340 units wide.
    Narrow,
}

impl Layout {
    pub(crate) fn width(self) -> f64 {
        match self {
            Self::Wide => 720.0,
            Self::Narrow => 340.0,
        }
    }
}

/// Numbers behind a figure, as text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DataTable {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}
