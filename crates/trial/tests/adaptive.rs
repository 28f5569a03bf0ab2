//! Designs that decide while the trial runs, against exact answers and from file to summary.

mod stub;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use neurocart_library::Library;
use neurocart_stats::dose_finding::{ThreePlusThreeVariant, three_plus_three_exact};
use neurocart_stats::single_arm::simon::{SimonDesign, simon_characteristics};
use neurocart_trial::adaptive::characteristics::DesignTally;
use neurocart_trial::adaptive::{ReplicateDecision, Verdict};
use neurocart_trial::check::check;
use neurocart_trial::cohort::{self, Cohort};
use neurocart_trial::finish::{finish, read_summary};
use neurocart_trial::replicate::{Patients, Space, Truth, simulate};
use neurocart_trial::run::run;
use neurocart_trial::run_directory::{Identity, RunDirectory};
use neurocart_trial::specification::{
    Alternative, DoseFindingMethod, GroupSequential, Specification, SpendingFunction,
};

use stub::{SEAMLESS, assert_mean, assert_share, replicates, seamless, single_arm, stub};

const MS: &str = include_str!("../../../library/trials/progressive-ms-cd19-vs-anti-cd20.toml");
#[test]
fn three_plus_three_on_virtual_patients_is_its_exact_enumeration() {
    let dlt = [0.1, 0.25, 0.4];
    let course = stub(|request| (dlt[request.arm], 0.0));
    for variant in [
        ThreePlusThreeVariant::NoDeEscalation,
        ThreePlusThreeVariant::ConfirmWithSix,
    ] {
        let mut trial = seamless();
        trial.single_arm = None;
        trial.manufacturing = None;
        trial.population.eligibility.clear();
        let section = trial.dose_finding.as_mut().unwrap();
        section.design = DoseFindingMethod::ThreePlusThree;
        section.maximum_subjects = 18;
        section.confirm_with_six = variant == ThreePlusThreeVariant::ConfirmWithSix;
        let exact = three_plus_three_exact(&dlt, variant).unwrap();
        let found = replicates(&trial, &course, Truth::AsDesigned, 4000);
        let found = found.dose_finding.unwrap();
        assert_share("no dose", found.no_dose, exact.no_dose);
        for (number, dose) in found.doses.iter().enumerate() {
            assert_share("selected", dose.selected, exact.selected[number]);
            assert_mean("treated", dose.treated, exact.expected_treated[number]);
            assert_mean(
                "DLT",
                dose.dlts,
                exact.expected_treated[number] * dlt[number],
            );
            // The truth is measured on 10,000 courses.
            let truth = dose.true_dlt.unwrap();
            assert!((truth.value - dlt[number]).abs() < 4.0 * truth.standard_error);
        }
        // Above 1.4 times 0.3 there is no dose here.
        assert_eq!(found.overdose_selected.unwrap().value, 0.0);
    }
}

#[test]
fn two_stages_on_virtual_patients_are_their_exact_enumeration() {
    let mut trial = single_arm();
    let section = trial.single_arm.as_mut().unwrap();
    section.optimality = None;
    (section.n1, section.r1, section.n, section.r) = (Some(13), Some(3), Some(43), Some(12));
    section.p0 = 0.2;
    let design = SimonDesign {
        r1: 3,
        n1: 13,
        r: 12,
        n: 43,
    };
    for p in [0.2, 0.4] {
        let course = stub(move |_| (0.0, p));
        let exact = simon_characteristics(&design, p).unwrap();
        let found = replicates(&trial, &course, Truth::AsDesigned, 4000);
        let found = found.single_arm.unwrap();
        assert_share("promising", found.promising, exact.rejection);
        assert_share("PET", found.early_termination, exact.early_termination);
        assert_mean("EN", found.subjects, exact.expected_subjects);
        let truth = found.arms[0].true_probability.unwrap();
        assert!((truth.value - p).abs() < 4.0 * truth.standard_error);
        // The unbiased estimate is, the proportion is not; the truth has an error of its own.
        let bias = found.bias.unwrap();
        let error = bias.standard_error.hypot(truth.standard_error);
        assert!(
            bias.value.abs() < 4.0 * error,
            "UMVUE off by {}",
            bias.value
        );
        assert!(
            found.naive_bias.unwrap().value < bias.value,
            "stopping biases downwards"
        );
        let coverage = found.coverage.unwrap();
        assert!(
            coverage.value > 0.90 - 4.0 * coverage.standard_error,
            "{coverage:?}"
        );
    }
}

