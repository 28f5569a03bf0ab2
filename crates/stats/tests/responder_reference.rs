//! Proportions, 2 by 2 tables, Poisson rates and quantiles against R, every row of the files.

mod reference;

use neurocart_stats::conditional_odds_ratio::conditional_odds_ratio;
use neurocart_stats::poisson_rate_ratio::{poisson_rate, poisson_rate_ratio};
use neurocart_stats::proportion::{ProportionMethod, proportion, upper_bound};
use neurocart_stats::quantile::{QuantileType, quantile};
use neurocart_stats::stratified_tables::{
    breslow_day, cochran_mantel_haenszel, mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_difference,
};
use neurocart_stats::two_by_two::{
    RiskDifferenceMethod, TwoByTwo, fisher_exact, pearson_chi_square, risk_difference,
};
use neurocart_stats::unconditional_exact::unconditional_exact_p;
use reference::{Row, assert_exact, column, rows};

fn table(row: &Row) -> TwoByTwo {
    TwoByTwo {
        treated_events: row.count("x_trt"),
        treated_total: row.count("n_trt"),
        control_events: row.count("x_ctl"),
        control_total: row.count("n_ctl"),
    }
}

/// R solves for conditional odds ratios with `uniroot` at its default tolerance of eps^(1/4) =
/// 1.22e-4, on the odds ratio where it is below one and on its reciprocal above. An empty cell of the
/// files is infinite.
fn assert_within_uniroot(what: &str, ours: f64, theirs: Option<f64>) {
    let Some(theirs) = theirs else {
        assert_eq!(ours, f64::INFINITY, "{what}");
        return;
    };
    let below_one = |ratio: f64| if ratio > 1.0 { 1.0 / ratio } else { ratio };
    let off = (below_one(ours) - below_one(theirs)).abs();
    assert!(off <= 1.23e-4, "{what}: {ours} {theirs}, off by {off:.1e}");
}

/// The roots themselves, with 40 digits.
fn assert_root(what: &str, ours: f64, theirs: Option<f64>) {
    assert_exact(
        what,
        1.0 / (1.0 + ours),
        1.0 / (1.0 + theirs.unwrap_or(f64::INFINITY)),
    );
    if let Some(theirs) = theirs {
        assert_exact(what, ours, theirs);
    }
}

#[test]
fn proportion_intervals_match_every_row() {
    let (mut compared, mut wald) = (0, 0);
    for row in rows("proportion_intervals") {
        let (x, n, level) = (row.count("x"), row.count("n"), row.number("conf_level"));
        let method = match row.text("method") {
            "clopper_pearson" => ProportionMethod::ClopperPearson,
            "wilson" => ProportionMethod::Wilson,
            // R's prop.test takes the smaller of 1/2 and |x - n/2| as its correction, because it
            // tests p = 1/2 by the way, so at x = n/2 its corrected interval is the uncorrected one.
            "wilson_cc" if 2 * x == n => ProportionMethod::Wilson,
            "wilson_cc" => ProportionMethod::WilsonContinuityCorrected,
            "jeffreys" => ProportionMethod::Jeffreys,
            "beta_uniform_prior" => ProportionMethod::UniformPrior,
            "agresti_coull" => ProportionMethod::AgrestiCoull,
            "wald" => {
                // Never offered; here only to show that theirs is what we think it is.
                let p = x as f64 / n as f64;
                let z = neurocart_stats::distribution::normal_critical(level);
                let half = z * (p * (1.0 - p) / n as f64).sqrt();
                assert_exact("wald lower", p - half, row.number("lower"));
                assert_exact("wald upper", p + half, row.number("upper"));
                wald += 1;
                continue;
            }
            other => panic!("{other}"),
        };
        let ours = proportion(x, n, method, level).unwrap();
        let what = format!("{x}/{n} {} {level}", row.text("method"));
        assert_exact(&what, ours.estimate, row.number("estimate"));
        assert_exact(&what, ours.interval.lower, row.number("lower"));
        assert_exact(&what, ours.interval.upper, row.number("upper"));
        compared += 1;
    }
    assert_eq!((compared, wald), (288, 48));
}

