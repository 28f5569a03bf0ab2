//! p value, estimate and intervals of a trial that stopped at a look.
//!
//! The estimate z / sqrt(t) is too large on average when a trial stops early because it was
//! large. Stage-wise ordering (Fairbanks and Madsen 1982, doi:10.1093/biomet/69.1.69; Tsiatis, Rosner
//! and Mehta 1984, Biometrics 40:797) calls a result more extreme when it crosses the upper
//! boundary at an earlier look, or has a larger z at the same look, or stops low at a later one. With
//! p(delta) the probability at drift delta of a result at least as extreme as the observed one,
//! p(0) is the p value, p(delta) = 1/2 gives the median-unbiased estimate and
//! p(delta) = (1 -+ level) / 2 the confidence limits. None of them depends on looks after the
//! stop, so they stand when later looks would have come at other times than planned.
//!
//! The repeated confidence interval (z -+ c_k) / sqrt(t_k), with c_k the boundary of the look (Jennison
//! and Turnbull 1989, Journal of the Royal Statistical Society B 51:305), holds at every look at
//! once, stopped or not, at the price of width.

use super::boundary::{Look, Sides, check_information};
use super::conditional_power::check_z;
use super::integration::Continuing;
use super::operating::{check_looks, lower_end};
use super::root::root_between;
use crate::error::check_level;
use crate::{Estimate, InputError, Interval, NotEstimable};

/// Inference after the last look of a trial, on the scale of the drift: times the standard error
/// at that look and the root of its information fraction, it is on the scale of the effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FinalInference {
    /// p value for a positive effect, by stage-wise ordering.
    pub p_one_sided: f64,
    /// Twice the smaller of the two one-sided p values.
    pub p_two_sided: f64,
    /// z / sqrt(information): biased by the stopping.
    pub naive: f64,
    /// Median-unbiased estimate.
    pub median_unbiased: f64,
    /// Confidence interval by stage-wise ordering.
    pub interval: Interval,
}

/// Inference for a trial whose last look is the last of `looks`, with statistic `z` there.
///
/// `looks` are those that took place, with their boundaries. Paths that a futility boundary stopped
/// cannot go on in this calculation, so give a non-binding rule's looks through
/// [`super::without_futility`].
///
/// # Errors
/// `InputError` where the looks are not in order or z is not finite.
pub fn final_inference(
    sides: Sides,
    looks: &[Look],
    z: f64,
    confidence_level: f64,
) -> Estimate<FinalInference> {
    check_looks(sides, looks)?;
    check_level(confidence_level)?;
    check_z("z", z)?;
    let stop = looks[looks.len() - 1];
    let scale = stop.information.sqrt();
    let naive = z / scale;
    let at = |probability: f64| {
        drift_with(naive, 1.0 / scale, |drift| {
            more_extreme(sides, looks, z, drift) - probability
        })
    };
    let tail = 0.5 * (1.0 - confidence_level);
    let p_one_sided = more_extreme(sides, looks, z, 0.0);
    let p_other = less_extreme(sides, looks, z, 0.0);
    Ok(FinalInference {
        p_one_sided,
        // The two halves may add up to a rounding more than 1.
        p_two_sided: (2.0 * p_one_sided.min(p_other)).min(1.0),
        naive,
        median_unbiased: at(0.5)?,
        interval: Interval {
            lower: at(tail)?,
            upper: at(1.0 - tail)?,
        },
    })
}

/// The repeated confidence interval of a look with statistic `z`, on the scale of the drift: of
/// level 1 - alpha in a two-sided design and 1 - 2 alpha in a one-sided one. Infinite where the look
/// could not stop for efficacy.
///
/// # Errors
/// `InputError` where a number is out of range, as a boundary below 0 that counts on binding
/// futility is.
pub fn repeated_interval(look: &Look, z: f64) -> Estimate<Interval> {
    check_information([look.information].into_iter())?;
    check_z("z", z)?;
    if look.efficacy.is_nan() || look.efficacy < 0.0 {
        return Err(InputError::Range {
            name: "efficacy boundary",
            value: look.efficacy,
            expected: "zero or more",
        }
        .into());
    }
    let scale = look.information.sqrt();
    Ok(Interval {
        lower: (z - look.efficacy) / scale,
        upper: (z + look.efficacy) / scale,
    })
}

/// Probability at drift `drift` of a result as extreme as `z` at the last of `looks`, or more.
fn more_extreme(sides: Sides, looks: &[Look], z: f64, drift: f64) -> f64 {
    let (stop, before) = (looks.len() - 1, &looks[..looks.len() - 1]);
    let mut path = Continuing::from_point(0.0, 0.0, drift);
    let mut probability = 0.0;
    for look in before {
        probability += path.above(look.information, look.efficacy);
        path = path.advance(look.information, lower_end(sides, look), look.efficacy);
    }
    probability + path.above(looks[stop].information, z)
}

/// Probability at drift `drift` of a result as low as `z` or lower, in the same ordering turned
/// round: it stops low earlier, or is lower at the same look.
fn less_extreme(sides: Sides, looks: &[Look], z: f64, drift: f64) -> f64 {
    let (stop, before) = (looks.len() - 1, &looks[..looks.len() - 1]);
    let mut path = Continuing::from_point(0.0, 0.0, drift);
    let mut probability = 0.0;
    for look in before {
        let lower = lower_end(sides, look);
        probability += path.below(look.information, lower);
        path = path.advance(look.information, lower, look.efficacy);
    }
    probability + path.below(looks[stop].information, z)
}

/// The drift where a rising function of it reaches 0, searched outwards from `start`.
fn drift_with(start: f64, step: f64, f: impl Fn(f64) -> f64) -> Estimate<f64> {
    /// Doublings of the step: 2^40 steps are beyond any drift with a probability in between.
    const DOUBLINGS: i32 = 40;
    let mut near = (start, f(start));
    let up = near.1 < 0.0;
    let mut away = if up { step } else { -step };
    for _ in 0..DOUBLINGS {
        let far = (start + away, f(start + away));
        if (far.1 < 0.0) != up {
            return Ok(root_between(near, far, f));
        }
        near = far;
        away *= 2.0;
    }
    Err(NotEstimable::NoConvergence {
        iterations: DOUBLINGS as usize,
    })
}