#[test]
fn a_failed_product_is_replaced_or_counts_as_a_failure() {
    use neurocart_trial::specification::ManufacturingFailure::{Failure, Replaced};
    for (rule, p) in [(Replaced, 0.7), (Failure, 0.7 * 0.8)] {
        let mut trial = single_arm();
        trial.manufacturing = seamless().manufacturing;
        let made = trial.manufacturing.as_mut().unwrap();
        made.failure_probability = 0.2;
        made.shortfall_probability = 0.0;
        trial.single_arm.as_mut().unwrap().manufacturing_failure = rule;
        let course = stub(|_| (0.0, 0.7));
        let found = replicates(&trial, &course, Truth::AsDesigned, 2000);
        let found = found.single_arm.unwrap();
        let truth = found.arms[0].true_probability.unwrap();
        assert!(
            (truth.value - p).abs() < 4.0 * truth.standard_error,
            "{truth:?}"
        );
        let design =
            neurocart_trial::adaptive::single_arm::design(trial.single_arm.as_ref().unwrap());
        let exact = simon_characteristics(&design.unwrap(), p).unwrap();
        assert_share("promising", found.promising, exact.rejection);
    }
}

#[test]
fn toxicity_stops_a_toxic_arm_and_leaves_a_safe_one() {
    let mut trial = single_arm();
    trial.single_arm.as_mut().unwrap().toxicity = seamless().single_arm.unwrap().toxicity;
    let stopped = |dlt: f64| {
        let course = stub(move |_| (dlt, 0.7));
        let found = replicates(&trial, &course, Truth::AsDesigned, 500);
        found
            .single_arm
            .unwrap()
            .stopped_for_toxicity
            .unwrap()
            .value
    };
    assert_eq!(stopped(0.0), 0.0);
    assert!(stopped(0.2) < 0.2);
    assert!(stopped(0.7) > 0.95);
}

#[test]
fn a_shortfall_gives_the_next_lower_dose() {
    let mut trial = seamless();
    trial.single_arm = None;
    trial.population.eligibility.clear();
    trial.dose_finding.as_mut().unwrap().start_dose = Some("high".to_owned());
    trial.manufacturing.as_mut().unwrap().shortfall_probability = 0.5;
    let course = stub(|_| (0.0, 0.0));
    let patients = Patients {
        count: 300,
        course: &course,
    };
    let mut space = Space::default();
    simulate(&trial, patients, Truth::AsDesigned, 0, &mut space).unwrap();
    let (middle, high) = (&space.decisions[1], &space.decisions[2]);
    assert!(high.short > 0 && middle.subjects > 0);
    let treated: u32 = space.decisions.iter().map(|d| d.subjects).sum();
    assert_eq!(treated, 12, "failures are replaced");
    let enrolled: u32 = space.decisions.iter().map(|d| d.enrolled).sum();
    assert_eq!(enrolled as usize, 12 + space.not_made.len());
}

/// A trial whose primary endpoint is known at once, so that only the looks matter.
fn looks() -> Specification {
    let mut trial: Specification = toml::from_str(MS).unwrap();
    trial.group_sequential = Some(GroupSequential {
        information: vec![0.5, 0.75, 1.0],
        events: Some(30),
        spending: SpendingFunction::ObrienFleming {},
        futility: None,
    });
    trial.analyses.iter_mut().for_each(|a| a.primary = false);
    trial.analyses[1].primary = true;
    trial.population.bank = 400;
    trial
}

fn ms_cohort() -> &'static Cohort {
    static COHORT: OnceLock<Cohort> = OnceLock::new();
    COHORT.get_or_init(|| {
        let never = AtomicBool::new(false);
        cohort::solve(&looks(), &Library::embedded(), 2, 0, &never, &mut |_| {}).unwrap()
    })
}

