//! From study files to a pooled answer: who is counted, by which method, how certain.

use std::collections::BTreeMap;

use proptest::prelude::*;

use neurocart_evidence::Evidence;
use neurocart_evidence::answer::answers;
use neurocart_evidence::certainty::{Domain, Judgement, Level, certainty};
use neurocart_evidence::comparison::{Scale, compared, with_companions};
use neurocart_evidence::evidence::parse;
use neurocart_evidence::pooling::{Estimate, Options, Role, cumulative, leave_one_out, pool};
use neurocart_evidence::robustness::{
    Property, clustered, influences, moderation, small_study, without_case_reports,
};
use neurocart_evidence::selection::Selection;
use neurocart_evidence::series::{Measure, Reason, Request, series};
use neurocart_evidence::study::DesignKind;
use neurocart_evidence::vocabulary::{Area, Vocabulary};
use neurocart_library::Library;

/// A study with one arm of `patients` and these blocks after it.
fn study(id: &str, disease: &str, patients: u64, blocks: &str) -> String {
    format!(
        "id = \"{id}\"\ntitle = \"example\"\nyear = 2024\nstate = \"extracted\"\n\
         [source]\nkind = \"journal_article\"\ndoi = \"10.1000/{id}\"\ngrade = \"seen\"\ntier = \"A\"\n\
         addresses = [\"https://example.org\"]\n\
         [design]\nkind = \"single_arm_trial\"\ndescription = \"phase 1\"\npatients = {patients}\n\
         [population]\ndiseases = [{disease}]\n\
         [treatment]\nmodality = \"car_t\"\nproduct = \"cells\"\ntarget = \"CD19\"\nplatform = \"autologous-lentiviral\"\n\
         lymphodepletion = \"given\"\n\
         [[arm]]\nname = \"all\"\nrole = \"treated\"\npatients = {patients}\n{blocks}"
    )
}

fn count(outcome: &str, arm: &str, events: u64, total: u64, more: &str) -> String {
    format!(
        "[[outcome]]\noutcome = \"{outcome}\"\narm = \"{arm}\"\nstatistic = \"count\"\nevents = {events}\ntotal = {total}\n\
         locator = \"abstract\"\ngrade = \"seen\"\ntier = \"A\"\n{more}"
    )
}

fn base(texts: &[String]) -> Evidence {
    let studies: BTreeMap<_, _> = texts
        .iter()
        .map(|text| parse(text, "example").unwrap())
        .map(|study| (study.id.clone(), study))
        .collect();
    Evidence {
        studies,
        registry: Vec::new(),
        vocabulary: Vocabulary::of(&Library::embedded()).unwrap(),
    }
}

fn ask(outcome: &str) -> Request {
    Request {
        outcome: outcome.into(),
        ..Request::default()
    }
}

fn single(id: &str, events: u64, total: u64) -> String {
    study(
        id,
        "\"MG\"",
        total,
        &count("crs_any", "all", events, total, ""),
    )
}

#[test]
fn every_data_set_of_the_reference_is_pooled_from_study_files_as_metafor_pools_it() {
    let rows = |file: &str| -> Vec<BTreeMap<String, String>> {
        let path = format!("{}/../../reference/{file}", env!("CARGO_MANIFEST_DIR"));
        let mut reader = csv::Reader::from_path(path).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    };
    let data = rows("ma_proportions_data.csv");
    let mut compared = 0;
    for expected in rows("ma_proportions.csv") {
        let of = |column: &str| expected[column].parse::<f64>().unwrap();
        let sign = |short: &str| match expected["model"].as_str() {
            "glmm_logit_random_intercept_nAGQ7" => short == "random-intercept model",
            "pooled_crude_clopper_pearson" => short == "exact",
            "beta_binomial_bayes_mu_mean(median,95%CrI)" => short == "Bayes",
            _ => false,
        };
        let texts: Vec<String> = data
            .iter()
            .filter(|row| row["data"] == expected["data"])
            .enumerate()
            .map(|(i, row)| {
                single(
                    &format!("s{i}"),
                    row["xi"].parse().unwrap(),
                    row["ni"].parse().unwrap(),
                )
            })
            .collect();
        let pooled = pool(&series(&base(&texts), &ask("crs_any")), Options::default());
        for estimate in pooled.estimates.iter().filter(|e| sign(&e.short)) {
            // The likelihood is flat at its top, so metafor's own search stops about 1e-5 short of it.
            let near = |a: f64, b: f64| {
                assert!(
                    (a / 100.0 - b).abs() < 2e-5,
                    "{}: {a} {b}",
                    expected["model"]
                )
            };
            // Of the posterior we show the median, which stands in a column of its own.
            let point = if estimate.short == "Bayes" {
                "mu_transformed"
            } else {
                "proportion"
            };
            near(estimate.estimate, of(point));
            near(estimate.lower, of("ci_lower"));
            near(estimate.upper, of("ci_upper"));
            compared += 1;
        }
    }
    // Four data sets, each by the model, the posterior and the exact interval.
    assert_eq!(compared, 12);
}

