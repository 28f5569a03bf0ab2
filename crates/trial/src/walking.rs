//! Timed 25-foot walk (T25FW) of a simulated patient.
//!
//! The model has no walk of its own; the mapping is an assumption. Where disability drives it
//! (multiple sclerosis), ln T = ln T0 + b D with the latent EDSS D: the time doubles every ln 2 / b
//! points. Where the function R of the antibody's target drives it (stiff-person syndrome), speed
//! is proportional to that function: T = T0 / R. A visit reads T exp(e), e ~ N(0, s), rounded to
//! tenths of a second and capped at 180 s, the reading of a subject who cannot walk.

use neurocart_endpoint::scale::Scale;
use neurocart_numeric::elementary::{exp1, floor1};

/// Parameters of the walking layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WalkingParameters {
    /// Time of a healthy adult.
    pub healthy_seconds: f64,
    /// What slows the walk.
    pub course: Course,
    /// Standard deviation of a reading on the logarithmic scale.
    pub noise_sd: f64,
}

/// What slows the walk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Course {
    /// The latent EDSS.
    Disability {
        /// Rise of ln T per EDSS point.
        slope_per_point: f64,
    },
    /// Loss of the antibody's target.
    Target,
}

/// The time without noise, from the latent EDSS (0 where there is none) and the target function.
#[inline]
pub fn seconds(parameters: &WalkingParameters, latent_edss: f64, target: f64) -> f64 {
    let seconds = match parameters.course {
        Course::Disability { slope_per_point } => {
            parameters.healthy_seconds * exp1(slope_per_point * latent_edss)
        }
        Course::Target => parameters.healthy_seconds / target.max(f64::MIN_POSITIVE),
    };
    seconds.min(cap())
}

/// What a visit reads from the time without noise and a standard normal draw.
#[inline]
pub fn reading(seconds: f64, noise_sd: f64, z: f64) -> f64 {
    // A tenth of a second is the least that a stopwatch reads.
    floor1(10.0 * (seconds * exp1(noise_sd * z)).clamp(0.1, cap()) + 0.5) / 10.0
}

fn cap() -> f64 {
    Scale::T25fw.definition().maximum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_walk_doubles_as_its_slope_says_and_follows_the_target() {
        let by = |course| WalkingParameters {
            healthy_seconds: 4.0,
            course,
            noise_sd: 0.07,
        };
        let slope_per_point = std::f64::consts::LN_2 / 4.0;
        let disability = by(Course::Disability { slope_per_point });
        assert!((seconds(&disability, 4.0, 1.0) - 8.0).abs() < 1e-12);
        assert_eq!(seconds(&by(Course::Target), 0.0, 0.5), 8.0);
        assert_eq!(seconds(&by(Course::Target), 0.0, 0.0), 180.0);
    }

    proptest! {
        #[test]
        fn a_reading_is_a_tenth_of_a_second_of_the_scale(t in 0.0f64..400.0, z in -8.0f64..8.0) {
            prop_assert!(Scale::T25fw.check(reading(t, 0.07, z)).is_ok());
        }
    }
}
