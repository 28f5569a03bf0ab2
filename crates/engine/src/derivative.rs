//! Exact derivatives of graph nodes with respect to the states, as new nodes of the same graph.
//!
//! Forward accumulation: the gradient of a node is a short list of `(state, derivative)` made from
//! the gradients of its operands by the chain rule. Where a maximum switches branch the derivative
//! of the active branch is taken.

use std::collections::HashMap;

use neurocart_numeric::tape::Operation;

use crate::graph::{Graph, Kind, Node, Tier};

/// Sparse gradient, by increasing state.
pub(crate) type Gradient = Vec<(u32, Node)>;

/// Gradients of `roots` with respect to the states.
pub(crate) fn gradients(graph: &mut Graph, roots: &[Node]) -> Vec<Gradient> {
    let mut known: HashMap<Node, Gradient> = HashMap::new();
    for node in graph.parts(roots) {
        let gradient = gradient(graph, node, &known);
        known.insert(node, gradient);
    }
    roots.iter().map(|r| known[r].clone()).collect()
}

fn gradient(graph: &mut Graph, node: Node, known: &HashMap<Node, Gradient>) -> Gradient {
    if graph.tier(node) != Tier::Dynamic {
        return Vec::new();
    }
    match graph.kind(node) {
        Kind::State(i) => {
            let one = graph.constant(1.0);
            vec![(i, one)]
        }
        Kind::Constant(_) | Kind::Varying(_) | Kind::Infusion(_) | Kind::Time => Vec::new(),
        Kind::One(operation, a) => {
            let da = &known[&a];
            if da.is_empty() {
                return Vec::new();
            }
            let slope = slope(graph, operation, a, node);
            match slope {
                Some(slope) => scaled(graph, da, slope),
                None => Vec::new(),
            }
        }
        Kind::Two(operation, a, b) => {
            let (da, db) = (&known[&a], &known[&b]);
            match operation {
                Operation::Add => merged(graph, da, db, Graph::add),
                Operation::Subtract => merged(graph, da, db, Graph::subtract),
                Operation::Multiply => {
                    let left = scaled(graph, da, b);
                    let right = scaled(graph, db, a);
                    merged(graph, &left, &right, Graph::add)
                }
                Operation::Power => {
                    // d(a^b) = b a^(b-1) da + a^b ln(a) db
                    let one = graph.constant(1.0);
                    let less = graph.subtract(b, one);
                    let lowered = graph.power(a, less);
                    let slope = graph.multiply(b, lowered);
                    let left = scaled(graph, da, slope);
                    let right = if db.is_empty() {
                        Vec::new()
                    } else {
                        let ln = graph.one(Operation::Ln, a);
                        let slope = graph.multiply(node, ln);
                        scaled(graph, db, slope)
                    };
                    merged(graph, &left, &right, Graph::add)
                }
                Operation::Max | Operation::Min => {
                    let condition = if operation == Operation::Max {
                        graph.two(Operation::LessEqual, b, a)
                    } else {
                        graph.two(Operation::LessEqual, a, b)
                    };
                    chosen(graph, condition, da, db)
                }
                // Comparisons and logic are constant but for the moment they switch.
                _ => Vec::new(),
            }
        }
        Kind::Select(condition, yes, no) => chosen(graph, condition, &known[&yes], &known[&no]),
    }
}

/// Slope of an operation of one operand; `None` where it is zero.
fn slope(graph: &mut Graph, operation: Operation, a: Node, node: Node) -> Option<Node> {
    Some(match operation {
        Operation::Negate => graph.constant(-1.0),
        Operation::Reciprocal => {
            let square = graph.multiply(node, node);
            graph.negate(square)
        }
        Operation::Exp => node,
        Operation::Ln => graph.reciprocal(a),
        Operation::Log10 => {
            let r = graph.reciprocal(a);
            let scale = graph.constant(std::f64::consts::LOG10_E);
            graph.multiply(r, scale)
        }
        Operation::SquareRoot => {
            let r = graph.reciprocal(node);
            let half = graph.constant(0.5);
            graph.multiply(r, half)
        }
        Operation::Absolute => {
            let zero = graph.constant(0.0);
            let condition = graph.two(Operation::LessEqual, zero, a);
            let (up, down) = (graph.constant(1.0), graph.constant(-1.0));
            graph.select(condition, up, down)
        }
        Operation::Sin => graph.one(Operation::Cos, a),
        Operation::Cos => {
            let sine = graph.one(Operation::Sin, a);
            graph.negate(sine)
        }
        Operation::Tanh => {
            let square = graph.multiply(node, node);
            let one = graph.constant(1.0);
            graph.subtract(one, square)
        }
        _ => return None,
    })
}

