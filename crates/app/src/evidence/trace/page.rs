//! What a reader sees of one value.

use serde_json::Value;

use neurocart_report::format::significant;
use neurocart_trial::sensitivity::{OutputSensitivity, THRESHOLD};

use super::Trace;
use super::sensitivity::{SENSITIVITY_COLUMNS, points, sensitivity_row};
use crate::evidence::table::{Column, Page, Table};

const STUDY_COLUMNS: [Column; 5] = [
    Column::code("id", "id"),
    Column::words("title", "what it is"),
    Column::code("design", "design").expendable(1),
    Column::words("citation", "cite"),
    Column::code("grade", "grade"),
];

const CALIBRATED_COLUMNS: [Column; 4] = [
    Column::code("id", "comparison"),
    Column::code("kind", "kind"),
    Column::words("title", "figure"),
    Column::words("group", "of").expendable(1),
];

const FAILURE_COLUMNS: [Column; 3] = [
    Column::code("id", "known failure"),
    Column::words("what", "what"),
    Column::words("consequence", "consequence"),
];

/// What a reader sees of one value, the `index`-th of `count`.
pub fn page(trace: &Trace, count: usize, index: usize) -> Page {
    let mut page = Page {
        title: match count {
            1 => format!("{}: {}", trace.symbol, trace.meaning),
            _ => format!(
                "{} ({} of {count}): {}",
                trace.symbol,
                index + 1,
                trace.meaning
            ),
        },
        facts: facts(trace),
        ..Page::default()
    };
    let mut studies = Table::new("evidence", "Studies behind it", &STUDY_COLUMNS);
    studies.rows = trace
        .evidence
        .iter()
        .map(|s| {
            vec![
                s.id.as_str().into(),
                s.title.as_str().into(),
                s.design.as_str().into(),
                s.citation.as_str().into(),
                s.grade.as_str().into(),
            ]
        })
        .collect();
    let mut calibrated = Table::new(
        "calibrated_on",
        "Set by these published figures",
        &CALIBRATED_COLUMNS,
    );
    calibrated.rows = trace
        .calibrated_on
        .iter()
        .map(|c| vec![c.id.into(), c.kind.into(), c.title.into(), c.group.into()])
        .collect();
    let mut failures = Table::new(
        "known_failures",
        "What the model gets wrong through it",
        &FAILURE_COLUMNS,
    );
    failures.rows = trace
        .known_failures
        .iter()
        .map(|f| vec![f.id.into(), f.what.into(), f.consequence.into()])
        .collect();
    page.tables = vec![studies, calibrated, failures];
    let Some(found) = &trace.sensitivity else {
        page.notes.push(match trace.value {
            Value::String(_) => "on record only: no equation reads this value".into(),
            _ => "no disease under a therapy of the library takes its value from this row".into(),
        });
        return page;
    };
    let moving: Vec<&OutputSensitivity> = found.outputs.iter().filter(|o| o.sensitive).collect();
    let title = format!(
        "Outputs that move with it: {}, {}, typical patient, {} weeks",
        found.disease,
        found.therapy,
        significant(found.horizon_days / 7.0)
    );
    let mut table = Table::new("sensitivity", title, &SENSITIVITY_COLUMNS);
    table.rows = moving.iter().map(|o| sensitivity_row(o)).collect();
    page.tables.push(table);
    page.notes.push(format!(
        "the typical patient is solved with {} at {}; per log is d ln output / d ln {}, by differences",
        found.name,
        points(found),
        found.name
    ));
    if moving.is_empty() {
        page.notes.push(
            "no output of the typical patient moves: nothing is drawn for it, so neither variability nor noise shows, and no \
             therapy of the library gives steroid or exchange".into(),
        );
    }
    let still: Vec<&str> = found
        .outputs
        .iter()
        .filter(|o| !o.sensitive)
        .map(|o| o.label.as_str())
        .collect();
    if !still.is_empty() && !moving.is_empty() {
        page.notes.push(format!(
            "not sensitive (below {THRESHOLD} per log, and below {} % over its range): {}",
            significant(100.0 * THRESHOLD),
            still.join(", ")
        ));
    }
    page.notes.extend(
        found
            .not_solved
            .iter()
            .map(|why| format!("not solved {why}")),
    );
    page
}

fn facts(trace: &Trace) -> Vec<(String, String)> {
    let mut facts = vec![("scope".to_owned(), trace.scope.to_owned())];
    let mut add = |label: &str, text: String| {
        if !text.is_empty() {
            facts.push((label.to_owned(), text));
        }
    };
    let unit = match trace.unit {
        "1" => String::new(),
        // `3 1/d` would read as a fraction.
        unit if unit.starts_with(|c: char| c.is_ascii_digit()) => format!("({unit})"),
        unit => unit.to_owned(),
    };
    let value = match &trace.value {
        Value::String(text) => text.clone(),
        number => number.as_f64().map(plain).unwrap_or_default(),
    };
    add("value", format!("{value} {unit}").trim().to_owned());
    add(
        "range",
        match (trace.low, trace.high) {
            (Some(low), Some(high)) => format!("{} to {}", plain(low), plain(high)),
            _ => String::new(),
        },
    );
    add(
        "patients",
        match (trace.distribution.as_deref(), trace.cv) {
            (Some("fixed"), _) => "the same in all".to_owned(),
            (Some("logit-normal"), Some(cv)) => {
                format!("logit-normal, SD {} on the logit scale", plain(cv))
            }
            (Some("gamma"), Some(cv)) => {
                format!("gamma frailty of CV {} %", significant(100.0 * cv))
            }
            (Some(kind), Some(cv)) => format!("{kind}, CV {} %", significant(100.0 * cv)),
            _ => String::new(),
        },
    );
    add("grade", format!("{}: {}", trace.grade, trace.grade_meaning));
    add("source", trace.source.to_owned());
    add("where", trace.locator.to_owned());
    add("read at", trace.address.to_owned());
    facts
}

/// A value as in the parameter table.
fn plain(value: f64) -> String {
    value.to_string()
}
