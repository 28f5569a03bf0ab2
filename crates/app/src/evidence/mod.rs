//! `neurocart evidence`: the published results, looked up, checked and summarised.
//!
//! One file per command: its arguments, and what it shows.

pub mod filters;
mod list;
pub mod table;
mod trace;

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
    /// Trace a parameter: its source, what was calibrated on it, which outputs move with it.
    Trace(trace::Arguments),
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    match &arguments.command {
        Command::List(arguments) => list::run(arguments, &Evidence::of(library)?),
        Command::Trace(arguments) => trace::run(arguments, library),
    }
}
