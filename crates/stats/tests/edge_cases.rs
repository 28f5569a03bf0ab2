//! Single cases at the edges: no events, an empty arm, huge counts, bad input, known values.

use neurocart_stats::ancova::{AncovaOptions, ancova};
use neurocart_stats::cox::{CoxOptions, Ties, cox, cox_profile_interval};
use neurocart_stats::distribution::{normal_quantile, normal_two_sided};
use neurocart_stats::kaplan_meier::{SurvivalIntervalOptions, kaplan_meier};
use neurocart_stats::log_rank::{LogRankOptions, log_rank};
use neurocart_stats::monte_carlo::*;
use neurocart_stats::negative_binomial::{Overdispersion, negative_binomial};
use neurocart_stats::poisson_rate_ratio::poisson_rate_ratio;
use neurocart_stats::poisson_regression::{PoissonVariance, poisson_regression};
use neurocart_stats::proportion::{ProportionMethod, proportion};
use neurocart_stats::quantile::{QuantileType, quantile};
use neurocart_stats::restricted_mean::restricted_mean_difference;
use neurocart_stats::two_by_two::{TwoByTwo, fisher_exact};
use neurocart_stats::{InputError, NotEstimable};

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-10 * (1.0 + a.abs().max(b.abs()))
}

#[test]
fn poisson_rate_ratio_of_a_two_arm_regression_is_the_crude_ratio() {
    let count = [3, 0, 2, 1, 0, 1, 0, 0];
    let years = [1.0, 2.0, 1.5, 0.5, 2.0, 2.0, 1.0, 1.25];
    let arm = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    let fit = poisson_regression(&count, &years, &[&arm], PoissonVariance::Model, 0.95).unwrap();
    assert!(near(
        fit.coefficients[0].rate_ratio,
        (1.0 / 6.25) / (6.0 / 5.0)
    ));
    assert!(near(
        fit.coefficients[0].standard_error,
        (1.0_f64 + 1.0 / 6.0).sqrt()
    ));
}

#[test]
fn counts_no_more_variable_than_poisson_fall_back_to_poisson_and_say_so() {
    let count = [1, 1, 1, 1, 2, 2, 2, 2];
    let arm = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    let fit = negative_binomial(&count, &[1.0; 8], &[&arm], 0.95).unwrap();
    assert_eq!(fit.overdispersion, Overdispersion::Poisson);
    assert_eq!(fit.overdispersion.dispersion(), 0.0);
    assert!(near(fit.model.coefficients[0].rate_ratio, 2.0));
}

#[test]
fn an_arm_without_events_is_not_estimable_but_has_an_exact_interval() {
    let count = [2, 1, 0, 3, 0, 0, 0, 0];
    let arm = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    let reason = negative_binomial(&count, &[1.0; 8], &[&arm], 0.95).unwrap_err();
    assert_eq!(
        reason,
        NotEstimable::NoEventsInArm {
            covariate: 0,
            level: 1.0
        }
    );
    assert_eq!(
        reason.to_string(),
        "not estimable: no event where covariate 0 equals 1; \
         use the exact conditional rate ratio instead"
    );
    let exact = poisson_rate_ratio([0, 6], [4.0, 4.0], 0.95).unwrap();
    assert_eq!((exact.rate_ratio, exact.interval.lower), (0.0, 0.0));
    assert!(exact.interval.upper < 1.0 && near(exact.p_value, 2.0 * 0.5_f64.powi(6)));
}

#[test]
fn events_in_one_arm_only_are_a_monotone_likelihood() {
    let time = [1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 5.0, 5.0];
    let event = [true, true, true, false, false, false, false, false];
    let arm = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    for ties in [Ties::Efron, Ties::Breslow, Ties::Exact] {
        let options = CoxOptions {
            ties,
            ..Default::default()
        };
        let reason = cox(&time, &event, &[&arm], &options).unwrap_err();
        assert_eq!(reason, NotEstimable::MonotoneLikelihood { covariate: 0 });
        let profile = cox_profile_interval(&time, &event, &[&arm], 0, &options).unwrap_err();
        assert_eq!(profile, reason);
    }
}

