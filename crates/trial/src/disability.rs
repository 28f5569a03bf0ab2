//! Disability on the Expanded Disability Status Scale (EDSS).
//!
//! The latent score is D(t) = EDSS0 + G ln(1 / X(t)) + sum over attacks of r J + (1 - r) J
//! exp(-k (t - onset)): axonal loss X of the model, and what each attack leaves for good and for
//! a while. (An attack multiplies X by exp(-r J / G), which adds r J.) A visit reads D + e,
//! e ~ N(0, s), as the nearest value of the scale: 0, 1.0, 1.5, ... 10.

use neurocart_numeric::elementary::{exp1, floor1};
use neurocart_numeric::{Key, Stream};

use crate::course::Attack;
use crate::purpose;

/// Parameters of the disability layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DisabilityParameters {
    /// Mean EDSS of the population at baseline.
    pub baseline_mean: f64,
    /// Standard deviation at baseline.
    pub baseline_sd: f64,
    /// EDSS points per unit of ln(1 / X).
    pub scale: f64,
    /// Standard deviation of a visit's reading before rounding.
    pub noise_sd: f64,
}

/// The latent EDSS of a virtual patient at baseline: normal, kept within 0 to 9.5.
pub fn baseline(parameters: &DisabilityParameters, seed: u64, patient: u64) -> f64 {
    let key = Key {
        seed,
        purpose: purpose::BASELINE_EDSS,
        scenario: 0,
        replicate: 0,
        patient,
    };
    let z = Stream::new(key).normal();
    (parameters.baseline_mean + parameters.baseline_sd * z).clamp(0.0, 9.5)
}

/// What the attacks so far add at a time: the part for good and the part still recovering.
#[inline]
pub fn from_attacks(attacks: &[Attack], recovery_per_day: f64, time_days: f64) -> f64 {
    let mut sum = 0.0;
    for attack in attacks.iter().take_while(|a| a.time_days <= time_days) {
        let passing = attack.edss_jump - attack.edss_residual;
        sum += attack.edss_residual
            + passing * exp1(-recovery_per_day * (time_days - attack.time_days));
    }
    sum
}

/// The score that a visit reads from the latent one and a standard normal draw: the nearest value
/// of the scale, which has no 0.5.
#[inline]
pub fn reading(latent: f64, noise_sd: f64, z: f64) -> f64 {
    let seen = latent + noise_sd * z;
    let score = floor1(2.0 * seen + 0.5) / 2.0;
    if score == 0.5 {
        floor1(seen + 0.5)
    } else {
        score.clamp(0.0, 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use neurocart_endpoint::scale::Scale;
    use proptest::prelude::*;

    #[test]
    fn an_attack_fades_to_what_it_leaves() {
        let attacks = [Attack {
            time_days: 100.0,
            edss_jump: 2.0,
            edss_residual: 0.5,
        }];
        assert_eq!(from_attacks(&attacks, 0.03, 99.0), 0.0);
        assert_eq!(from_attacks(&attacks, 0.03, 100.0), 2.0);
        let half_life = std::f64::consts::LN_2 / 0.03;
        assert!((from_attacks(&attacks, 0.03, 100.0 + half_life) - 1.25).abs() < 1e-12);
        assert!((from_attacks(&attacks, 0.03, 5000.0) - 0.5).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn a_reading_is_the_nearest_value_of_the_scale(latent in -5.0f64..20.0, z in -8.0f64..8.0) {
            let (seen, score) = (latent + 0.3 * z, reading(latent, 0.3, z));
            prop_assert!(Scale::Edss.check(score).is_ok(), "{}", score);
            for half_points in (0..=20).filter(|&half_points| half_points != 1) {
                let other = f64::from(half_points) / 2.0;
                prop_assert!((seen - score).abs() <= (seen - other).abs() + 1e-12);
            }
        }
    }
}
