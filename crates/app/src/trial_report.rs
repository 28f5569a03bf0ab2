//! From the summary of a run to the report: which numbers go where, and in which words.

use neurocart_report::estimate::Estimate;
use neurocart_report::figure::TimeMark;
use neurocart_report::figure::kaplan_meier::{
    AtRisk, SurvivalArm, SurvivalFigure, SurvivalReference, SurvivalStep,
};
use neurocart_report::figure::patient_flow::{FlowArm, FlowReason, PatientFlow};
use neurocart_report::figure::responders::{ResponderBar, ResponderFigure, ResponderGroup};
use neurocart_report::figure::scores::{ScoreArm, ScoreFigure};
use neurocart_report::figure::trajectory::{TrajectoryArm, TrajectoryFigure};
use neurocart_report::format::{count, fixed, significant};
use neurocart_report::safety::{SafetyArm, SafetyCell, SafetyRow, SafetyTable};
use neurocart_report::trial_report::{
    Assumption, Design, DesignItem, Grade, KeyNumber, Measure, OperatingCharacteristic, Provenance,
    TrialReport,
};
use neurocart_trial::analysis::EstimateScale;
use neurocart_trial::operating_characteristics::{
    MonteCarlo, OperatingCharacteristic as Characteristic,
};
use neurocart_trial::pool::Spread;
use neurocart_trial::specification::{DAYS_PER_WEEK, DAYS_PER_YEAR, Method, OutcomeKind};
use neurocart_trial::summary::Summary;

use crate::wording;

/// The report of a finished run. `command` is what the user can type to get it again.
pub fn report(summary: &Summary, command: &str) -> TrialReport {
    let specification = &summary.specification;
    TrialReport {
        title: specification.title.clone(),
        question: specification.question.clone(),
        notice: String::new(),
        key_numbers: key_numbers(summary),
        design: design(summary),
        flow: Some(flow(summary)),
        trajectories: trajectories(summary),
        survival: survival(summary),
        responders: responders(summary),
        scores: scores(summary),
        patients: Vec::new(),
        safety: safety(summary),
        operating_characteristics: operating_characteristics(summary),
        assumptions: assumptions(summary),
        known_failures: summary
            .known_failures
            .iter()
            .map(|f| {
                format!(
                    "{}: simulated {}, observed {} ({}). {}",
                    f.what, f.simulated, f.observed, f.source, f.consequence
                )
            })
            .collect(),
        warnings: warnings(summary),
        provenance: provenance(summary, command),
    }
}

/// The primary analysis under one truth.
fn primary<'a>(summary: &'a Summary, truth: &str) -> Option<&'a Characteristic> {
    summary
        .operating_characteristics
        .iter()
        .find(|c| c.primary && c.truth == truth)
}

/// The answer in at most six lines.
pub fn key_numbers(summary: &Summary) -> Vec<KeyNumber> {
    let mut lines = Vec::new();
    let mut line = |label: String, value: String, note: String| {
        lines.push(KeyNumber { label, value, note });
    };
    if let Some(c) = primary(summary, "as_designed")
        && let Some(power) = &c.rejected_in_favour
    {
        let name = wording::analysis(&summary.specification, c);
        let note = format!("{}; {name}", wording::proportion_note(power));
        line("Power".into(), wording::proportion(power), note);
    }
    if let Some(c) = effect(summary)
        && let Some(value) = c.true_value.or(c.mean_estimate.map(|m| m.value))
    {
        let note = match c.true_value_standard_error {
            Some(error) => format!(
                "in a very large trial of the model, standard error {}; {}",
                significant(error),
                wording::analysis(&summary.specification, c)
            ),
            None => wording::analysis(&summary.specification, c),
        };
        line(
            sentence_case(&c.estimate_name),
            wording::value_on_scale(c, value),
            note,
        );
    }
    if let Some((label, value, note)) = by_arm(summary) {
        line(label, value, note);
    }
    if let Some(c) = primary(summary, "null")
        && let Some(error) = &c.rejected
    {
        let note = format!("{}; no true effect", wording::proportion_note(error));
        line("Type I error".into(), wording::proportion(error), note);
    }
    if let Some(c) = effect(summary)
        && let (Some(coverage), Some(bias)) = (&c.coverage, &c.bias)
    {
        let scale = match c.scale {
            EstimateScale::Log => "log scale",
            _ => "scale of the estimate",
        };
        let note = format!(
            "nominal {}, bias {} on the {scale}; {}",
            wording::proportion_of(c.nominal_coverage),
            significant(bias.value),
            wording::analysis(&summary.specification, c)
        );
        line("Coverage".into(), wording::proportion(coverage), note);
    }
    if let Some((value, note)) = safety_line(summary) {
        line("Safety".into(), value, note);
    }
    lines.truncate(6);
    lines
}

