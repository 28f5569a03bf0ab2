//! The answers to the questions of the review as a Markdown document with figures.

use std::fmt::Write;

use neurocart_evidence::Evidence;
use neurocart_evidence::answer::{Answer, Experiment, GroupAnswer, human_car_t_studies};
use neurocart_evidence::codes::{code, codes};
use neurocart_evidence::pooling::{Role, enters};
use neurocart_evidence::study::{Direction, State};
use neurocart_report::figure::Layout;
use neurocart_report::figure::forest::render_forest_svg;

use crate::evidence::answer::{figures, label};
use crate::evidence::wording;
use crate::wording::sentence_case;

/// The text, and the figures with their file names, to lie in `images/evidence/` beside it.
pub fn document(evidence: &Evidence, answers: &[Answer]) -> (String, Vec<(String, String)>) {
    let mut text = introduction(evidence);
    let mut drawn = Vec::new();
    let mut section = "";
    for answer in answers {
        if answer.question.section != section {
            section = &answer.question.section;
            let _ = write!(text, "\n## {section}\n");
        }
        let _ = write!(text, "\n### {}\n\n", answer.question.title);
        if !answer.question.note.is_empty() {
            let _ = write!(text, "{}\n\n", answer.question.note);
        }
        if !answer.question.without.is_empty() {
            let _ = write!(
                text,
                "Answered with and without {}: {}.\n\n",
                answer.question.without.join(", "),
                answer.question.without_reason
            );
        }
        let plots = figures(answer);
        for outcome in &answer.question.outcomes {
            let of: Vec<&GroupAnswer> = answer
                .groups
                .iter()
                .filter(|g| g.outcome == *outcome)
                .collect();
            outcome_section(&mut text, &of);
            let rows = of.iter().map(|g| g.series.rows.len()).max().unwrap_or(0);
            // One or two figures are read faster in the table.
            if let Some((_, plot)) = plots.iter().find(|(code, _)| code == outcome)
                && rows >= 3
            {
                let name = format!("{}-{}.svg", answer.question.id, outcome.replace('_', "-"));
                let _ = write!(
                    text,
                    "![{}: forest plot](images/evidence/{name})\n\n",
                    plot.title
                );
                drawn.push((name, render_forest_svg(plot, Layout::Wide)));
            }
        }
        if answer.question.preclinical {
            experiments(&mut text, &answer.experiments);
        }
        let _ = write!(
            text,
            "```sh\nneurocart evidence answer {}\n```\n",
            answer.question.id
        );
    }
    records(&mut text, evidence);
    (text, drawn)
}

/// How many records there are, by how far they have come.
fn records(text: &mut String, evidence: &Evidence) {
    text.push_str("\n## Records\n\n| State | Records |\n|---|---|\n");
    for state in codes::<State>() {
        let count = evidence
            .studies
            .values()
            .filter(|s| code(&s.state) == *state);
        let _ = writeln!(text, "| {state} | {} |", count.count());
    }
    text.push_str("\n`neurocart evidence check` lists what each record lacks.\n");
}

fn introduction(evidence: &Evidence) -> String {
    let states = |state: State| {
        evidence
            .studies
            .values()
            .filter(|s| s.state == state)
            .count()
    };
    format!(
        "# What the evidence says\n\n\
         This page is written by `neurocart evidence answer --write docs` from the studies in `library/evidence/`; a test \
         fails when the two differ. It is for research only and never medical advice.\n\n\
         The library holds {} records, {} of them appraised and {} extracted without an appraisal; {} report figures of CAR T \
         cells in patients that were read in a text. \
         What was only recalled is kept apart: it enters no number on this page and is listed as left out.\n\n\
         How to read it:\n\n\
         * Shares of patients are pooled by a logit-normal random-intercept model without continuity correction. The \
         beta-binomial posterior and the exact interval of all patients as of one study always stand beside it. Where \
         nobody or everybody had the event the model is on its boundary, and where its interval covers nearly the whole \
         scale it says nothing: the Bayesian answer leads then. See [pooled proportions](methods/meta-analysis-proportions.md).\n\
         * Means are pooled by random effects (REML) with the Hartung-Knapp interval and its ad hoc floor. See \
         [random effects](methods/meta-analysis.md).\n\
         * One or two studies are shown and not pooled. Intervals are 95 %; a prediction interval says what a new study \
         may show.\n\
         * Nobody is counted twice: of reports that share patients the largest is taken.\n\
         * Certainty follows GRADE by stated rules: single-arm evidence starts low. Risk of bias was judged from what could \
         be read, mostly abstracts and releases ([evidence base](concepts/evidence-base.md)).\n",
        evidence.studies.len(),
        states(State::Appraised),
        states(State::Extracted),
        human_car_t_studies(evidence),
    )
}

/// One outcome: a table of the groups, the figures that are not pooled, certainty, what was left out.
fn outcome_section(text: &mut String, groups: &[&GroupAnswer]) {
    let Some(first) = groups.first() else { return };
    let _ = write!(text, "#### {}\n\n", first.outcome_label);
    let (with, without): (Vec<&GroupAnswer>, Vec<&GroupAnswer>) = groups
        .iter()
        .copied()
        .partition(|g| !g.series.rows.is_empty());
    if !with.is_empty() {
        text.push_str(
            "| Group | Studies | Patients | Model | Prediction | Bayes | Exact | Certainty |\n",
        );
        text.push_str("|---|---|---|---|---|---|---|---|\n");
        for group in &with {
            let _ = writeln!(text, "{}", line(group));
        }
        text.push('\n');
    }
    let listed: Vec<String> = with.iter().flat_map(|group| singles(group)).collect();
    let mut shown: Vec<&String> = Vec::new();
    for item in &listed {
        if !shown.contains(&item) {
            shown.push(item);
        }
    }
    for item in &shown {
        let _ = writeln!(text, "* {item}");
    }
    if !shown.is_empty() {
        text.push('\n');
    }
    if !without.is_empty() {
        let labels: Vec<String> = without.iter().map(|g| label(g)).collect();
        let _ = write!(text, "No figure: {}.\n\n", labels.join("; "));
    }
    certainty(text, &with);
    left_out(text, groups);
}

