//! How numbers are written: on the command line (`12/43`, `1,1`), in tables, in JSON and in R.

use std::str::FromStr;

use serde_json::{Value, json};

use neurocart_report::format::{MISSING, fixed, significant};
use neurocart_stats::bayes::beta_mixture::Beta;

/// The most subjects that an option can give.
pub const MOST_SUBJECTS: u64 = 1_000_000_000;

/// Responders of subjects, written `12/43`.
#[derive(Clone, Copy, Debug)]
pub struct Fraction {
    pub responders: u64,
    pub subjects: u64,
}

impl FromStr for Fraction {
    type Err = String;

    fn from_str(text: &str) -> Result<Fraction, String> {
        let wrong = || "expected responders/subjects, for example 12/43".to_owned();
        let (responders, subjects) = text.split_once('/').ok_or_else(wrong)?;
        let whole = |part: &str| part.trim().parse::<u64>().map_err(|_| wrong());
        let fraction = Fraction {
            responders: whole(responders)?,
            subjects: whole(subjects)?,
        };
        if fraction.subjects > MOST_SUBJECTS {
            return Err(format!(
                "{} subjects; give at most a thousand million",
                fraction.subjects
            ));
        }
        if fraction.responders > fraction.subjects {
            return Err(format!(
                "{} responders of {} subjects; give no more responders than subjects",
                fraction.responders, fraction.subjects
            ));
        }
        Ok(fraction)
    }
}

impl Fraction {
    /// For JSON.
    pub fn json(&self) -> Value {
        json!({ "responders": self.responders, "subjects": self.subjects })
    }
}

/// A beta prior, written `a,b`: as many responders and non-responders as it is worth.
#[derive(Clone, Copy, Debug)]
pub struct BetaPrior(pub Beta);

impl FromStr for BetaPrior {
    type Err = String;

    fn from_str(text: &str) -> Result<BetaPrior, String> {
        let wrong = || "expected a,b of a beta distribution, for example 1,1".to_owned();
        let (a, b) = text.split_once(',').ok_or_else(wrong)?;
        let number = |part: &str| part.trim().parse::<f64>().map_err(|_| wrong());
        let beta = Beta {
            a: number(a)?,
            b: number(b)?,
        };
        beta.check().map_err(|error| error.to_string())?;
        Ok(BetaPrior(beta))
    }
}

/// A beta distribution for JSON.
pub fn beta_json(beta: &Beta) -> Value {
    json!({ "a": beta.a, "b": beta.b })
}

/// A ratio for a table; infinity in words.
pub fn ratio(value: f64) -> String {
    match value {
        f64::INFINITY => "infinite".to_owned(),
        value if (0.01..1000.0).contains(&value) => fixed(value, 2),
        value => significant(value),
    }
}

/// A p value for a table.
pub fn p_value(p: f64) -> String {
    if p < 0.0001 {
        "<0.0001".to_owned()
    } else {
        fixed(p, 4)
    }
}

/// A number for JSON, which has no infinity: null there.
pub fn json_number(value: f64) -> Value {
    if value.is_finite() {
        json!(value)
    } else {
        Value::Null
    }
}

/// A number that may not exist.
pub fn or_missing<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| MISSING.to_owned(), |value| value.to_string())
}

/// Numbers as an R vector.
pub fn r_vector<T: ToString>(numbers: impl IntoIterator<Item = T>) -> String {
    let numbers: Vec<String> = numbers.into_iter().map(|n| n.to_string()).collect();
    format!("c({})", numbers.join(", "))
}

/// A number without the last digits of its rounding: 0.1, not 0.09999999999999998. What twelve
/// decimals do not show stays as it is.
pub fn digits(x: f64) -> f64 {
    let rounded = (x * 1e12).round() / 1e12;
    if (rounded - x).abs() < 1e-15 {
        rounded
    } else {
        x
    }
}

/// One minus a probability.
pub fn complement(p: f64) -> f64 {
    digits(1.0 - p)
}
