//! `neurocart evidence import`: records as drafts, and what is refused.

use std::fs;

use insta::assert_snapshot;

use crate::program::Folder;

const MG_TRIAL: &str = include_str!("../../../evidence/tests/records/NCT06193889.json");
const WITH_RESULTS: &str = include_str!("../../../evidence/tests/records/with-results.json");
const ASTHMA: &str = include_str!("../../../evidence/tests/records/asthma.json");
const NMOSD_PAPER: &str = include_str!("../../../evidence/tests/records/pubmed-36596762.xml");

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("mg.json", MG_TRIAL);
    folder.write("results.json", WITH_RESULTS);
    folder.write("asthma.json", ASTHMA);
    folder.write("paper.xml", NMOSD_PAPER);
    folder
}

/// Names of the drafts in a folder.
fn drafts(folder: &Folder) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    names
}

#[test]
fn a_trial_with_results_and_a_paper_become_drafts_with_what_is_to_decide() {
    let folder = folder();
    assert_snapshot!(folder.run_well(&["evidence", "import", "results.json", "paper.xml"]));
    assert_eq!(drafts(&folder), ["nct09999901.toml", "qin2023-nmosd.toml"]);
}

#[test]
fn a_registered_trial_gives_a_row_of_the_registry() {
    let folder = folder();
    folder.write("new.json", &MG_TRIAL.replace("NCT06193889", "NCT09999903"));
    folder.write(
        "ended.json",
        &MG_TRIAL.replace("\"RECRUITING\"", "\"COMPLETED\""),
    );
    assert_snapshot!(folder.run_well(&["evidence", "import", "new.json", "ended.json"]));
}

#[test]
fn a_draft_passes_the_check_once_all_is_decided_and_not_before() {
    let folder = folder();
    folder.run_well(&["evidence", "import", "results.json"]);
    let said = folder.run(&["evidence", "check", "nct09999901.toml"]);
    assert_eq!(said.code, Some(2), "{said}");
    assert!(
        said.stderr
            .contains("left to decide: outcome: neutropenia_g3plus?"),
        "{said}"
    );
    let decided: String = folder
        .read("nct09999901.toml")
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("# DECIDE:"))
        .collect();
    folder.write("nct09999901.toml", &decided);
    folder.run_well(&["evidence", "check", "nct09999901.toml"]);
}

#[test]
fn a_draft_and_its_decisions_as_json() {
    let folder = folder();
    let said = folder.run_well(&["evidence", "import", "results.json", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let draft = &json["drafts"][0];
    assert_eq!(draft["file"], "nct09999901.toml");
    assert_eq!(draft["draft"]["study"]["state"], "extracted");
    assert_eq!(draft["draft"]["decisions"].as_array().unwrap().len(), 4);
    assert_eq!(draft["draft"]["shared"].as_array().unwrap().len(), 0);
}

#[test]
fn a_file_that_is_there_stays_and_nothing_else_is_written() {
    let folder = folder();
    folder.write("nct09999901.toml", "mine");
    assert_snapshot!(folder.run(&["evidence", "import", "mg.json", "results.json"]), @"");
    assert_eq!(folder.read("nct09999901.toml"), "mine");
    assert_eq!(drafts(&folder), ["nct09999901.toml"]);
}

#[test]
fn a_record_of_another_field_stops_the_whole_import_unless_asked_for() {
    let folder = folder();
    assert_snapshot!(folder.run(&["evidence", "import", "mg.json", "asthma.json"]), @"");
    assert!(drafts(&folder).is_empty());
    folder.run_well(&["evidence", "import", "asthma.json", "--anyway"]);
    let said = folder.run(&["evidence", "check", "nct09999902.toml"]);
    assert!(said.stderr.contains("no disease is named"), "{said}");
}

#[test]
fn broken_files_are_told_with_their_place_and_nothing_is_written() {
    let folder = folder();
    folder.write("cut.json", &MG_TRIAL[..700]);
    folder.write("broken.xml", &NMOSD_PAPER.replacen("</Journal>", "", 1));
    folder.write(
        "page.json",
        "<!DOCTYPE html><html><title>502 Bad Gateway</title></html>",
    );
    folder.write("empty.json", "");
    let files = [
        "evidence",
        "import",
        "mg.json",
        "cut.json",
        "broken.xml",
        "page.json",
        "empty.json",
    ];
    assert_snapshot!(folder.run(&files), @"");
    assert!(drafts(&folder).is_empty());
}

#[test]
fn a_file_that_is_far_too_large_is_not_read() {
    let folder = folder();
    let file = fs::File::create(folder.path("large.json")).unwrap();
    file.set_len(50 * 1024 * 1024).unwrap();
    assert_snapshot!(folder.run(&["evidence", "import", "large.json"]), @"");
}

#[test]
fn a_draft_does_not_go_into_a_library() {
    let folder = folder();
    fs::create_dir_all(folder.path("ours/evidence/studies")).unwrap();
    assert_snapshot!(
        folder.run(&["evidence", "import", "mg.json", "--output", "ours/evidence/studies"]),
        @""
    );
}
