//! `neurocart trial run`, `trial resume` and `report` where nothing goes wrong, and directories
//! that they must refuse.

use insta::assert_snapshot;

use crate::program::{Folder, assert_same_bytes, small_trial};

#[test]
fn a_shipped_trial_runs_to_its_report() {
    let folder = Folder::new();
    let run = [
        "trial",
        "run",
        "mg-bcma-mrna-placebo",
        "--replicates",
        "20",
        "--out",
        "run",
        "--quiet",
    ];
    assert_snapshot!(folder.run(&run), @r"
    exit code 0
    ---- stdout
    BCMA mRNA CAR T against placebo in AChR myasthenia gravis

    Power                                                  25.0%  (Monte Carlo SE 9.68 points)
    Difference of proportions                              21.2%  (in a very large trial of the model, standard error 0.00644)
    MG-ADL response at month 3 (fall of 2 points or more)  BCMA mRNA CAR T 78.1%, Placebo 53.1%  (mean over 20 replicates)
    Type I error                                           0.0%  (null `placebo-in-both-arms`, Monte Carlo SE 0.00 points)
    Coverage                                               95.0%  (nominal 95%, bias 0.0376 on the scale of the estimate)
    Safety                                                 CRS any 66.1%, grade 3+ 0.3%, ICANS any 0.8%, serious infection 4.7%  (BCMA mRNA CAR T, whole follow-up, mean over replicates)

    report  run/report.html
    tables  run/{replicates,subjects,visits,events}.parquet
    next    open the report, or run it larger: neurocart trial run mg-bcma-mrna-placebo --replicates 200 --out DIR
    ");
    let files = folder.bytes("run");
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_snapshot!(names.join("\n"), @r"
    events.parquet
    parts/part-00000.parquet
    parts/part-00000.parquet.sha256
    parts/part-00001.parquet
    parts/part-00001.parquet.sha256
    replicates.parquet
    report.html
    run.json
    specification.toml
    subjects.parquet
    summary.json
    visits.parquet
    ");
    let before = &files["report.html"];
    assert!(before.starts_with(b"<!doctype html>") || before.starts_with(b"<!DOCTYPE html>"));
    std::fs::remove_file(folder.path("run/report.html")).unwrap();
    folder.run_well(&["report", "run"]);
    assert_same_bytes(&files, &folder.bytes("run"));
}

#[test]
fn the_summary_as_json_is_the_same_now_and_later() {
    let folder = Folder::new();
    folder.write("trial.toml", &small_trial());
    let run = [
        "trial",
        "run",
        "trial.toml",
        "--replicates",
        "20",
        "--out",
        "run",
        "--quiet",
        "--json",
    ];
    let now = folder.run_well(&run).stdout;
    let later = folder.run_well(&["report", "run", "--json"]).stdout;
    assert_eq!(now, later);
    let value: serde_json::Value = serde_json::from_str(&now).unwrap();
    assert_eq!(value["specification"]["simulation"]["replicates"], 20);
}

#[test]
fn threads_and_time_change_no_byte() {
    let folder = Folder::new();
    folder.write("trial.toml", &small_trial());
    for (name, threads) in [("one", "1"), ("four", "4"), ("again", "4")] {
        let run = [
            "trial",
            "run",
            "trial.toml",
            "--replicates",
            "450",
            "--out",
            name,
            "--threads",
            threads,
        ];
        folder.run_well(&run);
    }
    assert_eq!(folder.parts("one"), 10, "several parts, of both scenarios");
    assert_same_bytes(&folder.bytes("one"), &folder.bytes("four"));
    assert_same_bytes(&folder.bytes("four"), &folder.bytes("again"));
    assert_eq!(
        folder
            .run_well(&[
                "trial",
                "run",
                "trial.toml",
                "--replicates",
                "450",
                "--seed",
                "7",
                "--out",
                "other"
            ])
            .code,
        Some(0)
    );
    assert_ne!(
        folder.bytes("one")["replicates.parquet"],
        folder.bytes("other")["replicates.parquet"]
    );
}

#[test]
fn an_adaptive_trial_names_doses_and_the_worst_null_in_every_form() {
    let folder = Folder::new();
    let text = include_str!("../../../trial/tests/trials/mg-dose-finding.toml");
    folder.write("trial.toml", text);
    let run = [
        "trial",
        "run",
        "trial.toml",
        "--replicates",
        "120",
        "--out",
        "run",
        "--quiet",
    ];
    let said = folder.run_well(&run).stdout;
    for part in [
        "Dose named",
        "Promising result",
        "exact, worst at a true probability of 40.0%",
        "decisions}.parquet",
    ] {
        assert!(said.contains(part), "{part} is missing:\n{said}");
    }
    let files = folder.bytes("run");
    let report = String::from_utf8(files["report.html"].clone()).unwrap();
    for part in [
        "Dose finding",
        "Two stages",
        "True DLT probability",
        "the worst simulated",
        ", the worst of 2,",
        "dose 2e5 cells",
        "minimax design",
        "All treated subjects are analysed",
    ] {
        assert!(report.contains(part), "{part} is not in the report");
    }
    folder.run_well(&["trial", "resume", "run", "--quiet"]);
    assert_same_bytes(&files, &folder.bytes("run"));
    let json = folder.run_well(&["report", "run", "--json"]).stdout;
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let worst = value["type_one_errors"].as_array().unwrap();
    assert_eq!(worst.iter().filter(|e| e["worst"] == true).count(), 1);
    assert_eq!(value["designs"].as_array().unwrap().len(), 3);
}

#[test]
fn a_finished_run_has_nothing_left_to_do() {
    let folder = Folder::new();
    folder.write("trial.toml", &small_trial());
    let run = [
        "trial",
        "run",
        "trial.toml",
        "--replicates",
        "20",
        "--out",
        "run",
        "--quiet",
    ];
    let first = folder.run_well(&run);
    let files = folder.bytes("run");
    let resumed = folder.run_well(&["trial", "resume", "run", "--quiet"]);
    assert_eq!(first.stdout.lines().next(), resumed.stdout.lines().next());
    assert_same_bytes(&files, &folder.bytes("run"));
    folder.run_well(&run);
    assert_same_bytes(&files, &folder.bytes("run"));
}

#[test]
fn a_directory_of_another_run_is_refused() {
    let folder = Folder::new();
    folder.write("trial.toml", &small_trial());
    folder.run_well(&[
        "trial",
        "run",
        "trial.toml",
        "--replicates",
        "20",
        "--out",
        "run",
        "--quiet",
    ]);
    let files = folder.bytes("run");
    assert_snapshot!(folder.run(&["trial", "run", "nmosd-bcma-single-arm", "--out", "run"]), @r"
    exit code 1
    ---- stderr
    error: the directory holds a run of another trial, seed or number of replicates
      --> run
         = hint: choose another directory with `--out`, or go on with the old run by `neurocart trial resume`
    ");
    assert_eq!(
        folder
            .run(&[
                "trial",
                "run",
                "trial.toml",
                "--replicates",
                "21",
                "--out",
                "run"
            ])
            .code,
        Some(1)
    );
    assert_same_bytes(&files, &folder.bytes("run"));
}

#[test]
fn a_users_own_file_is_not_overwritten() {
    let folder = Folder::new();
    folder.write("study/specification.toml", &small_trial());
    let said = folder.run(&[
        "trial",
        "run",
        "study/specification.toml",
        "--out",
        "study",
        "--quiet",
    ]);
    assert_snapshot!(said, @r"
    exit code 1
    ---- stderr
    error: the directory holds a `specification.toml` that is not of this run
      --> study
         = hint: choose another directory with `--out`, so that your file is not overwritten
    ");
    assert_eq!(folder.read("study/specification.toml"), small_trial());
}

#[test]
fn what_is_no_run_is_not_resumed_or_reported() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("empty")).unwrap();
    assert_snapshot!(folder.run(&["trial", "resume", "empty"]), @r"
    exit code 1
    ---- stderr
    error: this is not the directory of a run: it has no `run.json`
      --> empty
         = hint: name a directory that `neurocart trial run` made
    ");
    assert_snapshot!(folder.run(&["trial", "resume", "nowhere"]), @r"
    exit code 1
    ---- stderr
    error: this is not the directory of a run: it has no `run.json`
      --> nowhere
         = hint: name a directory that `neurocart trial run` made
    ");
    assert_snapshot!(folder.run(&["report", "empty"]), @r"
    exit code 1
    ---- stderr
    error: this is not the directory of a run: it has no `run.json`
      --> empty
         = hint: name a directory that `neurocart trial run` made
    ");
    assert!(
        folder.bytes("empty").is_empty(),
        "nothing is written into it"
    );
}

#[test]
fn a_changed_specification_or_program_is_not_mixed_in() {
    let folder = Folder::new();
    folder.write("trial.toml", &small_trial());
    folder.run_well(&[
        "trial",
        "run",
        "trial.toml",
        "--replicates",
        "20",
        "--out",
        "run",
        "--quiet",
    ]);
    let specification = folder.read("run/specification.toml");
    folder.write(
        "run/specification.toml",
        &specification.replacen("replicates = 20", "replicates = 30", 1),
    );
    assert_snapshot!(folder.run(&["trial", "resume", "run"]), @r"
    exit code 1
    ---- stderr
    error: `specification.toml` was changed after the run began
      --> run
         = hint: put the original back, or start a new run with the changed trial file
    ");
    folder.write("run/specification.toml", &specification);
    let identity = folder.read("run/run.json");
    folder.write(
        "run/run.json",
        &identity.replacen(env!("CARGO_PKG_VERSION"), "0.0.1", 1),
    );
    let said = folder.run(&["trial", "resume", "run"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr.contains("the run was made by neurocart 0.0.1"),
        "{said}"
    );
    folder.write("run/run.json", "{");
    assert_snapshot!(folder.run(&["trial", "resume", "run"]), @r"
    exit code 1
    ---- stderr
    error: `run.json` cannot be read: EOF while parsing an object at line 1 column 1
      --> run
         = hint: it is damaged; start a new run in another directory
    ");
}

#[test]
fn a_trial_that_does_not_exist_is_refused() {
    let folder = Folder::new();
    assert_snapshot!(folder.run(&["trial", "run", "mg-bcma-mrna-placeb"]), @r"
    exit code 2
    ---- stderr
    error: unknown trial `mg-bcma-mrna-placeb`
      --> library/trials
         = hint: did you mean `mg-bcma-mrna-placebo`?
    ");
    assert_snapshot!(folder.run(&["trial", "run", "nowhere.toml"]), @r"
    exit code 2
    ---- stderr
    error: cannot read the trial file `nowhere.toml`: No such file or directory (os error 2)
         = hint: the library has mg-bcma-mrna-placebo, mg-cd19-keyboard, ms-cd19-cd20-boin-simon, ms-cd19-vs-ahsct, nmosd-bcma-single-arm, progressive-ms-cd19-vs-anti-cd20, sps-cd19-single-arm
    ");
    assert_snapshot!(folder.run(&["trial", "run", "nmosd-bcma-single-arm", "--replicates", "0"]), @r"
    exit code 2
    ---- stderr
    error: the simulation has zero replicates
      --> the trial with the command line's changes:100:14
     100 | replicates = 0
         |              ^
         = hint: give at least 1; 1000 gives a power with a standard error near 0.013
    ");
    assert_eq!(
        folder
            .run(&[
                "trial",
                "run",
                "nmosd-bcma-single-arm",
                "--seed",
                "9223372036854775808"
            ])
            .code,
        Some(2)
    );
    assert!(folder.bytes("").is_empty(), "nothing is made");
}

#[test]
fn a_therapy_is_changed_on_the_command_line_and_the_run_says_so() {
    let folder = Folder::new();
    let mut run = vec![
        "trial",
        "run",
        "nmosd-bcma-single-arm",
        "--replicates",
        "2",
        "--out",
        "run",
        "--quiet",
    ];
    let wrong = [&run[..], &["--change", "bcma:dose_cells_per_kg=2e6"]].concat();
    assert_snapshot!(folder.run(&wrong), @r"
    exit code 2
    ---- stderr
    error: `--change bcma:dose_cells_per_kg=2e6`: there is no arm `bcma`
         = hint: the arms are bcma-cart
    ");
    let wrong = [&run[..], &["--change", "dose_cells_per_kg=2e6"]].concat();
    assert_snapshot!(folder.run(&wrong), @r"
    exit code 2
    ---- stderr
    error: `--change dose_cells_per_kg=2e6` is not of the form ARM:FIELD=VALUE
         = hint: for example `--change bcma-cart:dose_cells_per_kg=2e6`
    ");
    run.extend(["--change", "bcma-cart:lymphodepletion.units=0.5"]);
    folder.run_well(&run);
    let kept = String::from_utf8(folder.bytes("run")["specification.toml"].clone()).unwrap();
    assert!(kept.contains("\"lymphodepletion.units\" = 0.5"), "{kept}");
    folder.run_well(&["trial", "resume", "run", "--quiet"]);
}
