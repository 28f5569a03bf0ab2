//! Cytokine release syndrome graded by the ASTCT: fever, then the worse of hypotension and
//! hypoxia.
//!
//! Fever of 38 C or more opens the syndrome. Once an antipyretic or anticytokine treatment was
//! given it is no longer required, and hypotension and hypoxia drive the grade alone.
//! Lee et al. 2019, doi:10.1016/j.bbmt.2018.12.758.

/// Hypotension that is not attributable to another cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hypotension {
    /// None.
    #[default]
    None,
    /// No vasopressor is required.
    WithoutVasopressor,
    /// One vasopressor, with or without vasopressin.
    OneVasopressor,
    /// Several vasopressors, vasopressin not counted.
    SeveralVasopressors,
}

/// Hypoxia that is not attributable to another cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hypoxia {
    /// None.
    #[default]
    None,
    /// Nasal cannula of up to 6 L/min, or blow-by.
    LowFlow,
    /// High-flow cannula, face mask, non-rebreather or Venturi mask.
    HighFlow,
    /// Positive pressure: CPAP, BiPAP, intubation and ventilation.
    PositivePressure,
}

/// Signs on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// Temperature of 38 C or more.
    pub fever: bool,
    /// The syndrome was present before, and fever is hidden by antipyretic or anticytokine
    /// treatment.
    pub fever_masked: bool,
    /// Hypotension.
    pub hypotension: Hypotension,
    /// Hypoxia.
    pub hypoxia: Hypoxia,
    /// Death due to the syndrome.
    pub death: bool,
}

/// The grade, 0 (no syndrome) to 5 (death due to it).
pub fn crs_grade(signs: &Signs) -> u8 {
    if signs.death {
        return 5;
    }
    if !signs.fever && !signs.fever_masked {
        return 0;
    }
    let hypotension = match signs.hypotension {
        Hypotension::None => 1,
        Hypotension::WithoutVasopressor => 2,
        Hypotension::OneVasopressor => 3,
        Hypotension::SeveralVasopressors => 4,
    };
    let hypoxia = match signs.hypoxia {
        Hypoxia::None => 1,
        Hypoxia::LowFlow => 2,
        Hypoxia::HighFlow => 3,
        Hypoxia::PositivePressure => 4,
    };
    hypotension.max(hypoxia)
}
