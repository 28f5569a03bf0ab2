//! The inner loops of the lane integrator, one copy for each instruction set.
//!
//! Each function does the same arithmetic in the same order whatever the instruction set.

#![expect(
    clippy::needless_range_loop,
    reason = "a loop over lanes that indexes every array alike becomes vector instructions"
)]

use crate::InstructionSet;
use crate::tape::{Block, LANES, Tape, interpret};

/// Makes one function of each listed signature that dispatches to copies of its body compiled for
/// each instruction set.
macro_rules! kernels {
    ($($(#[$doc:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $body:block)*) => {
        $(
            $(#[$doc])*
            $vis fn $name(set: InstructionSet, $($arg: $type),*) {
                #[inline(always)]
                fn body($($arg: $type),*) $body

                #[cfg(target_arch = "x86_64")]
                #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
                fn avx512($($arg: $type),*) {
                    body($($arg),*)
                }
                #[cfg(target_arch = "x86_64")]
                #[target_feature(enable = "avx2")]
                fn avx2($($arg: $type),*) {
                    body($($arg),*)
                }
                #[cfg(target_arch = "x86_64")]
                match set {
                    InstructionSet::Avx512 if InstructionSet::Avx512.is_available() => {
                        // SAFETY: the guard found that this machine has the instructions.
                        unsafe { avx512($($arg),*) }
                    }
                    InstructionSet::Avx512 | InstructionSet::Avx2
                        if InstructionSet::Avx2.is_available() =>
                    {
                        // SAFETY: the guard found that this machine has the instructions.
                        unsafe { avx2($($arg),*) }
                    }
                    _ => body($($arg),*),
                }
                #[cfg(not(target_arch = "x86_64"))]
                {
                    let _ = set;
                    body($($arg),*)
                }
            }
        )*
    };
}

/// Where the elimination of one pivot works: `memory[pivot]` becomes its reciprocal, each slot of
/// `column` is multiplied by it, then each `(to, left, above)` takes `to -= left * above`.
#[derive(Clone, Debug, Default)]
pub struct Pivot {
    /// Slot of the diagonal entry.
    pub diagonal: u16,
    /// Slots below the diagonal.
    pub column: Vec<u16>,
    /// Updates of the rest of the matrix.
    pub updates: Vec<[u16; 3]>,
}

/// One row of a triangular factor: `(slot of the entry, column)`.
#[derive(Clone, Debug, Default)]
pub struct TriangularRow {
    /// Row that this one solves for.
    pub row: u16,
    /// Slot of the reciprocal of the diagonal (upper factor only).
    pub diagonal: u16,
    /// Entries left (lower) or right (upper) of the diagonal.
    pub entries: Vec<[u16; 2]>,
}

/// A sparse LU factorisation without pivoting: which slot is worked on when.
#[derive(Clone, Debug, Default)]
pub struct Elimination {
    /// In order of elimination.
    pub pivots: Vec<Pivot>,
    /// Rows of the lower factor in order of elimination.
    pub lower: Vec<TriangularRow>,
    /// Rows of the upper factor in reverse order.
    pub upper: Vec<TriangularRow>,
}

#[inline(always)]
fn combine<const J: usize>(k: &[Block], n: usize, c: &[f64], i: usize) -> [f64; LANES] {
    let mut sum = [0.0; LANES];
    for j in 0..J {
        let kj = &k[j * n + i].0;
        for l in 0..LANES {
            sum[l] += c[j] * kj[l];
        }
    }
    sum
}

#[inline(always)]
fn combination(k: &[Block], n: usize, c: &[f64], i: usize) -> [f64; LANES] {
    match c.len() {
        0 => [0.0; LANES],
        1 => combine::<1>(k, n, c, i),
        2 => combine::<2>(k, n, c, i),
        3 => combine::<3>(k, n, c, i),
        4 => combine::<4>(k, n, c, i),
        5 => combine::<5>(k, n, c, i),
        6 => combine::<6>(k, n, c, i),
        7 => combine::<7>(k, n, c, i),
        _ => combine::<8>(k, n, c, i),
    }
}

kernels! {
    /// Runs a tape on `memory`.
    pub(crate) fn run_tape(tape: &Tape, memory: &mut [Block]) {
        interpret(tape, memory)
    }

    /// Factorises in place.
    pub fn factorise(elimination: &Elimination, memory: &mut [Block]) {
        for p in &elimination.pivots {
            let mut r = [0.0; LANES];
            for l in 0..LANES {
                r[l] = 1.0 / memory[p.diagonal as usize].0[l];
            }
            memory[p.diagonal as usize] = Block(r);
            for &s in &p.column {
                let s = &mut memory[s as usize].0;
                for l in 0..LANES {
                    s[l] *= r[l];
                }
            }
            for &[to, left, above] in &p.updates {
                let mut x = memory[to as usize].0;
                let (a, b) = (&memory[left as usize].0, &memory[above as usize].0);
                for l in 0..LANES {
                    x[l] -= a[l] * b[l];
                }
                memory[to as usize] = Block(x);
            }
        }
    }

    /// Solves with the factors in `memory`, in place of the right-hand side `x`.
    pub fn substitute(elimination: &Elimination, memory: &[Block], x: &mut [Block]) {
        for r in &elimination.lower {
            let mut sum = x[r.row as usize].0;
            for &[slot, column] in &r.entries {
                let (a, b) = (&memory[slot as usize].0, &x[column as usize].0);
                for l in 0..LANES {
                    sum[l] -= a[l] * b[l];
                }
            }
            x[r.row as usize] = Block(sum);
        }
        for r in &elimination.upper {
            let mut sum = x[r.row as usize].0;
            for &[slot, column] in &r.entries {
                let (a, b) = (&memory[slot as usize].0, &x[column as usize].0);
                for l in 0..LANES {
                    sum[l] -= a[l] * b[l];
                }
            }
            let d = &memory[r.diagonal as usize].0;
            for l in 0..LANES {
                sum[l] *= d[l];
            }
            x[r.row as usize] = Block(sum);
        }
    }

    /// `out[i] = y[i] + sum_j c[j] k[j n + i]`, with at most 8 coefficients.
    pub fn stage_state(y: &[Block], k: &[Block], c: &[f64], out: &mut [Block]) {
        let n = y.len();
        for i in 0..n {
            let sum = combination(k, n, c, i);
            for l in 0..LANES {
                out[i].0[l] = y[i].0[l] + sum[l];
            }
        }
    }

    /// `out[i] = f[i] + inverse_step * sum_j c[j] k[j n + i]`, with at most 8 coefficients.
    pub fn stage_rate(f: &[Block], k: &[Block], c: &[f64], inverse_step: &Block, out: &mut [Block]) {
        let n = f.len();
        for i in 0..n {
            let sum = combination(k, n, c, i);
            for l in 0..LANES {
                out[i].0[l] = f[i].0[l] + inverse_step.0[l] * sum[l];
            }
        }
    }

    /// `out[i] = sum_j c[j] k[j n + i]`, with at most 8 coefficients.
    pub fn weighted_sum(k: &[Block], c: &[f64], out: &mut [Block]) {
        let n = out.len();
        for i in 0..n {
            out[i] = Block(combination(k, n, c, i));
        }
    }

    /// Root mean square over the states of `error / (absolute + relative * max(|old|, |new|))`.
    pub fn error_norm(
        error: &[Block],
        old: &[Block],
        new: &[Block],
        absolute: &[f64],
        relative: &[f64],
        out: &mut Block,
    ) {
        let mut sum = [0.0; LANES];
        for i in 0..error.len() {
            for l in 0..LANES {
                let (o, n) = (old[i].0[l].abs(), new[i].0[l].abs());
                let scale = absolute[i] + relative[i] * if o > n { o } else { n };
                let e = error[i].0[l] / scale;
                sum[l] += e * e;
            }
        }
        let count = error.len() as f64;
        for l in 0..LANES {
            out.0[l] = (sum[l] / count).sqrt();
        }
    }
}
