//! Text to model to text and back.

use neurocart_model::{
    Expression, Model, Options, initial_values, load, render, right_hand_side, to_antimony,
};
use proptest::prelude::*;

fn read(text: &str) -> Model {
    match load("model.ant", text, &|_| None, &Options::default()) {
        Ok(loaded) => loaded.model,
        Err(errors) => panic!("{}\n{text}", render(&errors)),
    }
}

#[test]
fn reference_model_survives_export_and_reading_back() {
    let model = read(include_str!("../../../reference/model.ant"));
    let text = to_antimony(&model);
    let again = read(&text);
    assert_eq!(model, again);
    assert_eq!(text, to_antimony(&again));
}

#[test]
fn units_meanings_constants_and_events_survive() {
    let model = read(
        "model pk()
           unit gigacell = 1e9 item;
           compartment V = 3 L; const CL = 0.1; CL has L/day; CL is \"clearance\";
           species C in V = 1; C has mg/L; dose = 5 mg; t = 2 day; n = 3 gigacell;
           elimination: C -> ; CL * C;
           half := ln(2) * V / CL; half is \"half-life\"; half has day;
           again: at (time >= t && !(C > 1.5 * C) || C < -C): C = C + dose / V;
         end",
    );
    assert_eq!(model, read(&to_antimony(&model)));
    insta::assert_snapshot!(to_antimony(&model), @r#"
    model pk()
      unit day = 86400.0 * second;
      unit mg = 0.001 * gram;
      unit L = 0.001 * metre^3;
      unit gigacell = 1e9 item;
      compartment V = 3; V has L;
      const CL = 0.1; CL has L/day; CL is "clearance";
      C = 1; C' = -elimination / V; C has mg/L;
      dose = 5; dose has mg;
      t = 2; t has day;
      n = 3; n has gigacell;
      elimination := CL * C;
      half := ln(2) * V / CL; half has day; half is "half-life";
      again: at (time >= t && !(C > 1.5 * C) || C < -C): C = C + dose / V;
    end
    "#);
}

#[test]
fn submodels_export_as_one_model_with_the_same_rates() {
    let model = read(
        "model drug(dose)
           A = dose; A' = -k * A; k = 0.3;
         end
         model main()
           x = 2; y = 5; one: drug(x); two: drug(y);
           two.k = 0.7; sum := one.A + two.A;
         end",
    );
    let names: Vec<_> = model.symbols.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["x", "y", "one.A", "one.k", "two.A", "two.k", "sum"]);
    let again = read(&to_antimony(&model));
    assert_eq!(
        again.symbol("two__k").map(|k| again[k].name.as_str()),
        Some("two__k")
    );
    let rates = |model: &Model| {
        let mut values = initial_values(model, &[], 0.0);
        right_hand_side(model, &mut values, 0.0)
    };
    assert_eq!(rates(&model), [-0.6, -3.5]);
    assert_eq!(rates(&model), rates(&again));
}

/// Formula texts of random shape over `a`, `b` and `time`.
fn formula() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("a".to_string()),
        Just("b".to_string()),
        Just("time".to_string()),
        any::<f64>()
            .prop_filter("finite", |x| x.is_finite())
            .prop_map(|x| format!("{x:e}")),
    ];
    leaf.prop_recursive(6, 40, 3, |inner| {
        let binary = prop::sample::select(vec![
            "+", "-", "*", "/", "^", "<", "<=", ">", ">=", "==", "!=", "&&", "||",
        ]);
        let function = prop::sample::select(vec![
            "exp", "ln", "log10", "sqrt", "abs", "floor", "ceil", "tanh",
        ]);
        prop_oneof![
            (inner.clone(), binary, inner.clone()).prop_map(|(a, o, b)| format!("({a}) {o} ({b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (function, inner.clone()).prop_map(|(f, a)| format!("{f}({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("max({a}, {b}, 1)")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("piecewise({a}, {b}, {c})")),
        ]
    })
}

proptest! {
    #[test]
    fn any_formula_reads_back_as_itself(formula in formula()) {
        let model = read(&format!("model m()\n a = 1; b = 2; y := {formula};\nend"));
        let again = read(&to_antimony(&model));
        prop_assert_eq!(&model, &again);
    }

    #[test]
    fn any_number_reads_back_bit_for_bit(number in any::<f64>().prop_filter("finite", |x| x.is_finite())) {
        let model = read(&format!("model m()\n x = {number:e};\nend"));
        let again = read(&to_antimony(&model));
        let Expression::Number(value) = again.initial[0].formula else { panic!("no number") };
        prop_assert_eq!(value.to_bits(), number.to_bits());
    }
}
