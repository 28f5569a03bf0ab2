//! What a command about the evidence shows, in one way for all: text that fits the terminal, JSON, CSV
//! and a figure. Text, JSON and CSV are made of the same cells, so that they cannot disagree.

use std::path::PathBuf;

use clap::Args;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::exit::{Exit, print, print_json, say, write_file};

/// Words are not broken into columns narrower than this, in characters.
const NARROWEST_WORDS: usize = 16;
/// A word longer than this, such as an address, may be broken itself where it stands in a column.
const LONGEST_WORD: usize = 24;

/// How the answer is wanted.
#[derive(Args)]
#[command(next_help_heading = "How to show it")]
pub struct Form {
    /// As JSON.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// The main table as CSV.
    #[arg(long)]
    csv: bool,
    /// Write the figure to this file (SVG).
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
}

impl Form {
    /// True if a figure is asked for; it is only drawn then.
    pub fn wants_figure(&self) -> bool {
        self.figure.is_some()
    }
}

/// What a command shows.
#[derive(Default)]
pub struct Page {
    /// What it is about, in a line.
    pub title: String,
    /// Short facts in words, above the tables: what, and its value. For readers only.
    pub facts: Vec<(String, String)>,
    /// Tables in the order in which they are read.
    pub tables: Vec<Table>,
    /// The table that `--csv` gives, from 0.
    pub csv: usize,
    /// What a reader must know beside the numbers.
    pub notes: Vec<String>,
    /// What programs get in JSON beside the tables.
    pub json: Vec<(&'static str, Value)>,
    /// The JSON has all that the tables show, in its own form, and leaves them out.
    pub json_without_tables: bool,
    /// The figure as SVG text.
    pub figure: Option<String>,
}

/// A table whose cells know what they are.
pub struct Table {
    /// Key in JSON.
    pub name: &'static str,
    /// Heading; empty where the page has one table.
    pub title: String,
    /// Too long to read: for JSON and CSV alone.
    pub for_programs: bool,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows, each as long as the columns.
    pub rows: Vec<Vec<Value>>,
}

/// A column.
#[derive(Clone, Copy)]
pub struct Column {
    /// Name in JSON and CSV, with its unit.
    pub name: &'static str,
    /// Name in text.
    pub head: &'static str,
    shape: Shape,
    /// In a narrow terminal the columns with the highest numbers go first; 0 stays.
    expendable: u8,
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// Kept on one line.
    Code,
    /// Broken into lines where there is little room.
    Words,
    /// Aligned to the right.
    Number,
}

impl Column {
    /// A column of codes, kept on one line.
    pub const fn code(name: &'static str, head: &'static str) -> Column {
        Column {
            name,
            head,
            shape: Shape::Code,
            expendable: 0,
        }
    }

    /// A column of words, broken into lines where there is little room.
    pub const fn words(name: &'static str, head: &'static str) -> Column {
        Column {
            shape: Shape::Words,
            ..Column::code(name, head)
        }
    }

    /// A column of numbers, aligned to the right.
    pub const fn number(name: &'static str, head: &'static str) -> Column {
        Column {
            shape: Shape::Number,
            ..Column::code(name, head)
        }
    }

