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
