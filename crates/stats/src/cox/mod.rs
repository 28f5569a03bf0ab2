//! Cox proportional hazards regression.
//!
//! Newton-Raphson on the partial likelihood (Cox 1972), Efron's treatment of ties by default as in
//! R's `coxph`. Covariates are centred and scaled inside, which changes no result but keeps the
//! arithmetic sound. Strata have their own baseline hazard. The robust variance sums score
//! residuals within clusters (Lin and Wei 1989).
//!
//! Where all events fall on one side of a covariate the likelihood rises for ever and there is no
//! estimate: the Newton steps then stay of constant length while the gain they promise vanishes,
//! and the fit is reported as not estimable instead of as a large number (Heinze and Schemper 2001,
//! doi:10.1111/j.0006-341X.2001.00114.x). For few events prefer [`cox_profile_interval`] to the
//! Wald interval.

mod partial_likelihood;
mod robust;

use crate::cholesky::{Cholesky, quadratic_form};
use crate::error::{check_length, check_level, check_times};
use crate::normal::{normal_critical, normal_two_sided};
use crate::standardise::centre_and_spread;
use crate::{ChiSquareTest, Estimate, InputError, Interval, NotEstimable};
use partial_likelihood::{Likelihood, Run, Subjects};

/// How events at the same time are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ties {
    /// Efron's approximation: the default.
    #[default]
    Efron,
    /// Breslow's approximation: faster, biased towards no effect with many ties.
    Breslow,
    /// The exact conditional (discrete logistic) likelihood; its cost grows with the ties.
    Exact,
}

/// Choices for a Cox model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoxOptions<'a> {
    /// Treatment of ties.
    pub ties: Ties,
    /// Confidence level of the intervals, 0.95 by default.
    pub confidence_level: f64,
    /// Stratum of each subject; none by default.
    pub strata: Option<&'a [usize]>,
    /// Cluster of each subject: asks for the robust variance, which the Wald test and the
    /// intervals then use. Give each subject its own number for the plain robust variance.
    pub cluster: Option<&'a [usize]>,
}

impl Default for CoxOptions<'_> {
    fn default() -> Self {
        CoxOptions {
            ties: Ties::Efron,
            confidence_level: 0.95,
            strata: None,
            cluster: None,
        }
    }
}

/// One covariate's effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoxCoefficient {
    /// Log hazard ratio per unit of the covariate.
    pub log_hazard_ratio: f64,
    /// Standard error from the information.
    pub standard_error: f64,
    /// Robust standard error, where clusters were given.
    pub robust_standard_error: Option<f64>,
    /// Hazard ratio per unit of the covariate.
    pub hazard_ratio: f64,
    /// Wald interval of the hazard ratio, with the robust standard error where there is one.
    pub interval: Interval,
    /// Wald statistic, with the robust standard error where there is one.
    pub z: f64,
    /// Two-sided Wald p value.
    pub p_value: f64,
}

/// A fitted Cox model.
#[derive(Debug, Clone, PartialEq)]
pub struct Cox {
    /// Effects in the order of the covariates.
    pub coefficients: Vec<CoxCoefficient>,
    /// Covariance of the log hazard ratios, row-major, robust where clusters were given.
    pub covariance: Vec<f64>,
    /// Log partial likelihood with no effect.
    pub log_likelihood_null: f64,
    /// Log partial likelihood at the estimate.
    pub log_likelihood: f64,
    /// Likelihood ratio test of no effect at all.
    pub likelihood_ratio: ChiSquareTest,
    /// Wald test of no effect at all.
    pub wald: ChiSquareTest,
    /// Score test of no effect at all.
    pub score: ChiSquareTest,
    /// Subjects.
    pub subjects: usize,
    /// Events.
    pub events: usize,
    /// Newton steps.
    pub iterations: usize,
}

