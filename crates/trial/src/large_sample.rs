//! The true value of an estimate, as far as the model can say it.
//!
//! Bias and coverage need a truth. Here it is the result of the same analysis in a very large
//! trial: every eligible patient of the bank in every arm at once, each with as many independent
//! courses as it takes to reach [`SUBJECTS_PER_ARM`], followed to the planned end without loss to
//! follow-up and without an early data cut. It is an estimate itself, and its standard error is
//! reported with it; the same patients and draws serve all arms, so comparisons are more precise
//! than that error says.

use serde::{Deserialize, Serialize};

use crate::analysis::{AnalysisResult, Observations, Sample, Workspace, analyse, observe};
use crate::course::Course;
use crate::endpoint::{Observed, Outcome, outcome};
use crate::purpose::SubjectKey;
use crate::replicate::{CourseRequest, Patients, Truth, is_eligible};
use crate::specification::Specification;

/// Courses per arm in the large sample, at least.
pub const SUBJECTS_PER_ARM: usize = 10_000;
/// Replicate numbers of the large sample start here, so that it shares no draw with the trials.
pub(crate) const FIRST_REPLICATE: u32 = 1 << 30;

/// The large-sample value of an estimate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LargeSample {
    /// Number of the analysis, from 0.
    pub analysis: usize,
    /// Number of the arm, from 0.
    pub arm: usize,
    /// The value; `None` where even the large sample gives none.
    pub estimate: Option<f64>,
    /// Its standard error, on the scale of the method.
    pub standard_error: Option<f64>,
    /// Courses of the arm.
    pub subjects: u32,
    /// Why there is no value.
    pub reason: Option<String>,
}

/// Outcomes of the large sample: `outcomes[endpoint][subject]` and the arm of each subject.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    /// By endpoint and subject.
    pub outcomes: Vec<Vec<Outcome>>,
    /// Arm of each subject.
    pub arms: Vec<usize>,
    /// What analyses read beyond the outcomes, by analysis.
    pub observations: Vec<Observations>,
}

/// Simulates the large sample of the trial as designed.
pub fn outcomes(specification: &Specification, patients: Patients<'_>) -> Outcomes {
    let mut found = Outcomes {
        outcomes: vec![Vec::new(); specification.endpoints.len()],
        arms: Vec::new(),
        observations: vec![Observations::default(); specification.analyses.len()],
    };
    let until_days = specification.follow_up_days();
    let repeats = SUBJECTS_PER_ARM.div_ceil(patients.count.max(1));
    let mut course = Course::default();
    for arm in 0..specification.arms.len() {
        for repeat in 0..repeats as u32 {
            for patient in 0..patients.count {
                let subject = SubjectKey {
                    seed: specification.simulation.seed,
                    replicate: FIRST_REPLICATE + repeat,
                    subject: patient as u64,
                };
                let request = CourseRequest {
                    patient,
                    truth: Truth::AsDesigned,
                    arm,
                    subject,
                };
                (patients.course)(request, &mut course);
                if !is_eligible(&specification.population.eligibility, &course) {
                    continue;
                }
                let observed = Observed::of(specification, &course, until_days);
                for (endpoint, list) in specification.endpoints.iter().zip(&mut found.outcomes) {
                    list.push(outcome(endpoint, &observed));
                }
                observe(specification, &observed, &mut found.observations);
                found.arms.push(arm);
            }
        }
    }
    found
}

/// The large-sample value of every estimate.
pub fn large_sample(specification: &Specification, sample: &Outcomes) -> Vec<LargeSample> {
    let mut space = Workspace::default();
    let mut results: Vec<AnalysisResult> = Vec::new();
    for (index, analysis) in specification.analyses.iter().enumerate() {
        if let Some(endpoint) = specification.endpoint_index(&analysis.endpoint) {
            let sample = Sample {
                outcomes: &sample.outcomes[endpoint],
                arms: &sample.arms,
                observations: &sample.observations[index],
            };
            analyse(specification, index, &sample, &mut space, &mut results);
        }
    }
    results
        .into_iter()
        .map(|result| LargeSample {
            analysis: result.analysis,
            arm: result.arm,
            estimate: result.estimate,
            standard_error: result.standard_error,
            subjects: result.subjects,
            reason: result.reason,
        })
        .collect()
}
