//! The same bits under every instruction set and for every lane count.

use neurocart_numeric::{InstructionSet, Kernel, dispatch, elementary, lane, philox4x32};

const COUNT: usize = 4096;
const HASH: u64 = 0x5f35_8334_000e_4526;

/// Evaluates every lane function over pairs of arguments and folds the bits of the results.
struct Hash<'a, const N: usize> {
    a: &'a [f64],
    b: &'a [f64],
}

#[inline(always)]
fn fold<const N: usize>(hashes: &mut [u64; COUNT], at: usize, values: [f64; N]) {
    for (lane, value) in values.into_iter().enumerate() {
        // FNV-1a on words: a change of any bit of any result changes the hash.
        let hash = &mut hashes[at + lane];
        *hash = (*hash ^ value.to_bits()).wrapping_mul(0x0000_0100_0000_01b3);
    }
}

impl<const N: usize> Kernel for Hash<'_, N> {
    type Output = u64;

    #[inline(always)]
    fn run(self) -> u64 {
        let mut hashes = [0xcbf2_9ce4_8422_2325; COUNT];
        for at in (0..COUNT).step_by(N) {
            let a: [f64; N] = self.a[at..at + N].try_into().unwrap();
            let b: [f64; N] = self.b[at..at + N].try_into().unwrap();
            fold(&mut hashes, at, lane::exp(a));
            fold(&mut hashes, at, lane::ln(a));
            fold(&mut hashes, at, lane::pow(a, b));
            fold(&mut hashes, at, lane::log10(a));
            fold(&mut hashes, at, lane::tanh(a));
            fold(&mut hashes, at, lane::sin(a));
            fold(&mut hashes, at, lane::cos(a));
            fold(&mut hashes, at, lane::max(a, b));
            fold(&mut hashes, at, lane::min(a, b));
            fold(&mut hashes, at, lane::floor(a));
            fold(&mut hashes, at, lane::ceil(a));
            fold(&mut hashes, at, lane::sqrt(a));
            fold(&mut hashes, at, lane::abs(a));
        }
        hashes
            .into_iter()
            .fold(0, |sum, hash| sum.rotate_left(5) ^ hash)
    }
}

/// A quarter of the numbers each: any bit pattern, magnitudes as exponents have them, as
/// cell counts have them, and special values.
fn arguments(word: u32) -> Vec<f64> {
    let special = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        2.0,
        -3.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        f64::MIN_POSITIVE,
        5e-324,
        f64::MAX,
        709.79,
        -745.2,
        -720.0,
    ];
    (0..COUNT as u32)
        .map(|i| {
            let bits = philox4x32([i, word, 0, 0], [2026, 0]);
            let wide = u64::from(bits[0]) << 32 | u64::from(bits[1]);
            let unit = wide as f64 / 2f64.powi(64);
            match i % 4 {
                0 => f64::from_bits(wide),
                1 => 1500.0 * unit - 750.0,
                2 => 20.0 * unit - 10.0,
                _ => special[bits[2] as usize % special.len()],
            }
        })
        .collect()
}

#[test]
fn all_lane_functions_have_the_same_bits_for_every_instruction_set_and_lane_count() {
    let a = arguments(0);
    let b = arguments(1);
    let expected = Hash::<1> { a: &a, b: &b }.run();
    // The same on every machine, so a platform that rounds otherwise is found too.
    assert_eq!(expected, HASH, "{expected:#x}");
    for set in InstructionSet::ALL
        .into_iter()
        .filter(|set| set.is_available())
    {
        assert_eq!(
            dispatch(set, Hash::<1> { a: &a, b: &b }),
            expected,
            "{set}, 1 lane"
        );
        assert_eq!(
            dispatch(set, Hash::<4> { a: &a, b: &b }),
            expected,
            "{set}, 4 lanes"
        );
        assert_eq!(
            dispatch(set, Hash::<8> { a: &a, b: &b }),
            expected,
            "{set}, 8 lanes"
        );
        assert_eq!(
            dispatch(set, Hash::<16> { a: &a, b: &b }),
            expected,
            "{set}, 16 lanes"
        );
    }
}

#[test]
fn a_lane_has_the_bits_of_the_scalar_function() {
    let a = arguments(2);
    let b = arguments(3);
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        let a: [f64; 8] = a.try_into().unwrap();
        let b: [f64; 8] = b.try_into().unwrap();
        let power = lane::pow(a, b);
        let tanh = lane::tanh(a);
        for i in 0..8 {
            assert_eq!(power[i].to_bits(), elementary::pow1(a[i], b[i]).to_bits());
            assert_eq!(tanh[i].to_bits(), elementary::tanh1(a[i]).to_bits());
        }
    }
}