    /// The same column, to be left out in a narrow terminal: the highest number goes first.
    pub const fn expendable(self, rank: u8) -> Column {
        Column {
            expendable: rank,
            ..self
        }
    }
}

impl Table {
    /// A table with these columns and no rows yet.
    pub fn new(name: &'static str, title: impl Into<String>, columns: &[Column]) -> Table {
        Table {
            name,
            title: title.into(),
            for_programs: false,
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// As CSV with the names of the columns; lists are joined by `|`.
    pub fn csv(&self) -> Result<String, Exit> {
        let failed =
            |error: &dyn std::fmt::Display| Exit::failed(format!("cannot write CSV: {error}"));
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer
            .write_record(self.columns.iter().map(|c| c.name))
            .map_err(|e| failed(&e))?;
        for row in &self.rows {
            let cells = row.iter().map(|cell| match cell {
                Value::Bool(yes) => yes.to_string(),
                cell => words(cell, "", "|"),
            });
            writer.write_record(cells).map_err(|e| failed(&e))?;
        }
        let bytes = writer.into_inner().map_err(|e| failed(&e))?;
        String::from_utf8(bytes).map_err(|e| failed(&e))
    }

    /// As text of at most `width` characters where that can be, and which columns there was no room for.
    fn text(&self, width: usize) -> (String, Vec<&'static str>) {
        let cells: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| row.iter().map(|cell| words(cell, "–", ", ")).collect())
            .collect();
        let sizes = self.sizes(&cells);
        let mut shown: Vec<usize> = (0..self.columns.len()).collect();
        let mut left_out = Vec::new();
        let widths = loop {
            let narrowest = match self.fit(&shown, &sizes, width) {
                Ok(widths) => break widths,
                Err(narrowest) => narrowest,
            };
            let expendable = |&c: &usize| self.columns[c].expendable;
            match shown.iter().copied().max_by_key(expendable) {
                Some(column) if expendable(&column) > 0 => {
                    shown.retain(|&c| c != column);
                    left_out.push(self.columns[column].head);
                }
                _ => break narrowest,
            }
        };
        let mut text = String::new();
        let heads: Vec<String> = self.columns.iter().map(|c| c.head.to_owned()).collect();
        for row in std::iter::once(&heads).chain(&cells) {
            let broken: Vec<Vec<String>> = shown
                .iter()
                .zip(&widths)
                .map(|(&c, &width)| match self.columns[c].shape {
                    Shape::Words => wrap_hard(&row[c], width),
                    _ => vec![row[c].clone()],
                })
                .collect();
            let height = broken.iter().map(Vec::len).max().unwrap_or(0);
            for line in 0..height {
                let parts = shown.iter().zip(&widths).zip(&broken);
                let parts = parts.map(|((&c, &width), lines)| {
                    let part = lines.get(line).map_or("", String::as_str);
                    match self.columns[c].shape {
                        Shape::Number => gap(part, width) + part,
                        _ => part.to_owned() + &gap(part, width),
                    }
                });
                text += parts.collect::<Vec<_>>().join("  ").trim_end();
                text.push('\n');
            }
        }
        left_out.reverse();
        (text, left_out)
    }

    /// Widths of the shown columns that fit, the columns of words narrowed where need be; or that they
    /// do not fit, with the narrowest widths.
    fn fit(
        &self,
        shown: &[usize],
        sizes: &[(usize, usize)],
        width: usize,
    ) -> Result<Vec<usize>, Vec<usize>> {
        let mut widths: Vec<usize> = shown.iter().map(|&c| sizes[c].0).collect();
        loop {
            let total = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
            if total <= width {
                return Ok(widths);
            }
            let wide = (0..shown.len()).filter(|&i| widths[i] > sizes[shown[i]].1);
            match wide.max_by_key(|&i| widths[i]) {
                Some(widest) => widths[widest] -= 1,
                None => return Err(widths),
            }
        }
    }

    /// The widest and the narrowest that each column can be.
    fn sizes(&self, cells: &[Vec<String>]) -> Vec<(usize, usize)> {
        let size = |(c, column): (usize, &Column)| {
            let texts = || cells.iter().map(|row| row[c].as_str()).chain([column.head]);
            let natural = texts().map(|t| t.chars().count()).max().unwrap_or(0);
            let words = texts().flat_map(str::split_whitespace);
            let longest = words.map(|w| w.chars().count()).max().unwrap_or(0);
            let narrowest = match column.shape {
                Shape::Words => longest.clamp(NARROWEST_WORDS, LONGEST_WORD),
                _ => natural,
            };
            (natural, narrowest.min(natural))
        };
        self.columns.iter().enumerate().map(size).collect()
    }
}

impl Page {
    /// Shows the page in the form that is wanted.
    pub fn show(&self, form: &Form) -> Result<(), Exit> {
        if let Some(path) = &form.figure {
            let Some(figure) = &self.figure else {
                return Err(Exit::invalid(
                    "there is nothing here to draw; leave `--figure` out",
                ));
            };
            write_file(path, figure)?;
            say(&format!("figure  {}", path.display()));
        }
        if form.json {
            return print_json(self);
        }
        if form.csv {
            return match self.tables.get(self.csv) {
                Some(table) => print(&table.csv()?),
                None => Err(Exit::invalid("there is no table here; leave `--csv` out")),
            };
        }
        self.print()
    }

    /// Shows the page as text.
    pub fn print(&self) -> Result<(), Exit> {
        print(&self.text(terminal_width()))
    }

    /// As text of at most `width` characters where that can be.
    fn text(&self, width: usize) -> String {
        let mut text = String::new();
        for line in wrap(&self.title, width) {
            text += &(line + "\n");
        }
        if !self.facts.is_empty() {
            text.push('\n');
        }
        let longest = self.facts.iter().map(|fact| fact.0.chars().count()).max();
        let indent = longest.unwrap_or(0) + 2;
        for (label, value) in &self.facts {
            for (i, line) in wrap(value, width.saturating_sub(indent).max(NARROWEST_WORDS))
                .iter()
                .enumerate()
            {
                let label = if i == 0 { label.as_str() } else { "" };
                text += format!("{label}{}{line}", gap(label, indent)).trim_end();
                text.push('\n');
            }
        }
        let mut left_out: Vec<&str> = Vec::new();
        for table in self
            .tables
            .iter()
            .filter(|t| !t.rows.is_empty() && !t.for_programs)
        {
            text.push('\n');
            if !table.title.is_empty() {
                text += &format!("{}\n", table.title);
            }
            let (rows, without) = table.text(width);
            text += &rows;
            for column in without {
                if !left_out.contains(&column) {
                    left_out.push(column);
                }
            }
        }
        let mut notes = self.notes.clone();
        if !left_out.is_empty() {
            notes.push(format!(
                "no room here for {}; widen the terminal, or ask for `--csv` or `--json`",
                left_out.join(", ")
            ));
        }
        if !notes.is_empty() {
            text.push('\n');
        }
        for note in &notes {
            for (i, line) in wrap(note, width.saturating_sub(6).max(NARROWEST_WORDS))
                .iter()
                .enumerate()
            {
                text += &format!("{}{line}\n", if i == 0 { "note: " } else { "      " });
            }
        }
        text
    }
}

impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("title", &self.title)?;
        for (name, value) in &self.json {
            map.serialize_entry(name, value)?;
        }
        for table in self.tables.iter().filter(|_| !self.json_without_tables) {
            map.serialize_entry(table.name, &Rows(table))?;
        }
        map.serialize_entry("notes", &self.notes)?;
        map.end()
    }
}

