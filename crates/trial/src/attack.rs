//! Relapses and attacks: a point process with a patient's own frailty on the model's hazard.
//!
//! With g ~ Gamma(mean 1, CV c) and the cumulative hazard L(t) of the model, event k is where
//! g L(t) = E1 + ... + Ek, E ~ Exp(1); none within the refractory period of the last. An event
//! raises the EDSS by J ~ Gamma(mean, CV), of which the part r ~ Beta(s, s / mean - s) stays.
//! Counts of relapses are negative binomial under this frailty: Wang et al. 2009,
//! doi:10.1177/1352458508101250 gives the same distribution for MRI and relapse counts.

use neurocart_numeric::{Key, Stream};

use crate::course::Attack;
use crate::hazard::{self, Curve};
use crate::purpose::{self, SubjectKey};

/// Parameters of the attack process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttackParameters {
    /// Coefficient of variation of the frailty; 0 for none.
    pub frailty_cv: f64,
    /// Mean rise in EDSS.
    pub jump_mean: f64,
    /// Coefficient of variation of the rise.
    pub jump_cv: f64,
    /// Mean part of the rise that stays, 0 to 1.
    pub residual_mean: f64,
    /// First shape parameter of the beta distribution of that part.
    pub residual_shape: f64,
    /// No attack follows another within this time.
    pub refractory_days: f64,
    /// Rise in serum neurofilament per EDSS point, pg/mL.
    pub neurofilament_jump: f64,
    /// Rise in serum GFAP per EDSS point, pg/mL.
    pub gfap_jump: f64,
}

/// Draws used at most by one attack: the waiting time and the rejection loops of a gamma and a
/// beta draw; the next attack starts that much later in the stream whatever was used.
const DRAWS_PER_ATTACK: u64 = 256;

/// The frailty of a virtual patient, a property of the patient in every replicate.
pub fn frailty(cv: f64, seed: u64, patient: u64) -> f64 {
    if cv <= 0.0 {
        return 1.0;
    }
    let key = Key {
        seed,
        purpose: purpose::ATTACK_FRAILTY,
        scenario: 0,
        replicate: 0,
        patient,
    };
    let shape = 1.0 / (cv * cv);
    Stream::new(key).gamma(shape, 1.0 / shape)
}

/// Draws the attacks from day 0 to the end of follow-up into `attacks`.
pub fn draw(
    cumulative_hazard: Curve,
    frailty: f64,
    parameters: &AttackParameters,
    key: SubjectKey,
    follow_up_days: f64,
    attacks: &mut Vec<Attack>,
) {
    let mut stream = key.stream(purpose::ATTACKS);
    let jump_shape = 1.0 / (parameters.jump_cv * parameters.jump_cv);
    let (a, mean) = (parameters.residual_shape, parameters.residual_mean);
    let mut drawn = stream.clone();
    hazard::events(
        cumulative_hazard,
        frailty,
        parameters.refractory_days,
        (0.0, follow_up_days),
        |k| {
            stream.seek(k * DRAWS_PER_ATTACK);
            stream.exponential(1.0)
        },
        |k, time_days| {
            drawn.seek(k * DRAWS_PER_ATTACK + 1);
            let edss_jump = if parameters.jump_cv > 0.0 {
                drawn.gamma(jump_shape, parameters.jump_mean / jump_shape)
            } else {
                parameters.jump_mean
            };
            let part = match mean {
                m if m <= 0.0 => 0.0,
                m if m >= 1.0 => 1.0,
                m => drawn.beta(a, a / m - a),
            };
            attacks.push(Attack {
                time_days,
                edss_jump,
                edss_residual: part * edss_jump,
            });
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: AttackParameters = AttackParameters {
        frailty_cv: 0.7,
        jump_mean: 2.0,
        jump_cv: 0.6,
        residual_mean: 0.5,
        residual_shape: 1.2,
        refractory_days: 30.0,
        neurofilament_jump: 12.0,
        gfap_jump: 150.0,
    };

    fn attacks(yearly: f64, subject: u64) -> Vec<Attack> {
        let curve = Curve {
            times_days: &[0.0, 730.0],
            values: &[0.0, 2.0 * yearly],
        };
        let mut attacks = Vec::new();
        draw(
            curve,
            1.0,
            &PARAMETERS,
            SubjectKey {
                seed: 3,
                replicate: 0,
                subject,
            },
            730.0,
            &mut attacks,
        );
        attacks
    }

    #[test]
    fn jumps_and_residuals_have_their_means() {
        let all: Vec<Attack> = (0..4000).flat_map(|i| attacks(3.0, i)).collect();
        let n = all.len() as f64;
        let jump = all.iter().map(|a| a.edss_jump).sum::<f64>() / n;
        let part = all
            .iter()
            .map(|a| a.edss_residual / a.edss_jump)
            .sum::<f64>()
            / n;
        assert!((jump - 2.0).abs() < 4.0 * 1.2 / n.sqrt(), "{jump}");
        // Beta(1.2, 1.2): variance 1 / (4 * 3.4).
        assert!(
            (part - 0.5).abs() < 4.0 * (0.25f64 / 3.4).sqrt() / n.sqrt(),
            "{part}"
        );
    }

    #[test]
    fn a_lower_hazard_delays_attacks_but_keeps_their_sizes() {
        for i in 0..50 {
            let (high, low) = (attacks(4.0, i), attacks(2.0, i));
            assert!(low.len() <= high.len());
            for (h, l) in high.iter().zip(&low) {
                assert!(l.time_days >= h.time_days);
                assert_eq!(
                    (l.edss_jump, l.edss_residual),
                    (h.edss_jump, h.edss_residual)
                );
            }
        }
    }

    #[test]
    fn frailty_has_mean_one_and_its_variation() {
        let n = 40_000;
        let g: Vec<f64> = (0..n).map(|i| frailty(0.7, 1, i)).collect();
        let mean = g.iter().sum::<f64>() / n as f64;
        let variance = g.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        assert!((mean - 1.0).abs() < 4.0 * 0.7 / (n as f64).sqrt());
        // Kurtosis of a gamma is 3 + 6 cv^2.
        assert!((variance - 0.49).abs() < 4.0 * 0.49 * ((2.0 + 6.0 * 0.49) / n as f64).sqrt());
        assert_eq!(frailty(0.0, 1, 2), 1.0);
    }
}
