//! Two stages: how often the treatment is called promising, simulated and exactly.

use neurocart_stats::Estimate;
use neurocart_stats::single_arm::simon::simon_characteristics;
use serde::{Deserialize, Serialize};

use super::Errors;
use crate::adaptive::truth::DesignTruth;
use crate::adaptive::{Decision, Verdict, single_arm};
use crate::operating_characteristics::{Moments, MonteCarlo, proportion};
use crate::specification::{SingleArm, Specification};

/// What the single arm does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SingleArmCharacteristics {
    /// Share of all replicates that call the treatment promising.
    pub promising: Option<MonteCarlo>,
    /// Share of all replicates in which dose finding names no dose, so that the part never opens.
    pub not_opened: Option<MonteCarlo>,
    /// Share of the opened replicates that stop after the first stage (PET).
    pub early_termination: Option<MonteCarlo>,
    /// Share of the opened replicates that stop for toxicity.
    pub stopped_for_toxicity: Option<MonteCarlo>,
    /// Subjects judged at the end, in the opened replicates.
    pub subjects: Option<MonteCarlo>,
    /// Subjects enrolled in this part, in the opened replicates.
    pub enrolled: Option<MonteCarlo>,
    /// Calendar days from the opening of the trial to its last decision.
    pub duration_days: Option<MonteCarlo>,
    /// Mean of estimate minus true value, of the unbiased estimate.
    pub bias: Option<MonteCarlo>,
    /// The same of the naive proportion.
    pub naive_bias: Option<MonteCarlo>,
    /// Share of the intervals that hold the true value.
    pub coverage: Option<MonteCarlo>,
    /// Nominal coverage.
    pub nominal_coverage: f64,
    /// By arm: what happens when it is the one tested.
    pub arms: Vec<SingleArmByArm>,
}

/// The single arm, where it is this one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SingleArmByArm {
    /// Name of the arm.
    pub arm: String,
    /// Probability of a yes in the model, as the decision counts it.
    pub true_probability: Option<MonteCarlo>,
    /// Share of all replicates that test it and call it promising.
    pub promising: Option<MonteCarlo>,
    /// What the two stages do at exactly that probability, without a toxicity rule.
    pub exact: Option<ExactTwoStage>,
}

/// Exact characteristics of two stages.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExactTwoStage {
    /// True probability of a yes.
    pub probability: f64,
    /// Probability of calling the treatment promising.
    pub promising: f64,
    /// Probability of stopping after the first stage.
    pub early_termination: f64,
    /// Expected number of subjects.
    pub expected_subjects: f64,
}

/// The two-stage design with its exact type I error over the null hypothesis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TwoStageDesign {
    /// Subjects of the first stage.
    pub n1: u64,
    /// Most responders of the first stage that stop the trial.
    pub r1: u64,
    /// Subjects of both stages.
    pub n: u64,
    /// Most responders of both stages that are not promising.
    pub r: u64,
    /// Null probabilities from 0 to `p0`; a toxicity rule can only lower the error.
    pub null_grid: Vec<ExactTwoStage>,
    /// The largest type I error on the grid.
    pub worst: ExactTwoStage,
    /// The design at `p1`, where it is given.
    pub alternative: Option<ExactTwoStage>,
}

/// Points of the grid of null probabilities between 0 and `p0`.
const GRID: u32 = 20;

/// The two stages of a section, exactly.
pub fn two_stage(section: &SingleArm) -> Estimate<TwoStageDesign> {
    let design = single_arm::design(section)?;
    let exact = |p: f64| -> Estimate<ExactTwoStage> {
        let found = simon_characteristics(&design, p)?;
        Ok(ExactTwoStage {
            probability: p,
            promising: found.rejection,
            early_termination: found.early_termination,
            expected_subjects: found.expected_subjects,
        })
    };
    let point = |k: u32| exact(section.p0 * f64::from(k) / f64::from(GRID));
    let null_grid = (0..=GRID).map(point).collect::<Estimate<Vec<_>>>()?;
    let larger = |a: ExactTwoStage, b: &ExactTwoStage| {
        if b.promising >= a.promising { *b } else { a }
    };
    Ok(TwoStageDesign {
        n1: design.n1,
        r1: design.r1,
        n: design.n,
        r: design.r,
        worst: null_grid.iter().fold(null_grid[0], larger),
        null_grid,
        alternative: section.p1.map(exact).transpose()?,
    })
}

