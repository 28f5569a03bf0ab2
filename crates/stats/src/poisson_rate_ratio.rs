//! Exact inference for Poisson rates: one rate, and the ratio of two.
//!
//! One rate x / t: gamma quantiles (Garwood 1936, doi:10.1093/biomet/28.3-4.437). Ratio of two:
//! given the total, the events of the first group are binomial with probability
//! r t1 / (r t1 + t2), so a Clopper-Pearson interval for that probability gives one for the ratio
//! r; the two-sided p value sums the outcomes no more likely than the observed one, within 1e-7
//! relative. As R's `poisson.test`. Valid with no event in one group, where a Wald interval is not;
//! it assumes no variation between subjects beyond Poisson.

use crate::distribution::binomial_pmf;
use crate::error::{check_count, check_level};
use crate::gamma::gamma_inverse;
use crate::proportion::{ProportionMethod, proportion};
use crate::{Estimate, InputError, Interval, NotEstimable};

/// A Poisson rate per unit of person-time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoissonRate {
    /// Events over person-time.
    pub rate: f64,
    /// Exact interval.
    pub interval: Interval,
}

/// Rate of `events` over `person_time` with its exact interval.
pub fn poisson_rate(events: u64, person_time: f64, confidence_level: f64) -> Estimate<PoissonRate> {
    check_count("events", events, events)?;
    check_person_time("person_time", person_time)?;
    check_level(confidence_level)?;
    let (x, tail) = (events as f64, 0.5 * (1.0 - confidence_level));
    let lower = if events == 0 {
        0.0
    } else {
        gamma_inverse(x, tail, 1.0 - tail)
    };
    let upper = gamma_inverse(x + 1.0, 1.0 - tail, tail);
    Ok(PoissonRate {
        rate: x / person_time,
        interval: Interval {
            lower: lower / person_time,
            upper: upper / person_time,
        },
    })
}

/// The ratio of two Poisson rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoissonRateRatio {
    /// First rate over second; infinite where the second group has no event.
    pub rate_ratio: f64,
    /// Exact conditional interval; the upper limit is infinite where the second group has no event.
    pub interval: Interval,
    /// Exact two-sided p value of equal rates.
    pub p_value: f64,
}

/// Ratio of the rate in the first group over that in the second, given the total of events.
pub fn poisson_rate_ratio(
    events: [u64; 2],
    person_time: [f64; 2],
    confidence_level: f64,
) -> Estimate<PoissonRateRatio> {
    check_person_time("person_time", person_time[0])?;
    check_person_time("person_time", person_time[1])?;
    let total = events[0].saturating_add(events[1]);
    check_count("events", events[0], total)?;
    if total == 0 {
        return Err(NotEstimable::NoEvents);
    }
    let share = proportion(
        events[0],
        total,
        ProportionMethod::ClopperPearson,
        confidence_level,
    )?;
    let scale = person_time[1] / person_time[0];
    // 1/(1 - p) - 1 is infinite, as it should be, at p = 1.
    let to_ratio = |p: f64| {
        if p >= 1.0 {
            f64::INFINITY
        } else {
            p / (1.0 - p) * scale
        }
    };
    Ok(PoissonRateRatio {
        rate_ratio: if events[1] == 0 {
            f64::INFINITY
        } else {
            events[0] as f64 / events[1] as f64 * scale
        },
        interval: Interval {
            lower: to_ratio(share.interval.lower),
            upper: to_ratio(share.interval.upper),
        },
        p_value: binomial_two_sided(
            events[0],
            total,
            person_time[0] / (person_time[0] + person_time[1]),
        ),
    })
}

/// Two-sided exact binomial test: the total probability of outcomes no more likely than `x`.
fn binomial_two_sided(x: u64, n: u64, p: f64) -> f64 {
    use crate::distribution::{binomial_cdf, binomial_sf};
    let limit = binomial_pmf(x, n, p) * (1.0 + 1e-7);
    let mean = n as f64 * p;
    let no_more_likely = |y: u64| binomial_pmf(y, n, p) <= limit;
    // The probabilities fall away from the mode, so the far tail starts where they drop to the
    // limit: found by bisection.
    if (x as f64) < mean {
        let (mut low, mut high) = (mean.ceil() as u64, n + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if no_more_likely(middle) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        let far = if low > n {
            0.0
        } else {
            binomial_sf(low - 1, n, p)
        };
        (binomial_cdf(x, n, p) + far).min(1.0)
    } else if (x as f64) > mean {
        let (mut below, mut above) = (0, mean.floor() as u64 + 1);
        while below < above {
            let middle = below + (above - below) / 2;
            if no_more_likely(middle) {
                below = middle + 1
            } else {
                above = middle
            }
        }
        let far = if below == 0 {
            0.0
        } else {
            binomial_cdf(below - 1, n, p)
        };
        (binomial_sf(x - 1, n, p) + far).min(1.0)
    } else {
        1.0
    }
}

fn check_person_time(name: &'static str, value: f64) -> Result<(), InputError> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(InputError::Range {
            name,
            value,
            expected: "above zero and finite",
        })
    }
}
