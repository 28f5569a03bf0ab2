//! Answers to the questions of the review.

use serde::{Deserialize, Serialize};

use neurocart_library::{Error, Library};

use crate::certainty::{Certainty, certainty};
use crate::comparison::{compared, with_companions};
use crate::evidence::Evidence;
use crate::pooling::{Options, Pooled, pool};
use crate::question::{Question, questions};
use crate::series::{Series, series};
use crate::study::{DesignKind, Direction, Finding, Grade, Modality};

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The question.
    pub question: Question,
    /// One per outcome and group, in the order of the question.
    pub groups: Vec<GroupAnswer>,
    /// Experiments in animals and cells, for the question to them.
    pub experiments: Vec<Experiment>,
}

/// The answer for one outcome in one group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupAnswer {
    /// Code of the outcome.
    pub outcome: String,
    /// Its label.
    pub outcome_label: String,
    /// Label of the group.
    pub label: String,
    /// Studies that were left out as outlying; empty for the first answer.
    pub without: Vec<String>,
    /// The rows taken and left out.
    pub series: Series,
    /// The rows pooled.
    pub pooled: Pooled,
    /// How certain that is; none without a row.
    pub certainty: Option<Certainty>,
}

/// A finding in animals or cells with its study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// Study.
    pub study: String,
    /// What to cite.
    pub citation: String,
    /// Diseases it stands for.
    pub diseases: Vec<String>,
    /// The finding.
    pub finding: Finding,
}

/// Answers all questions of a library.
pub fn answers(library: &Library, evidence: &Evidence) -> Result<Vec<Answer>, Error> {
    let questions = questions(library, evidence)?;
    Ok(questions
        .into_iter()
        .map(|q| answer(evidence, q, false))
        .collect())
}

/// Answers one question, with recalled rows if asked for.
pub fn answer(evidence: &Evidence, question: Question, include_recalled: bool) -> Answer {
    let mut groups = Vec::new();
    for outcome in &question.outcomes {
        for group in &question.groups {
            let ask = |without: &[String]| {
                let request = group.request(outcome, include_recalled, without);
                let options = Options {
                    across_scales: group.across_scales || !group.gradings.is_empty(),
                    ..Options::default()
                };
                let (series, pooled) = match group.compare {
                    Some(scale) => {
                        let series = compared(evidence, &request, scale);
                        let pooled = pool(&series, options);
                        let pooled = with_companions(pooled, &series, scale);
                        (series, pooled)
                    }
                    None => {
                        let series = series(evidence, &request);
                        let pooled = pool(&series, options);
                        (series, pooled)
                    }
                };
                let certainty = certainty(&series, &pooled, &group.judgements);
                GroupAnswer {
                    outcome: outcome.clone(),
                    outcome_label: evidence.vocabulary.outcome_label(outcome).to_owned(),
                    label: group.label.clone(),
                    without: without.to_vec(),
                    series,
                    pooled,
                    certainty,
                }
            };
            let all = ask(&[]);
            let outlying: Vec<String> = question
                .without
                .iter()
                .filter(|id| all.series.rows.iter().any(|row| row.study == **id))
                .cloned()
                .collect();
            groups.push(all);
            if !outlying.is_empty() {
                groups.push(ask(&outlying));
            }
        }
    }
    let experiments = match question.preclinical {
        true => experiments(evidence, include_recalled),
        false => Vec::new(),
    };
    Answer {
        question,
        groups,
        experiments,
    }
}

/// Findings in animals and cells by direction, then study.
fn experiments(evidence: &Evidence, include_recalled: bool) -> Vec<Experiment> {
    let preclinical = evidence
        .studies
        .values()
        .filter(|s| s.design.kind == DesignKind::Preclinical);
    let mut found: Vec<Experiment> = preclinical
        .flat_map(|study| {
            study.findings.iter().map(|finding| Experiment {
                study: study.id.clone(),
                citation: study.citation_of(&finding.cite),
                diseases: study.population.diseases.clone(),
                finding: finding.clone(),
            })
        })
        .filter(|e| include_recalled || e.finding.grade == Grade::Seen)
        .collect();
    found.sort_by_key(|e| (order(e.finding.direction), e.study.clone()));
    found
}

fn order(direction: Direction) -> u8 {
    match direction {
        Direction::Improves => 0,
        Direction::Worsens => 1,
        Direction::None => 2,
        Direction::Falls => 3,
        Direction::Safe => 4,
    }
}

/// Number of studies of CAR T cells in humans that hold at least one figure that was read.
pub fn human_car_t_studies(evidence: &Evidence) -> usize {
    let human = |s: &&crate::study::Study| {
        s.treatment
            .as_ref()
            .is_some_and(|t| t.modality == Modality::CarT)
            && !matches!(s.design.kind, DesignKind::Preclinical | DesignKind::Model)
            && s.outcomes.iter().any(|o| o.grade == Grade::Seen)
    };
    evidence.studies.values().filter(human).count()
}
