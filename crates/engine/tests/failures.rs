//! Patients that cannot be solved: each is reported with id, time and reason, and the others keep
//! their bits.

mod small;

use neurocart_engine::{
    Action, CompileError, CompileOptions, Dose, Patient, Program, Reason, Settings, solve,
};
use neurocart_model::{Expression, UnaryOperator};
use small::*;

/// x' = r x^2 explodes at 1 / (r x0); y' = -1/y is singular at y = 0.
const EXPLODING: &str = "model exploding() x = 1; x' = r*x^2; r = 0.1; end";

#[test]
fn a_patient_that_explodes_is_reported_and_its_neighbours_keep_their_bits() {
    let program = program(EXPLODING, &["r"], &["x"], &["x"]);
    let settings = settings(&[1.0, 5.0, 20.0], 1e-6);
    let patient = |id, r: f64| Patient {
        id,
        parameters: vec![r],
        ..Patient::default()
    };
    let good: Vec<Patient> = (0..40)
        .map(|i| patient(i, 0.001 * (i + 1) as f64))
        .collect();
    let dose = |time_days, target, action| Dose {
        time_days,
        target,
        action,
    };
    let bad = [
        patient(100, 0.1),
        patient(101, f64::NAN),
        Patient {
            id: 102,
            ..Patient::default()
        },
        Patient {
            doses: vec![dose(-1.0, 0, Action::Add(1.0))],
            ..patient(103, 0.01)
        },
        Patient {
            doses: vec![dose(1.0, 1, Action::Add(1.0))],
            ..patient(104, 0.01)
        },
        Patient {
            doses: vec![dose(2.0, 0, Action::Add(f64::NAN))],
            ..patient(105, 0.01)
        },
        Patient {
            doses: vec![dose(
                2.0,
                0,
                Action::Infuse {
                    amount: 1.0,
                    duration_days: 0.0,
                },
            )],
            ..patient(106, 0.01)
        },
        Patient {
            doses: vec![dose(f64::NAN, 0, Action::Set(1.0))],
            ..patient(107, 0.01)
        },
        Patient {
            doses: vec![dose(2.0, 0, Action::Multiply(1e308))],
            ..patient(108, 0.01)
        },
    ];
    let alone = solve_all(&program, &settings, good.clone());
    let mut mixed = Vec::new();
    for (i, patient) in good.iter().enumerate() {
        mixed.push(patient.clone());
        mixed.extend(bad.get(i / 3).cloned());
    }
    let mut failures = std::collections::BTreeMap::new();
    let mut solved = Vec::new();
    for result in solve_all(&program, &settings, mixed) {
        match result {
            Ok(trajectory) => solved.push(trajectory),
            Err(failure) => {
                failures.insert(failure.id, failure);
            }
        }
    }
    solved.sort_by_key(|t| t.id);
    let mut alone: Vec<_> = alone.into_iter().map(Result::unwrap).collect();
    alone.sort_by_key(|t| t.id);
    assert_eq!(solved, alone);

    let exploded = &failures[&100];
    assert!((exploded.time_days - 10.0).abs() < 1e-3, "{exploded:?}");
    assert!(matches!(
        exploded.reason,
        Reason::StepTooSmall | Reason::NotFinite(_)
    ));
    let text = |id: u64| failures[&id].reason.to_string();
    assert_eq!(text(101), "parameter `r` is NaN, expected a finite number");
    assert_eq!(text(102), "0 parameters given, the program takes 1");
    assert_eq!(
        text(103),
        "dose of `x` at day -1: expected a day from the start (0) on"
    );
    assert_eq!(text(104), "dose target 1 does not exist");
    assert_eq!(text(105), "dose of `x` at day 2 is NaN, expected a number");
    assert_eq!(
        text(106),
        "infusion of `x` at day 2 lasts 0 days, expected more than 0"
    );
    assert_eq!(
        text(107),
        "dose of `x` at day NaN: expected a day from the start (0) on"
    );
    assert!(failures[&108].time_days >= 2.0);
    assert_eq!(failures.len(), bad.len());
}

