//! Models with a solution in closed form: pharmacokinetics, CAR T kinetics, every kind of dose.
//!
//! A solve controls the error of each step, and the steps of these problems damp errors, so the
//! error of the result stays within a small multiple of the relative tolerance. The bound used
//! here is ten times the tolerance.

mod small;

use neurocart_engine::{Action, Dose};
use small::*;

const TOLERANCE: f64 = 1e-9;
const BOUND: f64 = 10.0 * TOLERANCE;

/// Rows of a reference table whose first field begins with `start`, numbers only.
fn rows(table: &str, start: &str) -> Vec<Vec<f64>> {
    table
        .lines()
        .skip(1)
        .filter(|line| line.starts_with(start))
        .map(|line| line.rsplit('"').next().unwrap_or(line))
        .map(|line| {
            line.split(',')
                .filter(|f| !f.is_empty())
                .map(|f| f.parse().unwrap())
                .collect()
        })
        .collect()
}

#[test]
fn repeated_subcutaneous_doses_follow_the_closed_form() {
    let text = "model pk() D = 0; D' = -ka*D; C = 0; C' = ka*D/V - CL/V*C;
        ka = 0.25; CL = 0.1; V = 3.5; end";
    let program = program(text, &[], &["C"], &["D"]);
    let table = rows(
        include_str!("../../../reference/pk_closed_form.csv"),
        "\"sc",
    );
    assert_eq!(table.len(), 10);
    let times: Vec<f64> = table.iter().map(|r| r[0]).collect();
    let dose = |time_days| Dose {
        time_days,
        target: 0,
        action: Action::Add(0.85 * 120.0),
    };
    let doses = [0.0, 14.0, 28.0].map(dose);
    let solved = solve_one(&program, &settings(&times, TOLERANCE), &[], &doses).unwrap();
    for (row, found) in table.iter().zip(column(&program, &solved, 0)) {
        assert_close(found, row[1], BOUND, &format!("day {}", row[0]));
    }
    assert_eq!(solved.statistics.discontinuities, 3);
}

#[test]
fn a_short_infusion_follows_the_closed_form() {
    let text = "model pk() C = 0; C' = -CL/V*C; CL = 0.17; V = 2.78; end";
    let program = program(text, &["V"], &["C"], &["C"]);
    let table = rows(
        include_str!("../../../reference/pk_closed_form.csv"),
        "\"iv",
    );
    assert_eq!(table.len(), 10);
    let times: Vec<f64> = table.iter().map(|r| r[0]).collect();
    let action = Action::Infuse {
        amount: 600.0 / 2.78,
        duration_days: 0.15,
    };
    let doses = [Dose {
        time_days: 0.0,
        target: 0,
        action,
    }];
    let solved = solve_one(&program, &settings(&times, TOLERANCE), &[2.78], &doses).unwrap();
    for (row, found) in table.iter().zip(column(&program, &solved, 0)) {
        assert_close(found, row[1], BOUND, &format!("day {}", row[0]));
    }
}

#[test]
fn car_t_expansion_and_two_phase_decline_follow_the_closed_form() {
    // Exponential growth to the peak, then two first-order phases: the model's own event moves
    // the cells over.
    let text = "model kinetics()
        G = c0; G' = rho*growing*G;  Fast = 0; Fast' = -alpha*Fast;  Slow = 0; Slow' = -beta*Slow;
        growing = 1; C := G + Fast + Slow;
        c0 = 5; rho = 0.9; tmax = 10; fast = 0.95; alpha = 0.16; beta = 0.003;
        peak: at (time >= tmax): growing = 0, Fast = fast*G, Slow = (1 - fast)*G, G = 0;
        end";
    let varying = ["c0", "rho", "tmax", "fast", "alpha", "beta"];
    let program = program(text, &varying, &["C"], &[]);
    let table = include_str!("../../../reference/cell_kinetics_closed_form.csv");
    for start in ["5,", "20,", "1,"] {
        let table = rows(table, start);
        assert_eq!(table.len(), 13);
        let times: Vec<f64> = table.iter().map(|r| r[6]).collect();
        let parameters = &table[0][..6];
        // The reference gives the peak value on day 0, where no expansion has happened yet.
        let solved = solve_one(&program, &settings(&times, TOLERANCE), parameters, &[]).unwrap();
        let found = column(&program, &solved, 0);
        for (row, found) in table.iter().zip(found) {
            let expected = if row[6] == 0.0 { row[0] } else { row[7] };
            assert_close(
                found,
                expected,
                BOUND * 10.0,
                &format!("c0 {} day {}", row[0], row[6]),
            );
        }
    }
}

