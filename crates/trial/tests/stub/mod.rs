//! Patients with stated probabilities instead of a solved model, so that designs meet exact answers.

// Each test file uses a part of it.
#![allow(dead_code)]

use neurocart_trial::adaptive::ReplicateDecision;
use neurocart_trial::adaptive::characteristics::{DesignCharacteristics, DesignTally};
use neurocart_trial::adaptive::truth::design_truths;
use neurocart_trial::course::{Course, Toxicity, Visit};
use neurocart_trial::operating_characteristics::MonteCarlo;
use neurocart_trial::replicate::{CourseRequest, Patients, Space, Truth, simulate};
use neurocart_trial::specification::Specification;

pub const SEAMLESS: &str = include_str!("../trials/mg-dose-finding.toml");
/// Purpose of the stubs' own draws.
const STUB: u32 = 900;

/// Dose finding in three doses, then two stages, of `trials/mg-dose-finding.toml`.
pub fn seamless() -> Specification {
    toml::from_str(SEAMLESS).unwrap()
}

/// A single arm without dose finding, manufacturing, toxicity rule and dropout.
pub fn single_arm() -> Specification {
    let mut trial = seamless();
    trial.arms.truncate(1);
    trial.dose_finding = None;
    trial.manufacturing = None;
    trial.dropout = None;
    trial.population.eligibility.clear();
    let section = trial.single_arm.as_mut().unwrap();
    section.include_dose_finding = false;
    section.toxicity = None;
    trial
}

/// The dose finding of [`seamless`] alone, with every product made and nobody lost or screened out.
pub fn dose_finding() -> Specification {
    let mut trial = seamless();
    trial.single_arm = None;
    trial.manufacturing = None;
    trial.dropout = None;
    trial.population.eligibility.clear();
    trial
}

/// Patients with a DLT and a response of stated probability, by arm, and no more.
pub fn stub(
    probability: impl Fn(CourseRequest) -> (f64, f64) + Sync,
) -> impl Fn(CourseRequest, &mut Course) + Sync {
    move |request, course| {
        let (dlt, response) = probability(request);
        let mut stream = request.subject.stream(STUB);
        let (toxic, responds) = (stream.uniform() < dlt, stream.uniform() < response);
        *course = Course::default();
        course.crs = Some(Toxicity {
            grade: if toxic { 3 } else { 0 },
            onset_days: toxic.then_some(5.0),
        });
        for week in [0.0, 4.0, 8.0, 12.0] {
            course.visits.push(Visit {
                time_days: 7.0 * week,
                mg_adl: Some(if responds && week > 0.0 { 4.0 } else { 9.0 }),
                ..Visit::default()
            });
        }
    }
}

pub fn replicates(
    trial: &Specification,
    course: &(dyn Fn(CourseRequest, &mut Course) + Sync),
    truth: Truth,
    number: u32,
) -> DesignCharacteristics {
    let patients = Patients { count: 300, course };
    let mut tally = DesignTally::new(design_truths(trial, patients, &[]));
    let mut space = Space::default();
    for replicate in 0..number {
        simulate(trial, patients, truth, replicate, &mut space).unwrap();
        let decisions: Vec<ReplicateDecision> = space
            .decisions
            .iter()
            .map(|decision| ReplicateDecision {
                truth,
                replicate,
                decision: decision.clone(),
            })
            .collect();
        tally.add(trial, &decisions);
    }
    tally.finish(trial).remove(0)
}

/// Within four Monte Carlo standard errors, those at the exact value for a proportion.
pub fn assert_share(what: &str, found: Option<MonteCarlo>, exact: f64) {
    let found = found.expect(what);
    let error = (exact * (1.0 - exact) / found.replicates as f64).sqrt();
    let distance = (found.value - exact).abs();
    assert!(
        distance <= 4.0 * error + 1e-12,
        "{what}: {} against {exact}",
        found.value
    );
}

pub fn assert_mean(what: &str, found: Option<MonteCarlo>, exact: f64) {
    let found = found.expect(what);
    let distance = (found.value - exact).abs();
    assert!(
        distance <= 4.0 * found.standard_error,
        "{what}: {} (error {}) against {exact}",
        found.value,
        found.standard_error
    );
}
