//! `neurocart patient`: one virtual patient, with a summary for the terminal and a figure.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use neurocart_library::Library;
use neurocart_report::figure::TimeMark;
use neurocart_report::patient_report::{
    PatientFigure, ScoreCourse, render_patient_svg, render_patient_text,
};
use neurocart_trial::correlation::Correlations;
use neurocart_trial::course::Visit;
use neurocart_trial::individual::{Individual, Summary, Who, simulate};
use neurocart_trial::layers::Layers;
use neurocart_trial::scenario::Scenario;

use crate::exit::{Exit, print, print_json, write_file};
use crate::model::ScenarioArguments;

const DAYS_PER_MONTH: f64 = 365.0 / 12.0;
/// Scores are shown every four weeks.
const VISIT_EVERY_DAYS: f64 = 28.0;
const TERMINAL_WIDTH: usize = 96;

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    scenario: ScenarioArguments,
    /// Months to simulate after day 0.
    #[arg(long, default_value_t = 24.0)]
    months: f64,
    /// Number of a virtual patient; the typical patient where it is missing.
    #[arg(long, value_name = "NUMBER")]
    patient: Option<u64>,
    /// Seed of the patient's draws and of the clinical course.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Show the placebo response of a blinded trial.
    #[arg(long)]
    blinded: bool,
    /// Where to write the figure (SVG); `DISEASE-THERAPY.svg` where it is missing.
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
    /// Summary, trajectory and course as JSON on standard output, instead of text and figure.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Trajectory as CSV on standard output, instead of text and figure.
    #[arg(long)]
    csv: bool,
}

pub fn run(arguments: &Arguments, library: &Library) -> Result<(), Exit> {
    let (end_days, visits) = horizon(arguments.months)?;
    let loaded = arguments.scenario.load(library)?;
    let scenario = loaded.scenario(library, end_days, &visits)?;
    let layers = Layers::of(&loaded.parameters, &loaded.disease, &loaded.overrides)?;
    let correlations = Correlations::of(library)?;
    let who = arguments.patient.map_or(Who::Typical, Who::Number);
    let blinded = arguments.blinded;
    let patient = simulate(
        &scenario,
        &layers,
        &correlations,
        who,
        arguments.seed,
        blinded,
        &visits,
    )?;
    if arguments.csv {
        return print(&csv(&patient));
    }
    if arguments.json {
        return print_json(&json(&patient, &scenario, arguments));
    }
    let figure = figure(&patient, &scenario, arguments);
    let path = arguments
        .figure
        .clone()
        .unwrap_or_else(|| format!("{}-{}.svg", scenario.disease.id, scenario.therapy.id).into());
    let mut text = format!("{}\n\n", figure.title);
    text += &summary_text(&patient.summary, end_days, &scenario);
    let _ = write!(text, "\n{}\n", render_patient_text(&figure, TERMINAL_WIDTH));
    print(&text)?;
    write_file(&path, &render_patient_svg(&figure))?;
    print(&format!(
        "figure  {}\nnext    neurocart patient --disease {} --therapy {} --patient 1   (a random patient)\n",
        path.display(),
        scenario.disease.id,
        scenario.therapy.id
    ))
}

/// End of the simulation and days of the visits of so many months.
pub fn horizon(months: f64) -> Result<(f64, Vec<f64>), Exit> {
    if !(months > 0.0 && months <= 600.0) {
        return Err(Exit::invalid(format!(
            "`--months` is {months}, expected more than 0 and at most 600"
        )));
    }
    let end_days = (months * DAYS_PER_MONTH).round().max(1.0);
    let visits = (0..=(end_days / VISIT_EVERY_DAYS) as usize).map(|i| i as f64 * VISIT_EVERY_DAYS);
    Ok((end_days, visits.collect()))
}

