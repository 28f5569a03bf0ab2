//! Submodels to one list of symbols.
//!
//! Every symbol collects all that the text says about it. Where joined symbols (see `instances`) are
//! defined more than once, the outermost instance decides, so a model can override what a submodel
//! says; two definitions at one level are an error.

use crate::diagnostic::{Reporter, Saying, Span};
use crate::instances::{Flattening, Found};
use crate::program::Program;
use crate::resolve::Node;
use crate::syntax::*;
use crate::units::{Unit, tidy};

/// A definition with the place and nesting it was written at.
#[derive(Clone)]
pub(crate) struct Written<T> {
    pub what: T,
    pub span: Span,
    pub depth: usize,
}

/// A symbol of the flat model with all that the text says about it.
#[derive(Default)]
pub(crate) struct Draft {
    pub name: String,
    pub path: String,
    pub plain: String,
    pub span: Option<Span>,
    pub constant: Option<Written<bool>>,
    pub role: Option<Written<Role>>,
    pub substance_only: bool,
    pub boundary: bool,
    pub compartment: Option<Written<usize>>,
    pub meaning: Option<Written<String>>,
    /// Text and value; the value is missing where the text was wrong.
    pub unit: Option<Written<(String, Option<Unit>)>>,
    pub value: Option<Written<Node>>,
    pub rule: Option<Written<Node>>,
    pub rate: Option<Written<Node>>,
    /// Net stoichiometry times a rate, in the order of the text.
    pub reactions: Vec<Written<(f64, Node)>>,
    /// It is the rate of a reaction with that name.
    pub is_flux: bool,
    /// A statement about it could not be read.
    pub is_unreadable: bool,
}

/// An event with resolved names.
pub(crate) struct DraftEvent {
    pub name: String,
    pub trigger: Node,
    pub assignments: Vec<(usize, Span, Node)>,
}

/// The flat model before it is checked.
#[derive(Default)]
pub(crate) struct Flat {
    pub name: String,
    pub symbols: Vec<Draft>,
    pub events: Vec<DraftEvent>,
}

/// Makes the flat model of one module.
pub(crate) fn flatten(program: &Program, main: usize, reporter: &mut Reporter) -> Flat {
    let mut work = Flattening::new(program, main, reporter);
    for instance in 0..work.instances.len() {
        work.declare(instance, reporter);
    }
    let mut events = Vec::new();
    for instance in 0..work.instances.len() {
        work.define(instance, &mut events, reporter);
    }
    name_events(&mut events);
    let events = events.into_iter().map(|(event, _)| event).collect();
    let name = program.modules[main].name.text.clone();
    Flat {
        name,
        symbols: work.drafts,
        events,
    }
}

