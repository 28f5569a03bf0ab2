//! Meta-regression, three-level model and small-study tests.

use serde_json::json;

use neurocart_evidence::codes::code;
use neurocart_evidence::robustness::{self, clustered, moderation, small_study};
use neurocart_evidence::series::Series;
use neurocart_evidence::vocabulary::Vocabulary;

use super::{Arguments, property};
use crate::evidence::table::{Column, Page, Table};
use crate::evidence::wording::cell;
use crate::exit::Exit;

/// Meta-regression, three-level model and small-study tests, where asked for.
pub fn robust(
    arguments: &Arguments,
    all: &Series,
    vocabulary: &Vocabulary,
    page: &mut Page,
) -> Result<(), Exit> {
    let scale = robustness::scale(all.measure);
    if let Some(property) = property("moderator", arguments.moderator.as_deref())? {
        match moderation(all, property, vocabulary) {
            Ok(fit) => {
                let columns = [
                    Column::words("coefficient", "coefficient"),
                    Column::number("estimate", "estimate"),
                    Column::number("lower", "lower"),
                    Column::number("upper", "upper"),
                    Column::number("p_value", "p"),
                ];
                let title = format!("{}, on the scale: {scale}", fit.method);
                let mut table = Table::new("meta_regression", title, &columns);
                for c in &fit.coefficients {
                    table.rows.push(vec![
                        c.name.as_str().into(),
                        cell(Some(c.coefficient), ""),
                        cell(Some(c.lower), ""),
                        cell(Some(c.upper), ""),
                        cell(Some(c.p_value), ""),
                    ]);
                }
                page.tables.push(table);
                page.json.push(("meta_regression_fit", json!(fit)));
            }
            Err(why) => page.notes.push(format!("no meta-regression: {why}")),
        }
    }
    if let Some(property) = property("cluster", arguments.cluster.as_deref())? {
        match clustered(all, property, vocabulary) {
            Ok(fit) => {
                page.facts.push((
                    "three-level".into(),
                    format!(
                        "{:.3} ({:.3} to {:.3}), {} clusters by {}, tau between {:.3}, within {:.3}; {}; scale: {scale}",
                        fit.estimate, fit.lower, fit.upper, fit.clusters, code(&property), fit.tau_between, fit.tau_within, fit.method
                    ),
                ));
                page.json.push(("three_level", json!(fit)));
            }
            Err(why) => page.notes.push(format!("no three-level model: {why}")),
        }
    }
    if arguments.small_study {
        match small_study(all) {
            Ok(tests) => {
                let columns = [
                    Column::words("method", "method"),
                    Column::number("p_value", "p"),
                    Column::words("result", "result"),
                ];
                let mut table = Table::new("small_study", "Small-study effects", &columns);
                for test in &tests {
                    table.rows.push(vec![
                        test.method.as_str().into(),
                        cell(test.p_value, ""),
                        test.result.as_str().into(),
                    ]);
                }
                page.tables.push(table);
            }
            Err(why) => page
                .notes
                .push(format!("no test for small-study effects: {why}")),
        }
    }
    Ok(())
}