/// The rows of a table, each as an object with the columns in their order.
pub struct Rows<'a>(pub &'a Table);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.rows.iter().map(|row| Row(&self.0.columns, row)))
    }
}

struct Row<'a>(&'a [Column], &'a [Value]);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|c| c.name).zip(self.1))
    }
}

/// A cell in words; `missing` where there is nothing, `between` the parts of a list.
fn words(cell: &Value, missing: &str, between: &str) -> String {
    match cell {
        Value::Null => missing.to_owned(),
        Value::Bool(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
        Value::Number(number) => match number.as_f64() {
            Some(x) if x.fract() == 0.0 && x.abs() < 1e15 => format!("{x:.0}"),
            _ => number.to_string(),
        },
        Value::String(text) if text.is_empty() => missing.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(parts) if parts.is_empty() => missing.to_owned(),
        Value::Array(parts) => {
            let parts: Vec<String> = parts.iter().map(|p| words(p, "", between)).collect();
            parts.join(between)
        }
        Value::Object(_) => cell.to_string(),
    }
}

/// The blanks that bring a text to `width` characters; a width of `format!` ends at 65535.
fn gap(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(text.chars().count()))
}

/// Lines of at most `width` characters, broken between words. A word that is longer, such as an
/// address, stays whole.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// As `wrap`, and a word that is longer is broken itself.
fn wrap_hard(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        let used = line.chars().count();
        if used > 0 && used + 1 + word.len() > width {
            lines.push(std::mem::take(&mut line));
        }
        while word.len() > width {
            let rest = word.split_off(width);
            lines.push(word.into_iter().collect());
            word = rest;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Columns of the terminal: `COLUMNS` where it is set, else as the terminal says; no limit in a pipe.
fn terminal_width() -> usize {
    let set = std::env::var("COLUMNS").ok();
    let set = set.and_then(|text| text.trim().parse::<usize>().ok());
    let width = set.or_else(|| Some(usize::from(console::Term::stdout().size_checked()?.1)));
    width.map_or(usize::MAX, |width| width.max(40))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(
            "rows",
            "",
            &[
                Column::code("id", "id"),
                Column::words("what", "what"),
                Column::number("n", "n").expendable(1),
            ],
        );
        table.rows = vec![
            vec!["a".into(), "several words that need room".into(), 3.into()],
            vec!["b".into(), Value::Null, Value::from(vec!["x", "y"])],
        ];
        table
    }

    #[test]
    fn words_are_broken_before_a_column_is_left_out() {
        let (text, left_out) = table().text(26);
        insta::assert_snapshot!(text, @r"
        id  what                 n
        a   several words        3
            that need room
        b   –                 x, y
        ");
        assert!(left_out.is_empty());
        let (text, left_out) = table().text(24);
        insta::assert_snapshot!(text, @r"
        id  what
        a   several words that
            need room
        b   –
        ");
        assert_eq!(left_out, ["n"]);
    }

    #[test]
    fn a_cell_of_any_length_is_shown() {
        let long = "x".repeat(70_000);
        let mut table = table();
        table.rows[0][0] = long.as_str().into();
        let page = Page {
            facts: vec![(long.clone(), "fact".into())],
            tables: vec![table],
            ..Page::default()
        };
        let text = page.text(usize::MAX);
        assert!(text.contains(&format!("{long}  fact\n")));
        assert!(text.contains(&format!("\n{long}  several words")));
    }

    #[test]
    fn csv_and_json_have_the_same_cells_as_the_text() {
        insta::assert_snapshot!(table().csv().unwrap(), @r"
        id,what,n
        a,several words that need room,3
        b,,x|y
        ");
        insta::assert_snapshot!(serde_json::to_string(&Rows(&table())).unwrap(), @r#"[{"id":"a","what":"several words that need room","n":3},{"id":"b","what":null,"n":["x","y"]}]"#);
    }

    #[test]
    fn a_word_longer_than_the_line_is_broken_in_a_column_alone() {
        assert_eq!(wrap_hard("ab abcdefgh c", 4), ["ab", "abcd", "efgh", "c"]);
        assert_eq!(wrap("ab abcdefgh c", 4), ["ab", "abcdefgh", "c"]);
        assert_eq!(
            (wrap_hard("", 4), wrap("", 4)),
            (vec![String::new()], vec![String::new()])
        );
    }
}
