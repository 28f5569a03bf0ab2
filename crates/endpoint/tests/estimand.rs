//! Strategies for intercurrent events, each on one worked case, and what must hold for all.

use neurocart_endpoint::estimand::{
    IntercurrentEvent, Occurrence, Status, Strategies, Strategy as Rule, Subject, count,
    response_at, time_to_event, value_at, window,
};
use neurocart_endpoint::{NotEvaluable, Reading};
use proptest::prelude::*;

const RULES: [Rule; 5] = [
    Rule::TreatmentPolicy,
    Rule::Composite,
    Rule::Hypothetical,
    Rule::WhileOnTreatment,
    Rule::PrincipalStratum,
];
const EVENTS: [IntercurrentEvent; 5] = [
    IntercurrentEvent::Rescue,
    IntercurrentEvent::Reinfusion,
    IntercurrentEvent::ImmunosuppressionRestart,
    IntercurrentEvent::ManufacturingFailure,
    IntercurrentEvent::Death,
];

fn readings() -> Vec<Reading> {
    [(0.0, 10.0), (28.0, 14.0), (84.0, 4.0)]
        .map(|(time_days, value)| Reading { time_days, value })
        .to_vec()
}

fn on(event: IntercurrentEvent, time_days: f64) -> Vec<Occurrence> {
    vec![Occurrence { event, time_days }]
}

fn subject(occurrences: &[Occurrence]) -> Subject<'_> {
    Subject {
        until_days: 168.0,
        occurrences,
        in_principal_stratum: None,
    }
}

#[test]
fn each_strategy_treats_rescue_in_its_own_way() {
    let rescue = on(IntercurrentEvent::Rescue, 40.0);
    let subject = subject(&rescue);
    let value = |rule| value_at(&subject, &Strategies::all(rule), &readings(), 84.0, None);
    assert_eq!(value(Rule::TreatmentPolicy), Ok(4.0));
    assert_eq!(value(Rule::Composite), Err(NotEvaluable::NoFailureValue));
    let event = IntercurrentEvent::Rescue;
    assert_eq!(
        value(Rule::Hypothetical),
        Err(NotEvaluable::SetAside { event })
    );
    assert_eq!(value(Rule::WhileOnTreatment), Ok(14.0));
    assert_eq!(
        value(Rule::PrincipalStratum),
        Err(NotEvaluable::UnknownStratum)
    );
    let worst = Strategies::all(Rule::Composite);
    assert_eq!(
        value_at(&subject, &worst, &readings(), 84.0, Some(24.0)),
        Ok(24.0)
    );
    // Before the rescue every strategy reads the same value.
    for rule in &RULES[..4] {
        assert_eq!(
            value_at(&subject, &Strategies::all(*rule), &readings(), 28.0, None),
            Ok(14.0)
        );
    }
}

#[test]
fn rescue_is_a_non_response_and_an_event_only_under_the_composite_strategy() {
    let rescue = on(IntercurrentEvent::Rescue, 40.0);
    let subject = subject(&rescue);
    let response = |rule| {
        response_at(&subject, &Strategies::all(rule), &readings(), 84.0, |v| {
            v <= 8.0
        })
    };
    assert_eq!(response(Rule::TreatmentPolicy), Ok(true));
    assert_eq!(response(Rule::Composite), Ok(false));
    assert_eq!(response(Rule::WhileOnTreatment), Ok(false));
    let time = |rule, event| time_to_event(&subject, &Strategies::all(rule), event).unwrap();
    assert_eq!(
        time(Rule::TreatmentPolicy, Some(100.0)),
        (100.0, Status::Event)
    );
    assert_eq!(time(Rule::Composite, Some(100.0)), (40.0, Status::Event));
    assert_eq!(
        time(Rule::Hypothetical, Some(100.0)),
        (40.0, Status::Censored)
    );
    assert_eq!(time(Rule::Hypothetical, Some(30.0)), (30.0, Status::Event));
    assert_eq!(time(Rule::TreatmentPolicy, None), (168.0, Status::Censored));
}

#[test]
fn counts_take_the_time_at_risk_and_have_no_composite_strategy() {
    let restart = on(IntercurrentEvent::ImmunosuppressionRestart, 40.0);
    let subject = subject(&restart);
    let of = |rule| count(&subject, &Strategies::all(rule), &[10.0, 40.0, 90.0]);
    assert_eq!(of(Rule::TreatmentPolicy), Ok((3, 168.0)));
    assert_eq!(of(Rule::WhileOnTreatment), Ok((2, 40.0)));
    assert_eq!(of(Rule::Composite), Err(NotEvaluable::CompositeCount));
}

