//! The design of a trial in words, and the flow of its subjects.

use neurocart_report::figure::patient_flow::{FlowArm, FlowReason, PatientFlow};
use neurocart_report::format::{count, percent_one_decimal as percent};
use neurocart_report::trial_report::{Design, DesignItem};
use neurocart_trial::specification::DAYS_PER_WEEK;
use neurocart_trial::summary::Summary;

use crate::adaptive_report;
use crate::wording;

pub fn design(summary: &Summary) -> Design {
    let s = &summary.specification;
    let mut items = Vec::new();
    let mut item = |label: &str, text: String| {
        items.push(DesignItem {
            label: label.into(),
            text,
        });
    };
    let diseases: Vec<String> = s
        .population
        .diseases
        .iter()
        .map(|d| match d.share {
            1.0 => d.name.clone(),
            share => format!("{} ({})", d.name, percent(share)),
        })
        .collect();
    let mut population = match s.population.size {
        0 => diseases.join(", "),
        size => format!("{size} subjects: {}", diseases.join(", ")),
    };
    for e in &s.population.eligibility {
        let variable = wording::eligibility(e.variable);
        let range = match (e.min, e.max) {
            (Some(a), Some(b)) => format!("{a} to {b}"),
            (Some(a), None) => format!("at least {a}"),
            (None, Some(b)) => format!("at most {b}"),
            (None, None) => "any".into(),
        };
        population += &format!("\n{variable}: {range}");
    }
    item("Population", population);
    let arms: Vec<String> = s
        .arms
        .iter()
        .zip(&summary.arms)
        .map(|(arm, found)| {
            let blinded = if found.blinded { ", blinded" } else { "" };
            let reference = if arm.reference { ", reference" } else { "" };
            let changes = match arm.changes.is_empty() {
                true => String::new(),
                false => {
                    let list: Vec<String> = arm
                        .changes
                        .iter()
                        .map(|(field, value)| wording::change(field, value))
                        .collect();
                    format!(" Changed: {}.", list.join(", "))
                }
            };
            let ratio = match s.decides_while_enrolling() {
                true => String::new(),
                false => format!(" (ratio {}{blinded}{reference})", arm.ratio),
            };
            format!("{}{ratio}: {}{changes}", found.label, found.therapy_summary)
        })
        .collect();
    item("Arms", arms.join("\n"));
    let accrual = match s.accrual.duration_weeks {
        _ if s.accrual.per_week.is_some() => format!(
            "one by one, {} eligible candidates per week",
            s.accrual.per_week.unwrap_or_default()
        ),
        0.0 => "all at once".to_string(),
        weeks => format!("uniform over {weeks} weeks"),
    };
    let cut = match (s.follow_up.until_events, &s.follow_up.until_endpoint) {
        (Some(n), Some(endpoint)) => format!(", data cut at {n} events of {endpoint}"),
        _ => String::new(),
    };
    item(
        "Accrual and follow-up",
        format!(
            "Entry {accrual}; {} weeks per subject{cut}",
            s.follow_up.duration_weeks
        ),
    );
    for (label, text) in adaptive_report::design_in_words(summary) {
        item(label, text);
    }
    let visits: Vec<String> = s
        .visit_days()
        .iter()
        .map(|d| format!("{}", d / DAYS_PER_WEEK))
        .collect();
    item("Visits", format!("weeks {}", visits.join(", ")));
    if let Some(dropout) = &s.dropout {
        item(
            "Loss to follow-up",
            format!("{} within a year", percent(dropout.annual_probability)),
        );
    }
    let endpoints: Vec<String> = s
        .endpoints
        .iter()
        .map(|e| {
            let strategy = match s.rescue {
                Some(_) => format!(" Rescue: {}.", wording::strategy(e.strategy())),
                None => String::new(),
            };
            format!("{}: {}.{strategy}", e.label(), wording::measure(e))
        })
        .collect();
    item("Endpoints", endpoints.join("\n"));
    let analyses: Vec<String> = s
        .analyses
        .iter()
        .map(|a| {
            let label = s
                .endpoint_index(&a.endpoint)
                .map_or("", |i| s.endpoints[i].label());
            let level = match a.method.is_test() {
                true => format!(", {} at {}", wording::alternative(a.alternative), a.alpha),
                false => String::new(),
            };
            let history = a.historical.as_ref().map_or(String::new(), |h| {
                format!(
                    " ({} events per patient-year; {})",
                    h.hazard_per_year, h.source
                )
            });
            let primary = if a.primary { " Primary." } else { "" };
            format!(
                "{label}: {}{level}{history}.{primary}",
                wording::method(a.method)
            )
        })
        .collect();
    item("Analyses", analyses.join("\n"));
    let arms: Vec<&str> = summary.arms.iter().map(|a| a.label.as_str()).collect();
    let summary_text = match arms.as_slice() {
        _ if s.decides_while_enrolling() => {
            "Subjects are enrolled one by one, and the design decides on the way.".to_string()
        }
        [one] => format!("{} subjects receive {one}.", s.population.size),
        arms => format!(
            "{} subjects are randomised to {} in permuted blocks.",
            s.population.size,
            arms.join(" or ")
        ),
    };
    Design {
        summary: format!(
            "{summary_text} The trial is simulated {} times with subjects drawn from {} virtual \
             patients, each solved once under every regimen.",
            count(f64::from(s.simulation.replicates)),
            count(summary.cohort.patients as f64)
        ),
        items,
    }
}

pub fn flow(summary: &Summary) -> PatientFlow {
    let pool = &summary.pool;
    let randomised: u64 = pool
        .flow
        .iter()
        .map(|a| a.first_randomised + a.first_not_made)
        .sum();
    let screened = pool.first_screened.max(randomised);
    let reason = |reason: &str, patients: u64| FlowReason {
        reason: reason.into(),
        patients: patients as f64,
    };
    let exclusions = match screened - randomised {
        0 => Vec::new(),
        n => vec![reason("outside the inclusion limits", n)],
    };
    PatientFlow {
        screened: screened as f64,
        exclusions,
        eligible: randomised as f64,
        randomised: randomised as f64,
        allocated_by_rule: summary.specification.decides_while_enrolling(),
        arms: pool
            .flow
            .iter()
            .map(|a| FlowArm {
                name: wording::arm(&summary.specification, &a.arm),
                allocated: (a.first_randomised + a.first_not_made) as f64,
                treated: a.first_randomised as f64,
                discontinued: (a.first_lost + a.first_data_cut) as f64,
                discontinuation_reasons: [
                    ("lost to follow-up", a.first_lost),
                    ("still followed at the data cut", a.first_data_cut),
                ]
                .into_iter()
                .filter(|r| r.1 > 0)
                .map(|(text, n)| reason(text, n))
                .collect(),
                rescued: a.first_rescued as f64,
                analysed: a.first_randomised as f64,
            })
            .collect(),
        caption: match summary.specification.decides_while_enrolling() {
            true => {
                "Counts of the first replicate. Subjects without a product are not treated. All treated \
                 subjects are analysed."
            }
            false => "Counts of the first replicate. All randomised subjects are analysed.",
        }
        .into(),
    }
}
