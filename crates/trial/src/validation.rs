//! Simulated against published: the comparisons of `library/validation.toml`.
//!
//! A comparison names a disease, a therapy, a quantity and a published figure of the evidence base;
//! nothing is fitted here. Regimens are solved for the same virtual patients, from each of
//! whom several courses are drawn, so that the simulation's own error is small; it is printed
//! beside every figure. The verdict is one rule for all ([`verdict::RULE`]); failures stay in.

pub mod comparison;
pub mod estimate;
pub mod measure;
pub mod published;
pub mod reference;
mod simulation;
pub mod study_figure;
pub mod verdict;

use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use neurocart_library::Library;

use crate::error::Error;
use comparison::{Comparison, Kind, NotCovered, Plan, Population};
use estimate::{Sample, Simulated, simulated};
use published::{Grade, Published, PublishedFigures};
use study_figure::TrialFacts;
use verdict::{Verdict, judge};

/// How to run a validation.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Root seed.
    pub seed: u64,
    /// Virtual patients per comparison.
    pub patients: usize,
    /// Courses drawn from each patient where chance takes part.
    pub courses_per_patient: usize,
    /// Ids of the comparisons; all if empty.
    pub only: Vec<String>,
    /// Worker threads.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            seed: 1,
            patients: 2000,
            courses_per_patient: 5,
            only: Vec::new(),
            threads: 1,
        }
    }
}

/// How far a validation is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Patients solved, counted once per regimen.
    pub solved: usize,
    /// Patients to solve.
    pub total: usize,
}

/// All comparisons with their verdicts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidationReport {
    /// The rule of the verdict, in words.
    pub rule: String,
    /// Root seed.
    pub seed: u64,
    /// Virtual patients per comparison.
    pub patients: usize,
    /// Courses drawn from each.
    pub courses_per_patient: usize,
    /// The comparisons, in the order of the library's file.
    pub rows: Vec<ValidationRow>,
    /// Published figures that this version is not held against, with the reason.
    pub not_covered: Vec<NotCovered>,
}

/// One comparison with its verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidationRow {
    /// Name on the command line.
    pub id: String,
    /// Heading that several rows share.
    pub group: String,
    /// What is compared.
    pub title: String,
    /// Whether the figure was used to set the model.
    pub kind: Kind,
    /// Disease, therapies, patients and time, in words.
    pub simulation: String,
    /// Unit; empty for a pure number.
    pub unit: String,
    /// The published figure.
    pub published: Published,
    /// The simulated figure.
    pub simulated: Simulated,
    /// Limits between which the simulated value (or, if a prediction interval decides, the published
    /// value) had to lie; infinite where open.
    pub accepted: Option<(f64, f64)>,
    /// The verdict.
    pub verdict: Verdict,
    /// Which part of the rule made the verdict.
    pub reason: String,
    /// True if a limit is so close that the Monte Carlo error may decide the verdict.
    pub close: bool,
    /// What limits the comparison and, if it does not pass, why the model misses; may be empty.
    pub note: String,
}

impl ValidationReport {
    /// Number of rows of a kind, or of all kinds, with a verdict.
    pub fn count(&self, kind: Option<Kind>, verdict: Verdict) -> usize {
        let fits = |row: &&ValidationRow| {
            row.verdict == verdict && kind.is_none_or(|kind| row.kind == kind)
        };
        self.rows.iter().filter(fits).count()
    }

    /// What was compared, how the verdict is made and how often it was what, in paragraphs.
    pub fn introduction(&self) -> String {
        let counts = |kind: Kind| {
            let of = |verdict| self.count(Some(kind), verdict);
            format!(
                "{} {}: {} passed, {} came near, {} failed, {} not judged",
                self.rows.iter().filter(|row| row.kind == kind).count(),
                kind.name(),
                of(Verdict::Pass),
                of(Verdict::Near),
                of(Verdict::Fail),
                of(Verdict::NotJudged)
            )
        };
        let kinds = [Kind::Calibration, Kind::Validation, Kind::Physiology].map(counts);
        format!(
            "Every figure is simulated anew with {} virtual patients, {} courses of each where chance \
             takes part, and seed {}; nothing is fitted. Arms that are compared treat the same \
             patients. Patients meet the EDSS and MG-ADL limits of the named trial; its other entry \
             criteria, dropout and rescue are not simulated.\n\n{}\n\nCalibration: the published \
             figure set a parameter of the model, so agreement shows only that the program is the \
             calibrated model. Validation: it was not used, so agreement is evidence. Physiology: a \
             property that the model must have. Of these comparisons: {}.\n\nSimulated figures stand with \
             the 95 % prediction interval of a trial of the published size, or, where no size is known, \
             with the 10th and 90th percentile of the patients.",
            self.patients,
            self.courses_per_patient,
            self.seed,
            self.rule,
            kinds.join("; ")
        )
    }
}

impl ValidationRow {
    /// Interval to print beside the simulated figure: of a trial of the published size, or the 10th and
    /// 90th percentile of the patients.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.simulated.prediction.or(self.simulated.spread)
    }

    /// What a reader must know beside the figures: kind, grade, Monte Carlo error, how the verdict was
    /// made, limits and explanation.
    pub fn remarks(&self) -> String {
        let grade = match self.published.grade {
            Grade::Seen if self.published.tier.is_empty() => "published figure read".to_owned(),
            Grade::Seen => format!("published figure read, source tier {}", self.published.tier),
            Grade::Recalled => "published figure RECALLED from memory".to_owned(),
            Grade::Requirement
                if self.published.value.is_none() && !self.published.has_interval() =>
            {
                "no published figure".to_owned()
            }
            Grade::Requirement => "requirement".to_owned(),
        };
        let mut words = format!("{}; {grade}", self.kind.name());
        if let Some(error) = self.simulated.monte_carlo_standard_error {
            words += &format!("; Monte Carlo standard error {}", significant(error));
        }
        words += &format!("; {}: {}.", self.verdict.name(), self.reason);
        if self.close {
            words += " The limit is within two Monte Carlo standard errors: another seed may turn the verdict.";
        }
        let remark = &self.published.remark;
        if !remark.is_empty() && self.published.grade != Grade::Requirement {
            words += &format!(" Remark: {}.", remark.trim_end_matches('.'));
        }
        if !self.note.is_empty() {
            words += &format!(" {}", self.note);
        }
        words
    }
}

