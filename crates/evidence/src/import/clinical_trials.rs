//! A study record of ClinicalTrials.gov (API, version 2) as a draft.
//!
//! Only the fields that are mapped are read; the form of the record is that of
//! <https://clinicaltrials.gov/data-api/about-api/study-data-structure>.

use serde::{Deserialize, Deserializer};

use super::draft::{Draft, RegistryRow};
use super::treatment::{TreatmentText, map_treatment};
use super::trial_results::{self, Results};
use super::{Import, mapping, outside_of_the_evidence_base};
use crate::codes::of_code;
use crate::registry::{Phase, RegisteredTrial, Relevance, Status as TrialStatus, is_date};
use crate::study::*;
use crate::vocabulary::{Area, Vocabulary};
use neurocart_library::Problem;

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
    identification_module: Identification,
    status_module: Status,
    sponsor_collaborators_module: Sponsors,
    description_module: Description,
    conditions_module: Conditions,
    design_module: DesignModule,
    arms_interventions_module: ArmsInterventions,
    eligibility_module: Eligibility,
    contacts_locations_module: Locations,
    references_module: References,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Identification {
    nct_id: Option<String>,
    secondary_id_infos: Vec<SecondaryId>,
    brief_title: String,
    official_title: String,
    acronym: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SecondaryId {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    overall_status: String,
    status_verified_date: String,
    start_date_struct: Date,
    results_first_post_date_struct: Date,
    study_first_submit_date: String,
    last_update_post_date_struct: Date,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Date {
    date: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Sponsors {
    lead_sponsor: Sponsor,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sponsor {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Description {
    brief_summary: String,
    detailed_description: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Conditions {
    conditions: Vec<String>,
    keywords: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DesignModule {
    study_type: String,
    phases: Vec<String>,
    design_info: DesignInfo,
    enrollment_info: Enrollment,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DesignInfo {
    allocation: String,
    intervention_model: String,
    masking_info: Masking,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Masking {
    masking: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Enrollment {
    #[serde(deserialize_with = "count")]
    count: Option<u64>,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ArmsInterventions {
    arm_groups: Vec<ArmGroup>,
    interventions: Vec<Intervention>,
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
    description: String,
    intervention_names: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Intervention {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    description: String,
    other_names: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Eligibility {
    minimum_age: String,
    maximum_age: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Locations {
    locations: Vec<Location>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Location {
    country: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct References {
    references: Vec<Reference>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reference {
    pmid: String,
    #[serde(rename = "type")]
    kind: String,
}

/// The derived section.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Derived {
    condition_browse_module: Browse,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Browse {
    meshes: Vec<Mesh>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Mesh {
    term: String,
}

/// More than any trial has; a larger count is a slip, and would not fit a TOML number.
const LARGEST_COUNT: u64 = 10_000_000;

/// A number of patients, which the registry writes as a number or as a text.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Whole(u64),
        Text(String),
        Other(serde_json::Value),
    }
    let count = match Option::<Number>::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Number::Whole(n)) => Ok(n),
        Some(Number::Text(text)) => text.parse().map_err(|_| format!("{text:?}")),
        Some(Number::Other(value)) => Err(value.to_string()),
    };
    let wrong = |found: String| {
        let found: String = found.chars().take(40).collect();
        serde::de::Error::custom(format!("{found} is not a number of patients"))
    };
    match count {
        Ok(n) if n <= LARGEST_COUNT => Ok(Some(n)),
        Ok(n) => Err(wrong(n.to_string())),
        Err(found) => Err(wrong(found)),
    }
}

/// The records of a text. Errors: not JSON, not a study record.
pub(super) fn records(text: &str, file: &str) -> Result<Vec<Record>, Box<Problem>> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).map_err(|error| Box::new(problem(&error, text, file)));
    }
    let page: Page =
        serde_json::from_str(text).map_err(|error| Box::new(problem(&error, text, file)))?;
    if let Some(studies) = page.studies {
        if studies.is_empty() {
            return Err(Problem::new(file, "the page holds no study")
                .hint("search the registry with other words")
                .into());
        }
        return Ok(studies);
    }
    if page.protocol_section.is_some() {
        return Ok(vec![Record {
            protocol_section: page.protocol_section,
            results_section: page.results_section,
            derived_section: page.derived_section,
        }]);
    }
    let keys = match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(object)) => object.into_iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    };
    let old = [
        "FullStudiesResponse",
        "StudyFieldsResponse",
        "FullStudy",
        "Study",
    ];
    let message = match keys.iter().find(|key| old.contains(&key.as_str())) {
        Some(key) => {
            format!("`{key}` is of the first version of the registry's API, which is closed")
        }
        None if keys.is_empty() => "the JSON object is empty".to_owned(),
        None => {
            let shown: Vec<String> = keys.iter().take(5).map(|key| format!("`{key}`")).collect();
            format!(
                "JSON, but no study record: it has {} and no `protocolSection`",
                shown.join(", ")
            )
        }
    };
    Err(Problem::new(file, message).hint(
        "a record is what clinicaltrials.gov/api/v2/studies/NCT... gives, or a page of `studies`",
    ).into())
}

fn problem(error: &serde_json::Error, text: &str, file: &str) -> Problem {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let (message, hint) = if error.is_eof() {
        (
            "the file ends before the record does".to_owned(),
            "it was cut off: save the record again",
        )
    } else if error.is_syntax() {
        (
            format!("not JSON: {message}"),
            "save the record again, unchanged",
        )
    } else {
        (
            message.to_owned(),
            "the field has another form than the registry gives it; save the record again",
        )
    };
    let start: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    super::placed(
        Problem::new(file, message),
        text,
        start + error.column().saturating_sub(1),
    )
    .hint(hint)
}

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

struct Texts {
    /// Titles, arms and interventions.
    about_treatment: String,
    /// Summary and description.
    running: String,
}

impl Texts {
    fn of(protocol: &Protocol) -> Texts {
        let identification = &protocol.identification_module;
        let mut about = vec![
            identification.brief_title.as_str(),
            &identification.official_title,
        ];
        for intervention in &protocol.arms_interventions_module.interventions {
            about.extend([intervention.name.as_str(), &intervention.description]);
            about.extend(intervention.other_names.iter().map(String::as_str));
        }
        for arm in &protocol.arms_interventions_module.arm_groups {
            about.extend([arm.label.as_str(), &arm.description]);
        }
        let description = &protocol.description_module;
        Texts {
            about_treatment: about
                .iter()
                .map(|text| text.trim().trim_end_matches('.'))
                .filter(|text| !text.is_empty())
                .map(|text| format!("{text}. "))
                .collect(),
            running: format!(
                "{}. {}",
                description.brief_summary, description.detailed_description
            ),
        }
    }
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

fn map_design(draft: &mut Draft, protocol: &Protocol) {
    let module = &protocol.design_module;
    let groups = &protocol.arms_interventions_module.arm_groups;
    let controls: Vec<&str> = groups
        .iter()
        .filter(|arm| is_control(arm))
        .map(|arm| arm.label.as_str())
        .collect();
    let info = &module.design_info;
    let kind = match (module.study_type.as_str(), info.allocation.as_str()) {
        ("OBSERVATIONAL", _) => Some(DesignKind::Cohort),
        ("EXPANDED_ACCESS", _) => Some(DesignKind::CaseSeries),
        (_, "RANDOMIZED") => Some(DesignKind::RandomisedTrial),
        (_, "NON_RANDOMIZED") if !controls.is_empty() => Some(DesignKind::NonrandomisedComparison),
        (_, "NA" | "NON_RANDOMIZED") => Some(DesignKind::SingleArmTrial),
        _ if info.intervention_model == "SINGLE_GROUP" || groups.len() == 1 => {
            Some(DesignKind::SingleArmTrial)
        }
        _ => None,
    };
    match kind {
        Some(kind) => draft.study.design.kind = kind,
        None => draft.decide(
            "design.kind",
            "the record does not say how patients come into its arms; `single_arm_trial` is a guess",
        ),
    }
    if !controls.is_empty() {
        draft.study.design.comparator = Some(controls.join(", "));
    }
    let enrollment = &module.enrollment_info;
    let mut parts = Vec::new();
    if let Some(phase) = phase(&module.phases) {
        parts.push(format!("phase {phase}"));
    }
    parts.extend(match info.masking_info.masking.as_str() {
        "" => None,
        "NONE" => Some("open label".to_owned()),
        masking => Some(format!("{}-blind", plain(masking))),
    });
    if !info.intervention_model.is_empty() {
        parts.push(format!("{} assignment", plain(&info.intervention_model)));
    }
    if let Some(n) = enrollment.count {
        let what = if enrollment.kind == "ACTUAL" {
            "enrolled"
        } else {
            "planned"
        };
        parts.push(format!("{n} {what}"));
    }
    if !protocol.status_module.overall_status.is_empty() {
        parts.push(plain(&protocol.status_module.overall_status));
    }
    draft.study.design.description = parts.join(", ");
}

/// `PHASE1`, `PHASE2` as `1/2`.
fn phase(phases: &[String]) -> Option<String> {
    let names: Vec<String> = phases
        .iter()
        .filter_map(|phase| match phase.as_str() {
            "EARLY_PHASE1" => Some("early 1".to_owned()),
            other => other.strip_prefix("PHASE").map(str::to_owned),
        })
        .collect();
    (!names.is_empty()).then(|| names.join("/"))
}

/// A constant of the registry in words.
fn plain(constant: &str) -> String {
    constant.to_lowercase().replace('_', " ")
}

fn entry(eligibility: &Eligibility) -> Option<Entry> {
    let years = |text: &str| {
        let (number, unit) = text.split_once(' ')?;
        let number: f64 = number.parse().ok().filter(|n| (0.0..=130.0).contains(n))?;
        match unit.trim_end_matches('s') {
            "Year" => Some(number),
            "Month" => Some(number / 12.0),
            _ => None,
        }
    };
    let entry = Entry {
        age_min_years: years(&eligibility.minimum_age),
        age_max_years: years(&eligibility.maximum_age),
        ..Entry::default()
    };
    (entry != Entry::default()).then_some(entry)
}

/// Names of what is studied: what the experimental arms get, less what only prepares for it.
fn products(module: &ArmsInterventions) -> Vec<String> {
    const PREPARATION: [&str; 10] = [
        "fludarabine",
        "cyclophosphamide",
        "bendamustine",
        "leukapheresis",
        "apheresis",
        "placebo",
        "lymphodepletion",
        "mesna",
        "tocilizumab",
        "standard of care",
    ];
    let experimental: Vec<&String> = module
        .arm_groups
        .iter()
        .filter(|arm| !is_control(arm))
        .flat_map(|arm| &arm.intervention_names)
        .collect();
    let mut products: Vec<String> = Vec::new();
    for intervention in &module.interventions {
        let words = mapping::words(&intervention.name);
        let prepares = PREPARATION
            .iter()
            .any(|word| words.contains(&format!(" {word}")));
        let in_arm = experimental.is_empty()
            || experimental
                .iter()
                .any(|name| name.ends_with(&intervention.name));
        let is_product = [
            "BIOLOGICAL",
            "GENETIC",
            "DRUG",
            "COMBINATION_PRODUCT",
            "PROCEDURE",
            "",
        ]
        .contains(&intervention.kind.as_str());
        if !prepares && in_arm && is_product && !products.contains(&intervention.name) {
            products.push(intervention.name.clone());
        }
    }
    products.retain(|name| !name.trim().is_empty());
    products
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

fn registry_row(draft: &Draft, protocol: &Protocol, import: &Import) -> RegistryRow {
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
        status: of_code(&status.overall_status.to_lowercase()).unwrap_or(TrialStatus::NotReported),
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
