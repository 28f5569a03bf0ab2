//! The rows that a synthesis takes, one per study, and the rows it leaves out, each with its reason.
//!
//! A study gives one row per outcome: of its treated arm, else of the analysis set that stands for it, else
//! of the subgroup with the disease that was asked for. Nobody is counted twice: of studies that share
//! patients the largest stays. Recalled rows stay out unless asked for. A percentage with its total gives
//! a count only where one whole number fits.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use neurocart_stats::distribution::normal_critical;
use neurocart_stats::proportion::{ProportionMethod, proportion};

use crate::basket;
use crate::evidence::Evidence;
use crate::rules::{SEVERITY, relation};
use crate::selection::Selection;
use crate::study::*;
use crate::vocabulary::{Area, OutcomeCode, OutcomeKind, Vocabulary};

/// What to take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// Code of the outcome.
    pub outcome: String,
    /// Which studies and patients; recalled rows only if it says so.
    pub selection: Selection,
    /// Only groups in which patients of several areas are counted together.
    pub mixed_areas: bool,
    /// Ids of studies to leave out.
    pub without: Vec<String>,
    /// Toxicity scales to take; empty for all.
    pub gradings: Vec<String>,
    /// The time to take, months, the nearest that a study has; else its latest.
    pub month: Option<f64>,
}

/// What is pooled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Patients with the event, of patients; shown in percent.
    Proportion,
    /// A mean in the unit of the outcome.
    Mean,
    /// A ratio, pooled on the log scale.
    Ratio,
    /// A difference between arms.
    Difference,
    /// Nothing: medians, ranges, times and texts are listed side by side.
    Listed,
}

/// One study's figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Study.
    pub study: String,
    /// Year of its report.
    pub year: u16,
    /// Diseases of the patients counted.
    pub diseases: Vec<String>,
    /// What the treatment binds.
    pub target: String,
    /// Product.
    pub product: String,
    /// How it is made.
    pub platform: Option<Platform>,
    /// Whether lymphodepletion was given.
    pub lymphodepletion: Option<Lymphodepletion>,
    /// Arm.
    pub arm: String,
    /// Class of the design.
    pub design: DesignKind,
    /// Months after infusion; none where at any time or not stated.
    pub time_months: Option<f64>,
    /// What the printed number is.
    pub statistic: Statistic,
    /// Patients with the event.
    pub events: Option<u64>,
    /// Patients.
    pub total: Option<u64>,
    /// How the count was worked out, where it is not printed.
    pub implied: Option<String>,
    /// Why the figure is shown but not pooled.
    pub not_pooled: Option<Reason>,
    /// The figure, in `unit`; none for a text.
    pub estimate: Option<f64>,
    /// Lower limit, in `unit`.
    pub lower: Option<f64>,
    /// Upper limit, in `unit`.
    pub upper: Option<f64>,
    /// What the limits are.
    pub interval: String,
    /// Unit of the figure.
    pub unit: String,
    /// What was found, where it is no number.
    pub text: Option<String>,
    /// Standard error on the scale on which it is pooled; none where it cannot be had.
    pub standard_error: Option<f64>,
    /// The control arm with which it is compared.
    pub contrast: Option<Contrast>,
    /// Toxicity scale.
    pub grading: Option<String>,
    /// What to cite.
    pub citation: String,
    /// Where in it.
    pub locator: String,
    /// How well the number is known.
    pub grade: Grade,
    /// Tier of the text in which it was read.
    pub tier: Tier,
    /// Risk of bias of the study, if it was judged.
    pub risk: Option<Risk>,
}

/// Counts of a control arm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contrast {
    /// Arm.
    pub arm: String,
    /// Patients with the event.
    pub events: u64,
    /// Patients.
    pub total: u64,
}

/// A figure that was left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Study.
    pub study: String,
    /// Arm.
    pub arm: String,
    /// Months after infusion.
    pub time_months: Option<f64>,
    /// Why.
    pub reason: Reason,
}

