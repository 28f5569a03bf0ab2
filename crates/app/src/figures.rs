//! Figures and tables of the report, filled from the summary of a run.

use neurocart_report::estimate::Estimate;
use neurocart_report::figure::TimeMark;
use neurocart_report::figure::kaplan_meier::{
    AtRisk, SurvivalArm, SurvivalFigure, SurvivalReference, SurvivalStep,
};
use neurocart_report::figure::responders::{ResponderBar, ResponderFigure, ResponderGroup};
use neurocart_report::figure::scores::{ScoreArm, ScoreFigure};
use neurocart_report::figure::trajectory::{TrajectoryArm, TrajectoryFigure};
use neurocart_report::format::{count, percent_one_decimal as percent};
use neurocart_report::safety::{SafetyArm, SafetyCell, SafetyRow, SafetyTable};
use neurocart_report::trial_report::{Measure, OperatingCharacteristic};
use neurocart_trial::analysis::EstimateScale;
use neurocart_trial::operating_characteristics::MonteCarlo;
use neurocart_trial::pool::Spread;
use neurocart_trial::specification::{DAYS_PER_YEAR, Method, OutcomeKind};
use neurocart_trial::summary::Summary;

use crate::wording::{self, sentence_case};

pub fn trajectories(summary: &Summary) -> Vec<TrajectoryFigure> {
    let mut figures: Vec<(String, TrajectoryFigure)> = Vec::new();
    for t in &summary.trajectories {
        let arm = TrajectoryArm {
            name: wording::arm(&summary.specification, &t.arm),
            median: t.median.clone(),
            lower: t.lower.clone(),
            upper: t.upper.clone(),
            patients: t.single.clone(),
        };
        if let Some((_, figure)) = figures.iter_mut().find(|(symbol, _)| *symbol == t.symbol) {
            figure.arms.push(arm);
            continue;
        }
        let marks = summary
            .arms
            .iter()
            .filter(|a| a.car_t)
            .flat_map(|a| a.infusion_days.iter().take(1))
            .map(|&time_days| TimeMark {
                time_days,
                label: "first infusion".into(),
            })
            .take(1)
            .collect();
        figures.push((
            t.symbol.clone(),
            TrajectoryFigure {
                title: t.title.clone(),
                unit: t.unit.clone(),
                log_scale: t.log_scale,
                time_days: t.time_days.clone(),
                arms: vec![arm],
                band: "5 to 95 % of patients".into(),
                reference_lines: Vec::new(),
                marks,
                caption: format!(
                    "Median and 5 to 95 % band over {} virtual patients, with a few of them as \
                     thin lines.",
                    count(t.patients as f64)
                ),
            },
        ));
    }
    // An arm without CAR T cells has nothing to show in their panel.
    for (symbol, figure) in &mut figures {
        if symbol == "CARb" {
            figure.arms.retain(|a| a.upper.iter().any(|v| *v > 0.0));
        }
    }
    figures
        .into_iter()
        .map(|f| f.1)
        .filter(|f| !f.arms.is_empty())
        .collect()
}

pub fn survival(summary: &Summary) -> Vec<SurvivalFigure> {
    let specification = &summary.specification;
    let mut figures = Vec::new();
    for endpoint in &specification.endpoints {
        let curves: Vec<_> = summary
            .pool
            .survival
            .iter()
            .filter(|s| s.endpoint == endpoint.name)
            .collect();
        if curves.is_empty() {
            continue;
        }
        let follow_up_days = specification.follow_up_days();
        let history = specification
            .analyses
            .iter()
            .filter(|a| a.endpoint == endpoint.name)
            .find_map(|a| a.historical.as_ref());
        let references = history
            .map(|h| {
                let days: Vec<f64> = (0..=60)
                    .map(|i| follow_up_days * f64::from(i) / 60.0)
                    .collect();
                SurvivalReference {
                    label: format!("Historical hazard {} per year", h.hazard_per_year),
                    survival: days
                        .iter()
                        .map(|d| (-h.hazard_per_year * d / DAYS_PER_YEAR).exp())
                        .collect(),
                    time_days: days,
                }
            })
            .into_iter()
            .collect();
        let arms = curves
            .iter()
            .map(|s| SurvivalArm {
                name: wording::arm(specification, &s.arm),
                steps: s
                    .first
                    .iter()
                    .map(|p| SurvivalStep {
                        time_days: p.time_days,
                        survival: Estimate::new(
                            p.survival,
                            p.lower.unwrap_or(f64::NAN),
                            p.upper.unwrap_or(f64::NAN),
                        ),
                    })
                    .collect(),
                censored_days: s.first_censored_days.clone(),
                at_risk: s
                    .at_risk_days
                    .iter()
                    .zip(&s.first_at_risk)
                    .map(|(&time_days, &n)| AtRisk {
                        time_days,
                        subjects: n as f64,
                    })
                    .collect(),
                median_days: Estimate::new(
                    s.first_median_days.unwrap_or(f64::NAN),
                    f64::NAN,
                    f64::NAN,
                ),
                last_follow_up_days: s
                    .first_censored_days
                    .iter()
                    .chain(s.first.iter().map(|p| &p.time_days))
                    .copied()
                    .fold(0.0, f64::max),
            })
            .collect();
        figures.push(SurvivalFigure {
            title: endpoint.label().to_string(),
            quantity: "Free of the event".into(),
            follow_up_days,
            arms,
            references,
            comparison: comparison(summary, &endpoint.name),
            caption: "One simulated trial, the first replicate: Kaplan-Meier curves with 95 % \
                      intervals (Greenwood, log-log) and numbers at risk."
                .into(),
        });
    }
    figures
}

