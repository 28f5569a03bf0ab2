//! Statistical analyses: methods, hypotheses, strata, historical comparators.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoint::{OutcomeKind, Score};

/// One statistical analysis of one endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Analysis {
    /// Name of an endpoint of this trial.
    pub endpoint: String,
    /// How it is analysed.
    pub method: Method,
    /// The hypothesis: two-sided, or one-sided in favour of the treated arm.
    #[serde(default)]
    pub alternative: Alternative,
    /// Significance level, two-sided or one-sided as `alternative` says; intervals have
    /// confidence 1 - alpha (two-sided) or 1 - 2 alpha (one-sided).
    #[serde(default = "five_percent")]
    pub alpha: f64,
    /// The analysis that decides the trial; exactly one.
    #[serde(default)]
    pub primary: bool,
    /// Week that `kaplan_meier`, `milestone` and `cumulative_incidence` look at, and to which
    /// `restricted_mean` integrates; for the two that estimate by arm, the end of follow-up where
    /// it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<f64>,
    /// Fleming-Harrington weight of `log_rank`: power of S(t-). 1 stresses early events.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0.0))]
    pub rho: f64,
    /// Fleming-Harrington weight of `log_rank`: power of 1 - S(t-). 1 stresses late events.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0.0))]
    pub gamma: f64,
    /// Baseline factors whose combinations are the strata of the analysis. Randomisation is not
    /// stratified by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strata: Vec<Stratum>,
    /// What `historical_hazard` compares with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub historical: Option<Historical>,
    /// Probability of a yes under the null hypothesis of `binomial`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p0: Option<f64>,
    /// Interval of `risk_difference`; Newcombe's where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<DifferenceInterval>,
    /// Priors and rule of `bayesian_two_arm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bayesian: Option<Bayesian>,
}

/// Statistical methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Kaplan-Meier probability of being free of the event, by arm, with Greenwood's variance and
    /// a log-log interval.
    KaplanMeier,
    /// Log-rank test against the reference arm, weighted after Fleming and Harrington by `rho` and
    /// `gamma`.
    LogRank,
    /// Cox regression on the arm: hazard ratio against the reference, ties after Efron.
    Cox,
    /// Difference of the Kaplan-Meier probabilities at a week; the test is on ln(-ln S).
    Milestone,
    /// Difference of the restricted mean times free of the event up to a week, in weeks.
    RestrictedMean,
    /// Aalen-Johansen cumulative incidence by arm, where another event can come first.
    CumulativeIncidence,
    /// Gray's test of equal cumulative incidence.
    Gray,
    /// Exact comparison of events and time at risk with a stated constant hazard (Poisson).
    HistoricalHazard,
    /// Fisher's exact test against the reference arm, with Newcombe's interval of the difference.
    Fisher,
    /// Difference of proportions with a score interval and the chi-square test.
    RiskDifference,
    /// Mantel-Haenszel risk difference over strata with the Cochran-Mantel-Haenszel test.
    CochranMantelHaenszel,
    /// Logistic regression on the arm; Firth's penalty where the arm separates the outcomes.
    Logistic,
    /// Posterior probability that more subjects respond on treatment.
    BayesianTwoArm,
    /// Proportion by arm with Wilson's interval.
    Proportion,
    /// Exact test of the proportion by arm against `p0`, with the Clopper-Pearson interval.
    Binomial,
    /// Analysis of covariance of the change on arm and baseline.
    Ancova,
    /// Mixed model for repeated measures: changes at all visits up to the endpoint's week, on arm by
    /// visit and baseline, REML with an unstructured covariance and Satterthwaite's degrees of
    /// freedom.
    Mmrm,
    /// Negative binomial rate ratio against the reference arm.
    NegativeBinomial,
    /// Poisson rate ratio against the reference arm, with the robust variance.
    Poisson,
    /// Andersen-Gill model of all attacks: ratio of their rates, with the robust variance.
    RecurrentCox,
}

impl Method {
    /// Every method, by the kind of endpoint and in the order of the documentation.
    pub const ALL: [Method; 20] = [
        Method::KaplanMeier,
        Method::LogRank,
        Method::Cox,
        Method::Milestone,
        Method::RestrictedMean,
        Method::CumulativeIncidence,
        Method::Gray,
        Method::HistoricalHazard,
        Method::Fisher,
        Method::RiskDifference,
        Method::CochranMantelHaenszel,
        Method::Logistic,
        Method::BayesianTwoArm,
        Method::Proportion,
        Method::Binomial,
        Method::Ancova,
        Method::Mmrm,
        Method::NegativeBinomial,
        Method::Poisson,
        Method::RecurrentCox,
    ];