#[test]
fn an_empty_arm_and_no_events_have_their_own_reasons() {
    let time = [1.0, 2.0, 3.0];
    let all = [true; 3];
    let options = LogRankOptions::default();
    assert_eq!(
        log_rank(&time, &all, &[1; 3], &options),
        Err(NotEstimable::EmptyArm)
    );
    assert_eq!(
        log_rank(&time, &[false; 3], &[0, 1, 1], &options),
        Err(NotEstimable::NoEvents)
    );
    assert_eq!(
        log_rank(&[], &[], &[], &options),
        Err(NotEstimable::NoEvents)
    );
    let one_arm = cox(&time, &all, &[&[1.0; 3]], &CoxOptions::default());
    assert_eq!(one_arm, Err(NotEstimable::Collinear { covariate: 0 }));
    let none = kaplan_meier(&[], &[]);
    assert_eq!(
        none,
        Err(NotEstimable::TooFewSubjects {
            subjects: 0,
            needed: 1
        })
    );
    let change = ancova(
        &[1.0, 2.0, 3.0],
        &[0; 3],
        &[1.0, 2.0, 4.0],
        &AncovaOptions::default(),
    );
    assert_eq!(change, Err(NotEstimable::EmptyArm));
    let table = TwoByTwo {
        treated_events: 0,
        treated_total: 0,
        control_events: 1,
        control_total: 4,
    };
    assert_eq!(fisher_exact(&table), Err(NotEstimable::EmptyArm));
    assert_eq!(
        poisson_rate_ratio([0, 0], [1.0, 1.0], 0.95),
        Err(NotEstimable::NoEvents)
    );
    let curve = kaplan_meier(&time, &[true, false, false]).unwrap();
    let median = curve.median(&SurvivalIntervalOptions::default());
    assert_eq!(
        median,
        Err(NotEstimable::NotReached {
            lowest_survival: 2.0 / 3.0
        })
    );
    let later = curve.survival_at(9.0, &SurvivalIntervalOptions::default());
    assert_eq!(
        later,
        Err(NotEstimable::BeyondFollowUp {
            time: 9.0,
            last: 3.0
        })
    );
}

#[test]
fn bad_input_is_told_apart_from_data_without_an_answer() {
    let reasons = [
        kaplan_meier(&[1.0, -2.0], &[true, true]).unwrap_err(),
        kaplan_meier(&[1.0, f64::NAN], &[true, true]).unwrap_err(),
        kaplan_meier(&[1.0], &[true, true]).unwrap_err(),
        proportion(5, 3, ProportionMethod::Wilson, 0.95).unwrap_err(),
        proportion(1, 3, ProportionMethod::Wilson, 95.0).unwrap_err(),
        negative_binomial(&[1, 2], &[1.0, 0.0], &[], 0.95).unwrap_err(),
        quantile(&[1.0], f64::NAN, QuantileType::Type7).unwrap_err(),
    ];
    let text: Vec<String> = reasons.iter().map(|r| r.to_string()).collect();
    assert!(reasons.iter().all(NotEstimable::is_bad_input));
    assert_eq!(
        text,
        [
            "`time` is -2 for subject 1; it must be zero or more",
            "`time` is NaN for subject 1; give a finite number or leave the subject out",
            "`event` has 2 values but there are 1 subjects; give one per subject",
            "5 of 3: the count in `events` is larger than its total",
            "`confidence_level` is 95; it must be between 0 and 1, for example 0.95",
            "`exposure` is 0 for subject 1; it must be above zero (1e-100 at least)",
            "`p` is NaN; it must be between 0 and 1",
        ]
    );
}