#[test]
fn looks_hold_the_level_and_stop_where_the_boundary_says() {
    let trial = looks();
    let mut tally = DesignTally::default();
    let mut space = Space::default();
    ms_cohort().with_patients(|patients| {
        for replicate in 0..1500 {
            let truth = Truth::Null(0);
            simulate(&trial, patients, truth, replicate, &mut space).unwrap();
            let last = space.decisions.last().unwrap();
            assert_ne!(last.verdict, Verdict::Continue);
            assert!(
                space
                    .subjects
                    .iter()
                    .all(|s| s.entry_days <= last.time_days)
            );
            for pair in space.decisions.windows(2) {
                assert_eq!(pair[0].verdict, Verdict::Continue);
                assert!(pair[0].time_days <= pair[1].time_days);
                assert!(pair[0].information < pair[1].information || pair[1].reason.is_some());
                assert!(pair[0].z.unwrap().abs() < pair[0].efficacy_boundary.unwrap());
            }
            let primary = space.results.iter().find(|r| r.analysis == 1).unwrap();
            assert_eq!(primary.rejected, Some(last.verdict == Verdict::Rejected));
            // The stage-wise p value says the same as the boundary.
            let p = last.p_value.unwrap_or(1.0);
            assert_eq!(p <= 0.05, last.verdict == Verdict::Rejected, "{p} {last:?}");
            let decisions: Vec<ReplicateDecision> = space
                .decisions
                .iter()
                .map(|decision| ReplicateDecision {
                    truth,
                    replicate,
                    decision: decision.clone(),
                })
                .collect();
            tally.add(&trial, &decisions);
        }
    });
    let found = tally.finish(&trial).remove(0).group_sequential.unwrap();
    // The Wald test of a Cox model with thirty events is near its level, not at it: four Monte Carlo
    // standard errors are 0.0225.
    assert_share("rejected", found.rejected, 0.05);
    assert!(
        (found.looks[0].planned_efficacy - 2.963).abs() < 1e-3,
        "{:?}",
        found.looks[0]
    );
    let ends: f64 = found
        .looks
        .iter()
        .map(|l| l.rejected.unwrap().value + l.not_rejected.unwrap().value)
        .sum();
    assert!((ends - 1.0).abs() < 1e-12);
}

#[test]
fn futility_stops_trials_without_an_effect_early() {
    let mut trial = looks();
    trial.analyses[1].alternative = Alternative::Better;
    trial.analyses[1].alpha = 0.025;
    let section = trial.group_sequential.as_mut().unwrap();
    section.futility = Some(neurocart_trial::specification::FutilityRule {
        z: Some(vec![0.0, 0.5]),
        spending: None,
        power: 0.9,
        binding: false,
    });
    let mut stopped = 0;
    let mut space = Space::default();
    ms_cohort().with_patients(|patients| {
        for replicate in 0..300 {
            simulate(&trial, patients, Truth::Null(0), replicate, &mut space).unwrap();
            let first = &space.decisions[0];
            if first.z.unwrap() <= 0.0 {
                stopped += 1;
                assert_eq!(
                    (space.decisions.len(), first.verdict),
                    (1, Verdict::NotRejected)
                );
            }
        }
    });
    // Half of the trials without an effect have z <= 0 at the first look: binomial, four errors.
    assert!(
        (f64::from(stopped) - 150.0).abs() < 4.0 * 75f64.sqrt(),
        "{stopped}"
    );
}

fn seamless_cohort() -> &'static Cohort {
    static COHORT: OnceLock<Cohort> = OnceLock::new();
    COHORT.get_or_init(|| {
        let never = AtomicBool::new(false);
        cohort::solve(
            &seamless(),
            &Library::embedded(),
            2,
            20,
            &never,
            &mut |_| {},
        )
        .unwrap()
    })
}

/// A folder of its own for each test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("neurocart-adaptive-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn bytes(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for folder in [path.to_owned(), path.join("parts")] {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap().path();
            if entry.is_file() {
                let name = entry.strip_prefix(path).unwrap().display().to_string();
                files.insert(name, fs::read(entry).unwrap());
            }
        }
    }
    files
}

fn complete(folder: &Folder, threads: usize) -> BTreeMap<String, Vec<u8>> {
    let (trial, library) = (seamless(), Library::embedded());
    let identity = Identity::new(&trial, &library, "0.0.0-test");
    let directory = RunDirectory::create(&folder.0, &trial, identity).unwrap();
    let never = AtomicBool::new(false);
    let ended = seamless_cohort()
        .with_patients(|patients| run(&trial, patients, &directory, threads, &never, &mut |_| {}))
        .unwrap();
    assert!(ended.is_complete());
    finish(&trial, &library, seamless_cohort(), &directory).unwrap();
    bytes(&folder.0)
}

