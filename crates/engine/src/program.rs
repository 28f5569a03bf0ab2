//! Compilation of a model into tapes.
//!
//! Phases: build every formula as a graph, drop states that never move, differentiate, decide
//! which values live as long as a patient, lay out the memory, write the tapes.

use std::collections::HashMap;

use neurocart_model::Model;
use neurocart_numeric::InstructionSet;
use neurocart_numeric::tape::{Block, Tape};

use crate::derivative::gradients;
use crate::elimination::{SymbolicFactor, symbolic_factor};
use crate::emission::{Layout, TooLarge, emit};
use crate::formula::Builder;
use crate::graph::{Graph, Kind, Node, Tier};
use crate::patient::Reason;

/// How to compile.
#[derive(Clone, Debug, Default)]
pub struct CompileOptions {
    /// Symbols with one value for every patient: folded into the program.
    /// Overrides the value in the model text.
    pub fixed: Vec<(String, f64)>,
    /// Symbols whose value each patient brings, in the order of [`crate::Patient::parameters`].
    pub varying: Vec<String>,
    /// Symbols to report (states, assigned quantities, parameters).
    pub outputs: Vec<String>,
    /// States that doses may change, in the order of [`crate::Dose::target`].
    pub targets: Vec<String>,
}

/// A compiled model: immutable, shared by all threads.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) options: CompileOptions,
    /// Names of the states that move, in the order of integration.
    pub(crate) state_names: Vec<String>,
    /// Those states, by number in the order of integration, that some output needs.
    pub(crate) recorded_states: Vec<usize>,
    /// Names of all states of the model, also those that never move.
    pub(crate) model_state_names: Vec<String>,
    /// For each dose target the state it is.
    pub(crate) target_states: Vec<usize>,
    pub(crate) slots: usize,
    pub(crate) constants: Vec<(u16, f64)>,
    /// First slot of: per-patient parameters, running infusions, states, rates.
    pub(crate) varying_slot: u16,
    pub(crate) infusion_slot: u16,
    pub(crate) state_slot: u16,
    pub(crate) time_slot: u16,
    pub(crate) rate_slot: u16,
    /// First slot of the initial states, after the patient tape.
    pub(crate) initial_slot: u16,
    /// First slot of the outputs, after the output tape.
    pub(crate) output_slot: u16,
    /// Slots that the output tape may read besides states and time.
    pub(crate) kept_slots: Vec<u16>,
    pub(crate) patient_tape: Tape,
    pub(crate) rate_tape: Tape,
    /// Rates and, into the matrix slots, the Jacobian.
    pub(crate) jacobian_tape: Tape,
    pub(crate) output_tape: Tape,
    pub(crate) factor: SymbolicFactor,
    pub(crate) events: Vec<CompiledEvent>,
    /// Values of all triggers that depend on states, into the trigger slots.
    pub(crate) trigger_tape: Tape,
    pub(crate) trigger_slot: u16,
}

/// An event ready to run.
#[derive(Clone, Debug)]
pub(crate) struct CompiledEvent {
    /// Slot with the moment of the event after the patient tape, if it depends on time alone.
    pub moment_slot: Option<u16>,
    /// States that are assigned.
    pub states: Vec<usize>,
    /// First slot of the assigned values, after the event's tape.
    pub value_slot: u16,
    pub tape: Tape,
}

/// Why a model cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// A name in the options that the model does not have.
    #[error("unknown symbol `{name}` in `{field}`{}", hint.as_ref().map(|h| format!("; did you mean `{h}`?")).unwrap_or_default())]
    UnknownSymbol {
        /// The name.
        name: String,
        /// The field of [`CompileOptions`].
        field: &'static str,
        /// Nearest name of the model.
        hint: Option<String>,
    },
    /// A name used where it makes no sense.
    #[error("`{name}` in `{field}`: {message}")]
    BadSymbol {
        /// The name.
        name: String,
        /// The field of [`CompileOptions`].
        field: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
    /// The model needs more memory slots than the tape can name.
    #[error("the model is too large: it needs more than 65535 intermediate values")]
    TooLarge,
    /// A formula with too many operations inside each other.
    #[error(
        "a formula is nested more than 1000 operations deep; give its parts names with `part := ...`"
    )]
    TooDeep,
    /// The model has no state that changes.
    #[error("the model has no differential equation; nothing to integrate")]
    NoStates,
}

