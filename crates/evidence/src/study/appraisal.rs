//! Risk of bias, item by item.

use serde::{Deserialize, Serialize};

/// Risk of bias, item by item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appraisal {
    /// The instrument.
    pub instrument: Instrument,
    /// What was read for it: `abstract`, `full text`, `press release`.
    pub read: String,
    /// Who judged.
    pub by: String,
    /// When, `2026-11-25`.
    pub on: String,
    /// Answers in the order of the instrument's items.
    #[serde(rename = "item")]
    pub items: Vec<AppraisalItem>,
    /// The judgement over all.
    pub overall: Risk,
}

/// An answer to one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppraisalItem {
    /// Code of the item.
    pub item: String,
    /// The answer.
    pub answer: Answer,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// An instrument for the risk of bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instrument {
    /// JBI checklist for case series, ten items (doi:10.11124/JBISRIR-D-19-00099).
    JbiCaseSeries,
    /// JBI checklist for case reports, eight items.
    JbiCaseReport,
    /// ROBINS-I, seven domains (doi:10.1136/bmj.i4919).
    RobinsI,
    /// RoB 2, five domains (doi:10.1136/bmj.l4898).
    Rob2,
}

/// The answer to an item; the first four for checklists, the others for domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// The text that was read does not say.
    Unclear,
    /// Does not apply.
    NotApplicable,
    /// Low risk.
    Low,
    /// Some concerns, or moderate risk.
    SomeConcerns,
    /// High or serious risk.
    High,
}

/// Judgement over all items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Low.
    Low,
    /// Some concerns.
    SomeConcerns,
    /// High.
    High,
    /// Too little was read to judge.
    Unclear,
}
