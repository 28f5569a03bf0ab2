//! `neurocart evidence search`: what holds some words, and where.

use neurocart_evidence::Evidence;
use neurocart_evidence::search::search;
use neurocart_library::Library;

use crate::evidence::table::{Column, Form, Page, Table};
use crate::exit::Exit;

/// So many fields of a hit are named.
const FIELDS: usize = 4;
/// Longest text that a hit shows, in characters.
const EXCERPT: usize = 160;

#[derive(clap::Args)]
pub struct Arguments {
    /// Words that must all occur, in any case and in any field.
    #[arg(required = true)]
    words: Vec<String>,
    /// Show at most this many.
    #[arg(long, default_value_t = 30, value_name = "N")]
    at_most: usize,
    #[command(flatten)]
    form: Form,
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    let evidence = Evidence::of(library)?;
    if arguments.words.iter().all(|word| word.trim().is_empty()) {
        return Err(Exit::invalid("there is no word to look for"));
    }
    let hits = search(library, &evidence, &arguments.words)?;
    let columns = [
        Column::code("kind", "kind").expendable(2),
        Column::words("id", "id"),
        Column::words("title", "title"),
        Column::words("fields", "found in").expendable(1),
        Column::words("text", "text").expendable(3),
    ];
    let mut table = Table::new("hits", "", &columns);
    let shown = hits.len().min(arguments.at_most);
    for hit in &hits[..shown] {
        table.rows.push(vec![
            hit.kind.into(),
            hit.id.as_str().into(),
            hit.title.as_str().into(),
            hit.fields[..hit.fields.len().min(FIELDS)].into(),
            excerpt(&hit.text, &arguments.words).into(),
        ]);
    }
    let words = arguments.words.join(" ");
    let mut page = Page {
        title: match hits.len() {
            0 => format!("nothing holds `{words}`"),
            1 => format!("1 place holds `{words}`"),
            n => format!("{n} places hold `{words}`"),
        },
        json: vec![("found", hits.len().into())],
        tables: vec![table],
        ..Page::default()
    };
    if shown < hits.len() {
        page.notes.push(format!(
            "the first {shown} are shown; `--at-most {}` shows all",
            hits.len()
        ));
    }
    if hits.is_empty() {
        page.notes.push("all words must occur in one study, trial or quantity; try fewer, or the beginning of a word".into());
    }
    page.show(&arguments.form)
}

/// The part of a long text that holds the first of the words that it has.
fn excerpt(text: &str, words: &[String]) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= EXCERPT {
        return text.to_owned();
    }
    let lower = text.to_lowercase();
    let found = words
        .iter()
        .filter_map(|word| lower.find(&word.to_lowercase()))
        .min();
    let at = found.map_or(0, |byte| lower[..byte].chars().count().min(letters.len()));
    let start = at.saturating_sub(EXCERPT / 3).min(letters.len() - EXCERPT);
    let end = start + EXCERPT;
    let cut: String = letters[start..end].iter().collect();
    let before = if start > 0 { "… " } else { "" };
    let after = if end < letters.len() { " …" } else { "" };
    format!("{before}{}{after}", cut.trim())
}
