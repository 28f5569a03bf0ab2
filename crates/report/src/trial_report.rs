//! The report of a trial: plain data in, one self-contained HTML file out.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::figure::svg::FIGURE_CSS;
use crate::figure::{
    DataTable, curves, interval, kaplan_meier, patient_flow, patient_panels, responders, scores,
    trajectory,
};
use crate::format::{coordinate, count, escape, fixed, pretty_unit};
use crate::html::{FigureBlock, link_dois};
use crate::patient_report::panel_figure;
use crate::safety::render_safety_html;

pub use crate::figure::curves::{Curve, CurveFigure, Join};
pub use crate::figure::interval::{Measure, OperatingCharacteristic};
pub use crate::figure::kaplan_meier::SurvivalFigure;
pub use crate::figure::patient_flow::PatientFlow;
pub use crate::figure::responders::ResponderFigure;
pub use crate::figure::scores::ScoreFigure;
pub use crate::figure::trajectory::TrajectoryFigure;
pub use crate::patient_report::PatientFigure;
pub use crate::safety::SafetyTable;

/// Everything a report says. Every part may be empty; an empty part says so in the report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrialReport {
    /// Name of the trial.
    pub title: String,
    /// The clinical question in words.
    pub question: String,
    /// A note of first importance above everything else (for example that the run is partial).
    pub notice: String,
    /// The answer, up to six lines.
    pub key_numbers: Vec<KeyNumber>,
    /// The design in words.
    pub design: Design,
    /// From screening to analysis.
    pub flow: Option<PatientFlow>,
    /// Measurements over time.
    pub trajectories: Vec<TrajectoryFigure>,
    /// Time to event.
    pub survival: Vec<SurvivalFigure>,
    /// Responders.
    pub responders: Vec<ResponderFigure>,
    /// Clinical scores.
    pub scores: Vec<ScoreFigure>,
    /// A few virtual patients in full.
    pub patients: Vec<PatientFigure>,
    /// Adverse events.
    pub safety: Option<SafetyTable>,
    /// Power, type I error, bias, coverage.
    pub operating_characteristics: Vec<OperatingCharacteristic>,
    /// What a design that decides while the trial runs does: curves with the numbers behind them.
    pub design_figures: Vec<DesignFigure>,
    /// What the model and the trial assume.
    pub assumptions: Vec<Assumption>,
    /// The studies on which those rest.
    pub evidence: Vec<StudyInUse>,
    /// Where the model is known to be wrong.
    pub known_failures: Vec<String>,
    /// What the run warned about.
    pub warnings: Vec<String>,
    /// How to get the same numbers again.
    pub provenance: Provenance,
}

/// Curves of a design with the numbers behind them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DesignFigure {
    /// The curves.
    pub figure: CurveFigure,
    /// A sentence or two under the figure.
    pub caption: String,
    /// Names of the table's columns, with units.
    pub head: Vec<String>,
    /// Rows, formatted by the caller, each as long as the head.
    pub rows: Vec<Vec<String>>,
}

/// One line of the answer, formatted by the caller.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyNumber {
    /// What it is, for example `Responders at month 3`.
    pub label: String,
    /// The number with its unit, for example `71 % against 40 %`.
    pub value: String,
    /// Interval and method, for example `difference 31 points, 95 % CI 2 to 60`.
    pub note: String,
}

/// The design in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Design {
    /// One paragraph.
    pub summary: String,
    /// Population, arms, visits, endpoints, analysis: one entry each.
    pub items: Vec<DesignItem>,
}

/// One aspect of the design.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DesignItem {
    /// For example `Primary endpoint`.
    pub label: String,
    /// In words; line breaks start a new line.
    pub text: String,
}

/// One assumption with its source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Assumption {
    /// What it is, in words.
    pub name: String,
    /// Symbol in the model.
    pub symbol: String,
    /// Value, formatted by the caller; may hold a range.
    pub value: String,
    /// Unit; empty for a pure number.
    pub unit: String,
    /// How well it is known.
    pub grade: Grade,
    /// Citation; a DOI in it becomes a link.
    pub source: String,
    /// Where in the source, or how it was derived.
    pub locator: String,
    /// Ids of the studies behind it.
    pub evidence: Vec<String>,
    /// True if the user gave the value in place of the library's.
    pub set_by_user: bool,
}

/// A study on which assumptions rest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StudyInUse {
    /// Id.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// What to cite; a DOI in it becomes a link.
    pub citation: String,
    /// How well the record is known.
    pub grade: Grade,
    /// Symbols of the values that rest on it.
    pub parameters: Vec<String>,
}

