//! What the first replicates of a trial look like together.
//!
//! A spread is the mean over these replicates and the range that holds 95 % of them: what a single
//! trial of this size would show. It is not a confidence interval of the mean.

use neurocart_stats::kaplan_meier::{KaplanMeier, SurvivalIntervalOptions, kaplan_meier};
use neurocart_stats::quantile::{QuantileType, quantile};
use serde::{Deserialize, Serialize};

use crate::endpoint::Outcome;
use crate::replicate::{End, Space};
use crate::specification::{OutcomeKind, Score, Specification};

/// Mean over replicates, and the range that holds 95 % of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Mean over replicates.
    pub mean: f64,
    /// 2.5 % point over replicates.
    pub lower: f64,
    /// 97.5 % point over replicates.
    pub upper: f64,
    /// Replicates that had a value.
    pub replicates: u64,
}

impl Spread {
    /// The spread of some values; `None` without any.
    pub fn of(values: &[f64]) -> Option<Spread> {
        let point = |p| quantile(values, p, QuantileType::Type7).ok();
        Some(Spread {
            mean: values.iter().sum::<f64>() / values.len() as f64,
            lower: point(0.025)?,
            upper: point(0.975)?,
            replicates: values.len() as u64,
        })
    }
}

/// Patient flow of one arm; counts of subjects per replicate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ArmFlow {
    /// Name of the arm.
    pub arm: String,
    /// Randomised in the first replicate.
    pub first_randomised: u64,
    /// Enrolled in the first replicate, but their product could not be made.
    pub first_not_made: u64,
    /// Followed to the end in the first replicate.
    pub first_completed: u64,
    /// Lost to follow-up in the first replicate.
    pub first_lost: u64,
    /// Still followed at the data cut in the first replicate.
    pub first_data_cut: u64,
    /// Given rescue treatment in the first replicate.
    pub first_rescued: u64,
    /// Lost to follow-up.
    pub lost: Option<Spread>,
    /// Given rescue treatment.
    pub rescued: Option<Spread>,
}

/// A point of a survival curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Event time.
    pub time_days: f64,
    /// Probability free of the event just after it.
    pub survival: f64,
    /// Lower end of the 95 % interval (Greenwood, log-log).
    pub lower: Option<f64>,
    /// Upper end of the 95 % interval.
    pub upper: Option<f64>,
}

/// Kaplan-Meier curves of one endpoint in one arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ArmSurvival {
    /// Name of the endpoint.
    pub endpoint: String,
    /// Name of the arm.
    pub arm: String,
    /// The curve of the first replicate.
    pub first: Vec<CurvePoint>,
    /// Times of censoring in the first replicate.
    pub first_censored_days: Vec<f64>,
    /// Median of the first replicate, where the curve reaches it.
    pub first_median_days: Option<f64>,
    /// The curve of all subjects of the replicates taken together, without interval.
    pub pooled: Vec<(f64, f64)>,
    /// Days of the numbers at risk: the planned visits.
    pub at_risk_days: Vec<f64>,
    /// At risk at those days in the first replicate.
    pub first_at_risk: Vec<u64>,
    /// At risk at those days, mean per replicate.
    pub mean_at_risk: Vec<f64>,
}

/// A yes-or-no endpoint in one arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ArmProportion {
    /// Name of the endpoint.
    pub endpoint: String,
    /// Name of the arm.
    pub arm: String,
    /// Subjects, mean per replicate.
    pub mean_subjects: f64,
    /// Subjects with a yes, mean per replicate.
    pub mean_events: f64,
    /// The proportion.
    pub proportion: Option<Spread>,
}

/// A score in one arm, by visit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmScore {
    /// Which score.
    pub score: Score,
    /// Name of the arm.
    pub arm: String,
    /// Days of the visits.
    pub visit_days: Vec<f64>,
    /// Mean change from baseline of the subjects seen, by visit.
    pub mean_change: Vec<Option<Spread>>,
    /// Mean value of the subjects seen, by visit.
    pub mean_value: Vec<Option<Spread>>,
    /// Subjects seen, mean per replicate, by visit.
    pub mean_subjects: Vec<f64>,
}

