//! The solved patients of a trial: every disease of its population under every regimen.
//!
//! Regimens are the therapies of the arms and, where the trial has no reference arm, the therapy
//! of the null. Each disease has a bank of its own with its share of the patients; the trial numbers
//! them through.

use std::sync::atomic::AtomicBool;

use crate::bank::{Bank, BankRequest};
use crate::correlation::Correlations;
use crate::course::Course;
use crate::disease::Disease;
use crate::error::Error;
use crate::layers::Layers;
use crate::library::Library;
use crate::parameters::{Override, Parameters};
use crate::purpose::SubjectKey;
use crate::replicate::{CourseRequest, Patients};
use crate::scenario::{Ingredients, Scenario, check_overrides};
use crate::specification::Specification;
use crate::therapy::Therapy;

/// The share of one disease.
#[derive(Clone, Debug)]
pub struct Stratum {
    /// The disease under every regimen, in the order of the regimens.
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
    /// Stratum and number in its bank of each patient of the trial.
    places: Vec<(u32, u32)>,
}

/// A regimen of the trial: a therapy and whether its receivers are blinded.
#[derive(Clone, Debug)]
pub struct Regimen {
    /// The therapy, with the changes of the arm.
    pub therapy: Therapy,
    /// Whether the placebo response applies.
    pub blinded: bool,
}

/// The regimens of a trial: one per arm, then the null therapy where one is named.
pub fn regimens(specification: &Specification, library: &Library) -> Result<Vec<Regimen>, Error> {
    let mut regimens = Vec::new();
    for arm in &specification.arms {
        let therapy = Therapy::load(library, &arm.therapy, &arm.field_overrides())?;
        let blinded = arm.blinded.unwrap_or(therapy.blinded);
        regimens.push(Regimen { therapy, blinded });
    }
    if let Some(id) = &specification.simulation.null_therapy {
        let therapy = Therapy::load(library, id, &[])?;
        // The null differs from the arm in its effect only.
        let blinded = regimens.first().is_some_and(|regimen| regimen.blinded);
        regimens.push(Regimen { therapy, blinded });
    }
    Ok(regimens)
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

/// Solves the patients of a trial. `keep_trajectories` patients keep whole trajectories, and
/// `progress` is told the number of patients solved so far.
pub fn solve(
    specification: &Specification,
    library: &Library,
    threads: usize,
    keep_trajectories: usize,
    cancelled: &AtomicBool,
    progress: &mut dyn FnMut(usize),
) -> Result<Cohort, Error> {
    let parameters = Parameters::of(library)?;
    let overrides: Vec<Override> = specification
        .population
        .parameters
        .iter()
        .map(|(symbol, &value)| Override {
            symbol: symbol.clone(),
            value,
            origin: "`population.parameters`".to_owned(),
        })
        .collect();
    let correlations = Correlations::of(library)?;
    let regimens = regimens(specification, library)?;
    let blinded: Vec<bool> = regimens.iter().map(|regimen| regimen.blinded).collect();
    let visits_days = specification.visit_days();
    let follow_up_days = specification.follow_up_days();
    let (mut strata, mut places) = (Vec::new(), Vec::new());
    for (index, (share, size)) in specification
        .population
        .diseases
        .iter()
        .zip(sizes(specification))
        .enumerate()
    {
        let disease = Disease::load(library, &share.name)?;
        let layers = Layers::of(&parameters, &disease, &overrides)?;
        let scenarios = regimens
            .iter()
            .map(|regimen| {
                Scenario::build(Ingredients {
                    library,
                    parameters: &parameters,
                    disease: &disease,
                    therapy: &regimen.therapy,
                    overrides: &overrides,
                    end_days: follow_up_days,
                    extra_days: &visits_days,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        check_overrides(
            &parameters,
            &scenarios.iter().collect::<Vec<_>>(),
            &overrides,
        )?;
        let before = places.len();
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
        places.extend((0..bank.patients.len()).map(|number| (index as u32, number as u32)));
        strata.push(Stratum {
            scenarios,
            layers,
            bank,
        });
    }
    Ok(Cohort { strata, places })
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
        let course = |request: CourseRequest, course: &mut Course| {
            let (stratum, number) = self.place(request.patient);
            self.strata[stratum]
                .bank
                .course(number, request.regimen, request.subject, course);
        };
        let attacks_previous_year = |patient: usize, key: SubjectKey| {
            let (stratum, number) = self.place(patient);
            self.strata[stratum].bank.attacks_previous_year(number, key)
        };
        work(Patients {
            count: self.len(),
            course: &course,
            attacks_previous_year: &attacks_previous_year,
        })
    }
}
