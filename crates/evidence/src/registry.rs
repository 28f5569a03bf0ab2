//! Trials that are registered or announced: `library/evidence/registry.csv`, one row each.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use neurocart_library::{Error, Library, Problem};

use crate::rules::{LARGEST_COUNT, is_trial_number};
use crate::study::{Grade, Platform, Study};
use crate::vocabulary::{Area, Vocabulary, is_target, table};

/// The registry table of the library.
pub const REGISTRY: &str = "evidence/registry.csv";

/// A trial that is registered or announced. The names are the columns of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredTrial {
    /// Number of the registry; empty where only an announcement was seen.
    pub trial: String,
    /// Short name of the trial.
    pub acronym: String,
    /// What it is about, where product and diseases do not say it.
    pub title: String,
    /// Who runs it.
    pub sponsor: String,
    /// Name of the product; empty where it has none.
    pub product: String,
    /// What it binds, as in a study file.
    pub target: String,
    /// How the product is made.
    pub platform: Platform,
    /// Codes of the diseases, joined by `|` in the table.
    #[serde(with = "bar_list")]
    pub diseases: Vec<String>,
    /// How near it is to neurology.
    pub relevance: Relevance,
    /// Phase.
    pub phase: Phase,
    /// Patients: planned, or enrolled where `actual`.
    pub planned_patients: Option<u64>,
    /// The number of patients is that enrolled.
    pub actual: bool,
    /// Allocation, masking, number of diseases, in words.
    pub design: String,
    /// How far the trial is.
    pub status: Status,
    /// Day (or month, or year) on which the status was read.
    pub status_as_of: String,
    /// Day on which the sponsor last changed the record.
    pub record_updated: String,
    /// First day, planned or actual; empty where not set.
    pub start: String,
    /// Countries, joined by `|` in the table.
    #[serde(with = "bar_list")]
    pub country: Vec<String>,
    /// What else a reader must know.
    pub note: String,
    /// What to cite: the number, or the announcement.
    pub cite: String,
    /// Where it was read, joined by `|` in the table. Provenance, not a citation.
    #[serde(with = "bar_list")]
    pub address: Vec<String>,
    /// How well it is known.
    pub grade: Grade,
}

/// How near a trial is to neurology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relevance {
    /// A neurological autoimmune disease is among its diseases.
    Neuro,
    /// A disease that also harms nerves.
    NeuroAdjacent,
    /// Inflammatory disease of muscle.
    Myositis,
    /// Autoimmune disease without a list.
    Unspecified,
    /// Other autoimmune disease.
    Contrast,
}

/// Phase of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phase {
    /// Exploratory, before phase 1.
    #[serde(rename = "early_1")]
    Early1,
    /// Phase 1.
    #[serde(rename = "1")]
    One,
    /// Phase 1 that goes on as phase 2.
    #[serde(rename = "1/2")]
    OneTwo,
    /// Phase 2.
    #[serde(rename = "2")]
    Two,
    /// Phase 2 that goes on as phase 3.
    #[serde(rename = "2/3")]
    TwoThree,
    /// Phase 3.
    #[serde(rename = "3")]
    Three,
    /// The registry has no phase for it.
    #[serde(rename = "not_applicable")]
    NotApplicable,
    /// Not stated.
    #[serde(rename = "not_reported")]
    NotReported,
}

/// How far a trial is, in the words of ClinicalTrials.gov.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Announced by the maker, no record seen.
    Announced,
    /// Registered, not open.
    NotYetRecruiting,
    /// Open.
    Recruiting,
    /// Open to those who are asked.
    EnrollingByInvitation,
    /// Going on, closed to new patients.
    ActiveNotRecruiting,
    /// Halted, may go on.
    Suspended,
    /// Ended as planned.
    Completed,
    /// Ended early.
    Terminated,
    /// Ended before anyone was enrolled.
    Withdrawn,
    /// The record is out of date.
    Unknown,
    /// Not stated.
    NotReported,
}

impl RegisteredTrial {
    /// The number where there is one, else what to cite.
    pub fn name(&self) -> &str {
        match self.trial.is_empty() {
            true => &self.cite,
            false => &self.trial,
        }
    }

    /// Fields of medicine to which it belongs.
    pub fn areas(&self, vocabulary: &Vocabulary) -> BTreeSet<Area> {
        let known = self
            .diseases
            .iter()
            .filter_map(|d| vocabulary.diseases.get(d));
        known.map(|disease| disease.area).collect()
    }

