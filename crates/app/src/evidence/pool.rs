//! `neurocart evidence pool`: one outcome over the studies that are asked for.

use std::path::PathBuf;

use serde_json::{Value, json};

use neurocart_evidence::Evidence;
use neurocart_evidence::certainty::certainty;
use neurocart_evidence::codes::code;
use neurocart_evidence::comparison::{Scale, compared, with_companions};
use neurocart_evidence::pooling::{Options, Pooled, Role, cumulative, leave_one_out, pool};
use neurocart_evidence::robustness::{
    self, Property, clustered, influences, moderation, small_study,
};
use neurocart_evidence::series::{Measure, Request, Series, series};
use neurocart_evidence::study::Modality;
use neurocart_report::figure::Layout;
use neurocart_report::figure::forest::render_forest_svg;

use crate::evidence::filters::{Filters, listed, unknown};
use crate::evidence::forest;
use crate::evidence::printed::grade_and_tier;
use crate::evidence::table::{Column, Form, Page, Table};
use crate::evidence::wording::{self, cell};
use crate::exit::{Exit, say, write_file};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    filters: Filters,
    /// One answer for each value of: disease, area, target, product, platform, lymphodepletion, design, year.
    #[arg(long, value_name = "PROPERTY")]
    by: Option<String>,
    /// Treatment against control within studies that have both: risk_ratio, odds_ratio, risk_difference.
    #[arg(long, value_name = "SCALE")]
    compare: Option<String>,
    /// The time to take, months after infusion, the nearest that a study reports; else its latest.
    #[arg(long, value_name = "MONTHS")]
    month: Option<f64>,
    /// Studies to leave out, by id.
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    without: Vec<String>,
    /// Only toxicities graded by these scales: `ASTCT`, `Lee`.
    #[arg(long, value_delimiter = ',', value_name = "SCALE")]
    grading: Vec<String>,
    /// Pool although the studies grade by different scales.
    #[arg(long)]
    across_scales: bool,
    /// Pool one or two studies as well, which by default are only shown.
    #[arg(long)]
    pool_few: bool,
    /// Add the estimates of other methods.
    #[arg(long)]
    sensitivity: bool,
    /// The answer without each study in turn, and what each study does to it.
    #[arg(long)]
    leave_one_out: bool,
    /// The answer as studies came in, by year.
    #[arg(long)]
    cumulative: bool,
    /// Meta-regression on a property (as for `--by`, or patients); ten studies per covariate are needed.
    #[arg(long, value_name = "PROPERTY")]
    moderator: Option<String>,
    /// Three-level model with clusters of studies by a property.
    #[arg(long, value_name = "PROPERTY")]
    cluster: Option<String>,
    /// Tests for small-study effects; ten studies are needed.
    #[arg(long)]
    small_study: bool,
    /// Write the plot of `--leave-one-out` or `--cumulative` to this file (SVG).
    #[arg(long, value_name = "FILE")]
    steps_figure: Option<PathBuf>,
    #[command(flatten)]
    form: Form,
}

/// A group of the answer.
struct Group {
    label: String,
    series: Series,
    pooled: Pooled,
}

