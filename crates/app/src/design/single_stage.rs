//! `neurocart design single-stage`: exact single-stage design of a single arm.

use serde_json::{Value, json};

use neurocart_report::figure::ReferenceLine;
use neurocart_report::figure::curves::{Curve, CurveFigure, Join, render_curves_svg};
use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_stats::single_arm::exact_single_stage::{
    SingleStageDesign, single_stage_designs, single_stage_of_size,
};

use super::Answer;
use super::answer::Table;
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
    /// Largest type II error; power is 1 - beta.
    #[arg(long, default_value_t = 0.2)]
    beta: f64,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let &Arguments {
        p0,
        p1,
        alpha,
        beta,
    } = arguments;
    let designs = single_stage_designs(p0, p1, alpha, beta)?;
    let smallest = &designs.smallest;
    let mut answer = Answer {
        title: format!(
            "Exact single-stage design, p0 {p0}, p1 {p1}, alpha {alpha}, power {}",
            fixed(1.0 - beta, 2)
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
            "p0": p0, "p1": p1, "alpha": alpha, "beta": beta,
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
            "Power over the number of subjects is a saw tooth, because r is a whole number: a few subjects more can lose it."
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
        x_label: "subjects".to_owned(),
        y_label: format!("power at {}", percent(p1)),
        percent: true,
        curves: vec![Curve {
            name: "power".to_owned(),
            points,
            join: Join::Marked,
        }],
        reference_lines: vec![ReferenceLine {
            value: 1.0 - beta,
            label: "wanted".to_owned(),
        }],
    }));
    Ok(answer)
}

fn as_json(design: &SingleStageDesign) -> Value {
    json!({ "n": design.n, "r": design.r, "alpha": design.alpha, "power": design.power })
}
