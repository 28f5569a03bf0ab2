//! `neurocart design survival`: events and subjects for a comparison of two arms by the log-rank test.

use serde_json::json;

use neurocart_report::figure::ReferenceLine;
use neurocart_report::figure::curves::{Curve, CurveFigure, Join, render_curves_svg};
use neurocart_report::format::{fixed, percent_one_decimal as percent, significant};
use neurocart_stats::InputError;
use neurocart_stats::events_sample_size::{
    EventsDesign, EventsFormula, SurvivalDesign, expected_events, hazard_from_median,
    hazard_from_survival, power_of_events, survival_sample_size,
};

use super::Answer;
use super::answer::Table;
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Hazard of the event on control, per unit of time.
    #[arg(long, conflicts_with_all = ["control_median", "control_survival"])]
    control_hazard: Option<f64>,
    /// Median time to the event on control, instead of its hazard.
    #[arg(long, conflicts_with = "control_survival")]
    control_median: Option<f64>,
    /// Share free of the event on control at `--milestone`, instead of its hazard.
    #[arg(long, requires = "milestone")]
    control_survival: Option<f64>,
    /// Hazard on treatment over hazard on control.
    #[arg(long, conflicts_with_all = ["treatment_median", "treatment_survival"])]
    hazard_ratio: Option<f64>,
    /// Median time to the event on treatment, instead of the hazard ratio.
    #[arg(long, conflicts_with = "treatment_survival")]
    treatment_median: Option<f64>,
    /// Share free of the event on treatment at `--milestone`, instead of the hazard ratio.
    #[arg(long, requires = "milestone")]
    treatment_survival: Option<f64>,
    /// Time at which the two shares hold.
    #[arg(long)]
    milestone: Option<f64>,
    /// One-sided significance level.
    #[arg(long, default_value_t = 0.025)]
    alpha: f64,
    /// Power.
    #[arg(long, default_value_t = 0.9)]
    power: f64,
    /// Subjects on treatment per subject on control.
    #[arg(long, default_value_t = 1.0)]
    allocation: f64,
    /// Formula for the number of events.
    #[arg(long, value_enum, default_value_t = Formula::Schoenfeld)]
    formula: Formula,
    /// Time over which subjects enter, uniformly.
    #[arg(long)]
    accrual: f64,
    /// Time from the last entry to the analysis.
    #[arg(long)]
    follow_up: f64,
    /// Share that drops out within `--dropout-time` if nothing else happens.
    #[arg(long, default_value_t = 0.0)]
    dropout: f64,
    /// Time within which that share drops out.
    #[arg(long, default_value_t = 12.0)]
    dropout_time: f64,
    /// Unit of all times, for the text alone.
    #[arg(long, default_value = "months")]
    unit: String,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Formula {
    Schoenfeld,
    Freedman,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let control_hazard = hazard(
        "control",
        arguments.control_hazard,
        arguments.control_median,
        arguments.control_survival,
        arguments.milestone,
    )?;
    let hazard_ratio = match arguments.hazard_ratio {
        Some(ratio) => ratio,
        None => {
            let (median, survival) = (arguments.treatment_median, arguments.treatment_survival);
            hazard("treatment", None, median, survival, arguments.milestone)? / control_hazard
        }
    };
    if !(0.0..1.0).contains(&arguments.dropout) {
        return Err(Exit::invalid(format!(
            "`--dropout` is {}; it must be a share from 0 to below 1, for example 0.05",
            arguments.dropout
        )));
    }
    let dropout_hazard = match arguments.dropout {
        0.0 => 0.0,
        share => hazard_from_survival(1.0 - share, arguments.dropout_time).map_err(|_| {
            Exit::invalid(format!(
                "`--dropout-time` is {}; it must be above zero, for example 12",
                arguments.dropout_time
            ))
        })?,
    };
    let design = SurvivalDesign {
        events: EventsDesign {
            hazard_ratio,
            alpha_one_sided: arguments.alpha,
            power: arguments.power,
            allocation: arguments.allocation,
            formula: match arguments.formula {
                Formula::Schoenfeld => EventsFormula::Schoenfeld,
                Formula::Freedman => EventsFormula::Freedman,
            },
        },
        control_hazard,
        dropout_hazard: [dropout_hazard; 2],
        accrual: arguments.accrual,
        follow_up: arguments.follow_up,
    };
    let size = survival_sample_size(&design).map_err(invalid)?;
    let unit = &arguments.unit;
    let [control, treatment] = size.subjects_per_arm;
    let events = whole(size.events);

    let mut by_time = Table::new(
        &format!(
            "Events expected by time from the first entry, {} subjects",
            control + treatment
        ),
        &[
            unit,
            "entered",
            "control",
            "treatment",
            "both",
            "power then",
        ],
    );
    let subjects = (control + treatment) as f64;
    let mut rows = Vec::new();
    for step in 1..=8 {
        let time = size.study_duration * f64::from(step) / 8.0;
        let expected = expected_events(&design, subjects, time).map_err(invalid)?;
        let both = expected[0] + expected[1];
        let power = power_of_events(&design.events, both).map_err(invalid)?;
        let entered = subjects * (time / arguments.accrual).min(1.0);
        by_time.rows.push(vec![
            significant(time),
            fixed(entered, 0),
            fixed(expected[0], 1),
            fixed(expected[1], 1),
            fixed(both, 1),
            percent(power),
        ]);
        rows.push(json!({
            "time": time, "entered": entered, "control": expected[0], "treatment": expected[1],
            "power": power,
        }));
    }
    let mut by_ratio = Table::new(
        "Other truths with this number of events, and what they would need",
        &["hazard ratio", "power", "events needed", "subjects needed"],
    );
    let root = hazard_ratio.sqrt();
    let powers = [
        root,
        root * root.sqrt(),
        hazard_ratio,
        hazard_ratio * root.sqrt(),
        hazard_ratio * root,
    ];
    for ratio in powers {
        let mut other = design;
        other.events.hazard_ratio = ratio;
        // Too near to one, or too far from it: no row.
        let (Ok(needed), Ok(power)) = (
            survival_sample_size(&other),
            power_of_events(&other.events, events as f64),
        ) else {
            continue;
        };
        by_ratio.rows.push(vec![
            fixed(ratio, 3),
            percent(power),
            whole(needed.events).to_string(),
            needed.subjects_per_arm.iter().sum::<u64>().to_string(),
        ]);
    }

    Ok(Answer {
        title: format!(
            "Log-rank test of two arms: hazard ratio {}, {} power, one-sided {}",
            significant(hazard_ratio),
            percent(arguments.power),
            percent(arguments.alpha)
        ),
        facts: vec![
            fact("events", format!("{events} ({})", fixed(size.events, 2))),
            fact(
                "subjects",
                format!(
                    "{} ({control} control, {treatment} treatment)",
                    control + treatment
                ),
            ),
            fact("before rounding", fixed(size.subjects, 2)),
            fact(
                "hazard on control",
                format!("{} per unit of {unit}", significant(control_hazard)),
            ),
            fact(
                "median",
                format!(
                    "{} control, {} treatment, {unit}",
                    significant(std::f64::consts::LN_2 / control_hazard),
                    significant(std::f64::consts::LN_2 / (control_hazard * hazard_ratio))
                ),
            ),
            fact(
                "share with an event",
                format!(
                    "{} control, {} treatment",
                    percent(size.event_probability[0]),
                    percent(size.event_probability[1])
                ),
            ),
            fact(
                "entry",
                format!("{} per unit of {unit}", fixed(size.accrual_rate, 2)),
            ),
            fact(
                "duration",
                format!("{} {unit}", significant(size.study_duration)),
            ),
        ],
        tables: vec![by_time, by_ratio],
        figure: Some(figure(&design, subjects, size.events, unit).map_err(invalid)?),
        notes: vec![
            "both formulas assume proportional hazards; where benefit comes late or harm early, \
             simulate the trial and consider restricted mean or milestone survival"
                .to_owned(),
        ],
        r_call: r_call(arguments, &design),
        result: json!({
            "events": size.events, "subjects": size.subjects, "subjects_control": control,
            "subjects_treatment": treatment, "hazard_ratio": hazard_ratio,
            "control_hazard": control_hazard, "dropout_hazard": dropout_hazard,
            "event_probability_control": size.event_probability[0],
            "event_probability_treatment": size.event_probability[1],
            "accrual_rate": size.accrual_rate, "study_duration": size.study_duration,
            "alpha_one_sided": arguments.alpha, "power": arguments.power,
            "allocation": arguments.allocation, "expected_events": rows,
        }),
    })
}

