//! `neurocart design single-stage`: exact single-stage design of a single arm.

use serde_json::{Value, json};

use neurocart_report::figure::ReferenceLine;
use neurocart_report::figure::curves::{Curve, CurveFigure, render_curves_svg};
use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_stats::single_arm::exact_single_stage::{
    SingleStageDesign, single_stage_designs, single_stage_of_size,
};

use super::Answer;
use super::answer::Table;
use super::simon::type_two_error;
use crate::exit::Exit;

/// Rows of the table of sizes that fail; the JSON has all.
const MOST_ROWS: usize = 20;
/// Sizes in the figure.
const MOST_POINTS: u64 = 200;

#[derive(clap::Args)]
pub struct Arguments {
    /// Response probability of no interest.
    #[arg(long)]
    p0: f64,
    /// Response probability worth finding.
    #[arg(long)]
    p1: f64,
    /// Largest one-sided type I error.
    #[arg(long, default_value_t = 0.05)]
    alpha: f64,
    /// Least power at p1.
    #[arg(long, default_value_t = 0.8)]
    power: f64,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let &Arguments {
        p0,
        p1,
        alpha,
        power,
    } = arguments;
    let beta = type_two_error(power)?;
    let designs = single_stage_designs(p0, p1, alpha, beta)?;
    let smallest = &designs.smallest;
    let mut answer = Answer {
        title: format!(
            "Exact single-stage design, p0 {p0}, p1 {p1}: one-sided {alpha}, power {power}"
        ),
        facts: [
            ("subjects", smallest.n.to_string()),
            (
                "promising",
                format!("with more than {} responders", smallest.r),
            ),
            ("alpha", fixed(smallest.alpha, 4)),
            ("power", fixed(smallest.power, 4)),
            (
                "every size is enough from",
                format!("{} subjects", designs.always_from),
            ),
        ]
        .map(|(label, value)| (label.to_owned(), value))
        .to_vec(),
        r_call: format!("clinfun::ph2single({p0}, {p1}, {alpha}, {beta}, nsoln = 1)"),
        result: json!({
            "p0": p0, "p1": p1, "alpha": alpha, "sides": 1, "power": power,
            "smallest": as_json(smallest),
            "larger_that_fail": designs.larger_that_fail.iter().map(as_json).collect::<Vec<_>>(),
            "always_from": designs.always_from,
        }),
        ..Answer::default()
    };
    let failing = &designs.larger_that_fail;
    if !failing.is_empty() {
        let mut table = Table::new(
            "Larger sizes that fail, each with its best r",
            &["subjects", "r", "alpha", "power"],
        );
        for design in failing.iter().take(MOST_ROWS) {
            table.rows.push(vec![
                design.n.to_string(),
                design.r.to_string(),
                fixed(design.alpha, 4),
                fixed(design.power, 4),
            ]);
        }
        answer.tables.push(table);
        if failing.len() > MOST_ROWS {
            answer.notes.push(format!(
                "{} more sizes fail, up to {}; `--json` lists them",
                failing.len() - MOST_ROWS,
                designs.always_from - 1
            ));
        }
        answer.notes.push(
            "power over the number of subjects is a saw tooth, because r is a whole number: a few subjects more can lose it"
                .to_owned(),
        );
    }
    let from = smallest.n.saturating_sub(10).max(2);
    let to = (designs.always_from + 10).min(from + MOST_POINTS);
    let mut points = Vec::new();
    for n in from..=to {
        points.push((n as f64, single_stage_of_size(n, p0, p1, alpha)?.power));
    }
    answer.figure = Some(render_curves_svg(&CurveFigure {
        title: "Power of the exact test".to_owned(),
        x_label: "Subjects".to_owned(),
        y_label: format!("Power at {}", percent(p1)),
        percent: true,
        curves: vec![Curve::marked("power", points)],
        reference_lines: vec![ReferenceLine {
            value: power,
            label: format!("{} asked for", percent(power)),
        }],
    }));
    Ok(answer)
}

fn as_json(design: &SingleStageDesign) -> Value {
    json!({ "n": design.n, "r": design.r, "alpha": design.alpha, "power": design.power })
}
