//! Every method of the trial file, from courses to results: against the statistic fed by hand, at its
//! level without an effect, and with a reason where there is no answer.

use std::fmt::Write as _;
use std::sync::atomic::AtomicBool;

use neurocart_library::Library;
use neurocart_stats::bayes::beta_mixture::{Beta, BetaMixture};
use neurocart_stats::bayes::map_mixture::beta_mixture_approximation;
use neurocart_stats::bayes::meta_analytic_predictive::{HistoricalControl, MapPriors, map_prior};
use neurocart_stats::bayes::two_arm::{TwoArmData, posterior_superior};
use neurocart_stats::competing_risks::{cumulative_incidence, gray_test};
use neurocart_stats::cox::{CoxOptions, cox};
use neurocart_stats::distribution::binomial_sf;
use neurocart_stats::kaplan_meier::SurvivalIntervalOptions;
use neurocart_stats::log_rank::{LogRankOptions, log_rank};
use neurocart_stats::logistic::logistic;
use neurocart_stats::milestone::milestone_survival;
use neurocart_stats::mixed_model::{MmrmOptions, RepeatedMeasures, mmrm};
use neurocart_stats::poisson_regression::{PoissonVariance, poisson_regression};
use neurocart_stats::restricted_mean::restricted_mean_difference;
use neurocart_stats::stratified_tables::{
    cochran_mantel_haenszel, mantel_haenszel_risk_difference,
};
use neurocart_stats::two_by_two::{RiskDifferenceMethod, TwoByTwo, risk_difference};
use neurocart_trial::analysis::{
    AnalysisResult, EstimateScale, Observations, Sample, Workspace, analyse, scale,
};
use neurocart_trial::check::check;
use neurocart_trial::cohort;
use neurocart_trial::course::{Attack, Course, Visit};
use neurocart_trial::endpoint::Outcome;
use neurocart_trial::large_sample::{large_sample, outcomes};
use neurocart_trial::operating_characteristics::Accumulator;
use neurocart_trial::replicate::{CourseRequest, Patients, Space, Truth, simulate};
use neurocart_trial::specification::{Method, OutcomeKind, Specification};
use proptest::prelude::*;

const TRIAL: &str = r#"
name = "methods"
title = "Every method"
question = "What do the methods say?"

[population]
size = 80
bank = 800

[[population.disease]]
name = "ms-relapsing"
share = 0.5

[[population.disease]]
name = "ms-secondary-progressive"
share = 0.5

[[arm]]
name = "new"
therapy = "cd19-cart"

[[arm]]
name = "old"
therapy = "placebo"
reference = true

[follow_up]
duration_weeks = 48

[visits]
every_weeks = 12

[dropout]
annual_probability = 0.2

[rescue]
trigger = "score_worsening"
score = "edss"
points = 1

[[endpoint]]
name = "attack"
measure = { kind = "time_to_attack" }

[[endpoint]]
name = "attack-before-rescue"
measure = { kind = "time_to_attack" }
rescue_strategy = "while_on_treatment"

[[endpoint]]
name = "attacks"
measure = { kind = "attack_count" }

[[endpoint]]
name = "edss"
measure = { kind = "score_change", score = "edss", week = 48 }
rescue_strategy = "treatment_policy"

[[endpoint]]
name = "edss-without-rescue"
measure = { kind = "score_change", score = "edss", week = 48 }
rescue_strategy = "hypothetical"

[[endpoint]]
name = "mild"
measure = { kind = "score_at_most", score = "edss", value = 4, week = 48 }
rescue_strategy = "treatment_policy"

[simulation]
replicates = 5
seed = 20260311
"#;

const ANALYSES: &str = r#"
[[analysis]]
endpoint = "attack"
method = "log_rank"
primary = true

[[analysis]]
endpoint = "attack"
method = "log_rank"
rho = 0.5
gamma = 1
strata = [{ by = "disease" }, { by = "attacks_previous_year", above = 0 }]
alternative = "better"

[[analysis]]
endpoint = "attack"
method = "cox"
strata = [{ by = "disease" }, { by = "attacks_previous_year", above = 0 }]

[[analysis]]
endpoint = "attack"
method = "milestone"
week = 24

[[analysis]]
endpoint = "attack"
method = "restricted_mean"
week = 40

[[analysis]]
endpoint = "attack-before-rescue"
method = "cumulative_incidence"
week = 40

[[analysis]]
endpoint = "attack-before-rescue"
method = "gray"

[[analysis]]
endpoint = "attacks"
method = "poisson"

