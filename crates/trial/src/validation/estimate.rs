//! From the patients' values to one figure, its Monte Carlo error and what a trial of the
//! published size would show.
//!
//! The Monte Carlo standard error is a jackknife over 20 blocks of patients; all courses of a
//! patient, in both arms, are in one block, so that it covers the draw of patients as well as the
//! draws of chance and keeps what two arms share (Efron and Stein 1981,
//! doi:10.1214/aos/1176345462).
//!
//! The prediction interval holds 95 % of the results of a trial of the published size whose truth is
//! the simulation: binomial for a percentage, normal with the spread between the simulated
//! patients for a mean or a rate, order statistics for a median, log-normal for a ratio (for a
//! hazard ratio with the expected numbers of events, Schoenfeld 1981, doi:10.1093/biomet/68.1.316).

use neurocart_stats::cox::{CoxOptions, cox};
use neurocart_stats::distribution::binomial_quantile;
use neurocart_stats::quantile::{QuantileType, quantile};
use serde::{Deserialize, Serialize};

use super::measure::Observation;
use crate::specification::DAYS_PER_YEAR;

/// 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
/// Blocks of the jackknife.
const BLOCKS: usize = 20;

/// What is made of the patients' values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Mean.
    Mean,
    /// Median.
    Median,
    /// Percentage of patients.
    Percent,
    /// Events per patient-year.
    Rate,
    /// Hazard ratio of Cox's model, therapy against comparator.
    HazardRatio,
    /// Ratio of the rates.
    RateRatio,
    /// Ratio of the medians.
    RatioOfMedians,
    /// Difference of the means.
    Difference,
    /// Difference of the percentages, in percentage points.
    DifferenceOfPercentages,
}

/// The values of one arm: `observations[patient * courses + course]`.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// Values; NaN for a subject outside the population.
    pub observations: &'a [Observation],
    /// Courses per patient.
    pub courses: usize,
}

/// A simulated figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Simulated {
    /// The figure; `None` if it cannot be estimated.
    pub value: Option<f64>,
    /// Its Monte Carlo standard error; `None` for a single patient.
    pub monte_carlo_standard_error: Option<f64>,
    /// 95 % prediction interval of a trial of the published size; `None` without a size.
    pub prediction: Option<(f64, f64)>,
    /// 10th and 90th percentile of the patients, where they have values rather than events.
    pub spread: Option<(f64, f64)>,
    /// Subjects behind the figure, per arm.
    pub subjects: usize,
    /// Patients of the published size, where the figure is a percentage of them.
    pub counted_of: Option<u64>,
}

impl Statistic {
    /// True if it compares two arms.
    pub fn needs_comparator(self) -> bool {
        use Statistic::*;
        match self {
            Mean | Median | Percent | Rate => false,
            HazardRatio | RateRatio | RatioOfMedians | Difference | DifferenceOfPercentages => true,
        }
    }
}

/// The figure of one arm, or of two.
pub fn simulated(
    statistic: Statistic,
    arm: Sample<'_>,
    comparator: Option<Sample<'_>>,
    size: &[u64],
) -> Simulated {
    let arms: Vec<Sample> = std::iter::once(arm).chain(comparator).collect();
    let values = |left_out: Option<usize>| -> Vec<Vec<Observation>> {
        let of = |sample: &Sample| {
            let block = |i: usize| (i / sample.courses) % BLOCKS;
            let kept = sample.observations.iter().enumerate();
            kept.filter(|&(i, o)| !o.value.is_nan() && Some(block(i)) != left_out)
                .map(|(_, o)| *o)
                .collect()
        };
        arms.iter().map(of).collect()
    };
    let all = values(None);
    let value = figure(statistic, &all);
    let patients = arm.observations.len() / arm.courses.max(1);
    let error = value.filter(|_| patients >= 2 * BLOCKS).and_then(|_| {
        let left: Option<Vec<f64>> = (0..BLOCKS)
            .map(|b| figure(statistic, &values(Some(b))))
            .collect();
        left.map(|left| {
            let mean = left.iter().sum::<f64>() / BLOCKS as f64;
            let square = left.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
            (square * (BLOCKS - 1) as f64 / BLOCKS as f64).sqrt()
        })
    });
    let prediction = value
        .filter(|_| size.len() == arms.len() && patients > 1)
        .and_then(|v| prediction(statistic, v, error.unwrap_or(0.0), &all, size));
    let graded = matches!(statistic, Statistic::Mean | Statistic::Median) && patients > 1;
    let spread = graded
        .then(|| percentile(&all[0], 0.1).zip(percentile(&all[0], 0.9)))
        .flatten();
    Simulated {
        value,
        monte_carlo_standard_error: error,
        prediction,
        spread,
        subjects: all[0].len(),
        counted_of: size
            .first()
            .copied()
            .filter(|_| statistic == Statistic::Percent),
    }
}

