//! `neurocart evidence gaps`: how much is published of each target in each disease, and what is not.

use neurocart_evidence::Evidence;
use neurocart_evidence::gaps::{Cell, EvidenceMap, evidence_map};
use neurocart_evidence::question::questions;
use neurocart_evidence::registry::{RegisteredTrial, Status};
use neurocart_evidence::vocabulary::{Area, OTHER_TARGETS, Vocabulary};
use neurocart_library::Library;
use neurocart_report::figure::Layout;
use neurocart_report::figure::evidence_map::{
    self as figure, MapCell, MapPanel, MapRow, render_evidence_map_svg,
};

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

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    let evidence = Evidence::of(library)?;
    let mut selection = arguments.filters.selection(&evidence)?;
    if selection.diseases.is_empty() && selection.areas.is_empty() {
        selection.areas = vec![Area::Neuroimmune];
    }
    let questions = questions(library, &evidence)?;
    let map = evidence_map(&evidence, &selection, &questions);
    let empty = map
        .cells
        .iter()
        .filter(|cell| cell.studies.is_empty())
        .count();
    let mut page = Page {
        title: format!(
            "{empty} of {} cells are empty: {}, {}, and the questions asked of them",
            map.cells.len(),
            counted(map.diseases.len(), "disease"),
            counted(map.targets.len(), "target"),
        ),
        tables: vec![pairs(&map), nothing(&map, &evidence.vocabulary), cells(&map)],
        csv: 2,
        notes: vec![
            "studies of CAR T cells in patients; patients are those of the disease alone, and those of a study that lies within another count once; studies that may share patients are not taken apart".into(),
            "`trials` are registered and not withdrawn; `silent` are those of which no study here reports".into(),
        ],
        ..Page::default()
    };
    let unnamed = |t: &&RegisteredTrial| {
        t.status != Status::Withdrawn
            && OTHER_TARGETS.contains(&t.target.as_str())
            && t.diseases.iter().any(|d| map.diseases.contains(d))
    };
    let unnamed = evidence.registry.iter().filter(unnamed).count();
    if unnamed > 0 && selection.targets.is_empty() {
        page.notes.push(format!(
            "left out here: {} of these diseases without a stated target",
            counted(unnamed, "trial")
        ));
    }
    if map.cells.iter().any(|cell| cell.recalled_only) {
        page.notes
            .push("recalled: all that is known there was written from memory and not read".into());
    }
    if arguments.form.wants_figure() {
        page.figure = Some(drawn(&map, &evidence.vocabulary, &questions));
    }
    page.show(&arguments.form)
}

