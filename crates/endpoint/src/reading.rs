//! A reading of a score at a visit.

use crate::InputError;
use crate::error::{finite, increasing};

/// A reading of a score at a visit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Day of the visit, from the first treatment.
    pub time_days: f64,
    /// What was read, in the unit of the score.
    pub value: f64,
}

/// Refuses readings that are not finite or whose days do not increase.
pub(crate) fn check(readings: &[Reading]) -> Result<(), InputError> {
    increasing("a visit", readings.iter().map(|r| r.time_days), false)?;
    readings
        .iter()
        .try_for_each(|r| finite("a reading", r.value).map(|_| ()))
}
