//! Dose finding: which dose the next patients get, and which dose a trial names at its end.
//!
//! Each design is two plain functions of the data so far: one gives the next dose as a typed
//! [`DoseDecision`], one the dose selected at the end. [`DoseFindingDesign`] calls the right pair,
//! so that a simulated trial is written once for all designs. Doses are positions from 0, the
//! lowest dose first.
//!
//! Rules that hold for every design here:
//! * The next dose is at most one above the current one, and the dose is not raised before
//!   somebody was treated at the current dose, so no untried dose is skipped.
//! * A decision is a function of the data alone. With complete data an eliminated dose stays
//!   eliminated, since nobody is treated at it or above it any more.
//! * At an end of the dose range, or below an eliminated dose, a design that wants to go further
//!   stays; if the lowest dose is eliminated, it stops.
//!
//! ```
//! use neurocart_stats::dose_finding::{BoinSettings, DoseAction, DoseFindingDesign, DoseTally};
//!
//! let design = DoseFindingDesign::Boin(BoinSettings::at_target(0.30));
//! let doses = [DoseTally::of(3, 0), DoseTally::of(3, 1), DoseTally::default()];
//! let decision = design.next_dose(&doses, 1)?;
//! assert_eq!((decision.action, decision.next), (DoseAction::Stay, Some(1)));
//! # Ok::<(), neurocart_stats::InputError>(())
//! ```

mod boin;
mod boin12;
mod continual_reassessment;
mod crm_model;
mod crm_skeleton;
mod interval_design;
mod isotonic;
mod overdose;
mod three_plus_three;
mod tite_crm;

pub use boin::{
    BoinBoundary, BoinRates, BoinSettings, boin_boundaries, boin_extra_safe_stop, boin_next_dose,
    boin_rates, boin_select,
};
pub use boin12::{
    Boin12Row, Boin12Settings, boin12_desirability, boin12_next_dose, boin12_select, boin12_table,
};
pub use continual_reassessment::{CrmFit, CrmMethod, CrmSettings, crm, crm_next_dose, crm_select};
pub use crm_model::CrmModel;
pub use crm_skeleton::crm_skeleton;
pub use interval_design::{
    IntervalDecision, IntervalDecisionRow, IntervalRule, IntervalSettings, interval_decision,
    interval_decision_table, interval_next_dose, interval_select,
};
pub use isotonic::{isotonic_estimates, pooled_adjacent_violators};
pub use overdose::{OverdoseRule, overdose_probability};
pub use three_plus_three::{
    ThreePlusThreeExact, ThreePlusThreeVariant, three_plus_three_exact, three_plus_three_next_dose,
    three_plus_three_select,
};
pub use tite_crm::{tite_crm, tite_crm_next_dose, tite_crm_select, tite_weight};

use crate::InputError;
use crate::error::check_count;

/// Doses a design may have. Real trials have fewer than ten; the work grows with the number.
pub const LARGEST_NUMBER_OF_DOSES: usize = 100;

/// What is known about one dose.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DoseTally {
    /// Patients whose DLT outcome is known: a DLT happened, or the DLT window is over.
    pub treated: u64,
    /// How many of them had a dose-limiting toxicity.
    pub dlt: u64,
    /// How many of them responded; only designs for the optimal biological dose look at it.
    pub responses: u64,
    /// For each patient still in the DLT window without a DLT: the part of the window that is
    /// over, from 0 to 1. Only time-to-event designs look at it.
    pub pending_weights: Vec<f64>,
}

impl DoseTally {
    /// `dlt` of `treated` patients, all with complete follow-up.
    pub fn of(treated: u64, dlt: u64) -> Self {
        DoseTally {
            treated,
            dlt,
            ..DoseTally::default()
        }
    }

    /// Whether anybody was treated, with the outcome known or pending.
    pub fn is_tried(&self) -> bool {
        self.treated > 0 || !self.pending_weights.is_empty()
    }
}

/// Where the next patients go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoseAction {
    /// The same dose again.
    Stay,
    /// The next higher dose.
    Escalate,
    /// A lower dose.
    DeEscalate,
    /// Nobody else is treated.
    Stop(StopReason),
}

/// Why a design ends the trial before its last patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StopReason {
    /// The lowest dose is too toxic.
    LowestDoseTooToxic,
    /// The rule has named its dose (3+3 ends by itself).
    DoseFound,
    /// Every dose is too toxic or does not work (designs with a response).
    NoAdmissibleDose,
}

/// One decision of a design.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoseDecision {
    /// What to do.
    pub action: DoseAction,
    /// Dose of the next patients, from 0; none after a stop.
    pub next: Option<usize>,
    /// This dose and all above are eliminated as too toxic.
    pub eliminated_from: Option<usize>,
}

impl DoseDecision {
    fn stop(reason: StopReason, eliminated_from: Option<usize>) -> Self {
        DoseDecision {
            action: DoseAction::Stop(reason),
            next: None,
            eliminated_from,
        }
    }

