//! The flat draft to a [`Model`]: kinds, constants, missing values, cycles and order of evaluation.

use crate::diagnostic::{Reporter, Saying, Span};
use crate::flatten::{Draft, Flat};
use crate::resolve::{Node, NodeKind, reads_as_constant};
use crate::syntax::Role;
use crate::{
    Assignment, BinaryOperator, Event, Model, NamedUnit, State, Symbol, SymbolId, SymbolKind,
};

/// Reactions of one species; guards the stack of everything that walks its rate.
const MOST_REACTIONS: usize = 1000;

/// Checks everything but units and builds the model. With errors reported, the model is of no use.
pub(crate) fn build(
    flat: &mut Flat,
    units: Vec<NamedUnit>,
    values_come_later: bool,
    reporter: &mut Reporter,
) -> Model {
    check_names(flat, reporter);
    gather_rates(flat, reporter);
    check_definitions(flat, values_come_later, reporter);
    check_events(flat, reporter);
    let assignment_order = assignment_order(flat, reporter);
    let initial_order = initial_order(flat, reporter);

    let id = |index: usize| SymbolId(index as u32);
    let symbols = flat.symbols.iter().map(|draft| Symbol {
        name: draft.name.clone(),
        path: draft.path.clone(),
        meaning: draft
            .meaning
            .as_ref()
            .map_or(String::new(), |m| m.what.clone()),
        unit: draft
            .unit
            .as_ref()
            .map_or(String::new(), |u| u.what.0.clone()),
        kind: kind(draft),
        is_constant: draft.constant.as_ref().is_some_and(|c| c.what),
    });
    let pick = |order: Vec<usize>, which: fn(&Draft) -> Option<&Node>| {
        let assignment = |index: usize| {
            let formula = which(&flat.symbols[index])?.expression();
            Some(Assignment {
                symbol: id(index),
                formula,
            })
        };
        order.into_iter().filter_map(assignment).collect::<Vec<_>>()
    };
    let states = flat
        .symbols
        .iter()
        .enumerate()
        .filter_map(|(index, draft)| {
            let rate = draft.rate.as_ref()?.what.expression();
            Some(State {
                symbol: id(index),
                rate,
            })
        });
    let events = flat.events.iter().map(|event| Event {
        name: event.name.clone(),
        trigger: event.trigger.expression(),
        assignments: event
            .assignments
            .iter()
            .map(|(symbol, _, node)| Assignment {
                symbol: id(*symbol),
                formula: node.expression(),
            })
            .collect(),
    });
    Model {
        name: flat.name.clone(),
        symbols: symbols.collect(),
        states: states.collect(),
        assignments: pick(assignment_order, |d| d.rule.as_ref().map(|r| &r.what)),
        initial: pick(initial_order, |d| d.value.as_ref().map(|v| &v.what)),
        events: events.collect(),
        units,
    }
}

fn kind(draft: &Draft) -> SymbolKind {
    if draft.rate.is_some() {
        SymbolKind::State
    } else if draft.rule.is_some() {
        SymbolKind::Assigned
    } else if draft
        .role
        .as_ref()
        .is_some_and(|r| r.what == Role::Compartment)
    {
        SymbolKind::Compartment
    } else {
        SymbolKind::Parameter
    }
}

fn check_names(flat: &Flat, reporter: &mut Reporter) {
    for draft in &flat.symbols {
        let (Some(constant), Some(span)) = (reads_as_constant(&draft.plain), draft.span) else {
            continue;
        };
        if draft.plain == "time" {
            let saying = Saying::new("`time` is the time of the model and cannot be defined")
                .hint("choose another name");
            reporter.error(span, saying);
        } else {
            let message = format!(
                "other tools read `{}` as the constant `{constant}`",
                draft.plain
            );
            reporter.warning(span, Saying::new(message).hint("choose another name"));
        }
    }
}