    /// The studies that report it, by id.
    pub fn published<'a>(&self, studies: &'a BTreeMap<String, Study>) -> Vec<&'a Study> {
        let reports =
            |study: &&Study| !self.trial.is_empty() && study.source.trials.contains(&self.trial);
        studies.values().filter(reports).collect()
    }
}

/// Reads the registry table, and says what is wrong with its rows.
///
/// Errors: the table cannot be read at all.
pub fn registry(
    library: &Library,
    vocabulary: &Vocabulary,
) -> Result<(Vec<RegisteredTrial>, Vec<Problem>), Error> {
    let file = library.file(REGISTRY)?;
    let rows: Vec<RegisteredTrial> = match table(library, REGISTRY) {
        Ok(rows) => rows,
        Err(Error::Inputs(problems)) => return Ok((Vec::new(), problems)),
        Err(error) => return Err(error),
    };
    let mut problems = Vec::new();
    let mut first_line = BTreeMap::new();
    for (row, line) in rows.iter().zip(lines(file.text)) {
        let mut add = |message: String, hint: String| {
            let problem = Problem::new(file.name, message).on_line(file.text, line);
            problems.push(problem.hint(hint));
        };
        let key = (row.name(), row.title.as_str());
        match first_line.get(&key) {
            Some(first) => add(
                format!("`{}` stands twice", row.name()),
                format!("keep one of lines {first} and {line}"),
            ),
            None => drop(first_line.insert(key, line)),
        }
        if !row.trial.is_empty() && !is_trial_number(&row.trial) {
            add(
                format!("`{}` is not a trial number", row.trial),
                "write NCT and eight digits, or leave it empty and say in `cite` what was announced".into(),
            );
        }
        for disease in &row.diseases {
            if let Err(hint) = vocabulary.disease(disease) {
                add(format!("unknown disease `{disease}`"), hint);
            }
        }
        if row.diseases.is_empty() {
            add(
                "no disease is named".into(),
                "name at least one code of library/evidence/diseases.csv".into(),
            );
        }
        if !is_target(&row.target) {
            add(
                format!("unknown target `{}`", row.target),
                "name antigens joined by `+`, or `undisclosed`".into(),
            );
        }
        for (name, date) in [
            ("status_as_of", &row.status_as_of),
            ("record_updated", &row.record_updated),
            ("start", &row.start),
        ] {
            if !date.is_empty() && !is_date(date) {
                add(
                    format!("`{name}` is `{date}`, which is no date"),
                    "write `2026-08-22`, `2026-08` or `2026`".into(),
                );
            }
        }
        if row.planned_patients.is_some_and(|n| n > LARGEST_COUNT) {
            add(
                "`planned_patients` is more than any trial has".into(),
                format!("at most {LARGEST_COUNT}; is a digit too many?"),
            );
        }
        if row.cite.trim().is_empty() || row.cite.contains("://") {
            add(
                format!("`{}` names nothing to cite", row.name()),
                "repeat the trial number as `cite`, or name the announcement; addresses go under `address`".into(),
            );
        }
        if row.grade == Grade::Seen && row.address.is_empty() {
            add(
                format!("`{}` is `seen` but names no text that was read", row.name()),
                "give the address, or write `recalled`".into(),
            );
        }
    }
    Ok((rows, problems))
}

/// The line on which each row of a table begins.
fn lines(text: &str) -> impl Iterator<Item = usize> {
    csv::Reader::from_reader(text.as_bytes())
        .into_records()
        .map_while(Result::ok)
        .filter_map(|record| Some(record.position()?.line() as usize))
}

/// True for `2026`, `2026-08` and `2026-08-22`.
pub fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &str, length, range: std::ops::RangeInclusive<u32>| {
        part.len() == length
            && part.bytes().all(|b| b.is_ascii_digit())
            && part.parse().is_ok_and(|n| range.contains(&n))
    };
    (1..=3).contains(&parts.len())
        && digits(parts[0], 4, 1900..=2100)
        && parts.get(1).is_none_or(|month| digits(month, 2, 1..=12))
        && parts.get(2).is_none_or(|day| digits(day, 2, 1..=31))
}

