//! Reported figures.

use serde::{Deserialize, Serialize};

use super::{Grade, Tier};

/// Days per month: a twelfth of the Julian year.
pub const DAYS_PER_MONTH: f64 = 365.25 / 12.0;

/// A reported figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Code of `evidence/outcomes.csv`.
    pub outcome: String,
    /// Name of the arm.
    pub arm: String,
    /// Arm with which it is compared, for differences and ratios.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contrast: Option<String>,
    /// Variant of the outcome, analysis set or window, where the report gives several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Months after the first infusion; neither months nor weeks: at any time, or not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_months: Option<f64>,
    /// Weeks after the first dose, where the report counts in weeks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_weeks: Option<f64>,
    /// What the number is.
    pub statistic: Statistic,
    /// Patients with the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// Patients, or events where the unit says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Patient-years behind `events`, for a rate; with it a rate is pooled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure_patient_years: Option<f64>,
    /// The number as printed, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What was found, where it is no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Standard deviation between patients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_deviation: Option<f64>,
    /// Standard error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<f64>,
    /// Lower end of `interval`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// Upper end of `interval`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
    /// What the interval is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<IntervalKind>,
    /// Unit of the number: one of those that `evidence/outcomes.csv` allows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Scale by which a toxicity was graded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grading: Option<String>,
    /// What to cite for this number, where not the source of the study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cite: Option<String>,
    /// Where in it: abstract, table, page.
    pub locator: String,
    /// How well it is known.
    pub grade: Grade,
    /// Tier of the text in which it was read.
    pub tier: Tier,
    /// Where it was read, where not at the addresses of the study; in words where the text has no
    /// public page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What a reader must know about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Outcome {
    /// Months after the first dose, whichever unit the report counts in ([`DAYS_PER_MONTH`]).
    pub fn months(&self) -> Option<f64> {
        self.time_months
            .or(self.time_weeks.map(|weeks| weeks * 7.0 / DAYS_PER_MONTH))
    }
}

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Patients with an event, of patients.
    Count,
    /// Percentage of patients, counts not printed or implied.
    Percentage,
    /// Kaplan-Meier percentage.
    KaplanMeier,
    /// Percentage from a model.
    ModelPercentage,
    /// Events over exposure.
    Rate,
    /// Arithmetic mean.
    Mean,
    /// Mean adjusted by a model.
    AdjustedMean,
    /// Geometric mean.
    GeometricMean,
    /// Median.
    Median,
    /// Largest, or at most.
    Maximum,
    /// Smallest, or at least.
    Minimum,
    /// Only the range is known.
    Range,
    /// A single value, or one whose statistic is not stated.
    Value,
    /// Arm minus contrast.
    Difference,
    /// Difference of mean ranks.
    RankDifference,
    /// Ratio to baseline or to the contrast.
    Ratio,
    /// Hazard ratio, arm over contrast.
    HazardRatio,
    /// Odds ratio, arm over contrast.
    OddsRatio,
    /// Rate or risk ratio, arm over contrast.
    RateRatio,
    /// Correlation coefficient.
    Correlation,
    /// P value.
    PValue,
    /// 0 or 1.
    Indicator,
    /// In words.
    Text,
}

/// What an interval is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum IntervalKind {
    /// 90 % confidence interval.
    CI90,
    /// 95 % confidence interval.
    CI95,
    /// 97.5 % confidence interval.
    #[serde(rename = "CI97.5")]
    CI97_5,
    /// 95 % credible interval.
    CrI95,
    /// Quartiles.
    IQR,
    /// Smallest and largest.
    #[serde(rename = "range")]
    Range,
}
