//! Distributions and addresses of the random streams.
//!
//! Seeds are fixed, so a test passes always or never. Thresholds are those of a test that
//! a correct sampler fails once in a thousand seeds: Kolmogorov-Smirnov `1.9495 / sqrt(n)`, a
//! mean 3.29 standard errors away, chi-square its 0.999 quantile.

use neurocart_numeric::normal::{erfc, ln_gamma, normal_cdf};
use neurocart_numeric::{Key, Stream};
use proptest::prelude::*;

const DRAWS: usize = 100_000;
const KOLMOGOROV_999: f64 = 1.9495;
const NORMAL_999_TWO_SIDED: f64 = 3.2905;

fn stream(purpose: u32) -> Stream {
    Stream::new(Key {
        seed: 20_260_101,
        purpose,
        scenario: 3,
        replicate: 5,
        patient: 7,
    })
}

fn sample(purpose: u32, mut draw: impl FnMut(&mut Stream) -> f64) -> Vec<f64> {
    let mut stream = stream(purpose);
    (0..DRAWS).map(|_| draw(&mut stream)).collect()
}

/// Greatest distance between the empirical and the stated distribution function, times the
/// square root of the number of draws.
fn kolmogorov_smirnov(mut sample: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    sample.sort_by(f64::total_cmp);
    let n = sample.len() as f64;
    let distance = sample.iter().enumerate().fold(0.0f64, |largest, (i, x)| {
        let expected = cdf(*x);
        largest
            .max(expected - i as f64 / n)
            .max((i + 1) as f64 / n - expected)
    });
    distance * n.sqrt()
}

/// Standard errors between the mean of the draws and the stated one.
fn mean_deviation(sample: &[f64], mean: f64, variance: f64) -> f64 {
    let n = sample.len() as f64;
    (sample.iter().sum::<f64>() / n - mean) / (variance / n).sqrt()
}

/// Asserts mean and variance; `kurtosis` is the fourth central moment over the squared variance.
fn assert_moments(sample: &[f64], mean: f64, variance: f64, kurtosis: f64) {
    assert!(mean_deviation(sample, mean, variance).abs() < NORMAL_999_TWO_SIDED);
    let squares: Vec<f64> = sample.iter().map(|x| (x - mean) * (x - mean)).collect();
    let variance_of_squares = (kurtosis - 1.0) * variance * variance;
    assert!(mean_deviation(&squares, variance, variance_of_squares).abs() < NORMAL_999_TWO_SIDED);
}

#[test]
fn uniform_draws_are_uniform_and_never_zero_or_one() {
    let draws = sample(1, Stream::uniform);
    assert!(draws.iter().all(|u| *u > 0.0 && *u < 1.0));
    assert_moments(&draws, 0.5, 1.0 / 12.0, 1.8);
    assert!(kolmogorov_smirnov(draws, |u| u) < KOLMOGOROV_999);
}

#[test]
fn normal_draws_are_normal() {
    let draws = sample(2, Stream::normal);
    assert_moments(&draws, 0.0, 1.0, 3.0);
    assert!(kolmogorov_smirnov(draws, normal_cdf) < KOLMOGOROV_999);
}

#[test]
fn exponential_draws_are_exponential_and_rate_zero_never_happens() {
    let draws = sample(3, |s| s.exponential(0.25));
    assert_moments(&draws, 4.0, 16.0, 9.0);
    assert!(kolmogorov_smirnov(draws, |t| 1.0 - (-0.25 * t).exp()) < KOLMOGOROV_999);
    assert_eq!(stream(3).exponential(0.0), f64::INFINITY);
    assert!(stream(3).exponential(-1.0).is_nan());
}

#[test]
fn gamma_draws_have_the_gamma_distribution_above_and_below_shape_one() {
    let draws = sample(4, |s| s.gamma(3.0, 2.0));
    assert_moments(&draws, 6.0, 12.0, 5.0);
    let erlang = |x: f64| 1.0 - (-x / 2.0).exp() * (1.0 + x / 2.0 + x * x / 8.0);
    assert!(kolmogorov_smirnov(draws, erlang) < KOLMOGOROV_999);
    // Half a chi-square of one degree of freedom.
    let draws = sample(5, |s| s.gamma(0.5, 1.0));
    assert_moments(&draws, 0.5, 0.5, 15.0);
    assert!(kolmogorov_smirnov(draws, |x| 1.0 - erfc(x.sqrt())) < KOLMOGOROV_999);
    assert!(stream(4).gamma(0.0, 1.0).is_nan() && stream(4).gamma(1.0, f64::NAN).is_nan());
}

