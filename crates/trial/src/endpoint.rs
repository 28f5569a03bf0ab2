//! From a subject's course to the value of an endpoint.
//!
//! What the trial can see ends with the subject's observation; what rescue treatment and a restart
//! of immunosuppression do is the strategy of the endpoint (ICH E9(R1),
//! [`neurocart_endpoint::estimand`]).

use neurocart_endpoint::attack::counted_onsets;
use neurocart_endpoint::confirmed_progression::{Confirmed, Kind};
use neurocart_endpoint::estimand::{self, IntercurrentEvent, Occurrence, Strategies, Window};
use neurocart_endpoint::neda::{self, Components};
use neurocart_endpoint::walking::{fell_by, percent_change};

use crate::course::{Attack, Course, Visit};
use crate::lesion;
use crate::progression::{self, first_composite_progression, first_confirmed_progression};
use crate::specification::{
    AdverseEvent, DAYS_PER_WEEK, DAYS_PER_YEAR, Endpoint, Measure, ProgressionClass,
    ProgressionReference, Rescue, Score, Specification,
};

/// One subject's value of one endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// Time to an event.
    Event {
        /// When it happened, or when observation ended.
        time_days: f64,
        /// Whether it happened.
        happened: bool,
    },
    /// Number of events.
    Count {
        /// How many.
        events: u32,
        /// Time at risk.
        years: f64,
    },
    /// Change of a score.
    Change {
        /// Value at baseline.
        baseline: f64,
        /// Value at the visit minus the baseline; `None` where it is missing.
        change: Option<f64>,
    },
    /// Yes or no.
    Binary {
        /// Which.
        yes: bool,
    },
}

/// A subject as the trial observed it.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The whole simulated course; the first visit is the baseline.
    pub course: &'a Course,
    /// End of observation: follow-up, loss or data cut, whichever was first.
    pub until_days: f64,
    /// Start of rescue treatment, if it came before the end of observation.
    pub rescue_days: Option<f64>,
}

impl<'a> Observed<'a> {
    /// A course observed until a day, with rescue by the rule of the trial.
    pub fn of(specification: &Specification, course: &'a Course, until_days: f64) -> Self {
        let rule = specification.rescue.as_ref();
        Observed {
            course,
            until_days,
            rescue_days: rule.and_then(|rule| rescue_days(course, rule, until_days)),
        }
    }
}

/// When rescue treatment starts under this rule, if it does until `until_days`.
pub fn rescue_days(course: &Course, rule: &Rescue, until_days: f64) -> Option<f64> {
    match *rule {
        Rescue::Attack {} => course
            .attacks
            .first()
            .map(|attack| attack.time_days)
            .filter(|&time| time <= until_days),
        Rescue::ScoreWorsening { score, points } => {
            let baseline = score.of(course.visits.first()?)?;
            let worse = |visit: &&Visit| {
                score
                    .of(visit)
                    .is_some_and(|value| value - baseline >= points)
            };
            seen(course, until_days)
                .iter()
                .skip(1)
                .find(worse)
                .map(|visit| visit.time_days)
        }
    }
}

/// The visits up to a day.
fn seen(course: &Course, until_days: f64) -> &[Visit] {
    &course.visits[..course
        .visits
        .partition_point(|visit| visit.time_days <= until_days)]
}

/// What the strategies of an endpoint leave of a subject's observation.
fn window(endpoint: &Endpoint, subject: &Observed<'_>) -> Window {
    let rescue = subject.rescue_days.map(|time_days| Occurrence {
        event: IntercurrentEvent::Rescue,
        time_days,
    });
    let restart = endpoint.immunosuppression_restart.as_ref();
    let restarted = restart
        .and_then(|restart| rescue_days(subject.course, &restart.when, subject.until_days))
        .map(|time_days| Occurrence {
            event: IntercurrentEvent::ImmunosuppressionRestart,
            time_days,
        });
    let mut occurrences = [Occurrence {
        event: IntercurrentEvent::Rescue,
        time_days: f64::INFINITY,
    }; 2];
    let mut number = 0;
    for occurrence in [rescue, restarted].into_iter().flatten() {
        occurrences[number] = occurrence;
        number += 1;
    }
    let policy = Strategies::all(estimand::Strategy::TreatmentPolicy);
    let strategies = Strategies {
        rescue: endpoint.strategy().into(),
        immunosuppression_restart: restart.map_or(policy.rescue, |r| r.strategy.into()),
        ..policy
    };
    let seen = estimand::Subject {
        until_days: subject.until_days,
        occurrences: &occurrences[..number],
        in_principal_stratum: None,
    };
    // No strategy of a trial file is a principal stratum, and simulated days are finite.
    estimand::window(&seen, &strategies).unwrap_or(Window {
        until_days: subject.until_days,
        failure_days: None,
        cut: None,
    })
}

