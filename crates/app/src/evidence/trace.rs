//! `neurocart evidence trace`: from a value of the model to its source, and on to what it moves.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Value, json};

use neurocart_evidence::codes::code;
use neurocart_evidence::series::citation;
use neurocart_evidence::{Evidence, Study};
use neurocart_library::{Library, Problem, nearest};
use neurocart_report::figure::Layout;
use neurocart_report::figure::tornado::{Tornado, TornadoBar, render_tornado_svg};
use neurocart_report::format::significant;
use neurocart_report::trial_report::Grade;
use neurocart_trial::disease::Disease;
use neurocart_trial::parameters::{Parameter, Parameters, Recorded};
use neurocart_trial::sensitivity::{OutputSensitivity, STEP, Sensitivities, Setting, THRESHOLD};
use neurocart_trial::summary::{KnownFailure, known_failures};
use neurocart_trial::therapy::Therapy;
use neurocart_trial::validation::comparison::{Comparison, Plan};

use crate::evidence::printed::grade_and_tier;
use crate::evidence::table::{Column, Page, Table};
use crate::exit::{Exit, print, print_json, say, write_file};

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

/// A row of the parameter table, read by the model or only kept on record.
#[derive(Clone, Copy)]
enum Row<'a> {
    Used(&'a Parameter),
    Recorded(&'a Recorded),
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

fn rows(parameters: &Parameters) -> Vec<Row<'_>> {
    let used = parameters.rows().iter().map(Row::Used);
    let recorded = parameters.recorded().iter().map(Row::Recorded);
    let mut rows: Vec<Row> = used.chain(recorded).collect();
    rows.sort_by_key(|row| row.line());
    rows
}

impl<'a> Row<'a> {
    fn line(self) -> usize {
        match self {
            Row::Used(r) => r.line,
            Row::Recorded(r) => r.line,
        }
    }
    fn symbol(self) -> &'a str {
        match self {
            Row::Used(r) => &r.symbol,
            Row::Recorded(r) => &r.symbol,
        }
    }
    fn scope(self) -> &'a str {
        match self {
            Row::Used(r) => &r.scope,
            Row::Recorded(r) => &r.scope,
        }
    }
    fn grade(self) -> &'a str {
        match self {
            Row::Used(r) => &r.grade,
            Row::Recorded(r) => &r.grade,
        }
    }
    fn evidence(self) -> &'a [String] {
        match self {
            Row::Used(r) => &r.evidence,
            Row::Recorded(r) => &r.evidence,
        }
    }
    /// Source, locator and address.
    fn source(self) -> [&'a str; 3] {
        match self {
            Row::Used(r) => [&r.source, &r.locator, &r.address],
            Row::Recorded(r) => [&r.source, &r.locator, &r.address],
        }
    }
    fn meaning(self) -> &'a str {
        match self {
            Row::Used(r) => &r.meaning,
            Row::Recorded(r) => &r.meaning,
        }
    }
    fn unit(self) -> &'a str {
        match self {
            Row::Used(r) => &r.unit,
            Row::Recorded(r) => &r.unit,
        }
    }
    fn value(self) -> Value {
        match self {
            Row::Used(r) => r.value.into(),
            Row::Recorded(r) => r.value.as_str().into(),
        }
    }
}

/// The rows that `name` means: a symbol, `drug.symbol` as in reports, or `scope/symbol`.
fn found<'a>(
    rows: &[Row<'a>],
    parameters: &Parameters,
    library: &Library,
    name: &str,
    scope: Option<&str>,
) -> Result<Vec<Row<'a>>, Exit> {
    let mut found: Vec<Row> = rows
        .iter()
        .copied()
        .filter(|r| r.symbol() == name)
        .collect();
    if let Some((scope, symbol)) = name.rsplit_once('/') {
        found = rows
            .iter()
            .copied()
            .filter(|r| r.symbol() == symbol && r.scope() == scope)
            .collect();
    } else if let Some((drug, symbol)) = name.split_once('.') {
        let scopes = drug_scopes(library, drug)?;
        let row = scopes
            .iter()
            .find_map(|scope| parameters.row(scope, symbol));
        found = row
            .map(|row| {
                rows.iter()
                    .copied()
                    .filter(|r| r.line() == row.line)
                    .collect()
            })
            .unwrap_or_default();
    }
    if found.is_empty() {
        let problem = Problem::new("evidence trace", format!("unknown parameter `{name}`"));
        let plain = name.rsplit(['/', '.']).next().unwrap_or(name);
        return Err(invalid(
            match nearest(plain, rows.iter().map(|r| r.symbol())) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint("`neurocart evidence trace --all` lists every parameter"),
            },
        ));
    }
    let Some(scope) = scope else {
        return Ok(found);
    };
    let of_scope: Vec<Row> = found
        .iter()
        .copied()
        .filter(|r| r.scope() == scope)
        .collect();
    if of_scope.is_empty() {
        let scopes: Vec<&str> = found.iter().map(|r| r.scope()).collect();
        let message = format!("`{name}` has no value of scope `{scope}`");
        return Err(invalid(
            Problem::new("--scope", message).hint(format!("its scopes: {}", scopes.join(", "))),
        ));
    }
    Ok(of_scope)
}

