//! What goes into a solve and what comes out, one patient at a time.

/// One virtual patient under one regimen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patient {
    /// Number by which the caller knows the patient; returned with the result.
    pub id: u64,
    /// Values of [`crate::Program::varying`], in that order.
    pub parameters: Vec<f64>,
    /// Doses, in any order.
    pub doses: Vec<Dose>,
}

impl Patient {
    /// Sum of the infusions into a target that run at a time, in the unit of the state per day.
    pub(crate) fn infusion_rate(&self, target: usize, time_days: f64) -> f64 {
        let doses = self.doses.iter().filter(|d| d.target == target);
        let rate = |dose: &Dose| match dose.action {
            Action::Infuse {
                amount,
                duration_days,
            } => {
                let (start, end) = (dose.time_days, dose.time_days + duration_days);
                // What is given between the two days as the clock can tell them is the whole amount.
                (start <= time_days && time_days < end).then(|| amount / (end - start))
            }
            _ => None,
        };
        doses.filter_map(rate).sum()
    }
}

/// Something done to a patient at a moment; the integrator stops there exactly.
/// Doses at the same time happen in the order of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Dose {
    /// When, in days on the model's clock.
    pub time_days: f64,
    /// Index into [`crate::Program::targets`] of the state that is dosed.
    pub target: usize,
    /// What happens to it.
    pub action: Action,
}

/// What a dose does to its target state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Bolus: add this amount (unit of the state).
    Add(f64),
    /// Set to this value.
    Set(f64),
    /// Multiply by this factor (plasma exchange).
    Multiply(f64),
    /// Constant-rate infusion of `amount` in total over `duration_days`.
    Infuse {
        /// Total amount (unit of the state).
        amount: f64,
        /// Length of the infusion in days, above 0.
        duration_days: f64,
    },
}

/// A solved patient.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory {
    /// The patient's id.
    pub id: u64,
    /// `values[i * outputs + j]`: output `j` at output time `i`, after any dose at that time.
    pub values: Vec<f64>,
    /// Work done.
    pub statistics: Statistics,
}

/// Work counters of one patient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Steps accepted.
    pub accepted: u32,
    /// Steps rejected by error control.
    pub rejected: u32,
    /// Doses and events applied.
    pub discontinuities: u32,
}

/// A patient whose solve failed; the others go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The patient's id.
    pub id: u64,
    /// Where the solve stopped, in days on the model's clock.
    pub time_days: f64,
    /// Why.
    pub reason: Reason,
}

/// Why a solve stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// More steps than `Settings::max_steps`.
    #[error("more than {0} steps")]
    TooManySteps(u32),
    /// The step size fell below what the clock can resolve.
    #[error("the step size became too small: the model is singular or diverges there")]
    StepTooSmall,
    /// A state or rate became infinite or not a number.
    #[error("`{0}` is not finite")]
    NotFinite(String),
    /// Events that set each other off without end.
    #[error("the events of the model set each other off without end")]
    EndlessEvents,
    /// The patient does not fit the program.
    #[error("{0}")]
    BadInput(String),
}
