//! `neurocart evidence`: the published results, looked up, checked and summarised.
//!
//! One file per command: its arguments, and what it shows.

mod answer;
mod document;
pub mod filters;
mod import;
mod forest;
mod list;
mod pool;
pub mod table;
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
    /// Make drafts of study files from records of ClinicalTrials.gov (JSON) and PubMed (XML).
    Import(import::Arguments),
    /// Pool one outcome over studies: forest plot, prediction interval, certainty.
    Pool(pool::Arguments),
    /// Answer the questions of the review, one or all, and write them as a document.
    Answer(answer::Arguments),
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    match &arguments.command {
        Command::List(arguments) => list::run(arguments, &Evidence::of(library)?),
        Command::Import(arguments) => import::run(arguments, &Evidence::of(library)?),
        Command::Pool(arguments) => pool::run(arguments, &Evidence::of(library)?),
        Command::Answer(arguments) => answer::run(arguments, library),
    }
}
