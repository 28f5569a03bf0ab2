//! A treated group against controls from outside the trial.
//!
//! With the subjects of the control group at hand: [`treated_weights`], then a Cox model with these
//! weights and each subject as its own cluster. With only the published means of the control group:
//! [`matching_adjusted`]. What neither can repair is confounding by something not measured:
//! [`crate::e_value`] says how strong it would have to be.
//!
//! Time zero of a treated subject is the decision to treat (apheresis), not the infusion; otherwise
//! the wait in between is time in which nobody treated can have an event.

pub mod matching_adjusted;
pub mod treated_weights;
