//! Relapses of multiple sclerosis and attacks of neuromyelitis optica: what qualifies, what is
//! counted, and what a committee that can err makes of it.
//!
//! A relapse of MS is new or worse symptoms for more than 24 hours, without fever or infection,
//! at least 30 days after the onset of the last one, with an objective change (Schumacher and
//! Poser criteria; Thompson et al. 2018, doi:10.1016/S1474-4422(17)30470-2). An attack of NMOSD
//! qualifies if it lasts more than 24 hours, nothing else explains it, an objective change of the
//! EDSS or a functional system was met and the committee agreed; an onset within 30 days of the
//! onset of a counted attack belongs to that attack (satralizumab trials: Yamamura et al. 2019,
//! doi:10.1056/NEJMoa1901747). The 30 days run from the counted attack, not from the last merged
//! onset.

use crate::InputError;
use crate::error::{finite, increasing, within};

/// Symptoms must last longer than this.
pub const MINIMUM_HOURS: f64 = 24.0;
/// A relapse of MS begins at least this long after the one before.
pub const MS_INTERVAL_DAYS: f64 = 30.0;
/// Onsets up to this long after a counted attack are merged with it.
pub const MERGING_DAYS: f64 = 30.0;

/// New or worse symptoms of MS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MsSymptoms {
    /// How long they lasted.
    pub duration_hours: f64,
    /// Fever or infection was present.
    pub fever_or_infection: bool,
    /// Days since the onset of the relapse before; `None` if there was none.
    pub days_since_last_onset: Option<f64>,
    /// An examination found a change.
    pub objective_change: bool,
}

/// Whether symptoms are a relapse of MS.
///
/// # Errors
/// A duration or an interval that is negative or not finite.
pub fn is_ms_relapse(symptoms: &MsSymptoms) -> Result<bool, InputError> {
    let positive = (0.0, f64::MAX);
    let hours = within(
        "the duration of symptoms",
        symptoms.duration_hours,
        positive,
    )?;
    let apart = match symptoms.days_since_last_onset {
        Some(days) => {
            within("the time since the last relapse", days, positive)? >= MS_INTERVAL_DAYS
        }
        None => true,
    };
    Ok(hours > MINIMUM_HOURS && apart && !symptoms.fever_or_infection && symptoms.objective_change)
}

/// A suspected attack of NMOSD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SuspectedAttack {
    /// Onset.
    pub onset_days: f64,
    /// How long it lasted.
    pub duration_hours: f64,
    /// Fever, infection or another cause explains it.
    pub confounder: bool,
    /// The objective change of the protocol was met.
    pub objective_change: bool,
    /// The committee agreed.
    pub adjudicated: bool,
}

impl SuspectedAttack {
    /// Whether it meets every criterion of the protocol.
    pub fn qualifies(&self) -> bool {
        self.duration_hours > MINIMUM_HOURS
            && !self.confounder
            && self.objective_change
            && self.adjudicated
    }
}

/// Which suspected attacks, in order of onset, are counted: one flag each.
///
/// # Errors
/// Onsets out of order, or a number that is not finite.
pub fn counted(suspected: &[SuspectedAttack]) -> Result<Vec<bool>, InputError> {
    increasing(
        "a suspected attack",
        suspected.iter().map(|s| s.onset_days),
        true,
    )?;
    let mut last = f64::NEG_INFINITY;
    suspected
        .iter()
        .map(|attack| {
            finite("the duration of an attack", attack.duration_hours)?;
            let new = attack.qualifies() && attack.onset_days - last > MERGING_DAYS;
            if new {
                last = attack.onset_days;
            }
            Ok(new)
        })
        .collect()
}

/// Onsets of the counted attacks among qualifying onsets in order of time.
pub fn counted_onsets(onsets_days: impl IntoIterator<Item = f64>) -> impl Iterator<Item = f64> {
    let mut last = f64::NEG_INFINITY;
    onsets_days.into_iter().filter(move |&onset| {
        let is_new = onset - last > MERGING_DAYS;
        if is_new {
            last = onset;
        }
        is_new
    })
}

/// How a committee errs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adjudication {
    /// Probability that a true attack is confirmed.
    pub sensitivity: f64,
    /// Probability that something else is refused.
    pub specificity: f64,
}

impl Adjudication {
    /// The verdict on one suspected attack; `uniform` is a draw from 0 to 1.
    ///
    /// # Errors
    /// A probability or a draw outside 0 to 1.
    pub fn confirms(&self, is_attack: bool, uniform: f64) -> Result<bool, InputError> {
        let unit = (0.0, 1.0);
        let sensitivity = within("the sensitivity of adjudication", self.sensitivity, unit)?;
        let specificity = within("the specificity of adjudication", self.specificity, unit)?;
        let draw = within("a uniform draw", uniform, unit)?;
        Ok(if is_attack {
            draw < sensitivity
        } else {
            draw >= specificity
        })
    }
}
