//! What happens to one subject in one replicate: the stochastic layers on a solved trajectory.
//!
//! The immune core is solved once per patient and regimen; a course is drawn from that solution
//! for every replicate, because the clinical states never feed back into the core. What all courses
//! of a solution share is put together once, in a [`Basis`]; [`simulate`] then draws in
//! microseconds.

use neurocart_numeric::elementary::{exp1, ln1};

use crate::attack;
use crate::clone::{self, CloneFate, CloneParameters};
use crate::disability;
use crate::haematotoxicity::{Haematotoxicity, haematotoxicity};
use crate::hazard::Curve;
use crate::incat;
use crate::infection;
use crate::layers::Layers;
use crate::lesion::{self, Lesion};
use crate::myasthenia;
use crate::population::VirtualPatient;
use crate::purpose::{self, SubjectKey};
use crate::scenario::Scenario;
use crate::toxicity::{self, Risk};
use crate::walking;

/// One subject's clinical course, times in days from the first treatment (day 0).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// Disease of the patient, its number in the trial file from 0.
    pub disease: usize,
    /// Relapses or attacks in the year before enrolment.
    pub attacks_previous_year: u32,
    /// Relapses or attacks, in order.
    pub attacks: Vec<Attack>,
    /// One entry per planned visit, in order.
    pub visits: Vec<Visit>,
    /// Cytokine release syndrome; `None` where the therapy is not a CAR T product.
    pub crs: Option<Toxicity>,
    /// Immune-effector-cell-associated neurotoxicity syndrome.
    pub icans: Option<Toxicity>,
    /// Haematotoxicity (ICAHT); `None` where the therapy is not a CAR T product.
    pub haematotoxicity: Option<Haematotoxicity>,
    /// MRI lesions in order, from before day 0 on; empty where the disease has none.
    pub lesions: Vec<Lesion>,
    /// Onsets of serious infections.
    pub serious_infections_days: Vec<f64>,
    /// When the autoreactive clone fell below one cell, if it did.
    pub clone_extinct_days: Option<f64>,
    /// When new founders re-established the clone after extinction, if they did.
    pub clone_refounded_days: Option<f64>,
}

/// A relapse (MS) or attack (NMOSD, MOGAD).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attack {
    /// Onset.
    pub time_days: f64,
    /// Rise in EDSS at the peak.
    pub edss_jump: f64,
    /// Part of the rise that stays for good, in EDSS points.
    pub edss_residual: f64,
}

/// What is measured at a visit. `None` where the disease has no such score.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Visit {
    /// When.
    pub time_days: f64,
    /// Expanded Disability Status Scale, 0 to 10 by 0.5.
    pub edss: Option<f64>,
    /// Myasthenia Gravis Activities of Daily Living, 0 to 24.
    pub mg_adl: Option<f64>,
    /// Quantitative Myasthenia Gravis score, 0 to 39.
    pub qmg: Option<f64>,
    /// Myasthenia Gravis Composite, 0 to 50.
    pub mgc: Option<f64>,
    /// Timed 25-foot walk.
    pub t25fw_seconds: Option<f64>,
    /// INCAT disability score, 0 to 10.
    pub incat: Option<f64>,
    /// Blood B cells.
    pub b_cells_per_ul: f64,
    /// Autoantibody, percent of the patient's own baseline.
    pub autoantibody_percent: f64,
    /// Total IgG.
    pub igg_g_per_l: f64,
    /// CAR T cells in blood.
    pub car_t_cells_per_ul: f64,
    /// Serum neurofilament light.
    pub snfl_pg_per_ml: f64,
    /// Serum GFAP.
    pub sgfap_pg_per_ml: f64,
}

/// A graded toxicity of CAR T therapy (ASTCT 2019).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Toxicity {
    /// Highest grade, 0 (none) to 4.
    pub grade: u8,
    /// Onset; `None` for grade 0.
    pub onset_days: Option<f64>,
}

