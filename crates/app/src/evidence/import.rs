//! `neurocart evidence import`: records of a trial registry and of PubMed as drafts of study files.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use neurocart_evidence::Evidence;
use neurocart_evidence::codes::{code, words};
use neurocart_evidence::evidence::STUDIES;
use neurocart_evidence::import::{Draft, Import, LARGEST_FILE_BYTES, RecordFile, too_large};
use neurocart_evidence::study::Study;
use neurocart_library::{Problem, joined};

use crate::exit::{Exit, print, print_json};

#[derive(clap::Args)]
pub struct Arguments {
    /// Records: ClinicalTrials.gov as JSON (API version 2), PubMed as XML; one or several a file.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Folder for the drafts; the current one where none is named. A file that is there is never replaced.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Also records of other fields of medicine.
    #[arg(long)]
    anyway: bool,
    /// What was mapped and what is to decide as JSON.
    #[arg(long)]
    json: bool,
}

/// Reads and maps all records before the first draft is written.
pub fn run(arguments: &Arguments, evidence: &Evidence) -> Result<(), Exit> {
    let files = read(&arguments.files)?;
    let import = Import {
        evidence,
        anyway: arguments.anyway,
    };
    let records: Vec<RecordFile> = files
        .iter()
        .map(|(name, bytes)| RecordFile { name, bytes })
        .collect();
    let drafts = import.drafts(&records)?;
    let folder = arguments.output.clone().unwrap_or_default();
    if folder.ends_with(STUDIES) {
        return Err(Exit::invalid(format!(
            "`{}` is the folder of a library, and a draft is no study yet\n     = hint: write it elsewhere, decide what is open, check it, then move it",
            folder.display()
        )));
    }
    let paths: Vec<PathBuf> = drafts
        .iter()
        .map(|draft| folder.join(format!("{}.toml", draft.study.id)))
        .collect();
    write_all(&drafts, &paths)?;
    if arguments.json {
        let drafts: Vec<_> = drafts
            .iter()
            .zip(&paths)
            .map(|(draft, path)| json!({"file": path, "draft": draft}))
            .collect();
        return print_json(&json!({ "drafts": drafts }));
    }
    let mut text = String::new();
    for (draft, path) in drafts.iter().zip(&paths) {
        text += &summary(draft, path);
        text.push('\n');
    }
    let shown: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    text += &format!("next    neurocart evidence check {}\n", shown.join(" "));
    print(&text)
}

