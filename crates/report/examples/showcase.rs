//! Writes every kind of report and the figures of trials with invented numbers, to judge layout and type.
//!
//! `cargo run -p neurocart-report --example showcase -- DIR` (default: the current folder).
//! The data are a LAYOUT SAMPLE: smooth formulas and a small pseudo-random generator, no model.

use std::path::PathBuf;
use std::{env, fs};

use neurocart_report::estimate::Estimate;
use neurocart_report::figure::axis::risk_table_days;
use neurocart_report::figure::kaplan_meier::{
    AtRisk, SurvivalArm, SurvivalReference, SurvivalStep,
};
use neurocart_report::figure::patient_flow::{FlowArm, FlowReason};
use neurocart_report::figure::responders::{ResponderBar, ResponderGroup};
use neurocart_report::figure::scores::ScoreArm;
use neurocart_report::figure::trajectory::TrajectoryArm;
use neurocart_report::figure::{ReferenceLine, TimeMark};
use neurocart_report::patient_report::{ScoreCourse, render_patient_svg, render_patient_text};
use neurocart_report::safety::{SafetyArm, SafetyCell, SafetyRow};
use neurocart_report::trial_report::*;
use neurocart_report::validation_report::{
    ValidationReport, ValidationRow, Verdict, render_markdown, render_validation_html,
};

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| ".".to_string()));
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("report.html"), render_html(&trial()))?;
    fs::write(folder.join("many-arms.html"), render_html(&many_arms()))?;
    fs::write(
        folder.join("empty.html"),
        render_html(&TrialReport::default()),
    )?;
    let patient = patient();
    fs::write(folder.join("patient.svg"), render_patient_svg(&patient))?;
    let validation = validation();
    fs::write(
        folder.join("validation.html"),
        render_validation_html(&validation),
    )?;
    fs::write(folder.join("validation.md"), render_markdown(&validation))?;
    print!("{}", render_patient_text(&patient, 100));
    eprintln!("wrote the layout sample to {}", folder.display());
    Ok(())
}

const PRODUCT: &str = "BCMA mRNA CAR T";
const PLACEBO: &str = "Placebo";

fn trial() -> TrialReport {
    TrialReport {
        title: "BCMA mRNA CAR T cells against placebo in AChR myasthenia gravis".into(),
        question: "In adults with generalised AChR-positive myasthenia gravis, how many more \
                   reach a clinically meaningful fall in MG-ADL three months after six weekly \
                   infusions than after placebo, and can 36 patients show it?"
            .into(),
        notice: "Layout sample with invented numbers: no result of any model or trial.".into(),
        key_numbers: key_numbers(),
        design: design(),
        flow: Some(flow()),
        trajectories: trajectories(),
        survival: vec![survival()],
        responders: vec![responders()],
        scores: vec![scores()],
        patients: vec![patient()],
        safety: Some(safety()),
        operating_characteristics: operating(),
        design_figures: Vec::new(),
        assumptions: assumptions(),
        evidence: Vec::new(),
        known_failures: vec![
            "IgG falls faster than was published after BCMA CAR T: 61 % of baseline at week 4 \
             against 70 to 85 % observed (invented example, doi:10.1000/example.1)."
                .into(),
            "CRS grades are calibrated at two points and are not predictions outside of them."
                .into(),
            "The placebo response does not depend on baseline severity.".into(),
        ],
        warnings: vec!["3 of 4,000 patients were rejected by the plausibility filter.".into()],
        provenance: Provenance {
            seed: 20_260_101,
            version: "0.1.0".into(),
            spec_hash: "9f2c1b7e44a0d1c3e5f60718293a4b5c6d7e8f900112233445566778899aabbc".into(),
            replicates: 10_000,
            patients: 4_000,
            run_time_seconds: Some(41.3),
            command:
                "neurocart trial run library/trials/mg-bcma-mrna.toml --reps 10000 --seed 20260101"
                    .into(),
            further: vec![item(
                "Integrator",
                "relative tolerance 1e-6, absolute by state",
            )],
        },
    }
}

