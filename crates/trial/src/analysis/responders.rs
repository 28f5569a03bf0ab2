//! Analyses of a yes-or-no endpoint: a yes is what the treatment is for, or an adverse event.

use neurocart_stats::bayes::beta_mixture::{Beta, BetaMixture};
use neurocart_stats::bayes::map_mixture::beta_mixture_approximation;
use neurocart_stats::bayes::meta_analytic_predictive::{HistoricalControl, MapPriors, map_prior};
use neurocart_stats::bayes::two_arm::probability_superior;
use neurocart_stats::distribution::{binomial_cdf, binomial_sf};
use neurocart_stats::firth::firth;
use neurocart_stats::logistic::logistic;
use neurocart_stats::proportion::{ProportionMethod, proportion};
use neurocart_stats::stratified_tables::{
    cochran_mantel_haenszel, mantel_haenszel_risk_difference,
};
use neurocart_stats::two_by_two::{
    RiskDifferenceMethod, TwoByTwo, fisher_exact, pearson_chi_square, risk_difference,
};
use neurocart_stats::{Estimate, NotEstimable};

use super::{AnalysisResult, Data, Effect, Workspace, interval};
use crate::endpoint::Outcome;
use crate::specification::{Alternative, Bayesian, BetaPrior, DifferenceInterval, Method};

pub(super) fn fill(
    data: &Data,
    result: &mut AnalysisResult,
    space: &mut Workspace,
) -> Estimate<()> {
    let table = table(data, None);
    match data.analysis.method {
        Method::Fisher => fisher(data, result, &table),
        Method::RiskDifference => chi_square(data, result, &table),
        Method::CochranMantelHaenszel => stratified(data, result),
        Method::Logistic => odds_ratio(data, result, &table, space),
        Method::BayesianTwoArm => bayesian(data, result, &table, space),
        Method::Binomial => binomial(data, result, &table),
        _ => one_proportion(data, result, &table, ProportionMethod::Wilson),
    }
}

/// The outcomes of all subjects, or of one stratum.
fn table(data: &Data, stratum: Option<usize>) -> TwoByTwo {
    let mut table = TwoByTwo {
        treated_events: 0,
        treated_total: 0,
        control_events: 0,
        control_total: 0,
    };
    for member in data.members() {
        let Outcome::Binary { yes } = member.outcome else {
            continue;
        };
        if stratum.is_some_and(|stratum| stratum != member.stratum) {
            continue;
        }
        let (events, total) = match member.treated {
            true => (&mut table.treated_events, &mut table.treated_total),
            false => (&mut table.control_events, &mut table.control_total),
        };
        *events += u64::from(yes);
        *total += 1;
    }
    table
}

fn share(events: u64, total: u64) -> (f64, f64) {
    (events as f64 / total as f64, total as f64)
}

/// Whether more events are what the treatment is for.
fn events_are_good(data: &Data) -> bool {
    data.endpoint.measure.fails_with_rescue()
}

/// Difference of the proportions, its standard error and whether it favours the treated arm.
fn difference(data: &Data, table: &TwoByTwo) -> (f64, bool) {
    let (p1, n1) = share(table.treated_events, table.treated_total);
    let (p2, n2) = share(table.control_events, table.control_total);
    let standard_error = (p1 * (1.0 - p1) / n1 + p2 * (1.0 - p2) / n2).sqrt();
    let favours = if events_are_good(data) {
        p1 > p2
    } else {
        p1 < p2
    };
    (standard_error, favours)
}

fn fisher(data: &Data, result: &mut AnalysisResult, table: &TwoByTwo) -> Estimate<()> {
    let test = fisher_exact(table)?;
    let level = data.confidence_level();
    let found = risk_difference(table, RiskDifferenceMethod::Newcombe, level)?;
    let (standard_error, favours) = difference(data, table);
    result.estimate = Some(found.estimate);
    result.standard_error = Some(standard_error);
    interval(result, found.interval);
    result.favours_treatment = Some(favours);
    result.p_value = Some(match data.analysis.alternative {
        Alternative::TwoSided => test.p_two_sided,
        Alternative::Better if events_are_good(data) => test.p_greater,
        Alternative::Better => test.p_less,
    });
    Ok(())
}

fn chi_square(data: &Data, result: &mut AnalysisResult, table: &TwoByTwo) -> Estimate<()> {
    let method = match data.analysis.interval.unwrap_or_default() {
        DifferenceInterval::Newcombe => RiskDifferenceMethod::Newcombe,
        DifferenceInterval::MiettinenNurminen => RiskDifferenceMethod::MiettinenNurminen,
    };
    let found = risk_difference(table, method, data.confidence_level())?;
    let (standard_error, favours_treatment) = difference(data, table);
    let found = Effect {
        estimate: found.estimate,
        standard_error,
        interval: found.interval,
        p_two_sided: pearson_chi_square(table)?.p_value,
        favours_treatment,
    };
    data.effect(result, found);
    Ok(())
}

fn stratified(data: &Data, result: &mut AnalysisResult) -> Estimate<()> {
    let strata = data.members().map(|member| member.stratum + 1).max();
    let tables: Vec<TwoByTwo> = (0..strata.unwrap_or(0))
        .map(|stratum| table(data, Some(stratum)))
        .filter(|table| table.treated_total + table.control_total > 0)
        .collect();
    let test = cochran_mantel_haenszel(&tables, false)?;
    let found = mantel_haenszel_risk_difference(&tables, data.confidence_level())?;
    let estimate = found.difference.estimate;
    let found = Effect {
        estimate,
        standard_error: found.standard_error,
        interval: found.difference.interval,
        p_two_sided: test.p_value,
        favours_treatment: if events_are_good(data) {
            estimate > 0.0
        } else {
            estimate < 0.0
        },
    };
    data.effect(result, found);
    Ok(())
}

