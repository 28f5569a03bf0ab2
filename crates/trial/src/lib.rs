//! Virtual populations, trials, endpoints and operating characteristics.

pub mod check;
pub mod course;
pub mod disease;
pub mod error;
pub mod library;
pub mod parameters;
mod shape;
pub mod specification;
pub mod therapy;
pub mod toml_file;

pub use error::{Error, Problem};
