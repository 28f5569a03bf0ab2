//! Events and subjects of survival trials against closed forms and rpact, every row of the files.

mod reference;

use neurocart_stats::InputError;
use neurocart_stats::events_sample_size::{
    EventsDesign, EventsFormula, SurvivalDesign, expected_events, hazard_from_median,
    hazard_from_survival, power_of_events, required_events, survival_sample_size,
};
use proptest::prelude::*;
use reference::{assert_close, assert_exact, rows};

#[test]
fn events_match_every_row() {
    let mut compared = 0;
    for row in rows("events_schoenfeld") {
        for (formula, name) in [
            (EventsFormula::Schoenfeld, "schoenfeld"),
            (EventsFormula::Freedman, "freedman"),
        ] {
            let design = EventsDesign {
                hazard_ratio: row.number("hr"),
                alpha_one_sided: row.number("alpha_one_sided"),
                power: row.number("power"),
                allocation: row.number("alloc_trt_to_ctl"),
                formula,
            };
            let events = required_events(&design).unwrap();
            assert_exact(name, events, row.number(&format!("events_{name}")));
            let whole = row.count(&format!("events_{name}_ceil"));
            assert_eq!(events.ceil() as u64, whole);
            let power = power_of_events(&design, events).unwrap();
            assert_close("power", power, design.power, 1e-12, 0.0);
        }
        compared += 1;
    }
    assert_eq!(compared, 96);
}

#[test]
fn subjects_match_every_row() {
    let mut compared = 0;
    for row in rows("sample_size_survival") {
        let dropout = -(1.0 - row.number("dropout_per_12")).ln() / 12.0;
        let design = SurvivalDesign {
            events: EventsDesign {
                hazard_ratio: row.number("hr"),
                alpha_one_sided: row.number("alpha_one_sided"),
                power: row.number("power"),
                allocation: 1.0,
                formula: EventsFormula::Schoenfeld,
            },
            control_hazard: row.number("lambda_ctl"),
            dropout_hazard: [dropout; 2],
            accrual: row.number("accrual"),
            follow_up: row.number("followup"),
        };
        let size = survival_sample_size(&design).unwrap();
        assert_exact("events", size.events, row.number("events"));
        assert_exact("subjects", size.subjects, row.number("subjects"));
        assert_exact("rate", size.accrual_rate, row.number("accrual_rate"));
        assert_exact(
            "duration",
            size.study_duration,
            row.number("study_duration"),
        );
        // At the end the expected events are the required ones.
        let at_end = expected_events(&design, size.subjects, size.study_duration).unwrap();
        assert_close("at the end", at_end[0] + at_end[1], size.events, 1e-12, 0.0);
        compared += 1;
    }
    assert_eq!(compared, 5);
}

#[test]
fn a_median_and_a_milestone_name_the_same_hazard() {
    assert_eq!(hazard_from_median(12.0), Ok(std::f64::consts::LN_2 / 12.0));
    let from_milestone = hazard_from_survival(0.5, 12.0).unwrap();
    assert_close(
        "hazard",
        from_milestone,
        hazard_from_median(12.0).unwrap(),
        1e-15,
        0.0,
    );
    assert!(hazard_from_survival(1.0, 12.0).is_err());
}

fn design() -> impl Strategy<Value = SurvivalDesign> {
    (
        (
            0.05..0.95f64,
            0.01..0.1f64,
            0.5..0.99f64,
            0.25..4.0f64,
            any::<bool>(),
        ),
        (
            1e-4..2.0f64,
            0.0..0.5f64,
            0.0..0.5f64,
            0.01..60.0f64,
            0.0..60.0f64,
        ),
    )
        .prop_map(
            |((hr, alpha, power, r, freedman), (hazard, out0, out1, accrual, fu))| SurvivalDesign {
                events: EventsDesign {
                    hazard_ratio: hr,
                    alpha_one_sided: alpha,
                    power,
                    allocation: r,
                    formula: if freedman {
                        EventsFormula::Freedman
                    } else {
                        EventsFormula::Schoenfeld
                    },
                },
                control_hazard: hazard,
                dropout_hazard: [out0, out1],
                accrual,
                follow_up: fu,
            },
        )
}

