//! `neurocart evidence show`: everything about one study, its citation first.

use serde_json::{Value, json};

use neurocart_evidence::codes::{code, words};
use neurocart_evidence::rules::inverse;
use neurocart_evidence::study::{Instrument, Modality, Relation, Study};
use neurocart_evidence::{Evidence, vocabulary::Vocabulary};
use neurocart_library::nearest;

use crate::evidence::filters::unknown;
use crate::evidence::printed::{dose, grade_and_tier, observed, result};
use crate::evidence::swimmer::swimmer;
use crate::evidence::table::{Column, Form, Page, Table};
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Id of the study, as `neurocart evidence list` shows it.
    id: String,
    #[command(flatten)]
    form: Form,
}

pub fn run(arguments: &Arguments, evidence: &Evidence) -> Result<(), Exit> {
    let study = study(evidence, &arguments.id)?;
    let vocabulary = &evidence.vocabulary;
    let mut page = Page {
        title: study.title.clone(),
        facts: facts(study, evidence),
        tables: vec![
            arms(study),
            outcomes(study, vocabulary),
            patients(study, vocabulary),
            findings(study),
            model_parameters(study),
            appraisal(study),
        ],
        csv: 1,
        json: vec![
            ("citation", study.source.citation().into()),
            ("study", serde_json::to_value(study).unwrap_or_default()),
            (
                "overlaps",
                overlaps(study, evidence)
                    .into_iter()
                    .map(|o| json!({"study": o.0, "relation": code(&o.1), "note": o.2}))
                    .collect(),
            ),
        ],
        json_without_tables: true,
        ..Page::default()
    };
    if arguments.form.wants_figure() {
        page.figure = swimmer(&study.title, &[study], vocabulary, true);
        if page.figure.is_none() {
            return Err(Exit::invalid(format!(
                "`{}` reports no patient one by one, so there is no swimmer plot; leave `--figure` out",
                study.id
            )));
        }
    }
    page.show(&arguments.form)
}

/// The study with this id, or the nearest one.
pub fn study<'a>(evidence: &'a Evidence, id: &str) -> Result<&'a Study, Exit> {
    evidence.studies.get(id).ok_or_else(|| {
        let part = |known: &&String| !id.is_empty() && known.contains(&id.to_lowercase());
        let having: Vec<&String> = evidence.studies.keys().filter(part).take(5).collect();
        let hint = match nearest(id, evidence.studies.keys().map(String::as_str)) {
            _ if !having.is_empty() => {
                let names: Vec<String> = having.iter().map(|id| format!("`{id}`")).collect();
                format!("did you mean {}?", names.join(" or "))
            }
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("look for it: neurocart evidence search {id}"),
        };
        unknown("study", id, &hint)
    })
}

fn facts(study: &Study, evidence: &Evidence) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut fact = |label: &str, value: String| {
        if !value.is_empty() {
            facts.push((label.to_owned(), value));
        }
    };
    let source = &study.source;
    fact("cite", source.citation());
    let other = [
        source
            .pmid
            .as_ref()
            .filter(|_| source.doi.is_some())
            .map(|p| format!("PMID {p}")),
        source
            .pmcid
            .as_ref()
            .filter(|_| source.doi.is_some() || source.pmid.is_some())
            .cloned(),
    ];
    fact(
        "also",
        other.into_iter().flatten().collect::<Vec<_>>().join(", "),
    );
    fact("trials", source.trials.join(", "));
    fact(
        "source",
        format!("{} of {}", words(&source.kind), study.year),
    );
    fact(
        "known",
        format!(
            "{}; record {}",
            grade_and_tier(source.grade, source.tier),
            code(&study.state)
        ),
    );
    fact("recalled", source.recalled_fields.join(", "));
    fact("read at", source.addresses.join(" "));
    let design = &study.design;
    fact(
        "design",
        format!("{}: {}", words(&design.kind), design.description),
    );
    fact(
        "compared with",
        design.comparator.clone().unwrap_or_default(),
    );
    fact(
        "patients",
        design
            .patients
            .map_or("not reported".into(), |n| n.to_string()),
    );
    fact(
        "follow-up",
        design
            .follow_up_months
            .map_or(String::new(), |m| format!("median {m} months")),
    );
    let named = |code: &String| match evidence.vocabulary.diseases.get(code) {
        Some(disease) => format!("{} ({code})", disease.label),
        None => code.clone(),
    };
    let diseases: Vec<String> = study.population.diseases.iter().map(named).collect();
    fact("disease", diseases.join(", "));
    fact("population", study.population.description.clone());
    fact(
        "species",
        study.population.species.clone().unwrap_or_default(),
    );
    if let Some(entry) = &study.population.entry {
        let between = |name: &str, low: Option<f64>, high: Option<f64>| match (low, high) {
            (Some(low), Some(high)) => format!("{name} {low} to {high}"),
            (Some(low), None) => format!("{name} {low} or more"),
            (None, Some(high)) => format!("{name} at most {high}"),
            (None, None) => String::new(),
        };
        let limits = [
            between("age", entry.age_min_years, entry.age_max_years),
            between("EDSS", entry.edss_min, entry.edss_max),
            between("MG-ADL", entry.mg_adl_min, None),
            entry.relapses.clone(),
            entry.antibody.clone(),
            entry.other.clone(),
        ];
        let limits = limits.into_iter().filter(|l| !l.is_empty());
        fact("entry", limits.collect::<Vec<_>>().join("; "));
    }
    if let Some(treatment) = &study.treatment {
        let costimulation = treatment.costimulation.as_ref();
        let costimulation = costimulation.map_or(String::new(), |c| format!(", {c}"));
        fact(
            "treatment",
            format!("{}, {}", treatment.product, modality(treatment.modality)),
        );
        fact(
            "target",
            format!(
                "{}, {}{costimulation}",
                treatment.target,
                code(&treatment.platform)
            ),
        );
        let regimen = treatment.lymphodepletion_regimen.as_ref();
        let regimen = regimen.map_or(String::new(), |r| format!(": {r}"));
        fact(
            "lymphodepletion",
            words(&treatment.lymphodepletion) + &regimen,
        );
        fact("dose", dose(treatment).unwrap_or_default());
        fact("infusions", treatment.infusions.clone().unwrap_or_default());
    }
    fact(
        "risk of bias",
        match &study.appraisal {
            None => "not judged".into(),
            Some(a) => format!(
                "{} by {}, from the {}; judged by {} on {}",
                words(&a.overall),
                instrument(a.instrument),
                a.read,
                a.by,
                a.on
            ),
        },
    );
    for (other, relation, note) in overlaps(study, evidence) {
        let note = if note.is_empty() {
            note
        } else {
            format!(": {note}")
        };
        fact(relation_words(relation), other + &note);
    }
    for trial in evidence
        .registry
        .iter()
        .filter(|t| source.trials.contains(&t.trial))
    {
        let patients = trial.planned_patients.map_or(String::new(), |n| {
            format!(
                ", {n} patients{}",
                if trial.actual { "" } else { " planned" }
            )
        });
        fact(
            "registry",
            format!(
                "{}: {} on {}{patients}",
                trial.trial,
                words(&trial.status),
                trial.status_as_of
            ),
        );
    }
    fact("note", study.note.clone());
    facts
}

