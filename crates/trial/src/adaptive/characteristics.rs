//! Operating characteristics of designs that decide while the trial runs, from their decisions.
//!
//! Shares of replicates have binomial Monte Carlo errors, means over replicates s / sqrt(R)
//! (Morris et al. 2019, doi:10.1002/sim.8086).

use std::collections::BTreeMap;

use neurocart_stats::Estimate;
use neurocart_stats::single_arm::simon::simon_characteristics;
use serde::{Deserialize, Serialize};

use super::truth::{DesignTruth, DoseTruth};
use super::{Decision, ReplicateDecision, Step, Verdict, single_arm};
use crate::analysis::scale;
use crate::operating_characteristics::{
    Moments, MonteCarlo, TypeOneError, mark_worst, on_scale, proportion,
};
use crate::replicate::Truth;
use crate::specification::{SingleArm, Specification};

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

/// What dose finding does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoseFindingCharacteristics {
    /// The doses, lowest first.
    pub doses: Vec<DoseCharacteristics>,
    /// Share of replicates in which no dose is selected.
    pub no_dose: Option<MonteCarlo>,
    /// Why, with how often.
    pub no_dose_reasons: BTreeMap<String, u64>,
    /// True DLT probability above which a dose is an overdose.
    pub overdose_above: f64,
    /// Share of replicates that select an overdose.
    pub overdose_selected: Option<MonteCarlo>,
    /// Share of the treated subjects that are given an overdose, mean over replicates.
    pub overdose_treated: Option<MonteCarlo>,
    /// Subjects enrolled.
    pub enrolled: Option<MonteCarlo>,
    /// Subjects treated.
    pub treated: Option<MonteCarlo>,
    /// Subjects with a DLT.
    pub dlts: Option<MonteCarlo>,
    /// Subjects whose product could not be made.
    pub not_made: Option<MonteCarlo>,
    /// Subjects who received the dose below the assigned one.
    pub short: Option<MonteCarlo>,
    /// Calendar days until the dose is named.
    pub duration_days: Option<MonteCarlo>,
}

/// One dose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoseCharacteristics {
    /// Name of the arm.
    pub arm: String,
    /// DLT probability in the model: over the eligible patients of the bank, with its error.
    pub true_dlt: Option<MonteCarlo>,
    /// Probability of response in the model, where the design looks at it.
    pub true_response: Option<MonteCarlo>,
    /// Share of replicates that select it.
    pub selected: Option<MonteCarlo>,
    /// Subjects assigned to it.
    pub enrolled: Option<MonteCarlo>,
    /// Subjects given it.
    pub treated: Option<MonteCarlo>,
    /// Of these, subjects with a DLT.
    pub dlts: Option<MonteCarlo>,
}

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
struct DoseTally {
    selected: u64,
    enrolled: Moments,
    treated: Moments,
    dlts: Moments,
}

#[derive(Clone, Debug, Default)]
struct LookTally {
    reached: u64,
    rejected: u64,
    not_rejected: u64,
    information: Moments,
    time_days: Moments,
}

#[derive(Clone, Debug, Default)]
struct Tally {
    replicates: u64,
    doses: Vec<DoseTally>,
    no_dose: u64,
    no_dose_reasons: BTreeMap<String, u64>,
    overdose_selected: u64,
    overdose_treated: Moments,
    enrolled: Moments,
    treated: Moments,
    dlts: Moments,
    not_made: Moments,
    short: Moments,
    dose_finding_days: Moments,
    opened: u64,
    promising: u64,
    promising_by_arm: Vec<u64>,
    early_termination: u64,
    toxicity: u64,
    subjects: Moments,
    single_arm_enrolled: Moments,
    events: Moments,
    duration_days: Moments,
    rejected: u64,
    rejected_in_favour: u64,
    error: Moments,
    naive_error: Moments,
    with_estimate: u64,
    above: u64,
    with_interval: u64,
    covered: u64,
    looks: Vec<LookTally>,
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
            if specification.dose_finding.is_some() {
                tally.add_dose_finding(specification, &known, &of(Step::DoseFinding));
            }
            if specification.single_arm.is_some() {
                tally.add_single_arm(specification, &known, &of(Step::SingleArm));
            }
            if specification.group_sequential.is_some() {
                tally.add_looks(specification, &known, &of(Step::GroupSequential));
            }
        }
    }

    /// Share of replicates that reject so far.
    pub fn rejected(&self, truth: Truth) -> Option<MonteCarlo> {
        let tally = self.tallies.get(&truth)?;
        proportion(tally.promising.max(tally.rejected), tally.replicates)
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
                DesignCharacteristics {
                    truth: truth.name(specification).to_owned(),
                    replicates: tally.replicates,
                    dose_finding: tally.dose_finding(specification, &known),
                    single_arm: tally.single_arm(specification, &known),
                    group_sequential: tally.group_sequential(specification),
                }
            })
            .collect()
    }
}