impl Row {
    /// Patients behind the figure, controls included where it compares; none where not reported.
    pub fn patients(&self) -> Option<u64> {
        let controls = self.contrast.as_ref().map_or(0, |c| c.total);
        self.total.map(|total| total + controls)
    }
}

/// Why a figure was left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Written from memory.
    Recalled,
    /// A review, a model, a safety data base, animals.
    Design(DesignKind),
    /// A later report replaces it.
    Superseded,
    /// The request leaves this study out.
    Asked,
    /// A control arm or a comparison.
    NotTheTreatment,
    /// A part of the patients, while all are shown or because it was picked by its outcome.
    Subgroup,
    /// Patients of several diseases or areas are counted together.
    MixedPatients,
    /// Another time of the same study is taken.
    OtherTime,
    /// Another variant of the outcome of the same study is taken.
    OtherDefinition,
    /// Another toxicity scale.
    OtherScale(String),
    /// Another kind of number.
    OtherStatistic(Statistic),
    /// A percentage or count without the number of patients.
    NoDenominator,
    /// No whole number of patients gives the printed percentage.
    NoWholeCount,
    /// No standard error can be had.
    NoStandardError,
    /// Shares patients with this study, which is larger.
    SharesPatients(String),
}

impl Reason {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Reason::Recalled => "recalled, not read: taken only with --include-recalled".into(),
            Reason::Design(kind) => format!("{} are not pooled", design_words(*kind)),
            Reason::Superseded => "replaced by a later report".into(),
            Reason::Asked => "left out as asked".into(),
            Reason::NotTheTreatment => "control arm or comparison of arms".into(),
            Reason::Subgroup => "a part of the study's patients".into(),
            Reason::MixedPatients => "counts patients of other diseases as well".into(),
            Reason::OtherTime => "another time of the study is taken".into(),
            Reason::OtherDefinition => "another variant of the outcome is taken".into(),
            Reason::OtherScale(scale) => format!("graded by another scale ({scale})"),
            Reason::OtherStatistic(statistic) => format!("is a {}", statistic_words(*statistic)),
            Reason::NoDenominator => "number of patients not reported".into(),
            Reason::NoWholeCount => "no whole number of patients gives the percentage".into(),
            Reason::NoStandardError => "no standard error, deviation or interval reported".into(),
            Reason::SharesPatients(other) => format!("shares patients with {other}"),
        }
    }
}

/// A design in words, in the plural.
pub fn design_words(kind: DesignKind) -> &'static str {
    match kind {
        DesignKind::RandomisedTrial => "randomised trials",
        DesignKind::NonrandomisedComparison => "comparisons without randomisation",
        DesignKind::SingleArmTrial => "single-arm trials",
        DesignKind::CaseSeries => "case series",
        DesignKind::CaseReport => "case reports",
        DesignKind::Cohort => "cohorts",
        DesignKind::PooledReport => "pooled reports",
        DesignKind::Review => "reviews",
        DesignKind::Surveillance => "reports to a safety data base",
        DesignKind::Model => "models",
        DesignKind::Preclinical => "animal and cell experiments",
        DesignKind::Mechanism => "studies of mechanism",
    }
}

/// A statistic in words.
pub fn statistic_words(statistic: Statistic) -> &'static str {
    match statistic {
        Statistic::Count => "count",
        Statistic::Percentage => "percentage",
        Statistic::KaplanMeier => "Kaplan-Meier percentage",
        Statistic::ModelPercentage => "percentage from a model",
        Statistic::Rate => "rate",
        Statistic::Mean => "mean",
        Statistic::AdjustedMean => "adjusted mean",
        Statistic::GeometricMean => "geometric mean",
        Statistic::Median => "median",
        Statistic::Maximum => "largest value or upper bound",
        Statistic::Minimum => "smallest value or lower bound",
        Statistic::Range => "range",
        Statistic::Value => "single value",
        Statistic::Difference => "difference",
        Statistic::RankDifference => "difference of ranks",
        Statistic::Ratio => "ratio",
        Statistic::HazardRatio => "hazard ratio",
        Statistic::OddsRatio => "odds ratio",
        Statistic::RateRatio => "rate ratio",
        Statistic::Correlation => "correlation",
        Statistic::PValue => "p value",
        Statistic::Indicator => "yes or no",
        Statistic::Text => "text",
    }
}

