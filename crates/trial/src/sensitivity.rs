//! Which outputs of the typical patient move with a parameter.
//!
//! The typical patient is solved with the parameter at its value, a tenth above and a tenth below
//! ([`STEP`]), and at both ends of its range. The local sensitivity of an output y to a parameter p is
//! the central difference of d ln y / d ln p; a step that would leave the range ends at its end, so that
//! there the difference is one-sided. Nothing is drawn: the same parameter gives the same numbers.

use serde::Serialize;

use neurocart_library::Library;

use crate::correlation::Correlations;
use crate::disease::Disease;
use crate::error::Error;
use crate::hazard::Curve;
use crate::individual::{Individual, Who, simulate};
use crate::layers::Layers;
use crate::parameters::{Override, Parameter, Parameters};
use crate::scenario::{Ingredients, Scenario, used_parameters};
use crate::therapy::Therapy;

/// Factor by which the parameter is raised and lowered.
pub const STEP: f64 = 1.1;
/// An output whose d ln y / d ln p is smaller, and which moves by less than this part over the range of
/// the parameter, counts as not sensitive.
pub const THRESHOLD: f64 = 0.05;
/// Days that are solved: 52 weeks.
pub const HORIZON_DAYS: f64 = 364.0;

/// Therapy that is tried first.
const FIRST_THERAPY: &str = "cd19-cart";
/// Diseases that are tried first: one with a receptor, one with disability, one with attacks by antibody.
const FIRST_DISEASES: [&str; 3] = ["mg-achr", "ms-relapsing", "nmosd-aqp4"];

/// Weeks at which clinical scores are looked at.
const SCORE_WEEKS: [f64; 2] = [24.0, 48.0];

/// A parameter in a scenario.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// Model text.
    pub library: &'a Library,
    /// Values.
    pub parameters: &'a Parameters,
    /// The disease.
    pub disease: Disease,
    /// The therapy.
    pub therapy: Therapy,
    /// Name in the scenario: `symbol`, or `drug.symbol`.
    pub name: String,
    /// Its row.
    pub parameter: Parameter,
}

/// What moves with a parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sensitivities {
    /// Disease of the library.
    pub disease: String,
    /// Therapy of the library.
    pub therapy: String,
    /// Days solved.
    pub horizon_days: f64,
    /// Name in the scenario.
    pub name: String,
    /// The parameter's values: lowered, as it is, raised, and both ends of its range.
    pub parameter: Points,
    /// The outputs, the most sensitive first.
    pub outputs: Vec<OutputSensitivity>,
    /// Values at which the typical patient is not a plausible one or cannot be solved, and why.
    pub not_solved: Vec<String>,
}

/// Five values: of the parameter, or of an output there. `None` where it was not taken, could not be
/// solved or does not apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Points {
    /// At the low end of the range.
    pub low: Option<f64>,
    /// A tenth down.
    pub lowered: Option<f64>,
    /// As it is.
    pub typical: Option<f64>,
    /// A tenth up.
    pub raised: Option<f64>,
    /// At the high end of the range.
    pub high: Option<f64>,
}

/// How one output moves.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutputSensitivity {
    /// Short name.
    pub output: String,
    /// In words.
    pub label: String,
    /// Unit.
    pub unit: String,
    /// The output at the parameter's values.
    pub values: Points,
    /// d ln output / d ln parameter, where neither is 0.
    pub elasticity: Option<f64>,
    /// Change of the output for a tenth more of the parameter, in its unit.
    pub change_per_tenth: Option<f64>,
    /// True if it moves by [`THRESHOLD`] or more.
    pub sensitive: bool,
}

/// One output of a solved patient; `None` where it never happened.
struct Measured {
    output: String,
    label: String,
    unit: String,
    value: Option<f64>,
}