impl From<TooLarge> for CompileError {
    fn from(_: TooLarge) -> Self {
        CompileError::TooLarge
    }
}

impl Program {
    /// Compiles `model`.
    ///
    /// States that start at a constant, are never dosed and whose rate is identically zero are
    /// taken as constants. Division is done by multiplication with the reciprocal, so a value may
    /// differ from the text's own order of operations in the last bits.
    pub fn compile(model: &Model, options: CompileOptions) -> Result<Program, CompileError> {
        let mut graph = Graph::default();
        let mut builder = Builder::new(model, &options, &mut graph)?;
        let equations = builder.equations()?;
        let targets = &equations.targets;
        if equations.rates.is_empty() {
            return Err(CompileError::NoStates);
        }
        let n = equations.rates.len();
        let rates = equations.rates.clone();
        let gradients = gradients(&mut graph, &rates);

        let mut layout = Layout::default();
        let varying_slot = layout.reserve(options.varying.len())?;
        for i in 0..options.varying.len() {
            let node = graph.varying(i);
            layout.slot_of.insert(node, varying_slot + i as u16);
        }
        let infusion_slot = layout.reserve(targets.len())?;
        for i in 0..targets.len() {
            let node = graph.infusion(i);
            layout.slot_of.insert(node, infusion_slot + i as u16);
        }
        let time = graph.time();
        let time_slot = layout.keep(time)?;
        let state_slot = layout.reserve(n)?;
        for (i, &state) in equations.states.iter().enumerate() {
            let node = graph.state(state);
            layout.slot_of.insert(node, state_slot + i as u16);
        }

        // Everything that must exist at some moment, and the values a patient keeps.
        let mut jacobian: Vec<((u32, u32), Node)> = Vec::new();
        let row_of: HashMap<u32, u32> = equations
            .states
            .iter()
            .enumerate()
            .map(|(i, &s)| (s as u32, i as u32))
            .collect();
        for (i, gradient) in gradients.iter().enumerate() {
            for &(state, node) in gradient {
                jacobian.push(((i as u32, row_of[&state]), node));
            }
        }
        let mut dynamic_roots: Vec<Node> = rates.clone();
        dynamic_roots.extend(jacobian.iter().map(|e| e.1));
        dynamic_roots.extend(&equations.outputs);
        for event in &equations.events {
            dynamic_roots.push(event.trigger);
            dynamic_roots.extend(event.assignments.iter().map(|a| a.1));
        }
        let kept = kept_values(&graph, &dynamic_roots);
        let mut patient_roots: Vec<(Node, u16)> = Vec::new();
        for &node in &kept {
            if !layout.slot_of.contains_key(&node) {
                patient_roots.push((node, layout.reserve(1)?));
            }
        }
        let initial_slot = layout.reserve(n)?;
        for (i, &node) in equations.initial.iter().enumerate() {
            patient_roots.push((node, initial_slot + i as u16));
        }
        let mut moments = Vec::new();
        for event in &equations.events {
            moments.push(match event.moment {
                Some(node) => {
                    let slot = layout.reserve(1)?;
                    patient_roots.push((node, slot));
                    Some(slot)
                }
                None => None,
            });
        }
        let mut all_roots = dynamic_roots.clone();
        all_roots.extend(patient_roots.iter().map(|r| r.0));
        layout.keep_constants(&graph, &all_roots)?;

        let rate_slot = layout.reserve(n)?;
        let entries: Vec<(u32, u32)> = jacobian.iter().map(|e| e.0).collect();
        let matrix_slot = layout.reserve(0)?;
        let mut factor = symbolic_factor(n, &entries, matrix_slot)?;
        layout.reserve(factor.position.len())?;
        // Diagonal entries that the Jacobian does not have are cleared like fill.
        let given: std::collections::HashSet<(u32, u32)> = entries.iter().copied().collect();
        for i in 0..n as u32 {
            if !given.contains(&(i, i)) {
                factor.fill.push(factor.position[&(i, i)]);
            }
        }
        let output_slot = layout.reserve(equations.outputs.len())?;
        let trigger_slot = layout.reserve(equations.events.len())?;
        let mut value_slots = Vec::new();
        for event in &equations.events {
            value_slots.push(layout.reserve(event.assignments.len())?);
        }

        let patient_tape = emit(&graph, &mut layout, &patient_roots)?;
        for &(node, slot) in &patient_roots {
            if graph.tier(node) == Tier::Patient {
                layout.slot_of.entry(node).or_insert(slot);
            }
        }
        let at = |first: u16, nodes: &[Node]| -> Vec<(Node, u16)> {
            nodes
                .iter()
                .enumerate()
                .map(|(i, &n)| (n, first + i as u16))
                .collect()
        };
        let rate_roots = at(rate_slot, &rates);
        let rate_tape = emit(&graph, &mut layout, &rate_roots)?;
        let mut jacobian_roots = rate_roots;
        for (position, node) in &jacobian {
            jacobian_roots.push((*node, factor.position[position]));
        }
        let jacobian_tape = emit(&graph, &mut layout, &jacobian_roots)?;
        let output_tape = emit(&graph, &mut layout, &at(output_slot, &equations.outputs))?;
        let triggers: Vec<Node> = equations.events.iter().map(|e| e.trigger).collect();
        let trigger_tape = emit(&graph, &mut layout, &at(trigger_slot, &triggers))?;
        let mut events = Vec::new();
        for ((event, moment_slot), value_slot) in
            equations.events.iter().zip(moments).zip(value_slots)
        {
            let values: Vec<Node> = event.assignments.iter().map(|a| a.1).collect();
            events.push(CompiledEvent {
                moment_slot,
                states: event
                    .assignments
                    .iter()
                    .map(|a| row_of[&(a.0 as u32)] as usize)
                    .collect(),
                value_slot,
                tape: emit(&graph, &mut layout, &at(value_slot, &values))?,
            });
        }
        let mut kept_slots: Vec<u16> = patient_roots.iter().map(|r| r.1).collect();
        kept_slots.extend((0..options.varying.len() as u16).map(|i| varying_slot + i));
        Ok(Program {
            state_names: equations
                .states
                .iter()
                .map(|&s| builder_state_name(model, &equations.names, s))
                .collect(),
            recorded_states: graph
                .parts(&equations.outputs)
                .into_iter()
                .filter_map(|part| match graph.kind(part) {
                    Kind::State(state) => Some(row_of[&state] as usize),
                    _ => None,
                })
                .collect(),
            model_state_names: model
                .states
                .iter()
                .map(|s| model[s.symbol].name.clone())
                .collect(),
            target_states: targets
                .iter()
                .map(|s| row_of[&(*s as u32)] as usize)
                .collect(),
            slots: layout.slots,
            constants: layout.constants.clone(),
            varying_slot,
            infusion_slot,
            state_slot,
            time_slot,
            rate_slot,
            initial_slot,
            output_slot,
            kept_slots,
            patient_tape,
            rate_tape,
            jacobian_tape,
            output_tape,
            factor,
            events,
            trigger_tape,
            trigger_slot,
            options,
        })
    }

