//! Runs the program as a user would and keeps what it said.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

/// The program under test.
pub const NEUROCART: &str = env!("CARGO_BIN_EXE_neurocart");

/// A folder of its own for each test, removed at the end. Programs run in it, so that the paths
/// they print are the same on every machine.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("neurocart-user-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.0.join(below)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program with these arguments, ready to start in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(NEUROCART);
        command
            .args(arguments)
            .current_dir(&self.0)
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        Said::from(self.command(arguments).output().unwrap())
    }

    /// Runs the program, which must succeed.
    pub fn run_well(&self, arguments: &[&str]) -> Said {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}\n{said}");
        said
    }

    /// All files below a folder but the lock, by name.
    pub fn bytes(&self, below: &str) -> BTreeMap<String, Vec<u8>> {
        let mut all = BTreeMap::new();
        collect(&self.path(below), &self.path(below), &mut all);
        all.remove("lock");
        all
    }

    /// Finished parts of a run.
    pub fn parts(&self, run: &str) -> usize {
        let entries = fs::read_dir(self.path(run).join("parts"))
            .into_iter()
            .flatten();
        let name = |e: std::io::Result<fs::DirEntry>| e.unwrap().file_name().into_string().unwrap();
        entries
            .map(name)
            .filter(|n| n.starts_with("part-") && n.ends_with(".parquet"))
            .count()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn collect(root: &Path, folder: &Path, all: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, all);
        } else {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            all.insert(name, fs::read(&path).unwrap());
        }
    }
}

/// Two run directories must have the same files with the same bytes.
pub fn assert_same_bytes(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>) {
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(a), names(b));
    for (name, bytes) in a {
        assert!(bytes == &b[name], "`{name}` differs");
    }
}

/// What the program said, and how it ended.
pub struct Said {
    /// Exit code; none if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        let text = |bytes| String::from_utf8(bytes).expect("the program speaks UTF-8");
        let said = Said {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        assert_ne!(said.code, Some(101), "a panic\n{}", said.stderr);
        said
    }
}

/// All of it, for a snapshot. Only the version of the program is left open.
impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self
            .code
            .map_or("ended by a signal".to_owned(), |c| format!("exit code {c}"));
        let mut text = code + "\n";
        for (name, said) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !said.is_empty() {
                text += &format!("---- {name}\n{}\n", said.trim_end());
            }
        }
        let text = text.replace(
            concat!("neurocart ", env!("CARGO_PKG_VERSION")),
            "neurocart VERSION",
        );
        f.write_str(text.trim_end())
    }
}

/// Says that a check was left out, past the capture of the test harness: it must not look like one
/// that passed.
pub fn skip(what: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}: {why}");
}

/// A shipped trial made small: its bank solves in a moment.
pub fn small_trial() -> String {
    let text = include_str!("../../../../library/trials/mg-bcma-mrna-placebo.toml");
    let small = text
        .replacen("size = 36", "size = 12", 1)
        .replacen("bank = 1000", "bank = 60", 1);
    assert!(small.contains("size = 12") && small.contains("bank = 60"));
    small
}
