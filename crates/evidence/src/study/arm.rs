//! Groups of patients for which outcomes are reported.

use serde::{Deserialize, Serialize};

/// A group of patients for which outcomes are reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Name, used by `outcome.arm`.
    pub name: String,
    /// What the group is.
    pub role: ArmRole,
    /// The arm of which it is a part, for a subgroup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<String>,
    /// Patients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patients: Option<u64>,
    /// Diseases of this group, where not those of the study.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diseases: Vec<String>,
    /// What it got, where not the treatment of the study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub therapy: Option<String>,
    /// Who they were.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// What a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArmRole {
    /// Patients who got the treatment of the study; arms of this role share nobody.
    Treated,
    /// Patients who got the comparator, or nothing in a cohort without treatment.
    Control,
    /// The patients of another arm that an analysis took: a stated set, the first to be treated, those who
    /// stayed. Stands for that arm where it has no figure of its own.
    AnalysisSet,
    /// A part of another arm: pooled only where its disease is asked for.
    Subgroup,
    /// A comparison of arms, or a group across or outside of the arms: all arms together, a historical
    /// control, an arm with those who joined it in an extension.
    Contrast,
}
