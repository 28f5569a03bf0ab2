//! Who enters when and into which arm, and when they are lost.
//!
//! Every draw is keyed by its purpose, the replicate and, where it belongs to a subject, the
//! subject: enlarging a trial leaves the draws of its first subjects as they were.

use neurocart_numeric::{Key, Stream};

use crate::specification::{Arm, DAYS_PER_WEEK, DAYS_PER_YEAR, Specification};

// Purposes of the trial's own streams. Numbers are never changed or reused, see `purpose.rs`.
/// Which patients of the bank become candidates.
const SELECTION: u32 = 100;
/// Random allocation.
const ALLOCATION: u32 = 101;
/// Times of entry.
const ACCRUAL: u32 = 102;
/// Loss to follow-up.
const DROPOUT: u32 = 103;
/// Times between candidates who come to a trial that enrols them one by one.
const ARRIVAL: u32 = 104;
/// Whether a cell product is made, and holds enough cells.
const MANUFACTURING: u32 = 105;
/// Times from enrolment to the first treatment.
const VEIN_TO_VEIN: u32 = 106;

/// Address of a replicate's draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicateKey {
    /// Root seed of the run.
    pub seed: u64,
    /// Number of the replicate, different in every scenario.
    pub replicate: u32,
}

impl ReplicateKey {
    fn stream(self, purpose: u32, subject: u64) -> Stream {
        let ReplicateKey { seed, replicate } = self;
        Stream::new(Key {
            seed,
            purpose,
            scenario: 0,
            replicate,
            patient: subject,
        })
    }
}

/// The stream of the time until the `arrival`th candidate comes.
pub fn arrival_stream(key: ReplicateKey, arrival: u64) -> Stream {
    key.stream(ARRIVAL, arrival)
}

/// The stream of the product of the `arrival`th candidate.
pub fn manufacturing_stream(key: ReplicateKey, arrival: u64) -> Stream {
    key.stream(MANUFACTURING, arrival)
}

/// The stream of the vein-to-vein time of the `arrival`th candidate.
pub fn vein_to_vein_stream(key: ReplicateKey, arrival: u64) -> Stream {
    key.stream(VEIN_TO_VEIN, arrival)
}

/// Patients of the bank in random order, drawn one by one without replacement.
///
/// The order is a Fisher-Yates shuffle done only as far as it is asked for.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    order: Vec<u32>,
    next: usize,
    swaps: Vec<u32>,
    stream: Option<Stream>,
}

impl Selection {
    /// Starts anew for a replicate and a bank of `bank` patients.
    pub fn restart(&mut self, key: ReplicateKey, bank: usize) {
        if self.order.len() == bank {
            // Undo the swaps: cheaper than filling the list again.
            for position in (0..self.next).rev() {
                self.order.swap(position, self.swaps[position] as usize);
            }
        } else {
            self.order = (0..bank as u32).collect();
        }
        self.next = 0;
        self.swaps.clear();
        self.stream = Some(key.stream(SELECTION, 0));
    }
}

impl Iterator for Selection {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let left = self.order.len() - self.next;
        let stream = self.stream.as_mut().filter(|_| left > 0)?;
        // A uniform below 1 times `left` can round up to `left`.
        let offset = ((stream.uniform() * left as f64) as usize).min(left - 1);
        let other = self.next + offset;
        self.order.swap(self.next, other);
        self.swaps.push(other as u32);
        self.next += 1;
        Some(self.order[self.next - 1] as usize)
    }
}

/// Arms of `size` subjects in the order of their entry: permuted blocks of twice the ratio, so
/// that two equal arms are in blocks of four.
pub fn allocate(key: ReplicateKey, arms: &[Arm], size: usize, allocation: &mut Vec<usize>) {
    allocation.clear();
    let mut stream = key.stream(ALLOCATION, 0);
    let block: Vec<usize> = arms
        .iter()
        .enumerate()
        .flat_map(|(number, arm)| std::iter::repeat_n(number, 2 * arm.ratio as usize))
        .collect();
    if block.is_empty() {
        return;
    }
    while allocation.len() < size {
        let start = allocation.len();
        let left = size - start;
        if left >= block.len() {
            allocation.extend_from_slice(&block);
        } else {
            // The last block is half as long where the size is an odd multiple of the ratio.
            let half = arms
                .iter()
                .enumerate()
                .flat_map(|(number, arm)| std::iter::repeat_n(number, arm.ratio as usize));
            allocation.extend(half.take(left));
        }
        let shuffled = &mut allocation[start..];
        for last in (1..shuffled.len()).rev() {
            let other = ((stream.uniform() * (last + 1) as f64) as usize).min(last);
            shuffled.swap(last, other);
        }
    }
}

