//! The reference page of the documentation says what every key and word of a study file means.

use std::collections::BTreeSet;

use neurocart_evidence::Evidence;
use neurocart_evidence::vocabulary::{ANTIGENS, DOSE_UNITS, OTHER_TARGETS};
use neurocart_library::Library;

const PAGE: &str = include_str!("../../../docs/reference/evidence-files.md");

/// Keys below `value`, and the text of those whose words come from a closed list.
fn collect(value: &toml::Value, words: &mut BTreeSet<String>) {
    const CLOSED: [&str; 12] = [
        "kind",
        "state",
        "grade",
        "tier",
        "modality",
        "platform",
        "lymphodepletion",
        "role",
        "relation",
        "statistic",
        "interval",
        "direction",
    ];
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                words.insert(key.clone());
                if let Some(word) = value.as_str().filter(|_| CLOSED.contains(&key.as_str())) {
                    words.insert(word.to_owned());
                }
                collect(value, words);
            }
        }
        toml::Value::Array(values) => values.iter().for_each(|value| collect(value, words)),
        _ => {}
    }
}

#[test]
fn every_key_and_word_that_a_study_uses_is_explained() {
    let evidence = Evidence::of(&Library::embedded()).unwrap();
    let mut words = BTreeSet::new();
    for study in evidence.studies.values() {
        collect(&toml::Value::try_from(study).unwrap(), &mut words);
    }
    assert!(words.len() > 100, "{}", words.len());
    words.extend(ANTIGENS.map(str::to_owned));
    words.extend(DOSE_UNITS.map(str::to_owned));
    words.extend(OTHER_TARGETS.map(str::to_owned));
    let missing: Vec<&String> = words
        .iter()
        .filter(|word| {
            let places = [
                format!("`{word}`"),
                format!("[{word}]"),
                format!(".{word}]"),
            ];
            !places.iter().any(|place| PAGE.contains(place))
        })
        .collect();
    assert!(missing.is_empty(), "not explained: {missing:?}");
}
