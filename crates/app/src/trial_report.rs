//! From the summary of a run to the report: which numbers go where, and in which words.

use neurocart_report::format::{count, fixed, significant};
use neurocart_report::trial_report::{
    Assumption, DesignItem, Grade, Provenance, StudyInUse, TrialReport,
};
use neurocart_trial::parameters::OVERRIDE;
use neurocart_trial::specification::Method;
use neurocart_trial::summary::Summary;

use crate::adaptive_report;
use crate::answer::key_numbers;
use crate::figures::{
    operating_characteristics, responders, safety, scores, survival, trajectories,
};
use crate::trial_design::{design, flow};
use crate::wording;

/// The report of a finished run. `command` is what the user can type to get it again.
pub fn report(summary: &Summary, command: &str) -> TrialReport {
    let specification = &summary.specification;
    TrialReport {
        title: specification.title.clone(),
        question: specification.question.clone(),
        notice: String::new(),
        key_numbers: key_numbers(summary),
        design: design(summary),
        flow: Some(flow(summary)),
        trajectories: trajectories(summary),
        survival: survival(summary),
        responders: [adaptive_report::selection(summary), responders(summary)].concat(),
        scores: scores(summary),
        patients: Vec::new(),
        safety: safety(summary),
        operating_characteristics: [
            adaptive_report::operating(summary),
            operating_characteristics(summary),
        ]
        .concat(),
        design_figures: adaptive_report::figures(summary),
        assumptions: assumptions(summary),
        evidence: evidence(summary),
        known_failures: summary
            .known_failures
            .iter()
            .map(|f| {
                format!(
                    "{}: simulated {}, observed {} ({}). {}.",
                    f.what,
                    f.simulated,
                    f.observed,
                    f.source,
                    f.consequence.trim_end_matches('.')
                )
            })
            .collect(),
        warnings: warnings(summary),
        provenance: provenance(summary, command),
    }
}

/// What a reader of the numbers must know beside them.
fn warnings(summary: &Summary) -> Vec<String> {
    let mut warnings = summary.cohort.failures.clone();
    for c in &summary.operating_characteristics {
        let name = wording::analysis(&summary.specification, c);
        if c.not_estimable > 0 && !c.is_null() {
            let reasons: Vec<String> = c
                .reasons
                .iter()
                .map(|(reason, n)| format!("{reason} ({})", count(*n as f64)))
                .collect();
            warnings.push(format!(
                "{name}: {} of {} replicates have no estimate, interval or p value: {}. Without a p value a replicate counts as no \
                 rejection; bias and coverage are over the others.",
                count(c.not_estimable as f64),
                count(c.replicates as f64),
                reasons.join("; ")
            ));
        }
        if c.is_null()
            && c.method == Method::HistoricalHazard
            && let Some(ratio) = &c.mean_estimate
        {
            warnings.push(format!(
                "{name}: under the null `{}` the hazard is on average {} times the historical one in this \
                 model, so the share of rejections under it is not the level of the test.",
                c.truth,
                significant(ratio.value)
            ));
        }
    }
    warnings
}

fn assumptions(summary: &Summary) -> Vec<Assumption> {
    summary
        .assumptions
        .iter()
        .map(|a| Assumption {
            name: a.meaning.clone(),
            symbol: a.symbol.clone(),
            value: match a.cv {
                Some(cv) => format!("{} (CV {} %)", significant(a.value), fixed(100.0 * cv, 0)),
                None => significant(a.value),
            },
            // The table writes `1` for a pure number.
            unit: if a.unit == "1" {
                String::new()
            } else {
                a.unit.clone()
            },
            grade: Grade::of(&a.grade),
            source: a.source.clone(),
            locator: a.locator.clone(),
            evidence: a.evidence.clone(),
            set_by_user: a.scope == OVERRIDE,
        })
        .collect()
}

fn evidence(summary: &Summary) -> Vec<StudyInUse> {
    let study = |s: &neurocart_trial::summary::StudyInUse| StudyInUse {
        id: s.id.clone(),
        title: s.title.clone(),
        citation: s.citation.clone(),
        grade: Grade::of(&s.grade),
        parameters: s.parameters.clone(),
    };
    summary.evidence.iter().map(study).collect()
}

fn provenance(summary: &Summary, command: &str) -> Provenance {
    let s = &summary.specification;
    let implausible: u64 = summary.cohort.implausible.values().sum();
    let mut candidates = format!(
        "{} of {} candidates were not plausible patients",
        count(implausible as f64),
        count(summary.cohort.candidates as f64)
    );
    for (reason, n) in &summary.cohort.implausible {
        candidates += &format!("\n{n}: {reason}");
    }
    if !summary.cohort.failures.is_empty() {
        candidates += &format!("\n{} could not be solved", summary.cohort.failures.len());
    }
    let item = |label: &str, text: String| DesignItem {
        label: label.into(),
        text,
    };
    Provenance {
        seed: s.simulation.seed,
        version: summary.identity.version.clone(),
        spec_hash: summary.identity.specification_sha256.clone(),
        replicates: u64::from(s.simulation.replicates),
        patients: summary.cohort.patients,
        run_time_seconds: None,
        command: command.into(),
        further: vec![
            item("Virtual patients", candidates),
            item(
                "Library",
                format!("SHA-256 {}", summary.identity.library_sha256),
            ),
            item(
                "Solver",
                "Rodas5P, relative tolerance 1e-6, absolute 1e-9 (1e-12 for clones)".into(),
            ),
            item(
                "Tables",
                match s.has_decisions() {
                    true => "subjects, visits, events, replicates, decisions (Parquet)".into(),
                    false => "subjects, visits, events, replicates (Parquet)".into(),
                },
            ),
        ],
    }
}
