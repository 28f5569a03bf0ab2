//! The lane integrator: a block of patients steps together, each with its own clock.
//!
//! Every lane has its own time, step size and error control. A lane whose patient is done takes
//! the next one. No value of a lane ever enters another lane, so a patient's bits do not depend on
//! its neighbours, its lane or the order of the others.

use neurocart_numeric::InstructionSet;
use neurocart_numeric::lane::pow;
use neurocart_numeric::tape::{Block, LANES};

use crate::patient::{Action, Failure, Patient, Reason, Statistics, Trajectory};
use crate::program::Program;
use crate::rosenbrock::{ERROR_ORDER, Step};
use crate::schedule::{Change, Stop, add_events, schedule};

/// How to integrate.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Start of every solve, in days on the model's clock.
    pub start_days: f64,
    /// Times to report, increasing, none before the start.
    pub output_times_days: Vec<f64>,
    /// Relative tolerance per step.
    pub relative_tolerance: f64,
    /// Absolute tolerance per step.
    pub absolute_tolerance: f64,
    /// Absolute tolerances of single states, by name, instead of the common one.
    pub absolute_tolerance_of: Vec<(String, f64)>,
    /// A solve that needs more steps fails.
    pub max_steps: u32,
    /// Instruction set; `None` takes the widest of this machine. The bits do not depend on it.
    pub instruction_set: Option<InstructionSet>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            start_days: 0.0,
            output_times_days: Vec::new(),
            relative_tolerance: 1e-6,
            absolute_tolerance: 1e-9,
            absolute_tolerance_of: Vec::new(),
            max_steps: 100_000,
            instruction_set: None,
        }
    }
}

/// Settings that make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A field with a bad value.
    #[error("`{field}`: {message}")]
    Bad {
        /// The field of [`Settings`].
        field: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
}

/// States closer to zero than this are zero: they mean nothing, and denormal numbers are slow.
const TINY: f64 = 1e-150;
/// Largest and smallest change of the step size from one step to the next.
const GROWTH: (f64, f64) = (0.2, 6.0);
const SAFETY: f64 = 0.9;

