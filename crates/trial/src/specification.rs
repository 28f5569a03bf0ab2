//! The trial file: what a trialist writes, as plain data.
//!
//! Every field's documentation is the user's reference text: the JSON schema in
//! `schemas/trial.json` is generated from here. Checks that need more than the shape (names that
//! must exist, visits inside the follow-up, ...) stand in [`crate::check`].

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::therapy::FieldOverride;

mod analysis;
mod dose_finding;
mod endpoint;
mod group_sequential;
mod null;
mod single_arm;

pub use analysis::{
    Alternative, Analysis, Bayesian, BetaPrior, DifferenceInterval, Historical, HistoricalArm,
    Method, Stratum,
};
pub use dose_finding::{DoseFinding, DoseFindingMethod, DoseLimitingToxicity, Manufacturing};
pub use endpoint::{
    AdverseEvent, ConfirmationWeeks, Endpoint, ImmunosuppressionRestart, Measure, OutcomeKind,
    ProgressionClass, ProgressionReference, ProgressionRule, Score, Strategy,
};
pub use group_sequential::{FutilityRule, GroupSequential, SpendingFunction};
pub use null::Null;
pub use single_arm::{ManufacturingFailure, Optimality, SingleArm, ToxicityRule};

/// A simulated clinical trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Specification {
    /// Short name in lower case with hyphens; names the run directory.
    pub name: String,
    /// Title as it stands on the report.
    pub title: String,
    /// The clinical question, in one or two sentences.
    pub question: String,
    /// Who is enrolled.
    pub population: Population,
    /// Treatment arms, one `[[arm]]` each.
    #[serde(rename = "arm")]
    #[schemars(length(min = 1))]
    pub arms: Vec<Arm>,
    /// How subjects enter.
    #[serde(default)]
    pub accrual: Accrual,
    /// How long subjects are followed.
    pub follow_up: FollowUp,
    /// When subjects are seen.
    pub visits: Visits,
    /// Loss to follow-up; none where the section is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropout: Option<Dropout>,
    /// Rule that starts rescue treatment; none where the section is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rescue: Option<Rescue>,
    /// Making the cell product; at once and always where the section is missing. For trials with
    /// `[dose_finding]` or `[single_arm]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manufacturing: Option<Manufacturing>,
    /// What is measured for the question, one `[[endpoint]]` each.
    #[serde(rename = "endpoint", default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<Endpoint>,
    /// Statistical analyses at the end, one `[[analysis]]` each.
    #[serde(rename = "analysis", default, skip_serializing_if = "Vec::is_empty")]
    pub analyses: Vec<Analysis>,
    /// Dose finding over the arms, which are then the doses, lowest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose_finding: Option<DoseFinding>,
    /// A trial of one arm in two stages; after dose finding, of the dose that it named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_arm: Option<SingleArm>,
    /// Looks at the primary analysis of a randomised trial before its planned end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_sequential: Option<GroupSequential>,
    /// Truths without an effect under which the trial is simulated as well, one `[[null]]` each.
    /// The type I error is reported for each, and the worst one is named.
    #[serde(rename = "null", default, skip_serializing_if = "Vec::is_empty")]
    pub nulls: Vec<Null>,
    /// Replicates, seed and switches of the simulation.
    pub simulation: Simulation,
}

/// Who is enrolled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// Diseases of the library and their shares, one `[[population.disease]]` each.
    #[serde(rename = "disease")]
    #[schemars(length(min = 1))]
    pub diseases: Vec<DiseaseShare>,
    /// Subjects randomised, all arms together. Left out where `[dose_finding]` or `[single_arm]`
    /// say how many.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub size: usize,
    /// Virtual patients solved once per regimen, from which every replicate draws its subjects
    /// without replacement. Ten times the size or more keeps replicates nearly independent.
    pub bank: usize,
    /// Inclusion limits, one `[[population.eligibility]]` each; all must hold.
    #[serde(rename = "eligibility", default, skip_serializing_if = "Vec::is_empty")]
    pub eligibility: Vec<Eligibility>,
    /// Population values of model parameters, by symbol, instead of the library's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, f64>,
}

/// A disease and its share of the population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiseaseShare {
    /// Name of a disease file of the library.
    pub name: String,
    /// Share of the population, above 0; the shares add up to 1.
    #[serde(default = "one")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: f64,
}

