//! Exact cases, invariants and degenerate data of the mixed model for repeated measures.

use neurocart_stats::NotEstimable;
use neurocart_stats::ancova::{AncovaOptions, ancova};
use neurocart_stats::distribution::normal_quantile;
use neurocart_stats::mixed_model::{
    CellWeight, CovarianceStructure, DegreesOfFreedom, MixedEstimate, Mmrm, MmrmOptions,
    RepeatedMeasures, mmrm, mmrm_with_contrasts,
};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// A trial in long form.
#[derive(Debug, Clone, Default)]
struct Trial {
    subject: Vec<usize>,
    visit: Vec<usize>,
    arm: Vec<usize>,
    baseline: Vec<f64>,
    outcome: Vec<f64>,
}

impl Trial {
    fn measures(&self) -> RepeatedMeasures<'_> {
        RepeatedMeasures {
            subject: &self.subject,
            visit: &self.visit,
            arm: &self.arm,
            baseline: &self.baseline,
            outcome: &self.outcome,
            ..Default::default()
        }
    }

    fn push(&mut self, subject: usize, visit: usize, arm: usize, baseline: f64, outcome: f64) {
        self.subject.push(subject);
        self.visit.push(visit);
        self.arm.push(arm);
        self.baseline.push(baseline);
        self.outcome.push(outcome);
    }
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

/// Two arms without an effect; AR(1) residuals with growing variance; monotone dropout of
/// `dropout` at each visit after the first.
fn null_trial(seed: u64, subjects: usize, visits: usize, dropout: f64) -> Trial {
    let mut draws = Draws(seed);
    let mut trial = Trial::default();
    for subject in 0..subjects {
        let baseline = 9.0 + 2.5 * draws.normal();
        let mut residual = draws.normal();
        for visit in 0..visits {
            if visit > 0 {
                residual = 0.7 * residual + 0.51_f64.sqrt() * draws.normal();
                if draws.uniform() < dropout {
                    break;
                }
            }
            let outcome = -0.3 * baseline + (1.5 + 0.3 * visit as f64) * residual;
            trial.push(subject, visit, subject % 2, baseline, outcome);
        }
    }
    trial
}

fn near(what: &str, a: f64, b: f64) {
    let allowed = 1e-9 * (1.0 + a.abs().max(b.abs()));
    assert!((a - b).abs() <= allowed, "{what}: {a:.15} {b:.15}");
}

#[test]
fn one_visit_is_an_analysis_of_covariance() {
    let trial = null_trial(1, 23, 1, 0.0);
    let strata: Vec<usize> = trial.subject.iter().map(|s| s % 3).collect();
    let age: Vec<f64> = trial
        .subject
        .iter()
        .map(|s| ((s * 7) % 11) as f64)
        .collect();
    let data = RepeatedMeasures {
        covariates: &[&age],
        strata: Some(&strata),
        ..trial.measures()
    };
    let options = AncovaOptions {
        covariates: &[&age],
        strata: Some(&strata),
        ..Default::default()
    };
    let theirs = ancova(&trial.outcome, &trial.arm, &trial.baseline, &options).unwrap();
    // Both are exact here. The full Kenward-Roger adjustment is not: in the logarithm of the
    // variance it takes 1 / (residual degrees of freedom) off.
    let methods = [
        (DegreesOfFreedom::Satterthwaite, 1.0),
        (DegreesOfFreedom::KenwardRogerLinear, 1.0),
        (
            DegreesOfFreedom::KenwardRoger,
            (1.0 - 1.0 / theirs.degrees_of_freedom as f64).sqrt(),
        ),
    ];
    for structure in CovarianceStructure::ALL {
        for (degrees_of_freedom, factor) in methods {
            let options = MmrmOptions {
                structures: &[structure],
                degrees_of_freedom,
                ..Default::default()
            };
            let ours = mmrm(&data, &options).unwrap();
            let (a, b) = (
                ours.differences[0].difference,
                theirs.differences[0].difference,
            );
            near("difference", a.estimate, b.estimate);
            near("se", a.standard_error, factor * b.standard_error);
            near("df", a.degrees_of_freedom, theirs.degrees_of_freedom as f64);
            let (a, b) = (ours.means[1].mean, theirs.means[1].mean);
            near("mean", a.estimate, b.estimate);
            near("se of mean", a.standard_error, factor * b.standard_error);
            let (a, b) = (ours.baseline_slopes[0], theirs.baseline_slope);
            near("slope", a.estimate, b.estimate);
            near("se of slope", a.standard_error, factor * b.standard_error);
            let sigma = theirs.residual_standard_deviation;
            near("variance", ours.covariance[0], sigma * sigma);
        }
    }
}

