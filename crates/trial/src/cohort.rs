//! The solved patients of a trial: every disease of its population under every regimen.
//!
//! Regimens are the therapies of the arms and those that the nulls name. Each disease has a bank of
//! its own with its share of the patients; the trial numbers them through. A null that changes
//! parameters has banks of its own, made from the same draws.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use neurocart_library::Library;

use crate::bank::{Bank, BankRequest};
use crate::correlation::Correlations;
use crate::course::Course;
use crate::disease::Disease;
use crate::error::Error;
use crate::layers::Layers;
use crate::parameters::{Override, Parameters};
use crate::replicate::{CourseRequest, Patients, Truth};
use crate::scenario::{Ingredients, Scenario, check_overrides};
use crate::specification::Specification;
use crate::therapy::Therapy;

/// The share of one disease.
#[derive(Clone, Debug)]
pub struct Stratum {
    /// The disease under every regimen, in the order of the regimens; the arms come first.
    pub scenarios: Vec<Scenario>,
    /// The layers of the disease.
    pub layers: Layers,
    /// Its solved patients.
    pub bank: Bank,
}

/// The solved patients of a trial.
#[derive(Clone, Debug)]
pub struct Cohort {
    /// One per disease, in the order of the trial file.
    pub strata: Vec<Stratum>,
    /// The same for each null that changes parameters, in the order of the trial file.
    pub changed: Vec<Vec<Stratum>>,
    /// Stratum and number in its bank of each patient of the trial.
    places: Vec<(u32, u32)>,
    regimens: Regimens,
}

/// A regimen of the trial: a therapy and whether its receivers are blinded.
#[derive(Clone, Debug, PartialEq)]
pub struct Regimen {
    /// The therapy, with the changes of the arm.
    pub therapy: Therapy,
    /// Whether the placebo response applies.
    pub blinded: bool,
}

/// Everything to solve, and where each arm of each truth finds it.
#[derive(Clone, Debug)]
struct Regimens {
    /// Regimens of each set of banks; the first set is that of the trial as designed.
    sets: Vec<Vec<Regimen>>,
    /// The null whose parameters apply in each set but the first.
    nulls: Vec<usize>,
    /// Set and number of the regimen, by truth (as designed, then the nulls) and arm.
    places: Vec<Vec<(usize, usize)>>,
}

impl Regimens {
    fn of(specification: &Specification, library: &Library) -> Result<Regimens, Error> {
        let mut arms = Vec::new();
        for arm in &specification.arms {
            let therapy = Therapy::load(library, &arm.therapy, &arm.field_overrides())?;
            let blinded = arm.blinded.unwrap_or(therapy.blinded);
            arms.push(Regimen { therapy, blinded });
        }
        let mut found = Regimens {
            places: vec![(0..arms.len()).map(|arm| (0, arm)).collect()],
            sets: vec![arms.clone()],
            nulls: Vec::new(),
        };
        let reference = specification.reference_arm();
        for (number, null) in specification.nulls.iter().enumerate() {
            let received: Vec<Regimen> = match (&null.therapy, reference) {
                (Some(id), _) => {
                    // The null differs from the arm in its effect only.
                    let like = reference.unwrap_or(0);
                    let blinded = arms.get(like).is_some_and(|regimen| regimen.blinded);
                    let therapy = Therapy::load(library, id, &[])?;
                    vec![Regimen { therapy, blinded }; arms.len()]
                }
                (None, Some(reference)) => vec![arms[reference].clone(); arms.len()],
                (None, None) => arms.clone(),
            };
            let set = if null.parameters.is_empty() {
                0
            } else {
                found.sets.push(Vec::new());
                found.nulls.push(number);
                found.sets.len() - 1
            };
            let solved = &mut found.sets[set];
            let place = |regimen: Regimen| {
                let known = solved.iter().position(|other| *other == regimen);
                let at = known.unwrap_or_else(|| {
                    solved.push(regimen);
                    solved.len() - 1
                });
                (set, at)
            };
            found.places.push(received.into_iter().map(place).collect());
        }
        Ok(found)
    }

    /// Set and number of the regimen of an arm.
    fn place(&self, truth: Truth, arm: usize) -> (usize, usize) {
        match truth {
            Truth::AsDesigned => self.places[0][arm],
            Truth::Null(number) => self.places[number + 1][arm],
        }
    }
}

/// Patients that [`solve`] solves, those of the nulls' own banks included.
pub fn patients_to_solve(specification: &Specification) -> usize {
    let changed = specification
        .nulls
        .iter()
        .filter(|null| !null.parameters.is_empty());
    specification.population.bank * (1 + changed.count())
}

/// Patients of each disease: shares of the bank, rounded so that they add up to it.
fn sizes(specification: &Specification) -> Vec<usize> {
    let bank = specification.population.bank;
    let mut before = 0.0;
    let mut given = 0;
    specification
        .population
        .diseases
        .iter()
        .map(|disease| {
            before += disease.share;
            let until = ((before * bank as f64).round() as usize).min(bank);
            let size = until - given.min(until);
            given = until;
            size
        })
        .collect()
}

