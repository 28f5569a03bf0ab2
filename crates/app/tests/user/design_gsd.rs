//! `neurocart design gsd` and `conditional-power` as a user sees them.

use insta::assert_snapshot;
use serde_json::Value;

use crate::program::Folder;

fn json(arguments: &[&str]) -> Value {
    let said = Folder::new().run_well(&[&["design"], arguments, &["--json"]].concat());
    serde_json::from_str(&said.stdout).unwrap()
}

#[test]
fn a_survival_trial_with_futility_has_its_events_per_look_and_its_r_call() {
    let said = Folder::new().run(&[
        "design",
        "gsd",
        "--hazard-ratio",
        "0.6",
        "--futility",
        "lan-demets-obrien-fleming",
    ]);
    assert_snapshot!(said, @r#"
    exit code 0
    ---- stdout
    Group sequential design, lan-demets-obrien-fleming, 3 looks, one-sided alpha 0.025, power 90.0%

    alternative                  hazard ratio 0.600
    inflation factor             1.0594
    drift at the alternative     3.3364
    fixed design                 161.1 events
    maximum                      171 events
    expected without effect      108.5 events
    expected at half the effect  139.9 events
    expected at the alternative  132.5 events
    type I error                 0.0233 if the futility rule is kept, 0.0250 if it is ignored

    Boundaries; the last columns are the estimate at them
    look  information  events  z efficacy  z futility  one-sided p  alpha spent  hazard ratio  at futility
    1          0.3333      57      3.7103     −0.6945      0.00010      0.00010         0.374        1.202
    2          0.6667     114      2.5114      1.0025      0.00601      0.00605         0.624        0.829
    3          1.0000     171      1.9930      1.9930      0.02313      0.02500         0.737        0.737

    Probability to stop at each look
    look  efficacy, no effect  futility, no effect  efficacy, alternative  power so far  futility, alternative
    1                 0.00010              0.24367                0.03721       0.03721                0.00439
    2                 0.00594              0.59976                0.54732       0.58453                0.03957
    3                 0.01727              0.13325                0.31547       0.90000                0.05605

    note: looks at other information than planned keep the type I error, if their time does not depend on the effect seen: work the boundary out from the information observed
    note: non-binding futility: the trial may go on; the power counts the stops
    note: numbers at the looks are rounded up

    The same in R:
      library(rpact)
      design <- getDesignGroupSequential(kMax = 3, alpha = 0.025, beta = 0.1, sided = 1,
        typeOfDesign = "asOF", typeBetaSpending = "bsOF", bindingFutility = FALSE)
      design$criticalValues
      getDesignCharacteristics(design)$inflationFactor
      getSampleSizeSurvival(design, hazardRatio = 0.6, allocationRatioPlanned = 1,
        typeOfComputation = "Schoenfeld")$eventsPerStage
    "#);
}

#[test]
fn the_json_has_the_published_boundaries() {
    let of = json(&[
        "gsd",
        "--type",
        "obrien-fleming",
        "--looks",
        "5",
        "--sides",
        "2",
        "--alpha",
        "0.05",
    ]);
    let looks = of["result"]["looks"].as_array().unwrap();
    let z: Vec<f64> = looks
        .iter()
        .map(|l| l["z_efficacy"].as_f64().unwrap())
        .collect();
    for (z, published) in z.iter().zip([4.562, 3.226, 2.634, 2.281, 2.040]) {
        assert!((z - published).abs() < 6e-4, "{z} {published}");
    }
    // A boundary that does not exist is null.
    assert!(looks[0]["z_futility"].is_null());
    let given = json(&[
        "gsd",
        "--type",
        "given",
        "--spent",
        "0,0.025",
        "--looks",
        "2",
        "--futility-z",
        "-0.5",
    ]);
    assert!(given["result"]["looks"][0]["z_efficacy"].is_null());
    assert_eq!(given["result"]["looks"][0]["z_futility"], -0.5);
}

#[test]
fn the_boundaries_are_drawn_where_they_exist() {
    let folder = Folder::new();
    folder.run_well(&[
        "design",
        "gsd",
        "--sides",
        "2",
        "--figure",
        "boundaries.svg",
    ]);
    let svg = folder.read("boundaries.svg");
    assert!(svg.starts_with("<svg") && svg.contains("efficacy") && !svg.contains("NaN"));
}

#[test]
fn wrong_options_of_a_design_name_what_to_do() {
    let folder = Folder::new();
    for (arguments, words) in [
        (&["gsd", "--looks", "30"][..], "from 1 to 20"),
        (&["gsd", "--alpha", "0.7"], "below 0.5"),
        (&["gsd", "--information", "0.5,0.9"], "it must be 1"),
        (&["gsd", "--information", "0.5,0.5,1"], "information"),
        (&["gsd", "--type", "given"], "`--spent`"),
        (&["gsd", "--parameter", "2"], "leave it out"),
        (&["gsd", "--hazard-ratio", "1"], "above 0 and not 1"),
        (&["gsd", "--sides", "2", "--futility-z", "0,0"], "one-sided"),
        (&["gsd", "--binding"], "`--futility`"),
        (
            &["conditional-power", "--information", "1", "--z", "1"],
            "between 0 and 1",
        ),
    ] {
        let said = folder.run(&[&["design"], arguments].concat());
        assert_eq!(said.code, Some(2), "{arguments:?}\n{said}");
        assert!(said.stderr.contains(words), "{arguments:?}\n{said}");
    }
}

#[test]
fn conditional_power_is_shown_under_each_assumption() {
    let answer = json(&[
        "conditional-power",
        "--information",
        "0.3",
        "--z",
        "0.8",
        "--drift",
        "2.8",
    ]);
    let result = &answer["result"];
    // reference/conditional_power.csv, information 0.3, z 0.8.
    for (name, expected) in [
        ("conditional_power_no_effect", 0.034_464_710_329_9),
        ("conditional_power_at_trend", 0.275_299_791_319),
        ("predictive_power_flat_prior", 0.371_866_190_085),
    ] {
        assert!(
            (result[name].as_f64().unwrap() - expected).abs() < 1e-9,
            "{name}"
        );
    }
}
