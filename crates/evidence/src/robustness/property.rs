//! Properties of studies, and the rows that share one.

use serde::{Deserialize, Serialize};

use crate::codes::code;
use crate::series::{Row, Series};
use crate::study::{DesignKind, Lymphodepletion};
use crate::vocabulary::Vocabulary;

/// A property of studies that may move the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Property {
    /// Disease.
    Disease,
    /// Field of medicine.
    Area,
    /// Target.
    Target,
    /// Product.
    Product,
    /// Platform.
    Platform,
    /// Lymphodepletion.
    Lymphodepletion,
    /// Class of design.
    Design,
    /// Year of the report.
    Year,
    /// Number of patients.
    Patients,
}

/// The value of a property, as a label.
pub fn label(row: &Row, property: Property, vocabulary: &Vocabulary) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match property {
        Property::Disease => joined(row.diseases.clone()),
        Property::Area => {
            let mut areas: Vec<String> = row
                .diseases
                .iter()
                .filter_map(|d| vocabulary.diseases.get(d))
                .map(|d| code(&d.area))
                .collect();
            areas.sort();
            areas.dedup();
            joined(areas)
        }
        Property::Target => row.target.clone(),
        Property::Product => row.product.clone(),
        Property::Platform => row.platform.map_or("none".into(), |p| code(&p)),
        Property::Lymphodepletion => code(
            &row.lymphodepletion
                .unwrap_or(Lymphodepletion::NotApplicable),
        ),
        Property::Design => code(&row.design),
        Property::Year => row.year.to_string(),
        Property::Patients => row.total.map_or("not reported".into(), |n| n.to_string()),
    }
}

/// Labels of a property in the order of the rows, each once.
pub fn labels(series: &Series, property: Property, vocabulary: &Vocabulary) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for row in &series.rows {
        let label = label(row, property, vocabulary);
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

/// The rows with one value of a property.
pub fn part(series: &Series, property: Property, value: &str, vocabulary: &Vocabulary) -> Series {
    let rows = series
        .rows
        .iter()
        .filter(|row| label(row, property, vocabulary) == value);
    Series {
        measure: series.measure,
        rows: rows.cloned().collect(),
        left_out: Vec::new(),
    }
}

/// The rows that are no case report: a case report appears when it succeeds, so that the difference between
/// the two answers shows how far such a choice could carry.
pub fn without_case_reports(series: &Series) -> Series {
    let rows = series.rows.iter();
    Series {
        measure: series.measure,
        rows: rows
            .filter(|row| row.design != DesignKind::CaseReport)
            .cloned()
            .collect(),
        left_out: Vec::new(),
    }
}
