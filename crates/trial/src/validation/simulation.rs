//! The simulated side: arms that belong together are solved for the same patients.

use std::sync::atomic::AtomicBool;

use neurocart_engine::Patient;
use neurocart_library::{Library, Problem};

use super::Options;
use super::comparison::{Comparison, Population};
use super::measure::{Observation, Solved, VISIT_WEEKS};
use super::study_figure::TrialFacts;
use crate::bank::{self, BankRequest};
use crate::correlation::Correlations;
use crate::course::{self, Course, Plan};
use crate::disease::Disease;
use crate::error::Error;
use crate::layers::Layers;
use crate::parameters::{Override, Parameters};
use crate::purpose::SubjectKey;
use crate::scenario::{Ingredients, OUTPUTS, Scenario};
use crate::specification::DAYS_PER_WEEK;
use crate::therapy::{FieldOverride, Therapy};

/// Part of the patients that may fail to be solved.
const FAILURES_ALLOWED: f64 = 0.002;

/// A therapy with its changes, in a disease with its changed parameters.
#[derive(Clone, Debug, PartialEq)]
struct Regimen<'a> {
    therapy: &'a str,
    changes: &'a [String],
}

/// Regimens that share patients, and the comparisons that they serve.
#[derive(Clone, Debug)]
pub(super) struct Group<'a> {
    disease: &'a str,
    parameters: &'a [String],
    population: Population,
    regimens: Vec<Regimen<'a>>,
    /// Positions in the list of comparisons.
    comparisons: Vec<usize>,
}

/// The values of a comparison: of its therapy and, where there is one, of its comparator.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    pub(super) arms: [Vec<Observation>; 2],
    pub(super) courses: usize,
}

impl<'a> Regimen<'a> {
    fn of(comparison: &'a Comparison) -> (Regimen<'a>, Option<Regimen<'a>>) {
        let therapy = Regimen {
            therapy: &comparison.therapy,
            changes: &comparison.changes,
        };
        let changes = &comparison.comparator_changes;
        let other = comparison
            .comparator
            .as_ref()
            .map(|therapy| Regimen { therapy, changes });
        (therapy, other)
    }
}

/// Puts comparisons together that have a regimen in common, so that each is solved once and two
/// arms of a trial treat the same patients.
pub(super) fn groups<'a>(comparisons: &[&'a Comparison]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (index, &comparison) in comparisons.iter().enumerate() {
        let (therapy, other) = Regimen::of(comparison);
        let regimens: Vec<Regimen> = std::iter::once(therapy).chain(other).collect();
        let mut merged = Group {
            disease: &comparison.disease,
            parameters: &comparison.parameters,
            population: comparison.population,
            regimens,
            comparisons: vec![index],
        };
        let joins = |group: &Group, merged: &Group| {
            group.disease == merged.disease
                && group.parameters == merged.parameters
                && group.population == merged.population
                && group.regimens.iter().any(|r| merged.regimens.contains(r))
        };
        let mut place = groups.len();
        while let Some(at) = groups.iter().position(|g| joins(g, &merged)) {
            let mut earlier = groups.remove(at);
            merged.regimens.retain(|r| !earlier.regimens.contains(r));
            earlier.regimens.append(&mut merged.regimens);
            earlier.comparisons.append(&mut merged.comparisons);
            merged = earlier;
            place = place.min(at);
        }
        groups.insert(place.min(groups.len()), merged);
    }
    groups
}

