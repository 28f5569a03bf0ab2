//! `neurocart design boin`.

use serde_json::{Value, json};

use neurocart_report::format::fixed;
use neurocart_stats::dose_finding::{
    BoinBoundary, BoinSettings, DoseFindingDesign, boin_boundaries, boin_extra_safe_stop,
    boin_rates,
};

use super::Answer;
use super::answer::Table;
use super::dose_finding::{
    Common, boundary_figure, insert, isotonic_table, r_vector, refused, tallies,
};
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
    let rates = boin_rates(&settings).map_err(refused)?;
    let boundaries = boin_boundaries(&settings, simulation.patients).map_err(refused)?;
    let extra_safe = boin_extra_safe_stop(&settings, simulation.patients).map_err(refused)?;

    let or_dash = |count: Option<u64>| count.map_or("-".to_owned(), |count| count.to_string());
    let mut head = vec![
        "treated",
        "escalate, DLT <=",
        "de-escalate, DLT >=",
        "eliminate, DLT >=",
    ];
    if arguments.extra_safe.is_some() {
        head.push("stop at the lowest dose, DLT >=");
    }
    let mut table = Table::new("Boundaries by the number of patients at the dose", &head);
    let mut json_rows = Vec::new();
    for (row, stop) in boundaries.iter().zip(extra_safe) {
        let mut cells = vec![
            row.treated.to_string(),
            row.escalate_at_most.to_string(),
            row.de_escalate_at_least.to_string(),
            or_dash(row.eliminate_at_least),
        ];
        if arguments.extra_safe.is_some() {
            cells.push(or_dash(stop));
        }
        table.rows.push(cells);
        json_rows.push(json!({
            "treated": row.treated,
            "escalate_at_most": row.escalate_at_most,
            "de_escalate_at_least": row.de_escalate_at_least,
            "eliminate_at_least": row.eliminate_at_least,
            "stop_at_lowest_dose_at_least": arguments.extra_safe.and(stop),
        }));
    }
    let mut answer = Answer {
        title: format!("BOIN at a target DLT rate of {}", settings.target),
        facts: vec![
            ("escalate at a DLT rate of at most".to_owned(), fixed(rates.escalate, 4)),
            ("de-escalate at a DLT rate of at least".to_owned(), fixed(rates.de_escalate, 4)),
        ],
        tables: vec![table],
        figure: Some(figure(&boundaries)),
        notes: vec![
            "a dose is eliminated, with all above, when Pr(DLT rate > target) > 0.95 and at least 3 are treated"
                .to_owned(),
        ],
        r_call: r_call(arguments, &settings)?,
        result: json!({
            "target": settings.target, "too_low": settings.too_low, "too_high": settings.too_high,
            "lambda_e": rates.escalate, "lambda_d": rates.de_escalate,
        }),
    };
    insert(&mut answer.result, "boundaries", Value::Array(json_rows));
    let design = DoseFindingDesign::Boin(settings);
    if let Some(text) = &arguments.common.data {
        let doses = tallies(text, false)?;
        arguments.common.add_data(&mut answer, &design, &doses)?;
        answer.tables.push(isotonic_table(&doses)?);
    }
    simulation.add(&mut answer, design, settings.target, &[])?;
    Ok(answer)
}

fn figure(boundaries: &[BoinBoundary]) -> String {
    let curve = |value: fn(&BoinBoundary) -> Option<u64>| {
        boundaries
            .iter()
            .map(|row| (row.treated, value(row)))
            .collect()
    };
    boundary_figure(
        "BOIN boundaries",
        &[
            ("escalate at most", curve(|row| Some(row.escalate_at_most))),
            (
                "de-escalate at least",
                curve(|row| Some(row.de_escalate_at_least)),
            ),
            ("eliminate at least", curve(|row| row.eliminate_at_least)),
        ],
    )
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