    /// Names of the per-patient parameters.
    pub fn varying(&self) -> &[String] {
        &self.options.varying
    }

    /// Names of the reported symbols.
    pub fn outputs(&self) -> &[String] {
        &self.options.outputs
    }

    /// Names of the states that doses may change.
    pub fn targets(&self) -> &[String] {
        &self.options.targets
    }

    /// Names of the states that are integrated; states that never move are left out.
    pub fn states(&self) -> &[String] {
        &self.state_names
    }

    /// Sizes of the compiled program.
    pub fn size(&self) -> ProgramSize {
        ProgramSize {
            states: self.state_names.len(),
            rate_instructions: self.rate_tape.instructions().len(),
            jacobian_instructions: self.jacobian_tape.instructions().len(),
            matrix_entries: self.factor.position.len(),
            factor_updates: self
                .factor
                .elimination
                .pivots
                .iter()
                .map(|p| p.updates.len())
                .sum(),
            slots: self.slots,
        }
    }

    /// A memory with the constants filled in.
    pub(crate) fn memory(&self) -> Vec<Block> {
        let mut memory = vec![Block::default(); self.slots];
        for &(slot, value) in &self.constants {
            memory[slot as usize] = Block::splat(value);
        }
        memory
    }

    /// Values of the outputs at `start_days`, before any dose, for one patient.
    pub fn outputs_at_start(
        &self,
        parameters: &[f64],
        start_days: f64,
    ) -> Result<Vec<f64>, Reason> {
        let mut memory = self.start_memory(parameters, start_days)?;
        self.output_tape.run(InstructionSet::Scalar, &mut memory);
        let first = self.output_slot as usize;
        Ok((0..self.options.outputs.len())
            .map(|i| memory[first + i].0[0])
            .collect())
    }