/// One patient under way.
struct Lane {
    patient: Patient,
    time: f64,
    /// Step size that the error control proposes.
    step: f64,
    /// The state has just jumped: choose the step size anew.
    fresh: bool,
    stops: Vec<Stop>,
    next_stop: usize,
    next_output: usize,
    /// States at the output times, `[time][state]`.
    record: Vec<f64>,
    /// Whether each event's condition holds.
    holds: Vec<bool>,
    statistics: Statistics,
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
    let absolute = checked(program, settings)?;
    if settings.output_times_days.is_empty() {
        return Err(SettingsError::Bad {
            field: "output_times_days",
            message: "is empty, expected at least one time".into(),
        });
    }
    let n = program.state_names.len();
    let mut integrator = Integrator {
        program,
        settings,
        set: settings
            .instruction_set
            .unwrap_or_else(InstructionSet::widest),
        absolute,
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

struct Integrator<'a> {
    program: &'a Program,
    settings: &'a Settings,
    set: InstructionSet,
    absolute: Vec<f64>,
    end: f64,
    memory: Vec<Block>,
    report_memory: Vec<Block>,
    step: Step,
    lanes: Vec<Option<Lane>>,
    has_roots: bool,
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
                        let size = self.settings.output_times_days.len() * self.step.old.len();
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
            self.apply_stops(lane);
            // A condition that holds at the start does not count as turning true.
            let holds = self.conditions(lane);
            if let Some(l) = &mut self.lanes[lane] {
                l.holds = holds;
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
            &self.absolute,
            self.settings.relative_tolerance,
        );
        let mut factor = [0.0; LANES];
        let power = pow(self.step.error.0, [-1.0 / ERROR_ORDER; LANES]);
        for lane in 0..LANES {
            // A vanishing error gives infinity here, which means the largest growth.
            factor[lane] = (SAFETY * power[lane]).clamp(GROWTH.0, GROWTH.1);
        }
        let mut dense_ready = false;
        for lane in 0..LANES {
            let Some(l) = &mut self.lanes[lane] else {
                continue;
            };
            let taken = size.0[lane];
            let error = self.step.error.0[lane];
            if !(error <= 1.0) {
                l.statistics.rejected += 1;
                l.fresh = false;
                let shrink = if error.is_finite() {
                    factor[lane].min(1.0)
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
            // A step cut short by a stop says little about the next one.
            let proposal = taken * factor[lane];
            l.step = if taken < l.step {
                l.step.min(proposal.max(taken)).max(proposal)
            } else {
                proposal
            };
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
            self.record_until(lane, before, arrival, taken, hit && crossed.is_none());
            for i in 0..self.step.old.len() {
                let value = if theta < 1.0 {
                    self.step.between(i, lane, theta)
                } else {
                    self.step.new[i].0[lane]
                };
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
        if l.next_output == self.settings.output_times_days.len() {
            return Outcome::Done;
        }
        for (i, name) in self.program.state_names.iter().enumerate() {
            if !self.step.old[i].0[lane].is_finite() {
                return Outcome::Failed(Reason::NotFinite(name.clone()));
            }
        }
        if l.statistics.accepted + l.statistics.rejected >= self.settings.max_steps {
            return Outcome::Failed(Reason::TooManySteps(self.settings.max_steps));
        }
        let smallest = 1e-14 * l.time.abs().max(1e-3);
        if !l.fresh && !(l.step > smallest) {
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
            let scale = self.absolute[i] + self.settings.relative_tolerance * y.abs();
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

    /// Does everything due at the lane's time.
    fn apply_stops(&mut self, lane: usize) {
        loop {
            let Some(l) = &mut self.lanes[lane] else {
                return;
            };
            let Some(stop) = l.stops.get(l.next_stop) else {
                return;
            };
            if stop.time > l.time {
                return;
            }
            let change = stop.change.clone();
            l.next_stop += 1;
            l.fresh = true;
            l.statistics.discontinuities += 1;
            match change {
                Change::Dose(target, action) => {
                    let y = &mut self.step.old[self.program.target_states[target]].0[lane];
                    match action {
                        Action::Add(amount) => *y += amount,
                        Action::Set(value) => *y = value,
                        Action::Multiply(factor) => *y *= factor,
                        Action::Infuse { .. } => {}
                    }
                }
                Change::Rate(target, rate) => {
                    self.memory[self.program.infusion_slot as usize + target].0[lane] += rate;
                }
                Change::Event(event) => self.assign(lane, event),
            }
        }
    }

    /// Performs the assignments of an event with the lane's present state.
    fn assign(&mut self, lane: usize, event: usize) {
        self.load(lane);
        let event = &self.program.events[event];
        event.tape.run(self.set, &mut self.memory);
        for (i, &state) in event.states.iter().enumerate() {
            self.step.old[state].0[lane] = self.memory[event.value_slot as usize + i].0[lane];
        }
    }

    /// Puts a lane's state and time into the memory.
    fn load(&mut self, lane: usize) {
        let first = self.program.state_slot as usize;
        for (i, y) in self.step.old.iter().enumerate() {
            self.memory[first + i].0[lane] = y.0[lane];
        }
        if let Some(l) = &self.lanes[lane] {
            self.memory[self.program.time_slot as usize].0[lane] = l.time;
        }
    }

    /// Whether each event's condition holds in the lane's present state.
    fn conditions(&mut self, lane: usize) -> Vec<bool> {
        if !self.has_roots {
            return Vec::new();
        }
        self.load(lane);
        self.program.trigger_tape.run(self.set, &mut self.memory);
        let first = self.program.trigger_slot as usize;
        (0..self.program.events.len())
            .map(|e| self.memory[first + e].0[lane] != 0.0)
            .collect()
    }

    /// Whether any state-dependent event has turned true at the fraction `theta` of the step.
    fn any_turned(&mut self, lane: usize, time: f64, theta: f64) -> bool {
        let first = self.program.state_slot as usize;
        for i in 0..self.step.old.len() {
            self.memory[first + i].0[lane] = if theta < 1.0 {
                self.step.between(i, lane, theta)
            } else {
                self.step.new[i].0[lane]
            };
        }
        self.memory[self.program.time_slot as usize].0[lane] = time;
        self.program.trigger_tape.run(self.set, &mut self.memory);
        let slots = self.program.trigger_slot as usize;
        let Some(l) = &self.lanes[lane] else {
            return false;
        };
        self.program.events.iter().enumerate().any(|(e, event)| {
            event.moment_slot.is_none() && !l.holds[e] && self.memory[slots + e].0[lane] != 0.0
        })
    }

    /// Time and fraction of the step where the first state-dependent event turns true, by
    /// bisection on the dense output.
    fn first_crossing(
        &mut self,
        lane: usize,
        before: f64,
        after: f64,
        taken: f64,
    ) -> Option<(f64, f64)> {
        if !self.any_turned(lane, after, 1.0) {
            return None;
        }
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..50 {
            let middle = 0.5 * (low + high);
            if self.any_turned(lane, before + middle * taken, middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some((
            if high < 1.0 {
                before + high * taken
            } else {
                after
            },
            high,
        ))
    }

    /// Runs the state-dependent events that have turned true, and those that they set off.
    fn fire(&mut self, lane: usize) {
        // An event that keeps setting off others would never end; the bound is generous.
        for _ in 0..=self.program.events.len() {
            let now = self.conditions(lane);
            let Some(l) = &mut self.lanes[lane] else {
                return;
            };
            let was = std::mem::replace(&mut l.holds, now);
            let turned: Vec<usize> = (0..was.len())
                .filter(|&e| self.program.events[e].moment_slot.is_none() && !was[e] && l.holds[e])
                .collect();
            if turned.is_empty() {
                return;
            }
            l.fresh = true;
            l.statistics.discontinuities += turned.len() as u32;
            for event in turned {
                self.assign(lane, event);
            }
        }
    }

    /// Records the output times of the step up to `until` from the dense output; those exactly at
    /// a stop wait for what happens there.
    fn record_until(&mut self, lane: usize, before: f64, until: f64, taken: f64, at_stop: bool) {
        let times = &self.settings.output_times_days;
        let n = self.step.old.len();
        let Some(l) = &mut self.lanes[lane] else {
            return;
        };
        while l.next_output < times.len() {
            let time = times[l.next_output];
            if time > until || (at_stop && time == until) {
                return;
            }
            let theta = (time - before) / taken;
            for i in 0..n {
                l.record[l.next_output * n + i] = self.step.between(i, lane, theta);
            }
            l.next_output += 1;
        }
    }

    /// Records the present state if an output is due exactly now.
    fn record_here(&mut self, lane: usize) {
        let times = &self.settings.output_times_days;
        let n = self.step.old.len();
        let Some(l) = &mut self.lanes[lane] else {
            return;
        };
        while l.next_output < times.len() && times[l.next_output] <= l.time {
            for i in 0..n {
                l.record[l.next_output * n + i] = self.step.old[i].0[lane];
            }
            l.next_output += 1;
        }
    }

    /// Turns a finished lane's record into its outputs, many times at once.
    fn trajectory(&mut self, lane: usize, l: Lane) -> Trajectory {
        let program = self.program;
        let times = &self.settings.output_times_days;
        let (n, outputs) = (self.step.old.len(), program.options.outputs.len());
        for &slot in &program.kept_slots {
            self.report_memory[slot as usize] = Block::splat(self.memory[slot as usize].0[lane]);
        }
        let mut values = vec![0.0; times.len() * outputs];
        for first in (0..times.len()).step_by(LANES) {
            let count = LANES.min(times.len() - first);
            for j in 0..count {
                self.report_memory[program.time_slot as usize].0[j] = times[first + j];
            }
            for i in 0..n {
                let block = &mut self.report_memory[program.state_slot as usize + i].0;
                for j in 0..count {
                    block[j] = l.record[(first + j) * n + i];
                }
            }
            program.output_tape.run(self.set, &mut self.report_memory);
            for k in 0..outputs {
                let block = &self.report_memory[program.output_slot as usize + k].0;
                for j in 0..count {
                    values[(first + j) * outputs + k] = block[j];
                }
            }
        }
        Trajectory {
            id: l.patient.id,
            values,
            statistics: l.statistics,
        }
    }
}

/// Checks the settings; gives the absolute tolerance of each state.
fn checked(program: &Program, settings: &Settings) -> Result<Vec<f64>, SettingsError> {
    let bad = |field, message: String| Err(SettingsError::Bad { field, message });
    if !settings.start_days.is_finite() {
        return bad(
            "start_days",
            format!("is {}, expected a day", settings.start_days),
        );
    }
    let mut previous = settings.start_days;
    for (i, &time) in settings.output_times_days.iter().enumerate() {
        if !(time >= previous) || !time.is_finite() {
            return bad(
                "output_times_days",
                format!("entry {i} is {time}, expected increasing times from {previous} on"),
            );
        }
        previous = time;
    }
    let tolerance = settings.relative_tolerance;
    if !(1e-14..=0.1).contains(&tolerance) {
        return bad(
            "relative_tolerance",
            format!("is {tolerance}, expected 1e-14 to 0.1"),
        );
    }
    let positive = |x: f64| x > 0.0 && x.is_finite();
    if !positive(settings.absolute_tolerance) {
        let message = format!("is {}, expected more than 0", settings.absolute_tolerance);
        return bad("absolute_tolerance", message);
    }
    let mut absolute = vec![settings.absolute_tolerance; program.state_names.len()];
    for (name, value) in &settings.absolute_tolerance_of {
        if !positive(*value) {
            let message = format!("of `{name}` is {value}, expected more than 0");
            return bad("absolute_tolerance_of", message);
        }
        // States that never move in this program have no tolerance to set.
        if let Some(i) = program.state_names.iter().position(|s| s == name) {
            absolute[i] = *value;
        }
    }
    Ok(absolute)
}
