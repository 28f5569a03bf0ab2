//! Random formulas: what the tape computes is what the plain evaluator computes.

mod small;

use neurocart_engine::{CompileOptions, Program};
use neurocart_model::{
    Assignment, BinaryOperator, Expression, Function, Model, State, Symbol, SymbolId, SymbolKind,
    UnaryOperator, evaluate, right_hand_side,
};
use proptest::prelude::*;

/// States x0, x1 and parameters p0, p1, by symbol; p1 comes from the patient.
const NAMES: [&str; 4] = ["x0", "x1", "p0", "p1"];

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => -4.0f64..4.0,
        2 => prop::sample::select(vec![0.0, 1.0, -1.0, 2.0, 0.5, 3.0, -2.0]),
    ]
}

fn formula() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        number().prop_map(Expression::Number),
        (0u32..4).prop_map(|i| Expression::Symbol(SymbolId(i))),
        Just(Expression::Time),
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        use BinaryOperator::*;
        use Function::*;
        let operators = prop::sample::select(vec![
            Add,
            Subtract,
            Multiply,
            Divide,
            Power,
            Less,
            LessEqual,
            Greater,
            GreaterEqual,
            Equal,
            NotEqual,
            And,
            Or,
        ]);
        let arithmetic = prop::sample::select(vec![Add, Subtract, Multiply, Divide]);
        let functions =
            prop::sample::select(vec![Exp, Ln, Log10, Sqrt, Abs, Floor, Ceil, Sin, Cos, Tanh]);
        let several = prop::sample::select(vec![Max, Min]);
        let binary = |(operator, a, b)| Expression::Binary(operator, Box::new(a), Box::new(b));
        prop_oneof![
            4 => (arithmetic, inner.clone(), inner.clone()).prop_map(binary),
            2 => (operators, inner.clone(), inner.clone()).prop_map(binary),
            2 => (functions, inner.clone()).prop_map(|(f, a)| Expression::Call(f, vec![a])),
            1 => (several, prop::collection::vec(inner.clone(), 1..4))
                .prop_map(|(f, arguments)| Expression::Call(f, arguments)),
            1 => inner.clone().prop_map(|a| Expression::Unary(UnaryOperator::Negate, Box::new(a))),
            1 => inner.clone().prop_map(|a| Expression::Unary(UnaryOperator::Not, Box::new(a))),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(value, condition, otherwise)| {
                let branches = vec![(value, condition)];
                Expression::Piecewise { branches, otherwise: Box::new(otherwise) }
            }),
        ]
    })
}

/// x0' and x1' are the two formulas.
fn model(rates: [Expression; 2]) -> Model {
    let symbol = |i: usize| Symbol {
        name: NAMES[i].into(),
        path: NAMES[i].into(),
        kind: if i < 2 {
            SymbolKind::State
        } else {
            SymbolKind::Parameter
        },
        ..Symbol::default()
    };
    let initial = |i: usize| Assignment {
        symbol: SymbolId(i as u32),
        formula: Expression::Number(1.0 + i as f64),
    };
    let mut rates = rates.into_iter();
    let state = |i| State {
        symbol: SymbolId(i),
        rate: rates.next().expect("two rates"),
    };
    Model {
        symbols: (0..4).map(symbol).collect(),
        states: (0..2).map(state).collect(),
        initial: (0..4).map(initial).collect(),
        ..Model::default()
    }
}

fn compile(model: &Model) -> Program {
    let names = |n: &[&str]| n.iter().map(|s| s.to_string()).collect();
    // Targets keep both states in the program.
    let options = CompileOptions {
        varying: names(&["p1"]),
        targets: names(&["x0", "x1"]),
        ..CompileOptions::default()
    };
    Program::compile(model, options).expect("compiles")
}

/// Rates by the tape, in the order of the model.
fn compiled(program: &Program, p1: f64, time: f64, x: [f64; 2]) -> Vec<f64> {
    let mut states = x.to_vec();
    if program.states().len() == 3 {
        states.push(time); // the clock
    }
    let mut rates = program.rates(&[p1], time, &states).expect("rates");
    rates.truncate(2);
    rates
}

fn plain(model: &Model, p1: f64, time: f64, x: [f64; 2]) -> Vec<f64> {
    right_hand_side(model, &mut [x[0], x[1], 3.0, p1], time)
}

