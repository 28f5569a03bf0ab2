//! A draft: what a record says in the terms of a study file, and what is left for a person to decide.

use serde::Serialize;

use crate::codes::code;
use crate::evidence::Evidence;
use crate::registry::RegisteredTrial;
use crate::rules::{StudyFile, check_study};
use crate::study::*;
use crate::study_file::{Remark, render_with_remarks};
use crate::vocabulary::Vocabulary;

/// How a line of a draft begins that a person must settle. `neurocart evidence check` does not pass a
/// file in which one is left.
pub const DECIDE: &str = "# DECIDE:";

/// A draft of a study file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Draft {
    /// The study as far as the record tells it.
    pub study: Study,
    /// What a person must settle.
    pub decisions: Vec<Decision>,
    /// Studies of the library with the same paper or trial.
    pub shared: Vec<Shared>,
    /// The row of the trial registry, for a trial without results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry_row: Option<RegistryRow>,
    /// What the record is and how it calls itself.
    pub record: String,
}

/// Something that a record does not settle.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// Field of the study file, `treatment.target`; `outcome` for a figure that could be entered.
    pub field: String,
    /// What the record says and what is open.
    pub question: String,
}

/// A study of the library that names the same paper or trial as a draft.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shared {
    /// Its id.
    pub study: String,
    /// Its title.
    pub title: String,
    /// What both name: a DOI, a PubMed number, a trial number.
    pub identifier: String,
    /// It is the same report, and not only the same trial.
    pub same_report: bool,
}

/// A trial of the record as a row of `evidence/registry.csv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegistryRow {
    /// The row.
    pub row: RegisteredTrial,
    /// The row as a line of the table.
    pub line: String,
    /// What the library's row of this trial says otherwise: column, old and new value. None where the
    /// library has no row of it.
    pub changes: Option<Vec<[String; 3]>>,
}

impl RegistryRow {
    /// Compares a row with that of the library.
    pub fn new(row: RegisteredTrial, library: &[RegisteredTrial]) -> RegistryRow {
        let mut writer = csv::WriterBuilder::new()
            .has_headers(false)
            .from_writer(Vec::new());
        writer.serialize(&row).expect("a row fits a table");
        let bytes = writer.into_inner().expect("memory takes every line");
        let line = String::from_utf8(bytes).expect("texts are UTF-8");
        let old = library.iter().find(|old| old.trial == row.trial);
        RegistryRow {
            changes: old.map(|old| changes(old, &row)),
            line: line.trim_end().to_owned(),
            row,
        }
    }
}

/// What the sponsor changed. Columns that the library words itself (title, design, note) are left alone.
fn changes(old: &RegisteredTrial, new: &RegisteredTrial) -> Vec<[String; 3]> {
    let patients =
        |t: &RegisteredTrial| t.planned_patients.map_or(String::new(), |n| n.to_string());
    let columns = [
        ("status", code(&old.status), code(&new.status)),
        ("phase", code(&old.phase), code(&new.phase)),
        ("planned_patients", patients(old), patients(new)),
        ("actual", old.actual.to_string(), new.actual.to_string()),
        ("start", old.start.clone(), new.start.clone()),
        (
            "record_updated",
            old.record_updated.clone(),
            new.record_updated.clone(),
        ),
    ];
    columns
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(column, old, new)| [column.to_owned(), old, new])
        .collect()
}

impl Draft {
    /// A draft with nothing but a source.
    pub fn new(record: impl Into<String>, source: Source) -> Draft {
        Draft {
            study: Study {
                id: String::new(),
                title: String::new(),
                year: 0,
                state: State::Found,
                source,
                design: Design {
                    kind: DesignKind::SingleArmTrial,
                    description: String::new(),
                    comparator: None,
                    patients: None,
                    follow_up_months: None,
                },
                population: Population {
                    diseases: Vec::new(),
                    description: String::new(),
                    species: None,
                    entry: None,
                },
                treatment: None,
                note: String::new(),
                overlaps: Vec::new(),
                arms: Vec::new(),
                outcomes: Vec::new(),
                patients: Vec::new(),
                findings: Vec::new(),
                model_parameters: Vec::new(),
                appraisal: None,
            },
            decisions: Vec::new(),
            shared: Vec::new(),
            registry_row: None,
            record: record.into(),
        }
    }

