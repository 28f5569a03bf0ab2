//! Arms: who is a part of whom, and nobody counted twice.

use neurocart_library::Problem;

use super::StudyFile;
use super::place::at;
use crate::study::ArmRole;
use crate::vocabulary::Vocabulary;

pub(super) fn check_arms(file: StudyFile, vocabulary: &Vocabulary, problems: &mut Vec<Problem>) {
    let study = file.study;
    let mut add = |index, key, message: String, hint: String| {
        problems.push(file.problem(at("arm", index, key), message, hint));
    };
    let mut treated: u64 = 0;
    for (index, arm) in study.arms.iter().enumerate() {
        if study.arms[..index].iter().any(|a| a.name == arm.name) {
            add(
                index,
                "name",
                format!("a second arm is called `{}`", arm.name),
                "each arm needs a name of its own".into(),
            );
        }
        for disease in &arm.diseases {
            if let Err(hint) = vocabulary.disease(disease) {
                add(
                    index,
                    "diseases",
                    format!("unknown disease `{disease}`"),
                    hint,
                );
            }
        }
        let parent = arm
            .part_of
            .as_ref()
            .map(|name| (name, study.arms.iter().find(|a| a.name == *name)));
        match (arm.role, parent) {
            (ArmRole::Subgroup | ArmRole::AnalysisSet, None) => add(
                index,
                "role",
                format!("`{}` is a part of nothing", arm.name),
                "say of which arm with `part_of`".into(),
            ),
            (_, Some((name, None))) => add(
                index,
                "part_of",
                format!("there is no arm `{name}`"),
                "name an arm of this file".into(),
            ),
            (_, Some((name, Some(whole)))) => {
                if let (Some(part), Some(all)) = (arm.patients, whole.patients)
                    && part > all
                {
                    let message = format!(
                        "`{}` has {part} patients, but `{name}`, of which it is a part, has {all}",
                        arm.name
                    );
                    add(index, "patients", message, "correct one of the two".into());
                }
            }
            _ => {}
        }
        if matches!(arm.role, ArmRole::Treated | ArmRole::Control) {
            treated = arm.patients.unwrap_or(0).saturating_add(treated);
        }
    }
    if let Some(patients) = study.design.patients
        && treated > patients
    {
        let message = format!(
            "the arms have {treated} patients together, but the study has {patients}: some are counted twice"
        );
        problems.push(file.problem(
            at("design", 0, "patients"),
            message,
            "arms of role `treated` and `control` share nobody; make the others a `subgroup`",
        ));
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::example::refused;

    #[test]
    fn an_arm_has_a_name_of_its_own() {
        insta::assert_snapshot!(refused(r#"name = "placebo""#, r#"name = "all""#), @r#"
        a second arm is called `all`
          --> studies/example2026.toml:41:1
          41 | name = "all"
             | ^
             = hint: each arm needs a name of its own

        there is no arm `placebo`
          --> studies/example2026.toml:89:1
          89 | contrast = "placebo"
             | ^
             = hint: arms of this study: all, all, women
        "#);
    }

    #[test]
    fn a_subgroup_is_a_part_of_something() {
        insta::assert_snapshot!(refused(r#"part_of = "all"
"#, ""), @r#"
        `women` is a part of nothing
          --> studies/example2026.toml:46:1
          46 | role = "subgroup"
             | ^
             = hint: say of which arm with `part_of`
        "#);
    }

    #[test]
    fn a_part_belongs_to_an_arm_of_the_study() {
        insta::assert_snapshot!(refused(r#"part_of = "all""#, r#"part_of = "everybody""#), @r#"
        there is no arm `everybody`
          --> studies/example2026.toml:47:1
          47 | part_of = "everybody"
             | ^
             = hint: name an arm of this file
        "#);
    }

    #[test]
    fn a_part_is_not_larger_than_the_whole() {
        insta::assert_snapshot!(refused("patients = 8", "patients = 13"), @r"
        `women` has 13 patients, but `all`, of which it is a part, has 12
          --> studies/example2026.toml:48:1
          48 | patients = 13
             | ^
             = hint: correct one of the two
        ");
    }

    #[test]
    fn an_arm_of_unknown_disease_is_refused() {
        insta::assert_snapshot!(refused("patients = 8", r#"patients = 8
diseases = ["Lupus"]"#), @r#"
        unknown disease `Lupus`
          --> studies/example2026.toml:49:1
          49 | diseases = ["Lupus"]
             | ^
             = hint: the codes stand in library/evidence/diseases.csv; add a row there for a new one
        "#);
    }

    #[test]
    fn the_arms_have_no_more_patients_than_the_study() {
        insta::assert_snapshot!(refused(r#"role = "control""#, r#"role = "control"
patients = 5"#), @r"
        the arms have 17 patients together, but the study has 12: some are counted twice
          --> studies/example2026.toml:21:1
          21 | patients = 12
             | ^
             = hint: arms of role `treated` and `control` share nobody; make the others a `subgroup`
        ");
    }
}
