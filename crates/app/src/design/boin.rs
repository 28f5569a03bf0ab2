//! `neurocart design boin`.

use serde_json::json;

use neurocart_report::figure::curves::render_curves_svg;
use neurocart_report::format::fixed;
use neurocart_stats::dose_finding::{
    BoinSettings, DoseFindingDesign, boin_extra_safe_stop, boin_rates,
};

use super::Answer;
use super::answer::fact;
use super::boundaries::{ELIMINATION, boundary_figure, boundary_json, boundary_table, of_boin};
use super::dose_finding::{Common, insert, isotonic_table, tallies};
use super::notation::{or_missing, r_vector};
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Target DLT rate
    #[arg(long, default_value_t = 0.30)]
    target: f64,
    /// Highest DLT rate that is clearly too low; 0.6 of the target where it is missing
    #[arg(long, value_name = "P")]
    too_low: Option<f64>,
    /// Lowest DLT rate that is clearly too high; 1.4 times the target where it is missing
    #[arg(long, value_name = "P")]
    too_high: Option<f64>,
    /// Offset of the extra-safe stopping rule at the lowest dose, for example 0.05
    #[arg(long, value_name = "OFFSET")]
    extra_safe: Option<f64>,
    #[command(flatten)]
    common: Common,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let usual = BoinSettings::at_target(arguments.target);
    let settings = BoinSettings {
        too_low: arguments.too_low.unwrap_or(usual.too_low),
        too_high: arguments.too_high.unwrap_or(usual.too_high),
        extra_safe_offset: arguments.extra_safe,
        ..usual
    };
    let simulation = &arguments.common.simulation;
    let rates = boin_rates(&settings)?;
    let rows = of_boin(&settings, simulation.patients)?;
    let extra_safe = boin_extra_safe_stop(&settings, simulation.patients)?;

    let mut table = boundary_table(&rows);
    let mut json_rows = boundary_json(&rows);
    if arguments.extra_safe.is_some() {
        table
            .head
            .push("stop at the lowest dose, DLT >=".to_owned());
        for ((cells, entry), stop) in table.rows.iter_mut().zip(&mut json_rows).zip(extra_safe) {
            cells.push(or_missing(stop));
            entry["stop_at_lowest_dose_at_least"] = json!(stop);
        }
    }
    let mut answer = Answer {
        title: format!("BOIN at a target DLT rate of {}", settings.target),
        facts: vec![
            fact(
                "escalate at a DLT rate of at most",
                fixed(rates.escalate, 4),
            ),
            fact(
                "de-escalate at a DLT rate of at least",
                fixed(rates.de_escalate, 4),
            ),
        ],
        tables: vec![table],
        figure: Some(render_curves_svg(&boundary_figure(
            "BOIN boundaries",
            &rows,
        ))),
        notes: vec![ELIMINATION.to_owned()],
        r_call: r_call(arguments, &settings)?,
        result: json!({
            "target": settings.target, "too_low": settings.too_low, "too_high": settings.too_high,
            "lambda_e": rates.escalate, "lambda_d": rates.de_escalate,
        }),
    };
    insert(&mut answer.result, "boundaries", json!(json_rows));
    let design = DoseFindingDesign::Boin(settings);
    if let Some(text) = &arguments.common.data {
        let doses = tallies(text, false)?;
        arguments.common.add_data(&mut answer, &design, &doses)?;
        answer.tables.push(isotonic_table(&doses)?);
    }
    simulation.add(&mut answer, design, settings.target, &[])?;
    Ok(answer)
}

fn r_call(arguments: &Arguments, settings: &BoinSettings) -> Result<String, Exit> {
    let simulation = &arguments.common.simulation;
    let limits = format!(
        "target = {}, p.saf = {}, p.tox = {}",
        settings.target, settings.too_low, settings.too_high
    );
    let safe = match settings.extra_safe_offset {
        Some(offset) => format!(", extrasafe = TRUE, offset = {offset}"),
        None => String::new(),
    };
    let cohorts = simulation.patients.div_ceil(simulation.cohort_size.max(1));
    let mut call = format!(
        "BOIN::get.boundary({limits}, ncohort = {}, cohortsize = 1{safe})",
        simulation.patients
    );
    if let Some(text) = &arguments.common.data {
        let doses = tallies(text, false)?;
        call += &format!(
            "\nBOIN::select.mtd(target = {}, npts = {}, ntox = {}{safe})",
            settings.target,
            r_vector(doses.iter().map(|dose| dose.treated)),
            r_vector(doses.iter().map(|dose| dose.dlt)),
        );
    }
    if !simulation.truth.is_empty() {
        call += &format!(
            "\nBOIN::get.oc({limits}, p.true = {}, ncohort = {cohorts}, cohortsize = {}, ntrial = {}{safe})",
            r_vector(simulation.truth.iter()),
            simulation.cohort_size,
            simulation.replicates,
        );
    }
    Ok(call)
}
