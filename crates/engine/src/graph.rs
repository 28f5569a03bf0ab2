//! Formulas as a graph without repeated parts.
//!
//! Equal subexpressions are one node. Nodes are simplified as they are made: constants fold, a
//! factor of zero removes a product, division becomes multiplication by a shared reciprocal, and
//! factors that a patient keeps for life are gathered so that they are multiplied only once.

use std::collections::HashMap;

use neurocart_numeric::lane;
use neurocart_numeric::tape::Operation;

/// Index of a node in its [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Node(pub u32);

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A number, by its bits.
    Constant(u64),
    /// A parameter that each patient brings.
    Varying(u32),
    /// The running infusion into a dosed state.
    Infusion(u32),
    /// A state.
    State(u32),
    /// Time on the model's clock.
    Time,
    /// An operation of one operand.
    One(Operation, Node),
    /// An operation of two operands.
    Two(Operation, Node, Node),
    /// `Select(condition, yes, no)`.
    Select(Node, Node, Node),
}

/// How often a node's value changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// Never.
    Constant,
    /// From patient to patient.
    Patient,
    /// During a solve.
    Dynamic,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    kinds: Vec<Kind>,
    tiers: Vec<Tier>,
    index: HashMap<Kind, Node>,
}

impl Graph {
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    pub fn kind(&self, node: Node) -> Kind {
        self.kinds[node.0 as usize]
    }

    pub fn tier(&self, node: Node) -> Tier {
        self.tiers[node.0 as usize]
    }

    /// The operands of a node.
    pub fn operands(&self, node: Node) -> impl Iterator<Item = Node> + use<> {
        let (list, n) = match self.kind(node) {
            Kind::One(_, a) => ([a, a, a], 1),
            Kind::Two(_, a, b) => ([a, b, b], 2),
            Kind::Select(a, b, c) => ([a, b, c], 3),
            _ => ([node; 3], 0),
        };
        list.into_iter().take(n)
    }

