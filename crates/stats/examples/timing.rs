//! How long one analysis of a 120-subject trial takes, in microseconds.
//!
//! Run with `cargo run --release -p neurocart-stats --example timing`. The trial is made by a
//! counter-based hash so that no random number library is needed; times are rounded to 12-week
//! visits in the tied version, as confirmed progression is.

use std::hint::black_box;
use std::time::Instant;

use neurocart_stats::ancova::{AncovaOptions, ancova};
use neurocart_stats::cox::{CoxOptions, Ties, cox};
use neurocart_stats::kaplan_meier::{SurvivalIntervalOptions, kaplan_meier};
use neurocart_stats::log_rank::{LogRankOptions, log_rank};
use neurocart_stats::negative_binomial::negative_binomial;
use neurocart_stats::proportion::{ProportionMethod, proportion};
use neurocart_stats::two_by_two::{RiskDifferenceMethod, TwoByTwo, fisher_exact, risk_difference};

const SUBJECTS: usize = 120;

fn main() {
    let uniform = |i: usize, k: u64| {
        let mut z = (i as u64)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(k << 32);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    let ids = || 0..SUBJECTS;
    let arm: Vec<usize> = ids().map(|i| i % 2).collect();
    let arm_number: Vec<f64> = arm.iter().map(|&a| a as f64).collect();
    let onset: Vec<f64> = ids()
        .map(|i| -uniform(i, 1).ln() * if arm[i] == 1 { 1500.0 } else { 900.0 })
        .collect();
    let time: Vec<f64> = onset.iter().map(|t| t.min(730.0)).collect();
    let visit: Vec<f64> = time.iter().map(|t| (t / 84.0).ceil() * 84.0).collect();
    let event: Vec<bool> = onset.iter().map(|&t| t < 730.0).collect();
    let age: Vec<f64> = ids().map(|i| 20.0 + 45.0 * uniform(i, 2)).collect();
    let change: Vec<f64> = ids()
        .map(|i| -arm_number[i] + 4.0 * (uniform(i, 3) - 0.5))
        .collect();
    let count: Vec<u64> = ids()
        .map(|i| (-2.0 * uniform(i, 4).ln() * (1.5 - arm_number[i])) as u64)
        .collect();
    let years = vec![2.0; SUBJECTS];
    let table = TwoByTwo {
        treated_events: 41,
        treated_total: 60,
        control_events: 24,
        control_total: 60,
    };
    let interval = SurvivalIntervalOptions::default();
    let efron = CoxOptions::default();
    let exact = CoxOptions {
        ties: Ties::Exact,
        ..efron
    };

    println!(
        "{SUBJECTS} subjects, {} events",
        event.iter().filter(|&&e| e).count()
    );
    measure("Kaplan-Meier", || kaplan_meier(&time, &event));
    measure("Kaplan-Meier, median with interval", || {
        kaplan_meier(&time, &event).and_then(|k| k.median(&interval).map(|m| m.time))
    });
    measure("log-rank", || {
        log_rank(&time, &event, &arm, &LogRankOptions::default())
    });
    measure("log-rank, tied visits", || {
        log_rank(&visit, &event, &arm, &LogRankOptions::default())
    });
    measure("Cox, arm", || cox(&time, &event, &[&arm_number], &efron));
    measure("Cox, arm, tied visits", || {
        cox(&visit, &event, &[&arm_number], &efron)
    });
    measure("Cox, arm and age", || {
        cox(&time, &event, &[&arm_number, &age], &efron)
    });
    measure("Cox, arm, tied visits, exact", || {
        cox(&visit, &event, &[&arm_number], &exact)
    });
    measure("ANCOVA", || {
        ancova(&change, &arm, &age, &AncovaOptions::default())
    });
    measure("Fisher", || fisher_exact(&table));
    measure("Newcombe", || {
        risk_difference(&table, RiskDifferenceMethod::Newcombe, 0.95)
    });
    measure("Miettinen-Nurminen", || {
        risk_difference(&table, RiskDifferenceMethod::MiettinenNurminen, 0.95)
    });
    measure("Wilson", || {
        proportion(41, 60, ProportionMethod::Wilson, 0.95)
    });
    measure("Clopper-Pearson", || {
        proportion(41, 60, ProportionMethod::ClopperPearson, 0.95)
    });
    measure("negative binomial, arm", || {
        negative_binomial(&count, &years, &[&arm_number], 0.95)
    });
}

fn measure<T>(name: &str, analysis: impl Fn() -> neurocart_stats::Estimate<T>) {
    if let Err(reason) = analysis() {
        println!("{name:36} {reason}");
        return;
    }
    // The best of several rounds, which other work on the machine disturbs least.
    let rounds = 300;
    let best = (0..20)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..rounds {
                let _ = black_box(analysis());
            }
            start.elapsed().as_secs_f64() / f64::from(rounds)
        })
        .fold(f64::INFINITY, f64::min);
    println!("{name:36} {:8.2} us", best * 1e6);
}