pub fn run(arguments: &Arguments, evidence: &Evidence) -> Result<(), Exit> {
    let mut page = Page::default();
    let request = request(arguments, evidence, &mut page)?;
    let vocabulary = &evidence.vocabulary;
    let scale: Option<Scale> = match &arguments.compare {
        Some(scale) => Some(listed(scale).map_err(|hint| unknown("scale", scale, &hint))?),
        None => None,
    };
    let all = match scale {
        Some(scale) => compared(evidence, &request, scale),
        None => series(evidence, &request),
    };
    let options = Options {
        pool_few: arguments.pool_few,
        sensitivity: arguments.sensitivity,
        across_scales: arguments.across_scales || !request.gradings.is_empty(),
    };
    let pool = |series: &Series| match scale {
        Some(scale) => with_companions(pool(series, options), series, scale),
        None => pool(series, options),
    };
    let mut groups = Vec::new();
    if let Some(by) = property("by", arguments.by.as_deref())? {
        for label in robustness::labels(&all, by, vocabulary) {
            let series = robustness::part(&all, by, &label, vocabulary);
            let pooled = pool(&series);
            groups.push(Group {
                label,
                series,
                pooled,
            });
        }
    }
    groups.push(Group {
        label: if groups.is_empty() {
            String::new()
        } else {
            "All".into()
        },
        pooled: pool(&all),
        series: all.clone(),
    });
    let mut title = vocabulary.outcome_label(&request.outcome).to_owned();
    if let Some(scale) = scale {
        title += &format!(", {}", code(&scale).replace('_', " "));
        if all.rows.is_empty() {
            page.notes
                .push("no study here has the counts of a treated and a control arm".into());
        }
    }
    let unit = wording::unit(&all).to_owned();
    page.title = title.clone();
    page.tables.push(studies(&all));
    page.tables.push(pooled(&groups));
    let (judged, certainties) = judgements(&groups);
    page.tables.push(judged);
    page.json.push(("outcome", request.outcome.clone().into()));
    page.json.push(("unit", unit.clone().into()));
    page.json.push(("measure", code(&all.measure).into()));
    for group in &groups {
        let label = if group.label.is_empty() {
            "answer"
        } else {
            &group.label
        };
        page.facts.push((
            label.to_owned(),
            wording::answer(&group.series, &group.pooled),
        ));
        if let Some(h) = &group.pooled.heterogeneity {
            page.facts.push((String::new(), wording::heterogeneity(h)));
        }
    }
    page.json.push(("certainty", certainties));
    let steps = steps(arguments, &all, &unit, &title, &groups, &mut page)?;
    robust(arguments, &all, vocabulary, &mut page)?;
    page.tables.push(left_out(&all));
    remarks(&all, &groups, &mut page);
    if let (Some(path), Some(svg)) = (&arguments.steps_figure, steps) {
        write_file(path, &svg)?;
        say(&format!("figure  {}", path.display()));
    }
    if arguments.form.wants_figure() {
        let drawn: Vec<forest::Group> = groups
            .iter()
            .map(|g| forest::Group {
                label: &g.label,
                series: &g.series,
                pooled: &g.pooled,
            })
            .collect();
        let plot = forest::plot(&title, all.measure, &unit, &drawn);
        if plot.groups.iter().all(|g| g.rows.is_empty()) {
            return Err(Exit::invalid(
                "there is nothing here to draw; leave `--figure` out",
            ));
        }
        page.figure = Some(render_forest_svg(&plot, Layout::Wide));
    }
    page.show(&arguments.form)
}

/// What to take; CAR T cells unless another treatment is asked for.
fn request(arguments: &Arguments, evidence: &Evidence, page: &mut Page) -> Result<Request, Exit> {
    let mut selection = arguments.filters.selection(evidence)?;
    let outcome = match std::mem::take(&mut selection.outcomes).as_slice() {
        [one] => one.clone(),
        [] => {
            return Err(Exit::invalid(
                "`pool` needs an outcome\n     = hint: name one with `--outcome`, such as `--outcome crs_any`; `neurocart evidence gaps` shows which are reported",
            ));
        }
        several => {
            return Err(Exit::invalid(format!(
                "`pool` takes one outcome, not {}\n     = hint: call it once for each; different outcomes cannot be pooled",
                several.len()
            )));
        }
    };
    if selection.modalities.is_empty() {
        selection.modalities = vec![Modality::CarT];
        page.notes
            .push("CAR T cells only; `--modality` takes other treatments".into());
    }
    if let Some(month) = arguments.month
        && !(0.0..=1200.0).contains(&month)
    {
        return Err(Exit::invalid(format!(
            "`--month {month}` is not a time after infusion\n     = hint: give months from 0 to 1200"
        )));
    }
    for id in &arguments.without {
        if !evidence.studies.contains_key(id) {
            let ids: Vec<&str> = evidence.studies.keys().map(String::as_str).collect();
            let near = neurocart_library::nearest(id, ids);
            let hint = near.map_or("see `neurocart evidence list`".into(), |n| {
                format!("did you mean `{n}`?")
            });
            return Err(unknown("study", id, &hint));
        }
    }
    let mut known: Vec<&str> = evidence
        .studies
        .values()
        .flat_map(|s| &s.outcomes)
        .filter_map(|o| o.grading.as_deref())
        .collect();
    known.sort_unstable();
    known.dedup();
    let scale = |name: &String| {
        crate::evidence::filters::known(name, &known, "`neurocart evidence export`")
            .map_err(|hint| unknown("scale", name, &hint))
    };
    Ok(Request {
        outcome,
        selection,
        mixed_areas: false,
        without: arguments.without.clone(),
        gradings: arguments
            .grading
            .iter()
            .map(scale)
            .collect::<Result<_, _>>()?,
        month: arguments.month,
    })
}