impl<'a> Setting<'a> {
    /// The scenario in which a row of the parameter table is in use and moves an output, of those with
    /// `disease` and `therapy` where they are given: CAR T therapies first. The first one in which it is
    /// in use if no output moves; `None` if the row is in use in none.
    pub fn of(
        library: &'a Library,
        parameters: &'a Parameters,
        row: &Parameter,
        disease: Option<&str>,
        therapy: Option<&str>,
    ) -> Result<Option<(Setting<'a>, Sensitivities)>, Error> {
        let mut first = None;
        for (disease, therapy) in pairs(library, disease, therapy)? {
            let Some(setting) = Setting::in_use(library, parameters, row, disease, therapy)? else {
                continue;
            };
            if setting.acts()? {
                let found = setting.sensitivities(HORIZON_DAYS)?;
                return Ok(Some((setting, found)));
            }
            first = first.or(Some(setting));
        }
        match first {
            Some(setting) => {
                let found = setting.sensitivities(HORIZON_DAYS)?;
                Ok(Some((setting, found)))
            }
            None => Ok(None),
        }
    }

    /// True if an output moves by [`THRESHOLD`] per logarithm when the parameter goes to an end of its
    /// range, or a tenth up where it has none. Two solves: of many scenarios the first that counts is sought.
    fn acts(&self) -> Result<bool, Error> {
        let [low, lowered, typical, raised, high] = self.values();
        let Some(typical) = typical else {
            return Ok(false);
        };
        let before = self.outputs(typical, HORIZON_DAYS)?;
        for value in [high, low, raised, lowered].into_iter().flatten() {
            let after = match self.outputs(value, HORIZON_DAYS) {
                Ok(outputs) => outputs,
                Err(Error::Input(_)) => continue,
                Err(error) => return Err(error),
            };
            let span = (value / typical).abs().ln().abs();
            let threshold = match span.is_finite() {
                true => THRESHOLD * span.min(1.0),
                false => THRESHOLD,
            };
            let mut pairs = before.iter().zip(&after);
            return Ok(pairs.any(|(a, b)| part_of_larger(a.value, b.value) >= threshold));
        }
        Ok(false)
    }

    /// The values at which the parameter is looked at: low end, lowered, typical, raised, high end.
    fn values(&self) -> [Option<f64>; 5] {
        let p = &self.parameter;
        let other = |value: f64| (value != p.value).then_some(value);
        let (low, high) = (
            p.low.unwrap_or(f64::NEG_INFINITY),
            p.high.unwrap_or(f64::INFINITY),
        );
        [
            p.low.and_then(other),
            other((p.value / STEP).clamp(low, high)),
            Some(p.value),
            other((p.value * STEP).clamp(low, high)),
            p.high.and_then(other),
        ]
    }

