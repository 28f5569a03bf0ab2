//! A run is a directory: the specification, what the run is made from, and its parts.
//!
//! What is missing is what is left to do, so a run that was stopped in any way goes on where it
//! was, and a directory of another run is refused. One process writes at a time; the lock ends
//! with the process, also when it is killed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use neurocart_library::{Library, toml_file};

use crate::error::Error;
use crate::part::{is_temporary, sha256, write_whole};
use crate::specification::Specification;

/// Layout of the directory; a program reads only its own.
const FORMAT: u32 = 1;
const IDENTITY: &str = "run.json";
const SPECIFICATION: &str = "specification.toml";
const LOCK: &str = "lock";

/// What a run is made from. Two runs with the same identity have the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Layout of the directory.
    pub format: u32,
    /// Version of the program.
    pub version: String,
    /// SHA-256 of `specification.toml`.
    pub specification_sha256: String,
    /// SHA-256 of the library: models, parameters, diseases and therapies.
    pub library_sha256: String,
}

impl Identity {
    /// The identity of a run.
    pub fn new(specification: &Specification, library: &Library, version: &str) -> Identity {
        Identity {
            format: FORMAT,
            version: version.to_owned(),
            specification_sha256: sha256(specification.to_toml().as_bytes()),
            library_sha256: library_sha256(library),
        }
    }

    /// One short name for it, which every part carries.
    pub fn run(&self) -> String {
        let all = format!(
            "{} {} {} {}",
            self.format, self.version, self.specification_sha256, self.library_sha256
        );
        sha256(all.as_bytes())
    }
}

/// SHA-256 over every file of a library that can change a result; the trials are left out, since
/// the run has its own.
fn library_sha256(library: &Library) -> String {
    let mut all = String::new();
    for path in library.paths().filter(|path| !path.starts_with("trials/")) {
        if let Some(file) = library.find(path) {
            all.push_str(&format!("{} {path}\n", sha256(file.text.as_bytes())));
        }
    }
    sha256(all.as_bytes())
}

/// An open run directory, locked for writing until it is dropped.
#[derive(Debug)]
pub struct RunDirectory {
    /// Where it is.
    pub path: PathBuf,
    /// What the run is made from.
    pub identity: Identity,
    _lock: File,
}

impl RunDirectory {
    /// Makes a directory for a run, or opens the one that this very run left.
    pub fn create(
        path: &Path,
        specification: &Specification,
        identity: Identity,
    ) -> Result<RunDirectory, Error> {
        fs::create_dir_all(path.join("parts")).map_err(|e| cannot_write(path, e))?;
        let lock = lock(path)?;
        if path.join(IDENTITY).exists() {
            refuse_other(path, &read_identity(path)?, &identity)?;
        } else {
            let text = specification.to_toml();
            let file = path.join(SPECIFICATION);
            // A run killed at its very start left this text; anything else is the user's own file.
            match fs::read(&file) {
                Ok(found) if found != text.as_bytes() => {
                    return Err(refusal(
                        path,
                        "the directory holds a `specification.toml` that is not of this run",
                        "choose another directory with `--out`, so that your file is not overwritten",
                    ));
                }
                _ => {}
            }
            write_whole(&file, |out| out.write_all(text.as_bytes()))
                .map_err(|e| cannot_write(&file, e))?;
            // Written last: with it the directory is a run.
            let mut text = serde_json::to_string_pretty(&identity)
                .map_err(|e| cannot_write(path, io::Error::other(e)))?;
            text.push('\n');
            let file = path.join(IDENTITY);
            write_whole(&file, |out| out.write_all(text.as_bytes()))
                .map_err(|e| cannot_write(&file, e))?;
        }
        Ok(RunDirectory {
            path: path.to_owned(),
            identity,
            _lock: lock,
        })
    }

    /// Opens the directory of a run to go on with it.
    pub fn resume(
        path: &Path,
        library: &Library,
        version: &str,
    ) -> Result<(RunDirectory, Specification), Error> {
        let specification = read_specification(path)?;
        let identity = Identity::new(&specification, library, version);
        let lock = lock(path)?;
        refuse_other(path, &read_identity(path)?, &identity)?;
        Ok((
            RunDirectory {
                path: path.to_owned(),
                identity,
                _lock: lock,
            },
            specification,
        ))
    }
}

