//! Normal distribution, complementary error function and logarithm of the gamma function.
//!
//! Built on [`elementary`](crate::elementary) alone, so that a patient's random effects have
//! the same bits on every machine. These are scalar functions with branches, not lane
//! functions.

// A coefficient is written as it was published, with more digits than a double holds.
#![allow(clippy::excessive_precision)]

use crate::elementary::{exp1, ln1, sqrt1};

/// Value of the polynomial with these coefficients, constant first.
#[inline(always)]
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients
        .iter()
        .rev()
        .fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// Complementary error function, `2/sqrt(pi)` times the integral of `exp(-t^2)` from `x` up.
///
/// Relative error below 1e-15 up to `x = 26`, beyond which the result is subnormal or zero.
/// Rational approximations on four intervals, with the coefficients of fdlibm's `s_erf.c` (Sun
/// Microsystems, 1993).
#[must_use]
pub fn erfc(x: f64) -> f64 {
    const ERF_AT_ONE: f64 = 8.450_629_115_104_675_292_97e-1;
    let magnitude = x.abs();
    if x.is_nan() {
        f64::NAN
    } else if magnitude < 0.84375 {
        let z = x * x;
        let ratio = polynomial(
            &[
                1.283_791_670_955_125_585_61e-1,
                -3.250_421_072_470_014_993_70e-1,
                -2.848_174_957_559_851_047_66e-2,
                -5.770_270_296_489_441_591_57e-3,
                -2.376_301_665_665_016_260_84e-5,
            ],
            z,
        ) / polynomial(
            &[
                1.0,
                3.979_172_239_591_553_528_19e-1,
                6.502_224_998_876_729_444_85e-2,
                5.081_306_281_875_765_627_76e-3,
                1.324_947_380_043_216_445_26e-4,
                -3.960_228_278_775_368_123_20e-6,
            ],
            z,
        );
        if x < 0.25 {
            1.0 - (x + x * ratio)
        } else {
            0.5 - ((x - 0.5) + x * ratio)
        }
    } else if magnitude < 1.25 {
        let s = magnitude - 1.0;
        let ratio = polynomial(
            &[
                -2.362_118_560_752_659_440_77e-3,
                4.148_561_186_837_483_316_66e-1,
                -3.722_078_760_357_013_238_47e-1,
                3.183_466_199_011_617_536_74e-1,
                -1.108_946_942_823_966_774_76e-1,
                3.547_830_432_561_823_593_71e-2,
                -2.166_375_594_868_790_843_00e-3,
            ],
            s,
        ) / polynomial(
            &[
                1.0,
                1.064_208_804_008_442_282_86e-1,
                5.403_979_177_021_710_489_37e-1,
                7.182_865_441_419_626_628_68e-2,
                1.261_712_198_087_616_421_12e-1,
                1.363_708_391_202_905_073_62e-2,
                1.198_449_984_679_910_741_70e-2,
            ],
            s,
        );
        if x < 0.0 {
            1.0 + (ERF_AT_ONE + ratio)
        } else {
            (1.0 - ERF_AT_ONE) - ratio
        }
    } else if x < -6.0 {
        2.0
    } else if x > 28.0 {
        0.0
    } else {
        let tail = erfc_tail(magnitude);
        if x < 0.0 { 2.0 - tail } else { tail }
    }
}

/// `erfc(x)` for `x >= 1.25`, as `exp(-x^2) / x` times the exponential of a rational function
/// of `1/x^2`.
fn erfc_tail(x: f64) -> f64 {
    let s = 1.0 / (x * x);
    let ratio = if x < 1.0 / 0.35 {
        polynomial(
            &[
                -9.864_944_034_847_148_227_05e-3,
                -6.938_585_727_071_817_643_72e-1,
                -1.055_862_622_532_329_098_14e1,
                -6.237_533_245_032_600_603_96e1,
                -1.623_966_694_625_734_703_55e2,
                -1.846_050_929_067_110_359_94e2,
                -8.128_743_550_630_659_342_46e1,
                -9.814_329_344_169_145_485_92e0,
            ],
            s,
        ) / polynomial(
            &[
                1.0,
                1.965_127_166_743_925_712_92e1,
                1.376_577_541_435_190_426_00e2,
                4.345_658_774_752_292_288_21e2,
                6.453_872_717_332_678_803_36e2,
                4.290_081_400_275_678_333_86e2,
                1.086_350_055_417_794_351_34e2,
                6.570_249_770_319_281_701_35e0,
                -6.042_441_521_485_809_874_38e-2,
            ],
            s,
        )
    } else {
        polynomial(
            &[
                -9.864_942_924_700_099_285_97e-3,
                -7.992_832_376_805_230_065_74e-1,
                -1.775_795_491_775_475_198_89e1,
                -1.606_363_848_558_219_160_62e2,
                -6.375_664_433_683_896_277_22e2,
                -1.025_095_131_611_077_249_54e3,
                -4.835_191_916_086_513_970_19e2,
            ],
            s,
        ) / polynomial(
            &[
                1.0,
                3.033_806_074_348_245_829_24e1,
                3.257_925_129_965_739_188_26e2,
                1.536_729_586_084_436_959_94e3,
                3.199_858_219_508_595_539_08e3,
                2.553_050_406_433_164_425_83e3,
                4.745_285_412_069_553_672_15e2,
                -2.244_095_244_658_581_833_62e1,
            ],
            s,
        )
    };
    // z is x cut to 21 bits, so z^2 is exact and exp(-x^2) loses nothing to its large argument.
    let z = f64::from_bits(x.to_bits() & 0xffff_ffff_0000_0000);
    exp1(-z * z - 0.5625) * exp1((z - x) * (z + x) + ratio) / x
}

