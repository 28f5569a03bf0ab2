//! Plots for a terminal: sparklines and small plots from block characters.

use crate::figure::axis::TimeUnit;
use crate::figure::plot::finite_range;
use crate::format::significant;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A logarithmic sparkline reaches this many decades under its largest value.
const DECADES: f64 = 5.0;

/// One character per value, from `▁` to `█`; a missing value is a blank.
///
/// ```
/// use neurocart_report::terminal::sparkline;
/// assert_eq!(sparkline(&[0.0, 1.0, 2.0, f64::NAN, 7.0], false), "▁▂▃ █");
/// ```
pub fn sparkline(values: &[f64], log: bool) -> String {
    let heights = shares(values, log);
    heights
        .into_iter()
        .map(|share| share.map_or(' ', |share| BLOCKS[((share * 7.0).round() as usize).min(7)]))
        .collect()
}

/// A plot of `height` rows and at most `width` columns with both axes labelled.
pub fn plot(time_days: &[f64], values: &[f64], log: bool, width: usize, height: usize) -> String {
    let known: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    let times: Vec<f64> = time_days
        .iter()
        .copied()
        .filter(|time| time.is_finite())
        .collect();
    if known.is_empty() || times.is_empty() {
        return "no values to show\n".to_string();
    }
    let high = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let low = floor_of(&known, log, high);
    let labels = [significant(high), significant(low)];
    let label_width = labels
        .iter()
        .map(|label| label.chars().count())
        .max()
        .unwrap_or(0);
    let columns = width.saturating_sub(label_width + 3).max(8);
    let rows = height.max(2);
    let range = finite_range(times.iter().copied());
    let shares = shares(&resampled(time_days, values, range, columns), log);

    let mut text = String::new();
    for row in (0..rows).rev() {
        let label = match row {
            row if row == rows - 1 => &labels[0],
            0 => &labels[1],
            _ => "",
        };
        text.push_str(&format!("{label:>label_width$} ┤"));
        for share in &shares {
            // Each cell has eight steps; the lowest value still shows one.
            let filled = share.map(|share| (share * 8.0 * rows as f64).round().max(1.0) as usize);
            text.push(match filled.map(|filled| filled.saturating_sub(8 * row)) {
                None | Some(0) => ' ',
                Some(steps) => BLOCKS[steps.min(8) - 1],
            });
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    let first = times.iter().copied().fold(f64::INFINITY, f64::min);
    let last = times.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let unit = TimeUnit::for_span(last - first);
    let (first, last) = (unit.words(first), unit.words(last));
    let gap = columns
        .saturating_sub(first.chars().count() + last.chars().count())
        .max(1);
    text.push_str(&format!("{:label_width$} └{}\n", "", "─".repeat(columns)));
    text.push_str(&format!(
        "{:label_width$}  {first}{}{last}\n",
        "",
        " ".repeat(gap)
    ));
    text
}

/// A series on `columns` equally spaced times over `range`, joined by straight lines; missing
/// where the series has no value, before its start and after its end.
pub(crate) fn resampled(
    time_days: &[f64],
    values: &[f64],
    range: (f64, f64),
    columns: usize,
) -> Vec<f64> {
    let mut points: Vec<(f64, f64)> = time_days
        .iter()
        .copied()
        .zip(values.iter().copied())
        .filter(|(time, _)| time.is_finite())
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else {
        return vec![f64::NAN; columns];
    };
    let step = (range.1 - range.0) / (columns - 1).max(1) as f64;
    (0..columns)
        .map(|column| {
            let time = range.0 + step * column as f64;
            // Half a column of grace, so that a series is never lost between two columns.
            if time < first.0 - step / 2.0 || time > last.0 + step / 2.0 {
                return f64::NAN;
            }
            let after = points.partition_point(|point| point.0 < time);
            let right = points[after.min(points.len() - 1)];
            let left = points[after.saturating_sub(1)];
            if right.0 <= left.0 || time <= left.0 {
                return if after == 0 { first.1 } else { right.1 };
            }
            left.1 + (right.1 - left.1) * (time - left.0) / (right.0 - left.0)
        })
        .collect()
}

/// Each value's place between the smallest and the largest, 0 to 1.
fn shares(values: &[f64], log: bool) -> Vec<Option<f64>> {
    let known: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    let high = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let log = log && high > 0.0;
    let low = floor_of(&known, log, high);
    let place = |value: f64| if log { value.max(low).ln() } else { value };
    let span = place(high) - place(low);
    values
        .iter()
        .map(|&value| {
            let share = (place(value) - place(low)) / span;
            value.is_finite().then_some(if share.is_finite() {
                share.clamp(0.0, 1.0)
            } else {
                0.5
            })
        })
        .collect()
}

fn floor_of(known: &[f64], log: bool, high: f64) -> f64 {
    let smallest = known.iter().copied().filter(|&value| !log || value > 0.0);
    let smallest = smallest.fold(f64::INFINITY, f64::min);
    if log && high > 0.0 {
        smallest.max(high / 10f64.powf(DECADES))
    } else {
        smallest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_constant_series_is_a_level_line() {
        assert_eq!(sparkline(&[3.0, 3.0, 3.0], false), "▅▅▅");
    }

    proptest! {
        #[test]
        fn a_sparkline_has_a_character_per_value(
            values in proptest::collection::vec(proptest::num::f64::ANY, 0..50), log: bool,
        ) {
            prop_assert_eq!(sparkline(&values, log).chars().count(), values.len());
        }

        #[test]
        fn a_plot_never_exceeds_its_width(
            values in proptest::collection::vec(proptest::num::f64::ANY, 0..50),
            log: bool, width in 40usize..120,
        ) {
            let times: Vec<f64> = (0..values.len()).map(|i| i as f64).collect();
            for line in plot(&times, &values, log, width, 4).lines() {
                prop_assert!(line.chars().count() <= width, "{line}");
            }
        }
    }
}
