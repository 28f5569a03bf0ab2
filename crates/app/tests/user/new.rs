//! `neurocart new`: protocols to start from.

use std::path::Path;

use insta::assert_snapshot;

use crate::program::Folder;

/// Names of the trial files that ship.
fn shipped() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../library/trials");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn every_protocol_is_listed_and_written_and_passes_the_check() {
    let folder = Folder::new();
    let list = folder.run_well(&["new"]).to_string();
    let names = shipped();
    assert!(names.len() >= 7);
    for name in &names {
        assert!(list.contains(name.as_str()), "{name} is not in\n{list}");
        folder.run_well(&["new", name]);
        folder.run_well(&["check", &format!("{name}.toml")]);
    }
}

#[test]
fn a_file_that_is_there_stays_as_it_is() {
    let folder = Folder::new();
    folder.write("mg-bcma-mrna-placebo.toml", "mine");
    assert_snapshot!(folder.run(&["new", "mg-bcma-mrna-placebo"]), @r"
    exit code 2
    ---- stderr
    error: `mg-bcma-mrna-placebo.toml` is there already and stays as it is
         = hint: name another file: neurocart new mg-bcma-mrna-placebo FILE
    ");
    assert_eq!(folder.read("mg-bcma-mrna-placebo.toml"), "mine");
}

#[test]
fn a_misspelt_protocol_gets_the_nearest_one() {
    assert_snapshot!(Folder::new().run(&["new", "mg-bcma-mrna-placeb"]), @r"
    exit code 2
    ---- stderr
    error: unknown trial `mg-bcma-mrna-placeb`
      --> library/trials
         = hint: did you mean `mg-bcma-mrna-placebo`?
    ");
}

#[test]
fn a_folder_that_is_not_there_is_named_with_the_fix() {
    let said = Folder::new()
        .run(&["new", "mg-bcma-mrna-placebo", "no/where.toml"])
        .to_string();
    assert!(
        said.contains("exit code 1") && said.contains("make the folder first"),
        "{said}"
    );
}

#[test]
fn the_report_of_dose_finding_has_the_decision_table_of_the_design_command() {
    let folder = Folder::new();
    folder.run_well(&[
        "trial",
        "run",
        "mg-cd19-keyboard",
        "--replicates",
        "10",
        "--out",
        "run",
    ]);
    let report = folder.read("run/report.html");
    let said = folder.run_well(&["design", "keyboard", "--target", "0.3", "--patients", "12"]);
    let rows: Vec<String> = said
        .to_string()
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split_whitespace().collect();
            let [treated, numbers @ ..] = cells.as_slice() else {
                return None;
            };
            treated.parse::<u64>().ok().filter(|_| numbers.len() == 3)?;
            let cells: String = numbers
                .iter()
                .map(|number| format!("<td>{}</td>", number.replace('-', "–")))
                .collect();
            Some(format!("<tr><th scope=\"row\">{treated}</th>{cells}</tr>"))
        })
        .collect();
    assert_eq!(rows.len(), 12);
    assert!(report.contains(&rows.join("\n")), "{}", rows.join("\n"));
}
