//! What is measured in one patient: on the solved trajectory, or in a drawn course.

use serde::Deserialize;

use crate::course::{Course, Visit};
use crate::hazard::Curve;
use crate::progression::{self, first_confirmed_progression};
use crate::specification::{
    ConfirmationWeeks, DAYS_PER_WEEK, DAYS_PER_YEAR, ProgressionReference, ProgressionRule,
};

/// Interval of the visits at which disability is read.
pub const VISIT_WEEKS: f64 = 12.0;

/// A quantity of one patient. Days count from the first treatment; a change is against the patient's
/// own value before any treatment.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(tag = "measure", rename_all = "snake_case", deny_unknown_fields)]
pub enum Measure {
    /// Day of the largest number of CAR T cells in blood.
    CarTPeakDay,
    /// Largest number of CAR T cells in blood, cells/uL.
    CarTPeakCellsPerUl,
    /// CAR T cells in blood on a day, cells/uL.
    CarTCellsPerUl {
        /// Day.
        day: f64,
    },
    /// Days from the first fall of blood B cells below 10/uL to their return; 0 if they never fall
    /// so low, and the rest of the simulation if they do not return.
    BCellAplasiaDays,
    /// Blood B cells on a day, cells/uL.
    BCellsPerUl {
        /// Day.
        day: f64,
    },
    /// Whether blood B cells are at or below a number on a day.
    BCellsAtMost {
        /// Day.
        day: f64,
        /// Number, cells/uL.
        cells_per_ul: f64,
    },
    /// Memory cells among blood B cells on a day, percent.
    MemorySharePercent {
        /// Day.
        day: f64,
    },
    /// Memory B cells in blood on a day, percent of their number before treatment.
    MemoryOfBaselinePercent {
        /// Day.
        day: f64,
    },
    /// Autoantibody on a day, percent of its level before treatment.
    AutoantibodyPercent {
        /// Day.
        day: f64,
    },
    /// Whether the autoantibody is at or below a part of its level before treatment.
    AutoantibodyAtMost {
        /// Day.
        day: f64,
        /// Part in percent.
        percent: f64,
    },
    /// Total IgG on a day, g/L.
    IggGPerL {
        /// Day.
        day: f64,
    },
    /// Change of total IgG to a day, percent.
    IggChangePercent {
        /// Day.
        day: f64,
    },
    /// Change of total IgG to its lowest value, percent.
    IggNadirChangePercent,
    /// Whether total IgG is below a limit on a day.
    IggBelow {
        /// Day.
        day: f64,
        /// Limit, g/L.
        g_per_l: f64,
    },
    /// Change of total IgG to a day over the time to it, g/L per year.
    IggSlopeGPerLPerYear {
        /// Day.
        day: f64,
    },
    /// First day after the lowest value at which total IgG is back at a limit; the end of the
    /// simulation if it does not come back.
    IggRecoveryDay {
        /// Limit, g/L.
        g_per_l: f64,
    },
    /// Long-lived plasma cells of the marrow on a day, percent of their number before treatment.
    PlasmaCellsPercent {
        /// Day.
        day: f64,
    },
    /// Largest serum interleukin-6 within 30 days of the first treatment, pg/mL.
    Il6PeakPgPerMl,
    /// Day of that peak.
    Il6PeakDay,
    /// Focal inflammation on a day over that before treatment.
    FocalInflammation {
        /// Day.
        day: f64,
    },
    /// Largest change of any slow output from its first value, relative to that value or to 1 if
    /// it is smaller; cumulative hazards and axonal loss, which must change, are left out.
    SteadyStateDrift,
    /// Whether cytokine release syndrome reaches a grade.
    Crs {
        /// Grade.
        grade: u8,
    },
    /// Whether neurotoxicity reaches a grade.
    Icans {
        /// Grade.
        grade: u8,
    },
    /// Attacks or relapses, a count with its time for a rate.
    Attacks,
    /// Attacks or relapses per year of the single patient.
    AttacksPerYear,
    /// First attack or relapse.
    FirstAttack,
    /// First confirmed disability progression, confirmed by the end of follow-up; visits every 12 weeks.
    Progression {
        /// Rise that counts.
        rule: ProgressionRule,
        /// Confirmation window.
        confirmation_weeks: ConfirmationWeeks,
    },
    /// Change of MG-ADL at the visit of a week, placebo response included in blinded arms.
    MgAdlChange {
        /// Week.
        week: f64,
    },
    /// Change of QMG at the visit of a week.
    QmgChange {
        /// Week.
        week: f64,
    },
    /// Whether MG-ADL is at or below a score at the visit of a week.
    MgAdlAtMost {
        /// Week.
        week: f64,
        /// Score.
        score: f64,
    },
    /// Whether the autoreactive clone, once extinct, is founded again, or never became extinct.
    ClonePresent,
}