#[test]
fn a_seamless_trial_file_runs_to_its_summary_with_the_same_bytes_however_it_runs() {
    let checked = check(SEAMLESS, "trial.toml", &Library::embedded());
    assert!(checked.errors.is_empty(), "{:?}", checked.errors);
    let straight = Folder::new();
    let expected = complete(&straight, 1);
    assert!(expected.contains_key("decisions.parquet"));

    let broken = Folder::new();
    complete(&broken, 3);
    assert!(bytes(&broken.0) == expected, "three threads");
    // Decisions missing, decisions damaged, results missing.
    let parts = broken.0.join("parts");
    fs::remove_file(parts.join("decisions-00000.parquet")).unwrap();
    let damaged = parts.join("decisions-00002.parquet");
    let whole = fs::read(&damaged).unwrap();
    fs::write(&damaged, &whole[..whole.len() - 9]).unwrap();
    fs::remove_file(parts.join("part-00004.parquet")).unwrap();
    complete(&broken, 2);
    for (name, content) in bytes(&broken.0) {
        assert!(expected[&name] == content, "{name} differs");
    }

    let summary = read_summary(&straight.0).unwrap();
    let designed = &summary.designs[0];
    let doses = designed.dose_finding.as_ref().unwrap();
    let named: f64 = doses.doses.iter().map(|d| d.selected.unwrap().value).sum();
    assert!((named + doses.no_dose.unwrap().value - 1.0).abs() < 1e-12);
    let true_dlt: Vec<f64> = doses
        .doses
        .iter()
        .map(|d| d.true_dlt.unwrap().value)
        .collect();
    assert!(
        true_dlt[0] < true_dlt[2],
        "more cells, more toxicity: {true_dlt:?}"
    );
    let two_stage = summary.two_stage.as_ref().unwrap();
    assert_eq!(
        two_stage.worst.probability, 0.4,
        "the error is largest at p0"
    );
    assert!(two_stage.worst.promising <= 0.05);
    let nulls: Vec<&str> = summary
        .type_one_errors
        .iter()
        .map(|e| e.null.as_str())
        .collect();
    assert_eq!(nulls, ["no-treatment", "severe-disease"]);
    assert_eq!(
        summary.type_one_errors.iter().filter(|e| e.worst).count(),
        1
    );
    let power = designed.single_arm.as_ref().unwrap().promising.unwrap();
    assert!(power.value > summary.type_one_errors[0].rejected.value);
}

#[test]
fn every_dose_finding_design_runs_on_virtual_patients() {
    use DoseFindingMethod::*;
    seamless_cohort().with_patients(|patients| {
        for design in [
            ThreePlusThree,
            Boin,
            Keyboard,
            Mtpi,
            Mtpi2,
            Crm,
            TiteCrm,
            Boin12,
        ] {
            let mut trial = seamless();
            trial.dose_finding.as_mut().unwrap().design = design;
            let mut space = Space::default();
            let mut alone = Space::default();
            for replicate in 0..20 {
                simulate(&trial, patients, Truth::AsDesigned, replicate, &mut space).unwrap();
                assert!(space.decisions.len() >= 3, "{design:?}");
                let enrolled = space.subjects.len() + space.not_made.len();
                assert!(enrolled >= 3, "{design:?}");
            }
            simulate(&trial, patients, Truth::AsDesigned, 19, &mut alone).unwrap();
            assert_eq!(space.decisions, alone.decisions, "{design:?}");
            assert_eq!(space.subjects, alone.subjects, "{design:?}");
        }
    });
}

