//! Simulated against published: a table, a figure and a verdict, as Markdown or as HTML.

use serde::{Deserialize, Serialize};

use crate::estimate::Estimate;
use crate::figure::svg::{FIGURE_CSS, Svg};
use crate::figure::text::fit;
use crate::figure::{DataTable, Layout};
use crate::format::{MISSING, escape, quantity, significant};
use crate::html::{FigureBlock, link_dois, next_doi};

/// A set of comparisons.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ValidationReport {
    /// Heading.
    pub title: String,
    /// What was compared and how the verdict is made.
    pub introduction: String,
    /// The comparisons, in order; failures stay in.
    pub rows: Vec<ValidationRow>,
}

/// One comparison.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ValidationRow {
    /// Heading that several rows share, for example the trial or the therapy; may be empty.
    pub group: String,
    /// What is compared, for example `Time to 50 % of baseline IgG`.
    pub quantity: String,
    /// Unit; empty for a pure number.
    pub unit: String,
    /// The published value with its interval or range.
    pub published: Estimate,
    /// The simulated value with its interval.
    pub simulated: Estimate,
    /// The simulated value passes between these limits; `value` is not used. Missing limits
    /// fall back to those of `published`.
    pub acceptance: Estimate,
    /// Whether it passed.
    pub verdict: Verdict,
    /// Citation; a DOI in it becomes a link.
    pub source: String,
    /// Why it failed, or what limits the comparison.
    pub note: String,
}

/// Outcome of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within the limits.
    Pass,
    /// Close, where no limits could be derived.
    Near,
    /// Outside of the limits.
    Fail,
    /// Shown without a verdict: nothing to hold it against.
    #[default]
    NotJudged,
}

impl Verdict {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Near => "near",
            Self::Fail => "fail",
            Self::NotJudged => "not judged",
        }
    }
}

/// The comparisons as Markdown, for the documentation; the figure is a file of its own
/// ([`render_validation_svg`]).
pub fn render_markdown(report: &ValidationReport) -> String {
    let mut text = format!("# {}\n\n", one_line(&report.title));
    if !report.introduction.is_empty() {
        text.push_str(&format!("{}\n\n", report.introduction.trim()));
    }
    text.push_str(&format!("{}\n", tally(report)));
    for (group, rows) in groups(report) {
        if !group.is_empty() {
            text.push_str(&format!("\n## {}\n", one_line(group)));
        }
        text.push_str("\n| Quantity | Published | Simulated | Accepted | Verdict | Source |\n");
        text.push_str("|---|---|---|---|---|---|\n");
        for row in &rows {
            let verdict = match row.verdict {
                Verdict::Fail => "**fail**".to_string(),
                verdict => verdict.name().to_string(),
            };
            let cells = [
                row.quantity.clone(),
                words(&row.published, &row.unit),
                words(&row.simulated, &row.unit),
                limits_words(row),
                verdict,
                markdown_source(&row.source),
            ];
            let cells = cells.map(|cell| one_line(&cell).replace('|', "\\|"));
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        for row in rows.iter().filter(|row| !row.note.is_empty()) {
            text.push_str(&format!(
                "\n* {}: {}",
                one_line(&row.quantity),
                one_line(&row.note)
            ));
        }
        if rows.iter().any(|row| !row.note.is_empty()) {
            text.push('\n');
        }
    }
    text
}

/// The comparisons as a piece of HTML: figure, table, tally. The page brings the style.
pub fn render_html_fragment(report: &ValidationReport) -> String {
    let mut html = format!(
        "<section class=\"validation\">\n<h2>{}</h2>\n",
        escape(&report.title)
    );
    if !report.introduction.is_empty() {
        for paragraph in report.introduction.split("\n\n") {
            html.push_str(&format!("<p>{}</p>\n", link_dois(paragraph.trim())));
        }
    }
    let figure = FigureBlock {
        id: "validation",
        title: "Simulated against published",
        description: describe(report),
        comparison: &tally(report),
        caption: FIGURE_CAPTION,
        notes: Vec::new(),
        table: Some(data_table(report)),
    };
    html.push_str(&figure.html(|layout| draw(report, layout)));
    html.push_str("</section>\n");
    html
}

/// The comparisons as a page of its own, in the style of the trial report.
pub fn render_validation_html(report: &ValidationReport) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta \
         name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>{}</title>\n\
         <style>\n{PAGE_CSS}{FIGURE_CSS}</style>\n</head>\n<body>\n<main class=\"first\">\n{}</main>\n\
         </body>\n</html>\n",
        escape(&report.title),
        render_html_fragment(report)
    )
}

