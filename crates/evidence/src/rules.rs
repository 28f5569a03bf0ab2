//! What must hold in a study file, and between study files, beyond its form.
//!
//! A number needs a source; a count fits its total; an interval holds its value; nobody is counted
//! twice; what is remembered is marked as remembered. Everything that is wrong is reported at once,
//! each with its line.

use std::collections::{BTreeMap, BTreeSet};

use neurocart_library::Problem;

use crate::import::DECIDE;
use crate::study::*;
use crate::vocabulary::{ANTIGENS, DOSE_UNITS, OutcomeCode, OutcomeKind, Vocabulary, is_target};

/// Printed percentages are rounded to whole ones at worst, and some are cut off.
const PERCENT_ROUNDING: f64 = 1.0;

/// A study file with its text, for messages.
#[derive(Clone, Copy, Debug)]
pub struct StudyFile<'a> {
    /// How messages call the file.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
    /// What it says.
    pub study: &'a Study,
}

impl<'a> StudyFile<'a> {
    fn problem(
        &self,
        place: Place,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Problem {
        Problem::new(self.name, message)
            .at(self.text, place.offset(self.text))
            .hint(hint)
    }
}

/// A place in a study file: a key in the `index`-th block of a table.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// `source` for `[source]`, `outcome` for `[[outcome]]`; empty for the top.
    table: &'static str,
    /// Which of the blocks, from 0.
    index: usize,
    /// The key; the head of the block if empty or absent.
    key: &'static str,
}

fn at(table: &'static str, index: usize, key: &'static str) -> Place {
    Place { table, index, key }
}

impl Place {
    /// Byte offset in `text`; the head of the block where the key does not stand in it.
    fn offset(self, text: &str) -> usize {
        let single = format!("[{}]", self.table);
        let many = format!("[[{}]]", self.table);
        let mut start = 0;
        let mut seen = 0;
        let mut head = (self.table.is_empty()).then_some(0);
        for line in text.split_inclusive('\n') {
            let trimmed = line.trim();
            if trimmed.starts_with('[') && !self.key.is_empty() && head.is_some() {
                break;
            }
            if trimmed == single || trimmed == many {
                if seen == self.index {
                    head = Some(start);
                    if self.key.is_empty() {
                        break;
                    }
                }
                seen += 1;
            } else if head.is_some()
                && trimmed
                    .strip_prefix(self.key)
                    .is_some_and(|rest| rest.trim_start().starts_with('='))
            {
                return start + (line.len() - line.trim_start().len());
            }
            start += line.len();
        }
        head.unwrap_or(0)
    }
}

/// What is wrong in one study file.
pub fn check_study(file: StudyFile, vocabulary: &Vocabulary) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_decided(file, &mut problems);
    check_head(file, vocabulary, &mut problems);
    check_source(file, &mut problems);
    check_arms(file, vocabulary, &mut problems);
    for index in 0..file.study.outcomes.len() {
        check_outcome(file, index, vocabulary, &mut problems);
    }
    check_outcomes_together(file, &mut problems);
    check_patients(file, vocabulary, &mut problems);
    check_findings(file, &mut problems);
    problems
}

/// A draft of `neurocart evidence import` is no study until a person has settled what it leaves open.
fn check_decided(file: StudyFile, problems: &mut Vec<Problem>) {
    let mut start = 0;
    for line in file.text.split_inclusive('\n') {
        if let Some(question) = line.strip_prefix(DECIDE) {
            problems.push(
                Problem::new(file.name, format!("left to decide: {}", question.trim()))
                    .at(file.text, start)
                    .hint("settle it in the file, then delete this line"),
            );
        }
        start += line.len();
    }
}

