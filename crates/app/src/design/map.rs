//! `neurocart design map`: a prior for control responders from historical trials, and what it does.

use serde_json::{Value, json};

use neurocart_report::figure::curves::{Curve, CurveFigure, Join, render_curves_svg};
use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_stats::NotEstimable;
use neurocart_stats::bayes::beta_mixture::{Beta, BetaMixture};
use neurocart_stats::bayes::map_mixture::{beta_mixture_approximation, beta_mixture_fit};
use neurocart_stats::bayes::meta_analytic_predictive::{
    HistoricalControl, MapPrior, MapPriors, map_prior,
};
use neurocart_stats::bayes::two_arm::{SuccessRegion, TwoArmDesign, success_region};

use super::Answer;
use super::answer::Table;
use super::notation::{BetaPrior, Fraction};
use crate::exit::Exit;

/// Points of the grid of nulls between 0 and 1.
const NULLS: u32 = 200;

#[derive(clap::Args)]
pub struct Arguments {
    /// Responders of subjects in each historical control arm.
    #[arg(
        long,
        value_name = "R/N,R/N,...",
        value_delimiter = ',',
        required = true
    )]
    historical: Vec<Fraction>,
    /// Scale of the half-normal prior of the between-trial standard deviation, logit scale.
    #[arg(long, default_value_t = 1.0)]
    tau_scale: f64,
    /// Standard deviation of the normal prior of the mean, logit scale.
    #[arg(long, default_value_t = 2.0)]
    mu_sd: f64,
    /// Components of the beta mixture; as many as are worth it where it is missing.
    #[arg(long)]
    components: Option<usize>,
    /// Weight on the vague component of the robust prior.
    #[arg(long, default_value_t = 0.2)]
    robust: f64,
    /// Control subjects of the new trial: adds what data in conflict with the prior would do.
    #[arg(long)]
    control: Option<u64>,
    /// Treated subjects of the new trial: adds type I error and power.
    #[arg(long, requires = "control")]
    treated: Option<u64>,
    /// Beta prior of the response probability on treatment.
    #[arg(long, value_name = "A,B", default_value = "1,1")]
    treatment_prior: BetaPrior,
    /// Success if the posterior probability that treatment is better is above this.
    #[arg(long, default_value_t = 0.95)]
    cutoff: f64,
    /// Difference of response probabilities at which power is shown.
    #[arg(long, default_value_t = 0.35)]
    difference: f64,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let studies: Vec<HistoricalControl> = arguments
        .historical
        .iter()
        .map(|study| HistoricalControl {
            responders: study.responders,
            subjects: study.subjects,
        })
        .collect();
    let priors = MapPriors {
        mu_sd: arguments.mu_sd,
        tau_scale: arguments.tau_scale,
        ..MapPriors::default()
    };
    let map = map_prior(&studies, &priors)?;
    let fit = match arguments.components {
        Some(components) => beta_mixture_fit(&map, components)?,
        None => beta_mixture_approximation(&map)?,
    };
    let mixture = fit.mixture;
    let robust = mixture
        .robust(arguments.robust, Beta::UNIFORM)
        .map_err(NotEstimable::from)?;
    let of = |prior: &MapPrior, p| prior.quantile(p).map_err(NotEstimable::from);
    let tau = |p| map.tau_quantile(p).map_err(NotEstimable::from);
    let subjects: u64 = studies.iter().map(|s| s.subjects).sum();
    let mut answer = Answer {
        title: format!(
            "Meta-analytic-predictive prior from {} control arms, {subjects} subjects",
            studies.len()
        ),
        facts: vec![
            (
                "next trial's control response".to_owned(),
                format!(
                    "mean {}, sd {}, median {}, 95% {} to {}",
                    percent(map.mean),
                    percent(map.standard_deviation),
                    percent(of(&map, 0.5)?),
                    percent(of(&map, 0.025)?),
                    percent(of(&map, 0.975)?)
                ),
            ),
            (
                "between-trial sd tau, logit scale".to_owned(),
                format!(
                    "mean {}, median {}, 95% {} to {}",
                    fixed(map.tau_mean, 3),
                    fixed(tau(0.5)?, 3),
                    fixed(tau(0.025)?, 3),
                    fixed(tau(0.975)?, 3)
                ),
            ),
            ("beta mixture".to_owned(), formula(&mixture)),
            (
                format!("robust, weight {}", arguments.robust),
                formula(&robust),
            ),
            (
                "divergence of the mixture".to_owned(),
                format!(
                    "{} (Kullback-Leibler; 0 is perfect)",
                    fixed(fit.divergence, 4)
                ),
            ),
        ],
        tables: vec![sizes(&mixture, &robust)],
        figure: Some(figure(&map, &mixture, &robust)),
        notes: vec![format!(
            "The weight {} on Beta(1, 1) is a choice; it is the prior probability that history does not apply.",
            arguments.robust
        )],
        r_call: r_call(arguments, mixture.components().len()),
        result: json!({
            "studies": studies.iter().map(|s| json!([s.responders, s.subjects])).collect::<Vec<_>>(),
            "tau_scale": arguments.tau_scale, "mu_sd": arguments.mu_sd,
            "map": {
                "mean": map.mean, "sd": map.standard_deviation,
                "q025": of(&map, 0.025)?, "median": of(&map, 0.5)?, "q975": of(&map, 0.975)?,
                "effective_sample_size_moment": map.effective_sample_size_moment(),
            },
            "tau": { "mean": map.tau_mean, "q025": tau(0.025)?, "median": tau(0.5)?, "q975": tau(0.975)? },
            "mixture": as_json(&mixture), "divergence": fit.divergence,
            "robust": as_json(&robust),
            "after_data": Value::Null, "operating_characteristics": Value::Null,
        }),
    };
    if let Some(control) = arguments.control {
        after_data(control, &mixture, &robust, &mut answer)?;
        if let Some(treated) = arguments.treated {
            operating_characteristics(
                arguments,
                treated,
                control,
                [&mixture, &robust],
                &mut answer,
            )?;
        }
    }
    Ok(answer)
}

