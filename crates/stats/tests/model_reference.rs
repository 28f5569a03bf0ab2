//! Analysis of covariance and count models against R, every row of the files.

mod reference;

use neurocart_stats::ancova::{AncovaOptions, LinearEstimate, ancova};
use neurocart_stats::negative_binomial::{
    NegativeBinomial, Overdispersion, negative_binomial, negative_binomial_robust,
};
use neurocart_stats::poisson_regression::{
    CountModel, PoissonVariance, RateCoefficient, poisson_regression,
};
use reference::{Row, assert_close, assert_exact, assert_optimised, column, rows};

#[test]
fn ancova_matches_every_row() {
    let week_12: Vec<Row> = rows("mgadl_long")
        .into_iter()
        .filter(|r| r.text("week") == "12" && r.optional("chg").is_some())
        .collect();
    let change = column(&week_12, "chg");
    let baseline = column(&week_12, "base");
    let arm: Vec<usize> = week_12.iter().map(|r| r.label("arm")).collect();
    let ours = ancova(&change, &arm, &baseline, &AncovaOptions::default()).unwrap();
    // Their intercept is the mean of arm 0 at baseline zero.
    let at_zero = AncovaOptions {
        at_baseline: Some(0.0),
        ..Default::default()
    };
    let intercept = ancova(&change, &arm, &baseline, &at_zero).unwrap().means[0].mean;
    let mut compared = 0;
    for row in rows("ancova") {
        let term: LinearEstimate = match row.text("term") {
            "(Intercept)" => intercept,
            "arm1" | "LS difference 1-0" => ours.differences[0].difference,
            "base" => ours.baseline_slope,
            "LSmean arm 0" => ours.means[0].mean,
            "LSmean arm 1" => ours.means[1].mean,
            other => panic!("{other}"),
        };
        let what = row.text("term");
        assert_exact(what, term.estimate, row.number("estimate"));
        assert_exact(what, term.standard_error, row.number("se"));
        assert_eq!(ours.degrees_of_freedom as u64, row.count("df"));
        assert_exact(what, term.interval.lower, row.number("lower95"));
        assert_exact(what, term.interval.upper, row.number("upper95"));
        assert_exact(what, ours.residual_standard_deviation, row.number("sigma"));
        compared += 1;
    }
    assert_eq!(compared, 6);
}

struct Relapses {
    count: Vec<u64>,
    years: Vec<f64>,
    arm: Vec<f64>,
    prior: Vec<f64>,
}

fn relapses() -> Relapses {
    let rows = rows("count_data_arr");
    Relapses {
        count: rows.iter().map(|r| r.count("relapses")).collect(),
        years: column(&rows, "followup_years"),
        arm: column(&rows, "arm"),
        prior: column(&rows, "prior_relapses"),
    }
}

/// R's `glm` and `glm.nb` stop at a relative change in deviance of 1e-8 (unless told otherwise, as in
/// the two negative binomial fits of `count_models`) and take standard errors from the step before,
/// that of theta even in those. `count_models_converged` shows with 40 digits that this rule gives
/// R's figures to the last printed digit, and holds the maximum itself: ours must meet that one.
/// R's own figures are then within 1e-4.
const WHERE_R_STOPS: f64 = 1e-4;

fn compare(row: &Row, ours: &RateCoefficient, model: &CountModel, relative: f64) {
    let what = format!("{} {}", row.text("case_id"), row.text("term"));
    assert_close(&what, ours.coefficient, row.number("coef"), relative, 1e-8);
    assert_close(&what, ours.standard_error, row.number("se"), relative, 1e-8);
    assert_close(
        &what,
        ours.rate_ratio,
        row.number("rate_ratio"),
        relative,
        1e-8,
    );
    assert_close(
        &what,
        ours.interval.lower,
        row.number("lower95"),
        relative,
        1e-8,
    );
    assert_close(
        &what,
        ours.interval.upper,
        row.number("upper95"),
        relative,
        1e-8,
    );
    assert_optimised(&what, model.deviance, row.number("deviance"));
    if let Some(log_likelihood) = row.optional("loglik") {
        assert_optimised(&what, model.log_likelihood, log_likelihood);
    }
}

fn compare_negative_binomial(row: &Row, ours: &NegativeBinomial, position: usize, relative: f64) {
    let Overdispersion::Gamma {
        theta,
        standard_error,
    } = ours.overdispersion
    else {
        panic!("fell back to Poisson");
    };
    assert_optimised("theta", theta, row.number("theta"));
    assert_optimised(
        "k",
        ours.overdispersion.dispersion(),
        row.number("dispersion_k"),
    );
    assert_close(
        "se theta",
        standard_error,
        row.number("se_theta"),
        WHERE_R_STOPS,
        0.0,
    );
    compare(
        row,
        coefficient(&ours.model, position),
        &ours.model,
        relative,
    );
}

/// Position in the model of a term of the reference files, the intercept being 0.
fn position(term: &str) -> usize {
    match term {
        "(Intercept)" => 0,
        "arm" | "EthN" => 1,
        "prior_relapses" | "SexM" => 2,
        "LrnSL" => 3,
        other => panic!("{other}"),
    }
}

fn coefficient(model: &CountModel, position: usize) -> &RateCoefficient {
    if position == 0 {
        &model.intercept
    } else {
        &model.coefficients[position - 1]
    }
}

