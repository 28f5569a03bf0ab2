//! What a user is told about a trial file.

use std::fmt::Write as _;

use neurocart_library::Library;
use neurocart_trial::check::check;
use proptest::prelude::*;

const MG: &str = include_str!("../../../library/trials/mg-bcma-mrna-placebo.toml");
const NMOSD: &str = include_str!("../../../library/trials/nmosd-bcma-single-arm.toml");
const MS: &str = include_str!("../../../library/trials/progressive-ms-cd19-vs-anti-cd20.toml");

fn messages(text: &str, file: &str) -> String {
    let found = check(text, file, &Library::embedded());
    let mut out = String::new();
    for problem in &found.errors {
        writeln!(out, "error: {problem}").unwrap();
    }
    for problem in &found.warnings {
        writeln!(out, "warning: {problem}").unwrap();
    }
    out
}

/// Each mistake alone, as a replacement in a shipped trial.
const MISTAKES: &[(&str, &str, &str)] = &[
    (MS, "therapy = \"cd19-cart\"", "therapy = \"cd19-catr\""),
    (
        MS,
        "therapy = \"cd19-cart\"",
        "therapy = \"cd19-cart\"\noverride = { dose_cells_per_kg = -1e6 }",
    ),
    (
        MS,
        "therapy = \"cd19-cart\"",
        "therapy = \"cd19-cart\"\noverride = { lymphodepletion.units = -1, dose_cels = 3 }",
    ),
    (
        MS,
        "name = \"ms-primary-progressive\"",
        "name = \"ms-primary-progresive\"",
    ),
    (MS, "share = 0.5", "share = 0.4"),
    (MS, "every_weeks = 12", "weeks = [12, 24, 24, 130]"),
    (MS, "every_weeks = 12", "every_weeks = 200"),
    (MS, "size = 120", "size = 0"),
    (MS, "size = 120", "size = 121"),
    (MS, "size = 120", "size = -4"),
    (MS, "ratio = 1", "ratio = 0"),
    (MS, "ratio = 1", "ratio = -2"),
    (MS, "ratio = 1", "ratio = 1.5"),
    (MS, "bank = 1200", "bank = 100"),
    (MS, "bank = 1200", "bank = 300"),
    (MS, "name = \"ocrelizumab\"", "name = \"cd19-cart\""),
    (MS, "reference = true", "reference = false"),
    (MS, "alpha = 0.05", "alpha = 0.5"),
    (MS, "alpha = 0.05", "alpha = nan"),
    (MS, "endpoint = \"cdp24\"", "endpoint = \"cdp42\""),
    (MS, "method = \"cox\"", "method = \"cocks\""),
    (MS, "method = \"cox\"", "method = \"fisher\""),
    (MS, "method = \"cox\"", "method = \"historical_hazard\""),
    (MS, "confirmation_weeks = 24", "confirmation_weeks = 13"),
    (MS, "rule = \"two_tier_5.5\"", "rule = \"two_tier\""),
    (MS, "variable = \"edss\"", "variable = \"qmg\""),
    (MS, "max = 6.5", "max = 2.5"),
    (MS, "annual_probability = 0.06", "annual_probability = 1.06"),
    (MS, "[accrual]", "[acrual]"),
    (MS, "duration_weeks = 120", "duration_weeks = 20"),
    (MS, "title = ", "titel = "),
    (MS, "seed = 20240213", "seed = \"lucky\""),
    (MS, "primary = true", "primary = false"),
    (
        MS,
        "size = 120",
        "size = 120\nparameters = { rho = 1e9, rhoo = 1 }",
    ),
    (MS, "size = 120", "size = "),
    (MG, "week = 12", "week = 13"),
    (
        MG,
        "score = \"mg_adl\", reduction_points = 2",
        "score = \"edss\", reduction_points = 0",
    ),
    (
        MG,
        "trigger = \"score_worsening\"",
        "trigger = \"worsening\"",
    ),
    (
        MG,
        "rescue_strategy = \"hypothetical\"",
        "rescue_strategy = \"composite\"",
    ),
    (NMOSD, "therapy = \"placebo\"", ""),
    (NMOSD, "therapy = \"placebo\"", "therapy = \"placebos\""),
    (
        MG,
        "name = \"placebo-in-both-arms\"",
        "name = \"as_designed\"",
    ),
    (
        MG,
        "[[null]]",
        "[[null]]\nname = \"placebo-in-both-arms\"\nparameters = { rhoo = 1 }\n\n[[null]]",
    ),
    (NMOSD, "hazard_per_year = 0.5315", "hazard_per_year = 0"),
    (
        NMOSD,
        "kind = \"time_to_attack\"",
        "kind = \"time_to_atack\"",
    ),
];

#[test]
fn every_mistake_is_named_with_its_place_and_a_way_out() {
    let mut out = String::new();
    for (trial, from, to) in MISTAKES {
        assert!(trial.contains(from), "`{from}` is not in the trial");
        let found = messages(&trial.replacen(from, to, 1), "trial.toml");
        assert!(found.contains("hint:"), "no hint for `{to}`:\n{found}");
        writeln!(out, "### {}\n{found}", to.replace('\n', " / ")).unwrap();
    }
    insta::assert_snapshot!(out);
}

#[test]
fn all_mistakes_of_a_file_are_reported_in_one_run() {
    let text = MS
        .replacen("therapy = \"cd19-cart\"", "therapy = \"cd19\"", 1)
        .replacen("size = 120", "size = 0", 1)
        .replacen("alpha = 0.05", "alpha = 0.7", 1)
        .replacen("every_weeks = 12", "every_weeks = -3", 1);
    let found = check(&text, "trial.toml", &Library::embedded());
    let lines: Vec<usize> = found.errors.iter().filter_map(|p| p.line).collect();
    assert!(found.errors.len() >= 4, "{:?}", found.errors);
    assert!(
        lines.windows(2).all(|pair| pair[0] <= pair[1]),
        "in the order of the text: {lines:?}"
    );
}

#[test]
fn the_shipped_trials_have_no_errors() {
    for (text, file) in [(MG, "mg"), (NMOSD, "nmosd"), (MS, "ms")] {
        let found = check(text, file, &Library::embedded());
        assert!(found.errors.is_empty(), "{file}: {:?}", found.errors);
        assert!(found.specification.is_some());
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_checker_panic(text in "(?s).{0,200}") {
        check(&text, "trial.toml", &Library::embedded());
    }

    #[test]
    fn no_damage_to_a_trial_makes_the_checker_panic(start in 0usize..2900, length in 0usize..40, put in "[ -~]{0,12}") {
        let mut bytes = MS.as_bytes().to_vec();
        let start = start.min(bytes.len());
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, put.bytes());
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let found = check(&text, "trial.toml", &Library::embedded());
        prop_assert!(found.specification.is_some() || !found.errors.is_empty());
    }
}
