//! Whatever bytes a user's files hold, every parser gives a value or an error that names the file.
//!
//! Texts are random characters, random words of the formats, and the shipped files with random
//! damage. A panic, an endless loop or an error without the file's name fails the test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use neurocart_library::{CORRELATIONS, Library, PARAMETERS};
use neurocart_trial::Error;
use neurocart_trial::analysis::AnalysisResult;
use neurocart_trial::check::check;
use neurocart_trial::correlation::Correlations;
use neurocart_trial::disease::Disease;
use neurocart_trial::finish::read_summary;
use neurocart_trial::parameters::{Override, Parameters};
use neurocart_trial::part::{
    PartFault, PartRows, part_path, push_results, read_part, results_of, sha256, shards, write_part,
};
use neurocart_trial::replicate::Truth;
use neurocart_trial::run_directory::{Identity, RunDirectory, read_specification};
use neurocart_trial::specification::Specification;
use neurocart_trial::summary::known_failures;
use neurocart_trial::therapy::{FieldOverride, Therapy};
use neurocart_trial::validation::comparison::{FILE as COMPARISONS, Plan};
use neurocart_trial::validation::published::{PHYSIOLOGY, PublishedFigures};
use proptest::prelude::*;
use proptest::sample::select;

/// What a shipped file is damaged with, and what soup is made of: numbers at the ends of their
/// range, and the words and marks of TOML, CSV and JSON.
const TOKENS: &[&str] = &[
    "nan",
    "inf",
    "-inf",
    "1e308",
    "-1e308",
    "5e-324",
    "-0.0",
    "0",
    "1",
    "-1",
    "0.5",
    "1e400",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "0x7f",
    "1_000",
    "1979-05-27T07:32:00Z",
    "true",
    "\"",
    "\"\"",
    "'",
    "'''",
    "\"\"\"",
    "\\u0000",
    "\\",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ",",
    ".",
    ":",
    "#",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "\u{feff}",
    "\0",
    "é",
    "∞",
    "𝟙",
    "name",
    "id",
    "kind",
    "car-t",
    "drug",
    "[[arm]]\n",
    "[population]\n",
    "weeks",
    "days",
    "value",
    "symbol",
    "core",
    "stochastic",
    "lognormal",
    "first,second,correlation\n",
    "theta,lambda,0.5\n",
    "theta = 0.2\n",
    "[[null]]\n",
    "every_days = 28\n",
    "[[[[[[[[[[[[[[[[",
];

/// A piece of damage: where (as a part of the length), how many bytes go, what comes instead.
type Damage = (f64, usize, &'static str);

fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let length = prop_oneof![3 => 0usize..8, 1 => 0usize..400];
    prop::collection::vec((0.0..1.0, length, select(TOKENS)), 1..5)
}

/// A text that may be anything: soup, noise, or `shipped` with damage.
fn text(shipped: &'static str) -> impl Strategy<Value = String> {
    let soup = prop::collection::vec(select(TOKENS), 0..60).prop_map(|words| words.concat());
    let damaged = damage()
        .prop_map(move |d| String::from_utf8_lossy(&damaged(shipped.as_bytes(), &d)).into_owned());
    prop_oneof![1 => "(?s).{0,200}", 2 => soup, 5 => damaged]
}

fn damaged(bytes: &[u8], damage: &[Damage]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (place, length, token) in damage {
        let start = (place * bytes.len() as f64) as usize;
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, token.bytes());
    }
    bytes
}

/// `shipped` with one of its numbers replaced.
fn other_number(shipped: &str, place: f64, number: &str) -> String {
    let mut numbers = Vec::new();
    let mut offset = 0;
    for line in shipped.split_inclusive('\n') {
        let code = line.split('#').next().unwrap_or_default();
        for (start, word) in words(code) {
            if word.parse::<f64>().is_ok_and(f64::is_finite) {
                numbers.push(offset + start..offset + start + word.len());
            }
        }
        offset += line.len();
    }
    let range = numbers[(place * numbers.len() as f64) as usize].clone();
    format!(
        "{}{number}{}",
        &shipped[..range.start],
        &shipped[range.end..]
    )
}

