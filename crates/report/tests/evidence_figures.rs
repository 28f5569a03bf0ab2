//! Figures of the evidence base: what a small one looks like, what its marks mean, and that bad
//! input never breaks one.

mod common;

use common::assert_sound_svg;
use neurocart_report::estimate::Estimate;
use neurocart_report::figure::evidence_map::*;
use neurocart_report::figure::forest::*;
use neurocart_report::figure::swimmer::*;
use neurocart_report::figure::timeline::*;
use neurocart_report::figure::{Layout, ReferenceLine};
use proptest::prelude::*;

const LAYOUTS: [Layout; 2] = [Layout::Wide, Layout::Narrow];

/// The drawing without its style sheet, which would drown it.
fn drawing(svg: &str) -> String {
    let (head, rest) = svg.split_once("<style>").expect("a style sheet");
    let (_, body) = rest.split_once("</style>\n").expect("its end");
    format!("{head}{body}")
}

/// Elements of a drawing with exactly these classes, in the order in which they are drawn.
fn with_class<'a>(document: &'a roxmltree::Document, class: &str) -> Vec<roxmltree::Node<'a, 'a>> {
    document
        .descendants()
        .filter(|node| node.attribute("class") == Some(class))
        .collect()
}

fn number(node: roxmltree::Node, name: &str) -> f64 {
    node.attribute(name)
        .expect("the attribute")
        .parse()
        .expect("a number")
}

/// Corners of a path of straight lines.
fn corners(node: roxmltree::Node) -> Vec<(f64, f64)> {
    let path = node.attribute("d").expect("a path").trim_end_matches('Z');
    path.split(['M', 'L'])
        .filter(|corner| !corner.is_empty())
        .map(|corner| {
            let (x, y) = corner.split_once(' ').expect("two numbers");
            (x.parse().expect("a number"), y.parse().expect("a number"))
        })
        .collect()
}

fn row(label: &str, detail: &str, [value, lower, upper]: [f64; 3]) -> ForestRow {
    ForestRow {
        label: label.into(),
        detail: detail.into(),
        estimate: Estimate::new(value, lower, upper),
        weight: f64::NAN,
        mark: ForestMark::Study,
    }
}

fn forest() -> ForestPlot {
    let diamond = PooledRow {
        label: "Pooled".into(),
        method: "random effects, logit, REML, Hartung-Knapp".into(),
        estimate: Estimate::new(0.6, 0.4, 0.8),
        prediction_lower: 0.1,
        prediction_upper: 0.95,
        studies: 3,
        patients: 56,
        mark: PooledMark::Diamond,
    };
    let exact = PooledRow {
        label: "Crude".into(),
        method: "Clopper-Pearson".into(),
        estimate: Estimate::new(0.3, 0.2, 0.5),
        prediction_lower: f64::NAN,
        prediction_upper: f64::NAN,
        mark: PooledMark::Interval,
        ..diamond.clone()
    };
    let bayes = PooledRow {
        label: "Beta-binomial".into(),
        method: "Bayes".into(),
        mark: PooledMark::HollowDiamond,
        ..exact.clone()
    };
    ForestPlot {
        title: "CRS of any grade".into(),
        measure: "Patients with the event".into(),
        detail_heading: "Events".into(),
        estimate_heading: "95% interval".into(),
        groups: vec![
            ForestGroup {
                heading: "Neuroimmune".into(),
                rows: vec![
                    ForestRow {
                        weight: 0.25,
                        ..row("Aspen 2023", "12/12", [1.0, 0.74, 1.0])
                    },
                    ForestRow {
                        weight: 1.0,
                        ..row("Birch 2024", "0/38", [0.0, 0.0, 0.09])
                    },
                    ForestRow {
                        mark: ForestMark::Recalled,
                        ..row("Cedar 2022", "3/6", [0.5, 0.12, 0.88])
                    },
                ],
                pooled: vec![diamond, bayes, exact],
                note: "I² 84%.".into(),
            },
            ForestGroup {
                heading: "Rheumatology".into(),
                rows: vec![row("Elm 2024", "10/15", [0.667, 0.384, 0.882])],
                note: "1 study: not pooled.".into(),
                ..ForestGroup::default()
            },
        ],
        reference: Some(ReferenceLine {
            value: 0.5,
            label: "assumed".into(),
        }),
        ..ForestPlot::default()
    }
}

