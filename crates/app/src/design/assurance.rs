//! `neurocart design assurance`: the probability of success, power averaged over what is believed.

use clap::ValueEnum;
use serde_json::{Value, json};

use neurocart_report::figure::ReferenceLine;
use neurocart_report::figure::curves::{Curve, CurveFigure, Join, render_curves_svg};
use neurocart_report::format::{fixed, percent_one_decimal as percent, significant};
use neurocart_stats::bayes::assurance::{
    Assurance, assurance_fisher, assurance_normal, assurance_single_arm,
};
use neurocart_stats::bayes::beta_mixture::{Beta, BetaMixture};
use neurocart_stats::distribution::binomial_quantile;

use super::Answer;
use super::notation::BetaPrior;
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// What is measured.
    #[arg(value_enum)]
    endpoint: Endpoint,
    /// mean: expected difference of means, positive is good.
    #[arg(
        long,
        required_if_eq("endpoint", "mean"),
        allow_negative_numbers = true
    )]
    prior_mean: Option<f64>,
    /// hazard-ratio: expected hazard ratio, below 1 is good.
    #[arg(long, required_if_eq("endpoint", "hazard-ratio"))]
    prior_hazard_ratio: Option<f64>,
    /// mean, hazard-ratio: standard deviation of the normal prior; of the log hazard ratio.
    #[arg(long, required_if_eq_any([("endpoint", "mean"), ("endpoint", "hazard-ratio")]))]
    prior_sd: Option<f64>,
    /// mean: standard deviation of the outcome.
    #[arg(long, required_if_eq("endpoint", "mean"))]
    sd: Option<f64>,
    /// hazard-ratio: events in both arms, of equal size.
    #[arg(long, required_if_eq("endpoint", "hazard-ratio"))]
    events: Option<u64>,
    /// mean, responders, single-arm: subjects on treatment.
    #[arg(long, required_if_eq_any([("endpoint", "mean"), ("endpoint", "responders"), ("endpoint", "single-arm")]))]
    treated: Option<u64>,
    /// mean, responders: subjects on control.
    #[arg(long, required_if_eq_any([("endpoint", "mean"), ("endpoint", "responders")]))]
    control: Option<u64>,
    /// responders, single-arm: beta prior of the response probability on treatment.
    #[arg(long, value_name = "A,B", required_if_eq_any([("endpoint", "responders"), ("endpoint", "single-arm")]))]
    treatment_prior: Option<BetaPrior>,
    /// responders: beta prior of the response probability on control.
    #[arg(long, value_name = "A,B", required_if_eq("endpoint", "responders"))]
    control_prior: Option<BetaPrior>,
    /// single-arm: response probability to beat, by an exact test.
    #[arg(long, required_if_eq("endpoint", "single-arm"))]
    p0: Option<f64>,
    /// One-sided level; Fisher's two-sided test of responders takes twice this.
    #[arg(long, default_value_t = 0.025)]
    alpha: f64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Endpoint {
    /// Difference of means, normal test.
    Mean,
    /// Hazard ratio, log-rank test by events.
    HazardRatio,
    /// Responders in two arms, Fisher's exact test.
    Responders,
    /// Responders in one arm, exact binomial test.
    SingleArm,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    // The command line has made sure that an endpoint has its values.
    let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
    let count = |value: Option<u64>| value.unwrap_or(0);
    let beta = |prior: Option<BetaPrior>| prior.map_or(Beta::UNIFORM, |BetaPrior(beta)| beta);
    let alpha = arguments.alpha;
    match arguments.endpoint {
        Endpoint::Mean => {
            let (n1, n0) = (count(arguments.treated), count(arguments.control));
            positive("treated", n1)?;
            positive("control", n0)?;
            let (mean, tau, sd) = (
                number(arguments.prior_mean),
                number(arguments.prior_sd),
                number(arguments.sd),
            );
            let factor = 1.0 / n1 as f64 + 1.0 / n0 as f64;
            let mut answer = normal(mean, tau, sd * factor.sqrt(), alpha, n1 + n0, "subjects")?;
            answer.title = format!(
                "Assurance of a difference of means, prior N({mean}, {tau}²), {n1} and {n0} subjects"
            );
            answer.r_call = format!(
                "se <- {sd} * sqrt(1 / {n1} + 1 / {n0}); z <- qnorm(1 - {alpha})\n{}",
                normal_r(&mean.to_string(), tau)
            );
            Ok(answer)
        }
        Endpoint::HazardRatio => {
            let events = count(arguments.events);
            positive("events", events)?;
            let ratio = number(arguments.prior_hazard_ratio);
            if !(ratio > 0.0 && ratio.is_finite()) {
                return Err(Exit::invalid(format!(
                    "`--prior-hazard-ratio` is {ratio}; it must be a positive number, below 1 if the treatment helps"
                )));
            }
            let tau = number(arguments.prior_sd);
            let se = 2.0 / (events as f64).sqrt();
            let mut answer = normal(-ratio.ln(), tau, se, alpha, events, "events")?;
            answer.title = format!(
                "Assurance of a hazard ratio, prior log-normal({ratio}, {tau}), {events} events in two equal arms"
            );
            answer.r_call = format!(
                "se <- 2 / sqrt({events}); z <- qnorm(1 - {alpha})\n{}",
                normal_r(&format!("-log({ratio})"), tau)
            );
            Ok(answer)
        }
        Endpoint::Responders => {
            let (n1, n0) = (count(arguments.treated), count(arguments.control));
            let (t, c) = (
                beta(arguments.treatment_prior),
                beta(arguments.control_prior),
            );
            let found = assurance_fisher(
                &BetaMixture::single(t).map_err(neurocart_stats::NotEstimable::from)?,
                &BetaMixture::single(c).map_err(neurocart_stats::NotEstimable::from)?,
                n1,
                n0,
                2.0 * alpha,
            )?;
            let mut answer = plain(&found);
            answer.title = format!(
                "Assurance of more responders, Beta({}, {}) against Beta({}, {}), {n1} and {n0} subjects",
                t.a, t.b, c.a, c.b
            );
            answer.notes.push(format!(
                "Success is a higher proportion on treatment and Fisher's two-sided p below {}.",
                2.0 * alpha
            ));
            answer.r_call = format!(
                "bb <- function(n, a, b) exp(lchoose(n, 0:n) + lbeta(a + 0:n, b + n - 0:n) - lbeta(a, b))\n\
                 win <- outer(0:{n1}, 0:{n0}, Vectorize(function(x, y) x / {n1} > y / {n0} &&\n\
                 \u{20}  fisher.test(matrix(c(x, {n1} - x, y, {n0} - y), 2))$p.value < 2 * {alpha}))\n\
                 sum(win * outer(bb({n1}, {}, {}), bb({n0}, {}, {})))",
                t.a, t.b, c.a, c.b
            );
            Ok(answer)
        }
        Endpoint::SingleArm => {
            let (n, p0) = (count(arguments.treated), number(arguments.p0));
            for (name, value) in [("p0", p0), ("alpha", alpha)] {
                if !(value > 0.0 && value < 1.0) {
                    return Err(Exit::invalid(format!(
                        "`--{name}` is {value}; it must be above 0 and below 1"
                    )));
                }
            }
            let prior = beta(arguments.treatment_prior);
            let mixture =
                BetaMixture::single(prior).map_err(neurocart_stats::NotEstimable::from)?;
            let r = binomial_quantile(1.0 - alpha, n, p0);
            let found = assurance_single_arm(&mixture, n, r)?;
            let mut answer = plain(&found);
            answer.title = format!(
                "Assurance of a single arm, prior Beta({}, {}), {n} subjects, against {p0}",
                prior.a, prior.b
            );
            answer
                .notes
                .push(format!("Success is more than {r} responders."));
            answer.result["r"] = json!(r);
            answer.r_call = format!(
                "r <- qbinom(1 - {alpha}, {n}, {p0}); k <- (r + 1):{n}\n\
                 sum(exp(lchoose({n}, k) + lbeta({a} + k, {b} + {n} - k) - lbeta({a}, {b})))",
                a = prior.a,
                b = prior.b
            );
            Ok(answer)
        }
    }
}

