//! External controls against R, every row of the files.

mod reference;

use neurocart_stats::cox::{CoxOptions, cox};
use neurocart_stats::e_value::{e_value, e_value_of_interval};
use neurocart_stats::external_control::matching_adjusted::matching_weights;
use neurocart_stats::external_control::treated_weights::treated_weights;
use neurocart_stats::{Interval, NotEstimable};
use proptest::prelude::*;
use reference::{Row, assert_exact, assert_optimised, column, rows};

const COVARIATES: [&str; 3] = ["age", "edss", "relapses_prior"];

struct Data {
    treated: Vec<bool>,
    covariates: [Vec<f64>; 3],
    time: Vec<f64>,
    event: Vec<bool>,
}

fn data() -> Data {
    let rows = rows("external_control_data");
    Data {
        treated: rows.iter().map(|r| r.count("treated") == 1).collect(),
        covariates: COVARIATES.map(|name| column(&rows, name)),
        time: column(&rows, "time"),
        event: rows.iter().map(|r| r.count("event") == 1).collect(),
    }
}

fn position(quantity: &str) -> usize {
    COVARIATES
        .iter()
        .position(|name| quantity.ends_with(name))
        .unwrap_or_else(|| panic!("{quantity}"))
}

#[test]
fn weighting_to_the_treated_matches_every_row() {
    let d = data();
    let covariates = [&d.covariates[0][..], &d.covariates[1], &d.covariates[2]];
    let weighted = treated_weights(&d.treated, &covariates).unwrap();
    let arm: Vec<f64> = d.treated.iter().map(|&t| f64::from(u8::from(t))).collect();
    let plain = cox(&d.time, &d.event, &[&arm], &CoxOptions::default()).unwrap();
    let everyone: Vec<usize> = (0..arm.len()).collect();
    let options = CoxOptions {
        weights: Some(&weighted.weights),
        cluster: Some(&everyone),
        ..CoxOptions::default()
    };
    let att = cox(&d.time, &d.event, &[&arm], &options).unwrap();
    let rows = rows("external_control_att");
    for row in &rows {
        let (quantity, theirs) = (row.text("quantity"), row.number("value"));
        let ours = match quantity {
            "ps_coef_(Intercept)" => weighted.propensity.intercept.coefficient,
            q if q.starts_with("ps_coef") => {
                weighted.propensity.coefficients[position(q)].coefficient
            }
            "ess_controls_att" => weighted.effective_controls,
            "unweighted_log_hr" => plain.coefficients[0].log_hazard_ratio,
            "unweighted_se" => plain.coefficients[0].standard_error,
            "att_log_hr" => att.coefficients[0].log_hazard_ratio,
            "att_naive_se" => att.coefficients[0].standard_error,
            "att_robust_se" => att.coefficients[0].robust_standard_error.unwrap(),
            q if q.starts_with("smd_before") => weighted.balance[position(q)].before,
            q if q.starts_with("smd_after") => weighted.balance[position(q)].after,
            other => panic!("{other}"),
        };
        assert_optimised(quantity, ours, theirs);
    }
    assert_eq!(rows.len(), 16);
    // The balance of these data is poor on purpose: all three must be named.
    assert_eq!(weighted.unbalanced(), [0, 1, 2]);
}

#[test]
fn matching_to_published_means_matches_every_row() {
    let d = data();
    let treated: Vec<Vec<f64>> = d
        .covariates
        .iter()
        .map(|c| {
            let members = c.iter().zip(&d.treated).filter(|(_, t)| **t);
            members.map(|(value, _)| *value).collect()
        })
        .collect();
    let covariates = [&treated[0][..], &treated[1], &treated[2]];
    let rows = rows("maic");
    let value = |name: &str| {
        let found = rows.iter().find(|r| r.text("quantity") == name);
        found.map(|r: &Row| r.number("value")).unwrap()
    };
    let target = COVARIATES.map(|name| value(&format!("target_{name}")));
    let ours = matching_weights(&covariates, &target).unwrap();
    let mut compared = 0;
    for row in &rows {
        let (quantity, theirs) = (row.text("quantity"), row.number("value"));
        let found = match quantity {
            q if q.starts_with("maic_alpha") => ours.a[position(q)],
            q if q.starts_with("target") => {
                assert_exact(q, ours.weighted_means[position(q)], theirs);
                target[position(q)]
            }
            q if q.starts_with("weighted_mean") => ours.weighted_means[position(q)],
            "ess" => ours.effective_subjects,
            "sum_weights" => ours.weights.iter().sum(),
            "max_rescaled_weight" => ours.largest_rescaled_weight,
            other => panic!("{other}"),
        };
        assert_optimised(quantity, found, theirs);
        compared += 1;
    }
    assert_eq!(compared, 12);
}

