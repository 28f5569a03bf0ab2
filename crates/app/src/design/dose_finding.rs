//! What the dose-finding commands share: data so far, operating characteristics, their tables and
//! figures.

use serde_json::{Map, Value, json};

use neurocart_design::dose_finding_trial::{Accrual, DoseFindingTrial, TrialEnd};
use neurocart_design::operating_characteristics::{
    OperatingCharacteristics, Replication, operating_characteristics,
};
use neurocart_design::stated_truth::StatedTruth;
use neurocart_report::figure::curves::{Curve, CurveFigure, Join, render_curves_svg};
use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_stats::dose_finding::{
    DoseAction, DoseFindingDesign, DoseSelection, DoseTally, NoDoseReason, StopReason,
    isotonic_estimates,
};
use neurocart_stats::monte_carlo::MonteCarloEstimate;
use neurocart_stats::{InputError, NotEstimable};

use super::answer::{Answer, Table};
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Common {
    /// Data so far, the lowest dose first: patients/DLT per dose, for example 3/0,3/1
    #[arg(long, value_name = "N/DLT,...")]
    pub data: Option<String>,
    /// Dose of the last patients, from 1; the highest with patients where it is missing
    #[arg(long, value_name = "DOSE")]
    current: Option<usize>,
    #[command(flatten)]
    pub simulation: Simulation,
}

/// Operating characteristics under a stated truth.
#[derive(clap::Args)]
pub struct Simulation {
    /// True DLT rates, the lowest dose first: simulates the design, for example 0.05,0.15,0.3
    #[arg(long, value_name = "P,...", value_delimiter = ',')]
    pub truth: Vec<f64>,
    /// Patients treated at most
    #[arg(long, default_value_t = 30)]
    pub patients: u64,
    /// Patients in a cohort
    #[arg(long, default_value_t = 3)]
    pub cohort_size: u64,
    /// Simulated trials
    #[arg(long, default_value_t = 2000)]
    pub replicates: u32,
    /// Seed of the simulation
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// DLT window after infusion, in days
    #[arg(long, value_name = "DAYS", default_value_t = 28.0)]
    pub window_days: f64,
    /// Mean time between patients while enrolment is open, in days
    #[arg(long, value_name = "DAYS", default_value_t = 14.0)]
    accrual_days: f64,
    /// Shortest and longest time from enrolment to infusion, in days
    #[arg(
        long,
        value_name = "DAYS,DAYS",
        value_delimiter = ',',
        num_args = 1,
        default_value = "21,35"
    )]
    vein_to_vein_days: Vec<f64>,
    /// Least interval between the infusions of a cohort, in days
    #[arg(long, value_name = "DAYS", default_value_t = 0.0)]
    stagger_days: f64,
    /// Probability that a product cannot be made
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    manufacturing_failure: f64,
    /// Probability that a product reaches only the dose below the assigned one
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    dose_shortfall: f64,
}

/// An input error as the end of the command.
pub fn refused(error: InputError) -> Exit {
    NotEstimable::from(error).into()
}

/// The tallies written as `n/dlt,...`, or `n/dlt/responses,...`.
pub fn tallies(text: &str, with_responses: bool) -> Result<Vec<DoseTally>, Exit> {
    let form = if with_responses {
        "patients/DLT/responses for each dose, for example 3/0/1,3/1/2"
    } else {
        "patients/DLT for each dose, for example 3/0,3/1"
    };
    let wrong = || Exit::invalid(format!("`--data {text}` is not {form}"));
    text.split(',')
        .map(|dose| {
            let counts: Result<Vec<u64>, _> = dose.split('/').map(|n| n.trim().parse()).collect();
            match (counts.as_deref(), with_responses) {
                (Ok(&[treated, dlt]), false) => Ok(DoseTally::of(treated, dlt)),
                (Ok(&[treated, dlt, responses]), true) => Ok(DoseTally {
                    responses,
                    ..DoseTally::of(treated, dlt)
                }),
                _ => Err(wrong()),
            }
        })
        .collect()
}

