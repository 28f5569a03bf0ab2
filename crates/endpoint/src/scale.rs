//! Scales: smallest and largest value, step, and which direction is worse.
//!
//! Kurtzke 1983, doi:10.1212/WNL.33.11.1444 (EDSS and functional systems); Burns et al. 2010,
//! doi:10.1212/WNL.0b013e3181dc1b1e (MGC); Lee et al. 2019, doi:10.1016/j.bbmt.2018.12.758 (ICE,
//! CRS, ICANS). Timed tests are capped at 180 s (walk) and 300 s (peg).

use crate::InputError;
use crate::error::within;

/// A scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Scale {
    Edss,
    FsPyramidal,
    FsCerebellar,
    FsBrainstem,
    FsSensory,
    FsBowelBladder,
    FsVisual,
    FsCerebral,
    T25fw,
    NineHolePeg,
    Sdmt,
    MgAdl,
    Qmg,
    Mgc,
    MgQol15r,
    ModifiedRankin,
    Case,
    Incat,
    IRods,
    StiffnessDistribution,
    HeightenedSensitivity,
    Ice,
    Crs,
    Icans,
    HighContrastLetters,
}

/// Which direction of a scale is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worse {
    /// Larger values.
    Up,
    /// Smaller values.
    Down,
}

/// A change that is commonly called meaningful.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MeaningfulChange {
    /// None is in common use.
    None,
    /// So many points or letters.
    Points(f64),
    /// So many percent of the baseline.
    PercentOfBaseline(f64),
    /// So many points, or so many percent of the baseline.
    PointsOrPercent(f64, f64),
    /// It hangs on the baseline: see [`crate::confirmed_progression::EdssRule`].
    ByBaseline,
}

/// What is known about a scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Definition {
    /// Name in tables; the unit stands in brackets where there is one.
    pub name: &'static str,
    /// Items that are rated or added.
    pub items: &'static str,
    /// Smallest value.
    pub minimum: f64,
    /// Largest value.
    pub maximum: f64,
    /// Distance between neighbouring values.
    pub step: f64,
    /// Which direction is worse.
    pub worse: Worse,
    /// A change that is commonly called meaningful.
    pub meaningful_change: MeaningfulChange,
}

impl Scale {
    /// Every scale.
    pub const ALL: [Scale; 25] = [
        Scale::Edss,
        Scale::FsPyramidal,
        Scale::FsCerebellar,
        Scale::FsBrainstem,
        Scale::FsSensory,
        Scale::FsBowelBladder,
        Scale::FsVisual,
        Scale::FsCerebral,
        Scale::T25fw,
        Scale::NineHolePeg,
        Scale::Sdmt,
        Scale::MgAdl,
        Scale::Qmg,
        Scale::Mgc,
        Scale::MgQol15r,
        Scale::ModifiedRankin,
        Scale::Case,
        Scale::Incat,
        Scale::IRods,
        Scale::StiffnessDistribution,
        Scale::HeightenedSensitivity,
        Scale::Ice,
        Scale::Crs,
        Scale::Icans,
        Scale::HighContrastLetters,
    ];

    /// What is known about the scale.
    pub const fn definition(self) -> Definition {
        use MeaningfulChange::{ByBaseline, None, PercentOfBaseline, Points, PointsOrPercent};
        use Worse::{Down, Up};
        let (name, items, maximum, step, worse, meaningful_change) = match self {
            Scale::Edss => ("EDSS", "8 FS + ambulation", 10.0, 0.5, Up, ByBaseline),
            Scale::FsPyramidal => ("FS pyramidal", "1", 6.0, 1.0, Up, None),
            Scale::FsCerebellar => ("FS cerebellar", "1", 5.0, 1.0, Up, None),
            Scale::FsBrainstem => ("FS brainstem", "1", 5.0, 1.0, Up, None),
            Scale::FsSensory => ("FS sensory", "1", 6.0, 1.0, Up, None),
            Scale::FsBowelBladder => ("FS bowel/bladder", "1", 6.0, 1.0, Up, None),
            Scale::FsVisual => ("FS visual", "1", 6.0, 1.0, Up, None),
            Scale::FsCerebral => ("FS cerebral", "1", 5.0, 1.0, Up, None),
            Scale::T25fw => ("T25FW (s)", "1", 180.0, 0.1, Up, PercentOfBaseline(20.0)),
            Scale::NineHolePeg => ("9HPT (s)", "1", 300.0, 0.1, Up, PercentOfBaseline(20.0)),
            Scale::Sdmt => ("SDMT", "1", 110.0, 1.0, Down, PointsOrPercent(4.0, 10.0)),
            Scale::MgAdl => ("MG-ADL", "8", 24.0, 1.0, Up, Points(2.0)),
            Scale::Qmg => ("QMG", "13", 39.0, 1.0, Up, Points(3.0)),
            Scale::Mgc => ("MGC", "10", 50.0, 1.0, Up, Points(3.0)),
            Scale::MgQol15r => ("MG-QOL15r", "15", 30.0, 1.0, Up, None),
            Scale::ModifiedRankin => ("mRS", "1", 6.0, 1.0, Up, Points(1.0)),
            Scale::Case => ("CASE", "9", 27.0, 1.0, Up, None),
            Scale::Incat => ("INCAT disability", "2", 10.0, 1.0, Up, Points(1.0)),
            Scale::IRods => ("I-RODS", "24", 48.0, 1.0, Down, None),
            Scale::StiffnessDistribution => {
                ("Stiffness distribution index", "1", 6.0, 1.0, Up, None)
            }
            Scale::HeightenedSensitivity => {
                ("Heightened sensitivity scale", "1", 7.0, 1.0, Up, None)
            }
            Scale::Ice => ("ICE", "5", 10.0, 1.0, Down, None),
            Scale::Crs => ("CRS grade (ASTCT)", "1", 5.0, 1.0, Up, None),
            Scale::Icans => ("ICANS grade (ASTCT)", "1", 5.0, 1.0, Up, None),
            Scale::HighContrastLetters => ("HCVA (letters)", "1", 70.0, 1.0, Down, Points(5.0)),
        };
        Definition {
            name,
            items,
            minimum: 0.0,
            maximum,
            step,
            worse,
            meaningful_change,
        }
    }

    /// Refuses a value that is not on the scale: not finite, out of range, or between two steps.
    /// The EDSS has no 0.5.
    pub fn check(self, value: f64) -> Result<f64, InputError> {
        let definition = self.definition();
        within(
            definition.name,
            value,
            (definition.minimum, definition.maximum),
        )?;
        let steps = value / definition.step;
        // A tenth of a second has no exact binary form.
        let is_step = (steps - steps.round()).abs() < 1e-9 * steps.abs().max(1.0);
        if !is_step || (self == Scale::Edss && value == 0.5) {
            return Err(InputError::OffStep {
                scale: definition.name,
                value,
                step: definition.step,
            });
        }
        Ok(value)
    }
}

/// Refuses a grade or an item above its largest value.
pub(crate) fn check_item(what: &'static str, value: u8, maximum: u8) -> Result<u8, InputError> {
    within(what, f64::from(value), (0.0, f64::from(maximum))).map(|_| value)
}
