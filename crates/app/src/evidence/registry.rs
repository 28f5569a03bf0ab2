//! `neurocart evidence registry`: trials that are registered or announced.

use serde_json::Value;

use neurocart_evidence::codes::{code, codes, words};
use neurocart_evidence::registry::{Phase, RegisteredTrial, Relevance, Status};
use neurocart_evidence::study::Grade;
use neurocart_evidence::{Evidence, Selection};
use neurocart_report::figure::Layout;
use neurocart_report::figure::timeline::{
    Timeline, TimelineBar, TimelineGroup, TrialStatus, render_timeline_svg,
};

use crate::evidence::filters::{Common, each, listed};
use crate::evidence::table::{Column, Form, Page, Table};
use crate::exit::Exit;

#[derive(clap::Args)]
#[command(next_help_heading = "Which trials")]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Status: `recruiting`, `completed`, `withdrawn` and others.
    #[arg(long, value_delimiter = ',', value_name = "CODE")]
    status: Vec<String>,
    /// Phase: `early_1`, `1`, `1/2`, `2`, `2/3`, `3`.
    #[arg(long, value_delimiter = ',', value_name = "PHASE")]
    phase: Vec<String>,
    /// Part of the name of the sponsor, in any case.
    #[arg(long, value_name = "TEXT")]
    sponsor: Vec<String>,
    /// How near to neurology: neuro, neuro_adjacent, myositis, unspecified, contrast.
    #[arg(long, value_delimiter = ',', value_name = "CODE")]
    relevance: Vec<String>,
    /// Only trials of which no study here reports.
    #[arg(long)]
    unpublished: bool,
    #[command(flatten)]
    form: Form,
}

/// A trial in a line.
pub const COLUMNS: [Column; 20] = [
    Column::words("trial", "trial"),
    Column::words("acronym", "acronym").expendable(7),
    Column::words("title", "title").expendable(20),
    Column::words("sponsor", "sponsor").expendable(4),
    Column::words("product", "product").expendable(1),
    Column::words("target", "target").expendable(2),
    Column::code("platform", "platform").expendable(6),
    Column::words("diseases", "disease"),
    Column::code("relevance", "relevance").expendable(16),
    Column::code("phase", "phase"),
    Column::number("planned_patients", "n"),
    Column::code("actual", "actual").expendable(15),
    Column::words("design", "design").expendable(9),
    Column::words("status", "status"),
    Column::code("status_as_of", "as of").expendable(10),
    Column::code("start", "start").expendable(3),
    Column::words("country", "country").expendable(8),
    Column::words("published", "published").expendable(5),
    Column::words("note", "note").expendable(11),
    Column::words("cite", "cite").expendable(17),
];

pub fn run(arguments: &Arguments, evidence: &Evidence) -> Result<(), Exit> {
    let trials = selected(arguments, evidence)?;
    let mut table = Table::new("trials", "", &COLUMNS);
    table.rows = trials.iter().map(|trial| row(trial, evidence)).collect();
    let mut page = Page {
        title: match trials.len() {
            1 => format!("1 trial of {}", evidence.registry.len()),
            n => format!("{n} trials of {}", evidence.registry.len()),
        },
        facts: totals(&trials, evidence),
        tables: vec![table],
        ..Page::default()
    };
    if trials.is_empty() {
        page.notes.push("no trial fits; leave a filter out".into());
    }
    if arguments.form.wants_figure() {
        if trials.is_empty() {
            return Err(Exit::invalid("no trial fits, so there is nothing to draw"));
        }
        page.figure = Some(timeline(&trials, evidence, arguments)?);
    }
    page.show(&arguments.form)
}

fn selected<'a>(
    arguments: &Arguments,
    evidence: &'a Evidence,
) -> Result<Vec<&'a RegisteredTrial>, Exit> {
    let selection = arguments.common.selection(evidence)?;
    let statuses: Vec<Status> = each("status", &arguments.status, |s| {
        listed(&s.replace(' ', "_"))
    })?;
    let phases: Vec<Phase> = each("phase", &arguments.phase, listed)?;
    let relevances: Vec<Relevance> = each("relevance", &arguments.relevance, listed)?;
    let sponsors: Vec<String> = arguments.sponsor.iter().map(|s| s.to_lowercase()).collect();
    for sponsor in &sponsors {
        if !evidence
            .registry
            .iter()
            .any(|t| t.sponsor.to_lowercase().contains(sponsor))
        {
            return Err(Exit::invalid(format!(
                "no sponsor has `{sponsor}` in its name\n     = hint: a part of the name is enough, as in `--sponsor kyverna`"
            )));
        }
    }
    let fits = |trial: &&RegisteredTrial| {
        fits(trial, &selection, evidence)
            && (statuses.is_empty() || statuses.contains(&trial.status))
            && (phases.is_empty() || phases.contains(&trial.phase))
            && (relevances.is_empty() || relevances.contains(&trial.relevance))
            && (sponsors.is_empty()
                || sponsors
                    .iter()
                    .any(|s| trial.sponsor.to_lowercase().contains(s)))
            && (!arguments.unpublished || trial.published(&evidence.studies).is_empty())
    };
    Ok(evidence.registry.iter().filter(fits).collect())
}