/// Fits a Cox model. `covariates` holds one slice per covariate, each with a value per subject.
pub fn cox(
    time: &[f64],
    event: &[bool],
    covariates: &[&[f64]],
    options: &CoxOptions,
) -> Estimate<Cox> {
    let prepared = prepare(time, event, covariates, options)?;
    let p = covariates.len();
    let maximum = maximise(&prepared.subjects, options.ties, vec![0.0; p], None)?;
    let scale = &prepared.scale;

    let unscale = |mut matrix: Vec<f64>| {
        for i in 0..p {
            for j in 0..p {
                matrix[i * p + j] /= scale[i] * scale[j];
            }
        }
        matrix
    };
    let naive = maximum.factor.inverse();
    let robust = options.cluster.map(|cluster| {
        sandwich(
            &prepared,
            options.ties,
            &maximum.likelihood.risk,
            &naive,
            cluster,
        )
    });
    let wald = match &robust {
        None => quadratic_form(&maximum.b, &maximum.likelihood.information, &maximum.b),
        Some(robust) => {
            let mut solved = maximum.b.clone();
            Cholesky::new(robust, p, 1e-12)
                .map_err(|_| NotEstimable::NoVariation)?
                .solve(&mut solved);
            maximum.b.iter().zip(&solved).map(|(b, s)| b * s).sum()
        }
    };
    let naive = unscale(naive);
    let robust = robust.map(unscale);
    let critical = normal_critical(options.confidence_level);
    let coefficients = (0..p)
        .map(|j| {
            let log_hazard_ratio = maximum.b[j] / scale[j];
            let standard_error = naive[j * p + j].sqrt();
            let robust_standard_error = robust.as_ref().map(|r| r[j * p + j].sqrt());
            let used = robust_standard_error.unwrap_or(standard_error);
            let z = log_hazard_ratio / used;
            CoxCoefficient {
                log_hazard_ratio,
                standard_error,
                robust_standard_error,
                hazard_ratio: libm::exp(log_hazard_ratio),
                interval: Interval::around(log_hazard_ratio, critical * used).exp(),
                z,
                p_value: normal_two_sided(z),
            }
        })
        .collect();
    let log_likelihood = maximum.likelihood.value;
    Ok(Cox {
        coefficients,
        covariance: robust.unwrap_or(naive),
        log_likelihood_null: maximum.null_value,
        log_likelihood,
        likelihood_ratio: ChiSquareTest::new(2.0 * (log_likelihood - maximum.null_value), p),
        wald: ChiSquareTest::new(wald, p),
        score: ChiSquareTest::new(maximum.score, p),
        subjects: time.len(),
        events: event.iter().filter(|&&e| e).count(),
        iterations: maximum.iterations,
    })
}

/// Profile-likelihood interval of one covariate's hazard ratio: the values that a likelihood ratio
/// test does not reject, the other covariates refitted. A side on which the likelihood never falls
/// far enough has no limit (0 or infinity).
pub fn cox_profile_interval(
    time: &[f64],
    event: &[bool],
    covariates: &[&[f64]],
    covariate: usize,
    options: &CoxOptions,
) -> Estimate<Interval> {
    if covariate >= covariates.len() {
        return Err(InputError::Range {
            name: "covariate",
            value: covariate as f64,
            expected: "the position of a covariate, counted from 0",
        }
        .into());
    }
    let prepared = prepare(time, event, covariates, options)?;
    let p = covariates.len();
    let maximum = maximise(&prepared.subjects, options.ties, vec![0.0; p], None)?;
    let variance = maximum.factor.inverse()[covariate * p + covariate];
    let critical = normal_critical(options.confidence_level);
    let target = maximum.likelihood.value - 0.5 * critical * critical;
    let centre = maximum.b[covariate];
    let side = |sign: f64| -> Estimate<f64> {
        // Distance from the estimate in standard errors: find where the profile crosses the target.
        let se = variance.sqrt();
        let mut start = maximum.b.clone();
        let mut excess = |distance: f64| -> Estimate<f64> {
            start[covariate] = centre + sign * distance * se;
            let fit = maximise(
                &prepared.subjects,
                options.ties,
                start.clone(),
                Some(covariate),
            )?;
            start = fit.b;
            Ok(fit.likelihood.value - target)
        };
        let (mut inside, mut outside) = (0.0, critical);
        while excess(outside)? > 0.0 {
            (inside, outside) = (outside, 2.0 * outside);
            if outside > 1e4 {
                return Ok(sign * f64::INFINITY);
            }
        }
        while outside - inside > 1e-12 * outside {
            let middle = 0.5 * (inside + outside);
            if middle <= inside || middle >= outside {
                break;
            }
            if excess(middle)? > 0.0 {
                inside = middle
            } else {
                outside = middle
            }
        }
        Ok((centre + sign * 0.5 * (inside + outside) * se) / prepared.scale[covariate])
    };
    Ok(Interval {
        lower: side(-1.0)?,
        upper: side(1.0)?,
    }
    .exp())
}

