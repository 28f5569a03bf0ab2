//! Counts, numbers and times that no study has: slips of a digit or of a unit, which would drown every sum.

use neurocart_library::Problem;

use super::StudyFile;
use super::place::{Place, at};

/// Most patients, events or animals; more than any study or register of the field has.
pub const LARGEST_COUNT: u64 = 10_000_000;
/// Largest size of any other number; cells per body and copies per millilitre lie far below it.
pub const LARGEST_NUMBER: f64 = 1e30;
/// Longest follow-up, months: 100 years.
pub const LONGEST_MONTHS: f64 = 1200.0;
/// The same in days.
const LONGEST_DAYS: f64 = 36_525.0;

pub(super) fn check_magnitudes(file: StudyFile, problems: &mut Vec<Problem>) {
    let study = file.study;
    let mut refuse = |place: Place, message: String, hint: String| {
        problems.push(file.problem(place, message, hint));
    };
    if let Some(months) = study.design.follow_up_months
        && !(0.0..=LONGEST_MONTHS).contains(&months)
    {
        refuse(
            at("design", 0, "follow_up_months"),
            format!("a follow-up of {months} months is not between 0 and 100 years"),
            "give the median in months".into(),
        );
    }
    let observations = study.patients.iter().enumerate().flat_map(|(index, p)| {
        let places = p.observations.iter().enumerate();
        places.map(move |(n, o)| (at("patient", index, "observations").nth(n), o))
    });
    for (place, observation) in observations {
        if let Some(day) = observation.day
            && !(-LONGEST_DAYS..=LONGEST_DAYS).contains(&day)
        {
            let message = format!(
                "`{}` on day {day} is not within 100 years",
                observation.variable
            );
            refuse(place, message, "count days from the infusion".into());
        }
    }
    for (place, name, count) in counts(file) {
        if count > LARGEST_COUNT {
            refuse(
                place,
                format!("{name} is {count}: more than any study has"),
                format!("at most {LARGEST_COUNT}; is a digit too many?"),
            );
        }
    }
    for (place, name, number) in numbers(file) {
        // What is not finite at all is refused where the number is read.
        if number.is_finite() && number.abs() > LARGEST_NUMBER {
            refuse(
                place,
                format!("{name} is {number:e}: larger than anything that is measured"),
                format!("at most {LARGEST_NUMBER:e}; is the unit right?"),
            );
        }
    }
    let Some(entry) = &study.population.entry else {
        return;
    };
    for (key, low, high) in [
        ("age_min_years", entry.age_min_years, entry.age_max_years),
        ("edss_min", entry.edss_min, entry.edss_max),
        ("mg_adl_min", entry.mg_adl_min, None),
    ] {
        let fine = |limit: Option<f64>| limit.is_none_or(|x| (0.0..=LARGEST_NUMBER).contains(&x));
        let crossed = low.zip(high).is_some_and(|(low, high)| low > high);
        if !fine(low) || !fine(high) || crossed {
            refuse(
                at("population.entry", 0, key),
                format!("`{key}` and its upper limit are no limits of entry"),
                "give limits from 0 on, the smaller as `min`".into(),
            );
        }
    }
}

/// Every count of a study with its place and name.
fn counts(file: StudyFile) -> Vec<(Place, String, u64)> {
    let study = file.study;
    let mut all = Vec::new();
    let mut add = |place, name: String, count: Option<u64>| {
        all.extend(count.map(|count| (place, name, count)));
    };
    add(
        at("design", 0, "patients"),
        "`patients`".into(),
        study.design.patients,
    );
    for (index, arm) in study.arms.iter().enumerate() {
        let name = format!("`patients` of `{}`", arm.name);
        add(at("arm", index, "patients"), name, arm.patients);
    }
    for (index, row) in study.outcomes.iter().enumerate() {
        for (key, count) in [("events", row.events), ("total", row.total)] {
            let name = format!("`{key}` of `{}`", row.outcome);
            add(at("outcome", index, key), name, count);
        }
    }
    for (index, finding) in study.findings.iter().enumerate() {
        let name = format!("`animals` of `{}`", finding.outcome);
        add(at("finding", index, "animals"), name, finding.animals);
    }
    all
}

