//! Virtual populations, trials, endpoints and operating characteristics.

pub mod attack_endpoint;
pub mod check;
pub mod attack;
pub mod clone;
pub mod course;
pub mod disability;
pub mod disease;
pub mod endpoint;
pub mod error;
pub mod hazard;
pub mod infection;
pub mod library;
pub mod myasthenia;
pub mod parameters;
pub mod progression;
mod shape;
pub mod specification;
pub mod purpose;
pub mod scenario;
pub mod therapy;
pub mod toml_file;
pub mod toxicity;

pub use error::{Error, Problem};
