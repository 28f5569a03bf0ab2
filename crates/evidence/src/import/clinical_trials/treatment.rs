//! What a protocol says about what is given.

use super::is_control;
use super::record::{ArmsInterventions, Protocol};
use crate::import::mapping;

pub(super) struct Texts {
    /// Titles, arms and interventions.
    pub about_treatment: String,
    /// Summary and description.
    pub running: String,
}

impl Texts {
    pub fn of(protocol: &Protocol) -> Texts {
        let identification = &protocol.identification_module;
        let mut about = vec![
            identification.brief_title.as_str(),
            &identification.official_title,
        ];
        for intervention in &protocol.arms_interventions_module.interventions {
            about.extend([intervention.name.as_str(), &intervention.description]);
            about.extend(intervention.other_names.iter().map(String::as_str));
        }
        for arm in &protocol.arms_interventions_module.arm_groups {
            about.extend([arm.label.as_str(), &arm.description]);
        }
        let description = &protocol.description_module;
        Texts {
            about_treatment: about
                .iter()
                .map(|text| text.trim().trim_end_matches('.'))
                .filter(|text| !text.is_empty())
                .map(|text| format!("{text}. "))
                .collect(),
            running: format!(
                "{}. {}",
                description.brief_summary, description.detailed_description
            ),
        }
    }
}

/// Names of what is studied: what the experimental arms get, less what only prepares for it.
pub(super) fn products(module: &ArmsInterventions) -> Vec<String> {
    const PREPARATION: [&str; 10] = [
        "fludarabine",
        "cyclophosphamide",
        "bendamustine",
        "leukapheresis",
        "apheresis",
        "placebo",
        "lymphodepletion",
        "mesna",
        "tocilizumab",
        "standard of care",
    ];
    let experimental: Vec<&String> = module
        .arm_groups
        .iter()
        .filter(|arm| !is_control(arm))
        .flat_map(|arm| &arm.intervention_names)
        .collect();
    let mut products: Vec<String> = Vec::new();
    for intervention in &module.interventions {
        let words = mapping::words(&intervention.name);
        let prepares = PREPARATION
            .iter()
            .any(|word| words.contains(&format!(" {word}")));
        let in_arm = experimental.is_empty()
            || experimental
                .iter()
                .any(|name| name.ends_with(&intervention.name));
        let is_product = [
            "BIOLOGICAL",
            "GENETIC",
            "DRUG",
            "COMBINATION_PRODUCT",
            "PROCEDURE",
            "",
        ]
        .contains(&intervention.kind.as_str());
        if !prepares && in_arm && is_product && !products.contains(&intervention.name) {
            products.push(intervention.name.clone());
        }
    }
    products.retain(|name| !name.trim().is_empty());
    products
}
