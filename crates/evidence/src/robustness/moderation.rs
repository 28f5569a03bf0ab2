//! Meta-regression on one property of the studies.

use serde::{Deserialize, Serialize};

use neurocart_stats::meta_analysis::meta_regression::meta_regression;
use neurocart_stats::meta_analysis::random_effects::RandomEffectsOptions;

use super::{Property, effects, label};
use crate::codes::code;
use crate::series::{Row, Series};
use crate::vocabulary::Vocabulary;

/// Studies per covariate below which a meta-regression finds chance (Cochrane Handbook, 10.11.4).
pub const STUDIES_PER_COVARIATE: usize = 10;

/// A coefficient of a meta-regression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// What it stands for: `intercept: BCMA`, `CD19 against BCMA`, `year, per unit`.
    pub name: String,
    /// Coefficient, on the scale of the effects.
    pub coefficient: f64,
    /// Lower limit, 95 %.
    pub lower: f64,
    /// Upper limit, 95 %.
    pub upper: f64,
    /// P value of zero.
    pub p_value: f64,
}

/// A meta-regression on one property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moderation {
    /// Method.
    pub method: String,
    /// Studies.
    pub studies: usize,
    /// Coefficients, the intercept first.
    pub coefficients: Vec<Coefficient>,
    /// Standard deviation between studies that is left.
    pub tau: f64,
    /// P value of all slopes together.
    pub p_value: f64,
    /// Percent of the variance between studies that the property explains.
    pub r_squared_percent: Option<f64>,
}

/// Regression of the effects on a property. The commonest value is the reference.
///
/// Errors: a sentence that says why there is none, such as too few studies.
pub fn moderation(
    series: &Series,
    property: Property,
    vocabulary: &Vocabulary,
) -> Result<Moderation, String> {
    let (rows, effect, variance) = effects(series);
    let numeric = matches!(property, Property::Year | Property::Patients);
    let mut names = Vec::new();
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let mut reference = String::new();
    if numeric {
        let value = |row: &&Row| match property {
            Property::Year => f64::from(row.year),
            _ => row.total.unwrap_or(0) as f64,
        };
        names.push(format!("{}, per unit", code(&property)));
        columns.push(rows.iter().map(value).collect());
    } else {
        let of: Vec<String> = rows
            .iter()
            .map(|row| label(row, property, vocabulary))
            .collect();
        let mut values = of.clone();
        values.sort();
        values.dedup();
        let often = |value: &String| of.iter().filter(|v| *v == value).count();
        values.sort_by_key(|value| std::cmp::Reverse(often(value)));
        reference = values.first().cloned().unwrap_or_default();
        for value in values.iter().skip(1) {
            names.push(format!("{value} against {reference}"));
            columns.push(of.iter().map(|v| f64::from(u8::from(v == value))).collect());
        }
    }
    if columns.is_empty() {
        return Err("all studies have the same value: there is nothing to compare".into());
    }
    let needed = STUDIES_PER_COVARIATE * columns.len();
    if effect.len() < needed {
        return Err(format!(
            "{} studies for {} covariates: below ten studies per covariate a regression finds chance ({needed} are needed)",
            effect.len(),
            columns.len()
        ));
    }
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let fit = meta_regression(
        &effect,
        &variance,
        &columns,
        &RandomEffectsOptions::default(),
    )
    .map_err(|e| e.to_string())?;
    let first = if numeric {
        "intercept".to_owned()
    } else {
        format!("intercept: {reference}")
    };
    let coefficients = std::iter::once((first, fit.intercept))
        .chain(names.into_iter().zip(fit.slopes.iter().copied()));
    Ok(Moderation {
        method: "mixed-effects meta-regression (REML, Hartung-Knapp)".into(),
        studies: fit.studies,
        coefficients: coefficients
            .map(|(name, c)| Coefficient {
                name,
                coefficient: c.coefficient,
                lower: c.interval.lower,
                upper: c.interval.upper,
                p_value: c.p_value,
            })
            .collect(),
        tau: fit.tau_squared.sqrt(),
        p_value: fit.slope_test.p_value,
        r_squared_percent: fit.r_squared_percent,
    })
}