#[test]
fn no_strategy_finds_a_value_after_death() {
    let death = on(IntercurrentEvent::Death, 40.0);
    let subject = subject(&death);
    let policy = Strategies::all(Rule::TreatmentPolicy);
    assert_eq!(
        value_at(&subject, &policy, &readings(), 84.0, None),
        Err(NotEvaluable::Death)
    );
    assert_eq!(
        time_to_event(&subject, &policy, Some(90.0)),
        Ok((40.0, Status::Death))
    );
    assert_eq!(count(&subject, &policy, &[10.0, 90.0]), Ok((1, 40.0)));
    let composite = Strategies {
        death: Rule::Composite,
        ..policy
    };
    assert_eq!(
        time_to_event(&subject, &composite, Some(90.0)),
        Ok((40.0, Status::Event))
    );
    let response = response_at(&subject, &composite, &readings(), 84.0, |_| true);
    assert_eq!(response, Ok(false));
}

#[test]
fn a_product_that_could_not_be_made_fails_the_response_or_sets_everything_aside() {
    let failure = on(IntercurrentEvent::ManufacturingFailure, -14.0);
    let subject = subject(&failure);
    let of = |rule| {
        response_at(&subject, &Strategies::all(rule), &readings(), 84.0, |_| {
            true
        })
    };
    assert_eq!(of(Rule::TreatmentPolicy), Ok(true));
    assert_eq!(of(Rule::Composite), Ok(false));
    let event = IntercurrentEvent::ManufacturingFailure;
    assert_eq!(
        of(Rule::Hypothetical),
        Err(NotEvaluable::SetAside { event })
    );
    assert_eq!(of(Rule::WhileOnTreatment), Err(NotEvaluable::MissingVisit));
    assert!(count(&subject, &Strategies::all(Rule::Hypothetical), &[]).is_err());
}

#[test]
fn the_principal_stratum_is_evaluated_only_where_membership_is_known() {
    let nothing = [];
    let strategies = Strategies {
        rescue: Rule::PrincipalStratum,
        ..Strategies::all(Rule::TreatmentPolicy)
    };
    let of = |in_principal_stratum| {
        let subject = Subject {
            in_principal_stratum,
            ..subject(&nothing)
        };
        value_at(&subject, &strategies, &readings(), 84.0, None)
    };
    assert_eq!(of(Some(true)), Ok(4.0));
    assert_eq!(of(Some(false)), Err(NotEvaluable::OutsideStratum));
    assert_eq!(of(None), Err(NotEvaluable::UnknownStratum));
}

fn occurrences() -> impl proptest::strategy::Strategy<Value = Vec<Occurrence>> {
    proptest::collection::vec((0usize..5, 0.0f64..200.0), 0..5).prop_map(|list| {
        list.into_iter()
            .map(|(event, time_days)| Occurrence {
                event: EVENTS[event],
                time_days,
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_intercurrent_events_does_not_matter(
        list in occurrences(), rules in proptest::array::uniform5(0usize..4), turn in 0usize..5,
    ) {
        let [a, b, c, d, e] = rules.map(|r| RULES[r]);
        let strategies = Strategies {
            rescue: a, reinfusion: b, immunosuppression_restart: c, manufacturing_failure: d, death: e,
        };
        let mut turned = list.clone();
        turned.rotate_left(turn.min(list.len()));
        turned.reverse();
        let of = |list: &[Occurrence]| window(&subject(list), &strategies).unwrap();
        prop_assert_eq!(of(&list), of(&turned));
        let found = of(&list);
        prop_assert!(found.until_days <= 168.0);
        prop_assert!(found.failure_days.is_none_or(|f| f <= found.until_days));
    }

    #[test]
    fn setting_data_aside_never_adds_an_event(list in occurrences(), event in proptest::option::of(0.0f64..200.0)) {
        let time = |rule| time_to_event(&subject(&list), &Strategies::all(rule), event).unwrap();
        let (policy, status) = time(Rule::TreatmentPolicy);
        let (aside, other) = time(Rule::Hypothetical);
        prop_assert!(aside <= policy);
        prop_assert!(other != Status::Event || status == Status::Event);
        let (composite, _) = time(Rule::Composite);
        prop_assert!(composite <= 168.0);
    }

    #[test]
    fn nothing_panics(
        until in proptest::num::f64::ANY, at in proptest::num::f64::ANY,
        value in proptest::num::f64::ANY, day in proptest::num::f64::ANY,
    ) {
        let list = on(IntercurrentEvent::Rescue, at);
        let subject = Subject { until_days: until, ..subject(&list) };
        let readings = [Reading { time_days: at, value }];
        for rule in RULES {
            let strategies = Strategies::all(rule);
            if let Ok(found) = value_at(&subject, &strategies, &readings, day, None) {
                prop_assert!(found.is_finite());
            }
            let _ = time_to_event(&subject, &strategies, Some(at));
            let _ = count(&subject, &strategies, &[at]);
        }
    }
}
