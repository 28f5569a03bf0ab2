//! The answer without each study in turn, and as studies came in.

use neurocart_evidence::pooling::{Options, Role, cumulative, leave_one_out};
use neurocart_evidence::robustness::{self, influences};
use neurocart_evidence::series::Series;
use neurocart_report::figure::Layout;
use neurocart_report::figure::forest::render_forest_svg;

use super::{Arguments, Group};
use crate::evidence::forest;
use crate::evidence::table::{Column, Page, Table};
use crate::evidence::wording::cell;
use crate::exit::Exit;

const STEPS: [Column; 6] = [
    Column::code("study", "study"),
    Column::number("year", "year"),
    Column::number("estimate", "estimate"),
    Column::number("lower", "lower"),
    Column::number("upper", "upper"),
    Column::words("remark", "remark"),
];

/// The tables of leave-one-out and cumulative answers, and the plot of the one asked for.
pub fn steps(
    arguments: &Arguments,
    all: &Series,
    options: Options,
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
            cumulative(all, options)
        } else {
            leave_one_out(all, options)
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