fn swimmers() -> SwimmerPlot {
    let mark = |time_months, kind: &str| SwimmerMark {
        time_months,
        kind: kind.into(),
    };
    let patient = |label: &str, group: &str, end_months, ongoing, marks| Swimmer {
        label: label.into(),
        group: group.into(),
        end_months,
        ongoing,
        marks,
        spans: vec![SwimmerSpan {
            from_months: 0.5,
            to_months: 3.0,
            kind: "B-cell aplasia".into(),
        }],
    };
    SwimmerPlot {
        title: "Courses".into(),
        time_label: "Months since infusion".into(),
        patients: vec![
            patient(
                "Patient 1",
                "NMOSD",
                12.0,
                true,
                vec![mark(0.1, "CRS"), mark(0.1, "ICANS")],
            ),
            patient("Patient 2", "NMOSD", 6.0, false, vec![mark(4.0, "relapse")]),
            patient("Patient 3", "Myasthenia gravis", f64::NAN, true, vec![]),
        ],
        caption: String::new(),
    }
}

fn cell(studies: u64, patients: u64) -> MapCell {
    MapCell {
        studies,
        patients,
        ..MapCell::default()
    }
}

fn map() -> EvidenceMap {
    let recalled = MapCell {
        recalled_only: true,
        note: "case reports".into(),
        ..cell(1, 4)
    };
    EvidenceMap {
        title: "Evidence by disease and target".into(),
        panels: vec![MapPanel {
            heading: "Relapse".into(),
            columns: vec!["CD19".into(), "BCMA".into()],
            rows: vec![
                MapRow {
                    label: "NMOSD".into(),
                    cells: vec![recalled, cell(3, 64)],
                },
                MapRow {
                    label: "Multiple sclerosis".into(),
                    cells: vec![cell(2, 16)],
                },
            ],
        }],
        caption: String::new(),
    }
}

fn trial(label: &str, start_year: f64, end_year: f64, status: TrialStatus) -> TimelineBar {
    TimelineBar {
        label: label.into(),
        start_year,
        end_year,
        status,
        detail: "phase 1, n = 12".into(),
    }
}

fn timeline() -> Timeline {
    let bars = vec![
        trial("NCT01 A", 2021.0, 2024.5, TrialStatus::Completed),
        trial("NCT02 B", 2023.25, f64::NAN, TrialStatus::Recruiting),
        trial("NCT03 C", f64::NAN, 2028.0, TrialStatus::NotYetRecruiting),
        trial("NCT04 D", 2025.0, 2024.0, TrialStatus::Unknown),
    ];
    Timeline {
        title: "Registered trials".into(),
        today_year: 2026.9,
        today_label: "November 2026".into(),
        groups: vec![TimelineGroup {
            heading: "NMOSD".into(),
            bars,
        }],
        caption: String::new(),
    }
}

#[test]
fn a_forest_plot_is_drawn_with_squares_diamonds_and_its_methods() {
    let svg = render_forest_svg(&forest(), Layout::Wide);
    assert_sound_svg(&svg);
    insta::assert_snapshot!(drawing(&svg));
}

#[test]
fn courses_are_drawn_as_lanes_with_a_key() {
    let svg = render_swimmer_svg(&swimmers(), Layout::Wide);
    assert_sound_svg(&svg);
    insta::assert_snapshot!(drawing(&svg));
}

#[test]
fn an_evidence_map_is_drawn_with_its_gaps() {
    let svg = render_evidence_map_svg(&map(), Layout::Wide);
    assert_sound_svg(&svg);
    insta::assert_snapshot!(drawing(&svg));
}