fn property(option: &str, value: Option<&str>) -> Result<Option<Property>, Exit> {
    value
        .map(|value| listed(value).map_err(|hint| unknown(option, value, &hint)))
        .transpose()
}

/// Columns of the studies taken.
const STUDIES: [Column; 16] = [
    Column::code("study", "study"),
    Column::number("year", "year").expendable(6),
    Column::code("diseases", "disease").expendable(2),
    Column::words("target", "target").expendable(3),
    Column::code("arm", "arm").expendable(7),
    Column::number("time_months", "months").expendable(1),
    Column::number("events", "events"),
    Column::number("total", "patients"),
    Column::number("value", "value"),
    Column::number("lower", "lower"),
    Column::number("upper", "upper"),
    Column::words("interval", "interval").expendable(9),
    Column::code("grade", "grade").expendable(5),
    Column::code("risk_of_bias", "risk of bias").expendable(4),
    Column::words("remark", "remark").expendable(8),
    Column::words("citation", "citation").expendable(10),
];

/// The studies taken.
pub fn studies(series: &Series) -> Table {
    let mut table = Table::new("studies", "Studies", &STUDIES);
    for row in &series.rows {
        let mut remarks = Vec::new();
        remarks.extend(row.text.clone());
        remarks.extend(
            row.implied
                .as_ref()
                .map(|from| format!("count implied: {from}")),
        );
        remarks.extend(
            row.not_pooled
                .as_ref()
                .map(|r| format!("not pooled: {}", r.words())),
        );
        remarks.extend(row.grading.as_ref().map(|g| format!("graded by {g}")));
        table.rows.push(vec![
            row.study.as_str().into(),
            row.year.into(),
            row.diseases.clone().into(),
            row.target.as_str().into(),
            row.arm.as_str().into(),
            row.time_months.map(|t| (t * 10.0).round() / 10.0).into(),
            row.events.into(),
            row.total.into(),
            cell(row.estimate, &row.unit),
            cell(row.lower, &row.unit),
            cell(row.upper, &row.unit),
            row.interval.as_str().into(),
            grade_and_tier(row.grade, row.tier).into(),
            row.risk
                .map_or("not judged".to_owned(), |r| code(&r))
                .into(),
            remarks.join("; ").into(),
            format!("{}, {}", row.citation, row.locator).into(),
        ]);
    }
    table
}

const POOLED: [Column; 10] = [
    Column::words("group", "group"),
    Column::words("method", "method"),
    Column::code("role", "role").expendable(2),
    Column::number("studies", "studies"),
    Column::number("patients", "patients"),
    Column::number("estimate", "estimate"),
    Column::number("lower", "lower"),
    Column::number("upper", "upper"),
    Column::number("prediction_lower", "prediction lower").expendable(1),
    Column::number("prediction_upper", "upper of it").expendable(1),
];

fn pooled(groups: &[Group]) -> Table {
    let mut table = Table::new("pooled", "Pooled, with 95 % intervals", &POOLED);
    for group in groups {
        let unit = wording::unit(&group.series);
        for e in &group.pooled.estimates {
            table.rows.push(vec![
                group.label.as_str().into(),
                e.method.as_str().into(),
                code(&e.role).into(),
                group.pooled.studies.into(),
                group.pooled.patients.into(),
                cell(Some(e.estimate), unit),
                cell(Some(e.lower), unit),
                cell(Some(e.upper), unit),
                cell(e.prediction_lower, unit),
                cell(e.prediction_upper, unit),
            ]);
        }
    }
    table
}

const CERTAINTY: [Column; 4] = [
    Column::words("group", "group"),
    Column::words("domain", "domain"),
    Column::number("down", "down"),
    Column::words("why", "why"),
];

