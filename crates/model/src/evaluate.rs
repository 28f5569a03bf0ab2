//! Plain evaluation of formulas and models in `f64`.
//!
//! This is the simple counterpart of the compiled engine: one patient, one operation after another,
//! with the mathematics library of the platform. Tests use it as the oracle.

use crate::{BinaryOperator, Expression, Function, Model, SymbolId, UnaryOperator};

/// Value of a formula. Comparisons and logic give 1 or 0; any number but 0 counts as true.
pub fn evaluate(formula: &Expression, value: &dyn Fn(SymbolId) -> f64, time_days: f64) -> f64 {
    let of = |formula: &Expression| evaluate(formula, value, time_days);
    match formula {
        Expression::Number(number) => *number,
        Expression::Symbol(symbol) => value(*symbol),
        Expression::Time => time_days,
        Expression::Unary(UnaryOperator::Negate, a) => -of(a),
        Expression::Unary(UnaryOperator::Not, a) => truth(of(a) == 0.0),
        Expression::Binary(operator, a, b) => binary(*operator, of(a), of(b)),
        Expression::Call(function, arguments) => {
            let values: Vec<f64> = arguments.iter().map(of).collect();
            call(*function, &values)
        }
        Expression::Piecewise {
            branches,
            otherwise,
        } => {
            let chosen = branches.iter().find(|(_, condition)| of(condition) != 0.0);
            of(chosen.map_or(otherwise, |(value, _)| value))
        }
    }
}

fn truth(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

fn binary(operator: BinaryOperator, a: f64, b: f64) -> f64 {
    match operator {
        BinaryOperator::Add => a + b,
        BinaryOperator::Subtract => a - b,
        BinaryOperator::Multiply => a * b,
        BinaryOperator::Divide => a / b,
        BinaryOperator::Power => a.powf(b),
        BinaryOperator::Less => truth(a < b),
        BinaryOperator::LessEqual => truth(a <= b),
        BinaryOperator::Greater => truth(a > b),
        BinaryOperator::GreaterEqual => truth(a >= b),
        BinaryOperator::Equal => truth(a == b),
        BinaryOperator::NotEqual => truth(a != b),
        BinaryOperator::And => truth(a != 0.0 && b != 0.0),
        BinaryOperator::Or => truth(a != 0.0 || b != 0.0),
    }
}

fn call(function: Function, values: &[f64]) -> f64 {
    let first = values.first().copied().unwrap_or(f64::NAN);
    match function {
        Function::Exp => first.exp(),
        Function::Ln => first.ln(),
        Function::Log10 => first.log10(),
        Function::Sqrt => first.sqrt(),
        Function::Abs => first.abs(),
        Function::Max => values.iter().copied().fold(first, f64::max),
        Function::Min => values.iter().copied().fold(first, f64::min),
        Function::Floor => first.floor(),
        Function::Ceil => first.ceil(),
        Function::Sin => first.sin(),
        Function::Cos => first.cos(),
        Function::Tanh => first.tanh(),
    }
}

/// Values of all symbols at the start, indexed by [`SymbolId`]: `given` values replace those of the
/// text, everything that is computed from them follows. A state may be given too.
pub fn initial_values(model: &Model, given: &[(SymbolId, f64)], time_days: f64) -> Vec<f64> {
    let mut formulas: Vec<Option<&Expression>> = vec![None; model.symbols.len()];
    for assignment in model.initial.iter().chain(&model.assignments) {
        formulas[assignment.symbol.0 as usize] = Some(&assignment.formula);
    }
    let mut values = vec![f64::NAN; model.symbols.len()];
    let mut known = vec![false; model.symbols.len()];
    for &(symbol, value) in given {
        values[symbol.0 as usize] = value;
        known[symbol.0 as usize] = true;
    }
    // Initial values may use rules and rules initial values, so each is computed on demand.
    let mut stack: Vec<usize> = (0..model.symbols.len()).rev().collect();
    while let Some(&index) = stack.last() {
        let Some(formula) = formulas[index].filter(|_| !known[index]) else {
            stack.pop();
            continue;
        };
        let needed = formula.symbols().into_iter().map(|s| s.0 as usize);
        let before = stack.len();
        stack.extend(needed.filter(|&i| !known[i] && formulas[i].is_some()));
        if stack.len() == before {
            values[index] = evaluate(formula, &|s| values[s.0 as usize], time_days);
            known[index] = true;
            stack.pop();
        }
    }
    values
}

/// Brings every assigned quantity in `values` (all symbols, indexed by [`SymbolId`]) up to date and
/// gives the rates of [`Model::states`], in their order, per day.
pub fn right_hand_side(model: &Model, values: &mut [f64], time_days: f64) -> Vec<f64> {
    for assignment in &model.assignments {
        let value = evaluate(&assignment.formula, &|s| values[s.0 as usize], time_days);
        values[assignment.symbol.0 as usize] = value;
    }
    let rate = |formula| evaluate(formula, &|s| values[s.0 as usize], time_days);
    model.states.iter().map(|state| rate(&state.rate)).collect()
}
