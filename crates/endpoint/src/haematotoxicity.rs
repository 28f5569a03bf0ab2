//! Immune effector cell-associated haematotoxicity (ICAHT), neutrophils only.
//!
//! Early, day 0 to 30: grade by the days with 500 neutrophils per uL or fewer (1 to 6 days grade
//! 1, 7 to 13 grade 2, 14 or more grade 3, never above 500 grade 4) and by the days with 100 or
//! fewer (7 to 13 days grade 3, 14 or more grade 4), the higher of the two. Late, after day 30:
//! by the lowest count: 1500, 1000, 500, 100 per uL or fewer are grades 1 to 4.
//! EHA and EBMT, Rejeski et al. 2023, doi:10.1182/blood.2023020578.

use crate::InputError;
use crate::error::{increasing, within};

/// Last day of the early period.
pub const EARLY_UNTIL_DAYS: f64 = 30.0;
/// Severe neutropenia, cells per uL.
pub const SEVERE_PER_UL: f64 = 500.0;
/// Profound neutropenia, cells per uL.
pub const PROFOUND_PER_UL: f64 = 100.0;

/// Neutropenia from day 0 to day 30.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EarlyNeutropenia {
    /// Days with 500 per uL or fewer.
    pub severe_days: f64,
    /// Days with 100 per uL or fewer.
    pub profound_days: f64,
    /// The count was never above 500 per uL.
    pub never_above_severe: bool,
}

/// Grade of early haematotoxicity, 0 to 4.
///
/// # Errors
/// Days that are negative, not finite or more than the 31 of the period.
pub fn early_icaht_grade(neutropenia: &EarlyNeutropenia) -> Result<u8, InputError> {
    let period = (0.0, EARLY_UNTIL_DAYS + 1.0);
    let severe = within(
        "days with 500 neutrophils or fewer",
        neutropenia.severe_days,
        period,
    )?;
    let profound = within(
        "days with 100 neutrophils or fewer",
        neutropenia.profound_days,
        period,
    )?;
    let by_severe = match severe {
        _ if neutropenia.never_above_severe => 4,
        d if d >= 14.0 => 3,
        d if d >= 7.0 => 2,
        d if d > 0.0 => 1,
        _ => 0,
    };
    let by_profound = match profound {
        d if d >= 14.0 => 4,
        d if d >= 7.0 => 3,
        _ => 0,
    };
    Ok(by_severe.max(by_profound))
}

/// Grade of late haematotoxicity, 0 to 4, from the lowest count after day 30.
///
/// # Errors
/// A count that is negative or not finite.
pub fn late_icaht_grade(nadir_per_ul: f64) -> Result<u8, InputError> {
    let nadir = within("a neutrophil count", nadir_per_ul, (0.0, f64::MAX))?;
    Ok(match nadir {
        n if n <= PROFOUND_PER_UL => 4,
        n if n <= SEVERE_PER_UL => 3,
        n if n <= 1000.0 => 2,
        n if n <= 1500.0 => 1,
        _ => 0,
    })
}

/// Neutropenia of the early period from counts in order of time, linear between them.
///
/// A count exactly at a limit belongs to the neutropenia. Time before the first and after the last
/// count adds nothing; without two counts in the period there is nothing to add up.
///
/// # Errors
/// Counts that are negative or not finite, times that do not increase.
pub fn early_neutropenia(
    times_days: &[f64],
    counts_per_ul: &[f64],
) -> Result<EarlyNeutropenia, InputError> {
    let points = || {
        times_days
            .iter()
            .copied()
            .zip(counts_per_ul.iter().copied())
    };
    increasing("a neutrophil count", points().map(|p| p.0), false)?;
    for (_, count) in points() {
        within("a neutrophil count", count, (0.0, f64::MAX))?;
    }
    let mut found = EarlyNeutropenia::default();
    let (mut seen, mut above) = (false, false);
    for ((t0, c0), (t1, c1)) in points().zip(points().skip(1)) {
        let (from, until) = (t0.max(0.0), t1.min(EARLY_UNTIL_DAYS));
        if from >= until {
            continue;
        }
        let at = |t: f64| c0 + (c1 - c0) * ((t - t0) / (t1 - t0));
        let (start, end) = (at(from), at(until));
        seen = true;
        above |= start > SEVERE_PER_UL || end > SEVERE_PER_UL;
        found.severe_days += share_below(start, end, SEVERE_PER_UL) * (until - from);
        found.profound_days += share_below(start, end, PROFOUND_PER_UL) * (until - from);
    }
    found.never_above_severe = seen && !above;
    Ok(found)
}

/// Part of a straight line from `start` to `end` at or below `limit`.
fn share_below(start: f64, end: f64, limit: f64) -> f64 {
    match (start <= limit, end <= limit) {
        (true, true) => 1.0,
        (false, false) => 0.0,
        (true, false) => (limit - start) / (end - start),
        (false, true) => (limit - end) / (start - end),
    }
}
