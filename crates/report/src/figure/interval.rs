//! Estimates with intervals against a target: one row each (operating characteristics).

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, number_or_missing};
use crate::figure::Layout;
use crate::figure::axis::{Scale, ValueAxis, linear_axis, percent_axis};
use crate::figure::plot::value_axis_width;
use crate::figure::svg::Svg;
use crate::figure::text::{text_width, wrap};
use crate::format::{fixed, percent_one_decimal, pretty_unit, significant};

/// One operating characteristic of a design, estimated over replicates.
///
/// Reporting follows Morris, White and Crowther 2019 (doi:10.1002/sim.8086): every performance
/// measure comes with its Monte Carlo standard error.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OperatingCharacteristic {
    /// Which property.
    pub measure: Measure,
    /// Of which analysis, for example `Difference in responders, Fisher's exact test`.
    pub analysis: String,
    /// Under which truth, for example `As modelled` or `Null: no effect`.
    pub scenario: String,
    /// The estimate with its Monte Carlo interval.
    pub estimate: Estimate,
    /// Monte Carlo standard error.
    #[serde(deserialize_with = "number_or_missing")]
    pub monte_carlo_standard_error: f64,
    /// What the design aims at, for example 0.05 for a type I error; missing if nothing.
    #[serde(deserialize_with = "number_or_missing")]
    pub target: f64,
    /// Unit of the estimate where it is not a proportion, for example `points`.
    pub unit: String,
    /// Replicates that gave a result.
    pub replicates: u64,
}

/// A property of a design.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Probability to reject under an effect, 0 to 1.
    #[default]
    Power,
    /// Probability to reject without an effect, 0 to 1.
    TypeOneError,
    /// Mean estimate minus the truth, in the unit of the estimate.
    Bias,
    /// Probability that the interval holds the truth, 0 to 1.
    Coverage,
    /// Anything else that is a number, for example the expected sample size.
    Other,
}

impl Measure {
    /// As a heading.
    pub fn name(self) -> &'static str {
        match self {
            Self::Power => "Power",
            Self::TypeOneError => "Type I error",
            Self::Bias => "Bias",
            Self::Coverage => "Coverage of the interval",
            Self::Other => "Other measures",
        }
    }

    fn is_proportion(self) -> bool {
        matches!(self, Self::Power | Self::TypeOneError | Self::Coverage)
    }
}

/// Order in which measures are shown.
pub(crate) const MEASURES: [Measure; 5] = [
    Measure::Power,
    Measure::TypeOneError,
    Measure::Bias,
    Measure::Coverage,
    Measure::Other,
];

/// The figure as an SVG file of its own.
pub fn render_intervals_svg(rows: &[OperatingCharacteristic]) -> String {
    draw(rows, Layout::Wide).file("intervals", "Operating characteristics", &describe(rows))
}

/// One block per measure and unit, each on an axis of its own.
pub(crate) fn draw(rows: &[OperatingCharacteristic], layout: Layout) -> Svg {
    let mut svg = Svg::new(layout.width());
    let mut y = 0.0;
    for block in blocks(rows) {
        y = draw_block(&mut svg, &block, y) + 16.0;
    }
    if rows.is_empty() {
        y = 32.0;
        svg.text((svg.width / 2.0, 20.0), "mu m", "No values to show");
    }
    svg.height = y;
    svg
}

fn draw_block(svg: &mut Svg, block: &[&OperatingCharacteristic], top: f64) -> f64 {
    let (measure, unit) = (block[0].measure, pretty_unit(&block[0].unit));
    let axis = block_axis(measure, block);
    let margin = value_axis_width(&axis) / 2.0;
    let scale = axis.scale(margin, svg.width - margin);
    let heading = if measure.is_proportion() || unit.is_empty() {
        measure.name().to_string()
    } else {
        format!("{} ({unit})", measure.name())
    };
    svg.text((0.0, top + 13.0), "st", &heading);
    let first = top + 24.0;
    let names: Vec<Vec<String>> = block.iter().map(|row| name_lines(row, svg.width)).collect();
    let heights: Vec<f64> = names
        .iter()
        .map(|lines| 24.0 + 14.0 * lines.len() as f64)
        .collect();
    let bottom = first + heights.iter().sum::<f64>();
    for (tick, label) in &axis.ticks {
        if let Some(x) = scale.position(*tick) {
            svg.line((x, first), (x, bottom), "gr");
            svg.text((x, bottom + 16.0), "mu m", label);
        }
    }
    let mut y = first;
    for ((row, lines), height) in block.iter().zip(&names).zip(&heights) {
        svg.rect((0.0, y), (svg.width, height - 19.0), "bg");
        svg.text((svg.width, y + 14.0), "e", &value_words(row));
        for (i, line) in lines.iter().enumerate() {
            svg.text((0.0, y + 14.0 * (i + 1) as f64), "mu", line);
        }
        y += height;
        draw_interval(svg, &scale, row, y - 10.0);
    }
    svg.line((scale.start, bottom), (scale.end, bottom), "ax");
    bottom + 22.0
}

