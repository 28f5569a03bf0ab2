//! Checks a trial file and says everything that is wrong with it at once.
//!
//! Three steps: the text must be TOML; the document must have the shape of a
//! [`Specification`] (module `shape`); and what it says must make sense with the library: names
//! that exist, visits inside the follow-up, analyses that fit their endpoints.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use neurocart_library::{Library, Problem, nearest, toml_file};

use crate::disease::Disease;
use crate::shape::Document;
use crate::specification::{Score, Specification, json_schema};

mod adaptive;
mod analyses;
mod dose_finding;
mod endpoints;
mod group_sequential;
mod null;
mod population;
mod schedule;
mod single_arm;

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// The trial; `None` where the text is not one. It may be run only if there are no errors.
    pub specification: Option<Specification>,
    /// What must be mended, in the order of the text.
    pub errors: Vec<Problem>,
    /// What the user should know, in the order of the text.
    pub warnings: Vec<Problem>,
}

/// Checks the trial file `text`; `file` is how messages call it.
pub fn check(text: &str, file: &str, library: &Library) -> Check {
    let mut found = Check::default();
    let (document, syntax) = DeTable::parse_recoverable(text);
    for error in &syntax {
        let problem = toml_file::problem(error, text, file);
        found.errors.push(match problem.hint {
            Some(_) => problem,
            None => problem.hint(
                "a trial file is TOML: `name = value`, texts in quotes, sections in brackets",
            ),
        });
    }
    if !found.errors.is_empty() {
        return found;
    }
    Document { file, text }.check_table(
        document.get_ref(),
        0,
        &json_schema(),
        "",
        &mut found.errors,
    );
    if found.errors.is_empty() {
        match toml::from_str::<Specification>(text) {
            Ok(specification) => {
                let mut meaning = Meaning {
                    places: Places {
                        file,
                        text,
                        root: document.get_ref(),
                    },
                    specification: &specification,
                    found: &mut found,
                };
                meaning.check(library);
                found.specification = Some(specification);
            }
            Err(error) => found.errors.push(toml_file::problem(&error, text, file)),
        }
    }
    let place = |p: &Problem| (p.line, p.column);
    found.errors.sort_by_key(place);
    found.warnings.sort_by_key(place);
    found
}

/// Where the values of the document stand in the text.
struct Places<'a> {
    file: &'a str,
    text: &'a str,
    root: &'a DeTable<'a>,
}

/// A step into the document.
#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Item(usize),
}

use Step::{Item, Key};

impl Places<'_> {
    /// Start of the value at `path`, or of the deepest part of the path that exists.
    fn offset(&self, path: &[Step<'_>]) -> usize {
        let Some((Key(first), rest)) = path.split_first() else {
            return 0;
        };
        let Some((_, mut value)) = self.root.iter().find(|(key, _)| key.get_ref() == first) else {
            return 0;
        };
        for step in rest {
            let next: Option<&Spanned<DeValue<'_>>> = match *step {
                Key(key) => value.get_ref().get(key),
                Item(index) => value.get_ref().get(index),
            };
            match next {
                Some(next) => value = next,
                None => break,
            }
        }
        value.span().start
    }

    fn problem(&self, path: &[Step<'_>], message: String, hint: impl Into<String>) -> Problem {
        Problem::new(self.file, message)
            .at(self.text, self.offset(path))
            .hint(hint)
    }
}

/// The checks of meaning.
struct Meaning<'a> {
    places: Places<'a>,
    specification: &'a Specification,
    found: &'a mut Check,
}

impl Meaning<'_> {
    fn error(&mut self, path: &[Step<'_>], message: impl Into<String>, hint: impl Into<String>) {
        let problem = self.places.problem(path, message.into(), hint);
        self.found.errors.push(problem);
    }

    fn warn(&mut self, path: &[Step<'_>], message: impl Into<String>, hint: impl Into<String>) {
        let problem = self.places.problem(path, message.into(), hint);
        self.found.warnings.push(problem);
    }

    fn check(&mut self, library: &Library) {
        self.name();
        let diseases = self.diseases(library);
        self.population(&diseases, library);
        self.arms(library);
        self.follow_up_and_visits();
        self.dropout_and_rescue(&diseases);
        self.endpoints(&diseases);
        self.analyses(&diseases);
        self.adaptive(library);
        self.nulls(&diseases, library);
        self.simulation();
    }

    fn score_exists(&mut self, score: Score, diseases: &[Disease], path: &[Step<'_>]) {
        for disease in diseases {
            let has = match score {
                Score::Edss => disease.disability.is_some(),
                Score::MgAdl | Score::Qmg | Score::Mgc => disease.myasthenia.is_some(),
                Score::T25fw => disease.walking.is_some(),
                Score::Incat => disease.incat.is_some(),
            };
            if !has {
                self.error(
                    path,
                    format!("{} has no {} score", disease.short_name, score.label()),
                    format!("use {}", scores_of(disease)),
                );
                return;
            }
        }
    }

    fn lesions_exist(&mut self, diseases: &[Disease], path: &[Step<'_>]) {
        if let Some(disease) = diseases.iter().find(|d| d.lesions.is_none()) {
            let message = format!("{} has no MRI lesions", disease.short_name);
            self.error(path, message, format!("use {}", scores_of(disease)));
        }
    }

    fn attacks_exist(&mut self, diseases: &[Disease], path: &[Step<'_>]) {
        if let Some(disease) = diseases.iter().find(|d| d.attacks.is_none()) {
            let message = format!("{} has no relapses or attacks", disease.short_name);
            self.error(path, message, format!("use {}", scores_of(disease)));
        }
    }
}

/// Message and hint of an error, for a problem at another place.
fn in_words(error: crate::Error) -> (String, String) {
    match error {
        crate::Error::Input(problem) => (problem.message, problem.hint.unwrap_or_default()),
        other => (other.to_string(), String::new()),
    }
}

fn scores_of(disease: &Disease) -> String {
    let mut names = Vec::new();
    if disease.attacks.is_some() {
        names.push("attacks");
    }
    if disease.disability.is_some() {
        names.push("`edss`");
    }
    if disease.myasthenia.is_some() {
        names.push("`mg_adl`, `qmg` or `mgc`");
    }
    if disease.walking.is_some() {
        names.push("`t25fw`");
    }
    if disease.incat.is_some() {
        names.push("`incat`");
    }
    names.join(", ")
}

fn unknown_hint(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", known.join(", ")),
    }
}
