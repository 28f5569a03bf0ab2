//! Statistical analyses of one simulated trial.
//!
//! One result per arm (estimates) or per treated arm against the reference arm (comparisons).
//! The statistics themselves are in `neurocart-stats`; here the subjects' outcomes become their
//! input. What cannot be estimated keeps its reason.

use neurocart_stats::ancova::{AncovaOptions, ancova};
use neurocart_stats::cox::{CoxOptions, cox};
use neurocart_stats::distribution::{chi_square_quantile, poisson_cdf};
use neurocart_stats::kaplan_meier::{SurvivalIntervalOptions, SurvivalIntervalType, kaplan_meier};
use neurocart_stats::log_rank::{LogRankOptions, log_rank};
use neurocart_stats::negative_binomial::negative_binomial;
use neurocart_stats::poisson_rate_ratio::poisson_rate_ratio;
use neurocart_stats::proportion::{ProportionMethod, proportion};
use neurocart_stats::two_by_two::{RiskDifferenceMethod, TwoByTwo, fisher_exact, risk_difference};
use neurocart_stats::{Estimate, NotEstimable};

use crate::endpoint::Outcome;
use crate::specification::{
    Alternative, Analysis, DAYS_PER_WEEK, DAYS_PER_YEAR, Endpoint, Method, Specification,
};

/// Result of one analysis for one arm, or for one treated arm against the reference arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnalysisResult {
    /// Number of the analysis in the trial file, from 0.
    pub analysis: usize,
    /// Number of the arm, from 0; of a comparison, the treated one.
    pub arm: usize,
    /// Subjects of the arm in the analysis.
    pub subjects: u32,
    /// Events, responders or attacks of the arm; 0 for a change of a score.
    pub events: u32,
    /// The estimate: probability, hazard or rate ratio, difference. See [`EstimateScale`].
    pub estimate: Option<f64>,
    /// Its standard error, on the scale of [`scale`].
    pub standard_error: Option<f64>,
    /// Lower end of the interval.
    pub lower: Option<f64>,
    /// Upper end of the interval.
    pub upper: Option<f64>,
    /// The p value of the stated alternative.
    pub p_value: Option<f64>,
    /// Whether the null hypothesis is rejected; `None` where there is no p value.
    pub rejected: Option<bool>,
    /// Whether the treated arm did better.
    pub favours_treatment: Option<bool>,
    /// Why there is no estimate or p value.
    pub reason: Option<String>,
}

/// What the estimate of a method is, and where its bias is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EstimateScale {
    /// A probability or a difference, measured as it is.
    Plain,
    /// A ratio, measured on the log scale.
    Log,
    /// The method gives no estimate.
    None,
}

/// The scale of a method's estimate.
pub fn scale(method: Method) -> EstimateScale {
    match method {
        Method::LogRank => EstimateScale::None,
        Method::Cox | Method::NegativeBinomial => EstimateScale::Log,
        // Without an event the ratio to a historical hazard is 0, which has no logarithm.
        Method::KaplanMeier
        | Method::HistoricalHazard
        | Method::Fisher
        | Method::Proportion
        | Method::Ancova => EstimateScale::Plain,
    }
}

/// What the estimate of a method is called.
pub fn estimate_name(method: Method) -> &'static str {
    match method {
        Method::KaplanMeier => "probability free of the event",
        Method::LogRank => "no estimate",
        Method::Cox => "hazard ratio",
        Method::HistoricalHazard => "hazard over historical hazard",
        Method::Fisher => "difference of proportions",
        Method::Proportion => "proportion",
        Method::Ancova => "difference of adjusted mean changes",
        Method::NegativeBinomial => "rate ratio",
    }
}

/// Buffers that analyses share, so that replicates need not allocate them anew.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    time_days: Vec<f64>,
    happened: Vec<bool>,
    group: Vec<usize>,
    treated: Vec<f64>,
    counts: Vec<u64>,
    years: Vec<f64>,
    change: Vec<f64>,
    baseline: Vec<f64>,
}

