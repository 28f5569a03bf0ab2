//! Twenty random patients through a CD19 CAR T course, against an independent solver.
//!
//! `reference/oracle` solves the same draws with diffsol's variable-order BDF at relative tolerance
//! 1e-10, rates from the model crate's plain evaluator, events by hand; its answer is kept in
//! `reference/oracle_solutions.csv`.

mod small;

use neurocart_engine::{CompileOptions, Patient, Program, Settings, Trajectory};

const OUTPUTS: [&str; 7] = ["CARb", "Bb", "cG", "Ap", "IL6", "MGADL", "AMt"];

/// How far the error of a step may grow until it is damped: the cells multiply by thousands, and an
/// early error with them.
const AMPLIFICATION: f64 = 50.0;

fn numbers(line: &str) -> Vec<f64> {
    line.split(',')
        .map(|field| field.parse().expect("a number"))
        .collect()
}

/// Patients of `reference/oracle_draws.csv`, solved at `relative`, in their order.
fn solved(relative: f64, times: &[f64]) -> Vec<Trajectory> {
    let draws = include_str!("../../../reference/oracle_draws.csv");
    let mut lines = draws.lines();
    let names = lines.next().expect("a header");
    let options = CompileOptions {
        fixed: vec![
            ("t19".into(), 1.0),
            ("x_LD".into(), 1.0),
            ("n_CART".into(), 0.07),
        ],
        varying: names.split(',').map(String::from).collect(),
        outputs: OUTPUTS.map(String::from).to_vec(),
        targets: Vec::new(),
    };
    let model = small::model(include_str!("../../../reference/model.ant"));
    let program = Program::compile(&model, options).expect("compiles");
    let settings = Settings {
        output_times_days: times.to_vec(),
        relative_tolerance: relative,
        absolute_tolerance: relative * 1e-4,
        ..Settings::default()
    };
    let patients = lines.enumerate().map(|(id, line)| Patient {
        id: id as u64,
        parameters: numbers(line),
        doses: Vec::new(),
    });
    let results = small::solve_all(&program, &settings, patients);
    let mut results: Vec<Trajectory> = results.into_iter().map(|r| r.expect("solved")).collect();
    results.sort_by_key(|t| t.id);
    results
}

/// Largest difference over times and outputs, relative to the value or, where an output is near
/// zero, to a thousandth of its largest value in the patient.
fn difference(found: &[f64], expected: &[f64]) -> f64 {
    let width = OUTPUTS.len();
    let mut worst = 0.0f64;
    for j in 0..width {
        let column = |values: &[f64]| -> Vec<f64> {
            values.iter().skip(j).step_by(width).copied().collect()
        };
        let (found, expected) = (column(found), column(expected));
        let largest = expected.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        for (x, reference) in found.iter().zip(&expected) {
            if x != reference {
                let size = reference.abs().max(1e-3 * largest);
                worst = worst.max((x - reference).abs() / size);
            }
        }
    }
    worst
}

#[test]
fn random_patients_agree_with_an_independent_solver() {
    let rows: Vec<Vec<f64>> = include_str!("../../../reference/oracle_solutions.csv")
        .lines()
        .skip(1)
        .map(numbers)
        .collect();
    let times: Vec<f64> = rows.iter().filter(|r| r[0] == 0.0).map(|r| r[1]).collect();
    assert_eq!((times.len(), rows.len()), (12, 240));
    let relative = 1e-9;
    for trajectory in solved(relative, &times) {
        let of_patient = rows.iter().filter(|r| r[0] == trajectory.id as f64);
        let expected: Vec<f64> = of_patient.flat_map(|r| r[2..].to_vec()).collect();
        assert_eq!(expected.len(), trajectory.values.len());
        let found = difference(&trajectory.values, &expected);
        let bound = AMPLIFICATION * (relative + 1e-10);
        assert!(
            found < bound,
            "patient {}: {found:e}, above {bound:e}",
            trajectory.id
        );
    }
}

#[test]
fn tenfold_tighter_tolerances_change_nothing_beyond_them() {
    let times: Vec<f64> = (0..101).map(|i| f64::from(i) * 7.4).collect();
    for relative in [1e-5, 1e-7] {
        let (loose, tight) = (solved(relative, &times), solved(0.1 * relative, &times));
        for (loose, tight) in loose.iter().zip(&tight) {
            let found = difference(&loose.values, &tight.values);
            let bound = AMPLIFICATION * relative;
            assert!(
                found < bound,
                "patient {}: {found:e}, above {bound:e}",
                loose.id
            );
        }
    }
}
