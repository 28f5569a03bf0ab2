//! Looks at the primary analysis while the trial runs.
//!
//! A look happens on the day on which its information is reached: the events of a time-to-event
//! endpoint, or the subjects whose endpoint can be known. The data are cut on that day, the primary
//! analysis is done on them, and its z statistic is compared with boundaries worked out from the
//! information observed so far (Lan and DeMets 1983, doi:10.1093/biomet/70.3.659). z is taken
//! from the one-sided p value of the analysis, so exact tests stay conservative.
//!
//! Analyses of the primary endpoint report the data of the look that ended the trial; the others wait
//! until everybody enrolled by then has completed the follow-up.

use neurocart_stats::Estimate;
use neurocart_stats::distribution::normal_quantile;
use neurocart_stats::group_sequential::{
    BoundaryType, Design, FinalInference, Futility, FutilityBoundary, Look, Plan, SMALLEST_STEP,
    Sides, Spending, final_inference, look_boundary, plan, without_futility,
};

use super::{Decision, Step, Verdict};
use crate::analysis::{
    AnalysisResult, EstimateScale, Observations, Sample, analyse, observe, restart, scale,
};
use crate::endpoint::{Observed, Outcome, event_known_days, outcome};
use crate::replicate::{ROUNDING_DAYS, Space};
use crate::specification::{
    Alternative, Analysis, DAYS_PER_WEEK, Endpoint, GroupSequential, Measure, OutcomeKind,
    Specification, SpendingFunction,
};

/// Power for which a design without a futility rule is planned; its boundaries do not depend on it.
const USUAL_POWER: f64 = 0.9;

/// The planned boundaries.
pub fn plan_of(section: &GroupSequential, primary: &Analysis) -> Estimate<Plan> {
    let futility = section.futility.as_ref().map(|rule| Futility {
        boundary: match (&rule.z, &rule.spending) {
            (_, Some(spending)) => FutilityBoundary::Spending(spending_of(*spending)),
            (Some(z), None) => FutilityBoundary::Given(z.clone()),
            (None, None) => FutilityBoundary::Given(Vec::new()),
        },
        binding: rule.binding,
    });
    plan(&Design {
        boundary: BoundaryType::Spending(spending_of(section.spending)),
        sides: match primary.alternative {
            Alternative::TwoSided => Sides::Two,
            Alternative::Better => Sides::One,
        },
        alpha: primary.alpha,
        power: section
            .futility
            .as_ref()
            .map_or(USUAL_POWER, |rule| rule.power),
        information: section.information.clone(),
        futility,
    })
}

fn spending_of(function: SpendingFunction) -> Spending {
    match function {
        SpendingFunction::ObrienFleming {} => Spending::OBrienFleming,
        SpendingFunction::Pocock {} => Spending::Pocock,
        SpendingFunction::KimDeMets { rho } => Spending::KimDeMets { rho },
        SpendingFunction::HwangShihDeCani { gamma } => Spending::HwangShihDeCani { gamma },
    }
}

/// The data of one look: the outcomes of the primary endpoint and the arms of their subjects.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Number of the endpoint.
    pub endpoint: usize,
    /// Outcomes on that day.
    pub outcomes: Vec<Outcome>,
    /// Arms of the subjects in `outcomes`.
    pub arms: Vec<usize>,
    /// What analyses read beyond the outcomes, by analysis.
    pub observations: Vec<Observations>,
    /// The result of the primary analysis.
    pub result: AnalysisResult,
}

impl Snapshot {
    /// The data of analysis number `index`, of the same endpoint.
    pub(crate) fn sample(&self, index: usize) -> Sample<'_> {
        Sample {
            outcomes: &self.outcomes,
            arms: &self.arms,
            observations: &self.observations[index],
        }
    }
}

