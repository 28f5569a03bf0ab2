//! Writes every figure of the evidence base with invented numbers, to judge layout and type.
//!
//! `cargo run -p neurocart-report --example evidence_showcase -- DIR` (default: the current folder).
//! The data are a LAYOUT SAMPLE: names and numbers are made up, no study is meant.

use std::path::{Path, PathBuf};
use std::{env, fs};

use neurocart_report::estimate::Estimate;
use neurocart_report::figure::evidence_map::*;
use neurocart_report::figure::forest::*;
use neurocart_report::figure::swimmer::*;
use neurocart_report::figure::timeline::*;
use neurocart_report::figure::{Layout, ReferenceLine};

const NOTICE: &str = "Layout sample with invented numbers: no study is meant.";

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| ".".to_string()));
    fs::create_dir_all(&folder)?;
    for (name, layout) in [("wide", Layout::Wide), ("narrow", Layout::Narrow)] {
        let write = |figure: &str, svg: String| {
            fs::write(Path::new(&folder).join(format!("{figure}-{name}.svg")), svg)
        };
        write("forest", render_forest_svg(&forest(), layout))?;
        write("forest-60", render_forest_svg(&many_studies(), layout))?;
        write("forest-omit", render_forest_svg(&leave_one_out(), layout))?;
        write("forest-change", render_forest_svg(&changes(), layout))?;
        write("forest-ratio", render_forest_svg(&ratios(), layout))?;
        write("swimmer", render_swimmer_svg(&swimmers(9), layout))?;
        write("swimmer-48", render_swimmer_svg(&swimmers(48), layout))?;
        write("map", render_evidence_map_svg(&map(5, 4, 2), layout))?;
        write("map-full", render_evidence_map_svg(&map(15, 8, 3), layout))?;
        write("timeline", render_timeline_svg(&timeline(12), layout))?;
        write("timeline-120", render_timeline_svg(&timeline(120), layout))?;
    }
    eprintln!("wrote the layout sample to {}", folder.display());
    Ok(())
}

/// A proportion with a rough interval, good enough to be drawn.
fn proportion(events: u64, patients: u64) -> Estimate {
    let (x, n) = (events as f64, patients as f64);
    let centre = (x + 2.0) / (n + 4.0);
    let half = 2.0 * (centre * (1.0 - centre) / (n + 4.0)).sqrt();
    Estimate::new(
        x / n,
        (centre - half).clamp(0.0, x / n),
        (centre + half).clamp(x / n, 1.0),
    )
}

fn study(label: &str, events: u64, patients: u64, mark: ForestMark) -> ForestRow {
    ForestRow {
        label: label.into(),
        detail: format!("{events}/{patients}"),
        estimate: proportion(events, patients),
        weight: if mark == ForestMark::Study {
            patients as f64 / 60.0
        } else {
            f64::NAN
        },
        mark,
    }
}

fn pooled(label: &str, method: &str, estimate: [f64; 3], mark: PooledMark) -> PooledRow {
    PooledRow {
        label: label.into(),
        method: method.into(),
        estimate: Estimate::new(estimate[0], estimate[1], estimate[2]),
        prediction_lower: f64::NAN,
        prediction_upper: f64::NAN,
        studies: 5,
        patients: 71,
        mark,
    }
}