impl Group<'_> {
    /// Patients that will be solved, each under every regimen.
    pub(super) fn solves(&self, patients: usize) -> usize {
        let each = if self.population == Population::Typical {
            1
        } else {
            patients
        };
        each * self.regimens.len()
    }

    /// Solves the group and measures what its comparisons ask for.
    pub(super) fn simulate(
        &self,
        library: &Library,
        comparisons: &[&Comparison],
        trials: &[Option<TrialFacts>],
        options: &Options,
        cancelled: &AtomicBool,
        solved: &mut dyn FnMut(usize),
    ) -> Result<Vec<(usize, Values)>, Error> {
        let own = || self.comparisons.iter().map(|&i| comparisons[i]);
        let end_days = own().map(|c| c.horizon_days).fold(0.0, f64::max);
        let extra_days: Vec<f64> = own().filter_map(|c| c.quantity.day()).collect();
        let parameters = Parameters::of(library)?;
        let disease = Disease::load(library, self.disease)?;
        let parse = |text: &String| Override::parse(text, "library/validation.toml");
        let overrides = self
            .parameters
            .iter()
            .map(parse)
            .collect::<Result<Vec<_>, _>>()?;
        let layers = Layers::of(&parameters, &disease, &overrides)?;
        let mut scenarios = Vec::new();
        for regimen in &self.regimens {
            let parse = |text: &String| FieldOverride::parse(text, "library/validation.toml");
            let changes = regimen
                .changes
                .iter()
                .map(parse)
                .collect::<Result<Vec<_>, _>>()?;
            let therapy = Therapy::load(library, regimen.therapy, &changes)?;
            let ingredients = Ingredients {
                library,
                parameters: &parameters,
                disease: &disease,
                therapy: &therapy,
                overrides: &overrides,
                end_days,
                extra_days: &extra_days,
            };
            scenarios.push(Scenario::build(ingredients)?);
        }
        let scenarios_of: Vec<&Scenario> = scenarios.iter().collect();
        crate::scenario::check_overrides(&parameters, &scenarios_of, &overrides)?;
        let places = self.places(comparisons);
        if self.population == Population::Typical {
            return self.typical(comparisons, &places, &scenarios, solved);
        }
        let follow_up_days = end_days;
        let visits_days = visits(own(), follow_up_days);
        let blinded: Vec<bool> = scenarios.iter().map(|s| s.therapy.blinded).collect();
        let correlations = Correlations::of(library)?;
        let request = BankRequest {
            scenarios: &scenarios,
            blinded: &blinded,
            layers: &layers,
            correlations: &correlations,
            seed: options.seed,
            size: options.patients,
            visits_days: &visits_days,
            follow_up_days,
            keep_trajectories: options.patients,
            threads: options.threads.max(1),
            failures_allowed: FAILURES_ALLOWED,
        };
        let plans: Vec<Plan> = (0..scenarios.len())
            .map(|i| {
                Plan::new(
                    &scenarios[i],
                    &layers,
                    blinded[i],
                    &visits_days,
                    follow_up_days,
                )
            })
            .collect();
        let mut values: Vec<Values> = vec![Values::default(); self.comparisons.len()];
        let mut course = Course::default();
        bank::stream(&request, cancelled, &mut |patient| {
            for (regimen, scenario) in scenarios.iter().enumerate() {
                let trajectory = solved_patient(scenario, &patient.trajectories[regimen]);
                let mut drawn_any = false;
                for (k, place) in places.iter().enumerate() {
                    let comparison = comparisons[self.comparisons[k]];
                    drawn_any |= comparison.quantity.is_drawn() && place.contains(&Some(regimen));
                    if comparison.quantity.is_drawn() {
                        continue;
                    }
                    for arm in (0..2).filter(|&arm| place[arm] == Some(regimen)) {
                        let horizon_days = comparison.horizon_days;
                        let value = comparison.quantity.of_trajectory(&trajectory, horizon_days);
                        values[k].arms[arm].push(value);
                        values[k].courses = 1;
                    }
                }
                let courses = if drawn_any {
                    options.courses_per_patient
                } else {
                    0
                };
                for replicate in 0..courses {
                    let subject = patient.patient.number;
                    let key = SubjectKey {
                        seed: options.seed,
                        replicate: replicate as u32,
                        subject,
                    };
                    course::simulate(&plans[regimen], &patient.bases[regimen], key, &mut course);
                    for (k, place) in places.iter().enumerate() {
                        let comparison = comparisons[self.comparisons[k]];
                        if !comparison.quantity.is_drawn() {
                            continue;
                        }
                        let trial = trials[self.comparisons[k]].as_ref();
                        for arm in (0..2).filter(|&arm| place[arm] == Some(regimen)) {
                            let horizon_days = comparison.horizon_days;
                            let value = match trial.is_none_or(|t| enters(t, &course)) {
                                true => comparison.quantity.of_course(&course, horizon_days),
                                false => Observation::of(f64::NAN),
                            };
                            values[k].arms[arm].push(value);
                            values[k].courses = courses;
                        }
                    }
                }
            }
            solved(scenarios.len());
        })?;
        Ok(self.comparisons.iter().copied().zip(values).collect())
    }

    /// For each comparison, the regimens of its therapy and of its comparator.
    fn places(&self, comparisons: &[&Comparison]) -> Vec<[Option<usize>; 2]> {
        let at = |regimen: &Regimen| self.regimens.iter().position(|r| r == regimen);
        let place = |&index: &usize| {
            let (therapy, other) = Regimen::of(comparisons[index]);
            [at(&therapy), other.as_ref().and_then(at)]
        };
        self.comparisons.iter().map(place).collect()
    }

    fn typical(
        &self,
        comparisons: &[&Comparison],
        places: &[[Option<usize>; 2]],
        scenarios: &[Scenario],
        solved: &mut dyn FnMut(usize),
    ) -> Result<Vec<(usize, Values)>, Error> {
        let mut values: Vec<Values> = vec![Values::default(); self.comparisons.len()];
        for (regimen, scenario) in scenarios.iter().enumerate() {
            let parameters: Vec<f64> = scenario.varying.iter().map(|v| v.parameter.value).collect();
            let doses = scenario.doses(&parameters);
            let mut patients = std::iter::once(Patient {
                id: 0,
                parameters,
                doses,
            });
            let mut result = None;
            neurocart_engine::solve(
                &scenario.program,
                &scenario.settings,
                &mut patients,
                &mut |one| result = Some(one),
            )?;
            let trajectory = match result {
                Some(Ok(trajectory)) => trajectory,
                Some(Err(failure)) => {
                    let message = format!(
                        "the typical patient of `{}` under `{}` fails at day {:.1}: {}",
                        self.disease, scenario.therapy.id, failure.time_days, failure.reason
                    );
                    return Err(Problem::new("library/validation.toml", message).into());
                }
                None => continue,
            };
            let trajectory = solved_patient(scenario, &trajectory.values);
            for (k, place) in places.iter().enumerate() {
                let comparison = comparisons[self.comparisons[k]];
                for arm in (0..2).filter(|&arm| place[arm] == Some(regimen)) {
                    let horizon_days = comparison.horizon_days;
                    let value = comparison.quantity.of_trajectory(&trajectory, horizon_days);
                    values[k].arms[arm].push(value);
                    values[k].courses = 1;
                }
            }
            solved(1);
        }
        Ok(self.comparisons.iter().copied().zip(values).collect())
    }
}

