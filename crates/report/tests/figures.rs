//! Every kind of figure: what a small one looks like, and that bad input never breaks one.

mod common;

use common::*;
use neurocart_report::estimate::Estimate;
use neurocart_report::figure::interval::render_intervals_svg;
use neurocart_report::figure::kaplan_meier::{SurvivalFigure, render_kaplan_meier_svg};
use neurocart_report::figure::patient_flow::{PatientFlow, render_patient_flow_svg};
use neurocart_report::figure::responders::{ResponderFigure, render_responders_svg};
use neurocart_report::figure::scores::{ScoreFigure, render_scores_svg};
use neurocart_report::figure::trajectory::{TrajectoryFigure, render_trajectory_svg};
use neurocart_report::patient_report::{PatientFigure, render_patient_svg, render_patient_text};
use neurocart_report::terminal::plot;
use proptest::prelude::*;

/// The drawing without its style sheet, which would drown it.
fn drawing(svg: &str) -> String {
    let (head, rest) = svg.split_once("<style>").expect("a style sheet");
    let (_, body) = rest.split_once("</style>\n").expect("its end");
    format!("{head}{body}")
}

#[test]
fn a_trajectory_is_drawn_as_band_patients_and_median() {
    let svg = render_trajectory_svg(&trajectory(1));
    assert_sound_svg(&svg);
    insta::assert_snapshot!(drawing(&svg));
}

#[test]
fn a_survival_curve_is_drawn_with_numbers_at_risk() {
    let svg = render_kaplan_meier_svg(&survival(1));
    assert_sound_svg(&svg);
    insta::assert_snapshot!(drawing(&svg));
}

#[test]
fn responders_are_drawn_as_bars_with_whiskers() {
    let svg = render_responders_svg(&responders(2));
    assert_sound_svg(&svg);
    insta::assert_snapshot!(drawing(&svg));
}

#[test]
fn scores_are_drawn_by_visit() {
    let svg = render_scores_svg(&scores(2, 3));
    assert_sound_svg(&svg);
    insta::assert_snapshot!(drawing(&svg));
}

#[test]
fn operating_characteristics_are_drawn_against_their_targets() {
    let svg = render_intervals_svg(&operating());
    assert_sound_svg(&svg);
    insta::assert_snapshot!(drawing(&svg));
}

#[test]
fn the_flow_of_two_arms_is_drawn_as_boxes() {
    let svg = render_patient_flow_svg(&flow(2));
    assert_sound_svg(&svg);
    insta::assert_snapshot!(drawing(&svg));
}

#[test]
fn a_patient_is_drawn_with_an_early_and_a_late_window() {
    let svg = render_patient_svg(&patient());
    assert_sound_svg(&svg);
    assert!(svg.contains("Time (days)") && svg.contains("Time (months)"));
    insta::assert_snapshot!(drawing(&svg));
}

#[test]
fn a_patient_in_a_terminal_has_a_line_per_measurement() {
    insta::assert_snapshot!(render_patient_text(&patient(), 90));
}

#[test]
fn a_rise_and_fall_is_drawn_in_a_terminal_with_its_axes() {
    let times: Vec<f64> = (0..=100).map(|step| f64::from(step) * 7.3).collect();
    let values: Vec<f64> = times
        .iter()
        .map(|time| 100.0 * (-((time - 200.0) / 120.0).powi(2)).exp())
        .collect();
    insta::assert_snapshot!(plot(&times, &values, false, 50, 5));
}

#[test]
fn a_survival_curve_drops_exactly_at_its_events() {
    let figure = survival(1);
    let svg = render_kaplan_meier_svg(&figure);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let class = |node: &roxmltree::Node, name: &str| {
        node.attribute("class")
            .is_some_and(|class| class.split(' ').any(|part| part == name))
    };
    let curve = document
        .descendants()
        .find(|node| class(node, "ln"))
        .unwrap();
    let corners: Vec<(f64, f64)> = curve
        .attribute("d")
        .unwrap()
        .split(['M', 'L'])
        .filter(|corner| !corner.is_empty())
        .map(|corner| {
            let (x, y) = corner.split_once(' ').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        })
        .collect();
    // Day 0 and 100 % is the first corner; the axis of 365.25 days ends where the grid ends.
    let grid = document
        .descendants()
        .find(|node| class(node, "gr"))
        .unwrap();
    let number = |name| grid.attribute(name).unwrap().parse::<f64>().unwrap();
    let (left, right, foot) = (number("x1"), number("x2"), number("y1"));
    let place = |day: f64, survival: f64| {
        (
            left + (right - left) * day / 365.25,
            foot - 250.0 * survival,
        )
    };
    let expected = [
        place(0.0, 1.0),
        place(60.0, 1.0),
        place(60.0, 0.75),
        place(150.0, 0.75),
        place(150.0, 0.45),
        place(340.0, 0.45),
    ];
    assert_eq!(corners.len(), expected.len());
    for (drawn, expected) in corners.iter().zip(expected) {
        assert!((drawn.0 - expected.0).abs() < 0.011 && (drawn.1 - expected.1).abs() < 0.011);
    }
}

