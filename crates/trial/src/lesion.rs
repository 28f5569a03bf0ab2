//! New or enlarging T2 lesions and gadolinium enhancement of a simulated patient with MS.
//!
//! Lesions form at a rate proportional to focal inflammation: the hazard of relapses, frailty
//! included, times the number of lesions per relapse. Each enhances for a while and is then a T2
//! lesion. A scan finds as new T2 lesions those that formed since the scan before, and as
//! enhancing those that formed within the enhancement time. Before the first day of the solution
//! the untreated rate holds, so a baseline scan can enhance. That relapses and lesions share one
//! process per patient, and that a T2 lesion grows only once, are assumptions.
//! Counts under this frailty are negative binomial; Wang et al. 2009, doi:10.1177/1352458508101250.

use neurocart_endpoint::neda::Scan;

use crate::hazard::Curve;
use crate::purpose::{self, SubjectKey};

/// Parameters of the lesion process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LesionParameters {
    /// Lesions per relapse.
    pub per_attack: f64,
    /// How long a lesion enhances.
    pub enhancement_days: f64,
}

/// A lesion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lesion {
    /// When it formed.
    pub time_days: f64,
    /// When it stopped enhancing.
    pub enhancing_until_days: f64,
}

/// Bound of the loop: nobody forms this many in a trial.
const MOST_LESIONS: usize = 10_000;

/// Draws the lesions of a subject, in order, from one enhancement time before day 0 to the end of
/// follow-up, on the relapse hazard without frailty.
pub fn draw(
    cumulative_hazard: Curve,
    frailty: f64,
    parameters: &LesionParameters,
    key: SubjectKey,
    follow_up_days: f64,
    lesions: &mut Vec<Lesion>,
) {
    let (t, v) = (cumulative_hazard.times_days, cumulative_hazard.values);
    let rate = frailty * parameters.per_attack;
    let ([t0, t1, ..], [v0, v1, ..]) = (t, v) else {
        return;
    };
    if rate.is_nan() || rate <= 0.0 {
        return;
    }
    let untreated_per_day = (v1 - v0) / (t1 - t0);
    let mut stream = key.stream(purpose::LESIONS);
    let mut level = v0 + untreated_per_day * (-parameters.enhancement_days - t0);
    for _ in 0..MOST_LESIONS {
        level += stream.exponential(1.0) / rate;
        let time_days = if level < *v0 {
            t0 + (level - v0) / untreated_per_day
        } else {
            match cumulative_hazard.reaches(level, *t0) {
                Some(time) => time,
                None => return,
            }
        };
        if time_days > follow_up_days {
            return;
        }
        lesions.push(Lesion {
            time_days,
            enhancing_until_days: time_days + parameters.enhancement_days,
        });
    }
}

/// What scans on these days find; a scan after `until_days` was not done. The first scan has
/// nothing to compare T2 lesions with.
pub fn scans(lesions: &[Lesion], days: &[f64], until_days: f64) -> Vec<Scan> {
    let mut before: Option<f64> = None;
    let scan = |&time_days: &f64| {
        if time_days > until_days {
            return Scan {
                time_days,
                new_or_enlarging_t2: None,
                gadolinium: None,
            };
        }
        let count = |holds: &dyn Fn(&Lesion) -> bool| {
            lesions.iter().filter(|lesion| holds(lesion)).count() as u32
        };
        let since = before.replace(time_days);
        Scan {
            time_days,
            new_or_enlarging_t2: since.map(|since| {
                count(&|lesion| lesion.time_days > since && lesion.time_days <= time_days)
            }),
            gadolinium: Some(count(&|lesion| {
                lesion.time_days <= time_days && lesion.enhancing_until_days > time_days
            })),
        }
    };
    days.iter().map(scan).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lesions_come_at_their_rate_and_enhance_for_their_time() {
        // Half a relapse per year, six lesions per relapse: 3 per year, enhancing for 73 days or
        // 0.2 years: 6 new T2 in two years and 0.6 enhancing on any scan.
        let curve = Curve {
            times_days: &[-10.0, 0.0, 730.0],
            values: &[0.0, 0.5 * 10.0 / 365.0, 0.5 * 740.0 / 365.0],
        };
        let parameters = LesionParameters {
            per_attack: 6.0,
            enhancement_days: 73.0,
        };
        let n = 20_000;
        let (mut t2, mut enhancing) = (0u32, [0u32; 2]);
        let mut lesions = Vec::new();
        for subject in 0..n {
            let key = SubjectKey {
                seed: 4,
                replicate: 0,
                subject,
            };
            lesions.clear();
            draw(curve, 1.0, &parameters, key, 730.0, &mut lesions);
            let found = scans(&lesions, &[0.0, 365.0, 730.0], 730.0);
            assert_eq!(found[0].new_or_enlarging_t2, None);
            t2 += found[1].new_or_enlarging_t2.unwrap() + found[2].new_or_enlarging_t2.unwrap();
            enhancing[0] += found[0].gadolinium.unwrap();
            enhancing[1] += found[2].gadolinium.unwrap();
        }
        let near = |sum: u32, mean: f64| {
            let found = f64::from(sum) / n as f64;
            assert!(
                (found - mean).abs() < 4.0 * (mean / n as f64).sqrt(),
                "{found} {mean}"
            );
        };
        near(t2, 6.0);
        near(enhancing[0], 0.6);
        near(enhancing[1], 0.6);
    }

    #[test]
    fn a_scan_after_the_end_of_observation_was_not_done() {
        let found = scans(&[], &[0.0, 100.0, 200.0], 150.0);
        assert_eq!(found[1].new_or_enlarging_t2, Some(0));
        assert_eq!(
            (found[2].new_or_enlarging_t2, found[2].gadolinium),
            (None, None)
        );
    }
}
