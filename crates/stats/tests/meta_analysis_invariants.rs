//! What holds for every synthesis: the order of studies, shifts, scales and mirror images do not matter,
//! and no input makes it panic or return NaN.

use neurocart_stats::meta_analysis::bayes_normal::{BayesNormalPriors, bayes_normal};
use neurocart_stats::meta_analysis::beta_binomial::{
    BetaBinomialPrior, beta_binomial, beta_binomial_posterior,
};
use neurocart_stats::meta_analysis::effect_size::{BinaryMeasure, binary_effect};
use neurocart_stats::meta_analysis::influence::{cumulative, influence, leave_one_out};
use neurocart_stats::meta_analysis::meta_regression::meta_regression;
use neurocart_stats::meta_analysis::multilevel::multilevel;
use neurocart_stats::meta_analysis::proportions::{
    ProportionScale, Series, logit_normal, pooled_proportion, transformed_proportion,
};
use neurocart_stats::meta_analysis::random_effects::{
    HeterogeneityMethod, MeanInterval, PredictionDegrees, RandomEffectsOptions, random_effects,
};
use neurocart_stats::meta_analysis::rates::poisson_normal;
use neurocart_stats::meta_analysis::small_study::{
    FewStudies, FunnelModel, FunnelPredictor, MissingSide, funnel_regression, rank_correlation,
    trim_and_fill,
};
use neurocart_stats::meta_analysis::transforms::{
    freeman_tukey, inverse_freeman_tukey, inverse_logit,
};
use neurocart_stats::meta_analysis::two_by_two_mixed::{MixedModel, mixed_odds_ratio};
use neurocart_stats::meta_analysis::two_by_two_pooling::{
    MantelHaenszelMeasure, mantel_haenszel, peto,
};
use neurocart_stats::two_by_two::TwoByTwo;
use neurocart_stats::{InputError, NotEstimable};
use proptest::prelude::*;

const METHODS: [HeterogeneityMethod; 9] = [
    HeterogeneityMethod::CommonEffect,
    HeterogeneityMethod::DerSimonianLaird,
    HeterogeneityMethod::PauleMandel,
    HeterogeneityMethod::RestrictedMaximumLikelihood,
    HeterogeneityMethod::MaximumLikelihood,
    HeterogeneityMethod::Hedges,
    HeterogeneityMethod::SidikJonkman,
    HeterogeneityMethod::EmpiricalBayes,
    HeterogeneityMethod::HunterSchmidt,
];

fn with(method: HeterogeneityMethod) -> RandomEffectsOptions {
    RandomEffectsOptions {
        method,
        ..Default::default()
    }
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1.0)
}

fn studies() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    (3usize..12).prop_flat_map(|k| {
        (
            prop::collection::vec(-3.0..3.0_f64, k),
            prop::collection::vec(0.01..2.0_f64, k),
        )
    })
}

/// Mostly sound numbers, some at the ends of the range, some not numbers at all.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => 0.001..10.0_f64,
        1 => prop_oneof![Just(1e49), Just(1e-49), Just(1e9), Just(0.0), Just(-1.0)],
        1 => prop::num::f64::ANY,
    ]
}

fn table() -> impl Strategy<Value = TwoByTwo> {
    (1u64..40, 1u64..40).prop_flat_map(|(n1, n2)| {
        (0..=n1, 0..=n2).prop_map(move |(a, c)| TwoByTwo {
            treated_events: a,
            treated_total: n1,
            control_events: c,
            control_total: n2,
        })
    })
}