fn fits(trial: &RegisteredTrial, selection: &Selection, evidence: &Evidence) -> bool {
    let start = trial
        .start
        .get(..4)
        .and_then(|year| year.parse::<u16>().ok());
    (selection.include_recalled || trial.grade == Grade::Seen)
        && (selection.diseases.is_empty()
            || trial
                .diseases
                .iter()
                .any(|d| selection.diseases.contains(d)))
        && (selection.areas.is_empty()
            || trial
                .areas(&evidence.vocabulary)
                .iter()
                .any(|a| selection.areas.contains(a)))
        && (selection.targets.is_empty() || selection.targets.contains(&trial.target))
        && (selection.products.is_empty() || selection.product(&trial.product))
        && (selection.platforms.is_empty() || selection.platforms.contains(&trial.platform))
        && selection
            .years
            .is_none_or(|(first, last)| start.is_some_and(|year| (first..=last).contains(&year)))
}

/// A trial in a line, for `COLUMNS`.
pub fn row(trial: &RegisteredTrial, evidence: &Evidence) -> Vec<Value> {
    let published = trial.published(&evidence.studies);
    let published: Vec<&str> = published.iter().map(|study| study.id.as_str()).collect();
    vec![
        trial.name().into(),
        trial.acronym.as_str().into(),
        trial.title.as_str().into(),
        trial.sponsor.as_str().into(),
        trial.product.as_str().into(),
        trial.target.as_str().into(),
        code(&trial.platform).into(),
        trial.diseases.clone().into(),
        code(&trial.relevance).into(),
        code(&trial.phase).into(),
        trial.planned_patients.into(),
        trial.actual.into(),
        trial.design.as_str().into(),
        code(&trial.status).into(),
        trial.status_as_of.as_str().into(),
        trial.start.as_str().into(),
        trial.country.clone().into(),
        published.into(),
        trial.note.as_str().into(),
        trial.cite.as_str().into(),
    ]
}

fn totals(trials: &[&RegisteredTrial], evidence: &Evidence) -> Vec<(String, String)> {
    if trials.is_empty() {
        return Vec::new();
    }
    let of = |codes: &[&str], own: &dyn Fn(&RegisteredTrial) -> String| {
        let counts = codes.iter().filter_map(|name| {
            let n = trials.iter().filter(|t| own(t) == *name).count();
            (n > 0).then(|| format!("{}: {n}", words(name)))
        });
        counts.collect::<Vec<_>>().join(", ")
    };
    let mut targets: Vec<(&str, usize)> = Vec::new();
    for trial in trials {
        match targets
            .iter_mut()
            .find(|(target, _)| *target == trial.target)
        {
            Some((_, n)) => *n += 1,
            None => targets.push((&trial.target, 1)),
        }
    }
    targets.sort_by_key(|&(target, n)| (std::cmp::Reverse(n), target));
    let targets: Vec<String> = targets
        .iter()
        .map(|(target, n)| format!("{target}: {n}"))
        .collect();
    let diseases = evidence
        .vocabulary
        .disease_order
        .iter()
        .filter_map(|disease| {
            let n = trials
                .iter()
                .filter(|t| t.diseases.contains(disease))
                .count();
            (n > 0).then(|| format!("{disease}: {n}"))
        });
    let sum = |actual: bool| -> u64 {
        let of = trials.iter().filter(|t| t.actual == actual);
        of.filter_map(|t| t.planned_patients).sum()
    };
    let unstated = trials
        .iter()
        .filter(|t| t.planned_patients.is_none())
        .count();
    let published = trials
        .iter()
        .filter(|t| !t.published(&evidence.studies).is_empty())
        .count();
    let latest = trials
        .iter()
        .map(|t| t.status_as_of.as_str())
        .max()
        .unwrap_or("");
    vec![
        ("status".into(), of(codes::<Status>(), &|t| code(&t.status))),
        ("phase".into(), of(codes::<Phase>(), &|t| code(&t.phase))),
        ("target".into(), targets.join(", ")),
        ("disease".into(), diseases.collect::<Vec<_>>().join(", ")),
        (
            "patients".into(),
            format!(
                "{} planned, {} enrolled in closed trials; not stated for {unstated}",
                sum(false),
                sum(true)
            ),
        ),
        (
            "published".into(),
            format!(
                "{published} of {} are reported by a study here",
                trials.len()
            ),
        ),
        ("as of".into(), latest.to_owned()),
    ]
}

