//! One dose-finding trial in calendar time.
//!
//! * Enrolment opens on day 0. The next patient enters one inter-arrival time after the last one
//!   or after enrolment reopens; who comes while it is closed does not wait.
//! * A patient's cells take the vein-to-vein time to make. A patient whose product cannot be made
//!   leaves the DLT set, stays in the intention-to-treat set, and is replaced from the day on which the
//!   failure is known.
//! * Staggering: the first patients of a cohort are infused at least the staggering interval
//!   apart, the later ones not before them.
//! * A product below the assigned dose (shortfall) counts, with its DLT, at the dose that was
//!   administered. The design still reads the assigned dose as the current one, and stays there
//!   while nobody has been evaluated at it.
//! * A DLT is one within the DLT window. The next cohort opens when all windows of the last one are over, or, with a
//!   design that uses pending patients, once the last patient has had the minimum follow-up; its
//!   decision then falls on the day on which the next patient comes.
//! * The trial ends by the design, by its number of patients, or when the next dose has enough. All
//!   windows are then followed to their end before the dose is selected; no dose is selected after
//!   a stop for toxicity or because no dose is admissible.
//!
//! The trial is a pure function of settings, key and outcomes.

use neurocart_numeric::{Key, Stream};
use neurocart_stats::InputError;
use neurocart_stats::dose_finding::{
    DoseAction, DoseDecision, DoseFindingDesign, DoseSelection, DoseTally, NoDoseReason, StopReason,
};

/// Purposes of the random streams of this crate.
pub(crate) mod purpose {
    /// Inter-arrival and vein-to-vein times.
    pub const LOGISTICS: u32 = 0x4446_0001;
    /// Outcomes under a stated truth.
    pub const OUTCOME: u32 = 0x4446_0002;
}

/// Patients a simulated trial may have.
pub const LARGEST_TRIAL: u64 = 100_000;

/// Time between two patients who come to the trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Accrual {
    /// Exponential with this mean: patients come independently of each other.
    Exponential {
        /// Mean, in days.
        mean_days: f64,
    },
    /// Uniform from 0 to twice this mean.
    Uniform {
        /// Mean, in days.
        mean_days: f64,
    },
}

/// Settings of a dose-finding trial.
#[derive(Debug, Clone, PartialEq)]
pub struct DoseFindingTrial {
    /// The design with its settings.
    pub design: DoseFindingDesign,
    /// Number of doses.
    pub doses: usize,
    /// First dose, from 0.
    pub first_dose: usize,
    /// Patients in a cohort.
    pub cohort_size: u64,
    /// Patients treated at most.
    pub maximum_treated: u64,
    /// Patients enrolled at most, those without a product included.
    pub maximum_enrolled: u64,
    /// Ends the trial when the next dose has as many patients already.
    pub enough_at_one_dose: Option<u64>,
    /// DLT window after infusion, in days.
    pub dlt_window_days: f64,
    /// How patients come.
    pub accrual: Accrual,
    /// Vein-to-vein time, uniform between these, in days.
    pub vein_to_vein_days: (f64, f64),
    /// Least interval between the infusions of the first patients of a cohort, in days.
    pub stagger_days: f64,
    /// How many patients of a cohort are staggered; the others are not infused before the last of them. 0
    /// for a cohort in any order.
    pub staggered_patients: u64,
    /// Follow-up of the last patient before the next cohort opens, in days, for designs that use
    /// pending patients.
    pub minimum_follow_up_days: f64,
}

impl DoseFindingTrial {
    /// A trial from the lowest of `doses` doses in cohorts of three, with a window of 28 days, a patient
    /// in 14 days on average, 21 to 35 days from vein to vein, no staggering.
    pub fn new(design: DoseFindingDesign, doses: usize, maximum_treated: u64) -> Self {
        DoseFindingTrial {
            design,
            doses,
            first_dose: 0,
            cohort_size: 3,
            maximum_treated,
            maximum_enrolled: maximum_treated.saturating_mul(3).min(LARGEST_TRIAL),
            enough_at_one_dose: None,
            dlt_window_days: 28.0,
            accrual: Accrual::Exponential { mean_days: 14.0 },
            vein_to_vein_days: (21.0, 35.0),
            stagger_days: 0.0,
            staggered_patients: 0,
            minimum_follow_up_days: 0.0,
        }
    }

