//! Parts: the results of a shard of replicates in a file of its own.
//!
//! A shard is a pure function of the specification and its number, so a part is either there and
//! whole, or it is computed again. It is written under another name, forced to the disk and then
//! renamed; beside it lies its SHA-256 in the form of the `sha256sum` command, which is checked
//! before the file is read.

use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::adaptive::decisions_of;
use crate::analysis::AnalysisResult;
use crate::parquet_file::{Rows, Values, Writer, read};
use crate::replicate::Truth;
use crate::specification::Specification;
use crate::table::{DECISIONS, REPLICATES, Table};

/// Replicates of a shard.
pub const SHARD_REPLICATES: u32 = 100;

/// A shard: some replicates under one truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Its number, from 0.
    pub number: usize,
    /// What is simulated.
    pub truth: Truth,
    /// Its replicates.
    pub replicates: Range<u32>,
}

/// The shards of a trial: the same replicates of every truth in turn.
pub fn shards(specification: &Specification) -> Vec<Shard> {
    let total = specification.simulation.replicates;
    let mut shards = Vec::new();
    let mut start = 0;
    while start < total {
        let end = total.min(start.saturating_add(SHARD_REPLICATES));
        for truth in Truth::all(specification) {
            shards.push(Shard {
                number: shards.len(),
                truth,
                replicates: start..end,
            });
        }
        start = end;
    }
    shards
}

/// Adds the results of a replicate to rows of [`REPLICATES`].
pub fn push_results(
    specification: &Specification,
    truth: Truth,
    replicate: u32,
    results: &[AnalysisResult],
    rows: &mut Rows,
) {
    for result in results {
        let analysis = &specification.analyses[result.analysis];
        rows.push([
            truth.name(specification).into(),
            replicate.into(),
            (result.analysis + 1).into(),
            analysis.endpoint.as_str().into(),
            analysis.method.name().into(),
            specification.arms[result.arm].name.as_str().into(),
            result.subjects.into(),
            result.events.into(),
            result.estimate.into(),
            result.standard_error.into(),
            result.lower.into(),
            result.upper.into(),
            result.p_value.into(),
            result.rejected.into(),
            result.favours_treatment.into(),
            result.reason.as_deref().into(),
        ]);
    }
}

/// A result with the replicate it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicateResult {
    /// What was simulated.
    pub truth: Truth,
    /// Number of the replicate.
    pub replicate: u32,
    /// The result.
    pub result: AnalysisResult,
}

/// Access to the cells of rows.
pub(crate) struct Cells<'a>(pub(crate) &'a Rows);

impl Cells<'_> {
    pub(crate) fn text(&self, column: usize, row: usize) -> Option<&str> {
        match self.0.columns.get(column)? {
            Values::Text(list) => list.get(row)?.as_deref(),
            _ => None,
        }
    }

    pub(crate) fn integer(&self, column: usize, row: usize) -> Option<i64> {
        match self.0.columns.get(column)? {
            Values::Integer(list) => *list.get(row)?,
            _ => None,
        }
    }

    pub(crate) fn number(&self, column: usize, row: usize) -> Option<f64> {
        match self.0.columns.get(column)? {
            Values::Number(list) => *list.get(row)?,
            _ => None,
        }
    }

    fn flag(&self, column: usize, row: usize) -> Option<bool> {
        match self.0.columns.get(column)? {
            Values::Flag(list) => *list.get(row)?,
            _ => None,
        }
    }
}

/// The results in rows of [`REPLICATES`]; `None` if they are not of this trial.
pub fn results_of(specification: &Specification, rows: &Rows) -> Option<Vec<ReplicateResult>> {
    let cells = Cells(rows);
    let of_row = |row: usize| {
        let scenario = cells.text(0, row)?;
        let arm = cells.text(5, row)?;
        let analysis = usize::try_from(cells.integer(2, row)?)
            .ok()?
            .checked_sub(1)?;
        specification.analyses.get(analysis)?;
        Some(ReplicateResult {
            truth: Truth::named(specification, scenario)?,
            replicate: u32::try_from(cells.integer(1, row)?).ok()?,
            result: AnalysisResult {
                analysis,
                arm: specification.arms.iter().position(|a| a.name == arm)?,
                subjects: u32::try_from(cells.integer(6, row)?).ok()?,
                events: u32::try_from(cells.integer(7, row)?).ok()?,
                estimate: cells.number(8, row),
                standard_error: cells.number(9, row),
                lower: cells.number(10, row),
                upper: cells.number(11, row),
                p_value: cells.number(12, row),
                rejected: cells.flag(13, row),
                favours_treatment: cells.flag(14, row),
                reason: cells.text(15, row).map(str::to_owned),
            },
        })
    };
    (0..rows.len()).map(of_row).collect()
}

/// The rows of a shard.
#[derive(Clone, Debug, PartialEq)]
pub struct PartRows {
    /// Rows of [`REPLICATES`].
    pub results: Rows,
    /// Rows of [`DECISIONS`], where the design makes decisions.
    pub decisions: Option<Rows>,
}

impl PartRows {
    /// No rows yet.
    pub fn new(specification: &Specification) -> PartRows {
        PartRows {
            results: Rows::new(&REPLICATES),
            decisions: specification.has_decisions().then(|| Rows::new(&DECISIONS)),
        }
    }
}

/// Why a part cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartFault {
    /// It has not been computed yet.
    #[error("not there")]
    Missing,
    /// It is damaged, or of another run.
    #[error("{0}")]
    Bad(String),
}