    /// Rates of all integrated states, in the order of [`Program::states`], for one patient in the
    /// given state at the given time, without infusions. Unit: that of the state per day.
    pub fn rates(
        &self,
        parameters: &[f64],
        time_days: f64,
        states: &[f64],
    ) -> Result<Vec<f64>, Reason> {
        let mut memory = self.start_memory(parameters, time_days)?;
        if states.len() != self.state_names.len() {
            return Err(Reason::BadInput(format!(
                "{} states given, the program integrates {}",
                states.len(),
                self.state_names.len()
            )));
        }
        for (i, &value) in states.iter().enumerate() {
            memory[self.state_slot as usize + i] = Block::splat(value);
        }
        self.rate_tape.run(InstructionSet::Scalar, &mut memory);
        let first = self.rate_slot as usize;
        Ok((0..self.state_names.len())
            .map(|i| memory[first + i].0[0])
            .collect())
    }

    /// Memory of one patient (in every lane) at the start.
    fn start_memory(&self, parameters: &[f64], start_days: f64) -> Result<Vec<Block>, Reason> {
        self.check_parameters(parameters)?;
        let mut memory = self.memory();
        for (i, &value) in parameters.iter().enumerate() {
            memory[self.varying_slot as usize + i] = Block::splat(value);
        }
        memory[self.time_slot as usize] = Block::splat(start_days);
        self.patient_tape.run(InstructionSet::Scalar, &mut memory);
        for i in 0..self.state_names.len() {
            memory[self.state_slot as usize + i] = memory[self.initial_slot as usize + i];
        }
        Ok(memory)
    }

    pub(crate) fn check_parameters(&self, parameters: &[f64]) -> Result<(), Reason> {
        if parameters.len() != self.options.varying.len() {
            return Err(Reason::BadInput(format!(
                "{} parameters given, the program takes {}",
                parameters.len(),
                self.options.varying.len()
            )));
        }
        match parameters.iter().position(|p| !p.is_finite()) {
            Some(i) => Err(Reason::BadInput(format!(
                "parameter `{}` is {}, expected a finite number",
                self.options.varying[i], parameters[i]
            ))),
            None => Ok(()),
        }
    }
}

/// Sizes of a compiled program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramSize {
    /// Integrated states.
    pub states: usize,
    /// Instructions of one evaluation of the rates.
    pub rate_instructions: usize,
    /// Instructions of one evaluation of rates and Jacobian.
    pub jacobian_instructions: usize,
    /// Entries of the factorised matrix, fill included.
    pub matrix_entries: usize,
    /// Multiply-subtract operations of one factorisation.
    pub factor_updates: usize,
    /// Memory slots per lane.
    pub slots: usize,
}

fn builder_state_name(model: &Model, extra: &[String], state: usize) -> String {
    match model.states.get(state) {
        Some(s) => model[s.symbol].name.clone(),
        None => extra[state - model.states.len()].clone(),
    }
}

/// Values that change from patient to patient and feed something that changes during a solve.
fn kept_values(graph: &Graph, roots: &[Node]) -> Vec<Node> {
    let mut kept = Vec::new();
    let mut seen = vec![false; graph.len()];
    let mut stack: Vec<Node> = roots.to_vec();
    while let Some(node) = stack.pop() {
        if std::mem::replace(&mut seen[node.0 as usize], true) {
            continue;
        }
        match graph.tier(node) {
            Tier::Constant => {}
            Tier::Patient => kept.push(node),
            Tier::Dynamic => stack.extend(graph.operands(node)),
        }
    }
    kept.sort_unstable();
    kept
}
