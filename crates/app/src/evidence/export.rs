//! `neurocart evidence export`: the evidence base as long tables for other programs.
//!
//! Every table is written as CSV and as JSON (an array of objects with the same names), with a data
//! dictionary. Lists are joined by `|` in CSV and are arrays in JSON; an empty cell is `null`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use neurocart_evidence::codes::code;
use neurocart_evidence::series::citation;
use neurocart_evidence::study::{Grade, Study};
use neurocart_evidence::{Evidence, Selection};
use neurocart_library::Library;

use crate::evidence::filters::Filters;
use crate::evidence::table::{Column, Rows, Table};
use crate::exit::{Exit, print, write_file};

#[derive(clap::Args)]
pub struct Arguments {
    /// Folder to write to; it is made where it is missing.
    folder: PathBuf,
    /// Write into a folder in which something lies, over files of the same names.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    filters: Filters,
}

/// A column of an export: name, type, meaning.
type Field = (&'static str, &'static str, &'static str);

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    let evidence = Evidence::of(library)?;
    let selection = arguments.filters.selection(&evidence)?;
    let tables = tables(&evidence, &selection);
    prepare(&arguments.folder, arguments.force)?;
    let mut text = String::new();
    for table in &tables {
        write(&arguments.folder, table)?;
        text += &format!("{:<17} {:>5} rows\n", table.name, table.rows.len());
    }
    print(&format!(
        "{text}\nwrote   {}: each table as .csv and .json; data_dictionary says what the columns mean\n",
        arguments.folder.display()
    ))
}

/// Makes the folder, and refuses one in which something lies.
fn prepare(folder: &Path, force: bool) -> Result<(), Exit> {
    let shown = folder.display();
    if folder.exists() && !folder.is_dir() {
        return Err(Exit::invalid(format!(
            "`{shown}` is a file\n     = hint: name a folder"
        )));
    }
    std::fs::create_dir_all(folder).map_err(|error| {
        Exit::failed(format!(
            "cannot make `{shown}`: {error}\n     = hint: name a folder that can be written"
        ))
    })?;
    let mut entries = std::fs::read_dir(folder)
        .map_err(|error| Exit::failed(format!("cannot read `{shown}`: {error}")))?;
    if entries.next().is_some() && !force {
        return Err(Exit::invalid(format!(
            "`{shown}` is not empty, and stays as it is\n     = hint: name another folder, or write into it with `--force`"
        )));
    }
    Ok(())
}

fn write(folder: &Path, table: &Table) -> Result<(), Exit> {
    write_file(&folder.join(format!("{}.csv", table.name)), &table.csv()?)?;
    let json = serde_json::to_string_pretty(&Rows(table))
        .map_err(|error| Exit::failed(format!("cannot write JSON: {error}")))?;
    write_file(&folder.join(format!("{}.json", table.name)), &(json + "\n"))
}

fn tables(evidence: &Evidence, selection: &Selection) -> Vec<Table> {
    let mut tables: Vec<Table> = TABLES
        .iter()
        .map(|(name, fields)| {
            let columns: Vec<Column> = fields
                .iter()
                .map(|(column, ..)| Column::code(column, column))
                .collect();
            Table::new(name, "", &columns)
        })
        .collect();
    let recalled = selection.include_recalled;
    for study in selection.studies(evidence) {
        let rows = [
            vec![study_row(study)],
            arm_rows(study),
            outcome_rows(study, recalled),
            patient_rows(study, recalled),
            finding_rows(study, recalled),
            overlap_rows(study),
            appraisal_rows(study),
        ];
        for (table, rows) in tables.iter_mut().zip(rows) {
            table.rows.extend(rows);
        }
    }
    let trials = evidence
        .registry
        .iter()
        .filter(|t| recalled || t.grade == Grade::Seen);
    tables[7].rows = trials
        .map(|trial| {
            let published = trial.published(&evidence.studies);
            let ids: Vec<&str> = published.iter().map(|s| s.id.as_str()).collect();
            fields_of(trial, REGISTRY, &[("published", ids.into())])
        })
        .collect();
    let columns = ["table", "column", "type", "meaning"].map(|name| Column::code(name, name));
    let mut dictionary = Table::new("data_dictionary", "", &columns);
    for (name, fields) in TABLES {
        for (column, kind, meaning) in *fields {
            dictionary.rows.push(vec![
                (*name).into(),
                (*column).into(),
                (*kind).into(),
                (*meaning).into(),
            ]);
        }
    }
    tables.push(dictionary);
    tables
}

