//! An estimate with its interval, and numbers that may be missing.

use serde::{Deserialize, Deserializer, Serialize};

/// An estimate with the limits of its interval; the caption of a figure says which interval.
///
/// A value that does not exist (no event, nobody at risk) is NaN here and `null` in JSON. It is
/// left out of every picture and printed as an en dash.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Estimate {
    /// Point estimate.
    #[serde(deserialize_with = "number_or_missing")]
    pub value: f64,
    /// Lower limit.
    #[serde(deserialize_with = "number_or_missing")]
    pub lower: f64,
    /// Upper limit.
    #[serde(deserialize_with = "number_or_missing")]
    pub upper: f64,
}

impl Estimate {
    /// An estimate that does not exist.
    pub const MISSING: Self = Self {
        value: f64::NAN,
        lower: f64::NAN,
        upper: f64::NAN,
    };

    /// An estimate with its interval.
    pub fn new(value: f64, lower: f64, upper: f64) -> Self {
        Self {
            value,
            lower,
            upper,
        }
    }

    /// Whether both limits can be drawn.
    pub fn has_interval(&self) -> bool {
        self.lower.is_finite() && self.upper.is_finite()
    }
}

impl Default for Estimate {
    fn default() -> Self {
        Self::MISSING
    }
}

/// JSON has no NaN: `null` reads back as a missing number.
pub(crate) fn number_or_missing<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(from)?.unwrap_or(f64::NAN))
}

/// The same for a series.
pub(crate) fn series_or_missing<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    let values = Vec::<Option<f64>>::deserialize(from)?;
    Ok(values
        .into_iter()
        .map(|value| value.unwrap_or(f64::NAN))
        .collect())
}

/// The same for several series.
pub(crate) fn table_or_missing<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<Vec<f64>>, D::Error> {
    let rows = Vec::<Vec<Option<f64>>>::deserialize(from)?;
    let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
    Ok(rows
        .into_iter()
        .map(|row| row.into_iter().map(number).collect())
        .collect())
}
