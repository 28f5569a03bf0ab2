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
            "`{}` is {value} as {} {}; give a finite number",
            option(name),
            unit(name),
            index + 1
        ),
        InputError::Value {
            name,
            index,
            value,
            expected,
        } => format!(
            "`{}` is {value} as {} {}; it must be {expected}",
            option(name),
            unit(name),
            index + 1
        ),
        InputError::Range {
            name,
            value,
            expected,
        } => format!("`{}` is {value}; it must be {expected}", option(name)),
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
        "information fraction of the last planned look" => "information",
        "futility boundary" => "futility-z",
        "rho" | "gamma" | "delta" => "parameter",
        "retention" | "visits" => "dropout",
        "visits of the control arm" => "dropout-control",
        "dropout_hazard" => "dropout",
        "treated_subjects" => "treated",
        "control_subjects" => "control",
        "exponent" => "exponents",
        "weight" => "robust",
        "p" => "at",
        "p_low" => "acceptable",
        "p_high" => "threshold",
        "responders" | "events" => "observed",
        other => return format!("--{}", other.replace('_', "-")),
    };
    format!("--{option}")
}
