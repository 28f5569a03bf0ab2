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
        let files: Vec<StudyFile> = read
            .iter()
            .map(|(file, study)| StudyFile {
                name: file.name,
                text: file.text,
                study,
            })
            .collect();
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

/// The study in the text of a file; `file` is how messages call it.
pub fn parse(text: &str, file: &str) -> Result<Study, Error> {
    toml_file::parse(text, file)
}
