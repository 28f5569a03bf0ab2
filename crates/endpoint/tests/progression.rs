//! Confirmed progression and improvement against the courses of the reference.

mod reference;

use neurocart_endpoint::confirmed_progression::{
    Battery, Component, EdssRule, Kind, Options, Reference, Threshold, TimeToChange,
    time_to_composite_progression, time_to_improvement, time_to_progression,
};
use neurocart_endpoint::{InputError, Reading};
use proptest::prelude::*;
use reference::rows;

const RULES: [EdssRule; 3] = [
    EdssRule::TwoTier50,
    EdssRule::TwoTier55,
    EdssRule::ThreeTier,
];

fn course(id: &str) -> (Vec<Reading>, Vec<f64>) {
    let visits = rows("cdp_visits")
        .iter()
        .filter(|row| row.text("id") == id)
        .map(|row| Reading {
            time_days: row.value("day"),
            value: row.value("edss"),
        })
        .collect();
    let attacks = rows("cdp_relapses")
        .iter()
        .filter(|row| row.text("id") == id)
        .map(|row| row.value("relapse_day"))
        .collect();
    (visits, attacks)
}

/// Visits 12 weeks apart.
fn every_twelve_weeks(values: &[f64]) -> Vec<Reading> {
    let at = |(k, &value): (usize, &f64)| Reading {
        time_days: 84.0 * k as f64,
        value,
    };
    values.iter().enumerate().map(at).collect()
}

#[test]
fn every_course_of_the_reference_progresses_as_another_program_says() {
    let rows = rows("cdp_expected");
    for row in &rows {
        let (visits, attacks) = course(row.text("id"));
        let rule = match row.text("threshold_rule") {
            "three_tier" => EdssRule::ThreeTier,
            "two_tier_5.5" => EdssRule::TwoTier55,
            "two_tier_5.0" => EdssRule::TwoTier50,
            other => panic!("unknown rule {other}"),
        };
        let options = Options {
            confirmation_days: row.value("confirmation_days"),
            ..Options::edss(rule)
        };
        let found = time_to_progression(&visits, &attacks, &options, false).unwrap();
        let label = format!("{} {rule:?} {}", row.text("id"), options.confirmation_days);
        assert_eq!(row.flag("event"), found.change.is_some(), "{label}");
        assert_eq!(
            row.value("time_to_event_or_censoring"),
            found.time_days,
            "{label}"
        );
        let class = match found.change.map(|change| change.kind) {
            Some(Kind::Pira) => "PIRA",
            Some(Kind::Raw) => "RAW",
            Some(Kind::Neither) | None => "",
        };
        assert_eq!(row.text("class"), class, "{label}");
        let of = |get: fn(neurocart_endpoint::confirmed_progression::Confirmed) -> f64| {
            found.change.map(get)
        };
        assert_eq!(row.number("onset_day"), of(|c| c.onset_days), "{label}");
        assert_eq!(
            row.number("baseline_day"),
            of(|c| c.reference.time_days),
            "{label}"
        );
        assert_eq!(
            row.number("baseline_edss"),
            of(|c| c.reference.value),
            "{label}"
        );
        let confirmation = found.change.and_then(|c| c.confirmation_days);
        assert_eq!(row.number("confirmation_day"), confirmation, "{label}");
    }
    assert_eq!(rows.len(), 180, "30 courses, 3 rules, 2 windows");
    assert_eq!(reference::rows("cdp_notes").len(), 30);
}

#[test]
fn every_course_of_the_reference_improves_as_another_program_says() {
    let rows = rows("cdi_expected");
    let options = Options {
        confirmation_days: 84.0,
        ..Options::edss(EdssRule::ThreeTier)
    };
    for row in &rows {
        let (visits, _) = course(row.text("id"));
        let found = time_to_improvement(&visits, &[], &options).unwrap();
        assert_eq!(
            row.flag("event"),
            found.change.is_some(),
            "{}",
            row.text("id")
        );
        assert_eq!(row.value("time_to_event_or_censoring"), found.time_days);
    }
    assert_eq!(rows.len(), 30);
}

fn edss_24(values: &[f64], change: impl Fn(&mut Options), withdrew: bool) -> TimeToChange {
    let mut options = Options::edss(EdssRule::TwoTier55);
    change(&mut options);
    time_to_progression(&every_twelve_weeks(values), &[], &options, withdrew).unwrap()
}

