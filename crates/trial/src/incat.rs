//! INCAT disability score of a simulated patient: proportional to the lost function of the
//! antibody's target, which is an assumption. A visit reads round(clip(b (1 - R) + e, 0, 10)),
//! e ~ N(0, s). Arms and legs are not told apart.

use neurocart_endpoint::scale::Scale;
use neurocart_numeric::elementary::floor1;

/// Parameters of the INCAT layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IncatParameters {
    /// Points per unit of target function lost.
    pub slope: f64,
    /// Standard deviation of a reading before rounding.
    pub noise_sd: f64,
}

/// The score without noise.
#[inline]
pub fn score(parameters: &IncatParameters, target: f64) -> f64 {
    parameters.slope * (1.0 - target)
}

/// The whole number that a visit reads from the score without noise and a standard normal draw.
#[inline]
pub fn reading(score: f64, noise_sd: f64, z: f64) -> f64 {
    let maximum = Scale::Incat.definition().maximum;
    floor1((score + noise_sd * z).clamp(0.0, maximum) + 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_reading_is_a_point_of_the_scale(target in -0.5f64..1.5, z in -8.0f64..8.0) {
            let parameters = IncatParameters { slope: 7.0, noise_sd: 0.5 };
            let read = reading(score(&parameters, target), parameters.noise_sd, z);
            prop_assert!(Scale::Incat.check(read).is_ok());
        }
    }
}
