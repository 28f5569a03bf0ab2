//! Operating characteristics of designs that decide while the trial runs, from their decisions.
//!
//! Shares of replicates have binomial Monte Carlo errors, means over replicates s / sqrt(R)
//! (Morris et al. 2019, doi:10.1002/sim.8086).

mod dose_finding;
mod group_sequential;
mod two_stage;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::dose_finding::DoseFindingTally;
pub use self::dose_finding::{DoseCharacteristics, DoseFindingCharacteristics};
use self::group_sequential::LooksTally;
pub use self::group_sequential::{GroupSequentialCharacteristics, LookCharacteristics};
use self::two_stage::SingleArmTally;
pub use self::two_stage::{
    ExactTwoStage, SingleArmByArm, SingleArmCharacteristics, TwoStageDesign, two_stage,
};
use super::truth::DesignTruth;
use super::{Decision, ReplicateDecision, Step};
use crate::operating_characteristics::{Moments, MonteCarlo, TypeOneError, mark_worst, proportion};
use crate::replicate::Truth;
use crate::specification::Specification;

/// What the design does under one truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DesignCharacteristics {
    /// `as_designed`, or the name of a null.
    pub truth: String,
    /// Replicates simulated.
    pub replicates: u64,
    /// Dose finding.
    pub dose_finding: Option<DoseFindingCharacteristics>,
    /// The single arm.
    pub single_arm: Option<SingleArmCharacteristics>,
    /// Looks.
    pub group_sequential: Option<GroupSequentialCharacteristics>,
}

#[derive(Clone, Debug, Default)]
struct Tally {
    replicates: u64,
    doses: DoseFindingTally,
    single_arm: SingleArmTally,
    looks: LooksTally,
}

/// Estimates against the true value.
#[derive(Clone, Debug, Default)]
struct Errors {
    error: Moments,
    naive_error: Moments,
    with_estimate: u64,
    above: u64,
    with_interval: u64,
    covered: u64,
}

impl Errors {
    fn add(&mut self, decision: &Decision, truth: f64) {
        if let Some(estimate) = decision.estimate {
            self.error.add(estimate - truth);
            self.with_estimate += 1;
            self.above += u64::from(estimate > truth);
        }
        if let Some(estimate) = decision.naive_estimate {
            self.naive_error.add(estimate - truth);
        }
        if let (Some(lower), Some(upper)) = (decision.lower, decision.upper) {
            self.with_interval += 1;
            self.covered += u64::from(lower <= truth && truth <= upper);
        }
    }
}

/// Adds up decisions; the order of the replicates decides the last bits of the means.
#[derive(Clone, Debug, Default)]
pub struct DesignTally {
    truths: Vec<DesignTruth>,
    tallies: BTreeMap<Truth, Tally>,
}

impl DesignTally {
    /// Nothing added yet; overdoses and biases are measured against `truths`, in the order of the
    /// truths of the trial.
    pub fn new(truths: Vec<DesignTruth>) -> DesignTally {
        DesignTally {
            truths,
            tallies: BTreeMap::new(),
        }
    }

    fn truth(&self, truth: Truth) -> Option<&DesignTruth> {
        self.truths.get(match truth {
            Truth::AsDesigned => 0,
            Truth::Null(number) => number + 1,
        })
    }

    /// Adds whole replicates, the decisions of each together.
    pub fn add(&mut self, specification: &Specification, decisions: &[ReplicateDecision]) {
        let same = |a: &ReplicateDecision, b: &ReplicateDecision| {
            (a.truth, a.replicate) == (b.truth, b.replicate)
        };
        for replicate in decisions.chunk_by(same) {
            let truth = replicate[0].truth;
            let known = self.truth(truth).cloned().unwrap_or_default();
            let tally = self.tallies.entry(truth).or_default();
            tally.replicates += 1;
            let of = |step: Step| -> Vec<&Decision> {
                let all = replicate.iter().map(|found| &found.decision);
                all.filter(|decision| decision.step == step).collect()
            };
            let dose_finding = of(Step::DoseFinding);
            if specification.dose_finding.is_some() {
                tally.doses.add(specification, &known, &dose_finding);
            }
            if specification.single_arm.is_some() {
                match &of(Step::SingleArm)[..] {
                    [] => {
                        let day = dose_finding.first().map(|decision| decision.time_days);
                        tally.single_arm.add_not_opened(specification, day);
                    }
                    stages => tally.single_arm.add(specification, &known, stages),
                }
            }
            if specification.group_sequential.is_some() {
                tally
                    .looks
                    .add(specification, &known, &of(Step::GroupSequential));
            }
        }
    }

    /// Share of replicates that reject so far.
    pub fn rejected(&self, truth: Truth) -> Option<MonteCarlo> {
        let tally = self.tallies.get(&truth)?;
        let rejected = tally.single_arm.promising.max(tally.looks.rejected);
        proportion(rejected, tally.replicates)
    }

    /// The largest type I error over the nulls so far.
    pub fn worst(&self, specification: &Specification) -> Option<MonteCarlo> {
        (0..specification.nulls.len())
            .filter_map(|number| self.rejected(Truth::Null(number)))
            .max_by(|a, b| a.value.total_cmp(&b.value))
    }

    /// Type I error of the single arm under each null, by the arm that is tested.
    pub fn type_one_errors(&self, specification: &Specification) -> Vec<TypeOneError> {
        let error = |number: usize| {
            let truth = Truth::Null(number);
            Some(TypeOneError {
                null: truth.name(specification).to_owned(),
                arm: match &specification.arms[..] {
                    [one] => one.name.clone(),
                    _ => "the selected dose".to_owned(),
                },
                rejected: self.rejected(truth)?,
                worst: false,
            })
        };
        let mut errors: Vec<TypeOneError> =
            (0..specification.nulls.len()).filter_map(error).collect();
        mark_worst(&mut errors);
        errors
    }

    /// The operating characteristics of everything added.
    pub fn finish(&self, specification: &Specification) -> Vec<DesignCharacteristics> {
        self.tallies
            .iter()
            .map(|(&truth, tally)| {
                let known = self.truth(truth).cloned().unwrap_or_default();
                let all = tally.replicates;
                DesignCharacteristics {
                    truth: truth.name(specification).to_owned(),
                    replicates: all,
                    dose_finding: specification
                        .dose_finding
                        .is_some()
                        .then(|| tally.doses.finish(specification, &known, all)),
                    single_arm: specification.single_arm.as_ref().map(|section| {
                        let found = &tally.single_arm;
                        found.finish(specification, section, &known, all)
                    }),
                    group_sequential: tally.looks.finish(specification, all),
                }
            })
            .collect()
    }
}
