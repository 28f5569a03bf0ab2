//! Bayesian design and analysis: assurance, mixture priors, borrowing from historical controls.

pub mod assurance;
pub mod beta_mixture;
pub mod power_prior;
pub mod two_arm;

mod quadrature;