[[analysis]]
endpoint = "attacks"
method = "recurrent_cox"

[[analysis]]
endpoint = "edss"
method = "mmrm"

[[analysis]]
endpoint = "edss-without-rescue"
method = "mmrm"
strata = [{ by = "disease" }]

[[analysis]]
endpoint = "mild"
method = "risk_difference"
interval = "miettinen_nurminen"

[[analysis]]
endpoint = "mild"
method = "cochran_mantel_haenszel"
strata = [{ by = "baseline_score", score = "edss", above = 4 }]

[[analysis]]
endpoint = "mild"
method = "logistic"

[[analysis]]
endpoint = "mild"
method = "binomial"
p0 = 0.3
alternative = "better"

[[analysis]]
endpoint = "mild"
method = "bayesian_two_arm"
bayesian = { cutoff = 0.9 }

[[analysis]]
endpoint = "mild"
method = "bayesian_two_arm"
bayesian = { cutoff = 0.9, historical = [{ responders = 12, subjects = 40, source = "a" }, { responders = 20, subjects = 50, source = "b" }] }
"#;

fn trial(analyses: &str) -> Specification {
    toml::from_str(&format!("{TRIAL}{analyses}")).unwrap()
}

/// Purpose of the stubs' own draws.
const STUB: u32 = 901;

/// Attacks at a rate that differs between patients, and EDSS readings that go together; the first
/// arm does better by `effect`.
fn stub(effect: f64) -> impl Fn(CourseRequest, &mut Course) + Sync {
    move |request, course| {
        let benefit = if request.arm == 0 { effect } else { 0.0 };
        let mut stream = request.subject.stream(STUB);
        *course = Course::default();
        course.disease = request.patient % 2;
        course.attacks_previous_year = (2.0 * stream.uniform()) as u32;
        let severity = stream.normal();
        let rate = 1.2 * (0.5 * severity - benefit).exp() * (1.0 + course.disease as f64);
        let mut day = 0.0;
        loop {
            day -= 365.0 * stream.uniform().ln() / rate;
            if day > 336.0 {
                break;
            }
            course.attacks.push(Attack {
                time_days: day,
                edss_jump: 1.0,
                edss_residual: 0.0,
            });
        }
        for week in [0.0, 12.0, 24.0, 36.0, 48.0] {
            let noise = stream.normal();
            let score = 4.0 + severity + 0.6 * noise - benefit * week / 48.0;
            course.visits.push(Visit {
                time_days: 7.0 * week,
                edss: Some((2.0 * score).round().clamp(0.0, 20.0) / 2.0),
                ..Visit::default()
            });
        }
    }
}

fn replicates(trial: &Specification, effect: f64, number: u32, mut see: impl FnMut(&Space)) {
    let course = stub(effect);
    let patients = Patients {
        count: 800,
        course: &course,
    };
    let mut space = Space::default();
    for replicate in 0..number {
        simulate(trial, patients, Truth::AsDesigned, replicate, &mut space).unwrap();
        see(&space);
    }
}

/// Estimate, standard error, ends of the interval and p value.
fn numbers(result: &AnalysisResult) -> [f64; 5] {
    assert_eq!(result.reason, None);
    [
        result.estimate,
        result.standard_error,
        result.lower,
        result.upper,
        result.p_value,
    ]
    .map(|value| value.unwrap_or(f64::NAN))
}

fn assert_close(found: [f64; 5], expected: [f64; 5]) {
    for (a, b) in found.iter().zip(expected) {
        assert!(
            (a - b).abs() <= 1e-9 * (1.0 + b.abs()),
            "{found:?} {expected:?}"
        );
    }
}

/// A subject's data, put together from the course anew.
struct Row {
    treated: bool,
    disease: usize,
    previous: usize,
    until_days: f64,
    rescue_days: Option<f64>,
    onsets: Vec<f64>,
    edss: Vec<f64>,
}

fn rows(space: &Space) -> Vec<Row> {
    let of = |(subject, course): (&neurocart_trial::replicate::Subject, &Course)| {
        let mut onsets: Vec<f64> = Vec::new();
        for attack in &course.attacks {
            let merged = onsets
                .last()
                .is_some_and(|last| attack.time_days - last <= 30.0);
            if attack.time_days <= subject.until_days && !merged {
                onsets.push(attack.time_days);
            }
        }
        let edss: Vec<f64> = course
            .visits
            .iter()
            .map(|visit| visit.edss.unwrap())
            .collect();
        let worse = (1..5)
            .find(|&visit| edss[visit] - edss[0] >= 1.0)
            .map(|visit| 84.0 * visit as f64);
        Row {
            treated: subject.arm == 0,
            disease: course.disease,
            previous: course.attacks_previous_year as usize,
            until_days: subject.until_days,
            rescue_days: worse.filter(|&day| day <= subject.until_days),
            onsets,
            edss,
        }
    };
    space.subjects.iter().zip(&space.courses).map(of).collect()
}

