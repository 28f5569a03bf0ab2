//! The regularised incomplete beta function and its inverse.
//!
//! Continued fraction of Abramowitz and Stegun 26.5.8 by Lentz's method, on the side of the mean
//! where it converges in O(sqrt(max(a, b))) terms; the common factor x^a (1-x)^b / B(a, b) by
//! Loader's saddle-point expansion, so that counts in the millions keep their digits.
//! Loader 2000, Fast and accurate computation of binomial probabilities.

use std::f64::consts::PI;

use crate::gamma::{deviance_term, ln_gamma, log_newton, nonzero, stirling_error};

const MAX_TERMS: usize = 1_000_000;

/// x^a y^b / B(a, b) with y = 1 - x, the derivative of the incomplete beta function by logit x.
pub(crate) fn beta_factor(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 || y <= 0.0 {
        return 0.0;
    }
    let n = a + b;
    if n < 40.0 {
        let ln_beta = ln_gamma(a) + ln_gamma(b) - ln_gamma(n);
        return libm::exp(a * ln_near_one(x, y) + b * ln_near_one(y, x) - ln_beta);
    }
    let ln = stirling_error(n)
        - stirling_error(a)
        - stirling_error(b)
        - deviance_term(a, n * x)
        - deviance_term(b, n * y);
    libm::exp(ln) * (a * b / (2.0 * PI * n)).sqrt()
}

/// ln x, through its complement `y` where x is close to one.
fn ln_near_one(x: f64, y: f64) -> f64 {
    if y < 0.5 {
        libm::log1p(-y)
    } else {
        libm::log(x)
    }
}

/// I_x(a, b) and its complement, given x and y = 1 - x; the smaller of the two keeps its
/// relative accuracy.
pub(crate) fn incomplete_beta_pair(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if y <= 0.0 {
        return (1.0, 0.0);
    }
    let factor = beta_factor(a, b, x, y);
    if x < (a + 1.0) / (a + b + 2.0) {
        let lower = (factor * continued_fraction(a, b, x) / a).min(1.0);
        (lower, 1.0 - lower)
    } else {
        let upper = (factor * continued_fraction(b, a, y) / b).min(1.0);
        (1.0 - upper, upper)
    }
}

/// The regularised incomplete beta function I_x(a, b) = P(X <= x) for X ~ Beta(a, b).
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    incomplete_beta_pair(a, b, x, 1.0 - x).0
}

/// The upper tail 1 - I_x(a, b), without cancellation.
pub fn incomplete_beta_upper(a: f64, b: f64, x: f64) -> f64 {
    incomplete_beta_pair(a, b, x, 1.0 - x).1
}

/// The x with I_x(a, b) = `p`, for a, b > 0 and p in [0, 1].
pub fn incomplete_beta_inverse(a: f64, b: f64, p: f64) -> f64 {
    beta_inverse_pair(a, b, p, 1.0 - p).0
}

/// x and 1 - x with I_x(a, b) = p = 1 - q, both without cancellation.
pub(crate) fn beta_inverse_pair(a: f64, b: f64, p: f64, q: f64) -> (f64, f64) {
    if p <= 0.0 {
        return (0.0, 1.0);
    }
    if q <= 0.0 {
        return (1.0, 0.0);
    }
    // Solved in u = logit x. The start is normal on the logit scale for two large parameters,
    // else the leading term of the nearer tail.
    let z = if p < q {
        crate::normal::normal_quantile(p)
    } else {
        -crate::normal::normal_quantile(q)
    };
    let start = if a > 1.0 && b > 1.0 {
        libm::log(a / b) + z * (1.0 / a + 1.0 / b).sqrt()
    } else {
        let ln_beta = ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
        if p < a / (a + b) {
            (libm::log(a * p) + ln_beta) / a
        } else {
            -(libm::log(b * q) + ln_beta) / b
        }
    };
    beta_inverse_from(start, a, b, p, q)
}

/// As [`beta_inverse_pair`] for p and q above zero, from a start on the scale of logit x.
pub(crate) fn beta_inverse_from(start: f64, a: f64, b: f64, p: f64, q: f64) -> (f64, f64) {
    let u = log_newton(start, p < q, if p < q { p } else { q }, |u| {
        let (x, y) = expit(u);
        let (lower, upper) = incomplete_beta_pair(a, b, x, y);
        (lower, upper, beta_factor(a, b, x, y))
    });
    expit(u)
}

/// 1 / (1 + e^-u) and its complement.
fn expit(u: f64) -> (f64, f64) {
    let e = libm::exp(-u.abs());
    let (small, large) = (e / (1.0 + e), 1.0 / (1.0 + e));
    if u < 0.0 {
        (small, large)
    } else {
        (large, small)
    }
}

fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    let (sum, above, below) = (a + b, a + 1.0, a - 1.0);
    let mut c = 1.0;
    let mut d = 1.0 / nonzero(1.0 - sum * x / above);
    let mut h = d;
    for m in 1..MAX_TERMS {
        let m = m as f64;
        let even = m * (b - m) * x / ((below + 2.0 * m) * (a + 2.0 * m));
        d = 1.0 / nonzero(1.0 + even * d);
        c = nonzero(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (sum + m) * x / ((a + 2.0 * m) * (above + 2.0 * m));
        d = 1.0 / nonzero(1.0 + odd * d);
        c = nonzero(1.0 + odd / c);
        let delta = d * c;
        h *= delta;
        if (delta - 1.0).abs() < 4e-16 {
            break;
        }
    }
    h
}