    /// Name in the trial file and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Method::KaplanMeier => "kaplan_meier",
            Method::LogRank => "log_rank",
            Method::Cox => "cox",
            Method::Milestone => "milestone",
            Method::RestrictedMean => "restricted_mean",
            Method::CumulativeIncidence => "cumulative_incidence",
            Method::Gray => "gray",
            Method::HistoricalHazard => "historical_hazard",
            Method::Fisher => "fisher",
            Method::RiskDifference => "risk_difference",
            Method::CochranMantelHaenszel => "cochran_mantel_haenszel",
            Method::Logistic => "logistic",
            Method::BayesianTwoArm => "bayesian_two_arm",
            Method::Proportion => "proportion",
            Method::Binomial => "binomial",
            Method::Ancova => "ancova",
            Method::Mmrm => "mmrm",
            Method::NegativeBinomial => "negative_binomial",
            Method::Poisson => "poisson",
            Method::RecurrentCox => "recurrent_cox",
        }
    }

    /// The kind of endpoint it analyses.
    pub fn outcome(self) -> OutcomeKind {
        match self {
            Method::KaplanMeier
            | Method::LogRank
            | Method::Cox
            | Method::Milestone
            | Method::RestrictedMean
            | Method::CumulativeIncidence
            | Method::Gray
            | Method::HistoricalHazard => OutcomeKind::TimeToEvent,
            Method::Fisher
            | Method::RiskDifference
            | Method::CochranMantelHaenszel
            | Method::Logistic
            | Method::BayesianTwoArm
            | Method::Proportion
            | Method::Binomial => OutcomeKind::Binary,
            Method::Ancova | Method::Mmrm => OutcomeKind::Continuous,
            Method::NegativeBinomial | Method::Poisson | Method::RecurrentCox => OutcomeKind::Count,
        }
    }

    /// Whether it compares treated arms with the reference arm.
    pub fn is_comparison(self) -> bool {
        !matches!(
            self,
            Method::KaplanMeier
                | Method::CumulativeIncidence
                | Method::HistoricalHazard
                | Method::Proportion
                | Method::Binomial
        )
    }

    /// Whether it gives a p value.
    pub fn is_test(self) -> bool {
        self.is_comparison() || matches!(self, Method::HistoricalHazard | Method::Binomial)
    }

    /// Whether it looks at a week of its own.
    pub fn has_week(self) -> bool {
        self.needs_week() || matches!(self, Method::KaplanMeier | Method::CumulativeIncidence)
    }

    /// Whether the trial file must say which week.
    pub fn needs_week(self) -> bool {
        matches!(self, Method::Milestone | Method::RestrictedMean)
    }

    /// Whether it can be stratified.
    pub fn has_strata(self) -> bool {
        matches!(
            self,
            Method::LogRank
                | Method::Cox
                | Method::CochranMantelHaenszel
                | Method::Mmrm
                | Method::RecurrentCox
        )
    }

    /// Whether it tells competing events from censoring.
    pub fn has_competing_events(self) -> bool {
        matches!(self, Method::CumulativeIncidence | Method::Gray)
    }
}

/// Hypotheses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alternative {
    /// Different in either direction.
    #[default]
    TwoSided,
    /// The treated arm does better.
    Better,
}

/// A baseline factor that strata are made of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, tag = "by", rename_all = "snake_case")]
pub enum Stratum {
    /// The disease, one level for each `[[population.disease]]`.
    Disease {},
    /// A score at baseline: above a value, or not.
    BaselineScore {
        /// Which score.
        score: Score,
        /// Values above this one are one level, the others the other.
        above: f64,
    },
    /// Relapses or attacks in the year before enrolment: more than a number, or not.
    AttacksPreviousYear {
        /// More than this many are one level, the others the other.
        above: u32,
    },
}

/// A historical comparator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Historical {
    /// Constant hazard of the event, per patient-year.
    pub hazard_per_year: f64,
    /// Where the value comes from.
    pub source: String,
}

/// Intervals of a difference of proportions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceInterval {
    /// Hybrid of two Wilson intervals.
    #[default]
    Newcombe,
    /// Score interval.
    MiettinenNurminen,
}

/// A Bayesian comparison of two response probabilities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bayesian {
    /// The treated arm wins if the posterior probability that it does better is above this.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub cutoff: f64,
    /// Prior of the probability of a yes in the treated arm; uniform where it is missing.
    #[serde(default)]
    pub treated: BetaPrior,
    /// Prior of the probability of a yes in the reference arm; uniform where it is missing. With
    /// `historical` it is the vague part of the robust mixture.
    #[serde(default)]
    pub control: BetaPrior,
    /// Historical control arms, which make a meta-analytic-predictive prior of the reference arm,
    /// one `[[analysis.bayesian.historical]]` each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub historical: Vec<HistoricalArm>,
    /// Weight of the vague part beside the historical one.
    #[serde(default = "one_fifth")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub robust_weight: f64,
}

/// A beta prior, worth a + b subjects of whom a responded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BetaPrior {
    /// First parameter.
    pub a: f64,
    /// Second parameter.
    pub b: f64,
}

impl Default for BetaPrior {
    fn default() -> Self {
        BetaPrior { a: 1.0, b: 1.0 }
    }
}

/// The control arm of an earlier trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoricalArm {
    /// Subjects with a yes.
    pub responders: u64,
    /// All subjects.
    pub subjects: u64,
    /// Where the numbers come from.
    pub source: String,
}

fn five_percent() -> f64 {
    0.05
}
/// Usual weight of the vague part (Schmidli et al. 2014, doi:10.1111/biom.12242).
fn one_fifth() -> f64 {
    0.2
}
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}
