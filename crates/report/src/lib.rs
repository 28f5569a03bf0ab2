//! Figures, tables and the self-contained HTML report of neurocart.
//!
//! Data in (plain serde structs), text out (SVG, HTML, Markdown, terminal): no file, no clock, no
//! statistics. Intervals and tests come from the caller. Equal input gives equal bytes.
//!
//! The entry points are [`trial_report`], [`patient_report`] and [`validation_report`].

pub mod estimate;
pub mod figure;
pub mod format;
mod html;
pub mod patient_report;
pub mod safety;
pub mod terminal;
pub mod trial_report;
pub mod validation_report;