/// The value of `endpoint` for one subject.
pub fn outcome(endpoint: &Endpoint, subject: &Observed<'_>) -> Outcome {
    let window = window(endpoint, subject);
    let until_days = window.until_days;
    let course = subject.course;
    let attacks = attacks_until(course, until_days);
    let visits = seen(course, until_days);
    match &endpoint.measure {
        Measure::TimeToAttack {} => {
            let first = attacks.first().map(|attack| attack.time_days);
            event(first, until_days, &window)
        }
        Measure::AttackCount {} => Outcome::Count {
            events: counted_onsets(attacks.iter().map(|a| a.time_days)).count() as u32,
            years: until_days / DAYS_PER_YEAR,
        },
        Measure::ConfirmedProgression { class, .. } => {
            let last = visits.last().map_or(0.0, |visit| visit.time_days);
            match confirmed_change(&endpoint.measure, visits, attacks) {
                // Another kind of progression ends the time at risk for this one.
                Some(found) if !counts(*class, found.kind) => {
                    event(None, found.onset_days, &window)
                }
                found => event(found.map(|p| p.onset_days), last, &window),
            }
        }
        Measure::CompositeProgression { .. } => {
            let last = visits.last().map_or(0.0, |visit| visit.time_days);
            let found = confirmed_change(&endpoint.measure, visits, attacks);
            event(found.map(|p| p.onset_days), last, &window)
        }
        Measure::NewLesions {
            mri_weeks,
            reference_week,
        } => {
            let reference_days = reference_week * DAYS_PER_WEEK;
            let mut found = 0;
            let mut last_days = reference_days;
            for scan in lesion::scans(&course.lesions, &days(mri_weeks), until_days) {
                if scan.time_days > reference_days
                    && let Some(lesions) = scan.new_or_enlarging_t2
                {
                    found += lesions;
                    last_days = scan.time_days;
                }
            }
            Outcome::Count {
                events: found,
                years: (last_days - reference_days) / DAYS_PER_YEAR,
            }
        }
        Measure::EnhancingLesions { mri_weeks } => {
            let scans = lesion::scans(&course.lesions, &days(mri_weeks), until_days);
            let read = || scans.iter().filter_map(|scan| scan.gadolinium);
            Outcome::Count {
                events: read().sum(),
                years: read().count() as f64,
            }
        }
        Measure::Neda3 { week, .. } => {
            let failed = window
                .failure_days
                .is_some_and(|failure| failure <= week * DAYS_PER_WEEK);
            Outcome::Binary {
                yes: !failed && neda3(&endpoint.measure, course, until_days) == Some(true),
            }
        }
        Measure::ScoreChange { score, week } | Measure::PercentChange { score, week } => {
            let baseline = first_value(course, *score);
            let value = value(visits, *score, *week, &window);
            Outcome::Change {
                baseline: baseline.unwrap_or(f64::NAN),
                change: value
                    .zip(baseline)
                    .and_then(|(value, baseline)| change(&endpoint.measure, baseline, value)),
            }
        }
        Measure::Responder {
            score,
            reduction_points,
            week,
        } => {
            let baseline = first_value(course, *score);
            let responds = |value| baseline.is_some_and(|b| b - value >= *reduction_points);
            response(visits, *score, *week, &window, responds)
        }
        Measure::PercentResponder {
            score,
            reduction_percent,
            week,
        } => {
            let baseline = first_value(course, *score);
            let responds = |value| {
                baseline
                    .and_then(|baseline| percent_change(baseline, value).ok())
                    .is_some_and(|change| fell_by(change, *reduction_percent))
            };
            response(visits, *score, *week, &window, responds)
        }
        Measure::ScoreAtMost { score, value, week } => {
            response(visits, *score, *week, &window, |found| found <= *value)
        }
        Measure::AdverseEvent {
            event,
            minimum_grade,
            by_week,
        } => {
            let end = by_week.map_or(until_days, |week| until_days.min(week * DAYS_PER_WEEK));
            Outcome::Binary {
                yes: happened(course, *event, *minimum_grade, end),
            }
        }
    }
}

