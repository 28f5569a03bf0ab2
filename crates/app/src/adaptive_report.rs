//! Designs that decide while the trial runs, in words, numbers and figures.

use neurocart_report::estimate::Estimate;
use neurocart_report::figure::ReferenceLine;
use neurocart_report::figure::responders::{ResponderBar, ResponderFigure, ResponderGroup};
use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_report::trial_report::{
    Curve, CurveFigure, DesignFigure, Join, KeyNumber, Measure, OperatingCharacteristic,
};
use neurocart_stats::dose_finding::{DoseFindingDesign, boin_boundaries};
use neurocart_trial::adaptive::characteristics::{
    DesignCharacteristics, DoseFindingCharacteristics, GroupSequentialCharacteristics,
    SingleArmCharacteristics,
};
use neurocart_trial::adaptive::dose_finding;
use neurocart_trial::operating_characteristics::MonteCarlo;
use neurocart_trial::specification::{
    DoseFindingMethod, DoseLimitingToxicity, ManufacturingFailure, SpendingFunction,
};
use neurocart_trial::summary::Summary;

use crate::answer::{by_arm, safety_line};
use crate::design::interval_design::{Boundary, boundaries};
use crate::wording;

/// Most lines of the answer.
const LINES: usize = 6;

/// The trial as designed.
fn designed(summary: &Summary) -> Option<&DesignCharacteristics> {
    summary.designs.first()
}

fn share(m: &Option<MonteCarlo>) -> String {
    m.map_or("–".into(), |m| percent(m.value))
}

/// A share with its Monte Carlo standard error, for a table.
fn share_with_error(m: &Option<MonteCarlo>) -> String {
    m.map_or("–".into(), |m| {
        format!(
            "{} ({})",
            percent(m.value),
            fixed(100.0 * m.standard_error, 2)
        )
    })
}

/// A mean with its Monte Carlo standard error, for a table.
fn mean_with_error(m: &Option<MonteCarlo>) -> String {
    m.map_or("–".into(), |m| {
        format!("{} ({})", fixed(m.value, 2), fixed(m.standard_error, 3))
    })
}

fn mean(m: &Option<MonteCarlo>) -> String {
    m.map_or("–".into(), |m| fixed(m.value, 1))
}

