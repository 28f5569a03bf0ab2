//! Statistical analyses of one simulated trial.
//!
//! One result per arm (estimates) or per treated arm against the reference arm (comparisons).
//! The statistics themselves are in `neurocart-stats`; here the subjects' outcomes become their
//! input. What cannot be estimated keeps its reason.

use neurocart_stats::bayes::beta_mixture::BetaMixture;
use neurocart_stats::{Estimate, Interval};

use crate::endpoint::Outcome;
use crate::specification::{
    Alternative, Analysis, Bayesian, Endpoint, Method, OutcomeKind, Specification,
};

mod continuous;
mod counts;
mod observations;
mod responders;
mod time_to_event;

pub use observations::{Observations, observe, restart};
pub(crate) use responders::control_prior;

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
    /// The p value of the stated alternative; of a Bayesian comparison, the posterior probability
    /// that the treated arm does no better.
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
        Method::LogRank | Method::Gray => EstimateScale::None,
        Method::Cox
        | Method::NegativeBinomial
        | Method::Poisson
        | Method::RecurrentCox
        | Method::Logistic => EstimateScale::Log,
        // Without an event the ratio to a historical hazard is 0, which has no logarithm.
        Method::KaplanMeier
        | Method::Milestone
        | Method::RestrictedMean
        | Method::CumulativeIncidence
        | Method::HistoricalHazard
        | Method::Fisher
        | Method::RiskDifference
        | Method::CochranMantelHaenszel
        | Method::BayesianTwoArm
        | Method::Proportion
        | Method::Binomial
        | Method::Ancova
        | Method::Mmrm => EstimateScale::Plain,
    }
}

/// What the estimate of a method is called.
pub fn estimate_name(method: Method) -> &'static str {
    match method {
        Method::KaplanMeier => "probability free of the event",
        Method::LogRank | Method::Gray => "no estimate",
        Method::Cox => "hazard ratio",
        Method::Milestone => "difference of probabilities free of the event",
        Method::RestrictedMean => "difference of mean weeks free of the event",
        Method::CumulativeIncidence => "cumulative incidence",
        Method::HistoricalHazard => "hazard over historical hazard",
        Method::Fisher | Method::RiskDifference => "difference of proportions",
        Method::CochranMantelHaenszel => "Mantel-Haenszel difference of proportions",
        Method::Logistic => "odds ratio",
        Method::BayesianTwoArm => "posterior mean difference of proportions",
        Method::Proportion | Method::Binomial => "proportion",
        Method::Ancova | Method::Mmrm => "difference of adjusted mean changes",
        Method::NegativeBinomial | Method::Poisson | Method::RecurrentCox => "rate ratio",
    }
}

/// The data of one analysis; position by position, `arms` and `outcomes` are of the same subject.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// Outcomes of the endpoint.
    pub outcomes: &'a [Outcome],
    /// Arms, from 0.
    pub arms: &'a [usize],
    /// What the method reads beyond the outcomes.
    pub observations: &'a Observations,
}

/// Buffers that analyses share, so that replicates need not allocate them anew.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    time_days: Vec<f64>,
    happened: Vec<bool>,
    causes: Vec<u32>,
    group: Vec<usize>,
    second: Vec<bool>,
    treated: Vec<f64>,
    strata: Vec<usize>,
    counts: Vec<u64>,
    years: Vec<f64>,
    change: Vec<f64>,
    baseline: Vec<f64>,
    start_days: Vec<f64>,
    subject: Vec<usize>,
    visit: Vec<usize>,
    /// Priors of the reference arm, which take a while to work out.
    priors: Vec<(Bayesian, BetaMixture)>,
}

/// Performs analysis number `index` on the subjects of `sample` and adds the results.
pub fn analyse(
    specification: &Specification,
    index: usize,
    sample: &Sample<'_>,
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
            sample,
            number,
            reference,
        };
        if let Err(reason) = data.fill(&mut result, space) {
            result.reason = Some(reason.to_string());
        }
        result.rejected = match &analysis.bayesian {
            Some(rule) => result.p_value.map(|p| p < 1.0 - rule.cutoff),
            None => result.p_value.map(|p| p <= analysis.alpha),
        };
        results.push(result);
    }
}

