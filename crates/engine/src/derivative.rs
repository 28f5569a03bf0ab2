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
        .map(|&(i, d)| (i, graph.multiply(d, factor)))
        .collect()
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