/// When the event of a time-to-event endpoint is known to have happened: an attack at its onset, a
/// progression at its confirmation. `None` where there is no event, or none of that kind.
pub fn event_known_days(endpoint: &Endpoint, subject: &Observed<'_>) -> Option<f64> {
    let Outcome::Event {
        time_days,
        happened: true,
    } = outcome(endpoint, subject)
    else {
        return None;
    };
    match &endpoint.measure {
        Measure::ConfirmedProgression { .. } | Measure::CompositeProgression { .. } => {
            let course = subject.course;
            let visits = seen(course, subject.until_days);
            let found = confirmed_change(&endpoint.measure, visits, &course.attacks);
            // Without a progression the event is rescue treatment.
            Some(
                found
                    .and_then(|found| found.confirmation_days)
                    .unwrap_or(time_days),
            )
        }
        _ => Some(time_days),
    }
}

/// The day on which another event ended the time at risk of a time to event, so that the event could
/// no longer happen: rescue or a restart of immunosuppression under the strategy
/// `while_on_treatment`, or a progression of a class that does not count. `None` where the event
/// happened or the subject was censored.
pub fn competing_days(endpoint: &Endpoint, subject: &Observed<'_>) -> Option<f64> {
    let Outcome::Event {
        happened: false, ..
    } = outcome(endpoint, subject)
    else {
        return None;
    };
    let window = window(endpoint, subject);
    let visits = seen(subject.course, window.until_days);
    let attacks = attacks_until(subject.course, window.until_days);
    confirmed_change(&endpoint.measure, visits, attacks)
        .map(|found| found.onset_days)
        .or_else(|| {
            matches!(window.cut, Some((_, estimand::Strategy::WhileOnTreatment)))
                .then_some(window.until_days)
        })
}

/// Onsets of the attacks that a count of attacks counts.
pub fn attack_onsets(
    endpoint: &Endpoint,
    subject: &Observed<'_>,
) -> impl Iterator<Item = f64> + use<> {
    let until_days = window(endpoint, subject).until_days;
    let attacks = attacks_until(subject.course, until_days);
    let onsets: Vec<f64> = counted_onsets(attacks.iter().map(|a| a.time_days)).collect();
    onsets.into_iter()
}

/// The change of a score at each planned visit up to the week of the endpoint, by the number of the
/// visit from 0, the baseline; visits without a value are left out.
pub fn changes<'a>(
    endpoint: &'a Endpoint,
    subject: &Observed<'a>,
) -> impl Iterator<Item = (usize, f64)> + use<'a> {
    let window = window(endpoint, subject);
    let course = subject.course;
    let visits = seen(course, window.until_days);
    let end_days = endpoint.measure.week().unwrap_or(0.0) * DAYS_PER_WEEK + 0.5;
    let score = endpoint.measure.score();
    let baseline = score.and_then(|score| first_value(course, score));
    let planned = course.visits.iter().enumerate().skip(1);
    planned
        .take_while(move |(_, visit)| visit.time_days < end_days)
        .filter_map(move |(number, visit)| {
            let (score, baseline) = (score?, baseline?);
            let week = visit.time_days / DAYS_PER_WEEK;
            let value = value(visits, score, week, &window)?;
            Some((number, change(&endpoint.measure, baseline, value)?))
        })
}

