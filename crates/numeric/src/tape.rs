//! A tape: straight-line arithmetic over blocks of lanes.
//!
//! A [`Tape`] is a list of [`Instruction`]s that read and write slots of a memory of [`Block`]s.
//! Every lane of a block goes through the same operations and none ever looks at another lane, so
//! a lane's bits depend on nothing but its own input. There is no fused multiply-add: the same
//! tape gives the same bits under every instruction set.

#![expect(
    clippy::needless_range_loop,
    reason = "a loop over lanes that indexes every array alike becomes vector instructions"
)]

use crate::InstructionSet;
use crate::lane;

/// Number of patients that go through a tape together.
pub const LANES: usize = 16;

/// One value for each lane.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block(pub [f64; LANES]);

impl Block {
    /// The same value in every lane.
    pub const fn splat(value: f64) -> Block {
        Block([value; LANES])
    }
}

impl Default for Block {
    fn default() -> Self {
        Block::splat(0.0)
    }
}

/// What an instruction computes into slot `to` from slots `a`, `b`, `c`, or from the constant
/// with index `b` where the name ends in `Constant`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Operation {
    /// `a + b`
    Add,
    /// `a - b`
    Subtract,
    /// `a * b`
    Multiply,
    /// `1 / a`
    Reciprocal,
    /// `-a`
    Negate,
    /// `a + constant`
    AddConstant,
    /// `a * constant`
    MultiplyConstant,
    /// `constant - a`
    SubtractFromConstant,
    /// `a * b + c`, two roundings
    MultiplyAdd,
    /// `a * b - c`, two roundings
    MultiplySubtract,
    /// `c - a * b`, two roundings
    NegateMultiplyAdd,
    /// Larger of `a` and `b`
    Max,
    /// Smaller of `a` and `b`
    Min,
    /// Larger of `a` and the constant
    MaxConstant,
    /// Smaller of `a` and the constant
    MinConstant,
    /// Exponential
    Exp,
    /// Natural logarithm
    Ln,
    /// Logarithm to base 10
    Log10,
    /// `a` to the power `b`
    Power,
    /// Square root
    SquareRoot,
    /// Absolute value
    Absolute,
    /// Largest integer not above
    Floor,
    /// Smallest integer not below
    Ceil,
    /// Sine
    Sin,
    /// Cosine
    Cos,
    /// Hyperbolic tangent
    Tanh,
    /// 1 if `a < b`, else 0
    Less,
    /// 1 if `a <= b`, else 0
    LessEqual,
    /// 1 if `a == b`, else 0
    Equal,
    /// 1 if both are true (not 0), else 0
    And,
    /// 1 if at least one is true, else 0
    Or,
    /// 1 if `a` is 0, else 0
    Not,
    /// `b` where `a` is true (not 0), else `c`
    Select,
    /// The constant
    Constant,
    /// `a`
    Copy,
}

/// One step of a tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What to compute.
    pub operation: Operation,
    /// Slot that takes the result.
    pub to: u16,
    /// First operand slot.
    pub a: u16,
    /// Second operand slot, or index of the constant.
    pub b: u16,
    /// Third operand slot.
    pub c: u16,
}

/// Instructions whose slots and constants are known to exist.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    instructions: Vec<Instruction>,
    constants: Vec<f64>,
    slots: usize,
}

impl Tape {
    /// Checks that every slot is below `slots` and every constant exists.
    ///
    /// # Panics
    /// If one does not: a tape comes from a compiler, never from a user.
    pub fn new(instructions: Vec<Instruction>, constants: Vec<f64>, slots: usize) -> Tape {
        for i in &instructions {
            let constant = i.operation.takes_constant();
            assert!((i.to as usize) < slots && (i.a as usize) < slots && (i.c as usize) < slots);
            assert!((i.b as usize) < if constant { constants.len() } else { slots });
        }
        Tape {
            instructions,
            constants,
            slots,
        }
    }

    /// The instructions.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// Runs the tape on `memory`.
    ///
    /// # Panics
    /// If `memory` has fewer slots than the tape was made for.
    pub fn run(&self, set: InstructionSet, memory: &mut [Block]) {
        crate::kernel::run_tape(set, self, memory);
    }
}

impl Operation {
    /// Whether operand `b` is the index of a constant.
    pub fn takes_constant(self) -> bool {
        use Operation::*;
        matches!(
            self,
            AddConstant
                | MultiplyConstant
                | SubtractFromConstant
                | MaxConstant
                | MinConstant
                | Constant
        )
    }
}

#[inline(always)]
fn map1(a: &Block, f: impl Fn(f64) -> f64) -> Block {
    let mut r = [0.0; LANES];
    for l in 0..LANES {
        r[l] = f(a.0[l]);
    }
    Block(r)
}