/// Amount after first-order loss at `k`.
fn left(k: f64, days: f64) -> f64 {
    (-k * days).exp()
}

const DECAY: &str = "model decay() x = x0; x' = -k*x; y = 1; y' = -k*y; k = 0.3; x0 = 2; end";

#[test]
fn bolus_setting_and_multiplying_act_in_the_order_given_and_at_their_moment() {
    let program = program(DECAY, &[], &["x"], &["x", "y"]);
    let at = |time_days, action| Dose {
        time_days,
        target: 0,
        action,
    };
    // Given out of order of time; at day 3 the sum is multiplied, not the other way round.
    let doses = [
        at(5.0, Action::Set(4.0)),
        at(3.0, Action::Add(1.0)),
        at(3.0, Action::Multiply(0.5)),
        Dose {
            target: 1,
            ..at(4.0, Action::Set(100.0))
        },
    ];
    let times = [0.0, 2.9, 3.0, 4.5, 5.0, 6.0];
    let solved = solve_one(&program, &settings(&times, TOLERANCE), &[], &doses).unwrap();
    let at_three = 0.5 * (2.0 * left(0.3, 3.0) + 1.0);
    let expected = [
        2.0,
        2.0 * left(0.3, 2.9),
        at_three,
        at_three * left(0.3, 1.5),
        4.0,
        4.0 * left(0.3, 1.0),
    ];
    for ((found, expected), time) in column(&program, &solved, 0).iter().zip(expected).zip(times) {
        assert_close(*found, expected, BOUND, &format!("day {time}"));
    }
    // At the moment of a dose the report holds the value after it, to the bit where it is set.
    assert_eq!(column(&program, &solved, 0)[4], 4.0);
}

#[test]
fn doses_at_the_same_moment_keep_the_order_of_the_list() {
    let program = program(DECAY, &[], &["x"], &["x"]);
    let at = |action| Dose {
        time_days: 0.0,
        target: 0,
        action,
    };
    let first = [at(Action::Multiply(3.0)), at(Action::Add(1.0))];
    let second = [at(Action::Add(1.0)), at(Action::Multiply(3.0))];
    let value = |doses: &[Dose]| {
        solve_one(&program, &settings(&[0.0], 1e-6), &[], doses)
            .unwrap()
            .values[0]
    };
    // At the start too, and the first output is the value after them.
    assert_eq!(value(&first), 7.0);
    assert_eq!(value(&second), 9.0);
}

#[test]
fn overlapping_infusions_start_and_end_exactly() {
    // Without loss the amount is the integral of the infusions, a broken line.
    let text = "model sum() x = 0; x' = -k*x; k = 0; end";
    let program = program(text, &["k"], &["x"], &["x"]);
    let infuse = |time_days, amount, duration_days| Dose {
        time_days,
        target: 0,
        action: Action::Infuse {
            amount,
            duration_days,
        },
    };
    let doses = [
        infuse(1.0, 0.3, 1.0),
        infuse(1.5, 0.7, 7.0),
        infuse(30.0, 1e6, 1e-9),
    ];
    let times = [
        0.0, 0.999, 1.0, 1.25, 1.5, 2.0, 5.0, 8.5, 9.0, 29.9, 30.0, 30.1, 365.0,
    ];
    let settings = settings(&times, 1e-6);
    let solved = solve_one(&program, &settings, &[0.0], &doses).unwrap();
    let ramp = |day: f64, start: f64, amount: f64, duration: f64| {
        amount * ((day - start) / duration).clamp(0.0, 1.0)
    };
    for (found, day) in column(&program, &solved, 0).iter().zip(times) {
        let expected =
            ramp(day, 1.0, 0.3, 1.0) + ramp(day, 1.5, 0.7, 7.0) + ramp(day, 30.0, 1e6, 1e-9);
        // Exact but for rounding in a few hundred operations, whatever the tolerance: the rate is
        // constant between stops.
        assert_close(*found, expected, 1e-12, &format!("day {day}"));
    }
    // With loss, against the closed form of an infusion.
    let solved = solve_one(
        &program,
        &small::settings(&[3.0], TOLERANCE),
        &[0.5],
        &doses,
    )
    .unwrap();
    let during = |rate: f64, days: f64| rate / 0.5 * (1.0 - left(0.5, days));
    let expected = during(0.3, 1.0) * left(0.5, 1.0) + during(0.1, 1.5);
    assert_close(solved.values[0], expected, BOUND, "day 3");
}