    /// The parameter of this row in this scenario, if the scenario takes its value from the row.
    fn in_use(
        library: &'a Library,
        parameters: &'a Parameters,
        row: &Parameter,
        disease: Disease,
        therapy: Therapy,
    ) -> Result<Option<Setting<'a>>, Error> {
        let of_model = used_parameters(parameters, &disease, &therapy, &[])?;
        let of_layers = Layers::of(parameters, &disease, &[])?.used;
        let used = of_model
            .into_iter()
            .chain(of_layers)
            .find(|used| used.parameter.symbol == row.symbol && used.parameter.scope == row.scope);
        Ok(used.map(|used| Setting {
            library,
            parameters,
            disease,
            therapy,
            name: used.name,
            parameter: used.parameter,
        }))
    }

    /// Solves the typical patient at every value of the parameter and compares.
    pub fn sensitivities(&self, horizon_days: f64) -> Result<Sensitivities, Error> {
        let wanted = self.values();
        let mut not_solved = Vec::new();
        let mut solved: Vec<Option<Vec<Measured>>> = Vec::new();
        for (i, value) in wanted.into_iter().enumerate() {
            solved.push(match value {
                None => None,
                Some(value) => match self.outputs(value, horizon_days) {
                    Ok(outputs) => Some(outputs),
                    // The value of the table must be solved; another one may lie outside what can be.
                    Err(Error::Input(problem)) if i != 2 => {
                        not_solved.push(format!("at {value}: {}", problem.message));
                        None
                    }
                    Err(error) => return Err(error),
                },
            });
        }
        let parameter = points(std::array::from_fn(|i| {
            wanted[i].filter(|_| solved[i].is_some())
        }));
        let typical = solved[2].as_ref().map_or(&[][..], Vec::as_slice);
        let mut outputs: Vec<OutputSensitivity> = typical
            .iter()
            .enumerate()
            .map(|(i, measured)| {
                let at = |k: usize| solved[k].as_ref().and_then(|outputs| outputs[i].value);
                compared(measured, &parameter, points(std::array::from_fn(at)))
            })
            .collect();
        // Stable: outputs that move equally stay in the order of the list.
        outputs.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
        Ok(Sensitivities {
            disease: self.disease.id.clone(),
            therapy: self.therapy.id.clone(),
            horizon_days,
            name: self.name.clone(),
            parameter,
            outputs,
            not_solved,
        })
    }

    fn outputs(&self, value: f64, horizon_days: f64) -> Result<Vec<Measured>, Error> {
        let change = Override {
            symbol: self.name.clone(),
            value,
            origin: "sensitivity".to_owned(),
        };
        let overrides = [change];
        let scenario = Scenario::build(Ingredients {
            library: self.library,
            parameters: self.parameters,
            disease: &self.disease,
            therapy: &self.therapy,
            overrides: &overrides,
            end_days: horizon_days,
            extra_days: &fine_grid(horizon_days),
        })?;
        let layers = Layers::of(self.parameters, &self.disease, &overrides)?;
        let correlations = Correlations::of(self.library)?;
        let visits: Vec<f64> = [0.0].into_iter().chain(score_days(horizon_days)).collect();
        let patient = simulate(
            &scenario,
            &layers,
            &correlations,
            Who::Typical,
            1,
            false,
            &visits,
        )?;
        Ok(measured(&patient, &scenario))
    }
}

fn points([low, lowered, typical, raised, high]: [Option<f64>; 5]) -> Points {
    Points {
        low,
        lowered,
        typical,
        raised,
        high,
    }
}

/// Disease and therapy, in the order in which they are tried. Of therapies after the first, only the
/// first diseases are tried, unless one is asked for.
fn pairs(
    library: &Library,
    disease: Option<&str>,
    therapy: Option<&str>,
) -> Result<Vec<(Disease, Therapy)>, Error> {
    let mut diseases = Vec::new();
    match disease {
        Some(id) => diseases.push(Disease::load(library, id)?),
        None => {
            for id in library.disease_ids() {
                diseases.push(Disease::load(library, id)?);
            }
            let rank = |d: &Disease| FIRST_DISEASES.iter().position(|f| *f == d.id);
            diseases.sort_by_key(|d| rank(d).unwrap_or(FIRST_DISEASES.len()));
        }
    }
    let mut therapies = Vec::new();
    match therapy {
        Some(id) => therapies.push(Therapy::load(library, id, &[])?),
        None => {
            for id in library.therapy_ids() {
                therapies.push(Therapy::load(library, id, &[])?);
            }
            therapies.sort_by_key(|t| (t.id != FIRST_THERAPY, !t.is_car_t()));
        }
    }
    let tried = |therapy: &Therapy, disease_rank: usize| {
        therapy.id == FIRST_THERAPY || diseases.len() == 1 || disease_rank < FIRST_DISEASES.len()
    };
    let mut pairs = Vec::new();
    for therapy in &therapies {
        for (rank, disease) in diseases.iter().enumerate() {
            // A disease may have values of its own that nothing else reads: it is always tried.
            if tried(therapy, rank) {
                pairs.push((disease.clone(), therapy.clone()));
            }
        }
    }
    Ok(pairs)
}