#[test]
fn nobody_is_counted_twice() {
    let within = "[[overlap]]\nstudy = \"large\"\nrelation = \"within\"\n";
    let small = single("small", 3, 5) + within;
    let apart = single("apart", 1, 4) + "[[overlap]]\nstudy = \"large\"\nrelation = \"distinct\"\n";
    let found = series(
        &base(&[small, single("large", 6, 12), apart]),
        &ask("crs_any"),
    );
    let taken: Vec<_> = found
        .rows
        .iter()
        .map(|r| (r.study.as_str(), r.total))
        .collect();
    assert_eq!(taken, [("apart", Some(4)), ("large", Some(12))]);
    assert_eq!(
        found.left_out[0].reason,
        Reason::SharesPatients("large".into())
    );
}

#[test]
fn recalled_figures_come_only_when_asked_for() {
    let recalled = single("r", 1, 3).replace(
        "grade = \"seen\"\ntier = \"A\"\n",
        "grade = \"recalled\"\ntier = \"R\"\n",
    );
    let evidence = base(&[recalled, single("s", 0, 4)]);
    let found = series(&evidence, &ask("crs_any"));
    assert_eq!(
        (found.rows.len(), found.left_out[0].reason.clone()),
        (1, Reason::Recalled)
    );
    let mut request = ask("crs_any");
    request.selection.include_recalled = true;
    assert_eq!(series(&evidence, &request).rows.len(), 2);
}

#[test]
fn an_analysis_set_stands_for_its_arm_and_a_subgroup_never_does() {
    let arms = "[[arm]]\nname = \"itt\"\nrole = \"analysis_set\"\npart_of = \"all\"\npatients = 9\n\
                [[arm]]\nname = \"responders\"\nrole = \"subgroup\"\npart_of = \"all\"\npatients = 4\n\
                [[arm]]\nname = \"placebo\"\nrole = \"control\"\n\
                [[arm]]\nname = \"placebo_itt\"\nrole = \"analysis_set\"\npart_of = \"placebo\"\npatients = 8\n";
    let outcomes = count("crs_any", "responders", 4, 4, "")
        + &count("crs_any", "itt", 5, 9, "")
        + &count("crs_any", "placebo_itt", 0, 8, "");
    let found = series(
        &base(&[study("rct", "\"MG\"", 20, &(arms.to_owned() + &outcomes))]),
        &ask("crs_any"),
    );
    assert_eq!(
        (found.rows[0].arm.as_str(), found.rows[0].events),
        ("itt", Some(5))
    );
    let reasons: Vec<_> = found
        .left_out
        .iter()
        .map(|l| (l.arm.as_str(), l.reason.clone()))
        .collect();
    assert_eq!(
        reasons,
        [
            ("placebo_itt", Reason::NotTheTreatment),
            ("responders", Reason::Subgroup)
        ]
    );
}

#[test]
fn a_basket_gives_the_arm_of_the_disease_that_is_asked_for() {
    let arm = "[[arm]]\nname = \"MG\"\nrole = \"subgroup\"\npart_of = \"all\"\npatients = 3\ndiseases = [\"MG\"]\n";
    let outcomes = count("crs_any", "all", 6, 10, "") + &count("crs_any", "MG", 1, 3, "");
    let evidence = base(&[study(
        "basket",
        "\"MG\", \"SLE\"",
        10,
        &(arm.to_owned() + &outcomes),
    )]);
    let of = |selection: Selection| {
        let found = series(
            &evidence,
            &Request {
                selection,
                ..ask("crs_any")
            },
        );
        found
            .rows
            .iter()
            .map(|r| (r.arm.clone(), r.events))
            .collect::<Vec<_>>()
    };
    let diseases = Selection {
        diseases: vec!["MG".into()],
        ..Selection::default()
    };
    assert_eq!(of(diseases), [("MG".to_owned(), Some(1))]);
    let area = Selection {
        areas: vec![Area::Neuroimmune],
        ..Selection::default()
    };
    assert_eq!(of(area), [("MG".to_owned(), Some(1))]);
    assert_eq!(of(Selection::default()), [("all".to_owned(), Some(6))]);
    let mixed = Request {
        mixed_areas: true,
        ..ask("crs_any")
    };
    assert_eq!(series(&evidence, &mixed).rows[0].arm, "all");
}

