//! Text to tokens. Never fails: what is no token is reported and skipped.

use crate::diagnostic::{Reporter, Saying, Span};

/// Kind of a token; names, numbers and texts are read from the source by span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name, with dots inside: `drug.C`.
    Name,
    Number,
    /// `"..."`
    Text,
    Plus,
    Minus,
    Star,
    Slash,
    Caret,
    Percent,
    Open,
    Close,
    Comma,
    Semicolon,
    Colon,
    /// `:=`
    Rule,
    Equal,
    EqualEqual,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
    Not,
    /// `->`
    Arrow,
    /// `=>`
    FatArrow,
    /// `'`
    Prime,
    Dollar,
    EndOfFile,
}

/// A token, with whether a line break stands before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub kind: TokenKind,
    pub span: Span,
    pub after_newline: bool,
    /// Value of a number; zero otherwise.
    pub value: f64,
}

/// Cuts a source into tokens; the last one is always `EndOfFile`.
pub(crate) fn tokens(text: &str, file: u32, reporter: &mut Reporter) -> Vec<Token> {
    let mut lexer = Lexer {
        text,
        file,
        // Some editors put a byte order mark first.
        position: if text.starts_with('\u{feff}') { 3 } else { 0 },
        after_newline: true,
        tokens: Vec::new(),
    };
    while lexer.next(reporter) {}
    lexer.push(TokenKind::EndOfFile, text.len(), 0.0);
    lexer.tokens
}

