//! What happens to one subject in one replicate: the stochastic layers on a solved trajectory.
//!
//! The immune core is solved once per patient and regimen; a course is drawn from that solution
//! for every replicate, because the clinical states never feed back into the core.

/// One subject's clinical course, times in days from the first treatment (day 0).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// Relapses or attacks, in order.
    pub attacks: Vec<Attack>,
    /// One entry per planned visit, in order.
    pub visits: Vec<Visit>,
    /// Cytokine release syndrome; `None` where the therapy is not a CAR T product.
    pub crs: Option<Toxicity>,
    /// Immune-effector-cell-associated neurotoxicity syndrome.
    pub icans: Option<Toxicity>,
    /// Onsets of serious infections.
    pub serious_infections_days: Vec<f64>,
    /// When the autoreactive clone fell below one cell, if it did.
    pub clone_extinct_days: Option<f64>,
    /// When new founders re-established the clone after extinction, if they did.
    pub clone_refounded_days: Option<f64>,
}

/// A relapse (MS) or attack (NMOSD, MOGAD).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attack {
    /// Onset.
    pub time_days: f64,
    /// Rise in EDSS at the peak.
    pub edss_jump: f64,
    /// Part of the rise that stays for good, in EDSS points.
    pub edss_residual: f64,
}

/// What is measured at a visit. `None` where the disease has no such score.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Visit {
    /// When.
    pub time_days: f64,
    /// Expanded Disability Status Scale, 0 to 10 by 0.5.
    pub edss: Option<f64>,
    /// Myasthenia Gravis Activities of Daily Living, 0 to 24.
    pub mg_adl: Option<f64>,
    /// Quantitative Myasthenia Gravis score, 0 to 39.
    pub qmg: Option<f64>,
    /// Blood B cells.
    pub b_cells_per_ul: f64,
    /// Autoantibody, percent of the patient's own baseline.
    pub autoantibody_percent: f64,
    /// Total IgG.
    pub igg_g_per_l: f64,
    /// CAR T cells in blood.
    pub car_t_cells_per_ul: f64,
    /// Serum neurofilament light.
    pub snfl_pg_per_ml: f64,
    /// Serum GFAP.
    pub sgfap_pg_per_ml: f64,
}

/// A graded toxicity of CAR T therapy (ASTCT 2019).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Toxicity {
    /// Highest grade, 0 (none) to 4.
    pub grade: u8,
    /// Onset; `None` for grade 0.
    pub onset_days: Option<f64>,
}
