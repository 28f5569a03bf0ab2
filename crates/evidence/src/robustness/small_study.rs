//! Whether small studies find more than large ones.

use serde::{Deserialize, Serialize};

use neurocart_stats::meta_analysis::random_effects::RandomEffectsOptions;
use neurocart_stats::meta_analysis::small_study::{
    FewStudies, FunnelModel, FunnelPredictor, MissingSide, funnel_regression, rank_correlation,
    trim_and_fill,
};

use super::effects;
use crate::series::{Measure, Row, Series};

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