/// The specification that a run directory holds.
pub fn read_specification(path: &Path) -> Result<Specification, Error> {
    let identity = read_identity(path)?;
    let file = path.join(SPECIFICATION);
    let text = fs::read_to_string(&file).map_err(|e| cannot_read(&file, e))?;
    if sha256(text.as_bytes()) != identity.specification_sha256 {
        return Err(refusal(
            path,
            "`specification.toml` was changed after the run began",
            "put the original back, or start a new run with the changed trial file",
        ));
    }
    Ok(toml_file::parse(&text, &file.display().to_string())?)
}

fn read_identity(path: &Path) -> Result<Identity, Error> {
    let file = path.join(IDENTITY);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(refusal(
                path,
                "this is not the directory of a run: it has no `run.json`",
                "name a directory that `neurocart trial run` made",
            ));
        }
        Err(error) => return Err(cannot_read(&file, error)),
    };
    serde_json::from_str(&text).map_err(|error| {
        refusal(
            path,
            &format!("`run.json` cannot be read: {error}"),
            "it is damaged; start a new run in another directory",
        )
    })
}

fn refuse_other(path: &Path, found: &Identity, wanted: &Identity) -> Result<(), Error> {
    let (what, hint) = if found.format != wanted.format || found.version != wanted.version {
        (
            format!(
                "the run was made by neurocart {}, and this is neurocart {}",
                found.version, wanted.version
            ),
            "versions are not mixed in a run: use the version that began it, or start a new run",
        )
    } else if found.specification_sha256 != wanted.specification_sha256 {
        (
            "the directory holds a run of another trial, seed or number of replicates".to_owned(),
            "choose another directory with `--out`, or go on with the old run by `neurocart trial resume`",
        )
    } else if found.library_sha256 != wanted.library_sha256 {
        (
            "the run was made with another library of models and parameters".to_owned(),
            "give the same `--library` as before, or start a new run",
        )
    } else {
        return Ok(());
    };
    Err(refusal(path, &what, hint))
}

fn lock(path: &Path) -> Result<File, Error> {
    let file = path.join(LOCK);
    let open = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&file);
    let handle = open.map_err(|e| cannot_write(&file, e))?;
    match handle.try_lock() {
        Ok(()) => {
            remove_leftovers(path);
            Ok(handle)
        }
        Err(TryLockError::WouldBlock) => Err(refusal(
            path,
            "another neurocart is writing to this directory",
            "wait until it is done, or stop it; finished parts are kept either way",
        )),
        // Some network file systems have no locks; the parts are still renamed whole.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(handle),
        Err(TryLockError::Error(error)) => Err(cannot_write(&file, error)),
    }
}

/// Removes half-written files of a run that was killed. The caller holds the lock, so nobody is
/// writing them; one that cannot be removed disturbs nothing.
fn remove_leftovers(path: &Path) {
    for folder in [path.to_owned(), path.join("parts")] {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if is_temporary(&entry.file_name().to_string_lossy()) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn refusal(path: &Path, message: &str, hint: &str) -> Error {
    Error::RunDirectory {
        directory: path.display().to_string(),
        message: message.to_owned(),
        hint: hint.to_owned(),
    }
}

fn cannot_read(path: &Path, source: io::Error) -> Error {
    Error::File {
        action: "read",
        path: path.display().to_string(),
        source,
    }
}

/// A failed write, in words that say what is lost (nothing) and what to do.
pub(crate) fn cannot_write(path: &Path, source: io::Error) -> Error {
    let hint = match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full: make room, then go on with `neurocart trial resume`; every finished part is kept"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "the folder cannot be written: change its permissions or choose another with `--out`; nothing is lost"
        }
        _ => {
            "mend the cause, then go on with `neurocart trial resume`; every finished part is kept"
        }
    };
    refusal(path, &format!("cannot write: {source}"), hint)
}
