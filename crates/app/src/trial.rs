//! `neurocart trial run` and `trial resume`: from a trial file to tables and a report.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, Subcommand};

use neurocart_library::Library;
use neurocart_report::trial_report::{KeyNumber, render_html};
use neurocart_trial::operating_characteristics::MonteCarlo;
use neurocart_trial::run::Progress;
use neurocart_trial::run_directory::{Identity, RunDirectory};
use neurocart_trial::specification::Specification;
use neurocart_trial::summary::Summary;
use neurocart_trial::{check, cohort, finish, run};

use crate::answer::key_numbers;
use crate::exit::{Code, Exit, print, print_json, say};
use crate::progress::{Bar, interruptible, processors, threads};
use crate::trial_report::report;

/// Patients of each disease whose whole trajectories are kept for the figures.
const TRAJECTORIES_KEPT: usize = 200;
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Simulate a trial and write tables and a report.
    Run {
        /// Trial file, or the name of a trial of the library.
        trial: String,
        /// Directory of the run; `runs/NAME` where it is missing.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Replicates, instead of the file's.
        #[arg(long, visible_alias = "reps")]
        replicates: Option<u32>,
        /// Seed, instead of the file's; below 2^63, as large as a TOML file can hold.
        #[arg(long, value_parser = clap::value_parser!(u64).range(..1 << 63))]
        seed: Option<u64>,
        /// Field of an arm's therapy to change: `cd19-cart:dose_cells_per_kg=2e6`,
        /// `cd19-cart:lymphodepletion.units=0`.
        #[arg(long = "change", value_name = "ARM:FIELD=VALUE")]
        changes: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Go on with a run that was interrupted; what is done stays.
    Resume {
        /// Directory of the run.
        directory: PathBuf,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Args)]
struct Common {
    /// Worker threads; all processors where it is missing. The results do not depend on it.
    #[arg(long, value_parser = threads)]
    threads: Option<usize>,
    /// The summary as JSON on standard output.
    #[arg(long)]
    json: bool,
    /// No progress bar.
    #[arg(long)]
    quiet: bool,
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    match &arguments.action {
        Action::Run {
            trial,
            out,
            replicates,
            seed,
            changes,
            common,
        } => {
            let mut specification = specification(trial, library)?;
            if let Some(n) = replicates {
                specification.simulation.replicates = *n;
            }
            if let Some(seed) = seed {
                specification.simulation.seed = *seed;
            }
            for change in changes {
                change_arm(&mut specification, change)?;
            }
            // Changed on the command line: the checks must hold for what is run.
            let text = specification.to_toml();
            let checked = check::check(&text, "the trial with the command line's changes", library);
            if !checked.errors.is_empty() {
                return Err(neurocart_trial::Error::Inputs(checked.errors).into());
            }
            let path = out
                .clone()
                .unwrap_or_else(|| Path::new("runs").join(&specification.name));
            let identity = Identity::new(&specification, library, VERSION);
            let directory = RunDirectory::create(&path, &specification, identity)?;
            complete(trial, &specification, &directory, library, common)
        }
        Action::Resume { directory, common } => {
            let (directory, specification) = RunDirectory::resume(directory, library, VERSION)?;
            let again = specification.name.clone();
            complete(&again, &specification, &directory, library, common)
        }
    }
}

/// Reads a trial by its file or by its name in the library; warnings are said, errors end it.
fn specification(trial: &str, library: &Library) -> Result<Specification, Exit> {
    let path = Path::new(trial);
    let (name, text) = if path.exists() || trial.ends_with(".toml") {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Exit::invalid(format!(
                "cannot read the trial file `{trial}`: {error}\n     = hint: the library has {}",
                library.ids("trials").join(", ")
            ))
        })?;
        (trial.to_string(), text)
    } else {
        let file = library.item("trials", "trial", trial)?;
        (file.name.to_string(), file.text.to_string())
    };
    let checked = check::check(&text, &name, library);
    for warning in &checked.warnings {
        say(&format!("warning: {warning}\n"));
    }
    match checked.specification {
        Some(specification) if checked.errors.is_empty() => Ok(specification),
        _ => Err(neurocart_trial::Error::Inputs(checked.errors).into()),
    }
}