fn key_numbers() -> Vec<KeyNumber> {
    [
        (
            "Responders at month 3",
            "72% against 43%",
            "difference 29 points, 95% CI −3 to 55; Fisher's exact p = 0.10 in the trial shown",
        ),
        (
            "Change in MG-ADL at month 3",
            "−5.1 against −2.4 points",
            "adjusted difference −2.7, 95% CI −4.6 to −0.8 (ANCOVA)",
        ),
        (
            "Power of this design",
            "58.3%",
            "Monte Carlo SE 0.5 points; 80% would need 64 patients",
        ),
        (
            "Type I error",
            "2.6%",
            "under the null switch; nominal 5%, Fisher's exact test is conservative",
        ),
        (
            "CRS of grade 3 or higher",
            "0 of 18",
            "exact 95% CI 0 to 19%",
        ),
        (
            "Autoantibody at month 3",
            "38% of baseline",
            "median; 5 to 95% of patients: 14 to 71%",
        ),
    ]
    .map(|(label, value, note)| KeyNumber {
        label: label.into(),
        value: value.into(),
        note: note.into(),
    })
    .to_vec()
}

fn design() -> Design {
    Design {
        summary: "A randomised, double-blind trial in two arms with 36 virtual patients, repeated \
                  10,000 times. Each virtual patient carries a mechanistic model of B cells, \
                  plasma cells, antibodies and CAR T cells; clinical scores follow from it with \
                  visit noise and a placebo response."
            .into(),
        items: vec![
            item(
                "Population",
                "Adults, AChR antibody positive, MG-ADL of 6 or more, stable background treatment",
            ),
            item(
                "Arms",
                "BCMA mRNA CAR T, six weekly infusions, no lymphodepletion (18)\nPlacebo (18)",
            ),
            item("Visits", "Weeks 0, 1, 2, 4, 8, 12, 16, 20 and 24"),
            item(
                "Primary endpoint",
                "MG-ADL response at month 3: a fall of 2 points or more",
            ),
            item(
                "Intercurrent events",
                "Rescue therapy counts as non-response (composite strategy)",
            ),
            item(
                "Analysis",
                "Fisher's exact test, two-sided 5%; Clopper-Pearson and Wilson intervals; ANCOVA for scores",
            ),
        ],
    }
}

fn item(label: &str, text: &str) -> DesignItem {
    DesignItem {
        label: label.into(),
        text: text.into(),
    }
}

fn flow() -> PatientFlow {
    let reason = |reason: &str, patients| FlowReason {
        reason: reason.into(),
        patients,
    };
    PatientFlow {
        allocated_by_rule: false,
        screened: 58.4,
        exclusions: vec![
            reason("MG-ADL below 6", 15.1),
            reason("Recent B-cell depletion", 7.3),
        ],
        eligible: 36.0,
        randomised: 36.0,
        arms: vec![
            FlowArm {
                name: PRODUCT.into(),
                allocated: 18.0,
                treated: 17.8,
                discontinued: 1.4,
                discontinuation_reasons: vec![
                    reason("Withdrew", 1.1),
                    reason("Adverse event", 0.3),
                ],
                rescued: 0.6,
                analysed: 18.0,
            },
            FlowArm {
                name: PLACEBO.into(),
                allocated: 18.0,
                treated: 18.0,
                discontinued: 2.2,
                discontinuation_reasons: vec![reason("Withdrew", 2.2)],
                rescued: 2.9,
                analysed: 18.0,
            },
        ],
        caption: "Means over 10,000 replicates, so counts need not be whole.".into(),
    }
}

