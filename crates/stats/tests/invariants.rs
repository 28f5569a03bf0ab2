//! What must hold for any data: permutation, relabelling, strata, wild numbers.

use neurocart_stats::NotEstimable;
use neurocart_stats::ancova::{AncovaOptions, ancova};
use neurocart_stats::cox::{CoxOptions, Ties, cox, cox_profile_interval};
use neurocart_stats::distribution::binomial_pmf;
use neurocart_stats::kaplan_meier::{SurvivalIntervalOptions, SurvivalIntervalType, kaplan_meier};
use neurocart_stats::log_rank::{LogRankOptions, log_rank};
use neurocart_stats::monte_carlo::monte_carlo_mean;
use neurocart_stats::negative_binomial::{Overdispersion, negative_binomial};
use neurocart_stats::nelson_aalen::nelson_aalen;
use neurocart_stats::poisson_rate_ratio::{poisson_rate, poisson_rate_ratio};
use neurocart_stats::poisson_regression::{PoissonVariance, poisson_regression};
use neurocart_stats::proportion::{ProportionMethod, proportion};
use neurocart_stats::quantile::{QuantileType, quantile};
use neurocart_stats::two_by_two::{RiskDifferenceMethod, TwoByTwo, fisher_exact, risk_difference};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

const METHODS: [ProportionMethod; 6] = [
    ProportionMethod::ClopperPearson,
    ProportionMethod::Wilson,
    ProportionMethod::WilsonContinuityCorrected,
    ProportionMethod::Jeffreys,
    ProportionMethod::UniformPrior,
    ProportionMethod::AgrestiCoull,
];
const DIFFERENCES: [RiskDifferenceMethod; 3] = [
    RiskDifferenceMethod::Newcombe,
    RiskDifferenceMethod::MiettinenNurminen,
    RiskDifferenceMethod::Mee,
];

/// Time, event, arm, stratum and a continuous covariate of one subject; few distinct times, so
/// that ties are everywhere.
type Subject = (u8, bool, bool, u8, i16);

fn subjects(from: usize, to: usize) -> impl Strategy<Value = Vec<Subject>> {
    prop::collection::vec(
        (0..12u8, any::<bool>(), any::<bool>(), 0..3u8, any::<i16>()),
        from..to,
    )
}

struct Columns {
    time: Vec<f64>,
    event: Vec<bool>,
    arm: Vec<usize>,
    arm_number: Vec<f64>,
    strata: Vec<usize>,
    covariate: Vec<f64>,
}

