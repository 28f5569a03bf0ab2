//! From graph nodes to a tape: order of work, fused operations, reuse of slots.

use std::collections::HashMap;

use neurocart_numeric::tape::{Instruction, Operation, Tape};

use crate::graph::{Graph, Kind, Node};

/// Memory slots that keep their meaning across tapes, and the highest slot in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    /// Slots of leaves and of values that a patient keeps.
    pub slot_of: HashMap<Node, u16>,
    /// Numbers that stand in a slot, to be filled once.
    pub constants: Vec<(u16, f64)>,
    next: usize,
    /// Slots of all tapes together, temporaries included.
    pub slots: usize,
}

/// More slots than an instruction can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

impl Layout {
    /// Reserves `n` slots in a row.
    pub fn reserve(&mut self, n: usize) -> Result<u16, TooLarge> {
        let first = self.next;
        self.next += n;
        self.slots = self.slots.max(self.next);
        if self.slots > u16::MAX as usize {
            Err(TooLarge)
        } else {
            Ok(first as u16)
        }
    }

    /// Gives a node a slot of its own.
    pub fn keep(&mut self, node: Node) -> Result<u16, TooLarge> {
        if let Some(&slot) = self.slot_of.get(&node) {
            return Ok(slot);
        }
        let slot = self.reserve(1)?;
        self.slot_of.insert(node, slot);
        Ok(slot)
    }

    /// Makes sure that every constant which some tape needs in a slot has one. Constants that an
    /// instruction carries itself need none.
    pub fn keep_constants(&mut self, graph: &Graph, roots: &[Node]) -> Result<(), TooLarge> {
        for node in needed(graph, roots, &HashMap::new()) {
            for operand in graph.operands(node) {
                if let Some(value) = graph.value(operand)
                    && !carries_constant(graph, node, operand)
                    && !self.slot_of.contains_key(&operand)
                {
                    let slot = self.keep(operand)?;
                    self.constants.push((slot, value));
                }
            }
        }
        Ok(())
    }
}

/// Whether the instruction of `node` carries the constant `operand` itself.
fn carries_constant(graph: &Graph, node: Node, operand: Node) -> bool {
    match graph.kind(node) {
        Kind::Two(Operation::Add | Operation::Multiply | Operation::Max | Operation::Min, ..) => {
            true
        }
        Kind::Two(Operation::Subtract, ..) => graph.value(operand).is_some(),
        _ => false,
    }
}

/// Every node below `roots` that is no leaf and has no slot, operands first.
fn needed(graph: &Graph, roots: &[Node], slot_of: &HashMap<Node, u16>) -> Vec<Node> {
    let mut order = Vec::new();
    let mut state = vec![0u8; graph.len()];
    for &root in roots {
        let mut stack = vec![(root, false)];
        while let Some((node, ready)) = stack.pop() {
            let seen = &mut state[node.0 as usize];
            if ready {
                order.push(node);
                continue;
            }
            if *seen != 0 {
                continue;
            }
            *seen = 1;
            if slot_of.contains_key(&node) || graph.operands(node).next().is_none() {
                continue;
            }
            stack.push((node, true));
            for operand in graph.operands(node) {
                stack.push((operand, false));
            }
        }
    }
    order
}

