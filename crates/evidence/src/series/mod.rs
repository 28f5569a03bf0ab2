//! The rows that a synthesis takes, one per study, and the rows it leaves out, each with its reason.
//!
//! A study gives one row per outcome: of its treated arm, else of the analysis set that stands for it, else
//! of the subgroup with the disease that was asked for. Nobody is counted twice: of studies that share
//! patients the largest stays. Recalled rows stay out unless asked for. A percentage with its total gives
//! a count only where one whole number fits.

mod basket;
mod choice;
mod number;
mod reason;
mod row;
mod standing;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use choice::{Candidate, figures, one_of};
use number::is_ratio;
use row::row;
use standing::{Standing, number_refusal, standing};

use crate::evidence::Evidence;
use crate::rules::relation;
use crate::selection::Selection;
use crate::study::{Outcome, Relation, Statistic, Study};
use crate::vocabulary::{OutcomeCode, OutcomeKind};

pub(crate) use number::counts;
pub use reason::{Reason, design_words, statistic_words};
pub use row::{Contrast, Row};
pub use standing::arm_diseases;
pub(crate) use standing::whole;

/// What to take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// Code of the outcome.
    pub outcome: String,
    /// Which studies and patients; recalled rows only if it says so.
    pub selection: Selection,
    /// Only groups in which patients of several areas are counted together.
    pub mixed_areas: bool,
    /// Ids of studies to leave out.
    pub without: Vec<String>,
    /// Toxicity scales to take; empty for all.
    pub gradings: Vec<String>,
    /// The time to take, months, the nearest that a study has; else its latest.
    pub month: Option<f64>,
}

/// What is pooled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Patients with the event, of patients; shown in percent.
    Proportion,
    /// Events over patient-years.
    Rate,
    /// A mean in the unit of the outcome.
    Mean,
    /// A ratio, pooled on the log scale.
    Ratio,
    /// A difference between arms.
    Difference,
    /// Nothing: medians, ranges, times and texts are listed side by side.
    Listed,
}

/// A figure that was left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Study.
    pub study: String,
    /// Arm.
    pub arm: String,
    /// Months after infusion.
    pub time_months: Option<f64>,
    /// Why.
    pub reason: Reason,
}

/// The rows of a synthesis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What they measure.
    pub measure: Measure,
    /// One row per study, by year and id.
    pub rows: Vec<Row>,
    /// What was left out.
    pub left_out: Vec<LeftOut>,
}

impl Series {
    /// Patients behind the rows, as far as reported; those that are not pooled count as well.
    pub fn patients(&self) -> u64 {
        self.rows.iter().filter_map(Row::patients).sum()
    }
}

