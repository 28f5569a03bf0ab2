//! Attacks, NEDA-3, responses in myasthenia gravis and timed walks.

mod reference;

use neurocart_endpoint::attack::{
    Adjudication, MsSymptoms, SuspectedAttack, counted, counted_onsets, is_ms_relapse,
};
use neurocart_endpoint::myasthenia::{
    MGC_WEIGHTS, is_minimal_symptom_expression, is_responder, mg_adl, mgc, qmg, responds_twice,
};
use neurocart_endpoint::neda::{Components, Scan, lesion_activity, neda3};
use neurocart_endpoint::scale::Scale;
use neurocart_endpoint::walking::{TimedTest, fell_by, percent_change, rose_by, test_seconds};
use neurocart_endpoint::{NotEvaluable, Reading};
use proptest::prelude::*;
use reference::rows;

#[test]
fn suspected_attacks_qualify_and_merge_as_the_reference_says() {
    let events = rows("nmosd_attack_events");
    let of = |id: &str| -> Vec<(SuspectedAttack, bool, bool)> {
        let own = events.iter().filter(|row| row.text("id") == id);
        own.map(|row| {
            let attack = SuspectedAttack {
                onset_days: row.value("onset_day"),
                duration_hours: row.value("duration_h"),
                confounder: row.flag("confounder"),
                objective_change: row.flag("objective_change"),
                adjudicated: row.flag("adjudicated"),
            };
            (attack, row.flag("qualifies"), row.flag("new_attack"))
        })
        .collect()
    };
    let expected = rows("nmosd_attack_expected");
    let mut seen = 0;
    for row in &expected {
        let own = of(row.text("id"));
        seen += own.len();
        let suspected: Vec<SuspectedAttack> = own.iter().map(|o| o.0).collect();
        for (attack, qualifies, _) in &own {
            assert_eq!(attack.qualifies(), *qualifies, "{attack:?}");
        }
        let flags = counted(&suspected).unwrap();
        assert_eq!(flags, own.iter().map(|o| o.2).collect::<Vec<_>>());
        let qualifying = suspected
            .iter()
            .filter(|s| s.qualifies())
            .map(|s| s.onset_days);
        let onsets: Vec<f64> = counted_onsets(qualifying).collect();
        assert_eq!(onsets.len(), usize::from(row.whole("attacks")));
        assert_eq!(onsets.first().copied(), row.number("time_to_first_attack"));
    }
    assert_eq!((seen, expected.len(), events.len()), (21, 12, 21));
}

#[test]
fn disordered_attacks_are_refused_and_a_committee_errs_at_its_rates() {
    let attack = SuspectedAttack {
        onset_days: 40.0,
        duration_hours: 72.0,
        confounder: false,
        objective_change: true,
        adjudicated: true,
    };
    let earlier = SuspectedAttack {
        onset_days: 10.0,
        ..attack
    };
    assert!(counted(&[attack, earlier]).is_err());
    assert!(
        counted(&[SuspectedAttack {
            onset_days: f64::NAN,
            ..attack
        }])
        .is_err()
    );
    let committee = Adjudication {
        sensitivity: 0.9,
        specificity: 0.7,
    };
    let n = 1000;
    let confirmed = |truth| {
        (0..n)
            .filter(|&k| {
                committee
                    .confirms(truth, (f64::from(k) + 0.5) / f64::from(n))
                    .unwrap()
            })
            .count()
    };
    assert_eq!((confirmed(true), confirmed(false)), (900, 300));
    assert!(committee.confirms(true, 1.5).is_err());
    assert!(
        Adjudication {
            sensitivity: f64::NAN,
            ..committee
        }
        .confirms(true, 0.5)
        .is_err()
    );
}

#[test]
fn a_relapse_needs_duration_distance_an_examination_and_no_infection() {
    let relapse = MsSymptoms {
        duration_hours: 48.0,
        fever_or_infection: false,
        days_since_last_onset: Some(30.0),
        objective_change: true,
    };
    assert_eq!(is_ms_relapse(&relapse), Ok(true));
    let first = MsSymptoms {
        days_since_last_onset: None,
        ..relapse
    };
    assert_eq!(is_ms_relapse(&first), Ok(true));
    for not in [
        MsSymptoms {
            duration_hours: 24.0,
            ..relapse
        },
        MsSymptoms {
            fever_or_infection: true,
            ..relapse
        },
        MsSymptoms {
            days_since_last_onset: Some(29.0),
            ..relapse
        },
        MsSymptoms {
            objective_change: false,
            ..relapse
        },
    ] {
        assert_eq!(is_ms_relapse(&not), Ok(false));
    }
    assert!(
        is_ms_relapse(&MsSymptoms {
            duration_hours: -1.0,
            ..relapse
        })
        .is_err()
    );
}

