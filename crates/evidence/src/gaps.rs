//! The evidence map: for each disease, target and question, how much is published, and where trials are
//! registered of which nothing is.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::evidence::Evidence;
use crate::question::Question;
use crate::registry::{RegisteredTrial, Status};
use crate::rules::relation;
use crate::selection::{Selection, diseases};
use crate::series::arm_diseases;
use crate::study::*;

/// What is known in one disease, of one target, about one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// Code of the disease.
    pub disease: String,
    /// Whole target.
    pub target: String,
    /// Id of the question.
    pub question: String,
    /// Ids of the studies of CAR T cells in patients that report one of its outcomes.
    pub studies: Vec<String>,
    /// Patients with this disease in them; those counted with other diseases are not in it, and patients
    /// of a study that lies within another one count once.
    pub patients: u64,
    /// Some of the studies count their patients together with those of other diseases.
    pub baskets: bool,
    /// All that is known was recalled and not read.
    pub recalled_only: bool,
}

/// Trials of one target in one disease.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Registered {
    /// Code of the disease.
    pub disease: String,
    /// Whole target.
    pub target: String,
    /// Numbers of the trials that were not withdrawn, or what to cite for those without one.
    pub trials: Vec<String>,
    /// Those of them of which no study here reports.
    pub unpublished: Vec<String>,
}

/// The map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvidenceMap {
    /// Rows: codes of diseases.
    pub diseases: Vec<String>,
    /// Columns: targets, those with most studies first.
    pub targets: Vec<String>,
    /// Ids of the questions.
    pub questions: Vec<String>,
    /// Every cell, also the empty ones: by disease, target, and those questions that are asked of the
    /// disease.
    pub cells: Vec<Cell>,
    /// Registered trials: by disease and target.
    pub registered: Vec<Registered>,
}

impl EvidenceMap {
    /// Cells of one disease and target, in the order of the questions.
    pub fn of<'a>(&'a self, disease: &'a str, target: &'a str) -> impl Iterator<Item = &'a Cell> {
        let here = move |cell: &&Cell| cell.disease == disease && cell.target == target;
        self.cells.iter().filter(here)
    }
}

/// Draws the map for the diseases and targets that are asked for; of the studies, those of CAR T cells
/// in patients that the selection takes. Recalled figures make a cell `recalled_only` whatever it says.
pub fn evidence_map(
    evidence: &Evidence,
    selection: &Selection,
    questions: &[Question],
) -> EvidenceMap {
    let everything = Selection {
        include_recalled: true,
        ..selection.clone()
    };
    let studies: Vec<&Study> = everything
        .studies(evidence)
        .into_iter()
        .filter(|study| is_car_t_in_patients(study))
        .collect();
    let trials: Vec<&RegisteredTrial> = evidence
        .registry
        .iter()
        .filter(|trial| trial.status != Status::Withdrawn)
        .collect();
    let rows = rows(evidence, selection);
    let columns = columns(&studies, &trials, &rows, selection);
    let questions: Vec<&Question> = questions.iter().filter(|q| !q.preclinical).collect();
    let mut cells = Vec::new();
    let mut registered = Vec::new();
    for disease in &rows {
        for target in &columns {
            for question in questions.iter().filter(|q| applies(q, disease, evidence)) {
                cells.push(cell(&studies, disease, target, question));
            }
            let here = trials
                .iter()
                .filter(|t| t.target == *target && t.diseases.contains(disease));
            let (mut all, mut unpublished) = (Vec::new(), Vec::new());
            for trial in here {
                if trial.published(&evidence.studies).is_empty() {
                    unpublished.push(trial.name().to_owned());
                }
                all.push(trial.name().to_owned());
            }
            registered.push(Registered {
                disease: disease.clone(),
                target: target.clone(),
                trials: all,
                unpublished,
            });
        }
    }
    EvidenceMap {
        diseases: rows,
        targets: columns,
        questions: questions.iter().map(|q| q.id.clone()).collect(),
        cells,
        registered,
    }
}

