//! Robust (sandwich) variance of a Cox model from score residuals, summed within clusters.
//!
//! A row's residual is its own term x - mean(x) at its event, less its expected share
//! sum over event times in (start, time] of r dH (x - mean). Under Efron ties the dying subjects
//! count in each of the d steps with weight 1 - k/d, as in R's `coxph(robust = TRUE)`.
//! With weights the residuals are weighted, and r, dH and the means with them.
//! With several rows per subject this is the variance of Lin, Wei, Yang and Ying 2000,
//! doi:10.1111/1467-9868.00259, for recurrent events.
//! Lin and Wei 1989, doi:10.1080/01621459.1989.10478874.

use super::Ties;
use super::prepared::Prepared;
use super::risk_set::{Run, Subjects, width};

/// Naive times the cross product of the cluster sums of residuals times naive.
pub(super) fn sandwich(
    prepared: &Prepared,
    ties: Ties,
    risk: &[f64],
    naive: &[f64],
    cluster: &[usize],
) -> Vec<f64> {
    let p = prepared.subjects.covariates;
    let residuals = score_residuals(&prepared.subjects, ties, risk);
    let mut members: Vec<(usize, usize)> = prepared
        .order
        .iter()
        .enumerate()
        .map(|(row, &i)| (cluster[i], row))
        .collect();
    members.sort_unstable();
    let mut covariance = vec![0.0; p * p];
    let mut sum = vec![0.0; p];
    let mut influence = vec![0.0; p];
    for cluster in members.chunk_by(|a, b| a.0 == b.0) {
        sum.fill(0.0);
        for &(_, row) in cluster {
            for j in 0..p {
                sum[j] += residuals[row * p + j];
            }
        }
        for i in 0..p {
            influence[i] = (0..p).map(|j| naive[i * p + j] * sum[j]).sum();
        }
        for i in 0..p {
            for j in 0..p {
                covariance[i * p + j] += influence[i] * influence[j];
            }
        }
    }
    covariance
}

/// What an event time adds to the residuals.
struct Step {
    /// Increments of the hazard and of hazard times mean.
    hazard: f64,
    hazard_mean: Vec<f64>,
    /// The parts of both that the tied events are spared.
    back: f64,
    back_mean: Vec<f64>,
    /// Mean covariates against which the events are held.
    mean: Vec<f64>,
}

/// Score residuals, one row per subject, in the order of `subjects`.
fn score_residuals(subjects: &Subjects, ties: Ties, risk: &[f64]) -> Vec<f64> {
    let p = subjects.covariates;
    let mut steps = Vec::new();
    let zero = || vec![0.0; width(p)];
    subjects.walk(p, zero, risk, |run, all, dying| {
        let d = run.events;
        let mut step = Step {
            hazard: 0.0,
            hazard_mean: vec![0.0; p],
            back: 0.0,
            back_mean: vec![0.0; p],
            mean: vec![0.0; p],
        };
        for k in 0..d {
            let share = match ties {
                Ties::Efron => k as f64 / d as f64,
                _ => 0.0,
            };
            let total = all.s0() - share * dying.s0();
            let hazard = run.event_weight / total;
            step.hazard += hazard;
            step.back += share * hazard;
            for j in 0..p {
                let mean = (all.s1(j) - share * dying.s1(j)) / total;
                step.mean[j] += mean / d as f64;
                step.hazard_mean[j] += mean * hazard;
                step.back_mean[j] += share * mean * hazard;
            }
        }
        steps.push(step);
    });

    let mut residuals = vec![0.0; risk.len() * p];
    // Forwards in time now, the last stratum first.
    let mut accumulated = Accumulated::new(p);
    let mut steps = steps.into_iter().rev();
    let strata = subjects
        .runs
        .chunk_by(|a, b| a.stratum_start == b.stratum_start);
    for stratum in strata.rev() {
        accumulated.clear();
        let rows = stratum[0].stratum_start..stratum[stratum.len() - 1].end;
        let mut entering = subjects
            .entry
            .as_ref()
            .map_or(&[][..], |entry| &entry.order[rows])
            .iter()
            .rev()
            .map(|&row| row as usize)
            .peekable();
        for run in stratum.iter().rev() {
            // What had accumulated before a row came under observation is not its own.
            while let Some(row) = entering.next_if(|&row| subjects.at_risk(row, run)) {
                accumulated.add_to(subjects, risk, row, 1.0, &mut residuals);
            }
            let step = if run.events > 0 { steps.next() } else { None };
            if let Some(step) = &step {
                accumulated.advance(step);
            }
            for row in run.start..run.end {
                accumulated.add_to(subjects, risk, row, -1.0, &mut residuals);
            }
            if let Some(step) = &step {
                add_events(subjects, risk, run, step, &mut residuals);
            }
        }
    }
    residuals
}

/// Hazard and hazard times mean up to a time.
struct Accumulated {
    hazard: f64,
    hazard_mean: Vec<f64>,
}

impl Accumulated {
    fn new(p: usize) -> Accumulated {
        Accumulated {
            hazard: 0.0,
            hazard_mean: vec![0.0; p],
        }
    }

    fn clear(&mut self) {
        self.hazard = 0.0;
        self.hazard_mean.fill(0.0);
    }

    fn advance(&mut self, step: &Step) {
        self.hazard += step.hazard;
        for (sum, add) in self.hazard_mean.iter_mut().zip(&step.hazard_mean) {
            *sum += add;
        }
    }

    /// Adds `sign` times the expected share up to this time to the residual of one row.
    fn add_to(&self, subjects: &Subjects, risk: &[f64], row: usize, sign: f64, out: &mut [f64]) {
        let p = self.hazard_mean.len();
        for j in 0..p {
            let at = row * p + j;
            out[at] += sign * risk[row] * (subjects.x[at] * self.hazard - self.hazard_mean[j]);
        }
    }
}

fn add_events(subjects: &Subjects, risk: &[f64], run: &Run, step: &Step, residuals: &mut [f64]) {
    let p = subjects.covariates;
    for row in (run.start..run.end).filter(|&row| subjects.event[row]) {
        for j in 0..p {
            let at = row * p + j;
            let x = subjects.x[at];
            residuals[at] += subjects.weight_of(row) * (x - step.mean[j])
                + risk[row] * (x * step.back - step.back_mean[j]);
        }
    }
}
