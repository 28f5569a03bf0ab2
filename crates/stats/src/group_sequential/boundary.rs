//! Efficacy boundaries on the z scale.
//!
//! The z statistics at information fractions t_k are jointly normal with
//! Cov(Z_i, Z_j) = sqrt(t_i / t_j) for i <= j. Shapes with one constant, z_k = c t_k^(D - 1/2): D = 0 is
//! O'Brien and Fleming 1979 (doi:10.2307/2530245), D = 1/2 Pocock 1977
//! (doi:10.1093/biomet/64.2.191), any D Wang and Tsiatis 1987 (doi:10.2307/2531959); c is searched
//! so that the crossing probabilities without effect add up to alpha. A spending boundary solves
//! look by look for the z that uses up what the function gives to that look, so a look depends
//! on nothing after it and may come at any information.
//!
//! A one-sided test rejects for large z. A two-sided test is symmetric, alpha / 2 to each side:
//! it stops when |Z_k| reaches the boundary.

use super::integration::{Continuing, REACH};
use super::root::root;
use super::spending::{Spending, check_spending, cumulative_spending};
use crate::normal::normal_quantile;
use crate::{Estimate, InputError};

/// Whether large values of one sign or of both reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sides {
    /// Rejects for large z.
    #[default]
    One,
    /// Rejects for large |z|, alpha / 2 on each side.
    Two,
}

impl Sides {
    /// The part of alpha on one side.
    pub(super) fn share(self, alpha: f64) -> f64 {
        match self {
            Sides::One => alpha,
            Sides::Two => 0.5 * alpha,
        }
    }
}

/// How the efficacy boundary is made.
#[derive(Debug, Clone, PartialEq)]
pub enum BoundaryType {
    /// z_k = c / sqrt(t_k).
    OBrienFleming,
    /// z_k = c.
    Pocock,
    /// z_k = c t_k^(delta - 1/2).
    WangTsiatis {
        /// The shape, -0.5 to 1.
        delta: f64,
    },
    /// By a spending function.
    Spending(Spending),
}

/// One analysis and its boundaries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Information as a fraction of the planned maximum.
    pub information: f64,
    /// Stop for efficacy when z (two-sided: |z|) is at least this; infinite: no such stop.
    pub efficacy: f64,
    /// Stop for futility when z is at most this; minus infinity: no such stop. At the last look of a
    /// design with futility it equals the efficacy boundary.
    pub futility: f64,
}

/// Most looks of a design: more would gain nothing, and the integration takes time for each.
pub const MOST_LOOKS: usize = 20;
/// Smallest step of information from one look to the next, relative to the later one.
pub const SMALLEST_STEP: f64 = 1e-6;
/// Error below this is not spent but left to the next look: the integration ignores paths of a
/// thousandth of it.
pub(super) const SMALLEST_ERROR: f64 = 1e-16;

/// The efficacy boundary of `boundary` at the information fractions `information`, the last one 1.
///
/// # Errors
/// `InputError` for alpha, information or parameters out of range.
pub fn efficacy_boundary(
    boundary: &BoundaryType,
    sides: Sides,
    alpha: f64,
    information: &[f64],
) -> Estimate<Vec<f64>> {
    check_alpha(alpha)?;
    check_planned_information(information)?;
    check_boundary(boundary)?;
    let floor = vec![f64::NEG_INFINITY; information.len()];
    efficacy_above(boundary, sides, alpha, information, &floor)
}

