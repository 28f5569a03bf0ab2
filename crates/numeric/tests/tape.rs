//! Tapes and integrator kernels against plain arithmetic, one lane at a time.

use neurocart_numeric::kernel::{error_norm, stage_rate, stage_state, weighted_sum};
use neurocart_numeric::tape::{Block, Instruction, LANES, Operation, Tape};
use neurocart_numeric::{InstructionSet, elementary};
use proptest::prelude::*;

use Operation::*;

const ALL: [Operation; 35] = [
    Add,
    Subtract,
    Multiply,
    Reciprocal,
    Negate,
    AddConstant,
    MultiplyConstant,
    SubtractFromConstant,
    MultiplyAdd,
    MultiplySubtract,
    NegateMultiplyAdd,
    Max,
    Min,
    MaxConstant,
    MinConstant,
    Exp,
    Ln,
    Log10,
    Power,
    SquareRoot,
    Absolute,
    Floor,
    Ceil,
    Sin,
    Cos,
    Tanh,
    Less,
    LessEqual,
    Equal,
    And,
    Or,
    Not,
    Select,
    Constant,
    Copy,
];

/// What the documentation of each operation says, for one lane.
fn plain(operation: Operation, a: f64, b: f64, c: f64, k: f64) -> f64 {
    let truth = |t: bool| f64::from(u8::from(t));
    match operation {
        Add => a + b,
        Subtract => a - b,
        Multiply => a * b,
        Reciprocal => 1.0 / a,
        Negate => -a,
        AddConstant => a + k,
        MultiplyConstant => a * k,
        SubtractFromConstant => k - a,
        MultiplyAdd => a * b + c,
        MultiplySubtract => a * b - c,
        NegateMultiplyAdd => c - a * b,
        Max => elementary::max1(a, b),
        Min => elementary::min1(a, b),
        MaxConstant => elementary::max1(a, k),
        MinConstant => elementary::min1(a, k),
        Exp => elementary::exp1(a),
        Ln => elementary::ln1(a),
        Log10 => elementary::log10_1(a),
        Power => elementary::pow1(a, b),
        SquareRoot => a.sqrt(),
        Absolute => a.abs(),
        Floor => a.floor(),
        Ceil => a.ceil(),
        Sin => elementary::sin1(a),
        Cos => elementary::cos1(a),
        Tanh => elementary::tanh1(a),
        Less => truth(a < b),
        LessEqual => truth(a <= b),
        Equal => truth(a == b),
        And => truth(a != 0.0 && b != 0.0),
        Or => truth(a != 0.0 || b != 0.0),
        Not => truth(a == 0.0),
        Select => {
            if a != 0.0 {
                b
            } else {
                c
            }
        }
        Constant => k,
        Copy => a,
    }
}

fn same_bits(x: f64, y: f64) -> bool {
    x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan())
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        -10.0f64..10.0,
        prop::sample::select(vec![0.0, -0.0, 1.0, -1.0, f64::NAN, f64::INFINITY, 1e300]),
    ]
}

fn blocks(count: usize) -> impl Strategy<Value = Vec<Block>> {
    let block = prop::collection::vec(number(), LANES);
    let block = block.prop_map(|v| Block(v.try_into().expect("as many as lanes")));
    prop::collection::vec(block, count)
}

fn finite_blocks(count: usize) -> impl Strategy<Value = Vec<Block>> {
    let block = prop::collection::vec(-10.0f64..10.0, LANES);
    let block = block.prop_map(|v| Block(v.try_into().expect("as many as lanes")));
    prop::collection::vec(block, count)
}

