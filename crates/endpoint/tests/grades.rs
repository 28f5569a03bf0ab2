//! Grades and scores against the truth tables.

mod reference;

use neurocart_endpoint::crs::{self, Hypotension, Hypoxia};
use neurocart_endpoint::edss::{FunctionalSystems, edss};
use neurocart_endpoint::haematotoxicity::{
    EarlyNeutropenia, early_icaht_grade, early_neutropenia, late_icaht_grade,
};
use neurocart_endpoint::icans::{self, Consciousness, ICE_ITEMS, Ice, Oedema, Seizure, ice_score};
use neurocart_endpoint::incat::{Incat, adjusted_incat_score, incat_responder, incat_score};
use neurocart_endpoint::licats::{self, Intervention, LocalEvent, licats_grade};
use neurocart_endpoint::scale::{MeaningfulChange, Scale, Worse};
use neurocart_endpoint::{InputError, NotEvaluable};
use proptest::prelude::*;
use reference::rows;

#[test]
fn every_set_of_functional_systems_gives_the_edss_of_the_reference() {
    let rows = rows("edss_fs_cases");
    for row in &rows {
        let scores = FunctionalSystems {
            visual: row.whole("visual"),
            brainstem: row.whole("brainstem"),
            pyramidal: row.whole("pyramidal"),
            cerebellar: row.whole("cerebellar"),
            sensory: row.whole("sensory"),
            bowel_bladder: row.whole("bowel_bladder"),
            cerebral: row.whole("cerebral"),
            ambulation: row.whole("ambulation"),
        };
        assert_eq!(edss(&scores), Ok(row.value("edss")), "{scores:?}");
    }
    assert_eq!(rows.len(), 384);
}

#[test]
fn every_combination_of_signs_gives_the_crs_grade_of_the_table() {
    let rows = rows("crs_grade_truth_table");
    for row in &rows {
        let signs = crs::Signs {
            fever: row.flag("fever_ge_38C"),
            fever_masked: row.flag("fever_masked_by_antipyretic_or_anticytokine"),
            hypotension: match row.text("hypotension") {
                "none" => Hypotension::None,
                "hypotension_no_vasopressor" => Hypotension::WithoutVasopressor,
                "one_vasopressor_with_or_without_vasopressin" => Hypotension::OneVasopressor,
                "multiple_vasopressors_excluding_vasopressin" => Hypotension::SeveralVasopressors,
                other => panic!("{other}"),
            },
            hypoxia: match row.text("hypoxia") {
                "none" => Hypoxia::None,
                "low_flow_nasal_cannula_le_6L_or_blow_by" => Hypoxia::LowFlow,
                "high_flow_or_facemask_or_nonrebreather_or_venturi" => Hypoxia::HighFlow,
                "positive_pressure_cpap_bipap_ventilation" => Hypoxia::PositivePressure,
                other => panic!("{other}"),
            },
            death: row.flag("death_due_to_crs"),
        };
        assert_eq!(crs::crs_grade(&signs), row.whole("crs_grade"), "{signs:?}");
    }
    assert_eq!(rows.len(), 65);
}

#[test]
fn every_combination_of_domains_gives_the_icans_grade_of_the_table() {
    let rows = rows("icans_grade_truth_table");
    for row in &rows {
        let signs = icans::Signs {
            ice: row.number("ice").map(|ice| ice as u8),
            consciousness: match row.text("consciousness") {
                "normal" => Consciousness::Normal,
                "awakens_spontaneously" => Consciousness::AwakensSpontaneously,
                "awakens_to_voice" => Consciousness::AwakensToVoice,
                "awakens_to_touch_only" => Consciousness::AwakensToTouch,
                "unarousable_or_vigorous_stimulus" => Consciousness::Unarousable,
                other => panic!("{other}"),
            },
            seizure: match row.text("seizure") {
                "none" => Seizure::None,
                "resolves_rapidly_or_eeg_resolves_with_intervention" => Seizure::Resolves,
                "prolonged_gt_5min_or_repetitive_without_return" => Seizure::Prolonged,
                other => panic!("{other}"),
            },
            deep_focal_weakness: row.flag("motor_deep_focal_weakness"),
            oedema: match row.text("icp_edema") {
                "none" => Oedema::None,
                "focal_edema" => Oedema::Focal,
                "diffuse_edema_or_posturing_or_cn6_palsy_or_papilledema_or_cushing" => {
                    Oedema::Diffuse
                }
                other => panic!("{other}"),
            },
            death: false,
        };
        let grade = icans::icans_grade(&signs);
        assert_eq!(grade, Ok(row.whole("icans_grade")), "{signs:?}");
    }
    assert_eq!(rows.len(), 540);
}

