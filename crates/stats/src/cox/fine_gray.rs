//! Fine and Gray's regression on the cumulative incidence of one cause.
//!
//! Proportional hazards of the subdistribution: a subject with a competing event at X stays in the
//! risk set at later times t with weight G(t-) / G(X-), G the Kaplan-Meier estimate of the censoring
//! distribution. The partial likelihood with these risk sets is maximised as in a Cox model, with
//! Breslow ties. The variance is the sandwich of eta_i + psi_i: eta_i is the score residual, psi_i
//! the contribution of subject i to the estimate of G. As `crr` of R's package cmprsk.
//! Fine and Gray 1999, doi:10.1080/01621459.1999.10474144.
//!
//! The hazard ratio orders the cumulative incidence curves; it is not a cause-specific hazard ratio.

use super::maximum::maximise;
use super::prepared::{Prepared, prepare};
use super::risk_set::{Lingering, width};
use super::{CoxOptions, Ties};
use crate::error::{check_length, check_level};
use crate::normal::{normal_critical, normal_two_sided};
use crate::{Estimate, InputError, Interval};

/// One covariate's effect on the cumulative incidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FineGrayCoefficient {
    /// Log subdistribution hazard ratio per unit of the covariate.
    pub log_hazard_ratio: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Subdistribution hazard ratio.
    pub hazard_ratio: f64,
    /// Wald interval of the hazard ratio.
    pub interval: Interval,
    /// Two-sided Wald p value.
    pub p_value: f64,
}

/// A fitted model of Fine and Gray.
#[derive(Debug, Clone, PartialEq)]
pub struct FineGray {
    /// Effects in the order of the covariates.
    pub coefficients: Vec<FineGrayCoefficient>,
    /// Covariance of the log hazard ratios, row-major.
    pub covariance: Vec<f64>,
    /// Log partial likelihood with no effect.
    pub log_likelihood_null: f64,
    /// Log partial likelihood at the estimate.
    pub log_likelihood: f64,
}

/// Fits the model for `cause`. `causes` holds 0 for a censored subject and 1, 2, ... otherwise;
/// `covariates` one slice per covariate.
pub fn fine_gray(
    time: &[f64],
    causes: &[u32],
    covariates: &[&[f64]],
    cause: u32,
    confidence_level: f64,
) -> Estimate<FineGray> {
    check_level(confidence_level)?;
    check_length("causes", causes.len(), time.len())?;
    if cause == 0 {
        return Err(InputError::Range {
            name: "cause",
            value: 0.0,
            expected: "1 or more; 0 marks censored subjects",
        }
        .into());
    }
    let event: Vec<bool> = causes.iter().map(|&c| c == cause).collect();
    let options = CoxOptions {
        ties: Ties::Breslow,
        confidence_level,
        ..CoxOptions::default()
    };
    let mut prepared = prepare(time, &event, covariates, &options)?;
    let causes: Vec<u32> = prepared.order.iter().map(|&i| causes[i]).collect();
    let lingering = censoring_weights(&prepared, &causes, cause);
    let at_run = lingering.at_run.clone();
    let weight = lingering.weight.clone();
    prepared.subjects.lingering = Some(lingering);
    let p = covariates.len();
    let maximum = maximise(&prepared.subjects, Ties::Breslow, vec![0.0; p], None)?;
    let naive = maximum.factor.inverse();
    let residuals = residuals(
        &prepared,
        &causes,
        &at_run,
        &weight,
        &maximum.likelihood.risk,
    );

    let mut covariance = vec![0.0; p * p];
    let mut influence = vec![0.0; p];
    for residual in residuals.chunks_exact(p) {
        for i in 0..p {
            influence[i] = (0..p).map(|j| naive[i * p + j] * residual[j]).sum();
        }
        for i in 0..p {
            for j in 0..p {
                covariance[i * p + j] += influence[i] * influence[j];
            }
        }
    }
    let scale = &prepared.scale;
    for i in 0..p {
        for j in 0..p {
            covariance[i * p + j] /= scale[i] * scale[j];
        }
    }
    let critical = normal_critical(confidence_level);
    let coefficients = (0..p)
        .map(|j| {
            let log_hazard_ratio = maximum.b[j] / scale[j];
            let standard_error = covariance[j * p + j].sqrt();
            FineGrayCoefficient {
                log_hazard_ratio,
                standard_error,
                hazard_ratio: libm::exp(log_hazard_ratio),
                interval: Interval::around(log_hazard_ratio, critical * standard_error).exp(),
                p_value: normal_two_sided(log_hazard_ratio / standard_error),
            }
        })
        .collect();
    Ok(FineGray {
        coefficients,
        covariance,
        log_likelihood_null: maximum.null_value,
        log_likelihood: maximum.likelihood.value,
    })
}

