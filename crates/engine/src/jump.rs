//! Jumps of the state: doses, infusions that start or end, and the model's events.
//!
//! Doses and events whose moment is known beforehand are stops that a step meets exactly. An event
//! that depends on the state is looked for in each accepted step: if its condition holds at the end
//! and did not at the start, bisection on the dense output finds the moment. A condition that turns
//! true and false again within one step is not seen.

use crate::patient::{Action, Reason};
use crate::schedule::Change;
use crate::solve::Integrator;

/// Events that set each other off at one moment more often than this never come to rest.
const MOST_ROUNDS: usize = 1000;

impl Integrator<'_> {
    /// Does everything due at the lane's time.
    pub(crate) fn apply_stops(&mut self, lane: usize) {
        let mut events = Vec::new();
        while let Some(l) = &mut self.lanes[lane] {
            let Some(stop) = l.stops.get(l.next_stop).filter(|s| s.time <= l.time) else {
                break;
            };
            l.next_stop += 1;
            l.fresh = true;
            l.statistics.discontinuities += 1;
            match stop.change {
                Change::Dose(target, action) => {
                    let y = &mut self.step.old[self.program.target_states[target]].0[lane];
                    match action {
                        Action::Add(amount) => *y += amount,
                        Action::Set(value) => *y = value,
                        Action::Multiply(factor) => *y *= factor,
                        Action::Infuse { .. } => {}
                    }
                }
                Change::Rate(target) => {
                    let rate = l.patient.infusion_rate(target, l.time);
                    self.memory[self.program.infusion_slot as usize + target].0[lane] = rate;
                }
                Change::Event(event) => events.push(event),
            }
        }
        self.assign(lane, &events);
    }

    /// Performs the assignments of events that happen together: all values come from the state
    /// before any of them.
    fn assign(&mut self, lane: usize, events: &[usize]) {
        self.load(lane);
        let mut values = Vec::new();
        for &event in events {
            let event = &self.program.events[event];
            event.tape.run(self.set, &mut self.memory);
            for (i, &state) in event.states.iter().enumerate() {
                let slot = event.value_slot as usize + i;
                values.push((state, self.memory[slot].0[lane]));
            }
        }
        for (state, value) in values {
            self.step.old[state].0[lane] = value;
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
    pub(crate) fn conditions(&mut self, lane: usize) -> Vec<bool> {
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
            self.memory[first + i].0[lane] = self.step.at(i, lane, theta);
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
    pub(crate) fn first_crossing(
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
        let arrival = if high < 1.0 {
            before + high * taken
        } else {
            after
        };
        Some((arrival, high))
    }

    /// Runs the state-dependent events that have turned true, and those that they set off.
    pub(crate) fn fire(&mut self, lane: usize) {
        for _ in 0..MOST_ROUNDS {
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
            self.assign(lane, &turned);
        }
        if let Some(l) = &mut self.lanes[lane] {
            l.trouble = Some(Reason::EndlessEvents);
        }
    }
}
