//! Cytokine release syndrome (CRS) and neurotoxicity (ICANS) after CAR T cells, graded as by the
//! ASTCT (Lee et al. 2019, doi:10.1016/j.bbmt.2018.12.758).
//!
//! P(grade >= k) = expit(a_k + b_k log10 peak), the peak of interleukin-6 for CRS and of the
//! neurotoxic drive for ICANS in a window after the first infusion, made monotone in k; one
//! uniform per subject and syndrome. The coefficients run through two points each (autoimmune
//! disease and leukaemia): a calibration, not a prediction. Neurotoxicity is calibrated at grades
//! 1 and 3 only, so grade 1 stands for 1 to 2 and grade 3 for 3 to 4.

use neurocart_numeric::elementary::{exp1, log10_1};

use crate::course::Toxicity;
use crate::purpose::{self, SubjectKey};

/// P(grade >= `grade`) = expit(`intercept` + `slope` log10 peak).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradeCurve {
    /// Grade.
    pub grade: u8,
    /// Intercept on the logit scale.
    pub intercept: f64,
    /// Slope per factor of ten.
    pub slope: f64,
}

/// Parameters of the toxicity layer.
#[derive(Clone, Debug, PartialEq)]
pub struct ToxicityParameters {
    /// Curves of CRS, grades increasing.
    pub crs: Vec<GradeCurve>,
    /// Curves of ICANS, grades increasing.
    pub icans: Vec<GradeCurve>,
    /// Rise of interleukin-6 signal at which CRS is noticed, pg/mL.
    pub onset_il6_pg_per_ml: f64,
    /// Days after the first infusion in which the peaks are taken.
    pub window_days: f64,
}

/// What a solved trajectory says about one syndrome.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Risk {
    /// P(grade >= 1), ..., P(grade >= 4); equal neighbours where a grade has no curve of its own.
    pub at_least: [f64; 4],
    /// Onset, should the syndrome occur.
    pub onset_days: f64,
}

/// The risk that belongs to a peak.
pub fn risk(curves: &[GradeCurve], peak: f64, onset_days: f64) -> Risk {
    let log_peak = log10_1(peak.max(1e-12));
    let mut at_least = [0.0; 4];
    let mut below = 1.0f64;
    for curve in curves {
        let p = 1.0 / (1.0 + exp1(-(curve.intercept + curve.slope * log_peak)));
        below = below.min(p);
        at_least[usize::from(curve.grade.clamp(1, 4)) - 1] = below;
    }
    Risk {
        at_least,
        onset_days,
    }
}

/// Draws the highest grade of one syndrome.
#[inline]
pub fn draw(risk: &Risk, key: SubjectKey, purpose: u32) -> Toxicity {
    let u = key.stream(purpose).uniform();
    let grade = (1..=4u8)
        .rev()
        .find(|&g| u < risk.at_least[usize::from(g) - 1])
        .unwrap_or(0);
    Toxicity {
        grade,
        onset_days: (grade > 0).then_some(risk.onset_days),
    }
}

/// Draws CRS.
#[inline]
pub fn draw_crs(risk: &Risk, key: SubjectKey) -> Toxicity {
    draw(risk, key, purpose::CYTOKINE_RELEASE)
}

/// Draws ICANS.
#[inline]
pub fn draw_icans(risk: &Risk, key: SubjectKey) -> Toxicity {
    draw(risk, key, purpose::NEUROTOXICITY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn curves() -> Vec<GradeCurve> {
        // MODEL: (a, b) of CRS grades 1 to 4.
        [
            (1, -0.309, 0.761),
            (2, -5.23, 1.773),
            (3, -9.68, 2.778),
            (4, -12.656, 3.34),
        ]
        .map(|(grade, intercept, slope)| GradeCurve {
            grade,
            intercept,
            slope,
        })
        .to_vec()
    }

    #[test]
    fn grades_occur_as_often_as_the_curves_say() {
        let risk = risk(&curves(), 857.0, 4.0);
        // expit(-9.68 + 2.778 log10 857) = 0.1777.
        assert!(
            (risk.at_least[2] - 0.1777).abs() < 1e-4,
            "{}",
            risk.at_least[2]
        );
        let n = 20_000;
        let mut counts = [0.0; 5];
        for subject in 0..n {
            counts[usize::from(
                draw_crs(
                    &risk,
                    SubjectKey {
                        seed: 1,
                        replicate: 0,
                        subject,
                    },
                )
                .grade,
            )] += 1.0;
        }
        let share3 = (counts[3] + counts[4]) / n as f64;
        let p = risk.at_least[2];
        assert!((share3 - p).abs() < 4.0 * (p * (1.0 - p) / n as f64).sqrt());
    }

    proptest! {
        #[test]
        fn a_higher_grade_is_never_likelier(log_peak in -3.0f64..6.0) {
            let risk = risk(&curves(), 10f64.powf(log_peak), 1.0);
            prop_assert!(risk.at_least.windows(2).all(|w| w[1] <= w[0]));
        }
        #[test]
        fn a_higher_peak_never_lowers_the_grade(low in 0.1f64..1e4, more in 1.0f64..10.0, subject in 0u64..1000) {
            let key = SubjectKey { seed: 1, replicate: 0, subject };
            let (a, b) = (risk(&curves(), low, 1.0), risk(&curves(), low * more, 1.0));
            prop_assert!(draw_crs(&a, key).grade <= draw_crs(&b, key).grade);
        }
    }
}