#[test]
fn complete_data_with_a_baseline_slope_for_each_visit_are_one_ancova_for_each_visit() {
    let trial = null_trial(2, 20, 4, 0.0);
    for degrees_of_freedom in [
        DegreesOfFreedom::Satterthwaite,
        DegreesOfFreedom::KenwardRogerLinear,
    ] {
        let options = MmrmOptions {
            baseline_by_visit: true,
            degrees_of_freedom,
            ..Default::default()
        };
        let ours = mmrm(&trial.measures(), &options).unwrap();
        assert_eq!(ours.structure, CovarianceStructure::Unstructured);
        for visit in 0..4 {
            let rows: Vec<usize> = (0..80).filter(|&i| trial.visit[i] == visit).collect();
            let outcome: Vec<f64> = rows.iter().map(|&i| trial.outcome[i]).collect();
            let baseline: Vec<f64> = rows.iter().map(|&i| trial.baseline[i]).collect();
            let arm: Vec<usize> = rows.iter().map(|&i| trial.arm[i]).collect();
            let theirs = ancova(&outcome, &arm, &baseline, &AncovaOptions::default()).unwrap();
            let (a, b) = (
                ours.differences[visit].difference,
                theirs.differences[0].difference,
            );
            near("difference", a.estimate, b.estimate);
            near("se", a.standard_error, b.standard_error);
            near("df", a.degrees_of_freedom, 17.0);
            near("p", a.p_value, b.p_value);
            near(
                "slope",
                ours.baseline_slopes[visit].estimate,
                theirs.baseline_slope.estimate,
            );
        }
    }
}

#[test]
fn balanced_compound_symmetry_is_a_split_plot_analysis_of_variance() {
    let (subjects, visits) = (18, 5);
    let trial = null_trial(3, subjects, visits, 0.0);
    let y = |i: usize, t: usize| trial.outcome[i * visits + t];
    let mean_of = |i: usize| (0..visits).map(|t| y(i, t)).sum::<f64>() / visits as f64;
    let cell = |a: usize, t: usize| {
        let of_arm = (0..subjects).filter(|i| i % 2 == a);
        of_arm.map(|i| y(i, t) - mean_of(i)).sum::<f64>() / 9.0
    };
    let mut squares = 0.0;
    for i in 0..subjects {
        for t in 0..visits {
            let residual = y(i, t) - mean_of(i) - cell(i % 2, t);
            squares += residual * residual;
        }
    }
    let within_df = ((subjects - 2) * (visits - 1)) as f64;
    let within = squares / within_df;
    let weight = |visit, arm, weight| CellWeight { visit, arm, weight };
    // Visit 3 against visit 1, between arms: within subjects. Mean over visits: between subjects.
    let interaction = [
        weight(3, 1, 1.0),
        weight(3, 0, -1.0),
        weight(1, 1, -1.0),
        weight(1, 0, 1.0),
    ];
    let average: Vec<CellWeight> = (0..visits)
        .flat_map(|t| [weight(t, 1, 0.2), weight(t, 0, -0.2)])
        .collect();
    let options = MmrmOptions {
        structures: &[CovarianceStructure::CompoundSymmetry],
        ..Default::default()
    };
    let ours = mmrm_with_contrasts(&trial.measures(), &options, &[&interaction, &average]).unwrap();
    let found = ours.contrasts[0];
    near(
        "interaction",
        found.estimate,
        cell(1, 3) - cell(0, 3) - cell(1, 1) + cell(0, 1),
    );
    near(
        "se",
        found.standard_error,
        (within * 2.0 * 2.0 / 9.0).sqrt(),
    );
    near("df", found.degrees_of_freedom, within_df);

    let means: Vec<f64> = (0..subjects).map(mean_of).collect();
    let baseline: Vec<f64> = (0..subjects).map(|i| trial.baseline[i * visits]).collect();
    let arm: Vec<usize> = (0..subjects).map(|i| i % 2).collect();
    let theirs = ancova(&means, &arm, &baseline, &AncovaOptions::default()).unwrap();
    let found = ours.contrasts[1];
    near(
        "average",
        found.estimate,
        theirs.differences[0].difference.estimate,
    );
    near(
        "se",
        found.standard_error,
        theirs.differences[0].difference.standard_error,
    );
    near("df", found.degrees_of_freedom, (subjects - 3) as f64);
}

