//! TOML text to a value, with errors that show the place.

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::problem::{Problem, nearest};

/// Reads `text`; `file` is how messages call it.
pub fn parse<T: DeserializeOwned>(text: &str, file: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|e| problem(&e, text, file).into())
}

/// The problem behind a TOML error.
pub fn problem(error: &toml::de::Error, text: &str, file: &str) -> Problem {
    let message = error.message();
    let words = message
        .lines()
        .next()
        .unwrap_or("not a TOML file")
        .replace("expected f64", "expected a number")
        .replace("expected usize", "expected a whole number");
    let problem = Problem::new(file, words);
    let problem = match error.span() {
        Some(span) => problem.at(text, span.start),
        None => problem,
    };
    match suggestion(message) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem,
    }
}

/// The nearest of the names that serde lists in ``unknown field `x`, expected one of `a`, `b` ``.
fn suggestion(message: &str) -> Option<&str> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let given = quoted.next()?;
    nearest(given, quoted)
}

/// An id must equal the file's name, or two names would mean one thing.
pub fn check_id(found: &str, expected: &str, file: &str, text: &str) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    // The id may stand in a comment above as well.
    let value = value_offset(text, "id", 0).unwrap_or(0);
    let offset = text[value..].find(found).map_or(value, |i| value + i);
    Err(Problem::new(
        file,
        format!("`id` is `{found}` but the file is named `{expected}`"),
    )
    .at(text, offset)
    .hint(format!("write `id = \"{expected}\"` or rename the file"))
    .into())
}

/// Byte offset of the value in the `n`-th line (from 0) that reads `key = value`.
pub fn value_offset(text: &str, key: &str, n: usize) -> Option<usize> {
    let mut start = 0;
    let mut seen = 0;
    for line in text.split_inclusive('\n') {
        let rest = line
            .trim_start()
            .strip_prefix(key)
            .map(str::trim_start)
            .and_then(|r| r.strip_prefix('='));
        if let Some(value) = rest {
            if seen == n {
                return Some(start + line.len() - value.trim_start().len());
            }
            seen += 1;
        }
        start += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_pointed_at_where_it_is_set_and_not_in_a_comment_above() {
        let text = "# As in other.toml.\nid = \"other\"\n";
        let error = check_id("other", "mine", "mine.toml", text).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("--> mine.toml:2:7"), "{text}");
    }
}