/// `1 disease`, `3 diseases`.
fn counted(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// Disease by target where there is a study or a trial: what is answered, and what is not.
fn pairs(map: &EvidenceMap) -> Table {
    let columns = [
        Column::code("disease", "disease"),
        Column::code("target", "target"),
        Column::words("answered", "answered (patients in studies)"),
        Column::words("unanswered", "no figure"),
        Column::number("trials", "trials"),
        Column::number("unpublished_trials", "silent"),
    ];
    let mut table = Table::new("pairs", "", &columns);
    for registered in &map.registered {
        let (filled, empty): (Vec<&Cell>, Vec<&Cell>) = map
            .of(&registered.disease, &registered.target)
            .partition(|cell| !cell.studies.is_empty());
        if filled.is_empty() && registered.trials.is_empty() {
            continue;
        }
        let answered: Vec<String> = filled.iter().map(|cell| said(cell)).collect();
        let unanswered = match filled.is_empty() {
            true => "all".into(),
            false => empty
                .iter()
                .map(|cell| cell.question.as_str())
                .collect::<Vec<_>>()
                .into(),
        };
        table.rows.push(vec![
            registered.disease.as_str().into(),
            registered.target.as_str().into(),
            answered.into(),
            unanswered,
            registered.trials.len().into(),
            registered.unpublished.len().into(),
        ]);
    }
    table
}

/// `crs 12 in 1`, with what a reader must know about it.
fn said(cell: &Cell) -> String {
    let size = match cell.patients {
        0 if cell.baskets => "basket".to_owned(),
        0 => "number unknown".to_owned(),
        patients => patients.to_string(),
    };
    let known = if cell.recalled_only { " recalled" } else { "" };
    format!("{} {size} in {}{known}", cell.question, cell.studies.len())
}

/// Targets of which nothing is published or registered, disease by disease.
fn nothing(map: &EvidenceMap, vocabulary: &Vocabulary) -> Table {
    let columns = [
        Column::code("disease", "disease"),
        Column::words("name", "name").expendable(1),
        Column::words("targets", "neither study nor trial"),
    ];
    let mut table = Table::new("nothing", "Targets without study and trial", &columns);
    for disease in &map.diseases {
        let without: Vec<&str> = map
            .registered
            .iter()
            .filter(|r| r.disease == *disease && r.trials.is_empty())
            .filter(|r| {
                map.of(disease, &r.target)
                    .all(|cell| cell.studies.is_empty())
            })
            .map(|r| r.target.as_str())
            .collect();
        if !without.is_empty() {
            let name = vocabulary.diseases[disease].label.as_str();
            table
                .rows
                .push(vec![disease.as_str().into(), name.into(), without.into()]);
        }
    }
    table
}

fn cells(map: &EvidenceMap) -> Table {
    let columns = [
        Column::code("disease", "disease"),
        Column::code("target", "target"),
        Column::code("question", "question"),
        Column::number("studies", "studies"),
        Column::number("patients", "patients"),
        Column::code("baskets", "baskets"),
        Column::code("recalled_only", "recalled"),
        Column::number("trials", "trials"),
        Column::number("unpublished_trials", "silent"),
        Column::words("study_ids", "ids"),
        Column::words("unpublished_trial_ids", "silent trials"),
    ];
    let mut table = Table::new("cells", "", &columns);
    table.for_programs = true;
    for registered in &map.registered {
        for cell in map.of(&registered.disease, &registered.target) {
            table.rows.push(vec![
                cell.disease.as_str().into(),
                cell.target.as_str().into(),
                cell.question.as_str().into(),
                cell.studies.len().into(),
                cell.patients.into(),
                cell.baskets.into(),
                cell.recalled_only.into(),
                registered.trials.len().into(),
                registered.unpublished.len().into(),
                cell.studies.clone().into(),
                registered.unpublished.clone().into(),
            ]);
        }
    }
    table
}

fn drawn(
    map: &EvidenceMap,
    vocabulary: &Vocabulary,
    questions: &[neurocart_evidence::question::Question],
) -> String {
    let cell = |disease: &String, target: &String, question: &String| {
        let cell = map
            .of(disease, target)
            .find(|cell| cell.question == *question);
        MapCell {
            studies: cell.map_or(0, |cell| cell.studies.len() as u64),
            patients: cell.map_or(0, |cell| cell.patients),
            recalled_only: cell.is_some_and(|cell| cell.recalled_only),
            note: match cell.is_some_and(|cell| cell.baskets) {
                true => "some patients are counted only together with other diseases".into(),
                false => String::new(),
            },
        }
    };
    let panel = |question: &String| MapPanel {
        heading: questions
            .iter()
            .find(|q| q.id == *question)
            .map_or(question.clone(), |q| format!("{} ({question})", q.section)),
        columns: map.targets.clone(),
        rows: map
            .diseases
            .iter()
            .filter(|disease| {
                map.cells
                    .iter()
                    .any(|c| c.question == *question && c.disease == **disease)
            })
            .map(|disease| MapRow {
                label: vocabulary.diseases[disease].label.clone(),
                cells: map
                    .targets
                    .iter()
                    .map(|target| cell(disease, target, question))
                    .collect(),
            })
            .collect(),
    };
    let map = figure::EvidenceMap {
        title: "Published evidence by disease, target and question".into(),
        panels: map.questions.iter().map(panel).collect(),
        caption: "CAR T cells in patients. Patients are those of the disease alone; studies that may share patients are not taken apart.".into(),
    };
    render_evidence_map_svg(&map, Layout::Wide)
}
