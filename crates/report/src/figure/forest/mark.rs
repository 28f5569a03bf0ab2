//! Squares, diamonds and intervals of a forest plot, and the key that explains them.

use super::lines::Columns;
use super::words::has_prediction;
use super::{ForestMark, ForestPlot, ForestRow, ForestScale, PooledMark, PooledRow};
use crate::estimate::Estimate;
use crate::figure::svg::Svg;

pub(super) fn draw_study(
    svg: &mut Svg,
    scale: ForestScale,
    columns: &Columns,
    row: &ForestRow,
    side: f64,
    y: f64,
) {
    let colour = match row.mark {
        ForestMark::Pooled => "a1",
        _ => "a0",
    };
    draw_interval(svg, columns, &row.estimate, y, colour);
    let Some(x) = inside(scale, columns, row.estimate.value) else {
        return;
    };
    let corner = (x - side / 2.0, y - side / 2.0);
    match row.mark {
        ForestMark::Study => svg.rect(corner, (side, side), "mk a0"),
        ForestMark::Recalled => svg.rect(corner, (side, side), "ho a0"),
        ForestMark::NotPooled => svg.shape((x, y), 0, "ho a0"),
        ForestMark::Pooled => svg.shape((x, y), 2, "mk a1"),
    }
}

/// A line from limit to limit; where a limit lies off the axis, an arrow says so.
fn draw_interval(svg: &mut Svg, columns: &Columns, estimate: &Estimate, y: f64, colour: &str) {
    let or_value = |limit: f64| {
        if limit.is_nan() {
            estimate.value
        } else {
            limit
        }
    };
    let (lower, upper) = (or_value(estimate.lower), or_value(estimate.upper));
    let (Some(low), Some(high)) = (columns.scale.position(lower), columns.scale.position(upper))
    else {
        return;
    };
    if low < high {
        svg.line((low, y), (high, y), &format!("wk {colour}"));
    }
    draw_arrows(svg, columns, (lower, upper), y, &format!("br {colour}"));
}

fn draw_arrows(svg: &mut Svg, columns: &Columns, limits: (f64, f64), y: f64, class: &str) {
    let axis = &columns.axis;
    if limits.0 < axis.from {
        svg.arrow_head((columns.scale.start - 3.0, y), false, class);
    }
    if limits.1 > axis.to {
        svg.arrow_head((columns.scale.end + 3.0, y), true, class);
    }
}

/// Where a value lies, if it lies on the axis.
fn inside(scale: ForestScale, columns: &Columns, value: f64) -> Option<f64> {
    let axis = &columns.axis;
    let exists = scale != ForestScale::LogRatio || value > 0.0;
    let on_axis = exists && value >= axis.from && value <= axis.to;
    columns.scale.position(value).filter(|_| on_axis)
}

pub(super) fn draw_pooled(
    svg: &mut Svg,
    scale: ForestScale,
    columns: &Columns,
    row: &PooledRow,
    y: f64,
) {
    let (from, to) = (row.prediction_lower, row.prediction_upper);
    if let (Some(low), Some(high)) = (columns.scale.position(from), columns.scale.position(to)) {
        svg.rect((low, y - 2.0), (high - low, 4.0), "lt a1");
        draw_arrows(svg, columns, (from, to), y, "lt a1");
    }
    let x = inside(scale, columns, row.estimate.value);
    if row.mark == PooledMark::Interval {
        draw_interval(svg, columns, &row.estimate, y, "a1");
        for limit in [row.estimate.lower, row.estimate.upper] {
            if let Some(x) = inside(scale, columns, limit) {
                svg.line((x, y - 4.0), (x, y + 4.0), "wk a1");
            }
        }
        if let Some(x) = x {
            svg.shape((x, y), 0, "mk a1");
        }
        return;
    }
    let Some(x) = x else {
        draw_interval(svg, columns, &row.estimate, y, "a1");
        return;
    };
    let limit = |value: f64, missing: f64| columns.scale.position(value).unwrap_or(missing);
    // A diamond narrower than this would be a stroke.
    let low = limit(row.estimate.lower, x - 4.0).min(x - 2.0);
    let high = limit(row.estimate.upper, x + 4.0).max(x + 2.0);
    draw_diamond(svg, low, x, high, y, row.mark);
    let limits = (row.estimate.lower, row.estimate.upper);
    draw_arrows(svg, columns, limits, y, "br a1");
}

