//! The bank of solved patients and the courses drawn from it.

use std::sync::atomic::AtomicBool;

use neurocart_library::Library;
use neurocart_trial::Error;
use neurocart_trial::bank::{Bank, BankRequest, SolvedPatient, stream};
use neurocart_trial::correlation::Correlations;
use neurocart_trial::course::Course;
use neurocart_trial::disease::Disease;
use neurocart_trial::layers::Layers;
use neurocart_trial::parameters::{Override, Parameters};
use neurocart_trial::purpose::SubjectKey;
use neurocart_trial::scenario::{Ingredients, Scenario};
use neurocart_trial::therapy::{FieldOverride, Therapy};

struct Setting {
    scenarios: Vec<Scenario>,
    layers: Layers,
    correlations: Correlations,
    visits: Vec<f64>,
    end: f64,
}

fn setting(disease: &str, therapies: &[(&str, &[&str])], overrides: &[&str], end: f64) -> Setting {
    let library = Library::embedded();
    let parameters = Parameters::of(&library).unwrap();
    let disease = Disease::load(&library, disease).unwrap();
    let visits: Vec<f64> = (0..=(end / 84.0) as usize)
        .map(|i| 84.0 * i as f64)
        .collect();
    let overrides: Vec<Override> = overrides
        .iter()
        .map(|o| Override::parse(o, "test").unwrap())
        .collect();
    let build = |(id, changes): &(&str, &[&str])| {
        let changes: Vec<FieldOverride> = changes
            .iter()
            .map(|c| FieldOverride::parse(c, "test").unwrap())
            .collect();
        Scenario::build(Ingredients {
            library: &library,
            parameters: &parameters,
            disease: &disease,
            therapy: &Therapy::load(&library, id, &changes).unwrap(),
            overrides: &overrides,
            end_days: end,
            extra_days: &visits,
        })
        .unwrap()
    };
    let scenarios = therapies.iter().map(build).collect();
    let layers = Layers::of(&parameters, &disease, &overrides).unwrap();
    Setting {
        scenarios,
        layers,
        correlations: Correlations::default(),
        visits,
        end,
    }
}

fn request<'a>(
    s: &'a Setting,
    blinded: &'a [bool],
    size: usize,
    threads: usize,
) -> BankRequest<'a> {
    BankRequest {
        scenarios: &s.scenarios,
        blinded,
        layers: &s.layers,
        correlations: &s.correlations,
        seed: 11,
        size,
        visits_days: &s.visits,
        follow_up_days: s.end,
        keep_trajectories: size,
        threads,
        failures_allowed: 0.001,
    }
}

fn solve(request: &BankRequest) -> Result<Bank, Error> {
    Bank::solve(request, &AtomicBool::new(false), &mut |_| {})
}

const CART_AND_PLACEBO: [(&str, &[&str]); 2] = [("cd19-cart", &[]), ("placebo", &[])];

#[test]
fn the_bank_has_the_same_bits_for_any_number_of_threads_and_any_size() {
    let s = setting("mg-achr", &CART_AND_PLACEBO, &[], 200.0);
    let one = solve(&request(&s, &[false, true], 40, 1)).unwrap();
    for threads in [2, 4] {
        let many = solve(&request(&s, &[false, true], 40, threads)).unwrap();
        assert_eq!(one.patients, many.patients);
        assert_eq!(one.screening, many.screening);
    }
    // A larger bank begins with the smaller one, although its chunks are cut elsewhere.
    let larger = solve(&request(&s, &[false, true], 300, 2)).unwrap();
    assert_eq!(one.patients[..], larger.patients[..40]);
    let mut streamed: Vec<SolvedPatient> = Vec::new();
    stream(
        &request(&s, &[false, true], 40, 2),
        &AtomicBool::new(false),
        &mut |p| streamed.push(p),
    )
    .unwrap();
    assert_eq!(one.patients, streamed);
}

#[test]
fn arms_have_the_same_patients_before_treatment() {
    let s = setting(
        "nmosd-aqp4",
        &[("bcma-cart", &[]), ("standard-of-care", &[])],
        &[],
        100.0,
    );
    let bank = solve(&request(&s, &[false, false], 30, 2)).unwrap();
    let [a, b] = [&s.scenarios[0], &s.scenarios[1]];
    for p in &bank.patients {
        for symbol in ["Bb", "cG", "AMt", "N", "U", "ANC"] {
            let at = |s: &Scenario, t: &[f64]| t[s.output(symbol).unwrap()];
            assert_eq!(
                at(a, &p.trajectories[0]),
                at(b, &p.trajectories[1]),
                "{symbol}"
            );
        }
    }
}

#[test]
fn only_plausible_patients_are_in_the_bank() {
    let s = setting("mg-achr", &[("cd19-cart", &[])], &[], 60.0);
    let bank = solve(&request(&s, &[false], 200, 2)).unwrap();
    let at = s.scenarios[0].output("CARb").unwrap();
    for p in &bank.patients {
        let peak = p.trajectories[0]
            .iter()
            .skip(at)
            .step_by(s.scenarios[0].outputs())
            .copied()
            .fold(0.0, f64::max);
        assert!((1.0..=1500.0).contains(&peak) && (5.0..=20.0).contains(&p.patient.igg_g_per_l()));
    }
    assert_eq!(
        bank.screening.candidates,
        200 + bank.screening.rejections() + bank.failures.len()
    );
    assert!(bank.failures.is_empty());
}

