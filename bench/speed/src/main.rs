//! Our half of the speed benchmark: solves the drawn patients on one thread.
//!
//! ```text
//! neurocart-speed ladder model.ant draws.csv OUT_DIR   every rung of tolerances, outputs to files
//! neurocart-speed memory model.ant draws.csv COUNT     COUNT patients, outputs dropped
//! ```
//!
//! Prints one line of JSON per rung; `bench/report.py` reads them.

use std::io::Write;
use std::path::Path;

use neurocart_engine::{CompileOptions, InstructionSet, Patient, Program, Settings, solve};
use neurocart_model::{Options, load};

const OUTPUTS: [&str; 7] = ["CARb", "Bb", "cG", "Ap", "IL6", "MGADL", "AMt"];

fn settings(relative: f64, fraction: f64) -> Settings {
    Settings {
        // 10 days of lead and 730 days after the infusion, 101 times.
        output_times_days: (0..101).map(|i| f64::from(i) * 7.4).collect(),
        relative_tolerance: relative,
        absolute_tolerance: relative * fraction,
        ..Settings::default()
    }
}

fn peak_memory_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|l| l.starts_with("VmHWM:"))
        .unwrap_or("");
    let kib: f64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|x| x.parse().ok())
        .unwrap_or(f64::NAN);
    kib / 1024.0
}

/// Processor time of this process. On a busy machine it does not count what others take.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("Linux");
    let nanoseconds = text
        .split_whitespace()
        .next()
        .and_then(|x| x.parse::<f64>().ok());
    nanoseconds.expect("a number") * 1e-9
}

/// Solves every patient; outputs in order of patients, processor seconds, failures.
fn solve_all(program: &Program, settings: &Settings, patients: &[Patient]) -> (Vec<f64>, f64, u32) {
    let width = settings.output_times_days.len() * OUTPUTS.len();
    let mut outputs = vec![f64::NAN; patients.len() * width];
    let mut failures = 0;
    let start = processor_seconds();
    solve(
        program,
        settings,
        &mut patients.iter().cloned(),
        &mut |result| match result {
            Ok(t) => outputs[t.id as usize * width..][..width].copy_from_slice(&t.values),
            Err(failure) => {
                eprintln!(
                    "patient {} at day {}: {}",
                    failure.id, failure.time_days, failure.reason
                );
                failures += 1;
            }
        },
    )
    .expect("settings");
    (outputs, processor_seconds() - start, failures)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, mode, model, draws, last] = &arguments[..] else {
        return Err(
            "usage: neurocart-speed ladder|memory model.ant draws.csv OUT_DIR|COUNT".into(),
        );
    };
    let text = std::fs::read_to_string(model)?;
    let model = load(model, &text, &|_| None, &Options::default())
        .map_err(|errors| format!("{errors:?}"))?
        .model;
    let draws = std::fs::read_to_string(draws)?;
    let mut lines = draws.lines();
    let header = lines.next().ok_or("no header")?;
    let options = CompileOptions {
        fixed: vec![
            ("t19".into(), 1.0),
            ("x_LD".into(), 1.0),
            ("n_CART".into(), 0.07),
        ],
        varying: header.split(',').map(String::from).collect(),
        outputs: OUTPUTS.map(String::from).to_vec(),
        targets: Vec::new(),
    };
    let program = Program::compile(&model, options)?;
    let mut patients = Vec::new();
    for (id, line) in lines.enumerate() {
        let parameters = line.split(',').map(str::parse).collect::<Result<_, _>>()?;
        patients.push(Patient {
            id: id as u64,
            parameters,
            doses: Vec::new(),
        });
    }
    if mode == "memory" {
        let count: usize = last.parse()?;
        let mut many = patients.iter().cycle().take(count).cloned();
        let mut solved = 0;
        solve(&program, &settings(1e-4, 1e-4), &mut many, &mut |r| {
            solved += u32::from(r.is_ok())
        })?;
        println!(
            "{{\"patients\": {solved}, \"peak_memory_mib\": {:.1}}}",
            peak_memory_mib()
        );
        return Ok(());
    }
    let mut rungs = vec![(1e-11, 1e-3)];
    for relative in [1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6] {
        for fraction in [1e-2, 1e-4] {
            rungs.push((relative, fraction));
        }
    }
    for (relative, fraction) in rungs {
        let settings = settings(relative, fraction);
        let (outputs, seconds, failures) = solve_all(&program, &settings, &patients);
        let name = format!("neurocart_{relative:e}_{fraction:e}.f64");
        let mut file = std::io::BufWriter::new(std::fs::File::create(Path::new(last).join(&name))?);
        for value in outputs {
            file.write_all(&value.to_le_bytes())?;
        }
        file.flush()?;
        println!(
            "{{\"file\": \"{name}\", \"relative\": {relative:e}, \"absolute\": {:.1e}, \
             \"seconds\": {seconds}, \"failures\": {failures}, \"setting\": \"neurocart Rodas5P, {}\"}}",
            settings.absolute_tolerance,
            InstructionSet::widest()
        );
    }
    Ok(())
}