    /// The number that a node stands for, if it is one.
    pub fn value(&self, node: Node) -> Option<f64> {
        match self.kind(node) {
            Kind::Constant(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    fn intern(&mut self, kind: Kind) -> Node {
        if let Some(&node) = self.index.get(&kind) {
            return node;
        }
        let node = Node(self.kinds.len() as u32);
        self.kinds.push(kind);
        let tier = match kind {
            Kind::Constant(_) => Tier::Constant,
            Kind::Varying(_) => Tier::Patient,
            Kind::Infusion(_) | Kind::State(_) | Kind::Time => Tier::Dynamic,
            _ => self
                .operands(node)
                .map(|n| self.tier(n))
                .max()
                .unwrap_or(Tier::Constant),
        };
        self.tiers.push(tier);
        self.index.insert(kind, node);
        node
    }

    pub fn constant(&mut self, value: f64) -> Node {
        // One zero is enough: the sign of a zero never matters to a model.
        let value = if value == 0.0 { 0.0 } else { value };
        self.intern(Kind::Constant(value.to_bits()))
    }

    pub fn varying(&mut self, index: usize) -> Node {
        self.intern(Kind::Varying(index as u32))
    }

    pub fn infusion(&mut self, index: usize) -> Node {
        self.intern(Kind::Infusion(index as u32))
    }

    pub fn state(&mut self, index: usize) -> Node {
        self.intern(Kind::State(index as u32))
    }

    pub fn time(&mut self) -> Node {
        self.intern(Kind::Time)
    }

    fn is(&self, node: Node, value: f64) -> bool {
        self.value(node) == Some(value)
    }

    /// Splits a product into its changing factor and the factor a patient keeps, if it has both.
    fn kept_factor(&self, node: Node) -> Option<(Node, Node)> {
        match self.kind(node) {
            Kind::Two(Operation::Multiply, a, b) => match (self.tier(a), self.tier(b)) {
                (Tier::Dynamic, Tier::Dynamic) => None,
                (Tier::Dynamic, _) => Some((a, b)),
                (_, Tier::Dynamic) => Some((b, a)),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn add(&mut self, a: Node, b: Node) -> Node {
        if let (Some(x), Some(y)) = (self.value(a), self.value(b)) {
            return self.constant(x + y);
        }
        if self.is(a, 0.0) {
            return b;
        }
        if self.is(b, 0.0) {
            return a;
        }
        if let Kind::One(Operation::Negate, x) = self.kind(b) {
            return self.subtract(a, x);
        }
        if let Kind::One(Operation::Negate, x) = self.kind(a) {
            return self.subtract(b, x);
        }
        self.intern(Kind::Two(Operation::Add, a.min(b), a.max(b)))
    }

    pub fn subtract(&mut self, a: Node, b: Node) -> Node {
        if let (Some(x), Some(y)) = (self.value(a), self.value(b)) {
            return self.constant(x - y);
        }
        if a == b {
            return self.constant(0.0);
        }
        if self.is(b, 0.0) {
            return a;
        }
        if self.is(a, 0.0) {
            return self.negate(b);
        }
        if let Kind::One(Operation::Negate, x) = self.kind(b) {
            return self.add(a, x);
        }
        self.intern(Kind::Two(Operation::Subtract, a, b))
    }

    pub fn negate(&mut self, a: Node) -> Node {
        if let Some(x) = self.value(a) {
            return self.constant(-x);
        }
        match self.kind(a) {
            Kind::One(Operation::Negate, x) => x,
            Kind::Two(Operation::Subtract, x, y) => self.subtract(y, x),
            _ => self.intern(Kind::One(Operation::Negate, a)),
        }
    }

    pub fn multiply(&mut self, a: Node, b: Node) -> Node {
        if let (Some(x), Some(y)) = (self.value(a), self.value(b)) {
            return self.constant(x * y);
        }
        if self.is(a, 0.0) || self.is(b, 0.0) {
            return self.constant(0.0);
        }
        if self.is(a, 1.0) {
            return b;
        }
        if self.is(b, 1.0) {
            return a;
        }
        if self.is(a, -1.0) {
            return self.negate(b);
        }
        if self.is(b, -1.0) {
            return self.negate(a);
        }
        if let Kind::One(Operation::Negate, x) = self.kind(a) {
            let product = self.multiply(x, b);
            return self.negate(product);
        }
        if let Kind::One(Operation::Negate, x) = self.kind(b) {
            let product = self.multiply(a, x);
            return self.negate(product);
        }
        let (dynamic_a, dynamic_b) = (self.tier(a) == Tier::Dynamic, self.tier(b) == Tier::Dynamic);
        if dynamic_a && !dynamic_b {
            if let Some((changing, kept)) = self.kept_factor(a) {
                let kept = self.multiply(kept, b);
                return self.multiply(changing, kept);
            }
        } else if dynamic_b
            && !dynamic_a
            && let Some((changing, kept)) = self.kept_factor(b)
        {
            let kept = self.multiply(a, kept);
            return self.multiply(changing, kept);
        }
        self.intern(Kind::Two(Operation::Multiply, a.min(b), a.max(b)))
    }

    pub fn reciprocal(&mut self, a: Node) -> Node {
        if let Some(x) = self.value(a) {
            return self.constant(1.0 / x);
        }
        match self.kind(a) {
            Kind::One(Operation::Reciprocal, x) => x,
            _ => self.intern(Kind::One(Operation::Reciprocal, a)),
        }
    }

    pub fn divide(&mut self, a: Node, b: Node) -> Node {
        if let (Some(x), Some(y)) = (self.value(a), self.value(b)) {
            return self.constant(x / y);
        }
        if self.is(a, 0.0) {
            return a;
        }
        let r = self.reciprocal(b);
        self.multiply(a, r)
    }

    /// A function of one operand.
    pub fn one(&mut self, operation: Operation, a: Node) -> Node {
        match operation {
            Operation::Negate => return self.negate(a),
            Operation::Reciprocal => return self.reciprocal(a),
            _ => {}
        }
        if let Some(x) = self.value(a) {
            let y = match operation {
                Operation::Exp => lane::exp([x])[0],
                Operation::Ln => lane::ln([x])[0],
                Operation::Log10 => lane::log10([x])[0],
                Operation::SquareRoot => x.sqrt(),
                Operation::Absolute => x.abs(),
                Operation::Floor => lane::floor([x])[0],
                Operation::Ceil => lane::ceil([x])[0],
                Operation::Sin => lane::sin([x])[0],
                Operation::Cos => lane::cos([x])[0],
                Operation::Tanh => lane::tanh([x])[0],
                Operation::Not => truth(x == 0.0),
                _ => unreachable!("not an operation of one operand"),
            };
            return self.constant(y);
        }
        self.intern(Kind::One(operation, a))
    }

    /// A function or comparison of two operands.
    pub fn two(&mut self, operation: Operation, a: Node, b: Node) -> Node {
        match operation {
            Operation::Add => return self.add(a, b),
            Operation::Subtract => return self.subtract(a, b),
            Operation::Multiply => return self.multiply(a, b),
            Operation::Power => return self.power(a, b),
            _ => {}
        }
        if let (Some(x), Some(y)) = (self.value(a), self.value(b)) {
            let value = match operation {
                Operation::Max => lane::max([x], [y])[0],
                Operation::Min => lane::min([x], [y])[0],
                Operation::Less => truth(x < y),
                Operation::LessEqual => truth(x <= y),
                Operation::Equal => truth(x == y),
                Operation::And => truth(x != 0.0 && y != 0.0),
                Operation::Or => truth(x != 0.0 || y != 0.0),
                _ => unreachable!("not an operation of two operands"),
            };
            return self.constant(value);
        }
        if a == b && matches!(operation, Operation::Max | Operation::Min) {
            return a;
        }
        self.intern(Kind::Two(operation, a, b))
    }

    pub fn power(&mut self, a: Node, b: Node) -> Node {
        if let Some(y) = self.value(b) {
            if let Some(x) = self.value(a) {
                return self.constant(lane::pow([x], [y])[0]);
            }
            if y == 0.0 {
                return self.constant(1.0);
            }
            if y == 0.5 {
                return self.one(Operation::SquareRoot, a);
            }
            if y.fract() == 0.0 && y.abs() <= 4.0 {
                let mut product = a;
                for _ in 1..y.abs() as usize {
                    product = self.multiply(product, a);
                }
                return if y < 0.0 {
                    self.reciprocal(product)
                } else {
                    product
                };
            }
        }
        self.intern(Kind::Two(Operation::Power, a, b))
    }

    pub fn select(&mut self, condition: Node, yes: Node, no: Node) -> Node {
        if let Some(c) = self.value(condition) {
            return if c != 0.0 { yes } else { no };
        }
        if yes == no {
            return yes;
        }
        if self.is(yes, 1.0) && self.is(no, 0.0) && self.is_truth(condition) {
            return condition;
        }
        self.intern(Kind::Select(condition, yes, no))
    }

    /// The nodes that `roots` are made of, operands first. An operand has a smaller index than what
    /// is made of it, so the order of the indices is an order of work.
    pub fn parts(&self, roots: &[Node]) -> Vec<Node> {
        let mut parts = Vec::new();
        let mut seen = vec![false; self.len()];
        let mut stack = roots.to_vec();
        while let Some(node) = stack.pop() {
            if !std::mem::replace(&mut seen[node.0 as usize], true) {
                parts.push(node);
                stack.extend(self.operands(node));
            }
        }
        parts.sort_unstable();
        parts
    }

    /// Whether any of `nodes` depends on `part`.
    pub fn any_uses(&self, nodes: &[Node], part: Node) -> bool {
        self.parts(nodes).binary_search(&part).is_ok()
    }

    /// The same formulas with `by` in the place of time.
    pub fn replace_time(&mut self, nodes: &mut [Node], by: Node) {
        let time = self.time();
        if !self.any_uses(nodes, time) {
            return;
        }
        let mut replaced: HashMap<Node, Node> = HashMap::new();
        for part in self.parts(nodes) {
            let new = match self.kind(part) {
                Kind::Time => by,
                Kind::One(operation, a) => self.one(operation, replaced[&a]),
                Kind::Two(operation, a, b) => self.two(operation, replaced[&a], replaced[&b]),
                Kind::Select(a, b, c) => self.select(replaced[&a], replaced[&b], replaced[&c]),
                _ => part,
            };
            replaced.insert(part, new);
        }
        for node in nodes {
            *node = replaced[node];
        }
    }

    /// Slope and offset of a node that is linear in time with a slope that is a number, and
    /// otherwise known from the patient's parameters.
    pub fn line(&mut self, node: Node) -> Option<(f64, Node)> {
        let mut lines: HashMap<Node, Option<(f64, Node)>> = HashMap::new();
        for part in self.parts(&[node]) {
            let line = self.line_of_part(part, &lines);
            lines.insert(part, line);
        }
        lines[&node]
    }

    fn line_of_part(
        &mut self,
        part: Node,
        lines: &HashMap<Node, Option<(f64, Node)>>,
    ) -> Option<(f64, Node)> {
        if self.tier(part) != Tier::Dynamic {
            return Some((0.0, part));
        }
        match self.kind(part) {
            Kind::Time => Some((1.0, self.constant(0.0))),
            Kind::Two(Operation::Add, a, b) => {
                let ((slope_a, a), (slope_b, b)) = (lines[&a]?, lines[&b]?);
                Some((slope_a + slope_b, self.add(a, b)))
            }
            Kind::Two(Operation::Subtract, a, b) => {
                let ((slope_a, a), (slope_b, b)) = (lines[&a]?, lines[&b]?);
                Some((slope_a - slope_b, self.subtract(a, b)))
            }
            Kind::Two(Operation::Multiply, a, b) => {
                let (factor, other) = match (self.value(a), self.value(b)) {
                    (Some(_), _) => (a, b),
                    (_, Some(_)) => (b, a),
                    _ => return None,
                };
                let (slope, offset) = lines[&other]?;
                let slope = slope * self.value(factor)?;
                Some((slope, self.multiply(offset, factor)))
            }
            Kind::One(Operation::Negate, a) => {
                let (slope, offset) = lines[&a]?;
                Some((-slope, self.negate(offset)))
            }
            _ => None,
        }
    }

    /// Whether a node can only be 0 or 1.
    pub fn is_truth(&self, node: Node) -> bool {
        use Operation::*;
        matches!(
            self.kind(node),
            Kind::Two(Less | LessEqual | Equal | And | Or, ..) | Kind::One(Not, _)
        )
    }
}

fn truth(condition: bool) -> f64 {
    if condition { 1.0 } else { 0.0 }
}
