//! Everything about a finished run that the terminal and the report show, as plain data.
//!
//! `summary.json` in the run directory holds it. It has no clock in it: two runs of the same
//! specification, seed, library and version have the same bytes.

use std::collections::BTreeMap;

use neurocart_evidence::evidence::{STUDIES, parse};
use neurocart_evidence::study::Grade;
use neurocart_library::{Library, Problem};
use neurocart_stats::quantile::{QuantileType, quantiles};
use serde::{Deserialize, Serialize};

use crate::adaptive::characteristics::{DesignCharacteristics, TwoStageDesign};
use crate::cohort::Cohort;
use crate::error::Error;
use crate::large_sample::LargeSample;
use crate::operating_characteristics::{OperatingCharacteristic, TypeOneError};
use crate::parameters::{OVERRIDE, Parameters};
use crate::pool::Pool;
use crate::run_directory::Identity;
use crate::specification::Specification;

/// A finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The trial, as it was run.
    pub specification: Specification,
    /// What the run was made from.
    pub identity: Identity,
    /// The solved patients.
    pub cohort: CohortSummary,
    /// Arms with their therapies.
    pub arms: Vec<ArmSummary>,
    /// Courses of the immune system, by output and arm.
    pub trajectories: Vec<Trajectories>,
    /// The first replicates together: flow, survival, responders, scores, safety.
    pub pool: Pool,
    /// Power, type I error, bias, coverage.
    pub operating_characteristics: Vec<OperatingCharacteristic>,
    /// What a design that decides while the trial runs does, under each truth.
    pub designs: Vec<DesignCharacteristics>,
    /// The two-stage design of the single arm, exactly.
    pub two_stage: Option<TwoStageDesign>,
    /// Type I error under each null, with the worst one marked.
    pub type_one_errors: Vec<TypeOneError>,
    /// What bias and coverage are measured against.
    pub large_sample: Vec<LargeSample>,
    /// The values of the model in use: those that the user set, then from the worst known to the best.
    pub assumptions: Vec<Assumption>,
    /// The studies on which those values rest, from the worst known to the best.
    #[serde(default)]
    pub evidence: Vec<StudyInUse>,
    /// What the model is known to get wrong.
    pub known_failures: Vec<KnownFailure>,
}

/// The solved patients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CohortSummary {
    /// Patients, each solved under every regimen.
    pub patients: u64,
    /// Candidates looked at until there were so many.
    pub candidates: u64,
    /// Candidates that were not plausible, by reason.
    pub implausible: BTreeMap<String, u64>,
    /// Candidates that could not be solved: number, day and reason.
    pub failures: Vec<String>,
}

/// An arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmSummary {
    /// Name in the trial file.
    pub name: String,
    /// Label for figures.
    pub label: String,
    /// Full name of the therapy.
    pub therapy: String,
    /// The therapy in a sentence or two.
    pub therapy_summary: String,
    /// Whether CAR T cells are given.
    pub car_t: bool,
    /// Days of the infusions.
    pub infusion_days: Vec<f64>,
    /// Whether subjects and raters are blinded.
    pub blinded: bool,
}

/// One output in one arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trajectories {
    /// Symbol of the model.
    pub symbol: String,
    /// Heading.
    pub title: String,
    /// Unit.
    pub unit: String,
    /// Whether a logarithmic axis shows it better.
    pub log_scale: bool,
    /// Name of the arm.
    pub arm: String,
    /// Days.
    pub time_days: Vec<f64>,
    /// Median over patients.
    pub median: Vec<f64>,
    /// 5 % point over patients.
    pub lower: Vec<f64>,
    /// 95 % point over patients.
    pub upper: Vec<f64>,
    /// The first patients of the bank, one line each.
    pub single: Vec<Vec<f64>>,
    /// Patients behind the band.
    pub patients: u64,
}

/// A value of the model in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assumption {
    /// Symbol, after the drug's name where it belongs to one.
    pub symbol: String,
    /// Meaning.
    pub meaning: String,
    /// Typical value.
    pub value: f64,
    /// Unit.
    pub unit: String,
    /// Coefficient of variation between patients, where it varies.
    pub cv: Option<f64>,
    /// Part of the parameter table it comes from, such as `core` or a disease; `override` where the user set it.
    pub scope: String,
    /// How well it is known: `seen`, `recalled`, `derived` or `assumed`.
    pub grade: String,
    /// Source.
    pub source: String,
    /// Where in the source, or how it was derived.
    #[serde(default)]
    pub locator: String,
    /// Studies of the library behind it: ids of [`StudyInUse`].
    #[serde(default)]
    pub evidence: Vec<String>,
}

/// A study of the library on which values in use rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyInUse {
    /// Id: the file is `evidence/studies/ID.toml`.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// What to cite.
    pub citation: String,
    /// `seen` or `recalled`.
    pub grade: String,
    /// Symbols of the values that rest on it.
    pub parameters: Vec<String>,
}