fn positive(name: &str, value: u64) -> Result<(), Exit> {
    match value {
        0 => Err(Exit::invalid(format!("`--{name}` is 0; give at least 1"))),
        _ => Ok(()),
    }
}

/// The answer without more than both probabilities.
fn plain(found: &Assurance) -> Answer {
    Answer {
        facts: vec![
            ("assurance".to_owned(), fixed(found.assurance, 4)),
            (
                "power at the prior mean".to_owned(),
                fixed(found.power_at_prior_mean, 4),
            ),
        ],
        result: json!({
            "assurance": found.assurance, "power_at_prior_mean": found.power_at_prior_mean,
            "upper_bound": Value::Null,
        }),
        ..Answer::default()
    }
}

/// A normal test, its bound, and both probabilities over the size of the trial.
fn normal(
    mean: f64,
    tau: f64,
    standard_error: f64,
    alpha: f64,
    size: u64,
    unit: &str,
) -> Result<Answer, Exit> {
    let found = assurance_normal(mean, tau, standard_error, alpha)?;
    let mut answer = plain(&found.chance);
    answer.facts.push((
        "bound however large the trial".to_owned(),
        fixed(found.upper_bound, 4),
    ));
    answer
        .facts
        .push(("standard error".to_owned(), significant(standard_error)));
    answer.notes.push(format!(
        "No number of {unit} gives more than the bound, because with probability {} there is no benefit to find.",
        percent((1.0 - found.upper_bound) / (1.0 - alpha))
    ));
    answer.result["upper_bound"] = json!(found.upper_bound);
    answer.result["standard_error"] = json!(standard_error);
    // From a tenth of the size to four times it; the standard error goes with its root.
    let (mut assurance, mut power) = (Vec::new(), Vec::new());
    for i in 1..=40 {
        let factor = f64::from(i) / 10.0;
        let at = assurance_normal(mean, tau, standard_error / factor.sqrt(), alpha)?.chance;
        assurance.push((factor * size as f64, at.assurance));
        power.push((factor * size as f64, at.power_at_prior_mean));
    }
    let curve = |name: &str, points| Curve {
        name: name.to_owned(),
        points,
        join: Join::Line,
    };
    answer.figure = Some(render_curves_svg(&CurveFigure {
        title: "Assurance and power over the size of the trial".to_owned(),
        x_label: unit.to_owned(),
        y_label: "probability of success".to_owned(),
        percent: true,
        curves: vec![
            curve("assurance", assurance),
            curve("power at prior mean", power),
        ],
        reference_lines: vec![ReferenceLine {
            value: found.upper_bound,
            label: "bound".to_owned(),
        }],
    }));
    Ok(answer)
}

fn normal_r(mean: &str, tau: f64) -> String {
    format!(
        "integrate(function(d) pnorm(d / se - z) * dnorm(d, {mean}, {tau}), -Inf, Inf)  # assurance\n\
         pnorm({mean} / se - z)  # power at the prior mean"
    )
}
