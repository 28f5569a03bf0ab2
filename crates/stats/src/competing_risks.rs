//! Cumulative incidence with competing risks, and Gray's test between groups.
//!
//! Aalen-Johansen: F_k(t) = sum over event times s <= t of S(s-) d_k / n, S the survival from all
//! causes. The variance sums over the events of any cause what an increment at s does to F_k(t):
//! with v_j = S(s-)^2 d_j / n^2 [1 - (d_j - 1)/(n - 1)] for cause j,
//! v_k [1 - (F_k(t) - F_k(s)) / S(s)]^2 + (sum of v_j over the others) [(F_k(t) - F_k(s)) / S(s)]^2,
//! where the events of the other causes count as one.
//!
//! Gray's test compares F_1 between groups: the score of group k is the sum over event times of
//! d_1k - d_1 R_k / R, as the log-rank test with the risk sets R_k = Y_k [1 - F_1k(t-)] / S_k(t-) of
//! the subdistribution, and the variance is that of Gray's theorem with the increments estimated
//! under the hypothesis. Both as R's package cmprsk (`cuminc`).
//! Aalen and Johansen 1978; Gray 1988, doi:10.1214/aos/1176350951.
//!
//! Treating a competing event as censoring and reading 1 - S off a Kaplan-Meier curve overstates the
//! incidence. For a regression on it see [`fine_gray`](crate::cox::fine_gray).

use crate::cholesky::{Cholesky, quadratic_form};
use crate::error::{check_length, check_level, check_times};
use crate::log_rank::distinct_groups;
use crate::normal::normal_critical;
use crate::{ChiSquareTest, Estimate, InputError, Interval, NotEstimable};

/// The cumulative incidence of one cause just after one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IncidenceStep {
    /// Time of an event of any cause.
    pub time: f64,
    /// Subjects at risk just before it.
    pub at_risk: usize,
    /// Events of the cause at it.
    pub events: usize,
    /// Cumulative incidence from this time on.
    pub incidence: f64,
    /// Its variance.
    pub variance: f64,
}

impl IncidenceStep {
    /// Confidence interval on the scale ln(-ln F), which stays inside 0 to 1; none where F is zero
    /// or one.
    pub fn interval(&self, confidence_level: f64) -> Estimate<Option<Interval>> {
        check_level(confidence_level)?;
        if self.incidence <= 0.0 || self.incidence >= 1.0 {
            return Ok(None);
        }
        let log = libm::log(self.incidence);
        let se = self.variance.sqrt() / (self.incidence * -log);
        let factor = libm::exp(normal_critical(confidence_level) * se);
        Ok(Some(Interval {
            lower: libm::exp(log * factor),
            upper: libm::exp(log / factor),
        }))
    }
}

/// The cumulative incidence of one cause in one group.
#[derive(Debug, Clone, PartialEq)]
pub struct CumulativeIncidence {
    /// Subjects.
    pub subjects: usize,
    /// Events of the cause.
    pub events: usize,
    /// Last observed time.
    pub last_time: f64,
    /// Subjects still free of every event after the last time, as a share.
    pub event_free: f64,
    /// One step per distinct time with an event of any cause.
    pub steps: Vec<IncidenceStep>,
}

impl CumulativeIncidence {
    /// Incidence and its variance at `time`; zero before the first event. Beyond the last
    /// observation it is known only if nobody was left.
    pub fn at(&self, time: f64) -> Estimate<(f64, f64)> {
        if time.is_nan() || time < 0.0 {
            return Err(InputError::Range {
                name: "time",
                value: time,
                expected: "zero or more",
            }
            .into());
        }
        if time > self.last_time && self.event_free > 0.0 {
            return Err(NotEstimable::BeyondFollowUp {
                time,
                last: self.last_time,
            });
        }
        let after = self.steps.partition_point(|s| s.time <= time);
        Ok(after.checked_sub(1).map_or((0.0, 0.0), |i| {
            (self.steps[i].incidence, self.steps[i].variance)
        }))
    }
}

