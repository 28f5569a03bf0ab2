//! `neurocart design two-by-two`: responders of two arms, one table or several strata.

use std::str::FromStr;

use serde_json::{Value, json};

use neurocart_report::format::{
    percent as whole_percent, percent_one_decimal as percent, significant,
};
use neurocart_stats::Estimate;
use neurocart_stats::conditional_odds_ratio::conditional_odds_ratio;
use neurocart_stats::stratified_tables::{
    breslow_day, cochran_mantel_haenszel, mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_difference,
};
use neurocart_stats::two_by_two::{
    RiskDifferenceMethod, TwoByTwo, pearson_chi_square, risk_difference,
};
use neurocart_stats::unconditional_exact::unconditional_exact_p;

use super::Answer;
use super::answer::Table;
use super::two_arms::{json_number, number};
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Responders of subjects on treatment, as 12/15; once per stratum.
    #[arg(long, required = true, num_args = 1.., value_name = "X/N")]
    treated: Vec<Responders>,
    /// Responders of subjects on control, as 5/15; once per stratum, in the same order.
    #[arg(long, required = true, num_args = 1.., value_name = "X/N")]
    control: Vec<Responders>,
    /// Confidence level of the intervals.
    #[arg(long, default_value_t = 0.95, allow_negative_numbers = true)]
    level: f64,
}

/// Responders of subjects, written x/n.
#[derive(Clone, Copy)]
struct Responders {
    events: u64,
    total: u64,
}

impl FromStr for Responders {
    type Err = String;

    fn from_str(text: &str) -> Result<Responders, String> {
        let wrong = || "give responders of subjects in whole numbers, for example 12/15".to_owned();
        let (events, total) = text.split_once('/').ok_or_else(wrong)?;
        let parse = |part: &str| part.trim().parse::<u64>().map_err(|_| wrong());
        let found = Responders {
            events: parse(events)?,
            total: parse(total)?,
        };
        if found.events > found.total {
            return Err(format!(
                "{} responders of {} subjects; give no more responders than subjects",
                found.events, found.total
            ));
        }
        Ok(found)
    }
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let Arguments {
        treated,
        control,
        level,
    } = arguments;
    if treated.len() != control.len() {
        return Err(Exit::invalid(format!(
            "`--treated` has {} strata and `--control` {}; give one of each per stratum, in the same order",
            treated.len(),
            control.len()
        )));
    }
    if !(0.5..1.0).contains(level) {
        return Err(Exit::invalid(format!(
            "`--level` is {level}; give a confidence level from 0.5 to below 1, for example 0.95"
        )));
    }
    let tables: Vec<TwoByTwo> = treated
        .iter()
        .zip(control)
        .map(|(treated, control)| TwoByTwo {
            treated_events: treated.events,
            treated_total: treated.total,
            control_events: control.events,
            control_total: control.total,
        })
        .collect();
    match &tables[..] {
        [table] => single(table, *level),
        tables => stratified(tables, *level),
    }
}

/// Rows of estimate and interval, where a reason may stand in place of the numbers.
struct Effects {
    table: Table,
    results: Vec<Value>,
    reasons: Vec<String>,
}

impl Effects {
    fn new(level: f64) -> Effects {
        let title = format!(
            "Effects, treatment against control, {} intervals",
            whole_percent(level)
        );
        Effects {
            table: Table::new(&title, &["effect", "estimate", "lower", "upper"]),
            results: Vec::new(),
            reasons: Vec::new(),
        }
    }

    fn push(&mut self, key: &str, label: &str, found: Estimate<[f64; 3]>, show: fn(f64) -> String) {
        match found {
            Ok(values) => {
                let mut cells = vec![label.to_owned()];
                cells.extend(values.map(show));
                self.table.rows.push(cells);
                let [estimate, lower, upper] = values.map(json_number);
                self.results.push(json!({
                    "effect": key, "estimate": estimate, "lower": lower, "upper": upper,
                }));
            }
            Err(reason) => {
                self.reasons.push(format!("{label}: {reason}"));
                self.results
                    .push(json!({"effect": key, "not_estimable": reason.to_string()}));
            }
        }
    }
}

