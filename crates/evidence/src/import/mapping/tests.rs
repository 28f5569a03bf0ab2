use neurocart_library::Library;

use super::outcome::OUTCOMES;
use super::*;
use crate::study::{Lymphodepletion, Platform};
use crate::vocabulary::Vocabulary;

fn vocabulary() -> Vocabulary {
    Vocabulary::of(&Library::embedded()).unwrap()
}

#[test]
fn a_disease_is_known_by_any_of_its_names_and_a_short_name_only_alone() {
    let v = vocabulary();
    assert_eq!(
        diseases_of_term("Generalized Myasthenia Gravis", &v),
        ["MG"]
    );
    assert_eq!(diseases_of_term("MG", &v), ["MG"]);
    assert_eq!(
        diseases_of_text("30 MG of a drug in MS-like disease", &v),
        [""; 0]
    );
    assert_eq!(diseases_of_text("CAR T cells in NMOSD", &v), ["NMOSD"]);
    assert_eq!(diseases_of_term("Stiff-Person Syndrome", &v), ["SPS"]);
    assert_eq!(
        diseases_of_term(&spoken("Lymphoma, Large B-Cell, Diffuse"), &v),
        ["LBCL"]
    );
    assert_eq!(diseases_of_term("Healthy Volunteers", &v), [""; 0]);
    assert_eq!(diseases_of_term("Asthma", &v), [""; 0]);
}

#[test]
fn every_outcome_that_is_suggested_is_in_the_library() {
    let v = vocabulary();
    for (phrases, code) in OUTCOMES {
        let found = outcomes(phrases[0], &v);
        assert!(
            found.iter().any(|f| f.starts_with(code)),
            "{code}: {found:?}"
        );
        let found = outcomes(&format!("grade 3 {}", phrases[0]), &v);
        assert!(
            found.iter().any(|f| f.starts_with(code)),
            "{code}: {found:?}"
        );
    }
}

#[test]
fn an_antigen_in_running_text_is_a_target_only_beside_its_receptor() {
    let text = "Patients had failed anti-CD20 therapy. CT103A, a BCMA-targeting CAR T product, was given; CD19+ B cells fell.";
    assert_eq!(targets(text, true), ["BCMA"]);
    assert_eq!(targets(text, false), ["CD19", "BCMA", "CD20"]);
    assert_eq!(targets("MuSK-CAART", false), ["MuSK"]);
    assert_eq!(
        targets("AQP4-IgG positive disease, CD19CAR-T", false),
        ["CD19"]
    );
}

#[test]
fn the_platform_is_told_by_its_words_and_a_contradiction_is_told_as_one() {
    let ok = |text| platform(text).unwrap();
    assert_eq!(
        ok("autologous T cells, lentiviral vector"),
        Some(Platform::AutologousLentiviral)
    );
    assert_eq!(
        ok("autologous CAR T cells electroporated with mRNA"),
        Some(Platform::AutologousMrna)
    );
    assert_eq!(
        ok("healthy donor CRISPR-edited CAR T"),
        Some(Platform::AllogeneicGeneEdited)
    );
    assert_eq!(
        ok("in vivo CAR T by mRNA in lipid nanoparticles"),
        Some(Platform::InVivoMrna)
    );
    assert_eq!(ok("CAR T cells that expand in vivo"), None);
    assert!(platform("autologous or allogeneic cells").is_err());
}

#[test]
fn lymphodepletion_is_given_by_its_agents_unless_the_text_says_without() {
    let given = lymphodepletion("fludarabine 30 mg/m2 and cyclophosphamide");
    assert_eq!(given.given, Some(Lymphodepletion::Given));
    assert_eq!(given.agents, "fludarabine, cyclophosphamide");
    assert_eq!(
        lymphodepletion("infused without lymphodepletion").given,
        Some(Lymphodepletion::None)
    );
    assert!(lymphodepletion("without lymphodepletion; cohort B: cyclophosphamide").contradiction);
    assert_eq!(lymphodepletion("one infusion").given, None);
}

#[test]
fn a_time_is_taken_only_where_the_text_names_one() {
    assert_eq!(time("Baseline, Week 12"), Some(Time::Weeks(12.0)));
    assert_eq!(time("Day 1 and 12 weeks"), None);
    assert_eq!(time("day 28"), Some(Time::Weeks(4.0)));
    assert_eq!(time("Month 6"), Some(Time::Months(6.0)));
    assert_eq!(time("Up to 24 months"), None);
    assert_eq!(time("Weeks 4, 8, 12"), None);
    assert_eq!(time("1 year"), Some(Time::Months(12.0)));
}

#[test]
fn a_sentence_ends_at_its_full_stop_and_not_at_a_decimal_point() {
    assert_eq!(
        sentences("Median follow-up was 5.5 months (e.g. in 12 patients vs. 10). All had CRS."),
        [
            "Median follow-up was 5.5 months (e.g. in 12 patients vs. 10).",
            "All had CRS."
        ]
    );
    assert!(tells_number("No patient had ICANS."));
    assert!(tells_number("7 (58%) patients"));
    assert!(!tells_number("CD19 CAR T cells and KYV-101 were given."));
}

#[test]
fn a_name_becomes_plain_letters() {
    assert_eq!(slug("Müller"), "mueller");
    assert_eq!(slug("Cabrera-Maqueda"), "cabreramaqueda");
    assert_eq!(slug("秦"), "");
}