/// Sums the reactions of each species into a rate: of its amount, or of its concentration where it
/// lives in a compartment and is not `substanceOnly`.
fn gather_rates(flat: &mut Flat, reporter: &mut Reporter) {
    for index in 0..flat.symbols.len() {
        let reactions = std::mem::take(&mut flat.symbols[index].reactions);
        let Some(first) = reactions.first() else {
            continue;
        };
        let first_span = first.span;
        if reactions.len() > MOST_REACTIONS {
            let name = &flat.symbols[index].plain;
            let message = format!("`{name}` takes part in more than {MOST_REACTIONS} reactions");
            let hint = "sum some of them up in one";
            reporter.error(first_span, Saying::new(message).hint(hint));
            continue;
        }
        let draft = &flat.symbols[index];
        if let Some(rate) = &draft.rate {
            let message = format!(
                "`{}` has a rate rule and takes part in a reaction",
                draft.plain
            );
            let saying = Saying::new(message)
                .label("changed by a reaction here")
                .related(rate.span, "rate rule here")
                .hint("keep one, or write `$` before it in the reaction");
            reporter.error(first_span, saying);
            continue;
        }
        let mut sum: Option<Node> = None;
        for reaction in &reactions {
            let (change, flux) = reaction.what.clone();
            if change == 0.0 {
                continue;
            }
            let size = change.abs();
            let term = if size == 1.0 {
                flux
            } else {
                let number = Node {
                    kind: NodeKind::Number(size),
                    span: flux.span,
                };
                Node::binary(BinaryOperator::Multiply, number, flux)
            };
            sum = Some(match (sum, change < 0.0) {
                (None, false) => term,
                (None, true) => {
                    let span = term.span;
                    let negate = crate::UnaryOperator::Negate;
                    Node {
                        kind: NodeKind::Unary(negate, Box::new(term)),
                        span,
                    }
                }
                (Some(sum), false) => Node::binary(BinaryOperator::Add, sum, term),
                (Some(sum), true) => Node::binary(BinaryOperator::Subtract, sum, term),
            });
        }
        let mut rate = sum.unwrap_or(Node {
            kind: NodeKind::Number(0.0),
            span: first_span,
        });
        if let Some(compartment) = flat.symbols[index].compartment.clone()
            && !flat.symbols[index].substance_only
        {
            let volume = &flat.symbols[compartment.what];
            if volume.rule.is_some() || volume.rate.is_some() {
                let message = format!("the volume `{}` changes in time", volume.plain);
                let hint = "declare the species `substanceOnly` and divide by the volume yourself";
                reporter.error(compartment.span, Saying::new(message).hint(hint));
            }
            let volume = Node::symbol(compartment.what, rate.span);
            rate = Node::binary(BinaryOperator::Divide, rate, volume);
        }
        let depth = first.depth;
        flat.symbols[index].rate = Some(crate::flatten::Written {
            what: rate,
            span: first_span,
            depth,
        });
    }
}

/// Contradictions between definitions of one symbol, and values that are missing.
fn check_definitions(flat: &mut Flat, values_come_later: bool, reporter: &mut Reporter) {
    let mut used_at: Vec<Option<Span>> = vec![None; flat.symbols.len()];
    let mut note = |symbol: usize, span: Span| {
        used_at[symbol].get_or_insert(span);
    };
    for draft in &flat.symbols {
        for node in [&draft.rule, &draft.rate, &draft.value]
            .into_iter()
            .flatten()
        {
            node.what.visit_symbols(&mut note);
        }
    }
    for event in &flat.events {
        event.trigger.visit_symbols(&mut note);
        event
            .assignments
            .iter()
            .for_each(|(_, _, node)| node.visit_symbols(&mut note));
    }
    for (index, draft) in flat.symbols.iter_mut().enumerate() {
        let name = draft.plain.clone();
        if let (Some(rule), Some(rate)) = (&draft.rule, &draft.rate) {
            let (first, second) = in_order(rule.span, rate.span);
            let saying = Saying::new(format!("`{name}` has a rule and a rate of change"))
                .related(first, "first definition")
                .hint("a quantity follows a rule (`:=`) or a rate (`' =`), not both");
            reporter.error(second, saying);
        } else if let (Some(rule), Some(value)) = (&draft.rule, &draft.value) {
            if rule.depth == value.depth {
                let (first, second) = in_order(rule.span, value.span);
                let saying = Saying::new(format!("`{name}` has a value and a rule"))
                    .related(first, "first definition")
                    .hint("a rule (`:=`) holds at the start too; delete the other");
                reporter.error(second, saying);
            } else if rule.depth < value.depth {
                draft.value = None;
            } else {
                // A value from outside stills the rule of the submodel.
                draft.rule = None;
            }
        }
        for (definition, what) in [(&draft.rule, "a rule"), (&draft.rate, "a rate of change")] {
            let (Some(constant), Some(definition)) = (&draft.constant, definition) else {
                continue;
            };
            if constant.what && constant.depth <= definition.depth {
                let saying = Saying::new(format!("`{name}` is `const` but has {what}"))
                    .related(constant.span, "declared `const` here")
                    .hint("declare it `var`, or delete the definition");
                reporter.error(definition.span, saying);
            } else if constant.what {
                draft.constant = None;
                break;
            }
        }
        let is_excused = draft.is_unreadable || values_come_later;
        if draft.rule.is_none() && draft.value.is_none() && !is_excused {
            let Some(span) = draft.span else { continue };
            let (message, hint) = if draft.rate.is_some() {
                (
                    format!("`{name}` has no initial value"),
                    format!("write `{name} = ...;`"),
                )
            } else {
                (
                    format!("`{name}` has no value"),
                    format!("write `{name} = ...;`"),
                )
            };
            let mut saying = Saying::new(message).hint(hint);
            if let Some(used) = used_at[index].filter(|u| *u != span) {
                saying = saying.related(used, "used here");
            }
            reporter.error(span, saying);
        }
    }
}

