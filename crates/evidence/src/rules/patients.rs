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