/// Performs analysis number `index` on the subjects' outcomes of its endpoint and adds the results.
///
/// `arm[i]` is the arm of the subject whose outcome is `outcomes[i]`.
pub fn analyse(
    specification: &Specification,
    index: usize,
    outcomes: &[Outcome],
    arm: &[usize],
    space: &mut Workspace,
    results: &mut Vec<AnalysisResult>,
) {
    let analysis = &specification.analyses[index];
    let Some(endpoint) = specification.endpoint_index(&analysis.endpoint) else {
        return;
    };
    let endpoint = &specification.endpoints[endpoint];
    let reference = specification.reference_arm();
    for number in 0..specification.arms.len() {
        if analysis.method.is_comparison() && Some(number) == reference {
            continue;
        }
        let mut result = AnalysisResult {
            analysis: index,
            arm: number,
            ..AnalysisResult::default()
        };
        let data = Data {
            specification,
            analysis,
            endpoint,
            outcomes,
            arm,
            number,
            reference,
        };
        if let Err(reason) = data.fill(&mut result, space) {
            result.reason = Some(reason.to_string());
        }
        result.rejected = result.p_value.map(|p| p <= analysis.alpha);
        results.push(result);
    }
}

/// One analysis of one arm.
struct Data<'a> {
    specification: &'a Specification,
    analysis: &'a Analysis,
    endpoint: &'a Endpoint,
    outcomes: &'a [Outcome],
    arm: &'a [usize],
    number: usize,
    reference: Option<usize>,
}

