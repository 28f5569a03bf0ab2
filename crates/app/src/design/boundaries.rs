//! Decision boundaries of dose finding by the number of patients at the dose: table, JSON, figure.

use serde_json::{Value, json};

use neurocart_report::figure::curves::{Curve, CurveFigure, Join};
use neurocart_stats::InputError;
use neurocart_stats::dose_finding::{
    BoinSettings, IntervalDecision, IntervalDecisionRow, IntervalSettings, boin_boundaries,
    interval_decision_table,
};

use super::answer::Table;
use super::notation::or_missing;

/// When a dose is given up for good.
pub const ELIMINATION: &str = "a dose is eliminated, with all above, when Pr(DLT rate > target) > 0.95 and at least 3 are treated";

/// Patients with a DLT at which a dose is left, after one number of patients.
pub struct Boundary {
    pub treated: u64,
    pub escalate_at_most: Option<u64>,
    pub de_escalate_at_least: Option<u64>,
    pub eliminate_at_least: Option<u64>,
}

/// Those of BOIN for 1 to `patients` patients at a dose.
pub fn of_boin(settings: &BoinSettings, patients: u64) -> Result<Vec<Boundary>, InputError> {
    let rows = boin_boundaries(settings, patients)?;
    let boundaries = rows.iter().map(|row| Boundary {
        treated: row.treated,
        escalate_at_most: Some(row.escalate_at_most),
        de_escalate_at_least: Some(row.de_escalate_at_least),
        eliminate_at_least: row.eliminate_at_least,
    });
    Ok(boundaries.collect())
}

/// Those of keyboard, mTPI-2 or mTPI for 1 to `patients` patients at a dose.
pub fn of_interval(
    settings: &IntervalSettings,
    patients: u64,
) -> Result<Vec<Boundary>, InputError> {
    let decisions = interval_decision_table(settings, patients)?;
    let same_number = decisions.chunk_by(|a, b| a.treated == b.treated);
    Ok(same_number.map(boundary).collect())
}

/// From the rows of one number of patients, DLT rising.
fn boundary(rows: &[IntervalDecisionRow]) -> Boundary {
    let first = |which: fn(&IntervalDecisionRow) -> bool| {
        rows.iter().find(|row| which(row)).map(|row| row.dlt)
    };
    let escalated = rows
        .iter()
        .rev()
        .find(|row| row.decision == IntervalDecision::Escalate);
    Boundary {
        treated: rows[0].treated,
        escalate_at_most: escalated.map(|row| row.dlt),
        de_escalate_at_least: first(|row| row.decision == IntervalDecision::DeEscalate),
        eliminate_at_least: first(|row| row.eliminate),
    }
}

pub fn boundary_table(boundaries: &[Boundary]) -> Table {
    let mut table = Table::new(
        "Boundaries by the number of patients at the dose",
        &[
            "treated",
            "escalate, DLT <=",
            "de-escalate, DLT >=",
            "eliminate, DLT >=",
        ],
    );
    for row in boundaries {
        table.rows.push(vec![
            row.treated.to_string(),
            or_missing(row.escalate_at_most),
            or_missing(row.de_escalate_at_least),
            or_missing(row.eliminate_at_least),
        ]);
    }
    table
}

pub fn boundary_json(boundaries: &[Boundary]) -> Vec<Value> {
    let rows = boundaries.iter().map(|row| {
        json!({
            "treated": row.treated,
            "escalate_at_most": row.escalate_at_most,
            "de_escalate_at_least": row.de_escalate_at_least,
            "eliminate_at_least": row.eliminate_at_least,
        })
    });
    rows.collect()
}

/// Boundaries that do not exist are left out.
pub fn boundary_figure(title: &str, boundaries: &[Boundary]) -> CurveFigure {
    let curve = |name: &str, value: fn(&Boundary) -> Option<u64>| Curve {
        name: name.to_owned(),
        points: boundaries
            .iter()
            .filter_map(|row| Some((row.treated as f64, value(row)? as f64)))
            .collect(),
        join: Join::Step,
    };
    CurveFigure {
        title: title.to_owned(),
        x_label: "Patients at the dose".to_owned(),
        y_label: "Patients with a DLT".to_owned(),
        curves: vec![
            curve("eliminate at least", |row| row.eliminate_at_least),
            curve("de-escalate at least", |row| row.de_escalate_at_least),
            curve("escalate at most", |row| row.escalate_at_most),
        ],
        ..CurveFigure::default()
    }
}