/// Days beside the usual grid: quarter days to day 30, then every day.
fn fine_grid(horizon_days: f64) -> Vec<f64> {
    let quarters = (0..120).map(|i| f64::from(i) / 4.0);
    let days = (30..=horizon_days as usize).map(|day| day as f64);
    quarters
        .chain(days)
        .filter(|&day| day <= horizon_days)
        .collect()
}

fn score_days(horizon_days: f64) -> impl Iterator<Item = f64> {
    let days = SCORE_WEEKS.into_iter().map(|weeks| weeks * 7.0);
    days.filter(move |&day| day <= horizon_days)
}

/// The main outputs of a solved patient.
fn measured(patient: &Individual, scenario: &Scenario) -> Vec<Measured> {
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
fn extreme(times: &[f64], values: &[f64], sign: f64) -> (f64, f64) {
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

fn compared(measured: &Measured, parameter: &Points, values: Points) -> OutputSensitivity {
    // The outermost of the three values next to the table's.
    let near = [
        parameter.lowered.zip(values.lowered),
        parameter.typical.zip(values.typical),
        parameter.raised.zip(values.raised),
    ];
    let near: Vec<(f64, f64)> = near.into_iter().flatten().collect();
    let (mut elasticity, mut change_per_tenth) = (None, None);
    if let [(p0, y0), .., (p1, y1)] = near[..]
        && p0 / p1 > 0.0
    {
        let span = (p1 / p0).ln();
        change_per_tenth = Some((y1 - y0) / span * STEP.ln());
        if y0 > 0.0 && y1 > 0.0 {
            elasticity = Some((y1 / y0).ln() / span);
        }
    }
    let mut output = OutputSensitivity {
        output: measured.output.clone(),
        label: measured.label.clone(),
        unit: measured.unit.clone(),
        values,
        elasticity,
        change_per_tenth,
        sensitive: false,
    };
    output.sensitive = strength(&output) >= THRESHOLD || over_range(&values) >= THRESHOLD;
    output
}

/// By how much an output moves, so that those with and without a logarithm can be ordered.
fn strength(output: &OutputSensitivity) -> f64 {
    let v = &output.values;
    let largest = [v.lowered, v.typical, v.raised].into_iter().flatten();
    let largest = largest.fold(0.0, |a: f64, b| a.max(b.abs()));
    match (output.elasticity, output.change_per_tenth) {
        (Some(elasticity), _) => elasticity.abs(),
        (None, Some(change)) if largest > 0.0 => (change / largest).abs() / STEP.ln(),
        _ => 0.0,
    }
}

/// Largest change over the range of the parameter, as a part of the largest value.
fn over_range(values: &Points) -> f64 {
    let Some(typical) = values.typical else {
        return 0.0;
    };
    let ends = [values.low, values.high].into_iter();
    ends.map(|end| part_of_larger(end, Some(typical)))
        .fold(0.0, f64::max)
}

/// The difference of two values as a part of the larger; 0 where one is missing.
fn part_of_larger(a: Option<f64>, b: Option<f64>) -> f64 {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() / a.abs().max(b.abs()).max(f64::MIN_POSITIVE),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(symbol: &str, scope: &str, disease: &str, therapy: &str) -> Sensitivities {
        let library = Library::embedded();
        let parameters = Parameters::of(&library).unwrap();
        let row = parameters.row(scope, symbol).unwrap();
        let found = Setting::of(&library, &parameters, row, Some(disease), Some(therapy));
        found.unwrap().expect("the row is in use").1
    }

    fn elasticity(found: &Sensitivities, output: &str) -> f64 {
        let output = found.outputs.iter().find(|o| o.output == output).unwrap();
        output.elasticity.unwrap()
    }

    /// The baseline is an exact steady state: IgG follows its baseline value in proportion and does not
    /// know how fast it turns over.
    #[test]
    fn untreated_igg_is_its_baseline_whatever_its_half_life() {
        let found = of("G0", "core", "mg-achr", "standard-of-care");
        assert!((elasticity(&found, "igg_nadir") - 1.0).abs() < 1e-6);
        let found = of("kup", "core", "mg-achr", "standard-of-care");
        assert!(elasticity(&found, "igg_nadir").abs() < 1e-6);
        assert!(
            found
                .outputs
                .iter()
                .all(|o| o.output != "igg_nadir" || !o.sensitive)
        );
    }

    /// A hazard in proportion to a parameter has elasticity 1, and one parameter has no effect on the other.
    #[test]
    fn a_hazard_is_proportional_to_its_rate() {
        let relapses = of("lamMS", "core", "ms-relapsing", "standard-of-care");
        assert!((elasticity(&relapses, "attacks") - 1.0).abs() < 1e-5);
        assert!(elasticity(&relapses, "serious_infections").abs() < 1e-5);
        let infections = of("lamINF", "core", "ms-relapsing", "standard-of-care");
        assert!((elasticity(&infections, "serious_infections") - 1.0).abs() < 1e-5);
    }

    /// A linear drug: what a dose leaves over a time much longer than the half-life is F dose / CL.
    #[test]
    fn exposure_falls_in_proportion_to_clearance() {
        let found = of("CL", "drug:inebilizumab", "nmosd-aqp4", "inebilizumab");
        assert_eq!(found.name, "inebilizumab.CL");
        // Half-life about 20 d: of the doses on days 0, 14 and 182, over 98 % is gone on day 364.
        let exact = -1.0;
        assert!((elasticity(&found, "concentration_1") - exact).abs() < 0.03);
        // Accumulated amounts do not depend on the volume.
        let volume = of("V1", "drug:inebilizumab", "nmosd-aqp4", "inebilizumab");
        assert!(elasticity(&volume, "concentration_1").abs() < 0.03);
    }

    /// EDSS of the untreated disease is EDSS0 + GD (kXF + kXU) t/365 with t from the first day solved: focal
    /// and compartmentalised inflammation stand at 1.
    #[test]
    fn untreated_disability_grows_at_the_rate_of_axonal_loss() {
        let found = of(
            "kXU",
            "disease:ms-secondary-progressive",
            "ms-secondary-progressive",
            "standard-of-care",
        );
        let library = Library::embedded();
        let parameters = Parameters::of(&library).unwrap();
        let value = |symbol: &str| {
            let scopes = ["core", "stochastic", "disease:ms-secondary-progressive"];
            parameters.get(symbol, &scopes).unwrap().value
        };
        let years = (336.0 - crate::therapy::FIRST_DAY) / 365.0;
        let slow = value("GD") * value("kXU") * years;
        let edss = value("EDSS0_mean") + value("GD") * value("kXF") * years + slow;
        let exact = slow / edss;
        let found = elasticity(&found, "edss_week_48");
        assert!((found / exact - 1.0).abs() < 0.003, "{found} {exact}");
    }

    /// A logistic curve: d ln p / d ln slope = (1 - p) slope x, with x the logarithm of the peak.
    #[test]
    fn toxicity_follows_the_slope_of_its_curve() {
        let found = of("crs_slope_3", "stochastic", "mg-achr", "cd19-cart");
        let value = |output: &str| {
            let output = found.outputs.iter().find(|o| o.output == output).unwrap();
            output.values.typical.unwrap()
        };
        let p = value("crs_grade_3");
        let exact = (1.0 - p) * 2.778 * value("il6_peak").log10();
        assert!(
            (elasticity(&found, "crs_grade_3") / exact - 1.0).abs() < 0.01,
            "{exact}"
        );
        assert!(found.outputs.iter().filter(|o| o.sensitive).count() == 1);
        assert_eq!(found.outputs[0].output, "crs_grade_3");
    }

    #[test]
    fn a_scenario_is_found_in_which_the_parameter_acts() {
        let library = Library::embedded();
        let parameters = Parameters::of(&library).unwrap();
        let place = |symbol: &str, scope: &str| {
            let row = parameters.row(scope, symbol).unwrap();
            let found = Setting::of(&library, &parameters, row, None, None).unwrap();
            found.map(|(_, s)| (s.disease, s.therapy, s.outputs[0].output.clone()))
        };
        let is = |disease: &str, therapy: &str, output: &str| {
            Some((disease.to_owned(), therapy.to_owned(), output.to_owned()))
        };
        assert_eq!(
            place("rho", "core"),
            is("mg-achr", "cd19-cart", "car_t_csf_peak")
        );
        assert_eq!(
            place("lamMS", "core"),
            is("ms-relapsing", "cd19-cart", "attacks")
        );
        assert_eq!(
            place("sBL", "core"),
            is("mg-achr", "bcma-cart", "plasma_cells_day_180")
        );
        assert_eq!(
            place("eNat", "core"),
            is("ms-relapsing", "natalizumab", "attacks")
        );
        assert_eq!(place("kAb", "disease:lems"), None);
        assert_eq!(place("dose", "regimen:ocrelizumab"), None);
    }

    #[test]
    fn a_step_ends_at_the_end_of_the_range() {
        let found = of("t19", "product:cd19-autologous", "mg-achr", "cd19-cart");
        assert_eq!(found.parameter.raised, None);
        assert_eq!(found.parameter.typical, Some(1.0));
        assert_eq!(found.parameter.low, Some(0.0));
        let found = of("C5Imax", "core", "mg-achr", "eculizumab");
        assert_eq!(found.parameter.raised, found.parameter.high);
        assert!(elasticity(&found, "mg_adl_week_24") < -THRESHOLD);
    }

    /// The page on the model states these for its reader.
    #[test]
    fn the_sensitivities_in_the_page_on_the_model_are_found_again() {
        let library = Library::embedded();
        let parameters = Parameters::of(&library).unwrap();
        for (symbol, output, stated) in [
            ("rho", "car_t_peak", 4.4),
            ("KA19", "car_t_peak", -1.7),
            ("BNt0", "car_t_peak", 1.3),
            ("KQ", "car_t_peak", -1.5),
            ("rN", "car_t_peak", -1.3),
            ("kLT", "car_t_peak", 1.4),
            ("rho", "b_cell_depletion", 2.5),
            ("bM", "b_cell_depletion", -0.8),
            ("rho", "il6_peak", 2.7),
            ("p6", "il6_peak", 1.0),
        ] {
            let row = parameters.row("core", symbol).unwrap();
            let place = (Some("mg-achr"), Some("cd19-cart"));
            let found = Setting::of(&library, &parameters, row, place.0, place.1).unwrap();
            let found = elasticity(&found.unwrap().1, output);
            assert!(
                (found - stated).abs() < 0.15,
                "{symbol} {output} {found} {stated}"
            );
        }
    }

    #[test]
    fn a_peak_between_grid_points_is_found() {
        // v = 5 - (t - 2.3)^2 on an uneven grid.
        let times = [0.0, 1.0, 2.0, 2.5, 4.0];
        let values = times.map(|t: f64| 5.0 - (t - 2.3).powi(2));
        let (height, day) = extreme(&times, &values, 1.0);
        assert!((height - 5.0).abs() < 1e-12 && (day - 2.3).abs() < 1e-12);
        let fallen = values.map(|v| -v);
        assert!((extreme(&times, &fallen, -1.0).0 + 5.0).abs() < 1e-12);
        assert_eq!(extreme(&[0.0, 1.0], &[1.0, 2.0], 1.0), (2.0, 1.0));
    }
}