#[test]
fn no_event_in_n_bounds_the_probability_by_the_rule_of_three() {
    for n in [1, 3, 15, 20, 100] {
        assert_exact(
            "0/n",
            upper_bound(0, n, 0.95).unwrap(),
            1.0 - 0.05_f64.powf(1.0 / n as f64),
        );
    }
    // Figures of the methods page, to four decimals.
    let fifteen = |x| {
        proportion(x, 15, ProportionMethod::ClopperPearson, 0.95)
            .unwrap()
            .interval
    };
    assert_eq!((fifteen(0).upper * 1e4).round(), 2180.0);
    assert_eq!((fifteen(15).lower * 1e4).round(), 7820.0);
}

#[test]
fn responder_tables_match_every_row() {
    let mut compared = 0;
    for row in rows("responder_2x2") {
        let case = row.text("case_id");
        let table = table(&row);
        let fisher = fisher_exact(&table).unwrap();
        assert_exact(case, fisher.p_two_sided, row.number("fisher_p_two_sided"));
        assert_exact(case, fisher.p_greater, row.number("fisher_p_greater"));
        let odds = conditional_odds_ratio(&[table], 0.95).unwrap();
        assert_exact(case, odds.p_two_sided, row.number("fisher_p_two_sided"));
        assert_exact(case, odds.p_greater, row.number("fisher_p_greater"));
        assert_exact(case, odds.p_less, fisher.p_less);
        let limit = |name: &str| row.optional(name);
        assert_within_uniroot(case, odds.odds_ratio, limit("fisher_cond_mle_or"));
        assert_within_uniroot(case, odds.interval.lower, limit("fisher_or_lower95"));
        assert_within_uniroot(case, odds.interval.upper, limit("fisher_or_upper95"));
        let pearson = pearson_chi_square(&table).unwrap();
        assert_exact(case, pearson.statistic, row.number("chisq_uncorrected"));
        assert_exact(case, pearson.p_value, row.number("chisq_p"));
        assert_exact(
            case,
            unconditional_exact_p(&table).unwrap(),
            row.number("unconditional_zpooled_p_grid"),
        );
        for (method, name) in [
            (RiskDifferenceMethod::Newcombe, "newcombe"),
            (
                RiskDifferenceMethod::MiettinenNurminen,
                "miettinen_nurminen",
            ),
            (RiskDifferenceMethod::Mee, "mee"),
        ] {
            let ours = risk_difference(&table, method, 0.95).unwrap();
            let what = format!("{case} {name}");
            assert_exact(&what, ours.estimate, row.number("risk_diff"));
            assert_exact(
                &what,
                ours.interval.lower,
                row.number(&format!("{name}_lower95")),
            );
            assert_exact(
                &what,
                ours.interval.upper,
                row.number(&format!("{name}_upper95")),
            );
        }
        compared += 1;
    }
    assert_eq!(compared, 8);
}

#[test]
fn conditional_odds_ratios_match_forty_digit_roots() {
    let mut compared = 0;
    let strata = rows("cmh_data");
    let single = rows("responder_2x2");
    for row in rows("conditional_odds_ratio") {
        let case = row.text("case_id");
        let source = if row.text("source") == "cmh" {
            &strata
        } else {
            &single
        };
        let members = source.iter().filter(|r| r.text("case_id") == case);
        let tables: Vec<TwoByTwo> = members.map(table).collect();
        let ours = conditional_odds_ratio(&tables, 0.95).unwrap();
        assert_root(case, ours.odds_ratio, row.optional("odds_ratio"));
        assert_root(case, ours.interval.lower, row.optional("lower95"));
        assert_root(case, ours.interval.upper, row.optional("upper95"));
        compared += 1;
    }
    assert_eq!(compared, 11);
}

