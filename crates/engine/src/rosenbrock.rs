//! One step of Rodas5P for all lanes at once.
//!
//! Rodas5P is a stiffly accurate Rosenbrock method of order 5 with eight stages, an embedded
//! solution of order 4 and dense output of order 4 (Steinebach 2023,
//! doi:10.1007/s10543-023-00967-x). Each stage needs one evaluation of the rates and one solve with
//! the same factors, so a step costs the same in every lane and no lane waits for another's Newton
//! iterations. In the usual transformed form, with `W = I/(h gamma) - J`,
//!
//! ```text
//! W k_i = f(y + sum_j a_ij k_j) + sum_j (c_ij / h) k_j,    y_new = y + sum_j a_8j k_j + k_8,
//! ```
//!
//! and `k_8` estimates the error. Here the matrix is `-W`, so what is stored is `-k`.

use neurocart_numeric::InstructionSet;
use neurocart_numeric::kernel::{
    error_norm, factorise, stage_rate, stage_state, substitute, weighted_sum,
};
use neurocart_numeric::tape::Block;

use crate::program::Program;

pub(crate) const STAGES: usize = 8;
const GAMMA: f64 = 0.21193756319429014;

/// Order of the error estimate plus one: the step size goes with error to the power of -1/5.
pub(crate) const ERROR_ORDER: f64 = 5.0;

/// `-a_ij`: what each stage adds to the state, in terms of `-k`.
const STATE: [&[f64]; STAGES] = [
    &[],
    &[-3.0],
    &[-2.849394379747939, -0.45842242204463923],
    &[6.954028509809101, -2.489845061869568, 10.358996098473584],
    &[
        -2.8029986275628964,
        -0.5072464736228206,
        0.3988312541770524,
        0.04721187230404641,
    ],
    &[
        7.502846399306121,
        -2.561846144803919,
        11.627539656261098,
        0.18268767659942256,
        -0.030198172008377946,
    ],
    &[
        7.502846399306121,
        -2.561846144803919,
        11.627539656261098,
        0.18268767659942256,
        -0.030198172008377946,
        -1.0,
    ],
    &[
        7.502846399306121,
        -2.561846144803919,
        11.627539656261098,
        0.18268767659942256,
        -0.030198172008377946,
        -1.0,
        -1.0,
    ],
];

/// `-c_ij`: what each stage adds to the rate, in terms of `-k / h`.
const RATE: [&[f64]; STAGES] = [
    &[],
    &[14.155112264123755],
    &[17.97296035885952, 2.859693295451294],
    &[-147.12150275711716, 1.41221402718213, -71.68940251302358],
    &[
        -165.43517024871676,
        0.4592823456491126,
        -42.90938336958603,
        5.961986721573306,
    ],
    &[
        -24.854864614690072,
        3.0009227002832186,
        -47.4931110020768,
        -5.5814197821558125,
        0.6610691825249471,
    ],
    &[
        -30.91273214028599,
        3.1208243349937974,
        -77.79954646070892,
        -34.28646028294783,
        19.097331116725623,
        28.087943162872662,
    ],
    &[
        -37.80277123390563,
        3.2571969029072276,
        -112.26918849496327,
        -66.9347231244047,
        40.06618937091002,
        54.66780262877968,
        9.48861652309627,
    ],
];

/// Weights of the dense output, in terms of `-k`.
const DENSE: [[f64; STAGES]; 3] = [
    [
        -25.948786856663858,
        2.5579724845846235,
        -10.433815404888879,
        2.3679251022685204,
        -0.524948541321073,
        -1.1241088310450404,
        -0.4272876194431874,
        0.17202221070155493,
    ],
    [
        9.91568850695171,
        0.9689944594115154,
        -3.0438037242978453,
        24.495224566215796,
        -20.176138334709044,
        -15.98066361424651,
        6.789040303419874,
        6.710236069923372,
    ],
    [
        -11.419903575922262,
        -2.8879645146136994,
        -72.92137995996029,
        -80.12511834622643,
        52.072871366152654,
        59.78993625266729,
        0.15582684282751913,
        -4.883087185713722,
    ],
];

