//! Compilation of a model into tapes.

use neurocart_model::Model;

/// How to compile.
#[derive(Clone, Debug, Default)]
pub struct CompileOptions {
    /// Symbols with one value for every patient: folded into the program.
    /// Overrides the value in the model text.
    pub fixed: Vec<(String, f64)>,
    /// Symbols whose value each patient brings, in the order of [`crate::Patient::parameters`].
    pub varying: Vec<String>,
    /// Symbols to report (states, assigned quantities, parameters).
    pub outputs: Vec<String>,
    /// States that doses may change, in the order of [`crate::Dose::target`].
    pub targets: Vec<String>,
}

/// A compiled model: immutable, shared by all threads.
#[derive(Clone, Debug)]
pub struct Program {
    options: CompileOptions,
}

/// Why a model cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// A name in the options that the model does not have.
    #[error("unknown symbol `{name}` in `{field}`{}", hint.as_ref().map(|h| format!("; did you mean `{h}`?")).unwrap_or_default())]
    UnknownSymbol {
        /// The name.
        name: String,
        /// The field of [`CompileOptions`].
        field: &'static str,
        /// Nearest name of the model.
        hint: Option<String>,
    },
    /// A name used where it makes no sense.
    #[error("`{name}` in `{field}`: {message}")]
    BadSymbol {
        /// The name.
        name: String,
        /// The field of [`CompileOptions`].
        field: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
}

impl Program {
    /// Compiles `model`.
    pub fn compile(model: &Model, options: CompileOptions) -> Result<Program, CompileError> {
        let _ = model;
        Ok(Program { options })
    }
    /// Names of the per-patient parameters.
    pub fn varying(&self) -> &[String] {
        &self.options.varying
    }
    /// Names of the reported symbols.
    pub fn outputs(&self) -> &[String] {
        &self.options.outputs
    }
    /// Names of the states that doses may change.
    pub fn targets(&self) -> &[String] {
        &self.options.targets
    }
}
