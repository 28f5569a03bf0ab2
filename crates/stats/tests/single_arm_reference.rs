//! Designs and monitoring of single-arm trials against R (clinfun 1.1.5), every row of the files.

mod reference;

use neurocart_stats::bayes::beta_mixture::Beta;
use neurocart_stats::single_arm::exact_single_stage::single_stage_designs;
use neurocart_stats::single_arm::predictive_probability::{SuccessRule, predictive_probability};
use neurocart_stats::single_arm::simon::{
    SimonDesign, SimonRequirement, simon_characteristics, simon_designs,
};
use neurocart_stats::single_arm::simon_inference::{SimonInterval, SimonOutcome, simon_inference};
use neurocart_stats::single_arm::toxicity_monitoring::{
    bayesian_stop_boundary, toxicity_boundaries,
};
use reference::{Row, assert_close, assert_exact, rows};

fn requirement(row: &Row) -> SimonRequirement {
    SimonRequirement {
        p0: row.number("p0"),
        p1: row.number("p1"),
        alpha: row.number("alpha"),
        beta: row.number("beta"),
    }
}

fn design(row: &Row) -> SimonDesign {
    SimonDesign {
        r1: row.count("r1"),
        n1: row.count("n1"),
        r: row.count("r"),
        n: row.count("n"),
    }
}

#[test]
fn simon_designs_match_every_row() {
    let mut compared = 0;
    for row in rows("simon_two_stage") {
        let wanted = requirement(&row);
        let designs = simon_designs(&wanted).unwrap();
        let ours = match row.text("design") {
            "minimax" => designs.minimax,
            _ => designs.optimal,
        };
        assert_eq!(ours, design(&row), "{wanted:?} {}", row.text("design"));
        let null = simon_characteristics(&ours, wanted.p0).unwrap();
        let alternative = simon_characteristics(&ours, wanted.p1).unwrap();
        assert_exact("EN", null.expected_subjects, row.number("en_p0"));
        assert_exact("PET at p0", null.early_termination, row.number("pet_p0"));
        assert_exact(
            "PET at p1",
            alternative.early_termination,
            row.number("pet_p1"),
        );
        assert_exact("alpha", null.rejection, row.number("actual_alpha"));
        assert_exact("power", alternative.rejection, row.number("actual_power"));
        compared += 1;
    }
    assert_eq!(compared, 228);
}

#[test]
fn admissible_designs_match_every_row() {
    let rows = rows("simon_admissible");
    let designs = simon_designs(&requirement(&rows[0])).unwrap();
    assert_eq!(designs.admissible.len(), rows.len());
    for (ours, row) in designs.admissible.iter().zip(&rows) {
        assert_eq!(ours.design, design(row));
        assert_exact("EN", ours.expected_subjects, row.number("en_p0"));
        let pet = simon_characteristics(&ours.design, 0.2)
            .unwrap()
            .early_termination;
        assert_exact("PET", pet, row.number("pet_p0"));
        // The package rounds its weights to three decimals.
        assert_close("q from", ours.weight_from, row.number("qlo"), 0.0, 5e-4);
        assert_close("q to", ours.weight_to, row.number("qhi"), 0.0, 5e-4);
    }
    assert_eq!(rows.len(), 3);
}

#[test]
fn inference_after_two_stages_matches_every_row() {
    let mut compared = 0;
    for row in rows("simon_inference") {
        let responders = row.count("x_total");
        let outcome = SimonOutcome {
            r1: row.count("r1"),
            n1: row.count("n1"),
            subjects: if responders <= row.count("r1") {
                row.count("n1")
            } else {
                row.count("n")
            },
            responders,
        };
        let infer = |method| {
            simon_inference(&outcome, row.number("p0"), method, row.number("ci_level")).unwrap()
        };
        let (exact, ours) = (
            infer(SimonInterval::Exact),
            infer(SimonInterval::PValueFunction),
        );
        assert_exact("UMVUE", ours.umvue, row.number("umvue"));
        assert_exact("p", ours.p_value, row.number("p_value"));
        // The package makes its limits from the p value function, on a grid of step 1e-4.
        assert_close(
            "lower",
            ours.interval.lower,
            row.number("ci_lower"),
            0.0,
            1e-4,
        );
        assert_close(
            "upper",
            ours.interval.upper,
            row.number("ci_upper"),
            0.0,
            1e-4,
        );
        // The exact interval shares the lower limit; its upper one also counts the outcome itself.
        assert_eq!(exact.interval.lower, ours.interval.lower);
        assert!(exact.interval.upper > ours.interval.upper);
        compared += 1;
    }
    assert_eq!(compared, 5);
}

