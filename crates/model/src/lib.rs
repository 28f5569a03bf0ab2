//! Antimony text to a checked, unit-aware model.
//!
//! This crate reads model text (Antimony), flattens imports and submodels, checks names, units,
//! cycles and initial values, and gives a plain [`Model`]: states with rates, ordered assignments,
//! events. It does no numerical work: `neurocart-engine` compiles and integrates the result.

mod expression;
mod flat;

pub use expression::{BinaryOperator, Expression, Function, UnaryOperator};
pub use flat::{Assignment, Event, Model, State, Symbol, SymbolId, SymbolKind};
