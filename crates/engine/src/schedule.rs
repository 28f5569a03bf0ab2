//! When a patient's solve must stop, and what happens there.

use crate::patient::{Action, Patient, Reason};
use crate::program::Program;

/// A moment at which the integrator stops exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stop {
    pub time: f64,
    pub change: Change,
}

/// What happens at a stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Change {
    /// To the target with this index.
    Dose(usize, Action),
    /// An infusion into the target starts or ends.
    Rate(usize),
    /// The model's event with this index.
    Event(usize),
}

/// The stops of a patient up to `end`, in order of time; at equal times doses first, in the order
/// given, then the model's own events.
pub(crate) fn schedule(
    program: &Program,
    patient: &Patient,
    start: f64,
    end: f64,
) -> Result<Vec<Stop>, Reason> {
    let mut stops = Vec::with_capacity(patient.doses.len());
    for dose in &patient.doses {
        let bad = |message: String| Err(Reason::BadInput(message));
        let Some(name) = program.targets().get(dose.target) else {
            return bad(format!("dose target {} does not exist", dose.target));
        };
        let time = dose.time_days;
        if time.is_nan() || time < start {
            return bad(format!(
                "dose of `{name}` at day {time}: expected a day from the start ({start}) on"
            ));
        }
        let amount = match dose.action {
            Action::Add(x) | Action::Set(x) | Action::Multiply(x) => x,
            Action::Infuse { amount, .. } => amount,
        };
        if !amount.is_finite() {
            return bad(format!(
                "dose of `{name}` at day {time} is {amount}, expected a number"
            ));
        }
        match dose.action {
            Action::Infuse { duration_days, .. } => {
                if !(duration_days > 0.0 && duration_days.is_finite()) {
                    return bad(format!(
                        "infusion of `{name}` at day {time} lasts {duration_days} days, expected \
                         more than 0"
                    ));
                }
                let end = time + duration_days;
                if end == time {
                    return bad(format!(
                        "infusion of `{name}` at day {time} lasts {duration_days} days, too short \
                         to be told from a bolus; give it as one"
                    ));
                }
                let change = Change::Rate(dose.target);
                stops.push(Stop { time, change });
                stops.push(Stop { time: end, change });
            }
            action => stops.push(Stop {
                time,
                change: Change::Dose(dose.target, action),
            }),
        }
    }
    stops.retain(|s| s.time <= end);
    stops.sort_by(|a, b| a.time.total_cmp(&b.time));
    Ok(stops)
}

/// Adds the model's own events whose moments are known. One that holds at the start does not fire.
pub(crate) fn add_events(stops: &mut Vec<Stop>, moments: &[(usize, f64)], start: f64, end: f64) {
    for &(event, time) in moments {
        if time > start && time <= end {
            stops.push(Stop {
                time,
                change: Change::Event(event),
            });
        }
    }
    stops.sort_by(|a, b| a.time.total_cmp(&b.time));
}