#[test]
fn single_stage_designs_match_every_row() {
    let mut compared = 0;
    for row in rows("single_stage_exact") {
        let r = requirement(&row);
        let ours = single_stage_designs(r.p0, r.p1, r.alpha, r.beta).unwrap();
        assert_eq!(ours.smallest.n, row.count("n"));
        assert_eq!(ours.smallest.r, row.count("r_not_promising_if_le"));
        assert_exact("alpha", ours.smallest.alpha, row.number("actual_alpha"));
        assert_exact("power", ours.smallest.power, row.number("actual_power"));
        compared += 1;
    }
    assert_eq!(compared, 27);
}

#[test]
fn toxicity_boundaries_match_every_row() {
    // The file's columns are called `stop_if_ge_`, but clinfun's boundary is the largest acceptable
    // count: its rule is to stop when the count exceeds it (`print.toxbdry`, `bdrycross.prob`).
    let rows = rows("toxicity_boundary_clinfun");
    let (mut compared, mut agree) = (0, 0);
    for rows in rows.chunks(8) {
        let looks: Vec<u64> = rows.iter().map(|row| row.count("look_n")).collect();
        let (p_low, p_high) = (rows[0].number("p_low"), rows[0].number("p_high"));
        let ours = toxicity_boundaries(p_low, p_high, &looks, 0.1).unwrap();
        let liberal = ours.liberal.unwrap();
        for (row, (&conservative, &liberal)) in rows.iter().zip(
            ours.conservative
                .most_acceptable
                .iter()
                .zip(&liberal.most_acceptable),
        ) {
            assert_eq!(
                liberal,
                row.count("stop_if_ge_lo"),
                "{p_low} at {}",
                row.count("look_n")
            );
            if p_low == 0.1 && row.count("look_n") == 21 {
                // The search of the package ends after eleven steps, here with two bounds still apart,
                // at 9 and at 21 subjects. The exact neighbour of the liberal boundary has one.
                assert_eq!((conservative, row.count("stop_if_ge_hi")), (4, 5));
            } else {
                assert_eq!(conservative, row.count("stop_if_ge_hi"));
                agree += 1;
            }
        }
        let errors = (
            ours.conservative.at_low.ever_high(),
            liberal.at_low.ever_high(),
        );
        assert!(errors.0 < 0.1 && errors.1 >= 0.1, "{errors:?}");
        let apart = ours.conservative.most_acceptable.iter().sum::<u64>()
            - liberal.most_acceptable.iter().sum::<u64>();
        assert_eq!(apart, 1, "neighbours differ by one event at one look");
        compared += rows.len();
    }
    assert_eq!((compared, agree), (24, 23));
}

#[test]
fn bayesian_stopping_boundaries_match_every_row() {
    let mut compared = 0;
    for row in rows("bayes_stop_boundary") {
        let prior = Beta {
            a: row.number("prior_a"),
            b: row.number("prior_b"),
        };
        let ours = bayesian_stop_boundary(
            row.number("threshold"),
            prior,
            row.number("prob_cutoff"),
            row.count("n"),
        )
        .unwrap();
        assert_eq!(ours.map(|x| x as f64), row.optional("stop_if_events_ge"));
        compared += 1;
    }
    assert_eq!(compared, 270);
}

#[test]
fn predictive_probabilities_match_every_row() {
    let mut compared = 0;
    for row in rows("predictive_probability") {
        let rule = SuccessRule {
            subjects: row.count("n_max"),
            p0: row.number("p0"),
            cutoff: row.number("success_cutoff"),
            prior: Beta {
                a: row.number("prior_a"),
                b: row.number("prior_b"),
            },
        };
        let ours = predictive_probability(&rule, row.count("x"), row.count("n")).unwrap();
        assert_exact(
            "posterior",
            ours.posterior,
            row.number("posterior_prob_p_gt_p0"),
        );
        assert_exact(
            "predictive",
            ours.predictive,
            row.number("predictive_prob_success"),
        );
        // The file gives the fewest that can still come about: x plus the fewest further responders.
        let to_win = ours.responders_to_win.unwrap().max(row.count("x"));
        assert_eq!(to_win, row.count("min_total_success_to_win"));
        compared += 1;
    }
    assert_eq!(compared, 6);
}
