//! Accuracy against mpmath at 60 digits (`reference/numeric/functions.py`), against the standard
//! library on many random numbers, and at the edges of the doubles.

use neurocart_numeric::elementary::{
    LARGEST_ANGLE_RADIANS, abs1, ceil1, cos1, exp1, floor1, ln1, log10_1, max1, min1, pow1, sin1,
    sqrt1, tanh1,
};
use neurocart_numeric::normal::{erfc, ln_gamma, normal_cdf, normal_quantile};
use neurocart_numeric::{Key, Stream};
use proptest::prelude::*;

const REFERENCE: &str = include_str!("../../../reference/numeric/functions.csv");

/// Distance from a double's magnitude to the next larger one.
fn unit_in_the_last_place(x: f64) -> f64 {
    let magnitude = x.abs();
    f64::from_bits(magnitude.to_bits() + 1) - magnitude
}

/// `(x, y, value, remainder)` of one function.
fn reference(function: &str) -> Vec<[f64; 4]> {
    let rows: Vec<[f64; 4]> = REFERENCE
        .lines()
        .filter_map(|line| line.strip_prefix(function)?.strip_prefix(','))
        .map(|line| {
            let numbers: Vec<f64> = line.split(',').map(|x| x.parse().unwrap()).collect();
            numbers.try_into().unwrap()
        })
        .collect();
    assert!(rows.len() >= 100, "{function} has {} rows", rows.len());
    rows
}

/// Largest error in the unit that `unit(x, y, value)` gives.
fn largest_error(
    function: &str,
    of: impl Fn(f64, f64) -> f64,
    unit: impl Fn(f64, f64, f64) -> f64,
) -> f64 {
    let mut largest = 0.0;
    let mut at = [0.0; 4];
    for row @ [x, y, value, remainder] in reference(function) {
        let error = (((of(x, y) - value) - remainder) / unit(x, y, value)).abs();
        if error > largest || error.is_nan() {
            (largest, at) = (error, row);
        }
    }
    println!("{function}: {largest:.3} at {at:?}");
    largest
}

fn ulps(function: &str, of: fn(f64) -> f64) -> f64 {
    largest_error(
        function,
        |x, _| of(x),
        |_, _, value| unit_in_the_last_place(value),
    )
}

#[test]
fn exp_and_ln_are_within_one_unit_in_the_last_place() {
    assert!(ulps("exp", exp1) < 1.0);
    assert!(ulps("ln", ln1) < 1.0);
}

#[test]
fn sine_and_cosine_are_within_one_unit_in_the_last_place() {
    assert!(ulps("sin", sin1) < 1.0);
    assert!(ulps("cos", cos1) < 1.0);
}

#[test]
fn log10_and_tanh_are_within_two_units_in_the_last_place() {
    assert!(ulps("log10", log10_1) < 2.0);
    assert!(ulps("tanh", tanh1) < 2.0);
}

#[test]
fn pow_stays_within_its_stated_relative_error() {
    let unit =
        |a: f64, b: f64, value: f64| value * f64::EPSILON / 2.0 * (2.0 + 2.0 * (b * a.ln()).abs());
    assert!(largest_error("pow", pow1, unit) < 1.0);
}

#[test]
fn normal_functions_stay_within_their_stated_relative_errors() {
    assert!(largest_error("erfc", |x, _| erfc(x), |_, _, value| 1e-15 * value) < 1.0);
    let unit = |z: f64, _, value: f64| 1e-15 * (1.0 + z * z) * value;
    assert!(largest_error("normal_cdf", |z, _| normal_cdf(z), unit) < 1.0);
    let unit = |_, _, value: f64| 1e-15 * value;
    assert!(largest_error("normal_quantile", |p, _| normal_quantile(p), unit) < 1.0);
}

