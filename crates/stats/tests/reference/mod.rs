//! Reads the files of independently computed values in `reference/` at the repository root.

// Each test binary uses a part of it.
#![allow(dead_code)]

use std::collections::HashMap;

/// One row by column name; an empty cell is a value that does not exist.
pub struct Row(HashMap<String, String>);

impl Row {
    pub fn text(&self, column: &str) -> &str {
        self.0
            .get(column)
            .unwrap_or_else(|| panic!("no column {column}"))
    }

    pub fn number(&self, column: &str) -> f64 {
        self.optional(column)
            .unwrap_or_else(|| panic!("{column} is empty"))
    }

    pub fn optional(&self, column: &str) -> Option<f64> {
        match self.text(column) {
            "" => None,
            text => Some(text.parse().unwrap_or_else(|_| panic!("{column}: {text}"))),
        }
    }

    pub fn count(&self, column: &str) -> u64 {
        self.text(column)
            .parse()
            .unwrap_or_else(|_| panic!("{column}: {}", self.text(column)))
    }

    pub fn label(&self, column: &str) -> usize {
        self.count(column) as usize
    }
}

/// All rows of `reference/<name>.csv`.
pub fn rows(name: &str) -> Vec<Row> {
    let path = format!("{}/../../reference/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    let mut reader = csv::Reader::from_path(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    reader.deserialize().map(|row| Row(row.unwrap())).collect()
}

/// One numeric column of some rows.
pub fn column(rows: &[Row], name: &str) -> Vec<f64> {
    rows.iter().map(|row| row.number(name)).collect()
}

/// Fails unless `ours` is within `relative` of `theirs`, or within `absolute` where that is zero
/// or nearly so. The files carry 12 digits.
pub fn assert_close(what: &str, ours: f64, theirs: f64, relative: f64, absolute: f64) {
    let allowed = (relative * theirs.abs()).max(absolute);
    assert!(
        (ours - theirs).abs() <= allowed,
        "{what}: {ours:.15e}, reference {theirs:.15e}, off by {:.1e}, allowed {allowed:.1e}",
        (ours - theirs).abs()
    );
}

/// Closed forms and exact enumeration.
pub fn assert_exact(what: &str, ours: f64, theirs: f64) {
    // 12 printed digits leave half a unit of the twelfth: 5e-12 relative.
    assert_close(what, ours, theirs, 1e-9, 1e-12);
}

/// Deterministic optimisation.
pub fn assert_optimised(what: &str, ours: f64, theirs: f64) {
    assert_close(what, ours, theirs, 1e-6, 1e-8);
}
