//! One study's figure as it is shown and pooled.

use serde::{Deserialize, Serialize};

use neurocart_stats::distribution::normal_critical;
use neurocart_stats::poisson_rate_ratio::poisson_rate;
use neurocart_stats::proportion::{ProportionMethod, proportion};

use super::choice::Candidate;
use super::number::{counts, standard_error};
use super::standing::{arm_diseases, number_refusal};
use super::{Measure, Reason};
use crate::study::*;
use crate::vocabulary::{OutcomeCode, PER_PATIENT_YEAR};

/// One study's figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Study.
    pub study: String,
    /// Year of its report.
    pub year: u16,
    /// Diseases of the patients counted.
    pub diseases: Vec<String>,
    /// What the treatment binds.
    pub target: String,
    /// Product.
    pub product: String,
    /// How it is made.
    pub platform: Option<Platform>,
    /// Whether lymphodepletion was given.
    pub lymphodepletion: Option<Lymphodepletion>,
    /// Arm.
    pub arm: String,
    /// Class of the design.
    pub design: DesignKind,
    /// Months after infusion; none where at any time or not stated.
    pub time_months: Option<f64>,
    /// What the printed number is.
    pub statistic: Statistic,
    /// Patients with the event.
    pub events: Option<u64>,
    /// Patients.
    pub total: Option<u64>,
    /// Patient-years, for a rate that can be pooled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure_patient_years: Option<f64>,
    /// How the count was worked out, where it is not printed.
    pub implied: Option<String>,
    /// Why the figure is shown but not pooled.
    pub not_pooled: Option<Reason>,
    /// The figure, in `unit`; none for a text.
    pub estimate: Option<f64>,
    /// Lower limit, in `unit`.
    pub lower: Option<f64>,
    /// Upper limit, in `unit`.
    pub upper: Option<f64>,
    /// What the limits are.
    pub interval: String,
    /// Unit of the figure.
    pub unit: String,
    /// What was found, where it is no number.
    pub text: Option<String>,
    /// Standard error on the scale on which it is pooled; none where it cannot be had.
    pub standard_error: Option<f64>,
    /// The control arm with which it is compared.
    pub contrast: Option<Contrast>,
    /// Toxicity scale.
    pub grading: Option<String>,
    /// What to cite.
    pub citation: String,
    /// Where in it.
    pub locator: String,
    /// How well the number is known.
    pub grade: Grade,
    /// Tier of the text in which it was read.
    pub tier: Tier,
    /// Risk of bias of the study, if it was judged.
    pub risk: Option<Risk>,
}

/// Counts of a control arm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contrast {
    /// Arm.
    pub arm: String,
    /// Patients with the event.
    pub events: u64,
    /// Patients.
    pub total: u64,
}

impl Row {
    /// Patients behind the figure, controls included where it compares; none where not reported.
    pub fn patients(&self) -> Option<u64> {
        let controls = self.contrast.as_ref().map_or(0, |c| c.total);
        self.total.map(|total| total + controls)
    }
}

/// The row as it is shown and pooled.
pub(super) fn row(candidate: &Candidate, measure: Measure, code: &OutcomeCode) -> Row {
    let Candidate { study, outcome, .. } = *candidate;
    let arm = study.arms.iter().find(|a| a.name == outcome.arm);
    let treatment = study.treatment.as_ref();
    let mut row = Row {
        study: study.id.clone(),
        year: study.year,
        diseases: arm_diseases(study, arm).to_vec(),
        target: treatment.map_or(String::new(), |t| t.target.clone()),
        product: treatment.map_or(String::new(), |t| t.product.clone()),
        platform: treatment.map(|t| t.platform),
        lymphodepletion: treatment.map(|t| t.lymphodepletion),
        arm: outcome.arm.clone(),
        design: study.design.kind,
        time_months: outcome.months(),
        statistic: outcome.statistic,
        events: outcome.events,
        // A share needs its own denominator; a mean may take the size of the arm.
        total: match measure {
            Measure::Proportion => outcome.total,
            _ => outcome.total.or(arm.and_then(|a| a.patients)),
        },
        exposure_patient_years: outcome.exposure_patient_years,
        implied: None,
        not_pooled: number_refusal(outcome, measure),
        estimate: outcome.value,
        lower: outcome.lower,
        upper: outcome.upper,
        interval: outcome.interval.map_or(String::new(), interval_words),
        unit: if outcome.unit.is_empty() {
            code.units.first().cloned().unwrap_or_default()
        } else {
            outcome.unit.clone()
        },
        text: outcome.text.clone(),
        standard_error: None,
        contrast: None,
        grading: outcome.grading.clone(),
        citation: study.citation_of(&outcome.cite),
        locator: outcome.locator.clone(),
        grade: outcome.grade,
        tier: outcome.tier,
        risk: study.appraisal.as_ref().map(|a| a.overall),
    };
    match measure {
        Measure::Proportion => {
            if row.not_pooled.is_none()
                && let Some((events, total, implied)) = counts(outcome)
                && let Ok(exact) = proportion(events, total, ProportionMethod::ClopperPearson, 0.95)
            {
                row.events = Some(events);
                row.total = Some(total);
                row.implied = match (candidate.of_milder, implied) {
                    (true, _) => Some(format!("nobody had `{}`", outcome.outcome)),
                    (_, true) => Some(format!(
                        "{} % of {total}",
                        outcome.value.unwrap_or(f64::NAN)
                    )),
                    _ => None,
                };
                row.estimate = Some(100.0 * exact.estimate);
                row.lower = Some(100.0 * exact.interval.lower);
                row.upper = Some(100.0 * exact.interval.upper);
                row.interval = "95 % exact".into();
                row.unit = "%".into();
            }
        }
        Measure::Mean | Measure::Difference | Measure::Ratio => {
            row.standard_error = standard_error(outcome, row.total, measure);
            if let (None, Some(error), Some(value)) = (row.lower, row.standard_error, row.estimate)
                && measure != Measure::Ratio
            {
                let half_width = normal_critical(0.95) * error;
                (row.lower, row.upper) = (Some(value - half_width), Some(value + half_width));
                row.interval = "95 % from the standard error".into();
            }
        }
        Measure::Rate => {
            if let Some((events, exposure)) = outcome.events.zip(outcome.exposure_patient_years)
                && let Ok(exact) = poisson_rate(events, exposure, 0.95)
            {
                row.estimate = Some(exact.rate);
                row.lower = Some(exact.interval.lower);
                row.upper = Some(exact.interval.upper);
                row.interval = "95 % exact".into();
                row.unit = PER_PATIENT_YEAR.into();
            }
        }
        Measure::Listed => {}
    }
    if row.not_pooled.is_none()
        && row.standard_error.is_none()
        && matches!(
            measure,
            Measure::Mean | Measure::Difference | Measure::Ratio
        )
    {
        row.not_pooled = Some(Reason::NoStandardError);
    }
    row
}

fn interval_words(kind: IntervalKind) -> String {
    match kind {
        IntervalKind::CI90 => "90 % confidence",
        IntervalKind::CI95 => "95 % confidence",
        IntervalKind::CI97_5 => "97.5 % confidence",
        IntervalKind::CrI95 => "95 % credible",
        IntervalKind::IQR => "quartiles",
        IntervalKind::Range => "range",
    }
    .into()
}