    /// Refuses settings out of range, those of the design included.
    ///
    /// # Errors
    ///
    /// The first setting that is wrong.
    pub fn check(&self) -> Result<(), InputError> {
        let range = |name, value: f64, lowest: f64, highest: f64, expected| {
            if (lowest..=highest).contains(&value) {
                Ok(())
            } else {
                Err(InputError::Range {
                    name,
                    value,
                    expected,
                })
            }
        };
        let days = |name, value| range(name, value, 0.0, 1e6, "from 0 to 1e6 days");
        let largest = LARGEST_TRIAL as f64;
        let patients = |name, value: u64| {
            range(
                name,
                value as f64,
                1.0,
                largest,
                "from 1 to 100000 patients",
            )
        };
        patients("cohort_size", self.cohort_size)?;
        patients("maximum_treated", self.maximum_treated)?;
        patients("maximum_enrolled", self.maximum_enrolled)?;
        range(
            "dlt_window_days",
            self.dlt_window_days,
            1e-3,
            1e6,
            "above 0 days; 28 is usual after CAR T cells",
        )?;
        let (Accrual::Exponential { mean_days } | Accrual::Uniform { mean_days }) = self.accrual;
        days("mean_days", mean_days)?;
        days("vein_to_vein_days", self.vein_to_vein_days.0)?;
        days("vein_to_vein_days", self.vein_to_vein_days.1)?;
        range(
            "vein_to_vein_days",
            self.vein_to_vein_days.1,
            self.vein_to_vein_days.0,
            1e6,
            "not below the shortest",
        )?;
        days("stagger_days", self.stagger_days)?;
        days("minimum_follow_up_days", self.minimum_follow_up_days)?;
        // An empty data set passes through every check of the design.
        let nobody = vec![DoseTally::default(); self.doses.min(1000)];
        self.design.next_dose(&nobody, self.first_dose)?;
        Ok(())
    }
}

/// The address of a simulated trial among the random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialKey {
    /// Seed of the simulation.
    pub seed: u64,
    /// Scenario; scenarios with the same number share their draws.
    pub scenario: u32,
    /// Replicate.
    pub replicate: u32,
}

impl TrialKey {
    pub(crate) fn stream(self, purpose: u32, patient: u64) -> Stream {
        Stream::new(Key {
            seed: self.seed,
            purpose,
            scenario: self.scenario,
            replicate: self.replicate,
            patient,
        })
    }
}

/// Whose outcome the trial asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PatientRequest {
    /// Number of the patient in the order of enrolment, from 0.
    pub patient_number: u64,
    /// Assigned dose, from 0.
    pub dose_level: usize,
    /// Day of enrolment.
    pub enrolment_day: f64,
    /// Day of infusion, if the product is made.
    pub infusion_day: f64,
}

/// What happens to a patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PatientOutcome {
    /// Dose that could be given: the assigned one, or a lower one after a shortfall; none if the
    /// product could not be made.
    pub administered_level: Option<usize>,
    /// Day of the first DLT after infusion; later than the window, or none, is no DLT.
    pub dlt_day: Option<f64>,
    /// Whether the patient responds; known at the end of the DLT window.
    pub response: bool,
}

/// A patient of a simulated trial. Days are calendar days from the opening of enrolment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrialPatient {
    /// Cohort, from 0.
    pub cohort: u64,
    /// Assigned dose.
    pub assigned_level: usize,
    /// Administered dose; none if the product could not be made.
    pub administered_level: Option<usize>,
    /// Enrolment.
    pub enrolment_day: f64,
    /// Infusion; without a product, the day on which that was known.
    pub infusion_day: f64,
    /// DLT within the window.
    pub dlt_calendar_day: Option<f64>,
    /// Day on which the DLT outcome is known.
    pub resolved_day: f64,
    /// Whether the patient responded.
    pub response: bool,
}

/// A decision of the trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrialDecision {
    /// Calendar day.
    pub day: f64,
    /// Dose of the patients before it.
    pub dose: usize,
    /// What was decided.
    pub decision: DoseDecision,
}

/// Why a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrialEnd {
    /// By the design.
    Design(StopReason),
    /// All patients were treated.
    MaximumTreated,
    /// The next dose had enough patients.
    EnoughAtOneDose,
    /// Too many products could not be made.
    MaximumEnrolled,
}

/// A simulated trial.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedTrial {
    /// Final data per administered dose.
    pub doses: Vec<DoseTally>,
    /// Patients per assigned dose, the intention-to-treat set.
    pub assigned: Vec<u64>,
    /// Patients without a product.
    pub not_manufactured: u64,
    /// Patients who got less than the assigned dose.
    pub shortfalls: u64,
    /// The dose selected.
    pub selection: DoseSelection,
    /// Why the trial ended.
    pub end: TrialEnd,
    /// Day on which the last outcome was known.
    pub duration_days: f64,
    /// All patients, in the order of enrolment.
    pub patients: Vec<TrialPatient>,
    /// All decisions, in order.
    pub decisions: Vec<TrialDecision>,
}

