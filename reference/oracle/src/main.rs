//! Solves the patients of `reference/oracle_draws.csv` with diffsol's BDF method and prints their
//! outputs: one CD19 CAR T course in myasthenia gravis, on `reference/model.ant`.
//!
//! Nothing of our engine takes part: rates come from the plain evaluator of the model crate, the
//! Jacobian from differences, the method from diffsol. The events of the text are done by hand:
//! one unit of lymphodepletion on days 5, 6 and 7, the cells on day 10.
//!
//! ```text
//! cargo run --manifest-path reference/oracle/Cargo.toml > reference/oracle_solutions.csv
//! ```

use std::cell::RefCell;

use diffsol::{MatrixCommon, NalgebraLU, NalgebraMat, OdeBuilder, OdeSolverMethod};
use neurocart_model::{Model, Options, SymbolId, initial_values, load, right_hand_side};

const OUTPUTS: [&str; 7] = ["CARb", "Bb", "cG", "Ap", "IL6", "MGADL", "AMt"];
/// Days after the start of the text's clock; the infusion is on day 10.
const TIMES: [f64; 12] = [
    4.0, 9.0, 12.0, 17.0, 24.0, 31.0, 40.0, 70.0, 130.0, 250.0, 450.0, 740.0,
];
const RELATIVE: f64 = 1e-10;
const ABSOLUTE: f64 = 1e-14;

/// The model with the values of one patient.
struct Patient<'a> {
    model: &'a Model,
    values: RefCell<Vec<f64>>,
}

impl Patient<'_> {
    fn rates(&self, states: &[f64], time: f64, rates: &mut [f64]) {
        let mut values = self.values.borrow_mut();
        for (state, value) in self.model.states.iter().zip(states) {
            values[state.symbol.0 as usize] = *value;
        }
        rates.copy_from_slice(&right_hand_side(self.model, &mut values, time));
    }

    /// Product of the Jacobian and a direction, by central differences. An error in it slows
    /// Newton's iteration and does not change what it converges to.
    fn slope(&self, states: &[f64], time: f64, direction: &[f64], out: &mut [f64]) {
        let size = |x: &[f64]| x.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        let longest = size(direction);
        if longest == 0.0 {
            out.fill(0.0);
            return;
        }
        // Along one state the step suits that state; along several, the largest.
        let moving = direction.iter().zip(states).filter(|(d, _)| **d != 0.0);
        let scale = moving.fold(0.0f64, |m, (_, x)| m.max(x.abs())).max(1e-6);
        let step = 1e-5 * scale / longest;
        let shifted = |sign: f64| {
            let at: Vec<f64> = states
                .iter()
                .zip(direction)
                .map(|(x, d)| x + sign * step * d)
                .collect();
            let mut rates = vec![0.0; at.len()];
            self.rates(&at, time, &mut rates);
            rates
        };
        let (up, down) = (shifted(1.0), shifted(-1.0));
        for ((out, up), down) in out.iter_mut().zip(up).zip(down) {
            *out = (up - down) / (2.0 * step);
        }
    }

    /// States at `times`, starting from `states` at `start`; the last time is the end.
    fn solve(&self, states: &[f64], start: f64, times: &[f64]) -> Vec<Vec<f64>> {
        let n = states.len();
        let problem = OdeBuilder::<NalgebraMat<f64>>::new()
            .t0(start)
            .rtol(RELATIVE)
            .atol(vec![ABSOLUTE; n])
            .h0(1e-6)
            .rhs_implicit(
                |x: &[f64], _p: &[f64], t: f64, y: &mut [f64]| self.rates(x, t, y),
                |x: &[f64], _p: &[f64], t: f64, v: &[f64], y: &mut [f64]| self.slope(x, t, v, y),
            )
            .init(
                |_p: &[f64], _t: f64, y: &mut [f64]| y.copy_from_slice(states),
                n,
            )
            .build()
            .expect("a problem");
        let mut solver = problem.bdf::<NalgebraLU<f64>>().expect("a solver");
        let (solution, _) = solver.solve_dense(times).expect("a solution");
        (0..times.len())
            .map(|j| (0..n).map(|i| solution.inner()[(i, j)]).collect())
            .collect()
    }

    fn outputs(&self, states: &[f64], time: f64) -> Vec<f64> {
        self.rates(states, time, &mut vec![0.0; states.len()]);
        let values = self.values.borrow();
        OUTPUTS
            .map(|name| values[self.symbol(name).0 as usize])
            .to_vec()
    }

    fn symbol(&self, name: &str) -> SymbolId {
        self.model
            .symbol(name)
            .unwrap_or_else(|| panic!("no `{name}` in the model"))
    }
}

fn main() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |name: &str| std::fs::read_to_string(root.join(name)).expect(name);
    let text = read("model.ant");
    let model = load("model.ant", &text, &|_| None, &Options::default())
        .expect("loads")
        .model;
    let symbol = |name: &str| model.symbol(name).unwrap_or_else(|| panic!("no `{name}`"));
    let state = |name: &str| {
        model
            .states
            .iter()
            .position(|s| s.symbol == symbol(name))
            .expect("a state")
    };
    let (xl, ci, z) = (state("XL"), state("CI"), state("Z"));
    let draws = read("oracle_draws.csv");
    let mut lines = draws.lines();
    let names: Vec<SymbolId> = lines
        .next()
        .expect("a header")
        .split(',')
        .map(symbol)
        .collect();
    println!("patient,day,{}", OUTPUTS.join(","));
    for (number, line) in lines.enumerate() {
        let mut given: Vec<(SymbolId, f64)> = names
            .iter()
            .zip(line.split(','))
            .map(|(&name, field)| (name, field.parse().expect("a number")))
            .collect();
        given.push((symbol("t19"), 1.0));
        let values = initial_values(&model, &given, 0.0);
        let mut states: Vec<f64> = model
            .states
            .iter()
            .map(|s| values[s.symbol.0 as usize])
            .collect();
        let patient = Patient {
            model: &model,
            values: RefCell::new(values),
        };
        let mut start = 0.0;
        for end in [5.0, 6.0, 7.0, 10.0, 740.0] {
            let mut times: Vec<f64> = TIMES
                .iter()
                .copied()
                .filter(|&t| t > start && t <= end)
                .collect();
            let asked = times.len();
            if times.last() != Some(&end) {
                times.push(end);
            }
            let solution = patient.solve(&states, start, &times);
            for (time, states) in times.iter().zip(&solution).take(asked) {
                let outputs = patient.outputs(states, *time);
                let fields: Vec<String> = outputs.iter().map(|x| format!("{x:.12e}")).collect();
                println!("{number},{time},{}", fields.join(","));
            }
            states = solution.last().expect("the end").clone();
            if end < 10.0 {
                states[xl] += 1.0;
            } else {
                states[ci] += 0.07;
                states[z] = 1.0;
            }
            start = end;
        }
    }
}
