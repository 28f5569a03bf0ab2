//! Bad input in the words of the command line: which option, its value, and what it must be.

use neurocart_stats::{InputError, NotEstimable};

use crate::exit::Exit;

impl From<InputError> for Exit {
    fn from(error: InputError) -> Exit {
        Exit::invalid(in_options(&error))
    }
}

/// All that a design depends on is in its options, so that they are at fault where it has no answer.
impl From<NotEstimable> for Exit {
    fn from(reason: NotEstimable) -> Exit {
        match reason {
            NotEstimable::Input(error) => error.into(),
            reason => Exit::invalid(reason.to_string()),
        }
    }
}

/// The end of the command where an option is not a probability between 0 and 1.
pub fn check_probability(option: &str, value: f64) -> Result<(), Exit> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    Err(Exit::invalid(format!(
        "`--{option}` is {}; it must be above 0 and below 1",
        number(value)
    )))
}

/// A refusal whose argument `name` is this option, which differs from design to design.
pub fn refused_as(
    name: &'static str,
    option: &'static str,
) -> impl Fn(NotEstimable) -> Exit + Copy {
    move |reason| match reason {
        NotEstimable::Input(InputError::Range {
            name: found,
            value,
            expected,
        }) if found == name => Exit::invalid(format!(
            "`--{option}` is {}; it must be {expected}",
            number(value)
        )),
        reason => reason.into(),
    }
}

/// A number as it was given, but not in hundreds of digits.
fn number(value: f64) -> String {
    let size = value.abs();
    if size.is_finite() && size > 0.0 && !(1e-6..1e15).contains(&size) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

fn in_options(error: &InputError) -> String {
    match error {
        InputError::Length {
            name,
            length,
            expected,
        } => {
            let unit = unit(name);
            format!(
                "`{}` has {length} values but there are {expected} {unit}s; give one per {unit}",
                option(name)
            )
        }
        InputError::NotFinite { name, index, value } => format!(
            "`{}` is {} as {} {}; give a finite number",
            option(name),
            number(*value),
            unit(name),
            index + 1
        ),
        InputError::Value {
            name,
            index,
            value,
            expected,
        } => format!(
            "`{}` is {} as {} {}; it must be {expected}",
            option(name),
            number(*value),
            unit(name),
            index + 1
        ),
        InputError::Range {
            name,
            value,
            expected,
        } => format!(
            "`{}` is {}; it must be {expected}",
            option(name),
            number(*value)
        ),
        InputError::CountAboveTotal { name, count, total } => format!(
            "`{}` is {count} of {total}; a count cannot be above its total",
            option(name)
        ),
        InputError::Unsupported { .. } => error.to_string(),
    }
}

/// What the values of a list belong to.
fn unit(name: &str) -> &'static str {
    match name {
        "skeleton" | "dlt_rates" | "response_rates" | "true_rates" => "dose",
        "information" | "futility boundary" | "looks" => "look",
        _ => "value",
    }
}

/// The option behind an argument of a statistical function.
fn option(name: &str) -> String {
    let option = match name {
        "alpha_two_sided" | "alpha_one_sided" | "significance_level" => "alpha",
        "confidence_level" => "level",
        "standard_deviation" => "sd",
        "dlt_rates" | "true_rates" => "truth",
        "response_rates" => "response-truth",
        "dlt" => "data",
        "maximum_treated" | "largest_treated" => "patients",
        "dlt_window_days" => "window-days",
        "mean_days" => "accrual-days",
        "extra_safe_offset" => "extra-safe",
        "number of doses" => "doses",
        "outcomes in the table" => "treated",
        "number of looks" => "looks",
        "spending table's fraction spent" | "spending table's last fraction spent" => {
            return "--spent, as a fraction of alpha".to_owned();
        }
        "spending table's information" | "information fraction of the last planned look" => {
            "information"
        }
        "futility boundary" => "futility-z",
        "subjects per arm" => return "subjects per arm".to_owned(),
        "retention" | "visits" => "dropout",
        "visits of the control arm" => "dropout-control",
        "dropout_hazard" => "dropout",
        "treated_subjects" => "treated",
        "control_subjects" => "control",
        "exponent" => "exponents",
        "weight" => "robust",
        "subjects" => "historical",
        "p" => "at",
        "p_low" => "acceptable",
        "p_high" => "threshold",
        "responders" | "events" => "observed",
        other => return format!("--{}", other.replace('_', "-")),
    };
    format!("--{option}")
}