/// G(t-) at each run, and 1 / G(X-) of the subjects with a competing event.
fn censoring_weights(prepared: &Prepared, causes: &[u32], cause: u32) -> Lingering {
    let runs = &prepared.subjects.runs;
    let mut at_run = vec![1.0; runs.len()];
    let mut weight = vec![0.0; causes.len()];
    let mut survival = 1.0;
    for (number, run) in runs.iter().enumerate().rev() {
        at_run[number] = survival;
        let members = &causes[run.start..run.end];
        for (i, &c) in (run.start..).zip(members) {
            if c != 0 && c != cause {
                weight[i] = 1.0 / survival;
            }
        }
        // The runs go down in time: those at risk here are the rows up to this run's end.
        let (n, censored) = (run.end as f64, members.iter().filter(|&&c| c == 0).count());
        survival *= (n - censored as f64) / n;
    }
    Lingering { weight, at_run }
}

/// eta + psi of each subject, in the order of the rows.
fn residuals(
    prepared: &Prepared,
    causes: &[u32],
    at_run: &[f64],
    weight: &[f64],
    risk: &[f64],
) -> Vec<f64> {
    let subjects = &prepared.subjects;
    let p = subjects.covariates;
    let x = |i: usize| &subjects.x[i * p..(i + 1) * p];
    // Per event time, from the last: hazard of the events, and mean covariates.
    let mut events = Vec::new();
    let zero = || vec![0.0; width(p)];
    subjects.walk(p, zero, risk, |run, all, _| {
        let mean: Vec<f64> = (0..p).map(|j| all.s1(j) / all.s0()).collect();
        events.push((run.events as f64 / all.s0(), mean));
    });

    // Forwards in time. Integrals of dH and mean dH, plain and with weight G(t-).
    let runs = &subjects.runs;
    let mut plain = vec![0.0; 1 + p];
    let mut weighted = vec![0.0; 1 + p];
    // The weighted integrals before each run, from the first time.
    let mut weighted_before = Vec::with_capacity(runs.len());
    let mut out = vec![0.0; risk.len() * p];
    let mut forward_events = events.iter().rev();
    for (number, run) in runs.iter().enumerate().rev() {
        weighted_before.push(weighted.clone());
        let event = if run.events > 0 {
            forward_events.next()
        } else {
            None
        };
        if let Some((hazard, mean)) = event {
            for (k, m) in std::iter::once(&1.0).chain(mean).enumerate() {
                plain[k] += hazard * m;
                weighted[k] += at_run[number] * hazard * m;
            }
        }
        for i in run.start..run.end {
            for j in 0..p {
                let mut eta = -risk[i] * (x(i)[j] * plain[0] - plain[1 + j]);
                if let (true, Some((_, mean))) = (subjects.event[i], event) {
                    eta += x(i)[j] - mean[j];
                }
                // The part after its own time is added below, once the whole integral is known.
                eta += risk[i] * weight[i] * (x(i)[j] * weighted[0] - weighted[1 + j]);
                out[i * p + j] = eta;
            }
        }
    }
    let end = weighted;
    for i in 0..risk.len() {
        for j in 0..p {
            out[i * p + j] -= risk[i] * weight[i] * (x(i)[j] * end[0] - end[1 + j]);
        }
    }

    // psi: at each censoring time u, q(u) / number at risk, for those censored; less its share of
    // the censoring hazard, for all at risk. q(u) sums over the subjects with a competing event
    // before u what their weights contribute at the event times from u on, as in the paper.
    let mut lingering = vec![0.0; 1 + p];
    let mut compensator = vec![0.0; p];
    for (run, before) in runs.iter().rev().zip(&weighted_before) {
        let n = run.end as f64;
        let censored = causes[run.start..run.end]
            .iter()
            .filter(|&&c| c == 0)
            .count() as f64;
        for j in 0..p {
            let q = lingering[1 + j] * (end[0] - before[0])
                - lingering[0] * (end[1 + j] - before[1 + j]);
            compensator[j] += q / n * censored / n;
            for i in run.start..run.end {
                out[i * p + j] -= compensator[j];
                if causes[i] == 0 {
                    out[i * p + j] += q / n;
                }
            }
        }
        for i in run.start..run.end {
            lingering[0] += risk[i] * weight[i];
            for j in 0..p {
                lingering[1 + j] += risk[i] * weight[i] * x(i)[j];
            }
        }
    }
    out
}
