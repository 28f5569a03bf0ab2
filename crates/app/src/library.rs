//! `neurocart library`: what can be simulated, and where every value comes from.

use clap::{Args, ValueEnum};
use serde::Serialize;

use neurocart_library::Library;
use neurocart_trial::disease::Disease;
use neurocart_trial::parameters::Parameters;
use neurocart_trial::specification::Specification;
use neurocart_trial::therapy::Therapy;

use crate::exit::{Exit, print, print_json};

#[derive(Args)]
pub struct Arguments {
    /// Part of the library; everything but the parameters where it is missing.
    #[arg(value_enum)]
    part: Option<Part>,
    /// With `show`: which file.
    file: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Diseases,
    Therapies,
    Trials,
    Parameters,
    /// Print one file, or the names of all: `show trials/NAME.toml`.
    Show,
}

#[derive(Serialize)]
struct Entry {
    id: String,
    name: String,
    summary: String,
}

#[derive(Serialize)]
struct Row {
    symbol: String,
    scope: String,
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
    unit: String,
    cv: f64,
    distribution: String,
    meaning: String,
    source: String,
    grade: String,
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    if arguments.part == Some(Part::Parameters) {
        return parameters(library, arguments.json);
    }
    if arguments.part == Some(Part::Show) {
        return match &arguments.file {
            Some(file) => print(library.text(file)?),
            None => print(
                &library
                    .paths()
                    .map(|p| format!("{p}\n"))
                    .collect::<String>(),
            ),
        };
    }
    let wanted = |part| arguments.part.is_none_or(|p| p == part);
    let mut groups: Vec<(&str, Vec<Entry>)> = Vec::new();
    if wanted(Part::Diseases) {
        let mut entries = Vec::new();
        for id in library.disease_ids() {
            let d = Disease::load(library, id)?;
            entries.push(Entry {
                id: d.id,
                name: d.name,
                summary: d.summary,
            });
        }
        groups.push(("diseases", entries));
    }
    if wanted(Part::Therapies) {
        let mut entries = Vec::new();
        for id in library.therapy_ids() {
            let t = Therapy::load(library, id, &[])?;
            entries.push(Entry {
                id: t.id,
                name: t.name,
                summary: t.summary,
            });
        }
        groups.push(("therapies", entries));
    }
    if wanted(Part::Trials) {
        let mut entries = Vec::new();
        for id in library.ids("trials") {
            let text = library.text(&format!("trials/{id}.toml"))?;
            let check = neurocart_trial::check::check(text, id, library);
            if let Some(Specification {
                name,
                title,
                question,
                ..
            }) = check.specification
            {
                entries.push(Entry {
                    id: name,
                    name: title,
                    summary: question,
                });
            }
        }
        groups.push(("trials", entries));
    }
    if arguments.json {
        let object: std::collections::BTreeMap<_, _> = groups.into_iter().collect();
        return print_json(&object);
    }
    let mut text = String::new();
    for (group, entries) in groups {
        text += &format!("{group}\n");
        let width = entries.iter().map(|e| e.id.len()).max().unwrap_or(0);
        for e in entries {
            text += &format!("  {:width$}  {}\n", e.id, e.name);
        }
        text += "\n";
    }
    print(&text)
}

fn parameters(library: &Library, json: bool) -> Result<(), Exit> {
    let table = Parameters::of(library)?;
    if !json {
        return print(library.text(neurocart_library::PARAMETERS)?);
    }
    let rows: Vec<Row> = table
        .rows()
        .iter()
        .map(|p| Row {
            symbol: p.symbol.clone(),
            scope: p.scope.clone(),
            value: p.value,
            low: p.low,
            high: p.high,
            unit: p.unit.clone(),
            cv: p.cv(),
            distribution: format!("{:?}", p.distribution()).to_lowercase(),
            meaning: p.meaning.clone(),
            source: p.source.clone(),
            grade: p.grade.clone(),
        })
        .collect();
    print_json(&rows)
}
