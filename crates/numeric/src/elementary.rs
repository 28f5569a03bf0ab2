//! Elementary functions of one number, with the same bits on every IEEE 754 machine.
//!
//! Each body is straight-line code: every case is computed and the right one selected, so
//! that a loop over lanes becomes vector instructions. Only additions, products, quotients,
//! square roots and integer operations are used, in a fixed order and never fused, so the bits
//! do not depend on the instruction set, the lane count or the platform's mathematical
//! library. Every NaN that comes out is [`f64::NAN`].
//!
//! Errors are stated in units in the last place (ulp) against the exact value. Reductions and
//! the polynomials of the logarithm, sine and cosine: fdlibm (Sun Microsystems, 1993). The
//! hyperbolic tangent near zero: Moshier, Methods and Programs for Mathematical Functions, 1989.

// A coefficient is written as it was published, with more digits than a double holds.
#![allow(clippy::excessive_precision)]

use std::hint::select_unpredictable as select;

// NaN is made canonical by a question about the argument. A question about the result
// (`if y.is_nan() { NAN } else { y }`) is folded to `y` by LLVM, and the sign of a NaN that an
// operation makes differs between machines.

/// 1.5 * 2^52: adding it rounds a number below 2^51 to an integer, which then stands in the
/// low bits of the sum in two's complement.
const ROUNDING_SHIFT: f64 = 6_755_399_441_055_744.0;
/// 2^52: from here on every double is an integer.
const ALL_INTEGERS: f64 = 4_503_599_627_370_496.0;

/// Natural logarithm of two; the high part has 32 trailing zero bits, so that its product
/// with an exponent is exact.
const LN_2_HIGH: f64 = 6.931_471_803_691_238_164_90e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_700_02e-10;

const SIGN: u64 = 1 << 63;
const MANTISSA: u64 = (1 << 52) - 1;
const EXPONENT_BIAS: u64 = 1023;

/// e to the power `x`, within 1 ulp.
///
/// Above 709.78 infinity, below -745.13 zero, and between -745.13 and -708.40 a subnormal
/// number rounded once.
#[inline(always)]
#[must_use]
pub fn exp1(x: f64) -> f64 {
    // Beyond these limits the result is infinite or zero anyway; NaN passes through.
    let limited = select(x > 710.0, 710.0, x);
    let limited = select(limited < -746.0, -746.0, limited);

    // x = n ln 2 + r with |r| <= ln 2 / 2.
    let shifted = limited * std::f64::consts::LOG2_E + ROUNDING_SHIFT;
    let n = shifted - ROUNDING_SHIFT;
    let r = (limited - n * LN_2_HIGH) - n * LN_2_LOW;

    // exp(r) = 1 + r + r^2 q(r). q: weighted least squares at 120 Chebyshev nodes of
    // |r| <= ln 2 / 2, relative error of exp(r) 1.3e-17 with the coefficients as doubles.
    let r2 = r * r;
    let r4 = r2 * r2;
    let q0 = (0.500_000_000_000_001_2 + 0.166_666_666_666_664_83 * r)
        + (0.041_666_666_666_516_2 + 0.008_333_333_333_451_529 * r) * r2;
    let q1 = (0.001_388_888_894_671_330_5 + 0.000_198_412_695_969_710_38 * r)
        + (2.480_149_030_763_859_8e-5 + 2.755_750_736_197_554_3e-6 * r) * r2;
    let q2 = 2.763_114_015_020_175_5e-7 + 2.502_463_926_631_103_5e-8 * r;
    let q = q0 + r4 * (q1 + r4 * q2);
    let exp_r = 1.0 + (r + r2 * q);

    // Two factors 2^(n/2), so that n from -1076 to 1024 needs no special case and a
    // subnormal result is rounded only by the last product.
    let biased = shifted
        .to_bits()
        .wrapping_sub(ROUNDING_SHIFT.to_bits() - 2 * EXPONENT_BIAS);
    let half = biased >> 1;
    let rest = biased.wrapping_sub(half);
    let value = exp_r * f64::from_bits(half << 52) * f64::from_bits(rest << 52);
    select(x.is_nan(), f64::NAN, value)
}