/// The rows of a synthesis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What they measure.
    pub measure: Measure,
    /// One row per study, by year and id.
    pub rows: Vec<Row>,
    /// What was left out.
    pub left_out: Vec<LeftOut>,
}

/// A figure that may be taken.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    study: &'a Study,
    outcome: &'a Outcome,
    /// The figure is of a milder grade that nobody had, so that nobody had the graver one.
    of_milder: bool,
    not_pooled: bool,
}

/// The rows that a request selects.
pub fn series(evidence: &Evidence, request: &Request) -> Series {
    let mut left_out = Vec::new();
    let mut chosen: Vec<Candidate> = Vec::new();
    let mut together: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    let Some(code) = evidence.vocabulary.outcomes.get(&request.outcome) else {
        return Series {
            measure: Measure::Listed,
            rows: Vec::new(),
            left_out,
        };
    };
    // Recalled rows are looked at as well, so that they can be listed as left out.
    let wanted = Selection {
        include_recalled: true,
        ..request.selection.clone()
    };
    let studies: Vec<&Study> = wanted.studies(evidence);
    let measure = measure(code, &studies);
    for study in studies {
        let mut candidates: Vec<Candidate> = Vec::new();
        for (outcome, of_milder) in figures(study, &request.outcome) {
            match standing(study, outcome, request, measure, &evidence.vocabulary) {
                Standing::Taken => candidates.push(Candidate {
                    study,
                    outcome,
                    of_milder,
                    not_pooled: number_refusal(outcome, measure).is_some(),
                }),
                Standing::LeftOut(reason) => left_out.push(leave(study, outcome, reason)),
                Standing::NotAsked => {}
            }
        }
        let (best, rest) = one_of(&candidates, request);
        if let Some(best) = best.filter(|c| !c.not_pooled && measure == Measure::Proportion) {
            let others = rest.iter().filter(|(c, _)| c.of_milder == best.of_milder);
            let others = others.map(|(c, _)| c.outcome);
            together.insert(&study.id, basket::beside(study, best.outcome, others));
        }
        for (candidate, reason) in rest {
            let counted = together.get(study.id.as_str());
            if !counted.is_some_and(|all| all.iter().any(|o| std::ptr::eq(*o, candidate.outcome))) {
                left_out.push(leave(study, candidate.outcome, reason));
            }
        }
        chosen.extend(best);
    }
    // The largest first, so that it stays where patients are shared.
    chosen.sort_by_key(|c| {
        (
            c.not_pooled,
            std::cmp::Reverse(c.outcome.total.unwrap_or(0)),
            c.outcome.grade,
            c.outcome.tier,
            std::cmp::Reverse(c.study.year),
            &c.study.id,
        )
    });
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in chosen {
        let shares = |other: &Study| {
            matches!(
                relation(candidate.study, other),
                Some(Relation::Contains | Relation::Within | Relation::Shares)
            )
        };
        match kept.iter().find(|other| shares(other.study)) {
            Some(other) => left_out.push(leave(
                candidate.study,
                candidate.outcome,
                Reason::SharesPatients(other.study.id.clone()),
            )),
            None => kept.push(candidate),
        }
    }
    kept.sort_by_key(|c| (c.study.year, &c.study.id));
    let rows = kept.iter().map(|c| {
        let mut row = row(c, measure, code);
        if let Some(figures) = together.get(c.study.id.as_str()) {
            basket::count_together(&mut row, c.study, figures);
        }
        row
    });
    let rows = rows.collect();
    left_out.sort_by(|a, b| (&a.study, &a.arm, &a.reason).cmp(&(&b.study, &b.arm, &b.reason)));
    Series {
        measure,
        rows,
        left_out,
    }
}

