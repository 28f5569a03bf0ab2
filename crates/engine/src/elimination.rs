//! Symbolic sparse LU: which entries exist, in which order to eliminate, what fills in.
//!
//! The matrix is `J - I/(h gamma)` of a Rosenbrock step. Its pattern is known at compile time, so
//! the order is chosen once, by least fill (Markowitz 1957, doi:10.1287/mnsc.3.3.255) along the
//! diagonal, and every factorisation is the same list of operations. There is no pivoting: a pivot
//! that vanishes makes the step non-finite, and the step is tried again at another size.

use std::collections::{BTreeMap, BTreeSet};

use crate::emission::TooLarge;
use neurocart_numeric::kernel::{Elimination, Pivot, TriangularRow};

/// The pattern of the matrix with fill, and how to factorise it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SymbolicFactor {
    /// Position of each entry `(row, column)` among the matrix slots.
    pub position: BTreeMap<(u32, u32), u16>,
    /// Slots to clear before each factorisation because only fill lands there.
    pub fill: Vec<u16>,
    /// Slots of the diagonal, by row.
    pub diagonal: Vec<u16>,
    /// The list of operations.
    pub elimination: Elimination,
}

/// Finds order and fill for an `n` by `n` matrix with the given entries and a full diagonal, whose
/// first slot is `first_slot`.
pub(crate) fn symbolic_factor(
    n: usize,
    entries: &[(u32, u32)],
    first_slot: u16,
) -> Result<SymbolicFactor, TooLarge> {
    let room = usize::from(u16::MAX - first_slot);
    let mut rows: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); n];
    let mut columns: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); n];
    let mut all: BTreeSet<(u32, u32)> = entries.iter().copied().collect();
    all.extend((0..n as u32).map(|i| (i, i)));
    let original = all.clone();
    for &(i, j) in &all {
        rows[i as usize].insert(j);
        columns[j as usize].insert(i);
    }
    // Elimination order and fill.
    let mut left: BTreeSet<u32> = (0..n as u32).collect();
    let mut steps: Vec<(u32, Vec<u32>, Vec<u32>)> = Vec::with_capacity(n);
    while let Some(&first) = left.first() {
        let cost = |k: u32| (rows[k as usize].len() - 1) * (columns[k as usize].len() - 1);
        let k = left
            .iter()
            .copied()
            .fold(first, |best, k| if cost(k) < cost(best) { k } else { best });
        left.remove(&k);
        let row: Vec<u32> = rows[k as usize]
            .iter()
            .copied()
            .filter(|&j| j != k)
            .collect();
        let column: Vec<u32> = columns[k as usize]
            .iter()
            .copied()
            .filter(|&i| i != k)
            .collect();
        for &i in &column {
            for &j in &row {
                if rows[i as usize].insert(j) {
                    columns[j as usize].insert(i);
                    all.insert((i, j));
                }
            }
            rows[i as usize].remove(&k);
        }
        for &j in &row {
            columns[j as usize].remove(&k);
        }
        if all.len() > room {
            return Err(TooLarge);
        }
        steps.push((k, column, row));
    }
    // Slots in the order in which the factorisation walks through them.
    let mut position: BTreeMap<(u32, u32), u16> = BTreeMap::new();
    let mut next = first_slot;
    let mut take = |position: &mut BTreeMap<(u32, u32), u16>, at: (u32, u32)| {
        *position.entry(at).or_insert_with(|| {
            next += 1;
            next - 1
        })
    };
    let mut elimination = Elimination::default();
    for (k, column, row) in &steps {
        let diagonal = take(&mut position, (*k, *k));
        for &i in column {
            take(&mut position, (i, *k));
        }
        for &j in row {
            take(&mut position, (*k, j));
        }
        let mut pivot = Pivot {
            diagonal,
            ..Pivot::default()
        };
        for &i in column {
            pivot.column.push(take(&mut position, (i, *k)));
        }
        for &i in column {
            for &j in row {
                let to = take(&mut position, (i, j));
                pivot
                    .updates
                    .push([to, position[&(i, *k)], position[&(*k, j)]]);
            }
        }
        elimination.pivots.push(pivot);
    }
    let rank: BTreeMap<u32, usize> = steps.iter().enumerate().map(|(r, s)| (s.0, r)).collect();
    for (k, _, _) in &steps {
        let entries: Vec<[u16; 2]> = all
            .range((*k, 0)..=(*k, u32::MAX))
            .filter(|&&(_, j)| rank[&j] < rank[k])
            .map(|&(i, j)| [position[&(i, j)], j as u16])
            .collect();
        if !entries.is_empty() {
            elimination.lower.push(TriangularRow {
                row: *k as u16,
                diagonal: 0,
                entries,
            });
        }
    }
    for (k, _, row) in steps.iter().rev() {
        elimination.upper.push(TriangularRow {
            row: *k as u16,
            diagonal: position[&(*k, *k)],
            entries: row
                .iter()
                .map(|&j| [position[&(*k, j)], j as u16])
                .collect(),
        });
    }
    Ok(SymbolicFactor {
        fill: all.difference(&original).map(|at| position[at]).collect(),
        diagonal: (0..n as u32).map(|i| position[&(i, i)]).collect(),
        position,
        elimination,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use neurocart_numeric::InstructionSet;
    use neurocart_numeric::kernel::{factorise, substitute};
    use neurocart_numeric::tape::Block;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn factors_of_a_dominant_matrix_solve_it(
            n in 1usize..12,
            seed in proptest::collection::vec((0u32..12, 0u32..12, -1.0f64..1.0), 0..60),
            b in proptest::collection::vec(-1.0f64..1.0, 12),
        ) {
            let entries: BTreeMap<(u32, u32), f64> = seed
                .iter()
                .filter(|e| (e.0 as usize) < n && (e.1 as usize) < n && e.0 != e.1)
                .map(|&(i, j, v)| ((i, j), v))
                .collect();
            let keys: Vec<(u32, u32)> = entries.keys().copied().collect();
            let factor = symbolic_factor(n, &keys, 0).expect("small");
            let mut memory = vec![Block::default(); factor.position.len()];
            for (at, &v) in &entries {
                memory[factor.position[at] as usize] = Block::splat(v);
            }
            for &d in &factor.diagonal {
                memory[d as usize] = Block::splat(-15.0);
            }
            let mut x: Vec<Block> = b[..n].iter().map(|&v| Block::splat(v)).collect();
            factorise(InstructionSet::Scalar, &factor.elimination, &mut memory);
            substitute(InstructionSet::Scalar, &factor.elimination, &memory, &mut x);
            for i in 0..n {
                let mut sum = -15.0 * x[i].0[0];
                for (&(r, c), v) in &entries {
                    if r as usize == i {
                        sum += v * x[c as usize].0[0];
                    }
                }
                prop_assert!((sum - b[i]).abs() < 1e-12);
            }
        }
    }
}
