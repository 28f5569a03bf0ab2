//! A study record of ClinicalTrials.gov (API, version 2) as a draft.

mod design;
mod read;
mod record;
mod registry_row;
mod treatment;

use neurocart_library::Problem;

use super::draft::Draft;
use super::treatment::{TreatmentText, map_treatment};
use super::{Import, mapping, outside_of_the_evidence_base, trial_results};
use crate::study::*;
use design::{entry, map_design};
use record::{Derived, Identification, Protocol, Record, Status};
use registry_row::registry_row;
use treatment::{Texts, products};

pub(super) use read::{count, records};
pub(super) use record::ArmGroup;

/// The draft of a record.
pub(super) fn draft(record: &Record, file: &str, import: &Import) -> Result<Draft, Box<Problem>> {
    let nothing = Protocol::default();
    let protocol = record.protocol_section.as_ref().unwrap_or(&nothing);
    let identification = &protocol.identification_module;
    let nct = identification.nct_id.as_deref().unwrap_or_default();
    if !crate::rules::is_trial_number(nct) || !nct.starts_with("NCT") {
        let message = match nct {
            "" => "the record has no `nctId`".to_owned(),
            other => format!("`nctId` is `{other}`, not NCT and eight digits"),
        };
        return Err(Problem::new(file, message)
            .hint("it stands in `protocolSection.identificationModule.nctId`")
            .into());
    }
    let title = match identification.brief_title.is_empty() {
        true => &identification.official_title,
        false => &identification.brief_title,
    };
    let texts = Texts::of(protocol);
    let status = &protocol.status_module;
    let mut draft = Draft::new(
        format!("ClinicalTrials.gov {nct}: {title}"),
        Source {
            kind: SourceKind::Registry,
            trials: trial_numbers(nct, identification),
            reference: Some(match status.last_update_post_date_struct.date.as_str() {
                "" => format!("ClinicalTrials.gov {nct}"),
                date => format!("ClinicalTrials.gov {nct}, record of {date}"),
            }),
            addresses: vec![format!("https://clinicaltrials.gov/study/{nct}")],
            ..Source::default()
        },
    );
    draft.study.id = nct.to_lowercase();
    map_year(&mut draft, status, record.results_section.is_some());
    map_diseases(
        &mut draft,
        protocol,
        record.derived_section.as_ref(),
        import,
    );
    if draft.study.population.diseases.is_empty()
        && !mapping::names_car_t(&format!("{} {}", texts.about_treatment, texts.running))
        && !import.anyway
    {
        let named = &protocol.conditions_module.conditions;
        return Err(
            outside_of_the_evidence_base(nct, named, file, &import.evidence.vocabulary).into(),
        );
    }
    map_design(&mut draft, protocol);
    draft.study.population.entry = entry(&protocol.eligibility_module);
    if !protocol.arms_interventions_module.interventions.is_empty() {
        let products = products(&protocol.arms_interventions_module);
        let text = TreatmentText {
            about_treatment: &texts.about_treatment,
            running: &texts.running,
            source: "record",
        };
        map_treatment(&mut draft, &products, &text);
    }
    draft.study.title = super::title(&draft.study, title);
    let groups = &protocol.arms_interventions_module.arm_groups;
    match &record.results_section {
        Some(results) => {
            trial_results::map(&mut draft, results, groups, &import.evidence.vocabulary);
        }
        None => {
            map_arms(&mut draft, groups);
            draft.registry_row = Some(registry_row(&draft, protocol, import));
        }
    }
    if !draft.study.outcomes.is_empty() {
        draft.study.state = State::Extracted;
    }
    let mut papers = Vec::new();
    for reference in &protocol.references_module.references {
        let is_result = ["RESULT", "DERIVED"].contains(&reference.kind.as_str());
        if is_result && !reference.pmid.is_empty() {
            papers.push(reference.pmid.clone());
            draft.decide(
                "source",
                format!("the record names PMID {} as a report of the trial: is it to be imported and cited instead?", reference.pmid),
            );
        }
    }
    draft.compare(import.evidence, &papers);
    Ok(draft)
}

