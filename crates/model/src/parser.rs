//! Tokens to a tree, statement by statement.
//!
//! A statement that cannot be read is reported and skipped up to the next `;`, line break or `end`,
//! so one run names every such statement.

use crate::diagnostic::{Reporter, Saying, Span};
use crate::lexer::{Token, TokenKind, tokens};
use crate::syntax::*;

/// Words that open or close something and so are no names.
pub(crate) const KEYWORDS: &[&str] = &[
    "model",
    "module",
    "end",
    "function",
    "import",
    "unit",
    "const",
    "var",
    "species",
    "compartment",
    "formula",
    "substanceOnly",
    "at",
    "in",
    "is",
    "has",
    "after",
    "delete",
];
/// Marks a statement as unreadable; the error is already reported.
pub(crate) struct Unreadable;
pub(crate) type Parsed<T> = Result<T, Unreadable>;

/// Reads one source.
pub(crate) fn parse(text: &str, file: u32, reporter: &mut Reporter) -> File {
    let tokens = tokens(text, file, reporter);
    let mut parser = Parser {
        text,
        tokens,
        position: 0,
        depth: 0,
        operands: 0,
        reporter,
    };
    parser.file()
}

pub(crate) struct Parser<'a> {
    pub text: &'a str,
    pub tokens: Vec<Token>,
    pub position: usize,
    pub depth: usize,
    /// Operands so far in the formula being read.
    pub operands: usize,
    pub reporter: &'a mut Reporter,
}

