//! What an analysis reads of its subjects beyond one outcome each: strata, values at visits, onsets
//! of attacks, competing events.

use crate::course::Course;
use crate::endpoint::{Observed, attack_onsets, changes, competing_days};
use crate::specification::{Analysis, Endpoint, Method, Specification, Stratum};

/// One value of one subject.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    /// Position of the subject.
    pub subject: usize,
    /// Number of the visit, from 0, the baseline; 0 where the value is a day.
    pub visit: usize,
    /// Change of the score (`mmrm`), or the day of an attack (`recurrent_cox`) or of a competing
    /// event.
    pub value: f64,
}

/// What one analysis reads; empty where its method needs outcomes only.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observations {
    subjects: usize,
    strata: Vec<usize>,
    pub(super) readings: Vec<Reading>,
}

impl Observations {
    /// Stratum of the subject at a position; 0 without strata.
    pub(super) fn stratum(&self, position: usize) -> usize {
        self.strata.get(position).copied().unwrap_or(0)
    }

    fn add(
        &mut self,
        specification: &Specification,
        analysis: &Analysis,
        endpoint: &Endpoint,
        subject: &Observed<'_>,
    ) {
        let position = self.subjects;
        self.subjects += 1;
        if !analysis.strata.is_empty() {
            let number = |factor| level(factor, specification, subject.course);
            let combined = analysis.strata.iter().fold(0, |before, factor| {
                let (level, levels) = number(factor);
                before * levels + level
            });
            self.strata.push(combined);
        }
        let day = |value| Reading {
            subject: position,
            visit: 0,
            value,
        };
        match analysis.method {
            Method::Mmrm => {
                let values = changes(endpoint, subject).map(|(visit, value)| Reading {
                    subject: position,
                    visit,
                    value,
                });
                self.readings.extend(values);
            }
            Method::RecurrentCox => self
                .readings
                .extend(attack_onsets(endpoint, subject).map(day)),
            method if method.has_competing_events() => self
                .readings
                .extend(competing_days(endpoint, subject).map(day)),
            _ => {}
        }
    }
}

/// Level of a subject in a factor, from 0, and the number of levels.
fn level(factor: &Stratum, specification: &Specification, course: &Course) -> (usize, usize) {
    match *factor {
        Stratum::Disease {} => (course.disease, specification.population.diseases.len()),
        Stratum::BaselineScore { score, above } => {
            let value = course.visits.first().and_then(|visit| score.of(visit));
            (usize::from(value.is_some_and(|value| value > above)), 2)
        }
        Stratum::AttacksPreviousYear { above } => {
            (usize::from(course.attacks_previous_year > above), 2)
        }
    }
}

/// Empties the observations, one for each analysis of a trial.
pub fn restart(specification: &Specification, observations: &mut Vec<Observations>) {
    observations.resize_with(specification.analyses.len(), Observations::default);
    for list in observations {
        list.subjects = 0;
        list.strata.clear();
        list.readings.clear();
    }
}

/// Adds what every analysis reads of the next subject.
pub fn observe(
    specification: &Specification,
    subject: &Observed<'_>,
    observations: &mut [Observations],
) {
    for (analysis, list) in specification.analyses.iter().zip(observations) {
        if let Some(endpoint) = specification.endpoint_index(&analysis.endpoint) {
            let endpoint = &specification.endpoints[endpoint];
            list.add(specification, analysis, endpoint, subject);
        }
    }
}
