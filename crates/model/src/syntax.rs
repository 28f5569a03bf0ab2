//! The tree of a source text, before any name is looked up.

use crate::diagnostic::Span;
use crate::{BinaryOperator, UnaryOperator};

/// A name as written, dots included.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub text: String,
    pub span: Span,
}

/// A formula.
#[derive(Clone, Debug)]
pub(crate) struct Formula {
    pub kind: FormulaKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum FormulaKind {
    /// A number, perhaps with a unit behind it: `5 day`.
    Number(f64, Option<Name>),
    Name(String),
    Unary(UnaryOperator, Box<Formula>),
    Binary(BinaryOperator, Box<Formula>, Box<Formula>),
    Call(Name, Vec<Formula>),
}

/// A formula of units.
#[derive(Clone, Debug)]
pub(crate) struct UnitFormula {
    pub kind: UnitFormulaKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum UnitFormulaKind {
    Number(f64),
    Name(String),
    Multiply(Box<UnitFormula>, Box<UnitFormula>),
    Divide(Box<UnitFormula>, Box<UnitFormula>),
    Power(Box<UnitFormula>, f64),
}

/// `unit name = formula`
#[derive(Clone, Debug)]
pub(crate) struct UnitDefinition {
    pub name: Name,
    pub formula: UnitFormula,
}

/// `function name(parameters) body end`
#[derive(Clone, Debug)]
pub(crate) struct FunctionDefinition {
    pub name: Name,
    pub parameters: Vec<Name>,
    pub body: Formula,
}

/// `model name(ports) ... end`
#[derive(Clone, Debug)]
pub(crate) struct Module {
    pub name: Name,
    pub is_main: bool,
    pub ports: Vec<Name>,
    pub statements: Vec<Statement>,
}

/// What a file holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct File {
    pub imports: Vec<Name>,
    pub functions: Vec<FunctionDefinition>,
    pub modules: Vec<Module>,
    pub units: Vec<UnitDefinition>,
    /// Statements outside of any model.
    pub loose: Vec<Statement>,
}

/// How a name gets its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Definition {
    /// `x = formula`: at the start.
    Value,
    /// `x := formula`: always.
    Rule,
    /// `x' = formula`: rate of change.
    Rate,
}

/// The type word of a declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Species,
    Compartment,
    Parameter,
}

#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    pub name: Name,
    /// `const` is true, `var` false.
    pub constant: Option<bool>,
    pub role: Option<Role>,
    /// The species counts substance, not concentration.
    pub substance_only: bool,
    /// `$S`: reactions do not change it.
    pub boundary: bool,
    pub compartment: Option<Name>,
}

#[derive(Clone, Debug)]
pub(crate) struct Participant {
    pub stoichiometry: f64,
    pub boundary: bool,
    pub name: Name,
}

#[derive(Clone, Debug)]
pub(crate) struct Reaction {
    pub name: Option<Name>,
    pub reactants: Vec<Participant>,
    pub products: Vec<Participant>,
    pub rate: Formula,
}

#[derive(Clone, Debug)]
pub(crate) struct EventStatement {
    pub name: Option<Name>,
    pub trigger: Formula,
    pub assignments: Vec<(Name, Formula)>,
}

#[derive(Clone, Debug)]
pub(crate) struct InstanceStatement {
    pub name: Name,
    pub module: Name,
    pub arguments: Vec<Name>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum Statement {
    Declare(Declaration),
    Define(Definition, Name, Formula),
    Reaction(Reaction),
    Event(EventStatement),
    Instance(InstanceStatement),
    HasUnit(Name, UnitFormula),
    Meaning(Name, String),
    Synchronise(Name, Name),
    /// Names in a statement that could not be read: nothing more is said about them.
    Unreadable(Vec<String>),
}