fn summary_text(s: &Summary, end_days: f64, scenario: &Scenario) -> String {
    let mut lines: Vec<(&str, String)> = Vec::new();
    if let (Some(peak), Some(day)) = (s.car_t_peak_cells_per_ul, s.car_t_peak_day) {
        lines.push((
            "CAR T peak",
            format!("{} cells/uL on day {day}", significant(peak)),
        ));
    }
    let aplasia = match (s.b_cell_aplasia_start_day, s.b_cell_aplasia_days) {
        (Some(start), Some(length)) => {
            let end = if s.b_cell_aplasia_goes_on {
                ", not over at the end"
            } else {
                ""
            };
            format!("{length:.0} days below 10 cells/uL, from day {start:.0}{end}")
        }
        _ => "none (never below 10 cells/uL)".to_string(),
    };
    lines.push(("B-cell aplasia", aplasia));
    if let Some(name) = &scenario.disease.autoantibody {
        lines.push((
            "Autoantibody nadir",
            format!(
                "{name} {} % of baseline on day {:.0}",
                significant(s.autoantibody_nadir_percent),
                s.autoantibody_nadir_day
            ),
        ));
    }
    lines.push((
        "IgG nadir",
        format!(
            "{} g/L on day {:.0}",
            significant(s.igg_nadir_g_per_l),
            s.igg_nadir_day
        ),
    ));
    if let (Some(crs), Some(icans)) = (s.crs_probability_by_grade, s.icans_probability_by_grade) {
        lines.push((
            "CRS, ICANS risk",
            format!(
                "CRS any {:.0} %, grade 3+ {:.1} %; ICANS any {:.1} % (IL-6 peak {} pg/mL, day {})",
                100.0 * crs[0],
                100.0 * crs[2],
                100.0 * icans[0],
                significant(s.il6_peak_pg_per_ml),
                s.il6_peak_day
            ),
        ));
    }
    let mut course = Vec::new();
    if let Some(expected) = s.attacks_expected {
        let name = scenario
            .disease
            .attacks
            .as_ref()
            .map_or("attack", |a| a.event_name.as_str());
        course.push(match s.attacks {
            Some(1) => format!("1 {name} ({expected:.2} expected)"),
            Some(n) => format!("{n} {name}s ({expected:.2} expected)"),
            None => format!("{expected:.2} {name}s expected"),
        });
    }
    for (name, score) in [
        ("EDSS", s.edss),
        ("MG-ADL", s.mg_adl),
        ("QMG", s.qmg),
        ("T25FW in s", s.t25fw_seconds),
        ("INCAT", s.incat),
    ] {
        if let Some([first, last]) = score {
            course.push(format!(
                "{name} {} to {}",
                significant(first),
                significant(last)
            ));
        }
    }
    if course.is_empty() {
        course.push("no clinical layer for this disease".to_string());
    }
    lines.push((
        "Clinical course",
        format!("{} in {end_days:.0} days", course.join(", ")),
    ));
    let width = lines.iter().map(|l| l.0.len()).max().unwrap_or(0);
    lines.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "{name:width$}  {value}");
        text
    })
}

/// Three significant digits.
fn significant(value: f64) -> String {
    neurocart_report::format::significant(value)
}