fn figure(statistic: Statistic, arms: &[Vec<Observation>]) -> Option<f64> {
    let of = |f: fn(&[Observation]) -> f64, i: usize| f(&arms[i]);
    let value = match statistic {
        Statistic::Mean => of(mean, 0),
        Statistic::Median => percentile(&arms[0], 0.5)?,
        Statistic::Percent => 100.0 * of(mean, 0),
        Statistic::Rate => of(rate, 0),
        Statistic::HazardRatio => hazard_ratio(&arms[0], &arms[1])?,
        Statistic::RateRatio => of(rate, 0) / of(rate, 1),
        Statistic::RatioOfMedians => percentile(&arms[0], 0.5)? / percentile(&arms[1], 0.5)?,
        Statistic::Difference => of(mean, 0) - of(mean, 1),
        Statistic::DifferenceOfPercentages => 100.0 * (of(mean, 0) - of(mean, 1)),
    };
    value.is_finite().then_some(value)
}

fn mean(arm: &[Observation]) -> f64 {
    arm.iter().map(|o| o.value).sum::<f64>() / arm.len() as f64
}

fn variance(arm: &[Observation]) -> f64 {
    let m = mean(arm);
    arm.iter()
        .map(|o| (o.value - m) * (o.value - m))
        .sum::<f64>()
        / (arm.len() - 1) as f64
}

fn rate(arm: &[Observation]) -> f64 {
    let years = arm.iter().map(|o| o.time_days).sum::<f64>() / DAYS_PER_YEAR;
    arm.iter().map(|o| o.value).sum::<f64>() / years
}

fn percentile(arm: &[Observation], p: f64) -> Option<f64> {
    let values: Vec<f64> = arm.iter().map(|o| o.value).collect();
    quantile(&values, p, QuantileType::default()).ok()
}

fn hazard_ratio(arm: &[Observation], comparator: &[Observation]) -> Option<f64> {
    let subjects = || arm.iter().chain(comparator);
    let time: Vec<f64> = subjects().map(|o| o.time_days).collect();
    let event: Vec<bool> = subjects().map(|o| o.value > 0.0).collect();
    let treated = (0..time.len()).map(|i| if i < arm.len() { 1.0 } else { 0.0 });
    let treated: Vec<f64> = treated.collect();
    let fit = cox(&time, &event, &[&treated], &CoxOptions::default()).ok()?;
    Some(fit.coefficients.first()?.hazard_ratio)
}

