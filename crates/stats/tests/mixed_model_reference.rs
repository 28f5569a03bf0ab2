//! Mixed models for repeated measures against R's `mmrm` 0.3.18, every row of the files.

mod reference;

use neurocart_stats::mixed_model::{
    CellWeight, CovarianceStructure, DegreesOfFreedom, Likelihood, MixedEstimate, Mmrm,
    MmrmOptions, RepeatedMeasures, mmrm, mmrm_with_contrasts,
};
use reference::{assert_close, rows};

/// Change in MG-ADL at weeks 4, 8, 12 and 24; rows without a value are left out.
struct MgAdl {
    subject: Vec<usize>,
    visit: Vec<usize>,
    arm: Vec<usize>,
    baseline: Vec<f64>,
    outcome: Vec<f64>,
}

impl MgAdl {
    fn read() -> MgAdl {
        let mut data = MgAdl {
            subject: Vec::new(),
            visit: Vec::new(),
            arm: Vec::new(),
            baseline: Vec::new(),
            outcome: Vec::new(),
        };
        for row in rows("mgadl_long") {
            if let Some(change) = row.optional("chg") {
                data.subject.push(row.label("id"));
                data.visit.push(row.label("week"));
                data.arm.push(row.label("arm"));
                data.baseline.push(row.number("base"));
                data.outcome.push(change);
            }
        }
        data
    }

    fn measures(&self) -> RepeatedMeasures<'_> {
        RepeatedMeasures {
            subject: &self.subject,
            visit: &self.visit,
            arm: &self.arm,
            baseline: &self.baseline,
            outcome: &self.outcome,
            ..Default::default()
        }
    }
}

fn structure(abbreviation: &str) -> CovarianceStructure {
    CovarianceStructure::ALL
        .into_iter()
        .find(|s| s.abbreviation() == abbreviation)
        .unwrap_or_else(|| panic!("{abbreviation}"))
}

fn fit(covariance: &str, degrees_of_freedom: DegreesOfFreedom) -> Mmrm {
    let options = MmrmOptions {
        structures: &[structure(covariance)],
        degrees_of_freedom,
        ..Default::default()
    };
    mmrm(&MgAdl::read().measures(), &options).unwrap()
}

/// Tolerances of the file: estimates 1e-4, standard errors and degrees of freedom 1e-3 (degrees of
/// freedom 0.05 absolute), log-likelihood 1e-5.
fn compare(what: &str, ours: &MixedEstimate, estimate: f64, se: f64, df: f64) {
    assert_close(what, ours.estimate, estimate, 1e-4, 0.0);
    assert_close(what, ours.standard_error, se, 1e-3, 0.0);
    assert_close(what, ours.degrees_of_freedom, df, 0.0, 0.05);
}

#[test]
fn estimates_of_nine_structures_match_every_row() {
    let mut compared = 0;
    for row in rows("mmrm") {
        let method = match row.text("df_method") {
            "Satterthwaite" => DegreesOfFreedom::Satterthwaite,
            "Kenward-Roger" => DegreesOfFreedom::KenwardRoger,
            other => panic!("{other}"),
        };
        let fit = fit(row.text("covariance"), method);
        let week = row.label("week");
        let what = format!(
            "{} {} week {week} {}",
            row.text("covariance"),
            row.text("df_method"),
            row.text("quantity")
        );
        let mean_of = |arm: usize| {
            let mean = fit.means.iter().find(|m| m.visit == week && m.arm == arm);
            mean.unwrap().mean
        };
        let ours = match row.text("quantity") {
            "difference_arm1_minus_arm0" => {
                let found = fit.differences.iter().find(|d| d.visit == week);
                found.unwrap().difference
            }
            "lsmean_arm0" => mean_of(0),
            "lsmean_arm1" => mean_of(1),
            other => panic!("{other}"),
        };
        let (se, df) = (row.number("se"), row.number("df"));
        compare(&what, &ours, row.number("estimate"), se, df);
        // An interval's limit is off by what its estimate and standard error may be.
        let allowed = 1e-4 * ours.estimate.abs() + 2.0 * 1e-3 * se;
        assert_close(
            &what,
            ours.interval.lower,
            row.number("lower95"),
            0.0,
            allowed,
        );
        assert_close(
            &what,
            ours.interval.upper,
            row.number("upper95"),
            0.0,
            allowed,
        );
        if let Some(t) = row.optional("t") {
            assert_close(&what, ours.t, t, 1e-3, 0.0);
            // d log p / dt is about t, so 1e-3 of t = 5 is 2.5e-2 of p.
            assert_close(&what, ours.p_value, row.number("p"), 1e-3 * t * t, 0.0);
        }
        let log_likelihood = row.number("reml_loglik");
        assert_close(&what, fit.log_likelihood, log_likelihood, 0.0, 1e-5);
        assert_close(&what, fit.aic, row.number("aic"), 0.0, 2e-5);
        assert_close(&what, fit.bic, row.number("bic"), 0.0, 2e-5);
        compared += 1;
    }
    assert_eq!(compared, 88);
}

