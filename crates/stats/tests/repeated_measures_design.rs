//! Power and sample size of a trial with repeated measures: known cases, limits, and simulation
//! with the model that the trial will be analysed by.

use neurocart_stats::distribution::normal_quantile;
use neurocart_stats::mixed_model::{
    MmrmOptions, RepeatedMeasures, RepeatedMeasuresDesign, VisitCorrelation, mmrm,
    repeated_measures_power, repeated_measures_sample_size, variance_factors,
};
use proptest::prelude::*;

const RETENTION: [f64; 4] = [1.0, 0.9, 0.8, 0.7];

fn design(correlation: VisitCorrelation, rho: f64) -> RepeatedMeasuresDesign<'static> {
    RepeatedMeasuresDesign {
        difference: 0.5,
        standard_deviation: 1.0,
        correlation,
        rho,
        retention_treated: &RETENTION,
        retention_control: &RETENTION,
        allocation: 1.0,
        significance_level: 0.05,
    }
}

fn near(ours: f64, theirs: f64) {
    assert!(
        (ours - theirs).abs() < 1e-9 * theirs.abs(),
        "{ours} {theirs}"
    );
}

/// The formula written out in R with `solve`, to 12 digits.
#[test]
fn formula_three_of_lu_luo_and_chen_gives_the_same_in_r() {
    let cases = [
        (
            VisitCorrelation::CompoundSymmetry,
            1.38541666667,
            86.99175038904,
        ),
        (VisitCorrelation::Ar1, 1.41684105283, 88.96492021065),
    ];
    for (correlation, phi, subjects) in cases {
        let design = design(correlation, 0.25);
        near(variance_factors(&design).unwrap().treated, phi);
        let size = repeated_measures_sample_size(&design, 0.8).unwrap();
        near(size.treated_exact, subjects);
        near(size.control_exact, subjects);
        assert_eq!(size.treated, subjects.ceil() as u64);
    }
    let unequal = RepeatedMeasuresDesign {
        difference: 1.2,
        standard_deviation: 2.5,
        retention_control: &[1.0, 0.95, 0.85, 0.8],
        allocation: 2.0,
        ..design(VisitCorrelation::Ar1, 0.6)
    };
    let phi = variance_factors(&unequal).unwrap();
    near(phi.treated, 1.34110171429);
    near(phi.control, 1.20502429721);
    let size = repeated_measures_sample_size(&unequal, 0.9).unwrap();
    near(size.treated_exact, 171.07171554124);
    near(size.control_exact, 171.07171554124 / 2.0);
}

#[test]
fn without_dropout_the_visits_before_the_last_add_nothing() {
    let two_sample = 2.0 * (normal_quantile(0.975) + normal_quantile(0.9)).powi(2) / 0.25;
    for visits in 1..8 {
        let everyone = vec![1.0; visits];
        let design = RepeatedMeasuresDesign {
            retention_treated: &everyone,
            retention_control: &everyone,
            ..design(VisitCorrelation::Ar1, 0.7)
        };
        let size = repeated_measures_sample_size(&design, 0.9).unwrap();
        near(size.treated_exact, two_sample);
    }
}

#[test]
fn independent_visits_leave_the_completers() {
    near(
        variance_factors(&design(VisitCorrelation::Ar1, 0.0))
            .unwrap()
            .treated,
        1.0 / 0.7,
    );
    // The closer the visits, the less is lost.
    let factor = |rho| {
        variance_factors(&design(VisitCorrelation::Ar1, rho))
            .unwrap()
            .treated
    };
    assert!(factor(0.3) > factor(0.6) && factor(0.6) > factor(0.9));
    assert!((factor(0.9999) - 1.0).abs() < 1e-3);
}

/// Uniform numbers in (0, 1) that a test can repeat (a 64-bit linear congruential generator).
struct Draws(u64);

impl Draws {
    fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform())
    }
}

