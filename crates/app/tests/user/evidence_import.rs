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
fn a_record_older_than_the_row_of_the_registry_changes_nothing_in_it() {
    let folder = folder();
    let old = MG_TRIAL
        .replace("2026-07-29", "2024-02-01")
        .replace("\"count\": 66", "\"count\": 20");
    folder.write("old.json", &old);
    let said = folder.run_well(&["evidence", "import", "old.json"]);
    assert!(
        said.stdout
            .contains("registry has a row from a later state of this record"),
        "{said}"
    );
    assert!(!said.stdout.contains("planned_patients"), "{said}");
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
    assert_snapshot!(folder.run(&["evidence", "import", "mg.json", "results.json"]), @r"
    exit code 2
    ---- stderr
    error: `nct09999901.toml` is there already and stays as it is; nothing was written
         = hint: name another folder with `--output`, or move the file away
    ");
    assert_eq!(folder.read("nct09999901.toml"), "mine");
    assert_eq!(drafts(&folder), ["nct09999901.toml"]);
}

#[test]
fn a_record_of_another_field_stops_the_whole_import_unless_asked_for() {
    let folder = folder();
    assert_snapshot!(folder.run(&["evidence", "import", "mg.json", "asthma.json"]), @r"
    exit code 2
    ---- stderr
    error: NCT09999902 is about Asthma, Allergic Rhinitis: no disease of the evidence base, and no CAR T cells
      --> asthma.json
         = hint: the evidence base covers neuroimmune disease (MG, LEMS, MS, NMOSD, MOGAD, SPS, GAD-ataxia, CIDP, AE, IMNM, neuro-unspecified), rheumatology (IIM, SLE, SSc, RA, PAN, AAV, SjD, APS, CTD, IgG4-RD, Behcet), other autoimmune disease (PV, AIHA, ITP, AA, IgAN, MN, anti-GBM, T1D, Graves, cGVHD, autoimmune), cancer (LBCL, MCL, B-NHL, B-ALL, MM, POEMS, HM); `--anyway` imports the record with its disease left to decide
    ");
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
    assert_snapshot!(folder.run(&files), @r#"
    exit code 2
    ---- stderr
    error: the file ends before the record does
      --> cut.json:16:79
      16 |     "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Kyverna Therapeutic
         |                                                                               ^
         = hint: it was cut off: save the record again

    not XML: expected 'Journal' tag, not 'Article'
      --> broken.xml:38:5
      38 |     </Article>
         |     ^
         = hint: save the record from PubMed again, unchanged

    a web page, and no record
      --> page.json
         = hint: the address gave a page or an error; save what clinicaltrials.gov/api/v2/studies/NCT... or PubMed's XML export gives

    the file is empty
      --> empty.json
         = hint: save the record again
    "#);
    assert!(drafts(&folder).is_empty());
}

#[test]
fn a_file_that_is_far_too_large_is_not_read() {
    let folder = folder();
    let file = fs::File::create(folder.path("large.json")).unwrap();
    file.set_len(50 * 1024 * 1024).unwrap();
    assert_snapshot!(folder.run(&["evidence", "import", "large.json"]), @r"
    exit code 2
    ---- stderr
    error: 50 MiB are more than the 32 MiB that are read at once
      --> large.json
         = hint: save fewer records into one file
    ");
}

#[test]
fn a_draft_does_not_go_into_a_library() {
    let folder = folder();
    fs::create_dir_all(folder.path("ours/evidence/studies")).unwrap();
    assert_snapshot!(
        folder.run(&["evidence", "import", "mg.json", "--output", "ours/evidence/studies"]),
        @r"
    exit code 2
    ---- stderr
    error: `ours/evidence/studies` is the folder of a library, and a draft is no study yet
         = hint: write it elsewhere, decide what is open, check it, then move it
    "
    );
}
