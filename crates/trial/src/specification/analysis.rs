//! Statistical analyses: methods, hypotheses, historical comparators.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoint::OutcomeKind;

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
    /// Week of the survival probability that `kaplan_meier` estimates; the end of follow-up where
    /// it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<f64>,
    /// What `historical_hazard` compares with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub historical: Option<Historical>,
}

/// Statistical methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Kaplan-Meier probability of being free of the event, by arm, with Greenwood's variance and
    /// a log-log interval.
    KaplanMeier,
    /// Log-rank test against the reference arm.
    LogRank,
    /// Cox regression on the arm: hazard ratio against the reference, ties after Efron.
    Cox,
    /// Exact comparison of events and time at risk with a stated constant hazard (Poisson).
    HistoricalHazard,
    /// Fisher's exact test against the reference arm, with Newcombe's interval of the difference.
    Fisher,
    /// Proportion by arm with Wilson's interval.
    Proportion,
    /// Analysis of covariance of the change on arm and baseline.
    Ancova,
    /// Negative binomial rate ratio against the reference arm.
    NegativeBinomial,
}

impl Method {
    /// Name in the trial file and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Method::KaplanMeier => "kaplan_meier",
            Method::LogRank => "log_rank",
            Method::Cox => "cox",
            Method::HistoricalHazard => "historical_hazard",
            Method::Fisher => "fisher",
            Method::Proportion => "proportion",
            Method::Ancova => "ancova",
            Method::NegativeBinomial => "negative_binomial",
        }
    }

    /// The kind of endpoint it analyses.
    pub fn outcome(self) -> OutcomeKind {
        match self {
            Method::KaplanMeier | Method::LogRank | Method::Cox | Method::HistoricalHazard => {
                OutcomeKind::TimeToEvent
            }
            Method::Fisher | Method::Proportion => OutcomeKind::Binary,
            Method::Ancova => OutcomeKind::Continuous,
            Method::NegativeBinomial => OutcomeKind::Count,
        }
    }

    /// Whether it compares treated arms with the reference arm.
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Method::LogRank
                | Method::Cox
                | Method::Fisher
                | Method::Ancova
                | Method::NegativeBinomial
        )
    }

    /// Whether it gives a p value.
    pub fn is_test(self) -> bool {
        self.is_comparison() || self == Method::HistoricalHazard
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

/// A historical comparator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Historical {
    /// Constant hazard of the event, per patient-year.
    pub hazard_per_year: f64,
    /// Where the value comes from.
    pub source: String,
}

fn five_percent() -> f64 {
    0.05
}
