//! Formulas after name resolution: what the engine compiles and differentiates.

use crate::SymbolId;

/// A formula over the symbols of one [`crate::Model`]. User-defined functions are already inlined.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A literal number.
    Number(f64),
    /// The value of a symbol.
    Symbol(SymbolId),
    /// Model time, in the model's time unit (days).
    Time,
    /// One operand.
    Unary(UnaryOperator, Box<Expression>),
    /// Two operands.
    Binary(BinaryOperator, Box<Expression>, Box<Expression>),
    /// A built-in function of the listed arguments.
    Call(Function, Vec<Expression>),
    /// The value of the first branch whose condition is true, else the last expression.
    Piecewise {
        /// `(value, condition)` pairs, tried in order.
        branches: Vec<(Expression, Expression)>,
        /// Value where no condition holds.
        otherwise: Box<Expression>,
    },
}

impl Expression {
    /// Calls `visit` with every symbol used, in order of appearance and as often as it appears.
    pub fn visit_symbols(&self, visit: &mut dyn FnMut(SymbolId)) {
        match self {
            Expression::Number(_) | Expression::Time => {}
            Expression::Symbol(symbol) => visit(*symbol),
            Expression::Unary(_, a) => a.visit_symbols(visit),
            Expression::Binary(_, a, b) => {
                a.visit_symbols(visit);
                b.visit_symbols(visit);
            }
            Expression::Call(_, arguments) => {
                arguments.iter().for_each(|a| a.visit_symbols(visit));
            }
            Expression::Piecewise {
                branches,
                otherwise,
            } => {
                for (value, condition) in branches {
                    value.visit_symbols(visit);
                    condition.visit_symbols(visit);
                }
                otherwise.visit_symbols(visit);
            }
        }
    }

    /// The symbols used, each once, in order of first appearance.
    pub fn symbols(&self) -> Vec<SymbolId> {
        let mut found = Vec::new();
        let mut seen = std::collections::HashSet::new();
        self.visit_symbols(&mut |symbol| {
            if seen.insert(symbol) {
                found.push(symbol);
            }
        });
        found
    }
}

/// Operators of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `-x`
    Negate,
    /// `!x`
    Not,
}

/// Operators of two operands. Comparisons and logic give 1 for true and 0 for false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `a + b`
    Add,
    /// `a - b`
    Subtract,
    /// `a * b`
    Multiply,
    /// `a / b`
    Divide,
    /// `a ^ b`
    Power,
    /// `a < b`
    Less,
    /// `a <= b`
    LessEqual,
    /// `a > b`
    Greater,
    /// `a >= b`
    GreaterEqual,
    /// `a == b`
    Equal,
    /// `a != b`
    NotEqual,
    /// `a && b`
    And,
    /// `a || b`
    Or,
}

/// Built-in functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Exponential.
    Exp,
    /// Natural logarithm.
    Ln,
    /// Logarithm to base 10.
    Log10,
    /// Square root.
    Sqrt,
    /// Absolute value.
    Abs,
    /// Largest of the arguments.
    Max,
    /// Smallest of the arguments.
    Min,
    /// Largest integer not above the argument.
    Floor,
    /// Smallest integer not below the argument.
    Ceil,
    /// Sine (radians).
    Sin,
    /// Cosine (radians).
    Cos,
    /// Hyperbolic tangent.
    Tanh,
}
