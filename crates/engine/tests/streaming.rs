//! Patients stream through: memory does not grow with their number, and none may come at all.

mod small;

use neurocart_engine::{Patient, solve};

/// Solves `count` patients and drops the results; gives the number solved.
fn stream(count: u64) -> u64 {
    let program = small::program(
        "model m() x = 1; x' = -k*x; k = 1; end",
        &["k"],
        &["x"],
        &[],
    );
    let settings = small::settings(&[0.0, 1.0], 1e-3);
    let patient = |id| Patient {
        id,
        parameters: vec![0.1],
        ..Patient::default()
    };
    let mut solved = 0;
    solve(
        &program,
        &settings,
        &mut (0..count).map(patient),
        &mut |result| {
            solved += u64::from(result.is_ok());
        },
    )
    .expect("settings");
    solved
}

#[test]
fn no_patients_are_no_results() {
    assert_eq!(stream(0), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_million_patients_need_no_more_memory_than_a_thousand() {
    // Largest resident memory of this process so far, from the system.
    let peak_kib = || -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
        let line = status
            .lines()
            .find(|l| l.starts_with("VmHWM:"))
            .expect("a peak");
        line.split_whitespace()
            .nth(1)
            .and_then(|x| x.parse().ok())
            .expect("a number")
    };
    assert_eq!(stream(1_000), 1_000);
    let before = peak_kib();
    assert_eq!(stream(1_000_000), 1_000_000);
    // Eight bytes kept for each patient would be 8 MB.
    let growth = peak_kib() - before;
    assert!(growth < 2_000, "{growth} KiB more");
}
