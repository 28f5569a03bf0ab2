//! `neurocart design`: designs of trials without a model, answered at once.
//!
//! One file per design: its arguments, and the answer as a function of them.

mod answer;
mod proportion;

use clap::Subcommand;

use crate::exit::Exit;
use answer::{Answer, Form};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    design: Design,
}

#[derive(clap::Args)]
struct Asked<A: clap::Args> {
    #[command(flatten)]
    arguments: A,
    #[command(flatten)]
    form: Form,
}

#[derive(Subcommand)]
enum Design {
    /// Every interval of a proportion, 0 of n and n of n included.
    Proportion(Asked<proportion::Arguments>),
}

pub fn run(arguments: &Arguments) -> Result<(), Exit> {
    match &arguments.design {
        Design::Proportion(asked) => proportion::answer(&asked.arguments)?.show(&asked.form),
    }
}
