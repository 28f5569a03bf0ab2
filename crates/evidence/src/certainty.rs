//! Certainty of a pooled answer after GRADE (doi:10.1136/bmj.39489.470347.AD), by stated rules.
//!
//! Single-arm evidence starts low, comparisons of randomised trials start high. Five domains take steps
//! away; nothing is added, since no single-arm series here can show a dose response or rule out the course
//! of the disease. The rules are simple so that they can be followed by hand; a panel may judge otherwise,
//! and a question of the library can carry its judgement with a reason.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::pooling::{Pooled, enters};
use crate::series::{Measure, Row, Series};
use crate::study::{DesignKind, Risk, Tier};

/// Certainty of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Very low.
    VeryLow,
    /// Low.
    Low,
    /// Moderate.
    Moderate,
    /// High.
    High,
}

impl Level {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Level::VeryLow => "very low",
            Level::Low => "low",
            Level::Moderate => "moderate",
            Level::High => "high",
        }
    }
}

/// A reason for less certainty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// How the studies were done.
    RiskOfBias,
    /// How far they disagree.
    Inconsistency,
    /// How far patients and products are from the question.
    Indirectness,
    /// How few patients there are.
    Imprecision,
    /// What was probably never reported.
    PublicationBias,
}

impl Domain {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Domain::RiskOfBias => "risk of bias",
            Domain::Inconsistency => "inconsistency",
            Domain::Indirectness => "indirectness",
            Domain::Imprecision => "imprecision",
            Domain::PublicationBias => "publication bias",
        }
    }
}

/// Steps taken away in one domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The domain.
    pub domain: Domain,
    /// Steps down, 0 to 2.
    pub down: u8,
    /// Why.
    pub why: String,
}

/// Certainty with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certainty {
    /// Where it starts.
    pub start: Level,
    /// One judgement per domain.
    pub judgements: Vec<Judgement>,
    /// Where it ends.
    pub level: Level,
}

/// Patients below which an answer is imprecise, and below which it is very imprecise. A share known from a
/// hundred patients has an interval of about 20 percentage points at its widest, from thirty of 37.
const FEW_PATIENTS: u64 = 100;
const VERY_FEW_PATIENTS: u64 = 30;
/// Percentage points between the limits of a proportion that make it imprecise, and very imprecise.
const WIDE: f64 = 20.0;
/// A prediction interval this many times as wide as that of the mean shows that studies differ.
const WIDER: f64 = 2.0;
const VERY_WIDE: f64 = 40.0;

/// Judges a pooled answer; `own` are judgements that a person made, which replace the rule of their domain.
pub fn certainty(series: &Series, pooled: &Pooled, own: &[Judgement]) -> Option<Certainty> {
    let entering: Vec<&Row> = series
        .rows
        .iter()
        .filter(|r| enters(r, series.measure))
        .collect();
    let rows = match entering.is_empty() {
        true => series.rows.iter().collect(),
        false => entering,
    };
    if rows.is_empty() {
        return None;
    }
    let compared = matches!(series.measure, Measure::Ratio | Measure::Difference);
    let randomised = rows.iter().all(|r| r.design == DesignKind::RandomisedTrial);
    let start = if compared && randomised {
        Level::High
    } else {
        Level::Low
    };
    let mut judgements = vec![
        risk_of_bias(&rows),
        inconsistency(series.measure, &rows, pooled),
        indirectness(&rows),
        imprecision(series.measure, pooled, &rows),
        publication_bias(&rows),
    ];
    for judgement in &mut judgements {
        if let Some(by_person) = own.iter().find(|o| o.domain == judgement.domain) {
            *judgement = by_person.clone();
        }
    }
    let left = |from: u8, j: &Judgement| from.saturating_sub(j.down);
    let level = match judgements.iter().fold(start as u8, left) {
        0 => Level::VeryLow,
        1 => Level::Low,
        2 => Level::Moderate,
        _ => Level::High,
    };
    Some(Certainty {
        start,
        judgements,
        level,
    })
}

fn judgement(domain: Domain, down: u8, why: impl Into<String>) -> Judgement {
    Judgement {
        domain,
        down,
        why: why.into(),
    }
}

/// Share of the patients, from 0 to 1, in rows that fulfil `is`; of the rows where no numbers are known.
fn share(rows: &[&Row], is: impl Fn(&Row) -> bool) -> f64 {
    let weight = |row: &Row| row.patients().unwrap_or(1) as f64;
    let all: f64 = rows.iter().map(|r| weight(r)).sum();
    let those: f64 = rows.iter().filter(|r| is(r)).map(|r| weight(r)).sum();
    // An empty sum is -0.
    (those / all.max(1.0)).abs()
}

