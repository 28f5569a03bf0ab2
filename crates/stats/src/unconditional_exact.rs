//! Unconditional exact test of equal responder probabilities in two arms (Suissa and Shuster).
//!
//! Statistic: the pooled z of the difference. For a common probability p, add the probability of
//! all pairs of binomial counts whose |z| is at least the one observed (within 1e-9); the p value is
//! the largest such sum over p. It is taken over the grid 0.0005, 0.0010, ..., 0.9995, so it can fall
//! short of the supremum between two grid points; the default analysis stays Fisher's test.
//! Suissa and Shuster 1985, doi:10.2307/2981892.
//!
//! For a fixed number of treated responders z falls as the control responders rise, so the pairs
//! counted are two runs from the ends, and a grid point costs n1 + n2 steps instead of n1 n2.

use crate::distribution::binomial_pmf;
use crate::two_by_two::{TwoByTwo, check, pooled_z};
use crate::{Estimate, InputError};

/// Spacing of the grid over the common probability.
const GRID: usize = 2000;
/// Largest total of both arms: about a second.
const LARGEST_TOTAL: u64 = 10_000;

/// Two-sided p value of the z-pooled unconditional exact test.
pub fn unconditional_exact_p(table: &TwoByTwo) -> Estimate<f64> {
    check(table)?;
    let (n1, n2) = (table.treated_total, table.control_total);
    if n1 + n2 > LARGEST_TOTAL {
        return Err(InputError::Range {
            name: "total",
            value: (n1 + n2) as f64,
            expected: "at most 10000 subjects for the unconditional exact test; \
                       beyond, it agrees with Pearson's test",
        }
        .into());
    }
    let z = |treated: u64, control: u64| {
        pooled_z(&TwoByTwo {
            treated_events: treated,
            control_events: control,
            ..*table
        })
    };
    let limit = z(table.treated_events, table.control_events).abs() - 1e-9;
    if limit <= 0.0 {
        return Ok(1.0);
    }
    // With `a` treated responders: control counts below `few[a]` and from `many[a]` on are extreme.
    let runs: Vec<(u64, u64)> = (0..=n1)
        .map(|a| {
            let few = first(n2 + 1, |b| z(a, b) < limit);
            let many = first(n2 + 1, |b| z(a, b) <= -limit);
            (few, many)
        })
        .collect();
    let mut largest = 0.0_f64;
    let mut below = vec![0.0; n2 as usize + 2];
    let mut from = vec![0.0; n2 as usize + 2];
    for k in 1..GRID {
        let p = k as f64 / GRID as f64;
        let control: Vec<f64> = (0..=n2).map(|b| binomial_pmf(b, n2, p)).collect();
        for b in 0..control.len() {
            below[b + 1] = below[b] + control[b];
        }
        for b in (0..control.len()).rev() {
            from[b] = from[b + 1] + control[b];
        }
        let sum: f64 = (0..=n1)
            .zip(&runs)
            .map(|(a, &(few, many))| {
                binomial_pmf(a, n1, p) * (below[few as usize] + from[many as usize])
            })
            .sum();
        largest = largest.max(sum);
    }
    Ok(largest.min(1.0))
}

/// The first of 0..end from which `holds` is true, `end` if nowhere; once true it stays true.
fn first(end: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle
        } else {
            low = middle + 1
        }
    }
    low
}
