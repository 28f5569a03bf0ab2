//! Evidence synthesis: effect sizes of studies, their mean, their spread and what moves them.
//!
//! An analysis takes one effect and its sampling variance per study, or the counts themselves. With
//! a handful of small single-arm series start at [`proportions`]; with two arms and sparse events at
//! [`two_by_two_mixed`] and [`two_by_two_pooling`]; else make effects with [`effect_size`] and pool them with
//! [`random_effects`].

pub mod bayes_normal;
pub mod beta_binomial;
pub mod effect_size;
pub mod influence;
pub mod meta_regression;
pub mod multilevel;
pub mod proportions;
pub mod random_effects;
pub mod rates;
pub mod small_study;
pub mod transforms;
pub mod two_by_two_mixed;
pub mod two_by_two_pooling;

mod heterogeneity;
mod marginal_likelihood;

use crate::error::{check_finite, check_length};
use crate::{Estimate, InputError, NotEstimable};

/// Most studies in one synthesis: some standard errors need a square matrix of this size.
pub const MOST_STUDIES: usize = 1_000;

/// Effects and variances outside of this leave the range in which their squares can be summed.
const LARGEST: f64 = 1e50;

/// Beyond this ratio of two variances the smaller weight is lost in the rounding of the larger.
const LARGEST_VARIANCE_RATIO: f64 = 1e10;

/// At least `needed` studies, and no more than the bound.
fn check_studies(studies: usize, needed: usize) -> Estimate<()> {
    if studies > MOST_STUDIES {
        return Err(InputError::Range {
            name: "studies",
            value: studies as f64,
            expected: "at most 1000",
        }
        .into());
    }
    if studies < needed {
        return Err(NotEstimable::TooFewStudies { studies, needed });
    }
    Ok(())
}

/// One finite effect and one positive variance per study.
fn check_effects(effect: &[f64], variance: &[f64]) -> Result<(), InputError> {
    check_length("variance", variance.len(), effect.len())?;
    check_finite("effect", effect)?;
    check_finite("variance", variance)?;
    if let Some(index) = effect.iter().position(|y| y.abs() > LARGEST) {
        return Err(InputError::Value {
            name: "effect",
            index,
            value: effect[index],
            expected: "between -1e50 and 1e50",
        });
    }
    let sized = |v: &f64| (1.0 / LARGEST..=LARGEST).contains(v);
    if let Some(index) = variance.iter().position(|v| !sized(v)) {
        return Err(InputError::Value {
            name: "variance",
            index,
            value: variance[index],
            expected: "between 1e-50 and 1e50",
        });
    }
    let least = variance.iter().copied().fold(f64::INFINITY, f64::min);
    match variance
        .iter()
        .position(|v| *v > LARGEST_VARIANCE_RATIO * least)
    {
        None => Ok(()),
        Some(index) => Err(InputError::Value {
            name: "variance",
            index,
            value: variance[index],
            expected: "at most 1e10 times the smallest variance",
        }),
    }
}
