//! Rows of the exported tables.

use serde_json::Value;

use neurocart_evidence::codes::code;
use neurocart_evidence::study::{Grade, Overlap, Study};

use super::columns::{APPRAISAL, ARMS, FINDINGS, Field, OUTCOMES, OVERLAPS, PATIENTS, STUDIES};

/// The values of a record in the order of the fields; what is `given` wins over what the record says.
pub fn fields_of(
    record: &impl serde::Serialize,
    fields: &[Field],
    given: &[(&str, Value)],
) -> Vec<Value> {
    let record = serde_json::to_value(record).unwrap_or_default();
    let value = |name: &str, kind: &str| {
        if let Some((_, value)) = given.iter().find(|(known, _)| *known == name) {
            return value.clone();
        }
        match (record.get(name), kind) {
            // Lists are texts in the tables of the library.
            (Some(Value::String(text)), "list") => {
                text.split('|').filter(|part| !part.is_empty()).collect()
            }
            (Some(Value::String(text)), _) if text.is_empty() => Value::Null,
            (found, _) => found.cloned().unwrap_or_default(),
        }
    };
    fields
        .iter()
        .map(|(name, kind, _)| value(name, kind))
        .collect()
}

pub fn study_row(study: &Study) -> Vec<Value> {
    let source = &study.source;
    let mut given: Vec<(&str, Value)> = vec![
        ("citation", source.citation().into()),
        ("source_kind", code(&source.kind).into()),
        ("doi", source.doi.clone().into()),
        ("pmid", source.pmid.clone().into()),
        ("pmcid", source.pmcid.clone().into()),
        ("trials", source.trials.clone().into()),
        ("reference", source.reference.clone().into()),
        ("grade", code(&source.grade).into()),
        ("tier", code(&source.tier).into()),
        ("recalled_fields", source.recalled_fields.clone().into()),
        ("addresses", source.addresses.clone().into()),
        ("design", code(&study.design.kind).into()),
        (
            "design_description",
            study.design.description.as_str().into(),
        ),
        ("comparator", study.design.comparator.clone().into()),
        ("patients", study.design.patients.into()),
        ("follow_up_months", study.design.follow_up_months.into()),
        ("diseases", study.population.diseases.clone().into()),
        ("population", study.population.description.as_str().into()),
        ("species", study.population.species.clone().into()),
        (
            "risk_of_bias",
            study.appraisal.as_ref().map(|a| code(&a.overall)).into(),
        ),
    ];
    if let Some(treatment) = &study.treatment {
        given.extend([
            ("modality", code(&treatment.modality).into()),
            ("product", treatment.product.as_str().into()),
            ("target", treatment.target.as_str().into()),
            ("platform", code(&treatment.platform).into()),
            ("costimulation", treatment.costimulation.clone().into()),
            ("lymphodepletion", code(&treatment.lymphodepletion).into()),
            (
                "lymphodepletion_regimen",
                treatment.lymphodepletion_regimen.clone().into(),
            ),
            ("dose", treatment.dose.into()),
            ("dose_unit", treatment.dose_unit.clone().into()),
            (
                "dose_description",
                treatment.dose_description.clone().into(),
            ),
            ("infusions", treatment.infusions.clone().into()),
        ]);
    }
    fields_of(study, STUDIES, &given)
}

pub fn arm_rows(study: &Study) -> Vec<Vec<Value>> {
    let row = |arm| fields_of(arm, ARMS, &[("study", study.id.as_str().into())]);
    study.arms.iter().map(row).collect()
}

pub fn outcome_rows(study: &Study, recalled: bool) -> Vec<Vec<Value>> {
    let wanted = study
        .outcomes
        .iter()
        .filter(|o| recalled || o.grade == Grade::Seen);
    wanted
        .map(|outcome| {
            let cite = study.citation_of(&outcome.cite);
            let months = outcome.months();
            let given = [
                ("study", study.id.as_str().into()),
                ("cite", cite.into()),
                ("time_months", months.into()),
            ];
            fields_of(outcome, OUTCOMES, &given)
        })
        .collect()
}

pub fn patient_rows(study: &Study, recalled: bool) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    for patient in &study.patients {
        for observation in &patient.observations {
            if recalled || observation.grade == Grade::Seen {
                let disease = patient.disease.clone();
                let disease = disease.or(match study.population.diseases.as_slice() {
                    [only] => Some(only.clone()),
                    _ => None,
                });
                let given = [
                    ("study", study.id.as_str().into()),
                    ("patient", patient.id.as_str().into()),
                    ("disease", disease.into()),
                ];
                rows.push(fields_of(observation, PATIENTS, &given));
            }
        }
    }
    rows
}

pub fn finding_rows(study: &Study, recalled: bool) -> Vec<Vec<Value>> {
    let wanted = study
        .findings
        .iter()
        .filter(|f| recalled || f.grade == Grade::Seen);
    let row = |finding| fields_of(finding, FINDINGS, &[("study", study.id.as_str().into())]);
    wanted.map(row).collect()
}

pub fn overlap_rows(study: &Study) -> Vec<Vec<Value>> {
    let row = |overlap: &Overlap| {
        let given = [
            ("study", study.id.as_str().into()),
            ("other_study", overlap.study.as_str().into()),
        ];
        fields_of(overlap, OVERLAPS, &given)
    };
    study.overlaps.iter().map(row).collect()
}

pub fn appraisal_rows(study: &Study) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    if let Some(appraisal) = &study.appraisal {
        for item in &appraisal.items {
            let given = [
                ("study", study.id.as_str().into()),
                ("instrument", code(&appraisal.instrument).into()),
                ("read", appraisal.read.as_str().into()),
                ("overall", code(&appraisal.overall).into()),
            ];
            rows.push(fields_of(item, APPRAISAL, &given));
        }
    }
    rows
}
