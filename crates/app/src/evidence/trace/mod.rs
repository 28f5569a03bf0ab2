//! `neurocart evidence trace`: from a value of the model to its source, and on to what it moves.

mod all;
mod page;
mod row;
mod sensitivity;

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Value, json};

use neurocart_evidence::codes::code;
use neurocart_evidence::{Evidence, Study};
use neurocart_library::{Library, Problem};
use neurocart_report::trial_report::Grade;
use neurocart_trial::disease::Disease;
use neurocart_trial::parameters::{Parameter, Parameters};
use neurocart_trial::sensitivity::{Sensitivities, Setting};
use neurocart_trial::summary::{KnownFailure, known_failures};
use neurocart_trial::therapy::Therapy;
use neurocart_trial::validation::comparison::{Comparison, Plan};

use crate::evidence::printed::grade_and_tier;
use crate::evidence::table::Table;
use crate::exit::{Exit, print, print_json, say, write_file};
use all::all;
use page::page;
use row::{Row, found, rows};
use sensitivity::{CSV_COLUMNS, csv_rows, figure};

#[derive(clap::Args)]
pub struct Arguments {
    /// Symbol of the parameter: `theta`, `inebilizumab.CL`, or `scope/symbol`.
    #[arg(required_unless_present = "all")]
    parameter: Option<String>,
    /// Only the value of this scope, for example `core` or `disease:mogad`.
    #[arg(long)]
    scope: Option<String>,
    /// Disease in which the sensitivities are computed; one in which the parameter acts if left out.
    #[arg(long)]
    disease: Option<String>,
    /// Therapy under which they are computed; CAR T therapies are tried first if left out.
    #[arg(long)]
    therapy: Option<String>,
    /// Every value of the parameter table with its grade and studies, the worst known first.
    #[arg(long, conflicts_with_all = ["parameter", "disease", "therapy", "figure"])]
    all: bool,
    /// As JSON.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// The sensitivities as CSV; with `--all` the values.
    #[arg(long)]
    csv: bool,
    /// Write a figure of the sensitivities to this file (SVG).
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
}

/// Everything that is known of one value.
#[derive(Serialize)]
struct Trace<'a> {
    symbol: &'a str,
    scope: &'a str,
    meaning: &'a str,
    /// A number, or text for a value on record.
    value: Value,
    low: Option<f64>,
    high: Option<f64>,
    unit: &'a str,
    distribution: Option<String>,
    cv: Option<f64>,
    grade: &'a str,
    grade_meaning: &'static str,
    source: &'a str,
    locator: &'a str,
    address: &'a str,
    evidence: Vec<StudyLine>,
    calibrated_on: Vec<ComparisonLine<'a>>,
    known_failures: Vec<FailureLine<'a>>,
    sensitivity: Option<Sensitivities>,
}

/// A study behind a value.
#[derive(Serialize)]
struct StudyLine {
    id: String,
    title: String,
    design: String,
    citation: String,
    grade: String,
}

/// A comparison whose published figure set the value.
#[derive(Serialize)]
struct ComparisonLine<'a> {
    id: &'a str,
    kind: &'static str,
    title: &'a str,
    group: &'a str,
}

/// Something that the model gets wrong through the value.
#[derive(Serialize)]
struct FailureLine<'a> {
    id: &'a str,
    what: &'a str,
    consequence: &'a str,
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    let parameters = Parameters::of(library)?;
    let rows = rows(&parameters);
    let Some(name) = &arguments.parameter else {
        return all(arguments, &rows);
    };
    let found = found(
        &rows,
        &parameters,
        library,
        name,
        arguments.scope.as_deref(),
    )?;
    let evidence = Evidence::of(library)?;
    let plan = Plan::load(library)?;
    let failures = known_failures(library)?;
    let mut traces = Vec::new();
    for row in found {
        let sensitivity = match row {
            Row::Used(parameter) => sensitivity(arguments, library, &parameters, parameter)?,
            Row::Recorded(_) => None,
        };
        traces.push(trace(
            row,
            &evidence,
            &plan.comparisons,
            &failures,
            sensitivity,
        ));
    }
    if arguments.scope.is_none() && arguments.disease.is_some() | arguments.therapy.is_some() {
        // Of several scopes only those count that act in the scenario asked for.
        if traces.iter().any(|t| t.sensitivity.is_some()) {
            traces.retain(|t| t.sensitivity.is_some());
        } else {
            return Err(not_in_use(arguments, name));
        }
    }
    if let Some(path) = &arguments.figure {
        let drawn = traces
            .iter()
            .find_map(|t| Some((t, t.sensitivity.as_ref()?)));
        let Some((trace, sensitivity)) = drawn else {
            return Err(Exit::invalid(
                "nothing here moves an output; leave `--figure` out",
            ));
        };
        write_file(path, &figure(trace, sensitivity))?;
        say(&format!("figure  {}", path.display()));
    }
    if arguments.json {
        return print_json(&json!({ "traces": traces }));
    }
    if arguments.csv {
        let mut table = Table::new("sensitivities", "", &CSV_COLUMNS);
        table.rows = traces.iter().flat_map(csv_rows).collect();
        return print(&table.csv()?);
    }
    for (i, trace) in traces.iter().enumerate() {
        if i > 0 {
            print("\n")?;
        }
        page(trace, traces.len(), i).print()?;
    }
    Ok(())
}

