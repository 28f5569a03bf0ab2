//! Scales and ticks: numbers on a linear or logarithmic axis, days on a time axis.

use crate::format::{coordinate, fixed, power_of_ten, quantity, significant};

/// Days per month: a twelfth of the Julian year.
pub(crate) const DAYS_PER_MONTH: f64 = 365.25 / 12.0;

/// A logarithmic axis shows at most this many decades under its top; smaller values (an extinct
/// clone has 1e-12 cells) lie on the floor.
const DECADES: f64 = 5.0;

/// From a value to a position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub from: f64,
    pub to: f64,
    pub start: f64,
    pub end: f64,
    pub log: bool,
}

impl Scale {
    /// Where a value lies; values off the axis lie on its edge, missing values nowhere.
    pub fn position(&self, value: f64) -> Option<f64> {
        // Also refuses a range that is not one: an axis whose ends are missing or equal.
        if value.is_nan() || self.from.partial_cmp(&self.to) != Some(std::cmp::Ordering::Less) {
            return None;
        }
        let value = value.clamp(self.from, self.to);
        let share = if self.log {
            (value / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        let position = self.start + share * (self.end - self.start);
        position.is_finite().then_some(position)
    }
}

/// A tick and its label.
pub(crate) type Tick = (f64, String);

/// Range and ticks of a value axis.
#[derive(Clone, Debug)]
pub(crate) struct ValueAxis {
    pub from: f64,
    pub to: f64,
    pub log: bool,
    pub ticks: Vec<Tick>,
    /// Whether some value lies under a logarithmic axis.
    pub floored: bool,
}

impl ValueAxis {
    /// A value as the figure shows it: what lies under a logarithmic axis is `under 0.001`.
    pub fn words(&self, value: f64) -> String {
        if self.log && value < self.from * 0.999 {
            format!("under {}", significant(self.from))
        } else {
            significant(value)
        }
    }

    /// The same with the unit.
    pub fn quantity(&self, value: f64, unit: &str) -> String {
        if self.log && value < self.from * 0.999 {
            format!("under {}", quantity(self.from, unit))
        } else {
            quantity(value, unit)
        }
    }

    pub fn scale(&self, start: f64, end: f64) -> Scale {
        Scale {
            from: self.from,
            to: self.to,
            start,
            end,
            log: self.log,
        }
    }
}

/// An axis that holds all finite values, with about `count` ticks. A logarithmic axis without a
/// positive value becomes linear.
pub(crate) fn value_axis(values: impl Iterator<Item = f64>, log: bool, count: usize) -> ValueAxis {
    let values: Vec<f64> = values
        .filter(|value| value.is_finite())
        .map(drawable)
        .collect();
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if values.is_empty() {
        return linear_axis(0.0, 1.0, count);
    }
    if log && high > 0.0 {
        let positive = values.iter().copied().filter(|&value| value > 0.0);
        return log_axis(positive.fold(high, f64::min), low, high);
    }
    // Zero belongs to a quantity that comes near it.
    if low >= 0.0 && low < 0.6 * high {
        linear_axis(0.0, high, count)
    } else if high <= 0.0 && high > 0.6 * low {
        linear_axis(low, 0.0, count)
    } else {
        linear_axis(low, high, count)
    }
}

/// The same for a quantity with a limit of detection or another lowest value of interest: a
/// logarithmic axis ends a decade under it.
pub(crate) fn value_axis_above(
    values: impl Iterator<Item = f64>,
    lowest_of_interest: f64,
    log: bool,
    count: usize,
) -> ValueAxis {
    let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    let foot = lowest_of_interest / 10.0;
    if !(log && foot > 0.0 && foot.is_finite()) {
        return value_axis(values.into_iter(), log, count);
    }
    let raised = values
        .iter()
        .map(|value| value.max(foot))
        .chain([lowest_of_interest]);
    let mut axis = value_axis(raised, log, count);
    axis.floored |= values.iter().any(|&value| value < axis.from * 0.999);
    axis
}

/// A linear axis from a tick to a tick around `low` to `high`.
pub(crate) fn linear_axis(low: f64, high: f64, count: usize) -> ValueAxis {
    let (low, high) = (drawable(low), drawable(high));
    let (low, high) = if high - low > 1e-12 * high.abs().max(low.abs()) {
        (low, high)
    } else {
        let margin = if low == 0.0 { 1.0 } else { 0.1 * low.abs() };
        (low - margin, high + margin)
    };
    let rough = (high - low) / count.max(1) as f64;
    let power = 10f64.powi(rough.log10().floor() as i32);
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .find(|s| s * power >= rough * 0.999);
    let step = step.unwrap_or(10.0) * power;
    let first = (low / step + 1e-9).floor();
    let last = (high / step - 1e-9).ceil();
    let decimals = decimals_of(step);
    let label = |tick: f64| {
        // Far from one, digits alone would be a long row of zeros.
        if (1e-6..1e9).contains(&step) {
            fixed(tick, decimals)
        } else {
            significant(tick)
        }
    };
    let ticks = (0..=(last - first) as usize)
        .map(|i| (first + i as f64) * step)
        .map(|tick| (tick, label(tick)))
        .collect();
    ValueAxis {
        from: first * step,
        to: last * step,
        log: false,
        ticks,
        floored: false,
    }
}

fn log_axis(smallest: f64, low: f64, high: f64) -> ValueAxis {
    let bottom = smallest.max(high / 10f64.powf(DECADES));
    let (mut first, mut last) = (tidy(bottom.log10()).floor(), tidy(high.log10()).ceil());
    if last - first < 1.0 {
        last = first + 1.0;
    }
    // Within a decade and a half whole decades waste the panel: go from 1, 2 or 5 instead.
    let (mut from, mut to) = (10f64.powf(first), 10f64.powf(last));
    let mut ticks: Vec<Tick> = (first as i32..=last as i32)
        .map(|e| (10f64.powi(e), power_of_ten(e)))
        .collect();
    if last - first <= 2.0 {
        let candidates: Vec<f64> = (first as i32..=last as i32)
            .flat_map(|e| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(e)))
            .filter(|&tick| tick <= to * 1.001)
            .collect();
        let below = candidates.iter().copied().filter(|&c| c <= bottom * 1.001);
        from = below.fold(from, f64::max);
        let above = candidates.iter().copied().filter(|&c| c >= high * 0.999);
        to = above.fold(to, f64::min).max(from * 2.0);
        ticks = candidates
            .into_iter()
            .filter(|&tick| tick >= from * 0.999 && tick <= to * 1.001)
            .map(|tick| (tick, crate::format::significant(tick)))
            .collect();
    } else if last - first > 4.0 {
        first = last - (last - first).min(DECADES + 1.0);
        from = 10f64.powf(first);
        ticks.retain(|(tick, _)| {
            *tick >= from * 0.999 && (last - tick.log10()).round() as i64 % 2 == 0
        });
    }
    ValueAxis {
        from,
        to,
        log: true,
        ticks,
        floored: low < from * 0.999,
    }
}

/// An axis for proportions from 0 to 1, labelled in percent.
pub(crate) fn percent_axis(low: f64, high: f64, count: usize) -> ValueAxis {
    let mut axis = linear_axis(100.0 * low, 100.0 * high, count);
    for (tick, label) in &mut axis.ticks {
        *tick /= 100.0;
        label.push('%');
    }
    axis.from /= 100.0;
    axis.to /= 100.0;
    axis
}

/// Unit in which a time axis is labelled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum TimeUnit {
    Days,
    Months,
    Years,
}