#[test]
fn a_state_that_a_dose_makes_infinite_is_a_failure_even_at_the_last_output() {
    let program = program(EXPLODING, &["r"], &["x"], &["x"]);
    let action = Action::Multiply(f64::MAX);
    let doses = [Dose {
        time_days: 2.0,
        target: 0,
        action,
    }];
    let failure = solve_one(&program, &settings(&[2.0], 1e-6), &[0.01], &doses).unwrap_err();
    assert_eq!(
        (failure.time_days, failure.reason),
        (2.0, Reason::NotFinite("x".into()))
    );
}

#[test]
fn a_singularity_stops_the_solve_where_it_is() {
    // y' = -1/y from 1 reaches 0 at t = 0.5 with infinite slope.
    let text = "model singular() y = 1; y' = -1/y; end";
    let program = program(text, &[], &["y"], &[]);
    let failure = solve_one(&program, &settings(&[1.0], 1e-8), &[], &[]).unwrap_err();
    assert_eq!(failure.id, 7);
    assert!((failure.time_days - 0.5).abs() < 1e-6, "{failure:?}");
}

#[test]
fn a_start_that_is_not_a_number_is_named() {
    let text = "model bad() x = ln(a); x' = -x; a = 1; end";
    let program = program(text, &["a"], &["x"], &[]);
    let failure = solve_one(&program, &settings(&[1.0], 1e-6), &[-1.0], &[]).unwrap_err();
    assert_eq!(
        (failure.time_days, failure.reason),
        (0.0, Reason::NotFinite("x".into()))
    );
}

#[test]
fn too_many_steps_is_a_failure_with_the_limit() {
    let text = "model spin() x = 1; x' = v; v = 0; v' = -w*w*x; w = 1000; end";
    let program = program(text, &[], &["x"], &[]);
    let settings = Settings {
        max_steps: 500,
        ..settings(&[1000.0], 1e-8)
    };
    let failure = solve_one(&program, &settings, &[], &[]).unwrap_err();
    assert_eq!(failure.reason, Reason::TooManySteps(500));
    assert!(failure.time_days > 0.0 && failure.time_days < 1000.0);
}

#[test]
fn settings_without_sense_are_refused_with_the_field() {
    let program = program(EXPLODING, &["r"], &["x"], &[]);
    let good = settings(&[1.0], 1e-6);
    let of = |name: &str, value| vec![(name.to_string(), value)];
    let cases = [
        (
            Settings {
                output_times_days: vec![],
                ..good.clone()
            },
            "`output_times_days`: is empty",
        ),
        (
            Settings {
                output_times_days: vec![1.0, 0.5],
                ..good.clone()
            },
            "`output_times_days`: entry 1 is 0.5",
        ),
        (
            Settings {
                output_times_days: vec![f64::NAN],
                ..good.clone()
            },
            "`output_times_days`: entry 0 is NaN",
        ),
        (
            Settings {
                output_times_days: vec![-1.0],
                ..good.clone()
            },
            "`output_times_days`: entry 0 is -1",
        ),
        (
            Settings {
                start_days: f64::INFINITY,
                ..good.clone()
            },
            "`start_days`: is inf",
        ),
        (
            Settings {
                relative_tolerance: 0.0,
                ..good.clone()
            },
            "`relative_tolerance`: is 0",
        ),
        (
            Settings {
                absolute_tolerance: f64::NAN,
                ..good.clone()
            },
            "`absolute_tolerance`: is NaN",
        ),
        (
            Settings {
                absolute_tolerance_of: of("x", -1.0),
                ..good.clone()
            },
            "`absolute_tolerance_of`: of `x` is -1",
        ),
        (
            Settings {
                relative_tolerance_of: of("x", 0.5),
                ..good.clone()
            },
            "`relative_tolerance_of`: of `x` is 0.5, expected 1e-14 to 0.1",
        ),
        (
            Settings {
                absolute_tolerance_of: of("z", 1.0),
                ..good.clone()
            },
            "`absolute_tolerance_of`: `z` is no state of the model",
        ),
    ];
    for (settings, message) in cases {
        let error = solve(&program, &settings, &mut std::iter::empty(), &mut |_| {}).unwrap_err();
        assert!(
            error.to_string().starts_with(message),
            "{error}, not {message}"
        );
    }
}

