//! Search in all that the evidence base says: studies with their notes and findings, registered trials,
//! the physiology table.

use serde_json::Value;

use neurocart_library::{Error, Library};

use crate::evidence::Evidence;
use crate::selection::diseases;
use crate::vocabulary::table;

/// Measured quantities of the healthy and the treated, with their sources.
pub const PHYSIOLOGY: &str = "evidence/physiology.csv";

/// Something that holds every word.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Where it stands: `study`, `registry` or `physiology`.
    pub kind: &'static str,
    /// Id of the study, number of the trial, name of the quantity.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// Fields in which the words stand, best first.
    pub fields: Vec<String>,
    /// The text of the best field.
    pub text: String,
    /// Rank: higher is better.
    pub score: u32,
}

/// Everything that holds all of the words, in any case and in any field, best first.
pub fn search(library: &Library, evidence: &Evidence, words: &[String]) -> Result<Vec<Hit>, Error> {
    let words: Vec<String> = words
        .iter()
        .flat_map(|word| word.split_whitespace())
        .map(str::to_lowercase)
        .collect();
    let mut hits = Vec::new();
    for study in evidence.studies.values() {
        let mut fields = Vec::new();
        for code in diseases(study) {
            if let Some(disease) = evidence.vocabulary.diseases.get(code) {
                let names = [std::slice::from_ref(&disease.label), &disease.synonyms].concat();
                fields.push(("disease".to_owned(), names.join(", ")));
            }
        }
        for outcome in &study.outcomes {
            let label = evidence.vocabulary.outcome_label(&outcome.outcome);
            fields.push(("outcome".to_owned(), label.to_owned()));
        }
        leaves(
            &serde_json::to_value(study).unwrap_or_default(),
            String::new(),
            &mut fields,
        );
        hits.extend(hit("study", &study.id, &study.title, fields, &words));
    }
    for trial in &evidence.registry {
        let mut fields = Vec::new();
        leaves(
            &serde_json::to_value(trial).unwrap_or_default(),
            String::new(),
            &mut fields,
        );
        for code in &trial.diseases {
            let label = evidence
                .vocabulary
                .diseases
                .get(code)
                .map(|d| d.label.clone());
            fields.push(("disease".to_owned(), label.unwrap_or_default()));
        }
        let product = if trial.product.is_empty() {
            &trial.target
        } else {
            &trial.product
        };
        let title = match trial.title.is_empty() {
            true => format!("{product} in {}", trial.diseases.join(", ")),
            false => trial.title.clone(),
        };
        hits.extend(hit("registry", trial.name(), &title, fields, &words));
    }
    for row in table::<std::collections::BTreeMap<String, String>>(library, PHYSIOLOGY)? {
        let cell = |name: &str| row.get(name).cloned().unwrap_or_default();
        let title = format!("{} {}, {}", cell("value"), cell("unit"), cell("population"));
        let fields = row
            .iter()
            .map(|(name, text)| (name.clone(), text.clone()))
            .collect();
        hits.extend(hit(
            "physiology",
            &cell("parameter"),
            &title,
            fields,
            &words,
        ));
    }
    // Equal ranks keep the order in which they were found, which is the same each time.
    hits.sort_by_key(|hit| std::cmp::Reverse(hit.score));
    Ok(hits)
}

