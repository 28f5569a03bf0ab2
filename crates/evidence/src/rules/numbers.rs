//! The numbers of one reported figure against each other, whatever the outcome is.

use crate::study::{Outcome, Statistic};

/// Printed percentages are rounded to whole ones at worst, and some are cut off.
const PERCENT_ROUNDING: f64 = 1.0;

/// Patient-years that a study can have: from half a minute to every patient for a lifetime.
const EXPOSURE: std::ops::RangeInclusive<f64> = 1e-6..=1e9;

/// What must hold between the numbers of a row, whatever the outcome is.
pub(super) fn check_numbers(row: &Outcome, add: &mut impl FnMut(&'static str, String, String)) {
    let name = &row.outcome;
    let numbers = [
        ("value", row.value),
        ("lower", row.lower),
        ("upper", row.upper),
        ("standard_deviation", row.standard_deviation),
        ("standard_error", row.standard_error),
    ];
    for (key, number) in numbers {
        let fine =
            number.is_none_or(|x| x.is_finite() && (x >= 0.0 || !key.starts_with("standard")));
        if !fine {
            add(
                key,
                format!("`{name}`: {key} is {}", number.unwrap_or(f64::NAN)),
                "leave out what is not known".into(),
            );
        }
    }
    if let (Some(events), Some(total)) = (row.events, row.total)
        // A patient can have several events of a rate.
        && row.statistic != Statistic::Rate
        && events > total
    {
        add(
            "events",
            format!("`{name}` counts {events} of {total}: more than there are"),
            "correct one of the two".into(),
        );
    }
    if row.statistic == Statistic::Count && row.events.is_none() {
        add(
            "statistic",
            format!("`{name}` is a count without `events`"),
            "give `events` and `total`, or `statistic = \"percentage\"` with the printed value"
                .into(),
        );
    }
    if let (Some(value), Some(events), Some(total)) = (row.value, row.events, row.total)
        && matches!(row.statistic, Statistic::Count | Statistic::Percentage)
        && row.unit == "%"
        && total > 0
    {
        let percent = 100.0 * events as f64 / total as f64;
        if (percent - value).abs() > PERCENT_ROUNDING {
            let message =
                format!("`{name}` says {value} % and {events} of {total}, which is {percent:.1} %");
            add("value", message, "correct one of the two".into());
        }
    }
    if let Some(exposure) = row.exposure_patient_years {
        if !EXPOSURE.contains(&exposure) {
            add(
                "exposure_patient_years",
                format!("`{name}`: {exposure} is no exposure in patient-years"),
                "add up the years of all patients; leave it out where it is not known".into(),
            );
        } else if row.statistic != Statistic::Rate || row.events.is_none() {
            add(
                "exposure_patient_years",
                format!("`{name}` has an exposure but is no rate with its `events`"),
                "give `statistic = \"rate\"` and the number of `events`, or leave the exposure out"
                    .into(),
            );
        }
    }
    match (row.lower, row.upper, row.interval) {
        (None, None, None) => {}
        (Some(lower), Some(upper), Some(_)) => {
            let value = row.value.unwrap_or(lower);
            if lower > upper {
                add(
                    "lower",
                    format!("`{name}`: the interval from {lower} to {upper} is empty"),
                    "put the smaller limit first".into(),
                );
            } else if row.value.is_none() && row.statistic != Statistic::Range {
                add(
                    "lower",
                    format!("`{name}` has an interval but no value"),
                    "give the value, or `statistic = \"range\"`".into(),
                );
            } else if !(lower..=upper).contains(&value) {
                add(
                    "value",
                    format!(
                        "`{name}`: the interval from {lower} to {upper} misses the value {value}"
                    ),
                    "correct one of the three".into(),
                );
            }
        }
        _ => add(
            "interval",
            format!("`{name}`: `lower`, `upper` and `interval` must stand together"),
            "say what the interval is: CI95, IQR, range ...".into(),
        ),
    }
    let has_number = row.value.is_some() || row.events.is_some() || row.lower.is_some();
    match (row.statistic == Statistic::Text, row.text.is_some()) {
        (true, false) => add(
            "text",
            format!("`{name}` is a text without text"),
            "say what was found".into(),
        ),
        (false, _) if !has_number => add(
            "value",
            format!("`{name}` has no number"),
            "give `value`, or `events` and `total`, or `statistic = \"text\"`".into(),
        ),
        _ => {}
    }
    let compares = matches!(
        row.statistic,
        Statistic::Difference
            | Statistic::RankDifference
            | Statistic::HazardRatio
            | Statistic::OddsRatio
            | Statistic::RateRatio
    );
    if matches!(
        row.statistic,
        Statistic::HazardRatio | Statistic::OddsRatio | Statistic::RateRatio
    ) && row.value.is_some_and(|v| v <= 0.0)
    {
        add(
            "value",
            format!("`{name}`: a ratio is above 0"),
            "correct the value".into(),
        );
    }
    if row.contrast.is_some()
        && !(compares
            || matches!(
                row.statistic,
                Statistic::PValue
                    | Statistic::Ratio
                    | Statistic::Indicator
                    | Statistic::Text
                    | Statistic::Value
                    | Statistic::Percentage
            ))
    {
        add(
            "contrast",
            format!("`{name}` is no comparison but names a contrast"),
            "leave it out, or name the statistic of the comparison".into(),
        );
    }
    if row.statistic == Statistic::PValue && row.value.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
        add(
            "value",
            format!("`{name}`: a p value lies between 0 and 1"),
            "correct the value".into(),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::example::refused;

    #[test]
    fn a_count_is_not_above_its_total() {
        insta::assert_snapshot!(refused("events = 6", "events = 13"), @r"
        `crs_any` counts 13 of 12: more than there are
          --> studies/example2026.toml:54:1
          54 | events = 13
             | ^
             = hint: correct one of the two

        `crs_any` says 50 % and 13 of 12, which is 108.3 %
          --> studies/example2026.toml:56:1
          56 | value = 50
             | ^
             = hint: correct one of the two
        ");
    }

    #[test]
    fn a_count_has_events() {
        insta::assert_snapshot!(refused("events = 1\n", ""), @r#"
        `crs_g3plus` is a count without `events`
          --> studies/example2026.toml:65:1
          65 | statistic = "count"
             | ^
             = hint: give `events` and `total`, or `statistic = "percentage"` with the printed value

        `crs_g3plus` has no number
          --> studies/example2026.toml:62:1
          62 | [[outcome]]
             | ^
             = hint: give `value`, or `events` and `total`, or `statistic = "text"`
        "#);
    }

    #[test]
    fn a_percentage_agrees_with_its_counts() {
        insta::assert_snapshot!(refused("value = 50", "value = 52"), @r"
        `crs_any` says 52 % and 6 of 12, which is 50.0 %
          --> studies/example2026.toml:56:1
          56 | value = 52
             | ^
             = hint: correct one of the two
        ");
    }

    #[test]
    fn an_interval_begins_with_its_smaller_limit() {
        insta::assert_snapshot!(refused("lower = -7.5\nupper = -3.5", "lower = -3.5\nupper = -7.5"), @r"
        `mg_adl_change`: the interval from -3.5 to -7.5 is empty
          --> studies/example2026.toml:78:1
          78 | lower = -3.5
             | ^
             = hint: put the smaller limit first
        ");
    }

    #[test]
    fn an_interval_holds_its_value() {
        insta::assert_snapshot!(refused("value = -5.5", "value = -9"), @r"
        `mg_adl_change`: the interval from -7.5 to -3.5 misses the value -9
          --> studies/example2026.toml:77:1
          77 | value = -9
             | ^
             = hint: correct one of the three
        ");
    }

    #[test]
    fn an_interval_goes_with_a_value() {
        insta::assert_snapshot!(refused("value = -5.5\n", ""), @r#"
        `mg_adl_change` has an interval but no value
          --> studies/example2026.toml:77:1
          77 | lower = -7.5
             | ^
             = hint: give the value, or `statistic = "range"`
        "#);
    }

    #[test]
    fn an_interval_has_a_kind_and_both_limits() {
        insta::assert_snapshot!(refused(r#"interval = "CI95"
"#, ""), @r"
        `mg_adl_change`: `lower`, `upper` and `interval` must stand together
          --> studies/example2026.toml:72:1
          72 | [[outcome]]
             | ^
             = hint: say what the interval is: CI95, IQR, range ...
        ");
    }

    #[test]
    fn a_number_is_finite() {
        insta::assert_snapshot!(refused("value = -5.5", "value = nan"), @r"
        `mg_adl_change`: value is NaN
          --> studies/example2026.toml:77:1
          77 | value = nan
             | ^
             = hint: leave out what is not known

        `mg_adl_change`: the interval from -7.5 to -3.5 misses the value NaN
          --> studies/example2026.toml:77:1
          77 | value = nan
             | ^
             = hint: correct one of the three
        ");
    }

    #[test]
    fn a_text_says_something() {
        insta::assert_snapshot!(refused(r#"statistic = "p_value"
value = 0.03"#, r#"statistic = "text""#), @r"
        `mg_adl_change` is a text without text
          --> studies/example2026.toml:86:1
          86 | [[outcome]]
             | ^
             = hint: say what was found
        ");
    }

    #[test]
    fn an_outcome_has_a_number() {
        insta::assert_snapshot!(refused("value = 0.03\n", ""), @r#"
        `mg_adl_change` has no number
          --> studies/example2026.toml:86:1
          86 | [[outcome]]
             | ^
             = hint: give `value`, or `events` and `total`, or `statistic = "text"`
        "#);
    }

    #[test]
    fn a_ratio_is_above_0() {
        insta::assert_snapshot!(refused(r#"statistic = "p_value"
value = 0.03"#, r#"statistic = "hazard_ratio"
value = -1
unit = "points""#), @r"
        `mg_adl_change`: a ratio is above 0
          --> studies/example2026.toml:91:1
          91 | value = -1
             | ^
             = hint: correct the value
        ");
    }

    #[test]
    fn only_a_comparison_names_a_contrast() {
        insta::assert_snapshot!(refused(r#"arm = "all"
time_weeks = 24"#, r#"arm = "all"
contrast = "placebo"
time_weeks = 24"#), @r#"
        `mg_adl_change` is no comparison but names a contrast
          --> studies/example2026.toml:75:1
          75 | contrast = "placebo"
             | ^
             = hint: leave it out, or name the statistic of the comparison
        "#);
    }

    #[test]
    fn a_p_value_lies_between_0_and_1() {
        insta::assert_snapshot!(refused("value = 0.03", "value = 3"), @r"
        `mg_adl_change`: a p value lies between 0 and 1
          --> studies/example2026.toml:91:1
          91 | value = 3
             | ^
             = hint: correct the value
        ");
    }

    #[test]
    fn an_exposure_stands_behind_the_events_of_a_rate() {
        let with = |exposure: &str| {
            let line = format!("total = 12\nexposure_patient_years = {exposure}\nvalue = 50");
            refused("total = 12\nvalue = 50", &line)
        };
        insta::assert_snapshot!(with("8"), @r#"
        `crs_any` has an exposure but is no rate with its `events`
          --> studies/example2026.toml:56:1
          56 | exposure_patient_years = 8
             | ^
             = hint: give `statistic = "rate"` and the number of `events`, or leave the exposure out

        `crs_any` is no rate per patient-year
          --> studies/example2026.toml:56:1
          56 | exposure_patient_years = 8
             | ^
             = hint: leave the exposure out, or use an outcome in that unit
        "#);
        let said = with("0");
        assert!(
            said.starts_with("`crs_any`: 0 is no exposure in patient-years"),
            "{said}"
        );
    }
}
