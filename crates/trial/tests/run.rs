//! A whole run in its directory: stopped, damaged, resumed, refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use neurocart_library::Library;
use neurocart_trial::cohort::{self, Cohort};
use neurocart_trial::course::Course;
use neurocart_trial::finish::{finish, read_summary};
use neurocart_trial::part::{part_path, shards};
use neurocart_trial::replicate::{Space, Truth, simulate};
use neurocart_trial::run::{Ended, Progress, run};
use neurocart_trial::run_directory::{Identity, RunDirectory};
use neurocart_trial::specification::{Eligibility, EligibilityVariable, Null, Specification};

const VERSION: &str = "0.0.0-test";

fn specification() -> Specification {
    let text = include_str!("../../../library/trials/mg-bcma-mrna-placebo.toml");
    let mut specification: Specification = toml::from_str(text).unwrap();
    specification.population.size = 12;
    specification.population.bank = 80;
    specification.follow_up.duration_weeks = 24.0;
    specification.simulation.replicates = 250;
    specification.simulation.detail_replicates = 3;
    specification
}

fn cohort() -> &'static Cohort {
    static COHORT: OnceLock<Cohort> = OnceLock::new();
    COHORT.get_or_init(|| {
        let never = AtomicBool::new(false);
        cohort::solve(
            &specification(),
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
        let name = format!("neurocart-run-{}-{number}", std::process::id());
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

fn open(folder: &Folder) -> RunDirectory {
    let specification = specification();
    let identity = Identity::new(&specification, &Library::embedded(), VERSION);
    RunDirectory::create(&folder.0, &specification, identity).unwrap()
}

fn go(
    directory: &RunDirectory,
    threads: usize,
    cancel: &AtomicBool,
    report: &mut dyn FnMut(Progress),
) -> Result<Ended, neurocart_trial::Error> {
    cohort().with_patients(|patients| {
        run(
            &specification(),
            patients,
            directory,
            threads,
            cancel,
            report,
        )
    })
}

fn complete(directory: &RunDirectory, threads: usize) -> Ended {
    let ended = go(directory, threads, &AtomicBool::new(false), &mut |_| {}).unwrap();
    assert!(ended.is_complete());
    ended
}

/// Every file of a run with its bytes.
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

fn finished(folder: &Folder, threads: usize) -> BTreeMap<String, Vec<u8>> {
    let directory = open(folder);
    complete(&directory, threads);
    finish(&specification(), &Library::embedded(), cohort(), &directory).unwrap();
    bytes(&folder.0)
}

#[test]
fn a_run_that_was_stopped_and_resumed_has_the_bytes_of_one_that_was_not() {
    let straight = Folder::new();
    let expected = finished(&straight, 1);
    assert_eq!(shards(&specification()).len(), 6, "three of each truth");
    assert!(expected.contains_key("parts/part-00005.parquet"));

    let broken = Folder::new();
    {
        let directory = open(&broken);
        let stopped = AtomicBool::new(true);
        let ended = go(&directory, 3, &stopped, &mut |_| {}).unwrap();
        assert!(
            !ended.is_complete() && ended.progress.done == 0,
            "{ended:?}"
        );
        let cancel = AtomicBool::new(false);
        let mut calls = 0;
        let ended = go(&directory, 3, &cancel, &mut |_| {
            calls += 1;
            cancel.store(calls > 1, Ordering::Relaxed);
        });
        let ended = ended.unwrap();
        assert!(ended.progress.done > 0, "{ended:?}");
    }
    // How far a stopped run comes is up to the scheduler. The first part that is done is among
    // the three that were begun first; of the others none is left here.
    for number in 3..6 {
        for ending in ["parquet", "parquet.sha256"] {
            let _ = fs::remove_file(broken.0.join(format!("parts/part-{number:05}.{ending}")));
        }
    }
    // As after `kill -9` in the middle of a part: a checksum, half a file under another name.
    let parts = broken.0.join("parts");
    fs::write(
        parts.join("part-00005.parquet.sha256"),
        "0000  part-00005.parquet\n",
    )
    .unwrap();
    {
        let library = Library::embedded();
        let (directory, found) = RunDirectory::resume(&broken.0, &library, VERSION).unwrap();
        assert_eq!(found, specification());
        let mut last = None;
        let never = AtomicBool::new(false);
        let ended = go(&directory, 2, &never, &mut |progress| last = Some(progress)).unwrap();
        assert!(ended.is_complete() && ended.progress.found > 0, "{ended:?}");
        assert_eq!(last, Some(ended.progress));
        finish(&specification(), &library, cohort(), &directory).unwrap();
    }
    let found = bytes(&broken.0);
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>(),
        "the same files"
    );
    for (name, content) in &expected {
        assert!(found[name] == *content, "{name} differs");
    }
    let summary = read_summary(&broken.0).unwrap();
    assert_eq!(summary.pool.replicates, 200);
    assert!(
        summary
            .operating_characteristics
            .iter()
            .any(|c| c.primary && c.is_null())
    );
}

#[test]
fn damaged_parts_are_reported_and_computed_again_with_the_same_bytes() {
    let folder = Folder::new();
    let expected = finished(&folder, 2);
    let truncated = part_path(&folder.0, 0);
    let whole = fs::read(&truncated).unwrap();
    fs::write(&truncated, &whole[..whole.len() / 2]).unwrap();
    let flipped = part_path(&folder.0, 1);
    let mut content = fs::read(&flipped).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 0x40;
    fs::write(&flipped, content).unwrap();
    fs::copy(part_path(&folder.0, 3), part_path(&folder.0, 2)).unwrap();
    fs::copy(
        folder.0.join("parts/part-00003.parquet.sha256"),
        folder.0.join("parts/part-00002.parquet.sha256"),
    )
    .unwrap();
    fs::remove_file(folder.0.join("parts/part-00004.parquet.sha256")).unwrap();
    fs::write(part_path(&folder.0, 5), b"").unwrap();

    let directory = open(&folder);
    let ended = complete(&directory, 2);
    let reports: Vec<String> = ended
        .repaired
        .iter()
        .map(|problem| problem.message.clone())
        .collect();
    assert_eq!(reports.len(), 5, "{reports:?}");
    assert!(reports[0].contains("checksum"), "{reports:?}");
    assert!(reports[2].contains("another shard"), "{reports:?}");
    finish(&specification(), &Library::embedded(), cohort(), &directory).unwrap();
    assert!(bytes(&folder.0) == expected);
}

#[test]
fn a_directory_of_another_run_is_refused() {
    let folder = Folder::new();
    drop(open(&folder));
    let library = Library::embedded();
    let mut other = specification();
    other.simulation.seed += 1;
    let mut messages = Vec::new();
    let identity = Identity::new(&other, &library, VERSION);
    messages.push(
        RunDirectory::create(&folder.0, &other, identity)
            .unwrap_err()
            .to_string(),
    );
    messages.push(
        RunDirectory::resume(&folder.0, &library, "9.9.9")
            .unwrap_err()
            .to_string(),
    );
    let changed = Library::embedded().with_file("known_failures.csv", "id\n");
    messages.push(
        RunDirectory::resume(&folder.0, &changed, VERSION)
            .unwrap_err()
            .to_string(),
    );
    let file = folder.0.join("specification.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("size = 12", "size = 14")).unwrap();
    messages.push(
        RunDirectory::resume(&folder.0, &library, VERSION)
            .unwrap_err()
            .to_string(),
    );
    fs::remove_file(folder.0.join("run.json")).unwrap();
    messages.push(
        RunDirectory::resume(&folder.0, &library, VERSION)
            .unwrap_err()
            .to_string(),
    );
    let shown = messages
        .join("\n\n")
        .replace(&folder.0.display().to_string(), "DIR");
    insta::assert_snapshot!(shown);
}

#[test]
fn two_writers_in_one_directory_are_one_too_many() {
    let folder = Folder::new();
    let first = open(&folder);
    let library = Library::embedded();
    let message = RunDirectory::resume(&folder.0, &library, VERSION)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("another neurocart is writing"),
        "{message}"
    );
    drop(first);
    RunDirectory::resume(&folder.0, &library, VERSION).unwrap();
}

#[test]
fn a_folder_that_vanishes_is_an_error_that_says_what_is_kept() {
    let folder = Folder::new();
    let directory = open(&folder);
    fs::remove_dir_all(folder.0.join("parts")).unwrap();
    let never = AtomicBool::new(false);
    let message = go(&directory, 2, &never, &mut |_| {})
        .unwrap_err()
        .to_string();
    assert!(message.contains("cannot write"), "{message}");
    assert!(message.contains("every finished part is kept"), "{message}");
}

#[test]
fn a_replicate_does_not_depend_on_the_ones_before_it() {
    let specification = specification();
    cohort().with_patients(|patients| {
        let mut used = Space::default();
        for number in [5, 3, 9] {
            simulate(&specification, patients, Truth::Null(0), number, &mut used).unwrap();
        }
        let mut fresh = Space::default();
        simulate(&specification, patients, Truth::Null(0), 9, &mut fresh).unwrap();
        assert_eq!(used.results, fresh.results);
        assert_eq!(used.subjects, fresh.subjects);
        assert_eq!(used.courses, fresh.courses);
    });
}

#[test]
fn a_null_can_change_parameters_and_eligibility_and_leaves_the_trial_as_it_was() {
    let mut trial = specification();
    trial.nulls.push(Null {
        name: "weak".to_owned(),
        parameters: [("kAb".to_owned(), 0.15)].into(),
        ..Null::default()
    });
    trial.nulls.push(Null {
        name: "severe".to_owned(),
        eligibility: vec![Eligibility {
            variable: EligibilityVariable::MgAdl,
            min: Some(10.0),
            max: None,
        }],
        ..Null::default()
    });
    assert_eq!(cohort::patients_to_solve(&trial), 160);
    let never = AtomicBool::new(false);
    let changed = cohort::solve(&trial, &Library::embedded(), 2, 0, &never, &mut |_| {}).unwrap();
    let (mut here, mut there) = (Space::default(), Space::default());
    for truth in [Truth::AsDesigned, Truth::Null(0)] {
        cohort()
            .with_patients(|patients| simulate(&specification(), patients, truth, 4, &mut here))
            .unwrap();
        changed
            .with_patients(|patients| simulate(&trial, patients, truth, 4, &mut there))
            .unwrap();
        assert_eq!(here.courses, there.courses, "{truth:?}");
    }
    changed.with_patients(|patients| {
        simulate(&trial, patients, Truth::Null(1), 4, &mut there).unwrap();
        assert_ne!(here.courses, there.courses, "a bank of its own");
        simulate(&trial, patients, Truth::Null(2), 4, &mut there).unwrap();
        let baseline = |course: &Course| course.visits[0].mg_adl.unwrap();
        assert!(there.courses.iter().all(|c| baseline(c) >= 10.0));
        assert!(here.courses.iter().any(|c| baseline(c) < 10.0));
    });
}

#[test]
fn a_larger_trial_keeps_the_subjects_of_a_smaller_one() {
    let small = specification();
    let mut large = specification();
    large.population.size = 24;
    cohort().with_patients(|patients| {
        let (mut few, mut many) = (Space::default(), Space::default());
        for number in 0..20 {
            simulate(&small, patients, Truth::AsDesigned, number, &mut few).unwrap();
            simulate(&large, patients, Truth::AsDesigned, number, &mut many).unwrap();
            assert_eq!(few.subjects[..], many.subjects[..12]);
            assert_eq!(few.courses[..], many.courses[..12]);
        }
    });
}

#[test]
fn a_bank_without_enough_eligible_patients_is_an_error_with_a_way_out() {
    let mut strict = specification();
    strict.population.eligibility[0].min = Some(24.0);
    cohort().with_patients(|patients| {
        let mut space = Space::default();
        let error = simulate(&strict, patients, Truth::AsDesigned, 0, &mut space).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("of 80 virtual patients are eligible"),
            "{error}"
        );
    });
}

#[test]
fn an_event_driven_trial_stops_with_its_events() {
    let text = include_str!("../../../library/trials/nmosd-bcma-single-arm.toml");
    let mut trial: Specification = toml::from_str(text).unwrap();
    trial.population.bank = 60;
    trial.follow_up.until_events = Some(3);
    trial.follow_up.until_endpoint = Some("attack-free-time".to_owned());
    let never = AtomicBool::new(false);
    let cohort = cohort::solve(&trial, &Library::embedded(), 2, 0, &never, &mut |_| {}).unwrap();
    cohort.with_patients(|patients| {
        let mut space = Space::default();
        let mut cut = 0;
        for number in 0..50 {
            simulate(&trial, patients, Truth::Null(0), number, &mut space).unwrap();
            let events = space.results[0].events;
            assert!(events <= 12);
            let ended = space
                .subjects
                .iter()
                .filter(|s| s.end.name() == "data_cut")
                .count();
            cut += usize::from(ended > 0);
            for subject in &space.subjects {
                assert!(subject.until_days >= 0.0 && subject.until_days <= 546.0);
            }
            if ended > 0 {
                assert!(events >= 3, "cut before its events");
            }
        }
        assert!(cut > 0, "no replicate was cut");
    });
}
