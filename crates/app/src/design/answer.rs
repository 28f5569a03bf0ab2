//! What a design command answers, and how it is shown: as text, JSON or a figure.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::exit::{Exit, print, print_json, say, write_file};

/// How the answer is wanted; the same for every design.
#[derive(Args)]
pub struct Form {
    /// The answer as JSON on standard output.
    #[arg(long)]
    json: bool,
    /// Write the figure to this file (SVG).
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
}

/// The answer of a design command. Texts carry their units.
#[derive(Default)]
pub struct Answer {
    /// What was asked, in a line.
    pub title: String,
    /// The answer in a few lines: what, and its value.
    pub facts: Vec<(String, String)>,
    /// Tables, in the order in which they are read.
    pub tables: Vec<Table>,
    /// The figure as SVG text, where one helps.
    pub figure: Option<String>,
    /// What a reader must know beside the numbers: choices, limits, warnings.
    pub notes: Vec<String>,
    /// R code that reproduces the answer with an independent package.
    pub r_call: String,
    /// The result with full precision, for programs.
    pub result: Value,
}

/// A table of texts; columns of numbers are aligned to the right.
pub struct Table {
    /// What it shows; may be empty where the answer has one table.
    pub title: String,
    /// Names of the columns, with units.
    pub head: Vec<String>,
    /// Rows, each as long as the head.
    pub rows: Vec<Vec<String>>,
}

/// A line of the answer: what, and its value.
pub fn fact(label: &str, value: impl Into<String>) -> (String, String) {
    (label.to_owned(), value.into())
}

impl Table {
    /// A table with these columns and no rows yet.
    pub fn new(title: &str, head: &[&str]) -> Table {
        Table {
            title: title.to_owned(),
            head: head.iter().map(|&name| name.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    fn text(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let longest = cells
                .chain(self.head.get(column))
                .map(|c| c.chars().count());
            longest.max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        // Words begin with a letter, numbers do not.
        let is_words = |column: usize| {
            let mut cells = self.rows.iter().filter_map(|row| row.get(column));
            column == 0
                || cells.any(|cell| cell.contains(' ') && cell.starts_with(char::is_alphabetic))
        };
        let words: Vec<bool> = (0..self.head.len()).map(is_words).collect();
        let line = |cells: &[String]| {
            let padded: Vec<String> = cells
                .iter()
                .zip(widths.iter().zip(&words))
                .map(|(cell, (&width, &words))| match words {
                    true => format!("{cell:<width$}"),
                    false => format!("{cell:>width$}"),
                })
                .collect();
            padded.join("  ").trim_end().to_owned() + "\n"
        };
        let mut text = String::new();
        if !self.title.is_empty() {
            text += &format!("{}\n", self.title);
        }
        text += &line(&self.head);
        for row in &self.rows {
            text += &line(row);
        }
        text
    }
}

impl Answer {
    /// Adds a line to the answer.
    pub fn fact(&mut self, label: &str, value: impl Into<String>) {
        self.facts.push(fact(label, value));
    }

    /// Shows the answer in the form that is wanted.
    pub fn show(&self, form: &Form) -> Result<(), Exit> {
        if let Some(path) = &form.figure {
            let Some(figure) = &self.figure else {
                return Err(Exit::invalid(
                    "this answer has no figure; leave `--figure` out",
                ));
            };
            write_file(path, figure)?;
            say(&format!("figure  {}", path.display()));
        }
        if form.json {
            return print_json(&json!({
                "title": self.title,
                "result": self.result,
                "notes": self.notes,
                "r_call": self.r_call,
            }));
        }
        print(&self.text())
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n", self.title);
        let longest = self.facts.iter().map(|fact| fact.0.chars().count());
        let width = longest.max().unwrap_or(0);
        if !self.facts.is_empty() {
            text.push('\n');
        }
        for (label, value) in &self.facts {
            text += &format!("{label:<width$}  {value}\n");
        }
        for table in &self.tables {
            text += &format!("\n{}", table.text());
        }
        if !self.notes.is_empty() {
            text.push('\n');
        }
        for note in &self.notes {
            text += &format!("note: {note}\n");
        }
        if !self.r_call.is_empty() {
            text += "\nThe same in R:\n";
            for line in self.r_call.lines() {
                text += &format!("  {line}\n");
            }
        }
        text
    }
}
