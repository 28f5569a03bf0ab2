//! What a study file does not say yet, though it breaks no rule.

use std::collections::BTreeMap;

use crate::codes::code;
use crate::study::*;

/// Something that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Field or block that lacks it, as in the file.
    pub field: String,
    /// What is missing, in words.
    pub what: String,
}

/// What is missing in a study, in the order of the file.
pub fn missing(study: &Study) -> Vec<Missing> {
    let mut list = Vec::new();
    let mut add = |field: &str, what: String| {
        list.push(Missing {
            field: field.to_owned(),
            what,
        })
    };
    if matches!(
        study.state,
        State::Found | State::Screened | State::Included
    ) {
        add(
            "state",
            format!("the record is only {}", code(&study.state)),
        );
    }
    source(&study.source, &mut add);
    let in_patients =
        study.design.kind.counts_patients() && study.design.kind != DesignKind::Mechanism;
    if in_patients {
        conduct(study, &mut add);
    }
    let unknown_size = |arm: &&Arm| arm.patients.is_none() && arm.role != ArmRole::Contrast;
    let arms: Vec<&str> = study
        .arms
        .iter()
        .filter(unknown_size)
        .map(|a| a.name.as_str())
        .collect();
    if !arms.is_empty() {
        let word = if arms.len() == 1 { "arm" } else { "arms" };
        add(
            "arm.patients",
            format!("number of patients of {word} {}", arms.join(", ")),
        );
    }
    for (index, outcome) in study.outcomes.iter().enumerate() {
        figure(index, outcome, &mut add);
    }
    conflicts(&study.outcomes, &mut add);
    let recalled = study
        .outcomes
        .iter()
        .filter(|o| o.grade == Grade::Recalled)
        .count()
        + study
            .findings
            .iter()
            .filter(|f| f.grade == Grade::Recalled)
            .count()
        + study
            .patients
            .iter()
            .flat_map(|p| &p.observations)
            .filter(|o| o.grade == Grade::Recalled)
            .count();
    if recalled > 0 {
        let figures = if recalled == 1 { "figure" } else { "figures" };
        add(
            "grade",
            format!("a text in which {recalled} recalled {figures} can be read"),
        );
    }
    if in_patients && study.appraisal.is_none() && study.state != State::Superseded {
        add("appraisal", "risk of bias is not judged".into());
    }
    list
}

fn source(source: &Source, add: &mut impl FnMut(&str, String)) {
    let has_doi = matches!(
        source.kind,
        SourceKind::JournalArticle | SourceKind::Preprint
    );
    if has_doi && source.doi.is_none() {
        add("source.doi", "DOI of a paper".into());
    }
    if source.grade == Grade::Recalled {
        add("source.grade", "a text in which the record was read".into());
    }
    if !source.recalled_fields.is_empty() {
        add(
            "source.recalled_fields",
            format!(
                "a text in which recalled fields can be read: {}",
                source.recalled_fields.join(", ")
            ),
        );
    }
}

fn conduct(study: &Study, add: &mut impl FnMut(&str, String)) {
    let is_trial = matches!(
        study.design.kind,
        DesignKind::RandomisedTrial | DesignKind::SingleArmTrial
    );
    if is_trial && study.source.trials.is_empty() {
        add("source.trials", "registry number of a trial".into());
    }
    if study.design.patients.is_none() {
        add("design.patients", "number of patients".into());
    }
    if study.design.follow_up_months.is_none() {
        add("design.follow_up_months", "median follow-up".into());
    }
    let Some(treatment) = study
        .treatment
        .as_ref()
        .filter(|t| t.modality == Modality::CarT)
    else {
        return;
    };
    if treatment.platform == Platform::NotReported {
        add("treatment.platform", "how the product is made".into());
    }
    if treatment.lymphodepletion == Lymphodepletion::NotReported {
        add(
            "treatment.lymphodepletion",
            "whether lymphodepletion was given".into(),
        );
    }
    if treatment.dose.is_none() {
        add("treatment.dose", "dose".into());
    }
}

