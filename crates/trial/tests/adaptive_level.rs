//! Decisions on virtual patients against exact enumeration, and errors against the level promised.

mod stub;

use neurocart_stats::dose_finding::{DoseAction, DoseFindingDesign, DoseTally, StopReason};
use neurocart_stats::group_sequential::Plan;
use neurocart_stats::single_arm::simon::simon_characteristics;
use neurocart_trial::adaptive::characteristics::GroupSequentialCharacteristics;
use neurocart_trial::adaptive::group_sequential::plan_of;
use neurocart_trial::adaptive::{dose_finding, single_arm};
use neurocart_trial::course::{Attack, Course, Visit};
use neurocart_trial::replicate::{CourseRequest, Truth};
use neurocart_trial::specification::{DoseFindingMethod, Specification};
use stub::{assert_mean, assert_share, replicates, stub};

/// Selection and subjects of a trial in cohorts of three that waits for every outcome.
struct Exact {
    selected: Vec<f64>,
    treated: Vec<f64>,
}

/// Sums over every path of outcomes from `tallies` on.
fn enumerate(
    design: &DoseFindingDesign,
    dlt: &[f64],
    maximum: u64,
    tallies: &mut Vec<DoseTally>,
    current: usize,
    probability: f64,
    exact: &mut Exact,
) {
    if probability == 0.0 {
        return;
    }
    let p = dlt[current];
    for events in 0..=3u64 {
        let ways = [1.0, 3.0, 3.0, 1.0][events as usize];
        let share = ways * p.powi(events as i32) * (1.0 - p).powi(3 - events as i32);
        let before = tallies[current].clone();
        tallies[current].treated += 3;
        tallies[current].dlt += events;
        let probability = probability * share;
        exact.treated[current] += 3.0 * probability;
        let decision = design.next_dose(tallies, current).unwrap();
        let full = tallies.iter().map(|t| t.treated).sum::<u64>() >= maximum;
        match decision.action {
            DoseAction::Stop(StopReason::LowestDoseTooToxic | StopReason::NoAdmissibleDose) => {}
            DoseAction::Stop(_) => name(design, tallies, probability, exact),
            _ if full => name(design, tallies, probability, exact),
            _ => {
                let next = decision.next.unwrap();
                assert!(next <= current + 1, "no dose is skipped");
                enumerate(design, dlt, maximum, tallies, next, probability, exact);
            }
        }
        tallies[current] = before;
    }
}

fn name(design: &DoseFindingDesign, tallies: &[DoseTally], probability: f64, exact: &mut Exact) {
    if let Some(dose) = design.select(tallies).unwrap().dose() {
        exact.selected[dose] += probability;
    }
}

#[test]
fn every_design_that_waits_for_outcomes_is_its_exact_enumeration() {
    use DoseFindingMethod::*;
    for dlt in [[0.1, 0.25, 0.4], [0.45, 0.6, 0.7]] {
        let course = stub(|request| (dlt[request.arm], 0.0));
        for method in [Boin, Keyboard, Mtpi, Mtpi2, Crm] {
            let mut trial = stub::dose_finding();
            let section = trial.dose_finding.as_mut().unwrap();
            section.design = method;
            let design = dose_finding::rule(section, 3).unwrap();
            let mut exact = Exact {
                selected: vec![0.0; 3],
                treated: vec![0.0; 3],
            };
            let mut nobody = vec![DoseTally::default(); 3];
            enumerate(&design, &dlt, 12, &mut nobody, 0, 1.0, &mut exact);
            let found = replicates(&trial, &course, Truth::AsDesigned, 4000);
            let found = found.dose_finding.unwrap();
            for (number, dose) in found.doses.iter().enumerate() {
                assert_share(
                    &format!("{method:?}"),
                    dose.selected,
                    exact.selected[number],
                );
                assert_mean(&format!("{method:?}"), dose.treated, exact.treated[number]);
            }
            let none = 1.0 - exact.selected.iter().sum::<f64>();
            assert_share(&format!("{method:?}"), found.no_dose, none);
            // Above 0.42: the third dose of neither truth, or every dose of the second.
            let overdose: f64 = (0..3)
                .filter(|&dose| dlt[dose] > 0.42)
                .map(|dose| exact.selected[dose])
                .sum();
            assert_share(&format!("{method:?}"), found.overdose_selected, overdose);
        }
    }
}

#[test]
fn without_toxicity_the_highest_dose_is_named_and_with_nothing_but_toxicity_none_is() {
    let trial = stub::dose_finding();
    let harmless = stub(|_| (0.0, 0.0));
    let found = replicates(&trial, &harmless, Truth::AsDesigned, 4000);
    let found = found.dose_finding.unwrap();
    let selected: Vec<f64> = found
        .doses
        .iter()
        .map(|d| d.selected.unwrap().value)
        .collect();
    assert_eq!(selected, [0.0, 0.0, 1.0]);
    let treated: Vec<f64> = found
        .doses
        .iter()
        .map(|d| d.treated.unwrap().value)
        .collect();
    assert_eq!(treated, [3.0, 3.0, 6.0]);
    let lethal = stub(|_| (1.0, 0.0));
    let found = replicates(&trial, &lethal, Truth::AsDesigned, 100);
    let found = found.dose_finding.unwrap();
    assert_eq!(found.no_dose.unwrap().value, 1.0);
    assert_eq!(found.treated.unwrap().value, 3.0);
    assert_eq!(found.overdose_treated.unwrap().value, 1.0);
}