fn forest() -> ForestPlot {
    use ForestMark::{Recalled, Study};
    let neuroimmune = ForestGroup {
        heading: "Neuroimmune disease".into(),
        rows: vec![
            study("Aspen 2023, NMOSD, BCMA", 12, 12, Study),
            study("Birch 2024, myasthenia gravis, CD19", 4, 6, Study),
            study("Cedar and Dogwood 2024, stiff-person syndrome and CIDP, CD19 with a long product name", 9, 10, Study),
            study("Elm 2025, multiple sclerosis, CD19", 3, 5, Study),
            study("Fir 2025, myasthenia gravis, BCMA mRNA", 0, 38, Study),
            study("Ginkgo 2022, NMOSD, CD19/CD20", 2, 3, Recalled),
        ],
        pooled: vec![
            PooledRow {
                prediction_lower: 0.04,
                prediction_upper: 0.99,
                ..pooled("Pooled", "random effects on the logit scale, REML, Hartung-Knapp", [0.71, 0.22, 0.95], PooledMark::Diamond)
            },
            pooled("Beta-binomial", "Bayes, half-normal(1) on tau", [0.62, 0.30, 0.87], PooledMark::HollowDiamond),
            pooled("Crude", "sum of events, Clopper-Pearson", [0.394, 0.28, 0.517], PooledMark::Interval),
        ],
        note: "I² 84% (60 to 93), tau² 3.1, Q = 24.6 on 4 degrees of freedom. Recalled rows are shown and not pooled.".into(),
    };
    let rheumatology = ForestGroup {
        heading: "Rheumatology".into(),
        rows: vec![
            study("Hazel 2024, lupus and myositis, CD19", 10, 15, Study),
            study("Iris 2025, lupus, CD19/BCMA", 12, 13, Study),
        ],
        note: "2 studies: not pooled.".into(),
        ..ForestGroup::default()
    };
    let none = ForestGroup {
        heading: "Neuropathy after gammopathy".into(),
        note: "No study.".into(),
        ..ForestGroup::default()
    };
    ForestPlot {
        title: "Cytokine release syndrome of any grade".into(),
        measure: "Patients with the event".into(),
        detail_heading: "Events/patients".into(),
        estimate_heading: "Share (95% interval)".into(),
        groups: vec![neuroimmune, rheumatology, none],
        caption: format!("Intervals of studies: Clopper-Pearson. {NOTICE}"),
        ..ForestPlot::default()
    }
}

fn many_studies() -> ForestPlot {
    let rows = (0..60).map(|i| {
        let label = format!(
            "Author{} {}, {}",
            i + 1,
            2015 + i % 11,
            [
                "diffuse large B-cell lymphoma, axicabtagene, third line or later",
                "myeloma",
                "mantle-cell lymphoma, CD19"
            ][i % 3]
        );
        study(
            &label,
            (i as u64 * 7) % 13,
            12 + (i as u64 * 37) % 180,
            ForestMark::Study,
        )
    });
    let group = ForestGroup {
        heading: "Oncology".into(),
        rows: rows.collect(),
        pooled: forest().groups[0].pooled[..1].to_vec(),
        note: String::new(),
    };
    ForestPlot {
        title: "ICANS of grade 3 or higher, with a heading that goes on for longer than the figure is wide and so must end".into(),
        groups: vec![group],
        reference: Some(ReferenceLine { value: 0.04, label: "assumed in the trial".into() }),
        ..forest()
    }
}

fn leave_one_out() -> ForestPlot {
    let rows = (0..9).map(|i| ForestRow {
        label: format!("Omitting Aspen {}", 2016 + i),
        detail: format!("k = {}", 8),
        estimate: Estimate::new(0.5 + 0.02 * (i as f64 - 4.0), 0.3, 0.7 + 0.02 * i as f64),
        weight: f64::NAN,
        mark: ForestMark::Pooled,
    });
    ForestPlot {
        title: "Leave one out: cytokine release syndrome".into(),
        measure: "Pooled share of patients with the event".into(),
        detail_heading: "Studies".into(),
        estimate_heading: "Share (95% interval)".into(),
        groups: vec![ForestGroup {
            rows: rows.collect(),
            ..ForestGroup::default()
        }],
        reference: Some(ReferenceLine {
            value: 0.5,
            label: "all studies".into(),
        }),
        ..ForestPlot::default()
    }
}