/// Does the looks of an enrolled trial. Its subjects are then those who had entered when it ended.
pub(crate) fn conduct(specification: &Specification, plan: &Plan, space: &mut Space) {
    let (Some(section), Some(primary)) = (
        &specification.group_sequential,
        specification.primary_analysis(),
    ) else {
        return;
    };
    let Some(index) = specification.endpoint_index(&specification.analyses[primary].endpoint)
    else {
        return;
    };
    let endpoint = &specification.endpoints[index];
    let days = information_days(specification, endpoint, space);
    let maximum = section.events.unwrap_or(space.subjects.len()).max(1) as f64;
    let end_of_follow_up = space
        .subjects
        .iter()
        .map(|subject| subject.entry_days + subject.until_days)
        .fold(0.0, f64::max);
    let mut past: Vec<Look> = Vec::new();
    for (number, fraction) in section.information.iter().enumerate() {
        let last = number + 1 == section.information.len();
        let wanted = ((fraction * maximum - 1e-9).ceil() as usize).max(1);
        let day = match days.get(wanted - 1) {
            Some(day) => day + ROUNDING_DAYS,
            None if last => end_of_follow_up + ROUNDING_DAYS,
            None => continue,
        };
        let snapshot = snapshot(specification, primary, index, day, space);
        let events: u32 = count_events(&snapshot.outcomes);
        let information = match endpoint.measure.outcome() {
            OutcomeKind::TimeToEvent => f64::from(events) / maximum,
            _ => snapshot.outcomes.len() as f64 / maximum,
        };
        let grown = past
            .last()
            .is_none_or(|look| information > look.information * (1.0 + 2.0 * SMALLEST_STEP));
        if !last && (!grown || information >= 1.0) {
            continue;
        }
        let mut decision = Decision::new(
            Step::GroupSequential,
            number as u32 + 1,
            snapshot.result.arm,
            day,
            Verdict::Continue,
        );
        decision.enrolled = space
            .subjects
            .iter()
            .filter(|s| s.entry_days <= day)
            .count() as u32;
        decision.subjects = snapshot.outcomes.len() as u32;
        decision.events = events;
        decision.information = Some(information);
        let alternative = specification.analyses[primary].alternative;
        let z = z_statistic(&snapshot.result, alternative);
        decision.z = z;
        let look = match z {
            Some(_) if grown && information > 0.0 => {
                look_boundary(plan, &past, information, last).ok()
            }
            _ => None,
        };
        match (z, look) {
            (Some(z), Some(look)) => {
                decide(plan, &look, z, last, &mut decision);
                past.push(look);
                if decision.verdict != Verdict::Continue {
                    conclude(
                        specification,
                        plan,
                        primary,
                        &past,
                        z,
                        &snapshot,
                        &mut decision,
                    );
                }
            }
            _ => {
                if last {
                    decision.verdict = Verdict::NotRejected;
                    // Nothing came in since the look before: its estimate stands, but the error that
                    // was left cannot be spent, so no p value agrees with the verdict.
                    if let (Some(z), false) = (z, past.is_empty()) {
                        conclude(
                            specification,
                            plan,
                            primary,
                            &past,
                            z,
                            &snapshot,
                            &mut decision,
                        );
                        decision.p_value = None;
                    }
                }
                decision.reason = Some(match (&snapshot.result.reason, z) {
                    (Some(reason), None) => reason.clone(),
                    _ => "no information since the look before".to_owned(),
                });
            }
        }
        let ended = decision.verdict != Verdict::Continue;
        let rejected = decision.verdict == Verdict::Rejected;
        let (p_value, reason) = (decision.p_value, decision.reason.clone());
        space.decisions.push(decision);
        if ended {
            let mut snapshot = snapshot;
            snapshot.result.p_value = p_value;
            snapshot.result.reason = snapshot.result.reason.or(reason);
            snapshot.result.rejected = Some(rejected);
            space.stop = Some(snapshot);
            space.keep_entered(day);
            return;
        }
    }
}

/// The days on which a piece of information comes in, increasing.
fn information_days(specification: &Specification, endpoint: &Endpoint, space: &Space) -> Vec<f64> {
    let mut days: Vec<f64> = match endpoint.measure.outcome() {
        OutcomeKind::TimeToEvent => space
            .subjects
            .iter()
            .zip(&space.courses)
            .filter_map(|(subject, course)| {
                let observed = Observed::of(specification, course, subject.until_days);
                event_known_days(endpoint, &observed).map(|time| subject.entry_days + time)
            })
            .collect(),
        _ => {
            let known_after = known_after_days(specification, endpoint);
            let subjects = space.subjects.iter();
            subjects.map(|s| s.entry_days + known_after).collect()
        }
    };
    days.sort_by(f64::total_cmp);
    days
}

/// Days after the first treatment on which an endpoint other than a time to an event is known.
pub(crate) fn known_after_days(specification: &Specification, endpoint: &Endpoint) -> f64 {
    let week = match &endpoint.measure {
        Measure::AdverseEvent { by_week, .. } => *by_week,
        Measure::Neda3 { week, .. } => Some(*week),
        measure => measure.week(),
    };
    week.map_or(specification.follow_up_days(), |week| week * DAYS_PER_WEEK)
}

/// The primary endpoint as it is known on `day`, and its analysis.
fn snapshot(
    specification: &Specification,
    primary: usize,
    index: usize,
    day: f64,
    space: &mut Space,
) -> Snapshot {
    let endpoint = &specification.endpoints[index];
    let mut found = Snapshot {
        endpoint: index,
        ..Snapshot::default()
    };
    let needs_days = match endpoint.measure.outcome() {
        OutcomeKind::TimeToEvent => 0.0,
        _ => known_after_days(specification, endpoint),
    };
    restart(specification, &mut found.observations);
    for (subject, course) in space.subjects.iter().zip(&space.courses) {
        let since_entry = day - subject.entry_days;
        if since_entry < needs_days {
            continue;
        }
        let until_days = subject.until_days.min(since_entry);
        let observed = Observed::of(specification, course, until_days);
        found.outcomes.push(outcome(endpoint, &observed));
        observe(specification, &observed, &mut found.observations);
        found.arms.push(subject.arm);
    }
    let mut results = Vec::new();
    analyse(
        specification,
        primary,
        &found.sample(primary),
        space.workspace(),
        &mut results,
    );
    // A group sequential trial has one comparison, which the check makes sure of.
    found.result = results.into_iter().next().unwrap_or_default();
    found
}

