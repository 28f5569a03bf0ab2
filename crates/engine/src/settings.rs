//! How to integrate, and whether that makes sense.

use neurocart_numeric::InstructionSet;

use crate::program::Program;

/// How to integrate.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Start of every solve, in days on the model's clock.
    pub start_days: f64,
    /// Times to report, increasing, none before the start.
    pub output_times_days: Vec<f64>,
    /// Relative tolerance per step.
    pub relative_tolerance: f64,
    /// Relative tolerances of single states, by name, instead of the common one.
    pub relative_tolerance_of: Vec<(String, f64)>,
    /// Absolute tolerance per step.
    pub absolute_tolerance: f64,
    /// Absolute tolerances of single states, by name, instead of the common one.
    pub absolute_tolerance_of: Vec<(String, f64)>,
    /// A solve that needs more steps fails.
    pub max_steps: u32,
    /// Instruction set; `None` takes the widest of this machine. The bits do not depend on it.
    pub instruction_set: Option<InstructionSet>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            start_days: 0.0,
            output_times_days: Vec::new(),
            relative_tolerance: 1e-6,
            relative_tolerance_of: Vec::new(),
            absolute_tolerance: 1e-9,
            absolute_tolerance_of: Vec::new(),
            max_steps: 100_000,
            instruction_set: None,
        }
    }
}

/// Settings that make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A field with a bad value.
    #[error("`{field}`: {message}")]
    Bad {
        /// The field of [`Settings`].
        field: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
}

/// Tolerances of each integrated state.
#[derive(Clone, Debug)]
pub(crate) struct Tolerances {
    pub absolute: Vec<f64>,
    pub relative: Vec<f64>,
}

/// Checks the settings; gives the tolerances of each state.
pub(crate) fn checked(program: &Program, settings: &Settings) -> Result<Tolerances, SettingsError> {
    let bad = |field, message: String| Err(SettingsError::Bad { field, message });
    if !settings.start_days.is_finite() {
        return bad(
            "start_days",
            format!("is {}, expected a day", settings.start_days),
        );
    }
    if settings.output_times_days.is_empty() {
        return bad(
            "output_times_days",
            "is empty, expected at least one time".into(),
        );
    }
    let mut previous = settings.start_days;
    for (i, &time) in settings.output_times_days.iter().enumerate() {
        if time < previous || !time.is_finite() {
            return bad(
                "output_times_days",
                format!("entry {i} is {time}, expected increasing times from {previous} on"),
            );
        }
        previous = time;
    }
    let relative = of_states(
        program,
        ("relative_tolerance", settings.relative_tolerance),
        ("relative_tolerance_of", &settings.relative_tolerance_of),
        ("1e-14 to 0.1", &|x| (1e-14..=0.1).contains(&x)),
    )?;
    let absolute = of_states(
        program,
        ("absolute_tolerance", settings.absolute_tolerance),
        ("absolute_tolerance_of", &settings.absolute_tolerance_of),
        ("more than 0", &|x| x > 0.0 && x.is_finite()),
    )?;
    Ok(Tolerances { absolute, relative })
}

/// The common tolerance for every state but those that have their own.
fn of_states(
    program: &Program,
    (common_field, common): (&'static str, f64),
    (own_field, own): (&'static str, &[(String, f64)]),
    (expected, fits): (&str, &dyn Fn(f64) -> bool),
) -> Result<Vec<f64>, SettingsError> {
    let bad = |field, message: String| Err(SettingsError::Bad { field, message });
    if !fits(common) {
        return bad(common_field, format!("is {common}, expected {expected}"));
    }
    let mut tolerances = vec![common; program.state_names.len()];
    for (name, value) in own {
        if !fits(*value) {
            return bad(
                own_field,
                format!("of `{name}` is {value}, expected {expected}"),
            );
        }
        if !program.state_names.contains(name) && !program.model_state_names.contains(name) {
            return bad(own_field, format!("`{name}` is no state of the model"));
        }
        // A state that never moves in this program has no tolerance to set.
        if let Some(i) = program.state_names.iter().position(|s| s == name) {
            tolerances[i] = *value;
        }
    }
    Ok(tolerances)
}
