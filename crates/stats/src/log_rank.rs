//! Log-rank test and the G-rho family for two or more groups, with strata.
//!
//! Over the distinct event times, observed minus expected events O - E with E = d n_g / n, weight
//! S(t-)^rho [1 - S(t-)]^gamma (0, 0: log-rank; 1, 0: Peto-Peto form of Gehan-Wilcoxon; 0, 1: late
//! differences), and the hypergeometric covariance d (n - d) / (n - 1) * (n_g/n) (delta_gh - n_h/n)
//! times the squared weight. Strata are summed before squaring; S is the pooled curve of the
//! stratum. As R's `survdiff`, which has rho alone.
//! Mantel 1966; Harrington and Fleming 1982, doi:10.1093/biomet/69.3.553; Fleming and Harrington,
//! Counting Processes and Survival Analysis, 1991, 7.2.
//!
//! Sign: z is positive when the second group (the larger label) had more events than expected.
//! The one-sided p value is small when the second group had fewer, so label the experimental arm
//! with the larger number.

use crate::cholesky::{Cholesky, quadratic_form};
use crate::error::{check_length, check_times};
use crate::normal::normal_cdf;
use crate::order::by_stratum_and_time;
use crate::{ChiSquareTest, Estimate, InputError, NotEstimable};

/// Choices for the log-rank test.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LogRankOptions<'a> {
    /// Power of S(t-) in the weight: 0 is the log-rank test, the default; 1 stresses early events.
    pub rho: f64,
    /// Power of 1 - S(t-) in the weight: 0 by default; 1 stresses late events. Fix it beforehand.
    pub gamma: f64,
    /// Stratum of each subject; none by default.
    pub strata: Option<&'a [usize]>,
}

/// One group's part of the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogRankGroup {
    /// Its label.
    pub group: usize,
    /// Its subjects.
    pub subjects: usize,
    /// Weighted number of observed events.
    pub observed: f64,
    /// Weighted number expected if all groups had the same hazard.
    pub expected: f64,
    /// Variance of observed minus expected.
    pub variance: f64,
}

/// Result of a log-rank test.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRank {
    /// Groups by label.
    pub groups: Vec<LogRankGroup>,
    /// The overall test.
    pub test: ChiSquareTest,
    /// Two groups only: signed root of the statistic, positive when the second group had more
    /// events than expected.
    pub z: Option<f64>,
    /// Two groups only: one-sided p value for fewer events in the second group, P(Z <= z).
    pub p_fewer_in_second: Option<f64>,
}

/// Compares the event times of the groups.
pub fn log_rank(
    time: &[f64],
    event: &[bool],
    group: &[usize],
    options: &LogRankOptions,
) -> Estimate<LogRank> {
    check_times(time)?;
    check_length("event", event.len(), time.len())?;
    check_length("group", group.len(), time.len())?;
    if let Some(strata) = options.strata {
        check_length("strata", strata.len(), time.len())?;
    }
    for (name, value) in [("rho", options.rho), ("gamma", options.gamma)] {
        if !(0.0..=10.0).contains(&value) {
            return Err(InputError::Range {
                name,
                value,
                expected: "between 0 and 10",
            }
            .into());
        }
    }
    if !event.contains(&true) {
        return Err(NotEstimable::NoEvents);
    }
    let labels = distinct_groups(group)?;
    let g = labels.len();
    let order: Vec<Observed> = by_stratum_and_time(options.strata, time)
        .into_iter()
        .map(|i| i as usize)
        .map(|i| Observed {
            stratum: options.strata.map_or(0, |s| s[i]),
            time: time[i],
            group: labels.partition_point(|&l| l < group[i]) as u32,
            event: event[i],
        })
        .collect();

    let mut sums = Sums {
        observed: vec![0.0; g],
        expected: vec![0.0; g],
        covariance: vec![0.0; g * g],
        at_risk: vec![0; g],
        events: vec![0; g],
    };
    for stratum in order.chunk_by(|a, b| a.stratum == b.stratum) {
        sums.add_stratum(stratum, options);
    }

    let groups: Vec<LogRankGroup> = (0..g)
        .map(|k| LogRankGroup {
            group: labels[k],
            subjects: group.iter().filter(|&&x| x == labels[k]).count(),
            observed: sums.observed[k],
            expected: sums.expected[k],
            variance: sums.covariance[k * g + k],
        })
        .collect();
    // A group never at risk at an event tells nothing; one of the others is redundant.
    let informative: Vec<usize> = (0..g).filter(|&k| sums.expected[k] > 0.0).collect();
    if informative.len() < 2 {
        return Err(NotEstimable::EmptyArm);
    }
    let used = &informative[1..];
    let difference: Vec<f64> = used
        .iter()
        .map(|&k| sums.observed[k] - sums.expected[k])
        .collect();
    let covariance: Vec<f64> = used
        .iter()
        .flat_map(|&i| used.iter().map(move |&j| (i, j)))
        .map(|(i, j)| sums.covariance[i * g + j])
        .collect();
    // All at risk fail together at each event time: no variance, no test.
    let inverse = Cholesky::new(&covariance, used.len(), 1e-12)
        .map_err(|_| NotEstimable::NoVariation)?
        .inverse();
    let test = ChiSquareTest::new(
        quadratic_form(&difference, &inverse, &difference),
        used.len(),
    );
    let z = (g == 2).then(|| difference[0] / covariance[0].sqrt());
    Ok(LogRank {
        groups,
        test,
        z,
        p_fewer_in_second: z.map(normal_cdf),
    })
}

