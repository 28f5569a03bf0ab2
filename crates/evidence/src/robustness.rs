//! What moves a pooled answer: moderators, clusters of related studies, single studies, small studies.
//!
//! Proportions enter as log odds and rates as log rates, with one half added where a count is zero, since these models need an
//! effect and a variance per study; that pulls them to 50 %, so read directions here and sizes from the
//! random-intercept model. Tests that say nothing with few studies are refused below ten.

use serde::{Deserialize, Serialize};

use neurocart_stats::meta_analysis::influence::influence;
use neurocart_stats::meta_analysis::meta_regression::meta_regression;
use neurocart_stats::meta_analysis::multilevel::multilevel;
use neurocart_stats::meta_analysis::random_effects::RandomEffectsOptions;
use neurocart_stats::meta_analysis::small_study::{
    FewStudies, FunnelModel, FunnelPredictor, MissingSide, funnel_regression, rank_correlation,
    trim_and_fill,
};
use neurocart_stats::meta_analysis::transforms::{log_rate, logit_half_correction};

use crate::codes::code;
use crate::pooling::enters;
use crate::series::{Measure, Row, Series};
use crate::study::{DesignKind, Lymphodepletion};
use crate::vocabulary::Vocabulary;

/// Studies per covariate below which a meta-regression finds chance (Cochrane Handbook, 10.11.4).
pub const STUDIES_PER_COVARIATE: usize = 10;

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

/// Rows that enter, with effects and variances on one scale.
fn effects(series: &Series) -> (Vec<&Row>, Vec<f64>, Vec<f64>) {
    let mut rows = Vec::new();
    let (mut effect, mut variance) = (Vec::new(), Vec::new());
    for row in series.rows.iter().filter(|row| enters(row, series.measure)) {
        let of = match series.measure {
            Measure::Proportion => row
                .events
                .zip(row.total)
                .and_then(|(x, n)| logit_half_correction(x, n).ok())
                .map(|e| (e.effect, e.variance)),
            Measure::Rate => row
                .events
                .zip(row.exposure_patient_years)
                .and_then(|(x, t)| log_rate(x, t).ok())
                .map(|e| (e.effect, e.variance)),
            Measure::Ratio => row
                .estimate
                .zip(row.standard_error)
                .map(|(y, e)| (libm::log(y), e * e)),
            _ => row
                .estimate
                .zip(row.standard_error)
                .map(|(y, e)| (y, e * e)),
        };
        if let Some((y, v)) = of {
            rows.push(row);
            effect.push(y);
            variance.push(v);
        }
    }
    (rows, effect, variance)
}

/// Scale of the effects of this module.
pub fn scale(measure: Measure) -> &'static str {
    match measure {
        Measure::Proportion => "log odds, one half added where a count is zero",
        Measure::Rate => "log rate, one half added where there is no event",
        Measure::Ratio => "log ratio",
        _ => "unit of the outcome",
    }
}

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

/// The mean where studies of one cluster are alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clustered {
    /// Method.
    pub method: String,
    /// Clusters.
    pub clusters: usize,
    /// Mean, on the scale of the effects.
    pub estimate: f64,
    /// Lower limit, 95 %.
    pub lower: f64,
    /// Upper limit, 95 %.
    pub upper: f64,
    /// Standard deviation between clusters.
    pub tau_between: f64,
    /// Standard deviation within clusters.
    pub tau_within: f64,
}

/// Three-level mean with clusters by a property.
///
/// Errors: a sentence that says why there is none.
pub fn clustered(
    series: &Series,
    property: Property,
    vocabulary: &Vocabulary,
) -> Result<Clustered, String> {
    let (rows, effect, variance) = effects(series);
    let of: Vec<String> = rows
        .iter()
        .map(|row| label(row, property, vocabulary))
        .collect();
    let mut names = of.clone();
    names.sort();
    names.dedup();
    let cluster: Vec<usize> = of
        .iter()
        .map(|v| names.iter().position(|n| n == v).unwrap_or(0))
        .collect();
    let fit = multilevel(&effect, &variance, &cluster, 0.95).map_err(|e| e.to_string())?;
    Ok(Clustered {
        method: "three-level random effects (REML), normal interval".into(),
        clusters: names.len(),
        estimate: fit.estimate,
        lower: fit.interval.lower,
        upper: fit.interval.upper,
        tau_between: fit.between_clusters.sqrt(),
        tau_within: fit.within_clusters.sqrt(),
    })
}

