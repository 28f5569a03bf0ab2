//! The answer without each study in turn, and as studies came in.

use serde::{Deserialize, Serialize};

use super::{Estimate, FEWEST_POOLED, Options, enters, pool};
use crate::series::{Measure, Row, Series};

/// A pooled estimate with one study away, or of the first studies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The study left out, or added last.
    pub study: String,
    /// Its year.
    pub year: u16,
    /// The pooled estimate; none where it is not estimable.
    pub estimate: Option<Estimate>,
    /// Why there is none.
    pub withheld: Option<String>,
}

/// The primary estimate without each study in turn, with the options of the whole; three studies are needed,
/// so that two are left.
pub fn leave_one_out(series: &Series, options: Options) -> Vec<Step> {
    let entering = entering(series);
    if entering.len() < FEWEST_POOLED {
        return Vec::new();
    }
    let two_will_do = Options {
        pool_few: true,
        ..options
    };
    entering
        .iter()
        .map(|left| {
            let others = entering.iter().filter(|row| row.study != left.study);
            step(series.measure, others, left, two_will_do)
        })
        .collect()
}

/// The primary estimate of the first studies by year, one more at a time, with the options of the whole. A
/// picture, not a test: no error rate holds over repeated looks.
pub fn cumulative(series: &Series, options: Options) -> Vec<Step> {
    let entering = entering(series);
    (0..entering.len())
        .map(|last| {
            let first = entering.iter().take(last + 1);
            step(series.measure, first, entering[last], options)
        })
        .collect()
}

fn entering(series: &Series) -> Vec<&Row> {
    let rows = series.rows.iter();
    rows.filter(|row| enters(row, series.measure)).collect()
}

fn step<'a>(
    measure: Measure,
    rows: impl Iterator<Item = &'a &'a Row>,
    about: &Row,
    options: Options,
) -> Step {
    let part = Series {
        measure,
        rows: rows.map(|row| Row::clone(row)).collect(),
        left_out: Vec::new(),
    };
    let pooled = pool(&part, options);
    Step {
        study: about.study.clone(),
        year: about.year,
        estimate: pooled.estimates.first().cloned(),
        withheld: pooled.withheld,
    }
}
