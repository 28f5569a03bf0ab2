//! Sample sizes of two arms against rpact and published formulas, every row of the files.

mod reference;

use neurocart_stats::InputError;
use neurocart_stats::sample_size_means::{
    MeansDesign, MeansMethod, power_means, sample_size_means,
};
use neurocart_stats::sample_size_negative_binomial::{
    NullVariance, RelapseRateDesign, power_negative_binomial, sample_size_negative_binomial,
};
use neurocart_stats::sample_size_proportions::{
    ProportionTest, ProportionsDesign, exact_rejection_probability, exact_sample_size,
    power_proportions, sample_size_proportions,
};
use neurocart_stats::two_by_two::{TwoByTwo, fisher_exact, pearson_chi_square};
use proptest::prelude::*;
use reference::{assert_close, assert_exact, rows};

/// Roots of the power of the t test in R, `uniroot(tol = 1e-14)` on
/// `pt(qt(0.975, df), df, ncp, lower = FALSE) - 0.8`, in the order of the rows.
const T_TEST_TOTALS: [f64; 5] = [
    127.531527450,
    98.1069754681,
    81.4359186331,
    89.1717915254,
    57.7992691435,
];

#[test]
fn means_and_rates_match_every_row() {
    let (mut normal, mut t, mut rates) = (0, 0, 0);
    for row in rows("sample_size_means_rates") {
        let (alpha, power) = (row.number("alpha_two_sided"), row.number("power"));
        let allocation = row.number("alloc_trt_to_ctl");
        let total = row.number("n_total_unrounded");
        if row.text("endpoint") == "risk_difference" {
            let design = ProportionsDesign {
                treated: row.number("p_trt"),
                control: row.number("p_ctl"),
                allocation,
                alpha_two_sided: alpha,
            };
            let size = sample_size_proportions(&design, power).unwrap();
            assert_exact("rates", size.total(), total);
            assert_exact(
                "effect",
                design.treated - design.control,
                row.number("effect"),
            );
            assert_exact(
                "power",
                power_proportions(&design, size.control).unwrap(),
                power,
            );
            rates += 1;
            continue;
        }
        let design = MeansDesign {
            difference: row.number("effect"),
            standard_deviation: row.number("sd"),
            baseline_correlation: None,
            allocation,
            alpha_two_sided: alpha,
        };
        let method = match row.text("method") {
            "normal" => MeansMethod::Normal,
            _ => MeansMethod::NoncentralT,
        };
        let size = sample_size_means(&design, power, method).unwrap();
        assert_exact(
            "power",
            power_means(&design, size.control, method).unwrap(),
            power,
        );
        match method {
            MeansMethod::Normal => {
                assert_exact("normal", size.total(), total);
                normal += 1;
            }
            MeansMethod::NoncentralT => {
                // rpact searches the root to 1e-4 subjects per arm, 5e-7 of the total.
                assert_close("t", size.total(), total, 1e-6, 0.0);
                assert_exact("t, root", size.total(), T_TEST_TOTALS[t]);
                t += 1;
            }
        }
    }
    assert_eq!((normal, t, rates), (5, 5, 5));
}

#[test]
fn negative_binomial_sizes_match_every_row() {
    let mut compared = 0;
    for row in rows("sample_size_negbin") {
        let design = RelapseRateDesign {
            control_rate: row.number("rate_ctl"),
            rate_ratio: row.number("rate_ratio"),
            dispersion: row.number("dispersion_k"),
            exposure: row.number("exposure"),
            allocation: row.number("alloc_trt_to_ctl"),
            alpha_two_sided: row.number("alpha_two_sided"),
        };
        let null = match row.text("variance_under_h0") {
            "ref" => NullVariance::Reference,
            "true" => NullVariance::Truth,
            _ => NullVariance::MaximumLikelihood,
        };
        let size = sample_size_negative_binomial(&design, row.number("power"), null).unwrap();
        assert_exact("control", size.control, row.number("n_ctl_unrounded"));
        assert_exact("treated", size.treated, row.number("n_trt_unrounded"));
        assert_eq!(size.subjects(), [row.count("n_trt"), row.count("n_ctl")]);
        let power = power_negative_binomial(&design, size.control, null).unwrap();
        assert_exact("power", power, row.number("power"));
        compared += 1;
    }
    assert_eq!(compared, 30);
}

#[test]
fn adjusting_for_baseline_saves_the_square_of_the_correlation() {
    let design = MeansDesign {
        difference: 2.0,
        standard_deviation: 3.5,
        baseline_correlation: None,
        allocation: 1.0,
        alpha_two_sided: 0.05,
    };
    let plain = sample_size_means(&design, 0.8, MeansMethod::Normal).unwrap();
    let adjusted = MeansDesign {
        baseline_correlation: Some(0.6),
        ..design
    };
    let saved = sample_size_means(&adjusted, 0.8, MeansMethod::Normal).unwrap();
    assert_exact("1 - rho^2", saved.total() / plain.total(), 0.64);
    // A baseline that says nothing costs one degree of freedom.
    let useless = MeansDesign {
        baseline_correlation: Some(0.0),
        ..design
    };
    let with = sample_size_means(&useless, 0.8, MeansMethod::NoncentralT).unwrap();
    let without = sample_size_means(&design, 0.8, MeansMethod::NoncentralT).unwrap();
    assert!(with.total() > without.total() && with.total() < without.total() + 0.1);
}