impl Data<'_> {
    /// Outcomes of the arm and, of a comparison, of the reference arm; the flag says which is
    /// treated.
    fn outcomes(&self) -> impl Iterator<Item = (Outcome, bool)> + '_ {
        let comparison = self.analysis.method.is_comparison();
        self.outcomes
            .iter()
            .zip(self.arm)
            .filter_map(move |(&outcome, &arm)| {
                let treated = arm == self.number;
                let wanted = treated || (comparison && Some(arm) == self.reference);
                wanted.then_some((outcome, treated))
            })
    }

    fn confidence_level(&self) -> f64 {
        match self.analysis.alternative {
            Alternative::TwoSided => 1.0 - self.analysis.alpha,
            Alternative::Better => 1.0 - 2.0 * self.analysis.alpha,
        }
    }

    /// The p value of the stated alternative, from a two-sided one and the direction.
    fn p_value(&self, two_sided: f64, favours_treatment: bool) -> f64 {
        match self.analysis.alternative {
            Alternative::TwoSided => two_sided,
            Alternative::Better if favours_treatment => 0.5 * two_sided,
            Alternative::Better => 1.0 - 0.5 * two_sided,
        }
    }

    /// Whether more events are what the treatment is for.
    fn events_are_good(&self) -> bool {
        self.endpoint.measure.fails_with_rescue()
    }

    fn fill(&self, result: &mut AnalysisResult, space: &mut Workspace) -> Estimate<()> {
        for (outcome, treated) in self.outcomes() {
            if treated {
                result.subjects += 1;
                result.events += match outcome {
                    Outcome::Event { happened, .. } => u32::from(happened),
                    Outcome::Count { events, .. } => events,
                    Outcome::Binary { yes } => u32::from(yes),
                    Outcome::Change { .. } => 0,
                };
            }
        }
        match self.analysis.method {
            Method::KaplanMeier => self.kaplan_meier(result, space),
            Method::LogRank => self.log_rank(result, space),
            Method::Cox => self.cox(result, space),
            Method::HistoricalHazard => self.historical_hazard(result),
            Method::Fisher => self.fisher(result),
            Method::Proportion => self.proportion(result),
            Method::Ancova => self.ancova(result, space),
            Method::NegativeBinomial => self.negative_binomial(result, space),
        }
    }

    fn load_times(&self, space: &mut Workspace) {
        space.time_days.clear();
        space.happened.clear();
        space.group.clear();
        space.treated.clear();
        for (outcome, treated) in self.outcomes() {
            if let Outcome::Event {
                time_days,
                happened,
            } = outcome
            {
                space.time_days.push(time_days);
                space.happened.push(happened);
                space.group.push(usize::from(treated));
                space.treated.push(f64::from(treated));
            }
        }
    }

    fn kaplan_meier(&self, result: &mut AnalysisResult, space: &mut Workspace) -> Estimate<()> {
        self.load_times(space);
        let curve = kaplan_meier(&space.time_days, &space.happened)?;
        let end = self.specification.follow_up.duration_weeks;
        let time_days = self.analysis.week.unwrap_or(end) * DAYS_PER_WEEK;
        let options = SurvivalIntervalOptions {
            interval_type: SurvivalIntervalType::LogLog,
            confidence_level: self.confidence_level(),
        };
        let (survival, interval) = curve.survival_at(time_days, &options)?;
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
        result.lower = interval.map(|interval| interval.lower);
        result.upper = interval.map(|interval| interval.upper);
        Ok(())
    }

    fn log_rank(&self, result: &mut AnalysisResult, space: &mut Workspace) -> Estimate<()> {
        self.load_times(space);
        let options = LogRankOptions::default();
        let test = log_rank(&space.time_days, &space.happened, &space.group, &options)?;
        let z = test.z.ok_or(NotEstimable::EmptyArm)?;
        result.favours_treatment = Some(z < 0.0);
        result.p_value = match self.analysis.alternative {
            Alternative::TwoSided => Some(test.test.p_value),
            Alternative::Better => test.p_fewer_in_second,
        };
        Ok(())
    }

    fn cox(&self, result: &mut AnalysisResult, space: &mut Workspace) -> Estimate<()> {
        self.load_times(space);
        let options = CoxOptions {
            confidence_level: self.confidence_level(),
            ..CoxOptions::default()
        };
        let fit = cox(
            &space.time_days,
            &space.happened,
            &[&space.treated],
            &options,
        )?;
        let effect = fit.coefficients[0];
        let favours = effect.log_hazard_ratio < 0.0;
        result.estimate = Some(effect.hazard_ratio);
        result.standard_error = Some(effect.standard_error);
        result.lower = Some(effect.interval.lower);
        result.upper = Some(effect.interval.upper);
        result.favours_treatment = Some(favours);
        result.p_value = Some(self.p_value(effect.p_value, favours));
        Ok(())
    }

    /// Events against the number that the historical hazard would give over the same time at risk:
    /// given the time, a Poisson count under the null (Breslow 1975, doi:10.2307/1402659).
    fn historical_hazard(&self, result: &mut AnalysisResult) -> Estimate<()> {
        let Some(historical) = &self.analysis.historical else {
            return Ok(());
        };
        let days: f64 = self
            .outcomes()
            .map(|(outcome, _)| match outcome {
                Outcome::Event { time_days, .. } => time_days,
                _ => 0.0,
            })
            .sum();
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
        let tail = 0.5 * (1.0 - self.confidence_level());
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
        result.p_value = Some(match self.analysis.alternative {
            Alternative::Better => fewer,
            Alternative::TwoSided => (2.0 * fewer.min(more)).min(1.0),
        });
        Ok(())
    }

    fn table(&self) -> TwoByTwo {
        let mut table = TwoByTwo {
            treated_events: 0,
            treated_total: 0,
            control_events: 0,
            control_total: 0,
        };
        for (outcome, treated) in self.outcomes() {
            let Outcome::Binary { yes } = outcome else {
                continue;
            };
            let (events, total) = match treated {
                true => (&mut table.treated_events, &mut table.treated_total),
                false => (&mut table.control_events, &mut table.control_total),
            };
            *events += u64::from(yes);
            *total += 1;
        }
        table
    }

    fn fisher(&self, result: &mut AnalysisResult) -> Estimate<()> {
        let table = self.table();
        let test = fisher_exact(&table)?;
        let difference = risk_difference(
            &table,
            RiskDifferenceMethod::Newcombe,
            self.confidence_level(),
        )?;
        let (p1, n1) = share(table.treated_events, table.treated_total);
        let (p2, n2) = share(table.control_events, table.control_total);
        result.estimate = Some(difference.estimate);
        result.standard_error = Some((p1 * (1.0 - p1) / n1 + p2 * (1.0 - p2) / n2).sqrt());
        result.lower = Some(difference.interval.lower);
        result.upper = Some(difference.interval.upper);
        result.favours_treatment = Some(if self.events_are_good() {
            p1 > p2
        } else {
            p1 < p2
        });
        result.p_value = Some(match self.analysis.alternative {
            Alternative::TwoSided => test.p_two_sided,
            Alternative::Better if self.events_are_good() => test.p_greater,
            Alternative::Better => test.p_less,
        });
        Ok(())
    }

    fn proportion(&self, result: &mut AnalysisResult) -> Estimate<()> {
        let table = self.table();
        let level = self.confidence_level();
        let found = proportion(
            table.treated_events,
            table.treated_total,
            ProportionMethod::Wilson,
            level,
        )?;
        let (p, n) = share(table.treated_events, table.treated_total);
        result.estimate = Some(found.estimate);
        result.standard_error = Some((p * (1.0 - p) / n).sqrt());
        result.lower = Some(found.interval.lower);
        result.upper = Some(found.interval.upper);
        Ok(())
    }

    fn ancova(&self, result: &mut AnalysisResult, space: &mut Workspace) -> Estimate<()> {
        space.change.clear();
        space.baseline.clear();
        space.group.clear();
        for (outcome, treated) in self.outcomes() {
            if let Outcome::Change {
                baseline,
                change: Some(change),
            } = outcome
            {
                space.change.push(change);
                space.baseline.push(baseline);
                space.group.push(usize::from(treated));
            }
        }
        result.subjects = space.group.iter().sum::<usize>() as u32;
        let options = AncovaOptions {
            confidence_level: self.confidence_level(),
            ..AncovaOptions::default()
        };
        let fit = ancova(&space.change, &space.group, &space.baseline, &options)?;
        let effect = fit
            .differences
            .first()
            .ok_or(NotEstimable::EmptyArm)?
            .difference;
        // Every score of the trial file is worse when it is higher.
        let favours = effect.estimate < 0.0;
        result.estimate = Some(effect.estimate);
        result.standard_error = Some(effect.standard_error);
        result.lower = Some(effect.interval.lower);
        result.upper = Some(effect.interval.upper);
        result.favours_treatment = Some(favours);
        result.p_value = Some(self.p_value(effect.p_value, favours));
        Ok(())
    }

    fn negative_binomial(
        &self,
        result: &mut AnalysisResult,
        space: &mut Workspace,
    ) -> Estimate<()> {
        space.counts.clear();
        space.years.clear();
        space.treated.clear();
        let (mut events, mut years) = ([0, 0], [0.0, 0.0]);
        for (outcome, treated) in self.outcomes() {
            let Outcome::Count {
                events: count,
                years: exposure,
            } = outcome
            else {
                continue;
            };
            // Lost on the day of randomisation: no time at risk.
            if exposure <= 0.0 {
                continue;
            }
            let group = usize::from(!treated);
            events[group] += u64::from(count);
            years[group] += exposure;
            space.counts.push(u64::from(count));
            space.years.push(exposure);
            space.treated.push(f64::from(treated));
        }
        let level = self.confidence_level();
        // An arm without attacks has no Wald interval; the exact conditional one needs no model.
        if (events[0] == 0) != (events[1] == 0) {
            let exact = poisson_rate_ratio(events, years, level)?;
            let favours = events[0] == 0;
            result.lower = Some(exact.interval.lower);
            result.upper = Some(exact.interval.upper);
            result.favours_treatment = Some(favours);
            result.p_value = Some(self.p_value(exact.p_value, favours));
            result.reason = Some(
                "no attack in one arm: exact conditional interval and p value, no estimate".into(),
            );
            return Ok(());
        }
        let fit = negative_binomial(&space.counts, &space.years, &[&space.treated], level)?;
        let effect = fit.model.coefficients[0];
        let favours = effect.coefficient < 0.0;
        result.estimate = Some(effect.rate_ratio);
        result.standard_error = Some(effect.standard_error);
        result.lower = Some(effect.interval.lower);
        result.upper = Some(effect.interval.upper);
        result.favours_treatment = Some(favours);
        result.p_value = Some(self.p_value(effect.p_value, favours));
        Ok(())
    }
}