#[test]
fn the_trial_of_every_method_passes_the_check() {
    let found = check(
        &format!("{TRIAL}{ANALYSES}"),
        "methods.toml",
        &Library::embedded(),
    );
    assert!(found.errors.is_empty(), "{:?}", found.errors);
}

#[test]
fn times_to_attack_give_the_statistics_of_their_courses() {
    let trial = trial(ANALYSES);
    replicates(&trial, 0.7, 1, |space| {
        let rows = rows(space);
        let first = |row: &Row| row.onsets.first().copied();
        let time: Vec<f64> = rows
            .iter()
            .map(|r| first(r).unwrap_or(r.until_days))
            .collect();
        let event: Vec<bool> = rows.iter().map(|r| first(r).is_some()).collect();
        let treated: Vec<bool> = rows.iter().map(|r| r.treated).collect();
        let group: Vec<usize> = treated.iter().map(|&t| usize::from(t)).collect();
        let covariate: Vec<f64> = group.iter().map(|&g| g as f64).collect();
        let strata: Vec<usize> = rows.iter().map(|r| 2 * r.disease + r.previous).collect();
        assert!((0..4).all(|stratum| strata.contains(&stratum)));

        let plain = log_rank(&time, &event, &group, &LogRankOptions::default()).unwrap();
        assert_eq!(space.results[0].p_value, Some(plain.test.p_value));
        let options = LogRankOptions {
            rho: 0.5,
            gamma: 1.0,
            strata: Some(&strata),
        };
        let weighted = log_rank(&time, &event, &group, &options).unwrap();
        assert_eq!(space.results[1].p_value, weighted.p_fewer_in_second);
        assert_eq!(
            space.results[1].favours_treatment,
            Some(weighted.z.unwrap() < 0.0)
        );

        let options = CoxOptions {
            strata: Some(&strata),
            ..CoxOptions::default()
        };
        let fit = cox(&time, &event, &[&covariate], &options)
            .unwrap()
            .coefficients[0];
        let (a, b) = (fit.interval.lower, fit.interval.upper);
        let expected = [fit.hazard_ratio, fit.standard_error, a, b, fit.p_value];
        assert_close(numbers(&space.results[2]), expected);

        let options = SurvivalIntervalOptions::default();
        let found = milestone_survival(&time, &event, &treated, 168.0, &options).unwrap();
        let interval = found.interval.unwrap();
        let expected = [
            found.difference,
            found.standard_error.unwrap(),
            interval.lower,
            interval.upper,
            found.p_value.unwrap(),
        ];
        assert_close(numbers(&space.results[3]), expected);
        assert_eq!(
            space.results[3].favours_treatment,
            Some(found.difference > 0.0)
        );

        let found = restricted_mean_difference(&time, &event, &treated, 280.0, 0.95).unwrap();
        let expected = [
            found.difference / 7.0,
            found.standard_error / 7.0,
            found.interval.lower / 7.0,
            found.interval.upper / 7.0,
            found.p_value.unwrap(),
        ];
        assert_close(numbers(&space.results[4]), expected);
    });
}

#[test]
fn rescue_competes_with_the_attack_and_is_no_censoring() {
    let trial = trial(ANALYSES);
    replicates(&trial, 0.7, 1, |space| {
        let (mut time, mut cause, mut group) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows(space) {
            let end = row.rescue_days.unwrap_or(row.until_days);
            let attack = row.onsets.first().copied().filter(|&onset| onset <= end);
            time.push(attack.unwrap_or(end));
            cause.push(match (attack, row.rescue_days) {
                (Some(_), _) => 1,
                (None, Some(_)) => 2,
                (None, None) => 0,
            });
            group.push(usize::from(row.treated));
        }
        assert!(cause.iter().filter(|&&c| c == 2).count() > 5);
        let of_arm = |wanted: usize| {
            let members = || (0..time.len()).filter(|&i| group[i] == wanted);
            let times: Vec<f64> = members().map(|i| time[i]).collect();
            let causes: Vec<u32> = members().map(|i| cause[i]).collect();
            cumulative_incidence(&times, &causes, 1)
                .unwrap()
                .at(280.0)
                .unwrap()
        };
        for (result, wanted) in [(&space.results[5], 1), (&space.results[6], 0)] {
            let (estimate, variance) = of_arm(wanted);
            assert_eq!(result.arm, 1 - wanted);
            assert!((result.estimate.unwrap() - estimate).abs() < 1e-12);
            assert!((result.standard_error.unwrap() - variance.sqrt()).abs() < 1e-12);
        }
        let test = gray_test(&time, &cause, &group, 1).unwrap();
        assert_eq!(space.results[7].p_value, Some(test.test.p_value));
        assert_eq!(
            space.results[7].favours_treatment,
            Some(test.scores[1] < 0.0)
        );
    });
}

