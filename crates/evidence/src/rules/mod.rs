//! What must hold in a study file, and between study files, beyond its form.
//!
//! A number needs a source; a count fits its total; an interval holds its value; nobody is counted
//! twice; what is remembered is marked as remembered. Everything that is wrong is reported at once,
//! each with its line.

mod appraisal;
mod arms;
mod contradictions;
#[cfg(test)]
mod example;
mod findings;
mod head;
mod magnitude;
mod numbers;
mod outcome;
mod patients;
mod place;
mod source;
mod together;

use neurocart_library::Problem;

use crate::import::DECIDE;
use crate::study::Study;
use crate::vocabulary::Vocabulary;

pub use contradictions::SEVERITY;
pub use head::is_slug;
pub use magnitude::{LARGEST_COUNT, LARGEST_NUMBER, LONGEST_MONTHS};
pub use source::is_trial_number;
pub use together::{check_together, inverse, relation};

/// A study file with its text, for messages.
#[derive(Clone, Copy, Debug)]
pub struct StudyFile<'a> {
    /// How messages call the file.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
    /// What it says.
    pub study: &'a Study,
}

impl StudyFile<'_> {
    fn problem(
        &self,
        place: place::Place,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Problem {
        Problem::new(self.name, message)
            .at(self.text, place.offset(self.text))
            .hint(hint)
    }
}

/// What is wrong in one study file.
pub fn check_study(file: StudyFile, vocabulary: &Vocabulary) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_decided(file, &mut problems);
    head::check_head(file, vocabulary, &mut problems);
    magnitude::check_magnitudes(file, &mut problems);
    source::check_source(file, &mut problems);
    arms::check_arms(file, vocabulary, &mut problems);
    for index in 0..file.study.outcomes.len() {
        outcome::check_outcome(file, index, vocabulary, &mut problems);
    }
    contradictions::check_outcomes_together(file, &mut problems);
    patients::check_patients(file, vocabulary, &mut problems);
    findings::check_findings(file, &mut problems);
    appraisal::check_appraisal(file, &mut problems);
    problems
}

/// A draft of `neurocart evidence import` is no study until a person has settled what it leaves open.
fn check_decided(file: StudyFile, problems: &mut Vec<Problem>) {
    let mut start = 0;
    for line in file.text.split_inclusive('\n') {
        if let Some(question) = line.strip_prefix(DECIDE) {
            problems.push(
                Problem::new(file.name, format!("left to decide: {}", question.trim()))
                    .at(file.text, start)
                    .hint("settle it in the file, then delete this line"),
            );
        }
        start += line.len();
    }
}
