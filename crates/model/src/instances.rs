//! Uses of modules, their scopes and the names in them.
//!
//! Every use of a module makes an instance with its own scope. Ports and `is` join a symbol of an
//! instance with one outside.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use crate::diagnostic::{Reporter, Saying, Span, nearest};
use crate::flatten::Draft;
use crate::program::Program;
use crate::syntax::*;

/// More instances than any model needs; stops modules that multiply.
const MOST_INSTANCES: usize = 10_000;

/// One use of a module.
#[derive(Default)]
pub(crate) struct Instance {
    /// Module number.
    pub module: usize,
    /// Dotted path with a dot at the end; empty for the top model.
    pub path: String,
    /// Nesting; 0 for the top model.
    pub depth: usize,
    /// Names to slots.
    scope: BTreeMap<String, usize>,
    /// Submodels to instances; `None` where the module is unknown.
    children: BTreeMap<String, Option<usize>>,
    /// Names in statements that could not be read.
    pub unreadable: Vec<String>,
}

/// A name in an instance, before joining.
struct Slot {
    plain: String,
    path: String,
    depth: usize,
    span: Span,
    joined_to: Option<usize>,
}

/// What a name in an instance stands for.
pub(crate) enum Found {
    Symbol(usize),
    /// Something is wrong that is already reported.
    Silent,
    Missing,
}

/// Instances and slots while flattening.
pub(crate) struct Flattening<'a> {
    pub program: &'a Program,
    pub instances: Vec<Instance>,
    slots: Vec<Slot>,
    /// Flat number of each slot, once they are joined.
    flat: Vec<usize>,
    pub drafts: Vec<Draft>,
    /// Nodes made so far; stops functions that multiply.
    pub node_count: usize,
    /// Nodes made so far for the formula at hand.
    pub parts: usize,
}

impl<'a> Flattening<'a> {
    /// Makes all instances of a module and its submodels, joins their names and numbers them.
    pub fn new(program: &'a Program, main: usize, reporter: &mut Reporter) -> Self {
        let mut work = Flattening {
            program,
            instances: Vec::new(),
            slots: Vec::new(),
            flat: Vec::new(),
            drafts: Vec::new(),
            node_count: 0,
            parts: 0,
        };
        let mut joins = Vec::new();
        work.instantiate(main, String::new(), &mut Vec::new(), &mut joins, reporter);
        for instance in 0..work.instances.len() {
            work.synchronise(instance, &mut joins, reporter);
        }
        for (a, b) in joins {
            work.join(a, b);
        }
        work.number_and_name();
        work
    }
}