/// The values of a record in the order of the fields; what is `given` wins over what the record says.
fn fields_of(
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

fn study_row(study: &Study) -> Vec<Value> {
    let source = &study.source;
    let mut given: Vec<(&str, Value)> = vec![
        ("citation", citation(source).into()),
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

fn arm_rows(study: &Study) -> Vec<Vec<Value>> {
    let row = |arm| fields_of(arm, ARMS, &[("study", study.id.as_str().into())]);
    study.arms.iter().map(row).collect()
}

fn outcome_rows(study: &Study, recalled: bool) -> Vec<Vec<Value>> {
    let wanted = study
        .outcomes
        .iter()
        .filter(|o| recalled || o.grade == Grade::Seen);
    wanted
        .map(|outcome| {
            let cite = outcome
                .cite
                .clone()
                .unwrap_or_else(|| citation(&study.source));
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

fn patient_rows(study: &Study, recalled: bool) -> Vec<Vec<Value>> {
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

fn finding_rows(study: &Study, recalled: bool) -> Vec<Vec<Value>> {
    let wanted = study
        .findings
        .iter()
        .filter(|f| recalled || f.grade == Grade::Seen);
    let row = |finding| fields_of(finding, FINDINGS, &[("study", study.id.as_str().into())]);
    wanted.map(row).collect()
}

fn overlap_rows(study: &Study) -> Vec<Vec<Value>> {
    let row = |overlap: &neurocart_evidence::study::Overlap| {
        let given = [
            ("study", study.id.as_str().into()),
            ("other_study", overlap.study.as_str().into()),
        ];
        fields_of(overlap, OVERLAPS, &given)
    };
    study.overlaps.iter().map(row).collect()
}

fn appraisal_rows(study: &Study) -> Vec<Vec<Value>> {
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

/// The tables in the order in which they are written; the registry is the last.
const TABLES: &[(&str, &[Field])] = &[
    ("studies", STUDIES),
    ("arms", ARMS),
    ("outcomes", OUTCOMES),
    ("patients", PATIENTS),
    ("findings", FINDINGS),
    ("overlaps", OVERLAPS),
    ("appraisal", APPRAISAL),
    ("registry", REGISTRY),
];

const STUDIES: &[Field] = &[
    (
        "id",
        "text",
        "name of the study; the key of all other tables",
    ),
    ("title", "text", "what it is about"),
    ("year", "number", "year of the report that is cited"),
    (
        "state",
        "code",
        "found, screened, included, extracted, appraised or superseded",
    ),
    ("citation", "text", "what to cite, in a line"),
    ("source_kind", "code", "kind of publication"),
    ("doi", "text", "digital object identifier"),
    ("pmid", "text", "PubMed number"),
    ("pmcid", "text", "PubMed Central number"),
    ("trials", "list", "numbers of trial registries"),
    (
        "reference",
        "text",
        "journal and page, or congress and abstract",
    ),
    (
        "grade",
        "code",
        "seen: the record stood in a text that was read; recalled: from memory",
    ),
    (
        "tier",
        "code",
        "A: paper, abstract, registry, label; B: company, news; C: blog; R: recalled",
    ),
    (
        "recalled_fields",
        "list",
        "fields that are recalled though the record was seen",
    ),
    ("addresses", "list", "where it was read; no citation"),
    ("design", "code", "class of the design"),
    ("design_description", "text", "the design in words"),
    ("comparator", "text", "with what it was compared"),
    ("patients", "number", "patients treated, or randomised"),
    ("follow_up_months", "number", "median follow-up, months"),
    ("diseases", "list", "codes of diseases"),
    ("population", "text", "who was studied"),
    ("species", "text", "animal, for preclinical work"),
    ("modality", "code", "kind of treatment"),
    ("product", "text", "name of the product"),
    ("target", "text", "what it binds"),
    ("platform", "code", "how it is made"),
    ("costimulation", "text", "costimulatory domain"),
    (
        "lymphodepletion",
        "code",
        "given, none, not_reported or not_applicable",
    ),
    ("lymphodepletion_regimen", "text", "agents, doses and days"),
    (
        "dose",
        "number",
        "dose in dose_unit; the highest of several",
    ),
    ("dose_unit", "text", "unit of the dose"),
    ("dose_description", "text", "dose levels"),
    ("infusions", "text", "number of infusions"),
    (
        "risk_of_bias",
        "code",
        "judgement over all items; empty where not judged",
    ),
    ("note", "text", "what else a reader must know"),
];

const ARMS: &[Field] = &[
    ("study", "text", "id of the study"),
    ("name", "text", "name of the arm; outcomes refer to it"),
    (
        "role",
        "code",
        "treated, control, analysis_set, subgroup or contrast",
    ),
    ("part_of", "text", "the arm of which it is a part"),
    ("patients", "number", "patients"),
    (
        "diseases",
        "list",
        "diseases of this arm, where not those of the study",
    ),
];

const OUTCOMES: &[Field] = &[
    ("study", "text", "id of the study"),
    (
        "outcome",
        "code",
        "outcome, as in outcomes.csv of the library",
    ),
    ("arm", "text", "arm"),
    ("contrast", "text", "arm with which it is compared"),
    (
        "definition",
        "text",
        "variant of the outcome, analysis set or window",
    ),
    (
        "time_months",
        "number",
        "months after the first dose; empty: at any time, or not stated",
    ),
    (
        "time_weeks",
        "number",
        "weeks after the first dose, where the report counts in weeks",
    ),
    ("statistic", "code", "what the number is"),
    ("events", "number", "patients with the event"),
    (
        "total",
        "number",
        "patients, or events where the unit says so",
    ),
    ("value", "number", "the number as printed, in unit"),
    ("text", "text", "what was found, where it is no number"),
    (
        "standard_deviation",
        "number",
        "standard deviation between patients, in unit",
    ),
    ("standard_error", "number", "standard error, in unit"),
    ("lower", "number", "lower end of the interval, in unit"),
    ("upper", "number", "upper end of the interval, in unit"),
    (
        "interval",
        "code",
        "CI90, CI95, CI97.5, CrI95, IQR or range",
    ),
    ("unit", "text", "unit of the number"),
    ("grading", "text", "scale by which a toxicity was graded"),
    ("cite", "text", "what to cite for this number"),
    ("locator", "text", "where in it"),
    ("grade", "code", "seen or recalled"),
    ("tier", "code", "tier of the text in which it was read"),
    (
        "address",
        "text",
        "where it was read, where not at the addresses of the study",
    ),
    ("note", "text", "what a reader must know about it"),
];

const PATIENTS: &[Field] = &[
    ("study", "text", "id of the study"),
    ("patient", "text", "name of the patient in the source"),
    (
        "disease",
        "code",
        "disease of the patient; empty in a basket that does not say",
    ),
    (
        "variable",
        "code",
        "what was seen, as in outcomes.csv of the library",
    ),
    (
        "day",
        "number",
        "days after infusion; 0 is before it; empty: not stated",
    ),
    (
        "value",
        "number",
        "the number, in unit; 0 or 1 for no and yes",
    ),
    ("text", "text", "what was found, where it is no number"),
    (
        "bound",
        "code",
        "below or above: the number is only a bound",
    ),
    ("unit", "text", "unit of the number"),
    ("locator", "text", "where in the source"),
    ("grade", "code", "seen or recalled"),
    ("tier", "code", "tier of the text in which it was read"),
    ("note", "text", "what a reader must know about it"),
];

const FINDINGS: &[Field] = &[
    ("study", "text", "id of the study"),
    ("outcome", "text", "what was looked at"),
    ("model", "text", "animal model or cells"),
    ("intervention", "text", "what was given"),
    ("target", "text", "what it binds"),
    (
        "direction",
        "code",
        "improves, worsens, falls, none or safe",
    ),
    ("animals", "number", "animals"),
    ("value", "number", "the number, in unit"),
    ("unit", "text", "unit of the number"),
    ("text", "text", "what was found, in words"),
    (
        "cite",
        "text",
        "what to cite, where not the source of the study",
    ),
    ("locator", "text", "where in the source"),
    ("grade", "code", "seen or recalled"),
    ("tier", "code", "tier of the text in which it was read"),
    ("note", "text", "what a reader must know about it"),
];

const OVERLAPS: &[Field] = &[
    ("study", "text", "id of the study that declares it"),
    ("other_study", "text", "id of the other study"),
    ("relation", "code", "contains, within, shares or distinct"),
    ("note", "text", "what is known about it"),
];

const APPRAISAL: &[Field] = &[
    ("study", "text", "id of the study"),
    ("instrument", "code", "instrument for the risk of bias"),
    ("read", "text", "what was read for it"),
    ("item", "text", "item of the instrument"),
    ("answer", "code", "answer to the item"),
    ("why", "text", "reason"),
    ("overall", "code", "judgement over all items"),
];

const REGISTRY: &[Field] = &[
    (
        "trial",
        "text",
        "number of the registry; empty where only an announcement was seen",
    ),
    ("acronym", "text", "short name"),
    (
        "title",
        "text",
        "what it is about, where product and diseases do not say it",
    ),
    ("sponsor", "text", "who runs it"),
    ("product", "text", "name of the product"),
    ("target", "text", "what it binds"),
    ("platform", "code", "how the product is made"),
    ("diseases", "list", "codes of diseases"),
    (
        "relevance",
        "code",
        "neuro, neuro_adjacent, myositis, unspecified or contrast",
    ),
    ("phase", "code", "phase"),
    (
        "planned_patients",
        "number",
        "patients planned, or enrolled where actual",
    ),
    (
        "actual",
        "boolean",
        "the number of patients is that enrolled",
    ),
    ("design", "text", "allocation, masking, number of diseases"),
    ("status", "code", "how far the trial is"),
    ("status_as_of", "date", "when the status was read"),
    (
        "record_updated",
        "date",
        "when the sponsor last changed the record",
    ),
    ("start", "date", "first day, planned or actual"),
    ("country", "list", "countries"),
    ("published", "list", "ids of the studies that report it"),
    ("note", "text", "what else a reader must know"),
    ("cite", "text", "what to cite"),
    ("address", "list", "where it was read; no citation"),
    ("grade", "code", "seen or recalled"),
];
