//! Outputs that move with a value, as rows and as a figure.

use serde_json::Value;

use neurocart_report::figure::Layout;
use neurocart_report::figure::tornado::{Tornado, TornadoBar, render_tornado_svg};
use neurocart_report::format::significant;
use neurocart_trial::sensitivity::{OutputSensitivity, STEP, Sensitivities, THRESHOLD};

use super::Trace;
use crate::evidence::table::Column;

pub const SENSITIVITY_COLUMNS: [Column; 7] = [
    Column::words("label", "output"),
    Column::number("value", "value"),
    Column::words("unit", "unit"),
    Column::number("elasticity", "per log"),
    Column::number("change_per_tenth", "per +10 %"),
    Column::number("at_low", "at low end").expendable(2),
    Column::number("at_high", "at high end").expendable(1),
];

pub const CSV_COLUMNS: [Column; 15] = [
    Column::code("symbol", ""),
    Column::code("scope", ""),
    Column::code("disease", ""),
    Column::code("therapy", ""),
    Column::code("output", ""),
    Column::words("label", ""),
    Column::code("unit", ""),
    Column::number("value", ""),
    Column::number("at_lowered", ""),
    Column::number("at_raised", ""),
    Column::number("at_low", ""),
    Column::number("at_high", ""),
    Column::number("elasticity", ""),
    Column::number("change_per_tenth", ""),
    Column::code("sensitive", ""),
];

pub fn sensitivity_row(output: &OutputSensitivity) -> Vec<Value> {
    let number = |value: Option<f64>| value.map(significant).into();
    let local = |value: Option<f64>| value.map(|v| significant(hundredth(v))).into();
    vec![
        output.label.as_str().into(),
        number(output.values.typical),
        (if output.unit == "1" { "" } else { &output.unit }).into(),
        local(output.elasticity),
        number(output.change_per_tenth),
        number(output.values.low),
        number(output.values.high),
    ]
}

/// Two decimals are what a local sensitivity is good for.
fn hundredth(value: f64) -> f64 {
    (100.0 * value).round() / 100.0
}

pub fn csv_rows(trace: &Trace) -> Vec<Vec<Value>> {
    let Some(found) = &trace.sensitivity else {
        return Vec::new();
    };
    found
        .outputs
        .iter()
        .map(|o| {
            vec![
                trace.symbol.into(),
                trace.scope.into(),
                found.disease.as_str().into(),
                found.therapy.as_str().into(),
                o.output.as_str().into(),
                o.label.as_str().into(),
                o.unit.as_str().into(),
                o.values.typical.into(),
                o.values.lowered.into(),
                o.values.raised.into(),
                o.values.low.into(),
                o.values.high.into(),
                o.elasticity.into(),
                o.change_per_tenth.into(),
                o.sensitive.into(),
            ]
        })
        .collect()
}

pub fn points(found: &Sensitivities) -> String {
    let p = &found.parameter;
    let name =
        |value: Option<f64>, what: &str| value.map(|v| format!("{} ({what})", significant(v)));
    let all = [
        name(p.lowered, &format!("1/{STEP}")),
        name(p.typical, "as it is"),
        name(p.raised, &format!("{STEP}-fold")),
        name(p.low, "low end"),
        name(p.high, "high end"),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

pub fn figure(trace: &Trace, found: &Sensitivities) -> String {
    let moving = found.outputs.iter().filter(|o| o.sensitive);
    let bars = moving.map(|o| TornadoBar {
        label: o.label.clone(),
        value: o.elasticity.unwrap_or(f64::NAN),
    });
    let tornado = Tornado {
        title: format!("What moves with {}", found.name),
        axis: format!("d ln output / d ln {}", found.name),
        bars: bars.collect(),
        caption: format!(
            "{}: {}. Typical patient, {}, {}, {} weeks; {} at {}. Outputs below {THRESHOLD} are left out. {}",
            found.name,
            trace.meaning,
            found.disease,
            found.therapy,
            significant(found.horizon_days / 7.0),
            found.name,
            points(found),
            crate::RESEARCH_ONLY
        ),
    };
    render_tornado_svg(&tornado, Layout::Wide)
}
