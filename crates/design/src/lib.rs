//! Trial designs simulated under stated truths, without a model.
//!
//! A design's rules stand in `neurocart-stats` as plain functions. Here a trial runs by them in
//! calendar time ([`dose_finding_trial`]): who enters when, whose product is made, who is still
//! inside the DLT window at a decision. Where the outcome of a patient comes from is a closure, so the
//! same trial runs on stated DLT rates ([`stated_truth`]) and on virtual patients. Repeated, it
//! gives the operating characteristics with their Monte Carlo error
//! ([`operating_characteristics`]).
//!
//! Random numbers are keyed by seed, scenario, replicate and patient: the same settings give the
//! same bits on any number of threads, and designs and scenarios compared under one seed share their draws.

pub mod dose_finding_trial;
pub mod operating_characteristics;
pub mod stated_truth;
