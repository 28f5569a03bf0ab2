//! `neurocart evidence diff`: what changed between two versions of the evidence base.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use crate::program::Folder;

/// The shipped evidence as the old version, and a new one with a study less, a count changed and a trial
/// that is no longer open.
fn two_versions() -> Folder {
    let folder = Folder::new();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../library/evidence");
    for version in ["old", "new"] {
        copy(&shipped, &folder.path(version).join("evidence"));
    }
    let change = |file: &str, old: &str, new: &str| {
        let text = folder.read(file);
        assert!(text.contains(old), "{old} is not in {file}");
        folder.write(file, &text.replacen(old, new, 1));
    };
    change(
        "new/evidence/studies/qin2023-nmosd-ct103a.toml",
        "events = 7\ntotal = 12\nvalue = 58",
        "events = 6\ntotal = 12\nvalue = 50",
    );
    change(
        "new/evidence/registry.csv",
        ",2/3,66,false,",
        ",2/3,60,true,",
    );
    fs::remove_file(folder.path("new/evidence/studies/karmma-2021.toml")).unwrap();
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap().path();
        let target = to.join(entry.file_name().unwrap());
        match entry.is_dir() {
            true => copy(&entry, &target),
            false => drop(fs::copy(&entry, &target).unwrap()),
        }
    }
}

#[test]
fn studies_trials_and_the_answers_that_moved_are_told() {
    let folder = two_versions();
    let said = folder.run_well(&["evidence", "diff", "old", "new"]);
    assert_snapshot!(said);
    let json = folder.run_well(&["evidence", "diff", "old", "new", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["studies"].as_array().unwrap().len(), 2);
    assert_eq!(json["registry"][0]["fields"][0]["field"], "actual");
}

#[test]
fn the_library_in_use_does_not_differ_from_itself() {
    let folder = two_versions();
    assert_snapshot!(folder.run_well(&["evidence", "diff", "old", "--exit-code"]), @r"
    exit code 0
    ---- stdout
    no difference
    ");
    assert_eq!(
        folder
            .run(&["evidence", "diff", "old", "new", "--exit-code"])
            .code,
        Some(1)
    );
}

#[test]
fn a_folder_without_evidence_is_refused() {
    let folder = Folder::new();
    fs::create_dir(folder.path("empty")).unwrap();
    assert_snapshot!(folder.run(&["evidence", "diff", "empty"]), @r"
    exit code 2
    ---- stderr
    error: `empty` has no folder `evidence`
         = hint: name a library folder, in which `evidence/studies` lies
    ");
    assert_snapshot!(folder.run(&["evidence", "diff", "nowhere"]), @r"
    exit code 2
    ---- stderr
    error: `nowhere` is no folder
         = hint: name a library folder, in which `evidence/studies` lies
    ");
}
