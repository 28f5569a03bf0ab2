//! `neurocart`: in-silico trials of CAR T-cell therapy in neuroimmune disease, on the command line.
//!
//! Data go to standard output, talk to standard error. Exit codes: 0 done, 1 failed, 2 invalid
//! input, 3 part of the answer is missing, 130 interrupted and resumable.

mod adaptive_report;
mod answer;
mod check;
mod design;
mod evidence;
mod exit;
mod figures;
mod library;
mod model;
mod new;
mod patient;
mod population;
mod progress;
mod trial;
mod trial_design;
mod trial_report;
mod validate;
mod wording;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use neurocart_library::Library;

use crate::exit::{Exit, say};

const RESEARCH_ONLY: &str = "For research only: nothing here is medical advice.";

#[derive(Parser)]
#[command(name = "neurocart", version, about, after_help = RESEARCH_ONLY)]
struct Arguments {
    /// Folder whose files win over the library inside the program, file by file.
    #[arg(long, global = true, value_name = "DIR")]
    library: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Validate trial, therapy and disease files (.toml) and models (.ant): mistakes with their place.
    Check {
        /// Files to check.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Findings as JSON.
        #[arg(long)]
        json: bool,
    },
    /// List what the library holds: diseases, therapies, trials, parameters.
    Library(library::Arguments),
    /// Simulate one virtual patient: summary, figure, trajectory.
    Patient(patient::Arguments),
    /// Simulate many virtual patients and write one row each.
    Population(population::Arguments),
    /// Design a trial without a model: sample sizes, boundaries, decision tables.
    Design(design::Arguments),
    /// Look up, check and export the published results behind the model.
    Evidence(evidence::Arguments),
    /// Write a protocol of the library as a trial file of your own.
    New(new::Arguments),
    /// Simulate trials: tables, summary and report in a run directory.
    Trial(trial::Arguments),
    /// Write the report of a finished run again.
    Report {
        /// Directory of the run.
        directory: PathBuf,
        /// The summary as JSON on standard output instead.
        #[arg(long)]
        json: bool,
    },
    /// Compare the model with published figures, failures included.
    Validate(validate::Arguments),
    /// Show or export the model of a disease under a therapy.
    Model(model::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Exit { code, message }) => {
            if !message.is_empty() {
                say(&format!("error: {}", message.trim_start_matches("error: ")));
            }
            ExitCode::from(code as u8)
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Exit> {
    let library = match &arguments.library {
        Some(folder) => {
            Library::with_overrides(folder).map_err(|error| Exit::invalid(error.to_string()))?
        }
        None => Library::embedded(),
    };
    for file in &library.unknown_files {
        say(&format!(
            "warning: `{file}` in the library folder is read by nothing; is its name right?"
        ));
    }
    match arguments.command {
        Command::Check { files, json } => check::run(&files, &library, json),
        Command::Library(arguments) => library::run(&arguments, &library),
        Command::Patient(arguments) => patient::run(&arguments, &library),
        Command::Population(arguments) => population::run(&arguments, &library),
        Command::Design(arguments) => design::run(&arguments),
        Command::Evidence(arguments) => evidence::run(&arguments, &library),
        Command::New(arguments) => new::run(&arguments, &library),
        Command::Trial(arguments) => trial::run(&arguments, &library),
        Command::Report { directory, json } => trial::report_again(&directory, json),
        Command::Validate(arguments) => validate::run(&arguments, &library),
        Command::Model(arguments) => model::run(&arguments, &library),
    }
}
