//! Our half of the benchmark: the analyses on the data that R reads too, on one thread.
//!
//! ```text
//! neurocart-survival-benchmark DIR
//! ```
//!
//! Prints one line per measurement, `time,ANALYSIS,DATA,SECONDS`, and one per result,
//! `value,ANALYSIS,DATA,NAME,NUMBER`; `report.py` reads them.

mod analyses;

use std::hint::black_box;

/// Processor time of this thread. On a busy machine it does not count what others take.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = text
        .split_whitespace()
        .next()
        .and_then(|x| x.parse::<f64>().ok());
    nanoseconds.expect("a number") * 1e-9
}

/// Prints the processor time of one analysis: the mean of `times` calls after one unmeasured.
/// Several, because the kernel renews the figure only a few hundred times a second.
fn measure<T>(analysis: &str, data: &str, times: u32, call: impl Fn() -> T) -> T {
    let result = black_box(call());
    let start = processor_seconds();
    for _ in 0..times {
        black_box(call());
    }
    let seconds = (processor_seconds() - start) / f64::from(times);
    println!("time,{analysis},{data},{seconds:.9}");
    result
}

fn value(analysis: &str, data: &str, name: &str, number: f64) {
    println!("value,{analysis},{data},{name},{number:.17e}");
}

/// The columns of a file of numbers with a header.
fn columns(path: &str) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(path).expect("readable");
    let mut lines = text.lines();
    let mut columns = vec![Vec::new(); lines.next().expect("a header").split(',').count()];
    for line in lines {
        for (column, cell) in columns.iter_mut().zip(line.split(',')) {
            column.push(cell.parse().expect("a number"));
        }
    }
    columns
}

fn main() {
    let Some(directory) = std::env::args().nth(1) else {
        eprintln!("usage: neurocart-survival-benchmark DIR");
        std::process::exit(2);
    };
    analyses::run(&directory);
}