/// A patient's value, and how long the patient was watched for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// Value; 1 or 0 for yes or no, a count for events; NaN where the patient has none.
    pub value: f64,
    /// Follow-up or time of the first event, days; 0 where there is no such thing.
    pub time_days: f64,
}

impl Observation {
    /// A value without a time.
    pub fn of(value: f64) -> Observation {
        Observation {
            value,
            time_days: 0.0,
        }
    }
    fn yes(yes: bool) -> Observation {
        Observation::of(if yes { 1.0 } else { 0.0 })
    }
    fn event(first_days: Option<f64>, horizon_days: f64) -> Observation {
        let first = first_days.filter(|&t| t <= horizon_days);
        Observation {
            value: if first.is_some() { 1.0 } else { 0.0 },
            time_days: first.unwrap_or(horizon_days),
        }
    }
}

impl Measure {
    /// True if the value hangs on chance beyond the patient's parameters: a course is drawn.
    pub fn is_drawn(&self) -> bool {
        use Measure::*;
        matches!(
            self,
            Crs { .. }
                | Icans { .. }
                | Attacks
                | AttacksPerYear
                | FirstAttack
                | Progression { .. }
                | MgAdlChange { .. }
                | QmgChange { .. }
                | MgAdlAtMost { .. }
                | ClonePresent
        )
    }

    /// Day on which an output is needed exactly.
    pub fn day(&self) -> Option<f64> {
        use Measure::*;
        match *self {
            CarTCellsPerUl { day }
            | BCellsPerUl { day }
            | BCellsAtMost { day, .. }
            | MemorySharePercent { day }
            | MemoryOfBaselinePercent { day }
            | AutoantibodyPercent { day }
            | AutoantibodyAtMost { day, .. }
            | IggGPerL { day }
            | IggChangePercent { day }
            | IggBelow { day, .. }
            | IggSlopeGPerLPerYear { day }
            | PlasmaCellsPercent { day }
            | FocalInflammation { day } => Some(day),
            _ => None,
        }
    }

    /// Week of the visit that is needed, beside those every 12 weeks.
    pub fn visit_week(&self) -> Option<f64> {
        use Measure::*;
        match *self {
            MgAdlChange { week } | QmgChange { week } | MgAdlAtMost { week, .. } => Some(week),
            _ => None,
        }
    }

