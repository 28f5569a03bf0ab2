//! Operating characteristics of given boundaries: where the trial stops, at any effect.
//!
//! The effect is the drift delta = E(Z) at information 1, so E(Z_k) = delta sqrt(t_k). A design
//! reaches its power at some drift; the inflation factor is that drift squared over the fixed
//! design's (z_alpha + z_beta)^2, and says how much more information the maximum is than a trial
//! without looks needs. Jennison and Turnbull 2000, Group Sequential Methods, chapter 2.
//!
//! A two-sided design's power is the probability to reject on the side of the effect; a rejection
//! on the wrong side is shown apart and never counted.

use super::boundary::{Look, Sides, check_information};
use super::integration::{Continuing, REACH};
use super::root::root_between;
use crate::normal::normal_quantile;
use crate::{Estimate, InputError, NotEstimable};

/// Where a trial stops at one drift: a probability per look.
#[derive(Debug, Clone, PartialEq)]
pub struct Stopping {
    /// Stops for efficacy on the side of positive z.
    pub efficacy: Vec<f64>,
    /// Two-sided designs: stops at the boundary on the side of negative z; else 0.
    pub opposite: Vec<f64>,
    /// Stops for futility; at the last look of a design with futility, ends without rejection.
    pub futility: Vec<f64>,
    /// Expected information at the end, as a fraction of the planned maximum.
    pub expected_information: f64,
}

impl Stopping {
    /// Probability to reject on the side of positive z.
    pub fn power(&self) -> f64 {
        self.efficacy.iter().sum()
    }

    /// Probability to reject at all: at no drift, the type I error.
    pub fn rejection(&self) -> f64 {
        self.power() + self.opposite.iter().sum::<f64>()
    }
}

/// Largest drift accepted, in standard errors at information 1: beyond it every look is certain.
pub(super) const LARGEST_DRIFT: f64 = 1e6;

/// The probabilities of stopping at each look at drift `drift`.
///
/// # Errors
/// `InputError` where the looks are not in order or the drift is not finite.
pub fn stopping(sides: Sides, looks: &[Look], drift: f64) -> Estimate<Stopping> {
    check_looks(sides, looks)?;
    check_drift(drift)?;
    Ok(stopping_from(
        Continuing::from_point(0.0, 0.0, drift),
        sides,
        looks,
    ))
}

/// As [`stopping`] from any start, of looks already checked.
pub(super) fn stopping_from(start: Continuing, sides: Sides, looks: &[Look]) -> Stopping {
    let last = looks.len() - 1;
    let mut result = Stopping {
        efficacy: Vec::with_capacity(looks.len()),
        opposite: Vec::with_capacity(looks.len()),
        futility: Vec::with_capacity(looks.len()),
        expected_information: looks[last].information,
    };
    let mut path = start;
    for (k, look) in looks.iter().enumerate() {
        let t = look.information;
        let lower = lower_end(sides, look);
        let above = path.above(t, look.efficacy);
        let below = path.below(t, lower);
        let (opposite, futility) = match sides {
            Sides::One => (0.0, below),
            Sides::Two => (below, 0.0),
        };
        result.efficacy.push(above);
        result.opposite.push(opposite);
        result.futility.push(futility);
        if k < last {
            let saved = looks[last].information - t;
            result.expected_information -= saved * (above + below);
            path = path.advance(t, lower, look.efficacy);
        }
    }
    result
}

/// Lower end of the continuation region in z.
pub(super) fn lower_end(sides: Sides, look: &Look) -> f64 {
    match sides {
        Sides::One => look.futility,
        Sides::Two => -look.efficacy,
    }
}

/// The same looks with the futility boundary ignored: what a non-binding rule's type I error is
/// about.
pub fn without_futility(looks: &[Look]) -> Vec<Look> {
    looks
        .iter()
        .map(|look| Look {
            futility: f64::NEG_INFINITY,
            ..*look
        })
        .collect()
}

/// The drift at which the looks have power `power` on the side of positive z.
///
/// # Errors
/// `InputError` for looks or power out of range; `NotAttainable` where no effect gives that power.
pub fn required_drift(sides: Sides, looks: &[Look], power: f64) -> Estimate<f64> {
    check_looks(sides, looks)?;
    check_power(power)?;
    let target = normal_quantile(power);
    drift_where(|drift| {
        let start = Continuing::from_point(0.0, 0.0, drift);
        // On the probit scale the power is nearly straight in the drift.
        normal_quantile(stopping_from(start, sides, looks).power()).clamp(-REACH, REACH) - target
    })
}

/// The drift, zero or more, where a function of it that rises reaches 0; zero where it starts above.
pub(super) fn drift_where(mut f: impl FnMut(f64) -> f64) -> Estimate<f64> {
    let mut low = (0.0, f(0.0));
    if low.1 >= 0.0 {
        return Ok(0.0);
    }
    // Most designs have drifts from 3 to 4.
    let mut high = (4.0, f(4.0));
    while high.1 < 0.0 {
        low = high;
        let drift = 2.0 * low.0;
        if drift > LARGEST_DRIFT {
            return Err(NotEstimable::NotAttainable);
        }
        high = (drift, f(drift));
    }
    Ok(root_between(low, high, f))
}

/// Drift of a trial without looks: z_alpha + z_beta, with alpha that of one side.
pub fn fixed_drift(sides: Sides, alpha: f64, power: f64) -> f64 {
    normal_quantile(power) - normal_quantile(sides.share(alpha))
}

pub(super) fn check_drift(drift: f64) -> Result<(), InputError> {
    if drift.abs() <= LARGEST_DRIFT {
        return Ok(());
    }
    Err(InputError::Range {
        name: "drift",
        value: drift,
        expected: "between -1e6 and 1e6",
    })
}

pub(super) fn check_power(power: f64) -> Result<(), InputError> {
    if (1e-6..=1.0 - 1e-9).contains(&power) {
        return Ok(());
    }
    Err(InputError::Range {
        name: "power",
        value: power,
        expected: "between 0 and 1, for example 0.9",
    })
}

pub(super) fn check_looks(sides: Sides, looks: &[Look]) -> Result<(), InputError> {
    check_information(looks.iter().map(|look| look.information))?;
    for (index, look) in looks.iter().enumerate() {
        let lowest = match sides {
            Sides::One => f64::NEG_INFINITY,
            Sides::Two => 0.0,
        };
        if !(look.efficacy >= lowest && look.efficacy > f64::NEG_INFINITY) {
            return Err(InputError::Value {
                name: "efficacy boundary",
                index,
                value: look.efficacy,
                expected: "a number, not negative in a two-sided test",
            });
        }
        let futility = look.futility != f64::NEG_INFINITY;
        if futility && sides == Sides::Two {
            return Err(TWO_SIDED_FUTILITY);
        }
        if !(look.futility <= look.efficacy && look.futility < f64::INFINITY) {
            return Err(InputError::Value {
                name: "futility boundary",
                index,
                value: look.futility,
                expected: "a number not above the efficacy boundary",
            });
        }
    }
    Ok(())
}

pub(super) const TWO_SIDED_FUTILITY: InputError = InputError::Unsupported {
    problem: "a futility boundary belongs to a one-sided test",
    fix: "test one-sided at half the alpha",
};
