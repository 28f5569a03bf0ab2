//! What must hold between study files: no report twice, no patient twice unsaid.

use std::collections::BTreeMap;

use neurocart_library::Problem;

use super::StudyFile;
use super::place::at;
use crate::study::{Relation, Study};

/// What is wrong between study files: the same source twice, a trial that several name without saying
/// whether they share patients, relations to nobody.
pub fn check_together(files: &[StudyFile]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let by_id: BTreeMap<&str, &StudyFile> =
        files.iter().map(|f| (f.study.id.as_str(), f)).collect();
    for file in files {
        for (index, overlap) in file.study.overlaps.iter().enumerate() {
            let Some(other) = by_id.get(overlap.study.as_str()) else {
                let near = neurocart_library::nearest(&overlap.study, by_id.keys().copied());
                let hint = near.map_or("name the id of a study of the library".to_owned(), |n| {
                    format!("did you mean `{n}`?")
                });
                problems.push(file.problem(
                    at("overlap", index, "study"),
                    format!("there is no study `{}`", overlap.study),
                    hint,
                ));
                continue;
            };
            let mut earlier = file.study.overlaps[..index].iter();
            if overlap.study == file.study.id || earlier.any(|o| o.study == overlap.study) {
                problems.push(file.problem(
                    at("overlap", index, "study"),
                    format!(
                        "`{}` is no other study, or is declared twice",
                        overlap.study
                    ),
                    "declare one relation to each other study",
                ));
                continue;
            }
            let sizes = (file.study.design.patients, other.study.design.patients);
            if let (Some(here), Some(there)) = sizes
                && match overlap.relation {
                    Relation::Within => here > there,
                    Relation::Contains => here < there,
                    Relation::Shares | Relation::Distinct => false,
                }
            {
                problems.push(file.problem(
                    at("overlap", index, "relation"),
                    format!(
                        "this study has {here} patients and `{}` has {there}: the part is larger than the whole",
                        overlap.study
                    ),
                    "correct a number, or declare `shares`",
                ));
            }
            let opposite = other
                .study
                .overlaps
                .iter()
                .find(|o| o.study == file.study.id);
            if let Some(opposite) = opposite
                && opposite.relation != inverse(overlap.relation)
            {
                problems.push(file.problem(
                    at("overlap", index, "relation"),
                    format!(
                        "`{}` says otherwise about its relation to `{}`",
                        overlap.study, file.study.id
                    ),
                    "it is enough to declare a relation in one of the two files",
                ));
            }
        }
    }
    for (i, one) in files.iter().enumerate() {
        for two in &files[i + 1..] {
            let (a, b) = (&one.study.source, &two.study.source);
            let same_source = [(&a.doi, &b.doi), (&a.pmid, &b.pmid), (&a.pmcid, &b.pmcid)]
                .iter()
                .any(|(x, y)| x.is_some() && x == y);
            let trial = a.trials.iter().find(|t| b.trials.contains(t));
            if (same_source || trial.is_some()) && relation(one.study, two.study).is_none() {
                let what = match trial {
                    Some(trial) => format!("both name {trial}"),
                    None => "both cite the same report".to_owned(),
                };
                problems.push(two.problem(
                    at("source", 0, if trial.is_some() { "trials" } else { "doi" }),
                    format!("`{}` and `{}`: {what}; are patients counted twice?", one.study.id, two.study.id),
                    format!("declare `[[overlap]]` with `study = \"{}\"` and a relation: contains, within, shares or distinct", one.study.id),
                ));
            }
        }
    }
    problems
}

/// The relation seen from the other study.
pub fn inverse(relation: Relation) -> Relation {
    match relation {
        Relation::Contains => Relation::Within,
        Relation::Within => Relation::Contains,
        other => other,
    }
}

/// What is declared between two studies, in either file, seen from `one`.
pub fn relation(one: &Study, two: &Study) -> Option<Relation> {
    let from = |a: &Study, b: &Study| {
        a.overlaps
            .iter()
            .find(|o| o.study == b.id)
            .map(|o| o.relation)
    };
    from(one, two).or(from(two, one).map(inverse))
}

