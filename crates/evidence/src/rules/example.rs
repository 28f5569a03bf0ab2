//! A small study that holds every rule, for the tests that break one of them.

use neurocart_library::{Library, Problem, joined};

use super::{StudyFile, check_study, check_together};
use crate::evidence::parse;
use crate::study::Study;
use crate::vocabulary::Vocabulary;

/// The study; lines are few so that each change has one place.
pub(super) const STUDY: &str = r#"id = "example2026"
title = "CD19 CAR T cells in myasthenia gravis"
year = 2026
state = "appraised"

[source]
kind = "journal_article"
doi = "10.1000/example"
pmid = "12345678"
pmcid = "PMC1234567"
trials = ["NCT01234567"]
reference = "Journal 2026;1:1"
grade = "seen"
tier = "A"
recalled_fields = ["treatment.dose", "arm.patients"]
addresses = ["https://example.org/paper"]

[design]
kind = "single_arm_trial"
description = "phase 1"
patients = 12

[population]
diseases = ["MG"]

[treatment]
modality = "car_t"
product = "example cells"
target = "CD19+BCMA"
platform = "autologous-lentiviral"
lymphodepletion = "not_reported"
dose = 1e8
dose_unit = "CAR+ cells"

[[arm]]
name = "all"
role = "treated"
patients = 12

[[arm]]
name = "placebo"
role = "control"

[[arm]]
name = "women"
role = "subgroup"
part_of = "all"
patients = 8

[[outcome]]
outcome = "crs_any"
arm = "all"
statistic = "count"
events = 6
total = 12
value = 50
unit = "%"
locator = "abstract"
grade = "seen"
tier = "A"

[[outcome]]
outcome = "crs_g3plus"
arm = "all"
statistic = "count"
events = 1
total = 12
locator = "Table 2"
grade = "seen"
tier = "A"

[[outcome]]
outcome = "mg_adl_change"
arm = "all"
time_weeks = 24
statistic = "mean"
value = -5.5
lower = -7.5
upper = -3.5
interval = "CI95"
unit = "points"
locator = "Table 3"
grade = "seen"
tier = "A"

[[outcome]]
outcome = "mg_adl_change"
arm = "women"
contrast = "placebo"
statistic = "p_value"
value = 0.03
locator = "page 4"
grade = "seen"
tier = "A"

[[patient]]
id = "P1"
observations = [
  { variable = "age", day = 0, value = 33, unit = "years", locator = "Table 1", grade = "seen", tier = "A" },
  { variable = "crs_grade", value = 1, unit = "grade", locator = "Table 2", grade = "seen", tier = "A" },
]

[[patient]]
id = "P2"
disease = "MG"
observations = [
  { variable = "antibody_type", day = 0, text = "MuSK", locator = "Table 1", grade = "seen", tier = "A" },
]

[[finding]]
outcome = "clinical score"
model = "EAE"
intervention = "example cells"
direction = "improves"
value = 2
unit = "points"
locator = "Figure 1"
grade = "seen"
tier = "A"

[[model_parameter]]
symbol = "k"
meaning = "growth rate"
value = 0.2
lower = 0.1
upper = 0.3
unit = "1/day"
locator = "Table 1"
grade = "seen"
tier = "A"

[appraisal]
instrument = "rob2"
read = "abstract"
by = "neurocart"
on = "2026-11-25"
overall = "some_concerns"
item = [
  { item = "randomisation", answer = "low", why = "by computer" },
  { item = "deviations", answer = "low", why = "blind" },
  { item = "missing_data", answer = "some_concerns", why = "two are missing" },
  { item = "measurement", answer = "low", why = "blind raters" },
  { item = "reporting", answer = "unclear" },
]
"#;

const NAME: &str = "studies/example2026.toml";

/// What is said about the study once `from` is `to`.
pub(super) fn refused(from: &str, to: &str) -> String {
    let problems = problems_of(&changed(from, to));
    assert!(!problems.is_empty(), "`{to}` is accepted");
    joined(&problems)
}

/// The text of the study with its only `from` replaced.
pub(super) fn changed(from: &str, to: &str) -> String {
    assert_eq!(STUDY.matches(from).count(), 1, "`{from}` in the example");
    STUDY.replacen(from, to, 1)
}

fn problems_of(text: &str) -> Vec<Problem> {
    let study = parse(text, NAME).unwrap();
    let vocabulary = Vocabulary::of(&Library::embedded()).unwrap();
    check_study(
        StudyFile {
            name: NAME,
            text,
            study: &study,
        },
        &vocabulary,
    )
}

/// What is said about the study and another one, given by its text, together.
pub(super) fn refused_together(one: &str, two: &str) -> String {
    let texts = [one, two];
    let studies = texts.map(|text| parse(text, NAME).unwrap());
    let names: Vec<String> = studies
        .iter()
        .map(|study: &Study| format!("studies/{}.toml", study.id))
        .collect();
    let files: Vec<StudyFile> = (0..2)
        .map(|i| StudyFile {
            name: &names[i],
            text: texts[i],
            study: &studies[i],
        })
        .collect();
    joined(&check_together(&files))
}

#[test]
fn the_example_holds_every_rule() {
    assert_eq!(joined(&problems_of(STUDY)), "");
}