#[test]
fn beta_draws_have_the_beta_distribution_also_for_tiny_shapes() {
    let draws = sample(6, |s| s.beta(2.0, 3.0));
    // Excess kurtosis -9/14 at (2, 3).
    assert_moments(&draws, 0.4, 0.04, 3.0 - 9.0 / 14.0);
    let cdf = |x: f64| x * x * (6.0 - 8.0 * x + 3.0 * x * x);
    assert!(kolmogorov_smirnov(draws, cdf) < KOLMOGOROV_999);
    let draws = sample(7, |s| s.beta(0.5, 0.5));
    let arcsine = |x: f64| x.sqrt().asin() * std::f64::consts::FRAC_2_PI;
    assert!(kolmogorov_smirnov(draws, arcsine) < KOLMOGOROV_999);
    // Nearly a coin that shows one with probability 1/3; its variance is 2/9 / (1 + 3e-3).
    let draws = sample(8, |s| s.beta(1e-3, 2e-3));
    assert!(draws.iter().all(|x| (0.0..=1.0).contains(x)));
    assert!(mean_deviation(&draws, 1.0 / 3.0, 2.0 / 9.0).abs() < NORMAL_999_TWO_SIDED);
    assert!(stream(6).beta(-1.0, 1.0).is_nan());
}

/// Chi-square of Poisson counts, all classes with an expected count of at least ten and
/// the two tails, against its 0.999 quantile (Wilson and Hilferty's approximation).
fn assert_poisson(purpose: u32, mean: f64) {
    let draws = sample(purpose, |s| s.poisson(mean));
    assert!(draws.iter().all(|k| *k >= 0.0 && *k == k.floor()));
    let probability = |k: f64| (k * mean.ln() - mean - ln_gamma(k + 1.0)).exp();
    let expected = |k: f64| DRAWS as f64 * probability(k);
    let mode = mean.floor();
    let (mut low, mut high) = (mode, mode);
    while low > 0.0 && expected(low - 1.0) >= 10.0 {
        low -= 1.0;
    }
    while expected(high + 1.0) >= 10.0 {
        high += 1.0;
    }
    let classes = (high - low) as usize + 1;
    let mut observed = vec![0.0; classes];
    for k in draws {
        // Tails go to the outermost classes.
        observed[(k.clamp(low, high) - low) as usize] += 1.0;
    }
    let below: f64 = (0..low as u64).map(|k| expected(k as f64)).sum();
    let inner: f64 = (0..classes).map(|i| expected(low + i as f64)).sum();
    let above = DRAWS as f64 - below - inner;
    let mut chi_square = 0.0;
    for (i, count) in observed.iter().enumerate() {
        let mut class = expected(low + i as f64);
        class += if i == 0 { below } else { 0.0 };
        class += if i + 1 == classes { above } else { 0.0 };
        chi_square += (count - class) * (count - class) / class;
    }
    let degrees = (classes - 1) as f64;
    let v = 2.0 / (9.0 * degrees);
    let quantile = degrees * (1.0 - v + 3.0902 * v.sqrt()).powi(3);
    assert!(
        chi_square < quantile,
        "mean {mean}: {chi_square} on {degrees} degrees of freedom"
    );
}

#[test]
fn poisson_counts_have_the_poisson_distribution_on_all_three_methods() {
    for (purpose, mean) in [
        (20, 0.1),
        (21, 3.7),
        (22, 9.99),
        (23, 10.0),
        (24, 47.3),
        (25, 800.0),
    ] {
        assert_poisson(purpose, mean);
    }
    let draws = sample(26, |s| s.poisson(1e6));
    assert_moments(&draws, 1e6, 1e6, 3.0 + 1e-6);
    let draws = sample(27, |s| s.poisson(3e9));
    assert_moments(&draws, 3e9, 3e9, 3.0);
    assert_eq!(stream(20).poisson(0.0), 0.0);
    assert!(stream(20).poisson(-1.0).is_nan() && stream(20).poisson(f64::INFINITY).is_nan());
}