fn relation_words(relation: Relation) -> &'static str {
    match relation {
        Relation::Contains => "contains",
        Relation::Within => "lies within",
        Relation::Shares => "may overlap",
        Relation::Distinct => "apart from",
    }
}

fn modality(modality: Modality) -> String {
    match modality {
        Modality::CarT => "CAR T cells".into(),
        Modality::TCellEngager => "T-cell engager".into(),
        other => words(&other),
    }
}

fn instrument(instrument: Instrument) -> &'static str {
    match instrument {
        Instrument::JbiCaseSeries => "the JBI checklist for case series",
        Instrument::JbiCaseReport => "the JBI checklist for case reports",
        Instrument::RobinsI => "ROBINS-I",
        Instrument::Rob2 => "RoB 2",
    }
}

/// Relations declared in this file or in the others, seen from this study.
fn overlaps(study: &Study, evidence: &Evidence) -> Vec<(String, Relation, String)> {
    let own = study
        .overlaps
        .iter()
        .map(|o| (o.study.clone(), o.relation, o.note.clone()));
    let mut all: Vec<_> = own.collect();
    for other in evidence.studies.values() {
        for overlap in other.overlaps.iter().filter(|o| o.study == study.id) {
            if !all.iter().any(|(id, ..)| *id == other.id) {
                all.push((
                    other.id.clone(),
                    inverse(overlap.relation),
                    overlap.note.clone(),
                ));
            }
        }
    }
    all.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    all
}

fn arms(study: &Study) -> Table {
    let columns = [
        Column::words("arm", "arm"),
        Column::code("role", "role"),
        Column::words("part_of", "part of"),
        Column::number("patients", "n"),
        Column::words("diseases", "disease"),
    ];
    let mut table = Table::new("arms", "Arms", &columns);
    for arm in &study.arms {
        table.rows.push(vec![
            arm.name.as_str().into(),
            words(&arm.role).into(),
            arm.part_of.clone().into(),
            arm.patients.into(),
            arm.diseases.clone().into(),
        ]);
    }
    without_empty_columns(table)
}