/// The figure as an SVG file of its own.
pub fn render_validation_svg(report: &ValidationReport) -> String {
    draw(report, Layout::Wide).file("validation", &report.title, &describe(report))
}

const PAGE_CSS: &str = include_str!("page.css");

const FIGURE_CAPTION: &str = "Each row has an axis of its own, on which the accepted range fills the \
    shaded middle third. Dots are simulated values with their intervals, hollow diamonds the published \
    values; an arrow head points at a value beyond the axis.";

fn draw(report: &ValidationReport, layout: Layout) -> Svg {
    let mut svg = Svg::new(layout.width());
    let wide = layout == Layout::Wide;
    // Wide: words left, strip right. Narrow: words above the strip.
    let left = if wide { 330.0 } else { 4.0 };
    let right = svg.width - if wide { 66.0 } else { 4.0 };
    let mut y = 0.0;
    for (group, rows) in groups(report) {
        if !group.is_empty() {
            y += if y > 0.0 { 30.0 } else { 14.0 };
            let heading = fit(group, svg.width, 12.6);
            svg.text((0.0, y), "st", &heading);
            y += 7.0;
        }
        for row in rows {
            let numbers = numbers_words(row);
            let class = match row.verdict {
                Verdict::Pass | Verdict::Near => "b2 e",
                Verdict::Fail => "b1 st e",
                Verdict::NotJudged => "mu e",
            };
            let end = svg.width;
            svg.text((end, y + 15.0), class, row.verdict.name());
            let room = if wide { left - 20.0 } else { svg.width - 70.0 };
            svg.text((0.0, y + 15.0), "tx", &fit(&row.quantity, room, 12.0));
            let room = if wide { left - 20.0 } else { svg.width };
            svg.text((0.0, y + 29.0), "mu sm", &fit(&numbers, room, 11.0));
            let strip = if wide { y + 3.0 } else { y + 34.0 };
            draw_strip(&mut svg, row, left, right, strip);
            let height = if wide { 36.0 } else { 66.0 };
            y += height;
            svg.line((0.0, y), (end, y), "gr");
        }
    }
    if report.rows.is_empty() {
        y = 32.0;
        svg.text((svg.width / 2.0, 20.0), "mu m", "No comparisons to show");
    }
    svg.height = y + 4.0;
    svg
}

/// The accepted range in the middle third of a strip, simulated and published on it.
fn draw_strip(svg: &mut Svg, row: &ValidationRow, left: f64, right: f64, top: f64) {
    let (height, middle) = (26.0, top + 13.0);
    let third = (right - left) / 3.0;
    let Some((low, high)) = limits(row) else {
        let words = match limits_words(row) {
            words if words == MISSING => "no accepted range".to_string(),
            words => format!("accepted: {words}"),
        };
        svg.text(((left + right) / 2.0, middle + 4.0), "mu sm m", &words);
        return;
    };
    svg.rect((left + third, top), (third, height), "ok");
    svg.line((left, middle), (right, middle), "gr");
    let place = |value: f64| left + third * (1.0 + (value - low) / (high - low));
    let inside = |x: f64| x.clamp(left + 6.0, right - 6.0);
    let class = match row.verdict {
        Verdict::Fail => "a1",
        Verdict::Pass | Verdict::Near => "a2",
        Verdict::NotJudged => "a5",
    };
    if row.simulated.has_interval() {
        let from = inside(place(row.simulated.lower));
        let to = inside(place(row.simulated.upper));
        svg.line((from, middle), (to, middle), &format!("wk {class}"));
    }
    let published = place(row.published.value);
    if (left..=right).contains(&published) {
        let (x, y) = (published, middle);
        svg.polygon(
            &[(x, y - 6.0), (x + 6.0, y), (x, y + 6.0), (x - 6.0, y)],
            "hw",
        );
    }
    let x = place(row.simulated.value);
    if x < left || x > right {
        let (tip, back) = if x < left {
            (left, left + 9.0)
        } else {
            (right, right - 9.0)
        };
        let shape = [(tip, middle), (back, middle - 5.5), (back, middle + 5.5)];
        svg.polygon(&shape, &format!("br {class}"));
    } else {
        svg.circle((x, middle), 4.5, &format!("mk {class}"));
    }
}

