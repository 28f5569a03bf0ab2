//! Gauss-Legendre quadrature on panels, for integrals over a probability on its logit scale.
//!
//! On the scale u = logit t a Beta(a, b) density has its mean near ln(a/b), a standard deviation near
//! sqrt(1/a + 1/b), and falls as e^(a u) and e^(-b u) far out. The panels of each density double in
//! width away from its centre, so that a density of any width beside any other is resolved.

use std::f64::consts::PI;

use super::beta_mixture::Beta;

pub(crate) const POINTS: usize = 20;

/// Nodes and weights on [-1, 1]: the roots of the Legendre polynomial by Newton's method.
pub(crate) fn gauss_legendre() -> [(f64, f64); POINTS] {
    let n = POINTS as f64;
    std::array::from_fn(|i| {
        let mut x = libm::cos(PI * (i as f64 + 0.75) / (n + 0.5));
        let mut slope = 1.0;
        // From this start five steps reach the last bit; ten are certain.
        for _ in 0..10 {
            let (mut value, mut before) = (x, 1.0);
            for k in 1..POINTS {
                let k = k as f64;
                (value, before) = (
                    ((2.0 * k + 1.0) * x * value - k * before) / (k + 1.0),
                    value,
                );
            }
            slope = n * (x * value - before) / (x * x - 1.0);
            x -= value / slope;
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    })
}

/// The range of u = logit t outside of which all `betas` are negligible.
pub(crate) fn logit_range(betas: &[Beta]) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for beta in betas {
        let (centre, spread) = (beta.logit_centre(), beta.logit_spread());
        // Ten standard deviations leave 1e-23 of a normal, and 45 times the decay length 3e-20.
        low = low.min(centre - 10.0 * spread - 45.0 / beta.a);
        high = high.max(centre + 10.0 * spread + 45.0 / beta.b);
    }
    (low, high)
}

/// Pieces into which a panel is cut at most.
const MOST_PIECES: f64 = 256.0;

/// Nodes u = logit t and weights for integrals of smooth functions against the densities `betas`.
/// No panel is wider than `widest`, as far as [`MOST_PIECES`] of them allow: give twice the distance of
/// the integrand's nearest pole from the real line, or infinity where it has none.
pub(crate) fn logit_nodes(betas: &[Beta], widest: f64) -> Vec<(f64, f64)> {
    let (low, high) = logit_range(betas);
    let mut ends = vec![low, high];
    let mut around = |centre: f64, spread: f64| {
        ends.push(centre);
        let mut distance = spread;
        while distance < high - low {
            ends.extend([centre - distance, centre + distance]);
            distance *= 2.0;
        }
    };
    for beta in betas {
        around(beta.logit_centre(), beta.logit_spread());
    }
    // The logistic function itself bends at zero over a width of one.
    around(0.0, 1.0);
    ends.retain(|&u| (low..=high).contains(&u));
    ends.sort_by(f64::total_cmp);
    ends.dedup();
    let rule = gauss_legendre();
    ends.windows(2)
        .flat_map(|panel| {
            let pieces = ((panel[1] - panel[0]) / widest)
                .ceil()
                .clamp(1.0, MOST_PIECES);
            let half = 0.5 * (panel[1] - panel[0]) / pieces;
            (0..pieces as usize).flat_map(move |piece| {
                let middle = panel[0] + (2 * piece + 1) as f64 * half;
                rule.map(|(x, weight)| (middle + half * x, half * weight))
            })
        })
        .collect()
}
