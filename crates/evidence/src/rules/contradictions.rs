//! Figures of one study against each other: none twice, none that another rules out.

use std::collections::BTreeMap;

use neurocart_library::Problem;

use super::StudyFile;
use super::place::at;
use crate::study::Outcome;

/// Severity steps of one outcome: `_any`, then grade by grade.
pub const SEVERITY: [&str; 5] = ["_any", "_g2plus", "_g3plus", "_g4plus", "_g5plus"];

/// No figure twice, no figure against another.
pub(super) fn check_outcomes_together(file: StudyFile, problems: &mut Vec<Problem>) {
    let mut seen = BTreeMap::new();
    for (index, row) in file.study.outcomes.iter().enumerate() {
        let time = row.months().map(f64::to_bits);
        let key = (
            &row.outcome,
            &row.arm,
            &row.contrast,
            time,
            row.statistic,
            &row.definition,
            row.grade,
            &row.text,
        );
        if let Some(first) = seen.insert(key, index) {
            let other = &file.study.outcomes[first];
            let same =
                (other.value, other.events, other.total) == (row.value, row.events, row.total);
            let message = match same {
                true => format!("`{}` of `{}` stands twice", row.outcome, row.arm),
                false => format!(
                    "`{}` of `{}` stands twice, with different numbers",
                    row.outcome, row.arm
                ),
            };
            problems.push(file.problem(
                at("outcome", index, "outcome"),
                message,
                format!(
                    "keep one of outcomes {} and {}, or say what differs in `definition`",
                    first + 1,
                    index + 1
                ),
            ));
        }
    }
    // Figures of the same patients at the same time, with their step of severity.
    let mut comparable: BTreeMap<_, Vec<(usize, usize)>> = BTreeMap::new();
    for (index, row) in file.study.outcomes.iter().enumerate() {
        if let Some((stem, step)) = severity(&row.outcome) {
            let time = row.months().map(f64::to_bits);
            let patients = (stem, &row.arm, row.total, time, &row.definition);
            comparable.entry(patients).or_default().push((index, step));
        }
    }
    let outcome = |index: usize| &file.study.outcomes[index];
    let mut crossed = Vec::new();
    for rows in comparable.values() {
        for &(index, step) in rows {
            let milder = rows.iter().filter(|(_, other)| *other < step);
            let fewer = milder.filter(|(milder, _)| {
                let counts = outcome(*milder).events.zip(outcome(index).events);
                counts.is_some_and(|(of_milder, events)| of_milder < events)
            });
            crossed.extend(fewer.map(|(milder, _)| (index, *milder)));
        }
    }
    crossed.sort_unstable();
    for (index, milder) in crossed {
        let (row, milder) = (outcome(index), outcome(milder));
        let events = |row: &Outcome| row.events.unwrap_or(0);
        problems.push(file.problem(
            at("outcome", index, "events"),
            format!(
                "{} patients have `{}`, but only {} have `{}`",
                events(row),
                row.outcome,
                events(milder),
                milder.outcome
            ),
            "who has the graver event has the milder one too; correct one of the two",
        ));
    }
}

/// The outcome without its grade, and the step of the grade.
fn severity(code: &str) -> Option<(&str, usize)> {
    let mut steps = SEVERITY.iter().enumerate();
    steps.find_map(|(step, suffix)| Some((code.strip_suffix(suffix)?, step)))
}

#[cfg(test)]
mod tests {
    use crate::rules::example::refused;

    #[test]
    fn a_figure_stands_once() {
        insta::assert_snapshot!(refused(r#"outcome = "crs_g3plus"
arm = "all"
statistic = "count"
events = 1"#, r#"outcome = "crs_any"
arm = "all"
statistic = "count"
events = 6"#), @r#"
        `crs_any` of `all` stands twice, with different numbers
          --> studies/example2026.toml:63:1
          63 | outcome = "crs_any"
             | ^
             = hint: keep one of outcomes 1 and 2, or say what differs in `definition`
        "#);
    }

    #[test]
    fn two_numbers_for_one_figure_need_a_definition() {
        insta::assert_snapshot!(refused(r#"outcome = "crs_g3plus""#, r#"outcome = "crs_any""#), @r#"
        `crs_any` of `all` stands twice, with different numbers
          --> studies/example2026.toml:63:1
          63 | outcome = "crs_any"
             | ^
             = hint: keep one of outcomes 1 and 2, or say what differs in `definition`
        "#);
    }

    #[test]
    fn a_graver_event_is_no_more_frequent_than_a_milder_one() {
        insta::assert_snapshot!(refused("events = 1\n", "events = 7\n"), @r"
        7 patients have `crs_g3plus`, but only 6 have `crs_any`
          --> studies/example2026.toml:66:1
          66 | events = 7
             | ^
             = hint: who has the graver event has the milder one too; correct one of the two
        ");
    }
}