#[test]
fn options_that_do_not_fit_the_model_are_refused_with_a_hint() {
    let text = "model m() x = 1; x' = -k*x; k = 1; twice := 2*x; end";
    let refused = |options: CompileOptions| {
        Program::compile(&model(text), options)
            .unwrap_err()
            .to_string()
    };
    let names = |n: &[&str]| n.iter().map(|s| s.to_string()).collect::<Vec<_>>();
    let outputs = CompileOptions {
        outputs: names(&["twise"]),
        ..Default::default()
    };
    let hint = "unknown symbol `twise` in `outputs`; did you mean `twice`?";
    assert_eq!(refused(outputs), hint);
    let targets = CompileOptions {
        targets: names(&["k"]),
        ..Default::default()
    };
    let only = "`k` in `targets`: only a quantity with a differential equation can be dosed";
    assert_eq!(refused(targets), only);
    let rule = CompileOptions {
        varying: names(&["twice"]),
        ..Default::default()
    };
    let follows = "`twice` in `varying`: follows a rule of the model, so it cannot be set";
    assert_eq!(refused(rule), follows);
    let twice = CompileOptions {
        fixed: vec![("k".into(), 1.0)],
        varying: names(&["k"]),
        ..Default::default()
    };
    assert_eq!(refused(twice), "`k` in `varying`: is given twice");
    let infinite = CompileOptions {
        fixed: vec![("k".into(), f64::INFINITY)],
        ..Default::default()
    };
    assert_eq!(
        refused(infinite),
        "`k` in `fixed`: is inf, expected a finite number"
    );
}

#[test]
fn a_model_without_equations_or_beyond_the_tape_is_refused() {
    let still = model("model still() k = 1; end");
    let error = Program::compile(&still, CompileOptions::default()).unwrap_err();
    assert_eq!(error, CompileError::NoStates);
    // 300 states that all depend on each other: 90,000 entries of the matrix.
    let mut text = String::from("model dense()\n total := 0");
    for i in 0..300 {
        text += &format!(" + x{i}");
    }
    text += ";\n";
    for i in 0..300 {
        text += &format!("x{i} = 1; x{i}' = -{i}*x{i}*total;\n");
    }
    let dense = model(&(text + "end"));
    let error = Program::compile(&dense, CompileOptions::default()).unwrap_err();
    assert_eq!(error, CompileError::TooLarge);
}

#[test]
fn deep_formulas_and_long_rows_of_rules_do_not_overflow_the_stack() {
    // A chain as long as the parser allows compiles on the small stack of a test.
    let chain = vec!["x"; 500].join(" - ");
    let long = model(&format!("model chain() x = 1; x' = {chain}; end"));
    Program::compile(&long, CompileOptions::default()).expect("compiles");
    // Nesting beyond what any text reaches is refused.
    let mut deep = model("model deep() x = 1; x' = x; end");
    for _ in 0..1000 {
        let inner = Box::new(deep.states[0].rate.clone());
        deep.states[0].rate = Expression::Unary(UnaryOperator::Negate, inner);
    }
    let error = Program::compile(&deep, CompileOptions::default()).unwrap_err();
    assert_eq!(error, CompileError::TooDeep);
    // Each rule uses the one before it, with the time in it: 2^20000 paths from the last.
    let mut text = String::from("model rules() x = 1; x' = -r20000; r0 := x*exp(-time);\n");
    for i in 1..=20_000 {
        text += &format!("r{i} := 0.5*(r{0} + sin(r{0}));\n", i - 1);
    }
    let rules = model(&(text + "late: at (r20000 + time >= 3): x = 2; end"));
    Program::compile(&rules, CompileOptions::default()).expect("compiles");
}
