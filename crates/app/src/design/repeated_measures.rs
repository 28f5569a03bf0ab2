//! `neurocart design repeated-measures`: subjects or power of a mixed model for repeated measures.

use clap::ValueEnum;
use serde_json::json;

use neurocart_report::figure::ReferenceLine;
use neurocart_report::figure::curves::{Curve, CurveFigure, render_curves_svg};
use neurocart_report::format::{fixed, percent_one_decimal as percent};
use neurocart_stats::mixed_model::{
    RepeatedMeasuresDesign, VarianceFactors, VisitCorrelation, repeated_measures_power,
    repeated_measures_sample_size, variance_factors,
};
use neurocart_stats::{InputError, NotEstimable};

use super::Answer;
use super::answer::Table;
use crate::exit::Exit;

#[derive(clap::Args)]
pub struct Arguments {
    /// Difference between the arms at the last visit, in the unit of the outcome.
    #[arg(long, allow_negative_numbers = true)]
    difference: f64,
    /// Standard deviation at the last visit, given the baseline, in the unit of the outcome.
    #[arg(long)]
    sd: f64,
    /// Share that has dropped out by each visit, for example 0,0.05,0.1; one number per visit.
    #[arg(long, value_delimiter = ',', required = true, value_name = "SHARES")]
    dropout: Vec<f64>,
    /// The same for the control arm, if it differs.
    #[arg(long, value_delimiter = ',', value_name = "SHARES")]
    dropout_control: Vec<f64>,
    /// Correlation of neighbouring visits (ar1) or of any two (cs), given the baseline.
    #[arg(long, allow_negative_numbers = true)]
    rho: f64,
    /// How the correlation falls with the distance of two visits.
    #[arg(long, value_enum, default_value_t = Correlation::Ar1)]
    correlation: Correlation,
    /// Treated subjects for each control subject.
    #[arg(long, default_value_t = 1.0)]
    allocation: f64,
    /// Two-sided level of the test.
    #[arg(long, default_value_t = 0.05)]
    alpha: f64,
    /// Power to be reached.
    #[arg(long, default_value_t = 0.9)]
    power: f64,
    /// Subjects of both arms together: asks for their power instead.
    #[arg(long, conflicts_with = "power")]
    subjects: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Correlation {
    /// rho to the power of the number of visits between.
    Ar1,
    /// rho for any two visits.
    Cs,
}

pub fn answer(arguments: &Arguments) -> Result<Answer, Exit> {
    let retention_treated = retention("--dropout", &arguments.dropout)?;
    let retention_control = match arguments.dropout_control.is_empty() {
        true => retention_treated.clone(),
        false => retention("--dropout-control", &arguments.dropout_control)?,
    };
    let design = RepeatedMeasuresDesign {
        difference: arguments.difference,
        standard_deviation: arguments.sd,
        correlation: match arguments.correlation {
            Correlation::Ar1 => VisitCorrelation::Ar1,
            Correlation::Cs => VisitCorrelation::CompoundSymmetry,
        },
        rho: arguments.rho,
        retention_treated: &retention_treated,
        retention_control: &retention_control,
        allocation: arguments.allocation,
        significance_level: arguments.alpha,
    };
    let factors = variance_factors(&design).map_err(named)?;
    let visits = retention_treated.len();
    let mut answer = Answer {
        tables: vec![table_of_visits(&design)],
        r_call: r_call(arguments, &retention_treated, &retention_control),
        ..Answer::default()
    };
    let last = |retention: &[f64]| 1.0 / retention[visits - 1];
    let completers = last(&retention_treated) + arguments.allocation * last(&retention_control);
    let with_partial = factors.treated + arguments.allocation * factors.control;
    let total;
    match arguments.subjects {
        Some(subjects) => {
            let (treated, control) = split(subjects as f64, arguments.allocation);
            let power = repeated_measures_power(&design, treated, control).map_err(named)?;
            total = subjects as f64;
            answer.title = format!("Power of a mixed model for repeated measures, {visits} visits");
            answer.facts = vec![
                ("power".to_owned(), percent(power)),
                ("subjects".to_owned(), subjects.to_string()),
            ];
            answer.result = json!({ "power": power, "subjects": subjects });
        }
        None => {
            let size = repeated_measures_sample_size(&design, arguments.power).map_err(named)?;
            total = (size.treated + size.control) as f64;
            answer.title =
                format!("Subjects for a mixed model for repeated measures, {visits} visits");
            answer.facts = vec![
                (
                    "subjects".to_owned(),
                    (size.treated + size.control).to_string(),
                ),
                ("treated".to_owned(), size.treated.to_string()),
                ("control".to_owned(), size.control.to_string()),
                ("power with these".to_owned(), percent(size.power)),
            ];
            answer.tables.push(table_of_sizes(&design)?);
            answer.result = json!({
                "treated": size.treated, "control": size.control,
                "treated_exact": size.treated_exact, "control_exact": size.control_exact,
                "power": size.power,
            });
        }
    }
    answer.facts.push((
        "variance factors".to_owned(),
        format!(
            "{} treated, {} control (1 without dropout)",
            fixed(factors.treated, 3),
            fixed(factors.control, 3)
        ),
    ));
    answer.result["variance_factors"] =
        json!({ "treated": factors.treated, "control": factors.control });
    answer.result["two_sided_alpha"] = json!(arguments.alpha);
    answer.figure = Some(figure(&design, total, arguments)?);
    answer.notes = notes(completers / with_partial, &factors);
    Ok(answer)
}

/// Treated and control subjects of a total, as parts that need not be whole.
fn split(total: f64, allocation: f64) -> (f64, f64) {
    let control = total / (1.0 + allocation);
    (total - control, control)
}

/// The share still seen at each visit.
fn retention(option: &str, dropout: &[f64]) -> Result<Vec<f64>, Exit> {
    let mut before = 0.0;
    for (visit, &share) in dropout.iter().enumerate() {
        if !(share >= before && share < 1.0) {
            return Err(Exit::invalid(format!(
                "`{option}` is {share} at visit {}; it must be at least {before}, the share lost before, and \
                 below 1: give cumulative shares such as 0,0.05,0.1",
                visit + 1
            )));
        }
        before = share;
    }
    Ok(dropout.iter().map(|share| 1.0 - share).collect())
}

/// The error in the words of the command line.
fn named(reason: NotEstimable) -> Exit {
    let NotEstimable::Input(InputError::Range {
        name,
        value,
        expected,
    }) = reason
    else {
        return reason.into();
    };
    let option = match name {
        "difference" => "--difference",
        "standard_deviation" => "--sd",
        "visits" | "retention" => "--dropout",
        "visits of the control arm" => "--dropout-control",
        "rho" => "--rho",
        "allocation" => "--allocation",
        "significance_level" => "--alpha",
        "power" => "--power",
        "treated" | "control" => "--subjects",
        other => other,
    };
    let what = match name {
        "visits" | "visits of the control arm" => "has that many visits:",
        "treated" | "control" => "gives one arm",
        _ => "is",
    };
    Exit::invalid(format!("`{option}` {what} {value}; it must be {expected}"))
}

fn correlation_with_last(design: &RepeatedMeasuresDesign, visit: usize) -> f64 {
    match (
        design.correlation,
        design.retention_treated.len() - 1 - visit,
    ) {
        (_, 0) => 1.0,
        (VisitCorrelation::CompoundSymmetry, _) => design.rho,
        (VisitCorrelation::Ar1, lag) => (0..lag).fold(1.0, |product, _| product * design.rho),
    }
}

fn table_of_visits(design: &RepeatedMeasuresDesign) -> Table {
    let head = [
        "visit",
        "treated still seen",
        "control still seen",
        "correlation with last",
    ];
    let mut table = Table::new("Visits", &head);
    for visit in 0..design.retention_treated.len() {
        table.rows.push(vec![
            (visit + 1).to_string(),
            percent(design.retention_treated[visit]),
            percent(design.retention_control[visit]),
            fixed(correlation_with_last(design, visit), 3),
        ]);
    }
    table
}

fn table_of_sizes(design: &RepeatedMeasuresDesign) -> Result<Table, Exit> {
    let head = ["power", "treated", "control", "subjects"];
    let mut table = Table::new("Subjects by power", &head);
    for power in [0.8, 0.85, 0.9, 0.95] {
        let size = repeated_measures_sample_size(design, power).map_err(named)?;
        table.rows.push(vec![
            percent(power),
            size.treated.to_string(),
            size.control.to_string(),
            (size.treated + size.control).to_string(),
        ]);
    }
    Ok(table)
}

fn figure(
    design: &RepeatedMeasuresDesign,
    total: f64,
    arguments: &Arguments,
) -> Result<String, Exit> {
    const POINTS: u32 = 60;
    let smallest = (1.0 + design.allocation).max(1.0 + 1.0 / design.allocation);
    let longest = (1.6 * total).max(2.0 * smallest);
    let mut points = Vec::new();
    for i in 0..=POINTS {
        let subjects = smallest + (longest - smallest) * f64::from(i) / f64::from(POINTS);
        let (treated, control) = split(subjects, design.allocation);
        // The split of the smallest total can fall short of one by rounding.
        let power = repeated_measures_power(design, treated.max(1.0), control.max(1.0));
        points.push((subjects, power.map_err(named)?));
    }
    Ok(render_curves_svg(&CurveFigure {
        title: "Power by number of subjects".to_owned(),
        x_label: "Subjects of both arms".to_owned(),
        y_label: format!(
            "Power, difference {} at the last visit",
            arguments.difference
        ),
        percent: true,
        curves: vec![Curve {
            name: "power".to_owned(),
            points,
            ..Curve::default()
        }],
        reference_lines: match arguments.subjects {
            Some(_) => Vec::new(),
            None => vec![ReferenceLine {
                value: arguments.power,
                label: "target".to_owned(),
            }],
        },
    }))
}

fn notes(completers_over_all: f64, factors: &VarianceFactors) -> Vec<String> {
    let mut notes = vec![
        "the standard deviation and the correlation are those left after adjustment for the baseline; \
         of the standard deviations only that of the last visit matters"
            .to_owned(),
        "normal quantiles as published; the estimated covariance costs a point or two of power below \
         about 50 subjects: simulate small trials"
            .to_owned(),
        "dropout is taken as completely at random".to_owned(),
    ];
    if factors.treated.max(factors.control) > 1.0 + 1e-9 {
        notes.push(format!(
            "an analysis of those who complete would need {} times the subjects",
            fixed(completers_over_all, 2)
        ));
    }
    notes
}

fn r_call(arguments: &Arguments, treated: &[f64], control: &[f64]) -> String {
    let vector = |shares: &[f64]| {
        // 1 - 0.15 prints as 0.85.
        let rounded = |share: &f64| (share * 1e9).round() / 1e9;
        let shares: Vec<String> = shares.iter().map(|s| rounded(s).to_string()).collect();
        format!("c({})", shares.join(", "))
    };
    let (visits, rho) = (treated.len(), arguments.rho);
    let matrix = match arguments.correlation {
        Correlation::Ar1 => format!("({rho})^abs(outer(1:{visits}, 1:{visits}, \"-\"))"),
        Correlation::Cs => format!("matrix({rho}, {visits}, {visits}); diag(R) <- 1"),
    };
    let asked = match arguments.subjects {
        Some(subjects) => format!("N = {subjects}"),
        None => format!("power = {}", arguments.power),
    };
    format!(
        "library(longpower)\n\
         R <- {matrix}\n\
         power.mmrm(Ra = R, ra = {}, Rb = R, rb = {}, sigmaa = {},\n\
         \x20          lambda = {}, delta = {}, sig.level = {}, {asked})",
        vector(treated),
        vector(control),
        arguments.sd,
        arguments.allocation,
        arguments.difference.abs(),
        arguments.alpha,
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn ask(line: &str) -> Result<Answer, Exit> {
        answer(&Line::parse_from(line.split(' ')).arguments)
    }

    const CASE: &str = "_ --difference 0.5 --sd 1 --dropout 0,0.1,0.2,0.3 --rho 0.25";

    #[test]
    fn the_answer_holds_the_published_formula() {
        // 86.99 per arm: formula (3) of Lu, Luo and Chen 2008 evaluated in R.
        let answer = ask(&format!("{CASE} --correlation cs --power 0.8")).unwrap();
        assert_eq!(answer.result["treated"], 87);
        let exact = answer.result["treated_exact"].as_f64().unwrap();
        assert!((exact - 86.99175038904).abs() < 1e-9);
        assert!(
            answer.r_call.contains("ra = c(1, 0.9, 0.8, 0.7)"),
            "{}",
            answer.r_call
        );
        assert!(answer.figure.unwrap().contains("<svg"));
    }

    #[test]
    fn the_power_of_the_size_is_the_power_asked_for() {
        let size = ask(&format!("{CASE} --power 0.85")).unwrap();
        let number = |key: &str| size.result[key].as_u64().unwrap();
        let subjects = number("treated") + number("control");
        let power = ask(&format!("{CASE} --subjects {subjects}")).unwrap();
        assert_eq!(power.result["power"], size.result["power"]);
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_the_command() {
        for (line, words) in [
            (
                format!("{CASE} --power 1.2"),
                "`--power` is 1.2; it must be",
            ),
            (format!("{CASE} --alpha 0"), "`--alpha` is 0; it must be"),
            (
                format!("{CASE} --subjects 1"),
                "`--subjects` gives one arm 0.5",
            ),
            (
                format!("{CASE} --dropout-control 0,0.1"),
                "`--dropout-control` has that many visits: 2",
            ),
            (
                "_ --difference 1 --sd -2 --dropout 0 --rho 0".to_owned(),
                "unexpected",
            ),
            (
                "_ --difference 1 --sd 0 --dropout 0 --rho 0".to_owned(),
                "`--sd` is 0; it must be",
            ),
            (
                "_ --difference 1 --sd 1 --dropout 0.2,0.1 --rho 0".to_owned(),
                "`--dropout` is 0.1 at visit 2; it must be at least 0.2",
            ),
            (
                "_ --difference 1 --sd 1 --dropout 0,0 --rho 1".to_owned(),
                "`--rho` is 1; it must be",
            ),
        ] {
            let Ok(line) = Line::try_parse_from(line.split(' ')) else {
                assert_eq!(words, "unexpected");
                continue;
            };
            let exit = answer(&line.arguments).err().unwrap();
            assert!(exit.message.contains(words), "{}", exit.message);
        }
    }
}