/// The answer in at most six lines.
pub fn key_numbers(summary: &Summary) -> Vec<KeyNumber> {
    let mut lines = Vec::new();
    let Some(found) = designed(summary) else {
        return lines;
    };
    let mut line = |label: &str, value: String, note: String| {
        lines.push(KeyNumber {
            label: label.into(),
            value,
            note,
        });
    };
    let note = |m: &Option<MonteCarlo>| m.map_or(String::new(), |m| wording::proportion_note(&m));
    if let Some(doses) = &found.dose_finding {
        let mut selected: Vec<String> = doses
            .doses
            .iter()
            .map(|d| {
                let arm = wording::arm(&summary.specification, &d.arm);
                format!("{arm} {}", share(&d.selected))
            })
            .collect();
        selected.push(format!("none {}", share(&doses.no_dose)));
        let error = largest_error(doses);
        line(
            "Dose named",
            selected.join(", "),
            format!("Monte Carlo SE at most {} points", fixed(100.0 * error, 2)),
        );
        line(
            "Overdose",
            format!(
                "named {}, given to {} of the treated",
                share(&doses.overdose_selected),
                share(&doses.overdose_treated)
            ),
            format!(
                "true DLT probability above {}, {}",
                percent(doses.overdose_above),
                note(&doses.overdose_selected)
            ),
        );
        if found.single_arm.is_none() {
            line(
                "Size and duration",
                format!(
                    "{} treated, {} with a DLT, {} weeks",
                    mean(&doses.treated),
                    mean(&doses.dlts),
                    weeks(&doses.duration_days)
                ),
                format!("mean; {} enrolled", mean(&doses.enrolled)),
            );
        }
    }
    if let Some(arm) = &found.single_arm {
        line(
            "Promising result",
            share(&arm.promising),
            match &found.dose_finding {
                Some(_) => format!(
                    "never opened in {}; {}",
                    share(&arm.not_opened),
                    note(&arm.promising)
                ),
                None => note(&arm.promising),
            },
        );
        type_one_error(summary, &mut line);
        line(
            "Early stop",
            format!(
                "futility {}, toxicity {}",
                share(&arm.early_termination),
                share(&arm.stopped_for_toxicity)
            ),
            note(&arm.early_termination),
        );
        line(
            "Size and duration",
            format!(
                "{} judged, {} weeks",
                mean(&arm.subjects),
                weeks(&arm.duration_days)
            ),
            "mean; first to last decision of the trial".into(),
        );
    }
    if let Some(looks) = &found.group_sequential {
        line(
            "Power",
            share(&looks.rejected_in_favour),
            note(&looks.rejected_in_favour),
        );
        type_one_error(summary, &mut line);
        let early: Vec<String> = looks
            .looks
            .iter()
            .enumerate()
            .map(|(number, look)| {
                format!(
                    "look {} rejects {}, gives up {}",
                    number + 1,
                    share(&look.rejected),
                    share(&look.not_rejected)
                )
            })
            .collect();
        line(
            "Where it ends",
            early.join("; "),
            "share of replicates".into(),
        );
        line(
            "Size and duration",
            format!(
                "{} subjects, {} events, {} weeks",
                mean(&looks.subjects),
                mean(&looks.events),
                weeks(&looks.duration_days)
            ),
            "mean at the last look".into(),
        );
        if let Some((label, value, note)) = by_arm(summary) {
            line(&label, value, note);
        }
    }
    if let Some((value, note)) = safety_line(summary) {
        line("Safety", value, note);
    }
    lines.truncate(LINES);
    lines
}

fn type_one_error(summary: &Summary, line: &mut impl FnMut(&str, String, String)) {
    if let Some(worst) = summary.type_one_errors.iter().find(|e| e.worst) {
        let which = match summary.type_one_errors.len() {
            1 => format!("null `{}`", worst.null),
            n => format!("worst of {n} nulls: `{}`", worst.null),
        };
        line(
            "Type I error",
            percent(worst.rejected.value),
            format!("{which}, {}", wording::proportion_note(&worst.rejected)),
        );
    } else if let Some(design) = &summary.two_stage {
        line(
            "Type I error",
            percent(design.worst.promising),
            format!(
                "exact, worst at a true probability of {}",
                percent(design.worst.probability)
            ),
        );
    }
}

fn weeks(days: &Option<MonteCarlo>) -> String {
    days.map_or("–".into(), |m| fixed(m.value / 7.0, 0))
}

fn largest_error(doses: &DoseFindingCharacteristics) -> f64 {
    doses
        .doses
        .iter()
        .map(|d| &d.selected)
        .chain([&doses.no_dose])
        .flatten()
        .map(|m| m.standard_error)
        .fold(0.0, f64::max)
}

/// The share of replicates that name each dose, as bars.
pub fn selection(summary: &Summary) -> Vec<ResponderFigure> {
    let Some(doses) = designed(summary).and_then(|found| found.dose_finding.as_ref()) else {
        return Vec::new();
    };
    let bar = |arm: String, m: &Option<MonteCarlo>| ResponderBar {
        arm,
        responders: m.map_or(f64::NAN, |m| (m.value * m.replicates as f64).round()),
        subjects: m.map_or(f64::NAN, |m| m.replicates as f64),
        proportion: m.map_or(Estimate::MISSING, |m| {
            Estimate::new(m.value, m.lower, m.upper)
        }),
    };
    let mut bars: Vec<ResponderBar> = doses
        .doses
        .iter()
        .map(|d| bar(wording::arm(&summary.specification, &d.arm), &d.selected))
        .collect();
    bars.push(bar("No dose".into(), &doses.no_dose));
    vec![ResponderFigure {
        title: "Dose named at the end of dose finding".into(),
        definition: "Share of replicates that name the dose.".into(),
        groups: vec![ResponderGroup {
            label: String::new(),
            bars,
        }],
        comparison: String::new(),
        caption: "Whiskers are the 95 % Monte Carlo interval (Wilson).".into(),
    }]
}

