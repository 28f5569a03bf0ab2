//! What is wrong in a user's file, in the user's words.

use std::fmt;

/// One thing that is wrong in a user's input: what, where, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// File, or the words by which the user knows the text (`--set`).
    pub file: String,
    /// Line, from 1.
    pub line: Option<usize>,
    /// Column in characters, from 1.
    pub column: Option<usize>,
    /// The offending line of the file.
    pub source_line: Option<String>,
    /// What to do.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem with a file as a whole.
    pub fn new(file: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem {
            file: file.into(),
            message: message.into(),
            ..Problem::default()
        }
    }
    /// Adds what to do; an empty text adds nothing.
    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        self
    }
    /// Places the problem at byte `offset` of `text`.
    pub fn at(mut self, text: &str, offset: usize) -> Problem {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        self.line = Some(before.matches('\n').count() + 1);
        self.column = Some(text[start..offset].chars().count() + 1);
        self.source_line = text[start..].lines().next().map(str::to_owned);
        self
    }
    /// Places the problem at a line, without a column.
    pub fn on_line(mut self, text: &str, line: usize) -> Problem {
        self.line = Some(line);
        self.source_line = text.lines().nth(line.saturating_sub(1)).map(str::to_owned);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        write!(f, "\n  --> {}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
            if let Some(source_line) = &self.source_line {
                write!(f, "\n{line:>4} | {source_line}")?;
                if let Some(column) = self.column {
                    write!(f, "\n     | {:>column$}", "^")?;
                }
            }
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n     = hint: {hint}")?;
        }
        Ok(())
    }
}

/// Several problems as one text, a blank line between them.
pub fn joined(problems: &[Problem]) -> String {
    let texts: Vec<_> = problems.iter().map(Problem::to_string).collect();
    texts.join("\n\n")
}

/// The candidate nearest to `name`, if one is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|c| {
            (
                strsim::damerau_levenshtein(&name.to_lowercase(), &c.to_lowercase()),
                c,
            )
        })
        .min_by_key(|&(distance, _)| distance)
        .filter(|&(distance, c)| distance <= (name.len().max(c.len()) / 3).max(1))
        .map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_points_at_line_and_column() {
        let text = "id = \"a\"\ndose_mg = -3\n";
        let problem = Problem::new("x.toml", "`dose_mg` is negative")
            .at(text, 19)
            .hint("give a positive dose");
        assert_eq!(
            problem.to_string(),
            "`dose_mg` is negative\n  --> x.toml:2:11\n   2 | dose_mg = -3\n     |           ^\n     = hint: give a positive dose"
        );
    }

    #[test]
    fn a_wild_guess_gets_no_suggestion() {
        assert_eq!(
            nearest("cd19-catr", ["cd19-cart", "bcma-cart"]),
            Some("cd19-cart")
        );
        assert_eq!(nearest("aspirin", ["cd19-cart", "bcma-cart"]), None);
    }
}
