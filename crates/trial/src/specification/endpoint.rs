//! What is measured: scores, endpoints and the strategy for rescue.

use neurocart_endpoint::scale::Scale;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Rescue;

/// Scores that a visit records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// Expanded Disability Status Scale, 0 to 10 by 0.5; higher is worse.
    Edss,
    /// Myasthenia Gravis Activities of Daily Living, 0 to 24; higher is worse.
    MgAdl,
    /// Quantitative Myasthenia Gravis score, 0 to 39; higher is worse.
    Qmg,
    /// Myasthenia Gravis Composite, 0 to 50; higher is worse.
    Mgc,
    /// Timed 25-foot walk, 0 to 180 seconds by 0.1; higher is worse.
    T25fw,
    /// INCAT disability score, 0 to 10; higher is worse.
    Incat,
}

impl Score {
    /// The score of a visit; `None` where the disease has none.
    pub fn of(self, visit: &crate::course::Visit) -> Option<f64> {
        match self {
            Score::Edss => visit.edss,
            Score::MgAdl => visit.mg_adl,
            Score::Qmg => visit.qmg,
            Score::Mgc => visit.mgc,
            Score::T25fw => visit.t25fw_seconds,
            Score::Incat => visit.incat,
        }
    }

    /// Name as it stands in reports.
    pub fn label(self) -> &'static str {
        match self {
            Score::Edss => "EDSS",
            Score::MgAdl => "MG-ADL",
            Score::Qmg => "QMG",
            Score::Mgc => "MGC",
            Score::T25fw => "T25FW",
            Score::Incat => "INCAT",
        }
    }

    /// Largest value of the scale; the smallest is 0.
    pub fn maximum(self) -> f64 {
        self.scale().definition().maximum
    }

    /// Its unit where it has one, with a space before it.
    pub fn unit(self) -> &'static str {
        match self {
            Score::T25fw => " seconds",
            _ => " points",
        }
    }

    fn scale(self) -> Scale {
        match self {
            Score::Edss => Scale::Edss,
            Score::MgAdl => Scale::MgAdl,
            Score::Qmg => Scale::Qmg,
            Score::Mgc => Scale::Mgc,
            Score::T25fw => Scale::T25fw,
            Score::Incat => Scale::Incat,
        }
    }
}

/// What is measured for the question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Name of the endpoint, unique in the trial.
    pub name: String,
    /// Label in figures and tables; the name where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How it is derived from the subject's course.
    pub measure: Measure,
    /// What rescue treatment does to it (ICH E9(R1)). The default is `composite` where rescue
    /// can count as an event or a failure, and `treatment_policy` elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rescue_strategy: Option<Strategy>,
    /// A second intercurrent event: immunosuppression is taken up again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immunosuppression_restart: Option<ImmunosuppressionRestart>,
}

/// Restart of immunosuppression as an intercurrent event of one endpoint.
///
/// Like rescue it does not change the simulated course: the model holds no such treatment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImmunosuppressionRestart {
    /// What makes the physician restart it.
    pub when: Rescue,
    /// What it does to the endpoint (ICH E9(R1)).
    pub strategy: Strategy,
}

impl Endpoint {
    /// Label in figures and tables.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }

    /// The strategy that applies to rescue treatment.
    pub fn strategy(&self) -> Strategy {
        self.rescue_strategy
            .unwrap_or(match self.measure.outcome() {
                OutcomeKind::Binary if self.measure.fails_with_rescue() => Strategy::Composite,
                _ => Strategy::TreatmentPolicy,
            })
    }
}

/// Strategies for intercurrent events (ICH E9(R1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Data count whether or not the event happened.
    TreatmentPolicy,
    /// The event is part of the endpoint: a failure of response, or an event in a time to event.
    Composite,
    /// As if the event had not happened: data after it are set aside.
    Hypothetical,
    /// The last value, or the time at risk, before the event.
    WhileOnTreatment,
}

impl From<Strategy> for neurocart_endpoint::estimand::Strategy {
    fn from(strategy: Strategy) -> Self {
        match strategy {
            Strategy::TreatmentPolicy => Self::TreatmentPolicy,
            Strategy::Composite => Self::Composite,
            Strategy::Hypothetical => Self::Hypothetical,
            Strategy::WhileOnTreatment => Self::WhileOnTreatment,
        }
    }
}

