//! Kaplan-Meier survival curve with Greenwood's variance.
//!
//! S(t) = prod over event times <= t of (1 - d/n); Var ln S(t) = sum d / [n (n - d)].
//! Subjects censored at an event time are still at risk there, as in R's `survfit`.
//! The interval is built on S, ln S or ln(-ln S); the last is the default because it stays inside
//! 0 to 1. The median is the first time with S <= 0.5, or the middle of the interval over which S
//! equals 0.5 exactly; its limits apply the same rule to the limits of the curve
//! (Brookmeyer and Crowley 1982, doi:10.2307/2530286).
//! Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452.

use crate::error::{check_length, check_level, check_times};
use crate::normal::normal_critical;
use crate::order::by_stratum_and_time;
use crate::{Estimate, Interval, NotEstimable};

/// The scale on which the interval for survival is symmetric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SurvivalIntervalType {
    /// S itself, cut to 0 to 1.
    Plain,
    /// ln S, cut at 1.
    Log,
    /// ln(-ln S): the default.
    #[default]
    LogLog,
}

/// Choices for the intervals of a Kaplan-Meier curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurvivalIntervalOptions {
    /// Scale of the interval.
    pub interval_type: SurvivalIntervalType,
    /// Confidence level, 0.95 by default.
    pub confidence_level: f64,
}

impl Default for SurvivalIntervalOptions {
    fn default() -> Self {
        SurvivalIntervalOptions {
            interval_type: SurvivalIntervalType::LogLog,
            confidence_level: 0.95,
        }
    }
}

/// The curve just after one observed time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurvivalStep {
    /// Observed time, in the unit of the input.
    pub time: f64,
    /// Subjects at risk just before it.
    pub at_risk: usize,
    /// Events at it.
    pub events: usize,
    /// Subjects censored at it.
    pub censored: usize,
    /// Survival from this time on.
    pub survival: f64,
    /// Greenwood's sum, the variance of ln S; infinite once S is zero.
    pub log_variance: f64,
}

impl SurvivalStep {
    /// Greenwood standard error of S; none where S is zero.
    pub fn standard_error(&self) -> Option<f64> {
        (self.survival > 0.0).then(|| self.survival * self.log_variance.sqrt())
    }

    /// Confidence interval for S at one time; none where S is zero. Before the first event S is
    /// one without error, and so are its limits.
    pub fn interval(&self, options: &SurvivalIntervalOptions) -> Option<Interval> {
        let z = normal_critical(options.confidence_level);
        self.interval_at(options.interval_type, z)
    }

    fn interval_at(&self, interval_type: SurvivalIntervalType, z: f64) -> Option<Interval> {
        let s = self.survival;
        if s <= 0.0 {
            return None;
        }
        if self.log_variance == 0.0 {
            return Some(Interval { lower: s, upper: s });
        }
        let se_log = self.log_variance.sqrt();
        Some(match interval_type {
            SurvivalIntervalType::Plain => Interval {
                lower: (s - z * s * se_log).max(0.0),
                upper: (s + z * s * se_log).min(1.0),
            },
            SurvivalIntervalType::Log => {
                let factor = libm::exp(z * se_log);
                Interval {
                    lower: s / factor,
                    upper: (s * factor).min(1.0),
                }
            }
            SurvivalIntervalType::LogLog => {
                let log_s = libm::log(s);
                let factor = libm::exp(-z * se_log / log_s);
                Interval {
                    lower: libm::exp(log_s * factor),
                    upper: libm::exp(log_s / factor),
                }
            }
        })
    }
}

/// A quantile of survival time. A limit that the data do not reach is `None`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurvivalQuantile {
    /// The estimate.
    pub time: f64,
    /// Lower confidence limit.
    pub lower: Option<f64>,
    /// Upper confidence limit; often not reached in a small trial.
    pub upper: Option<f64>,
}

/// A Kaplan-Meier curve: one step per distinct observed time, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct KaplanMeier {
    /// Subjects.
    pub subjects: usize,
    /// Events in all.
    pub events: usize,
    /// The steps, by time.
    pub steps: Vec<SurvivalStep>,
}

/// The Kaplan-Meier curve of one group.
pub fn kaplan_meier(time: &[f64], event: &[bool]) -> Estimate<KaplanMeier> {
    check_times(time)?;
    check_length("event", event.len(), time.len())?;
    if time.is_empty() {
        return Err(NotEstimable::TooFewSubjects {
            subjects: 0,
            needed: 1,
        });
    }
    let observed: Vec<(f64, bool)> = by_stratum_and_time(None, time)
        .into_iter()
        .map(|i| (time[i as usize], event[i as usize]))
        .collect();
    let mut steps = Vec::with_capacity(observed.len());
    let (mut survival, mut log_variance, mut at_risk, mut all_events) =
        (1.0, 0.0, observed.len(), 0);
    for tied in observed.chunk_by(|a, b| a.0 == b.0) {
        let events = tied.iter().filter(|o| o.1).count();
        if events > 0 {
            let (d, n) = (events as f64, at_risk as f64);
            // (n - d) / n is exact where the product should come back to a round number.
            survival *= (n - d) / n;
            log_variance += if events < at_risk {
                d / (n * (n - d))
            } else {
                f64::INFINITY
            };
        }
        let censored = tied.len() - events;
        steps.push(SurvivalStep {
            time: tied[0].0,
            at_risk,
            events,
            censored,
            survival,
            log_variance,
        });
        all_events += events;
        at_risk -= tied.len();
    }
    Ok(KaplanMeier {
        subjects: time.len(),
        events: all_events,
        steps,
    })
}