    /// The value on a solved trajectory; NaN for a quantity that has to be drawn.
    pub fn of_trajectory(&self, solved: &Solved<'_>, horizon_days: f64) -> Observation {
        use Measure::*;
        let start = |name: &str| solved.series(name).next().map_or(f64::NAN, |(_, x)| x);
        let at = |name: &str, day: f64| solved.at(name, day);
        let flag = |yes: bool| if yes { 1.0 } else { 0.0 };
        let value = match *self {
            CarTPeakDay => solved.peak("CARb", horizon_days).0,
            CarTPeakCellsPerUl => solved.peak("CARb", horizon_days).1,
            CarTCellsPerUl { day } => at("CARb", day),
            BCellAplasiaDays => days_below(solved.series("Bb"), APLASIA_CELLS_PER_UL, horizon_days),
            BCellsPerUl { day } => at("Bb", day),
            BCellsAtMost { day, cells_per_ul } => flag(at("Bb", day) <= cells_per_ul),
            MemorySharePercent { day } => {
                100.0 * at("BMb", day) / (at("BMb", day) + at("BNb", day))
            }
            MemoryOfBaselinePercent { day } => 100.0 * at("BMb", day) / start("BMb"),
            AutoantibodyPercent { day } => 100.0 * at("Ap", day) / start("Ap"),
            AutoantibodyAtMost { day, percent } => {
                flag(100.0 * at("Ap", day) <= percent * start("Ap"))
            }
            IggGPerL { day } => at("cG", day),
            IggChangePercent { day } => 100.0 * (at("cG", day) / start("cG") - 1.0),
            IggNadirChangePercent => {
                100.0 * (solved.lowest("cG", horizon_days).1 / start("cG") - 1.0)
            }
            IggBelow { day, g_per_l } => flag(at("cG", day) < g_per_l),
            IggSlopeGPerLPerYear { day } => (at("cG", day) - start("cG")) * DAYS_PER_YEAR / day,
            IggRecoveryDay { g_per_l } => {
                let nadir_days = solved.lowest("cG", horizon_days).0;
                let after = solved.series("cG").skip_while(|&(t, _)| t < nadir_days);
                nadir_days + days_below(after, g_per_l, horizon_days)
            }
            PlasmaCellsPercent { day } => 100.0 * at("PL", day) / start("PL"),
            Il6PeakPgPerMl => solved.peak("IL6", horizon_days.min(IL6_WINDOW_DAYS)).1,
            Il6PeakDay => solved.peak("IL6", horizon_days.min(IL6_WINDOW_DAYS)).0,
            FocalInflammation { day } => at("F", day) / start("F"),
            SteadyStateDrift => solved.drift(horizon_days),
            _ => f64::NAN,
        };
        Observation::of(value)
    }

    /// The value in a drawn course; NaN for a quantity of the trajectory.
    pub fn of_course(&self, course: &Course, horizon_days: f64) -> Observation {
        use Measure::*;
        let none = Observation::of(f64::NAN);
        let attacks = || {
            course
                .attacks
                .iter()
                .filter(|a| a.time_days <= horizon_days)
                .count() as f64
        };
        let visits = || {
            course
                .visits
                .iter()
                .filter(|v| v.time_days <= horizon_days + 0.5)
        };
        let change = |week: f64, score: fn(&Visit) -> Option<f64>| {
            let baseline = course.visits.first().and_then(score);
            let later = at_week(&course.visits, week).and_then(score);
            Observation::of(
                later
                    .zip(baseline)
                    .map_or(f64::NAN, |(later, first)| later - first),
            )
        };
        match *self {
            Crs { grade } => course
                .crs
                .map_or(none, |t| Observation::yes(t.grade >= grade)),
            Icans { grade } => course
                .icans
                .map_or(none, |t| Observation::yes(t.grade >= grade)),
            Attacks => Observation {
                value: attacks(),
                time_days: horizon_days,
            },
            AttacksPerYear => Observation::of(attacks() * DAYS_PER_YEAR / horizon_days),
            FirstAttack => {
                Observation::event(course.attacks.first().map(|a| a.time_days), horizon_days)
            }
            Progression {
                rule,
                confirmation_weeks,
            } => {
                let planned = visits().filter(|v| is_planned(v.time_days)).copied();
                let planned: Vec<Visit> = planned.collect();
                let options =
                    progression::options(rule, confirmation_weeks, ProgressionReference::Baseline);
                let found = first_confirmed_progression(&planned, &course.attacks, &options);
                Observation::event(found.map(|p| p.onset_days), horizon_days)
            }
            MgAdlChange { week } => change(week, |v| v.mg_adl),
            QmgChange { week } => change(week, |v| v.qmg),
            MgAdlAtMost { week, score } => {
                let mg_adl = at_week(&course.visits, week).and_then(|v| v.mg_adl);
                mg_adl.map_or(none, |found| Observation::yes(found <= score))
            }
            ClonePresent => {
                let extinct = course.clone_extinct_days.is_some_and(|t| t <= horizon_days);
                let back = course
                    .clone_refounded_days
                    .is_some_and(|t| t <= horizon_days);
                Observation::yes(!extinct || back)
            }
            _ => none,
        }
    }
}