struct Prepared {
    subjects: Subjects,
    /// Scaled covariate = (covariate - mean) / scale.
    scale: Vec<f64>,
    /// Position in the input of each subject of `subjects`.
    order: Vec<usize>,
}

fn prepare(
    time: &[f64],
    event: &[bool],
    covariates: &[&[f64]],
    options: &CoxOptions,
) -> Estimate<Prepared> {
    let (n, p) = (time.len(), covariates.len());
    check_times(time)?;
    check_level(options.confidence_level)?;
    check_length("event", event.len(), n)?;
    for (name, labels) in [("strata", options.strata), ("cluster", options.cluster)] {
        if let Some(labels) = labels {
            check_length(name, labels.len(), n)?;
        }
    }
    if p == 0 {
        return Err(InputError::Range {
            name: "covariates",
            value: 0.0,
            expected: "at least one",
        }
        .into());
    }
    if options.cluster.is_some() && options.ties == Ties::Exact {
        return Err(InputError::Unsupported {
            problem: "the robust variance is not defined for exact ties",
            fix: "use Efron or Breslow ties with `cluster`",
        }
        .into());
    }
    if !event.contains(&true) {
        return Err(NotEstimable::NoEvents);
    }

    // By stratum, then from the last time to the first; a time that is not negative sorts as its
    // bits. The index last, so that the order of summation is fixed.
    let mut keys: Vec<(usize, u64, u32)> = (0..n)
        .map(|i| {
            (
                options.strata.map_or(0, |s| s[i]),
                !(time[i] + 0.0).to_bits(),
                i as u32,
            )
        })
        .collect();
    keys.sort_unstable();

    let mut scale = Vec::with_capacity(p);
    let mut x = vec![0.0; n * p];
    for (j, covariate) in covariates.iter().enumerate() {
        let (mean, spread) = centre_and_spread("covariates", j, covariate, n)?;
        for (row, key) in keys.iter().enumerate() {
            x[row * p + j] = (covariate[key.2 as usize] - mean) / spread;
        }
        scale.push(spread);
    }

    let order: Vec<usize> = keys.iter().map(|k| k.2 as usize).collect();
    let event: Vec<bool> = order.iter().map(|&i| event[i]).collect();
    let mut runs = Vec::with_capacity(n);
    let mut start = 0;
    for run in keys.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let end = start + run.len();
        let events = event[start..end].iter().filter(|&&e| e).count();
        let starts_stratum = start == 0 || keys[start - 1].0 != run[0].0;
        runs.push(Run {
            start,
            end,
            events,
            starts_stratum,
        });
        start = end;
    }
    Ok(Prepared {
        subjects: Subjects {
            covariates: p,
            x,
            event,
            runs,
        },
        scale,
        order,
    })
}

struct Maximum {
    b: Vec<f64>,
    likelihood: Likelihood,
    factor: Cholesky,
    null_value: f64,
    score: f64,
    iterations: usize,
}

const MAX_ITERATIONS: usize = 100;
/// Relative to the diagonal: less than this left by the other covariates counts as none.
const COLLINEAR: f64 = 1e-10;