impl Common {
    /// The dose of the last patients, from 0.
    fn current(&self, doses: &[DoseTally]) -> Result<usize, Exit> {
        match self.current {
            None => Ok(doses.iter().rposition(DoseTally::is_tried).unwrap_or(0)),
            Some(dose) if (1..=doses.len()).contains(&dose) => Ok(dose - 1),
            Some(dose) => Err(Exit::invalid(format!(
                "`--current {dose}` is no dose of the data; give one from 1 to {}",
                doses.len()
            ))),
        }
    }

    /// Adds the next dose and the dose that would be selected to the answer.
    pub fn add_data(
        &self,
        answer: &mut Answer,
        design: &DoseFindingDesign,
        doses: &[DoseTally],
    ) -> Result<(), Exit> {
        let current = self.current(doses)?;
        let decision = design.next_dose(doses, current).map_err(refused)?;
        let selection = design.select(doses).map_err(refused)?;
        let next = match (decision.action, decision.next) {
            (DoseAction::Stop(reason), _) => format!("stop: {}", stop_reason(reason)),
            (action, Some(next)) => {
                let verb = match action {
                    DoseAction::Escalate => "escalate to",
                    DoseAction::DeEscalate => "de-escalate to",
                    _ => "stay at",
                };
                format!("{verb} dose {}", next + 1)
            }
            (_, None) => String::new(),
        };
        let fact = |name: &str, value: String| (name.to_owned(), value);
        answer
            .facts
            .push(fact("last patients at", format!("dose {}", current + 1)));
        answer.facts.push(fact("next patients", next));
        if let Some(dose) = decision.eliminated_from {
            answer
                .facts
                .push(fact("too toxic", format!("dose {} and above", dose + 1)));
        }
        answer.facts.push(fact(
            "selected, if the trial ended now",
            selected(selection),
        ));
        let isotonic = isotonic_estimates(doses).map_err(refused)?;
        insert(
            &mut answer.result,
            "data",
            json!({
                "current_dose": current + 1,
                "action": action_name(decision.action),
                "next_dose": decision.next.map(|dose| dose + 1),
                "eliminated_from_dose": decision.eliminated_from.map(|dose| dose + 1),
                "selected_dose": selection.dose().map(|dose| dose + 1),
                "isotonic_estimates": isotonic,
            }),
        );
        Ok(())
    }
}

/// The data with their isotonic estimates.
pub fn isotonic_table(doses: &[DoseTally]) -> Result<Table, Exit> {
    let mut table = Table::new(
        "Data and isotonic estimates",
        &["dose", "treated", "DLT", "DLT rate, isotonic"],
    );
    let estimates = isotonic_estimates(doses).map_err(refused)?;
    for (dose, (tally, estimate)) in doses.iter().zip(estimates).enumerate() {
        table.rows.push(vec![
            (dose + 1).to_string(),
            tally.treated.to_string(),
            tally.dlt.to_string(),
            estimate.map_or("-".to_owned(), |p| fixed(p, 3)),
        ]);
    }
    Ok(table)
}

impl Simulation {
    /// The trial of a design under these settings.
    fn trial(&self, design: DoseFindingDesign) -> Result<DoseFindingTrial, Exit> {
        let &[shortest, longest] = self.vein_to_vein_days.as_slice() else {
            return Err(Exit::invalid(
                "`--vein-to-vein-days` needs two numbers, the shortest and the longest, for example 21,35",
            ));
        };
        let staggered_patients = if self.stagger_days > 0.0 {
            self.cohort_size
        } else {
            0
        };
        Ok(DoseFindingTrial {
            cohort_size: self.cohort_size,
            dlt_window_days: self.window_days,
            accrual: Accrual::Exponential {
                mean_days: self.accrual_days,
            },
            vein_to_vein_days: (shortest, longest),
            stagger_days: self.stagger_days,
            staggered_patients,
            ..DoseFindingTrial::new(design, self.truth.len(), self.patients)
        })
    }

