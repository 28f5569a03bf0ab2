//! What texts mean: names, reactions, functions, and how messages look.

use neurocart_model::{
    Model, Options, SymbolKind, evaluate, formula_text, initial_values, load, render,
    right_hand_side,
};

fn read(text: &str) -> Model {
    match load("model.ant", text, &|_| None, &Options::default()) {
        Ok(loaded) => loaded.model,
        Err(errors) => panic!("{}", render(&errors)),
    }
}

fn value(model: &Model, name: &str) -> f64 {
    initial_values(model, &[], 0.0)[model.symbol(name).unwrap().0 as usize]
}

fn rate(model: &Model, name: &str) -> f64 {
    let mut values = initial_values(model, &[], 0.0);
    let rates = right_hand_side(model, &mut values, 0.0);
    let symbol = model.symbol(name).unwrap();
    rates[model
        .states
        .iter()
        .position(|s| s.symbol == symbol)
        .unwrap()]
}

#[test]
fn formulas_follow_the_usual_precedence() {
    for (formula, expected) in [
        ("-2 ^ 2", -4.0),
        ("2 ^ -1", 0.5),
        ("2 * 3 + 4 / 8 - 1", 5.5),
        ("10 - 4 - 3", 3.0),
        ("16 / 4 / 2", 2.0),
        ("1 + 1 < 3 && 2 > 1 || 0 > 1", 1.0),
        ("!(1 > 2) + 0", 1.0),
        ("not (1 == 1) or 2 != 2", 0.0),
        ("log(exponentiale)", 1.0),
        ("ln(exp(3))", 3.0),
        ("log10(1000)", 3.0),
        ("log(2, 8)", 3.0),
        ("pow(2, 10)", 1024.0),
        ("sqrt(9) + abs(-2) + floor(1.5) + ceil(1.5)", 8.0),
        ("max(1, 5, 3) - min(4, 2, 6)", 3.0),
        ("piecewise(1, 2 > 3, 7, 3 > 2, 9)", 7.0),
        ("piecewise(1, 2 > 3, 7, 3 > 4, 9)", 9.0),
        ("sin(0) + cos(0) + tanh(0)", 1.0),
        ("gt(2, 1) + leq(1, 1) + neq(1, 1)", 2.0),
        ("cos(pi)", -1.0),
        ("time + 2", 2.0),
    ] {
        let found = value(&read(&format!("model m()\n y := {formula};\nend")), "y");
        assert!(
            (found - expected).abs() < 1e-14,
            "{formula} is {found}, not {expected}"
        );
    }
}

#[test]
fn functions_of_the_text_nest() {
    let model = read(
        "function hill(x, k, n) x^n / (x^n + k^n) end
         function both(a, b) hill(a, b, 2) * hill(b, a, 2) end
         model m()
           y := both(1, 2);
         end",
    );
    assert_eq!(value(&model, "y"), 0.2 * 0.8);
}

#[test]
fn reactions_sum_with_their_stoichiometry() {
    let model = read(
        "model m()
           A = 5; B = 2; C = 0; k = 0.5;
           grow: 2 A + B -> 3 C; k * A * B;
           C -> A; 0.25;
           -> B; 7;
         end",
    );
    assert_eq!(rate(&model, "A"), -2.0 * 5.0 + 0.25);
    assert_eq!(rate(&model, "B"), -5.0 + 7.0);
    assert_eq!(rate(&model, "C"), 3.0 * 5.0 - 0.25);
    assert_eq!(value(&model, "grow"), 5.0);
    assert_eq!(
        model[model.symbol("grow").unwrap()].kind,
        SymbolKind::Assigned
    );
}

#[test]
fn species_in_compartments_are_concentrations_unless_substance_only() {
    let model = read(
        "model m()
           compartment V = 4;
           species C in V = 3; substanceOnly species A in V = 3; species $F in V = 9;
           C -> A; 8;
           F -> C; 2;
         end",
    );
    assert_eq!(rate(&model, "C"), (-8.0 + 2.0) / 4.0);
    assert_eq!(rate(&model, "A"), 8.0);
    assert_eq!(
        model[model.symbol("F").unwrap()].kind,
        SymbolKind::Parameter
    );
    assert_eq!(
        model[model.symbol("V").unwrap()].kind,
        SymbolKind::Compartment
    );
}

const NESTED: &str = "
model drug(target)
  C = 1; C' = -ke * C; ke = 0.5; kill := ke * C * target;
end
model patient(B)
  B = 3; inner: drug(B); inner.ke = 0.25;
end
model *main()
  x = 7;
  p: patient(x);
  d: drug(x);
  d.C = 4; d.kill := 11;
  q := p.inner.kill;
end";

#[test]
fn names_are_plain_where_unique_and_paths_otherwise() {
    let model = read(NESTED);
    let names: Vec<_> = model.symbols.iter().map(|s| (&*s.name, &*s.path)).collect();
    assert_eq!(
        names,
        [
            ("x", "x"),
            ("p.inner.C", "p.inner.C"),
            ("p.inner.ke", "p.inner.ke"),
            ("p.inner.kill", "p.inner.kill"),
            ("d.C", "d.C"),
            ("d.ke", "d.ke"),
            ("d.kill", "d.kill"),
            ("q", "q"),
        ]
    );
    assert_eq!(model.symbol("inner.C"), model.symbol("p.inner.C"));
    assert_eq!(model.symbol("C"), None);
    assert_eq!(model.symbol("ke.C"), None);
}

