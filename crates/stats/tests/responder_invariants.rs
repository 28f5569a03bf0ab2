//! What must hold for any tables, strata and binary outcomes: enumeration, mirror images, typed ends.

use neurocart_stats::NotEstimable;
use neurocart_stats::conditional_odds_ratio::conditional_odds_ratio;
use neurocart_stats::distribution::binomial_pmf;
use neurocart_stats::firth::firth;
use neurocart_stats::logistic::logistic;
use neurocart_stats::stratified_tables::{
    breslow_day, cochran_mantel_haenszel, mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_difference,
};
use neurocart_stats::two_by_two::{TwoByTwo, fisher_exact, pearson_chi_square};
use neurocart_stats::unconditional_exact::unconditional_exact_p;
use proptest::prelude::*;

fn near(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-8 * (1.0 + a.abs().max(b.abs()))
}

fn table(x: (u64, u64, u64, u64)) -> TwoByTwo {
    TwoByTwo {
        treated_events: x.0,
        treated_total: x.0 + x.1,
        control_events: x.2,
        control_total: x.2 + x.3,
    }
}

fn swap_arms(t: &TwoByTwo) -> TwoByTwo {
    TwoByTwo {
        treated_events: t.control_events,
        treated_total: t.control_total,
        control_events: t.treated_events,
        control_total: t.treated_total,
    }
}

fn swap_outcomes(t: &TwoByTwo) -> TwoByTwo {
    TwoByTwo {
        treated_events: t.treated_total - t.treated_events,
        control_events: t.control_total - t.control_events,
        ..*t
    }
}