fn is_car_t_in_patients(study: &Study) -> bool {
    let car_t = |t: &Treatment| t.modality == Modality::CarT;
    study.design.kind.counts_patients()
        && study.state != State::Superseded
        && study.treatment.as_ref().is_some_and(car_t)
}

/// Diseases asked for, in the order of the table. Unspecified ones name no disease to have a gap in.
fn rows(evidence: &Evidence, selection: &Selection) -> Vec<String> {
    let vocabulary = &evidence.vocabulary;
    let asked = |code: &&String| {
        let by_code = selection.diseases.contains(code);
        let by_area = selection.areas.contains(&vocabulary.diseases[*code].area);
        let open = selection.diseases.is_empty() && selection.areas.is_empty();
        by_code
            || (selection.diseases.is_empty()
                && (by_area || open)
                && code.as_str() != "neuro-unspecified")
    };
    vocabulary
        .disease_order
        .iter()
        .filter(asked)
        .cloned()
        .collect()
}

/// Targets asked for, or all that a study or trial of the diseases has; most studies first.
fn columns(
    studies: &[&Study],
    trials: &[&RegisteredTrial],
    rows: &[String],
    selection: &Selection,
) -> Vec<String> {
    if !selection.targets.is_empty() {
        return selection.targets.clone();
    }
    let target = |study: &Study| study.treatment.as_ref().map(|t| t.target.clone());
    let of_studies = studies
        .iter()
        .filter(|s| diseases(s).any(|d| rows.contains(d)));
    let of_studies: Vec<String> = of_studies.filter_map(|s| target(s)).collect();
    let of_trials = trials
        .iter()
        .filter(|t| t.diseases.iter().any(|d| rows.contains(d)));
    let of_trials: Vec<String> = of_trials.map(|t| t.target.clone()).collect();
    let all: BTreeSet<&String> = of_studies.iter().chain(&of_trials).collect();
    let mut all: Vec<&String> = all
        .into_iter()
        .filter(|t| !crate::vocabulary::OTHER_TARGETS.contains(&t.as_str()))
        .collect();
    let count = |list: &[String], target: &String| list.iter().filter(|t| *t == target).count();
    all.sort_by_key(|t| std::cmp::Reverse((count(&of_studies, t), count(&of_trials, t))));
    all.into_iter().cloned().collect()
}

/// True if the question is asked of this disease by one of its groups.
fn applies(question: &Question, disease: &str, evidence: &Evidence) -> bool {
    let area = evidence.vocabulary.diseases.get(disease).map(|d| d.area);
    question
        .groups
        .iter()
        .any(|group| match group.diseases.is_empty() {
            true => group.areas.is_empty() || area.is_some_and(|area| group.areas.contains(&area)),
            false => group.diseases.iter().any(|d| d == disease),
        })
}

fn cell(studies: &[&Study], disease: &str, target: &str, question: &Question) -> Cell {
    let mut found: Vec<(&Study, Reported)> = Vec::new();
    for &study in studies {
        if study.treatment.as_ref().is_some_and(|t| t.target == target)
            && let Some(reported) = reported(study, disease, question)
        {
            found.push((study, reported));
        }
    }
    let within_another = |study: &Study| {
        let holds = |other: &Study| relation(study, other) == Some(Relation::Within);
        found.iter().any(|(other, _)| holds(other))
    };
    let own = found.iter().filter(|(study, _)| !within_another(study));
    Cell {
        disease: disease.to_owned(),
        target: target.to_owned(),
        question: question.id.clone(),
        studies: found.iter().map(|(study, _)| study.id.clone()).collect(),
        patients: own.map(|(_, reported)| reported.patients).sum(),
        baskets: found.iter().any(|(_, reported)| reported.in_basket),
        recalled_only: !found.is_empty() && found.iter().all(|(_, reported)| reported.recalled),
    }
}

/// What one study says to a question in one disease.
struct Reported {
    patients: u64,
    in_basket: bool,
    recalled: bool,
}