/// The analysis whose estimate is shown as the effect: the primary one, or the first of the same
/// endpoint that gives an estimate of a comparison.
fn effect(summary: &Summary) -> Option<&Characteristic> {
    let main = primary(summary, "as_designed")?;
    if main.scale != EstimateScale::None {
        return Some(main);
    }
    summary.operating_characteristics.iter().find(|c| {
        c.truth == main.truth
            && c.endpoint == main.endpoint
            && c.scale != EstimateScale::None
            && c.method.is_comparison()
    })
}

/// The primary endpoint by arm, on one line.
fn by_arm(summary: &Summary) -> Option<(String, String, String)> {
    let specification = &summary.specification;
    let endpoint = &specification.analyses[specification.primary_analysis()?].endpoint;
    let index = specification.endpoint_index(endpoint)?;
    let label = specification.endpoints[index].label().to_string();
    let arm = |name: &str| wording::arm(specification, name);
    let mut parts = Vec::new();
    let kind = specification.endpoints[index].measure.outcome();
    let note = match kind {
        OutcomeKind::TimeToEvent => {
            for s in summary
                .pool
                .survival
                .iter()
                .filter(|s| s.endpoint == *endpoint)
            {
                let free = s.pooled.last().map_or(1.0, |p| p.1);
                parts.push(format!("{} {}", arm(&s.arm), percent(1.0 - free)));
            }
            format!(
                "with the event by week {}, Kaplan-Meier over {} replicates",
                specification.follow_up.duration_weeks, summary.pool.replicates
            )
        }
        OutcomeKind::Binary => {
            for p in summary
                .pool
                .proportions
                .iter()
                .filter(|p| p.endpoint == *endpoint)
            {
                let mean = p.proportion.map_or(f64::NAN, |s| s.mean);
                parts.push(format!("{} {}", arm(&p.arm), percent(mean)));
            }
            format!("mean over {} replicates", summary.pool.replicates)
        }
        OutcomeKind::Continuous | OutcomeKind::Count => return None,
    };
    (!parts.is_empty()).then(|| (label, parts.join(", "), note))
}

fn safety_line(summary: &Summary) -> Option<(String, String)> {
    let treated = summary
        .arms
        .iter()
        .find(|a| a.car_t)
        .or(summary.arms.first())?;
    let rate = |event: &str, grade: u8| {
        let row = summary
            .pool
            .safety
            .iter()
            .find(|s| s.arm == treated.name && s.event == event && s.minimum_grade == grade)?;
        row.proportion.map(|p| percent(p.mean))
    };
    let mut parts = Vec::new();
    if treated.car_t {
        parts.push(format!(
            "CRS any {}, grade 3+ {}",
            rate("crs", 1)?,
            rate("crs", 3)?
        ));
        parts.push(format!("ICANS any {}", rate("icans", 1)?));
    }
    parts.push(format!(
        "serious infection {}",
        rate("serious_infection", 0)?
    ));
    let note = format!("{}, whole follow-up, mean over replicates", treated.label);
    Some((parts.join(", "), note))
}

fn percent(p: f64) -> String {
    neurocart_report::format::percent_one_decimal(p)
}

fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