/// Influence of one study on the mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyInfluence {
    /// Study.
    pub study: String,
    /// Studentised deleted residual: beyond about 2 an outlier.
    pub studentised_residual: f64,
    /// Cook's distance.
    pub cooks_distance: f64,
    /// Squared error of the mean without the study over that with it.
    pub covariance_ratio: f64,
    /// Standard deviation between the other studies.
    pub tau_without: f64,
    /// Share of the weight, percent.
    pub weight_percent: f64,
}

/// Influence of every study.
///
/// Errors: a sentence that says why there is none.
pub fn influences(series: &Series) -> Result<Vec<StudyInfluence>, String> {
    let (rows, effect, variance) = effects(series);
    let found = influence(&effect, &variance, &RandomEffectsOptions::default())
        .map_err(|e| e.to_string())?;
    Ok(rows
        .iter()
        .zip(found)
        .map(|(row, i)| StudyInfluence {
            study: row.study.clone(),
            studentised_residual: i.studentised_residual,
            cooks_distance: i.cooks_distance,
            covariance_ratio: i.covariance_ratio,
            tau_without: i.tau_squared_without.sqrt(),
            weight_percent: 100.0 * i.hat,
        })
        .collect())
}

/// A test for small-study effects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SmallStudyTest {
    /// Method.
    pub method: String,
    /// P value; none where the method gives an estimate.
    pub p_value: Option<f64>,
    /// What it says, in words.
    pub result: String,
}

/// Tests for small-study effects: by size alone for single-arm proportions and rates, whose standard errors
/// depend on the result itself; else Egger's regression, rank correlation, and trim and fill.
///
/// Errors: below ten studies a sentence that says so.
pub fn small_study(series: &Series) -> Result<Vec<SmallStudyTest>, String> {
    let (rows, effect, variance) = effects(series);
    let options = RandomEffectsOptions::default();
    let model = FunnelModel::RandomEffects(options.method);
    let words = |e: neurocart_stats::NotEstimable| e.to_string();
    if matches!(series.measure, Measure::Proportion | Measure::Rate) {
        let size = |row: &&Row| match row.exposure_patient_years {
            Some(exposure) if series.measure == Measure::Rate => exposure,
            _ => row.total.unwrap_or(1).max(1) as f64,
        };
        let inverse: Vec<f64> = rows.iter().map(|row| 1.0 / size(row)).collect();
        let test = funnel_regression(
            &effect,
            &variance,
            FunnelPredictor::Size(&inverse),
            model,
            FewStudies::Refuse,
            0.95,
        )
        .map_err(words)?;
        return Ok(vec![SmallStudyTest {
            method: match series.measure {
                Measure::Rate => "random-effects regression on one over the patient-years",
                _ => "random-effects regression on one over the number of patients",
            }
            .into(),
            p_value: Some(test.p_value),
            result: "read with care: that case reports appear when they succeed is certain, whatever the test says".into(),
        }]);
    }
    let egger = funnel_regression(
        &effect,
        &variance,
        FunnelPredictor::StandardError,
        model,
        FewStudies::Refuse,
        0.95,
    )
    .map_err(words)?;
    let rank = rank_correlation(&effect, &variance, FewStudies::Refuse).map_err(words)?;
    let mut tests = vec![
        SmallStudyTest {
            method: "regression on the standard error (Egger, random effects)".into(),
            p_value: Some(egger.p_value),
            result: format!(
                "effect of an infinitely precise study {:.3}",
                egger.intercept
            ),
        },
        SmallStudyTest {
            method: "rank correlation (Begg and Mazumdar)".into(),
            p_value: Some(rank.p_value),
            result: format!("Kendall's tau {:.3}", rank.tau),
        },
    ];
    // Small studies with large effects mean that those with small effects are missing.
    let side = match egger.statistic > 0.0 {
        true => MissingSide::Left,
        false => MissingSide::Right,
    };
    if let Ok(filled) = trim_and_fill(&effect, &variance, side, &options, FewStudies::Refuse) {
        let interval = filled.pooled.interval;
        tests.push(SmallStudyTest {
            method: "trim and fill (L0)".into(),
            p_value: None,
            result: format!(
                "{} studies filled in; pooled {:.3} ({:.3} to {:.3})",
                filled.missing, filled.pooled.estimate, interval.lower, interval.upper
            ),
        });
    }
    Ok(tests)
}