fn prediction(
    statistic: Statistic,
    value: f64,
    monte_carlo_error: f64,
    arms: &[Vec<Observation>],
    size: &[u64],
) -> Option<(f64, f64)> {
    let n = |i: usize| size[i] as f64;
    let around = |variance: f64| {
        let half = Z * (variance + monte_carlo_error * monte_carlo_error).sqrt();
        (value - half, value + half)
    };
    // Variance of the logarithm of an arm's mean count.
    let log_variance = |i: usize| {
        let m = mean(&arms[i]);
        variance(&arms[i]) / (n(i) * m * m)
    };
    let ratio = |log_variance: f64| {
        let error = monte_carlo_error / value;
        let factor = neurocart_numeric::elementary::exp1(Z * (log_variance + error * error).sqrt());
        (value / factor, value * factor)
    };
    if size.contains(&0) || arms.iter().any(|arm| arm.len() < 2) {
        return None;
    }
    let limits = match statistic {
        Statistic::Mean => around(variance(&arms[0]) / n(0)),
        Statistic::Percent => {
            let limit = |p| 100.0 * binomial_quantile(p, size[0], value / 100.0) as f64 / n(0);
            (limit(0.025), limit(0.975))
        }
        Statistic::Rate => {
            let years = arms[0][0].time_days / DAYS_PER_YEAR;
            let (low, high) = around(variance(&arms[0]) / (n(0) * years * years));
            (low.max(0.0), high)
        }
        Statistic::Median => {
            let part = |sign: f64| (0.5 + sign * Z * 0.5 / n(0).sqrt()).clamp(0.0, 1.0);
            (
                percentile(&arms[0], part(-1.0))?,
                percentile(&arms[0], part(1.0))?,
            )
        }
        Statistic::HazardRatio => {
            let events = |i: usize| n(i) * mean(&arms[i]);
            ratio(1.0 / events(0) + 1.0 / events(1))
        }
        Statistic::RateRatio => ratio(log_variance(0) + log_variance(1)),
        Statistic::RatioOfMedians => return None,
        Statistic::Difference => around(variance(&arms[0]) / n(0) + variance(&arms[1]) / n(1)),
        Statistic::DifferenceOfPercentages => {
            around(1e4 * (variance(&arms[0]) / n(0) + variance(&arms[1]) / n(1)))
        }
    };
    (limits.0.is_finite() && limits.1.is_finite()).then_some(limits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use neurocart_numeric::{Key, Stream};

    fn stream(patient: u64) -> Stream {
        Stream::new(Key {
            seed: 8,
            purpose: 999,
            scenario: 0,
            replicate: 0,
            patient,
        })
    }

    #[test]
    fn the_jackknife_of_a_mean_is_its_standard_error() {
        let n = 4000;
        let observations: Vec<Observation> = (0..n)
            .map(|i| Observation::of(3.0 + 2.0 * stream(i).normal()))
            .collect();
        let sample = Sample {
            observations: &observations,
            courses: 1,
        };
        let found = simulated(Statistic::Mean, sample, None, &[100]);
        let error = found.monte_carlo_standard_error.unwrap();
        let expected = 2.0 / (n as f64).sqrt();
        // A variance from 20 blocks has 19 degrees of freedom; its root varies by 1/sqrt(38).
        assert!(
            (error / expected - 1.0).abs() < 4.0 / 38f64.sqrt(),
            "{error} {expected}"
        );
        let (low, high) = found.prediction.unwrap();
        assert!(
            (high - low - 2.0 * Z * 0.2).abs() < 0.1 * (high - low),
            "{low} {high}"
        );
        assert!(found.spread.unwrap().0 < found.value.unwrap());
    }

    #[test]
    fn the_prediction_interval_of_a_percentage_is_binomial() {
        let observations: Vec<Observation> = (0..1000)
            .map(|i| Observation::of(if i % 5 == 0 { 1.0 } else { 0.0 }))
            .collect();
        let sample = Sample {
            observations: &observations,
            courses: 1,
        };
        let found = simulated(Statistic::Percent, sample, None, &[12]);
        // Binomial with 12 and 0.2: quantiles 0 and 5.
        assert_eq!(found.prediction, Some((0.0, 100.0 * 5.0 / 12.0)));
        assert_eq!(found.value, Some(20.0));
    }

    #[test]
    fn the_prediction_interval_holds_nineteen_in_twenty_trials() {
        // Rates of overdispersed counts: Poisson with a gamma frailty.
        let year = |i: u64| {
            let mut draws = stream(i);
            let mean = 0.5 * draws.gamma(1.0, 1.0);
            let (mut n, mut t) = (0.0, draws.exponential(1.0));
            while t < mean {
                n += 1.0;
                t += draws.exponential(1.0);
            }
            Observation {
                value: n,
                time_days: DAYS_PER_YEAR,
            }
        };
        let truth: Vec<Observation> = (0..20_000).map(year).collect();
        let sample = Sample {
            observations: &truth,
            courses: 1,
        };
        let (low, high) = simulated(Statistic::Rate, sample, None, &[200])
            .prediction
            .unwrap();
        let trials = 1000;
        let inside = (0..trials).filter(|trial| {
            let arm: Vec<Observation> = (0..200).map(|i| year(100_000 + trial * 200 + i)).collect();
            (low..=high).contains(&rate(&arm))
        });
        let share = inside.count() as f64 / trials as f64;
        assert!(
            (share - 0.95).abs() < 4.0 * (0.95f64 * 0.05 / trials as f64).sqrt(),
            "{share}"
        );
    }
}