/// What the analyses of an endpoint give over the replicates, in words.
fn comparison(summary: &Summary, endpoint: &str) -> String {
    let sentences: Vec<String> = summary
        .operating_characteristics
        .iter()
        .filter(|c| c.endpoint == endpoint && !c.is_null() && c.method.is_test())
        .filter_map(|c| {
            let mut text = match c.scale {
                EstimateScale::None => String::new(),
                _ => format!(
                    "mean {} {}",
                    c.estimate_name,
                    wording::value_on_scale(c, c.mean_estimate?.value)
                ),
            };
            if let Some(power) = &c.rejected_in_favour {
                let join = if text.is_empty() { "" } else { ", " };
                text += &format!(
                    "{join}significant in {} of replicates",
                    percent(power.value)
                );
            }
            Some(format!(
                "{}: {text}.",
                sentence_case(wording::method(c.method))
            ))
        })
        .collect();
    sentences.join(" ")
}

fn spread(s: &Option<Spread>) -> Estimate {
    s.map_or(Estimate::MISSING, |s| {
        Estimate::new(s.mean, s.lower, s.upper)
    })
}

pub fn responders(summary: &Summary) -> Vec<ResponderFigure> {
    let specification = &summary.specification;
    specification
        .endpoints
        .iter()
        .filter(|e| e.measure.outcome() == OutcomeKind::Binary)
        .map(|endpoint| {
            let bars = summary
                .pool
                .proportions
                .iter()
                .filter(|p| p.endpoint == endpoint.name)
                .map(|p| ResponderBar {
                    arm: wording::arm(specification, &p.arm),
                    responders: p.mean_events,
                    subjects: p.mean_subjects,
                    proportion: spread(&p.proportion),
                })
                .collect();
            ResponderFigure {
                title: endpoint.label().to_string(),
                definition: format!("{}.", sentence_case(&wording::measure(endpoint))),
                groups: vec![ResponderGroup {
                    label: String::new(),
                    bars,
                }],
                comparison: comparison(summary, &endpoint.name),
                caption: format!(
                    "Mean over {} replicates; whiskers hold 95 % of the single trials.",
                    summary.pool.replicates
                ),
            }
        })
        .filter(|f| f.groups.iter().any(|g| !g.bars.is_empty()))
        .collect()
}

pub fn scores(summary: &Summary) -> Vec<ScoreFigure> {
    let specification = &summary.specification;
    let mut figures: Vec<ScoreFigure> = Vec::new();
    for s in &summary.pool.scores {
        let title = s.score.label();
        let arm = ScoreArm {
            name: wording::arm(specification, &s.arm),
            change: s.mean_change.iter().map(spread).collect(),
            subjects: s.mean_subjects.clone(),
        };
        if let Some(figure) = figures.iter_mut().find(|f| f.title == title) {
            figure.arms.push(arm);
            continue;
        }
        let words: Vec<String> = specification
            .endpoints
            .iter()
            .filter(|e| e.measure.outcome() == OutcomeKind::Continuous)
            .filter(|e| e.measure.score() == Some(s.score))
            .map(|e| comparison(summary, &e.name))
            .collect();
        figures.push(ScoreFigure {
            title: title.into(),
            quantity: format!("Change of {title} from baseline (points)"),
            direction: "lower is better".into(),
            visit_days: s.visit_days.clone(),
            arms: vec![arm],
            comparison: words.join(" "),
            caption: format!(
                "Mean change over {} replicates; whiskers hold 95 % of the single trials' means.",
                summary.pool.replicates
            ),
        });
    }
    figures
}