fn trajectories() -> Vec<TrajectoryFigure> {
    let days: Vec<f64> = (0..=84).map(|i| i as f64 * 2.0).collect();
    let arm = |name: &str, median: &dyn Fn(f64) -> f64, spread: f64| {
        let series = |factor: f64| {
            days.iter()
                .map(|&t| median(t) * factor)
                .collect::<Vec<f64>>()
        };
        let mut noise = Noise(name.len() as u64);
        let patients = (0..4)
            .map(|_| {
                let (level, lag) = (spread.powf(noise.normal() * 0.5), 8.0 * noise.normal());
                days.iter()
                    .map(|&t| median((t + lag).max(0.0)) * level)
                    .collect()
            })
            .collect();
        TrajectoryArm {
            name: name.into(),
            median: series(1.0),
            lower: series(1.0 / spread),
            upper: series(spread),
            patients,
        }
    };
    let antibody = |t: f64| 36.0 + 64.0 * (-t / 30.0).exp() + 0.12 * (t - 80.0).max(0.0);
    let cells = |t: f64| {
        let week = t % 7.0;
        let dosing = if t <= 42.0 {
            1.0
        } else {
            (-(t - 42.0) / 2.0).exp()
        };
        12.0 * dosing * (-week / 1.6).exp() + 1e-9
    };
    let mark = |time_days, label: &str| TimeMark {
        time_days,
        label: label.into(),
    };
    vec![
        TrajectoryFigure {
            title: "AChR autoantibody".into(),
            unit: "% of baseline".into(),
            time_days: days.clone(),
            arms: vec![
                arm(PRODUCT, &antibody, 1.5),
                arm(PLACEBO, &|t| 99.0 + (t / 20.0).sin(), 1.12),
            ],
            band: "5 to 95% of patients".into(),
            marks: vec![mark(0.0, "first infusion"), mark(35.0, "last infusion")],
            caption: "Median with the range of the middle 90% of patients; thin lines are single \
                      patients."
                .into(),
            ..TrajectoryFigure::default()
        },
        TrajectoryFigure {
            title: "CAR T cells in blood".into(),
            unit: "cells/uL".into(),
            log_scale: true,
            time_days: days.clone(),
            arms: vec![arm(PRODUCT, &cells, 2.5)],
            band: "5 to 95% of patients".into(),
            reference_lines: vec![ReferenceLine {
                value: 0.01,
                label: "limit of detection".into(),
            }],
            caption: "Cells that carry mRNA do not divide: every infusion is a peak of its own."
                .into(),
            ..TrajectoryFigure::default()
        },
    ]
}

/// Kaplan-Meier estimate with Greenwood's interval, from invented exponential times.
fn survival() -> SurvivalFigure {
    let follow_up_days = 730.5;
    let arm = |name: &str, rate_per_year: f64, size: usize, seed: u64| {
        let mut noise = Noise(seed);
        let mut times: Vec<(f64, bool)> = (0..size)
            .map(|_| {
                let event = -noise.uniform().ln() / rate_per_year * 365.25;
                let censor = 400.0 + 500.0 * noise.uniform();
                let end = censor.min(follow_up_days);
                (event.min(end), event <= end)
            })
            .collect();
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut survival, mut sum) = (1.0f64, 0.0);
        let mut steps = Vec::new();
        let mut median = f64::NAN;
        for (i, &(time_days, event)) in times.iter().enumerate() {
            let at_risk = (size - i) as f64;
            if !event {
                continue;
            }
            survival *= 1.0 - 1.0 / at_risk;
            sum += 1.0 / (at_risk * (at_risk - 1.0).max(0.5));
            if survival <= 0.5 && median.is_nan() {
                median = time_days;
            }
            let half = 1.96 * survival * f64::sqrt(sum);
            let (lower, upper) = ((survival - half).max(0.0), (survival + half).min(1.0));
            steps.push(SurvivalStep {
                time_days,
                survival: Estimate::new(survival, lower, upper),
            });
        }
        SurvivalArm {
            name: name.into(),
            steps,
            censored_days: times.iter().filter(|t| !t.1).map(|t| t.0).collect(),
            at_risk: risk_table_days(follow_up_days)
                .into_iter()
                .map(|time_days| AtRisk {
                    time_days,
                    subjects: times.iter().filter(|t| t.0 >= time_days).count() as f64,
                })
                .collect(),
            median_days: Estimate::new(median, f64::NAN, f64::NAN),
            last_follow_up_days: times.last().map_or(0.0, |t| t.0),
        }
    };
    let grid: Vec<f64> = (0..=40)
        .map(|i| f64::from(i) / 40.0 * follow_up_days)
        .collect();
    SurvivalFigure {
        title: "Time to first exacerbation".into(),
        quantity: "Patients without an exacerbation".into(),
        follow_up_days,
        arms: vec![arm(PRODUCT, 0.16, 24, 5), arm(PLACEBO, 0.75, 24, 11)],
        references: vec![SurvivalReference {
            label: "Historical hazard, 0.9 per year".into(),
            survival: grid.iter().map(|t| (-0.9 * t / 365.25).exp()).collect(),
            time_days: grid,
        }],
        comparison: "Hazard ratio 0.24 (95% CI 0.09 to 0.62), log-rank p = 0.002".into(),
        caption: "Kaplan-Meier estimate with Greenwood's 95% interval; upright ticks are censored \
                  patients, the marker is the median."
            .into(),
    }
}

