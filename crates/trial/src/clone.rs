//! Extinction and return of the autoreactive clone.
//!
//! The model counts the clone as a continuous quantity, 1 at baseline. With N cells at baseline it
//! is extinct where AMt N < 1. New founders arrive from naive B cells at the rate eps nB H N per
//! day; each founds a clone with probability max(0, 1 - dA / (rA H)), that of a birth-death
//! process that has not died out (Kendall 1948, doi:10.1214/aoms/1177730285). The return is where
//! the integral of their product reaches Exp(1). Both times are reported; the solved
//! trajectory itself keeps its deterministic return.

use crate::hazard::Curve;
use crate::purpose::{self, SubjectKey};

/// Parameters of the clone; rates per day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CloneParameters {
    /// Cells of the clone at baseline.
    pub cells: f64,
    /// Rate at which naive B cells found new autoreactive cells.
    pub founding_rate: f64,
    /// Growth rate under full help.
    pub growth_rate: f64,
    /// Loss rate.
    pub loss_rate: f64,
}

/// What a solved trajectory says about the clone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CloneFate {
    /// When the clone fell below one cell, not before day 0.
    pub extinct_days: Option<f64>,
    /// Cumulative number of expected founding events since extinction, on the output grid; empty
    /// if there is no extinction.
    pub cumulative_foundings: Vec<f64>,
}

/// Finds the extinction and the hazard of return on one trajectory.
///
/// `clone` is AMt, `naive` nB and `help` H on the same grid.
pub fn fate(
    p: &CloneParameters,
    times_days: &[f64],
    clone: &[f64],
    naive: &[f64],
    help: &[f64],
) -> CloneFate {
    let one_cell = 1.0 / p.cells;
    let start = times_days.partition_point(|&t| t < 0.0);
    let Some(at) = (start..times_days.len()).find(|&i| clone[i] < one_cell) else {
        return CloneFate::default();
    };
    let extinct_days = if at == start {
        times_days[at]
    } else {
        // The clone falls exponentially between two outputs, so interpolate its logarithm.
        let ln = neurocart_numeric::elementary::ln1;
        let (above, below) = (ln(clone[at - 1]), ln(clone[at].max(1e-300)));
        let part = (above - ln(one_cell)) / (above - below);
        times_days[at - 1] + part * (times_days[at] - times_days[at - 1])
    };
    let rate = |i: usize| {
        let establish = 1.0 - p.loss_rate / (p.growth_rate * help[i].max(1e-300));
        p.founding_rate * naive[i].max(0.0) * help[i] * p.cells * establish.max(0.0)
    };
    let mut cumulative_foundings = vec![0.0; times_days.len()];
    let mut sum = 0.0;
    for i in at..times_days.len() {
        // The stretch from the extinction to the next output counts in part.
        let from = if i == at {
            extinct_days
        } else {
            times_days[i - 1]
        };
        let before = if i == 0 { rate(i) } else { rate(i - 1) };
        sum += 0.5 * (before + rate(i)) * (times_days[i] - from);
        cumulative_foundings[i] = sum;
    }
    CloneFate {
        extinct_days: Some(extinct_days),
        cumulative_foundings,
    }
}

/// Draws when the clone comes back after its extinction, if within the follow-up.
pub fn draw_return(
    fate: &CloneFate,
    times_days: &[f64],
    key: SubjectKey,
    follow_up_days: f64,
) -> Option<f64> {
    let extinct_days = fate.extinct_days.filter(|&t| t <= follow_up_days)?;
    let level = key.stream(purpose::CLONE).exponential(1.0);
    Curve {
        times_days,
        values: &fate.cumulative_foundings,
    }
    .reaches(level, extinct_days)
    .filter(|&t| t <= follow_up_days)
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: CloneParameters = CloneParameters {
        cells: 1e6,
        founding_rate: 2e-4,
        growth_rate: 0.06,
        loss_rate: 0.03,
    };

    #[test]
    fn extinction_is_where_one_cell_is_left() {
        let times: Vec<f64> = (0..=100).map(f64::from).collect();
        let clone: Vec<f64> = times.iter().map(|t| (-0.25 * t).exp()).collect();
        let fate = fate(&P, &times, &clone, &[1.0; 101], &[0.4; 101]);
        assert!((fate.extinct_days.unwrap() - 1e6f64.ln() / 0.25).abs() < 1e-9);
        // Help below dA / rA lets no founder establish itself.
        assert_eq!(*fate.cumulative_foundings.last().unwrap(), 0.0);
    }

    #[test]
    fn a_clone_that_survives_has_no_fate() {
        let times = [0.0, 10.0];
        assert_eq!(
            fate(&P, &times, &[1.0, 0.01], &[1.0; 2], &[1.0; 2]),
            CloneFate::default()
        );
    }

    #[test]
    fn the_return_is_exponential_at_a_constant_rate() {
        let times: Vec<f64> = (0..=1000).map(f64::from).collect();
        let clone = vec![1e-9; 1001];
        let weak = CloneParameters {
            founding_rate: 4e-8,
            ..P
        };
        let fate = fate(&weak, &times, &clone, &[0.5; 1001], &[1.0; 1001]);
        // 4e-8 * 0.5 * 1 * 1e6 * (1 - 0.5) per day.
        let rate = 0.01;
        assert!((fate.cumulative_foundings[1000] - 1000.0 * rate).abs() < 1e-9);
        let n = 10_000;
        let returned = (0..n).filter(|&subject| {
            draw_return(
                &fate,
                &times,
                SubjectKey {
                    seed: 1,
                    replicate: 0,
                    subject,
                },
                100.0,
            )
            .is_some()
        });
        let share = returned.count() as f64 / n as f64;
        let p = 1.0 - (-100.0f64 * rate).exp();
        assert!(
            (share - p).abs() < 4.0 * (p * (1.0 - p) / n as f64).sqrt(),
            "{share}"
        );
    }
}