/// Every measured number of a study with its place and name.
fn numbers(file: StudyFile) -> Vec<(Place, String, f64)> {
    let study = file.study;
    let mut all = Vec::new();
    let mut add = |place, name: &str, number: Option<f64>| {
        all.extend(number.map(|number| (place, format!("`{name}`"), number)));
    };
    if let Some(treatment) = &study.treatment {
        add(at("treatment", 0, "dose"), "dose", treatment.dose);
    }
    for (index, row) in study.outcomes.iter().enumerate() {
        for (key, number) in [
            ("value", row.value),
            ("lower", row.lower),
            ("upper", row.upper),
            ("standard_deviation", row.standard_deviation),
            ("standard_error", row.standard_error),
        ] {
            let name = format!("{}: {key}", row.outcome);
            add(at("outcome", index, key), &name, number);
        }
    }
    for (index, patient) in study.patients.iter().enumerate() {
        for (n, observation) in patient.observations.iter().enumerate() {
            let place = at("patient", index, "observations").nth(n);
            add(place, &observation.variable, observation.value);
        }
    }
    for (index, finding) in study.findings.iter().enumerate() {
        add(
            at("finding", index, "value"),
            &finding.outcome,
            finding.value,
        );
    }
    for (index, parameter) in study.model_parameters.iter().enumerate() {
        for number in [parameter.value, parameter.lower, parameter.upper] {
            let place = at("model_parameter", index, "symbol");
            add(place, &parameter.symbol, number);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use crate::rules::example::refused;

    #[test]
    fn a_count_is_one_that_a_study_can_have() {
        let said = refused(
            "role = \"treated\"\npatients = 12",
            "role = \"treated\"\npatients = 9223372036854775807",
        );
        assert!(
            said.contains("`patients` of `all` is 9223372036854775807: more than any study has"),
            "{said}"
        );
        assert!(said.contains("studies/example2026.toml:38:1"), "{said}");
        let said = refused(
            "direction = \"improves\"",
            "direction = \"improves\"\nanimals = 99999999",
        );
        assert!(
            said.starts_with("`animals` of `clinical score` is 99999999"),
            "{said}"
        );
    }

    #[test]
    fn a_number_is_one_that_can_be_measured() {
        let said = refused(
            "value = -5.5\nlower = -7.5",
            "standard_deviation = 1e300\nvalue = -5.5\nlower = -7.5",
        );
        assert!(
            said.starts_with("`mg_adl_change: standard_deviation` is 1e300: larger than anything"),
            "{said}"
        );
        let said = refused("dose = 1e8", "dose = 1e80");
        assert!(said.starts_with("`dose` is 1e80"), "{said}");
    }

    #[test]
    fn a_time_lies_within_a_century() {
        let said = refused(
            "patients = 12\n\n[population]",
            "patients = 12\nfollow_up_months = 1e300\n\n[population]",
        );
        assert!(said.starts_with("a follow-up of 1000"), "{said}");
        let said = refused(
            "variable = \"age\", day = 0",
            "variable = \"age\", day = -40000",
        );
        assert!(
            said.starts_with("`age` on day -40000 is not within 100 years"),
            "{said}"
        );
    }

    #[test]
    fn limits_of_entry_do_not_cross() {
        let entry =
            "diseases = [\"MG\"]\n\n[population.entry]\nage_min_years = 70\nage_max_years = 18";
        let said = refused("diseases = [\"MG\"]", entry);
        assert!(
            said.starts_with("`age_min_years` and its upper limit"),
            "{said}"
        );
        assert!(said.contains("example2026.toml:27:1"), "{said}");
    }
}