fn responders() -> ResponderFigure {
    let bar = |arm: &str, responders: f64, value, lower, upper| ResponderBar {
        arm: arm.into(),
        responders,
        subjects: 18.0,
        proportion: Estimate::new(value, lower, upper),
    };
    let group = |label: &str, bars| ResponderGroup {
        label: label.into(),
        bars,
    };
    ResponderFigure {
        title: "MG-ADL responders".into(),
        definition: "A responder has lost at least 2 points of MG-ADL and had no rescue therapy."
            .into(),
        groups: vec![
            group(
                "Month 3",
                vec![
                    bar(PRODUCT, 13.0, 0.722, 0.49, 0.875),
                    bar(PLACEBO, 8.0, 0.444, 0.245, 0.663),
                ],
            ),
            group(
                "Month 6",
                vec![
                    bar(PRODUCT, 14.0, 0.778, 0.548, 0.91),
                    bar(PLACEBO, 7.0, 0.389, 0.203, 0.614),
                ],
            ),
        ],
        comparison: "Month 3: difference 28 points (95% CI −4 to 54), Fisher's exact p = 0.18"
            .into(),
        caption: "Whiskers are Wilson 95% intervals.".into(),
    }
}

fn scores() -> ScoreFigure {
    let visit_days = vec![0.0, 7.0, 14.0, 28.0, 56.0, 84.0, 112.0, 140.0, 168.0];
    let arm = |name: &str, depth: f64, half: f64| ScoreArm {
        name: name.into(),
        change: visit_days
            .iter()
            .enumerate()
            .map(|(i, &t)| {
                let value = -depth * (1.0 - f64::exp(-t / 30.0));
                let margin = if i == 0 { f64::NAN } else { half };
                Estimate::new(value, value - margin, value + margin)
            })
            .collect(),
        subjects: vec![18.0, 18.0, 18.0, 18.0, 17.6, 17.2, 16.9, 16.5, 16.2],
    };
    ScoreFigure {
        title: "MG-ADL".into(),
        quantity: "Mean change in MG-ADL from baseline (points)".into(),
        direction: "lower is better".into(),
        arms: vec![arm(PRODUCT, 5.4, 1.2), arm(PLACEBO, 2.5, 1.1)],
        visit_days,
        comparison: "Month 3: adjusted difference −2.7 points (95% CI −4.6 to −0.8), ANCOVA".into(),
        caption: "Whiskers are 95% intervals of the mean.".into(),
    }
}

