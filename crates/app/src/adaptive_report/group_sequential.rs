//! Looks: boundaries and where trials end.

use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_report::trial_report::{CurveFigure, DesignFigure, Join, KeyNumber};
use neurocart_trial::adaptive::characteristics::{
    GroupSequentialCharacteristics, LookCharacteristics,
};
use neurocart_trial::specification::{
    Alternative, Analysis, GroupSequential, OutcomeKind, SpendingFunction,
};
use neurocart_trial::summary::Summary;

use super::{curve, key_number, mean, mean_with_error, note, share, share_with_error, weeks};
use crate::answer::by_arm;
use crate::wording;

/// Lines of the answer.
pub(super) fn key_numbers(
    summary: &Summary,
    looks: &GroupSequentialCharacteristics,
) -> Vec<KeyNumber> {
    let mut lines = Vec::new();
    lines.push(key_number(
        "Power",
        share(&looks.rejected_in_favour),
        note(&looks.rejected_in_favour),
    ));
    lines.extend(type_one_error(summary));
    lines.push(where_it_ends(looks));
    let events = match counts_events(summary) {
        true => format!(" {} events,", mean(&looks.events)),
        false => String::new(),
    };
    lines.push(key_number(
        "Size and duration",
        format!(
            "{} subjects,{events} {} weeks",
            mean(&looks.subjects),
            weeks(&looks.duration_days)
        ),
        "mean at the last look".into(),
    ));
    if let Some((label, value, note)) = by_arm(summary) {
        lines.push(key_number(&label, value, note));
    }
    lines
}

/// More looks than this are not listed one by one in the answer.
const LISTED_LOOKS: usize = 4;

fn where_it_ends(looks: &GroupSequentialCharacteristics) -> KeyNumber {
    let ends = |look: &LookCharacteristics| {
        format!(
            "rejects {}, gives up {}",
            share(&look.rejected),
            share(&look.not_rejected)
        )
    };
    let all = &looks.looks;
    if all.len() <= LISTED_LOOKS {
        let list: Vec<String> = all
            .iter()
            .enumerate()
            .map(|(number, look)| format!("look {} {}", number + 1, ends(look)))
            .collect();
        return key_number(
            "Where it ends",
            list.join("; "),
            "share of replicates".into(),
        );
    }
    let last = &all[all.len() - 1];
    key_number(
        "Where it ends",
        format!("look {} {}", all.len(), ends(last)),
        format!(
            "share of replicates; {} come to this last look, the others end before",
            share(&last.reached)
        ),
    )
}

/// Type I error of the primary analysis, at the worst null.
fn type_one_error(summary: &Summary) -> Option<KeyNumber> {
    let worst = summary.type_one_errors.iter().find(|e| e.worst)?;
    let which = match summary.type_one_errors.len() {
        1 => format!("null `{}`", worst.null),
        n => format!("worst of {n} nulls: `{}`", worst.null),
    };
    Some(key_number(
        "Type I error",
        percent(worst.rejected.value),
        format!("{which}, {}", wording::proportion_note(&worst.rejected)),
    ))
}

fn primary(summary: &Summary) -> Option<&Analysis> {
    let index = summary.specification.primary_analysis()?;
    Some(&summary.specification.analyses[index])
}

/// Whether the primary endpoint has events or responders to count.
fn counts_events(summary: &Summary) -> bool {
    primary(summary).is_some_and(|analysis| analysis.method.outcome() != OutcomeKind::Continuous)
}

/// The planned boundaries, with what happens at each look.
pub(super) fn boundaries(
    summary: &Summary,
    looks: &GroupSequentialCharacteristics,
) -> DesignFigure {
    let two_sided = primary(summary).is_some_and(|a| a.alternative == Alternative::TwoSided);
    let z = if two_sided { "|z|" } else { "z" };
    let points = |of: &dyn Fn(usize) -> Option<f64>| -> Vec<(f64, f64)> {
        (0..looks.looks.len())
            .filter_map(|k| Some((looks.looks[k].planned_information, of(k)?)))
            .filter(|point| point.1.is_finite())
            .collect()
    };
    let efficacy = points(&|k| Some(looks.looks[k].planned_efficacy));
    let futility = points(&|k| looks.looks[k].planned_futility);
    let mut curves = vec![curve("Reject", efficacy, Join::Marked)];
    if !futility.is_empty() {
        curves.push(curve("Futility", futility, Join::Marked));
    }
    let head = [
        "Look",
        "Information planned",
        "Information observed (MC SE)",
        if two_sided {
            "Reject from |z|"
        } else {
            "Reject from z"
        },
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
            y_label: z.into(),
            percent: false,
            curves,
            reference_lines: Vec::new(),
        },
        caption: format!(
            "Planned boundaries of {z}; each trial works its own out from the information it observes. The \
             median-unbiased estimate is off by {}, the naive one by {} (scale of the analysis).",
            mean_with_error(&looks.bias),
            mean_with_error(&looks.naive_bias)
        ),
        head: head.map(str::to_string).to_vec(),
        rows,
    }
}

fn is_worst(summary: &Summary, null: &str) -> bool {
    let errors = &summary.type_one_errors;
    errors.len() > 1 && errors.iter().any(|e| e.worst && e.null == null)
}

/// Where trials end, by truth.
pub(super) fn stopping(summary: &Summary) -> DesignFigure {
    let (mut curves, mut rows) = (Vec::new(), Vec::new());
    for found in &summary.designs {
        let Some(looks) = &found.group_sequential else {
            continue;
        };
        let name = match found.truth.as_str() {
            "as_designed" => "As modelled".to_string(),
            null if is_worst(summary, null) => format!("Null `{null}`, the worst"),
            null => format!("Null `{null}`"),
        };
        let mut sum = 0.0;
        let points = looks.looks.iter().map(|look| {
            sum += look.rejected.map_or(0.0, |m| m.value);
            (look.planned_information, sum)
        });
        curves.push(curve(&name, points.collect(), Join::Marked));
        let mut row = vec![
            name,
            share_with_error(&looks.rejected),
            mean_with_error(&looks.subjects),
        ];
        if counts_events(summary) {
            row.push(mean_with_error(&looks.events));
        }
        row.push(weeks(&looks.duration_days));
        rows.push(row);
    }
    let mut head = vec!["Truth", "Rejected", "Subjects"];
    if counts_events(summary) {
        head.push("Events");
    }
    head.push("Weeks");
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
        head: head.into_iter().map(str::to_string).collect(),
        rows,
    }
}

/// The design in words.
pub(super) fn in_words(section: &GroupSequential) -> String {
    let information: Vec<String> = section.information.iter().map(f64::to_string).collect();
    let of = section.events.map_or("the subjects".to_string(), |events| {
        format!("{events} events")
    });
    let futility = match &section.futility {
        Some(rule) if rule.binding => ", with binding futility",
        Some(_) => ", with non-binding futility",
        None => "",
    };
    format!(
        "at {} of {of}; {}{futility}",
        information.join(", "),
        spending_in_words(section.spending)
    )
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
