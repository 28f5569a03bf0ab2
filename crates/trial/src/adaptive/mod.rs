//! Designs that decide while the trial runs: dose finding, two stages, looks.
//!
//! A design decides in calendar time from what is known on that day. Every decision is kept as a
//! [`Decision`], a row of [`DECISIONS`]; operating characteristics are taken over these rows. The
//! rules themselves are in `neurocart-stats`; here virtual patients supply the outcomes.

pub mod characteristics;
pub mod dose_finding;
mod enrolment;
pub mod group_sequential;
pub mod single_arm;
pub mod truth;

use neurocart_stats::dose_finding::DoseFindingDesign;
use neurocart_stats::group_sequential::Plan;
use neurocart_stats::single_arm::simon::SimonDesign;
use neurocart_stats::{InputError, NotEstimable};

use self::dose_finding::ConductError;
use self::enrolment::Enrolment;
use crate::design::ReplicateKey;
use crate::parquet_file::Rows;
use crate::part::Cells;
use crate::replicate::{Patients, Space, Truth};
use crate::specification::{Analysis, DoseFinding, GroupSequential, SingleArm, Specification};
use crate::table::DECISIONS;

/// The part of the protocol that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Dose finding: one decision per dose, at its end.
    DoseFinding,
    /// Single arm: one decision per stage, and one where toxicity stops the trial.
    SingleArm,
    /// Group sequential: one decision per look.
    GroupSequential,
}

impl Step {
    const ALL: [Step; 3] = [Step::DoseFinding, Step::SingleArm, Step::GroupSequential];

    /// Name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Step::DoseFinding => "dose_finding",
            Step::SingleArm => "single_arm",
            Step::GroupSequential => "group_sequential",
        }
    }
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The dose is the one named.
    Selected,
    /// The dose is not the one named.
    NotSelected,
    /// The trial goes on.
    Continue,
    /// The null hypothesis is rejected; the trial ends.
    Rejected,
    /// The null hypothesis is not rejected, at the end or by stopping for futility.
    NotRejected,
    /// The trial ends for toxicity.
    Toxicity,
}

impl Verdict {
    const ALL: [Verdict; 6] = [
        Verdict::Selected,
        Verdict::NotSelected,
        Verdict::Continue,
        Verdict::Rejected,
        Verdict::NotRejected,
        Verdict::Toxicity,
    ];

    /// Name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Selected => "selected",
            Verdict::NotSelected => "not_selected",
            Verdict::Continue => "continue",
            Verdict::Rejected => "rejected",
            Verdict::NotRejected => "not_rejected",
            Verdict::Toxicity => "toxicity",
        }
    }
}

/// One decision of one simulated trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Which part of the protocol decided.
    pub step: Step,
    /// Number of the dose, the stage or the look, from 1.
    pub number: u32,
    /// Number of the arm, from 0: the dose, the single arm, the treated arm.
    pub arm: usize,
    /// Calendar day, from the opening of the trial.
    pub time_days: f64,
    /// Subjects enrolled: at the dose, or in this part of the trial until then.
    pub enrolled: u32,
    /// Of these, whose product could not be made.
    pub not_made: u32,
    /// Of these, who received the next lower dose.
    pub short: u32,
    /// Subjects whose outcome the decision is made from.
    pub subjects: u32,
    /// Subjects with a DLT, subjects with a yes, or events.
    pub events: u32,
    /// Responders, where dose finding looks at them.
    pub responders: Option<u32>,
    /// Information as a fraction of the planned maximum.
    pub information: Option<f64>,
    /// z statistic, positive in favour of the treated arm.
    pub z: Option<f64>,
    /// Boundary of z, or of the number of responders, that rejects.
    pub efficacy_boundary: Option<f64>,
    /// Boundary that stops without rejecting.
    pub futility_boundary: Option<f64>,
    /// The estimate that ignores the design.
    pub naive_estimate: Option<f64>,
    /// The estimate that allows for it.
    pub estimate: Option<f64>,
    /// Lower end of its interval.
    pub lower: Option<f64>,
    /// Upper end of its interval.
    pub upper: Option<f64>,
    /// p value that allows for the design.
    pub p_value: Option<f64>,
    /// What was decided.
    pub verdict: Verdict,
    /// Why, in words, where the numbers do not say it.
    pub reason: Option<String>,
}

impl Decision {
    /// A decision on a day, with nothing counted yet.
    pub fn new(step: Step, number: u32, arm: usize, time_days: f64, verdict: Verdict) -> Decision {
        Decision {
            step,
            number,
            arm,
            time_days,
            enrolled: 0,
            not_made: 0,
            short: 0,
            subjects: 0,
            events: 0,
            responders: None,
            information: None,
            z: None,
            efficacy_boundary: None,
            futility_boundary: None,
            naive_estimate: None,
            estimate: None,
            lower: None,
            upper: None,
            p_value: None,
            verdict,
            reason: None,
        }
    }
}

/// The rules of a trial, worked out from its specification.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Dose finding.
    pub dose_finding: Option<DoseFindingDesign>,
    /// Two stages.
    pub two_stage: Option<SimonDesign>,
    /// Looks.
    pub looks: Option<Plan>,
    /// What they were worked out from.
    source: Source,
}

/// The sections that rules depend on.
#[derive(Clone, Debug, Default, PartialEq)]
struct Source {
    doses: usize,
    dose_finding: Option<DoseFinding>,
    single_arm: Option<SingleArm>,
    group_sequential: Option<GroupSequential>,
    primary: Option<Analysis>,
}