fn safety() -> SafetyTable {
    let row = |group: &str, label: &str, cells: [(f64, f64, f64); 2]| SafetyRow {
        group: group.into(),
        label: label.into(),
        cells: cells
            .map(|(subjects, lower, upper)| SafetyCell {
                subjects,
                proportion: Estimate::new(subjects / 18.0, lower, upper),
            })
            .to_vec(),
    };
    let none = (0.0, 0.0, 0.185);
    let (crs, icans) = ("Cytokine release syndrome", "Neurotoxicity (ICANS)");
    let arm = |name: &str| SafetyArm {
        name: name.into(),
        treated: 18.0,
    };
    SafetyTable {
        arms: vec![arm(PRODUCT), arm(PLACEBO)],
        rows: vec![
            row(crs, "Any grade", [(4.0, 0.064, 0.476), none]),
            row(crs, "Grade 1", [(3.0, 0.036, 0.414), none]),
            row(crs, "Grade 2", [(1.0, 0.001, 0.273), none]),
            row(crs, "Grade 3 or higher", [none, none]),
            row(icans, "Any grade", [none, none]),
            row(
                "Infection",
                "Serious infection",
                [(2.0, 0.014, 0.347), (1.0, 0.001, 0.273)],
            ),
        ],
        caption: "Patients with at least one event until month 6, by highest grade (ASTCT 2019, \
                  doi:10.1016/j.bbmt.2018.12.758); Clopper-Pearson 95% intervals."
            .into(),
    }
}

fn operating() -> Vec<OperatingCharacteristic> {
    let row =
        |measure, analysis: &str, scenario: &str, value: f64, error: f64, target, unit: &str| {
            OperatingCharacteristic {
                measure,
                analysis: analysis.into(),
                scenario: scenario.into(),
                estimate: Estimate::new(value, value - 1.96 * error, value + 1.96 * error),
                monte_carlo_standard_error: error,
                target,
                unit: unit.into(),
                replicates: 10_000,
            }
        };
    let (fisher, ancova) = ("Responders, Fisher's exact", "MG-ADL, ANCOVA");
    vec![
        row(
            Measure::Power,
            fisher,
            "as modelled",
            0.583,
            0.0049,
            0.8,
            "",
        ),
        row(
            Measure::Power,
            ancova,
            "as modelled",
            0.871,
            0.0034,
            0.8,
            "",
        ),
        row(
            Measure::TypeOneError,
            fisher,
            "null: no effect",
            0.026,
            0.0016,
            0.05,
            "",
        ),
        row(
            Measure::TypeOneError,
            ancova,
            "null: no effect",
            0.0508,
            0.0022,
            0.05,
            "",
        ),
        row(
            Measure::Bias,
            ancova,
            "as modelled",
            -0.012,
            0.0094,
            0.0,
            "points",
        ),
        row(
            Measure::Coverage,
            "Wilson interval of the response",
            "as modelled",
            0.953,
            0.0021,
            0.95,
            "",
        ),
        row(
            Measure::Coverage,
            ancova,
            "as modelled",
            0.947,
            0.0022,
            0.95,
            "",
        ),
    ]
}

