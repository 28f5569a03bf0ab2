//! `neurocart evidence trace`: from a value to its source, and on to what it moves; and the report of a
//! trial, which lists what it rests on.

use insta::assert_snapshot;

use crate::program::{Folder, Said, small_trial};

/// As in a terminal of 110 columns.
fn trace(folder: &Folder, arguments: &[&str]) -> Said {
    let mut command = folder.command(&["evidence", "trace"]);
    let output = command.args(arguments).env("COLUMNS", "110").output();
    Said::from(output.unwrap())
}

fn json(said: &Said) -> serde_json::Value {
    assert_eq!(said.code, Some(0), "{said}");
    serde_json::from_str(&said.stdout).unwrap()
}

#[test]
fn a_value_leads_to_its_studies_its_figures_and_what_it_moves() {
    assert_snapshot!(trace(&Folder::new(), &["rho"]), @"");
}

#[test]
fn a_value_that_contradicts_a_study_says_so() {
    assert_snapshot!(trace(&Folder::new(), &["kup"]), @"");
}

#[test]
fn a_drug_is_looked_at_where_it_is_given() {
    let found = trace(&Folder::new(), &["inebilizumab.CL"]);
    assert_snapshot!(found, @"");
    let by_key = trace(&Folder::new(), &["drug:inebilizumab/CL"]);
    assert_eq!(found.stdout, by_key.stdout);
}

#[test]
fn a_published_value_that_no_equation_reads_is_shown_as_such() {
    assert_snapshot!(trace(&Folder::new(), &["tisa_cel_cmax"]), @"");
}

#[test]
fn a_symbol_of_several_scopes_is_shown_scope_by_scope() {
    let folder = Folder::new();
    let said = trace(&folder, &["wC"]);
    let heads: Vec<&str> = said
        .stdout
        .lines()
        .filter(|line| {
            ["wC (", "scope ", "Outputs", "note: no d"]
                .iter()
                .any(|s| line.starts_with(s))
        })
        .collect();
    assert_snapshot!(heads.join("\n"), @"");
    let one = trace(&folder, &["wC", "--scope", "disease:cidp"]);
    assert!(one.stdout.starts_with("wC: part of"), "{one}");
    // In a scenario only the value that is in use there counts.
    let there = json(&trace(
        &folder,
        &[
            "wC",
            "--disease",
            "mg-musk",
            "--therapy",
            "eculizumab",
            "--json",
        ],
    ));
    assert_eq!(there["traces"].as_array().unwrap().len(), 1);
    assert_eq!(there["traces"][0]["scope"], "disease:mg-musk");
}

