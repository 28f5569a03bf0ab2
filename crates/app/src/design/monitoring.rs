//! `neurocart design monitoring`: stop a single arm for toxicity or for lack of a chance to succeed.

use serde_json::{Value, json};

use neurocart_report::figure::curves::{Curve, CurveFigure, Join, render_curves_svg};
use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_stats::single_arm::predictive_probability::{SuccessRule, predictive_probability};
use neurocart_stats::single_arm::sequential_binomial::{Look, sequential_characteristics};
use neurocart_stats::single_arm::toxicity_monitoring::{
    RepeatedTestBoundary, bayesian_monitoring, toxicity_boundaries,
};

use super::Answer;
use super::answer::Table;
use super::notation::{BetaPrior, Fraction};
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Stop when the event probability is likely above this.
    #[arg(long)]
    threshold: f64,
    /// Likely: the posterior probability is above this.
    #[arg(long, default_value_t = 0.9)]
    cutoff: f64,
    /// Subjects at each look.
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', required = true)]
    looks: Vec<u64>,
    /// Beta prior of the event probability.
    #[arg(long, value_name = "A,B", default_value = "1,1")]
    prior: BetaPrior,
    /// True event probabilities at which to show what the rule does.
    #[arg(
        long,
        value_name = "P,P,...",
        value_delimiter = ',',
        default_value = "0.05,0.1,0.2,0.3,0.4,0.5,0.6"
    )]
    at: Vec<f64>,
    /// Acceptable event probability: adds the boundary of repeated tests of it.
    #[arg(long, value_name = "P")]
    acceptable: Option<f64>,
    /// Probability with which repeated tests may stop at the acceptable event probability.
    #[arg(long, default_value_t = 0.1, requires = "acceptable")]
    error: f64,
    /// Responders so far: adds the predictive probability that the complete trial succeeds.
    #[arg(long, value_name = "R/N", requires_all = ["total", "p0"])]
    responders: Option<Fraction>,
    /// Subjects of the complete trial.
    #[arg(long, requires = "responders")]
    total: Option<u64>,
    /// Response probability to beat.
    #[arg(long, requires = "responders")]
    p0: Option<f64>,
    /// The complete trial succeeds if the posterior probability of beating p0 is above this.
    #[arg(long, default_value_t = 0.95, requires = "responders")]
    success_cutoff: f64,
    /// Beta prior of the response probability.
    #[arg(
        long,
        value_name = "A,B",
        default_value = "1,1",
        requires = "responders"
    )]
    response_prior: BetaPrior,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let Arguments {
        threshold,
        cutoff,
        looks,
        prior: BetaPrior(prior),
        ..
    } = arguments;
    let bounds = bayesian_monitoring(*threshold, *prior, *cutoff, looks)?;
    let repeated = match arguments.acceptable {
        Some(acceptable) => Some(toxicity_boundaries(
            acceptable,
            *threshold,
            looks,
            arguments.error,
        )?),
        None => None,
    };
    let mut head = vec!["subjects", "stop with at least"];
    if repeated.is_some() {
        head.extend(["repeated tests, conservative", "liberal"]);
    }
    let mut table = Table::new("Stopping for toxicity", &head);
    for (i, look) in bounds.iter().enumerate() {
        let mut row = vec![
            look.subjects.to_string(),
            count_or_never(look.stop_at_least),
        ];
        if let Some(found) = &repeated {
            row.push(first_to_stop(&found.conservative, i, look.subjects));
            row.push(match &found.liberal {
                Some(liberal) => first_to_stop(liberal, i, look.subjects),
                None => "never".to_owned(),
            });
        }
        table.rows.push(row);
    }
    let (characteristics, by_probability) = characteristics(arguments, &bounds)?;
    let list = |values: &[u64]| {
        let texts: Vec<String> = values.iter().map(u64::to_string).collect();
        texts.join(", ")
    };
    let mut answer = Answer {
        title: format!(
            "Stop when Pr(event probability > {threshold}) > {cutoff}, Beta({}, {}) prior",
            prior.a, prior.b
        ),
        tables: vec![table, characteristics],
        figure: Some(figure(&bounds)?),
        notes: vec![
            "The cut-off is a posterior probability and no error rate; the second table is exact."
                .to_owned(),
        ],
        r_call: format!(
            "n <- c({})\n\
             sapply(n, function(n) which(1 - pbeta({threshold}, {} + 0:n, {} + n - 0:n) > {cutoff})[1] - 1)",
            list(looks),
            prior.a,
            prior.b
        ),
        result: json!({
            "threshold": threshold, "cutoff": cutoff, "prior": [prior.a, prior.b],
            "looks": bounds.iter().map(|l| json!({ "subjects": l.subjects, "stop_at_least": l.stop_at_least })).collect::<Vec<_>>(),
            "by_probability": by_probability,
            "repeated_tests": Value::Null, "predictive": Value::Null,
        }),
        ..Answer::default()
    };
    if let (Some(found), Some(acceptable)) = (&repeated, arguments.acceptable) {
        answer.notes.push(format!(
            "Repeated tests stop with probability {} (conservative){} at {acceptable}.",
            percent(found.conservative.at_low.ever_high()),
            match &found.liberal {
                Some(liberal) => format!(" or {} (liberal)", percent(liberal.at_low.ever_high())),
                None => String::new(),
            },
        ));
        answer.r_call += &format!(
            "\nclinfun::toxbdry({acceptable}, {threshold}, n, cP0 = {}, cP1 = 0.9)  # stops when the count exceeds its boundary",
            arguments.error
        );
        answer.result["repeated_tests"] = json!({
            "acceptable": acceptable, "error": arguments.error,
            "conservative": boundary_json(&found.conservative),
            "liberal": found.liberal.as_ref().map(boundary_json),
        });
    }
    if let (Some(now), Some(total), Some(p0)) =
        (arguments.responders, arguments.total, arguments.p0)
    {
        let BetaPrior(response_prior) = arguments.response_prior;
        let rule = SuccessRule {
            subjects: total,
            p0,
            cutoff: arguments.success_cutoff,
            prior: response_prior,
        };
        predictive(&rule, now, &mut answer)?;
    }
    Ok(answer)
}

