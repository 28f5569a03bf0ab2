//! `neurocart evidence pool` and `answer`: pooled answers, and the document they make.

use std::path::PathBuf;

use insta::assert_snapshot;

use crate::program::{Folder, Said};

fn said(words: &str) -> Said {
    let folder = Folder::new();
    let mut arguments = vec!["evidence"];
    arguments.extend(words.split_whitespace());
    let mut command = folder.command(&arguments);
    Said::from(command.env("COLUMNS", "100").output().unwrap())
}

fn json(words: &str) -> serde_json::Value {
    let said = said(&format!("{words} --json"));
    assert_eq!(said.code, Some(0), "{said}");
    serde_json::from_str(&said.stdout).unwrap()
}

#[test]
fn one_outcome_is_pooled_with_all_that_it_rests_on() {
    assert_snapshot!(said("pool --outcome crs_g3plus --area rheumatology"));
}

#[test]
fn groups_sensitivity_and_steps_are_added_on_demand() {
    assert_snapshot!(said(
        "pool --outcome icans_any --area rheumatology,neuroimmune --by target --sensitivity --leave-one-out --cumulative"
    ));
}

#[test]
fn ratios_of_randomised_trials_pool_on_the_log_scale() {
    assert_snapshot!(said(
        "pool --outcome relapse_hazard_ratio --modality antibody --disease NMOSD"
    ));
}

#[test]
fn arms_are_compared_where_a_study_has_both() {
    assert_snapshot!(said(
        "pool --outcome mgc_resp_ge5 --disease MG --compare risk_ratio"
    ));
}

#[test]
fn a_question_shows_answers_studies_and_what_was_left_out() {
    assert_snapshot!(said("answer mg-scores"));
}

#[test]
fn experiments_are_listed_in_both_directions() {
    let all = json("answer preclinical");
    let rows = all["experiments"].as_array().unwrap();
    let of = |direction: &str| rows.iter().filter(|r| r["direction"] == direction).count();
    assert!(of("improves") > 0 && of("worsens") > 0);
}

#[test]
fn json_and_text_give_the_same_numbers() {
    let words = "pool --outcome crs_any --area rheumatology";
    let pooled = &json(words)["pooled"][0];
    assert_eq!(pooled["role"], "primary");
    let text = said(words).stdout;
    let number = |key: &str| pooled[key].as_f64().unwrap();
    let line = format!(
        "{:.1} % ({:.1} to {:.1})",
        number("estimate"),
        number("lower"),
        number("upper")
    );
    assert!(text.contains(&line), "{line}\n{text}");
}

#[test]
fn recalled_figures_move_nothing_unless_asked_for() {
    let words = "pool --outcome crs_g3plus --area oncology --across-scales";
    let (without, with) = (json(words), json(&format!("{words} --include-recalled")));
    let studies = |page: &serde_json::Value| page["studies"].as_array().unwrap().len();
    assert!(studies(&with) > studies(&without));
    let recalled = |page: &serde_json::Value| {
        let rows = page["studies"].as_array().unwrap();
        rows.iter()
            .filter(|r| r["grade"].as_str().unwrap().starts_with("recalled"))
            .count()
    };
    assert_eq!(recalled(&without), 0);
    assert!(recalled(&with) > 0);
}

#[test]
fn an_answer_counts_the_studies_and_patients_that_are_pooled() {
    let answers = json("answer");
    let rows = answers["answers"].as_array().unwrap();
    let answer = rows
        .iter()
        .find(|r| r["outcome"] == "CRS, any grade" && r["group"] == "Neuroimmune")
        .unwrap();
    let pool = json("pool --outcome crs_any --area neuroimmune");
    let shown = pool["studies"].as_array().unwrap().len();
    let pooled = &pool["pooled"][0];
    assert!(pooled["studies"].as_u64().unwrap() < shown as u64);
    assert_eq!(answer["studies"], pooled["studies"]);
    assert_eq!(answer["patients"], pooled["patients"]);
}