fn figure(index: usize, outcome: &Outcome, add: &mut impl FnMut(&str, String)) {
    let name = format!("outcome {} `{}`", index + 1, outcome.outcome);
    let is_share = matches!(outcome.statistic, Statistic::Count | Statistic::Percentage);
    if is_share && outcome.total.is_none() {
        add("outcome.total", format!("number of patients behind {name}"));
    }
    let graded = ["crs_", "icans_"]
        .iter()
        .any(|start| outcome.outcome.starts_with(start));
    if graded && is_share && outcome.grading.is_none() && outcome.events != Some(0) {
        add("outcome.grading", format!("scale of {name}"));
    }
}

/// The same figure in two texts, with different numbers.
fn conflicts(outcomes: &[Outcome], add: &mut impl FnMut(&str, String)) {
    let mut alike: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    let numbers = |o: &Outcome| (o.value.map(f64::to_bits), o.events, o.total);
    for (index, one) in outcomes.iter().enumerate() {
        let key = (
            (&one.outcome, &one.arm, &one.contrast, &one.definition),
            one.months().map(f64::to_bits),
            one.statistic,
            &one.text,
        );
        let before = alike.entry(key).or_default();
        for other in before
            .iter()
            .filter(|i| numbers(&outcomes[**i]) != numbers(one))
        {
            add(
                "outcome",
                format!(
                    "which of outcomes {} and {} is right: `{}` of `{}` differs between sources",
                    other + 1,
                    index + 1,
                    one.outcome,
                    one.arm
                ),
            );
        }
        before.push(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::parse;

    const STUDY: &str = r#"
id = "a-study"
title = "A study"
year = 2025
state = "included"
[source]
kind = "journal_article"
reference = "J Neurol 2025"
grade = "seen"
tier = "A"
recalled_fields = ["treatment.dose"]
addresses = ["https://example.org"]
[design]
kind = "single_arm_trial"
description = "one group"
[population]
diseases = ["MG"]
[treatment]
modality = "car_t"
product = "X"
target = "CD19"
platform = "autologous"
lymphodepletion = "not_reported"
[[arm]]
name = "all"
role = "treated"
[[outcome]]
outcome = "crs_any"
arm = "all"
statistic = "percentage"
value = 50
unit = "%"
locator = "abstract"
grade = "seen"
tier = "A"
[[outcome]]
outcome = "crs_any"
arm = "all"
statistic = "percentage"
value = 60
unit = "%"
locator = "talk"
grade = "recalled"
tier = "R"
"#;

    fn words(text: &str) -> String {
        let list = missing(&parse(text, "a-study.toml").unwrap());
        let lines = list.iter().map(|m| format!("{}: {}", m.field, m.what));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn everything_that_is_missing_is_named_with_its_field() {
        insta::assert_snapshot!(words(STUDY), @r"
        state: the record is only included
        source.doi: DOI of a paper
        source.recalled_fields: a text in which recalled fields can be read: treatment.dose
        source.trials: registry number of a trial
        design.patients: number of patients
        design.follow_up_months: median follow-up
        treatment.lymphodepletion: whether lymphodepletion was given
        treatment.dose: dose
        arm.patients: number of patients of arm all
        outcome.total: number of patients behind outcome 1 `crs_any`
        outcome.grading: scale of outcome 1 `crs_any`
        outcome.total: number of patients behind outcome 2 `crs_any`
        outcome.grading: scale of outcome 2 `crs_any`
        outcome: which of outcomes 1 and 2 is right: `crs_any` of `all` differs between sources
        grade: a text in which 1 recalled figure can be read
        appraisal: risk of bias is not judged
        ");
    }

    #[test]
    fn an_animal_study_needs_no_follow_up_and_no_dose() {
        let animals = STUDY.replace("single_arm_trial", "preclinical");
        let said = words(&animals);
        assert!(
            !said.contains("follow_up")
                && !said.contains("treatment.dose:")
                && !said.contains("appraisal")
        );
    }
}