#[test]
fn who_had_no_toxicity_had_no_grave_one() {
    let found = series(
        &base(&[single("none", 0, 14), single("some", 3, 14)]),
        &ask("crs_g3plus"),
    );
    assert_eq!(found.rows.len(), 1);
    assert_eq!(
        (found.rows[0].study.as_str(), found.rows[0].events),
        ("none", Some(0))
    );
    assert_eq!(
        found.rows[0].implied.as_deref(),
        Some("nobody had `crs_any`")
    );
}

#[test]
fn a_percentage_gives_a_count_only_where_one_whole_number_fits() {
    let percent = |id: &str, value: f64, total: u64| {
        let row = format!(
            "[[outcome]]\noutcome = \"crs_any\"\narm = \"all\"\nstatistic = \"percentage\"\nvalue = {value}\nunit = \"%\"\n\
             total = {total}\nlocator = \"abstract\"\ngrade = \"seen\"\ntier = \"A\"\n"
        );
        study(id, "\"MG\"", total, &row)
    };
    let found = series(
        &base(&[percent("fits", 92.0, 12), percent("misses", 70.6, 18)]),
        &ask("crs_any"),
    );
    assert_eq!(
        (found.rows[0].events, found.rows[0].implied.as_deref()),
        (Some(11), Some("92 % of 12"))
    );
    assert_eq!(found.rows[1].not_pooled, Some(Reason::NoWholeCount));
}

#[test]
fn different_toxicity_scales_are_not_pooled_unadjusted() {
    let graded = |id: &str, scale: &str| {
        study(
            id,
            "\"LBCL\"",
            20,
            &count("crs_any", "all", 9, 20, &format!("grading = \"{scale}\"\n")),
        )
    };
    let evidence = base(&[
        graded("a", "ASTCT"),
        graded("b", "ASTCT"),
        graded("c", "Penn"),
    ]);
    let found = series(&evidence, &ask("crs_any"));
    let withheld = pool(&found, Options::default());
    assert!(withheld.estimates.is_empty());
    assert!(withheld.withheld.unwrap().contains("ASTCT, Penn"));
    let across = Options {
        across_scales: true,
        ..Options::default()
    };
    assert_eq!(pool(&found, across).studies, 3);
    let only = Request {
        gradings: vec!["ASTCT".into()],
        ..ask("crs_any")
    };
    let found = series(&evidence, &only);
    assert_eq!(found.rows.len(), 2);
    assert_eq!(found.left_out[0].reason, Reason::OtherScale("Penn".into()));
}

#[test]
fn two_studies_are_shown_and_not_pooled() {
    let found = series(
        &base(&[single("a", 3, 5), single("b", 2, 9)]),
        &ask("crs_any"),
    );
    let pooled = pool(&found, Options::default());
    assert_eq!((pooled.studies, pooled.estimates.len()), (2, 0));
    assert_eq!(pooled.withheld.as_deref(), Some("2 studies: not pooled"));
    let few = Options {
        pool_few: true,
        ..Options::default()
    };
    assert_eq!(pool(&found, few).estimates[0].role, Role::Primary);
}

#[test]
fn on_the_boundary_the_bayesian_answer_leads() {
    let evidence = base(&[single("a", 0, 14), single("b", 0, 12), single("c", 0, 26)]);
    let pooled = pool(&series(&evidence, &ask("crs_any")), Options::default());
    let roles: Vec<_> = pooled
        .estimates
        .iter()
        .map(|e| (e.short.as_str(), e.role))
        .collect();
    assert_eq!(
        roles,
        [("Bayes", Role::Primary), ("exact", Role::Companion)]
    );
    // Clopper and Pearson at 0 of 52: 1 - 0.025^(1/52).
    let upper = 100.0 * (1.0 - 0.025f64.powf(1.0 / 52.0));
    assert!((pooled.estimates[1].upper - upper).abs() < 1e-9);
    assert!(pooled.withheld.unwrap().starts_with("nobody had the event"));
}

#[test]
fn a_model_that_says_nothing_does_not_lead() {
    let evidence = base(&[
        single("a", 0, 14),
        single("b", 12, 12),
        single("c", 1, 1),
        single("d", 0, 30),
    ]);
    let pooled = pool(&series(&evidence, &ask("crs_any")), Options::default());
    let model = pooled
        .estimates
        .iter()
        .find(|e| e.short == "random-intercept model")
        .unwrap();
    assert!(model.upper - model.lower > 90.0 && model.role == Role::Companion);
    assert_eq!(
        (pooled.estimates[0].short.as_str(), pooled.estimates[0].role),
        ("Bayes", Role::Primary)
    );
}

