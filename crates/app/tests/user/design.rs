//! `neurocart design`: what every design answers, and what it refuses.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::Value;

use crate::program::{Folder, Said};

/// One ordinary question for each design, most important options given; whether it has a figure.
const QUESTIONS: [(&str, bool); 28] = [
    (
        "three-plus-three --truth 0.05,0.15,0.3,0.45 --replicates 200",
        true,
    ),
    ("boin --target 0.3 --patients 12 --data 3/0,6/1,3/2", true),
    (
        "boin --patients 12 --extra-safe 0.05 --truth 0.05,0.15,0.3,0.45 --replicates 200",
        true,
    ),
    ("keyboard --target 0.25 --patients 12", true),
    ("mtpi --target 0.3 --patients 9", true),
    ("mtpi2 --target 0.3 --patients 9", true),
    ("crm --target 0.25 --doses 5 --data 3/0,3/1", true),
    (
        "tite-crm --target 0.25 --doses 5 --data 3/0,3/1 --pending 2:14,2:20",
        true,
    ),
    ("boin12 --treated 3 --data 3/0/1,3/1/2", false),
    ("simon --p0 0.2 --p1 0.4 --observed 15/43", true),
    ("single-stage --p0 0.2 --p1 0.4", true),
    (
        "monitoring --threshold 0.3 --looks 5,10,15 --acceptable 0.15 --observed 7/12 --total 20 --p0 0.4",
        true,
    ),
    ("proportion --observed 0/15", false),
    ("two-by-two --treated 12/15 --control 5/15", false),
    ("two-by-two --treated 8/10,6/9 --control 4/11,3/8", false),
    ("proportions --treated 0.9 --control 0.4", true),
    (
        "means --difference 2 --sd 3.5 --baseline-correlation 0.5",
        true,
    ),
    (
        "repeated-measures --difference 0.5 --sd 1 --dropout 0,0.1,0.2,0.3 --rho 0.6",
        true,
    ),
    (
        "negbin --control-rate 0.8 --rate-ratio 0.6 --dispersion 0.5",
        true,
    ),
    (
        "survival --control-median 24 --hazard-ratio 0.6 --accrual 18 --follow-up 24 --dropout 0.05",
        true,
    ),
    (
        "gsd --hazard-ratio 0.6 --futility lan-demets-obrien-fleming",
        true,
    ),
    ("conditional-power --information 0.5 --z 1.2", true),
    (
        "assurance mean --prior-mean 2 --prior-sd 1 --sd 3.5 --treated 50 --control 50",
        true,
    ),
    (
        "assurance responders --treated 30 --control 30 --treatment-prior 6,4 --control-prior 3,7",
        false,
    ),
    (
        "assurance single-arm --treated 40 --p0 0.2 --treatment-prior 6,6",
        false,
    ),
    ("map --historical 23/107,12/44,19/51", true),
    ("power-prior --historical 12/43 --observed 6/20", true),
    ("e-value --ratio 0.5 --lower 0.35 --upper 0.8", true),
];

fn ask(folder: &Folder, question: &str, form: &[&str]) -> Said {
    let words: Vec<&str> = question.split_whitespace().collect();
    folder.run(&[&["design"], &words[..], form].concat())
}

/// All subcommands that the help lists.
fn designs() -> Vec<String> {
    let said = Folder::new().run_well(&["design", "--help"]);
    let (_, commands) = said.stdout.split_once("Commands:\n").unwrap();
    commands
        .lines()
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
        .filter(|name| name != "help")
        .collect()
}

#[test]
fn every_design_answers_as_it_did() {
    let folder = Folder::new();
    for (question, _) in QUESTIONS {
        let words: Vec<&str> = question.split_whitespace().take(3).collect();
        let name: String = words.join(" ").replace([' ', '.', ',', '/'], "_");
        assert_snapshot!(name, ask(&folder, question, &[]), question);
    }
}

#[test]
fn every_design_is_asked_here() {
    let designs = designs();
    assert_eq!(designs.len(), 24, "{designs:?}");
    for name in designs {
        let asked = |question: &str| question.split(' ').next() == Some(name.as_str());
        assert!(
            QUESTIONS.iter().any(|(question, _)| asked(question)),
            "{name}"
        );
    }
}

