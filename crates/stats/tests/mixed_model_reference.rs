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
        println!("{what} est {:.1e} se {:.1e} df {:.1e} ll {:.1e}", ours.estimate/row.number("estimate")-1.0, ours.standard_error/se-1.0, ours.degrees_of_freedom-df, fit.log_likelihood-row.number("reml_loglik"));
        // An interval's limit is off by what its estimate and standard error may be.
        let allowed = 1e-4 * ours.estimate.abs() + 2.0 * 1e-3 * se;
        assert_close(&what, ours.interval.lower, row.number("lower95"), 0.0, allowed);
        assert_close(&what, ours.interval.upper, row.number("upper95"), 0.0, allowed);
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

#[test]
fn covariance_matrices_match_every_row() {
    let week = [4, 8, 12, 24];
    let mut compared = 0;
    for row in rows("mmrm_covariance") {
        let fit = fit(row.text("covariance"), DegreesOfFreedom::Satterthwaite);
        assert_eq!(fit.visits, week);
        let at = |name| week.iter().position(|w| *w == row.label(name)).unwrap();
        let ours = fit.covariance[at("row") * 4 + at("col")];
        println!("{} {:.1e}", row.text("covariance"), ours/row.number("value")-1.0);
        assert_close(row.text("covariance"), ours, row.number("value"), 1e-4, 0.0);
        compared += 1;
    }
    assert_eq!(compared, 90);
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
        // Their coefficients as contrasts of means at baseline zero.
        let cell = |visit, arm, weight| CellWeight { visit, arm, weight };
        let contrast = match row.text("term").split_once(":week") {
            Some((_, week)) => {
                let week = week.parse().unwrap();
                vec![
                    cell(week, 1, 1.0),
                    cell(week, 0, -1.0),
                    cell(4, 1, -1.0),
                    cell(4, 0, 1.0),
                ]
            }
            None => match row.text("term") {
                "(Intercept)" | "base" => vec![cell(4, 0, 1.0)],
                "arm1" => vec![cell(4, 1, 1.0), cell(4, 0, -1.0)],
                term => {
                    let week = term.strip_prefix("week").unwrap().parse().unwrap();
                    vec![cell(week, 0, 1.0), cell(4, 0, -1.0)]
                }
            },
        };
        let fit = mmrm_with_contrasts(&data.measures(), &options, &[&contrast]).unwrap();
        assert_eq!(fit.structure, CovarianceStructure::Unstructured);
        let ours = match row.text("term") {
            "base" => fit.baseline_slopes[0],
            _ => fit.contrasts[0],
        };
        let (se, df) = (row.number("se"), row.number("df"));
        println!("{} est {:.1e} se {:.1e} df {:.1e}", row.text("term"), ours.estimate/row.number("estimate")-1.0, ours.standard_error/se-1.0, ours.degrees_of_freedom-df);
        compare(row.text("term"), &ours, row.number("estimate"), se, df);
        let log_likelihood = row.number("ml_loglik");
        assert_close("loglik", fit.log_likelihood, log_likelihood, 0.0, 1e-5);
        compared += 1;
    }
    assert_eq!(compared, 9);
}
