//! Kaplan-Meier, log-rank and Cox with many subjects, without ties and with.

use neurocart_stats::concordance::concordance;
use neurocart_stats::cox::{Cox, CoxOptions, cox};
use neurocart_stats::kaplan_meier::{KaplanMeier, SurvivalIntervalOptions, kaplan_meier};
use neurocart_stats::log_rank::{LogRankOptions, log_rank};
use neurocart_stats::{Estimate, Interval};

use crate::{columns, measure, value};

/// Calls per measurement.
const TIMES: u32 = 20;

pub fn run(directory: &str) {
    for data in ["untied", "tied"] {
        let columns = columns(&format!("{directory}/survival_{data}.csv"));
        let [time, status, arm, age, score] = &columns[..] else {
            panic!("five columns");
        };
        let event: Vec<bool> = status.iter().map(|&s| s == 1.0).collect();
        let group: Vec<usize> = arm.iter().map(|&a| a as usize).collect();
        let x = [&arm[..], age, score];

        let curves = measure("Kaplan-Meier", data, TIMES, || {
            [0, 1].map(|k| curve(time, &event, &group, k).expect("estimable"))
        });
        for (k, (curve, intervals)) in curves.iter().enumerate() {
            let name = |what: &str| format!("{what} in arm {k}");
            let median = curve.median(&SurvivalIntervalOptions::default());
            let median = median.expect("reached");
            value("Kaplan-Meier", data, &name("median"), median.time);
            value("Kaplan-Meier", data, &name("lower limit of the median"), median.lower.unwrap());
            let last = curve.steps.len() - 1;
            value("Kaplan-Meier", data, &name("last survival"), curve.steps[last].survival);
            let lower = intervals[last].expect("above zero").lower;
            value("Kaplan-Meier", data, &name("its lower limit"), lower);
        }

        let test = measure("log-rank", data, TIMES, || {
            log_rank(time, &event, &group, &LogRankOptions::default()).expect("estimable")
        });
        value("log-rank", data, "chi-square", test.test.statistic);

        let (fit, c) = measure("Cox", data, TIMES, || {
            let fit = cox(time, &event, &x, &CoxOptions::default()).expect("estimable");
            let c = concordance(time, &event, &predictor(&fit, &x), None, None);
            (fit, c.expect("pairs"))
        });
        for (j, term) in fit.coefficients.iter().enumerate() {
            value("Cox", data, &format!("coefficient {j}"), term.log_hazard_ratio);
            value("Cox", data, &format!("standard error {j}"), term.standard_error);
        }
        value("Cox", data, "log-likelihood", fit.log_likelihood);
        value("Cox", data, "concordance", c.concordance);

        let fit = measure("Cox without concordance", data, TIMES, || {
            cox(time, &event, &x, &CoxOptions::default()).expect("estimable")
        });
        for (j, term) in fit.coefficients.iter().enumerate() {
            let name = format!("coefficient {j}");
            value("Cox without concordance", data, &name, term.log_hazard_ratio);
        }
    }
}

type Curve = (KaplanMeier, Vec<Option<Interval>>);

/// The curve of one group with an interval at every time, as `survfit` gives it.
fn curve(time: &[f64], event: &[bool], group: &[usize], k: usize) -> Estimate<Curve> {
    let members = || (0..time.len()).filter(|&i| group[i] == k);
    let times: Vec<f64> = members().map(|i| time[i]).collect();
    let events: Vec<bool> = members().map(|i| event[i]).collect();
    let curve = kaplan_meier(&times, &events)?;
    let intervals = curve.intervals(&SurvivalIntervalOptions::default())?;
    Ok((curve, intervals))
}

fn predictor(fit: &Cox, x: &[&[f64]]) -> Vec<f64> {
    (0..x[0].len())
        .map(|i| {
            let terms = fit.coefficients.iter().zip(x);
            terms.map(|(c, x)| c.log_hazard_ratio * x[i]).sum()
        })
        .collect()
}