impl Flattening<'_> {
    /// Types, units and meanings.
    fn declare(&mut self, instance: usize, reporter: &mut Reporter) {
        let program = self.program;
        let depth = self.instances[instance].depth;
        let written = |span| Written {
            what: (),
            span,
            depth,
        };
        for name in self.instances[instance].unreadable.clone() {
            if let Found::Symbol(symbol) = self.lookup(instance, &name) {
                self.drafts[symbol].is_unreadable = true;
            }
        }
        for statement in &program.modules[self.instances[instance].module].statements {
            match statement {
                Statement::Declare(d) => {
                    let Some(symbol) = self.target(instance, &d.name, reporter) else {
                        continue;
                    };
                    let at = written(d.name.span);
                    let compartment = d.compartment.as_ref().and_then(|name| {
                        let volume = self.target(instance, name, reporter)?;
                        Some(at.with(volume))
                    });
                    let draft = &mut self.drafts[symbol];
                    draft.substance_only |= d.substance_only;
                    draft.boundary |= d.boundary;
                    let name = &d.name.text;
                    if let Some(constant) = d.constant {
                        let word = |c: &bool| if *c { "`const`" } else { "`var`" }.to_string();
                        put(&mut draft.constant, at.with(constant), name, word, reporter);
                    }
                    if let Some(role) = d.role {
                        let word = |r: &Role| match r {
                            Role::Species => "a species".to_string(),
                            Role::Compartment => "a compartment".to_string(),
                            Role::Parameter => "a parameter".to_string(),
                        };
                        put(&mut draft.role, at.with(role), name, word, reporter);
                    }
                    if let Some(compartment) = compartment {
                        let word = |_: &usize| "in a compartment".to_string();
                        put(&mut draft.compartment, compartment, name, word, reporter);
                    }
                }
                Statement::Reaction(reaction) => {
                    // `$S` in one reaction keeps S out of all of them, as in libantimony.
                    let both = reaction.reactants.iter().chain(&reaction.products);
                    for participant in both.filter(|p| p.boundary) {
                        if let Found::Symbol(symbol) = self.lookup(instance, &participant.name.text)
                        {
                            self.drafts[symbol].boundary = true;
                        }
                    }
                }
                Statement::HasUnit(name, formula) => {
                    let unit = program.units.evaluate(formula, reporter);
                    let text = tidy(reporter.text(formula.span));
                    let Some(symbol) = self.target(instance, name, reporter) else {
                        continue;
                    };
                    let at = written(name.span).with((text, unit));
                    let word = |(text, _): &(String, Option<Unit>)| format!("in {text}");
                    put(
                        &mut self.drafts[symbol].unit,
                        at,
                        &name.text,
                        word,
                        reporter,
                    );
                }
                Statement::Meaning(name, text) => {
                    let Some(symbol) = self.target(instance, name, reporter) else {
                        continue;
                    };
                    let at = written(name.span).with(text.clone());
                    let word = |text: &String| format!("\"{text}\"");
                    put(
                        &mut self.drafts[symbol].meaning,
                        at,
                        &name.text,
                        word,
                        reporter,
                    );
                }
                _ => {}
            }
        }
    }

    /// Values, rules, rates, reactions and events.
    fn define(
        &mut self,
        instance: usize,
        events: &mut Vec<(DraftEvent, String)>,
        reporter: &mut Reporter,
    ) {
        let program = self.program;
        let depth = self.instances[instance].depth;
        for statement in &program.modules[self.instances[instance].module].statements {
            match statement {
                Statement::Define(definition, name, formula) => {
                    let (formula, unit) = split_unit(formula);
                    let node = self.resolve(instance, &formula, reporter);
                    let Some(symbol) = self.target(instance, name, reporter) else {
                        continue;
                    };
                    if let Some(unit) = unit {
                        let value = program.units.evaluate(&unit, reporter);
                        let text = tidy(reporter.text(unit.span));
                        let at = Written {
                            what: (text, value),
                            span: unit.span,
                            depth,
                        };
                        let word = |(text, _): &(String, Option<Unit>)| format!("in {text}");
                        put(
                            &mut self.drafts[symbol].unit,
                            at,
                            &name.text,
                            word,
                            reporter,
                        );
                    }
                    let at = Written {
                        what: node,
                        span: name.span,
                        depth,
                    };
                    self.put_definition(symbol, *definition, at, &name.text, reporter);
                }
                Statement::Reaction(reaction) => self.reaction(instance, reaction, reporter),
                Statement::Event(event) => {
                    let trigger = self.resolve(instance, &event.trigger, reporter);
                    let mut assignments: Vec<(usize, Span, Node)> = Vec::new();
                    for (name, formula) in &event.assignments {
                        let node = self.resolve(instance, formula, reporter);
                        let Some(symbol) = self.target(instance, name, reporter) else {
                            continue;
                        };
                        if let Some((_, span, _)) = assignments.iter().find(|a| a.0 == symbol) {
                            let message = format!("this event sets `{}` twice", name.text);
                            let saying = Saying::new(message)
                                .related(*span, "first here")
                                .hint("the assignments of an event happen at once; keep one");
                            reporter.error(name.span, saying);
                        }
                        assignments.push((symbol, name.span, node));
                    }
                    let name = event
                        .name
                        .as_ref()
                        .map_or(String::new(), |n| n.text.clone());
                    let path = format!("{}{name}", self.instances[instance].path);
                    events.push((
                        DraftEvent {
                            name,
                            trigger,
                            assignments,
                        },
                        path,
                    ));
                }
                _ => {}
            }
        }
    }

    fn reaction(&mut self, instance: usize, reaction: &Reaction, reporter: &mut Reporter) {
        let depth = self.instances[instance].depth;
        let rate = self.resolve(instance, &reaction.rate, reporter);
        let span = reaction.rate.span;
        let mut flux = rate.clone();
        if let Some(name) = &reaction.name
            && let Some(symbol) = self.target(instance, name, reporter)
        {
            let at = Written {
                what: rate,
                span: name.span,
                depth,
            };
            self.put_definition(symbol, Definition::Rule, at, &name.text, reporter);
            self.drafts[symbol].is_flux = true;
            flux = Node::symbol(symbol, span);
        }
        let mut net: Vec<(usize, Span, f64)> = Vec::new();
        let sides = [(&reaction.reactants, -1.0), (&reaction.products, 1.0)];
        for (participants, sign) in sides {
            for participant in participants {
                let name = &participant.name;
                let Some(symbol) = self.target(instance, name, reporter) else {
                    continue;
                };
                if self.drafts[symbol].boundary {
                    continue;
                }
                let change = sign * participant.stoichiometry;
                match net.iter_mut().find(|(s, ..)| *s == symbol) {
                    Some(entry) => entry.2 += change,
                    None => net.push((symbol, name.span, change)),
                }
            }
        }
        for (symbol, name_span, change) in net {
            let at = Written {
                what: (change, flux.clone()),
                span: name_span,
                depth,
            };
            self.drafts[symbol].reactions.push(at);
        }
    }

    /// Enters a value, rule or rate; the outermost one wins, two at one level are an error.
    fn put_definition(
        &mut self,
        symbol: usize,
        definition: Definition,
        new: Written<Node>,
        name: &str,
        reporter: &mut Reporter,
    ) {
        let draft = &mut self.drafts[symbol];
        let slot = match definition {
            Definition::Value => &mut draft.value,
            Definition::Rule => &mut draft.rule,
            Definition::Rate => &mut draft.rate,
        };
        match slot {
            Some(old) if old.depth == new.depth => {
                let saying = Saying::new(format!("`{name}` is defined twice"))
                    .label("second definition")
                    .related(old.span, "first definition")
                    .hint("delete one of the two, or give it another name");
                reporter.error(new.span, saying);
            }
            Some(old) if old.depth < new.depth => {}
            _ => *slot = Some(new),
        }
    }
}
impl<T> Written<T> {
    fn with<U>(&self, what: U) -> Written<U> {
        Written {
            what,
            span: self.span,
            depth: self.depth,
        }
    }
}

