//! One reported figure: its arm, its source, its time, its unit and its bounds.

use neurocart_library::Problem;

use super::StudyFile;
use super::magnitude::LONGEST_MONTHS;
use super::numbers::check_numbers;
use super::place::at;
use super::source::{grade_against_tier, is_address};
use crate::study::{Outcome, Statistic};
use crate::vocabulary::{OutcomeCode, OutcomeKind, PER_PATIENT_YEAR, Vocabulary};

pub(super) fn check_outcome(
    file: StudyFile,
    index: usize,
    vocabulary: &Vocabulary,
    problems: &mut Vec<Problem>,
) {
    let row = &file.study.outcomes[index];
    let mut add = |key, message: String, hint: String| {
        problems.push(file.problem(at("outcome", index, key), message, hint));
    };
    let name = &row.outcome;
    for (key, arm) in [("arm", Some(&row.arm)), ("contrast", row.contrast.as_ref())] {
        if let Some(arm) = arm
            && !file.study.arms.iter().any(|a| a.name == *arm)
        {
            let arms: Vec<&str> = file.study.arms.iter().map(|a| a.name.as_str()).collect();
            add(
                key,
                format!("there is no arm `{arm}`"),
                format!("arms of this study: {}", arms.join(", ")),
            );
        }
    }
    if row.locator.trim().is_empty() {
        add(
            "locator",
            format!("`{name}` does not say where in its source it stands"),
            "write `abstract`, a table, a page".into(),
        );
    }
    if row.cite.as_deref().is_some_and(is_address) {
        add(
            "cite",
            "an address is not a citation".into(),
            "cite the paper, abstract or registry entry; put the address under `address`".into(),
        );
    }
    if let Some(message) = grade_against_tier(row.grade, row.tier) {
        add(
            "tier",
            message,
            "tier R is for what was recalled, and only for that".into(),
        );
    }
    if row.time_months.is_some() && row.time_weeks.is_some() {
        add(
            "time_weeks",
            "the time stands in months and in weeks".into(),
            "keep the one that the report gives".into(),
        );
    }
    if row
        .months()
        .is_some_and(|t| !(0.0..=LONGEST_MONTHS).contains(&t))
    {
        let key = match row.time_weeks {
            Some(_) => "time_weeks",
            None => "time_months",
        };
        add(
            key,
            "the time is not between 0 and 100 years".into(),
            "count months or weeks after the first infusion".into(),
        );
    }
    check_numbers(row, &mut add);
    match vocabulary.outcome(name) {
        Err(hint) => add("outcome", format!("unknown outcome `{name}`"), hint),
        Ok(code) => check_against_code(row, code, &mut add),
    }
    let arm = file.study.arms.iter().find(|a| a.name == row.arm);
    if let (Some(total), Some(patients)) = (row.total, arm.and_then(|a| a.patients))
        && total > patients
        && !row.unit.contains("of events")
    {
        add(
            "total",
            format!("`{name}` counts {total} patients, but the arm has {patients}"),
            "correct one of the two".into(),
        );
    }
}

