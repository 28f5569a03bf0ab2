//! `neurocart evidence diff`: what changed between two versions of the evidence base.

use std::path::{Path, PathBuf};

use serde_json::Value;

use neurocart_evidence::Evidence;
use neurocart_evidence::answer::answers;
use neurocart_evidence::difference::{Changed, Difference, Field, Kind, PooledAnswer, difference};
use neurocart_evidence::evidence::STUDIES;
use neurocart_evidence::vocabulary::OUTCOMES;
use neurocart_library::Library;
use neurocart_report::format::significant;

use crate::exit::{Code, Exit, print, print_json};

#[derive(clap::Args)]
pub struct Arguments {
    /// Library folder of the old version; alone, it is compared with the library in use.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// Library folder of the new version.
    #[arg(value_name = "NEW")]
    new: Option<PathBuf>,
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// End with exit code 1 if anything differs.
    #[arg(long)]
    exit_code: bool,
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    let old = of_folder(&arguments.old)?;
    let new = match &arguments.new {
        Some(folder) => of_folder(folder)?,
        None => library.clone(),
    };
    let (old_evidence, new_evidence) = (Evidence::of(&old)?, Evidence::of(&new)?);
    let old_answers = answers(&old, &old_evidence)?;
    let new_answers = answers(&new, &new_evidence)?;
    let found = difference((&old_evidence, &old_answers), (&new_evidence, &new_answers));
    match arguments.json {
        true => print_json(&found)?,
        false => print(&text(&found))?,
    }
    if arguments.exit_code && !found.is_empty() {
        return Err(Exit {
            code: Code::Failed,
            message: String::new(),
        });
    }
    Ok(())
}

/// The library of a folder. One with its own list of outcomes holds a whole version: studies that it lacks
/// are not there. Another one lies over the program's library, file by file, as with `--library`.
fn of_folder(folder: &Path) -> Result<Library, Exit> {
    let shown = folder.display();
    if !folder.join("evidence").is_dir() {
        let what = match folder.is_dir() {
            true => "has no folder `evidence`",
            false => "is no folder",
        };
        return Err(Exit::invalid(format!(
            "`{shown}` {what}\n     = hint: name a library folder, in which `evidence/studies` lies"
        )));
    }
    let library =
        Library::with_overrides(folder).map_err(|error| Exit::invalid(error.to_string()))?;
    Ok(match folder.join(OUTCOMES).is_file() {
        true => library.without_embedded(&format!("{STUDIES}/")),
        false => library,
    })
}

fn text(found: &Difference) -> String {
    if found.is_empty() {
        return "no difference\n".into();
    }
    let mut text = part("Studies", &found.studies);
    text += &part("Registered trials", &found.registry);
    if !found.answers.is_empty() {
        text += &format!("Pooled answers that moved: {}\n", found.answers.len());
        for answer in &found.answers {
            text += &format!("  {}: {}\n", answer.question, answer.group);
            text += &format!("    was  {}\n", pooled(&answer.old));
            text += &format!("    is   {}\n", pooled(&answer.new));
        }
    }
    text.trim_end().to_owned() + "\n"
}

fn part(heading: &str, changed: &[Changed]) -> String {
    if changed.is_empty() {
        return String::new();
    }
    let count = |kind| changed.iter().filter(|c| c.kind == kind).count();
    let mut text = format!(
        "{heading}: {} added, {} removed, {} changed\n",
        count(Kind::Added),
        count(Kind::Removed),
        count(Kind::Changed)
    );
    for one in changed {
        let mark = match one.kind {
            Kind::Added => '+',
            Kind::Removed => '-',
            Kind::Changed => '~',
        };
        text += &format!("  {mark} {}  {}\n", one.name, one.title);
        for field in &one.fields {
            text += &format!("      {}\n", line(field));
        }
    }
    text + "\n"
}

fn line(field: &Field) -> String {
    match (&field.old, &field.new) {
        (Some(old), Some(new)) => format!("{}: {} -> {}", field.field, shown(old), shown(new)),
        (None, Some(new)) => format!("+ {}: {}", field.field, shown(new)),
        (Some(old), None) => format!("- {}: {}", field.field, shown(old)),
        (None, None) => field.field.clone(),
    }
}

/// A value in a line; of a block the figures, since its name says the rest.
fn shown(value: &Value) -> String {
    const FIGURES: [&str; 8] = [
        "events", "total", "value", "lower", "upper", "unit", "patients", "locator",
    ];
    match value {
        Value::String(text) => format!("`{text}`"),
        Value::Object(block) => {
            let figures = FIGURES.iter().filter_map(|key| {
                let value = block.get(*key).filter(|v| !v.is_null() && *v != "")?;
                Some(format!("{key} {}", shown(value)))
            });
            figures.collect::<Vec<_>>().join(", ")
        }
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Number(number) => number
            .as_f64()
            .map_or(number.to_string(), |n| n.to_string()),
        other => other.to_string(),
    }
}

fn pooled(answer: &Option<PooledAnswer>) -> String {
    let Some(answer) = answer else {
        return "not asked".into();
    };
    let studies = match answer.studies {
        1 => "1 study".to_owned(),
        n => format!("{n} studies"),
    };
    let mut text = match answer.events {
        Some(events) => format!("{studies}, {events} of {} patients", answer.patients),
        None => format!("{studies}, {} patients", answer.patients),
    };
    if let Some(e) = &answer.estimate {
        text += &format!(
            "; {} ({} to {}), {}",
            significant(e.estimate),
            significant(e.lower),
            significant(e.upper),
            e.method
        );
    }
    if let Some(why) = &answer.withheld {
        text += &format!("; {why}");
    }
    text
}