impl TimeUnit {
    /// Days up to ten weeks, months up to six years, then years.
    pub fn for_span(span_days: f64) -> Self {
        match span_days {
            span if span <= 70.0 => Self::Days,
            span if span <= 6.0 * 365.25 => Self::Months,
            _ => Self::Years,
        }
    }

    pub fn days(self) -> f64 {
        match self {
            Self::Days => 1.0,
            Self::Months => DAYS_PER_MONTH,
            Self::Years => 365.25,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Months => "months",
            Self::Years => "years",
        }
    }

    /// A time in words: `12 months`.
    pub fn words(self, time_days: f64) -> String {
        let number = time_days / self.days();
        let rounded = (number * 10.0).round() / 10.0;
        let unit = if rounded == 1.0 {
            self.name().trim_end_matches('s')
        } else {
            self.name()
        };
        if number.is_finite() {
            format!("{} {unit}", coordinate(rounded).replace('-', "−"))
        } else {
            crate::format::MISSING.to_string()
        }
    }
}

/// A visit in words: `week 12`, `day 3`, `6 months`, whichever is how people call that day.
pub(crate) fn visit_words(day: f64) -> String {
    let weeks = day / 7.0;
    if (weeks - weeks.round()).abs() < 1e-9 && weeks.abs() <= 53.0 {
        format!("week {}", fixed(weeks, 0))
    } else if day.abs() <= 70.0 {
        format!("day {}", coordinate(day).replace('-', "−"))
    } else {
        TimeUnit::Months.words(day)
    }
}

