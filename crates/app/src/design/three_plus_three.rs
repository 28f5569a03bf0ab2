//! `neurocart design three-plus-three`.

use serde_json::json;

use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_stats::dose_finding::{
    DoseFindingDesign, ThreePlusThreeVariant, three_plus_three_exact,
};

use super::Answer;
use super::answer::Table;
use super::dose_finding::{Common, insert, isotonic_table, r_vector, refused, tallies};
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Whether the MTD must have six patients
    #[arg(long, value_enum, default_value_t = Variant::ConfirmWithSix)]
    variant: Variant,
    /// DLT rate that says which dose is the correct one in the simulation
    #[arg(long, default_value_t = 0.30)]
    target: f64,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Variant {
    /// The MTD is the dose below the one that stopped the trial.
    NoDeEscalation,
    /// The MTD has six patients; three more are treated there if it had three.
    ConfirmWithSix,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let (variant, name) = match arguments.variant {
        Variant::NoDeEscalation => (ThreePlusThreeVariant::NoDeEscalation, "no de-escalation"),
        Variant::ConfirmWithSix => (ThreePlusThreeVariant::ConfirmWithSix, "confirm with six"),
    };
    let confirms = variant == ThreePlusThreeVariant::ConfirmWithSix;
    let mut rules = Table::new("Decisions", &["DLT/treated", "then"]);
    let down = if confirms {
        "the dose below: MTD if it has six patients, else three more there"
    } else {
        "stop: the dose below is the MTD"
    };
    for (count, then) in [
        ("0/3", "escalate"),
        ("1/3", "three more"),
        ("2/3, 3/3", down),
        (
            "0/6, 1/6",
            "escalate; MTD if there is no higher dose or that was too toxic",
        ),
        ("2/6 and more", down),
    ] {
        rules.rows.push(vec![count.to_owned(), then.to_owned()]);
    }
    let mut answer = Answer {
        title: format!("3+3, variant: {name}"),
        tables: vec![rules],
        notes: vec![
            "variants of 3+3 differ in P(correct) and in size: name the variant in the protocol"
                .to_owned(),
        ],
        result: json!({ "variant": name }),
        ..Answer::default()
    };
    let design = DoseFindingDesign::ThreePlusThree(variant);
    if let Some(text) = &arguments.common.data {
        let doses = tallies(text, false)?;
        arguments.common.add_data(&mut answer, &design, &doses)?;
        answer.tables.push(isotonic_table(&doses)?);
    }
    let truth = &arguments.common.simulation.truth;
    if truth.is_empty() {
        return Ok(answer);
    }
    let exact = three_plus_three_exact(truth, variant).map_err(refused)?;
    let mut table = Table::new(
        "Exact, without a limit of patients",
        &[
            "dose",
            "true DLT rate",
            "P(MTD)",
            "expected patients",
            "expected DLT",
        ],
    );
    for (dose, rate) in truth.iter().enumerate() {
        table.rows.push(vec![
            (dose + 1).to_string(),
            percent(*rate),
            percent(exact.selected[dose]),
            fixed(exact.expected_treated[dose], 2),
            fixed(exact.expected_dlt[dose], 2),
        ]);
    }
    table.rows.push(vec![
        "none".to_owned(),
        String::new(),
        percent(exact.no_dose),
        fixed(exact.expected_total(), 2),
        fixed(exact.expected_dlt.iter().sum(), 2),
    ]);
    answer.tables.push(table);
    insert(
        &mut answer.result,
        "exact",
        json!({
            "no_dose": exact.no_dose,
            "selected": exact.selected,
            "expected_treated": exact.expected_treated,
            "expected_dlt": exact.expected_dlt,
            "expected_total": exact.expected_total(),
        }),
    );
    answer.r_call = r_call(truth, confirms);
    arguments
        .common
        .simulation
        .add(&mut answer, design, arguments.target, &[])?;
    Ok(answer)
}

fn r_call(truth: &[f64], confirms: bool) -> String {
    let top = if confirms {
        "pass[K] <- b0[K] * (b0[K] + b1[K]) + b1[K] * b0[K]\n"
    } else {
        ""
    };
    let again = if confirms {
        "if (d < K) (1 - b0[d] - b1[d]) / (1 + b1[d]) else 0"
    } else {
        "0"
    };
    format!(
        "p <- {}; K <- length(p)\n\
         b0 <- dbinom(0, 3, p); b1 <- dbinom(1, 3, p)\n\
         pass <- b0 * (1 + b1)\n\
         {top}\
         reach <- cumprod(c(1, pass)); mtd <- numeric(K); mtd[K] <- reach[K + 1]; fall <- 0\n\
         for (d in K:1) {{\n\
         \x20 toxic <- {again}\n\
         \x20 mtd[d] <- mtd[d] + fall * (1 - toxic)\n\
         \x20 fall <- fall * toxic + reach[d] * (1 - pass[d])\n\
         }}\n\
         c(none = fall, mtd)",
        r_vector(truth.iter())
    )
}
