//! Keyboard, mTPI-2 and mTPI: the interval of the DLT rate that the data favour decides.
//!
//! With y DLT in n patients the posterior is Beta(1 + y, 1 + n - y). The target interval (key) is
//! [t - e1, t + e2]; if the winning interval lies below it, escalate, if above, de-escalate.
//! * Keyboard: keys of the target key's width to both sides; an incomplete key at an end is
//!   left out. The key with the largest posterior mass wins.
//! * mTPI-2: the same keys, but the short ones at the ends stay. The largest mass per width wins.
//! * mTPI: three intervals, [0, t - e1], the target, [t + e2, 1]. The largest mass per width wins.
//!
//! Of equal intervals the lower wins. Elimination as in `overdose.rs`, MTD as in `isotonic.rs`.
//! Yan, Mandrekar and Yuan 2017, doi:10.1158/1078-0432.CCR-17-0220 (keyboard); Guo et al. 2017,
//! doi:10.1016/j.cct.2017.04.006 (mTPI-2); Ji et al. 2010, doi:10.1177/1740774510382799 (mTPI).

use super::isotonic::nearest_to_target;
use super::{
    DoseDecision, DoseSelection, DoseTally, OverdoseRule, check_current, check_doses, check_range,
    check_target,
};
use crate::InputError;
use crate::beta::incomplete_beta_pair;
use crate::error::check_count;

/// Narrower keys than this would cut [0, 1] into thousands.
const NARROWEST_KEY: f64 = 0.001;
/// Patients in a decision table: 20,000 cells.
const LARGEST_TABLE: f64 = 200.0;
/// Rounding that may not make or lose a key: its end is compared with 0 or 1 in key widths.
const ROUNDING: f64 = 1e-9;

/// Which intervals compete, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalRule {
    /// Complete keys by mass.
    Keyboard,
    /// All keys by mass per width.
    Mtpi2,
    /// Three intervals by mass per width.
    Mtpi,
}

/// Settings of an interval design.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntervalSettings {
    /// Keyboard, mTPI-2 or mTPI.
    pub rule: IntervalRule,
    /// Target DLT rate t.
    pub target: f64,
    /// e1: the target key begins at t - e1.
    pub below: f64,
    /// e2: the target key ends at t + e2.
    pub above: f64,
    /// Elimination of toxic doses.
    pub overdose: OverdoseRule,
}

impl IntervalSettings {
    /// The settings of the literature for a target: half-width 0.05.
    pub fn at_target(rule: IntervalRule, target: f64) -> Self {
        IntervalSettings {
            rule,
            target,
            below: 0.05,
            above: 0.05,
            overdose: OverdoseRule::default(),
        }
    }

    fn check(&self) -> Result<(), InputError> {
        check_target(self.target)?;
        self.overdose.check()?;
        check_range(
            "below",
            self.below,
            0.0,
            self.target,
            "from 0 to the target; 0.05 is usual",
        )?;
        check_range(
            "above",
            self.above,
            0.0,
            1.0 - self.target,
            "from 0 to 1 - target; 0.05 is usual",
        )?;
        check_range(
            "below + above",
            self.below + self.above,
            NARROWEST_KEY,
            1.0,
            "0.001 or more, the width of the target key",
        )
    }
}

/// What the winning interval says, before the ends of the dose range and elimination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalDecision {
    /// It lies below the target.
    Escalate,
    /// It is the target.
    Stay,
    /// It lies above the target.
    DeEscalate,
}

/// One cell of a decision table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntervalDecisionRow {
    /// Patients treated at the dose.
    pub treated: u64,
    /// DLT among them.
    pub dlt: u64,
    /// The decision.
    pub decision: IntervalDecision,
    /// Pr(p > target).
    pub overdose_probability: f64,
    /// Whether this dose and all above are eliminated.
    pub eliminate: bool,
}

/// The decision after `dlt` of `treated` at a dose.
///
/// # Errors
///
/// More DLT than patients, settings out of range.
pub fn interval_decision(
    treated: u64,
    dlt: u64,
    settings: &IntervalSettings,
) -> Result<IntervalDecision, InputError> {
    settings.check()?;
    check_count("dlt", dlt, treated)?;
    Ok(decision(treated, dlt, settings))
}

