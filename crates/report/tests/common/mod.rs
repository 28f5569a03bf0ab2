//! Small inputs that the tests share, and the rules that every drawing keeps.

#![allow(dead_code)]

use std::collections::HashSet;

use neurocart_report::estimate::Estimate;
use neurocart_report::figure::kaplan_meier::{
    AtRisk, SurvivalArm, SurvivalFigure, SurvivalReference, SurvivalStep,
};
use neurocart_report::figure::patient_flow::{FlowArm, FlowReason, PatientFlow};
use neurocart_report::figure::responders::{ResponderBar, ResponderFigure, ResponderGroup};
use neurocart_report::figure::scores::{ScoreArm, ScoreFigure};
use neurocart_report::figure::trajectory::{TrajectoryArm, TrajectoryFigure};
use neurocart_report::figure::{ReferenceLine, TimeMark};
use neurocart_report::patient_report::{PatientFigure, ScoreCourse};
use neurocart_report::safety::{SafetyArm, SafetyCell, SafetyRow, SafetyTable};
use neurocart_report::trial_report::*;

pub fn mark(time_days: f64, label: &str) -> TimeMark {
    TimeMark {
        time_days,
        label: label.into(),
    }
}

pub fn trajectory(arms: usize) -> TrajectoryFigure {
    let arm = |i: usize| TrajectoryArm {
        name: format!("Arm {}", i + 1),
        median: vec![
            100.0,
            40.0 + i as f64,
            20.0 + 4.0 * i as f64,
            30.0 + 6.0 * i as f64,
        ],
        lower: vec![90.0, 30.0, 10.0, 15.0],
        upper: vec![110.0, 60.0, 50.0, 80.0],
        patients: vec![vec![95.0, 45.0, 15.0, 22.0]],
    };
    TrajectoryFigure {
        title: "B cells".into(),
        unit: "cells/uL".into(),
        time_days: vec![0.0, 30.4375, 91.3125, 182.625],
        arms: (0..arms).map(arm).collect(),
        band: "5 to 95% of patients".into(),
        reference_lines: vec![ReferenceLine {
            value: 90.0,
            label: "lower limit".into(),
        }],
        marks: vec![mark(0.0, "infusion")],
        ..TrajectoryFigure::default()
    }
}

pub fn survival(arms: usize) -> SurvivalFigure {
    let step = |time_days, value, lower, upper| SurvivalStep {
        time_days,
        survival: Estimate::new(value, lower, upper),
    };
    let arm = |i: usize| {
        let late = 1.0 + 0.05 * i as f64;
        SurvivalArm {
            name: format!("Arm {}", i + 1),
            steps: vec![
                step(60.0 * late, 0.75, 0.5, 1.0),
                step(150.0 * late, 0.45, 0.2, 0.7),
            ],
            censored_days: vec![100.0, 300.0],
            at_risk: [(0.0, 4.0), (91.3125, 3.0), (182.625, 1.0), (365.25, 0.0)]
                .map(|(time_days, subjects)| AtRisk {
                    time_days,
                    subjects,
                })
                .to_vec(),
            median_days: Estimate::new(150.0 * late, 60.0, f64::NAN),
            last_follow_up_days: 340.0,
        }
    };
    SurvivalFigure {
        title: "Time to first attack".into(),
        quantity: "Patients without an attack".into(),
        follow_up_days: 365.25,
        arms: (0..arms).map(arm).collect(),
        references: vec![SurvivalReference {
            label: "Historical hazard".into(),
            time_days: vec![0.0, 365.25],
            survival: vec![1.0, 0.3],
        }],
        comparison: "Hazard ratio 0.5".into(),
        caption: String::new(),
    }
}

pub fn responders(arms: usize) -> ResponderFigure {
    let bar = |i: usize| ResponderBar {
        arm: format!("Arm {}", i + 1),
        responders: 5.0 + i as f64,
        subjects: 18.0,
        proportion: Estimate::new((5.0 + i as f64) / 18.0, 0.1, 0.9),
    };
    ResponderFigure {
        title: "Responders".into(),
        definition: "At least 2 points.".into(),
        groups: vec![ResponderGroup {
            label: "Month 3".into(),
            bars: (0..arms).map(bar).collect(),
        }],
        ..ResponderFigure::default()
    }
}

