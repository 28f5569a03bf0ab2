//! Antimony text to a checked, unit-aware model.
//!
//! This crate reads model text (Antimony), flattens imports and submodels, checks names, units,
//! cycles and initial values, and gives a plain [`Model`]: states with rates, ordered assignments,
//! events. It does no numerical work: `neurocart-engine` compiles and integrates the result. It
//! touches no file: imports come from a function.
//!
//! ```
//! use neurocart_model::{Options, load};
//!
//! let text = "
//! model decay()
//!   C = 10;  C' = -k * C;
//!   k = 0.1; k has 1/day; k is \"elimination\";
//! end";
//! let loaded = load("decay.ant", text, &|_| None, &Options::default()).unwrap();
//! assert_eq!(loaded.model.states.len(), 1);
//! let k = loaded.model.symbol("k").unwrap();
//! assert_eq!(loaded.model[k].meaning, "elimination");
//!
//! let errors = load("decay.ant", &text.replace("-k", "-kk"), &|_| None, &Options::default());
//! assert_eq!(errors.unwrap_err()[0].message, "unknown name `kk`");
//! ```

mod check;
mod diagnostic;
mod evaluate;
mod export;
mod expression;
mod flat;
mod flatten;
mod instances;
mod lexer;
mod parser;
mod parser_formula;
mod parser_statement;
mod program;
mod resolve;
mod syntax;
mod unit_check;
mod units;

pub use diagnostic::{Diagnostic, Place, Severity, render};
pub use evaluate::{evaluate, initial_values, right_hand_side};
pub use export::{formula_text, to_antimony};
pub use expression::{BinaryOperator, Expression, Function, UnaryOperator};
pub use flat::{Assignment, Event, Model, NamedUnit, State, Symbol, SymbolId, SymbolKind};

use diagnostic::{Reporter, Saying, Span};

/// How to read a text.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which model of the text to take: by default the one marked `*`, else the statements outside
    /// of any model, else the last one.
    pub main_model: Option<String>,
    /// The values come from elsewhere: a symbol without one is no error, and
    /// [`Model::initial`] leaves it out.
    pub values_come_later: bool,
}

/// A model and what its author should know.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The checked model.
    pub model: Model,
    /// Warnings, in order of place.
    pub warnings: Vec<Diagnostic>,
}

/// Reads, flattens and checks a model. `main_name` is the name of the text in messages; `resolve`
/// gives the text of an imported file, or `None` if there is no such file.
///
/// # Errors
/// Everything that is wrong with the text, errors before warnings, in order of place.
pub fn load(
    main_name: &str,
    main_text: &str,
    resolve: &dyn Fn(&str) -> Option<String>,
    options: &Options,
) -> Result<Loaded, Vec<Diagnostic>> {
    let mut reporter = Reporter::default();
    let wanted = options.main_model.as_deref();
    let program = program::read(main_name, main_text, resolve, wanted, &mut reporter);
    let Some(main) = program.main else {
        if !reporter.has_errors() {
            let span = Span {
                file: 0,
                start: 0,
                end: 0,
            };
            let message = match wanted {
                Some(name) => format!("there is no model `{name}`"),
                None => "there is no model in this text".to_string(),
            };
            reporter.error(
                span,
                Saying::new(message).hint("write `model name() ... end`"),
            );
        }
        return Err(reporter.finish());
    };
    let mut flat = flatten::flatten(&program, main, &mut reporter);
    if flat.symbols.is_empty() && !reporter.has_errors() {
        let name = &program.modules[main].name;
        let saying = Saying::new(format!("model `{}` is empty", name.text))
            .hint("write at least one statement, such as `x = 1;`");
        reporter.error(name.span, saying);
    }
    let units = program.units.defined.iter();
    let units = units.map(|(name, text)| NamedUnit {
        name: name.clone(),
        definition: text.clone(),
    });
    let model = check::build(
        &mut flat,
        units.collect(),
        options.values_come_later,
        &mut reporter,
    );
    unit_check::check_units(&flat, &program.units, &mut reporter);
    if reporter.has_errors() {
        return Err(reporter.finish());
    }
    Ok(Loaded {
        model,
        warnings: reporter.finish(),
    })
}
