//! Confirmed disability progression and improvement, and whether attacks explain a progression.
//!
//! Onset is the first visit at which the score has moved from its reference by the amount of the
//! rule. It is confirmed if it holds at every visit up to and including the first eligible one at
//! least the confirmation window later; visits may come up to 7 days early. A visit in the 30
//! days from an attack onset is not eligible, because a transient rise would confirm itself.
//! Without a confirmed onset the subject is censored at the last visit.
//!
//! The reference is the first reading, for good: an improvement followed by a return is no
//! progression. Two kinds of re-baselining are options, as is to count an onset that held to the
//! last visit of a subject who withdrew.
//!
//! An onset within 90 days after an attack is relapse-associated worsening (RAW). It is progression
//! independent of relapse activity (PIRA) if there is no attack from 90 days before to 30 days after
//! both onset and confirmation. Anything between is neither.
//! Kappos et al. 2020, doi:10.1001/jamaneurol.2020.1568; definitions compared by Montobbio et al.
//! 2024, doi:10.1177/13524585241243157, whose program made the expected results of the tests.
//! Thresholds: Hauser et al. 2017, doi:10.1056/NEJMoa1601277 (5.5, in two tiers).

use crate::error::{increasing, within};
use crate::reading::check;
use crate::scale::Scale;
use crate::walking::MEANINGFUL_PERCENT;
use crate::{InputError, Reading};

/// A visit may come this much before the end of the confirmation window.
const EARLY_DAYS: f64 = 7.0;
/// Visits sooner than this after an attack onset cannot confirm, nor be a new reference.
const ATTACK_TO_VISIT_DAYS: f64 = 30.0;
/// An attack this long before a visit explains a rise.
const ATTACK_BEFORE_DAYS: f64 = 90.0;
/// An attack this soon after a visit may have begun before it.
const ATTACK_AFTER_DAYS: f64 = 30.0;
/// Confirmation over 12 weeks.
pub const TWELVE_WEEKS_DAYS: f64 = 84.0;
/// Confirmation over 24 weeks, as the European Medicines Agency asks.
pub const TWENTY_FOUR_WEEKS_DAYS: f64 = 168.0;

/// Change of the EDSS that counts, by its baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdssRule {
    /// 1.0 from a baseline of 5.5 or less, 0.5 from a higher one (OPERA, ORATORIO).
    TwoTier55,
    /// 1.0 from a baseline of 5.0 or less, 0.5 from a higher one.
    TwoTier50,
    /// 1.5 from 0, 1.0 from 1.0 to 5.0, 0.5 from 5.5 or more.
    ThreeTier,
}

impl EdssRule {
    /// Change that counts from this baseline.
    pub fn required_change(self, baseline_edss: f64) -> f64 {
        match self {
            EdssRule::TwoTier55 if baseline_edss <= 5.5 => 1.0,
            EdssRule::TwoTier50 if baseline_edss <= 5.0 => 1.0,
            EdssRule::ThreeTier if baseline_edss == 0.0 => 1.5,
            EdssRule::ThreeTier if baseline_edss <= 5.0 => 1.0,
            _ => 0.5,
        }
    }
}

/// Change of a score that counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// Points of the EDSS.
    Edss(EdssRule),
    /// Percent of the reference, for timed tests.
    Percent(f64),
}

/// What a change is measured against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reference {
    /// The first reading.
    #[default]
    Baseline,
    /// Roving: after a confirmed improvement, the worst reading from its onset to its
    /// confirmation, which is the level that was confirmed.
    AfterImprovement,
    /// After an attack, the first reading at least 30 days after its onset, unless it is better
    /// than the reference before. Takes the attack's residual out of what follows.
    AfterAttack,
}

/// Choices of the definition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Change that counts.
    pub threshold: Threshold,
    /// How long it must hold.
    pub confirmation_days: f64,
    /// What it is measured against.
    pub reference: Reference,
    /// Whether an onset that held to the last visit counts if the subject withdrew.
    pub impute_on_withdrawal: bool,
}

impl Options {
    /// The EDSS under `rule`, confirmed over 24 weeks, against the baseline, nothing imputed.
    pub fn edss(rule: EdssRule) -> Options {
        Options {
            threshold: Threshold::Edss(rule),
            confirmation_days: TWENTY_FOUR_WEEKS_DAYS,
            reference: Reference::Baseline,
            impute_on_withdrawal: false,
        }
    }

    /// A timed test with 20 % of the baseline, otherwise as [`Options::edss`].
    pub fn timed() -> Options {
        Options {
            threshold: Threshold::Percent(MEANINGFUL_PERCENT),
            ..Options::edss(EdssRule::TwoTier55)
        }
    }
}

