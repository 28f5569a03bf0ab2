//! Case weights in the Cox model: against R, against repeated subjects, and bad weights.

mod reference;

use neurocart_stats::cox::{
    CoxOptions, Ties, cox, cox_baseline_hazard, cox_profile_interval, cox_proportionality,
};
use proptest::prelude::*;
use reference::{assert_optimised, column, rows};

/// R's `coxph(Surv(time, status) ~ group + karno, weights = w, robust = TRUE)` on `surv_data_veteran`
/// with w = 1/2 + ((i - 1) mod 7) / 4 for row i, which has 31 tied events: estimate, standard error
/// and robust standard error of both covariates, and the two log-likelihoods.
#[test]
fn weighted_cox_models_with_ties_match_coxph() {
    let data = rows("surv_data_veteran");
    let (time, group, karno) = (
        column(&data, "time"),
        column(&data, "group"),
        column(&data, "karno"),
    );
    let event: Vec<bool> = data.iter().map(|r| r.count("status") == 1).collect();
    let weights: Vec<f64> = (0..time.len())
        .map(|i| 0.5 + (i % 7) as f64 / 4.0)
        .collect();
    let everyone: Vec<usize> = (0..time.len()).collect();
    let theirs = [
        (
            Ties::Efron,
            [0.11842240424365, -0.03494867490313],
            [0.16578650086073, 0.00438496714496],
            [0.196098602395914, 0.005117654568596],
            [-660.1315222832, -629.9131257209],
        ),
        (
            Ties::Breslow,
            [0.11334933361150, -0.03477249012305],
            [0.165717033679846, 0.004386529187341],
            [0.194131052392601, 0.005054215982363],
            [-660.8290770005, -630.8993011135],
        ),
    ];
    for (ties, estimate, error, robust, log_likelihood) in theirs {
        let options = CoxOptions {
            ties,
            weights: Some(&weights),
            cluster: Some(&everyone),
            ..CoxOptions::default()
        };
        let fit = cox(&time, &event, &[&group, &karno], &options).unwrap();
        for j in 0..2 {
            let ours = &fit.coefficients[j];
            assert_optimised("estimate", ours.log_hazard_ratio, estimate[j]);
            assert_optimised("error", ours.standard_error, error[j]);
            assert_optimised("robust", ours.robust_standard_error.unwrap(), robust[j]);
        }
        assert_optimised("null", fit.log_likelihood_null, log_likelihood[0]);
        assert_optimised("fitted", fit.log_likelihood, log_likelihood[1]);
    }
}

#[test]
fn weights_that_cannot_be_used_are_bad_input() {
    let (time, event, arm) = ([1.0, 2.0, 3.0, 4.0], [true; 4], [0.0, 1.0, 1.0, 0.0]);
    let refused = |weights: &[f64], ties: Ties| {
        let options = CoxOptions {
            ties,
            weights: Some(weights),
            ..CoxOptions::default()
        };
        cox(&time, &event, &[&arm], &options)
            .unwrap_err()
            .to_string()
    };
    for (weights, message) in [
        (
            &[1.0, 1.0][..],
            "`weights` has 2 values but there are 4 subjects; give one per subject",
        ),
        (
            &[1.0, 0.0, 1.0, 1.0],
            "`weights` is 0 for subject 1; it must be above zero (1e-100 at least)",
        ),
        (
            &[1e9; 4],
            "`mean of weights` is 1000000000; it must be between 0.001 and 1000; divide the weights by their mean",
        ),
    ] {
        assert_eq!(refused(weights, Ties::Efron), message);
    }
    assert_eq!(
        refused(&[1.0; 4], Ties::Exact),
        "weights are not defined for exact ties; use Efron or Breslow ties with `weights`"
    );
    let options = CoxOptions {
        weights: Some(&[1.0; 4]),
        ..CoxOptions::default()
    };
    assert!(
        cox_proportionality(&time, &event, &[&arm], &options)
            .unwrap_err()
            .is_bad_input()
    );
    assert!(
        cox_baseline_hazard(&time, &event, &[&arm], &[0.0], &options)
            .unwrap_err()
            .is_bad_input()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whole_weights_are_repeated_subjects_under_breslow_ties(
        rows in prop::collection::vec((0..9u8, any::<bool>(), any::<bool>(), 1..4usize), 4..40)
    ) {
        let expand = |repeat: bool| -> (Vec<f64>, Vec<bool>, Vec<f64>) {
            let copies = rows.iter().flat_map(|r| std::iter::repeat_n(r, if repeat { r.3 } else { 1 }));
            let all: Vec<_> = copies.collect();
            (
                all.iter().map(|r| f64::from(r.0)).collect(),
                all.iter().map(|r| r.1).collect(),
                all.iter().map(|r| f64::from(u8::from(r.2))).collect(),
            )
        };
        let weights: Vec<f64> = rows.iter().map(|r| r.3 as f64).collect();
        let plain = CoxOptions { ties: Ties::Breslow, ..CoxOptions::default() };
        let (time, event, arm) = expand(true);
        let repeated = cox(&time, &event, &[&arm], &plain);
        let repeated_profile = cox_profile_interval(&time, &event, &[&arm], 0, &plain);
        let (time, event, arm) = expand(false);
        let options = CoxOptions { weights: Some(&weights), ..plain };
        match (cox(&time, &event, &[&arm], &options), repeated) {
            (Ok(a), Ok(b)) => {
                let (a, b) = (&a.coefficients[0], &b.coefficients[0]);
                prop_assert!((a.log_hazard_ratio - b.log_hazard_ratio).abs() < 1e-8);
                prop_assert!((a.standard_error - b.standard_error).abs() < 1e-8 * b.standard_error);
                let profile = cox_profile_interval(&time, &event, &[&arm], 0, &options).unwrap();
                let repeated = repeated_profile.unwrap();
                prop_assert!((profile.lower - repeated.lower).abs() <= 1e-7 * repeated.lower);
            }
            (a, b) => prop_assert!(a.is_err() && b.is_err(), "{a:?} {b:?}"),
        }
    }

    #[test]
    fn equal_weights_change_no_robust_result(
        rows in prop::collection::vec((0..9u8, any::<bool>(), any::<bool>()), 4..40), factor in 0.01..100.0f64
    ) {
        let time: Vec<f64> = rows.iter().map(|r| f64::from(r.0)).collect();
        let event: Vec<bool> = rows.iter().map(|r| r.1).collect();
        let arm: Vec<f64> = rows.iter().map(|r| f64::from(u8::from(r.2))).collect();
        let everyone: Vec<usize> = (0..rows.len()).collect();
        let weights = vec![factor; rows.len()];
        let plain = CoxOptions { cluster: Some(&everyone), ..CoxOptions::default() };
        let options = CoxOptions { weights: Some(&weights), ..plain };
        match (cox(&time, &event, &[&arm], &options), cox(&time, &event, &[&arm], &plain)) {
            (Ok(a), Ok(b)) => {
                let (a, b) = (&a.coefficients[0], &b.coefficients[0]);
                prop_assert!((a.log_hazard_ratio - b.log_hazard_ratio).abs() < 1e-7);
                let (x, y) = (a.robust_standard_error.unwrap(), b.robust_standard_error.unwrap());
                prop_assert!((x - y).abs() < 1e-7 * (1.0 + y));
            }
            (a, b) => prop_assert!(a.is_err() && b.is_err(), "{a:?} {b:?}"),
        }
    }
}
