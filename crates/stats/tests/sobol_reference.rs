//! Sobol indices of functions with known ones, every row of the file, within Monte Carlo error.

mod reference;

use std::f64::consts::PI;

use neurocart_stats::NotEstimable;
use neurocart_stats::sobol::{Bootstrap, InputSensitivity, sobol_indices};
use proptest::prelude::*;
use reference::rows;

/// SplitMix64 (Steele, Lea and Flood 2014) of a key: a uniform number without a state.
fn uniform(key: u64) -> f64 {
    let mut z = key.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 * (-53.0_f64).exp2()
}

fn pick(points: usize) -> impl Fn(usize, usize) -> usize {
    move |sample, position| {
        let key = (1 << 62) + ((sample as u64) << 32) + position as u64;
        (uniform(key) * points as f64) as usize
    }
}

/// Indices of a function of `inputs` uniform numbers from `points` points.
fn indices(points: usize, inputs: usize, f: &dyn Fn(&[f64]) -> f64) -> Vec<InputSensitivity> {
    let at = |set: u64, point: usize, input: usize| {
        uniform((set << 48) + ((point as u64) << 8) + input as u64)
    };
    let row =
        |set: u64, point: usize| -> Vec<f64> { (0..inputs).map(|i| at(set, point, i)).collect() };
    let (mut a, mut b, mut ab) = (Vec::new(), Vec::new(), vec![Vec::new(); inputs]);
    for point in 0..points {
        let (from_a, from_b) = (row(1, point), row(2, point));
        a.push(f(&from_a));
        b.push(f(&from_b));
        for (input, outputs) in ab.iter_mut().enumerate() {
            let mut mixed = from_a.clone();
            mixed[input] = from_b[input];
            outputs.push(f(&mixed));
        }
    }
    let ab: Vec<&[f64]> = ab.iter().map(Vec::as_slice).collect();
    let bootstrap = Bootstrap {
        samples: 200,
        ..Bootstrap::default()
    };
    sobol_indices(&a, &b, &ab, &bootstrap, pick(points)).unwrap()
}

fn numbers(text: &str) -> Vec<f64> {
    let inside = text.split_once('(').unwrap().1.trim_end_matches(')');
    inside
        .split([',', ' '])
        .map(|part| part.rsplit('=').next().unwrap().parse().unwrap())
        .collect()
}

#[test]
fn ishigami_and_g_function_indices_match_every_row() {
    let rows = rows("sobol_reference");
    let mut compared = 0;
    for group in rows.chunk_by(|a, b| a.text("fun") == b.text("fun")) {
        let name = group[0].text("fun");
        let parameters = numbers(name);
        let ishigami = |u: &[f64]| {
            let x: Vec<f64> = u.iter().map(|u| PI * (2.0 * u - 1.0)).collect();
            let (a, b) = (parameters[0], parameters[1]);
            x[0].sin() + a * x[1].sin().powi(2) + b * x[2].powi(4) * x[0].sin()
        };
        let g = |u: &[f64]| {
            let factor = |(u, a): (&f64, &f64)| ((4.0 * u - 2.0).abs() + a) / (1.0 + a);
            u.iter().zip(&parameters).map(factor).product()
        };
        let f: &dyn Fn(&[f64]) -> f64 = if name.starts_with("ishigami") {
            &ishigami
        } else {
            &g
        };
        let found = indices(40_000, group.len(), f);
        for (row, ours) in group.iter().zip(&found) {
            for (column, index) in [("first_order", ours.first_order), ("total", ours.total)] {
                let theirs = row.number(column);
                let what = format!("{name} {} {column}", row.text("input"));
                // Four standard errors: one of these 30 numbers goes beyond by chance in 500 runs.
                assert!(
                    (index.estimate - theirs).abs() <= 4.0 * index.standard_error,
                    "{what}: {} +- {}, exact {theirs}",
                    index.estimate,
                    index.standard_error
                );
                assert!(index.standard_error < 0.02, "{what}");
                assert!(index.interval.contains(index.estimate), "{what}");
            }
        }
        compared += group.len();
    }
    assert_eq!((compared, rows.len()), (15, 15));
}