#[test]
fn simulated_trials_have_the_power_that_was_promised() {
    let design = RepeatedMeasuresDesign {
        difference: 1.5,
        standard_deviation: 3.0,
        ..design(VisitCorrelation::Ar1, 0.6)
    };
    let size = repeated_measures_sample_size(&design, 0.8).unwrap();
    let trials = 3000;
    let mut draws = Draws(20261124);
    let mut rejected = 0;
    for _ in 0..trials {
        let (mut subject, mut visit, mut arm) = (Vec::new(), Vec::new(), Vec::new());
        let (mut baseline, mut outcome) = (Vec::new(), Vec::new());
        for i in 0..(size.treated + size.control) as usize {
            let (own_arm, own_baseline) = (i % 2, draws.normal());
            let stays = draws.uniform();
            let mut residual = draws.normal();
            for (t, retention) in RETENTION.iter().enumerate() {
                if t > 0 {
                    residual = 0.6 * residual + 0.8 * draws.normal();
                }
                if stays > *retention {
                    break;
                }
                subject.push(i);
                visit.push(t);
                arm.push(own_arm);
                baseline.push(own_baseline);
                let effect = 0.5 * t as f64 * own_arm as f64;
                outcome.push(0.4 * own_baseline + effect + 3.0 * residual);
            }
        }
        let data = RepeatedMeasures {
            subject: &subject,
            visit: &visit,
            arm: &arm,
            baseline: &baseline,
            outcome: &outcome,
            ..Default::default()
        };
        let fit = mmrm(&data, &MmrmOptions::default()).unwrap();
        rejected += u32::from(fit.last_difference().difference.p_value < 0.05);
    }
    let share = f64::from(rejected) / f64::from(trials);
    let allowed = 4.0 * (0.8 * 0.2 / f64::from(trials)).sqrt();
    assert!(
        (share - size.power).abs() < allowed,
        "{share} promised {}",
        size.power
    );
}

proptest! {
    #[test]
    fn a_size_has_its_power_and_one_subject_less_does_not(
        difference in 0.1..3.0f64, sd in 0.5..4.0f64, rho in -0.2..0.95f64, drop in 0.0..0.2f64,
        power in 0.3..0.99f64, allocation in 0.5..2.0f64, cs in any::<bool>(),
    ) {
        let retention: Vec<f64> = (0..4).map(|t| 1.0 - drop * f64::from(t)).collect();
        let design = RepeatedMeasuresDesign {
            difference, standard_deviation: sd,
            correlation: if cs { VisitCorrelation::CompoundSymmetry } else { VisitCorrelation::Ar1 },
            rho, retention_treated: &retention, retention_control: &retention,
            allocation, significance_level: 0.05,
        };
        let size = repeated_measures_sample_size(&design, power).unwrap();
        prop_assert!(size.power >= power - 1e-12);
        let exact = repeated_measures_power(&design, size.treated_exact.max(1.0), size.control_exact.max(1.0));
        prop_assert!(size.treated_exact < 1.0 || size.control_exact < 1.0 || (exact.unwrap() - power).abs() < 1e-9);
        if size.treated > 1 && size.control > 1 {
            let less = repeated_measures_power(&design, size.treated as f64 - 1.0, size.control as f64 - 1.0).unwrap();
            prop_assert!(less < power);
        }
    }

    #[test]
    fn wild_designs_are_refused_without_nan(
        numbers in prop::array::uniform6(any::<f64>()), retention in prop::collection::vec(any::<f64>(), 0..5),
    ) {
        let [difference, standard_deviation, rho, allocation, significance_level, power] = numbers;
        for retention in [&retention[..], &RETENTION] {
            let design = RepeatedMeasuresDesign {
                difference, standard_deviation, correlation: VisitCorrelation::Ar1, rho,
                retention_treated: retention, retention_control: &RETENTION, allocation, significance_level,
            };
            match repeated_measures_sample_size(&design, power) {
                Ok(size) => prop_assert!(size.power > 0.0 && size.treated > 0),
                Err(reason) => prop_assert!(reason.is_bad_input()),
            }
        }
    }
}