fn outcomes(study: &Study, vocabulary: &Vocabulary) -> Table {
    let several = study.arms.len() > 1 || study.outcomes.iter().any(|o| o.contrast.is_some());
    let arm = Column::words("arm", "arm");
    let columns = [
        Column::words("outcome", "outcome"),
        if several { arm } else { arm.expendable(9) },
        Column::number("months", "months").expendable(1),
        Column::words("result", "result"),
        Column::words("definition", "variant").expendable(4),
        Column::words("locator", "where").expendable(3),
        // Tier R is what was recalled, and only that.
        Column::code("tier", "tier").expendable(2),
        Column::words("cite", "cite").expendable(8),
        Column::words("note", "note").expendable(6),
    ];
    let mut table = Table::new("outcomes", "Outcomes", &columns);
    for outcome in &study.outcomes {
        let arm = match &outcome.contrast {
            Some(other) => format!("{} against {other}", outcome.arm),
            None => outcome.arm.clone(),
        };
        // Two decimals are a few hours: weeks turned into months have no more.
        let months = outcome.months().map(|m| (100.0 * m).round() / 100.0);
        table.rows.push(vec![
            vocabulary.outcome_label(&outcome.outcome).into(),
            arm.into(),
            months.into(),
            result(outcome).into(),
            outcome.definition.clone().into(),
            outcome.locator.as_str().into(),
            code(&outcome.tier).into(),
            outcome.cite.clone().into(),
            outcome.note.as_str().into(),
        ]);
    }
    without_empty_columns(table)
}

fn patients(study: &Study, vocabulary: &Vocabulary) -> Table {
    let columns = [
        Column::code("patient", "patient"),
        Column::code("disease", "disease"),
        Column::number("day", "day"),
        Column::words("variable", "what"),
        Column::words("value", "value"),
        Column::words("locator", "where").expendable(2),
        Column::code("tier", "tier").expendable(1),
        Column::words("note", "note").expendable(3),
    ];
    let mut table = Table::new("patients", "Patients, one by one", &columns);
    for patient in &study.patients {
        let mut observations: Vec<_> = patient.observations.iter().collect();
        observations.sort_by(|a, b| {
            let day = |o: Option<f64>| o.unwrap_or(f64::NEG_INFINITY);
            day(a.day).total_cmp(&day(b.day))
        });
        for observation in observations {
            table.rows.push(vec![
                patient.id.as_str().into(),
                patient.disease.clone().into(),
                observation.day.into(),
                vocabulary.outcome_label(&observation.variable).into(),
                observed(observation).into(),
                observation.locator.as_str().into(),
                code(&observation.tier).into(),
                observation.note.as_str().into(),
            ]);
        }
    }
    without_empty_columns(table)
}

fn findings(study: &Study) -> Table {
    let columns = [
        Column::words("outcome", "looked at"),
        Column::words("model", "model"),
        Column::words("intervention", "given"),
        Column::code("direction", "direction"),
        Column::words("finding", "found"),
        Column::number("animals", "animals").expendable(2),
        Column::words("cite", "cite").expendable(5),
        Column::words("locator", "where").expendable(3),
        Column::code("tier", "tier").expendable(1),
        Column::words("note", "note").expendable(4),
    ];
    let mut table = Table::new("findings", "Findings", &columns);
    for finding in &study.findings {
        let value = finding.value.map(|v| format!("{v} {}", finding.unit));
        let found = [value, Some(finding.text.clone()).filter(|t| !t.is_empty())];
        table.rows.push(vec![
            finding.outcome.as_str().into(),
            finding.model.as_str().into(),
            finding.intervention.as_str().into(),
            code(&finding.direction).into(),
            found
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("; ")
                .into(),
            finding.animals.into(),
            finding.cite.clone().into(),
            finding.locator.as_str().into(),
            code(&finding.tier).into(),
            finding.note.as_str().into(),
        ]);
    }
    without_empty_columns(table)
}

fn model_parameters(study: &Study) -> Table {
    let columns = [
        Column::code("symbol", "symbol"),
        Column::words("meaning", "meaning"),
        Column::number("value", "value"),
        Column::number("lower", "lower"),
        Column::number("upper", "upper"),
        Column::words("unit", "unit"),
        Column::words("locator", "where").expendable(1),
    ];
    let mut table = Table::new("model_parameters", "Parameters of the model", &columns);
    let shown = |x: Option<f64>| x.map(super::printed::number);
    for parameter in &study.model_parameters {
        table.rows.push(vec![
            parameter.symbol.as_str().into(),
            parameter.meaning.as_str().into(),
            shown(parameter.value).into(),
            shown(parameter.lower).into(),
            shown(parameter.upper).into(),
            parameter.unit.as_str().into(),
            parameter.locator.as_str().into(),
        ]);
    }
    table
}

fn appraisal(study: &Study) -> Table {
    let columns = [
        Column::words("item", "item"),
        Column::code("answer", "answer"),
        Column::words("why", "why"),
    ];
    let mut table = Table::new("appraisal", "Risk of bias, item by item", &columns);
    for item in study.appraisal.iter().flat_map(|a| &a.items) {
        table.rows.push(vec![
            item.item.as_str().into(),
            words(&item.answer).into(),
            item.why.as_str().into(),
        ]);
    }
    table
}

/// Columns in which nothing stands only take room.
fn without_empty_columns(mut table: Table) -> Table {
    let is_empty = |cell: &Value| cell.is_null() || cell.as_str() == Some("");
    for index in (0..table.columns.len()).rev() {
        if table.rows.iter().all(|row| is_empty(&row[index])) {
            table.columns.remove(index);
            for row in &mut table.rows {
                row.remove(index);
            }
        }
    }
    table
}
