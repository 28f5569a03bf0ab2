//! Enrolment one by one in calendar time, as designs need it that decide while they enrol.
//!
//! Eligible candidates arrive as a Poisson process of `accrual.per_week`; while the trial is not
//! enrolling they go elsewhere. Whoever is enrolled waits for the product, which may fail or hold fewer
//! cells than assigned; then the next lower dose is given.

use crate::course::Course;
use crate::design::{
    ReplicateKey, arrival_stream, dropout_days, manufacturing_stream, vein_to_vein_stream,
};
use crate::dose_limiting_toxicity::dose_limiting_toxicity;
use crate::purpose::SubjectKey;
use crate::replicate::{CourseRequest, End, NotMade, Patients, Space, Subject, Truth, is_eligible};
use crate::specification::{DAYS_PER_WEEK, DoseLimitingToxicity, Specification};

/// What enrolment draws from.
#[derive(Clone, Copy)]
pub(crate) struct Enrolment<'a> {
    pub specification: &'a Specification,
    pub patients: Patients<'a>,
    pub truth: Truth,
    pub key: ReplicateKey,
}

/// The bank holds no further eligible patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BankExhausted;

impl Enrolment<'_> {
    /// Starts a replicate: nobody screened.
    pub fn start(&self, space: &mut Space) {
        space.restart(self.key, self.patients.count);
    }

    /// Days until the next eligible candidate arrives, the `arrival`th of the trial.
    pub fn waiting_days(&self, arrival: u64) -> f64 {
        let per_week = self.specification.accrual.per_week.unwrap_or(f64::INFINITY);
        if per_week.is_infinite() {
            return 0.0;
        }
        arrival_stream(self.key, arrival).exponential(per_week / DAYS_PER_WEEK)
    }

    /// The dose that the `arrival`th subject can be given; none if there is no product.
    pub fn administered(&self, assigned: usize, arrival: u64) -> Option<usize> {
        let Some(manufacturing) = &self.specification.manufacturing else {
            return Some(assigned);
        };
        let mut stream = manufacturing_stream(self.key, arrival);
        let (made, whole) = (stream.uniform(), stream.uniform());
        if made < manufacturing.failure_probability {
            None
        } else if whole < manufacturing.shortfall_probability {
            assigned.checked_sub(1)
        } else {
            Some(assigned)
        }
    }

    /// Days from enrolment to the first treatment of the `arrival`th subject.
    pub fn vein_to_vein_days(&self, arrival: u64) -> f64 {
        let Some(manufacturing) = &self.specification.manufacturing else {
            return 0.0;
        };
        let [shortest, longest] = manufacturing.vein_to_vein_days;
        shortest + vein_to_vein_stream(self.key, arrival).uniform() * (longest - shortest)
    }

    /// Notes a subject whose product could not be made.
    pub fn not_made(&self, arm: usize, entry_days: f64, space: &mut Space) {
        space.not_made.push(NotMade { arm, entry_days });
    }

    /// Screens candidates until one is eligible and gives it the dose `arm`; returns its number
    /// among the treated subjects.
    pub fn treat(
        &self,
        arm: usize,
        assigned: usize,
        entry_days: f64,
        treated_days: f64,
        space: &mut Space,
    ) -> Result<usize, BankExhausted> {
        let specification = self.specification;
        let number = space.subjects.len();
        if space.courses.len() <= number {
            space.courses.resize_with(number + 1, Course::default);
        }
        loop {
            let patient = space.next_candidate().ok_or(BankExhausted)?;
            let candidate = space.screened as u64;
            space.screened += 1;
            let subject = SubjectKey {
                seed: self.key.seed,
                replicate: self.key.replicate,
                subject: candidate,
            };
            let request = CourseRequest {
                patient,
                truth: self.truth,
                arm,
                subject,
            };
            let course = &mut space.courses[number];
            (self.patients.course)(request, course);
            if !is_eligible(self.truth.eligibility(specification), course) {
                continue;
            }
            let lost = dropout_days(self.key, candidate, &specification.arms[arm], specification);
            let follow_up_days = specification.follow_up_days();
            space.subjects.push(Subject {
                patient,
                arm,
                entry_days,
                treated_days,
                assigned,
                until_days: lost.min(follow_up_days),
                end: if lost < follow_up_days {
                    End::Lost
                } else {
                    End::Completed
                },
                rescue_days: None,
            });
            return Ok(number);
        }
    }
}

/// Onset of the first dose-limiting toxicity within the window, in days from the first treatment.
pub(crate) fn dose_limiting_days(course: &Course, event: &DoseLimitingToxicity) -> Option<f64> {
    dose_limiting_toxicity(course, &event.definition(), event.window_days)
}