/// Limits of one quantity at screening; both ends belong to the range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Eligibility {
    /// What is measured.
    pub variable: EligibilityVariable,
    /// Smallest value allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Largest value allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// Quantities that eligibility can limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EligibilityVariable {
    /// Expanded Disability Status Scale as measured at baseline.
    Edss,
    /// MG-ADL as measured at baseline.
    MgAdl,
    /// QMG as measured at baseline.
    Qmg,
    /// MG Composite as measured at baseline.
    Mgc,
    /// Timed 25-foot walk in seconds as measured at baseline.
    T25fw,
    /// INCAT disability score as measured at baseline.
    Incat,
    /// Relapses or attacks in the year before enrolment: drawn from the patient's own attack
    /// rate, so subjects selected for them show regression to the mean in the trial.
    AttacksPreviousYear,
}

/// One treatment arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Name of the arm, unique in the trial.
    pub name: String,
    /// Label in figures and tables; the name where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Name of a therapy file of the library.
    pub therapy: String,
    /// Part in the allocation, a whole number of at least 1 (2 to 1 is `ratio = 2` and
    /// `ratio = 1`).
    #[serde(default = "one_part")]
    #[schemars(range(min = 1))]
    pub ratio: u32,
    /// Subjects and raters do not know the arm: the placebo response applies. Where it is
    /// missing, the therapy file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blinded: Option<bool>,
    /// The control arm: contrasts are against it, and a null gives its therapy to every arm.
    #[serde(default)]
    pub reference: bool,
    /// Fields of the therapy file that this arm changes, by name: `dose_cells_per_kg = 2e6`,
    /// `lymphodepletion.units = 0`, `drug.0.dose.1.dose_mg = 400`.
    #[serde(
        rename = "override",
        default,
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub changes: BTreeMap<String, serde_json::Value>,
}

impl Arm {
    /// Label in figures and tables.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }

    /// The changes of the therapy's fields, one per value.
    pub fn field_overrides(&self) -> Vec<FieldOverride> {
        fn collect(
            path: &str,
            value: &serde_json::Value,
            arm: &str,
            found: &mut Vec<FieldOverride>,
        ) {
            match value {
                serde_json::Value::Object(fields) => {
                    for (key, value) in fields {
                        collect(&format!("{path}.{key}"), value, arm, found);
                    }
                }
                // Numbers, texts and lists are written alike in JSON and TOML.
                value => found.push(FieldOverride {
                    path: path.to_owned(),
                    value: value.to_string(),
                    origin: format!("`override` of arm `{arm}`:"),
                }),
            }
        }
        let mut found = Vec::new();
        for (field, value) in &self.changes {
            collect(field, value, &self.name, &mut found);
        }
        found
    }
}

/// How subjects enter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accrual {
    /// Length of the enrolment period; subjects enter uniformly over it, and all at once where
    /// it is 0.
    #[serde(default, skip_serializing_if = "is_none_given")]
    #[schemars(range(min = 0.0))]
    pub duration_weeks: f64,
    /// Instead, for `[dose_finding]` and `[single_arm]`: eligible candidates per week, who come
    /// independently of each other. Those who come while the trial is not enrolling do not wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_week: Option<f64>,
}

/// How long subjects are followed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    /// Longest follow-up of a subject, from the first treatment.
    #[schemars(range(min = 0.0))]
    pub duration_weeks: f64,
    /// Event-driven trials: the data are cut at the calendar time of this many events of the
    /// endpoint `until_endpoint`, or when the last subject completes, whichever is first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub until_events: Option<usize>,
    /// Endpoint whose events are counted for `until_events`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_endpoint: Option<String>,
}

/// When subjects are seen. Day 0 is always a visit. Give `weeks` or `every_weeks`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Visits {
    /// Visits in weeks after the first treatment, increasing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weeks: Option<Vec<f64>>,
    /// A visit every so many weeks until the end of follow-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_weeks: Option<f64>,
}

/// Loss to follow-up, at a constant hazard and unrelated to the disease.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dropout {
    /// Probability to be lost within one year, in every arm not named in `arms`.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub annual_probability: f64,
    /// Probabilities of single arms, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arms: BTreeMap<String, f64>,
}

/// What makes the physician give rescue treatment.
///
/// Rescue does not change the simulated course: the model holds no rescue treatment. What it does
/// to an endpoint is the endpoint's strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, tag = "trigger", rename_all = "snake_case")]
pub enum Rescue {
    /// The first relapse or attack.
    Attack {},
    /// A score worse than at baseline by at least so many points at a visit.
    ScoreWorsening {
        /// Which score.
        score: Score,
        /// Points above baseline, above 0.
        points: f64,
    },
}

/// Replicates, seed and switches of the simulation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Simulation {
    /// Trials simulated per scenario.
    pub replicates: u32,
    /// Root seed of all random numbers.
    pub seed: u64,
    /// The first so many replicates are written subject by subject, visit by visit.
    #[serde(default = "twenty")]
    pub detail_replicates: u32,
    /// The run stops when a larger share of the virtual patients cannot be solved.
    #[serde(default = "one_in_thousand")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub maximum_failed_fraction: f64,
}