fn change(id: &str, value: f64, spread: &str, total: u64) -> String {
    let row = format!(
        "[[outcome]]\noutcome = \"mg_adl_change\"\narm = \"all\"\ntime_months = 6\nstatistic = \"mean\"\nvalue = {value}\n\
         unit = \"points\"\ntotal = {total}\n{spread}\nlocator = \"abstract\"\ngrade = \"seen\"\ntier = \"A\"\n"
    );
    study(id, "\"MG\"", total, &row)
}

#[test]
fn means_enter_by_error_deviation_or_interval_alike() {
    let texts = [
        change("by-error", -5.0, "standard_error = 1.0", 16),
        change("by-deviation", -5.0, "standard_deviation = 4.0", 16),
        change(
            "by-interval",
            -5.0,
            "lower = -6.959963984540054\nupper = -3.040036015459946\ninterval = \"CI95\"",
            16,
        ),
        change("by-nothing", -5.0, "", 16),
    ];
    let found = series(&base(&texts), &ask("mg_adl_change"));
    assert_eq!(found.measure, Measure::Mean);
    for row in found.rows.iter().filter(|r| r.study != "by-nothing") {
        assert!(
            (row.standard_error.unwrap() - 1.0).abs() < 1e-12,
            "{}",
            row.study
        );
    }
    let nothing = found.rows.iter().find(|r| r.study == "by-nothing").unwrap();
    assert_eq!(nothing.not_pooled, Some(Reason::NoStandardError));
    let pooled = pool(&found, Options::default());
    // Three equal studies: the mean is theirs, and the floor keeps the error at that of the plain model.
    let first = &pooled.estimates[0];
    assert!((first.estimate + 5.0).abs() < 1e-12 && pooled.heterogeneity.unwrap().tau == 0.0);
    let t = 4.302_652_729_911_275;
    assert!((first.upper - first.estimate - t / 3f64.sqrt()).abs() < 1e-9);
    assert_eq!(pooled.estimates[1].short, "Bayes");
}

#[test]
fn ratios_pool_on_the_log_scale() {
    let ratio = |id: &str, value: f64, factor: f64| {
        let row = format!(
            "[[arm]]\nname = \"placebo\"\nrole = \"control\"\n\
             [[outcome]]\noutcome = \"relapse_hazard_ratio\"\narm = \"all\"\ncontrast = \"placebo\"\nstatistic = \"hazard_ratio\"\n\
             value = {value}\nlower = {}\nupper = {}\ninterval = \"CI95\"\nunit = \"ratio\"\nlocator = \"abstract\"\n\
             grade = \"seen\"\ntier = \"A\"\n",
            value / factor,
            value * factor
        );
        study(id, "\"NMOSD\"", 90, &row).replace("single_arm_trial", "randomised_trial")
    };
    let texts = [
        ratio("a", 0.5, 2.0),
        ratio("b", 0.25, 2.0),
        ratio("c", 1.0, 2.0),
    ];
    let found = series(&base(&texts), &ask("relapse_hazard_ratio"));
    let pooled = pool(&found, Options::default());
    assert!(
        (pooled.estimates[0].estimate - 0.5).abs() < 1e-9,
        "the geometric mean of equal weights"
    );
    let judged = certainty(&found, &pooled, &[]).unwrap();
    assert_eq!(judged.start, Level::High);
    // Taken as they are, not as logarithms, the prediction limits would be four times as far apart as those of
    // the mean.
    let inconsistency = judged
        .judgements
        .iter()
        .find(|j| j.domain == Domain::Inconsistency)
        .unwrap();
    assert_eq!(inconsistency.down, 0, "{}", inconsistency.why);
}

#[test]
fn the_latest_time_is_taken_or_the_nearest_to_the_one_asked_for() {
    let rows: String = [(3.0, 4), (12.0, 2)]
        .iter()
        .map(|(month, events)| {
            count(
                "relapse_free",
                "all",
                *events,
                6,
                &format!("time_months = {month}\n"),
            )
        })
        .collect();
    let evidence = base(&[study("s", "\"NMOSD\"", 6, &rows)]);
    assert_eq!(
        series(&evidence, &ask("relapse_free")).rows[0].events,
        Some(2)
    );
    let early = Request {
        month: Some(4.0),
        ..ask("relapse_free")
    };
    assert_eq!(series(&evidence, &early).rows[0].events, Some(4));
}

