//! The main outputs of a solved patient.

use crate::hazard::Curve;
use crate::individual::Individual;
use crate::scenario::Scenario;

/// One output of a solved patient; `None` where it never happened.
pub(super) struct Measured {
    pub output: String,
    pub label: String,
    pub unit: String,
    pub value: Option<f64>,
}

/// The main outputs of a solved patient.
pub(super) fn measured(patient: &Individual, scenario: &Scenario) -> Vec<Measured> {
    let summary = &patient.summary;
    let disease = &scenario.disease;
    let times = &patient.times_days;
    let mut all: Vec<Measured> = Vec::new();
    let mut add = |output: &str, label: String, unit: &str, value: Option<f64>| {
        all.push(Measured {
            output: output.to_owned(),
            label,
            unit: unit.to_owned(),
            value: value.filter(|v| v.is_finite()),
        });
    };
    let peak = |name: &str| extreme(times, &patient.series(name), 1.0);
    let lowest = |name: &str| extreme(times, &patient.series(name), -1.0).0;
    let at = |name: &str, day: f64| {
        let values = patient.series(name);
        let end = *times.last()?;
        (day <= end).then(|| {
            Curve {
                times_days: times,
                values: &values,
            }
            .at(day)
        })
    };
    if scenario.therapy.is_car_t() {
        let (height, day) = peak("CARb");
        add(
            "car_t_peak",
            "CAR T peak in blood".into(),
            "cells/uL",
            Some(height),
        );
        add("car_t_peak_day", "day of that peak".into(), "d", Some(day));
        add(
            "car_t_csf_peak",
            "CAR T peak in cerebrospinal fluid".into(),
            "cells/uL",
            Some(peak("CC").0),
        );
        add(
            "il6_peak",
            "interleukin-6 peak, which drives CRS".into(),
            "pg/mL",
            Some(peak("IL6").0),
        );
        let crs = summary.crs_probability_by_grade;
        add(
            "crs_any",
            "probability of CRS".into(),
            "1",
            crs.map(|p| p[0]),
        );
        add(
            "crs_grade_3",
            "probability of CRS of grade 3 or more".into(),
            "1",
            crs.map(|p| p[2]),
        );
        add(
            "neurotoxic_peak",
            "peak of the neurotoxic drive, which drives ICANS".into(),
            "1",
            Some(peak("NT").0),
        );
        let icans = summary.icans_probability_by_grade;
        add(
            "icans_any",
            "probability of ICANS".into(),
            "1",
            icans.map(|p| p[0]),
        );
    }
    for (i, drug) in scenario.drugs.iter().enumerate() {
        let values = patient.series(&format!("{drug}.concentration"));
        let label = format!("mean concentration of {drug}");
        add(
            &format!("concentration_{}", i + 1),
            label,
            "mg/L",
            mean(times, &values),
        );
    }
    add(
        "b_cell_nadir",
        "lowest B cells in blood".into(),
        "cells/uL",
        Some(lowest("Bb")),
    );
    let depleted = summary.b_cell_aplasia_days.unwrap_or(0.0);
    add(
        "b_cell_depletion",
        "days with fewer than 10 B cells per uL".into(),
        "d",
        Some(depleted),
    );
    let plasma = at("PL", 180.0).zip(patient.series("PL").first().copied());
    add(
        "plasma_cells_day_180",
        "long-lived plasma cells on day 180".into(),
        "% of baseline",
        plasma.map(|(then, before)| 100.0 * then / before),
    );
    if let Some(name) = &disease.autoantibody {
        add(
            "autoantibody_week_24",
            format!("{name} in week 24"),
            "% of baseline",
            at("Ap", 168.0),
        );
    }
    add(
        "igg_nadir",
        "lowest total IgG".into(),
        "g/L",
        Some(lowest("cG")),
    );
    add(
        "neutrophil_nadir",
        "lowest neutrophils".into(),
        "1e9/L",
        Some(lowest("ANC")),
    );
    let horizon_weeks = times.last().copied().unwrap_or(0.0) / 7.0;
    add(
        "clone",
        format!("autoreactive clone in week {horizon_weeks:.0}"),
        "of untreated",
        Some(summary.clone_at_end),
    );
    if let Some(attacks) = &disease.attacks {
        let label = format!(
            "{}s expected in {horizon_weeks:.0} weeks",
            attacks.event_name
        );
        add("attacks", label, "1", summary.attacks_expected);
    }
    let infections = at("LamI", 0.0).zip(patient.series("LamI").last().copied());
    add(
        "serious_infections",
        format!("serious infections expected in {horizon_weeks:.0} weeks"),
        "1",
        infections.map(|(start, end)| end - start),
    );
    for visit in patient.course.visits.iter().filter(|v| v.time_days > 0.0) {
        let week = format!("{:.0}", visit.time_days / 7.0);
        for (output, name, unit, value) in [
            ("edss", "EDSS", "points", visit.edss),
            ("mg_adl", "MG-ADL", "points", visit.mg_adl),
            ("qmg", "QMG", "points", visit.qmg),
            ("t25fw", "timed 25-foot walk", "s", visit.t25fw_seconds),
            ("incat", "INCAT disability score", "points", visit.incat),
        ] {
            if value.is_some() {
                add(
                    &format!("{output}_week_{week}"),
                    format!("{name} in week {week}"),
                    unit,
                    value,
                );
            }
        }
    }
    if disease.disability.is_some() {
        let day = 336.0;
        add(
            "neurofilament_week_48",
            "serum neurofilament light in week 48".into(),
            "pg/mL",
            at("Nf", day),
        );
        add(
            "gfap_week_48",
            "serum GFAP in week 48".into(),
            "pg/mL",
            at("GF", day),
        );
    }
    all
}

/// Highest (`sign` 1) or lowest (-1) value from day 0 on and its day, by the parabola through the grid
/// point and its neighbours, so that both move smoothly with a parameter.
pub(super) fn extreme(times: &[f64], values: &[f64], sign: f64) -> (f64, f64) {
    let inside = (0..values.len()).filter(|&i| times[i] >= 0.0);
    let best = inside.reduce(|best, i| {
        if sign * values[i] > sign * values[best] {
            i
        } else {
            best
        }
    });
    let Some(i) = best else {
        return (f64::NAN, f64::NAN);
    };
    let edge = i == 0 || i + 1 == values.len() || times[i - 1] < 0.0;
    let (t, v) = (times, values);
    if edge || v[i - 1] == v[i] || v[i] == v[i + 1] {
        return (v[i], t[i]);
    }
    let (h0, h1) = (t[i] - t[i - 1], t[i + 1] - t[i]);
    let (s0, s1) = ((v[i] - v[i - 1]) / h0, (v[i + 1] - v[i]) / h1);
    let curvature = (s1 - s0) / (h0 + h1);
    let slope = (s0 * h1 + s1 * h0) / (h0 + h1);
    let shift = -slope / (2.0 * curvature);
    (v[i] + slope * shift / 2.0, t[i] + shift)
}

/// Mean over the days from 0 on, by trapezia.
fn mean(times: &[f64], values: &[f64]) -> Option<f64> {
    let from = times.iter().position(|&t| t >= 0.0)?;
    let length = times.last()? - times[from];
    let area: f64 = (from + 1..times.len())
        .map(|i| (times[i] - times[i - 1]) * (values[i] + values[i - 1]) / 2.0)
        .sum();
    (length > 0.0).then(|| area / length)
}
