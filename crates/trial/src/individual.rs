//! One virtual patient under one therapy, from day -10 to the end: trajectory, course, summary.

use serde::Serialize;

use neurocart_library::Problem;

use crate::correlation::Correlations;
use crate::course::{self, Basis, Course, Plan};
use crate::error::Error;
use crate::layers::Layers;
use crate::population::{self, VirtualPatient};
use crate::purpose::SubjectKey;
use crate::scenario::Scenario;

/// Blood B cells below this many per uL count as aplasia.
pub const APLASIA_CELLS_PER_UL: f64 = 10.0;

/// Which patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Every parameter at its typical value, frailty 1, and no chance in the course: scores are
    /// the model's own, without noise, and attacks are expected numbers only.
    Typical,
    /// The candidate with this number under this seed.
    Number(u64),
}

/// What happened to the patient.
#[derive(Clone, Debug)]
pub struct Individual {
    /// Days of the trajectory.
    pub times_days: Vec<f64>,
    /// Names of the outputs, as in [`crate::scenario::OUTPUTS`] and `drug.concentration`.
    pub outputs: Vec<String>,
    /// `[time][output]`
    pub values: Vec<f64>,
    /// One draw of the clinical course; the expected scores for the typical patient.
    pub course: Course,
    /// The answer in numbers.
    pub summary: Summary,
}

/// The answer in numbers. `None` where a quantity does not apply or never happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Body weight.
    pub weight_kg: f64,
    /// Highest CAR T count in blood.
    pub car_t_peak_cells_per_ul: Option<f64>,
    /// Day of that peak.
    pub car_t_peak_day: Option<f64>,
    /// First day with fewer than 10 B cells per uL in blood.
    pub b_cell_aplasia_start_day: Option<f64>,
    /// Time from then until B cells are back at 10 per uL, or to the end.
    pub b_cell_aplasia_days: Option<f64>,
    /// True if B cells are not back at the end.
    pub b_cell_aplasia_goes_on: bool,
    /// Lowest autoantibody, percent of baseline.
    pub autoantibody_nadir_percent: f64,
    /// Day of that.
    pub autoantibody_nadir_day: f64,
    /// Lowest total IgG.
    pub igg_nadir_g_per_l: f64,
    /// Day of that.
    pub igg_nadir_day: f64,
    /// Highest interleukin-6.
    pub il6_peak_pg_per_ml: f64,
    /// Day of that.
    pub il6_peak_day: f64,
    /// Probability of CRS of at least grade 1, 2, 3 and 4.
    pub crs_probability_by_grade: Option<[f64; 4]>,
    /// Probability of ICANS of at least grade 1, 2, 3 and 4.
    pub icans_probability_by_grade: Option<[f64; 4]>,
    /// Attacks or relapses of this course; none for the typical patient.
    pub attacks: Option<usize>,
    /// Attacks or relapses expected over the time simulated, this patient's frailty included.
    pub attacks_expected: Option<f64>,
    /// EDSS at the first and the last visit of this course.
    pub edss: Option<[f64; 2]>,
    /// MG-ADL at the first and the last visit of this course.
    pub mg_adl: Option<[f64; 2]>,
    /// QMG at the first and the last visit of this course.
    pub qmg: Option<[f64; 2]>,
    /// Timed 25-foot walk at the first and the last visit of this course.
    pub t25fw_seconds: Option<[f64; 2]>,
    /// INCAT disability score at the first and the last visit of this course.
    pub incat: Option<[f64; 2]>,
    /// Size of the autoreactive clone at the end, relative to the disease.
    pub clone_at_end: f64,
}

/// Solves one patient and draws one course. Visits should be days of the scenario's output grid.
pub fn simulate(
    scenario: &Scenario,
    layers: &Layers,
    correlations: &Correlations,
    who: Who,
    seed: u64,
    blinded: bool,
    visits_days: &[f64],
) -> Result<Individual, Error> {
    let number = match who {
        Who::Typical => 0,
        Who::Number(n) => n,
    };
    let parameters = match who {
        Who::Typical => scenario.varying.iter().map(|v| v.parameter.value).collect(),
        Who::Number(n) => population::parameter_values(scenario, layers, correlations, seed, n),
    };
    let mut patient =
        population::patient(scenario, layers, seed, number, &parameters).map_err(|reason| {
            Problem::new(
                "patient",
                format!("candidate {number} is not a plausible patient: {reason}"),
            )
            .hint("try another number, or check the parameters that were set")
        })?;
    if who == Who::Typical {
        patient.attack_frailty = 1.0;
        patient.edss = layers.disability.map(|d| d.baseline_mean);
    }
    let end = scenario.times_days().last().copied().unwrap_or(0.0);
    let mut solved = None;
    let mut one = std::iter::once(neurocart_engine::Patient {
        id: number,
        doses: scenario.doses(&parameters),
        parameters,
    });
    neurocart_engine::solve(&scenario.program, &scenario.settings, &mut one, &mut |r| {
        solved = Some(r)
    })?;
    let trajectory = match solved {
        Some(Ok(trajectory)) => trajectory,
        Some(Err(failure)) => {
            let text = format!(
                "the model cannot be solved past day {:.2}: {}",
                failure.time_days, failure.reason
            );
            return Err(Problem::new("patient", text)
                .hint("look for a dose or a parameter far outside its usual range")
                .into());
        }
        None => return Err(Problem::new("patient", "the solver gave no answer").into()),
    };
    let plan = Plan::new(scenario, layers, blinded, visits_days, end);
    let basis = Basis::new(&plan, scenario, &patient, &trajectory.values);
    let mut course = Course::default();
    let key = SubjectKey {
        seed,
        replicate: 0,
        subject: number,
    };
    match who {
        // The typical patient shows what is expected, without the chance of one course.
        Who::Typical => course.visits = basis.expected_visits().to_vec(),
        Who::Number(_) => course::simulate(&plan, &basis, key, &mut course),
    }
    let summary = summary(
        scenario,
        layers,
        who,
        &patient,
        &trajectory.values,
        &basis,
        &course,
    );
    Ok(Individual {
        times_days: scenario.times_days().to_vec(),
        outputs: crate::scenario::OUTPUTS
            .iter()
            .map(|o| o.to_string())
            .chain(scenario.drugs.iter().map(|d| format!("{d}.concentration")))
            .collect(),
        values: trajectory.values,
        course,
        summary,
    })
}

