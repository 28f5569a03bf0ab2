//! The evidence base: every published result with its source, checked, selected and pooled.
//!
//! A study is a file ([`study`]), its codes stand in closed lists ([`vocabulary`]), and what must hold
//! is written in [`rules`]. Research use only.

pub mod answer;
pub mod appraisal;
mod basket;
pub mod certainty;
pub mod codes;
pub mod comparison;
pub mod difference;
pub mod evidence;
pub mod gaps;
pub mod import;
pub mod missing;
pub mod pooling;
pub mod question;
pub mod registry;
pub mod robustness;
pub mod rules;
pub mod search;
pub mod selection;
pub mod series;
pub mod study;
pub mod study_file;
pub mod vocabulary;

pub use crate::evidence::Evidence;
pub use crate::selection::Selection;
pub use crate::study::Study;

#[cfg(test)]
mod tests {
    use neurocart_library::Library;

    use super::*;

    #[test]
    fn the_shipped_evidence_holds_every_rule() {
        let (evidence, problems) = Evidence::with_problems(&Library::embedded()).unwrap();
        assert!(
            problems.is_empty(),
            "{}",
            neurocart_library::joined(&problems)
        );
        assert!(evidence.studies.len() > 100);
    }
}
