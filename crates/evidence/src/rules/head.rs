//! The top of a study file, its population and its treatment.

use neurocart_library::Problem;

use super::StudyFile;
use super::place::at;
use crate::vocabulary::{ANTIGENS, DOSE_UNITS, Vocabulary, is_target};

pub(super) fn check_head(file: StudyFile, vocabulary: &Vocabulary, problems: &mut Vec<Problem>) {
    let study = file.study;
    let mut add =
        |place, message: String, hint: String| problems.push(file.problem(place, message, hint));
    if !is_slug(&study.id) {
        add(
            at("", 0, "id"),
            format!("`{}` is not an id", study.id),
            "use small letters, digits and hyphens, as in `qin2023-nmosd-ct103a`".into(),
        );
    }
    if study.title.trim().is_empty() {
        add(
            at("", 0, "title"),
            "the study has no title".into(),
            "say in a few words what it is about".into(),
        );
    }
    if !(1900..=2100).contains(&study.year) {
        add(
            at("", 0, "year"),
            format!("{} is not a year of publication", study.year),
            "write four digits".into(),
        );
    }
    if study.population.diseases.is_empty() {
        add(
            at("population", 0, "diseases"),
            "no disease is named".into(),
            "name at least one code of library/evidence/diseases.csv".into(),
        );
    }
    for disease in &study.population.diseases {
        if let Err(hint) = vocabulary.disease(disease) {
            add(
                at("population", 0, "diseases"),
                format!("unknown disease `{disease}`"),
                hint,
            );
        }
    }
    let Some(treatment) = &study.treatment else {
        return;
    };
    if !is_target(&treatment.target) {
        add(
            at("treatment", 0, "target"),
            format!("unknown target `{}`", treatment.target),
            format!(
                "name antigens ({} ...), joined by `+`, ` then ` or ` or `",
                ANTIGENS[..4].join(", ")
            ),
        );
    }
    match (&treatment.dose, &treatment.dose_unit) {
        (Some(dose), _) if !(dose.is_finite() && *dose > 0.0) => {
            add(
                at("treatment", 0, "dose"),
                format!("the dose {dose} is not above 0"),
                "leave it out where it is not known".into(),
            );
        }
        (Some(_), None) | (None, Some(_)) => {
            add(
                at("treatment", 0, "dose"),
                "a dose and its unit must stand together".into(),
                format!("units: {}", DOSE_UNITS.join(", ")),
            );
        }
        (_, Some(unit)) if !DOSE_UNITS.contains(&unit.as_str()) => {
            add(
                at("treatment", 0, "dose_unit"),
                format!("`{unit}` is no unit of a dose"),
                format!("units: {}", DOSE_UNITS.join(", ")),
            );
        }
        _ => {}
    }
}

fn is_slug(id: &str) -> bool {
    !id.is_empty()
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !id.starts_with('-')
        && !id.ends_with('-')
}
