//! `neurocart design proportions`: sample size for two response probabilities, exact beside normal.

use serde_json::{Value, json};

use neurocart_report::format::percent_one_decimal as percent;
use neurocart_stats::sample_size_proportions::{
    ExactSize, ProportionTest, ProportionsDesign, arms, exact_rejection_probability,
    exact_sample_size, power_proportions, sample_size_proportions,
};

use super::Answer;
use super::answer::Table;
use super::two_arms::{TwoArms, invalid, json_of_size, power_figure};
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Response probability on treatment.
    #[arg(long, allow_negative_numbers = true)]
    treated: f64,
    /// Response probability on control.
    #[arg(long, allow_negative_numbers = true)]
    control: f64,
    #[command(flatten)]
    arms: TwoArms,
}

/// Trials up to this size are enumerated, so that the answer comes at once.
const ENUMERATED: f64 = 600.0;

const TESTS: [(ProportionTest, &str, &str); 2] = [
    (ProportionTest::FisherExact, "fisher_exact", "Fisher"),
    (ProportionTest::Pearson, "pearson", "Pearson"),
];

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let &Arguments {
        treated,
        control,
        arms: TwoArms {
            alpha,
            power,
            allocation,
        },
    } = arguments;
    let design = ProportionsDesign {
        treated,
        control,
        allocation,
        alpha_two_sided: alpha,
    };
    let size = sample_size_proportions(&design, power).map_err(invalid)?;
    let [n1, n0] = size.subjects();
    let fact = |label: &str, value: String| (label.to_owned(), value);
    let in_words = |[treated, control]: [u64; 2]| {
        format!(
            "{treated} on treatment, {control} on control, {} in all",
            treated + control
        )
    };
    let mut facts = vec![
        fact("normal formula", in_words([n1, n0])),
        fact("not rounded", format!("{:.2} in all", size.total())),
    ];
    let mut answer = Answer {
        title: format!(
            "Response {} against {}: two-sided {alpha}, power {power}",
            percent(treated),
            percent(control)
        ),
        r_call: format!(
            "rpact::getSampleSizeRates(alpha = {alpha}, beta = 1 - {power}, sided = 2, pi1 = {treated}, pi2 = {control},\n  \
             allocationRatioPlanned = {allocation})"
        ),
        ..Answer::default()
    };
    let mut exact = Vec::new();
    if size.total() <= ENUMERATED {
        let mut sizes = Vec::new();
        for (test, name, label) in TESTS {
            let found = exact_sample_size(&design, power, test).map_err(invalid)?;
            if let Some(ExactSize {
                first,
                holds_from,
                searched_to,
            }) = found
            {
                facts.push(fact(
                    &format!("exact, {label}'s test"),
                    in_words(arms(first, allocation)),
                ));
                if holds_from > first {
                    facts.push(fact(
                        "  and for good",
                        format!("from {holds_from} on control on: between, a larger trial can have less power"),
                    ));
                }
                sizes.push(first.max(holds_from));
                exact.push(json!({
                    "test": name, "control": first, "treated": arms(first, allocation)[0],
                    "control_for_good": holds_from, "searched_to": searched_to,
                }));
            }
        }
        let largest = sizes.into_iter().max().unwrap_or(n0) + 5;
        let (table, figure, rows) =
            sawtooth(&design, power, n0.saturating_sub(8).max(2)..=largest)?;
        answer.tables.push(table);
        answer.figure = Some(figure);
        answer.r_call += &format!(
            "\n# Exact power of Fisher's test by enumeration\n\
             power <- function(n1, n0) sum(outer(0:n1, 0:n0, Vectorize(function(i, j) dbinom(i, n1, {treated}) * dbinom(j, n0, {control}) *\n  \
             (fisher.test(matrix(c(i, n1 - i, j, n0 - j), 2))$p.value <= {alpha}))))\n\
             power({n1}, {n0})"
        );
        answer.result["by_control_arm"] = Value::Array(rows);
        answer.notes.push(
            "exact power counts rejections on both sides; it moves in a sawtooth, because the level that is \
             reached changes with every subject"
                .to_owned(),
        );
        answer.notes.push(
            "Fisher's test never exceeds its level; Pearson's can, see its type I error at the control probability"
                .to_owned(),
        );
    } else {
        answer.notes.push(format!(
            "beyond {ENUMERATED} subjects the exact tests are not enumerated; they come close to the normal formula"
        ));
    }
    answer.facts = facts;
    for (key, value) in [
        ("treated_probability", json!(treated)),
        ("control_probability", json!(control)),
        ("allocation", json!(allocation)),
        ("alpha_two_sided", json!(alpha)),
        ("power", json!(power)),
        ("normal_formula", json_of_size(&size)),
        ("exact", Value::Array(exact)),
    ] {
        answer.result[key] = value;
    }
    Ok(answer)
}

/// Exact power of both tests for a run of control arms.
fn sawtooth(
    design: &ProportionsDesign,
    power: f64,
    control_arms: std::ops::RangeInclusive<u64>,
) -> Result<(Table, String, Vec<Value>), Exit> {
    let mut table = Table::new(
        "Power by subjects on control",
        &[
            "control",
            "treated",
            "normal",
            "Fisher",
            "Pearson",
            "Fisher, type I",
            "Pearson, type I",
        ],
    );
    let mut points = [Vec::new(), Vec::new(), Vec::new()];
    let mut rows = Vec::new();
    for control in control_arms {
        let subjects = arms(control, design.allocation);
        let mut values = vec![power_proportions(design, control as f64).map_err(invalid)?];
        for probabilities in [[design.treated, design.control], [design.control; 2]] {
            for (test, _, _) in TESTS {
                let alpha = design.alpha_two_sided;
                let probability = exact_rejection_probability(subjects, probabilities, alpha, test);
                values.push(probability.map_err(invalid)?);
            }
        }
        for (points, value) in points.iter_mut().zip(&values) {
            points.push((control as f64, *value));
        }
        let mut cells = vec![control.to_string(), subjects[0].to_string()];
        cells.extend(values.iter().map(|&value| percent(value)));
        table.rows.push(cells);
        rows.push(json!({
            "control": control, "treated": subjects[0], "normal": values[0],
            "fisher_exact": values[1], "pearson": values[2],
            "fisher_exact_type_1_error": values[3], "pearson_type_1_error": values[4],
        }));
    }
    let names = ["normal", "Fisher", "Pearson"].map(str::to_owned);
    let figure = power_figure(
        "Exact power by subjects",
        power,
        names.into_iter().zip(points).collect(),
    );
    Ok((table, figure, rows))
}
