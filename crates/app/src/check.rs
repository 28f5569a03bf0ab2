//! `neurocart check`: validates trial, therapy, disease and model files without running them.

use std::path::{Path, PathBuf};

use serde::Serialize;

use neurocart_library::Library;
use neurocart_library::Problem;
use neurocart_trial::disease::Disease;
use neurocart_trial::layers::Layers;
use neurocart_trial::parameters::Parameters;
use neurocart_trial::scenario::{Ingredients, Scenario};
use neurocart_trial::therapy::Therapy;

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
    } else if let Some(kind) = library_kind(&text) {
        if let Err(error) = check_library_file(kind, path, &text, library) {
            finding.errors = messages(error);
        }
    } else {
        let check = neurocart_trial::check::check(&text, &name, library);
        finding.errors = check.errors.into_iter().map(Message::from).collect();
        finding.warnings = check.warnings.into_iter().map(Message::from).collect();
    }
    Ok(finding)
}

/// What kind of library file a TOML text is.
#[derive(Clone, Copy)]
enum LibraryKind {
    Disease,
    Therapy,
}

/// Whether a text is a therapy or a disease; anything else is taken for a trial.
fn library_kind(text: &str) -> Option<LibraryKind> {
    let heading = |word: &str| {
        text.lines()
            .any(|line| line.split('=').next().is_some_and(|key| key.trim() == word))
    };
    match (
        heading("kind"),
        heading("parameter_scope"),
        text.contains("[population"),
    ) {
        (_, _, true) => None,
        (true, _, _) => Some(LibraryKind::Therapy),
        (_, true, _) => Some(LibraryKind::Disease),
        _ => None,
    }
}

/// Reads a therapy or a disease as if it stood in the library, and puts a model together with it.
fn check_library_file(
    kind: LibraryKind,
    path: &Path,
    text: &str,
    library: &Library,
) -> Result<(), neurocart_trial::Error> {
    let id = path
        .file_stem()
        .map_or(String::new(), |s| s.to_string_lossy().into_owned());
    let folder = match kind {
        LibraryKind::Disease => "diseases",
        LibraryKind::Therapy => "therapies",
    };
    let library = library
        .clone()
        .with_file(&format!("{folder}/{id}.toml"), text);
    let parameters = Parameters::of(&library)?;
    let (diseases, therapies): (Vec<&str>, Vec<&str>) = match kind {
        LibraryKind::Disease => (vec![&id], library.therapy_ids()),
        LibraryKind::Therapy => (library.disease_ids(), vec![&id]),
    };
    // One partner is enough: what a file adds does not depend on the other.
    let (Some(disease), Some(therapy)) = (diseases.first(), therapies.first()) else {
        return Ok(());
    };
    let disease = Disease::load(&library, disease)?;
    let therapy = Therapy::load(&library, therapy, &[])?;
    Layers::of(&parameters, &disease, &[])?;
    Scenario::build(Ingredients {
        library: &library,
        parameters: &parameters,
        disease: &disease,
        therapy: &therapy,
        overrides: &[],
        end_days: 365.0,
        extra_days: &[],
    })?;
    Ok(())
}

fn messages(error: neurocart_trial::Error) -> Vec<Message> {
    match error {
        neurocart_trial::Error::Input(problem) => vec![(*problem).into()],
        neurocart_trial::Error::Inputs(problems) => {
            problems.into_iter().map(Message::from).collect()
        }
        other => {
            let shown = other.to_string();
            vec![Message {
                message: shown.clone(),
                line: None,
                column: None,
                hint: None,
                shown,
            }]
        }
    }
}