#[test]
fn all_attacks_of_a_subject_count_and_share_a_cluster() {
    let trial = trial(ANALYSES);
    replicates(&trial, 0.7, 1, |space| {
        let (mut start, mut stop, mut event) = (Vec::new(), Vec::new(), Vec::new());
        let (mut treated, mut subject) = (Vec::new(), Vec::new());
        let (mut counts, mut years, mut arm) = (Vec::new(), Vec::new(), Vec::new());
        for (number, row) in rows(space).iter().enumerate() {
            let mut from = 0.0;
            let ends = row.onsets.iter().map(|&onset| (onset, true));
            for (end, happened) in ends.chain([(row.until_days, false)]) {
                start.push(from);
                stop.push(end);
                event.push(happened);
                treated.push(f64::from(row.treated));
                subject.push(number);
                from = end;
            }
            counts.push(row.onsets.len() as u64);
            years.push(row.until_days / 365.0);
            arm.push(f64::from(row.treated));
        }
        assert!(counts.iter().any(|&count| count > 1));
        let robust = PoissonVariance::Robust;
        let fit = poisson_regression(&counts, &years, &[&arm], robust, 0.95).unwrap();
        let fit = fit.coefficients[0];
        let (a, b) = (fit.interval.lower, fit.interval.upper);
        let expected = [fit.rate_ratio, fit.standard_error, a, b, fit.p_value];
        assert_close(numbers(&space.results[8]), expected);
        let options = CoxOptions {
            start: Some(&start),
            cluster: Some(&subject),
            ..CoxOptions::default()
        };
        let fit = cox(&stop, &event, &[&treated], &options)
            .unwrap()
            .coefficients[0];
        let (a, b) = (fit.interval.lower, fit.interval.upper);
        let error = fit.robust_standard_error.unwrap();
        let expected = [fit.hazard_ratio, error, a, b, fit.p_value];
        assert_close(numbers(&space.results[9]), expected);
    });
}

#[test]
fn the_mixed_model_reads_all_visits_that_the_strategy_leaves() {
    let trial = trial(ANALYSES);
    replicates(&trial, 0.7, 1, |space| {
        let rows = rows(space);
        for (index, stop_at_rescue) in [(10, false), (11, true)] {
            let (mut subject, mut visit, mut arm) = (Vec::new(), Vec::new(), Vec::new());
            let (mut baseline, mut change, mut strata) = (Vec::new(), Vec::new(), Vec::new());
            for (number, row) in rows.iter().enumerate() {
                let end = match row.rescue_days {
                    Some(day) if stop_at_rescue => day,
                    _ => row.until_days,
                };
                for k in (1..5).filter(|&k| 84.0 * k as f64 <= end) {
                    subject.push(number);
                    visit.push(k);
                    arm.push(usize::from(row.treated));
                    baseline.push(row.edss[0]);
                    change.push(row.edss[k] - row.edss[0]);
                    strata.push(row.disease);
                }
            }
            let data = RepeatedMeasures {
                subject: &subject,
                visit: &visit,
                arm: &arm,
                baseline: &baseline,
                outcome: &change,
                covariates: &[],
                strata: stop_at_rescue.then_some(&strata[..]),
            };
            let fit = mmrm(&data, &MmrmOptions::default()).unwrap();
            let last = fit.last_difference();
            assert_eq!(last.visit, 4);
            let found = last.difference;
            let expected = [
                found.estimate,
                found.standard_error,
                found.interval.lower,
                found.interval.upper,
                found.p_value,
            ];
            assert_close(numbers(&space.results[index]), expected);
        }
    });
}

