//! What can go wrong between a user's files and a solved trial, in the user's words.

use neurocart_library::{Problem, file_hint, joined};

/// Why a trial, a patient or a library cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The user's input is wrong; the command line answers with exit code 2.
    #[error("{0}")]
    Input(Box<Problem>),
    /// Several things are wrong at once.
    #[error("{}", joined(.0))]
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

impl From<Problem> for Error {
    fn from(problem: Problem) -> Error {
        Error::Input(Box::new(problem))
    }
}

impl From<neurocart_library::Error> for Error {
    fn from(error: neurocart_library::Error) -> Error {
        use neurocart_library::Error as Library;
        match error {
            Library::Input(problem) => Error::Input(problem),
            Library::Inputs(problems) => Error::Inputs(problems),
            Library::File {
                action,
                path,
                source,
            } => Error::File {
                action,
                path,
                source,
            },
        }
    }
}
