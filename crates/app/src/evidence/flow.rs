//! `neurocart evidence flow`: how far the records have come, by the stages of PRISMA 2020
//! (doi:10.1136/bmj.n71), and what is kept out of pooled estimates.

use neurocart_evidence::series::design_words;
use neurocart_evidence::study::{Grade, State, Study};
use neurocart_evidence::{Evidence, codes};

use crate::evidence::filters::Filters;
use crate::evidence::table::{Column, Form, Page, Table};
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    form: Form,
}

pub fn run(arguments: &Arguments, evidence: &Evidence) -> Result<(), Exit> {
    // A flow that hides a part of the records is none, so that recalled ones are always in it.
    let mut selection = arguments.filters.selection(evidence)?;
    selection.include_recalled = true;
    let studies = selection.studies(evidence);
    let trials = match studies.len() == evidence.studies.len() {
        true => format!(
            "; beside them {} registered trials",
            evidence.registry.len()
        ),
        false => String::new(),
    };
    Page {
        title: format!("{} records{trials}", studies.len()),
        tables: vec![stages(&studies), left_out(&studies), sources(&studies)],
        notes: vec![
            "the file of a record begins once it is kept: records that were met and dropped in the search have none, so that the flow begins with those kept".into(),
        ],
        ..Page::default()
    }
    .show(&arguments.form)
}

/// Records that have reached each stage at least; those that a later report replaces had reached it.
fn stages(studies: &[&Study]) -> Table {
    let columns = [
        Column::code("stage", "stage"),
        Column::number("records", "records"),
        Column::number("waiting", "waiting here"),
        Column::words("waiting_ids", "ids of those that wait"),
    ];
    let mut table = Table::new("stages", "", &columns);
    for (name, state) in [
        ("found", State::Found),
        ("screened", State::Screened),
        ("included", State::Included),
        ("extracted", State::Extracted),
        ("appraised", State::Appraised),
    ] {
        let reached = studies.iter().filter(|s| match s.state {
            State::Superseded => state <= State::Extracted,
            own => own >= state,
        });
        let waiting: Vec<&str> = studies
            .iter()
            .filter(|s| s.state == state)
            .map(|s| s.id.as_str())
            .collect();
        // The extracted are too many to be named, and the appraised wait for nothing.
        let (number, named) = match state {
            State::Appraised => (0, Vec::new()),
            State::Extracted => (waiting.len(), Vec::new()),
            _ => (waiting.len(), waiting),
        };
        table.rows.push(vec![
            name.into(),
            reached.count().into(),
            number.into(),
            named.into(),
        ]);
    }
    table
}

/// Why a record gives nothing to a pooled estimate; the first reason that holds.
fn left_out(studies: &[&Study]) -> Table {
    let columns = [
        Column::words("reason", "kept out of pooled estimates"),
        Column::number("records", "records"),
        Column::words("ids", "ids").expendable(1),
    ];
    let mut table = Table::new("left_out", "Left out", &columns);
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for study in studies {
        let Some(reason) = reason(study) else {
            continue;
        };
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, ids)) => ids.push(&study.id),
            None => reasons.push((reason, vec![&study.id])),
        }
    }
    reasons.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(&b.0)));
    let pooled = studies.iter().filter(|s| reason(s).is_none()).count();
    for (reason, ids) in reasons {
        table
            .rows
            .push(vec![reason.into(), ids.len().into(), ids.into()]);
    }
    let none: Vec<&str> = Vec::new();
    table.rows.push(vec![
        "nothing against it".into(),
        pooled.into(),
        none.into(),
    ]);
    table
}

fn reason(study: &Study) -> Option<String> {
    if study.state == State::Superseded {
        return Some("a later report replaces it".into());
    }
    // Of a paper that was not read, figures may have been read where another report quotes it.
    let recalled = study.outcomes.iter().all(|o| o.grade == Grade::Recalled);
    if study.source.grade == Grade::Recalled && recalled {
        return Some("recalled, not read".into());
    }
    if !study.design.kind.counts_patients() {
        return Some(format!("design: {}", design_words(study.design.kind)));
    }
    if study.outcomes.is_empty() && study.patients.is_empty() {
        return Some("no figure taken from it yet".into());
    }
    (!study.outcomes.is_empty() && recalled).then(|| "all its figures are recalled".into())
}

fn sources(studies: &[&Study]) -> Table {
    let columns = [
        Column::code("source", "kind of source"),
        Column::number("records", "records"),
    ];
    let mut table = Table::new("sources", "Sources", &columns);
    for kind in codes::codes::<neurocart_evidence::study::SourceKind>() {
        let n = studies
            .iter()
            .filter(|s| codes::code(&s.source.kind) == *kind)
            .count();
        if n > 0 {
            table.rows.push(vec![codes::words(kind).into(), n.into()]);
        }
    }
    table
}