struct Lexer<'a> {
    text: &'a str,
    file: u32,
    position: usize,
    after_newline: bool,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.text
            .as_bytes()
            .get(self.position + ahead)
            .copied()
            .unwrap_or(0)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span {
            file: self.file,
            start: start as u32,
            end: end as u32,
        }
    }

    fn push(&mut self, kind: TokenKind, end: usize, value: f64) {
        let span = self.span(self.position, end);
        self.tokens.push(Token {
            kind,
            span,
            after_newline: self.after_newline,
            value,
        });
        self.after_newline = false;
        self.position = end;
    }

    /// Where the run of bytes that satisfy `test` ends, from `start` on.
    fn run_end(&self, start: usize, test: impl Fn(u8) -> bool) -> usize {
        let bytes = self.text.as_bytes();
        (start..bytes.len())
            .find(|&i| !test(bytes[i]))
            .unwrap_or(bytes.len())
    }

    fn next(&mut self, reporter: &mut Reporter) -> bool {
        if self.position >= self.text.len() {
            return false;
        }
        let first = self.peek(0);
        match (first, self.peek(1)) {
            (b'\n', _) => {
                self.after_newline = true;
                self.position += 1;
            }
            (b' ' | b'\t' | b'\r', _) => self.position += 1,
            (b'/', b'/') | (b'#', _) => {
                self.position = self.run_end(self.position, |b| b != b'\n');
            }
            (b'/', b'*') => self.block_comment(reporter),
            (b'"', _) => self.quoted(reporter),
            (b'a'..=b'z' | b'A'..=b'Z' | b'_', _) => {
                let end = self.name_end();
                self.push(TokenKind::Name, end, 0.0);
            }
            (b'0'..=b'9', _) | (b'.', b'0'..=b'9') => self.number(reporter),
            _ => self.punctuation(reporter),
        }
        true
    }

    fn name_end(&self) -> usize {
        let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let bytes = self.text.as_bytes();
        let mut end = self.run_end(self.position, is_word);
        while end + 1 < bytes.len()
            && bytes[end] == b'.'
            && (bytes[end + 1].is_ascii_alphabetic() || bytes[end + 1] == b'_')
        {
            end = self.run_end(end + 1, is_word);
        }
        end
    }

    fn block_comment(&mut self, reporter: &mut Reporter) {
        let body = self.position + 2;
        match self.text[body..].find("*/") {
            Some(length) => {
                self.after_newline |= self.text[body..body + length].contains('\n');
                self.position = body + length + 2;
            }
            None => {
                reporter.error(
                    self.span(self.position, body),
                    Saying::new("this comment is never closed").hint("close it with `*/`"),
                );
                self.position = self.text.len();
            }
        }
    }

    fn quoted(&mut self, reporter: &mut Reporter) {
        let end = self.run_end(self.position + 1, |b| b != b'"' && b != b'\n');
        if self.text.as_bytes().get(end) == Some(&b'"') {
            self.push(TokenKind::Text, end + 1, 0.0);
        } else {
            let end = self.position + self.text[self.position..end].trim_end().len();
            reporter.error(
                self.span(self.position, end),
                Saying::new("this text is never closed")
                    .hint("close it with `\"` on the same line"),
            );
            self.push(TokenKind::Text, end, 0.0);
        }
    }

    fn number(&mut self, reporter: &mut Reporter) {
        let bytes = self.text.as_bytes();
        let mut end = self.run_end(self.position, |b| b.is_ascii_digit() || b == b'.');
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let digits = end + 1 + sign;
            let after = self.run_end(digits, |b| b.is_ascii_digit());
            let next = bytes.get(end + 1).copied().unwrap_or(b' ');
            if after > digits {
                // `1e5.5` is one wrong number, not two right ones.
                end = self.run_end(after, |b| b.is_ascii_digit() || b == b'.');
            } else if !(next.is_ascii_alphabetic() || next == b'_') {
                end = digits;
            }
        }
        let written = &self.text[self.position..end];
        let value = match written.parse::<f64>() {
            Ok(value) if value.is_finite() => value,
            Ok(_) => {
                reporter.error(
                    self.span(self.position, end),
                    Saying::new(format!("`{written}` is too large for a number"))
                        .hint("the largest number is about 1.8e308"),
                );
                1.0
            }
            Err(_) => {
                reporter.error(
                    self.span(self.position, end),
                    Saying::new(format!("`{written}` is not a number"))
                        .hint("numbers look like `12`, `0.5` or `1.2e-3`"),
                );
                1.0
            }
        };
        self.push(TokenKind::Number, end, value);
    }

    fn punctuation(&mut self, reporter: &mut Reporter) {
        use TokenKind::*;
        let (kind, length) = match (self.peek(0), self.peek(1)) {
            (b'-', b'>') => (Arrow, 2),
            (b'=', b'>') => (FatArrow, 2),
            (b':', b'=') => (Rule, 2),
            (b'=', b'=') => (EqualEqual, 2),
            (b'!', b'=') => (NotEqual, 2),
            (b'<', b'=') => (LessEqual, 2),
            (b'>', b'=') => (GreaterEqual, 2),
            (b'&', b'&') => (And, 2),
            (b'|', b'|') => (Or, 2),
            (b'*', b'*') => (Caret, 2),
            (b'+', _) => (Plus, 1),
            (b'-', _) => (Minus, 1),
            (b'*', _) => (Star, 1),
            (b'/', _) => (Slash, 1),
            (b'^', _) => (Caret, 1),
            (b'%', _) => (Percent, 1),
            (b'(', _) => (Open, 1),
            (b')', _) => (Close, 1),
            (b',', _) => (Comma, 1),
            (b';', _) => (Semicolon, 1),
            (b':', _) => (Colon, 1),
            (b'=', _) => (Equal, 1),
            (b'<', _) => (Less, 1),
            (b'>', _) => (Greater, 1),
            (b'!', _) => (Not, 1),
            (b'\'', _) => (Prime, 1),
            (b'$', _) => (Dollar, 1),
            _ => return self.stray(reporter),
        };
        self.push(kind, self.position + length, 0.0);
    }

    /// Characters that begin no token; neighbours are reported together.
    fn stray(&mut self, reporter: &mut Reporter) {
        let known = "+-*/^%(),;:=<>!'$\"#_. \t\r\n";
        let rest = &self.text[self.position..];
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let length = rest[first..]
            .find(|c: char| c.is_ascii_alphanumeric() || known.contains(c))
            .map_or(rest.len(), |l| l + first);
        let written = &rest[..length];
        let hint = if written.chars().all(char::is_alphabetic) {
            "names use the letters a to z, digits and `_`"
        } else {
            "delete it"
        };
        reporter.error(
            self.span(self.position, self.position + length),
            Saying::new(format!("unexpected `{}`", written.escape_debug())).hint(hint),
        );
        self.position += length;
    }
}
