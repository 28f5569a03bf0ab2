//! Nanoseconds per number of the lane functions under each instruction set, and of the
//! standard library's beside them.
//!
//! `cargo run --release -p neurocart-numeric --example lane_speed`

use std::hint::black_box;
use std::time::Instant;

use neurocart_numeric::{InstructionSet, Kernel, dispatch, lane};

const LANES: usize = 8;
const ARRAYS: usize = 128;
const REPEATS: usize = 20_000;

/// The standard library's function of the same name.
type Standard = fn(f64) -> f64;

#[derive(Clone, Copy)]
enum Function {
    Exp,
    Ln,
    Pow,
    Tanh,
    Sin,
    Max,
    Floor,
}

struct Evaluate<'a> {
    function: Function,
    arguments: &'a [[f64; LANES]],
    results: &'a mut [[f64; LANES]],
}

impl Kernel for Evaluate<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        // Plain loops, not `for_each`: its closure might be compiled outside this function,
        // and then without the instruction set.
        macro_rules! evaluate {
            ($x:ident => $value:expr) => {
                for (&$x, y) in self.arguments.iter().zip(self.results) {
                    *y = $value;
                }
            };
        }
        match self.function {
            Function::Exp => evaluate!(x => lane::exp(x)),
            Function::Ln => evaluate!(x => lane::ln(x)),
            Function::Pow => evaluate!(x => lane::pow(x, [2.5; LANES])),
            Function::Tanh => evaluate!(x => lane::tanh(x)),
            Function::Sin => evaluate!(x => lane::sin(x)),
            Function::Max => evaluate!(x => lane::max(x, [2.5; LANES])),
            Function::Floor => evaluate!(x => lane::floor(x)),
        }
    }
}

fn nanoseconds_per_number(mut work: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..REPEATS / 5 {
            work();
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    best * 1e9 / (REPEATS / 5 * ARRAYS * LANES) as f64
}

fn main() {
    let arguments: Vec<[f64; LANES]> = (0..ARRAYS)
        .map(|i| std::array::from_fn(|lane| 0.01 + 0.009 * (i * LANES + lane) as f64))
        .collect();
    let mut results = vec![[0.0; LANES]; ARRAYS];
    let functions: [(&str, Function, Standard); 7] = [
        ("exp", Function::Exp, f64::exp),
        ("ln", Function::Ln, f64::ln),
        ("pow", Function::Pow, |x| x.powf(2.5)),
        ("tanh", Function::Tanh, f64::tanh),
        ("sin", Function::Sin, f64::sin),
        ("max", Function::Max, |x| x.max(2.5)),
        ("floor", Function::Floor, f64::floor),
    ];
    println!("nanoseconds per number, {LANES} lanes");
    for (name, function, standard) in functions {
        print!("{name:6}");
        let time = nanoseconds_per_number(|| {
            for (x, y) in black_box(&arguments).iter().zip(&mut results) {
                *y = x.map(standard);
            }
            black_box(&results);
        });
        print!("  std {time:6.2}");
        for set in InstructionSet::ALL
            .into_iter()
            .filter(|set| set.is_available())
        {
            let time = nanoseconds_per_number(|| {
                let arguments = black_box(&arguments);
                dispatch(
                    set,
                    Evaluate {
                        function,
                        arguments,
                        results: &mut results,
                    },
                );
                black_box(&results);
            });
            print!("  {set} {time:6.2}");
        }
        println!();
    }
}