impl Individual {
    /// One output over time; empty if there is none of that name.
    pub fn series(&self, output: &str) -> Vec<f64> {
        match self.outputs.iter().position(|o| o == output) {
            Some(at) => self
                .values
                .iter()
                .skip(at)
                .step_by(self.outputs.len())
                .copied()
                .collect(),
            None => Vec::new(),
        }
    }
}

/// Sums up a solved patient and one course.
pub fn summary(
    scenario: &Scenario,
    layers: &Layers,
    who: Who,
    patient: &VirtualPatient,
    values: &[f64],
    basis: &Basis,
    course: &Course,
) -> Summary {
    let times = scenario.times_days();
    let series = |name: &str| -> Vec<f64> {
        let at = scenario.output(name).unwrap_or(0);
        values
            .iter()
            .skip(at)
            .step_by(scenario.outputs())
            .copied()
            .collect()
    };
    let b_cells = series("Bb");
    let aplasia = aplasia(times, &b_cells);
    let car_t = scenario.therapy.is_car_t();
    let (peak, peak_day) = extreme(times, &series("CARb"), |a, b| a > b);
    let (antibody, antibody_day) = extreme(times, &series("Ap"), |a, b| a < b);
    let (igg, igg_day) = extreme(times, &series("cG"), |a, b| a < b);
    let (il6, il6_day) = extreme(times, &series("IL6"), |a, b| a > b);
    let score = |of: fn(&course::Visit) -> Option<f64>| {
        let (first, last) = (course.visits.first()?, course.visits.last()?);
        Some([of(first)?, of(last)?])
    };
    let hazard = series("LamR");
    Summary {
        weight_kg: patient.weight_kg(),
        car_t_peak_cells_per_ul: car_t.then_some(peak),
        car_t_peak_day: car_t.then_some(peak_day),
        b_cell_aplasia_start_day: aplasia.map(|a| a.0),
        b_cell_aplasia_days: aplasia.map(|a| a.1),
        b_cell_aplasia_goes_on: aplasia.is_some_and(|a| a.2),
        autoantibody_nadir_percent: antibody,
        autoantibody_nadir_day: antibody_day,
        igg_nadir_g_per_l: igg,
        igg_nadir_day: igg_day,
        il6_peak_pg_per_ml: il6,
        il6_peak_day: il6_day,
        crs_probability_by_grade: car_t.then(|| basis.crs_probability()),
        icans_probability_by_grade: car_t.then(|| basis.icans_probability()),
        attacks: layers
            .attacks
            .filter(|_| who != Who::Typical)
            .map(|_| course.attacks.len()),
        attacks_expected: layers.attacks.and_then(|_| {
            Some(patient.attack_frailty * (hazard.last()? - at_zero(times, &hazard)))
        }),
        edss: score(|v| v.edss),
        mg_adl: score(|v| v.mg_adl),
        qmg: score(|v| v.qmg),
        t25fw_seconds: score(|v| v.t25fw_seconds),
        incat: score(|v| v.incat),
        clone_at_end: series("AMt").last().copied().unwrap_or(f64::NAN),
    }
}

/// Value at the first output time that is not before day 0.
fn at_zero(times: &[f64], values: &[f64]) -> f64 {
    times
        .iter()
        .position(|&t| t >= 0.0)
        .map_or(0.0, |i| values[i])
}

/// Most extreme value from day 0 on and its day.
fn extreme(times: &[f64], values: &[f64], better: fn(f64, f64) -> bool) -> (f64, f64) {
    let mut best = (f64::NAN, f64::NAN);
    for (&t, &v) in times.iter().zip(values).filter(|(t, _)| **t >= 0.0) {
        if best.0.is_nan() || better(v, best.0) {
            best = (v, t);
        }
    }
    best
}

/// First day below the limit, the time until the count is back (linear between output days), and
/// whether the end came first.
pub fn aplasia(times: &[f64], b_cells: &[f64]) -> Option<(f64, f64, bool)> {
    let crossing = |i: usize| {
        let (t0, t1, b0, b1) = (times[i - 1], times[i], b_cells[i - 1], b_cells[i]);
        t0 + (t1 - t0) * (APLASIA_CELLS_PER_UL - b0) / (b1 - b0)
    };
    let below = |b: f64| b < APLASIA_CELLS_PER_UL;
    let first = b_cells.iter().position(|&b| below(b))?;
    let start = if first == 0 {
        times[0]
    } else {
        crossing(first)
    };
    match (first..b_cells.len()).find(|&i| !below(b_cells[i])) {
        Some(back) => Some((start, crossing(back) - start, false)),
        None => Some((start, times.last()? - start, true)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aplasia_is_measured_between_the_crossings() {
        let times = [0.0, 10.0, 20.0, 30.0];
        assert_eq!(
            aplasia(&times, &[20.0, 0.0, 0.0, 20.0]),
            Some((5.0, 20.0, false))
        );
        assert_eq!(
            aplasia(&times, &[20.0, 0.0, 0.0, 0.0]),
            Some((5.0, 25.0, true))
        );
        assert_eq!(aplasia(&times, &[20.0; 4]), None);
    }
}
