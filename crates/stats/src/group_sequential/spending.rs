//! Error spending functions: how much of the error may be used up by an information fraction.
//!
//! With total error a at information fraction t, cumulative and all of it at t = 1:
//! O'Brien-Fleming type 2 (1 - Phi(z_{a/2} / sqrt t)), Pocock type a ln(1 + (e - 1) t)
//! (Lan and DeMets 1983, doi:10.1093/biomet/70.3.659); a t^rho (Kim and DeMets 1987,
//! doi:10.1093/biomet/74.1.149); a (1 - e^{-gamma t}) / (1 - e^{-gamma}) (Hwang, Shih and DeCani
//! 1990, doi:10.1002/sim.4780091207).
//!
//! A two-sided symmetric test gives a/2 to each side, so it spends twice the function at a/2. For
//! the O'Brien-Fleming type this differs from the function at a itself.

use std::f64::consts::E;

use crate::normal::{normal_quantile, normal_sf};
use crate::{Estimate, InputError};

/// A spending function.
#[derive(Debug, Clone, PartialEq)]
pub enum Spending {
    /// Lan and DeMets' function close to O'Brien and Fleming's boundaries: little early.
    OBrienFleming,
    /// Lan and DeMets' function close to Pocock's boundaries: much early.
    Pocock,
    /// Kim and DeMets' power family.
    KimDeMets {
        /// The power, 0.01 to 50: 1 spends evenly, 3 is close to O'Brien-Fleming.
        rho: f64,
    },
    /// Hwang, Shih and DeCani's family.
    HwangShihDeCani {
        /// The parameter, -40 to 40: -4 is close to O'Brien-Fleming, 1 to Pocock, 0 spends evenly.
        gamma: f64,
    },
    /// A protocol's own table, linear between its points and from none spent at no information.
    Given(Vec<SpendingPoint>),
}

/// A line of a protocol's own spending table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpendingPoint {
    /// Information fraction, above 0, the last one 1.
    pub information: f64,
    /// Part of the total error spent by then, 0 to 1, the last one 1.
    pub fraction_spent: f64,
}

/// The error of one side spent by the information fraction `information` when `total` is spent
/// by 1. Beyond 1, all of it.
///
/// # Errors
/// `InputError` where the total is not in (0, 1), the fraction is negative or not a number, or the
/// function's parameter or table is out of range.
pub fn cumulative_spending(spending: &Spending, total: f64, information: f64) -> Estimate<f64> {
    if !(total > 0.0 && total < 1.0) {
        return Err(range("total", total, "between 0 and 1"));
    }
    if information.is_nan() || information < 0.0 {
        return Err(range("information", information, "zero or more"));
    }
    check_spending(spending)?;
    let t = information;
    if t == 0.0 {
        return Ok(0.0);
    }
    if t >= 1.0 {
        return Ok(total);
    }
    let spent = match spending {
        Spending::OBrienFleming => 2.0 * normal_sf(-normal_quantile(0.5 * total) / t.sqrt()),
        Spending::Pocock => total * libm::log1p((E - 1.0) * t),
        Spending::KimDeMets { rho } => total * libm::pow(t, *rho),
        // At 0 the function is its limit.
        Spending::HwangShihDeCani { gamma: 0.0 } => total * t,
        Spending::HwangShihDeCani { gamma } => {
            total * libm::expm1(-gamma * t) / libm::expm1(-gamma)
        }
        Spending::Given(points) => total * interpolated(points, t),
    };
    Ok(spent.clamp(0.0, total))
}

pub(super) fn check_spending(spending: &Spending) -> Result<(), InputError> {
    let problem = match spending {
        Spending::KimDeMets { rho } if !(0.01..=50.0).contains(rho) => {
            ("rho", *rho, "between 0.01 and 50")
        }
        Spending::HwangShihDeCani { gamma } if !(-40.0..=40.0).contains(gamma) => {
            ("gamma", *gamma, "between -40 and 40")
        }
        Spending::Given(points) => return check_points(points),
        _ => return Ok(()),
    };
    let (name, value, expected) = problem;
    Err(InputError::Range {
        name,
        value,
        expected,
    })
}

fn check_points(points: &[SpendingPoint]) -> Result<(), InputError> {
    let wrong = |name, value, expected| {
        Err(InputError::Range {
            name,
            value,
            expected,
        })
    };
    let mut before = SpendingPoint {
        information: 0.0,
        fraction_spent: 0.0,
    };
    for point in points {
        if !(point.information > before.information && point.information <= 1.0) {
            return wrong(
                "spending table's information",
                point.information,
                "above 0, rising and at most 1",
            );
        }
        if !(point.fraction_spent >= before.fraction_spent && point.fraction_spent <= 1.0) {
            return wrong(
                "spending table's fraction spent",
                point.fraction_spent,
                "from 0 to 1 and never falling",
            );
        }
        before = *point;
    }
    if before.information != 1.0 || before.fraction_spent != 1.0 {
        return wrong(
            "spending table's last fraction spent",
            before.fraction_spent,
            "1 at information 1",
        );
    }
    Ok(())
}

fn interpolated(points: &[SpendingPoint], t: f64) -> f64 {
    let next = points.partition_point(|p| p.information < t);
    let above = points[next.min(points.len() - 1)];
    let (t0, a0) = match next.checked_sub(1) {
        Some(i) => (points[i].information, points[i].fraction_spent),
        None => (0.0, 0.0),
    };
    a0 + (above.fraction_spent - a0) * (t - t0) / (above.information - t0)
}

fn range(name: &'static str, value: f64, expected: &'static str) -> crate::NotEstimable {
    InputError::Range {
        name,
        value,
        expected,
    }
    .into()
}
