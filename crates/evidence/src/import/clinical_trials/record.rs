//! The form of a record, as far as it is mapped:
//! <https://clinicaltrials.gov/data-api/about-api/study-data-structure>.

use serde::Deserialize;

use super::read::count;
use crate::import::trial_results::Results;

/// A page of the API, or one record.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Page {
    /// Records of a page.
    pub studies: Option<Vec<Record>>,
    /// The protocol, where the text is one record.
    pub protocol_section: Option<Protocol>,
    /// The results, where the text is one record.
    pub results_section: Option<Results>,
    /// What the registry adds itself.
    pub derived_section: Option<Derived>,
}

/// A study record.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Record {
    /// What the sponsor registered.
    pub protocol_section: Option<Protocol>,
    /// What the sponsor reported.
    pub results_section: Option<Results>,
    /// What the registry adds itself.
    pub derived_section: Option<Derived>,
}

/// The protocol section.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Protocol {
    pub identification_module: Identification,
    pub status_module: Status,
    pub sponsor_collaborators_module: Sponsors,
    pub description_module: Description,
    pub conditions_module: Conditions,
    pub design_module: DesignModule,
    pub arms_interventions_module: ArmsInterventions,
    pub eligibility_module: Eligibility,
    pub contacts_locations_module: Locations,
    pub references_module: References,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Identification {
    pub nct_id: Option<String>,
    pub secondary_id_infos: Vec<SecondaryId>,
    pub brief_title: String,
    pub official_title: String,
    pub acronym: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SecondaryId {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status {
    pub overall_status: String,
    pub status_verified_date: String,
    pub start_date_struct: Date,
    pub results_first_post_date_struct: Date,
    pub study_first_submit_date: String,
    pub last_update_post_date_struct: Date,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Date {
    pub date: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Sponsors {
    pub lead_sponsor: Sponsor,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sponsor {
    pub name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Description {
    pub brief_summary: String,
    pub detailed_description: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Conditions {
    pub conditions: Vec<String>,
    pub keywords: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DesignModule {
    pub study_type: String,
    pub phases: Vec<String>,
    pub design_info: DesignInfo,
    pub enrollment_info: Enrollment,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DesignInfo {
    pub allocation: String,
    pub intervention_model: String,
    pub masking_info: Masking,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Masking {
    pub masking: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Enrollment {
    #[serde(deserialize_with = "count")]
    pub count: Option<u64>,
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ArmsInterventions {
    pub arm_groups: Vec<ArmGroup>,
    pub interventions: Vec<Intervention>,
}

/// An arm of the protocol.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ArmGroup {
    /// Its name.
    pub label: String,
    /// `EXPERIMENTAL`, `PLACEBO_COMPARATOR`.
    #[serde(rename = "type")]
    pub kind: String,
    pub description: String,
    pub intervention_names: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Intervention {
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    pub description: String,
    pub other_names: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Eligibility {
    pub minimum_age: String,
    pub maximum_age: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Locations {
    pub locations: Vec<Location>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Location {
    pub country: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct References {
    pub references: Vec<Reference>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reference {
    pub pmid: String,
    #[serde(rename = "type")]
    pub kind: String,
}

/// The derived section.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Derived {
    pub condition_browse_module: Browse,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Browse {
    pub meshes: Vec<Mesh>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Mesh {
    pub term: String,
}
