//! Formulas and formulas of units, by operator precedence.
//!
//! From weak to strong: `||`, `&&`, comparison, `+ -`, `* /`, unary `- !`, `^`.

use crate::diagnostic::Saying;
use crate::lexer::TokenKind;
use crate::parser::{Parsed, Parser};
use crate::syntax::*;
use crate::{BinaryOperator, UnaryOperator};

/// Parentheses in parentheses; guards the stack.
const DEEPEST_NESTING: usize = 100;
/// Numbers, names and calls in one formula; guards the stack of everything that walks formulas.
const MOST_OPERANDS: usize = 1000;

const COMPARISON: u8 = 3;
const UNARY: u8 = 6;
const POWER: u8 = 7;

/// Words that may follow a number without being its unit.
const NO_UNITS: &[&str] = &["after", "and", "or", "not", "in", "has", "is", "end", "at"];

impl Parser<'_> {
    pub fn formula(&mut self) -> Parsed<Formula> {
        if self.depth == 0 {
            self.operands = 0;
        }
        self.binary(0)
    }

    fn binary(&mut self, weakest: u8) -> Parsed<Formula> {
        self.depth += 1;
        let result = if self.depth > DEEPEST_NESTING {
            let saying = Saying::new("this formula is nested too deeply")
                .hint("give its parts names with `part := ...`");
            let span = self.peek().span;
            self.fail(span, saying)
        } else {
            self.binary_inner(weakest)
        };
        self.depth -= 1;
        result
    }

    fn binary_inner(&mut self, weakest: u8) -> Parsed<Formula> {
        let mut left = self.operand()?;
        while let Some((operator, strength)) = self.operator() {
            if strength < weakest {
                break;
            }
            self.position += 1;
            let right = self.binary(strength + 1)?;
            let next = self.operator();
            if strength == COMPARISON && next.is_some_and(|(_, s)| s == COMPARISON) {
                let saying = Saying::new("comparisons do not chain").hint("write `a < b && b < c`");
                let span = self.peek().span;
                return self.fail(span, saying);
            }
            if strength == POWER && next.is_some_and(|(_, s)| s == POWER) {
                let saying = Saying::new("`a ^ b ^ c` can be read in two ways")
                    .hint("set parentheses: `a ^ (b ^ c)` or `(a ^ b) ^ c`");
                let span = self.peek().span;
                return self.fail(span, saying);
            }
            let span = left.span.to(right.span);
            let kind = FormulaKind::Binary(operator, Box::new(left), Box::new(right));
            left = Formula { kind, span };
        }
        Ok(left)
    }

    fn operator(&self) -> Option<(BinaryOperator, u8)> {
        use BinaryOperator::*;
        let token = self.peek();
        Some(match token.kind {
            TokenKind::Or => (Or, 1),
            TokenKind::And => (And, 2),
            TokenKind::Name => match self.word(token) {
                "or" => (Or, 1),
                "and" => (And, 2),
                _ => return None,
            },
            TokenKind::Less => (Less, COMPARISON),
            TokenKind::LessEqual => (LessEqual, COMPARISON),
            TokenKind::Greater => (Greater, COMPARISON),
            TokenKind::GreaterEqual => (GreaterEqual, COMPARISON),
            TokenKind::EqualEqual => (Equal, COMPARISON),
            TokenKind::NotEqual => (NotEqual, COMPARISON),
            TokenKind::Plus => (Add, 4),
            TokenKind::Minus => (Subtract, 4),
            TokenKind::Star => (Multiply, 5),
            TokenKind::Slash => (Divide, 5),
            TokenKind::Caret => (Power, POWER),
            _ => return None,
        })
    }

    fn operand(&mut self) -> Parsed<Formula> {
        let token = self.peek();
        let start = token.span;
        self.operands += 1;
        if self.operands > MOST_OPERANDS {
            let saying = Saying::new("this formula is too long")
                .hint("give its parts names with `part := ...`");
            return self.fail(start, saying);
        }
        let unary = match token.kind {
            TokenKind::Minus => Some(UnaryOperator::Negate),
            TokenKind::Not => Some(UnaryOperator::Not),
            TokenKind::Name if self.word(token) == "not" => Some(UnaryOperator::Not),
            _ => None,
        };
        if let Some(operator) = unary {
            self.position += 1;
            let inner = self.binary(UNARY)?;
            let span = start.to(inner.span);
            return Ok(Formula {
                kind: FormulaKind::Unary(operator, Box::new(inner)),
                span,
            });
        }
        match token.kind {
            TokenKind::Plus => {
                self.position += 1;
                self.binary(UNARY)
            }
            TokenKind::Number => {
                self.position += 1;
                let next = self.peek();
                let is_unit = next.kind == TokenKind::Name
                    && !next.after_newline
                    && !NO_UNITS.contains(&self.word(next));
                let unit = if is_unit {
                    Some(self.name("a unit")?)
                } else {
                    None
                };
                let kind = FormulaKind::Number(token.value, unit);
                Ok(Formula {
                    kind,
                    span: start.to(self.previous_span()),
                })
            }
            TokenKind::Open => {
                self.position += 1;
                let inner = self.formula()?;
                if !self.eat(TokenKind::Close) {
                    return self.unclosed(token.span);
                }
                Ok(Formula {
                    span: start.to(self.previous_span()),
                    ..inner
                })
            }
            TokenKind::Name => {
                let name = self.name("a formula")?;
                if !self.at(TokenKind::Open) {
                    return Ok(Formula {
                        kind: FormulaKind::Name(name.text),
                        span: name.span,
                    });
                }
                let open = self.advance().span;
                let mut arguments = Vec::new();
                while !self.eat(TokenKind::Close) {
                    arguments.push(self.formula()?);
                    if !self.eat(TokenKind::Comma) && !self.at(TokenKind::Close) {
                        return self.unclosed(open);
                    }
                }
                let span = start.to(self.previous_span());
                Ok(Formula {
                    kind: FormulaKind::Call(name, arguments),
                    span,
                })
            }
            _ => self.expected("a formula", ""),
        }
    }

    fn unclosed<T>(&mut self, open: crate::diagnostic::Span) -> Parsed<T> {
        if self.at(TokenKind::Percent) {
            return self.expected("an operator", "write a remainder as `a - b * floor(a / b)`");
        }
        let token = self.peek();
        let ends = token.after_newline
            || matches!(token.kind, TokenKind::Semicolon | TokenKind::EndOfFile);
        if ends {
            let saying = Saying::new("this `(` is never closed").hint("close it with `)`");
            return self.fail(open, saying);
        }
        self.expected("an operator or `)`", "")
    }

    pub fn unit_definition(&mut self) -> Parsed<UnitDefinition> {
        let name = self.name("the name of a unit")?;
        if !self.eat(TokenKind::Equal) {
            return self.expected("`=`", "write `unit per_day = 1 / day;`");
        }
        let formula = self.unit_formula()?;
        Ok(UnitDefinition { name, formula })
    }

    pub fn unit_formula(&mut self) -> Parsed<UnitFormula> {
        self.depth += 1;
        let result = self.unit_product();
        self.depth -= 1;
        result
    }

    fn unit_product(&mut self) -> Parsed<UnitFormula> {
        let mut left = self.unit_factor()?;
        let mut chain = 0;
        loop {
            let token = self.peek();
            let divides = token.kind == TokenKind::Slash;
            if divides || token.kind == TokenKind::Star {
                self.position += 1;
            } else if token.after_newline
                || !matches!(token.kind, TokenKind::Name | TokenKind::Open)
                || NO_UNITS.contains(&self.word(token))
            {
                return Ok(left);
            }
            chain += 1;
            if chain > DEEPEST_NESTING || self.depth > DEEPEST_NESTING {
                return self.fail(token.span, Saying::new("this unit is too long"));
            }
            let right = self.unit_factor()?;
            let span = left.span.to(right.span);
            let (a, b) = (Box::new(left), Box::new(right));
            let kind = match divides {
                true => UnitFormulaKind::Divide(a, b),
                false => UnitFormulaKind::Multiply(a, b),
            };
            left = UnitFormula { kind, span };
        }
    }

    fn unit_factor(&mut self) -> Parsed<UnitFormula> {
        let token = self.peek();
        let start = token.span;
        if self.depth > DEEPEST_NESTING {
            return self.fail(start, Saying::new("this unit is nested too deeply"));
        }
        let base = match token.kind {
            TokenKind::Number => {
                self.position += 1;
                UnitFormula {
                    kind: UnitFormulaKind::Number(token.value),
                    span: start,
                }
            }
            TokenKind::Open => {
                self.position += 1;
                let inner = self.unit_formula()?;
                if !self.eat(TokenKind::Close) {
                    return self.unclosed(start);
                }
                UnitFormula {
                    span: start.to(self.previous_span()),
                    ..inner
                }
            }
            TokenKind::Name => {
                let name = self.name("a unit")?;
                UnitFormula {
                    kind: UnitFormulaKind::Name(name.text),
                    span: start,
                }
            }
            _ => return self.expected("a unit", "units look like `1 / day` or `1e9 item`"),
        };
        if !self.eat(TokenKind::Caret) {
            return Ok(base);
        }
        let negative = self.eat(TokenKind::Minus);
        if !self.at(TokenKind::Number) {
            return self.expected("a number", "a unit is raised to a number: `metre^3`");
        }
        let exponent = self.advance().value * if negative { -1.0 } else { 1.0 };
        let span = start.to(self.previous_span());
        Ok(UnitFormula {
            kind: UnitFormulaKind::Power(Box::new(base), exponent),
            span,
        })
    }
}