impl Parser<'_> {
    pub fn peek(&self) -> Token {
        self.ahead(0)
    }

    pub fn ahead(&self, n: usize) -> Token {
        self.tokens[(self.position + n).min(self.tokens.len() - 1)]
    }

    pub fn advance(&mut self) -> Token {
        let token = self.peek();
        self.position += 1;
        token
    }

    pub fn previous_span(&self) -> Span {
        self.tokens[self.position.clamp(1, self.tokens.len()) - 1].span
    }

    pub fn word(&self, token: Token) -> &str {
        &self.text[token.span.start as usize..token.span.end as usize]
    }

    pub fn at(&self, kind: TokenKind) -> bool {
        self.peek().kind == kind
    }

    pub fn at_word(&self, word: &str) -> bool {
        self.at(TokenKind::Name) && self.word(self.peek()) == word
    }

    pub fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.at(kind);
        if found {
            self.position += 1;
        }
        found
    }

    pub fn eat_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        if found {
            self.position += 1;
        }
        found
    }

    /// Reports that something else was expected here.
    pub fn expected<T>(&mut self, what: &str, hint: &str) -> Parsed<T> {
        let token = self.peek();
        let found = match token.kind {
            TokenKind::EndOfFile => "the end of the file".to_string(),
            _ => format!("`{}`", self.word(token)),
        };
        let mut saying = Saying::new(format!("expected {what}, found {found}"));
        if !hint.is_empty() {
            saying = saying.hint(hint);
        }
        self.reporter.error(token.span, saying);
        Err(Unreadable)
    }

    pub fn fail<T>(&mut self, span: Span, saying: Saying) -> Parsed<T> {
        self.reporter.error(span, saying);
        Err(Unreadable)
    }

    pub fn name(&mut self, what: &str) -> Parsed<Name> {
        let token = self.peek();
        if token.kind != TokenKind::Name {
            return self.expected(what, "");
        }
        let text = self.word(token).to_string();
        if KEYWORDS.contains(&text.as_str()) {
            let hint = format!("`{text}` is a word of the language; choose another name");
            return self.expected(what, &hint);
        }
        self.position += 1;
        Ok(Name {
            text,
            span: token.span,
        })
    }

    pub fn plain_name(&mut self, what: &str) -> Parsed<Name> {
        let name = self.name(what)?;
        if name.text.contains('.') {
            let saying = Saying::new(format!("expected {what}, found `{}`", name.text))
                .hint("a new name has no dot");
            return self.fail(name.span, saying);
        }
        Ok(name)
    }

    fn file(&mut self) -> File {
        let mut file = File::default();
        loop {
            let start = self.position;
            if self.eat(TokenKind::Semicolon) {
                continue;
            }
            if self.at(TokenKind::EndOfFile) {
                return file;
            }
            let result = self.item(&mut file);
            if result.is_err() {
                let names = self.recover(start);
                file.loose.push(Statement::Unreadable(names));
                if self.at_word("end") {
                    self.position += 1;
                }
            }
        }
    }

    fn item(&mut self, file: &mut File) -> Parsed<()> {
        let starred = self.at(TokenKind::Star);
        let next = if starred { self.ahead(1) } else { self.peek() };
        let word = if next.kind == TokenKind::Name {
            self.word(next)
        } else {
            ""
        };
        match word {
            "model" | "module" => {
                self.position += usize::from(starred);
                let module = self.module(starred, file);
                file.modules.push(module);
                Ok(())
            }
            "import" => {
                self.position += 1;
                let token = self.peek();
                if !self.eat(TokenKind::Text) {
                    return self.expected("a file name in quotes", "write `import \"file.ant\"`");
                }
                let text = self.word(token).trim_matches('"').to_string();
                file.imports.push(Name {
                    text,
                    span: token.span,
                });
                self.statement_end()
            }
            "function" => {
                let function = self.function()?;
                file.functions.push(function);
                Ok(())
            }
            "end" => {
                let span = self.advance().span;
                let saying = Saying::new("this `end` closes nothing").hint("delete it");
                self.reporter.error(span, saying);
                Ok(())
            }
            _ => self.statement(&mut file.loose, &mut file.units),
        }
    }

    /// `name(port, port)`
    fn module_head(&mut self) -> Parsed<(Name, Vec<Name>)> {
        let name = self.plain_name("the name of the model")?;
        let mut ports = Vec::new();
        if self.eat(TokenKind::Open) {
            while !self.eat(TokenKind::Close) {
                ports.push(self.plain_name("the name of a port or `)`")?);
                if !self.eat(TokenKind::Comma) && !self.at(TokenKind::Close) {
                    return self.expected("`,` or `)`", "");
                }
            }
        }
        Ok((name, ports))
    }

    fn module(&mut self, starred: bool, file: &mut File) -> Module {
        let start = self.position;
        let mut opening = self.advance().span;
        let is_main = self.eat(TokenKind::Star) || starred;
        let (name, ports) = match self.module_head() {
            Ok((name, ports)) => {
                opening = opening.to(name.span);
                (name, ports)
            }
            // The body is still worth reading.
            Err(Unreadable) => {
                self.recover(start);
                (
                    Name {
                        text: "unnamed".into(),
                        span: opening,
                    },
                    Vec::new(),
                )
            }
        };
        let mut statements = Vec::new();
        loop {
            if self.eat(TokenKind::Semicolon) {
                continue;
            }
            let next = self.ahead(1).kind;
            let is_assigned = matches!(next, TokenKind::Equal | TokenKind::Rule | TokenKind::Prime);
            if self.at_word("end") && !is_assigned {
                self.position += 1;
                break;
            }
            let opens_other = self.at_word("model") || self.at_word("module");
            if self.at(TokenKind::EndOfFile) || opens_other {
                let saying = Saying::new(format!("model `{}` is never closed", name.text))
                    .hint("write `end` behind its last statement");
                self.reporter.error(opening, saying);
                break;
            }
            let start = self.position;
            if self.at_word("function") {
                match self.function() {
                    Ok(function) => file.functions.push(function),
                    Err(Unreadable) => drop(self.recover(start)),
                }
            } else if self.statement(&mut statements, &mut file.units).is_err() {
                let names = self.recover(start);
                statements.push(Statement::Unreadable(names));
            }
        }
        Module {
            name,
            is_main,
            ports,
            statements,
        }
    }

    fn function(&mut self) -> Parsed<FunctionDefinition> {
        self.position += 1;
        let name = self.plain_name("the name of the function")?;
        if !self.eat(TokenKind::Open) {
            return self.expected("`(`", "write `function name(a, b) formula end`");
        }
        let mut parameters = Vec::new();
        while !self.eat(TokenKind::Close) {
            parameters.push(self.plain_name("the name of an argument or `)`")?);
            if !self.eat(TokenKind::Comma) && !self.at(TokenKind::Close) {
                return self.expected("`,` or `)`", "");
            }
        }
        self.eat(TokenKind::Semicolon);
        let body = self.formula()?;
        self.eat(TokenKind::Semicolon);
        if !self.eat_word("end") {
            let saying = Saying::new(format!("function `{}` is never closed", name.text))
                .hint("write `end` behind its formula");
            self.reporter.error(name.span, saying);
        }
        Ok(FunctionDefinition {
            name,
            parameters,
            body,
        })
    }

    /// Skips to where a next statement may begin and gives the names passed over.
    fn recover(&mut self, start: usize) -> Vec<String> {
        self.position = self.position.max(start + 1);
        while !self.at(TokenKind::EndOfFile) && !self.at_word("end") {
            if self.peek().after_newline || self.eat(TokenKind::Semicolon) {
                break;
            }
            self.position += 1;
        }
        let skipped =
            &self.tokens[start.min(self.tokens.len())..self.position.min(self.tokens.len())];
        let names = skipped.iter().filter(|t| t.kind == TokenKind::Name);
        names.map(|t| self.word(*t).to_string()).collect()
    }

    /// A statement ends with `;`, a line break, `end` or the end of the file.
    pub fn statement_end(&mut self) -> Parsed<()> {
        let done = self.eat(TokenKind::Semicolon)
            || self.peek().after_newline
            || self.at(TokenKind::EndOfFile)
            || self.at_word("end");
        if done {
            Ok(())
        } else {
            self.expected("`;`", "")
        }
    }
}
