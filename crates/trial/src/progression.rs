//! Confirmed disability progression on the EDSS, and whether relapses explain it.
//!
//! Onset is the first visit at which the EDSS has risen from baseline by the amount of the rule.
//! It is confirmed if it holds at every visit up to and including the first eligible one at least
//! the confirmation window later; visits may come up to 7 days early. A visit in the 30 days from
//! an attack onset is not eligible, because a transient rise would confirm itself. The baseline is fixed:
//! an improvement followed by a return is no progression.
//!
//! An onset within 90 days after an attack is relapse-associated worsening (RAW). It is progression
//! independent of relapse activity (PIRA) if there is no attack from 90 days before to 30 days after
//! both onset and confirmation. Anything between is neither.
//! Kappos et al. 2020, doi:10.1001/jamaneurol.2020.1568; definitions compared by Montobbio et al.
//! 2024, doi:10.1177/13524585241243157, whose program made the expected results of the tests.

use crate::course::{Attack, Visit};
use crate::specification::{ConfirmationWeeks, DAYS_PER_WEEK, ProgressionRule};

/// A visit may come this much before the end of the confirmation window.
const EARLY_DAYS: f64 = 7.0;
/// Visits sooner than this after an attack onset cannot confirm.
const ATTACK_TO_CONFIRMATION_DAYS: f64 = 30.0;
/// An attack this long before a visit explains a rise.
const ATTACK_BEFORE_DAYS: f64 = 90.0;
/// An attack this soon after a visit may have begun before it.
const ATTACK_AFTER_DAYS: f64 = 30.0;

/// A confirmed progression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progression {
    /// First visit at the threshold.
    pub onset_days: f64,
    /// Visit that confirmed it.
    pub confirmation_days: f64,
    /// EDSS at baseline.
    pub baseline_edss: f64,
    /// Whether attacks explain it.
    pub kind: ProgressionKind,
}

/// Whether attacks explain a progression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressionKind {
    /// Progression independent of relapse activity.
    Pira,
    /// Relapse-associated worsening.
    Raw,
    /// Neither can be said.
    Neither,
}

/// Rise in EDSS that counts from this baseline.
pub fn required_rise(rule: ProgressionRule, baseline_edss: f64) -> f64 {
    match rule {
        ProgressionRule::TwoTier55 if baseline_edss <= 5.5 => 1.0,
        ProgressionRule::TwoTier50 if baseline_edss <= 5.0 => 1.0,
        ProgressionRule::ThreeTier if baseline_edss == 0.0 => 1.5,
        ProgressionRule::ThreeTier if baseline_edss <= 5.0 => 1.0,
        _ => 0.5,
    }
}

/// The first confirmed progression among `visits`, the first of which is the baseline.
///
/// `None` if there is none, or if the visits carry no EDSS.
pub fn first_confirmed_progression(
    visits: &[Visit],
    attacks: &[Attack],
    rule: ProgressionRule,
    confirmation: ConfirmationWeeks,
) -> Option<Progression> {
    let baseline_edss = visits.first()?.edss?;
    let threshold = baseline_edss + required_rise(rule, baseline_edss);
    let worse = |visit: &Visit| visit.edss.is_some_and(|edss| edss >= threshold);
    let eligible = |visit: &Visit| {
        !attacks.iter().any(|attack| {
            (0.0..ATTACK_TO_CONFIRMATION_DAYS).contains(&(visit.time_days - attack.time_days))
        })
    };
    let window_days = f64::from(u32::from(confirmation)) * DAYS_PER_WEEK - EARLY_DAYS;
    for (index, onset) in visits.iter().enumerate().skip(1) {
        if !worse(onset) {
            continue;
        }
        for visit in &visits[index + 1..] {
            if !worse(visit) {
                break;
            }
            if visit.time_days - onset.time_days >= window_days && eligible(visit) {
                return Some(Progression {
                    onset_days: onset.time_days,
                    confirmation_days: visit.time_days,
                    baseline_edss,
                    kind: kind(onset.time_days, visit.time_days, attacks),
                });
            }
        }
    }
    None
}

