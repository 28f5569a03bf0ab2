//! Formulas with their names looked up and functions of the text put in place.

use crate::diagnostic::{Reporter, Saying, Span, nearest};
use crate::instances::{Flattening, Found};
use crate::syntax::{Formula, FormulaKind, FunctionDefinition, Name};
use crate::{BinaryOperator, Expression, Function, SymbolId, UnaryOperator};

/// More parts than any model has; stops functions that multiply.
const MOST_NODES: usize = 4_000_000;
/// Parts of one formula with its functions in place; guards the stack.
const MOST_PARTS: usize = 2000;
/// Functions within functions.
const DEEPEST_CALLS: usize = 20;

/// A formula that still knows where it was written.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub kind: NodeKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    Number(f64),
    /// Number of the symbol in the flat model.
    Symbol(usize),
    Time,
    Unary(UnaryOperator, Box<Node>),
    Binary(BinaryOperator, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
    Piecewise(Vec<(Node, Node)>, Box<Node>),
    /// Something wrong that is already reported.
    Error,
}

impl Node {
    pub fn symbol(symbol: usize, span: Span) -> Node {
        Node {
            kind: NodeKind::Symbol(symbol),
            span,
        }
    }

    pub fn binary(operator: BinaryOperator, a: Node, b: Node) -> Node {
        let span = a.span;
        Node {
            kind: NodeKind::Binary(operator, Box::new(a), Box::new(b)),
            span,
        }
    }

    /// Calls `visit` with every symbol and where it stands.
    pub fn visit_symbols(&self, visit: &mut dyn FnMut(usize, Span)) {
        match &self.kind {
            NodeKind::Symbol(symbol) => visit(*symbol, self.span),
            NodeKind::Unary(_, a) => a.visit_symbols(visit),
            NodeKind::Binary(_, a, b) => {
                a.visit_symbols(visit);
                b.visit_symbols(visit);
            }
            NodeKind::Call(_, arguments) => {
                arguments.iter().for_each(|a| a.visit_symbols(visit));
            }
            NodeKind::Piecewise(branches, otherwise) => {
                for (value, condition) in branches {
                    value.visit_symbols(visit);
                    condition.visit_symbols(visit);
                }
                otherwise.visit_symbols(visit);
            }
            NodeKind::Number(..) | NodeKind::Time | NodeKind::Error => {}
        }
    }

    /// The formula without places; `-5` becomes one number.
    pub fn expression(&self) -> Expression {
        match &self.kind {
            NodeKind::Number(number) => Expression::Number(*number),
            NodeKind::Symbol(symbol) => Expression::Symbol(SymbolId(*symbol as u32)),
            NodeKind::Time => Expression::Time,
            NodeKind::Unary(operator, a) => match (operator, a.expression()) {
                (UnaryOperator::Negate, Expression::Number(n)) => Expression::Number(-n),
                (operator, a) => Expression::Unary(*operator, Box::new(a)),
            },
            NodeKind::Binary(operator, a, b) => Expression::Binary(
                *operator,
                Box::new(a.expression()),
                Box::new(b.expression()),
            ),
            NodeKind::Call(function, arguments) => {
                Expression::Call(*function, arguments.iter().map(Node::expression).collect())
            }
            NodeKind::Piecewise(branches, otherwise) => Expression::Piecewise {
                branches: branches
                    .iter()
                    .map(|(v, c)| (v.expression(), c.expression()))
                    .collect(),
                otherwise: Box::new(otherwise.expression()),
            },
            NodeKind::Error => Expression::Number(f64::NAN),
        }
    }
}

/// What a built-in function name makes of its arguments.
enum BuiltIn {
    Plain(Function, usize),
    Many(Function),
    Operator(BinaryOperator),
    Logarithm,
    Not,
    Piecewise,
}

const BUILT_INS: &[(&str, BuiltIn)] = &[
    ("exp", BuiltIn::Plain(Function::Exp, 1)),
    ("ln", BuiltIn::Plain(Function::Ln, 1)),
    ("log", BuiltIn::Logarithm),
    ("log10", BuiltIn::Plain(Function::Log10, 1)),
    ("sqrt", BuiltIn::Plain(Function::Sqrt, 1)),
    ("abs", BuiltIn::Plain(Function::Abs, 1)),
    ("max", BuiltIn::Many(Function::Max)),
    ("min", BuiltIn::Many(Function::Min)),
    ("floor", BuiltIn::Plain(Function::Floor, 1)),
    ("ceil", BuiltIn::Plain(Function::Ceil, 1)),
    ("ceiling", BuiltIn::Plain(Function::Ceil, 1)),
    ("sin", BuiltIn::Plain(Function::Sin, 1)),
    ("cos", BuiltIn::Plain(Function::Cos, 1)),
    ("tanh", BuiltIn::Plain(Function::Tanh, 1)),
    ("pow", BuiltIn::Operator(BinaryOperator::Power)),
    ("power", BuiltIn::Operator(BinaryOperator::Power)),
    ("lt", BuiltIn::Operator(BinaryOperator::Less)),
    ("leq", BuiltIn::Operator(BinaryOperator::LessEqual)),
    ("gt", BuiltIn::Operator(BinaryOperator::Greater)),
    ("geq", BuiltIn::Operator(BinaryOperator::GreaterEqual)),
    ("eq", BuiltIn::Operator(BinaryOperator::Equal)),
    ("neq", BuiltIn::Operator(BinaryOperator::NotEqual)),
    ("not", BuiltIn::Not),
    ("piecewise", BuiltIn::Piecewise),
];

