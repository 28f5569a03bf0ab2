//! `neurocart evidence check`: what is wrong in the evidence base or in study files, and what is missing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use neurocart_evidence::evidence::{STUDIES, parse};
use neurocart_evidence::missing::{Missing, missing};
use neurocart_evidence::rules::{StudyFile, check_study, check_together};
use neurocart_evidence::{Evidence, Study};
use neurocart_library::{Error, Library, Problem, toml_file};
use neurocart_trial::parameters::Parameters;

use crate::evidence::table::{Column, Form, Page, Table};
use crate::exit::{Code, Exit, say};

#[derive(clap::Args)]
pub struct Arguments {
    /// Study files, in the library or not yet; the whole evidence base where none is named.
    files: Vec<PathBuf>,
    /// End with exit code 3 if anything is missing.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    form: Form,
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    let (evidence, of_library) = Evidence::with_problems(library)?;
    let (studies, problems) = match arguments.files.is_empty() {
        true => (
            evidence.studies.values().cloned().collect(),
            [of_library, of_parameters(library)].concat(),
        ),
        false => named(&arguments.files, library, &evidence)?,
    };
    let lacking: Vec<(&Study, Vec<Missing>)> = studies
        .iter()
        .map(|study| (study, missing(study)))
        .collect();
    let open: usize = lacking.iter().map(|(_, list)| list.len()).sum();
    for problem in &problems {
        say(&format!("error: {problem}\n"));
    }
    page(&problems, &lacking, arguments).show(&arguments.form)?;
    let code = match (problems.is_empty(), arguments.strict && open > 0) {
        (false, _) => Code::InvalidInput,
        (true, true) => Code::Partial,
        (true, false) => return Ok(()),
    };
    Err(Exit {
        code,
        message: String::new(),
    })
}

/// What is wrong in the parameter table, whose rows name the studies behind them.
fn of_parameters(library: &Library) -> Vec<Problem> {
    match Parameters::of(library) {
        Err(neurocart_trial::Error::Inputs(problems)) => problems,
        Err(neurocart_trial::Error::Input(problem)) => vec![*problem],
        _ => Vec::new(),
    }
}

/// Reads and checks the named files, by themselves and against the library.
fn named(
    paths: &[PathBuf],
    library: &Library,
    evidence: &Evidence,
) -> Result<(Vec<Study>, Vec<Problem>), Exit> {
    let mut problems = Vec::new();
    let mut read: Vec<(String, String, Study)> = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Exit::invalid(format!(
                "cannot read `{name}`: {error}\n     = hint: name study files (.toml); without a name the whole evidence base is checked"
            ))
        })?;
        let study = match parse(&text, &name) {
            Ok(study) => study,
            Err(Error::Input(problem)) => {
                problems.push(*problem);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if let Err(Error::Input(problem)) = toml_file::check_id(&study.id, &stem, &name, &text) {
            problems.push(*problem);
        }
        if read.iter().any(|(_, _, other)| other.id == study.id) {
            problems.push(
                Problem::new(
                    &name,
                    format!("another of these files has the id `{}`", study.id),
                )
                .hint("each study has one file"),
            );
        } else if evidence.studies.contains_key(&study.id) && !is_library_file(path, &study.id) {
            problems.push(
                Problem::new(&name, format!("the library has a study `{}`", study.id))
                    .at(&text, toml_file::value_offset(&text, "id", 0).unwrap_or(0))
                    .hint(format!("see it with `neurocart evidence show {}`; choose another id, or correct library/{STUDIES}/{}.toml", study.id, study.id)),
            );
        }
        read.push((name, text, study));
    }
    let mut others = Vec::new();
    for id in library.ids(STUDIES) {
        let file = library.item(STUDIES, "study", id)?;
        // A file of the library that cannot be read is reported when the library is checked.
        if let Ok(study) = parse(file.text, file.name)
            && !read.iter().any(|(_, _, named)| named.id == study.id)
        {
            others.push((file, study));
        }
    }
    let mut files: Vec<StudyFile> = others
        .iter()
        .map(|(file, study)| StudyFile {
            name: file.name,
            text: file.text,
            study,
        })
        .collect();
    // Named files come last: what is wrong between two files is reported at the later one.
    for (name, text, study) in &read {
        let file = StudyFile { name, text, study };
        problems.extend(check_study(file, &evidence.vocabulary));
        files.push(file);
    }
    let together = check_together(&files).into_iter();
    problems.extend(together.filter(|p| read.iter().any(|(name, ..)| *name == p.file)));
    let studies = read.into_iter().map(|(_, _, study)| study).collect();
    Ok((studies, problems))
}