#[test]
fn responders_give_the_statistics_of_their_tables() {
    let trial = trial(ANALYSES);
    replicates(&trial, 0.7, 1, |space| {
        let rows = rows(space);
        let yes = |row: &Row| row.until_days >= 336.0 && row.edss[4] <= 4.0;
        let count =
            |wanted: &dyn Fn(&Row) -> bool| rows.iter().filter(|r| wanted(r)).count() as u64;
        let table = |member: &dyn Fn(&Row) -> bool| TwoByTwo {
            treated_events: count(&|r| member(r) && r.treated && yes(r)),
            treated_total: count(&|r| member(r) && r.treated),
            control_events: count(&|r| member(r) && !r.treated && yes(r)),
            control_total: count(&|r| member(r) && !r.treated),
        };
        let all = table(&|_| true);
        let method = RiskDifferenceMethod::MiettinenNurminen;
        let found = risk_difference(&all, method, 0.95).unwrap();
        let result = numbers(&space.results[12]);
        assert_eq!(result[2], found.interval.lower);
        assert!((result[0] - found.estimate).abs() < 1e-12);

        let strata = [table(&|r| r.edss[0] <= 4.0), table(&|r| r.edss[0] > 4.0)];
        let found = mantel_haenszel_risk_difference(&strata, 0.95).unwrap();
        let expected = [
            found.difference.estimate,
            found.standard_error,
            found.difference.interval.lower,
            found.difference.interval.upper,
            cochran_mantel_haenszel(&strata, false).unwrap().p_value,
        ];
        assert_close(numbers(&space.results[13]), expected);

        let event: Vec<bool> = rows.iter().map(yes).collect();
        let treated: Vec<f64> = rows.iter().map(|r| f64::from(r.treated)).collect();
        let fit = logistic(&event, &[&treated], 0.95).unwrap().coefficients[0];
        let (a, b) = (fit.interval.lower, fit.interval.upper);
        let expected = [fit.odds_ratio, fit.standard_error, a, b, fit.p_value];
        assert_close(numbers(&space.results[14]), expected);

        let p = binomial_sf(all.treated_events - 1, all.treated_total, 0.3);
        assert!((space.results[15].p_value.unwrap() - p).abs() < 1e-12);

        let data = TwoArmData {
            treated_responders: all.treated_events,
            treated_subjects: all.treated_total,
            control_responders: all.control_events,
            control_subjects: all.control_total,
        };
        let uniform = BetaMixture::single(Beta::UNIFORM).unwrap();
        let studies = [(12, 40), (20, 50)].map(|(responders, subjects)| HistoricalControl {
            responders,
            subjects,
        });
        let map = map_prior(&studies, &MapPriors::default()).unwrap();
        let mixture = beta_mixture_approximation(&map).unwrap().mixture;
        let robust = mixture.robust(0.2, Beta::UNIFORM).unwrap();
        for (result, prior) in [
            (&space.results[17], &uniform),
            (&space.results[18], &robust),
        ] {
            let better = posterior_superior(&data, &uniform, prior).unwrap();
            assert!((result.p_value.unwrap() - (1.0 - better)).abs() < 1e-12);
            assert_eq!(result.rejected, Some(better > 0.9));
        }
    });
}

#[test]
fn at_a_look_strata_are_those_of_the_subjects_entered_by_then() {
    let looks = r#"
[accrual]
duration_weeks = 60

[[analysis]]
endpoint = "attack"
method = "log_rank"
primary = true

[[analysis]]
endpoint = "attack"
method = "cox"
strata = [{ by = "disease" }]

[group_sequential]
information = [0.5, 1.0]
events = 40
spending = { kind = "pocock" }
"#;
    let trial = trial(looks);
    let mut stopped = 0;
    replicates(&trial, 1.5, 20, |space| {
        let last = space.decisions.last().unwrap();
        if last.number != 1 {
            return;
        }
        stopped += 1;
        let (mut time, mut event) = (Vec::new(), Vec::new());
        let (mut treated, mut strata) = (Vec::new(), Vec::new());
        for (row, subject) in rows(space).iter().zip(&space.subjects) {
            let end = row.until_days.min(last.time_days - subject.entry_days);
            let attack = row.onsets.first().copied().filter(|&onset| onset <= end);
            time.push(attack.unwrap_or(end));
            event.push(attack.is_some());
            treated.push(f64::from(row.treated));
            strata.push(row.disease);
        }
        assert!(time.len() < 80);
        let options = CoxOptions {
            strata: Some(&strata),
            ..CoxOptions::default()
        };
        let fit = cox(&time, &event, &[&treated], &options)
            .unwrap()
            .coefficients[0];
        let found = space.results[1].p_value.unwrap();
        assert!(
            (found - fit.p_value).abs() < 1e-9,
            "{found} {}",
            fit.p_value
        );
    });
    assert!(stopped > 5, "{stopped}");
}

