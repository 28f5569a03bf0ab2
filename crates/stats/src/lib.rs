//! Trial statistics: slices in, plain results out.
//!
//! Each analysis is one function of its data and an options struct whose `Default` is the default
//! of the methods page; its file opens with the reference, the formula and the choices made.
//! Nothing here touches a file, a clock or a random stream, and the same input gives the same bits
//! on every machine.
//!
//! An analysis without an answer says so: the result is an [`Estimate`], and [`NotEstimable`]
//! carries the reason as a sentence. No function returns NaN or panics on data.
//!
//! ```
//! use neurocart_stats::log_rank::{LogRankOptions, log_rank};
//!
//! let time_days = [30.0, 45.0, 80.0, 120.0, 60.0, 90.0, 150.0, 180.0];
//! let progressed = [true, true, true, false, true, false, false, false];
//! let arm = [0, 0, 0, 0, 1, 1, 1, 1];
//! let test = log_rank(&time_days, &progressed, &arm, &LogRankOptions::default())?;
//! assert!(test.z.unwrap() < 0.0, "the second arm had fewer events than expected");
//! # Ok::<(), neurocart_stats::NotEstimable>(())
//! ```

mod beta;
mod binary_regression;
mod cholesky;
mod error;
mod gamma;
mod interval;
mod log_linear;
mod noncentral_t;
mod normal;
mod order;
mod standardise;
mod two_arm_size;

pub mod ancova;
pub mod bayes;
pub mod competing_risks;
pub mod concordance;
pub mod conditional_odds_ratio;
pub mod cox;
pub mod distribution;
pub mod dose_finding;
pub mod e_value;
pub mod events_sample_size;
pub mod external_control;
pub mod firth;
pub mod group_sequential;
pub mod kaplan_meier;
pub mod log_rank;
pub mod logistic;
pub mod meta_analysis;
pub mod milestone;
pub mod mixed_model;
pub mod monte_carlo;
pub mod negative_binomial;
pub mod nelson_aalen;
pub mod parametric_survival;
pub mod poisson_rate_ratio;
pub mod poisson_regression;
pub mod proportion;
pub mod quantile;
pub mod restricted_mean;
pub mod sample_size_means;
pub mod sample_size_negative_binomial;
pub mod sample_size_proportions;
pub mod single_arm;
pub mod sobol;
pub mod stratified_tables;
pub mod two_by_two;
pub mod unconditional_exact;

pub use error::{Estimate, InputError, NotEstimable};
pub use interval::{ChiSquareTest, Interval};