/// The constant hazard of one arm from whichever of its three descriptions was given.
fn hazard(
    arm: &str,
    hazard: Option<f64>,
    median: Option<f64>,
    survival: Option<f64>,
    milestone: Option<f64>,
) -> Result<f64, Exit> {
    match (hazard, median, survival.zip(milestone)) {
        (Some(hazard), _, _) => Ok(hazard),
        (_, Some(median), _) => hazard_from_median(median).map_err(|e| invalid_of(arm, e)),
        (_, _, Some((survival, at))) => {
            hazard_from_survival(survival, at).map_err(|e| invalid_of(arm, e))
        }
        _ => Err(Exit::invalid(match arm {
            "control" => {
                "how often does the event happen on control? Give `--control-hazard`, \
                 `--control-median`, or `--control-survival` with `--milestone`"
            }
            _ => {
                "what does the treatment do? Give `--hazard-ratio`, `--treatment-median`, or \
                 `--treatment-survival` with `--milestone`"
            }
        })),
    }
}

/// Expected events over calendar time.
fn figure(
    design: &SurvivalDesign,
    subjects: f64,
    required: f64,
    unit: &str,
) -> Result<String, InputError> {
    let end = 1.25 * (design.accrual + design.follow_up);
    let (mut control, mut treatment, mut both) = (Vec::new(), Vec::new(), Vec::new());
    for step in 0..=100 {
        let time = end * f64::from(step) / 100.0;
        let [a, b] = expected_events(design, subjects, time)?;
        control.push((time, a));
        treatment.push((time, b));
        both.push((time, a + b));
    }
    let curve = |name: &str, points| Curve {
        name: name.to_owned(),
        points,
        join: Join::Line,
    };
    Ok(render_curves_svg(&CurveFigure {
        title: format!("Events expected with {subjects} subjects"),
        x_label: format!("Time from the first entry, {unit}"),
        y_label: "Events".to_owned(),
        curves: vec![
            curve("both", both),
            curve("control", control),
            curve("treatment", treatment),
        ],
        reference_lines: vec![ReferenceLine {
            value: required,
            label: "needed".to_owned(),
        }],
        ..CurveFigure::default()
    }))
}

