//! Sample size and power for the ratio of two annualised relapse rates, negative binomial counts.
//!
//! Control rate r0, rate ratio rho, r1 = r0 rho, dispersion k (variance mu + k mu^2), exposure t, a
//! treated per control subject. n (log of the estimated ratio) has variance
//!
//! V1 = (1/r0 + 1/(a r1)) / t + (1 + a) k / a,
//!
//! and n on control = (z_(1-alpha/2) sqrt(V0) + z_power sqrt(V1))^2 / (log rho)^2, where V0 is V1 at
//! the rates assumed under no effect: both r0 (reference); r0 and r1 as they are (truth); both the
//! pooled rate (r0 + a r1) / (1 + a), the limit of the restricted maximum likelihood estimate
//! (default). Zhu and Lakkis 2014, doi:10.1002/sim.5947.
//!
//! k is taken as known and the same in both arms and under both hypotheses; t is the mean exposure.

use crate::InputError;
use crate::normal::{normal_cdf, normal_quantile};
use crate::two_arm_size::{check_between, check_power, check_size, check_test};

pub use crate::two_arm_size::TwoArmSize;

/// Two arms compared by the ratio of their annualised relapse rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RelapseRateDesign {
    /// Events per unit of time on control, for example per year.
    pub control_rate: f64,
    /// Rate on treatment over that on control.
    pub rate_ratio: f64,
    /// k in the variance mu + k mu^2; zero for Poisson.
    pub dispersion: f64,
    /// Mean follow-up in the unit of the rate.
    pub exposure: f64,
    /// Treated per control subject.
    pub allocation: f64,
    /// Two-sided significance level.
    pub alpha_two_sided: f64,
}

/// Rates at which the variance under no effect is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NullVariance {
    /// Both arms at the control rate.
    Reference,
    /// Both arms at their own rates.
    Truth,
    /// Both arms at the pooled rate: the default.
    #[default]
    MaximumLikelihood,
}

impl RelapseRateDesign {
    fn check(&self) -> Result<(), InputError> {
        check_test(self.alpha_two_sided, self.allocation)?;
        for (name, value) in [
            ("control_rate", self.control_rate),
            ("exposure", self.exposure),
            ("rate_ratio", self.rate_ratio),
        ] {
            check_between(name, value, 1e-9, 1e9, "between 1e-9 and 1e9")?;
        }
        if self.rate_ratio == 1.0 {
            return Err(InputError::Range {
                name: "rate_ratio",
                value: 1.0,
                expected: "other than 1",
            });
        }
        check_between(
            "dispersion",
            self.dispersion,
            -1e-300,
            1e9,
            "zero (Poisson) or more, at most 1e9",
        )
    }

    /// n times the variance of the log rate ratio with these rates in the arms.
    fn variance(&self, control_rate: f64, treated_rate: f64) -> f64 {
        let a = self.allocation;
        (1.0 / control_rate + 1.0 / (a * treated_rate)) / self.exposure
            + (1.0 + a) * self.dispersion / a
    }

    /// Square roots of V0 and V1.
    fn deviations(&self, null: NullVariance) -> [f64; 2] {
        let (r0, r1) = (self.control_rate, self.control_rate * self.rate_ratio);
        let v0 = match null {
            NullVariance::Reference => self.variance(r0, r0),
            NullVariance::Truth => self.variance(r0, r1),
            NullVariance::MaximumLikelihood => {
                let pooled = (r0 + self.allocation * r1) / (1.0 + self.allocation);
                self.variance(pooled, pooled)
            }
        };
        [v0.sqrt(), self.variance(r0, r1).sqrt()]
    }
}

/// Subjects per arm, not rounded, for the power asked for.
pub fn sample_size_negative_binomial(
    design: &RelapseRateDesign,
    power: f64,
    null: NullVariance,
) -> Result<TwoArmSize, InputError> {
    design.check()?;
    check_power(power)?;
    let [s0, s1] = design.deviations(null);
    let z_alpha = -normal_quantile(0.5 * design.alpha_two_sided);
    let root = (z_alpha * s0 + normal_quantile(power) * s1) / libm::log(design.rate_ratio);
    TwoArmSize::new(root * root, design.allocation)
}

/// Power with `control` subjects on control and `allocation` times as many on treatment; rejections
/// on the side of the effect only.
pub fn power_negative_binomial(
    design: &RelapseRateDesign,
    control: f64,
    null: NullVariance,
) -> Result<f64, InputError> {
    design.check()?;
    check_size(control)?;
    let [s0, s1] = design.deviations(null);
    let z_alpha = -normal_quantile(0.5 * design.alpha_two_sided);
    let signal = libm::log(design.rate_ratio).abs() * control.sqrt();
    Ok(normal_cdf((signal - z_alpha * s0) / s1))
}