/// Share of replicates without an effect in which the one analysis rejects.
fn share_rejected(analyses: &str, number: u32) -> f64 {
    let trial = trial(analyses);
    let mut rejected = 0;
    replicates(&trial, 0.0, number, |space| {
        let result = &space.results[0];
        assert_eq!(result.reason, None);
        rejected += u32::from(result.rejected == Some(true));
    });
    f64::from(rejected) / f64::from(number)
}

/// Four Monte Carlo standard errors of 5 % over 2,000 replicates.
const MARGIN: f64 = 4.0 * 0.0049;

#[test]
fn equal_arms_reject_at_five_percent_in_the_stratified_weighted_log_rank_test() {
    let share = share_rejected(
        "[[analysis]]\nendpoint = \"attack\"\nmethod = \"log_rank\"\ngamma = 1\nstrata = [{ by = \"disease\" }]\nprimary = true\n",
        2_000,
    );
    assert!((share - 0.05).abs() < MARGIN, "{share}");
}

#[test]
fn equal_arms_reject_at_five_percent_in_the_mixed_model() {
    let share = share_rejected(
        "[[analysis]]\nendpoint = \"edss\"\nmethod = \"mmrm\"\nprimary = true\n",
        2_000,
    );
    assert!((share - 0.05).abs() < MARGIN, "{share}");
}

#[test]
fn equal_arms_reject_at_five_percent_in_the_cochran_mantel_haenszel_test() {
    let share = share_rejected(
        "[[analysis]]\nendpoint = \"mild\"\nmethod = \"cochran_mantel_haenszel\"\nstrata = [{ by = \"disease\" }, { by = \"attacks_previous_year\", above = 0 }]\nprimary = true\n",
        2_000,
    );
    assert!((share - 0.05).abs() < MARGIN, "{share}");
}

/// Results of all analyses that need nothing but these outcomes.
fn of_outcomes(outcomes: &[Outcome], arms: &[usize], methods: &[Method]) -> Vec<AnalysisResult> {
    let trial = trial(ANALYSES);
    let mut found = Vec::new();
    for &method in methods {
        let wanted =
            |analysis: &neurocart_trial::specification::Analysis| analysis.method == method;
        let index = trial.analyses.iter().position(wanted).unwrap();
        let sample = Sample {
            outcomes,
            arms,
            observations: &Observations::default(),
        };
        let mut results = Vec::new();
        analyse(
            &trial,
            index,
            &sample,
            &mut Workspace::default(),
            &mut results,
        );
        found.push(results.swap_remove(0));
    }
    found
}

/// No p value and no interval, but a reason; an estimate only where the method can say one.
fn assert_no_answer(result: &AnalysisResult, estimate: bool) {
    assert!(result.reason.is_some(), "{result:?}");
    assert_eq!(
        (result.p_value, result.lower, result.upper),
        (None, None, None),
        "{result:?}"
    );
    assert_eq!(
        (result.standard_error, result.rejected),
        (None, None),
        "{result:?}"
    );
    assert_eq!(result.estimate.is_some(), estimate, "{result:?}");
}

const TIMES: [Method; 5] = [
    Method::LogRank,
    Method::Cox,
    Method::Milestone,
    Method::RestrictedMean,
    Method::Gray,
];
const TABLES: [Method; 4] = [
    Method::RiskDifference,
    Method::CochranMantelHaenszel,
    Method::Logistic,
    Method::BayesianTwoArm,
];

#[test]
fn an_arm_without_an_event_gives_reasons_and_no_numbers() {
    let arms: Vec<usize> = (0..20).map(|i| i / 10).collect();
    let event = |happened| Outcome::Event {
        time_days: 336.0,
        happened,
    };
    // Nobody at all.
    let nobody = vec![event(false); 20];
    for (result, method) in of_outcomes(&nobody, &arms, &TIMES).iter().zip(TIMES) {
        assert_no_answer(result, method == Method::Milestone);
    }
    // Nobody in the first arm.
    let mut one: Vec<Outcome> = vec![event(false); 10];
    one.extend((0..10).map(|i| match i {
        0..6 => Outcome::Event {
            time_days: 30.0 + f64::from(i),
            happened: true,
        },
        _ => event(false),
    }));
    let found = of_outcomes(&one, &arms, &[Method::Cox, Method::Milestone]);
    assert_no_answer(&found[0], false);
    assert_no_answer(&found[1], true);

    let mut counts = vec![
        Outcome::Count {
            events: 0,
            years: 1.0
        };
        20
    ];
    let found = of_outcomes(&counts, &arms, &[Method::Poisson, Method::RecurrentCox]);
    found
        .iter()
        .for_each(|result| assert_no_answer(result, false));
    // The exact interval and p value stand, and say so.
    counts[15] = Outcome::Count {
        events: 3,
        years: 1.0,
    };
    let found = &of_outcomes(&counts, &arms, &[Method::Poisson])[0];
    assert_eq!(found.estimate, None);
    assert!(found.reason.as_ref().unwrap().contains("exact"));
}

