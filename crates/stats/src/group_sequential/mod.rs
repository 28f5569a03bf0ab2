//! Group sequential designs: boundaries, spending, futility, operating characteristics and
//! inference after an early stop.
//!
//! Information is a fraction of the planned maximum throughout, and an effect is a drift, the
//! expectation of z at information 1. A trial's own scale comes in at the end: with maximum
//! information I in 1 / (unit of the effect)^2, the effect is drift / sqrt(I), so a design needs
//! I = (drift / effect)^2. Jennison and Turnbull 2000, Group Sequential Methods with Applications to
//! Clinical Trials.
//!
//! ```
//! use neurocart_stats::group_sequential::{
//!     BoundaryType, Design, Sides, equal_information, look_boundary, plan,
//! };
//!
//! let plan = plan(&Design {
//!     boundary: BoundaryType::OBrienFleming,
//!     sides: Sides::One,
//!     alpha: 0.025,
//!     power: 0.9,
//!     information: equal_information(5),
//!     futility: None,
//! })?;
//! assert!((plan.looks[0].efficacy - 4.562).abs() < 1e-3);
//!
//! // The first look of the trial came late, at 30 % of the information.
//! let first = look_boundary(&plan, &[], 0.3, false)?;
//! assert!(first.efficacy < plan.looks[0].efficacy);
//! # Ok::<(), neurocart_stats::NotEstimable>(())
//! ```

mod boundary;
mod conditional_power;
mod final_inference;
mod futility;
mod integration;
mod operating;
mod plan;
mod root;
mod spending;

pub use boundary::{BoundaryType, Look, MOST_LOOKS, SMALLEST_STEP, Sides, efficacy_boundary};
pub use conditional_power::{
    conditional_power, conditional_power_at_trend, conditional_stopping, predictive_power,
};
pub use final_inference::{FinalInference, final_inference, repeated_interval};
pub use futility::{Futility, FutilityBoundary};
pub use operating::{Stopping, fixed_drift, required_drift, stopping, without_futility};
pub use plan::{Design, Plan, equal_information, look_boundary, observed_boundaries, plan};
pub use spending::{Spending, SpendingPoint, cumulative_spending};