/// True if the file is the library's own file of this study, perhaps changed.
fn is_library_file(path: &Path, id: &str) -> bool {
    path.ends_with(format!("{STUDIES}/{id}.toml"))
        || std::path::absolute(path).is_ok_and(|p| p.ends_with(format!("{STUDIES}/{id}.toml")))
}

fn page(problems: &[Problem], lacking: &[(&Study, Vec<Missing>)], arguments: &Arguments) -> Page {
    let open: usize = lacking.iter().map(|(_, list)| list.len()).sum();
    let complete = lacking.iter().filter(|(_, list)| list.is_empty()).count();
    let counted = |n: usize, one: &str, many: &str| match n {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    };
    let shown: Vec<Value> = problems
        .iter()
        .map(|p| json!({"message": p.message, "file": p.file, "line": p.line, "column": p.column, "hint": p.hint}))
        .collect();
    let mut page = Page {
        title: format!(
            "{}: {}, {} missing",
            counted(lacking.len(), "study", "studies"),
            counted(problems.len(), "problem", "problems"),
            counted(open, "thing", "things"),
        ),
        tables: vec![by_field(lacking), by_study(lacking), all(lacking)],
        csv: 2,
        json: vec![
            ("studies", lacking.len().into()),
            ("complete_studies", complete.into()),
            ("problems", shown.into()),
        ],
        ..Page::default()
    };
    if arguments.files.is_empty() {
        page.notes.push(format!(
            "{complete} of {} studies lack nothing",
            lacking.len()
        ));
    }
    if open > 0 && !arguments.strict {
        page.notes
            .push("what is missing is no error; `--strict` ends with exit code 3".into());
    }
    page
}

/// How many studies lack a field. Of one study its own list says all.
fn by_field(lacking: &[(&Study, Vec<Missing>)]) -> Table {
    let columns = [
        Column::code("field", "field"),
        Column::number("studies", "studies"),
        Column::number("times", "times"),
    ];
    let mut table = Table::new("missing_by_field", "Missing by field", &columns);
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (_, list) in lacking {
        let mut seen: Vec<&str> = Vec::new();
        for item in list {
            let count = counts.entry(&item.field).or_default();
            count.0 += usize::from(!seen.contains(&item.field.as_str()));
            count.1 += 1;
            seen.push(&item.field);
        }
    }
    for (field, (studies, times)) in counts {
        table
            .rows
            .push(vec![field.into(), studies.into(), times.into()]);
    }
    table.for_programs = lacking.len() < 2;
    table
}

fn by_study(lacking: &[(&Study, Vec<Missing>)]) -> Table {
    let columns = [
        Column::words("study", "study"),
        Column::words("missing", "missing"),
    ];
    let mut table = Table::new("missing_by_study", "Missing by study", &columns);
    for (study, list) in lacking.iter().filter(|(_, list)| !list.is_empty()) {
        let words: Vec<&str> = list.iter().map(|item| item.what.as_str()).collect();
        table
            .rows
            .push(vec![study.id.as_str().into(), words.join("; ").into()]);
    }
    table
}

fn all(lacking: &[(&Study, Vec<Missing>)]) -> Table {
    let columns = [
        Column::code("study", "study"),
        Column::code("field", "field"),
        Column::words("what", "what"),
    ];
    let mut table = Table::new("missing", "", &columns);
    table.for_programs = true;
    for (study, list) in lacking {
        for item in list {
            table.rows.push(vec![
                study.id.as_str().into(),
                item.field.as_str().into(),
                item.what.as_str().into(),
            ]);
        }
    }
    table
}