fn draw_diamond(svg: &mut Svg, low: f64, x: f64, high: f64, y: f64, mark: PooledMark) {
    let corners = [(low, y), (x, y - 6.5), (high, y), (x, y + 6.5)];
    let class = match mark {
        PooledMark::HollowDiamond => "ho a1",
        _ => "br a1",
    };
    svg.polygon(&corners, class);
}

/// A symbol of the key.
#[derive(Clone, Copy)]
pub(super) enum Symbol {
    Row(ForestMark),
    Pooled(PooledMark),
    Prediction,
}

pub(super) fn draw_symbol(svg: &mut Svg, (x, y): (f64, f64), symbol: &Symbol) {
    match symbol {
        Symbol::Row(mark) => {
            let colour = if *mark == ForestMark::Pooled {
                "wk a1"
            } else {
                "wk a0"
            };
            svg.line((x - 11.0, y), (x + 11.0, y), colour);
            match mark {
                ForestMark::Study => svg.rect((x - 4.0, y - 4.0), (8.0, 8.0), "mk a0"),
                ForestMark::Recalled => svg.rect((x - 4.0, y - 4.0), (8.0, 8.0), "ho a0"),
                ForestMark::NotPooled => svg.shape((x, y), 0, "ho a0"),
                ForestMark::Pooled => svg.shape((x, y), 2, "mk a1"),
            }
        }
        Symbol::Pooled(PooledMark::Interval) => {
            svg.line((x - 10.0, y), (x + 10.0, y), "wk a1");
            svg.line((x - 10.0, y - 4.0), (x - 10.0, y + 4.0), "wk a1");
            svg.line((x + 10.0, y - 4.0), (x + 10.0, y + 4.0), "wk a1");
            svg.shape((x, y), 0, "mk a1");
        }
        Symbol::Pooled(mark) => draw_diamond(svg, x - 10.0, x, x + 10.0, y, *mark),
        Symbol::Prediction => svg.rect((x - 11.0, y - 2.0), (22.0, 4.0), "lt a1"),
    }
}

/// The symbols that the figure uses, and what they mean.
pub(super) fn key(plot: &ForestPlot) -> Vec<(Symbol, String)> {
    let rows = || plot.groups.iter().flat_map(|group| &group.rows);
    let pooled = || plot.groups.iter().flat_map(|group| &group.pooled);
    let weighted = rows().any(|row| row.mark != ForestMark::Pooled && row.weight > 0.0);
    let study = if weighted {
        "study, area by weight"
    } else {
        "study"
    };
    let candidates = [
        (ForestMark::Study, study),
        (
            ForestMark::Recalled,
            "study recalled, not read at its source",
        ),
        (ForestMark::NotPooled, "study shown, not pooled"),
        (ForestMark::Pooled, "pooled estimate"),
    ];
    let mut entries: Vec<(Symbol, String)> = candidates
        .into_iter()
        .filter(|(mark, _)| rows().any(|row| row.mark == *mark))
        .map(|(mark, meaning)| (Symbol::Row(mark), meaning.to_string()))
        .collect();
    let candidates = [
        (PooledMark::Diamond, "pooled estimate and interval"),
        (PooledMark::HollowDiamond, "companion analysis"),
        (
            PooledMark::Interval,
            "companion analysis, drawn as interval",
        ),
    ];
    let used = candidates
        .into_iter()
        .filter(|(mark, _)| pooled().any(|row| row.mark == *mark));
    entries.extend(used.map(|(mark, meaning)| (Symbol::Pooled(mark), meaning.to_string())));
    if pooled().any(has_prediction) {
        let meaning = "prediction interval for a new study".to_string();
        entries.push((Symbol::Prediction, meaning));
    }
    entries
}