#[test]
fn an_onset_that_held_to_withdrawal_counts_only_if_imputed() {
    let values = [3.0, 3.0, 4.0, 4.0];
    let impute = |options: &mut Options| options.impute_on_withdrawal = true;
    assert_eq!(edss_24(&values, |_| (), true).change, None);
    assert_eq!(edss_24(&values, impute, false).change, None);
    let imputed = edss_24(&values, impute, true);
    assert_eq!(imputed.time_days, 168.0);
    assert_eq!(imputed.change.map(|c| c.confirmation_days), Some(None));
    // A dip at the last visit leaves nothing to impute.
    assert_eq!(edss_24(&[3.0, 3.0, 4.0, 3.0], impute, true).change, None);
}

#[test]
fn a_roving_reference_finds_the_return_after_an_improvement() {
    // 4, a confirmed 2.5 to 3, back to 4: no rise above the baseline, 1.0 above the level reached.
    let values = [4.0, 2.5, 3.0, 3.0, 4.0, 4.0, 4.0];
    assert_eq!(edss_24(&values, |_| (), false).change, None);
    let roving = edss_24(
        &values,
        |o| o.reference = Reference::AfterImprovement,
        false,
    );
    let change = roving.change.unwrap();
    assert_eq!((change.onset_days, change.reference.value), (336.0, 3.0));
    assert_eq!(change.reference.time_days, 252.0);
}

#[test]
fn re_baselining_after_an_attack_takes_its_residual_out() {
    let visits = every_twelve_weeks(&[3.0, 3.0, 4.0, 4.0, 4.0, 5.0, 5.0, 5.0]);
    let mut options = Options::edss(EdssRule::TwoTier55);
    let fixed = time_to_progression(&visits, &[100.0], &options, false).unwrap();
    assert_eq!(
        fixed.change.map(|c| (c.onset_days, c.kind)),
        Some((168.0, Kind::Raw))
    );
    options.reference = Reference::AfterAttack;
    let roving = time_to_progression(&visits, &[100.0], &options, false).unwrap();
    let change = roving.change.unwrap();
    assert_eq!((change.onset_days, change.reference.value), (420.0, 4.0));
    assert_eq!(change.kind, Kind::Pira);
}

#[test]
fn an_attack_long_after_onset_and_just_before_confirmation_leaves_the_kind_open() {
    let visits = every_twelve_weeks(&[3.0, 4.0, 4.0, 4.0]);
    let options = Options::edss(EdssRule::TwoTier55);
    let found = time_to_progression(&visits, &[200.0], &options, false).unwrap();
    assert_eq!(found.change.map(|c| c.kind), Some(Kind::Neither));
}

#[test]
fn the_composite_is_the_first_test_that_worsens_and_twenty_percent_is_exact() {
    let edss = every_twelve_weeks(&[4.0, 4.0, 4.0, 5.0, 5.0, 5.0]);
    let walk = every_twelve_weeks(&[10.5, 10.5, 12.6, 12.6, 12.6, 12.6]);
    let peg = every_twelve_weeks(&[20.0, 23.9, 23.9, 23.9, 23.9, 23.9]);
    let battery = Battery {
        edss: &edss,
        walk: &walk,
        peg: &peg,
    };
    let options = Options::edss(EdssRule::TwoTier55);
    let (found, component) = time_to_composite_progression(&battery, &[], &options, false).unwrap();
    assert_eq!((found.time_days, component), (168.0, Some(Component::Walk)));
    let only_edss = Battery {
        edss: &edss,
        ..Battery::default()
    };
    let (found, component) =
        time_to_composite_progression(&only_edss, &[], &options, false).unwrap();
    assert_eq!((found.time_days, component), (252.0, Some(Component::Edss)));
    let slow = Battery {
        peg: &peg,
        ..Battery::default()
    };
    let (found, component) = time_to_composite_progression(&slow, &[], &options, false).unwrap();
    assert_eq!((found.time_days, component), (420.0, None));
}

