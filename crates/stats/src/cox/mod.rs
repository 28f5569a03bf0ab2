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

mod baseline_hazard;
mod fine_gray;
mod maximum;
mod partial_likelihood;
mod prepared;
mod profile;
mod proportionality;
mod risk_set;
mod robust;

pub use baseline_hazard::{BaselineHazardStep, cox_baseline_hazard};
pub use fine_gray::{FineGray, FineGrayCoefficient, fine_gray};
pub use profile::cox_profile_interval;
pub use proportionality::{CoxProportionality, cox_proportionality};

use crate::cholesky::{Cholesky, quadratic_form};
use crate::normal::{normal_critical, normal_two_sided};
use crate::{ChiSquareTest, Estimate, Interval, NotEstimable};
use maximum::maximise;
use prepared::prepare;
use robust::sandwich;

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
    /// Time at which each row comes under observation: row i is at risk over (start, time]. None
    /// by default, all from the beginning. A subject with several events, or with covariates that
    /// change, takes several rows; give its number in `cluster`.
    pub start: Option<&'a [f64]>,
    /// Weight of each row, above zero and about one on average; none by default. Weights that are
    /// not counts of subjects, such as propensity weights, call for the robust variance: give each
    /// subject its own number in `cluster`.
    pub weights: Option<&'a [f64]>,
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
            start: None,
            weights: None,
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
    if let Some(robust) = &robust {
        // Residuals that cancel leave 1e-16 of a standard error, which is none.
        let vanishes = |j: usize| robust[j * p + j] <= 1e-24 * naive[j * p + j];
        if (0..p).any(vanishes) {
            return Err(NotEstimable::NoVariation);
        }
    }
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