/// Writes the tape that brings each root into its slot. Roots may be leaves or constants.
pub(crate) fn emit(
    graph: &Graph,
    layout: &mut Layout,
    roots: &[(Node, u16)],
) -> Result<Tape, TooLarge> {
    let root_nodes: Vec<Node> = roots.iter().map(|r| r.0).collect();
    let order = needed(graph, &root_nodes, &layout.slot_of);

    // Products with one use that is a sum are computed inside that sum.
    let mut uses: HashMap<Node, u32> = HashMap::new();
    for &node in &order {
        for operand in graph.operands(node) {
            *uses.entry(operand).or_default() += 1;
        }
    }
    for &root in &root_nodes {
        *uses.entry(root).or_default() += 2; // a root must exist on its own
    }
    let product = |node: Node| match graph.kind(node) {
        Kind::Two(Operation::Multiply, a, b)
            if uses.get(&node) == Some(&1)
                && !layout.slot_of.contains_key(&node)
                && graph.value(a).is_none()
                && graph.value(b).is_none() =>
        {
            Some((a, b))
        }
        _ => None,
    };
    let mut fused: HashMap<Node, (Operation, Node, Node, Node)> = HashMap::new();
    let mut inside: HashMap<Node, ()> = HashMap::new();
    for &node in &order {
        let (plan, part) = match graph.kind(node) {
            Kind::Two(Operation::Add, x, y) => match (product(x), product(y)) {
                (Some((a, b)), _) if graph.value(y).is_none() => {
                    (Some((Operation::MultiplyAdd, a, b, y)), x)
                }
                (_, Some((a, b))) if graph.value(x).is_none() => {
                    (Some((Operation::MultiplyAdd, a, b, x)), y)
                }
                _ => (None, x),
            },
            Kind::Two(Operation::Subtract, x, y) => match (product(x), product(y)) {
                (_, Some((a, b))) if graph.value(x).is_none() => {
                    (Some((Operation::NegateMultiplyAdd, a, b, x)), y)
                }
                (Some((a, b)), _) if graph.value(y).is_none() => {
                    (Some((Operation::MultiplySubtract, a, b, y)), x)
                }
                _ => (None, x),
            },
            _ => (None, node),
        };
        if let Some(plan) = plan {
            fused.insert(node, plan);
            inside.insert(part, ());
        }
    }

    // Last instruction that reads each node.
    let sequence: Vec<Node> = order
        .into_iter()
        .filter(|n| !inside.contains_key(n))
        .collect();
    let reads = |node: Node| -> Vec<Node> {
        match fused.get(&node) {
            Some(&(_, a, b, c)) => vec![a, b, c],
            None => graph.operands(node).collect(),
        }
    };
    let mut last_read: HashMap<Node, usize> = HashMap::new();
    for (at, &node) in sequence.iter().enumerate() {
        for operand in reads(node) {
            last_read.insert(operand, at);
        }
    }

    let mut constants: Vec<f64> = Vec::new();
    let mut constant_index: HashMap<u64, u16> = HashMap::new();
    let mut carried = |value: f64| -> u16 {
        *constant_index.entry(value.to_bits()).or_insert_with(|| {
            constants.push(value);
            (constants.len() - 1) as u16
        })
    };
    let mut place: HashMap<Node, u16> = HashMap::new();
    let mut free: Vec<u16> = Vec::new();
    let mut top = layout.next;
    let mut own_root: HashMap<Node, u16> = HashMap::new();
    for &(node, slot) in roots {
        own_root.entry(node).or_insert(slot);
    }
    let mut instructions = Vec::new();
    for (at, &node) in sequence.iter().enumerate() {
        let slot = |n: Node| -> u16 {
            layout
                .slot_of
                .get(&n)
                .or_else(|| place.get(&n))
                .copied()
                .expect("operand has a slot")
        };
        let mut ins = Instruction {
            operation: Operation::Copy,
            to: 0,
            a: 0,
            b: 0,
            c: 0,
        };
        if let Some(&(operation, a, b, c)) = fused.get(&node) {
            ins = Instruction {
                operation,
                to: 0,
                a: slot(a),
                b: slot(b),
                c: slot(c),
            };
        } else {
            match graph.kind(node) {
                Kind::One(operation, a) => {
                    ins.operation = operation;
                    ins.a = slot(a);
                }
                Kind::Two(operation, a, b) => {
                    use Operation::*;
                    let with_constant = match operation {
                        Add => Some(AddConstant),
                        Multiply => Some(MultiplyConstant),
                        Max => Some(MaxConstant),
                        Min => Some(MinConstant),
                        _ => None,
                    };
                    match (graph.value(a), graph.value(b), with_constant) {
                        (Some(k), None, Some(operation)) => {
                            ins.operation = operation;
                            ins.a = slot(b);
                            ins.b = carried(k);
                        }
                        (None, Some(k), Some(operation)) => {
                            ins.operation = operation;
                            ins.a = slot(a);
                            ins.b = carried(k);
                        }
                        (Some(k), None, None) if operation == Subtract => {
                            ins.operation = SubtractFromConstant;
                            ins.a = slot(b);
                            ins.b = carried(k);
                        }
                        (None, Some(k), None) if operation == Subtract => {
                            ins.operation = AddConstant;
                            ins.a = slot(a);
                            ins.b = carried(-k);
                        }
                        _ => {
                            ins.operation = operation;
                            ins.a = slot(a);
                            ins.b = slot(b);
                        }
                    }
                }
                Kind::Select(a, b, c) => {
                    ins.operation = Operation::Select;
                    ins.a = slot(a);
                    ins.b = slot(b);
                    ins.c = slot(c);
                }
                _ => unreachable!("a leaf has a slot"),
            }
        }
        for operand in reads(node) {
            if last_read.get(&operand) == Some(&at)
                && !own_root.contains_key(&operand)
                && let Some(slot) = place.remove(&operand)
            {
                free.push(slot);
            }
        }
        ins.to = match own_root.get(&node) {
            Some(&slot) => slot,
            None => free.pop().unwrap_or_else(|| {
                top += 1;
                (top - 1).min(u16::MAX as usize) as u16
            }),
        };
        place.insert(node, ins.to);
        instructions.push(ins);
    }
    layout.slots = layout.slots.max(top);
    // Roots that are leaves, constants, or wanted in several places.
    for &(node, to) in roots {
        let mut ins = Instruction {
            operation: Operation::Copy,
            to,
            a: 0,
            b: 0,
            c: 0,
        };
        if let Some(value) = graph.value(node) {
            ins.operation = Operation::Constant;
            ins.b = carried(value);
        } else {
            let from = layout
                .slot_of
                .get(&node)
                .or_else(|| place.get(&node))
                .copied();
            ins.a = from.expect("root has a slot");
            if ins.a == to {
                continue;
            }
        }
        instructions.push(ins);
    }
    if layout.slots > u16::MAX as usize || constants.len() > u16::MAX as usize {
        return Err(TooLarge);
    }
    Ok(Tape::new(instructions, constants, layout.slots.max(1)))
}
