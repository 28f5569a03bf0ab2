//! `neurocart design keyboard`, `mtpi2` and `mtpi`.

use serde_json::json;

use neurocart_stats::InputError;
use neurocart_stats::dose_finding::{
    DoseFindingDesign, IntervalDecision, IntervalDecisionRow, IntervalRule, IntervalSettings,
    interval_decision_table,
};

use super::Answer;
use super::answer::Table;
use super::dose_finding::{Common, boundary_figure, isotonic_table, r_vector, refused, tallies};
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

/// The decisions after one number of patients.
pub struct Boundary {
    pub treated: u64,
    pub escalate_at_most: Option<u64>,
    pub de_escalate_at_least: Option<u64>,
    pub eliminate_at_least: Option<u64>,
}

impl Boundary {
    /// From the rows of one number of patients, DLT rising.
    fn of(rows: &[IntervalDecisionRow]) -> Boundary {
        let first = |which: fn(&IntervalDecisionRow) -> bool| {
            rows.iter().find(|row| which(row)).map(|row| row.dlt)
        };
        let escalated = rows
            .iter()
            .rev()
            .find(|row| row.decision == IntervalDecision::Escalate);
        Boundary {
            treated: rows[0].treated,
            escalate_at_most: escalated.map(|row| row.dlt),
            de_escalate_at_least: first(|row| row.decision == IntervalDecision::DeEscalate),
            eliminate_at_least: first(|row| row.eliminate),
        }
    }
}

/// The decisions after 1 to `patients` patients at a dose.
pub fn boundaries(settings: &IntervalSettings, patients: u64) -> Result<Vec<Boundary>, InputError> {
    let decisions = interval_decision_table(settings, patients)?;
    Ok(decisions
        .chunk_by(|a, b| a.treated == b.treated)
        .map(Boundary::of)
        .collect())
}

pub fn answer(arguments: &Arguments, rule: IntervalRule) -> Result<Answer, Exit> {
    let settings = IntervalSettings {
        below: arguments.below,
        above: arguments.above,
        ..IntervalSettings::at_target(rule, arguments.target)
    };
    let simulation = &arguments.common.simulation;
    let boundaries = boundaries(&settings, simulation.patients).map_err(refused)?;
    let or_dash = |count: Option<u64>| count.map_or("-".to_owned(), |count| count.to_string());
    let mut table = Table::new(
        "Boundaries by the number of patients at the dose",
        &[
            "treated",
            "escalate, DLT <=",
            "de-escalate, DLT >=",
            "eliminate, DLT >=",
        ],
    );
    for row in &boundaries {
        table.rows.push(vec![
            row.treated.to_string(),
            or_dash(row.escalate_at_most),
            or_dash(row.de_escalate_at_least),
            or_dash(row.eliminate_at_least),
        ]);
    }
    let name = match rule {
        IntervalRule::Keyboard => "Keyboard",
        IntervalRule::Mtpi2 => "mTPI-2",
        IntervalRule::Mtpi => "mTPI",
    };
    let curve = |value: fn(&Boundary) -> Option<u64>| {
        boundaries
            .iter()
            .map(|row| (row.treated, value(row)))
            .collect()
    };
    let rows = boundaries.iter().map(|row| {
        json!({
            "treated": row.treated,
            "escalate_at_most": row.escalate_at_most,
            "de_escalate_at_least": row.de_escalate_at_least,
            "eliminate_at_least": row.eliminate_at_least,
        })
    });
    let mut answer = Answer {
        title: format!("{name} at a target DLT rate of {}", settings.target),
        tables: vec![table],
        figure: Some(boundary_figure(
            &format!("{name} boundaries"),
            &[
                ("escalate at most", curve(|row| row.escalate_at_most)),
                ("de-escalate at least", curve(|row| row.de_escalate_at_least)),
                ("eliminate at least", curve(|row| row.eliminate_at_least)),
            ],
        )),
        notes: vec![
            "a dose is eliminated, with all above, when Pr(DLT rate > target) > 0.95 and at least 3 are treated"
                .to_owned(),
        ],
        r_call: r_call(arguments, rule)?,
        result: json!({
            "target": settings.target, "below": settings.below, "above": settings.above,
            "boundaries": rows.collect::<Vec<_>>(),
        }),
        ..Answer::default()
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
