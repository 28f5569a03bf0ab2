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