/// The figures of a study for an outcome. Where it has none for a grade of toxicity, those of a milder
/// grade that nobody had.
fn figures<'a>(study: &'a Study, code: &str) -> Vec<(&'a Outcome, bool)> {
    let own = study.outcomes.iter().filter(|o| o.outcome == code);
    let own: Vec<_> = own.map(|o| (o, false)).collect();
    let step = SEVERITY.iter().position(|s| code.ends_with(s)).unwrap_or(0);
    if !own.is_empty() || step == 0 {
        return own;
    }
    let stem = code.strip_suffix(SEVERITY[step]).unwrap_or(code);
    let milder = SEVERITY[..step].iter().rev();
    milder
        .flat_map(|suffix| {
            study
                .outcomes
                .iter()
                .filter(move |o| o.outcome.strip_suffix(suffix) == Some(stem))
        })
        .filter(|o| o.events == Some(0) && o.total.is_some())
        .map(|o| (o, true))
        .collect()
}

fn leave(study: &Study, outcome: &Outcome, reason: Reason) -> LeftOut {
    LeftOut {
        study: study.id.clone(),
        arm: outcome.arm.clone(),
        time_months: outcome.months(),
        reason,
    }
}

/// What is pooled for an outcome: where studies give comparisons of arms, the commonest kind of them.
fn measure(code: &OutcomeCode, studies: &[&Study]) -> Measure {
    let statistics = || {
        studies
            .iter()
            .flat_map(|s| &s.outcomes)
            .filter(|o| o.outcome == code.code)
            .map(|o| o.statistic)
    };
    match code.kind {
        OutcomeKind::Proportion => Measure::Proportion,
        OutcomeKind::Change | OutcomeKind::Level => Measure::Mean,
        OutcomeKind::Effect => {
            let ratios = statistics().filter(|s| is_ratio(*s)).count();
            let differences = statistics().filter(|s| *s == Statistic::Difference).count();
            if ratios >= differences {
                Measure::Ratio
            } else {
                Measure::Difference
            }
        }
        OutcomeKind::Time => {
            let means = statistics().filter(|s| *s == Statistic::Mean).count();
            if 2 * means > statistics().count() {
                Measure::Mean
            } else {
                Measure::Listed
            }
        }
        OutcomeKind::Rate | OutcomeKind::Description => Measure::Listed,
    }
}

fn is_ratio(statistic: Statistic) -> bool {
    matches!(
        statistic,
        Statistic::HazardRatio | Statistic::OddsRatio | Statistic::RateRatio
    )
}

/// Diseases of an arm.
pub fn arm_diseases<'a>(study: &'a Study, arm: Option<&'a Arm>) -> &'a [String] {
    match arm {
        Some(arm) if !arm.diseases.is_empty() => &arm.diseases,
        _ => &study.population.diseases,
    }
}

/// Whether the patients of a row are asked for.
enum Standing {
    Taken,
    /// They are, in part or in another way.
    LeftOut(Reason),
    /// They are not.
    NotAsked,
}

