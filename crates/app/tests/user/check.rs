//! `neurocart check`: the shipped trials pass, and every mistake is named with its place and a way out.

use insta::assert_snapshot;

use crate::program::{Folder, small_trial};

fn with(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(small_trial(), |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is not in the trial");
        text.replacen(from, to, 1)
    })
}

#[test]
fn the_shipped_trials_pass() {
    let folder = Folder::new();
    let mut arguments = vec!["check".to_owned()];
    for name in [
        "mg-bcma-mrna-placebo",
        "nmosd-bcma-single-arm",
        "progressive-ms-cd19-vs-anti-cd20",
    ] {
        let file = format!("{name}.toml");
        let text = folder
            .run_well(&["library", "show", &format!("trials/{file}")])
            .stdout;
        folder.write(&file, &text);
        arguments.push(file);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    assert_snapshot!(folder.run(&arguments), @r"
    exit code 0
    ---- stdout
    mg-bcma-mrna-placebo.toml: ok
    nmosd-bcma-single-arm.toml: ok
    progressive-ms-cd19-vs-anti-cd20.toml: ok
    ");
}

#[test]
fn every_mistake_of_a_trial_is_reported_at_once() {
    let folder = Folder::new();
    let text = with(&[
        (
            "therapy = \"bcma-mrna-cart\"",
            "therapy = \"bcma-mrna-catr\"",
        ),
        (
            "therapy = \"placebo\"",
            "therapy = \"cd19-cart\"\noverride = { dose_cells_per_kg = -1e6 }",
        ),
        ("name = \"placebo\"", "name = \"bcma-mrna\""),
        ("every_weeks = 4", "weeks = [4, 12, 24, 30]"),
        (
            "size = 12",
            "size = 13\nparameters = { theta = 99, thetta = 0.1 }",
        ),
        ("alpha = 0.05", "alpha = 0.7"),
    ]);
    folder.write("trial.toml", &text);
    assert_snapshot!(folder.run(&["check", "trial.toml"]), @r#"
    exit code 2
    ---- stdout
    trial.toml: 8 errors
    ---- stderr
    error: 13 subjects cannot be allocated 1 to 1
      --> trial.toml:10:8
      10 | size = 13
         |        ^
         = hint: the size must be a multiple of 2: 12 or 14

    error: `theta` is 99, outside its range [0, 0.5]
      --> trial.toml:11:24
      11 | parameters = { theta = 99, thetta = 0.1 }
         |                        ^
         = hint: give a value in [0, 0.5], or widen the range in the parameter table and say why

    error: unknown parameter `thetta`
      --> trial.toml:11:37
      11 | parameters = { theta = 99, thetta = 0.1 }
         |                                     ^
         = hint: did you mean `theta`?

    error: unknown therapy `bcma-mrna-catr`
      --> trial.toml:25:11
      25 | therapy = "bcma-mrna-catr"
         |           ^
         = hint: did you mean `bcma-mrna-cart`?

    error: two arms are called `bcma-mrna`
      --> trial.toml:30:8
      30 | name = "bcma-mrna"
         |        ^
         = hint: rename arm 1 or arm 2

    error: `dose_cells_per_kg` is negative: -1000000
      --> trial.toml:33:34
      33 | override = { dose_cells_per_kg = -1e6 }
         |                                  ^
         = hint: a dose is above 0; to give nothing, use the `placebo` therapy or leave the dose out

    error: the visit at week 30 is after the end of follow-up at week 24
      --> trial.toml:45:21
      45 | weeks = [4, 12, 24, 30]
         |                     ^
         = hint: lengthen `follow_up.duration_weeks` or remove the visit

    error: alpha is 0.7
      --> trial.toml:87:9
      87 | alpha = 0.7
         |         ^
         = hint: give a number above 0 and below 0.5, usually 0.05 two-sided or 0.025 one-sided

    warning: the bank of 60 virtual patients is less than five times the trial of 13
      --> trial.toml:12:8
      12 | bank = 60
         |        ^
         = hint: replicates will share many patients; ten times the size or more is better
    "#);
}

#[test]
fn fields_of_a_wrong_shape_are_reported_at_once() {
    let folder = Folder::new();
    let text = with(&[
        ("size = 12", "size = -12"),
        ("bank = 60", "bank = \"many\""),
        ("[accrual]", "[acrual]"),
        ("method = \"fisher\"", "method = \"fischer\""),
    ]);
    folder.write("trial.toml", &text);
    assert_snapshot!(folder.run(&["check", "trial.toml"]), @r#"
    exit code 2
    ---- stdout
    trial.toml: 4 errors
    ---- stderr
    error: `population.size` is -12
      --> trial.toml:10:8
      10 | size = -12
         |        ^
         = hint: expected at least 0

    error: `population.bank` is text
      --> trial.toml:11:8
      11 | bank = "many"
         |        ^
         = hint: write a whole number

    error: unknown field `acrual`
      --> trial.toml:36:2
      36 | [acrual]
         |  ^
         = hint: did you mean `accrual`?

    error: unknown value `fischer` for `analysis[1].method`
      --> trial.toml:84:10
      84 | method = "fischer"
         |          ^
         = hint: did you mean `fisher`? (one of `kaplan_meier`, `log_rank`, `cox`, `milestone`, `restricted_mean`, `cumulative_incidence`, `gray`, `historical_hazard`, `fisher`, `risk_difference`, `cochran_mantel_haenszel`, `logistic`, `bayesian_two_arm`, `proportion`, `binomial`, `ancova`, `mmrm`, `negative_binomial`, `poisson`, `recurrent_cox`)
    "#);
}

#[test]
fn a_trial_of_nobody_is_refused() {
    let folder = Folder::new();
    folder.write("trial.toml", &with(&[("size = 12", "size = 0")]));
    assert_snapshot!(folder.run(&["check", "trial.toml"]), @r"
    exit code 2
    ---- stdout
    trial.toml: 1 error
    ---- stderr
    error: the trial has zero patients
      --> trial.toml:10:8
      10 | size = 0
         |        ^
         = hint: give the number of subjects to randomise, at least 1
    ");
    assert_eq!(
        folder
            .run(&["trial", "run", "trial.toml", "--out", "r"])
            .code,
        Some(2)
    );
    assert!(
        !folder.path("r").exists(),
        "nothing is made for a trial that cannot run"
    );
}

#[test]
fn what_would_not_fit_into_a_computer_is_refused() {
    let folder = Folder::new();
    let text = with(&[
        ("bank = 60", "bank = 9000000000000000000"),
        ("every_weeks = 4", "every_weeks = 1e-9"),
        ("duration_weeks = 24", "duration_weeks = 1e9"),
        (
            "replicates = 1000",
            "replicates = 4000000000\ndetail_replicates = 4000000000",
        ),
    ]);
    folder.write("trial.toml", &text);
    assert_snapshot!(folder.run(&["check", "trial.toml"]), @r#"
    exit code 2
    ---- stdout
    trial.toml: 9 errors
    ---- stderr
    error: a bank of 9000000000000000000 virtual patients does not fit into memory
      --> trial.toml:11:8
      11 | bank = 9000000000000000000
         |        ^
         = hint: give at most 100000; ten times the size of the trial is enough

    error: a follow-up of 1000000000 weeks is longer than a life with the disease
      --> trial.toml:40:18
      40 | duration_weeks = 1e9
         |                  ^
         = hint: give at most 2600 weeks

    error: a visit every 0.000000001 weeks is more often than daily
      --> trial.toml:43:15
      43 | every_weeks = 1e-9
         |               ^
         = hint: give at least 1/7 of a week, 0.143

    error: `mg-adl-response` is read at week 12, but there is no visit then
      --> trial.toml:56:80
      56 | measure = { kind = "responder", score = "mg_adl", reduction_points = 2, week = 12 }
         |                                                                                ^
         = hint: the nearest visit is at week 0.00002; use it, or add week 12 to `visits`

    error: `mg-adl-change` is read at week 12, but there is no visit then
      --> trial.toml:62:61
      62 | measure = { kind = "score_change", score = "mg_adl", week = 12 }
         |                                                             ^
         = hint: the nearest visit is at week 0.00002; use it, or add week 12 to `visits`

    error: `qmg-response` is read at week 12, but there is no visit then
      --> trial.toml:68:77
      68 | measure = { kind = "responder", score = "qmg", reduction_points = 3, week = 12 }
         |                                                                             ^
         = hint: the nearest visit is at week 0.00002; use it, or add week 12 to `visits`

    error: `minimal-symptoms` is read at week 24, but there is no visit then
      --> trial.toml:74:73
      74 | measure = { kind = "score_at_most", score = "mg_adl", value = 1, week = 24 }
         |                                                                         ^
         = hint: the nearest visit is at week 0.00002; use it, or add week 24 to `visits`

    error: 4000000000 replicates are too many
      --> trial.toml:112:14
     112 | replicates = 4000000000
         |              ^
         = hint: give at most 10000000; 1000 gives a power with a standard error near 0.013

    error: 4000000000 replicates in every detail do not fit into memory
      --> trial.toml:113:21
     113 | detail_replicates = 4000000000
         |                     ^
         = hint: give at most 1000; the table `replicates` holds the results of all
    "#);
}

#[test]
fn a_text_that_is_no_toml_is_refused_with_its_place() {
    let folder = Folder::new();
    folder.write("trial.toml", &with(&[("size = 12", "size = ")]));
    assert_snapshot!(folder.run(&["check", "trial.toml"]), @r"
    exit code 2
    ---- stdout
    trial.toml: 1 error
    ---- stderr
    error: string values must be quoted, expected literal string
      --> trial.toml:10:8
      10 | size = 
         |        ^
         = hint: a trial file is TOML: `name = value`, texts in quotes, sections in brackets
    ");
    folder.write("empty.toml", "");
    assert_eq!(folder.run(&["check", "empty.toml"]).code, Some(2));
}

#[test]
fn a_file_that_is_not_there_or_no_text_is_refused() {
    let folder = Folder::new();
    assert_snapshot!(folder.run(&["check", "nowhere.toml"]), @r"
    exit code 2
    ---- stderr
    error: cannot read `nowhere.toml`: No such file or directory (os error 2)
    ");
    std::fs::write(folder.path("binary.toml"), [0xff, 0xfe, 0x00]).unwrap();
    assert_snapshot!(folder.run(&["check", "binary.toml"]), @r"
    exit code 2
    ---- stderr
    error: cannot read `binary.toml`: stream did not contain valid UTF-8
    ");
}

#[test]
fn a_broken_model_is_reported_with_its_places() {
    let folder = Folder::new();
    folder.write(
        "model.ant",
        "model broken()\n  species A;\n  A = 1;\n  A -> ; k*A;\n  k = 1..2;\nend\n",
    );
    assert_snapshot!(folder.run(&["check", "model.ant"]), @r"
    exit code 2
    ---- stdout
    model.ant: 1 error
    ---- stderr
    error: `1..2` is not a number
     --> model.ant:5:7
      |
    5 |   k = 1..2;
      |       ^^^^
      |
      = hint: numbers look like `12`, `0.5` or `1.2e-3`
    ");
}

#[test]
fn findings_as_json_have_places_and_hints() {
    let folder = Folder::new();
    folder.write(
        "trial.toml",
        &with(&[("therapy = \"placebo\"", "therapy = \"placeboo\"")]),
    );
    assert_snapshot!(folder.run(&["check", "--json", "trial.toml"]), @r#"
    exit code 2
    ---- stdout
    [
      {
        "file": "trial.toml",
        "errors": [
          {
            "message": "unknown therapy `placeboo`",
            "line": 31,
            "column": 11,
            "hint": "did you mean `placebo`?"
          }
        ],
        "warnings": []
      }
    ]
    "#);
}