impl Rules {
    /// The rules of a trial.
    ///
    /// # Errors
    /// A section that asks for the impossible; the check of the trial file says so first.
    pub fn of(specification: &Specification) -> Result<Rules, NotEstimable> {
        let mut rules = Rules {
            source: Source::of(specification),
            ..Rules::default()
        };
        if let Some(section) = &specification.dose_finding {
            let doses = specification.arms.len();
            rules.dose_finding = Some(dose_finding::rule(section, doses)?);
        }
        if let Some(section) = &specification.single_arm {
            rules.two_stage = Some(single_arm::design(section)?);
        }
        if let Some(section) = &specification.group_sequential {
            let primary = rules
                .source
                .primary
                .as_ref()
                .ok_or(InputError::Unsupported {
                    problem: "looks need a primary analysis",
                    fix: "mark it with `primary = true`",
                })?;
            rules.looks = Some(group_sequential::plan_of(section, primary)?);
        }
        Ok(rules)
    }

    /// Brings the rules up to date; they are worked out anew only where their sections changed.
    pub(crate) fn update(&mut self, specification: &Specification) -> Result<(), NotEstimable> {
        if self.source != Source::of(specification) {
            *self = Rules::of(specification)?;
        }
        Ok(())
    }
}

impl Source {
    fn of(specification: &Specification) -> Source {
        let primary = specification.primary_analysis();
        Source {
            doses: specification.arms.len(),
            dose_finding: specification.dose_finding.clone(),
            single_arm: specification.single_arm.clone(),
            group_sequential: specification.group_sequential.clone(),
            primary: primary.map(|index| specification.analyses[index].clone()),
        }
    }
}

/// Runs a trial that decides while it enrols: dose finding, then the single arm, or either alone.
pub(crate) fn conduct(
    specification: &Specification,
    patients: Patients<'_>,
    truth: Truth,
    key: ReplicateKey,
    rules: &Rules,
    space: &mut Space,
) -> Result<(), ConductError> {
    let enrolment = Enrolment {
        specification,
        patients,
        truth,
        key,
    };
    enrolment.start(space);
    let (mut arm, mut start_days, mut arrivals) = (0, 0.0, 0);
    if let (Some(section), Some(rule)) = (&specification.dose_finding, &rules.dose_finding) {
        let found = dose_finding::conduct(&enrolment, section, rule, space)?;
        let Some(dose) = found.dose else {
            return Ok(());
        };
        (arm, start_days, arrivals) = (dose, found.end_days, found.enrolled);
    }
    if let (Some(section), Some(design)) = (&specification.single_arm, &rules.two_stage) {
        let from = single_arm::Start {
            arm,
            day: start_days,
            arrivals,
            included: single_arm::included(section, arm, space),
        };
        single_arm::conduct(&enrolment, design, &from, space)?;
    }
    Ok(())
}

/// Adds the decisions of a replicate to rows of [`DECISIONS`].
pub fn push_decisions(
    specification: &Specification,
    truth: Truth,
    replicate: u32,
    decisions: &[Decision],
    rows: &mut Rows,
) {
    debug_assert_eq!(rows.columns.len(), DECISIONS.columns.len());
    for d in decisions {
        rows.push([
            truth.name(specification).into(),
            replicate.into(),
            d.step.name().into(),
            d.number.into(),
            specification.arms[d.arm].name.as_str().into(),
            d.time_days.into(),
            d.enrolled.into(),
            d.not_made.into(),
            d.short.into(),
            d.subjects.into(),
            d.events.into(),
            d.responders.into(),
            d.information.into(),
            d.z.into(),
            d.efficacy_boundary.into(),
            d.futility_boundary.into(),
            d.naive_estimate.into(),
            d.estimate.into(),
            d.lower.into(),
            d.upper.into(),
            d.p_value.into(),
            d.verdict.name().into(),
            d.reason.as_deref().into(),
        ]);
    }
}

/// A decision with the replicate it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicateDecision {
    /// What was simulated.
    pub truth: Truth,
    /// Number of the replicate.
    pub replicate: u32,
    /// The decision.
    pub decision: Decision,
}

/// The decisions in rows of [`DECISIONS`]; `None` if they are not of this trial.
pub fn decisions_of(specification: &Specification, rows: &Rows) -> Option<Vec<ReplicateDecision>> {
    let cells = Cells(rows);
    let count = |column, row| u32::try_from(cells.integer(column, row)?).ok();
    let of_row = |row: usize| {
        let (step, arm) = (cells.text(2, row)?, cells.text(4, row)?);
        let verdict = cells.text(21, row)?;
        Some(ReplicateDecision {
            truth: Truth::named(specification, cells.text(0, row)?)?,
            replicate: count(1, row)?,
            decision: Decision {
                step: *Step::ALL.iter().find(|s| s.name() == step)?,
                number: count(3, row)?,
                arm: specification.arms.iter().position(|a| a.name == arm)?,
                time_days: cells.number(5, row)?,
                enrolled: count(6, row)?,
                not_made: count(7, row)?,
                short: count(8, row)?,
                subjects: count(9, row)?,
                events: count(10, row)?,
                responders: match cells.integer(11, row) {
                    Some(n) => Some(u32::try_from(n).ok()?),
                    None => None,
                },
                information: cells.number(12, row),
                z: cells.number(13, row),
                efficacy_boundary: cells.number(14, row),
                futility_boundary: cells.number(15, row),
                naive_estimate: cells.number(16, row),
                estimate: cells.number(17, row),
                lower: cells.number(18, row),
                upper: cells.number(19, row),
                p_value: cells.number(20, row),
                verdict: *Verdict::ALL.iter().find(|v| v.name() == verdict)?,
                reason: cells.text(22, row).map(str::to_owned),
            },
        })
    };
    (0..rows.len()).map(of_row).collect()
}