fn check_head(file: StudyFile, vocabulary: &Vocabulary, problems: &mut Vec<Problem>) {
    let study = file.study;
    let mut add =
        |place, message: String, hint: String| problems.push(file.problem(place, message, hint));
    if !is_slug(&study.id) {
        add(
            at("", 0, "id"),
            format!("`{}` is not an id", study.id),
            "use small letters, digits and hyphens, as in `qin2023-nmosd-ct103a`".into(),
        );
    }
    if study.title.trim().is_empty() {
        add(
            at("", 0, "title"),
            "the study has no title".into(),
            "say in a few words what it is about".into(),
        );
    }
    if !(1900..=2100).contains(&study.year) {
        add(
            at("", 0, "year"),
            format!("{} is not a year of publication", study.year),
            "write four digits".into(),
        );
    }
    if study.population.diseases.is_empty() {
        add(
            at("population", 0, "diseases"),
            "no disease is named".into(),
            "name at least one code of library/evidence/diseases.csv".into(),
        );
    }
    for disease in &study.population.diseases {
        if let Err(hint) = vocabulary.disease(disease) {
            add(
                at("population", 0, "diseases"),
                format!("unknown disease `{disease}`"),
                hint,
            );
        }
    }
    let Some(treatment) = &study.treatment else {
        return;
    };
    if !is_target(&treatment.target) {
        add(
            at("treatment", 0, "target"),
            format!("unknown target `{}`", treatment.target),
            format!(
                "name antigens ({} ...), joined by `+`, ` then ` or ` or `",
                ANTIGENS[..4].join(", ")
            ),
        );
    }
    match (&treatment.dose, &treatment.dose_unit) {
        (Some(dose), _) if !(dose.is_finite() && *dose > 0.0) => {
            add(
                at("treatment", 0, "dose"),
                format!("the dose {dose} is not above 0"),
                "leave it out where it is not known".into(),
            );
        }
        (Some(_), None) | (None, Some(_)) => {
            add(
                at("treatment", 0, "dose"),
                "a dose and its unit must stand together".into(),
                format!("units: {}", DOSE_UNITS.join(", ")),
            );
        }
        (_, Some(unit)) if !DOSE_UNITS.contains(&unit.as_str()) => {
            add(
                at("treatment", 0, "dose_unit"),
                format!("`{unit}` is no unit of a dose"),
                format!("units: {}", DOSE_UNITS.join(", ")),
            );
        }
        _ => {}
    }
}

fn is_slug(id: &str) -> bool {
    !id.is_empty()
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !id.starts_with('-')
        && !id.ends_with('-')
}

/// True if `text` is an address and so cannot stand where a citation must.
fn is_address(text: &str) -> bool {
    text.contains("://") || text.starts_with("www.")
}

/// True if `text` has the form of a trial number: NCT and eight digits, EudraCT or EU CT, ChiCTR and others.
pub fn is_trial_number(text: &str) -> bool {
    match text.strip_prefix("NCT") {
        Some(digits) => digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit()),
        None => [
            "EudraCT ", "EU CT ", "ChiCTR", "JPRN-", "jRCT", "ISRCTN", "ACTRN", "CTRI/",
        ]
        .iter()
        .any(|start| text.len() > start.len() && text.starts_with(start)),
    }
}