#[test]
fn trials_are_drawn_as_bars_over_the_years() {
    let svg = render_timeline_svg(&timeline(), Layout::Wide);
    assert_sound_svg(&svg);
    insta::assert_snapshot!(drawing(&svg));
}

#[test]
fn every_figure_has_a_sound_narrow_drawing() {
    for svg in [
        render_forest_svg(&forest(), Layout::Narrow),
        render_swimmer_svg(&swimmers(), Layout::Narrow),
        render_evidence_map_svg(&map(), Layout::Narrow),
        render_timeline_svg(&timeline(), Layout::Narrow),
    ] {
        assert_sound_svg(&svg);
        assert!(svg.contains(r#"width="380""#));
    }
}

#[test]
fn figures_without_data_say_so() {
    let headings_only = ForestPlot {
        groups: vec![ForestGroup {
            heading: "Neuroimmune".into(),
            note: "No study.".into(),
            ..ForestGroup::default()
        }],
        ..ForestPlot::default()
    };
    for layout in LAYOUTS {
        for svg in [
            render_forest_svg(&ForestPlot::default(), layout),
            render_forest_svg(&headings_only, layout),
            render_swimmer_svg(&SwimmerPlot::default(), layout),
            render_evidence_map_svg(&EvidenceMap::default(), layout),
            render_timeline_svg(&Timeline::default(), layout),
        ] {
            assert_sound_svg(&svg);
            // Once for the eye, once in the description.
            assert_eq!(svg.matches("No values to show").count(), 2, "{svg}");
        }
    }
}

/// Where a share of 0 and of 1 lie, from the first and last line of the grid.
fn percent_scale(document: &roxmltree::Document) -> (f64, f64) {
    let grid = with_class(document, "gr");
    let ends = [grid[0], grid[grid.len() - 1]].map(|line| number(line, "x1"));
    (ends[0], ends[1])
}

#[test]
fn a_diamond_reaches_from_limit_to_limit_and_its_prediction_interval_further() {
    let svg = render_forest_svg(&forest(), Layout::Wide);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let (zero, one) = percent_scale(&document);
    let place = |share: f64| zero + share * (one - zero);
    let diamond = corners(with_class(&document, "br a1")[0]);
    for (corner, share) in [(0, 0.4), (1, 0.6), (2, 0.8)] {
        assert!((diamond[corner].0 - place(share)).abs() < 0.011);
    }
    let bar = with_class(&document, "lt a1")[0];
    assert!((number(bar, "x") - place(0.1)).abs() < 0.011);
    assert!((number(bar, "width") - 0.85 * (one - zero)).abs() < 0.011);
}

#[test]
fn the_area_of_a_square_grows_with_the_weight() {
    let svg = render_forest_svg(&forest(), Layout::Wide);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let squares = with_class(&document, "mk a0");
    let sides: Vec<f64> = squares
        .iter()
        .map(|square| number(*square, "width"))
        .collect();
    assert_eq!(sides[..2], [8.0, 12.0], "4 + 8 √(weight / heaviest)");
    assert!(svg.contains("area by weight"));
}

#[test]
fn recalled_studies_are_hollow_and_the_key_says_what_that_means() {
    let svg = render_forest_svg(&forest(), Layout::Wide);
    let document = roxmltree::Document::parse(&svg).unwrap();
    assert_eq!(
        with_class(&document, "ho a0").len(),
        2,
        "the row and the key"
    );
    assert!(svg.contains("study recalled, not read at its source"));
    assert!(svg.contains("Cedar 2022, 3/6, recalled, not read at its source, 50% (12 to 88)"));
}

#[test]
fn a_group_without_a_pooled_row_has_no_diamond_but_a_reason() {
    let mut plot = forest();
    plot.groups.remove(0);
    let svg = render_forest_svg(&plot, Layout::Wide);
    let document = roxmltree::Document::parse(&svg).unwrap();
    for class in ["br a1", "ho a1", "lt a1"] {
        assert!(with_class(&document, class).is_empty());
    }
    assert!(svg.contains("1 study: not pooled."));
}

#[test]
fn the_method_of_every_pooled_estimate_is_shown_and_told() {
    for layout in LAYOUTS {
        let svg = render_forest_svg(&forest(), layout);
        for method in ["random effects, logit", "Bayes", "Clopper-Pearson"] {
            assert_eq!(svg.matches(method).count(), 2, "{method}");
        }
        assert!(svg.contains("3 studies, 56 patients, 60% (40 to 80), prediction 10 to 95%"));
        assert!(
            svg.contains(">3 studies, 56 patients"),
            "beside the diamond"
        );
    }
}

#[test]
fn an_interval_beyond_the_axis_ends_in_an_arrow() {
    let mut plot = ForestPlot {
        scale: ForestScale::Linear,
        groups: vec![ForestGroup {
            rows: vec![
                row("Aspen", "", [-5.0, -6.0, -4.0]),
                row("Birch", "", [-4.0, -5.5, -2.5]),
                row("Cedar", "", [-6.0, -8.0, -4.0]),
            ],
            ..ForestGroup::default()
        }],
        ..ForestPlot::default()
    };
    let arrows = |plot: &ForestPlot| {
        let svg = render_forest_svg(plot, Layout::Wide);
        assert_sound_svg(&svg);
        let document = roxmltree::Document::parse(&svg).unwrap();
        with_class(&document, "br a0").len()
    };
    assert_eq!(arrows(&plot), 0);
    plot.groups[0].rows[1].estimate.upper = 90.0;
    assert_eq!(arrows(&plot), 1);
    plot.groups[0].rows[1].estimate.lower = f64::NEG_INFINITY;
    assert_eq!(arrows(&plot), 2);
}

#[test]
fn no_effect_is_marked_on_an_axis_of_ratios_and_a_ratio_of_zero_is_an_arrow() {
    let plot = ForestPlot {
        scale: ForestScale::LogRatio,
        groups: vec![ForestGroup {
            rows: vec![
                row("Aspen", "", [0.5, 0.25, 0.99]),
                row("Birch", "", [0.0, 0.0, 0.4]),
            ],
            ..ForestGroup::default()
        }],
        ..ForestPlot::default()
    };
    let svg = render_forest_svg(&plot, Layout::Wide);
    assert_sound_svg(&svg);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let vertical = |node: &roxmltree::Node| node.attribute("x1") == node.attribute("x2");
    let one = with_class(&document, "ax")
        .into_iter()
        .filter(vertical)
        .count();
    assert_eq!(one, 1);
    assert_eq!(with_class(&document, "br a0").len(), 1, "an arrow");
    // The square of Aspen and that of the key.
    assert_eq!(with_class(&document, "mk a0").len(), 2);
    assert!(svg.contains("0.50 (0.25 to 0.99)"));
}

#[test]
fn leaving_one_out_is_drawn_as_equal_diamonds_against_the_estimate_of_all() {
    let plot = ForestPlot {
        groups: vec![ForestGroup {
            rows: ["Aspen", "Birch", "Cedar"]
                .map(|name| ForestRow {
                    mark: ForestMark::Pooled,
                    ..row(&format!("Omitting {name}"), "k = 2", [0.4, 0.2, 0.6])
                })
                .to_vec(),
            ..ForestGroup::default()
        }],
        reference: Some(ReferenceLine {
            value: 0.5,
            label: "all studies".into(),
        }),
        ..ForestPlot::default()
    };
    for layout in LAYOUTS {
        let svg = render_forest_svg(&plot, layout);
        assert_sound_svg(&svg);
        let document = roxmltree::Document::parse(&svg).unwrap();
        assert_eq!(
            with_class(&document, "mk a1").len(),
            4,
            "three rows and the key"
        );
        let (zero, one) = percent_scale(&document);
        let dashed = with_class(&document, "hs d1")[0];
        assert!((number(dashed, "x1") - 0.5 * (zero + one)).abs() < 0.011);
        assert!(svg.contains("Dashed line: all studies at 50%."));
    }
}

#[test]
fn sixty_studies_with_long_names_stay_inside_the_picture() {
    let name = "Author and others 2024, diffuse large B-cell lymphoma, third line or later, \
                a product with a long name & <markup>";
    let mut plot = forest();
    plot.title = name.into();
    plot.groups[0].heading = name.into();
    plot.groups[0].note = name.repeat(3);
    plot.groups[0].rows = (0..60)
        .map(|i| {
            row(
                &format!("{i} {name}"),
                "123,456/234,567",
                [i as f64 / 60.0, 0.0, 1.0],
            )
        })
        .collect();
    for layout in LAYOUTS {
        assert_sound_svg(&render_forest_svg(&plot, layout));
    }
}

#[test]
fn a_lane_ends_at_the_last_visit_and_marks_of_one_day_do_not_cover_each_other() {
    let svg = render_swimmer_svg(&swimmers(), Layout::Wide);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let lanes = with_class(&document, "tk");
    // Two patients with an end, and the symbol of the key.
    assert_eq!(lanes.len(), 3);
    let (first, second) = (number(lanes[0], "width"), number(lanes[1], "width"));
    assert!((first - 2.0 * second).abs() < 0.011, "12 and 6 months");
    let crs = with_class(&document, "mk a0")[0];
    let icans = with_class(&document, "mk a1")[0];
    assert!(number(icans, "y") > number(crs, "cy") + number(crs, "r"));
    assert!(svg.contains("Patient 3 (end unknown)"));
    assert!(svg.contains("follow-up goes on"));
}

#[test]
fn eight_kinds_of_marks_differ_without_colour() {
    let mut plot = swimmers();
    plot.patients.truncate(1);
    plot.patients[0].marks = (0..8)
        .map(|kind| SwimmerMark {
            time_months: kind as f64,
            kind: format!("kind {kind}"),
        })
        .collect();
    let svg = render_swimmer_svg(&plot, Layout::Wide);
    assert_sound_svg(&svg);
    // Name of the element, fill, and number of corners.
    let document = roxmltree::Document::parse(&svg).unwrap();
    let mut looks: Vec<(String, String, usize)> = document
        .descendants()
        .filter_map(|node| {
            let class = node.attribute("class")?;
            let fill = class
                .split(' ')
                .next()
                .filter(|fill| ["mk", "ho"].contains(fill))?;
            let corners = node
                .attribute("d")
                .map_or(0, |path| path.matches('L').count());
            Some((
                node.tag_name().name().to_string(),
                fill.to_string(),
                corners,
            ))
        })
        .collect();
    looks.sort();
    looks.dedup();
    assert_eq!(looks.len(), 8, "{looks:?}");
}

#[test]
fn the_area_of_a_circle_grows_with_the_patients_and_a_gap_is_hatched() {
    let svg = render_evidence_map_svg(&map(), Layout::Wide);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let circles = with_class(&document, "mk a0");
    // 64 patients with the largest radius, 16 with half of it.
    assert_eq!(number(circles[0], "r"), 13.0);
    assert_eq!(number(circles[1], "r"), 6.5);
    // A missing cell is a gap: hatch and frame in the grid and in the key.
    assert_eq!(with_class(&document, "gp").len(), 4);
    assert!(svg.contains("Gaps: Multiple sclerosis × BCMA."));
    assert!(svg.contains("recalled only, not read at a source"));
    assert!(svg.contains("(1) case reports"));
}

#[test]
fn a_full_map_keeps_its_numbers_apart() {
    let name = |kind: &str, i: usize| format!("{kind} {i} with a long name of its own");
    let panel = |i: usize| MapPanel {
        heading: name("Outcome", i),
        columns: (0..8).map(|i| name("Target", i)).collect(),
        rows: (0..15)
            .map(|row| MapRow {
                label: name("Disease", row),
                cells: (0..8)
                    .map(|column| MapCell {
                        note: "note".into(),
                        ..cell((row as u64 * column as u64) % 130, 123_456)
                    })
                    .collect(),
            })
            .collect(),
    };
    let full = EvidenceMap {
        panels: (0..8).map(panel).collect(),
        ..EvidenceMap::default()
    };
    for layout in LAYOUTS {
        assert_sound_svg(&render_evidence_map_svg(&full, layout));
    }
}

#[test]
fn a_bar_lies_over_its_years_and_an_open_end_has_an_arrow() {
    let svg = render_timeline_svg(&timeline(), Layout::Wide);
    let document = roxmltree::Document::parse(&svg).unwrap();
    // The axis goes from 2021 to 2027, the completed trial from 2021 to 2024.5.
    let axis = with_class(&document, "ax")[0];
    let (from, to) = (number(axis, "x1"), number(axis, "x2"));
    let bar = with_class(&document, "lt a3")[0];
    assert!((number(bar, "x") - from).abs() < 0.011);
    assert!((number(bar, "width") - (to - from) * 3.5 / 6.0).abs() < 0.011);
    let arrows = with_class(&document, "br a0");
    assert!(arrows.iter().any(|node| node.has_tag_name("path")));
    assert!(svg.contains("NCT02 B (phase 1, n = 12), recruiting, from 2023-04, end not stated"));
}

#[test]
fn trials_without_usable_dates_are_listed_and_not_lost() {
    for layout in LAYOUTS {
        let svg = render_timeline_svg(&timeline(), layout);
        assert!(svg.contains("No start date: NCT03 C (phase 1, n = 12)."));
        assert!(svg.contains("Completion before start: NCT04 D"));
    }
    let mut only = timeline();
    only.groups[0].bars.retain(|bar| bar.start_year.is_nan());
    let svg = render_timeline_svg(&only, Layout::Wide);
    assert_sound_svg(&svg);
    assert!(svg.contains("No start date: NCT03 C"));
}

#[test]
fn a_hundred_and_twenty_trials_of_every_status_stay_inside_the_picture() {
    let statuses = [
        TrialStatus::NotYetRecruiting,
        TrialStatus::Recruiting,
        TrialStatus::ActiveNotRecruiting,
        TrialStatus::Completed,
        TrialStatus::Stopped,
        TrialStatus::Unknown,
    ];
    let bars = (0..120).map(|i| {
        let start = 2015.0 + (i % 50) as f64 * 0.23;
        let label = format!("NCT{i:08} CD19 CAR T cells of an academic centre with a long name");
        trial(&label, start, start + (i % 9) as f64, statuses[i % 6])
    });
    let mut full = timeline();
    full.groups[0].bars = bars.collect();
    for layout in LAYOUTS {
        let svg = render_timeline_svg(&full, layout);
        assert_sound_svg(&svg);
        for status in statuses {
            assert!(
                svg.contains(&format!(">{}<", status.name())),
                "the key has it"
            );
        }
    }
}

#[test]
fn numbers_that_are_null_in_json_are_missing() {
    let json = r#"{
        "scale": "log_ratio",
        "groups": [{"rows": [{"label": "Aspen", "weight": null, "mark": "recalled",
                              "estimate": {"value": 0.5, "lower": null, "upper": null}}]}]
    }"#;
    let plot: ForestPlot = serde_json::from_str(json).unwrap();
    assert!(plot.groups[0].rows[0].weight.is_nan());
    let svg = render_forest_svg(&plot, Layout::Wide);
    assert_sound_svg(&svg);
    assert!(svg.contains(">0.50<"));
    let bar: TimelineBar = serde_json::from_str(r#"{"start_year": null}"#).unwrap();
    assert!(bar.start_year.is_nan());
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -1e3f64..1e3,
        2 => 0.0f64..1.0,
        2 => 1990.0f64..2040.0,
        1 => proptest::num::f64::ANY,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
        1 => Just(0.0),
    ]
}

fn any_numbers() -> impl Strategy<Value = [f64; 5]> {
    [
        any_number(),
        any_number(),
        any_number(),
        any_number(),
        any_number(),
    ]
}

fn assert_drawable(svg: &str) {
    assert!(roxmltree::Document::parse(svg).is_ok(), "{svg}");
    assert!(
        !svg.contains("NaN") && !svg.contains("\"inf") && !svg.contains("-inf"),
        "{svg}"
    );
}

#[test]
fn a_study_that_was_read_but_not_pooled_is_not_drawn_as_recalled() {
    let plot = ForestPlot {
        groups: vec![ForestGroup {
            rows: vec![ForestRow {
                mark: ForestMark::NotPooled,
                ..row("Aspen 2023", "–", [0.9, f64::NAN, f64::NAN])
            }],
            ..ForestGroup::default()
        }],
        ..ForestPlot::default()
    };
    for layout in LAYOUTS {
        let svg = render_forest_svg(&plot, layout);
        assert!(svg.contains("study shown, not pooled"));
        assert!(svg.contains("Aspen 2023, –, not pooled"));
        assert!(!svg.contains("recalled"));
    }
}

#[test]
fn a_target_of_two_antigens_is_named_in_full_in_a_narrow_column() {
    let map = EvidenceMap {
        panels: vec![MapPanel {
            columns: [
                "CD19",
                "BCMA",
                "CD19+BCMA",
                "CD20+BCMA",
                "CD19+CD20",
                "BAFF-R",
                "CD20",
                "MuSK",
            ]
            .map(String::from)
            .to_vec(),
            rows: vec![MapRow {
                label: "Lambert-Eaton myasthenic syndrome".into(),
                ..MapRow::default()
            }],
            ..MapPanel::default()
        }],
        ..EvidenceMap::default()
    };
    let svg = render_evidence_map_svg(&map, Layout::Wide);
    assert!(!svg.contains('…'), "{svg}");
    assert_eq!(svg.matches(">CD19+</text>").count(), 2, "{svg}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_number_breaks_a_forest_plot(
        rows in proptest::collection::vec((any_numbers(), 0usize..4), 0..6),
        pooled in proptest::collection::vec((any_numbers(), 0usize..3), 0..4),
        reference in any_number(),
        scale in 0usize..3,
    ) {
        let marks = [
            ForestMark::Study,
            ForestMark::Recalled,
            ForestMark::NotPooled,
            ForestMark::Pooled,
        ];
        let pooled_marks = [PooledMark::Diamond, PooledMark::HollowDiamond, PooledMark::Interval];
        let rows = rows.into_iter().map(|([value, lower, upper, weight, _], mark)| ForestRow {
            weight,
            mark: marks[mark],
            ..row("Aspen 2023", "1/2", [value, lower, upper])
        });
        let pooled = pooled.into_iter().map(|([value, lower, upper, low, high], mark)| PooledRow {
            label: "Pooled".into(),
            estimate: Estimate::new(value, lower, upper),
            prediction_lower: low,
            prediction_upper: high,
            mark: pooled_marks[mark],
            ..PooledRow::default()
        });
        let plot = ForestPlot {
            scale: [ForestScale::Proportion, ForestScale::Linear, ForestScale::LogRatio][scale],
            groups: vec![ForestGroup {
                rows: rows.collect(),
                pooled: pooled.collect(),
                ..ForestGroup::default()
            }],
            reference: Some(ReferenceLine { value: reference, label: "all".into() }),
            ..ForestPlot::default()
        };
        for layout in LAYOUTS {
            let svg = render_forest_svg(&plot, layout);
            assert_drawable(&svg);
            assert_sound_svg(&svg);
        }
    }

    #[test]
    fn no_number_breaks_a_swimmer_plot(
        patients in proptest::collection::vec((any_numbers(), any::<bool>()), 0..6),
    ) {
        let patients = patients.into_iter().enumerate().map(|(i, (numbers, ongoing))| Swimmer {
            label: format!("Patient {i}"),
            group: format!("Group {}", i % 2),
            end_months: numbers[0],
            ongoing,
            marks: numbers[1..]
                .iter()
                .enumerate()
                .map(|(kind, &time_months)| SwimmerMark { time_months, kind: format!("{kind}") })
                .collect(),
            spans: vec![SwimmerSpan {
                from_months: numbers[3],
                to_months: numbers[4],
                kind: format!("span {}", i % 4),
            }],
        });
        let plot = SwimmerPlot { patients: patients.collect(), ..SwimmerPlot::default() };
        for layout in LAYOUTS {
            let svg = render_swimmer_svg(&plot, layout);
            assert_drawable(&svg);
            assert_sound_svg(&svg);
        }
    }

    #[test]
    fn no_count_breaks_an_evidence_map(
        cells in proptest::collection::vec(
            prop_oneof![
                3 => (0u64..5, 0u64..300),
                1 => (any::<u64>(), any::<u64>()),
            ],
            0..12,
        ),
        columns in 0usize..10,
    ) {
        let rows = cells.chunks(4).map(|cells| MapRow {
            label: "Disease".into(),
            cells: cells.iter().map(|&(studies, patients)| cell(studies, patients)).collect(),
        });
        let map = EvidenceMap {
            panels: vec![MapPanel {
                heading: "Outcome".into(),
                columns: (0..columns).map(|i| format!("Target {i}")).collect(),
                rows: rows.collect(),
            }],
            ..EvidenceMap::default()
        };
        for layout in LAYOUTS {
            assert_drawable(&render_evidence_map_svg(&map, layout));
        }
    }

    #[test]
    fn no_number_breaks_a_timeline(
        dates in proptest::collection::vec((any_number(), any_number()), 0..8),
        today_year in any_number(),
    ) {
        let bars = dates
            .iter()
            .enumerate()
            .map(|(i, &(start, end))| trial(&format!("NCT{i}"), start, end, TrialStatus::Stopped));
        let timeline = Timeline {
            today_year,
            groups: vec![TimelineGroup { heading: "NMOSD".into(), bars: bars.collect() }],
            ..timeline()
        };
        for layout in LAYOUTS {
            let svg = render_timeline_svg(&timeline, layout);
            assert_drawable(&svg);
            assert_sound_svg(&svg);
        }
    }

    #[test]
    fn no_text_breaks_a_figure(text in "\\PC{0,80}") {
        let mut plot = forest();
        plot.title = text.clone();
        plot.measure = text.clone();
        plot.detail_heading = text.clone();
        plot.groups[0].heading = text.clone();
        plot.groups[0].rows[0].label = text.clone();
        plot.groups[0].rows[0].detail = text.clone();
        plot.groups[0].pooled[0].method = text.clone();
        let mut lanes = swimmers();
        lanes.patients[0].label = text.clone();
        lanes.patients[0].group = text.clone();
        lanes.patients[0].marks[0].kind = text.clone();
        let mut grid = map();
        grid.panels[0].columns[0] = text.clone();
        grid.panels[0].rows[0].label = text.clone();
        grid.panels[0].rows[0].cells[0].note = text.clone();
        let mut trials = timeline();
        trials.today_label = text.clone();
        trials.groups[0].bars[0].label = text.clone();
        trials.groups[0].bars[1].detail = text;
        for layout in LAYOUTS {
            for svg in [
                render_forest_svg(&plot, layout),
                render_swimmer_svg(&lanes, layout),
                render_evidence_map_svg(&grid, layout),
                render_timeline_svg(&trials, layout),
            ] {
                prop_assert!(roxmltree::Document::parse(&svg).is_ok(), "{svg}");
            }
        }
    }
}
