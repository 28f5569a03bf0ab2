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
            "write the year of the report, from 1900 to 2100".into(),
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

/// True if `id` can be the id of a study: small letters, digits and inner hyphens.
pub fn is_slug(id: &str) -> bool {
    !id.is_empty()
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !id.starts_with('-')
        && !id.ends_with('-')
}

#[cfg(test)]
mod tests {
    use crate::rules::example::refused;

    #[test]
    fn an_id_is_small_letters_digits_and_hyphens() {
        insta::assert_snapshot!(refused(r#"id = "example2026""#, r#"id = "Example 2026""#), @r#"
        `Example 2026` is not an id
          --> studies/example2026.toml:1:1
           1 | id = "Example 2026"
             | ^
             = hint: use small letters, digits and hyphens, as in `qin2023-nmosd-ct103a`
        "#);
    }

    #[test]
    fn a_study_has_a_title() {
        insta::assert_snapshot!(refused(r#"title = "CD19 CAR T cells in myasthenia gravis""#, r#"title = " ""#), @r#"
        the study has no title
          --> studies/example2026.toml:2:1
           2 | title = " "
             | ^
             = hint: say in a few words what it is about
        "#);
    }

    #[test]
    fn a_year_has_four_digits() {
        insta::assert_snapshot!(refused("year = 2026", "year = 26"), @r"
        26 is not a year of publication
          --> studies/example2026.toml:3:1
           3 | year = 26
             | ^
             = hint: write the year of the report, from 1900 to 2100
        ");
    }

    #[test]
    fn a_study_names_a_disease() {
        insta::assert_snapshot!(refused(r#"diseases = ["MG"]"#, "diseases = []"), @r"
        no disease is named
          --> studies/example2026.toml:24:1
          24 | diseases = []
             | ^
             = hint: name at least one code of library/evidence/diseases.csv
        ");
    }

    #[test]
    fn an_unknown_disease_is_named_with_the_nearest_code() {
        insta::assert_snapshot!(refused(r#"diseases = ["MG"]"#, r#"diseases = ["NMOSDD"]"#), @r#"
        unknown disease `NMOSDD`
          --> studies/example2026.toml:24:1
          24 | diseases = ["NMOSDD"]
             | ^
             = hint: did you mean `NMOSD`? The codes stand in library/evidence/diseases.csv
        "#);
    }

    #[test]
    fn a_target_is_made_of_known_antigens() {
        insta::assert_snapshot!(refused(r#"target = "CD19+BCMA""#, r#"target = "CD19+BMCA""#), @r#"
        unknown target `CD19+BMCA`
          --> studies/example2026.toml:29:1
          29 | target = "CD19+BMCA"
             | ^
             = hint: name antigens (CD19, BCMA, CD20, CD22 ...), joined by `+`, ` then ` or ` or `
        "#);
    }

    #[test]
    fn a_dose_is_above_0() {
        insta::assert_snapshot!(refused("dose = 1e8", "dose = 0"), @r"
        the dose 0 is not above 0
          --> studies/example2026.toml:32:1
          32 | dose = 0
             | ^
             = hint: leave it out where it is not known
        ");
    }

    #[test]
    fn a_dose_has_a_unit() {
        insta::assert_snapshot!(refused(r#"dose_unit = "CAR+ cells"
"#, ""), @r"
        a dose and its unit must stand together
          --> studies/example2026.toml:32:1
          32 | dose = 1e8
             | ^
             = hint: units: CAR+ cells/kg, CAR+ cells, CAR+ cells/kg per infusion, mg mRNA per infusion, mg, mg/kg, g/kg
        ");
    }

    #[test]
    fn the_unit_of_a_dose_is_one_of_a_list() {
        insta::assert_snapshot!(refused(r#"dose_unit = "CAR+ cells""#, r#"dose_unit = "million cells""#), @r#"
        `million cells` is no unit of a dose
          --> studies/example2026.toml:33:1
          33 | dose_unit = "million cells"
             | ^
             = hint: units: CAR+ cells/kg, CAR+ cells, CAR+ cells/kg per infusion, mg mRNA per infusion, mg, mg/kg, g/kg
        "#);
    }
}