#[test]
fn the_same_is_json_csv_and_a_figure() {
    let folder = Folder::new();
    let object = json(&trace(
        &folder,
        &["theta", "--json", "--figure", "theta.svg"],
    ));
    let theta = &object["traces"][0];
    assert_eq!(theta["value"], 0.05);
    assert_eq!(theta["grade"], "assumed");
    assert_eq!(theta["evidence"], serde_json::json!([]));
    assert_eq!(theta["calibrated_on"][0]["id"], "cd19-clone-3y");
    assert_eq!(theta["known_failures"][0]["id"], "clone-return");
    let outputs = theta["sensitivity"]["outputs"].as_array().unwrap();
    assert_eq!(outputs[0]["output"], "clone");
    let figure = folder.read("theta.svg");
    assert!(figure.starts_with("<svg") && figure.contains("autoreactive clone"));

    let csv = trace(&folder, &["theta", "--csv"]).stdout;
    assert!(
        csv.starts_with("symbol,scope,disease,therapy,output,label,unit,value,"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 1 + outputs.len());
    // Nothing is drawn: twice the same bytes.
    assert_eq!(csv, trace(&folder, &["theta", "--csv"]).stdout);
}

#[test]
fn every_value_is_listed_worst_grade_first() {
    let folder = Folder::new();
    let said = trace(&folder, &["--all", "--csv"]);
    let grades: Vec<&str> = said
        .stdout
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(grades.len(), 492);
    let mut kinds = grades.clone();
    kinds.dedup();
    assert_eq!(kinds, ["assumed", "recalled", "derived", "seen"]);
    let core = trace(&folder, &["--all", "--scope", "disease:mogad"]);
    assert_snapshot!(core, @"");
}

#[test]
fn what_cannot_be_traced_is_explained() {
    let folder = Folder::new();
    for arguments in [
        &["tehta"][..],
        &["theta", "--scope", "disease:mogad"],
        &["theta", "--disease", "mg-acrh"],
        &["theta", "--therapy", "cd19-catr"],
        &[
            "kAb",
            "--disease",
            "mg-achr",
            "--therapy",
            "cd19-cart",
            "--scope",
            "disease:lems",
        ],
        &[
            "sBL",
            "--disease",
            "mogad",
            "--therapy",
            "cd19-cart",
            "--figure",
            "nothing/here.svg",
        ],
        &["--all", "--scope", "disease:lupus"],
        &[],
    ] {
        let said = trace(&folder, arguments);
        let name = arguments.join(" ");
        assert_snapshot!(format!("{name}\n{said}"));
    }
}

#[test]
fn a_link_to_no_study_is_refused_with_its_line_and_the_nearest_study() {
    let folder = Folder::new();
    let table = folder
        .run_well(&["library", "show", "parameters.csv"])
        .stdout;
    let broken = table.replacen("stein2019-tisacel-kinetics", "stein2019-tisacel-kinetic", 1);
    folder.write("mine/parameters.csv", &broken);
    let said = folder.run(&["--library", "mine", "patient", "--disease", "mg-achr"]);
    assert_snapshot!(said, @"");
    let check = folder.run(&["--library", "mine", "evidence", "check"]);
    assert_eq!(check.code, Some(2));
    assert!(
        check
            .stderr
            .contains("there is no study `stein2019-tisacel-kinetic`"),
        "{check}"
    );
}

/// Those that the trial file sets first, then from the worst known to the best.
#[test]
fn the_report_of_a_trial_lists_what_it_rests_on() {
    let folder = Folder::new();
    let trial = small_trial().replacen(
        "[population]",
        "[population]\nparameters = { theta = 0.1 }",
        1,
    );
    assert!(trial.contains("theta = 0.1"));
    folder.write("trial.toml", &trial);
    folder.run_well(&[
        "trial",
        "run",
        "trial.toml",
        "--replicates",
        "5",
        "--out",
        "run",
        "--quiet",
    ]);
    let summary: serde_json::Value =
        serde_json::from_str(&folder.read("run/summary.json")).unwrap();
    let assumptions = summary["assumptions"].as_array().unwrap();
    assert_eq!(assumptions[0]["symbol"], "theta");
    assert_eq!(assumptions[0]["scope"], "override");
    assert_snapshot!(assumptions[0]["source"].as_str().unwrap(), @"");
    let mut grades: Vec<&str> = assumptions[1..]
        .iter()
        .map(|a| a["grade"].as_str().unwrap())
        .collect();
    grades.dedup();
    assert_eq!(grades, ["assumed", "recalled", "derived", "seen"]);

    // Every id has its study, and every study is used.
    let evidence = summary["evidence"].as_array().unwrap();
    let ids: Vec<&str> = evidence.iter().map(|s| s["id"].as_str().unwrap()).collect();
    for assumption in assumptions {
        for id in assumption["evidence"].as_array().unwrap() {
            assert!(ids.contains(&id.as_str().unwrap()), "{id}");
        }
    }
    assert_eq!(evidence[0]["grade"], "recalled");
    assert!(
        evidence
            .iter()
            .all(|s| !s["citation"].as_str().unwrap().is_empty())
    );
    assert!(
        evidence
            .iter()
            .all(|s| !s["parameters"].as_array().unwrap().is_empty())
    );

    let page = folder.read("run/report.html");
    let at = |text: &str| {
        page.find(text)
            .unwrap_or_else(|| panic!("`{text}` is not in the page"))
    };
    assert!(at(">Set by the user<") < at(">Assumed<") && at(">Assumed<") < at(">Recalled<"));
    assert!(at(">Recalled<") < at(">Derived<") && at(">Derived<") < at(">Seen<"));
    assert!(at(">Seen<") < at("id=\"study-macallan2005-b-cell-turnover\""));
}