/// All texts of a value with their paths: `outcome 3 locator`, counted from 1 as a reader does.
fn leaves(value: &Value, path: String, fields: &mut Vec<(String, String)>) {
    let below = |step: &str| match path.is_empty() {
        true => step.to_owned(),
        false => format!("{path} {step}"),
    };
    match value {
        Value::String(text) => fields.push((path, text.clone())),
        Value::Number(number) => fields.push((path, number.to_string())),
        Value::Array(parts) if parts.iter().all(Value::is_string) => {
            let texts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
            fields.push((path, texts.join(", ")));
        }
        Value::Array(parts) => {
            for (index, part) in parts.iter().enumerate() {
                leaves(part, below(&(index + 1).to_string()), fields);
            }
        }
        Value::Object(map) => {
            for (name, part) in map {
                leaves(part, below(name), fields);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// An item that holds every word, with the fields that hold some.
fn hit(
    kind: &'static str,
    id: &str,
    title: &str,
    fields: Vec<(String, String)>,
    words: &[String],
) -> Option<Hit> {
    let mut scored: Vec<(u32, String, String)> = Vec::new();
    let mut best_of_word = vec![0; words.len()];
    for (field, text) in fields {
        let lower = text.to_lowercase();
        let mut score = 0;
        for (word, best) in words.iter().zip(&mut best_of_word) {
            let found = weight(&field) * closeness(&lower, word);
            *best = found.max(*best);
            score += found;
        }
        if score > 0 {
            scored.push((score, field, text));
        }
    }
    if words.is_empty() || best_of_word.contains(&0) {
        return None;
    }
    scored.sort_by_key(|(score, ..)| std::cmp::Reverse(*score));
    let (_, _, text) = scored.first()?.clone();
    let mut names: Vec<String> = Vec::new();
    for (_, field, _) in scored {
        if !names.contains(&field) {
            names.push(field);
        }
    }
    Some(Hit {
        kind,
        id: id.to_owned(),
        title: title.to_owned(),
        fields: names,
        text,
        score: best_of_word.iter().sum(),
    })
}

/// How much a field says about what its item is about.
fn weight(field: &str) -> u32 {
    let last = field.rsplit(' ').next().unwrap_or(field);
    match last {
        "id" | "trial" | "title" | "acronym" | "product" | "parameter" => 6,
        "disease" | "diseases" | "target" | "doi" | "pmid" | "trials" => 5,
        "note" | "text" | "description" | "outcome" | "intervention" => 3,
        "address" | "addresses" => 1,
        _ => 2,
    }
}

/// 3 for a whole word, 2 for the beginning of one, 1 for a part, 0 for none.
fn closeness(text: &str, word: &str) -> u32 {
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let closeness = |(at, _): (usize, &str)| {
        let before = inside(text[..at].chars().next_back());
        let after = inside(text[at + word.len()..].chars().next());
        match (before, after) {
            (false, false) => 3,
            (false, true) => 2,
            (true, _) => 1,
        }
    };
    text.match_indices(word).map(closeness).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &str) -> Vec<Hit> {
        let library = Library::embedded();
        let evidence = Evidence::of(&library).unwrap();
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        search(&library, &evidence, &words).unwrap()
    }

    #[test]
    fn a_disease_is_found_by_its_name_though_the_file_has_its_code() {
        let hits = found("Myasthenia descartes");
        let study = hits.iter().find(|hit| hit.id == "vu2026-mg001-2b").unwrap();
        assert!(study.fields.contains(&"disease".to_owned()));
        assert!(hits.iter().any(|hit| hit.kind == "registry"));
    }

    #[test]
    fn all_words_must_stand_in_an_item_and_whole_words_rank_first() {
        assert!(found("ct103a xyzzy").is_empty());
        assert_eq!(closeness("car t, carbon", "car"), 3);
        assert_eq!(closeness("carbon", "car"), 2);
        assert_eq!(closeness("oscar", "car"), 1);
        assert_eq!(closeness("none", "car"), 0);
        let scores: Vec<u32> = found("ct103a").iter().map(|hit| hit.score).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b) && !scores.is_empty());
    }

    #[test]
    fn notes_findings_trials_and_physiology_are_searched() {
        for (words, kind, id) in [
            ("thymectomy", "study", "tian2024-mg-bcma"),
            ("EDSS sentinel", "registry", "NCT06675864"),
            (
                "ocrelizumab repopulation",
                "physiology",
                "fraction_with_gt1pct_b_cells_after_last_ocrelizumab",
            ),
        ] {
            let hits = found(words);
            assert!(
                hits.iter().any(|hit| hit.kind == kind && hit.id == id),
                "{words}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_words_can_be_searched_for(text in ".{0,12}", word in ".{1,4}") {
            let closeness = closeness(&text.to_lowercase(), &word.to_lowercase());
            proptest::prop_assert_eq!(
                closeness > 0,
                text.to_lowercase().contains(&word.to_lowercase())
            );
        }
    }
}
