//! Posted results of a trial as outcomes of a draft.
//!
//! A figure is taken only where its group, its number of participants, its time and its unit are plain. A
//! registry counts participants term by term, and one participant may have several terms, or one term both
//! as a serious and as another event. So a number of patients lies between the largest single count and
//! the sum of the counts; it is taken where the two are equal, and left to a person where not.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::clinical_trials::{ArmGroup, count, is_control};
use super::draft::Draft;
use super::mapping::{self, Time};
use crate::study::*;
use crate::vocabulary::{OutcomeCode, OutcomeKind, Vocabulary};

/// The results section.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Results {
    participant_flow_module: Flow,
    outcome_measures_module: Measures,
    adverse_events_module: AdverseEvents,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Flow {
    groups: Vec<Group>,
    periods: Vec<Period>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Group {
    id: String,
    title: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Period {
    milestones: Vec<Milestone>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Milestone {
    #[serde(rename = "type")]
    kind: String,
    achievements: Vec<Achievement>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Achievement {
    group_id: String,
    #[serde(deserialize_with = "count")]
    num_subjects: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Measures {
    outcome_measures: Vec<Measure>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Measure {
    title: String,
    reporting_status: String,
    param_type: String,
    dispersion_type: String,
    unit_of_measure: String,
    time_frame: String,
    groups: Vec<Group>,
    denoms: Vec<Denominator>,
    classes: Vec<Class>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Denominator {
    units: String,
    counts: Vec<DenominatorCount>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DenominatorCount {
    group_id: String,
    #[serde(deserialize_with = "count")]
    value: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Class {
    title: String,
    denoms: Vec<Denominator>,
    categories: Vec<Category>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Category {
    title: String,
    measurements: Vec<Measurement>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Measurement {
    group_id: String,
    #[serde(deserialize_with = "printed")]
    value: String,
    #[serde(deserialize_with = "printed")]
    spread: String,
    #[serde(deserialize_with = "printed")]
    lower_limit: String,
    #[serde(deserialize_with = "printed")]
    upper_limit: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct AdverseEvents {
    #[serde(deserialize_with = "printed")]
    frequency_threshold: String,
    time_frame: String,
    event_groups: Vec<EventGroup>,
    serious_events: Vec<Event>,
    other_events: Vec<Event>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct EventGroup {
    id: String,
    title: String,
    #[serde(deserialize_with = "count")]
    deaths_num_affected: Option<u64>,
    #[serde(deserialize_with = "count")]
    deaths_num_at_risk: Option<u64>,
    #[serde(deserialize_with = "count")]
    serious_num_at_risk: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Event {
    term: String,
    organ_system: String,
    stats: Vec<EventCount>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct EventCount {
    group_id: String,
    #[serde(deserialize_with = "count")]
    num_affected: Option<u64>,
    #[serde(deserialize_with = "count")]
    num_at_risk: Option<u64>,
}

/// A number as the registry prints it: a text, in some tools' copies a number.
fn printed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Printed {
        Text(String),
        Number(serde_json::Number),
    }
    Ok(match Option::<Printed>::deserialize(deserializer)? {
        None => String::new(),
        Some(Printed::Text(text)) => text,
        Some(Printed::Number(number)) => number.to_string(),
    })
}

/// Takes arms and outcomes from the results into the draft.
pub(super) fn map(
    draft: &mut Draft,
    results: &Results,
    protocol: &[ArmGroup],
    vocabulary: &Vocabulary,
) {
    map_arms(draft, results, protocol);
    map_adverse_events(draft, &results.adverse_events_module, vocabulary);
    for measure in &results.outcome_measures_module.outcome_measures {
        map_measure(draft, measure, vocabulary);
    }
}

fn arm(name: &str, role: ArmRole, patients: Option<u64>) -> Arm {
    Arm {
        name: name.to_owned(),
        role,
        part_of: None,
        patients,
        diseases: Vec::new(),
        therapy: None,
        description: String::new(),
    }
}

/// Arms are the groups of the participant flow, or where there is none, those of the adverse events.
fn map_arms(draft: &mut Draft, results: &Results, protocol: &[ArmGroup]) {
    let flow = &results.participant_flow_module;
    let started = |group: &Group| -> Option<u64> {
        let milestones = &flow.periods.first()?.milestones;
        let started = only(milestones.iter().filter(|m| m.kind == "STARTED"))?;
        let of_group = started.achievements.iter();
        only(of_group.filter(|a| a.group_id == group.id))?.num_subjects
    };
    let mut groups: Vec<(&str, Option<u64>)> = flow
        .groups
        .iter()
        .map(|group| (group.title.as_str(), started(group)))
        .collect();
    if groups.is_empty() {
        let of_events = results.adverse_events_module.event_groups.iter();
        groups = of_events
            .map(|g| (g.title.as_str(), g.serious_num_at_risk))
            .collect();
    }
    for (title, patients) in groups {
        if title.trim().is_empty() || find_arm(draft, title).is_some() {
            draft.decide(
                "arm",
                format!("two groups of the results are called `{title}`; the second is left out"),
            );
            continue;
        }
        let name = mapping::words(title);
        let registered = protocol
            .iter()
            .find(|arm| mapping::words(&arm.label) == name);
        let only_kind = protocol
            .iter()
            .all(|arm| is_control(arm) == is_control(&protocol[0]));
        let control = match registered {
            Some(arm) => is_control(arm),
            None if !protocol.is_empty() && only_kind => is_control(&protocol[0]),
            None => {
                draft.decide(
                    "arm",
                    format!("`{title}` is no arm of the protocol: is its role treated or control?"),
                );
                mapping::has(&name, &["placebo", "control", "standard of care"])
            }
        };
        let role = if control {
            ArmRole::Control
        } else {
            ArmRole::Treated
        };
        draft.study.arms.push(arm(title, role, patients));
    }
    let patients: Option<u64> = draft.study.arms.iter().map(|arm| arm.patients).sum();
    if !draft.study.arms.is_empty() {
        draft.study.design.patients = patients;
    }
}

/// The only item; none where there are several, since it is open which one counts.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    items.next().filter(|_| items.next().is_none())
}

fn find_arm(draft: &Draft, title: &str) -> Option<usize> {
    let name = mapping::words(title);
    draft
        .study
        .arms
        .iter()
        .position(|arm| mapping::words(&arm.name) == name)
}

/// The arm behind a group of a table, by its title; where the study has one arm, by its size. A smaller
/// group of the only arm is an analysis set of it.
fn arm_of(draft: &mut Draft, title: &str, patients: Option<u64>) -> Option<String> {
    if let Some(index) = find_arm(draft, title) {
        return Some(draft.study.arms[index].name.clone());
    }
    let mut treated = draft
        .study
        .arms
        .iter()
        .filter(|arm| arm.role != ArmRole::AnalysisSet);
    let (only, None) = (treated.next()?.clone(), treated.next()) else {
        return None;
    };
    let (all, some) = (only.patients?, patients?);
    if some == all {
        return Some(only.name);
    }
    if some > all || title.trim().is_empty() {
        return None;
    }
    draft.study.arms.push(Arm {
        part_of: Some(only.name),
        ..arm(title, ArmRole::AnalysisSet, patients)
    });
    Some(title.to_owned())
}

fn figure(code: &str, arm: String, locator: String, time_frame: &str) -> Outcome {
    Outcome {
        outcome: code.to_owned(),
        arm,
        contrast: None,
        definition: None,
        time_months: None,
        time_weeks: None,
        statistic: Statistic::Count,
        events: None,
        total: None,
        value: None,
        text: None,
        standard_deviation: None,
        standard_error: None,
        lower: None,
        upper: None,
        interval: None,
        unit: String::new(),
        grading: None,
        cite: None,
        locator,
        grade: Grade::Seen,
        tier: Tier::A,
        address: None,
        note: match time_frame.trim() {
            "" => String::new(),
            frame => format!("time frame: {frame}"),
        },
    }
}

/// Terms that mean one outcome and nothing else.
const TERMS: [(&str, &[&str]); 3] = [
    (
        "crs_any",
        &[
            "cytokine release syndrome",
            "cytokine release syndrome crs",
            "crs",
        ],
    ),
    (
        "icans_any",
        &[
            "immune effector cell associated neurotoxicity syndrome",
            "immune effector cell associated neurotoxicity syndrome icans",
            "immune effector cell associated neurotoxicity",
            "icans",
        ],
    ),
    (
        "gvhd",
        &[
            "graft versus host disease",
            "acute graft versus host disease",
            "gvhd",
        ],
    ),
];

/// The outcome of which an event is a case, if that is plain.
fn code_of_event(event: &Event) -> Option<&'static str> {
    let term = mapping::words(&event.term);
    let named = TERMS.iter().find(|(_, terms)| terms.contains(&term.trim()));
    match named {
        Some((code, _)) => Some(code),
        None if mapping::words(&event.organ_system) == " infections and infestations " => {
            Some("infection_any")
        }
        None => None,
    }
}

fn map_adverse_events(draft: &mut Draft, module: &AdverseEvents, vocabulary: &Vocabulary) {
    let serious = module.serious_events.iter().map(|event| (event, true));
    let all: Vec<(&Event, bool)> = serious
        .chain(module.other_events.iter().map(|event| (event, false)))
        .collect();
    let mut by_code: BTreeMap<&str, Vec<(&Event, bool)>> = BTreeMap::new();
    for (event, is_serious) in &all {
        match code_of_event(event) {
            Some(code) if vocabulary.outcomes.contains_key(code) => {
                by_code.entry(code).or_default().push((event, *is_serious));
            }
            _ => undecided_event(draft, event, vocabulary),
        }
    }
    for group in &module.event_groups {
        if let (Some(deaths), Some(at_risk)) = (group.deaths_num_affected, group.deaths_num_at_risk)
            && at_risk > 0
        {
            let locator = "adverseEventsModule, deaths of any cause";
            take_count(
                draft,
                "death",
                &group.title,
                (deaths, at_risk),
                locator,
                module,
                vocabulary,
            );
        }
        for (code, events) in &by_code {
            map_event_counts(draft, code, events, group, module, vocabulary);
        }
    }
    let reports_events = !module.event_groups.is_empty();
    let is_car_t = draft
        .study
        .treatment
        .as_ref()
        .is_some_and(|t| t.modality == Modality::CarT);
    for code in ["crs_any", "icans_any"] {
        if reports_events && is_car_t && !by_code.contains_key(code) {
            draft.decide(
                "outcome",
                format!(
                    "{code}: adverseEventsModule lists none; enter 0 only if another report says so"
                ),
            );
        }
    }
}

/// Events that only may be a case of an outcome: a person sees the grade.
fn undecided_event(draft: &mut Draft, event: &Event, vocabulary: &Vocabulary) {
    let codes = mapping::outcomes(&event.term, vocabulary);
    let Some(code) = codes.first() else { return };
    let counts: Vec<String> = event
        .stats
        .iter()
        .filter_map(|s| Some(format!("{} of {}", s.num_affected?, s.num_at_risk?)))
        .collect();
    draft.decide(
        "outcome",
        format!(
            "{code}? adverseEventsModule lists {:?} in {}, without a grade",
            event.term,
            counts.join(", ")
        ),
    );
}

fn map_event_counts(
    draft: &mut Draft,
    code: &str,
    events: &[(&Event, bool)],
    group: &EventGroup,
    module: &AdverseEvents,
    vocabulary: &Vocabulary,
) {
    let mut terms: Vec<&str> = events
        .iter()
        .map(|(event, _)| event.term.as_str())
        .collect();
    terms.sort();
    terms.dedup();
    let listed = match terms.as_slice() {
        [term] => (*term).to_owned(),
        several => format!("{} terms of infections and infestations", several.len()),
    };
    let locator = format!("adverseEventsModule, {listed}");
    let counts: Option<Vec<(u64, u64)>> = events
        .iter()
        .map(|(event, _)| {
            let count = only(event.stats.iter().filter(|s| s.group_id == group.id))?;
            Some((count.num_affected?, count.num_at_risk?))
        })
        .collect();
    let Some(counts) = counts.filter(|c| c.iter().all(|(_, n)| *n == c[0].1 && *n > 0)) else {
        draft.decide(
            "outcome",
            format!(
                "{code}: {locator}: `{}` has no count, or several",
                group.title
            ),
        );
        return;
    };
    let at_risk = counts[0].1;
    let fewest = counts.iter().map(|c| c.0).max().unwrap_or(0);
    let most = counts.iter().map(|c| c.0).sum::<u64>();
    // Below the threshold other events are not listed, so that a sum may miss some.
    let threshold_is_zero = module.frequency_threshold.parse() == Ok(0.0_f64);
    let complete = threshold_is_zero
        || (code != "infection_any" && events.iter().any(|(_, is_serious)| !is_serious));
    if fewest == most && complete {
        take_count(
            draft,
            code,
            &group.title,
            (most, at_risk),
            &locator,
            module,
            vocabulary,
        );
    } else {
        let most = if complete { most.min(at_risk) } else { at_risk };
        draft.decide(
            "outcome",
            format!(
                "{code}: {locator}: of `{}` between {fewest} and {most} of {at_risk} had one, since a patient can be counted under several{}",
                group.title,
                if complete { "" } else { " and rarer events are not listed" }
            ),
        );
    }
}

fn take_count(
    draft: &mut Draft,
    code: &str,
    group: &str,
    (events, total): (u64, u64),
    locator: &str,
    module: &AdverseEvents,
    vocabulary: &Vocabulary,
) {
    let Some(arm) = arm_of(draft, group, Some(total)) else {
        draft.decide(
            "outcome",
            format!("{code}: {locator}: of which arm is `{group}`?"),
        );
        return;
    };
    let outcome = Outcome {
        events: Some(events),
        total: Some(total),
        ..figure(code, arm, locator.to_owned(), &module.time_frame)
    };
    draft.offer(outcome, vocabulary);
}

fn map_measure(draft: &mut Draft, measure: &Measure, vocabulary: &Vocabulary) {
    let locator = format!("outcomeMeasuresModule, {}", measure.title);
    if !["", "POSTED"].contains(&measure.reporting_status.as_str()) {
        return;
    }
    let codes = mapping::outcomes(&measure.title, vocabulary);
    let [code] = codes.as_slice() else {
        let what = match codes.is_empty() {
            true => "no outcome of evidence/outcomes.csv is recognised".to_owned(),
            false => format!("is it {}?", codes.join(" or ")),
        };
        draft.decide("outcome", format!("{locator}: {what}"));
        return;
    };
    let grade_is_missing = code.ends_with("_g3plus") && !mapping::is_grade_3(&measure.title);
    if grade_is_missing {
        draft.decide(
            "outcome",
            format!("{code}? {locator}: the title names no grade"),
        );
        return;
    }
    let code = &vocabulary.outcomes[code];
    for class in &measure.classes {
        let place = match class.title.is_empty() {
            true => locator.clone(),
            false => format!("{locator}, {}", class.title),
        };
        let [category] = class.categories.as_slice() else {
            draft.decide(
                "outcome",
                format!(
                    "{}? {place}: {} categories",
                    code.code,
                    class.categories.len()
                ),
            );
            continue;
        };
        let place = match category.title.is_empty() {
            true => place,
            false => format!("{place}, {}", category.title),
        };
        for measurement in &category.measurements {
            let row = Row {
                measure,
                class,
                measurement,
                code,
                place: &place,
            };
            if let Err(why) = row.take(draft, vocabulary) {
                draft.decide("outcome", format!("{}? {place}: {why}", code.code));
            }
        }
    }
}

/// One measurement of one group.
struct Row<'a> {
    measure: &'a Measure,
    class: &'a Class,
    measurement: &'a Measurement,
    code: &'a OutcomeCode,
    place: &'a str,
}

impl Row<'_> {
    /// Takes the measurement into the draft, or says why a person must.
    fn take(&self, draft: &mut Draft, vocabulary: &Vocabulary) -> Result<(), String> {
        let measure = self.measure;
        let id = &self.measurement.group_id;
        let group = only(measure.groups.iter().filter(|group| group.id == *id))
            .ok_or_else(|| format!("the group `{id}` is not listed once"))?;
        let total = self
            .total()
            .ok_or_else(|| format!("`{}` has no number of participants", group.title))?;
        if total == 0 {
            return Err(format!("nobody of `{}` was looked at", group.title));
        }
        let mut outcome = figure(
            &self.code.code,
            String::new(),
            self.place.to_owned(),
            &measure.time_frame,
        );
        outcome.total = Some(total);
        self.time(&mut outcome)?;
        match self.statistic()? {
            Statistic::Count => {
                outcome.events = Some(self.measurement.value.parse().map_err(|_| {
                    format!(
                        "{:?} of `{}` is no number of patients",
                        self.measurement.value, group.title
                    )
                })?);
            }
            statistic => {
                if self.code.kind == OutcomeKind::Change
                    && !mapping::has(&mapping::words(&measure.title), &["change"])
                {
                    return Err("the title does not say that it is a change".into());
                }
                outcome.statistic = statistic;
                outcome.value = Some(number(&self.measurement.value)?);
                outcome.unit = self.unit()?;
                self.spread(&mut outcome)?;
            }
        }
        outcome.arm = arm_of(draft, &group.title, Some(total))
            .ok_or_else(|| format!("of which arm is `{}`?", group.title))?;
        draft.offer(outcome, vocabulary);
        Ok(())
    }

    fn total(&self) -> Option<u64> {
        let of = |denoms: &[Denominator]| {
            let participants = only(denoms.iter().filter(|d| d.units == "Participants"))?;
            let id = &self.measurement.group_id;
            only(participants.counts.iter().filter(|c| c.group_id == *id))?.value
        };
        of(&self.class.denoms).or_else(|| of(&self.measure.denoms))
    }

    fn statistic(&self) -> Result<Statistic, String> {
        let unit = mapping::words(&self.measure.unit_of_measure);
        match constant(&self.measure.param_type).as_str() {
            "COUNT_OF_PARTICIPANTS" => Ok(Statistic::Count),
            "NUMBER"
                if mapping::has(&unit, &["participant", "patient", "subject"])
                    && !unit.contains("percent") =>
            {
                Ok(Statistic::Count)
            }
            "MEAN" => Ok(Statistic::Mean),
            "LEAST_SQUARES_MEAN" => Ok(Statistic::AdjustedMean),
            "GEOMETRIC_MEAN" => Ok(Statistic::GeometricMean),
            "MEDIAN" => Ok(Statistic::Median),
            other => Err(format!("a number of type {other:?}")),
        }
    }

    /// The time of a class (`Week 12`), else of the measure. A change or a level without its time is no
    /// figure; an event counted over a window is.
    fn time(&self, outcome: &mut Outcome) -> Result<(), String> {
        let time =
            mapping::time(&self.class.title).or_else(|| mapping::time(&self.measure.time_frame));
        match time {
            Some(Time::Weeks(weeks)) => outcome.time_weeks = Some(weeks),
            Some(Time::Months(months)) => outcome.time_months = Some(months),
            None if matches!(self.code.kind, OutcomeKind::Change | OutcomeKind::Level) => {
                return Err(format!(
                    "at which time? The record says {:?}",
                    self.measure.time_frame
                ));
            }
            None => {}
        }
        Ok(())
    }

    fn unit(&self) -> Result<String, String> {
        const POINTS: [&str; 5] = [
            "score on a scale",
            "scores on a scale",
            "units on a scale",
            "points",
            "point",
        ];
        let printed = self.measure.unit_of_measure.as_str();
        let small = printed.to_lowercase();
        let words = mapping::words(printed);
        let unit = match small.as_str() {
            _ if POINTS.contains(&words.trim()) => "points",
            _ if ["percent change", "percentage change", "percent"].contains(&words.trim()) => "%",
            other => other,
        };
        let units = &self.code.units;
        units
            .iter()
            .find(|allowed| allowed.eq_ignore_ascii_case(unit))
            .cloned()
            .ok_or_else(|| format!("the unit {printed:?} is none of {}", units.join(", ")))
    }

    fn spread(&self, outcome: &mut Outcome) -> Result<(), String> {
        let m = self.measurement;
        let limits = |kind| -> Result<_, String> {
            Ok((
                Some(number(&m.lower_limit)?),
                Some(number(&m.upper_limit)?),
                Some(kind),
            ))
        };
        let interval = match constant(&self.measure.dispersion_type).as_str() {
            "" | "NA" => return Ok(()),
            "STANDARD_DEVIATION" => {
                outcome.standard_deviation = Some(number(&m.spread)?);
                return Ok(());
            }
            "STANDARD_ERROR" => {
                outcome.standard_error = Some(number(&m.spread)?);
                return Ok(());
            }
            "CONFIDENCE_95" | "95_CONFIDENCE_INTERVAL" => limits(IntervalKind::CI95)?,
            "CONFIDENCE_90" | "90_CONFIDENCE_INTERVAL" => limits(IntervalKind::CI90)?,
            "CONFIDENCE_975" | "97_5_CONFIDENCE_INTERVAL" => limits(IntervalKind::CI97_5)?,
            "INTER_QUARTILE_RANGE" => limits(IntervalKind::IQR)?,
            "FULL_RANGE" => limits(IntervalKind::Range)?,
            other => return Err(format!("a spread of type {other:?}")),
        };
        (outcome.lower, outcome.upper, outcome.interval) = interval;
        Ok(())
    }
}

/// A constant of the registry, which some copies write as it is shown: `95% Confidence Interval`.
fn constant(text: &str) -> String {
    mapping::words(text).trim().to_uppercase().replace(' ', "_")
}

fn number(printed: &str) -> Result<f64, String> {
    let plain = printed.starts_with(|c: char| c.is_ascii_digit() || "-+.".contains(c))
        && printed.ends_with(|c: char| c.is_ascii_digit() || c == '.');
    match printed.parse::<f64>() {
        Ok(number) if plain && number.is_finite() => Ok(number),
        _ => Err(format!("{printed:?} is not a number")),
    }
}