#[test]
fn ln_gamma_stays_within_its_stated_error() {
    let unit = |_, _, value: f64| 1e-14 * (1.0 + value.abs());
    assert!(largest_error("ln_gamma", |x, _| ln_gamma(x), unit) < 1.0);
}

#[test]
fn a_million_values_of_exp_and_ln_are_within_two_units_of_the_standard_library() {
    let mut stream = Stream::new(Key {
        seed: 1,
        purpose: 0,
        scenario: 0,
        replicate: 0,
        patient: 0,
    });
    for _ in 0..1_000_000 {
        let x = 1460.0 * stream.uniform() - 747.0;
        let (ours, standard) = (exp1(x), x.exp());
        let error = (ours - standard).abs() / unit_in_the_last_place(standard);
        assert!(
            ours == standard || error <= 2.0,
            "exp({x:?}) = {ours:e}, not {standard:e}"
        );
        // Any positive bit pattern: all magnitudes, subnormal too.
        let x = f64::from_bits(stream.bits() % f64::INFINITY.to_bits());
        let (ours, standard) = (ln1(x), x.ln());
        let error = (ours - standard).abs() / unit_in_the_last_place(standard);
        assert!(
            ours == standard || error <= 2.0,
            "ln({x:e}) = {ours:?}, not {standard:?}"
        );
    }
}

#[test]
fn exp_overflows_to_infinity_and_underflows_gradually_to_zero() {
    assert_eq!(exp1(0.0), 1.0);
    assert_eq!(exp1(-0.0), 1.0);
    assert_eq!(exp1(f64::INFINITY), f64::INFINITY);
    assert_eq!(exp1(709.782_712_893_385), f64::INFINITY);
    assert!(exp1(709.782_712_893_383).is_finite());
    assert_eq!(exp1(f64::NEG_INFINITY), 0.0);
    assert_eq!(exp1(-745.14), 0.0);
    assert_eq!(exp1(-745.13), f64::from_bits(1));
    assert!(exp1(-708.4) < f64::MIN_POSITIVE && exp1(-708.4) > 0.0);
    assert_eq!(exp1(f64::NAN).to_bits(), f64::NAN.to_bits());
    assert_eq!(exp1(-f64::NAN).to_bits(), f64::NAN.to_bits());
}

#[test]
fn ln_has_its_limits_and_knows_subnormal_numbers() {
    assert_eq!(ln1(1.0).to_bits(), 0.0f64.to_bits());
    assert_eq!(ln1(0.0), f64::NEG_INFINITY);
    assert_eq!(ln1(-0.0), f64::NEG_INFINITY);
    assert_eq!(ln1(f64::INFINITY), f64::INFINITY);
    assert!(ln1(-f64::MIN_POSITIVE).is_nan());
    assert!(ln1(f64::NEG_INFINITY).is_nan());
    assert!(ln1(f64::NAN).is_nan());
    assert_eq!(ln1(f64::from_bits(1)), -744.440_071_921_381_2);
    for power in 0..=22 {
        assert_eq!(log10_1(10f64.powi(power)), f64::from(power));
    }
}

#[test]
fn pow_treats_special_values_as_ieee_754_does() {
    let values = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        2.0,
        -2.0,
        3.0,
        -3.0,
        4.5e15,
        9_007_199_254_740_993.0,
        -4_503_599_627_370_497.0,
        1e300,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    for a in values {
        for b in values {
            let (ours, standard) = (pow1(a, b), a.powf(b));
            if standard.is_nan() {
                assert!(ours.is_nan(), "pow({a:?}, {b:?}) = {ours:?}");
            } else if standard == 0.0 || standard.is_infinite() {
                assert_eq!(
                    ours.to_bits(),
                    standard.to_bits(),
                    "pow({a:?}, {b:?}) = {ours:?}"
                );
            } else {
                let error = (ours / standard - 1.0).abs();
                assert!(
                    error < 1e-13,
                    "pow({a:?}, {b:?}) = {ours:?}, not {standard:?}"
                );
            }
        }
    }
}

