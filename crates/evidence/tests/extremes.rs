//! Study files with the largest and smallest numbers that the rules allow go through the whole synthesis.

use std::collections::BTreeMap;

use proptest::prelude::*;

use neurocart_evidence::Evidence;
use neurocart_evidence::certainty::certainty;
use neurocart_evidence::comparison::{Scale, compared, with_companions};
use neurocart_evidence::evidence::{LARGEST_FILE_BYTES, parse};
use neurocart_evidence::missing::missing;
use neurocart_evidence::pooling::{Options, cumulative, leave_one_out, pool};
use neurocart_evidence::robustness::{Property, clustered, influences, moderation, small_study};
use neurocart_evidence::rules::{LARGEST_COUNT, LARGEST_NUMBER, StudyFile, check_study};
use neurocart_evidence::series::{Request, Series, series};
use neurocart_evidence::vocabulary::Vocabulary;
use neurocart_library::Library;

/// A study of two arms with these figures of the first.
fn study(id: &str, patients: u64, year: u16, figures: &str) -> String {
    format!(
        "id = \"{id}\"\ntitle = \"example\"\nyear = {year}\nstate = \"extracted\"\n\
         [source]\nkind = \"journal_article\"\ndoi = \"10.1000/{id}\"\ngrade = \"seen\"\ntier = \"A\"\n\
         addresses = [\"https://example.org\"]\n\
         [design]\nkind = \"randomised_trial\"\ndescription = \"phase 3\"\n\
         [population]\ndiseases = [\"MG\"]\n\
         [treatment]\nmodality = \"car_t\"\nproduct = \"cells\"\ntarget = \"CD19\"\nplatform = \"autologous-lentiviral\"\n\
         lymphodepletion = \"given\"\n\
         [[arm]]\nname = \"all\"\nrole = \"treated\"\npatients = {patients}\n\
         [[arm]]\nname = \"placebo\"\nrole = \"control\"\npatients = {patients}\n{figures}"
    )
}

fn outcome(code: &str, arm: &str, numbers: &str) -> String {
    format!(
        "[[outcome]]\noutcome = \"{code}\"\narm = \"{arm}\"\n{numbers}\nlocator = \"abstract\"\ngrade = \"seen\"\ntier = \"A\"\n"
    )
}

fn count(code: &str, arm: &str, share: f64, total: u64) -> String {
    let events = (share * total as f64) as u64;
    let numbers = format!(
        "statistic = \"count\"\nevents = {}\ntotal = {total}",
        events.min(total)
    );
    outcome(code, arm, &numbers)
}

/// Any size from the smallest positive to the largest allowed.
fn size() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(f64::MIN_POSITIVE),
        Just(LARGEST_NUMBER),
        (-300.0f64..30.0).prop_map(|power| 10f64.powf(power)),
        0.01f64..100.0,
    ]
}

fn patients() -> impl Strategy<Value = u64> {
    prop_oneof![Just(1), Just(LARGEST_COUNT), 1u64..200, 1..LARGEST_COUNT]
}