/// Maximum likelihood; where an arm has only yes or only no, Firth's penalised likelihood with its
/// likelihood ratio test.
fn odds_ratio(
    data: &Data,
    result: &mut AnalysisResult,
    table: &TwoByTwo,
    space: &mut Workspace,
) -> Estimate<()> {
    if table.treated_total == 0 || table.control_total == 0 {
        return Err(NotEstimable::EmptyArm);
    }
    space.happened.clear();
    space.treated.clear();
    for member in data.members() {
        if let Outcome::Binary { yes } = member.outcome {
            space.happened.push(yes);
            space.treated.push(f64::from(member.treated));
        }
    }
    let covariates: &[&[f64]] = &[&space.treated];
    let level = data.confidence_level();
    let (effect, p_two_sided) = match logistic(&space.happened, covariates, level) {
        Err(NotEstimable::Separation { .. }) => {
            let fit = firth(&space.happened, covariates, level)?;
            (fit.model.coefficients[0], fit.likelihood_ratio[0].p_value)
        }
        fit => {
            let effect = fit?.coefficients[0];
            (effect, effect.p_value)
        }
    };
    let found = Effect {
        estimate: effect.odds_ratio,
        standard_error: effect.standard_error,
        interval: effect.interval,
        p_two_sided,
        favours_treatment: (effect.coefficient > 0.0) == events_are_good(data)
            && effect.coefficient != 0.0,
    };
    data.effect(result, found);
    Ok(())
}

/// Posterior mean and standard deviation of the difference, and in place of the p value the
/// posterior probability that the treated arm does no better.
fn bayesian(
    data: &Data,
    result: &mut AnalysisResult,
    table: &TwoByTwo,
    space: &mut Workspace,
) -> Estimate<()> {
    let Some(rule) = &data.analysis.bayesian else {
        return Ok(());
    };
    if table.treated_total == 0 || table.control_total == 0 {
        return Err(NotEstimable::EmptyArm);
    }
    let prior = match space.priors.iter().find(|(known, _)| known == rule) {
        Some((_, prior)) => prior,
        None => {
            space.priors.push((rule.clone(), control_prior(rule)?));
            &space.priors[space.priors.len() - 1].1
        }
    };
    let control = prior.posterior(table.control_events, table.control_total)?;
    let treated = BetaMixture::single(beta(rule.treated))?
        .posterior(table.treated_events, table.treated_total)?;
    let (more, less) = match events_are_good(data) {
        true => (&treated, &control),
        false => (&control, &treated),
    };
    let better = probability_superior(more, less);
    result.estimate = Some(treated.mean() - control.mean());
    let (a, b) = (treated.standard_deviation(), control.standard_deviation());
    result.standard_error = Some((a * a + b * b).sqrt());
    result.favours_treatment = Some(better > 0.5);
    result.p_value = Some(1.0 - better);
    Ok(())
}

fn beta(prior: BetaPrior) -> Beta {
    Beta {
        a: prior.a,
        b: prior.b,
    }
}

/// The prior of the reference arm: as stated, or a meta-analytic-predictive prior made robust by it.
pub(crate) fn control_prior(rule: &Bayesian) -> Estimate<BetaMixture> {
    let vague = beta(rule.control);
    if rule.historical.is_empty() {
        return Ok(BetaMixture::single(vague)?);
    }
    let studies: Vec<HistoricalControl> = rule
        .historical
        .iter()
        .map(|arm| HistoricalControl {
            responders: arm.responders,
            subjects: arm.subjects,
        })
        .collect();
    let map = map_prior(&studies, &MapPriors::default())?;
    let mixture = beta_mixture_approximation(&map)?.mixture;
    Ok(mixture.robust(rule.robust_weight, vague)?)
}

fn one_proportion(
    data: &Data,
    result: &mut AnalysisResult,
    table: &TwoByTwo,
    method: ProportionMethod,
) -> Estimate<()> {
    let (events, total) = (table.treated_events, table.treated_total);
    let found = proportion(events, total, method, data.confidence_level())?;
    let (p, n) = share(events, total);
    result.estimate = Some(found.estimate);
    result.standard_error = Some((p * (1.0 - p) / n).sqrt());
    interval(result, found.interval);
    Ok(())
}

/// The two-sided p value is twice the smaller tail, so that it agrees with the interval.
fn binomial(data: &Data, result: &mut AnalysisResult, table: &TwoByTwo) -> Estimate<()> {
    let Some(p0) = data.analysis.p0 else {
        return Ok(());
    };
    one_proportion(data, result, table, ProportionMethod::ClopperPearson)?;
    let (events, total) = (table.treated_events, table.treated_total);
    let at_most = binomial_cdf(events, total, p0);
    let at_least = match events {
        0 => 1.0,
        events => binomial_sf(events - 1, total, p0),
    };
    let (better, worse) = match events_are_good(data) {
        true => (at_least, at_most),
        false => (at_most, at_least),
    };
    let (p, _) = share(events, total);
    result.favours_treatment = Some(if events_are_good(data) {
        p > p0
    } else {
        p < p0
    });
    result.p_value = Some(match data.analysis.alternative {
        Alternative::Better => better,
        Alternative::TwoSided => (2.0 * better.min(worse)).min(1.0),
    });
    Ok(())
}
