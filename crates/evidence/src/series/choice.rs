//! Of the figures of one study the one to take.

use super::{Reason, Request};
use crate::rules::SEVERITY;
use crate::study::{ArmRole, Outcome, Study};

/// A figure that may be taken.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub study: &'a Study,
    pub outcome: &'a Outcome,
    /// The figure is of a milder grade that nobody had, so that nobody had the graver one.
    pub of_milder: bool,
    pub not_pooled: bool,
}

/// The figures of a study for an outcome. Where it has none for a grade of toxicity, those of a milder
/// grade that nobody had.
pub(super) fn figures<'a>(study: &'a Study, code: &str) -> Vec<(&'a Outcome, bool)> {
    let own = study.outcomes.iter().filter(|o| o.outcome == code);
    let own: Vec<_> = own.map(|o| (o, false)).collect();
    let step = SEVERITY.iter().position(|s| code.ends_with(s)).unwrap_or(0);
    if !own.is_empty() || step == 0 {
        return own;
    }
    let stem = code.strip_suffix(SEVERITY[step]).unwrap_or(code);
    let milder = SEVERITY[..step].iter().rev();
    milder
        .flat_map(|suffix| {
            study
                .outcomes
                .iter()
                .filter(move |o| o.outcome.strip_suffix(suffix) == Some(stem))
        })
        .filter(|o| o.events == Some(0) && o.total.is_some())
        .map(|o| (o, true))
        .collect()
}

/// Of the figures of one study the one to take, and why not the others.
pub(super) fn one_of<'a>(
    candidates: &[Candidate<'a>],
    request: &Request,
) -> (Option<Candidate<'a>>, Vec<(Candidate<'a>, Reason)>) {
    // Of several analysis sets the one that the file names first.
    let role = |c: &Candidate| {
        let place = c.study.arms.iter().position(|a| a.name == c.outcome.arm);
        (
            place.map_or(ArmRole::Treated, |i| c.study.arms[i].role),
            place,
        )
    };
    let far = |c: &Candidate| match (request.month, c.outcome.months()) {
        (Some(month), Some(time)) => (time - month).abs(),
        (Some(_), None) => f64::MAX,
        (None, Some(time)) => -time,
        (None, None) => 0.0,
    };
    let better = |a: &&Candidate, b: &&Candidate| {
        (a.not_pooled, a.outcome.grade, role(a))
            .cmp(&(b.not_pooled, b.outcome.grade, role(b)))
            .then(far(a).total_cmp(&far(b)))
            .then(b.outcome.total.cmp(&a.outcome.total))
            .then(
                a.outcome
                    .definition
                    .is_some()
                    .cmp(&b.outcome.definition.is_some()),
            )
    };
    let Some(best) = candidates.iter().min_by(better) else {
        return (None, Vec::new());
    };
    let others = candidates
        .iter()
        .filter(|c| !std::ptr::eq(c.outcome, best.outcome));
    let rest = others.map(|c| {
        let (taken, row) = (best.outcome, c.outcome);
        let reason = if row.arm != taken.arm {
            match role(c).0 {
                ArmRole::Treated => Reason::OtherArm,
                _ => Reason::Subgroup,
            }
        } else if row.months() != taken.months() {
            Reason::OtherTime
        } else if row.definition != taken.definition {
            Reason::OtherDefinition
        } else {
            Reason::OtherStatistic(row.statistic)
        };
        (*c, reason)
    });
    (Some(*best), rest.collect())
}