#[test]
fn the_ice_score_has_the_items_and_points_of_the_table() {
    let rows = rows("ice_score_items");
    for (row, (name, points)) in rows.iter().zip(ICE_ITEMS) {
        assert_eq!(row.text("item"), name);
        assert_eq!(row.whole("points"), points);
    }
    assert_eq!(rows.len(), ICE_ITEMS.len());
    let full = Ice {
        orientation: 4,
        naming: 3,
        commands: 1,
        writing: 1,
        attention: 1,
    };
    assert_eq!(ice_score(&full), Ok(10));
    assert_eq!(ice_score(&Ice { writing: 0, ..full }), Ok(9));
    assert!(
        ice_score(&Ice {
            commands: 2,
            ..full
        })
        .is_err()
    );
}

#[test]
fn an_awake_subject_with_ice_zero_has_grade_three_and_without_ice_is_not_evaluable() {
    let signs = |ice| icans::Signs {
        ice,
        ..icans::Signs::default()
    };
    assert_eq!(icans::icans_grade(&signs(Some(0))), Ok(3));
    assert_eq!(
        icans::icans_grade(&signs(None)),
        Err(NotEvaluable::MissingIce)
    );
    assert!(icans::icans_grade(&signs(Some(11))).is_err());
    let dead = icans::Signs {
        death: true,
        ..signs(None)
    };
    assert_eq!(icans::icans_grade(&dead), Ok(5));
}

#[test]
fn every_course_of_neutrophils_has_the_grade_of_the_reference() {
    let rows = rows("icaht_grade_cases");
    for row in &rows {
        let grade = match row.text("period") {
            "early_day_0_30" => early_icaht_grade(&EarlyNeutropenia {
                severe_days: row.value("days_anc_le_500"),
                profound_days: row.value("days_anc_le_100"),
                never_above_severe: row.flag("never_above_500"),
            }),
            "late_after_day_30" => late_icaht_grade(row.value("nadir_anc_after_day30")),
            other => panic!("{other}"),
        };
        assert_eq!(grade, Ok(row.whole("icaht_grade")));
    }
    assert_eq!(rows.len(), 21);
}

#[test]
fn days_of_neutropenia_add_up_on_a_straight_line_between_counts() {
    // 1000 to 0 over days 0 to 10, 0 to day 20, back to 1000 on day 30: at or below 500 from day
    // 5 to 25, at or below 100 from day 9 to 21. Day 40 is outside the period.
    let found = early_neutropenia(
        &[0.0, 10.0, 20.0, 30.0, 40.0],
        &[1000.0, 0.0, 0.0, 1000.0, 0.0],
    )
    .unwrap();
    assert!((found.severe_days - 20.0).abs() < 1e-12);
    assert!((found.profound_days - 12.0).abs() < 1e-12);
    assert!(!found.never_above_severe);
    assert_eq!(early_icaht_grade(&found), Ok(3));
    let flat = early_neutropenia(&[-10.0, 40.0], &[500.0, 500.0]).unwrap();
    assert!(flat.never_above_severe && flat.severe_days == 30.0);
    assert_eq!(early_icaht_grade(&flat), Ok(4));
    let nothing = early_neutropenia(&[], &[]).unwrap();
    assert_eq!(early_icaht_grade(&nothing), Ok(0));
    assert!(early_neutropenia(&[1.0, 0.0], &[1.0, 1.0]).is_err());
    assert!(early_neutropenia(&[0.0, 1.0], &[f64::NAN, 1.0]).is_err());
}

