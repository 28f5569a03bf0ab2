//! How an output moves between the values of a parameter.

use super::output::Measured;
use super::{OutputSensitivity, Points, STEP, THRESHOLD};

pub(super) fn compared(
    measured: &Measured,
    parameter: &Points,
    values: Points,
) -> OutputSensitivity {
    // The outermost of the three values next to the table's.
    let near = [
        parameter.lowered.zip(values.lowered),
        parameter.typical.zip(values.typical),
        parameter.raised.zip(values.raised),
    ];
    let near: Vec<(f64, f64)> = near.into_iter().flatten().collect();
    let (mut elasticity, mut change_per_tenth) = (None, None);
    if let [(p0, y0), .., (p1, y1)] = near[..]
        && p0 / p1 > 0.0
    {
        let span = (p1 / p0).ln();
        change_per_tenth = Some((y1 - y0) / span * STEP.ln());
        if y0 > 0.0 && y1 > 0.0 {
            elasticity = Some((y1 / y0).ln() / span);
        }
    }
    let mut output = OutputSensitivity {
        output: measured.output.clone(),
        label: measured.label.clone(),
        unit: measured.unit.clone(),
        values,
        elasticity,
        change_per_tenth,
        sensitive: false,
    };
    output.sensitive = strength(&output) >= THRESHOLD || over_range(&values) >= THRESHOLD;
    output
}

/// By how much an output moves, so that those with and without a logarithm can be ordered.
pub(super) fn strength(output: &OutputSensitivity) -> f64 {
    let v = &output.values;
    let largest = [v.lowered, v.typical, v.raised].into_iter().flatten();
    let largest = largest.fold(0.0, |a: f64, b| a.max(b.abs()));
    match (output.elasticity, output.change_per_tenth) {
        (Some(elasticity), _) => elasticity.abs(),
        (None, Some(change)) if largest > 0.0 => (change / largest).abs() / STEP.ln(),
        _ => 0.0,
    }
}

/// Largest change over the range of the parameter, as a part of the largest value.
fn over_range(values: &Points) -> f64 {
    let Some(typical) = values.typical else {
        return 0.0;
    };
    let ends = [values.low, values.high].into_iter();
    ends.map(|end| part_of_larger(end, Some(typical)))
        .fold(0.0, f64::max)
}

/// The difference of two values as a part of the larger; 0 where one is missing.
pub(super) fn part_of_larger(a: Option<f64>, b: Option<f64>) -> f64 {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() / a.abs().max(b.abs()).max(f64::MIN_POSITIVE),
        _ => 0.0,
    }
}
