//! A flat model as Antimony text, and formulas as text.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write;

use crate::units::{Unit, built_in, sbml_text};
use crate::{BinaryOperator, Expression, Function, Model, SymbolId, SymbolKind, UnaryOperator};

/// The model as one Antimony module without submodels. Numbers are printed so that they read back
/// bit for bit. Dots in names become `__`.
pub fn to_antimony(model: &Model) -> String {
    let names = export_names(model);
    let name = |symbol: SymbolId| names[symbol.0 as usize].clone();
    let formula = |expression: &Expression| formula_text(expression, &name);
    let mut values = vec![None; model.symbols.len()];
    for assignment in &model.initial {
        values[assignment.symbol.0 as usize] = Some(formula(&assignment.formula));
    }
    let mut rules = vec![None; model.symbols.len()];
    for assignment in &model.assignments {
        rules[assignment.symbol.0 as usize] = Some(formula(&assignment.formula));
    }
    let mut rates = vec![None; model.symbols.len()];
    for state in &model.states {
        rates[state.symbol.0 as usize] = Some(formula(&state.rate));
    }

    let mut out = format!("model {}()\n", model.name);
    for (unit, definition) in unit_definitions(model) {
        line(&mut out, format_args!("unit {unit} = {definition};"));
    }
    for (index, symbol) in model.symbols.iter().enumerate() {
        let name = &names[index];
        let is_compartment = symbol.kind == SymbolKind::Compartment;
        let words = match (symbol.is_constant, is_compartment) {
            (true, true) => "const compartment ",
            (true, false) => "const ",
            (false, true) => "compartment ",
            (false, false) => "",
        };
        let mut text = String::new();
        if let Some(value) = &values[index] {
            let _ = write!(text, "{words}{name} = {value};");
        }
        if let Some(rule) = &rules[index] {
            let _ = write!(text, "{words}{name} := {rule};");
        }
        if let Some(rate) = &rates[index] {
            let _ = write!(text, " {name}' = {rate};");
        }
        if !symbol.unit.is_empty() {
            let _ = write!(text, " {name} has {};", symbol.unit);
        }
        if !symbol.meaning.is_empty() {
            let _ = write!(text, " {name} is \"{}\";", symbol.meaning);
        }
        line(&mut out, format_args!("{text}"));
    }
    for event in &model.events {
        let assignments: Vec<_> = event
            .assignments
            .iter()
            .map(|a| format!("{} = {}", name(a.symbol), formula(&a.formula)))
            .collect();
        let (event_name, trigger) = (without_dots(&event.name), formula(&event.trigger));
        line(
            &mut out,
            format_args!("{event_name}: at ({trigger}): {};", assignments.join(", ")),
        );
    }
    out.push_str("end\n");
    out
}

fn line(out: &mut String, text: std::fmt::Arguments) {
    let _ = writeln!(out, "  {text}");
}

fn without_dots(name: &str) -> String {
    name.replace('.', "__")
}

/// Names without dots, all different.
fn export_names(model: &Model) -> Vec<String> {
    let mut taken: HashSet<String> = model.symbols.iter().map(|s| s.name.clone()).collect();
    let rename = |name: &String| {
        if !name.contains('.') {
            return name.clone();
        }
        let mut new = without_dots(name);
        while !taken.insert(new.clone()) {
            new.push('_');
        }
        new
    };
    model.symbols.iter().map(|s| &s.name).map(rename).collect()
}

/// Definitions of the text, and of the units in use that only this reader knows by name.
fn unit_definitions(model: &Model) -> Vec<(String, String)> {
    let texts = model.symbols.iter().map(|s| s.unit.as_str());
    let texts = texts.chain(model.units.iter().map(|u| u.definition.as_str()));
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let used: BTreeSet<&str> = texts.flat_map(|t| t.split(|c| !is_word(c))).collect();
    let built_in = built_in();
    let common = built_in.iter().filter(|(name, _)| used.contains(name));
    let needs_definition = |(name, unit): &(&str, Unit)| (name.to_string(), sbml_text(name, unit));
    let common = common
        .map(needs_definition)
        .filter(|(name, text)| name != text);
    let own = model
        .units
        .iter()
        .map(|u| (u.name.clone(), u.definition.clone()));
    common.chain(own).collect()
}

