//! Figures of studies as their reports print them, in words.

use neurocart_evidence::codes::code;
use neurocart_evidence::series::statistic_words;
use neurocart_evidence::study::{
    Bound, Grade, IntervalKind, Observation, Outcome, Statistic, Tier, Treatment,
};

/// A number as printed; large ones by powers of ten, `1e6`.
pub fn number(x: f64) -> String {
    match x.abs() {
        size if size >= 1e5 => format!("{x:e}"),
        _ => x.to_string(),
    }
}

/// A number with its unit, if it has one.
fn with_unit(x: &str, unit: &str) -> String {
    match unit {
        "" => x.to_owned(),
        unit => format!("{x} {unit}"),
    }
}

/// What a figure says: `11/12 (92 %)`, `mean -7.1 points; 95 % CI -9.5 to -4.7`, or its text.
pub fn result(outcome: &Outcome) -> String {
    let value = outcome.value.map(|v| with_unit(&number(v), &outcome.unit));
    let value = value.map(|value| match outcome.statistic {
        Statistic::Count | Statistic::Percentage | Statistic::Value | Statistic::Text => value,
        Statistic::Ratio if outcome.unit == "fold" => value,
        Statistic::Indicator => (if outcome.value == Some(0.0) {
            "no"
        } else {
            "yes"
        })
        .to_owned(),
        Statistic::PValue => format!("p = {value}"),
        Statistic::Maximum => format!("at most {value}"),
        Statistic::Minimum => format!("at least {value}"),
        statistic => format!("{} {value}", statistic_words(statistic)),
    });
    let mut text = match (outcome.events, outcome.total, value) {
        (Some(events), Some(total), Some(value)) => format!("{events}/{total} ({value})"),
        (Some(events), Some(total), None) => format!("{events}/{total}"),
        (None, Some(total), Some(value)) => format!("{value}, n = {total}"),
        (Some(events), None, _) => format!("{events} patients, of how many is not reported"),
        (None, _, Some(value)) => value,
        (None, Some(total), None) => format!("n = {total}"),
        (None, None, None) => String::new(),
    };
    let mut add = |part: String| match text.is_empty() {
        true => text = part,
        false => text += &format!("; {part}"),
    };
    if let (Some(lower), Some(upper)) = (outcome.lower, outcome.upper) {
        let kind = outcome.interval.map(interval).unwrap_or("from");
        let range = format!("{} to {}", number(lower), number(upper));
        add(match outcome.value {
            Some(_) => format!("{kind} {range}"),
            None => format!("{kind} {}", with_unit(&range, &outcome.unit)),
        });
    }
    if let Some(deviation) = outcome.standard_deviation {
        add(format!("SD {}", number(deviation)));
    }
    if let Some(error) = outcome.standard_error {
        add(format!("SE {}", number(error)));
    }
    if let Some(words) = &outcome.text {
        add(words.clone());
    }
    text
}

fn interval(kind: IntervalKind) -> &'static str {
    match kind {
        IntervalKind::CI90 => "90 % CI",
        IntervalKind::CI95 => "95 % CI",
        IntervalKind::CI97_5 => "97.5 % CI",
        IntervalKind::CrI95 => "95 % CrI",
        IntervalKind::IQR => "quartiles",
        IntervalKind::Range => "range",
    }
}

/// What was seen in a patient: `yes`, `2 grade`, `above 6000 m`, or its text.
pub fn observed(observation: &Observation) -> String {
    let Some(value) = observation.value else {
        return observation.text.clone().unwrap_or_default();
    };
    if observation.unit == "0/1" {
        return (if value == 0.0 { "no" } else { "yes" }).to_owned();
    }
    let bound = match observation.bound {
        Some(Bound::Below) => "below ",
        Some(Bound::Above) => "above ",
        None => "",
    };
    let shown = match observation.unit.as_str() {
        "grade" => format!("grade {value}"),
        "1/titre" => format!("1:{value}"),
        unit => with_unit(&number(value), unit),
    };
    format!("{bound}{shown}")
}

/// Dose with its unit, and in words where it varied.
pub fn dose(treatment: &Treatment) -> Option<String> {
    let dose = treatment.dose.zip(treatment.dose_unit.as_deref());
    let dose = dose.map(|(dose, unit)| with_unit(&number(dose), unit));
    match (dose, &treatment.dose_description) {
        (Some(dose), Some(words)) => Some(format!("{dose}; {words}")),
        (dose, words) => dose.or(words.clone()),
    }
}

/// How well a number is known, and the tier of the text in which it was read: `seen A`.
pub fn grade_and_tier(grade: Grade, tier: Tier) -> String {
    format!("{} {}", code(&grade), code(&tier))
}

#[cfg(test)]
mod tests {
    use neurocart_evidence::evidence::parse;

    use super::*;

    #[test]
    fn figures_are_said_as_papers_print_them() {
        let text = include_str!("../../../../library/evidence/studies/vu2026-mg001-2b.toml");
        let study = parse(text, "vu2026-mg001-2b.toml").unwrap();
        let said: Vec<String> = study.outcomes.iter().map(result).collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        p = 0.048
        p = 0.018
        10/12 (83 %)
        mean -4.8 points, n = 12; SE 1.4
        mean -5.5 points, n = 12; SE 1.1
        at most -6 points, n = 12
        4/12 (33 %)
        mean -6 points, n = 12; SE 2.1
        mean -4.8 points, n = 12; SE 1.7
        11/16 (69 %)
        10/14 (71 %)
        mean -7.1 points, n = 7
        57 %
        mean -9.4 points, n = 7
        mean -5.6 points
        mean -8.3 points
        mean -7.9 points
        mean -5 points
        5/15 (33 %)
        3/12 (25 %)
        0 patients, of how many is not reported
        0 patients, of how many is not reported
        ");
    }

    #[test]
    fn large_numbers_are_powers_of_ten() {
        assert_eq!(number(1_000_000.0), "1e6");
        assert_eq!(number(25_000.0), "25000");
        assert_eq!(number(-17.5), "-17.5");
    }
}
