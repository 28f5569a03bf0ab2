//! Transformations of a proportion x of n, and of a rate, to a scale on which it is nearly normal.
//!
//! * logit: ln(x / (n - x)), variance 1/x + 1/(n - x); one half is added to both counts of a study
//!   with an empty one. This pulls small studies towards 0.5.
//! * arcsine: asin sqrt(x / n), variance 1 / (4 n).
//! * Freeman-Tukey double arcsine: (asin sqrt(x / (n + 1)) + asin sqrt((x + 1) / (n + 1))) / 2, variance
//!   1 / (4 n + 2) (1950, doi:10.1214/aoms/1177729756). Its inverse depends on n (Miller 1978,
//!   doi:10.1080/00031305.1978.10479283), and a mean of several studies has no n of its own: any
//!   choice is arbitrary and can decide the answer (Schwarzer 2019, doi:10.1002/jrsm.1348).
//! * log rate: ln(x / t), variance 1/x; one half is added to a count of zero.

use crate::error::check_count;
use crate::{Estimate, InputError, NotEstimable};

use super::effect_size::EffectSize;

fn check_proportion(events: u64, total: u64) -> Estimate<()> {
    check_count("events", events, total)?;
    if total == 0 {
        return Err(NotEstimable::TooFewSubjects {
            subjects: 0,
            needed: 1,
        });
    }
    Ok(())
}

/// Log odds of a proportion, with one half added where a count is zero.
pub fn logit_half_correction(events: u64, total: u64) -> Estimate<EffectSize> {
    check_proportion(events, total)?;
    let half = if events == 0 || events == total {
        0.5
    } else {
        0.0
    };
    let (x, y) = (events as f64 + half, (total - events) as f64 + half);
    Ok(EffectSize {
        effect: libm::log(x / y),
        variance: 1.0 / x + 1.0 / y,
    })
}

/// Arcsine of the root of a proportion, in radians.
pub fn arcsine(events: u64, total: u64) -> Estimate<EffectSize> {
    check_proportion(events, total)?;
    let n = total as f64;
    Ok(EffectSize {
        effect: libm::asin((events as f64 / n).sqrt()),
        variance: 0.25 / n,
    })
}

/// Freeman-Tukey double arcsine of a proportion, in radians.
pub fn freeman_tukey(events: u64, total: u64) -> Estimate<EffectSize> {
    check_proportion(events, total)?;
    let n = total as f64;
    Ok(EffectSize {
        effect: double_arcsine(events as f64, n),
        variance: 1.0 / (4.0 * n + 2.0),
    })
}

fn double_arcsine(x: f64, n: f64) -> f64 {
    let angle = |count: f64| libm::asin((count / (n + 1.0)).sqrt());
    0.5 * (angle(x) + angle(x + 1.0))
}

/// The proportion whose logit is `value`.
pub fn inverse_logit(value: f64) -> f64 {
    if value < 0.0 {
        let e = libm::exp(value);
        e / (1.0 + e)
    } else {
        1.0 / (1.0 + libm::exp(-value))
    }
}

/// The proportion whose arcsine is `value`; 0 below and 1 above the range of the arcsine.
pub fn inverse_arcsine(value: f64) -> f64 {
    if value <= 0.0 {
        0.0
    } else if value >= std::f64::consts::FRAC_PI_2 {
        1.0
    } else {
        let sine = libm::sin(value);
        sine * sine
    }
}

/// The proportion whose Freeman-Tukey transform at sample size `n` is `value`; 0 below the transform
/// of 0 of n and 1 above that of n of n. `n` may be any positive number, such as a harmonic mean.
pub fn inverse_freeman_tukey(value: f64, n: f64) -> Result<f64, InputError> {
    if !(n > 0.0 && n.is_finite()) {
        return Err(InputError::Range {
            name: "n",
            value: n,
            expected: "above zero and finite",
        });
    }
    if value <= double_arcsine(0.0, n) {
        return Ok(0.0);
    }
    if value >= double_arcsine(n, n) {
        return Ok(1.0);
    }
    let (sine, cosine) = (libm::sin(2.0 * value), libm::cos(2.0 * value));
    let ratio = sine + (sine - 1.0 / sine) / n;
    let root = (1.0 - ratio * ratio).max(0.0).sqrt();
    let signed = if cosine < 0.0 { -root } else { root };
    Ok((0.5 * (1.0 - signed)).clamp(0.0, 1.0))
}

/// The harmonic mean of sample sizes, by which the inverse of Freeman and Tukey is often taken; the
/// smallest studies decide it. None without subjects.
pub fn harmonic_mean(totals: &[u64]) -> Option<f64> {
    if totals.is_empty() || totals.contains(&0) {
        return None;
    }
    let sum: f64 = totals.iter().map(|n| 1.0 / *n as f64).sum();
    Some(totals.len() as f64 / sum)
}

/// Log rate of `events` in `exposure` units of person-time, with one half added to no event.
pub fn log_rate(events: u64, exposure: f64) -> Estimate<EffectSize> {
    check_exposure(exposure)?;
    check_count("events", events, crate::error::LARGEST_COUNT)?;
    let x = if events == 0 { 0.5 } else { events as f64 };
    Ok(EffectSize {
        effect: libm::log(x) - libm::log(exposure),
        variance: 1.0 / x,
    })
}

/// Person-time above zero, and neither so short nor so long that a rate leaves the range of numbers.
pub(super) fn check_exposure(exposure: f64) -> Result<(), InputError> {
    if (1e-100..=1e100).contains(&exposure) {
        return Ok(());
    }
    Err(InputError::Range {
        name: "exposure",
        value: exposure,
        expected: "between 1e-100 and 1e100",
    })
}