/// What the rule says after so many patients at a dose; nothing where it looks at more than that dose.
fn decisions_figure(summary: &Summary) -> Option<DesignFigure> {
    let section = summary.specification.dose_finding.as_ref()?;
    let patients = section.maximum_subjects as u64;
    let boundaries: Vec<Boundary> =
        match dose_finding::rule(section, summary.specification.arms.len()).ok()? {
            DoseFindingDesign::Interval(settings) => boundaries(&settings, patients).ok()?,
            DoseFindingDesign::Boin(settings) => boin_boundaries(&settings, patients)
                .ok()?
                .iter()
                .map(|row| Boundary {
                    treated: row.treated,
                    escalate_at_most: Some(row.escalate_at_most),
                    de_escalate_at_least: Some(row.de_escalate_at_least),
                    eliminate_at_least: row.eliminate_at_least,
                })
                .collect(),
            _ => return None,
        };
    let curve = |name, value: fn(&Boundary) -> Option<u64>| {
        let points = boundaries
            .iter()
            .filter_map(|row| Some((row.treated as f64, value(row)? as f64)));
        line(name, points.collect(), Join::Marked)
    };
    let or_dash = |count: Option<u64>| count.map_or("–".to_owned(), |count| count.to_string());
    let rows = boundaries.iter().map(|row| {
        vec![
            row.treated.to_string(),
            or_dash(row.escalate_at_most),
            or_dash(row.de_escalate_at_least),
            or_dash(row.eliminate_at_least),
        ]
    });
    let head = [
        "Treated",
        "Escalate, DLT ≤",
        "De-escalate, DLT ≥",
        "Eliminate, DLT ≥",
    ];
    Some(DesignFigure {
        figure: CurveFigure {
            title: "Decisions".into(),
            x_label: "Patients at the dose".into(),
            y_label: "Patients with a DLT".into(),
            percent: false,
            curves: vec![
                curve("Escalate at most", |row| row.escalate_at_most),
                curve("De-escalate at least", |row| row.de_escalate_at_least),
                curve("Eliminate at least", |row| row.eliminate_at_least),
            ],
            reference_lines: Vec::new(),
        },
        caption: "What the rule says after so many patients at a dose, before the ends of the dose range."
            .into(),
        head: head.map(str::to_string).to_vec(),
        rows: rows.collect(),
    })
}

/// Curves with their tables.
pub fn figures(summary: &Summary) -> Vec<DesignFigure> {
    let mut figures = Vec::new();
    let Some(found) = designed(summary) else {
        return figures;
    };
    if let Some(doses) = &found.dose_finding {
        figures.push(doses_figure(summary, doses));
        figures.extend(decisions_figure(summary));
    }
    if found.single_arm.is_some() {
        figures.extend(two_stage_figure(summary));
    }
    if let Some(looks) = &found.group_sequential {
        figures.push(boundary_figure(looks));
        figures.push(stopping_figure(summary));
    }
    figures
}

fn line(name: &str, points: Vec<(f64, f64)>, join: Join) -> Curve {
    Curve {
        name: name.into(),
        points,
        join,
    }
}

