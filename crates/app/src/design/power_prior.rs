//! `neurocart design power-prior`: historical data at a fixed discount.

use serde_json::json;

use neurocart_report::figure::curves::{Curve, CurveFigure, Join, render_curves_svg};
use neurocart_report::format::{fixed, percent as whole_percent, percent_one_decimal as percent};
use neurocart_stats::bayes::power_prior::{PowerPrior, power_prior_posterior};

use super::Answer;
use super::answer::Table;
use super::notation::{BetaPrior, Fraction};
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Historical responders of subjects.
    #[arg(long, value_name = "R/N")]
    historical: Fraction,
    /// New responders of subjects; 0/0 shows the prior.
    #[arg(long, value_name = "R/N", default_value = "0/0")]
    observed: Fraction,
    /// What one historical subject counts: exponents from 0 to 1.
    #[arg(
        long,
        value_name = "A0,A0,...",
        value_delimiter = ',',
        default_value = "0,0.1,0.25,0.5,1"
    )]
    exponents: Vec<f64>,
    /// Beta prior before the historical data.
    #[arg(long, value_name = "A,B", default_value = "1,1")]
    prior: BetaPrior,
    /// Level of the interval.
    #[arg(long, default_value_t = 0.95)]
    level: f64,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let &Arguments {
        historical,
        observed,
        prior: BetaPrior(initial),
        level,
        ..
    } = arguments;
    let posterior = |exponent| {
        let prior = PowerPrior {
            initial,
            historical_responders: historical.responders,
            historical_subjects: historical.subjects,
            exponent,
        };
        power_prior_posterior(&prior, observed.responders, observed.subjects, level)
    };
    let mut table = Table::new(
        "",
        &[
            "a0",
            "historical subjects",
            "posterior",
            "mean",
            "lower",
            "upper",
        ],
    );
    let mut rows = Vec::new();
    for &exponent in &arguments.exponents {
        let found = posterior(exponent)?;
        let beta = found.posterior;
        table.rows.push(vec![
            exponent.to_string(),
            fixed(found.borrowed_subjects, 1),
            format!("Beta({}, {})", fixed(beta.a, 2), fixed(beta.b, 2)),
            percent(found.mean),
            percent(found.interval.lower),
            percent(found.interval.upper),
        ]);
        rows.push(json!({
            "exponent": exponent, "borrowed_subjects": found.borrowed_subjects,
            "a": beta.a, "b": beta.b, "mean": found.mean,
            "lower": found.interval.lower, "upper": found.interval.upper,
        }));
    }
    let mut curves = ["mean", "lower", "upper"].map(|name| Curve {
        name: name.to_owned(),
        points: Vec::new(),
        join: Join::Line,
    });
    for i in 0..=50 {
        let exponent = f64::from(i) / 50.0;
        let found = posterior(exponent)?;
        let values = [found.mean, found.interval.lower, found.interval.upper];
        for (curve, value) in curves.iter_mut().zip(values) {
            curve.points.push((exponent, value));
        }
    }
    let list: Vec<String> = arguments.exponents.iter().map(f64::to_string).collect();
    Ok(Answer {
        title: format!(
            "Power prior: {} of {} historical, {} of {} new, {} intervals",
            historical.responders,
            historical.subjects,
            observed.responders,
            observed.subjects,
            whole_percent(level)
        ),
        tables: vec![table],
        figure: Some(render_curves_svg(&CurveFigure {
            title: "Posterior by what a historical subject counts".to_owned(),
            x_label: "a0".to_owned(),
            y_label: "response probability".to_owned(),
            percent: true,
            curves: curves.to_vec(),
            reference_lines: Vec::new(),
        })),
        notes: vec![
            "The discount is fixed and does not notice when the data disagree; a robust mixture (`neurocart design map`) does.".to_owned(),
        ],
        r_call: format!(
            "a0 <- c({})\n\
             a <- {} + a0 * {} + {}; b <- {} + a0 * {} + {}\n\
             cbind(a0, mean = a / (a + b), lower = qbeta((1 - {level}) / 2, a, b), upper = qbeta((1 + {level}) / 2, a, b))",
            list.join(", "),
            initial.a,
            historical.responders,
            observed.responders,
            initial.b,
            historical.subjects - historical.responders,
            observed.subjects - observed.responders,
        ),
        result: json!({
            "historical": [historical.responders, historical.subjects],
            "observed": [observed.responders, observed.subjects],
            "prior": [initial.a, initial.b], "level": level, "posteriors": rows,
        }),
        ..Answer::default()
    })
}