fn words(line: &str) -> Vec<(usize, &str)> {
    let separator = |c: char| c.is_whitespace() || "=[],{}".contains(c);
    line.split(separator)
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr() as usize - line.as_ptr() as usize, word))
        .collect()
}

fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(Library::embedded)
}

fn shipped(path: &str) -> &'static str {
    library().text(path).expect("the library has the file")
}

/// An error must say which file is meant, and not be empty beside it.
fn assert_names<T>(result: Result<T, Error>, file: &str) -> Result<(), TestCaseError> {
    if let Err(error) = result {
        let message = error.to_string();
        prop_assert!(message.contains(file), "`{file}` is not named: {message}");
        prop_assert!(
            message.len() > file.len() + 10,
            "nothing is said: {message}"
        );
    }
    Ok(())
}

/// An error of a trial file, with its place.
fn assert_trial(text: &str) -> Result<Option<Specification>, TestCaseError> {
    let found = check(text, "trial.toml", library());
    prop_assert!(found.specification.is_some() || !found.errors.is_empty());
    for problem in found.errors.iter().chain(&found.warnings) {
        prop_assert_eq!(&problem.file, "trial.toml");
        prop_assert!(!problem.message.is_empty());
        let line = problem.line.unwrap_or(1);
        prop_assert!(
            line >= 1 && line <= text.matches('\n').count() + 1,
            "{problem}"
        );
    }
    Ok(found.specification.filter(|_| found.errors.is_empty()))
}

fn extreme() -> impl Strategy<Value = String> {
    let chosen = select(
        &[
            "nan",
            "inf",
            "-inf",
            "1e308",
            "-1e308",
            "5e-324",
            "-0.0",
            "0",
            "-1",
            "0.5",
            "1e-9",
            "1e9",
            "4294967296",
            "9223372036854775807",
            "-9223372036854775808",
            "9223372036854775808",
        ][..],
    );
    prop_oneof![
        2 => chosen.prop_map(str::to_owned),
        1 => any::<f64>().prop_map(|v| format!("{v:?}")),
        1 => any::<i64>().prop_map(|v| v.to_string()),
    ]
}