fn solved_patient<'a>(scenario: &'a Scenario, values: &'a [f64]) -> Solved<'a> {
    let width = scenario.outputs();
    Solved {
        times_days: scenario.times_days(),
        values,
        outputs: &OUTPUTS,
        width,
    }
}

/// Days of the visits: every 12 weeks, and the weeks at which scores are wanted.
fn visits<'a>(comparisons: impl Iterator<Item = &'a Comparison>, end_days: f64) -> Vec<f64> {
    let step = VISIT_WEEKS * DAYS_PER_WEEK;
    let mut days: Vec<f64> = (0..=(end_days / step) as usize)
        .map(|i| i as f64 * step)
        .collect();
    days.extend(
        comparisons
            .filter_map(|c| c.quantity.visit_week())
            .map(|w| w * DAYS_PER_WEEK),
    );
    days.sort_by(f64::total_cmp);
    days.dedup();
    days
}

/// Whether a subject meets the limits of EDSS and MG-ADL at entry.
fn enters(trial: &TrialFacts, course: &Course) -> bool {
    let Some(baseline) = course.visits.first() else {
        return false;
    };
    let within = |value: Option<f64>, min: Option<f64>, max: Option<f64>| {
        value.is_none_or(|v| min.is_none_or(|min| v >= min) && max.is_none_or(|max| v <= max))
    };
    within(baseline.edss, trial.edss_min, trial.edss_max)
        && within(baseline.mg_adl, trial.mg_adl_min, None)
}