/// 30 patients, four visits, monotone dropout of 8 % at each; the effect at the last visit.
#[test]
fn a_null_trial_rejects_at_five_percent() {
    let trials = 4000;
    let rejected = |degrees_of_freedom| {
        let options = MmrmOptions {
            degrees_of_freedom,
            ..Default::default()
        };
        let reject = |seed: &u64| {
            let trial = null_trial(*seed, 30, 4, 0.08);
            let fit = mmrm(&trial.measures(), &options).unwrap();
            fit.last_difference().difference.p_value < 0.05
        };
        (0..trials).filter(reject).count() as f64 / trials as f64
    };
    // Four Monte Carlo standard errors of 5 % in 4000 trials.
    let allowed = 4.0 * (0.05 * 0.95 / trials as f64).sqrt();
    let satterthwaite = rejected(DegreesOfFreedom::Satterthwaite);
    let linear = rejected(DegreesOfFreedom::KenwardRogerLinear);
    assert!((satterthwaite - 0.05).abs() < allowed, "{satterthwaite}");
    assert!((linear - 0.05).abs() < allowed, "{linear}");
    // With second derivatives the standard errors shrink, and more trials reject.
    let full = rejected(DegreesOfFreedom::KenwardRoger);
    assert!(full > satterthwaite, "{full} {satterthwaite}");
}

#[test]
fn too_few_subjects_for_an_unstructured_matrix_fall_back_in_the_order_given() {
    let trial = null_trial(5, 9, 7, 0.0);
    let fit = mmrm(&trial.measures(), &MmrmOptions::default()).unwrap();
    assert_eq!(
        fit.abandoned[0].reason,
        NotEstimable::TooFewSubjects {
            subjects: 9,
            needed: 10
        }
    );
    let tried: Vec<CovarianceStructure> = fit.abandoned.iter().map(|a| a.structure).collect();
    let order = MmrmOptions::default().structures;
    assert_eq!(tried, order[..tried.len()]);
    assert_eq!(fit.structure, order[tried.len()]);
}

#[test]
fn visits_that_nobody_shares_are_named() {
    let mut trial = Trial::default();
    let mut draws = Draws(6);
    for subject in 0..40 {
        // Every subject comes at 12 weeks, and at 24 or at 52 weeks.
        let late = if subject % 4 < 2 { 24 } else { 52 };
        let level = draws.normal();
        for visit in [12, late] {
            trial.push(
                subject,
                visit,
                subject % 2,
                draws.normal(),
                level + draws.normal(),
            );
        }
        let row = trial.baseline.len() - 2;
        trial.baseline[row + 1] = trial.baseline[row];
    }
    let fit = mmrm(&trial.measures(), &MmrmOptions::default()).unwrap();
    assert_eq!(
        fit.abandoned[0].reason,
        NotEstimable::VisitsNeverTogether {
            first: 24,
            second: 52
        }
    );
    assert_ne!(fit.structure, CovarianceStructure::Unstructured);
}