impl Flattening<'_> {
    fn slot(&mut self, instance: usize, name: &str, span: Span) -> usize {
        if let Some(&slot) = self.instances[instance].scope.get(name) {
            return slot;
        }
        let number = self.slots.len();
        let at = &mut self.instances[instance];
        at.scope.insert(name.to_string(), number);
        self.slots.push(Slot {
            plain: name.to_string(),
            path: format!("{}{name}", at.path),
            depth: at.depth,
            span,
            joined_to: None,
        });
        number
    }

    /// Creates the instance, its names and its submodels.
    fn instantiate(
        &mut self,
        module: usize,
        path: String,
        stack: &mut Vec<usize>,
        joins: &mut Vec<(usize, usize)>,
        reporter: &mut Reporter,
    ) -> usize {
        let program = self.program;
        let number = self.instances.len();
        let depth = stack.len();
        self.instances.push(Instance {
            module,
            path: path.clone(),
            depth,
            ..Default::default()
        });
        stack.push(module);
        let module = &program.modules[module];
        for port in &module.ports {
            if self.instances[number].scope.contains_key(&port.text) {
                let message = format!("port `{}` is listed twice", port.text);
                reporter.error(
                    port.span,
                    Saying::new(message).hint("delete one of the two"),
                );
            }
            self.slot(number, &port.text, port.span);
        }
        for statement in &module.statements {
            for name in declared_names(statement) {
                if !name.text.contains('.') {
                    self.slot(number, &name.text, name.span);
                }
            }
            match statement {
                Statement::Unreadable(names) => {
                    self.instances[number]
                        .unreadable
                        .extend(names.iter().cloned());
                }
                Statement::Instance(instance) => {
                    let child = self.submodel(number, &path, instance, stack, joins, reporter);
                    let name = instance.name.text.clone();
                    let children = &mut self.instances[number].children;
                    match children.entry(name) {
                        Entry::Vacant(entry) => drop(entry.insert(child)),
                        Entry::Occupied(entry) => {
                            let message = format!("submodel `{}` is defined twice", entry.key());
                            let saying = Saying::new(message).hint("give the second another name");
                            reporter.error(instance.name.span, saying);
                        }
                    }
                }
                _ => {}
            }
        }
        stack.pop();
        number
    }

    fn submodel(
        &mut self,
        parent: usize,
        path: &str,
        statement: &InstanceStatement,
        stack: &mut Vec<usize>,
        joins: &mut Vec<(usize, usize)>,
        reporter: &mut Reporter,
    ) -> Option<usize> {
        let program = self.program;
        let name = &statement.module;
        let Some(&module) = program.module_by_name.get(&name.text) else {
            if !program.is_partial {
                let near = nearest(
                    &name.text,
                    program.module_by_name.keys().map(String::as_str),
                );
                let hint = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "import the file that defines it".into(),
                };
                let message = format!("unknown model `{}`", name.text);
                reporter.error(name.span, Saying::new(message).hint(hint));
            }
            return None;
        };
        if stack.contains(&module) {
            let message = format!("model `{}` contains itself", name.text);
            let hint = "take the submodel out of the circle";
            reporter.error(name.span, Saying::new(message).hint(hint));
            return None;
        }
        if self.instances.len() >= MOST_INSTANCES {
            let message = format!("more than {MOST_INSTANCES} submodels");
            reporter.error(name.span, Saying::new(message).hint("use fewer"));
            return None;
        }
        let child_path = format!("{path}{}.", statement.name.text);
        let child = self.instantiate(module, child_path, stack, joins, reporter);
        let ports = &program.modules[module].ports;
        if statement.arguments.len() > ports.len() {
            let count =
                |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
            let message = format!(
                "`{}` has {} but {} given",
                name.text,
                count(ports.len(), "port"),
                if statement.arguments.len() == 1 {
                    "1 is".into()
                } else {
                    format!("{} are", statement.arguments.len())
                },
            );
            let listed: Vec<_> = ports.iter().map(|p| p.text.as_str()).collect();
            let hint = format!("its ports are ({})", listed.join(", "));
            let module_span = program.modules[module].name.span;
            let saying = Saying::new(message)
                .hint(hint)
                .related(module_span, "defined here");
            reporter.error(statement.span, saying);
        } else if statement.arguments.len() < ports.len() && !statement.arguments.is_empty() {
            let missing: Vec<_> = ports[statement.arguments.len()..]
                .iter()
                .map(|p| format!("`{}`", p.text))
                .collect();
            let message = format!(
                "`{}` needs {} more ports: {}",
                name.text,
                missing.len(),
                missing.join(", ")
            );
            let hint = "connect every port, or none with `()`";
            let module_span = program.modules[module].name.span;
            let saying = Saying::new(message)
                .hint(hint)
                .related(module_span, "defined here");
            reporter.error(statement.span, saying);
        }
        for (argument, port) in statement.arguments.iter().zip(ports) {
            let inner = self.instances[child].scope[&port.text];
            let outer = if argument.text.contains('.') {
                match self.lookup_slot(parent, &argument.text) {
                    Ok(slot) => slot,
                    Err(found) => {
                        self.report_missing(parent, argument, found, reporter);
                        continue;
                    }
                }
            } else {
                self.slot(parent, &argument.text, argument.span)
            };
            joins.push((outer, inner));
        }
        Some(child)
    }

    fn synchronise(
        &mut self,
        instance: usize,
        joins: &mut Vec<(usize, usize)>,
        reporter: &mut Reporter,
    ) {
        let program = self.program;
        for statement in &program.modules[self.instances[instance].module].statements {
            let Statement::Synchronise(a, b) = statement else {
                continue;
            };
            let mut both = Vec::new();
            for name in [a, b] {
                match self.lookup_slot(instance, &name.text) {
                    Ok(slot) => both.push(slot),
                    Err(found) => self.report_missing(instance, name, found, reporter),
                }
            }
            if let [a, b] = both[..] {
                joins.push((b, a));
            }
        }
    }

    fn root(&self, mut slot: usize) -> usize {
        while let Some(next) = self.slots[slot].joined_to {
            slot = next;
        }
        slot
    }

    /// Joins two slots; the outermost one, else the first, gives the name.
    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return;
        }
        let b_leads = (self.slots[b].depth, b) < (self.slots[a].depth, a);
        let (lead, follow) = if b_leads { (b, a) } else { (a, b) };
        self.slots[follow].joined_to = Some(lead);
    }

    /// Gives every root slot its place and its name in the flat model.
    fn number_and_name(&mut self) {
        let mut uses: HashMap<&str, usize> = HashMap::new();
        let roots: Vec<usize> = (0..self.slots.len()).map(|s| self.root(s)).collect();
        for (slot, &root) in roots.iter().enumerate() {
            if slot == root {
                *uses.entry(&self.slots[slot].plain).or_default() += 1;
            }
        }
        self.flat = vec![usize::MAX; self.slots.len()];
        for (slot, &root) in roots.iter().enumerate() {
            if self.flat[root] == usize::MAX {
                self.flat[root] = self.drafts.len();
                let lead = &self.slots[root];
                let is_unique = uses[lead.plain.as_str()] == 1;
                self.drafts.push(Draft {
                    name: if is_unique {
                        lead.plain.clone()
                    } else {
                        lead.path.clone()
                    },
                    path: lead.path.clone(),
                    plain: lead.plain.clone(),
                    span: Some(lead.span),
                    ..Default::default()
                });
            }
            self.flat[slot] = self.flat[root];
        }
    }

    fn lookup_slot(&self, instance: usize, name: &str) -> Result<usize, Found> {
        let mut at = instance;
        let mut rest = name;
        while let Some((first, more)) = rest.split_once('.') {
            match self.instances[at].children.get(first) {
                Some(Some(child)) => at = *child,
                Some(None) => return Err(Found::Silent),
                None => {
                    let is_silent = self.instances[at].unreadable.iter().any(|n| n == first);
                    return Err(if is_silent {
                        Found::Silent
                    } else {
                        Found::Missing
                    });
                }
            }
            rest = more;
        }
        let found = &self.instances[at];
        match found.scope.get(rest) {
            Some(&slot) => Ok(slot),
            None if found.unreadable.iter().any(|n| n == rest || n == name) => Err(Found::Silent),
            None => Err(Found::Missing),
        }
    }

    /// The flat symbol that a name in an instance stands for.
    pub fn lookup(&self, instance: usize, name: &str) -> Found {
        match self.lookup_slot(instance, name) {
            Ok(slot) => Found::Symbol(self.flat[slot]),
            Err(found) => found,
        }
    }

    /// Reports a name that stands for nothing.
    pub fn report_missing(
        &self,
        instance: usize,
        name: &Name,
        found: Found,
        reporter: &mut Reporter,
    ) {
        if !matches!(found, Found::Missing) {
            return;
        }
        let mut hint = self
            .nearest_name(instance, &name.text)
            .map(|n| format!("did you mean `{n}`?"));
        if hint.is_none() && self.instances[instance].children.contains_key(&name.text) {
            hint = Some(format!(
                "this is a submodel; its parts are `{}.name`",
                name.text
            ));
        }
        if let (None, Some((first, _))) = (&hint, name.text.rsplit_once('.'))
            && let Some(Some(child)) = self.instances[instance].children.get(first)
        {
            let parts: Vec<_> = self.instances[*child]
                .scope
                .keys()
                .take(8)
                .cloned()
                .collect();
            hint = Some(format!("`{first}` has: {}", parts.join(", ")));
        }
        let declare = format!("give it a value: `{} = ...`", name.text);
        let hint = hint.unwrap_or(declare);
        let message = format!("unknown name `{}`", name.text);
        reporter.error(name.span, Saying::new(message).hint(hint));
    }

    fn nearest_name(&self, instance: usize, name: &str) -> Option<String> {
        let here = &self.instances[instance];
        let Some((first, rest)) = name.split_once('.') else {
            if let Some(near) = nearest(name, here.scope.keys().map(String::as_str)) {
                return Some(near.to_string());
            }
            // The name may live in a submodel.
            return here.children.iter().find_map(|(child_name, child)| {
                let child = &self.instances[(*child)?];
                child
                    .scope
                    .contains_key(name)
                    .then(|| format!("{child_name}.{name}"))
            });
        };
        match here.children.get(first) {
            Some(Some(child)) => self
                .nearest_name(*child, rest)
                .map(|near| format!("{first}.{near}")),
            Some(None) => None,
            None => {
                let has_it = |(_, child): &(&String, &Option<usize>)| {
                    child.is_some_and(|c| self.lookup_slot(c, rest).is_ok())
                };
                let near = nearest(first, here.children.keys().map(String::as_str))
                    .or_else(|| here.children.iter().find(has_it).map(|(n, _)| n.as_str()))?;
                Some(format!("{near}.{rest}"))
            }
        }
    }

    /// The draft a statement of this instance is about; a missing name is reported.
    pub fn target(
        &mut self,
        instance: usize,
        name: &Name,
        reporter: &mut Reporter,
    ) -> Option<usize> {
        match self.lookup(instance, &name.text) {
            Found::Symbol(symbol) => Some(symbol),
            found => {
                self.report_missing(instance, name, found, reporter);
                None
            }
        }
    }
}

/// Names that a statement brings into being in its module.
fn declared_names(statement: &Statement) -> Vec<&Name> {
    match statement {
        Statement::Declare(d) => vec![&d.name],
        Statement::Define(_, name, _) => vec![name],
        Statement::Reaction(r) => {
            let participants = r.reactants.iter().chain(&r.products).map(|p| &p.name);
            r.name.iter().chain(participants).collect()
        }
        _ => Vec::new(),
    }
}