/// Standard normal distribution function.
///
/// Relative error below 1e-15 times `1 + z^2` down to `z = -37`, where it leaves the normal
/// doubles.
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// Standard normal quantile: the `z` that a probability `p` lies below.
///
/// Negative infinity at 0, infinity at 1, NaN outside. Relative error about 1e-15. Algorithm
/// AS 241 (PPND16): Wichura, Applied Statistics 37, 1988, 477-484, doi:10.2307/2347330.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * polynomial(
            &[
                3.387_132_872_796_366_608,
                1.331_416_678_917_843_774_5e2,
                1.971_590_950_306_551_442_7e3,
                1.373_169_376_550_946_112_5e4,
                4.592_195_393_154_987_145_7e4,
                6.726_577_092_700_870_085_3e4,
                3.343_057_558_358_812_810_5e4,
                2.509_080_928_730_122_672_7e3,
            ],
            r,
        ) / polynomial(
            &[
                1.0,
                4.231_333_070_160_091_125_2e1,
                6.871_870_074_920_579_083e2,
                5.394_196_021_424_751_107_7e3,
                2.121_379_430_158_659_586_7e4,
                3.930_789_580_009_271_061e4,
                2.872_908_573_572_194_267_4e4,
                5.226_495_278_852_854_561e3,
            ],
            r,
        );
    }
    if p.is_nan() || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail == 0.0 {
        return if q < 0.0 {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        };
    }
    let r = sqrt1(-ln1(tail));
    let z = if r <= 5.0 {
        let r = r - 1.6;
        polynomial(
            &[
                1.423_437_110_749_683_577_34,
                4.630_337_846_156_545_295_9,
                5.769_497_221_460_691_405_5,
                3.647_848_324_763_204_605_04,
                1.270_458_252_452_368_382_58,
                2.417_807_251_774_506_117_7e-1,
                2.272_384_498_926_918_458_33e-2,
                7.745_450_142_783_414_076_4e-4,
            ],
            r,
        ) / polynomial(
            &[
                1.0,
                2.053_191_626_637_758_821_87,
                1.676_384_830_183_803_849_4,
                6.897_673_349_851_000_045_5e-1,
                1.481_039_764_274_800_745_9e-1,
                1.519_866_656_361_645_719_66e-2,
                5.475_938_084_995_344_946e-4,
                1.050_750_071_644_416_843_24e-9,
            ],
            r,
        )
    } else {
        let r = r - 5.0;
        polynomial(
            &[
                6.657_904_643_501_103_777_2,
                5.463_784_911_164_114_369_9,
                1.784_826_539_917_291_335_8,
                2.965_605_718_285_048_912_3e-1,
                2.653_218_952_657_612_309_3e-2,
                1.242_660_947_388_078_438_6e-3,
                2.711_555_568_743_487_578_15e-5,
                2.010_334_399_292_288_132_65e-7,
            ],
            r,
        ) / polynomial(
            &[
                1.0,
                5.998_322_065_558_879_376_9e-1,
                1.369_298_809_227_358_053_1e-1,
                1.487_536_129_085_061_485_25e-2,
                7.868_691_311_456_132_591e-4,
                1.846_318_317_510_054_681_8e-5,
                1.421_511_758_316_445_888_7e-7,
                2.044_263_103_389_939_785_64e-15,
            ],
            r,
        )
    };
    if q < 0.0 { -z } else { z }
}

/// Natural logarithm of the gamma function for `x > 0`; infinity at 0, NaN below.
///
/// Error below 1e-14 times `1 + |ln gamma(x)|`: below 10 the terms reach 17 and cancel, so the
/// relative error is larger near the zeros at 1 and 2. Stirling's series from `x = 10` up (Abramowitz
/// and Stegun 6.1.41); below, the recurrence `gamma(x + 1) = x gamma(x)` leads there.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_741_78;
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 || x == f64::INFINITY {
        return f64::INFINITY;
    }
    let mut shifted = x;
    let mut product = 1.0;
    while shifted < 10.0 {
        product *= shifted;
        shifted += 1.0;
    }
    // B(2k) / (2k (2k - 1)), B the Bernoulli numbers; the next term is below 3e-17 at 10.
    let inverse = 1.0 / shifted;
    let series = inverse
        * polynomial(
            &[
                1.0 / 12.0,
                -1.0 / 360.0,
                1.0 / 1260.0,
                -1.0 / 1680.0,
                1.0 / 1188.0,
                -691.0 / 360_360.0,
                1.0 / 156.0,
            ],
            inverse * inverse,
        );
    (shifted - 0.5) * (ln1(shifted) - 1.0) + (HALF_LN_TWO_PI - 0.5 + series) - ln1(product)
}
