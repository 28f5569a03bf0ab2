//! The form of the results section of a record, as far as it is mapped.

use serde::{Deserialize, Deserializer};

use crate::import::clinical_trials::count;

/// The results section.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Results {
    pub participant_flow_module: Flow,
    pub outcome_measures_module: Measures,
    pub adverse_events_module: AdverseEvents,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Flow {
    pub groups: Vec<Group>,
    pub periods: Vec<Period>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Group {
    pub id: String,
    pub title: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Period {
    pub milestones: Vec<Milestone>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Milestone {
    #[serde(rename = "type")]
    pub kind: String,
    pub achievements: Vec<Achievement>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Achievement {
    pub group_id: String,
    #[serde(deserialize_with = "count")]
    pub num_subjects: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Measures {
    pub outcome_measures: Vec<Measure>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Measure {
    pub title: String,
    pub reporting_status: String,
    pub param_type: String,
    pub dispersion_type: String,
    pub unit_of_measure: String,
    pub time_frame: String,
    pub groups: Vec<Group>,
    pub denoms: Vec<Denominator>,
    pub classes: Vec<Class>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Denominator {
    pub units: String,
    pub counts: Vec<DenominatorCount>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DenominatorCount {
    pub group_id: String,
    #[serde(deserialize_with = "count")]
    pub value: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Class {
    pub title: String,
    pub denoms: Vec<Denominator>,
    pub categories: Vec<Category>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Category {
    pub title: String,
    pub measurements: Vec<Measurement>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Measurement {
    pub group_id: String,
    #[serde(deserialize_with = "printed")]
    pub value: String,
    #[serde(deserialize_with = "printed")]
    pub spread: String,
    #[serde(deserialize_with = "printed")]
    pub lower_limit: String,
    #[serde(deserialize_with = "printed")]
    pub upper_limit: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AdverseEvents {
    #[serde(deserialize_with = "printed")]
    pub frequency_threshold: String,
    pub time_frame: String,
    pub event_groups: Vec<EventGroup>,
    pub serious_events: Vec<Event>,
    pub other_events: Vec<Event>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EventGroup {
    pub id: String,
    pub title: String,
    #[serde(deserialize_with = "count")]
    pub deaths_num_affected: Option<u64>,
    #[serde(deserialize_with = "count")]
    pub deaths_num_at_risk: Option<u64>,
    #[serde(deserialize_with = "count")]
    pub serious_num_at_risk: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event {
    pub term: String,
    pub organ_system: String,
    pub stats: Vec<EventCount>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EventCount {
    pub group_id: String,
    #[serde(deserialize_with = "count")]
    pub num_affected: Option<u64>,
    #[serde(deserialize_with = "count")]
    pub num_at_risk: Option<u64>,
}

/// A number as the registry prints it: a text, in some tools' copies a number.
fn printed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Printed {
        Text(String),
        Number(serde_json::Number),
    }
    Ok(match Option::<Printed>::deserialize(deserializer)? {
        None => String::new(),
        Some(Printed::Text(text)) => text,
        Some(Printed::Number(number)) => number.to_string(),
    })
}
