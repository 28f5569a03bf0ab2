//! What the documentation says about risk of bias is what the study files say.

use std::collections::BTreeMap;
use std::path::Path;

use neurocart_evidence::study::{DesignKind, Grade, Instrument, Modality, Risk, State, Study};
use neurocart_evidence::vocabulary::{Area, Vocabulary};
use neurocart_evidence::{Evidence, appraisal};
use neurocart_library::Library;

fn evidence() -> Evidence {
    Evidence::of(&Library::embedded()).unwrap()
}

fn is_in(study: &Study, vocabulary: &Vocabulary, areas: &[Area]) -> bool {
    study
        .population
        .diseases
        .iter()
        .any(|code| areas.contains(&vocabulary.diseases[code].area))
}

/// Studies by instrument and judgement, as the page shows them.
fn table(evidence: &Evidence) -> String {
    let names = [
        (Instrument::JbiCaseSeries, "JBI case series"),
        (Instrument::JbiCaseReport, "JBI case report"),
        (Instrument::RobinsI, "ROBINS-I"),
        (Instrument::Rob2, "RoB 2"),
    ];
    let mut counts: BTreeMap<(Instrument, Risk), usize> = BTreeMap::new();
    let mut reports = 0;
    let mut studies = 0;
    for found in evidence.studies.values() {
        if let Some(appraisal) = &found.appraisal {
            *counts
                .entry((appraisal.instrument, appraisal.overall))
                .or_default() += 1;
            studies += 1;
            reports += usize::from(appraisal::read_the_report(&appraisal.read));
        }
    }
    let mut page = format!(
        "{studies} studies are appraised. For {reports} of them the paper or its abstract was read, for the other \
         {} only news or a release.\n\n\
         | instrument | low | some concerns | high | unclear |\n|---|---|---|---|---|\n",
        studies - reports
    );
    for (instrument, name) in names {
        let cell = |risk| counts.get(&(instrument, risk)).copied().unwrap_or(0);
        page += &format!(
            "| {name} | {} | {} | {} | {} |\n",
            cell(Risk::Low),
            cell(Risk::SomeConcerns),
            cell(Risk::High),
            cell(Risk::Unclear)
        );
    }
    page
}

#[test]
fn the_page_counts_the_appraisals_as_they_stand() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/concepts/evidence-base.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (_, rest) = page.split_once("<!-- appraisals -->\n").unwrap();
    let (shown, _) = rest.split_once("<!-- /appraisals -->").unwrap();
    assert_eq!(shown, table(&evidence()));
}

#[test]
fn every_report_of_patients_after_car_t_cells_for_autoimmune_disease_is_appraised() {
    let evidence = evidence();
    let fields = [Area::Neuroimmune, Area::Rheumatology];
    let missing: Vec<&str> = evidence
        .studies
        .values()
        .filter(|study| {
            let car_t = study
                .treatment
                .as_ref()
                .is_some_and(|t| t.modality == Modality::CarT);
            let kinds = [
                DesignKind::Review,
                DesignKind::Model,
                DesignKind::Preclinical,
            ];
            car_t
                && is_in(study, &evidence.vocabulary, &fields)
                && !(study.outcomes.is_empty() && study.patients.is_empty())
                && !kinds.contains(&study.design.kind)
                && study.source.grade == Grade::Seen
                && study.state != State::Appraised
        })
        .map(|study| study.id.as_str())
        .collect();
    assert!(missing.is_empty(), "not appraised: {missing:?}");
}
