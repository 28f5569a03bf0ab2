//! Which dose is named, how many subjects are given an overdose, and how long it takes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::adaptive::truth::{DesignTruth, DoseTruth};
use crate::adaptive::{Decision, Verdict};
use crate::operating_characteristics::{Moments, MonteCarlo, proportion};
use crate::specification::Specification;

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

#[derive(Clone, Debug, Default)]
struct DoseTally {
    selected: u64,
    enrolled: Moments,
    treated: Moments,
    dlts: Moments,
}

/// Dose finding over the replicates so far.
#[derive(Clone, Debug, Default)]
pub(super) struct DoseFindingTally {
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
    duration_days: Moments,
}

impl DoseFindingTally {
    /// Adds a replicate.
    pub(super) fn add(
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
            self.duration_days.add(first.time_days);
        }
    }

    /// The characteristics over `all` replicates.
    pub(super) fn finish(
        &self,
        specification: &Specification,
        known: &DesignTruth,
        all: u64,
    ) -> DoseFindingCharacteristics {
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
        DoseFindingCharacteristics {
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
            duration_days: self.duration_days.monte_carlo(0.0),
        }
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