fn doses_figure(summary: &Summary, doses: &DoseFindingCharacteristics) -> DesignFigure {
    let section = summary.specification.dose_finding.as_ref();
    let target = section.map_or(f64::NAN, |section| section.target);
    let by_dose = |value: &dyn Fn(usize) -> Option<MonteCarlo>| -> Vec<(f64, f64)> {
        (0..doses.doses.len())
            .filter_map(|number| Some((number as f64 + 1.0, value(number)?.value)))
            .collect()
    };
    let head = [
        "Dose",
        "True DLT probability (SE)",
        "Named (MC SE)",
        "Assigned (MC SE)",
        "Given (MC SE)",
        "With a DLT (MC SE)",
    ];
    let mut rows: Vec<Vec<String>> = doses
        .doses
        .iter()
        .map(|d| {
            vec![
                wording::arm(&summary.specification, &d.arm),
                share_with_error(&d.true_dlt),
                share_with_error(&d.selected),
                mean_with_error(&d.enrolled),
                mean_with_error(&d.treated),
                mean_with_error(&d.dlts),
            ]
        })
        .collect();
    rows.push(vec![
        "No dose".into(),
        String::new(),
        share_with_error(&doses.no_dose),
        String::new(),
        String::new(),
        String::new(),
    ]);
    rows.push(vec![
        "All".into(),
        String::new(),
        String::new(),
        mean_with_error(&doses.enrolled),
        mean_with_error(&doses.treated),
        mean_with_error(&doses.dlts),
    ]);
    let reasons: Vec<String> = doses
        .no_dose_reasons
        .iter()
        .map(|(reason, n)| format!("{reason} ({n})"))
        .collect();
    let none = match reasons.is_empty() {
        true => String::new(),
        false => format!(" Without a dose: {}.", reasons.join(", ")),
    };
    DesignFigure {
        figure: CurveFigure {
            title: "Dose finding".into(),
            x_label: "Dose, lowest first".into(),
            y_label: "Probability".into(),
            percent: true,
            curves: vec![
                line(
                    "True DLT",
                    by_dose(&|n| doses.doses[n].true_dlt),
                    Join::Marked,
                ),
                line("Named", by_dose(&|n| doses.doses[n].selected), Join::Points),
            ],
            reference_lines: vec![ReferenceLine {
                value: target,
                label: "target".into(),
            }],
        },
        caption: format!(
            "True DLT probabilities are the model's own, over the eligible patients of the bank. An \
             overdose has one above {}: named in {}, given to {} of the treated (Monte Carlo SE in \
             brackets, in points). Per trial {} products could not be made and {} held too few cells; the \
             dose is named after {} weeks on average.{none}",
            percent(doses.overdose_above),
            share_with_error(&doses.overdose_selected),
            share_with_error(&doses.overdose_treated),
            mean_with_error(&doses.not_made),
            mean_with_error(&doses.short),
            weeks(&doses.duration_days),
        ),
        head: head.map(str::to_string).to_vec(),
        rows,
    }
}