#[test]
fn the_edges_of_the_normal_functions_are_their_limits() {
    assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
    assert_eq!(normal_quantile(1.0), f64::INFINITY);
    assert_eq!(normal_quantile(0.5), 0.0);
    assert!(normal_quantile(-1e-9).is_nan() && normal_quantile(1.1).is_nan());
    assert!(normal_quantile(f64::NAN).is_nan());
    assert!(normal_quantile(f64::from_bits(1)).is_finite());
    assert_eq!(normal_cdf(f64::NEG_INFINITY), 0.0);
    assert_eq!(normal_cdf(f64::INFINITY), 1.0);
    assert_eq!(normal_cdf(0.0), 0.5);
    assert!(normal_cdf(f64::NAN).is_nan());
    assert_eq!(ln_gamma(0.0), f64::INFINITY);
    assert!(ln_gamma(-0.5).is_nan());
    assert_eq!(ln_gamma(f64::INFINITY), f64::INFINITY);
}

#[test]
fn sine_and_cosine_refuse_angles_they_cannot_reduce() {
    assert!(sin1(LARGEST_ANGLE_RADIANS).is_finite());
    assert!(sin1(-1.1 * LARGEST_ANGLE_RADIANS).is_nan());
    assert!(cos1(f64::INFINITY).is_nan());
    assert_eq!(sin1(-0.0).to_bits(), (-0.0f64).to_bits());
    assert_eq!(cos1(0.0), 1.0);
}

proptest! {
    #[test]
    fn floor_ceil_abs_and_sqrt_equal_the_standard_library(bits: u64, small in -1e6f64..1e6) {
        for x in [f64::from_bits(bits), small, small.round(), small.round() + 0.5] {
            if x.is_nan() {
                prop_assert!(floor1(x).is_nan() && ceil1(x).is_nan() && sqrt1(x).is_nan());
            } else {
                prop_assert_eq!(floor1(x).to_bits(), x.floor().to_bits());
                prop_assert_eq!(ceil1(x).to_bits(), x.ceil().to_bits());
                prop_assert_eq!(abs1(x).to_bits(), x.abs().to_bits());
                let root_is_right = sqrt1(x) == x.sqrt() || (x < 0.0 && sqrt1(x).is_nan());
                prop_assert!(root_is_right, "sqrt({x:?}) = {:?}", sqrt1(x));
            }
        }
    }

    #[test]
    fn max_and_min_are_one_of_their_arguments_in_any_order(a: f64, b: f64) {
        prop_assert_eq!(max1(a, b).to_bits(), max1(b, a).to_bits());
        prop_assert_eq!(min1(a, b).to_bits(), min1(b, a).to_bits());
        if a < b {
            prop_assert_eq!((min1(a, b), max1(a, b)), (a, b));
        }
    }

    #[test]
    fn the_quantile_inverts_the_distribution_function(z in -8.0f64..5.0) {
        // An error of one ulp in the probability moves z by p 2^-53 / density.
        let p = normal_cdf(z);
        let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let tolerance = 1e-14 * (1.0 + z.abs()) + p * 1e-15 * (1.0 + z * z) / density;
        prop_assert!((normal_quantile(p) - z).abs() < tolerance);
    }
}

#[test]
fn max_and_min_pass_on_nan_and_order_signed_zeros() {
    assert!(max1(f64::NAN, 1.0).is_nan() && max1(1.0, f64::NAN).is_nan());
    assert!(min1(f64::NAN, 1.0).is_nan() && min1(1.0, f64::NAN).is_nan());
    assert_eq!(max1(-0.0, 0.0).to_bits(), 0.0f64.to_bits());
    assert_eq!(min1(0.0, -0.0).to_bits(), (-0.0f64).to_bits());
    assert_eq!(max1(-0.0, -0.0).to_bits(), (-0.0f64).to_bits());
}