fn formula(mixture: &BetaMixture) -> String {
    let parts: Vec<String> = mixture
        .components()
        .iter()
        .map(|c| {
            format!(
                "{} Beta({}, {})",
                fixed(c.weight, 3),
                fixed(c.beta.a, 2),
                fixed(c.beta.b, 2)
            )
        })
        .collect();
    parts.join(" + ")
}

fn as_json(mixture: &BetaMixture) -> Value {
    json!({
        "components": mixture.components().iter().map(|c| json!({
            "weight": c.weight, "a": c.beta.a, "b": c.beta.b,
        })).collect::<Vec<_>>(),
        "mean": mixture.mean(), "sd": mixture.standard_deviation(),
        "effective_sample_size_moment": mixture.effective_sample_size_moment(),
        "effective_sample_size_elir": mixture.effective_sample_size_elir().ok(),
    })
}

fn elir(mixture: &BetaMixture) -> String {
    mixture
        .effective_sample_size_elir()
        .map_or_else(|_| "not defined".to_owned(), |size| fixed(size, 1))
}

fn sizes(mixture: &BetaMixture, robust: &BetaMixture) -> Table {
    let mut table = Table::new(
        "Effective sample size of the prior",
        &["prior", "mean", "sd", "moment", "ELIR"],
    );
    for (name, prior) in [("beta mixture", mixture), ("robust", robust)] {
        table.rows.push(vec![
            name.to_owned(),
            percent(prior.mean()),
            percent(prior.standard_deviation()),
            fixed(prior.effective_sample_size_moment(), 1),
            elir(prior),
        ]);
    }
    table
}

/// At most about ten responder counts from 0 to `n`.
fn some_counts(n: u64) -> Vec<u64> {
    let step = n.div_ceil(10).max(1);
    let mut counts: Vec<u64> = (0..=n).step_by(step as usize).collect();
    if counts.last() != Some(&n) {
        counts.push(n);
    }
    counts
}

/// What each outcome on control would do to the priors.
fn after_data(
    control: u64,
    mixture: &BetaMixture,
    robust: &BetaMixture,
    answer: &mut Answer,
) -> Result<(), Exit> {
    let mut table = Table::new(
        &format!("After the data of {control} controls"),
        &[
            "responders",
            "weight on vague",
            "mean, mixture",
            "mean, robust",
            "ESS, mixture",
            "ESS, robust",
        ],
    );
    let mut rows = Vec::new();
    for x in some_counts(control) {
        let plain = mixture.posterior(x, control).map_err(NotEstimable::from)?;
        let safe = robust.posterior(x, control).map_err(NotEstimable::from)?;
        let vague = safe.components().last().map_or(0.0, |c| c.weight);
        table.rows.push(vec![
            x.to_string(),
            fixed(vague, 3),
            percent(plain.mean()),
            percent(safe.mean()),
            fixed(plain.effective_sample_size_moment(), 1),
            fixed(safe.effective_sample_size_moment(), 1),
        ]);
        rows.push(json!({
            "responders": x, "weight_vague": vague,
            "mixture": as_json(&plain), "robust": as_json(&safe),
        }));
    }
    answer.tables.push(table);
    answer.notes.push(
        "Where the weight on the vague component is high, data and history disagree and little is borrowed.".to_owned(),
    );
    answer.result["after_data"] = json!(rows);
    Ok(())
}

