//! Intercurrent events and the strategies for them (ICH E9(R1)), applied to one subject.
//!
//! Treatment policy uses the data whether or not the event happened; composite makes the event a
//! failure, or an event in a time to event; hypothetical sets aside what follows, as if the event
//! had not happened (what was set aside is for the analysis to supply); while on treatment uses
//! the last value, or the time at risk, before the event. Principal stratum keeps the subjects who
//! would not have the event under either treatment: that is a statement about both treatments, so
//! it can be evaluated only where membership is known, as in a simulation that runs both.
//!
//! Death is special: no value exists after it, so treatment policy cannot use one. It ends a time
//! to event as a competing event and a count at that day.
//! European Medicines Agency, ICH E9(R1) addendum on estimands, EMA/CHMP/ICH/436221/2017.

use crate::error::{finite, increasing, within};
use crate::reading::check;
use crate::{NotEvaluable, Reading};

/// What can happen after randomisation and change the meaning of later data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IntercurrentEvent {
    /// Rescue treatment.
    Rescue,
    /// A further infusion of the product.
    Reinfusion,
    /// Immunosuppression was taken up again.
    ImmunosuppressionRestart,
    /// The product could not be made.
    ManufacturingFailure,
    /// Death.
    Death,
}

impl std::fmt::Display for IntercurrentEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            IntercurrentEvent::Rescue => "rescue treatment",
            IntercurrentEvent::Reinfusion => "a further infusion",
            IntercurrentEvent::ImmunosuppressionRestart => "restart of immunosuppression",
            IntercurrentEvent::ManufacturingFailure => "manufacturing failure",
            IntercurrentEvent::Death => "death",
        })
    }
}

/// How an intercurrent event enters the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Data count whether or not the event happened.
    TreatmentPolicy,
    /// The event is a failure, or an event in a time to event.
    Composite,
    /// As if the event had not happened: data after it are set aside.
    Hypothetical,
    /// The last value, or the time at risk, before the event.
    WhileOnTreatment,
    /// Only subjects who would not have the event under either treatment.
    PrincipalStratum,
}

/// The strategy for each intercurrent event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strategies {
    /// Rescue treatment.
    pub rescue: Strategy,
    /// A further infusion.
    pub reinfusion: Strategy,
    /// Restart of immunosuppression.
    pub immunosuppression_restart: Strategy,
    /// Manufacturing failure.
    pub manufacturing_failure: Strategy,
    /// Death.
    pub death: Strategy,
}

impl Strategies {
    /// One strategy for every event.
    pub fn all(strategy: Strategy) -> Strategies {
        Strategies {
            rescue: strategy,
            reinfusion: strategy,
            immunosuppression_restart: strategy,
            manufacturing_failure: strategy,
            death: strategy,
        }
    }

    /// The strategy for one event.
    pub fn of(&self, event: IntercurrentEvent) -> Strategy {
        match event {
            IntercurrentEvent::Rescue => self.rescue,
            IntercurrentEvent::Reinfusion => self.reinfusion,
            IntercurrentEvent::ImmunosuppressionRestart => self.immunosuppression_restart,
            IntercurrentEvent::ManufacturingFailure => self.manufacturing_failure,
            IntercurrentEvent::Death => self.death,
        }
    }
}

/// An intercurrent event of a subject.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Occurrence {
    /// Which.
    pub event: IntercurrentEvent,
    /// When.
    pub time_days: f64,
}

/// What is known of a subject beside the outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subject<'a> {
    /// End of observation.
    pub until_days: f64,
    /// Intercurrent events, in any order; those after the end of observation do not count.
    pub occurrences: &'a [Occurrence],
    /// Whether the subject belongs to the principal stratum; `None` if not known.
    pub in_principal_stratum: Option<bool>,
}

/// What the strategies leave of a subject's observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Data up to and including this day count.
    pub until_days: f64,
    /// First event that is a failure, if it lies in the window.
    pub failure_days: Option<f64>,
    /// The event that cut the window short, and its strategy.
    pub cut: Option<(IntercurrentEvent, Strategy)>,
}

/// Applies the strategies to a subject's observation.
///
/// # Errors
/// A principal stratum without membership or a subject outside it; a day that is not finite.
pub fn window(subject: &Subject<'_>, strategies: &Strategies) -> Result<Window, NotEvaluable> {
    use IntercurrentEvent::{
        Death, ImmunosuppressionRestart, ManufacturingFailure, Reinfusion, Rescue,
    };
    finite("the end of observation", subject.until_days)?;
    let stratum = [
        Rescue,
        Reinfusion,
        ImmunosuppressionRestart,
        ManufacturingFailure,
        Death,
    ]
    .into_iter()
    .any(|event| strategies.of(event) == Strategy::PrincipalStratum);
    match subject.in_principal_stratum {
        None if stratum => return Err(NotEvaluable::UnknownStratum),
        Some(false) if stratum => return Err(NotEvaluable::OutsideStratum),
        _ => {}
    }
    let mut found = Window {
        until_days: subject.until_days,
        failure_days: None,
        cut: None,
    };
    for occurrence in subject.occurrences {
        let time = finite("an intercurrent event", occurrence.time_days)?;
        if time > subject.until_days {
            continue;
        }
        let strategy = strategies.of(occurrence.event);
        if strategy == Strategy::Composite {
            found.failure_days = Some(found.failure_days.map_or(time, |first| first.min(time)));
        }
        let cuts = matches!(
            strategy,
            Strategy::Hypothetical | Strategy::WhileOnTreatment
        ) || (occurrence.event == Death && strategy != Strategy::Composite);
        // Of two events on one day the first in the order of their names decides.
        let earlier = time < found.until_days
            || (time == found.until_days
                && found.cut.is_none_or(|(event, _)| occurrence.event < event));
        if cuts && earlier {
            found.until_days = time;
            found.cut = Some((occurrence.event, strategy));
        }
    }
    found.failure_days = found.failure_days.filter(|&time| time <= found.until_days);
    Ok(found)
}

