//! Sample size and power for two response probabilities: normal, and exact by enumeration.
//!
//! n on control, a n on treatment, pooled p = (a p1 + p0) / (1 + a). Normal:
//!
//! n = (z_(1-alpha/2) sqrt((1 + 1/a) p (1 - p)) + z_power sqrt(p1 (1 - p1) / a + p0 (1 - p0)))^2 / (p1 - p0)^2
//!
//! as R's `rpact::getSampleSizeRates` (Fleiss 1981, without continuity correction).
//!
//! Exact: the total binomial probability of all tables that the test rejects, both sides counted. It
//! moves in a sawtooth: a subject more can lose power, because the attainable significance level
//! falls. Fisher's test keeps its level and so asks for more subjects than the normal formula says;
//! Pearson's test follows the formula but can exceed its level, which the same enumeration shows at
//! equal probabilities.

use crate::InputError;
use crate::distribution::binomial_pmf;
use crate::normal::{normal_cdf, normal_critical, normal_quantile};
use crate::two_arm_size::{check_between, check_power, check_size, check_test};
use crate::two_by_two::{TwoByTwo, pooled_z};

pub use crate::two_arm_size::TwoArmSize;

/// Two arms compared by their response probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProportionsDesign {
    /// Response probability on treatment.
    pub treated: f64,
    /// Response probability on control.
    pub control: f64,
    /// Treated per control subject.
    pub allocation: f64,
    /// Two-sided significance level.
    pub alpha_two_sided: f64,
}

/// The test whose rejections are enumerated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProportionTest {
    /// Fisher's exact test: the default.
    #[default]
    FisherExact,
    /// Pearson's chi-square without correction.
    Pearson,
}

/// Largest total that is enumerated.
pub const LARGEST_ENUMERATION: u64 = 2_000;

impl ProportionsDesign {
    fn check(&self) -> Result<(), InputError> {
        check_test(self.alpha_two_sided, self.allocation)?;
        for (name, value) in [("treated", self.treated), ("control", self.control)] {
            check_between(name, value, 0.0, 1.0, "a probability above 0 and below 1")?;
        }
        if self.treated == self.control {
            return Err(InputError::Range {
                name: "treated",
                value: self.treated,
                expected: "other than the probability on control",
            });
        }
        Ok(())
    }

    /// Square roots of n times the variance under no effect and under the effect.
    fn deviations(&self) -> [f64; 2] {
        let (a, p1, p0) = (self.allocation, self.treated, self.control);
        let pooled = (a * p1 + p0) / (1.0 + a);
        let null = (1.0 + 1.0 / a) * pooled * (1.0 - pooled);
        let effect = p1 * (1.0 - p1) / a + p0 * (1.0 - p0);
        [null.sqrt(), effect.sqrt()]
    }
}

/// Subjects per arm, not rounded, by the normal formula.
pub fn sample_size_proportions(
    design: &ProportionsDesign,
    power: f64,
) -> Result<TwoArmSize, InputError> {
    design.check()?;
    check_power(power)?;
    let [s0, s1] = design.deviations();
    let z_alpha = -normal_quantile(0.5 * design.alpha_two_sided);
    let root = (z_alpha * s0 + normal_quantile(power) * s1) / (design.treated - design.control);
    TwoArmSize::new(root * root, design.allocation)
}

/// Power by the normal formula, rejections on the side of the effect only.
pub fn power_proportions(design: &ProportionsDesign, control: f64) -> Result<f64, InputError> {
    design.check()?;
    check_size(control)?;
    let [s0, s1] = design.deviations();
    let z_alpha = -normal_quantile(0.5 * design.alpha_two_sided);
    let signal = (design.treated - design.control).abs() * control.sqrt();
    Ok(normal_cdf((signal - z_alpha * s0) / s1))
}