/// Something the model is known to get wrong: a row of `known_failures.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownFailure {
    /// Short name.
    pub id: String,
    /// What is wrong.
    pub what: String,
    /// What the model gives.
    pub simulated: String,
    /// What was observed.
    pub observed: String,
    /// Where.
    pub source: String,
    /// What it means for a trial.
    pub consequence: String,
    /// Parameters that it is about: their keys in the parameter table.
    #[serde(default)]
    pub parameters: Vec<String>,
}

/// Outputs shown as trajectories: symbol, heading, unit, logarithmic axis.
const SHOWN: [(&str, &str, &str, bool); 6] = [
    ("CARb", "CAR T cells in blood", "cells/uL", true),
    ("Bb", "B cells in blood", "cells/uL", true),
    ("Ap", "Autoantibody in serum", "% of baseline", false),
    ("cG", "Total IgG", "g/L", false),
    ("IL6", "Interleukin-6, serum", "pg/mL", true),
    ("Nf", "Serum neurofilament light", "pg/mL", false),
];

/// Single patients drawn beside the band.
const SINGLE_PATIENTS: usize = 4;

/// The trajectories of the patients whose whole solutions were kept.
pub fn trajectories(specification: &Specification, cohort: &Cohort) -> Vec<Trajectories> {
    let mut all = Vec::new();
    for (symbol, title, unit, log_scale) in SHOWN {
        for (regimen, arm) in specification.arms.iter().enumerate() {
            let mut series: Vec<Vec<f64>> = Vec::new();
            let mut time_days = Vec::new();
            for stratum in &cohort.strata {
                let scenario = &stratum.scenarios[regimen];
                // Antibody and axonal damage mean something only where the disease has them.
                let disease = &scenario.disease;
                let applies = match symbol {
                    "Ap" => disease.autoantibody.is_some(),
                    "Nf" => disease.disability.is_some(),
                    _ => true,
                };
                if !applies {
                    continue;
                }
                let Some(at) = scenario.output(symbol) else {
                    continue;
                };
                time_days = scenario.times_days().to_vec();
                let kept = stratum
                    .bank
                    .patients
                    .iter()
                    .filter(|p| !p.trajectories.is_empty());
                series.extend(kept.map(|patient| {
                    let values = &patient.trajectories[regimen];
                    values
                        .iter()
                        .skip(at)
                        .step_by(scenario.outputs())
                        .copied()
                        .collect()
                }));
            }
            if series.is_empty() {
                continue;
            }
            let (mut lower, mut median, mut upper) = (Vec::new(), Vec::new(), Vec::new());
            for time in 0..time_days.len() {
                let values: Vec<f64> = series.iter().map(|s| s[time]).collect();
                let points = quantiles(&values, &[0.05, 0.5, 0.95], QuantileType::Type7);
                let points = points.unwrap_or_else(|_| vec![f64::NAN; 3]);
                lower.push(points[0]);
                median.push(points[1]);
                upper.push(points[2]);
            }
            all.push(Trajectories {
                symbol: symbol.to_owned(),
                title: title.to_owned(),
                unit: unit.to_owned(),
                log_scale,
                arm: arm.name.clone(),
                time_days,
                median,
                lower,
                upper,
                patients: series.len() as u64,
                single: series.into_iter().take(SINGLE_PATIENTS).collect(),
            });
        }
    }
    all
}

/// The solved patients in numbers.
pub fn cohort_summary(cohort: &Cohort) -> CohortSummary {
    let mut summary = CohortSummary {
        patients: cohort.len() as u64,
        candidates: 0,
        implausible: BTreeMap::new(),
        failures: Vec::new(),
    };
    for stratum in cohort.strata.iter().chain(cohort.changed.iter().flatten()) {
        let bank = &stratum.bank;
        summary.candidates += bank.screening.candidates as u64;
        for (reason, count) in &bank.screening.rejected {
            *summary.implausible.entry(reason.to_string()).or_default() += *count as u64;
        }
        summary.failures.extend(bank.failures.iter().map(|failure| {
            format!(
                "{}: candidate {} in arm {} at day {:.1}: {}",
                stratum.scenarios[0].disease.short_name,
                failure.number,
                failure.regimen + 1,
                failure.time_days,
                failure.reason
            )
        }));
    }
    summary
}

/// The arms with their therapies.
pub fn arms(specification: &Specification, cohort: &Cohort) -> Vec<ArmSummary> {
    let Some(stratum) = cohort.strata.first() else {
        return Vec::new();
    };
    specification
        .arms
        .iter()
        .zip(&stratum.scenarios)
        .zip(&stratum.bank.plans)
        .map(|((arm, scenario), plan)| ArmSummary {
            name: arm.name.clone(),
            label: arm.label().to_owned(),
            therapy: scenario.therapy.name.clone(),
            therapy_summary: scenario.therapy.summary.clone(),
            car_t: scenario.therapy.is_car_t(),
            infusion_days: scenario.therapy.infusion_days.clone(),
            blinded: plan.blinded,
        })
        .collect()
}