/// Trials as bars by the first of their diseases that is asked for.
fn timeline(
    trials: &[&RegisteredTrial],
    evidence: &Evidence,
    arguments: &Arguments,
) -> Result<String, Exit> {
    let selection = arguments.common.selection(evidence)?;
    let vocabulary = &evidence.vocabulary;
    let asked = |disease: &str| {
        let area = vocabulary.diseases.get(disease).map(|d| d.area);
        let by_code =
            selection.diseases.is_empty() || selection.diseases.iter().any(|d| d == disease);
        let by_area =
            selection.areas.is_empty() || area.is_some_and(|a| selection.areas.contains(&a));
        by_code && by_area
    };
    let mut groups: Vec<TimelineGroup> = Vec::new();
    let mut drawn: Vec<&str> = Vec::new();
    for disease in &vocabulary.disease_order {
        let mut of: Vec<&&RegisteredTrial> = trials
            .iter()
            .filter(|t| {
                asked(disease) && t.diseases.contains(disease) && !drawn.contains(&t.name())
            })
            .collect();
        of.sort_by_key(|t| (t.start.is_empty(), t.start.as_str(), t.name()));
        drawn.extend(of.iter().map(|t| t.name()));
        if !of.is_empty() {
            groups.push(TimelineGroup {
                heading: vocabulary.diseases[disease].label.clone(),
                bars: of.iter().map(|trial| bar(trial)).collect(),
            });
        }
    }
    let latest = trials
        .iter()
        .map(|t| t.status_as_of.as_str())
        .max()
        .unwrap_or("");
    Ok(render_timeline_svg(
        &Timeline {
            title: "Registered trials by first disease and start".into(),
            today_year: decimal_year(latest),
            today_label: format!("registry as of {latest}"),
            groups,
            caption: "A trial in several diseases stands under the first of them. The table has no dates of completion: bars of trials that ended reach to the last change of their record, the others are open to the right.".into(),
        },
        Layout::Wide,
    ))
}

/// True if nobody is enrolled or followed any more.
fn ended(status: Status) -> bool {
    matches!(
        status,
        Status::Completed | Status::Suspended | Status::Terminated | Status::Withdrawn
    )
}

fn bar(trial: &RegisteredTrial) -> TimelineBar {
    let product = match trial.product.is_empty() {
        true => format!("{} CAR T cells", trial.target),
        false => trial.product.clone(),
    };
    let patients = trial.planned_patients.map(|n| format!("n = {n}"));
    TimelineBar {
        label: format!("{} {product}", trial.name()),
        start_year: decimal_year(&trial.start),
        end_year: match ended(trial.status) {
            true => decimal_year(&trial.record_updated),
            false => f64::NAN,
        },
        status: match trial.status {
            Status::Announced | Status::NotYetRecruiting => TrialStatus::NotYetRecruiting,
            Status::Recruiting | Status::EnrollingByInvitation => TrialStatus::Recruiting,
            Status::ActiveNotRecruiting => TrialStatus::ActiveNotRecruiting,
            Status::Completed => TrialStatus::Completed,
            Status::Suspended | Status::Terminated | Status::Withdrawn => TrialStatus::Stopped,
            Status::Unknown | Status::NotReported => TrialStatus::Unknown,
        },
        detail: match trial.phase {
            Phase::NotApplicable | Phase::NotReported => patients.unwrap_or_default(),
            phase => {
                let phase = format!("phase {}", words(&phase));
                [Some(phase), patients]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(", ")
            }
        },
    }
}

/// `2026-07` as 2026.5; missing where there is no year.
fn decimal_year(date: &str) -> f64 {
    let mut parts = date
        .split('-')
        .map(|part| part.parse::<f64>().unwrap_or(f64::NAN));
    let year = parts.next().unwrap_or(f64::NAN);
    let month = parts.next().unwrap_or(1.0);
    let day = parts.next().unwrap_or(1.0);
    year + ((month - 1.0) + (day - 1.0) / 31.0) / 12.0
}
