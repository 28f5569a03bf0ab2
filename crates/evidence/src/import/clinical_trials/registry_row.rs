//! A trial without results as a row of the trial registry.

use super::design::phase;
use super::record::Protocol;
use crate::codes::of_code;
use crate::import::Import;
use crate::import::draft::{Draft, RegistryRow};
use crate::registry::{Phase, RegisteredTrial, Relevance, Status, is_date};
use crate::study::Platform;
use crate::vocabulary::{Area, Vocabulary};

pub(super) fn registry_row(draft: &Draft, protocol: &Protocol, import: &Import) -> RegistryRow {
    let study = &draft.study;
    let status = &protocol.status_module;
    let enrollment = &protocol.design_module.enrollment_info;
    let mut country: Vec<String> = Vec::new();
    for location in &protocol.contacts_locations_module.locations {
        if !location.country.is_empty() && !country.contains(&location.country) {
            country.push(location.country.clone());
        }
    }
    let date = |text: &str| {
        if is_date(text) {
            text.to_owned()
        } else {
            String::new()
        }
    };
    let treatment = study.treatment.as_ref();
    let nct = study.source.trials.first().cloned().unwrap_or_default();
    let phases = &protocol.design_module.phases;
    let row = RegisteredTrial {
        trial: nct.clone(),
        acronym: protocol.identification_module.acronym.clone(),
        title: study.title.clone(),
        sponsor: protocol
            .sponsor_collaborators_module
            .lead_sponsor
            .name
            .clone(),
        product: treatment.map_or(String::new(), |t| t.product.clone()),
        target: treatment.map_or("none".into(), |t| t.target.clone()),
        platform: treatment.map_or(Platform::NotApplicable, |t| t.platform),
        diseases: study.population.diseases.clone(),
        relevance: relevance(&study.population.diseases, &import.evidence.vocabulary),
        phase: match phases.as_slice() {
            [only] if only == "NA" => Phase::NotApplicable,
            _ => phase(phases)
                .and_then(|phase| of_code(&phase.replace(' ', "_")))
                .unwrap_or(Phase::NotReported),
        },
        planned_patients: enrollment.count,
        actual: enrollment.kind == "ACTUAL",
        design: study.design.description.clone(),
        status: of_code(&status.overall_status.to_lowercase()).unwrap_or(Status::NotReported),
        status_as_of: date(&status.status_verified_date),
        record_updated: date(&status.last_update_post_date_struct.date),
        start: date(&status.start_date_struct.date),
        country,
        note: String::new(),
        cite: nct,
        address: study.source.addresses.clone(),
        grade: study.source.grade,
    };
    RegistryRow::new(row, &import.evidence.registry)
}

fn relevance(diseases: &[String], vocabulary: &Vocabulary) -> Relevance {
    let is_neuro = |code: &String| {
        vocabulary
            .diseases
            .get(code)
            .is_some_and(|d| d.area == Area::Neuroimmune)
    };
    let is = |name: &str| diseases.iter().any(|code| code == name);
    if diseases.iter().any(is_neuro) {
        Relevance::Neuro
    } else if is("IIM") {
        Relevance::Myositis
    } else if diseases.is_empty() || is("autoimmune") {
        Relevance::Unspecified
    } else {
        Relevance::Contrast
    }
}
