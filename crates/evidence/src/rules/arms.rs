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
    let mut treated = 0;
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
            treated += arm.patients.unwrap_or(0);
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
