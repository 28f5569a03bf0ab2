//! The evidence base of a library: its studies and lists, read and checked.

use std::collections::BTreeMap;

use neurocart_library::{Error, Library, Problem, toml_file};

use crate::registry::{RegisteredTrial, registry};
use crate::rules::{StudyFile, check_study, check_together};
use crate::study::Study;
use crate::vocabulary::Vocabulary;

/// Folder of the study files, one per study.
pub const STUDIES: &str = "evidence/studies";

/// The evidence base.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Studies by id.
    pub studies: BTreeMap<String, Study>,
    /// Trials that are registered or announced, in the order of the table.
    pub registry: Vec<RegisteredTrial>,
    /// The closed lists behind the codes.
    pub vocabulary: Vocabulary,
}

impl Evidence {
    /// Reads and checks the evidence base of a library; all problems are reported at once.
    pub fn of(library: &Library) -> Result<Evidence, Error> {
        let (evidence, problems) = Evidence::with_problems(library)?;
        if problems.is_empty() {
            Ok(evidence)
        } else {
            Err(Error::Inputs(problems))
        }
    }

    /// Reads what can be read, and says what is wrong in the study files and the registry.
    ///
    /// Errors: only where the lists themselves cannot be read.
    pub fn with_problems(library: &Library) -> Result<(Evidence, Vec<Problem>), Error> {
        let vocabulary = Vocabulary::of(library)?;
        let (registry, mut problems) = registry(library, &vocabulary)?;
        let mut read = Vec::new();
        for id in library.ids(STUDIES) {
            let file = library.item(STUDIES, "study", id)?;
            let study = match parse(file.text, file.name) {
                Ok(study) => study,
                Err(Error::Input(problem)) => {
                    problems.push(*problem);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if let Err(error) = toml_file::check_id(&study.id, id, file.name, file.text) {
                match error {
                    Error::Input(problem) => problems.push(*problem),
                    error => return Err(error),
                }
            }
            read.push((file, study));
        }
        let mut files: Vec<StudyFile> = read
            .iter()
            .map(|(file, study)| StudyFile {
                name: file.name,
                text: file.text,
                study,
            })
            .collect();
        // What is wrong between two files is told at the later one: a file of the user's folder can be changed,
        // the program's own cannot.
        files.sort_by_key(|file| !file.name.starts_with("library/"));
        for file in &files {
            problems.extend(check_study(*file, &vocabulary));
        }
        problems.extend(check_together(&files));
        let studies = read
            .into_iter()
            .map(|(_, study)| (study.id.clone(), study))
            .collect();
        Ok((
            Evidence {
                studies,
                registry,
                vocabulary,
            },
            problems,
        ))
    }
}

/// Largest study file that is read, bytes: some five thousand figures.
pub const LARGEST_FILE_BYTES: usize = 1024 * 1024;

/// The study in the text of a file; `file` is how messages call it.
///
/// Errors: no TOML, unknown or missing keys, a file above [`LARGEST_FILE_BYTES`].
pub fn parse(text: &str, file: &str) -> Result<Study, Error> {
    if text.len() > LARGEST_FILE_BYTES {
        let message = format!(
            "the file has {} bytes, more than the {LARGEST_FILE_BYTES} of the largest study file",
            text.len()
        );
        return Err(Problem::new(file, message)
            .hint("a study file holds one study; put data sets elsewhere and cite them")
            .into());
    }
    toml_file::parse(text, file)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A change that an editor, a merge or a broken transfer makes.
    #[derive(Clone, Debug)]
    enum Change {
        Cut(usize, usize),
        Insert(usize, String),
        DropLine(usize),
        DoubleLine(usize),
        SwapLines(usize, usize),
        Number(usize, String),
    }

    fn change() -> impl Strategy<Value = Change> {
        let place = any::<usize>();
        let number = prop::sample::select(vec![
            "-1",
            "0",
            "1e400",
            "nan",
            "-inf",
            "true",
            "\"x\"",
            "[]",
            "99999999999999999999",
        ]);
        prop_oneof![
            (place, 0usize..40).prop_map(|(at, length)| Change::Cut(at, length)),
            (place, ".{1,6}").prop_map(|(at, text)| Change::Insert(at, text)),
            place.prop_map(Change::DropLine),
            place.prop_map(Change::DoubleLine),
            (place, any::<usize>()).prop_map(|(one, two)| Change::SwapLines(one, two)),
            (place, number).prop_map(|(line, value)| Change::Number(line, value.to_owned())),
        ]
    }

    fn changed(text: &str, change: &Change) -> String {
        let mut letters: Vec<char> = text.chars().collect();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let many = lines.len().max(1);
        match change {
            Change::Cut(at, length) => {
                let start = at % (letters.len() + 1);
                let end = (start + length).min(letters.len());
                letters.drain(start..end);
                return letters.into_iter().collect();
            }
            Change::Insert(at, text) => {
                let start = at % (letters.len() + 1);
                letters.splice(start..start, text.chars());
                return letters.into_iter().collect();
            }
            Change::DropLine(line) => {
                lines.remove(line % many);
            }
            Change::DoubleLine(line) => {
                let copy = lines[line % many].clone();
                lines.insert(line % many, copy);
            }
            Change::SwapLines(one, two) => lines.swap(one % many, two % many),
            Change::Number(line, value) => {
                let line = &mut lines[line % many];
                if let Some((key, _)) = line.split_once(" = ") {
                    *line = format!("{key} = {value}");
                }
            }
        }
        lines.join("\n") + "\n"
    }

    proptest! {
        #[test]
        fn a_study_file_broken_at_random_never_stops_the_program(
            file in any::<prop::sample::Index>(),
            changes in prop::collection::vec(change(), 1..4),
        ) {
            let library = Library::embedded();
            let ids = library.ids(STUDIES);
            let path = format!("{STUDIES}/{}.toml", file.get(&ids));
            let text = changes
                .iter()
                .fold(library.text(&path).unwrap().to_owned(), |text, change| changed(&text, change));
            let broken = Library::embedded().with_file(&path, &text);
            let (_, problems) = Evidence::with_problems(&broken).unwrap();
            for problem in problems {
                prop_assert!(!problem.to_string().is_empty());
            }
        }
    }
}