fn changes() -> ForestPlot {
    let row = |label: &str, n: u32, value: f64, half: f64, weight: f64| ForestRow {
        label: label.into(),
        detail: format!("n = {n}"),
        estimate: Estimate::new(value, value - half, value + half),
        weight,
        mark: ForestMark::Study,
    };
    ForestPlot {
        title: "Change of MG-ADL at month 3".into(),
        measure: "Mean change of MG-ADL from baseline (points)".into(),
        scale: ForestScale::Linear,
        estimate_heading: "Mean (95% interval)".into(),
        groups: vec![ForestGroup {
            heading: "Myasthenia gravis".into(),
            rows: vec![
                row("Aspen 2023", 14, -6.0, 1.5, 0.4),
                row("Birch 2024", 2, -8.0, 40.0, 0.02),
                row("Cedar 2025", 18, -4.2, 1.4, 0.5),
                row("Elm 2025 (not reported)", 6, f64::NAN, 1.0, f64::NAN),
            ],
            pooled: vec![PooledRow {
                prediction_lower: f64::NEG_INFINITY,
                prediction_upper: f64::INFINITY,
                ..pooled(
                    "Pooled",
                    "random effects, REML, Hartung-Knapp",
                    [-5.1, -7.4, -2.6],
                    PooledMark::Diamond,
                )
            }],
            note: String::new(),
        }],
        ..ForestPlot::default()
    }
}

fn ratios() -> ForestPlot {
    let row = |label: &str, value: f64, lower: f64, upper: f64| ForestRow {
        label: label.into(),
        estimate: Estimate::new(value, lower, upper),
        weight: f64::NAN,
        ..ForestRow::default()
    };
    ForestPlot {
        title: "Autoantibody titre against baseline".into(),
        measure: "Ratio to baseline".into(),
        scale: ForestScale::LogRatio,
        estimate_heading: "Ratio (95% interval)".into(),
        groups: vec![ForestGroup {
            heading: "BCMA".into(),
            rows: vec![
                row("Aspen 2023", 0.32, 0.2, 0.51),
                row("Birch 2024", 0.08, 0.001, 0.9),
                row("Cedar 2025", 1.2, 0.7, 2.1),
                row("Elm 2025", 0.0, 0.0, 0.3),
            ],
            pooled: vec![pooled(
                "Pooled",
                "random effects on the log scale",
                [0.35, 0.2, 0.7],
                PooledMark::Diamond,
            )],
            note: String::new(),
        }],
        ..ForestPlot::default()
    }
}

fn swimmers(patients: usize) -> SwimmerPlot {
    let diseases = [
        "NMOSD, BCMA",
        "Myasthenia gravis, CD19",
        "Multiple sclerosis, CD19",
    ];
    let swimmer = |i: usize| {
        let end = 3.0 + ((i * 37) % 29) as f64 * 0.7;
        let mark = |time_months: f64, kind: &str| SwimmerMark {
            time_months,
            kind: kind.into(),
        };
        let mut marks = vec![mark(0.1, "CRS grade 1 or 2")];
        if i.is_multiple_of(3) {
            marks.push(mark(0.15, "ICANS"));
        }
        if i % 4 == 1 {
            marks.push(mark(0.8 * end, "relapse"));
        }
        if i % 5 == 2 {
            marks.push(mark(0.4 * end, "serious infection"));
        }
        if i % 7 == 3 {
            marks.push(mark(0.6 * end, "rescue therapy"));
        }
        if i % 11 == 6 {
            marks.push(mark(end, "death"));
        }
        let mut spans = vec![SwimmerSpan {
            from_months: 0.3,
            to_months: (2.0 + (i % 5) as f64).min(end),
            kind: "B-cell aplasia".into(),
        }];
        if i.is_multiple_of(2) {
            spans.push(SwimmerSpan {
                from_months: 0.0,
                to_months: 1.5,
                kind: "steroids".into(),
            });
        }
        Swimmer {
            label: format!("Aspen {}, patient {}", 2022 + i % 4, i + 1),
            group: diseases[(3 * i / patients).min(2)].into(),
            end_months: if i == 4 { f64::NAN } else { end },
            ongoing: i % 11 != 6 && i % 3 != 1,
            marks,
            spans,
        }
    };
    SwimmerPlot {
        title: "Courses after CAR T-cell infusion".into(),
        time_label: "Months since infusion".into(),
        patients: (0..patients).map(swimmer).collect(),
        caption: NOTICE.into(),
    }
}