/// GRADE judgements as a table and as JSON.
fn judgements(groups: &[Group]) -> (Table, Value) {
    let mut table = Table::new(
        "judgements",
        "Certainty (GRADE, by stated rules)",
        &CERTAINTY,
    );
    let mut levels = Vec::new();
    for group in groups {
        let Some(certainty) = certainty(&group.series, &group.pooled, &[]) else {
            continue;
        };
        for judgement in &certainty.judgements {
            table.rows.push(vec![
                group.label.as_str().into(),
                judgement.domain.words().into(),
                judgement.down.into(),
                judgement.why.as_str().into(),
            ]);
        }
        table.rows.push(vec![
            group.label.as_str().into(),
            "certainty".into(),
            Value::Null,
            format!(
                "{} (starts {})",
                certainty.level.words(),
                certainty.start.words()
            )
            .into(),
        ]);
        levels.push(
            json!({ "group": group.label, "start": certainty.start, "level": certainty.level }),
        );
    }
    (table, levels.into())
}

const STEPS: [Column; 6] = [
    Column::code("study", "study"),
    Column::number("year", "year"),
    Column::number("estimate", "estimate"),
    Column::number("lower", "lower"),
    Column::number("upper", "upper"),
    Column::words("remark", "remark"),
];

/// The tables of leave-one-out and cumulative answers, and the plot of the one asked for.
fn steps(
    arguments: &Arguments,
    all: &Series,
    unit: &str,
    title: &str,
    groups: &[Group],
    page: &mut Page,
) -> Result<Option<String>, Exit> {
    let mut drawn = None;
    let primary = groups
        .last()
        .and_then(|g| g.pooled.estimates.iter().find(|e| e.role == Role::Primary));
    let asked = [
        (
            arguments.leave_one_out,
            "leave_one_out",
            "Without each study in turn",
            "Omitting",
            "",
        ),
        (
            arguments.cumulative,
            "cumulative",
            "As studies came in",
            "Adding",
            " Looks repeated as studies come in have no fixed error rate.",
        ),
    ];
    for (_, name, heading, word, caption) in asked.into_iter().filter(|a| a.0) {
        let found = if name == "cumulative" {
            cumulative(all)
        } else {
            leave_one_out(all)
        };
        let mut table = Table::new(name, heading, &STEPS);
        for step in &found {
            let e = step.estimate.as_ref();
            table.rows.push(vec![
                step.study.as_str().into(),
                step.year.into(),
                cell(e.map(|e| e.estimate), unit),
                cell(e.map(|e| e.lower), unit),
                cell(e.map(|e| e.upper), unit),
                step.withheld.clone().into(),
            ]);
        }
        if found.is_empty() {
            page.notes.push(format!(
                "{}: three studies are needed",
                heading.to_lowercase()
            ));
        }
        page.tables.push(table);
        let plot = forest::steps(
            &format!("{title}: {}", heading.to_lowercase()),
            all.measure,
            unit,
            &found,
            word,
            caption,
            primary,
        );
        drawn = Some(render_forest_svg(&plot, Layout::Wide));
    }
    if arguments.cumulative {
        page.notes.push(
            "a cumulative answer is a picture: repeated looks have no fixed error rate".into(),
        );
    }
    if arguments.steps_figure.is_some() && drawn.is_none() {
        return Err(Exit::invalid(
            "`--steps-figure` needs `--leave-one-out` or `--cumulative`\n     = hint: add one of the two; `--figure` writes the forest plot",
        ));
    }
    if arguments.leave_one_out {
        match influences(all) {
            Ok(found) => page.tables.push(influence_table(&found, all)),
            Err(why) => page.notes.push(format!("influence: {why}")),
        }
    }
    Ok(drawn)
}

fn influence_table(found: &[robustness::StudyInfluence], all: &Series) -> Table {
    let columns = [
        Column::code("study", "study"),
        Column::number("studentised_residual", "residual"),
        Column::number("cooks_distance", "Cook's distance"),
        Column::number("covariance_ratio", "covariance ratio"),
        Column::number("tau_without", "tau without"),
        Column::number("weight_percent", "weight, %"),
    ];
    let title = format!(
        "Influence, on the scale: {}",
        robustness::scale(all.measure)
    );
    let mut table = Table::new("influence", title, &columns);
    for i in found {
        table.rows.push(vec![
            i.study.as_str().into(),
            cell(Some(i.studentised_residual), ""),
            cell(Some(i.cooks_distance), ""),
            cell(Some(i.covariance_ratio), ""),
            cell(Some(i.tau_without), ""),
            cell(Some(i.weight_percent), ""),
        ]);
    }
    table
}