/// The single arm over the replicates so far.
#[derive(Clone, Debug, Default)]
pub(super) struct SingleArmTally {
    opened: u64,
    /// Replicates that call the treatment promising.
    pub promising: u64,
    promising_by_arm: Vec<u64>,
    early_termination: u64,
    toxicity: u64,
    subjects: Moments,
    enrolled: Moments,
    duration_days: Moments,
    errors: Errors,
}

impl SingleArmTally {
    /// Adds a replicate in which dose finding names no dose, so that this part never opens; the trial
    /// ends on `day`.
    pub(super) fn add_not_opened(&mut self, specification: &Specification, day: Option<f64>) {
        self.promising_by_arm.resize(specification.arms.len(), 0);
        if let Some(day) = day {
            self.duration_days.add(day);
        }
    }

    /// Adds a replicate that came to this part of the trial.
    pub(super) fn add(
        &mut self,
        specification: &Specification,
        known: &DesignTruth,
        decisions: &[&Decision],
    ) {
        self.promising_by_arm.resize(specification.arms.len(), 0);
        let Some(last) = decisions.last() else {
            return;
        };
        self.opened += 1;
        match last.verdict {
            Verdict::Rejected => {
                self.promising += 1;
                self.promising_by_arm[last.arm] += 1;
            }
            Verdict::NotRejected if last.number == 1 => self.early_termination += 1,
            Verdict::Toxicity => self.toxicity += 1,
            _ => {}
        }
        self.subjects.add(f64::from(last.subjects));
        self.enrolled.add(f64::from(last.enrolled));
        self.duration_days.add(last.time_days);
        let truth = known.doses.get(last.arm).and_then(|t| t.response);
        if let Some(truth) = truth {
            self.errors.add(last, truth.value);
        }
    }

    /// The characteristics over `all` replicates.
    pub(super) fn finish(
        &self,
        specification: &Specification,
        section: &SingleArm,
        known: &DesignTruth,
        all: u64,
    ) -> SingleArmCharacteristics {
        let design = single_arm::design(section).ok();
        let arm = |(number, &promising): (usize, &u64)| {
            let truth = known.doses.get(number).and_then(|truth| truth.response);
            let exact = truth.zip(design).and_then(|(truth, design)| {
                let found = simon_characteristics(&design, truth.value).ok()?;
                Some(ExactTwoStage {
                    probability: truth.value,
                    promising: found.rejection,
                    early_termination: found.early_termination,
                    expected_subjects: found.expected_subjects,
                })
            });
            SingleArmByArm {
                arm: specification.arms[number].name.clone(),
                true_probability: truth,
                promising: proportion(promising, all),
                exact,
            }
        };
        SingleArmCharacteristics {
            promising: proportion(self.promising, all),
            not_opened: proportion(all - self.opened, all),
            early_termination: proportion(self.early_termination, self.opened),
            stopped_for_toxicity: proportion(self.toxicity, self.opened),
            subjects: self.subjects.monte_carlo(0.0),
            enrolled: self.enrolled.monte_carlo(0.0),
            duration_days: self.duration_days.monte_carlo(0.0),
            bias: self.errors.error.monte_carlo(0.0),
            naive_bias: self.errors.naive_error.monte_carlo(0.0),
            coverage: proportion(self.errors.covered, self.errors.with_interval),
            nominal_coverage: 1.0 - 2.0 * section.alpha,
            arms: self.promising_by_arm.iter().enumerate().map(arm).collect(),
        }
    }
}