/// What all courses under one regimen share.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Output times of the solved trajectories.
    pub times_days: Vec<f64>,
    /// Days of the planned visits.
    pub visits_days: Vec<f64>,
    /// End of the draws.
    pub follow_up_days: f64,
    /// The layers of the disease.
    pub layers: Layers,
    /// True if patients do not know their treatment: scores show the placebo response.
    pub blinded: bool,
    /// True if the therapy has CRS and ICANS.
    pub car_t: bool,
    /// Days from the first infusion on in which the peaks of toxicity are taken.
    toxicity_days: (f64, f64),
}

impl Plan {
    /// The plan of a scenario. Visits must be days of its output grid or lie between them.
    pub fn new(
        scenario: &Scenario,
        layers: &Layers,
        blinded: bool,
        visits_days: &[f64],
        follow_up_days: f64,
    ) -> Plan {
        let infusions = &scenario.therapy.infusion_days;
        let first = infusions.iter().copied().fold(f64::INFINITY, f64::min);
        Plan {
            times_days: scenario.times_days().to_vec(),
            visits_days: visits_days.to_vec(),
            follow_up_days,
            layers: layers.clone(),
            blinded,
            car_t: scenario.therapy.is_car_t(),
            toxicity_days: (first, first + layers.toxicity.window_days),
        }
    }
}

/// What all courses of one patient under one regimen share.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Basis {
    /// Cumulative attack hazard on the output grid, without frailty; empty without attacks.
    attack_hazard: Vec<f64>,
    /// Cumulative infection hazard on the output grid.
    infection_hazard: Vec<f64>,
    /// The planned visits without attacks and noise. EDSS is the latent value.
    visits: Vec<Visit>,
    crs: Risk,
    icans: Risk,
    haematotoxicity: Option<Haematotoxicity>,
    clone: CloneFate,
    attack_frailty: f64,
    /// Decay of an attack's passing part, of neurofilament and of GFAP, per day.
    decays_per_day: [f64; 3],
}

impl Basis {
    /// Puts together what courses need. `trajectory` is `[time][output]` of the scenario.
    pub fn new(
        plan: &Plan,
        scenario: &Scenario,
        patient: &VirtualPatient,
        trajectory: &[f64],
    ) -> Basis {
        let width = scenario.outputs();
        let times = plan.times_days.as_slice();
        let column = |name: &str| -> Vec<f64> {
            let at = scenario.output(name).unwrap_or(0);
            trajectory.iter().skip(at).step_by(width).copied().collect()
        };
        let seen = |name: &str| -> Vec<f64> {
            let values = column(name);
            let curve = Curve {
                times_days: times,
                values: &values,
            };
            plan.visits_days.iter().map(|&day| curve.at(day)).collect()
        };
        let [
            b_cells,
            autoantibody,
            igg,
            car_t,
            nfl,
            gfap,
            mg_adl,
            qmg,
            axons,
            target,
        ] = [
            "Bb", "Ap", "cG", "CARb", "Nf", "GF", "MGADL", "QMG", "X", "R",
        ]
        .map(seen);
        let layers = &plan.layers;
        let visit = |i: usize| {
            let time_days = plan.visits_days[i];
            let placebo = layers.myasthenia.filter(|_| plan.blinded);
            let placebo = placebo.map_or(0.0, |m| myasthenia::placebo_response(&m, time_days));
            let lost_axons = layers
                .disability
                .map(|d| -d.scale * ln1(axons[i].max(1e-12)));
            let edss = patient
                .edss
                .zip(lost_axons)
                .map(|(start, lost)| start + lost);
            Visit {
                time_days,
                edss,
                mg_adl: layers.myasthenia.map(|_| mg_adl[i] - placebo),
                qmg: layers.myasthenia.map(|_| qmg[i]),
                mgc: layers.myasthenia.map(|m| m.mgc_per_mg_adl * mg_adl[i]),
                t25fw_seconds: layers
                    .walking
                    .map(|w| walking::seconds(&w, edss.unwrap_or(0.0), target[i])),
                incat: layers.incat.map(|p| incat::score(&p, target[i])),
                b_cells_per_ul: b_cells[i],
                autoantibody_percent: autoantibody[i],
                igg_g_per_l: igg[i],
                car_t_cells_per_ul: car_t[i],
                snfl_pg_per_ml: nfl[i],
                sgfap_pg_per_ml: gfap[i],
            }
        };
        let [founding_rate, growth_rate, loss_rate] = patient.clone_rates_per_day();
        let clone = CloneParameters {
            cells: layers.clone_cells,
            founding_rate,
            growth_rate,
            loss_rate,
        };
        let (crs, icans) = toxicity_risks(plan, &column);
        Basis {
            attack_hazard: if layers.attacks.is_some() {
                column("LamR")
            } else {
                Vec::new()
            },
            infection_hazard: column("LamI"),
            visits: (0..plan.visits_days.len()).map(visit).collect(),
            crs,
            icans,
            haematotoxicity: plan
                .car_t
                .then(|| haematotoxicity(times, &column("ANC"), plan.toxicity_days.0)),
            clone: clone::fate(&clone, times, &column("AMt"), &column("nB"), &column("H")),
            attack_frailty: patient.attack_frailty,
            decays_per_day: patient.decays_per_day(),
        }
    }

