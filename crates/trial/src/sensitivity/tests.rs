use super::output::extreme;
use super::*;

fn of(symbol: &str, scope: &str, disease: &str, therapy: &str) -> Sensitivities {
    let library = Library::embedded();
    let parameters = Parameters::of(&library).unwrap();
    let row = parameters.row(scope, symbol).unwrap();
    let found = Setting::of(&library, &parameters, row, Some(disease), Some(therapy));
    found.unwrap().expect("the row is in use").1
}

fn elasticity(found: &Sensitivities, output: &str) -> f64 {
    let output = found.outputs.iter().find(|o| o.output == output).unwrap();
    output.elasticity.unwrap()
}

/// The baseline is an exact steady state: IgG follows its baseline value in proportion and does not
/// know how fast it turns over.
#[test]
fn untreated_igg_is_its_baseline_whatever_its_half_life() {
    let found = of("G0", "core", "mg-achr", "standard-of-care");
    assert!((elasticity(&found, "igg_nadir") - 1.0).abs() < 1e-6);
    let found = of("kup", "core", "mg-achr", "standard-of-care");
    assert!(elasticity(&found, "igg_nadir").abs() < 1e-6);
    assert!(
        found
            .outputs
            .iter()
            .all(|o| o.output != "igg_nadir" || !o.sensitive)
    );
}

/// A hazard in proportion to a parameter has elasticity 1, and one parameter has no effect on the other.
#[test]
fn a_hazard_is_proportional_to_its_rate() {
    let relapses = of("lamMS", "core", "ms-relapsing", "standard-of-care");
    assert!((elasticity(&relapses, "attacks") - 1.0).abs() < 1e-5);
    assert!(elasticity(&relapses, "serious_infections").abs() < 1e-5);
    let infections = of("lamINF", "core", "ms-relapsing", "standard-of-care");
    assert!((elasticity(&infections, "serious_infections") - 1.0).abs() < 1e-5);
}

/// A linear drug: what a dose leaves over a time much longer than the half-life is F dose / CL.
#[test]
fn exposure_falls_in_proportion_to_clearance() {
    let found = of("CL", "drug:inebilizumab", "nmosd-aqp4", "inebilizumab");
    assert_eq!(found.name, "inebilizumab.CL");
    // Half-life about 20 d: of the doses on days 0, 14 and 182, over 98 % is gone on day 364.
    let exact = -1.0;
    assert!((elasticity(&found, "concentration_1") - exact).abs() < 0.03);
    // Accumulated amounts do not depend on the volume.
    let volume = of("V1", "drug:inebilizumab", "nmosd-aqp4", "inebilizumab");
    assert!(elasticity(&volume, "concentration_1").abs() < 0.03);
}

/// EDSS of the untreated disease is EDSS0 + GD (kXF + kXU) t/365 with t from the first day solved: focal
/// and compartmentalised inflammation stand at 1.
#[test]
fn untreated_disability_grows_at_the_rate_of_axonal_loss() {
    let found = of(
        "kXU",
        "disease:ms-secondary-progressive",
        "ms-secondary-progressive",
        "standard-of-care",
    );
    let library = Library::embedded();
    let parameters = Parameters::of(&library).unwrap();
    let value = |symbol: &str| {
        let scopes = ["core", "stochastic", "disease:ms-secondary-progressive"];
        parameters.get(symbol, &scopes).unwrap().value
    };
    let years = (336.0 - crate::therapy::FIRST_DAY) / 365.0;
    let slow = value("GD") * value("kXU") * years;
    let edss = value("EDSS0_mean") + value("GD") * value("kXF") * years + slow;
    let exact = slow / edss;
    let found = elasticity(&found, "edss_week_48");
    assert!((found / exact - 1.0).abs() < 0.003, "{found} {exact}");
}

