//! Local immune effector cell-associated toxicity syndrome (LICATS): after CAR T cells in
//! autoimmune disease, a passing local reaction of an organ that the disease had affected before,
//! while B cells are absent.
//!
//! Graded by what it needs: 1 resolves by itself, 2 needs treatment, 3 a new or longer stay in
//! hospital, 4 intensive care. Onset is early to day 14, intermediate to day 30, late afterwards.
//! Each organ is an event of its own. Hagen et al. 2025, Lancet Rheumatology,
//! doi:10.1016/S2665-9913(25)00091-8: 54 events in 30 of 39 patients, median onset day 10. Grades
//! 1, 3 and 4 are as summaries of that paper give them; grade 2 is what lies between.

use crate::InputError;
use crate::error::finite;

/// What an event needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Intervention {
    /// Nothing: it resolved by itself.
    None,
    /// Treatment without a new or longer stay in hospital.
    Treatment,
    /// A new or longer stay in hospital.
    Hospital,
    /// Intensive care.
    IntensiveCare,
}

/// When an event began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Onset {
    /// Up to day 14 after infusion.
    Early,
    /// After day 14 and up to day 30.
    Intermediate,
    /// After day 30.
    Late,
}

/// A local event after infusion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalEvent {
    /// Onset, days after the infusion.
    pub onset_days: f64,
    /// The disease had affected the organ before.
    pub organ_affected_before: bool,
    /// B cells were absent from blood at onset.
    pub b_cells_absent: bool,
    /// Infection, cytokine release syndrome or another cause explains it.
    pub other_cause: bool,
    /// What it needed.
    pub intervention: Intervention,
}

/// The grade, 1 to 4, or 0 if the event is none of the syndrome.
///
/// # Errors
/// An onset that is not finite.
pub fn licats_grade(event: &LocalEvent) -> Result<u8, InputError> {
    finite("the onset of a local event", event.onset_days)?;
    let belongs = event.onset_days >= 0.0
        && event.organ_affected_before
        && event.b_cells_absent
        && !event.other_cause;
    if !belongs {
        return Ok(0);
    }
    Ok(match event.intervention {
        Intervention::None => 1,
        Intervention::Treatment => 2,
        Intervention::Hospital => 3,
        Intervention::IntensiveCare => 4,
    })
}

/// When an event began; `None` before the infusion or if the day is not a number.
pub fn onset(onset_days: f64) -> Option<Onset> {
    match onset_days {
        d if d.is_nan() || d < 0.0 => None,
        d if d <= 14.0 => Some(Onset::Early),
        d if d <= 30.0 => Some(Onset::Intermediate),
        _ => Some(Onset::Late),
    }
}
