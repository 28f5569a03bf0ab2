//! `neurocart design conditional-power`: the prospects of a trial at an interim look.

use serde_json::json;

use neurocart_report::figure::ReferenceLine;
use neurocart_report::figure::curves::{Curve, CurveFigure, Join, render_curves_svg};
use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_stats::distribution::normal_quantile;
use neurocart_stats::group_sequential::{
    conditional_power, conditional_power_at_trend, predictive_power,
};

use super::Answer;
use super::answer::Table;
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Information fraction at the look, between 0 and 1: subjects or events so far over those planned.
    #[arg(long)]
    information: f64,
    /// z statistic at the look, positive in favour of the treatment.
    #[arg(long, allow_negative_numbers = true)]
    z: f64,
    /// Critical value of the final analysis; 1.96 where it is missing.
    #[arg(long)]
    z_final: Option<f64>,
    /// Drift assumed for the rest of the trial, the expectation of z at the final analysis. Where it
    /// is missing, that of a fixed design with 90 % power at the critical value.
    #[arg(long, allow_negative_numbers = true)]
    drift: Option<f64>,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let (t, z) = (arguments.information, arguments.z);
    let z_final = arguments.z_final.unwrap_or(normal_quantile(0.975));
    let drift = arguments.drift.unwrap_or(z_final + normal_quantile(0.9));
    let at_drift = conditional_power(t, z, z_final, drift)?;
    let at_null = conditional_power(t, z, z_final, 0.0)?;
    let at_trend = conditional_power_at_trend(t, z, z_final)?;
    let predictive = predictive_power(t, z, z_final)?;
    let trend = z / t.sqrt();

    let mut table = Table::new(
        "",
        &[
            "for the rest of the trial",
            "drift",
            "probability of success",
        ],
    );
    for (assumption, drift, power) in [
        ("effect assumed", fixed(drift, 3), at_drift),
        ("no effect", fixed(0.0, 3), at_null),
        ("current trend", fixed(trend, 3), at_trend),
        ("predictive, flat prior", "averaged".to_owned(), predictive),
    ] {
        table
            .rows
            .push(vec![assumption.to_owned(), drift, percent(power)]);
    }
    // From no effect to twice what is assumed or seen.
    let end = 2.0 * drift.abs().max(trend.abs()).max(1.0);
    let points = (0..=60)
        .map(|i| {
            let at = end * f64::from(i) / 60.0;
            Ok((at, conditional_power(t, z, z_final, at.min(1e6))?))
        })
        .collect::<Result<Vec<_>, Exit>>()?;
    let figure = render_curves_svg(&CurveFigure {
        title: "Conditional power".to_owned(),
        x_label: "Drift for the rest of the trial".to_owned(),
        y_label: "Probability of success".to_owned(),
        percent: true,
        curves: vec![Curve {
            name: "conditional power".to_owned(),
            points,
            join: Join::Line,
        }],
        reference_lines: vec![ReferenceLine {
            value: predictive,
            label: "predictive power".to_owned(),
        }],
    });
    Ok(Answer {
        title: format!(
            "Conditional power with z = {} at {} of the information, critical value {} at the end",
            fixed(z, 3),
            percent(t),
            fixed(z_final, 4)
        ),
        tables: vec![table],
        figure: Some(figure),
        notes: vec![
            "for the final analysis alone; where looks remain before it, they add a little"
                .to_owned(),
            "the current trend takes a noisy estimate for the truth: read it beside the others"
                .to_owned(),
        ],
        r_call: format!(
            "t <- {t}; z <- {z}; zb <- {z_final}; theta <- {drift}\n\
             pnorm((z * sqrt(t) + theta * (1 - t) - zb) / sqrt(1 - t))        # effect assumed\n\
             pnorm((z / sqrt(t) - zb) / sqrt(1 - t))                          # current trend\n\
             pnorm((z - zb * sqrt(t)) / sqrt(1 - t))                          # predictive"
        ),
        result: json!({
            "information": t,
            "z": z,
            "z_final": z_final,
            "drift": drift,
            "drift_at_trend": trend,
            "conditional_power": at_drift,
            "conditional_power_no_effect": at_null,
            "conditional_power_at_trend": at_trend,
            "predictive_power_flat_prior": predictive,
        }),
        ..Answer::default()
    })
}
