//! A disk that takes no more, and folders that take nothing.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use insta::assert_snapshot;

use crate::program::{Folder, NEUROCART, Said, assert_same_bytes, skip, small_trial};

/// A small file system in memory, taken away at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this user may not mount one.
    fn mount(path: PathBuf, size: &str) -> Option<SmallDisk> {
        fs::create_dir_all(&path).unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(&path);
        let done = mount
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success());
        done.then_some(SmallDisk(path))
    }

    fn remount(&self, options: &str) -> bool {
        let mut mount = Command::new("mount");
        mount
            .args(["-o", &format!("remount,{options}")])
            .arg(&self.0);
        mount
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

const REPLICATES: &str = "1000";

fn folder_with_a_run() -> Folder {
    let folder = Folder::new();
    folder.write("trial.toml", &small_trial());
    folder.run_well(&[
        "trial",
        "run",
        "trial.toml",
        "--replicates",
        REPLICATES,
        "--out",
        "whole",
        "--quiet",
    ]);
    folder
}

fn nothing_half_written(path: &Path) {
    let temporary = |e: fs::DirEntry| e.file_name().to_string_lossy().ends_with(".tmp");
    assert!(
        !fs::read_dir(path).unwrap().flatten().any(temporary),
        "half a file is left"
    );
}

#[test]
fn a_full_disk_loses_nothing_and_the_run_goes_on_when_there_is_room() {
    let folder = folder_with_a_run();
    let Some(disk) = SmallDisk::mount(folder.path("disk"), "128k") else {
        return skip(
            "a full disk",
            "this user may not mount a file system in memory",
        );
    };
    let run = [
        "trial",
        "run",
        "trial.toml",
        "--replicates",
        REPLICATES,
        "--out",
        "disk/run",
        "--quiet",
    ];
    let said = folder.run(&run);
    let done = folder.parts("disk/run");
    assert!((1..20).contains(&done), "{done} of 20 parts");
    assert_eq!(said.code, Some(1), "{said}");
    assert!(said.stderr.contains("--> disk/run/"), "{said}");
    let part = said
        .stderr
        .lines()
        .find(|line| line.contains("-->"))
        .unwrap();
    assert_snapshot!(said.stderr.replace(part, "  --> [FILE OF THE RUN]"), @r"
    error: cannot write: No space left on device (os error 28)
      --> [FILE OF THE RUN]
         = hint: the disk is full: make room, then go on with `neurocart trial resume`; every finished part is kept
    ");
    nothing_half_written(&folder.path("disk/run/parts"));
    // Still full: the same, not worse.
    assert_eq!(
        folder.run(&["trial", "resume", "disk/run", "--quiet"]).code,
        Some(1)
    );
    assert!(folder.parts("disk/run") >= done);
    assert!(disk.remount("size=8m"));
    folder.run_well(&["trial", "resume", "disk/run", "--quiet"]);
    assert_same_bytes(&folder.bytes("whole"), &folder.bytes("disk/run"));
}

#[test]
fn a_full_disk_at_the_report_is_said_and_mended() {
    let folder = folder_with_a_run();
    let Some(disk) = SmallDisk::mount(folder.path("disk"), "8m") else {
        return skip(
            "a full disk at the report",
            "this user may not mount a file system in memory",
        );
    };
    folder.run_well(&[
        "trial",
        "run",
        "trial.toml",
        "--replicates",
        REPLICATES,
        "--out",
        "disk/run",
        "--quiet",
    ]);
    // Fill what is left.
    let mut filler = fs::File::create(folder.path("disk/filler")).unwrap();
    while filler.write_all(&[0; 4096]).is_ok() {}
    drop(filler);
    let said = folder.run(&["report", "disk/run"]);
    assert_eq!(said.code, Some(1));
    assert_snapshot!(said.stderr, @r"
    error: cannot write: No space left on device (os error 28)
      --> disk/run/report.html
         = hint: the disk is full: make room, then go on with `neurocart trial resume`; every finished part is kept
    ");
    assert_same_bytes(&folder.bytes("whole"), &folder.bytes("disk/run"));
    let said = folder.run(&[
        "population",
        "--disease",
        "mg-achr",
        "--size",
        "40",
        "--out",
        "disk/p.parquet",
    ]);
    assert_eq!(said.code, Some(1));
    assert_snapshot!(said.stderr, @r"
    error: cannot write `disk/p.parquet`: No space left on device (os error 28)
         = hint: the disk is full: make room, or name a file on another one
    ");
    nothing_half_written(&folder.path("disk"));
    let said = folder.run(&["patient", "--disease", "mg-achr", "--figure", "disk/p.svg"]);
    assert_eq!(said.code, Some(1));
    assert_snapshot!(said.stderr, @r"
    error: cannot write `disk/p.svg`: No space left on device (os error 28)
         = hint: the disk is full: make room, or name a file on another one
    ");
    drop(disk);
}

/// The same without any right to mount: a limit on the size of a file, which ends a write as a
/// full disk does.
#[test]
fn a_write_that_fails_loses_nothing() {
    let folder = folder_with_a_run();
    // 16 blocks of 512 bytes: the specification fits, a part of 100 replicates does not.
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
    let run = [
        "trial",
        "run",
        "trial.toml",
        "--replicates",
        REPLICATES,
        "--out",
        "run",
        "--quiet",
    ];
    let mut command = Command::new("sh");
    command
        .args(["-c", script, NEUROCART])
        .args(run)
        .current_dir(folder.path(""));
    let said = Said::from(command.output().unwrap());
    assert_eq!(said.code, Some(1), "{said}");
    assert!(
        said.stderr.contains("cannot write: File too large"),
        "{said}"
    );
    assert!(
        said.stderr.contains("go on with `neurocart trial resume`"),
        "{said}"
    );
    assert_eq!(folder.parts("run"), 0);
    nothing_half_written(&folder.path("run/parts"));
    folder.run_well(&["trial", "resume", "run", "--quiet"]);
    assert_same_bytes(&folder.bytes("whole"), &folder.bytes("run"));
}

#[test]
fn a_full_standard_output_is_an_error() {
    let folder = Folder::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = folder.command(&["library"]);
    let said = Said::from(
        command
            .stdout(full)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap(),
    );
    assert_snapshot!(said, @r"
    exit code 1
    ---- stderr
    error: cannot write to standard output: No space left on device (os error 28)
    ");
}

#[test]
fn a_read_only_folder_is_explained() {
    let folder = folder_with_a_run();
    folder.write("closed/file", "");
    let closed = folder.path("closed");
    let mode = |mode| fs::set_permissions(&closed, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    // The superuser may write everywhere, unless the file system itself is read-only.
    let disk = if fs::write(closed.join("probe"), "").is_ok() {
        match SmallDisk::mount(closed.clone(), "8m").filter(|disk| disk.remount("ro")) {
            Some(disk) => Some(disk),
            None => {
                mode(0o755);
                return skip(
                    "a read-only folder",
                    "this user may write everywhere and mount nothing",
                );
            }
        }
    } else {
        None
    };
    let said = folder.run(&[
        "trial",
        "run",
        "trial.toml",
        "--out",
        "closed/run",
        "--quiet",
    ]);
    let reason = |text: &str| {
        text.replace("Read-only file system (os error 30)", "[REFUSED]")
            .replace("Permission denied (os error 13)", "[REFUSED]")
    };
    assert_eq!(said.code, Some(1), "{said}");
    assert_snapshot!(reason(&said.stderr), @r"
    error: cannot write: [REFUSED]
      --> closed/run
         = hint: the folder cannot be written: change its permissions or choose another with `--out`; nothing is lost
    ");
    let said = folder.run(&[
        "patient",
        "--disease",
        "mg-achr",
        "--figure",
        "closed/p.svg",
    ]);
    assert_eq!(said.code, Some(1), "{said}");
    assert_snapshot!(reason(&said.stderr), @r"
    error: cannot write `closed/p.svg`: [REFUSED]
         = hint: name a file in a folder that can be written
    ");
    drop(disk);
    mode(0o755);
}
