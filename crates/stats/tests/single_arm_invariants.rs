//! What must hold for any single-arm design: brute force, unbiasedness, coverage, wild numbers.

use neurocart_stats::bayes::beta_mixture::Beta;
use neurocart_stats::distribution::{binomial_pmf, binomial_sf};
use neurocart_stats::single_arm::exact_single_stage::single_stage_designs;
use neurocart_stats::single_arm::predictive_probability::{
    SuccessRule, predictive_monitoring, predictive_probability,
};
use neurocart_stats::single_arm::sequential_binomial::{Look, sequential_characteristics};
use neurocart_stats::single_arm::simon::{
    SimonDesign, SimonRequirement, simon_characteristics, simon_designs,
};
use neurocart_stats::single_arm::simon_inference::{
    SimonInterval, SimonOutcome, critical_value_at_actual_size, simon_inference,
};
use neurocart_stats::single_arm::toxicity_monitoring::{
    bayesian_monitoring, bayesian_stop_boundary, toxicity_boundaries,
};
use neurocart_stats::{InputError, NotEstimable};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-10 * (1.0 + a.abs().max(b.abs()))
}

fn probability(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

/// Every outcome a design can end with, and its probability.
fn outcomes(design: &SimonDesign, p: f64) -> Vec<(SimonOutcome, f64)> {
    let n2 = design.n - design.n1;
    let outcome = |subjects, responders| SimonOutcome {
        r1: design.r1,
        n1: design.n1,
        subjects,
        responders,
    };
    let stopped = (0..=design.r1).map(|x| (outcome(design.n1, x), binomial_pmf(x, design.n1, p)));
    let completed = (design.r1 + 1..=design.n).map(|x| {
        let ways = (design.r1 + 1..=design.n1.min(x))
            .map(|first| binomial_pmf(first, design.n1, p) * binomial_pmf(x - first, n2, p))
            .sum();
        (outcome(design.n, x), ways)
    });
    stopped.chain(completed).collect()
}

fn any_design() -> impl Strategy<Value = SimonDesign> {
    (1..20u64, 1..20u64)
        .prop_flat_map(|(n1, n2)| (Just(n1), Just(n2), 0..n1))
        .prop_flat_map(|(n1, n2, r1)| {
            (r1 + 1..n1 + n2.max(r1 + 2)).prop_map(move |r| SimonDesign {
                r1,
                n1,
                r: r.min(n1 + n2 - 1).max(r1 + 1),
                n: n1 + n2,
            })
        })
}

/// The best design by trying all of them: least of the key, for n up to `most`.
fn brute_force(wanted: &SimonRequirement, most: u64, by_size: bool) -> Option<SimonDesign> {
    let mut best: Option<((f64, f64), SimonDesign)> = None;
    for n in 2..=most {
        for n1 in 1..n {
            for r1 in 0..n1 {
                for r in r1 + 1..n {
                    let design = SimonDesign { r1, n1, r, n };
                    let null = simon_characteristics(&design, wanted.p0).unwrap();
                    if null.rejection > wanted.alpha {
                        continue;
                    }
                    let power = simon_characteristics(&design, wanted.p1).unwrap().rejection;
                    if power < 1.0 - wanted.beta {
                        break;
                    }
                    let (size, expected) = (n as f64, null.expected_subjects);
                    let key = if by_size {
                        (size, expected)
                    } else {
                        (expected, size)
                    };
                    if best.is_none_or(|(old, _)| key < old) {
                        best = Some((key, design));
                    }
                    break;
                }
            }
        }
    }
    best.map(|(_, design)| design)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 12,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/single_arm_invariants.proptest-regressions",
        ))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_search_finds_what_trying_every_design_finds(
        p0 in 0.02..0.5f64, difference in 0.35..0.45f64, alpha in 0.05..0.2f64, beta in 0.1..0.3f64
    ) {
        let wanted = SimonRequirement { p0, p1: p0 + difference, alpha, beta };
        let designs = simon_designs(&wanted).unwrap();
        let most = designs.optimal.n + 3;
        prop_assert_eq!(Some(designs.minimax), brute_force(&wanted, most, true));
        prop_assert_eq!(Some(designs.optimal), brute_force(&wanted, most, false));
        // Admissible designs run from minimax to optimal, and their weights tile 0 to 1.
        let all = &designs.admissible;
        prop_assert_eq!((all[0].design, all[all.len() - 1].design), (designs.minimax, designs.optimal));
        prop_assert_eq!((all[0].weight_to, all[all.len() - 1].weight_from), (1.0, 0.0));
        for pair in all.windows(2) {
            prop_assert!(pair[0].weight_from == pair[1].weight_to && pair[0].weight_from < pair[0].weight_to);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/single_arm_invariants.proptest-regressions",
        ))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_estimate_after_two_stages_is_unbiased_and_the_exact_interval_covers(
        design in any_design(), p in 0.01..0.99f64, level in 0.5..0.99f64
    ) {
        let (mut all, mut mean, mut covered) = (0.0, 0.0, 0.0);
        let mut before = f64::NEG_INFINITY;
        for (outcome, chance) in outcomes(&design, p) {
            let found = simon_inference(&outcome, 0.3, SimonInterval::Exact, level).unwrap();
            all += chance;
            mean += chance * found.umvue;
            if found.interval.contains(p) {
                covered += chance;
            }
            prop_assert!(found.umvue >= before, "higher outcomes have higher estimates");
            prop_assert!(probability(found.p_value) && found.interval.lower <= found.interval.upper);
            before = found.umvue;
        }
        prop_assert!(near(all, 1.0) && near(mean, p), "{} {}", all, mean);
        prop_assert!(covered >= level - 1e-9, "{} {}", covered, level);
    }

    #[test]
    fn a_p_value_below_alpha_and_rejection_agree_at_the_planned_size(design in any_design(), p0 in 0.05..0.8f64) {
        let alpha = simon_characteristics(&design, p0).unwrap().rejection;
        prop_assume!(alpha > 1e-12 && alpha < 1.0 - 1e-9);
        for (outcome, chance) in outcomes(&design, p0) {
            // An outcome this rare moves the p value by less than the rounding of sums near one.
            if chance < 1e-11 {
                continue;
            }
            let found = simon_inference(&outcome, p0, SimonInterval::Exact, 0.9).unwrap();
            prop_assert_eq!(found.p_value <= alpha * (1.0 + 1e-12), design.is_promising(outcome.responders));
        }
        let r = critical_value_at_actual_size(design.r1, design.n1, design.n, p0, alpha * (1.0 + 1e-12)).unwrap();
        prop_assert!(r.is_some_and(|r| r <= design.r));
    }

    #[test]
    fn two_looks_are_a_two_stage_design(design in any_design(), p in 0.0..=1.0f64) {
        let looks = [
            Look { subjects: design.n1, stop_at_most: Some(design.r1), stop_at_least: None },
            Look { subjects: design.n, stop_at_most: None, stop_at_least: Some(design.r + 1) },
        ];
        let sequential = sequential_characteristics(&looks, p).unwrap();
        let simon = simon_characteristics(&design, p).unwrap();
        prop_assert!(near(sequential.stops_low[0], simon.early_termination));
        prop_assert!(near(sequential.stops_high[1], simon.rejection));
        prop_assert!(near(sequential.expected_subjects, simon.expected_subjects));
    }

    #[test]
    fn single_stage_failures_above_the_smallest_size_are_all_listed(
        p0 in 0.02..0.6f64, difference in 0.2..0.39f64, alpha in 0.01..0.2f64, beta in 0.05..0.3f64
    ) {
        let p1 = p0 + difference;
        let designs = single_stage_designs(p0, p1, alpha, beta).unwrap();
        let fails = |n: u64| {
            let r = (0..=n).find(|&r| binomial_sf(r, n, p0) <= alpha).unwrap();
            binomial_sf(r, n, p1) < 1.0 - beta
        };
        prop_assert!((1..designs.smallest.n).all(fails) && !fails(designs.smallest.n));
        let listed: Vec<u64> = designs.larger_that_fail.iter().map(|d| d.n).collect();
        let found: Vec<u64> = (designs.smallest.n..3 * designs.always_from).filter(|&n| fails(n)).collect();
        prop_assert_eq!(listed, found);
    }

    #[test]
    fn the_predictive_probability_is_a_martingale(
        (x, n) in (1..30u64).prop_flat_map(|n| (0..=n, Just(n))), rest in 1..20u64,
        p0 in 0.1..0.9f64, cutoff in 0.5..0.99f64, a in 0.1..5.0f64, b in 0.1..5.0f64
    ) {
        let prior = Beta { a, b };
        let rule = SuccessRule { subjects: n + rest, p0, cutoff, prior };
        let at = |x, n| predictive_probability(&rule, x, n).unwrap();
        let next = prior.after(x, n).mean();
        let expected = next * at(x + 1, n + 1).predictive + (1.0 - next) * at(x, n + 1).predictive;
        prop_assert!(near(at(x, n).predictive, expected));
        // Complete, it is 1 or 0, as the rule says.
        let done = at(x, n);
        let full = predictive_probability(&SuccessRule { subjects: n, ..rule }, x, n).unwrap();
        prop_assert_eq!(full.predictive, if done.posterior > cutoff { 1.0 } else { 0.0 });
    }

    #[test]
    fn monitoring_bounds_follow_the_predictive_probability(
        p0 in 0.1..0.7f64, cutoff in 0.6..0.98f64, futility in 0.01..0.3f64, success in 0.7..0.999f64
    ) {
        let rule = SuccessRule { subjects: 40, p0, cutoff, prior: Beta::UNIFORM };
        let looks = predictive_monitoring(&rule, &[10, 20, 30], futility, success).unwrap();
        for look in &looks[..3] {
            for x in 0..=look.subjects {
                let predictive = predictive_probability(&rule, x, look.subjects).unwrap().predictive;
                prop_assert_eq!(look.stop_at_most.is_some_and(|bound| x <= bound), predictive < futility);
                prop_assert_eq!(look.stop_at_least.is_some_and(|bound| x >= bound), predictive > success);
            }
        }
        // The last look decides: every trial ends on one side.
        let ends = sequential_characteristics(&looks, p0).unwrap();
        prop_assert!(near(ends.ever_low() + ends.ever_high(), 1.0));
    }

    #[test]
    fn neighbouring_toxicity_boundaries_bracket_the_error(
        p_low in 0.02..0.4f64, more in 0.05..0.4f64, step in 1..6u64, count in 1..8u64, error in 0.02..0.3f64
    ) {
        let looks: Vec<u64> = (1..=count).map(|k| k * step).collect();
        let found = toxicity_boundaries(p_low, p_low + more, &looks, error).unwrap();
        prop_assert!(found.conservative.at_low.ever_high() < error);
        if let Some(liberal) = found.liberal {
            prop_assert!(liberal.at_low.ever_high() >= error);
            let sum = |b: &[u64]| b.iter().sum::<u64>();
            let apart = sum(&found.conservative.most_acceptable) - sum(&liberal.most_acceptable);
            prop_assert!(apart >= 1);
            prop_assert!(liberal.at_high.ever_high() >= liberal.at_low.ever_high());
        } else {
            prop_assert!(found.conservative.most_acceptable.iter().all(|&most| most == 0));
        }
    }

    #[test]
    fn no_number_whatever_gives_nan_or_a_panic(
        a in any::<f64>(), b in any::<f64>(), c in any::<f64>(), d in any::<f64>(),
        i in any::<u64>(), j in any::<u64>(), k in any::<u64>(), l in any::<u64>(), tame in any::<bool>(),
    ) {
        // Half of the cases keep numbers plain, so that the wild ones get further.
        let [a, b, c, d] = [a, b, c, d].map(|v| if tame { (v.abs() % 1.0).max(1e-3) } else { v });
        let [i, j, k, l] = [i, j, k, l].map(|v| if tame { v % 50 } else { v });
        let design = SimonDesign { r1: i, n1: j, r: k, n: l };
        if let Ok(found) = simon_characteristics(&design, a) {
            prop_assert!(probability(found.early_termination) && probability(found.rejection));
        }
        let _ = simon_designs(&SimonRequirement { p0: a, p1: b, alpha: c, beta: d });
        let _ = single_stage_designs(a, b, c, d);
        for method in [SimonInterval::Exact, SimonInterval::PValueFunction] {
            let outcome = SimonOutcome { r1: i, n1: j, subjects: k, responders: l };
            if let Ok(found) = simon_inference(&outcome, a, method, b) {
                prop_assert!(probability(found.umvue) && probability(found.p_value));
                prop_assert!(probability(found.interval.lower) && probability(found.interval.upper));
            }
        }
        let _ = critical_value_at_actual_size(i, j, k, a, b);
        let prior = Beta { a: 10.0 * a, b: 10.0 * b };
        let _ = bayesian_stop_boundary(c, prior, d, i);
        let _ = bayesian_monitoring(c, prior, d, &[i, j, k]);
        let _ = toxicity_boundaries(a, b, &[i, j, k], c);
        let rule = SuccessRule { subjects: k, p0: a, cutoff: b, prior };
        if let Ok(found) = predictive_probability(&rule, i, j) {
            prop_assert!(probability(found.posterior) && probability(found.predictive));
        }
        let _ = predictive_monitoring(&rule, &[i, j], c, d);
        let looks = [Look { subjects: i, stop_at_most: Some(j), stop_at_least: Some(k) }];
        if let Ok(found) = sequential_characteristics(&looks, a) {
            prop_assert!(probability(found.ever_low()) && found.expected_subjects.is_finite());
        }
    }
}