fn count_or_never(count: Option<u64>) -> String {
    count.map_or_else(|| "never".to_owned(), |count| count.to_string())
}

/// The fewest events that stop at a look.
fn first_to_stop(boundary: &RepeatedTestBoundary, look: usize, subjects: u64) -> String {
    let first = boundary.most_acceptable[look] + 1;
    count_or_never((first <= subjects).then_some(first))
}

fn boundary_json(boundary: &RepeatedTestBoundary) -> Value {
    json!({
        "nominal_level": boundary.nominal_level,
        "most_acceptable": boundary.most_acceptable,
        "stops_at_acceptable": boundary.at_low.ever_high(),
        "stops_at_threshold": boundary.at_high.ever_high(),
        "expected_subjects_at_acceptable": boundary.at_low.expected_subjects,
    })
}

fn characteristics(arguments: &Arguments, bounds: &[Look]) -> Result<(Table, Vec<Value>), Exit> {
    let mut table = Table::new(
        "What the rule does",
        &[
            "true event probability",
            "stops early",
            "stops at any look",
            "expected subjects",
        ],
    );
    let mut rows = Vec::new();
    for &p in &arguments.at {
        let found = sequential_characteristics(bounds, p)?;
        let last = found.stops_high.last().copied().unwrap_or(0.0);
        let early = (found.ever_high() - last).max(0.0);
        table.rows.push(vec![
            percent(p),
            percent(early),
            percent(found.ever_high()),
            fixed(found.expected_subjects, 1),
        ]);
        rows.push(json!({
            "p": p, "stops_by_look": found.stops_high, "stops_early": early,
            "stops": found.ever_high(), "expected_subjects": found.expected_subjects,
        }));
    }
    Ok((table, rows))
}

fn predictive(rule: &SuccessRule, now: Fraction, answer: &mut Answer) -> Result<(), Exit> {
    let found = predictive_probability(rule, now.responders, now.subjects)?;
    let mut fact = |label: String, value: String| answer.facts.push((label, value));
    fact(
        "responders so far".to_owned(),
        format!("{} of {}", now.responders, now.subjects),
    );
    fact(
        format!("Pr(p > {}) so far", rule.p0),
        fixed(found.posterior, 4),
    );
    fact(
        format!("predictive probability of success at {}", rule.subjects),
        fixed(found.predictive, 4),
    );
    fact(
        "responders needed in all".to_owned(),
        found.responders_to_win.map_or_else(
            || "no outcome succeeds".to_owned(),
            |count| count.to_string(),
        ),
    );
    let (x, n, total) = (now.responders, now.subjects, rule.subjects);
    let (a, b) = (rule.prior.a, rule.prior.b);
    answer.r_call += &format!(
        "\nx <- {x}; n <- {n}; m <- {}; j <- 0:m; a <- {a}; b <- {b}\n\
         p <- exp(lchoose(m, j) + lbeta(a + x + j, b + n - x + m - j) - lbeta(a + x, b + n - x))\n\
         sum(p[1 - pbeta({}, a + x + j, b + n + m - x - j) > {}])  # predictive probability",
        total - n,
        rule.p0,
        rule.cutoff
    );
    answer.result["predictive"] = json!({
        "responders": x, "subjects": n, "total": total, "p0": rule.p0, "success_cutoff": rule.cutoff,
        "prior": [a, b], "posterior": found.posterior, "predictive": found.predictive,
        "responders_to_win": found.responders_to_win,
    });
    Ok(())
}

fn figure(bounds: &[Look]) -> Result<String, Exit> {
    let mut points = Vec::new();
    for i in 0..=100 {
        let p = f64::from(i) / 100.0;
        points.push((p, sequential_characteristics(bounds, p)?.ever_high()));
    }
    Ok(render_curves_svg(&CurveFigure {
        title: "Probability of stopping for toxicity".to_owned(),
        x_label: "true event probability".to_owned(),
        y_label: "probability of stopping at any look".to_owned(),
        percent: true,
        curves: vec![Curve {
            name: "stops".to_owned(),
            points,
            join: Join::Line,
        }],
        reference_lines: Vec::new(),
    }))
}