#[test]
fn stratified_tables_match_every_row() {
    let data = rows("cmh_data");
    let (mut compared, mut strata) = (0, 0);
    for row in rows("cmh") {
        let case = row.text("case_id");
        let members = data.iter().filter(|r| r.text("case_id") == case);
        let tables: Vec<TwoByTwo> = members.map(table).collect();
        assert_eq!(tables.len() as u64, row.count("strata"));
        strata += tables.len();
        let plain = cochran_mantel_haenszel(&tables, false).unwrap();
        assert_exact(case, plain.statistic, row.number("cmh_chisq"));
        assert_exact(case, plain.p_value, row.number("cmh_p"));
        let corrected = cochran_mantel_haenszel(&tables, true).unwrap();
        assert_exact(case, corrected.statistic, row.number("cmh_chisq_cc"));
        assert_exact(case, corrected.p_value, row.number("cmh_p_cc"));
        let odds = mantel_haenszel_odds_ratio(&tables, 0.95).unwrap();
        assert_exact(case, odds.odds_ratio, row.number("mh_or"));
        assert_exact(case, odds.interval.lower, row.number("rbg_lower95"));
        assert_exact(case, odds.interval.upper, row.number("rbg_upper95"));
        let exact = conditional_odds_ratio(&tables, 0.95).unwrap();
        assert_exact(case, exact.p_two_sided, row.number("exact_p"));
        assert_within_uniroot(case, exact.odds_ratio, row.optional("exact_cond_mle_or"));
        let risk = mantel_haenszel_risk_difference(&tables, 0.95).unwrap();
        assert_exact(case, risk.difference.estimate, row.number("mh_risk_diff"));
        assert_exact(case, risk.standard_error, row.number("sato_se"));
        let interval = risk.difference.interval;
        assert_exact(case, interval.lower, row.number("sato_lower95"));
        assert_exact(case, interval.upper, row.number("sato_upper95"));
        let homogeneity = breslow_day(&tables).unwrap();
        assert_exact(case, homogeneity.statistic, row.number("breslow_day_chisq"));
        assert_eq!(homogeneity.degrees_of_freedom, tables.len() - 1);
        compared += 1;
    }
    assert_eq!((compared, strata), (3, data.len()));
}

#[test]
fn poisson_rates_match_every_row() {
    let mut compared = 0;
    for row in rows("poisson_intervals") {
        let (x, t) = (row.count("events"), row.number("person_time"));
        let ours = poisson_rate(x, t, row.number("conf_level")).unwrap();
        assert_exact("rate", ours.rate, row.number("rate"));
        assert_exact("lower", ours.interval.lower, row.number("lower_exact"));
        assert_exact("upper", ours.interval.upper, row.number("upper_exact"));
        compared += 1;
    }
    assert_eq!(compared, 14);
}

#[test]
fn poisson_rate_ratios_match_every_row() {
    let mut compared = 0;
    for row in rows("poisson_rate_ratio") {
        let events = [row.count("x1"), row.count("x2")];
        let ours = poisson_rate_ratio(events, [row.number("t1"), row.number("t2")], 0.95).unwrap();
        assert_exact("ratio", ours.rate_ratio, row.number("rate_ratio"));
        assert_exact("lower", ours.interval.lower, row.number("lower95"));
        assert_exact("upper", ours.interval.upper, row.number("upper95"));
        assert_exact("p", ours.p_value, row.number("p_two_sided"));
        compared += 1;
    }
    assert_eq!(compared, 3);
}

#[test]
fn sample_quantiles_match_every_row() {
    let values = column(&rows("quantile_data"), "value");
    let mut compared = 0;
    for row in rows("quantiles") {
        let quantile_type = match row.text("type") {
            "6" => QuantileType::Type6,
            "7" => QuantileType::Type7,
            _ => QuantileType::Type8,
        };
        let ours = quantile(&values, row.number("p"), quantile_type).unwrap();
        assert_exact(row.text("type"), ours, row.number("quantile"));
        compared += 1;
    }
    assert_eq!(compared, 21);
}