/// B-cell aplasia is below this number.
const APLASIA_CELLS_PER_UL: f64 = 10.0;
/// Interleukin-6 peaks within this time of the first treatment.
const IL6_WINDOW_DAYS: f64 = 30.0;
/// Outputs that change in an untreated patient by their nature, and scores that follow them.
const MOVING: [&str; 5] = ["LamR", "LamI", "X", "Nf", "GF"];

/// A solved patient: output times and values as the engine gives them.
#[derive(Clone, Copy, Debug)]
pub struct Solved<'a> {
    /// Output times.
    pub times_days: &'a [f64],
    /// `values[time][output]`, row by row.
    pub values: &'a [f64],
    /// Names of the first outputs, by which they are found.
    pub outputs: &'a [&'a str],
    /// Number of all outputs.
    pub width: usize,
}

impl<'a> Solved<'a> {
    fn series(&self, name: &str) -> impl Iterator<Item = (f64, f64)> + Clone + use<'a> {
        let column = self
            .outputs
            .iter()
            .position(|o| *o == name)
            .unwrap_or(usize::MAX);
        let (times, values, width) = (self.times_days, self.values, self.width);
        times.iter().enumerate().map(move |(i, &t)| {
            (
                t,
                if column < width {
                    values[i * width + column]
                } else {
                    f64::NAN
                },
            )
        })
    }

    fn at(&self, name: &str, day: f64) -> f64 {
        let values: Vec<f64> = self.series(name).map(|(_, x)| x).collect();
        Curve {
            times_days: self.times_days,
            values: &values,
        }
        .at(day)
    }

    /// Day and height of the largest value from day 0 to `until_days`.
    fn peak(&self, name: &str, until_days: f64) -> (f64, f64) {
        let within = self
            .series(name)
            .filter(|&(t, _)| (0.0..=until_days).contains(&t));
        within.fold((f64::NAN, f64::NEG_INFINITY), |best, x| {
            if x.1 > best.1 { x } else { best }
        })
    }

    fn lowest(&self, name: &str, until_days: f64) -> (f64, f64) {
        let within = self.series(name).filter(|&(t, _)| t <= until_days);
        within.fold((f64::NAN, f64::INFINITY), |best, x| {
            if x.1 < best.1 { x } else { best }
        })
    }

    fn drift(&self, until_days: f64) -> f64 {
        let still = self.outputs.iter().filter(|o| !MOVING.contains(*o));
        let of = |name: &&str| {
            let mut series = self.series(name).filter(|&(t, _)| t <= until_days);
            let first = series.next().map_or(f64::NAN, |(_, x)| x);
            let largest = series.map(|(_, x)| (x - first).abs()).fold(0.0, f64::max);
            largest / first.abs().max(1.0)
        };
        still.map(of).fold(0.0, f64::max)
    }
}

/// Days from the first value below `limit` to the first one back at it, linear between the points.
fn days_below(series: impl Iterator<Item = (f64, f64)>, limit: f64, until_days: f64) -> f64 {
    let mut fall = None;
    let mut last: Option<(f64, f64)> = None;
    for (t, x) in series {
        let crossing = last.map_or(t, |(t0, x0)| {
            let part = if x == x0 {
                1.0
            } else {
                (limit - x0) / (x - x0)
            };
            t0 + part.clamp(0.0, 1.0) * (t - t0)
        });
        if crossing > until_days {
            break;
        }
        match fall {
            None if x < limit => fall = Some(crossing),
            Some(from) if x >= limit => return crossing - from,
            _ => {}
        }
        last = Some((t, x));
    }
    fall.map_or(0.0, |from| until_days - from)
}

