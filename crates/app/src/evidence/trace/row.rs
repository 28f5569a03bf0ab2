//! Rows of the parameter table, and those that a name means.

use serde_json::Value;

use neurocart_library::{Library, Problem, nearest};
use neurocart_trial::parameters::{Parameter, Parameters, Recorded};
use neurocart_trial::therapy::Therapy;

use super::invalid;
use crate::exit::Exit;

/// A row of the parameter table, read by the model or only kept on record.
#[derive(Clone, Copy)]
pub enum Row<'a> {
    Used(&'a Parameter),
    Recorded(&'a Recorded),
}

pub fn rows(parameters: &Parameters) -> Vec<Row<'_>> {
    let used = parameters.rows().iter().map(Row::Used);
    let recorded = parameters.recorded().iter().map(Row::Recorded);
    let mut rows: Vec<Row> = used.chain(recorded).collect();
    rows.sort_by_key(|row| row.line());
    rows
}

impl<'a> Row<'a> {
    pub fn line(self) -> usize {
        match self {
            Row::Used(r) => r.line,
            Row::Recorded(r) => r.line,
        }
    }
    pub fn symbol(self) -> &'a str {
        match self {
            Row::Used(r) => &r.symbol,
            Row::Recorded(r) => &r.symbol,
        }
    }
    pub fn scope(self) -> &'a str {
        match self {
            Row::Used(r) => &r.scope,
            Row::Recorded(r) => &r.scope,
        }
    }
    pub fn grade(self) -> &'a str {
        match self {
            Row::Used(r) => &r.grade,
            Row::Recorded(r) => &r.grade,
        }
    }
    pub fn evidence(self) -> &'a [String] {
        match self {
            Row::Used(r) => &r.evidence,
            Row::Recorded(r) => &r.evidence,
        }
    }
    /// Source, locator and address.
    pub fn source(self) -> [&'a str; 3] {
        match self {
            Row::Used(r) => [&r.source, &r.locator, &r.address],
            Row::Recorded(r) => [&r.source, &r.locator, &r.address],
        }
    }
    pub fn meaning(self) -> &'a str {
        match self {
            Row::Used(r) => &r.meaning,
            Row::Recorded(r) => &r.meaning,
        }
    }
    pub fn unit(self) -> &'a str {
        match self {
            Row::Used(r) => &r.unit,
            Row::Recorded(r) => &r.unit,
        }
    }
    pub fn value(self) -> Value {
        match self {
            Row::Used(r) => r.value.into(),
            Row::Recorded(r) => r.value.as_str().into(),
        }
    }
}

/// The rows that `name` means: a symbol, `drug.symbol` as in reports, or `scope/symbol`.
pub fn found<'a>(
    rows: &[Row<'a>],
    parameters: &Parameters,
    library: &Library,
    name: &str,
    scope: Option<&str>,
) -> Result<Vec<Row<'a>>, Exit> {
    let mut found: Vec<Row> = rows
        .iter()
        .copied()
        .filter(|r| r.symbol() == name)
        .collect();
    if let Some((scope, symbol)) = name.rsplit_once('/') {
        found = rows
            .iter()
            .copied()
            .filter(|r| r.symbol() == symbol && r.scope() == scope)
            .collect();
    } else if let Some((drug, symbol)) = name.split_once('.') {
        let scopes = drug_scopes(library, drug)?;
        let row = scopes
            .iter()
            .find_map(|scope| parameters.row(scope, symbol));
        found = row
            .map(|row| {
                rows.iter()
                    .copied()
                    .filter(|r| r.line() == row.line)
                    .collect()
            })
            .unwrap_or_default();
    }
    if found.is_empty() {
        let problem = Problem::new("evidence trace", format!("unknown parameter `{name}`"));
        let plain = name.rsplit(['/', '.']).next().unwrap_or(name);
        return Err(invalid(
            match nearest(plain, rows.iter().map(|r| r.symbol())) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint("`neurocart evidence trace --all` lists every parameter"),
            },
        ));
    }
    let Some(scope) = scope else {
        return Ok(found);
    };
    let of_scope: Vec<Row> = found
        .iter()
        .copied()
        .filter(|r| r.scope() == scope)
        .collect();
    if of_scope.is_empty() {
        let scopes: Vec<&str> = found.iter().map(|r| r.scope()).collect();
        let message = format!("`{name}` has no value of scope `{scope}`");
        return Err(invalid(
            Problem::new("--scope", message).hint(format!("its scopes: {}", scopes.join(", "))),
        ));
    }
    Ok(of_scope)
}

/// Scopes from which a drug takes its values, its own first.
fn drug_scopes(library: &Library, drug: &str) -> Result<Vec<String>, Exit> {
    for id in library.therapy_ids() {
        let therapy = Therapy::load(library, id, &[])?;
        if let Some(found) = therapy.drugs.iter().find(|d| d.name == drug) {
            return Ok(vec![found.scope(), format!("module:{}", found.module)]);
        }
    }
    Ok(vec![format!("drug:{drug}")])
}
