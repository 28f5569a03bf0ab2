//! What is kept of a solve: the states that outputs need, at the output times, and the outputs made
//! of them.

use neurocart_numeric::tape::{Block, LANES};

use crate::patient::Trajectory;
use crate::solve::{Integrator, Lane};

impl Integrator<'_> {
    /// Records the output times of the step up to `until` from the dense output; those exactly at
    /// a jump wait for what happens there.
    pub(crate) fn record_until(
        &mut self,
        lane: usize,
        before: f64,
        until: f64,
        taken: f64,
        jumps: bool,
    ) {
        let times = &self.settings.output_times_days;
        let states = &self.program.recorded_states;
        let Some(l) = &mut self.lanes[lane] else {
            return;
        };
        while l.next_output < times.len() {
            let time = times[l.next_output];
            if time > until || (jumps && time == until) {
                return;
            }
            let theta = (time - before) / taken;
            let row = &mut l.record[l.next_output * states.len()..];
            for (value, &i) in row.iter_mut().zip(states) {
                *value = self.step.between(i, lane, theta);
            }
            l.next_output += 1;
        }
    }

    /// Records the present state if an output is due exactly now.
    pub(crate) fn record_here(&mut self, lane: usize) {
        let times = &self.settings.output_times_days;
        let states = &self.program.recorded_states;
        let Some(l) = &mut self.lanes[lane] else {
            return;
        };
        while l.next_output < times.len() && times[l.next_output] <= l.time {
            let row = &mut l.record[l.next_output * states.len()..];
            for (value, &i) in row.iter_mut().zip(states) {
                *value = self.step.old[i].0[lane];
            }
            l.next_output += 1;
        }
    }

    /// Turns a finished lane's record into its outputs, many times at once.
    pub(crate) fn trajectory(&mut self, lane: usize, l: Lane) -> Trajectory {
        let program = self.program;
        let times = &self.settings.output_times_days;
        let (states, outputs) = (&program.recorded_states, program.options.outputs.len());
        for &slot in &program.kept_slots {
            self.report_memory[slot as usize] = Block::splat(self.memory[slot as usize].0[lane]);
        }
        let mut values = vec![0.0; times.len() * outputs];
        for first in (0..times.len()).step_by(LANES) {
            let count = LANES.min(times.len() - first);
            self.report_memory[program.time_slot as usize].0[..count]
                .copy_from_slice(&times[first..first + count]);
            for (at, i) in states.iter().enumerate() {
                let block = &mut self.report_memory[program.state_slot as usize + i].0;
                for (j, value) in block[..count].iter_mut().enumerate() {
                    *value = l.record[(first + j) * states.len() + at];
                }
            }
            program.output_tape.run(self.set, &mut self.report_memory);
            for k in 0..outputs {
                let block = &self.report_memory[program.output_slot as usize + k].0;
                for (j, &value) in block[..count].iter().enumerate() {
                    values[(first + j) * outputs + k] = value;
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