/// Probability that the test rejects, p at most alpha, with these subjects and response
/// probabilities on treatment and control. Equal probabilities give the type I error.
pub fn exact_rejection_probability(
    subjects: [u64; 2],
    probability: [f64; 2],
    alpha_two_sided: f64,
    test: ProportionTest,
) -> Result<f64, InputError> {
    check_test(alpha_two_sided, 1.0)?;
    for value in probability {
        if !(0.0..=1.0).contains(&value) {
            return Err(InputError::Range {
                name: "probability",
                value,
                expected: "between 0 and 1",
            });
        }
    }
    let [n1, n0] = subjects;
    let total = n1.saturating_add(n0);
    if n1 == 0 || n0 == 0 || total > LARGEST_ENUMERATION {
        return Err(InputError::Range {
            name: "subjects",
            value: total as f64,
            expected: "one per arm at least and 2000 in all at most, to be enumerated",
        });
    }
    let treated: Vec<f64> = (0..=n1)
        .map(|x| binomial_pmf(x, n1, probability[0]))
        .collect();
    let control: Vec<f64> = (0..=n0)
        .map(|x| binomial_pmf(x, n0, probability[1]))
        .collect();
    let critical = normal_critical(1.0 - alpha_two_sided);
    let log_factorials: Vec<f64> = std::iter::once(0.0)
        .chain((1..=total).scan(0.0, |sum, k| {
            *sum += libm::log(k as f64);
            Some(*sum)
        }))
        .collect();
    let mut rejected = 0.0;
    for events in 0..=total {
        let range = events.saturating_sub(n0)..=events.min(n1);
        let joint = |x: u64| treated[x as usize] * control[(events - x) as usize];
        rejected += match test {
            ProportionTest::Pearson => {
                let rejects = |x: &u64| {
                    let table = TwoByTwo {
                        treated_events: *x,
                        treated_total: n1,
                        control_events: events - x,
                        control_total: n0,
                    };
                    pooled_z(&table).abs() >= critical
                };
                range.filter(rejects).map(joint).sum::<f64>()
            }
            ProportionTest::FisherExact => {
                let (from_below, from_above) =
                    fisher_rejections(n1, n0, events, alpha_two_sided, &log_factorials);
                let (low, high) = (*range.start(), *range.end());
                let below = (low..low + from_below).map(joint).sum::<f64>();
                below + (high + 1 - from_above..=high).map(joint).sum::<f64>()
            }
        };
    }
    Ok(rejected.min(1.0))
}

/// How many tables with these margins Fisher's test rejects, counted from the fewest treated responders
/// up and from the most down.
fn fisher_rejections(
    n1: u64,
    n0: u64,
    events: u64,
    alpha: f64,
    log_factorials: &[f64],
) -> (u64, u64) {
    let (low, high) = (events.saturating_sub(n0), events.min(n1));
    let log_choose = |n: u64, k: u64| {
        let [n, k] = [n as usize, k as usize];
        log_factorials[n] - log_factorials[k] - log_factorials[n - k]
    };
    let all = log_choose(n1 + n0, events);
    // Logarithms, so that far tails of large tables compare correctly.
    let log_probability: Vec<f64> = (low..=high)
        .map(|x| log_choose(n1, x) + log_choose(n0, events - x) - all)
        .collect();
    // The probabilities fall to both ends. From the least likely table up: it and all within 1e-7
    // relative have one p value, the sum so far.
    let (mut below, mut above, mut sum) = (0, 0, 0.0);
    let tables = log_probability.len();
    loop {
        let (mut next_below, mut next_above) = (below, above);
        let left = |k: usize| log_probability[k];
        let right = |k: usize| log_probability[tables - 1 - k];
        if below + above >= tables {
            return (below as u64, above as u64);
        }
        let limit = left(below).min(right(above)) + 1e-7;
        while next_below + next_above < tables && left(next_below) <= limit {
            sum += libm::exp(left(next_below));
            next_below += 1;
        }
        while next_below + next_above < tables && right(next_above) <= limit {
            sum += libm::exp(right(next_above));
            next_above += 1;
        }
        if sum > alpha {
            return (below as u64, above as u64);
        }
        (below, above) = (next_below, next_above);
    }
}

/// Subjects for an exact power, by enumeration of one control arm after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExactSize {
    /// Smallest control arm searched that has the power.
    pub first: u64,
    /// Smallest control arm from which on all searched have it.
    pub holds_from: u64,
    /// Largest control arm searched.
    pub searched_to: u64,
}

/// Whole subjects of both arms with this many on control, treatment first.
pub fn arms(control: u64, allocation: f64) -> [u64; 2] {
    let treated = (control as f64 * allocation * (1.0 - 1e-12)).ceil();
    [(treated as u64).max(1), control]
}

/// The smallest arms whose exact power is the one asked for. Searched from half of the normal size up
/// to where the sawtooth has passed: the normal size with its continuity correction, a quarter more
/// and ten. None if that is beyond what is enumerated.
pub fn exact_sample_size(
    design: &ProportionsDesign,
    power: f64,
    test: ProportionTest,
) -> Result<Option<ExactSize>, InputError> {
    let normal = sample_size_proportions(design, power)?.control;
    let gap = (design.treated - design.control).abs();
    let corrected = normal + (1.0 + 1.0 / design.allocation) / gap;
    let last = 1.25 * corrected + 10.0;
    if last * (1.0 + design.allocation) > LARGEST_ENUMERATION as f64 - 2.0 {
        return Ok(None);
    }
    let (from, to) = ((0.5 * normal).ceil().max(1.0) as u64, last as u64);
    let (mut first, mut holds_from) = (None, None);
    for control in from..=to {
        let reached = exact_rejection_probability(
            arms(control, design.allocation),
            [design.treated, design.control],
            design.alpha_two_sided,
            test,
        )?;
        if reached >= power {
            first = first.or(Some(control));
            holds_from = holds_from.or(Some(control));
        } else {
            holds_from = None;
        }
    }
    Ok(first.zip(holds_from).map(|(first, holds_from)| ExactSize {
        first,
        holds_from,
        searched_to: to,
    }))
}