/// Scopes from which a drug takes its values, its own first.
fn drug_scopes(library: &Library, drug: &str) -> Result<Vec<String>, Exit> {
    for id in library.therapy_ids() {
        let therapy = Therapy::load(library, id, &[])?;
        if let Some(found) = therapy.drugs.iter().find(|d| d.name == drug) {
            return Ok(vec![found.scope(), format!("module:{}", found.module)]);
        }
    }
    Ok(vec![format!("drug:{drug}")])
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
        citation: citation(&study.source),
        grade: grade_and_tier(study.source.grade, study.source.tier),
    }
}

/// What a reader sees of one value, the `index`-th of `count`.
fn page(trace: &Trace, count: usize, index: usize) -> Page {
    let mut page = Page {
        title: match count {
            1 => format!("{}: {}", trace.symbol, trace.meaning),
            _ => format!(
                "{} ({} of {count}): {}",
                trace.symbol,
                index + 1,
                trace.meaning
            ),
        },
        facts: facts(trace),
        ..Page::default()
    };
    let mut studies = Table::new("evidence", "Studies behind it", &STUDY_COLUMNS);
    studies.rows = trace
        .evidence
        .iter()
        .map(|s| {
            vec![
                s.id.as_str().into(),
                s.title.as_str().into(),
                s.design.as_str().into(),
                s.citation.as_str().into(),
                s.grade.as_str().into(),
            ]
        })
        .collect();
    let mut calibrated = Table::new(
        "calibrated_on",
        "Set by these published figures",
        &CALIBRATED_COLUMNS,
    );
    calibrated.rows = trace
        .calibrated_on
        .iter()
        .map(|c| vec![c.id.into(), c.kind.into(), c.title.into(), c.group.into()])
        .collect();
    let mut failures = Table::new(
        "known_failures",
        "What the model gets wrong through it",
        &FAILURE_COLUMNS,
    );
    failures.rows = trace
        .known_failures
        .iter()
        .map(|f| vec![f.id.into(), f.what.into(), f.consequence.into()])
        .collect();
    page.tables = vec![studies, calibrated, failures];
    let Some(found) = &trace.sensitivity else {
        page.notes.push(match trace.value {
            Value::String(_) => "on record only: no equation reads this value".into(),
            _ => "no disease under a therapy of the library takes its value from this row".into(),
        });
        return page;
    };
    let moving: Vec<&OutputSensitivity> = found.outputs.iter().filter(|o| o.sensitive).collect();
    let title = format!(
        "Outputs that move with it: {}, {}, typical patient, {} weeks",
        found.disease,
        found.therapy,
        significant(found.horizon_days / 7.0)
    );
    let mut table = Table::new("sensitivity", title, &SENSITIVITY_COLUMNS);
    table.rows = moving.iter().map(|o| sensitivity_row(o)).collect();
    page.tables.push(table);
    page.notes.push(format!(
        "the typical patient is solved with {} at {}; per log is d ln output / d ln {}, by differences",
        found.name,
        points(found),
        found.name
    ));
    if moving.is_empty() {
        page.notes.push(
            "no output of the typical patient moves: nothing is drawn for it, so neither variability nor noise shows, and no \
             therapy of the library gives steroid or exchange".into(),
        );
    }
    let still: Vec<&str> = found
        .outputs
        .iter()
        .filter(|o| !o.sensitive)
        .map(|o| o.label.as_str())
        .collect();
    if !still.is_empty() && !moving.is_empty() {
        page.notes.push(format!(
            "not sensitive (below {THRESHOLD} per log, and below {} % over its range): {}",
            significant(100.0 * THRESHOLD),
            still.join(", ")
        ));
    }
    page.notes.extend(
        found
            .not_solved
            .iter()
            .map(|why| format!("not solved {why}")),
    );
    page
}

