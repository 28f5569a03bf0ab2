//! `neurocart design`: designs of trials without a model, answered at once.
//!
//! One file per design: its arguments, and the answer as a function of them.

mod answer;
mod assurance;
mod map;
mod monitoring;
mod notation;
mod power_prior;
mod proportion;
mod simon;
mod single_stage;

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
    /// Assurance: power averaged over a prior of the effect.
    Assurance(Asked<assurance::Arguments>),
    /// Prior from historical controls (MAP), its beta mixture and robust version.
    Map(Asked<map::Arguments>),
    /// Stop a single arm for toxicity; predictive probability of success.
    Monitoring(Asked<monitoring::Arguments>),
    /// Power prior: historical data at a fixed discount.
    PowerPrior(Asked<power_prior::Arguments>),
    /// Every interval of a proportion, 0 of n and n of n included.
    Proportion(Asked<proportion::Arguments>),
    /// Simon's two-stage designs: optimal, minimax, admissible; inference after one.
    Simon(Asked<simon::Arguments>),
    /// Exact single-stage design, and the larger sizes that fail.
    SingleStage(Asked<single_stage::Arguments>),
}

pub fn run(arguments: &Arguments) -> Result<(), Exit> {
    match &arguments.design {
        Design::Assurance(asked) => assurance::answer(&asked.arguments)?.show(&asked.form),
        Design::Map(asked) => map::answer(&asked.arguments)?.show(&asked.form),
        Design::Monitoring(asked) => monitoring::answer(&asked.arguments)?.show(&asked.form),
        Design::PowerPrior(asked) => power_prior::answer(&asked.arguments)?.show(&asked.form),
        Design::Simon(asked) => simon::answer(&asked.arguments)?.show(&asked.form),
        Design::SingleStage(asked) => single_stage::answer(&asked.arguments)?.show(&asked.form),
        Design::Proportion(asked) => proportion::answer(&asked.arguments)?.show(&asked.form),
    }
}
