//! Restricted mean survival time: the area under the Kaplan-Meier curve up to a horizon.
//!
//! RMST(tau) = integral of S from 0 to tau; variance = sum over event times of
//! [area to the right]^2 d / [n (n - d)], as R's `survfit(..., rmean = tau)`.
//! Royston and Parmar 2013, doi:10.1186/1471-2288-13-152.
//! A horizon beyond the last observation is refused unless the curve has reached zero, because
//! the area there is unknown.

use crate::error::check_level;
use crate::kaplan_meier::{KaplanMeier, kaplan_meier};
use crate::normal::{normal_critical, normal_two_sided};
use crate::{Estimate, InputError, Interval, NotEstimable};

/// A restricted mean survival time, in the unit of the times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RestrictedMean {
    /// The area under the curve.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
}

/// The difference of two restricted means, second group minus first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RestrictedMeanDifference {
    /// Mean of each group.
    pub groups: [RestrictedMean; 2],
    /// Second minus first: positive favours the second group.
    pub difference: f64,
    /// Standard error of the difference.
    pub standard_error: f64,
    /// Normal confidence interval.
    pub interval: Interval,
    /// Difference over its standard error; none where nobody in either group had the event.
    pub z: Option<f64>,
    /// Two-sided p value; none as `z`.
    pub p_value: Option<f64>,
}

/// Restricted mean up to `horizon` of a Kaplan-Meier curve.
pub fn restricted_mean(curve: &KaplanMeier, horizon: f64) -> Estimate<RestrictedMean> {
    if !(horizon > 0.0 && horizon.is_finite()) {
        return Err(InputError::Range {
            name: "horizon",
            value: horizon,
            expected: "above zero",
        }
        .into());
    }
    let last = curve.steps[curve.steps.len() - 1];
    if horizon > last.time && last.survival > 0.0 {
        return Err(NotEstimable::BeyondFollowUp {
            time: horizon,
            last: last.time,
        });
    }
    // From the right, so that the area beyond each event time is at hand.
    let (mut area, mut variance, mut end) = (0.0, 0.0, horizon);
    for step in curve.steps.iter().rev().filter(|s| s.time <= horizon) {
        area += step.survival * (end - step.time);
        end = step.time;
        if step.events > 0 && step.events < step.at_risk {
            let (d, n) = (step.events as f64, step.at_risk as f64);
            variance += area * area * d / (n * (n - d));
        }
    }
    Ok(RestrictedMean {
        estimate: area + end,
        standard_error: variance.sqrt(),
    })
}

/// Difference in restricted mean survival time of group 1 minus group 0.
///
/// `in_second_group` says for each subject whether it belongs to the second group.
pub fn restricted_mean_difference(
    time: &[f64],
    event: &[bool],
    in_second_group: &[bool],
    horizon: f64,
    confidence_level: f64,
) -> Estimate<RestrictedMeanDifference> {
    check_level(confidence_level)?;
    crate::error::check_length("event", event.len(), time.len())?;
    crate::error::check_length("in_second_group", in_second_group.len(), time.len())?;
    let group = |second: bool| {
        let members = || (0..time.len()).filter(|&i| in_second_group[i] == second);
        let times: Vec<f64> = members().map(|i| time[i]).collect();
        let events: Vec<bool> = members().map(|i| event[i]).collect();
        restricted_mean(&kaplan_meier(&times, &events)?, horizon)
    };
    let groups = [group(false)?, group(true)?];
    let difference = groups[1].estimate - groups[0].estimate;
    let standard_error = libm::hypot(groups[0].standard_error, groups[1].standard_error);
    let z = (standard_error > 0.0).then(|| difference / standard_error);
    Ok(RestrictedMeanDifference {
        groups,
        difference,
        standard_error,
        interval: Interval::around(
            difference,
            normal_critical(confidence_level) * standard_error,
        ),
        z,
        p_value: z.map(normal_two_sided),
    })
}
