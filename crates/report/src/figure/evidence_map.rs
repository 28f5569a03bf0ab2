//! Evidence map: how many studies and patients stand behind each cell of a grid, and where nothing does.

use serde::{Deserialize, Serialize};

use crate::figure::Layout;
use crate::figure::key::{counted, draw_key, draw_note};
use crate::figure::svg::Svg;
use crate::figure::text::{text_width, wrap};
use crate::format::fixed;

/// What to draw: panels under one another, with one size of circle for all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EvidenceMap {
    /// Heading, for example `Evidence by disease and target`.
    pub title: String,
    /// For example one panel per outcome.
    pub panels: Vec<MapPanel>,
    /// A sentence or two under the figure.
    pub caption: String,
}

/// One grid of the map.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MapPanel {
    /// For example `Cytokine release syndrome`.
    pub heading: String,
    /// Names of the columns, for example targets.
    pub columns: Vec<String>,
    /// Rows from top to bottom, for example diseases.
    pub rows: Vec<MapRow>,
}

/// One row of a grid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MapRow {
    /// For example `Neuromyelitis optica`.
    pub label: String,
    /// One cell per column; a cell that is not there is a gap.
    pub cells: Vec<MapCell>,
}

/// What was published on one row and column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MapCell {
    /// Studies; none is a gap.
    pub studies: u64,
    /// Patients in them; 0 for studies without patients.
    pub patients: u64,
    /// Whether all that is known was recalled and not read at its source.
    pub recalled_only: bool,
    /// A remark under the grid, for example `case reports`.
    pub note: String,
}

/// The figure as an SVG file of its own.
pub fn render_evidence_map_svg(map: &EvidenceMap, layout: Layout) -> String {
    draw(map, layout).file("evidence-map", &map.title, &describe(map))
}

/// Height of a cell and radius of its largest circle.
const CELL_HEIGHT: f64 = 46.0;
const LARGEST_RADIUS: f64 = 13.0;

/// Narrowest column; a grid that needs more width goes on under itself.
const NARROWEST_COLUMN: f64 = 62.0;

pub(crate) fn draw(map: &EvidenceMap, layout: Layout) -> Svg {
    let mut svg = Svg::new(layout.width());
    let most = filled_cells(map)
        .map(|cell| cell.patients)
        .max()
        .unwrap_or(0);
    let mut y = 0.0;
    for panel in map.panels.iter().filter(|panel| has_grid(panel)) {
        for line in wrap(&panel.heading, svg.width * 0.94, 12.0, 2) {
            y += 15.0;
            svg.text((0.0, y), "st", &line);
        }
        y = draw_panel(&mut svg, panel, most, layout, y + 6.0) + 14.0;
    }
    if y == 0.0 {
        svg.text((svg.width / 2.0, 20.0), "mu m", "No values to show");
        y = 32.0;
    } else {
        y = draw_key(&mut svg, y, &key(map, most), draw_symbol);
        if let Some(cell) = filled_cells(map).find(|cell| cell.patients > 0) {
            y = draw_note(&mut svg, y, &example(cell));
        }
    }
    svg.height = draw_note(&mut svg, y, &map.caption);
    svg
}

fn has_grid(panel: &MapPanel) -> bool {
    !panel.columns.is_empty() && !panel.rows.is_empty()
}

/// The cells behind which some study stands.
fn filled_cells(map: &EvidenceMap) -> impl Iterator<Item = &MapCell> {
    map.panels
        .iter()
        .flat_map(|panel| panel_cells(panel).flatten())
}

/// Every cell of a grid, row by row; a gap is none.
fn panel_cells(panel: &MapPanel) -> impl Iterator<Item = Option<&MapCell>> {
    let columns = 0..panel.columns.len();
    panel
        .rows
        .iter()
        .flat_map(move |row| columns.clone().map(|column| filled_cell(row, column)))
}

fn filled_cell(row: &MapRow, column: usize) -> Option<&MapCell> {
    row.cells.get(column).filter(|cell| cell.studies > 0)
}