/// The largest change of a rate when each of its inputs changes in the 13th digit: how much rounding
/// on the way may matter. Infinite at a jump.
fn sensitivity(model: &Model, p1: f64, time: f64, x: [f64; 2], rate: usize) -> f64 {
    let here = plain(model, p1, time, x)[rate];
    let mut worst = 0.0f64;
    for sign in [-1.0, 1.0] {
        let near = |v: f64| v + sign * 1e-13 * v.abs().max(1e-3);
        let shifted = [
            plain(model, p1, time, [near(x[0]), x[1]]),
            plain(model, p1, time, [x[0], near(x[1])]),
            plain(model, near(p1), time, x),
            plain(model, p1, near(time), x),
        ];
        for rates in shifted {
            let change = (rates[rate] - here).abs();
            worst = if change.is_nan() {
                f64::INFINITY
            } else {
                worst.max(change)
            };
        }
    }
    worst
}

/// Whether every part of a formula is a finite number of ordinary size, and no part is so near a
/// jump that rounding decides: a division is a product with the reciprocal, so `floor(x/x)` may be 0.
fn is_clear(formula: &Expression, at: &dyn Fn(SymbolId) -> f64, time: f64) -> bool {
    use BinaryOperator::*;
    let clear = |part: &Expression| is_clear(part, at, time);
    let of = |part: &Expression| evaluate(part, at, time);
    let apart = |a: f64, b: f64| (a - b).abs() > 1e-9 * a.abs().max(b.abs()).max(1e-3);
    // Literals and symbols are what they are, and truth values are exact.
    let exact = |part: &Expression| match part {
        Expression::Number(_) | Expression::Symbol(_) | Expression::Time => true,
        Expression::Unary(operator, _) => *operator == UnaryOperator::Not,
        Expression::Binary(operator, ..) => {
            !matches!(operator, Add | Subtract | Multiply | Divide | Power)
        }
        _ => false,
    };
    let decided = |condition: &Expression| exact(condition) || apart(of(condition), 0.0);
    let parts = match formula {
        Expression::Number(_) | Expression::Symbol(_) | Expression::Time => true,
        Expression::Unary(UnaryOperator::Not, a) => clear(a) && decided(a),
        Expression::Unary(_, a) => clear(a),
        Expression::Binary(operator, a, b) => {
            let jump = match operator {
                Less | LessEqual | Greater | GreaterEqual | Equal | NotEqual => {
                    (exact(a) && exact(b)) || apart(of(a), of(b))
                }
                And | Or => decided(a) && decided(b),
                // Below zero a power exists for whole exponents only.
                Power => of(a) > 0.0 || exact(b),
                _ => true,
            };
            clear(a) && clear(b) && jump
        }
        Expression::Call(Function::Floor | Function::Ceil, arguments) => arguments
            .iter()
            .all(|a| clear(a) && (exact(a) || apart(of(a), of(a).round()))),
        Expression::Call(_, arguments) => arguments.iter().all(clear),
        Expression::Piecewise {
            branches,
            otherwise,
        } => {
            let branch = |(v, c): &(Expression, Expression)| clear(v) && clear(c) && decided(c);
            clear(otherwise) && branches.iter().all(branch)
        }
    };
    let value = of(formula);
    parts && (value == 0.0 || (1e-100..1e100).contains(&value.abs()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_formula_compiles_and_has_the_value_of_plain_evaluation(
        a in formula(),
        b in formula(),
        x in [number(), number()],
        p1 in number(),
        time in number(),
    ) {
        let model = model([a, b]);
        let program = compile(&model);
        let found = compiled(&program, p1, time, x);
        let expected = plain(&model, p1, time, x);
        for i in 0..2 {
            let (found, expected) = (found[i], expected[i]);
            let spread = sensitivity(&model, p1, time, x, i);
            let at = |s: SymbolId| [x[0], x[1], 3.0, p1][s.0 as usize];
            // Where a part is not a finite number the two need not agree (`0 * a` is 0 here even if
            // `a` is not a number), nor where a value is so ill-conditioned that rounding decides.
            if !is_clear(&model.states[i].rate, &at, time)
                || spread > 1e-6 * expected.abs().max(1e-6)
            {
                continue;
            }
            let bound = 1e-12 * expected.abs().max(1e-3) + 1e3 * spread;
            prop_assert!(
                (found - expected).abs() <= bound,
                "rate {i}: {found}, not {expected}; bound {bound:e}"
            );
        }
    }
}

#[test]
fn a_still_state_is_left_out_and_keeps_its_value() {
    let text = "model m() x = 1; x' = y - z; y = 3; y' = 0; z = 3; z' = z - y; w = 1; w' = -w; end";
    let program = small::program(text, &[], &["x", "y", "z", "w"], &[]);
    assert_eq!(program.states(), ["w"]);
    let settings = small::settings(&[1.0], 1e-9);
    let solved = small::solve_one(&program, &settings, &[], &[]).unwrap();
    assert_eq!(solved.values[..3], [1.0, 3.0, 3.0]);
}
