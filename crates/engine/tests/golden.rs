//! The reference formulation `reference/model.ant`, unchanged: right-hand side, golden values,
//! steady states. Numbers come from an independent prototype with two solvers.

use neurocart_engine::{
    Action, CompileOptions, Dose, Patient, Program, Settings, Trajectory, solve,
};
use neurocart_model::{Model, Options, load};

const OUTPUTS: [&str; 16] = [
    "CARb", "Bb", "BMb", "PB", "PL", "AMt", "AS", "AL", "H", "cG", "Ap", "IL6", "R", "BC", "F", "U",
];

fn model() -> Model {
    let text = include_str!("../../../reference/model.ant");
    load("model.ant", text, &|_| None, &Options::default())
        .expect("the reference model loads")
        .model
}

fn program(fixed: &[(&str, f64)], outputs: &[&str], targets: &[&str]) -> Program {
    let options = CompileOptions {
        fixed: fixed.iter().map(|(n, v)| (n.to_string(), *v)).collect(),
        outputs: outputs.iter().map(|n| n.to_string()).collect(),
        targets: targets.iter().map(|n| n.to_string()).collect(),
        ..CompileOptions::default()
    };
    Program::compile(&model(), options).expect("compiles")
}

fn settings(times: &[f64], relative: f64) -> Settings {
    Settings {
        output_times_days: times.to_vec(),
        relative_tolerance: relative,
        absolute_tolerance: relative * 1e-3,
        absolute_tolerance_of: ["AMt", "AMb", "BMb", "BC", "PB", "AS"]
            .map(|s| (s.to_string(), 1e-13))
            .to_vec(),
        ..Settings::default()
    }
}

fn run(program: &Program, settings: &Settings, doses: &[Dose]) -> Trajectory {
    let mut out = None;
    let patient = Patient {
        id: 1,
        parameters: Vec::new(),
        doses: doses.to_vec(),
    };
    solve(program, settings, &mut std::iter::once(patient), &mut |r| {
        out = Some(r)
    })
    .expect("settings");
    out.expect("one result").expect("solved")
}

/// Rows `day, 16 values` of one table of `reference/golden_values.csv`.
fn golden(scenario: &str) -> Vec<(f64, Vec<f64>)> {
    include_str!("../../../reference/golden_values.csv")
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|fields| fields[0] == scenario)
        .map(|f| {
            (
                f[1].parse().unwrap(),
                f[2..].iter().map(|x| x.parse::<f64>().unwrap()).collect(),
            )
        })
        .collect()
}

fn compare(scenario: &str, fixed: &[(&str, f64)], doses: &[(f64, &str, Action)]) {
    let mut targets: Vec<&str> = doses.iter().map(|d| d.1).collect();
    targets.dedup();
    let program = program(fixed, &OUTPUTS, &targets);
    let rows = golden(scenario);
    assert_eq!(rows.len(), 7);
    let times: Vec<f64> = rows.iter().map(|r| r.0 + 10.0).collect();
    let doses: Vec<Dose> = doses
        .iter()
        .map(|(day, target, action)| Dose {
            time_days: day + 10.0,
            target: targets.iter().position(|t| t == target).unwrap(),
            action: *action,
        })
        .collect();
    let mut runs = Vec::new();
    for relative in [1e-8, 1e-9] {
        let solved = run(&program, &settings(&times, relative), &doses);
        for (i, (day, values)) in rows.iter().enumerate() {
            for (j, expected) in values.iter().enumerate() {
                let found = solved.values[i * OUTPUTS.len() + j];
                let tolerance = if expected.abs() < 1e-6 { 1e-3 } else { 1e-5 };
                let error = (found - expected).abs() / expected.abs().max(1e-300);
                assert!(
                    found == *expected || error < tolerance,
                    "{scenario} day {day} {}: {found} against {expected}, relative {error:e}",
                    OUTPUTS[j]
                );
            }
        }
        runs.push(solved);
    }
    // The tighter tolerance changes nothing beyond the looser one, but for the growth of an early
    // error with the cells.
    let [loose, tight] = &runs[..] else {
        panic!("two runs")
    };
    for (i, (a, b)) in loose.values.iter().zip(&tight.values).enumerate() {
        let name = OUTPUTS[i % OUTPUTS.len()];
        let column = tight
            .values
            .iter()
            .skip(i % OUTPUTS.len())
            .step_by(OUTPUTS.len());
        let size = b
            .abs()
            .max(1e-3 * column.fold(0.0f64, |m, x| m.max(x.abs())));
        assert!(
            (a - b).abs() <= 50.0 * 1e-8 * size,
            "{scenario} {name}: {a} and {b}"
        );
    }
}

