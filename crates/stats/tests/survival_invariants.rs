//! What must hold for survival analyses whatever the data: rows split in time, competing events
//! that are not there, brute force for the fast counts, 100,000 subjects, wild numbers.

use neurocart_stats::competing_risks::{cumulative_incidence, gray_test};
use neurocart_stats::concordance::concordance;
use neurocart_stats::cox::{
    CoxOptions, Ties, cox, cox_baseline_hazard, cox_profile_interval, cox_proportionality,
    fine_gray,
};
use neurocart_stats::kaplan_meier::{SurvivalIntervalOptions, kaplan_meier};
use neurocart_stats::log_rank::{LogRankOptions, log_rank, pairwise_log_rank};
use neurocart_stats::milestone::milestone_survival;
use neurocart_stats::nelson_aalen::nelson_aalen;
use neurocart_stats::parametric_survival::{SurvivalDistribution, parametric_survival};
use neurocart_stats::restricted_mean::restricted_mean_difference;
use neurocart_stats::{Estimate, InputError, NotEstimable};
use proptest::prelude::*;

const DISTRIBUTIONS: [SurvivalDistribution; 4] = [
    SurvivalDistribution::Exponential,
    SurvivalDistribution::Weibull,
    SurvivalDistribution::LogNormal,
    SurvivalDistribution::LogLogistic,
];

/// Time from 1, cause (0 censored), arm, stratum, covariate of one subject; ties are everywhere.
type Subject = (u8, u32, bool, u8, i8);

fn subjects(from: usize, to: usize) -> impl Strategy<Value = Vec<Subject>> {
    let subject = (1..14u8, 0..3u32, any::<bool>(), 0..2u8, any::<i8>());
    prop::collection::vec(subject, from..to)
}

struct Columns {
    time: Vec<f64>,
    causes: Vec<u32>,
    event: Vec<bool>,
    arm: Vec<usize>,
    second: Vec<bool>,
    arm_number: Vec<f64>,
    strata: Vec<usize>,
    covariate: Vec<f64>,
}

