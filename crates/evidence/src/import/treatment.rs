//! The treatment of a draft from the words of a record.

use super::draft::Draft;
use super::mapping;
use crate::study::*;

/// What a record says about its treatment.
pub(super) struct TreatmentText<'a> {
    /// Titles, arms and interventions: an antigen in it is a target.
    pub about_treatment: &'a str,
    /// Running text, which also tells of earlier drugs and of markers.
    pub running: &'a str,
    /// What the text is: `record`, `abstract`.
    pub source: &'a str,
}

/// Fills the treatment of a draft; what the words leave open is left to a person.
pub(super) fn map_treatment(draft: &mut Draft, products: &[String], text: &TreatmentText) {
    let source = text.source;
    let both = format!("{}. {}", text.about_treatment, text.running);
    let modality = mapping::modality(text.about_treatment)
        .or_else(|| mapping::names_car_t(text.running).then_some(Modality::CarT));
    if modality.is_none() {
        draft.decide(
            "treatment.modality",
            format!("the {source} does not say what kind of treatment it is"),
        );
    }
    let modality = modality.unwrap_or(Modality::Other);
    let target = target(draft, modality, text);
    let product = match products {
        [] if target == "undisclosed" => {
            draft.decide(
                "treatment.product",
                format!("the {source} names no product"),
            );
            "CAR-T".to_owned()
        }
        [] => {
            draft.decide(
                "treatment.product",
                format!("the {source} names no product"),
            );
            format!("{target} CAR-T")
        }
        [one] => one.clone(),
        [first, ..] => {
            draft.decide(
                "treatment.product",
                format!("the {source} names {}", products.join(", ")),
            );
            first.clone()
        }
    };
    let is_cells = matches!(modality, Modality::CarT | Modality::OtherEngineeredCells);
    let mut treatment = Treatment {
        modality,
        product,
        target,
        platform: Platform::NotApplicable,
        costimulation: None,
        lymphodepletion: Lymphodepletion::NotApplicable,
        lymphodepletion_regimen: None,
        dose: None,
        dose_unit: None,
        dose_description: None,
        infusions: None,
    };
    if is_cells {
        treatment.platform = platform(draft, &both, source);
        let words = mapping::lymphodepletion(&both);
        treatment.lymphodepletion = words.given.unwrap_or(Lymphodepletion::NotReported);
        treatment.lymphodepletion_regimen =
            Some(words.agents.clone()).filter(|agents| !agents.is_empty() && !words.contradiction);
        if words.contradiction {
            draft.decide(
                "treatment.lymphodepletion",
                format!("the {source} names {} and says `without`", words.agents),
            );
        } else if words.given.is_none() {
            draft.decide(
                "treatment.lymphodepletion",
                format!("the {source} does not say whether it is given"),
            );
        }
    }
    draft.study.treatment = Some(treatment);
    for sentence in mapping::sentences(&both) {
        let small = sentence.to_lowercase();
        if is_cells
            && [
                "10^",
                "×10",
                "x10",
                "x 10",
                "× 10",
                "cells/kg",
                "cells per k",
            ]
            .iter()
            .any(|w| small.contains(w))
        {
            draft.decide(
                "treatment.dose",
                format!("enter dose and unit from {sentence:?}"),
            );
        }
    }
}

fn target(draft: &mut Draft, modality: Modality, text: &TreatmentText) -> String {
    if modality == Modality::StemCellTransplantation {
        return "none".into();
    }
    let source = text.source;
    let mut found = mapping::targets(text.about_treatment, false);
    if found.is_empty() {
        found = mapping::sentences(text.running)
            .iter()
            .flat_map(|sentence| mapping::targets(sentence, true))
            .collect();
        let order = |antigen: &&str| {
            crate::vocabulary::ANTIGENS
                .iter()
                .position(|a| a == antigen)
        };
        found.sort_by_key(order);
        found.dedup();
    }
    match found.as_slice() {
        [] => {
            draft.decide("treatment.target", format!("the {source} names no antigen"));
            "undisclosed".into()
        }
        [one] => (*one).into(),
        several => {
            let joined = several.join("+");
            if !mapping::is_one_product_for_several(text.about_treatment) {
                draft.decide(
                    "treatment.target",
                    format!(
                        "the {source} names {}: both at once (`+`), one after the other (` then `) or either (` or `)?",
                        several.join(" and ")
                    ),
                );
            }
            joined
        }
    }
}

fn platform(draft: &mut Draft, text: &str, source: &str) -> Platform {
    match mapping::platform(text) {
        Ok(Some(platform)) => platform,
        Ok(None) => {
            draft.decide(
                "treatment.platform",
                format!("the {source} does not say whose cells they are or how they are made"),
            );
            Platform::NotReported
        }
        Err(contradiction) => {
            draft.decide(
                "treatment.platform",
                contradiction.replace("the record", &format!("the {source}")),
            );
            Platform::NotReported
        }
    }
}
