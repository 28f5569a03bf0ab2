//! `neurocart design crm` and `tite-crm`.

use serde_json::json;

use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_stats::dose_finding::{
    CrmMethod, CrmModel, CrmSettings, DoseFindingDesign, DoseTally, OverdoseRule, crm,
    crm_skeleton, tite_crm, tite_weight,
};

use super::Answer;
use super::answer::Table;
use super::dose_finding::{Common, insert, r_vector, refused, tallies};
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Target DLT rate
    #[arg(long, default_value_t = 0.30)]
    target: f64,
    /// Prior DLT rates, the lowest dose first; by the indifference interval where they are missing
    #[arg(long, value_name = "P,...", value_delimiter = ',')]
    skeleton: Vec<f64>,
    /// Half-width of the indifference interval of the skeleton
    #[arg(long, value_name = "WIDTH", default_value_t = 0.05)]
    half_width: f64,
    /// Prior guess of the MTD, from 1; the middle dose where it is missing
    #[arg(long, value_name = "DOSE")]
    prior_mtd: Option<usize>,
    /// Number of doses, where neither skeleton, truth nor data say it
    #[arg(long, value_name = "NUMBER")]
    doses: Option<usize>,
    /// Curve of the DLT rate
    #[arg(long, value_enum, default_value_t = Model::Empiric)]
    model: Model,
    /// Intercept of the logistic curve
    #[arg(long, default_value_t = 3.0)]
    intercept: f64,
    /// Prior standard deviation of the parameter; the square root of 1.34 where it is missing
    #[arg(long, value_name = "SD")]
    prior_sd: Option<f64>,
    /// Trust the model alone: no elimination of a dose by its own data
    #[arg(long)]
    no_overdose_rule: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