#[test]
fn leaving_one_out_leaves_it_out_and_adding_ends_at_the_whole() {
    let texts: Vec<String> = [(2, 9), (5, 11), (3, 20), (7, 8)]
        .iter()
        .enumerate()
        .map(|(i, (x, n))| {
            single(&format!("s{i}"), *x, *n).replace("year = 2024", &format!("year = {}", 2020 + i))
        })
        .collect();
    let all = series(&base(&texts), &ask("crs_any"));
    let whole = pool(&all, Options::default());
    let without = leave_one_out(&all, Options::default());
    let rest = pool(
        &series(&base(&texts[1..]), &ask("crs_any")),
        Options::default(),
    );
    assert_eq!(without[0].estimate.as_ref(), rest.estimates.first());
    let steps = cumulative(&all, Options::default());
    assert_eq!(
        steps.iter().map(|s| s.year).collect::<Vec<_>>(),
        [2020, 2021, 2022, 2023]
    );
    assert_eq!(steps[3].estimate.as_ref(), whole.estimates.first());
    // Of one or two studies there is no pooled answer.
    assert_eq!((&steps[0].estimate, &steps[1].estimate), (&None, &None));
    assert_eq!(steps[1].withheld.as_deref(), Some("2 studies: not pooled"));
}

#[test]
fn certainty_follows_its_stated_rules() {
    let found = series(
        &base(&[single("a", 0, 14), single("b", 12, 12), single("c", 30, 80)]),
        &ask("crs_any"),
    );
    let pooled = pool(&found, Options::default());
    let judged = certainty(&found, &pooled, &[]).unwrap();
    let down = |domain: Domain| {
        judged
            .judgements
            .iter()
            .find(|j| j.domain == domain)
            .unwrap()
    };
    assert_eq!((judged.start, judged.level), (Level::Low, Level::VeryLow));
    assert_eq!(
        down(Domain::RiskOfBias).down,
        1,
        "nobody judged them at low risk"
    );
    assert_eq!(
        down(Domain::Inconsistency).why,
        "the intervals of a and b do not meet"
    );
    assert_eq!(down(Domain::Indirectness).down, 0);
    assert_eq!(down(Domain::PublicationBias).down, 0);
    let own = [
        Domain::RiskOfBias,
        Domain::Inconsistency,
        Domain::Imprecision,
    ]
    .map(|domain| Judgement {
        domain,
        down: 0,
        why: "a panel".into(),
    });
    assert_eq!(certainty(&found, &pooled, &own).unwrap().level, Level::Low);
}

#[test]
fn tests_that_find_chance_are_refused_with_few_studies() {
    let texts: Vec<String> = (0..9).map(|i| single(&format!("s{i}"), i, 10)).collect();
    let evidence = base(&texts);
    let few = series(&evidence, &ask("crs_any"));
    assert!(small_study(&few).unwrap_err().contains("at least 10"));
    let refused = moderation(&few, Property::Patients, &evidence.vocabulary).unwrap_err();
    assert!(refused.contains("ten studies per covariate"), "{refused}");
    let texts: Vec<String> = (0..12)
        .map(|i| single(&format!("s{i:02}"), i % 7, 10 + 3 * i))
        .collect();
    let evidence = base(&texts);
    let many = series(&evidence, &ask("crs_any"));
    assert_eq!(
        small_study(&many).unwrap().len(),
        1,
        "single-arm proportions are tested by size alone"
    );
    let fit = moderation(&many, Property::Patients, &evidence.vocabulary).unwrap();
    assert_eq!((fit.studies, fit.coefficients.len()), (12, 2));
    let weights: f64 = influences(&many)
        .unwrap()
        .iter()
        .map(|i| i.weight_percent)
        .sum();
    assert!((weights - 100.0).abs() < 1e-9);
    // One cluster cannot be told from many.
    assert!(clustered(&many, Property::Target, &evidence.vocabulary).is_err());
}

#[test]
fn every_question_of_the_review_is_answered() {
    let library = Library::embedded();
    let evidence = Evidence::of(&library).unwrap();
    let answers = answers(&library, &evidence).unwrap();
    assert!(answers.len() >= 13);
    for answer in &answers {
        let any = answer.groups.iter().any(|g| !g.series.rows.is_empty());
        assert!(
            any || !answer.experiments.is_empty(),
            "`{}` has no answer",
            answer.question.id
        );
        for group in &answer.groups {
            for row in &group.series.rows {
                let study = &evidence.studies[&row.study];
                assert!(!matches!(
                    study.design.kind,
                    DesignKind::Review | DesignKind::Surveillance
                ));
                assert_eq!(row.grade, neurocart_evidence::study::Grade::Seen);
            }
        }
    }
    let directions: Vec<_> = answers
        .iter()
        .flat_map(|a| &a.experiments)
        .map(|e| e.finding.direction)
        .collect();
    use neurocart_evidence::study::Direction;
    assert!(directions.contains(&Direction::Improves) && directions.contains(&Direction::Worsens));
}

