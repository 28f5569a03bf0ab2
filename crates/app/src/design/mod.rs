//! `neurocart design`: designs of trials without a model, answered at once.
//!
//! One file per design: its arguments, and the answer as a function of them.

mod answer;
mod assurance;
mod boin;
mod boin12;
pub mod boundaries;
mod conditional_power;
mod crm;
mod dose_finding;
mod e_value;
mod gsd;
mod gsd_result;
mod interval_design;
mod map;
mod means;
mod monitoring;
mod negbin;
mod notation;
mod power_prior;
mod proportion;
mod proportions;
mod refusal;
mod repeated_measures;
mod simon;
mod single_stage;
mod survival;
mod three_plus_three;
mod two_arms;
mod two_by_two;

use clap::Subcommand;
use neurocart_stats::dose_finding::IntervalRule;

use crate::exit::Exit;
use answer::{Answer, Form};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    design: Design,
}

#[derive(clap::Args)]
#[command(mut_args = with_any_value)]
struct Asked<A: clap::Args> {
    #[command(flatten)]
    arguments: A,
    #[command(flatten)]
    form: Form,
}

#[derive(Subcommand)]
enum Design {
    /// 3+3 in two variants, with exact operating characteristics.
    ThreePlusThree(Asked<three_plus_three::Arguments>),
    /// BOIN: boundaries, next dose, MTD, operating characteristics.
    Boin(Asked<boin::Arguments>),
    /// Keyboard: boundaries, next dose, MTD, operating characteristics.
    Keyboard(Asked<interval_design::Arguments>),
    /// mTPI: boundaries, next dose, MTD, operating characteristics.
    Mtpi(Asked<interval_design::Arguments>),
    /// mTPI-2: boundaries, next dose, MTD, operating characteristics.
    Mtpi2(Asked<interval_design::Arguments>),
    /// Continual reassessment method: skeleton, fit, next dose, operating characteristics.
    Crm(Asked<crm::Arguments>),
    /// TITE-CRM: the CRM with patients who are still in the DLT window.
    TiteCrm(Asked<crm::TiteArguments>),
    /// BOIN12: the optimal biological dose by utility, with its desirability table.
    Boin12(Asked<boin12::Arguments>),
    /// Simon's two-stage designs: optimal, minimax, admissible; inference after one.
    Simon(Asked<simon::Arguments>),
    /// Exact single-stage design, and the larger sizes that fail.
    SingleStage(Asked<single_stage::Arguments>),
    /// Stop a single arm for toxicity; predictive probability of success.
    Monitoring(Asked<monitoring::Arguments>),
    /// Every interval of a proportion, 0 of n and n of n included.
    Proportion(Asked<proportion::Arguments>),
    /// Responders of two arms: every interval and test, one table or several strata.
    TwoByTwo(Asked<two_by_two::Arguments>),
    /// Sample size for two response probabilities, exact beside normal.
    Proportions(Asked<proportions::Arguments>),
    /// Sample size for the difference of two means, adjusted for baseline or not.
    Means(Asked<means::Arguments>),
    /// Subjects or power of a mixed model for repeated measures with dropout.
    RepeatedMeasures(Asked<repeated_measures::Arguments>),
    /// Sample size for the ratio of two annualised relapse rates (negative binomial).
    Negbin(Asked<negbin::Arguments>),
    /// Events and subjects for comparing the time to an event between two arms.
    Survival(Asked<survival::Arguments>),
    /// Group sequential design: boundaries, error spent, futility, expected size.
    Gsd(Box<Asked<gsd::Arguments>>),
    /// Chance of success at an interim look: conditional and predictive power.
    ConditionalPower(Asked<conditional_power::Arguments>),
    /// Assurance: power averaged over a prior of the effect.
    Assurance(Asked<assurance::Arguments>),
    /// Prior from historical controls (MAP), its beta mixture and robust version.
    Map(Asked<map::Arguments>),
    /// Power prior: historical data at a fixed discount.
    PowerPrior(Asked<power_prior::Arguments>),
    /// E-value: how strong unmeasured confounding would have to be to explain a ratio away.
    EValue(Asked<e_value::Arguments>),
}

/// `--alpha -1` is an alpha of -1 and not an unknown option.
fn with_any_value(argument: clap::Arg) -> clap::Arg {
    let takes_value = argument.get_action().takes_values() && !argument.is_positional();
    argument.allow_hyphen_values(takes_value)
}

pub fn run(arguments: &Arguments) -> Result<(), Exit> {
    match &arguments.design {
        Design::ThreePlusThree(asked) => {
            three_plus_three::answer(&asked.arguments)?.show(&asked.form)
        }
        Design::Boin(asked) => boin::answer(&asked.arguments)?.show(&asked.form),
        Design::Keyboard(asked) => {
            interval_design::answer(&asked.arguments, IntervalRule::Keyboard)?.show(&asked.form)
        }
        Design::Mtpi(asked) => {
            interval_design::answer(&asked.arguments, IntervalRule::Mtpi)?.show(&asked.form)
        }
        Design::Mtpi2(asked) => {
            interval_design::answer(&asked.arguments, IntervalRule::Mtpi2)?.show(&asked.form)
        }
        Design::Crm(asked) => crm::answer(&asked.arguments)?.show(&asked.form),
        Design::TiteCrm(asked) => crm::answer_tite(&asked.arguments)?.show(&asked.form),
        Design::Boin12(asked) => boin12::answer(&asked.arguments)?.show(&asked.form),
        Design::Simon(asked) => simon::answer(&asked.arguments)?.show(&asked.form),
        Design::SingleStage(asked) => single_stage::answer(&asked.arguments)?.show(&asked.form),
        Design::Monitoring(asked) => monitoring::answer(&asked.arguments)?.show(&asked.form),
        Design::Proportion(asked) => proportion::answer(&asked.arguments)?.show(&asked.form),
        Design::TwoByTwo(asked) => two_by_two::answer(&asked.arguments)?.show(&asked.form),
        Design::Proportions(asked) => proportions::answer(&asked.arguments)?.show(&asked.form),
        Design::Means(asked) => means::answer(&asked.arguments)?.show(&asked.form),
        Design::RepeatedMeasures(asked) => {
            repeated_measures::answer(&asked.arguments)?.show(&asked.form)
        }
        Design::Negbin(asked) => negbin::answer(&asked.arguments)?.show(&asked.form),
        Design::Survival(asked) => survival::answer(&asked.arguments)?.show(&asked.form),
        Design::Gsd(asked) => gsd::answer(&asked.arguments)?.show(&asked.form),
        Design::ConditionalPower(asked) => {
            conditional_power::answer(&asked.arguments)?.show(&asked.form)
        }
        Design::Assurance(asked) => assurance::answer(&asked.arguments)?.show(&asked.form),
        Design::Map(asked) => map::answer(&asked.arguments)?.show(&asked.form),
        Design::PowerPrior(asked) => power_prior::answer(&asked.arguments)?.show(&asked.form),
        Design::EValue(asked) => e_value::answer(&asked.arguments)?.show(&asked.form),
    }
}