#[test]
fn data_without_an_answer_say_why() {
    let whole = null_trial(7, 24, 3, 0.0);
    let fit = |trial: &Trial| mmrm(&trial.measures(), &MmrmOptions::default());
    assert!(fit(&whole).is_ok());

    let mut unseen = Trial::default();
    for i in 0..whole.outcome.len() {
        if !(whole.arm[i] == 1 && whole.visit[i] == 2) {
            let (s, v, a) = (whole.subject[i], whole.visit[i], whole.arm[i]);
            unseen.push(s, v, a, whole.baseline[i], whole.outcome[i]);
        }
    }
    let missing = NotEstimable::ArmWithoutVisit { arm: 1, visit: 2 };
    assert_eq!(fit(&unseen), Err(missing));

    let one_arm = Trial {
        arm: vec![0; 72],
        ..whole.clone()
    };
    assert_eq!(fit(&one_arm), Err(NotEstimable::EmptyArm));
    let constant = Trial {
        outcome: vec![3.5; 72],
        ..whole.clone()
    };
    assert_eq!(fit(&constant), Err(NotEstimable::NoVariation));
    let flat = Trial {
        baseline: vec![9.0; 72],
        ..whole.clone()
    };
    assert_eq!(fit(&flat), Err(NotEstimable::Collinear { covariate: 0 }));
    // A visit where everybody is on the fitted line.
    let mut perfect = whole.clone();
    for i in (0..72).filter(|&i| whole.visit[i] == 1) {
        perfect.outcome[i] = 1.0 + whole.arm[i] as f64;
    }
    let by_visit = MmrmOptions {
        baseline_by_visit: true,
        ..Default::default()
    };
    assert_eq!(
        mmrm(&perfect.measures(), &by_visit),
        Err(NotEstimable::NoVariation)
    );
    // Two visits with the same values: the covariance is singular.
    let mut repeated = whole.clone();
    for i in (0..72).filter(|&i| whole.visit[i] == 1) {
        repeated.outcome[i] = whole.outcome[i - 1];
    }
    let fitted = fit(&repeated).unwrap();
    assert_ne!(fitted.structure, CovarianceStructure::Unstructured);
    let reason = &fitted.abandoned[0].reason;
    assert!(
        matches!(reason, NotEstimable::NoConvergence { .. }),
        "{reason}"
    );

    let arm: Vec<f64> = whole.arm.iter().map(|&a| a as f64).collect();
    let data = RepeatedMeasures {
        covariates: &[&arm],
        ..whole.measures()
    };
    let collinear = Err(NotEstimable::Collinear { covariate: 1 });
    assert_eq!(mmrm(&data, &MmrmOptions::default()), collinear);

    let mut twice = whole.clone();
    twice.visit[1] = 0;
    assert!(fit(&twice).unwrap_err().is_bad_input());
    let mut switched = whole.clone();
    switched.arm[1] = 1 - switched.arm[1];
    assert!(fit(&switched).unwrap_err().is_bad_input());
    assert!(fit(&Trial::default()).is_err());
}

fn finite(e: &MixedEstimate) -> bool {
    let interval = e.interval.lower <= e.estimate && e.estimate <= e.interval.upper;
    let numbers = [
        e.estimate,
        e.standard_error,
        e.degrees_of_freedom,
        e.t,
        e.p_value,
    ];
    interval && e.standard_error > 0.0 && numbers.iter().all(|v| v.is_finite())
}

