//! `neurocart population`: many patients in a table, in memory that does not grow with them.

use insta::assert_snapshot;

use crate::program::Folder;

#[test]
fn a_population_is_written_as_a_table() {
    let folder = Folder::new();
    assert_snapshot!(folder.run(&["population", "--disease", "nmosd-aqp4", "--therapy", "bcma-cart", "--size", "64", "--quiet"]), @r"
    exit code 0
    ---- stdout
    64 virtual patients, AQP4 NMOSD under BCMA CAR T
    plausibility  0 of 64 candidates left out
    unsolved      0
    table         patients.parquet
    ");
    let bytes = folder.bytes("");
    assert_eq!(bytes.keys().collect::<Vec<_>>(), ["patients.parquet"]);
    let table = &bytes["patients.parquet"];
    assert!(table.starts_with(b"PAR1") && table.ends_with(b"PAR1"));
    let again = [
        "population",
        "--disease",
        "nmosd-aqp4",
        "--therapy",
        "bcma-cart",
        "--size",
        "64",
        "--out",
        "again.parquet",
        "--threads",
        "3",
    ];
    folder.run_well(&again);
    assert!(
        &folder.bytes("")["again.parquet"] == table,
        "threads change no byte"
    );
}

#[test]
fn nobody_is_no_population() {
    let folder = Folder::new();
    assert_snapshot!(folder.run(&["population", "--disease", "mg-achr", "--size", "0"]), @r"
    exit code 2
    ---- stderr
    error: `--size` is 0, expected at least one patient
    ");
    assert_snapshot!(folder.run(&["population", "--disease", "mg-achr", "--size", "-5"]), @r"
    exit code 2
    ---- stderr
    error: unexpected argument '-5' found

    Usage: neurocart population [OPTIONS] --disease <DISEASE>

    For more information, try '--help'.
    ");
    assert_snapshot!(folder.run(&["population", "--disease", "mg-achr", "--size", "5", "--out", "nowhere/p.parquet"]), @r"
    exit code 1
    ---- stderr
    error: cannot write `nowhere/p.parquet`: No such file or directory (os error 2)
         = hint: make the folder first, or name a file in another one
    ");
    assert!(folder.bytes("").is_empty());
}

/// Highest resident memory of the program with these arguments, KiB.
#[cfg(target_os = "linux")]
fn peak_memory_kib(folder: &Folder, arguments: &[&str]) -> u64 {
    use std::process::Stdio;
    let mut command = folder.command(arguments);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        // The high-water mark never falls, so the last look is as good as the highest.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        let kib = line.and_then(|l| l.trim().trim_end_matches(" kB").trim().parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success());
    peak
}

/// A million patients fit wherever twenty thousand do: once the first batch of 16,384 rows is
/// written, more patients need no more memory. Were the row of each patient kept, 60,000 rows of 25
/// values of 16 bytes would be 23 MiB, far above the bound. How far the solver runs ahead of the table
/// is up to the system and can only add, so the lesser of two peaks counts.
#[cfg(target_os = "linux")]
#[test]
fn four_times_the_patients_need_no_more_memory() {
    const BOUND_KIB: u64 = 5 * 1024;
    let folder = Folder::new();
    let least_peak = |size: &str| {
        let arguments = [
            "population",
            "--disease",
            "mg-achr",
            "--months",
            "1",
            "--threads",
            "1",
            "--quiet",
            "--size",
            size,
        ];
        (0..2)
            .map(|_| peak_memory_kib(&folder, &arguments))
            .min()
            .unwrap()
    };
    let (few, many) = (least_peak("20000"), least_peak("80000"));
    assert!(
        few > 1024 && many < few + BOUND_KIB,
        "{few} KiB for 20,000 patients, {many} KiB for 80,000"
    );
}