fn columns(subjects: &[Subject]) -> Columns {
    Columns {
        time: subjects.iter().map(|s| f64::from(s.0)).collect(),
        causes: subjects.iter().map(|s| s.1).collect(),
        event: subjects.iter().map(|s| s.1 == 1).collect(),
        arm: subjects.iter().map(|s| usize::from(s.2)).collect(),
        second: subjects.iter().map(|s| s.2).collect(),
        arm_number: subjects.iter().map(|s| f64::from(s.2)).collect(),
        strata: subjects.iter().map(|s| usize::from(s.3)).collect(),
        covariate: subjects.iter().map(|s| f64::from(s.4) / 50.0).collect(),
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-8 * (1.0 + a.abs().max(b.abs()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// A subject observed over (0, t] in one row or in two adjoining ones is the same subject.
    #[test]
    fn splitting_follow_up_into_rows_changes_no_cox_result(s in subjects(4, 50), cuts in prop::collection::vec(0.05..0.95f64, 50)) {
        let c = columns(&s);
        let n = s.len();
        let id: Vec<usize> = (0..n).collect();
        let (mut start, mut stop, mut event, mut of) = (vec![], vec![], vec![], vec![]);
        for (i, share) in cuts.iter().enumerate().take(n) {
            // Cuts fall on event times too.
            let cut = if i % 3 == 0 { (share * c.time[i]).floor() } else { share * c.time[i] };
            if cut > 0.0 {
                start.push(0.0);
                stop.push(cut);
                event.push(false);
                of.push(i);
            }
            start.push(cut);
            stop.push(c.time[i]);
            event.push(c.event[i]);
            of.push(i);
        }
        let pick = |x: &[f64]| of.iter().map(|&i| x[i]).collect::<Vec<f64>>();
        let (arm, covariate) = (pick(&c.arm_number), pick(&c.covariate));
        let strata: Vec<usize> = of.iter().map(|&i| c.strata[i]).collect();
        for ties in [Ties::Efron, Ties::Breslow, Ties::Exact] {
            let robust = ties != Ties::Exact;
            let whole = CoxOptions { ties, strata: Some(&c.strata), cluster: robust.then_some(&id[..]), ..Default::default() };
            let split = CoxOptions {
                ties, start: Some(&start), strata: Some(&strata), cluster: robust.then_some(&of[..]), ..Default::default()
            };
            let x = [&c.arm_number[..], &c.covariate];
            let y = [&arm[..], &covariate];
            match (cox(&c.time, &c.event, &x, &whole), cox(&stop, &event, &y, &split)) {
                (Ok(a), Ok(b)) => {
                    prop_assert!(near(a.log_likelihood, b.log_likelihood));
                    prop_assert!(near(a.score.statistic, b.score.statistic));
                    for (a, b) in a.coefficients.iter().zip(&b.coefficients) {
                        prop_assert!(near(a.log_hazard_ratio, b.log_hazard_ratio));
                        prop_assert!(near(a.standard_error, b.standard_error));
                        if let (Some(a), Some(b)) = (a.robust_standard_error, b.robust_standard_error) {
                            prop_assert!(near(a, b));
                        }
                    }
                }
                (a, b) => prop_assert!(a.is_err() && b.is_err(), "{a:?} {b:?}"),
            }
            if robust {
                match (cox_proportionality(&c.time, &c.event, &x, &whole), cox_proportionality(&stop, &event, &y, &split)) {
                    (Ok(a), Ok(b)) => prop_assert!(near(a.global.statistic, b.global.statistic)),
                    (a, b) => prop_assert!(a.is_err() && b.is_err(), "{a:?} {b:?}"),
                }
            }
        }
    }

    /// The martingale residuals sum to zero: the model expects as many events as there are.
    #[test]
    fn expected_events_under_the_baseline_hazard_are_the_observed(s in subjects(4, 60)) {
        let c = columns(&s);
        let options = CoxOptions { ties: Ties::Breslow, strata: Some(&c.strata), ..Default::default() };
        let x = [&c.arm_number[..], &c.covariate];
        if let Ok(fit) = cox(&c.time, &c.event, &x, &options) {
            let hazard = cox_baseline_hazard(&c.time, &c.event, &x, &[0.0, 0.0], &options).unwrap();
            let expected: f64 = (0..s.len()).map(|i| {
                let eta: f64 = fit.coefficients.iter().zip(x).map(|(b, x)| b.log_hazard_ratio * x[i]).sum();
                let step = hazard.iter().find(|h| h.stratum == c.strata[i] && h.time == c.time[i]).unwrap();
                eta.exp() * step.cumulative_hazard
            }).sum();
            prop_assert!(near(expected, fit.events as f64));
        }
    }

    #[test]
    fn units_of_the_covariates_do_not_move_the_proportionality_test(s in subjects(6, 60), factor in 0.01..100.0f64, shift in -50.0..50.0f64) {
        let c = columns(&s);
        let moved: Vec<f64> = c.covariate.iter().map(|x| factor * x + shift).collect();
        let test = |x: &[f64]| cox_proportionality(&c.time, &c.event, &[&c.arm_number, x], &CoxOptions::default());
        match (test(&c.covariate), test(&moved)) {
            (Ok(a), Ok(b)) => {
                prop_assert!((a.global.statistic - b.global.statistic).abs() < 1e-5 * (1.0 + a.global.statistic));
                prop_assert_eq!(a.global.degrees_of_freedom, 2);
                // Each test alone asks less than both together.
                prop_assert!(a.covariates.iter().all(|t| t.statistic <= a.global.statistic * (1.0 + 1e-6) + 1e-9));
            }
            (a, b) => prop_assert!(a.is_err() && b.is_err(), "{a:?} {b:?}"),
        }
    }

    #[test]
    fn concordance_counts_the_pairs_that_brute_force_counts(s in subjects(1, 40)) {
        let c = columns(&s);
        let start: Vec<f64> = s.iter().map(|s| f64::from(s.0 / 2)).collect();
        let score: Vec<f64> = s.iter().map(|s| f64::from(s.4 / 32)).collect();
        for delayed in [false, true] {
            let (mut more, mut less, mut same) = (0, 0, 0);
            for i in (0..s.len()).filter(|&i| c.event[i]) {
                for j in 0..s.len() {
                    let outlives = c.time[j] > c.time[i] || (c.time[j] == c.time[i] && !c.event[j]);
                    let seen = !delayed || start[j] < c.time[i];
                    if i != j && c.strata[i] == c.strata[j] && outlives && seen {
                        match score[i].total_cmp(&score[j]) {
                            std::cmp::Ordering::Greater => more += 1,
                            std::cmp::Ordering::Less => less += 1,
                            std::cmp::Ordering::Equal => same += 1,
                        }
                    }
                }
            }
            match concordance(&c.time, &c.event, &score, delayed.then_some(&start[..]), Some(&c.strata)) {
                Ok(found) => prop_assert_eq!((found.concordant, found.discordant, found.tied), (more, less, same)),
                Err(_) => prop_assert_eq!(more + less + same, 0),
            }
        }
    }

    #[test]
    fn incidences_of_all_causes_and_survival_sum_to_one(s in subjects(1, 60)) {
        let c = columns(&s);
        let any: Vec<bool> = c.causes.iter().map(|&k| k > 0).collect();
        let survival = kaplan_meier(&c.time, &any).unwrap();
        let curves = [1, 2].map(|k| cumulative_incidence(&c.time, &c.causes, k).unwrap());
        for step in &survival.steps {
            let parts = curves.each_ref().map(|curve| curve.at(step.time).unwrap());
            prop_assert!(near(parts[0].0 + parts[1].0 + step.survival, 1.0));
            prop_assert!(parts.iter().all(|p| (0.0..=1.0 + 1e-12).contains(&p.0) && p.1 >= 0.0));
        }
    }

    /// Where no competing event happens the methods are those of ordinary survival.
    #[test]
    fn without_competing_events_the_methods_are_the_ordinary_ones(s in subjects(4, 60)) {
        let mut c = columns(&s);
        c.causes.iter_mut().for_each(|k| *k = u32::from(*k == 1));
        let survival = kaplan_meier(&c.time, &c.event).unwrap();
        let incidence = cumulative_incidence(&c.time, &c.causes, 1).unwrap();
        for step in &incidence.steps {
            prop_assert!(near(step.incidence, 1.0 - survival.step_at(step.time).unwrap().survival));
        }
        let log_rank = log_rank(&c.time, &c.event, &c.arm, &LogRankOptions::default());
        if let (Ok(gray), Ok(log_rank)) = (gray_test(&c.time, &c.causes, &c.arm, 1), log_rank) {
            for (score, group) in gray.scores.iter().zip(&log_rank.groups) {
                prop_assert!(near(*score, group.observed - group.expected));
            }
        }
        let everyone: Vec<usize> = (0..s.len()).collect();
        let options = CoxOptions { ties: Ties::Breslow, cluster: Some(&everyone), ..Default::default() };
        let x = [&c.arm_number[..], &c.covariate];
        match (fine_gray(&c.time, &c.causes, &x, 1, 0.95), cox(&c.time, &c.event, &x, &options)) {
            (Ok(a), Ok(b)) => for (a, b) in a.coefficients.iter().zip(&b.coefficients) {
                prop_assert!(near(a.log_hazard_ratio, b.log_hazard_ratio));
                prop_assert!(near(a.standard_error, b.robust_standard_error.unwrap()));
            },
            (a, b) => prop_assert!(a.is_err() && b.is_err(), "{a:?} {b:?}"),
        }
    }

    /// Without censoring a competing event is the same as staying event-free for ever.
    #[test]
    fn without_censoring_fine_gray_is_cox_with_competing_events_moved_to_the_end(s in subjects(4, 60)) {
        let mut c = columns(&s);
        c.causes.iter_mut().for_each(|k| *k = if *k == 0 { 2 } else { *k });
        let last: Vec<f64> = (0..s.len()).map(|i| if c.event[i] { c.time[i] } else { 99.0 }).collect();
        let everyone: Vec<usize> = (0..s.len()).collect();
        let options = CoxOptions { ties: Ties::Breslow, cluster: Some(&everyone), ..Default::default() };
        let x = [&c.arm_number[..], &c.covariate];
        match (fine_gray(&c.time, &c.causes, &x, 1, 0.95), cox(&last, &c.event, &x, &options)) {
            (Ok(a), Ok(b)) => for (a, b) in a.coefficients.iter().zip(&b.coefficients) {
                prop_assert!(near(a.log_hazard_ratio, b.log_hazard_ratio));
                prop_assert!(near(a.standard_error, b.robust_standard_error.unwrap()));
            },
            (a, b) => prop_assert!(a.is_err() && b.is_err(), "{a:?} {b:?}"),
        }
    }

    #[test]
    fn an_exponential_fit_per_arm_is_events_over_time(s in subjects(2, 60)) {
        let c = columns(&s);
        let fit = parametric_survival(&c.time, &c.event, &[&c.arm_number], SurvivalDistribution::Exponential, 0.95);
        let rate = |second: bool| {
            let of = |f: &dyn Fn(usize) -> f64| (0..s.len()).filter(|&i| c.second[i] == second).map(f).sum::<f64>();
            of(&|i| f64::from(u8::from(c.event[i]))) / of(&|i| c.time[i])
        };
        let (a, b) = (rate(false), rate(true));
        match fit {
            Ok(fit) => {
                prop_assert!(near(fit.intercept.estimate, -a.ln()));
                prop_assert!(near(fit.coefficients[0].estimate, (a / b).ln()));
                prop_assert!(near(fit.survival(3.0, &[1.0]).unwrap(), (-3.0 * b).exp()));
                prop_assert!(near(fit.median(&[0.0]).unwrap(), 2.0_f64.ln() / a));
            }
            // An arm without events or subjects, or no events.
            Err(_) => prop_assert!(!(a > 0.0 && b > 0.0)),
        }
    }

    /// The unit of time moves the intercept, and the likelihood by its Jacobian, and nothing else.
    #[test]
    fn the_unit_of_time_moves_the_intercept_alone(s in subjects(4, 60), unit in 0.01..100.0f64) {
        let c = columns(&s);
        let time: Vec<f64> = c.time.iter().map(|t| t * unit).collect();
        for distribution in DISTRIBUTIONS {
            let fit = |time: &[f64]| parametric_survival(time, &c.event, &[&c.arm_number, &c.covariate], distribution, 0.95);
            match (fit(&c.time), fit(&time)) {
                (Ok(a), Ok(b)) => {
                    let loose = |a: f64, b: f64| (a - b).abs() <= 1e-6 * (1.0 + a.abs().max(b.abs()));
                    prop_assert!(loose(a.scale, b.scale), "{} {}", a.scale, b.scale);
                    prop_assert!(loose(a.intercept.estimate + unit.ln(), b.intercept.estimate));
                    for (a, b) in a.coefficients.iter().zip(&b.coefficients) {
                        prop_assert!(loose(a.estimate, b.estimate) && loose(a.standard_error, b.standard_error));
                    }
                    let events = c.event.iter().filter(|&&e| e).count() as f64;
                    prop_assert!(loose(a.log_likelihood - events * unit.ln(), b.log_likelihood));
                }
                (a, b) => prop_assert!(a.is_err() && b.is_err(), "{distribution:?} {a:?} {b:?}"),
            }
        }
    }

    #[test]
    fn two_groups_have_one_pair_and_holm_leaves_it_alone(s in subjects(2, 60), rho in 0.0..2.0f64, gamma in 0.0..2.0f64) {
        let c = columns(&s);
        let options = LogRankOptions { rho, gamma, strata: Some(&c.strata) };
        match (log_rank(&c.time, &c.event, &c.arm, &options), pairwise_log_rank(&c.time, &c.event, &c.arm, &options)) {
            (Ok(all), Ok(pairs)) => {
                prop_assert_eq!(pairs.len(), 1);
                prop_assert_eq!(pairs[0].p_holm, Some(all.test.p_value));
                prop_assert_eq!(pairs[0].test.as_ref(), Ok(&all));
            }
            (a, b) => prop_assert!(a.is_err() && b.is_err(), "{a:?} {b:?}"),
        }
    }

    /// The weights of (1, 0) and (0, 1) sum to one at every event time, so the numerators do too.
    #[test]
    fn early_and_late_weights_split_the_log_rank_numerator(s in subjects(2, 60)) {
        let c = columns(&s);
        let excess = |rho: f64, gamma: f64| {
            log_rank(&c.time, &c.event, &c.arm, &LogRankOptions { rho, gamma, strata: None })
                .map(|t| t.groups[1].observed - t.groups[1].expected)
        };
        if let (Ok(all), Ok(early), Ok(late)) = (excess(0.0, 0.0), excess(1.0, 0.0), excess(0.0, 1.0)) {
            prop_assert!(near(all, early + late));
        }
    }

    #[test]
    fn wild_numbers_never_panic_and_never_give_nan(
        v in prop::collection::vec((
            prop_oneof![any::<f64>(), 0.0..10.0f64, Just(0.0), Just(f64::NAN), Just(f64::INFINITY), Just(1e9), Just(1e300)],
            0..3u32, 0..3usize,
            prop_oneof![any::<f64>(), 0.0..2.0f64, Just(f64::NAN), Just(1e100)]), 0..12),
        number in prop_oneof![any::<f64>(), Just(0.95), Just(3.0)],
    ) {
        let time: Vec<f64> = v.iter().map(|s| s.0).collect();
        let causes: Vec<u32> = v.iter().map(|s| s.1).collect();
        let event: Vec<bool> = causes.iter().map(|&c| c == 1).collect();
        let group: Vec<usize> = v.iter().map(|s| s.2).collect();
        let x: Vec<f64> = v.iter().map(|s| s.3).collect();
        let second: Vec<bool> = group.iter().map(|&g| g > 0).collect();
        let start: Vec<f64> = time.iter().map(|t| t / 2.0).collect();
        let options = CoxOptions { start: Some(&start), strata: Some(&group), ..Default::default() };
        for options in [options, CoxOptions::default()] {
            if let Ok(fit) = cox(&time, &event, &[&x], &options) {
                prop_assert!(fit.log_likelihood.is_finite() && fit.coefficients[0].standard_error >= 0.0);
            }
            if let Ok(steps) = cox_baseline_hazard(&time, &event, &[&x], &[number], &options) {
                prop_assert!(steps.iter().all(|s| s.cumulative_hazard.is_finite()));
            }
            if let Ok(test) = cox_proportionality(&time, &event, &[&x], &options) {
                prop_assert!(test.global.statistic.is_finite() && test.global.p_value <= 1.0);
            }
        }
        if let Ok(curve) = cumulative_incidence(&time, &causes, 1) {
            prop_assert!(curve.steps.iter().all(|s| s.incidence.is_finite() && s.variance.is_finite()));
            let _ = curve.at(number);
        }
        if let Ok(test) = gray_test(&time, &causes, &group, 1) {
            prop_assert!(test.test.p_value <= 1.0 && test.scores.iter().all(|s| s.is_finite()));
        }
        if let Ok(fit) = fine_gray(&time, &causes, &[&x], 1, 0.95) {
            prop_assert!(fit.covariance[0].is_finite() && fit.coefficients[0].log_hazard_ratio.is_finite());
        }
        if let Ok(c) = concordance(&time, &event, &x, None, None) {
            prop_assert!((0.0..=1.0).contains(&c.concordance));
        }
        for distribution in DISTRIBUTIONS {
            if let Ok(fit) = parametric_survival(&time, &event, &[&x], distribution, 0.95) {
                prop_assert!(fit.log_likelihood.is_finite() && fit.scale > 0.0);
                prop_assert!(fit.covariance.iter().all(|v| v.is_finite()));
                if let Ok(s) = fit.survival(number, &[0.0]) {
                    prop_assert!((0.0..=1.0).contains(&s));
                }
            }
        }
        if let Ok(m) = milestone_survival(&time, &event, &second, number, &SurvivalIntervalOptions::default()) {
            prop_assert!(m.difference.abs() <= 1.0 && m.z.is_none_or(f64::is_finite));
        }
    }
}

/// A value between 0 and 1 that looks random, by number and purpose.
fn uniform(i: usize, purpose: u64) -> f64 {
    let mut z = (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (purpose << 40);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

const MANY: usize = 100_000;

/// Every method on one data set; what it says, as text, must be the same twice.
fn everything(time: &[f64], event: &[bool], arm: &[f64], age: &[f64]) -> Vec<String> {
    fn say<T: std::fmt::Debug>(out: &mut Vec<String>, result: Estimate<T>) {
        let text = match result {
            Ok(answer) => format!("{answer:?}"),
            Err(reason) => reason.to_string(),
        };
        assert!(!text.contains("NaN"), "{}", &text[..text.len().min(400)]);
        out.push(text);
    }
    let group: Vec<usize> = arm.iter().map(|&a| a as usize).collect();
    let second: Vec<bool> = arm.iter().map(|&a| a > 0.0).collect();
    let causes: Vec<u32> = event
        .iter()
        .zip(age)
        .map(|(&e, &a)| if e { 1 + u32::from(a > 60.0) } else { 0 })
        .collect();
    let pair: Vec<usize> = (0..time.len()).map(|i| i / 2).collect();
    let x = [arm, age];
    let options = CoxOptions::default();
    let mut out = Vec::new();
    say(
        &mut out,
        kaplan_meier(time, event).map(|k| k.median(&SurvivalIntervalOptions::default())),
    );
    say(
        &mut out,
        nelson_aalen(time, event).map(|c| c.last().copied()),
    );
    say(
        &mut out,
        log_rank(
            time,
            event,
            &group,
            &LogRankOptions {
                gamma: 1.0,
                ..Default::default()
            },
        ),
    );
    say(&mut out, cox(time, event, &x, &options));
    say(
        &mut out,
        cox(
            time,
            event,
            &x,
            &CoxOptions {
                cluster: Some(&pair),
                ..options
            },
        ),
    );
    say(
        &mut out,
        cox(
            time,
            event,
            &x,
            &CoxOptions {
                ties: Ties::Exact,
                ..options
            },
        ),
    );
    say(&mut out, cox_proportionality(time, event, &x, &options));
    say(
        &mut out,
        cox_baseline_hazard(time, event, &x, &[0.0, 40.0], &options).map(|h| h.last().copied()),
    );
    say(&mut out, concordance(time, event, age, None, None));
    say(
        &mut out,
        cumulative_incidence(time, &causes, 1).map(|c| c.steps.last().copied()),
    );
    say(&mut out, gray_test(time, &causes, &group, 1));
    say(&mut out, fine_gray(time, &causes, &x, 1, 0.95));
    for distribution in DISTRIBUTIONS {
        say(
            &mut out,
            parametric_survival(time, event, &x, distribution, 0.95),
        );
    }
    say(
        &mut out,
        milestone_survival(
            time,
            event,
            &second,
            1.0,
            &SurvivalIntervalOptions::default(),
        ),
    );
    say(
        &mut out,
        restricted_mean_difference(time, event, &second, 1.0, 0.95),
    );
    out
}

#[test]
fn a_hundred_thousand_subjects_have_answers_and_the_same_twice() {
    let ids = || 0..MANY;
    let arm: Vec<f64> = ids().map(|i| (i % 2) as f64).collect();
    let age: Vec<f64> = ids().map(|i| 20.0 + 50.0 * uniform(i, 1)).collect();
    let onset = |i: usize| -uniform(i, 2).ln() * (0.5 * arm[i] - 0.02 * (age[i] - 45.0)).exp();
    let time: Vec<f64> = ids().map(|i| onset(i).min(2.0) + 1e-3).collect();
    let event: Vec<bool> = ids().map(|i| onset(i) < 2.0).collect();
    let first = everything(&time, &event, &arm, &age);
    assert_eq!(first, everything(&time, &event, &arm, &age));
    assert!(
        first.iter().all(|s| !s.contains("not estimable")),
        "{first:#?}"
    );
    // The truth is a log hazard ratio of -0.5; 100,000 subjects tell it to two decimals.
    let fit = cox(&time, &event, &[&arm, &age], &CoxOptions::default()).unwrap();
    let effect = &fit.coefficients[0];
    assert!((effect.log_hazard_ratio + 0.5).abs() < 4.0 * effect.standard_error);
    // Log T = 0.5 arm - 0.02 (age - 45) + extreme value: the Weibull model is the true one.
    let shifted: Vec<f64> = time.iter().map(|t| t - 1e-3).collect();
    let weibull = parametric_survival(
        &shifted,
        &event,
        &[&arm, &age],
        SurvivalDistribution::Weibull,
        0.95,
    )
    .unwrap();
    assert!((weibull.scale - 1.0).abs() < 0.02);
    assert!((weibull.coefficients[0].estimate - 0.5).abs() < 0.04);
}

#[test]
fn all_tied_all_censored_and_one_empty_arm_are_answered_at_any_size() {
    for n in [1, 2, 3, 1000, MANY] {
        let arm: Vec<f64> = (0..n).map(|i| (i % 2) as f64).collect();
        let age: Vec<f64> = (0..n).map(|i| 20.0 + 50.0 * uniform(i, 1)).collect();
        let event: Vec<bool> = (0..n).map(|i| uniform(i, 3) < 0.6).collect();
        let spread: Vec<f64> = (0..n).map(|i| 0.1 + uniform(i, 2)).collect();
        // All events at one time; nobody with an event; one arm without subjects.
        everything(&vec![5.0; n], &event, &arm, &age);
        let censored = everything(&spread, &vec![false; n], &arm, &age);
        assert!(censored[3].contains("no event"), "{}", censored[3]);
        let one_arm = everything(&spread, &vec![true; n], &vec![1.0; n], &age);
        assert!(one_arm[3].starts_with("not estimable"), "{}", one_arm[3]);
        everything(&vec![1e9; n], &vec![true; n], &arm, &vec![1e9; n]);
    }
}

#[test]
fn reasons_are_typed() {
    let time = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let arm = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0];
    let first_arm_only = [true, true, true, false, false, false];
    // No event in the second arm: time ratio and both hazard ratios are infinite.
    for distribution in DISTRIBUTIONS {
        let fit = parametric_survival(&time, &first_arm_only, &[&arm], distribution, 0.95);
        assert_eq!(
            fit,
            Err(NotEstimable::Separation { covariate: 0 }),
            "{distribution:?}"
        );
    }
    let causes = [1, 1, 1, 0, 0, 2];
    let monotone = fine_gray(&time, &causes, &[&arm], 1, 0.95);
    assert_eq!(
        monotone,
        Err(NotEstimable::MonotoneLikelihood { covariate: 0 })
    );
    let none = fine_gray(&time, &causes, &[&arm], 3, 0.95);
    assert_eq!(none, Err(NotEstimable::NoEvents));
    let one_arm = gray_test(&time, &causes, &[1; 6], 1);
    assert_eq!(one_arm, Err(NotEstimable::EmptyArm));
    let milestone = |second: &[bool], at| {
        milestone_survival(
            &time,
            &[true; 6],
            second,
            at,
            &SurvivalIntervalOptions::default(),
        )
    };
    assert_eq!(milestone(&[false; 6], 2.0), Err(NotEstimable::EmptyArm));
    // Nobody has had the event in the second arm by then: a difference, but no honest error.
    let early = milestone(&[false, false, false, true, true, true], 2.0).unwrap();
    assert!((early.difference - 2.0 / 3.0).abs() < 1e-15);
    assert_eq!((early.interval, early.z), (None, None));
    let start = [0.0, 2.0, 1.0, 0.0, 0.0, 0.0];
    let options = CoxOptions {
        start: Some(&start),
        ..Default::default()
    };
    let late = cox(&time, &[true; 6], &[&arm], &options).unwrap_err();
    assert!(
        matches!(
            late,
            NotEstimable::Input(InputError::Value {
                name: "start",
                index: 1,
                ..
            })
        ),
        "{late}"
    );
    let exact = CoxOptions {
        ties: Ties::Exact,
        ..Default::default()
    };
    let refused = cox_proportionality(&time, &[true; 6], &[&arm], &exact).unwrap_err();
    assert!(refused.is_bad_input());
    let groups: Vec<usize> = (0..200).collect();
    let many = log_rank(
        &[1.0; 200],
        &[true; 200],
        &groups,
        &LogRankOptions::default(),
    );
    assert!(many.unwrap_err().is_bad_input());
    // A monotone likelihood has no profile interval either.
    let profile = cox_profile_interval(&time, &first_arm_only, &[&arm], 0, &CoxOptions::default());
    assert_eq!(
        profile,
        Err(NotEstimable::MonotoneLikelihood { covariate: 0 })
    );
}
