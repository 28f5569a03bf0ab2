//! The order of subjects by stratum and time.
//!
//! Sorting is most of the work of a log-rank test, so large inputs are sorted by a radix sort on the
//! bits of the numbers, eleven at a time (Knuth, The Art of Computer Programming 3, 5.2.5): for
//! 100,000 times a quarter of the time of a comparison sort. Places that are equal stay in the order
//! of the input, so sums over subjects have one order and the same bits every time.

/// Bits that sort as the number does, for any number but NaN; minus zero as zero.
pub(crate) fn sortable_bits(x: f64) -> u64 {
    let bits = (x + 0.0).to_bits();
    let sign = 1 << 63;
    if bits & sign == 0 { bits | sign } else { !bits }
}

/// The places of `keys` from the smallest key to the largest, equal keys in the order of places.
pub(crate) fn sorted_places(keys: impl Iterator<Item = u64>) -> Vec<u32> {
    let mut pairs: Vec<(u64, u32)> = keys.zip(0..).collect();
    sort(&mut pairs);
    pairs.into_iter().map(|pair| pair.1).collect()
}

/// The places of `times` by stratum, then from the first time to the last.
pub(crate) fn by_stratum_and_time(strata: Option<&[usize]>, times: &[f64]) -> Vec<u32> {
    by_stratum(
        strata,
        sorted_places(times.iter().map(|&t| sortable_bits(t))),
    )
}

/// The places of `times` by stratum, then from the last time to the first.
pub(crate) fn by_stratum_and_time_down(strata: Option<&[usize]>, times: &[f64]) -> Vec<u32> {
    by_stratum(
        strata,
        sorted_places(times.iter().map(|&t| !sortable_bits(t))),
    )
}

fn by_stratum(strata: Option<&[usize]>, places: Vec<u32>) -> Vec<u32> {
    match strata {
        None => places,
        Some(strata) => {
            let mut pairs: Vec<(u64, u32)> = places
                .into_iter()
                .map(|place| (strata[place as usize] as u64, place))
                .collect();
            sort(&mut pairs);
            pairs.into_iter().map(|pair| pair.1).collect()
        }
    }
}

/// Bits of one digit: 2,048 counters fit the first cache.
const DIGIT: u32 = 11;
const DIGITS: usize = 6;
/// Below this a comparison sort is faster.
const FEW: usize = 512;

/// Stable sort by key.
fn sort(pairs: &mut Vec<(u64, u32)>) {
    if pairs.len() < FEW {
        pairs.sort_by_key(|pair| pair.0);
        return;
    }
    let digit = |key: u64, d: usize| (key >> (DIGIT * d as u32)) as usize & ((1 << DIGIT) - 1);
    let mut counts = vec![[0u32; 1 << DIGIT]; DIGITS];
    for &(key, _) in pairs.iter() {
        for (d, counts) in counts.iter_mut().enumerate() {
            counts[digit(key, d)] += 1;
        }
    }
    let mut sorted = vec![(0, 0); pairs.len()];
    for (d, counts) in counts.iter_mut().enumerate() {
        // A digit that is the same everywhere, as in times on a grid, moves nothing.
        if counts[digit(pairs[0].0, d)] as usize == pairs.len() {
            continue;
        }
        let mut start = 0;
        for count in counts.iter_mut() {
            start += std::mem::replace(count, start);
        }
        for &pair in pairs.iter() {
            let place = &mut counts[digit(pair.0, d)];
            sorted[*place as usize] = pair;
            *place += 1;
        }
        std::mem::swap(pairs, &mut sorted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_radix_sort_is_the_stable_comparison_sort() {
        let wild = [
            0.0,
            -0.0,
            1.5,
            -1.5,
            f64::INFINITY,
            f64::NEG_INFINITY,
            5e-324,
            1e300,
            -1e-300,
        ];
        for n in [0, 1, 7, FEW - 1, FEW, 5 * FEW] {
            // Few distinct values first, then many.
            for spread in [9, 100_000] {
                let mixed = |i: usize| i.wrapping_mul(2_654_435_761) % spread;
                let values: Vec<f64> = (0..n)
                    .map(|i| wild[mixed(i) % 9] * (1.0 + (mixed(i) / 9) as f64))
                    .map(|x| if x.is_nan() { 0.0 } else { x })
                    .collect();
                let strata: Vec<usize> = (0..n)
                    .map(|i| (mixed(i + 3) % 4) * (usize::MAX / 3))
                    .collect();
                let mut expected: Vec<u32> = (0..n as u32).collect();
                let value = |i: u32| values[i as usize];
                expected.sort_by(|&a, &b| value(a).partial_cmp(&value(b)).unwrap());
                assert_eq!(by_stratum_and_time(None, &values), expected);
                expected.sort_by_key(|&i| strata[i as usize]);
                assert_eq!(by_stratum_and_time(Some(&strata), &values), expected);
                expected.sort_by(|&a, &b| value(b).partial_cmp(&value(a)).unwrap());
                expected.sort_by_key(|&i| strata[i as usize]);
                let down = by_stratum_and_time_down(Some(&strata), &values);
                let key = |i: u32| (strata[i as usize], value(i));
                assert!(down.iter().zip(&expected).all(|(&a, &b)| key(a) == key(b)));
            }
        }
    }
}