fn one_series() -> impl Strategy<Value = Series> {
    (1u64..30).prop_flat_map(|n| {
        (0..=n).prop_map(move |x| Series {
            events: x,
            total: n,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn order_shift_and_mirror_image_change_nothing_else((y, v) in studies(), shift in -50.0..50.0_f64) {
        for method in METHODS {
            let options = with(method);
            let plain = random_effects(&y, &v, &options).unwrap();
            let (ry, rv): (Vec<f64>, Vec<f64>) = (
                y.iter().rev().copied().collect(),
                v.iter().rev().copied().collect(),
            );
            let reversed = random_effects(&ry, &rv, &options).unwrap();
            prop_assert!(close(plain.estimate, reversed.estimate, 1e-9));
            prop_assert!(close(plain.tau_squared, reversed.tau_squared, 1e-8));
            let moved: Vec<f64> = y.iter().map(|y| shift - y).collect();
            let mirrored = random_effects(&moved, &v, &options).unwrap();
            prop_assert!(close(shift - plain.estimate, mirrored.estimate, 1e-8));
            prop_assert!(close(plain.tau_squared, mirrored.tau_squared, 1e-8));
            prop_assert!(close(plain.q.statistic, mirrored.q.statistic, 1e-8));
        }
    }

    #[test]
    fn results_follow_the_unit_of_the_effect((y, v) in studies(), unit in 1e-6..1e6_f64) {
        let scaled: Vec<f64> = y.iter().map(|y| y * unit).collect();
        let variances: Vec<f64> = v.iter().map(|v| v * unit * unit).collect();
        for method in METHODS {
            let options = with(method);
            let plain = random_effects(&y, &v, &options).unwrap();
            let other = random_effects(&scaled, &variances, &options).unwrap();
            prop_assert!(close(plain.estimate, other.estimate / unit, 1e-8));
            prop_assert!(close(plain.tau_squared, other.tau_squared / unit / unit, 1e-7));
            prop_assert!(close(plain.p_value, other.p_value, 1e-7));
        }
    }

    #[test]
    fn the_likelihood_methods_are_at_their_maximum((y, v) in studies()) {
        for method in [
            HeterogeneityMethod::MaximumLikelihood,
            HeterogeneityMethod::CommonEffect,
        ] {
            let best = random_effects(&y, &v, &with(HeterogeneityMethod::MaximumLikelihood)).unwrap();
            let at = |tau_squared: f64| {
                let options = with(HeterogeneityMethod::Given(tau_squared));
                random_effects(&y, &v, &options).unwrap().log_likelihood
            };
            for step in 0..60 {
                let other = at(0.1 * f64::from(step));
                prop_assert!(other <= best.log_likelihood + 1e-10);
            }
            let common = random_effects(&y, &v, &with(method)).unwrap();
            prop_assert!(common.log_likelihood <= best.log_likelihood + 1e-10);
        }
    }

    #[test]
    fn the_floor_never_shortens_and_prediction_is_never_shorter((y, v) in studies()) {
        let options = RandomEffectsOptions::default();
        let floor = random_effects(&y, &v, &options).unwrap();
        let normal = random_effects(&y, &v, &RandomEffectsOptions {
            interval: MeanInterval::Normal,
            ..options
        }).unwrap();
        prop_assert!(floor.standard_error >= normal.standard_error * (1.0 - 1e-12));
        let prediction = floor.prediction_interval.unwrap();
        prop_assert!(prediction.lower <= floor.interval.lower + 1e-12);
        prop_assert!(prediction.upper >= floor.interval.upper - 1e-12);
        let wider = random_effects(&y, &v, &RandomEffectsOptions {
            prediction: PredictionDegrees::StudiesLessTwo,
            ..options
        }).unwrap();
        prop_assert!(wider.prediction_interval.unwrap().lower <= prediction.lower);
        let limits = floor.tau_squared_interval.unwrap();
        prop_assert!(0.0 <= limits.lower && limits.lower <= limits.upper);
    }

    #[test]
    fn a_covariate_may_change_its_unit((y, v) in studies(), slope in 0.001..1000.0_f64) {
        let x: Vec<f64> = (0..y.len()).map(|i| (i * i) as f64).collect();
        let scaled: Vec<f64> = x.iter().map(|x| 7.0 + slope * x).collect();
        let options = RandomEffectsOptions::default();
        let plain = meta_regression(&y, &v, &[&x], &options).unwrap();
        let other = meta_regression(&y, &v, &[&scaled], &options).unwrap();
        prop_assert!(close(plain.slopes[0].statistic, other.slopes[0].statistic, 1e-7));
        prop_assert!(close(plain.tau_squared, other.tau_squared, 1e-8));
        // One slope: the joint test is the square of its t.
        let t = plain.slopes[0].statistic;
        prop_assert!(close(t * t, plain.slope_test.statistic, 1e-8));
    }

    #[test]
    fn the_last_cumulative_mean_is_that_of_all((y, v) in studies()) {
        let options = RandomEffectsOptions::default();
        let order: Vec<usize> = (0..y.len()).rev().collect();
        let last = *cumulative(&y, &v, &order, &options).unwrap().last().unwrap();
        let all = random_effects(&y, &v, &options).unwrap();
        prop_assert!(close(last.estimate, all.estimate, 1e-9));
        let shares: f64 = influence(&y, &v, &options).unwrap().iter().map(|i| i.hat).sum();
        prop_assert!(close(shares, 1.0, 1e-12));
        prop_assert_eq!(leave_one_out(&y, &v, &options).unwrap().len(), y.len());
    }

    #[test]
    fn tables_give_a_number_or_a_reason(tables in prop::collection::vec(table(), 0..6)) {
        let swapped: Vec<TwoByTwo> = tables.iter().map(|t| TwoByTwo {
            treated_events: t.control_events,
            treated_total: t.control_total,
            control_events: t.treated_events,
            control_total: t.treated_total,
        }).collect();
        for measure in [
            MantelHaenszelMeasure::LogOddsRatio,
            MantelHaenszelMeasure::LogRiskRatio,
            MantelHaenszelMeasure::RiskDifference,
        ] {
            if let Ok(ours) = mantel_haenszel(&tables, measure, 0.95) {
                prop_assert!(ours.estimate.is_finite() && ours.standard_error > 0.0);
                let other = mantel_haenszel(&swapped, measure, 0.95).unwrap();
                prop_assert!(close(ours.estimate, -other.estimate, 1e-9));
            }
        }
        if let Ok(ours) = peto(&tables, 0.95) {
            prop_assert!(ours.estimate.is_finite() && ours.standard_error > 0.0);
        }
        for model in [
            MixedModel::FixedStudyEffects,
            MixedModel::RandomStudyEffects,
            MixedModel::ConditionalApproximate,
            MixedModel::ConditionalExact,
        ] {
            if let Ok(ours) = mixed_odds_ratio(&tables, model, 0.95) {
                prop_assert!(ours.estimate.is_finite() && ours.standard_error > 0.0, "{ours:?}");
                prop_assert!(ours.tau_squared >= 0.0);
            }
        }
    }

    #[test]
    fn series_give_proportions_between_zero_and_one(series in prop::collection::vec(one_series(), 1..8)) {
        let ours = pooled_proportion(&series, 0.95).unwrap();
        let posterior = &ours.bayes;
        prop_assert!(0.0 < posterior.interval.lower && posterior.interval.upper < 1.0);
        prop_assert!(posterior.interval.lower < posterior.median);
        prop_assert!(posterior.median < posterior.interval.upper);
        if let Ok(fit) = ours.logit_normal {
            prop_assert!(fit.interval.lower < fit.proportion && fit.proportion < fit.interval.upper);
            // Failures instead of responses mirror the result.
            let mirrored: Vec<Series> = series.iter().map(|s| Series {
                events: s.total - s.events,
                total: s.total,
            }).collect();
            let other = logit_normal(&mirrored, 7, 0.95).unwrap();
            prop_assert!(close(fit.log_odds, -other.log_odds, 1e-5));
        }
        if let Ok(fit) = beta_binomial(&series) {
            prop_assert!(0.0 < fit.proportion && fit.proportion < 1.0);
        }
    }

    #[test]
    fn freeman_tukey_is_its_own_inverse(n in 1u64..5000, share in 0.0..=1.0_f64) {
        let x = (share * n as f64).round() as u64;
        let back = inverse_freeman_tukey(freeman_tukey(x, n).unwrap().effect, n as f64).unwrap();
        prop_assert!((back - x as f64 / n as f64).abs() < 1e-7);
    }

    #[test]
    fn bad_numbers_are_named_and_nothing_panics(
        (y, v) in (0usize..6).prop_flat_map(|k| (
            prop::collection::vec(any_number(), k),
            prop::collection::vec(any_number(), k),
        )),
    ) {
        let options = RandomEffectsOptions::default();
        let few = FewStudies::Accept;
        for result in [
            random_effects(&y, &v, &options).map(|r| r.estimate),
            trim_and_fill(&y, &v, MissingSide::Right, &options, few).map(|r| r.pooled.estimate),
            multilevel(&y, &v, &(0..y.len()).map(|i| i / 2).collect::<Vec<_>>(), 0.95)
                .map(|r| r.within_clusters),
            multilevel(&y, &v, &vec![0; y.len()], 0.95).map(|r| r.estimate),
            bayes_normal(&y, &v, &BayesNormalPriors::default(), 0.95).map(|r| r.mu.mean),
            rank_correlation(&y, &v, FewStudies::Accept).map(|r| r.tau),
            influence(&y, &v, &options).map(|r| r[0].dffits),
            meta_regression(&y, &v, &[&y], &options).map(|r| r.tau_squared),
        ] {
            if let Ok(value) = result {
                prop_assert!(value.is_finite());
            }
        }
    }
}

#[test]
fn one_study_has_no_random_effects_and_says_so() {
    let options = RandomEffectsOptions::default();
    let refusal = |studies, needed| NotEstimable::TooFewStudies { studies, needed };
    assert_eq!(random_effects(&[0.1], &[0.1], &options), Err(refusal(1, 2)));
    assert_eq!(random_effects(&[], &[], &options), Err(refusal(0, 2)));
    assert_eq!(
        leave_one_out(&[0.1, 0.2], &[0.1, 0.1], &options),
        Err(refusal(2, 3))
    );
    let one = cumulative(&[0.1], &[0.1], &[0], &options).unwrap();
    assert_eq!((one[0].estimate, one[0].tau_squared), (0.1, 0.0));
    let single = [Series {
        events: 3,
        total: 9,
    }];
    assert_eq!(
        logit_normal(&single, 7, 0.95).map(|r| r.log_odds),
        Err(refusal(1, 2))
    );
    assert!(beta_binomial_posterior(&single, &BetaBinomialPrior::default(), 0.95).is_ok());
    assert!(bayes_normal(&[0.1], &[0.1], &BayesNormalPriors::default(), 0.95).is_ok());
}

#[test]
fn identical_studies_leave_no_heterogeneity() {
    let (y, v) = (vec![0.4; 6], vec![0.2; 6]);
    for method in METHODS {
        let ours = random_effects(&y, &v, &with(method)).unwrap();
        assert_eq!((ours.estimate, ours.tau_squared), (0.4, 0.0), "{method:?}");
        assert_eq!(ours.q.statistic, 0.0);
    }
    // Without the floor nothing is left to measure the error by.
    let bare = RandomEffectsOptions {
        interval: MeanInterval::HartungKnapp,
        ..Default::default()
    };
    assert_eq!(
        random_effects(&y, &v, &bare),
        Err(NotEstimable::NoVariation)
    );
}

#[test]
fn two_studies_have_no_prediction_on_k_less_two() {
    let options = RandomEffectsOptions {
        prediction: PredictionDegrees::StudiesLessTwo,
        ..Default::default()
    };
    let ours = random_effects(&[0.0, 1.0], &[0.1, 0.1], &options).unwrap();
    assert!(ours.prediction_interval.is_none());
    assert!(ours.heterogeneity_is_hardly_estimable());
}

#[test]
fn funnel_tests_are_refused_below_ten_studies_unless_asked_for() {
    let y = [0.1, 0.3, -0.2, 0.5, 0.9];
    let v = [0.01, 0.05, 0.02, 0.2, 0.4];
    let refusal = NotEstimable::TooFewStudies {
        studies: 5,
        needed: 10,
    };
    let egger = |few| {
        funnel_regression(
            &y,
            &v,
            FunnelPredictor::StandardError,
            FunnelModel::WeightedLeastSquares,
            few,
            0.95,
        )
    };
    assert_eq!(egger(FewStudies::Refuse), Err(refusal.clone()));
    assert!(egger(FewStudies::Accept).is_ok());
    assert_eq!(
        rank_correlation(&y, &v, FewStudies::Refuse),
        Err(refusal.clone())
    );
    let options = RandomEffectsOptions::default();
    let filled = |few| trim_and_fill(&y, &v, MissingSide::Left, &options, few);
    assert_eq!(filled(FewStudies::Refuse).map(|f| f.missing), Err(refusal));
    assert!(filled(FewStudies::Accept).is_ok());
}

#[test]
fn nobody_and_everybody_are_boundaries_with_companions() {
    let series = |share: u64| -> Vec<Series> {
        (1..6)
            .map(|n| Series {
                events: share * n,
                total: n,
            })
            .collect()
    };
    for (share, reason) in [(0, NotEstimable::NoEvents), (1, NotEstimable::OnlyEvents)] {
        let ours = pooled_proportion(&series(share), 0.95).unwrap();
        assert_eq!(ours.logit_normal, Err(reason.clone()));
        assert_eq!(ours.crude.estimate, share as f64);
        // 15 patients alike: the posterior leans to the boundary but stays off it.
        let toward = (ours.bayes.mean - share as f64).abs();
        assert!(toward > 0.02 && toward < 0.25, "{toward}");
        assert_eq!(beta_binomial(&series(share)), Err(reason));
    }
    let rates = poisson_normal(&[0, 0, 0], &[1.0, 2.0, 3.0], 7, 0.95);
    assert_eq!(rates, Err(NotEstimable::NoEvents));
}

#[test]
fn tables_at_a_bound_are_typed() {
    let none_treated = [(0, 10, 3, 10), (0, 20, 1, 20)].map(|(a, n1, c, n2)| TwoByTwo {
        treated_events: a,
        treated_total: n1,
        control_events: c,
        control_total: n2,
    });
    for model in [
        MixedModel::FixedStudyEffects,
        MixedModel::RandomStudyEffects,
        MixedModel::ConditionalApproximate,
        MixedModel::ConditionalExact,
    ] {
        assert_eq!(
            mixed_odds_ratio(&none_treated, model, 0.95),
            Err(NotEstimable::OddsRatioAtBound { bound: 0.0 })
        );
    }
    let risk_ratio = MantelHaenszelMeasure::LogRiskRatio;
    assert_eq!(
        mantel_haenszel(&none_treated, risk_ratio, 0.95),
        Err(NotEstimable::RiskRatioAtBound { bound: 0.0 })
    );
    let silent = none_treated.map(|t| TwoByTwo {
        control_events: 0,
        ..t
    });
    assert_eq!(peto(&silent, 0.95), Err(NotEstimable::NoInformativeTable));
    assert!(binary_effect(&silent[0], BinaryMeasure::LogOddsRatio).is_ok());
}

#[test]
fn studies_of_a_billion_patients_stay_exact() {
    // No heterogeneity: the pooled proportion and its error are those of one binomial.
    let n = 1_000_000_000;
    let huge = [Series {
        events: n / 4,
        total: n,
    }; 3];
    let ours = logit_normal(&huge, 7, 0.95).unwrap();
    assert!((ours.proportion - 0.25).abs() < 1e-12);
    assert_eq!(ours.tau_squared, 0.0);
    let information = 3e9 * 0.25 * 0.75;
    assert!((ours.standard_error * f64::sqrt(information) - 1.0).abs() < 1e-6);
    let options = RandomEffectsOptions::default();
    let logit =
        transformed_proportion(&huge, ProportionScale::LogitHalfCorrection, &options).unwrap();
    assert!((logit.proportion - 0.25).abs() < 1e-12);
    let posterior = beta_binomial_posterior(&huge, &BetaBinomialPrior::default(), 0.95).unwrap();
    assert!((posterior.mean - 0.25).abs() < 0.02);
    let rates = poisson_normal(&[n, n], &[1e9, 1e9], 7, 0.95).unwrap();
    assert!((rates.rate - 1.0).abs() < 1e-12);
}

#[test]
fn the_random_intercept_is_found_where_it_was_put() {
    // Large studies whose log odds are -1 + 0.8 (-1, 0, 1): the estimate is their mean, and tau^2 the
    // variance over k.
    let n = 1_000_000;
    let series: Vec<Series> = [-1.8, -1.0, -0.2]
        .map(|log_odds| Series {
            events: (n as f64 * inverse_logit(log_odds)).round() as u64,
            total: n,
        })
        .to_vec();
    let ours = logit_normal(&series, 7, 0.95).unwrap();
    assert!((ours.log_odds + 1.0).abs() < 1e-4);
    assert!((ours.tau_squared - 0.64 * 2.0 / 3.0).abs() < 1e-3);
    assert!((ours.standard_error - (0.64 * 2.0 / 9.0_f64).sqrt()).abs() < 1e-3);
}

#[test]
fn the_three_level_model_is_the_two_level_one_without_clusters() {
    // Two effects per cluster, alike between clusters: only the spread within is left.
    let y = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0];
    let v = [0.05; 6];
    let ours = multilevel(&y, &v, &[1, 1, 2, 2, 3, 3], 0.95).unwrap();
    let plain = random_effects(
        &y,
        &v,
        &RandomEffectsOptions {
            interval: MeanInterval::Normal,
            ..Default::default()
        },
    )
    .unwrap();
    assert_eq!(ours.between_clusters, 0.0);
    assert!((ours.within_clusters - plain.tau_squared).abs() < 1e-8);
    assert!((ours.standard_error - plain.standard_error).abs() < 1e-8);
    assert!((ours.log_likelihood - plain.log_likelihood).abs() < 1e-9);
    assert_eq!(
        multilevel(&y, &v, &[0; 6], 0.95),
        Err(NotEstimable::TooFewStudies {
            studies: 1,
            needed: 2
        })
    );
}

#[test]
fn bounds_on_input_are_stated() {
    let options = RandomEffectsOptions::default();
    let many = vec![0.5; 1001];
    assert!(
        random_effects(&many, &many, &options)
            .unwrap_err()
            .is_bad_input()
    );
    let ratio = random_effects(&[0.0, 1.0], &[1e-9, 1e9], &options);
    assert!(matches!(
        ratio,
        Err(NotEstimable::Input(InputError::Value {
            name: "variance",
            ..
        }))
    ));
    let negative = with(HeterogeneityMethod::Given(-1.0));
    assert!(
        random_effects(&[0.0, 1.0], &[1.0, 1.0], &negative)
            .unwrap_err()
            .is_bad_input()
    );
    assert!(
        logit_normal(
            &[Series {
                events: 1,
                total: 2
            }; 2],
            0,
            0.95
        )
        .unwrap_err()
        .is_bad_input()
    );
}