#[test]
fn an_empty_arm_gives_reasons_and_no_numbers() {
    let arms = [1; 12];
    let time = |i: usize| Outcome::Event {
        time_days: 100.0 + i as f64,
        happened: true,
    };
    let times: Vec<Outcome> = (0..12).map(time).collect();
    let yes: Vec<Outcome> = (0..12)
        .map(|i| Outcome::Binary { yes: i % 2 == 0 })
        .collect();
    let counts = vec![
        Outcome::Count {
            events: 2,
            years: 1.0
        };
        12
    ];
    let change = Outcome::Change {
        baseline: 4.0,
        change: Some(1.0),
    };
    let mut found = of_outcomes(&times, &arms, &TIMES);
    found.extend(of_outcomes(&yes, &arms, &TABLES));
    found.extend(of_outcomes(&yes, &arms, &[Method::Binomial]));
    found.extend(of_outcomes(
        &counts,
        &arms,
        &[Method::Poisson, Method::RecurrentCox],
    ));
    found.extend(of_outcomes(&[change; 12], &arms, &[Method::Mmrm]));
    for result in &found {
        assert_no_answer(result, false);
    }
    assert_eq!(found.len(), 13);
}

#[test]
fn separation_is_penalised_and_equal_answers_say_nothing() {
    let arms: Vec<usize> = (0..20).map(|i| i / 10).collect();
    // All of the first arm, some of the second: infinite by maximum likelihood, finite by Firth.
    let separated: Vec<Outcome> = (0..20).map(|i| Outcome::Binary { yes: i < 14 }).collect();
    let found = &of_outcomes(&separated, &arms, &[Method::Logistic])[0];
    let [odds_ratio, _, lower, upper, p] = numbers(found);
    // Half a subject in each cell: with one covariate that is what Firth's penalty amounts to.
    let expected = (10.5 / 0.5) / (4.5 / 6.5);
    assert!(
        (odds_ratio - expected).abs() < 1e-6 * expected,
        "{odds_ratio}"
    );
    assert!(0.0 < lower && lower < upper && upper.is_finite() && 0.0 < p && p < 0.05);

    for yes in [false, true] {
        let same = vec![Outcome::Binary { yes }; 20];
        let methods = [Method::CochranMantelHaenszel, Method::Logistic];
        for result in of_outcomes(&same, &arms, &methods) {
            assert_no_answer(&result, false);
        }
    }
}

#[test]
fn solved_patients_go_through_every_method_to_bias_and_coverage() {
    let mut trial = trial(ANALYSES);
    trial.population.bank = 200;
    let never = AtomicBool::new(false);
    let cohort = cohort::solve(&trial, &Library::embedded(), 2, 0, &never, &mut |_| {}).unwrap();
    cohort.with_patients(|patients| {
        let truth = large_sample(&trial, &outcomes(&trial, patients));
        for value in &truth {
            let method = trial.analyses[value.analysis].method;
            let expected = scale(method) != EstimateScale::None;
            assert_eq!(
                value.estimate.is_some(),
                expected,
                "{method:?} {:?}",
                value.reason
            );
        }
        let mut all = Accumulator::new(&trial, &truth);
        let mut space = Space::default();
        for number in 0..20 {
            simulate(&trial, patients, Truth::AsDesigned, number, &mut space).unwrap();
            for result in &space.results {
                all.add(Truth::AsDesigned, result);
            }
        }
        let found = all.finish();
        // Two by arm, the others once.
        assert_eq!(found.len(), trial.analyses.len() + 2);
        for row in &found {
            assert_eq!(
                row.rejected.is_some(),
                row.method.is_test(),
                "{:?}",
                row.method
            );
            assert_eq!(
                row.bias.is_some(),
                row.scale != EstimateScale::None,
                "{row:?}"
            );
        }
    });
}

