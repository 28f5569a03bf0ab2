//! Dose finding: the arms are the doses, lowest first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dose_limiting_toxicity::DoseLimitingToxicity as Definition;

/// Dose finding over the arms of the trial, which are the doses in rising order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DoseFinding {
    /// The rule.
    pub design: DoseFindingMethod,
    /// Target probability of a dose-limiting toxicity (DLT). For `boin12` the highest acceptable one;
    /// for `three_plus_three`, which has none, the one that its choices are judged by.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub target: f64,
    /// Subjects of a cohort.
    #[serde(default = "three")]
    #[schemars(range(min = 1))]
    pub cohort_size: usize,
    /// Subjects treated at most.
    #[schemars(range(min = 1))]
    pub maximum_subjects: usize,
    /// Name of the arm that is the first dose; the lowest one where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_dose: Option<String>,
    /// A dose and all above it are eliminated when the posterior probability of a DLT rate above
    /// the target exceeds this, with 3 subjects or more (uniform prior).
    #[serde(default = "ninety_five_percent")]
    #[schemars(range(min = 0.5, max = 1.0))]
    pub elimination_cutoff: f64,
    /// Choosing or giving a dose with a true DLT probability above this is an overdose, in the
    /// operating characteristics; 1.4 times the target where it is missing, as in BOIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub overdose_above: Option<f64>,
    /// Days between the first treatments of the first two subjects of a cohort, at least.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub stagger_days: f64,
    /// `three_plus_three`: name a dose only after six subjects were treated at it.
    #[serde(default)]
    pub confirm_with_six: bool,
    /// `crm` and `tite_crm`: prior DLT probabilities of the doses. Where they are missing they come
    /// from an indifference interval of 0.05 about the target (Lee and Cheung 2009), with the
    /// middle dose (the lower of two) as the prior guess.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skeleton: Option<Vec<f64>>,
    /// `boin12`: name of the yes-or-no endpoint that is the response. It must be known at the end of
    /// the DLT window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
    /// `boin12`: lowest acceptable probability of response.
    #[serde(default = "quarter")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub lowest_response_rate: f64,
    /// What is dose-limiting.
    pub dose_limiting_toxicity: DoseLimitingToxicity,
}

/// Dose-finding rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DoseFindingMethod {
    /// 3+3, with 6 at the dose named if `confirm_with_six`.
    ThreePlusThree,
    /// Bayesian optimal interval design (Liu and Yuan 2015).
    Boin,
    /// Keyboard design (Yan, Mandrekar and Yuan 2017).
    Keyboard,
    /// Modified toxicity probability interval design (Ji et al. 2010).
    Mtpi,
    /// mTPI-2 (Guo et al. 2017).
    Mtpi2,
    /// Continual reassessment method, empiric model.
    Crm,
    /// Time-to-event continual reassessment method (Cheung and Chappell 2000): enrolment does not
    /// wait for the DLT window.
    TiteCrm,
    /// BOIN12 for the optimal biological dose (Lin et al. 2020).
    Boin12,
}

/// What counts as a dose-limiting toxicity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DoseLimitingToxicity {
    /// Length of the window, from the first treatment.
    #[serde(default = "four_weeks")]
    #[schemars(range(min = 0.0))]
    pub window_days: f64,
    /// Lowest grade of cytokine release syndrome that counts; none where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4))]
    pub crs_grade: Option<u8>,
    /// Lowest grade of neurotoxicity (ICANS) that counts; none where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4))]
    pub icans_grade: Option<u8>,
    /// Lowest grade of early or late haematotoxicity (ICAHT) that counts; none where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4))]
    pub icaht_grade: Option<u8>,
    /// Whether a serious infection counts.
    #[serde(default)]
    pub serious_infection: bool,
}

impl DoseLimitingToxicity {
    /// What counts, without the window.
    pub fn definition(&self) -> Definition {
        Definition {
            crs_grade: self.crs_grade,
            icans_grade: self.icans_grade,
            icaht_grade: self.icaht_grade,
            serious_infection: self.serious_infection,
        }
    }
}

/// Making a cell product for each subject.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manufacturing {
    /// Shortest and longest time from enrolment to the first treatment, in days; uniform between.
    #[serde(default)]
    pub vein_to_vein_days: [f64; 2],
    /// Probability that no product is made. Such a subject is not treated and cannot have a DLT, but
    /// stays in the intention-to-treat set.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub failure_probability: f64,
    /// Probability that a product, if it is made, holds fewer cells than assigned. Such a subject
    /// receives the next lower dose; below the lowest dose it is not treated.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub shortfall_probability: f64,
}

fn three() -> usize {
    3
}
fn ninety_five_percent() -> f64 {
    0.95
}
fn quarter() -> f64 {
    0.25
}
fn four_weeks() -> f64 {
    28.0
}