fn assumptions() -> Vec<Assumption> {
    let row = |name: &str, symbol: &str, value: &str, unit: &str, grade, source: &str| Assumption {
        name: name.into(),
        symbol: symbol.into(),
        value: value.into(),
        unit: unit.into(),
        grade,
        source: source.into(),
        ..Assumption::default()
    };
    let mut rows = vec![
        row(
            "Half-life of IgG",
            "thalf_IgG",
            "21",
            "days",
            Grade::Seen,
            "Waldmann and Strober 1969, doi:10.1000/example.2",
        ),
        row(
            "B cells in blood at rest",
            "B0",
            "200 (90 to 400)",
            "cells/uL",
            Grade::Seen,
            "Morbach 2010, doi:10.1111/j.1365-2249.2010.04206.x",
        ),
        row(
            "Volume of plasma",
            "V_pl",
            "3.0",
            "L",
            Grade::Seen,
            "convention",
        ),
        row(
            "Share of IgG from long-lived plasma cells",
            "f_LLPC",
            "0.7",
            "",
            Grade::Recalled,
            "Hammarlund 2017",
        ),
        row(
            "Turnover of short-lived plasma cells",
            "k_SLPC",
            "0.14",
            "1/day",
            Grade::Recalled,
            "textbook value",
        ),
        row(
            "Killing rate of CAR T cells per target contact",
            "k_kill",
            "0.031",
            "uL/(cells*day)",
            Grade::Derived,
            "fitted to depletion in three trials",
        ),
        row(
            "Placebo response in MG-ADL",
            "placebo_max",
            "2.4",
            "points",
            Grade::Derived,
            "placebo arms of phase 3 trials, pooled",
        ),
    ];
    rows.extend((1..=5).map(|i| {
        row(
            &format!("Shape of the dose response, part {i}"),
            &format!("hill_{i}"),
            "1.0",
            "",
            Grade::Assumed,
            "no data",
        )
    }));
    rows
}

fn many_arms() -> TrialReport {
    let name = |i: usize| {
        match i {
        3 => "An arm with an exceedingly long name that nobody would print in full but everybody writes, 1.0e6 cells/kg".to_string(),
        5 => "<script>alert('x')</script>".to_string(),
        i => format!("Dose level {}", i + 1),
    }
    };
    let mut report = trial();
    report.title =
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft: \
                    twelve arms and very long names"
            .into();
    let shape = report.trajectories[0].arms[0].clone();
    report.trajectories[0].arms = (0..12)
        .map(|i| TrajectoryArm {
            name: name(i),
            median: shape
                .median
                .iter()
                .map(|v| v.powf(1.0 - 0.03 * i as f64))
                .collect(),
            ..shape.clone()
        })
        .collect();
    let curve = report.survival[0].arms[0].clone();
    report.survival[0].arms = (0..12)
        .map(|i| SurvivalArm {
            name: name(i),
            ..curve.clone()
        })
        .collect();
    let bar = report.responders[0].groups[0].bars[0].clone();
    report.responders[0].groups[0].bars = (0..12)
        .map(|i| ResponderBar {
            arm: name(i),
            ..bar.clone()
        })
        .collect();
    let score = report.scores[0].arms[0].clone();
    report.scores[0].arms = (0..12)
        .map(|i| ScoreArm {
            name: name(i),
            ..score.clone()
        })
        .collect();
    if let Some(flow) = &mut report.flow {
        let arm = flow.arms[0].clone();
        flow.arms = (0..12)
            .map(|i| FlowArm {
                name: name(i),
                ..arm.clone()
            })
            .collect();
    }
    if let Some(safety) = &mut report.safety {
        safety.arms = (0..12)
            .map(|i| SafetyArm {
                name: name(i),
                treated: 18.0,
            })
            .collect();
        for row in &mut safety.rows {
            row.cells = vec![row.cells[0].clone(); 12];
        }
    }
    report
}

