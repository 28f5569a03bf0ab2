//! `neurocart evidence`: the published results, looked up, checked and summarised.
//!
//! One file per command: its arguments, and what it shows.

mod answer;
mod check;
mod diff;
mod document;
mod export;
pub mod filters;
mod flow;
mod forest;
mod gaps;
mod import;
mod list;
mod new;
mod pool;
mod printed;
mod registry;
mod search;
mod show;
mod swimmer;
pub mod table;
mod trace;
mod wording;

use clap::Subcommand;

use neurocart_evidence::Evidence;
use neurocart_library::Library;

use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List studies: disease, product, design, size, risk of bias.
    List(list::Arguments),
    /// Show everything about one study, its citation first.
    Show(show::Arguments),
    /// Search studies, registered trials and the physiology table for words.
    Search(search::Arguments),
    /// Show what is published by disease, target and question, and what is missing.
    Gaps(gaps::Arguments),
    /// List registered trials with totals.
    Registry(registry::Arguments),
    /// Say how far the records have come, and what is kept out of pooled estimates (PRISMA 2020).
    Flow(flow::Arguments),
    /// Say what is wrong and what is missing, in the evidence base or in study files.
    Check(check::Arguments),
    /// Write the template of a study file.
    New(new::Arguments),
    /// Write the evidence base as long tables, CSV and JSON, with a data dictionary.
    Export(export::Arguments),
    /// Make drafts of study files from records of ClinicalTrials.gov (JSON) and PubMed (XML).
    Import(import::Arguments),
    /// Say what changed between two versions of the evidence base, and which pooled answers moved.
    Diff(diff::Arguments),
    /// Pool one outcome over studies: forest plot, prediction interval, certainty.
    Pool(pool::Arguments),
    /// Answer the questions of the review, one or all, and write them as a document.
    Answer(answer::Arguments),
    /// Trace a parameter: its source, what was calibrated on it, which outputs move with it.
    Trace(trace::Arguments),
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    match &arguments.command {
        Command::List(arguments) => list::run(arguments, &Evidence::of(library)?),
        Command::Show(arguments) => show::run(arguments, &Evidence::of(library)?),
        Command::Search(arguments) => search::run(arguments, library),
        Command::Gaps(arguments) => gaps::run(arguments, library),
        Command::Registry(arguments) => registry::run(arguments, &Evidence::of(library)?),
        Command::Flow(arguments) => flow::run(arguments, &Evidence::of(library)?),
        Command::Check(arguments) => check::run(arguments, library),
        Command::New(arguments) => new::run(arguments, library),
        Command::Export(arguments) => export::run(arguments, library),
        Command::Import(arguments) => import::run(arguments, &Evidence::of(library)?),
        Command::Diff(arguments) => diff::run(arguments, library),
        Command::Pool(arguments) => pool::run(arguments, &Evidence::of(library)?),
        Command::Answer(arguments) => answer::run(arguments, library),
        Command::Trace(arguments) => trace::run(arguments, library),
    }
}