impl Tally {
    fn add_dose_finding(
        &mut self,
        specification: &Specification,
        known: &DesignTruth,
        decisions: &[&Decision],
    ) {
        self.doses
            .resize_with(specification.arms.len(), DoseTally::default);
        let limit = overdose_above(specification);
        let is_overdose = |arm: usize| {
            let truth: Option<&DoseTruth> = known.doses.get(arm);
            truth.and_then(|t| t.dlt).is_some_and(|p| p.value > limit)
        };
        let sum =
            |of: fn(&Decision) -> u32| decisions.iter().map(|d| f64::from(of(d))).sum::<f64>();
        let treated = sum(|d| d.subjects);
        let mut overdosed = 0.0;
        let mut selected = false;
        for decision in decisions {
            let tally = &mut self.doses[decision.arm];
            tally.enrolled.add(f64::from(decision.enrolled));
            tally.treated.add(f64::from(decision.subjects));
            tally.dlts.add(f64::from(decision.events));
            if is_overdose(decision.arm) {
                overdosed += f64::from(decision.subjects);
            }
            if decision.verdict == Verdict::Selected {
                selected = true;
                tally.selected += 1;
                self.overdose_selected += u64::from(is_overdose(decision.arm));
            }
        }
        if !selected {
            self.no_dose += 1;
            let reason = decisions.first().and_then(|d| d.reason.clone());
            *self
                .no_dose_reasons
                .entry(reason.unwrap_or_default())
                .or_default() += 1;
        }
        if treated > 0.0 {
            self.overdose_treated.add(overdosed / treated);
        }
        self.enrolled.add(sum(|d| d.enrolled));
        self.treated.add(treated);
        self.dlts.add(sum(|d| d.events));
        self.not_made.add(sum(|d| d.not_made));
        self.short.add(sum(|d| d.short));
        if let Some(first) = decisions.first() {
            self.dose_finding_days.add(first.time_days);
            if specification.single_arm.is_some() && !selected {
                // Nothing comes after it.
                self.duration_days.add(first.time_days);
            }
        }
    }

    fn add_single_arm(
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
        self.single_arm_enrolled.add(f64::from(last.enrolled));
        self.duration_days.add(last.time_days);
        let truth = known.doses.get(last.arm).and_then(|t| t.response);
        if let Some(truth) = truth {
            self.add_estimates(last, truth.value);
        }
    }

