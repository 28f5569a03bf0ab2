//! Findings in animals, in cells and in words, and parameters of published models.

use serde::{Deserialize, Serialize};

use super::{Grade, Tier};

/// A finding in animals or cells, or one that is told in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What was looked at.
    pub outcome: String,
    /// Model, for example `EAE, MOG 35-55`.
    pub model: String,
    /// What was given.
    pub intervention: String,
    /// What it binds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// Which way it went.
    pub direction: Direction,
    /// Animals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub animals: Option<u64>,
    /// The number, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Unit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// What was found, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// What to cite, where not the source of the study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cite: Option<String>,
    /// Where in the source.
    pub locator: String,
    /// How well it is known.
    pub grade: Grade,
    /// Tier of the text in which it was read.
    pub tier: Tier,
    /// What a reader must know about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Which way a finding went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Disease became better.
    Improves,
    /// Disease became worse.
    Worsens,
    /// What was looked at became less, without a judgement of the disease.
    Falls,
    /// No effect, or no result yet.
    None,
    /// No harm was seen.
    Safe,
}

/// A parameter of a published model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelParameter {
    /// Symbol in the source.
    pub symbol: String,
    /// What it means.
    pub meaning: String,
    /// Value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Lower end of the printed range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// Upper end of the printed range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
    /// The value lies outside of the range, as printed in the source.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outside_range_as_printed: bool,
    /// Unit.
    pub unit: String,
    /// Where in the source.
    pub locator: String,
    /// How well it is known.
    pub grade: Grade,
    /// Tier of the text in which it was read.
    pub tier: Tier,
}