fn reported(study: &Study, disease: &str, question: &Question) -> Option<Reported> {
    let mut found = None::<Reported>;
    let mut add = |patients: u64, in_basket: bool, grade: Grade| {
        let recalled = study.source.grade == Grade::Recalled || grade == Grade::Recalled;
        let entry = found.get_or_insert(Reported {
            patients: 0,
            in_basket,
            recalled,
        });
        entry.patients = entry.patients.max(patients);
        entry.in_basket &= in_basket;
        entry.recalled &= recalled;
    };
    for outcome in study
        .outcomes
        .iter()
        .filter(|o| question.outcomes.contains(&o.outcome))
    {
        let arm = study.arms.iter().find(|arm| arm.name == outcome.arm);
        if arm.is_some_and(|arm| matches!(arm.role, ArmRole::Control | ArmRole::Contrast)) {
            continue;
        }
        let of = arm_diseases(study, arm);
        if of.iter().any(|d| d == disease) {
            let alone = of.len() == 1;
            let size = outcome
                .total
                .or(arm.and_then(|arm| arm.patients))
                .unwrap_or(0);
            add(if alone { size } else { 0 }, !alone, outcome.grade);
        }
    }
    let mut single = 0;
    for patient in &study.patients {
        let is_of = match &patient.disease {
            Some(own) => own == disease,
            None => study.population.diseases == [disease],
        };
        let rows = patient
            .observations
            .iter()
            .filter(|o| question.outcomes.contains(&o.variable));
        if is_of && let Some(grade) = rows.map(|o| o.grade).min() {
            single += 1;
            add(single, false, grade);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use neurocart_library::Library;

    use super::*;
    use crate::question::questions;
    use crate::vocabulary::Area;

    fn map(selection: Selection) -> (Evidence, EvidenceMap) {
        let library = Library::embedded();
        let evidence = Evidence::of(&library).unwrap();
        let questions = questions(&library, &evidence).unwrap();
        let map = evidence_map(&evidence, &selection, &questions);
        (evidence, map)
    }

    #[test]
    fn a_filled_cell_names_its_studies_and_counts_their_patients() {
        let (evidence, map) = map(Selection {
            diseases: vec!["NMOSD".into()],
            targets: vec!["BCMA".into()],
            ..Selection::default()
        });
        let crs = map
            .of("NMOSD", "BCMA")
            .find(|c| c.question == "crs")
            .unwrap();
        assert!(crs.studies.contains(&"qin2023-nmosd-ct103a".to_owned()));
        let patients = evidence.studies["qin2023-nmosd-ct103a"].design.patients;
        assert!(crs.patients >= patients.unwrap() && !crs.recalled_only);
    }

    #[test]
    fn every_disease_and_target_has_a_cell_for_each_question_that_is_asked_of_it() {
        let (_, map) = map(Selection {
            areas: vec![Area::Neuroimmune],
            ..Selection::default()
        });
        let of = |disease: &'static str| {
            map.of(disease, "CD19")
                .map(|c| c.question.clone())
                .collect::<Vec<String>>()
        };
        for target in &map.targets {
            assert_eq!(map.of("LEMS", target).count(), of("LEMS").len());
        }
        assert!(map.diseases.contains(&"LEMS".to_owned()));
        assert!(map.cells.iter().any(|c| c.studies.is_empty()));
        // Scores of myasthenia are no question to neuromyelitis.
        assert!(
            of("MG").iter().any(|q| q == "mg-scores")
                && !of("NMOSD").iter().any(|q| q == "mg-scores")
        );
        assert!(!map.diseases.contains(&"SLE".to_owned()));
    }

    #[test]
    fn a_withdrawn_trial_is_no_hope_for_a_gap() {
        let (evidence, map) = map(Selection {
            areas: vec![Area::Neuroimmune],
            ..Selection::default()
        });
        let withdrawn = evidence
            .registry
            .iter()
            .filter(|t| t.status == Status::Withdrawn);
        for trial in withdrawn {
            let listed = map
                .registered
                .iter()
                .any(|r| r.trials.iter().any(|t| t == trial.name()));
            assert!(!listed, "{}", trial.name());
        }
    }
}