/// A logistic curve: d ln p / d ln slope = (1 - p) slope x, with x the logarithm of the peak.
#[test]
fn toxicity_follows_the_slope_of_its_curve() {
    let found = of("crs_slope_3", "stochastic", "mg-achr", "cd19-cart");
    let value = |output: &str| {
        let output = found.outputs.iter().find(|o| o.output == output).unwrap();
        output.values.typical.unwrap()
    };
    let p = value("crs_grade_3");
    let exact = (1.0 - p) * 2.778 * value("il6_peak").log10();
    assert!(
        (elasticity(&found, "crs_grade_3") / exact - 1.0).abs() < 0.01,
        "{exact}"
    );
    assert!(found.outputs.iter().filter(|o| o.sensitive).count() == 1);
    assert_eq!(found.outputs[0].output, "crs_grade_3");
}

#[test]
fn a_scenario_is_found_in_which_the_parameter_acts() {
    let library = Library::embedded();
    let parameters = Parameters::of(&library).unwrap();
    let place = |symbol: &str, scope: &str| {
        let row = parameters.row(scope, symbol).unwrap();
        let found = Setting::of(&library, &parameters, row, None, None).unwrap();
        found.map(|(_, s)| (s.disease, s.therapy, s.outputs[0].output.clone()))
    };
    let is = |disease: &str, therapy: &str, output: &str| {
        Some((disease.to_owned(), therapy.to_owned(), output.to_owned()))
    };
    assert_eq!(
        place("rho", "core"),
        is("mg-achr", "cd19-cart", "car_t_csf_peak")
    );
    assert_eq!(
        place("lamMS", "core"),
        is("ms-relapsing", "cd19-cart", "attacks")
    );
    assert_eq!(
        place("sBL", "core"),
        is("mg-achr", "bcma-cart", "plasma_cells_day_180")
    );
    assert_eq!(
        place("eNat", "core"),
        is("ms-relapsing", "natalizumab", "attacks")
    );
    assert_eq!(place("kAb", "disease:lems"), None);
    assert_eq!(place("dose", "regimen:ocrelizumab"), None);
}

#[test]
fn a_step_ends_at_the_end_of_the_range() {
    let found = of("t19", "product:cd19-autologous", "mg-achr", "cd19-cart");
    assert_eq!(found.parameter.raised, None);
    assert_eq!(found.parameter.typical, Some(1.0));
    assert_eq!(found.parameter.low, Some(0.0));
    let found = of("C5Imax", "core", "mg-achr", "eculizumab");
    assert_eq!(found.parameter.raised, found.parameter.high);
    assert!(elasticity(&found, "mg_adl_week_24") < -THRESHOLD);
}

/// The page on the model states these for its reader.
#[test]
fn the_sensitivities_in_the_page_on_the_model_are_found_again() {
    let library = Library::embedded();
    let parameters = Parameters::of(&library).unwrap();
    for (symbol, output, stated) in [
        ("rho", "car_t_peak", 4.4),
        ("KA19", "car_t_peak", -1.7),
        ("BNt0", "car_t_peak", 1.3),
        ("KQ", "car_t_peak", -1.5),
        ("rN", "car_t_peak", -1.3),
        ("kLT", "car_t_peak", 1.4),
        ("rho", "b_cell_depletion", 2.5),
        ("bM", "b_cell_depletion", -0.8),
        ("rho", "il6_peak", 2.7),
        ("p6", "il6_peak", 1.0),
    ] {
        let row = parameters.row("core", symbol).unwrap();
        let place = (Some("mg-achr"), Some("cd19-cart"));
        let found = Setting::of(&library, &parameters, row, place.0, place.1).unwrap();
        let found = elasticity(&found.unwrap().1, output);
        assert!(
            (found - stated).abs() < 0.15,
            "{symbol} {output} {found} {stated}"
        );
    }
}

#[test]
fn a_peak_between_grid_points_is_found() {
    // v = 5 - (t - 2.3)^2 on an uneven grid.
    let times = [0.0, 1.0, 2.0, 2.5, 4.0];
    let values = times.map(|t: f64| 5.0 - (t - 2.3).powi(2));
    let (height, day) = extreme(&times, &values, 1.0);
    assert!((height - 5.0).abs() < 1e-12 && (day - 2.3).abs() < 1e-12);
    let fallen = values.map(|v| -v);
    assert!((extreme(&times, &fallen, -1.0).0 + 5.0).abs() < 1e-12);
    assert_eq!(extreme(&[0.0, 1.0], &[1.0, 2.0], 1.0), (2.0, 1.0));
}
