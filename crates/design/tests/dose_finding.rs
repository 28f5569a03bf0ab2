//! Simulated dose-finding trials against independent simulation and exact enumeration, and in
//! calendar time.

use std::collections::HashMap;

use neurocart_design::dose_finding_trial::*;
use neurocart_design::operating_characteristics::*;
use neurocart_design::stated_truth::StatedTruth;
use neurocart_stats::dose_finding::*;
use neurocart_stats::monte_carlo::MonteCarloEstimate;

type Row = HashMap<String, String>;

fn rows(name: &str) -> Vec<Row> {
    let path = format!("{}/../../reference/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    let mut reader = csv::Reader::from_path(&path).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap()
}

fn replication(replicates: u32) -> Replication {
    Replication {
        replicates,
        seed: 20261124,
        threads: 2,
    }
}

/// Ours within four combined Monte Carlo standard errors of theirs. Where their file gives no error, theirs
/// is ours scaled to their number of trials: the two estimate the same quantity.
fn assert_within_error(what: &str, ours: &MonteCarloEstimate, theirs: f64, error: Option<f64>) {
    let error = error
        .unwrap_or(ours.standard_error * (ours.replicates as f64 / TRIALS_OF_THE_REFERENCE).sqrt());
    let combined = (ours.standard_error.powi(2) + error * error).sqrt();
    assert!(
        (ours.estimate - theirs).abs() <= 4.0 * combined,
        "{what}: ours {} +- {}, theirs {theirs} +- {error}",
        ours.estimate,
        ours.standard_error
    );
}

const TRIALS_OF_THE_REFERENCE: f64 = 20_000.0;

#[test]
fn boin_operating_characteristics_match_every_row_within_monte_carlo_error() {
    let mut compared = 0;
    for group in rows("boin_oc_simulated").chunk_by(|a, b| a["scenario"] == b["scenario"]) {
        let rates: Vec<f64> = group.iter().map(|row| number(row, "p_true")).collect();
        let target = number(&group[0], "target");
        let design = DoseFindingDesign::Boin(BoinSettings::at_target(target));
        let cohort_size = number(&group[0], "cohort_size") as u64;
        let trial = DoseFindingTrial {
            cohort_size,
            ..DoseFindingTrial::new(
                design,
                rates.len(),
                cohort_size * number(&group[0], "n_cohorts") as u64,
            )
        };
        let truth = [StatedTruth::of_dlt_rates(&rates)];
        let found = operating_characteristics(&trial, &truth, target, &replication(40_000));
        let found = &found.unwrap()[0];
        for (dose, row) in group.iter().enumerate() {
            let what = format!("{} dose {}", row["scenario"], row["dose"]);
            let error = Some(number(row, "mcse_select_pct") / 100.0);
            let check = |column: &str, ours, theirs, error| {
                assert_within_error(&format!("{what} {column}"), ours, theirs, error);
            };
            check(
                "select_pct",
                &found.selected[dose],
                number(row, "select_pct") / 100.0,
                error,
            );
            check(
                "mean_patients",
                &found.treated[dose],
                number(row, "mean_patients"),
                None,
            );
            check("mean_dlt", &found.dlt[dose], number(row, "mean_dlt"), None);
            let none = number(row, "pct_stop_no_mtd") / 100.0;
            let error = (none * (1.0 - none) / TRIALS_OF_THE_REFERENCE).sqrt();
            check("pct_stop_no_mtd", &found.none_selected, none, Some(error));
            // Their total falls short of the maximum only in trials that stopped, by the same number in each to
            // a first approximation; that gives the error of their mean.
            let total = number(row, "mean_total_n");
            let error = if none > 0.0 {
                (trial.maximum_treated as f64 - total) / none * error
            } else {
                0.0
            };
            check("mean_total_n", &found.total_treated, total, Some(error));
            compared += 1;
        }
    }
    assert_eq!(compared, 20);
}

#[test]
fn simulated_three_plus_three_matches_its_exact_enumeration() {
    let mut compared = 0;
    for group in rows("three_plus_three_exact")
        .chunk_by(|a, b| (&a["scenario"], &a["variant"]) == (&b["scenario"], &b["variant"]))
    {
        let rates: Vec<f64> = group[1..].iter().map(|row| number(row, "p_true")).collect();
        let variant = match group[0]["variant"].as_str() {
            "no_deescalation" => ThreePlusThreeVariant::NoDeEscalation,
            _ => ThreePlusThreeVariant::ConfirmWithSix,
        };
        let design = DoseFindingDesign::ThreePlusThree(variant);
        let trial = DoseFindingTrial::new(design, rates.len(), 60);
        let truth = [StatedTruth::of_dlt_rates(&rates)];
        let found = operating_characteristics(&trial, &truth, 0.30, &replication(20_000));
        let found = &found.unwrap()[0];
        for (dose, row) in group.iter().enumerate() {
            let what = format!("{} {} dose {dose}", row["scenario"], row["variant"]);
            let exact = Some(0.0);
            let total = number(row, "expected_total_n");
            assert_within_error(&what, &found.total_treated, total, exact);
            let probability = number(row, "prob_mtd");
            // An event rarer than one in a hundred thousand may fail to occur at all, with error zero.
            let error = (probability * (1.0 - probability) / 20_000.0).sqrt();
            if dose == 0 {
                assert_within_error(&what, &found.none_selected, probability, Some(error));
            } else {
                let dose = dose - 1;
                assert_within_error(&what, &found.selected[dose], probability, Some(error));
                let treated = number(row, "expected_n");
                // A cohort of three at most twice: variance at most 6 times the mean.
                let error = (6.0 * treated / 20_000.0).sqrt();
                assert_within_error(&what, &found.treated[dose], treated, Some(error));
                let dlt = number(row, "expected_dlt");
                assert_within_error(&what, &found.dlt[dose], dlt, Some(error));
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 48);
}

fn designs() -> Vec<DoseFindingDesign> {
    let skeleton = crm_skeleton(CrmModel::Empiric, 0.3, 0.05, 1, 4).unwrap();
    let crm = CrmSettings::empiric(skeleton, 0.3);
    vec![
        DoseFindingDesign::ThreePlusThree(ThreePlusThreeVariant::NoDeEscalation),
        DoseFindingDesign::ThreePlusThree(ThreePlusThreeVariant::ConfirmWithSix),
        DoseFindingDesign::Boin(BoinSettings::at_target(0.3)),
        DoseFindingDesign::Interval(IntervalSettings::at_target(IntervalRule::Keyboard, 0.3)),
        DoseFindingDesign::Interval(IntervalSettings::at_target(IntervalRule::Mtpi2, 0.3)),
        DoseFindingDesign::Interval(IntervalSettings::at_target(IntervalRule::Mtpi, 0.3)),
        DoseFindingDesign::Crm(crm.clone()),
        DoseFindingDesign::TiteCrm(crm),
        DoseFindingDesign::Boin12(Boin12Settings::default()),
    ]
}

/// Everything that can go wrong in a trial, goes wrong in this one.
fn eventful() -> StatedTruth {
    StatedTruth {
        dlt_rates: vec![0.08, 0.2, 0.35, 0.5],
        response_rates: vec![0.2, 0.5, 0.55, 0.5],
        manufacturing_failure: 0.1,
        dose_shortfall: 0.15,
    }
}

fn eventful_trial(design: DoseFindingDesign) -> DoseFindingTrial {
    DoseFindingTrial {
        stagger_days: 14.0,
        staggered_patients: 2,
        minimum_follow_up_days: 7.0,
        ..DoseFindingTrial::new(design, 4, 24)
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for design in designs() {
        let trial = eventful_trial(design);
        let run = |threads| {
            let replication = Replication {
                replicates: 101,
                seed: 4,
                threads,
            };
            operating_characteristics(&trial, &[eventful()], 0.3, &replication).unwrap()
        };
        let alone = run(1);
        for threads in [2, 3, 7] {
            assert_eq!(run(threads), alone);
        }
    }
}

#[test]
fn a_trial_keeps_its_calendar() {
    for design in designs() {
        let trial = eventful_trial(design);
        for replicate in 0..200 {
            let key = TrialKey {
                seed: 1,
                scenario: 0,
                replicate,
            };
            let truth = eventful();
            let outcome = |r: PatientRequest| truth.outcome(key, r, trial.dlt_window_days);
            let run = simulate_dose_finding(&trial, key, outcome).unwrap();
            let mut highest_tried = 0;
            for pair in run.patients.windows(2) {
                assert!(pair[0].enrolment_day <= pair[1].enrolment_day);
            }
            for patient in &run.patients {
                assert!(
                    patient.assigned_level <= highest_tried + 1,
                    "a dose was skipped"
                );
                highest_tried = highest_tried.max(patient.assigned_level);
                assert!(patient.infusion_day >= patient.enrolment_day + 21.0);
                assert!(patient.resolved_day <= patient.infusion_day + 28.0);
                assert!(patient.resolved_day <= run.duration_days);
            }
            let cohorts = run.patients.last().unwrap().cohort;
            for cohort in 0..=cohorts {
                let infused: Vec<&TrialPatient> = run
                    .patients
                    .iter()
                    .filter(|p| p.cohort == cohort && p.administered_level.is_some())
                    .collect();
                if infused.len() >= 2 {
                    assert!(infused[1].infusion_day >= infused[0].infusion_day + 14.0);
                }
                let decision = run.decisions[cohort as usize].day;
                let waits = !trial.design.uses_pending_patients();
                for patient in &infused {
                    assert!(patient.infusion_day <= decision);
                    assert!(!waits || patient.resolved_day <= decision);
                }
                let next = run.patients.iter().find(|p| p.cohort == cohort + 1);
                assert!(next.is_none_or(|p| p.enrolment_day >= decision));
            }
            let treated: u64 = run.doses.iter().map(|dose| dose.treated).sum();
            assert!(run.doses.iter().all(|dose| dose.pending_weights.is_empty()));
            assert_eq!(run.assigned.iter().sum::<u64>(), run.patients.len() as u64);
            assert_eq!(treated + run.not_manufactured, run.patients.len() as u64);
            assert!(treated <= trial.maximum_treated);
        }
    }
}

#[test]
fn a_time_to_event_design_does_not_wait_for_the_window() {
    let duration = |design| {
        let trial = DoseFindingTrial::new(design, 4, 24);
        let truth = [StatedTruth::of_dlt_rates(&[0.05, 0.15, 0.3, 0.45])];
        let found = operating_characteristics(&trial, &truth, 0.3, &replication(300)).unwrap();
        found[0].duration_days.estimate
    };
    let crm = CrmSettings::empiric(vec![0.06, 0.15, 0.3, 0.45], 0.3);
    let waiting = duration(DoseFindingDesign::Crm(crm.clone()));
    let pending = duration(DoseFindingDesign::TiteCrm(crm));
    // Seven decisions fall between the eight cohorts, each a window of 28 days less, DLT aside.
    assert!(
        (120.0..200.0).contains(&(waiting - pending)),
        "{waiting} {pending}"
    );
}

#[test]
fn a_product_below_the_assigned_dose_counts_where_it_was_given() {
    let design = DoseFindingDesign::Boin(BoinSettings::at_target(0.3));
    let trial = DoseFindingTrial {
        first_dose: 1,
        ..DoseFindingTrial::new(design, 3, 6)
    };
    let key = TrialKey {
        seed: 9,
        scenario: 0,
        replicate: 0,
    };
    // All products of the first cohort fall short: nobody is evaluated at dose 2, so it is assigned again.
    let run = simulate_dose_finding(&trial, key, |request| PatientOutcome {
        administered_level: Some(usize::from(request.patient_number >= 3)),
        dlt_day: None,
        response: false,
    })
    .unwrap();
    assert_eq!(run.assigned, [0, 6, 0]);
    let treated: Vec<u64> = run.doses.iter().map(|dose| dose.treated).collect();
    assert_eq!(treated, [3, 3, 0]);
    assert_eq!(run.shortfalls, 3);
    assert_eq!(run.decisions[0].decision.action, DoseAction::Stay);
}

#[test]
fn a_trial_whose_products_all_fail_ends_and_names_no_dose() {
    for design in designs() {
        let trial = DoseFindingTrial::new(design, 4, 12);
        let key = TrialKey {
            seed: 9,
            scenario: 0,
            replicate: 0,
        };
        let nothing = |_| PatientOutcome {
            administered_level: None,
            dlt_day: None,
            response: false,
        };
        let run = simulate_dose_finding(&trial, key, nothing).unwrap();
        assert_eq!(run.end, TrialEnd::MaximumEnrolled);
        assert_eq!(run.patients.len(), 36);
        assert_eq!(
            run.selection,
            DoseSelection::NoDose(NoDoseReason::NobodyTreated)
        );
    }
}

#[test]
fn wrong_settings_and_outcomes_are_refused() {
    let design = || DoseFindingDesign::Boin(BoinSettings::at_target(0.3));
    let trial = DoseFindingTrial::new(design(), 3, 12);
    let key = TrialKey {
        seed: 9,
        scenario: 0,
        replicate: 0,
    };
    let outcome = |level, dlt_day| {
        move |_| PatientOutcome {
            administered_level: Some(level),
            dlt_day,
            response: false,
        }
    };
    for (level, day) in [(1, None), (0, Some(-1.0)), (0, Some(f64::NAN))] {
        assert!(simulate_dose_finding(&trial, key, outcome(level, day)).is_err());
    }
    assert!(simulate_dose_finding(&trial, key, outcome(0, Some(f64::INFINITY))).is_ok());
    let wrong = |change: fn(&mut DoseFindingTrial)| {
        let mut wrong = trial.clone();
        change(&mut wrong);
        assert!(wrong.check().is_err());
    };
    wrong(|t| t.doses = 0);
    wrong(|t| t.doses = usize::MAX);
    wrong(|t| t.first_dose = 3);
    wrong(|t| t.cohort_size = 0);
    wrong(|t| t.maximum_treated = u64::MAX);
    wrong(|t| t.dlt_window_days = f64::NAN);
    wrong(|t| t.vein_to_vein_days = (30.0, 20.0));
    wrong(|t| t.accrual = Accrual::Uniform { mean_days: -1.0 });
    wrong(|t| t.stagger_days = f64::INFINITY);
    let replication = replication(1);
    let truth = [StatedTruth::of_dlt_rates(&[0.1, 0.2, 0.3])];
    assert!(operating_characteristics(&trial, &truth, 0.3, &replication).is_err());
}
