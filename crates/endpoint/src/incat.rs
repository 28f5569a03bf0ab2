//! INCAT disability score of chronic inflammatory demyelinating polyneuropathy: arms 0 to 5 plus
//! legs 0 to 5, higher is worse.
//!
//! Arms: 0 no problems, 1 symptoms that hinder no task, 2 hinder but do not prevent one, 3 prevent
//! one or two tasks, 4 prevent three or all but some purposeful movement, 5 no purposeful movement
//! (tasks: zips and buttons; washing or brushing hair; knife and fork; small coins). Legs: 0
//! walking not affected, 1 affected but outdoors without help, 2 one stick, 3 two sticks or a
//! frame, 4 wheelchair outdoors but stands and walks a few steps with help, 5 wheelchair only.
//! Response: a fall by at least one point. The adjusted score does not count a change of the arms
//! between 0 and 1. Hughes et al. 2001, doi:10.1002/ana.1088; Hughes et al. 2008 (ICE),
//! doi:10.1016/S1474-4422(07)70329-0.

use crate::InputError;
use crate::scale::check_item;

/// Grades of arms and legs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Incat {
    /// Arms, 0 to 5.
    pub arms: u8,
    /// Legs, 0 to 5.
    pub legs: u8,
}

/// The disability score, 0 to 10.
///
/// # Errors
/// A grade above 5.
pub fn incat_score(grades: &Incat) -> Result<u8, InputError> {
    Ok(check_item("INCAT arms", grades.arms, 5)? + check_item("INCAT legs", grades.legs, 5)?)
}

/// The adjusted score: arms of grade 1 count as 0.
///
/// # Errors
/// A grade above 5.
pub fn adjusted_incat_score(grades: &Incat) -> Result<u8, InputError> {
    let arms = if grades.arms == 1 { 0 } else { grades.arms };
    incat_score(&Incat { arms, ..*grades })
}

/// Whether the score fell by at least one point.
///
/// # Errors
/// A grade above 5.
pub fn incat_responder(
    baseline: &Incat,
    visit: &Incat,
    adjusted: bool,
) -> Result<bool, InputError> {
    let score = if adjusted {
        adjusted_incat_score
    } else {
        incat_score
    };
    Ok(score(visit)? < score(baseline)?)
}