#[test]
fn e_values_match_every_row() {
    let mut compared = 0;
    for row in rows("e_value") {
        let rr = row.number("risk_ratio");
        assert_exact("e", e_value(rr).unwrap(), row.number("e_value"));
        assert_exact("1/e", e_value(1.0 / rr).unwrap(), row.number("e_value"));
        compared += 1;
    }
    assert_eq!(compared, 5);
    let interval = |lower, upper| e_value_of_interval(&Interval { lower, upper }).unwrap();
    assert_eq!(interval(0.5, 1.2), 1.0);
    assert_eq!(interval(0.1, 0.5), e_value(0.5).unwrap());
    assert_eq!(interval(2.0, f64::INFINITY), e_value(2.0).unwrap());
    assert!(e_value(0.0).is_err() && e_value(f64::NAN).is_err());
}

#[test]
fn controls_that_cannot_stand_for_the_treated_are_refused() {
    let age = [30.0, 32.0, 31.0, 60.0, 62.0, 64.0];
    let treated = [true, true, true, false, false, false];
    let separated = treated_weights(&treated, &[&age]);
    assert_eq!(separated, Err(NotEstimable::Separation { covariate: 0 }));
    let nobody = treated_weights(&[false; 6], &[&age]);
    assert_eq!(nobody, Err(NotEstimable::EmptyArm));
    // One control among the treated, and all others far away: it carries all the weight.
    let mut distant: Vec<f64> = (0..40).map(|i| f64::from(i % 10)).collect();
    let mut group = vec![true; 40];
    distant.push(4.0);
    group.push(false);
    for i in 0..40 {
        distant.push(60.0 + f64::from(i % 7));
        group.push(false);
    }
    match treated_weights(&group, &[&distant]) {
        Err(NotEstimable::WeightOnOneSubject { subject: 40, share }) => assert!(share > 0.999),
        other => panic!("{other:?}"),
    }
    for target in [29.0, 64.0, 1e300] {
        let beyond = matching_weights(&[&age], &[target]);
        assert_eq!(beyond, Err(NotEstimable::TargetOutOfReach));
    }
    // Inside the range of each covariate, outside of both together.
    let weight = [30.0, 32.0, 31.0, 60.0, 62.0, 64.5];
    let corner = matching_weights(&[&age, &weight], &[35.0, 55.0]);
    assert_eq!(corner, Err(NotEstimable::TargetOutOfReach));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn matching_reaches_any_target_inside_and_refuses_others(
        x in prop::collection::vec((-50..50i32, -50..50i32), 4..40), share in prop::collection::vec(0.01..1.0f64, 40), shift in -30.0..30.0f64
    ) {
        let first: Vec<f64> = x.iter().map(|v| f64::from(v.0)).collect();
        let second: Vec<f64> = x.iter().map(|v| f64::from(v.1)).collect();
        let all: f64 = share[..x.len()].iter().sum();
        let mean = |v: &[f64]| v.iter().zip(&share).map(|(v, s)| v * s).sum::<f64>() / all;
        // A mean with all weights positive is inside.
        let target = [mean(&first), mean(&second)];
        match matching_weights(&[&first, &second], &target) {
            Ok(found) => {
                prop_assert!((found.weighted_means[0] - target[0]).abs() < 1e-8);
                prop_assert!((found.weighted_means[1] - target[1]).abs() < 1e-8);
                prop_assert!(found.weights.iter().all(|w| *w >= 0.0 && w.is_finite()));
                prop_assert!(found.effective_subjects >= 1.0 - 1e-9 && found.effective_subjects <= x.len() as f64 + 1e-9);
            }
            Err(NotEstimable::Collinear { .. }) => {}
            Err(other) => prop_assert!(false, "{other}"),
        }
        let moved = [target[0] + shift, target[1] - shift];
        match matching_weights(&[&first, &second], &moved) {
            Ok(found) => prop_assert!((found.weighted_means[0] - moved[0]).abs() < 1e-6),
            Err(reason) => prop_assert!(!reason.is_bad_input(), "{reason}"),
        }
    }

    #[test]
    fn weighting_answers_or_says_why(
        rows in prop::collection::vec((any::<bool>(), any::<f64>(), -3..3i8), 0..30), tame in any::<bool>()
    ) {
        let treated: Vec<bool> = rows.iter().map(|r| r.0).collect();
        let x: Vec<f64> = rows.iter().map(|r| if tame { f64::from(r.2) } else { r.1 }).collect();
        if let Ok(found) = treated_weights(&treated, &[&x]) {
            prop_assert!(found.weights.iter().all(|w| w.is_finite() && *w >= 0.0));
            prop_assert!(found.balance[0].before.is_finite() && found.balance[0].after.is_finite());
            let controls = treated.iter().filter(|t| !**t).count() as f64;
            prop_assert!(found.effective_controls >= 1.0 - 1e-9 && found.effective_controls <= controls + 1e-9);
        }
        let _ = matching_weights(&[&x], &[rows.first().map_or(0.5, |r| r.1)]);
    }
}
