//! Serious infections: a point process on the model's infection hazard.
//!
//! The frailty of a patient is the log-normal variation of the baseline hazard in the parameter
//! table; it is part of the solved cumulative hazard, so none is drawn here.

use crate::hazard::{self, Curve};
use crate::purpose::{self, SubjectKey};

/// Draws the onsets from day 0 to the end of follow-up into `onsets_days`.
pub fn draw(
    cumulative_hazard: Curve,
    key: SubjectKey,
    follow_up_days: f64,
    onsets_days: &mut Vec<f64>,
) {
    let mut stream = key.stream(purpose::INFECTIONS);
    hazard::events(
        cumulative_hazard,
        1.0,
        0.0,
        (0.0, follow_up_days),
        |_| stream.exponential(1.0),
        |_, time_days| onsets_days.push(time_days),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infections_come_at_their_rate() {
        let curve = Curve {
            times_days: &[-10.0, 0.0, 365.0],
            values: &[0.0, 0.3, 0.8],
        };
        let n = 20_000;
        let mut onsets = Vec::new();
        (0..n).for_each(|subject| {
            draw(
                curve,
                SubjectKey {
                    seed: 9,
                    replicate: 0,
                    subject,
                },
                365.0,
                &mut onsets,
            )
        });
        // What lies before day 0 does not count.
        let rate = onsets.len() as f64 / n as f64;
        assert!((rate - 0.5).abs() < 4.0 * (0.5 / n as f64).sqrt(), "{rate}");
        assert!(onsets.iter().all(|&t| (0.0..=365.0).contains(&t)));
    }
}
