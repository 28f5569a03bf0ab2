//! Designs and tables of two arms, as a user asks for them.

use crate::program::Folder;

fn json(arguments: &[&str]) -> serde_json::Value {
    let arguments = [&["design"], arguments, &["--json"]].concat();
    serde_json::from_str(&Folder::new().run_well(&arguments).stdout).unwrap()
}

fn near(value: &serde_json::Value, expected: f64) -> bool {
    (value.as_f64().unwrap() - expected).abs() < 1e-6 * expected
}

/// A row of `sample_size_negbin.csv` for each of the three variances without effect.
#[test]
fn negative_binomial_sizes_are_those_of_the_reference() {
    let arguments = [
        "negbin",
        "--control-rate",
        "0.8",
        "--rate-ratio",
        "0.7",
        "--dispersion",
        "0.4",
        "--exposure",
        "0.75",
        "--power",
        "0.9",
    ];
    let answer = json(&arguments);
    let by_null = &answer["result"]["by_variance_without_effect"];
    let sizes = [0, 1, 2].map(|k| by_null[k]["size"]["control"].as_u64().unwrap());
    assert_eq!(sizes, [395, 365, 401]);
    assert_eq!(answer["result"]["size"]["treated"], 395);
    let said = Folder::new().run_well(&[&["design"][..], &arguments].concat());
    assert!(
        said.stdout.contains("in all                     790\n"),
        "{said}"
    );
    assert!(said.stdout.contains("The same in R:"), "{said}");
}

#[test]
fn means_and_proportions_are_those_of_the_reference() {
    let means = json(&["means", "--difference", "-2", "--sd", "3.5"]);
    let total = means["result"]["size"]["treated_not_rounded"]
        .as_f64()
        .unwrap()
        * 2.0;
    // R's `power.t.test`.
    assert!((total - 98.1069754681).abs() < 1e-6, "{total}");
    let rates = json(&["proportions", "--treated", "0.6", "--control", "0.3"]);
    let result = &rates["result"];
    assert!(near(
        &result["normal_formula"]["control_not_rounded"],
        83.9405062448 / 2.0
    ));
    assert_eq!(result["exact"][0]["test"], "fisher_exact");
    assert_eq!(result["exact"][0]["control"], 48);
    let rows = result["by_control_arm"].as_array().unwrap();
    let planned = rows.iter().find(|row| row["control"] == 42).unwrap();
    // Enumeration with R's `fisher.test`.
    assert!(near(&planned["fisher_exact"], 0.7637940208465), "{planned}");
}

#[test]
fn figures_are_written_where_the_design_has_one() {
    let folder = Folder::new();
    for arguments in [
        &["means", "--difference", "2", "--sd", "3.5"][..],
        &[
            "negbin",
            "--control-rate",
            "1",
            "--rate-ratio",
            "0.5",
            "--dispersion",
            "0",
        ],
        &["proportions", "--treated", "0.5", "--control", "0.1"],
        &["e-value", "--ratio", "0.5"],
    ] {
        let arguments = [&["design"], arguments, &["--figure", "figure.svg"]].concat();
        folder.run_well(&arguments);
        let figure = folder.read("figure.svg");
        assert!(
            figure.starts_with("<svg") && !figure.contains("NaN"),
            "{arguments:?}"
        );
    }
}

#[test]
fn one_table_and_strata_have_every_effect_and_test() {
    let single = json(&["two-by-two", "--treated", "12/15", "--control", "5/15"]);
    let result = &single["result"];
    assert_eq!(result["effects"].as_array().unwrap().len(), 5);
    assert!(near(&result["effects"][0]["lower"], 0.11212964868));
    assert!(near(&result["tests"][0]["p_value"], 0.0253276870337));
    assert!(near(&result["tests"][1]["p_value"], 0.012673889494));
    let strata = json(&[
        "two-by-two",
        "--treated",
        "8/10",
        "6/9",
        "5/7",
        "9/12",
        "--control",
        "4/11",
        "3/8",
        "2/9",
        "6/12",
    ]);
    let result = &strata["result"];
    assert!(near(&result["tests"][0]["statistic"], 9.74452328056));
    assert!(near(&result["effects"][0]["estimate"], 0.358484780158));
    // All respond on treatment, nobody on control: the odds ratio is infinite, which is no number.
    let extreme = json(&["two-by-two", "--treated", "10/10", "--control", "0/20"]);
    let effects = &extreme["result"]["effects"];
    assert!(effects[3]["estimate"].is_null() && effects[3]["lower"].as_f64().unwrap() > 23.0);
    assert!(
        effects[4]["not_estimable"]
            .as_str()
            .unwrap()
            .contains("use the exact conditional one")
    );
}

#[test]
fn e_values_are_those_of_the_reference() {
    let answer = json(&[
        "e-value", "--ratio", "0.5", "--lower", "0.35", "--upper", "1.1",
    ]);
    assert!(near(&answer["result"]["e_value"], 3.41421356237));
    assert_eq!(answer["result"]["e_value_of_limit"], 1.0);
}

#[test]
fn wrong_options_are_named_with_what_they_must_be() {
    for (arguments, message) in [
        (
            &[
                "negbin",
                "--control-rate",
                "-1",
                "--rate-ratio",
                "0.5",
                "--dispersion",
                "1",
            ][..],
            "`--control-rate` is -1; it must be between 1e-9 and 1e9",
        ),
        (
            &[
                "negbin",
                "--control-rate",
                "1",
                "--rate-ratio",
                "1",
                "--dispersion",
                "1",
            ],
            "`--rate-ratio` is 1; it must be other than 1",
        ),
        (
            &["means", "--difference", "1", "--sd", "1", "--alpha", "5"],
            "`--alpha` is 5; it must be between 0 and 1, for example 0.05",
        ),
        (
            &[
                "proportions",
                "--treated",
                "0.5",
                "--control",
                "0.2",
                "--power",
                "0.2",
            ],
            "`--power` is 0.2; it must be at least 0.5 and below 1, for example 0.8",
        ),
        (
            &["e-value", "--ratio", "0"],
            "`--ratio` is 0; give a ratio above zero and finite",
        ),
        (
            &["two-by-two", "--treated", "16/15", "--control", "5/15"],
            "16 responders of 15 subjects; give no more responders than subjects",
        ),
    ] {
        let said = Folder::new().run(&[&["design"], arguments].concat());
        assert_eq!(said.code, Some(2), "{said}");
        assert!(said.stderr.contains(message), "{said}");
    }
}
