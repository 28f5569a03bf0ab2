//! `neurocart validate`: the model against published figures, failures included.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use neurocart_library::Library;
use neurocart_report::estimate::Estimate;
use neurocart_report::format::significant;
use neurocart_report::validation_report::{
    ValidationReport as Page, ValidationRow as PageRow, Verdict as PageVerdict, render_markdown,
    render_validation_html, tally,
};
use neurocart_trial::validation::verdict::Verdict;
use neurocart_trial::validation::{Options, ValidationReport, ValidationRow, run as validate};

use crate::exit::{Exit, print, print_json, write_file};
use crate::progress::{Bar, interruptible, processors, threads};

#[derive(Args)]
pub struct Arguments {
    /// Comparisons to make, by id; all where it is missing.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,
    /// Virtual patients per comparison.
    #[arg(long, default_value_t = Options::default().patients)]
    patients: usize,
    /// Seed of all draws.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Worker threads; all processors where it is missing. The results do not depend on it.
    #[arg(long, value_parser = threads)]
    threads: Option<usize>,
    /// Also write the page of the documentation (Markdown).
    #[arg(long, value_name = "FILE")]
    docs: Option<PathBuf>,
    /// Also write a page with a figure (HTML).
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Everything as JSON on standard output.
    #[arg(long)]
    json: bool,
    /// No progress bar.
    #[arg(long)]
    quiet: bool,
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    if arguments.patients < 10 {
        return Err(Exit::invalid(format!(
            "`--patients` is {}, expected at least 10",
            arguments.patients
        )));
    }
    let options = Options {
        seed: arguments.seed,
        patients: arguments.patients,
        only: arguments.only.clone(),
        threads: arguments.threads.unwrap_or_else(processors),
        ..Options::default()
    };
    let cancel = interruptible();
    let bar = Bar::new("solving virtual patients", 0, arguments.quiet);
    let report = validate(
        library,
        &options,
        &mut |p| {
            bar.length(p.total as u64, 0);
            bar.set(p.solved as u64, "");
        },
        &cancel,
    )?;
    bar.finish();
    let page = page(&report);
    if let Some(path) = &arguments.docs {
        write_file(path, &markdown(&report, &page))?;
    }
    if let Some(path) = &arguments.html {
        write_file(path, &render_validation_html(&page))?;
    }
    if arguments.json {
        return print_json(&report);
    }
    print(&table(&report, &page))
}

fn page(report: &ValidationReport) -> Page {
    Page {
        title: "Simulated against published".into(),
        introduction: report.introduction(),
        rows: report.rows.iter().map(page_row).collect(),
    }
}

fn page_row(row: &ValidationRow) -> PageRow {
    let open = |x: Option<f64>| x.unwrap_or(f64::NAN);
    let (lower, upper) = row.interval().unwrap_or((f64::NAN, f64::NAN));
    let accepted = row.accepted.unwrap_or((f64::NAN, f64::NAN));
    PageRow {
        group: row.group.clone(),
        quantity: row.title.clone(),
        unit: row.unit.clone(),
        published: Estimate::new(
            open(row.published.value),
            open(row.published.lower),
            open(row.published.upper),
        ),
        simulated: Estimate::new(open(row.simulated.value), lower, upper),
        acceptance: Estimate::new(f64::NAN, accepted.0, accepted.1),
        verdict: match row.verdict {
            Verdict::Pass => PageVerdict::Pass,
            Verdict::Near => PageVerdict::Near,
            Verdict::Fail => PageVerdict::Fail,
            Verdict::NotJudged => PageVerdict::NotJudged,
        },
        source: row.published.source.clone(),
        note: format!("{}. {}", row.simulation, row.remarks()),
    }
}

fn markdown(report: &ValidationReport, page: &Page) -> String {
    let mut text = String::from(
        "<!-- Written by `neurocart validate --docs docs/validation.md`; do not edit. -->\n\n",
    );
    text += &render_markdown(page);
    if !report.not_covered.is_empty() {
        text += "\n## Not covered yet\n\n";
        for n in &report.not_covered {
            let _ = writeln!(text, "* {}: {}", n.title, n.reason);
        }
    }
    text
}

/// One line per comparison for the terminal.
fn table(report: &ValidationReport, page: &Page) -> String {
    let mut text = String::new();
    let mut group = "";
    let width = report
        .rows
        .iter()
        .map(|r| r.title.chars().count())
        .max()
        .unwrap_or(0)
        .min(64);
    for (row, shown) in report.rows.iter().zip(&page.rows) {
        if row.group != group {
            group = &row.group;
            let _ = writeln!(text, "\n{group}");
        }
        let _ = writeln!(
            text,
            "  {:10}  {:width$}  published {}  simulated {}  {}",
            row.verdict.name().to_uppercase(),
            row.title,
            match shown.published.value.is_finite() || shown.published.has_interval() {
                true => interval(&shown.published),
                false => requirement(&shown.acceptance),
            },
            interval(&shown.simulated),
            row.unit
        );
    }
    let _ = writeln!(text, "\n{}", tally(page));
    for n in &report.not_covered {
        let _ = writeln!(text, "not covered: {}: {}", n.title, n.reason);
    }
    text
}

/// Limits of a requirement that has no published figure; one side may be open.
fn requirement(limits: &Estimate) -> String {
    match (limits.lower.is_finite(), limits.upper.is_finite()) {
        (true, true) => format!(
            "{} to {}",
            significant(limits.lower),
            significant(limits.upper)
        ),
        (true, false) => format!("at least {}", significant(limits.lower)),
        (false, true) => format!("at most {}", significant(limits.upper)),
        (false, false) => "no number".into(),
    }
}

fn interval(e: &Estimate) -> String {
    match (e.value.is_finite(), e.has_interval()) {
        (true, true) => format!(
            "{} [{}, {}]",
            significant(e.value),
            significant(e.lower),
            significant(e.upper)
        ),
        (false, true) => format!("[{}, {}]", significant(e.lower), significant(e.upper)),
        _ => significant(e.value),
    }
}