/// A number that reads back bit for bit, in the shorter of the plain and the exponent notation.
pub(crate) fn number_text(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 {
            "inf".into()
        } else {
            "-inf".into()
        };
    }
    let (plain, exponent) = (format!("{value}"), format!("{value:e}"));
    if exponent.len() < plain.len() {
        exponent
    } else {
        plain
    }
}

/// A formula as Antimony text with the fewest parentheses that keep its shape; `name` gives the
/// text of a symbol.
pub fn formula_text(formula: &Expression, name: &dyn Fn(SymbolId) -> String) -> String {
    let mut out = String::new();
    write_formula(&mut out, formula, name, 0);
    out
}

const NEGATION: u8 = 6;
const PRIMARY: u8 = 8;

fn strength(formula: &Expression) -> u8 {
    match formula {
        Expression::Number(n) if n.is_sign_negative() => NEGATION,
        Expression::Unary(..) => NEGATION,
        Expression::Binary(operator, ..) => operator_text(*operator).1,
        _ => PRIMARY,
    }
}

fn operator_text(operator: BinaryOperator) -> (&'static str, u8) {
    match operator {
        BinaryOperator::Or => ("||", 1),
        BinaryOperator::And => ("&&", 2),
        BinaryOperator::Less => ("<", 3),
        BinaryOperator::LessEqual => ("<=", 3),
        BinaryOperator::Greater => (">", 3),
        BinaryOperator::GreaterEqual => (">=", 3),
        BinaryOperator::Equal => ("==", 3),
        BinaryOperator::NotEqual => ("!=", 3),
        BinaryOperator::Add => ("+", 4),
        BinaryOperator::Subtract => ("-", 4),
        BinaryOperator::Multiply => ("*", 5),
        BinaryOperator::Divide => ("/", 5),
        BinaryOperator::Power => ("^", 7),
    }
}

fn function_text(function: Function) -> &'static str {
    match function {
        Function::Exp => "exp",
        Function::Ln => "ln",
        Function::Log10 => "log10",
        Function::Sqrt => "sqrt",
        Function::Abs => "abs",
        Function::Max => "max",
        Function::Min => "min",
        Function::Floor => "floor",
        Function::Ceil => "ceil",
        Function::Sin => "sin",
        Function::Cos => "cos",
        Function::Tanh => "tanh",
    }
}

fn write_formula(
    out: &mut String,
    formula: &Expression,
    name: &dyn Fn(SymbolId) -> String,
    weakest: u8,
) {
    let mine = strength(formula);
    if mine < weakest {
        out.push('(');
        write_formula(out, formula, name, 0);
        out.push(')');
        return;
    }
    let list =
        |out: &mut String, function: &str, arguments: &mut dyn Iterator<Item = &Expression>| {
            out.push_str(function);
            out.push('(');
            for (i, argument) in arguments.enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_formula(out, argument, name, 0);
            }
            out.push(')');
        };
    match formula {
        Expression::Number(number) => out.push_str(&number_text(*number)),
        Expression::Symbol(symbol) => out.push_str(&name(*symbol)),
        Expression::Time => out.push_str("time"),
        Expression::Unary(operator, a) => {
            out.push(if *operator == UnaryOperator::Negate {
                '-'
            } else {
                '!'
            });
            write_formula(out, a, name, NEGATION);
        }
        Expression::Binary(operator, a, b) => {
            let (text, strength) = operator_text(*operator);
            // Sums and products lean left; comparisons and powers do not chain at all.
            let left = if matches!(strength, 3 | 7) {
                strength + 1
            } else {
                strength
            };
            write_formula(out, a, name, left);
            let _ = write!(out, " {text} ");
            write_formula(out, b, name, strength + 1);
        }
        Expression::Call(function, arguments) => {
            list(out, function_text(*function), &mut arguments.iter());
        }
        Expression::Piecewise {
            branches,
            otherwise,
        } => {
            let pairs = branches
                .iter()
                .flat_map(|(value, condition)| [value, condition]);
            list(out, "piecewise", &mut pairs.chain([otherwise.as_ref()]));
        }
    }
}
