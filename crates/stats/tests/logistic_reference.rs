//! Logistic and Firth regression against R, every row of the file.

mod reference;

use neurocart_stats::NotEstimable;
use neurocart_stats::firth::firth;
use neurocart_stats::logistic::{LogisticModel, OddsCoefficient, logistic};
use reference::{assert_optimised, rows};

struct Data {
    event: Vec<bool>,
    arm: Vec<f64>,
    age: Vec<f64>,
}

fn data(name: &str) -> Data {
    let rows = rows("logistic_data");
    let rows: Vec<_> = rows.iter().filter(|r| r.text("data") == name).collect();
    Data {
        event: rows.iter().map(|r| r.count("y") == 1).collect(),
        arm: rows.iter().map(|r| r.number("arm")).collect(),
        age: rows.iter().map(|r| r.number("age")).collect(),
    }
}

fn term<'a>(model: &'a LogisticModel, name: &str) -> &'a OddsCoefficient {
    match name {
        "(Intercept)" => &model.intercept,
        "arm" => &model.coefficients[0],
        "age" => &model.coefficients[1],
        other => panic!("{other}"),
    }
}

#[test]
fn logistic_models_match_every_row() {
    let (mut firth_rows, mut separated_rows) = (0, 0);
    for row in rows("logistic") {
        let case = row.text("case_id");
        let d = data(if case == "firth_separated" {
            "separated"
        } else {
            "d2"
        });
        if case == "ml" {
            // 140.48 arm - 6.40 age + 208.24 of R's own last step puts every responder above zero
            // and everyone else below: the outcomes are separated, the maximum is at infinity, and
            // R's row, with a log-likelihood of zero, only says how far its iteration went.
            assert!(row.number("loglik") > -1e-8 && row.number("se") > 1e3);
            let predictor =
                |i: usize| 208.242127275 + 140.482524798 * d.arm[i] - 6.40192465174 * d.age[i];
            assert!((0..d.event.len()).all(|i| (predictor(i) > 0.0) == d.event[i]));
            let reason = logistic(&d.event, &[&d.arm, &d.age], 0.95).unwrap_err();
            assert!(
                matches!(reason, NotEstimable::Separation { .. }),
                "{reason}"
            );
            separated_rows += 1;
            continue;
        }
        let fit = firth(&d.event, &[&d.arm, &d.age], 0.95).unwrap();
        let ours = term(&fit.model, row.text("term"));
        let what = format!("{case} {}", row.text("term"));
        assert_optimised(&what, ours.coefficient, row.number("coef"));
        assert_optimised(&what, ours.standard_error, row.number("se"));
        assert_optimised(&what, fit.model.log_likelihood, row.number("loglik"));
        firth_rows += 1;
    }
    assert_eq!((firth_rows, separated_rows), (6, 3));
}

/// Coefficients of R's `glm(y ~ arm + age, binomial, epsilon = 1e-14)` on the separated set with the
/// outcome of the first subject turned round, which ends the separation.
#[test]
fn maximum_likelihood_matches_glm_once_the_outcomes_overlap() {
    let mut d = data("separated");
    d.event[0] = false;
    let fit = logistic(&d.event, &[&d.arm, &d.age], 0.95).unwrap();
    for (name, coefficient, standard_error) in GLM {
        let ours = term(&fit, name);
        assert_optimised(name, ours.coefficient, coefficient);
        assert_optimised(name, ours.standard_error, standard_error);
    }
    assert_optimised("log-likelihood", fit.log_likelihood, GLM_LOG_LIKELIHOOD);
}

#[test]
fn a_single_table_has_its_crude_odds_ratio_and_firth_adds_half_to_each_cell() {
    // 7 of 12 treated, 3 of 15 controls.
    let event: Vec<bool> = (0..27).map(|i| i < 7 || (12..15).contains(&i)).collect();
    let arm: Vec<f64> = (0..27).map(|i| f64::from(u8::from(i < 12))).collect();
    let fit = logistic(&event, &[&arm], 0.95).unwrap();
    assert_optimised(
        "crude",
        fit.coefficients[0].odds_ratio,
        (7.0 / 5.0) / (3.0 / 12.0),
    );
    let variance: f64 = 1.0 / 7.0 + 1.0 / 5.0 + 1.0 / 3.0 + 1.0 / 12.0;
    assert_optimised("error", fit.coefficients[0].standard_error, variance.sqrt());
    // Firth on a saturated model: Haldane's estimator.
    let firth = firth(&event, &[&arm], 0.95).unwrap();
    assert_optimised(
        "half in each cell",
        firth.model.coefficients[0].odds_ratio,
        (7.5 / 5.5) / (3.5 / 12.5),
    );
}

const GLM: [(&str, f64, f64); 3] = [
    ("(Intercept)", -0.3096419906128, 2.514385603207),
    ("arm", 2.59599426793, 1.247058126523),
    ("age", -0.002219346081844, 0.05631443087727),
];
const GLM_LOG_LIKELIHOOD: f64 = -9.98016968969;
