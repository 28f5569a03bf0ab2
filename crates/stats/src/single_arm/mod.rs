//! Trials with one arm and a binary endpoint: designs with exact error rates, inference after them,
//! and Bayesian monitoring.

pub mod exact_single_stage;
pub mod predictive_probability;
pub mod sequential_binomial;
pub mod simon;
pub mod simon_inference;
pub mod toxicity_monitoring;

use crate::InputError;

/// The largest trial the exact enumerations accept: each takes time with the product of stage sizes.
pub(crate) const LARGEST_TRIAL: u64 = 10_000;

pub(crate) fn check_probability(name: &'static str, value: f64) -> Result<(), InputError> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(InputError::Range {
            name,
            value,
            expected: "above 0 and below 1",
        })
    }
}

pub(crate) fn check_closed_probability(name: &'static str, value: f64) -> Result<(), InputError> {
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        Err(InputError::Range {
            name,
            value,
            expected: "from 0 to 1",
        })
    }
}

/// A null below an alternative response probability, and error rates that a coin cannot meet.
pub(crate) fn check_requirement(p0: f64, p1: f64, alpha: f64, beta: f64) -> Result<(), InputError> {
    check_probability("p0", p0)?;
    check_probability("p1", p1)?;
    if p1 <= p0 {
        return Err(InputError::Range {
            name: "p1",
            value: p1,
            expected: "above p0, the response probability of no interest",
        });
    }
    check_probability("alpha", alpha)?;
    check_probability("beta", beta)?;
    if alpha + beta >= 1.0 {
        return Err(InputError::Range {
            name: "beta",
            value: beta,
            expected: "below 1 - alpha; a test that rejects at random with probability alpha has that power",
        });
    }
    Ok(())
}

/// Subjects of a trial: at least one, at most [`LARGEST_TRIAL`].
pub(crate) fn check_trial_size(name: &'static str, subjects: u64) -> Result<(), InputError> {
    if (1..=LARGEST_TRIAL).contains(&subjects) {
        Ok(())
    } else {
        Err(InputError::Range {
            name,
            value: subjects as f64,
            expected: "from 1 to 10 000",
        })
    }
}
