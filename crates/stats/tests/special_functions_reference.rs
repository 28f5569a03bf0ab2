//! Special functions and distributions against 40-digit arithmetic, every row of the file.

mod reference;

use neurocart_stats::distribution::*;
use reference::{assert_close, rows};

#[test]
fn special_functions_agree_with_forty_digit_arithmetic() {
    let mut compared = 0;
    let mut worst: f64 = 0.0;
    for row in rows("special_functions") {
        let a = row.number("a");
        let b = || row.number("b");
        let c = || row.number("c");
        let (whole_a, whole_b) = (a as u64, || row.number("b") as u64);
        let function = row.text("function");
        let ours = match function {
            "normal_cdf" => normal_cdf(a),
            "normal_sf" => normal_sf(a),
            "normal_quantile" => normal_quantile(a),
            "ln_gamma" => ln_gamma(a),
            "digamma" => digamma(a),
            "trigamma" => trigamma(a),
            "gamma_lower" => incomplete_gamma(a, b()).0,
            "gamma_upper" => incomplete_gamma(a, b()).1,
            "gamma_quantile" => incomplete_gamma_inverse(a, b()),
            "beta_lower" => incomplete_beta(a, b(), c()),
            "beta_upper" => incomplete_beta_upper(a, b(), c()),
            "beta_quantile" => incomplete_beta_inverse(a, b(), c()),
            "t_two_sided" => t_two_sided(a, b()),
            "t_quantile" => t_quantile(a, b()),
            "chi_square_sf" => chi_square_sf(a, b()),
            "chi_square_quantile" => chi_square_quantile(a, b()),
            "f_sf" => f_sf(a, b(), c()),
            "f_quantile" => f_quantile(a, b(), c()),
            "binomial_pmf" => binomial_pmf(whole_a, whole_b(), c()),
            "binomial_cdf" => binomial_cdf(whole_a, whole_b(), c()),
            "binomial_sf" => binomial_sf(whole_a, whole_b(), c()),
            "poisson_cdf" => poisson_cdf(whole_a, b()),
            other => panic!("{other}"),
        };
        let theirs = row.number("value");
        let what = format!("{function}({a}, {}, {})", row.text("b"), row.text("c"));
        let error = ((ours - theirs) / if theirs == 0.0 { 1.0 } else { theirs }).abs();
        if error > 1e-13 {
            println!("{what}: relative error {error:.1e}");
        }
        worst = worst.max(error);
        assert_close(&what, ours, theirs, 1e-11, 1e-300);
        compared += 1;
    }
    println!("worst relative error {worst:.1e}");
    assert_eq!(compared, ROWS);
}

/// Rows of the file.
const ROWS: usize = 178;

#[test]
fn quantiles_and_distribution_functions_undo_each_other() {
    for p in [1e-9, 0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.999] {
        assert_close("normal", normal_cdf(normal_quantile(p)), p, 1e-13, 0.0);
        for df in [1.0, 2.5, 30.0, 1e4] {
            assert_close("t", t_cdf(t_quantile(p, df), df), p, 1e-12, 0.0);
            assert_close(
                "chi-square",
                chi_square_cdf(chi_square_quantile(p, df), df),
                p,
                1e-12,
                0.0,
            );
            assert_close("F", f_cdf(f_quantile(p, df, 7.0), df, 7.0), p, 1e-11, 0.0);
        }
        for n in [1, 10, 400] {
            let x = binomial_quantile(p, n, 0.37);
            assert!(binomial_cdf(x, n, 0.37) >= p * (1.0 - 1e-13));
            assert!(x == 0 || binomial_cdf(x - 1, n, 0.37) < p);
        }
    }
}

#[test]
fn the_ends_of_the_range_have_their_limits() {
    assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
    assert_eq!(normal_quantile(1.0), f64::INFINITY);
    assert_eq!(t_quantile(1.0, 5.0), f64::INFINITY);
    assert_eq!(incomplete_beta(2.0, 3.0, 0.0), 0.0);
    assert_eq!(incomplete_beta(2.0, 3.0, 1.0), 1.0);
    assert_eq!(incomplete_beta_inverse(2.0, 3.0, 1.0), 1.0);
    assert_eq!(incomplete_gamma(2.0, f64::INFINITY), (1.0, 0.0));
    assert_eq!(binomial_cdf(5, 5, 0.2), 1.0);
    assert_eq!(binomial_pmf(6, 5, 0.2), 0.0);
    assert_eq!(f_sf(0.0, 2.0, 3.0), 1.0);
}
