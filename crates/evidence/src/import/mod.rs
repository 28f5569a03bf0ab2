//! Records of ClinicalTrials.gov and PubMed as drafts of study files.
//!
//! A text goes in, drafts come out; nothing is read from or written to a disk here. What a record does not
//! settle becomes a [`draft::Decision`]; a figure is taken only from posted results of a trial, and only
//! where it is plain what it counts.

mod clinical_trials;
pub mod draft;
mod mapping;
mod pubmed;
mod treatment;
mod trial_results;

use std::collections::BTreeMap;

use neurocart_library::{Error, Problem};

pub use self::draft::{DECIDE, Decision, Draft, RegistryRow, Shared};
use crate::evidence::Evidence;
use crate::study::Study;
use crate::vocabulary::{Area, Vocabulary};

/// Largest file that is read, bytes. A page of a thousand records of the registry is smaller.
pub const LARGEST_FILE_BYTES: u64 = 32 * 1024 * 1024;

/// What an import needs to know beside the records.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// The library with which the drafts are compared.
    pub evidence: &'a Evidence,
    /// Also records of other fields of medicine.
    pub anyway: bool,
}

/// A file with records.
#[derive(Clone, Copy, Debug)]
pub struct RecordFile<'a> {
    /// How messages call it.
    pub name: &'a str,
    /// What it holds.
    pub bytes: &'a [u8],
}

impl Import<'_> {
    /// The drafts of all records of all files, each with an id of its own.
    ///
    /// Errors: everything that is wrong in any of the files, all at once; then there is no draft.
    pub fn drafts(&self, files: &[RecordFile]) -> Result<Vec<Draft>, Error> {
        let mut drafts: Vec<Draft> = Vec::new();
        let mut problems = Vec::new();
        let mut first: BTreeMap<String, &str> = BTreeMap::new();
        for file in files {
            let found = match self.drafts_of(*file) {
                Ok(found) => found,
                Err(found) => {
                    problems.extend(found);
                    continue;
                }
            };
            for draft in found {
                let source = &draft.study.source;
                let name = match &source.pmid {
                    Some(pmid) => format!("PMID {pmid}"),
                    None => source.trials.first().cloned().unwrap_or_default(),
                };
                match first.get(&name) {
                    Some(other) => problems.push(
                        Problem::new(
                            file.name,
                            format!("{name} comes twice: it is in `{other}` as well"),
                        )
                        .hint("give each record once"),
                    ),
                    None => {
                        first.insert(name, file.name);
                        drafts.push(draft);
                    }
                }
            }
        }
        if !problems.is_empty() {
            return Err(Error::Inputs(problems));
        }
        self.give_ids(&mut drafts);
        Ok(drafts)
    }

    fn drafts_of(&self, file: RecordFile) -> Result<Vec<Draft>, Vec<Problem>> {
        let text = text_of(file).map_err(|problem| vec![*problem])?;
        match kind_of(text, file.name).map_err(|problem| vec![*problem])? {
            Kind::Xml => pubmed::drafts(text, file.name, self),
            Kind::Json => {
                let records = clinical_trials::records(text, file.name).map_err(|p| vec![*p])?;
                let mut drafts = Vec::new();
                let mut problems = Vec::new();
                for record in &records {
                    match clinical_trials::draft(record, file.name, self) {
                        Ok(draft) => drafts.push(draft),
                        Err(problem) => problems.push(*problem),
                    }
                }
                if problems.is_empty() {
                    Ok(drafts)
                } else {
                    Err(problems)
                }
            }
        }
    }

    /// An id that another paper has already gets the PubMed number at its end.
    fn give_ids(&self, drafts: &mut [Draft]) {
        let mut taken: Vec<String> = Vec::new();
        for draft in drafts {
            let study = &mut draft.study;
            let is_taken =
                taken.contains(&study.id) || self.evidence.studies.contains_key(&study.id);
            if let Some(pmid) = study.source.pmid.as_ref().filter(|_| is_taken) {
                study.id += &format!("-{pmid}");
            }
            taken.push(draft.study.id.clone());
        }
    }
}

enum Kind {
    Json,
    Xml,
}