/// The rows that a request selects.
pub fn series(evidence: &Evidence, request: &Request) -> Series {
    let mut left_out = Vec::new();
    let mut chosen: Vec<Candidate> = Vec::new();
    let mut together: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    let Some(code) = evidence.vocabulary.outcomes.get(&request.outcome) else {
        return Series {
            measure: Measure::Listed,
            rows: Vec::new(),
            left_out,
        };
    };
    // Recalled rows are looked at as well, so that they can be listed as left out.
    let wanted = Selection {
        include_recalled: true,
        ..request.selection.clone()
    };
    let studies: Vec<&Study> = wanted.studies(evidence);
    let measure = measure(code, &studies);
    for study in studies {
        let mut candidates: Vec<Candidate> = Vec::new();
        for (outcome, of_milder) in figures(study, &request.outcome) {
            match standing(study, outcome, request, measure, &evidence.vocabulary) {
                Standing::Taken => candidates.push(Candidate {
                    study,
                    outcome,
                    of_milder,
                    not_pooled: number_refusal(outcome, measure).is_some(),
                }),
                Standing::LeftOut(reason) => left_out.push(leave(study, outcome, reason)),
                Standing::NotAsked => {}
            }
        }
        let (best, rest) = one_of(&candidates, request);
        if let Some(best) = best.filter(|c| !c.not_pooled && measure == Measure::Proportion) {
            let others = rest.iter().filter(|(c, _)| c.of_milder == best.of_milder);
            let others = others.map(|(c, _)| c.outcome);
            together.insert(&study.id, basket::beside(study, best.outcome, others));
        }
        let counted = together.get(study.id.as_str());
        for (candidate, reason) in rest {
            let is = |other: &&Outcome| std::ptr::eq(*other, candidate.outcome);
            if !counted.is_some_and(|figures| figures.iter().any(is)) {
                left_out.push(leave(study, candidate.outcome, reason));
            }
        }
        chosen.extend(best);
    }
    // The largest first, so that it stays where patients are shared.
    let total = |c: &Candidate| {
        let beside = together.get(c.study.id.as_str()).into_iter().flatten();
        let totals = std::iter::once(c.outcome).chain(beside.copied());
        totals.filter_map(|o| o.total).fold(0, u64::saturating_add)
    };
    chosen.sort_by_key(|c| {
        (
            c.not_pooled,
            std::cmp::Reverse(total(c)),
            c.outcome.grade,
            c.outcome.tier,
            std::cmp::Reverse(c.study.year),
            &c.study.id,
        )
    });
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in chosen {
        let shares = |other: &Study| {
            matches!(
                relation(candidate.study, other),
                Some(Relation::Contains | Relation::Within | Relation::Shares)
            )
        };
        match kept.iter().find(|other| shares(other.study)) {
            Some(other) => left_out.push(leave(
                candidate.study,
                candidate.outcome,
                Reason::SharesPatients(other.study.id.clone()),
            )),
            None => kept.push(candidate),
        }
    }
    kept.sort_by_key(|c| (c.study.year, &c.study.id));
    let rows = kept.iter().map(|c| {
        let mut row = row(c, measure, code);
        if let Some(figures) = together.get(c.study.id.as_str()) {
            basket::count_together(&mut row, c.study, figures);
        }
        row
    });
    let rows = rows.collect();
    left_out.sort_by(|a, b| (&a.study, &a.arm, &a.reason).cmp(&(&b.study, &b.arm, &b.reason)));
    Series {
        measure,
        rows,
        left_out,
    }
}

fn leave(study: &Study, outcome: &Outcome, reason: Reason) -> LeftOut {
    LeftOut {
        study: study.id.clone(),
        arm: outcome.arm.clone(),
        time_months: outcome.months(),
        reason,
    }
}

/// What is pooled for an outcome: where studies give comparisons of arms, the commonest kind of them.
fn measure(code: &OutcomeCode, studies: &[&Study]) -> Measure {
    let statistics = || {
        studies
            .iter()
            .flat_map(|s| &s.outcomes)
            .filter(|o| o.outcome == code.code)
            .map(|o| o.statistic)
    };
    match code.kind {
        OutcomeKind::Proportion => Measure::Proportion,
        OutcomeKind::Change | OutcomeKind::Level => Measure::Mean,
        OutcomeKind::Effect => {
            let ratios = statistics().filter(|s| is_ratio(*s)).count();
            let differences = statistics().filter(|s| *s == Statistic::Difference).count();
            if ratios >= differences {
                Measure::Ratio
            } else {
                Measure::Difference
            }
        }
        OutcomeKind::Time => {
            let means = statistics().filter(|s| *s == Statistic::Mean).count();
            if 2 * means > statistics().count() {
                Measure::Mean
            } else {
                Measure::Listed
            }
        }
        OutcomeKind::Rate => {
            let mut outcomes = studies.iter().flat_map(|s| &s.outcomes);
            match outcomes.any(|o| o.outcome == code.code && o.exposure_patient_years.is_some()) {
                true => Measure::Rate,
                false => Measure::Listed,
            }
        }
        OutcomeKind::Description => Measure::Listed,
    }
}
