//! The report of a trial: plain data in, one self-contained HTML file out.

use serde::{Deserialize, Serialize};

pub use crate::figure::interval::{Measure, OperatingCharacteristic};
pub use crate::figure::kaplan_meier::SurvivalFigure;
pub use crate::figure::patient_flow::PatientFlow;
pub use crate::figure::responders::ResponderFigure;
pub use crate::figure::scores::ScoreFigure;
pub use crate::figure::trajectory::TrajectoryFigure;
pub use crate::safety::SafetyTable;

/// Everything a report says. Every part may be empty; an empty part says so in the report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrialReport {
    /// Name of the trial.
    pub title: String,
    /// The clinical question in words.
    pub question: String,
    /// A note of first importance above everything else (for example that the run is partial).
    pub notice: String,
    /// The answer, up to six lines.
    pub key_numbers: Vec<KeyNumber>,
    /// The design in words.
    pub design: Design,
    /// From screening to analysis.
    pub flow: Option<PatientFlow>,
    /// Measurements over time.
    pub trajectories: Vec<TrajectoryFigure>,
    /// Time to event.
    pub survival: Vec<SurvivalFigure>,
    /// Responders.
    pub responders: Vec<ResponderFigure>,
    /// Clinical scores.
    pub scores: Vec<ScoreFigure>,
    /// Adverse events.
    pub safety: Option<SafetyTable>,
    /// Power, type I error, bias, coverage.
    pub operating_characteristics: Vec<OperatingCharacteristic>,
    /// What the model and the trial assume.
    pub assumptions: Vec<Assumption>,
    /// Where the model is known to be wrong.
    pub known_failures: Vec<String>,
    /// What the run warned about.
    pub warnings: Vec<String>,
    /// How to get the same numbers again.
    pub provenance: Provenance,
}

/// One line of the answer, formatted by the caller.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyNumber {
    /// What it is, for example `Responders at month 3`.
    pub label: String,
    /// The number with its unit, for example `71 % against 40 %`.
    pub value: String,
    /// Interval and method, for example `difference 31 points, 95 % CI 2 to 60`.
    pub note: String,
}

/// The design in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Design {
    /// One paragraph.
    pub summary: String,
    /// Population, arms, visits, endpoints, analysis: one entry each.
    pub items: Vec<DesignItem>,
}

/// One aspect of the design.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DesignItem {
    /// For example `Primary endpoint`.
    pub label: String,
    /// In words; line breaks start a new line.
    pub text: String,
}

/// One assumption with its source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Assumption {
    /// What it is, in words.
    pub name: String,
    /// Symbol in the model.
    pub symbol: String,
    /// Value, formatted by the caller; may hold a range.
    pub value: String,
    /// Unit; empty for a pure number.
    pub unit: String,
    /// How well it is known.
    pub grade: Grade,
    /// Citation; a DOI in it becomes a link.
    pub source: String,
}

/// How well a value is known, from best to worst.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Read in the source that is cited.
    Seen,
    /// Known from the literature, but the source was not opened.
    Recalled,
    /// Calculated or fitted from values that were seen.
    Derived,
    /// A choice.
    #[default]
    Assumed,
}

/// How to get the same numbers again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// Seed of all random numbers.
    pub seed: u64,
    /// Version of neurocart.
    pub version: String,
    /// Hash of the resolved specification.
    pub spec_hash: String,
    /// Replicates of the trial.
    pub replicates: u64,
    /// Virtual patients solved.
    pub patients: u64,
    /// Wall time; leave out for reports that must be equal byte for byte.
    pub run_time_seconds: Option<f64>,
    /// The command that made this report.
    pub command: String,
    /// Anything else: model version, integrator tolerances, tables written.
    pub further: Vec<DesignItem>,
}