proptest! {
    /// The closed form against the mean over 20,000 entry times (midpoint rule).
    #[test]
    fn event_probability_is_the_mean_over_entry_times(d in design()) {
        let size = survival_sample_size(&d).unwrap();
        let steps = 20_000;
        let end = d.accrual + d.follow_up;
        let hazards = [d.control_hazard, d.control_hazard * d.events.hazard_ratio];
        for (arm, hazard) in hazards.into_iter().enumerate() {
            let k = hazard + d.dropout_hazard[arm];
            let mean = (0..steps)
                .map(|i| {
                    let entry = d.accrual * (f64::from(i) + 0.5) / f64::from(steps);
                    hazard / k * -(-k * (end - entry)).exp_m1()
                })
                .sum::<f64>()
                / f64::from(steps);
            // The midpoint rule errs by (k A / steps)^2 / 24 at most.
            let error = (k * d.accrual / f64::from(steps)).powi(2) / 24.0;
            let allowed = mean * 1e-10 + error;
            prop_assert!((size.event_probability[arm] - mean).abs() <= allowed);
        }
    }

    #[test]
    fn more_power_or_dropout_never_needs_fewer_subjects(d in design(), more in 0.0..0.5f64) {
        let base = survival_sample_size(&d).unwrap();
        let mut stronger = d;
        stronger.events.power += more * (0.995 - d.events.power);
        prop_assert!(survival_sample_size(&stronger).unwrap().events >= base.events * (1.0 - 1e-12));
        let mut leaking = d;
        leaking.dropout_hazard = d.dropout_hazard.map(|eta| eta + more);
        prop_assert!(survival_sample_size(&leaking).unwrap().subjects >= base.subjects * (1.0 - 1e-9));
        // Expected events never fall with time.
        let at = |share: f64| {
            let e = expected_events(&d, 100.0, share * base.study_duration).unwrap();
            e[0] + e[1]
        };
        prop_assert!(at(0.3) <= at(0.6) + 1e-9 && at(0.6) <= at(1.0) + 1e-9);
    }

    #[test]
    fn wild_numbers_are_refused_or_answered_with_finite_ones(v in prop::collection::vec(
        prop_oneof![any::<f64>(), Just(0.0), Just(1.0), Just(f64::NAN), Just(f64::INFINITY), 0.0..1.0f64, Just(1e300)], 9)
    ) {
        let d = SurvivalDesign {
            events: EventsDesign {
                hazard_ratio: v[0], alpha_one_sided: v[1], power: v[2], allocation: v[3],
                formula: EventsFormula::Schoenfeld,
            },
            control_hazard: v[4],
            dropout_hazard: [v[5], v[5]],
            accrual: v[6],
            follow_up: v[7],
        };
        if let Ok(size) = survival_sample_size(&d) {
            prop_assert!(size.subjects.is_finite() && size.events.is_finite());
            prop_assert!(size.event_probability.iter().all(|p| (0.0..=1.0).contains(p)));
        }
        if let Ok(events) = expected_events(&d, v[8], v[7]) {
            prop_assert!(events.iter().all(|e| e.is_finite()));
        }
        if let Ok(power) = power_of_events(&d.events, v[8]) {
            prop_assert!((0.0..=1.0).contains(&power));
        }
        let _ = (hazard_from_median(v[0]), hazard_from_survival(v[1], v[2]));
    }
}

#[test]
fn no_effect_is_a_typed_refusal() {
    let design = EventsDesign {
        hazard_ratio: 1.0,
        alpha_one_sided: 0.025,
        power: 0.9,
        allocation: 1.0,
        formula: EventsFormula::Schoenfeld,
    };
    let refused = required_events(&design).unwrap_err();
    assert!(matches!(
        refused,
        InputError::Range {
            name: "hazard_ratio",
            ..
        }
    ));
}
