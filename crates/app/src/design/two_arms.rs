//! What every comparison of two arms asks: significance level, power, allocation; and how its answer
//! is worded.

use serde_json::{Value, json};

use neurocart_report::figure::ReferenceLine;
use neurocart_report::figure::curves::{Curve, CurveFigure, Join, render_curves_svg};
use neurocart_report::format::{percent_one_decimal, significant};
use neurocart_stats::InputError;
use neurocart_stats::sample_size_means::TwoArmSize;

use crate::exit::Exit;

/// Options of every design of two arms.
#[derive(Clone, Copy, clap::Args)]
pub struct TwoArms {
    /// Two-sided significance level.
    #[arg(long, default_value_t = 0.05, allow_negative_numbers = true)]
    pub alpha: f64,
    /// Power to be reached, at least 0.5.
    #[arg(long, default_value_t = 0.8, allow_negative_numbers = true)]
    pub power: f64,
    /// Treated subjects per control subject.
    #[arg(long, default_value_t = 1.0, allow_negative_numbers = true)]
    pub allocation: f64,
}

/// Bad input in the words of the command line: the field `rate_ratio` is the option `--rate-ratio`.
pub fn invalid(error: InputError) -> Exit {
    let message = match &error {
        InputError::Range {
            name,
            value,
            expected,
        } => {
            let option = match *name {
                "alpha_two_sided" => "alpha",
                "standard_deviation" => "sd",
                "control_rate"
                | "rate_ratio"
                | "dispersion"
                | "exposure"
                | "allocation"
                | "power"
                | "difference"
                | "baseline_correlation"
                | "treated"
                | "control" => name,
                _ => return Exit::invalid(error.to_string()),
            };
            let option = option.replace('_', "-");
            format!("`--{option}` is {value}; it must be {expected}")
        }
        _ => error.to_string(),
    };
    Exit::invalid(message)
}

/// Subjects as facts: per arm, in all, and as the formula gives them.
pub fn facts_of_size(size: &TwoArmSize, power_reached: f64) -> Vec<(String, String)> {
    let [treated, control] = size.subjects();
    let fact = |label: &str, value: String| (label.to_owned(), value);
    vec![
        fact("on treatment", treated.to_string()),
        fact("on control", control.to_string()),
        fact("in all", (treated + control).to_string()),
        fact("not rounded", format!("{:.2}", size.total())),
        fact(
            "power with whole subjects",
            percent_one_decimal(power_reached),
        ),
    ]
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
            .map(|(name, points)| Curve {
                name,
                points,
                join: Join::Line,
            })
            .collect(),
        reference_lines: vec![ReferenceLine {
            value: power,
            label: format!("{} asked for", percent_one_decimal(power)),
        }],
    })
}

/// A number for a table; infinity in words.
pub fn number(value: f64) -> String {
    if value == f64::INFINITY {
        "infinite".to_owned()
    } else {
        significant(value)
    }
}

/// A number for JSON, which has no infinity: null there.
pub fn json_number(value: f64) -> Value {
    if value.is_finite() {
        json!(value)
    } else {
        Value::Null
    }
}