#[test]
fn two_stages_at_exactly_p0_have_their_exact_level() {
    let trial = stub::single_arm();
    let section = trial.single_arm.as_ref().unwrap();
    let exact = simon_characteristics(&single_arm::design(section).unwrap(), section.p0).unwrap();
    assert!(exact.rejection <= section.alpha);
    let course = stub(|_| (0.0, 0.4));
    let found = replicates(&trial, &course, Truth::AsDesigned, 10_000);
    let found = found.single_arm.unwrap();
    assert_share("level", found.promising, exact.rejection);
    assert_share(
        "early stop",
        found.early_termination,
        exact.early_termination,
    );
    let exact_at_truth = found.arms[0].exact.unwrap();
    assert!((exact_at_truth.promising - exact.rejection).abs() < 0.01);
}

/// Two arms of 40 with looks after a half, three quarters and all of the information.
const RANDOMISED: &str = r#"
name = "looks"
title = "Looks"
question = "?"
population = { size = 80, bank = 1000, disease = [{ name = "mg-achr" }] }
arm = [{ name = "treated", therapy = "placebo" }, { name = "control", therapy = "placebo", reference = true }]
accrual = { duration_weeks = 40 }
follow_up = { duration_weeks = 52 }
visits = { every_weeks = 12 }
endpoint = [
  { name = "attack", measure = { kind = "time_to_attack" } },
  { name = "change", measure = { kind = "score_change", score = "mg_adl", week = 24 } },
  { name = "response", measure = { kind = "responder", score = "mg_adl", reduction_points = 2, week = 24 } },
]
analysis = [
  { endpoint = "attack", method = "log_rank", primary = true },
  { endpoint = "change", method = "ancova" },
  { endpoint = "response", method = "fisher" },
]
null = [{ name = "same" }]
simulation = { replicates = 1, seed = 1 }
group_sequential = { information = [0.5, 0.75, 1.0], events = 60, spending = { kind = "pocock" } }
"#;

/// Attacks at a constant hazard with a median of 180 days, and scores with a normal change, the same in both arms.
fn no_effect(request: CourseRequest, course: &mut Course) {
    let mut stream = request.subject.stream(901);
    *course = Course::default();
    course.attacks.push(Attack {
        time_days: stream.exponential(std::f64::consts::LN_2 / 180.0),
        edss_jump: 0.0,
        edss_residual: 0.0,
    });
    let baseline = 10.0 + stream.normal();
    for week in [0.0, 12.0, 24.0, 36.0, 48.0] {
        let change = if week > 0.0 {
            2.0 * stream.normal() - 1.0
        } else {
            0.0
        };
        course.visits.push(Visit {
            time_days: 7.0 * week,
            mg_adl: Some(baseline + change),
            ..Visit::default()
        });
    }
}

fn looks(primary: usize, one_sided: bool) -> (Specification, Plan) {
    let mut trial: Specification = toml::from_str(RANDOMISED).unwrap();
    for (index, analysis) in trial.analyses.iter_mut().enumerate() {
        analysis.primary = index == primary;
        if one_sided {
            analysis.alternative = neurocart_trial::specification::Alternative::Better;
            analysis.alpha = 0.025;
        }
    }
    let section = trial.group_sequential.as_mut().unwrap();
    if primary > 0 {
        section.events = None;
    }
    let plan = plan_of(section, &trial.analyses[primary]).unwrap();
    (trial, plan)
}

fn under_the_null(trial: &Specification) -> GroupSequentialCharacteristics {
    let found = replicates(trial, &no_effect, Truth::Null(0), 6000);
    found.group_sequential.unwrap()
}

#[test]
fn looks_at_the_log_rank_test_and_at_ancova_spend_the_error_that_is_planned() {
    for primary in [0, 1] {
        for one_sided in [false, true] {
            let (trial, plan) = looks(primary, one_sided);
            let found = under_the_null(&trial);
            let mut spent = 0.0;
            for (look, total) in found.looks.iter().zip(&plan.alpha_spent) {
                assert_share("error spent at a look", look.rejected, total - spent);
                spent = *total;
            }
            let alpha = if one_sided { 0.025 } else { 0.05 };
            assert!((spent - alpha).abs() < 1e-9);
            assert_share("level", found.rejected, alpha);
            let in_favour = found.rejected_in_favour;
            assert_share("in favour", in_favour, 0.025);
        }
    }
}

#[test]
fn looks_at_the_exact_test_stay_below_the_level() {
    for one_sided in [false, true] {
        let (trial, _) = looks(2, one_sided);
        let found = under_the_null(&trial).rejected.unwrap();
        let alpha = if one_sided { 0.025 } else { 0.05 };
        assert!(found.value > 0.0 && found.value < alpha, "{found:?}");
    }
}

/// The same with a third of the hazard and four points more of a fall in the treated arm.
fn benefit(request: CourseRequest, course: &mut Course) {
    no_effect(request, course);
    if request.arm == 0 {
        course.attacks[0].time_days *= 3.0;
        for visit in course.visits.iter_mut().skip(1) {
            visit.mg_adl = visit.mg_adl.map(|score| score - 4.0);
        }
    }
}

#[test]
fn a_better_treated_arm_is_found_early_and_in_its_favour_by_every_test() {
    for primary in 0..3 {
        for one_sided in [false, true] {
            let (trial, _) = looks(primary, one_sided);
            let found = replicates(&trial, &benefit, Truth::AsDesigned, 200);
            let found = found.group_sequential.unwrap();
            let (all, in_favour) = (found.rejected.unwrap(), found.rejected_in_favour.unwrap());
            assert_eq!(all.value, in_favour.value);
            assert!(in_favour.value > 0.8, "{primary} {in_favour:?}");
            assert!(found.looks[0].rejected.unwrap().value > 0.4, "{primary}");
        }
    }
}
