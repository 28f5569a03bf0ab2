//! What is compared with what: the file `library/validation.toml`.

use serde::{Deserialize, Serialize};

use neurocart_library::{Library, Problem, nearest, toml_file};

use super::estimate::Statistic;
use super::measure::Measure;
use super::reference::Reference;
use crate::error::Error;
use crate::parameters::Parameters;

/// Path of the file below `library/`.
pub const FILE: &str = "validation.toml";

/// The file as a whole.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The comparisons, in the order of the report.
    #[serde(rename = "comparison")]
    pub comparisons: Vec<Comparison>,
    /// What published figures exist that this version cannot be held against, and why.
    #[serde(default, rename = "not_covered")]
    pub not_covered: Vec<NotCovered>,
}

/// One comparison of a simulated with a published figure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// Name on the command line, lower case with hyphens.
    pub id: String,
    /// Heading that several comparisons share: the trial or the therapy.
    pub group: String,
    /// What is compared, in words.
    pub title: String,
    /// Whether the figure was used to set the model.
    pub kind: Kind,
    /// Parameters that were set by the figure: their keys in the parameter table, `symbol` of the scopes
    /// `core` and `stochastic`, else `scope/symbol`.
    #[serde(default)]
    pub calibrates: Vec<String>,
    /// Disease of the library.
    pub disease: String,
    /// Therapy of the library.
    pub therapy: String,
    /// Changes of the therapy, as after `--set`: `lymphodepletion.units=0`.
    #[serde(default)]
    pub changes: Vec<String>,
    /// Parameters of the model other than in the table, `symbol=value`.
    #[serde(default)]
    pub parameters: Vec<String>,
    /// Therapy of the second arm, where the figure is a ratio or a difference.
    #[serde(default)]
    pub comparator: Option<String>,
    /// Changes of the second therapy.
    #[serde(default)]
    pub comparator_changes: Vec<String>,
    /// Who is simulated.
    #[serde(default)]
    pub population: Population,
    /// Study of the evidence base whose entry limits of EDSS and MG-ADL the patients meet and whose
    /// arms give the size of the trial.
    #[serde(default)]
    pub trial: Option<String>,
    /// Last day of the simulation from the first treatment.
    pub horizon_days: f64,
    /// What is measured in each patient.
    pub quantity: Measure,
    /// What is made of the patients' values.
    pub statistic: Statistic,
    /// Unit of the figure; empty for a pure number.
    #[serde(default)]
    pub unit: String,
    /// The published figure.
    pub published: Reference,
    /// Patients behind the published figure, of both arms for a ratio or a difference, where
    /// neither the figure nor `trial` says so.
    #[serde(default)]
    pub size: Vec<u64>,
    /// Why no verdict is given although both figures are shown.
    #[serde(default)]
    pub not_judged: Option<String>,
    /// What limits the comparison; printed always.
    #[serde(default)]
    pub note: Option<String>,
    /// Why the model misses the figure, as far as is known; printed if it does.
    #[serde(default)]
    pub explanation: Option<String>,
}

/// Whether a figure was used to set the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The figure set a parameter: agreement shows that the program is the calibrated model.
    Calibration,
    /// The figure was not used: agreement is evidence for the model.
    Validation,
    /// A property that the model must have, from physiology or from its equations.
    Physiology,
}

impl Kind {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Calibration => "calibration",
            Kind::Validation => "validation",
            Kind::Physiology => "physiology",
        }
    }
}

/// Who is simulated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// Virtual patients drawn from the distributions of the parameter table.
    #[default]
    Virtual,
    /// One patient with the typical value of every parameter.
    Typical,
}

/// A published figure that this version cannot be held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotCovered {
    /// What was published.
    pub title: String,
    /// Why it is not compared.
    pub reason: String,
}

impl Plan {
    /// The plan of a library. References and therapies are checked when they are used.
    pub fn load(library: &Library) -> Result<Plan, Error> {
        let file = library.file(FILE)?;
        let plan: Plan = toml_file::parse(file.text, file.name)?;
        let parameters = Parameters::of(library)?;
        for (i, comparison) in plan.comparisons.iter().enumerate() {
            let wrong = comparison.wrong().or_else(|| {
                plan.comparisons[..i]
                    .iter()
                    .any(|other| other.id == comparison.id)
                    .then_some("has the id of an earlier comparison; choose another")
            });
            if let Some(wrong) = wrong {
                let offset = file
                    .text
                    .find(&format!("\"{}\"", comparison.id))
                    .unwrap_or(0);
                let message = format!("comparison `{}` {wrong}", comparison.id);
                return Err(Problem::new(file.name, message)
                    .at(file.text, offset)
                    .into());
            }
            for key in &comparison.calibrates {
                if let Err(hint) = parameters.by_key(key) {
                    let offset = file.text.find(&format!("\"{key}\"")).unwrap_or(0);
                    let message = format!(
                        "comparison `{}`, `calibrates`: there is no parameter `{key}`",
                        comparison.id
                    );
                    let problem = Problem::new(file.name, message).at(file.text, offset);
                    return Err(problem.hint(hint).into());
                }
            }
        }
        Ok(plan)
    }

    /// The comparisons with these ids, in the order of the plan; all if there are none.
    pub fn select(&self, only: &[String]) -> Result<Vec<&Comparison>, Error> {
        let known = || self.comparisons.iter().map(|c| c.id.as_str());
        if let Some(unknown) = only.iter().find(|id| !known().any(|k| k == *id)) {
            let problem = Problem::new("--only", format!("unknown comparison `{unknown}`"));
            let hint = match nearest(unknown, known()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the comparisons are the ids of library/{FILE}"),
            };
            return Err(problem.hint(hint).into());
        }
        let wanted = |c: &&Comparison| only.is_empty() || only.contains(&c.id);
        Ok(self.comparisons.iter().filter(wanted).collect())
    }
}

impl Comparison {
    fn wrong(&self) -> Option<&'static str> {
        let typical = self.population == Population::Typical;
        if !(self.horizon_days.is_finite() && self.horizon_days > 0.0) {
            return Some("has a `horizon_days` that is not above 0");
        }
        if self.statistic.needs_comparator() != self.comparator.is_some() {
            return Some("needs a `comparator` exactly if its statistic compares two arms");
        }
        if typical && (self.quantity.is_drawn() || self.statistic != Statistic::Mean) {
            return Some("is of the typical patient: use a quantity without chance and `mean`");
        }
        None
    }
}