/// An adverse event of at least some grade in one arm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ArmSafety {
    /// `crs`, `icans` or `serious_infection`.
    pub event: String,
    /// Lowest grade counted; 0 where the event has none.
    pub minimum_grade: u8,
    /// Name of the arm.
    pub arm: String,
    /// Subjects, mean per replicate.
    pub mean_subjects: f64,
    /// Subjects with the event, mean per replicate.
    pub mean_events: f64,
    /// Their proportion.
    pub proportion: Option<Spread>,
}

/// The first replicates together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// How many replicates.
    pub replicates: u32,
    /// Candidates screened in the first replicate until the trial was full.
    pub first_screened: u64,
    /// Candidates screened.
    pub screened: Option<Spread>,
    /// Flow, by arm.
    pub flow: Vec<ArmFlow>,
    /// Time-to-event endpoints, by arm.
    pub survival: Vec<ArmSurvival>,
    /// Yes-or-no endpoints, by arm.
    pub proportions: Vec<ArmProportion>,
    /// Scores, by arm.
    pub scores: Vec<ArmScore>,
    /// Adverse events, by arm.
    pub safety: Vec<ArmSafety>,
}

/// Adverse events and lowest grades of the safety table.
const SAFETY: [(&str, u8); 9] = [
    ("crs", 1),
    ("crs", 2),
    ("crs", 3),
    ("crs", 4),
    ("icans", 1),
    ("icans", 2),
    ("icans", 3),
    ("icans", 4),
    ("serious_infection", 0),
];

/// Collects replicates one by one.
#[derive(Clone, Debug)]
pub struct Collector<'a> {
    specification: &'a Specification,
    visits: Vec<f64>,
    first: Option<Space>,
    screened: Vec<f64>,
    /// Everything below: by arm first.
    lost: Vec<Vec<f64>>,
    rescued: Vec<Vec<f64>>,
    subjects: Vec<Vec<f64>>,
    times: Vec<Vec<(Vec<f64>, Vec<bool>)>>,
    yes: Vec<Vec<Vec<f64>>>,
    values: Vec<[Vec<ScoreMeans>; SCORES.len()]>,
    safety: Vec<[Vec<f64>; SAFETY.len()]>,
}

/// Means of one score at one visit, by replicate.
#[derive(Clone, Debug, Default)]
struct ScoreMeans {
    change: Vec<f64>,
    value: Vec<f64>,
    subjects: Vec<f64>,
}

const SCORES: [Score; 6] = [
    Score::Edss,
    Score::MgAdl,
    Score::Qmg,
    Score::Mgc,
    Score::T25fw,
    Score::Incat,
];