/// The change that a measure asks for: in percent of the baseline, or in points.
fn change(measure: &Measure, baseline: f64, value: f64) -> Option<f64> {
    match measure {
        Measure::PercentChange { .. } => percent_change(baseline, value).ok(),
        _ => Some(value - baseline),
    }
}

/// The first progression that a measure asks for, of any class.
fn confirmed_change(measure: &Measure, visits: &[Visit], attacks: &[Attack]) -> Option<Confirmed> {
    match *measure {
        Measure::ConfirmedProgression {
            rule,
            confirmation_weeks,
            reference,
            ..
        } => {
            let options = progression::options(rule, confirmation_weeks, reference);
            first_confirmed_progression(visits, attacks, &options)
        }
        Measure::CompositeProgression {
            rule,
            confirmation_weeks,
        } => {
            let reference = ProgressionReference::Baseline;
            let options = progression::options(rule, confirmation_weeks, reference);
            first_composite_progression(visits, attacks, &options)
        }
        Measure::Neda3 {
            rule,
            confirmation_weeks,
            ..
        } => {
            let reference = ProgressionReference::Baseline;
            let options = progression::options(rule, confirmation_weeks, reference);
            first_confirmed_progression(visits, attacks, &options)
        }
        _ => None,
    }
}

/// NEDA-3 of a subject observed until a day; `None` if it cannot be evaluated.
fn neda3(measure: &Measure, course: &Course, until_days: f64) -> Option<bool> {
    let Measure::Neda3 {
        week,
        mri_weeks,
        reference_week,
        ..
    } = measure
    else {
        return None;
    };
    let end_days = week * DAYS_PER_WEEK;
    let observed_days = end_days.min(until_days);
    // What has not happened is known only of those who were watched to the end.
    let known = |happened: bool| (happened || until_days >= end_days).then_some(happened);
    let attacks = attacks_until(course, observed_days);
    let visits = seen(course, observed_days);
    let scans = lesion::scans(&course.lesions, &days(mri_weeks), observed_days);
    let planned = scans.partition_point(|scan| scan.time_days <= end_days);
    let reference_days = reference_week * DAYS_PER_WEEK;
    let (new_or_enlarging_t2, gadolinium) =
        neda::lesion_activity(&scans[..planned], reference_days, end_days).ok()?;
    neda::neda3(&Components {
        relapse: known(!attacks.is_empty()),
        progression: known(confirmed_change(measure, visits, attacks).is_some()),
        new_or_enlarging_t2,
        gadolinium,
    })
    .ok()
}

fn attacks_until(course: &Course, until_days: f64) -> &[Attack] {
    &course.attacks[..course
        .attacks
        .partition_point(|attack| attack.time_days <= until_days)]
}

fn days(weeks: &[f64]) -> Vec<f64> {
    weeks.iter().map(|week| week * DAYS_PER_WEEK).collect()
}

fn counts(class: ProgressionClass, kind: Kind) -> bool {
    match class {
        ProgressionClass::Any => true,
        ProgressionClass::Pira => kind == Kind::Pira,
        ProgressionClass::Raw => kind == Kind::Raw,
    }
}

fn event(onset_days: Option<f64>, end_days: f64, window: &Window) -> Outcome {
    let failure = window.failure_days.filter(|&time| time <= end_days);
    let first = match (onset_days, failure) {
        (Some(onset), Some(failure)) => Some(onset.min(failure)),
        (onset, failure) => onset.or(failure),
    };
    Outcome::Event {
        time_days: first.unwrap_or(end_days),
        happened: first.is_some(),
    }
}

fn first_value(course: &Course, score: Score) -> Option<f64> {
    course.visits.first().and_then(|visit| score.of(visit))
}

/// The score at the visit of a week, if there was one.
fn at_week(visits: &[Visit], score: Score, week: f64) -> Option<f64> {
    let planned = week * DAYS_PER_WEEK;
    let visit = visits
        .iter()
        .find(|visit| (visit.time_days - planned).abs() < 0.5)?;
    score.of(visit)
}

