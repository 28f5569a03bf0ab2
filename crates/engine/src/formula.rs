//! Model formulas as graph nodes: initial values, rates, outputs and events.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use neurocart_model::{BinaryOperator, Expression, Function, Model, SymbolId, UnaryOperator};
use neurocart_numeric::tape::Operation;

use crate::graph::{Graph, Node, Tier};
use crate::program::{CompileError, CompileOptions};

/// A model as nodes. States are numbered as in the model; parameters that events set follow them.
pub(crate) struct Equations {
    /// Numbers of the states that move.
    pub states: Vec<usize>,
    /// Names of the parameters that events set.
    pub names: Vec<String>,
    /// Initial value of each moving state.
    pub initial: Vec<Node>,
    /// Rate of each moving state, running infusions included.
    pub rates: Vec<Node>,
    /// Reported quantities.
    pub outputs: Vec<Node>,
    /// State number of each dose target.
    pub targets: Vec<usize>,
    /// Discontinuities of the model text.
    pub events: Vec<EventNodes>,
}

/// One event as nodes.
pub(crate) struct EventNodes {
    /// Not 0 while the condition holds.
    pub trigger: Node,
    /// When it happens, if that is known from the patient's parameters alone.
    pub moment: Option<Node>,
    /// State numbers and their new values.
    pub assignments: Vec<(usize, Node)>,
}

/// Builds nodes for one model.
pub(crate) struct Builder<'a> {
    model: &'a Model,
    graph: &'a mut Graph,
    /// State number by symbol.
    state_of: HashMap<SymbolId, usize>,
    /// Parameters that events set.
    held: Vec<SymbolId>,
    /// Assignment rule by symbol.
    rule_of: HashMap<SymbolId, usize>,
    /// Initial value of every symbol that is no rule.
    initial: HashMap<SymbolId, Node>,
    targets: Vec<usize>,
    outputs: Vec<SymbolId>,
}

/// Operations inside each other in one formula; guards the stack of [`Builder::node`].
const DEEPEST_FORMULA: usize = 1000;

type Environment = HashMap<SymbolId, Node>;