pub struct TiteArguments {
    /// Patients in the window without a DLT: dose:days of follow-up, for example 2:14,2:20
    #[arg(long, value_name = "DOSE:DAYS,...")]
    pending: Option<String>,
    #[command(flatten)]
    crm: Arguments,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Model {
    /// skeleton ^ exp(b).
    Empiric,
    /// logit p = intercept + exp(b) x.
    Logistic,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    respond(arguments, None)
}

pub fn answer_tite(arguments: &TiteArguments) -> Result<Answer, Exit> {
    respond(
        &arguments.crm,
        Some(arguments.pending.as_deref().unwrap_or_default()),
    )
}

/// `pending` is given for TITE-CRM.
fn respond(arguments: &Arguments, pending: Option<&str>) -> Result<Answer, Exit> {
    let mut data = match &arguments.common.data {
        Some(text) => tallies(text, false)?,
        None => Vec::new(),
    };
    let simulation = &arguments.common.simulation;
    let settings = settings(arguments, data.len())?;
    let doses = settings.skeleton.len();
    let followed = pending_patients(pending.unwrap_or_default())?;
    if !data.is_empty() || !followed.is_empty() {
        data.resize(doses.max(data.len()), DoseTally::default());
    }
    for &(dose, days) in &followed {
        let weight = tite_weight(days, simulation.window_days).map_err(refused)?;
        match data.get_mut(dose.wrapping_sub(1)) {
            Some(tally) => tally.pending_weights.push(weight),
            None => {
                return Err(Exit::invalid(format!(
                    "`--pending {dose}:{days}` names no dose; give one from 1 to {doses}"
                )));
            }
        }
    }
    let name = if pending.is_some() { "TITE-CRM" } else { "CRM" };
    let mut answer = Answer {
        title: format!("{name} at a target DLT rate of {}", settings.target),
        notes: vec![
            "the dose is raised by one level at most; the estimate is the curve at the posterior mean of b"
                .to_owned(),
        ],
        r_call: r_call(arguments, &settings, &data, &followed, pending.is_some()),
        result: json!({ "target": settings.target, "skeleton": settings.skeleton }),
        ..Answer::default()
    };
    let design = match pending {
        Some(_) => DoseFindingDesign::TiteCrm(settings.clone()),
        None => DoseFindingDesign::Crm(settings.clone()),
    };
    // Refuses a wrong skeleton or prior where there are no data to fit.
    let nobody = vec![DoseTally::default(); doses];
    design.next_dose(&nobody, 0).map_err(refused)?;
    if data.is_empty() {
        let mut table = Table::new("", &["dose", "skeleton"]);
        for (dose, p) in settings.skeleton.iter().enumerate() {
            table.rows.push(vec![(dose + 1).to_string(), fixed(*p, 4)]);
        }
        answer.tables.push(table);
    } else {
        arguments.common.add_data(&mut answer, &design, &data)?;
        let fit = if pending.is_some() { tite_crm } else { crm };
        let fit = fit(&data, &settings, CrmMethod::Bayes, 0.90)?;
        let mut table = Table::new(
            "Fit, with 90 % limits",
            &[
                "dose", "skeleton", "treated", "DLT", "pending", "DLT rate", "lower", "upper",
            ],
        );
        for (dose, tally) in data.iter().enumerate() {
            table.rows.push(vec![
                (dose + 1).to_string(),
                fixed(settings.skeleton[dose], 4),
                tally.treated.to_string(),
                tally.dlt.to_string(),
                tally.pending_weights.len().to_string(),
                percent(fit.rates[dose]),
                percent(fit.intervals[dose].lower),
                percent(fit.intervals[dose].upper),
            ]);
        }
        answer.tables.push(table);
        answer.facts.push((
            "b, posterior mean and standard deviation".to_owned(),
            format!("{}, {}", fixed(fit.b, 4), fixed(fit.variance.sqrt(), 4)),
        ));
        insert(
            &mut answer.result,
            "fit",
            json!({
                "b": fit.b, "variance": fit.variance, "rates": fit.rates,
                "lower": fit.intervals.iter().map(|i| i.lower).collect::<Vec<_>>(),
                "upper": fit.intervals.iter().map(|i| i.upper).collect::<Vec<_>>(),
                "recommended_dose": fit.recommended + 1,
            }),
        );
    }
    simulation.add(&mut answer, design, settings.target, &[])?;
    Ok(answer)
}

fn settings(arguments: &Arguments, doses_in_data: usize) -> Result<CrmSettings, Exit> {
    let model = match arguments.model {
        Model::Empiric => CrmModel::Empiric,
        Model::Logistic => CrmModel::Logistic {
            intercept: arguments.intercept,
        },
    };
    let said = [
        arguments.skeleton.len(),
        arguments.common.simulation.truth.len(),
        arguments.doses.unwrap_or(0),
        doses_in_data,
    ];
    let doses = said.into_iter().find(|&doses| doses > 0).unwrap_or(5);
    let skeleton = if arguments.skeleton.is_empty() {
        let mtd = arguments.prior_mtd.unwrap_or(doses.div_ceil(2));
        if mtd == 0 {
            return Err(Exit::invalid("`--prior-mtd 0` is no dose; the lowest is 1"));
        }
        crm_skeleton(
            model,
            arguments.target,
            arguments.half_width,
            mtd - 1,
            doses,
        )
        .map_err(refused)?
    } else {
        arguments.skeleton.clone()
    };
    let usual = CrmSettings::empiric(skeleton, arguments.target);
    Ok(CrmSettings {
        model,
        prior_sd: arguments.prior_sd.unwrap_or(usual.prior_sd),
        overdose: (!arguments.no_overdose_rule).then(OverdoseRule::default),
        ..usual
    })
}

/// Dose, from 1, and days of follow-up.
fn pending_patients(text: &str) -> Result<Vec<(usize, f64)>, Exit> {
    text.split(',')
        .filter(|patient| !patient.is_empty())
        .map(|patient| {
            let (dose, days) = patient.split_once(':').unwrap_or_default();
            match (dose.trim().parse(), days.trim().parse()) {
                (Ok(dose), Ok(days)) => Ok((dose, days)),
                _ => Err(Exit::invalid(format!(
                    "`--pending {patient}` is not dose:days, for example 2:14"
                ))),
            }
        })
        .collect()
}

fn r_call(
    arguments: &Arguments,
    settings: &CrmSettings,
    data: &[DoseTally],
    followed: &[(usize, f64)],
    tite: bool,
) -> String {
    let simulation = &arguments.common.simulation;
    let model = match settings.model {
        CrmModel::Empiric => "model = \"empiric\"".to_owned(),
        CrmModel::Logistic { intercept } => {
            format!("model = \"logistic\", intcpt = {intercept}")
        }
    };
    let scale = format!("{model}, scale = {}", settings.prior_sd);
    let mut call = format!("prior <- {}", r_vector(settings.skeleton.iter()));
    if !data.is_empty() {
        let (mut tox, mut level, mut follow_up) = (Vec::new(), Vec::new(), Vec::new());
        for (dose, tally) in data.iter().enumerate() {
            for patient in 0..tally.treated.min(1000) {
                tox.push(u8::from(patient < tally.dlt));
                level.push(dose + 1);
                follow_up.push(simulation.window_days);
            }
        }
        for &(dose, days) in followed {
            tox.push(0);
            level.push(dose);
            follow_up.push(days);
        }
        let patients = format!(
            "tox = {}, level = {}",
            r_vector(tox.iter()),
            r_vector(level.iter())
        );
        call += &if tite {
            format!(
                "\ndfcrm::titecrm(prior, {}, {patients}, followup = {}, obswin = {}, {scale})",
                settings.target,
                r_vector(follow_up.iter()),
                simulation.window_days
            )
        } else {
            format!(
                "\ndfcrm::crm(prior, {}, {patients}, {scale})",
                settings.target
            )
        };
    } else if arguments.skeleton.is_empty() {
        let doses = settings.skeleton.len();
        let mtd = arguments.prior_mtd.unwrap_or(doses.div_ceil(2));
        call = format!(
            "dfcrm::getprior(halfwidth = {}, target = {}, nu = {mtd}, nlevel = {doses}, {model})",
            arguments.half_width, settings.target
        );
    }
    call
}