fn two_stage_figure(summary: &Summary) -> Option<DesignFigure> {
    let design = summary.two_stage.as_ref()?;
    let section = summary.specification.single_arm.as_ref()?;
    let points = |of: fn(&neurocart_trial::adaptive::characteristics::ExactTwoStage) -> f64| {
        let grid = design.null_grid.iter().chain(&design.alternative);
        grid.map(|point| (point.probability, of(point)))
            .collect::<Vec<_>>()
    };
    let head = ["Truth", "Promising", "Early stop (PET)", "Subjects"];
    let exact = |name: String, e: &neurocart_trial::adaptive::characteristics::ExactTwoStage| {
        vec![
            name,
            percent(e.promising),
            percent(e.early_termination),
            fixed(e.expected_subjects, 2),
        ]
    };
    let mut rows = vec![exact(
        format!(
            "Exact, worst null: probability {}",
            percent(design.worst.probability)
        ),
        &design.worst,
    )];
    if let Some(alternative) = &design.alternative {
        rows.push(exact(
            format!(
                "Exact, alternative: probability {}",
                percent(alternative.probability)
            ),
            alternative,
        ));
    }
    for found in &summary.designs {
        let Some(arm) = &found.single_arm else {
            continue;
        };
        let worst = summary
            .type_one_errors
            .iter()
            .any(|e| e.worst && e.null == found.truth);
        let name = match (found.truth.as_str(), worst) {
            ("as_designed", _) => "Simulated as modelled".to_string(),
            (null, true) => format!("Simulated null `{null}`, the worst"),
            (null, false) => format!("Simulated null `{null}`"),
        };
        rows.push(vec![
            format!("{name}{}", true_probabilities(summary, arm)),
            share_with_error(&arm.promising),
            share_with_error(&arm.early_termination),
            mean_with_error(&arm.subjects),
        ]);
    }
    Some(DesignFigure {
        figure: CurveFigure {
            title: "Two stages".into(),
            x_label: "True probability of a yes".into(),
            y_label: "Probability".into(),
            percent: true,
            curves: vec![
                line("Promising", points(|e| e.promising), Join::Line),
                line("Early stop", points(|e| e.early_termination), Join::Line),
            ],
            reference_lines: vec![ReferenceLine {
                value: section.alpha,
                label: "alpha".into(),
            }],
        },
        caption: format!(
            "Stop with at most {} of {}; promising with more than {} of {}. The curves are exact, without a \
             toxicity rule; the simulated rows are virtual patients in calendar time (Monte Carlo SE in \
             brackets).",
            design.r1, design.n1, design.r, design.n
        ),
        head: head.map(str::to_string).to_vec(),
        rows,
    })
}

fn true_probabilities(summary: &Summary, arm: &SingleArmCharacteristics) -> String {
    let list: Vec<String> = arm
        .arms
        .iter()
        .filter_map(|a| {
            let p = percent(a.true_probability?.value);
            Some(match arm.arms.len() {
                1 => p,
                _ => format!("{} {p}", wording::arm(&summary.specification, &a.arm)),
            })
        })
        .collect();
    format!(", probability {}", list.join(", "))
}

fn boundary_figure(looks: &GroupSequentialCharacteristics) -> DesignFigure {
    let points = |of: &dyn Fn(usize) -> Option<f64>| -> Vec<(f64, f64)> {
        (0..looks.looks.len())
            .filter_map(|k| Some((looks.looks[k].planned_information, of(k)?)))
            .filter(|point| point.1.is_finite())
            .collect()
    };
    let efficacy = points(&|k| Some(looks.looks[k].planned_efficacy));
    let futility = points(&|k| looks.looks[k].planned_futility);
    let mut curves = vec![line("Reject", efficacy, Join::Marked)];
    if !futility.is_empty() {
        curves.push(line("Futility", futility, Join::Marked));
    }
    let head = [
        "Look",
        "Information planned",
        "Information observed (MC SE)",
        "Reject from z",
        "Futility up to z",
        "Reached (MC SE)",
        "Rejects (MC SE)",
        "Ends without (MC SE)",
        "Week",
    ];
    let rows = looks
        .looks
        .iter()
        .enumerate()
        .map(|(number, look)| {
            vec![
                (number + 1).to_string(),
                fixed(look.planned_information, 2),
                mean_with_error(&look.information),
                fixed(look.planned_efficacy, 3),
                look.planned_futility.map_or("–".into(), |z| fixed(z, 3)),
                share_with_error(&look.reached),
                share_with_error(&look.rejected),
                share_with_error(&look.not_rejected),
                weeks(&look.time_days),
            ]
        })
        .collect();
    DesignFigure {
        figure: CurveFigure {
            title: "Boundaries".into(),
            x_label: "Information fraction".into(),
            y_label: "z".into(),
            percent: false,
            curves,
            reference_lines: Vec::new(),
        },
        caption: format!(
            "Planned boundaries; each trial works its own out from the information it observes. The \
             median-unbiased estimate is off by {}, the naive one by {} (scale of the analysis).",
            mean_with_error(&looks.bias),
            mean_with_error(&looks.naive_bias)
        ),
        head: head.map(str::to_string).to_vec(),
        rows,
    }
}