#[test]
fn every_answer_is_json_with_its_question_and_an_r_call() {
    let folder = Folder::new();
    for (question, _) in QUESTIONS {
        let said = ask(&folder, question, &["--json"]);
        assert_eq!(said.code, Some(0), "{question}\n{said}");
        let answer: Value = serde_json::from_str(&said.stdout).unwrap();
        for part in ["title", "r_call"] {
            assert!(
                !answer[part].as_str().unwrap().is_empty(),
                "{question}: {part}"
            );
        }
        let result = answer["result"].as_object().unwrap();
        // Where there is a level of a test there is the number of its sides.
        if result.contains_key("alpha") {
            assert!(result["sides"].is_u64(), "{question}");
        }
    }
}

#[test]
fn a_figure_is_written_or_it_is_said_that_there_is_none() {
    let folder = Folder::new();
    for (question, has_figure) in QUESTIONS {
        let said = ask(&folder, question, &["--figure", "figure.svg"]);
        if has_figure {
            assert_eq!(said.code, Some(0), "{question}\n{said}");
            let figure = folder.read("figure.svg");
            assert!(figure.starts_with("<svg"), "{question}");
            assert!(
                !figure.contains("NaN") && !figure.contains("inf"),
                "{question}"
            );
        } else {
            assert_eq!(said.code, Some(2), "{question}\n{said}");
            assert!(
                said.stderr.contains("no figure; leave `--figure` out"),
                "{said}"
            );
        }
    }
}

/// The options of a design that take a value.
fn options(design: &str) -> Vec<String> {
    let help = Folder::new().run_well(&["design", design, "--help"]).stdout;
    help.lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with("--") && line.contains(" <"))
        .filter_map(|line| Some(line.split(' ').next()?.to_owned()))
        .filter(|option| !["--library", "--figure", "--unit"].contains(&option.as_str()))
        .collect()
}

/// The question with this value for the option.
fn changed(question: &str, option: &str, value: &str) -> Vec<String> {
    let mut words: Vec<String> = question.split_whitespace().map(str::to_owned).collect();
    match words.iter().position(|word| word == option) {
        Some(place) => words[place + 1] = value.to_owned(),
        None => words.extend([option.to_owned(), value.to_owned()]),
    }
    words
}

/// What is no number is refused by every option that takes one; what is huge, negative or infinite
/// has an answer or a reason, at once.
#[test]
fn no_value_of_any_option_ends_in_a_panic_a_nan_or_a_wait() {
    let folder = Folder::new();
    for (question, _) in QUESTIONS {
        let design = question.split(' ').next().unwrap();
        for option in options(design) {
            for value in [
                "",
                "abc",
                "nan",
                "inf",
                "-1",
                "0",
                "1e18",
                "0,0,0",
                "18446744073709551615",
            ] {
                let words = changed(question, &option, value);
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let start = Instant::now();
                let said = folder.run(&[&["design"], &words[..]].concat());
                // The bound is one second; a machine that runs all tests at once is slower.
                assert!(start.elapsed() < Duration::from_secs(10), "{words:?}");
                assert!(matches!(said.code, Some(0 | 2)), "{words:?}\n{said}");
                assert!(!said.stdout.contains("NaN"), "{words:?}\n{said}");
                if ["", "abc"].contains(&value) {
                    assert_eq!(said.code, Some(2), "{words:?}\n{said}");
                    assert!(said.stderr.contains(&option), "{words:?}\n{said}");
                }
            }
        }
    }
}

