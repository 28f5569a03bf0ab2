//! All sources of a model: the main text and everything it imports.

use std::collections::{BTreeMap, HashMap};

use crate::diagnostic::{Reporter, Saying, Span};
use crate::parser::parse;
use crate::syntax::*;
use crate::units::UnitTable;

/// What all files hold together.
pub(crate) struct Program {
    pub modules: Vec<Module>,
    pub module_by_name: BTreeMap<String, usize>,
    pub functions: BTreeMap<String, FunctionDefinition>,
    pub units: UnitTable,
    /// The module to flatten.
    pub main: Option<usize>,
    /// Something could not be read, so names that seem unknown may be fine.
    pub is_partial: bool,
}

/// Reads the main text and its imports, each source once.
pub(crate) fn read(
    main_name: &str,
    main_text: &str,
    resolve: &dyn Fn(&str) -> Option<String>,
    main_model: Option<&str>,
    reporter: &mut Reporter,
) -> Program {
    let mut reading = Reading {
        resolve,
        files: Vec::new(),
        done: HashMap::new(),
        partial: false,
    };
    reading.source(main_name, main_text, reporter);
    let Reading { files, partial, .. } = reading;

    let units = UnitTable::new(files.iter().flat_map(|f| &f.units), reporter);
    let mut program = Program {
        modules: Vec::new(),
        module_by_name: BTreeMap::new(),
        functions: BTreeMap::new(),
        units,
        main: None,
        is_partial: false,
    };
    let last = files.len().saturating_sub(1);
    for (i, file) in files.into_iter().enumerate() {
        let is_main_file = i == last;
        for function in file.functions {
            let name = function.name.clone();
            if let Some(earlier) = program.functions.get(&name.text) {
                duplicate("function", &name, earlier.name.span, reporter);
            } else {
                program.functions.insert(name.text, function);
            }
        }
        let first_of_file = program.modules.len();
        let mut last_module = None;
        for module in file.modules {
            let name = module.name.clone();
            if let Some(&earlier) = program.module_by_name.get(&name.text) {
                duplicate("model", &name, program.modules[earlier].name.span, reporter);
                continue;
            }
            last_module = Some(program.modules.len());
            program
                .module_by_name
                .insert(name.text, program.modules.len());
            program.modules.push(module);
        }
        if !is_main_file {
            continue;
        }
        let starred = (first_of_file..program.modules.len()).find(|&m| program.modules[m].is_main);
        let has_loose = file
            .loose
            .iter()
            .any(|s| !matches!(s, Statement::Unreadable(_)));
        program.main = starred.or(last_module);
        if has_loose && starred.is_none() {
            let span = Span {
                file: 0,
                start: 0,
                end: 0,
            };
            program.main = Some(program.modules.len());
            let name = Name {
                text: "__main".into(),
                span,
            };
            let statements = file.loose;
            program.modules.push(Module {
                name,
                is_main: true,
                ports: Vec::new(),
                statements,
            });
        }
    }
    if let Some(wanted) = main_model {
        program.main = program.module_by_name.get(wanted).copied();
    }
    program.is_partial = partial;
    program
}

fn duplicate(what: &str, name: &Name, earlier: Span, reporter: &mut Reporter) {
    let saying = Saying::new(format!("{what} `{}` is defined twice", name.text))
        .label("second definition")
        .related(earlier, "first definition")
        .hint("delete one of the two, or give it another name");
    reporter.error(name.span, saying);
}

struct Reading<'a> {
    resolve: &'a dyn Fn(&str) -> Option<String>,
    /// In order of completion: an imported file stands before the one that imports it.
    files: Vec<File>,
    /// Is a source finished (true) or still being read (false)?
    done: HashMap<String, bool>,
    partial: bool,
}

impl Reading<'_> {
    fn source(&mut self, name: &str, text: &str, reporter: &mut Reporter) {
        self.done.insert(name.to_string(), false);
        let number = reporter.add_source(name, text);
        if text.len() > u32::MAX as usize / 2 {
            let span = Span {
                file: number,
                start: 0,
                end: 0,
            };
            reporter.error(span, Saying::new("this file is too large"));
            return;
        }
        let file = parse(text, number, reporter);
        for import in &file.imports {
            match self.done.get(&import.text) {
                Some(true) => continue,
                Some(false) => {
                    let message = format!("import of `{}` runs in a circle", import.text);
                    let hint = "move what both files need to a third file";
                    reporter.error(import.span, Saying::new(message).hint(hint));
                    continue;
                }
                None => {}
            }
            match (self.resolve)(&import.text) {
                Some(text) => self.source(&import.text, &text, reporter),
                None => {
                    self.partial = true;
                    self.done.insert(import.text.clone(), true);
                    let message = format!("no file `{}` to import", import.text);
                    let hint = "check the spelling and the folder of the name";
                    reporter.error(import.span, Saying::new(message).hint(hint));
                }
            }
        }
        self.done.insert(name.to_string(), true);
        self.files.push(file);
    }
}
