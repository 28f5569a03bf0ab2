//! Dimensional analysis of every formula.
//!
//! Operands of sums and comparisons agree, arguments of `exp` and `ln` are pure numbers, a rate is
//! in the unit of its state per unit of time. A symbol without a declared unit is unknown and never
//! in conflict. Bare numbers are dimensionless, except that 0, a floor or ceiling inside `max` or
//! `min`, and a number that is the whole formula take the unit they need.

use crate::diagnostic::{Reporter, Saying, Span};
use crate::flatten::{Draft, Flat};
use crate::resolve::{Node, NodeKind};
use crate::units::{Unit, UnitTable, short};
use crate::{BinaryOperator, Function, UnaryOperator};

/// What is known of the unit of a formula.
#[derive(Clone, Copy)]
enum Inferred {
    Unknown,
    /// Takes whatever unit it needs.
    Any,
    Known(Unit),
}
use Inferred::{Any, Known, Unknown};

/// Reports every conflict of units.
pub(crate) fn check_units(flat: &Flat, table: &UnitTable, reporter: &mut Reporter) {
    let has_units = flat.symbols.iter().any(|d| d.unit.is_some());
    let time = if has_units || table.time_is_defined {
        Known(table.time)
    } else {
        Unknown
    };
    let mut check = Check {
        flat,
        table,
        time,
        reporter,
    };
    for draft in &flat.symbols {
        let unit = declared(draft);
        let name = &draft.plain;
        for at_once in [&draft.value, &draft.rule].into_iter().flatten() {
            check.formula(&at_once.what, unit, &format!("`{name}`"), None);
        }
        if let Some(rate) = &draft.rate {
            let needed = unit.map(|u| u.over(table.time));
            let rule_span = draft.unit.as_ref().map(|u| u.span);
            check.formula(
                &rate.what,
                needed,
                &format!("the rate of `{name}`"),
                rule_span,
            );
        }
    }
    for event in &flat.events {
        check.infer(&event.trigger);
        for (symbol, _, node) in &event.assignments {
            let draft = &flat.symbols[*symbol];
            check.formula(node, declared(draft), &format!("`{}`", draft.plain), None);
        }
    }
}

fn declared(draft: &Draft) -> Option<Unit> {
    draft.unit.as_ref().and_then(|u| u.what.1)
}

/// The value of a formula made of bare numbers only.
fn plain_number(node: &Node) -> Option<f64> {
    match &node.kind {
        NodeKind::Number(number) => Some(*number),
        NodeKind::Unary(UnaryOperator::Negate, a) => plain_number(a).map(|a| -a),
        NodeKind::Binary(operator, a, b) => {
            let (a, b) = (plain_number(a)?, plain_number(b)?);
            match operator {
                BinaryOperator::Add => Some(a + b),
                BinaryOperator::Subtract => Some(a - b),
                BinaryOperator::Multiply => Some(a * b),
                BinaryOperator::Divide => Some(a / b),
                BinaryOperator::Power => Some(a.powf(b)),
                _ => None,
            }
        }
        _ => None,
    }
}

struct Check<'a> {
    flat: &'a Flat,
    table: &'a UnitTable,
    time: Inferred,
    reporter: &'a mut Reporter,
}