/// The grid of a panel, in blocks of as many columns as fit, and its remarks; returns its foot.
fn draw_panel(svg: &mut Svg, panel: &MapPanel, most: u64, layout: Layout, top: f64) -> f64 {
    let widest = panel
        .rows
        .iter()
        .map(|row| text_width(&row.label, 12.0))
        .fold(0.0, f64::max);
    // On a phone the name of a row stands above its cells.
    let label_width = match layout {
        Layout::Wide => widest.clamp(60.0, 170.0) + 8.0,
        Layout::Narrow => 0.0,
    };
    let room = svg.width - label_width;
    let narrowest = panel_cells(panel)
        .flatten()
        .map(|cell| text_width(&cell_words(cell), 11.0) + 4.0)
        .fold(NARROWEST_COLUMN, f64::max);
    let most_columns = (room / narrowest).floor().max(1.0);
    let blocks = (panel.columns.len() as f64 / most_columns).ceil();
    let per_block = (panel.columns.len() as f64 / blocks).ceil() as usize;
    let column_width = (room / per_block as f64).min(120.0);
    let mut remarks: Vec<&str> = Vec::new();
    let mut y = top;
    for first in (0..panel.columns.len()).step_by(per_block) {
        let last = (first + per_block).min(panel.columns.len());
        y = draw_column_names(
            svg,
            &panel.columns[first..last],
            label_width,
            column_width,
            y,
        );
        for row in &panel.rows {
            y = draw_row_name(svg, row, layout, label_width, y);
            for column in first..last {
                let x = label_width + column_width * (column - first) as f64;
                let corner = (x + 1.0, y + 1.0);
                let size = (column_width - 2.0, CELL_HEIGHT - 2.0);
                match filled_cell(row, column) {
                    Some(cell) => {
                        let remark = remark_number(&mut remarks, &cell.note);
                        draw_cell(svg, cell, remark, most, corner, size);
                    }
                    None => draw_gap(svg, corner, size),
                }
            }
            y += CELL_HEIGHT;
        }
        y += 8.0;
    }
    for (i, remark) in remarks.iter().enumerate() {
        y = draw_note(svg, y - 4.0, &format!("({}) {remark}", i + 1));
    }
    y
}

fn draw_column_names(
    svg: &mut Svg,
    names: &[String],
    left: f64,
    column_width: f64,
    top: f64,
) -> f64 {
    let names: Vec<Vec<String>> = names
        .iter()
        .map(|name| {
            let width = column_width - 6.0;
            // Two targets in one name may stand on two lines.
            match text_width(name, 11.0) > width {
                true => wrap(&name.replace('+', "+ "), width, 11.0, 3),
                false => wrap(name, width, 11.0, 3),
            }
        })
        .collect();
    let most = names.iter().map(Vec::len).max().unwrap_or(0);
    for (i, lines) in names.iter().enumerate() {
        let x = left + column_width * (i as f64 + 0.5);
        for (line, text) in lines.iter().enumerate() {
            // Short names stand at the grid.
            let baseline = top + 13.0 * (most - lines.len() + line + 1) as f64;
            svg.text((x, baseline), "mu sm m", text);
        }
    }
    top + 13.0 * most as f64 + 5.0
}

/// The name of a row beside its cells, or above them; returns where the cells begin.
fn draw_row_name(svg: &mut Svg, row: &MapRow, layout: Layout, width: f64, top: f64) -> f64 {
    if layout == Layout::Narrow {
        let lines = wrap(&row.label, svg.width, 12.0, 2);
        for (i, line) in lines.iter().enumerate() {
            svg.text((0.0, top + 14.0 * (i + 1) as f64), "", line);
        }
        return top + 14.0 * lines.len() as f64 + 5.0;
    }
    let lines = wrap(&row.label, width - 8.0, 12.0, 3);
    let first = top + CELL_HEIGHT / 2.0 + 4.0 - 7.0 * (lines.len() as f64 - 1.0);
    for (i, line) in lines.iter().enumerate() {
        svg.text((0.0, first + 14.0 * i as f64), "", line);
    }
    top
}

/// The number of a remark; equal remarks of a panel share one.
fn remark_number<'a>(remarks: &mut Vec<&'a str>, note: &'a str) -> Option<usize> {
    if note.trim().is_empty() {
        return None;
    }
    let known = remarks.iter().position(|remark| *remark == note);
    Some(
        1 + known.unwrap_or_else(|| {
            remarks.push(note);
            remarks.len() - 1
        }),
    )
}

fn draw_cell(
    svg: &mut Svg,
    cell: &MapCell,
    remark: Option<usize>,
    most: u64,
    corner: (f64, f64),
    size: (f64, f64),
) {
    svg.rect(corner, size, "sh");
    let centre = corner.0 + size.0 / 2.0;
    let class = if cell.recalled_only { "ho a0" } else { "mk a0" };
    let radius = radius(cell.patients, most);
    svg.circle((centre, corner.1 + 2.0 + LARGEST_RADIUS), radius, class);
    svg.text((centre, corner.1 + size.1 - 4.0), "sm m", &cell_words(cell));
    if let Some(number) = remark {
        let at = (corner.0 + size.0 - 3.0, corner.1 + 12.0);
        svg.text(at, "mu sm e", &format!("({number})"));
    }
}

