//! Haematotoxicity of a simulated patient: the neutrophils of the solved trajectory graded as
//! ICAHT ([`neurocart_endpoint::haematotoxicity`]). Nothing is drawn; transfusion, growth factor
//! and late marrow failure are not in the model.

use neurocart_endpoint::haematotoxicity::{
    EARLY_UNTIL_DAYS, SEVERE_PER_UL, early_icaht_grade, early_neutropenia, late_icaht_grade,
};

use crate::course::Toxicity;

/// Neutrophils per uL in 1e9 per litre.
const PER_UL: f64 = 1000.0;
/// Neutrophils per uL of late grade 1.
const LATE_PER_UL: f64 = 1500.0;

/// Early (day 0 to 30) and late haematotoxicity after the infusion.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Haematotoxicity {
    /// Early; its onset is the first day with 500 neutrophils per uL or fewer.
    pub early: Toxicity,
    /// Late; its onset is the first day after day 30 with 1500 per uL or fewer.
    pub late: Toxicity,
}

/// Grades the neutrophils, in 1e9 per litre on the days of the solution, from the infusion on.
pub fn haematotoxicity(
    times_days: &[f64],
    neutrophils: &[f64],
    infusion_days: f64,
) -> Haematotoxicity {
    let days: Vec<f64> = times_days.iter().map(|t| t - infusion_days).collect();
    let counts: Vec<f64> = neutrophils.iter().map(|n| (n * PER_UL).max(0.0)).collect();
    let late = || {
        days.iter()
            .zip(&counts)
            .filter(|(t, _)| **t > EARLY_UNTIL_DAYS)
    };
    let first_low = |from: f64, until: f64, limit: f64| {
        let mut seen = days.iter().zip(&counts);
        seen.find(|(t, n)| **t >= from && **t <= until && **n <= limit)
            .map(|(t, _)| t + infusion_days)
    };
    let early_grade = early_neutropenia(&days, &counts)
        .and_then(|found| early_icaht_grade(&found))
        .unwrap_or(0);
    let nadir = late().map(|(_, n)| *n).fold(f64::INFINITY, f64::min);
    let late_grade = late_icaht_grade(nadir).unwrap_or(0);
    let toxicity = |grade: u8, onset: Option<f64>| Toxicity {
        grade,
        onset_days: onset.filter(|_| grade > 0),
    };
    Haematotoxicity {
        early: toxicity(early_grade, first_low(0.0, EARLY_UNTIL_DAYS, SEVERE_PER_UL)),
        late: toxicity(
            late_grade,
            first_low(EARLY_UNTIL_DAYS, f64::INFINITY, LATE_PER_UL),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_low_days_are_early_grade_two_and_a_late_dip_is_graded_by_depth() {
        // At or below 0.5 from day 4 to 12; after day 30 down to 0.9.
        let times = [-10.0, 0.0, 4.0, 12.0, 16.0, 30.0, 60.0, 90.0];
        let neutrophils = [4.0, 4.0, 0.5, 0.5, 2.0, 3.0, 0.9, 3.0];
        let found = haematotoxicity(&times, &neutrophils, 0.0);
        assert_eq!((found.early.grade, found.early.onset_days), (2, Some(4.0)));
        assert_eq!((found.late.grade, found.late.onset_days), (2, Some(60.0)));
        let fine = haematotoxicity(&times, &[4.0; 8], 0.0);
        assert_eq!(fine, Haematotoxicity::default());
    }
}
