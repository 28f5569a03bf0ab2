//! Which outputs of the typical patient move with a parameter.
//!
//! The typical patient is solved with the parameter at its value, a tenth above and a tenth below
//! ([`STEP`]), and at both ends of its range. The local sensitivity of an output y to a parameter p is
//! the central difference of d ln y / d ln p; a step that would leave the range ends at its end, so that
//! there the difference is one-sided. Nothing is drawn: the same parameter gives the same numbers.

mod comparison;
mod output;
#[cfg(test)]
mod tests;

use serde::Serialize;

use neurocart_library::Library;

use crate::correlation::Correlations;
use crate::disease::Disease;
use crate::error::Error;
use crate::individual::{Who, simulate};
use crate::layers::Layers;
use crate::parameters::{Override, Parameter, Parameters};
use crate::scenario::{Ingredients, Scenario, used_parameters};
use crate::therapy::Therapy;
use comparison::{compared, part_of_larger, strength};
use output::{Measured, measured};

/// Factor by which the parameter is raised and lowered.
pub const STEP: f64 = 1.1;

/// An output whose d ln y / d ln p is smaller, and which moves by less than this part over the range of
/// the parameter, counts as not sensitive.
pub const THRESHOLD: f64 = 0.05;

/// Days that are solved: 52 weeks.
pub const HORIZON_DAYS: f64 = 364.0;

/// Therapy that is tried first.
const FIRST_THERAPY: &str = "cd19-cart";

/// Diseases that are tried first: one with a receptor, one with disability, one with attacks by antibody.
const FIRST_DISEASES: [&str; 3] = ["mg-achr", "ms-relapsing", "nmosd-aqp4"];

/// Weeks at which clinical scores are looked at.
const SCORE_WEEKS: [f64; 2] = [24.0, 48.0];

/// A parameter in a scenario.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// Model text.
    pub library: &'a Library,
    /// Values.
    pub parameters: &'a Parameters,
    /// The disease.
    pub disease: Disease,
    /// The therapy.
    pub therapy: Therapy,
    /// Name in the scenario: `symbol`, or `drug.symbol`.
    pub name: String,
    /// Its row.
    pub parameter: Parameter,
}

/// What moves with a parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sensitivities {
    /// Disease of the library.
    pub disease: String,
    /// Therapy of the library.
    pub therapy: String,
    /// Days solved.
    pub horizon_days: f64,
    /// Name in the scenario.
    pub name: String,
    /// The parameter's values: lowered, as it is, raised, and both ends of its range.
    pub parameter: Points,
    /// The outputs, the most sensitive first.
    pub outputs: Vec<OutputSensitivity>,
    /// Values at which the typical patient is not a plausible one or cannot be solved, and why.
    pub not_solved: Vec<String>,
}

/// Five values: of the parameter, or of an output there. `None` where it was not taken, could not be
/// solved or does not apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Points {
    /// At the low end of the range.
    pub low: Option<f64>,
    /// A tenth down.
    pub lowered: Option<f64>,
    /// As it is.
    pub typical: Option<f64>,
    /// A tenth up.
    pub raised: Option<f64>,
    /// At the high end of the range.
    pub high: Option<f64>,
}

/// How one output moves.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutputSensitivity {
    /// Short name.
    pub output: String,
    /// In words.
    pub label: String,
    /// Unit.
    pub unit: String,
    /// The output at the parameter's values.
    pub values: Points,
    /// d ln output / d ln parameter, where neither is 0.
    pub elasticity: Option<f64>,
    /// Change of the output for a tenth more of the parameter, in its unit.
    pub change_per_tenth: Option<f64>,
    /// True if it moves by [`THRESHOLD`] or more.
    pub sensitive: bool,
}

