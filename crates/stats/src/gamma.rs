//! Gamma function family: log-gamma, its derivatives, the incomplete gamma functions and inverse.
//!
//! Incomplete gamma: series below a + 1, Lentz's continued fraction above (Abramowitz and Stegun
//! 6.5.29, 6.5.31). The common factor x^a e^-x / Gamma(a) is formed by Loader's saddle-point
//! expansion for large a, where differences of log-gammas would cancel.
//! Loader 2000, Fast and accurate computation of binomial probabilities.

use std::f64::consts::PI;

/// Terms before a series or continued fraction is cut; far above what counts of 1e9 need.
const MAX_TERMS: usize = 1_000_000;
const EPSILON: f64 = 1e-16;
const TINY: f64 = 1e-300;

/// ln Gamma(x) for x > 0.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// Derivative of ln Gamma, for x > 0.
pub fn digamma(x: f64) -> f64 {
    let (mut x, mut sum) = (x, 0.0);
    while x < 10.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    // Abramowitz and Stegun 6.3.18.
    let tail = r
        * (1.0 / 12.0
            - r * (1.0 / 120.0
                - r * (1.0 / 252.0 - r * (1.0 / 240.0 - r * (1.0 / 132.0 - r * 691.0 / 32760.0)))));
    sum + libm::log(x) - 0.5 / x - tail
}

/// Second derivative of ln Gamma, for x > 0.
pub fn trigamma(x: f64) -> f64 {
    let (mut x, mut sum) = (x, 0.0);
    while x < 10.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    // Abramowitz and Stegun 6.4.12.
    let tail = r
        * (1.0 / 6.0
            - r * (1.0 / 30.0
                - r * (1.0 / 42.0
                    - r * (1.0 / 30.0 - r * (5.0 / 66.0 - r * (691.0 / 2730.0 - r * 7.0 / 6.0))))));
    sum + 1.0 / x + 0.5 * r + tail / x
}

/// ln Gamma(x + 1) minus Stirling's formula: the small remainder, free of cancellation.
pub(crate) fn stirling_error(x: f64) -> f64 {
    if x < 15.0 {
        let ln_sqrt_2_pi = 0.5 * libm::log(2.0 * PI);
        return ln_gamma(x + 1.0) - (x + 0.5) * libm::log(x) + x - ln_sqrt_2_pi;
    }
    let r = 1.0 / (x * x);
    (1.0 / 12.0 - r * (1.0 / 360.0 - r * (1.0 / 1260.0 - r * (1.0 / 1680.0 - r / 1188.0)))) / x
}

/// Loader's deviance term: x ln(x / m) + m - x without cancellation near x = m.
pub(crate) fn deviance_term(x: f64, m: f64) -> f64 {
    if (x - m).abs() < 0.1 * (x + m) {
        let v = (x - m) / (x + m);
        let mut sum = (x - m) * v;
        let mut term = 2.0 * x * v;
        let v2 = v * v;
        for j in 1..1000 {
            term *= v2;
            let next = sum + term / (2 * j + 1) as f64;
            if next == sum {
                break;
            }
            sum = next;
        }
        return sum;
    }
    x * libm::log(x / m) + m - x
}

/// x^a e^-x / Gamma(a), the derivative of the incomplete gamma function by ln x.
pub(crate) fn gamma_factor(a: f64, x: f64) -> f64 {
    if x == 0.0 {
        return 0.0;
    }
    if a < 15.0 {
        return libm::exp(a * libm::log(x) - x - ln_gamma(a));
    }
    (a / (2.0 * PI)).sqrt() * libm::exp(-stirling_error(a) - deviance_term(a, x))
}

/// The regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 - P, for a > 0, x >= 0.
/// The smaller of the two keeps its relative accuracy.
pub fn incomplete_gamma(a: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x == f64::INFINITY {
        return (1.0, 0.0);
    }
    let factor = gamma_factor(a, x);
    if x < a + 1.0 {
        let (mut sum, mut term, mut n) = (1.0 / a, 1.0 / a, a);
        for _ in 0..MAX_TERMS {
            n += 1.0;
            term *= x / n;
            sum += term;
            if term < sum * EPSILON {
                break;
            }
        }
        let p = (factor * sum).min(1.0);
        return (p, 1.0 - p);
    }
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut h = d;
    for i in 1..MAX_TERMS {
        let i = i as f64;
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / nonzero(an * d + b);
        c = nonzero(b + an / c);
        let delta = d * c;
        h *= delta;
        if (delta - 1.0).abs() < EPSILON * 4.0 {
            break;
        }
    }
    let q = (factor * h).min(1.0);
    (1.0 - q, q)
}

/// The x with P(a, x) = `p`, for a > 0 and p in [0, 1].
pub fn incomplete_gamma_inverse(a: f64, p: f64) -> f64 {
    gamma_inverse(a, p, 1.0 - p)
}

/// As [`incomplete_gamma_inverse`] with both tails given, so that either may be tiny.
pub(crate) fn gamma_inverse(a: f64, p: f64, q: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if q <= 0.0 {
        return f64::INFINITY;
    }
    // Wilson-Hilferty, or the leading term x^a / Gamma(a + 1) where that is poor.
    let z = if p < q {
        crate::normal::normal_quantile(p)
    } else {
        -crate::normal::normal_quantile(q)
    };
    let root = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * a.sqrt());
    let start = if root > 0.2 {
        libm::log(a * root * root * root)
    } else {
        (libm::log(p) + ln_gamma(a + 1.0)) / a
    };
    let u = log_newton(start, p < q, if p < q { p } else { q }, |u| {
        let x = libm::exp(u);
        let (lower, upper) = incomplete_gamma(a, x);
        (lower, upper, gamma_factor(a, x))
    });
    libm::exp(u)
}

/// Solves F(u) = target for a distribution function F on the whole line, by Newton's method on
/// the logarithm of the smaller tail, kept inside a shrinking bracket.
///
/// `at` returns (F, 1 - F, dF/du); `target` is the lower tail if `lower`, else the upper tail.
pub(crate) fn log_newton(
    start: f64,
    lower: bool,
    target: f64,
    at: impl Fn(f64) -> (f64, f64, f64),
) -> f64 {
    let ln_target = libm::log(target);
    let (mut low, mut high) = (-800.0_f64, 800.0_f64);
    let mut u = start.clamp(low, high);
    let mut last_miss = f64::INFINITY;
    for _ in 0..200 {
        let (below, above, density) = at(u);
        let tail = if lower { below } else { above };
        let too_high = if lower { tail > target } else { tail < target };
        if too_high {
            high = u;
        } else {
            low = u;
        }
        let slope = if lower {
            density / tail
        } else {
            -density / tail
        };
        let miss = libm::log(tail) - ln_target;
        let mut next = u - miss / slope;
        let newton = next > low && next < high;
        if !newton {
            next = 0.5 * (low + high);
        }
        // Newton squares the relative miss, so this step ends below the rounding error; with huge
        // parameters that error is larger, and a small miss then stops shrinking.
        let settled = miss.abs() < 1e-9 || miss.abs() < 1e-4 && miss.abs() > 0.5 * last_miss;
        if newton && settled || next == u {
            return next;
        }
        last_miss = miss.abs();
        u = next;
    }
    u
}

pub(crate) fn nonzero(x: f64) -> f64 {
    if x.abs() < TINY { TINY } else { x }
}