#[test]
fn numbers_below_seven_and_orders_of_four_are_equally_likely() {
    let mut s = stream(30);
    let mut counts = [0.0; 7];
    let mut orders = std::collections::BTreeMap::new();
    for _ in 0..DRAWS {
        counts[s.below(7) as usize] += 1.0;
        let mut items = [0, 1, 2, 3];
        s.shuffle(&mut items);
        *orders.entry(items).or_insert(0.0) += 1.0;
    }
    let chi_square = |counts: &[f64]| -> f64 {
        let expected = DRAWS as f64 / counts.len() as f64;
        counts
            .iter()
            .map(|n| (n - expected) * (n - expected) / expected)
            .sum()
    };
    assert!(chi_square(&counts) < 22.458); // 6 degrees of freedom
    let orders: Vec<f64> = orders.into_values().collect();
    assert_eq!(orders.len(), 24);
    assert!(chi_square(&orders) < 49.728); // 23 degrees of freedom
    assert_eq!(s.below(0), 0);
    assert_eq!(s.below(1), 0);
}

#[test]
fn a_normal_draw_takes_one_uniform() {
    let mut s = stream(31);
    s.normal();
    s.exponential(1.0);
    s.poisson(2.0);
    assert_eq!(s.position(), 3);
}

#[test]
fn the_draws_of_a_key_are_those_of_an_independent_program() {
    // Printed by `reference/numeric/stream.py`. A change of the layout would silently move every
    // simulated trial, so it needs its note in the changelog.
    let mut s = Stream::new(Key {
        seed: 0x0123_4567_89ab_cdef,
        purpose: 1,
        scenario: 2,
        replicate: 3,
        patient: 0x0000_0004_0000_0005,
    });
    let bits: Vec<u64> = (0..3).map(|_| s.bits()).collect();
    assert_eq!(
        bits,
        [
            0xe124_2bf1_3517_2af5,
            0xdc06_bfa6_1f66_13d8,
            0x0495_c86d_2dd7_7cad
        ]
    );
}

fn keys() -> impl Strategy<Value = Key> {
    // Small ranges beside full ones, so that neighbouring and equal parts occur.
    let word = || prop_oneof![0u32..3, any::<u32>()];
    let long = || {
        prop_oneof![
            0u64..3,
            any::<u64>(),
            any::<u32>().prop_map(|x| u64::from(x) << 32)
        ]
    };
    (long(), word(), word(), word(), long()).prop_map(
        |(seed, purpose, scenario, replicate, patient)| Key {
            seed,
            purpose,
            scenario,
            replicate,
            patient,
        },
    )
}

proptest! {
    #[test]
    fn different_keys_have_different_streams(a in keys(), b in keys()) {
        // Two equal blocks by chance: one in 2^128.
        let (mut x, mut y) = (Stream::new(a), Stream::new(b));
        prop_assert_eq!(a == b, (x.bits(), x.bits()) == (y.bits(), y.bits()));
    }

    #[test]
    fn seeking_finds_the_draw_that_drawing_would(key in keys(), to in 0u64..50, then in 1u64..9) {
        let mut drawn = Stream::new(key);
        (0..to).for_each(|_| { drawn.bits(); });
        let mut sought = Stream::new(key);
        (0..then).for_each(|_| { sought.bits(); });
        sought.seek(to);
        prop_assert_eq!(drawn.position(), sought.position());
        for _ in 0..then {
            prop_assert_eq!(drawn.bits(), sought.bits());
        }
    }

    #[test]
    fn neighbouring_patients_are_uncorrelated(seed: u64, patient in 0u64..1_000_000) {
        let key = Key { seed, purpose: 0, scenario: 0, replicate: 0, patient };
        let (mut x, mut y) = (Stream::new(key), Stream::new(Key { patient: patient + 1, ..key }));
        let n = 1000;
        let products: f64 = (0..n).map(|_| x.normal() * y.normal()).sum();
        // Six standard errors: one false alarm in 5e8 pairs.
        prop_assert!(products.abs() < 6.0 * f64::from(n).sqrt());
    }

    #[test]
    fn choosing_gives_different_numbers_in_range(key in keys(), k in 0usize..40, n in 0usize..30) {
        let mut chosen = Stream::new(key).choose(k, n);
        prop_assert_eq!(chosen.len(), k.min(n));
        chosen.sort_unstable();
        chosen.dedup();
        prop_assert_eq!(chosen.len(), k.min(n));
        prop_assert!(chosen.iter().all(|x| *x < n));
    }
}
