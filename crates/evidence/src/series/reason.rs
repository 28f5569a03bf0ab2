//! Why a figure was left out, and the words for what it is.

use serde::{Deserialize, Serialize};

use crate::study::{DesignKind, Statistic};

/// Why a figure was left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Written from memory.
    Recalled,
    /// A review, a model, a safety data base, animals.
    Design(DesignKind),
    /// A later report replaces it.
    Superseded,
    /// The request leaves this study out.
    Asked,
    /// A control arm or a comparison.
    NotTheTreatment,
    /// A part of the patients, while all are shown or because it was picked by its outcome.
    Subgroup,
    /// Another treated arm of the study is taken, the one that the file names first.
    OtherArm,
    /// Patients of several diseases or areas are counted together.
    MixedPatients,
    /// Another time of the same study is taken.
    OtherTime,
    /// Another variant of the outcome of the same study is taken.
    OtherDefinition,
    /// Another toxicity scale.
    OtherScale(String),
    /// Another kind of number.
    OtherStatistic(Statistic),
    /// A percentage or count without the number of patients.
    NoDenominator,
    /// A rate without the patient-years behind it.
    NoExposure,
    /// No whole number of patients gives the printed percentage.
    NoWholeCount,
    /// No standard error can be had.
    NoStandardError,
    /// Shares patients with this study, which is larger.
    SharesPatients(String),
}

impl Reason {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Reason::Recalled => "recalled, not read: taken only with --include-recalled".into(),
            Reason::Design(kind) => format!("{} are not pooled", design_words(*kind)),
            Reason::Superseded => "replaced by a later report".into(),
            Reason::Asked => "left out as asked".into(),
            Reason::NotTheTreatment => "control arm or comparison of arms".into(),
            Reason::Subgroup => "a part of the study's patients".into(),
            Reason::OtherArm => "the study's first treated arm is taken".into(),
            Reason::MixedPatients => "counts patients of other diseases as well".into(),
            Reason::OtherTime => "another time of the study is taken".into(),
            Reason::OtherDefinition => "another variant of the outcome is taken".into(),
            Reason::OtherScale(scale) => format!("graded by another scale ({scale})"),
            Reason::OtherStatistic(statistic) => format!("is a {}", statistic_words(*statistic)),
            Reason::NoDenominator => "number of patients not reported".into(),
            Reason::NoExposure => "events or patient-years not reported".into(),
            Reason::NoWholeCount => "no whole number of patients gives the percentage".into(),
            Reason::NoStandardError => "no standard error, deviation or interval reported".into(),
            Reason::SharesPatients(other) => format!("shares patients with {other}"),
        }
    }
}

/// A design in words, in the plural.
pub fn design_words(kind: DesignKind) -> &'static str {
    match kind {
        DesignKind::RandomisedTrial => "randomised trials",
        DesignKind::NonrandomisedComparison => "comparisons without randomisation",
        DesignKind::SingleArmTrial => "single-arm trials",
        DesignKind::CaseSeries => "case series",
        DesignKind::CaseReport => "case reports",
        DesignKind::Cohort => "cohorts",
        DesignKind::PooledReport => "pooled reports",
        DesignKind::Review => "reviews",
        DesignKind::Surveillance => "reports to a safety data base",
        DesignKind::Model => "models",
        DesignKind::Preclinical => "animal and cell experiments",
        DesignKind::Mechanism => "studies of mechanism",
    }
}

/// A statistic in words.
pub fn statistic_words(statistic: Statistic) -> &'static str {
    match statistic {
        Statistic::Count => "count",
        Statistic::Percentage => "percentage",
        Statistic::KaplanMeier => "Kaplan-Meier percentage",
        Statistic::ModelPercentage => "percentage from a model",
        Statistic::Rate => "rate",
        Statistic::Mean => "mean",
        Statistic::AdjustedMean => "adjusted mean",
        Statistic::GeometricMean => "geometric mean",
        Statistic::Median => "median",
        Statistic::Maximum => "largest value or upper bound",
        Statistic::Minimum => "smallest value or lower bound",
        Statistic::Range => "range",
        Statistic::Value => "single value",
        Statistic::Difference => "difference",
        Statistic::RankDifference => "difference of ranks",
        Statistic::Ratio => "ratio",
        Statistic::HazardRatio => "hazard ratio",
        Statistic::OddsRatio => "odds ratio",
        Statistic::RateRatio => "rate ratio",
        Statistic::Correlation => "correlation",
        Statistic::PValue => "p value",
        Statistic::Indicator => "yes or no",
        Statistic::Text => "text",
    }
}