fn in_order(a: Span, b: Span) -> (Span, Span) {
    if a < b { (a, b) } else { (b, a) }
}

fn check_events(flat: &Flat, reporter: &mut Reporter) {
    for event in &flat.events {
        for (symbol, span, _) in &event.assignments {
            let draft = &flat.symbols[*symbol];
            let name = &draft.plain;
            if let Some(rule) = &draft.rule {
                let saying = Saying::new(format!("this event sets `{name}`, which follows a rule"))
                    .related(rule.span, "rule here")
                    .hint("let the event set a quantity that the rule depends on");
                reporter.error(*span, saying);
            } else if let Some(constant) = draft.constant.as_ref().filter(|c| c.what) {
                let saying = Saying::new(format!("this event sets `{name}`, which is `const`"))
                    .related(constant.span, "declared `const` here")
                    .hint("declare it `var`");
                reporter.error(*span, saying);
            }
        }
    }
}

/// An order in which every rule comes after the rules it uses.
fn assignment_order(flat: &Flat, reporter: &mut Reporter) -> Vec<usize> {
    let rules: Vec<Option<&Node>> = flat
        .symbols
        .iter()
        .map(|d| d.rule.as_ref().map(|r| &r.what))
        .collect();
    order(
        flat,
        &rules,
        "rules",
        "a rule cannot use itself, not even by way of others",
        reporter,
    )
}

/// An order in which every initial value comes after what it uses, rules included.
fn initial_order(flat: &Flat, reporter: &mut Reporter) -> Vec<usize> {
    let formulas: Vec<Option<&Node>> = flat
        .symbols
        .iter()
        .map(|d| d.rule.as_ref().or(d.value.as_ref()).map(|w| &w.what))
        .collect();
    let hint = "give one of them a number";
    let mut order = order(flat, &formulas, "initial values", hint, reporter);
    order.retain(|&index| flat.symbols[index].rule.is_none());
    order
}

/// Depth-first order of evaluation; the symbols of a cycle are named once. Keeps its own stack, as
/// chains of rules can be long.
fn order(
    flat: &Flat,
    formulas: &[Option<&Node>],
    what: &str,
    hint: &str,
    reporter: &mut Reporter,
) -> Vec<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let uses: Vec<Vec<(usize, Span)>> = formulas
        .iter()
        .map(|formula| {
            let mut uses = Vec::new();
            if let Some(node) = formula {
                node.visit_symbols(&mut |symbol, span| {
                    if formulas[symbol].is_some() && !uses.iter().any(|(s, _)| *s == symbol) {
                        uses.push((symbol, span));
                    }
                });
            }
            uses
        })
        .collect();
    let mut marks = vec![Mark::New; formulas.len()];
    let mut ordered = Vec::new();
    for start in 0..formulas.len() {
        if formulas[start].is_none() || marks[start] != Mark::New {
            continue;
        }
        let mut stack = vec![(start, 0)];
        marks[start] = Mark::Open;
        while let Some((symbol, next)) = stack.last_mut() {
            let symbol = *symbol;
            let Some(&(used, span)) = uses[symbol].get(*next) else {
                marks[symbol] = Mark::Done;
                ordered.push(symbol);
                stack.pop();
                continue;
            };
            *next += 1;
            match marks[used] {
                Mark::Done => {}
                Mark::New => {
                    marks[used] = Mark::Open;
                    stack.push((used, 0));
                }
                Mark::Open => {
                    let from = stack.iter().position(|(s, _)| *s == used).unwrap_or(0);
                    let circle: Vec<_> = stack[from..].iter().map(|(s, _)| *s).collect();
                    report_circle(flat, &circle, span, what, hint, reporter);
                }
            }
        }
    }
    ordered
}

fn report_circle(
    flat: &Flat,
    circle: &[usize],
    span: Span,
    what: &str,
    hint: &str,
    reporter: &mut Reporter,
) {
    // A circle of rules alone shows up among the initial values again; say it once.
    let only_rules = circle.iter().all(|&s| flat.symbols[s].rule.is_some());
    if only_rules && what != "rules" {
        return;
    }
    let mut names: Vec<_> = circle
        .iter()
        .map(|&s| flat.symbols[s].name.as_str())
        .collect();
    names.push(names[0]);
    let message = format!("{what} in a circle: {}", names.join(" -> "));
    reporter.error(
        span,
        Saying::new(message).label("closes the circle").hint(hint),
    );
}
