//! Arms by disease of a basket study, counted together where all of them are asked for.
//!
//! Who asks for neuroimmune disease wants the patient with MS and the one with NMOSD of a basket, which
//! the file reports as arms of their own. Arms of one whole with different diseases share nobody.

use neurocart_stats::proportion::{ProportionMethod, proportion};

use crate::series::{Row, counts};
use crate::study::{Arm, ArmRole, Outcome, Study};

/// Of the `others`, the figures of arms that share nobody with the arm of `taken`, at the same time.
pub(crate) fn beside<'a>(
    study: &'a Study,
    taken: &'a Outcome,
    others: impl Iterator<Item = &'a Outcome>,
) -> Vec<&'a Outcome> {
    let by_disease = |outcome: &Outcome| {
        let arm = study.arms.iter().find(|a| a.name == outcome.arm)?;
        (arm.role == ArmRole::Subgroup && !arm.diseases.is_empty()).then_some(arm)
    };
    let Some(first) = by_disease(taken) else {
        return Vec::new();
    };
    let mut arms: Vec<&Arm> = vec![first];
    let mut found = Vec::new();
    for other in others {
        let Some(arm) = by_disease(other) else {
            continue;
        };
        let apart = arms.iter().all(|a| {
            a.part_of == arm.part_of && !a.diseases.iter().any(|d| arm.diseases.contains(d))
        });
        let alike = (
            other.months(),
            &other.definition,
            other.statistic,
            &other.grading,
        ) == (
            taken.months(),
            &taken.definition,
            taken.statistic,
            &taken.grading,
        );
        if apart && alike && counts(other).is_some() {
            arms.push(arm);
            found.push(other);
        }
    }
    found
}

/// Counts the patients of these figures as well.
pub(crate) fn count_together(row: &mut Row, study: &Study, figures: &[&Outcome]) {
    for figure in figures {
        let (Some(events), Some(total), Some((more, of, _))) =
            (row.events, row.total, counts(figure))
        else {
            continue;
        };
        row.events = Some(events + more);
        row.total = Some(total + of);
        row.arm = format!("{} + {}", row.arm, figure.arm);
        if let Some(arm) = study.arms.iter().find(|a| a.name == figure.arm) {
            row.diseases.extend(arm.diseases.iter().cloned());
        }
        row.grade = row.grade.max(figure.grade);
        row.tier = row.tier.max(figure.tier);
    }
    if let (Some(events), Some(total), false) = (row.events, row.total, figures.is_empty())
        && let Ok(exact) = proportion(events, total, ProportionMethod::ClopperPearson, 0.95)
    {
        row.estimate = Some(100.0 * exact.estimate);
        row.lower = Some(100.0 * exact.interval.lower);
        row.upper = Some(100.0 * exact.interval.upper);
    }
}
