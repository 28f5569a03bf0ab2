//! Designs that decide while the trial runs, in words, numbers and figures.

mod dose_finding;
mod group_sequential;
mod two_stage;

use neurocart_report::figure::responders::ResponderFigure;
use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_report::trial_report::{
    Curve, DesignFigure, Join, KeyNumber, OperatingCharacteristic,
};
use neurocart_trial::adaptive::characteristics::DesignCharacteristics;
use neurocart_trial::operating_characteristics::MonteCarlo;
use neurocart_trial::specification::{DoseLimitingToxicity, Manufacturing};
use neurocart_trial::summary::Summary;

use crate::answer::safety_line;
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

fn weeks(days: &Option<MonteCarlo>) -> String {
    days.map_or("–".into(), |m| fixed(m.value / 7.0, 0))
}

fn note(m: &Option<MonteCarlo>) -> String {
    m.map_or(String::new(), |m| wording::proportion_note(&m))
}

fn key_number(label: &str, value: String, note: String) -> KeyNumber {
    KeyNumber {
        label: label.into(),
        value,
        note,
    }
}

/// The answer in at most six lines.
pub fn key_numbers(summary: &Summary) -> Vec<KeyNumber> {
    let Some(found) = designed(summary) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if let Some(doses) = &found.dose_finding {
        lines.extend(dose_finding::key_numbers(summary, doses));
    }
    if let Some(arm) = &found.single_arm {
        lines.extend(two_stage::key_numbers(summary, arm));
    }
    if let Some(looks) = &found.group_sequential {
        lines.extend(group_sequential::key_numbers(summary, looks));
    }
    if let Some((value, note)) = safety_line(summary) {
        lines.push(key_number("Safety", value, note));
    }
    lines.truncate(LINES);
    lines
}

/// The share of replicates that name each dose, as bars.
pub fn selection(summary: &Summary) -> Vec<ResponderFigure> {
    designed(summary)
        .and_then(|found| found.dose_finding.as_ref())
        .map(|doses| dose_finding::selection(summary, doses))
        .into_iter()
        .collect()
}

/// Curves with their tables.
pub fn figures(summary: &Summary) -> Vec<DesignFigure> {
    let mut figures = Vec::new();
    let Some(found) = designed(summary) else {
        return figures;
    };
    if let Some(doses) = &found.dose_finding {
        figures.push(dose_finding::figure(summary, doses));
        figures.extend(dose_finding::decisions(summary));
    }
    if found.single_arm.is_some() {
        figures.extend(two_stage::figure(summary));
    }
    if let Some(looks) = &found.group_sequential {
        figures.push(group_sequential::boundaries(summary, looks));
        figures.push(group_sequential::stopping(summary));
    }
    figures
}

fn curve(name: &str, points: Vec<(f64, f64)>, join: Join) -> Curve {
    Curve {
        name: name.into(),
        points,
        join,
    }
}

/// Rows for the figure of estimates against their targets.
pub fn operating(summary: &Summary) -> Vec<OperatingCharacteristic> {
    two_stage::operating(summary)
}

/// The design in words: label and text.
pub fn design_in_words(summary: &Summary) -> Vec<(&'static str, String)> {
    let s = &summary.specification;
    let mut items = Vec::new();
    if let Some(made) = &s.manufacturing {
        items.push(("Manufacturing", manufacturing_in_words(made)));
    }
    if let Some(section) = &s.dose_finding {
        items.push(("Dose finding", dose_finding::in_words(section)));
    }
    if let (Some(section), Some(design)) = (&s.single_arm, &summary.two_stage) {
        items.push(("Single arm", two_stage::in_words(summary, section, design)));
    }
    if let Some(section) = &s.group_sequential {
        items.push(("Looks", group_sequential::in_words(section)));
    }
    items
}

fn manufacturing_in_words(made: &Manufacturing) -> String {
    let [shortest, longest] = made.vein_to_vein_days;
    let short = match made.shortfall_probability > 0.0 {
        true => format!(
            ", {} hold too few cells, so that the next lower dose is given",
            percent(made.shortfall_probability)
        ),
        false => String::new(),
    };
    format!(
        "{shortest} to {longest} days from vein to vein; {} are not made{short}",
        percent(made.failure_probability)
    )
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