#[test]
fn every_combination_gives_the_neda3_of_the_table() {
    let rows = rows("neda3_truth_table");
    for row in &rows {
        let missing = row.flag("mri_missing");
        let mri = |column| (!missing).then(|| row.flag(column));
        let found = neda3(&Components {
            relapse: Some(row.flag("relapse")),
            progression: Some(row.flag("cdp")),
            new_or_enlarging_t2: mri("new_or_enlarging_t2"),
            gadolinium: mri("gd_enhancing_t1"),
        });
        match row.text("neda3") {
            "yes" => assert_eq!(found, Ok(true)),
            "no" => assert_eq!(found, Ok(false)),
            "not_evaluable" => assert!(matches!(found, Err(NotEvaluable::MissingComponent { .. }))),
            other => panic!("{other}"),
        }
    }
    assert_eq!(rows.len(), 20);
}

#[test]
fn re_baselining_forgets_lesions_up_to_the_reference_scan() {
    let scan = |week: f64, t2: Option<u32>, gadolinium: Option<u32>| Scan {
        time_days: 7.0 * week,
        new_or_enlarging_t2: t2,
        gadolinium,
    };
    let scans = [
        scan(0.0, Some(0), Some(2)),
        scan(24.0, Some(3), Some(1)),
        scan(48.0, Some(0), Some(0)),
    ];
    let of = |scans: &[Scan], week: f64| lesion_activity(scans, 7.0 * week, 7.0 * 48.0).unwrap();
    assert_eq!(of(&scans, 0.0), (Some(true), Some(true)));
    assert_eq!(of(&scans, 24.0), (Some(false), Some(false)));
    // Without the reference scan T2 cannot be compared; without a later scan nothing is known.
    assert_eq!(of(&scans[2..], 24.0), (None, Some(false)));
    assert_eq!(of(&scans[..2], 24.0), (None, None));
    let unread = [scans[1], scan(36.0, None, None), scans[2]];
    assert_eq!(of(&unread, 24.0), (None, None));
    assert!(lesion_activity(&[scans[1], scans[0]], 0.0, 400.0).is_err());
}

#[test]
fn responders_of_the_reference_are_found_and_rescue_is_a_failure() {
    let rows = rows("mg_response_cases");
    for row in &rows {
        let rescued = row.flag("rescue");
        let responder = |scale, score: &str, points| {
            let of = |visit: &str| row.value(&format!("{score}_{visit}"));
            is_responder(scale, of("baseline"), of("visit"), points, rescued).unwrap()
        };
        let case = row.text("case_id");
        let mg_adl = |points| responder(Scale::MgAdl, "mgadl", points);
        let qmg = |points| responder(Scale::Qmg, "qmg", points);
        assert_eq!(mg_adl(2.0), row.flag("mgadl_responder_ge2"), "{case}");
        assert_eq!(mg_adl(3.0), row.flag("mgadl_responder_ge3"), "{case}");
        assert_eq!(qmg(3.0), row.flag("qmg_responder_ge3"), "{case}");
        assert_eq!(qmg(5.0), row.flag("qmg_responder_ge5"), "{case}");
        let mse = is_minimal_symptom_expression(row.value("mgadl_visit"), rescued);
        assert_eq!(mse, Ok(row.flag("mse")), "{case}");
    }
    assert_eq!(rows.len(), 12);
}

#[test]
fn items_add_up_to_the_largest_scores() {
    assert_eq!(mg_adl(&[3; 8]), Ok(24));
    assert_eq!(qmg(&[3; 13]), Ok(39));
    assert_eq!(mgc(&[3; 10]), Ok(50));
    assert_eq!(mgc(&[0; 10]), Ok(0));
    assert!(mgc(&[4; 10]).is_err() && mg_adl(&[4; 8]).is_err());
    assert!(
        MGC_WEIGHTS
            .iter()
            .all(|w| w.windows(2).all(|p| p[0] <= p[1]))
    );
}