#[test]
fn the_outlier_series_moves_the_answer_on_grave_cytokine_release() {
    let library = Library::embedded();
    let evidence = Evidence::of(&library).unwrap();
    let answers = answers(&library, &evidence).unwrap();
    let crs = answers.iter().find(|a| a.question.id == "crs").unwrap();
    let all: Vec<_> = crs
        .groups
        .iter()
        .filter(|g| g.outcome == "crs_g3plus" && g.label == "All autoimmune")
        .collect();
    assert_eq!(all.len(), 2);
    assert_eq!(all[1].without, ["sheba2025-poc12"]);
    assert_eq!(
        all[0].pooled.events.unwrap() - all[1].pooled.events.unwrap(),
        3
    );
}

proptest! {
    // Each case fits dozens of models.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_counts_give_ordered_limits_and_never_a_panic(
        counts in prop::collection::vec((0u64..40, 1u64..40), 0..6),
        sensitivity: bool,
        pool_few: bool,
    ) {
        let texts: Vec<String> = counts
            .iter()
            .enumerate()
            .map(|(i, (x, n))| single(&format!("s{i}"), *x.min(n), *n))
            .collect();
        let evidence = base(&texts);
        let found = series(&evidence, &ask("crs_any"));
        let pooled = pool(&found, Options { pool_few, sensitivity, across_scales: false });
        prop_assert_eq!(pooled.studies, counts.len());
        for e in &pooled.estimates {
            prop_assert!(0.0 <= e.lower && e.lower <= e.upper && e.upper <= 100.0, "{:?}", e);
            prop_assert!(e.lower - 1e-9 <= e.estimate && e.estimate <= e.upper + 1e-9, "{:?}", e);
        }
        let _ = certainty(&found, &pooled, &[]);
        let options = Options::default();
        let _ = (leave_one_out(&found, options), cumulative(&found, options));
        let _ = (influences(&found), small_study(&found));
        for property in [Property::Year, Property::Target, Property::Patients] {
            let _ = moderation(&found, property, &evidence.vocabulary);
            let _ = clustered(&found, property, &evidence.vocabulary);
        }
    }

    #[test]
    fn the_order_of_the_studies_changes_nothing(
        counts in prop::collection::vec((0u64..10, 1u64..20), 3..8),
    ) {
        let texts: Vec<String> = counts
            .iter()
            .enumerate()
            .map(|(i, (x, n))| single(&format!("s{i}"), *x.min(n), *n))
            .collect();
        let mut turned = texts.clone();
        turned.reverse();
        let of = |texts: &[String]| pool(&series(&base(texts), &ask("crs_any")), Options::default());
        prop_assert_eq!(of(&texts), of(&turned));
    }
}

#[test]
fn arms_are_compared_as_escalc_compares_them() {
    let placebo = "[[arm]]\nname = \"placebo\"\nrole = \"control\"\n";
    let rct = |id: &str, x: u64, n: u64, y: u64, m: u64| {
        let rows =
            count("mgc_resp_ge5", "all", x, n, "") + &count("mgc_resp_ge5", "placebo", y, m, "");
        study(id, "\"MG\"", n, &(placebo.to_owned() + &rows))
            .replace("single_arm_trial", "randomised_trial")
    };
    // The first three tables of the BCG trials as metafor gives their log risk ratios.
    let texts = [
        rct("a", 4, 123, 11, 139),
        rct("b", 6, 306, 29, 303),
        rct("c", 3, 231, 11, 220),
    ];
    let found = compared(&base(&texts), &ask("mgc_resp_ge5"), Scale::RiskRatio);
    let expected = [
        (-0.889311, 0.325585),
        (-1.585389, 0.194581),
        (-1.348073, 0.415368),
    ];
    for (row, (effect, variance)) in found.rows.iter().zip(expected) {
        assert!(
            (row.estimate.unwrap().ln() - effect).abs() < 1e-6,
            "{row:?}"
        );
        assert!(
            (row.standard_error.unwrap().powi(2) - variance).abs() < 1e-6,
            "{row:?}"
        );
    }
    let pooled = with_companions(pool(&found, Options::default()), &found, Scale::RiskRatio);
    assert_eq!(pooled.patients, 123 + 139 + 306 + 303 + 231 + 220);
    let names: Vec<_> = pooled.estimates.iter().map(|e| e.short.as_str()).collect();
    assert_eq!(names, ["random effects", "Bayes", "Mantel-Haenszel"]);
    let single_arm = base(&[single("s", 3, 9)]);
    assert!(
        compared(&single_arm, &ask("crs_any"), Scale::OddsRatio)
            .rows
            .is_empty()
    );
}