fn count_events(outcomes: &[Outcome]) -> u32 {
    outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Event { happened, .. } => u32::from(*happened),
            Outcome::Count { events, .. } => *events,
            Outcome::Binary { yes } => u32::from(*yes),
            Outcome::Change { .. } => 0,
        })
        .sum()
}

/// z of a result, positive in favour of the treated arm, from its p value.
fn z_statistic(result: &AnalysisResult, alternative: Alternative) -> Option<f64> {
    let (p, favours) = (result.p_value?, result.favours_treatment?);
    let one_sided = match alternative {
        Alternative::Better => p,
        Alternative::TwoSided if favours => 0.5 * p,
        Alternative::TwoSided => 1.0 - 0.5 * p,
    };
    // An exact test gives 1 where nothing speaks for the treated arm.
    Some(-normal_quantile(
        one_sided.clamp(SMALLEST_P, 1.0 - f64::EPSILON),
    ))
}

/// p values below this are as good as 0; z stays finite.
const SMALLEST_P: f64 = 1e-300;

fn decide(plan: &Plan, look: &Look, z: f64, last: bool, decision: &mut Decision) {
    decision.efficacy_boundary = Some(look.efficacy);
    decision.futility_boundary = (look.futility > f64::NEG_INFINITY).then_some(look.futility);
    let reaches = match plan.design.sides {
        Sides::One => z >= look.efficacy,
        Sides::Two => z.abs() >= look.efficacy,
    };
    decision.verdict = match () {
        () if reaches => Verdict::Rejected,
        () if last || z <= look.futility => Verdict::NotRejected,
        () => Verdict::Continue,
    };
}

/// Inference that allows for the looks, on the scale of the analysis.
fn conclude(
    specification: &Specification,
    plan: &Plan,
    primary: usize,
    looks: &[Look],
    z: f64,
    snapshot: &Snapshot,
    decision: &mut Decision,
) {
    let analysis = &specification.analyses[primary];
    let binding = plan.design.futility.as_ref().is_some_and(|f| f.binding);
    let counted = if binding {
        looks.to_vec()
    } else {
        without_futility(looks)
    };
    let (sides, level) = match analysis.alternative {
        Alternative::TwoSided => (Sides::Two, 1.0 - analysis.alpha),
        Alternative::Better => (Sides::One, 1.0 - 2.0 * analysis.alpha),
    };
    let Ok(found) = final_inference(sides, &counted, z, level) else {
        return;
    };
    decision.p_value = Some(match sides {
        Sides::One => found.p_one_sided,
        Sides::Two => found.p_two_sided,
    });
    let scale = scale(analysis.method);
    let result = &snapshot.result;
    let (Some(estimate), Some(error)) = (result.estimate, result.standard_error) else {
        return;
    };
    let information = looks[looks.len() - 1].information;
    let on_scale = |drift: f64| effect(drift, information, estimate, error, scale, &found);
    decision.naive_estimate = Some(estimate);
    let (a, b) = (
        on_scale(found.interval.lower),
        on_scale(found.interval.upper),
    );
    decision.estimate = on_scale(found.median_unbiased);
    // Fewer events are better: the ends change places.
    decision.lower = a.zip(b).map(|(a, b)| a.min(b));
    decision.upper = a.zip(b).map(|(a, b)| a.max(b));
}

/// A drift on the scale of the estimate. The drift is in units of the estimate's standard error at
/// information 1, and its sign is that of a benefit; the naive drift is the estimate itself, which
/// fixes the sign.
fn effect(
    drift: f64,
    information: f64,
    estimate: f64,
    standard_error: f64,
    scale: EstimateScale,
    found: &FinalInference,
) -> Option<f64> {
    use neurocart_numeric::elementary::{exp1, ln1};
    let naive = match scale {
        EstimateScale::Plain => estimate,
        EstimateScale::Log => ln1(estimate),
        EstimateScale::None => return None,
    };
    let sign = if (naive < 0.0) == (found.naive < 0.0) {
        1.0
    } else {
        -1.0
    };
    let value = sign * drift * standard_error * information.sqrt();
    let value = match scale {
        EstimateScale::Log => exp1(value),
        _ => value,
    };
    value.is_finite().then_some(value)
}