/// A confirmed change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confirmed {
    /// First visit at the threshold.
    pub onset_days: f64,
    /// Visit that confirmed it; `None` where it was imputed on withdrawal.
    pub confirmation_days: Option<f64>,
    /// The reading it is measured against.
    pub reference: Reading,
    /// Whether attacks explain it.
    pub kind: Kind,
}

/// Whether attacks explain a progression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Progression independent of relapse activity.
    Pira,
    /// Relapse-associated worsening.
    Raw,
    /// Neither can be said.
    Neither,
}

/// Time to a confirmed change, or to the end of what was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeToChange {
    /// Onset, or the last visit if there is none.
    pub time_days: f64,
    /// The change; `None` is censored.
    pub change: Option<Confirmed>,
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Worse,
    Better,
}

/// Time to the first confirmed progression among `visits`, the first of which is the baseline.
///
/// `attacks_days` are onsets in order of time. `withdrew` is true for a subject whose visits ended
/// before the planned end; it matters only to [`Options::impute_on_withdrawal`].
///
/// # Errors
/// Visits or attacks out of order, numbers that are not finite, an EDSS outside 0 to 10, a window
/// below 7 days, a percentage of a reference that is not above zero.
pub fn time_to_progression(
    visits: &[Reading],
    attacks_days: &[f64],
    options: &Options,
    withdrew: bool,
) -> Result<TimeToChange, InputError> {
    validate(visits, attacks_days, options)?;
    let impute = withdrew && options.impute_on_withdrawal;
    let change = first_confirmed(visits, attacks_days, options, impute);
    Ok(time_to(visits, change))
}

/// Time to the first confirmed improvement: the same rules with a fall in place of a rise.
///
/// Nothing is imputed and the reference stays the baseline.
///
/// # Errors
/// As [`time_to_progression`].
pub fn time_to_improvement(
    visits: &[Reading],
    attacks_days: &[f64],
    options: &Options,
) -> Result<TimeToChange, InputError> {
    validate(visits, attacks_days, options)?;
    let change = visits.first().and_then(|&reference| {
        (1..visits.len()).find_map(|onset| {
            confirmed(
                visits,
                onset,
                reference,
                attacks_days,
                options,
                Direction::Better,
            )
        })
    });
    Ok(time_to(visits, change.map(|(_, change)| change)))
}

/// A test of the composite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// EDSS.
    Edss,
    /// Timed 25-foot walk, +20 %.
    Walk,
    /// Nine-hole peg test, +20 %.
    Peg,
}

/// Readings of the three tests; a test that was not done is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Battery<'a> {
    /// EDSS.
    pub edss: &'a [Reading],
    /// Timed 25-foot walk, seconds.
    pub walk: &'a [Reading],
    /// Nine-hole peg test, seconds.
    pub peg: &'a [Reading],
}

/// Time to the first confirmed progression on any of EDSS, walk (+20 %) and peg test (+20 %), each
/// confirmed on itself, with the test that showed it. Censored at the latest last visit.
///
/// `options` are those of the EDSS; the timed tests share all but the threshold.
///
/// # Errors
/// As [`time_to_progression`].
pub fn time_to_composite_progression(
    battery: &Battery<'_>,
    attacks_days: &[f64],
    options: &Options,
    withdrew: bool,
) -> Result<(TimeToChange, Option<Component>), InputError> {
    let timed = Options {
        threshold: Threshold::Percent(MEANINGFUL_PERCENT),
        ..*options
    };
    let mut first: Option<(Confirmed, Component)> = None;
    let mut last_days = 0.0f64;
    for (visits, options, component) in [
        (battery.edss, options, Component::Edss),
        (battery.walk, &timed, Component::Walk),
        (battery.peg, &timed, Component::Peg),
    ] {
        let found = time_to_progression(visits, attacks_days, options, withdrew)?;
        last_days = last_days.max(visits.last().map_or(0.0, |visit| visit.time_days));
        if let Some(change) = found.change
            && first.is_none_or(|(earlier, _)| change.onset_days < earlier.onset_days)
        {
            first = Some((change, component));
        }
    }
    let time_days = first.map_or(last_days, |(change, _)| change.onset_days);
    let time = TimeToChange {
        time_days,
        change: first.map(|(change, _)| change),
    };
    Ok((time, first.map(|(_, component)| component)))
}

fn time_to(visits: &[Reading], change: Option<Confirmed>) -> TimeToChange {
    let last_days = visits.last().map_or(0.0, |visit| visit.time_days);
    TimeToChange {
        time_days: change.map_or(last_days, |change| change.onset_days),
        change,
    }
}

