//! Confirmed disability progression of a simulated course; the definition itself is
//! [`neurocart_endpoint::confirmed_progression`].

use neurocart_endpoint::Reading;
use neurocart_endpoint::confirmed_progression::{
    Battery, Confirmed, EdssRule, Options, Reference, time_to_composite_progression,
    time_to_progression,
};

use crate::course::{Attack, Visit};
use crate::specification::{
    ConfirmationWeeks, DAYS_PER_WEEK, ProgressionReference, ProgressionRule, Score,
};

/// The choices of a trial file in the terms of the definition.
pub fn options(
    rule: ProgressionRule,
    confirmation: ConfirmationWeeks,
    reference: ProgressionReference,
) -> Options {
    let rule = match rule {
        ProgressionRule::TwoTier55 => EdssRule::TwoTier55,
        ProgressionRule::TwoTier50 => EdssRule::TwoTier50,
        ProgressionRule::ThreeTier => EdssRule::ThreeTier,
    };
    Options {
        confirmation_days: f64::from(u32::from(confirmation)) * DAYS_PER_WEEK,
        reference: match reference {
            ProgressionReference::Baseline => Reference::Baseline,
            ProgressionReference::AfterImprovement => Reference::AfterImprovement,
            ProgressionReference::AfterAttack => Reference::AfterAttack,
        },
        ..Options::edss(rule)
    }
}

/// The first confirmed progression among `visits`, the first of which is the baseline.
///
/// `None` if there is none, or if the visits carry no EDSS.
pub fn first_confirmed_progression(
    visits: &[Visit],
    attacks: &[Attack],
    options: &Options,
) -> Option<Confirmed> {
    let edss = readings(visits, Score::Edss);
    time_to_progression(&edss, &onsets(attacks), options, false)
        .ok()
        .and_then(|found| found.change)
}

/// The first progression confirmed on the EDSS or on the timed walk (+20 %).
pub fn first_composite_progression(
    visits: &[Visit],
    attacks: &[Attack],
    options: &Options,
) -> Option<Confirmed> {
    let (edss, walk) = (
        readings(visits, Score::Edss),
        readings(visits, Score::T25fw),
    );
    let battery = Battery {
        edss: &edss,
        walk: &walk,
        peg: &[],
    };
    time_to_composite_progression(&battery, &onsets(attacks), options, false)
        .ok()
        .and_then(|(found, _)| found.change)
}

fn readings(visits: &[Visit], score: Score) -> Vec<Reading> {
    let reading = |visit: &Visit| {
        Some(Reading {
            time_days: visit.time_days,
            value: score.of(visit)?,
        })
    };
    visits.iter().filter_map(reading).collect()
}

fn onsets(attacks: &[Attack]) -> Vec<f64> {
    attacks.iter().map(|attack| attack.time_days).collect()
}