pub fn scores(arms: usize, visits: usize) -> ScoreFigure {
    ScoreFigure {
        title: "MG-ADL".into(),
        quantity: "Change in MG-ADL (points)".into(),
        direction: "lower is better".into(),
        visit_days: (0..visits).map(|i| 28.0 * i as f64).collect(),
        arms: (0..arms)
            .map(|arm| ScoreArm {
                name: format!("Arm {}", arm + 1),
                change: (0..visits)
                    .map(|i| -((i * (arm + 1)) as f64))
                    .map(|change| Estimate::new(change, change - 1.0, change + 1.0))
                    .collect(),
                subjects: vec![18.0; visits],
            })
            .collect(),
        ..ScoreFigure::default()
    }
}

pub fn flow(arms: usize) -> PatientFlow {
    let reason = |reason: &str, patients| FlowReason {
        reason: reason.into(),
        patients,
    };
    PatientFlow {
        screened: 50.0,
        exclusions: vec![reason("MG-ADL below 6", 14.0)],
        eligible: 36.0,
        randomised: 36.0,
        allocated_by_rule: false,
        arms: (0..arms)
            .map(|i| FlowArm {
                name: format!("Arm {}", i + 1),
                allocated: 18.0,
                treated: 18.0,
                discontinued: 2.0,
                discontinuation_reasons: vec![reason("Withdrew", 2.0)],
                rescued: 1.5,
                analysed: 18.0,
            })
            .collect(),
        caption: String::new(),
    }
}

pub fn operating() -> Vec<OperatingCharacteristic> {
    let row = |measure, value: f64, target, unit: &str| OperatingCharacteristic {
        measure,
        analysis: "Fisher's exact".into(),
        scenario: "as modelled".into(),
        estimate: Estimate::new(value, value - 0.01, value + 0.01),
        monte_carlo_standard_error: 0.005,
        target,
        unit: unit.into(),
        replicates: 10_000,
    };
    vec![
        row(Measure::Power, 0.8, 0.8, ""),
        row(Measure::TypeOneError, 0.048, 0.05, ""),
        row(Measure::Bias, 0.02, 0.0, "points"),
        row(Measure::Coverage, 0.95, 0.95, ""),
        row(Measure::Other, 31.0, f64::NAN, "patients"),
    ]
}

pub fn safety(arms: usize) -> SafetyTable {
    let cell = |_| SafetyCell {
        subjects: 2.0,
        proportion: Estimate::new(0.111, 0.014, 0.347),
    };
    let arm = |i| SafetyArm {
        name: format!("Arm {}", i + 1),
        treated: 18.0,
    };
    SafetyTable {
        arms: (0..arms).map(arm).collect(),
        rows: vec![SafetyRow {
            group: "Cytokine release syndrome".into(),
            label: "Grade 1".into(),
            cells: (0..arms).map(cell).collect(),
        }],
        caption: "Exact intervals.".into(),
    }
}

pub fn patient() -> PatientFigure {
    let time_days = vec![
        -5.0, 0.0, 3.0, 7.0, 10.0, 14.0, 28.0, 90.0, 180.0, 365.0, 730.0,
    ];
    PatientFigure {
        title: "Virtual patient 1".into(),
        car_t_cells_per_ul: vec![0.0, 0.5, 2.0, 30.0, 150.0, 80.0, 20.0, 5.0, 1.0, 0.1, 1e-12],
        b_cells_per_ul: vec![
            200.0, 50.0, 5.0, 1.0, 0.1, 0.1, 0.1, 0.1, 10.0, 100.0, 190.0,
        ],
        autoantibody_percent: vec![
            100.0, 100.0, 98.0, 90.0, 85.0, 75.0, 50.0, 20.0, 10.0, 6.0, 5.0,
        ],
        igg_g_per_l: vec![10.0, 10.0, 9.9, 9.7, 9.4, 9.0, 8.0, 5.0, 4.0, 5.0, 8.0],
        il6_pg_per_ml: vec![3.0, 4.0, 20.0, 300.0, 80.0, 10.0, 3.0, 3.0, 3.0, 3.0, 3.0],
        scores: vec![ScoreCourse {
            name: "EDSS".into(),
            time_days: vec![0.0, 180.0, 365.0, 730.0],
            values: vec![4.5, 4.0, 3.5, 4.0],
        }],
        attacks_days: vec![500.0],
        treatments: vec![mark(-5.0, "lymphodepletion"), mark(0.0, "infusion")],
        caption: String::new(),
        time_days,
    }
}