/// Rows of test, statistic and p value.
struct Tests {
    table: Table,
    results: Vec<Value>,
    reasons: Vec<String>,
}

impl Tests {
    fn new() -> Tests {
        Tests {
            table: Table::new("Tests of no effect, two-sided", &["test", "statistic", "p"]),
            results: Vec::new(),
            reasons: Vec::new(),
        }
    }

    fn push(&mut self, key: &str, label: &str, found: Estimate<(Option<f64>, f64)>) {
        match found {
            Ok((statistic, p_value)) => {
                let statistic_text = statistic.map_or(String::new(), significant);
                self.table
                    .rows
                    .push(vec![label.to_owned(), statistic_text, significant(p_value)]);
                self.results
                    .push(json!({"test": key, "statistic": statistic, "p_value": p_value}));
            }
            Err(reason) => {
                self.reasons.push(format!("{label}: {reason}"));
                self.results
                    .push(json!({"test": key, "not_estimable": reason.to_string()}));
            }
        }
    }
}

fn answered(
    title: String,
    level: f64,
    facts: Vec<(String, String)>,
    effects: Effects,
    tests: Tests,
    notes: &[&str],
    r_call: String,
) -> Answer {
    let mut all_notes = effects.reasons;
    all_notes.extend(tests.reasons);
    all_notes.extend(notes.iter().map(|&note| note.to_owned()));
    Answer {
        title,
        facts,
        tables: vec![effects.table, tests.table],
        figure: None,
        notes: all_notes,
        r_call,
        result: json!({
            "confidence_level": level, "effects": effects.results, "tests": tests.results,
        }),
    }
}

fn proportion_words(events: u64, total: u64) -> String {
    if total == 0 {
        return "nobody".to_owned();
    }
    format!(
        "{events} of {total}, {}",
        percent(events as f64 / total as f64)
    )
}

fn single(table: &TwoByTwo, level: f64) -> Result<Answer, Exit> {
    let TwoByTwo {
        treated_events: x1,
        treated_total: n1,
        control_events: x0,
        control_total: n0,
    } = *table;
    // An empty arm leaves nothing to say at all.
    let pearson = pearson_chi_square(table);
    risk_difference(table, RiskDifferenceMethod::Newcombe, level)?;
    let mut effects = Effects::new(level);
    for (method, key, label) in [
        (
            RiskDifferenceMethod::Newcombe,
            "risk_difference_newcombe",
            "risk difference, Newcombe",
        ),
        (
            RiskDifferenceMethod::MiettinenNurminen,
            "risk_difference_miettinen_nurminen",
            "risk difference, Miettinen-Nurminen",
        ),
        (
            RiskDifferenceMethod::Mee,
            "risk_difference_mee",
            "risk difference, Mee",
        ),
    ] {
        let found = risk_difference(table, method, level)
            .map(|d| [d.estimate, d.interval.lower, d.interval.upper]);
        effects.push(key, label, found, percent);
    }
    let conditional = conditional_odds_ratio(&[*table], level);
    let odds = conditional
        .clone()
        .map(|o| [o.odds_ratio, o.interval.lower, o.interval.upper]);
    effects.push(
        "odds_ratio_conditional",
        "odds ratio, exact conditional",
        odds,
        number,
    );
    let woolf = mantel_haenszel_odds_ratio(&[*table], level)
        .map(|o| [o.odds_ratio, o.interval.lower, o.interval.upper]);
    effects.push("odds_ratio_woolf", "odds ratio, Woolf", woolf, number);

    let mut tests = Tests::new();
    let fisher = neurocart_stats::two_by_two::fisher_exact(table)?;
    tests.push(
        "fisher_exact",
        "Fisher, exact",
        Ok((None, fisher.p_two_sided)),
    );
    tests.push(
        "unconditional_z_pooled",
        "unconditional exact, z pooled",
        unconditional_exact_p(table).map(|p| (None, p)),
    );
    tests.push(
        "pearson",
        "Pearson, chi-square",
        pearson.map(|t| (Some(t.statistic), t.p_value)),
    );
    let facts = vec![
        ("on treatment".to_owned(), proportion_words(x1, n1)),
        ("on control".to_owned(), proportion_words(x0, n0)),
    ];
    let r_call = format!(
        "m <- matrix(c({x1}, {}, {x0}, {}), 2)\n\
         fisher.test(m, conf.level = {level}); chisq.test(m, correct = FALSE)\n\
         DescTools::BinomDiffCI({x1}, {n1}, {x0}, {n0}, conf.level = {level}, method = c(\"score\", \"mn\", \"mee\"))\n\
         Exact::exact.test(t(m), method = \"z-pooled\", model = \"binomial\", to.plot = FALSE)",
        n1 - x1,
        n0 - x0
    );
    Ok(answered(
        format!("{x1} of {n1} on treatment, {x0} of {n0} on control"),
        level,
        facts,
        effects,
        tests,
        &[
            "Newcombe's interval is the default for the risk difference, Fisher's test for the p value",
        ],
        r_call,
    ))
}

