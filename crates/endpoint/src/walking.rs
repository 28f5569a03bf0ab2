//! Timed 25-foot walk (T25FW) and nine-hole peg test (9HPT): change in percent of the baseline and
//! the 20 % thresholds.
//!
//! A visit's time is the mean of two trials. A subject who cannot finish reads the cap, 180 s for
//! the walk and 300 s for the peg test, so that inability is a worsening and not a missing value.
//! Rise by 20 % or more is worsening, fall by 20 % or more improvement: Kaufman et al. 2000,
//! Multiple Sclerosis 6:286; Motl et al. 2017, doi:10.1177/1352458517690823.

use crate::scale::Scale;
use crate::{InputError, NotEvaluable};

/// Change that counts, percent of the baseline.
pub const MEANINGFUL_PERCENT: f64 = 20.0;

/// Largest shortfall that still meets a threshold: a tenth of a second has no exact binary form.
const ROUNDING_PERCENT: f64 = 1e-9;

/// A timed test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimedTest {
    /// Timed 25-foot walk.
    Walk,
    /// Nine-hole peg test.
    Peg,
}

impl TimedTest {
    /// The scale, with its cap.
    pub fn scale(self) -> Scale {
        match self {
            TimedTest::Walk => Scale::T25fw,
            TimedTest::Peg => Scale::NineHolePeg,
        }
    }
}

/// A visit's time in seconds: the mean of two trials, capped; `None` is a trial not finished.
///
/// # Errors
/// A time that is negative or not finite.
pub fn test_seconds(test: TimedTest, trials: [Option<f64>; 2]) -> Result<f64, InputError> {
    let definition = test.scale().definition();
    let mut sum = 0.0;
    for trial in trials {
        let seconds = match trial {
            Some(seconds) => crate::error::within(definition.name, seconds, (0.0, f64::MAX))?,
            None => definition.maximum,
        };
        sum += seconds.min(definition.maximum);
    }
    Ok(sum / 2.0)
}

/// Change in percent of the baseline; negative is faster.
///
/// # Errors
/// A baseline of zero, or a number that is not finite.
pub fn percent_change(baseline: f64, value: f64) -> Result<f64, NotEvaluable> {
    crate::error::finite("the baseline", baseline)?;
    crate::error::finite("the value", value)?;
    if baseline == 0.0 {
        return Err(NotEvaluable::ZeroBaseline);
    }
    Ok(100.0 * (value / baseline - 1.0))
}

/// Whether a change in percent is a rise by at least `percent`.
pub fn rose_by(change_percent: f64, percent: f64) -> bool {
    change_percent >= percent - ROUNDING_PERCENT
}

/// Whether a change in percent is a fall by at least `percent`.
pub fn fell_by(change_percent: f64, percent: f64) -> bool {
    change_percent <= -percent + ROUNDING_PERCENT
}
