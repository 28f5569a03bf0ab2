//! The studies taken, the pooled answers, their certainty, and what was left out.

use serde_json::{Value, json};

use neurocart_evidence::certainty::certainty;
use neurocart_evidence::codes::code;
use neurocart_evidence::series::Series;

use super::Group;
use crate::evidence::printed::grade_and_tier;
use crate::evidence::table::{Column, Table};
use crate::evidence::wording::{self, cell};

/// Columns of the studies taken.
const STUDIES: [Column; 16] = [
    Column::code("study", "study"),
    Column::number("year", "year").expendable(6),
    Column::code("diseases", "disease").expendable(2),
    Column::words("target", "target").expendable(3),
    Column::code("arm", "arm").expendable(7),
    Column::number("time_months", "months").expendable(1),
    Column::number("events", "events"),
    Column::number("total", "patients"),
    Column::number("value", "value"),
    Column::number("lower", "lower"),
    Column::number("upper", "upper"),
    Column::words("interval", "interval").expendable(9),
    Column::code("grade", "grade").expendable(5),
    Column::code("risk_of_bias", "risk of bias").expendable(4),
    Column::words("remark", "remark").expendable(8),
    Column::words("citation", "citation").expendable(10),
];

/// The studies taken.
pub fn studies(series: &Series) -> Table {
    let mut table = Table::new("studies", "Studies", &STUDIES);
    for row in &series.rows {
        let mut remarks = Vec::new();
        remarks.extend(row.text.clone());
        let exposure = row.exposure_patient_years;
        remarks.extend(exposure.map(|t| format!("{} patient-years", wording::number(t, ""))));
        remarks.extend(
            row.implied
                .as_ref()
                .map(|from| format!("count implied: {from}")),
        );
        remarks.extend(
            row.not_pooled
                .as_ref()
                .map(|r| format!("not pooled: {}", r.words())),
        );
        remarks.extend(row.grading.as_ref().map(|g| format!("graded by {g}")));
        table.rows.push(vec![
            row.study.as_str().into(),
            row.year.into(),
            row.diseases.clone().into(),
            row.target.as_str().into(),
            row.arm.as_str().into(),
            row.time_months.map(|t| (t * 10.0).round() / 10.0).into(),
            row.events.into(),
            row.total.into(),
            cell(row.estimate, &row.unit),
            cell(row.lower, &row.unit),
            cell(row.upper, &row.unit),
            row.interval.as_str().into(),
            grade_and_tier(row.grade, row.tier).into(),
            row.risk
                .map_or("not judged".to_owned(), |r| code(&r))
                .into(),
            remarks.join("; ").into(),
            format!("{}, {}", row.citation, row.locator).into(),
        ]);
    }
    table
}

const POOLED: [Column; 10] = [
    Column::words("group", "group"),
    Column::words("method", "method"),
    Column::code("role", "role").expendable(2),
    Column::number("studies", "studies"),
    Column::number("patients", "patients"),
    Column::number("estimate", "estimate"),
    Column::number("lower", "lower"),
    Column::number("upper", "upper"),
    Column::number("prediction_lower", "prediction lower").expendable(1),
    Column::number("prediction_upper", "upper of it").expendable(1),
];

pub fn pooled(groups: &[Group]) -> Table {
    let mut table = Table::new("pooled", "Pooled, with 95 % intervals", &POOLED);
    for group in groups {
        let unit = wording::unit(&group.series);
        for e in &group.pooled.estimates {
            table.rows.push(vec![
                group.label.as_str().into(),
                e.method.as_str().into(),
                code(&e.role).into(),
                group.pooled.studies.into(),
                group.pooled.patients.into(),
                cell(Some(e.estimate), unit),
                cell(Some(e.lower), unit),
                cell(Some(e.upper), unit),
                cell(e.prediction_lower, unit),
                cell(e.prediction_upper, unit),
            ]);
        }
    }
    table
}

const CERTAINTY: [Column; 4] = [
    Column::words("group", "group"),
    Column::words("domain", "domain"),
    Column::number("down", "down"),
    Column::words("why", "why"),
];

/// GRADE judgements as a table and as JSON.
pub fn judgements(groups: &[Group]) -> (Table, Value) {
    let mut table = Table::new(
        "judgements",
        "Certainty (GRADE, by stated rules)",
        &CERTAINTY,
    );
    let mut levels = Vec::new();
    for group in groups {
        let Some(certainty) = certainty(&group.series, &group.pooled, &[]) else {
            continue;
        };
        for judgement in &certainty.judgements {
            table.rows.push(vec![
                group.label.as_str().into(),
                judgement.domain.words().into(),
                judgement.down.into(),
                judgement.why.as_str().into(),
            ]);
        }
        table.rows.push(vec![
            group.label.as_str().into(),
            "certainty".into(),
            Value::Null,
            format!(
                "{} (starts {})",
                certainty.level.words(),
                certainty.start.words()
            )
            .into(),
        ]);
        levels.push(
            json!({ "group": group.label, "start": certainty.start, "level": certainty.level }),
        );
    }
    (table, levels.into())
}

const LEFT_OUT: [Column; 4] = [
    Column::code("study", "study"),
    Column::code("arm", "arm"),
    Column::number("time_months", "months"),
    Column::words("reason", "reason"),
];

/// What was left out.
pub fn left_out(series: &Series) -> Table {
    let mut table = Table::new("left_out", "Left out", &LEFT_OUT);
    for left in &series.left_out {
        table.rows.push(vec![
            left.study.as_str().into(),
            left.arm.as_str().into(),
            left.time_months.map(|t| (t * 10.0).round() / 10.0).into(),
            left.reason.words().into(),
        ]);
    }
    table
}
