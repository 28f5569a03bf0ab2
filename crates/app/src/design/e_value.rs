//! `neurocart design e-value`: how strong unmeasured confounding would have to be.

use serde_json::json;

use neurocart_report::figure::curves::{Curve, CurveFigure, Join, render_curves_svg};
use neurocart_report::format::significant;
use neurocart_stats::Interval;
use neurocart_stats::e_value::{e_value, e_value_of_interval};

use super::Answer;
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Risk, rate or hazard ratio.
    #[arg(long, allow_negative_numbers = true)]
    ratio: f64,
    /// Lower confidence limit of the ratio.
    #[arg(long, requires = "upper", allow_negative_numbers = true)]
    lower: Option<f64>,
    /// Upper confidence limit of the ratio.
    #[arg(long, requires = "lower", allow_negative_numbers = true)]
    upper: Option<f64>,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let &Arguments {
        ratio,
        lower,
        upper,
    } = arguments;
    let of_ratio = e_value(ratio).map_err(|_| {
        Exit::invalid(format!(
            "`--ratio` is {ratio}; give a ratio above zero and finite"
        ))
    })?;
    let mut facts = vec![("E-value of the ratio".to_owned(), significant(of_ratio))];
    let (mut of_limit, mut limits) = (None, String::new());
    if let Some((lower, upper)) = lower.zip(upper) {
        if !(lower..=upper).contains(&ratio) {
            return Err(Exit::invalid(format!(
                "`--ratio` is {ratio}, outside of `--lower` {lower} to `--upper` {upper}; give its own interval"
            )));
        }
        let found = e_value_of_interval(&Interval { lower, upper }).map_err(|_| {
            Exit::invalid(format!(
                "`--lower` is {lower}; give a limit of zero or more, below `--upper`"
            ))
        })?;
        facts.push((
            "E-value of the limit nearer to 1".to_owned(),
            significant(found),
        ));
        of_limit = Some(found);
        limits = format!(", lo = {lower}, hi = {upper}");
    }
    let rr = ratio.max(1.0 / ratio);
    Ok(Answer {
        title: format!("E-value of the ratio {ratio}"),
        facts,
        figure: (rr > 1.0).then(|| border(rr, of_ratio)),
        notes: vec![
            format!(
                "to explain the ratio away, an unmeasured confounder must go with treatment and with outcome by a \
                 risk ratio of {} each, beyond the measured covariates; a weaker pair cannot",
                significant(of_ratio)
            ),
            "for a hazard ratio this holds where the outcome is rare, about below 15 %".to_owned(),
        ],
        r_call: format!("EValue::evalues.RR(est = {ratio}{limits})"),
        result: json!({
            "ratio": ratio, "lower": lower, "upper": upper,
            "e_value": of_ratio, "e_value_of_limit": of_limit,
        }),
        ..Answer::default()
    })
}

/// Pairs of strengths that just explain the ratio away: a b / (a + b - 1) = RR.
fn border(rr: f64, e_value: f64) -> String {
    // From the point where both are E, outwards to three times E on one axis.
    let other = |a: f64| rr * (a - 1.0) / (a - rr);
    let largest = 3.0 * e_value;
    let smallest = other(largest);
    let points = (0..=60).map(|k| {
        let a = smallest + (largest - smallest) * f64::from(k) / 60.0;
        (a, other(a))
    });
    render_curves_svg(&CurveFigure {
        title: "Confounding that explains the ratio away".to_owned(),
        x_label: "Risk ratio of confounder and treatment".to_owned(),
        y_label: "Risk ratio of confounder and outcome".to_owned(),
        percent: false,
        curves: vec![
            Curve {
                name: "just enough".to_owned(),
                points: points.collect(),
                join: Join::Line,
            },
            Curve {
                name: "E-value".to_owned(),
                points: vec![(e_value, e_value)],
                join: Join::Points,
            },
        ],
        reference_lines: Vec::new(),
    })
}
