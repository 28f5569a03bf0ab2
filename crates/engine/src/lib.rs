//! Compiles a [`neurocart_model::Model`] to a lane tape and integrates many patients in lanes.
//!
//! The engine touches no file, clock or thread pool: patients come in through an iterator,
//! trajectories go out through a callback, and equal input gives equal bits whatever the lane,
//! the chunk, the number of threads or the instruction set.
//!
//! It is not a general solver: no delays, no algebraic equations, no one-off scripting of a single
//! run. How it works and what it was checked against is told in `docs/concepts/engine.md`.
//!
//! # Example
//!
//! A drug with first-order loss, two patients, one dose on day 1:
//!
//! ```
//! use neurocart_engine::{Action, CompileOptions, Dose, Patient, Program, Settings, solve};
//!
//! let text = "model drug() A = 0; A' = -k*A; k = 0.1; C := A/V; V = 5; end";
//! let model = neurocart_model::load("drug.ant", text, &|_| None, &Default::default()).unwrap().model;
//! let options = CompileOptions {
//!     varying: vec!["k".into()],
//!     outputs: vec!["C".into()],
//!     targets: vec!["A".into()],
//!     ..CompileOptions::default()
//! };
//! let program = Program::compile(&model, options).unwrap();
//! let settings = Settings { output_times_days: vec![0.0, 1.0, 11.0], ..Settings::default() };
//! let dose = Dose { time_days: 1.0, target: 0, action: Action::Add(100.0) };
//! let mut patients = [0.1, 0.2].into_iter().enumerate().map(|(id, k)| Patient {
//!     id: id as u64,
//!     parameters: vec![k],
//!     doses: vec![dose.clone()],
//! });
//! solve(&program, &settings, &mut patients, &mut |result| {
//!     let trajectory = result.unwrap();
//!     let k = [0.1, 0.2][trajectory.id as usize];
//!     assert_eq!(trajectory.values[..2], [0.0, 20.0]);
//!     assert!((trajectory.values[2] - 20.0 * f64::exp(-10.0 * k)).abs() < 1e-4);
//! })
//! .unwrap();
//! ```

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
