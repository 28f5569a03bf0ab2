//! Concordance of a risk score with event times (Harrell's C).
//!
//! Of the pairs in which one subject had the event while the other was at risk and lived on, the
//! share in which that subject had the higher score; a tied score counts one half. A subject
//! censored at an event time outlives it; two events at one time are no pair. Pairs are formed
//! within strata. As R's `concordance` and `coxph`. A Fenwick tree over the ranks of the scores
//! counts the pairs in n log n steps. Harrell et al. 1982, doi:10.1001/jama.1982.03320430047030.

use crate::error::{check_finite, check_length, check_start, check_times};
use crate::order::{by_stratum_and_time_down, sortable_bits, sorted_places};
use crate::{Estimate, NotEstimable};

/// Pairs counted, and their concordance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Concordance {
    /// Pairs in which the earlier event had the higher score.
    pub concordant: u64,
    /// Pairs in which it had the lower score.
    pub discordant: u64,
    /// Pairs with the same score.
    pub tied: u64,
    /// (concordant + tied / 2) / all pairs.
    pub concordance: f64,
}

/// Concordance of `score` (higher: earlier event expected) with the event times. `start` holds the
/// times at which rows come under observation, `strata` the stratum of each.
pub fn concordance(
    time: &[f64],
    event: &[bool],
    score: &[f64],
    start: Option<&[f64]>,
    strata: Option<&[usize]>,
) -> Estimate<Concordance> {
    let n = time.len();
    check_times(time)?;
    check_length("event", event.len(), n)?;
    check_length("score", score.len(), n)?;
    check_finite("score", score)?;
    if let Some(start) = start {
        check_start(start, time)?;
    }
    if let Some(strata) = strata {
        check_length("strata", strata.len(), n)?;
    }
    if !event.contains(&true) {
        return Err(NotEstimable::NoEvents);
    }
    let ranks = dense_ranks(score);
    let order = by_stratum_and_time_down(strata, time);
    let leaving = start.map_or(Vec::new(), |start| by_stratum_and_time_down(strata, start));
    let stratum = |i: u32| strata.map_or(0, |s| s[i as usize]);
    let key = |i: u32| (stratum(i), time[i as usize]);

    let (mut concordant, mut discordant, mut tied) = (0, 0, 0);
    let mut at_risk = Fenwick::new(ranks.iter().max().map_or(0, |&r| r as usize + 1));
    let (mut seen, mut left, mut stratum_start) = (0, 0, 0);
    for run in order.chunk_by(|&a, &b| key(a) == key(b)) {
        if seen == 0 || stratum(order[seen - 1]) != stratum(run[0]) {
            // Out with those still at risk in the stratum before.
            let stay = if leaving.is_empty() {
                &order[stratum_start..seen]
            } else {
                &leaving[left..seen]
            };
            stay.iter()
                .for_each(|i| at_risk.add(ranks[*i as usize], -1));
            (stratum_start, left) = (seen, seen);
        }
        // Under observation only from this time on.
        if let Some(start) = start {
            while left < seen && start[leaving[left] as usize] >= time[run[0] as usize] {
                at_risk.add(ranks[leaving[left] as usize], -1);
                left += 1;
            }
        }
        let members = || run.iter().map(|&i| i as usize);
        members()
            .filter(|&i| !event[i])
            .for_each(|i| at_risk.add(ranks[i], 1));
        for i in members().filter(|&i| event[i]) {
            let below = at_risk.below(ranks[i]);
            let same = at_risk.below(ranks[i] + 1) - below;
            concordant += below;
            tied += same;
            discordant += at_risk.total - below - same;
        }
        members()
            .filter(|&i| event[i])
            .for_each(|i| at_risk.add(ranks[i], 1));
        seen += run.len();
    }
    let pairs = concordant + discordant + tied;
    if pairs == 0 {
        return Err(NotEstimable::NoVariation);
    }
    Ok(Concordance {
        concordant,
        discordant,
        tied,
        concordance: (concordant as f64 + 0.5 * tied as f64) / pairs as f64,
    })
}

/// Rank of each value among the distinct values, from 0.
fn dense_ranks(values: &[f64]) -> Vec<u32> {
    let order = sorted_places(values.iter().map(|&v| sortable_bits(v)));
    let mut ranks = vec![0; values.len()];
    let same = |&a: &u32, &b: &u32| values[a as usize] == values[b as usize];
    for (rank, tied) in order.chunk_by(same).enumerate() {
        for &i in tied {
            ranks[i as usize] = rank as u32;
        }
    }
    ranks
}

/// Counts per rank with sums over the lower ranks in log steps (Fenwick 1994,
/// doi:10.1002/spe.4380240306).
struct Fenwick {
    counts: Vec<u32>,
    total: u64,
}

impl Fenwick {
    fn new(ranks: usize) -> Fenwick {
        Fenwick {
            counts: vec![0; ranks + 1],
            total: 0,
        }
    }

    fn add(&mut self, rank: u32, change: i32) {
        self.total = self.total.wrapping_add_signed(i64::from(change));
        let mut i = rank as usize + 1;
        while i < self.counts.len() {
            self.counts[i] = self.counts[i].wrapping_add_signed(change);
            i += i & i.wrapping_neg();
        }
    }

    /// Members with a lower rank.
    fn below(&self, rank: u32) -> u64 {
        let (mut i, mut sum) = (rank as usize, 0);
        while i > 0 {
            sum += u64::from(self.counts[i]);
            i &= i - 1;
        }
        sum
    }
}
