//! Dose-limiting toxicity of a simulated course: what a dose-finding design asks after each cohort.

use crate::course::{Course, Toxicity};

/// What is dose-limiting: the lowest grade of each toxicity that counts; `None` never counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoseLimitingToxicity {
    /// Cytokine release syndrome (ASTCT 2019).
    pub crs_grade: Option<u8>,
    /// Neurotoxicity (ASTCT 2019).
    pub icans_grade: Option<u8>,
    /// Early or late haematotoxicity (ICAHT, EHA/EBMT 2023). The grade counts from the onset of
    /// the neutropenia, although it is known only when its days have passed.
    pub icaht_grade: Option<u8>,
    /// Whether a serious infection counts.
    pub serious_infection: bool,
}

impl Default for DoseLimitingToxicity {
    /// CRS, ICANS or ICAHT of grade 3 or more, or a serious infection.
    fn default() -> Self {
        DoseLimitingToxicity {
            crs_grade: Some(3),
            icans_grade: Some(3),
            icaht_grade: Some(3),
            serious_infection: true,
        }
    }
}

/// Day of the first dose-limiting toxicity from day 0, the first treatment, to the end of the
/// window; `None` if there is none.
pub fn dose_limiting_toxicity(
    course: &Course,
    definition: &DoseLimitingToxicity,
    window_days: f64,
) -> Option<f64> {
    let graded = |toxicity: Option<Toxicity>, minimum: Option<u8>| {
        toxicity
            .zip(minimum)
            .filter(|(toxicity, minimum)| toxicity.grade >= (*minimum).max(1))
            .and_then(|(toxicity, _)| toxicity.onset_days)
    };
    let icaht = course.haematotoxicity;
    let infection = course.serious_infections_days.first().copied();
    [
        graded(course.crs, definition.crs_grade),
        graded(course.icans, definition.icans_grade),
        graded(icaht.map(|h| h.early), definition.icaht_grade),
        graded(icaht.map(|h| h.late), definition.icaht_grade),
        infection.filter(|_| definition.serious_infection),
    ]
    .into_iter()
    .flatten()
    .filter(|onset| (0.0..=window_days).contains(onset))
    .min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::haematotoxicity::Haematotoxicity;

    fn toxicity(grade: u8, onset: f64) -> Toxicity {
        Toxicity {
            grade,
            onset_days: Some(onset),
        }
    }

    #[test]
    fn the_first_toxicity_of_the_grade_within_the_window_counts() {
        let course = Course {
            crs: Some(toxicity(2, 4.0)),
            icans: Some(toxicity(3, 9.0)),
            haematotoxicity: Some(Haematotoxicity {
                early: toxicity(3, 6.0),
                late: Toxicity::default(),
            }),
            serious_infections_days: vec![40.0],
            ..Course::default()
        };
        let definition = DoseLimitingToxicity::default();
        let of = |definition, days| dose_limiting_toxicity(&course, &definition, days);
        assert_eq!(of(definition, 28.0), Some(6.0));
        assert_eq!(of(definition, 5.0), None);
        let strict = DoseLimitingToxicity {
            crs_grade: Some(2),
            ..definition
        };
        assert_eq!(of(strict, 28.0), Some(4.0));
        let only_infection = DoseLimitingToxicity {
            crs_grade: None,
            icans_grade: None,
            icaht_grade: None,
            serious_infection: true,
        };
        assert_eq!(of(only_infection, 28.0), None);
        assert_eq!(of(only_infection, 90.0), Some(40.0));
        assert_eq!(
            dose_limiting_toxicity(&Course::default(), &definition, 28.0),
            None
        );
    }
}
