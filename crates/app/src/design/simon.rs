//! `neurocart design simon`: two-stage designs of a single arm, and inference after one.

use clap::ValueEnum;
use serde_json::{Value, json};

use neurocart_report::figure::ReferenceLine;
use neurocart_report::figure::curves::{Curve, CurveFigure, Join, render_curves_svg};
use neurocart_report::format::{fixed, percent as whole_percent, percent_one_decimal as percent};
use neurocart_stats::single_arm::simon::{
    AdmissibleDesign, SimonDesign, SimonRequirement, simon_characteristics, simon_designs,
};
use neurocart_stats::single_arm::simon_inference::{
    SimonInterval, SimonOutcome, critical_value_at_actual_size, simon_inference,
};

use super::Answer;
use super::answer::Table;
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Response probability of no interest.
    #[arg(long)]
    p0: f64,
    /// Response probability worth finding.
    #[arg(long)]
    p1: f64,
    /// Largest one-sided type I error.
    #[arg(long, default_value_t = 0.05)]
    alpha: f64,
    /// Largest type II error; power is 1 - beta.
    #[arg(long, default_value_t = 0.2)]
    beta: f64,
    /// Responders seen in the whole trial: adds estimate, p value and interval after it.
    #[arg(long, value_name = "RESPONDERS")]
    observed: Option<u64>,
    /// Subjects in the whole trial; as planned where it is missing.
    #[arg(long, requires = "observed")]
    subjects: Option<u64>,
    /// The design that was used.
    #[arg(long, value_enum, default_value_t = Which::Optimal, requires = "observed")]
    design: Which,
    /// Confidence level of the interval after the trial.
    #[arg(long, default_value_t = 0.9, requires = "observed")]
    level: f64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    /// Least expected number of subjects at p0.
    Optimal,
    /// Least maximum number of subjects.
    Minimax,
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Which::Optimal => "optimal",
            Which::Minimax => "minimax",
        }
    }
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let &Arguments {
        p0,
        p1,
        alpha,
        beta,
        ..
    } = arguments;
    let designs = simon_designs(&SimonRequirement {
        p0,
        p1,
        alpha,
        beta,
    })?;
    let mut table = Table::new(
        "",
        &[
            "design",
            "r1/n1",
            "r/n",
            "EN(p0)",
            "PET(p0)",
            "PET(p1)",
            "alpha",
            "power",
            "best for weight on n",
        ],
    );
    let mut rows = Vec::new();
    for admissible in &designs.admissible {
        let design = &admissible.design;
        let name = if *design == designs.optimal {
            "optimal"
        } else if *design == designs.minimax {
            "minimax"
        } else {
            "admissible"
        };
        let (at_p0, at_p1) = (
            simon_characteristics(design, p0)?,
            simon_characteristics(design, p1)?,
        );
        table.rows.push(vec![
            name.to_owned(),
            format!("{}/{}", design.r1, design.n1),
            format!("{}/{}", design.r, design.n),
            fixed(at_p0.expected_subjects, 2),
            percent(at_p0.early_termination),
            percent(at_p1.early_termination),
            fixed(at_p0.rejection, 4),
            fixed(at_p1.rejection, 4),
            weights(admissible),
        ]);
        rows.push(json!({
            "design": name, "r1": design.r1, "n1": design.n1, "r": design.r, "n": design.n,
            "expected_subjects_p0": at_p0.expected_subjects,
            "expected_subjects_p1": at_p1.expected_subjects,
            "early_termination_p0": at_p0.early_termination,
            "early_termination_p1": at_p1.early_termination,
            "alpha": at_p0.rejection, "power": at_p1.rejection,
            "weight_from": admissible.weight_from, "weight_to": admissible.weight_to,
        }));
    }
    let mut answer = Answer {
        title: format!(
            "Simon two-stage designs, p0 {p0}, p1 {p1}, alpha {alpha}, power {}",
            fixed(1.0 - beta, 2)
        ),
        tables: vec![table],
        figure: Some(figure(
            &[("optimal", designs.optimal), ("minimax", designs.minimax)],
            alpha,
            beta,
        )?),
        notes: vec![
            "Stop after n1 subjects with r1 responders or fewer; promising with more than r of n."
                .to_owned(),
            "Error rates are exact and hold only if both stages end with n1 and n subjects."
                .to_owned(),
        ],
        r_call: format!(
            "library(clinfun)\n\
             s <- ph2simon({p0}, {p1}, {alpha}, {beta}, nmax = {})\n\
             twostage.admissible(s)",
            (designs.optimal.n + 20).max(100)
        ),
        result: json!({
            "p0": p0, "p1": p1, "alpha": alpha, "beta": beta, "designs": rows, "after_the_trial": Value::Null,
        }),
        ..Answer::default()
    };
    if let Some(responders) = arguments.observed {
        let design = match arguments.design {
            Which::Optimal => designs.optimal,
            Which::Minimax => designs.minimax,
        };
        after_the_trial(arguments, &design, responders, &mut answer)?;
    }
    Ok(answer)
}