impl<'a> Builder<'a> {
    pub fn new(
        model: &'a Model,
        options: &CompileOptions,
        graph: &'a mut Graph,
    ) -> Result<Builder<'a>, CompileError> {
        if formulas(model).any(|formula| depth(formula) > DEEPEST_FORMULA) {
            return Err(CompileError::TooDeep);
        }
        let mut state_of: HashMap<SymbolId, usize> = model
            .states
            .iter()
            .enumerate()
            .map(|(i, s)| (s.symbol, i))
            .collect();
        let mut held = Vec::new();
        for assignment in model.events.iter().flat_map(|e| &e.assignments) {
            if let Entry::Vacant(entry) = state_of.entry(assignment.symbol) {
                entry.insert(model.states.len() + held.len());
                held.push(assignment.symbol);
            }
        }
        let rule_of = model
            .assignments
            .iter()
            .enumerate()
            .map(|(i, a)| (a.symbol, i))
            .collect::<HashMap<_, _>>();
        let mut builder = Builder {
            model,
            graph,
            state_of,
            held,
            rule_of,
            initial: HashMap::new(),
            targets: Vec::new(),
            outputs: Vec::new(),
        };
        let mut given: HashMap<SymbolId, Node> = HashMap::new();
        for (name, value) in &options.fixed {
            let symbol = builder.free_symbol(name, "fixed", &given)?;
            if !value.is_finite() {
                return Err(CompileError::BadSymbol {
                    name: name.clone(),
                    field: "fixed",
                    message: format!("is {value}, expected a finite number"),
                });
            }
            given.insert(symbol, builder.graph.constant(*value));
        }
        for (i, name) in options.varying.iter().enumerate() {
            let symbol = builder.free_symbol(name, "varying", &given)?;
            given.insert(symbol, builder.graph.varying(i));
        }
        for name in &options.outputs {
            let symbol = builder.symbol(name, "outputs")?;
            builder.outputs.push(symbol);
        }
        for name in &options.targets {
            let symbol = builder.symbol(name, "targets")?;
            let Some(&state) = builder.state_of.get(&symbol) else {
                return Err(CompileError::BadSymbol {
                    name: name.clone(),
                    field: "targets",
                    message: "only a quantity with a differential equation can be dosed".into(),
                });
            };
            builder.targets.push(state);
        }
        builder.initial = given.clone();
        for assignment in &model.initial {
            if !given.contains_key(&assignment.symbol) {
                let mut environment = builder.initial.clone();
                let node = builder.build(&assignment.formula, &mut environment);
                builder.initial = environment;
                builder.initial.insert(assignment.symbol, node);
            }
        }
        for (i, symbol) in model.symbols.iter().enumerate() {
            let id = SymbolId(i as u32);
            if !builder.initial.contains_key(&id) && !builder.rule_of.contains_key(&id) {
                return Err(CompileError::BadSymbol {
                    name: symbol.name.clone(),
                    field: "fixed",
                    message: "no value: give it one in the model text or here".into(),
                });
            }
        }
        Ok(builder)
    }

    fn symbol(&self, name: &str, field: &'static str) -> Result<SymbolId, CompileError> {
        self.model
            .symbol(name)
            .ok_or_else(|| CompileError::UnknownSymbol {
                name: name.into(),
                field,
                hint: nearest(self.model, name),
            })
    }

    fn free_symbol(
        &self,
        name: &str,
        field: &'static str,
        given: &HashMap<SymbolId, Node>,
    ) -> Result<SymbolId, CompileError> {
        let symbol = self.symbol(name, field)?;
        let message = if self.rule_of.contains_key(&symbol) {
            "follows a rule of the model, so it cannot be set"
        } else if given.contains_key(&symbol) {
            "is given twice"
        } else {
            return Ok(symbol);
        };
        Err(CompileError::BadSymbol {
            name: name.into(),
            field,
            message: message.into(),
        })
    }

    /// All equations, with the states that never move taken as constants.
    pub fn equations(&mut self) -> Result<Equations, CompileError> {
        let model = self.model;
        let symbols: Vec<SymbolId> = model
            .states
            .iter()
            .map(|s| s.symbol)
            .chain(self.held.iter().copied())
            .collect();
        let n = symbols.len();
        let mut moves: Vec<bool> = vec![false; n];
        for (i, symbol) in symbols.iter().enumerate() {
            moves[i] =
                i >= model.states.len() || self.graph.tier(self.initial[symbol]) == Tier::Dynamic;
        }
        for &target in &self.targets {
            moves[target] = true;
        }
        for assignment in model.events.iter().flat_map(|e| &e.assignments) {
            moves[self.state_of[&assignment.symbol]] = true;
        }
        // Rates that depend on time get a clock: one more state, number `n`, with rate 1, so that
        // the Jacobian of the autonomous system holds everything the method needs.
        let clock = self.graph.state(n);
        // A state stays still if its rate is zero while all the others that stay still do.
        let (mut environment, mut rates);
        loop {
            environment = self.initial.clone();
            for (i, symbol) in symbols.iter().enumerate() {
                if moves[i] {
                    environment.insert(*symbol, self.graph.state(i));
                }
            }
            let zero = self.graph.constant(0.0);
            // Values of rules belong to the start in `initial`; they are built anew here.
            environment.retain(|symbol, _| !self.rule_of.contains_key(symbol));
            rates = vec![zero; n];
            for (i, state) in model.states.iter().enumerate() {
                rates[i] = self.build(&state.rate, &mut environment);
            }
            self.graph.replace_time(&mut rates, clock);
            let before = moves.clone();
            for i in 0..n {
                moves[i] |= rates[i] != zero;
            }
            if moves == before {
                break;
            }
        }
        for (i, &target) in self.targets.clone().iter().enumerate() {
            let infusion = self.graph.infusion(i);
            rates[target] = self.graph.add(rates[target], infusion);
        }
        let outputs = self
            .outputs
            .clone()
            .into_iter()
            .map(|symbol| self.value(symbol, &mut environment))
            .collect();
        let mut events = Vec::new();
        for event in &model.events {
            let trigger = self.build(&event.trigger, &mut environment);
            let assignments = event
                .assignments
                .iter()
                .map(|a| {
                    (
                        self.state_of[&a.symbol],
                        self.build(&a.formula, &mut environment),
                    )
                })
                .collect();
            let moment = self.moment(&event.trigger, &mut environment);
            events.push(EventNodes {
                trigger,
                moment,
                assignments,
            });
        }
        let mut states: Vec<usize> = (0..n).filter(|&i| moves[i]).collect();
        let mut initial: Vec<Node> = states.iter().map(|&i| self.initial[&symbols[i]]).collect();
        let mut rates: Vec<Node> = states.iter().map(|&i| rates[i]).collect();
        let mut names: Vec<String> = self.held.iter().map(|&s| model[s].name.clone()).collect();
        if self.graph.any_uses(&rates, clock) {
            states.push(n);
            initial.push(self.graph.time());
            rates.push(self.graph.constant(1.0));
            names.push("time".into());
        }
        Ok(Equations {
            initial,
            rates,
            names,
            states,
            outputs,
            targets: self.targets.clone(),
            events,
        })
    }

    /// When `left >= right` (or `>`) becomes true, if `left - right` is linear in time with a
    /// constant slope above zero and otherwise known from the patient's parameters.
    fn moment(&mut self, trigger: &Expression, environment: &mut Environment) -> Option<Node> {
        use BinaryOperator::*;
        let (later, earlier) = match trigger {
            Expression::Binary(GreaterEqual | Greater, a, b) => (a, b),
            Expression::Binary(LessEqual | Less, a, b) => (b, a),
            _ => return None,
        };
        let a = self.build(later, environment);
        let b = self.build(earlier, environment);
        let difference = self.graph.subtract(a, b);
        let (slope, offset) = self.graph.line(difference)?;
        if slope <= 0.0 {
            return None;
        }
        let scale = self.graph.constant(-1.0 / slope);
        Some(self.graph.multiply(offset, scale))
    }

    fn value(&mut self, symbol: SymbolId, environment: &mut Environment) -> Node {
        self.build(&Expression::Symbol(symbol), environment)
    }

    /// The node of a formula. Rules that it needs are built first, with a stack of our own: a model
    /// may have more rules in a row than the stack of a thread can hold.
    fn build(&mut self, expression: &Expression, environment: &mut Environment) -> Node {
        let mut stack = expression.symbols();
        while let Some(&symbol) = stack.last() {
            let known = environment.contains_key(&symbol);
            let Some(&rule) = self.rule_of.get(&symbol).filter(|_| !known) else {
                stack.pop();
                continue;
            };
            let formula = &self.model.assignments[rule].formula;
            let before = stack.len();
            stack.extend(
                formula
                    .symbols()
                    .into_iter()
                    .filter(|s| self.rule_of.contains_key(s) && !environment.contains_key(s)),
            );
            if stack.len() == before {
                let node = self.node(formula, environment);
                environment.insert(symbol, node);
            }
        }
        self.node(expression, environment)
    }

    /// The node of a formula whose rules are all built.
    fn node(&mut self, expression: &Expression, environment: &Environment) -> Node {
        match expression {
            Expression::Number(value) => self.graph.constant(*value),
            Expression::Symbol(symbol) => {
                // A value that is missing is reported by name before anything is integrated.
                let known = environment.get(symbol).copied();
                known.unwrap_or_else(|| self.graph.constant(f64::NAN))
            }
            Expression::Time => self.graph.time(),
            Expression::Unary(operator, a) => {
                let a = self.node(a, environment);
                match operator {
                    UnaryOperator::Negate => self.graph.negate(a),
                    UnaryOperator::Not => self.graph.one(Operation::Not, a),
                }
            }
            Expression::Binary(operator, a, b) => {
                let a = self.node(a, environment);
                let b = self.node(b, environment);
                let graph = &mut self.graph;
                match operator {
                    BinaryOperator::Add => graph.add(a, b),
                    BinaryOperator::Subtract => graph.subtract(a, b),
                    BinaryOperator::Multiply => graph.multiply(a, b),
                    BinaryOperator::Divide => graph.divide(a, b),
                    BinaryOperator::Power => graph.power(a, b),
                    BinaryOperator::Less => graph.two(Operation::Less, a, b),
                    BinaryOperator::LessEqual => graph.two(Operation::LessEqual, a, b),
                    BinaryOperator::Greater => graph.two(Operation::Less, b, a),
                    BinaryOperator::GreaterEqual => graph.two(Operation::LessEqual, b, a),
                    BinaryOperator::Equal => graph.two(Operation::Equal, a, b),
                    BinaryOperator::NotEqual => {
                        let equal = graph.two(Operation::Equal, a, b);
                        graph.one(Operation::Not, equal)
                    }
                    BinaryOperator::And => graph.two(Operation::And, a, b),
                    BinaryOperator::Or => graph.two(Operation::Or, a, b),
                }
            }
            Expression::Call(function, arguments) => {
                let nodes: Vec<Node> = arguments
                    .iter()
                    .map(|a| self.node(a, environment))
                    .collect();
                self.call(*function, &nodes)
            }
            Expression::Piecewise {
                branches,
                otherwise,
            } => {
                let mut node = self.node(otherwise, environment);
                for (value, condition) in branches.iter().rev() {
                    let condition = self.node(condition, environment);
                    let value = self.node(value, environment);
                    node = self.graph.select(condition, value, node);
                }
                node
            }
        }
    }

    fn call(&mut self, function: Function, arguments: &[Node]) -> Node {
        let operation = match function {
            Function::Max | Function::Min => {
                let operation = if function == Function::Max {
                    Operation::Max
                } else {
                    Operation::Min
                };
                let mut rest = arguments.iter().copied();
                let Some(first) = rest.next() else {
                    return self.graph.constant(f64::NAN);
                };
                return rest.fold(first, |a, b| self.graph.two(operation, a, b));
            }
            Function::Exp => Operation::Exp,
            Function::Ln => Operation::Ln,
            Function::Log10 => Operation::Log10,
            Function::Sqrt => Operation::SquareRoot,
            Function::Abs => Operation::Absolute,
            Function::Floor => Operation::Floor,
            Function::Ceil => Operation::Ceil,
            Function::Sin => Operation::Sin,
            Function::Cos => Operation::Cos,
            Function::Tanh => Operation::Tanh,
        };
        match arguments.first() {
            Some(&a) => self.graph.one(operation, a),
            None => self.graph.constant(f64::NAN),
        }
    }
}

