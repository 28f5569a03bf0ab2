//! Every trial that ships runs, and gives the operating characteristics that its sections promise.

use std::fs;
use std::sync::atomic::AtomicBool;

use neurocart_library::Library;
use neurocart_trial::adaptive::characteristics::DesignCharacteristics;
use neurocart_trial::check::check;
use neurocart_trial::cohort;
use neurocart_trial::finish::{finish, read_summary};
use neurocart_trial::run::run;
use neurocart_trial::run_directory::{Identity, RunDirectory};
use neurocart_trial::specification::Specification;
use neurocart_trial::summary::Summary;
use neurocart_trial::therapy::Therapy;

const REPLICATES: u32 = 10;

/// Runs the trial called `name` small: few replicates, and a bank that still holds its subjects.
fn small_run(name: &str, library: &Library) -> Summary {
    let path = format!("trials/{name}.toml");
    let text = library.text(&path).unwrap();
    let checked = check(text, &path, library);
    assert!(checked.errors.is_empty(), "{name}: {:?}", checked.errors);
    assert!(
        checked.warnings.is_empty(),
        "{name}: {:?}",
        checked.warnings
    );
    let mut trial: Specification = toml::from_str(text).unwrap();
    trial.population.bank = (5 * trial.population.size).max(400);
    trial.simulation.replicates = REPLICATES;
    trial.simulation.detail_replicates = 1;

    let folder =
        std::env::temp_dir().join(format!("neurocart-shipped-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    let identity = Identity::new(&trial, library, "0.0.0-test");
    let directory = RunDirectory::create(&folder, &trial, identity).unwrap();
    let never = AtomicBool::new(false);
    let cohort = cohort::solve(&trial, library, 2, 5, &never, &mut |_| {}).unwrap();
    let ended = cohort
        .with_patients(|patients| run(&trial, patients, &directory, 2, &never, &mut |_| {}))
        .unwrap();
    assert!(ended.is_complete(), "{name}");
    finish(&trial, library, &cohort, &directory).unwrap();
    let summary = read_summary(&folder).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    summary
}

fn assert_design(name: &str, trial: &Specification, found: &DesignCharacteristics) {
    let about = format!("{name}, {}", found.truth);
    assert_eq!(found.replicates, u64::from(REPLICATES), "{about}");
    if let Some(section) = &trial.dose_finding {
        let doses = found.dose_finding.as_ref().expect(&about);
        let mut named = doses.no_dose.expect(&about).value;
        for dose in &doses.doses {
            let true_dlt = dose.true_dlt.expect(&about).value;
            assert!((0.0..=1.0).contains(&true_dlt), "{about}");
            named += dose.selected.expect(&about).value;
        }
        assert!((named - 1.0).abs() < 1e-12, "{about}: {named}");
        let treated = doses.treated.expect(&about).value;
        assert!(
            treated > 0.0 && treated <= section.maximum_subjects as f64,
            "{about}: {treated}"
        );
        assert!(doses.overdose_selected.is_some(), "{about}");
        assert!(doses.duration_days.expect(&about).value > 0.0, "{about}");
    }
    if trial.single_arm.is_some() {
        let arm = found.single_arm.as_ref().expect(&about);
        assert!(arm.promising.is_some(), "{about}");
        assert!(arm.early_termination.is_some(), "{about}");
        assert!(arm.subjects.expect(&about).value > 0.0, "{about}");
        assert!(
            arm.arms.iter().all(|arm| arm.true_probability.is_some()),
            "{about}"
        );
    }
    if trial.group_sequential.is_some() {
        assert!(found.group_sequential.is_some(), "{about}");
    }
}

#[test]
fn every_shipped_trial_runs_and_gives_what_it_promises() {
    let library = Library::embedded();
    let names = library.ids("trials");
    assert!(names.len() >= 7, "{names:?}");
    for name in names {
        let summary = small_run(name, &library);
        let trial = &summary.specification;
        let truths = 1 + trial.nulls.len();

        let designs = if trial.has_decisions() { truths } else { 0 };
        assert_eq!(summary.designs.len(), designs, "{name}");
        for found in &summary.designs {
            assert_design(name, trial, found);
        }

        // Every analysis under every truth, and a rejection rate where there is a test.
        for (index, analysis) in trial.analyses.iter().enumerate() {
            let rows: Vec<_> = summary
                .operating_characteristics
                .iter()
                .filter(|row| row.analysis == index)
                .collect();
            assert!(rows.len() >= truths, "{name}, analysis {index}");
            for row in rows {
                assert!(
                    row.rejected.is_some() || !analysis.method.is_test(),
                    "{name}, analysis {index}, {}",
                    row.truth
                );
            }
        }

        // A trial that tests names the worst of its nulls.
        let tests = trial.single_arm.is_some() || trial.primary_analysis().is_some();
        assert_eq!(tests, !trial.nulls.is_empty(), "{name}");
        let worst = summary.type_one_errors.iter().filter(|e| e.worst).count();
        assert_eq!(worst, usize::from(tests), "{name}");
        assert!(!summary.assumptions.is_empty(), "{name}");
    }
}

#[test]
fn transplantation_has_the_intensity_of_the_parameter_table() {
    let library = Library::embedded();
    let therapy = Therapy::load(&library, "ahsct", &[]).unwrap();
    let table = library.text("parameters.csv").unwrap();
    let row = table
        .lines()
        .find_map(|line| line.strip_prefix("lymphodepletion_units,procedure:ahsct,"))
        .unwrap();
    let units: f64 = row.split(',').next().unwrap().parse().unwrap();
    assert_eq!(therapy.lymphodepletion.unwrap().units, units);
}