/// Grades from the worst known to the best.
pub const GRADES: [&str; 4] = ["assumed", "recalled", "derived", "seen"];

/// Every value in use, each once: those that the user set, then from the worst known to the best, and
/// of one grade in the order of first use.
pub fn assumptions(cohort: &Cohort) -> Vec<Assumption> {
    let mut seen = std::collections::BTreeSet::new();
    let mut all = Vec::new();
    for stratum in &cohort.strata {
        let models = stratum.scenarios.iter().flat_map(|scenario| &scenario.used);
        for used in models.chain(&stratum.layers.used) {
            let row = &used.parameter;
            if !seen.insert((used.name.clone(), row.scope.clone())) {
                continue;
            }
            all.push(Assumption {
                symbol: used.name.clone(),
                meaning: row.meaning.clone(),
                value: row.value,
                unit: row.unit.clone(),
                cv: row.varies().then(|| row.cv()),
                scope: row.scope.clone(),
                grade: row.grade.clone(),
                source: row.source.clone(),
                locator: row.locator.clone(),
                evidence: row.evidence.clone(),
            });
        }
    }
    let rank = |a: &Assumption| GRADES.iter().position(|g| *g == a.grade).unwrap_or(0);
    all.sort_by_key(|a| (a.scope != OVERRIDE, rank(a)));
    all
}

/// The studies on which values rest, those from memory first, then by id.
///
/// A file that cannot be read is still named: a finished run is not thrown away for a citation.
pub fn evidence(assumptions: &[Assumption], library: &Library) -> Vec<StudyInUse> {
    let mut uses: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for assumption in assumptions {
        for id in &assumption.evidence {
            let symbols = uses.entry(id).or_default();
            if !symbols.contains(&assumption.symbol) {
                symbols.push(assumption.symbol.clone());
            }
        }
    }
    let mut studies: Vec<StudyInUse> = uses
        .into_iter()
        .map(|(id, parameters)| {
            let file = library.item(STUDIES, "study", id);
            let study = file.and_then(|file| parse(file.text, file.name));
            let (title, citation, grade) = match study {
                Ok(study) => {
                    let grade = match study.source.grade {
                        Grade::Seen => "seen",
                        Grade::Recalled => "recalled",
                    };
                    (study.title, study.source.citation(), grade)
                }
                Err(_) => (
                    String::new(),
                    "its file cannot be read; see `neurocart evidence check`".to_owned(),
                    "recalled",
                ),
            };
            StudyInUse {
                id: id.to_owned(),
                title,
                citation,
                grade: grade.to_owned(),
                parameters,
            }
        })
        .collect();
    studies.sort_by_key(|s| s.grade == "seen");
    studies
}

/// A row of the list as it stands in its file.
#[derive(Deserialize)]
struct KnownFailureRow {
    id: String,
    what: String,
    simulated: String,
    observed: String,
    source: String,
    consequence: String,
    /// Keys joined by `;`.
    #[serde(default)]
    parameters: String,
}

/// What the model is known to get wrong; empty where the library does not say.
pub fn known_failures(library: &Library) -> Result<Vec<KnownFailure>, Error> {
    let Some(file) = library.find("known_failures.csv") else {
        return Ok(Vec::new());
    };
    let table = Parameters::of(library)?;
    let mut reader = csv::Reader::from_reader(file.text.as_bytes());
    let mut failures = Vec::new();
    for row in reader.deserialize::<KnownFailureRow>() {
        let row = row.map_err(|error| {
            Problem::new(file.name, format!("a row cannot be read: {error}")).hint(
                "the columns are id, what, simulated, observed, source, consequence, parameters",
            )
        })?;
        let keys = row.parameters.split(';').map(str::trim);
        let parameters: Vec<String> = keys.filter(|k| !k.is_empty()).map(str::to_owned).collect();
        for key in &parameters {
            if let Err(hint) = table.by_key(key) {
                let message = format!(
                    "`{}`, column `parameters`: there is no parameter `{key}`",
                    row.id
                );
                let offset = file
                    .text
                    .find(&format!("\n{},", row.id))
                    .map_or(0, |at| at + 1);
                let problem = Problem::new(file.name, message).at(file.text, offset);
                return Err(problem.hint(hint).into());
            }
        }
        failures.push(KnownFailure {
            id: row.id,
            what: row.what,
            simulated: row.simulated,
            observed: row.observed,
            source: row.source,
            consequence: row.consequence,
            parameters,
        });
    }
    Ok(failures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_the_model_lists_every_known_failure() {
        let page = include_str!("../../../docs/concepts/model.md");
        let failures = known_failures(&Library::embedded()).expect("the list can be read");
        assert!(failures.len() >= 19);
        assert!(failures.iter().any(|f| f.parameters == ["kup"]));
        for f in failures {
            let row = format!("| {} | {} | {} |", f.what, f.simulated, f.observed);
            assert!(
                page.contains(&row),
                "missing in docs/concepts/model.md: {row}"
            );
        }
    }
}