/// Every formula of a model.
fn formulas(model: &Model) -> impl Iterator<Item = &Expression> {
    let assignments = model.assignments.iter().chain(&model.initial);
    let events = model.events.iter();
    let event_formulas = events.flat_map(|event| {
        let values = event.assignments.iter().map(|a| &a.formula);
        values.chain(std::iter::once(&event.trigger))
    });
    let values = assignments.map(|a| &a.formula);
    let rates = model.states.iter().map(|s| &s.rate);
    values.chain(rates).chain(event_formulas)
}

/// Operations inside each other, without recursion.
fn depth<'m>(expression: &'m Expression) -> usize {
    let mut deepest = 0;
    let mut stack: Vec<(&'m Expression, usize)> = vec![(expression, 1)];
    while let Some((expression, depth)) = stack.pop() {
        deepest = deepest.max(depth);
        let below = |part: &'m Expression| (part, depth + 1);
        match expression {
            Expression::Number(_) | Expression::Symbol(_) | Expression::Time => {}
            Expression::Unary(_, a) => stack.push(below(a)),
            Expression::Binary(_, a, b) => stack.extend([below(a), below(b)]),
            Expression::Call(_, arguments) => stack.extend(arguments.iter().map(below)),
            Expression::Piecewise {
                branches,
                otherwise,
            } => {
                stack.push(below(otherwise));
                for (value, condition) in branches {
                    stack.extend([below(value), below(condition)]);
                }
            }
        }
    }
    deepest
}

/// The model's name that looks most like `name`, if one does.
fn nearest(model: &Model, name: &str) -> Option<String> {
    model
        .symbols
        .iter()
        .map(|s| (strsim::damerau_levenshtein(&s.name, name), &s.name))
        .min()
        .filter(|(distance, _)| *distance <= 2.max(name.len() / 3))
        .map(|(_, name)| name.clone())
}
