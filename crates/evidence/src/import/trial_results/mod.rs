//! Posted results of a trial as outcomes of a draft.
//!
//! A figure is taken only where its group, its number of participants, its time and its unit are plain. A
//! registry counts participants term by term, and one participant may have several terms, or one term both
//! as a serious and as another event. So a number of patients lies between the largest single count and
//! the sum of the counts; it is taken where the two are equal, and left to a person where not.

mod arms;
mod events;
mod measures;
mod record;

use super::clinical_trials::ArmGroup;
use super::draft::Draft;
use crate::study::{Grade, Outcome, Statistic, Tier};
use crate::vocabulary::Vocabulary;
use arms::map_arms;
use events::map_adverse_events;
use measures::map_measure;

pub(super) use record::Results;

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

/// The only item; none where there are several, since it is open which one counts.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    items.next().filter(|_| items.next().is_none())
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
        exposure_patient_years: None,
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