fn kind(onset_days: f64, confirmation_days: f64, attacks: &[Attack]) -> ProgressionKind {
    let any = |holds: &dyn Fn(f64) -> bool| attacks.iter().any(|attack| holds(attack.time_days));
    let near = |attack: f64, visit: f64| {
        attack >= visit - ATTACK_BEFORE_DAYS && attack <= visit + ATTACK_AFTER_DAYS
    };
    if any(&|attack| (0.0..=ATTACK_BEFORE_DAYS).contains(&(onset_days - attack))) {
        ProgressionKind::Raw
    } else if any(&|attack| near(attack, onset_days) || near(attack, confirmation_days)) {
        ProgressionKind::Neither
    } else {
        ProgressionKind::Pira
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reference(name: &str) -> csv::Reader<std::fs::File> {
        let path = format!("{}/../../reference/{name}.csv", env!("CARGO_MANIFEST_DIR"));
        csv::Reader::from_path(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn visit(time_days: f64, edss: f64) -> Visit {
        Visit {
            time_days,
            edss: Some(edss),
            ..Visit::default()
        }
    }

    fn attack(time_days: f64) -> Attack {
        Attack {
            time_days,
            edss_jump: 0.0,
            edss_residual: 0.0,
        }
    }

    fn number(text: &str) -> f64 {
        text.parse().unwrap()
    }

    #[test]
    fn every_course_of_the_reference_progresses_as_another_program_says() {
        let visits: Vec<(String, Visit)> = reference("cdp_visits")
            .records()
            .map(|r| r.unwrap())
            .map(|r| (r[0].to_owned(), visit(number(&r[1]), number(&r[2]))))
            .collect();
        let attacks: Vec<(String, Attack)> = reference("cdp_relapses")
            .records()
            .map(|r| r.unwrap())
            .map(|r| (r[0].to_owned(), attack(number(&r[1]))))
            .collect();
        let mut rows = 0;
        for row in reference("cdp_expected").records() {
            let row = row.unwrap();
            let of = |id: &str| {
                visits
                    .iter()
                    .filter(|v| v.0 == id)
                    .map(|v| v.1)
                    .collect::<Vec<_>>()
            };
            let course = of(&row[0]);
            let onsets: Vec<Attack> = attacks
                .iter()
                .filter(|a| a.0 == row[0])
                .map(|a| a.1)
                .collect();
            let rule = match &row[1] {
                "three_tier" => ProgressionRule::ThreeTier,
                "two_tier_5.5" => ProgressionRule::TwoTier55,
                "two_tier_5.0" => ProgressionRule::TwoTier50,
                other => panic!("unknown rule {other}"),
            };
            let weeks = ConfirmationWeeks::try_from(row[2].parse::<u32>().unwrap() / 7).unwrap();
            let found = first_confirmed_progression(&course, &onsets, rule, weeks);
            let label = format!("{} {} {}", &row[0], &row[1], &row[2]);
            match found {
                None => {
                    assert_eq!(&row[3], "0", "{label}");
                    let last = course.last().unwrap().time_days;
                    assert_eq!(number(&row[5]), last, "{label}: censored at the last visit");
                }
                Some(found) => {
                    assert_eq!(&row[3], "1", "{label}");
                    let class = match found.kind {
                        ProgressionKind::Pira => "PIRA",
                        ProgressionKind::Raw => "RAW",
                        ProgressionKind::Neither => "",
                    };
                    assert_eq!(&row[4], class, "{label}");
                    assert_eq!(number(&row[5]), found.onset_days, "{label}");
                    assert_eq!(number(&row[6]), found.onset_days, "{label}");
                    assert_eq!(number(&row[8]), found.baseline_edss, "{label}");
                    assert_eq!(number(&row[9]), found.confirmation_days, "{label}");
                }
            }
            rows += 1;
        }
        assert_eq!(rows, 180, "30 courses, 3 rules, 2 windows");
    }

    #[test]
    fn an_attack_long_after_onset_and_just_before_confirmation_leaves_the_kind_open() {
        let visits = [
            visit(0.0, 3.0),
            visit(84.0, 4.0),
            visit(168.0, 4.0),
            visit(252.0, 4.0),
        ];
        let found = first_confirmed_progression(
            &visits,
            &[attack(200.0)],
            ProgressionRule::TwoTier55,
            ConfirmationWeeks::TwentyFour,
        );
        assert_eq!(found.map(|p| p.kind), Some(ProgressionKind::Neither));
    }

    proptest! {
        #[test]
        fn a_longer_confirmation_never_finds_an_earlier_onset(
            halves in proptest::collection::vec(0u8..=20, 2..14),
            onsets in proptest::collection::vec(1.0f64..1000.0, 0..4),
        ) {
            let visits: Vec<Visit> = halves
                .iter()
                .enumerate()
                .map(|(k, &h)| visit(84.0 * k as f64, f64::from(h) / 2.0))
                .collect();
            let attacks: Vec<Attack> = onsets.into_iter().map(attack).collect();
            for rule in
                [ProgressionRule::TwoTier50, ProgressionRule::TwoTier55, ProgressionRule::ThreeTier]
            {
                let of = |weeks| first_confirmed_progression(&visits, &attacks, rule, weeks);
                if let Some(long) = of(ConfirmationWeeks::TwentyFour) {
                    let short = of(ConfirmationWeeks::Twelve);
                    prop_assert!(short.is_some_and(|s| s.onset_days <= long.onset_days));
                    prop_assert!(long.confirmation_days - long.onset_days >= 161.0);
                }
            }
        }

        #[test]
        fn nobody_progresses_without_a_rise(halves in proptest::collection::vec(0u8..=20, 1..14)) {
            let mut falling = halves;
            falling.sort_by(|a, b| b.cmp(a));
            let visits: Vec<Visit> = falling
                .iter()
                .enumerate()
                .map(|(k, &h)| visit(84.0 * k as f64, f64::from(h) / 2.0))
                .collect();
            let found = first_confirmed_progression(
                &visits,
                &[],
                ProgressionRule::ThreeTier,
                ConfirmationWeeks::Twelve,
            );
            prop_assert_eq!(found, None);
        }
    }
}