#[test]
fn the_interval_of_the_p_value_function_covers_too_seldom() {
    // Its limits are those of R's clinfun; 90 % intended.
    let design = SimonDesign {
        r1: 3,
        n1: 13,
        r: 12,
        n: 43,
    };
    let coverage = |method, p: f64| -> f64 {
        outcomes(&design, p)
            .iter()
            .filter(|(outcome, _)| {
                let found = simon_inference(outcome, 0.2, method, 0.9).unwrap();
                found.interval.contains(p)
            })
            .map(|(_, chance)| chance)
            .sum()
    };
    let lowest = |method| {
        (1..100)
            .map(|i| coverage(method, f64::from(i) / 100.0))
            .fold(1.0, f64::min)
    };
    assert!(lowest(SimonInterval::Exact) >= 0.9);
    assert!(lowest(SimonInterval::PValueFunction) < 0.8);
}

#[test]
fn searches_end_or_refuse() {
    let wanted = |p0: f64, p1: f64| SimonRequirement {
        p0,
        p1,
        alpha: 0.05,
        beta: 0.1,
    };
    let refused = simon_designs(&wanted(0.5, 0.51)).unwrap_err();
    assert!(refused.is_bad_input());
    assert_eq!(
        refused.to_string(),
        "a two-stage design with these error rates needs more than 500 subjects; \
         take p0 and p1 further apart, or allow larger error rates"
    );
    assert!(simon_designs(&wanted(0.5, 0.6)).unwrap().optimal.n > 200);
    assert!(
        single_stage_designs(0.5, 0.501, 0.05, 0.1)
            .unwrap_err()
            .is_bad_input()
    );
    assert!(
        single_stage_designs(0.5, 0.52, 0.05, 0.1)
            .unwrap()
            .smallest
            .n
            > 5_000
    );
    let trial_that_should_go_on = SimonOutcome {
        r1: 3,
        n1: 13,
        subjects: 13,
        responders: 4,
    };
    assert_eq!(
        simon_inference(&trial_that_should_go_on, 0.2, SimonInterval::Exact, 0.9),
        Err(NotEstimable::TooFewSubjects {
            subjects: 13,
            needed: 14
        })
    );
    let backwards = simon_designs(&wanted(0.4, 0.2)).unwrap_err();
    assert!(matches!(
        backwards,
        NotEstimable::Input(InputError::Range { name: "p1", .. })
    ));
}

#[test]
fn a_boundary_that_cannot_be_reached_is_none() {
    // One subject cannot move a strong prior.
    let prior = Beta { a: 1.0, b: 50.0 };
    assert_eq!(bayesian_stop_boundary(0.3, prior, 0.9, 1), Ok(None));
    let rule = SuccessRule {
        subjects: 3,
        p0: 0.9,
        cutoff: 0.99,
        prior: Beta::UNIFORM,
    };
    let found = predictive_probability(&rule, 1, 1).unwrap();
    assert_eq!((found.predictive, found.responders_to_win), (0.0, None));
}