/// Mantissa and exponent of a positive finite number, subnormal or not: `x = m 2^k` with `m`
/// from `lowest` to below `2 lowest`. The exponent is a whole number in a double.
#[inline(always)]
fn mantissa_and_exponent(x: f64, lowest: f64) -> (f64, f64) {
    let subnormal = x < f64::MIN_POSITIVE;
    let scaled = select(subnormal, x * 18_014_398_509_481_984.0, x); // 2^54
    let scale_exponent = select(subnormal, 54.0, 0.0);
    let shifted = scaled
        .to_bits()
        .wrapping_add((EXPONENT_BIAS << 52) - lowest.to_bits());
    // An integer below 2^52 in the mantissa of 2^52 is that integer as a double.
    let exponent = f64::from_bits(ALL_INTEGERS.to_bits() | (shifted >> 52));
    let k = exponent - (ALL_INTEGERS + EXPONENT_BIAS as f64) - scale_exponent;
    let m = f64::from_bits((shifted & MANTISSA).wrapping_add(lowest.to_bits()));
    (m, k)
}

/// `k ln 2 + ln m` for `m` in [0.7, 1.42].
#[inline(always)]
fn ln_of_parts(m: f64, k: f64) -> f64 {
    // ln(1 + f) = f - f^2/2 + s (f^2/2 + p(s^2)) with s = f / (2 + f).
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w
        * (3.999_999_999_940_941_908e-1
            + w * (2.222_219_843_214_978_396e-1 + w * 1.531_383_769_920_937_332e-1));
    let odd = z
        * (6.666_666_666_666_735_130e-1
            + w * (2.857_142_874_366_239_149e-1
                + w * (1.818_357_216_161_805_012e-1 + w * 1.479_819_860_511_658_591e-1)));
    let half_square = 0.5 * f * f;
    k * LN_2_HIGH - ((half_square - (s * (half_square + (even + odd)) + k * LN_2_LOW)) - f)
}

/// Gives a logarithm its values at zero, infinity, below zero and at NaN.
#[inline(always)]
fn with_logarithm_limits(x: f64, value: f64) -> f64 {
    let value = select(x == f64::INFINITY, f64::INFINITY, value);
    let value = select(x == 0.0, f64::NEG_INFINITY, value);
    select(x >= 0.0, value, f64::NAN)
}

/// Natural logarithm of `x`, within 1 ulp; subnormal numbers included.
///
/// Negative infinity at zero (of either sign), NaN below zero.
#[inline(always)]
#[must_use]
pub fn ln1(x: f64) -> f64 {
    let (m, k) = mantissa_and_exponent(x, std::f64::consts::FRAC_1_SQRT_2);
    with_logarithm_limits(x, ln_of_parts(m, k))
}

/// Decimal logarithm of `x`, within 2 ulp, and exact at whole powers of ten up to 1e22.
///
/// Negative infinity at zero (of either sign), NaN below zero.
#[inline(always)]
#[must_use]
pub fn log10_1(x: f64) -> f64 {
    // fdlibm's reduction: the mantissa in [1, 2) above one and in [1/2, 1) below, so that
    // the two terms have the same sign and cannot cancel.
    const LOG10_2_HIGH: f64 = 3.010_299_956_636_117_713_06e-1;
    const LOG10_2_LOW: f64 = 3.694_239_077_158_930_786_16e-13;
    let (m, k) = mantissa_and_exponent(x, 1.0);
    let m = select(k < 0.0, 0.5 * m, m);
    let k = select(k < 0.0, k + 1.0, k);
    let ln_m = ln1(m);
    let value = k * LOG10_2_HIGH + (k * LOG10_2_LOW + std::f64::consts::LOG10_E * ln_m);
    with_logarithm_limits(x, value)
}

