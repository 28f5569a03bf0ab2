//! Virtual populations, trials, endpoints and operating characteristics.

pub mod analysis;
pub mod attack;
pub mod attack_endpoint;
pub mod bank;
pub mod check;
pub mod clone;
pub mod correlation;
pub mod course;
pub mod design;
pub mod disability;
pub mod disease;
pub mod endpoint;
pub mod error;
pub mod hazard;
pub mod individual;
pub mod infection;
pub mod large_sample;
pub mod layers;
pub mod library;
pub mod myasthenia;
pub mod operating_characteristics;
pub mod parameters;
pub mod population;
pub mod progression;
pub mod purpose;
pub mod replicate;
pub mod scenario;
mod shape;
pub mod specification;
pub mod table;
pub mod therapy;
pub mod toml_file;
pub mod toxicity;
pub mod workers;

pub use error::{Error, Problem};