fn design(summary: &Summary) -> Design {
    let s = &summary.specification;
    let mut items = Vec::new();
    let mut item = |label: &str, text: String| {
        items.push(DesignItem {
            label: label.into(),
            text,
        });
    };
    let diseases: Vec<String> = s
        .population
        .diseases
        .iter()
        .map(|d| match d.share {
            1.0 => d.name.clone(),
            share => format!("{} ({})", d.name, percent(share)),
        })
        .collect();
    let mut population = format!("{} subjects: {}", s.population.size, diseases.join(", "));
    for e in &s.population.eligibility {
        let variable = wording::eligibility(e.variable);
        let range = match (e.min, e.max) {
            (Some(a), Some(b)) => format!("{a} to {b}"),
            (Some(a), None) => format!("at least {a}"),
            (None, Some(b)) => format!("at most {b}"),
            (None, None) => "any".into(),
        };
        population += &format!("\n{variable}: {range}");
    }
    item("Population", population);
    let arms: Vec<String> = s
        .arms
        .iter()
        .zip(&summary.arms)
        .map(|(arm, found)| {
            let blinded = if found.blinded { ", blinded" } else { "" };
            let reference = if arm.reference { ", reference" } else { "" };
            let changes = match arm.changes.is_empty() {
                true => String::new(),
                false => {
                    let list: Vec<String> = arm
                        .changes
                        .iter()
                        .map(|(k, v)| format!("{k} = {v}"))
                        .collect();
                    format!(" Changed: {}.", list.join(", "))
                }
            };
            format!(
                "{} (ratio {}{blinded}{reference}): {}{changes}",
                found.label, arm.ratio, found.therapy_summary
            )
        })
        .collect();
    item("Arms", arms.join("\n"));
    let accrual = match s.accrual.duration_weeks {
        0.0 => "all at once".to_string(),
        weeks => format!("uniform over {weeks} weeks"),
    };
    let cut = match (s.follow_up.until_events, &s.follow_up.until_endpoint) {
        (Some(n), Some(endpoint)) => format!(", data cut at {n} events of {endpoint}"),
        _ => String::new(),
    };
    item(
        "Accrual and follow-up",
        format!(
            "Entry {accrual}; {} weeks per subject{cut}",
            s.follow_up.duration_weeks
        ),
    );
    let visits: Vec<String> = s
        .visit_days()
        .iter()
        .map(|d| format!("{}", d / DAYS_PER_WEEK))
        .collect();
    item("Visits", format!("weeks {}", visits.join(", ")));
    if let Some(dropout) = &s.dropout {
        item(
            "Loss to follow-up",
            format!("{} within a year", percent(dropout.annual_probability)),
        );
    }
    let endpoints: Vec<String> = s
        .endpoints
        .iter()
        .map(|e| {
            let strategy = match s.rescue {
                Some(_) => format!(" Rescue: {}.", wording::strategy(e.strategy())),
                None => String::new(),
            };
            format!("{}: {}.{strategy}", e.label(), wording::measure(e))
        })
        .collect();
    item("Endpoints", endpoints.join("\n"));
    let analyses: Vec<String> = s
        .analyses
        .iter()
        .map(|a| {
            let label = s
                .endpoint_index(&a.endpoint)
                .map_or("", |i| s.endpoints[i].label());
            let level = match a.method.is_test() {
                true => format!(", {} at {}", wording::alternative(a.alternative), a.alpha),
                false => String::new(),
            };
            let history = a.historical.as_ref().map_or(String::new(), |h| {
                format!(
                    " ({} events per patient-year; {})",
                    h.hazard_per_year, h.source
                )
            });
            let primary = if a.primary { " Primary." } else { "" };
            format!(
                "{label}: {}{level}{history}.{primary}",
                wording::method(a.method)
            )
        })
        .collect();
    item("Analyses", analyses.join("\n"));
    let arms: Vec<&str> = summary.arms.iter().map(|a| a.label.as_str()).collect();
    let summary_text = match arms.as_slice() {
        [one] => format!("{} subjects receive {one}.", s.population.size),
        arms => format!(
            "{} subjects are randomised to {} in permuted blocks.",
            s.population.size,
            arms.join(" or ")
        ),
    };
    Design {
        summary: format!(
            "{summary_text} The trial is simulated {} times with subjects drawn from {} virtual \
             patients, each solved once under every regimen.",
            count(f64::from(s.simulation.replicates)),
            count(summary.cohort.patients as f64)
        ),
        items,
    }
}

fn flow(summary: &Summary) -> PatientFlow {
    let pool = &summary.pool;
    let randomised: u64 = pool.flow.iter().map(|a| a.first_randomised).sum();
    let screened = pool.first_screened.max(randomised);
    let reason = |reason: &str, patients: u64| FlowReason {
        reason: reason.into(),
        patients: patients as f64,
    };
    let exclusions = match screened - randomised {
        0 => Vec::new(),
        n => vec![reason("outside the inclusion limits", n)],
    };
    PatientFlow {
        screened: screened as f64,
        exclusions,
        eligible: randomised as f64,
        randomised: randomised as f64,
        arms: pool
            .flow
            .iter()
            .map(|a| FlowArm {
                name: wording::arm(&summary.specification, &a.arm),
                allocated: a.first_randomised as f64,
                treated: a.first_randomised as f64,
                discontinued: (a.first_lost + a.first_data_cut) as f64,
                discontinuation_reasons: [
                    ("lost to follow-up", a.first_lost),
                    ("still followed at the data cut", a.first_data_cut),
                ]
                .into_iter()
                .filter(|r| r.1 > 0)
                .map(|(text, n)| reason(text, n))
                .collect(),
                rescued: a.first_rescued as f64,
                analysed: a.first_randomised as f64,
            })
            .collect(),
        caption: "Counts of the first replicate. All randomised subjects are analysed.".into(),
    }
}

