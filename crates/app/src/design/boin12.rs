//! `neurocart design boin12`.

use serde_json::{Value, json};

use neurocart_report::format::fixed;
use neurocart_stats::dose_finding::{Boin12Settings, DoseFindingDesign, boin12_table};

use super::Answer;
use super::answer::Table;
use super::dose_finding::{Common, insert, isotonic_table, refused, tallies};
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Highest acceptable DLT rate
    #[arg(long, value_name = "P", default_value_t = 0.35)]
    highest_dlt_rate: f64,
    /// Lowest acceptable response rate
    #[arg(long, value_name = "P", default_value_t = 0.25)]
    lowest_response_rate: f64,
    /// Utility of no DLT and no response; that of DLT and response is 100 less this
    #[arg(long, value_name = "UTILITY", default_value_t = 40.0)]
    utility_neither: f64,
    /// Numbers of patients in the desirability table
    #[arg(
        long,
        value_name = "N,...",
        value_delimiter = ',',
        default_value = "3,6"
    )]
    treated: Vec<u64>,
    /// True response rates, one for each of `--truth`
    #[arg(long, value_name = "P,...", value_delimiter = ',')]
    response_truth: Vec<f64>,
    /// `--data` holds patients/DLT/responses for each dose, for example 3/0/1,3/1/2
    #[command(flatten)]
    common: Common,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let settings = Boin12Settings {
        highest_dlt_rate: arguments.highest_dlt_rate,
        lowest_response_rate: arguments.lowest_response_rate,
        utility_neither: arguments.utility_neither,
        ..Boin12Settings::default()
    };
    let simulation = &arguments.common.simulation;
    if arguments.response_truth.len() != simulation.truth.len() {
        return Err(Exit::invalid(format!(
            "`--response-truth` has {} values and `--truth` {}; give one of each per dose",
            arguments.response_truth.len(),
            simulation.truth.len()
        )));
    }
    let rows = boin12_table(&settings, &arguments.treated).map_err(refused)?;
    let mut table = Table::new(
        "Desirability; the highest rank is the most desirable",
        &[
            "treated",
            "DLT",
            "responses",
            "desirability",
            "rank",
            "admissible",
        ],
    );
    let mut json_rows = Vec::new();
    for row in &rows {
        table.rows.push(vec![
            row.treated.to_string(),
            row.dlt.to_string(),
            row.responses.to_string(),
            fixed(row.desirability, 4),
            row.rank.to_string(),
            if row.admissible { "yes" } else { "no" }.to_owned(),
        ]);
        json_rows.push(json!({
            "treated": row.treated, "dlt": row.dlt, "responses": row.responses,
            "quasi_events": row.quasi_events, "desirability": row.desirability, "rank": row.rank,
            "overdose_probability": row.overdose_probability,
            "low_response_probability": row.low_response_probability,
            "admissible": row.admissible,
        }));
    }
    let benchmark = settings.utility_benchmark();
    let mut answer = Answer {
        title: format!(
            "BOIN12: DLT rate at most {}, response rate at least {}",
            settings.highest_dlt_rate, settings.lowest_response_rate
        ),
        facts: vec![("utility benchmark".to_owned(), fixed(benchmark, 4))],
        tables: vec![table],
        notes: vec![
            "`--data` is patients/DLT/responses for each dose".to_owned(),
            "the formula is checked; no second program was at hand for whole trials".to_owned(),
        ],
        r_call: format!(
            "x <- function(n, tox, eff) ({} * (n - tox) + {} * eff) / 100\n\
             desirability <- function(n, tox, eff) 1 - pbeta({benchmark}, 1 + x(n, tox, eff), 1 + n - x(n, tox, eff))\n\
             desirability(3, 0, 1)",
            settings.utility_neither,
            100.0 - settings.utility_neither,
        ),
        result: json!({ "utility_benchmark": benchmark }),
        ..Answer::default()
    };
    insert(&mut answer.result, "table", Value::Array(json_rows));
    let design = DoseFindingDesign::Boin12(settings);
    if let Some(text) = &arguments.common.data {
        let doses = tallies(text, true)?;
        arguments.common.add_data(&mut answer, &design, &doses)?;
        answer.tables.push(isotonic_table(&doses)?);
    }
    let target = settings.highest_dlt_rate;
    simulation.add(&mut answer, design, target, &arguments.response_truth)?;
    Ok(answer)
}
