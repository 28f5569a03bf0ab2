//! Turns the parts of a complete run into its tables and its summary.

use std::io;
use std::path::Path;

use neurocart_library::Library;

use crate::adaptive::characteristics::{DesignTally, two_stage};
use crate::adaptive::decisions_of;
use crate::adaptive::truth::design_truths;
use crate::cohort::Cohort;
use crate::detail::Detail;
use crate::error::Error;
use crate::large_sample::{large_sample, outcomes};
use crate::operating_characteristics::{Accumulator, type_one_errors};
use crate::parquet_file::{Rows, Writer};
use crate::part::{PartRows, part_path, read_part, results_of, shards, write_whole};
use crate::pool::Collector;
use crate::replicate::{Patients, Space, Truth, simulate};
use crate::run_directory::{RunDirectory, cannot_write};
use crate::specification::Specification;
use crate::summary::{self, Summary};
use crate::table::{DECISIONS, EVENTS, REPLICATES, SUBJECTS, Table, VISITS};

/// Replicates that flow, curves and score plots rest on, at most.
const POOL_REPLICATES: u32 = 200;

/// Writes `replicates`, `subjects`, `visits` and `events` as Parquet and `summary.json`.
///
/// Everything is read back or drawn again in the order of the replicates, so the bytes do not
/// depend on how the run went.
pub fn finish(
    specification: &Specification,
    library: &Library,
    cohort: &Cohort,
    directory: &RunDirectory,
) -> Result<Summary, Error> {
    let (large, truths, pool, detail) = cohort.with_patients(|patients| {
        let sample = outcomes(specification, patients);
        let large = large_sample(specification, &sample);
        let truths = design_truths(specification, patients, &large);
        let (pool, detail) = first_replicates(specification, patients, directory)?;
        Ok::<_, Error>((large, truths, pool, detail))
    })?;
    for (table, rows) in [
        (&SUBJECTS, &detail.subjects),
        (&VISITS, &detail.visits),
        (&EVENTS, &detail.events),
    ] {
        write_table(directory, table, |writer| {
            writer.write(rows).map_err(io::Error::other)
        })?;
    }
    let mut tally = Accumulator::new(specification, &large);
    let mut designs = DesignTally::new(truths);
    join_parts(specification, directory, &mut tally, &mut designs)?;
    let operating_characteristics = tally.finish();
    let type_one_errors = if specification.single_arm.is_some() {
        designs.type_one_errors(specification)
    } else {
        type_one_errors(&operating_characteristics)
    };
    let section = specification.single_arm.as_ref();
    let assumptions = summary::assumptions(cohort);
    let summary = Summary {
        specification: specification.clone(),
        identity: directory.identity.clone(),
        cohort: summary::cohort_summary(cohort),
        arms: summary::arms(specification, cohort),
        trajectories: summary::trajectories(specification, cohort),
        pool,
        designs: designs.finish(specification),
        two_stage: section.and_then(|section| two_stage(section).ok()),
        type_one_errors,
        operating_characteristics,
        large_sample: large,
        evidence: summary::evidence(&assumptions, library),
        assumptions,
        known_failures: summary::known_failures(library)?,
    };
    let path = directory.path.join("summary.json");
    let text = serde_json::to_string_pretty(&summary)
        .map_err(|error| cannot_write(&path, io::Error::other(error)))?;
    write_whole(&path, |file| io::Write::write_all(file, text.as_bytes()))
        .map_err(|error| cannot_write(&path, error))?;
    Ok(summary)
}

/// Simulates the first replicates again, with everything that the parts do not hold.
fn first_replicates(
    specification: &Specification,
    patients: Patients<'_>,
    directory: &RunDirectory,
) -> Result<(crate::pool::Pool, Detail), Error> {
    let simulation = &specification.simulation;
    let detailed = simulation.detail_replicates.min(simulation.replicates);
    let pooled = POOL_REPLICATES.min(simulation.replicates);
    let mut collector = Collector::new(specification);
    let mut detail = Detail::default();
    let mut space = Space::default();
    for number in 0..detailed.max(pooled) {
        simulate(
            specification,
            patients,
            Truth::AsDesigned,
            number,
            &mut space,
        )
        .map_err(|error| crate::run::cannot_simulate(&directory.path, error))?;
        if number < pooled {
            collector.add(&space);
        }
        if number < detailed {
            detail.push(specification, number, &space);
        }
    }
    Ok((collector.finish(), detail))
}