/// How an endpoint is derived from a subject's course.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "snake_case")]
pub enum Measure {
    /// Time to the first relapse or attack.
    TimeToAttack {},
    /// Relapses or attacks over the time at risk; onsets within 30 days of a counted one are
    /// merged with it.
    AttackCount {},
    /// Time to the onset of the first confirmed disability progression on the EDSS.
    ConfirmedProgression {
        /// Which rise counts, by baseline.
        rule: ProgressionRule,
        /// How long the rise must hold.
        confirmation_weeks: ConfirmationWeeks,
        /// Which progressions count; another kind censors at its onset.
        #[serde(default)]
        class: ProgressionClass,
        /// What the rise is measured against.
        #[serde(default)]
        reference: ProgressionReference,
    },
    /// Time to the onset of the first progression that is confirmed on the EDSS or on the timed
    /// 25-foot walk (+20 %).
    CompositeProgression {
        /// Which rise of the EDSS counts, by baseline.
        rule: ProgressionRule,
        /// How long the rise must hold.
        confirmation_weeks: ConfirmationWeeks,
    },
    /// New or enlarging T2 lesions from the reference scan to the last scan done, over the time
    /// between them.
    NewLesions {
        /// Weeks of the scans, in order; a scan before the end of observation was done.
        mri_weeks: Vec<f64>,
        /// Week of the reference scan, one of `mri_weeks`.
        #[serde(default)]
        reference_week: f64,
    },
    /// Gadolinium-enhancing lesions, added up over the scans done; the rate is per scan.
    EnhancingLesions {
        /// Weeks of the scans, in order.
        mri_weeks: Vec<f64>,
    },
    /// No evidence of disease activity (NEDA-3) at a week: no relapse, no confirmed progression,
    /// no new or enlarging T2 lesion and no enhancing lesion after the reference scan. Whoever
    /// cannot be evaluated, having been lost before that week, counts as no.
    Neda3 {
        /// At which week.
        week: f64,
        /// Which rise of the EDSS counts, by baseline.
        rule: ProgressionRule,
        /// How long the rise must hold, within the time to that week.
        #[serde(default = "twenty_four_weeks")]
        confirmation_weeks: ConfirmationWeeks,
        /// Weeks of the scans, in order.
        mri_weeks: Vec<f64>,
        /// Week of the scan that lesions are counted from, one of `mri_weeks`: 0, or later
        /// (re-baselining).
        #[serde(default)]
        reference_week: f64,
    },
    /// Change of a score from baseline to a visit.
    ScoreChange {
        /// Which score.
        score: Score,
        /// At which visit.
        week: f64,
    },
    /// Change of a score from baseline to a visit, in percent of the baseline.
    PercentChange {
        /// Which score.
        score: Score,
        /// At which visit.
        week: f64,
    },
    /// A fall of a score from baseline by at least so many points at a visit.
    /// A missing value counts as no response.
    Responder {
        /// Which score.
        score: Score,
        /// Points below baseline, above 0.
        reduction_points: f64,
        /// At which visit.
        week: f64,
    },
    /// A fall of a score from baseline by at least so many percent of it at a visit (20 % on the
    /// timed 25-foot walk). A missing value counts as no response.
    PercentResponder {
        /// Which score.
        score: Score,
        /// Percent of the baseline, above 0 and up to 100.
        reduction_percent: f64,
        /// At which visit.
        week: f64,
    },
    /// A score at or below a value at a visit (minimal symptom expression is MG-ADL 0 or 1).
    /// A missing value counts as no.
    ScoreAtMost {
        /// Which score.
        score: Score,
        /// Largest value that counts.
        value: f64,
        /// At which visit.
        week: f64,
    },
    /// Whether an adverse event happened by a week.
    AdverseEvent {
        /// Which event.
        event: AdverseEvent,
        /// Lowest grade that counts; serious infections have none.
        #[serde(default = "first_grade")]
        #[schemars(range(min = 1, max = 4))]
        minimum_grade: u8,
        /// End of the window; the end of follow-up where it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_week: Option<f64>,
    },
}

/// The kind of value an endpoint gives, which decides the analyses that fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeKind {
    /// A time, with or without the event.
    TimeToEvent,
    /// A count over a time at risk.
    Count,
    /// A change of a score, with its baseline.
    Continuous,
    /// Yes or no.
    Binary,
}

impl Measure {
    /// The kind of value this measure gives.
    pub fn outcome(&self) -> OutcomeKind {
        match self {
            Measure::TimeToAttack {}
            | Measure::ConfirmedProgression { .. }
            | Measure::CompositeProgression { .. } => OutcomeKind::TimeToEvent,
            Measure::AttackCount {}
            | Measure::NewLesions { .. }
            | Measure::EnhancingLesions { .. } => OutcomeKind::Count,
            Measure::ScoreChange { .. } | Measure::PercentChange { .. } => OutcomeKind::Continuous,
            Measure::Responder { .. }
            | Measure::PercentResponder { .. }
            | Measure::ScoreAtMost { .. }
            | Measure::Neda3 { .. }
            | Measure::AdverseEvent { .. } => OutcomeKind::Binary,
        }
    }

