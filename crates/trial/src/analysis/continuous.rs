//! Analyses of the change of a score. Every score of the trial file is worse when it is higher.

use neurocart_stats::ancova::{AncovaOptions, ancova};
use neurocart_stats::mixed_model::{MmrmOptions, RepeatedMeasures, mmrm};
use neurocart_stats::{Estimate, NotEstimable};

use super::{AnalysisResult, Data, Effect, Workspace};
use crate::endpoint::Outcome;
use crate::specification::{DAYS_PER_WEEK, Method};

pub(super) fn fill(
    data: &Data,
    result: &mut AnalysisResult,
    space: &mut Workspace,
) -> Estimate<()> {
    space.change.clear();
    space.baseline.clear();
    space.group.clear();
    match data.analysis.method {
        Method::Mmrm => repeated_measures(data, result, space),
        _ => covariance(data, result, space),
    }
}

fn covariance(data: &Data, result: &mut AnalysisResult, space: &mut Workspace) -> Estimate<()> {
    for member in data.members() {
        if let Outcome::Change {
            baseline,
            change: Some(change),
        } = member.outcome
        {
            space.change.push(change);
            space.baseline.push(baseline);
            space.group.push(usize::from(member.treated));
        }
    }
    result.subjects = space.group.iter().sum::<usize>() as u32;
    let options = AncovaOptions {
        confidence_level: data.confidence_level(),
        ..AncovaOptions::default()
    };
    let fit = ancova(&space.change, &space.group, &space.baseline, &options)?;
    let effect = fit
        .differences
        .first()
        .ok_or(NotEstimable::EmptyArm)?
        .difference;
    let found = Effect {
        estimate: effect.estimate,
        standard_error: effect.standard_error,
        interval: effect.interval,
        p_two_sided: effect.p_value,
        favours_treatment: effect.estimate < 0.0,
    };
    data.effect(result, found);
    Ok(())
}

/// The difference at the week of the endpoint. A visit without any value is left out of the model.
fn repeated_measures(
    data: &Data,
    result: &mut AnalysisResult,
    space: &mut Workspace,
) -> Estimate<()> {
    space.subject.clear();
    space.visit.clear();
    space.strata.clear();
    result.subjects = 0;
    let mut readings = data.sample.observations.readings.iter().peekable();
    for member in data.members() {
        let Outcome::Change { baseline, .. } = member.outcome else {
            continue;
        };
        let before = space.subject.len();
        while let Some(reading) = readings.next_if(|reading| reading.subject <= member.position) {
            if reading.subject == member.position {
                space.subject.push(member.position);
                space.visit.push(reading.visit);
                space.group.push(usize::from(member.treated));
                space.baseline.push(baseline);
                space.change.push(reading.value);
                space.strata.push(member.stratum);
            }
        }
        let seen = space.subject.len() > before;
        result.subjects += u32::from(member.treated && seen);
    }
    if [0, 1].iter().any(|arm| !space.group.contains(arm)) {
        return Err(NotEstimable::EmptyArm);
    }
    let measures = RepeatedMeasures {
        subject: &space.subject,
        visit: &space.visit,
        arm: &space.group,
        baseline: &space.baseline,
        outcome: &space.change,
        covariates: &[],
        strata: data.strata(&space.strata),
    };
    let options = MmrmOptions {
        confidence_level: data.confidence_level(),
        ..MmrmOptions::default()
    };
    let fit = mmrm(&measures, &options)?;
    let week = data.endpoint.measure.week().unwrap_or(0.0);
    let days = data.specification.visit_days();
    let last = days
        .iter()
        .position(|day| (day - week * DAYS_PER_WEEK).abs() < 0.5);
    let differences = fit.differences.iter();
    let effect = differences
        .filter(|difference| Some(difference.visit) == last)
        .map(|difference| difference.difference)
        .next()
        .ok_or(NotEstimable::ArmWithoutVisit {
            arm: 1,
            visit: last.unwrap_or(0),
        })?;
    let found = Effect {
        estimate: effect.estimate,
        standard_error: effect.standard_error,
        interval: effect.interval,
        p_two_sided: effect.p_value,
        favours_treatment: effect.estimate < 0.0,
    };
    data.effect(result, found);
    Ok(())
}