#[test]
fn a_dose_that_expands_nowhere_is_explained() {
    let s = setting(
        "mg-achr",
        &[("cd19-cart", &["dose_cells_per_kg=0.001"])],
        &["rho=2.2"],
        40.0,
    );
    let error = solve(&request(&s, &[false], 10, 2))
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("only 0 of "), "{error}");
    assert!(
        error.contains("CAR T peak below the plausible range"),
        "{error}"
    );
}

#[test]
fn a_cancelled_bank_says_so() {
    let s = setting("mg-achr", &[("placebo", &[])], &[], 60.0);
    let cancelled = AtomicBool::new(true);
    let result = Bank::solve(&request(&s, &[true], 100, 2), &cancelled, &mut |_| {});
    assert!(matches!(result, Err(Error::Cancelled)));
}

#[test]
fn the_untreated_disease_holds_for_ten_years_in_random_patients() {
    let s = setting("mg-musk", &[("standard-of-care", &[])], &[], 3650.0);
    let bank = solve(&request(&s, &[false], 100, 2)).unwrap();
    let scenario = &s.scenarios[0];
    for p in &bank.patients {
        let (first, last) = {
            let t = &p.trajectories[0];
            (&t[..scenario.outputs()], &t[t.len() - scenario.outputs()..])
        };
        for symbol in [
            "Bb", "BNb", "BMb", "PB", "PL", "AMt", "AL", "cG", "Ap", "Ac", "IL6", "N", "F", "U",
            "R", "Alb", "H",
        ] {
            let at = scenario.output(symbol).unwrap();
            let (a, b) = (first[at], last[at]);
            // The solver's relative tolerance is 1e-6 per step; 1e-8 absolute is the cytokine floor.
            assert!(
                (a - b).abs() <= 1e-5 * a.abs() + 1e-7,
                "{symbol}: {a} to {b} in {}",
                p.patient.number
            );
        }
    }
}

#[test]
fn placebo_relapses_come_at_the_rate_of_the_table() {
    let s = setting("ms-relapsing", &[("standard-of-care", &[])], &[], 672.0);
    let bank = solve(&request(&s, &[false], 300, 2)).unwrap();
    let (mut course, mut events, mut replicates) = (Course::default(), 0, 0);
    for replicate in 0..100 {
        for patient in 0..bank.patients.len() {
            bank.course(
                patient,
                0,
                SubjectKey {
                    seed: 1,
                    replicate,
                    subject: patient as u64,
                },
                &mut course,
            );
            events += course.attacks.len();
            replicates += 1;
            assert!(
                course
                    .visits
                    .windows(2)
                    .all(|v| v[0].time_days < v[1].time_days)
            );
        }
    }
    // 0.42 per year of time at risk, times the mean frailty of these patients. The 30 days after an
    // attack are not at risk, so the observed rate is r / (1 + 30/365 r) per patient.
    let expected: f64 = bank
        .patients
        .iter()
        .map(|p| p.patient.attacks_per_year())
        .map(|r| r / (1.0 + 30.0 / 365.0 * r))
        .sum::<f64>()
        / bank.patients.len() as f64;
    let rate = events as f64 / (replicates as f64 * 672.0 / 365.0);
    // The first 30 days have no earlier attack in them, so the renewal rate is low by up to
    // half a refractory period in 672 days times the rate: 1.5 %.
    assert!(
        (rate / expected - 1.0).abs() < 0.025,
        "{rate} against {expected}"
    );
}

#[test]
fn more_visits_leave_the_rest_of_a_course_as_it_is() {
    let s = setting("ms-relapsing", &[("ocrelizumab", &[])], &[], 672.0);
    let all = solve(&request(&s, &[true], 20, 2)).unwrap();
    let fewer = BankRequest {
        visits_days: &s.visits[..4],
        ..request(&s, &[true], 20, 2)
    };
    let fewer = solve(&fewer).unwrap();
    let (mut a, mut b) = (Course::default(), Course::default());
    for subject in 0..200 {
        let key = SubjectKey {
            seed: 2,
            replicate: 3,
            subject,
        };
        all.course(subject as usize % 20, 0, key, &mut a);
        fewer.course(subject as usize % 20, 0, key, &mut b);
        assert_eq!(a.attacks, b.attacks);
        assert_eq!(a.visits[..4], b.visits[..]);
        assert_eq!(a.serious_infections_days, b.serious_infections_days);
    }
}

#[test]
fn blinding_lowers_mg_adl_by_the_placebo_response_and_nothing_else() {
    let s = setting("mg-achr", &[("placebo", &[]), ("placebo", &[])], &[], 168.0);
    let bank = solve(&request(&s, &[true, false], 200, 2)).unwrap();
    let (mut blinded, mut open, mut sum, mut n) = (Course::default(), Course::default(), 0.0, 0.0);
    for subject in 0..4000 {
        let key = SubjectKey {
            seed: 2,
            replicate: 0,
            subject,
        };
        let patient = subject as usize % 200;
        bank.course(patient, 0, key, &mut blinded);
        bank.course(patient, 1, key, &mut open);
        assert_eq!(blinded.visits[0], open.visits[0]);
        let (b, o) = (blinded.visits[2], open.visits[2]);
        assert_eq!((b.qmg, b.igg_g_per_l), (o.qmg, o.igg_g_per_l));
        sum += b.mg_adl.unwrap() - o.mg_adl.unwrap();
        n += 1.0;
    }
    // 1.8 points, less where the score would fall below 0; rounding adds at most a variance of 1/2.
    let mean: f64 = sum / n;
    assert!((-1.85..-1.6).contains(&mean), "{mean}");
}