/// Applies `ARM:FIELD=VALUE` to the arm's overrides; whether field and value fit is checked with the
/// whole trial.
fn change_arm(specification: &mut Specification, change: &str) -> Result<(), Exit> {
    let malformed = || {
        Exit::invalid(format!(
            "`--change {change}` is not of the form ARM:FIELD=VALUE\n     = hint: for example \
             `--change {}:dose_cells_per_kg=2e6`",
            specification.arms[0].name
        ))
    };
    let (arm, field) = change.split_once(':').ok_or_else(malformed)?;
    let (path, value) = field.split_once('=').ok_or_else(malformed)?;
    // Numbers, texts in quotes and lists are written alike in JSON and TOML.
    let value = serde_json::from_str(value.trim()).map_err(|_| malformed())?;
    let names: Vec<&str> = specification.arms.iter().map(|a| a.name.as_str()).collect();
    let Some(index) = names.iter().position(|name| *name == arm.trim()) else {
        return Err(Exit::invalid(format!(
            "`--change {change}`: there is no arm `{}`\n     = hint: the arms are {}",
            arm.trim(),
            names.join(", ")
        )));
    };
    specification.arms[index]
        .changes
        .insert(path.trim().to_string(), value);
    Ok(())
}

/// Does what is left of a run and tells the answer. `trial` is how the user named the trial.
fn complete(
    trial: &str,
    specification: &Specification,
    directory: &RunDirectory,
    library: &Library,
    common: &Common,
) -> Result<(), Exit> {
    let started = Instant::now();
    let threads = common.threads.unwrap_or_else(processors);
    let cancel = interruptible();
    let bank = cohort::patients_to_solve(specification) as u64;
    let bar = Bar::new("solving virtual patients", bank, common.quiet);
    let solved = cohort::solve(
        specification,
        library,
        threads,
        TRAJECTORIES_KEPT,
        &cancel,
        &mut |n| {
            bar.set(n as u64, "");
        },
    );
    let cohort = match solved {
        Err(neurocart_trial::Error::Cancelled) => return Err(interrupted(directory, &bar)),
        other => other?,
    };
    bar.finish();

    let shards = directory.path.display();
    let bar = Bar::new("simulating trials", 0, common.quiet);
    let ended = cohort.with_patients(|patients| {
        run::run(
            specification,
            patients,
            directory,
            threads,
            &cancel,
            &mut |p| {
                bar.length(p.total, p.found);
                bar.set(p.done, &estimates(&p));
            },
        )
    })?;
    for problem in &ended.repaired {
        say(&format!("warning: {problem}\n"));
    }
    if !ended.is_complete() {
        return Err(interrupted(directory, &bar));
    }
    bar.finish();
    let summary = finish::finish(specification, library, &cohort, directory)?;
    write_report(&summary, &directory.path)?;
    if common.json {
        return print_json(&summary);
    }
    let tables = match specification.has_decisions() {
        true => "replicates,subjects,visits,events,decisions",
        false => "replicates,subjects,visits,events",
    };
    let text = format!(
        "{}\n\n{}\nreport  {shards}/report.html\ntables  {shards}/{{{}}}.parquet\n\
         next    open the report, or run it larger: neurocart trial run {trial} --replicates {} --out DIR\n",
        specification.title,
        answer(&summary),
        tables,
        10 * u64::from(specification.simulation.replicates.max(1)),
    );
    print(&text)?;
    if !common.quiet {
        say(&format!("done in {:.1} s", started.elapsed().as_secs_f64()));
    }
    Ok(())
}

fn interrupted(directory: &RunDirectory, bar: &Bar) -> Exit {
    bar.abandon();
    Exit {
        code: Code::Interrupted,
        message: format!(
            "interrupted; what was done is saved\n     = hint: go on with `neurocart trial resume {}`",
            directory.path.display()
        ),
    }
}

fn estimates(progress: &Progress) -> String {
    let show = |name: &str, m: &Option<MonteCarlo>| {
        m.map(|m| {
            format!(
                "{name} {:.1} ± {:.1} %",
                100.0 * m.value,
                196.0 * m.standard_error
            )
        })
    };
    let parts = [
        show("power", &progress.power),
        show("type I error", &progress.type_one_error),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The answer in at most six lines, for the terminal.
fn answer(summary: &Summary) -> String {
    let lines: Vec<KeyNumber> = key_numbers(summary);
    let width = lines
        .iter()
        .map(|l| l.label.chars().count())
        .max()
        .unwrap_or(0);
    lines
        .iter()
        .map(|l| {
            let note = l.note.split(';').next().unwrap_or_default();
            format!("{:width$}  {}  ({note})\n", l.label, l.value)
        })
        .collect()
}

fn write_report(summary: &Summary, directory: &Path) -> Result<(), Exit> {
    // The same for every run of this specification: the report is part of the reproducible bytes.
    let command = "neurocart trial run specification.toml";
    let text = render_html(&report(summary, command));
    Ok(finish::write_report(directory, &text)?)
}

/// `neurocart report DIR`: writes the report of a finished run again.
pub fn report_again(directory: &Path, json: bool) -> Result<(), Exit> {
    let summary = finish::read_summary(directory)?;
    if json {
        return print_json(&summary);
    }
    write_report(&summary, directory)?;
    print(&format!(
        "{}\n\n{}\nreport  {}/report.html\n",
        summary.specification.title,
        answer(&summary),
        directory.display()
    ))
}