fn facts(trace: &Trace) -> Vec<(String, String)> {
    let mut facts = vec![("scope".to_owned(), trace.scope.to_owned())];
    let mut add = |label: &str, text: String| {
        if !text.is_empty() {
            facts.push((label.to_owned(), text));
        }
    };
    let unit = match trace.unit {
        "1" => String::new(),
        // `3 1/d` would read as a fraction.
        unit if unit.starts_with(|c: char| c.is_ascii_digit()) => format!("({unit})"),
        unit => unit.to_owned(),
    };
    let value = match &trace.value {
        Value::String(text) => text.clone(),
        number => number.as_f64().map(plain).unwrap_or_default(),
    };
    add("value", format!("{value} {unit}").trim().to_owned());
    add(
        "range",
        match (trace.low, trace.high) {
            (Some(low), Some(high)) => format!("{} to {}", plain(low), plain(high)),
            _ => String::new(),
        },
    );
    add(
        "patients",
        match (trace.distribution.as_deref(), trace.cv) {
            (Some("fixed"), _) => "the same in all".to_owned(),
            (Some("logit-normal"), Some(cv)) => {
                format!("logit-normal, SD {} on the logit scale", plain(cv))
            }
            (Some("gamma"), Some(cv)) => {
                format!("gamma frailty of CV {} %", significant(100.0 * cv))
            }
            (Some(kind), Some(cv)) => format!("{kind}, CV {} %", significant(100.0 * cv)),
            _ => String::new(),
        },
    );
    add("grade", format!("{}: {}", trace.grade, trace.grade_meaning));
    add("source", trace.source.to_owned());
    add("where", trace.locator.to_owned());
    add("read at", trace.address.to_owned());
    facts
}

/// A value as in the parameter table.
fn plain(value: f64) -> String {
    value.to_string()
}

