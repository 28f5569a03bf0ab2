//! Time to simulate 10,000 trials of 30 patients in cohorts of three at five doses, on one thread, for each design.

use std::slice::from_ref;
use std::time::Instant;

use neurocart_design::dose_finding_trial::DoseFindingTrial;
use neurocart_design::operating_characteristics::{Replication, operating_characteristics};
use neurocart_design::stated_truth::StatedTruth;
use neurocart_stats::dose_finding::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let target = 0.30;
    let truth = StatedTruth {
        response_rates: vec![0.2, 0.4, 0.5, 0.5, 0.5],
        ..StatedTruth::of_dlt_rates(&[0.05, 0.15, 0.30, 0.45, 0.60])
    };
    let crm = CrmSettings::empiric(crm_skeleton(CrmModel::Empiric, target, 0.05, 2, 5)?, target);
    let interval = |rule| DoseFindingDesign::Interval(IntervalSettings::at_target(rule, target));
    let designs = [
        (
            "3+3",
            DoseFindingDesign::ThreePlusThree(ThreePlusThreeVariant::ConfirmWithSix),
        ),
        (
            "BOIN",
            DoseFindingDesign::Boin(BoinSettings::at_target(target)),
        ),
        ("keyboard", interval(IntervalRule::Keyboard)),
        ("mTPI-2", interval(IntervalRule::Mtpi2)),
        ("mTPI", interval(IntervalRule::Mtpi)),
        ("CRM", DoseFindingDesign::Crm(crm.clone())),
        ("TITE-CRM", DoseFindingDesign::TiteCrm(crm)),
        (
            "BOIN12",
            DoseFindingDesign::Boin12(Boin12Settings::default()),
        ),
    ];
    let replication = Replication {
        replicates: 10_000,
        seed: 1,
        threads: 1,
    };
    println!(
        "{:<10}{:>10}  selected at each dose, %",
        "design", "seconds"
    );
    for (name, design) in designs {
        let trial = DoseFindingTrial::new(design, 5, 30);
        let start = Instant::now();
        let found = operating_characteristics(&trial, from_ref(&truth), target, &replication)?;
        let seconds = start.elapsed().as_secs_f64();
        let selected = found[0].selected.iter();
        let selected: Vec<String> = selected
            .map(|p| format!("{:.1}", 100.0 * p.estimate))
            .collect();
        println!("{name:<10}{seconds:>10.3}  {}", selected.join(" "));
    }
    Ok(())
}