/// Where trials end, by truth.
fn stopping_figure(summary: &Summary) -> DesignFigure {
    let (mut curves, mut rows) = (Vec::new(), Vec::new());
    for found in &summary.designs {
        let Some(looks) = &found.group_sequential else {
            continue;
        };
        let name = match found.truth.as_str() {
            "as_designed" => "As modelled".to_string(),
            null => format!("Null `{null}`"),
        };
        let mut sum = 0.0;
        let points = looks.looks.iter().map(|look| {
            sum += look.rejected.map_or(0.0, |m| m.value);
            (look.planned_information, sum)
        });
        curves.push(line(&name, points.collect(), Join::Marked));
        rows.push(vec![
            name,
            share_with_error(&looks.rejected),
            mean_with_error(&looks.subjects),
            mean_with_error(&looks.events),
            weeks(&looks.duration_days),
        ]);
    }
    DesignFigure {
        figure: CurveFigure {
            title: "Rejected by each look".into(),
            x_label: "Information fraction planned".into(),
            y_label: "Share of replicates".into(),
            percent: true,
            curves,
            reference_lines: Vec::new(),
        },
        caption: "Cumulative crossing probability, with Monte Carlo SE in brackets in the table."
            .into(),
        head: ["Truth", "Rejected", "Subjects", "Events", "Weeks"]
            .map(str::to_string)
            .to_vec(),
        rows,
    }
}

/// Rows for the figure of estimates against their targets.
pub fn operating(summary: &Summary) -> Vec<OperatingCharacteristic> {
    let mut rows = Vec::new();
    for found in &summary.designs {
        let Some(arm) = &found.single_arm else {
            continue;
        };
        let null = found.truth != "as_designed";
        let section = summary.specification.single_arm.as_ref();
        let alpha = section.map_or(f64::NAN, |s| s.alpha);
        let power = section
            .and_then(|s| s.beta)
            .map_or(f64::NAN, |beta| 1.0 - beta);
        let scenario = match null {
            true => format!("Null `{}`", found.truth),
            false => "As modelled".to_string(),
        };
        let mut row = |measure, m: &Option<MonteCarlo>, target: f64, unit: &str| {
            if let Some(m) = m {
                rows.push(OperatingCharacteristic {
                    measure,
                    analysis: "Two stages".into(),
                    scenario: scenario.clone(),
                    estimate: Estimate::new(m.value, m.lower, m.upper),
                    monte_carlo_standard_error: m.standard_error,
                    target,
                    unit: unit.into(),
                    replicates: m.replicates,
                });
            }
        };
        if null {
            row(Measure::TypeOneError, &arm.promising, alpha, "");
        } else {
            row(Measure::Power, &arm.promising, power, "");
        }
        row(Measure::Bias, &arm.bias, 0.0, "probability");
        row(Measure::Coverage, &arm.coverage, arm.nominal_coverage, "");
    }
    rows
}