fn stratified(tables: &[TwoByTwo], level: f64) -> Result<Answer, Exit> {
    let test = cochran_mantel_haenszel(tables, false)?;
    let mut effects = Effects::new(level);
    effects.push(
        "mantel_haenszel_risk_difference",
        "risk difference, Mantel-Haenszel",
        mantel_haenszel_risk_difference(tables, level).map(|found| {
            let d = found.difference;
            [d.estimate, d.interval.lower, d.interval.upper]
        }),
        percent,
    );
    effects.push(
        "mantel_haenszel_odds_ratio",
        "odds ratio, Mantel-Haenszel",
        mantel_haenszel_odds_ratio(tables, level)
            .map(|o| [o.odds_ratio, o.interval.lower, o.interval.upper]),
        number,
    );
    let conditional = conditional_odds_ratio(tables, level);
    effects.push(
        "odds_ratio_conditional",
        "odds ratio, exact conditional",
        conditional
            .clone()
            .map(|o| [o.odds_ratio, o.interval.lower, o.interval.upper]),
        number,
    );
    let mut tests = Tests::new();
    tests.push(
        "cochran_mantel_haenszel",
        "Cochran-Mantel-Haenszel",
        Ok((Some(test.statistic), test.p_value)),
    );
    tests.push(
        "cochran_mantel_haenszel_corrected",
        "the same, continuity corrected",
        cochran_mantel_haenszel(tables, true).map(|t| (Some(t.statistic), t.p_value)),
    );
    tests.push(
        "conditional_exact",
        "exact conditional",
        conditional.map(|o| (None, o.p_two_sided)),
    );
    tests.push(
        "breslow_day",
        "Breslow-Day, same odds ratio in all strata",
        breslow_day(tables).map(|t| (Some(t.statistic), t.p_value)),
    );
    let facts = tables
        .iter()
        .enumerate()
        .map(|(k, t)| {
            let treated = proportion_words(t.treated_events, t.treated_total);
            let control = proportion_words(t.control_events, t.control_total);
            (
                format!("stratum {}", k + 1),
                format!("{treated}; control {control}"),
            )
        })
        .collect();
    let cells: Vec<String> = tables
        .iter()
        .map(|t| {
            let (x1, x0) = (t.treated_events, t.control_events);
            format!(
                "{x1}, {x0}, {}, {}",
                t.treated_total - x1,
                t.control_total - x0
            )
        })
        .collect();
    let r_call = format!(
        "a <- array(c({}), c(2, 2, {}))  # arm, outcome, stratum\n\
         mantelhaen.test(a, correct = FALSE, conf.level = {level}); mantelhaen.test(a, exact = TRUE, conf.level = {level})\n\
         DescTools::BreslowDayTest(a)",
        cells.join(", "),
        tables.len()
    );
    Ok(answered(
        format!("Responders of two arms in {} strata", tables.len()),
        level,
        facts,
        effects,
        tests,
        &[
            "a stratum with an empty arm adds nothing; one in which nobody or everybody responds adds nothing to the \
             odds ratio, but counts as no difference in the risk difference",
        ],
        r_call,
    ))
}