/// Each mistake alone, as a replacement.
const MISTAKES: &[(&str, &str)] = &[
    ("target = 0.30", "target = 1.0"),
    ("maximum_subjects = 12", "maximum_subjects = 2"),
    ("maximum_subjects = 12", "maximum_subjects = 400"),
    (
        "maximum_subjects = 12",
        "maximum_subjects = 12\nstart_dose = \"hihg\"",
    ),
    (
        "maximum_subjects = 12",
        "maximum_subjects = 12\nskeleton = [0.1, 0.2]",
    ),
    ("design = \"boin\"", "design = \"bion\""),
    (
        "design = \"boin\"",
        "design = \"crm\"\nskeleton = [0.3, 0.2, 0.4]",
    ),
    ("design = \"boin\"", "design = \"boin12\""),
    (
        "design = \"boin\"",
        "design = \"boin12\"\nresponse = \"response\"",
    ),
    ("dose_cells_per_kg = 5e6", "dose_cells_per_kg = 5e5"),
    ("window_days = 28", "window_days = 280"),
    (
        "crs_grade = 2\nicans_grade = 3\nserious_infection = true",
        "",
    ),
    ("per_week = 0.5", "duration_weeks = 52"),
    ("bank = 300", "bank = 300\nsize = 40"),
    (
        "optimality = \"minimax\"",
        "optimality = \"minimax\"\nn1 = 10",
    ),
    ("optimality = \"minimax\"", "n1 = 20\nr1 = 4\nn = 18\nr = 9"),
    ("optimality = \"minimax\"", "n1 = 10\nr1 = 4\nn = 18\nr = 9"),
    ("p1 = 0.70", "p1 = 0.30"),
    ("p1 = 0.70", "p1 = 0.41"),
    ("endpoint = \"response\"", "endpoint = \"respons\""),
    ("alpha = 0.05", "alpha = 1.0"),
    (
        "vein_to_vein_days = [21, 35]",
        "vein_to_vein_days = [35, 21]",
    ),
    ("failure_probability = 0.05", "failure_probability = 1.0"),
    (
        "method = \"proportion\"",
        "method = \"proportion\"\nprimary = true",
    ),
    ("cutoff = 0.90", "cutoff = 1.0"),
    (
        "maximum_subjects = 12",
        "maximum_subjects = 12\nconfirm_with_six = true",
    ),
    ("per_week = 0.5", "per_week = 1e-300"),
    (
        "vein_to_vein_days = [21, 35]",
        "vein_to_vein_days = [21, 1e9]",
    ),
    (
        "event = { crs_grade = 2",
        "event = { window_days = 500, crs_grade = 2",
    ),
];

/// The same in a randomised trial with looks.
const LOOKS: &str = "[group_sequential]\ninformation = [0.5, 1.0]\nevents = 40\nspending = { kind = \"obrien_fleming\" }\n\n[simulation]";
const MISTAKES_OF_LOOKS: &[(&str, &str)] = &[
    ("information = [0.5, 1.0]", "information = [0.5, 0.9]"),
    ("information = [0.5, 1.0]", "information = [0.7, 0.5, 1.0]"),
    ("events = 40", ""),
    ("events = 40", "events = 400"),
    ("kind = \"obrien_fleming\"", "kind = \"kim_de_mets\""),
    (
        "kind = \"obrien_fleming\" }",
        "kind = \"obrien_fleming\" }\nfutility = { z = [0.0] }",
    ),
    ("events = 40", "events = 40\nfutility = { z = [0.0, 0.1] }"),
];

#[test]
fn every_mistake_of_an_adaptive_design_is_named_with_its_place_and_a_way_out() {
    let mut out = String::new();
    let with_looks = MS.replacen("[simulation]", LOOKS, 1);
    let all = MISTAKES.iter().map(|mistake| (SEAMLESS, mistake)).chain(
        MISTAKES_OF_LOOKS
            .iter()
            .map(|mistake| (with_looks.as_str(), mistake)),
    );
    for (trial, (from, to)) in all {
        assert!(trial.contains(from), "`{from}` is not in the trial");
        let found = check(
            &trial.replacen(from, to, 1),
            "trial.toml",
            &Library::embedded(),
        );
        let problems: Vec<String> = found
            .errors
            .iter()
            .chain(&found.warnings)
            .map(|problem| problem.to_string())
            .collect();
        assert!(!problems.is_empty(), "nothing is said about `{to}`");
        assert!(problems.iter().all(|p| p.contains("hint:")), "{problems:?}");
        out += &format!(
            "### {}\n{}\n\n",
            to.replace('\n', " / "),
            problems.join("\n")
        );
    }
    insta::assert_snapshot!(out);
}