proptest! {
    /// Outcomes of any kind in any arms, none at all among them.
    #[test]
    fn no_outcomes_make_an_analysis_panic_or_say_nonsense(
        subjects in prop::collection::vec((0usize..2, 0u32..4, prop::bool::ANY), 0..24),
    ) {
        let arms: Vec<usize> = subjects.iter().map(|subject| subject.0).collect();
        let of = |kind: OutcomeKind| -> Vec<Outcome> {
            let one = |&(_, number, yes): &(usize, u32, bool)| match kind {
                OutcomeKind::TimeToEvent => Outcome::Event {
                    time_days: 120.0 * f64::from(number),
                    happened: yes,
                },
                OutcomeKind::Count => Outcome::Count {
                    events: number,
                    years: if yes { 1.0 } else { 0.0 },
                },
                OutcomeKind::Continuous => Outcome::Change {
                    baseline: f64::from(number),
                    change: yes.then_some(f64::from(number) - 1.0),
                },
                OutcomeKind::Binary => Outcome::Binary { yes },
            };
            subjects.iter().map(one).collect()
        };
        for method in trial(ANALYSES).analyses.iter().map(|analysis| analysis.method) {
            let result = &of_outcomes(&of(method.outcome()), &arms, &[method])[0];
            let numbers = [result.estimate, result.standard_error, result.lower];
            prop_assert!(numbers.iter().flatten().all(|value| value.is_finite()), "{result:?}");
            prop_assert!(result.upper.is_none_or(|upper| !upper.is_nan()), "{result:?}");
            prop_assert!(result.p_value.is_none_or(|p| (0.0..=1.0).contains(&p)), "{result:?}");
            prop_assert!(result.p_value.is_some() || !method.is_test() || result.reason.is_some());
        }
    }
}

/// Each mistake alone, as a replacement in the trial above.
const MISTAKES: &[(&str, &str)] = &[
    ("week = 24", ""),
    ("week = 24", "week = 60"),
    ("rho = 0.5", "rho = 50"),
    ("method = \"cox\"", "method = \"cox\"\ngamma = 1"),
    (
        "method = \"poisson\"",
        "method = \"poisson\"\nstrata = [{ by = \"disease\" }]",
    ),
    ("method = \"poisson\"", "method = \"poisson\"\nweek = 12"),
    ("p0 = 0.3", ""),
    ("p0 = 0.3", "p0 = 1.5"),
    ("interval = \"miettinen_nurminen\"", "interval = \"wald\""),
    ("interval = \"miettinen_nurminen\"", "p0 = 0.2"),
    (
        "strata = [{ by = \"baseline_score\", score = \"edss\", above = 4 }]",
        "",
    ),
    (
        "score = \"edss\", above = 4",
        "score = \"mg_adl\", above = 40",
    ),
    (
        "score = \"edss\", above = 4",
        "score = \"edss\", above = 10",
    ),
    ("bayesian = { cutoff = 0.9 }", ""),
    ("bayesian = { cutoff = 0.9 }", "bayesian = { cutoff = 0.4 }"),
    (
        "bayesian = { cutoff = 0.9 }",
        "bayesian = { cutoff = 0.9, control = { a = 0, b = 1 } }",
    ),
    (
        "responders = 12, subjects = 40",
        "responders = 42, subjects = 40",
    ),
    ("source = \"a\"", "source = \"\""),
    (
        "measure = { kind = \"time_to_attack\" }\nrescue_strategy = \"while_on_treatment\"",
        "measure = { kind = \"time_to_attack\" }\nrescue_strategy = \"hypothetical\"",
    ),
    (
        "measure = { kind = \"attack_count\" }",
        "measure = { kind = \"new_lesions\", mri_weeks = [0, 48] }",
    ),
    ("every_weeks = 12", "every_weeks = 1"),
    ("method = \"mmrm\"", "method = \"gray\""),
];

#[test]
fn every_mistake_of_an_analysis_is_named_with_its_place_and_a_way_out() {
    let mut out = String::new();
    let text = format!("{TRIAL}{ANALYSES}");
    for (from, to) in MISTAKES {
        assert!(text.contains(from), "`{from}` is not in the trial");
        let found = check(
            &text.replacen(from, to, 1),
            "trial.toml",
            &Library::embedded(),
        );
        assert!(!found.errors.is_empty(), "no error for `{to}`");
        writeln!(
            out,
            "### {} -> {}",
            from.replace('\n', " / "),
            to.replace('\n', " / ")
        )
        .unwrap();
        for problem in &found.errors {
            writeln!(out, "error: {problem}").unwrap();
        }
        out.push('\n');
    }
    insta::assert_snapshot!(out);
}
