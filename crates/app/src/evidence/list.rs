//! `neurocart evidence list`: one line per study.

use serde_json::Value;

use neurocart_evidence::codes::code;
use neurocart_evidence::selection::diseases;
use neurocart_evidence::{Evidence, Selection, Study};

use crate::evidence::filters::Filters;
use crate::evidence::swimmer::swimmer;
use crate::evidence::table::{Column, Form, Page, Table};
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    form: Form,
}

/// What is said of a study in a line.
pub const COLUMNS: [Column; 15] = [
    Column::code("id", "id"),
    Column::number("year", "year"),
    Column::words("diseases", "disease"),
    Column::words("product", "product").expendable(1),
    Column::words("target", "target").expendable(4),
    Column::code("platform", "platform").expendable(9),
    Column::code("lymphodepletion", "lymphodepletion").expendable(11),
    Column::code("design", "design").expendable(5),
    Column::number("patients", "n"),
    Column::number("outcomes", "outcomes").expendable(6),
    Column::number("patient_series", "series").expendable(10),
    Column::code("risk_of_bias", "risk of bias").expendable(7),
    Column::code("state", "state").expendable(8),
    Column::code("grade", "grade").expendable(2),
    Column::code("tier", "tier").expendable(3),
];

pub fn run(arguments: &Arguments, evidence: &Evidence) -> Result<(), Exit> {
    let selection = arguments.filters.selection(evidence)?;
    let studies = selection.studies(evidence);
    let mut table = Table::new("studies", "", &COLUMNS);
    table.rows = studies.iter().map(|study| row(study)).collect();
    let mut page = Page {
        title: match studies.len() {
            1 => "1 study".into(),
            n => format!("{n} studies of {}", evidence.studies.len()),
        },
        tables: vec![table],
        ..Page::default()
    };
    let recalled = Selection {
        include_recalled: true,
        ..selection.clone()
    };
    match recalled.studies(evidence).len() - studies.len() {
        0 => {}
        n => page.notes.push(format!(
            "{n} more written from memory: `--include-recalled` shows them"
        )),
    }
    if studies.is_empty() {
        page.notes.push(
            "no study fits; leave a filter out, or see `neurocart evidence gaps` for what is missing".into(),
        );
    }
    if arguments.form.wants_figure() {
        let recalled = selection.include_recalled;
        page.figure = swimmer(
            "Patients reported one by one",
            &studies,
            &evidence.vocabulary,
            recalled,
        );
        if page.figure.is_none() {
            return Err(Exit::invalid(
                "no study here reports patients one by one, so there is no swimmer plot; leave `--figure` out",
            ));
        }
    }
    page.show(&arguments.form)
}

/// A study in a line, for `COLUMNS`.
pub fn row(study: &Study) -> Vec<Value> {
    let treatment = study.treatment.as_ref();
    let mut of: Vec<&str> = Vec::new();
    for disease in diseases(study) {
        if !of.contains(&disease.as_str()) {
            of.push(disease);
        }
    }
    vec![
        study.id.as_str().into(),
        study.year.into(),
        of.into(),
        treatment.map(|t| t.product.as_str()).into(),
        treatment.map(|t| t.target.as_str()).into(),
        treatment.map(|t| code(&t.platform)).into(),
        treatment.map(|t| code(&t.lymphodepletion)).into(),
        code(&study.design.kind).into(),
        study.design.patients.into(),
        study.outcomes.len().into(),
        study.patients.len().into(),
        study.appraisal.as_ref().map(|a| code(&a.overall)).into(),
        code(&study.state).into(),
        code(&study.source.grade).into(),
        code(&study.source.tier).into(),
    ]
}
