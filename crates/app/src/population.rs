//! `neurocart population`: many virtual patients under one therapy, streamed into a table.

use std::path::PathBuf;

use clap::Args;

use neurocart_library::Library;
use neurocart_trial::bank::BankRequest;
use neurocart_trial::correlation::Correlations;
use neurocart_trial::layers::Layers;
use neurocart_trial::population_table;

use crate::exit::{Code, Exit, print};
use crate::model::ScenarioArguments;
use crate::progress::{Bar, interruptible, processors, threads};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    scenario: ScenarioArguments,
    /// Virtual patients.
    #[arg(long, default_value_t = 1000)]
    size: usize,
    /// Months to simulate after day 0.
    #[arg(long, default_value_t = 24.0)]
    months: f64,
    /// Seed of all draws.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Table to write.
    #[arg(long, value_name = "FILE", default_value = "patients.parquet")]
    out: PathBuf,
    /// Worker threads; all processors where it is missing. The results do not depend on it.
    #[arg(long, value_parser = threads)]
    threads: Option<usize>,
    /// No progress bar.
    #[arg(long)]
    quiet: bool,
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    if arguments.size == 0 {
        return Err(Exit::invalid(
            "`--size` is 0, expected at least one patient",
        ));
    }
    let loaded = arguments.scenario.load(library)?;
    let (end_days, visits_days) = crate::patient::horizon(arguments.months)?;
    let scenario = loaded.scenario(library, end_days, &visits_days)?;
    let layers = Layers::of(&loaded.parameters, &loaded.disease, &loaded.overrides)?;
    let correlations = Correlations::of(library)?;
    let request = BankRequest {
        scenarios: std::slice::from_ref(&scenario),
        blinded: &[false],
        layers: &layers,
        correlations: &correlations,
        seed: arguments.seed,
        size: arguments.size,
        visits_days: &visits_days,
        follow_up_days: end_days,
        keep_trajectories: usize::MAX,
        threads: arguments.threads.unwrap_or_else(processors),
        failures_allowed: 0.001,
    };
    let cancel = interruptible();
    let bar = Bar::new(
        "solving virtual patients",
        arguments.size as u64,
        arguments.quiet,
    );
    let facts = [
        ("disease", scenario.disease.id.clone()),
        ("therapy", scenario.therapy.id.clone()),
        ("seed", arguments.seed.to_string()),
        ("version", env!("CARGO_PKG_VERSION").to_string()),
    ];
    let streamed = population_table::write(&request, &arguments.out, &facts, &cancel, &mut |n| {
        bar.set(n as u64, "");
    })?;
    let path = arguments.out.display();
    if streamed.cancelled {
        bar.abandon();
        let message = format!(
            "interrupted: `{path}` holds the first {} of {} patients",
            streamed.patients, arguments.size
        );
        return Err(Exit {
            code: Code::Partial,
            message,
        });
    }
    bar.finish();
    let rejected = streamed.screening.rejections();
    print(&format!(
        "{} virtual patients, {} under {}\nplausibility  {rejected} of {} candidates left out\nunsolved      {}\ntable         {path}\n",
        streamed.patients,
        scenario.disease.short_name,
        scenario.therapy.short_name,
        streamed.screening.candidates,
        streamed.failures.len(),
    ))
}