/// What a text is, by how it begins.
fn kind_of(text: &str, file: &str) -> Result<Kind, Box<Problem>> {
    let start = text.trim_start();
    let small = start.get(..200).unwrap_or(start).to_lowercase();
    if start.is_empty() {
        return Err(Problem::new(file, "the file is empty")
            .hint("save the record again")
            .into());
    }
    if start.starts_with(['{', '[']) {
        return Ok(Kind::Json);
    }
    if small.starts_with("<!doctype html") || small.starts_with("<html") {
        return Err(web_page(file).into());
    }
    if start.starts_with('<') {
        return Ok(Kind::Xml);
    }
    let hint = if start.starts_with("PMID-") {
        "this is PubMed's own text format; save the record as XML"
    } else {
        "a record of ClinicalTrials.gov is JSON (API version 2), one of PubMed is XML"
    };
    Err(placed(
        Problem::new(file, "neither JSON nor XML"),
        text,
        text.len() - start.len(),
    )
    .hint(hint)
    .into())
}

fn web_page(file: &str) -> Problem {
    Problem::new(file, "a web page, and no record").hint(
        "the address gave a page or an error; save what clinicaltrials.gov/api/v2/studies/NCT... or PubMed's XML export gives",
    )
}

/// The text of a file, without a byte order mark.
fn text_of<'a>(file: RecordFile<'a>) -> Result<&'a str, Box<Problem>> {
    if file.bytes.len() as u64 > LARGEST_FILE_BYTES {
        return Err(too_large(file.name, file.bytes.len() as u64).into());
    }
    if file.bytes.starts_with(&[0xff, 0xfe]) || file.bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Problem::new(file.name, "the file is in UTF-16")
            .hint("save it as UTF-8")
            .into());
    }
    match std::str::from_utf8(file.bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let valid = error.valid_up_to();
            let before = std::str::from_utf8(&file.bytes[..valid]).unwrap_or_default();
            let byte = file.bytes[valid];
            let problem = Problem::new(
                file.name,
                format!("not UTF-8: the byte 0x{byte:02x} begins no letter"),
            );
            Err(placed(problem, before, valid)
                .hint("save the file as UTF-8")
                .into())
        }
    }
}

/// What is said about a file that is too large to be read.
pub fn too_large(file: &str, bytes: u64) -> Problem {
    let mib = |bytes: u64| bytes / (1024 * 1024);
    Problem::new(
        file,
        format!(
            "{} MiB are more than the {} MiB that are read at once",
            mib(bytes),
            mib(LARGEST_FILE_BYTES)
        ),
    )
    .hint("save fewer records into one file")
}

/// Places a problem; a line too long to be shown is not.
fn placed(problem: Problem, text: &str, offset: usize) -> Problem {
    const LONGEST_SHOWN: usize = 160;
    let mut problem = problem.at(text, offset);
    if problem
        .source_line
        .as_ref()
        .is_some_and(|line| line.chars().count() > LONGEST_SHOWN)
    {
        problem.source_line = None;
    }
    problem
}

fn outside_of_the_evidence_base(
    record: &str,
    named: &[String],
    file: &str,
    vocabulary: &Vocabulary,
) -> Problem {
    let mut areas: Vec<String> = Vec::new();
    for (area, name) in [
        (Area::Neuroimmune, "neuroimmune disease"),
        (Area::Rheumatology, "rheumatology"),
        (Area::OtherAutoimmune, "other autoimmune disease"),
        (Area::Oncology, "cancer"),
    ] {
        let order = vocabulary.disease_order.iter();
        let codes: Vec<&str> = order
            .filter(|code| vocabulary.diseases[*code].area == area)
            .map(String::as_str)
            .collect();
        areas.push(format!("{name} ({})", codes.join(", ")));
    }
    let about = match named.is_empty() {
        true => "names no condition".to_owned(),
        false => format!("is about {}", named.join(", ")),
    };
    Problem::new(file, format!("{record} {about}: no disease of the evidence base, and no CAR T cells"))
        .hint(format!(
            "the evidence base covers {}; `--anyway` imports the record with its disease left to decide",
            areas.join(", ")
        ))
}

/// A title in the words of the library, `CT103A in NMOSD`, where product and disease are known.
fn title(study: &Study, of_record: &str) -> String {
    let product = study
        .treatment
        .as_ref()
        .map(|t| t.product.as_str())
        .filter(|p| !p.is_empty());
    match (product, study.population.diseases.as_slice()) {
        (Some(product), [_, ..]) => format!("{product} in {}", study.population.diseases.join("/")),
        _ => of_record.to_owned(),
    }
}

/// The first year in a date or a text of dates.
fn year(text: &str) -> Option<u16> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|digits| digits.len() == 4)
        .filter_map(|digits| digits.parse().ok())
        .find(|year| (1900..=2100).contains(year))
}