#[test]
fn two_visits_in_a_row_must_respond_before_rescue() {
    let readings = |values: &[f64]| -> Vec<Reading> {
        let at = |(k, &value): (usize, &f64)| Reading {
            time_days: 28.0 * k as f64,
            value,
        };
        values.iter().enumerate().map(at).collect()
    };
    let of = |values: &[f64], by, rescue| {
        responds_twice(Scale::MgAdl, &readings(values), 2.0, by, rescue).unwrap()
    };
    assert!(of(&[9.0, 8.0, 7.0, 6.0], 84.0, None));
    assert!(!of(&[9.0, 7.0, 8.0, 7.0], 84.0, None));
    assert!(!of(&[9.0, 8.0, 7.0, 6.0], 60.0, None));
    assert!(!of(&[9.0, 8.0, 7.0, 6.0], 84.0, Some(84.0)));
    assert!(!of(&[9.0], 84.0, None) && !of(&[], 84.0, None));
    assert!(responds_twice(Scale::MgAdl, &readings(&[9.0, 7.5]), 2.0, 84.0, None).is_err());
    assert!(is_responder(Scale::MgAdl, 9.0, 7.0, 0.0, false).is_err());
    assert!(is_responder(Scale::MgAdl, 25.0, 7.0, 2.0, false).is_err());
}

#[test]
fn a_walk_not_finished_reads_the_cap_and_twenty_percent_is_exact() {
    assert_eq!(
        test_seconds(TimedTest::Walk, [Some(5.0), Some(6.0)]),
        Ok(5.5)
    );
    assert_eq!(test_seconds(TimedTest::Walk, [None, None]), Ok(180.0));
    assert_eq!(test_seconds(TimedTest::Peg, [Some(400.0), None]), Ok(300.0));
    assert!(test_seconds(TimedTest::Walk, [Some(-1.0), None]).is_err());
    assert_eq!(percent_change(0.0, 5.0), Err(NotEvaluable::ZeroBaseline));
    assert!(percent_change(f64::NAN, 5.0).is_err());
    for tenths in 1..400u32 {
        // From x to 1.2 x and 0.8 x, both tenths of a second.
        let baseline = f64::from(tenths) / 2.0;
        let change = |of: u32| percent_change(baseline, f64::from(tenths * of) / 10.0).unwrap();
        assert!(rose_by(change(6), 20.0) && !rose_by(change(6) - 0.01, 20.0));
        assert!(fell_by(change(4), 20.0) && !fell_by(change(4) + 0.01, 20.0));
    }
}

proptest! {
    #[test]
    fn a_lower_score_never_loses_the_response(baseline in 0u8..=39, value in 0u8..=39, points in 1u8..=39) {
        let of = |value: u8| {
            let number = f64::from;
            is_responder(Scale::Qmg, number(baseline), number(value), number(points), false).unwrap()
        };
        prop_assert!(!of(value) || of(value.saturating_sub(1)));
    }

    #[test]
    fn counted_onsets_are_more_than_thirty_days_apart(mut onsets in proptest::collection::vec(0.0f64..2000.0, 0..40)) {
        onsets.sort_by(f64::total_cmp);
        let counted: Vec<f64> = counted_onsets(onsets.iter().copied()).collect();
        prop_assert!(counted.windows(2).all(|w| w[1] - w[0] > 30.0));
        prop_assert_eq!(counted.first(), onsets.first());
        // Everything else lies within 30 days of a counted onset.
        prop_assert!(onsets.iter().all(|&o| counted.iter().any(|&c| (0.0..=30.0).contains(&(o - c)))));
    }

    #[test]
    fn neda3_is_never_yes_with_something_unknown(flags in proptest::array::uniform4(proptest::option::of(any::<bool>()))) {
        let [relapse, progression, new_or_enlarging_t2, gadolinium] = flags;
        let found = neda3(&Components { relapse, progression, new_or_enlarging_t2, gadolinium });
        let positive = flags.contains(&Some(true));
        prop_assert_eq!(found == Ok(false), positive);
        prop_assert_eq!(found == Ok(true), flags == [Some(false); 4]);
    }
}