/// `a` to the power `b`, as `exp(b ln a)`: the relative error is at most 2^-53 times
/// `2 + 2 |b ln a|`, so 1e-14 where the result lies between 1e-19 and 1e19.
///
/// Special cases as in IEEE 754: one for `b = 0` and for `a = 1`; a negative `a` needs a whole
/// `b` and gives a negative result where `b` is odd, otherwise NaN; zero and infinity give the
/// limits.
#[inline(always)]
#[must_use]
pub fn pow1(a: f64, b: f64) -> f64 {
    let magnitude = exp1(b * ln1(abs1(a)));
    let odd = is_integer(b) & !is_integer(0.5 * b);
    let sign = select(odd, a.to_bits() & SIGN, 0);
    let value = f64::from_bits(magnitude.to_bits() | sign);
    // -infinity is not less than itself, and -0 not less than 0: both have limits for any b.
    let undefined = (a < 0.0) & (a > f64::NEG_INFINITY) & !is_integer(b);
    let value = select(undefined, f64::NAN, value);
    let is_one = (b == 0.0) | (a == 1.0) | ((a == -1.0) & (abs1(b) == f64::INFINITY));
    let value = select(a.is_nan() | b.is_nan(), f64::NAN, value);
    select(is_one, 1.0, value)
}

#[inline(always)]
fn is_integer(x: f64) -> bool {
    let magnitude = abs1(x);
    (((magnitude + ALL_INTEGERS) - ALL_INTEGERS) == magnitude) | (magnitude >= ALL_INTEGERS)
}

/// Absolute value: the sign bit cleared, for NaN too.
#[inline(always)]
#[must_use]
pub fn abs1(x: f64) -> f64 {
    f64::from_bits(x.to_bits() & !SIGN)
}

/// Square root, correctly rounded; NaN below zero.
#[inline(always)]
#[must_use]
pub fn sqrt1(x: f64) -> f64 {
    select(x >= 0.0, x.sqrt(), f64::NAN)
}

/// The larger number. NaN if either is NaN; `+0` is larger than `-0` (`maximum` of IEEE
/// 754-2019), so the order of the arguments never matters.
#[inline(always)]
#[must_use]
pub fn max1(a: f64, b: f64) -> f64 {
    let larger = select(a > b, a, b);
    let larger = select(a == b, f64::from_bits(a.to_bits() & b.to_bits()), larger);
    select(a.is_nan() | b.is_nan(), f64::NAN, larger)
}

/// The smaller number. NaN if either is NaN; `-0` is smaller than `+0` (`minimum` of IEEE
/// 754-2019), so the order of the arguments never matters.
#[inline(always)]
#[must_use]
pub fn min1(a: f64, b: f64) -> f64 {
    let smaller = select(a < b, a, b);
    let smaller = select(a == b, f64::from_bits(a.to_bits() | b.to_bits()), smaller);
    select(a.is_nan() | b.is_nan(), f64::NAN, smaller)
}

/// Largest whole number not above `x`; zero keeps its sign.
#[inline(always)]
#[must_use]
pub fn floor1(x: f64) -> f64 {
    let magnitude = abs1(x);
    let sign = x.to_bits() & SIGN;
    let nearest = (magnitude + ALL_INTEGERS) - ALL_INTEGERS;
    let nearest = f64::from_bits(nearest.to_bits() | sign);
    let floor = select(nearest > x, nearest - 1.0, nearest);
    let value = select(magnitude < ALL_INTEGERS, floor, x);
    select(x.is_nan(), f64::NAN, value)
}

/// Smallest whole number not below `x`; a result of zero has the sign of `x`.
#[inline(always)]
#[must_use]
pub fn ceil1(x: f64) -> f64 {
    select(x.is_nan(), f64::NAN, -floor1(-x))
}

/// Hyperbolic tangent, within 2 ulp.
#[inline(always)]
#[must_use]
pub fn tanh1(x: f64) -> f64 {
    let magnitude = abs1(x);
    let z = x * x;
    let numerator = -1.614_687_684_417_084_479_52e3
        + z * (-9.928_772_310_019_185_865_64e1 + z * -9.643_991_794_250_522_386_28e-1);
    let denominator = 4.844_063_053_251_254_860_48e3
        + z * (2.235_488_390_601_004_485_83e3 + z * (1.128_116_784_916_329_314_02e2 + z));
    let near_zero = x + x * (z * (numerator / denominator));
    let far = 1.0 - 2.0 / (exp1(2.0 * magnitude) + 1.0);
    let far = f64::from_bits(far.to_bits() | (x.to_bits() & SIGN));
    let value = select(magnitude < 0.625, near_zero, far);
    select(x.is_nan(), f64::NAN, value)
}

