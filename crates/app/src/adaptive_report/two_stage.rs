//! The single arm in two stages.

use neurocart_report::estimate::Estimate;
use neurocart_report::figure::ReferenceLine;
use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_report::trial_report::{
    CurveFigure, DesignFigure, Join, KeyNumber, Measure, OperatingCharacteristic,
};
use neurocart_stats::single_arm::simon::{
    SimonCharacteristics, SimonDesign, simon_characteristics,
};
use neurocart_trial::adaptive::characteristics::{
    ExactTwoStage, SingleArmCharacteristics, TwoStageDesign,
};
use neurocart_trial::operating_characteristics::MonteCarlo;
use neurocart_trial::specification::{ManufacturingFailure, Optimality, SingleArm};
use neurocart_trial::summary::Summary;

use super::{
    curve, key_number, mean, mean_with_error, note, share, share_with_error, toxicity_in_words,
    weeks,
};
use crate::wording;

/// Lines of the answer.
pub(super) fn key_numbers(summary: &Summary, arm: &SingleArmCharacteristics) -> Vec<KeyNumber> {
    let mut lines = Vec::new();
    lines.push(key_number(
        "Promising result",
        share(&arm.promising),
        match &summary.specification.dose_finding {
            Some(_) => format!(
                "never opened in {}; {}",
                share(&arm.not_opened),
                note(&arm.promising)
            ),
            None => note(&arm.promising),
        },
    ));
    lines.extend(type_one_error(summary));
    lines.push(key_number(
        "Early stop",
        format!(
            "futility {}, toxicity {}",
            share(&arm.early_termination),
            share(&arm.stopped_for_toxicity)
        ),
        note(&arm.early_termination),
    ));
    lines.push(key_number(
        "Size and duration",
        format!(
            "{} judged, {} weeks",
            mean(&arm.subjects),
            weeks(&arm.duration_days)
        ),
        "mean; from the opening of the trial to its last decision".into(),
    ));
    lines
}

/// The exact error at the worst null probability, unless a simulated null rejects more often.
fn type_one_error(summary: &Summary) -> Option<KeyNumber> {
    let exact = summary.two_stage.as_ref()?.worst;
    let p0 = summary.specification.single_arm.as_ref()?.p0;
    let simulated = summary.type_one_errors.iter().find(|e| e.worst);
    let said = simulated.map_or(String::new(), |worst| {
        let of_null = summary.designs.iter().find(|d| d.truth == worst.null);
        let arms = of_null.and_then(|d| d.single_arm.as_ref()).map(|s| &s.arms);
        let truths = arms
            .into_iter()
            .flatten()
            .filter_map(|a| a.true_probability);
        let largest = truths.map(|p| p.value).fold(0.0, f64::max);
        let no_null = match largest > p0 {
            true => format!(
                ", whose probability of a yes, {}, is above p0",
                percent(largest)
            ),
            false => String::new(),
        };
        format!(
            "simulated null `{}`{} {}{no_null}",
            worst.null,
            match summary.type_one_errors.len() {
                1 => String::new(),
                n => format!(", the worst of {n},"),
            },
            share_with_error(&Some(worst.rejected)),
        )
    });
    let exact_share = percent(exact.promising);
    let at = percent(exact.probability);
    Some(match simulated {
        Some(worst) if worst.rejected.value > exact.promising => key_number(
            "Type I error",
            percent(worst.rejected.value),
            format!("{said}; exact at a probability of {at}: {exact_share}"),
        ),
        Some(_) => key_number(
            "Type I error",
            exact_share,
            format!("exact, worst at a true probability of {at}; {said}"),
        ),
        None => key_number(
            "Type I error",
            exact_share,
            format!("exact, worst at a true probability of {at}"),
        ),
    })
}

/// Points of the exact curves between probabilities 0 and 1.
const CURVE_POINTS: u32 = 50;

/// Exact curves over the true probability, and the simulated truths beside them.
pub(super) fn figure(summary: &Summary) -> Option<DesignFigure> {
    let design = summary.two_stage.as_ref()?;
    let section = summary.specification.single_arm.as_ref()?;
    let numbers = SimonDesign {
        r1: design.r1,
        n1: design.n1,
        r: design.r,
        n: design.n,
    };
    let points = |of: fn(&SimonCharacteristics) -> f64| -> Vec<(f64, f64)> {
        (0..=CURVE_POINTS)
            .map(|k| f64::from(k) / f64::from(CURVE_POINTS))
            .filter_map(|p| Some((p, of(&simon_characteristics(&numbers, p).ok()?))))
            .collect()
    };
    let head = ["Truth", "Promising", "Early stop (PET)", "Subjects"];
    let exact = |name: String, e: &ExactTwoStage| {
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
            (null, true) => format!("Simulated null `{null}`, the worst simulated"),
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
                curve("Promising", points(|e| e.rejection), Join::Line),
                curve("Early stop", points(|e| e.early_termination), Join::Line),
            ],
            reference_lines: vec![ReferenceLine {
                value: section.alpha,
                label: format!("alpha (p0 = {})", section.p0),
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

/// Rows for the figure of estimates against their targets.
pub(super) fn operating(summary: &Summary) -> Vec<OperatingCharacteristic> {
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

/// The design in words.
pub(super) fn in_words(summary: &Summary, section: &SingleArm, design: &TwoStageDesign) -> String {
    let s = &summary.specification;
    let label = s
        .endpoint_index(&section.endpoint)
        .map_or("", |index| s.endpoints[index].label());
    let found = match (
        section.n1,
        section.optimality.unwrap_or(Optimality::Optimal),
    ) {
        (Some(_), _) => "",
        (None, Optimality::Optimal) => " (Simon's optimal design)",
        (None, Optimality::Minimax) => " (Simon's minimax design)",
    };
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
    format!(
        "{label}. Two stages{found}: stop with at most {} of {}, promising with more than {} of {} \
         (p0 {}, one-sided alpha {}). A product that is not made is {failure}.{included}{toxicity}",
        design.r1,
        design.n1,
        design.r,
        design.n,
        percent(section.p0),
        section.alpha
    )
}