fn r_call(arguments: &Arguments, design: &SurvivalDesign) -> String {
    let formula = match arguments.formula {
        Formula::Schoenfeld => "Schoenfeld",
        Formula::Freedman => "Freedman",
    };
    let SurvivalDesign {
        control_hazard,
        accrual,
        follow_up,
        ..
    } = design;
    format!(
        "library(rpact)\n\
         getSampleSizeSurvival(alpha = {}, beta = {}, sided = 1, typeOfComputation = \"{formula}\",\n    \
         lambda2 = {control_hazard}, hazardRatio = {}, allocationRatioPlanned = {},\n    \
         accrualTime = c(0, {accrual}), followUpTime = {follow_up},\n    \
         dropoutRate1 = {}, dropoutRate2 = {}, dropoutTime = {})",
        arguments.alpha,
        significant_complement(arguments.power),
        design.events.hazard_ratio,
        arguments.allocation,
        arguments.dropout,
        arguments.dropout,
        arguments.dropout_time,
    )
}

/// One minus the power without the last digits of the subtraction.
fn significant_complement(power: f64) -> f64 {
    ((1.0 - power) * 1e12).round() / 1e12
}

/// Rounded up, but not for the last digits of a computation.
fn whole(events: f64) -> u64 {
    (events * (1.0 - 1e-12)).ceil() as u64
}

fn fact(label: &str, value: String) -> (String, String) {
    (label.to_owned(), value)
}

fn invalid(error: InputError) -> Exit {
    invalid_of("control", error)
}

/// The error with the name of the option that the user gave.
fn invalid_of(arm: &str, error: InputError) -> Exit {
    let InputError::Range {
        name,
        value,
        expected,
    } = error
    else {
        return Exit::invalid(error.to_string());
    };
    let option = match name {
        "alpha_one_sided" => "alpha".to_owned(),
        "dropout_hazard" => "dropout".to_owned(),
        "median" | "survival" => format!("{arm}-{name}"),
        "time" => "milestone".to_owned(),
        other => other.replace('_', "-"),
    };
    Exit::invalid(format!("`--{option}` is {value}; it must be {expected}"))
}
