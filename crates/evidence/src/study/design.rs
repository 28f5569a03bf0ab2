//! How a study was done and in whom.

use serde::{Deserialize, Serialize};

/// How a study was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// Class, by which studies are selected.
    pub kind: DesignKind,
    /// In words: phase, blinding, centres.
    pub description: String,
    /// With what it was compared; absent if with nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparator: Option<String>,
    /// Patients treated, or randomised; absent where not reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patients: Option<u64>,
    /// Median follow-up, months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up_months: Option<f64>,
}

/// Class of a design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DesignKind {
    /// Patients were allotted by chance.
    RandomisedTrial,
    /// Groups were compared that chance did not make.
    NonrandomisedComparison,
    /// A protocol, one group.
    SingleArmTrial,
    /// Several patients without a protocol, or named-patient use.
    CaseSeries,
    /// One or two patients.
    CaseReport,
    /// Patients of a centre or register, followed.
    Cohort,
    /// Several trials or uses reported as one.
    PooledReport,
    /// Review of other reports, with or without pooling. Never pooled here.
    Review,
    /// Reports to a safety data base: shares of reports, not of patients.
    Surveillance,
    /// Mathematical model fitted to data.
    Model,
    /// Animals or cells.
    Preclinical,
    /// Measurements that explain how something works.
    Mechanism,
}

impl DesignKind {
    /// False for what is never pooled: reviews, reports to a safety data base, models and animals.
    pub fn counts_patients(self) -> bool {
        !matches!(
            self,
            DesignKind::Review
                | DesignKind::Surveillance
                | DesignKind::Model
                | DesignKind::Preclinical
        )
    }
}

/// In whom a study was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// Codes of `evidence/diseases.csv`; several for a basket.
    pub diseases: Vec<String>,
    /// Who they were, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Animal, for preclinical work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub species: Option<String>,
    /// Limits of age and scores at entry, for trials that a virtual trial can imitate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
}

/// Entry criteria. Limits are inclusive.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Entry {
    /// Smallest age, years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_min_years: Option<f64>,
    /// Largest age, years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_max_years: Option<f64>,
    /// Smallest EDSS, points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edss_min: Option<f64>,
    /// Largest EDSS, points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edss_max: Option<f64>,
    /// Smallest MG-ADL, points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mg_adl_min: Option<f64>,
    /// Relapses before entry, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub relapses: String,
    /// Autoantibody, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub antibody: String,
    /// Anything else, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub other: String,
}