#[test]
fn what_stands_outside_wins_over_what_stands_inside() {
    let model = read(NESTED);
    assert_eq!(value(&model, "x"), 7.0);
    assert_eq!(value(&model, "q"), 0.25 * 1.0 * 7.0);
    assert_eq!(value(&model, "d.kill"), 11.0);
    assert_eq!(rate(&model, "d.C"), -0.5 * 4.0);
}

#[test]
fn values_may_come_later() {
    let text = "model m(k)\n x = 1; x' = -k * x; k has 1/day;\nend";
    let options = Options {
        values_come_later: true,
        ..Options::default()
    };
    let model = load("m.ant", text, &|_| None, &options).unwrap().model;
    assert_eq!(model.initial.len(), 1);
    let k = model.symbol("k").unwrap();
    let values = initial_values(&model, &[(k, 3.0)], 0.0);
    assert_eq!(
        evaluate(&model.states[0].rate, &|s| values[s.0 as usize], 0.0),
        -3.0
    );
    assert!(load("m.ant", text, &|_| None, &Options::default()).is_err());
}

#[test]
fn the_main_model_is_the_marked_one_or_the_one_asked_for() {
    assert_eq!(read(NESTED).name, "main");
    let options = Options {
        main_model: Some("drug".into()),
        values_come_later: true,
    };
    let model = load("m.ant", NESTED, &|_| None, &options).unwrap().model;
    assert_eq!((model.name.as_str(), model.states.len()), ("drug", 1));
    let options = Options {
        main_model: Some("none".into()),
        ..Options::default()
    };
    let errors = load("m.ant", NESTED, &|_| None, &options).unwrap_err();
    assert_eq!(errors[0].message, "there is no model `none`");
}

#[test]
fn formulas_print_with_names() {
    let model = read("model m()\n a = 1; b := -(a + 2) * max(a, 3) ^ (1 - a);\nend");
    let name = |s| model[s].name.clone();
    let text = formula_text(&model.assignments[0].formula, &name);
    assert_eq!(text, "-(a + 2) * max(a, 3) ^ (1 - a)");
}

#[test]
fn messages_show_the_place_and_the_way_out() {
    let text = "model depletion()
  unit gigacell = 1e9 item;
  species B = 60, E = 1;
  B has gigacell; E has gigacell;
  k_kill = 0.1; k_kill has 1/(gigacell*hour);
  B -> ; k_kill * E * B;
  E -> ; dE * E;
  k_kill = 0.2;
  pI = 3;
end
";
    let errors = load("models/depletion.ant", text, &|_| None, &Options::default()).unwrap_err();
    insta::assert_snapshot!(render(&errors), @r#"
    error: `k_kill` is in 1/(gigacell*hour) but the rate of `B` needs 1/(gigacell*day)
     --> models/depletion.ant:6:10
      |
    6 |   B -> ; k_kill * E * B;
      |          ^^^^^^ declared in 1/(gigacell*hour) at line 5
      |
      = hint: declare it in 1/(gigacell*day), or write `24 * k_kill`

    error: unknown name `dE`
     --> models/depletion.ant:7:10
      |
    7 |   E -> ; dE * E;
      |          ^^
      |
      = hint: give it a value: `dE = ...`

    error: `k_kill` is defined twice
     --> models/depletion.ant:8:3
      |
    5 |   k_kill = 0.1; k_kill has 1/(gigacell*hour);
      |   ------ first definition
    ...
    8 |   k_kill = 0.2;
      |   ^^^^^^ second definition
      |
      = hint: delete one of the two, or give it another name

    warning: other tools read `pI` as the constant `pi`
     --> models/depletion.ant:9:3
      |
    9 |   pI = 3;
      |   ^^
      |
      = hint: choose another name
    "#);
}

#[test]
fn messages_about_two_files_show_both() {
    let cells = "model cells(B, k)\n  B = 1;\n  B' = -k * B;\nend\n";
    let main = "import \"cells.ant\"\nmodel main()\n  x: cells(y, z);\n  y = 3;\nend\n";
    let resolve = |name: &str| (name == "cells.ant").then(|| cells.to_string());
    let errors = load("main.ant", main, &resolve, &Options::default()).unwrap_err();
    insta::assert_snapshot!(render(&errors), @r#"
    error: `z` has no value
     --> main.ant:3:15
      |
    3 |   x: cells(y, z);
      |               ^
      |
     ::: cells.ant:3:9
      |
    3 |   B' = -k * B;
      |         - used here
      |
      = hint: write `z = ...;`
    "#);
}

#[test]
fn the_example_of_the_language_reference_reads() {
    let page = include_str!("../../../docs/reference/model-language.md");
    let example = page.split("```").nth(1).unwrap().trim_start_matches("text");
    let blocker = "model fcrn_blocker(C)
      unit per_day = 1/day;
      B = 0; B' = k_on * (1 - B); k_on = 0.1 per_day; B has dimensionless;
    end";
    let resolve = |name: &str| (name == "drugs/fcrn_blocker.ant").then(|| blocker.to_string());
    let loaded = load("example.ant", example, &resolve, &Options::default());
    let model = loaded
        .unwrap_or_else(|errors| panic!("{}", render(&errors)))
        .model;
    assert_eq!(value(&model, "k_on"), 0.3);
    assert_eq!(rate(&model, "C"), -0.2 * 10.0 / 3.0);
}

#[test]
fn other_line_ends_and_a_byte_order_mark_change_nothing() {
    let text = "\u{feff}model m()\r\n a = 1\r\n b := 2 * a\r\nend\r\n";
    assert_eq!(value(&read(text), "b"), 2.0);
}
