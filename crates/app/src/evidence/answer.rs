//! `neurocart evidence answer`: the questions of the review.

use std::path::{Path, PathBuf};

use serde_json::json;

use neurocart_evidence::Evidence;
use neurocart_evidence::answer::{Answer, GroupAnswer, answer};
use neurocart_evidence::question::{Question, questions};
use neurocart_evidence::series::Measure;
use neurocart_library::{Library, nearest};
use neurocart_report::figure::Layout;
use neurocart_report::figure::forest::{ForestPlot, render_forest_svg};

use crate::evidence::document::document;
use crate::evidence::filters::unknown;
use crate::evidence::forest;
use crate::evidence::table::{Column, Form, Page, Table};
use crate::evidence::wording;
use crate::exit::{Exit, say, write_file};

#[derive(clap::Args)]
pub struct Arguments {
    /// Question, by its id; without one, all questions with their answers in short.
    #[arg(value_name = "QUESTION")]
    question: Option<String>,
    /// Also what was written down from memory and not seen in a text.
    #[arg(long)]
    include_recalled: bool,
    /// Write all answers as `evidence.md`, with its figures, into this folder.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["question", "include_recalled"])]
    write: Option<PathBuf>,
    #[command(flatten)]
    form: Form,
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    let evidence = Evidence::of(library)?;
    let questions = questions(library, &evidence)?;
    if let Some(folder) = &arguments.write {
        let answers: Vec<Answer> = questions
            .into_iter()
            .map(|q| answer(&evidence, q, false))
            .collect();
        return write(folder, &evidence, &answers);
    }
    match &arguments.question {
        None => overview(arguments, &evidence, questions),
        Some(id) => {
            let Some(question) = questions.iter().find(|q| q.id == *id) else {
                let ids: Vec<&str> = questions.iter().map(|q| q.id.as_str()).collect();
                let hint = match nearest(id, ids.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("questions: {}", ids.join(", ")),
                };
                return Err(unknown("question", id, &hint));
            };
            one(
                arguments,
                answer(&evidence, question.clone(), arguments.include_recalled),
            )
        }
    }
}

/// Every question with its answers in a line each.
fn overview(
    arguments: &Arguments,
    evidence: &Evidence,
    questions: Vec<Question>,
) -> Result<(), Exit> {
    let columns = [
        Column::code("question", "question"),
        Column::words("outcome", "outcome"),
        Column::words("group", "group"),
        Column::number("studies", "studies"),
        Column::number("patients", "patients"),
        Column::words("answer", "answer"),
        Column::code("certainty", "certainty"),
    ];
    let mut table = Table::new("answers", "", &columns);
    let mut experiments = 0;
    for question in questions {
        let answer = answer(evidence, question, arguments.include_recalled);
        experiments += answer.experiments.len();
        for group in answer.groups.iter().filter(|g| !g.series.rows.is_empty()) {
            let (studies, patients) = behind(group);
            table.rows.push(vec![
                answer.question.id.as_str().into(),
                group.outcome_label.as_str().into(),
                label(group).into(),
                studies.into(),
                patients.into(),
                wording::answer(&group.series, &group.pooled).into(),
                group.certainty.as_ref().map(|c| c.level.words()).into(),
            ]);
        }
    }
    let page = Page {
        title: "Questions of the review, answered from the evidence base".into(),
        tables: vec![table],
        notes: vec![
            "`neurocart evidence answer QUESTION` shows the studies, the methods and what was left out".into(),
            format!("`preclinical` lists {experiments} findings in animals and cells"),
            "research use only".into(),
        ],
        ..Page::default()
    };
    page.show(&arguments.form)
}

/// Studies and patients behind the answer of a group: those pooled, else those shown.
pub fn behind(group: &GroupAnswer) -> (usize, u64) {
    if !group.pooled.estimates.is_empty() {
        return (group.pooled.studies, group.pooled.patients);
    }
    let rows = &group.series.rows;
    (rows.len(), rows.iter().filter_map(|r| r.patients()).sum())
}

/// A group with what was left out of it.
pub fn label(group: &GroupAnswer) -> String {
    match group.without.is_empty() {
        true => group.label.clone(),
        false => format!("{}, without {}", group.label, group.without.join(", ")),
    }
}