/// The efficacy boundary where paths also stop, for good, at or below the futility boundary
/// `futility`.
pub(super) fn efficacy_above(
    boundary: &BoundaryType,
    sides: Sides,
    alpha: f64,
    information: &[f64],
    futility: &[f64],
) -> Estimate<Vec<f64>> {
    let delta = match boundary {
        BoundaryType::OBrienFleming => 0.0,
        BoundaryType::Pocock => 0.5,
        BoundaryType::WangTsiatis { delta } => *delta,
        BoundaryType::Spending(spending) => {
            let mut path = NullPath::new(sides);
            return information
                .iter()
                .zip(futility)
                .map(|(&t, &low)| {
                    let target = cumulative_spending(spending, sides.share(alpha), t)?;
                    let z = path.boundary_spending(target, t);
                    path.pass(t, low, z);
                    Ok(z)
                })
                .collect();
        }
    };
    let shape: Vec<f64> = information
        .iter()
        .map(|t| libm::pow(*t, delta - 0.5))
        .collect();
    let side = sides.share(alpha);
    let excess = |c: f64| {
        let mut path = NullPath::new(sides);
        for ((&t, &low), s) in information.iter().zip(futility).zip(&shape) {
            path.pass(t, low, c * s);
        }
        libm::log(path.spent.max(f64::MIN_POSITIVE) / side)
    };
    // At the last look z = c. So c is at least the fixed design's value without futility, and with
    // each look at most alpha / K, the sum is at most alpha.
    let each = -normal_quantile(side / information.len() as f64);
    let lowest = if futility.iter().all(|f| f.is_infinite()) {
        -normal_quantile(side)
    } else {
        0.0
    };
    let highest = shape.iter().map(|s| each / s).fold(lowest, f64::max);
    let c = root(lowest, highest, excess);
    Ok(shape.iter().map(|s| c * s).collect())
}

/// The paths without effect, and the error that one side has spent.
pub(super) struct NullPath {
    sides: Sides,
    continuing: Continuing,
    pub(super) spent: f64,
}

impl NullPath {
    pub(super) fn new(sides: Sides) -> NullPath {
        NullPath {
            sides,
            continuing: Continuing::from_point(0.0, 0.0, 0.0),
            spent: 0.0,
        }
    }

    /// The boundary at a look that brings the error spent by one side to `target`.
    pub(super) fn boundary_spending(&self, target: f64, information: f64) -> f64 {
        let error = target - self.spent;
        if error < SMALLEST_ERROR {
            return f64::INFINITY;
        }
        let lowest = match self.sides {
            Sides::One => -REACH,
            Sides::Two => 0.0,
        };
        // Without earlier stops the error would be that of z alone, so the boundary is no higher.
        let highest = -normal_quantile(error);
        root(lowest, highest, |z| {
            let crossing = self.continuing.above(information, z);
            libm::log(crossing.max(f64::MIN_POSITIVE) / error)
        })
    }

    /// Goes past a look with these boundaries.
    pub(super) fn pass(&mut self, information: f64, futility: f64, efficacy: f64) {
        self.spent += self.continuing.above(information, efficacy);
        let lower = match self.sides {
            Sides::One => futility,
            Sides::Two => -efficacy,
        };
        self.continuing = self.continuing.advance(information, lower, efficacy);
    }
}

pub(super) fn check_alpha(alpha: f64) -> Result<(), InputError> {
    if (1e-9..0.5).contains(&alpha) {
        return Ok(());
    }
    Err(InputError::Range {
        name: "alpha",
        value: alpha,
        expected: "at least 1e-9 and below 0.5",
    })
}

pub(super) fn check_boundary(boundary: &BoundaryType) -> Result<(), InputError> {
    match boundary {
        BoundaryType::WangTsiatis { delta } if !(-0.5..=1.0).contains(delta) => {
            Err(InputError::Range {
                name: "delta",
                value: *delta,
                expected: "between -0.5 and 1",
            })
        }
        BoundaryType::Spending(spending) => check_spending(spending),
        _ => Ok(()),
    }
}

/// Information fractions of looks: above 0, rising, not too close and not too many.
pub(super) fn check_information(information: impl Iterator<Item = f64>) -> Result<(), InputError> {
    let (mut before, mut looks) = (0.0, 0);
    for (index, t) in information.enumerate() {
        let far_enough = t - before >= SMALLEST_STEP * t;
        if !((1e-9..=1e6).contains(&t) && far_enough) {
            return Err(InputError::Value {
                name: "information",
                index,
                value: t,
                expected: "above that of the look before by at least a millionth of itself, \
                           and from 1e-9 to 1e6",
            });
        }
        before = t;
        looks += 1;
    }
    if (1..=MOST_LOOKS).contains(&looks) {
        return Ok(());
    }
    Err(InputError::Range {
        name: "number of looks",
        value: looks as f64,
        expected: "from 1 to 20",
    })
}

pub(super) fn check_planned_information(information: &[f64]) -> Result<(), InputError> {
    check_information(information.iter().copied())?;
    let last = information[information.len() - 1];
    if last == 1.0 {
        return Ok(());
    }
    Err(InputError::Range {
        name: "information fraction of the last planned look",
        value: last,
        expected: "1",
    })
}
