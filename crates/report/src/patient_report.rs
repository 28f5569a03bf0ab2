//! One virtual patient: a stand-alone figure with stacked panels.

use serde::{Deserialize, Serialize};

use crate::estimate::series_or_missing;
use crate::figure::patient_panels::{Panel, PanelFigure, render_panels_svg};
use crate::figure::plot::finite_range;
use crate::figure::{Layout, TimeMark};
use crate::format::{pretty_unit, significant};
use crate::terminal::{resampled, sparkline};

/// The course of one virtual patient under one regimen. A series may be empty: its panel is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PatientFigure {
    /// Heading, for example `Virtual patient 17, AChR myasthenia gravis, CD19 CAR T`.
    pub title: String,
    /// Times of the measurements in days from the infusion (day 0).
    #[serde(deserialize_with = "series_or_missing")]
    pub time_days: Vec<f64>,
    /// CAR T cells in blood.
    #[serde(deserialize_with = "series_or_missing")]
    pub car_t_cells_per_ul: Vec<f64>,
    /// B cells in blood.
    #[serde(deserialize_with = "series_or_missing")]
    pub b_cells_per_ul: Vec<f64>,
    /// Autoantibody in percent of the patient's baseline.
    #[serde(deserialize_with = "series_or_missing")]
    pub autoantibody_percent: Vec<f64>,
    /// Total IgG in serum.
    #[serde(deserialize_with = "series_or_missing")]
    pub igg_g_per_l: Vec<f64>,
    /// Interleukin 6 in serum.
    #[serde(deserialize_with = "series_or_missing")]
    pub il6_pg_per_ml: Vec<f64>,
    /// Clinical scores, each with its own times.
    pub scores: Vec<ScoreCourse>,
    /// Relapses or attacks, in days.
    #[serde(deserialize_with = "series_or_missing")]
    pub attacks_days: Vec<f64>,
    /// Lymphodepletion, infusion, other doses.
    pub treatments: Vec<TimeMark>,
    /// A sentence or two under the figure.
    pub caption: String,
}

/// A clinical score at visits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScoreCourse {
    /// For example `EDSS`.
    pub name: String,
    /// Visits in days.
    #[serde(deserialize_with = "series_or_missing")]
    pub time_days: Vec<f64>,
    /// Score at those visits.
    #[serde(deserialize_with = "series_or_missing")]
    pub values: Vec<f64>,
}

/// The figure as an SVG file of its own: it needs no style sheet and follows the reader's theme.
pub fn render_patient_svg(figure: &PatientFigure) -> String {
    render_panels_svg(&panel_figure(figure), Layout::Wide)
}

/// The figure as stacked panels: cells on logarithmic axes, antibodies and scores on linear ones.
pub fn panel_figure(figure: &PatientFigure) -> PanelFigure {
    let measurement = |label: &str, unit: &str, log_scale: bool, values: &[f64]| Panel {
        label: label.to_string(),
        unit: unit.to_string(),
        log_scale,
        time_days: figure.time_days.clone(),
        values: values.to_vec(),
        ..Panel::default()
    };
    let mut panels = vec![
        measurement(
            "CAR T cells in blood",
            "cells/uL",
            true,
            &figure.car_t_cells_per_ul,
        ),
        measurement("B cells in blood", "cells/uL", true, &figure.b_cells_per_ul),
        measurement(
            "Interleukin 6 in serum",
            "pg/mL",
            true,
            &figure.il6_pg_per_ml,
        ),
        measurement(
            "Autoantibody",
            "% of baseline",
            false,
            &figure.autoantibody_percent,
        ),
        measurement("Total IgG", "g/L", false, &figure.igg_g_per_l),
    ];
    panels.retain(|panel| panel.values.iter().any(|value| value.is_finite()));
    panels.extend(figure.scores.iter().enumerate().map(|(i, score)| Panel {
        label: score.name.clone(),
        stepped: true,
        time_days: score.time_days.clone(),
        values: score.values.clone(),
        // Attacks are marked once, with the first score.
        events_days: if i == 0 {
            figure.attacks_days.clone()
        } else {
            Vec::new()
        },
        event_name: "attack".to_string(),
        ..Panel::default()
    }));
    PanelFigure {
        title: figure.title.clone(),
        panels,
        treatments: figure.treatments.clone(),
        caption: figure.caption.clone(),
    }
}

/// The figure for a terminal: one sparkline per measurement with its smallest and largest value.
///
/// `width` is the number of columns of the terminal. Cells and cytokines are on a logarithmic scale.
pub fn render_patient_text(figure: &PatientFigure, width: usize) -> String {
    let panels = panel_figure(figure);
    let names: Vec<String> = panels.panels.iter().map(panel_name).collect();
    let name_width = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0)
        .min(34);
    let plot_width = width.saturating_sub(name_width + 24).clamp(8, 72);
    let times = panels
        .panels
        .iter()
        .flat_map(|panel| panel.time_days.iter().copied());
    let range = finite_range(times);
    let mut text = String::new();
    for (panel, name) in panels.panels.iter().zip(&names) {
        let values = resampled(&panel.time_days, &panel.values, range, plot_width);
        let known = panel
            .values
            .iter()
            .copied()
            .filter(|value| value.is_finite());
        let low = known.clone().fold(f64::INFINITY, f64::min);
        let high = known.fold(f64::NEG_INFINITY, f64::max);
        let name: String = name.chars().take(name_width).collect();
        text.push_str(&format!(
            "{name:<name_width$}  {}  {} to {}\n",
            sparkline(&values, panel.log_scale),
            significant(low),
            significant(high)
        ));
    }
    text
}

fn panel_name(panel: &Panel) -> String {
    match pretty_unit(&panel.unit).as_str() {
        "" => panel.label.clone(),
        unit => format!("{} ({unit})", panel.label),
    }
}