pub fn boundaries() -> DesignFigure {
    DesignFigure {
        figure: CurveFigure {
            title: "Boundaries".into(),
            x_label: "Information fraction".into(),
            y_label: "z".into(),
            percent: false,
            curves: vec![Curve {
                name: "Reject".into(),
                points: vec![(0.5, 2.963), (1.0, 1.969)],
                join: Join::Marked,
            }],
            reference_lines: Vec::new(),
        },
        caption: "Planned boundaries.".into(),
        head: vec!["Look".into(), "Reject from z".into()],
        rows: vec![
            vec!["1".into(), "2.963".into()],
            vec!["2".into(), "1.969".into()],
        ],
    }
}

pub fn report(arms: usize) -> TrialReport {
    let text = |label: &str, text: &str| DesignItem {
        label: label.into(),
        text: text.into(),
    };
    TrialReport {
        title: "A small trial".into(),
        question: "Does it work?".into(),
        notice: String::new(),
        key_numbers: vec![KeyNumber {
            label: "Responders".into(),
            value: "71% against 40%".into(),
            note: "difference 31 points".into(),
        }],
        design: Design {
            summary: "Two arms.".into(),
            items: vec![text("Visits", "Month 3")],
        },
        flow: Some(flow(arms)),
        trajectories: vec![trajectory(arms), trajectory(arms)],
        survival: vec![survival(arms)],
        responders: vec![responders(arms)],
        scores: vec![scores(arms, 4)],
        patients: vec![patient()],
        safety: Some(safety(arms)),
        operating_characteristics: operating(),
        design_figures: vec![boundaries()],
        assumptions: [
            Grade::Seen,
            Grade::Recalled,
            Grade::Derived,
            Grade::Assumed,
            Grade::Seen,
        ]
        .map(|grade| Assumption {
            name: "Half-life of IgG".into(),
            symbol: "thalf_IgG".into(),
            value: "21".into(),
            unit: "days".into(),
            grade,
            source: "A 2020, doi:10.1000/abc".into(),
            locator: "Table 1".into(),
            evidence: vec!["a2020-half-life".into()],
            set_by_user: false,
        })
        .into_iter()
        .chain([Assumption {
            name: "Help without B cells".into(),
            symbol: "theta".into(),
            value: "0.2".into(),
            source: "set by the user (trial.toml); the table has 0.05".into(),
            set_by_user: true,
            ..Assumption::default()
        }])
        .collect(),
        evidence: vec![StudyInUse {
            id: "a2020-half-life".into(),
            title: "Half-life of IgG".into(),
            citation: "doi:10.1000/abc".into(),
            grade: Grade::Recalled,
            parameters: vec!["thalf_IgG".into()],
        }],
        known_failures: vec!["IgG falls too fast (doi:10.1000/abc).".into()],
        warnings: vec!["3 patients were rejected.".into()],
        provenance: Provenance {
            seed: 7,
            version: "0.1.0".into(),
            spec_hash: "abc123".into(),
            replicates: 100,
            patients: 400,
            run_time_seconds: None,
            command: "neurocart trial run a.toml --seed 7".into(),
            further: vec![text("Integrator", "tolerance 1e-6")],
        },
    }
}

/// The rules of a stand-alone SVG: well-formed, labelled, no number that is none, no label over
/// another or outside of the picture.
pub fn assert_sound_svg(svg: &str) {
    let document = roxmltree::Document::parse(svg).unwrap_or_else(|e| panic!("{e}\n{svg}"));
    assert_sound_drawing(document.root_element());
    assert_unique_ids(&document);
}