    /// Probability of CRS of at least grade 1, 2, 3 and 4; 0 without CAR T cells.
    pub fn crs_probability(&self) -> [f64; 4] {
        self.crs.at_least
    }

    /// The planned visits without attacks, noise and rounding. EDSS is the latent value.
    pub fn expected_visits(&self) -> &[Visit] {
        &self.visits
    }

    /// Probability of ICANS of at least grade 1, 2, 3 and 4; 0 without CAR T cells.
    pub fn icans_probability(&self) -> [f64; 4] {
        self.icans.at_least
    }
}

/// Risks of CRS and ICANS from the peaks of interleukin-6 and of the neurotoxic drive.
fn toxicity_risks(plan: &Plan, column: &dyn Fn(&str) -> Vec<f64>) -> (Risk, Risk) {
    if !plan.car_t {
        return Default::default();
    }
    let (from, until) = plan.toxicity_days;
    let times = plan.times_days.as_slice();
    let window = times.partition_point(|&t| t < from)..times.partition_point(|&t| t <= until);
    let peak = |values: &[f64]| {
        window.clone().fold((from, 0.0), |best, i| {
            if values[i] > best.1 {
                (times[i], values[i])
            } else {
                best
            }
        })
    };
    let (il6_day, il6_peak) = peak(&column("IL6"));
    let (drive_day, drive_peak) = peak(&column("NT"));
    // CRS is noticed where the interleukin-6 signal crosses its threshold; at the peak if it does not.
    let signal = column("IL6s");
    let threshold = plan.layers.toxicity.onset_il6_pg_per_ml;
    let onset = match window.clone().find(|&i| signal[i] > threshold) {
        Some(i) if i > window.start => {
            let part = (threshold - signal[i - 1]) / (signal[i] - signal[i - 1]);
            times[i - 1] + part * (times[i] - times[i - 1])
        }
        Some(i) => times[i],
        None => il6_day,
    };
    let toxicity = &plan.layers.toxicity;
    (
        toxicity::risk(&toxicity.crs, il6_peak, onset),
        toxicity::risk(&toxicity.icans, drive_peak, drive_day),
    )
}

/// Draws the course of a subject into `course`, whose buffers are used again.
pub fn simulate(plan: &Plan, basis: &Basis, key: SubjectKey, course: &mut Course) {
    let layers = &plan.layers;
    course.attacks.clear();
    course.serious_infections_days.clear();
    course.lesions.clear();
    let times_days = plan.times_days.as_slice();
    if let Some(attacks) = &layers.attacks {
        let hazard = Curve {
            times_days,
            values: &basis.attack_hazard,
        };
        attack::draw(
            hazard,
            basis.attack_frailty,
            attacks,
            key,
            plan.follow_up_days,
            &mut course.attacks,
        );
        if let Some(lesions) = &layers.lesions {
            lesion::draw(
                hazard,
                basis.attack_frailty,
                lesions,
                key,
                plan.follow_up_days,
                &mut course.lesions,
            );
        }
    }
    let infections = Curve {
        times_days,
        values: &basis.infection_hazard,
    };
    infection::draw(
        infections,
        key,
        plan.follow_up_days,
        &mut course.serious_infections_days,
    );
    course.crs = plan.car_t.then(|| toxicity::draw_crs(&basis.crs, key));
    course.icans = plan.car_t.then(|| toxicity::draw_icans(&basis.icans, key));
    course.haematotoxicity = basis.haematotoxicity;
    course.clone_extinct_days = basis
        .clone
        .extinct_days
        .filter(|&t| t <= plan.follow_up_days);
    course.clone_refounded_days =
        clone::draw_return(&basis.clone, times_days, key, plan.follow_up_days);
    course.visits.clear();
    course.visits.extend_from_slice(&basis.visits);
    add_attacks_to_visits(layers, basis, &course.attacks, &mut course.visits);
    read_scores(layers, key, &mut course.visits);
}