/// File of the results of a part below the run directory.
pub fn part_path(directory: &Path, number: usize) -> PathBuf {
    table_path(directory, &REPLICATES, number)
}

/// File of one table of a part below the run directory.
fn table_path(directory: &Path, table: &Table, number: usize) -> PathBuf {
    let stem = if *table == REPLICATES {
        "part"
    } else {
        table.name
    };
    directory
        .join("parts")
        .join(format!("{stem}-{number:05}.parquet"))
}

fn checksum_path(part: &Path) -> PathBuf {
    part.with_extension("parquet.sha256")
}

/// Hexadecimal SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Writes a part; `run` names the run it belongs to.
pub fn write_part(directory: &Path, shard: &Shard, run: &str, rows: &PartRows) -> io::Result<()> {
    // The results last: a part is there when they are.
    if let Some(decisions) = &rows.decisions {
        write_table(directory, &DECISIONS, shard, run, decisions)?;
    }
    write_table(directory, &REPLICATES, shard, run, &rows.results)
}

fn write_table(
    directory: &Path,
    table: &Table,
    shard: &Shard,
    run: &str,
    rows: &Rows,
) -> io::Result<()> {
    let facts = [("run", run.to_owned()), ("shard", shard.number.to_string())];
    let bytes = Writer::new(Vec::new(), table, &facts)
        .and_then(|mut writer| {
            writer.write(rows)?;
            writer.finish()
        })
        .map_err(io::Error::other)?;
    let path = table_path(directory, table, shard.number);
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let line = format!("{}  {name}\n", sha256(&bytes));
    // The checksum first: a part without one would count as damaged, a checksum alone as missing.
    write_whole(&checksum_path(&path), |file| {
        file.write_all(line.as_bytes())
    })?;
    write_whole(&path, |file| file.write_all(&bytes))
}

/// Reads a part and makes sure that it is whole and of this run.
pub fn read_part(
    specification: &Specification,
    directory: &Path,
    shard: &Shard,
    run: &str,
) -> Result<PartRows, PartFault> {
    let bad = |reason: &str| PartFault::Bad(reason.to_owned());
    let results = read_table(directory, &REPLICATES, shard, run)?;
    let found = results_of(specification, &results).ok_or_else(|| bad(NOT_OF_THIS_TRIAL))?;
    if !specification.analyses.is_empty() {
        all_there(shard, found.iter().map(|found| found.replicate))?;
    }
    let mut decisions = None;
    if specification.has_decisions() {
        let rows = read_table(directory, &DECISIONS, shard, run).map_err(|fault| match fault {
            PartFault::Missing => bad("its decisions are missing"),
            fault => fault,
        })?;
        let found = decisions_of(specification, &rows).ok_or_else(|| bad(NOT_OF_THIS_TRIAL))?;
        all_there(shard, found.iter().map(|found| found.replicate))?;
        decisions = Some(rows);
    }
    Ok(PartRows { results, decisions })
}

const NOT_OF_THIS_TRIAL: &str = "a row is not of this trial";

/// Makes sure that every replicate of the shard is there, in order.
fn all_there(shard: &Shard, replicates: impl Iterator<Item = u32>) -> Result<(), PartFault> {
    let mut wanted = shard.replicates.clone();
    let mut last = None;
    for replicate in replicates {
        if Some(replicate) != last {
            if wanted.next() != Some(replicate) {
                return Err(PartFault::Bad(format!(
                    "replicate {replicate} is out of place"
                )));
            }
            last = Some(replicate);
        }
    }
    if wanted.next().is_some() {
        return Err(PartFault::Bad("replicates are missing".to_owned()));
    }
    Ok(())
}

fn read_table(
    directory: &Path,
    table: &Table,
    shard: &Shard,
    run: &str,
) -> Result<Rows, PartFault> {
    let path = table_path(directory, table, shard.number);
    let bad = |reason: String| PartFault::Bad(reason);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(PartFault::Missing),
        Err(error) => return Err(bad(format!("it cannot be read: {error}"))),
    };
    let line = fs::read_to_string(checksum_path(&path))
        .map_err(|error| bad(format!("its checksum cannot be read: {error}")))?;
    if line.split_whitespace().next() != Some(sha256(&bytes).as_str()) {
        return Err(bad(format!(
            "its {} bytes do not have the checksum noted for it",
            bytes.len()
        )));
    }
    let (rows, facts) = read(&path, table).map_err(|error| bad(error.to_string()))?;
    let fact = |name: &str| {
        facts
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    if fact("run") != Some(run) {
        return Err(bad("it belongs to another run".to_owned()));
    }
    if fact("shard") != Some(shard.number.to_string().as_str()) {
        return Err(bad("it holds another shard".to_owned()));
    }
    Ok(rows)
}

/// Writes a file so that it is there whole or not at all: under another name in the same folder,
/// forced to the disk, then renamed.
pub fn write_whole(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let result = File::create(&temporary).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_folder(path)
    });
    if result.is_err() {
        // The error in hand matters more than one of tidying up.
        let _ = fs::remove_file(&temporary);
    }
    result
}

/// Whether a file name is one under which [`write_whole`] writes.
pub(crate) fn is_temporary(name: &str) -> bool {
    let process = name
        .strip_prefix('.')
        .and_then(|rest| rest.strip_suffix(".tmp"))
        .and_then(|rest| rest.rsplit_once('.'));
    process.is_some_and(|(name, id)| !name.is_empty() && id.parse::<u32>().is_ok())
}

/// Forces the renaming to the disk, where the system has a way to.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
