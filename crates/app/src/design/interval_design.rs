//! `neurocart design keyboard`, `mtpi2` and `mtpi`.

use serde_json::json;

use neurocart_report::figure::curves::render_curves_svg;
use neurocart_report::format::percent_one_decimal as percent;
use neurocart_stats::dose_finding::{DoseFindingDesign, IntervalRule, IntervalSettings};

use super::Answer;
use super::answer::fact;
use super::boundaries::{ELIMINATION, boundary_figure, boundary_json, boundary_table, of_interval};
use super::dose_finding::{Common, isotonic_table, tallies};
use super::notation::r_vector;
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Target DLT rate
    #[arg(long, default_value_t = 0.30)]
    target: f64,
    /// The target interval begins this far below the target
    #[arg(long, value_name = "WIDTH", default_value_t = 0.05)]
    below: f64,
    /// The target interval ends this far above the target
    #[arg(long, value_name = "WIDTH", default_value_t = 0.05)]
    above: f64,
    #[command(flatten)]
    common: Common,
}

pub fn answer(arguments: &Arguments, rule: IntervalRule) -> Result<Answer, Exit> {
    let settings = IntervalSettings {
        below: arguments.below,
        above: arguments.above,
        ..IntervalSettings::at_target(rule, arguments.target)
    };
    let simulation = &arguments.common.simulation;
    let boundaries = of_interval(&settings, simulation.patients)?;
    let name = match rule {
        IntervalRule::Keyboard => "Keyboard",
        IntervalRule::Mtpi2 => "mTPI-2",
        IntervalRule::Mtpi => "mTPI",
    };
    let mut answer = Answer {
        title: format!("{name} at a target DLT rate of {}", settings.target),
        facts: vec![fact(
            "target interval of the DLT rate",
            format!(
                "{} to {}",
                percent(settings.target - settings.below),
                percent(settings.target + settings.above)
            ),
        )],
        tables: vec![boundary_table(&boundaries)],
        figure: Some(render_curves_svg(&boundary_figure(
            &format!("{name} boundaries"),
            &boundaries,
        ))),
        notes: vec![ELIMINATION.to_owned()],
        r_call: r_call(arguments, rule)?,
        result: json!({
            "target": settings.target, "below": settings.below, "above": settings.above,
            "boundaries": boundary_json(&boundaries),
        }),
    };
    let design = DoseFindingDesign::Interval(settings);
    if let Some(text) = &arguments.common.data {
        let doses = tallies(text, false)?;
        arguments.common.add_data(&mut answer, &design, &doses)?;
        answer.tables.push(isotonic_table(&doses)?);
    }
    simulation.add(&mut answer, design, settings.target, &[])?;
    Ok(answer)
}

fn r_call(arguments: &Arguments, rule: IntervalRule) -> Result<String, Exit> {
    let (target, below, above) = (arguments.target, arguments.below, arguments.above);
    let simulation = &arguments.common.simulation;
    let patients = simulation.patients;
    let intervals = match rule {
        IntervalRule::Keyboard => {
            let margins = format!("marginL = {below}, marginR = {above}");
            let mut call = format!(
                "Keyboard::get.boundary.kb(target = {target}, ncohort = {patients}, cohortsize = 1, {margins})"
            );
            if let Some(text) = &arguments.common.data {
                let doses = tallies(text, false)?;
                call += &format!(
                    "\nKeyboard::select.mtd.kb(target = {target}, npts = {}, ntox = {})",
                    r_vector(doses.iter().map(|dose| dose.treated)),
                    r_vector(doses.iter().map(|dose| dose.dlt)),
                );
            }
            if !simulation.truth.is_empty() {
                call += &format!(
                    "\nKeyboard::get.oc.kb(target = {target}, p.true = {}, ncohort = {}, cohortsize = {}, {margins}, ntrial = {})",
                    r_vector(simulation.truth.iter()),
                    patients.div_ceil(simulation.cohort_size.max(1)),
                    simulation.cohort_size,
                    simulation.replicates,
                );
            }
            return Ok(call);
        }
        IntervalRule::Mtpi => format!("b <- c(0, {target} - {below}, {target} + {above}, 1)"),
        IntervalRule::Mtpi2 => format!(
            "b <- unique(round(sort(c(0, seq({target} - {below}, 0, by = -({below} + {above})), \
             seq({target} + {above}, 1, by = {below} + {above}), 1)), 12))"
        ),
    };
    Ok(format!(
        "{intervals}\n\
         decision <- function(y, n) {{\n\
         \x20 best <- which.max(diff(pbeta(b, 1 + y, 1 + n - y)) / diff(b))\n\
         \x20 c(\"E\", \"S\", \"D\")[2 + sign(best - findInterval({target}, b))]\n\
         }}\n\
         outer(0:{patients}, 1:{patients}, Vectorize(function(y, n) if (y <= n) decision(y, n) else \"\"))"
    ))
}
