//! Looks: where trials end, and what their estimates are worth.

use neurocart_stats::group_sequential::{Look, Sides};
use serde::{Deserialize, Serialize};

use super::Errors;
use crate::adaptive::group_sequential::plan_of;
use crate::adaptive::truth::DesignTruth;
use crate::adaptive::{Decision, Verdict};
use crate::analysis::scale;
use crate::operating_characteristics::{Moments, MonteCarlo, on_scale, proportion};
use crate::specification::Specification;

/// What a group sequential design does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupSequentialCharacteristics {
    /// The looks.
    pub looks: Vec<LookCharacteristics>,
    /// Share of replicates that reject.
    pub rejected: Option<MonteCarlo>,
    /// Share that reject with the treated arm doing better.
    pub rejected_in_favour: Option<MonteCarlo>,
    /// Subjects enrolled when the trial ends.
    pub subjects: Option<MonteCarlo>,
    /// Events of the primary endpoint when it ends.
    pub events: Option<MonteCarlo>,
    /// Calendar days until it ends.
    pub duration_days: Option<MonteCarlo>,
    /// Mean of the median-unbiased estimate minus the true value, on the scale of the analysis.
    pub bias: Option<MonteCarlo>,
    /// The same of the estimate that ignores the looks.
    pub naive_bias: Option<MonteCarlo>,
    /// Share of replicates whose median-unbiased estimate lies above the true value.
    pub above_true_value: Option<MonteCarlo>,
    /// Share of the stage-wise intervals that hold the true value.
    pub coverage: Option<MonteCarlo>,
    /// Nominal coverage.
    pub nominal_coverage: f64,
}

/// One look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LookCharacteristics {
    /// Planned information fraction.
    pub planned_information: f64,
    /// Planned boundary of z that rejects.
    pub planned_efficacy: f64,
    /// Planned boundary of z that stops for futility.
    pub planned_futility: Option<f64>,
    /// Share of replicates that come to it.
    pub reached: Option<MonteCarlo>,
    /// Share of replicates that reject at it.
    pub rejected: Option<MonteCarlo>,
    /// Share of replicates that end at it without rejecting.
    pub not_rejected: Option<MonteCarlo>,
    /// Observed information, in the replicates that come to it.
    pub information: Option<MonteCarlo>,
    /// Calendar day of it.
    pub time_days: Option<MonteCarlo>,
}

#[derive(Clone, Debug, Default)]
struct LookTally {
    reached: u64,
    rejected: u64,
    not_rejected: u64,
    information: Moments,
    time_days: Moments,
}

/// The looks over the replicates so far.
#[derive(Clone, Debug, Default)]
pub(super) struct LooksTally {
    looks: Vec<LookTally>,
    /// Replicates that reject.
    pub rejected: u64,
    rejected_in_favour: u64,
    subjects: Moments,
    events: Moments,
    duration_days: Moments,
    errors: Errors,
}

impl LooksTally {
    /// Adds a replicate.
    pub(super) fn add(
        &mut self,
        specification: &Specification,
        known: &DesignTruth,
        decisions: &[&Decision],
    ) {
        let looks = specification
            .group_sequential
            .as_ref()
            .map_or(0, |s| s.information.len());
        self.looks.resize_with(looks, LookTally::default);
        for decision in decisions {
            let Some(look) = self.looks.get_mut(decision.number as usize - 1) else {
                continue;
            };
            look.reached += 1;
            look.rejected += u64::from(decision.verdict == Verdict::Rejected);
            look.not_rejected += u64::from(decision.verdict == Verdict::NotRejected);
            look.time_days.add(decision.time_days);
            if let Some(information) = decision.information {
                look.information.add(information);
            }
        }
        let Some(last) = decisions.last() else {
            return;
        };
        if last.verdict == Verdict::Rejected {
            self.rejected += 1;
            self.rejected_in_favour += u64::from(last.z.is_some_and(|z| z > 0.0));
        }
        self.subjects.add(f64::from(last.enrolled));
        self.events.add(f64::from(last.events));
        self.duration_days.add(last.time_days);
        let primary = specification.primary_analysis();
        let scale = primary.map(|index| scale(specification.analyses[index].method));
        if let (Some(truth), Some(scale)) = (known.effect, scale) {
            let on = |value: Option<f64>| value.and_then(|value| on_scale(value, scale));
            let scaled = Decision {
                estimate: on(last.estimate),
                naive_estimate: on(last.naive_estimate),
                lower: on(last.lower),
                upper: on(last.upper),
                ..(*last).clone()
            };
            self.errors.add(&scaled, truth);
        }
    }

    /// The characteristics over `all` replicates.
    pub(super) fn finish(
        &self,
        specification: &Specification,
        all: u64,
    ) -> Option<GroupSequentialCharacteristics> {
        let section = specification.group_sequential.as_ref()?;
        let primary = &specification.analyses[specification.primary_analysis()?];
        let plan = plan_of(section, primary).ok()?;
        let look = |(tally, planned): (&LookTally, &Look)| LookCharacteristics {
            planned_information: planned.information,
            planned_efficacy: planned.efficacy,
            planned_futility: Some(planned.futility).filter(|z| z.is_finite()),
            reached: proportion(tally.reached, all),
            rejected: proportion(tally.rejected, all),
            not_rejected: proportion(tally.not_rejected, all),
            information: tally.information.monte_carlo(0.0),
            time_days: tally.time_days.monte_carlo(0.0),
        };
        let one_sided = plan.design.sides == Sides::One;
        Some(GroupSequentialCharacteristics {
            looks: self.looks.iter().zip(&plan.looks).map(look).collect(),
            rejected: proportion(self.rejected, all),
            rejected_in_favour: proportion(self.rejected_in_favour, all),
            subjects: self.subjects.monte_carlo(0.0),
            events: self.events.monte_carlo(0.0),
            duration_days: self.duration_days.monte_carlo(0.0),
            bias: self.errors.error.monte_carlo(0.0),
            naive_bias: self.errors.naive_error.monte_carlo(0.0),
            above_true_value: proportion(self.errors.above, self.errors.with_estimate),
            coverage: proportion(self.errors.covered, self.errors.with_interval),
            nominal_coverage: 1.0 - primary.alpha * if one_sided { 2.0 } else { 1.0 },
        })
    }
}
