//! Response in myasthenia gravis: MG-ADL (0 to 24), QMG (0 to 39), MG Composite (0 to 50), and
//! minimal symptom expression (MG-ADL 0 or 1).
//!
//! A response is a fall from baseline by at least so many points: 2 on the MG-ADL, 3 on the QMG
//! and 3 on the MGC in common use. Rescue before the visit makes a non-responder (composite
//! strategy). The stricter option asks for the response at two visits in a row.
//! Wolfe et al. 1999, doi:10.1212/WNL.52.7.1487 (MG-ADL); Barohn et al. 1998,
//! doi:10.1111/j.1749-6632.1998.tb11015.x (QMG); Burns et al. 2010,
//! doi:10.1212/WNL.0b013e3181dc1b1e (MGC and its weights).

use crate::reading::check;
use crate::scale::{Scale, check_item};
use crate::{InputError, Reading};

/// Points of the four grades (normal, mild, moderate, severe) of the ten items of the MGC:
/// ptosis, double vision, eye closure, talking, chewing, swallowing, breathing, neck, shoulder,
/// hip.
pub const MGC_WEIGHTS: [[u8; 4]; 10] = [
    [0, 1, 2, 3],
    [0, 1, 3, 4],
    [0, 0, 1, 2],
    [0, 2, 4, 6],
    [0, 2, 4, 6],
    [0, 2, 5, 6],
    [0, 2, 4, 9],
    [0, 1, 3, 4],
    [0, 2, 4, 5],
    [0, 2, 4, 5],
];

/// Largest MG-ADL of minimal symptom expression.
pub const MINIMAL_SYMPTOM_MG_ADL: f64 = 1.0;

/// The MG-ADL from its eight items, 0 to 3 each.
///
/// # Errors
/// An item above 3.
pub fn mg_adl(items: &[u8; 8]) -> Result<u8, InputError> {
    sum(items)
}

/// The QMG from its thirteen items, 0 to 3 each.
///
/// # Errors
/// An item above 3.
pub fn qmg(items: &[u8; 13]) -> Result<u8, InputError> {
    sum(items)
}

/// The MGC from the grades of its ten items, 0 (normal) to 3 (severe) each.
///
/// # Errors
/// A grade above 3.
pub fn mgc(grades: &[u8; 10]) -> Result<u8, InputError> {
    grades
        .iter()
        .zip(MGC_WEIGHTS)
        .try_fold(0, |total, (&grade, points)| {
            let grade = check_item("an item of the MGC", grade, 3)?;
            Ok(total + points[usize::from(grade)])
        })
}

fn sum(items: &[u8]) -> Result<u8, InputError> {
    items.iter().try_fold(
        0,
        |total, &item| Ok(total + check_item("an item", item, 3)?),
    )
}

/// Whether the score fell by at least `points` and no rescue came first.
///
/// # Errors
/// A value that is not on the scale, or points that are not above 0 and on it.
pub fn is_responder(
    scale: Scale,
    baseline: f64,
    value: f64,
    points: f64,
    rescued: bool,
) -> Result<bool, InputError> {
    let fall = scale.check(baseline)? - scale.check(value)?;
    check_points(scale, points)?;
    Ok(!rescued && fall >= points)
}

/// Whether symptoms are minimal: MG-ADL 0 or 1, and no rescue came first.
///
/// # Errors
/// A value that is not on the MG-ADL.
pub fn is_minimal_symptom_expression(mg_adl: f64, rescued: bool) -> Result<bool, InputError> {
    Ok(Scale::MgAdl.check(mg_adl)? <= MINIMAL_SYMPTOM_MG_ADL && !rescued)
}

/// Whether the score is down by at least `points` at two visits in a row, the second of them on
/// or before `by_days`. The first reading is the baseline; rescue ends what counts.
///
/// # Errors
/// Readings out of order or off the scale, or points that are not above 0 and on it.
pub fn responds_twice(
    scale: Scale,
    readings: &[Reading],
    points: f64,
    by_days: f64,
    rescue_days: Option<f64>,
) -> Result<bool, InputError> {
    check(readings)?;
    check_points(scale, points)?;
    for reading in readings {
        scale.check(reading.value)?;
    }
    let Some((baseline, visits)) = readings.split_first() else {
        return Ok(false);
    };
    let responds = |visit: &Reading| {
        baseline.value - visit.value >= points
            && visit.time_days <= by_days
            && rescue_days.is_none_or(|rescue| visit.time_days < rescue)
    };
    Ok(visits.windows(2).any(|pair| pair.iter().all(responds)))
}

fn check_points(scale: Scale, points: f64) -> Result<(), InputError> {
    let definition = scale.definition();
    let range = (definition.step, definition.maximum);
    crate::error::within("the fall of a responder", points, range).map(|_| ())
}
