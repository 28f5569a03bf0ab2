//! Events of the model: found by their moment or by a root, and what they do.

mod small;

use neurocart_engine::{Action, Dose, Reason};
use small::*;

const TOLERANCE: f64 = 1e-9;

#[test]
fn a_level_is_crossed_at_the_exact_moment_and_the_state_reset() {
    // Decay from 1 to 0.5 takes ln 2 / k; the event doubles it: a sawtooth with that period.
    let text = "model saw() x = 1; x' = -k*x; n = 0; n' = 0; k = 0.2;
        reset: at (x <= 0.5): x = 2*x, n = n + 1; end";
    let program = program(text, &["k"], &["x", "n"], &[]);
    let period = std::f64::consts::LN_2 / 0.2;
    let times: Vec<f64> = (1..=40).map(|i| (i as f64 * 0.5 + 0.25) * period).collect();
    let solved = solve_one(&program, &settings(&times, TOLERANCE), &[0.2], &[]).unwrap();
    for (i, time) in times.iter().enumerate() {
        let periods = (time / period).floor();
        let exact = (-0.2 * (time - periods * period)).exp();
        // The error of each located moment adds to the phase; 20 of them by the end.
        assert_close(
            solved.values[2 * i],
            exact,
            100.0 * TOLERANCE,
            &format!("time {time}"),
        );
        assert_eq!(solved.values[2 * i + 1], periods, "events by {time}");
    }
}

#[test]
fn a_bouncing_ball_bounces_when_and_as_high_as_it_should() {
    let text = "model ball() h = 10; h' = v; v = 0; v' = -g; g = 9.81;
        bounce: at (h <= 0 && v < 0): v = -e*v; e = 0.8; end";
    let program = program(text, &[], &["h", "v"], &[]);
    let (g, e, height) = (9.81f64, 0.8f64, 10.0f64);
    let fall = (2.0 * height / g).sqrt();
    // Tops: after fall, then each flight takes 2 e^n fall and reaches e^(2n) height.
    let mut times = Vec::new();
    let mut tops = Vec::new();
    let mut ground = fall;
    for n in 1..=8 {
        let half = e.powi(n) * fall;
        times.push(ground + half);
        tops.push(e.powi(2 * n) * height);
        ground += 2.0 * half;
    }
    let solved = solve_one(&program, &settings(&times, 1e-8), &[], &[]).unwrap();
    for (n, top) in tops.iter().enumerate() {
        assert_close(solved.values[2 * n], *top, 1e-9, &format!("top {}", n + 1));
        assert!(solved.values[2 * n + 1].abs() < 1e-7, "no speed at the top");
    }
    assert_eq!(solved.statistics.discontinuities, 8);
}

#[test]
fn an_event_sets_off_another_which_sees_what_the_first_did() {
    let text = "model chain() x = 1; x' = -x; a = 0; b = 0; a' = 0; b' = 0;
        second: at (a > 5): b = 10*a;
        first: at (x < 0.5): a = 6; end";
    let program = program(text, &[], &["a", "b"], &[]);
    let settings = settings(&[0.6, 0.7, 2.0], TOLERANCE);
    let solved = solve_one(&program, &settings, &[], &[]).unwrap();
    assert_eq!(solved.values, [0.0, 0.0, 6.0, 60.0, 6.0, 60.0]);
}

#[test]
fn events_of_one_moment_use_the_values_before_any_of_them() {
    let by_root = "model swap() x = 1; x' = -x; a = 1; b = 2; a' = 0; b' = 0;
        one: at (x < 0.5): a = b;  two: at (x < 0.5): b = a; end";
    let by_moment = by_root.replace("x < 0.5", "time > 0.5");
    for text in [by_root, &by_moment] {
        let program = program(text, &[], &["a", "b"], &[]);
        let solved = solve_one(&program, &settings(&[1.0], 1e-6), &[], &[]).unwrap();
        assert_eq!(solved.values, [2.0, 1.0], "{text}");
    }
}