impl Check<'_> {
    /// A whole formula against the unit it must have.
    fn formula(&mut self, node: &Node, needed: Option<Unit>, whose: &str, related: Option<Span>) {
        let found = self.infer(node);
        let (Some(needed), Known(found)) = (needed, found) else {
            return;
        };
        if plain_number(node).is_some() || needed.agrees(&found) {
            return;
        }
        self.mismatch(
            node,
            &found,
            &needed,
            whose,
            related.map(|span| (span, String::new())),
        );
    }

    /// Reports that a formula is in one unit where another is needed; puts it down to a single
    /// symbol where only one can be meant.
    fn mismatch(
        &mut self,
        node: &Node,
        found: &Unit,
        needed: &Unit,
        whose: &str,
        related: Option<(Span, String)>,
    ) {
        let needed_text = match needed.agrees(&Unit::ONE) {
            true => "a pure number".to_string(),
            false => self.table.show(needed),
        };
        if found.is_commensurable(needed)
            && let Some((symbol, span, symbol_needs)) = self.culprit(node, found, needed)
        {
            let draft = &self.flat.symbols[symbol];
            if let Some(unit) = &draft.unit
                && let Some(symbol_unit) = unit.what.1
            {
                let name = self.reporter.text(span).to_string();
                let (text, line) = (&unit.what.0, self.reporter.line_in_words(unit.span, span));
                let symbol_needs_text = self.table.show(&symbol_needs);
                let factor = short(symbol_unit.factor / symbol_needs.factor);
                let message =
                    format!("`{name}` is in {text} but {whose} needs {symbol_needs_text}");
                let saying = Saying::new(message)
                    .label(format!("declared in {text} at {line}"))
                    .hint(format!(
                        "declare it in {symbol_needs_text}, or write `{factor} * {name}`"
                    ));
                self.reporter.error(span, saying);
                return;
            }
        }
        let found_text = self.in_words(found);
        let needed_name = self.table.show(needed);
        let message = if matches!(node.kind, NodeKind::Symbol(_)) {
            let name = self.reporter.text(node.span);
            format!("`{name}` is {found_text} but {whose} needs {needed_text}")
        } else {
            format!("{whose} needs {needed_text} but this is {found_text}")
        };
        let hint = if let Some(number) = plain_number(node) {
            let is_word = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let scale = if found.is_commensurable(needed) {
                found.factor / needed.factor
            } else {
                1.0
            };
            let number = short(number * scale);
            if is_word(&needed_name) {
                format!("give the number a name: `x = {number} {needed_name};`")
            } else {
                format!("give the number a name: `x = {number}; x has {needed_name};`")
            }
        } else if found.is_commensurable(needed) {
            format!("multiply it by {}", short(found.factor / needed.factor))
        } else {
            "check the formula, or the units its symbols are declared in".into()
        };
        let mut saying = Saying::new(message).label(found_text).hint(hint);
        if let Some((span, label)) = related {
            saying = saying.related(span, label);
        }
        self.reporter.error(node.span, saying);
    }

    fn in_words(&self, unit: &Unit) -> String {
        match unit.agrees(&Unit::ONE) {
            true => "a pure number".into(),
            false => format!("in {}", self.table.show(unit)),
        }
    }

    /// The one factor of a product whose declared unit explains a wrong scale, and the unit it
    /// would need. Only factors with a dimension in which the scale differs come into question.
    fn culprit(&self, node: &Node, found: &Unit, needed: &Unit) -> Option<(usize, Span, Unit)> {
        let mut factors = Vec::new();
        product_factors(node, 1.0, &mut factors);
        let ratio = found.factor / needed.factor;
        let candidates = factors.into_iter().filter_map(|(symbol, span, exponent)| {
            let unit = declared(&self.flat.symbols[symbol])?;
            if unit.is_dimensionless() && !found.is_dimensionless() {
                return None;
            }
            let fixed = unit.scaled(ratio.powf(-exponent));
            // A unit that people write has no factor: `1/day`, not `0.0416667 1/day`.
            self.table
                .show_exactly(&fixed)
                .map(|_| (symbol, span, fixed))
        });
        let mut candidates = candidates.collect::<Vec<_>>().into_iter();
        candidates.next().filter(|_| candidates.next().is_none())
    }

    fn infer(&mut self, node: &Node) -> Inferred {
        match &node.kind {
            NodeKind::Number(number) if *number == 0.0 => Any,
            NodeKind::Number(_) => Known(Unit::ONE),
            NodeKind::Symbol(symbol) => self.symbol(*symbol),
            NodeKind::Time => self.time,
            NodeKind::Unary(UnaryOperator::Negate, a) => self.infer(a),
            NodeKind::Unary(UnaryOperator::Not, a) => {
                self.infer(a);
                Known(Unit::ONE)
            }
            NodeKind::Binary(operator, a, b) => self.binary(*operator, a, b),
            NodeKind::Call(function, arguments) => self.call(*function, arguments),
            NodeKind::Piecewise(branches, otherwise) => {
                let mut first = self.infer(otherwise);
                let mut place = otherwise.as_ref();
                for (value, condition) in branches {
                    self.infer(condition);
                    let next = self.infer(value);
                    let joined = self.agree((place, first), (value, next), "`piecewise`");
                    if !matches!(next, Any) {
                        place = value;
                    }
                    first = joined;
                }
                first
            }
            NodeKind::Error => Unknown,
        }
    }

    /// The declared unit; the flux of a reaction has that of its formula.
    fn symbol(&mut self, symbol: usize) -> Inferred {
        let flat = self.flat;
        let draft = &flat.symbols[symbol];
        match (&draft.unit, &draft.rule) {
            (Some(unit), _) => unit.what.1.map_or(Unknown, Known),
            (None, Some(rule)) if draft.is_flux => self.infer(&rule.what),
            _ => Unknown,
        }
    }

    fn binary(&mut self, operator: BinaryOperator, a: &Node, b: &Node) -> Inferred {
        let (unit_a, unit_b) = (self.infer(a), self.infer(b));
        match operator {
            BinaryOperator::Add => self.agree((a, unit_a), (b, unit_b), "this sum"),
            BinaryOperator::Subtract => self.agree((a, unit_a), (b, unit_b), "this difference"),
            BinaryOperator::Multiply | BinaryOperator::Divide => {
                let pure = |unit| {
                    if let Any = unit {
                        Known(Unit::ONE)
                    } else {
                        unit
                    }
                };
                match (pure(unit_a), pure(unit_b)) {
                    (Known(a), Known(b)) if operator == BinaryOperator::Multiply => {
                        Known(a.times(b))
                    }
                    (Known(a), Known(b)) => Known(a.over(b)),
                    _ => Unknown,
                }
            }
            BinaryOperator::Power => self.power((a, unit_a), (b, unit_b)),
            BinaryOperator::And | BinaryOperator::Or => Known(Unit::ONE),
            _ => {
                self.agree((a, unit_a), (b, unit_b), "this comparison");
                Known(Unit::ONE)
            }
        }
    }

    fn power(&mut self, base: (&Node, Inferred), exponent: (&Node, Inferred)) -> Inferred {
        self.pure_number(exponent, "an exponent");
        match (base.1, plain_number(exponent.0)) {
            (Known(unit), Some(number)) => Known(unit.power(number)),
            (Known(unit), None) if unit.agrees(&Unit::ONE) => Known(unit),
            (Known(unit), None) => {
                let text = self.table.show(&unit);
                let message = format!("{text} raised to a symbol has no unit");
                let saying = Saying::new(message)
                    .label(format!("in {text}"))
                    .hint("divide the base by a reference first: `(x / x0) ^ n`");
                self.reporter.error(base.0.span, saying);
                Unknown
            }
            (Any, _) => Any,
            (Unknown, _) => Unknown,
        }
    }

    fn call(&mut self, function: Function, arguments: &[Node]) -> Inferred {
        let Some(first) = arguments.first() else {
            return Unknown;
        };
        let unit = self.infer(first);
        match function {
            Function::Exp
            | Function::Ln
            | Function::Log10
            | Function::Sin
            | Function::Cos
            | Function::Tanh => {
                let name = format!("{function:?}").to_lowercase();
                self.pure_number((first, unit), &format!("the argument of `{name}`"));
                Known(Unit::ONE)
            }
            Function::Sqrt => match unit {
                Known(unit) => Known(unit.power(0.5)),
                other => other,
            },
            Function::Abs | Function::Floor | Function::Ceil => unit,
            Function::Max | Function::Min => {
                let name = if function == Function::Max {
                    "`max`"
                } else {
                    "`min`"
                };
                let free = |node: &Node, unit| {
                    if plain_number(node).is_some() {
                        Any
                    } else {
                        unit
                    }
                };
                let mut sofar = (first, free(first, unit));
                for next in &arguments[1..] {
                    let inferred = self.infer(next);
                    let unit = free(next, inferred);
                    let joined = self.agree(sofar, (next, unit), name);
                    sofar = (if let Any = sofar.1 { next } else { sofar.0 }, joined);
                }
                sofar.1
            }
        }
    }

    fn pure_number(&mut self, (node, unit): (&Node, Inferred), what: &str) {
        if let Known(unit) = unit
            && !unit.agrees(&Unit::ONE)
        {
            let text = self.table.show(&unit);
            let message = format!("{what} must be a pure number, but this is in {text}");
            let saying = Saying::new(message)
                .label(format!("in {text}"))
                .hint("divide it by a reference in the same unit");
            self.reporter.error(node.span, saying);
        }
    }

    /// Two operands that must be in one unit; the common unit, as far as it is known.
    fn agree(
        &mut self,
        (a, unit_a): (&Node, Inferred),
        (b, unit_b): (&Node, Inferred),
        whose: &str,
    ) -> Inferred {
        let (first, second) = match (unit_a, unit_b) {
            (Any, other) | (other, Any) => return other,
            (Known(first), Known(second)) => (first, second),
            _ => return Unknown,
        };
        if first.agrees(&second) {
            return Known(first);
        }
        let is_left_number = plain_number(a).is_some();
        let (wrong, found, right, needed) = match is_left_number {
            true => (a, first, b, second),
            false => (b, second, a, first),
        };
        let label = self.in_words(&needed);
        self.mismatch(wrong, &found, &needed, whose, Some((right.span, label)));
        Unknown
    }
}

/// Symbols that a product is made of, each with its exponent (1 above, -1 below the line).
fn product_factors(node: &Node, exponent: f64, out: &mut Vec<(usize, Span, f64)>) {
    match &node.kind {
        NodeKind::Symbol(symbol) => out.push((*symbol, node.span, exponent)),
        NodeKind::Unary(UnaryOperator::Negate, a) => product_factors(a, exponent, out),
        NodeKind::Binary(BinaryOperator::Multiply, a, b) => {
            product_factors(a, exponent, out);
            product_factors(b, exponent, out);
        }
        NodeKind::Binary(BinaryOperator::Divide, a, b) => {
            product_factors(a, exponent, out);
            product_factors(b, -exponent, out);
        }
        _ => {}
    }
}