impl<'a> Collector<'a> {
    /// Nothing collected yet.
    pub fn new(specification: &'a Specification) -> Collector<'a> {
        let arms = specification.arms.len();
        let endpoints = specification.endpoints.len();
        let visits = specification.visit_days();
        let per_visit = vec![ScoreMeans::default(); visits.len()];
        Collector {
            specification,
            first: None,
            screened: Vec::new(),
            lost: vec![Vec::new(); arms],
            rescued: vec![Vec::new(); arms],
            subjects: vec![Vec::new(); arms],
            times: vec![vec![Default::default(); endpoints]; arms],
            yes: vec![vec![Vec::new(); endpoints]; arms],
            values: vec![std::array::from_fn(|_| per_visit.clone()); arms],
            safety: vec![Default::default(); arms],
            visits,
        }
    }

    /// Adds a replicate of the trial as designed; the first one added is shown by itself.
    pub fn add(&mut self, space: &Space) {
        if self.first.is_none() {
            self.first = Some(space.clone());
        }
        self.screened.push(space.screened as f64);
        for arm in 0..self.specification.arms.len() {
            let members: Vec<usize> = (0..space.subjects.len())
                .filter(|&i| space.subjects[i].arm == arm)
                .collect();
            let count = |holds: &dyn Fn(usize) -> bool| {
                members.iter().filter(|&&i| holds(i)).count() as f64
            };
            self.subjects[arm].push(members.len() as f64);
            self.lost[arm].push(count(&|i| space.subjects[i].end == End::Lost));
            self.rescued[arm].push(count(&|i| space.subjects[i].rescue_days.is_some()));
            for (endpoint, outcomes) in space.outcomes.iter().enumerate() {
                for &member in &members {
                    if let Outcome::Event {
                        time_days,
                        happened,
                    } = outcomes[member]
                    {
                        let (times, events) = &mut self.times[arm][endpoint];
                        times.push(time_days);
                        events.push(happened);
                    }
                }
                let yes = count(&|i| outcomes[i] == Outcome::Binary { yes: true });
                self.yes[arm][endpoint].push(yes);
            }
            self.add_scores(arm, &members, space);
            for (event, (name, grade)) in SAFETY.iter().enumerate() {
                let affected = count(&|i| affected(space, i, name, *grade));
                self.safety[arm][event].push(affected);
            }
        }
    }

    fn add_scores(&mut self, arm: usize, members: &[usize], space: &Space) {
        for (means, score) in self.values[arm].iter_mut().zip(SCORES) {
            for (visit, means) in means.iter_mut().enumerate() {
                let (mut change, mut value, mut seen) = (0.0, 0.0, 0u32);
                for &member in members {
                    let course = &space.courses[member];
                    let Some(now) = course.visits.get(visit) else {
                        continue;
                    };
                    if now.time_days > space.subjects[member].until_days {
                        continue;
                    }
                    if let (Some(now), Some(then)) = (score.of(now), score.of(&course.visits[0])) {
                        change += now - then;
                        value += now;
                        seen += 1;
                    }
                }
                means.subjects.push(f64::from(seen));
                if seen > 0 {
                    means.change.push(change / f64::from(seen));
                    means.value.push(value / f64::from(seen));
                }
            }
        }
    }

    /// Everything collected.
    pub fn finish(self) -> Pool {
        let Some(first) = &self.first else {
            return Pool::default();
        };
        let mut pool = Pool {
            replicates: self.screened.len() as u32,
            first_screened: first.screened as u64,
            screened: Spread::of(&self.screened),
            ..Pool::default()
        };
        for (number, arm) in self.specification.arms.iter().enumerate() {
            let name = arm.name.clone();
            let members = || {
                first
                    .subjects
                    .iter()
                    .filter(|subject| subject.arm == number)
            };
            let ended = |end: End| members().filter(|subject| subject.end == end).count() as u64;
            pool.flow.push(ArmFlow {
                arm: name.clone(),
                first_randomised: members().count() as u64,
                first_not_made: first.not_made.iter().filter(|n| n.arm == number).count() as u64,
                first_completed: ended(End::Completed),
                first_lost: ended(End::Lost),
                first_data_cut: ended(End::DataCut),
                first_rescued: members().filter(|s| s.rescue_days.is_some()).count() as u64,
                lost: Spread::of(&self.lost[number]),
                rescued: Spread::of(&self.rescued[number]),
            });
            for (index, endpoint) in self.specification.endpoints.iter().enumerate() {
                match endpoint.measure.outcome() {
                    OutcomeKind::TimeToEvent => {
                        pool.survival.push(self.survival(first, number, index))
                    }
                    OutcomeKind::Binary => {
                        let (mean_subjects, mean_events, proportion) =
                            self.proportion(number, &self.yes[number][index]);
                        pool.proportions.push(ArmProportion {
                            endpoint: endpoint.name.clone(),
                            arm: name.clone(),
                            mean_subjects,
                            mean_events,
                            proportion,
                        });
                    }
                    OutcomeKind::Count | OutcomeKind::Continuous => {}
                }
            }
            for (means, score) in self.values[number].iter().zip(SCORES) {
                // What follows another score is shown only where an endpoint reads it.
                let derived = matches!(score, Score::Mgc | Score::T25fw | Score::Incat);
                let endpoints = &self.specification.endpoints;
                let is_read = || endpoints.iter().any(|e| e.measure.score() == Some(score));
                let unseen = means.iter().all(|visit| visit.value.is_empty());
                if unseen || (derived && !is_read()) {
                    continue;
                }
                pool.scores.push(ArmScore {
                    score,
                    arm: name.clone(),
                    visit_days: self.visits.clone(),
                    mean_change: means
                        .iter()
                        .map(|visit| Spread::of(&visit.change))
                        .collect(),
                    mean_value: means.iter().map(|visit| Spread::of(&visit.value)).collect(),
                    mean_subjects: means.iter().map(|visit| mean(&visit.subjects)).collect(),
                });
            }
            for ((event, minimum_grade), affected) in SAFETY.iter().zip(&self.safety[number]) {
                let (mean_subjects, mean_events, proportion) = self.proportion(number, affected);
                pool.safety.push(ArmSafety {
                    event: (*event).to_owned(),
                    minimum_grade: *minimum_grade,
                    arm: name.clone(),
                    mean_subjects,
                    mean_events,
                    proportion,
                });
            }
        }
        pool
    }

    fn proportion(&self, arm: usize, events: &[f64]) -> (f64, f64, Option<Spread>) {
        let shares: Vec<f64> = events
            .iter()
            .zip(&self.subjects[arm])
            .filter(|(_, subjects)| **subjects > 0.0)
            .map(|(events, subjects)| events / subjects)
            .collect();
        (mean(&self.subjects[arm]), mean(events), Spread::of(&shares))
    }

    fn survival(&self, first: &Space, arm: usize, endpoint: usize) -> ArmSurvival {
        let (mut times, mut events) = (Vec::new(), Vec::new());
        for (subject, outcome) in first.subjects.iter().zip(&first.outcomes[endpoint]) {
            if let Outcome::Event {
                time_days,
                happened,
            } = *outcome
                && subject.arm == arm
            {
                times.push(time_days);
                events.push(happened);
            }
        }
        let options = SurvivalIntervalOptions::default();
        let curve = kaplan_meier(&times, &events).ok();
        let (all_times, all_events) = &self.times[arm][endpoint];
        let pooled = kaplan_meier(all_times, all_events).ok();
        let at_risk = |curve: &Option<KaplanMeier>| -> Vec<u64> {
            let at = |&day: &f64| curve.as_ref().map_or(0, |c| c.number_at_risk(day) as u64);
            self.visits.iter().map(at).collect()
        };
        let steps = |curve: &Option<KaplanMeier>| {
            let steps = curve.iter().flat_map(|c| c.steps.iter().copied());
            steps.filter(|step| step.events > 0).collect::<Vec<_>>()
        };
        let point = |step: &neurocart_stats::kaplan_meier::SurvivalStep| {
            let interval = step.interval(&options);
            CurvePoint {
                time_days: step.time,
                survival: step.survival,
                lower: interval.map(|i| i.lower),
                upper: interval.map(|i| i.upper),
            }
        };
        let mut censored: Vec<f64> = times
            .iter()
            .zip(&events)
            .filter(|(_, event)| !**event)
            .map(|(time, _)| *time)
            .collect();
        censored.sort_by(f64::total_cmp);
        let replicates = self.screened.len().max(1) as f64;
        ArmSurvival {
            endpoint: self.specification.endpoints[endpoint].name.clone(),
            arm: self.specification.arms[arm].name.clone(),
            first: steps(&curve).iter().map(point).collect(),
            first_censored_days: censored,
            first_median_days: curve
                .as_ref()
                .and_then(|c| c.median(&options).ok())
                .map(|median| median.time),
            pooled: steps(&pooled)
                .iter()
                .map(|step| (step.time, step.survival))
                .collect(),
            at_risk_days: self.visits.clone(),
            first_at_risk: at_risk(&curve),
            mean_at_risk: at_risk(&pooled)
                .iter()
                .map(|&n| n as f64 / replicates)
                .collect(),
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        0.0
    } else {
        values.iter().sum::<f64>() / values.len() as f64
    }
}

fn affected(space: &Space, index: usize, event: &str, minimum_grade: u8) -> bool {
    let (course, until) = (&space.courses[index], space.subjects[index].until_days);
    let graded = |toxicity: Option<crate::course::Toxicity>| {
        toxicity.is_some_and(|t| {
            t.grade >= minimum_grade && t.onset_days.is_some_and(|onset| onset <= until)
        })
    };
    match event {
        "crs" => graded(course.crs),
        "icans" => graded(course.icans),
        _ => course
            .serious_infections_days
            .iter()
            .any(|&onset| onset <= until),
    }
}
