//! Which studies are asked for: by disease, product, design and what else a file says.

use std::collections::BTreeSet;

use crate::codes::{code, codes, of_code};
use crate::evidence::Evidence;
use crate::study::*;
use crate::vocabulary::{Area, Vocabulary};

/// What is asked for. An empty list asks for everything; of a list any one will do; all lists must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Codes of diseases; a basket fits if one of its diseases, or of its arms', does.
    pub diseases: Vec<String>,
    /// Fields of medicine.
    pub areas: Vec<Area>,
    /// Whole targets: `CD19` is CD19 alone, `CD19+BCMA` both.
    pub targets: Vec<String>,
    /// Parts of the name of the product, in any case.
    pub products: Vec<String>,
    /// How the product is made.
    pub platforms: Vec<Platform>,
    /// Whether lymphodepletion was given.
    pub lymphodepletion: Vec<Lymphodepletion>,
    /// Kinds of treatment.
    pub modalities: Vec<Modality>,
    /// Classes of design.
    pub designs: Vec<DesignKind>,
    /// Codes of outcomes, one of which must be reported, for a group or for single patients.
    pub outcomes: Vec<String>,
    /// First and last year of the report, both included.
    pub years: Option<(u16, u16)>,
    /// Also what comes from memory: studies, and figures of studies.
    pub include_recalled: bool,
}

impl Selection {
    /// True if the study is asked for.
    pub fn study(&self, study: &Study, vocabulary: &Vocabulary) -> bool {
        let wanted = |grade| self.include_recalled || grade == Grade::Seen;
        let any_disease =
            || diseases(study).any(|d| self.diseases.iter().any(|wanted| wanted == d));
        let of_treatment =
            |fits: &dyn Fn(&Treatment) -> bool| study.treatment.as_ref().is_some_and(fits);
        let reported = |outcome: &String| {
            let of_group = |o: &Outcome| o.outcome == *outcome && wanted(o.grade);
            let of_patient = |o: &Observation| o.variable == *outcome && wanted(o.grade);
            study.outcomes.iter().any(of_group)
                || study
                    .patients
                    .iter()
                    .any(|p| p.observations.iter().any(of_patient))
        };
        wanted(study.source.grade)
            && (self.diseases.is_empty() || any_disease())
            && (self.areas.is_empty()
                || areas(study, vocabulary)
                    .iter()
                    .any(|a| self.areas.contains(a)))
            && (self.targets.is_empty() || of_treatment(&|t| self.targets.contains(&t.target)))
            && (self.products.is_empty() || of_treatment(&|t| self.product(&t.product)))
            && (self.platforms.is_empty()
                || of_treatment(&|t| self.platforms.contains(&t.platform)))
            && (self.lymphodepletion.is_empty()
                || of_treatment(&|t| self.lymphodepletion.contains(&t.lymphodepletion)))
            && (self.modalities.is_empty()
                || of_treatment(&|t| self.modalities.contains(&t.modality)))
            && (self.designs.is_empty() || self.designs.contains(&study.design.kind))
            && (self.outcomes.is_empty() || self.outcomes.iter().any(reported))
            && self
                .years
                .is_none_or(|(first, last)| (first..=last).contains(&study.year))
    }

    /// True if the name of a product holds one of the parts that are asked for.
    pub fn product(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.products
            .iter()
            .any(|part| name.contains(&part.to_lowercase()))
    }

    /// The studies that are asked for, by year, then by id.
    pub fn studies<'a>(&self, evidence: &'a Evidence) -> Vec<&'a Study> {
        let mut studies: Vec<&Study> = evidence
            .studies
            .values()
            .filter(|study| self.study(study, &evidence.vocabulary))
            .collect();
        studies.sort_by_key(|study| (study.year, &study.id));
        studies
    }
}

/// Codes of the diseases of a study, of its arms and of its patients, in the order of the file; a code
/// may come more than once.
pub fn diseases(study: &Study) -> impl Iterator<Item = &String> {
    let of_arms = study.arms.iter().flat_map(|arm| &arm.diseases);
    let of_patients = study.patients.iter().filter_map(|p| p.disease.as_ref());
    study
        .population
        .diseases
        .iter()
        .chain(of_arms)
        .chain(of_patients)
}

/// Fields of medicine to which a study belongs.
pub fn areas(study: &Study, vocabulary: &Vocabulary) -> BTreeSet<Area> {
    diseases(study)
        .filter_map(|d| Some(vocabulary.diseases.get(d)?.area))
        .collect()
}

/// The platforms that a word means: one by its code; all of a kind by `autologous`, `allogeneic` or
/// `in-vivo`.
pub fn platforms(word: &str) -> Vec<Platform> {
    let of_kind = ["autologous", "allogeneic", "in-vivo"].contains(&word);
    let all = codes::<Platform>()
        .iter()
        .filter_map(|c| of_code::<Platform>(c));
    all.filter(|platform| {
        let name = code(platform);
        name == word || (of_kind && name.starts_with(word))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use neurocart_library::Library;

    use super::*;

    fn ids(selection: &Selection) -> Vec<String> {
        let evidence = Evidence::of(&Library::embedded()).unwrap();
        let studies = selection.studies(&evidence);
        studies.iter().map(|study| study.id.clone()).collect()
    }

    #[test]
    fn an_empty_selection_takes_everything_that_was_seen() {
        let evidence = Evidence::of(&Library::embedded()).unwrap();
        let seen = evidence.studies.values();
        let seen = seen.filter(|s| s.source.grade == Grade::Seen).count();
        assert_eq!(ids(&Selection::default()).len(), seen);
        let all = Selection {
            include_recalled: true,
            ..Selection::default()
        };
        assert_eq!(ids(&all).len(), evidence.studies.len());
    }

    #[test]
    fn a_basket_fits_by_any_of_its_diseases() {
        let of = |disease: &str| {
            ids(&Selection {
                diseases: vec![disease.into()],
                ..Selection::default()
            })
        };
        let basket = "motte2024-mg-lems".to_owned();
        assert!(of("MG").contains(&basket) && of("LEMS").contains(&basket));
        assert!(!of("MS").contains(&basket));
    }

    #[test]
    fn conditions_on_the_treatment_leave_out_who_got_none() {
        let selection = Selection {
            platforms: platforms("autologous"),
            years: Some((2023, 2023)),
            targets: vec!["BCMA".into()],
            products: vec!["ct103".into(), "DESCARTES".into()],
            ..Selection::default()
        };
        let evidence = Evidence::of(&Library::embedded()).unwrap();
        let found = selection.studies(&evidence);
        assert!(!found.is_empty());
        for study in found {
            let treatment = study.treatment.as_ref().unwrap();
            assert!(code(&treatment.platform).starts_with("autologous"));
            assert_eq!((study.year, treatment.target.as_str()), (2023, "BCMA"));
        }
    }

    #[test]
    fn a_kind_of_platform_stands_for_all_of_it_and_a_code_for_itself() {
        assert_eq!(platforms("autologous").len(), 5);
        assert_eq!(platforms("allogeneic").len(), 3);
        assert_eq!(platforms("in-vivo").len(), 3);
        assert_eq!(platforms("in-vivo-mrna"), [Platform::InVivoMrna]);
        assert_eq!(platforms("vivo"), []);
    }
}