/// The score at the visit of a week; while on treatment, the last one before an event that came
/// first.
fn value(visits: &[Visit], score: Score, week: f64, window: &Window) -> Option<f64> {
    match window.cut {
        Some((_, estimand::Strategy::WhileOnTreatment))
            if window.until_days < week * DAYS_PER_WEEK =>
        {
            visits.last().and_then(|visit| score.of(visit))
        }
        _ => at_week(visits, score, week),
    }
}

/// Yes-or-no endpoints on a score: a missing value and a failure are a no.
fn response(
    visits: &[Visit],
    score: Score,
    week: f64,
    window: &Window,
    responds: impl Fn(f64) -> bool,
) -> Outcome {
    let planned = week * DAYS_PER_WEEK;
    let failed = window
        .failure_days
        .is_some_and(|failure| failure <= planned);
    Outcome::Binary {
        yes: !failed && value(visits, score, week, window).is_some_and(responds),
    }
}

fn happened(course: &Course, event: AdverseEvent, minimum_grade: u8, end_days: f64) -> bool {
    let graded = |toxicity: &Option<crate::course::Toxicity>| {
        toxicity.is_some_and(|t| {
            t.grade >= minimum_grade && t.onset_days.is_some_and(|onset| onset <= end_days)
        })
    };
    match event {
        AdverseEvent::Crs => graded(&course.crs),
        AdverseEvent::Icans => graded(&course.icans),
        AdverseEvent::IcahtEarly => graded(&course.haematotoxicity.map(|h| h.early)),
        AdverseEvent::IcahtLate => graded(&course.haematotoxicity.map(|h| h.late)),
        AdverseEvent::SeriousInfection => course
            .serious_infections_days
            .iter()
            .any(|&onset| onset <= end_days),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specification::Strategy;

    fn endpoint(measure: Measure, strategy: Strategy) -> Endpoint {
        Endpoint {
            name: "e".to_owned(),
            label: None,
            measure,
            rescue_strategy: Some(strategy),
            immunosuppression_restart: None,
        }
    }

    fn mg_course(values: &[(f64, f64, f64)]) -> Course {
        let visits = values
            .iter()
            .map(|&(time_days, mg_adl, qmg)| Visit {
                time_days,
                mg_adl: Some(mg_adl),
                qmg: Some(qmg),
                ..Visit::default()
            })
            .collect();
        Course {
            visits,
            ..Course::default()
        }
    }

    #[test]
    fn responders_of_the_reference_are_found_and_rescue_is_a_failure() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../reference/mg_response_cases.csv"
        );
        let mut cases = 0;
        for row in csv::Reader::from_path(path).unwrap().records() {
            let row = row.unwrap();
            let number = |column: usize| row[column].parse::<f64>().unwrap();
            let course = mg_course(&[(0.0, number(1), number(3)), (84.0, number(2), number(4))]);
            let rescue_days = (&row[5] == "1").then_some(60.0);
            let subject = Observed {
                course: &course,
                until_days: 168.0,
                rescue_days,
            };
            let responder = |score, reduction_points| Measure::Responder {
                score,
                reduction_points,
                week: 12.0,
            };
            let expected = [
                (responder(Score::MgAdl, 2.0), 6),
                (responder(Score::MgAdl, 3.0), 7),
                (responder(Score::Qmg, 3.0), 8),
                (responder(Score::Qmg, 5.0), 9),
                (
                    Measure::ScoreAtMost {
                        score: Score::MgAdl,
                        value: 1.0,
                        week: 12.0,
                    },
                    10,
                ),
            ];
            for (measure, column) in expected {
                let found = outcome(&endpoint(measure, Strategy::Composite), &subject);
                assert_eq!(
                    found,
                    Outcome::Binary {
                        yes: &row[column] == "1"
                    },
                    "{row:?}"
                );
            }
            cases += 1;
        }
        assert_eq!(cases, 12);
    }

    #[test]
    fn a_subject_lost_before_the_visit_is_no_responder_and_has_no_change() {
        let course = mg_course(&[(0.0, 10.0, 20.0), (28.0, 2.0, 5.0), (84.0, 2.0, 5.0)]);
        let subject = Observed {
            course: &course,
            until_days: 50.0,
            rescue_days: None,
        };
        let responder = Measure::Responder {
            score: Score::MgAdl,
            reduction_points: 2.0,
            week: 12.0,
        };
        let change = Measure::ScoreChange {
            score: Score::MgAdl,
            week: 12.0,
        };
        assert_eq!(
            outcome(&endpoint(responder, Strategy::Composite), &subject),
            Outcome::Binary { yes: false }
        );
        assert_eq!(
            outcome(&endpoint(change, Strategy::TreatmentPolicy), &subject),
            Outcome::Change {
                baseline: 10.0,
                change: None
            }
        );
    }

    #[test]
    fn each_strategy_treats_rescue_in_its_own_way() {
        let course = mg_course(&[(0.0, 10.0, 20.0), (28.0, 14.0, 25.0), (84.0, 4.0, 9.0)]);
        let rule = Rescue::ScoreWorsening {
            score: Score::MgAdl,
            points: 3.0,
        };
        let rescue_days = rescue_days(&course, &rule, 168.0);
        assert_eq!(rescue_days, Some(28.0));
        let subject = Observed {
            course: &course,
            until_days: 168.0,
            rescue_days,
        };
        let measure = Measure::ScoreChange {
            score: Score::MgAdl,
            week: 12.0,
        };
        let change = |strategy| match outcome(&endpoint(measure.clone(), strategy), &subject) {
            Outcome::Change { change, .. } => change,
            other => panic!("{other:?}"),
        };
        assert_eq!(change(Strategy::TreatmentPolicy), Some(-6.0));
        assert_eq!(change(Strategy::Hypothetical), None);
        assert_eq!(change(Strategy::WhileOnTreatment), Some(4.0));
    }

    #[test]
    fn rescue_is_an_event_only_under_the_composite_strategy() {
        let attacks = vec![Attack {
            time_days: 200.0,
            edss_jump: 1.0,
            edss_residual: 0.5,
        }];
        let course = Course {
            attacks,
            ..Course::default()
        };
        let subject = Observed {
            course: &course,
            until_days: 365.0,
            rescue_days: Some(100.0),
        };
        let time = |strategy| outcome(&endpoint(Measure::TimeToAttack {}, strategy), &subject);
        let event = |time_days, happened| Outcome::Event {
            time_days,
            happened,
        };
        assert_eq!(time(Strategy::TreatmentPolicy), event(200.0, true));
        assert_eq!(time(Strategy::Composite), event(100.0, true));
        assert_eq!(time(Strategy::Hypothetical), event(100.0, false));
    }

    #[test]
    fn a_relapse_associated_worsening_censors_the_independent_kind_at_its_onset() {
        let visits = [3.0, 4.0, 4.0, 4.0]
            .iter()
            .enumerate()
            .map(|(k, &edss)| Visit {
                time_days: 84.0 * k as f64,
                edss: Some(edss),
                ..Visit::default()
            })
            .collect();
        let attacks = vec![Attack {
            time_days: 70.0,
            edss_jump: 1.0,
            edss_residual: 1.0,
        }];
        let course = Course {
            visits,
            attacks,
            ..Course::default()
        };
        let subject = Observed {
            course: &course,
            until_days: 252.0,
            rescue_days: None,
        };
        let of = |class| {
            let measure = Measure::ConfirmedProgression {
                rule: crate::specification::ProgressionRule::TwoTier55,
                confirmation_weeks: crate::specification::ConfirmationWeeks::TwentyFour,
                class,
                reference: ProgressionReference::Baseline,
            };
            outcome(&endpoint(measure, Strategy::TreatmentPolicy), &subject)
        };
        let event = |happened| Outcome::Event {
            time_days: 84.0,
            happened,
        };
        assert_eq!(of(ProgressionClass::Any), event(true));
        assert_eq!(of(ProgressionClass::Raw), event(true));
        assert_eq!(of(ProgressionClass::Pira), event(false));
    }

    fn timed(values: &[(f64, f64)]) -> Course {
        let visit = |&(time_days, seconds): &(f64, f64)| Visit {
            time_days,
            t25fw_seconds: Some(seconds),
            edss: Some(4.0),
            ..Visit::default()
        };
        Course {
            visits: values.iter().map(visit).collect(),
            ..Course::default()
        }
    }

    fn whole(course: &Course, until_days: f64) -> Observed<'_> {
        Observed {
            course,
            until_days,
            rescue_days: None,
        }
    }

    #[test]
    fn the_walk_changes_in_percent_and_responds_at_twenty() {
        let course = timed(&[(0.0, 10.5), (112.0, 8.4), (168.0, 8.5)]);
        let (score, reduction_percent) = (Score::T25fw, 20.0);
        let change = |week| {
            let measure = Measure::PercentChange { score, week };
            match outcome(
                &endpoint(measure, Strategy::TreatmentPolicy),
                &whole(&course, 200.0),
            ) {
                Outcome::Change {
                    baseline: 10.5,
                    change: Some(change),
                } => change,
                other => panic!("{other:?}"),
            }
        };
        assert!((change(16.0) + 20.0).abs() < 1e-9);
        let responds = |week| {
            let measure = Measure::PercentResponder {
                score,
                reduction_percent,
                week,
            };
            outcome(
                &endpoint(measure, Strategy::Composite),
                &whole(&course, 200.0),
            )
        };
        assert_eq!(responds(16.0), Outcome::Binary { yes: true });
        assert_eq!(responds(24.0), Outcome::Binary { yes: false });
        // No visit in week 20: no response.
        assert_eq!(responds(20.0), Outcome::Binary { yes: false });
    }

    #[test]
    fn a_slower_walk_is_a_progression_of_the_composite_and_not_of_the_edss() {
        let course = timed(&[
            (0.0, 5.0),
            (84.0, 6.0),
            (168.0, 6.0),
            (252.0, 6.0),
            (336.0, 6.0),
        ]);
        let rule = crate::specification::ProgressionRule::TwoTier55;
        let confirmation_weeks = crate::specification::ConfirmationWeeks::TwentyFour;
        let composite = endpoint(
            Measure::CompositeProgression {
                rule,
                confirmation_weeks,
            },
            Strategy::TreatmentPolicy,
        );
        let subject = whole(&course, 400.0);
        let happened = Outcome::Event {
            time_days: 84.0,
            happened: true,
        };
        assert_eq!(outcome(&composite, &subject), happened);
        assert_eq!(event_known_days(&composite, &subject), Some(252.0));
        let edss = Measure::ConfirmedProgression {
            rule,
            confirmation_weeks,
            class: ProgressionClass::Any,
            reference: ProgressionReference::Baseline,
        };
        let none = Outcome::Event {
            time_days: 336.0,
            happened: false,
        };
        assert_eq!(
            outcome(&endpoint(edss, Strategy::TreatmentPolicy), &subject),
            none
        );
    }

    fn with_lesions(days: &[f64]) -> Course {
        let lesion = |&time_days: &f64| lesion::Lesion {
            time_days,
            enhancing_until_days: time_days + 40.0,
        };
        Course {
            lesions: days.iter().map(lesion).collect(),
            ..timed(&[(0.0, 5.0), (168.0, 5.0), (336.0, 5.0)])
        }
    }

    #[test]
    fn lesions_are_counted_between_scans_that_were_done() {
        let course = with_lesions(&[-20.0, 100.0, 150.0, 300.0]);
        let of = |measure: &Measure, until_days| {
            outcome(
                &endpoint(measure.clone(), Strategy::TreatmentPolicy),
                &whole(&course, until_days),
            )
        };
        let t2 = |reference_week| Measure::NewLesions {
            mri_weeks: vec![0.0, 24.0, 48.0],
            reference_week,
        };
        let count = |events, days: f64| Outcome::Count {
            events,
            years: days / DAYS_PER_YEAR,
        };
        assert_eq!(of(&t2(0.0), 400.0), count(3, 336.0));
        assert_eq!(of(&t2(24.0), 400.0), count(1, 168.0));
        assert_eq!(of(&t2(0.0), 200.0), count(2, 168.0));
        let gadolinium = Measure::EnhancingLesions {
            mri_weeks: vec![0.0, 24.0, 48.0],
        };
        let per_scan = |events, years| Outcome::Count { events, years };
        assert_eq!(of(&gadolinium, 400.0), per_scan(3, 3.0));
        assert_eq!(of(&gadolinium, 100.0), per_scan(1, 1.0));
    }

    #[test]
    fn neda3_needs_everything_to_be_quiet_and_watched() {
        let neda = |week, reference_week| Measure::Neda3 {
            week,
            rule: crate::specification::ProgressionRule::TwoTier55,
            confirmation_weeks: crate::specification::ConfirmationWeeks::TwentyFour,
            mri_weeks: vec![0.0, 24.0, 48.0],
            reference_week,
        };
        let yes = |course: &Course, reference_week, until_days| {
            outcome(
                &endpoint(neda(48.0, reference_week), Strategy::TreatmentPolicy),
                &whole(course, until_days),
            ) == Outcome::Binary { yes: true }
        };
        let quiet = with_lesions(&[-20.0]);
        assert!(yes(&quiet, 0.0, 400.0));
        assert!(!yes(&quiet, 0.0, 300.0), "lost before week 48");
        let early = with_lesions(&[50.0]);
        assert!(!yes(&early, 0.0, 400.0));
        assert!(yes(&early, 24.0, 400.0), "re-baselined at week 24");
        let attacked = Course {
            attacks: vec![Attack {
                time_days: 200.0,
                edss_jump: 1.0,
                edss_residual: 0.0,
            }],
            ..quiet.clone()
        };
        assert!(!yes(&attacked, 24.0, 400.0));
        let mut rescued = whole(&quiet, 400.0);
        rescued.rescue_days = Some(100.0);
        let found = outcome(&endpoint(neda(48.0, 0.0), Strategy::Composite), &rescued);
        assert_eq!(found, Outcome::Binary { yes: false });
    }

    #[test]
    fn a_restart_of_immunosuppression_has_a_strategy_of_its_own() {
        let course = mg_course(&[(0.0, 10.0, 20.0), (28.0, 12.0, 20.0), (84.0, 4.0, 9.0)]);
        let mut responder = endpoint(
            Measure::Responder {
                score: Score::MgAdl,
                reduction_points: 2.0,
                week: 12.0,
            },
            Strategy::TreatmentPolicy,
        );
        let subject = whole(&course, 168.0);
        assert_eq!(outcome(&responder, &subject), Outcome::Binary { yes: true });
        for (strategy, yes) in [
            (Strategy::TreatmentPolicy, true),
            (Strategy::Composite, false),
            (Strategy::Hypothetical, false),
            (Strategy::WhileOnTreatment, false),
        ] {
            responder.immunosuppression_restart =
                Some(crate::specification::ImmunosuppressionRestart {
                    when: Rescue::ScoreWorsening {
                        score: Score::MgAdl,
                        points: 2.0,
                    },
                    strategy,
                });
            assert_eq!(
                outcome(&responder, &subject),
                Outcome::Binary { yes },
                "{strategy:?}"
            );
        }
    }

    #[test]
    fn haematotoxicity_counts_by_grade_and_period() {
        let toxicity = |grade, onset| crate::course::Toxicity {
            grade,
            onset_days: Some(onset),
        };
        let course = Course {
            haematotoxicity: Some(crate::haematotoxicity::Haematotoxicity {
                early: toxicity(2, 5.0),
                late: toxicity(1, 60.0),
            }),
            ..timed(&[(0.0, 5.0)])
        };
        let of = |event, minimum_grade, by_week| {
            let measure = Measure::AdverseEvent {
                event,
                minimum_grade,
                by_week: Some(by_week),
            };
            outcome(
                &endpoint(measure, Strategy::TreatmentPolicy),
                &whole(&course, 300.0),
            ) == Outcome::Binary { yes: true }
        };
        assert!(of(AdverseEvent::IcahtEarly, 2, 4.0));
        assert!(!of(AdverseEvent::IcahtEarly, 3, 4.0));
        assert!(of(AdverseEvent::IcahtLate, 1, 12.0));
        assert!(!of(AdverseEvent::IcahtLate, 1, 4.0));
    }
}
