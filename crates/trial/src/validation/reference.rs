//! How `library/validation.toml` names a published figure, so that no number stands twice.

use std::collections::BTreeMap;

use serde::Deserialize;

use neurocart_evidence::study::Statistic;

/// Where a published figure stands.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reference {
    /// An outcome of a study of the evidence base.
    Outcome(OutcomeReference),
    /// A row of `evidence/physiology.csv`.
    Physiology(Row),
    /// A row of `parameters.csv` with scope `validation`.
    ParameterRow(ParameterRow),
    /// What the model must fulfil, where no table has it.
    Requirement(Requirement),
}

/// An outcome of a study: as many fields as leave one.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeReference {
    /// Id of the study.
    pub study: String,
    /// Code of the outcome.
    pub outcome: String,
    /// Arm.
    pub arm: String,
    /// Arm with which it is compared.
    #[serde(default)]
    pub contrast: Option<String>,
    /// Weeks after the first dose.
    #[serde(default)]
    pub time_weeks: Option<f64>,
    /// What the number is.
    #[serde(default)]
    pub statistic: Option<Statistic>,
    /// Variant of the outcome.
    #[serde(default)]
    pub definition: Option<String>,
    /// Factor from the unit of the study to that of the comparison.
    #[serde(default = "one")]
    pub scale: f64,
    /// The figure is 100 minus the published one (relapse-free to relapsed).
    #[serde(default)]
    pub complement: bool,
}

/// A row of the table of physiology, by the values of some of its columns.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Column and value, enough to leave one row.
    #[serde(rename = "where")]
    pub columns: BTreeMap<String, String>,
    /// Factor from the unit of the table to that of the comparison.
    #[serde(default = "one")]
    pub scale: f64,
}

/// A row of scope `validation`, whose value may hold several figures separated by `/`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterRow {
    /// Column `symbol`.
    pub symbol: String,
    /// Which figures, from 0; counts are added up.
    #[serde(default = "first")]
    pub parts: Vec<usize>,
    /// The figures are counts out of this many patients.
    #[serde(default)]
    pub total: Option<u64>,
    /// Factor from the unit of the table to that of the comparison.
    #[serde(default = "one")]
    pub scale: f64,
}

/// A requirement with its source.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Required value.
    #[serde(default)]
    pub value: Option<f64>,
    /// Smallest value that is accepted.
    #[serde(default)]
    pub lower: Option<f64>,
    /// Largest value that is accepted.
    #[serde(default)]
    pub upper: Option<f64>,
    /// Patients with the event, out of `total`.
    #[serde(default)]
    pub events: Option<u64>,
    /// Patients.
    #[serde(default)]
    pub total: Option<u64>,
    /// Who requires it and why.
    pub source: String,
}

fn one() -> f64 {
    1.0
}

fn first() -> Vec<usize> {
    vec![0]
}