    /// Leaves something to a person.
    pub fn decide(&mut self, field: &str, question: impl Into<String>) {
        let decision = Decision {
            field: field.to_owned(),
            question: question.into(),
        };
        if !self.decisions.contains(&decision) {
            self.decisions.push(decision);
        }
    }

    /// Takes a figure into the draft if the rules of a study file hold with it, else leaves it to a person.
    pub fn offer(&mut self, outcome: Outcome, vocabulary: &Vocabulary) {
        let problems = |study: &Study| {
            let name = "draft";
            check_study(
                StudyFile {
                    name,
                    text: "",
                    study,
                },
                vocabulary,
            )
        };
        let before = problems(&self.study);
        let row = format!(
            "`{}` of `{}`, {}",
            outcome.outcome, outcome.arm, outcome.locator
        );
        self.study.outcomes.push(outcome);
        let after = problems(&self.study);
        if after.len() > before.len() {
            self.study.outcomes.pop();
            let new: Vec<String> = after
                .into_iter()
                .filter(|p| !before.contains(p))
                .map(|p| p.message)
                .collect();
            self.decide(
                "outcome",
                format!("{row}: left out, since {}", new.join("; ")),
            );
        }
    }

    /// Finds the studies of the library that name the same paper or trial, and leaves their relation to a
    /// person.
    pub fn compare(&mut self, evidence: &Evidence, other_pmids: &[String]) {
        let ours = &self.study.source;
        for study in evidence.studies.values() {
            let theirs = &study.source;
            let named = |pmid: &String| other_pmids.contains(pmid).then(|| format!("PMID {pmid}"));
            let report = [
                same("DOI ", &ours.doi, &theirs.doi),
                same("PMID ", &ours.pmid, &theirs.pmid),
                same("", &ours.pmcid, &theirs.pmcid),
            ];
            let report = report.into_iter().flatten().next();
            let trial = ours
                .trials
                .iter()
                .find(|t| theirs.trials.contains(t))
                .cloned();
            let results = theirs.pmid.as_ref().and_then(named);
            let same_report = report.is_some();
            if let Some(identifier) = report.or(trial).or(results) {
                self.shared.push(Shared {
                    study: study.id.clone(),
                    title: study.title.clone(),
                    identifier,
                    same_report,
                });
            }
        }
        for shared in self.shared.clone() {
            if shared.same_report {
                self.decide(
                    "id",
                    format!(
                        "the library has this report as `{}` ({}): add what is new to that file and drop this one",
                        shared.study, shared.identifier
                    ),
                );
            } else {
                self.decide(
                    "overlap",
                    format!(
                        "`{}` names {} as well: add `[[overlap]]` with `study = \"{}\"` and `relation` contains, within, shares or distinct",
                        shared.study, shared.identifier, shared.study
                    ),
                );
            }
        }
    }

    /// The draft as the text of a study file, what is to decide as comments beside the fields.
    pub fn text(&self) -> String {
        let mut remarks = vec![Remark {
            field: String::new(),
            text: format!("Draft of `neurocart evidence import` from {}", self.record),
        }];
        remarks.extend(self.decisions.iter().map(|decision| {
            let name = decision.field.rsplit('.').next().unwrap_or_default();
            Remark {
                field: decision.field.clone(),
                text: format!("{} {name}: {}", &DECIDE[2..], decision.question),
            }
        }));
        render_with_remarks(&self.study, &remarks)
    }
}

fn same(what: &str, ours: &Option<String>, theirs: &Option<String>) -> Option<String> {
    let ours = ours.as_ref()?;
    theirs
        .as_ref()
        .filter(|theirs| ours.eq_ignore_ascii_case(theirs))
        .map(|_| format!("{what}{ours}"))
}
