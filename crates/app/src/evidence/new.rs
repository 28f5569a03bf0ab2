//! `neurocart evidence new`: a template for a new study, to be filled in.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use neurocart_evidence::Evidence;
use neurocart_evidence::rules::is_slug;
use neurocart_library::Library;

use crate::exit::{Exit, print};

/// The template in the library.
const TEMPLATE: &str = "evidence/template.toml";
/// The id that stands in it.
const TEMPLATE_ID: &str = "id = \"\"";

#[derive(clap::Args)]
pub struct Arguments {
    /// Id of the study, for example first author, year and subject: `qin2023-nmosd-ct103a`.
    id: String,
    /// Folder for the file `ID.toml`; the current one where it is missing.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    let id = &arguments.id;
    if !is_slug(id) {
        return Err(Exit::invalid(format!(
            "`{id}` is not an id\n     = hint: use small letters, digits and hyphens, as in `qin2023-nmosd-ct103a`"
        )));
    }
    if Evidence::of(library)?.studies.contains_key(id) {
        return Err(Exit::invalid(format!(
            "the library has a study `{id}`\n     = hint: see it with `neurocart evidence show {id}`, or choose another id"
        )));
    }
    let text = library.text(TEMPLATE)?;
    let text = text.replacen(TEMPLATE_ID, &format!("id = \"{id}\""), 1);
    let path = arguments
        .folder
        .clone()
        .unwrap_or_default()
        .join(format!("{id}.toml"));
    let shown = path.display();
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => Exit::invalid(format!(
            "`{shown}` is there already and stays as it is\n     = hint: choose another id, or another folder with `--folder DIR`"
        )),
        ErrorKind::NotFound => Exit::failed(format!(
            "cannot write `{shown}`: {error}\n     = hint: make the folder first, or name another one"
        )),
        _ => Exit::failed(format!(
            "cannot write `{shown}`: {error}\n     = hint: name a folder that can be written"
        )),
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(failed)?;
    if let Err(error) = file.write_all(text.as_bytes()) {
        // Half a template would look like a whole one.
        drop(file);
        let _ = std::fs::remove_file(&path);
        return Err(failed(error));
    }
    print(&format!(
        "wrote   {shown}\nnext    fill it in, then: neurocart evidence check {shown}\n"
    ))
}
