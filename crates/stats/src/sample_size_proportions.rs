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

/// Largest total that is enumerated: half a second.
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
    let mut rejected = 0.0;
    for events in 0..=total {
        let range = events.saturating_sub(n0)..=events.min(n1);
        let joint = |x: u64| treated[x as usize] * control[(events - x) as usize];
        match test {
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
                rejected += range.filter(rejects).map(joint).sum::<f64>();
            }
            ProportionTest::FisherExact => {
                let p_values = fisher_p_values(n1, n0, events);
                let low = *range.start();
                let rejects = |x: &u64| p_values[(x - low) as usize] <= alpha_two_sided;
                rejected += range.filter(rejects).map(joint).sum::<f64>();
            }
        }
    }
    Ok(rejected.min(1.0))
}

/// Fisher's two-sided p of every table with these margins, from the fewest treated responders up.
fn fisher_p_values(n1: u64, n0: u64, events: u64) -> Vec<f64> {
    let (low, high) = (events.saturating_sub(n0), events.min(n1));
    let (n1, n0, m) = (n1 as f64, n0 as f64, events as f64);
    // Logarithms, so that far tails of large tables compare correctly.
    let mut log_weight = vec![0.0];
    for x in low..high {
        let x = x as f64;
        let ratio = (m - x) * (n1 - x) / ((x + 1.0) * (n0 - m + x + 1.0));
        log_weight.push(log_weight[log_weight.len() - 1] + libm::log(ratio));
    }
    let largest = log_weight.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weight: Vec<f64> = log_weight.iter().map(|w| libm::exp(w - largest)).collect();
    let all: f64 = weight.iter().sum();
    // From the least likely table up; the table itself and all within 1e-7 relative count.
    let mut order: Vec<usize> = (0..weight.len()).collect();
    order.sort_unstable_by(|&i, &j| log_weight[i].total_cmp(&log_weight[j]).then(i.cmp(&j)));
    let mut p_values = vec![0.0; weight.len()];
    let (mut sum, mut counted) = (0.0, 0);
    for &i in &order {
        while counted < order.len() && log_weight[order[counted]] <= log_weight[i] + 1e-7 {
            sum += weight[order[counted]];
            counted += 1;
        }
        p_values[i] = (sum / all).min(1.0);
    }
    p_values
}