fn trial_numbers(nct: &str, identification: &Identification) -> Vec<String> {
    let mut numbers = vec![nct.to_owned()];
    for other in &identification.secondary_id_infos {
        let number = match other.kind.as_str() {
            "EUDRACT_NUMBER" => format!("EudraCT {}", other.id),
            "CTIS" => format!("EU CT {}", other.id),
            _ => other.id.clone(),
        };
        if crate::rules::is_trial_number(&number) && !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    numbers
}

fn map_year(draft: &mut Draft, status: &Status, has_results: bool) {
    let results = &status.results_first_post_date_struct.date;
    let dates = [
        if has_results { results } else { "" },
        &status.last_update_post_date_struct.date,
        &status.status_verified_date,
        &status.study_first_submit_date,
    ];
    match dates.iter().find_map(|date| super::year(date)) {
        Some(year) => draft.study.year = year,
        None => draft.decide("year", "the record gives no date"),
    }
}

fn map_diseases(
    draft: &mut Draft,
    protocol: &Protocol,
    derived: Option<&Derived>,
    import: &Import,
) {
    let vocabulary = &import.evidence.vocabulary;
    let module = &protocol.conditions_module;
    let mut codes = Vec::new();
    let mut unknown = Vec::new();
    for condition in &module.conditions {
        let found = mapping::diseases_of_term(condition, vocabulary);
        if found.is_empty() {
            unknown.push(format!("`{condition}`"));
        }
        codes.extend(found);
    }
    if codes.is_empty() {
        let meshes = derived.map(|d| &d.condition_browse_module.meshes);
        for mesh in meshes.into_iter().flatten() {
            codes.extend(mapping::diseases_of_term(
                &mapping::spoken(&mesh.term),
                vocabulary,
            ));
        }
        for keyword in &module.keywords {
            codes.extend(mapping::diseases_of_term(keyword, vocabulary));
        }
        let title = &protocol.identification_module.brief_title;
        codes.extend(mapping::diseases_of_text(title, vocabulary));
    } else if !unknown.is_empty() {
        draft.decide(
            "population.diseases",
            format!(
                "the record also names {}, which no code stands for",
                unknown.join(", ")
            ),
        );
    }
    let order = &vocabulary.disease_order;
    draft.study.population.diseases = order
        .iter()
        .filter(|code| codes.contains(code))
        .cloned()
        .collect();
    if codes.is_empty() {
        draft.decide(
            "population.diseases",
            format!(
                "no code of evidence/diseases.csv stands for {}",
                if unknown.is_empty() {
                    "it: the record names no condition".into()
                } else {
                    unknown.join(", ")
                }
            ),
        );
    }
    draft.study.population.description = module.conditions.join(", ");
}

const CONTROLS: [&str; 4] = [
    "ACTIVE_COMPARATOR",
    "PLACEBO_COMPARATOR",
    "SHAM_COMPARATOR",
    "NO_INTERVENTION",
];

/// True if the protocol calls the arm a control.
pub(super) fn is_control(arm: &ArmGroup) -> bool {
    CONTROLS.contains(&arm.kind.as_str())
}

/// Arms of a protocol; nobody is counted in them yet.
fn map_arms(draft: &mut Draft, groups: &[ArmGroup]) {
    for group in groups {
        if group.label.is_empty() || draft.study.arms.iter().any(|arm| arm.name == group.label) {
            continue;
        }
        draft.study.arms.push(Arm {
            name: group.label.clone(),
            role: if is_control(group) {
                ArmRole::Control
            } else {
                ArmRole::Treated
            },
            part_of: None,
            patients: None,
            diseases: Vec::new(),
            therapy: None,
            description: String::new(),
        });
    }
}