/// Raises disability and the markers of damage by the attacks so far.
fn add_attacks_to_visits(layers: &Layers, basis: &Basis, attacks: &[Attack], visits: &mut [Visit]) {
    let (Some(parameters), Some(first)) = (&layers.attacks, attacks.first()) else {
        return;
    };
    let [recovery, neurofilament, gfap] = basis.decays_per_day;
    for visit in visits.iter_mut().filter(|v| v.time_days >= first.time_days) {
        if let Some(edss) = &mut visit.edss {
            *edss += disability::from_attacks(attacks, recovery, visit.time_days);
        }
        for attack in attacks
            .iter()
            .take_while(|a| a.time_days <= visit.time_days)
        {
            let since = visit.time_days - attack.time_days;
            let rise = |per_point: f64, decay: f64| {
                if per_point == 0.0 {
                    0.0
                } else {
                    per_point * attack.edss_jump * exp1(-decay * since)
                }
            };
            visit.snfl_pg_per_ml += rise(parameters.neurofilament_jump, neurofilament);
            visit.sgfap_pg_per_ml += rise(parameters.gfap_jump, gfap);
        }
    }
}

/// Turns latent scores into what visits read.
fn read_scores(layers: &Layers, key: SubjectKey, visits: &mut [Visit]) {
    // Before the EDSS is read: the walk follows the latent one, attacks included.
    if let Some(p) = &layers.walking {
        let mut noise = key.stream(purpose::WALKING_NOISE);
        for visit in visits.iter_mut() {
            let z = noise.normal();
            let seconds = match (p.course, visit.edss) {
                (walking::Course::Disability { .. }, Some(edss)) => {
                    Some(walking::seconds(p, edss, 1.0))
                }
                _ => visit.t25fw_seconds,
            };
            visit.t25fw_seconds = seconds.map(|s| walking::reading(s, p.noise_sd, z));
        }
    }
    if let Some(p) = &layers.incat {
        let mut noise = key.stream(purpose::INCAT_NOISE);
        for visit in visits.iter_mut() {
            let z = noise.normal();
            visit.incat = visit.incat.map(|s| incat::reading(s, p.noise_sd, z));
        }
    }
    if let Some(p) = &layers.disability {
        let mut noise = key.stream(purpose::EDSS_NOISE);
        for visit in visits.iter_mut() {
            visit.edss = visit
                .edss
                .map(|latent| disability::reading(latent, p.noise_sd, noise.normal()));
        }
    }
    if let Some(p) = &layers.myasthenia {
        let mut noise = key.stream(purpose::MYASTHENIA_NOISE);
        let read = myasthenia::reading;
        for visit in visits.iter_mut() {
            let (z_adl, z_qmg) = (noise.normal(), noise.normal());
            visit.mg_adl = visit
                .mg_adl
                .map(|s| read(s, p.mg_adl_noise_sd, z_adl, myasthenia::MG_ADL_MAXIMUM));
            visit.qmg = visit
                .qmg
                .map(|s| read(s, p.qmg_noise_sd, z_qmg, myasthenia::QMG_MAXIMUM));
        }
        let mut noise = key.stream(purpose::MG_COMPOSITE_NOISE);
        for visit in visits.iter_mut() {
            let z = noise.normal();
            visit.mgc = visit
                .mgc
                .map(|s| read(s, p.mgc_noise_sd, z, myasthenia::MGC_MAXIMUM));
        }
    }
}