struct Observed {
    stratum: usize,
    time: f64,
    /// Place of the group among the labels.
    group: u32,
    event: bool,
}

struct Sums {
    observed: Vec<f64>,
    expected: Vec<f64>,
    covariance: Vec<f64>,
    at_risk: Vec<usize>,
    events: Vec<usize>,
}

impl Sums {
    /// Adds one stratum, sorted by time.
    fn add_stratum(&mut self, subjects: &[Observed], options: &LogRankOptions) {
        let g = self.observed.len();
        self.at_risk.fill(0);
        for s in subjects {
            self.at_risk[s.group as usize] += 1;
        }
        let (mut total, mut survival) = (subjects.len(), 1.0);
        for tied in subjects.chunk_by(|a, b| a.time == b.time) {
            self.events.fill(0);
            let mut deaths = 0;
            for s in tied.iter().filter(|s| s.event) {
                self.events[s.group as usize] += 1;
                deaths += 1;
            }
            if deaths > 0 {
                let power = |x: f64, by: f64| if by == 0.0 { 1.0 } else { libm::pow(x, by) };
                let weight = power(survival, options.rho) * power(1.0 - survival, options.gamma);
                let (n, d) = (total as f64, deaths as f64);
                for i in 0..g {
                    let share = self.at_risk[i] as f64 / n;
                    self.observed[i] += weight * self.events[i] as f64;
                    self.expected[i] += weight * d * share;
                    if total > 1 {
                        let scale = weight * weight * d * (n - d) / (n - 1.0) * share;
                        for j in 0..g {
                            let delta = if i == j { 1.0 } else { 0.0 };
                            self.covariance[i * g + j] +=
                                scale * (delta - self.at_risk[j] as f64 / n);
                        }
                    }
                }
                survival *= (n - d) / n;
            }
            for s in tied {
                self.at_risk[s.group as usize] -= 1;
            }
            total -= tied.len();
        }
    }
}

/// One pair of groups compared by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct PairwiseLogRank {
    /// Labels of the two groups, the smaller first.
    pub groups: [usize; 2],
    /// The test of the pair, or why there is none.
    pub test: Estimate<LogRank>,
    /// p value adjusted by Holm's method for all pairs that have a test; none without a test.
    pub p_holm: Option<f64>,
}

/// Compares every pair of groups, the others left out. Holm 1979 holds the familywise error.
pub fn pairwise_log_rank(
    time: &[f64],
    event: &[bool],
    group: &[usize],
    options: &LogRankOptions,
) -> Estimate<Vec<PairwiseLogRank>> {
    // All at once first: what is wrong with the input is wrong with every pair.
    log_rank(time, event, group, options)?;
    let labels = distinct_groups(group)?;
    let mut pairs = Vec::new();
    for (k, &first) in labels.iter().enumerate() {
        for &second in &labels[k + 1..] {
            let members: Vec<usize> = (0..time.len())
                .filter(|&i| group[i] == first || group[i] == second)
                .collect();
            let strata: Option<Vec<usize>> = options
                .strata
                .map(|s| members.iter().map(|&i| s[i]).collect());
            let test = log_rank(
                &members.iter().map(|&i| time[i]).collect::<Vec<_>>(),
                &members.iter().map(|&i| event[i]).collect::<Vec<_>>(),
                &members.iter().map(|&i| group[i]).collect::<Vec<_>>(),
                &LogRankOptions {
                    strata: strata.as_deref(),
                    ..*options
                },
            );
            pairs.push(PairwiseLogRank {
                groups: [first, second],
                test,
                p_holm: None,
            });
        }
    }
    let mut by_p: Vec<(f64, usize)> = pairs
        .iter()
        .enumerate()
        .filter_map(|(k, pair)| Some((pair.test.as_ref().ok()?.test.p_value, k)))
        .collect();
    by_p.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut least: f64 = 0.0;
    for (rank, &(p, k)) in by_p.iter().enumerate() {
        least = least.max(((by_p.len() - rank) as f64 * p).min(1.0));
        pairs[k].p_holm = Some(least);
    }
    Ok(pairs)
}

/// Most groups that are compared at once: the cost grows with their square at every event.
const LARGEST_GROUPS: usize = 100;

/// The distinct labels, in order.
pub(crate) fn distinct_groups(labels: &[usize]) -> Result<Vec<usize>, InputError> {
    let mut found: Vec<usize> = Vec::new();
    for &label in labels {
        if let Err(at) = found.binary_search(&label) {
            if found.len() == LARGEST_GROUPS {
                return Err(InputError::Unsupported {
                    problem: "more than 100 different groups",
                    fix: "a test between groups needs few groups with many subjects each",
                });
            }
            found.insert(at, label);
        }
    }
    Ok(found)
}
