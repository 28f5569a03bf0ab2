//! A run that is stopped in the middle, by force or politely, loses nothing.

#![cfg(unix)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::program::{Folder, Said, assert_same_bytes, small_trial};

/// Enough on one thread that a signal arrives in the middle, few enough to be run several times.
const RUN: [&str; 10] = [
    "trial",
    "run",
    "trial.toml",
    "--replicates",
    "6000",
    "--threads",
    "1",
    "--out",
    "run",
    "--quiet",
];
const PARTS: usize = 120;

/// Starts the run and waits until some of its parts are there, but not all.
fn start(folder: &Folder) -> Child {
    let child = folder
        .command(&RUN)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while folder.parts("run") < 3 {
        assert!(Instant::now() < deadline, "no part in a minute");
        std::thread::sleep(Duration::from_millis(1));
    }
    child
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// A folder with the trial, and the bytes of a run that nothing disturbed.
fn undisturbed(trial: &str) -> (Folder, std::collections::BTreeMap<String, Vec<u8>>) {
    let folder = Folder::new();
    folder.write("trial.toml", trial);
    folder.run_well(&RUN);
    assert_eq!(folder.parts("run"), PARTS);
    let files = folder.bytes("run");
    std::fs::remove_dir_all(folder.path("run")).unwrap();
    (folder, files)
}

#[test]
fn a_killed_run_goes_on_to_the_same_bytes() {
    let (folder, files) = undisturbed(&small_trial());
    let mut child = start(&folder);
    child.kill().unwrap();
    assert_eq!(
        child.wait().unwrap().code(),
        None,
        "ended by the signal, not by itself"
    );
    let done = folder.parts("run");
    assert!(
        (3..PARTS).contains(&done),
        "{done} parts: something is left to do"
    );
    let said = folder.run(&["report", "run"]);
    assert_snapshot!(said, @r"
    exit code 1
    ---- stderr
    error: the run is not finished: it has no `summary.json`
      --> run
         = hint: finish it with `neurocart trial resume`
    ");
    // Half-written files, as a kill in the middle of a write leaves them.
    folder.write("run/parts/.part-00100.parquet.4711.tmp", "PAR1 half");
    folder.write("run/.summary.json.4711.tmp", "{ half");
    folder.run_well(&["trial", "resume", "run", "--quiet"]);
    assert_same_bytes(&files, &folder.bytes("run"));
}

/// Without the text from `from` up to `to`.
fn without(text: &str, from: &str, to: &str) -> String {
    let start = text.find(from).unwrap();
    let end = start + text[start..].find(to).unwrap();
    format!("{}{}", &text[..start], &text[end..])
}

/// Dose finding, a single arm and looks, each with one null.
fn adaptive_trials() -> [String; 3] {
    let seamless = include_str!("../../../trial/tests/trials/mg-dose-finding.toml")
        .replace("bank = 300", "bank = 60");
    let seamless = without(
        &seamless,
        "[[null]]\nname = \"severe-disease\"",
        "[simulation]",
    );
    let doses = without(&seamless, "[single_arm]", "[[null]]");
    let single = without(&seamless, "[dose_finding]", "[single_arm]");
    let single = without(&single, "[[arm]]\nname = \"middle\"", "[accrual]");
    let single = single.replace("include_dose_finding = true\n", "");
    let looks = small_trial().replace(
        "[simulation]",
        "[group_sequential]\ninformation = [0.5, 1.0]\nspending = { kind = \"pocock\" }\n\n[simulation]",
    );
    [doses, single, looks]
}

#[test]
fn killed_adaptive_trials_go_on_to_the_same_bytes() {
    for trial in adaptive_trials() {
        let (folder, files) = undisturbed(&trial);
        assert!(files.contains_key("decisions.parquet"));
        let mut child = start(&folder);
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None);
        let done = folder.parts("run");
        assert!((3..PARTS).contains(&done), "{done} parts");
        folder.run_well(&["trial", "resume", "run", "--quiet", "--threads", "2"]);
        assert_same_bytes(&files, &folder.bytes("run"));
    }
}

#[test]
fn an_interrupted_run_says_how_to_go_on() {
    let (folder, files) = undisturbed(&small_trial());
    let child = start(&folder);
    signal(&child, "-INT");
    let said = Said::from(child.wait_with_output().unwrap());
    assert_snapshot!(said, @r"
    exit code 130
    ---- stderr

    stopping: finished parts are kept (once more to stop at once)
    error: interrupted; what was done is saved
         = hint: go on with `neurocart trial resume run`
    ");
    let done = folder.parts("run");
    assert!(
        (3..PARTS).contains(&done),
        "{done} parts: something is left to do"
    );
    folder.run_well(&["trial", "resume", "run", "--quiet"]);
    assert_same_bytes(&files, &folder.bytes("run"));
}

#[test]
fn damaged_parts_are_reported_and_computed_again() {
    let folder = Folder::new();
    folder.write("trial.toml", &small_trial());
    folder.run_well(&[
        "trial",
        "run",
        "trial.toml",
        "--replicates",
        "300",
        "--out",
        "run",
        "--quiet",
    ]);
    let files = folder.bytes("run");
    let part = |n: usize| folder.path(&format!("run/parts/part-{n:05}.parquet"));
    // One byte flipped, one cut short, one emptied, one whose checksum is gone, one gone.
    let mut bytes = std::fs::read(part(0)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(part(0), bytes).unwrap();
    let bytes = std::fs::read(part(1)).unwrap();
    std::fs::write(part(1), &bytes[..1000]).unwrap();
    std::fs::write(part(2), "").unwrap();
    std::fs::remove_file(part(3).with_extension("parquet.sha256")).unwrap();
    std::fs::remove_file(part(4)).unwrap();
    let said = folder.run(&["trial", "resume", "run", "--quiet"]);
    assert_eq!(said.code, Some(0));
    let warnings = said.stderr.replace(
        &format!("its {} bytes", files["parts/part-00000.parquet"].len()),
        "its [ALL] bytes",
    );
    assert_snapshot!(warnings, @r"
    warning: a part was damaged: its [ALL] bytes do not have the checksum noted for it
      --> run/parts/part-00000.parquet
         = hint: nothing to do: it is computed again, with the same result

    warning: a part was damaged: its 1000 bytes do not have the checksum noted for it
      --> run/parts/part-00001.parquet
         = hint: nothing to do: it is computed again, with the same result

    warning: a part was damaged: its 0 bytes do not have the checksum noted for it
      --> run/parts/part-00002.parquet
         = hint: nothing to do: it is computed again, with the same result

    warning: a part was damaged: its checksum cannot be read: No such file or directory (os error 2)
      --> run/parts/part-00003.parquet
         = hint: nothing to do: it is computed again, with the same result
    ");
    assert_same_bytes(&files, &folder.bytes("run"));
}

#[test]
fn two_programs_do_not_write_to_one_run() {
    let folder = Folder::new();
    folder.write("trial.toml", &small_trial());
    let mut child = start(&folder);
    let said = folder.run(&["trial", "resume", "run"]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_snapshot!(said, @r"
    exit code 1
    ---- stderr
    error: another neurocart is writing to this directory
      --> run
         = hint: wait until it is done, or stop it; finished parts are kept either way
    ");
}
