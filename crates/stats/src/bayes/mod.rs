//! Bayesian design and analysis: assurance, mixture priors, borrowing from historical controls.

pub mod assurance;
pub mod beta_mixture;
pub mod map_mixture;
pub mod meta_analytic_predictive;
pub mod power_prior;
pub mod two_arm;

pub(crate) mod quadrature;
