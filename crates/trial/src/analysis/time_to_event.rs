//! Analyses of a time to an event. The event is what the treatment is to prevent.

use neurocart_stats::competing_risks::{cumulative_incidence, gray_test};
use neurocart_stats::cox::{CoxOptions, cox};
use neurocart_stats::distribution::{chi_square_quantile, poisson_cdf};
use neurocart_stats::kaplan_meier::{SurvivalIntervalOptions, SurvivalIntervalType, kaplan_meier};
use neurocart_stats::log_rank::{LogRankOptions, log_rank};
use neurocart_stats::milestone::milestone_survival;
use neurocart_stats::restricted_mean::restricted_mean_difference;
use neurocart_stats::{Estimate, Interval, NotEstimable};

use super::{AnalysisResult, Data, Effect, Workspace, interval};
use crate::endpoint::Outcome;
use crate::specification::{Alternative, DAYS_PER_WEEK, DAYS_PER_YEAR, Method};

pub(super) fn fill(
    data: &Data,
    result: &mut AnalysisResult,
    space: &mut Workspace,
) -> Estimate<()> {
    load(data, space);
    match data.analysis.method {
        Method::LogRank => weighted_log_rank(data, result, space),
        Method::Cox => hazard_ratio(data, result, space),
        Method::Milestone => milestone(data, result, space),
        Method::RestrictedMean => restricted_mean(data, result, space),
        Method::CumulativeIncidence => incidence(data, result, space),
        Method::Gray => gray(data, result, space),
        Method::HistoricalHazard => historical_hazard(data, result, space),
        _ => survival(data, result, space),
    }
}

/// Times in days with their events, causes (1 the event, 2 a competing one) and arms.
fn load(data: &Data, space: &mut Workspace) {
    space.time_days.clear();
    space.happened.clear();
    space.causes.clear();
    space.group.clear();
    space.second.clear();
    space.treated.clear();
    space.strata.clear();
    let mut competing = data.sample.observations.readings.iter().peekable();
    for member in data.members() {
        let Outcome::Event {
            time_days,
            happened,
        } = member.outcome
        else {
            continue;
        };
        // The readings are in the order of the subjects, with those of other arms between them.
        while competing
            .next_if(|reading| reading.subject < member.position)
            .is_some()
        {}
        let other = competing.next_if(|reading| reading.subject == member.position);
        space
            .time_days
            .push(other.map_or(time_days, |reading| reading.value));
        space.happened.push(happened);
        space.causes.push(match (happened, other) {
            (true, _) => 1,
            (false, Some(_)) => 2,
            (false, None) => 0,
        });
        space.group.push(usize::from(member.treated));
        space.second.push(member.treated);
        space.treated.push(f64::from(member.treated));
        space.strata.push(member.stratum);
    }
}

/// The week the analysis looks at, in days.
fn look_days(data: &Data) -> f64 {
    let end = data.specification.follow_up.duration_weeks;
    data.analysis.week.unwrap_or(end) * DAYS_PER_WEEK
}

fn survival(data: &Data, result: &mut AnalysisResult, space: &Workspace) -> Estimate<()> {
    let curve = kaplan_meier(&space.time_days, &space.happened)?;
    let time_days = look_days(data);
    let (survival, limits) = curve.survival_at(time_days, &interval_options(data))?;
    result.estimate = Some(survival);
    let step = curve
        .step_at(time_days)
        .filter(|step| step.log_variance > 0.0);
    let Some(step) = step else {
        // Zero variance says that nothing happened, not that nothing is uncertain.
        result.reason = Some("no event by then: Greenwood's variance is zero".into());
        return Ok(());
    };
    result.standard_error = step.standard_error();
    result.lower = limits.map(|interval| interval.lower);
    result.upper = limits.map(|interval| interval.upper);
    Ok(())
}

fn interval_options(data: &Data) -> SurvivalIntervalOptions {
    SurvivalIntervalOptions {
        interval_type: SurvivalIntervalType::LogLog,
        confidence_level: data.confidence_level(),
    }
}

fn weighted_log_rank(data: &Data, result: &mut AnalysisResult, space: &Workspace) -> Estimate<()> {
    let options = LogRankOptions {
        rho: data.analysis.rho,
        gamma: data.analysis.gamma,
        strata: data.strata(&space.strata),
    };
    let test = log_rank(&space.time_days, &space.happened, &space.group, &options)?;
    let z = test.z.ok_or(NotEstimable::EmptyArm)?;
    result.favours_treatment = Some(z < 0.0);
    result.p_value = match data.analysis.alternative {
        Alternative::TwoSided => Some(test.test.p_value),
        Alternative::Better => test.p_fewer_in_second,
    };
    Ok(())
}