/// The design in words: label and text.
pub fn design_in_words(summary: &Summary) -> Vec<(&'static str, String)> {
    let s = &summary.specification;
    let mut items = Vec::new();
    if let Some(made) = &s.manufacturing {
        let [shortest, longest] = made.vein_to_vein_days;
        let short = match made.shortfall_probability > 0.0 {
            true => format!(
                ", {} hold too few cells, so that the next lower dose is given",
                percent(made.shortfall_probability)
            ),
            false => String::new(),
        };
        items.push((
            "Manufacturing",
            format!(
                "{shortest} to {longest} days from vein to vein; {} are not made{short}",
                percent(made.failure_probability)
            ),
        ));
    }
    if let Some(section) = &s.dose_finding {
        let stagger = match section.stagger_days > 0.0 {
            true => format!(
                ", {} days or more between the first two of a cohort",
                section.stagger_days
            ),
            false => String::new(),
        };
        items.push((
            "Dose finding",
            format!(
                "{}, target {}; cohorts of {}{stagger}, at most {} treated; a dose is eliminated at a posterior \
                 probability of {} to be above the target.\nDose-limiting: {}",
                method_in_words(section.design),
                percent(section.target),
                section.cohort_size,
                section.maximum_subjects,
                section.elimination_cutoff,
                toxicity_in_words(&section.dose_limiting_toxicity)
            ),
        ));
    }
    if let (Some(section), Some(design)) = (&s.single_arm, &summary.two_stage) {
        let label = s
            .endpoint_index(&section.endpoint)
            .map_or("", |index| s.endpoints[index].label());
        let failure = match section.manufacturing_failure {
            ManufacturingFailure::Replaced => "replaced",
            ManufacturingFailure::Failure => "a no",
        };
        let included = match section.include_dose_finding {
            true => " Subjects of dose finding at the dose named are the first of stage 1.",
            false => "",
        };
        let toxicity = section.toxicity.as_ref().map_or(String::new(), |rule| {
            format!(
                "\nStops when the probability that {} is more frequent than {} exceeds {}.",
                toxicity_in_words(&rule.event),
                percent(rule.threshold),
                percent(rule.cutoff)
            )
        });
        items.push((
            "Single arm",
            format!(
                "{label}. Two stages: stop with at most {} of {}, promising with more than {} of {} \
                 (p0 {}, one-sided alpha {}). A product that is not made is {failure}.{included}{toxicity}",
                design.r1,
                design.n1,
                design.r,
                design.n,
                percent(section.p0),
                section.alpha
            ),
        ));
    }
    if let Some(section) = &s.group_sequential {
        let information: Vec<String> = section.information.iter().map(f64::to_string).collect();
        let of = section.events.map_or("the subjects".to_string(), |events| {
            format!("{events} events")
        });
        let futility = match &section.futility {
            Some(rule) if rule.binding => ", with binding futility",
            Some(_) => ", with non-binding futility",
            None => "",
        };
        items.push((
            "Looks",
            format!(
                "at {} of {of}; {}{futility}",
                information.join(", "),
                spending_in_words(section.spending)
            ),
        ));
    }
    items
}

fn method_in_words(design: DoseFindingMethod) -> &'static str {
    match design {
        DoseFindingMethod::ThreePlusThree => "3+3",
        DoseFindingMethod::Boin => "BOIN",
        DoseFindingMethod::Keyboard => "keyboard",
        DoseFindingMethod::Mtpi => "mTPI",
        DoseFindingMethod::Mtpi2 => "mTPI-2",
        DoseFindingMethod::Crm => "CRM",
        DoseFindingMethod::TiteCrm => "TITE-CRM",
        DoseFindingMethod::Boin12 => "BOIN12",
    }
}

fn toxicity_in_words(event: &DoseLimitingToxicity) -> String {
    let grade = |name: &str, grade: Option<u8>| {
        grade.map(|grade| format!("{name} of grade {grade} or higher"))
    };
    let parts = [
        grade("CRS", event.crs_grade),
        grade("ICANS", event.icans_grade),
        grade("haematotoxicity", event.icaht_grade),
        event
            .serious_infection
            .then(|| "serious infection".to_string()),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("{} within {} days", parts.join(", "), event.window_days)
}

fn spending_in_words(spending: SpendingFunction) -> String {
    match spending {
        SpendingFunction::ObrienFleming {} => "O'Brien-Fleming type spending".into(),
        SpendingFunction::Pocock {} => "Pocock type spending".into(),
        SpendingFunction::KimDeMets { rho } => format!("Kim-DeMets spending, rho {rho}"),
        SpendingFunction::HwangShihDeCani { gamma } => {
            format!("Hwang-Shih-DeCani spending, gamma {gamma}")
        }
    }
}