#[test]
fn bootstrap_errors_are_those_of_repeated_designs() {
    // x1 + 2 x2 with 500 points each: the spread over 200 designs against the mean bootstrap error.
    let f = |u: &[f64]| u[0] + 2.0 * u[1];
    let shifted = |run: usize| {
        let at = |u: f64, input: u64| (u + uniform(7_000_000 + 2 * run as u64 + input)).fract();
        indices(500, 2, &move |u: &[f64]| f(&[at(u[0], 0), at(u[1], 1)]))
    };
    let runs: Vec<Vec<InputSensitivity>> = (0..200).map(shifted).collect();
    let first: Vec<f64> = runs.iter().map(|r| r[0].first_order.estimate).collect();
    let error = runs
        .iter()
        .map(|r| r[0].first_order.standard_error)
        .sum::<f64>()
        / 200.0;
    let mean = first.iter().sum::<f64>() / 200.0;
    let spread = (first.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 199.0).sqrt();
    assert!((0.5..2.0).contains(&(spread / error)), "{spread} {error}");
    assert!((mean - 0.2).abs() < 4.0 * error, "{mean} {error}");
}

#[test]
fn a_constant_output_has_no_indices() {
    let same = [3.0; 10];
    let none = sobol_indices(&same, &same, &[&same], &Bootstrap::default(), pick(10));
    assert_eq!(none, Err(NotEstimable::NoVariation));
    let empty = sobol_indices(&[], &[], &[], &Bootstrap::default(), pick(1));
    assert!(matches!(empty, Err(NotEstimable::TooFewSubjects { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_outputs_give_numbers_or_a_reason(rows in prop::collection::vec((any::<f64>(), any::<f64>(), any::<f64>()), 0..20), tame in any::<bool>()) {
        let plain = |v: f64| if tame { (v % 1e6).clamp(-1e6, 1e6) } else { v };
        let a: Vec<f64> = rows.iter().map(|r| plain(r.0)).collect();
        let b: Vec<f64> = rows.iter().map(|r| plain(r.1)).collect();
        let ab: Vec<f64> = rows.iter().map(|r| plain(r.2)).collect();
        let bootstrap = Bootstrap { samples: 20, ..Bootstrap::default() };
        if let Ok(found) = sobol_indices(&a, &b, &[&ab], &bootstrap, pick(rows.len().max(1))) {
            for index in [found[0].first_order, found[0].total] {
                prop_assert!(index.estimate.is_finite() && index.standard_error.is_finite());
                prop_assert!(index.interval.lower <= index.interval.upper);
            }
            prop_assert!(found[0].total.estimate >= 0.0);
        }
    }

    #[test]
    fn adding_a_constant_or_changing_the_unit_changes_no_index(rows in prop::collection::vec((-9.0..9.0f64, -9.0..9.0f64, -9.0..9.0f64), 5..20), shift in -1e3..1e3f64, unit in 0.1..10.0f64) {
        let column = |shift: f64, unit: f64, k: usize| -> Vec<f64> {
            rows.iter().map(|r| shift + unit * [r.0, r.1, r.2][k]).collect()
        };
        let run = |shift: f64, unit: f64| {
            let [a, b, ab] = [0, 1, 2].map(|k| column(shift, unit, k));
            sobol_indices(&a, &b, &[&ab], &Bootstrap { samples: 20, ..Bootstrap::default() }, pick(rows.len())).unwrap()[0]
        };
        let (plain, moved) = (run(0.0, 1.0), run(shift, unit));
        for (x, y) in [(plain.first_order, moved.first_order), (plain.total, moved.total)] {
            prop_assert!((x.estimate - y.estimate).abs() < 1e-8 * (1.0 + x.estimate.abs()));
        }
    }
}