/// Largest magnitude, in radians, at which [`sin1`] and [`cos1`] are defined: 2^20, where
/// every step of the reduction by pi/2 is still exact.
pub const LARGEST_ANGLE_RADIANS: f64 = 1_048_576.0;

/// Sine and cosine of the remainder of `x` by pi/2, and the quadrant in the low two bits.
#[inline(always)]
fn sine_cosine_quadrant(x: f64) -> (f64, f64, u64) {
    // pi/2 in three parts; the first two have 33 bits, so their products with n are exact.
    const HALF_PI_1: f64 = 1.570_796_326_734_125_614_17;
    const HALF_PI_2: f64 = 6.077_100_506_303_965_976_60e-11;
    const HALF_PI_3: f64 = 2.022_266_248_795_950_631_54e-21;
    let shifted = x * std::f64::consts::FRAC_2_PI + ROUNDING_SHIFT;
    let n = shifted - ROUNDING_SHIFT;
    // r + tail is x - n pi/2 with a relative error far below 2^-53.
    let first = x - n * HALF_PI_1;
    let r0 = first - n * HALF_PI_2;
    let lost = (first - r0) - n * HALF_PI_2;
    let correction = n * HALF_PI_3 - lost;
    let r = r0 - correction;
    let tail = (r0 - r) - correction;

    let z = r * r;
    let sine_series = 8.333_333_333_322_489_461_24e-3
        + z * (-1.984_126_982_985_794_931_34e-4
            + z * (2.755_731_370_707_006_767_89e-6
                + z * (-2.505_076_025_340_686_341_95e-8 + z * 1.589_690_995_211_550_102_21e-10)));
    let cube = z * r;
    let sine = r
        - ((z * (0.5 * tail - cube * sine_series) - tail)
            - cube * -1.666_666_666_666_663_243_48e-1);

    let cosine_series = 4.166_666_666_666_660_190_37e-2
        + z * (-1.388_888_888_887_410_957_49e-3
            + z * (2.480_158_728_947_672_941_78e-5
                + z * (-2.755_731_435_139_066_330_35e-7
                    + z * (2.087_572_321_298_174_827_90e-9
                        + z * -1.135_964_755_778_819_482_65e-11))));
    let half_z = 0.5 * z;
    let leading = 1.0 - half_z;
    let cosine = leading + (((1.0 - leading) - half_z) + (z * (z * cosine_series) - r * tail));
    (sine, cosine, shifted.to_bits())
}

#[inline(always)]
fn from_quadrant(x: f64, sine: f64, cosine: f64, quadrant: u64) -> f64 {
    let value = select(quadrant & 1 == 0, sine, cosine);
    let value = f64::from_bits(value.to_bits() ^ ((quadrant & 2) << 62));
    select(abs1(x) <= LARGEST_ANGLE_RADIANS, value, f64::NAN)
}

/// Sine of `x` radians, within 1 ulp; NaN beyond [`LARGEST_ANGLE_RADIANS`], where it would lose
/// digits without notice.
#[inline(always)]
#[must_use]
pub fn sin1(x: f64) -> f64 {
    let (sine, cosine, quadrant) = sine_cosine_quadrant(x);
    // The reduction turns -0 into +0.
    let sine = select(x == 0.0, x, sine);
    from_quadrant(x, sine, cosine, quadrant)
}

/// Cosine of `x` radians, within 1 ulp; NaN beyond [`LARGEST_ANGLE_RADIANS`], where it would
/// lose digits without notice.
#[inline(always)]
#[must_use]
pub fn cos1(x: f64) -> f64 {
    let (sine, cosine, quadrant) = sine_cosine_quadrant(x);
    from_quadrant(x, sine, cosine, quadrant.wrapping_add(1))
}
