//! Small cases with the messages they must give written in place.
//!
//! A file in `suite/` holds cases under `--- name ---`. Lines and columns count within the case,
//! from 1. A line `// Error: 2:5-2:9 message` (or `// Warning:`) expects a diagnostic there;
//! `// Hint: text` below it expects its hint, `// Related: 1:3-1:4 label` its second place.
//! Expectations stand at the end of a case, in any order of diagnostics, and nothing else may be
//! reported. `// File: name.ant` starts a text that can be imported.

use std::collections::HashMap;
use std::fmt::Write;

use neurocart_model::{Diagnostic, Options, Place, Severity, load};

struct Case {
    file: String,
    name: String,
    main: String,
    imports: HashMap<String, String>,
    expected: Vec<String>,
}

fn cases() -> Vec<Case> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut cases: Vec<Case> = Vec::new();
    for path in paths {
        let file = path.file_name().unwrap().to_string_lossy().to_string();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut target: Option<String> = None;
        let mut in_case = false;
        for line in text.lines() {
            if let Some(name) = line
                .strip_prefix("--- ")
                .and_then(|l| l.strip_suffix(" ---"))
            {
                cases.push(Case {
                    file: file.clone(),
                    name: name.to_string(),
                    main: String::new(),
                    imports: HashMap::new(),
                    expected: Vec::new(),
                });
                target = None;
                in_case = true;
                continue;
            }
            let Some(case) = cases.last_mut().filter(|_| in_case) else {
                continue;
            };
            let kinds = ["// Error: ", "// Warning: ", "// Hint: ", "// Related: "];
            if let Some(name) = line.strip_prefix("// File: ") {
                target = Some(name.to_string());
                case.imports.insert(name.to_string(), String::new());
            } else if kinds.iter().any(|k| line.starts_with(k)) {
                let line = line.trim_start_matches("// ").to_string();
                // Hint and related place belong to the line before.
                match case.expected.last_mut() {
                    Some(last) if line.starts_with("Hint") || line.starts_with("Related") => {
                        write!(last, "\n  {line}").unwrap();
                    }
                    _ => case.expected.push(line),
                }
            } else {
                let text = match &target {
                    Some(name) => case.imports.get_mut(name).unwrap(),
                    None => &mut case.main,
                };
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    cases
}

fn place(place: &Place) -> String {
    let file = if place.source == "main" {
        String::new()
    } else {
        format!("{} ", place.source)
    };
    format!(
        "{file}{}:{}-{}:{}",
        place.line, place.column, place.end_line, place.end_column
    )
}

/// A diagnostic in the notation of the suite; hint and related place only where `like` has them.
fn notation(diagnostic: &Diagnostic, with_hint: bool, with_related: bool) -> String {
    let kind = if diagnostic.severity == Severity::Error {
        "Error"
    } else {
        "Warning"
    };
    let mut out = format!(
        "{kind}: {} {}",
        place(&diagnostic.place),
        diagnostic.message
    );
    if let (Some(hint), true) = (&diagnostic.hint, with_hint) {
        write!(out, "\n  Hint: {hint}").unwrap();
    }
    if let (Some(related), true) = (&diagnostic.related, with_related) {
        write!(out, "\n  Related: {} {}", place(related), related.label).unwrap();
    }
    out.trim_end().to_string()
}

#[test]
fn every_case_of_the_suite_gives_exactly_its_messages() {
    let cases = cases();
    let mut failures = String::new();
    for case in &cases {
        let resolve = |name: &str| case.imports.get(name).cloned();
        let found = match load("main", &case.main, &resolve, &Options::default()) {
            Ok(loaded) => loaded.warnings,
            Err(diagnostics) => diagnostics,
        };
        let mut missing = Vec::new();
        let mut rest: Vec<&Diagnostic> = found.iter().collect();
        for expected in &case.expected {
            let (hint, related) = (
                expected.contains("\n  Hint"),
                expected.contains("\n  Related"),
            );
            let position = rest.iter().position(|d| {
                // Hint and related place may stand in either order.
                let mut lines: Vec<_> = expected.lines().collect();
                let written = notation(d, hint, related);
                let mut found: Vec<_> = written.lines().collect();
                lines.sort_unstable();
                found.sort_unstable();
                lines == found
            });
            match position {
                Some(i) => drop(rest.remove(i)),
                None => missing.push(expected),
            }
        }
        if missing.is_empty() && rest.is_empty() {
            continue;
        }
        writeln!(failures, "--- {} --- ({})", case.name, case.file).unwrap();
        missing
            .iter()
            .for_each(|m| writeln!(failures, "missing:    {m}").unwrap());
        rest.iter()
            .for_each(|d| writeln!(failures, "unexpected: {}", notation(d, true, true)).unwrap());
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert!(cases.len() >= 45, "only {} cases found", cases.len());
}