fn figure(patient: &Individual, scenario: &Scenario, arguments: &Arguments) -> PatientFigure {
    let who = match arguments.patient {
        None => "Typical patient".to_string(),
        Some(n) => format!("Virtual patient {n}"),
    };
    let visits = &patient.course.visits;
    let score = |name: &str, of: fn(&Visit) -> Option<f64>| {
        let values: Vec<f64> = visits.iter().filter_map(of).collect();
        (!values.is_empty()).then(|| ScoreCourse {
            name: name.to_string(),
            time_days: visits.iter().map(|v| v.time_days).collect(),
            values,
        })
    };
    let mut treatments: Vec<TimeMark> = Vec::new();
    let mut mark = |days: &[f64], label: &str| {
        treatments.extend(days.iter().map(|&time_days| TimeMark {
            time_days,
            label: label.to_string(),
        }));
    };
    if let Some(l) = &scenario.therapy.lymphodepletion {
        mark(&l.days[..l.days.len().min(1)], "lymphodepletion");
    }
    mark(&scenario.therapy.infusion_days, "CAR T");
    for drug in &scenario.therapy.drugs {
        for dose in &drug.doses {
            let end = scenario.times_days().last().copied().unwrap_or(0.0);
            mark(&dose.days_until(end), &drug.name);
        }
    }
    let car_t = scenario.therapy.is_car_t();
    let series = |name: &str| patient.series(name);
    PatientFigure {
        title: format!(
            "{who}, {}, {}",
            scenario.disease.short_name, scenario.therapy.short_name
        ),
        time_days: patient.times_days.clone(),
        car_t_cells_per_ul: if car_t { series("CARb") } else { Vec::new() },
        b_cells_per_ul: series("Bb"),
        autoantibody_percent: match scenario.disease.autoantibody {
            Some(_) => series("Ap"),
            None => Vec::new(),
        },
        igg_g_per_l: series("cG"),
        il6_pg_per_ml: if car_t { series("IL6") } else { Vec::new() },
        scores: [
            score("EDSS", |v| v.edss),
            score("MG-ADL", |v| v.mg_adl),
            score("QMG", |v| v.qmg),
            score("T25FW (s)", |v| v.t25fw_seconds),
            score("INCAT", |v| v.incat),
        ]
        .into_iter()
        .flatten()
        .collect(),
        attacks_days: patient.course.attacks.iter().map(|a| a.time_days).collect(),
        treatments,
        caption: format!(
            "Simulated with neurocart {}, seed {}. {}",
            env!("CARGO_PKG_VERSION"),
            arguments.seed,
            crate::RESEARCH_ONLY
        ),
    }
}

fn csv(patient: &Individual) -> String {
    let mut text = format!("time_days,{}\n", patient.outputs.join(","));
    for (i, time) in patient.times_days.iter().enumerate() {
        let _ = write!(text, "{time}");
        for value in &patient.values[i * patient.outputs.len()..][..patient.outputs.len()] {
            let _ = write!(text, ",{value}");
        }
        text.push('\n');
    }
    text
}

fn json(patient: &Individual, scenario: &Scenario, arguments: &Arguments) -> serde_json::Value {
    let unit = |output: &String| {
        let symbol = scenario.model.symbol(output)?;
        Some((output.clone(), json!(scenario.model[symbol].unit)))
    };
    let units: serde_json::Map<String, serde_json::Value> =
        patient.outputs.iter().filter_map(unit).collect();
    let series: serde_json::Map<String, serde_json::Value> = patient
        .outputs
        .iter()
        .map(|o| (o.clone(), json!(patient.series(o))))
        .collect();
    let course = &patient.course;
    let attacks: Vec<_> = course
        .attacks
        .iter()
        .map(|a| {
            json!({
                "time_days": a.time_days,
                "edss_jump": a.edss_jump,
                "edss_residual": a.edss_residual,
            })
        })
        .collect();
    let visits: Vec<_> = course
        .visits
        .iter()
        .map(|v| {
            json!({
                "time_days": v.time_days,
                "edss": v.edss,
                "mg_adl": v.mg_adl,
                "qmg": v.qmg,
                "mgc": v.mgc,
                "t25fw_seconds": v.t25fw_seconds,
                "incat": v.incat,
            })
        })
        .collect();
    json!({
        "disease": arguments.scenario.disease,
        "therapy": arguments.scenario.therapy,
        "patient": arguments.patient,
        "seed": arguments.seed,
        "version": env!("CARGO_PKG_VERSION"),
        "summary": patient.summary,
        "time_days": patient.times_days,
        "outputs": series,
        "units": units,
        "course": {
            "attacks": attacks,
            "visits": visits,
            "serious_infections_days": course.serious_infections_days,
            "clone_extinct_days": course.clone_extinct_days,
            "clone_refounded_days": course.clone_refounded_days,
        },
    })
}
