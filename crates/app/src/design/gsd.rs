//! `neurocart design gsd`: boundaries and operating characteristics of a group sequential design.

use clap::ValueEnum;
use serde_json::{Value, json};

use neurocart_report::figure::curves::{Curve, CurveFigure, Join, render_curves_svg};
use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_stats::distribution::normal_sf;
use neurocart_stats::group_sequential::{
    BoundaryType, Design, Futility, FutilityBoundary, Plan, Sides, Spending, SpendingPoint,
    Stopping, equal_information, plan, stopping, without_futility,
};

use super::Answer;
use super::answer::Table;
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// How the efficacy boundary is made.
    #[arg(long = "type", value_enum, default_value_t = Type::LanDemetsObrienFleming)]
    boundary: Type,
    /// Parameter of the type: delta of Wang-Tsiatis (0.25), rho of Kim-DeMets (2), gamma of
    /// Hwang-Shih-DeCani (-4).
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
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
    #[arg(
        long,
        value_name = "NUMBER",
        requires = "futility",
        allow_negative_numbers = true
    )]
    futility_parameter: Option<f64>,
    /// Futility boundary as z values for all looks but the last.
    #[arg(
        long,
        value_name = "Z,...",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    futility_z: Vec<f64>,
    /// The efficacy boundary counts on the futility rule being kept.
    #[arg(long)]
    binding: bool,
    /// Hazard ratio of the alternative: the events at each look, by Schoenfeld's formula.
    #[arg(long, conflicts_with = "difference")]
    hazard_ratio: Option<f64>,
    /// Difference in means of the alternative: the subjects at each look.
    #[arg(long, requires = "sd", allow_negative_numbers = true)]
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
struct Endpoint {
    /// `events` or `subjects`.
    unit: &'static str,
    /// Number at the last look, unrounded.
    maximum: f64,
    /// Number without looks, unrounded.
    fixed: f64,
    /// Column of the effect.
    effect: &'static str,
    /// The effect at a drift.
    effect_at: Box<dyn Fn(f64) -> f64>,
    r_call: String,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let design = design(arguments)?;
    let plan = plan(&design)?;
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

fn fact(label: &str, value: String) -> (String, String) {
    (label.to_owned(), value)
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
                     typeOfComputation = \"Schoenfeld\")$eventsPerStage"
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
                     normalApproximation = TRUE)$numberOfSubjects",
                    difference.abs()
                ),
            }
        }
        _ => return Ok(None),
    };
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
        "Group sequential design, {}, {looks}, {} alpha {}, power {}",
        name(arguments.boundary.to_possible_value()),
        match design.sides {
            Sides::One => "one-sided",
            Sides::Two => "two-sided",
        },
        design.alpha,
        percent(design.power)
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

fn z_text(z: f64) -> String {
    if z.is_finite() {
        fixed(z, 4)
    } else {
        "–".to_owned()
    }
}

fn p_text(p: f64) -> String {
    if p == 0.0 || p >= 1e-4 {
        format!("{p:.5}")
    } else {
        format!("{p:.2e}")
    }
}

fn boundary_table(plan: &Plan, endpoint: Option<&Endpoint>) -> Table {
    let futility = plan.design.futility.is_some();
    let mut head = vec!["look", "information"];
    head.extend(endpoint.map(|e| e.unit));
    head.push("z efficacy");
    head.extend(futility.then_some("z futility"));
    head.extend(["one-sided p", "alpha spent"]);
    head.push(endpoint.map_or("share of the effect", |e| e.effect));
    if futility {
        head.push("at futility");
    }
    let mut table = Table::new(
        "Boundaries; the last columns are the estimate at them",
        &head,
    );
    for (k, look) in plan.looks.iter().enumerate() {
        let effect = |z: f64| {
            if !z.is_finite() {
                return "–".to_owned();
            }
            let drift = z / look.information.sqrt();
            fixed(
                endpoint.map_or(drift / plan.drift, |e| (e.effect_at)(drift)),
                3,
            )
        };
        let mut row = vec![(k + 1).to_string(), fixed(look.information, 4)];
        row.extend(endpoint.map(|e| fixed((look.information * e.maximum).ceil(), 0)));
        row.push(z_text(look.efficacy));
        row.extend(futility.then(|| z_text(look.futility)));
        row.push(p_text(normal_sf(look.efficacy)));
        row.push(p_text(plan.alpha_spent[k]));
        row.push(effect(look.efficacy));
        row.extend(futility.then(|| effect(look.futility)));
        table.rows.push(row);
    }
    table
}