#[test]
fn disorder_and_values_outside_the_scale_are_refused() {
    let options = Options::edss(EdssRule::ThreeTier);
    let of =
        |visits: &[Reading], attacks: &[f64]| time_to_progression(visits, attacks, &options, false);
    let mut visits = every_twelve_weeks(&[3.0, 4.0, 4.0]);
    visits.swap(1, 2);
    assert!(matches!(
        of(&visits, &[]),
        Err(InputError::OutOfOrder { .. })
    ));
    let visits = every_twelve_weeks(&[3.0, 4.0]);
    assert!(of(&visits, &[50.0, 40.0]).is_err());
    assert!(of(&visits, &[f64::NAN]).is_err());
    for wrong in [-1.0, 10.5, f64::NAN, f64::INFINITY] {
        assert!(
            of(&every_twelve_weeks(&[3.0, wrong]), &[]).is_err(),
            "{wrong}"
        );
    }
    let nobody = of(&[], &[]).unwrap();
    assert_eq!((nobody.time_days, nobody.change), (0.0, None));
    let timed = Options::timed();
    assert!(time_to_progression(&every_twelve_weeks(&[0.0, 4.0]), &[], &timed, false).is_err());
    let short = Options {
        confirmation_days: 3.0,
        ..options
    };
    assert!(time_to_progression(&visits, &[], &short, false).is_err());
    let nan = Options {
        threshold: Threshold::Percent(f64::NAN),
        ..options
    };
    assert!(time_to_progression(&visits, &[], &nan, false).is_err());
}

fn halves() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(0u8..=19, 1..14).prop_map(|steps| {
        // The EDSS has no 0.5.
        steps
            .iter()
            .map(|&s| if s == 0 { 0.0 } else { f64::from(s + 1) / 2.0 })
            .collect()
    })
}

proptest! {
    #[test]
    fn a_longer_confirmation_never_finds_an_earlier_onset(
        values in halves(), mut attacks in proptest::collection::vec(1.0f64..1000.0, 0..4),
    ) {
        attacks.sort_by(f64::total_cmp);
        let visits = every_twelve_weeks(&values);
        for rule in RULES {
            let of = |confirmation_days| {
                let options = Options { confirmation_days, ..Options::edss(rule) };
                time_to_progression(&visits, &attacks, &options, false).unwrap()
            };
            if let Some(long) = of(168.0).change {
                let short = of(84.0).change;
                prop_assert!(short.is_some_and(|s| s.onset_days <= long.onset_days));
                prop_assert!(long.confirmation_days.unwrap() - long.onset_days >= 161.0);
            }
        }
    }

    #[test]
    fn nobody_progresses_without_a_rise_nor_improves_without_a_fall(mut values in halves()) {
        values.sort_by(f64::total_cmp);
        let options = Options::edss(EdssRule::ThreeTier);
        let rising = every_twelve_weeks(&values);
        prop_assert_eq!(time_to_improvement(&rising, &[], &options).unwrap().change, None);
        values.reverse();
        let falling = every_twelve_weeks(&values);
        prop_assert_eq!(time_to_progression(&falling, &[], &options, true).unwrap().change, None);
    }

    #[test]
    fn imputation_only_adds_events_and_never_delays_one(values in halves()) {
        let visits = every_twelve_weeks(&values);
        for rule in RULES {
            let strict = Options::edss(rule);
            let lenient = Options { impute_on_withdrawal: true, ..strict };
            let a = time_to_progression(&visits, &[], &strict, true).unwrap();
            let b = time_to_progression(&visits, &[], &lenient, true).unwrap();
            prop_assert!(b.time_days <= a.time_days);
            prop_assert!(a.change.is_none() || b.change.is_some());
        }
    }

    #[test]
    fn no_readings_make_it_panic(
        visits in proptest::collection::vec((proptest::num::f64::ANY, proptest::num::f64::ANY), 0..6),
        window in proptest::num::f64::ANY,
    ) {
        let visits: Vec<Reading> = visits
            .into_iter()
            .map(|(time_days, value)| Reading { time_days, value })
            .collect();
        for options in [Options::edss(EdssRule::ThreeTier), Options::timed()] {
            let options = Options { confirmation_days: window, ..options };
            let _ = time_to_progression(&visits, &[], &options, true);
            let _ = time_to_improvement(&visits, &[], &options);
        }
    }
}