impl<'a> Setting<'a> {
    /// The scenario in which a row of the parameter table is in use and moves an output, of those with
    /// `disease` and `therapy` where they are given: CAR T therapies first. The first one in which it is
    /// in use if no output moves; `None` if the row is in use in none.
    pub fn of(
        library: &'a Library,
        parameters: &'a Parameters,
        row: &Parameter,
        disease: Option<&str>,
        therapy: Option<&str>,
    ) -> Result<Option<(Setting<'a>, Sensitivities)>, Error> {
        let mut first = None;
        for (disease, therapy) in pairs(library, disease, therapy)? {
            let Some(setting) = Setting::in_use(library, parameters, row, disease, therapy)? else {
                continue;
            };
            if setting.acts()? {
                let found = setting.sensitivities(HORIZON_DAYS)?;
                return Ok(Some((setting, found)));
            }
            first = first.or(Some(setting));
        }
        match first {
            Some(setting) => {
                let found = setting.sensitivities(HORIZON_DAYS)?;
                Ok(Some((setting, found)))
            }
            None => Ok(None),
        }
    }

    /// True if an output moves by [`THRESHOLD`] per logarithm when the parameter goes to an end of its
    /// range, or a tenth up where it has none. Two solves: of many scenarios the first that counts is sought.
    fn acts(&self) -> Result<bool, Error> {
        let [low, lowered, typical, raised, high] = self.values();
        let Some(typical) = typical else {
            return Ok(false);
        };
        let before = self.outputs(typical, HORIZON_DAYS)?;
        for value in [high, low, raised, lowered].into_iter().flatten() {
            let after = match self.outputs(value, HORIZON_DAYS) {
                Ok(outputs) => outputs,
                Err(Error::Input(_)) => continue,
                Err(error) => return Err(error),
            };
            let span = (value / typical).abs().ln().abs();
            let threshold = match span.is_finite() {
                true => THRESHOLD * span.min(1.0),
                false => THRESHOLD,
            };
            let mut pairs = before.iter().zip(&after);
            return Ok(pairs.any(|(a, b)| part_of_larger(a.value, b.value) >= threshold));
        }
        Ok(false)
    }

    /// The values at which the parameter is looked at: low end, lowered, typical, raised, high end.
    fn values(&self) -> [Option<f64>; 5] {
        let p = &self.parameter;
        let other = |value: f64| (value != p.value).then_some(value);
        let (low, high) = (
            p.low.unwrap_or(f64::NEG_INFINITY),
            p.high.unwrap_or(f64::INFINITY),
        );
        [
            p.low.and_then(other),
            other((p.value / STEP).clamp(low, high)),
            Some(p.value),
            other((p.value * STEP).clamp(low, high)),
            p.high.and_then(other),
        ]
    }

    /// The parameter of this row in this scenario, if the scenario takes its value from the row.
    fn in_use(
        library: &'a Library,
        parameters: &'a Parameters,
        row: &Parameter,
        disease: Disease,
        therapy: Therapy,
    ) -> Result<Option<Setting<'a>>, Error> {
        let of_model = used_parameters(parameters, &disease, &therapy, &[])?;
        let of_layers = Layers::of(parameters, &disease, &[])?.used;
        let used = of_model
            .into_iter()
            .chain(of_layers)
            .find(|used| used.parameter.symbol == row.symbol && used.parameter.scope == row.scope);
        Ok(used.map(|used| Setting {
            library,
            parameters,
            disease,
            therapy,
            name: used.name,
            parameter: used.parameter,
        }))
    }

    /// Solves the typical patient at every value of the parameter and compares.
    pub fn sensitivities(&self, horizon_days: f64) -> Result<Sensitivities, Error> {
        let wanted = self.values();
        let mut not_solved = Vec::new();
        let mut solved: Vec<Option<Vec<Measured>>> = Vec::new();
        for (i, value) in wanted.into_iter().enumerate() {
            solved.push(match value {
                None => None,
                Some(value) => match self.outputs(value, horizon_days) {
                    Ok(outputs) => Some(outputs),
                    // The value of the table must be solved; another one may lie outside what can be.
                    Err(Error::Input(problem)) if i != 2 => {
                        not_solved.push(format!("at {value}: {}", problem.message));
                        None
                    }
                    Err(error) => return Err(error),
                },
            });
        }
        let parameter = points(std::array::from_fn(|i| {
            wanted[i].filter(|_| solved[i].is_some())
        }));
        let typical = solved[2].as_ref().map_or(&[][..], Vec::as_slice);
        let mut outputs: Vec<OutputSensitivity> = typical
            .iter()
            .enumerate()
            .map(|(i, measured)| {
                let at = |k: usize| solved[k].as_ref().and_then(|outputs| outputs[i].value);
                compared(measured, &parameter, points(std::array::from_fn(at)))
            })
            .collect();
        // Stable: outputs that move equally stay in the order of the list.
        outputs.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
        Ok(Sensitivities {
            disease: self.disease.id.clone(),
            therapy: self.therapy.id.clone(),
            horizon_days,
            name: self.name.clone(),
            parameter,
            outputs,
            not_solved,
        })
    }

    fn outputs(&self, value: f64, horizon_days: f64) -> Result<Vec<Measured>, Error> {
        let change = Override {
            symbol: self.name.clone(),
            value,
            origin: "sensitivity".to_owned(),
        };
        let overrides = [change];
        let scenario = Scenario::build(Ingredients {
            library: self.library,
            parameters: self.parameters,
            disease: &self.disease,
            therapy: &self.therapy,
            overrides: &overrides,
            end_days: horizon_days,
            extra_days: &fine_grid(horizon_days),
        })?;
        let layers = Layers::of(self.parameters, &self.disease, &overrides)?;
        let correlations = Correlations::of(self.library)?;
        let visits: Vec<f64> = [0.0].into_iter().chain(score_days(horizon_days)).collect();
        let patient = simulate(
            &scenario,
            &layers,
            &correlations,
            Who::Typical,
            1,
            false,
            &visits,
        )?;
        Ok(measured(&patient, &scenario))
    }
}

