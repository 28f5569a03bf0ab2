//! One reported figure: its arm, its source, its numbers and its unit.

use neurocart_library::Problem;

use super::StudyFile;
use super::place::at;
use super::source::{grade_against_tier, is_address};
use crate::study::{Outcome, Statistic};
use crate::vocabulary::{OutcomeCode, OutcomeKind, Vocabulary};

/// Printed percentages are rounded to whole ones at worst, and some are cut off.
const PERCENT_ROUNDING: f64 = 1.0;

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
    if row.months().is_some_and(|t| !(0.0..=1200.0).contains(&t)) {
        add(
            "time_months",
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

/// What must hold between the numbers of a row, whatever the outcome is.
fn check_numbers(row: &Outcome, add: &mut impl FnMut(&'static str, String, String)) {
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
