//! Milestone survival: survival at one fixed time in each of two groups, and their difference.
//!
//! S from the Kaplan-Meier curve with Greenwood's variance; the difference second minus first with
//! the sum of the variances and a normal interval, and a test of equal survival on the scale
//! ln(-ln S), whose level holds better in small samples than that of the difference
//! (Klein, Logan, Harhoff and Andersen 2007, doi:10.1002/sim.2864).
//! The time must be fixed before the data are seen.

use crate::error::check_length;
use crate::kaplan_meier::{SurvivalIntervalOptions, SurvivalStep, kaplan_meier};
use crate::normal::{normal_critical, normal_two_sided};
use crate::{Estimate, Interval, NotEstimable};

/// Survival of one group at the milestone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MilestoneGroup {
    /// Survival.
    pub survival: f64,
    /// Greenwood standard error; none where nobody or everybody has had the event by then, where
    /// the formula gives zero.
    pub standard_error: Option<f64>,
    /// Interval on the scale asked for; none as the standard error.
    pub interval: Option<Interval>,
    /// Subjects still at risk at the milestone.
    pub at_risk: usize,
}

/// Milestone survival of two groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Milestone {
    /// The time.
    pub time: f64,
    /// First and second group.
    pub groups: [MilestoneGroup; 2],
    /// Second minus first: positive favours the second group.
    pub difference: f64,
    /// Standard error of the difference; none where either group has none.
    pub standard_error: Option<f64>,
    /// Normal interval of the difference, cut to -1 to 1; none as the standard error.
    pub interval: Option<Interval>,
    /// Statistic of the test on ln(-ln S): positive when the second group survives better; none as
    /// the standard error.
    pub z: Option<f64>,
    /// Two-sided p value; none as `z`.
    pub p_value: Option<f64>,
}

/// Compares survival at `milestone` between two groups. `in_second_group` says for each subject
/// whether it belongs to the second.
pub fn milestone_survival(
    time: &[f64],
    event: &[bool],
    in_second_group: &[bool],
    milestone: f64,
    options: &SurvivalIntervalOptions,
) -> Estimate<Milestone> {
    check_length("event", event.len(), time.len())?;
    check_length("in_second_group", in_second_group.len(), time.len())?;
    let group = |second: bool| -> Estimate<(MilestoneGroup, Option<SurvivalStep>)> {
        let members = || (0..time.len()).filter(|&i| in_second_group[i] == second);
        if !time.is_empty() && members().next().is_none() {
            return Err(NotEstimable::EmptyArm);
        }
        let times: Vec<f64> = members().map(|i| time[i]).collect();
        let events: Vec<bool> = members().map(|i| event[i]).collect();
        let curve = kaplan_meier(&times, &events)?;
        let (survival, interval) = curve.survival_at(milestone, options)?;
        let step = curve.step_at(milestone).filter(|s| s.survival < 1.0);
        let standard_error = step.and_then(SurvivalStep::standard_error);
        let summary = MilestoneGroup {
            survival,
            standard_error,
            interval: interval.filter(|_| standard_error.is_some()),
            at_risk: curve.number_at_risk(milestone),
        };
        Ok((summary, step.copied()))
    };
    let (first, second) = (group(false)?, group(true)?);
    let groups = [first.0, second.0];
    let difference = groups[1].survival - groups[0].survival;
    let standard_error = groups[0]
        .standard_error
        .zip(groups[1].standard_error)
        .map(|(a, b)| libm::hypot(a, b));
    let critical = normal_critical(options.confidence_level);
    // ln(-ln S) falls as survival rises.
    let z = standard_error.and(first.1).zip(second.1).map(|(a, b)| {
        let (log_a, log_b) = (libm::log(a.survival), libm::log(b.survival));
        let variance = a.log_variance / (log_a * log_a) + b.log_variance / (log_b * log_b);
        (libm::log(-log_a) - libm::log(-log_b)) / variance.sqrt()
    });
    Ok(Milestone {
        time: milestone,
        groups,
        difference,
        standard_error,
        interval: standard_error.map(|se| {
            let interval = Interval::around(difference, critical * se);
            Interval {
                lower: interval.lower.max(-1.0),
                upper: interval.upper.min(1.0),
            }
        }),
        z,
        p_value: z.map(normal_two_sided),
    })
}
