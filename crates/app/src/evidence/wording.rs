//! Numbers of a synthesis, rounded, in words. Figures as reports print them stand in `printed`.

use neurocart_evidence::pooling::{Estimate, Heterogeneity, Pooled, TAU_ESTIMABLE};
use neurocart_evidence::series::{Measure, Reason, Row, Series};
use neurocart_evidence::study::{Direction, Finding};
use neurocart_report::format::{fixed, significant};

/// A figure in the unit of the outcome: one decimal for percentages, three figures else.
pub fn number(x: f64, unit: &str) -> String {
    match unit {
        "%" => fixed(x, 1),
        _ => significant(x),
    }
}

/// A figure as a cell of a table, rounded as [`number`] does.
pub fn cell(x: Option<f64>, unit: &str) -> serde_json::Value {
    // By way of text: exact at any size, and the same on every machine.
    let rounded = |x: f64| match unit {
        "%" => format!("{x:.1}"),
        _ => format!("{x:.2e}"),
    };
    // Adding 0 makes -0 a plain 0.
    x.and_then(|x| rounded(x).parse::<f64>().ok())
        .map(|x| x + 0.0)
        .into()
}

/// `5.5 months`.
pub fn months(time: f64) -> String {
    match (time * 10.0).round() / 10.0 {
        1.0 => "1 month".into(),
        t => format!("{t} months"),
    }
}

/// A unit behind its number; a ratio has none.
fn spoken(unit: &str) -> String {
    match unit {
        "" | "ratio" => String::new(),
        unit => format!(" {unit}"),
    }
}

/// Estimate with its limits: `91.7 % (61.5 to 99.8)`.
pub fn estimate(estimate: &Estimate, unit: &str) -> String {
    let of = |x: f64| number(x, unit);
    format!(
        "{}{} ({} to {})",
        of(estimate.estimate),
        spoken(unit),
        of(estimate.lower),
        of(estimate.upper)
    )
}

/// The prediction interval, where there is one.
pub fn prediction(estimate: &Estimate, unit: &str) -> Option<String> {
    let (lower, upper) = (estimate.prediction_lower?, estimate.prediction_upper?);
    Some(format!(
        "{} to {}",
        number(lower, unit),
        number(upper, unit)
    ))
}

/// How the studies differ.
pub fn heterogeneity(h: &Heterogeneity) -> String {
    let mut words = format!("tau {} ({})", significant(h.tau), h.scale);
    if let Some(i) = h.i_squared_percent {
        words += &format!(", I² {} %", fixed(i, 0));
    }
    if h.hardly_estimable {
        words += &format!(", hardly estimable from fewer than {TAU_ESTIMABLE} studies");
    }
    words
}

/// One study's figure: counts and percentage, or value and limits, or its text.
pub fn figure(row: &Row, measure: Measure) -> String {
    let of = |x: f64| number(x, &row.unit);
    let unit = spoken(&row.unit);
    let limits = match (row.lower, row.upper) {
        (Some(lower), Some(upper)) => {
            format!(" ({} to {}, {})", of(lower), of(upper), row.interval)
        }
        _ => String::new(),
    };
    match (measure, row.events, row.total, row.estimate) {
        (Measure::Proportion, Some(events), Some(total), Some(share)) => {
            format!("{events}/{total}, {}{unit}{limits}", of(share))
        }
        (Measure::Proportion, Some(events), None, _) => {
            format!("{events} with the event")
        }
        (Measure::Rate, Some(events), _, Some(rate)) if row.exposure_patient_years.is_some() => {
            let exposure = number(row.exposure_patient_years.unwrap_or(f64::NAN), "");
            format!(
                "{events} in {exposure} patient-years, {}{unit}{limits}",
                of(rate)
            )
        }
        (_, _, _, Some(value)) => {
            let counts = row.contrast.as_ref().and(row.text.as_ref());
            let counts = counts.map_or(String::new(), |text| format!(", {text}"));
            format!("{}{unit}{limits}{counts}", of(value))
        }
        (_, _, _, None) if row.lower.is_some() => {
            format!(
                "{} to {}{unit} ({})",
                of(row.lower.unwrap_or(0.0)),
                of(row.upper.unwrap_or(0.0)),
                row.interval
            )
        }
        _ => row.text.clone().unwrap_or_default(),
    }
}