#[test]
fn every_scale_has_the_bounds_of_the_table() {
    let rows = rows("scale_bounds");
    for (row, scale) in rows.iter().zip(Scale::ALL) {
        let d = scale.definition();
        assert_eq!(row.text("scale"), d.name);
        assert_eq!(row.text("items"), d.items);
        assert_eq!(row.value("min"), d.minimum);
        assert_eq!(row.value("max"), d.maximum);
        assert_eq!(row.value("step"), d.step);
        let worse = match row.text("worse_direction") {
            "up" => Worse::Up,
            "down" => Worse::Down,
            other => panic!("{other}"),
        };
        assert_eq!(worse, d.worse);
        let change = match row.text("common_meaningful_change") {
            "" => MeaningfulChange::None,
            "see cdp rules" => MeaningfulChange::ByBaseline,
            "20 % of baseline" => MeaningfulChange::PercentOfBaseline(20.0),
            "4 points or 10 %" => MeaningfulChange::PointsOrPercent(4.0, 10.0),
            text => MeaningfulChange::Points(
                text.split(' ').next().and_then(|n| n.parse().ok()).unwrap(),
            ),
        };
        assert_eq!(change, d.meaningful_change, "{}", d.name);
    }
    assert_eq!(rows.len(), 25);
    assert_eq!(rows.len(), Scale::ALL.len());
}

#[test]
fn a_scale_takes_its_own_steps_and_nothing_else() {
    for scale in Scale::ALL {
        let d = scale.definition();
        let steps = (d.maximum / d.step).round() as usize;
        for k in 0..=steps {
            let value = k as f64 * d.step;
            let exists = scale != Scale::Edss || k != 1;
            assert_eq!(scale.check(value).is_ok(), exists, "{} {value}", d.name);
        }
        for wrong in [
            -d.step,
            d.maximum + d.step,
            d.step * 1.5,
            f64::NAN,
            f64::INFINITY,
        ] {
            assert!(scale.check(wrong).is_err(), "{} {wrong}", d.name);
        }
    }
    assert!(matches!(
        Scale::Edss.check(0.5),
        Err(InputError::OffStep { .. })
    ));
}

#[test]
fn local_events_are_graded_by_intervention_and_need_all_four_conditions() {
    let event = LocalEvent {
        onset_days: 10.0,
        organ_affected_before: true,
        b_cells_absent: true,
        other_cause: false,
        intervention: Intervention::Hospital,
    };
    assert_eq!(licats_grade(&event), Ok(3));
    for (intervention, grade) in [
        (Intervention::None, 1),
        (Intervention::Treatment, 2),
        (Intervention::IntensiveCare, 4),
    ] {
        assert_eq!(
            licats_grade(&LocalEvent {
                intervention,
                ..event
            }),
            Ok(grade)
        );
    }
    for none in [
        LocalEvent {
            organ_affected_before: false,
            ..event
        },
        LocalEvent {
            b_cells_absent: false,
            ..event
        },
        LocalEvent {
            other_cause: true,
            ..event
        },
        LocalEvent {
            onset_days: -1.0,
            ..event
        },
    ] {
        assert_eq!(licats_grade(&none), Ok(0));
    }
    assert!(
        licats_grade(&LocalEvent {
            onset_days: f64::NAN,
            ..event
        })
        .is_err()
    );
    assert_eq!(licats::onset(14.0), Some(licats::Onset::Early));
    assert_eq!(licats::onset(30.0), Some(licats::Onset::Intermediate));
    assert_eq!(licats::onset(31.0), Some(licats::Onset::Late));
    assert_eq!(licats::onset(f64::NAN), None);
}