fn hazard_ratio(data: &Data, result: &mut AnalysisResult, space: &Workspace) -> Estimate<()> {
    let options = CoxOptions {
        confidence_level: data.confidence_level(),
        strata: data.strata(&space.strata),
        ..CoxOptions::default()
    };
    let covariates: &[&[f64]] = &[&space.treated];
    let fit = cox(&space.time_days, &space.happened, covariates, &options)?;
    let effect = fit.coefficients[0];
    let found = Effect {
        estimate: effect.hazard_ratio,
        standard_error: effect.standard_error,
        interval: effect.interval,
        p_two_sided: effect.p_value,
        favours_treatment: effect.log_hazard_ratio < 0.0,
    };
    data.effect(result, found);
    Ok(())
}

fn milestone(data: &Data, result: &mut AnalysisResult, space: &Workspace) -> Estimate<()> {
    let found = milestone_survival(
        &space.time_days,
        &space.happened,
        &space.second,
        look_days(data),
        &interval_options(data),
    )?;
    let favours_treatment = found.difference > 0.0;
    let (Some(standard_error), Some(limits), Some(p)) =
        (found.standard_error, found.interval, found.p_value)
    else {
        result.estimate = Some(found.difference);
        result.reason = Some(
            "no event by then in one arm, or no one left: Greenwood's variance is zero".into(),
        );
        return Ok(());
    };
    let found = Effect {
        estimate: found.difference,
        standard_error,
        interval: limits,
        p_two_sided: p,
        favours_treatment,
    };
    data.effect(result, found);
    Ok(())
}

fn restricted_mean(data: &Data, result: &mut AnalysisResult, space: &Workspace) -> Estimate<()> {
    let found = restricted_mean_difference(
        &space.time_days,
        &space.happened,
        &space.second,
        look_days(data),
        data.confidence_level(),
    )?;
    let weeks = |days: f64| days / DAYS_PER_WEEK;
    let found = Effect {
        estimate: weeks(found.difference),
        standard_error: weeks(found.standard_error),
        interval: Interval {
            lower: weeks(found.interval.lower),
            upper: weeks(found.interval.upper),
        },
        p_two_sided: found.p_value.ok_or(NotEstimable::NoEvents)?,
        favours_treatment: found.difference > 0.0,
    };
    data.effect(result, found);
    Ok(())
}

fn incidence(data: &Data, result: &mut AnalysisResult, space: &Workspace) -> Estimate<()> {
    let curve = cumulative_incidence(&space.time_days, &space.causes, 1)?;
    let time_days = look_days(data);
    let (estimate, variance) = curve.at(time_days)?;
    result.estimate = Some(estimate);
    let limits = match curve.steps.iter().rfind(|step| step.time <= time_days) {
        Some(step) => step.interval(data.confidence_level())?,
        None => None,
    };
    match limits {
        Some(limits) => {
            result.standard_error = Some(variance.sqrt());
            interval(result, limits);
        }
        None => {
            result.reason = Some("no event by then, or everybody's: the variance is zero".into())
        }
    }
    Ok(())
}

fn gray(data: &Data, result: &mut AnalysisResult, space: &Workspace) -> Estimate<()> {
    let found = gray_test(&space.time_days, &space.causes, &space.group, 1)?;
    // Scores are in the order of the groups: 0 the reference arm, 1 the treated one.
    let score = found.scores.get(1).ok_or(NotEstimable::EmptyArm)?;
    data.test(result, found.test.p_value, *score < 0.0);
    Ok(())
}

/// Events against the number that the historical hazard would give over the same time at risk:
/// given the time, a Poisson count under the null (Breslow 1975, doi:10.2307/1402659).
fn historical_hazard(data: &Data, result: &mut AnalysisResult, space: &Workspace) -> Estimate<()> {
    let Some(historical) = &data.analysis.historical else {
        return Ok(());
    };
    let days: f64 = space.time_days.iter().sum();
    let expected = historical.hazard_per_year * days / DAYS_PER_YEAR;
    if expected <= 0.0 {
        return Err(NotEstimable::TooFewSubjects {
            subjects: 0,
            needed: 1,
        });
    }
    let events = u64::from(result.events);
    let ratio = events as f64 / expected;
    let fewer = poisson_cdf(events, expected);
    let more = if events == 0 {
        1.0
    } else {
        1.0 - poisson_cdf(events - 1, expected)
    };
    result.estimate = Some(ratio);
    result.standard_error = Some((events as f64).sqrt() / expected);
    let tail = 0.5 * (1.0 - data.confidence_level());
    // Exact limits of a Poisson mean (Garwood 1936, doi:10.1093/biomet/28.3-4.437).
    let limit = |probability, count: u64| {
        0.5 * chi_square_quantile(probability, 2.0 * count as f64) / expected
    };
    result.lower = Some(if events == 0 {
        0.0
    } else {
        limit(tail, events)
    });
    result.upper = Some(limit(1.0 - tail, events + 1));
    result.favours_treatment = Some(ratio < 1.0);
    result.p_value = Some(match data.analysis.alternative {
        Alternative::Better => fewer,
        Alternative::TwoSided => (2.0 * fewer.min(more)).min(1.0),
    });
    Ok(())
}
