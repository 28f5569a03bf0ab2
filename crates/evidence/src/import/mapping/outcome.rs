//! Outcomes of which a text may report a figure.

use super::{has, words};
use crate::vocabulary::Vocabulary;

/// Phrases of adverse events, scores and other results, and the outcome that they may report.
pub(super) const OUTCOMES: [(&[&str], &str); 27] = [
    (&["cytokine release syndrome", "crs"], "crs"),
    (
        &[
            "icans",
            "immune effector cell associated neurotoxicity",
            "immune effector cell associated neurotoxicity syndrome",
        ],
        "icans",
    ),
    (&["infection"], "infection"),
    (&["neutropenia"], "neutropenia_g3plus"),
    (&["thrombocytopenia"], "thrombocytopenia_g3plus"),
    (&["anemia", "anaemia"], "anaemia_g3plus"),
    (&["cytopenia"], "cytopenia_g3plus"),
    (
        &["dose limiting toxicity", "dose limiting toxicitie", "dlt"],
        "dlt",
    ),
    (&["death", "died"], "death"),
    (
        &["mg adl", "myasthenia gravis activities of daily living"],
        "mg_adl_change",
    ),
    (&["qmg", "quantitative myasthenia gravis"], "qmg_change"),
    (&["mgc", "myasthenia gravis composite"], "mgc_change"),
    (&["mg qol15r", "mg qol 15r", "mg qol"], "mgqol15r_change"),
    (
        &["edss", "expanded disability status scale"],
        "edss_improved",
    ),
    (
        &[
            "relapse free",
            "free of relapse",
            "without relapse",
            "no relapse",
        ],
        "relapse_free",
    ),
    (
        &[
            "drug free",
            "treatment free",
            "free of immunosuppression",
            "off immunosuppression",
            "discontinued immunosuppression",
            "without immunosuppression",
        ],
        "treatment_free",
    ),
    (
        &["b cell aplasia", "b cell depletion"],
        "b_cell_aplasia_duration_days",
    ),
    (
        &[
            "b cell reconstitution",
            "b cell recovery",
            "b cells returned",
        ],
        "b_cell_reconstitution_days",
    ),
    (
        &[
            "autoantibody",
            "autoantibodie",
            "antibody titer",
            "antibody titre",
            "aqp4 igg",
            "aqp4 antibodie",
        ],
        "antibody_change_pct",
    ),
    (&["sledai", "sledai 2k"], "sledai"),
    (&["sri 4", "sri4"], "sri4"),
    (&["doris"], "doris_remission"),
    (&["cmax", "peak expansion"], "cart_cmax"),
    (&["persistence", "persisted"], "cart_persistence_days"),
    (&["follow up"], "followup_months"),
    (&["25 foot walk", "t25fw"], "t25fw_change_pct"),
    (&["graft versus host disease", "gvhd"], "gvhd"),
];

/// Outcomes of which a text may report a figure, in the order of [`OUTCOMES`], as far as the library
/// has them. Toxicities are of grade 3 or worse where the text says so, else of any grade.
pub fn outcomes(text: &str, vocabulary: &Vocabulary) -> Vec<String> {
    let words = words(text);
    let graded = is_grade_3(text);
    let mut codes: Vec<String> = Vec::new();
    for (phrases, code) in OUTCOMES {
        if !has(&words, phrases) {
            continue;
        }
        let code = match code {
            "crs" | "icans" | "infection" if graded => format!("{code}_g3plus"),
            "crs" | "icans" | "infection" => format!("{code}_any"),
            _ => code.to_owned(),
        };
        if vocabulary.outcomes.contains_key(&code) {
            codes.push(code);
        }
    }
    if codes.is_empty()
        && has(
            &words,
            &[
                "neurotoxicity",
                "neurologic toxicity",
                "neurological toxicity",
            ],
        )
    {
        let code = if graded { "icans_g3plus" } else { "icans_any" };
        codes.extend(
            vocabulary
                .outcomes
                .contains_key(code)
                .then(|| code.to_owned()),
        );
    }
    codes
}

/// True if the text speaks of grade 3 or worse.
pub fn is_grade_3(text: &str) -> bool {
    let words = words(text);
    ["grade 3", "grades 3", "grade iii", "grade 3 4"]
        .iter()
        .any(|w| words.contains(&format!(" {w} ")))
        && !words.contains(" grade 3 or lower ")
        && !words.contains(" than grade 3 ")
        && !text.contains("< grade 3")
        && !text.contains("grade <3")
        && !text.contains("grade < 3")
}
