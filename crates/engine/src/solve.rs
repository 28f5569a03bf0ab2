//! The lane integrator: a block of patients steps together, each with its own clock.
//!
//! Every lane has its own time, step size and error control. A lane whose patient is done takes
//! the next one. No value of a lane ever enters another lane, so a patient's bits do not depend on
//! its neighbours, its lane or the order of the others.

use neurocart_numeric::InstructionSet;
use neurocart_numeric::lane::pow;
use neurocart_numeric::tape::{Block, LANES};

use crate::patient::{Failure, Patient, Reason, Statistics, Trajectory};
use crate::program::Program;
use crate::rosenbrock::{ERROR_ORDER, Step};
use crate::schedule::{Stop, add_events, schedule};
use crate::settings::{Settings, SettingsError, Tolerances, checked};

/// States closer to zero than this are zero: they mean nothing, and denormal numbers are slow.
const TINY: f64 = 1e-150;
/// Largest and smallest change of the step size from one step to the next.
const GROWTH: (f64, f64) = (0.2, 6.0);
const SAFETY: f64 = 0.9;

/// One patient under way.
pub(crate) struct Lane {
    pub patient: Patient,
    pub time: f64,
    /// Step size that the error control proposes.
    step: f64,
    /// The state has just jumped: choose the step size anew.
    pub fresh: bool,
    pub stops: Vec<Stop>,
    pub next_stop: usize,
    pub next_output: usize,
    /// Recorded states at the output times, `[time][state]`.
    pub record: Vec<f64>,
    /// Whether each event's condition holds.
    pub holds: Vec<bool>,
    pub statistics: Statistics,
    /// Found while the state jumped; ends the solve.
    pub trouble: Option<Reason>,
}

/// Integrates every patient of `patients` and gives each result to `sink`, in order of completion.
///
/// Memory does not grow with the number of patients. A patient that fails is reported and does not
/// stop the others.
pub fn solve(
    program: &Program,
    settings: &Settings,
    patients: &mut dyn Iterator<Item = Patient>,
    sink: &mut dyn FnMut(Result<Trajectory, Failure>),
) -> Result<(), SettingsError> {
    let tolerances = checked(program, settings)?;
    let n = program.state_names.len();
    let mut integrator = Integrator {
        program,
        settings,
        set: settings
            .instruction_set
            .unwrap_or_else(InstructionSet::widest),
        tolerances,
        end: settings
            .output_times_days
            .last()
            .copied()
            .unwrap_or(settings.start_days),
        memory: program.memory(),
        report_memory: program.memory(),
        step: Step::new(n),
        lanes: (0..LANES).map(|_| None).collect(),
        has_roots: program.events.iter().any(|e| e.moment_slot.is_none()),
    };
    loop {
        integrator.refill(patients, sink);
        if integrator.lanes.iter().all(Option::is_none) {
            return Ok(());
        }
        integrator.attempt();
        for lane in 0..LANES {
            let outcome = integrator.settle(lane);
            match outcome {
                Outcome::Going => {}
                Outcome::Done => {
                    if let Some(l) = integrator.lanes[lane].take() {
                        sink(Ok(integrator.trajectory(lane, l)));
                    }
                }
                Outcome::Failed(reason) => {
                    if let Some(l) = integrator.lanes[lane].take() {
                        sink(Err(Failure {
                            id: l.patient.id,
                            time_days: l.time,
                            reason,
                        }));
                    }
                }
            }
        }
    }
}

enum Outcome {
    Going,
    Done,
    Failed(Reason),
}

pub(crate) struct Integrator<'a> {
    pub program: &'a Program,
    pub settings: &'a Settings,
    pub set: InstructionSet,
    pub tolerances: Tolerances,
    pub end: f64,
    pub memory: Vec<Block>,
    pub report_memory: Vec<Block>,
    pub step: Step,
    pub lanes: Vec<Option<Lane>>,
    pub has_roots: bool,
}