/// What the outcome table says about a row.
fn check_against_code(
    row: &Outcome,
    code: &OutcomeCode,
    add: &mut impl FnMut(&'static str, String, String),
) {
    let name = &row.outcome;
    let own_unit = matches!(
        row.statistic,
        Statistic::PValue | Statistic::Text | Statistic::Correlation
    ) || (row.value.is_none() && row.lower.is_none());
    if !own_unit && !code.units.contains(&row.unit) {
        let message = match row.unit.is_empty() {
            true => format!("`{name}` has no unit"),
            false => format!("`{name}` cannot be in `{}`", row.unit),
        };
        add(
            "unit",
            message,
            format!("expected {}", code.units.join(" or ")),
        );
    }
    if row.exposure_patient_years.is_some() && !code.units.iter().any(|u| u == PER_PATIENT_YEAR) {
        add(
            "exposure_patient_years",
            format!("`{name}` is no rate per patient-year"),
            "leave the exposure out, or use an outcome in that unit".into(),
        );
    }
    let bounded = !matches!(
        row.statistic,
        Statistic::PValue
            | Statistic::Correlation
            | Statistic::HazardRatio
            | Statistic::OddsRatio
            | Statistic::RateRatio
            | Statistic::Ratio
            | Statistic::Difference
            | Statistic::RankDifference
    );
    for (key, number) in [
        ("value", row.value),
        ("lower", row.lower),
        ("upper", row.upper),
    ] {
        let Some(x) = number.filter(|_| bounded) else {
            continue;
        };
        if code.lowest.is_some_and(|lowest| x < lowest)
            || code.highest.is_some_and(|highest| x > highest)
        {
            let limit = |l: Option<f64>| l.map_or("any".to_owned(), |l| l.to_string());
            let message = format!("`{name}` cannot be {x} {}", row.unit);
            add(
                key,
                message,
                format!(
                    "its values lie between {} and {}; is the unit right?",
                    limit(code.lowest),
                    limit(code.highest)
                ),
            );
        }
    }
    if row.statistic == Statistic::Count
        && !matches!(
            code.kind,
            OutcomeKind::Proportion | OutcomeKind::Description
        )
    {
        add(
            "statistic",
            format!("`{name}` is not a share of patients"),
            "use another statistic or another outcome".into(),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::example::refused;

    #[test]
    fn an_outcome_belongs_to_an_arm() {
        insta::assert_snapshot!(refused(r#"outcome = "crs_any"
arm = "all""#, r#"outcome = "crs_any"
arm = "everybody""#), @r#"
        there is no arm `everybody`
          --> studies/example2026.toml:52:1
          52 | arm = "everybody"
             | ^
             = hint: arms of this study: all, placebo, women
        "#);
    }

    #[test]
    fn a_comparison_is_with_an_arm() {
        insta::assert_snapshot!(refused(r#"contrast = "placebo""#, r#"contrast = "sham""#), @r#"
        there is no arm `sham`
          --> studies/example2026.toml:89:1
          89 | contrast = "sham"
             | ^
             = hint: arms of this study: all, placebo, women
        "#);
    }

    #[test]
    fn a_number_says_where_it_stands() {
        insta::assert_snapshot!(refused(r#"locator = "Table 2"
grade = "seen"
tier = "A"

[[outcome]]
outcome = "mg_adl_change""#, r#"locator = ""
grade = "seen"
tier = "A"

[[outcome]]
outcome = "mg_adl_change""#), @r#"
        `crs_g3plus` does not say where in its source it stands
          --> studies/example2026.toml:68:1
          68 | locator = ""
             | ^
             = hint: write `abstract`, a table, a page
        "#);
    }

    #[test]
    fn an_address_is_no_citation_of_a_number() {
        insta::assert_snapshot!(refused(r#"locator = "Table 3""#, r#"cite = "www.example.org"
locator = "Table 3""#), @r#"
        an address is not a citation
          --> studies/example2026.toml:82:1
          82 | cite = "www.example.org"
             | ^
             = hint: cite the paper, abstract or registry entry; put the address under `address`
        "#);
    }

    #[test]
    fn a_recalled_number_has_tier_r() {
        insta::assert_snapshot!(refused(r#"locator = "Table 3"
grade = "seen""#, r#"locator = "Table 3"
grade = "recalled""#), @r#"
        grade `recalled` does not go with tier A
          --> studies/example2026.toml:84:1
          84 | tier = "A"
             | ^
             = hint: tier R is for what was recalled, and only for that
        "#);
    }

    #[test]
    fn a_time_stands_in_one_unit() {
        insta::assert_snapshot!(refused("time_weeks = 24", "time_weeks = 24\ntime_months = 6"), @r"
        the time stands in months and in weeks
          --> studies/example2026.toml:75:1
          75 | time_weeks = 24
             | ^
             = hint: keep the one that the report gives
        ");
    }

    #[test]
    fn a_time_lies_within_a_lifetime() {
        insta::assert_snapshot!(refused("time_weeks = 24", "time_weeks = -1"), @r"
        the time is not between 0 and 100 years
          --> studies/example2026.toml:75:1
          75 | time_weeks = -1
             | ^
             = hint: count months or weeks after the first infusion
        ");
    }

    #[test]
    fn an_unknown_outcome_is_named_with_the_nearest_code() {
        insta::assert_snapshot!(refused(r#"outcome = "crs_any""#, r#"outcome = "crs_amy""#), @r#"
        unknown outcome `crs_amy`
          --> studies/example2026.toml:51:1
          51 | outcome = "crs_amy"
             | ^
             = hint: did you mean `crs_any`? The codes stand in library/evidence/outcomes.csv
        "#);
    }

    #[test]
    fn a_total_is_not_above_the_arm() {
        insta::assert_snapshot!(refused("events = 1\ntotal = 12", "events = 1\ntotal = 14"), @r"
        `crs_g3plus` counts 14 patients, but the arm has 12
          --> studies/example2026.toml:67:1
          67 | total = 14
             | ^
             = hint: correct one of the two
        ");
    }

    #[test]
    fn a_unit_is_one_that_the_outcome_allows() {
        insta::assert_snapshot!(refused(r#"unit = "points"
locator = "Table 3""#, r#"unit = "%"
locator = "Table 3""#), @r#"
        `mg_adl_change` cannot be in `%`
          --> studies/example2026.toml:81:1
          81 | unit = "%"
             | ^
             = hint: expected points
        "#);
        insta::assert_snapshot!(refused(r#"unit = "points"
locator = "Table 3""#, r#"locator = "Table 3""#), @r"
        `mg_adl_change` has no unit
          --> studies/example2026.toml:72:1
          72 | [[outcome]]
             | ^
             = hint: expected points
        ");
    }

    #[test]
    fn a_score_stays_within_its_bounds() {
        insta::assert_snapshot!(refused("value = -5.5\nlower = -7.5", "value = -55\nlower = -75"), @r"
        `mg_adl_change` cannot be -55 points
          --> studies/example2026.toml:77:1
          77 | value = -55
             | ^
             = hint: its values lie between -24 and 24; is the unit right?

        `mg_adl_change` cannot be -75 points
          --> studies/example2026.toml:78:1
          78 | lower = -75
             | ^
             = hint: its values lie between -24 and 24; is the unit right?
        ");
    }

    #[test]
    fn only_shares_of_patients_are_counted() {
        insta::assert_snapshot!(refused(r#"outcome = "crs_g3plus""#, r#"outcome = "qmg_change""#), @r#"
        `qmg_change` is not a share of patients
          --> studies/example2026.toml:65:1
          65 | statistic = "count"
             | ^
             = hint: use another statistic or another outcome
        "#);
    }
}
