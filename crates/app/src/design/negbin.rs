//! `neurocart design negbin`: sample size for the ratio of two annualised relapse rates.

use serde_json::json;

use neurocart_report::format::{percent_one_decimal as percent, significant};
use neurocart_stats::sample_size_negative_binomial::{
    NullVariance, RelapseRateDesign, power_negative_binomial, sample_size_negative_binomial,
};

use super::Answer;
use super::answer::Table;
use super::two_arms::{TwoArms, facts_of_size, invalid, json_of_size, power_figure, sizes_around};
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Relapses per year on control.
    #[arg(long, allow_negative_numbers = true)]
    control_rate: f64,
    /// Relapse rate on treatment over that on control.
    #[arg(long, allow_negative_numbers = true)]
    rate_ratio: f64,
    /// Dispersion k in the variance mu + k mu^2 of the relapses of a patient; 0 for Poisson.
    #[arg(long, allow_negative_numbers = true)]
    dispersion: f64,
    /// Mean follow-up in years.
    #[arg(long, default_value_t = 1.0, allow_negative_numbers = true)]
    exposure: f64,
    #[command(flatten)]
    arms: TwoArms,
}

const NULL_VARIANCES: [(NullVariance, &str, &str); 3] = [
    (
        NullVariance::MaximumLikelihood,
        "maximum_likelihood",
        "pooled rate (default)",
    ),
    (
        NullVariance::Reference,
        "reference",
        "control rate in both arms",
    ),
    (NullVariance::Truth, "truth", "each arm's own rate"),
];

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let &Arguments {
        control_rate,
        rate_ratio,
        dispersion,
        exposure,
        arms,
    } = arguments;
    let TwoArms {
        alpha,
        power,
        allocation,
    } = arms;
    let design = RelapseRateDesign {
        control_rate,
        rate_ratio,
        dispersion,
        exposure,
        allocation,
        alpha_two_sided: alpha,
    };
    let default = NullVariance::default();
    let size = sample_size_negative_binomial(&design, power, default).map_err(invalid)?;
    let planned = size.subjects()[1];
    let power_with = |design: &RelapseRateDesign, control: u64| {
        power_negative_binomial(design, control as f64, default).map_err(invalid)
    };
    let reached = power_with(&design, planned)?;

    let mut by_null = Table::new(
        "By the rates at which the variance without effect is taken",
        &["rates without effect", "treated", "control", "in all"],
    );
    let mut null_results = Vec::new();
    for (null, name, label) in NULL_VARIANCES {
        let size = sample_size_negative_binomial(&design, power, null).map_err(invalid)?;
        let [treated, control] = size.subjects();
        by_null.rows.push(vec![
            label.to_owned(),
            treated.to_string(),
            control.to_string(),
            (treated + control).to_string(),
        ]);
        null_results.push(json!({"variance_without_effect": name, "size": json_of_size(&size)}));
    }

    let dispersions = if dispersion > 0.0 {
        [0.0, 0.5, 1.0, 1.5, 2.0].map(|factor| factor * dispersion)
    } else {
        [0.0, 0.25, 0.5, 0.75, 1.0]
    };
    let mut by_dispersion = Table::new(
        "By dispersion",
        &["k", "treated", "control", "in all", "power of the plan"],
    );
    let (mut dispersion_results, mut curves) = (Vec::new(), Vec::new());
    for dispersion in dispersions {
        let other = RelapseRateDesign {
            dispersion,
            ..design
        };
        let size = sample_size_negative_binomial(&other, power, default).map_err(invalid)?;
        let [treated, control] = size.subjects();
        let of_plan = power_with(&other, planned)?;
        by_dispersion.rows.push(vec![
            significant(dispersion),
            treated.to_string(),
            control.to_string(),
            (treated + control).to_string(),
            percent(of_plan),
        ]);
        dispersion_results.push(json!({
            "dispersion": dispersion, "size": json_of_size(&size), "power_of_the_plan": of_plan,
        }));
        let mut points = Vec::new();
        for control in sizes_around(planned) {
            points.push((control as f64, power_with(&other, control)?));
        }
        curves.push((format!("k = {}", significant(dispersion)), points));
    }
    let title = format!(
        "Rate ratio {rate_ratio} against {control_rate} relapses a year, dispersion {dispersion}, \
         mean follow-up {exposure} years: two-sided {alpha}, power {power}"
    );
    let figure = power_figure("Power by subjects and dispersion", power, curves);
    Ok(Answer {
        facts: facts_of_size(&size, reached),
        tables: vec![by_null, by_dispersion],
        figure: Some(figure),
        notes: vec![
            "Zhu and Lakkis 2014; power counts results on the side of the effect only".to_owned(),
            "dispersion is the least known of these numbers: see what the plan is worth if it is larger"
                .to_owned(),
        ],
        r_call: format!(
            "r0 <- {control_rate}; rr <- {rate_ratio}; k <- {dispersion}; t <- {exposure}; a <- {allocation}\n\
             v <- function(r0, r1) (1 / r0 + 1 / (a * r1)) / t + (1 + a) * k / a\n\
             r1 <- r0 * rr; pooled <- (r0 + a * r1) / (1 + a)\n\
             (qnorm(1 - {alpha} / 2) * sqrt(v(pooled, pooled)) + qnorm({power}) * sqrt(v(r0, r1)))^2 / log(rr)^2  # on control"
        ),
        result: json!({
            "control_rate": control_rate, "rate_ratio": rate_ratio, "dispersion": dispersion,
            "exposure_years": exposure, "allocation": allocation, "alpha_two_sided": alpha,
            "power": power, "size": json_of_size(&size), "power_with_whole_subjects": reached,
            "by_variance_without_effect": null_results, "by_dispersion": dispersion_results,
        }),
        title,
    })
}
