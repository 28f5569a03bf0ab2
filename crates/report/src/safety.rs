//! Safety table: how many subjects of each arm had an event, with the exact interval.

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, number_or_missing};
use crate::format::{MISSING, coordinate, count, escape, percent};
use crate::html::link_dois;

/// Adverse events by arm. The intervals (Clopper-Pearson) come from the caller.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SafetyTable {
    /// The arms, in the order of the cells.
    pub arms: Vec<SafetyArm>,
    /// One line per event and grade.
    pub rows: Vec<SafetyRow>,
    /// A sentence or two under the table: grading, interval, period.
    pub caption: String,
}

/// One column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SafetyArm {
    /// Name of the arm.
    pub name: String,
    /// Subjects treated: the denominator.
    #[serde(deserialize_with = "number_or_missing")]
    pub treated: f64,
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SafetyRow {
    /// Heading that several lines share, for example `Cytokine release syndrome`.
    pub group: String,
    /// For example `Grade 3 or higher`.
    pub label: String,
    /// One cell per arm.
    pub cells: Vec<SafetyCell>,
}

/// One arm of one line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SafetyCell {
    /// Subjects with the event, or their mean over replicates.
    #[serde(deserialize_with = "number_or_missing")]
    pub subjects: f64,
    /// Proportion of those treated with its exact interval, 0 to 1.
    pub proportion: Estimate,
}

/// The table as HTML; it scrolls sideways by itself where it is wider than the screen.
pub fn render_safety_html(table: &SafetyTable) -> String {
    if table.rows.is_empty() || table.arms.is_empty() {
        return "<p class=\"empty\">No adverse events were recorded for this trial.</p>\n"
            .to_string();
    }
    let mut html = String::from(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Adverse events by arm\">\
         <table class=\"safety\">\n<thead><tr><th scope=\"col\">Event</th>",
    );
    for arm in &table.arms {
        html.push_str(&format!(
            "<th scope=\"col\">{}<small>n = {}</small></th>",
            escape(&arm.name),
            count(arm.treated)
        ));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    let mut group = "";
    for row in &table.rows {
        if row.group != group {
            group = &row.group;
            html.push_str(&format!(
                "<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"{}\">{}</th></tr>\n",
                table.arms.len() + 1,
                escape(group)
            ));
        }
        html.push_str(&format!(
            "<tr><th scope=\"row\">{}</th>",
            escape(&row.label)
        ));
        for arm in 0..table.arms.len() {
            html.push_str(&cell_html(row.cells.get(arm)));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    if !table.caption.is_empty() {
        html.push_str(&format!(
            "<p class=\"note\">{}</p>\n",
            link_dois(&table.caption)
        ));
    }
    html
}

fn cell_html(cell: Option<&SafetyCell>) -> String {
    let Some(cell) = cell.filter(|cell| cell.subjects.is_finite()) else {
        return format!("<td>{MISSING}</td>");
    };
    let proportion = cell.proportion;
    let mut html = format!("<td>{}", count(cell.subjects));
    if proportion.value.is_finite() {
        html.push_str(&format!(
            " <span class=\"share\">({})</span>",
            percent(proportion.value)
        ));
    }
    if proportion.has_interval() {
        html.push_str(&format!(
            "<small>{} to {}</small>",
            percent(proportion.lower),
            percent(proportion.upper)
        ));
    }
    if proportion.value.is_finite() {
        let width = coordinate(100.0 * proportion.value.clamp(0.0, 1.0));
        html.push_str(&format!(
            "<span class=\"meter\"><i style=\"width:{width}%\"></i></span>"
        ));
    }
    html.push_str("</td>");
    html
}
