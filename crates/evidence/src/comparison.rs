//! Treatment against control within studies, from the counts of both arms.
//!
//! Effects are those of `escalc` in metafor: the log risk ratio, log odds ratio and risk difference, one
//! half added to all four cells only where one of them is zero. The arms are the first of each side that
//! the file names with the outcome at the same time, so that an intention-to-treat set named first is the
//! one that is compared.

use neurocart_stats::Interval;
use neurocart_stats::distribution::normal_critical;
use neurocart_stats::meta_analysis::effect_size::{BinaryMeasure, binary_effect};
use neurocart_stats::meta_analysis::two_by_two_mixed::{MixedModel, mixed_odds_ratio};
use neurocart_stats::meta_analysis::two_by_two_pooling::{MantelHaenszelMeasure, mantel_haenszel};
use neurocart_stats::two_by_two::TwoByTwo;

use crate::evidence::Evidence;
use crate::pooling::{Estimate, Pooled, Role};
use crate::series::{Contrast, Measure, Reason, Request, Row, Series, series};
use crate::study::ArmRole;

/// The scale of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Share of the treated over share of the controls.
    RiskRatio,
    /// Odds of the treated over odds of the controls.
    OddsRatio,
    /// Share of the treated minus share of the controls, percentage points.
    RiskDifference,
}

impl Scale {
    fn measure(self) -> (BinaryMeasure, Measure, f64) {
        match self {
            Scale::RiskRatio => (BinaryMeasure::LogRiskRatio, Measure::Ratio, 1.0),
            Scale::OddsRatio => (BinaryMeasure::LogOddsRatio, Measure::Ratio, 1.0),
            Scale::RiskDifference => (BinaryMeasure::RiskDifference, Measure::Difference, 100.0),
        }
    }
}

/// The comparisons of the studies that a request selects, as a series of effects.
pub fn compared(evidence: &Evidence, request: &Request, scale: Scale) -> Series {
    let shares = series(evidence, request);
    let (binary, measure, times) = scale.measure();
    let mut compared = Series {
        measure,
        rows: Vec::new(),
        left_out: shares.left_out,
    };
    // Control arms are not left out here.
    let aside = |reason: &Reason| *reason == Reason::NotTheTreatment;
    compared.left_out.retain(|left| !aside(&left.reason));
    for mut row in shares.rows {
        let control = control(evidence, &row, &request.outcome);
        let counts = row
            .events
            .zip(row.total)
            .filter(|_| row.not_pooled.is_none());
        let table = match (counts, &control) {
            (Some((treated_events, treated_total)), Some(control)) => TwoByTwo {
                treated_events,
                treated_total,
                control_events: control.events,
                control_total: control.total,
            },
            // A single-arm series has nothing to say here.
            _ => continue,
        };
        row.contrast = control;
        row.unit = if measure == Measure::Ratio {
            "ratio"
        } else {
            "percentage points"
        }
        .into();
        row.text = Some(format!(
            "{}/{} against {}/{}",
            table.treated_events, table.treated_total, table.control_events, table.control_total
        ));
        match binary_effect(&table, binary) {
            Ok(effect) => {
                let error = effect.variance.sqrt();
                let half_width = normal_critical(0.95) * error;
                let back = |x: f64| {
                    if measure == Measure::Ratio {
                        libm::exp(x)
                    } else {
                        times * x
                    }
                };
                row.estimate = Some(back(effect.effect));
                row.lower = Some(back(effect.effect - half_width));
                row.upper = Some(back(effect.effect + half_width));
                row.interval = "95 % normal on the scale of pooling".into();
                row.standard_error = Some(times * error);
            }
            Err(_) => {
                // The limits are those of the share of the treated.
                (row.estimate, row.lower, row.upper) = (None, None, None);
                row.interval = String::new();
                row.not_pooled = Some(Reason::NoStandardError);
            }
        }
        compared.rows.push(row);
    }
    compared
}

/// The counts of the first control arm of a study with the outcome at the time of the row.
fn control(evidence: &Evidence, row: &Row, outcome: &str) -> Option<Contrast> {
    let study = evidence.studies.get(&row.study)?;
    let controls = study.arms.iter().filter(|arm| {
        arm.role != ArmRole::Subgroup && crate::series::whole(study, arm).role == ArmRole::Control
    });
    let figures = controls.flat_map(|arm| study.outcomes.iter().filter(move |o| o.arm == arm.name));
    figures
        .filter(|o| o.outcome == outcome && o.months() == row.time_months && o.grade == row.grade)
        .find_map(|o| {
            let (events, total, _) = crate::series::counts(o)?;
            Some(Contrast {
                arm: o.arm.clone(),
                events,
                total,
            })
        })
}

/// Adds the estimates that take the counts as they are: Mantel-Haenszel, and for odds ratios the exact
/// conditional model, with its profile-likelihood interval since its standard error can be far too small.
pub fn with_companions(mut pooled: Pooled, series: &Series, scale: Scale) -> Pooled {
    let tables: Vec<TwoByTwo> = series
        .rows
        .iter()
        .filter_map(|row| {
            let contrast = row.contrast.as_ref()?;
            Some(TwoByTwo {
                treated_events: row.events?,
                treated_total: row.total?,
                control_events: contrast.events,
                control_total: contrast.total,
            })
        })
        .collect();
    if pooled.estimates.is_empty() {
        return pooled;
    }
    let (measure, times) = match scale {
        Scale::RiskRatio => (MantelHaenszelMeasure::LogRiskRatio, 1.0),
        Scale::OddsRatio => (MantelHaenszelMeasure::LogOddsRatio, 1.0),
        Scale::RiskDifference => (MantelHaenszelMeasure::RiskDifference, 100.0),
    };
    let back = |x: f64| {
        if scale == Scale::RiskDifference {
            times * x
        } else {
            libm::exp(x)
        }
    };
    let mut add = |method: &str, short: &str, estimate: f64, interval: Interval| {
        pooled.estimates.push(Estimate {
            method: method.into(),
            short: short.into(),
            role: Role::Companion,
            estimate: back(estimate),
            lower: back(interval.lower),
            upper: back(interval.upper),
            prediction_lower: None,
            prediction_upper: None,
        });
    };
    if let Ok(common) = mantel_haenszel(&tables, measure, 0.95) {
        let name = "Mantel-Haenszel common effect, no correction of zero cells";
        add(name, "Mantel-Haenszel", common.estimate, common.interval);
    }
    if scale == Scale::OddsRatio
        && let Ok(mixed) = mixed_odds_ratio(&tables, MixedModel::ConditionalExact, 0.95)
        && let Some(profile) = mixed.profile_interval
    {
        let name = "conditional exact mixed model, profile-likelihood interval";
        add(name, "conditional exact", mixed.estimate, profile);
    }
    pooled
}
