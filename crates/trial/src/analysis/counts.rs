//! Analyses of counts over time at risk. Events are what the treatment is to prevent.

use neurocart_stats::cox::{CoxOptions, cox};
use neurocart_stats::negative_binomial::negative_binomial;
use neurocart_stats::poisson_rate_ratio::poisson_rate_ratio;
use neurocart_stats::poisson_regression::{PoissonVariance, poisson_regression};
use neurocart_stats::{Estimate, NotEstimable};

use super::{AnalysisResult, Data, Effect, Workspace, interval};
use crate::endpoint::Outcome;
use crate::specification::{DAYS_PER_YEAR, Method};

pub(super) fn fill(
    data: &Data,
    result: &mut AnalysisResult,
    space: &mut Workspace,
) -> Estimate<()> {
    match data.analysis.method {
        Method::RecurrentCox => recurrent_cox(data, result, space),
        _ => rate_ratio(data, result, space),
    }
}

/// Negative binomial or Poisson regression on the arm.
fn rate_ratio(data: &Data, result: &mut AnalysisResult, space: &mut Workspace) -> Estimate<()> {
    space.counts.clear();
    space.years.clear();
    space.treated.clear();
    let (mut events, mut years) = ([0, 0], [0.0, 0.0]);
    for member in data.members() {
        let Outcome::Count {
            events: count,
            years: exposure,
        } = member.outcome
        else {
            continue;
        };
        // Lost on the day of randomisation: no time at risk.
        if exposure <= 0.0 {
            continue;
        }
        let group = usize::from(!member.treated);
        events[group] += u64::from(count);
        years[group] += exposure;
        space.counts.push(u64::from(count));
        space.years.push(exposure);
        space.treated.push(f64::from(member.treated));
    }
    let level = data.confidence_level();
    // An arm without attacks has no Wald interval; the exact conditional one needs no model.
    if (events[0] == 0) != (events[1] == 0) {
        let exact = poisson_rate_ratio(events, years, level)?;
        interval(result, exact.interval);
        data.test(result, exact.p_value, events[0] == 0);
        result.reason = Some(
            "no attack in one arm: exact conditional interval and p value, no estimate".into(),
        );
        return Ok(());
    }
    let covariates: &[&[f64]] = &[&space.treated];
    let model = match data.analysis.method {
        Method::Poisson => poisson_regression(
            &space.counts,
            &space.years,
            covariates,
            PoissonVariance::Robust,
            level,
        )?,
        _ => negative_binomial(&space.counts, &space.years, covariates, level)?.model,
    };
    let effect = model.coefficients[0];
    let found = Effect {
        estimate: effect.rate_ratio,
        standard_error: effect.standard_error,
        interval: effect.interval,
        p_two_sided: effect.p_value,
        favours_treatment: effect.coefficient < 0.0,
    };
    data.effect(result, found);
    Ok(())
}

/// Counting process of all attacks, one row for each time between two of a subject (Andersen and
/// Gill 1982, doi:10.1214/aos/1176345976); the variance is clustered by subject (Lin, Wei, Yang and Ying
/// 2000, doi:10.1111/1467-9868.00259), so attacks need not be independent.
fn recurrent_cox(data: &Data, result: &mut AnalysisResult, space: &mut Workspace) -> Estimate<()> {
    space.start_days.clear();
    space.time_days.clear();
    space.happened.clear();
    space.treated.clear();
    space.strata.clear();
    space.subject.clear();
    let mut onsets = data.sample.observations.readings.iter().peekable();
    for member in data.members() {
        let Outcome::Count { years, .. } = member.outcome else {
            continue;
        };
        let end_days = years * DAYS_PER_YEAR;
        let mut start_days = 0.0;
        let mut row = |start: &mut f64, end: f64, happened: bool| {
            if end > *start {
                space.start_days.push(*start);
                space.time_days.push(end);
                space.happened.push(happened);
                space.treated.push(f64::from(member.treated));
                space.strata.push(member.stratum);
                space.subject.push(member.position);
                *start = end;
            }
        };
        while let Some(onset) = onsets.next_if(|reading| reading.subject <= member.position) {
            if onset.subject == member.position {
                row(&mut start_days, onset.value, true);
            }
        }
        row(&mut start_days, end_days, false);
    }
    if result.subjects == 0 || space.treated.iter().all(|&treated| treated == 1.0) {
        return Err(NotEstimable::EmptyArm);
    }
    let options = CoxOptions {
        confidence_level: data.confidence_level(),
        start: Some(&space.start_days),
        strata: data.strata(&space.strata),
        cluster: Some(&space.subject),
        ..CoxOptions::default()
    };
    let covariates: &[&[f64]] = &[&space.treated];
    let fit = cox(&space.time_days, &space.happened, covariates, &options)?;
    let effect = fit.coefficients[0];
    let found = Effect {
        estimate: effect.hazard_ratio,
        standard_error: effect
            .robust_standard_error
            .unwrap_or(effect.standard_error),
        interval: effect.interval,
        p_two_sided: effect.p_value,
        favours_treatment: effect.log_hazard_ratio < 0.0,
    };
    data.effect(result, found);
    Ok(())
}
