//! Dose-finding designs against independent programs, row by row.

mod reference;

use neurocart_stats::dose_finding::*;
use reference::{Row, assert_exact, rows};

/// Rows of consecutive equal values in some columns, as groups.
fn groups(rows: Vec<Row>, columns: &[&str]) -> Vec<Vec<Row>> {
    let mut groups: Vec<Vec<Row>> = Vec::new();
    for row in rows {
        match groups.last_mut() {
            Some(group) if columns.iter().all(|c| group[0].text(c) == row.text(c)) => {
                group.push(row);
            }
            _ => groups.push(vec![row]),
        }
    }
    groups
}

#[test]
fn boin_rates_match_every_row() {
    let mut compared = 0;
    for row in rows("boin_lambda") {
        let settings = BoinSettings::at_target(row.number("target"));
        assert_exact("p_saf", settings.too_low, row.number("p_saf"));
        assert_exact("p_tox", settings.too_high, row.number("p_tox"));
        let rates = boin_rates(&settings).unwrap();
        assert_exact("lambda_e", rates.escalate, row.number("lambda_e"));
        assert_exact("lambda_d", rates.de_escalate, row.number("lambda_d"));
        compared += 1;
    }
    assert_eq!(compared, 8);
}

#[test]
fn boin_boundaries_match_every_row() {
    let mut compared = 0;
    for group in groups(rows("boin_boundaries"), &["target"]) {
        let settings = BoinSettings::at_target(group[0].number("target"));
        let ours = boin_boundaries(&settings, 30).unwrap();
        assert_eq!(ours.len(), group.len());
        for (row, ours) in group.iter().zip(ours) {
            let theirs = BoinBoundary {
                treated: row.count("n_treated"),
                escalate_at_most: row.count("escalate_if_dlt_le"),
                de_escalate_at_least: row.count("deescalate_if_dlt_ge"),
                eliminate_at_least: row.optional("eliminate_if_dlt_ge").map(|x| x as u64),
            };
            assert_eq!(ours, theirs, "target {}", settings.target);
            compared += 1;
        }
    }
    assert_eq!(compared, 240);
}

#[test]
fn boin_extra_safe_stops_match_every_row() {
    let mut compared = 0;
    for group in groups(rows("boin_extrasafe_stop"), &["target"]) {
        let settings = BoinSettings {
            extra_safe_offset: Some(0.05),
            ..BoinSettings::at_target(group[0].number("target"))
        };
        let ours = boin_extra_safe_stop(&settings, 30).unwrap();
        assert_eq!(ours.len(), group.len());
        for (n, (row, ours)) in group.iter().zip(ours).enumerate() {
            assert_eq!(row.label("n_treated_lowest"), n + 1);
            assert_eq!(
                ours,
                row.optional("stop_if_dlt_ge").map(|x| x as u64),
                "n {}",
                n + 1
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 60);
}

#[test]
fn selected_mtd_and_isotonic_estimates_match_every_row() {
    let mut compared = 0;
    for group in groups(rows("boin_select_mtd"), &["case_id"]) {
        let settings = BoinSettings::at_target(group[0].number("target"));
        let doses: Vec<DoseTally> = group
            .iter()
            .map(|row| DoseTally::of(row.count("n"), row.count("dlt")))
            .collect();
        let selected = boin_select(&doses, &settings).unwrap().dose();
        let estimates = isotonic_estimates(&doses).unwrap();
        for (row, estimate) in group.iter().zip(estimates) {
            let theirs = match row.label("selected_mtd") {
                99 => None,
                dose => Some(dose - 1),
            };
            assert_eq!(selected, theirs, "{}", row.text("case_id"));
            // The package rounds to two decimals.
            let rounded = estimate.map(|e| (e * 100.0).round() / 100.0);
            assert_eq!(
                rounded,
                row.optional("iso_estimate_2dp"),
                "{}",
                row.text("case_id")
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 28);
}

#[test]
fn interval_decisions_match_every_row() {
    let mut compared = 0;
    for group in groups(rows("interval_designs_decisions"), &["target"]) {
        let target = group[0].number("target");
        let columns = [
            (IntervalRule::Keyboard, "keyboard"),
            (IntervalRule::Mtpi2, "mtpi2"),
            (IntervalRule::Mtpi, "mtpi"),
        ];
        for (rule, column) in columns {
            let settings = IntervalSettings::at_target(rule, target);
            let table = interval_decision_table(&settings, 15).unwrap();
            assert_eq!(table.len(), group.len());
            for (row, ours) in group.iter().zip(table) {
                let what = format!("{column} {target} {}/{}", ours.dlt, ours.treated);
                assert_eq!((ours.treated, ours.dlt), (row.count("n"), row.count("dlt")));
                assert_eq!(row.number("half_width"), settings.below);
                let letter = match ours.decision {
                    IntervalDecision::Escalate => "E",
                    IntervalDecision::Stay => "S",
                    IntervalDecision::DeEscalate => "D",
                };
                assert_eq!(letter, row.text(column), "{what}");
                assert_exact(
                    &what,
                    ours.overdose_probability,
                    row.number("pr_tox_gt_target"),
                );
                assert_eq!(u64::from(ours.eliminate), row.count("eliminate"), "{what}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 3 * 405);
}

#[test]
fn exact_three_plus_three_matches_every_row() {
    let mut compared = 0;
    for group in groups(rows("three_plus_three_exact"), &["scenario", "variant"]) {
        let rates: Vec<f64> = group
            .iter()
            .filter_map(|row| row.optional("p_true"))
            .collect();
        let variant = match group[0].text("variant") {
            "no_deescalation" => ThreePlusThreeVariant::NoDeEscalation,
            _ => ThreePlusThreeVariant::ConfirmWithSix,
        };
        let exact = three_plus_three_exact(&rates, variant).unwrap();
        for row in &group {
            let what = format!("{} {}", row.text("scenario"), row.text("variant"));
            match row.label("dose") {
                0 => assert_exact(&what, exact.no_dose, row.number("prob_mtd")),
                dose => {
                    let dose = dose - 1;
                    assert_exact(&what, exact.selected[dose], row.number("prob_mtd"));
                    assert_exact(
                        &what,
                        exact.expected_treated[dose],
                        row.number("expected_n"),
                    );
                    assert_exact(&what, exact.expected_dlt[dose], row.number("expected_dlt"));
                }
            }
            assert_exact(
                &what,
                exact.expected_total(),
                row.number("expected_total_n"),
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 48);
}