fn patient() -> PatientFigure {
    let mut time_days: Vec<f64> = (-6..60).map(f64::from).collect();
    time_days.extend((0..100).map(|i| 60.0 + 6.7 * i as f64));
    let over =
        |value: &dyn Fn(f64) -> f64| time_days.iter().map(|&t| value(t)).collect::<Vec<f64>>();
    let visits: Vec<f64> = (0..9).map(|i| 91.3125 * i as f64).collect();
    PatientFigure {
        title: "Virtual patient 17, AQP4 NMOSD, autologous BCMA CAR T (layout sample)".into(),
        car_t_cells_per_ul: over(&|t| match t {
            t if t < 0.0 => 0.0,
            t if t < 11.0 => 0.4 * (t * 0.55).exp(),
            t => {
                0.4 * f64::exp(6.05)
                    * (0.9 * (-(t - 11.0) / 5.0).exp() + 0.1 * (-(t - 11.0) / 70.0).exp())
            }
        }),
        b_cells_per_ul: over(&|t| match t {
            t if t < -3.0 => 180.0,
            t if t < 150.0 => 180.0 * (-(t + 3.0) / 4.0).exp() + 0.02,
            t => 180.0 / (1.0 + (-(t - 420.0) / 55.0).exp()) + 0.02,
        }),
        autoantibody_percent: over(&|t| 100.0 * (0.06 + 0.94 * (-t.max(0.0) / 28.0).exp())),
        igg_g_per_l: over(&|t| {
            10.6 - 6.4 * (1.0 - (-t.max(0.0) / 35.0).exp())
                + 5.0 / (1.0 + (-(t - 480.0) / 60.0).exp())
        }),
        il6_pg_per_ml: over(&|t| 3.0 + 420.0 * (-((t - 9.0) / 2.2).powi(2)).exp()),
        scores: vec![ScoreCourse {
            name: "EDSS".into(),
            values: vec![4.5, 4.5, 4.0, 4.0, 3.5, 3.5, 3.5, 4.5, 4.0],
            time_days: visits,
        }],
        attacks_days: vec![612.0],
        treatments: [
            (-5.0, "lymphodepletion"),
            (-4.0, "lymphodepletion"),
            (-3.0, "lymphodepletion"),
            (0.0, "CAR T infusion"),
        ]
        .map(|(time_days, label)| TimeMark {
            time_days,
            label: label.into(),
        })
        .to_vec(),
        caption: String::new(),
        time_days,
    }
}

fn validation() -> ValidationReport {
    let row = |group: &str,
               quantity: &str,
               unit: &str,
               p: (f64, f64, f64),
               s: (f64, f64, f64),
               note: &str| {
        let verdict = if s.0 >= p.1 && s.0 <= p.2 {
            Verdict::Pass
        } else {
            Verdict::Fail
        };
        ValidationRow {
            group: group.into(),
            quantity: quantity.into(),
            unit: unit.into(),
            published: Estimate::new(p.0, p.1, p.2),
            simulated: Estimate::new(s.0, s.1, s.2),
            acceptance: Estimate::MISSING,
            verdict,
            source: "Example 2024, doi:10.1000/example.3".into(),
            note: note.into(),
        }
    };
    ValidationReport {
        title: "Simulated against published (layout sample)".into(),
        introduction: "Invented numbers that show how a comparison looks.".into(),
        rows: vec![
            row(
                "CD19 CAR T in lupus",
                "Day of the CAR T peak",
                "days",
                (9.0, 7.0, 14.0),
                (10.2, 8.8, 11.9),
                "",
            ),
            row(
                "CD19 CAR T in lupus",
                "B cells return",
                "days",
                (110.0, 60.0, 180.0),
                (131.0, 92.0, 204.0),
                "",
            ),
            row(
                "BCMA CAR T in myasthenia gravis",
                "IgG at week 4, percent of baseline",
                "%",
                (78.0, 70.0, 85.0),
                (61.0, 55.0, 66.0),
                "falls too fast: the share of long-lived plasma cells that express BCMA is set too high",
            ),
            row(
                "BCMA CAR T in myasthenia gravis",
                "CRS of any grade",
                "%",
                (25.0, 9.0, 51.0),
                (31.0, 28.0, 34.0),
                "",
            ),
            row(
                "Anti-CD20 in multiple sclerosis",
                "Annualised relapse rate",
                "per year",
                (0.156, 0.12, 0.2),
                (0.52, 0.48, 0.57),
                "frailty is not calibrated yet",
            ),
        ],
    }
}

/// A small linear congruential generator: the sample needs scatter, not quality.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as f64 + 0.5) / (1u64 << 31) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}
