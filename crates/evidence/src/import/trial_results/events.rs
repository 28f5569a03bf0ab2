//! Adverse events, counted term by term.

use std::collections::BTreeMap;

use super::arms::arm_of;
use super::record::{AdverseEvents, Event, EventGroup};
use super::{figure, only};
use crate::import::draft::Draft;
use crate::import::mapping;
use crate::study::{Modality, Outcome};
use crate::vocabulary::Vocabulary;

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

pub(super) fn map_adverse_events(
    draft: &mut Draft,
    module: &AdverseEvents,
    vocabulary: &Vocabulary,
) {
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
