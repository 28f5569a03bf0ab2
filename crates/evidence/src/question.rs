//! The questions of the review, as data: `library/evidence/questions.toml`.
//!
//! A question asks one or more outcomes of one or more groups of studies. Whoever asks otherwise writes
//! another file; the answers follow.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use neurocart_library::{Error, Library, Problem, nearest, toml_file};

use crate::certainty::Judgement;
use crate::comparison::Scale;
use crate::evidence::Evidence;
use crate::rules::LONGEST_MONTHS;
use crate::selection::Selection;
use crate::series::Request;
use crate::study::{DesignKind, Lymphodepletion, Modality, Platform};
use crate::vocabulary::{Area, Vocabulary, is_target};

/// The questions of the library.
pub const QUESTIONS: &str = "evidence/questions.toml";

/// A file of questions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "question")]
    questions: Vec<Question>,
}

/// A question of the review.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Name on the command line.
    pub id: String,
    /// Heading under which it is answered.
    pub section: String,
    /// The question, in a line.
    pub title: String,
    /// What a reader must know beside the answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Codes of the outcomes; empty for a question to animal experiments.
    #[serde(default)]
    pub outcomes: Vec<String>,
    /// The groups compared; empty for a question to animal experiments.
    #[serde(default, rename = "group")]
    pub groups: Vec<Group>,
    /// Outlying series, without which the question is answered once more.
    #[serde(default)]
    pub without: Vec<String>,
    /// Why they are taken as outlying.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub without_reason: String,
    /// True for the question which way experiments in animals went.
    #[serde(default)]
    pub preclinical: bool,
}

/// A group of studies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Group {
    /// How the answer calls it.
    pub label: String,
    /// Diseases.
    pub diseases: Vec<String>,
    /// Fields of medicine.
    pub areas: Vec<Area>,
    /// Only patients counted together over several areas.
    pub mixed_areas: bool,
    /// Targets.
    pub targets: Vec<String>,
    /// Parts of names of products.
    pub products: Vec<String>,
    /// Platforms.
    pub platforms: Vec<Platform>,
    /// Lymphodepletion.
    pub lymphodepletion: Vec<Lymphodepletion>,
    /// Kinds of treatment; CAR T cells if empty.
    pub modalities: Vec<Modality>,
    /// Designs.
    pub designs: Vec<DesignKind>,
    /// Toxicity scales; all if empty.
    pub gradings: Vec<String>,
    /// Pool although scales differ. Scales that are named are pooled in any case.
    pub across_scales: bool,
    /// The time to take, months; the latest if absent.
    pub month: Option<f64>,
    /// Compare with the control arm of each study, on this scale.
    pub compare: Option<Scale>,
    /// Judgements on certainty by a person, in place of the rules.
    pub judgements: Vec<Judgement>,
}

impl Group {
    /// What to take for one outcome.
    pub fn request(&self, outcome: &str, include_recalled: bool, without: &[String]) -> Request {
        let modalities = match self.modalities.is_empty() {
            true => vec![Modality::CarT],
            false => self.modalities.clone(),
        };
        Request {
            outcome: outcome.to_owned(),
            selection: Selection {
                diseases: self.diseases.clone(),
                areas: self.areas.clone(),
                targets: self.targets.clone(),
                products: self.products.clone(),
                platforms: self.platforms.clone(),
                lymphodepletion: self.lymphodepletion.clone(),
                modalities,
                designs: self.designs.clone(),
                include_recalled,
                ..Selection::default()
            },
            mixed_areas: self.mixed_areas,
            without: without.to_vec(),
            gradings: self.gradings.clone(),
            month: self.month,
        }
    }
}

/// Reads the questions of a library and checks their codes.
pub fn questions(library: &Library, evidence: &Evidence) -> Result<Vec<Question>, Error> {
    let file = library.file(QUESTIONS)?;
    let questions = toml_file::parse::<File>(file.text, file.name)?.questions;
    let mut problems = Vec::new();
    let mut ids = BTreeSet::new();
    for (index, question) in questions.iter().enumerate() {
        let line = toml_file::value_offset(file.text, "id", index).unwrap_or(0);
        let mut add = |message: String, hint: String| {
            problems.push(
                Problem::new(file.name, format!("question `{}`: {message}", question.id))
                    .at(file.text, line)
                    .hint(hint),
            );
        };
        if !ids.insert(&question.id) {
            add(
                "stands twice".into(),
                "give each question an id of its own".into(),
            );
        }
        if question.preclinical == question.outcomes.is_empty() {
            continue_check(question, &evidence.vocabulary, &mut add);
        } else {
            add(
                "has neither outcomes nor `preclinical = true`, or both".into(),
                "ask one of the two".into(),
            );
        }
        for id in question
            .without
            .iter()
            .filter(|id| !evidence.studies.contains_key(*id))
        {
            let near = nearest(id, evidence.studies.keys().map(String::as_str));
            let hint = near.map_or("name a study of the library".to_owned(), |n| {
                format!("did you mean `{n}`?")
            });
            add(format!("there is no study `{id}`"), hint);
        }
    }
    if problems.is_empty() {
        Ok(questions)
    } else {
        Err(Error::Inputs(problems))
    }
}

fn continue_check(
    question: &Question,
    vocabulary: &Vocabulary,
    add: &mut impl FnMut(String, String),
) {
    for code in &question.outcomes {
        if let Err(hint) = vocabulary.outcome(code) {
            add(format!("unknown outcome `{code}`"), hint);
        }
    }
    for group in &question.groups {
        for code in &group.diseases {
            if let Err(hint) = vocabulary.disease(code) {
                add(format!("unknown disease `{code}`"), hint);
            }
        }
        if let Some(month) = group.month
            && !(0.0..=LONGEST_MONTHS).contains(&month)
        {
            add(
                format!("`month = {month}` is not between 0 and 100 years"),
                "give months after infusion".into(),
            );
        }
        for judgement in group.judgements.iter().filter(|j| j.down > 2) {
            add(
                format!(
                    "{} steps down for {}",
                    judgement.down,
                    judgement.domain.words()
                ),
                "a domain takes 0, 1 or 2 steps away".into(),
            );
        }
        for target in group.targets.iter().filter(|t| !is_target(t)) {
            add(
                format!("unknown target `{target}`"),
                "name antigens joined by `+`".into(),
            );
        }
    }
}