fn cells(largest: u64) -> impl Strategy<Value = (u64, u64, u64, u64)> {
    (0..largest, 0..largest, 0..largest, 0..largest)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_table_is_fisher_and_its_limits_have_the_tails_asked_for(x in cells(25), level in 0.5..0.999f64) {
        let table = table(x);
        let fisher = fisher_exact(&table);
        match conditional_odds_ratio(&[table], level) {
            Ok(ours) => {
                let fisher = fisher.unwrap();
                prop_assert!(near(ours.p_two_sided, fisher.p_two_sided));
                prop_assert!(near(ours.p_greater, fisher.p_greater) && near(ours.p_less, fisher.p_less));
                prop_assert!(ours.interval.lower <= ours.odds_ratio && ours.odds_ratio <= ours.interval.upper);
                let mirrored = conditional_odds_ratio(&[swap_arms(&table)], level).unwrap();
                prop_assert!(near(1.0 / mirrored.odds_ratio, ours.odds_ratio));
                prop_assert!(near(1.0 / mirrored.interval.upper, ours.interval.lower));
                let turned = conditional_odds_ratio(&[swap_outcomes(&table)], level).unwrap();
                prop_assert!(near(1.0 / turned.odds_ratio, ours.odds_ratio));
                // At an odds ratio psi the two arms are binomial with odds psi and 1, given the sum.
                let tail = |psi: f64, keep: &dyn Fn(u64) -> bool| {
                    let events = table.treated_events + table.control_events;
                    let range = events.saturating_sub(table.control_total)..=events.min(table.treated_total);
                    let weight = |k: u64| binomial_pmf(k, table.treated_total, psi / (1.0 + psi))
                        * binomial_pmf(events - k, table.control_total, 0.5);
                    let all: f64 = range.clone().map(weight).sum();
                    range.filter(|&k| keep(k)).map(weight).sum::<f64>() / all
                };
                let half = 0.5 * (1.0 - level);
                if ours.interval.lower > 0.0 {
                    prop_assert!(near(tail(ours.interval.lower, &|k| k >= table.treated_events), half));
                }
                if ours.interval.upper < f64::INFINITY {
                    prop_assert!(near(tail(ours.interval.upper, &|k| k <= table.treated_events), half));
                }
            }
            Err(reason) => prop_assert_eq!(reason, NotEstimable::NoInformativeTable),
        }
    }

    #[test]
    fn unconditional_test_equals_full_enumeration(n1 in 1..12u64, n2 in 1..12u64, a in 0..12u64, b in 0..12u64) {
        let (a, b) = (a.min(n1), b.min(n2));
        let z = |a: u64, b: u64| {
            let (m, n) = ((a + b) as f64, (n1 + n2) as f64);
            if m == 0.0 || m == n { return 0.0; }
            let p = m / n;
            (a as f64 / n1 as f64 - b as f64 / n2 as f64) / (p * (1.0 - p) * (1.0 / n1 as f64 + 1.0 / n2 as f64)).sqrt()
        };
        let observed = z(a, b).abs();
        let mut expected = 0.0_f64;
        for k in 1..2000 {
            let p = f64::from(k) / 2000.0;
            let mut sum = 0.0;
            for i in 0..=n1 {
                for j in 0..=n2 {
                    if z(i, j).abs() >= observed - 1e-9 {
                        sum += binomial_pmf(i, n1, p) * binomial_pmf(j, n2, p);
                    }
                }
            }
            expected = expected.max(sum);
        }
        let ours = unconditional_exact_p(&TwoByTwo { treated_events: a, treated_total: n1, control_events: b, control_total: n2 }).unwrap();
        prop_assert!(near(ours, expected), "{ours} {expected}");
    }

    #[test]
    fn strata_answer_or_say_why(strata in prop::collection::vec(cells(9), 0..6)) {
        let tables: Vec<TwoByTwo> = strata.into_iter().map(table).collect();
        let mirrored: Vec<TwoByTwo> = tables.iter().map(swap_arms).collect();
        let mut reversed = tables.clone();
        reversed.reverse();
        match (cochran_mantel_haenszel(&tables, false), cochran_mantel_haenszel(&mirrored, false)) {
            (Ok(a), Ok(b)) => {
                prop_assert!(near(a.statistic, b.statistic) && a.p_value >= 0.0 && a.p_value <= 1.0);
                prop_assert!(near(a.statistic, cochran_mantel_haenszel(&reversed, false).unwrap().statistic));
                prop_assert!(cochran_mantel_haenszel(&tables, true).unwrap().statistic <= a.statistic + 1e-12);
            }
            (a, b) => {
                prop_assert!(a == b && !a.clone().unwrap_err().is_bad_input());
                let both = tables.iter().any(|t| t.treated_total > 0 && t.control_total > 0);
                prop_assert_eq!(a.unwrap_err(), if both { NotEstimable::NoInformativeTable } else { NotEstimable::EmptyArm });
            }
        }
        match (mantel_haenszel_odds_ratio(&tables, 0.95), conditional_odds_ratio(&tables, 0.95)) {
            (Ok(mh), Ok(exact)) => {
                prop_assert!(mh.interval.lower < mh.odds_ratio && mh.odds_ratio < mh.interval.upper);
                // Both estimates are on one side of one or, by a little, on both.
                prop_assert!((mh.odds_ratio.ln() * exact.odds_ratio.ln()) > -0.05, "{mh:?} {exact:?}");
                if let Ok(homogeneity) = breslow_day(&tables) {
                    prop_assert!(homogeneity.statistic.is_finite() && homogeneity.p_value >= 0.0);
                }
            }
            (Err(NotEstimable::OddsRatioAtBound { bound }), Ok(exact)) => prop_assert!(exact.odds_ratio == bound),
            (Err(a), Err(b)) => prop_assert!(!a.is_bad_input() && !b.is_bad_input()),
            (a, b) => prop_assert!(false, "{a:?} {b:?}"),
        }
        match (mantel_haenszel_risk_difference(&tables, 0.95), mantel_haenszel_risk_difference(&mirrored, 0.95)) {
            (Ok(a), Ok(b)) => {
                prop_assert!(near(a.difference.estimate, -b.difference.estimate));
                prop_assert!(near(a.standard_error, b.standard_error));
                prop_assert!(a.difference.interval.contains(a.difference.estimate));
            }
            (a, b) => prop_assert!(a.is_err() && b.is_err(), "{a:?} {b:?}"),
        }
    }

    #[test]
    fn one_stratum_is_the_single_table(x in cells(30)) {
        let table = table(x);
        if let (Ok(cmh), Ok(pearson)) = (cochran_mantel_haenszel(&[table], false), pearson_chi_square(&table)) {
            // The hypergeometric variance has N - 1 where Pearson's has N.
            let n = (table.treated_total + table.control_total) as f64;
            prop_assert!(near(cmh.statistic * n / (n - 1.0), pearson.statistic));
            let risk = x.0 as f64 / (x.0 + x.1) as f64 - x.2 as f64 / (x.2 + x.3) as f64;
            if let Ok(found) = mantel_haenszel_risk_difference(&[table], 0.95) {
                prop_assert!(near(found.difference.estimate, risk));
            }
            if let Ok(found) = mantel_haenszel_odds_ratio(&[table], 0.95) {
                prop_assert!(near(found.odds_ratio, x.0 as f64 * x.3 as f64 / (x.1 as f64 * x.2 as f64)));
                let woolf = (1.0 / x.0 as f64 + 1.0 / x.1 as f64 + 1.0 / x.2 as f64 + 1.0 / x.3 as f64).sqrt();
                prop_assert!(near(found.log_standard_error, woolf));
            }
        }
    }

    #[test]
    fn separation_is_found_exactly_where_it_is(rows in prop::collection::vec((any::<bool>(), -4..4i8), 3..30)) {
        let event: Vec<bool> = rows.iter().map(|r| r.0).collect();
        let x: Vec<f64> = rows.iter().map(|r| f64::from(r.1)).collect();
        let range = |outcome: bool| {
            let values = || x.iter().zip(&event).filter(|(_, e)| **e == outcome).map(|(x, _)| *x);
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
        };
        let (yes, no) = (range(true), range(false));
        // One covariate separates, wholly or but for ties, if the ranges do not overlap.
        let separated = yes.0 >= no.1 || no.0 >= yes.1;
        match logistic(&event, &[&x], 0.95) {
            Ok(fit) => {
                prop_assert!(!separated);
                prop_assert!(fit.coefficients[0].standard_error.is_finite());
                // The fitted probabilities add up to the events.
                let sum: f64 = fit.log_odds.iter().map(|eta| 1.0 / (1.0 + (-eta).exp())).sum();
                prop_assert!(near(sum, fit.events as f64));
            }
            Err(NotEstimable::Separation { covariate: 0 }) => prop_assert!(separated),
            Err(NotEstimable::NoEvents) => prop_assert!(!event.contains(&true)),
            Err(NotEstimable::NoVariation) => prop_assert!(!event.contains(&false)),
            Err(NotEstimable::Collinear { covariate: 0 }) => prop_assert!(x.iter().all(|v| *v == x[0])),
            Err(other) => prop_assert!(false, "{other}"),
        }
        // Firth has an answer for all of them, and it is nearer to none than the likelihood's.
        match firth(&event, &[&x], 0.95) {
            Ok(fit) => {
                let ours = &fit.model.coefficients[0];
                prop_assert!(ours.coefficient.is_finite() && ours.standard_error.is_finite());
                prop_assert!(ours.interval.contains(ours.odds_ratio));
                prop_assert!(fit.likelihood_ratio[0].statistic >= 0.0 && fit.likelihood_ratio[0].p_value <= 1.0);
                let turned: Vec<bool> = event.iter().map(|e| !e).collect();
                let mirrored = firth(&turned, &[&x], 0.95).unwrap();
                prop_assert!((mirrored.model.coefficients[0].coefficient + ours.coefficient).abs() < 1e-6 * (1.0 + ours.coefficient.abs()));
            }
            Err(NotEstimable::Collinear { covariate: 0 }) => prop_assert!(x.iter().all(|v| *v == x[0])),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn any_numbers_give_an_answer_or_a_reason(
        rows in prop::collection::vec((any::<bool>(), any::<f64>(), any::<f64>()), 0..15), x in any::<(u64, u64, u64, u64)>(), scale in 0..64u32, level in any::<f64>()
    ) {
        let event: Vec<bool> = rows.iter().map(|r| r.0).collect();
        let columns = [rows.iter().map(|r| r.1).collect::<Vec<f64>>(), rows.iter().map(|r| r.2).collect()];
        for covariates in [&[][..], &[&columns[0][..]], &[&columns[0][..], &columns[1]]] {
            for level in [0.95, level] {
                if let Ok(fit) = logistic(&event, covariates, level) {
                    prop_assert!(fit.intercept.coefficient.is_finite() && !fit.intercept.p_value.is_nan());
                }
                if let Ok(fit) = firth(&event, covariates, level) {
                    prop_assert!(fit.model.intercept.coefficient.is_finite() && !fit.model.intercept.p_value.is_nan());
                }
            }
        }
        let huge = TwoByTwo { treated_events: x.0 >> scale, treated_total: x.1 >> scale, control_events: x.2 >> scale, control_total: x.3 >> scale };
        let _ = cochran_mantel_haenszel(&[huge, huge], true);
        let _ = mantel_haenszel_odds_ratio(&[huge], 0.95);
        let _ = breslow_day(&[huge, huge]);
        if let Ok(found) = mantel_haenszel_risk_difference(&[huge], 0.95) {
            prop_assert!(found.standard_error.is_finite() && found.standard_error > 0.0);
        }
        if let Ok(found) = conditional_odds_ratio(&[huge], level) {
            prop_assert!(!found.odds_ratio.is_nan() && found.interval.lower <= found.interval.upper);
        }
    }
}

#[test]
fn empty_strata_have_their_own_reasons() {
    let empty = table((0, 0, 3, 4));
    let silent = table((0, 5, 0, 4));
    assert_eq!(
        cochran_mantel_haenszel(&[], false),
        Err(NotEstimable::EmptyArm)
    );
    assert_eq!(
        cochran_mantel_haenszel(&[empty], false),
        Err(NotEstimable::EmptyArm)
    );
    assert_eq!(
        cochran_mantel_haenszel(&[silent, empty], false),
        Err(NotEstimable::NoInformativeTable)
    );
    assert_eq!(
        mantel_haenszel_risk_difference(&[silent], 0.95),
        Err(NotEstimable::NoVariation)
    );
    assert_eq!(
        mantel_haenszel_odds_ratio(&[table((5, 0, 1, 4))], 0.95),
        Err(NotEstimable::OddsRatioAtBound {
            bound: f64::INFINITY
        })
    );
    assert_eq!(
        breslow_day(&[table((3, 2, 1, 4)), silent]),
        Err(NotEstimable::TooFewStrata {
            strata: 1,
            needed: 2
        })
    );
    // A stratum with an empty arm changes nothing.
    let some = [table((3, 2, 1, 4)), table((5, 1, 2, 6))];
    let more = [some[0], empty, some[1]];
    assert_eq!(
        cochran_mantel_haenszel(&some, true),
        cochran_mantel_haenszel(&more, true)
    );
    assert_eq!(
        mantel_haenszel_risk_difference(&some, 0.95),
        mantel_haenszel_risk_difference(&more, 0.95)
    );
}

#[test]
fn large_tables_keep_their_digits_and_larger_ones_are_refused() {
    // At this size the conditional estimate is the crude odds ratio to three digits, and its interval
    // Woolf's.
    let large = TwoByTwo {
        treated_events: 12_000,
        treated_total: 40_000,
        control_events: 8_000,
        control_total: 40_000,
    };
    let crude: f64 = (12.0 / 28.0) / (8.0 / 32.0);
    let error = (1.0_f64 / 12e3 + 1.0 / 28e3 + 1.0 / 8e3 + 1.0 / 32e3).sqrt();
    let found = conditional_odds_ratio(&[large], 0.95).unwrap();
    assert!((found.odds_ratio / crude - 1.0).abs() < 1e-4);
    let upper = crude * (1.959963985 * error).exp();
    assert!((found.interval.upper / upper - 1.0).abs() < 1e-3);
    let huge = TwoByTwo {
        treated_events: 300_000_000,
        treated_total: 900_000_000,
        control_events: 200_000_000,
        control_total: 900_000_000,
    };
    assert!(
        conditional_odds_ratio(&[huge], 0.95)
            .unwrap_err()
            .is_bad_input()
    );
    assert!(unconditional_exact_p(&huge).unwrap_err().is_bad_input());
    assert!(cochran_mantel_haenszel(&[huge; 3], true).unwrap().p_value == 0.0);
    assert!(
        mantel_haenszel_odds_ratio(&[huge; 3], 0.95)
            .unwrap()
            .log_standard_error
            > 0.0
    );
}
