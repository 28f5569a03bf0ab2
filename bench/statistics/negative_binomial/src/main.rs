//! Fits the negative binomial model to every trial of a file and says how long all fits took.
//!
//! `neurocart-negative-binomial-benchmark TRIALS.csv ESTIMATES.csv SECONDS`

use std::fmt::Write as _;
use std::fs;
use std::time::Instant;

use neurocart_stats::negative_binomial::{Overdispersion, negative_binomial};

#[derive(Default)]
struct Trial {
    count: Vec<u64>,
    years: Vec<f64>,
    arm: Vec<f64>,
    prior: Vec<f64>,
}

fn main() {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let text = fs::read_to_string(&files[0]).expect("the trials");
    let mut trials: Vec<Trial> = Vec::new();
    for line in text.lines().skip(1) {
        // Columns: trial, arm, prior, years, relapses; trials are counted from 1.
        let cells: Vec<f64> = line
            .split(',')
            .map(|c| c.parse().expect("a number"))
            .collect();
        if trials.len() < cells[0] as usize {
            trials.push(Trial::default());
        }
        let trial = trials.last_mut().expect("a trial");
        trial.arm.push(cells[1]);
        trial.prior.push(cells[2]);
        trial.years.push(cells[3]);
        trial.count.push(cells[4] as u64);
    }
    let start = Instant::now();
    let fits: Vec<_> = trials
        .iter()
        .map(|t| negative_binomial(&t.count, &t.years, &[&t.arm, &t.prior], 0.95))
        .collect();
    let seconds = start.elapsed().as_secs_f64();
    let mut out = String::from("intercept,arm,prior,theta,arm_error\n");
    for fit in fits {
        match fit {
            Ok(fit) => {
                let theta = match fit.overdispersion {
                    Overdispersion::Gamma { theta, .. } => theta,
                    Overdispersion::Poisson => f64::INFINITY,
                };
                let [arm, prior] = [0, 1].map(|j| fit.model.coefficients[j]);
                let theta = if theta.is_finite() {
                    theta.to_string()
                } else {
                    "Inf".to_owned()
                };
                writeln!(
                    out,
                    "{},{},{},{theta},{}",
                    fit.model.intercept.coefficient,
                    arm.coefficient,
                    prior.coefficient,
                    arm.standard_error
                )
            }
            Err(_) => writeln!(out, "NA,NA,NA,NA,NA"),
        }
        .expect("text");
    }
    fs::write(&files[1], out).expect("the estimates");
    fs::write(&files[2], seconds.to_string()).expect("the time");
}
