//! Compiles a [`neurocart_model::Model`] to a lane tape and integrates many patients in lanes.
//!
//! The engine touches no file, clock or thread pool: patients come in through an iterator,
//! trajectories go out through a callback, and equal input gives equal bits whatever the lane,
//! the chunk, the number of threads or the instruction set.

mod derivative;
mod elimination;
mod emission;
mod formula;
mod graph;
mod jump;
mod patient;
mod program;
mod record;
mod rosenbrock;
mod schedule;
mod settings;
mod solve;

pub use neurocart_numeric::InstructionSet;
pub use patient::{Action, Dose, Failure, Patient, Reason, Statistics, Trajectory};
pub use program::{CompileError, CompileOptions, Program, ProgramSize};
pub use settings::{Settings, SettingsError};
pub use solve::solve;