/// Puts the parts together to `replicates.parquet` and, where the design decides, to
/// `decisions.parquet`, one row group each, and adds them up.
fn join_parts(
    specification: &Specification,
    directory: &RunDirectory,
    tally: &mut Accumulator<'_>,
    designs: &mut DesignTally,
) -> Result<(), Error> {
    join_table(specification, directory, &REPLICATES, &mut |part| {
        for found in results_of(specification, &part.results).unwrap_or_default() {
            tally.add(found.truth, &found.result);
        }
        Some(part.results)
    })?;
    if !specification.has_decisions() {
        return Ok(());
    }
    join_table(specification, directory, &DECISIONS, &mut |part| {
        let rows = part.decisions?;
        designs.add(
            specification,
            &decisions_of(specification, &rows).unwrap_or_default(),
        );
        Some(rows)
    })
}

/// Puts one table of the parts together; `take` gives its rows of a part.
fn join_table(
    specification: &Specification,
    directory: &RunDirectory,
    table: &Table,
    take: &mut dyn FnMut(PartRows) -> Option<Rows>,
) -> Result<(), Error> {
    let run = directory.identity.run();
    let mut fault = None;
    let written = write_table(directory, table, |writer| {
        for shard in shards(specification) {
            let part = match read_part(specification, &directory.path, &shard, &run) {
                Ok(part) => part,
                Err(reason) => {
                    let path = part_path(&directory.path, shard.number);
                    fault = Some((path, reason));
                    return Err(io::Error::other("a part is not usable"));
                }
            };
            if let Some(rows) = take(part) {
                writer.write(&rows).map_err(io::Error::other)?;
            }
        }
        Ok(())
    });
    match fault {
        Some((path, reason)) => Err(Error::RunDirectory {
            directory: path.display().to_string(),
            message: format!("a part of the run cannot be used: {reason}"),
            hint: "go on with `neurocart trial resume`: what is missing is computed again"
                .to_owned(),
        }),
        None => written,
    }
}

fn write_table(
    directory: &RunDirectory,
    table: &Table,
    fill: impl FnOnce(&mut Writer<&mut std::fs::File>) -> io::Result<()>,
) -> Result<(), Error> {
    let path = directory.path.join(table.name).with_extension("parquet");
    let facts = [("run", directory.identity.run())];
    write_whole(&path, |file| {
        let mut writer = Writer::new(file, table, &facts).map_err(io::Error::other)?;
        fill(&mut writer)?;
        writer.finish().map_err(io::Error::other)?;
        Ok(())
    })
    .map_err(|error| cannot_write(&path, error))
}

/// Writes `report.html` into a run directory, whole or not at all.
pub fn write_report(directory: &Path, html: &str) -> Result<(), Error> {
    let path = directory.join("report.html");
    write_whole(&path, |file| io::Write::write_all(file, html.as_bytes()))
        .map_err(|error| cannot_write(&path, error))
}

/// The summary that a finished run directory holds.
pub fn read_summary(path: &Path) -> Result<Summary, Error> {
    let file = path.join("summary.json");
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Without a run, this says that there is none.
            crate::run_directory::read_specification(path)?;
            return Err(Error::RunDirectory {
                directory: path.display().to_string(),
                message: "the run is not finished: it has no `summary.json`".to_owned(),
                hint: "finish it with `neurocart trial resume`".to_owned(),
            });
        }
        Err(source) => {
            return Err(Error::File {
                action: "read",
                path: file.display().to_string(),
                source,
            });
        }
    };
    serde_json::from_str(&text).map_err(|error| Error::RunDirectory {
        directory: path.display().to_string(),
        message: format!("`summary.json` cannot be read: {error}"),
        hint: "write it again with `neurocart trial resume`".to_owned(),
    })
}
