//! What ties the values of the model to figures and failures stands in the library, and holds.

use std::collections::BTreeSet;

use neurocart_library::Library;
use neurocart_trial::parameters::Parameters;
use neurocart_trial::summary::known_failures;
use neurocart_trial::validation::comparison::{Kind, Plan};

#[test]
fn every_calibration_says_which_parameters_it_set() {
    let plan = Plan::load(&Library::embedded()).unwrap();
    let mut set = BTreeSet::new();
    for comparison in &plan.comparisons {
        let calibration = comparison.kind == Kind::Calibration;
        assert!(
            !calibration || !comparison.calibrates.is_empty(),
            "{}",
            comparison.id
        );
        set.extend(comparison.calibrates.iter().cloned());
    }
    assert_eq!(set.len(), 51);
}

/// A figure that was not used cannot have set a parameter.
#[test]
fn no_validation_calibrates() {
    let plan = Plan::load(&Library::embedded()).unwrap();
    for comparison in plan
        .comparisons
        .iter()
        .filter(|c| c.kind == Kind::Validation)
    {
        assert!(comparison.calibrates.is_empty(), "{}", comparison.id);
    }
}

#[test]
fn a_calibrated_parameter_that_does_not_exist_is_named() {
    let library = Library::embedded();
    let text = library.text("validation.toml").unwrap();
    let broken = text.replacen("\"tauS\"", "\"tauZ\"", 1);
    let library = library.with_file("validation.toml", &broken);
    insta::assert_snapshot!(Plan::load(&library).unwrap_err(), @r#"
    comparison `cd19-peak-day-typical`, `calibrates`: there is no parameter `tauZ`
      --> validation.toml:44:15
      44 | calibrates = ["tauZ", "kact", "rho"]
         |               ^
         = hint: did you mean `tauS`?
    "#);
}

#[test]
fn a_known_failure_of_a_parameter_that_does_not_exist_is_named() {
    let library = Library::embedded();
    let text = library.text("known_failures.csv").unwrap();
    let broken = text.replacen(",kup\n", ",kupp\n", 1);
    let library = library.with_file("known_failures.csv", &broken);
    insta::assert_snapshot!(known_failures(&library).unwrap_err(), @r#"
    `igg-uptake-conflict`, column `parameters`: there is no parameter `kupp`
      --> known_failures.csv:10:1
      10 | igg-uptake-conflict,The rate of IgG uptake contradicts a published estimate of FcRn recycling,0.36 per day,"0.16 per day, which would limit the fall of IgG to about 58 %",Kim 2007 (PMID 17046328),"FcRn blockers fall further than that, so 0.36 is used; kinetics at very low IgG rest on one choice",kupp
         | ^
         = hint: did you mean `kup`?
    "#);
}

#[test]
fn a_key_leads_to_its_row_and_back() {
    let table = Parameters::of(&Library::embedded()).unwrap();
    for row in table.rows() {
        assert_eq!(table.by_key(&row.key()).unwrap(), row);
    }
}
