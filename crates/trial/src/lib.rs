//! Virtual populations, trials, endpoints and operating characteristics.

pub mod course;
pub mod disease;
pub mod error;
pub mod library;
pub mod parameters;
pub mod therapy;
pub mod toml_file;

pub use error::{Error, Problem};