/// How well a value is known, from worst to best.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// A choice.
    #[default]
    Assumed,
    /// Known from the literature, but the source was not opened.
    Recalled,
    /// Calculated or fitted from values that were seen.
    Derived,
    /// Read in the source that is cited.
    Seen,
}

impl Grade {
    /// All grades, from worst to best.
    pub const ALL: [Grade; 4] = [Grade::Assumed, Grade::Recalled, Grade::Derived, Grade::Seen];

    /// The grade that the parameter table calls so; anything else is an assumption.
    pub fn of(name: &str) -> Grade {
        let known = Grade::ALL.into_iter().find(|grade| grade.name() == name);
        known.unwrap_or(Grade::Assumed)
    }

    /// Name in the parameter table.
    pub fn name(self) -> &'static str {
        match self {
            Grade::Assumed => "assumed",
            Grade::Recalled => "recalled",
            Grade::Derived => "derived",
            Grade::Seen => "seen",
        }
    }

    /// Name as a heading.
    fn heading(self) -> &'static str {
        match self {
            Grade::Assumed => "Assumed",
            Grade::Recalled => "Recalled",
            Grade::Derived => "Derived",
            Grade::Seen => "Seen",
        }
    }

    /// What it means, in words.
    pub fn meaning(self) -> &'static str {
        match self {
            Grade::Assumed => "a choice without a source",
            Grade::Recalled => "known from the literature, source not opened",
            Grade::Derived => "calculated or fitted from values that were seen",
            Grade::Seen => "read in the source that is cited",
        }
    }
}

/// How to get the same numbers again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// Seed of all random numbers.
    pub seed: u64,
    /// Version of neurocart.
    pub version: String,
    /// Hash of the resolved specification.
    pub spec_hash: String,
    /// Replicates of the trial.
    pub replicates: u64,
    /// Virtual patients solved.
    pub patients: u64,
    /// Wall time; leave out for reports that must be equal byte for byte.
    pub run_time_seconds: Option<f64>,
    /// The command that made this report.
    pub command: String,
    /// Anything else: model version, integrator tolerances, tables written.
    pub further: Vec<DesignItem>,
}

const TEMPLATE: &str = include_str!("template.html");
const PAGE_CSS: &str = include_str!("page.css");

/// The report as one HTML file: no script needed, no request to anywhere.
///
/// ```
/// use neurocart_report::trial_report::{TrialReport, render_html};
/// let report = TrialReport { title: "A <trial>".to_string(), ..TrialReport::default() };
/// let html = render_html(&report);
/// assert!(html.starts_with("<!doctype html>") && html.contains("A &lt;trial&gt;"));
/// ```
pub fn render_html(report: &TrialReport) -> String {
    let mut environment = minijinja::Environment::new();
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    environment.set_formatter(|out, state, value| {
        // Control characters have no place in a page and would make it ill-formed.
        match value.as_str() {
            Some(text) if !value.is_safe() && text.contains(|c: char| c.is_control()) => {
                let clean = text.replace(|c: char| c.is_control() && c != '\n', "");
                minijinja::escape_formatter(out, state, &minijinja::Value::from(clean))
            }
            _ => minijinja::escape_formatter(out, state, value),
        }
    });
    // The template is part of the program and the tests render it with every part present and
    // with none: these two can fail only by a mistake in the template itself.
    environment
        .add_template("report.html", TEMPLATE)
        .expect("the template parses");
    let template = environment
        .get_template("report.html")
        .expect("the template was added");
    template
        .render(minijinja::value::Serde(Page::new(report)))
        .expect("the template renders any report")
}

/// What the template reads: the report, with everything that is not plain text drawn already.
#[derive(Serialize)]
struct Page<'a> {
    report: &'a TrialReport,
    css: String,
    contents: Vec<Link>,
    flow: String,
    trajectories: Vec<String>,
    survival: Vec<String>,
    responders: Vec<String>,
    scores: Vec<String>,
    patient_figures: Vec<String>,
    safety: String,
    operating: String,
    design_figures: Vec<String>,
    grades: Vec<GradeBlock>,
    studies: Vec<StudyRow>,
    known_failures: Vec<String>,
    replicates: String,
    patients: String,
    run_time: String,
    generator: String,
}

#[derive(Clone, Serialize)]
struct Link {
    id: &'static str,
    name: &'static str,
}

