//! `neurocart design gsd`: boundaries and operating characteristics of a group sequential design.

use clap::ValueEnum;
use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_stats::group_sequential::{
    BoundaryType, Design, Futility, FutilityBoundary, Plan, Sides, Spending, SpendingPoint,
    Stopping, equal_information, plan, stopping, without_futility,
};
use neurocart_stats::{InputError, NotEstimable};

use super::Answer;
use super::answer::fact;
use super::gsd_result::{boundary_table, figure, result, stopping_table};
use super::notation::{MOST_SUBJECTS, complement, digits, r_vector};
use super::refusal::refused_as;
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// How the efficacy boundary is made.
    #[arg(long = "type", value_enum, default_value_t = Type::LanDemetsObrienFleming)]
    boundary: Type,
    /// Parameter of the type: delta of Wang-Tsiatis (0.25), rho of Kim-DeMets (2), gamma of
    /// Hwang-Shih-DeCani (-4).
    #[arg(long, value_name = "NUMBER")]
    parameter: Option<f64>,
    /// Cumulative alpha spent at each look for `--type given`, the last one all of alpha.
    #[arg(long, value_name = "ALPHA,...", value_delimiter = ',')]
    spent: Vec<f64>,
    /// Number of looks at equal steps of information, the final analysis included.
    #[arg(long, default_value_t = 3, conflicts_with = "information")]
    looks: usize,
    /// Information fractions of the looks, the last one 1, in place of equal steps.
    #[arg(long, value_name = "FRACTION,...", value_delimiter = ',')]
    information: Vec<f64>,
    /// Type I error in all; of a two-sided test half of it on each side.
    #[arg(long, default_value_t = 0.025)]
    alpha: f64,
    /// Sides of the test: 1 or 2.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    sides: u8,
    /// Power at the alternative.
    #[arg(long, default_value_t = 0.9)]
    power: f64,
    /// Spending function of the type II error: stops for futility.
    #[arg(long, value_enum, conflicts_with = "futility_z")]
    futility: Option<BetaType>,
    /// Parameter of the futility function: rho (2) or gamma (-4).
    #[arg(long, value_name = "NUMBER", requires = "futility")]
    futility_parameter: Option<f64>,
    /// Futility boundary as z values for all looks but the last.
    #[arg(long, value_name = "Z,...", value_delimiter = ',')]
    futility_z: Vec<f64>,
    /// The efficacy boundary counts on the futility rule being kept.
    #[arg(long)]
    binding: bool,
    /// Hazard ratio of the alternative: the events at each look, by Schoenfeld's formula.
    #[arg(long, conflicts_with = "difference")]
    hazard_ratio: Option<f64>,
    /// Difference in means of the alternative: the subjects at each look.
    #[arg(long, requires = "sd")]
    difference: Option<f64>,
    /// Standard deviation of the outcome in each arm.
    #[arg(long, requires = "difference")]
    sd: Option<f64>,
    /// Subjects on treatment per subject on control.
    #[arg(long, default_value_t = 1.0)]
    allocation: f64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Type {
    ObrienFleming,
    Pocock,
    WangTsiatis,
    LanDemetsObrienFleming,
    LanDemetsPocock,
    KimDemets,
    HwangShihDecani,
    Given,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BetaType {
    LanDemetsObrienFleming,
    LanDemetsPocock,
    KimDemets,
    HwangShihDecani,
}

/// The trial's own scale: what information is counted in, and what an effect is.
pub struct Endpoint {
    /// `events` or `subjects`.
    pub unit: &'static str,
    /// Number at the last look, unrounded.
    pub maximum: f64,
    /// Number without looks, unrounded.
    pub fixed: f64,
    /// Column of the effect.
    pub effect: &'static str,
    /// The effect at a drift.
    pub effect_at: Box<dyn Fn(f64) -> f64>,
    r_call: String,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let design = design(arguments)?;
    let plan = plan(&design).map_err(|reason| refused(arguments, reason))?;
    let null = stopping(design.sides, &plan.looks, 0.0)?;
    let half = stopping(design.sides, &plan.looks, 0.5 * plan.drift)?;
    let alternative = stopping(design.sides, &plan.looks, plan.drift)?;
    let endpoint = endpoint(arguments, &plan)?;
    let ignored = stopping(design.sides, &without_futility(&plan.looks), 0.0)?;

    let share = |s: &Stopping| s.expected_information;
    let in_units = |fraction: f64| match &endpoint {
        Some(e) => format!("{} {}", fixed(fraction * e.maximum, 1), e.unit),
        None => format!(
            "{} of a fixed design's information",
            percent(fraction * plan.inflation_factor)
        ),
    };
    let mut facts = vec![
        fact("inflation factor", fixed(plan.inflation_factor, 4)),
        fact("drift at the alternative", fixed(plan.drift, 4)),
        fact("expected without effect", in_units(share(&null))),
        fact("expected at half the effect", in_units(share(&half))),
        fact("expected at the alternative", in_units(share(&alternative))),
        fact("type I error", error_text(&null, &ignored, &design)),
    ];
    if let Some(e) = &endpoint {
        let fixed_design = format!("{} {}", fixed(e.fixed, 1), e.unit);
        let alternative = format!("{} {}", e.effect, fixed((e.effect_at)(plan.drift), 3));
        facts.insert(0, fact("alternative", alternative));
        facts.insert(3, fact("fixed design", fixed_design));
        let maximum = format!("{} {}", e.maximum.ceil(), e.unit);
        facts.insert(4, fact("maximum", maximum));
    }
    Ok(Answer {
        title: title(arguments, &design),
        facts,
        tables: vec![
            boundary_table(&plan, endpoint.as_ref()),
            stopping_table(&plan, &null, &alternative),
        ],
        figure: Some(figure(&plan, endpoint.as_ref())),
        notes: notes(&design, endpoint.as_ref()),
        r_call: r_design(arguments, &design) + endpoint.as_ref().map_or("", |e| &e.r_call),
        result: result(&plan, &null, &half, &alternative, endpoint.as_ref()),
    })
}

/// The parameter of which spending function was wrong is told by its value.
fn refused(arguments: &Arguments, reason: NotEstimable) -> Exit {
    match &reason {
        NotEstimable::Input(InputError::Range {
            name: name @ ("rho" | "gamma" | "delta"),
            value,
            ..
        }) => {
            let of_futility = arguments
                .futility_parameter
                .is_some_and(|given| given.to_bits() == value.to_bits());
            let option = if of_futility {
                "futility-parameter"
            } else {
                "parameter"
            };
            refused_as(name, option)(reason)
        }
        _ => reason.into(),
    }
}

fn design(arguments: &Arguments) -> Result<Design, Exit> {
    let information = match arguments.information.as_slice() {
        // `plan` refuses what is beyond its bound; here only the list must not grow without one.
        [] => equal_information(arguments.looks.min(1000)),
        given => given.to_vec(),
    };
    let alpha = arguments.alpha;
    let parameter = arguments.parameter;
    let takes_parameter = matches!(
        arguments.boundary,
        Type::WangTsiatis | Type::KimDemets | Type::HwangShihDecani
    );
    if let (Some(value), false) = (parameter, takes_parameter) {
        return Err(Exit::invalid(format!(
            "`--parameter` is {value} but this `--type` has none; leave it out"
        )));
    }
    if arguments.spent.is_empty() == (arguments.boundary == Type::Given) {
        return Err(Exit::invalid(
            "`--spent` goes with `--type given`; give both or neither",
        ));
    }
    let boundary = match arguments.boundary {
        Type::ObrienFleming => BoundaryType::OBrienFleming,
        Type::Pocock => BoundaryType::Pocock,
        Type::WangTsiatis => BoundaryType::WangTsiatis {
            delta: parameter.unwrap_or(0.25),
        },
        Type::LanDemetsObrienFleming => BoundaryType::Spending(Spending::OBrienFleming),
        Type::LanDemetsPocock => BoundaryType::Spending(Spending::Pocock),
        Type::KimDemets => BoundaryType::Spending(Spending::KimDeMets {
            rho: parameter.unwrap_or(2.0),
        }),
        Type::HwangShihDecani => BoundaryType::Spending(Spending::HwangShihDeCani {
            gamma: parameter.unwrap_or(-4.0),
        }),
        Type::Given => BoundaryType::Spending(given_spending(arguments, &information)?),
    };
    let futility_parameter = arguments.futility_parameter;
    let spending = arguments.futility.map(|kind| match kind {
        BetaType::LanDemetsObrienFleming => Spending::OBrienFleming,
        BetaType::LanDemetsPocock => Spending::Pocock,
        BetaType::KimDemets => Spending::KimDeMets {
            rho: futility_parameter.unwrap_or(2.0),
        },
        BetaType::HwangShihDecani => Spending::HwangShihDeCani {
            gamma: futility_parameter.unwrap_or(-4.0),
        },
    });
    let futility = match (spending, arguments.futility_z.as_slice()) {
        (Some(spending), _) => Some(FutilityBoundary::Spending(spending)),
        (None, []) => None,
        (None, z) => Some(FutilityBoundary::Given(z.to_vec())),
    };
    if arguments.binding && futility.is_none() {
        return Err(Exit::invalid(
            "`--binding` needs a futility rule; give `--futility` or `--futility-z`",
        ));
    }
    Ok(Design {
        boundary,
        sides: if arguments.sides == 2 {
            Sides::Two
        } else {
            Sides::One
        },
        alpha,
        power: arguments.power,
        information,
        futility: futility.map(|boundary| Futility {
            boundary,
            binding: arguments.binding,
        }),
    })
}

fn given_spending(arguments: &Arguments, information: &[f64]) -> Result<Spending, Exit> {
    let (spent, alpha) = (&arguments.spent, arguments.alpha);
    if spent.len() != information.len() {
        return Err(Exit::invalid(format!(
            "`--spent` has {} values but there are {} looks; give one per look",
            spent.len(),
            information.len()
        )));
    }
    let last = spent[spent.len() - 1];
    if last != alpha {
        return Err(Exit::invalid(format!(
            "`--spent` ends at {last} but `--alpha` is {alpha}; the last look spends all of it"
        )));
    }
    Ok(Spending::Given(
        information
            .iter()
            .zip(spent)
            .map(|(&information, spent)| SpendingPoint {
                information,
                fraction_spent: spent / alpha,
            })
            .collect(),
    ))
}

fn endpoint(arguments: &Arguments, plan: &Plan) -> Result<Option<Endpoint>, Exit> {
    let r = arguments.allocation;
    if !(0.01..=100.0).contains(&r) {
        return Err(Exit::invalid(format!(
            "`--allocation` is {r}; it must be from 0.01 to 100 subjects on treatment per control"
        )));
    }
    let drift = plan.drift;
    // Share of treatment times share of control.
    let balance = r / ((1.0 + r) * (1.0 + r));
    let found = match (arguments.hazard_ratio, arguments.difference, arguments.sd) {
        (Some(hazard_ratio), _, _) => {
            if !(hazard_ratio > 0.0 && hazard_ratio.is_finite() && hazard_ratio != 1.0) {
                return Err(Exit::invalid(format!(
                    "`--hazard-ratio` is {hazard_ratio}; it must be above 0 and not 1"
                )));
            }
            let log = hazard_ratio.ln();
            let maximum = drift * drift / (balance * log * log);
            Endpoint {
                unit: "events",
                maximum,
                fixed: maximum / plan.inflation_factor,
                effect: "hazard ratio",
                effect_at: Box::new(move |at| (log * at / drift).exp()),
                r_call: format!(
                    "\ngetSampleSizeSurvival(design, hazardRatio = {hazard_ratio}, allocationRatioPlanned = {r},\n  \
                     typeOfComputation = \"Schoenfeld\")"
                ),
            }
        }
        (None, Some(difference), Some(sd)) => {
            if !(difference != 0.0 && difference.is_finite() && sd > 0.0 && sd.is_finite()) {
                return Err(Exit::invalid(format!(
                    "`--difference` is {difference} and `--sd` {sd}; the first must not be 0 and \
                     the second be above 0"
                )));
            }
            let standardised = difference / sd;
            let maximum = drift * drift / (balance * standardised * standardised);
            Endpoint {
                unit: "subjects",
                maximum,
                fixed: maximum / plan.inflation_factor,
                effect: "difference",
                effect_at: Box::new(move |at| difference * at / drift),
                r_call: format!(
                    "\ngetSampleSizeMeans(design, alternative = {}, stDev = {sd}, allocationRatioPlanned = {r},\n  \
                     normalApproximation = TRUE)",
                    difference.abs()
                ),
            }
        }
        _ => return Ok(None),
    };
    if found.maximum.is_nan() || found.maximum > MOST_SUBJECTS as f64 {
        let option = match arguments.hazard_ratio {
            Some(_) => "hazard-ratio",
            None => "difference",
        };
        return Err(Exit::invalid(format!(
            "`--{option}` is so small an effect that more than a thousand million {} are needed; \
             give a larger one",
            found.unit
        )));
    }
    Ok(Some(found))
}

fn title(arguments: &Arguments, design: &Design) -> String {
    let name = |v: Option<clap::builder::PossibleValue>| {
        v.map_or(String::new(), |v| v.get_name().to_owned())
    };
    let looks = match design.information.len() {
        1 => "1 look".to_owned(),
        n => format!("{n} looks"),
    };
    format!(
        "Group sequential design, {}, {looks}: {} {}, power {}",
        name(arguments.boundary.to_possible_value()),
        match design.sides {
            Sides::One => "one-sided",
            Sides::Two => "two-sided",
        },
        design.alpha,
        design.power
    )
}

fn error_text(null: &Stopping, ignored: &Stopping, design: &Design) -> String {
    let kept = format!("{:.4}", null.rejection());
    match &design.futility {
        None => kept,
        Some(_) => format!(
            "{kept} if the futility rule is kept, {:.4} if it is ignored",
            ignored.rejection()
        ),
    }
}

fn notes(design: &Design, endpoint: Option<&Endpoint>) -> Vec<String> {
    let mut notes = Vec::new();
    if let (BoundaryType::Spending(_), true) = (&design.boundary, design.information.len() > 1) {
        notes.push(
            "looks at other information than planned keep the type I error, if their time does not \
             depend on the effect seen: work the boundary out from the information observed"
                .to_owned(),
        );
    }
    match &design.futility {
        Some(rule) if rule.binding => notes.push(
            "binding futility: the type I error holds only if the trial stops whenever the rule says so"
                .to_owned(),
        ),
        Some(_) => notes.push(
            "non-binding futility: the trial may go on; the power counts the stops".to_owned(),
        ),
        None => {}
    }
    if endpoint.is_some() {
        notes.push("numbers at the looks are rounded up".to_owned());
    }
    notes
}

fn r_design(arguments: &Arguments, design: &Design) -> String {
    let mut options = vec![
        format!("kMax = {}", design.information.len()),
        format!("alpha = {}", design.alpha),
        format!("beta = {}", complement(design.power)),
        format!("sided = {}", arguments.sides),
    ];
    let gamma = |name: &str, kind: &str, value: f64| format!("{kind}, {name} = {value}");
    options.push(format!(
        "typeOfDesign = {}",
        match &design.boundary {
            BoundaryType::OBrienFleming => "\"OF\"".to_owned(),
            BoundaryType::Pocock => "\"P\"".to_owned(),
            BoundaryType::WangTsiatis { delta } => gamma("deltaWT", "\"WT\"", *delta),
            BoundaryType::Spending(Spending::OBrienFleming) => "\"asOF\"".to_owned(),
            BoundaryType::Spending(Spending::Pocock) => "\"asP\"".to_owned(),
            BoundaryType::Spending(Spending::KimDeMets { rho }) =>
                gamma("gammaA", "\"asKD\"", *rho),
            BoundaryType::Spending(Spending::HwangShihDeCani { gamma: g }) => {
                gamma("gammaA", "\"asHSD\"", *g)
            }
            BoundaryType::Spending(Spending::Given(_)) => {
                format!(
                    "\"asUser\", userAlphaSpending = {}",
                    r_vector(&arguments.spent)
                )
            }
        }
    ));
    if !arguments.information.is_empty() {
        options.push(format!(
            "informationRates = {}",
            r_vector(design.information.iter().map(|&t| digits(t)))
        ));
    }
    match design.futility.as_ref().map(|f| &f.boundary) {
        None => {}
        Some(FutilityBoundary::Given(z)) => {
            options.push(format!("futilityBounds = {}", r_vector(z)))
        }
        Some(FutilityBoundary::Spending(spending)) => options.push(format!(
            "typeBetaSpending = {}",
            match spending {
                Spending::OBrienFleming => "\"bsOF\"".to_owned(),
                Spending::KimDeMets { rho } => gamma("gammaB", "\"bsKD\"", *rho),
                Spending::HwangShihDeCani { gamma: g } => gamma("gammaB", "\"bsHSD\"", *g),
                Spending::Pocock | Spending::Given(_) => "\"bsP\"".to_owned(),
            }
        )),
    }
    if design.futility.is_some() {
        let binding = if arguments.binding { "TRUE" } else { "FALSE" };
        options.push(format!("bindingFutility = {binding}"));
    }
    let (first, rest) = options.split_at(4);
    format!(
        "library(rpact)\ndesign <- getDesignGroupSequential({},\n  {})\n\
         design$criticalValues\ngetDesignCharacteristics(design)$inflationFactor",
        first.join(", "),
        rest.join(", ")
    )
}