#[test]
fn exact_sizes_are_where_the_sawtooth_first_and_last_crosses() {
    let design = ProportionsDesign {
        treated: 0.6,
        control: 0.3,
        allocation: 1.0,
        alpha_two_sided: 0.05,
    };
    let power = |n: u64, test| exact_rejection_probability([n, n], [0.6, 0.3], 0.05, test).unwrap();
    for test in [ProportionTest::FisherExact, ProportionTest::Pearson] {
        let size = exact_sample_size(&design, 0.8, test).unwrap().unwrap();
        assert!(power(size.first, test) >= 0.8 && power(size.first - 1, test) < 0.8);
        assert!((size.holds_from..=size.searched_to).all(|n| power(n, test) >= 0.8));
        assert!(size.first == size.holds_from || power(size.holds_from - 1, test) < 0.8);
    }
    // Enumeration of all tables with R's `fisher.test` and `dbinom`.
    assert_exact(
        "Fisher 42",
        power(42, ProportionTest::FisherExact),
        FISHER_42,
    );
    assert_exact(
        "Fisher 48",
        power(48, ProportionTest::FisherExact),
        FISHER_48,
    );
    let huge = ProportionsDesign {
        treated: 0.301,
        ..design
    };
    assert_eq!(
        exact_sample_size(&huge, 0.8, ProportionTest::FisherExact),
        Ok(None)
    );
}

#[test]
fn impossible_designs_are_bad_input() {
    let rates = RelapseRateDesign {
        control_rate: 0.5,
        rate_ratio: 1.0,
        dispersion: 0.5,
        exposure: 1.0,
        allocation: 1.0,
        alpha_two_sided: 0.05,
    };
    let text = sample_size_negative_binomial(&rates, 0.9, NullVariance::Truth)
        .unwrap_err()
        .to_string();
    assert_eq!(text, "`rate_ratio` is 1; it must be other than 1");
    let close = RelapseRateDesign {
        rate_ratio: 1.0 + 1e-9,
        ..rates
    };
    let refused = sample_size_negative_binomial(&close, 0.9, NullVariance::Truth);
    assert!(matches!(
        refused,
        Err(InputError::Range {
            name: "subjects per arm",
            ..
        })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn enumerated_power_is_the_sum_over_rejected_tables(n1 in 1..14u64, n0 in 1..14u64, p1 in 0.0..=1.0f64, p0 in 0.0..=1.0f64, alpha in 0.01..0.3f64) {
        for test in [ProportionTest::FisherExact, ProportionTest::Pearson] {
            let mut expected = 0.0;
            for a in 0..=n1 {
                for b in 0..=n0 {
                    let table = TwoByTwo { treated_events: a, treated_total: n1, control_events: b, control_total: n0 };
                    let p = match test {
                        ProportionTest::FisherExact => fisher_exact(&table).unwrap().p_two_sided,
                        ProportionTest::Pearson => pearson_chi_square(&table).map_or(1.0, |t| t.p_value),
                    };
                    if p <= alpha {
                        use neurocart_stats::distribution::binomial_pmf;
                        expected += binomial_pmf(a, n1, p1) * binomial_pmf(b, n0, p0);
                    }
                }
            }
            let ours = exact_rejection_probability([n1, n0], [p1, p0], alpha, test).unwrap();
            prop_assert!((ours - expected).abs() < 1e-12, "{test:?} {ours} {expected}");
        }
    }

    #[test]
    fn fisher_never_exceeds_its_level(n1 in 1..60u64, n0 in 1..60u64, p in 0.0..=1.0f64) {
        let error = exact_rejection_probability([n1, n0], [p, p], 0.05, ProportionTest::FisherExact).unwrap();
        prop_assert!(error <= 0.05 + 1e-12, "{error}");
    }

    #[test]
    fn sizes_have_the_power_asked_for_and_wild_designs_are_refused(
        a in any::<f64>(), b in any::<f64>(), c in any::<f64>(), power in 0.5..0.999f64, alpha in 1e-4..0.3f64, tame in any::<bool>()
    ) {
        let plain = |v: f64, low: f64, high: f64| if tame { (v.abs() % 1.0).mul_add(high - low, low).clamp(low, high) } else { v };
        let means = MeansDesign {
            difference: plain(a, 0.05, 3.0), standard_deviation: plain(b, 0.5, 3.0),
            baseline_correlation: tame.then_some(0.4), allocation: plain(c, 0.3, 3.0), alpha_two_sided: alpha,
        };
        for method in [MeansMethod::Normal, MeansMethod::NoncentralT] {
            if let Ok(size) = sample_size_means(&means, power, method) {
                let reached = power_means(&means, size.control, method).unwrap();
                // At one degree of freedom a huge effect can have more power than asked for.
                prop_assert!(reached >= power - 1e-9, "{method:?} {reached} {power}");
            }
        }
        let rates = RelapseRateDesign {
            control_rate: plain(a, 0.05, 3.0), rate_ratio: plain(b, 0.1, 0.9), dispersion: plain(c, 0.0, 2.0),
            exposure: 1.0, allocation: 1.0, alpha_two_sided: alpha,
        };
        for null in [NullVariance::Reference, NullVariance::Truth, NullVariance::MaximumLikelihood] {
            if let Ok(size) = sample_size_negative_binomial(&rates, power, null) {
                let reached = power_negative_binomial(&rates, size.control, null).unwrap();
                prop_assert!((reached - power).abs() < 1e-9, "{null:?} {reached} {power}");
            }
        }
        let _ = sample_size_proportions(&ProportionsDesign { treated: a, control: b, allocation: c, alpha_two_sided: alpha }, power);
        let _ = exact_rejection_probability([3, 4], [a, b], c, ProportionTest::FisherExact);
    }
}
const FISHER_42: f64 = 0.7637940208465;
const FISHER_48: f64 = 0.8004594834642;
