//! Every value of the parameter table.

use neurocart_library::Problem;
use neurocart_report::trial_report::Grade;

use super::row::Row;
use super::{Arguments, invalid};
use crate::evidence::table::{Column, Page, Table};
use crate::exit::{Exit, print, print_json};

const ALL_COLUMNS: [Column; 10] = [
    Column::code("grade", "grade"),
    Column::words("symbol", "symbol"),
    Column::words("scope", "scope"),
    Column::words("value", "value"),
    Column::words("unit", "unit").expendable(4),
    Column::words("meaning", "meaning").expendable(2),
    Column::words("source", "source"),
    Column::words("locator", "where").expendable(3),
    Column::words("evidence", "studies"),
    Column::code("read_by_the_model", "read by the model").expendable(1),
];

/// Every value with its grade and studies, the worst known first, in the order of the table within a grade.
pub fn all(arguments: &Arguments, rows: &[Row]) -> Result<(), Exit> {
    let mut rows: Vec<Row> = rows.to_vec();
    if let Some(scope) = &arguments.scope {
        rows.retain(|row| row.scope() == scope);
        if rows.is_empty() {
            return Err(invalid(
                Problem::new("--scope", format!("no parameter has scope `{scope}`"))
                    .hint("scopes stand in the second column of library/parameters.csv"),
            ));
        }
    }
    rows.sort_by_key(|row| Grade::of(row.grade()));
    let mut table = Table::new("parameters", "", &ALL_COLUMNS);
    table.rows = rows
        .iter()
        .map(|row| {
            let [source, locator, _] = row.source();
            vec![
                row.grade().into(),
                row.symbol().into(),
                row.scope().into(),
                row.value(),
                row.unit().into(),
                row.meaning().into(),
                source.into(),
                locator.into(),
                row.evidence().to_vec().into(),
                matches!(row, Row::Used(_)).into(),
            ]
        })
        .collect();
    if arguments.csv {
        return print(&table.csv()?);
    }
    let counts = Grade::ALL.map(|grade| {
        let of_grade = rows.iter().filter(|row| Grade::of(row.grade()) == grade);
        format!("{} {}", of_grade.count(), grade.name())
    });
    let linked = rows.iter().filter(|row| !row.evidence().is_empty()).count();
    let page = Page {
        title: format!(
            "{} values: {}; {linked} with a study behind them",
            rows.len(),
            counts.join(", ")
        ),
        tables: vec![table],
        ..Page::default()
    };
    if arguments.json {
        return print_json(&page);
    }
    page.print()
}