fn check_source(file: StudyFile, problems: &mut Vec<Problem>) {
    let source = &file.study.source;
    let mut add = |key, message: String, hint: &str| {
        problems.push(file.problem(at("source", 0, key), message, hint))
    };
    let identifiers = [&source.doi, &source.pmid, &source.pmcid, &source.reference];
    if identifiers.iter().all(|i| i.is_none()) && source.trials.is_empty() {
        add(
            "",
            "the study names nothing to cite".into(),
            "give a DOI, a PubMed number, a trial number, or journal and page as `reference`",
        );
    }
    if let Some(doi) = &source.doi
        && !(doi.starts_with("10.") && doi.contains('/') && !doi.contains(' '))
    {
        add(
            "doi",
            format!("`{doi}` is not a DOI"),
            "write it without `https://doi.org/`, as in `10.1038/s41392-022-01278-3`",
        );
    }
    if let Some(pmid) = &source.pmid
        && !(!pmid.is_empty() && pmid.len() <= 9 && pmid.bytes().all(|b| b.is_ascii_digit()))
    {
        add(
            "pmid",
            format!("`{pmid}` is not a PubMed number"),
            "write its digits alone",
        );
    }
    if let Some(pmcid) = &source.pmcid
        && !(pmcid
            .strip_prefix("PMC")
            .is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit())))
    {
        add(
            "pmcid",
            format!("`{pmcid}` is not a PubMed Central number"),
            "write it as in `PMC10861907`",
        );
    }
    if let Some(reference) = &source.reference
        && is_address(reference)
    {
        add(
            "reference",
            "an address is not a citation".into(),
            "cite the paper, abstract or registry entry; put the address under `addresses`",
        );
    }
    for trial in &source.trials {
        if !is_trial_number(trial) {
            add(
                "trials",
                format!("`{trial}` is not a trial number"),
                "write NCT and eight digits, or the number with the name of its registry",
            );
        }
    }
    if source.grade == Grade::Seen && source.addresses.is_empty() {
        add(
            "grade",
            "the study is `seen` but names no text that was read".into(),
            "give the address under `addresses`, or write `grade = \"recalled\"`",
        );
    }
    if let Some(message) = grade_against_tier(source.grade, source.tier) {
        add(
            "tier",
            message,
            "tier R is for what was recalled, and only for that",
        );
    }
}

fn grade_against_tier(grade: Grade, tier: Tier) -> Option<String> {
    ((grade == Grade::Recalled) != (tier == Tier::R)).then(|| {
        format!(
            "grade `{}` does not go with tier {tier:?}",
            if grade == Grade::Seen {
                "seen"
            } else {
                "recalled"
            }
        )
    })
}

