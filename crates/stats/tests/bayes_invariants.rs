//! What must hold for any prior and any data: symmetry, coherence, limits, wild numbers.

use neurocart_stats::NotEstimable;
use neurocart_stats::bayes::assurance::{
    assurance_fisher, assurance_from_draws, assurance_normal, assurance_single_arm,
};
use neurocart_stats::bayes::beta_mixture::{Beta, BetaMixture, WeightedBeta, beta_binomial_pmf};
use neurocart_stats::bayes::map_mixture::{beta_mixture_approximation, beta_mixture_fit};
use neurocart_stats::bayes::meta_analytic_predictive::{HistoricalControl, MapPriors, map_prior};
use neurocart_stats::bayes::power_prior::{PowerPrior, power_prior_posterior};
use neurocart_stats::bayes::two_arm::{
    TwoArmData, TwoArmDesign, posterior_superior, probability_superior, success_region,
};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

fn probability(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

fn single(beta: Beta) -> BetaMixture {
    BetaMixture::single(beta).unwrap()
}

fn any_mixture(smallest: f64) -> impl Strategy<Value = BetaMixture> {
    prop::collection::vec((0.05..1.0f64, smallest..40.0f64, smallest..40.0f64), 1..4).prop_map(
        |parts| {
            let components: Vec<WeightedBeta> = parts
                .into_iter()
                .map(|(weight, a, b)| WeightedBeta {
                    weight,
                    beta: Beta { a, b },
                })
                .collect();
            BetaMixture::new(&components).unwrap()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/bayes_invariants.proptest-regressions",
        ))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn one_of_two_is_better(x in any_mixture(0.2), y in any_mixture(0.2)) {
        let (above, below) = (probability_superior(&x, &y), probability_superior(&y, &x));
        prop_assert!(near(above + below, 1.0), "{} {}", above, below);
        prop_assert!(near(probability_superior(&x, &x), 0.5));
    }

    #[test]
    fn whole_parameters_have_a_finite_sum(a in 1..30u64, b in 1..30u64, c in 1..30u64, d in 1..30u64) {
        // P(Beta(a, b) > Beta(c, d)): of a + b + c + d - 2 uniform points, beta-binomially.
        let (x, y) = (Beta { a: a as f64, b: b as f64 }, Beta { a: c as f64, b: d as f64 });
        // Beta(c, d) <= t exactly if at least c of c + d - 1 uniform points are <= t.
        let sum: f64 = (c..c + d).map(|k| beta_binomial_pmf(k, c + d - 1, x)).sum();
        prop_assert!(near(probability_superior(&single(x), &single(y)), sum));
    }

    #[test]
    fn the_success_region_is_where_the_posterior_says(
        n in 1..25u64, m in 1..25u64, treatment in any_mixture(0.3), control in any_mixture(0.3), cutoff in 0.5..0.99f64
    ) {
        let design = TwoArmDesign {
            treated_subjects: n,
            control_subjects: m,
            treatment_prior: treatment.clone(),
            control_prior: control.clone(),
            cutoff,
        };
        let region = success_region(&design).unwrap();
        let posterior = |x, y| {
            let data = TwoArmData { treated_responders: x, treated_subjects: n, control_responders: y, control_subjects: m };
            posterior_superior(&data, &treatment, &control).unwrap()
        };
        for (y, &to_win) in (0..).zip(&region.responders_to_win) {
            if let Some(x) = to_win {
                prop_assert!(posterior(x, y) > cutoff - 1e-9);
            }
            let fewer = to_win.unwrap_or(n + 1);
            if fewer > 0 {
                prop_assert!(posterior(fewer - 1, y) <= cutoff + 1e-9);
            }
        }
        // More responders on control never make it easier.
        let needed: Vec<u64> = region.responders_to_win.iter().map(|x| x.unwrap_or(n + 1)).collect();
        prop_assert!(needed.windows(2).all(|pair| pair[0] <= pair[1]));
        let nulls: Vec<f64> = (0..=20).map(|i| f64::from(i) / 20.0).collect();
        let errors = region.type_one_error(&nulls).unwrap();
        prop_assert!(errors.by_null.iter().all(|&e| probability(e) && e <= errors.worst));
        prop_assert!(region.success(0.3, 0.6).unwrap() >= region.success(0.3, 0.3).unwrap() - 1e-12);
    }

    #[test]
    fn data_may_come_one_by_one(prior in any_mixture(0.1), x in 0..20u64, rest in 0..20u64) {
        let at_once = prior.posterior(x, x + rest).unwrap();
        let mut step_by_step = prior.clone();
        for i in 0..x + rest {
            step_by_step = step_by_step.posterior(u64::from(i < x), 1).unwrap();
        }
        for (a, b) in at_once.components().iter().zip(step_by_step.components()) {
            prop_assert!(near(a.weight, b.weight) && near(a.beta.a, b.beta.a) && near(a.beta.b, b.beta.b));
        }
        let all: f64 = (0..=x + rest).map(|k| prior.predictive(k, x + rest).unwrap()).sum();
        prop_assert!(near(all, 1.0));
    }

    #[test]
    fn quantiles_invert_the_distribution_function(prior in any_mixture(0.1), p in 0.001..0.999f64) {
        let value = prior.quantile(p).unwrap();
        prop_assert!(near(prior.cdf(value), p) && near(prior.upper_tail(value), 1.0 - p));
    }

    #[test]
    fn elir_is_predictively_consistent(prior in any_mixture(1.01), n in 1..12u64) {
        // The expected effective sample size of the posterior is that of the prior plus n.
        let expected: f64 = (0..=n)
            .map(|x| {
                let posterior = prior.posterior(x, n).unwrap();
                prior.predictive(x, n).unwrap() * posterior.effective_sample_size_elir().unwrap()
            })
            .sum();
        let before = prior.effective_sample_size_elir().unwrap();
        prop_assert!(near(expected, before + n as f64), "{} {}", expected, before);
    }

    #[test]
    fn one_component_is_worth_its_parameters(a in 1.001..500.0f64, b in 1.001..500.0f64) {
        let prior = single(Beta { a, b });
        prop_assert!(near(prior.effective_sample_size_moment(), a + b));
        prop_assert!(near(prior.effective_sample_size_elir().unwrap(), a + b));
    }

    #[test]
    fn assurance_stays_below_its_bound(mean in -3.0..3.0f64, sd in 0.0..3.0f64, se in 0.01..3.0f64, alpha in 0.001..0.2f64) {
        let found = assurance_normal(mean, sd, se, alpha).unwrap();
        prop_assert!(found.chance.assurance <= found.upper_bound + 1e-12);
        let certain = assurance_normal(mean, 0.0, se, alpha).unwrap().chance;
        prop_assert!(near(certain.assurance, certain.power_at_prior_mean));
        // Averaging pulls power towards one half.
        let pull = (found.chance.power_at_prior_mean - 0.5) * (found.chance.power_at_prior_mean - found.chance.assurance);
        prop_assert!(pull >= -1e-12);
    }

    #[test]
    fn a_power_prior_runs_from_nothing_to_pooling(x in 0..50u64, more in 0..50u64, hx in 0..200u64, hmore in 0..200u64) {
        let at = |exponent| power_prior_posterior(
            &PowerPrior { initial: Beta::UNIFORM, historical_responders: hx, historical_subjects: hx + hmore, exponent },
            x, x + more, 0.95,
        ).unwrap();
        prop_assert_eq!(at(0.0).posterior, Beta::UNIFORM.after(x, x + more));
        prop_assert_eq!(at(1.0).posterior, Beta::UNIFORM.after(x + hx, x + more + hx + hmore));
        prop_assert!(at(0.3).interval.contains(at(0.3).mean));
    }

    #[test]
    fn no_number_whatever_gives_nan_or_a_panic(
        a in any::<f64>(), b in any::<f64>(), c in any::<f64>(), d in any::<f64>(),
        i in any::<u64>(), j in any::<u64>(), tame in any::<bool>(),
    ) {
        let [a, b, c, d] = [a, b, c, d].map(|v| if tame { (v.abs() % 1.0).max(0.06) } else { v });
        let [i, j] = [i, j].map(|v| if tame { v % 40 } else { v });
        let beta = Beta { a, b };
        let plain = single(Beta::UNIFORM);
        if let Ok(found) = assurance_normal(a, b, c, d) {
            prop_assert!(probability(found.chance.assurance) && probability(found.upper_bound));
        }
        let _ = assurance_from_draws(&[i, j], j);
        if let Ok(wild) = BetaMixture::new(&[WeightedBeta { weight: c, beta }, WeightedBeta { weight: d, beta: Beta::UNIFORM }]) {
            prop_assert!(probability(probability_superior(&wild, &plain)));
            if let Ok(found) = assurance_single_arm(&wild, i, j) {
                prop_assert!(probability(found.assurance));
            }
            if tame {
                let _ = assurance_fisher(&wild, &plain, i % 10, j % 10, c);
            }
            let _ = wild.robust(c, Beta { a: d, b });
            prop_assert!(wild.quantile(c).is_ok_and(probability) || !probability(c));
            if let Ok(posterior) = wild.posterior(i, j) {
                prop_assert!(posterior.effective_sample_size_moment().is_finite());
                let elir = posterior.effective_sample_size_elir();
                prop_assert!(elir.is_ok_and(f64::is_finite) || posterior.components().iter().any(|c| c.beta.a < 1.0 || c.beta.b < 1.0));
            }
            let design = TwoArmDesign { treated_subjects: i, control_subjects: j, treatment_prior: wild, control_prior: plain, cutoff: c };
            if let Ok(region) = success_region(&design) {
                prop_assert!(region.success(0.2, d).is_ok_and(probability) || !probability(d));
            }
        }
        let prior = PowerPrior { initial: beta, historical_responders: i, historical_subjects: j, exponent: c };
        if let Ok(found) = power_prior_posterior(&prior, i, j, d) {
            prop_assert!(found.interval.lower <= found.interval.upper);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 12,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/bayes_invariants.proptest-regressions",
        ))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_map_prior_of_any_studies_is_a_distribution(
        studies in prop::collection::vec((0..=20u64, 0..=20u64), 1..7), huge in any::<bool>(),
        tau_scale in 0.05..2.0f64, mu_sd in 0.1..5.0f64
    ) {
        let scale = if huge { 1_000_000 } else { 1 };
        let studies: Vec<HistoricalControl> = studies
            .into_iter()
            .map(|(r, rest)| HistoricalControl { responders: r * scale, subjects: (r + rest).max(1) * scale })
            .collect();
        let priors = MapPriors { mu_mean: 0.0, mu_sd, tau_scale };
        let map = map_prior(&studies, &priors).unwrap();
        prop_assert!(map.mean > 0.0 && map.mean < 1.0 && map.standard_deviation > 0.0);
        let quantiles: Vec<f64> = [0.025, 0.25, 0.5, 0.75, 0.975].iter().map(|&p| map.quantile(p).unwrap()).collect();
        prop_assert!(quantiles.windows(2).all(|pair| pair[0] < pair[1]));
        for (value, p) in quantiles.iter().zip([0.025, 0.25, 0.5, 0.75, 0.975]) {
            prop_assert!((map.cdf(*value) - p).abs() < 1e-6);
        }
        let taus: Vec<f64> = [0.025, 0.5, 0.975].iter().map(|&p| map.tau_quantile(p).unwrap()).collect();
        prop_assert!(taus[0] >= 0.0 && taus[0] < taus[1] && taus[1] < taus[2]);
        let backwards: Vec<HistoricalControl> = studies.iter().rev().copied().collect();
        let other = map_prior(&backwards, &priors).unwrap();
        prop_assert!(near(map.mean, other.mean) && near(map.standard_deviation, other.standard_deviation));
        let fit = beta_mixture_approximation(&map).unwrap();
        prop_assert!((fit.mixture.mean() - map.mean).abs() < 0.02, "{:?} {:?}", fit, map.mean);
    }
}

#[test]
fn without_heterogeneity_the_map_prior_is_the_pooled_posterior() {
    // tau near 0 and a wide normal prior of mu leave the pooled data, Beta(r, n - r) nearly.
    let studies =
        [(30, 100), (27, 100), (33, 100)].map(|(responders, subjects)| HistoricalControl {
            responders,
            subjects,
        });
    let priors = MapPriors {
        mu_mean: 0.0,
        mu_sd: 10.0,
        tau_scale: 0.01,
    };
    let map = map_prior(&studies, &priors).unwrap();
    let pooled = Beta { a: 90.0, b: 210.0 };
    assert!((map.mean - pooled.mean()).abs() < 1e-4, "{}", map.mean);
    let ratio = map.standard_deviation / pooled.standard_deviation();
    // tau adds 1e-4 to a variance of 0.0159 on the logit scale, and the next study once more.
    assert!((ratio - 1.0).abs() < 0.01, "{ratio}");
}

#[test]
fn more_components_come_closer() {
    let studies =
        [(23, 107), (12, 44), (19, 51), (9, 39)].map(|(responders, subjects)| HistoricalControl {
            responders,
            subjects,
        });
    let map = map_prior(&studies, &MapPriors::default()).unwrap();
    let divergence: Vec<f64> = (1..=4)
        .map(|k| beta_mixture_fit(&map, k).unwrap().divergence)
        .collect();
    assert!(
        divergence.windows(2).all(|pair| pair[1] < pair[0]),
        "{divergence:?}"
    );
    assert!(divergence[3] < 1e-3, "{divergence:?}");
}

#[test]
fn an_unbounded_prior_has_no_elir() {
    let prior = single(Beta { a: 0.5, b: 0.5 });
    assert_eq!(
        prior.effective_sample_size_elir(),
        Err(NotEstimable::UnboundedPrior)
    );
    assert!(near(prior.effective_sample_size_moment(), 1.0));
}

#[test]
fn simulated_assurance_tells_parameters_from_sampling() {
    // Every draw has the same count: nothing between draws.
    let same = assurance_from_draws(&[70; 20], 100).unwrap();
    assert!(near(same.assurance.estimate, 0.7));
    assert_eq!(same.power_sd_between_draws, 0.0);
    assert!(near(
        same.power_sd_within_draw,
        (0.7 * 0.3 / 99.0_f64).sqrt()
    ));
    // Draws at 0 and 1 have no sampling error: all is between.
    let split = assurance_from_draws(&[0, 100, 0, 100], 100).unwrap();
    assert_eq!(split.power_sd_within_draw, 0.0);
    assert!(near(split.power_sd_between_draws, (1.0_f64 / 3.0).sqrt()));
}

#[test]
fn huge_counts_keep_their_digits() {
    let n = 1_000_000_000;
    let data = TwoArmData {
        treated_responders: n / 4,
        treated_subjects: n,
        control_responders: n / 4,
        control_subjects: n,
    };
    let flat = single(Beta::UNIFORM);
    let even = posterior_superior(&data, &flat, &flat).unwrap();
    assert!((even - 0.5).abs() < 1e-6, "{even}");
    // A prior that expects 10 % against data at 25 %: the vague component takes over.
    let prior = single(Beta { a: 1e4, b: 9e4 })
        .robust(0.1, Beta::UNIFORM)
        .unwrap();
    let posterior = prior.posterior(n / 4, n).unwrap();
    assert!(near(posterior.components()[1].weight, 1.0));
}