#[test]
fn arms_by_disease_of_a_basket_are_counted_together() {
    let arm = |name: &str, n: u64| {
        format!(
            "[[arm]]\nname = \"{name}\"\nrole = \"subgroup\"\npart_of = \"all\"\npatients = {n}\ndiseases = [\"{name}\"]\n"
        )
    };
    let outcomes = count("crs_any", "MS", 1, 2, "")
        + &count("crs_any", "NMOSD", 2, 3, "")
        + &count("crs_any", "SLE", 5, 5, "")
        + &count("crs_any", "all", 8, 10, "");
    let blocks = arm("MS", 2) + &arm("NMOSD", 3) + &arm("SLE", 5) + &outcomes;
    let evidence = base(&[study("basket", "\"MS\", \"NMOSD\", \"SLE\"", 10, &blocks)]);
    let of = |areas: Vec<Area>| {
        let selection = Selection {
            areas,
            ..Selection::default()
        };
        let found = series(
            &evidence,
            &Request {
                selection,
                ..ask("crs_any")
            },
        );
        found
            .rows
            .iter()
            .map(|r| (r.arm.clone(), r.events, r.total))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of(vec![Area::Neuroimmune]),
        [("MS + NMOSD".to_owned(), Some(3), Some(5))]
    );
    assert_eq!(
        of(vec![Area::Rheumatology]),
        [("SLE".to_owned(), Some(5), Some(5))]
    );
    let all = vec![Area::Neuroimmune, Area::Rheumatology];
    assert_eq!(of(all), [("all".to_owned(), Some(8), Some(10))]);
}

fn rate(id: &str, events: u64, exposure: f64) -> String {
    let row = format!(
        "[[outcome]]\noutcome = \"annualised_relapse_rate\"\narm = \"all\"\nstatistic = \"rate\"\nevents = {events}\n\
         exposure_patient_years = {exposure}\nunit = \"per patient-year\"\nlocator = \"abstract\"\ngrade = \"seen\"\ntier = \"A\"\n"
    );
    study(id, "\"NMOSD\"", 20, &row)
}

#[test]
fn rates_of_the_reference_are_pooled_from_study_files_as_metafor_pools_them() {
    let rows = |file: &str| -> Vec<BTreeMap<String, String>> {
        let path = format!("{}/../../reference/{file}", env!("CARGO_MANIFEST_DIR"));
        let mut reader = csv::Reader::from_path(path).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    };
    let data = rows("ma_rates_data.csv");
    let texts: Vec<String> = data
        .iter()
        .map(|row| {
            rate(
                &row["study"].to_lowercase(),
                row["xi"].parse().unwrap(),
                row["ti"].parse().unwrap(),
            )
        })
        .collect();
    let found = series(&base(&texts), &ask("annualised_relapse_rate"));
    assert_eq!((found.measure, found.rows.len()), (Measure::Rate, 7));
    let sensitivity = Options {
        sensitivity: true,
        ..Options::default()
    };
    let pooled = pool(&found, sensitivity);
    let short: Vec<_> = pooled.estimates.iter().map(|e| e.short.as_str()).collect();
    assert_eq!(
        short,
        ["random-intercept model", "exact", "inverse variance"]
    );
    let expected = rows("ma_rates.csv");
    let of = |row: usize, column: &str| expected[row][column].parse::<f64>().unwrap();
    let near = |a: f64, b: f64, relative: f64| assert!((a / b - 1.0).abs() < relative, "{a} {b}");
    // metafor's own search stops at about four figures of its interval.
    let model = &pooled.estimates[0];
    near(model.estimate, of(0, "rate"), 1e-4);
    near(model.lower, of(0, "ci_lower"), 1e-3);
    near(model.upper, of(0, "ci_upper"), 1e-3);
    // The point alone: our interval has the floor that the reference leaves out.
    near(pooled.estimates[2].estimate, of(1, "rate"), 1e-6);
    // 11 events in 101.1 patient-years; chi-square quantiles 10.9823 (22 df) and 39.3641 (24 df).
    let exact = &pooled.estimates[1];
    near(exact.estimate, 11.0 / 101.1, 1e-12);
    near(exact.lower, 10.982_320_734 / (2.0 * 101.1), 1e-6);
    near(exact.upper, 39.364_077_026 / (2.0 * 101.1), 1e-6);
}