fn operating_characteristics(
    arguments: &Arguments,
    treated: u64,
    control: u64,
    [mixture, robust]: [&BetaMixture; 2],
    answer: &mut Answer,
) -> Result<(), Exit> {
    let single = |beta| BetaMixture::single(beta).map_err(NotEstimable::from);
    let BetaPrior(treatment_prior) = arguments.treatment_prior;
    let vague = single(Beta::UNIFORM)?;
    let region = |control_prior: &BetaMixture| -> Result<SuccessRegion, Exit> {
        Ok(success_region(&TwoArmDesign {
            treated_subjects: treated,
            control_subjects: control,
            treatment_prior: single(treatment_prior)?,
            control_prior: control_prior.clone(),
            cutoff: arguments.cutoff,
        })?)
    };
    let regions = [
        ("no history", region(&vague)?),
        ("mixture", region(mixture)?),
        ("robust", region(robust)?),
    ];
    let mut table = Table::new(
        &format!("Type I error and power with {treated} treated and {control} controls"),
        &[
            "true control response",
            "error, no history",
            "mixture",
            "robust",
            "power, no history",
            "mixture",
            "robust",
        ],
    );
    let mut rows = Vec::new();
    for i in 1..10 {
        let p = f64::from(i) / 10.0;
        let better = (p + arguments.difference).min(1.0);
        let mut errors = Vec::new();
        let mut powers = Vec::new();
        for (_, region) in &regions {
            errors.push(region.success(p, p)?);
            powers.push(region.success(p, better)?);
        }
        let mut row = vec![percent(p)];
        row.extend(errors.iter().chain(&powers).map(|&value| percent(value)));
        table.rows.push(row);
        rows.push(json!({
            "p_control": p, "p_treatment": better,
            "type_one_error": errors, "power": powers,
        }));
    }
    let nulls: Vec<f64> = (0..=NULLS)
        .map(|i| f64::from(i) / f64::from(NULLS))
        .collect();
    let mut worst = Vec::new();
    for (name, region) in &regions {
        let found = region.type_one_error(&nulls)?;
        answer.facts.push((
            format!("worst type I error, {name}"),
            format!(
                "{} at a control response of {}",
                percent(found.worst),
                percent(found.worst_null)
            ),
        ));
        worst.push(json!({ "prior": name, "error": found.worst, "null": found.worst_null }));
    }
    answer.tables.push(table);
    answer.notes.push(format!(
        "Success: Pr(treatment > control | data) > {}. Power is at a difference of {}. All are exact sums over outcomes; \
         the worst type I error is over {} nulls.",
        arguments.cutoff, arguments.difference, NULLS + 1
    ));
    answer.result["operating_characteristics"] = json!({
        "treated": treated, "control": control, "cutoff": arguments.cutoff,
        "priors": ["no history", "mixture", "robust"],
        "by_control_response": rows, "worst_type_one_error": worst,
    });
    answer.r_call += &format!(
        "\nrule <- decision2S({}, 0, lower.tail = FALSE); trt <- mixbeta(c(1, {}, {}))\n\
         oc2S(trt, r, {treated}, {control}, rule)(0.4, 0.4)  # type I error at 40%, robust",
        arguments.cutoff, treatment_prior.a, treatment_prior.b
    );
    Ok(())
}

fn r_call(arguments: &Arguments, components: usize) -> String {
    let list = |of: fn(&Fraction) -> u64| {
        let texts: Vec<String> = arguments
            .historical
            .iter()
            .map(|f| of(f).to_string())
            .collect();
        texts.join(", ")
    };
    format!(
        "library(RBesT)  # samples, so that it agrees to about two digits\n\
         d <- data.frame(study = 1:{}, r = c({}), n = c({}))\n\
         map <- gMAP(cbind(r, n - r) ~ 1 | study, data = d, family = binomial,\n\
         \u{20}           tau.dist = \"HalfNormal\", tau.prior = {}, beta.prior = {})\n\
         m <- mixfit(map, Nc = {components}); ess(m, method = \"elir\"); ess(m, method = \"moment\")\n\
         r <- robustify(m, weight = {}, mean = 0.5)",
        arguments.historical.len(),
        list(|f| f.responders),
        list(|f| f.subjects),
        arguments.tau_scale,
        arguments.mu_sd,
        arguments.robust
    )
}

/// Distribution functions of the prior, its mixture and the robust one.
fn figure(map: &MapPrior, mixture: &BetaMixture, robust: &BetaMixture) -> String {
    let curve = |name: &str, cdf: &dyn Fn(f64) -> f64| Curve {
        name: name.to_owned(),
        points: (0..=100)
            .map(|i| (f64::from(i) / 100.0, cdf(f64::from(i) / 100.0)))
            .collect(),
        join: Join::Line,
    };
    render_curves_svg(&CurveFigure {
        title: "Prior of the control response".to_owned(),
        x_label: "response probability".to_owned(),
        y_label: "probability of a response no higher".to_owned(),
        percent: true,
        curves: vec![
            curve("MAP", &|p| map.cdf(p)),
            curve("beta mixture", &|p| mixture.cdf(p)),
            curve("robust", &|p| robust.cdf(p)),
        ],
        reference_lines: Vec::new(),
    })
}