fn check_arms(file: StudyFile, vocabulary: &Vocabulary, problems: &mut Vec<Problem>) {
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

fn check_outcome(
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

/// Severity steps of one outcome: `_any`, then grade by grade.
pub const SEVERITY: [&str; 5] = ["_any", "_g2plus", "_g3plus", "_g4plus", "_g5plus"];

/// No figure twice, no figure against another.
fn check_outcomes_together(file: StudyFile, problems: &mut Vec<Problem>) {
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
    for (index, row) in file.study.outcomes.iter().enumerate() {
        let Some((stem, step)) = SEVERITY
            .iter()
            .enumerate()
            .find_map(|(i, s)| Some((row.outcome.strip_suffix(s)?, i)))
        else {
            continue;
        };
        for milder in &file.study.outcomes {
            let is_milder = SEVERITY[..step]
                .iter()
                .any(|s| milder.outcome.strip_suffix(s) == Some(stem));
            let same_patients = (
                &milder.arm,
                milder.total,
                milder.months(),
                &milder.definition,
            ) == (&row.arm, row.total, row.months(), &row.definition);
            if let (true, true, Some(more), Some(fewer)) =
                (is_milder, same_patients, milder.events, row.events)
                && more < fewer
            {
                problems.push(file.problem(
                    at("outcome", index, "events"),
                    format!(
                        "{fewer} patients have `{}`, but only {more} have `{}`",
                        row.outcome, milder.outcome
                    ),
                    "who has the graver event has the milder one too; correct one of the two",
                ));
            }
        }
    }
}

fn check_patients(file: StudyFile, vocabulary: &Vocabulary, problems: &mut Vec<Problem>) {
    let study = file.study;
    let mut ids = BTreeSet::new();
    for (index, patient) in study.patients.iter().enumerate() {
        let mut add = |message: String, hint: String| {
            problems.push(file.problem(at("patient", index, "id"), message, hint))
        };
        if !ids.insert(&patient.id) {
            add(
                format!("patient `{}` stands twice", patient.id),
                "put all observations of a patient into one block".into(),
            );
        }
        if let Some(disease) = &patient.disease
            && let Err(hint) = vocabulary.disease(disease)
        {
            add(format!("unknown disease `{disease}`"), hint);
        }
        let mut seen = BTreeSet::new();
        for observation in &patient.observations {
            let variable = &observation.variable;
            if let Err(hint) = vocabulary.outcome(variable) {
                add(format!("unknown variable `{variable}`"), hint);
            } else if let Ok(code) = vocabulary.outcome(variable)
                && observation.value.is_some()
                && !code.units.contains(&observation.unit)
            {
                add(
                    format!("`{variable}` cannot be in `{}`", observation.unit),
                    format!("expected {}", code.units.join(" or ")),
                );
            }
            if !seen.insert((variable, observation.day.map(f64::to_bits))) {
                let day = observation
                    .day
                    .map_or("an unstated day".to_owned(), |d| format!("day {d}"));
                add(
                    format!("`{variable}` of `{}` on {day} stands twice", patient.id),
                    "keep one of the two".into(),
                );
            }
            if observation.value.is_some() == observation.text.is_some() {
                add(
                    format!(
                        "`{variable}` of `{}` needs a value or a text, and not both",
                        patient.id
                    ),
                    "give one of them".into(),
                );
            }
            if observation.value.is_some_and(|v| !v.is_finite())
                || observation.day.is_some_and(|d| !d.is_finite())
            {
                add(
                    format!("`{variable}` of `{}` is not finite", patient.id),
                    "leave out what is not known".into(),
                );
            }
            if observation.locator.trim().is_empty() {
                add(
                    format!(
                        "`{variable}` of `{}` does not say where it stands",
                        patient.id
                    ),
                    "write `abstract`, a table, a figure".into(),
                );
            }
            if let Some(message) = grade_against_tier(observation.grade, observation.tier) {
                add(
                    format!("`{variable}`: {message}"),
                    "tier R is for what was recalled, and only for that".into(),
                );
            }
        }
    }
    if let Some(patients) = study.design.patients
        && study.patients.len() as u64 > patients
    {
        let message = format!(
            "{} patients are listed, but the study has {patients}",
            study.patients.len()
        );
        problems.push(file.problem(
            at("design", 0, "patients"),
            message,
            "correct one of the two",
        ));
    }
}

fn check_findings(file: StudyFile, problems: &mut Vec<Problem>) {
    for (index, finding) in file.study.findings.iter().enumerate() {
        let mut add = |key, message: String, hint: &str| {
            problems.push(file.problem(at("finding", index, key), message, hint))
        };
        if finding.value.is_none() && finding.text.is_empty() {
            add(
                "outcome",
                format!("`{}` has neither a number nor a text", finding.outcome),
                "say what was found",
            );
        }
        if finding.value.is_some_and(|v| !v.is_finite()) {
            add(
                "value",
                format!("`{}` is not a finite number", finding.outcome),
                "leave out what is not known",
            );
        }
        if finding.value.is_some() && finding.unit.is_empty() {
            add(
                "unit",
                format!("`{}` has no unit", finding.outcome),
                "give the unit of the number",
            );
        }
        if finding.locator.trim().is_empty() {
            add(
                "locator",
                format!("`{}` does not say where it stands", finding.outcome),
                "write `abstract`, a table, a figure",
            );
        }
        if finding.cite.as_deref().is_some_and(is_address) {
            add(
                "cite",
                "an address is not a citation".into(),
                "cite the paper or abstract",
            );
        }
        if let Some(message) = grade_against_tier(finding.grade, finding.tier) {
            add(
                "tier",
                message,
                "tier R is for what was recalled, and only for that",
            );
        }
    }
    for (index, parameter) in file.study.model_parameters.iter().enumerate() {
        let mut add = |message: String, hint: &str| {
            problems.push(file.problem(at("model_parameter", index, "symbol"), message, hint))
        };
        let outside = |v: f64| {
            parameter.lower.is_some_and(|l| v < l) || parameter.upper.is_some_and(|u| v > u)
        };
        if parameter
            .value
            .is_some_and(|v| !v.is_finite() || outside(v) != parameter.outside_range_as_printed)
        {
            add(
                format!("`{}`: the range misses the value", parameter.symbol),
                "correct one of them, or say `outside_range_as_printed = true` where the source prints it so",
            );
        }
        if parameter.locator.trim().is_empty() {
            add(
                format!("`{}` does not say where it stands", parameter.symbol),
                "name the table",
            );
        }
    }
}

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
