//! Diseases that a text names.

use super::{has, words};
use crate::vocabulary::{Area, Vocabulary};

/// Codes of the diseases that a term of a registry names, in the order of the disease table.
///
/// A short capital synonym (`MG`, `MS`) must be the whole term: inside a text it means other things.
pub fn diseases_of_term(term: &str, vocabulary: &Vocabulary) -> Vec<String> {
    diseases(&[term], true, vocabulary)
}

/// Codes of the diseases that a title names.
pub fn diseases_of_text(text: &str, vocabulary: &Vocabulary) -> Vec<String> {
    diseases(&[text], false, vocabulary)
}

fn diseases(texts: &[&str], is_term: bool, vocabulary: &Vocabulary) -> Vec<String> {
    let found = vocabulary.disease_order.iter().filter(|code| {
        let disease = &vocabulary.diseases[*code];
        disease.area != Area::None
            && disease.synonyms.iter().any(|synonym| {
                texts.iter().any(|text| {
                    let acronym = synonym.chars().all(|c| !c.is_lowercase());
                    if acronym && synonym.len() < 4 {
                        is_term && text.trim() == synonym
                    } else if acronym {
                        text.split(|c: char| !c.is_alphanumeric())
                            .any(|word| word == synonym)
                    } else {
                        has(&words(text), &[words(synonym).trim()])
                    }
                })
            })
    });
    found.cloned().collect()
}

/// A heading of MeSH in the order of speech: `Lymphoma, Large B-Cell, Diffuse` is `Diffuse Large B-Cell Lymphoma`.
pub fn spoken(heading: &str) -> String {
    let parts: Vec<&str> = heading.rsplit(", ").collect();
    parts.join(" ")
}