/// The bytes of all files, or everything that cannot be read.
fn read(files: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>, Exit> {
    let mut read = Vec::new();
    let mut problems = Vec::new();
    for path in files {
        let name = path.display().to_string();
        let size = fs::metadata(path).map(|m| if m.is_file() { m.len() } else { 0 });
        match size.and_then(|size| match size > LARGEST_FILE_BYTES {
            true => Ok(Err(too_large(&name, size))),
            false => fs::read(path).map(Ok),
        }) {
            Ok(Ok(bytes)) => read.push((name, bytes)),
            Ok(Err(problem)) => problems.push(problem),
            Err(error) => problems.push(Problem::new(&name, format!("cannot read it: {error}"))),
        }
    }
    match problems.is_empty() {
        true => Ok(read),
        false => Err(Exit::invalid(joined(&problems))),
    }
}

/// Writes all drafts or none, and over no file.
fn write_all(drafts: &[Draft], paths: &[PathBuf]) -> Result<(), Exit> {
    let mut written: Vec<&Path> = Vec::new();
    for (draft, path) in drafts.iter().zip(paths) {
        let done = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .and_then(|mut file| {
                written.push(path);
                file.write_all(draft.text().as_bytes())
            });
        if let Err(error) = done {
            for path in written {
                // Only files that this call made; half of an import would look like a whole one.
                let _ = fs::remove_file(path);
            }
            return Err(cannot_write(path, &error));
        }
    }
    Ok(())
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Exit {
    let shown = path.display();
    match error.kind() {
        ErrorKind::AlreadyExists => Exit::invalid(format!(
            "`{shown}` is there already and stays as it is; nothing was written\n     = hint: name another folder with `--output`, or move the file away"
        )),
        _ => Exit::failed(format!(
            "cannot write `{shown}`: {error}; nothing was written{}",
            neurocart_library::file_hint("write", error)
        )),
    }
}

fn summary(draft: &Draft, path: &Path) -> String {
    let study = &draft.study;
    let mut lines = vec![
        ("record", draft.record.clone()),
        (
            "wrote",
            format!("{} ({})", path.display(), code(&study.state)),
        ),
    ];
    lines.extend(mapped(study).into_iter().map(|what| ("mapped", what)));
    lines.extend(draft.decisions.iter().map(|decision| {
        let question = format!("{}: {}", decision.field, decision.question);
        ("decide", question)
    }));
    lines.extend(draft.shared.iter().map(|shared| {
        let what = match shared.same_report {
            true => "is the same report",
            false => "names the same trial",
        };
        let text = format!(
            "`{}` ({}) {what}: {}",
            shared.study, shared.title, shared.identifier
        );
        ("library", text)
    }));
    if draft.shared.is_empty() {
        lines.push(("library", "no study shares its paper or trial".into()));
    }
    if let Some(row) = &draft.registry_row {
        match &row.changes {
            None => lines.push(("registry", format!("no row yet; append {}", row.line))),
            Some(changes) if is_older(changes) => {
                lines.push((
                    "registry",
                    "has a row from a later state of this record".into(),
                ));
            }
            Some(changes) if changes.is_empty() => {
                lines.push(("registry", "has a row, which says the same".into()));
            }
            Some(changes) => lines.extend(changes.iter().map(|[column, old, new]| {
                let of = |text: &str| {
                    if text.is_empty() {
                        "nothing".into()
                    } else {
                        format!("`{text}`")
                    }
                };
                (
                    "registry",
                    format!("row differs: {column} is {}, here {}", of(old), of(new)),
                )
            })),
        }
    }
    let mut text = String::new();
    let mut last = "";
    for (label, line) in lines {
        let shown = if label == last { "" } else { label };
        text += &format!(
            "{shown:<8}{}{line}\n",
            if shown.len() == 8 { " " } else { "" }
        );
        last = label;
    }
    text
}

/// True if the library's row was read from a later state of the record; dates are written year first.
fn is_older(changes: &[[String; 3]]) -> bool {
    changes
        .iter()
        .any(|[column, old, new]| column == "record_updated" && new < old)
}

/// What the draft took from the record, a line each.
fn mapped(study: &Study) -> Vec<String> {
    let mut lines = vec![format!("{}, {}", study.title, study.year)];
    if let Some(treatment) = &study.treatment {
        lines.push(format!(
            "treatment: {}, target {}, {}, lymphodepletion {}",
            treatment.product,
            treatment.target,
            code(&treatment.platform),
            words(&treatment.lymphodepletion)
        ));
    }
    let design = &study.design;
    lines.push(format!(
        "design: {}; {}",
        code(&design.kind),
        design.description
    ));
    if !study.arms.is_empty() {
        let arms: Vec<String> = study
            .arms
            .iter()
            .map(|arm| match arm.patients {
                Some(patients) => format!("{} ({patients})", arm.name),
                None => arm.name.clone(),
            })
            .collect();
        lines.push(format!("arms: {}", arms.join(", ")));
    }
    for outcome in &study.outcomes {
        let number = match (outcome.events, outcome.total, outcome.value) {
            (Some(events), Some(total), _) => format!("{events} of {total}"),
            (_, _, Some(value)) => format!("{} {value} {}", code(&outcome.statistic), outcome.unit),
            _ => continue,
        };
        lines.push(format!("{} of {}: {number}", outcome.outcome, outcome.arm));
    }
    lines
}
