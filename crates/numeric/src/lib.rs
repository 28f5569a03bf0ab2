//! Deterministic lane arithmetic and keyed random numbers.
pub mod elementary;
mod instruction_set;
pub mod lane;
mod philox;
pub use instruction_set::{InstructionSet, Kernel, dispatch};
pub use philox::philox4x32;