fn points(found: &Sensitivities) -> String {
    let p = &found.parameter;
    let name =
        |value: Option<f64>, what: &str| value.map(|v| format!("{} ({what})", significant(v)));
    let all = [
        name(p.lowered, &format!("1/{STEP}")),
        name(p.typical, "as it is"),
        name(p.raised, &format!("{STEP}-fold")),
        name(p.low, "low end"),
        name(p.high, "high end"),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

const STUDY_COLUMNS: [Column; 5] = [
    Column::code("id", "id"),
    Column::words("title", "what it is"),
    Column::code("design", "design").expendable(1),
    Column::words("citation", "cite"),
    Column::code("grade", "grade"),
];
const CALIBRATED_COLUMNS: [Column; 4] = [
    Column::code("id", "comparison"),
    Column::code("kind", "kind"),
    Column::words("title", "figure"),
    Column::words("group", "of").expendable(1),
];
const FAILURE_COLUMNS: [Column; 3] = [
    Column::code("id", "known failure"),
    Column::words("what", "what"),
    Column::words("consequence", "consequence"),
];
const SENSITIVITY_COLUMNS: [Column; 7] = [
    Column::words("label", "output"),
    Column::number("value", "value"),
    Column::words("unit", "unit"),
    Column::number("elasticity", "per log"),
    Column::number("change_per_tenth", "per +10 %"),
    Column::number("at_low", "at low end").expendable(2),
    Column::number("at_high", "at high end").expendable(1),
];
const CSV_COLUMNS: [Column; 15] = [
    Column::code("symbol", ""),
    Column::code("scope", ""),
    Column::code("disease", ""),
    Column::code("therapy", ""),
    Column::code("output", ""),
    Column::words("label", ""),
    Column::code("unit", ""),
    Column::number("value", ""),
    Column::number("at_lowered", ""),
    Column::number("at_raised", ""),
    Column::number("at_low", ""),
    Column::number("at_high", ""),
    Column::number("elasticity", ""),
    Column::number("change_per_tenth", ""),
    Column::code("sensitive", ""),
];

fn sensitivity_row(output: &OutputSensitivity) -> Vec<Value> {
    let number = |value: Option<f64>| value.map(significant).into();
    let local = |value: Option<f64>| value.map(|v| significant(hundredth(v))).into();
    vec![
        output.label.as_str().into(),
        number(output.values.typical),
        (if output.unit == "1" { "" } else { &output.unit }).into(),
        local(output.elasticity),
        number(output.change_per_tenth),
        number(output.values.low),
        number(output.values.high),
    ]
}

/// Two decimals are what a local sensitivity is good for.
fn hundredth(value: f64) -> f64 {
    (100.0 * value).round() / 100.0
}

fn csv_rows(trace: &Trace) -> Vec<Vec<Value>> {
    let Some(found) = &trace.sensitivity else {
        return Vec::new();
    };
    found
        .outputs
        .iter()
        .map(|o| {
            vec![
                trace.symbol.into(),
                trace.scope.into(),
                found.disease.as_str().into(),
                found.therapy.as_str().into(),
                o.output.as_str().into(),
                o.label.as_str().into(),
                o.unit.as_str().into(),
                o.values.typical.into(),
                o.values.lowered.into(),
                o.values.raised.into(),
                o.values.low.into(),
                o.values.high.into(),
                o.elasticity.into(),
                o.change_per_tenth.into(),
                o.sensitive.into(),
            ]
        })
        .collect()
}

fn figure(trace: &Trace, found: &Sensitivities) -> String {
    let moving = found.outputs.iter().filter(|o| o.sensitive);
    let bars = moving.map(|o| TornadoBar {
        label: o.label.clone(),
        value: o.elasticity.unwrap_or(f64::NAN),
    });
    let tornado = Tornado {
        title: format!("What moves with {}", found.name),
        axis: format!("d ln output / d ln {}", found.name),
        bars: bars.collect(),
        caption: format!(
            "{}: {}. Typical patient, {}, {}, {} weeks; {} at {}. Outputs below {THRESHOLD} are left out. {}",
            found.name,
            trace.meaning,
            found.disease,
            found.therapy,
            significant(found.horizon_days / 7.0),
            found.name,
            points(found),
            crate::RESEARCH_ONLY
        ),
    };
    render_tornado_svg(&tornado, Layout::Wide)
}

const ALL_COLUMNS: [Column; 10] = [
    Column::code("grade", "grade"),
    Column::words("symbol", "symbol"),
    Column::words("scope", "scope"),
    Column::words("value", "value"),
    Column::words("unit", "unit").expendable(4),
    Column::words("meaning", "meaning").expendable(2),
    Column::words("source", "source"),
    Column::words("locator", "where").expendable(3),
    Column::words("evidence", "studies"),
    Column::code("read_by_the_model", "read by the model").expendable(1),
];

/// Every value with its grade and studies, the worst known first, in the order of the table within a grade.
fn all(arguments: &Arguments, rows: &[Row]) -> Result<(), Exit> {
    let mut rows: Vec<Row> = rows.to_vec();
    if let Some(scope) = &arguments.scope {
        rows.retain(|row| row.scope() == scope);
        if rows.is_empty() {
            return Err(invalid(
                Problem::new("--scope", format!("no parameter has scope `{scope}`"))
                    .hint("scopes stand in the second column of library/parameters.csv"),
            ));
        }
    }
    rows.sort_by_key(|row| Grade::of(row.grade()));
    let mut table = Table::new("parameters", "", &ALL_COLUMNS);
    table.rows = rows
        .iter()
        .map(|row| {
            let [source, locator, _] = row.source();
            vec![
                row.grade().into(),
                row.symbol().into(),
                row.scope().into(),
                row.value(),
                row.unit().into(),
                row.meaning().into(),
                source.into(),
                locator.into(),
                row.evidence().to_vec().into(),
                matches!(row, Row::Used(_)).into(),
            ]
        })
        .collect();
    if arguments.csv {
        return print(&table.csv()?);
    }
    let counts = Grade::ALL.map(|grade| {
        let of_grade = rows.iter().filter(|row| Grade::of(row.grade()) == grade);
        format!("{} {}", of_grade.count(), grade.name())
    });
    let linked = rows.iter().filter(|row| !row.evidence().is_empty()).count();
    let page = Page {
        title: format!(
            "{} values: {}; {linked} with a study behind them",
            rows.len(),
            counts.join(", ")
        ),
        tables: vec![table],
        ..Page::default()
    };
    if arguments.json {
        return print_json(&page);
    }
    page.print()
}
