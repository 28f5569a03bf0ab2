//! Our half of the benchmark: fits the trials of a file on one thread.
//!
//! ```text
//! neurocart-mmrm-benchmark trials COUNT       trials as CSV on standard output
//! neurocart-mmrm-benchmark fit trials.csv     one line of CSV per trial: estimate and seconds
//! ```

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use neurocart_stats::distribution::normal_quantile;
use neurocart_stats::mixed_model::{CovarianceStructure, MmrmOptions, RepeatedMeasures, mmrm};

const PATIENTS: usize = 60;
const VISITS: usize = 5;

/// Uniform numbers in (0, 1): a 64-bit linear congruential generator.
struct Draws(u64);

impl Draws {
    fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform())
    }
}

/// Change in a score over five visits: AR(1) residuals with growing variance, a treatment effect
/// that grows, 5 % dropout at each visit after the first and 3 % of the other values missing.
fn write_trials(count: usize) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "trial,id,arm,base,week,chg")?;
    let mut draws = Draws(20261124);
    for trial in 0..count {
        for id in 0..PATIENTS {
            let arm = id % 2;
            let base = (9.5 + 2.4 * draws.normal()).round().clamp(5.0, 20.0);
            let mut residual = draws.normal();
            for visit in 0..VISITS {
                if visit > 0 {
                    residual = 0.7 * residual + 0.51_f64.sqrt() * draws.normal();
                    if draws.uniform() < 0.05 {
                        break;
                    }
                }
                let effect = -0.5 * (visit + 1) as f64 * arm as f64;
                let scale = 2.0 + 0.25 * visit as f64;
                let change = -1.0 + effect - 0.25 * (base - 9.5) + scale * residual;
                if draws.uniform() >= 0.03 {
                    writeln!(
                        out,
                        "{trial},{id},{arm},{base},{},{change:.4}",
                        4 * (visit + 1)
                    )?;
                }
            }
        }
    }
    Ok(())
}

#[derive(Default)]
struct Trial {
    subject: Vec<usize>,
    arm: Vec<usize>,
    baseline: Vec<f64>,
    visit: Vec<usize>,
    outcome: Vec<f64>,
}

fn read_trials(path: &str) -> Result<Vec<Trial>, Box<dyn Error>> {
    let mut trials: Vec<Trial> = Vec::new();
    for line in std::fs::read_to_string(path)?.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [trial, id, arm, base, week, change] = cells[..] else {
            return Err(format!("not a row of trials: {line}").into());
        };
        if trial.parse::<usize>()? == trials.len() {
            trials.push(Trial::default());
        }
        let last = trials.last_mut().ok_or("the first trial is not number 0")?;
        last.subject.push(id.parse()?);
        last.arm.push(arm.parse()?);
        last.baseline.push(base.parse()?);
        last.visit.push(week.parse()?);
        last.outcome.push(change.parse()?);
    }
    Ok(trials)
}

fn fit(path: &str) -> Result<(), Box<dyn Error>> {
    let trials = read_trials(path)?;
    let options = MmrmOptions {
        structures: &[CovarianceStructure::Unstructured],
        ..Default::default()
    };
    println!("trial,estimate,se,df,loglik,seconds");
    for (number, trial) in trials.iter().enumerate() {
        let data = RepeatedMeasures {
            subject: &trial.subject,
            visit: &trial.visit,
            arm: &trial.arm,
            baseline: &trial.baseline,
            outcome: &trial.outcome,
            ..Default::default()
        };
        let start = Instant::now();
        let fit = mmrm(&data, &options)?;
        let seconds = start.elapsed().as_secs_f64();
        let last = fit.last_difference().difference;
        println!(
            "{number},{},{},{},{},{seconds}",
            last.estimate, last.standard_error, last.degrees_of_freedom, fit.log_likelihood
        );
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    match &arguments[..] {
        [_, mode, count] if mode == "trials" => write_trials(count.parse()?),
        [_, mode, path] if mode == "fit" => fit(path),
        _ => Err("usage: neurocart-mmrm-benchmark trials COUNT | fit FILE".into()),
    }
}