/// The assumptions of one grade.
#[derive(Serialize)]
struct GradeBlock {
    name: &'static str,
    meaning: &'static str,
    count: usize,
    /// Shown unfolded: what the user set is few and comes first.
    open: bool,
    /// Share of all assumptions, for a bar.
    share_percent: String,
    rows: Vec<AssumptionRow>,
}

#[derive(Serialize)]
struct AssumptionRow {
    name: String,
    symbol: String,
    value: String,
    source: String,
    locator: String,
    /// HTML: ids, linked to the list of studies.
    evidence: Vec<String>,
}

#[derive(Serialize)]
struct StudyRow {
    id: String,
    title: String,
    citation: String,
    grade: &'static str,
    parameters: Vec<String>,
}

impl<'a> Page<'a> {
    fn new(report: &'a TrialReport) -> Self {
        let flow = report.flow.as_ref().map(flow_html).unwrap_or_default();
        let safety = report
            .safety
            .as_ref()
            .map(render_safety_html)
            .unwrap_or_default();
        Self {
            css: format!("{PAGE_CSS}{FIGURE_CSS}"),
            contents: contents(),
            flow,
            trajectories: numbered(&report.trajectories, "trajectory", trajectory_html),
            survival: numbered(&report.survival, "survival", survival_html),
            responders: numbered(&report.responders, "responders", responders_html),
            scores: numbered(&report.scores, "scores", scores_html),
            patient_figures: numbered(&report.patients, "patient", patient_html),
            safety,
            operating: operating_html(&report.operating_characteristics),
            design_figures: numbered(&report.design_figures, "design-figure", design_html),
            grades: grade_blocks(report),
            studies: report.evidence.iter().map(study_row).collect(),
            known_failures: report
                .known_failures
                .iter()
                .map(|text| link_dois(text))
                .collect(),
            replicates: count(report.provenance.replicates as f64),
            patients: count(report.provenance.patients as f64),
            run_time: report
                .provenance
                .run_time_seconds
                .map(run_time)
                .unwrap_or_default(),
            generator: format!("neurocart {}", report.provenance.version),
            report,
        }
    }
}

fn contents() -> Vec<Link> {
    [
        ("answer", "The answer"),
        ("design", "Design"),
        ("flow", "Patient flow"),
        ("results", "Results"),
        ("safety", "Safety"),
        ("operating", "Operating characteristics"),
        ("assumptions", "Evidence and assumptions"),
        ("failures", "Known failures"),
        ("provenance", "Provenance"),
    ]
    .map(|(id, name)| Link { id, name })
    .to_vec()
}

fn numbered<T>(figures: &[T], kind: &str, html: impl Fn(&str, &T) -> String) -> Vec<String> {
    let id = |i: usize| format!("{kind}-{}", i + 1);
    figures
        .iter()
        .enumerate()
        .map(|(i, figure)| html(&id(i), figure))
        .collect()
}

fn flow_html(flow: &PatientFlow) -> String {
    FigureBlock {
        id: "patient-flow",
        title: "From screening to analysis",
        description: patient_flow::describe(flow),
        comparison: "",
        caption: &flow.caption,
        notes: Vec::new(),
        table: None,
    }
    .html(|layout| patient_flow::draw(flow, layout))
}

fn trajectory_html(id: &str, figure: &TrajectoryFigure) -> String {
    FigureBlock {
        id,
        title: &figure.title,
        description: trajectory::describe(figure),
        comparison: "",
        caption: &figure.caption,
        notes: trajectory::notes(figure),
        table: Some(trajectory::table(figure)),
    }
    .html(|layout| trajectory::draw(figure, layout))
}

fn survival_html(id: &str, figure: &SurvivalFigure) -> String {
    FigureBlock {
        id,
        title: &figure.title,
        description: kaplan_meier::describe(figure),
        comparison: &figure.comparison,
        caption: &figure.caption,
        notes: kaplan_meier::notes(figure),
        table: Some(kaplan_meier::table(figure)),
    }
    .html(|layout| kaplan_meier::draw(figure, layout))
}