/// Figures shown one by one in an answer of a line.
const SHOWN_SINGLY: usize = 3;

/// The answer of a group in a line: the pooled estimate, or the figures of few studies.
pub fn answer(series: &Series, pooled: &Pooled) -> String {
    let unit = unit(series);
    if let Some(first) = pooled.estimates.first() {
        let prediction = prediction(first, unit).map(|p| format!(", prediction {p}"));
        return format!(
            "{}{}, {}",
            estimate(first, unit),
            prediction.unwrap_or_default(),
            first.short
        );
    }
    let shown = series.rows.iter().take(SHOWN_SINGLY);
    let mut figures: Vec<String> = shown.map(|row| figure(row, series.measure)).collect();
    match series.rows.len() {
        0 => return "no study".into(),
        n if n > SHOWN_SINGLY => figures.push(format!("and {} more", n - SHOWN_SINGLY)),
        _ => {}
    }
    format!("{} (not pooled)", figures.join("; "))
}

/// Unit of a series.
pub fn unit(series: &Series) -> &str {
    series.rows.first().map_or("", |row| row.unit.as_str())
}

/// How many figures were left out for which reason, most frequent first.
pub fn reasons(series: &Series) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for left in &series.left_out {
        let words = match &left.reason {
            Reason::SharesPatients(_) => {
                "shares patients with a larger study that is taken".to_owned()
            }
            reason => reason.words(),
        };
        match groups.iter_mut().find(|(w, _)| *w == words) {
            Some((_, studies)) if studies.contains(&left.study) => {}
            Some((_, studies)) => studies.push(left.study.clone()),
            None => groups.push((words, vec![left.study.clone()])),
        }
    }
    groups.sort_by_key(|(_, studies)| std::cmp::Reverse(studies.len()));
    groups
}

/// Which way a finding went.
pub fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Improves => "improves",
        Direction::Worsens => "worsens",
        Direction::Falls => "falls",
        Direction::None => "no effect or no result",
        Direction::Safe => "no harm seen",
    }
}

/// A finding's number or text.
pub fn finding(finding: &Finding) -> String {
    let number = finding
        .value
        .map(|v| format!("{} {}", significant(v), finding.unit));
    let parts = [number, Some(finding.text.clone()).filter(|t| !t.is_empty())];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_keeps_three_figures_and_of_a_percentage_one_decimal() {
        assert_eq!(cell(Some(12.345), "%"), 12.3);
        assert_eq!(cell(Some(-0.04), "%").to_string(), "0.0");
        assert_eq!(cell(Some(0.000123456), "ratio"), 0.000123);
        assert_eq!(cell(Some(123_456.0), ""), 123_000.0);
        assert_eq!(cell(Some(1.234e300), ""), 1.23e300);
        assert!(cell(Some(f64::NAN), "%").is_null() && cell(None, "").is_null());
    }

    #[test]
    fn a_number_of_any_size_is_said_in_a_few_letters_and_near_its_value() {
        let sizes =
            (-320..=308).flat_map(|power| [1.0, 4.9999, 9.995].map(|m| m * 10f64.powi(power)));
        let extremes = [0.0, f64::MIN_POSITIVE, f64::MAX, f64::INFINITY, f64::NAN];
        for x in sizes.chain(extremes).flat_map(|x| [x, -x]) {
            for unit in ["%", "points", "ratio", ""] {
                let said = number(x, unit);
                assert!(unit == "%" || said.chars().count() <= 16, "{said}");
                // Numbers below the smallest normal one have no three figures.
                if let Some(shown) = cell(Some(x), unit).as_f64()
                    && x.abs() > 1e-305
                {
                    let slack = if unit == "%" { 0.051 } else { 0.0 };
                    assert!((shown - x).abs() <= 0.0051 * x.abs() + slack, "{shown} {x}");
                }
            }
            assert!(!months(x).is_empty());
        }
    }
}
