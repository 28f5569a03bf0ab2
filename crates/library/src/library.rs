//! The data library: model text, parameters, diseases, therapies, trials.
//!
//! A copy is embedded in the binary, so nothing needs to lie beside it. A folder given by the
//! user wins file by file over the embedded copy and may add diseases, therapies and trials.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Error;
use crate::problem::{Problem, nearest};

include!(concat!(env!("OUT_DIR"), "/embedded_library.rs"));

/// Folders in which a user's own files are picked up, with the ending they need.
const OPEN_FOLDERS: [(&str, &str); 5] = [
    ("diseases/", ".toml"),
    ("therapies/", ".toml"),
    ("trials/", ".toml"),
    ("model/", ".ant"),
    ("evidence/studies/", ".toml"),
];
/// Files that are read where they exist but need not.
const OPTIONAL_FILES: [&str; 1] = [CORRELATIONS];
/// The parameter table.
pub const PARAMETERS: &str = "parameters.csv";
/// Correlations between the patients' parameters, optional.
pub const CORRELATIONS: &str = "correlations.csv";

/// A set of library files.
#[derive(Clone, Debug)]
pub struct Library {
    files: BTreeMap<Cow<'static, str>, File>,
    /// Files of the user's folder that nothing reads: a misspelt name, usually.
    pub unknown_files: Vec<String>,
}

#[derive(Clone, Debug)]
struct File {
    shown_as: String,
    text: Cow<'static, str>,
}

/// One file of the library.
#[derive(Clone, Copy, Debug)]
pub struct LibraryFile<'a> {
    /// How messages call the file.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

impl Library {
    /// The copy inside the binary.
    pub fn embedded() -> Library {
        let file = |&(path, text): &(&'static str, &'static str)| {
            (
                Cow::Borrowed(path),
                File {
                    shown_as: format!("library/{path}"),
                    text: Cow::Borrowed(text),
                },
            )
        };
        Library {
            files: EMBEDDED.iter().map(file).collect(),
            unknown_files: Vec::new(),
        }
    }

    /// The embedded copy with the files of `folder` in place of or beside its own.
    pub fn with_overrides(folder: &Path) -> Result<Library, Error> {
        let mut library = Library::embedded();
        let mut paths = Vec::new();
        list(folder, folder, &mut paths)?;
        paths.sort();
        for path in paths {
            let open = OPEN_FOLDERS
                .iter()
                .any(|(f, e)| path.starts_with(f) && path.ends_with(e));
            if !open
                && !library.files.contains_key(path.as_str())
                && !OPTIONAL_FILES.contains(&path.as_str())
            {
                library.unknown_files.push(path);
                continue;
            }
            let full = folder.join(&path);
            let shown_as = full.display().to_string();
            let text = std::fs::read_to_string(&full).map_err(|source| Error::File {
                action: "read",
                path: shown_as.clone(),
                source,
            })?;
            library.files.insert(
                Cow::Owned(path),
                File {
                    shown_as,
                    text: Cow::Owned(text),
                },
            );
        }
        Ok(library)
    }

    /// This library without the program's own files below `part` (`evidence/studies/`): what a folder that
    /// holds a whole version of that part leaves out is not there.
    pub fn without_embedded(mut self, part: &str) -> Library {
        self.files
            .retain(|path, file| !path.starts_with(part) || matches!(file.text, Cow::Owned(_)));
        self
    }

    /// This library with one more file, as if a user's folder had it.
    pub fn with_file(mut self, path: &str, text: &str) -> Library {
        let file = File {
            shown_as: path.to_owned(),
            text: Cow::Owned(text.to_owned()),
        };
        self.files.insert(Cow::Owned(path.to_owned()), file);
        self
    }

    /// The file at `path` (`therapies/placebo.toml`), if there is one.
    pub fn find(&self, path: &str) -> Option<LibraryFile<'_>> {
        self.files.get(path).map(|f| LibraryFile {
            name: &f.shown_as,
            text: &f.text,
        })
    }

    /// The file at `path`, or an error that names the nearest one.
    pub fn file(&self, path: &str) -> Result<LibraryFile<'_>, Error> {
        self.find(path).ok_or_else(|| {
            let problem = Problem::new("library", format!("the library has no file `{path}`"));
            match nearest(path, self.paths()) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")).into(),
                None => problem.into(),
            }
        })
    }

    /// Text of the file at `path`.
    pub fn text(&self, path: &str) -> Result<&str, Error> {
        self.file(path).map(|f| f.text)
    }

    /// Paths of all files, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(|k| k.as_ref())
    }

    /// Ids of the files `folder/ID.toml`, sorted.
    pub fn ids(&self, folder: &str) -> Vec<&str> {
        self.paths()
            .filter_map(|p| {
                p.strip_prefix(folder)?
                    .strip_prefix('/')?
                    .strip_suffix(".toml")
            })
            .filter(|id| !id.contains('/'))
            .collect()
    }

    /// The file `folder/ID.toml`; `what` (`disease`, `therapy`) is how a message calls it.
    pub fn item(&self, folder: &str, what: &str, id: &str) -> Result<LibraryFile<'_>, Error> {
        self.find(&format!("{folder}/{id}.toml")).ok_or_else(|| {
            let ids = self.ids(folder);
            let hint = match nearest(id, ids.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the library has: {}", ids.join(", ")),
            };
            Problem::new(
                format!("library/{folder}"),
                format!("unknown {what} `{id}`"),
            )
            .hint(hint)
            .into()
        })
    }

    /// Ids of the diseases.
    pub fn disease_ids(&self) -> Vec<&str> {
        self.ids("diseases")
    }

    /// Ids of the therapies.
    pub fn therapy_ids(&self) -> Vec<&str> {
        self.ids("therapies")
    }
}

fn list(root: &Path, folder: &Path, paths: &mut Vec<String>) -> Result<(), Error> {
    let cannot = |source| Error::File {
        action: "read",
        path: folder.display().to_string(),
        source,
    };
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.is_dir() {
            list(root, &path, paths)?;
        } else if let Ok(below) = path.strip_prefix(root) {
            paths.push(below.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_therapy_gets_the_nearest_name() {
        let error = Library::embedded()
            .item("therapies", "therapy", "cd19-catr")
            .unwrap_err();
        insta::assert_snapshot!(error, @r"
        unknown therapy `cd19-catr`
          --> library/therapies
             = hint: did you mean `cd19-cart`?
        ");
    }

    #[test]
    fn a_users_folder_wins_and_strange_files_are_listed() {
        let folder = std::env::temp_dir().join(format!("neurocart-library-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("therapies")).unwrap();
        std::fs::write(folder.join("therapies/mine.toml"), "id = \"mine\"").unwrap();
        std::fs::create_dir_all(folder.join("evidence/studies")).unwrap();
        std::fs::write(folder.join("evidence/studies/ours.toml"), "").unwrap();
        std::fs::write(folder.join("paramters.csv"), "").unwrap();
        let library = Library::with_overrides(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            library.text("therapies/mine.toml").unwrap(),
            "id = \"mine\""
        );
        assert!(library.therapy_ids().contains(&"mine"));
        assert!(library.therapy_ids().contains(&"cd19-cart"));
        assert_eq!(library.text("evidence/studies/ours.toml").unwrap(), "");
        let whole = library.clone().without_embedded("evidence/studies/");
        assert_eq!(whole.ids("evidence/studies"), ["ours"]);
        assert!(whole.therapy_ids().contains(&"cd19-cart"));
        assert_eq!(library.unknown_files, ["paramters.csv"]);
    }
}
