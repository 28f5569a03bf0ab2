//! `neurocart evidence export`: the evidence base as long tables for other programs.
//!
//! Every table is written as CSV and as JSON (an array of objects with the same names), with a data
//! dictionary. Lists are joined by `|` in CSV and are arrays in JSON; an empty cell is `null`.

mod columns;
mod rows;

use std::path::{Path, PathBuf};

use neurocart_evidence::study::Grade;
use neurocart_evidence::{Evidence, Selection};
use neurocart_library::Library;

use crate::evidence::filters::Filters;
use crate::evidence::table::{Column, Rows, Table};
use crate::exit::{Exit, print, write_file};
use columns::{REGISTRY, TABLES};
use rows::{
    appraisal_rows, arm_rows, fields_of, finding_rows, outcome_rows, overlap_rows, patient_rows,
    study_row,
};

#[derive(clap::Args)]
pub struct Arguments {
    /// Folder to write to; it is made where it is missing.
    folder: PathBuf,
    /// Write into a folder in which something lies, over files of the same names.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    filters: Filters,
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    let evidence = Evidence::of(library)?;
    let selection = arguments.filters.selection(&evidence)?;
    let tables = tables(&evidence, &selection);
    prepare(&arguments.folder, arguments.force)?;
    let mut text = String::new();
    for table in &tables {
        write(&arguments.folder, table)?;
        text += &format!("{:<17} {:>5} rows\n", table.name, table.rows.len());
    }
    print(&format!(
        "{text}\nwrote   {}: each table as .csv and .json; data_dictionary says what the columns mean\n",
        arguments.folder.display()
    ))
}

/// Makes the folder, and refuses one in which something lies.
fn prepare(folder: &Path, force: bool) -> Result<(), Exit> {
    let shown = folder.display();
    if folder.exists() && !folder.is_dir() {
        return Err(Exit::invalid(format!(
            "`{shown}` is a file\n     = hint: name a folder"
        )));
    }
    std::fs::create_dir_all(folder).map_err(|error| {
        Exit::failed(format!(
            "cannot make `{shown}`: {error}\n     = hint: name a folder that can be written"
        ))
    })?;
    let mut entries = std::fs::read_dir(folder)
        .map_err(|error| Exit::failed(format!("cannot read `{shown}`: {error}")))?;
    if entries.next().is_some() && !force {
        return Err(Exit::invalid(format!(
            "`{shown}` is not empty, and stays as it is\n     = hint: name another folder, or write into it with `--force`"
        )));
    }
    Ok(())
}

fn write(folder: &Path, table: &Table) -> Result<(), Exit> {
    write_file(&folder.join(format!("{}.csv", table.name)), &table.csv()?)?;
    let json = serde_json::to_string_pretty(&Rows(table))
        .map_err(|error| Exit::failed(format!("cannot write JSON: {error}")))?;
    write_file(&folder.join(format!("{}.json", table.name)), &(json + "\n"))
}

fn tables(evidence: &Evidence, selection: &Selection) -> Vec<Table> {
    let mut tables: Vec<Table> = TABLES
        .iter()
        .map(|(name, fields)| {
            let columns: Vec<Column> = fields
                .iter()
                .map(|(column, ..)| Column::code(column, column))
                .collect();
            Table::new(name, "", &columns)
        })
        .collect();
    let recalled = selection.include_recalled;
    for study in selection.studies(evidence) {
        let rows = [
            vec![study_row(study)],
            arm_rows(study),
            outcome_rows(study, recalled),
            patient_rows(study, recalled),
            finding_rows(study, recalled),
            overlap_rows(study),
            appraisal_rows(study),
        ];
        for (table, rows) in tables.iter_mut().zip(rows) {
            table.rows.extend(rows);
        }
    }
    let trials = evidence
        .registry
        .iter()
        .filter(|t| recalled || t.grade == Grade::Seen);
    tables[7].rows = trials
        .map(|trial| {
            let published = trial.published(&evidence.studies);
            let ids: Vec<&str> = published.iter().map(|s| s.id.as_str()).collect();
            fields_of(trial, REGISTRY, &[("published", ids.into())])
        })
        .collect();
    let columns = ["table", "column", "type", "meaning"].map(|name| Column::code(name, name));
    let mut dictionary = Table::new("data_dictionary", "", &columns);
    for (name, fields) in TABLES {
        for (column, kind, meaning) in *fields {
            dictionary.rows.push(vec![
                (*name).into(),
                (*column).into(),
                (*kind).into(),
                (*meaning).into(),
            ]);
        }
    }
    tables.push(dictionary);
    tables
}