/// `mmrm` stops a little short of the maximum: by 1.1e-6 in log-likelihood for the unstructured
/// matrix. A point that lies d below a quadratic maximum is within sqrt(2 d) standard errors of it
/// in every direction, so its covariances may be off by that; `mmrm_converged` holds the maximum.
#[test]
fn covariance_matrices_match_every_row() {
    let weeks = [4, 8, 12, 24];
    let estimates = rows("mmrm");
    let mut compared = 0;
    for row in rows("mmrm_covariance") {
        let name = row.text("covariance");
        let fit = fit(name, DegreesOfFreedom::Satterthwaite);
        assert_eq!(fit.visits, weeks);
        let stopped = estimates.iter().find(|r| r.text("covariance") == name);
        let short = fit.log_likelihood - stopped.unwrap().number("reml_loglik");
        assert!(short > -1e-9, "{name}: {short:e} below the reference");
        let at = |column| weeks.iter().position(|w| *w == row.label(column)).unwrap();
        let (i, j) = (at("row"), at("col"));
        let ours = |i: usize, j: usize| fit.covariance[i * 4 + j];
        let spread = ours(i, i) * ours(j, j) + ours(i, j) * ours(i, j);
        let standard_error = (spread / fit.subjects as f64).sqrt();
        let allowed = (2.0 * short.max(0.0)).sqrt() * standard_error;
        assert_close(name, ours(i, j), row.number("value"), 1e-4, allowed);
        compared += 1;
    }
    assert_eq!(compared, 90);
}

/// The optimum found in R without the package, by dense matrices and differences of sixth order.
#[test]
fn nine_structures_meet_the_converged_optimum() {
    let data = MgAdl::read();
    let weeks = [4, 8, 12, 24];
    let methods = [
        (DegreesOfFreedom::Satterthwaite, "se"),
        (DegreesOfFreedom::KenwardRoger, "se_kenward_roger"),
        (
            DegreesOfFreedom::KenwardRogerLinear,
            "se_kenward_roger_linear",
        ),
    ];
    let mut compared = 0;
    for row in rows("mmrm_converged") {
        let ml = row.text("likelihood") == "ML";
        let term = row.text("term");
        let what = format!(
            "{} {} {term}",
            row.text("covariance"),
            row.text("likelihood")
        );
        for (degrees_of_freedom, se) in methods {
            let options = MmrmOptions {
                structures: &[structure(row.text("covariance"))],
                likelihood: if ml {
                    Likelihood::Full
                } else {
                    Likelihood::Restricted
                },
                degrees_of_freedom,
                at_baseline: ml.then_some(0.0),
                ..Default::default()
            };
            let words: Vec<&str> = term.split(' ').collect();
            let number = |at: usize| words[at].parse::<usize>().unwrap();
            let contrast = match words[0] {
                "mean" => vec![cell(number(1), number(2), 1.0)],
                "difference" => vec![cell(number(1), 1, 1.0), cell(number(1), 0, -1.0)],
                "covariance" => vec![],
                _ => coefficient(term),
            };
            let fit = if contrast.is_empty() {
                mmrm(&data.measures(), &options).unwrap()
            } else {
                mmrm_with_contrasts(&data.measures(), &options, &[&contrast]).unwrap()
            };
            let near = |ours: f64, theirs: f64| assert_close(&what, ours, theirs, 1e-8, 0.0);
            near(fit.log_likelihood, row.number("loglik"));
            if words[0] == "covariance" {
                let at = |n| weeks.iter().position(|w| *w == number(n)).unwrap();
                near(fit.covariance[at(1) * 4 + at(2)], row.number("estimate"));
            } else {
                let ours = match term {
                    "base" => fit.baseline_slopes[0],
                    _ => fit.contrasts[0],
                };
                near(ours.estimate, row.number("estimate"));
                // These two rest on the file's second differences, good to 4e-8.
                let (error, df) = (row.number(se), row.number("df"));
                assert_close(&what, ours.standard_error, error, 1e-7, 0.0);
                assert_close(&what, ours.degrees_of_freedom, df, 1e-7, 0.0);
            }
        }
        compared += 1;
    }
    assert_eq!(compared, 217);
}

fn cell(visit: usize, arm: usize, weight: f64) -> CellWeight {
    CellWeight { visit, arm, weight }
}

/// A coefficient of R's `base + arm * week` as a contrast of means at baseline zero.
fn coefficient(term: &str) -> Vec<CellWeight> {
    if let Some((_, week)) = term.split_once(":week") {
        let week = week.parse().unwrap();
        return vec![
            cell(week, 1, 1.0),
            cell(week, 0, -1.0),
            cell(4, 1, -1.0),
            cell(4, 0, 1.0),
        ];
    }
    match term {
        "(Intercept)" | "base" => vec![cell(4, 0, 1.0)],
        "arm1" => vec![cell(4, 1, 1.0), cell(4, 0, -1.0)],
        term => {
            let week = term.strip_prefix("week").unwrap().parse().unwrap();
            vec![cell(week, 0, 1.0), cell(4, 0, -1.0)]
        }
    }
}

#[test]
fn maximum_likelihood_coefficients_match_every_row() {
    let data = MgAdl::read();
    let options = MmrmOptions {
        likelihood: Likelihood::Full,
        at_baseline: Some(0.0),
        ..Default::default()
    };
    let mut compared = 0;
    for row in rows("mmrm_ml_coefficients") {
        let contrast = coefficient(row.text("term"));
        let fit = mmrm_with_contrasts(&data.measures(), &options, &[&contrast]).unwrap();
        assert_eq!(fit.structure, CovarianceStructure::Unstructured);
        let ours = match row.text("term") {
            "base" => fit.baseline_slopes[0],
            _ => fit.contrasts[0],
        };
        let (se, df) = (row.number("se"), row.number("df"));
        compare(row.text("term"), &ours, row.number("estimate"), se, df);
        let log_likelihood = row.number("ml_loglik");
        assert_close("loglik", fit.log_likelihood, log_likelihood, 0.0, 1e-5);
        compared += 1;
    }
    assert_eq!(compared, 9);
}