/// Names that stand for a number unless the model gives them another meaning.
const CONSTANTS: &[(&str, f64)] = &[
    ("pi", std::f64::consts::PI),
    ("exponentiale", std::f64::consts::E),
    ("avogadro", 6.02214076e23),
    ("inf", f64::INFINITY),
    ("infinity", f64::INFINITY),
    ("nan", f64::NAN),
    ("true", 1.0),
    ("false", 0.0),
];

/// Names that some tool reads as a constant, in whatever letter case.
pub(crate) fn reads_as_constant(name: &str) -> Option<&'static str> {
    let known = [
        "pi",
        "time",
        "inf",
        "infinity",
        "nan",
        "avogadro",
        "exponentiale",
        "true",
        "false",
    ];
    known.into_iter().find(|k| k.eq_ignore_ascii_case(name))
}

/// Where the names of a formula are looked up.
struct Scope<'a> {
    instance: usize,
    /// The function being put in place, with what its parameters stand for.
    call: Option<(&'a FunctionDefinition, &'a [Node])>,
    depth: usize,
}

impl Flattening<'_> {
    /// Looks up every name of a formula written in an instance.
    pub fn resolve(&mut self, instance: usize, formula: &Formula, reporter: &mut Reporter) -> Node {
        self.parts = 0;
        self.node(
            &Scope {
                instance,
                call: None,
                depth: 0,
            },
            formula,
            reporter,
        )
    }

    fn node(&mut self, scope: &Scope, formula: &Formula, reporter: &mut Reporter) -> Node {
        let span = formula.span;
        self.node_count += 1;
        self.parts += 1;
        if self.node_count > MOST_NODES || self.parts > MOST_PARTS {
            reporter.error(
                span,
                Saying::new("with its functions in place this formula is too large")
                    .hint("give the parts of the formula names with `part := ...`"),
            );
            return Node {
                kind: NodeKind::Error,
                span,
            };
        }
        let kind = match &formula.kind {
            FormulaKind::Number(number, None) => NodeKind::Number(*number),
            FormulaKind::Number(_, Some(unit)) => {
                let number = reporter.text(span).to_string();
                let message = format!("`{number}` stands inside of a formula");
                let hint = format!("give it a name, `x = {number};`, and use the name here");
                reporter.error(unit.span, Saying::new(message).hint(hint));
                NodeKind::Error
            }
            FormulaKind::Name(name) => return self.name(scope, name, span, reporter),
            FormulaKind::Unary(operator, a) => {
                NodeKind::Unary(*operator, Box::new(self.node(scope, a, reporter)))
            }
            FormulaKind::Binary(operator, a, b) => {
                let a = self.node(scope, a, reporter);
                let b = self.node(scope, b, reporter);
                NodeKind::Binary(*operator, Box::new(a), Box::new(b))
            }
            FormulaKind::Call(name, arguments) => {
                let nodes: Vec<_> = arguments
                    .iter()
                    .map(|a| self.node(scope, a, reporter))
                    .collect();
                return self.call(scope, name, nodes, span, reporter);
            }
        };
        Node { kind, span }
    }

    fn name(&mut self, scope: &Scope, name: &str, span: Span, reporter: &mut Reporter) -> Node {
        if let Some((function, arguments)) = scope.call {
            let position = function.parameters.iter().position(|p| p.text == name);
            if let Some(argument) = position.and_then(|p| arguments.get(p)) {
                self.node_count += size(argument);
                self.parts += size(argument);
                return argument.clone();
            }
        }
        if name == "time" {
            return Node {
                kind: NodeKind::Time,
                span,
            };
        }
        let constant = CONSTANTS.iter().find(|(n, _)| *n == name);
        if let (Some((function, _)), None) = (scope.call, constant) {
            let parameters = function.parameters.iter().map(|p| p.text.as_str());
            let near = nearest(name, parameters);
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("add `{name}` to the arguments of the function"),
            };
            let message = format!("unknown name `{name}` in function `{}`", function.name.text);
            reporter.error(span, Saying::new(message).hint(hint));
            return Node {
                kind: NodeKind::Error,
                span,
            };
        }
        match (self.lookup(scope.instance, name), constant) {
            (Found::Symbol(symbol), _) if scope.call.is_none() => Node::symbol(symbol, span),
            (_, Some((_, value))) => Node {
                kind: NodeKind::Number(*value),
                span,
            },
            (found, None) => {
                let name = Name {
                    text: name.to_string(),
                    span,
                };
                self.report_missing(scope.instance, &name, found, reporter);
                Node {
                    kind: NodeKind::Error,
                    span,
                }
            }
        }
    }

    fn call(
        &mut self,
        scope: &Scope,
        name: &Name,
        arguments: Vec<Node>,
        span: Span,
        reporter: &mut Reporter,
    ) -> Node {
        let error = Node {
            kind: NodeKind::Error,
            span,
        };
        let program = self.program;
        if let Some(function) = program.functions.get(&name.text) {
            let wanted = function.parameters.len();
            if !self.check_count(
                name,
                wanted,
                arguments.len(),
                Some(function.name.span),
                reporter,
            ) {
                return error;
            }
            if scope.depth >= DEEPEST_CALLS {
                let message = format!("function `{}` calls itself", name.text);
                let hint = "functions are formulas in short; they cannot repeat";
                reporter.error(function.name.span, Saying::new(message).hint(hint));
                return error;
            }
            let inner = Scope {
                instance: scope.instance,
                call: Some((function, &arguments)),
                depth: scope.depth + 1,
            };
            return self.node(&inner, &function.body, reporter);
        }
        let Some((_, built_in)) = BUILT_INS.iter().find(|(n, _)| *n == name.text) else {
            let known = BUILT_INS.iter().map(|(n, _)| *n);
            let near = nearest(
                &name.text,
                known.chain(program.functions.keys().map(String::as_str)),
            );
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("define it: `function {}(x) ... end`", name.text),
            };
            let message = format!("unknown function `{}`", name.text);
            reporter.error(name.span, Saying::new(message).hint(hint));
            return error;
        };
        let count = arguments.len();
        let kind = match built_in {
            BuiltIn::Plain(function, wanted) => {
                if !self.check_count(name, *wanted, count, None, reporter) {
                    return error;
                }
                NodeKind::Call(*function, arguments)
            }
            BuiltIn::Many(function) => {
                if count == 0 {
                    self.check_count(name, 2, count, None, reporter);
                    return error;
                }
                NodeKind::Call(*function, arguments)
            }
            BuiltIn::Operator(operator) => {
                if !self.check_count(name, 2, count, None, reporter) {
                    return error;
                }
                let mut both = arguments.into_iter();
                let (Some(a), Some(b)) = (both.next(), both.next()) else {
                    return error;
                };
                NodeKind::Binary(*operator, Box::new(a), Box::new(b))
            }
            BuiltIn::Not => {
                if !self.check_count(name, 1, count, None, reporter) {
                    return error;
                }
                let Some(a) = arguments.into_iter().next() else {
                    return error;
                };
                NodeKind::Unary(UnaryOperator::Not, Box::new(a))
            }
            BuiltIn::Logarithm if count == 2 => {
                // log(base, x)
                let of = |x: Node| Node {
                    span,
                    kind: NodeKind::Call(Function::Ln, vec![x]),
                };
                let mut both = arguments.into_iter();
                let (Some(base), Some(x)) = (both.next(), both.next()) else {
                    return error;
                };
                NodeKind::Binary(BinaryOperator::Divide, Box::new(of(x)), Box::new(of(base)))
            }
            BuiltIn::Logarithm => {
                if !self.check_count(name, 1, count, None, reporter) {
                    return error;
                }
                NodeKind::Call(Function::Ln, arguments)
            }
            BuiltIn::Piecewise => {
                if count < 3 || count.is_multiple_of(2) {
                    let saying = Saying::new(format!(
                        "`piecewise` needs an odd number of arguments, found {count}"
                    ))
                    .hint("write `piecewise(value, condition, ..., otherwise)`");
                    reporter.error(span, saying);
                    return error;
                }
                let mut rest = arguments.into_iter();
                let mut branches = Vec::new();
                for _ in 0..count / 2 {
                    let (Some(value), Some(condition)) = (rest.next(), rest.next()) else {
                        return error;
                    };
                    branches.push((value, condition));
                }
                let Some(otherwise) = rest.next() else {
                    return error;
                };
                NodeKind::Piecewise(branches, Box::new(otherwise))
            }
        };
        Node { kind, span }
    }

    fn check_count(
        &self,
        name: &Name,
        wanted: usize,
        found: usize,
        defined: Option<Span>,
        reporter: &mut Reporter,
    ) -> bool {
        if wanted == found {
            return true;
        }
        let plural = if wanted == 1 { "" } else { "s" };
        let message = format!(
            "`{}` takes {wanted} argument{plural}, found {found}",
            name.text
        );
        let mut saying = Saying::new(message);
        if let Some(span) = defined {
            saying = saying.related(span, "defined here");
        }
        reporter.error(name.span, saying);
        false
    }
}

fn size(node: &Node) -> usize {
    match &node.kind {
        NodeKind::Unary(_, a) => 1 + size(a),
        NodeKind::Binary(_, a, b) => 1 + size(a) + size(b),
        NodeKind::Call(_, arguments) => 1 + arguments.iter().map(size).sum::<usize>(),
        NodeKind::Piecewise(branches, otherwise) => {
            1 + size(otherwise)
                + branches
                    .iter()
                    .map(|(v, c)| size(v) + size(c))
                    .sum::<usize>()
        }
        NodeKind::Number(..) | NodeKind::Symbol(_) | NodeKind::Time | NodeKind::Error => 1,
    }
}