/// Ticks in days with labels in `unit`, at most `count` of them.
pub(crate) fn time_ticks(from: f64, to: f64, unit: TimeUnit, count: usize) -> Vec<Tick> {
    let steps: &[f64] = match unit {
        TimeUnit::Days => &[1.0, 2.0, 7.0, 14.0, 28.0],
        TimeUnit::Months => &[1.0, 2.0, 3.0, 6.0, 12.0, 24.0],
        TimeUnit::Years => &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0],
    };
    if !(to - from).is_finite() || to <= from {
        return Vec::new();
    }
    let span = (to - from) / unit.days();
    let largest = steps[steps.len() - 1];
    let step = steps
        .iter()
        .copied()
        .find(|step| span / step < count as f64);
    let step = step.unwrap_or_else(|| largest * (span / largest / count as f64).ceil());
    let first = (from / unit.days() / step - 1e-6).ceil();
    let last = (to / unit.days() / step + 1e-6).floor();
    (0..=(last - first).max(0.0) as usize)
        .map(|i| (first + i as f64) * step)
        .map(|tick| (tick * unit.days(), fixed(tick, 0)))
        .collect()
}

/// Times in days at which a survival figure shows the numbers at risk.
///
/// ```
/// let days = neurocart_report::figure::axis::risk_table_days(365.25);
/// assert_eq!(days.len(), 7); // every two months
/// ```
pub fn risk_table_days(follow_up_days: f64) -> Vec<f64> {
    let unit = TimeUnit::for_span(follow_up_days);
    time_ticks(0.0, follow_up_days, unit, 9)
        .into_iter()
        .map(|(days, _)| days)
        .collect()
}

/// A value within the range in which differences and powers of ten exist as numbers; what is
/// smaller is zero on any axis.
fn drawable(value: f64) -> f64 {
    if value.abs() < 1e-290 {
        0.0
    } else {
        value.clamp(-1e290, 1e290)
    }
}

fn decimals_of(step: f64) -> usize {
    (0..12)
        .find(|&d| ((step * 10f64.powi(d)) - (step * 10f64.powi(d)).round()).abs() < 1e-6)
        .map_or(12, |d| d as usize)
}

/// A logarithm without the last bit's noise, so that 1000 has three decades and not four.
fn tidy(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn linear_ticks_are_round_numbers() {
        assert_eq!(
            labels(&linear_axis(0.0, 9.7, 5).ticks),
            ["0", "2", "4", "6", "8", "10"]
        );
        assert_eq!(
            labels(&linear_axis(-3.1, 0.2, 4).ticks),
            ["−4", "−3", "−2", "−1", "0", "1"]
        );
        assert_eq!(
            labels(&linear_axis(0.02, 0.09, 4).ticks),
            ["0.02", "0.04", "0.06", "0.08", "0.10"]
        );
    }

    #[test]
    fn logarithmic_ticks_are_decades_and_narrow_ranges_get_two_and_five() {
        let wide = value_axis([0.01, 250.0].into_iter(), true, 5);
        assert_eq!(labels(&wide.ticks), ["0.1", "10", "1,000"]);
        let narrow = value_axis([3.0, 40.0].into_iter(), true, 5);
        assert_eq!(labels(&narrow.ticks), ["2", "5", "10", "20", "50"]);
    }

    #[test]
    fn an_extinct_clone_does_not_stretch_the_axis() {
        let axis = value_axis([1e-12, 100.0].into_iter(), true, 5);
        assert!(axis.from >= 1e-3 && axis.floored);
        assert_eq!(axis.scale(0.0, 1.0).position(1e-12), Some(0.0));
    }

    #[test]
    fn a_year_is_labelled_in_months() {
        let ticks = time_ticks(0.0, 365.25, TimeUnit::for_span(365.25), 7);
        assert_eq!(labels(&ticks), ["0", "2", "4", "6", "8", "10", "12"]);
    }

    proptest! {
        #[test]
        fn every_finite_value_lies_on_its_axis(
            values in proptest::collection::vec(
                prop_oneof![
                    -1e3f64..1e3,
                    proptest::num::f64::NORMAL,
                    proptest::num::f64::SUBNORMAL,
                ],
                1..20,
            ),
            log: bool,
        ) {
            let axis = value_axis(values.iter().copied(), log, 5);
            let scale = axis.scale(10.0, 90.0);
            prop_assert!(axis.ticks.len() >= 2 && axis.ticks.len() < 20, "{:?}", axis.ticks);
            for value in values {
                let position = scale.position(value).unwrap();
                prop_assert!((10.0 - 1e-6..=90.0 + 1e-6).contains(&position));
            }
        }
    }
}