#[test]
fn figures_without_data_say_so() {
    for svg in [
        render_trajectory_svg(&TrajectoryFigure::default()),
        render_kaplan_meier_svg(&SurvivalFigure::default()),
        render_responders_svg(&ResponderFigure::default()),
        render_scores_svg(&ScoreFigure::default()),
        render_intervals_svg(&[]),
        render_patient_svg(&PatientFigure::default()),
    ] {
        assert_sound_svg(&svg);
        assert!(svg.contains("No values to show"), "{svg}");
    }
    assert_sound_svg(&render_patient_flow_svg(&PatientFlow::default()));
}

#[test]
fn one_to_twelve_arms_fit() {
    for arms in 1..=12 {
        assert_sound_svg(&render_trajectory_svg(&trajectory(arms)));
        assert_sound_svg(&render_kaplan_meier_svg(&survival(arms)));
        assert_sound_svg(&render_responders_svg(&responders(arms)));
        assert_sound_svg(&render_scores_svg(&scores(arms, 5)));
        assert_sound_svg(&render_patient_flow_svg(&flow(arms)));
    }
}

#[test]
fn a_single_visit_is_a_point_and_not_an_error() {
    let svg = render_scores_svg(&scores(2, 1));
    assert_sound_svg(&svg);
    assert!(svg.contains("<circle"));
}

#[test]
fn a_trial_without_events_is_a_level_line() {
    let mut figure = survival(1);
    figure.arms[0].steps.clear();
    figure.arms[0].median_days = Estimate::MISSING;
    let svg = render_kaplan_meier_svg(&figure);
    assert_sound_svg(&svg);
    assert!(
        svg.contains("100% free of the event at 11.2 months; median not reached"),
        "{svg}"
    );
}

#[test]
fn a_missing_value_breaks_the_line_and_nothing_else() {
    let mut figure = trajectory(1);
    figure.arms[0].median = vec![100.0, 50.0, f64::NAN, 30.0];
    figure.arms[0].upper[1] = f64::INFINITY;
    let svg = render_trajectory_svg(&figure);
    assert_sound_svg(&svg);
    let medians = svg
        .lines()
        .filter(|line| line.contains("class=\"ln a0"))
        .count();
    assert_eq!(medians, 1, "one line up to the gap, then a dot");
}

#[test]
fn long_names_and_markup_stay_inside_the_picture() {
    let name = "<script>alert(1)</script> & an arm whose name goes on for longer than any margin";
    let mut figure = survival(3);
    figure.arms[0].name = name.into();
    figure.title = name.into();
    assert_sound_svg(&render_kaplan_meier_svg(&figure));
    let mut figure = flow(3);
    figure.arms[1].name = name.into();
    figure.exclusions[0].reason = name.into();
    let svg = render_patient_flow_svg(&figure);
    assert_sound_svg(&svg);
    assert!(!svg.contains("<script"));
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -1e3f64..1e3,
        1 => proptest::num::f64::ANY,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(0.0),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_number_breaks_a_trajectory(
        times in proptest::collection::vec(any_number(), 0..8),
        values in proptest::collection::vec(any_number(), 0..8),
        others in proptest::collection::vec(any_number(), 0..8),
        log_scale: bool,
    ) {
        let mut figure = trajectory(1);
        figure.log_scale = log_scale;
        figure.time_days = times;
        figure.arms[0].median = values.clone();
        figure.arms[0].lower = others;
        figure.arms[0].upper = values;
        let svg = render_trajectory_svg(&figure);
        prop_assert!(roxmltree::Document::parse(&svg).is_ok());
        prop_assert!(!svg.contains("NaN") && !svg.contains("\"inf") && !svg.contains("-inf"));
    }

    #[test]
    fn no_number_breaks_a_survival_curve(
        values in proptest::collection::vec((any_number(), any_number(), any_number()), 0..8),
        censored in proptest::collection::vec(any_number(), 0..5),
        follow_up_days in any_number(),
    ) {
        let mut figure = survival(2);
        figure.follow_up_days = follow_up_days;
        figure.arms[0].censored_days = censored;
        figure.arms[0].steps = values
            .iter()
            .map(|&(time_days, value, lower)| neurocart_report::figure::kaplan_meier::SurvivalStep {
                time_days,
                survival: Estimate::new(value, lower, value),
            })
            .collect();
        let svg = render_kaplan_meier_svg(&figure);
        prop_assert!(roxmltree::Document::parse(&svg).is_ok());
        prop_assert!(!svg.contains("NaN") && !svg.contains("\"inf") && !svg.contains("-inf"));
    }

    #[test]
    fn no_number_breaks_a_patient(
        times in proptest::collection::vec(any_number(), 0..8),
        values in proptest::collection::vec(any_number(), 0..8),
    ) {
        let mut figure = patient();
        figure.time_days = times.clone();
        figure.attacks_days = times;
        figure.b_cells_per_ul = values.clone();
        figure.igg_g_per_l = values;
        let svg = render_patient_svg(&figure);
        prop_assert!(roxmltree::Document::parse(&svg).is_ok());
        prop_assert!(!svg.contains("NaN") && !svg.contains("\"inf") && !svg.contains("-inf"));
        let _ = render_patient_text(&figure, 80);
    }
}
