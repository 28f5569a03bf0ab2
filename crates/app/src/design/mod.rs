//! `neurocart design`: designs of trials without a model, answered at once.
//!
//! One file per design: its arguments, and the answer as a function of them.

mod answer;
mod e_value;
mod means;
mod negbin;
mod proportion;
mod proportions;
mod survival;
mod two_arms;
mod two_by_two;

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
    /// E-value: how strong unmeasured confounding would have to be to explain a ratio away.
    EValue(Asked<e_value::Arguments>),
    /// Sample size for the difference of two means, adjusted for baseline or not.
    Means(Asked<means::Arguments>),
    /// Sample size for the ratio of two annualised relapse rates (negative binomial).
    Negbin(Asked<negbin::Arguments>),
    /// Every interval of a proportion, 0 of n and n of n included.
    Proportion(Asked<proportion::Arguments>),
    /// Sample size for two response probabilities, exact beside normal.
    Proportions(Asked<proportions::Arguments>),
    /// Responders of two arms: every interval and test, one table or several strata.
    TwoByTwo(Asked<two_by_two::Arguments>),
    /// Events and subjects for comparing the time to an event between two arms.
    Survival(Asked<survival::Arguments>),
}

pub fn run(arguments: &Arguments) -> Result<(), Exit> {
    match &arguments.design {
        Design::EValue(asked) => e_value::answer(&asked.arguments)?.show(&asked.form),
        Design::Means(asked) => means::answer(&asked.arguments)?.show(&asked.form),
        Design::Negbin(asked) => negbin::answer(&asked.arguments)?.show(&asked.form),
        Design::Proportions(asked) => proportions::answer(&asked.arguments)?.show(&asked.form),
        Design::TwoByTwo(asked) => two_by_two::answer(&asked.arguments)?.show(&asked.form),
        Design::Proportion(asked) => proportion::answer(&asked.arguments)?.show(&asked.form),
        Design::Survival(asked) => survival::answer(&asked.arguments)?.show(&asked.form),
    }
}
