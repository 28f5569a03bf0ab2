//! A confidence interval and a test, the two shapes that every analysis reports.

/// A confidence interval. A limit that does not exist is infinite, never NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
}

impl Interval {
    /// Whether `value` lies in the interval, limits included.
    pub fn contains(&self, value: f64) -> bool {
        self.lower <= value && value <= self.upper
    }

    pub(crate) fn around(estimate: f64, half_width: f64) -> Interval {
        Interval {
            lower: estimate - half_width,
            upper: estimate + half_width,
        }
    }

    pub(crate) fn exp(self) -> Interval {
        Interval {
            lower: libm::exp(self.lower),
            upper: libm::exp(self.upper),
        }
    }
}

/// A chi-square statistic with its degrees of freedom and p value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquareTest {
    /// The statistic.
    pub statistic: f64,
    /// Degrees of freedom.
    pub degrees_of_freedom: usize,
    /// Two-sided p value.
    pub p_value: f64,
}

impl ChiSquareTest {
    pub(crate) fn new(statistic: f64, degrees_of_freedom: usize) -> ChiSquareTest {
        // A statistic of zero can come out as -1e-17 from rounding.
        let statistic = statistic.max(0.0);
        let p_value = crate::distribution::chi_square_sf(statistic, degrees_of_freedom as f64);
        ChiSquareTest {
            statistic,
            degrees_of_freedom,
            p_value,
        }
    }
}