/// The rules of a page: well-formed, every drawing sound, ids unique, nothing loaded.
pub fn assert_sound_page(html: &str) {
    let body = html
        .strip_prefix("<!doctype html>")
        .expect("a doctype comes first");
    let document = roxmltree::Document::parse(body.trim()).unwrap_or_else(|e| panic!("{e}"));
    for svg in document
        .descendants()
        .filter(|node| node.has_tag_name("svg"))
    {
        assert_sound_drawing(svg);
    }
    assert_unique_ids(&document);
    for node in document.descendants().filter(|node| node.is_element()) {
        assert!(!["link", "img", "iframe", "object", "embed"].contains(&node.tag_name().name()));
        for attribute in node.attributes() {
            assert_ne!(attribute.name(), "src", "nothing is loaded");
            if attribute.value().contains("://") {
                assert_eq!((node.tag_name().name(), attribute.name()), ("a", "href"));
                assert!(attribute.value().starts_with("https://doi.org/"));
            }
        }
        if node.has_tag_name("style") || node.has_tag_name("script") {
            let text = node.text().unwrap_or_default();
            for loader in ["url(", "@import", "fetch", "http", "import("] {
                assert!(
                    !text.contains(loader),
                    "`{loader}` in {}",
                    node.tag_name().name()
                );
            }
        }
    }
    let targets: HashSet<&str> = document
        .descendants()
        .filter_map(|node| node.attribute("id"))
        .collect();
    for link in document
        .descendants()
        .filter_map(|node| node.attribute("href"))
    {
        if let Some(target) = link.strip_prefix('#') {
            assert!(targets.contains(target), "`#{target}` leads nowhere");
        }
    }
}

fn assert_sound_drawing(svg: roxmltree::Node) {
    let child = |name: &str| {
        svg.children()
            .find(|node| node.tag_name().name() == name && node.attribute("id").is_some())
    };
    let (title, desc) = (
        child("title").expect("a title"),
        child("desc").expect("a description"),
    );
    assert!(
        !desc.text().unwrap_or_default().is_empty(),
        "an empty description"
    );
    assert_eq!(svg.attribute("role"), Some("img"));
    let names = [title, desc].map(|node| node.attribute("id").unwrap_or_default());
    assert_eq!(
        svg.attribute("aria-labelledby"),
        Some(names.join(" ").as_str())
    );

    let view: Vec<f64> = svg
        .attribute("viewBox")
        .expect("a view box")
        .split(' ')
        .map(|number| number.parse().expect("a number"))
        .collect();
    let mut labels: Vec<([f64; 4], String)> = Vec::new();
    for node in svg.descendants().filter(|node| node.is_element()) {
        for attribute in node.attributes() {
            let value = attribute.value();
            match attribute.name() {
                "x" | "y" | "x1" | "x2" | "y1" | "y2" | "cx" | "cy" | "r" => {
                    let number: f64 = value.parse().expect("a number");
                    assert!(number.is_finite(), "{value}");
                }
                "d" => assert!(!value.contains("NaN") && !value.contains("inf"), "{value}"),
                _ => {}
            }
        }
        if node.tag_name().name() == "text" {
            labels.push((text_box(node), node.text().unwrap_or_default().to_string()));
        }
    }
    for (i, (a, text)) in labels.iter().enumerate() {
        assert!(
            a[0] >= view[0] - 3.0 && a[2] <= view[0] + view[2] + 8.0,
            "`{text}` is cut: {a:?}"
        );
        assert!(
            a[1] >= view[1] - 3.0 && a[3] <= view[1] + view[3] + 3.0,
            "`{text}` is cut: {a:?}"
        );
        for (b, other) in &labels[i + 1..] {
            let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
            assert!(apart, "`{text}` and `{other}` overlap: {a:?} {b:?}");
        }
    }
}

/// Left, top, right, bottom of a label in a common sans font, without its white space.
fn text_box(node: roxmltree::Node) -> [f64; 4] {
    let number = |name| {
        node.attribute(name)
            .and_then(|v| v.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    let classes: Vec<&str> = node
        .attribute("class")
        .unwrap_or_default()
        .split(' ')
        .collect();
    let size = if classes.contains(&"sm") { 11.0 } else { 12.0 };
    let width = 0.5 * size * node.text().unwrap_or_default().chars().count() as f64;
    let left = match () {
        () if classes.contains(&"m") => number("x") - width / 2.0,
        () if classes.contains(&"e") => number("x") - width,
        () => number("x"),
    };
    [left, number("y") - 0.72 * size, left + width, number("y")]
}

fn assert_unique_ids(document: &roxmltree::Document) {
    let mut seen = HashSet::new();
    for id in document
        .descendants()
        .filter_map(|node| node.attribute("id"))
    {
        assert!(seen.insert(id), "the id `{id}` stands twice");
    }
}