fn invalid(problem: Problem) -> Exit {
    neurocart_library::Error::from(problem).into()
}

fn not_in_use(arguments: &Arguments, name: &str) -> Exit {
    let place = |what: &Option<String>| what.clone().unwrap_or_else(|| "any".to_owned());
    let message = format!(
        "no value of `{name}` is in use in disease `{}` under therapy `{}`",
        place(&arguments.disease),
        place(&arguments.therapy)
    );
    invalid(
        Problem::new("evidence trace", message).hint(
            "leave `--disease` and `--therapy` out, and a scenario is found in which it acts",
        ),
    )
}

fn sensitivity(
    arguments: &Arguments,
    library: &Library,
    parameters: &Parameters,
    row: &Parameter,
) -> Result<Option<Sensitivities>, Exit> {
    let (disease, therapy) = (arguments.disease.as_deref(), arguments.therapy.as_deref());
    // A name that does not exist is refused before anything is solved.
    disease.map(|id| Disease::load(library, id)).transpose()?;
    therapy
        .map(|id| Therapy::load(library, id, &[]))
        .transpose()?;
    Ok(Setting::of(library, parameters, row, disease, therapy)?.map(|found| found.1))
}

fn trace<'a>(
    row: Row<'a>,
    evidence: &Evidence,
    comparisons: &'a [Comparison],
    failures: &'a [KnownFailure],
    sensitivity: Option<Sensitivities>,
) -> Trace<'a> {
    let used = match row {
        Row::Used(parameter) => Some(parameter),
        Row::Recorded(_) => None,
    };
    let key = used.map(Parameter::key).unwrap_or_default();
    let [source, locator, address] = row.source();
    let studies = row
        .evidence()
        .iter()
        .filter_map(|id| evidence.studies.get(id));
    let calibrated = comparisons.iter().filter(|c| c.calibrates.contains(&key));
    let failing = failures.iter().filter(|f| f.parameters.contains(&key));
    Trace {
        symbol: row.symbol(),
        scope: row.scope(),
        meaning: row.meaning(),
        value: row.value(),
        low: used.and_then(|p| p.low),
        high: used.and_then(|p| p.high),
        unit: row.unit(),
        // A blank is inherited from the row below, which its own trace shows.
        distribution: used.and_then(|p| p.distribution).map(|d| d.to_string()),
        cv: used.and_then(|p| p.cv),
        grade: row.grade(),
        grade_meaning: Grade::of(row.grade()).meaning(),
        source,
        locator,
        address,
        evidence: studies.map(study_line).collect(),
        calibrated_on: calibrated
            .map(|c| ComparisonLine {
                id: &c.id,
                kind: c.kind.name(),
                title: &c.title,
                group: &c.group,
            })
            .collect(),
        known_failures: failing
            .map(|f| FailureLine {
                id: &f.id,
                what: &f.what,
                consequence: &f.consequence,
            })
            .collect(),
        sensitivity,
    }
}

fn study_line(study: &Study) -> StudyLine {
    StudyLine {
        id: study.id.clone(),
        title: study.title.clone(),
        design: code(&study.design.kind),
        citation: study.source.citation(),
        grade: grade_and_tier(study.source.grade, study.source.tier),
    }
}