/// The overrides of a set of banks: those of the population, and those of the null over them.
fn overrides(specification: &Specification, null: Option<usize>) -> Vec<Override> {
    let mut values: BTreeMap<&str, (f64, &str)> = BTreeMap::new();
    for (symbol, &value) in &specification.population.parameters {
        values.insert(symbol, (value, "`population.parameters`"));
    }
    if let Some(null) = null {
        for (symbol, &value) in &specification.nulls[null].parameters {
            values.insert(symbol, (value, "`null.parameters`"));
        }
    }
    values
        .into_iter()
        .map(|(symbol, (value, origin))| Override {
            symbol: symbol.to_owned(),
            value,
            origin: origin.to_owned(),
        })
        .collect()
}

/// Solves the patients of a trial. `keep_trajectories` patients keep whole trajectories, and
/// `progress` is told the number of patients solved so far, of [`patients_to_solve`].
pub fn solve(
    specification: &Specification,
    library: &Library,
    threads: usize,
    keep_trajectories: usize,
    cancelled: &AtomicBool,
    progress: &mut dyn FnMut(usize),
) -> Result<Cohort, Error> {
    let regimens = Regimens::of(specification, library)?;
    let mut sets = Vec::new();
    for (set, regimens_of_set) in regimens.sets.iter().enumerate() {
        let before = set * specification.population.bank;
        let request = SetRequest {
            specification,
            library,
            regimens: regimens_of_set,
            overrides: &overrides(specification, set.checked_sub(1).map(|n| regimens.nulls[n])),
            threads,
            // Figures show the trial as designed.
            keep_trajectories: if set == 0 { keep_trajectories } else { 0 },
        };
        sets.push(solve_set(&request, cancelled, &mut |n| {
            progress(before + n)
        })?);
    }
    let strata = sets.remove(0);
    let places = strata
        .iter()
        .enumerate()
        .flat_map(|(index, stratum)| {
            (0..stratum.bank.patients.len()).map(move |number| (index as u32, number as u32))
        })
        .collect();
    Ok(Cohort {
        strata,
        changed: sets,
        places,
        regimens,
    })
}

/// One set of banks.
struct SetRequest<'a> {
    specification: &'a Specification,
    library: &'a Library,
    regimens: &'a [Regimen],
    overrides: &'a [Override],
    threads: usize,
    keep_trajectories: usize,
}

fn solve_set(
    request: &SetRequest<'_>,
    cancelled: &AtomicBool,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<Stratum>, Error> {
    let SetRequest {
        specification,
        library,
        regimens,
        overrides,
        threads,
        keep_trajectories,
    } = *request;
    let parameters = Parameters::of(library)?;
    let correlations = Correlations::of(library)?;
    let blinded: Vec<bool> = regimens.iter().map(|regimen| regimen.blinded).collect();
    let visits_days = specification.visit_days();
    let follow_up_days = specification.follow_up_days();
    let (mut strata, mut before) = (Vec::new(), 0);
    for (index, (share, size)) in specification
        .population
        .diseases
        .iter()
        .zip(sizes(specification))
        .enumerate()
    {
        let disease = Disease::load(library, &share.name)?;
        let layers = Layers::of(&parameters, &disease, overrides)?;
        let scenarios = regimens
            .iter()
            .map(|regimen| {
                Scenario::build(Ingredients {
                    library,
                    parameters: &parameters,
                    disease: &disease,
                    therapy: &regimen.therapy,
                    overrides,
                    end_days: follow_up_days,
                    extra_days: &visits_days,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        check_overrides(
            &parameters,
            &scenarios.iter().collect::<Vec<_>>(),
            overrides,
        )?;
        let bank = Bank::solve(
            &BankRequest {
                scenarios: &scenarios,
                blinded: &blinded,
                layers: &layers,
                correlations: &correlations,
                // Without this, patients of two diseases with one number would be twins.
                seed: specification
                    .simulation
                    .seed
                    .wrapping_add(index as u64 * SEED_STEP),
                size,
                visits_days: &visits_days,
                follow_up_days,
                keep_trajectories: (keep_trajectories * size)
                    .div_ceil(specification.population.bank.max(1)),
                threads,
                failures_allowed: specification.simulation.maximum_failed_fraction,
            },
            cancelled,
            &mut |solved| progress(before + solved),
        )?;
        before += bank.patients.len();
        strata.push(Stratum {
            scenarios,
            layers,
            bank,
        });
    }
    Ok(strata)
}

/// Distance between the seeds of two diseases: the golden ratio of 2^64, odd.
const SEED_STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Cohort {
    /// Number of patients.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Stratum and number in its bank of a patient.
    pub fn place(&self, patient: usize) -> (usize, usize) {
        let (stratum, number) = self.places[patient];
        (stratum as usize, number as usize)
    }

    /// Calls `work` with the patients as a replicate sees them.
    pub fn with_patients<R>(&self, work: impl FnOnce(Patients<'_>) -> R) -> R {
        let bank = |request: CourseRequest| {
            let (stratum, number) = self.place(request.patient);
            let (set, regimen) = self.regimens.place(request.truth, request.arm);
            let strata = match set.checked_sub(1) {
                None => &self.strata,
                Some(changed) => &self.changed[changed],
            };
            (&strata[stratum].bank, number, regimen)
        };
        let course = |request: CourseRequest, course: &mut Course| {
            let (bank, number, regimen) = bank(request);
            bank.course(number, regimen, request.subject, course);
            course.disease = self.place(request.patient).0;
            course.attacks_previous_year = bank.attacks_previous_year(number, request.subject);
        };
        work(Patients {
            count: self.len(),
            course: &course,
        })
    }
}