/// The name of a row beside its value, on as many lines as it needs, up to three.
fn name_lines(row: &OperatingCharacteristic, width: f64) -> Vec<String> {
    let room = width - text_width(&value_words(row), 12.0) - 14.0;
    let lines = wrap(&row_name(row), room, 12.0, 3);
    if lines.is_empty() {
        vec![String::new()]
    } else {
        lines
    }
}

fn draw_interval(svg: &mut Svg, scale: &Scale, row: &OperatingCharacteristic, y: f64) {
    if let Some(x) = scale.position(row.target) {
        svg.line((x, y - 8.0), (x, y + 8.0), "tg");
    }
    let Some(x) = scale.position(row.estimate.value) else {
        return;
    };
    if let (true, Some(low), Some(high)) = (
        row.estimate.has_interval(),
        scale.position(row.estimate.lower),
        scale.position(row.estimate.upper),
    ) {
        svg.line((low, y), (high, y), "wk a0");
        svg.line((low, y - 4.0), (low, y + 4.0), "wk a0");
        svg.line((high, y - 4.0), (high, y + 4.0), "wk a0");
    }
    svg.marker((x, y), 0);
}

/// The numbers of the figure in words.
pub(crate) fn describe(rows: &[OperatingCharacteristic]) -> String {
    let sentences: Vec<String> = rows
        .iter()
        .map(|row| {
            let target = if row.target.is_finite() {
                format!(", target {}", number(row, row.target))
            } else {
                String::new()
            };
            let words = value_words(row);
            format!(
                "{}, {}: {words}{target}.",
                row.measure.name(),
                row_name(row)
            )
        })
        .collect();
    if sentences.is_empty() {
        "No values to show.".to_string()
    } else {
        sentences.join(" ")
    }
}

/// A value of this row's measure as text.
pub(crate) fn number(row: &OperatingCharacteristic, value: f64) -> String {
    if row.measure.is_proportion() {
        percent_one_decimal(value)
    } else {
        significant(value)
    }
}

/// The standard error: in percentage points for proportions.
pub(crate) fn standard_error(row: &OperatingCharacteristic) -> String {
    let error = row.monte_carlo_standard_error;
    if row.measure.is_proportion() {
        fixed(100.0 * error, 2)
    } else {
        significant(error)
    }
}

fn value_words(row: &OperatingCharacteristic) -> String {
    let value = number(row, row.estimate.value);
    if row.monte_carlo_standard_error.is_finite() {
        format!("{value} (MC SE {})", standard_error(row))
    } else {
        value
    }
}

fn row_name(row: &OperatingCharacteristic) -> String {
    let parts = [row.analysis.as_str(), row.scenario.as_str()];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// Rows that can share an axis, in the order of [`MEASURES`].
pub(crate) fn blocks(rows: &[OperatingCharacteristic]) -> Vec<Vec<&OperatingCharacteristic>> {
    let mut blocks: Vec<Vec<&OperatingCharacteristic>> = Vec::new();
    for measure in MEASURES {
        for row in rows.iter().filter(|row| row.measure == measure) {
            let shares = |block: &&mut Vec<&OperatingCharacteristic>| {
                block[0].measure == measure
                    && (measure.is_proportion() || block[0].unit == row.unit)
            };
            match blocks.iter_mut().find(shares) {
                Some(block) => block.push(row),
                None => blocks.push(vec![row]),
            }
        }
    }
    blocks
}

fn block_axis(measure: Measure, block: &[&OperatingCharacteristic]) -> ValueAxis {
    let values: Vec<f64> = block
        .iter()
        .flat_map(|row| {
            [
                row.estimate.value,
                row.estimate.lower,
                row.estimate.upper,
                row.target,
            ]
        })
        .filter(|value| value.is_finite())
        .collect();
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match measure {
        Measure::Power => percent_axis(0.0, 1.0, 5),
        Measure::TypeOneError => percent_axis(0.0, high.clamp(0.1, 1.0), 5),
        Measure::Coverage => percent_axis(low.clamp(0.0, 0.85), 1.0, 5),
        // No bias is in the middle.
        Measure::Bias => {
            let reach = high.abs().max(low.abs());
            let reach = if reach.is_finite() && reach > 0.0 {
                reach
            } else {
                1.0
            };
            linear_axis(-reach, reach, 5)
        }
        Measure::Other if values.is_empty() => linear_axis(0.0, 1.0, 5),
        Measure::Other => linear_axis(low.min(0.0), high.max(0.0), 5),
    }
}
