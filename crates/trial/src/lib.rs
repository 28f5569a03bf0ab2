//! Virtual populations, trials, endpoints and operating characteristics.

pub mod course;
