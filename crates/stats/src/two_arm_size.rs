//! Sample sizes of two arms, as a formula gives them and in whole subjects.

use crate::InputError;

/// Subjects of two arms, not rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwoArmSize {
    /// On treatment.
    pub treated: f64,
    /// On control.
    pub control: f64,
}

/// More subjects than this per arm are refused.
const LARGEST_ARM: f64 = 1e9;

impl TwoArmSize {
    pub(crate) fn new(control: f64, allocation: f64) -> Result<TwoArmSize, InputError> {
        let size = TwoArmSize {
            treated: control * allocation,
            control,
        };
        // Written so that NaN fails too.
        let possible = size.treated.max(size.control) <= LARGEST_ARM;
        if possible {
            Ok(size)
        } else {
            Err(InputError::Range {
                name: "subjects per arm",
                value: size.treated.max(size.control),
                expected: "at most 1e9; the effect asked for is too small to be found",
            })
        }
    }

    /// Both arms together, not rounded.
    pub fn total(&self) -> f64 {
        self.treated + self.control
    }

    /// Whole subjects on treatment and on control, each rounded up.
    pub fn subjects(&self) -> [u64; 2] {
        // A formula that comes to a whole number must not gain a subject by its last bit.
        let up = |n: f64| (n * (1.0 - 1e-12)).ceil() as u64;
        [up(self.treated), up(self.control)]
    }
}

/// A number strictly between two others.
pub(crate) fn check_between(
    name: &'static str,
    value: f64,
    low: f64,
    high: f64,
    expected: &'static str,
) -> Result<(), InputError> {
    if value > low && value < high {
        Ok(())
    } else {
        Err(InputError::Range {
            name,
            value,
            expected,
        })
    }
}

/// What every two-arm design gives: significance level and allocation.
pub(crate) fn check_test(alpha_two_sided: f64, allocation: f64) -> Result<(), InputError> {
    check_between(
        "alpha_two_sided",
        alpha_two_sided,
        1e-9,
        1.0,
        "between 0 and 1, for example 0.05",
    )?;
    check_between(
        "allocation",
        allocation,
        1e-3,
        1e3,
        "treated per control subject, between 0.001 and 1000",
    )
}

/// Below one half the formulas can ask for a negative root of n, and nobody plans such a trial.
pub(crate) fn check_power(power: f64) -> Result<(), InputError> {
    check_between(
        "power",
        power,
        0.5 - 1e-12,
        1.0 - 1e-9,
        "at least 0.5 and below 1, for example 0.8",
    )
}

pub(crate) fn check_size(control: f64) -> Result<(), InputError> {
    check_between(
        "subjects on control",
        control,
        0.0,
        LARGEST_ARM,
        "above zero and at most 1e9",
    )
}
