//! Numbers of `neurocart design` as a user reads them against published ones and the reference.

use serde_json::Value;

use crate::program::Folder;

fn result(question: &str) -> Value {
    let words: Vec<&str> = question.split_whitespace().collect();
    let said = Folder::new().run_well(&[&["design"], &words[..], &["--json"]].concat());
    let mut answer: Value = serde_json::from_str(&said.stdout).unwrap();
    answer["result"].take()
}

fn near(value: &Value, expected: f64) -> bool {
    (value.as_f64().unwrap() - expected).abs() < 1e-6 * expected
}

/// O'Brien-Fleming with five looks, Jennison and Turnbull 2000, table 2.3.
#[test]
fn group_sequential_boundaries_are_the_published_ones() {
    let of = result("gsd --type obrien-fleming --looks 5 --sides 2 --alpha 0.05");
    let looks = of["looks"].as_array().unwrap();
    for (look, published) in looks.iter().zip([4.562, 3.226, 2.634, 2.281, 2.040]) {
        let z = look["z_efficacy"].as_f64().unwrap();
        assert!((z - published).abs() < 6e-4, "{z} {published}");
    }
    // A boundary that does not exist is null.
    assert!(looks[0]["z_futility"].is_null());
    let given = result("gsd --type given --spent 0,0.025 --looks 2 --futility-z -0.5");
    assert!(given["looks"][0]["z_efficacy"].is_null());
    assert_eq!(given["looks"][0]["z_futility"], -0.5);
}

/// A row of `conditional_power.csv`.
#[test]
fn conditional_power_is_that_of_the_reference() {
    let found = result("conditional-power --information 0.3 --z 0.8 --drift 2.8");
    assert!(near(&found["conditional_power_no_effect"], 0.0344647103299));
    assert!(near(&found["conditional_power_at_trend"], 0.275299791319));
    assert!(near(&found["predictive_power_flat_prior"], 0.371866190085));
}

/// A row of `sample_size_negbin.csv` for each of the three variances without effect.
#[test]
fn negative_binomial_sizes_are_those_of_the_reference() {
    let found = result(
        "negbin --control-rate 0.8 --rate-ratio 0.7 --dispersion 0.4 --exposure 0.75 --power 0.9",
    );
    let by_null = &found["by_variance_without_effect"];
    let sizes = [0, 1, 2].map(|k| by_null[k]["size"]["control"].as_u64().unwrap());
    assert_eq!(sizes, [395, 365, 401]);
    assert_eq!(found["size"]["total"], 790);
}

#[test]
fn means_and_proportions_are_those_of_the_reference() {
    let means = result("means --difference -2 --sd 3.5 --power 0.8");
    // R's `power.t.test`.
    assert!(near(
        &means["size"]["treated_not_rounded"],
        0.5 * 98.1069754681
    ));
    let rates = result("proportions --treated 0.6 --control 0.3 --power 0.8");
    assert!(near(
        &rates["normal_formula"]["control_not_rounded"],
        0.5 * 83.9405062448
    ));
    assert_eq!(rates["exact"][0]["test"], "fisher_exact");
    assert_eq!(rates["exact"][0]["control"], 48);
    let rows = rates["by_control_arm"].as_array().unwrap();
    let planned = rows.iter().find(|row| row["control"] == 42).unwrap();
    // Enumeration with R's `fisher.test`.
    assert!(near(&planned["fisher_exact"], 0.7637940208465), "{planned}");
}

/// Formula (3) of Lu, Luo and Chen 2008 evaluated in R.
#[test]
fn repeated_measures_sizes_hold_the_published_formula() {
    let case = "repeated-measures --difference 0.5 --sd 1 --dropout 0,0.1,0.2,0.3 --rho 0.25";
    let found = result(&format!("{case} --correlation cs --power 0.8"));
    assert_eq!(found["size"]["treated"], 87);
    assert!(near(&found["size"]["treated_not_rounded"], 86.99175038904));
    // The power of the size is the power asked for.
    let size = result(&format!("{case} --power 0.85"));
    let power = result(&format!("{case} --subjects {}", size["size"]["total"]));
    assert_eq!(power["power"], size["power_with_whole_subjects"]);
}

#[test]
fn one_table_and_strata_have_every_effect_and_test() {
    let single = result("two-by-two --treated 12/15 --control 5/15");
    assert_eq!(single["effects"].as_array().unwrap().len(), 5);
    assert!(near(&single["effects"][0]["lower"], 0.11212964868));
    assert!(near(&single["tests"][0]["p_value"], 0.0253276870337));
    assert!(near(&single["tests"][1]["p_value"], 0.012673889494));
    let strata = result("two-by-two --treated 8/10,6/9,5/7,9/12 --control 4/11,3/8,2/9,6/12");
    assert!(near(&strata["tests"][0]["statistic"], 9.74452328056));
    assert!(near(&strata["effects"][0]["estimate"], 0.358484780158));
    // All respond on treatment, nobody on control: the odds ratio is infinite, which is no number.
    let extreme = result("two-by-two --treated 10/10 --control 0/20");
    let effects = &extreme["effects"];
    assert!(effects[3]["estimate"].is_null() && effects[3]["lower"].as_f64().unwrap() > 23.0);
    let reason = effects[4]["not_estimable"].as_str().unwrap();
    assert!(reason.contains("use the exact conditional one"));
}

#[test]
fn e_values_are_those_of_the_reference() {
    let found = result("e-value --ratio 0.5 --lower 0.35 --upper 1.1");
    assert!(near(&found["e_value"], 3.41421356237));
    assert_eq!(found["e_value_of_limit"], 1.0);
}

/// Simon 1989, table 1: p0 0.2, p1 0.4, alpha 0.05, power 0.8.
#[test]
fn simon_designs_are_the_published_ones() {
    let found = result("simon --p0 0.2 --p1 0.4");
    let of = |name: &str| {
        let rows = found["designs"].as_array().unwrap();
        let row = rows.iter().find(|row| row["design"] == name).unwrap();
        ["r1", "n1", "r", "n"].map(|key| row[key].as_u64().unwrap())
    };
    assert_eq!(of("optimal"), [3, 13, 12, 43]);
    assert_eq!(of("minimax"), [4, 18, 10, 33]);
}

/// Rates and boundaries of Liu and Yuan 2015 for a target of 0.3.
#[test]
fn boin_boundaries_are_the_published_ones() {
    let found = result("boin --target 0.3 --patients 6");
    assert!((found["lambda_e"].as_f64().unwrap() - 0.236).abs() < 5e-4);
    assert!((found["lambda_d"].as_f64().unwrap() - 0.359).abs() < 5e-4);
    let row = &found["boundaries"][5];
    assert_eq!(
        [
            "escalate_at_most",
            "de_escalate_at_least",
            "eliminate_at_least"
        ]
        .map(|key| row[key].as_u64().unwrap()),
        [1, 3, 4]
    );
}