pub fn safety(summary: &Summary) -> Option<SafetyTable> {
    let pool = &summary.pool;
    if pool.safety.is_empty() {
        return None;
    }
    let arms: Vec<SafetyArm> = summary
        .arms
        .iter()
        .map(|arm| SafetyArm {
            name: arm.label.clone(),
            treated: pool
                .safety
                .iter()
                .find(|s| s.arm == arm.name)
                .map_or(f64::NAN, |s| s.mean_subjects),
        })
        .collect();
    let mut rows: Vec<SafetyRow> = Vec::new();
    let mut keys: Vec<(&str, u8)> = Vec::new();
    for s in &pool.safety {
        if !keys.contains(&(s.event.as_str(), s.minimum_grade)) {
            keys.push((&s.event, s.minimum_grade));
        }
    }
    for (event, grade) in keys {
        let group = match event {
            "crs" => "Cytokine release syndrome (ASTCT)",
            "icans" => "Neurotoxicity (ICANS, ASTCT)",
            _ => "Infection",
        };
        let label = match (event, grade) {
            ("crs" | "icans", 1) => "Any grade".to_string(),
            ("crs" | "icans", 4) => "Grade 4".to_string(),
            ("crs" | "icans", grade) => format!("Grade {grade} or higher"),
            _ => "Serious infection".to_string(),
        };
        let cells = summary
            .arms
            .iter()
            .map(|arm| {
                let found = pool
                    .safety
                    .iter()
                    .find(|s| s.event == event && s.minimum_grade == grade && s.arm == arm.name);
                match found {
                    // Only CAR T cells have these syndromes in the model.
                    Some(s) if arm.car_t || event == "serious_infection" => SafetyCell {
                        subjects: s.mean_events,
                        proportion: spread(&s.proportion),
                    },
                    _ => SafetyCell {
                        subjects: f64::NAN,
                        proportion: Estimate::MISSING,
                    },
                }
            })
            .collect();
        rows.push(SafetyRow {
            group: group.into(),
            label,
            cells,
        });
    }
    Some(SafetyTable {
        arms,
        rows,
        caption: format!(
            "Mean number of subjects per trial and proportion over {} replicates, with the range \
             that holds 95 % of single trials. Grades are calibrated at two points (autoimmune and \
             leukaemia-like), not predicted. The model holds these events only.",
            pool.replicates
        ),
    })
}

pub fn operating_characteristics(summary: &Summary) -> Vec<OperatingCharacteristic> {
    let specification = &summary.specification;
    let mut rows = Vec::new();
    for c in &summary.operating_characteristics {
        let scenario = match summary.type_one_errors.iter().find(|e| e.null == c.truth) {
            Some(e) if c.primary && e.worst && summary.type_one_errors.len() > 1 => {
                format!(
                    "Null `{}`, the worst of {}",
                    c.truth,
                    summary.type_one_errors.len()
                )
            }
            _ if c.is_null() => format!("Null `{}`", c.truth),
            _ => "As modelled".to_string(),
        };
        let mut row = |measure: Measure, m: &Option<MonteCarlo>, target: f64, unit: &str| {
            if let Some(m) = m {
                rows.push(OperatingCharacteristic {
                    measure,
                    analysis: wording::analysis(specification, c),
                    // Rare events leave replicates without an interval; what is left is a selection.
                    scenario: match m.replicates == c.replicates {
                        true => scenario.clone(),
                        false => format!(
                            "{scenario}, in the {} of {} replicates that have one",
                            count(m.replicates as f64),
                            count(c.replicates as f64)
                        ),
                    },
                    estimate: Estimate::new(m.value, m.lower, m.upper),
                    monte_carlo_standard_error: m.standard_error,
                    target,
                    unit: unit.into(),
                    replicates: m.replicates,
                });
            }
        };
        let alpha = specification.analyses[c.analysis].alpha;
        if c.is_null() {
            if c.method.is_test() {
                row(Measure::TypeOneError, &c.rejected, alpha, "");
            }
            continue;
        }
        if c.method.is_test() {
            row(Measure::Power, &c.rejected_in_favour, f64::NAN, "");
        }
        let unit = match (c.scale, wording::is_proportion(c.method)) {
            (EstimateScale::Log, _) => "log ratio",
            (_, true) => "probability",
            _ if matches!(c.method, Method::Ancova | Method::Mmrm) => "points",
            _ if c.method == Method::RestrictedMean => "weeks",
            _ => "ratio",
        };
        row(Measure::Bias, &c.bias, 0.0, unit);
        row(Measure::Coverage, &c.coverage, c.nominal_coverage, "");
    }
    rows
}
