//! Without an effect, tests reject at their level.

use std::sync::atomic::AtomicBool;

use neurocart_library::Library;
use neurocart_trial::cohort;
use neurocart_trial::operating_characteristics::Accumulator;
use neurocart_trial::replicate::{Space, Truth, simulate};
use neurocart_trial::specification::{Method, Specification};

/// Share of 2,000 null replicates of a shipped trial that reject, by method.
fn rejections(text: &str, bank: usize) -> Vec<(Method, f64)> {
    let mut trial: Specification = toml::from_str(text).unwrap();
    trial.population.bank = bank;
    let never = AtomicBool::new(false);
    let cohort = cohort::solve(&trial, &Library::embedded(), 2, 0, &never, &mut |_| {}).unwrap();
    let mut tally = Accumulator::new(&trial, &[]);
    cohort.with_patients(|patients| {
        let mut space = Space::default();
        for number in 0..2_000 {
            simulate(&trial, patients, Truth::Null(0), number, &mut space).unwrap();
            for result in &space.results {
                tally.add(Truth::Null(0), result);
            }
        }
    });
    let found = tally.finish();
    found
        .iter()
        .filter_map(|c| Some((c.method, c.rejected?.value)))
        .collect()
}

// Four Monte Carlo standard errors of 5 % over 2,000 replicates: sqrt(0.05 * 0.95 / 2000) = 0.0049.
const MARGIN: f64 = 4.0 * 0.0049;

#[test]
fn equal_therapies_reject_at_five_percent_in_progressive_ms() {
    let text = include_str!("../../../library/trials/progressive-ms-cd19-vs-anti-cd20.toml");
    let found = rejections(text, 500);
    for method in [Method::LogRank, Method::Cox] {
        let (_, share) = *found.iter().find(|(m, _)| *m == method).unwrap();
        assert!((share - 0.05).abs() < MARGIN, "{method:?} rejects {share}");
    }
}

#[test]
fn equal_therapies_reject_at_most_at_five_percent_in_myasthenia() {
    let text = include_str!("../../../library/trials/mg-bcma-mrna-placebo.toml");
    let found = rejections(text, 300);
    for (method, share) in found {
        match method {
            // Exact and therefore conservative with 18 subjects an arm.
            Method::Fisher => assert!(share > 0.0 && share < 0.05 + MARGIN, "{share}"),
            Method::Ancova => assert!((share - 0.05).abs() < MARGIN, "ANCOVA rejects {share}"),
            other => panic!("{other:?} is no test of this trial"),
        }
    }
}