fn weights(design: &AdmissibleDesign) -> String {
    format!(
        "{}-{}",
        fixed(design.weight_from, 3),
        fixed(design.weight_to, 3)
    )
}

/// Adds what can be said after `responders` in a trial of `design`.
fn after_the_trial(
    arguments: &Arguments,
    design: &SimonDesign,
    responders: u64,
    answer: &mut Answer,
) -> Result<(), Exit> {
    let &Arguments {
        p0, alpha, level, ..
    } = arguments;
    let planned = if design.continues(responders) {
        design.n
    } else {
        design.n1
    };
    let subjects = arguments.subjects.unwrap_or(planned);
    let outcome = SimonOutcome {
        r1: design.r1,
        n1: design.n1,
        subjects,
        responders,
    };
    let found = simon_inference(&outcome, p0, SimonInterval::Exact, level)?;
    let interval = format!(
        "{} to {}",
        percent(found.interval.lower),
        percent(found.interval.upper)
    );
    // Of a second stage of the size it really had.
    let critical = if subjects > design.n1 {
        critical_value_at_actual_size(design.r1, design.n1, subjects, p0, alpha)?
    } else {
        None
    };
    let decision = match critical {
        _ if subjects == design.n1 => "stopped after the first stage: not promising".to_owned(),
        Some(r) if responders > r => format!("promising: more than {r} responders"),
        Some(r) => format!("not promising: {r} responders or fewer"),
        None => "not promising: no outcome holds alpha at this size".to_owned(),
    };
    let mut fact = |label: &str, value: String| answer.facts.push((label.to_owned(), value));
    fact(
        "after the trial",
        format!(
            "{responders} of {subjects}, {} design",
            arguments.design.name()
        ),
    );
    fact("decision", decision.clone());
    fact("unbiased estimate", percent(found.umvue));
    fact(
        "responders / subjects",
        format!("{}, biased", percent(found.naive)),
    );
    fact(&format!("{} interval", whole_percent(level)), interval);
    fact(
        &format!("one-sided p against {p0}"),
        fixed(found.p_value, 4),
    );
    if subjects != planned {
        answer.notes.push(format!(
            "The second stage has {subjects} subjects in place of {planned}; all of this is conditional on that number."
        ));
    }
    answer.r_call += &format!(
        "\ntwostage.inference({responders}, r1 = {}, n1 = {}, n = {}, pu = {p0}, alpha = (1 - {level}) / 2)",
        design.r1,
        design.n1,
        subjects.max(design.n1 + 1),
    );
    answer.notes.push(
        "R's twostage.inference takes its upper limit where the p value is 1 - alpha, which leaves out the outcome \
         itself; ours counts it, is higher and covers with at least its level."
            .to_owned(),
    );
    answer.result["after_the_trial"] = json!({
        "design": arguments.design.name(), "responders": responders, "subjects": subjects,
        "decision": decision, "critical_value": critical,
        "umvue": found.umvue, "naive": found.naive, "p_value": found.p_value,
        "confidence_level": level, "lower": found.interval.lower, "upper": found.interval.upper,
    });
    Ok(())
}

/// Probability of calling the treatment promising over the true response probability.
fn figure(designs: &[(&str, SimonDesign)], alpha: f64, beta: f64) -> Result<String, Exit> {
    let mut curves = Vec::new();
    for (name, design) in designs {
        let mut points = Vec::new();
        for i in 0..=100 {
            let p = f64::from(i) / 100.0;
            points.push((p, simon_characteristics(design, p)?.rejection));
        }
        curves.push(Curve {
            name: format!(
                "{name} {}/{}, {}/{}",
                design.r1, design.n1, design.r, design.n
            ),
            points,
            join: Join::Line,
        });
    }
    if curves[0].points == curves[1].points {
        curves.truncate(1);
    }
    let line = |value, label: &str| ReferenceLine {
        value,
        label: label.to_owned(),
    };
    Ok(render_curves_svg(&CurveFigure {
        title: "Probability of calling the treatment promising".to_owned(),
        x_label: "true response probability".to_owned(),
        y_label: "probability of calling it promising".to_owned(),
        percent: true,
        curves,
        reference_lines: vec![line(alpha, "alpha"), line(1.0 - beta, "power")],
    }))
}
