//! Patients that two studies share.

use serde::{Deserialize, Serialize};

/// Whether two studies share patients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlap {
    /// The other study.
    pub study: String,
    /// How they are related.
    pub relation: Relation,
    /// What is known about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// How two studies are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// All patients of the other are here.
    Contains,
    /// All patients of this one are there.
    Within,
    /// They share some, or may.
    Shares,
    /// They name the same trial but share nobody.
    Distinct,
}