fn stopping_table(plan: &Plan, null: &Stopping, alternative: &Stopping) -> Table {
    let futility = plan.design.futility.is_some();
    let two = plan.design.sides == Sides::Two;
    let mut head = vec!["look", "efficacy, no effect"];
    head.extend(futility.then_some("futility, no effect"));
    head.extend(["efficacy, alternative", "power so far"]);
    head.extend(futility.then_some("futility, alternative"));
    head.extend(two.then_some("wrong side, alternative"));
    let mut table = Table::new("Probability to stop at each look", &head);
    let mut power = 0.0;
    for k in 0..plan.looks.len() {
        power += alternative.efficacy[k];
        let mut row = vec![
            (k + 1).to_string(),
            p_text(null.efficacy[k] + null.opposite[k]),
        ];
        row.extend(futility.then(|| p_text(null.futility[k])));
        row.extend([p_text(alternative.efficacy[k]), p_text(power)]);
        row.extend(futility.then(|| p_text(alternative.futility[k])));
        row.extend(two.then(|| p_text(alternative.opposite[k])));
        table.rows.push(row);
    }
    table
}

fn figure(plan: &Plan, endpoint: Option<&Endpoint>) -> String {
    let scale = endpoint.map_or(1.0, |e| e.maximum);
    let curve = |name: &str, z: &dyn Fn(usize) -> f64| Curve {
        name: name.to_owned(),
        points: (0..plan.looks.len())
            .map(|k| (scale * plan.looks[k].information, z(k)))
            .collect(),
        join: Join::Marked,
    };
    let mut curves = vec![curve("efficacy", &|k| plan.looks[k].efficacy)];
    if plan.design.futility.is_some() {
        curves.push(curve("futility", &|k| plan.looks[k].futility));
    }
    if plan.design.sides == Sides::Two {
        curves.push(curve("other side", &|k| -plan.looks[k].efficacy));
    }
    render_curves_svg(&CurveFigure {
        title: "Stopping boundaries".to_owned(),
        x_label: endpoint
            .map_or("Information fraction", |e| match e.unit {
                "events" => "Events",
                _ => "Subjects",
            })
            .to_owned(),
        y_label: "z".to_owned(),
        curves,
        ..CurveFigure::default()
    })
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

/// A number without the last digits of its rounding: 0.1, not 0.09999999999999998.
fn digits(x: f64) -> f64 {
    (x * 1e12).round() / 1e12
}

fn r_vector(values: &[f64]) -> String {
    let texts: Vec<String> = values.iter().map(|&x| digits(x).to_string()).collect();
    format!("c({})", texts.join(", "))
}

fn r_design(arguments: &Arguments, design: &Design) -> String {
    let mut options = vec![
        format!("kMax = {}", design.information.len()),
        format!("alpha = {}", design.alpha),
        format!("beta = {}", digits(1.0 - design.power)),
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
            r_vector(&design.information)
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

fn result(
    plan: &Plan,
    null: &Stopping,
    half: &Stopping,
    alternative: &Stopping,
    endpoint: Option<&Endpoint>,
) -> Value {
    // A boundary that does not exist is null: JSON has no infinity.
    let looks: Vec<Value> = plan
        .looks
        .iter()
        .enumerate()
        .map(|(k, look)| {
            let mut entry = json!({
                "look": k + 1,
                "information": look.information,
                "z_efficacy": look.efficacy,
                "z_futility": look.futility,
                "nominal_p_one_sided": normal_sf(look.efficacy),
                "alpha_spent": plan.alpha_spent[k],
            });
            if let Some(e) = endpoint {
                entry[e.unit] = json!(look.information * e.maximum);
                let effect = (e.effect_at)(look.efficacy / look.information.sqrt());
                entry["effect_at_efficacy"] = if look.efficacy.is_finite() {
                    json!(effect)
                } else {
                    Value::Null
                };
            }
            entry
        })
        .collect();
    let stops = |drift: f64, s: &Stopping| {
        json!({
            "drift": drift,
            "efficacy": s.efficacy,
            "opposite_side": s.opposite,
            "futility": s.futility,
            "power": s.power(),
            "expected_information": s.expected_information,
            "expected_over_fixed_design": s.expected_information * plan.inflation_factor,
        })
    };
    json!({
        "alpha": plan.design.alpha,
        "power": plan.design.power,
        "drift": plan.drift,
        "inflation_factor": plan.inflation_factor,
        "looks": looks,
        "stopping": {
            "no_effect": stops(0.0, null),
            "half_effect": stops(0.5 * plan.drift, half),
            "alternative": stops(plan.drift, alternative),
        },
        "endpoint": endpoint.map(|e| json!({
            "unit": e.unit, "maximum": e.maximum, "fixed_design": e.fixed,
        })),
    })
}