#[test]
fn golden_values_of_cd19_car_t_in_myasthenia_by_the_models_own_events() {
    compare("S1", &[("t19", 1.0), ("x_LD", 1.0), ("n_CART", 0.07)], &[]);
}

#[test]
fn golden_values_of_cd19_car_t_in_myasthenia_by_doses() {
    let doses = [
        (-5.0, "XL", Action::Add(1.0)),
        (-4.0, "XL", Action::Add(1.0)),
        (-3.0, "XL", Action::Add(1.0)),
        (0.0, "CI", Action::Add(0.07)),
        (0.0, "Z", Action::Set(1.0)),
    ];
    compare("S1", &[("t19", 1.0)], &doses);
}

#[test]
fn golden_values_of_bcma_car_t_in_myasthenia() {
    compare("S2", &[("tBC", 1.0), ("x_LD", 1.0), ("n_CART", 0.07)], &[]);
}

#[test]
fn golden_values_of_ocrelizumab() {
    let doses = [
        (0.0, "D1c", Action::Add(300.0)),
        (14.0, "D1c", Action::Add(300.0)),
    ];
    compare("S3", &[("D1t20", 1.0)], &doses);
}

#[test]
fn golden_values_of_efgartigimod() {
    let doses = [0.0, 7.0, 14.0, 21.0].map(|day| (day, "D2c", Action::Add(700.0)));
    compare("S4", &[("D2fcrn", 1.0)], &doses);
}

#[test]
fn right_hand_side_at_the_probe_point() {
    let flags = ["t19", "tBC", "D1t20", "D2fcrn", "D2c5", "D2il6", "D2nat"];
    let mut fixed: Vec<(&str, f64)> = flags.iter().map(|f| (*f, 1.0)).collect();
    fixed.extend([("krej", 0.1), ("kCARloss", 0.05)]);
    let rows: Vec<(String, f64, f64)> = include_str!("../../../reference/rate_probe.csv")
        .lines()
        .skip(1)
        .map(|line| {
            let f: Vec<&str> = line.split(',').collect();
            (
                f[0].to_string(),
                f[1].parse().unwrap(),
                f[2].parse().unwrap(),
            )
        })
        .collect();
    assert_eq!(rows.len(), 51);
    let names: Vec<&str> = rows.iter().map(|r| r.0.as_str()).collect();
    let program = program(&fixed, &[], &names);
    assert_eq!(program.states().len(), 51);
    let of = |name: &String| rows.iter().find(|r| r.0 == *name).unwrap();
    let states: Vec<f64> = program.states().iter().map(|s| of(s).1).collect();
    let rates = program.rates(&[], 0.0, &states).expect("rates");
    for (name, rate) in program.states().iter().zip(rates) {
        let expected = of(name).2;
        // Where terms cancel, what is left is the rounding error of terms of the state's size.
        let rounding = 1e-15 * of(name).1.abs().max(1.0);
        let close = (rate - expected).abs() <= 1e-9 * expected.abs() + rounding;
        assert!(close, "d{name}/dt = {rate}, expected {expected}");
    }
}

#[test]
fn healthy_and_diseased_steady_states_hold_for_ten_years() {
    for (dis, still) in [(0.0, &[][..]), (1.0, &["X", "LamR", "LamI"][..])] {
        let model = model();
        let names: Vec<&str> = model
            .states
            .iter()
            .map(|s| model[s.symbol].name.as_str())
            .collect();
        // Targets keep every state in the program.
        let program = program(&[("dis", dis), ("t19", 0.0)], &names, &names);
        let solved = run(&program, &settings(&[0.0, 3650.0], 1e-8), &[]);
        for (j, name) in names.iter().enumerate() {
            let (start, end) = (solved.values[j], solved.values[names.len() + j]);
            if ["LamR", "LamI"].contains(name) || still.contains(name) {
                continue;
            }
            // In the disease axonal loss goes on, and neurofilament follows it.
            let drift = (end - start).abs() / start.abs().max(1.0);
            assert!(
                drift < 1e-7,
                "dis = {dis}: {name} drifts from {start} to {end}"
            );
        }
    }
}