/// Newton-Raphson from `b`, holding the coefficient `fixed` if one is given.
fn maximise(
    subjects: &Subjects,
    ties: Ties,
    b: Vec<f64>,
    fixed: Option<usize>,
) -> Estimate<Maximum> {
    let p = subjects.covariates;
    let mut b = b;
    let mut likelihood = Likelihood::new(subjects);
    likelihood.evaluate(subjects, ties, &b);
    let null_value = likelihood.value;
    let mut score = 0.0;
    let mut step = vec![0.0; p];
    let mut trial = vec![0.0; p];
    for iteration in 0..MAX_ITERATIONS {
        if let Some(j) = fixed {
            hold(&mut likelihood, j);
        }
        let factor = factor_of_information(&likelihood).map_err(|covariate| {
            if iteration == 0 {
                NotEstimable::Collinear { covariate }
            } else {
                NotEstimable::MonotoneLikelihood { covariate }
            }
        })?;
        step.copy_from_slice(&likelihood.gradient);
        factor.solve(&mut step);
        // Twice the gain in likelihood that the step promises.
        let promise: f64 = step
            .iter()
            .zip(&likelihood.gradient)
            .map(|(s, g)| s * g)
            .sum();
        if iteration == 0 {
            score = promise;
        }
        // The step is then below 1e-10 standard errors.
        if promise < 1e-20 {
            return Ok(Maximum {
                b,
                likelihood,
                factor,
                null_value,
                score,
                iterations: iteration,
            });
        }
        if promise < 1e-9 && spread_of_predictor(subjects, &step) > 0.1 {
            return Err(NotEstimable::MonotoneLikelihood {
                covariate: largest(&step),
            });
        }
        let before = likelihood.value;
        let allowance = 1e-12 * (1.0 + before.abs());
        let mut length = 1.0;
        loop {
            for j in 0..p {
                trial[j] = b[j] + length * step[j];
            }
            likelihood.evaluate(subjects, ties, &trial);
            if likelihood.value >= before - allowance {
                break;
            }
            length *= 0.5;
            if length < 1e-12 {
                return Err(NotEstimable::NoConvergence {
                    iterations: iteration,
                });
            }
        }
        b.copy_from_slice(&trial);
        // No further gain is left in the arithmetic.
        if promise < 1e-14 {
            if let Some(j) = fixed {
                hold(&mut likelihood, j);
            }
            let factor = factor_of_information(&likelihood)
                .map_err(|covariate| NotEstimable::MonotoneLikelihood { covariate })?;
            return Ok(Maximum {
                b,
                likelihood,
                factor,
                null_value,
                score,
                iterations: iteration + 1,
            });
        }
    }
    Err(NotEstimable::NoConvergence {
        iterations: MAX_ITERATIONS,
    })
}

/// Factor of the information, or the covariate that is flat or a combination of those before it.
fn factor_of_information(likelihood: &Likelihood) -> Result<Cholesky, usize> {
    let p = likelihood.gradient.len();
    // Where nobody at risk differs, rounding leaves 1e-16 of the moment instead of zero.
    let flat = |j: &usize| likelihood.information[j * p + j] <= 1e-13 * likelihood.moment[*j];
    match (0..p).find(flat) {
        Some(j) => Err(j),
        None => Cholesky::new(&likelihood.information, p, COLLINEAR),
    }
}

/// Takes one coefficient out of the Newton step.
fn hold(likelihood: &mut Likelihood, fixed: usize) {
    let p = likelihood.gradient.len();
    likelihood.gradient[fixed] = 0.0;
    for k in 0..p {
        likelihood.information[fixed * p + k] = 0.0;
        likelihood.information[k * p + fixed] = 0.0;
    }
    likelihood.information[fixed * p + fixed] = 1.0;
    likelihood.moment[fixed] = 1.0;
}

/// How far apart the step moves the linear predictors of two subjects at most.
fn spread_of_predictor(subjects: &Subjects, step: &[f64]) -> f64 {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for x in subjects.x.chunks_exact(step.len()) {
        let eta: f64 = x.iter().zip(step).map(|(x, s)| x * s).sum();
        low = low.min(eta);
        high = high.max(eta);
    }
    high - low
}

fn largest(step: &[f64]) -> usize {
    (0..step.len()).fold(0, |best, j| {
        if step[j].abs() > step[best].abs() {
            j
        } else {
            best
        }
    })
}

/// Naive times the cross product of the cluster sums of residuals times naive.
fn sandwich(
    prepared: &Prepared,
    ties: Ties,
    risk: &[f64],
    naive: &[f64],
    cluster: &[usize],
) -> Vec<f64> {
    let p = prepared.subjects.covariates;
    let residuals = robust::score_residuals(&prepared.subjects, ties, risk);
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