fn standing(
    study: &Study,
    outcome: &Outcome,
    request: &Request,
    measure: Measure,
    vocabulary: &Vocabulary,
) -> Standing {
    let arm = study.arms.iter().find(|a| a.name == outcome.arm);
    let wanted = &request.selection;
    let diseases = arm_diseases(study, arm);
    let area = |d: &String| vocabulary.diseases.get(d).map(|d| d.area);
    let areas: BTreeSet<Area> = diseases.iter().filter_map(area).collect();
    let fits = |d: &String| {
        (wanted.diseases.is_empty() || wanted.diseases.contains(d))
            && (wanted.areas.is_empty() || area(d).is_some_and(|a| wanted.areas.contains(&a)))
    };
    let fitting = diseases.iter().filter(|d| fits(d)).count();
    if fitting == 0 || (request.mixed_areas && areas.len() < 2) {
        return Standing::NotAsked;
    }
    let reason = if request.without.contains(&study.id) {
        Some(Reason::Asked)
    } else if study.state == State::Superseded {
        Some(Reason::Superseded)
    } else if matches!(
        study.design.kind,
        DesignKind::Review | DesignKind::Surveillance | DesignKind::Model | DesignKind::Preclinical
    ) {
        Some(Reason::Design(study.design.kind))
    } else if outcome.grade == Grade::Recalled && !wanted.include_recalled {
        Some(Reason::Recalled)
    } else if fitting < diseases.len() {
        Some(Reason::MixedPatients)
    } else {
        role_refusal(study, arm, request, measure).or(scale_refusal(outcome, request))
    };
    reason.map_or(Standing::Taken, Standing::LeftOut)
}

/// Why the role of an arm keeps its figures out.
fn role_refusal(
    study: &Study,
    arm: Option<&Arm>,
    request: &Request,
    measure: Measure,
) -> Option<Reason> {
    let arm = arm?;
    let compares = matches!(measure, Measure::Ratio | Measure::Difference);
    let wanted = &request.selection;
    let asks_for_disease = !wanted.diseases.is_empty() || !wanted.areas.is_empty();
    let by_disease = !arm.diseases.is_empty() && asks_for_disease;
    match (whole(study, arm).role, arm.role) {
        (ArmRole::Control, _) => Some(Reason::NotTheTreatment),
        (ArmRole::Contrast, _) if !compares => Some(Reason::NotTheTreatment),
        (_, ArmRole::Subgroup) if !by_disease => Some(Reason::Subgroup),
        _ => None,
    }
}

/// The arm of which this one is a part, or itself.
pub(crate) fn whole<'a>(study: &'a Study, arm: &'a Arm) -> &'a Arm {
    let mut whole = arm;
    // As many steps as there are arms, so that a circle of parts ends.
    for _ in &study.arms {
        match study
            .arms
            .iter()
            .find(|a| Some(&a.name) == whole.part_of.as_ref())
        {
            Some(above) => whole = above,
            None => break,
        }
    }
    whole
}

/// Why the toxicity scale keeps a figure out: it is another one, or not stated where one was asked for.
fn scale_refusal(outcome: &Outcome, request: &Request) -> Option<Reason> {
    match &outcome.grading {
        _ if request.gradings.is_empty() => None,
        Some(grading) if request.gradings.contains(grading) => None,
        Some(grading) => Some(Reason::OtherScale(grading.clone())),
        None => Some(Reason::OtherScale("not stated".into())),
    }
}

/// Why the number of a row is shown but cannot be pooled.
fn number_refusal(outcome: &Outcome, measure: Measure) -> Option<Reason> {
    let other = Some(Reason::OtherStatistic(outcome.statistic));
    match measure {
        Measure::Proportion => match outcome.statistic {
            Statistic::Count | Statistic::Percentage if outcome.unit.contains(" of ") => other,
            Statistic::Count | Statistic::Percentage => match (outcome.total, counts(outcome)) {
                (None, _) => Some(Reason::NoDenominator),
                (_, None) => Some(Reason::NoWholeCount),
                _ => None,
            },
            _ => other,
        },
        Measure::Mean if matches!(outcome.statistic, Statistic::Mean | Statistic::AdjustedMean) => {
            None
        }
        Measure::Ratio if is_ratio(outcome.statistic) => None,
        Measure::Difference if outcome.statistic == Statistic::Difference => None,
        Measure::Mean | Measure::Ratio | Measure::Difference => other,
        Measure::Listed => None,
    }
}

