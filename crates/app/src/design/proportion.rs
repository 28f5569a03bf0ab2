//! `neurocart design proportion`: every interval of x of n.

use serde_json::json;

use neurocart_report::format::{percent as whole_percent, percent_one_decimal as percent};
use neurocart_stats::proportion::{ProportionMethod, proportion, upper_bound};

use super::Answer;
use super::answer::{Table, fact};
use super::notation::Fraction;
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Responders, or subjects with the event, of all subjects.
    #[arg(long, value_name = "R/N")]
    observed: Fraction,
    /// Confidence level of the intervals.
    #[arg(long, default_value_t = 0.95)]
    level: f64,
}

const METHODS: [(ProportionMethod, &str, &str); 6] = [
    (ProportionMethod::Wilson, "wilson", "Wilson"),
    (
        ProportionMethod::ClopperPearson,
        "clopper_pearson",
        "Clopper-Pearson (exact)",
    ),
    (ProportionMethod::Jeffreys, "jeffreys", "Jeffreys"),
    (
        ProportionMethod::UniformPrior,
        "uniform_prior",
        "Beta(1, 1) prior",
    ),
    (
        ProportionMethod::AgrestiCoull,
        "agresti_coull",
        "Agresti-Coull",
    ),
    (
        ProportionMethod::WilsonContinuityCorrected,
        "wilson_continuity_corrected",
        "Wilson, continuity corrected",
    ),
];

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let &Arguments { observed, level } = arguments;
    let Fraction {
        responders: events,
        subjects: total,
    } = observed;
    if total == 0 {
        return Err(Exit::invalid(
            "`--observed` is 0/0; it must have at least one subject",
        ));
    }
    let mut table = Table::new("Intervals", &["interval", "estimate", "lower", "upper"]);
    let mut intervals = Vec::new();
    for (method, name, label) in METHODS {
        let found = proportion(events, total, method, level)?;
        let (lower, upper) = (found.interval.lower, found.interval.upper);
        table.rows.push(vec![
            label.to_owned(),
            percent(found.estimate),
            percent(lower),
            percent(upper),
        ]);
        intervals.push(json!({
            "method": name, "estimate": found.estimate, "lower": lower, "upper": upper,
        }));
    }
    let default = proportion(events, total, ProportionMethod::Wilson, level)?;
    let (estimate, wilson) = (default.estimate, default.interval);
    let bound = upper_bound(events, total, level)?;
    let notes = vec![
        "Wilson is the default; safety tables show Clopper-Pearson, which never covers less than it says".to_owned(),
    ];
    Ok(Answer {
        title: format!("{events} of {total}, {} intervals", whole_percent(level)),
        facts: vec![
            fact("estimate", percent(estimate)),
            fact(
                &format!("{} interval", whole_percent(level)),
                format!(
                    "{} to {} (Wilson)",
                    percent(wilson.lower),
                    percent(wilson.upper)
                ),
            ),
            fact(
                &format!("one-sided {} upper bound", whole_percent(level)),
                format!("{} (exact)", percent(bound)),
            ),
        ],
        tables: vec![table],
        notes,
        r_call: format!(
            "binom.test({events}, {total}, conf.level = {level})$conf.int              # Clopper-Pearson\n\
             prop.test({events}, {total}, conf.level = {level}, correct = FALSE)$conf.int  # Wilson"
        ),
        result: json!({
            "observed": observed.json(), "level": level,
            "intervals": intervals, "one_sided_upper_bound": bound,
        }),
        ..Answer::default()
    })
}
