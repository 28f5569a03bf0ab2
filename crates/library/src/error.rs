//! Why a library or a file of it cannot be used.

use crate::problem::{Problem, joined};

/// Why a library or a file of it cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The user's input is wrong.
    #[error("{0}")]
    Input(Box<Problem>),
    /// Several things are wrong at once.
    #[error("{}", joined(.0))]
    Inputs(Vec<Problem>),
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

/// What to do about a file that cannot be read or written, as a line to append to a message; empty
/// where nothing better than the system's own words is known. `action` is `read` or `write`.
pub fn file_hint(action: &str, source: &std::io::Error) -> &'static str {
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
