//! `neurocart evidence pool`: one outcome over the studies that are asked for.

mod robust;
mod steps;
mod tables;

use std::path::PathBuf;

use neurocart_evidence::Evidence;
use neurocart_evidence::codes::{code, words};
use neurocart_evidence::comparison::{Scale, compared, with_companions};
use neurocart_evidence::pooling::{Options, Pooled, Role, pool};
use neurocart_evidence::robustness::{self, Property};
use neurocart_evidence::rules::LONGEST_MONTHS;
use neurocart_evidence::series::{Measure, Request, Series, series};
use neurocart_evidence::study::Modality;
use neurocart_report::figure::Layout;
use neurocart_report::figure::forest::render_forest_svg;

use crate::evidence::filters::{self, Filters, listed, unknown};
use crate::evidence::forest;
use crate::evidence::table::{Form, Page};
use crate::evidence::wording;
use crate::exit::{Exit, say, write_file};
use robust::robust;
use steps::steps;
use tables::{judgements, left_out, pooled, studies};

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
    /// Answer once more without case reports, which appear when they succeed.
    #[arg(long)]
    without_case_reports: bool,
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
    if arguments.without_case_reports {
        let series = robustness::without_case_reports(&all);
        page.notes.push(format!(
            "case reports appear when they succeed, so that they bias any pooled share; {} here",
            all.rows.len() - series.rows.len()
        ));
        groups.push(Group {
            label: "Without case reports".into(),
            pooled: pool(&series),
            series,
        });
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
        title += &format!(", {}", words(&scale));
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
    let steps = steps(arguments, &all, options, &unit, &title, &groups, &mut page)?;
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
        && !(0.0..=LONGEST_MONTHS).contains(&month)
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
        filters::known(name, &known, "`neurocart evidence export`")
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
