//! The same bits for a patient whatever goes on around it.

mod small;

use neurocart_engine::{
    Action, CompileOptions, Dose, InstructionSet, Patient, Program, Settings, Trajectory, solve,
};
use neurocart_numeric::{Key, Stream};

/// The reference model with varying parameters, its own events, and doses and root events that
/// differ from patient to patient.
fn program() -> Program {
    let text = include_str!("../../../reference/model.ant").replace(
        "// ---------- events",
        "E_low: at (cG < 6): IGX = IGX + 20;",
    );
    let names = |n: &[&str]| n.iter().map(|s| s.to_string()).collect();
    let options = CompileOptions {
        fixed: vec![("t19".into(), 1.0), ("x_LD".into(), 1.0)],
        varying: names(&["n_CART", "rho", "KA19", "G0", "dL"]),
        outputs: names(&["CARb", "Bb", "cG", "Ap", "IL6", "IGX"]),
        targets: names(&["D1c", "Ap"]),
    };
    Program::compile(&small::model(&text), options).expect("compiles")
}

fn settings(set: Option<InstructionSet>) -> Settings {
    Settings {
        output_times_days: (0..40).map(|i| i as f64 * 10.0).collect(),
        relative_tolerance: 1e-5,
        absolute_tolerance: 1e-9,
        instruction_set: set,
        ..Settings::default()
    }
}

fn patients() -> Vec<Patient> {
    (0..70)
        .map(|id| {
            let key = Key {
                seed: 3,
                purpose: 1,
                scenario: 0,
                replicate: 0,
                patient: id,
            };
            let mut stream = Stream::new(key);
            let mut around = |value: f64, spread: f64| value * (spread * stream.normal()).exp();
            let parameters = vec![
                around(0.07, 0.5),
                around(3.0, 0.1),
                around(30.0, 0.3),
                around(9.0, 0.2),
                around(0.00019, 0.2),
            ];
            let mut doses = Vec::new();
            for i in 0..id % 4 {
                let action = match i {
                    0 => Action::Infuse {
                        amount: 300.0,
                        duration_days: 0.2,
                    },
                    1 => Action::Add(100.0),
                    _ => Action::Multiply(0.4),
                };
                let target = usize::from(i == 2);
                doses.push(Dose {
                    time_days: around(50.0, 0.8),
                    target,
                    action,
                });
            }
            Patient {
                id,
                parameters,
                doses,
            }
        })
        .collect()
}

fn run(program: &Program, set: Option<InstructionSet>, patients: &[Patient]) -> Vec<Trajectory> {
    let mut results = Vec::new();
    let mut iterator = patients.iter().cloned();
    solve(program, &settings(set), &mut iterator, &mut |r| {
        results.push(r.expect("solved"))
    })
    .expect("settings");
    results.sort_by_key(|t| t.id);
    results
}

/// Equal in every bit, counters included.
#[track_caller]
fn assert_same(found: &[Trajectory], expected: &[Trajectory], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        let bits = |t: &Trajectory| t.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!((a.id, a.statistics), (b.id, b.statistics), "{what}");
        assert_eq!(bits(a), bits(b), "{what}, patient {}", a.id);
    }
}

#[test]
fn bits_do_not_depend_on_lane_neighbours_order_chunks_or_threads() {
    let program = program();
    let patients = patients();
    let expected = run(&program, None, &patients);
    let jumps: Vec<u32> = expected
        .iter()
        .map(|t| t.statistics.discontinuities)
        .collect();
    assert!(
        jumps.iter().min() < jumps.iter().max(),
        "the patients have different jumps"
    );

    for size in [1, 7, 16] {
        let found: Vec<Trajectory> = patients
            .chunks(size)
            .flat_map(|chunk| run(&program, None, chunk))
            .collect();
        assert_same(&found, &expected, &format!("chunks of {size}"));
    }
    let backwards: Vec<Patient> = patients.iter().rev().cloned().collect();
    assert_same(&run(&program, None, &backwards), &expected, "backwards");
    for lane in [1, 5, 15] {
        let shifted: Vec<Patient> = patients[..lane].iter().chain(&patients).cloned().collect();
        let mut found = run(&program, None, &shifted);
        found.dedup_by_key(|t| t.id);
        assert_same(&found, &expected, &format!("moved by {lane} lanes"));
    }
    for threads in [1, 2, 4] {
        let size = patients.len().div_ceil(threads);
        let found: Vec<Trajectory> = std::thread::scope(|scope| {
            let program = &program;
            let workers: Vec<_> = patients
                .chunks(size)
                .map(|chunk| scope.spawn(move || run(program, None, chunk)))
                .collect();
            workers
                .into_iter()
                .flat_map(|w| w.join().expect("no panic"))
                .collect()
        });
        assert_same(&found, &expected, &format!("{threads} threads"));
    }
}

#[test]
fn bits_do_not_depend_on_the_instruction_set() {
    let program = program();
    let patients = &patients()[..20];
    let expected = run(&program, Some(InstructionSet::Scalar), patients);
    for set in InstructionSet::ALL {
        // A set that the machine lacks falls back to a narrower one, and is equal by that.
        assert_same(
            &run(&program, Some(set), patients),
            &expected,
            &set.to_string(),
        );
    }
}

#[test]
fn compiling_twice_gives_the_same_program() {
    let (a, b) = (program(), program());
    assert_eq!(a.size(), b.size());
    let patients = &patients()[..4];
    assert_same(
        &run(&a, None, patients),
        &run(&b, None, patients),
        "compiled again",
    );
}