/// Enters what a declaration says; the outermost wins, a contradiction at one level is an error.
fn put<T: PartialEq>(
    slot: &mut Option<Written<T>>,
    new: Written<T>,
    name: &str,
    words: impl Fn(&T) -> String,
    reporter: &mut Reporter,
) {
    match slot {
        Some(old) if old.depth == new.depth && old.what != new.what => {
            let (before, now) = (words(&old.what), words(&new.what));
            let message = format!("`{name}` is declared twice, and differently");
            let saying = Saying::new(message)
                .label(format!("{now} here"))
                .related(old.span, format!("{before} here"))
                .hint("keep one of the two");
            reporter.error(new.span, saying);
        }
        Some(old) if old.depth <= new.depth => {}
        _ => *slot = Some(new),
    }
}

/// Names events like symbols, and those without a name by their number.
fn name_events(events: &mut [(DraftEvent, String)]) {
    let names: Vec<String> = events.iter().map(|(e, _)| e.name.clone()).collect();
    for (i, (event, path)) in events.iter_mut().enumerate() {
        if event.name.is_empty() {
            event.name = format!("event_{}", i + 1);
        } else if names.iter().filter(|n| **n == event.name).count() > 1 {
            event.name = path.clone();
        }
    }
}

/// Takes the unit from a formula that is one number with a unit: `5 day`, `-3 mg`.
fn split_unit(formula: &Formula) -> (std::borrow::Cow<'_, Formula>, Option<UnitFormula>) {
    use std::borrow::Cow;
    let span = formula.span;
    match &formula.kind {
        FormulaKind::Number(number, Some(name)) => {
            let kind = FormulaKind::Number(*number, None);
            let unit = UnitFormula {
                kind: UnitFormulaKind::Name(name.text.clone()),
                span: name.span,
            };
            (Cow::Owned(Formula { kind, span }), Some(unit))
        }
        FormulaKind::Unary(operator, inner) => match split_unit(inner) {
            (Cow::Owned(inner), unit) => {
                let kind = FormulaKind::Unary(*operator, Box::new(inner));
                (Cow::Owned(Formula { kind, span }), unit)
            }
            _ => (Cow::Borrowed(formula), None),
        },
        _ => (Cow::Borrowed(formula), None),
    }
}