const TRIALS: [&str; 3] = [
    "trials/mg-bcma-mrna-placebo.toml",
    "trials/nmosd-bcma-single-arm.toml",
    "trials/progressive-ms-cd19-vs-anti-cd20.toml",
];
const FIGURES: [&str; 4] = [
    "evidence/studies/regain.toml",
    "evidence/studies/mogad-chen2020.toml",
    PHYSIOLOGY,
    COMPARISONS,
];
const THERAPIES: [&str; 4] = ["cd19-cart", "bcma-mrna-cart", "rituximab", "efgartigimod"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_trial_file_is_a_trial_or_says_what_is_wrong(
        text in select(&TRIALS[..]).prop_flat_map(|path| text(shipped(path)))
    ) {
        assert_trial(&text)?;
    }

    #[test]
    fn a_trial_that_passes_the_check_fits_into_a_computer(
        path in select(&TRIALS[..]), place in 0.0..1.0, number in extreme()
    ) {
        let text = other_number(shipped(path), place, &number);
        if let Some(specification) = assert_trial(&text)? {
            let days = specification.visit_days();
            prop_assert!(days.len() <= 20_000 && days.iter().all(|d| (0.0..=18_250.0).contains(d)));
            prop_assert!(specification.population.bank <= 100_000);
            prop_assert!(specification.population.size <= specification.population.bank);
            let parts: u64 = specification.arms.iter().map(|a| u64::from(a.ratio)).sum();
            prop_assert!(parts <= specification.population.size as u64);
            prop_assert!(shards(&specification).len() <= 1_000_000);
            let again: Specification = toml::from_str(&specification.to_toml()).expect("our own text");
            prop_assert_eq!(specification, again, "what is run is what `resume` reads");
        }
    }

    #[test]
    fn a_therapy_file_is_a_therapy_or_says_what_is_wrong(
        text in select(&THERAPIES[..]).prop_flat_map(|id| text(library().text(&format!("therapies/{id}.toml")).unwrap().to_owned().leak()))
    ) {
        let library = library().clone().with_file("therapies/mine.toml", &text);
        assert_names(Therapy::load(&library, "mine", &[]), "therapies/mine.toml")?;
    }

    #[test]
    fn a_therapy_that_is_read_has_a_schedule_that_ends(
        id in select(&THERAPIES[..]), place in 0.0..1.0, number in extreme()
    ) {
        let path = format!("therapies/{id}.toml");
        let text = other_number(shipped(&path), place, &number);
        let library = library().clone().with_file(&path, &text);
        let therapy = Therapy::load(&library, id, &[]);
        if let Ok(therapy) = &therapy {
            for dose in therapy.drugs.iter().flat_map(|drug| &drug.doses) {
                let days = dose.days_until(18_250.0);
                prop_assert!(days.len() <= 18_250 * 24 * dose.days.len().max(1) + 1000);
                prop_assert!(days.iter().all(|day| (-10.0..=18_250.0).contains(day)));
            }
        }
        assert_names(therapy, &path)?;
    }

    #[test]
    fn a_change_of_a_therapy_is_made_or_refused(
        id in select(&THERAPIES[..]),
        field in prop_oneof![
            "(?s).{0,20}",
            select(&["dose_cells_per_kg", "dose_cells", "infusion_days", "infusion_days.0", "id",
                "lymphodepletion", "lymphodepletion.units", "lymphodepletion.days.0", "drug", "drug.0",
                "drug.0.name", "drug.0.dose", "drug.0.dose.0.dose_mg", "drug.0.dose.0.every_days",
                "drug.-1", "drug.9", "kind", ".", "a.b"][..]).prop_map(str::to_owned),
        ],
        value in prop_oneof!["(?s).{0,20}", extreme(), select(TOKENS).prop_map(str::to_owned)]
    ) {
        let change = FieldOverride::parse(&format!("{field}={value}"), "--change");
        if let Ok(change) = &change {
            assert_names(Therapy::load(library(), id, std::slice::from_ref(change)), "--change")?;
        }
        assert_names(change, "--change")?;
    }

    #[test]
    fn a_disease_file_is_a_disease_or_says_what_is_wrong(text in text(shipped("diseases/nmosd-aqp4.toml"))) {
        let library = library().clone().with_file("diseases/mine.toml", &text);
        assert_names(Disease::load(&library, "mine"), "diseases/mine.toml")?;
    }

    #[test]
    fn a_parameter_table_is_read_or_says_what_is_wrong(text in text(shipped(PARAMETERS))) {
        assert_names(Parameters::parse(&text, "my.csv"), "my.csv")?;
    }

    #[test]
    fn a_number_of_the_parameter_table_survives(value in any::<f64>(), scientific in any::<bool>()) {
        let written = if scientific { format!("{value:e}") } else { format!("{value}") };
        let text = format!(
            "symbol,scope,value,low,high,unit,cv,distribution,module,meaning,source,locator,grade,address\n\
             x,core,{written},,,1,,fixed,m,a number,here,,seen,\n"
        );
        let found = Parameters::parse(&text, "my.csv");
        if value.is_finite() {
            let table = found.map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
            prop_assert_eq!(table.rows()[0].value.to_bits(), value.to_bits());
        } else {
            prop_assert!(found.is_err() || found.unwrap().rows().is_empty(), "{value} passed");
        }
    }

    #[test]
    fn a_table_of_correlations_is_read_or_says_what_is_wrong(
        text in text("first,second,correlation\ntheta,lambda,0.3\ntheta,rho,-0.2\n")
    ) {
        let library = library().clone().with_file(CORRELATIONS, &text);
        assert_names(Correlations::of(&library), CORRELATIONS)?;
    }

    #[test]
    fn the_known_failures_are_read_or_say_what_is_wrong(text in text(shipped("known_failures.csv"))) {
        let library = library().clone().with_file("known_failures.csv", &text);
        assert_names(known_failures(&library), "known_failures.csv")?;
    }

    #[test]
    fn an_override_is_read_or_says_what_is_wrong(text in prop_oneof!["(?s).{0,40}", "[a-zA-Z_.]{0,9} ?= ?[-+0-9.eE]{0,9}"]) {
        if let Ok(found) = Override::parse(&text, "--set") {
            prop_assert!(found.value.is_finite());
        }
        assert_names(Override::parse(&text, "--set"), "--set")?;
        assert_names(FieldOverride::parse(&text, "--change"), "--change")?;
    }

    #[test]
    fn an_override_keeps_its_number(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
        let found = Override::parse(&format!("theta={value:?}"), "--set").unwrap();
        prop_assert_eq!(found.value.to_bits(), value.to_bits());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_published_figures_are_read_or_say_what_is_wrong(
        (path, text) in select(&FIGURES[..]).prop_flat_map(|path| (Just(path), text(shipped(path))))
    ) {
        let library = library().clone().with_file(path, &text);
        assert_names(Plan::load(&library), path)?;
        let figures = PublishedFigures::of(&library);
        if let Ok(figures) = &figures {
            // A study, an outcome or a row that is gone must not end in a panic where it is used.
            for comparison in Plan::load(&library).iter().flat_map(|plan| &plan.comparisons) {
                let _ = figures.resolve(&comparison.published).map(drop);
                let _ = comparison.trial.as_ref().map(|trial| figures.trial(trial).map(drop));
            }
        }
        assert_names(figures, path)?;
    }
}

/// A folder of its own for each test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("neurocart-parsers-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const REPLICATES_OF_THE_PART: u32 = 5;

/// A run directory as it lies on the disk.
struct Run {
    folder: Folder,
    specification: Specification,
    identity: Identity,
}

impl Run {
    fn new() -> Run {
        let folder = Folder::new();
        let mut specification: Specification = toml::from_str(shipped(TRIALS[0])).unwrap();
        specification.simulation.replicates = REPLICATES_OF_THE_PART;
        specification.nulls.clear();
        let identity = Identity::new(&specification, library(), "0.0.0-test");
        drop(RunDirectory::create(&folder.0, &specification, identity.clone()).unwrap());
        Run {
            folder,
            specification,
            identity,
        }
    }

    /// The run with its one part, of results that no simulation made.
    fn with_a_part() -> Run {
        let run = Run::new();
        let mut rows = PartRows::new(&run.specification);
        for replicate in 0..REPLICATES_OF_THE_PART {
            let result = AnalysisResult {
                analysis: 0,
                arm: 0,
                subjects: 18,
                events: replicate,
                estimate: Some(f64::from(replicate) / 18.0),
                standard_error: None,
                lower: Some(0.0),
                upper: Some(1.0),
                p_value: Some(0.04),
                rejected: Some(true),
                favours_treatment: Some(true),
                reason: (replicate == 3).then(|| "nobody responded".to_owned()),
            };
            push_results(
                &run.specification,
                Truth::AsDesigned,
                replicate,
                &[result],
                &mut rows.results,
            );
        }
        let shard = shards(&run.specification)[0].clone();
        write_part(run.path(), &shard, &run.identity.run(), &rows).unwrap();
        run
    }

    fn read_part(&self) -> Result<PartRows, PartFault> {
        let shard = &shards(&self.specification)[0];
        read_part(
            &self.specification,
            self.path(),
            shard,
            &self.identity.run(),
        )
    }

    fn path(&self) -> &Path {
        &self.folder.0
    }
}

#[test]
fn a_table_of_published_figures_without_a_column_is_refused() {
    let text = shipped(PHYSIOLOGY).replacen("source_tier", "tier", 1);
    let error = PublishedFigures::of(&library().clone().with_file(PHYSIOLOGY, &text)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("there is no column `source_tier`"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_run_directory_is_refused_with_a_reason(
        file in select(&["run.json", "specification.toml", "summary.json"][..]), damage in damage(), empty in prop::bool::weighted(0.1)
    ) {
        let run = Run::new();
        let path = run.path().join(file);
        let before = fs::read(&path).unwrap_or_else(|_| b"{\"specification\": {}}".to_vec());
        let after = if empty { Vec::new() } else { damaged(&before, &damage) };
        fs::write(&path, &after).unwrap();
        let name = run.path().display().to_string();
        assert_names(RunDirectory::resume(run.path(), library(), "0.0.0-test"), &name)?;
        assert_names(read_specification(run.path()), &name)?;
        assert_names(read_summary(run.path()), &name)?;
        if file == "specification.toml" && after != before {
            prop_assert!(read_specification(run.path()).is_err(), "a changed specification is not run");
        }
        let opened = RunDirectory::create(run.path(), &run.specification, run.identity.clone());
        assert_names(opened, &name)?;
    }

    #[test]
    fn a_damaged_part_is_never_taken_for_a_whole_one(
        damage in damage(), cut in prop::option::of(0.0..1.0), of_checksum in any::<bool>()
    ) {
        let run = Run::with_a_part();
        prop_assert!(run.read_part().is_ok(), "whole before the damage");
        let part = part_path(run.path(), 0);
        let path = if of_checksum { part.with_extension("parquet.sha256") } else { part };
        let before = fs::read(&path).unwrap();
        let after = match cut {
            Some(cut) => before[..(cut * before.len() as f64) as usize].to_vec(),
            None => damaged(&before, &damage),
        };
        fs::write(&path, &after).unwrap();
        // Of the line of the checksum only the first word counts.
        let word = |bytes: &[u8]| String::from_utf8_lossy(bytes).split_whitespace().next().map(str::to_owned);
        let same = if of_checksum { word(&after) == word(&before) } else { after == before };
        match run.read_part() {
            Ok(_) => prop_assert!(same, "damage passed"),
            Err(PartFault::Bad(reason)) => prop_assert!(!same || std::str::from_utf8(&after).is_err(), "{reason}"),
            Err(PartFault::Missing) => prop_assert!(false, "a damaged part is there"),
        }
    }

    #[test]
    fn a_part_with_a_right_checksum_but_wrong_bytes_does_no_harm(damage in damage()) {
        let run = Run::with_a_part();
        let part = part_path(run.path(), 0);
        let bytes = damaged(&fs::read(&part).unwrap(), &damage);
        fs::write(&part, &bytes).unwrap();
        fs::write(part.with_extension("parquet.sha256"), format!("{}  part\n", sha256(&bytes))).unwrap();
        if let Ok(rows) = run.read_part() {
            let results = results_of(&run.specification, &rows.results).expect("rows of this trial");
            let replicates: BTreeSet<u32> = results.iter().map(|r| r.replicate).collect();
            prop_assert_eq!(replicates, (0..REPLICATES_OF_THE_PART).collect());
        }
    }

    #[test]
    fn a_specification_survives_its_own_text(
        title in "(?s).{0,40}", question in "(?s).{0,40}", label in prop::option::of("(?s).{0,20}"),
        weeks in prop::collection::vec(any::<f64>().prop_filter("finite", |v| v.is_finite()), 0..6),
        share in 0.0f64..1.0, seed in 0..=i64::MAX as u64, value in any::<f64>().prop_filter("finite", |v| v.is_finite())
    ) {
        let mut specification: Specification = toml::from_str(shipped(TRIALS[2])).unwrap();
        specification.title = title;
        specification.question = question;
        specification.arms[0].label = label;
        specification.arms[0].changes.insert("dose_cells_per_kg".to_owned(), serde_json::json!(value));
        specification.visits.weeks = Some(weeks);
        specification.population.diseases[0].share = share;
        specification.population.parameters.insert("theta".to_owned(), value);
        specification.simulation.seed = seed;
        let text = specification.to_toml();
        let again: Specification = toml::from_str(&text).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(&specification, &again);
        prop_assert_eq!(text, again.to_toml());
    }
}