fn map(rows: usize, columns: usize, panels: usize) -> EvidenceMap {
    let targets = [
        "CD19",
        "BCMA",
        "CD19 and BCMA",
        "CD20",
        "CD19/CD20 tandem",
        "MuSK (CAAR)",
        "CD7",
        "CD19 in vivo, lipid nanoparticles",
    ];
    let diseases = [
        "NMOSD",
        "Myasthenia gravis",
        "Multiple sclerosis",
        "MOG antibody disease",
        "Stiff-person syndrome",
        "CIDP",
        "Autoimmune encephalitis",
        "Lambert-Eaton syndrome",
        "Neurosarcoidosis",
        "Lupus with involvement of the nervous system",
        "Dermatomyositis and other myositis",
        "Immune-mediated necrotising myopathy",
        "Anti-IgLON5 disease",
        "Susac syndrome",
        "Rasmussen encephalitis",
    ];
    let outcomes = [
        "Cytokine release syndrome",
        "Neurotoxicity (ICANS)",
        "Relapse",
    ];
    let cell = |panel: usize, row: usize, column: usize| {
        let key = (panel * 31 + row * 17 + column * 7) % 11;
        let studies = if column > 1 && row > 2 && !key.is_multiple_of(3) {
            0
        } else {
            [0, 3, 0, 1, 2, 0, 0, 14, 1, 0, 5][key]
        };
        MapCell {
            studies,
            patients: studies * studies * (3 + key as u64),
            recalled_only: key == 3,
            note: if key == 8 {
                "case reports".into()
            } else {
                String::new()
            },
        }
    };
    let panel = |panel: usize| MapPanel {
        heading: outcomes[panel % 3].into(),
        columns: targets[..columns]
            .iter()
            .map(|name| name.to_string())
            .collect(),
        rows: (0..rows)
            .map(|row| MapRow {
                label: diseases[row].into(),
                cells: (0..columns)
                    .map(|column| cell(panel, row, column))
                    .collect(),
            })
            .collect(),
    };
    EvidenceMap {
        title: "Evidence by disease, target and outcome".into(),
        panels: (0..panels).map(panel).collect(),
        caption: NOTICE.into(),
    }
}

fn timeline(trials: usize) -> Timeline {
    use TrialStatus::*;
    let statuses = [
        Recruiting,
        Completed,
        ActiveNotRecruiting,
        NotYetRecruiting,
        Stopped,
        Unknown,
        Recruiting,
    ];
    let diseases = [
        "NMOSD",
        "Myasthenia gravis",
        "Multiple sclerosis",
        "Several diseases",
    ];
    let bar = |i: usize| {
        let status = statuses[(i * 5) % 7];
        let start = match status {
            NotYetRecruiting => 2026.9 + 0.1 * (i % 4) as f64,
            Completed => 2018.0 + (i % 5) as f64 * 0.6,
            _ => 2020.3 + ((i * 13) % 60) as f64 / 10.0,
        };
        TimelineBar {
            label: format!(
                "NCT0{} {}",
                4_500_000 + i * 12_345,
                [
                    "CT-101",
                    "KX-01",
                    "anti-BCMA mRNA CAR",
                    "anti-CD19 CAR-T of an academic centre with a long name"
                ][i % 4]
            ),
            start_year: if i % 17 == 9 { f64::NAN } else { start },
            end_year: if i % 9 == 4 {
                f64::NAN
            } else {
                start + 1.5 + ((i * 7) % 30) as f64 / 10.0
            },
            status,
            detail: format!(
                "phase {}, n = {}",
                ["1", "1/2", "2", "3"][i % 4],
                6 + (i * 11) % 90
            ),
        }
    };
    let group = |g: usize| TimelineGroup {
        heading: diseases[g].into(),
        bars: (0..trials)
            .filter(|i| i * 4 / trials == g)
            .map(bar)
            .collect(),
    };
    Timeline {
        title: "Registered trials of CAR T cells".into(),
        today_year: 2026.9,
        today_label: "registry as of 25 November 2026".into(),
        groups: (0..4).map(group).collect(),
        caption: NOTICE.into(),
    }
}