/// One question in full.
fn one(arguments: &Arguments, answer: Answer) -> Result<(), Exit> {
    let mut page = Page {
        title: answer.question.title.clone(),
        ..Page::default()
    };
    let columns = [
        Column::words("outcome", "outcome"),
        Column::words("group", "group"),
        Column::words("method", "method"),
        Column::number("studies", "studies"),
        Column::number("patients", "patients"),
        Column::words("estimate", "estimate (95 %)"),
        Column::words("prediction", "prediction").expendable(2),
        Column::words("certainty", "certainty"),
    ];
    let mut pooled = Table::new("answers", "Answers", &columns);
    let columns = [
        Column::words("outcome", "outcome").expendable(1),
        Column::words("group", "group"),
        Column::code("study", "study"),
        Column::words("figure", "figure"),
        Column::words("citation", "citation").expendable(2),
    ];
    let mut studies = Table::new("studies", "Studies", &columns);
    let columns = [
        Column::words("outcome", "outcome").expendable(1),
        Column::words("group", "group"),
        Column::words("reason", "reason"),
        Column::words("studies", "studies"),
    ];
    let mut left_out = Table::new("left_out", "Left out", &columns);
    for group in &answer.groups {
        let unit = wording::unit(&group.series);
        let head = |method: String, words: String, prediction: Option<String>| {
            let (studies, patients) = behind(group);
            vec![
                group.outcome_label.as_str().into(),
                label(group).into(),
                method.into(),
                studies.into(),
                patients.into(),
                words.into(),
                prediction.into(),
                group.certainty.as_ref().map(|c| c.level.words()).into(),
            ]
        };
        if let Some(withheld) = &group.pooled.withheld {
            pooled
                .rows
                .push(head(String::new(), withheld.clone(), None));
        }
        for e in &group.pooled.estimates {
            pooled.rows.push(head(
                e.short.clone(),
                wording::estimate(e, unit),
                wording::prediction(e, unit),
            ));
        }
        for row in &group.series.rows {
            studies.rows.push(vec![
                group.outcome_label.as_str().into(),
                label(group).into(),
                row.study.as_str().into(),
                wording::figure(row, group.series.measure).into(),
                format!("{}, {}", row.citation, row.locator).into(),
            ]);
        }
        for (reason, ids) in wording::reasons(&group.series) {
            left_out.rows.push(vec![
                group.outcome_label.as_str().into(),
                label(group).into(),
                reason.into(),
                ids.into(),
            ]);
        }
    }
    let columns = [
        Column::words("direction", "direction"),
        Column::words("outcome", "outcome"),
        Column::words("model", "model"),
        Column::words("intervention", "intervention"),
        Column::words("finding", "finding"),
        Column::code("study", "study"),
        Column::words("citation", "citation").expendable(1),
    ];
    let mut experiments = Table::new("experiments", "Experiments", &columns);
    for e in &answer.experiments {
        experiments.rows.push(vec![
            wording::direction(e.finding.direction).into(),
            e.finding.outcome.as_str().into(),
            e.finding.model.as_str().into(),
            e.finding.intervention.as_str().into(),
            wording::finding(&e.finding).into(),
            e.study.as_str().into(),
            format!("{}, {}", e.citation, e.finding.locator).into(),
        ]);
    }
    page.tables = match answer.question.preclinical {
        true => vec![experiments],
        false => vec![pooled, studies, left_out],
    };
    if !answer.question.note.is_empty() {
        page.notes.push(answer.question.note.clone());
    }
    if !answer.question.without.is_empty() {
        page.notes.push(format!(
            "without {}: {}",
            answer.question.without.join(", "),
            answer.question.without_reason
        ));
    }
    page.notes.push("research use only".into());
    page.json.push(("result", json!(answer)));
    if arguments.form.wants_figure() {
        let figures = figures(&answer);
        let Some((_, plot)) = figures.first() else {
            return Err(Exit::invalid(
                "there is nothing here to draw; leave `--figure` out",
            ));
        };
        if figures.len() > 1 {
            let others: Vec<&str> = figures
                .iter()
                .skip(1)
                .map(|(outcome, _)| outcome.as_str())
                .collect();
            page.notes.push(format!(
                "the figure shows {}; `neurocart evidence pool --outcome` draws {}",
                figures[0].0,
                others.join(", ")
            ));
        }
        page.figure = Some(render_forest_svg(plot, Layout::Wide));
    }
    page.show(&arguments.form)
}

/// A forest plot for each outcome of a question, with its code.
pub fn figures(answer: &Answer) -> Vec<(String, ForestPlot)> {
    let mut plots = Vec::new();
    for outcome in &answer.question.outcomes {
        let of: Vec<&GroupAnswer> = answer
            .groups
            .iter()
            .filter(|g| g.outcome == *outcome && !g.series.rows.is_empty())
            .collect();
        let numbers = |g: &&GroupAnswer| {
            g.series
                .rows
                .iter()
                .any(|r| r.estimate.is_some() || r.lower.is_some())
        };
        let Some(first) = of.iter().find(|g| numbers(g)) else {
            continue;
        };
        let labels: Vec<String> = of.iter().map(|g| label(g)).collect();
        let groups: Vec<forest::Group> = of
            .iter()
            .zip(&labels)
            .map(|(g, label)| forest::Group {
                label,
                series: &g.series,
                pooled: &g.pooled,
            })
            .collect();
        let measure: Measure = first.series.measure;
        plots.push((
            outcome.clone(),
            forest::plot(
                &first.outcome_label,
                measure,
                wording::unit(&first.series),
                &groups,
            ),
        ));
    }
    plots
}

/// Writes the document and its figures.
fn write(folder: &Path, evidence: &Evidence, answers: &[Answer]) -> Result<(), Exit> {
    let images = folder.join("images").join("evidence");
    std::fs::create_dir_all(&images).map_err(|error| {
        Exit::failed(format!(
            "cannot make `{}`: {error}\n     = hint: name a folder that can be written",
            images.display()
        ))
    })?;
    let (text, figures) = document(evidence, answers);
    for (name, svg) in &figures {
        write_file(&images.join(name), svg)?;
    }
    let path = folder.join("evidence.md");
    write_file(&path, &text)?;
    say(&format!(
        "wrote   {} and {} figures",
        path.display(),
        figures.len()
    ));
    Ok(())
}
