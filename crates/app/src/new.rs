//! `neurocart new`: a protocol of the library as a trial file of one's own.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use neurocart_library::Library;
use neurocart_trial::check::check;

use crate::exit::{Exit, print, print_json};

#[derive(Args)]
pub struct Arguments {
    /// Protocol to start from; all of them are listed where it is missing.
    template: Option<String>,
    /// File to write; `TEMPLATE.toml` where it is missing. A file that is there is never replaced.
    file: Option<PathBuf>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    match &arguments.template {
        None => list(library, arguments.json),
        Some(template) => write(template, arguments, library),
    }
}

fn list(library: &Library, as_json: bool) -> Result<(), Exit> {
    let mut templates = Vec::new();
    for id in library.ids("trials") {
        let text = library.text(&format!("trials/{id}.toml"))?;
        if let Some(specification) = check(text, id, library).specification {
            templates.push((id, specification.title, specification.question));
        }
    }
    if as_json {
        let rows: Vec<_> = templates
            .iter()
            .map(|(id, title, question)| json!({"template": id, "title": title, "question": question}))
            .collect();
        return print_json(&rows);
    }
    let width = templates.iter().map(|t| t.0.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (id, title, _) in &templates {
        text += &format!("{id:width$}  {title}\n");
    }
    if let Some((id, _, _)) = templates.first() {
        text += &format!("\nnext    neurocart new {id}\n");
    }
    print(&text)
}

fn write(template: &str, arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    let found = library.item("trials", "trial", template)?;
    let path = arguments
        .file
        .clone()
        .unwrap_or_else(|| format!("{template}.toml").into());
    let shown = path.display();
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => Exit::invalid(format!(
            "`{shown}` is there already and stays as it is\n     = hint: name another file: neurocart new {template} FILE"
        )),
        ErrorKind::NotFound => Exit::failed(format!(
            "cannot write `{shown}`: {error}\n     = hint: make the folder first, or name a file in another one"
        )),
        _ => Exit::failed(format!(
            "cannot write `{shown}`: {error}\n     = hint: name a file in a folder that can be written"
        )),
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(failed)?;
    if let Err(error) = file.write_all(found.text.as_bytes()) {
        // Half a protocol would look like a whole one.
        drop(file);
        let _ = std::fs::remove_file(&path);
        return Err(failed(error));
    }
    if arguments.json {
        return print_json(&json!({"template": template, "file": path}));
    }
    print(&format!(
        "wrote   {shown}\nnext    neurocart check {shown}\n        neurocart trial run {shown}\n"
    ))
}