impl Integrator<'_> {
    /// Gives each idle lane the next patient.
    fn refill(
        &mut self,
        patients: &mut dyn Iterator<Item = Patient>,
        sink: &mut dyn FnMut(Result<Trajectory, Failure>),
    ) {
        let program = self.program;
        let start = self.settings.start_days;
        let mut loaded = Vec::new();
        for lane in 0..LANES {
            while self.lanes[lane].is_none() {
                let Some(patient) = patients.next() else {
                    break;
                };
                let stops = program
                    .check_parameters(&patient.parameters)
                    .and_then(|()| schedule(program, &patient, start, self.end));
                match stops {
                    Ok(stops) => {
                        for (i, &value) in patient.parameters.iter().enumerate() {
                            self.memory[program.varying_slot as usize + i].0[lane] = value;
                        }
                        for i in 0..program.target_states.len() {
                            self.memory[program.infusion_slot as usize + i].0[lane] = 0.0;
                        }
                        self.memory[program.time_slot as usize].0[lane] = start;
                        let size =
                            self.settings.output_times_days.len() * program.recorded_states.len();
                        self.lanes[lane] = Some(Lane {
                            patient,
                            time: start,
                            step: 0.0,
                            fresh: true,
                            stops,
                            next_stop: 0,
                            next_output: 0,
                            record: vec![0.0; size],
                            holds: vec![true; program.events.len()],
                            statistics: Statistics::default(),
                            trouble: None,
                        });
                        loaded.push(lane);
                    }
                    Err(reason) => {
                        sink(Err(Failure {
                            id: patient.id,
                            time_days: start,
                            reason,
                        }));
                    }
                }
            }
        }
        if loaded.is_empty() {
            return;
        }
        program.patient_tape.run(self.set, &mut self.memory);
        for lane in loaded {
            for i in 0..self.step.old.len() {
                self.step.old[i].0[lane] = self.memory[program.initial_slot as usize + i].0[lane];
            }
            let moments: Vec<(usize, f64)> = program
                .events
                .iter()
                .enumerate()
                .filter_map(|(i, e)| Some((i, self.memory[e.moment_slot? as usize].0[lane])))
                .collect();
            if let Some(l) = &mut self.lanes[lane] {
                add_events(&mut l.stops, &moments, start, self.end);
            }
            // A condition that holds at the start does not count as turning true; one that a dose
            // at the start makes true does.
            let holds = self.conditions(lane);
            if let Some(l) = &mut self.lanes[lane] {
                l.holds = holds;
            }
            self.apply_stops(lane);
            if self.has_roots {
                self.fire(lane);
            }
            self.record_here(lane);
        }
    }

    /// One step attempt in all lanes.
    fn attempt(&mut self) {
        let program = self.program;
        for (lane, l) in self.lanes.iter().enumerate() {
            if let Some(l) = l {
                self.memory[program.time_slot as usize].0[lane] = l.time;
            }
        }
        self.step.evaluate(program, self.set, &mut self.memory);
        let mut size = Block::splat(1.0);
        for lane in 0..LANES {
            let Some(l) = &self.lanes[lane] else { continue };
            let proposed = if l.fresh {
                self.first_step(lane)
            } else {
                l.step
            };
            let Some(l) = &mut self.lanes[lane] else {
                continue;
            };
            l.step = proposed;
            // Meet the next stop exactly, and do not leave a sliver before it.
            size.0[lane] = match l.stops.get(l.next_stop) {
                Some(stop) => {
                    let left = stop.time - l.time;
                    if proposed >= left {
                        left
                    } else if 2.0 * proposed > left {
                        0.5 * left
                    } else {
                        proposed
                    }
                }
                None => proposed,
            };
        }
        self.step.advance(
            program,
            self.set,
            &mut self.memory,
            &size,
            &self.tolerances.absolute,
            &self.tolerances.relative,
        );
        // A vanishing error gives infinity here, which means the largest growth.
        let factor = pow(self.step.error.0, [-1.0 / ERROR_ORDER; LANES])
            .map(|power| (SAFETY * power).clamp(GROWTH.0, GROWTH.1));
        let mut dense_ready = false;
        for (lane, factor) in factor.into_iter().enumerate() {
            let Some(l) = &mut self.lanes[lane] else {
                continue;
            };
            let taken = size.0[lane];
            let error = self.step.error.0[lane];
            if error.is_nan() || error > 1.0 {
                l.statistics.rejected += 1;
                l.fresh = false;
                let shrink = if error.is_finite() {
                    factor.min(1.0)
                } else {
                    GROWTH.0
                };
                l.step = taken * shrink;
                continue;
            }
            l.statistics.accepted += 1;
            let hit = l
                .stops
                .get(l.next_stop)
                .is_some_and(|s| taken >= s.time - l.time);
            let before = l.time;
            let after = if hit {
                l.stops[l.next_stop].time
            } else {
                before + taken
            };
            l.step = taken * factor;
            l.fresh = false;
            l.time = after;
            let times = &self.settings.output_times_days;
            let due = |l: &Lane| l.next_output < times.len() && times[l.next_output] <= after;
            if (due(l) || self.has_roots) && !dense_ready {
                self.step.prepare_dense(self.set);
                dense_ready = true;
            }
            let mut crossed = None;
            if self.has_roots {
                crossed = self.first_crossing(lane, before, after, taken);
            }
            let (arrival, theta) = crossed.unwrap_or((after, 1.0));
            self.record_until(lane, before, arrival, taken, hit || crossed.is_some());
            // What lies behind the last output does not happen to this patient.
            if arrival > self.end {
                continue;
            }
            for i in 0..self.step.old.len() {
                let value = self.step.at(i, lane, theta);
                self.step.old[i].0[lane] = if value.abs() < TINY { 0.0 } else { value };
            }
            if let Some(l) = &mut self.lanes[lane] {
                l.time = arrival;
            }
            if crossed.is_none() && hit {
                self.apply_stops(lane);
            }
            if self.has_roots {
                self.fire(lane);
            }
            self.record_here(lane);
        }
    }

    /// Whether a lane goes on.
    fn settle(&mut self, lane: usize) -> Outcome {
        let Some(l) = &self.lanes[lane] else {
            return Outcome::Going;
        };
        if let Some(reason) = &l.trouble {
            return Outcome::Failed(reason.clone());
        }
        // An infinite state may pass error control, as its own size is what errors are measured by.
        let done = l.next_output == self.settings.output_times_days.len();
        let infinite = if done {
            let states = &self.program.recorded_states;
            let last = &l.record[l.record.len() - states.len()..];
            let at = last.iter().position(|state| !state.is_finite());
            at.map(|at| states[at])
        } else {
            (0..self.step.old.len()).find(|&i| !self.step.old[i].0[lane].is_finite())
        };
        if let Some(i) = infinite {
            let name = self.program.state_names[i].clone();
            return Outcome::Failed(Reason::NotFinite(name));
        }
        if done {
            return Outcome::Done;
        }
        if l.statistics.accepted + l.statistics.rejected >= self.settings.max_steps {
            return Outcome::Failed(Reason::TooManySteps(self.settings.max_steps));
        }
        let smallest = 1e-14 * l.time.abs().max(1e-3);
        if !l.fresh && l.step <= smallest {
            let rates = self.program.rate_slot as usize;
            let broken = (0..self.step.old.len())
                .find(|i| !self.memory[rates + i].0[lane].is_finite())
                .map(|i| Reason::NotFinite(format!("rate of {}", self.program.state_names[i])));
            return Outcome::Failed(broken.unwrap_or(Reason::StepTooSmall));
        }
        Outcome::Going
    }

    /// A cautious first step: one hundredth of the time in which the state would change by itself
    /// (Hairer, Norsett and Wanner, Solving ODEs I, II.4).
    fn first_step(&self, lane: usize) -> f64 {
        let rates = self.program.rate_slot as usize;
        let (mut size, mut speed) = (0.0, 0.0);
        for (i, y) in self.step.old.iter().enumerate() {
            let y = y.0[lane];
            let scale = self.tolerances.absolute[i] + self.tolerances.relative[i] * y.abs();
            let f = self.memory[rates + i].0[lane];
            size += (y / scale) * (y / scale);
            speed += (f / scale) * (f / scale);
        }
        let h = 0.01 * (size / speed).sqrt();
        if h.is_finite() {
            h.clamp(1e-6, 1.0)
        } else {
            1e-6
        }
    }
}