/// Meta-regression, three-level model and small-study tests, where asked for.
fn robust(
    arguments: &Arguments,
    all: &Series,
    vocabulary: &neurocart_evidence::vocabulary::Vocabulary,
    page: &mut Page,
) -> Result<(), Exit> {
    let scale = robustness::scale(all.measure);
    if let Some(property) = property("moderator", arguments.moderator.as_deref())? {
        match moderation(all, property, vocabulary) {
            Ok(fit) => {
                let columns = [
                    Column::words("coefficient", "coefficient"),
                    Column::number("estimate", "estimate"),
                    Column::number("lower", "lower"),
                    Column::number("upper", "upper"),
                    Column::number("p_value", "p"),
                ];
                let title = format!("{}, on the scale: {scale}", fit.method);
                let mut table = Table::new("meta_regression", title, &columns);
                for c in &fit.coefficients {
                    table.rows.push(vec![
                        c.name.as_str().into(),
                        cell(Some(c.coefficient), ""),
                        cell(Some(c.lower), ""),
                        cell(Some(c.upper), ""),
                        cell(Some(c.p_value), ""),
                    ]);
                }
                page.tables.push(table);
                page.json.push(("meta_regression_fit", json!(fit)));
            }
            Err(why) => page.notes.push(format!("no meta-regression: {why}")),
        }
    }
    if let Some(property) = property("cluster", arguments.cluster.as_deref())? {
        match clustered(all, property, vocabulary) {
            Ok(fit) => {
                page.facts.push((
                    "three-level".into(),
                    format!(
                        "{:.3} ({:.3} to {:.3}), {} clusters by {}, tau between {:.3}, within {:.3}; {}; scale: {scale}",
                        fit.estimate, fit.lower, fit.upper, fit.clusters, code(&property), fit.tau_between, fit.tau_within, fit.method
                    ),
                ));
                page.json.push(("three_level", json!(fit)));
            }
            Err(why) => page.notes.push(format!("no three-level model: {why}")),
        }
    }
    if arguments.small_study {
        match small_study(all) {
            Ok(tests) => {
                let columns = [
                    Column::words("method", "method"),
                    Column::number("p_value", "p"),
                    Column::words("result", "result"),
                ];
                let mut table = Table::new("small_study", "Small-study effects", &columns);
                for test in &tests {
                    table.rows.push(vec![
                        test.method.as_str().into(),
                        cell(test.p_value, ""),
                        test.result.as_str().into(),
                    ]);
                }
                page.tables.push(table);
            }
            Err(why) => page
                .notes
                .push(format!("no test for small-study effects: {why}")),
        }
    }
    Ok(())
}

const LEFT_OUT: [Column; 4] = [
    Column::code("study", "study"),
    Column::code("arm", "arm"),
    Column::number("time_months", "months"),
    Column::words("reason", "reason"),
];

/// What was left out.
fn left_out(series: &Series) -> Table {
    let mut table = Table::new("left_out", "Left out", &LEFT_OUT);
    for left in &series.left_out {
        table.rows.push(vec![
            left.study.as_str().into(),
            left.arm.as_str().into(),
            left.time_months.map(|t| (t * 10.0).round() / 10.0).into(),
            left.reason.words().into(),
        ]);
    }
    table
}

fn remarks(all: &Series, groups: &[Group], page: &mut Page) {
    for group in groups {
        if let Some(withheld) = &group.pooled.withheld
            && !group.series.rows.is_empty()
        {
            let label = if group.label.is_empty() {
                String::new()
            } else {
                format!("{}: ", group.label)
            };
            let remedy = match withheld.contains("different scales") {
                true => "; `--grading` takes some of the scales, `--across-scales` all",
                false => "",
            };
            page.notes.push(format!("{label}{withheld}{remedy}"));
        }
    }
    if all.rows.is_empty() {
        page.notes
            .push("no study fits; leave a filter out, or see `neurocart evidence gaps`".into());
    }
    let companions = |g: &Group| g.pooled.estimates.iter().any(|e| e.role == Role::Companion);
    if all.measure == Measure::Proportion && groups.iter().any(companions) {
        page.notes.push(
            "companions stand beside the model: in tiny series it may rest on very little".into(),
        );
    }
    page.notes.push("research use only".into());
}