/// Work space of a step, for `n` states.
pub(crate) struct Step {
    /// State at the start of the step.
    pub old: Vec<Block>,
    /// State at its end.
    pub new: Vec<Block>,
    /// Error norm against the tolerances; at most 1 is acceptable.
    pub error: Block,
    stages: Vec<Block>,
    dense: [Vec<Block>; 3],
}

impl Step {
    pub fn new(n: usize) -> Step {
        Step {
            old: vec![Block::default(); n],
            new: vec![Block::default(); n],
            error: Block::default(),
            stages: vec![Block::default(); n * STAGES],
            dense: std::array::from_fn(|_| vec![Block::default(); n]),
        }
    }

    /// Evaluates rates and Jacobian at `old`; the rates are then in the program's rate slots.
    pub fn evaluate(&self, program: &Program, set: InstructionSet, memory: &mut [Block]) {
        let first = program.state_slot as usize;
        memory[first..first + self.old.len()].copy_from_slice(&self.old);
        program.jacobian_tape.run(set, memory);
    }

    /// Takes the step of size `step` in each lane, after [`Step::evaluate`].
    pub fn advance(
        &mut self,
        program: &Program,
        set: InstructionSet,
        memory: &mut [Block],
        step: &Block,
        absolute: &[f64],
        relative: &[f64],
    ) {
        let n = self.old.len();
        let (states, rates) = (program.state_slot as usize, program.rate_slot as usize);
        let inverse = Block(step.0.map(|h| 1.0 / h));
        let shift = inverse.0.map(|x| x / GAMMA);
        for &slot in &program.factor.fill {
            memory[slot as usize] = Block::default();
        }
        for &slot in &program.factor.diagonal {
            for (d, shift) in memory[slot as usize].0.iter_mut().zip(shift) {
                *d -= shift;
            }
        }
        let elimination = &program.factor.elimination;
        factorise(set, elimination, memory);
        for i in 0..STAGES {
            let (before, stage) = self.stages.split_at_mut(i * n);
            let stage = &mut stage[..n];
            if i > 0 {
                stage_state(
                    set,
                    &self.old,
                    before,
                    STATE[i],
                    &mut memory[states..states + n],
                );
                program.rate_tape.run(set, memory);
            }
            stage_rate(
                set,
                &memory[rates..rates + n],
                before,
                RATE[i],
                &inverse,
                stage,
            );
            substitute(set, elimination, memory, stage);
        }
        let last = &self.stages[(STAGES - 1) * n..];
        stage_state(
            set,
            &memory[states..states + n],
            last,
            &[-1.0],
            &mut self.new,
        );
        error_norm(
            set,
            last,
            &self.old,
            &self.new,
            absolute,
            relative,
            &mut self.error,
        );
    }

    /// Prepares [`Step::between`].
    pub fn prepare_dense(&mut self, set: InstructionSet) {
        for (row, weights) in self.dense.iter_mut().zip(&DENSE) {
            weighted_sum(set, &self.stages, weights, row);
        }
    }

    /// State `i` of one lane at the fraction `theta` of the step, which at 1 is the new state.
    pub fn at(&self, i: usize, lane: usize, theta: f64) -> f64 {
        if theta < 1.0 {
            self.between(i, lane, theta)
        } else {
            self.new[i].0[lane]
        }
    }

    /// State `i` of one lane at the fraction `theta` of the step.
    pub fn between(&self, i: usize, lane: usize, theta: f64) -> f64 {
        let rest = 1.0 - theta;
        let [d1, d2, d3] = [0, 1, 2].map(|r: usize| self.dense[r][i].0[lane]);
        let (old, new) = (self.old[i].0[lane], self.new[i].0[lane]);
        rest * old + theta * (new + rest * (d1 + theta * (d2 + theta * d3)))
    }
}
