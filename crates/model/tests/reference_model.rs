//! The reference formulation of the biology, read unchanged.

use neurocart_model::{
    Model, Options, SymbolId, SymbolKind, initial_values, load, render, right_hand_side,
};

const TEXT: &str = include_str!("../../../reference/model.ant");
const PROBE: &str = include_str!("../../../reference/right_hand_side_probe.csv");

fn reference_model() -> Model {
    match load("model.ant", TEXT, &|_| None, &Options::default()) {
        Ok(loaded) => {
            assert_eq!(render(&loaded.warnings), "");
            loaded.model
        }
        Err(errors) => panic!("{}", render(&errors)),
    }
}

fn symbol(model: &Model, name: &str) -> SymbolId {
    model
        .symbol(name)
        .unwrap_or_else(|| panic!("no symbol {name}"))
}

#[test]
fn reference_model_reads_without_a_word() {
    let model = reference_model();
    let count = |kind| model.symbols.iter().filter(|s| s.kind == kind).count();
    assert_eq!(model.name, "neuroimmune_cart");
    assert_eq!(model.states.len(), 51);
    assert_eq!(count(SymbolKind::State), 51);
    assert_eq!(model.assignments.len(), count(SymbolKind::Assigned));
    assert_eq!(model.events.len(), 4);
    assert_eq!(model.initial.len(), 51 + count(SymbolKind::Parameter));
}

/// The probe of the specification: all therapies switched on at once, every state away from rest.
#[test]
fn right_hand_side_of_reference_model_agrees_with_the_published_probe() {
    let model = reference_model();
    let given = [
        ("t19", 1.0),
        ("tBC", 1.0),
        ("D1t20", 1.0),
        ("D2fcrn", 1.0),
        ("D2c5", 1.0),
        ("D2il6", 1.0),
        ("D2nat", 1.0),
        ("krej", 0.1),
        ("kCARloss", 0.05),
    ];
    let mut given: Vec<_> = given.iter().map(|(n, v)| (symbol(&model, n), *v)).collect();
    let rows: Vec<Vec<&str>> = PROBE
        .lines()
        .skip(1)
        .map(|l| l.split(',').collect())
        .collect();
    assert_eq!(rows.len(), 51);
    // The specification prints ten digits; these two states are at rest only at the exact fraction.
    let in_full = [("My", 1.0 / 1.4), ("At", 100.0 * 0.16 / 0.15)];
    for row in &rows {
        let printed: f64 = row[1].parse().unwrap();
        let exact = in_full
            .iter()
            .find(|(name, _)| *name == row[0])
            .map(|(_, v)| *v);
        given.push((symbol(&model, row[0]), exact.unwrap_or(printed)));
    }
    let mut values = initial_values(&model, &given, 0.0);
    let rates = right_hand_side(&model, &mut values, 0.0);
    for row in &rows {
        let expected: f64 = row[2].parse().unwrap();
        let state = symbol(&model, row[0]);
        let position = model.states.iter().position(|s| s.symbol == state).unwrap();
        let difference = (rates[position] - expected).abs();
        // Rates that cancel to zero are zero up to rounding of terms of order one.
        assert!(
            difference <= 1e-9 * expected.abs() || difference < 1e-14,
            "{}: {:e} against {expected:e}",
            row[0],
            rates[position]
        );
    }
}
