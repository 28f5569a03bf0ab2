//! The axis of a forest plot.

use super::{ForestPlot, ForestScale};
use crate::estimate::Estimate;
use crate::figure::axis::{ValueAxis, linear_axis, percent_axis, value_axis};

/// All estimates and pooled intervals lie on the axis; the interval of a study may leave it where
/// it would squeeze all others.
pub(super) fn axis(plot: &ForestPlot, ticks: usize) -> ValueAxis {
    let log = plot.scale == ForestScale::LogRatio;
    if plot.scale == ForestScale::Proportion {
        return percent_axis(0.0, 1.0, ticks);
    }
    let usable = |value: &f64| value.is_finite() && (!log || *value > 0.0);
    let rows = || plot.groups.iter().flat_map(|group| &group.rows);
    let pooled = plot.groups.iter().flat_map(|group| &group.pooled);
    let on_line = |value: f64| if log { value.ln() } else { value };
    let core: Vec<f64> = rows()
        .map(|row| row.estimate.value)
        .chain(pooled.flat_map(|row| {
            let Estimate {
                value,
                lower,
                upper,
            } = row.estimate;
            [value, lower, upper]
        }))
        .chain(plot.reference.iter().map(|line| line.value))
        .chain(log.then_some(1.0))
        .filter(usable)
        .map(on_line)
        .collect();
    let (low, high) = range(&core);
    let limits: Vec<f64> = rows()
        .flat_map(|row| [row.estimate.lower, row.estimate.upper])
        .filter(usable)
        .map(on_line)
        .collect();
    let mut widths: Vec<f64> = rows()
        .filter(|row| usable(&row.estimate.lower) && usable(&row.estimate.upper))
        .map(|row| on_line(row.estimate.upper) - on_line(row.estimate.lower))
        .collect();
    widths.sort_by(f64::total_cmp);
    let usual = widths.get(widths.len() / 2).copied().unwrap_or(0.0);
    let reach = (high - low).max(2.0 * usual);
    let (lowest, highest) = range(&limits);
    let from = low.min(lowest.max(low - reach));
    let to = high.max(highest.min(high + reach));
    if log {
        value_axis([from.exp(), 1.0, to.exp()].into_iter(), true, ticks)
    } else {
        linear_axis(from, to, ticks)
    }
}

/// Smallest and largest value; 0 and 0 if there is none.
fn range(values: &[f64]) -> (f64, f64) {
    let first = values.first().copied().unwrap_or(0.0);
    let low = values.iter().copied().fold(first, f64::min);
    let high = values.iter().copied().fold(first, f64::max);
    (low, high)
}