/// Runs one trial; `outcome` is asked once for each patient, in the order of enrolment.
///
/// # Errors
///
/// Settings out of range; an outcome above the assigned dose or with a time that is not zero or more.
pub fn simulate_dose_finding(
    trial: &DoseFindingTrial,
    key: TrialKey,
    outcome: impl FnMut(PatientRequest) -> PatientOutcome,
) -> Result<SimulatedTrial, InputError> {
    trial.check()?;
    let mut run = Run {
        trial,
        key,
        outcome,
        patients: Vec::new(),
        decisions: Vec::new(),
        last_enrolment_day: 0.0,
        arrival: None,
        treated: 0,
    };
    let end = run.finish()?;
    let last_decision = run.decisions.last().map_or(0.0, |decision| decision.day);
    let duration_days = run.last_resolved_day().max(last_decision);
    let doses = run.tallies(duration_days);
    let selection = match end {
        TrialEnd::Design(StopReason::LowestDoseTooToxic) => {
            DoseSelection::NoDose(NoDoseReason::AllTooToxic)
        }
        TrialEnd::Design(StopReason::NoAdmissibleDose) => {
            DoseSelection::NoDose(NoDoseReason::NoneEffective)
        }
        _ => trial.design.select(&doses)?,
    };
    let mut assigned = vec![0; trial.doses];
    for patient in &run.patients {
        assigned[patient.assigned_level] += 1;
    }
    let count = |which: fn(&TrialPatient) -> bool| {
        run.patients
            .iter()
            .filter(|&patient| which(patient))
            .count() as u64
    };
    Ok(SimulatedTrial {
        doses,
        assigned,
        not_manufactured: count(|p| p.administered_level.is_none()),
        shortfalls: count(|p| {
            p.administered_level
                .is_some_and(|level| level < p.assigned_level)
        }),
        selection,
        end,
        duration_days,
        patients: run.patients,
        decisions: run.decisions,
    })
}

/// A trial under way.
struct Run<'a, F> {
    trial: &'a DoseFindingTrial,
    key: TrialKey,
    outcome: F,
    patients: Vec<TrialPatient>,
    decisions: Vec<TrialDecision>,
    last_enrolment_day: f64,
    /// Day on which the next patient comes, where that is known already.
    arrival: Option<f64>,
    treated: u64,
}