fn is_zero(size: &usize) -> bool {
    *size == 0
}
fn is_none_given(duration_weeks: &f64) -> bool {
    *duration_weeks == 0.0
}
fn one() -> f64 {
    1.0
}
fn one_part() -> u32 {
    1
}
fn twenty() -> u32 {
    20
}
fn one_in_thousand() -> f64 {
    0.001
}

/// Most visits that a step makes: more than daily ones over the longest follow-up. The check
/// refuses such a trial, but must live to say so.
const MOST_VISITS: usize = 20_000;
/// Days in a week.
pub const DAYS_PER_WEEK: f64 = 7.0;
/// Days in a year, as in the model's annual rates.
pub const DAYS_PER_YEAR: f64 = 365.0;

impl Specification {
    /// Planned visits in days, day 0 first, none after the end of follow-up.
    pub fn visit_days(&self) -> Vec<f64> {
        let end = self.follow_up.duration_weeks;
        let mut weeks = vec![0.0];
        if let Some(list) = &self.visits.weeks {
            weeks.extend(
                list.iter()
                    .copied()
                    .filter(|&week| week > 0.0 && week <= end),
            );
        } else if let Some(step) = self.visits.every_weeks.filter(|&step| step > 0.0) {
            // Multiples of the step, so that no rounding error accumulates.
            let count = ((end / step + 1e-9).floor() as usize).min(MOST_VISITS);
            weeks.extend((1..=count).map(|k| k as f64 * step));
        }
        weeks.iter().map(|week| week * DAYS_PER_WEEK).collect()
    }

    /// Longest follow-up of a subject, in days.
    pub fn follow_up_days(&self) -> f64 {
        self.follow_up.duration_weeks * DAYS_PER_WEEK
    }

    /// Whether subjects are enrolled one by one while the design decides.
    pub fn decides_while_enrolling(&self) -> bool {
        self.dose_finding.is_some() || self.single_arm.is_some()
    }

    /// Whether the design decides while the trial runs, so that there are decisions to keep.
    pub fn has_decisions(&self) -> bool {
        self.decides_while_enrolling() || self.group_sequential.is_some()
    }

    /// Index of the reference arm.
    pub fn reference_arm(&self) -> Option<usize> {
        self.arms.iter().position(|arm| arm.reference)
    }

    /// Index of the endpoint called `name`.
    pub fn endpoint_index(&self, name: &str) -> Option<usize> {
        self.endpoints
            .iter()
            .position(|endpoint| endpoint.name == name)
    }

    /// Index of the primary analysis.
    pub fn primary_analysis(&self) -> Option<usize> {
        self.analyses.iter().position(|analysis| analysis.primary)
    }

    /// The specification as TOML, the form in which a run directory keeps it.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a specification has only values that TOML can hold")
    }
}

/// The JSON schema of the trial file.
pub fn json_schema() -> serde_json::Value {
    let mut settings = schemars::generate::SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let schema = settings
        .into_generator()
        .into_root_schema_for::<Specification>();
    schema.to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_file_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/trial.json");
        let mut wanted = serde_json::to_string_pretty(&json_schema()).expect("a JSON value");
        wanted.push('\n');
        if std::env::var_os("NEUROCART_UPDATE").is_some() {
            std::fs::write(path, &wanted).expect("schemas/ is writable");
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            found == wanted,
            "schemas/trial.json is out of date: run the tests once with NEUROCART_UPDATE=1"
        );
    }

    #[test]
    fn visits_every_twelve_weeks_start_at_day_zero_and_end_with_the_follow_up() {
        let text = include_str!("../../../library/trials/progressive-ms-cd19-vs-anti-cd20.toml");
        let specification: Specification = toml::from_str(text).expect("the shipped trial parses");
        let days = specification.visit_days();
        assert_eq!(days.len(), 11);
        assert_eq!(days[0], 0.0);
        assert_eq!(days[10], 840.0);
    }

    #[test]
    fn a_specification_survives_the_way_through_toml() {
        for text in [
            include_str!("../../../library/trials/mg-bcma-mrna-placebo.toml"),
            include_str!("../../../library/trials/nmosd-bcma-single-arm.toml"),
            include_str!("../../../library/trials/progressive-ms-cd19-vs-anti-cd20.toml"),
        ] {
            let specification: Specification = toml::from_str(text).expect("parses");
            let again: Specification = toml::from_str(&specification.to_toml()).expect("parses");
            assert_eq!(specification, again);
        }
    }
}