/// One analysis of one arm.
struct Data<'a> {
    specification: &'a Specification,
    analysis: &'a Analysis,
    endpoint: &'a Endpoint,
    sample: &'a Sample<'a>,
    number: usize,
    reference: Option<usize>,
}

/// One subject of an analysis.
struct Member {
    /// Position in the sample.
    position: usize,
    outcome: Outcome,
    treated: bool,
    /// Number of the stratum; 0 without strata.
    stratum: usize,
}

/// What a comparison found.
struct Effect {
    estimate: f64,
    standard_error: f64,
    interval: Interval,
    p_two_sided: f64,
    favours_treatment: bool,
}

impl Data<'_> {
    /// Subjects of the arm and, of a comparison, of the reference arm.
    fn members(&self) -> impl Iterator<Item = Member> + '_ {
        let comparison = self.analysis.method.is_comparison();
        let all = self.sample.outcomes.iter().zip(self.sample.arms);
        all.enumerate()
            .filter_map(move |(position, (&outcome, &arm))| {
                let treated = arm == self.number;
                let wanted = treated || (comparison && Some(arm) == self.reference);
                wanted.then(|| Member {
                    position,
                    outcome,
                    treated,
                    stratum: self.sample.observations.stratum(position),
                })
            })
    }

    /// Strata of the subjects, if the analysis has any.
    fn strata<'b>(&self, strata: &'b [usize]) -> Option<&'b [usize]> {
        (!self.analysis.strata.is_empty()).then_some(strata)
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

    fn test(&self, result: &mut AnalysisResult, two_sided: f64, favours_treatment: bool) {
        result.favours_treatment = Some(favours_treatment);
        result.p_value = Some(self.p_value(two_sided, favours_treatment));
    }

    fn effect(&self, result: &mut AnalysisResult, effect: Effect) {
        result.estimate = Some(effect.estimate);
        result.standard_error = Some(effect.standard_error);
        interval(result, effect.interval);
        self.test(result, effect.p_two_sided, effect.favours_treatment);
    }

    fn fill(&self, result: &mut AnalysisResult, space: &mut Workspace) -> Estimate<()> {
        for member in self.members().filter(|member| member.treated) {
            result.subjects += 1;
            result.events += match member.outcome {
                Outcome::Event { happened, .. } => u32::from(happened),
                Outcome::Count { events, .. } => events,
                Outcome::Binary { yes } => u32::from(yes),
                Outcome::Change { .. } => 0,
            };
        }
        match self.analysis.method.outcome() {
            OutcomeKind::TimeToEvent => time_to_event::fill(self, result, space),
            OutcomeKind::Count => counts::fill(self, result, space),
            OutcomeKind::Continuous => continuous::fill(self, result, space),
            OutcomeKind::Binary => responders::fill(self, result, space),
        }
    }
}

fn interval(result: &mut AnalysisResult, interval: Interval) {
    result.lower = Some(interval.lower);
    result.upper = Some(interval.upper);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specification(text: &str) -> Specification {
        toml::from_str(text).unwrap()
    }

    const NMOSD: &str = include_str!("../../../../library/trials/nmosd-bcma-single-arm.toml");
    const MS: &str =
        include_str!("../../../../library/trials/progressive-ms-cd19-vs-anti-cd20.toml");
    const MG: &str = include_str!("../../../../library/trials/mg-bcma-mrna-placebo.toml");

    fn one(
        specification: &Specification,
        index: usize,
        outcomes: &[Outcome],
        arm: &[usize],
    ) -> AnalysisResult {
        let mut results = Vec::new();
        let sample = Sample {
            outcomes,
            arms: arm,
            observations: &Observations::default(),
        };
        let mut space = Workspace::default();
        analyse(specification, index, &sample, &mut space, &mut results);
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