/// Calendar day on which a subject enters, counted from the opening of the trial.
pub fn entry_days(key: ReplicateKey, subject: u64, specification: &Specification) -> f64 {
    let duration_days = specification.accrual.duration_weeks * DAYS_PER_WEEK;
    key.stream(ACCRUAL, subject).uniform() * duration_days
}

/// Day on which a subject would be lost to follow-up, from the first treatment; infinite without
/// dropout.
pub fn dropout_days(
    key: ReplicateKey,
    subject: u64,
    arm: &Arm,
    specification: &Specification,
) -> f64 {
    let Some(dropout) = &specification.dropout else {
        return f64::INFINITY;
    };
    let probability = dropout
        .arms
        .get(&arm.name)
        .copied()
        .unwrap_or(dropout.annual_probability);
    if probability <= 0.0 {
        return f64::INFINITY;
    }
    // The hazard that loses this share within a year.
    let hazard_per_day = -neurocart_numeric::elementary::ln1(1.0 - probability) / DAYS_PER_YEAR;
    key.stream(DROPOUT, subject).exponential(hazard_per_day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn arm(ratio: u32) -> Arm {
        Arm {
            name: format!("ratio {ratio}"),
            label: None,
            therapy: "placebo".to_owned(),
            ratio,
            blinded: None,
            reference: false,
            changes: Default::default(),
        }
    }

    fn key(replicate: u32) -> ReplicateKey {
        ReplicateKey { seed: 5, replicate }
    }

    #[test]
    fn every_patient_of_the_bank_is_selected_equally_often() {
        let (bank, size, replicates) = (20, 5, 20_000);
        let mut selection = Selection::default();
        let mut counts = vec![0u32; bank];
        for replicate in 0..replicates {
            selection.restart(key(replicate), bank);
            for patient in selection.by_ref().take(size) {
                counts[patient] += 1;
            }
        }
        // Binomial(20000, 1/4): standard deviation 61; five of them.
        for count in counts {
            assert!((f64::from(count) - 5000.0).abs() < 306.0, "{count}");
        }
    }

    #[test]
    fn a_replicate_selects_the_same_patients_whatever_came_before() {
        let mut fresh = Selection::default();
        fresh.restart(key(7), 50);
        let expected: Vec<usize> = fresh.take(30).collect();
        let mut used = Selection::default();
        for replicate in 0..7 {
            used.restart(key(replicate), 50);
            used.by_ref().take(11 + replicate as usize).for_each(drop);
        }
        used.restart(key(7), 50);
        assert_eq!(used.take(30).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn one_in_ten_is_lost_within_a_year() {
        let text = include_str!("../../../library/trials/mg-bcma-mrna-placebo.toml");
        let specification: Specification = toml::from_str(text).unwrap();
        let lost = (0..20_000)
            .filter(|&s| dropout_days(key(1), s, &specification.arms[0], &specification) <= 365.0)
            .count();
        // Binomial(20000, 0.1): standard deviation 42; five of them.
        assert!((lost as f64 - 2000.0).abs() < 212.0, "{lost}");
    }

    proptest! {
        #[test]
        fn the_arms_have_exactly_their_share(ratios in proptest::collection::vec(1u32..4, 1..4), blocks in 1usize..9, replicate in 0u32..1000) {
            let arms: Vec<Arm> = ratios.iter().map(|&r| arm(r)).collect();
            let parts: usize = ratios.iter().sum::<u32>() as usize;
            let mut allocation = Vec::new();
            allocate(key(replicate), &arms, parts * blocks, &mut allocation);
            for (number, ratio) in ratios.iter().enumerate() {
                let found = allocation.iter().filter(|&&a| a == number).count();
                prop_assert_eq!(found, *ratio as usize * blocks);
            }
        }

        #[test]
        fn no_patient_is_selected_twice(bank in 1usize..200, replicate in 0u32..1000) {
            let mut selection = Selection::default();
            selection.restart(key(replicate), bank);
            let mut all: Vec<usize> = selection.collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..bank).collect::<Vec<_>>());
        }
    }
}