proptest! {
    #[test]
    fn each_operation_does_in_each_lane_what_it_says(memory in blocks(3), k in number()) {
        for operation in ALL {
            let b = if operation.takes_constant() { 0 } else { 1 };
            let instruction = Instruction { operation, to: 3, a: 0, b, c: 2 };
            let tape = Tape::new(vec![instruction], vec![k], 4);
            for set in InstructionSet::ALL {
                let mut memory = memory.clone();
                memory.push(Block::default());
                tape.run(set, &mut memory);
                for lane in 0..LANES {
                    let [a, b, c] = [0, 1, 2].map(|i: usize| memory[i].0[lane]);
                    let (found, expected) = (memory[3].0[lane], plain(operation, a, b, c, k));
                    prop_assert!(
                        same_bits(found, expected),
                        "{operation:?} of {a}, {b}, {c}, {k} under {set}: {found}, not {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_result_may_take_the_place_of_an_operand(memory in blocks(3)) {
        for to in 0..3 {
            let instruction = Instruction { operation: MultiplyAdd, to, a: 0, b: 1, c: 2 };
            let tape = Tape::new(vec![instruction], Vec::new(), 3);
            let mut changed = memory.clone();
            tape.run(InstructionSet::widest(), &mut changed);
            for lane in 0..LANES {
                let [a, b, c] = [0, 1, 2].map(|i: usize| memory[i].0[lane]);
                prop_assert!(same_bits(changed[to as usize].0[lane], a * b + c));
            }
        }
    }

    #[test]
    fn stage_kernels_are_the_sums_they_stand_for(
        y in finite_blocks(3),
        k in finite_blocks(3 * 8),
        c in prop::collection::vec(-20.0f64..20.0, 8),
        inverse in finite_blocks(1),
    ) {
        let n = y.len();
        for terms in 0..=8 {
            let sum = |i: usize, lane: usize| {
                (0..terms).fold(0.0, |sum, j| sum + c[j] * k[j * n + i].0[lane])
            };
            for set in InstructionSet::ALL {
                let mut states = vec![Block::default(); n];
                let mut rates = states.clone();
                let mut weighted = states.clone();
                stage_state(set, &y, &k, &c[..terms], &mut states);
                stage_rate(set, &y, &k, &c[..terms], &inverse[0], &mut rates);
                weighted_sum(set, &k, &c[..terms], &mut weighted);
                for (i, lane) in (0..n).flat_map(|i| (0..LANES).map(move |lane| (i, lane))) {
                    let (y, sum) = (y[i].0[lane], sum(i, lane));
                    prop_assert!(same_bits(states[i].0[lane], y + sum));
                    prop_assert!(same_bits(rates[i].0[lane], y + inverse[0].0[lane] * sum));
                    prop_assert!(same_bits(weighted[i].0[lane], sum));
                }
            }
        }
    }

    #[test]
    fn the_error_norm_is_the_root_mean_square_of_scaled_errors(
        error in finite_blocks(4),
        old in finite_blocks(4),
        new in finite_blocks(4),
    ) {
        let absolute = [1e-3, 1e-6, 1.0, 0.1];
        let relative = 1e-4;
        for set in InstructionSet::ALL {
            let mut found = Block::default();
            error_norm(set, &error, &old, &new, &absolute, &vec![relative; absolute.len()], &mut found);
            for lane in 0..LANES {
                let squares = (0..4).map(|i| {
                    let larger = old[i].0[lane].abs().max(new[i].0[lane].abs());
                    (error[i].0[lane] / (absolute[i] + relative * larger)).powi(2)
                });
                let expected = (squares.sum::<f64>() / 4.0).sqrt();
                prop_assert!(same_bits(found.0[lane], expected));
            }
        }
    }
}

#[test]
fn a_tape_with_a_slot_or_constant_that_does_not_exist_is_refused() {
    let good = Instruction {
        operation: MultiplyConstant,
        to: 1,
        a: 0,
        b: 0,
        c: 0,
    };
    let made = |instruction| {
        std::panic::catch_unwind(|| Tape::new(vec![instruction], vec![2.0], 2)).is_ok()
    };
    assert!(made(good));
    assert!(!made(Instruction { to: 2, ..good }));
    assert!(!made(Instruction { a: 2, ..good }));
    assert!(!made(Instruction { b: 1, ..good }));
    assert!(!made(Instruction { c: 2, ..good }));
    let memory_too_small = std::panic::catch_unwind(|| {
        let tape = Tape::new(vec![good], vec![2.0], 2);
        tape.run(InstructionSet::Scalar, &mut [Block::default()]);
    });
    assert!(memory_too_small.is_err());
}