    /// Simulates the design if a truth is given, and adds table, facts and figure.
    pub fn add(
        &self,
        answer: &mut Answer,
        design: DoseFindingDesign,
        target: f64,
        response_rates: &[f64],
    ) -> Result<(), Exit> {
        if self.truth.is_empty() {
            return Ok(());
        }
        let truth = StatedTruth {
            dlt_rates: self.truth.clone(),
            response_rates: response_rates.to_vec(),
            manufacturing_failure: self.manufacturing_failure,
            dose_shortfall: self.dose_shortfall,
        };
        let replication = Replication {
            replicates: self.replicates,
            seed: self.seed,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        };
        let trial = self.trial(design)?;
        let found = operating_characteristics(&trial, &[truth], target, &replication)?;
        let Some(found) = found.first() else {
            return Ok(());
        };
        self.describe(answer, found);
        insert(
            &mut answer.result,
            "operating_characteristics",
            as_json(found, self),
        );
        Ok(())
    }

    fn describe(&self, answer: &mut Answer, found: &OperatingCharacteristics) {
        let share = |p: &MonteCarloEstimate| {
            format!("{} (se {})", percent(p.estimate), percent(p.standard_error))
        };
        let mean = |x: &MonteCarloEstimate| {
            format!(
                "{} (se {})",
                fixed(x.estimate, 2),
                fixed(x.standard_error, 2)
            )
        };
        let mut table = Table::new(
            &format!(
                "{} simulated trials of at most {} patients in cohorts of {}, with Monte Carlo standard error",
                self.replicates, self.patients, self.cohort_size
            ),
            &["dose", "true DLT rate", "selected", "patients", "DLT"],
        );
        for (dose, rate) in self.truth.iter().enumerate() {
            table.rows.push(vec![
                (dose + 1).to_string(),
                percent(*rate),
                share(&found.selected[dose]),
                mean(&found.treated[dose]),
                mean(&found.dlt[dose]),
            ]);
        }
        table.rows.push(vec![
            "none".to_owned(),
            String::new(),
            share(&found.none_selected),
            mean(&found.total_treated),
            String::new(),
        ]);
        answer.tables.push(table);
        let correct = match found.correct_dose {
            Some(dose) => format!("correct selection (dose {})", dose + 1),
            None => "correct selection (no dose)".to_owned(),
        };
        let [low, median, high] = found.duration_quantiles_days;
        let mut fact = |name: &str, value| answer.facts.push((name.to_owned(), value));
        fact(&correct, share(&found.correct_selection));
        fact("overdose selected", share(&found.overdose_selection));
        fact("patients at an overdose", share(&found.overdose_allocation));
        fact(
            "duration in days",
            format!(
                "mean {}, median {}, 5 % to 95 %: {} to {}",
                mean(&found.duration_days),
                fixed(median, 0),
                fixed(low, 0),
                fixed(high, 0)
            ),
        );
        for (end, p) in &found.ends {
            fact(&format!("ended: {}", end_reason(*end)), share(p));
        }
        let points = |values: &dyn Fn(usize) -> f64| {
            let doses = 0..self.truth.len();
            doses
                .map(|dose| ((dose + 1) as f64, values(dose)))
                .collect()
        };
        let total = found.total_treated.estimate.max(f64::MIN_POSITIVE);
        answer.figure = Some(render_curves_svg(&CurveFigure {
            title: "Selection and allocation by dose".to_owned(),
            x_label: "dose".to_owned(),
            y_label: "of trials, of patients".to_owned(),
            percent: true,
            curves: vec![
                Curve {
                    name: "selected".to_owned(),
                    points: points(&|dose| found.selected[dose].estimate),
                    join: Join::Marked,
                },
                Curve {
                    name: "patients".to_owned(),
                    points: points(&|dose| found.treated[dose].estimate / total),
                    join: Join::Marked,
                },
                Curve {
                    name: "true DLT rate".to_owned(),
                    points: points(&|dose| self.truth[dose]),
                    join: Join::Marked,
                },
            ],
            reference_lines: Vec::new(),
        }));
    }
}

/// Number of DLT by the number of patients at a dose.
pub type Boundary = Vec<(u64, Option<u64>)>;

