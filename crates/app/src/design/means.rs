//! `neurocart design means`: sample size for the difference of two means, adjusted for baseline or not.

use serde_json::json;

use neurocart_report::format::{percent_one_decimal as percent, significant};
use neurocart_stats::sample_size_means::{
    MeansDesign, MeansMethod, power_means, sample_size_means,
};

use super::Answer;
use super::answer::Table;
use super::two_arms::{TwoArms, facts_of_size, invalid, json_of_size, power_figure, sizes_around};
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Difference of the means to be found, in the unit of the outcome.
    #[arg(long, allow_negative_numbers = true)]
    difference: f64,
    /// Standard deviation of the outcome within an arm, in the same unit.
    #[arg(long, allow_negative_numbers = true)]
    sd: f64,
    /// Correlation of baseline and outcome: the analysis adjusts for baseline (ANCOVA).
    #[arg(long, allow_negative_numbers = true)]
    baseline_correlation: Option<f64>,
    #[command(flatten)]
    arms: TwoArms,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let &Arguments {
        difference,
        sd,
        baseline_correlation,
        arms,
    } = arguments;
    let TwoArms {
        alpha,
        power,
        allocation,
    } = arms;
    let design = MeansDesign {
        difference,
        standard_deviation: sd,
        baseline_correlation,
        allocation,
        alpha_two_sided: alpha,
    };
    let t = MeansMethod::NoncentralT;
    let size = sample_size_means(&design, power, t).map_err(invalid)?;
    let normal = sample_size_means(&design, power, MeansMethod::Normal).map_err(invalid)?;
    let planned = size.subjects()[1];
    let reached = power_means(&design, planned as f64, t).map_err(invalid)?;

    let mut table = Table::new(
        "By correlation of baseline and outcome",
        &[
            "correlation",
            "treated",
            "control",
            "in all",
            "power of the plan",
        ],
    );
    let mut choices = vec![None, Some(0.3), Some(0.5), Some(0.7)];
    if baseline_correlation.is_some() && !choices.contains(&baseline_correlation) {
        choices.push(baseline_correlation);
        choices.sort_by(|a, b| {
            a.unwrap_or(f64::NEG_INFINITY)
                .total_cmp(&b.unwrap_or(f64::NEG_INFINITY))
        });
    }
    let (mut results, mut curves) = (Vec::new(), Vec::new());
    for choice in choices {
        let other = MeansDesign {
            baseline_correlation: choice,
            ..design
        };
        let size = sample_size_means(&other, power, t).map_err(invalid)?;
        let [treated, control] = size.subjects();
        let of_plan = power_means(&other, planned as f64, t).ok();
        let label = choice.map_or("not adjusted".to_owned(), significant);
        table.rows.push(vec![
            label.clone(),
            treated.to_string(),
            control.to_string(),
            (treated + control).to_string(),
            of_plan.map_or("–".to_owned(), percent),
        ]);
        results.push(json!({
            "baseline_correlation": choice, "size": json_of_size(&size), "power_of_the_plan": of_plan,
        }));
        let mut points = Vec::new();
        for control in sizes_around(planned) {
            points.push((
                control as f64,
                power_means(&other, control as f64, t).map_err(invalid)?,
            ));
        }
        curves.push((label, points));
    }
    let adjusted = match baseline_correlation {
        None => "t test".to_owned(),
        Some(rho) => format!("ANCOVA, baseline correlates by {rho}"),
    };
    let r_call = match baseline_correlation {
        None if allocation == 1.0 => format!(
            "power.t.test(delta = {}, sd = {sd}, sig.level = {alpha}, power = {power}, tol = 1e-10)  # per arm",
            difference.abs()
        ),
        None => format!(
            "rpact::getSampleSizeMeans(alpha = {alpha}, beta = 1 - {power}, sided = 2, alternative = {}, stDev = {sd},\n  \
             allocationRatioPlanned = {allocation}, normalApproximation = FALSE)",
            difference.abs()
        ),
        Some(rho) => format!(
            "d <- {} / ({sd} * sqrt(1 - {rho}^2)); a <- {allocation}\n\
             miss <- function(n) {{ df <- (1 + a) * n - 3; pt(qt(1 - {alpha} / 2, df), df, d * sqrt(n * a / (1 + a))) - (1 - {power}) }}\n\
             uniroot(miss, c(4 / (1 + a), 1e6), tol = 1e-10)$root  # on control",
            difference.abs()
        ),
    };
    let mut facts = facts_of_size(&size, reached);
    facts.push((
        "by the normal formula".to_owned(),
        format!("{:.2} in all", normal.total()),
    ));
    Ok(Answer {
        title: format!(
            "Difference of means {difference}, standard deviation {sd}, {adjusted}: two-sided {alpha}, power {power}"
        ),
        facts,
        tables: vec![table],
        figure: Some(power_figure("Power by subjects and baseline correlation", power, curves)),
        notes: vec![
            "noncentral t; power counts results on the side of the effect only".to_owned(),
            "an adjusted analysis has the residual deviation sd * sqrt(1 - correlation^2) and one degree of freedom less"
                .to_owned(),
        ],
        r_call,
        result: json!({
            "difference": difference, "standard_deviation": sd,
            "baseline_correlation": baseline_correlation, "allocation": allocation,
            "alpha_two_sided": alpha, "power": power, "size": json_of_size(&size),
            "normal_formula": json_of_size(&normal), "power_with_whole_subjects": reached,
            "by_baseline_correlation": results,
        }),
    })
}