fn scaled(graph: &mut Graph, gradient: &Gradient, factor: Node) -> Gradient {
    gradient
        .iter()
        .map(|&(i, d)| (i, product(graph, d, factor)))
        .collect()
}

/// `derivative * factor`, where a branch in which the derivative is zero stays zero: the factor may
/// be infinite there, as for the square root of `max(0, x)`.
fn product(graph: &mut Graph, derivative: Node, factor: Node) -> Node {
    let zero = graph.constant(0.0);
    match graph.kind(derivative) {
        Kind::Select(condition, yes, no) if yes == zero || no == zero => {
            let (yes, no) = (graph.multiply(yes, factor), graph.multiply(no, factor));
            graph.select(condition, yes, no)
        }
        _ if graph.is_truth(derivative) => graph.select(derivative, factor, zero),
        _ => graph.multiply(derivative, factor),
    }
}

fn merged(
    graph: &mut Graph,
    a: &Gradient,
    b: &Gradient,
    combine: fn(&mut Graph, Node, Node) -> Node,
) -> Gradient {
    let zero = graph.constant(0.0);
    union(a, b)
        .into_iter()
        .map(|(i, da, db)| (i, combine(graph, da.unwrap_or(zero), db.unwrap_or(zero))))
        .filter(|&(_, d)| d != zero)
        .collect()
}

fn chosen(graph: &mut Graph, condition: Node, yes: &Gradient, no: &Gradient) -> Gradient {
    let zero = graph.constant(0.0);
    union(yes, no)
        .into_iter()
        .map(|(i, y, n)| {
            (
                i,
                graph.select(condition, y.unwrap_or(zero), n.unwrap_or(zero)),
            )
        })
        .filter(|&(_, d)| d != zero)
        .collect()
}