/// Patients with the event, of patients, and whether the count is implied by the percentage.
pub fn counts(outcome: &Outcome) -> Option<(u64, u64, bool)> {
    let total = outcome.total.filter(|n| *n > 0)?;
    if let Some(events) = outcome.events {
        return Some((events, total, false));
    }
    let percent = outcome.value?;
    let events = (percent * total as f64 / 100.0).round();
    // The printed percentage is rounded to a whole one, or to the decimals it has.
    let off = (100.0 * events / total as f64 - percent).abs();
    let rounding = if percent.fract() == 0.0 { 0.5 } else { 0.05 };
    (off <= rounding + 1e-9).then_some((events as u64, total, true))
}

/// Of the figures of one study the one to take, and why not the others.
fn one_of<'a>(
    candidates: &[Candidate<'a>],
    request: &Request,
) -> (Option<Candidate<'a>>, Vec<(Candidate<'a>, Reason)>) {
    // Of several analysis sets the one that the file names first.
    let role = |c: &Candidate| {
        let place = c.study.arms.iter().position(|a| a.name == c.outcome.arm);
        (
            place.map_or(ArmRole::Treated, |i| c.study.arms[i].role),
            place,
        )
    };
    let far = |c: &Candidate| match (request.month, c.outcome.months()) {
        (Some(month), Some(time)) => (time - month).abs(),
        (Some(_), None) => f64::MAX,
        (None, Some(time)) => -time,
        (None, None) => 0.0,
    };
    let better = |a: &&Candidate, b: &&Candidate| {
        (a.not_pooled, a.outcome.grade, role(a))
            .cmp(&(b.not_pooled, b.outcome.grade, role(b)))
            .then(far(a).total_cmp(&far(b)))
            .then(b.outcome.total.cmp(&a.outcome.total))
            .then(
                a.outcome
                    .definition
                    .is_some()
                    .cmp(&b.outcome.definition.is_some()),
            )
    };
    let Some(best) = candidates.iter().min_by(better) else {
        return (None, Vec::new());
    };
    let others = candidates
        .iter()
        .filter(|c| !std::ptr::eq(c.outcome, best.outcome));
    let rest = others.map(|c| {
        let (taken, row) = (best.outcome, c.outcome);
        let reason = if row.arm != taken.arm {
            Reason::Subgroup
        } else if row.months() != taken.months() {
            Reason::OtherTime
        } else if row.definition != taken.definition {
            Reason::OtherDefinition
        } else {
            Reason::OtherStatistic(row.statistic)
        };
        (*c, reason)
    });
    (Some(*best), rest.collect())
}