fn validate(visits: &[Reading], attacks_days: &[f64], options: &Options) -> Result<(), InputError> {
    check(visits)?;
    increasing("an attack", attacks_days.iter().copied(), true)?;
    within(
        "the confirmation window",
        options.confirmation_days,
        (EARLY_DAYS, f64::MAX),
    )?;
    match options.threshold {
        Threshold::Edss(_) => {
            for visit in visits {
                let definition = Scale::Edss.definition();
                let range = (definition.minimum, definition.maximum);
                within(definition.name, visit.value, range)?;
            }
        }
        Threshold::Percent(percent) => {
            within(
                "the percentage that counts",
                percent,
                (f64::MIN_POSITIVE, f64::MAX),
            )?;
            for visit in visits {
                within("a timed test", visit.value, (f64::MIN_POSITIVE, f64::MAX))?;
            }
        }
    }
    Ok(())
}

/// Whether a reading has moved from the reference by the amount that counts.
fn moved(value: f64, reference: f64, threshold: Threshold, direction: Direction) -> bool {
    // Tenths of seconds have no exact binary form; half points do.
    let (amount, rounding) = match threshold {
        Threshold::Edss(rule) => (rule.required_change(reference), 0.0),
        Threshold::Percent(percent) => (reference * percent / 100.0, reference * 1e-12),
    };
    match direction {
        Direction::Worse => value - reference >= amount - rounding,
        Direction::Better => reference - value >= amount - rounding,
    }
}

fn first_confirmed(
    visits: &[Reading],
    attacks_days: &[f64],
    options: &Options,
    impute: bool,
) -> Option<Confirmed> {
    let mut reference = *visits.first()?;
    let mut index = 1;
    while let Some(&visit) = visits.get(index) {
        let attacked = |attack: &f64| {
            *attack > reference.time_days && visit.time_days - attack >= ATTACK_TO_VISIT_DAYS
        };
        if options.reference == Reference::AfterAttack && attacks_days.iter().any(attacked) {
            reference = Reading {
                time_days: visit.time_days,
                value: visit.value.max(reference.value),
            };
            index += 1;
            continue;
        }
        let find =
            |direction| confirmed(visits, index, reference, attacks_days, options, direction);
        if let Some((_, change)) = find(Direction::Worse) {
            return Some(change);
        }
        let held = |later: &Reading| {
            moved(
                later.value,
                reference.value,
                options.threshold,
                Direction::Worse,
            )
        };
        if impute && visits[index..].iter().all(held) {
            return Some(Confirmed {
                onset_days: visit.time_days,
                confirmation_days: None,
                reference,
                kind: kind(visit.time_days, visit.time_days, attacks_days),
            });
        }
        if options.reference == Reference::AfterImprovement
            && let Some((confirmation, _)) = find(Direction::Better)
        {
            let level = visits[index..=confirmation]
                .iter()
                .fold(f64::NEG_INFINITY, |worst, v| worst.max(v.value));
            reference = Reading {
                time_days: visits[confirmation].time_days,
                value: level,
            };
            index = confirmation;
        }
        index += 1;
    }
    None
}

/// The change with onset at visit `onset`, and the number of the visit that confirms it.
fn confirmed(
    visits: &[Reading],
    onset: usize,
    reference: Reading,
    attacks_days: &[f64],
    options: &Options,
    direction: Direction,
) -> Option<(usize, Confirmed)> {
    let onset_days = visits[onset].time_days;
    let window_days = options.confirmation_days - EARLY_DAYS;
    let eligible = |visit: &Reading| {
        !attacks_days
            .iter()
            .any(|attack| (0.0..ATTACK_TO_VISIT_DAYS).contains(&(visit.time_days - attack)))
    };
    visits[onset..]
        .iter()
        .take_while(|visit| moved(visit.value, reference.value, options.threshold, direction))
        .enumerate()
        .skip(1)
        .find(|(_, visit)| visit.time_days - onset_days >= window_days && eligible(visit))
        .map(|(later, visit)| {
            let change = Confirmed {
                onset_days,
                confirmation_days: Some(visit.time_days),
                reference,
                kind: kind(onset_days, visit.time_days, attacks_days),
            };
            (onset + later, change)
        })
}

fn kind(onset_days: f64, confirmation_days: f64, attacks_days: &[f64]) -> Kind {
    let near = |attack: f64, visit: f64| {
        attack >= visit - ATTACK_BEFORE_DAYS && attack <= visit + ATTACK_AFTER_DAYS
    };
    let mut attacks = attacks_days.iter().copied();
    if attacks
        .clone()
        .any(|a| (0.0..=ATTACK_BEFORE_DAYS).contains(&(onset_days - a)))
    {
        Kind::Raw
    } else if attacks.any(|a| near(a, onset_days) || near(a, confirmation_days)) {
        Kind::Neither
    } else {
        Kind::Pira
    }
}