#[test]
fn a_forced_oscillator_follows_its_exact_solution() {
    // x'' = -x + sin(2 t) from rest: x = (2 sin t - sin 2t) / 3.
    let text = "model forced() x = 0; x' = v; v = 0; v' = -x + sin(2*time); end";
    let program = program(text, &[], &["x", "v"], &[]);
    assert_eq!(program.states(), ["x", "v", "time"]);
    let times: Vec<f64> = (0..100).map(|i| i as f64 * 0.37).collect();
    let solved = solve_one(&program, &settings(&times, TOLERANCE), &[], &[]).unwrap();
    for (i, t) in times.iter().enumerate() {
        let exact = (2.0 * t.sin() - (2.0 * t).sin()) / 3.0;
        let error = (solved.values[2 * i] - exact).abs();
        // Nothing is damped here: errors of the steps add up over the 37 days.
        assert!(error < 100.0 * TOLERANCE, "day {t}: error {error:e}");
    }
}

#[test]
fn a_rate_in_pieces_switches_at_its_moment() {
    let text = "model pieces() x = 0; x' = piecewise(1, time < 2, -0.5, time < 4, 0); end";
    let program = program(text, &[], &["x"], &[]);
    let times = [1.0, 2.0, 3.0, 4.0, 9.0];
    let solved = solve_one(&program, &settings(&times, 1e-8), &[], &[]).unwrap();
    // The switch is no event: error control finds it, so the error is that of a step.
    for (found, expected) in solved.values.iter().zip([1.0, 2.0, 1.5, 1.0, 1.0]) {
        assert_close(*found, expected, 1e-6, "amount");
    }
}

#[test]
fn a_root_of_a_maximum_may_reach_zero_and_go_below() {
    // Torricelli's tank with a steady drain: the slope of the root is infinite where the tank is
    // empty, and does not count once it is.
    let text = "model tank() y = 1; y' = -0.5 - sqrt(max(0, y)); end";
    let program = program(text, &[], &["y"], &[]);
    let solved = solve_one(&program, &settings(&[4.0, 5.0], 1e-8), &[], &[]).unwrap();
    // With u = sqrt y: t = 2 (1 - u) - ln((u + 0.5) / 1.5) until it is empty.
    let empty = 2.0 - (1.5f64 / 0.5).ln();
    assert_close(solved.values[0], -0.5 * (4.0 - empty), 1e-6, "day 4");
    assert_close(solved.values[1], -0.5 * (5.0 - empty), 1e-6, "day 5");
}

#[test]
fn the_error_between_steps_is_of_the_size_of_the_tolerance() {
    let text = "model logistic() x = 0.01; x' = r*x*(1-x); r = 0.8; end";
    let program = program(text, &[], &["x"], &[]);
    let times: Vec<f64> = (0..2000).map(|i| i as f64 * 0.01).collect();
    let exact = |t: f64| 1.0 / (1.0 + 99.0 * (-0.8 * t).exp());
    let mut errors = Vec::new();
    for tolerance in [1e-4, 1e-6, 1e-8, 1e-10] {
        let solved = solve_one(&program, &settings(&times, tolerance), &[], &[]).unwrap();
        let worst = times
            .iter()
            .zip(&solved.values)
            .map(|(t, x)| (x - exact(*t)).abs() / exact(*t))
            .fold(0.0, f64::max);
        assert!(
            worst < 30.0 * tolerance,
            "{worst:e} at tolerance {tolerance:e}"
        );
        assert!(
            solved.statistics.accepted < 400,
            "outputs do not cost steps"
        );
        errors.push(worst);
    }
    assert!(errors.windows(2).all(|e| e[1] < 0.1 * e[0]), "{errors:?}");
}

#[test]
fn a_states_own_relative_tolerance_holds_for_that_state() {
    let program = program(
        "model d() x = 1; x' = -x; y = 1; y' = -y/3; end",
        &[],
        &["x"],
        &[],
    );
    let error = |own: Vec<(String, f64)>| {
        let mut settings = settings(&[1.0, 2.0, 5.0], 1e-3);
        settings.absolute_tolerance = 1e-14;
        settings.relative_tolerance_of = own;
        let values = solve_one(&program, &settings, &[], &[])
            .expect("solved")
            .values;
        [1.0f64, 2.0, 5.0]
            .iter()
            .zip(values)
            .map(|(t, x)| (x / (-t).exp() - 1.0).abs())
            .fold(0.0, f64::max)
    };
    assert!(error(Vec::new()) > 1e-7);
    assert!(error(vec![("x".into(), 1e-9)]) < 1e-8);
}