#[test]
fn no_study_that_is_pooled_stands_among_those_kept_out_as_recalled() {
    let flow = json("flow");
    let kept_out = flow["left_out"].as_array().unwrap();
    let recalled: Vec<&str> = kept_out
        .iter()
        .filter(|row| row["reason"].as_str().unwrap().contains("recalled"))
        .flat_map(|row| row["ids"].as_array().unwrap())
        .map(|id| id.as_str().unwrap())
        .collect();
    assert!(!recalled.is_empty());
    let pool = json("pool --outcome crs_any --area oncology --across-scales");
    for row in pool["studies"].as_array().unwrap() {
        let id = row["study"].as_str().unwrap();
        assert!(!recalled.contains(&id), "{id}");
    }
}

#[test]
fn scales_that_differ_come_with_the_options_that_settle_it() {
    let said = said("pool --outcome crs_any --area oncology");
    let text = said.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(
        "not pooled unadjusted; `--grading` takes some of the scales, `--across-scales` all"
    ));
    // Nothing is pooled, so that nothing stands beside a model.
    assert!(!text.contains("companions stand"), "{said}");
}

#[test]
fn a_count_without_a_total_is_not_told_as_a_number_of_patients() {
    let said = said("answer crs").stdout;
    let text = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(!text.contains(" 0 patients"), "{text}");
    let pool = json("pool --outcome crs_any --product descartes --by product");
    let rows = pool["studies"].as_array().unwrap();
    assert!(
        rows.iter()
            .any(|r| r["events"] == 0 && r["total"].is_null())
    );
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let refused: String = [
        "pool",
        "pool --outcome crs_any,icans_any",
        "pool --outcome crs_anny",
        "pool --outcome crs_any --by tarqet",
        "pool --outcome crs_any --without qin2023",
        "pool --outcome crs_any --grading astct4",
        "pool --outcome crs_any --month -2",
        "pool --outcome crs_any --month nan",
        "pool --outcome crs_any --compare ratio",
        "pool --outcome crs_any --steps-figure x.svg",
        "pool --outcome crs_any --disease CIDP --figure x.svg",
        "answer crss",
    ]
    .iter()
    .map(|words| format!("$ evidence {words}\n{}\n", said(words)))
    .collect();
    assert_snapshot!(refused);
}

#[test]
fn figures_are_written_and_nothing_else() {
    let folder = Folder::new();
    folder.run_well(&[
        "evidence",
        "pool",
        "--outcome",
        "crs_any",
        "--area",
        "rheumatology",
        "--figure",
        "forest.svg",
        "--leave-one-out",
        "--steps-figure",
        "steps.svg",
    ]);
    for name in ["forest.svg", "steps.svg"] {
        let svg = folder.read(name);
        assert!(
            svg.starts_with("<svg") && svg.contains("mueller2024-erlangen15"),
            "{name}"
        );
    }
    assert_eq!(folder.bytes("").len(), 2);
}

/// `docs/evidence.md` is what the program writes.
#[test]
fn the_document_in_the_repository_is_the_one_the_program_writes() {
    let folder = Folder::new();
    folder.run_well(&["evidence", "answer", "--write", "docs"]);
    let written = folder.bytes("docs");
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    if std::env::var_os("NEUROCART_UPDATE").is_some() {
        let images = docs.join("images/evidence");
        let _ = std::fs::remove_dir_all(&images);
        std::fs::create_dir_all(&images).unwrap();
        for (name, bytes) in &written {
            std::fs::write(docs.join(name), bytes).unwrap();
        }
    }
    let hint = "run the tests once with NEUROCART_UPDATE=1, and read what changed";
    for (name, bytes) in &written {
        let kept = std::fs::read(docs.join(name)).unwrap_or_default();
        assert!(kept == *bytes, "docs/{name} is out of date: {hint}");
    }
    let kept = std::fs::read_dir(docs.join("images/evidence"))
        .unwrap()
        .count();
    assert_eq!(kept, written.len() - 1, "a figure is left over: {hint}");
}
