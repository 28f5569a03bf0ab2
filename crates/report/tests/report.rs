//! The reports as a reader gets them.

mod common;

use common::*;
use neurocart_report::estimate::Estimate;
use neurocart_report::trial_report::*;
use neurocart_report::validation_report::{
    ValidationReport, ValidationRow, Verdict, render_html_fragment, render_markdown,
    render_validation_html, render_validation_svg,
};
use proptest::prelude::*;

/// The page without style, script and drawings: what a screen reader meets, in order.
fn skeleton(html: &str) -> String {
    let mut text = html.to_string();
    for (open, close) in [
        ("<style>", "</style>"),
        ("<script>", "</script>"),
        ("<svg", "</svg>"),
    ] {
        while let Some(start) = text.find(open) {
            let end = start + text[start..].find(close).expect("it is closed") + close.len();
            text.replace_range(start..end, "");
        }
    }
    text.lines()
        .map(str::trim_end)
        .filter(|l| !l.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_page_reads_in_order_from_answer_to_provenance() {
    let html = render_html(&report(2));
    assert_sound_page(&html);
    insta::assert_snapshot!(skeleton(&html));
}

#[test]
fn an_empty_report_says_what_is_missing() {
    let html = render_html(&TrialReport::default());
    assert_sound_page(&html);
    insta::assert_snapshot!(skeleton(&html));
}

#[test]
fn one_to_twelve_arms_make_a_sound_page() {
    for arms in [0, 1, 3, 4, 5, 12] {
        assert_sound_page(&render_html(&report(arms)));
    }
}

#[test]
fn a_script_in_any_text_comes_out_harmless() {
    let evil = "</title><script>alert('x')</script><img src=x onerror=y>\" ' & \u{0} \u{b}";
    let mut report = report(2);
    report.title = evil.into();
    report.question = evil.into();
    report.notice = evil.into();
    report.key_numbers[0].value = evil.into();
    report.design.items[0].text = evil.into();
    report.trajectories[0].arms[0].name = evil.into();
    report.trajectories[0].title = evil.into();
    report.trajectories[0].caption = evil.into();
    report.survival[0].comparison = evil.into();
    report.responders[0].definition = evil.into();
    report.assumptions[0].source = evil.into();
    report.assumptions[0].symbol = evil.into();
    report.assumptions[0].locator = evil.into();
    report.assumptions[0].evidence = vec![evil.into()];
    report.evidence[0].title = evil.into();
    report.evidence[0].citation = evil.into();
    report.known_failures[0] = evil.into();
    report.warnings[0] = evil.into();
    report.provenance.command = evil.into();
    report.provenance.version = evil.into();
    if let Some(safety) = &mut report.safety {
        safety.rows[0].label = evil.into();
        safety.arms[0].name = evil.into();
    }
    let html = render_html(&report);
    assert_sound_page(&html);
    assert_eq!(html.matches("<script").count(), 1, "only our own");
    assert!(!html.contains("<img"));
}

#[test]
fn equal_reports_give_equal_bytes() {
    assert_eq!(render_html(&report(3)), render_html(&report(3)));
}

#[test]
fn a_report_survives_json_with_its_missing_numbers() {
    let mut before = report(2);
    before.trajectories[0].arms[0].median[2] = f64::NAN;
    before.operating_characteristics[4].target = f64::NAN;
    let json = serde_json::to_string(&before).unwrap();
    let after: TrialReport = serde_json::from_str(&json).unwrap();
    assert_eq!(render_html(&before), render_html(&after));
    let older: TrialReport = serde_json::from_str("{\"title\": \"old\"}").unwrap();
    assert_eq!(older.title, "old");
}

#[test]
fn the_table_of_a_trial_states_the_callers_numbers() {
    let html = render_html(&report(2));
    for stated in [
        "2 <span class=\"share\">(11%)</span><small>1.4% to 35%</small>",
        "<td>80.0%</td><td>0.50</td><td>80.0%</td><td>10,000</td>",
        "Arm 1: 45% (interval 20% to 70%) free of the event at 11.2 months; median 4.9 months \
         (interval 2 months to not reached).",
    ] {
        assert!(html.contains(stated), "{stated}");
    }
}

fn validation() -> ValidationReport {
    let row = |quantity: &str, simulated: f64, verdict| ValidationRow {
        group: "CD19 CAR T".into(),
        quantity: quantity.into(),
        unit: "days".into(),
        published: Estimate::new(9.0, 7.0, 14.0),
        simulated: Estimate::new(simulated, simulated - 1.0, simulated + 1.0),
        acceptance: Estimate::MISSING,
        verdict,
        source: "A 2020, doi:10.1000/abc".into(),
        note: if verdict == Verdict::Fail {
            "too | late".into()
        } else {
            String::new()
        },
    };
    ValidationReport {
        title: "Simulated against published".into(),
        introduction: "What was compared.".into(),
        rows: vec![
            row("Day of the peak", 10.0, Verdict::Pass),
            row("Day of the nadir", 90.0, Verdict::Fail),
            ValidationRow {
                quantity: "Nothing published".into(),
                simulated: Estimate::new(3.0, f64::NAN, f64::NAN),
                ..ValidationRow::default()
            },
        ],
    }
}

#[test]
fn a_validation_reads_as_markdown_with_its_failures() {
    insta::assert_snapshot!(render_markdown(&validation()));
}

#[test]
fn a_validation_reads_as_html() {
    let report = validation();
    assert_sound_page(&render_validation_html(&report));
    assert_sound_svg(&render_validation_svg(&report));
    assert_sound_svg(&render_validation_svg(&ValidationReport::default()));
    let fragment = render_html_fragment(&report);
    assert!(fragment.contains("1 of 3 comparisons pass, 1 fail, 1 are shown without a verdict."));
    insta::assert_snapshot!(skeleton(&fragment));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_text_makes_a_sound_page(title in ".{0,60}", name in ".{0,120}", source in ".{0,60}") {
        let mut report = report(2);
        report.title = title;
        report.survival[0].arms[0].name = name.clone();
        report.scores[0].arms[1].name = name;
        report.assumptions[0].source = source.clone();
        report.known_failures = vec![source];
        let html = render_html(&report);
        let body = html.strip_prefix("<!doctype html>").unwrap();
        prop_assert!(roxmltree::Document::parse(body.trim()).is_ok());
    }
}