mod bar_list {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(list: &[String], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&list.join("|"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
        let text = String::deserialize(d)?;
        let parts = text.split('|').map(str::trim).filter(|p| !p.is_empty());
        Ok(parts.map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use neurocart_library::joined;

    use super::*;
    use crate::Evidence;

    /// What is said about the shipped table with one of its texts changed.
    fn said(old: &str, new: &str) -> String {
        let library = Library::embedded();
        let text = library.text(REGISTRY).unwrap();
        assert!(text.contains(old));
        let library = Library::embedded().with_file(REGISTRY, &text.replacen(old, new, 1));
        let vocabulary = Vocabulary::of(&library).unwrap();
        let (_, problems) = registry(&library, &vocabulary).unwrap();
        // The rows are long; their end is no part of what is wrong.
        let short = |line: &str| line.chars().take(120).collect::<String>();
        joined(&problems)
            .lines()
            .map(short)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn a_trial_stands_once() {
        insta::assert_snapshot!(said("\nNCT05451212,", "\nNCT04146051,"), @r"
        `NCT04146051` stands twice
          --> evidence/registry.csv:14
          14 | NCT04146051,,,Cabaletta Bio,MuSK-CAART,MuSK,autologous,MG,neuro,1,7,true,one disease,completed,2026-08-22,2025-11
             = hint: keep one of lines 4 and 14
        ");
    }

    #[test]
    fn an_unknown_status_or_phase_is_refused() {
        insta::assert_snapshot!(said(",active_not_recruiting,", ",resting,"), @r#"
        unknown variant `resting`, expected one of `announced`, `not_yet_recruiting`, `recruiting`, `enrolling_by_invitation`, `
          --> evidence/registry.csv:4
           4 | NCT04146051,MG-001,,Cartesian Therapeutics,Descartes-08,BCMA,autologous-mrna,MG,neuro,2,30,false,"single arm, the
             = hint: the first line of the table names the columns; put text that contains a comma in double quotes
        "#);
        insta::assert_snapshot!(said(",neuro,2/3,", ",neuro,4,"), @r#"
        unknown variant `4`, expected one of `early_1`, `1`, `1/2`, `2`, `2/3`, `3`, `not_applicable`, `not_reported`
          --> evidence/registry.csv:39
          39 | NCT06193889,KYSA-6,,Kyverna Therapeutics,KYV-101,CD19,autologous,MG,neuro,4,66,false,"single arm, then randomised
             = hint: the first line of the table names the columns; put text that contains a comma in double quotes
        "#);
    }

    #[test]
    fn a_row_is_refused_for_its_number_its_disease_and_its_dates() {
        insta::assert_snapshot!(said("\nNCT05451212,", "\nNCT0545121,"), @r"
        `NCT0545121` is not a trial number
          --> evidence/registry.csv:14
          14 | NCT0545121,,,Cabaletta Bio,MuSK-CAART,MuSK,autologous,MG,neuro,1,7,true,one disease,completed,2026-08-22,2025-11-
             = hint: write NCT and eight digits, or leave it empty and say in `cite` what was announced
        ");
        insta::assert_snapshot!(said(",MG,neuro", ",MGG,neuro"), @r#"
        unknown disease `MGG`
          --> evidence/registry.csv:4
           4 | NCT04146051,MG-001,,Cartesian Therapeutics,Descartes-08,BCMA,autologous-mrna,MGG,neuro,2,30,false,"single arm, th
             = hint: did you mean `MG`? The codes stand in library/evidence/diseases.csv
        "#);
        insta::assert_snapshot!(said(",2026-08-22,2026-08-14,", ",2026-13-22,14.8.2026,"), @r#"
        `status_as_of` is `2026-13-22`, which is no date
          --> evidence/registry.csv:4
           4 | NCT04146051,MG-001,,Cartesian Therapeutics,Descartes-08,BCMA,autologous-mrna,MG,neuro,2,30,false,"single arm, the
             = hint: write `2026-08-22`, `2026-08` or `2026`

        `record_updated` is `14.8.2026`, which is no date
          --> evidence/registry.csv:4
           4 | NCT04146051,MG-001,,Cartesian Therapeutics,Descartes-08,BCMA,autologous-mrna,MG,neuro,2,30,false,"single arm, the
             = hint: write `2026-08-22`, `2026-08` or `2026`
        "#);
    }

    #[test]
    fn a_trial_knows_the_studies_that_report_it() {
        let evidence = Evidence::of(&Library::embedded()).unwrap();
        let find = |number: &str| {
            evidence
                .registry
                .iter()
                .find(|t| t.trial == number)
                .unwrap()
        };
        let published = find("NCT04561557").published(&evidence.studies);
        assert!(published.iter().any(|s| s.id == "qin2023-nmosd-ct103a"));
        assert!(find("NCT07756268").published(&evidence.studies).is_empty());
        // A row without a number is reported by nobody, though many studies name no trial.
        let announced = evidence
            .registry
            .iter()
            .find(|t| t.trial.is_empty())
            .unwrap();
        assert!(announced.published(&evidence.studies).is_empty());
    }
}