fn poisson(case: &str) -> CountModel {
    let variance = match case {
        "poisson" => PoissonVariance::Model,
        "poisson_robust_HC0" => PoissonVariance::Robust,
        "quasipoisson" => PoissonVariance::QuasiPoisson,
        other => panic!("{other}"),
    };
    let d = relapses();
    poisson_regression(&d.count, &d.years, &[&d.arm, &d.prior], variance, 0.95).unwrap()
}

fn school_absence() -> NegativeBinomial {
    let data = rows("count_data_quine");
    let days: Vec<u64> = data.iter().map(|r| r.count("days")).collect();
    let columns = ["eth_n", "sex_m", "lrn_sl"].map(|name| column(&data, name));
    let covariates = [&columns[0][..], &columns[1], &columns[2]];
    negative_binomial(&days, &vec![1.0; days.len()], &covariates, 0.95).unwrap()
}

#[test]
fn count_models_match_every_row() {
    let d = relapses();
    let mut compared = 0;
    for row in rows("count_models") {
        let position = position(row.text("term"));
        let negative_binomial = |covariates: &[&[f64]]| {
            let fit = negative_binomial(&d.count, &d.years, covariates, 0.95).unwrap();
            compare_negative_binomial(&row, &fit, position, 1e-6);
        };
        match row.text("case_id") {
            "negbin_adjusted" => negative_binomial(&[&d.arm, &d.prior]),
            "negbin_unadjusted" => negative_binomial(&[&d.arm]),
            case => {
                let fit = poisson(case);
                compare(&row, coefficient(&fit, position), &fit, WHERE_R_STOPS);
            }
        }
        compared += 1;
    }
    assert_eq!(compared, 14);
}

#[test]
fn school_absence_negative_binomial_matches_every_row() {
    let ours = school_absence();
    let mut compared = 0;
    for row in rows("count_models_quine") {
        compare_negative_binomial(&row, &ours, position(row.text("term")), WHERE_R_STOPS);
        compared += 1;
    }
    assert_eq!(compared, 4);
}

#[test]
fn count_models_reach_the_maximum_found_with_forty_digits() {
    let school = school_absence();
    let mut compared = 0;
    for row in rows("count_models_converged") {
        let position = position(row.text("term"));
        let case = row.text("case_id");
        let (fit, theirs) = if case.starts_with("quine") {
            let Overdispersion::Gamma {
                theta,
                standard_error,
            } = school.overdispersion
            else {
                panic!("fell back to Poisson");
            };
            assert_exact(case, theta, row.number("theta"));
            assert_exact(case, standard_error, row.number("se_theta"));
            (school.model.clone(), rows("count_models_quine"))
        } else {
            (poisson(case), rows("count_models"))
        };
        let ours = coefficient(&fit, position);
        assert_exact(case, ours.coefficient, row.number("coef"));
        assert_exact(case, ours.standard_error, row.number("se"));
        // R's figures are those of its stopping rule.
        let same = |r: &&Row| r.text("case_id") == case && r.text("term") == row.text("term");
        let theirs = theirs.iter().find(same).unwrap();
        assert_exact(case, row.number("stopped_coef"), theirs.number("coef"));
        assert_exact(case, row.number("stopped_se"), theirs.number("se"));
        if let Some(se_theta) = row.optional("stopped_se_theta") {
            assert_exact(case, se_theta, theirs.number("se_theta"));
        }
        compared += 1;
    }
    assert_eq!(compared, 13);
}

#[test]
fn adjusted_annualised_relapse_rates_match_every_row() {
    let d = relapses();
    let fit = negative_binomial(&d.count, &d.years, &[&d.arm, &d.prior], 0.95).unwrap();
    let mean_prior = d.prior.iter().sum::<f64>() / d.prior.len() as f64;
    let mut compared = 0;
    for row in rows("count_adjusted_arr") {
        assert_exact("mean", mean_prior, row.number("at_prior_relapses"));
        let ours = fit
            .model
            .rate_at(&[row.number("arm"), mean_prior], 0.95)
            .unwrap();
        assert_optimised("rate", ours.rate, row.number("arr"));
        assert_optimised("se", ours.standard_error, row.number("se"));
        assert_optimised("lower", ours.interval.lower, row.number("lower95"));
        assert_optimised("upper", ours.interval.upper, row.number("upper95"));
        compared += 1;
    }
    assert_eq!(compared, 2);
}

/// Sandwich by hand in R from `MASS::glm.nb(control = glm.control(epsilon = 1e-14))`: with W = mu / (1 + mu/theta)
/// and r = (y - mu) / (1 + mu/theta), the roots of the diagonal of I^-1 X' diag(r^2) X I^-1, I = X'WX.
#[test]
fn robust_negative_binomial_errors_match_the_sandwich_of_glm_nb() {
    let d = relapses();
    let fit = negative_binomial_robust(&d.count, &d.years, &[&d.arm, &d.prior], 0.95).unwrap();
    let plain = negative_binomial(&d.count, &d.years, &[&d.arm, &d.prior], 0.95).unwrap();
    let theirs = [0.18362680231817, 0.23715920775544, 0.09317587675699];
    for (position, theirs) in theirs.into_iter().enumerate() {
        let ours = coefficient(&fit.model, position);
        assert_optimised("robust error", ours.standard_error, theirs);
        assert_eq!(
            ours.coefficient,
            coefficient(&plain.model, position).coefficient
        );
    }
}