#[test]
fn a_condition_true_at_the_start_is_no_event_until_it_was_false() {
    // Oscillator: the condition holds at the start, ends, and comes back once each period.
    let text = "model back() x = 1; x' = v; v = 0; v' = -x; n = 0; n' = 0;
        up: at (x > 0.5): n = n + 1;  early: at (time >= 0): n = n + 100; end";
    let program = program(text, &[], &["n"], &[]);
    let turn = std::f64::consts::TAU;
    let times = [1.0, 0.9 * turn, 1.1 * turn, 2.1 * turn];
    let solved = solve_one(&program, &settings(&times, 1e-8), &[], &[]).unwrap();
    assert_eq!(solved.values, [0.0, 1.0, 1.0, 2.0]);
}

#[test]
fn a_dose_sets_off_an_event_also_at_the_start() {
    let text = "model dosed() x = 0; x' = -x; n = 0; n' = 0; high: at (x > 1): n = n + 1; end";
    let program = program(text, &[], &["n"], &["x"]);
    let dose = |time_days| Dose {
        time_days,
        target: 0,
        action: Action::Set(2.0),
    };
    let settings = settings(&[0.0, 4.0, 5.0, 9.0], 1e-6);
    let doses = [dose(0.0), dose(5.0)];
    let solved = solve_one(&program, &settings, &[], &doses).unwrap();
    // At a jump the report holds what the jump set off as well.
    assert_eq!(solved.values, [1.0, 1.0, 2.0, 2.0]);
}

#[test]
fn an_event_that_sets_a_parameter_changes_the_rates_from_then_on() {
    let text = "model switch() x = 1; x' = -k*x; k = 0.1; stop: at (x < 0.5): k = 0; end";
    let program = program(text, &[], &["x", "k"], &[]);
    let settings = settings(&[1.0, 100.0, 1000.0], TOLERANCE);
    let solved = solve_one(&program, &settings, &[], &[]).unwrap();
    assert_close(
        solved.values[0],
        (-0.1f64).exp(),
        10.0 * TOLERANCE,
        "before",
    );
    assert_close(solved.values[2], 0.5, 10.0 * TOLERANCE, "after");
    assert_eq!(solved.values[3], 0.0);
    assert_eq!(solved.values[2], solved.values[4], "it stays to the bit");
}

#[test]
fn the_moment_of_an_event_may_depend_on_the_patient() {
    let text = "model timed() x = 1; x' = 0; on = 3; lag = 1;
        go: at (2*(time - lag) >= on): x = 5; end";
    let program = program(text, &["on", "lag"], &["x"], &[]);
    // 2 (t - lag) = on at t = lag + on / 2, met exactly: the report there is the new value.
    let at = |on: f64, lag: f64, day: f64| {
        solve_one(&program, &settings(&[day], 1e-6), &[on, lag], &[])
            .unwrap()
            .values[0]
    };
    assert_eq!(at(3.0, 1.0, 2.499), 1.0);
    assert_eq!(at(3.0, 1.0, 2.5), 5.0);
    assert_eq!(at(8.0, 0.5, 4.499), 1.0);
    assert_eq!(at(8.0, 0.5, 4.5), 5.0);
}

#[test]
fn an_event_on_time_and_state_waits_for_both() {
    let text = "model both() x = 1; x' = -0.1*x; n = 0; n' = 0;
        both: at (time > 3 && x < 0.5): n = time; end";
    let program = program(text, &[], &["n"], &[]);
    let solved = solve_one(&program, &settings(&[10.0], TOLERANCE), &[], &[]).unwrap();
    assert_close(
        solved.values[0],
        std::f64::consts::LN_2 / 0.1,
        10.0 * TOLERANCE,
        "moment",
    );
}

#[test]
fn events_without_end_are_a_failure_and_not_a_hang() {
    let text = "model endless() x = 0; x' = 1; s = 1; s' = 0;
        up: at (x > 1 && s > 0): s = -1;  down: at (x > 1 && s < 0): s = 1; end";
    let program = program(text, &[], &["x"], &[]);
    let failure = solve_one(&program, &settings(&[10.0], 1e-6), &[], &[]).unwrap_err();
    assert_eq!(failure.reason, Reason::EndlessEvents);
    assert!((failure.time_days - 1.0).abs() < 1e-6);
}
