//! Calendar time of designs that enrol one by one: who waits for whom, and who is replaced when.

mod stub;

use neurocart_trial::adaptive::Verdict;
use neurocart_trial::course::Course;
use neurocart_trial::replicate::{CourseRequest, Patients, Space, Truth, simulate};
use neurocart_trial::specification::{DoseFindingMethod, ManufacturingFailure, Specification};
use stub::stub;

fn each_replicate(
    trial: &Specification,
    course: &(dyn Fn(CourseRequest, &mut Course) + Sync),
    number: u32,
    mut then: impl FnMut(&Space),
) {
    let patients = Patients { count: 300, course };
    let mut space = Space::default();
    for replicate in 0..number {
        simulate(trial, patients, Truth::AsDesigned, replicate, &mut space).unwrap();
        then(&space);
    }
}

#[test]
fn the_second_of_a_cohort_waits_for_the_first_and_the_third_for_the_second() {
    let mut trial = stub::dose_finding();
    trial.accrual.per_week = Some(7.0);
    assert_eq!(trial.dose_finding.as_ref().unwrap().stagger_days, 14.0);
    let course = stub(|_| (0.0, 0.0));
    each_replicate(&trial, &course, 50, |space| {
        assert_eq!(space.subjects.len(), 12);
        for cohort in space.subjects.chunks(3) {
            let days: Vec<f64> = cohort.iter().map(|s| s.treated_days).collect();
            assert!(days[1] >= days[0] + 14.0 && days[2] >= days[1], "{days:?}");
        }
        for pair in space.subjects.chunks(3).collect::<Vec<_>>().windows(2) {
            let last = pair[0].iter().map(|s| s.treated_days).fold(0.0, f64::max);
            assert!(pair[1][0].entry_days >= last + 28.0, "the windows are over");
        }
    });
}

#[test]
fn no_design_skips_a_dose_or_gives_more_than_its_number_of_subjects() {
    use DoseFindingMethod::*;
    let course = stub(|request| ([0.1, 0.3, 0.5][request.arm], 0.3));
    for design in [
        ThreePlusThree,
        Boin,
        Keyboard,
        Mtpi,
        Mtpi2,
        Crm,
        TiteCrm,
        Boin12,
    ] {
        let mut trial = stub::dose_finding();
        trial.manufacturing = stub::seamless().manufacturing;
        let made = trial.manufacturing.as_mut().unwrap();
        (made.failure_probability, made.shortfall_probability) = (0.3, 0.4);
        let section = trial.dose_finding.as_mut().unwrap();
        section.design = design;
        section.response = (design == Boin12).then(|| "response".to_owned());
        section.maximum_subjects = 18;
        each_replicate(&trial, &course, 200, |space| {
            assert!(space.subjects.len() <= 18, "{design:?}");
            let mut highest = 0;
            for subject in &space.subjects {
                assert!(subject.assigned <= highest + 1, "{design:?}");
                assert!(subject.arm <= subject.assigned && subject.arm + 1 >= subject.assigned);
                highest = highest.max(subject.assigned);
            }
            // Everybody enrolled is in the intention-to-treat count, treated or not.
            let enrolled: u32 = space.decisions.iter().map(|d| d.enrolled).sum();
            let not_made: u32 = space.decisions.iter().map(|d| d.not_made).sum();
            let judged: u32 = space.decisions.iter().map(|d| d.subjects).sum();
            assert_eq!(
                enrolled as usize,
                space.subjects.len() + space.not_made.len()
            );
            assert_eq!(not_made as usize, space.not_made.len());
            assert_eq!(judged as usize, space.subjects.len());
        });
    }
}

