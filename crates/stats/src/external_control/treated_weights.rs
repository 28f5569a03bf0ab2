//! Propensity weights for the effect on the treated, and the balance they reach.
//!
//! Propensity e(x) of being in the treated group by logistic regression. Treated subjects weigh 1,
//! controls e / (1 - e): the controls then stand for the treated population (ATT; Rosenbaum 1987,
//! doi:10.1080/01621459.1987.10478441).
//!
//! Balance of a covariate: the difference of the means, treated less control, over
//! sqrt((s1^2 + s0^2) / 2) with the unweighted variances of both groups, before and after weighting,
//! so that only the means can change it; below 0.1 is good (Austin 2009, doi:10.1002/sim.3697).
//! Effective sample size of the controls: (sum w)^2 / sum w^2 (Kish 1965).

use crate::error::check_length;
use crate::logistic::{LogisticModel, logistic};
use crate::{Estimate, NotEstimable};

/// Absolute standardised mean difference from which a covariate counts as unbalanced.
pub const UNBALANCED: f64 = 0.1;

/// A choice: from this share of the controls' weight on, one subject is the control group, and the
/// error of the comparison cannot be estimated.
const SOLE_SHARE: f64 = 0.999;

/// Standardised mean difference of one covariate, treated less control.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balance {
    /// Without weights.
    pub before: f64,
    /// With weights.
    pub after: f64,
}

/// Weights that make the controls like the treated.
#[derive(Debug, Clone, PartialEq)]
pub struct TreatedWeights {
    /// Model of the propensity.
    pub propensity: LogisticModel,
    /// Weight of each subject: 1 if treated, else the odds of treatment.
    pub weights: Vec<f64>,
    /// Balance of each covariate.
    pub balance: Vec<Balance>,
    /// Controls that equal weights would need for the same precision.
    pub effective_controls: f64,
    /// Largest share of one control in the controls' weight.
    pub largest_share: f64,
}

impl TreatedWeights {
    /// Covariates still unbalanced after weighting, by position: a warning that belongs in the report.
    pub fn unbalanced(&self) -> Vec<usize> {
        (0..self.balance.len())
            .filter(|&j| self.balance[j].after.abs() >= UNBALANCED)
            .collect()
    }
}

/// Weights from a propensity model with these covariates.
pub fn treated_weights(treated: &[bool], covariates: &[&[f64]]) -> Estimate<TreatedWeights> {
    for covariate in covariates {
        check_length("covariates", covariate.len(), treated.len())?;
    }
    for group in [true, false] {
        let subjects = treated.iter().filter(|&&t| t == group).count();
        if subjects == 0 {
            return Err(NotEstimable::EmptyArm);
        }
        if subjects < 2 {
            // One subject has no variance to standardise by.
            return Err(NotEstimable::TooFewSubjects {
                subjects,
                needed: 2,
            });
        }
    }
    // The level plays no part: intervals of the propensity model are not used.
    let propensity = logistic(treated, covariates, 0.95)?;
    let weights: Vec<f64> = treated
        .iter()
        .zip(&propensity.log_odds)
        .map(|(&treated, &log_odds)| if treated { 1.0 } else { libm::exp(log_odds) })
        .collect();
    let controls = || (0..treated.len()).filter(|&i| !treated[i]);
    let sum: f64 = controls().map(|i| weights[i]).sum();
    let squares: f64 = controls()
        .map(|i| weights[i] / sum * (weights[i] / sum))
        .sum();
    let heaviest = controls().fold(None, |best: Option<usize>, i| match best {
        Some(best) if weights[best] >= weights[i] => Some(best),
        _ => Some(i),
    });
    let heaviest = heaviest.ok_or(NotEstimable::EmptyArm)?;
    let largest_share = weights[heaviest] / sum;
    // NaN comes from weights beyond all numbers.
    if largest_share.is_nan() || largest_share >= SOLE_SHARE {
        return Err(NotEstimable::WeightOnOneSubject {
            subject: heaviest,
            share: largest_share,
        });
    }
    let mut balance = Vec::with_capacity(covariates.len());
    for (j, covariate) in covariates.iter().enumerate() {
        let (mean1, variance1) = mean_and_variance(treated, covariate, true);
        let (mean0, variance0) = mean_and_variance(treated, covariate, false);
        let deviation = (0.5 * (variance1 + variance0)).sqrt();
        if deviation == 0.0 {
            // Constant in both groups but different: the groups are separated.
            return Err(NotEstimable::Separation { covariate: j });
        }
        let weighted: f64 = controls().map(|i| weights[i] / sum * covariate[i]).sum();
        balance.push(Balance {
            before: (mean1 - mean0) / deviation,
            after: (mean1 - weighted) / deviation,
        });
    }
    Ok(TreatedWeights {
        propensity,
        weights,
        balance,
        effective_controls: 1.0 / squares,
        largest_share,
    })
}

fn mean_and_variance(treated: &[bool], values: &[f64], group: bool) -> (f64, f64) {
    let members = || {
        treated
            .iter()
            .zip(values)
            .filter(move |(t, _)| **t == group)
            .map(|(_, v)| *v)
    };
    let n = members().count() as f64;
    let mean = members().sum::<f64>() / n;
    let squares: f64 = members().map(|v| (v - mean) * (v - mean)).sum();
    (mean, squares / (n - 1.0))
}