/// Two significant digits, for errors.
fn significant(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return "0".to_owned();
    }
    let digits = (1.0 - x.abs().log10().floor()).max(0.0) as usize;
    format!("{x:.digits$}")
}

/// Runs the comparisons of a library.
pub fn run(
    library: &Library,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
    cancelled: &AtomicBool,
) -> Result<ValidationReport, Error> {
    let plan = Plan::load(library)?;
    let comparisons = plan.select(&options.only)?;
    let published = PublishedFigures::of(library)?;
    // Every reference is read before the first patient is solved.
    let figures: Vec<Figure> = comparisons
        .iter()
        .map(|c| Figure::of(&published, c))
        .collect::<Result<_, _>>()?;
    let trials: Vec<Option<TrialFacts>> = figures.iter().map(|f| f.trial.clone()).collect();
    let groups = simulation::groups(&comparisons);
    let total = groups.iter().map(|g| g.solves(options.patients)).sum();
    let mut solved = 0;
    progress(Progress { solved, total });
    let mut rows: Vec<Option<ValidationRow>> = vec![None; comparisons.len()];
    for group in &groups {
        if cancelled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        let mut add = |n: usize| {
            solved += n;
            progress(Progress { solved, total });
        };
        let values =
            group.simulate(library, &comparisons, &trials, options, cancelled, &mut add)?;
        for (index, values) in values {
            let comparison = comparisons[index];
            let [arm, other] = &values.arms;
            let sample = |observations| Sample {
                observations,
                courses: values.courses,
            };
            let other = comparison.comparator.is_some().then(|| sample(other));
            let figure = &figures[index];
            let found = simulated(comparison.statistic, sample(arm), other, &figure.size);
            rows[index] = Some(row(comparison, figure, found));
        }
    }
    Ok(ValidationReport {
        rule: verdict::RULE.to_owned(),
        seed: options.seed,
        patients: options.patients,
        courses_per_patient: options.courses_per_patient,
        rows: rows.into_iter().flatten().collect(),
        not_covered: if options.only.is_empty() {
            plan.not_covered.clone()
        } else {
            Vec::new()
        },
    })
}

/// A published figure with the trial behind it.
struct Figure {
    published: Published,
    size: Vec<u64>,
    trial: Option<TrialFacts>,
}

impl Figure {
    fn of(figures: &PublishedFigures, comparison: &Comparison) -> Result<Figure, Error> {
        let (published, arms) = figures.resolve(&comparison.published)?;
        let trial = comparison
            .trial
            .as_ref()
            .map(|id| figures.trial(id))
            .transpose()?;
        let in_trial = |arm: &String| {
            let facts = trial.as_ref()?;
            facts
                .arms
                .iter()
                .find(|(name, _)| name == arm)
                .and_then(|(_, n)| *n)
        };
        let wanted = if comparison.statistic.needs_comparator() {
            2
        } else {
            1
        };
        let size: Option<Vec<u64>> = match (&comparison.size[..], published.total) {
            (given, _) if !given.is_empty() => Some(given.to_vec()),
            (_, Some(total)) if wanted == 1 => Some(vec![total]),
            _ => arms[..wanted].iter().map(in_trial).collect(),
        };
        Ok(Figure {
            published,
            size: size.unwrap_or_default(),
            trial,
        })
    }
}

fn row(comparison: &Comparison, figure: &Figure, simulated: Simulated) -> ValidationRow {
    let judgement = judge(
        &figure.published,
        &simulated,
        comparison.not_judged.as_deref(),
    );
    let missed = matches!(judgement.verdict, Verdict::Fail | Verdict::Near);
    let notes = [
        comparison.note.as_deref(),
        comparison.explanation.as_deref().filter(|_| missed),
    ];
    let notes: Vec<&str> = notes.into_iter().flatten().collect();
    ValidationRow {
        id: comparison.id.clone(),
        group: comparison.group.clone(),
        title: comparison.title.clone(),
        kind: comparison.kind,
        simulation: in_words(comparison),
        unit: comparison.unit.clone(),
        published: figure.published.clone(),
        simulated,
        accepted: judgement.accepted,
        verdict: judgement.verdict,
        reason: judgement.reason,
        close: judgement.close,
        note: notes.join(" "),
    }
}

fn in_words(comparison: &Comparison) -> String {
    let with = |therapy: &str, changes: &[String]| match changes {
        [] => therapy.to_owned(),
        some => format!("{therapy} ({})", some.join(", ")),
    };
    let mut words = format!(
        "{}: {}",
        comparison.disease,
        with(&comparison.therapy, &comparison.changes)
    );
    if let Some(other) = &comparison.comparator {
        words += &format!(" against {}", with(other, &comparison.comparator_changes));
    }
    if !comparison.parameters.is_empty() {
        words += &format!(", {}", comparison.parameters.join(", "));
    }
    words += match comparison.population {
        Population::Virtual => ", virtual patients",
        Population::Typical => ", typical patient",
    };
    if let Some(trial) = &comparison.trial {
        words += &format!(", entry limits of study {trial}");
    }
    words + &format!(", {} days", comparison.horizon_days)
}