/// A visit counts as the planned one if it lies this close to it.
const VISIT_DAYS: f64 = 0.5;

/// The value of a longitudinal outcome at a planned day.
///
/// `failure_value` is what a failure under the composite strategy is worth, such as the worst value
/// of the scale.
///
/// # Errors
/// No reading then, a reading that the strategies set aside, death before it, or a failure without
/// a value; readings out of order or not finite.
pub fn value_at(
    subject: &Subject<'_>,
    strategies: &Strategies,
    readings: &[Reading],
    day: f64,
    failure_value: Option<f64>,
) -> Result<f64, NotEvaluable> {
    check(readings)?;
    let window = window(subject, strategies)?;
    if window.failure_days.is_some_and(|failure| failure <= day) {
        return failure_value.ok_or(NotEvaluable::NoFailureValue);
    }
    let seen = || {
        readings
            .iter()
            .filter(|reading| reading.time_days <= window.until_days)
    };
    match window.cut {
        Some((_, Strategy::WhileOnTreatment)) if window.until_days < day => {
            let last = seen().next_back();
            return last.map(|r| r.value).ok_or(NotEvaluable::MissingVisit);
        }
        Some((
            IntercurrentEvent::Death,
            Strategy::TreatmentPolicy | Strategy::PrincipalStratum,
        )) if window.until_days < day => {
            return Err(NotEvaluable::Death);
        }
        Some((event, _)) if window.until_days < day => {
            return Err(NotEvaluable::SetAside { event });
        }
        _ => {}
    }
    seen()
        .find(|reading| (reading.time_days - day).abs() < VISIT_DAYS)
        .map(|reading| reading.value)
        .ok_or(NotEvaluable::MissingVisit)
}

/// A yes-or-no outcome on a value at a planned day; a failure is a no.
///
/// # Errors
/// As [`value_at`]; whether a missing value counts as a no is for the caller to say.
pub fn response_at(
    subject: &Subject<'_>,
    strategies: &Strategies,
    readings: &[Reading],
    day: f64,
    responds: impl Fn(f64) -> bool,
) -> Result<bool, NotEvaluable> {
    match value_at(subject, strategies, readings, day, None) {
        Ok(value) => Ok(responds(value)),
        Err(NotEvaluable::NoFailureValue) => Ok(false),
        Err(reason) => Err(reason),
    }
}

/// How a time to event ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// With the event, or with a failure under the composite strategy.
    Event,
    /// Without it.
    Censored,
    /// By death, which makes the event impossible.
    Death,
}

/// A time to event: when, and how it ended. `event_days` is the event itself, if it happened.
///
/// # Errors
/// As [`window`]; an event that is not finite.
pub fn time_to_event(
    subject: &Subject<'_>,
    strategies: &Strategies,
    event_days: Option<f64>,
) -> Result<(f64, Status), NotEvaluable> {
    if let Some(event) = event_days {
        finite("the event", event)?;
    }
    let window = window(subject, strategies)?;
    let own = event_days.filter(|&event| event <= window.until_days);
    let first = match (own, window.failure_days) {
        (Some(event), Some(failure)) => Some(event.min(failure)),
        (event, failure) => event.or(failure),
    };
    Ok(match (first, window.cut) {
        (Some(time), _) => (time, Status::Event),
        (None, Some((IntercurrentEvent::Death, Strategy::TreatmentPolicy))) => {
            (window.until_days, Status::Death)
        }
        (None, _) => (window.until_days, Status::Censored),
    })
}

/// A number of events and the days at risk, from the onsets of events in order of time.
///
/// # Errors
/// As [`window`]; onsets out of order; a composite strategy, which a count does not have; a window
/// that ends before day 0.
pub fn count(
    subject: &Subject<'_>,
    strategies: &Strategies,
    onsets_days: &[f64],
) -> Result<(u32, f64), NotEvaluable> {
    increasing("an event", onsets_days.iter().copied(), true)?;
    let window = window(subject, strategies)?;
    if window.failure_days.is_some() {
        return Err(NotEvaluable::CompositeCount);
    }
    within(
        "the end of the time at risk",
        window.until_days,
        (0.0, f64::MAX),
    )?;
    let events = onsets_days
        .iter()
        .filter(|&&onset| onset <= window.until_days)
        .count();
    Ok((events as u32, window.until_days))
}