/// Cumulative incidence of `cause` in one group. `causes` holds 0 for a censored subject and the
/// cause 1, 2, ... of the event otherwise.
pub fn cumulative_incidence(
    time: &[f64],
    causes: &[u32],
    cause: u32,
) -> Estimate<CumulativeIncidence> {
    check_causes(time, causes, cause)?;
    if time.is_empty() {
        return Err(NotEstimable::TooFewSubjects {
            subjects: 0,
            needed: 1,
        });
    }
    let mut observed: Vec<(f64, u32)> = time.iter().copied().zip(causes.iter().copied()).collect();
    observed.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let (mut at_risk, mut survival, mut incidence) = (observed.len(), 1.0, 0.0);
    // The variance is a quadratic in F(t), whose coefficients are sums over the past.
    let (mut constant, mut linear, mut square) = (0.0, 0.0, 0.0);
    let mut steps = Vec::new();
    for tied in observed.chunk_by(|a, b| a.0 == b.0) {
        let own = tied.iter().filter(|o| o.1 == cause).count();
        let other = tied.iter().filter(|o| o.1 != cause && o.1 != 0).count();
        if own + other > 0 {
            let n = at_risk as f64;
            let variance_of = |d: usize| {
                let d = d as f64;
                let tie = if d > 1.0 {
                    1.0 - (d - 1.0) / (n - 1.0)
                } else {
                    1.0
                };
                survival * survival * d / (n * n) * tie
            };
            let after = survival * ((at_risk - own - other) as f64 / n);
            incidence += survival * own as f64 / n;
            // Weight of an increment: slope times F(t) plus intercept.
            let inverse = if after > 0.0 { 1.0 / after } else { 0.0 };
            for (d, intercept) in [(own, 1.0), (other, 0.0)] {
                let (v, intercept) = (variance_of(d), intercept + incidence * inverse);
                constant += v * intercept * intercept;
                linear += v * intercept * inverse;
                square += v * inverse * inverse;
            }
            survival = after;
            let variance: f64 = constant - incidence * (2.0 * linear - incidence * square);
            steps.push(IncidenceStep {
                time: tied[0].0,
                at_risk,
                events: own,
                incidence,
                // Rounding may leave a negative zero.
                variance: variance.max(0.0),
            });
        }
        at_risk -= tied.len();
    }
    Ok(CumulativeIncidence {
        subjects: time.len(),
        events: causes.iter().filter(|&&c| c == cause).count(),
        last_time: observed[observed.len() - 1].0,
        event_free: survival,
        steps,
    })
}

/// Result of Gray's test.
#[derive(Debug, Clone, PartialEq)]
pub struct GrayTest {
    /// Labels of the groups, in order.
    pub groups: Vec<usize>,
    /// Score of each group: events of the cause less those expected under equal incidence.
    pub scores: Vec<f64>,
    /// The test of equal cumulative incidence.
    pub test: ChiSquareTest,
}

/// Gray's test that the cumulative incidence of `cause` is the same in all groups.
pub fn gray_test(time: &[f64], causes: &[u32], group: &[usize], cause: u32) -> Estimate<GrayTest> {
    check_causes(time, causes, cause)?;
    check_length("group", group.len(), time.len())?;
    if !causes.contains(&cause) {
        return Err(NotEstimable::NoEvents);
    }
    let labels = distinct_groups(group)?;
    let mut observed: Vec<(u64, usize, u32)> = (0..time.len())
        .map(|i| {
            let place = labels.partition_point(|&l| l < group[i]);
            // A time that is not negative sorts as its bits.
            ((time[i] + 0.0).to_bits(), place, causes[i])
        })
        .collect();
    observed.sort_unstable();

    let mut sums = Gray::new(labels.len());
    for subject in &observed {
        sums.groups[subject.1].at_risk += 1.0;
    }
    for tied in observed.chunk_by(|a, b| a.0 == b.0) {
        for subject in tied {
            let group = &mut sums.groups[subject.1];
            match subject.2 {
                0 => {}
                c if c == cause => group.own += 1.0,
                _ => group.other += 1.0,
            }
        }
        sums.add_time();
        for subject in tied {
            sums.groups[subject.1].at_risk -= 1.0;
        }
    }
    let covariance = sums.covariance();
    let g = labels.len();
    // A group that was never at risk at an event has neither score nor variance.
    let informative: Vec<usize> = (0..g).filter(|&i| sums.groups[i].informative).collect();
    if informative.len() < 2 {
        return Err(NotEstimable::EmptyArm);
    }
    let used = &informative[1..];
    let scores: Vec<f64> = used.iter().map(|&i| sums.groups[i].score).collect();
    let matrix: Vec<f64> = used
        .iter()
        .flat_map(|&i| used.iter().map(move |&j| (i, j)))
        .map(|(i, j)| covariance[i * g + j])
        .collect();
    let inverse = Cholesky::new(&matrix, used.len(), 1e-12)
        .map_err(|_| NotEstimable::NoVariation)?
        .inverse();
    Ok(GrayTest {
        groups: labels,
        scores: sums.groups.iter().map(|s| s.score).collect(),
        test: ChiSquareTest::new(quadratic_form(&scores, &inverse, &scores), used.len()),
    })
}

/// Times and causes go together, and `cause` is one of an event.
pub(crate) fn check_causes(time: &[f64], causes: &[u32], cause: u32) -> Estimate<()> {
    check_times(time)?;
    check_length("causes", causes.len(), time.len())?;
    if cause == 0 {
        return Err(InputError::Range {
            name: "cause",
            value: 0.0,
            expected: "1 or more; 0 marks censored subjects",
        }
        .into());
    }
    Ok(())
}

/// What Gray's test knows of one group just before a time.
#[derive(Clone, Default)]
struct GrayGroup {
    at_risk: f64,
    /// Events at the time: of the cause, of the others.
    own: f64,
    other: f64,
    /// S_k(t-) and F_1k(t-).
    survival: f64,
    incidence: f64,
    score: f64,
    informative: bool,
    /// Sum of v b^2 over the increments of this group.
    slopes: f64,
}