#[test]
fn a_failed_product_opens_its_place_on_the_day_on_which_it_is_known() {
    let mut trial = stub::single_arm();
    trial.accrual.per_week = Some(700.0);
    trial.manufacturing = stub::seamless().manufacturing;
    let made = trial.manufacturing.as_mut().unwrap();
    (made.failure_probability, made.shortfall_probability) = (0.5, 0.0);
    made.vein_to_vein_days = [30.0, 30.0];
    let n1 = neurocart_trial::adaptive::single_arm::design(trial.single_arm.as_ref().unwrap())
        .unwrap()
        .n1 as usize;
    let course = stub(|_| (0.0, 0.0));
    each_replicate(&trial, &course, 200, |space| {
        // Nobody responds, so the first stage is all: at any time no more than n1 are enrolled who have
        // not failed yet.
        assert_eq!(space.subjects.len(), n1);
        let mut entries: Vec<f64> = space.subjects.iter().map(|s| s.entry_days).collect();
        entries.extend(space.not_made.iter().map(|lost| lost.entry_days));
        for &day in &entries {
            let failed = space.not_made.iter().filter(|l| l.entry_days + 30.0 <= day);
            let before = entries.iter().filter(|&&entry| entry <= day).count();
            assert!(before - failed.count() <= n1, "day {day}");
        }
    });
}

#[test]
fn toxicity_of_dose_finding_stops_the_single_arm_when_it_opens_and_removes_nobody() {
    let mut trial = stub::seamless();
    trial.population.eligibility.clear();
    trial.dropout = None;
    trial.manufacturing = None;
    // A dose may be named although its toxicity is too much for the single arm.
    trial.dose_finding.as_mut().unwrap().target = 0.6;
    trial
        .single_arm
        .as_mut()
        .unwrap()
        .toxicity
        .as_mut()
        .unwrap()
        .threshold = 0.05;
    let course = stub(|_| (0.5, 0.7));
    let mut stopped = 0;
    each_replicate(&trial, &course, 200, |space| {
        let Some(last) = space
            .decisions
            .last()
            .filter(|d| d.verdict == Verdict::Toxicity)
        else {
            return;
        };
        let named = space
            .decisions
            .iter()
            .find(|d| d.verdict == Verdict::Selected)
            .unwrap();
        assert!(last.time_days >= named.time_days);
        let found: u32 = space.decisions[..3].iter().map(|d| d.subjects).sum();
        assert!(
            space.subjects.len() >= found as usize,
            "dose finding stays whole"
        );
        stopped += u32::from(last.time_days == named.time_days);
    });
    assert!(stopped > 100, "{stopped}");
}

#[test]
fn nobody_counts_twice_when_dose_finding_is_the_first_stage() {
    for rule in [
        ManufacturingFailure::Replaced,
        ManufacturingFailure::Failure,
    ] {
        let mut trial = stub::seamless();
        trial.population.eligibility.clear();
        trial.dropout = None;
        let made = trial.manufacturing.as_mut().unwrap();
        (made.failure_probability, made.shortfall_probability) = (0.3, 0.0);
        let section = trial.single_arm.as_mut().unwrap();
        section.toxicity = None;
        section.manufacturing_failure = rule;
        let n1 = neurocart_trial::adaptive::single_arm::design(section)
            .unwrap()
            .n1 as u32;
        let course = stub(|_| (0.0, 0.7));
        each_replicate(&trial, &course, 100, |space| {
            let mut patients: Vec<usize> = space.subjects.iter().map(|s| s.patient).collect();
            patients.sort_unstable();
            patients.dedup();
            assert_eq!(patients.len(), space.subjects.len());
            let named = space
                .decisions
                .iter()
                .find(|d| d.verdict == Verdict::Selected)
                .unwrap();
            let last = space.decisions.last().unwrap();
            let everybody = (space.subjects.len() + space.not_made.len()) as u32;
            let of_dose_finding: u32 = space.decisions[..3].iter().map(|d| d.enrolled).sum();
            let taken_over = match rule {
                ManufacturingFailure::Replaced => named.subjects,
                // Those without a product count as a no.
                ManufacturingFailure::Failure => named.enrolled,
            };
            assert_eq!(
                last.enrolled,
                everybody - of_dose_finding + taken_over.min(n1)
            );
            if rule == ManufacturingFailure::Failure {
                assert_eq!(last.subjects, last.enrolled);
            }
        });
    }
}