/// Option, value, expectation and what to do.
#[test]
fn what_is_refused_is_named_in_the_words_of_the_command_line() {
    let folder = Folder::new();
    for (question, words) in [
        (
            "three-plus-three --truth 0.1,1.5",
            "`--truth` is 1.5 as dose 2; it must be",
        ),
        ("boin --target 1", "`--target` is 1; it must be"),
        (
            "boin --data 3/4",
            "`--data` is 4 of 3; a count cannot be above its total",
        ),
        (
            "boin --data 3",
            "`--data 3` is not patients/DLT for each dose, for example 3/0,3/1",
        ),
        (
            "boin --data 3/0 --current 2",
            "`--current 2` is no dose of the data; give one from 1 to 1",
        ),
        (
            "boin --truth 0.1,0.3 --replicates 0",
            "`--replicates` is 0; it must be",
        ),
        (
            "boin --truth 0.1,0.3 --patients 1000000",
            "`--patients` is 1000000; it must be",
        ),
        (
            "boin --truth 0.1,0.3 --accrual-days nan",
            "`--accrual-days` is NaN; it must be",
        ),
        (
            "boin --vein-to-vein-days 21 --truth 0.1",
            "`--vein-to-vein-days` needs two numbers",
        ),
        ("keyboard --below -0.1", "`--below` is -0.1; it must be"),
        (
            "crm --skeleton 0.3,0.2",
            "`--skeleton` is 0.2 as dose 2; it must be",
        ),
        (
            "crm --skeleton 0.1,0.2 --truth 0.1,0.2,0.3",
            "`--skeleton` has 2 values but there are 3 doses",
        ),
        ("crm --prior-sd 0", "`--prior-sd` is 0; it must be"),
        (
            "tite-crm --data 3/0,3/1 --pending 5:10",
            "`--pending 5:10` names no dose; give one from 1 to 2",
        ),
        (
            "tite-crm --data 3/0 --pending 1",
            "`--pending 1` is not dose:days, for example 2:14",
        ),
        (
            "boin12 --truth 0.1,0.2",
            "`--response-truth` has 0 values and `--truth` 2",
        ),
        (
            "boin12 --highest-dlt-rate 2",
            "`--highest-dlt-rate` is 2; it must be above 0 and below 1",
        ),
        ("simon --p0 0.2", "--p1 <P1>"),
        ("simon --p0 0.4 --p1 0.2", "`--p1` is 0.2; it must be"),
        (
            "simon --p0 0.2 --p1 0.4 --power 1",
            "`--power` is 1; it must be above 0 and below 1",
        ),
        (
            "simon --p0 0.2 --p1 0.21",
            "needs more than 500 subjects; take p0 and p1 further apart",
        ),
        (
            "simon --p0 0.2 --p1 0.4 --observed 44/43",
            "44 responders of 43 subjects",
        ),
        (
            "single-stage --p0 -0.1 --p1 0.4",
            "`--p0` is -0.1; it must be",
        ),
        ("monitoring --threshold 0.3 --looks 10,5", "`--looks`"),
        (
            "monitoring --threshold 2 --looks 5",
            "`--threshold` is 2; it must be",
        ),
        (
            "monitoring --threshold 0.3 --looks 5 --observed 4/9 --total 8 --p0 0.4",
            "`--observed` has 9 subjects but `--total` is 8",
        ),
        (
            "proportion --observed 0/0",
            "`--observed` is 0/0; it must have at least one subject",
        ),
        (
            "proportion --observed 3/10 --level 95",
            "`--level` is 95; it must be",
        ),
        (
            "two-by-two --treated 16/15 --control 5/15",
            "16 responders of 15 subjects; give no more responders than subjects",
        ),
        (
            "two-by-two --treated 1/5,2/5 --control 5/15",
            "`--treated` has 2 strata and `--control` 1",
        ),
        (
            "two-by-two --treated 0/0 --control 5/15",
            "`--treated` has no subject",
        ),
        (
            "two-by-two --treated 1/9999999999 --control 5/15",
            "at most a thousand million",
        ),
        (
            "proportions --treated 0.5 --control 0.2 --power 0.2",
            "`--power` is 0.2; it must be at least 0.5 and below 1",
        ),
        ("proportions --treated 0.5 --control 0.5", "`--treated`"),
        (
            "means --difference 0 --sd 1",
            "`--difference` is 0; it must be",
        ),
        (
            "means --difference 1 --sd 1 --alpha 5",
            "`--alpha` is 5; it must be between 0 and 1, for example 0.05",
        ),
        (
            "means --difference 1e-20 --sd 1",
            "the effect asked for is too small to be found",
        ),
        (
            "repeated-measures --difference 1 --sd 1 --dropout 0,0 --rho 1",
            "`--rho` is 1; it must be",
        ),
        (
            "repeated-measures --difference 1 --sd 1 --dropout 0.2,0.1 --rho 0",
            "`--dropout` is 0.1 at visit 2; it must be at least 0.2",
        ),
        (
            "repeated-measures --difference 1 --sd 1 --dropout 0,0 --rho 0 --subjects 1",
            "`--subjects` is 1; give at least one in each arm",
        ),
        (
            "repeated-measures --difference 1 --sd 1 --dropout 0,0 --dropout-control 0 --rho 0",
            "`--dropout-control` is 1; it must be",
        ),
        (
            "negbin --control-rate -1 --rate-ratio 0.5 --dispersion 1",
            "`--control-rate` is -1; it must be between 1e-9 and 1e9",
        ),
        (
            "negbin --control-rate 1 --rate-ratio 1 --dispersion 1",
            "`--rate-ratio` is 1; it must be other than 1",
        ),
        (
            "survival --accrual 12 --follow-up 12",
            "Give `--control-hazard`, `--control-median`, or `--control-survival`",
        ),
        (
            "survival --control-median 0 --hazard-ratio 0.6 --accrual 12 --follow-up 12",
            "`--control-median` is 0; it must be",
        ),
        (
            "survival --control-median 12 --hazard-ratio 0.6 --accrual inf --follow-up 12",
            "`--accrual` is inf; it must be from 0 to 1000000 months",
        ),
        (
            "survival --control-median 12 --hazard-ratio 0.6 --accrual 12 --follow-up 12 --dropout 1",
            "`--dropout` is 1; it must be a share from 0 to below 1",
        ),
        ("gsd --looks 30", "`--looks` is 30; it must be from 1 to 20"),
        ("gsd --alpha 0.7", "`--alpha` is 0.7; it must be"),
        (
            "gsd --information 0.5,0.9",
            "`--information` is 0.9; it must be 1",
        ),
        (
            "gsd --information 0.5,0.5,1",
            "`--information` is 0.5 as look 2; it must be above that of the look before",
        ),
        (
            "gsd --type given",
            "`--spent` goes with `--type given`; give both or neither",
        ),
        (
            "gsd --type given --spent 0.01,0.02 --looks 2",
            "`--spent` ends at 0.02 but `--alpha` is 0.025",
        ),
        ("gsd --parameter 2", "leave it out"),
        (
            "gsd --type kim-demets --parameter 0",
            "`--parameter` is 0; it must be between 0.01 and 50",
        ),
        (
            "gsd --futility kim-demets --futility-parameter 0",
            "`--futility-parameter` is 0; it must be between 0.01 and 50",
        ),
        (
            "gsd --hazard-ratio 1",
            "`--hazard-ratio` is 1; it must be above 0 and not 1",
        ),
        (
            "gsd --difference 1e-300 --sd 1",
            "`--difference` is so small an effect",
        ),
        ("gsd --sides 2 --futility-z 0,0", "one-sided"),
        (
            "gsd --binding",
            "`--binding` needs a futility rule; give `--futility` or `--futility-z`",
        ),
        (
            "conditional-power --information 1 --z 1",
            "`--information` is 1; it must be",
        ),
        ("assurance mean", "--prior-mean <PRIOR_MEAN>"),
        (
            "assurance mean --prior-mean 1 --prior-sd 1 --sd 0 --treated 9 --control 9",
            "`--sd` is 0; it must be above 0",
        ),
        (
            "assurance hazard-ratio --prior-hazard-ratio 0 --prior-sd 1 --events 9",
            "`--prior-hazard-ratio` is 0; it must be a positive number",
        ),
        (
            "assurance single-arm --treated 0 --p0 0.2 --treatment-prior 1,1",
            "`--treated` is 0; it must be from 1 to 10 000",
        ),
        (
            "map --historical 5/20 --tau-scale -1",
            "`--tau-scale` is -1; it must be",
        ),
        (
            "map --historical 5/20 --robust 2",
            "`--robust` is 2; it must be",
        ),
        (
            "map --historical 5/20 --difference nan",
            "`--difference` is NaN; it must be from -1 to 1",
        ),
        (
            "power-prior --historical 12/43 --exponents 2",
            "`--exponents` is 2",
        ),
        (
            "power-prior --historical 12/43 --prior 0,1",
            "'--prior <A,B>'",
        ),
        (
            "e-value --ratio 0",
            "`--ratio` is 0; give a ratio above zero and finite",
        ),
        (
            "e-value --ratio 2 --lower 3 --upper 4",
            "`--ratio` is 2, outside of `--lower` 3 to `--upper` 4",
        ),
    ] {
        let said = ask(&folder, question, &[]);
        assert_eq!(said.code, Some(2), "{question}\n{said}");
        assert!(said.stdout.is_empty(), "{question}\n{said}");
        assert!(said.stderr.contains(words), "{question}\n{said}");
    }
}