fn risk_of_bias(rows: &[&Row]) -> Judgement {
    let high = share(rows, |r| r.risk == Some(Risk::High));
    let low = share(rows, |r| r.risk == Some(Risk::Low));
    match (high, low) {
        (high, _) if high > 0.5 => judgement(
            Domain::RiskOfBias,
            2,
            format!(
                "{:.0} % of the patients are in studies at high risk",
                100.0 * high
            ),
        ),
        (_, low) if low < 0.5 => judgement(
            Domain::RiskOfBias,
            1,
            format!(
                "{:.0} % of the patients are in studies judged at low risk",
                100.0 * low
            ),
        ),
        _ => judgement(
            Domain::RiskOfBias,
            0,
            "most patients are in studies at low risk",
        ),
    }
}

fn inconsistency(measure: Measure, rows: &[&Row], pooled: &Pooled) -> Judgement {
    if rows.len() < 2 {
        return judgement(Domain::Inconsistency, 0, "one study: nothing to compare");
    }
    let all: Vec<(f64, f64, &str)> = rows
        .iter()
        .filter_map(|r| Some((r.lower?, r.upper?, r.study.as_str())))
        .collect();
    let highest = all.iter().max_by(|a, b| a.0.total_cmp(&b.0));
    let lowest = all.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    if let (Some(high), Some(low)) = (highest, lowest)
        && high.0 > low.1
    {
        let words = format!("the intervals of {} and {} do not meet", low.2, high.2);
        return judgement(Domain::Inconsistency, 1, words);
    }
    // Ratios and rates are as far apart as their logarithms.
    let width = |lower: f64, upper: f64| match measure {
        Measure::Ratio | Measure::Rate => libm::log(upper / lower),
        _ => upper - lower,
    };
    let first = pooled.estimates.first();
    let wider = first
        .and_then(|e| {
            let prediction = width(e.prediction_lower?, e.prediction_upper?);
            Some(prediction / width(e.lower, e.upper))
        })
        .filter(|ratio| ratio.is_finite() && *ratio > WIDER);
    match wider {
        Some(ratio) => judgement(
            Domain::Inconsistency,
            1,
            format!("the prediction interval is {ratio:.1} times as wide as that of the mean"),
        ),
        None => judgement(
            Domain::Inconsistency,
            0,
            "the intervals of all studies meet",
        ),
    }
}

fn indirectness(rows: &[&Row]) -> Judgement {
    let diseases: BTreeSet<&str> = rows
        .iter()
        .flat_map(|r| &r.diseases)
        .map(String::as_str)
        .collect();
    let targets: BTreeSet<&str> = rows.iter().map(|r| r.target.as_str()).collect();
    match (diseases.len(), targets.len()) {
        (1, 1) => judgement(Domain::Indirectness, 0, "one disease and one target"),
        (d, t) => judgement(
            Domain::Indirectness,
            1,
            format!(
                "{} and {} are taken together",
                some(d, "disease"),
                some(t, "target")
            ),
        ),
    }
}

fn some(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}

fn imprecision(measure: Measure, pooled: &Pooled, rows: &[&Row]) -> Judgement {
    let patients: u64 = rows.iter().filter_map(|r| r.patients()).sum();
    let first = pooled.estimates.first();
    let width = match (measure, first) {
        (Measure::Proportion, Some(e)) => e.upper - e.lower,
        _ => 0.0,
    };
    let no_effect = match measure {
        Measure::Ratio => Some(1.0),
        Measure::Difference => Some(0.0),
        _ => None,
    };
    let either_way = first
        .zip(no_effect)
        .is_some_and(|(e, none)| e.lower < none && none < e.upper);
    let down = if patients < VERY_FEW_PATIENTS || width > VERY_WIDE {
        2
    } else if patients < FEW_PATIENTS || width > WIDE || either_way {
        1
    } else {
        0
    };
    if either_way {
        let words = format!(
            "{}, interval from benefit to harm",
            some(patients as usize, "patient")
        );
        return judgement(Domain::Imprecision, down, words);
    }
    let words = match width {
        0.0 => some(patients as usize, "patient"),
        _ => format!("{patients} patients, interval {width:.0} percentage points wide"),
    };
    judgement(Domain::Imprecision, down, words)
}

fn publication_bias(rows: &[&Row]) -> Judgement {
    let cases = rows
        .iter()
        .filter(|r| matches!(r.design, DesignKind::CaseReport | DesignKind::CaseSeries))
        .count();
    let news = rows
        .iter()
        .filter(|r| matches!(r.tier, Tier::B | Tier::C))
        .count();
    let half = rows.len().div_ceil(2);
    match (cases >= half, news >= half) {
        (true, _) => judgement(
            Domain::PublicationBias,
            1,
            format!(
                "{cases} of {} {}, which appear when they succeed",
                rows.len(),
                if cases == 1 {
                    "is a case report or series"
                } else {
                    "are case reports or series"
                }
            ),
        ),
        (_, true) => judgement(
            Domain::PublicationBias,
            1,
            format!(
                "{news} of {} {} read in releases or news",
                rows.len(),
                if news == 1 { "was" } else { "were" }
            ),
        ),
        _ => judgement(
            Domain::PublicationBias,
            0,
            "mostly trials, read in papers or abstracts",
        ),
    }
}