#[test]
fn without_any_event_the_exact_rate_leads() {
    let texts = [rate("a", 0, 4.0), rate("b", 0, 2.5), rate("c", 0, 10.0)];
    let pooled = pool(
        &series(&base(&texts), &ask("annualised_relapse_rate")),
        Options::default(),
    );
    let [exact] = pooled.estimates.as_slice() else {
        panic!("{pooled:?}");
    };
    assert_eq!((exact.role, exact.lower), (Role::Primary, 0.0));
    // The upper limit without an event: -ln 0.025 over the exposure.
    assert!((exact.upper + 0.025f64.ln() / 16.5).abs() < 1e-9);
    assert!(pooled.withheld.unwrap().starts_with("nobody had an event"));
}

#[test]
fn a_rate_without_its_exposure_is_shown_and_not_pooled() {
    let bare = rate("bare", 3, 5.0).replace("exposure_patient_years = 5\n", "value = 0.6\n");
    let evidence = base(&[bare.clone(), rate("whole", 1, 8.0)]);
    let found = series(&evidence, &ask("annualised_relapse_rate"));
    let reasons: Vec<_> = found.rows.iter().map(|r| r.not_pooled.clone()).collect();
    assert_eq!(reasons, [Some(Reason::NoExposure), None]);
    let listed = series(&base(&[bare]), &ask("annualised_relapse_rate"));
    assert_eq!(listed.measure, Measure::Listed);
}

#[test]
fn the_answer_without_case_reports_leaves_out_nothing_else() {
    let report = single("report", 1, 1).replace("single_arm_trial", "case_report");
    let found = series(&base(&[report, single("a", 3, 9)]), &ask("crs_any"));
    let without = without_case_reports(&found);
    assert_eq!(without.rows.len(), 1);
    assert_eq!(without.rows[0], found.rows[0]);
}

#[test]
fn ratios_disagree_by_the_widths_of_their_logarithms() {
    // The mean from 1/2 to 2, the prediction from 1/8 to 8: three times as wide, as logarithms.
    let wide = Estimate {
        method: "random effects".into(),
        short: "random effects".into(),
        role: Role::Primary,
        estimate: 1.0,
        lower: 0.5,
        upper: 2.0,
        prediction_lower: None,
        prediction_upper: None,
    };
    let found = compared(
        &base(&["a", "b", "c"].map(|id| {
            let rows = count("mgc_resp_ge5", "all", 5, 10, "")
                + &count("mgc_resp_ge5", "placebo", 5, 10, "");
            let placebo = "[[arm]]\nname = \"placebo\"\nrole = \"control\"\n".to_owned();
            study(id, "\"MG\"", 10, &(placebo + &rows))
        })),
        &ask("mgc_resp_ge5"),
        Scale::RiskRatio,
    );
    let why = |upper: f64| {
        let mut pooled = pool(&found, Options::default());
        pooled.estimates = vec![Estimate {
            prediction_lower: Some(1.0 / upper),
            prediction_upper: Some(upper),
            ..wide.clone()
        }];
        let judged = certainty(&found, &pooled, &[]).unwrap();
        let of = |j: &&Judgement| j.domain == Domain::Inconsistency;
        let judgement = judged.judgements.iter().find(of).unwrap().clone();
        (judgement.down, judgement.why)
    };
    assert_eq!(why(3.9).0, 0);
    let (down, words) = why(8.0);
    assert_eq!(
        (down, words.as_str()),
        (
            1,
            "the prediction interval is 3.0 times as wide as that of the mean"
        )
    );
}

#[test]
fn the_bayesian_mean_is_not_drawn_to_0_where_levels_lie_far_from_it() {
    let level = |id: &str, value: f64| {
        let row = format!(
            "[[outcome]]\noutcome = \"cart_cmax\"\narm = \"all\"\nstatistic = \"mean\"\nvalue = {value}\n\
             unit = \"copies/µg DNA\"\nstandard_deviation = 8\ntotal = 16\nlocator = \"abstract\"\ngrade = \"seen\"\ntier = \"A\"\n"
        );
        study(id, "\"MG\"", 16, &row)
    };
    let texts = [
        level("a", 99_999.0),
        level("b", 100_000.0),
        level("c", 100_001.0),
    ];
    let pooled = pool(
        &series(&base(&texts), &ask("cart_cmax")),
        Options::default(),
    );
    let bayes = pooled
        .estimates
        .iter()
        .find(|e| e.short == "Bayes")
        .unwrap();
    assert!((bayes.estimate - 100_000.0).abs() < 0.01, "{bayes:?}");
    assert!(
        bayes.lower > 99_990.0 && bayes.upper < 100_010.0,
        "{bayes:?}"
    );
}
