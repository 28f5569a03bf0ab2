//! The flat model: every import and submodel resolved, every formula checked.

use crate::Expression;

/// Index into [`Model::symbols`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SymbolId(pub u32);

/// A checked model, ready to compile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// Name of the top model.
    pub name: String,
    /// Every named quantity, in order of first appearance.
    pub symbols: Vec<Symbol>,
    /// Quantities that change by a differential equation, in order of first appearance.
    pub states: Vec<State>,
    /// Rules `name := formula` that hold at all times, in an order of evaluation that works.
    pub assignments: Vec<Assignment>,
    /// Values and initial assignments of constants and states (`name = formula`), in an order of
    /// evaluation that works. They may use assignment rules evaluated at the start.
    pub initial: Vec<Assignment>,
    /// Discontinuities.
    pub events: Vec<Event>,
    /// Units that the text defines, in the order of the text.
    pub units: Vec<NamedUnit>,
}

/// A unit that the text defines: `unit name = definition`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamedUnit {
    /// Name.
    pub name: String,
    /// Definition as written (`1e9 item`).
    pub definition: String,
}

/// A named quantity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Symbol {
    /// Name, unique in the model. Inside a submodel the plain name where that is unique in the
    /// whole model, else the dotted path (`ocrelizumab.C`).
    pub name: String,
    /// Full dotted path from the top model (`ocrelizumab.C`).
    pub path: String,
    /// Meaning in words (the display name of the text), empty if none was given.
    pub meaning: String,
    /// Unit as written in the text (`1/d`), empty if none was given.
    pub unit: String,
    /// What the symbol is.
    pub kind: SymbolKind,
    /// Declared `const`: not even an event sets it.
    pub is_constant: bool,
}

/// What a symbol is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SymbolKind {
    /// Never changes during a run (events may still set it unless it is declared `const`).
    #[default]
    Parameter,
    /// A compartment volume.
    Compartment,
    /// Changes by a differential equation: one entry of [`Model::states`].
    State,
    /// Follows an assignment rule: one entry of [`Model::assignments`].
    Assigned,
}

/// A differential equation: `d symbol / d time = rate`.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The quantity.
    pub symbol: SymbolId,
    /// Its rate of change per unit of time; reactions are already summed in.
    pub rate: Expression,
}

/// `symbol` takes the value of `formula`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The quantity that is set.
    pub symbol: SymbolId,
    /// Its value.
    pub formula: Expression,
}

/// At the moment `trigger` turns from false to true, all `assignments` happen at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Name, made up (`event_1`) if the text gives none.
    pub name: String,
    /// Condition.
    pub trigger: Expression,
    /// Simultaneous assignments, evaluated with the values just before the event.
    pub assignments: Vec<Assignment>,
}

impl Model {
    /// The symbol of that flat name, else of that full path, else the only symbol whose path ends
    /// in `.name`.
    pub fn symbol(&self, name: &str) -> Option<SymbolId> {
        let position = |test: &dyn Fn(&Symbol) -> bool| self.symbols.iter().position(test);
        let is_suffix = |s: &Symbol| {
            s.path
                .strip_suffix(name)
                .is_some_and(|rest| rest.ends_with('.'))
        };
        let only_suffix = || {
            let mut found = (0..self.symbols.len()).filter(|&i| is_suffix(&self.symbols[i]));
            found.next().filter(|_| found.next().is_none())
        };
        position(&|s| s.name == name)
            .or_else(|| position(&|s| s.path == name))
            .or_else(only_suffix)
            .map(|index| SymbolId(index as u32))
    }
}

impl std::ops::Index<SymbolId> for Model {
    type Output = Symbol;
    fn index(&self, id: SymbolId) -> &Symbol {
        &self.symbols[id.0 as usize]
    }
}