#[test]
fn huge_counts_keep_their_digits_and_end() {
    let n = 100_000_000;
    for method in [
        ProportionMethod::ClopperPearson,
        ProportionMethod::Wilson,
        ProportionMethod::Jeffreys,
        ProportionMethod::AgrestiCoull,
    ] {
        let ours = proportion(n / 4, n, method, 0.95).unwrap();
        // At this size every interval is the normal one to four digits of its width.
        let half = -normal_quantile(0.025) * (0.25 * 0.75 / n as f64).sqrt();
        assert!(
            (ours.interval.upper - 0.25 - half).abs() < 1e-3 * half,
            "{method:?} {ours:?}"
        );
        assert!(
            (0.25 - ours.interval.lower - half).abs() < 1e-3 * half,
            "{method:?} {ours:?}"
        );
    }
    let table = TwoByTwo {
        treated_events: 30_000_000,
        treated_total: n,
        control_events: 30_010_000,
        control_total: n,
    };
    let fisher = fisher_exact(&table).unwrap();
    // At this size the normal test with the pooled proportion 0.30005.
    let z = 1e-4 / (0.30005_f64 * 0.69995 * 2.0 / n as f64).sqrt();
    assert!(
        (fisher.p_two_sided - normal_two_sided(z)).abs() < 1e-4,
        "{fisher:?}"
    );
    let ratio = poisson_rate_ratio([n, n], [1.0, 2.0], 0.95).unwrap();
    assert!(ratio.interval.contains(2.0) && ratio.p_value < 1e-100);
}

#[test]
fn restricted_means_stop_at_the_last_observation() {
    let time = [1.0, 2.0, 3.0, 1.0, 2.0, 4.0];
    let event = [true, true, false, true, false, true];
    let second = [false, false, false, true, true, true];
    let early = restricted_mean_difference(&time, &event, &second, 2.0, 0.95).unwrap();
    // Both curves fall to 2/3 at time 1.
    assert!(near(early.groups[0].estimate, 1.0 + 2.0 / 3.0) && near(early.difference, 0.0));
    let late = restricted_mean_difference(&time, &event, &second, 5.0, 0.95);
    assert_eq!(
        late,
        Err(NotEstimable::BeyondFollowUp {
            time: 5.0,
            last: 3.0
        })
    );
    let none = [false; 6];
    let flat = restricted_mean_difference(&time, &none, &second, 2.0, 0.95).unwrap();
    assert_eq!(
        (flat.z, flat.p_value, flat.standard_error),
        (None, None, 0.0)
    );
}

#[test]
fn monte_carlo_errors_follow_their_formulas() {
    let power = monte_carlo_proportion(800, 1000).unwrap();
    assert!(near(power.standard_error, (0.8_f64 * 0.2 / 1000.0).sqrt()));
    assert!(power.interval.contains(0.8));
    assert_eq!(monte_carlo_proportion(0, 10).unwrap().standard_error, 0.0);
    assert!(monte_carlo_proportion(0, 10).unwrap().interval.upper > 0.2);
    let mean = monte_carlo_mean(&[1.0, 2.0, 3.0, 4.0]).unwrap();
    assert!(near(mean.estimate, 2.5) && near(mean.standard_error, (5.0_f64 / 3.0 / 4.0).sqrt()));
    // Shared random numbers: designs that agree in every replicate differ by exactly zero.
    let same = [true, false, true, true];
    let difference = paired_proportion_difference(&same, &same).unwrap();
    assert_eq!((difference.estimate, difference.standard_error), (0.0, 0.0));
    // McNemar's form: 2 of 4 replicates discordant, one each way.
    let other = [false, true, true, true];
    let paired = paired_proportion_difference(&same, &other).unwrap();
    assert!(
        near(paired.estimate, 0.0) && near(paired.standard_error, (2.0_f64 / 3.0 / 4.0).sqrt())
    );
    // The two figures of the methods page.
    assert_eq!(replicates_for_proportion(0.025, 0.001), Ok(24_375));
    assert_eq!(replicates_for_proportion(0.8, 0.01), Ok(1_600));
    let bad = replicates_for_proportion(0.5, 0.0);
    assert!(matches!(bad, Err(InputError::Range { .. })));
}
