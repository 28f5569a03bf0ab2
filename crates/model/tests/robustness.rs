//! Whatever the text, reading ends without a panic, and every message points into the text.

use neurocart_model::{Diagnostic, Options, load, render};
use proptest::prelude::*;

const TEXT: &str = include_str!("../../../reference/model.ant");

fn read(text: &str) {
    // A text that imports itself or anything else gets the same text again.
    let resolve = |_: &str| Some(text.to_string());
    let diagnostics: Vec<Diagnostic> = match load("main", text, &resolve, &Options::default()) {
        Ok(loaded) => loaded.warnings,
        Err(errors) => {
            assert!(!errors.is_empty());
            errors
        }
    };
    for diagnostic in &diagnostics {
        assert!(diagnostic.place.span.end <= text.len());
        assert!(text.is_char_boundary(diagnostic.place.span.start));
        assert!(diagnostic.place.line >= 1 && diagnostic.place.column >= 1);
        let _ = diagnostic.place.excerpt();
    }
    assert!(diagnostics.is_empty() || !render(&diagnostics).is_empty());
}

const WORDS: &[&str] = &[
    "model",
    "module",
    "end",
    "function",
    "import",
    "unit",
    "const",
    "var",
    "species",
    "compartment",
    "substanceOnly",
    "at",
    "in",
    "is",
    "has",
    "after",
    "time",
    "x",
    "y",
    "m",
    "a.x",
    "x.a",
    "day",
    "max",
    "exp",
    "piecewise",
    "1",
    "2.5e3",
    "1e",
    "0",
    "\"text\"",
    "\"m",
    "+",
    "-",
    "*",
    "/",
    "^",
    "(",
    ")",
    ",",
    ";",
    ":",
    ":=",
    "=",
    "==",
    "<",
    ">=",
    "&&",
    "!",
    "->",
    "=>",
    "'",
    "$",
    "//",
    "/*",
    "*/",
    "\n",
    "%",
    "and",
    "not",
    "t0",
    "priority",
    "delete",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_characters_never_panic(text in "\\PC{0,200}") {
        read(&text);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn soups_of_words_never_panic(words in prop::collection::vec(prop::sample::select(WORDS), 0..60)) {
        read(&words.join(" "));
        read(&format!("model m(x)\n y = 1;\n {}\nend", words.join(" ")));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn mutated_reference_models_never_panic(
        cuts in prop::collection::vec((0usize..TEXT.len(), 0usize..40, prop::sample::select(WORDS)), 1..6)
    ) {
        let mut text = TEXT.to_string();
        for (at, length, word) in cuts {
            let start = at.min(text.len());
            let end = (start + length).min(text.len());
            text.replace_range(start.min(end)..end, word);
            // Words hold one letter outside of ASCII; keep positions on character borders.
            if !text.is_ascii() {
                text = text.chars().filter(char::is_ascii).collect();
            }
        }
        read(&text);
    }
}

#[test]
fn deep_and_long_formulas_end_with_a_message() {
    for text in [
        format!(
            "model m()\n x = {}1{};\nend",
            "(".repeat(100_000),
            ")".repeat(100_000)
        ),
        format!("model m()\n x = {}1;\nend", "-".repeat(100_000)),
        format!("model m()\n x = 1{};\nend", " + 1".repeat(100_000)),
        format!("model m()\n x = 1{};\nend", "^ (1".repeat(100_000)),
        format!("model m()\n x = 1; x has {}day;\nend", "(".repeat(100_000)),
        format!(
            "model m()\n x = 1; x has day{};\nend",
            "/day".repeat(100_000)
        ),
        format!(
            "model m()\n x = {}1{};\nend",
            "(".repeat(40),
            (" + 1".repeat(400) + ")").repeat(40)
        ),
        "model m()\n".repeat(3_000),
    ] {
        let errors = load("main", &text, &|_| None, &Options::default()).unwrap_err();
        assert!(!errors.is_empty());
    }
}

#[test]
fn multiplying_functions_and_models_end_with_a_message() {
    let mut functions = "function f0(x) x + x end\n".to_string();
    let mut models = "model m0()\n x = 1;\nend\n".to_string();
    for i in 1..19 {
        functions += &format!("function f{i}(x) f{0}(f{0}(x)) end\n", i - 1);
        let uses: String = (0..10).map(|j| format!(" s{j}: m{}();\n", i - 1)).collect();
        models += &format!("model m{i}()\n x = 1;\n{uses}end\n");
    }
    let text = format!("{functions}model m()\n y = 1; x := f18(y);\nend");
    let errors = load("main", &text, &|_| None, &Options::default()).unwrap_err();
    assert!(errors[0].message.contains("too large"), "{}", errors[0]);
    let errors = load("main", &models, &|_| None, &Options::default()).unwrap_err();
    assert_eq!(errors[0].message, "more than 10000 submodels");
}

#[test]
fn long_chains_of_rules_are_put_in_order() {
    let rules: String = (1..20_000)
        .map(|i| format!("x{} := x{i} + 1;\n", i - 1))
        .collect();
    let text = format!("model m()\n{rules} x19999 = 1;\nend");
    let loaded = load("main", &text, &|_| None, &Options::default()).unwrap();
    assert_eq!(loaded.model.assignments.len(), 19_999);
}

#[test]
fn formulas_that_grow_by_functions_end_with_a_message() {
    let chain = " + 1".repeat(800);
    let text = format!(
        "function f(x) x{chain} end\nmodel m()\n y := {}1{};\nend",
        "f(".repeat(40),
        ")".repeat(40)
    );
    let errors = load("main", &text, &|_| None, &Options::default()).unwrap_err();
    assert!(errors[0].message.contains("too large"), "{}", errors[0]);
}

#[test]
fn many_reactions_of_one_species_end_with_a_message() {
    let text = |n| format!("model m()\n A = 1;\n{}end", "A -> ; 0.1 * A;\n".repeat(n));
    assert!(load("main", &text(1000), &|_| None, &Options::default()).is_ok());
    let errors = load("main", &text(1001), &|_| None, &Options::default()).unwrap_err();
    assert_eq!(
        errors[0].message,
        "`A` takes part in more than 1000 reactions"
    );
}
