//! The comparisons with published figures as a whole: their file, their references, their determinism.

use std::sync::atomic::AtomicBool;

use neurocart_library::Library;
use neurocart_trial::disease::Disease;
use neurocart_trial::therapy::{FieldOverride, Therapy};
use neurocart_trial::validation::comparison::{Kind, Plan};
use neurocart_trial::validation::published::{Grade, PublishedFigures};
use neurocart_trial::validation::reference::Reference;
use neurocart_trial::validation::verdict::Verdict;
use neurocart_trial::validation::{Options, ValidationReport, run};

fn small(threads: usize, seed: u64) -> ValidationReport {
    let ids = [
        "efgartigimod-mg-adl-week-3",
        "opera-rate-ratio",
        "cd19-peak-day-typical",
    ];
    let options = Options {
        seed,
        patients: 40,
        courses_per_patient: 2,
        only: ids.map(str::to_owned).to_vec(),
        threads,
    };
    let mut last = (0, 0);
    let report = run(
        &Library::embedded(),
        &options,
        &mut |p| last = (p.solved, p.total),
        &AtomicBool::new(false),
    );
    // Efgartigimod; ocrelizumab and interferon; one typical patient.
    assert_eq!(last, (40 + 2 * 40 + 1, 40 + 2 * 40 + 1));
    report.unwrap()
}

#[test]
fn equal_seeds_give_equal_reports_on_any_number_of_threads() {
    let one = small(1, 3);
    let json = |report: &ValidationReport| serde_json::to_string(report).unwrap();
    assert_eq!(json(&one), json(&small(2, 3)));
    assert_ne!(json(&one), json(&small(1, 4)));
    // The rows keep the order of the library's file, whatever was asked for first.
    let ids: Vec<&str> = one.rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "cd19-peak-day-typical",
            "efgartigimod-mg-adl-week-3",
            "opera-rate-ratio"
        ]
    );
    assert!(one.rows.iter().all(|row| row.simulated.value.is_some()));
    // The golden values of the reference model: largest CAR T count between days 7 and 14.
    assert_eq!(one.rows[0].verdict, Verdict::Pass);
}

#[test]
fn a_recalled_figure_is_marked_and_never_judged() {
    let report = small(1, 3);
    let row = report
        .rows
        .iter()
        .find(|row| row.id == "opera-rate-ratio")
        .unwrap();
    assert_eq!(
        (row.published.grade, row.verdict),
        (Grade::Recalled, Verdict::NotJudged)
    );
    assert!(row.remarks().contains("RECALLED"), "{}", row.remarks());
    assert!(row.published.value.is_some() && row.simulated.value.is_some());
}

#[test]
fn every_reference_of_the_file_resolves() {
    let library = Library::embedded();
    let plan = Plan::load(&library).unwrap();
    let figures = PublishedFigures::of(&library).unwrap();
    let (mut recalled, mut kinds) = (0, [0; 3]);
    for comparison in &plan.comparisons {
        let id = &comparison.id;
        let (published, _) = figures
            .resolve(&comparison.published)
            .unwrap_or_else(|e| panic!("{id}: {e}"));
        let requirement = matches!(comparison.published, Reference::Requirement(_));
        assert_eq!(published.grade == Grade::Requirement, requirement, "{id}");
        assert!(!published.source.is_empty(), "{id}");
        recalled += usize::from(published.grade == Grade::Recalled);
        kinds[comparison.kind as usize] += 1;
        if let Some(trial) = &comparison.trial {
            figures.trial(trial).unwrap_or_else(|e| panic!("{id}: {e}"));
        }
        Disease::load(&library, &comparison.disease).unwrap_or_else(|e| panic!("{id}: {e}"));
        let therapies = [
            (Some(&comparison.therapy), &comparison.changes),
            (
                comparison.comparator.as_ref(),
                &comparison.comparator_changes,
            ),
        ];
        for (therapy, changes) in therapies {
            let Some(therapy) = therapy else { continue };
            let changes: Vec<FieldOverride> = changes
                .iter()
                .map(|text| FieldOverride::parse(text, id).unwrap())
                .collect();
            Therapy::load(&library, therapy, &changes).unwrap_or_else(|e| panic!("{id}: {e}"));
        }
    }
    assert!(
        recalled >= 5 && kinds.iter().all(|&n| n >= 10),
        "{recalled} {kinds:?}"
    );
    assert_eq!(
        kinds[Kind::Validation as usize] + kinds[0] + kinds[2],
        plan.comparisons.len()
    );
    assert!(plan.not_covered.len() >= 5);
}

#[test]
fn every_figure_of_a_trial_is_an_outcome_of_a_study_that_holds_the_rules() {
    let library = Library::embedded();
    let plan = Plan::load(&library).unwrap();
    // `PublishedFigures::of` refuses an evidence base with any problem.
    let figures = PublishedFigures::of(&library).unwrap();
    let mut outcomes = 0;
    for comparison in &plan.comparisons {
        let Reference::Outcome(wanted) = &comparison.published else {
            continue;
        };
        let (study, row) = figures.find(wanted).unwrap();
        let (published, _) = figures.resolve(&comparison.published).unwrap();
        assert_eq!(study.id, wanted.study);
        let printed = published.value.map(|value| match wanted.complement {
            true => (100.0 - value) / wanted.scale,
            false => value / wanted.scale,
        });
        // Counts give the percentage exactly, the report prints it rounded.
        let tolerance = if published.events.is_some() {
            0.5
        } else {
            1e-9
        };
        let close = printed.unwrap() - row.value.unwrap();
        assert!(close.abs() <= tolerance, "{}: {published:?}", comparison.id);
        assert!(
            published.source.starts_with(&row.locator),
            "{}",
            comparison.id
        );
        outcomes += 1;
    }
    assert!(outcomes >= 40, "{outcomes}");
}

#[test]
fn an_unknown_comparison_gets_the_nearest_name() {
    let options = Options {
        only: vec!["opera-rate-ration".to_owned()],
        ..Options::default()
    };
    let error = run(
        &Library::embedded(),
        &options,
        &mut |_| {},
        &AtomicBool::new(false),
    );
    let text = error.unwrap_err().to_string();
    assert!(text.contains("did you mean `opera-rate-ratio`?"), "{text}");
}