/// The row as it is shown and pooled.
fn row(candidate: &Candidate, measure: Measure, code: &OutcomeCode) -> Row {
    let Candidate { study, outcome, .. } = *candidate;
    let arm = study.arms.iter().find(|a| a.name == outcome.arm);
    let treatment = study.treatment.as_ref();
    let mut row = Row {
        study: study.id.clone(),
        year: study.year,
        diseases: arm_diseases(study, arm).to_vec(),
        target: treatment.map_or(String::new(), |t| t.target.clone()),
        product: treatment.map_or(String::new(), |t| t.product.clone()),
        platform: treatment.map(|t| t.platform),
        lymphodepletion: treatment.map(|t| t.lymphodepletion),
        arm: outcome.arm.clone(),
        design: study.design.kind,
        time_months: outcome.months(),
        statistic: outcome.statistic,
        events: outcome.events,
        // A share needs its own denominator; a mean may take the size of the arm.
        total: match measure {
            Measure::Proportion => outcome.total,
            _ => outcome.total.or(arm.and_then(|a| a.patients)),
        },
        implied: None,
        not_pooled: number_refusal(outcome, measure),
        estimate: outcome.value,
        lower: outcome.lower,
        upper: outcome.upper,
        interval: outcome.interval.map_or(String::new(), interval_words),
        unit: if outcome.unit.is_empty() {
            code.units.first().cloned().unwrap_or_default()
        } else {
            outcome.unit.clone()
        },
        text: outcome.text.clone(),
        standard_error: None,
        contrast: None,
        grading: outcome.grading.clone(),
        citation: outcome
            .cite
            .clone()
            .unwrap_or_else(|| citation(&study.source)),
        locator: outcome.locator.clone(),
        grade: outcome.grade,
        tier: outcome.tier,
        risk: study.appraisal.as_ref().map(|a| a.overall),
    };
    match measure {
        Measure::Proportion => {
            if row.not_pooled.is_none()
                && let Some((events, total, implied)) = counts(outcome)
                && let Ok(exact) = proportion(events, total, ProportionMethod::ClopperPearson, 0.95)
            {
                row.events = Some(events);
                row.total = Some(total);
                row.implied = match (candidate.of_milder, implied) {
                    (true, _) => Some(format!("nobody had `{}`", outcome.outcome)),
                    (_, true) => Some(format!(
                        "{} % of {total}",
                        outcome.value.unwrap_or(f64::NAN)
                    )),
                    _ => None,
                };
                row.estimate = Some(100.0 * exact.estimate);
                row.lower = Some(100.0 * exact.interval.lower);
                row.upper = Some(100.0 * exact.interval.upper);
                row.interval = "95 % exact".into();
                row.unit = "%".into();
            }
        }
        Measure::Mean | Measure::Difference | Measure::Ratio => {
            row.standard_error = standard_error(outcome, row.total, measure);
            if let (None, Some(error), Some(value)) = (row.lower, row.standard_error, row.estimate)
                && measure != Measure::Ratio
            {
                let half_width = normal_critical(0.95) * error;
                (row.lower, row.upper) = (Some(value - half_width), Some(value + half_width));
                row.interval = "95 % from the standard error".into();
            }
        }
        Measure::Listed => {}
    }
    if row.not_pooled.is_none()
        && row.standard_error.is_none()
        && matches!(
            measure,
            Measure::Mean | Measure::Difference | Measure::Ratio
        )
    {
        row.not_pooled = Some(Reason::NoStandardError);
    }
    row
}

/// The standard error on the scale of pooling: as printed, from the deviation, or from a confidence
/// interval taken as normal.
fn standard_error(outcome: &Outcome, total: Option<u64>, measure: Measure) -> Option<f64> {
    if let Some(error) = outcome
        .standard_error
        .filter(|e| *e > 0.0 && measure != Measure::Ratio)
    {
        return Some(error);
    }
    if let (Some(deviation), Some(total)) = (
        outcome.standard_deviation.filter(|d| *d > 0.0),
        total.filter(|n| *n > 0),
    ) && measure == Measure::Mean
    {
        return Some(deviation / (total as f64).sqrt());
    }
    let level = match outcome.interval? {
        IntervalKind::CI90 => 0.90,
        IntervalKind::CI95 => 0.95,
        IntervalKind::CI97_5 => 0.975,
        IntervalKind::CrI95 | IntervalKind::IQR | IntervalKind::Range => return None,
    };
    let (lower, upper) = (outcome.lower?, outcome.upper?);
    let width = match measure {
        Measure::Ratio if lower > 0.0 => libm::log(upper) - libm::log(lower),
        Measure::Ratio => return None,
        _ => upper - lower,
    };
    Some(width / (2.0 * normal_critical(level))).filter(|e| *e > 0.0)
}

fn interval_words(kind: IntervalKind) -> String {
    match kind {
        IntervalKind::CI90 => "90 % confidence",
        IntervalKind::CI95 => "95 % confidence",
        IntervalKind::CI97_5 => "97.5 % confidence",
        IntervalKind::CrI95 => "95 % credible",
        IntervalKind::IQR => "quartiles",
        IntervalKind::Range => "range",
    }
    .into()
}

/// What to cite, in a line: the strongest identifier, with the reference where there is one.
pub fn citation(source: &Source) -> String {
    let identifier = (source.doi.as_ref().map(|d| format!("doi:{d}")))
        .or(source.pmid.as_ref().map(|p| format!("PMID {p}")))
        .or(source.pmcid.clone());
    let parts = [
        source.reference.clone(),
        identifier.or(source.trials.first().cloned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