/// A figure of boundaries by the number of patients at a dose; those that do not exist are left out.
pub fn boundary_figure(title: &str, curves: &[(&str, Boundary)]) -> String {
    render_curves_svg(&CurveFigure {
        title: title.to_owned(),
        x_label: "patients at the dose".to_owned(),
        y_label: "patients with a DLT".to_owned(),
        percent: false,
        curves: curves
            .iter()
            .map(|(name, boundary)| Curve {
                name: (*name).to_owned(),
                points: boundary
                    .iter()
                    .filter_map(|&(n, y)| Some((n as f64, y? as f64)))
                    .collect(),
                join: Join::Step,
            })
            .collect(),
        reference_lines: Vec::new(),
    })
}

/// Adds a field to a JSON object.
pub fn insert(result: &mut Value, name: &str, value: Value) {
    match result {
        Value::Object(fields) => {
            fields.insert(name.to_owned(), value);
        }
        _ => *result = Value::Object(Map::from_iter([(name.to_owned(), value)])),
    }
}

/// Numbers as an R vector.
pub fn r_vector(numbers: impl Iterator<Item = impl ToString>) -> String {
    let numbers: Vec<String> = numbers.map(|n| n.to_string()).collect();
    format!("c({})", numbers.join(", "))
}

fn estimate_json(x: &MonteCarloEstimate) -> Value {
    json!({ "estimate": x.estimate, "standard_error": x.standard_error })
}

fn as_json(found: &OperatingCharacteristics, simulation: &Simulation) -> Value {
    let all = |values: &[MonteCarloEstimate]| values.iter().map(estimate_json).collect::<Value>();
    let ends = found.ends.iter();
    json!({
        "truth": simulation.truth,
        "replicates": simulation.replicates,
        "seed": simulation.seed,
        "correct_dose": found.correct_dose.map(|dose| dose + 1),
        "selected": all(&found.selected),
        "none_selected": estimate_json(&found.none_selected),
        "correct_selection": estimate_json(&found.correct_selection),
        "overdose_selection": estimate_json(&found.overdose_selection),
        "overdose_allocation": estimate_json(&found.overdose_allocation),
        "treated": all(&found.treated),
        "dlt": all(&found.dlt),
        "total_treated": estimate_json(&found.total_treated),
        "total_enrolled": estimate_json(&found.total_enrolled),
        "duration_days": estimate_json(&found.duration_days),
        "duration_quantiles_days": found.duration_quantiles_days,
        "ends": ends
            .map(|(end, p)| json!({ "reason": end_reason(*end), "proportion": estimate_json(p) }))
            .collect::<Value>(),
    })
}

fn stop_reason(reason: StopReason) -> &'static str {
    match reason {
        StopReason::LowestDoseTooToxic => "the lowest dose is too toxic",
        StopReason::DoseFound => "the dose is found",
        StopReason::NoAdmissibleDose => "no dose is admissible",
    }
}

fn end_reason(end: TrialEnd) -> &'static str {
    match end {
        TrialEnd::Design(reason) => stop_reason(reason),
        TrialEnd::MaximumTreated => "all patients treated",
        TrialEnd::EnoughAtOneDose => "enough patients at one dose",
        TrialEnd::MaximumEnrolled => "too many products not made",
    }
}

fn action_name(action: DoseAction) -> &'static str {
    match action {
        DoseAction::Stay => "stay",
        DoseAction::Escalate => "escalate",
        DoseAction::DeEscalate => "de_escalate",
        DoseAction::Stop(_) => "stop",
    }
}

fn selected(selection: DoseSelection) -> String {
    match selection {
        DoseSelection::Dose(dose) => format!("dose {}", dose + 1),
        DoseSelection::NoDose(reason) => {
            let reason = match reason {
                NoDoseReason::NobodyTreated => "nobody has a known outcome",
                NoDoseReason::AllTooToxic => "the lowest dose is too toxic",
                NoDoseReason::NoneConfirmed => "no dose has passed",
                NoDoseReason::NoneEffective => "no tolerable dose works",
            };
            format!("none: {reason}")
        }
    }
}