    fn add_looks(
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
            self.add_estimates(&scaled, truth);
        }
    }

    fn add_estimates(&mut self, decision: &Decision, truth: f64) {
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

    fn dose_finding(
        &self,
        specification: &Specification,
        known: &DesignTruth,
    ) -> Option<DoseFindingCharacteristics> {
        specification.dose_finding.as_ref()?;
        let all = self.replicates;
        let looks_at_response = known.doses.iter().any(|truth| truth.response.is_some());
        let dose = |(number, tally): (usize, &DoseTally)| DoseCharacteristics {
            arm: specification.arms[number].name.clone(),
            true_dlt: known.doses.get(number).and_then(|truth| truth.dlt),
            true_response: known
                .doses
                .get(number)
                .and_then(|truth| truth.response)
                .filter(|_| looks_at_response),
            selected: proportion(tally.selected, all),
            enrolled: tally.enrolled.monte_carlo(0.0),
            treated: tally.treated.monte_carlo(0.0),
            dlts: tally.dlts.monte_carlo(0.0),
        };
        let known_doses = !known.doses.is_empty();
        Some(DoseFindingCharacteristics {
            doses: self.doses.iter().enumerate().map(dose).collect(),
            no_dose: proportion(self.no_dose, all),
            no_dose_reasons: self.no_dose_reasons.clone(),
            overdose_above: overdose_above(specification),
            overdose_selected: proportion(self.overdose_selected, all).filter(|_| known_doses),
            overdose_treated: self
                .overdose_treated
                .monte_carlo(0.0)
                .filter(|_| known_doses),
            enrolled: self.enrolled.monte_carlo(0.0),
            treated: self.treated.monte_carlo(0.0),
            dlts: self.dlts.monte_carlo(0.0),
            not_made: self.not_made.monte_carlo(0.0),
            short: self.short.monte_carlo(0.0),
            duration_days: self.dose_finding_days.monte_carlo(0.0),
        })
    }

    fn single_arm(
        &self,
        specification: &Specification,
        known: &DesignTruth,
    ) -> Option<SingleArmCharacteristics> {
        let section = specification.single_arm.as_ref()?;
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
                promising: proportion(promising, self.replicates),
                exact,
            }
        };
        Some(SingleArmCharacteristics {
            promising: proportion(self.promising, self.replicates),
            not_opened: proportion(self.replicates - self.opened, self.replicates),
            early_termination: proportion(self.early_termination, self.opened),
            stopped_for_toxicity: proportion(self.toxicity, self.opened),
            subjects: self.subjects.monte_carlo(0.0),
            enrolled: self.single_arm_enrolled.monte_carlo(0.0),
            duration_days: self.duration_days.monte_carlo(0.0),
            bias: self.error.monte_carlo(0.0),
            naive_bias: self.naive_error.monte_carlo(0.0),
            coverage: proportion(self.covered, self.with_interval),
            nominal_coverage: 1.0 - 2.0 * section.alpha,
            arms: self.promising_by_arm.iter().enumerate().map(arm).collect(),
        })
    }

    fn group_sequential(
        &self,
        specification: &Specification,
    ) -> Option<GroupSequentialCharacteristics> {
        let section = specification.group_sequential.as_ref()?;
        let primary = &specification.analyses[specification.primary_analysis()?];
        let plan = super::group_sequential::plan_of(section, primary).ok()?;
        let all = self.replicates;
        let look = |(tally, planned): (&LookTally, &neurocart_stats::group_sequential::Look)| {
            LookCharacteristics {
                planned_information: planned.information,
                planned_efficacy: planned.efficacy,
                planned_futility: Some(planned.futility).filter(|z| z.is_finite()),
                reached: proportion(tally.reached, all),
                rejected: proportion(tally.rejected, all),
                not_rejected: proportion(tally.not_rejected, all),
                information: tally.information.monte_carlo(0.0),
                time_days: tally.time_days.monte_carlo(0.0),
            }
        };
        let one_sided = plan.design.sides == neurocart_stats::group_sequential::Sides::One;
        Some(GroupSequentialCharacteristics {
            looks: self.looks.iter().zip(&plan.looks).map(look).collect(),
            rejected: proportion(self.rejected, all),
            rejected_in_favour: proportion(self.rejected_in_favour, all),
            subjects: self.subjects.monte_carlo(0.0),
            events: self.events.monte_carlo(0.0),
            duration_days: self.duration_days.monte_carlo(0.0),
            bias: self.error.monte_carlo(0.0),
            naive_bias: self.naive_error.monte_carlo(0.0),
            above_true_value: proportion(self.above, self.with_estimate),
            coverage: proportion(self.covered, self.with_interval),
            nominal_coverage: 1.0 - primary.alpha * if one_sided { 2.0 } else { 1.0 },
        })
    }
}

/// True DLT probability above which a dose is an overdose.
fn overdose_above(specification: &Specification) -> f64 {
    specification.dose_finding.as_ref().map_or(1.0, |section| {
        section.overdose_above.unwrap_or(TOO_TOXIC * section.target)
    })
}

/// BOIN's phi2 over the target: the lowest DLT rate that is clearly too high (Liu and Yuan 2015).
const TOO_TOXIC: f64 = 1.4;
