//! The answer without each study in turn, and as studies came in.

use serde::{Deserialize, Serialize};

use super::{Estimate, FEWEST_POOLED, Options, enters, pool};
use crate::series::{Row, Series};

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

/// The primary estimate without each study in turn; three studies are needed.
pub fn leave_one_out(series: &Series) -> Vec<Step> {
    let entering: Vec<&Row> = series
        .rows
        .iter()
        .filter(|row| enters(row, series.measure))
        .collect();
    if entering.len() < FEWEST_POOLED {
        return Vec::new();
    }
    entering
        .iter()
        .map(|left| step(series, left, |row| row.study != left.study))
        .collect()
}

/// The primary estimate of the first studies by year, one more at a time. A picture, not a test: no error
/// rate holds over repeated looks.
pub fn cumulative(series: &Series) -> Vec<Step> {
    let entering: Vec<&Row> = series
        .rows
        .iter()
        .filter(|row| enters(row, series.measure))
        .collect();
    let first = |count: usize| {
        entering[..count]
            .iter()
            .map(|r| r.study.clone())
            .collect::<Vec<_>>()
    };
    (1..=entering.len())
        .map(|count| {
            let taken = first(count);
            step(series, entering[count - 1], |row| {
                taken.contains(&row.study)
            })
        })
        .collect()
}

fn step(series: &Series, about: &Row, take: impl Fn(&Row) -> bool) -> Step {
    let part = Series {
        measure: series.measure,
        rows: series
            .rows
            .iter()
            .filter(|row| take(row))
            .cloned()
            .collect(),
        left_out: Vec::new(),
    };
    let all = Options {
        pool_few: true,
        across_scales: true,
        ..Options::default()
    };
    let pooled = pool(&part, all);
    Step {
        study: about.study.clone(),
        year: about.year,
        estimate: pooled.estimates.first().cloned(),
        withheld: pooled.withheld,
    }
}