fn line(group: &GroupAnswer) -> String {
    let unit = wording::unit(&group.series);
    let find = |short: &str| group.pooled.estimates.iter().find(|e| e.short == short);
    let of = |short: &str| find(short).map_or("–".to_owned(), |e| wording::estimate(e, unit));
    let model = find("random-intercept model").or(find("random effects"));
    let answer = match model {
        Some(e) if e.role == Role::Primary => wording::estimate(e, unit),
        Some(_) => "says nothing".into(),
        None if group.pooled.estimates.is_empty() => {
            group.pooled.withheld.clone().unwrap_or_default()
        }
        None => "on its boundary".into(),
    };
    let prediction = model
        .filter(|e| e.role == Role::Primary)
        .and_then(|e| wording::prediction(e, unit));
    let events = match group.pooled.events.filter(|_| group.pooled.studies > 0) {
        Some(events) => format!("{events}/{}", group.pooled.patients),
        None => group.series.patients().to_string(),
    };
    format!(
        "| {} | {} | {events} | {answer} | {} | {} | {} | {} |",
        label(group),
        group.series.rows.len(),
        prediction.unwrap_or("–".into()),
        of("Bayes"),
        of("exact"),
        group.certainty.as_ref().map_or("–", |c| c.level.words())
    )
}

/// The figures of a group that stand alone: all of them where nothing is pooled, else those that do not enter.
fn singles(group: &GroupAnswer) -> Vec<String> {
    let pooled = !group.pooled.estimates.is_empty();
    let rows = group.series.rows.iter();
    rows.filter(|row| !pooled || !enters(row, group.series.measure))
        .map(|row| {
            let when = row
                .time_months
                .map(|t| format!(" at {}", wording::months(t)))
                .unwrap_or_default();
            let why = match &row.not_pooled {
                Some(reason) => format!(" (not pooled: {})", reason.words()),
                None => String::new(),
            };
            format!(
                "`{}`, {}{when}: {}{why} [{}, {}]",
                row.study,
                row.diseases.join(", "),
                wording::figure(row, group.series.measure),
                row.citation,
                row.locator
            )
        })
        .collect()
}

/// The judgements of the groups, folded.
fn certainty(text: &mut String, groups: &[&GroupAnswer]) {
    let judged: Vec<_> = groups
        .iter()
        .filter_map(|g| Some((label(g), g.certainty.as_ref()?)))
        .collect();
    let Some((_, first)) = judged.first() else {
        return;
    };
    text.push_str("<details><summary>Certainty</summary>\n\n| Group |");
    for judgement in &first.judgements {
        let _ = write!(text, " {} |", sentence_case(judgement.domain.words()));
    }
    let _ = write!(text, "\n|{}\n", "---|".repeat(first.judgements.len() + 1));
    for (label, certainty) in &judged {
        let _ = write!(text, "| {label}: {} |", certainty.level.words());
        for judgement in &certainty.judgements {
            let _ = match judgement.down {
                0 => write!(text, " {} |", judgement.why),
                down => write!(text, " −{down}: {} |", judgement.why),
            };
        }
        text.push('\n');
    }
    text.push_str("\n</details>\n\n");
}

fn left_out(text: &mut String, groups: &[&GroupAnswer]) {
    let mut merged: Vec<(String, Vec<String>)> = Vec::new();
    for (reason, ids) in groups.iter().flat_map(|g| wording::reasons(&g.series)) {
        // These follow from how the groups are cut and would repeat for each.
        if reason.contains("other diseases")
            || reason.contains("as asked")
            || reason.contains("another scale")
        {
            continue;
        }
        match merged.iter_mut().find(|(r, _)| *r == reason) {
            Some((_, all)) => all.extend(ids),
            None => merged.push((reason, ids)),
        }
    }
    if merged.is_empty() {
        return;
    }
    text.push_str("<details><summary>Left out</summary>\n\n");
    for (reason, mut ids) in merged {
        ids.sort();
        ids.dedup();
        let _ = writeln!(text, "* {}: {}", sentence_case(&reason), ids.join(", "));
    }
    text.push_str("\n</details>\n\n");
}

fn experiments(text: &mut String, experiments: &[Experiment]) {
    let count = |direction: Direction| {
        experiments
            .iter()
            .filter(|e| e.finding.direction == direction)
            .count()
    };
    let _ = write!(
        text,
        "Of {} findings {} are improvements of disease and {} worsenings.\n\n",
        experiments.len(),
        count(Direction::Improves),
        count(Direction::Worsens)
    );
    text.push_str("| Direction | Outcome | Model | Intervention | Finding | Source |\n|---|---|---|---|---|---|\n");
    for e in experiments {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | `{}`, {}, {} |",
            wording::direction(e.finding.direction),
            e.finding.outcome,
            e.finding.model,
            e.finding.intervention,
            wording::finding(&e.finding),
            e.study,
            e.citation,
            e.finding.locator
        );
    }
    text.push('\n');
}
