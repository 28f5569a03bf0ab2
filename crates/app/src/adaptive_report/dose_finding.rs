//! Dose finding: which dose is named, and what it costs.

use neurocart_report::estimate::Estimate;
use neurocart_report::figure::ReferenceLine;
use neurocart_report::figure::responders::{ResponderBar, ResponderFigure, ResponderGroup};
use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_report::trial_report::{CurveFigure, DesignFigure, Join, KeyNumber};
use neurocart_stats::dose_finding::DoseFindingDesign;
use neurocart_trial::adaptive::characteristics::DoseFindingCharacteristics;
use neurocart_trial::adaptive::dose_finding::rule;
use neurocart_trial::operating_characteristics::MonteCarlo;
use neurocart_trial::specification::{DoseFinding, DoseFindingMethod};
use neurocart_trial::summary::Summary;

use super::{
    curve, key_number, mean, mean_with_error, note, share, share_with_error, toxicity_in_words,
    weeks,
};
use crate::design::boundaries::{boundary_figure, boundary_table, of_boin, of_interval};
use crate::wording;

/// Lines of the answer.
pub(super) fn key_numbers(summary: &Summary, doses: &DoseFindingCharacteristics) -> Vec<KeyNumber> {
    let mut lines = Vec::new();
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
    lines.push(key_number(
        "Dose named",
        selected.join(", "),
        format!("Monte Carlo SE at most {} points", fixed(100.0 * error, 2)),
    ));
    lines.push(key_number(
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
    ));
    if summary.specification.single_arm.is_none() {
        lines.push(key_number(
            "Size and duration",
            format!(
                "{} treated, {} with a DLT, {} weeks",
                mean(&doses.treated),
                mean(&doses.dlts),
                weeks(&doses.duration_days)
            ),
            format!("mean; {} enrolled", mean(&doses.enrolled)),
        ));
    }
    lines
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
pub(super) fn selection(summary: &Summary, doses: &DoseFindingCharacteristics) -> ResponderFigure {
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
    ResponderFigure {
        title: "Dose named at the end of dose finding".into(),
        definition: "Share of replicates that name the dose.".into(),
        groups: vec![ResponderGroup {
            label: String::new(),
            bars,
        }],
        comparison: String::new(),
        caption: "Whiskers are the 95 % Monte Carlo interval (Wilson).".into(),
    }
}

/// True toxicity and selection by dose, with the table of both.
pub(super) fn figure(summary: &Summary, doses: &DoseFindingCharacteristics) -> DesignFigure {
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
                curve(
                    "True DLT",
                    by_dose(&|n| doses.doses[n].true_dlt),
                    Join::Marked,
                ),
                curve("Named", by_dose(&|n| doses.doses[n].selected), Join::Points),
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

/// What the rule says after so many patients at a dose; nothing where it looks at more than that
/// dose.
pub(super) fn decisions(summary: &Summary) -> Option<DesignFigure> {
    let section = summary.specification.dose_finding.as_ref()?;
    let patients = section.maximum_subjects as u64;
    let doses = summary.specification.arms.len();
    let boundaries = match rule(section, doses).ok()? {
        DoseFindingDesign::Interval(settings) => of_interval(&settings, patients).ok()?,
        DoseFindingDesign::Boin(settings) => of_boin(&settings, patients).ok()?,
        _ => return None,
    };
    let table = boundary_table(&boundaries);
    Some(DesignFigure {
        figure: boundary_figure("Decisions", &boundaries),
        caption: "What the rule says after so many patients at a dose, before the ends of the dose range."
            .into(),
        head: table.head,
        rows: table.rows,
    })
}

/// The design in words.
pub(super) fn in_words(section: &DoseFinding) -> String {
    let stagger = match section.stagger_days > 0.0 {
        true => format!(
            ", {} days or more between the first two of a cohort",
            section.stagger_days
        ),
        false => String::new(),
    };
    format!(
        "{}, target {}; cohorts of {}{stagger}, at most {} treated; a dose is eliminated at a posterior \
         probability of {} to be above the target.\nDose-limiting: {}",
        method_in_words(section.design),
        percent(section.target),
        section.cohort_size,
        section.maximum_subjects,
        section.elimination_cutoff,
        toxicity_in_words(&section.dose_limiting_toxicity)
    )
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