fn union(a: &Gradient, b: &Gradient) -> Vec<(u32, Option<Node>, Option<Node>)> {
    let mut out = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let next_a = a.get(i).map_or(u32::MAX, |x| x.0);
        let next_b = b.get(j).map_or(u32::MAX, |x| x.0);
        let state = next_a.min(next_b);
        out.push((
            state,
            (next_a == state).then(|| a[i].1),
            (next_b == state).then(|| b[j].1),
        ));
        i += usize::from(next_a == state);
        j += usize::from(next_b == state);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use neurocart_numeric::lane;
    use proptest::prelude::*;

    /// Value of a node at a state, without the tape.
    fn value(graph: &Graph, root: Node, x: &[f64]) -> f64 {
        let mut known: HashMap<Node, f64> = HashMap::new();
        for node in graph.parts(&[root]) {
            let v = |n: Node| known[&n];
            let truth = |t: bool| f64::from(u8::from(t));
            let result = match graph.kind(node) {
                Kind::Constant(bits) => f64::from_bits(bits),
                Kind::State(i) => x[i as usize],
                Kind::One(operation, a) => match operation {
                    Operation::Negate => -v(a),
                    Operation::Reciprocal => 1.0 / v(a),
                    Operation::Exp => v(a).exp(),
                    Operation::Ln => v(a).ln(),
                    Operation::Log10 => v(a).log10(),
                    Operation::SquareRoot => v(a).sqrt(),
                    Operation::Absolute => v(a).abs(),
                    Operation::Sin => v(a).sin(),
                    Operation::Cos => v(a).cos(),
                    Operation::Tanh => v(a).tanh(),
                    other => unreachable!("{other:?}"),
                },
                Kind::Two(operation, a, b) => match operation {
                    Operation::Add => v(a) + v(b),
                    Operation::Subtract => v(a) - v(b),
                    Operation::Multiply => v(a) * v(b),
                    Operation::Power => v(a).powf(v(b)),
                    Operation::Max => lane::max([v(a)], [v(b)])[0],
                    Operation::Min => lane::min([v(a)], [v(b)])[0],
                    Operation::LessEqual => truth(v(a) <= v(b)),
                    other => unreachable!("{other:?}"),
                },
                Kind::Select(a, b, c) => {
                    if v(a) != 0.0 {
                        v(b)
                    } else {
                        v(c)
                    }
                }
                other => unreachable!("{other:?}"),
            };
            known.insert(node, result);
        }
        known[&root]
    }

    /// A random formula: each step makes a node of earlier ones.
    fn grow(graph: &mut Graph, steps: &[(u8, usize, usize, f64)]) -> Node {
        let mut nodes = vec![graph.state(0), graph.state(1)];
        for &(choice, a, b, number) in steps {
            let (a, b) = (nodes[a % nodes.len()], nodes[b % nodes.len()]);
            let node = match choice {
                0 => graph.add(a, b),
                1 => graph.subtract(a, b),
                2 => graph.multiply(a, b),
                3 => graph.divide(a, b),
                4 => graph.power(a, b),
                5 => {
                    let number = graph.constant(number);
                    graph.power(a, number)
                }
                6 => {
                    let number = graph.constant(number);
                    graph.multiply(a, number)
                }
                7 => graph.two(Operation::Max, a, b),
                8 => graph.two(Operation::Min, a, b),
                9 => {
                    let condition = graph.two(Operation::LessEqual, a, b);
                    graph.select(condition, b, a)
                }
                _ => {
                    use Operation::*;
                    let all = [Exp, Ln, Log10, SquareRoot, Absolute, Sin, Cos, Tanh, Negate];
                    graph.one(all[choice as usize % all.len()], a)
                }
            };
            nodes.push(node);
        }
        nodes[nodes.len() - 1]
    }

    /// Whether some part has no finite value or slope there.
    fn is_singular(graph: &Graph, root: Node, x: &[f64]) -> bool {
        graph
            .parts(&[root])
            .into_iter()
            .any(|part| match graph.kind(part) {
                _ if !value(graph, part, x).is_finite() => true,
                Kind::One(
                    Operation::SquareRoot
                    | Operation::Ln
                    | Operation::Log10
                    | Operation::Reciprocal,
                    a,
                ) => value(graph, a, x) == 0.0,
                // Below zero a power exists for whole exponents only.
                Kind::Two(Operation::Power, a, b) => {
                    let base = value(graph, a, x);
                    base == 0.0 || (base < 0.0 && graph.value(b).is_none())
                }
                _ => false,
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn derivatives_are_what_central_differences_tend_to(
            steps in prop::collection::vec((0u8..28, 0usize..20, 0usize..20, -3.0f64..3.0), 1..12),
            x in [0.2f64..2.0, 0.2f64..2.0],
        ) {
            let mut graph = Graph::default();
            let root = grow(&mut graph, &steps);
            if is_singular(&graph, root, &x) {
                return Ok(());
            }
            let gradient = gradients(&mut graph, &[root]).remove(0);
            for i in 0..2 {
                let found = gradient
                    .iter()
                    .find(|(state, _)| *state as usize == i)
                    .map_or(0.0, |&(_, node)| value(&graph, node, &x));
                let difference = |h: f64| {
                    let at = |sign: f64| {
                        let mut x = x;
                        x[i] += sign * h;
                        value(&graph, root, &x)
                    };
                    (at(1.0) - at(-1.0)) / (2.0 * h)
                };
                // Richardson's extrapolation; where two step sizes do not agree (a kink, a pole, a
                // huge curvature, not a number) there is nothing to compare with.
                let (coarse, fine) = (difference(2e-4), difference(1e-4));
                let expected = fine + (fine - coarse) / 3.0;
                let scale = expected.abs().max(value(&graph, root, &x).abs()).max(1e-3);
                let doubt = (fine - coarse).abs() / scale;
                if doubt.is_nan() || doubt > 1e-5 || scale > 1e8 {
                    continue;
                }
                let error = (found - expected).abs() / scale;
                prop_assert!(error < 1e-6, "{found}, not {expected}");
            }
        }
    }
}
