//! What every comparison of two arms asks: significance level, power, allocation; and how its answer
//! is worded.

use serde_json::{Value, json};

use neurocart_report::figure::ReferenceLine;
use neurocart_report::figure::curves::{Curve, CurveFigure, render_curves_svg};
use neurocart_report::format::{fixed, percent_one_decimal};
use neurocart_stats::sample_size_means::TwoArmSize;

use super::answer::fact;
use super::refusal::check_probability;
use crate::exit::Exit;

/// Options of every design of two arms.
#[derive(Clone, Copy, clap::Args)]
pub struct TwoArms {
    /// Two-sided significance level.
    #[arg(long, default_value_t = 0.05)]
    pub alpha: f64,
    /// Power to be reached, at least 0.5.
    #[arg(long, default_value_t = 0.9)]
    pub power: f64,
    /// Subjects on treatment per subject on control.
    #[arg(long, default_value_t = 1.0)]
    pub allocation: f64,
}

impl TwoArms {
    /// Half of alpha, for formulas of a one-sided test.
    pub fn alpha_one_sided(&self) -> Result<f64, Exit> {
        check_probability("alpha", self.alpha)?;
        Ok(0.5 * self.alpha)
    }
}

/// Subjects as facts: per arm, in all, and as the formula gives them.
pub fn facts_of_size(size: &TwoArmSize, power_reached: f64) -> Vec<(String, String)> {
    let [treated, control] = size.subjects();
    vec![
        fact("subjects", in_words([treated, control])),
        fact("not rounded", format!("{} in all", fixed(size.total(), 2))),
        fact(
            "power with whole subjects",
            percent_one_decimal(power_reached),
        ),
    ]
}

/// Subjects of both arms in a line.
pub fn in_words([treated, control]: [u64; 2]) -> String {
    format!(
        "{} ({treated} on treatment, {control} on control)",
        treated + control
    )
}

/// Subjects as JSON.
pub fn json_of_size(size: &TwoArmSize) -> Value {
    let [treated, control] = size.subjects();
    json!({
        "treated": treated, "control": control, "total": treated + control,
        "treated_not_rounded": size.treated, "control_not_rounded": size.control,
    })
}

/// Control arms for a curve of power that shows `planned` in its middle.
pub fn sizes_around(planned: u64) -> Vec<u64> {
    let (from, to) = ((planned / 4).max(3), 2 * planned + 4);
    let step = ((to - from) / 100).max(1);
    (from..=to).step_by(step as usize).collect()
}

/// Curves of power by subjects on control, with the power asked for as a line.
pub fn power_figure(title: &str, power: f64, curves: Vec<(String, Vec<(f64, f64)>)>) -> String {
    render_curves_svg(&CurveFigure {
        title: title.to_owned(),
        x_label: "Subjects on control".to_owned(),
        y_label: "Power".to_owned(),
        percent: true,
        curves: curves
            .into_iter()
            .map(|(name, points)| Curve::line(&name, points))
            .collect(),
        reference_lines: vec![ReferenceLine {
            value: power,
            label: format!("{} asked for", percent_one_decimal(power)),
        }],
    })
}
