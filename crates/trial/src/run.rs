//! Runs the shards of a trial that are left to do.
//!
//! Threads take shards in order; which thread computes a shard and when it is done changes
//! nothing, because the summary reads the parts back in order.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use neurocart_library::Problem;

use crate::adaptive::characteristics::DesignTally;
use crate::adaptive::{decisions_of, push_decisions};
use crate::error::Error;
use crate::operating_characteristics::{Accumulator, MonteCarlo};
use crate::part::{
    PartFault, PartRows, Shard, part_path, push_results, read_part, results_of, shards, write_part,
};
use crate::replicate::{CannotSimulate, Patients, Space, Truth, simulate};
use crate::run_directory::{RunDirectory, cannot_write};
use crate::specification::Specification;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Replicates done, those of an earlier start included.
    pub done: u64,
    /// Replicates in all, of every truth.
    pub total: u64,
    /// Replicates that an earlier start had done.
    pub found: u64,
    /// Power of the primary analysis so far.
    pub power: Option<MonteCarlo>,
    /// Type I error of the primary analysis so far, under the worst null.
    pub type_one_error: Option<MonteCarlo>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// The last state; `done == total` where the run is complete.
    pub progress: Progress,
    /// Parts that were damaged and have been computed again.
    pub repaired: Vec<Problem>,
}

impl Ended {
    /// Whether everything is done.
    pub fn is_complete(&self) -> bool {
        self.progress.done == self.progress.total
    }
}

/// Computes what is left of a run with `threads` threads.
///
/// `cancel` is looked at after every replicate; shards in the making are then given up and the
/// rest stays to be done. `report` is called from the calling thread after every shard.
pub fn run(
    specification: &Specification,
    patients: Patients<'_>,
    directory: &RunDirectory,
    threads: usize,
    cancel: &AtomicBool,
    report: &mut dyn FnMut(Progress),
) -> Result<Ended, Error> {
    let run = directory.identity.run();
    let all = shards(specification);
    let mut tally = Accumulator::new(specification, &[]);
    let mut designs = DesignTally::default();
    let mut progress = Progress {
        done: 0,
        total: all.iter().map(|shard| shard.replicates.len() as u64).sum(),
        found: 0,
        power: None,
        type_one_error: None,
    };
    let (mut left, mut repaired) = (Vec::new(), Vec::new());
    for shard in all {
        if cancel.load(Ordering::Relaxed) {
            return Ok(Ended { progress, repaired });
        }
        match read_part(specification, &directory.path, &shard, &run) {
            Ok(rows) => {
                progress.found += shard.replicates.len() as u64;
                add(specification, &rows, &mut tally, &mut designs);
            }
            Err(PartFault::Missing) => left.push(shard),
            Err(PartFault::Bad(reason)) => {
                let file = part_path(&directory.path, shard.number)
                    .display()
                    .to_string();
                repaired.push(
                    Problem::new(file, format!("a part was damaged: {reason}"))
                        .hint("nothing to do: it is computed again, with the same result"),
                );
                left.push(shard);
            }
        }
    }
    progress.done = progress.found;
    update(specification, &mut progress, &tally, &designs);
    report(progress);

    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel();
    let mut failure = None;
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, left.len().max(1)) {
            let (sender, next, stop, left, run) = (sender.clone(), &next, &stop, &left, &run);
            scope.spawn(move || {
                let mut space = Space::default();
                while let Some(shard) = left.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let halt = || cancel.load(Ordering::Relaxed) || stop.load(Ordering::Relaxed);
                    let done = compute(specification, patients, shard, &mut space, &halt)
                        .map_err(|error| cannot_simulate(&directory.path, error))
                        .and_then(|rows| {
                            let Some(rows) = rows else { return Ok(None) };
                            write_part(&directory.path, shard, run, &rows).map_err(|error| {
                                cannot_write(&part_path(&directory.path, shard.number), error)
                            })?;
                            Ok(Some(rows))
                        });
                    let go_on = matches!(done, Ok(Some(_)));
                    if sender.send((shard.replicates.len(), done)).is_err() || !go_on {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for (replicates, done) in receiver {
            match done {
                Ok(Some(rows)) => {
                    progress.done += replicates as u64;
                    add(specification, &rows, &mut tally, &mut designs);
                    update(specification, &mut progress, &tally, &designs);
                    report(progress);
                }
                Ok(None) => {}
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    failure.get_or_insert(error);
                }
            }
        }
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(Ended { progress, repaired }),
    }
}

/// The rows of a shard, or nothing if it was given up.
fn compute(
    specification: &Specification,
    patients: Patients<'_>,
    shard: &Shard,
    space: &mut Space,
    halt: &dyn Fn() -> bool,
) -> Result<Option<PartRows>, CannotSimulate> {
    let mut rows = PartRows::new(specification);
    for replicate in shard.replicates.clone() {
        if halt() {
            return Ok(None);
        }
        simulate(specification, patients, shard.truth, replicate, space)?;
        push_results(
            specification,
            shard.truth,
            replicate,
            &space.results,
            &mut rows.results,
        );
        if let Some(decisions) = &mut rows.decisions {
            push_decisions(
                specification,
                shard.truth,
                replicate,
                &space.decisions,
                decisions,
            );
        }
    }
    Ok(Some(rows))
}

/// The error of a replicate, with a way out.
pub(crate) fn cannot_simulate(directory: &Path, error: CannotSimulate) -> Error {
    let hint = match &error {
        CannotSimulate::TooFewEligible { .. } => {
            "enlarge `population.bank` or widen the eligibility, and start a new run"
        }
        CannotSimulate::Design(_) => "`neurocart check` names the place in the trial file",
    };
    Error::RunDirectory {
        directory: directory.display().to_string(),
        message: error.to_string(),
        hint: hint.to_owned(),
    }
}

fn add(
    specification: &Specification,
    rows: &PartRows,
    tally: &mut Accumulator<'_>,
    designs: &mut DesignTally,
) {
    for found in results_of(specification, &rows.results).unwrap_or_default() {
        tally.add(found.truth, &found.result);
    }
    let decisions = rows.decisions.as_ref();
    let decisions = decisions.and_then(|rows| decisions_of(specification, rows));
    designs.add(specification, &decisions.unwrap_or_default());
}

fn update(
    specification: &Specification,
    progress: &mut Progress,
    tally: &Accumulator<'_>,
    designs: &DesignTally,
) {
    // The design of a single arm decides its trial; elsewhere the primary analysis does.
    if specification.single_arm.is_some() {
        progress.power = designs.rejected(Truth::AsDesigned);
        progress.type_one_error = designs.worst(specification);
    } else {
        progress.power = tally.running(Truth::AsDesigned);
        progress.type_one_error = tally.running_worst();
    }
}