fn decision(treated: u64, dlt: u64, settings: &IntervalSettings) -> IntervalDecision {
    let (a, b) = (1.0 + dlt as f64, 1.0 + (treated - dlt) as f64);
    let (low, high) = (
        settings.target - settings.below,
        settings.target + settings.above,
    );
    let width = high - low;
    let per_width = settings.rule != IntervalRule::Keyboard;
    let mut best = (0.0, None);
    let mut compete = |from: f64, to: f64, decision| {
        let (from, to) = (from.max(0.0), to.min(1.0));
        let mass = beta_mass(a, b, from, to);
        let value = if per_width { mass / (to - from) } else { mass };
        if value > best.0 {
            best = (value, Some(decision));
        }
    };
    // From the lowest interval up, so that of equal ones the lower wins.
    if settings.rule == IntervalRule::Mtpi {
        if low > ROUNDING * width {
            compete(0.0, low, IntervalDecision::Escalate);
        }
        compete(low, high, IntervalDecision::Stay);
        if 1.0 - high > ROUNDING * width {
            compete(high, 1.0, IntervalDecision::DeEscalate);
        }
    } else {
        let keys = |room: f64| {
            let keys = room / width;
            if per_width {
                (keys - ROUNDING).ceil() as usize
            } else {
                (keys + ROUNDING).floor() as usize
            }
        };
        for key in (1..=keys(low)).rev() {
            let from = low - key as f64 * width;
            compete(from, from + width, IntervalDecision::Escalate);
        }
        compete(low, high, IntervalDecision::Stay);
        for key in 0..keys(1.0 - high) {
            let from = high + key as f64 * width;
            compete(from, from + width, IntervalDecision::DeEscalate);
        }
    }
    // Millions of patients can leave no representable mass in any complete key, when their rate
    // lies in the part at an end that the keyboard leaves out: the mean then says which end.
    best.1.unwrap_or(if a / (a + b) < settings.target {
        IntervalDecision::Escalate
    } else {
        IntervalDecision::DeEscalate
    })
}

/// P(from < X < to) for X ~ Beta(a, b), from the tails on the far side of the mean, where the
/// difference does not cancel.
fn beta_mass(a: f64, b: f64, from: f64, to: f64) -> f64 {
    let from_tails = incomplete_beta_pair(a, b, from, 1.0 - from);
    let to_tails = incomplete_beta_pair(a, b, to, 1.0 - to);
    if from > a / (a + b) {
        from_tails.1 - to_tails.1
    } else {
        to_tails.0 - from_tails.0
    }
}

/// The decision for every number of DLT in 1 to `largest_treated` patients.
///
/// # Errors
///
/// Settings out of range; more than 200 patients (20,000 cells).
pub fn interval_decision_table(
    settings: &IntervalSettings,
    largest_treated: u64,
) -> Result<Vec<IntervalDecisionRow>, InputError> {
    settings.check()?;
    check_range(
        "largest_treated",
        largest_treated as f64,
        0.0,
        LARGEST_TABLE,
        "at most 200",
    )?;
    let mut rows = Vec::new();
    for treated in 1..=largest_treated {
        for dlt in 0..=treated {
            rows.push(IntervalDecisionRow {
                treated,
                dlt,
                decision: decision(treated, dlt, settings),
                overdose_probability: super::overdose_probability(treated, dlt, settings.target)?,
                eliminate: settings.overdose.eliminates(treated, dlt, settings.target),
            });
        }
    }
    Ok(rows)
}

/// The next dose under an interval design.
///
/// # Errors
///
/// No dose or too many, `current` beyond them, more DLT than patients, settings out of range.
pub fn interval_next_dose(
    doses: &[DoseTally],
    current: usize,
    settings: &IntervalSettings,
) -> Result<DoseDecision, InputError> {
    settings.check()?;
    check_current(doses, current)?;
    let eliminated_from = settings.overdose.eliminated_from(doses, settings.target);
    let tally = &doses[current];
    let wanted = if tally.treated == 0 {
        current
    } else {
        match decision(tally.treated, tally.dlt, settings) {
            IntervalDecision::Escalate => (current + 1).min(doses.len() - 1),
            IntervalDecision::Stay => current,
            IntervalDecision::DeEscalate => current.saturating_sub(1),
        }
    };
    Ok(DoseDecision::towards(wanted, current, eliminated_from))
}

/// The MTD under an interval design: the isotonic estimate nearest to the target.
///
/// # Errors
///
/// No dose or too many, more DLT than patients, settings out of range.
pub fn interval_select(
    doses: &[DoseTally],
    settings: &IntervalSettings,
) -> Result<DoseSelection, InputError> {
    settings.check()?;
    check_doses(doses)?;
    let eliminated_from = settings.overdose.eliminated_from(doses, settings.target);
    Ok(nearest_to_target(doses, eliminated_from, settings.target))
}
