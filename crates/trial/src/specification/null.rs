//! Null hypotheses: truths under which every rejection is a false one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Eligibility;

/// A truth without an effect.
///
/// A test holds its level under one null and can miss it under another: with rare events, in
/// another population, at another disease activity. So a trial lists as many as it wants to be
/// sure of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Null {
    /// Name in tables and in the report, unique in the trial.
    pub name: String,
    /// Therapy of the library that every arm receives. Where it is missing, every arm receives
    /// the therapy of the reference arm; without a reference arm each arm keeps its own, and
    /// `parameters` or `eligibility` say why it has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub therapy: Option<String>,
    /// Population values of model parameters, by symbol, on top of `population.parameters`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, f64>,
    /// Inclusion limits instead of those of the population, one `[[null.eligibility]]` each.
    #[serde(rename = "eligibility", default, skip_serializing_if = "Vec::is_empty")]
    pub eligibility: Vec<Eligibility>,
}