fn responders_html(id: &str, figure: &ResponderFigure) -> String {
    let caption = [figure.definition.as_str(), figure.caption.as_str()];
    FigureBlock {
        id,
        title: &figure.title,
        description: responders::describe(figure),
        comparison: &figure.comparison,
        caption: &caption
            .into_iter()
            .filter(|s| !s.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
        notes: Vec::new(),
        table: None,
    }
    .html(|layout| responders::draw(figure, layout))
}

fn scores_html(id: &str, figure: &ScoreFigure) -> String {
    FigureBlock {
        id,
        title: &figure.title,
        description: scores::describe(figure),
        comparison: &figure.comparison,
        caption: &figure.caption,
        notes: Vec::new(),
        table: Some(scores::table(figure)),
    }
    .html(|layout| scores::draw(figure, layout))
}

fn design_html(id: &str, block: &DesignFigure) -> String {
    FigureBlock {
        id,
        title: &block.figure.title,
        description: curves::describe(&block.figure),
        comparison: "",
        caption: &block.caption,
        notes: Vec::new(),
        table: Some(DataTable {
            head: block.head.clone(),
            rows: block.rows.clone(),
        }),
    }
    .html(|layout| curves::draw(&block.figure, layout))
}

fn patient_html(id: &str, figure: &PatientFigure) -> String {
    let panels = panel_figure(figure);
    FigureBlock {
        id,
        title: &figure.title,
        description: patient_panels::describe(&panels),
        comparison: "",
        caption: &figure.caption,
        notes: Vec::new(),
        table: None,
    }
    .html(|layout| patient_panels::draw(&panels, layout))
}

fn operating_html(rows: &[OperatingCharacteristic]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let table = DataTable {
        head: [
            "Measure",
            "Analysis",
            "Truth",
            "Estimate",
            "MC SE",
            "Target",
            "Replicates",
        ]
        .map(str::to_string)
        .to_vec(),
        rows: interval::blocks(rows)
            .into_iter()
            .flatten()
            .map(|row| {
                vec![
                    row.measure.name().to_string(),
                    row.analysis.clone(),
                    row.scenario.clone(),
                    interval::number(row, row.estimate.value),
                    interval::standard_error(row),
                    interval::number(row, row.target),
                    count(row.replicates as f64),
                ]
            })
            .collect(),
    };
    FigureBlock {
        id: "operating-characteristics",
        title: "Estimates against their targets",
        description: interval::describe(rows),
        comparison: "",
        caption: "Dots are estimates over replicates, whiskers their Monte Carlo intervals, upright \
                  orange bars the targets. MC SE is the Monte Carlo standard error (in percentage \
                  points for proportions; Morris, White and Crowther 2019, doi:10.1002/sim.8086).",
        notes: Vec::new(),
        table: Some(table),
    }
    .html(|layout| interval::draw(rows, layout))
}

fn grade_blocks(report: &TrialReport) -> Vec<GradeBlock> {
    let assumptions = &report.assumptions;
    let studies: BTreeSet<&str> = report.evidence.iter().map(|s| s.id.as_str()).collect();
    let by_user = (None, "Set by the user", "in place of the library's value");
    let by_grade = Grade::ALL.map(|grade| (Some(grade), grade.heading(), grade.meaning()));
    let mut blocks = Vec::new();
    for (grade, name, meaning) in [by_user].into_iter().chain(by_grade) {
        let rows: Vec<AssumptionRow> = assumptions
            .iter()
            .filter(|a| (!a.set_by_user).then_some(a.grade) == grade)
            .map(|a| assumption_row(a, &studies))
            .collect();
        if !rows.is_empty() {
            let share = 100.0 * rows.len() as f64 / assumptions.len() as f64;
            let share_percent = coordinate(share);
            blocks.push(GradeBlock {
                name,
                meaning,
                count: rows.len(),
                open: grade.is_none(),
                share_percent,
                rows,
            });
        }
    }
    blocks
}

fn assumption_row(assumption: &Assumption, studies: &BTreeSet<&str>) -> AssumptionRow {
    let study = |id: &String| {
        let name = escape(id);
        match studies.contains(id.as_str()) {
            true => format!("<a class=\"study\" href=\"#study-{name}\">{name}</a>"),
            false => format!("<code>{name}</code>"),
        }
    };
    let value = format!("{} {}", assumption.value, pretty_unit(&assumption.unit));
    AssumptionRow {
        name: assumption.name.clone(),
        symbol: assumption.symbol.clone(),
        value: value.trim().to_string(),
        source: link_dois(&assumption.source),
        locator: link_dois(&assumption.locator),
        evidence: assumption.evidence.iter().map(study).collect(),
    }
}

fn study_row(study: &StudyInUse) -> StudyRow {
    StudyRow {
        id: study.id.clone(),
        title: study.title.clone(),
        citation: link_dois(&study.citation),
        grade: study.grade.name(),
        parameters: study.parameters.clone(),
    }
}

fn run_time(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() => String::new(),
        s if s < 120.0 => format!("{} seconds", fixed(s, 1)),
        s => format!("{} minutes", fixed(s / 60.0, 1)),
    }
}
