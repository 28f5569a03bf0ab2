//! Scores of myasthenia gravis: MG-ADL (0 to 24), QMG (0 to 39) and MG Composite (0 to 50).
//!
//! The model gives each score without noise from the function of the endplate. A visit reads
//! round(clip(score - p (1 - exp(-t / tau)) + e)), where p is the placebo response of
//! patients who do not know their treatment, in MG-ADL points only, and e ~ N(0, s). The model has
//! no MG Composite of its own: it is proportional to the MG-ADL without placebo response.

use neurocart_numeric::elementary::{exp1, floor1};

/// Parameters of the myasthenia layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MyastheniaParameters {
    /// Standard deviation of an MG-ADL reading.
    pub mg_adl_noise_sd: f64,
    /// Standard deviation of a QMG reading.
    pub qmg_noise_sd: f64,
    /// Standard deviation of an MG Composite reading.
    pub mgc_noise_sd: f64,
    /// MG Composite points per MG-ADL point, both without noise.
    pub mgc_per_mg_adl: f64,
    /// Full placebo response in blinded arms, MG-ADL points; positive is better.
    pub placebo_response: f64,
    /// Time constant of the placebo response.
    pub placebo_days: f64,
}

/// Largest MG-ADL score.
pub const MG_ADL_MAXIMUM: f64 = 24.0;
/// Largest QMG score.
pub const QMG_MAXIMUM: f64 = 39.0;
/// Largest MG Composite.
pub const MGC_MAXIMUM: f64 = 50.0;

/// Placebo response so far, in MG-ADL points; 0 before day 0.
#[inline]
pub fn placebo_response(parameters: &MyastheniaParameters, time_days: f64) -> f64 {
    if time_days <= 0.0 {
        return 0.0;
    }
    parameters.placebo_response * (1.0 - exp1(-time_days / parameters.placebo_days))
}

/// The whole number that a visit reads from the score without noise and a standard normal draw.
#[inline]
pub fn reading(score: f64, noise_sd: f64, z: f64, maximum: f64) -> f64 {
    floor1((score + noise_sd * z).clamp(0.0, maximum) + 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_placebo_response_grows_to_its_full_size() {
        let p = MyastheniaParameters {
            mg_adl_noise_sd: 1.2,
            qmg_noise_sd: 2.0,
            mgc_noise_sd: 2.5,
            mgc_per_mg_adl: 2.0,
            placebo_response: 1.8,
            placebo_days: 14.0,
        };
        assert_eq!(placebo_response(&p, 0.0), 0.0);
        assert!((placebo_response(&p, 14.0) - 1.8 * (1.0 - (-1.0f64).exp())).abs() < 1e-12);
        assert!((placebo_response(&p, 1e4) - 1.8).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn a_reading_is_a_whole_number_of_the_scale(score in -5.0f64..40.0, z in -8.0f64..8.0) {
            let read = reading(score, 1.2, z, MG_ADL_MAXIMUM);
            prop_assert!((0.0..=24.0).contains(&read) && read.fract() == 0.0);
        }
    }
}
