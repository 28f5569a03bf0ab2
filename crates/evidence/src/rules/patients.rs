//! Patients reported one by one.

use std::collections::BTreeSet;

use neurocart_library::Problem;

use super::StudyFile;
use super::place::at;
use super::source::grade_against_tier;
use crate::vocabulary::Vocabulary;

pub(super) fn check_patients(
    file: StudyFile,
    vocabulary: &Vocabulary,
    problems: &mut Vec<Problem>,
) {
    let study = file.study;
    let mut ids = BTreeSet::new();
    for (index, patient) in study.patients.iter().enumerate() {
        let mut add = |message: String, hint: String| {
            problems.push(file.problem(at("patient", index, "id"), message, hint))
        };
        if !ids.insert(&patient.id) {
            add(
                format!("patient `{}` stands twice", patient.id),
                "put all observations of a patient into one block".into(),
            );
        }
        if let Some(disease) = &patient.disease
            && let Err(hint) = vocabulary.disease(disease)
        {
            add(format!("unknown disease `{disease}`"), hint);
        }
        let mut seen = BTreeSet::new();
        for (number, observation) in patient.observations.iter().enumerate() {
            let here = at("patient", index, "observations").nth(number);
            let mut add = |message: String, hint: String| {
                problems.push(file.problem(here, message, hint));
            };
            let variable = &observation.variable;
            if let Err(hint) = vocabulary.outcome(variable) {
                add(format!("unknown variable `{variable}`"), hint);
            } else if let Ok(code) = vocabulary.outcome(variable)
                && observation.value.is_some()
                && !code.units.contains(&observation.unit)
            {
                add(
                    format!("`{variable}` cannot be in `{}`", observation.unit),
                    format!("expected {}", code.units.join(" or ")),
                );
            }
            if !seen.insert((variable, observation.day.map(f64::to_bits))) {
                let day = observation
                    .day
                    .map_or("an unstated day".to_owned(), |d| format!("day {d}"));
                add(
                    format!("`{variable}` of `{}` on {day} stands twice", patient.id),
                    "keep one of the two".into(),
                );
            }
            if observation.value.is_some() == observation.text.is_some() {
                add(
                    format!(
                        "`{variable}` of `{}` needs a value or a text, and not both",
                        patient.id
                    ),
                    "give one of them".into(),
                );
            }
            if observation.value.is_some_and(|v| !v.is_finite())
                || observation.day.is_some_and(|d| !d.is_finite())
            {
                add(
                    format!("`{variable}` of `{}` is not finite", patient.id),
                    "leave out what is not known".into(),
                );
            }
            if observation.locator.trim().is_empty() {
                add(
                    format!(
                        "`{variable}` of `{}` does not say where it stands",
                        patient.id
                    ),
                    "write `abstract`, a table, a figure".into(),
                );
            }
            if let Some(message) = grade_against_tier(observation.grade, observation.tier) {
                add(
                    format!("`{variable}`: {message}"),
                    "tier R is for what was recalled, and only for that".into(),
                );
            }
        }
    }
    if let Some(patients) = study.design.patients
        && study.patients.len() as u64 > patients
    {
        let message = format!(
            "{} patients are listed, but the study has {patients}",
            study.patients.len()
        );
        problems.push(file.problem(
            at("design", 0, "patients"),
            message,
            "correct one of the two",
        ));
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::example::refused;

    #[test]
    fn a_patient_stands_once() {
        insta::assert_snapshot!(refused(r#"id = "P2""#, r#"id = "P1""#), @r#"
        patient `P1` stands twice
          --> studies/example2026.toml:104:1
         104 | id = "P1"
             | ^
             = hint: put all observations of a patient into one block
        "#);
    }

    #[test]
    fn a_patient_of_unknown_disease_is_refused() {
        insta::assert_snapshot!(refused(r#"disease = "MG""#, r#"disease = "MGG""#), @r#"
        unknown disease `MGG`
          --> studies/example2026.toml:104:1
         104 | id = "P2"
             | ^
             = hint: did you mean `MG`? The codes stand in library/evidence/diseases.csv
        "#);
    }

    #[test]
    fn an_unknown_variable_is_named_with_the_nearest_code() {
        insta::assert_snapshot!(refused(r#"variable = "crs_grade""#, r#"variable = "crs_grades""#), @r#"
        unknown variable `crs_grades`
          --> studies/example2026.toml:100:3
         100 |   { variable = "crs_grades", value = 1, unit = "grade", locator = "Table 2", grade = "seen", tier = "A" },
             |   ^
             = hint: did you mean `crs_grade`? The codes stand in library/evidence/outcomes.csv
        "#);
    }

    #[test]
    fn an_observation_has_a_unit_that_the_variable_allows() {
        insta::assert_snapshot!(refused(r#"unit = "years""#, r#"unit = "months""#), @r#"
        `age` cannot be in `months`
          --> studies/example2026.toml:99:3
          99 |   { variable = "age", day = 0, value = 33, unit = "months", locator = "Table 1", grade = "seen", tier = "A" },
             |   ^
             = hint: expected years
        "#);
    }

    #[test]
    fn an_observation_stands_once() {
        insta::assert_snapshot!(refused(r#"variable = "crs_grade", value = 1, unit = "grade""#, r#"variable = "age", day = 0, value = 34, unit = "years""#), @r#"
        `age` of `P1` on day 0 stands twice
          --> studies/example2026.toml:100:3
         100 |   { variable = "age", day = 0, value = 34, unit = "years", locator = "Table 2", grade = "seen", tier = "A" },
             |   ^
             = hint: keep one of the two
        "#);
    }

    #[test]
    fn an_observation_is_a_value_or_a_text() {
        insta::assert_snapshot!(refused(r#"value = 1, unit = "grade""#, r#"value = 1, text = "mild", unit = "grade""#), @r#"
        `crs_grade` of `P1` needs a value or a text, and not both
          --> studies/example2026.toml:100:3
         100 |   { variable = "crs_grade", value = 1, text = "mild", unit = "grade", locator = "Table 2", grade = "seen", tier = "A" },
             |   ^
             = hint: give one of them
        "#);
    }

    #[test]
    fn an_observation_is_finite() {
        insta::assert_snapshot!(refused("value = 33", "value = inf"), @r#"
        `age` of `P1` is not finite
          --> studies/example2026.toml:99:3
          99 |   { variable = "age", day = 0, value = inf, unit = "years", locator = "Table 1", grade = "seen", tier = "A" },
             |   ^
             = hint: leave out what is not known
        "#);
    }

    #[test]
    fn an_observation_says_where_it_stands() {
        insta::assert_snapshot!(refused(r#"value = 1, unit = "grade", locator = "Table 2""#, r#"value = 1, unit = "grade", locator = """#), @r#"
        `crs_grade` of `P1` does not say where it stands
          --> studies/example2026.toml:100:3
         100 |   { variable = "crs_grade", value = 1, unit = "grade", locator = "", grade = "seen", tier = "A" },
             |   ^
             = hint: write `abstract`, a table, a figure
        "#);
    }

    #[test]
    fn a_recalled_observation_has_tier_r() {
        insta::assert_snapshot!(refused(r#"text = "MuSK", locator = "Table 1", grade = "seen""#, r#"text = "MuSK", locator = "Table 1", grade = "recalled""#), @r#"
        `antibody_type`: grade `recalled` does not go with tier A
          --> studies/example2026.toml:107:3
         107 |   { variable = "antibody_type", day = 0, text = "MuSK", locator = "Table 1", grade = "recalled", tier = "A" },
             |   ^
             = hint: tier R is for what was recalled, and only for that
        "#);
    }

    #[test]
    fn no_more_patients_are_listed_than_the_study_has() {
        insta::assert_snapshot!(refused(r#"description = "phase 1"
patients = 12

[population]
diseases = ["MG"]
"#, r#"description = "phase 1"
patients = 1

[population]
diseases = ["MG"]
"#), @r"
        the arms have 12 patients together, but the study has 1: some are counted twice
          --> studies/example2026.toml:21:1
          21 | patients = 1
             | ^
             = hint: arms of role `treated` and `control` share nobody; make the others a `subgroup`

        2 patients are listed, but the study has 1
          --> studies/example2026.toml:21:1
          21 | patients = 1
             | ^
             = hint: correct one of the two
        ");
    }
}
