//! Small models from text, and their solution.

#![allow(dead_code, reason = "each test program uses its own part")]

use neurocart_engine::{
    CompileOptions, Dose, Failure, Patient, Program, Settings, Trajectory, solve,
};
use neurocart_model::{Model, Options, load};

pub fn model(text: &str) -> Model {
    load("small.ant", text, &|_| None, &Options::default())
        .expect("the text is a model")
        .model
}

pub fn program(text: &str, varying: &[&str], outputs: &[&str], targets: &[&str]) -> Program {
    let list = |names: &[&str]| names.iter().map(|n| n.to_string()).collect();
    let options = CompileOptions {
        fixed: Vec::new(),
        varying: list(varying),
        outputs: list(outputs),
        targets: list(targets),
    };
    Program::compile(&model(text), options).expect("compiles")
}

pub fn settings(times: &[f64], tolerance: f64) -> Settings {
    Settings {
        output_times_days: times.to_vec(),
        relative_tolerance: tolerance,
        absolute_tolerance: tolerance * 1e-3,
        ..Settings::default()
    }
}

pub fn solve_all(
    program: &Program,
    settings: &Settings,
    patients: impl IntoIterator<Item = Patient>,
) -> Vec<Result<Trajectory, Failure>> {
    let mut results = Vec::new();
    let mut patients = patients.into_iter();
    solve(program, settings, &mut patients, &mut |r| results.push(r)).expect("settings");
    results
}

pub fn solve_one(
    program: &Program,
    settings: &Settings,
    parameters: &[f64],
    doses: &[Dose],
) -> Result<Trajectory, Failure> {
    let patient = Patient {
        id: 7,
        parameters: parameters.to_vec(),
        doses: doses.to_vec(),
    };
    solve_all(program, settings, [patient])
        .pop()
        .expect("one result")
}

/// Column `output` of a trajectory.
pub fn column(program: &Program, trajectory: &Trajectory, output: usize) -> Vec<f64> {
    let width = program.outputs().len();
    trajectory
        .values
        .iter()
        .skip(output)
        .step_by(width)
        .copied()
        .collect()
}

#[track_caller]
pub fn assert_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(
        error <= tolerance * expected.abs().max(1e-3),
        "{what}: {found}, not {expected}; relative error {:e}",
        error / expected.abs()
    );
}
