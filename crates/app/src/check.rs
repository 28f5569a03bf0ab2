//! `neurocart check`: validates trial files and model files without running them.

use std::path::{Path, PathBuf};

use serde::Serialize;

use neurocart_trial::Problem;
use neurocart_trial::library::Library;

use crate::exit::{Code, Exit, print, print_json, say};

/// What was found in one file.
#[derive(Serialize)]
struct Finding {
    file: String,
    errors: Vec<Message>,
    warnings: Vec<Message>,
}

#[derive(Serialize)]
struct Message {
    message: String,
    line: Option<usize>,
    column: Option<usize>,
    hint: Option<String>,
    #[serde(skip)]
    shown: String,
}

impl From<Problem> for Message {
    fn from(p: Problem) -> Message {
        let shown = p.to_string();
        Message {
            message: p.message,
            line: p.line,
            column: p.column,
            hint: p.hint,
            shown,
        }
    }
}

impl From<&neurocart_model::Diagnostic> for Message {
    fn from(d: &neurocart_model::Diagnostic) -> Message {
        Message {
            message: d.message.clone(),
            line: Some(d.place.line),
            column: Some(d.place.column),
            hint: d.hint.clone(),
            shown: neurocart_model::render(std::slice::from_ref(d)),
        }
    }
}

/// Checks every file; all findings are printed before the exit code says whether any is an error.
pub fn run(files: &[PathBuf], library: &Library, json: bool) -> Result<(), Exit> {
    let mut findings = Vec::new();
    for path in files {
        findings.push(check_file(path, library)?);
    }
    let errors: usize = findings.iter().map(|f| f.errors.len()).sum();
    if json {
        print_json(&findings)?;
    } else {
        for finding in &findings {
            for message in &finding.errors {
                say(&format!(
                    "error: {}\n",
                    message.shown.trim_start_matches("error: ")
                ));
            }
            for message in &finding.warnings {
                say(&format!(
                    "warning: {}\n",
                    message.shown.trim_start_matches("warning: ")
                ));
            }
            let verdict = match (finding.errors.len(), finding.warnings.len()) {
                (0, 0) => "ok".to_string(),
                (0, w) => format!("ok, {w} warning{}", plural(w)),
                (e, _) => format!("{e} error{}", plural(e)),
            };
            print(&format!("{}: {verdict}\n", finding.file))?;
        }
    }
    match errors {
        0 => Ok(()),
        _ => Err(Exit {
            code: Code::InvalidInput,
            message: String::new(),
        }),
    }
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

fn check_file(path: &Path, library: &Library) -> Result<Finding, Exit> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Exit::invalid(format!("cannot read `{name}`: {error}")))?;
    let mut finding = Finding {
        file: name.clone(),
        errors: Vec::new(),
        warnings: Vec::new(),
    };
    if path.extension().is_some_and(|e| e == "ant") {
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        let resolve = |import: &str| {
            std::fs::read_to_string(folder.join(import))
                .ok()
                .or_else(|| {
                    library
                        .text(&format!("model/{import}"))
                        .ok()
                        .map(str::to_owned)
                })
        };
        // A module of the library gets its values from the parameter table.
        let options = neurocart_model::Options {
            values_come_later: true,
            ..Default::default()
        };
        let diagnostics = match neurocart_model::load(&name, &text, &resolve, &options) {
            Ok(loaded) => loaded.warnings,
            Err(diagnostics) => diagnostics,
        };
        for d in &diagnostics {
            match d.severity {
                neurocart_model::Severity::Error => finding.errors.push(d.into()),
                neurocart_model::Severity::Warning => finding.warnings.push(d.into()),
            }
        }
    } else {
        let check = neurocart_trial::check::check(&text, &name, library);
        finding.errors = check.errors.into_iter().map(Message::from).collect();
        finding.warnings = check.warnings.into_iter().map(Message::from).collect();
    }
    Ok(finding)
}