impl<F: FnMut(PatientRequest) -> PatientOutcome> Run<'_, F> {
    fn finish(&mut self) -> Result<TrialEnd, InputError> {
        let mut dose = self.trial.first_dose;
        let mut open_day = 0.0;
        for cohort in 0.. {
            let first = self.patients.len();
            let filled = self.enrol_cohort(cohort, dose, open_day)?;
            let last_cohort = self.treated >= self.trial.maximum_treated;
            let pending_count = self.trial.design.uses_pending_patients();
            let day = if !filled || last_cohort || !pending_count {
                self.last_resolved_day()
            } else {
                let members = self.patients[first..].iter();
                let infused = members.map(|p| p.infusion_day).fold(0.0, f64::max);
                let day = self.next_arrival(infused + self.trial.minimum_follow_up_days);
                self.arrival = Some(day);
                day
            };
            let decision = self.trial.design.next_dose(&self.tallies(day), dose)?;
            self.decisions.push(TrialDecision {
                day,
                dose,
                decision,
            });
            if let DoseAction::Stop(reason) = decision.action {
                return Ok(TrialEnd::Design(reason));
            }
            if !filled {
                return Ok(TrialEnd::MaximumEnrolled);
            }
            if last_cohort {
                return Ok(TrialEnd::MaximumTreated);
            }
            dose = decision.next.unwrap_or(dose);
            if self.trial.enough_at_one_dose.is_some_and(|enough| {
                let at_dose = |p: &&TrialPatient| p.administered_level == Some(dose);
                self.patients.iter().filter(at_dose).count() as u64 >= enough
            }) {
                return Ok(TrialEnd::EnoughAtOneDose);
            }
            open_day = day;
        }
        // Each cohort treats or enrols somebody, so a limit has ended the trial before.
        Ok(TrialEnd::MaximumEnrolled)
    }

    /// Enrols until the cohort is treated; false if the limit of enrolment comes before.
    fn enrol_cohort(
        &mut self,
        cohort: u64,
        dose: usize,
        open_day: f64,
    ) -> Result<bool, InputError> {
        let trial = self.trial;
        let wanted = trial.cohort_size.min(trial.maximum_treated - self.treated);
        // Days on which the places of the cohort open; a place opens again after a failure.
        let mut open = vec![open_day; wanted as usize];
        let mut infused = 0;
        let mut last_staggered_day = 0.0;
        while let Some(place) = earliest(&open) {
            if self.patients.len() as u64 >= trial.maximum_enrolled {
                return Ok(false);
            }
            let place_opens = open.swap_remove(place);
            let enrolment_day = match self.arrival.take() {
                Some(day) => day,
                None => self.next_arrival(place_opens),
            };
            self.last_enrolment_day = enrolment_day;
            let patient_number = self.patients.len() as u64;
            let (shortest, longest) = trial.vein_to_vein_days;
            let share = self.logistics(patient_number, 1).uniform();
            let made_day = enrolment_day + shortest + share * (longest - shortest);
            let not_before = match infused {
                0 => 0.0,
                k if k < trial.staggered_patients => last_staggered_day + trial.stagger_days,
                _ => last_staggered_day,
            };
            let infusion_day = made_day.max(not_before);
            let outcome = (self.outcome)(PatientRequest {
                patient_number,
                dose_level: dose,
                enrolment_day,
                infusion_day,
            });
            check_outcome(&outcome, patient_number, dose)?;
            let mut patient = TrialPatient {
                cohort,
                assigned_level: dose,
                administered_level: outcome.administered_level,
                enrolment_day,
                infusion_day: made_day,
                dlt_calendar_day: None,
                resolved_day: made_day,
                response: false,
            };
            if outcome.administered_level.is_some() {
                let dlt_day = outcome.dlt_day.filter(|&day| day <= trial.dlt_window_days);
                patient.infusion_day = infusion_day;
                patient.dlt_calendar_day = dlt_day.map(|day| infusion_day + day);
                patient.resolved_day = infusion_day + dlt_day.unwrap_or(trial.dlt_window_days);
                patient.response = outcome.response;
                infused += 1;
                if infused <= trial.staggered_patients {
                    last_staggered_day = infusion_day;
                }
                self.treated += 1;
            } else {
                open.push(made_day);
            }
            self.patients.push(patient);
        }
        Ok(true)
    }

    /// The day on which the next patient comes, if enrolment is open from `open_day`.
    fn next_arrival(&self, open_day: f64) -> f64 {
        let mut stream = self.logistics(self.patients.len() as u64, 0);
        let gap = match self.trial.accrual {
            Accrual::Exponential { mean_days } => mean_days * stream.exponential(1.0),
            Accrual::Uniform { mean_days } => 2.0 * mean_days * stream.uniform(),
        };
        self.last_enrolment_day.max(open_day) + gap
    }

    fn logistics(&self, patient: u64, draw: u64) -> Stream {
        let mut stream = self.key.stream(purpose::LOGISTICS, patient);
        stream.seek(draw);
        stream
    }

    fn last_resolved_day(&self) -> f64 {
        let days = self.patients.iter().map(|patient| patient.resolved_day);
        days.fold(0.0, f64::max)
    }

    /// What is known on a day.
    fn tallies(&self, day: f64) -> Vec<DoseTally> {
        let mut doses = vec![DoseTally::default(); self.trial.doses];
        for patient in &self.patients {
            let Some(level) = patient.administered_level else {
                continue;
            };
            let tally = &mut doses[level];
            if patient.resolved_day <= day {
                tally.treated += 1;
                tally.dlt += u64::from(patient.dlt_calendar_day.is_some());
                tally.responses += u64::from(patient.response);
            } else {
                let share = (day - patient.infusion_day) / self.trial.dlt_window_days;
                tally.pending_weights.push(share.clamp(0.0, 1.0));
            }
        }
        doses
    }
}

fn earliest(days: &[f64]) -> Option<usize> {
    (0..days.len()).min_by(|&a, &b| days[a].total_cmp(&days[b]))
}

fn check_outcome(
    outcome: &PatientOutcome,
    patient_number: u64,
    assigned: usize,
) -> Result<(), InputError> {
    let index = patient_number as usize;
    if let Some(level) = outcome.administered_level
        && level > assigned
    {
        return Err(InputError::Value {
            name: "administered_level",
            index,
            value: level as f64,
            expected: "at most the assigned dose",
        });
    }
    match outcome.dlt_day {
        Some(day) if day.is_nan() || day < 0.0 => Err(InputError::Value {
            name: "dlt_day",
            index,
            value: day,
            expected: "zero or more days after infusion",
        }),
        _ => Ok(()),
    }
}
