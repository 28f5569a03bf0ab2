//! Sample size and power for the difference of two means, with or without adjustment for baseline.
//!
//! n on control, r n on treatment, d the difference over the standard deviation:
//!
//! * normal: n = (1 + 1/r) (z_(1-alpha/2) + z_power)^2 / d^2;
//! * t: power = P(T' > t_(1-alpha/2, df)) for noncentral t with df = (1 + r) n - 2 and noncentrality
//!   d sqrt(n r / (1 + r)), solved for n. Default.
//!
//! Power counts rejections on the side of the effect only: a significant result the wrong way is no
//! success. Both equal R's `rpact::getSampleSizeMeans`.
//!
//! Analysis of covariance on a baseline that correlates by rho with the outcome leaves a standard
//! deviation of sigma sqrt(1 - rho^2) and takes one degree of freedom: Borm, Fransen and Lemmens 2007,
//! doi:10.1016/j.jclinepi.2007.02.006.

use crate::InputError;
use crate::distribution::t_critical;
use crate::noncentral_t::noncentral_t_cdf;
use crate::normal::{normal_cdf, normal_quantile};
use crate::two_arm_size::{check_between, check_power, check_size, check_test};

pub use crate::two_arm_size::TwoArmSize;

/// Two arms compared by the difference of their means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeansDesign {
    /// Difference of the means to be found, in the outcome's unit; its sign does not matter.
    pub difference: f64,
    /// Standard deviation of the outcome within an arm.
    pub standard_deviation: f64,
    /// Correlation of baseline and outcome, where the analysis adjusts for baseline.
    pub baseline_correlation: Option<f64>,
    /// Treated per control subject.
    pub allocation: f64,
    /// Two-sided significance level.
    pub alpha_two_sided: f64,
}

/// Distribution of the test statistic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MeansMethod {
    /// Known standard deviation: a subject or two too few in small trials.
    Normal,
    /// Estimated standard deviation, noncentral t: the default.
    #[default]
    NoncentralT,
}

impl MeansDesign {
    fn check(&self) -> Result<(), InputError> {
        check_test(self.alpha_two_sided, self.allocation)?;
        check_between(
            "standard_deviation",
            self.standard_deviation,
            0.0,
            1e100,
            "above zero and finite",
        )?;
        if !(self.difference.abs() > 0.0 && self.difference.abs() < 1e100) {
            return Err(InputError::Range {
                name: "difference",
                value: self.difference,
                expected: "finite and not zero",
            });
        }
        match self.baseline_correlation {
            None => Ok(()),
            Some(rho) => check_between(
                "baseline_correlation",
                rho,
                -1.0,
                1.0,
                "above -1 and below 1",
            ),
        }
    }

    /// |difference| over the residual standard deviation.
    fn standardised(&self) -> f64 {
        let rho = self.baseline_correlation.unwrap_or(0.0);
        self.difference.abs() / (self.standard_deviation * (1.0 - rho * rho).sqrt())
    }

    fn noncentrality(&self, control: f64) -> f64 {
        self.standardised() * (control * self.allocation / (1.0 + self.allocation)).sqrt()
    }

    fn degrees_of_freedom(&self, control: f64) -> f64 {
        let parameters = if self.baseline_correlation.is_some() {
            3.0
        } else {
            2.0
        };
        (1.0 + self.allocation) * control - parameters
    }

    /// The smallest control arm with one degree of freedom.
    fn smallest(&self) -> f64 {
        (1.0 - self.degrees_of_freedom(0.0)) / (1.0 + self.allocation)
    }

    fn power_at(&self, control: f64, method: MeansMethod) -> f64 {
        let delta = self.noncentrality(control);
        match method {
            MeansMethod::Normal => normal_cdf(delta + normal_quantile(0.5 * self.alpha_two_sided)),
            MeansMethod::NoncentralT => {
                let df = self.degrees_of_freedom(control);
                let critical = t_critical(1.0 - self.alpha_two_sided, df);
                // By symmetry, so that a high power keeps its digits.
                noncentral_t_cdf(-critical, df, -delta)
            }
        }
    }
}

/// Power with `control` subjects on control and `allocation` times as many on treatment.
pub fn power_means(
    design: &MeansDesign,
    control: f64,
    method: MeansMethod,
) -> Result<f64, InputError> {
    design.check()?;
    check_size(control)?;
    if method == MeansMethod::NoncentralT && control < design.smallest() {
        return Err(InputError::Range {
            name: "subjects on control",
            value: control,
            expected: "enough to leave one degree of freedom to the t test",
        });
    }
    Ok(design.power_at(control, method))
}

/// Subjects per arm, not rounded, for the power asked for.
pub fn sample_size_means(
    design: &MeansDesign,
    power: f64,
    method: MeansMethod,
) -> Result<TwoArmSize, InputError> {
    design.check()?;
    check_power(power)?;
    let z = normal_quantile(power) - normal_quantile(0.5 * design.alpha_two_sided);
    let over_d = z / design.standardised();
    let normal = (1.0 + 1.0 / design.allocation) * over_d * over_d;
    let size = TwoArmSize::new(normal, design.allocation)?;
    if method == MeansMethod::Normal {
        return Ok(size);
    }
    let smallest = design.smallest();
    if design.power_at(smallest, method) >= power {
        return TwoArmSize::new(smallest, design.allocation);
    }
    // The power rises with n. It falls short at the normal size, but not by many subjects.
    let (mut low, mut high) = (smallest, normal.max(2.0 * smallest));
    while design.power_at(high, method) < power {
        (low, high) = (high, 2.0 * high);
        TwoArmSize::new(high, design.allocation)?;
    }
    while high - low > 1e-13 * high {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if design.power_at(middle, method) < power {
            low = middle
        } else {
            high = middle
        }
    }
    TwoArmSize::new(high, design.allocation)
}