#[inline(always)]
fn map2(a: &Block, b: &Block, f: impl Fn(f64, f64) -> f64) -> Block {
    let mut r = [0.0; LANES];
    for l in 0..LANES {
        r[l] = f(a.0[l], b.0[l]);
    }
    Block(r)
}

#[inline(always)]
fn map3(a: &Block, b: &Block, c: &Block, f: impl Fn(f64, f64, f64) -> f64) -> Block {
    let mut r = [0.0; LANES];
    for l in 0..LANES {
        r[l] = f(a.0[l], b.0[l], c.0[l]);
    }
    Block(r)
}

#[inline(always)]
fn truth(condition: bool) -> f64 {
    if condition { 1.0 } else { 0.0 }
}

/// The interpreter, inlined into one copy for each instruction set.
#[inline(always)]
pub(crate) fn interpret(tape: &Tape, memory: &mut [Block]) {
    assert!(memory.len() >= tape.slots);
    let base = memory.as_mut_ptr();
    for i in &tape.instructions {
        // SAFETY: `Tape::new` found every slot below `slots`, and the assertion above found that
        // many blocks. No such reference lives when the result is written below.
        let slot = |k: u16| -> &Block { unsafe { &*base.add(k as usize) } };
        // SAFETY: called for operations that take a constant only, whose index `Tape::new` checked.
        let constant = || -> f64 { unsafe { *tape.constants.get_unchecked(i.b as usize) } };
        let (a, b, c) = (i.a, i.b, i.c);
        let result = match i.operation {
            Operation::Add => map2(slot(a), slot(b), |x, y| x + y),
            Operation::Subtract => map2(slot(a), slot(b), |x, y| x - y),
            Operation::Multiply => map2(slot(a), slot(b), |x, y| x * y),
            Operation::Reciprocal => map1(slot(a), |x| 1.0 / x),
            Operation::Negate => map1(slot(a), |x| -x),
            Operation::AddConstant => {
                let k = constant();
                map1(slot(a), |x| x + k)
            }
            Operation::MultiplyConstant => {
                let k = constant();
                map1(slot(a), |x| x * k)
            }
            Operation::SubtractFromConstant => {
                let k = constant();
                map1(slot(a), |x| k - x)
            }
            Operation::MultiplyAdd => map3(slot(a), slot(b), slot(c), |x, y, z| x * y + z),
            Operation::MultiplySubtract => map3(slot(a), slot(b), slot(c), |x, y, z| x * y - z),
            Operation::NegateMultiplyAdd => map3(slot(a), slot(b), slot(c), |x, y, z| z - x * y),
            Operation::Max => Block(lane::max(slot(a).0, slot(b).0)),
            Operation::Min => Block(lane::min(slot(a).0, slot(b).0)),
            Operation::MaxConstant => Block(lane::max(slot(a).0, [constant(); LANES])),
            Operation::MinConstant => Block(lane::min(slot(a).0, [constant(); LANES])),
            Operation::Exp => Block(lane::exp(slot(a).0)),
            Operation::Ln => Block(lane::ln(slot(a).0)),
            Operation::Log10 => Block(lane::log10(slot(a).0)),
            Operation::Power => Block(lane::pow(slot(a).0, slot(b).0)),
            Operation::SquareRoot => map1(slot(a), f64::sqrt),
            Operation::Absolute => map1(slot(a), f64::abs),
            Operation::Floor => Block(lane::floor(slot(a).0)),
            Operation::Ceil => Block(lane::ceil(slot(a).0)),
            Operation::Sin => Block(lane::sin(slot(a).0)),
            Operation::Cos => Block(lane::cos(slot(a).0)),
            Operation::Tanh => Block(lane::tanh(slot(a).0)),
            Operation::Less => map2(slot(a), slot(b), |x, y| truth(x < y)),
            Operation::LessEqual => map2(slot(a), slot(b), |x, y| truth(x <= y)),
            Operation::Equal => map2(slot(a), slot(b), |x, y| truth(x == y)),
            Operation::And => map2(slot(a), slot(b), |x, y| truth(x != 0.0 && y != 0.0)),
            Operation::Or => map2(slot(a), slot(b), |x, y| truth(x != 0.0 || y != 0.0)),
            Operation::Not => map1(slot(a), |x| truth(x == 0.0)),
            Operation::Select => map3(
                slot(a),
                slot(b),
                slot(c),
                |x, y, z| if x != 0.0 { y } else { z },
            ),
            Operation::Constant => Block::splat(constant()),
            Operation::Copy => *slot(a),
        };
        // SAFETY: in bounds as above, and `memory` is borrowed for us alone.
        unsafe { *base.add(i.to as usize) = result };
    }
}
