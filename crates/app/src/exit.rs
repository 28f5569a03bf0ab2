//! How the program ends: exit codes, and what it says then.

use std::io::{self, Write};

/// Exit codes of every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Something went wrong that is not the input's fault.
    Failed = 1,
    /// The input is wrong.
    InvalidInput = 2,
    /// Part of the answer is missing.
    Partial = 3,
    /// Interrupted; the run can be resumed.
    Interrupted = 130,
}

/// The end of a command that could not do all it was asked.
#[derive(Debug)]
pub struct Exit {
    /// Exit code of the process.
    pub code: Code,
    /// What to say on standard error; empty if it was said already.
    pub message: String,
}

impl Exit {
    /// The input is wrong.
    pub fn invalid(message: impl Into<String>) -> Exit {
        Exit {
            code: Code::InvalidInput,
            message: message.into(),
        }
    }

    /// Something else went wrong.
    pub fn failed(message: impl Into<String>) -> Exit {
        Exit {
            code: Code::Failed,
            message: message.into(),
        }
    }
}

impl From<neurocart_trial::Error> for Exit {
    fn from(error: neurocart_trial::Error) -> Exit {
        use neurocart_trial::Error;
        let code = match &error {
            Error::Input(_) | Error::Inputs(_) | Error::Model(_) | Error::Compile(_) => {
                Code::InvalidInput
            }
            Error::Cancelled => Code::Interrupted,
            _ => Code::Failed,
        };
        Exit {
            code,
            message: error.to_string(),
        }
    }
}

impl From<neurocart_library::Error> for Exit {
    fn from(error: neurocart_library::Error) -> Exit {
        neurocart_trial::Error::from(error).into()
    }
}

/// Writes to standard output; a reader that has gone away (`| head`) is no error.
pub fn print(text: &str) -> Result<(), Exit> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Exit::failed(format!(
            "cannot write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Says a line on standard error. A reader that has gone away (`2>&1 | head`) is no error, and
/// must not end a run, which the standard macro would do by a panic.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes a file, or says why that is not possible.
pub fn write_file(path: &std::path::Path, text: &str) -> Result<(), Exit> {
    std::fs::write(path, text).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => "make the folder first, or name a file in another one",
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "the disk is full: make room, or name a file on another one"
            }
            _ => "name a file in a folder that can be written",
        };
        Exit::failed(format!(
            "cannot write `{}`: {error}\n     = hint: {hint}",
            path.display()
        ))
    })
}

/// Values as JSON on standard output.
pub fn print_json(value: &impl serde::Serialize) -> Result<(), Exit> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Exit::failed(format!("cannot write JSON: {error}")))?;
    print(&(text + "\n"))
}