/// Nothing published: hatched, so that no gap looks like a cell without colour.
fn draw_gap(svg: &mut Svg, corner: (f64, f64), size: (f64, f64)) {
    svg.hatch(corner, size, true, "gp");
    svg.rect(corner, size, "gp");
}

/// The area of a circle grows with the patients.
fn radius(patients: u64, most: u64) -> f64 {
    if most == 0 {
        return 2.5;
    }
    (LARGEST_RADIUS * (patients as f64 / most as f64).sqrt()).max(2.5)
}

/// `57 in 3`: patients in studies.
fn cell_words(cell: &MapCell) -> String {
    let patients = fixed(cell.patients as f64, 0);
    if cell.patients == 0 {
        counted(cell.studies, "study", "studies")
    } else {
        format!("{patients} in {}", cell.studies)
    }
}

/// How to read the numbers of a cell, by one of them.
fn example(cell: &MapCell) -> String {
    let patients = counted(cell.patients, "patient", "patients");
    let studies = counted(cell.studies, "study", "studies");
    format!("{}: {patients} in {studies}.", cell_words(cell))
}

enum Symbol {
    Circle { radius: f64, recalled: bool },
    Gap,
}

fn draw_symbol(svg: &mut Svg, (x, y): (f64, f64), symbol: &Symbol) {
    match symbol {
        Symbol::Circle { radius, recalled } => {
            let class = if *recalled { "ho a0" } else { "mk a0" };
            svg.circle((x, y), *radius, class);
        }
        Symbol::Gap => draw_gap(svg, (x - 11.0, y - 6.0), (22.0, 12.0)),
    }
}

fn key(map: &EvidenceMap, most: u64) -> Vec<(Symbol, String)> {
    let mut entries = Vec::new();
    // Two sizes let a reader judge the others; each is drawn as in the grid, and low enough for a row of the key.
    for largest in [most / 12, most / 2] {
        let patients = largest_round_number(largest);
        if patients > 0 {
            let circle = Symbol::Circle {
                radius: radius(patients, most),
                recalled: false,
            };
            entries.push((circle, counted(patients, "patient", "patients")));
        }
    }
    if filled_cells(map).any(|cell| cell.recalled_only) {
        let hollow = Symbol::Circle {
            radius: 6.0,
            recalled: true,
        };
        entries.push((hollow, "recalled only, not read at a source".to_string()));
    }
    let has_gap = |panel: &MapPanel| panel_cells(panel).any(|cell| cell.is_none());
    if map.panels.iter().any(has_gap) {
        entries.push((Symbol::Gap, "gap: no study".to_string()));
    }
    entries
}

/// 1, 2 or 5 times a power of ten, at most `number`.
fn largest_round_number(number: u64) -> u64 {
    let mut power = 1;
    while power <= number / 10 {
        power *= 10;
    }
    let steps = [5 * power, 2 * power, power];
    steps.into_iter().find(|step| *step <= number).unwrap_or(0)
}

/// The cells in words, gaps included.
pub(crate) fn describe(map: &EvidenceMap) -> String {
    let mut sentences = Vec::new();
    for panel in map.panels.iter().filter(|panel| has_grid(panel)) {
        let mut found = Vec::new();
        let mut gaps = Vec::new();
        for row in &panel.rows {
            for (i, column) in panel.columns.iter().enumerate() {
                let place = format!("{} × {column}", row.label);
                match filled_cell(row, i) {
                    Some(cell) => found.push(format!("{place} {}", long_words(cell))),
                    None => gaps.push(place),
                }
            }
        }
        let heading = if panel.heading.is_empty() {
            "Evidence"
        } else {
            &panel.heading
        };
        if found.is_empty() {
            found.push("no study".to_string());
        }
        sentences.push(format!("{heading}: {}.", found.join("; ")));
        if !gaps.is_empty() {
            sentences.push(format!("Gaps: {}.", gaps.join(", ")));
        }
    }
    if sentences.is_empty() {
        sentences.push("No values to show.".to_string());
    }
    sentences.join(" ")
}

fn long_words(cell: &MapCell) -> String {
    let studies = counted(cell.studies, "study", "studies");
    let patients = if cell.patients > 0 {
        format!(" with {}", counted(cell.patients, "patient", "patients"))
    } else {
        String::new()
    };
    let recalled = if cell.recalled_only {
        ", recalled only"
    } else {
        ""
    };
    let note = if cell.note.is_empty() {
        String::new()
    } else {
        format!(" ({})", cell.note)
    };
    format!("{studies}{patients}{recalled}{note}")
}