#[cfg(test)]
mod tests {
    use crate::rules::example::{STUDY, refused_together};

    fn overlap(study: &str, relation: &str) -> String {
        format!("\n[[overlap]]\nstudy = \"{study}\"\nrelation = \"{relation}\"\n")
    }

    fn with_overlap(text: &str, overlap: &str) -> String {
        text.replacen("\n[[arm]]", &format!("{overlap}\n[[arm]]"), 1)
    }

    /// The example under another id.
    fn other(overlap: &str) -> String {
        with_overlap(&STUDY.replace("example2026", "second2026"), overlap)
    }

    /// The same trial in a report of its own.
    fn own_report(overlap: &str) -> String {
        other(overlap)
            .replace("10.1000/example", "10.1000/second")
            .replace("12345678\"\n", "87654321\"\n")
            .replace("PMC1234567", "PMC7654321")
    }

    #[test]
    fn one_report_is_not_entered_twice() {
        insta::assert_snapshot!(refused_together(STUDY, &other("").replace(r#"trials = ["NCT01234567"]"#, "")), @r#"
        `example2026` and `second2026`: both cite the same report; are patients counted twice?
          --> studies/second2026.toml:8:1
           8 | doi = "10.1000/example"
             | ^
             = hint: declare `[[overlap]]` with `study = "example2026"` and a relation: contains, within, shares or distinct
        "#);
    }

    #[test]
    fn studies_that_name_one_trial_say_whether_they_share_patients() {
        insta::assert_snapshot!(refused_together(STUDY, &own_report("")), @r#"
        `example2026` and `second2026`: both name NCT01234567; are patients counted twice?
          --> studies/second2026.toml:11:1
          11 | trials = ["NCT01234567"]
             | ^
             = hint: declare `[[overlap]]` with `study = "example2026"` and a relation: contains, within, shares or distinct
        "#);
    }

    #[test]
    fn a_relation_is_to_a_study_of_the_library() {
        insta::assert_snapshot!(refused_together(STUDY, &own_report(&overlap("example2062", "distinct"))), @r#"
        there is no study `example2062`
          --> studies/second2026.toml:36:1
          36 | study = "example2062"
             | ^
             = hint: did you mean `example2026`?

        `example2026` and `second2026`: both name NCT01234567; are patients counted twice?
          --> studies/second2026.toml:11:1
          11 | trials = ["NCT01234567"]
             | ^
             = hint: declare `[[overlap]]` with `study = "example2026"` and a relation: contains, within, shares or distinct
        "#);
    }

    #[test]
    fn a_relation_is_declared_once() {
        insta::assert_snapshot!(refused_together(STUDY, &own_report(&(overlap("example2026", "distinct") + &overlap("example2026", "shares")))), @r#"
        `example2026` is no other study, or is declared twice
          --> studies/second2026.toml:40:1
          40 | study = "example2026"
             | ^
             = hint: declare one relation to each other study
        "#);
    }

    #[test]
    fn a_part_has_no_more_patients_than_the_whole() {
        insta::assert_snapshot!(refused_together(STUDY, &own_report(&overlap("example2026", "within")).replace("patients = 12\n\n[pop", "patients = 20\n\n[pop")), @r#"
        this study has 20 patients and `example2026` has 12: the part is larger than the whole
          --> studies/second2026.toml:37:1
          37 | relation = "within"
             | ^
             = hint: correct a number, or declare `shares`
        "#);
    }

    #[test]
    fn two_files_agree_on_their_relation() {
        insta::assert_snapshot!(refused_together(
            &with_overlap(STUDY, &overlap("second2026", "distinct")),
            &own_report(&overlap("example2026", "within")),
        ), @r#"
        `second2026` says otherwise about its relation to `example2026`
          --> studies/example2026.toml:37:1
          37 | relation = "distinct"
             | ^
             = hint: it is enough to declare a relation in one of the two files

        `example2026` says otherwise about its relation to `second2026`
          --> studies/second2026.toml:37:1
          37 | relation = "within"
             | ^
             = hint: it is enough to declare a relation in one of the two files
        "#);
    }
}