    /// The score it reads, where it reads one at a planned visit.
    pub fn score(&self) -> Option<Score> {
        match *self {
            Measure::ScoreChange { score, .. }
            | Measure::PercentChange { score, .. }
            | Measure::Responder { score, .. }
            | Measure::PercentResponder { score, .. }
            | Measure::ScoreAtMost { score, .. } => Some(score),
            _ => None,
        }
    }

    /// Whether rescue can make the answer a no: yes-or-no endpoints on efficacy.
    pub fn fails_with_rescue(&self) -> bool {
        self.outcome() == OutcomeKind::Binary && !matches!(self, Measure::AdverseEvent { .. })
    }

    /// The visit it reads, in weeks.
    pub fn week(&self) -> Option<f64> {
        match *self {
            Measure::ScoreChange { week, .. }
            | Measure::PercentChange { week, .. }
            | Measure::Responder { week, .. }
            | Measure::PercentResponder { week, .. }
            | Measure::ScoreAtMost { week, .. } => Some(week),
            _ => None,
        }
    }
}

/// Rise in EDSS that counts as progression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ProgressionRule {
    /// 1.0 from a baseline of 5.5 or less, 0.5 from a higher one (OPERA, ORATORIO; PMC6220799).
    #[serde(rename = "two_tier_5.5")]
    TwoTier55,
    /// 1.0 from a baseline of 5.0 or less, 0.5 from a higher one.
    #[serde(rename = "two_tier_5.0")]
    TwoTier50,
    /// 1.5 from 0, 1.0 from 1.0 to 5.0, 0.5 from 5.5 or more.
    #[serde(rename = "three_tier")]
    ThreeTier,
}

/// Confirmation window of disability progression, in weeks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u32", into = "u32")]
#[schemars(transform = confirmation_schema)]
pub enum ConfirmationWeeks {
    /// 12 weeks.
    Twelve,
    /// 24 weeks, as the European Medicines Agency asks.
    TwentyFour,
}

fn confirmation_schema(schema: &mut schemars::Schema) {
    *schema = schemars::json_schema!({
        "type": "integer",
        "enum": [12, 24],
        "description": "Confirmation window of disability progression, in weeks: 12 or 24.",
    });
}

impl TryFrom<u32> for ConfirmationWeeks {
    type Error = String;
    fn try_from(weeks: u32) -> Result<Self, String> {
        match weeks {
            12 => Ok(ConfirmationWeeks::Twelve),
            24 => Ok(ConfirmationWeeks::TwentyFour),
            other => Err(format!("confirmation is over 12 or 24 weeks, not {other}")),
        }
    }
}

impl From<ConfirmationWeeks> for u32 {
    fn from(weeks: ConfirmationWeeks) -> u32 {
        match weeks {
            ConfirmationWeeks::Twelve => 12,
            ConfirmationWeeks::TwentyFour => 24,
        }
    }
}

/// Which confirmed progressions count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgressionClass {
    /// All.
    #[default]
    Any,
    /// Progression independent of relapse activity.
    Pira,
    /// Relapse-associated worsening.
    Raw,
}

/// What a rise of the EDSS is measured against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgressionReference {
    /// The baseline.
    #[default]
    Baseline,
    /// Roving: after a confirmed improvement, the worst reading from its onset to its
    /// confirmation.
    AfterImprovement,
    /// After an attack, the first reading at least 30 days later, unless it is better than the
    /// reference before.
    AfterAttack,
}

/// Adverse events that a course records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdverseEvent {
    /// Cytokine release syndrome (ASTCT 2019).
    Crs,
    /// Immune-effector-cell-associated neurotoxicity syndrome (ASTCT 2019).
    Icans,
    /// Early immune effector cell-associated haematotoxicity (ICAHT, EHA/EBMT 2023): neutrophils
    /// from day 0 to 30.
    IcahtEarly,
    /// Late haematotoxicity: neutrophils after day 30.
    IcahtLate,
    /// Serious infection.
    SeriousInfection,
}

fn twenty_four_weeks() -> ConfirmationWeeks {
    ConfirmationWeeks::TwentyFour
}

fn first_grade() -> u8 {
    1
}