fn is_planned(time_days: f64) -> bool {
    let visits = time_days / (VISIT_WEEKS * DAYS_PER_WEEK);
    (visits - visits.round()).abs() < 1e-9
}

fn at_week(visits: &[Visit], week: f64) -> Option<&Visit> {
    visits
        .iter()
        .find(|v| (v.time_days - week * DAYS_PER_WEEK).abs() < 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: [f64; 6] = [-10.0, 0.0, 10.0, 20.0, 30.0, 40.0];

    fn solved<'a>(outputs: &'a [&'a str], values: &'a [f64]) -> Solved<'a> {
        Solved {
            times_days: &TIMES,
            values,
            outputs,
            width: outputs.len(),
        }
    }

    #[test]
    fn aplasia_lasts_from_the_fall_below_ten_to_the_return() {
        let of = |values: &[f64]| {
            Measure::BCellAplasiaDays
                .of_trajectory(&solved(&["Bb"], values), 40.0)
                .value
        };
        // Falls through 10 at day 9, comes back through 10 half way from day 20 to day 30.
        assert_eq!(of(&[100.0, 100.0, 0.0, 5.0, 15.0, 60.0]), 25.0 - 9.0);
        assert_eq!(of(&[100.0, 100.0, 0.0, 0.0, 0.0, 0.0]), 40.0 - 9.0);
        assert_eq!(of(&[100.0, 100.0, 20.0, 12.0, 15.0, 60.0]), 0.0);
    }

    #[test]
    fn igg_recovers_after_its_nadir() {
        let values = [10.0, 9.0, 4.0, 5.0, 6.0, 8.0];
        let solved = solved(&["cG"], &values);
        let of = |measure: Measure| measure.of_trajectory(&solved, 40.0).value;
        assert_eq!(of(Measure::IggRecoveryDay { g_per_l: 7.0 }), 35.0);
        assert_eq!(of(Measure::IggRecoveryDay { g_per_l: 9.0 }), 40.0);
        assert_eq!(of(Measure::IggNadirChangePercent), -60.0);
        assert_eq!(
            of(Measure::IggChangePercent { day: 25.0 }),
            100.0 * (5.5 / 10.0 - 1.0)
        );
        assert_eq!(
            of(Measure::IggBelow {
                day: 20.0,
                g_per_l: 5.65
            }),
            1.0
        );
    }

    #[test]
    fn the_drift_is_of_the_worst_output_that_should_stand_still() {
        let values = [
            1.0, 50.0, 1.0, 50.0, 0.5, 50.0, 0.2, 50.1, 0.1, 50.0, 0.0, 50.0,
        ];
        let solved = solved(&["X", "cG"], &values);
        let drift = Measure::SteadyStateDrift.of_trajectory(&solved, 40.0).value;
        assert!((drift - 0.1 / 50.0).abs() < 1e-12);
    }

    #[test]
    fn a_first_attack_after_the_horizon_is_censored_there() {
        let attack = |time_days| crate::course::Attack {
            time_days,
            edss_jump: 1.0,
            edss_residual: 0.5,
        };
        let course = Course {
            attacks: vec![attack(50.0), attack(90.0)],
            ..Course::default()
        };
        let of = |m: Measure, horizon| m.of_course(&course, horizon);
        let seen = |value, time_days| Observation { value, time_days };
        assert_eq!(of(Measure::FirstAttack, 40.0), seen(0.0, 40.0));
        assert_eq!(of(Measure::FirstAttack, 60.0), seen(1.0, 50.0));
        assert_eq!(of(Measure::Attacks, 100.0), seen(2.0, 100.0));
    }
}
