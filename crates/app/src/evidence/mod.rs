//! `neurocart evidence`: the published results, looked up, checked and summarised.
//!
//! One file per command: its arguments, and what it shows.

pub mod filters;
mod gaps;
mod list;
mod registry;
mod search;
mod show;
mod swimmer;
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
    /// Show everything about one study, its citation first.
    Show(show::Arguments),
    /// Search studies, registered trials and the physiology table for words.
    Search(search::Arguments),
    /// Show what is published by disease, target and question, and what is missing.
    Gaps(gaps::Arguments),
    /// List registered trials with totals.
    Registry(registry::Arguments),
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    match &arguments.command {
        Command::List(arguments) => list::run(arguments, &Evidence::of(library)?),
        Command::Show(arguments) => show::run(arguments, &Evidence::of(library)?),
        Command::Search(arguments) => search::run(arguments, library),
        Command::Gaps(arguments) => gaps::run(arguments, library),
        Command::Registry(arguments) => registry::run(arguments, &Evidence::of(library)?),
    }
}
