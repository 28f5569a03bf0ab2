//! Robust (sandwich) variance of a Cox model from score residuals, summed within clusters.
//!
//! A subject's residual is its own term x - mean(x) at its event, less its expected share
//! sum over earlier event times of r dH (x - mean). Under Efron ties the dying subjects count in
//! each of the d steps with weight 1 - k/d, as in R's `coxph(robust = TRUE)`.
//! Lin and Wei 1989, doi:10.1080/01621459.1989.10478874.

use super::Ties;
use super::partial_likelihood::Subjects;

/// Score residuals, one row per subject, in the order of `subjects`.
pub(super) fn score_residuals(subjects: &Subjects, ties: Ties, risk: &[f64]) -> Vec<f64> {
    let p = subjects.covariates;
    let mut residuals = vec![0.0; risk.len() * p];
    let mut stratum_start = 0;
    while stratum_start < subjects.runs.len() {
        let after = subjects.runs[stratum_start + 1..]
            .iter()
            .position(|r| r.starts_stratum);
        let stratum_end = after.map_or(subjects.runs.len(), |k| stratum_start + 1 + k);
        stratum_residuals(
            subjects,
            ties,
            risk,
            stratum_start..stratum_end,
            &mut residuals,
        );
        stratum_start = stratum_end;
    }
    residuals
}

fn stratum_residuals(
    subjects: &Subjects,
    ties: Ties,
    risk: &[f64],
    runs: std::ops::Range<usize>,
    residuals: &mut [f64],
) {
    let p = subjects.covariates;
    let row = |i: usize| &subjects.x[i * p..(i + 1) * p];
    // Backwards in time: the risk set at each run.
    let (mut s0, mut s1) = (0.0, vec![0.0; p]);
    let mut totals = Vec::with_capacity(runs.len());
    for run in &subjects.runs[runs.clone()] {
        for (i, risk) in (run.start..run.end).zip(&risk[run.start..run.end]) {
            s0 += risk;
            s1.iter_mut().zip(row(i)).for_each(|(s, x)| *s += risk * x);
        }
        totals.push((s0, s1.clone()));
    }
    // Forwards in time: the hazard that has accumulated, and the hazard times the mean.
    let (mut hazard, mut hazard_mean) = (0.0, vec![0.0; p]);
    for (run, (s0, s1)) in subjects.runs[runs].iter().zip(totals).rev() {
        let d = run.events;
        let (mut d0, mut d1) = (0.0, vec![0.0; p]);
        for i in (run.start..run.end).filter(|&i| subjects.event[i]) {
            d0 += risk[i];
            d1.iter_mut()
                .zip(row(i))
                .for_each(|(s, x)| *s += risk[i] * x);
        }
        let (mut mean_at_event, mut back, mut back_mean) = (vec![0.0; p], 0.0, vec![0.0; p]);
        for k in 0..d {
            let share = if ties == Ties::Efron {
                k as f64 / d as f64
            } else {
                0.0
            };
            let total = s0 - share * d0;
            hazard += 1.0 / total;
            back += share / total;
            for j in 0..p {
                let mean = (s1[j] - share * d1[j]) / total;
                mean_at_event[j] += mean / d as f64;
                hazard_mean[j] += mean / total;
                back_mean[j] += share * mean / total;
            }
        }
        for i in run.start..run.end {
            for j in 0..p {
                let x = row(i)[j];
                let mut residual = -risk[i] * (x * hazard - hazard_mean[j]);
                if subjects.event[i] {
                    residual += x - mean_at_event[j] + risk[i] * (x * back - back_mean[j]);
                }
                residuals[i * p + j] = residual;
            }
        }
    }
}
