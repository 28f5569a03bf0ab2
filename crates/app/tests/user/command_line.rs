//! Help, version, wrong commands, and how the program behaves beside other programs.

use std::io::Read;
use std::process::Stdio;

use insta::assert_snapshot;

use crate::program::{Folder, Said};

#[test]
fn help_says_what_there_is() {
    assert_snapshot!(Folder::new().run(&["--help"]), @r"
    exit code 0
    ---- stdout
    In-silico trials of CAR T-cell therapy in neuroimmune disease

    Usage: neurocart [OPTIONS] <COMMAND>

    Commands:
      check       Validate trial, therapy and disease files (.toml) and models (.ant): mistakes with their place
      library     List what the library holds: diseases, therapies, trials, parameters
      patient     Simulate one virtual patient: summary, figure, trajectory
      population  Simulate many virtual patients and write one row each
      design      Design a trial without a model: sample sizes, boundaries, decision tables
      evidence    Look up, check and export the published results behind the model
      new         Write a protocol of the library as a trial file of your own
      trial       Simulate trials: tables, summary and report in a run directory
      report      Write the report of a finished run again
      validate    Compare the model with published figures, failures included
      model       Show or export the model of a disease under a therapy
      help        Print this message or the help of the given subcommand(s)

    Options:
          --library <DIR>  Folder whose files win over the library inside the program, file by file
      -h, --help           Print help
      -V, --version        Print version

    For research only: nothing here is medical advice.
    ");
    assert_snapshot!(Folder::new().run(&["trial", "run", "--help"]), @r"
    exit code 0
    ---- stdout
    Simulate a trial and write tables and a report

    Usage: neurocart trial run [OPTIONS] <TRIAL>

    Arguments:
      <TRIAL>  Trial file, or the name of a trial of the library

    Options:
          --library <DIR>             Folder whose files win over the library inside the program, file by file
          --out <DIR>                 Directory of the run; `runs/NAME` where it is missing
          --replicates <REPLICATES>   Replicates, instead of the file's [alias: --reps]
          --seed <SEED>               Seed, instead of the file's; below 2^63, as large as a TOML file can hold
          --change <ARM:FIELD=VALUE>  Field of an arm's therapy to change: `cd19-cart:dose_cells_per_kg=2e6`, `cd19-cart:lymphodepletion.units=0`
          --threads <THREADS>         Worker threads; all processors where it is missing. The results do not depend on it
          --json                      The summary as JSON on standard output
          --quiet                     No progress bar
      -h, --help                      Print help
    ");
}

#[test]
fn version_is_one_line() {
    assert_snapshot!(Folder::new().run(&["--version"]), @r"
    exit code 0
    ---- stdout
    neurocart VERSION
    ");
}

#[test]
fn a_misspelt_command_gets_the_nearest_one() {
    assert_snapshot!(Folder::new().run(&["libary"]), @r"
    exit code 2
    ---- stderr
    error: unrecognized subcommand 'libary'

      tip: a similar subcommand exists: 'library'

    Usage: neurocart [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    assert_snapshot!(Folder::new().run(&["trial", "rum"]), @r"
    exit code 2
    ---- stderr
    error: unrecognized subcommand 'rum'

      tip: some similar subcommands exist: 'run', 'resume'

    Usage: neurocart trial [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
}

#[test]
fn threads_out_of_reason_are_refused_before_anything_is_made() {
    let folder = Folder::new();
    folder.write("trial.toml", &crate::program::small_trial());
    assert_snapshot!(folder.run(&["trial", "run", "trial.toml", "--out", "r", "--threads", "100000"]), @r"
    exit code 2
    ---- stderr
    error: invalid value '100000' for '--threads <THREADS>': expected a whole number from 1 to 1024

    For more information, try '--help'.
    ");
    assert_eq!(
        folder
            .run(&["trial", "run", "trial.toml", "--out", "r", "--threads", "0"])
            .code,
        Some(2)
    );
    assert!(!folder.path("r").exists());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = Folder::new();
    let long = [
        "model",
        "export",
        "--disease",
        "mg-achr",
        "--therapy",
        "cd19-cart",
    ];
    let mut child = folder
        .command(&long)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 10];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let said = Said::from(child.wait_with_output().unwrap());
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_closed_standard_error_does_not_change_the_exit_code() {
    let folder = Folder::new();
    folder.write("bad.toml", "x\n");
    let mut child = folder
        .command(&["check", "bad.toml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closed before the program can say anything: it still has to read the library.
    drop(child.stderr.take());
    let said = Said::from(child.wait_with_output().unwrap());
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (Some(2), "bad.toml: 1 error\n")
    );
}

#[test]
fn without_a_terminal_there_are_no_colours_and_no_progress_bar() {
    let folder = Folder::new();
    folder.write("trial.toml", &crate::program::small_trial());
    for no_colour in [false, true] {
        for arguments in [
            &["--help"][..],
            &["frob"],
            &["patient", "--disease", "mg-achr", "--therapy", "cd19-cart"],
            &[
                "trial",
                "run",
                "trial.toml",
                "--replicates",
                "100",
                "--out",
                "r",
            ],
        ] {
            let mut command = folder.command(arguments);
            if no_colour {
                command.env("NO_COLOR", "1");
            }
            let said = Said::from(command.output().unwrap());
            let text = format!("{}{}", said.stdout, said.stderr);
            assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
            assert!(
                !text.contains("per_sec") && !text.contains(" left"),
                "{text}"
            );
        }
    }
}
