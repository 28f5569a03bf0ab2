//! A study as it stands in its file: who was treated with what, what came out, and where each
//! number was read.
//!
//! One file per study, `library/evidence/studies/ID.toml`. The names here are the names in the file.
//! What must hold between the fields stands in [`crate::rules`]; what a code means in
//! [`crate::vocabulary`].

mod appraisal;
mod arm;
mod design;
mod finding;
mod outcome;
mod overlap;
mod patient;
mod source;
mod treatment;

use serde::{Deserialize, Serialize};

pub use appraisal::{Answer, Appraisal, AppraisalItem, Instrument, Risk};
pub use arm::{Arm, ArmRole};
pub use design::{Design, DesignKind, Entry, Population};
pub use finding::{Direction, Finding, ModelParameter};
pub use outcome::{DAYS_PER_MONTH, IntervalKind, Outcome, Statistic};
pub use overlap::{Overlap, Relation};
pub use patient::{Bound, Observation, Patient};
pub use source::{Grade, Source, SourceKind, Tier};
pub use treatment::{Lymphodepletion, Modality, Platform, Treatment};

/// A study, report or other source of figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// Name of the file without its ending.
    pub id: String,
    /// What it is about, in our words.
    pub title: String,
    /// Year of the report that is cited.
    pub year: u16,
    /// How far the record has come.
    pub state: State,
    /// What to cite.
    pub source: Source,
    /// How it was done.
    pub design: Design,
    /// In whom.
    pub population: Population,
    /// What was given; absent for natural history and physiology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treatment: Option<Treatment>,
    /// What else a reader must know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Studies that may share patients with this one, and whether they do.
    #[serde(default, rename = "overlap", skip_serializing_if = "Vec::is_empty")]
    pub overlaps: Vec<Overlap>,
    /// Groups for which outcomes are reported.
    #[serde(default, rename = "arm", skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<Arm>,
    /// Reported figures.
    #[serde(default, rename = "outcome", skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<Outcome>,
    /// Patients reported one by one.
    #[serde(default, rename = "patient", skip_serializing_if = "Vec::is_empty")]
    pub patients: Vec<Patient>,
    /// Findings in animals or cells, and in words.
    #[serde(default, rename = "finding", skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Parameters of a published model.
    #[serde(
        default,
        rename = "model_parameter",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub model_parameters: Vec<ModelParameter>,
    /// Risk of bias, item by item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appraisal: Option<Appraisal>,
}

/// How far a record has come (PRISMA 2020, doi:10.1136/bmj.n71).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Known to exist.
    Found,
    /// Title and abstract read.
    Screened,
    /// Fits the question; its numbers are still to be had.
    Included,
    /// Its numbers stand here.
    Extracted,
    /// Its risk of bias is judged as well.
    Appraised,
    /// A later report of the same patients replaces it (see `overlap`).
    Superseded,
}

impl Study {
    /// What to cite for a figure: its own source where it has one, else the source of the study.
    pub fn citation_of(&self, own: &Option<String>) -> String {
        own.clone().unwrap_or_else(|| self.source.citation())
    }
}