fn columns(subjects: &[Subject]) -> Columns {
    Columns {
        time: subjects.iter().map(|s| f64::from(s.0)).collect(),
        event: subjects.iter().map(|s| s.1).collect(),
        arm: subjects.iter().map(|s| usize::from(s.2)).collect(),
        arm_number: subjects.iter().map(|s| f64::from(s.2)).collect(),
        strata: subjects.iter().map(|s| usize::from(s.3)).collect(),
        covariate: subjects.iter().map(|s| f64::from(s.4) / 1000.0).collect(),
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-8 * (1.0 + a.abs().max(b.abs()))
}

fn finite(values: &[f64]) -> bool {
    values.iter().all(|v| v.is_finite())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/invariants.proptest-regressions",
        ))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_order_of_subjects_changes_no_survival_result(
        (original, shuffled) in subjects(2, 60).prop_flat_map(|s| (Just(s.clone()), Just(s).prop_shuffle()))
    ) {
        let (a, b) = (columns(&original), columns(&shuffled));
        prop_assert_eq!(kaplan_meier(&a.time, &a.event), kaplan_meier(&b.time, &b.event));
        prop_assert_eq!(nelson_aalen(&a.time, &a.event), nelson_aalen(&b.time, &b.event));
        let log_rank = |c: &Columns| {
            log_rank(&c.time, &c.event, &c.arm, &LogRankOptions { rho: 1.0, strata: Some(&c.strata), ..Default::default() })
        };
        prop_assert_eq!(log_rank(&a), log_rank(&b));
        for ties in [Ties::Efron, Ties::Breslow, Ties::Exact] {
            let fit = |c: &Columns| {
                let options = CoxOptions { ties, strata: Some(&c.strata), ..Default::default() };
                cox(&c.time, &c.event, &[&c.arm_number, &c.covariate], &options)
            };
            match (fit(&a), fit(&b)) {
                (Ok(a), Ok(b)) => for (a, b) in a.coefficients.iter().zip(&b.coefficients) {
                    prop_assert!(near(a.log_hazard_ratio, b.log_hazard_ratio));
                    prop_assert!(near(a.standard_error, b.standard_error));
                },
                (a, b) => prop_assert!(a.is_err() && b.is_err(), "{a:?} {b:?}"),
            }
        }
    }

    #[test]
    fn swapping_the_arms_flips_the_signs(s in subjects(2, 60)) {
        let c = columns(&s);
        let swapped: Vec<usize> = c.arm.iter().map(|a| 1 - a).collect();
        let swapped_number: Vec<f64> = c.arm_number.iter().map(|a| 1.0 - a).collect();
        let options = LogRankOptions::default();
        match (log_rank(&c.time, &c.event, &c.arm, &options), log_rank(&c.time, &c.event, &swapped, &options)) {
            (Ok(a), Ok(b)) => {
                prop_assert!(near(a.z.unwrap(), -b.z.unwrap()));
                prop_assert!(near(a.z.unwrap().powi(2), a.test.statistic));
                prop_assert!(near(a.p_fewer_in_second.unwrap() + b.p_fewer_in_second.unwrap(), 1.0));
                // All events are expected somewhere.
                let sum = |f: fn(&neurocart_stats::log_rank::LogRankGroup) -> f64| a.groups.iter().map(f).sum::<f64>();
                prop_assert!(near(sum(|g| g.observed), sum(|g| g.expected)));
            }
            (a, b) => prop_assert_eq!(a.is_err(), b.is_err()),
        }
        let fit = |x: &[f64]| cox(&c.time, &c.event, &[x], &CoxOptions::default());
        match (fit(&c.arm_number), fit(&swapped_number)) {
            (Ok(a), Ok(b)) => {
                prop_assert!(near(a.coefficients[0].log_hazard_ratio, -b.coefficients[0].log_hazard_ratio));
                prop_assert!(near(a.coefficients[0].interval.lower * b.coefficients[0].interval.upper, 1.0));
            }
            (a, b) => prop_assert!(a.is_err() && b.is_err(), "{a:?} {b:?}"),
        }
    }

    #[test]
    fn the_exact_score_test_is_the_log_rank_test(s in subjects(2, 60)) {
        let c = columns(&s);
        let options = CoxOptions { ties: Ties::Exact, strata: Some(&c.strata), ..Default::default() };
        if let Ok(fit) = cox(&c.time, &c.event, &[&c.arm_number], &options) {
            let test = log_rank(&c.time, &c.event, &c.arm, &LogRankOptions { rho: 0.0, strata: Some(&c.strata), ..Default::default() });
            prop_assert!(near(fit.score.statistic, test.unwrap().test.statistic));
        }
    }

    #[test]
    fn without_ties_all_treatments_of_ties_agree(
        events in prop::collection::vec((any::<bool>(), any::<bool>()), 4..40)
    ) {
        let time: Vec<f64> = (0..events.len()).map(|i| i as f64).collect();
        let event: Vec<bool> = events.iter().map(|e| e.0).collect();
        let arm: Vec<f64> = events.iter().map(|e| f64::from(e.1)).collect();
        let fit = |ties| cox(&time, &event, &[&arm], &CoxOptions { ties, ..Default::default() });
        for ties in [Ties::Breslow, Ties::Exact] {
            match (fit(Ties::Efron), fit(ties)) {
                (Ok(a), Ok(b)) => {
                    prop_assert!(near(a.coefficients[0].log_hazard_ratio, b.coefficients[0].log_hazard_ratio));
                    prop_assert!(near(a.log_likelihood, b.log_likelihood));
                }
                (a, b) => prop_assert!(a.is_err() && b.is_err(), "{a:?} {b:?}"),
            }
        }
    }

    #[test]
    fn a_stratum_without_contrast_adds_nothing(s in subjects(2, 40), extra in subjects(1, 20)) {
        // Another stratum, all of it in one arm, cannot move a comparison of arms.
        let mut more = s.clone();
        more.extend(extra.iter().map(|e| (e.0, e.1, true, 9, e.4)));
        let fit = |s: &[Subject]| {
            let c = columns(s);
            let options = CoxOptions { strata: Some(&c.strata), ..Default::default() };
            let test = log_rank(&c.time, &c.event, &c.arm, &LogRankOptions { rho: 0.0, strata: Some(&c.strata), ..Default::default() });
            (cox(&c.time, &c.event, &[&c.arm_number], &options), test)
        };
        let (first, second) = (fit(&s), fit(&more));
        if let (Ok(a), Ok(b)) = (&first.0, &second.0) {
            prop_assert!(near(a.coefficients[0].log_hazard_ratio, b.coefficients[0].log_hazard_ratio));
            prop_assert!(near(a.coefficients[0].standard_error, b.coefficients[0].standard_error));
        }
        if let (Ok(a), Ok(b)) = (&first.1, &second.1) {
            prop_assert!(near(a.test.statistic, b.test.statistic));
        }
    }

    #[test]
    fn survival_falls_from_one_and_lies_in_its_interval(s in subjects(1, 60), level in 0.5..0.999f64) {
        let c = columns(&s);
        let curve = kaplan_meier(&c.time, &c.event).unwrap();
        let mut last = 1.0;
        for step in &curve.steps {
            prop_assert!(step.survival >= 0.0 && step.survival <= last);
            last = step.survival;
            prop_assert_eq!(step.at_risk, c.time.iter().filter(|&&t| t >= step.time).count());
            for interval_type in [SurvivalIntervalType::Plain, SurvivalIntervalType::Log, SurvivalIntervalType::LogLog] {
                let options = SurvivalIntervalOptions { interval_type, confidence_level: level };
                if let Some(interval) = step.interval(&options) {
                    prop_assert!(interval.contains(step.survival));
                    prop_assert!(interval.lower >= 0.0 && interval.upper <= 1.0);
                }
                if let Ok(median) = curve.median(&options) {
                    prop_assert!(median.lower.is_none_or(|l| l <= median.time));
                    prop_assert!(median.upper.is_none_or(|u| u >= median.time));
                }
            }
        }
    }

    #[test]
    fn a_covariate_constant_within_strata_is_collinear(s in subjects(2, 40)) {
        // Whatever the stratum, the arm is its parity: nobody at risk ever differs.
        let c = columns(&s);
        let arm: Vec<f64> = c.strata.iter().map(|&s| (s % 2) as f64).collect();
        for ties in [Ties::Efron, Ties::Breslow, Ties::Exact] {
            let options = CoxOptions { ties, strata: Some(&c.strata), ..Default::default() };
            match cox(&c.time, &c.event, &[&arm], &options) {
                Err(NotEstimable::Collinear { covariate: 0 }) | Err(NotEstimable::NoEvents) => {}
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn cox_answers_are_finite_or_typed(s in subjects(0, 40)) {
        let c = columns(&s);
        let everyone: Vec<usize> = (0..s.len()).collect();
        for covariates in [&[&c.arm_number[..]][..], &[&c.arm_number, &c.covariate], &[&c.arm_number, &c.arm_number]] {
            let options = CoxOptions { cluster: Some(&everyone), ..Default::default() };
            match cox(&c.time, &c.event, covariates, &options) {
                Ok(fit) => for term in &fit.coefficients {
                    prop_assert!(finite(&[term.log_hazard_ratio, term.standard_error, term.z, term.p_value]));
                    prop_assert!(term.interval.contains(term.hazard_ratio));
                    prop_assert!(fit.likelihood_ratio.statistic >= 0.0 && fit.log_likelihood >= fit.log_likelihood_null);
                },
                Err(reason) => prop_assert!(!reason.is_bad_input(), "{reason}"),
            }
        }
    }

    #[test]
    fn monotone_likelihood_is_found_exactly_where_it_is(s in subjects(2, 40)) {
        let c = columns(&s);
        // The likelihood in one covariate is monotone if at every event the dying subjects all have
        // the largest value at risk, or all the smallest; and flat if nobody at risk ever differs.
        let at_risk = |t: f64| -> Vec<f64> {
            (0..s.len()).filter(|&i| c.time[i] >= t).map(|i| c.arm_number[i]).collect()
        };
        let (mut always_largest, mut always_smallest, mut ever_mixed) = (true, true, false);
        for i in (0..s.len()).filter(|&i| c.event[i]) {
            let present = at_risk(c.time[i]);
            let low = present.iter().copied().fold(f64::INFINITY, f64::min);
            let high = present.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            always_largest &= c.arm_number[i] == high;
            always_smallest &= c.arm_number[i] == low;
            ever_mixed |= low < high;
        }
        match cox(&c.time, &c.event, &[&c.arm_number], &CoxOptions { ties: Ties::Breslow, ..Default::default() }) {
            Ok(_) => prop_assert!(ever_mixed && !always_largest && !always_smallest),
            Err(NotEstimable::NoEvents) => prop_assert!(!c.event.contains(&true)),
            Err(NotEstimable::MonotoneLikelihood { .. }) => prop_assert!(always_largest || always_smallest),
            Err(NotEstimable::Collinear { .. }) => prop_assert!(!ever_mixed),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn profile_interval_contains_the_estimate_and_is_near_wald_when_large(s in subjects(100, 140)) {
        let c = columns(&s);
        let options = CoxOptions::default();
        let fit = cox(&c.time, &c.event, &[&c.arm_number, &c.covariate], &options).unwrap();
        let profile = cox_profile_interval(&c.time, &c.event, &[&c.arm_number, &c.covariate], 0, &options).unwrap();
        let term = &fit.coefficients[0];
        prop_assert!(profile.contains(term.hazard_ratio));
        prop_assert!((profile.lower.ln() - term.interval.lower.ln()).abs() < 0.3 * term.standard_error);
        prop_assert!((profile.upper.ln() - term.interval.upper.ln()).abs() < 0.3 * term.standard_error);
    }

    #[test]
    fn proportion_intervals_contain_the_estimate_and_mirror(x in 0..500u64, extra in 0..500u64, level in 0.5..0.999f64) {
        let n = x + extra;
        prop_assume!(n > 0);
        for method in METHODS {
            let one = proportion(x, n, method, level).unwrap();
            let other = proportion(n - x, n, method, level).unwrap();
            prop_assert!((0.0..=1.0).contains(&one.interval.lower) && (0.0..=1.0).contains(&one.interval.upper));
            prop_assert!(near(one.interval.lower, 1.0 - other.interval.upper));
            // The equal-tailed posterior under a flat prior may leave 0 of n just outside.
            if method != ProportionMethod::UniformPrior {
                prop_assert!(one.interval.contains(one.estimate), "{:?} {:?}", method, one);
            }
        }
    }

    #[test]
    fn fisher_equals_full_enumeration(x1 in 0..15u64, rest1 in 0..15u64, x2 in 0..15u64, rest2 in 0..15u64) {
        let (n1, n2) = (x1 + rest1, x2 + rest2);
        prop_assume!(n1 > 0 && n2 > 0);
        let table = TwoByTwo { treated_events: x1, treated_total: n1, control_events: x2, control_total: n2 };
        let ours = fisher_exact(&table).unwrap();
        // The hypergeometric as two binomials given their sum; any common probability will do.
        let weight = |k: u64| binomial_pmf(k, n1, 0.4) * binomial_pmf(x1 + x2 - k, n2, 0.4);
        let range: Vec<u64> = ((x1 + x2).saturating_sub(n2)..=(x1 + x2).min(n1)).collect();
        let all: f64 = range.iter().map(|&k| weight(k)).sum();
        let sum = |keep: &dyn Fn(u64) -> bool| range.iter().filter(|&&k| keep(k)).map(|&k| weight(k)).sum::<f64>() / all;
        prop_assert!(near(ours.p_greater, sum(&|k| k >= x1)));
        prop_assert!(near(ours.p_less, sum(&|k| k <= x1)));
        prop_assert!(near(ours.p_two_sided, sum(&|k| weight(k) <= weight(x1) * (1.0 + 1e-7))));
        let swapped = TwoByTwo { treated_events: x2, treated_total: n2, control_events: x1, control_total: n1 };
        prop_assert!(near(fisher_exact(&swapped).unwrap().p_less, ours.p_greater));
        for method in DIFFERENCES {
            let a = risk_difference(&table, method, 0.95).unwrap();
            let b = risk_difference(&swapped, method, 0.95).unwrap();
            prop_assert!(a.interval.contains(a.estimate), "{method:?} {a:?}");
            prop_assert!(a.interval.lower >= -1.0 && a.interval.upper <= 1.0);
            prop_assert!(near(a.interval.lower, -b.interval.upper));
        }
    }

    #[test]
    fn poisson_ratio_inverts_when_the_groups_swap(x1 in 0..80u64, x2 in 0..80u64, t1 in 0.1..90.0f64, t2 in 0.1..90.0f64) {
        prop_assume!(x1 + x2 > 0);
        let a = poisson_rate_ratio([x1, x2], [t1, t2], 0.95).unwrap();
        let b = poisson_rate_ratio([x2, x1], [t2, t1], 0.95).unwrap();
        prop_assert!(a.interval.contains(a.rate_ratio));
        prop_assert!(near(a.p_value, b.p_value) && a.p_value > 0.0 && a.p_value <= 1.0);
        prop_assert!(a.interval.lower == 0.0 && b.interval.upper == f64::INFINITY || near(a.interval.lower * b.interval.upper, 1.0));
        let rate = poisson_rate(x1, t1, 0.9).unwrap();
        prop_assert!(rate.interval.contains(rate.rate));
    }

    #[test]
    fn ancova_does_not_depend_on_order_units_or_labels(s in subjects(5, 50), shift in -50.0..50.0f64, unit in 0.01..100.0f64) {
        let c = columns(&s);
        let baseline: Vec<f64> = c.time.clone();
        let options = AncovaOptions { strata: Some(&c.strata), ..Default::default() };
        let first = ancova(&c.covariate, &c.arm, &baseline, &options);
        let moved: Vec<f64> = baseline.iter().rev().map(|b| b * unit + shift).collect();
        let change: Vec<f64> = c.covariate.iter().rev().copied().collect();
        let relabelled: Vec<usize> = c.arm.iter().rev().map(|a| a * 7 + 3).collect();
        let strata: Vec<usize> = c.strata.iter().rev().map(|s| 2 - s).collect();
        let second = ancova(&change, &relabelled, &moved, &AncovaOptions { strata: Some(&strata), ..Default::default() });
        match (first, second) {
            (Ok(a), Ok(b)) => {
                let (x, y) = (a.differences[0].difference, b.differences[0].difference);
                prop_assert!(near(x.estimate, y.estimate) && near(x.standard_error, y.standard_error));
                prop_assert!(near(a.baseline_slope.estimate, b.baseline_slope.estimate * unit));
                prop_assert!(x.interval.contains(x.estimate) && finite(&[x.t, x.p_value]));
                prop_assert!(near(a.means[1].mean.estimate - a.means[0].mean.estimate, x.estimate));
            }
            (a, b) => {
                let reason = a.clone().err();
                prop_assert!(a.is_err() && b.is_err(), "{a:?} {b:?}");
                prop_assert!(!reason.unwrap().is_bad_input());
            }
        }
    }

    #[test]
    fn count_models_answer_or_say_why(rows in prop::collection::vec((0..9u64, any::<bool>(), any::<i8>(), 0.1..3.0f64), 0..60)) {
        let count: Vec<u64> = rows.iter().map(|r| r.0).collect();
        let arm: Vec<f64> = rows.iter().map(|r| f64::from(r.1)).collect();
        let age: Vec<f64> = rows.iter().map(|r| f64::from(r.2)).collect();
        let years: Vec<f64> = rows.iter().map(|r| r.3).collect();
        for covariates in [&[&arm[..]][..], &[&arm, &age]] {
            match negative_binomial(&count, &years, covariates, 0.95) {
                Ok(fit) => {
                    for term in fit.model.coefficients.iter().chain([&fit.model.intercept]) {
                        prop_assert!(finite(&[term.coefficient, term.standard_error, term.z, term.p_value]));
                        prop_assert!(term.interval.contains(term.rate_ratio));
                    }
                    // The gamma variance fits no worse than Poisson, which it contains.
                    let poisson = poisson_regression(&count, &years, covariates, PoissonVariance::Model, 0.95).unwrap();
                    prop_assert!(fit.model.log_likelihood >= poisson.log_likelihood - 1e-7);
                    if let Overdispersion::Gamma { theta, standard_error } = fit.overdispersion {
                        prop_assert!(theta > 0.0 && finite(&[theta, standard_error]));
                    }
                }
                Err(reason) => prop_assert!(!reason.is_bad_input(), "{reason}"),
            }
        }
    }

    #[test]
    fn no_number_whatever_gives_nan_or_a_panic(
        rows in prop::collection::vec((any::<f64>(), any::<f64>(), any::<bool>(), any::<u64>(), any::<f64>()), 0..12),
        tame in any::<bool>(),
        number in any::<f64>(),
    ) {
        // Half of the cases keep times and exposures plain, so that the wild values get further.
        let plain = |v: f64| if tame { v.abs().clamp(1e-3, 1e3) } else { v };
        let time: Vec<f64> = rows.iter().map(|r| plain(r.0)).collect();
        let event: Vec<bool> = rows.iter().map(|r| r.2).collect();
        let x: Vec<f64> = rows.iter().map(|r| r.1).collect();
        let arm: Vec<usize> = rows.iter().map(|r| r.3 as usize % 2).collect();
        let count: Vec<u64> = rows.iter().map(|r| if tame { r.3 % 5 } else { r.3 }).collect();
        let y: Vec<f64> = rows.iter().map(|r| r.4).collect();
        let ordered = |low: f64, middle: f64, high: f64| low <= middle && middle <= high;
        if let Ok(fit) = cox(&time, &event, &[&x], &CoxOptions::default()) {
            let term = &fit.coefficients[0];
            prop_assert!(finite(&[term.log_hazard_ratio, term.standard_error, term.z, term.p_value]));
            prop_assert!(ordered(term.interval.lower, term.hazard_ratio, term.interval.upper));
        }
        let _ = log_rank(&time, &event, &arm, &LogRankOptions { rho: number, ..Default::default() });
        if let Ok(curve) = kaplan_meier(&time, &event) {
            let _ = curve.survival_at(number, &SurvivalIntervalOptions::default());
            let _ = curve.quantile(number, &SurvivalIntervalOptions::default());
        }
        for change in [&x, &y] {
            if let Ok(fit) = ancova(change, &arm, &y, &AncovaOptions { at_baseline: Some(plain(number)), ..Default::default() }) {
                let term = fit.differences[0].difference;
                prop_assert!(finite(&[term.estimate, term.standard_error, term.t, term.p_value]));
            }
        }
        if let Ok(fit) = negative_binomial(&count, &time, &[&x], 0.95) {
            let term = &fit.model.coefficients[0];
            prop_assert!(finite(&[term.coefficient, term.standard_error, term.z, term.p_value]));
            prop_assert!(ordered(term.interval.lower, term.rate_ratio, term.interval.upper));
        }
        if let Ok(mean) = monte_carlo_mean(&x) {
            prop_assert!(!mean.estimate.is_nan() && !mean.standard_error.is_nan());
        }
        for level in [number, 0.95] {
            if let Ok(rate) = poisson_rate(count.first().copied().unwrap_or(0), plain(number), level) {
                prop_assert!(ordered(rate.interval.lower, rate.rate, rate.interval.upper));
            }
            for method in METHODS {
                if let Ok(p) = proportion(3, 7, method, level) {
                    prop_assert!(p.interval.lower <= p.interval.upper);
                }
            }
        }
    }

    #[test]
    fn quantiles_stay_in_the_range_and_rise(mut values in prop::collection::vec(-1e300..1e300f64, 1..40), p in 0.0..=1.0f64, q in 0.0..=1.0f64) {
        for quantile_type in [QuantileType::Type6, QuantileType::Type7, QuantileType::Type8] {
            let low = quantile(&values, p.min(q), quantile_type).unwrap();
            let high = quantile(&values, p.max(q), quantile_type).unwrap();
            prop_assert!(low <= high || near(low / 1e300, high / 1e300));
            values.reverse();
            prop_assert_eq!(low, quantile(&values, p.min(q), quantile_type).unwrap());
        }
    }
}