fn trajectories(summary: &Summary) -> Vec<TrajectoryFigure> {
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

fn survival(summary: &Summary) -> Vec<SurvivalFigure> {
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
        .filter(|c| c.endpoint == endpoint && c.truth == "as_designed" && c.method.is_test())
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

fn responders(summary: &Summary) -> Vec<ResponderFigure> {
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

fn scores(summary: &Summary) -> Vec<ScoreFigure> {
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

fn safety(summary: &Summary) -> Option<SafetyTable> {
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

/// What a reader of the numbers must know beside them.
fn warnings(summary: &Summary) -> Vec<String> {
    let mut warnings = summary.cohort.failures.clone();
    for c in &summary.operating_characteristics {
        let name = wording::analysis(&summary.specification, c);
        if c.not_estimable > 0 && c.truth != "null" {
            let reasons: Vec<String> = c
                .reasons
                .iter()
                .map(|(reason, n)| format!("{reason} ({})", count(*n as f64)))
                .collect();
            warnings.push(format!(
                "{name}: {} of {} replicates have no estimate, interval or p value: {}. They count as no \
                 rejection; bias and coverage are over the others.",
                count(c.not_estimable as f64),
                count(c.replicates as f64),
                reasons.join("; ")
            ));
        }
        if c.truth == "null"
            && c.method == Method::HistoricalHazard
            && let Some(ratio) = &c.mean_estimate
        {
            warnings.push(format!(
                "{name}: under the null therapy the hazard is on average {} times the historical one in this \
                 model, so the share of rejections under the null is not the level of the test.",
                significant(ratio.value)
            ));
        }
    }
    warnings
}

fn operating_characteristics(summary: &Summary) -> Vec<OperatingCharacteristic> {
    let specification = &summary.specification;
    let mut rows = Vec::new();
    for c in &summary.operating_characteristics {
        let scenario = match c.truth.as_str() {
            "null" => "Null: no effect",
            _ => "As modelled",
        };
        let mut row = |measure: Measure, m: &Option<MonteCarlo>, target: f64, unit: &str| {
            if let Some(m) = m {
                rows.push(OperatingCharacteristic {
                    measure,
                    analysis: wording::analysis(specification, c),
                    scenario: scenario.into(),
                    estimate: Estimate::new(m.value, m.lower, m.upper),
                    monte_carlo_standard_error: m.standard_error,
                    target,
                    unit: unit.into(),
                    replicates: m.replicates,
                });
            }
        };
        let alpha = specification.analyses[c.analysis].alpha;
        if c.truth == "null" {
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
            _ if c.method == Method::Ancova => "points",
            _ => "ratio",
        };
        row(Measure::Bias, &c.bias, 0.0, unit);
        row(Measure::Coverage, &c.coverage, c.nominal_coverage, "");
    }
    rows
}

fn assumptions(summary: &Summary) -> Vec<Assumption> {
    summary
        .assumptions
        .iter()
        .map(|a| Assumption {
            name: a.meaning.clone(),
            symbol: a.symbol.clone(),
            value: match a.cv {
                Some(cv) => format!("{} (CV {} %)", significant(a.value), fixed(100.0 * cv, 0)),
                None => significant(a.value),
            },
            unit: a.unit.clone(),
            grade: match a.grade.as_str() {
                "seen" => Grade::Seen,
                "recalled" => Grade::Recalled,
                "derived" => Grade::Derived,
                _ => Grade::Assumed,
            },
            source: a.source.clone(),
        })
        .collect()
}

fn provenance(summary: &Summary, command: &str) -> Provenance {
    let s = &summary.specification;
    let implausible: u64 = summary.cohort.implausible.values().sum();
    let mut candidates = format!(
        "{} of {} candidates were not plausible patients",
        count(implausible as f64),
        count(summary.cohort.candidates as f64)
    );
    for (reason, n) in &summary.cohort.implausible {
        candidates += &format!("\n{n}: {reason}");
    }
    if !summary.cohort.failures.is_empty() {
        candidates += &format!("\n{} could not be solved", summary.cohort.failures.len());
    }
    let item = |label: &str, text: String| DesignItem {
        label: label.into(),
        text,
    };
    Provenance {
        seed: s.simulation.seed,
        version: summary.identity.version.clone(),
        spec_hash: summary.identity.specification_sha256.clone(),
        replicates: u64::from(s.simulation.replicates),
        patients: summary.cohort.patients,
        run_time_seconds: None,
        command: command.into(),
        further: vec![
            item("Virtual patients", candidates),
            item(
                "Library",
                format!("SHA-256 {}", summary.identity.library_sha256),
            ),
            item(
                "Solver",
                "Rodas5P, relative tolerance 1e-6, absolute 1e-9 (1e-12 for clones)".into(),
            ),
            item(
                "Tables",
                "subjects, visits, events, replicates (Parquet)".into(),
            ),
        ],
    }
}
