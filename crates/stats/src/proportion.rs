//! Intervals for a proportion x of n.
//!
//! * Clopper-Pearson: beta quantiles; never below its level (1934, doi:10.1093/biomet/26.4.404).
//!   Default in safety tables.
//! * Wilson: inverts the score test, with or without continuity correction of 1/(2n) (1927; method
//!   4 of Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E).
//!   Default elsewhere.
//! * Jeffreys: beta quantiles under Beta(1/2, 1/2), with 0 and 1 as limits at x = 0 and x = n
//!   (Brown, Cai and DasGupta 2001, doi:10.1214/ss/1009213286). Uniform prior: Beta(1, 1).
//! * Agresti-Coull: adds z^2/2 successes and failures (1998), cut to 0 to 1.
//!
//! The Wald interval is not offered: it is empty at 0 of n and too short everywhere.

use crate::beta::incomplete_beta_inverse;
use crate::error::{check_count, check_level};
use crate::normal::normal_critical;
use crate::{Estimate, Interval, NotEstimable};

/// How the interval is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProportionMethod {
    /// Exact, never below its level.
    ClopperPearson,
    /// Score interval: the default.
    #[default]
    Wilson,
    /// Score interval with continuity correction.
    WilsonContinuityCorrected,
    /// Bayesian, Beta(1/2, 1/2) prior.
    Jeffreys,
    /// Bayesian, Beta(1, 1) prior.
    UniformPrior,
    /// Adjusted normal interval.
    AgrestiCoull,
}

/// A proportion with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportion {
    /// x / n.
    pub estimate: f64,
    /// Two-sided interval.
    pub interval: Interval,
}

/// The proportion `events` of `total` with a two-sided interval.
pub fn proportion(
    events: u64,
    total: u64,
    method: ProportionMethod,
    confidence_level: f64,
) -> Estimate<Proportion> {
    check_count("events", events, total)?;
    check_level(confidence_level)?;
    if total == 0 {
        return Err(NotEstimable::TooFewSubjects {
            subjects: 0,
            needed: 1,
        });
    }
    let (x, n) = (events as f64, total as f64);
    let tail = 0.5 * (1.0 - confidence_level);
    let z = normal_critical(confidence_level);
    let interval = match method {
        ProportionMethod::ClopperPearson => Interval {
            lower: if events == 0 {
                0.0
            } else {
                incomplete_beta_inverse(x, n - x + 1.0, tail)
            },
            upper: if events == total {
                1.0
            } else {
                upper_quantile(x + 1.0, n - x, tail)
            },
        },
        ProportionMethod::Wilson => wilson(x, n, z),
        ProportionMethod::WilsonContinuityCorrected => Interval {
            lower: if events == 0 {
                0.0
            } else {
                wilson_limit(x - 0.5, n, z, -1.0)
            },
            upper: if events == total {
                1.0
            } else {
                wilson_limit(x + 0.5, n, z, 1.0)
            },
        },
        ProportionMethod::Jeffreys => Interval {
            lower: if events == 0 {
                0.0
            } else {
                incomplete_beta_inverse(x + 0.5, n - x + 0.5, tail)
            },
            upper: if events == total {
                1.0
            } else {
                upper_quantile(x + 0.5, n - x + 0.5, tail)
            },
        },
        ProportionMethod::UniformPrior => Interval {
            lower: incomplete_beta_inverse(x + 1.0, n - x + 1.0, tail),
            upper: upper_quantile(x + 1.0, n - x + 1.0, tail),
        },
        ProportionMethod::AgrestiCoull => {
            let total = n + z * z;
            let centre = (x + 0.5 * z * z) / total;
            let half_width = z * (centre * (1.0 - centre) / total).sqrt();
            Interval {
                lower: (centre - half_width).max(0.0),
                upper: (centre + half_width).min(1.0),
            }
        }
    };
    Ok(Proportion {
        estimate: x / n,
        interval,
    })
}

/// One-sided exact upper bound: with no event in n and 95 %, 1 - 0.05^(1/n), about 3/n.
pub fn upper_bound(events: u64, total: u64, confidence_level: f64) -> Estimate<f64> {
    check_count("events", events, total)?;
    check_level(confidence_level)?;
    if total == 0 {
        return Err(NotEstimable::TooFewSubjects {
            subjects: 0,
            needed: 1,
        });
    }
    if events == total {
        return Ok(1.0);
    }
    Ok(upper_quantile(
        events as f64 + 1.0,
        (total - events) as f64,
        1.0 - confidence_level,
    ))
}

/// Wilson's interval for x of n at critical value z; exact 0 and 1 at the ends.
pub(crate) fn wilson(x: f64, n: f64, z: f64) -> Interval {
    Interval {
        lower: if x == 0.0 {
            0.0
        } else {
            wilson_limit(x, n, z, -1.0)
        },
        upper: if x == n {
            1.0
        } else {
            wilson_limit(x, n, z, 1.0)
        },
    }
}

fn wilson_limit(x: f64, n: f64, z: f64, sign: f64) -> f64 {
    let (p, half) = (x / n, 0.5 * z * z / n);
    let root = z * (p * (1.0 - p) / n + half / (2.0 * n)).sqrt();
    ((p + half + sign * root) / (1.0 + 2.0 * half)).clamp(0.0, 1.0)
}

/// The value above which a beta variable has probability `tail`.
fn upper_quantile(a: f64, b: f64, tail: f64) -> f64 {
    // By symmetry, so that a tail of 1e-12 is not rounded off one.
    crate::beta::beta_inverse_pair(b, a, tail, 1.0 - tail).1
}
