//! Expanded Disability Status Scale from functional systems and walking.
//!
//! Up to 5.0 the functional systems decide, from 5.5 on walking does; in between the larger of
//! the two counts. Before use the visual system is converted (6, 5, 4, 3, 2 to 4, 3, 3, 2, 2) and
//! so is bowel and bladder (6, 5, 4, 3 to 5, 4, 3, 3), because their raw grades weigh too much.
//!
//! | systems (converted) | step |
//! |---|---|
//! | all 0 | 0 |
//! | one 1 / more | 1.0 / 1.5 |
//! | highest 2: one / two / three or four / five / more | 2.0 / 2.5 / 3.0 / 3.5 / 4.0 |
//! | one 3 with no 2 / one or two 2 / more | 3.0 / 3.5 / 4.0 |
//! | two 3 with no 2 / with a 2 | 3.5 / 4.0 |
//! | three or four 3 / five or more | 4.0 / 4.5 |
//! | one 4, rest 0 or 1 / with at most two 3 / with more | 4.0 / 4.5 / 5.0 |
//! | two or more 4, or any 5 or 6 | 5.0 |
//!
//! Kurtzke 1983, doi:10.1212/WNL.33.11.1444, in the reading of Neurostatus (www.neurostatus.net),
//! which also gives the 17 grades of walking.

use crate::InputError;
use crate::scale::check_item;

/// Grades of the functional systems and of walking, as rated (not converted).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FunctionalSystems {
    /// Visual, 0 to 6.
    pub visual: u8,
    /// Brainstem, 0 to 5.
    pub brainstem: u8,
    /// Pyramidal, 0 to 6.
    pub pyramidal: u8,
    /// Cerebellar, 0 to 5.
    pub cerebellar: u8,
    /// Sensory, 0 to 6.
    pub sensory: u8,
    /// Bowel and bladder, 0 to 6.
    pub bowel_bladder: u8,
    /// Cerebral, 0 to 5.
    pub cerebral: u8,
    /// Walking: 0 unrestricted, 1 at least 500 m but restricted, 2 at least 300 m, 3 at least
    /// 200 m, 4 at least 100 m, 5 less than 100 m without help, 6 and 7 one stick for 50 m or two
    /// for 120 m, 8 and 9 less than that, 10 wheelchair without help, 11 with help, 12 to 15 bed,
    /// 16 death.
    pub ambulation: u8,
}

/// Visual grade as it enters the EDSS.
pub fn converted_visual(grade: u8) -> u8 {
    match grade {
        6.. => 4,
        4 | 5 => 3,
        2 | 3 => 2,
        low => low,
    }
}

/// Bowel and bladder grade as it enters the EDSS.
pub fn converted_bowel_bladder(grade: u8) -> u8 {
    match grade {
        6.. => 5,
        5 => 4,
        3 | 4 => 3,
        low => low,
    }
}

/// The EDSS, 0 to 10.
///
/// # Errors
/// A grade above its largest value.
pub fn edss(scores: &FunctionalSystems) -> Result<f64, InputError> {
    let grade = check_item;
    let systems = [
        converted_visual(grade("FS visual", scores.visual, 6)?),
        grade("FS brainstem", scores.brainstem, 5)?,
        grade("FS pyramidal", scores.pyramidal, 6)?,
        grade("FS cerebellar", scores.cerebellar, 5)?,
        grade("FS sensory", scores.sensory, 6)?,
        converted_bowel_bladder(grade("FS bowel/bladder", scores.bowel_bladder, 6)?),
        grade("FS cerebral", scores.cerebral, 5)?,
    ];
    let step = step_of_systems(&systems);
    Ok(match grade("ambulation", scores.ambulation, 16)? {
        0 => step,
        1 => step.max(2.0),
        2 => step.max(4.5),
        3 => step.max(5.0),
        4 => 5.5,
        5..=7 => 6.0,
        8 | 9 => 6.5,
        // 10 is 7.0 and every further grade half a point more.
        bound => 2.0 + 0.5 * f64::from(bound),
    })
}

/// What the converted systems alone give.
fn step_of_systems(systems: &[u8; 7]) -> f64 {
    let count = |grade: u8| systems.iter().filter(|&&s| s == grade).count();
    let [ones, twos, threes, fours] = [1, 2, 3, 4].map(count);
    match systems.iter().max() {
        Some(5..) => 5.0,
        Some(4) => match (fours, threes, twos) {
            (1, 0, 0) => 4.0,
            (1, ..=2, _) => 4.5,
            _ => 5.0,
        },
        Some(3) => match (threes, twos) {
            (1, 0) => 3.0,
            (1, 1 | 2) | (2, 0) => 3.5,
            (..=4, _) => 4.0,
            _ => 4.5,
        },
        Some(2) => match twos {
            1 => 2.0,
            2 => 2.5,
            3 | 4 => 3.0,
            5 => 3.5,
            _ => 4.0,
        },
        Some(1) if ones == 1 => 1.0,
        Some(1) => 1.5,
        _ => 0.0,
    }
}
