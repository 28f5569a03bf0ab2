//! Reads `reference/NAME.csv`: answers written out by hand or by another program.

#![allow(dead_code)]

use std::collections::HashMap;

/// One row, by column name.
pub struct Row(HashMap<String, String>);

impl Row {
    /// The text of a column.
    pub fn text(&self, column: &str) -> &str {
        self.0
            .get(column)
            .unwrap_or_else(|| panic!("no column {column}"))
    }

    /// A number; `None` where the cell is empty.
    pub fn number(&self, column: &str) -> Option<f64> {
        match self.text(column) {
            "" | "NA" => None,
            text => Some(
                text.parse()
                    .unwrap_or_else(|_| panic!("{column}: {text} is no number")),
            ),
        }
    }

    /// A number that must be there.
    pub fn value(&self, column: &str) -> f64 {
        self.number(column)
            .unwrap_or_else(|| panic!("{column} is empty"))
    }

    /// A whole number that must be there.
    pub fn whole(&self, column: &str) -> u8 {
        let value = self.value(column);
        assert!(value.fract() == 0.0 && (0.0..256.0).contains(&value));
        value as u8
    }

    /// 0 or 1.
    pub fn flag(&self, column: &str) -> bool {
        match self.text(column) {
            "0" => false,
            "1" => true,
            other => panic!("{column}: {other} is no flag"),
        }
    }
}

/// Every row of a file.
pub fn rows(name: &str) -> Vec<Row> {
    let path = format!("{}/../../reference/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    let mut reader = csv::Reader::from_path(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    reader
        .deserialize()
        .map(|row| Row(row.unwrap_or_else(|e| panic!("{path}: {e}"))))
        .collect()
}
