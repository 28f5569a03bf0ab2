//! Profile-likelihood interval of a hazard ratio.
//!
//! The values that a likelihood ratio test does not reject, the other coefficients refitted at each.
//! Better than the Wald interval with few events (Venzon and Moolgavkar 1988, doi:10.2307/2347496).

use super::CoxOptions;
use super::maximum::maximise;
use super::prepared::prepare;
use crate::normal::normal_critical;
use crate::{Estimate, InputError, Interval};

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