fn points([low, lowered, typical, raised, high]: [Option<f64>; 5]) -> Points {
    Points {
        low,
        lowered,
        typical,
        raised,
        high,
    }
}

/// Disease and therapy, in the order in which they are tried. Of therapies after the first, only the
/// first diseases are tried, unless one is asked for.
fn pairs(
    library: &Library,
    disease: Option<&str>,
    therapy: Option<&str>,
) -> Result<Vec<(Disease, Therapy)>, Error> {
    let mut diseases = Vec::new();
    match disease {
        Some(id) => diseases.push(Disease::load(library, id)?),
        None => {
            for id in library.disease_ids() {
                diseases.push(Disease::load(library, id)?);
            }
            let rank = |d: &Disease| FIRST_DISEASES.iter().position(|f| *f == d.id);
            diseases.sort_by_key(|d| rank(d).unwrap_or(FIRST_DISEASES.len()));
        }
    }
    let mut therapies = Vec::new();
    match therapy {
        Some(id) => therapies.push(Therapy::load(library, id, &[])?),
        None => {
            for id in library.therapy_ids() {
                therapies.push(Therapy::load(library, id, &[])?);
            }
            therapies.sort_by_key(|t| (t.id != FIRST_THERAPY, !t.is_car_t()));
        }
    }
    let tried = |therapy: &Therapy, disease_rank: usize| {
        therapy.id == FIRST_THERAPY || diseases.len() == 1 || disease_rank < FIRST_DISEASES.len()
    };
    let mut pairs = Vec::new();
    for therapy in &therapies {
        for (rank, disease) in diseases.iter().enumerate() {
            // A disease may have values of its own that nothing else reads: it is always tried.
            if tried(therapy, rank) {
                pairs.push((disease.clone(), therapy.clone()));
            }
        }
    }
    Ok(pairs)
}

/// Days beside the usual grid: quarter days to day 30, then every day.
fn fine_grid(horizon_days: f64) -> Vec<f64> {
    let quarters = (0..120).map(|i| f64::from(i) / 4.0);
    let days = (30..=horizon_days as usize).map(|day| day as f64);
    quarters
        .chain(days)
        .filter(|&day| day <= horizon_days)
        .collect()
}

fn score_days(horizon_days: f64) -> impl Iterator<Item = f64> {
    let days = SCORE_WEEKS.into_iter().map(|weeks| weeks * 7.0);
    days.filter(move |&day| day <= horizon_days)
}
