//! What can go wrong between a user's files and a solved trial, in the user's words.

use std::fmt;

/// One thing that is wrong in a user's input: what, where, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// File, or the words by which the user knows the text (`--set`).
    pub file: String,
    /// Line, from 1.
    pub line: Option<usize>,
    /// Column in characters, from 1.
    pub column: Option<usize>,
    /// The offending line of the file.
    pub source_line: Option<String>,
    /// What to do.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem with a file as a whole.
    pub fn new(file: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem {
            file: file.into(),
            message: message.into(),
            ..Problem::default()
        }
    }
    /// Adds what to do; an empty text adds nothing.
    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        self
    }
    /// Places the problem at byte `offset` of `text`.
    pub fn at(mut self, text: &str, offset: usize) -> Problem {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        self.line = Some(before.matches('\n').count() + 1);
        self.column = Some(text[start..offset].chars().count() + 1);
        self.source_line = text[start..].lines().next().map(str::to_owned);
        self
    }
    /// Places the problem at a line, without a column.
    pub fn on_line(mut self, text: &str, line: usize) -> Problem {
        self.line = Some(line);
        self.source_line = text.lines().nth(line.saturating_sub(1)).map(str::to_owned);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        write!(f, "\n  --> {}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
            if let Some(source_line) = &self.source_line {
                write!(f, "\n{line:>4} | {source_line}")?;
                if let Some(column) = self.column {
                    write!(f, "\n     | {:>column$}", "^")?;
                }
            }
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n     = hint: {hint}")?;
        }
        Ok(())
    }
}

/// Why a trial, a patient or a library cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The user's input is wrong; the command line answers with exit code 2.
    #[error("{0}")]
    Input(Box<Problem>),
    /// Several things are wrong at once.
    #[error("{}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n\n"))]
    Inputs(Vec<Problem>),
    /// The model text of a scenario is wrong.
    #[error("{0}")]
    Model(String),
    /// The model cannot be compiled.
    #[error(transparent)]
    Compile(#[from] neurocart_engine::CompileError),
    /// The solver's settings make no sense.
    #[error(transparent)]
    Settings(#[from] neurocart_engine::SettingsError),
    /// Too many patients cannot be solved to trust the rest.
    #[error(
        "{failed} of {solved} virtual patients could not be solved, more than the {allowed_percent} % that is allowed; first: {first}\n     = hint: look for a parameter, a dose or a model file of your own far outside what is usual; `simulation.maximum_failed_fraction` of a trial file allows more"
    )]
    TooManyFailures {
        /// Patients that failed.
        failed: usize,
        /// Patients tried.
        solved: usize,
        /// The stated limit.
        allowed_percent: f64,
        /// The first failure, in words.
        first: String,
    },
    /// The caller asked to stop.
    #[error("interrupted")]
    Cancelled,
    /// A run directory cannot be used as it is.
    #[error("{message}\n  --> {directory}\n     = hint: {hint}")]
    RunDirectory {
        /// The directory.
        directory: String,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} `{path}`: {source}{}", file_hint(action, .source))]
    File {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What to do about a file that cannot be read or written, as a line to append.
fn file_hint(action: &str, source: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    match (source.kind(), action) {
        (ErrorKind::StorageFull | ErrorKind::QuotaExceeded, _) => {
            "\n     = hint: the disk is full: make room, or name a file on another one"
        }
        (ErrorKind::NotFound, "write") => {
            "\n     = hint: make the folder first, or name a file in another one"
        }
        (ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem, "write") => {
            "\n     = hint: name a file in a folder that can be written"
        }
        (ErrorKind::InvalidData, _) => "\n     = hint: the file must be text in UTF-8",
        _ => "",
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Error {
        Error::Input(Box::new(problem))
    }
}

/// The candidate nearest to `name`, if one is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|c| {
            (
                strsim::damerau_levenshtein(&name.to_lowercase(), &c.to_lowercase()),
                c,
            )
        })
        .min_by_key(|&(distance, _)| distance)
        .filter(|&(distance, c)| distance <= (name.len().max(c.len()) / 3).max(1))
        .map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_points_at_line_and_column() {
        let text = "id = \"a\"\ndose_mg = -3\n";
        let problem = Problem::new("x.toml", "`dose_mg` is negative")
            .at(text, 19)
            .hint("give a positive dose");
        assert_eq!(
            problem.to_string(),
            "`dose_mg` is negative\n  --> x.toml:2:11\n   2 | dose_mg = -3\n     |           ^\n     = hint: give a positive dose"
        );
    }

    #[test]
    fn a_wild_guess_gets_no_suggestion() {
        assert_eq!(
            nearest("cd19-catr", ["cd19-cart", "bcma-cart"]),
            Some("cd19-cart")
        );
        assert_eq!(nearest("aspirin", ["cd19-cart", "bcma-cart"]), None);
    }
}