fn all_finite(fit: &Mmrm) -> bool {
    fit.means.iter().all(|m| finite(&m.mean))
        && fit.differences.iter().all(|d| finite(&d.difference))
        && fit.baseline_slopes.iter().all(finite)
        && fit.covariance.iter().all(|v| v.is_finite())
        && [fit.log_likelihood, fit.aic, fit.bic]
            .iter()
            .all(|v| v.is_finite())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/mixed_model.proptest-regressions",
        ))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn order_labels_and_units_change_nothing(
        seed in any::<u64>(), visits in 1..5usize, subjects in 14..40usize,
        shift in -50.0..50.0f64, unit in 0.01..100.0f64, which in 0..9usize,
    ) {
        let structure = CovarianceStructure::ALL[which];
        let options = MmrmOptions {
            structures: &[structure],
            degrees_of_freedom: DegreesOfFreedom::KenwardRoger,
            ..Default::default()
        };
        let trial = null_trial(seed, subjects, visits, 0.1);
        let rows = trial.outcome.len();
        let mut moved = Trial::default();
        for i in (0..rows).rev() {
            moved.push(
                1000 - trial.subject[i], 10 * trial.visit[i] + 3, trial.arm[i] * 7,
                trial.baseline[i] * unit - shift, trial.outcome[i] * unit + shift,
            );
        }
        match (mmrm(&trial.measures(), &options), mmrm(&moved.measures(), &options)) {
            (Ok(a), Ok(b)) => {
                prop_assert!(all_finite(&a) && all_finite(&b));
                let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * (1.0 + a.abs().max(b.abs()));
                for (x, y) in a.differences.iter().zip(&b.differences) {
                    let (x, y) = (x.difference, y.difference);
                    prop_assert!(near(x.estimate * unit, y.estimate));
                    prop_assert!(near(x.standard_error * unit, y.standard_error));
                    prop_assert!(near(x.degrees_of_freedom, y.degrees_of_freedom));
                    prop_assert!(near(x.p_value, y.p_value));
                }
                for (x, y) in a.means.iter().zip(&b.means) {
                    prop_assert!(near(x.mean.estimate * unit + shift, y.mean.estimate));
                }
                // REML: the outcome has n - p error contrasts, the baseline column one unit.
                let p = (2 * visits + 1) as f64;
                let jacobian = (rows as f64 - p) * unit.ln() + unit.ln();
                prop_assert!(near(a.log_likelihood - jacobian, b.log_likelihood));
            }
            (a, b) => prop_assert!(a.is_err() && b.is_err(), "{a:?} {b:?}"),
        }
    }

    #[test]
    fn an_arm_without_effect_moves_by_what_is_added_to_it(seed in any::<u64>(), effect in -5.0..5.0f64) {
        let trial = null_trial(seed, 30, 3, 0.1);
        let mut treated = trial.clone();
        for i in (0..trial.outcome.len()).filter(|&i| trial.arm[i] == 1) {
            treated.outcome[i] += effect * (1 + trial.visit[i]) as f64;
        }
        let fit = |t: &Trial| mmrm(&t.measures(), &MmrmOptions::default());
        if let (Ok(a), Ok(b)) = (fit(&trial), fit(&treated)) {
            for (x, y) in a.differences.iter().zip(&b.differences) {
                let added = effect * (1 + x.visit) as f64;
                prop_assert!((x.difference.estimate + added - y.difference.estimate).abs() < 1e-8);
                prop_assert!((x.difference.standard_error - y.difference.standard_error).abs() < 1e-8);
            }
        }
    }

    #[test]
    fn tiny_and_full_of_holes_gives_finite_numbers_or_a_reason(
        rows in prop::collection::btree_map((0..9usize, 0..4usize), -4..4i8, 0..30),
        baseline in prop::collection::vec(any::<i8>(), 9),
        which in 0..9usize, kenward in any::<bool>(), by_visit in any::<bool>(),
    ) {
        let mut trial = Trial::default();
        for ((subject, visit), outcome) in &rows {
            trial.push(*subject, *visit, subject % 2, f64::from(baseline[*subject]), f64::from(*outcome));
        }
        for structures in [&[CovarianceStructure::ALL[which]][..], MmrmOptions::default().structures] {
            let options = MmrmOptions {
                structures,
                baseline_by_visit: by_visit,
                degrees_of_freedom: if kenward { DegreesOfFreedom::KenwardRoger } else { DegreesOfFreedom::Satterthwaite },
                ..Default::default()
            };
            match mmrm(&trial.measures(), &options) {
                Ok(fit) => prop_assert!(all_finite(&fit), "{fit:?}"),
                Err(reason) => prop_assert!(!reason.is_bad_input(), "{reason}"),
            }
        }
    }

    #[test]
    fn no_number_whatever_gives_nan_or_a_panic(
        rows in prop::collection::vec((0..12usize, 0..3usize, any::<f64>(), any::<f64>()), 0..40),
        tame in any::<bool>(), which in 0..9usize, number in any::<f64>(),
    ) {
        let plain = |v: f64| if tame && v.is_finite() { v.clamp(-1e9, 1e9) } else { v };
        let mut trial = Trial::default();
        for (subject, visit, baseline, outcome) in &rows {
            let known = trial.subject.iter().position(|s| s == subject);
            let baseline = known.map_or(plain(*baseline), |i| trial.baseline[i]);
            trial.push(*subject, *visit, subject % 2, baseline, plain(*outcome));
        }
        let options = MmrmOptions {
            structures: &[CovarianceStructure::ALL[which]],
            at_baseline: Some(number),
            confidence_level: 0.9,
            ..Default::default()
        };
        if let Ok(fit) = mmrm(&trial.measures(), &options) {
            prop_assert!(all_finite(&fit), "{fit:?}");
        }
    }
}
