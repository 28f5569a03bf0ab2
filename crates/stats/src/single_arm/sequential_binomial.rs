//! Exact operating characteristics of a single-arm trial that is looked at several times.
//!
//! The distribution of the count among trials still running is carried from look to look by
//! convolution with the binomial of the new subjects; what lies on a bound is taken out as stopped.
//! Schultz, Nichol, Elfring and Weed 1973, Biometrics 29:293.

use super::check_closed_probability;
use crate::distribution::binomial_pmf;
use crate::{Estimate, InputError};

/// Looks accepted in one trial.
const MOST_LOOKS: usize = 1_000;
/// Subjects accepted: the convolutions take time with their square.
const MOST_SUBJECTS: u64 = 2_000;

/// When to stop at one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Subjects observed so far.
    pub subjects: u64,
    /// Stop with this many events or fewer; never if none.
    pub stop_at_most: Option<u64>,
    /// Stop with this many events or more; never if none.
    pub stop_at_least: Option<u64>,
}

/// What the trial does at one true event probability; exact.
#[derive(Debug, Clone, PartialEq)]
pub struct SequentialCharacteristics {
    /// Probability of stopping for few events, by look.
    pub stops_low: Vec<f64>,
    /// Probability of stopping for many events, by look.
    pub stops_high: Vec<f64>,
    /// Expected number of subjects.
    pub expected_subjects: f64,
}

impl SequentialCharacteristics {
    /// Probability of ever stopping for few events, the last look included.
    pub fn ever_low(&self) -> f64 {
        self.stops_low.iter().sum::<f64>().min(1.0)
    }

    /// Probability of ever stopping for many events, the last look included.
    pub fn ever_high(&self) -> f64 {
        self.stops_high.iter().sum::<f64>().min(1.0)
    }
}

pub(crate) fn check_looks(subjects: &[u64]) -> Result<(), InputError> {
    if subjects.is_empty() || subjects.len() > MOST_LOOKS {
        return Err(InputError::Range {
            name: "looks",
            value: subjects.len() as f64,
            expected: "from 1 to 1 000 looks",
        });
    }
    let mut before = 0;
    for (index, &n) in subjects.iter().enumerate() {
        if n <= before || n > MOST_SUBJECTS {
            return Err(InputError::Value {
                name: "looks",
                index,
                value: n as f64,
                expected: "more subjects than at the look before, and at most 2 000",
            });
        }
        before = n;
    }
    Ok(())
}

/// Exact stopping probabilities of `looks` at event probability `p`.
///
/// Errors: looks that do not rise, more than 1 000 of them, more than 2 000 subjects.
pub fn sequential_characteristics(looks: &[Look], p: f64) -> Estimate<SequentialCharacteristics> {
    let subjects: Vec<u64> = looks.iter().map(|l| l.subjects).collect();
    check_looks(&subjects)?;
    check_closed_probability("p", p)?;
    let mut running = vec![1.0];
    let mut before = 0;
    let mut result = SequentialCharacteristics {
        stops_low: Vec::new(),
        stops_high: Vec::new(),
        expected_subjects: 0.0,
    };
    for look in looks {
        let new = look.subjects - before;
        // Every subject is counted with the probability that the trial still ran when it came.
        result.expected_subjects += new as f64 * running.iter().sum::<f64>();
        let step: Vec<f64> = (0..=new).map(|x| binomial_pmf(x, new, p)).collect();
        let mut next = vec![0.0; look.subjects as usize + 1];
        for (events, &weight) in running.iter().enumerate() {
            if weight > 0.0 {
                for (x, &probability) in step.iter().enumerate() {
                    next[events + x] += weight * probability;
                }
            }
        }
        let mut take = |from: usize, to: usize| -> f64 {
            let range = &mut next[from.min(to)..to];
            let stopped = range.iter().sum();
            range.fill(0.0);
            stopped
        };
        let all = look.subjects as usize + 1;
        let low = look.stop_at_most.map_or(0.0, |bound| {
            take(0, all.min((bound as usize).saturating_add(1)))
        });
        let high = look
            .stop_at_least
            .map_or(0.0, |bound| take(all.min(bound as usize), all));
        result.stops_low.push(low);
        result.stops_high.push(high);
        running = next;
        before = look.subjects;
    }
    Ok(result)
}
