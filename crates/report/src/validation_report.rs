//! Simulated against published: a table, a figure and a verdict, as Markdown or as HTML.

use serde::{Deserialize, Serialize};

use crate::estimate::Estimate;

/// A set of comparisons.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ValidationReport {
    /// Heading.
    pub title: String,
    /// What was compared and how the verdict is made.
    pub introduction: String,
    /// The comparisons, in order; failures stay in.
    pub rows: Vec<ValidationRow>,
}

/// One comparison.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ValidationRow {
    /// Heading that several rows share, for example the trial or the therapy; may be empty.
    pub group: String,
    /// What is compared, for example `Time to 50 % of baseline IgG`.
    pub quantity: String,
    /// Unit; empty for a pure number.
    pub unit: String,
    /// The published value with its interval or range.
    pub published: Estimate,
    /// The simulated value with its interval.
    pub simulated: Estimate,
    /// The simulated value passes between these limits; `value` is not used. Missing limits
    /// fall back to those of `published`.
    pub acceptance: Estimate,
    /// Whether it passed.
    pub verdict: Verdict,
    /// Citation; a DOI in it becomes a link.
    pub source: String,
    /// Why it failed, or what limits the comparison.
    pub note: String,
}

/// Outcome of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within the limits.
    Pass,
    /// Outside of the limits.
    Fail,
    /// Shown without a verdict: nothing to hold it against.
    #[default]
    NotJudged,
}