fn share(events: u64, total: u64) -> (f64, f64) {
    (events as f64 / total as f64, total as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specification(text: &str) -> Specification {
        toml::from_str(text).unwrap()
    }

    const NMOSD: &str = include_str!("../../../library/trials/nmosd-bcma-single-arm.toml");
    const MS: &str = include_str!("../../../library/trials/progressive-ms-cd19-vs-anti-cd20.toml");
    const MG: &str = include_str!("../../../library/trials/mg-bcma-mrna-placebo.toml");

    fn one(
        specification: &Specification,
        index: usize,
        outcomes: &[Outcome],
        arm: &[usize],
    ) -> AnalysisResult {
        let mut results = Vec::new();
        analyse(
            specification,
            index,
            outcomes,
            arm,
            &mut Workspace::default(),
            &mut results,
        );
        results.swap_remove(0)
    }

    #[test]
    fn two_attacks_where_history_expects_five_are_a_poisson_tail() {
        let specification = specification(NMOSD);
        let hazard = specification.analyses[0]
            .historical
            .as_ref()
            .unwrap()
            .hazard_per_year;
        // Ten subjects of the same length, so that exactly 5 events are expected.
        let days = 5.0 * 365.0 / (10.0 * hazard);
        let outcomes: Vec<Outcome> = (0..10)
            .map(|i| Outcome::Event {
                time_days: days,
                happened: i < 2,
            })
            .collect();
        let found = one(&specification, 0, &outcomes, &[0; 10]);
        // P(X <= 2 | 5) = exp(-5) (1 + 5 + 25/2).
        let tail = (-5.0f64).exp() * 18.5;
        assert!((found.p_value.unwrap() - tail).abs() < 1e-12);
        assert!((found.estimate.unwrap() - 0.4).abs() < 1e-12);
        // Exact 95 % limits of a Poisson mean with 2 events: 0.2422 and 7.2247 (Garwood 1936).
        assert!((found.lower.unwrap() - 0.2422 / 5.0).abs() < 1e-4);
        assert!((found.upper.unwrap() - 7.2247 / 5.0).abs() < 1e-4);
    }

    #[test]
    fn no_attack_at_all_still_has_an_upper_limit() {
        let specification = specification(NMOSD);
        let outcomes = [Outcome::Event {
            time_days: 365.0,
            happened: false,
        }; 12];
        let found = one(&specification, 0, &outcomes, &[0; 12]);
        let expected = 12.0
            * specification.analyses[0]
                .historical
                .as_ref()
                .unwrap()
                .hazard_per_year;
        assert_eq!((found.estimate, found.lower), (Some(0.0), Some(0.0)));
        assert!(
            (found.upper.unwrap() - 40f64.ln() / expected).abs() < 1e-12,
            "-ln(0.025)"
        );
        assert!((found.p_value.unwrap() - (-expected).exp()).abs() < 1e-12);
    }

    #[test]
    fn a_curve_without_events_has_no_interval_and_says_why() {
        let specification = specification(MS);
        let outcomes = [Outcome::Event {
            time_days: 840.0,
            happened: false,
        }; 8];
        let found = one(&specification, 2, &outcomes, &[0; 8]);
        assert_eq!((found.estimate, found.lower), (Some(1.0), None));
        assert!(found.reason.unwrap().contains("no event"));
    }

    #[test]
    fn an_arm_without_relapses_gets_the_exact_interval() {
        let specification = specification(MS);
        let mut outcomes = vec![
            Outcome::Count {
                events: 0,
                years: 2.0
            };
            10
        ];
        outcomes.extend(
            [Outcome::Count {
                events: 1,
                years: 2.0,
            }; 10],
        );
        let arm: Vec<usize> = (0..20).map(|i| i / 10).collect();
        let found = one(&specification, 5, &outcomes, &arm);
        assert_eq!((found.estimate, found.lower), (None, Some(0.0)));
        assert_eq!(found.favours_treatment, Some(true));
        // All ten events in one of two equal arms: 2 * 0.5^10.
        assert!((found.p_value.unwrap() - 2.0 * 0.5f64.powi(10)).abs() < 1e-9);
    }

    #[test]
    fn the_tea_tasting_table_has_its_published_p_value() {
        let specification = specification(MG);
        let yes = |yes| Outcome::Binary { yes };
        let outcomes = [
            yes(true),
            yes(true),
            yes(true),
            yes(false),
            yes(true),
            yes(false),
            yes(false),
            yes(false),
        ];
        let found = one(&specification, 0, &outcomes, &[0, 0, 0, 0, 1, 1, 1, 1]);
        // Fisher 1935: 34 of 70 tables are at least as extreme.
        assert!((found.p_value.unwrap() - 34.0 / 70.0).abs() < 1e-12);
        assert_eq!(found.favours_treatment, Some(true));
        assert_eq!(found.estimate, Some(0.5));
    }
}
