//! Immune effector cell-associated neurotoxicity syndrome (ICANS) graded by the ASTCT: the worst
//! of five domains, and the ICE score that is one of them.
//!
//! ICE 7 to 9 is grade 1, 3 to 6 grade 2, 0 to 2 grade 3. A subject with ICE 0 who is awake has
//! grade 3; one who cannot be roused and so cannot be tested has grade 4.
//! Lee et al. 2019, doi:10.1016/j.bbmt.2018.12.758.

use crate::scale::check_item;
use crate::{InputError, NotEvaluable};

/// Points of the five items of the ICE score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ice {
    /// Orientation to year, month, city and hospital, 0 to 4.
    pub orientation: u8,
    /// Naming three objects, 0 to 3.
    pub naming: u8,
    /// Following commands, 0 or 1.
    pub commands: u8,
    /// Writing a sentence, 0 or 1.
    pub writing: u8,
    /// Counting backwards from 100 by 10, 0 or 1.
    pub attention: u8,
}

/// Items of the ICE score with their largest number of points.
pub const ICE_ITEMS: [(&str, u8); 5] = [
    ("orientation (year, month, city, hospital)", 4),
    ("naming (3 objects)", 3),
    ("following commands", 1),
    ("writing a sentence", 1),
    ("attention (count backwards from 100 by 10)", 1),
];

/// The ICE score, 0 to 10; higher is better.
///
/// # Errors
/// An item above its largest number of points.
pub fn ice_score(items: &Ice) -> Result<u8, InputError> {
    let points = [
        items.orientation,
        items.naming,
        items.commands,
        items.writing,
        items.attention,
    ];
    points
        .iter()
        .zip(ICE_ITEMS)
        .try_fold(0, |sum, (&found, (name, most))| {
            Ok(sum + check_item(name, found, most)?)
        })
}

/// Depressed level of consciousness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consciousness {
    /// Not depressed.
    #[default]
    Normal,
    /// Awakens spontaneously.
    AwakensSpontaneously,
    /// Awakens to voice.
    AwakensToVoice,
    /// Awakens to touch only.
    AwakensToTouch,
    /// Cannot be roused, or only by vigorous or repeated touch; stupor or coma.
    Unarousable,
}

/// Seizures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seizure {
    /// None.
    #[default]
    None,
    /// Resolves rapidly, or on the EEG with intervention.
    Resolves,
    /// Longer than 5 minutes, or repeated without return to baseline.
    Prolonged,
}

/// Raised intracranial pressure or cerebral oedema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oedema {
    /// None.
    #[default]
    None,
    /// Focal oedema on imaging.
    Focal,
    /// Diffuse oedema, posturing, sixth nerve palsy, papilloedema or Cushing's triad.
    Diffuse,
}

/// Signs on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// ICE score; `None` if the subject cannot be tested.
    pub ice: Option<u8>,
    /// Consciousness.
    pub consciousness: Consciousness,
    /// Seizures.
    pub seizure: Seizure,
    /// Deep focal motor weakness such as hemiparesis or paraparesis.
    pub deep_focal_weakness: bool,
    /// Intracranial pressure and oedema.
    pub oedema: Oedema,
    /// Death due to the syndrome.
    pub death: bool,
}

/// The grade, 0 to 5.
///
/// # Errors
/// An ICE score above 10, or a missing one although the subject can be roused.
pub fn icans_grade(signs: &Signs) -> Result<u8, NotEvaluable> {
    if signs.death {
        return Ok(5);
    }
    let consciousness = match signs.consciousness {
        Consciousness::Normal => 0,
        Consciousness::AwakensSpontaneously => 1,
        Consciousness::AwakensToVoice => 2,
        Consciousness::AwakensToTouch => 3,
        Consciousness::Unarousable => 4,
    };
    let ice = match signs.ice {
        Some(score) => match check_item("ICE", score, 10)? {
            10 => 0,
            7..=9 => 1,
            3..=6 => 2,
            _ => 3,
        },
        None if signs.consciousness == Consciousness::Unarousable => 4,
        None => return Err(NotEvaluable::MissingIce),
    };
    let seizure = match signs.seizure {
        Seizure::None => 0,
        Seizure::Resolves => 3,
        Seizure::Prolonged => 4,
    };
    let motor = if signs.deep_focal_weakness { 4 } else { 0 };
    let oedema = match signs.oedema {
        Oedema::None => 0,
        Oedema::Focal => 3,
        Oedema::Diffuse => 4,
    };
    Ok([ice, consciousness, seizure, motor, oedema]
        .into_iter()
        .fold(0, u8::max))
}