prop_compose! {
    fn figures()(
        total in patients(),
        shares in [0.0f64..=1.0, 0.0f64..=1.0],
        ends in [any::<bool>(), any::<bool>()],
        value in (-24.0f64..24.0),
        error in size(),
        level in size(),
        ratio in (1e-20f64..1e20, 1.0f64..1e10),
        exposure in -5.9f64..8.9,
        days in -36_525.0f64..36_525.0,
        year in 1900u16..2100,
    ) -> (u64, u16, String) {
        let at = |i: usize| if ends[i] { shares[i].round() } else { shares[i] };
        let (hazard, factor) = ratio;
        let text = [
            count("mgc_resp_ge5", "all", at(0), total),
            count("mgc_resp_ge5", "placebo", at(1), total),
            outcome("mg_adl_change", "all", &format!(
                "statistic = \"mean\"\nvalue = {value}\nunit = \"points\"\nstandard_error = {error:e}\ntotal = {total}"
            )),
            outcome("cart_cmax", "all", &format!(
                "statistic = \"mean\"\nvalue = {level:e}\nunit = \"copies/µg DNA\"\nstandard_deviation = {error:e}\ntotal = {total}"
            )),
            outcome("relapse_hazard_ratio", "all", &format!(
                "contrast = \"placebo\"\nstatistic = \"hazard_ratio\"\nvalue = {hazard:e}\nunit = \"ratio\"\n\
                 lower = {:e}\nupper = {:e}\ninterval = \"CI95\"", hazard / factor, hazard * factor
            )),
            outcome("annualised_relapse_rate", "all", &format!(
                "statistic = \"rate\"\nevents = {total}\nexposure_patient_years = {:e}", 10f64.powf(exposure)
            )),
            format!(
                "[[patient]]\nid = \"P1\"\nobservations = [\n  {{ variable = \"crs_grade\", day = {days}, value = 1, \
                 unit = \"grade\", locator = \"Table 1\", grade = \"seen\", tier = \"A\" }},\n]\n"
            ),
        ];
        (total, year, text.concat())
    }
}

fn base(texts: &[String]) -> Evidence {
    let vocabulary = Vocabulary::of(&Library::embedded()).unwrap();
    let mut studies = BTreeMap::new();
    for text in texts {
        let study = parse(text, "example.toml").unwrap();
        let file = StudyFile {
            name: "example.toml",
            text,
            study: &study,
        };
        let problems = check_study(file, &vocabulary);
        assert!(
            problems.is_empty(),
            "{}",
            neurocart_library::joined(&problems)
        );
        missing(&study);
        studies.insert(study.id.clone(), study);
    }
    Evidence {
        studies,
        registry: Vec::new(),
        vocabulary,
    }
}

/// Pools a series in every way; each estimate is a number between its limits.
fn pools(series: &Series, scale: Option<Scale>, evidence: &Evidence) {
    let options = Options {
        pool_few: true,
        sensitivity: true,
        across_scales: true,
    };
    let mut pooled = pool(series, options);
    if let Some(scale) = scale {
        pooled = with_companions(pooled, series, scale);
    }
    for e in &pooled.estimates {
        assert!(e.estimate.is_finite(), "{e:?}");
        assert!(e.lower <= e.upper, "{e:?}");
    }
    certainty(series, &pooled, &[]);
    leave_one_out(series, options);
    cumulative(series, options);
    let _ = (influences(series), small_study(series));
    for property in [Property::Year, Property::Patients, Property::Target] {
        let _ = moderation(series, property, &evidence.vocabulary);
        let _ = clustered(series, property, &evidence.vocabulary);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn numbers_at_the_bounds_of_the_rules_are_pooled_or_refused_and_never_stop_the_program(
        studies in prop::collection::vec(figures(), 1..6),
    ) {
        let texts: Vec<String> = studies
            .iter()
            .enumerate()
            .map(|(i, (patients, year, figures))| study(&format!("s{i}"), *patients, *year, figures))
            .collect();
        let evidence = base(&texts);
        for code in ["mgc_resp_ge5", "mg_adl_change", "cart_cmax", "relapse_hazard_ratio", "annualised_relapse_rate"] {
            let request = Request { outcome: code.into(), ..Request::default() };
            let found = series(&evidence, &request);
            prop_assert_eq!(found.rows.len(), texts.len());
            pools(&found, None, &evidence);
            if code == "mgc_resp_ge5" {
                for scale in [Scale::RiskRatio, Scale::OddsRatio, Scale::RiskDifference] {
                    pools(&compared(&evidence, &request, scale), Some(scale), &evidence);
                }
            }
        }
    }
}

#[test]
fn a_file_too_large_for_a_study_is_refused() {
    let text = study("large", 10, 2024, &"#".repeat(LARGEST_FILE_BYTES));
    let said = parse(&text, "large.toml").unwrap_err().to_string();
    assert!(
        said.contains("more than the 1048576 of the largest study file"),
        "{said}"
    );
}