impl KaplanMeier {
    /// The step that holds at `time`, with the subjects still at risk then; `None` before the
    /// first observed time, where survival is one.
    pub fn step_at(&self, time: f64) -> Option<&SurvivalStep> {
        let after = self.steps.partition_point(|s| s.time <= time);
        after.checked_sub(1).map(|i| &self.steps[i])
    }

    /// Survival at `time` with its interval. Beyond the last observation it is known only if the
    /// curve has come down to zero.
    pub fn survival_at(
        &self,
        time: f64,
        options: &SurvivalIntervalOptions,
    ) -> Estimate<(f64, Option<Interval>)> {
        check_level(options.confidence_level)?;
        if time.is_nan() || time < 0.0 {
            return Err(crate::InputError::Range {
                name: "time",
                value: time,
                expected: "zero or more",
            }
            .into());
        }
        let last = self.steps[self.steps.len() - 1];
        if time > last.time && last.survival > 0.0 {
            return Err(NotEstimable::BeyondFollowUp {
                time,
                last: last.time,
            });
        }
        Ok(match self.step_at(time) {
            None => (
                1.0,
                Some(Interval {
                    lower: 1.0,
                    upper: 1.0,
                }),
            ),
            Some(step) => (step.survival, step.interval(options)),
        })
    }

    /// The confidence interval at every step; none where survival is zero.
    pub fn intervals(&self, options: &SurvivalIntervalOptions) -> Estimate<Vec<Option<Interval>>> {
        check_level(options.confidence_level)?;
        let z = normal_critical(options.confidence_level);
        let steps = self.steps.iter();
        Ok(steps
            .map(|s| s.interval_at(options.interval_type, z))
            .collect())
    }

    /// Subjects whose observed time is `time` or later.
    pub fn number_at_risk(&self, time: f64) -> usize {
        let before = self.steps.partition_point(|s| s.time < time);
        self.steps.get(before).map_or(0, |s| s.at_risk)
    }

    /// Median survival time.
    pub fn median(&self, options: &SurvivalIntervalOptions) -> Estimate<SurvivalQuantile> {
        self.quantile(0.5, options)
    }

    /// The time by which a share `p` has had the event: where survival falls to 1 - p.
    pub fn quantile(
        &self,
        p: f64,
        options: &SurvivalIntervalOptions,
    ) -> Estimate<SurvivalQuantile> {
        check_level(options.confidence_level)?;
        if !(p > 0.0 && p < 1.0) {
            return Err(crate::InputError::Range {
                name: "p",
                value: p,
                expected: "between 0 and 1",
            }
            .into());
        }
        let level = 1.0 - p;
        let z = normal_critical(options.confidence_level);
        let limits: Vec<(f64, Option<Interval>)> = self
            .steps
            .iter()
            .map(|s| (s.time, s.interval_at(options.interval_type, z)))
            .collect();
        let crossing = |pick: fn(&Interval) -> f64| {
            first_crossing(
                limits
                    .iter()
                    .filter_map(|(t, i)| Some((*t, pick(i.as_ref()?)))),
                level,
            )
        };
        match first_crossing(self.steps.iter().map(|s| (s.time, s.survival)), level) {
            Some(time) => Ok(SurvivalQuantile {
                time,
                lower: crossing(|i| i.lower),
                upper: crossing(|i| i.upper),
            }),
            None => Err(NotEstimable::NotReached {
                lowest_survival: self.steps[self.steps.len() - 1].survival,
            }),
        }
    }
}

/// First time at which the curve is at or below `level`; the middle of the flat stretch where it
/// equals the level, if it falls further later.
fn first_crossing(curve: impl Iterator<Item = (f64, f64)>, level: f64) -> Option<f64> {
    // R's tolerance, the square root of the machine precision: products such as 0.5 = 4/5 * 5/8
    // do not come out exactly.
    let tolerance = f64::EPSILON.sqrt();
    let mut below = curve.skip_while(|&(_, y)| y >= level + tolerance);
    let (time, y) = below.next()?;
    let flat = (y - level).abs() < tolerance;
    let fall = if flat {
        below.find(|&(_, later)| later < y)
    } else {
        None
    };
    Some(fall.map_or(time, |(next, _)| 0.5 * (time + next)))
}