#[test]
fn incat_adds_arms_and_legs_and_the_adjusted_score_ignores_minor_arm_symptoms() {
    let at = |arms, legs| Incat { arms, legs };
    assert_eq!(incat_score(&at(5, 5)), Ok(10));
    assert_eq!(adjusted_incat_score(&at(1, 2)), Ok(2));
    assert_eq!(adjusted_incat_score(&at(2, 2)), Ok(4));
    assert_eq!(incat_responder(&at(1, 2), &at(0, 2), false), Ok(true));
    assert_eq!(incat_responder(&at(1, 2), &at(0, 2), true), Ok(false));
    assert_eq!(incat_responder(&at(2, 2), &at(2, 2), false), Ok(false));
    assert!(incat_score(&at(6, 0)).is_err());
}

prop_compose! {
    fn systems()(
        (visual, brainstem, pyramidal, cerebellar) in (0u8..=6, 0u8..=5, 0u8..=6, 0u8..=5),
        (sensory, bowel_bladder, cerebral, ambulation) in (0u8..=6, 0u8..=6, 0u8..=5, 0u8..=16),
    ) -> FunctionalSystems {
        FunctionalSystems {
            visual, brainstem, pyramidal, cerebellar, sensory, bowel_bladder, cerebral, ambulation,
        }
    }
}

proptest! {
    #[test]
    fn the_edss_is_on_its_scale_and_follows_walking_from_five_and_a_half_on(scores in systems()) {
        let found = edss(&scores).unwrap();
        prop_assert!(Scale::Edss.check(found).is_ok());
        if scores.ambulation >= 4 {
            let systems_only = FunctionalSystems { ambulation: scores.ambulation, ..Default::default() };
            prop_assert_eq!(found, edss(&systems_only).unwrap());
            prop_assert!(found >= 5.5);
        } else {
            prop_assert!(found <= 5.0);
        }
    }

    #[test]
    fn the_edss_is_not_below_the_highest_system_up_to_grade_five(scores in systems()) {
        let highest = [scores.brainstem, scores.pyramidal, scores.cerebellar, scores.sensory, scores.cerebral]
            .into_iter()
            .fold(0, u8::max);
        prop_assume!(highest <= 5);
        prop_assert!(edss(&scores).unwrap() >= f64::from(highest));
    }

    #[test]
    fn a_worse_system_or_walk_never_lowers_the_edss(scores in systems(), which in 0usize..8) {
        let mut worse = scores;
        let (grade, most) = match which {
            0 => (&mut worse.visual, 6),
            1 => (&mut worse.brainstem, 5),
            2 => (&mut worse.pyramidal, 6),
            3 => (&mut worse.cerebellar, 5),
            4 => (&mut worse.sensory, 6),
            5 => (&mut worse.bowel_bladder, 6),
            6 => (&mut worse.cerebral, 5),
            _ => (&mut worse.ambulation, 16),
        };
        *grade = (*grade + 1).min(most);
        prop_assert!(edss(&worse).unwrap() >= edss(&scores).unwrap());
    }

    #[test]
    fn more_days_of_neutropenia_or_a_lower_nadir_never_lower_the_grade(
        severe in 0.0f64..=30.0, profound in 0.0f64..=30.0, more in 0.0f64..=1.0, nadir in 0.0f64..3000.0,
    ) {
        let of = |s, p| early_icaht_grade(&EarlyNeutropenia {
            severe_days: s, profound_days: p, never_above_severe: false,
        }).unwrap();
        prop_assert!(of(severe + more, profound) >= of(severe, profound));
        prop_assert!(of(severe, profound + more) >= of(severe, profound));
        prop_assert!(late_icaht_grade(nadir * more).unwrap() >= late_icaht_grade(nadir).unwrap());
    }

    #[test]
    fn no_number_makes_a_grade_panic(a in proptest::num::f64::ANY, b in proptest::num::f64::ANY) {
        let _ = late_icaht_grade(a);
        let _ = early_icaht_grade(&EarlyNeutropenia { severe_days: a, profound_days: b, never_above_severe: false });
        if let Ok(found) = early_neutropenia(&[a, b], &[b, a]) {
            prop_assert!((0.0..=30.0).contains(&found.severe_days));
            prop_assert!(found.profound_days <= found.severe_days);
        }
    }
}