fn describe(report: &ValidationReport) -> String {
    let rows = report.rows.iter().map(|row| {
        format!(
            "{}: {}; {}.",
            row.quantity,
            numbers_words(row),
            row.verdict.name()
        )
    });
    std::iter::once(tally(report))
        .chain(rows)
        .collect::<Vec<_>>()
        .join(" ")
}

fn data_table(report: &ValidationReport) -> DataTable {
    let head = [
        "Quantity",
        "Published",
        "Simulated",
        "Accepted",
        "Verdict",
        "Source",
        "Note",
    ];
    let rows = report.rows.iter().map(|row| {
        vec![
            row.quantity.clone(),
            words(&row.published, &row.unit),
            words(&row.simulated, &row.unit),
            limits_words(row),
            row.verdict.name().to_string(),
            row.source.clone(),
            row.note.clone(),
        ]
    });
    DataTable {
        head: head.map(str::to_string).to_vec(),
        rows: rows.collect(),
    }
}

/// How many passed and failed, in a sentence.
pub fn tally(report: &ValidationReport) -> String {
    let number = |verdict| {
        report
            .rows
            .iter()
            .filter(|row| row.verdict == verdict)
            .count()
    };
    let mut text = format!(
        "{} of {} comparisons pass",
        number(Verdict::Pass),
        report.rows.len()
    );
    if number(Verdict::Near) > 0 {
        text.push_str(&format!(", {} come near", number(Verdict::Near)));
    }
    text.push_str(&format!(", {} fail", number(Verdict::Fail)));
    if number(Verdict::NotJudged) > 0 {
        text.push_str(&format!(
            ", {} are shown without a verdict",
            number(Verdict::NotJudged)
        ));
    }
    text + "."
}

/// Rows under their heading, headings in order of first appearance.
fn groups(report: &ValidationReport) -> Vec<(&str, Vec<&ValidationRow>)> {
    let mut groups: Vec<(&str, Vec<&ValidationRow>)> = Vec::new();
    for row in &report.rows {
        match groups.iter_mut().find(|(name, _)| *name == row.group) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((&row.group, vec![row])),
        }
    }
    groups
}

/// The accepted range, if there is one with some width.
fn limits(row: &ValidationRow) -> Option<(f64, f64)> {
    [row.acceptance, row.published]
        .into_iter()
        .find(Estimate::has_interval)
        .map(|estimate| (estimate.lower, estimate.upper))
        .filter(|(low, high)| high > low)
}

fn limits_words(row: &ValidationRow) -> String {
    let Estimate { lower, upper, .. } = row.acceptance;
    match limits(row) {
        Some((low, high)) => format!("{} to {}", significant(low), significant(high)),
        // A requirement may be open on one side.
        None if lower.is_finite() => format!("at least {}", significant(lower)),
        None if upper.is_finite() => format!("at most {}", significant(upper)),
        None => MISSING.to_string(),
    }
}

fn numbers_words(row: &ValidationRow) -> String {
    // The unit stands once: the published value has the same.
    format!(
        "{}; published {}",
        words(&row.simulated, &row.unit),
        words(&row.published, "")
    )
}

fn words(estimate: &Estimate, unit: &str) -> String {
    let value = quantity(estimate.value, unit);
    if estimate.has_interval() {
        format!(
            "{value} ({} to {})",
            significant(estimate.lower),
            significant(estimate.upper)
        )
    } else {
        value
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn markdown_source(source: &str) -> String {
    match next_doi(source) {
        Some((before, doi, after)) => {
            let before = before
                .trim_end_matches("https://doi.org/")
                .trim_end_matches("doi:");
            format!("{before}[doi:{doi}](https://doi.org/{doi}){after}")
        }
        None => source.to_string(),
    }
}