/// Running sums of Gray's test. An increment of group k at s with variance v moves score i by
/// a_i + b c_i(end), where c_i grows with time and is known only at the end: so the sums of
/// v a_i a_j, v a_i b and v b^2 are kept.
struct Gray {
    groups: Vec<GrayGroup>,
    /// F_1(t-), pooled under the hypothesis.
    pooled: f64,
    /// c_ik, row i, column k.
    c: Vec<f64>,
    /// Sum of v a_i b, row i, column k.
    cross: Vec<f64>,
    /// Sum of v a_i a_j.
    square: Vec<f64>,
}

impl Gray {
    fn new(g: usize) -> Gray {
        let group = GrayGroup {
            survival: 1.0,
            ..GrayGroup::default()
        };
        Gray {
            groups: vec![group; g],
            pooled: 0.0,
            c: vec![0.0; g * g],
            cross: vec![0.0; g * g],
            square: vec![0.0; g * g],
        }
    }

    /// Takes in the events of one time and clears them.
    fn add_time(&mut self) {
        let g = self.groups.len();
        let sum = |f: fn(&GrayGroup) -> f64| self.groups.iter().map(f).sum::<f64>();
        let (own, other) = (sum(|s| s.own), sum(|s| s.other));
        if own + other == 0.0 {
            return;
        }
        // Y_k / S_k(t-), whose sum turns events into the pooled subdistribution.
        let size: Vec<f64> = self
            .groups
            .iter()
            .map(|s| {
                if s.at_risk > 0.0 {
                    s.at_risk / s.survival
                } else {
                    0.0
                }
            })
            .collect();
        let total: f64 = size.iter().sum();
        let risk_sets: f64 = (0..g)
            .map(|k| size[k] * (1.0 - self.groups[k].incidence))
            .sum();
        let pooled = self.pooled + own / total;
        let a = |i: usize, k: usize| {
            let delta = if i == k { 1.0 } else { 0.0 };
            size[i] * (delta - size[k] / total)
        };
        if own > 0.0 {
            let hazard = own / (total * (1.0 - self.pooled));
            for i in 0..g {
                for k in 0..g {
                    self.c[i * g + k] += a(i, k) * hazard;
                }
            }
        }
        for (k, &size_k) in size.iter().enumerate() {
            let s = &self.groups[k];
            if s.at_risk <= 0.0 {
                continue;
            }
            let (y, before) = (s.at_risk, s.survival);
            let after = before * ((y - s.own - s.other) / y);
            let (own_k, other_k) = (s.own, s.other);
            // What is left of one's own later incidence, (1 - F_1) / S_k.
            let later = if after > 0.0 {
                (1.0 - pooled) / after
            } else {
                0.0
            };
            if own > 0.0 {
                let expected = total * before;
                let tie = if own > 1.0 {
                    1.0 - (own - 1.0) / (expected - 1.0)
                } else {
                    1.0
                };
                let v = tie.max(0.0) * before * own / (total * y);
                let slope = if after > 0.0 { 1.0 - later } else { 1.0 };
                let direct: Vec<f64> = (0..g).map(|i| a(i, k)).collect();
                self.add_increment(k, v, slope, Some(&direct));
            }
            if other_k > 0.0 && after > 0.0 {
                let tie = if other_k > 1.0 {
                    1.0 - (other_k - 1.0) / (y - 1.0)
                } else {
                    1.0
                };
                let v = tie * before * before * other_k / (y * y);
                self.add_increment(k, v, -later, None);
            }
            let s = &mut self.groups[k];
            if own > 0.0 {
                s.score += own_k - own * size_k * (1.0 - s.incidence) / risk_sets;
                s.informative = true;
            }
            s.incidence += before * own_k / y;
            s.survival = after;
            (s.own, s.other) = (0.0, 0.0);
        }
        self.pooled = pooled;
    }

    /// An increment of group `k` with variance `v` that moves score i by direct_i +
    /// slope (c_ik(end) - c_ik(now)).
    fn add_increment(&mut self, k: usize, v: f64, slope: f64, direct: Option<&[f64]>) {
        let g = self.groups.len();
        let moved: Vec<f64> = (0..g)
            .map(|i| direct.map_or(0.0, |d| d[i]) - slope * self.c[i * g + k])
            .collect();
        self.groups[k].slopes += v * slope * slope;
        for i in 0..g {
            self.cross[i * g + k] += v * slope * moved[i];
            for j in 0..g {
                self.square[i * g + j] += v * moved[i] * moved[j];
            }
        }
    }

    fn covariance(&self) -> Vec<f64> {
        let g = self.groups.len();
        let mut covariance = self.square.clone();
        for i in 0..g {
            for j in 0..g {
                for k in 0..g {
                    let (ci, cj) = (self.c[i * g + k], self.c[j * g + k]);
                    covariance[i * g + j] += ci * cj * self.groups[k].slopes
                        + ci * self.cross[j * g + k]
                        + cj * self.cross[i * g + k];
                }
            }
        }
        covariance
    }
}