    /// Moves from `current` towards `wanted`, which must lie among the doses: at most one dose up,
    /// and below the eliminated doses. Stops if the lowest dose is eliminated.
    fn towards(wanted: usize, current: usize, eliminated_from: Option<usize>) -> Self {
        let highest = match eliminated_from {
            Some(0) => return Self::stop(StopReason::LowestDoseTooToxic, eliminated_from),
            Some(dose) => dose - 1,
            None => usize::MAX,
        };
        let next = wanted.min(current + 1).min(highest);
        let action = match next.cmp(&current) {
            std::cmp::Ordering::Less => DoseAction::DeEscalate,
            std::cmp::Ordering::Equal => DoseAction::Stay,
            std::cmp::Ordering::Greater => DoseAction::Escalate,
        };
        DoseDecision {
            action,
            next: Some(next),
            eliminated_from,
        }
    }
}

/// The dose named at the end of a trial, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoseSelection {
    /// This dose, from 0.
    Dose(usize),
    /// No dose.
    NoDose(NoDoseReason),
}

impl DoseSelection {
    /// The selected dose, if there is one.
    pub fn dose(self) -> Option<usize> {
        match self {
            DoseSelection::Dose(dose) => Some(dose),
            DoseSelection::NoDose(_) => None,
        }
    }
}

/// Why no dose is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoDoseReason {
    /// No patient has a known outcome.
    NobodyTreated,
    /// The lowest dose is too toxic.
    AllTooToxic,
    /// No dose passed the rule before the trial ended (3+3 ended early).
    NoneConfirmed,
    /// Every tolerable dose is ineffective (designs with a response).
    NoneEffective,
}

/// A dose-finding design with its settings.
#[derive(Debug, Clone, PartialEq)]
pub enum DoseFindingDesign {
    /// 3+3.
    ThreePlusThree(ThreePlusThreeVariant),
    /// Bayesian optimal interval design.
    Boin(BoinSettings),
    /// Keyboard, mTPI-2 or mTPI.
    Interval(IntervalSettings),
    /// Continual reassessment method.
    Crm(CrmSettings),
    /// Time-to-event continual reassessment method.
    TiteCrm(CrmSettings),
    /// BOIN12, for the optimal biological dose.
    Boin12(Boin12Settings),
}

impl DoseFindingDesign {
    /// The decision after the data `doses`, one tally per dose from the lowest, with the last
    /// patients at dose `current`.
    ///
    /// # Errors
    ///
    /// No dose or too many, `current` beyond them, more DLT or responses than patients, a setting
    /// outside its range.
    pub fn next_dose(
        &self,
        doses: &[DoseTally],
        current: usize,
    ) -> Result<DoseDecision, InputError> {
        match self {
            Self::ThreePlusThree(variant) => three_plus_three_next_dose(doses, current, *variant),
            Self::Boin(settings) => boin_next_dose(doses, current, settings),
            Self::Interval(settings) => interval_next_dose(doses, current, settings),
            Self::Crm(settings) => crm_next_dose(doses, current, settings),
            Self::TiteCrm(settings) => tite_crm_next_dose(doses, current, settings),
            Self::Boin12(settings) => boin12_next_dose(doses, current, settings),
        }
    }

    /// The dose named at the end of the trial. Pending patients do not count, except in
    /// TITE-CRM.
    ///
    /// # Errors
    ///
    /// As [`DoseFindingDesign::next_dose`].
    pub fn select(&self, doses: &[DoseTally]) -> Result<DoseSelection, InputError> {
        match self {
            Self::ThreePlusThree(variant) => three_plus_three_select(doses, *variant),
            Self::Boin(settings) => boin_select(doses, settings),
            Self::Interval(settings) => interval_select(doses, settings),
            Self::Crm(settings) => crm_select(doses, settings),
            Self::TiteCrm(settings) => tite_crm_select(doses, settings),
            Self::Boin12(settings) => boin12_select(doses, settings),
        }
    }

    /// Whether decisions use patients who are still in the DLT window, so that the trial need not
    /// wait for them.
    pub fn uses_pending_patients(&self) -> bool {
        matches!(self, Self::TiteCrm(_))
    }
}

fn check_doses(doses: &[DoseTally]) -> Result<(), InputError> {
    check_number_of_doses(doses.len())?;
    for dose in doses {
        check_count("dlt", dose.dlt, dose.treated)?;
        check_count("responses", dose.responses, dose.treated)?;
        for (index, &value) in dose.pending_weights.iter().enumerate() {
            if !(0.0..=1.0).contains(&value) {
                return Err(InputError::Value {
                    name: "pending_weights",
                    index,
                    value,
                    expected: "the part of the DLT window that is over, from 0 to 1",
                });
            }
        }
    }
    Ok(())
}

fn check_number_of_doses(doses: usize) -> Result<(), InputError> {
    check_range(
        "number of doses",
        doses as f64,
        1.0,
        LARGEST_NUMBER_OF_DOSES as f64,
        "from 1 to 100",
    )
}

fn check_current(doses: &[DoseTally], current: usize) -> Result<(), InputError> {
    check_doses(doses)?;
    if current < doses.len() {
        return Ok(());
    }
    Err(InputError::Range {
        name: "current",
        value: current as f64,
        expected: "the position of a dose, from 0",
    })
}

/// Targets outside this range are no DLT rate that a trial could find.
fn check_target(target: f64) -> Result<(), InputError> {
    check_range("target", target, 0.001, 0.999, "between 0.001 and 0.999")
}

fn check_range(
    name: &'static str,
    value: f64,
    lowest: f64,
    highest: f64,
    expected: &'static str,
) -> Result<(), InputError> {
    if (lowest..=highest).contains(&value) {
        return Ok(());
    }
    Err(InputError::Range {
        name,
        value,
        expected,
    })
}
